/* --secret-config: rules of the user's own and what does not count for him, in the form of
 * trivy-secret.yaml. Keys that are not known are refused: a rule that silently does nothing would
 * let secrets pass. */
#include "inspect/inspect.h"
#include "inspect/secret-private.h"
#include <string.h>

static SecretConfig *told; /* for the whole process */
static const char again[] = "--secret-config";

const SecretConfig *oakum_secret_config(void)
{
  return told;
}

/* ---- freed
 * -------------------------------------------------------------------------------------- */
static void allow_free(gpointer data)
{
  SecretAllow *allow = data;
  g_free(allow->reason);
  g_clear_pointer(&allow->path, g_regex_unref);
  g_clear_pointer(&allow->text, g_regex_unref);
  g_free(allow);
}

static void exclude_clear(SecretExclude *exclude)
{
  g_free(exclude->reason);
  if (exclude->blocks)
    g_ptr_array_unref(exclude->blocks);
}

static void rule_free(gpointer data)
{
  SecretOwnRule *own = data;
  g_free(own->source);
  g_free(own->group);
  g_clear_pointer(&own->regex, g_regex_unref);
  g_clear_pointer(&own->path, g_regex_unref);
  g_ptr_array_unref(own->keywords);
  g_ptr_array_unref(own->allow);
  exclude_clear(&own->exclude);
  g_free(own);
}

static void config_free(SecretConfig *config)
{
  if (!config)
    return;
  g_ptr_array_unref(config->rules);
  g_ptr_array_unref(config->allow);
  exclude_clear(&config->exclude);
  hs_free_database(config->database);
  g_free(config->disabled);
  g_free(config->digest);
  g_free(config->text);
  g_free(config);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SecretConfig, config_free)

/* ---- read
 * --------------------------------------------------------------------------------------- */
static G_GNUC_PRINTF(4, 5) gboolean
    wrong(const char *what, const OakumYaml *at, GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args), *safe = oakum_escape_terminal(text, -1);
  va_end(args);
  g_set_error(error, OAKUM_INSPECT_ERROR, OAKUM_ERROR_INVALID, "%s:%d:%d: %s", what, at->line,
              at->column, safe);
  return FALSE;
}

/* A map of these keys, which stand in `keys` with blanks around each. */
static gboolean check_map(const char *what, const OakumYaml *map, const char *keys, GError **error)
{
  if (map->kind != OAKUM_YAML_MAP)
    return wrong(what, map, error, "a map of%sis expected", keys);
  for (guint i = 0; i < map->keys->len; i++) {
    const OakumYaml *key = map->keys->pdata[i];
    g_autofree char *word = g_strconcat(" ", key->text, " ", NULL);
    if (strchr(key->text, ' ') || !strstr(keys, word))
      return wrong(what, key, error, "unknown key \"%s\"; there are%s", key->text, keys);
  }
  return TRUE;
}

/* The list of a key; one that is not there is an empty one. FALSE: it is none. */
static gboolean list_of(const char *what, const OakumYaml *map, const char *key,
                        const GPtrArray **out, GError **error)
{
  static GPtrArray *none;
  const OakumYaml *list = oakum_yaml_get(map, key);
  if (!none)
    none = g_ptr_array_new();
  *out = none;
  if (!list || oakum_yaml_is_null(list))
    return TRUE;
  if (list->kind != OAKUM_YAML_LIST)
    return wrong(what, list, error, "\"%s\" takes a list", key);
  if (list->items->len > OAKUM_SECRET_CONFIG_RULES_MAX)
    return wrong(what, list, error, "\"%s\": more than %u", key, OAKUM_SECRET_CONFIG_RULES_MAX);
  *out = list->items;
  return TRUE;
}

/* NULL without an error: it is not there. Borrowed. */
static gboolean text_of(const char *what, const OakumYaml *map, const char *key, gboolean needed,
                        const char **out, GError **error)
{
  const OakumYaml *value = oakum_yaml_get(map, key);
  *out = NULL;
  if (!value || oakum_yaml_is_null(value))
    return !needed || wrong(what, map, error, "\"%s\" is missing", key);
  if (value->kind != OAKUM_YAML_SCALAR || !*value->text)
    return wrong(what, value, error, "\"%s\" takes a text", key);
  if (strlen(value->text) > OAKUM_SECRET_CONFIG_REGEX_MAX)
    return wrong(what, value, error, "\"%s\": more than %u bytes", key,
                 OAKUM_SECRET_CONFIG_REGEX_MAX);
  *out = value->text;
  return TRUE;
}

static GRegex *regex_of(const char *what, const OakumYaml *at, GError **error)
{
  g_autoptr(GError) bad = NULL;
  if (at->kind != OAKUM_YAML_SCALAR || !*at->text ||
      strlen(at->text) > OAKUM_SECRET_CONFIG_REGEX_MAX || g_str_has_prefix(at->text, "(*")) {
    (void)wrong(what, at, error,
                "a regular expression of at most %u bytes is expected, without \"(*\" in front",
                OAKUM_SECRET_CONFIG_REGEX_MAX);
    return NULL;
  }
  g_autofree char *text =
      g_strdup_printf("(*LIMIT_MATCH=%u)%s", OAKUM_SECRET_CONFIG_REGEX_STEPS, at->text);
  GRegex *regex = g_regex_new(text, G_REGEX_RAW | G_REGEX_DOLLAR_ENDONLY, 0, &bad);
  if (!regex)
    (void)wrong(what, at, error, "no regular expression that is understood: %s", bad->message);
  return regex;
}

/* FALSE with an error; *out stays NULL where the key is not there. */
static gboolean regex_at(const char *what, const OakumYaml *map, const char *key, GRegex **out,
                         GError **error)
{
  const OakumYaml *at = oakum_yaml_get(map, key);
  return !at || oakum_yaml_is_null(at) || (*out = regex_of(what, at, error)) != NULL;
}

static gboolean read_allow(const char *what, const OakumYaml *map, GPtrArray *into, GError **error)
{
  const GPtrArray *items;
  if (!list_of(what, map, "allow-rules", &items, error))
    return FALSE;
  for (guint i = 0; i < items->len; i++) {
    const OakumYaml *item = items->pdata[i];
    const char *id, *about;
    SecretAllow *allow = g_new0(SecretAllow, 1);
    g_ptr_array_add(into, allow);
    if (!check_map(what, item, " id description regex path ", error) ||
        !text_of(what, item, "id", FALSE, &id, error) ||
        !text_of(what, item, "description", FALSE, &about, error) ||
        !regex_at(what, item, "regex", &allow->text, error) ||
        !regex_at(what, item, "path", &allow->path, error))
      return FALSE;
    if (!allow->text && !allow->path)
      return wrong(what, item, error, "neither \"regex\" nor \"path\": it would allow everything");
    allow->id = g_intern_string(id ? id : "");
    allow->reason = g_strdup_printf("the secret configuration allows it%s%s%s%s", id ? " (" : "",
                                    id ? id : "", id ? ")" : "", "");
    if (about) {
      char *reason = g_strconcat(allow->reason, ": ", about, NULL);
      g_free(allow->reason);
      allow->reason = reason;
    }
  }
  return TRUE;
}

static gboolean read_exclude(const char *what, const OakumYaml *map, SecretExclude *into,
                             GError **error)
{
  const OakumYaml *block = oakum_yaml_get(map, "exclude-block");
  const GPtrArray *items;
  const char *about;
  into->blocks = g_ptr_array_new_with_free_func((GDestroyNotify)g_regex_unref);
  if (!block || oakum_yaml_is_null(block))
    return TRUE;
  if (!check_map(what, block, " description regexes ", error) ||
      !text_of(what, block, "description", FALSE, &about, error) ||
      !list_of(what, block, "regexes", &items, error))
    return FALSE;
  into->reason = g_strdup_printf("in a block that the secret configuration excludes%s%s",
                                 about ? ": " : "", about ? about : "");
  for (guint i = 0; i < items->len; i++) {
    GRegex *regex = regex_of(what, items->pdata[i], error);
    if (!regex)
      return FALSE;
    g_ptr_array_add(into->blocks, regex);
  }
  return TRUE;
}

static gboolean read_keywords(const char *what, const OakumYaml *map, GPtrArray *into,
                              GError **error)
{
  const GPtrArray *items;
  if (!list_of(what, map, "keywords", &items, error))
    return FALSE;
  for (guint i = 0; i < items->len; i++) {
    const OakumYaml *item = items->pdata[i];
    if (item->kind != OAKUM_YAML_SCALAR || !*item->text || strlen(item->text) > 256)
      return wrong(what, item, error, "a keyword of 1 to 256 bytes is expected");
    g_ptr_array_add(into, g_strdup(item->text));
  }
  return TRUE;
}

static gboolean good_id(const char *id)
{
  size_t len = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
  return len > 0 && len <= 100 && id[len] == '\0';
}

static int builtin(const char *id)
{
  for (guint i = 0; i < oakum_secret_rules_n; i++)
    if (strcmp(oakum_secret_rules[i].id, id) == 0)
      return (int)i;
  return -1;
}

static gboolean read_rule(const char *what, const OakumYaml *map, SecretConfig *config,
                          GError **error)
{
  const char *id, *category, *title, *severity, *source, *group;
  SecretOwnRule *own = g_new0(SecretOwnRule, 1);
  own->keywords = g_ptr_array_new_with_free_func(g_free);
  own->allow = g_ptr_array_new_with_free_func(allow_free);
  g_ptr_array_add(config->rules, own);
  if (!check_map(what, map,
                 " id category title severity regex keywords path allow-rules exclude-block "
                 "secret-group-name ",
                 error) ||
      !text_of(what, map, "id", TRUE, &id, error) ||
      !text_of(what, map, "category", FALSE, &category, error) ||
      !text_of(what, map, "title", FALSE, &title, error) ||
      !text_of(what, map, "severity", FALSE, &severity, error) ||
      !text_of(what, map, "regex", TRUE, &source, error) ||
      !text_of(what, map, "secret-group-name", FALSE, &group, error) ||
      !regex_at(what, map, "regex", &own->regex, error) ||
      !regex_at(what, map, "path", &own->path, error) ||
      !read_keywords(what, map, own->keywords, error) ||
      !read_allow(what, map, own->allow, error) || !read_exclude(what, map, &own->exclude, error))
    return FALSE;
  if (!good_id(id))
    return wrong(what, oakum_yaml_get(map, "id"), error,
                 "an id has 1 to 100 letters, digits, \".\", \"_\" and \"-\"");
  if (builtin(id) >= 0)
    return wrong(
        what, oakum_yaml_get(map, "id"), error,
        "\"%s\" is a rule of oakum's own: take another id, and disable that one if need be", id);
  for (guint i = 0; i + 1 < config->rules->len; i++)
    if (strcmp(((SecretOwnRule *)config->rules->pdata[i])->rule.id, id) == 0)
      return wrong(what, oakum_yaml_get(map, "id"), error, "\"%s\" is there twice", id);
  if (group && g_regex_get_string_number(own->regex, group) < 0)
    return wrong(what, oakum_yaml_get(map, "secret-group-name"), error,
                 "\"regex\" has no group (?P<%s>…)", group);
  own->rule = (SecretRule){.kind = SECRET_TOKEN,
                           .id = g_intern_string(id),
                           .severity = OAKUM_SEVERITY_UNKNOWN,
                           .category = g_intern_string(category ? category : "custom"),
                           .title = g_intern_string(title ? title : id),
                           .place = SECRET_TEXT};
  g_autofree char *lower = severity ? g_ascii_strdown(severity, -1) : NULL;
  if (lower && !oakum_severity_parse(lower, &own->rule.severity))
    return wrong(what, oakum_yaml_get(map, "severity"), error,
                 "no severity: critical, high, medium, low, unknown");
  own->source = g_strdup(source);
  own->group = g_strdup(group);
  return TRUE;
}

/* Sets `value` for the rules that a list names, by their ids or trivy's: how many those are. A name
 * that is none is told, for it may be trivy's alone. */
static gboolean read_builtin(const char *what, const OakumYaml *top, const char *key,
                             SecretConfig *config, gboolean value, guint *n, GError **error)
{
  const GPtrArray *items;
  *n = 0;
  if (!list_of(what, top, key, &items, error))
    return FALSE;
  for (guint i = 0; i < items->len; i++) {
    const OakumYaml *item = items->pdata[i];
    guint before = *n;
    if (item->kind != OAKUM_YAML_SCALAR)
      return wrong(what, item, error, "the id of a rule is expected");
    for (guint k = 0; k < oakum_secret_rules_n; k++)
      if (strcmp(oakum_secret_rules[k].id, item->text) == 0 ||
          g_strcmp0(oakum_secret_rules[k].code, item->text) == 0) {
        config->disabled[k] = value;
        ++*n;
      }
    for (guint k = 0; value && k < config->rules->len;) {
      const SecretOwnRule *own = config->rules->pdata[k];
      if (strcmp(own->rule.id, item->text) == 0) {
        g_ptr_array_remove_index(config->rules, k);
        ++*n;
      } else
        k++;
    }
    g_autofree char *shown = oakum_escape_terminal(item->text, -1);
    if (*n == before && what != again)
      oakum_warn("%s:%d:%d: %s: there is no rule \"%s\"; docs/secrets.md lists them", what,
                 item->line, item->column, key, shown);
  }
  return TRUE;
}

static gboolean read_reasons(const char *what, const OakumYaml *top, SecretConfig *config,
                             GError **error)
{
  const GPtrArray *items;
  if (!list_of(what, top, "disable-allow-rules", &items, error))
    return FALSE;
  for (guint i = 0; i < items->len; i++) {
    const OakumYaml *item = items->pdata[i];
    int reason = item->kind == OAKUM_YAML_SCALAR ? oakum_secret_reason(item->text) : -1;
    gboolean own = FALSE;
    for (guint k = 0; k < config->allow->len;) {
      const SecretAllow *allow = config->allow->pdata[k];
      if (item->kind == OAKUM_YAML_SCALAR && strcmp(allow->id, item->text) == 0) {
        g_ptr_array_remove_index(config->allow, k);
        own = TRUE;
      } else
        k++;
    }
    if (reason == -1 && !own)
      return wrong(what, item, error,
                   "no allow rule: manuals, python-descriptions, gnutls, library-tests");
    if (reason >= 0)
      config->kept |= 1u << reason;
  }
  return TRUE;
}

static SecretConfig *read_config(const char *text, size_t len, const char *what, GError **error)
{
  g_autoptr(OakumYaml) top = oakum_yaml_parse(text, len, what, error);
  const GPtrArray *items;
  guint n, disabled;
  if (!top)
    return NULL;
  g_autoptr(SecretConfig) config = g_new0(SecretConfig, 1);
  config->rules = g_ptr_array_new_with_free_func(rule_free);
  config->allow = g_ptr_array_new_with_free_func(allow_free);
  config->disabled = g_new0(gboolean, oakum_secret_rules_n);
  config->text = g_strndup(text, len);
  config->len = len;
  config->digest = oakum_sha256_hex(text, len);
  if (!check_map(what, top,
                 " rules allow-rules disable-rules enable-builtin-rules disable-allow-rules "
                 "exclude-block ",
                 error) ||
      !list_of(what, top, "rules", &items, error))
    return NULL;
  for (guint i = 0; i < items->len; i++)
    if (!read_rule(what, items->pdata[i], config, error))
      return NULL;
  if (!list_of(what, top, "enable-builtin-rules", &items, error))
    return NULL;
  for (guint i = 0; items->len > 0 && i < oakum_secret_rules_n; i++)
    config->disabled[i] = TRUE;
  gboolean only = items->len > 0;
  if (!read_builtin(what, top, "enable-builtin-rules", config, FALSE, &n, error) ||
      !read_builtin(what, top, "disable-rules", config, TRUE, &disabled, error) ||
      !read_allow(what, top, config->allow, error) || !read_reasons(what, top, config, error) ||
      !read_exclude(what, top, &config->exclude, error))
    return NULL;
  if (only && n == 0 && config->rules->len == 0) {
    (void)wrong(what, oakum_yaml_get(top, "enable-builtin-rules"), error,
                "none of these is a rule: nothing would be looked for");
    return NULL;
  }
  return g_steal_pointer(&config);
}

gboolean oakum_inspect_secret_config(const char *text, size_t len, const char *what, GError **error)
{
  SecretConfig *config = text ? read_config(text, len, what ? what : again, error) : NULL;
  if (text && !config)
    return FALSE;
  config_free(told);
  told = config;
  return TRUE;
}

const char *oakum_inspect_secret_text(void)
{
  return told ? told->text : NULL;
}

const char *oakum_inspect_secret_digest(void)
{
  return told ? told->digest : "";
}

/* ---- compiled
 * ----------------------------------------------------------------------------------- */
/* A word as an expression of Vectorscan's. */
static char *quoted(const char *word)
{
  GString *out = g_string_new(NULL);
  for (; *word; word++)
    g_string_append_printf(out, "\\x%02x", (guint)(guchar)*word);
  return g_string_free(out, FALSE);
}

gboolean oakum_inspect_secret_ready(GError **error)
{
  if (!told || told->rules->len == 0 || told->database || hs_valid_platform() != HS_SUCCESS)
    return TRUE;
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GArray) flags = g_array_new(FALSE, FALSE, sizeof(unsigned)),
                    ids = g_array_new(FALSE, FALSE, sizeof(unsigned));
  for (guint i = 0; i < told->rules->len; i++) {
    const SecretOwnRule *own = told->rules->pdata[i];
    unsigned flag = HS_FLAG_PREFILTER | HS_FLAG_SINGLEMATCH, id = i;
    g_ptr_array_add(texts, g_strdup(own->source));
    g_array_append_val(flags, flag);
    g_array_append_val(ids, id);
    for (guint k = 0; k < own->keywords->len; k++) {
      flag = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH;
      id = told->rules->len + i;
      g_ptr_array_add(texts, quoted(own->keywords->pdata[k]));
      g_array_append_val(flags, flag);
      g_array_append_val(ids, id);
    }
  }
  hs_compile_error_t *bad = NULL;
  if (hs_compile_multi((const char *const *)texts->pdata, (const unsigned *)(void *)flags->data,
                       (const unsigned *)(void *)ids->data, texts->len, HS_MODE_BLOCK, NULL,
                       &told->database, &bad) == HS_SUCCESS)
    return TRUE;
  unsigned id = bad && bad->expression >= 0 ? g_array_index(ids, unsigned, bad->expression) : 0;
  g_set_error(error, OAKUM_INSPECT_ERROR, OAKUM_ERROR_INVALID,
              "--secret-config: rule %s: \"regex\" cannot be looked for: %s",
              ((const SecretOwnRule *)told->rules->pdata[id % told->rules->len])->rule.id,
              bad ? bad->message : "out of memory");
  if (bad)
    hs_free_compile_error(bad);
  return FALSE;
}
