#include "inspect/inspect.h"
#include "report/report-private.h"
#include <string.h>

static json_t *strings(char **list)
{
  json_t *array = json_array();
  for (; list && *list; list++)
    json_array_append_new(array, oakum_sbom_text(*list));
  return array;
}

static json_t *keys(GHashTable *set)
{
  json_t *array = json_array();
  g_autoptr(GList) names =
      set ? g_list_sort(g_hash_table_get_keys(set), (GCompareFunc)strcmp) : NULL;
  for (GList *name = names; name; name = name->next)
    json_array_append_new(array, oakum_sbom_text(name->data));
  return array;
}

/* Names with the beginning of a hash: whether a value changed can be seen, a secret cannot. */
static json_t *environment(char **env)
{
  json_t *object = json_object();
  for (; env && *env; env++) {
    const char *value = strchr(*env, '=');
    g_autofree char *raw = value ? g_strndup(*env, (gsize)(value - *env)) : g_strdup(*env),
                    *name = oakum_escape_utf8(raw, -1),
                    *hash = value ? oakum_sha256_hex(value + 1, strlen(value + 1)) : g_strdup("");
    hash[MIN(strlen(hash), 16)] = '\0';
    json_object_set_new(object, name, json_string(hash));
  }
  return object;
}

static json_t *labels(GHashTable *map)
{
  json_t *object = json_object();
  g_autoptr(GList) names =
      map ? g_list_sort(g_hash_table_get_keys(map), (GCompareFunc)strcmp) : NULL;
  for (GList *name = names; name; name = name->next) {
    g_autofree char *safe = oakum_escape_utf8(name->data, -1);
    json_object_set_new(object, safe, oakum_sbom_text(g_hash_table_lookup(map, name->data)));
  }
  return object;
}

json_t *oakum_report_image(const OakumImage *image)
{
  const OakumConfig *config = image->config;
  json_t *object = json_object(), *settings = json_object();
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(image->manifest);
  g_autofree char *platform =
      g_strjoin("/", config->os ? config->os : "unknown",
                config->architecture ? config->architecture : "unknown", config->variant, NULL);
  uint64_t size = 0;
  for (guint i = 0; i < image->manifest->layers->len; i++)
    size += ((const OakumDescriptor *)image->manifest->layers->pdata[i])->size;
  json_object_set_new(object, "digest", oakum_sbom_text(desc->digest));
  json_object_set_new(object, "size", json_integer((json_int_t)size));
  json_object_set_new(object, "platform", oakum_sbom_text(platform));
  oakum_report_set(object, "created", config->created);
  json_object_set_new(settings, "user", oakum_sbom_text(config->user ? config->user : ""));
  json_object_set_new(settings, "working_dir",
                      oakum_sbom_text(config->working_dir ? config->working_dir : ""));
  json_object_set_new(settings, "entrypoint", strings(config->entrypoint));
  json_object_set_new(settings, "cmd", strings(config->cmd));
  json_object_set_new(settings, "exposed_ports", keys(config->exposed_ports));
  json_object_set_new(settings, "volumes", keys(config->volumes));
  json_object_set_new(settings, "environment", environment(config->env));
  json_object_set_new(settings, "labels", labels(config->labels));
  json_object_set_new(settings, "stop_signal",
                      oakum_sbom_text(config->stop_signal ? config->stop_signal : ""));
  json_object_set_new(settings, "healthcheck", json_boolean(config->healthcheck != NULL));
  oakum_inspect_censor(settings);
  json_object_set_new(object, "config", settings);
  return object;
}
