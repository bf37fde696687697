/* The image configuration: OCI image specification 1.1, config.md, and what Docker adds to it. */
#include "oci/oci.h"
#include <string.h>

void oakum_history_free(OakumHistory *history)
{
  if (!history)
    return;
  g_free(history->created);
  g_free(history->created_by);
  g_free(history->author);
  g_free(history->comment);
  g_free(history);
}

static gpointer history_make(void)
{
  return g_new0(OakumHistory, 1);
}

OakumConfig *oakum_config_new(const OakumPlatform *platform)
{
  OakumConfig *config = g_new0(OakumConfig, 1);
  config->os = g_strdup(platform->os);
  config->architecture = g_strdup(platform->architecture);
  config->variant = g_strdup(platform->variant);
  config->diff_ids = g_ptr_array_new_with_free_func(g_free);
  config->history = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_history_free);
  return config;
}

#define FIELD(key, kind, type, member)                                                             \
  {                                                                                                \
    key, OAKUM_JSON_##kind, offsetof(type, member), FALSE, NULL, NULL, NULL, 0                     \
  }

static const OakumJsonField history_fields[] = {
    FIELD("created", STRING, OakumHistory, created),
    FIELD("created_by", STRING, OakumHistory, created_by),
    FIELD("author", STRING, OakumHistory, author),
    FIELD("comment", STRING, OakumHistory, comment),
    FIELD("empty_layer", BOOL, OakumHistory, empty_layer),
    {0}};

/* What stands in the file, before the sets and the list of diff IDs take their own form. */
typedef struct {
  OakumConfig config;
  json_t *runtime, *rootfs, *ports, *volumes;
  char **diff_ids;
} Document;

static const OakumJsonField top_fields[] = {
    FIELD("created", STRING, Document, config.created),
    FIELD("author", STRING, Document, config.author),
    {"architecture", OAKUM_JSON_STRING, offsetof(Document, config.architecture), TRUE, NULL, NULL,
     NULL, 0},
    {"os", OAKUM_JSON_STRING, offsetof(Document, config.os), TRUE, NULL, NULL, NULL, 0},
    FIELD("variant", STRING, Document, config.variant),
    FIELD("os.version", STRING, Document, config.os_version),
    FIELD("config", ANY, Document, runtime),
    {"rootfs", OAKUM_JSON_ANY, offsetof(Document, rootfs), TRUE, NULL, NULL, NULL, 0},
    {"history", OAKUM_JSON_ARRAY, offsetof(Document, config.history), FALSE, history_fields,
     history_make, (GDestroyNotify)oakum_history_free, OAKUM_HISTORY_MAX},
    {0}};

static const OakumJsonField runtime_fields[] = {
    FIELD("User", STRING, Document, config.user),
    FIELD("ExposedPorts", ANY, Document, ports),
    FIELD("Env", STRV, Document, config.env),
    FIELD("Entrypoint", STRV, Document, config.entrypoint),
    FIELD("Cmd", STRV, Document, config.cmd),
    FIELD("Volumes", ANY, Document, volumes),
    FIELD("WorkingDir", STRING, Document, config.working_dir),
    FIELD("Labels", MAP, Document, config.labels),
    FIELD("StopSignal", STRING, Document, config.stop_signal),
    FIELD("ArgsEscaped", BOOL, Document, config.args_escaped),
    FIELD("Healthcheck", ANY, Document, config.healthcheck),
    FIELD("OnBuild", STRV, Document, config.on_build),
    FIELD("Shell", STRV, Document, config.shell),
    {0}};

static const OakumJsonField rootfs_fields[] = {{"diff_ids", OAKUM_JSON_STRV,
                                                offsetof(Document, diff_ids), TRUE, NULL, NULL,
                                                NULL, OAKUM_LAYERS_MAX},
                                               {0}};

/* The keys of `json` that the table does not name; NULL when there are none. */
static json_t *unknown_keys(json_t *json, const OakumJsonField *fields)
{
  json_t *rest = json_object();
  const char *key;
  json_t *value;
  json_object_foreach(json, key, value)
  {
    gboolean known = FALSE;
    for (const OakumJsonField *field = fields; field->key && !known; field++)
      known = strcmp(field->key, key) == 0;
    if (!known)
      json_object_set(rest, key, value);
  }
  if (json_object_size(rest) == 0) {
    json_decref(rest);
    return NULL;
  }
  return rest;
}

static gboolean set_from(json_t *json, const char *what, GHashTable **out, GError **error)
{
  if (!json)
    return TRUE;
  if (!json_is_object(json) || json_object_size(json) > OAKUM_HISTORY_MAX) {
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
                "image config: config.%s is no object of at most %u keys", what, OAKUM_HISTORY_MAX);
    return FALSE;
  }
  const char *key;
  json_t *value;
  *out = oakum_str_map_new(g_free, NULL);
  json_object_foreach(json, key, value)
  {
    g_hash_table_add(*out, g_strdup(key));
  }
  return TRUE;
}

static gboolean fill(json_t *json, Document *doc, GError **error)
{
  OakumConfig *config = &doc->config;
  if (!oakum_json_bind(json, top_fields, doc, "image config", error) ||
      !oakum_json_bind(doc->rootfs, rootfs_fields, doc, "image config: rootfs", error))
    return FALSE;
  config->unknown = unknown_keys(json, top_fields);
  if (doc->runtime) {
    if (!oakum_json_bind(doc->runtime, runtime_fields, doc, "image config: config", error) ||
        !set_from(doc->ports, "ExposedPorts", &config->exposed_ports, error) ||
        !set_from(doc->volumes, "Volumes", &config->volumes, error))
      return FALSE;
    config->unknown_config = unknown_keys(doc->runtime, runtime_fields);
  }
  config->diff_ids = g_ptr_array_new_with_free_func(g_free);
  for (char **id = doc->diff_ids; *id; id++) {
    if (!oakum_digest_check(*id, error)) {
      g_prefix_error(error, "image config: diff ID %u: ", config->diff_ids->len);
      return FALSE;
    }
    g_ptr_array_add(config->diff_ids, g_strdup(*id));
  }
  if (!config->history)
    config->history = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_history_free);
  int64_t created;
  if (config->created && *config->created && !oakum_time_parse(config->created, &created)) {
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
                "image config: created is no RFC 3339 time");
    return FALSE;
  }
  return TRUE;
}

OakumConfig *oakum_config_parse(const char *data, size_t len, GError **error)
{
  if (len > OAKUM_CONFIG_MAX) {
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_LIMIT,
                "image config: larger than %" G_GUINT64_FORMAT " bytes", OAKUM_CONFIG_MAX);
    return NULL;
  }
  OAKUM_AUTO_JSON *json = oakum_json_parse(data, len, "image config", error);
  if (!json)
    return NULL;
  Document doc = {0};
  gboolean ok = fill(json, &doc, error);
  oakum_json_clear(&doc.runtime);
  oakum_json_clear(&doc.rootfs);
  oakum_json_clear(&doc.ports);
  oakum_json_clear(&doc.volumes);
  g_strfreev(doc.diff_ids);
  OakumConfig *config = g_new0(OakumConfig, 1);
  *config = doc.config;
  if (!ok)
    g_clear_pointer(&config, oakum_config_free);
  return config;
}

static void put_string(json_t *object, const char *key, const char *value)
{
  if (value && *value)
    json_object_set_new(object, key, json_string(value));
}

static void put_strv(json_t *object, const char *key, char **values)
{
  if (!values)
    return;
  json_t *array = json_array();
  for (; *values; values++)
    json_array_append_new(array, json_string(*values));
  json_object_set_new(object, key, array);
}

/* Sorted, because a hash table has no order of its own. `set`: the values are empty objects. */
static void put_table(json_t *object, const char *key, GHashTable *table, gboolean set)
{
  if (!table || g_hash_table_size(table) == 0)
    return;
  json_t *map = json_object();
  g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);
  for (GList *l = keys; l; l = l->next)
    json_object_set_new(map, l->data,
                        set ? json_object() : json_string(g_hash_table_lookup(table, l->data)));
  json_object_set_new(object, key, map);
}

static void put_unknown(json_t *object, json_t *unknown)
{
  const char *key;
  json_t *value;
  if (!unknown)
    return;
  json_object_foreach(unknown, key, value)
  {
    json_object_set(object, key, value);
  }
}

static json_t *runtime_json(const OakumConfig *config)
{
  json_t *runtime = json_object();
  put_string(runtime, "User", config->user);
  put_table(runtime, "ExposedPorts", config->exposed_ports, TRUE);
  put_strv(runtime, "Env", config->env);
  put_strv(runtime, "Entrypoint", config->entrypoint);
  put_strv(runtime, "Cmd", config->cmd);
  put_table(runtime, "Volumes", config->volumes, TRUE);
  put_string(runtime, "WorkingDir", config->working_dir);
  put_table(runtime, "Labels", config->labels, FALSE);
  put_string(runtime, "StopSignal", config->stop_signal);
  if (config->args_escaped)
    json_object_set_new(runtime, "ArgsEscaped", json_true());
  if (config->healthcheck)
    json_object_set(runtime, "Healthcheck", config->healthcheck);
  put_strv(runtime, "OnBuild", config->on_build);
  put_strv(runtime, "Shell", config->shell);
  put_unknown(runtime, config->unknown_config);
  return runtime;
}

char *oakum_config_format(const OakumConfig *config)
{
  OAKUM_AUTO_JSON *json = json_object();
  put_string(json, "created", config->created);
  put_string(json, "author", config->author);
  json_object_set_new(json, "architecture", json_string(config->architecture));
  json_object_set_new(json, "os", json_string(config->os));
  put_string(json, "os.version", config->os_version);
  put_string(json, "variant", config->variant);
  json_object_set_new(json, "config", runtime_json(config));
  json_t *ids = json_array(), *rootfs = json_object(), *history = json_array();
  for (guint i = 0; i < config->diff_ids->len; i++)
    json_array_append_new(ids, json_string(config->diff_ids->pdata[i]));
  json_object_set_new(rootfs, "type", json_string("layers"));
  json_object_set_new(rootfs, "diff_ids", ids);
  json_object_set_new(json, "rootfs", rootfs);
  for (guint i = 0; i < config->history->len; i++) {
    const OakumHistory *row = config->history->pdata[i];
    json_t *object = json_object();
    put_string(object, "created", row->created);
    put_string(object, "created_by", row->created_by);
    put_string(object, "author", row->author);
    put_string(object, "comment", row->comment);
    if (row->empty_layer)
      json_object_set_new(object, "empty_layer", json_true());
    json_array_append_new(history, object);
  }
  json_object_set_new(json, "history", history);
  put_unknown(json, config->unknown);
  return oakum_json_dump(json, FALSE);
}

OakumConfig *oakum_config_copy(const OakumConfig *config)
{
  g_autofree char *text = oakum_config_format(config);
  OakumConfig *copy = oakum_config_parse(text, strlen(text), NULL);
  g_assert(copy); /* we wrote it ourselves */
  return copy;
}

const char *oakum_config_getenv(const OakumConfig *config, const char *name)
{
  size_t n = strlen(name);
  for (char **row = config->env; row && *row; row++)
    if (strncmp(*row, name, n) == 0 && (*row)[n] == '=')
      return *row + n + 1;
  return NULL;
}

void oakum_config_setenv(OakumConfig *config, const char *name, const char *value)
{
  size_t n = strlen(name);
  char *made = g_strconcat(name, "=", value, NULL);
  for (char **row = config->env; row && *row; row++)
    if (strncmp(*row, name, n) == 0 && (*row)[n] == '=') {
      g_free(*row);
      *row = made;
      return;
    }
  guint count = config->env ? g_strv_length(config->env) : 0;
  config->env = g_renew(char *, config->env, count + 2);
  config->env[count] = made;
  config->env[count + 1] = NULL;
}

void oakum_config_free(OakumConfig *config)
{
  if (!config)
    return;
  char *strings[] = {config->created, config->author,      config->architecture,
                     config->os,      config->variant,     config->os_version,
                     config->user,    config->working_dir, config->stop_signal};
  for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
    g_free(strings[i]);
  char **lists[] = {config->env, config->cmd, config->entrypoint, config->shell, config->on_build};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    g_strfreev(lists[i]);
  GHashTable *tables[] = {config->labels, config->exposed_ports, config->volumes};
  for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
    if (tables[i])
      g_hash_table_unref(tables[i]);
  oakum_json_clear(&config->healthcheck);
  oakum_json_clear(&config->unknown);
  oakum_json_clear(&config->unknown_config);
  g_clear_pointer(&config->diff_ids, g_ptr_array_unref);
  g_clear_pointer(&config->history, g_ptr_array_unref);
  g_free(config);
}
