#include "cli/lint-common.h"
#include "os/os.h"
#include <string.h>

struct OakumLintOverride {
  OakumIgnore *files;
  gboolean skip;
  GHashTable *levels;
  GPtrArray *trusted; /* NULL: as before */
  int strict_labels;  /* -1: as before */
};

static void override_free(gpointer p)
{
  OakumLintOverride *o = p;
  oakum_ignore_free(o->files);
  g_hash_table_unref(o->levels);
  if (o->trusted)
    g_ptr_array_unref(o->trusted);
  g_free(o);
}

void oakum_lint_settings_clear(OakumLintSettings *s)
{
  g_clear_pointer(&s->levels, g_hash_table_unref);
  g_clear_pointer(&s->labels, g_array_unref);
  GPtrArray **lists[] = {&s->only, &s->trusted, &s->formats, &s->overrides, &s->kept};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    g_clear_pointer(lists[i], g_ptr_array_unref);
  g_clear_pointer(&s->root, g_free);
}

gboolean oakum_lint_threshold_parse(const char *text, OakumLintLevel *out)
{
  if (strcmp(text, "none") == 0 || strcmp(text, "ignore") == 0) {
    *out = OAKUM_LINT_OFF;
    return TRUE;
  }
  return oakum_lint_level_parse(text, out) && *out != OAKUM_LINT_OFF;
}

static gboolean is_shellcheck(const char *id)
{
  uint64_t code;
  return g_ascii_strncasecmp(id, "SC", 2) == 0 && strlen(id) == 6 &&
         oakum_parse_u64(id + 2, 4, 9999, &code);
}

gboolean oakum_lint_rule_check(const char *id, GError **error)
{
  if (oakum_lint_rule_find(id) || is_shellcheck(id) || strcmp(id, "syntax") == 0 ||
      g_ascii_strcasecmp(id, "DL1000") == 0)
    return TRUE;
  size_t count;
  const OakumLintRule *rules = oakum_lint_rules(&count);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  for (size_t i = 0; i < count; i++) {
    g_auto(GStrv) aliases = oakum_lint_rule_aliases(&rules[i]);
    g_ptr_array_add(names, g_strdup(rules[i].name));
    for (char **alias = aliases; *alias; alias++)
      g_ptr_array_add(names, g_strdup(*alias));
  }
  oakum_cli_unknown(error, "rule", id, names, "oakum lint --list-rules lists them");
  return FALSE;
}

/* ---- pieces
 * -------------------------------------------------------------------------------------- */
/* Level of a rule as people write it; "on" is the rule's own, or warning when that is off. */
static gboolean parse_level(const char *id, const char *text, OakumLintLevel *out)
{
  if (oakum_lint_level_parse(text, out))
    return TRUE;
  if (strcmp(text, "false") == 0) {
    *out = OAKUM_LINT_OFF;
    return TRUE;
  }
  if (strcmp(text, "on") != 0 && strcmp(text, "true") != 0)
    return FALSE;
  const OakumLintRule *rule = oakum_lint_rule_find(id);
  *out = rule && rule->level != OAKUM_LINT_OFF ? rule->level : OAKUM_LINT_WARNING;
  return TRUE;
}

/* The spelling that the rule's row has, so that "dl3006" and "DL3006" are one key; new string. */
static char *spelling(const char *id)
{
  const OakumLintRule *rule = oakum_lint_rule_find(id);
  g_auto(GStrv) aliases = rule ? oakum_lint_rule_aliases(rule) : NULL;
  if (rule && g_ascii_strcasecmp(rule->name, id) == 0)
    return g_strdup(rule->name);
  for (char **alias = aliases; alias && *alias; alias++)
    if (g_ascii_strcasecmp(*alias, id) == 0)
      return g_strdup(*alias);
  return is_shellcheck(id) ? g_ascii_strup(id, -1) : g_strdup(id);
}

static void set_level(GHashTable *levels, const char *id, OakumLintLevel level)
{
  g_hash_table_replace(levels, spelling(id), GINT_TO_POINTER(level));
}

static gboolean read_rules(const OakumGeneralArgs *general, const OakumYaml *rules,
                           GHashTable *levels, GError **error)
{
  if (!rules || oakum_yaml_is_null(rules))
    return TRUE;
  if (rules->kind != OAKUM_YAML_MAP) {
    oakum_config_error(general, rules, error, "expected rules and levels, \"{DL3008: off}\"");
    return FALSE;
  }
  for (guint i = 0; i < rules->keys->len; i++) {
    const OakumYaml *key = rules->keys->pdata[i], *value = rules->items->pdata[i];
    g_autoptr(GError) inner = NULL;
    OakumLintLevel level;
    if (!oakum_lint_rule_check(key->text, &inner)) {
      oakum_config_error(general, key, error, "%s", inner->message);
      return FALSE;
    }
    if (value->kind != OAKUM_YAML_SCALAR || !parse_level(key->text, value->text, &level)) {
      oakum_config_error(general, value, error,
                         "expected off, on, style, info, warning or error for \"%s\"", key->text);
      return FALSE;
    }
    set_level(levels, key->text, level);
  }
  return TRUE;
}

/* "name:type", "name=type" or "name". */
static gboolean add_label(OakumLintSettings *s, const char *text, GError **error)
{
  size_t n = strcspn(text, ":=");
  OakumLintLabel label = {NULL, OAKUM_LINT_LABEL_TEXT};
  if (n == 0 || !oakum_lint_label_type_parse(text[n] ? text + n + 1 : "", &label.type)) {
    g_autofree char *shown = oakum_escape_terminal(text, -1);
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "a required label is NAME:TYPE, its type text, url, semver, hash, rfc3339, spdx or "
                "email, not \"%s\"",
                shown);
    return FALSE;
  }
  char *name = g_strndup(text, n);
  g_ptr_array_add(s->kept, name);
  label.name = name;
  g_array_append_val(s->labels, label);
  return TRUE;
}

static void add_all(GPtrArray **into, GPtrArray *list)
{
  for (guint i = 0; list && i < list->len; i++) {
    if (!*into)
      *into = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(*into, g_strdup(list->pdata[i]));
  }
}

/* ---- overrides by path
 * --------------------------------------------------------------------------- */
static gboolean read_strings(const OakumGeneralArgs *general, const OakumYaml *value,
                             GPtrArray **into, GError **error)
{
  if (value->kind == OAKUM_YAML_SCALAR) {
    g_ptr_array_add(*into, g_strdup(value->text));
    return TRUE;
  }
  for (guint i = 0; value->kind == OAKUM_YAML_LIST && i < value->items->len; i++) {
    const OakumYaml *item = value->items->pdata[i];
    if (item->kind != OAKUM_YAML_SCALAR) {
      oakum_config_error(general, item, error, "expected one value here");
      return FALSE;
    }
    g_ptr_array_add(*into, g_strdup(item->text));
  }
  if (value->kind == OAKUM_YAML_LIST)
    return TRUE;
  oakum_config_error(general, value, error, "expected a list");
  return FALSE;
}

static gboolean read_files(const OakumGeneralArgs *general, const OakumYaml *value,
                           OakumLintOverride *o, GError **error)
{
  g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GError) inner = NULL;
  if (!read_strings(general, value, &patterns, error))
    return FALSE;
  g_ptr_array_add(patterns, NULL);
  g_autofree char *text = g_strjoinv("\n", (char **)patterns->pdata);
  o->files = oakum_ignore_parse(text, strlen(text), &inner);
  if (!o->files)
    oakum_config_error(general, value, error, "%s", inner->message);
  return o->files != NULL;
}

static gboolean read_override(const OakumGeneralArgs *general, const OakumYaml *map,
                              OakumLintOverride *o, GError **error)
{
  static const char *const known[] = {"files", "skip", "rules", "trusted-registry",
                                      "strict-labels"};
  if (map->kind != OAKUM_YAML_MAP || !oakum_yaml_get(map, "files")) {
    oakum_config_error(general, map, error,
                       "expected \"files: [PATTERN]\" and what holds for them");
    return FALSE;
  }
  for (guint i = 0; i < map->keys->len; i++) {
    const OakumYaml *key = map->keys->pdata[i], *value = map->items->pdata[i];
    gboolean on;
    if (strcmp(key->text, "files") == 0) {
      if (!read_files(general, value, o, error))
        return FALSE;
    } else if (strcmp(key->text, "rules") == 0) {
      if (!read_rules(general, value, o->levels, error))
        return FALSE;
    } else if (strcmp(key->text, "trusted-registry") == 0) {
      o->trusted = g_ptr_array_new_with_free_func(g_free);
      if (!read_strings(general, value, &o->trusted, error))
        return FALSE;
      g_ptr_array_add(o->trusted, NULL);
    } else if (strcmp(key->text, "skip") == 0 || strcmp(key->text, "strict-labels") == 0) {
      if (!oakum_yaml_bool(value, &on)) {
        oakum_config_error(general, value, error, "\"%s\" takes true or false", key->text);
        return FALSE;
      }
      if (key->text[1] == 'k')
        o->skip = on;
      else
        o->strict_labels = on;
    } else {
      g_autoptr(GPtrArray) names = g_ptr_array_new();
      g_autoptr(GError) inner = NULL;
      for (size_t j = 0; j < G_N_ELEMENTS(known); j++)
        g_ptr_array_add(names, (gpointer)known[j]);
      oakum_cli_unknown(&inner, "key", key->text, names, "an override has no such key");
      oakum_config_error(general, key, error, "%s", inner->message);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean read_file(const OakumGeneralArgs *general, OakumLintSettings *s, GError **error)
{
  const OakumYaml *section = oakum_yaml_get(general->top, "lint");
  const OakumYaml *overrides = oakum_yaml_get(section, "overrides");
  if (!read_rules(general, oakum_yaml_get(section, "rules"), s->levels, error))
    return FALSE;
  if (!overrides || oakum_yaml_is_null(overrides))
    return TRUE;
  if (overrides->kind != OAKUM_YAML_LIST) {
    oakum_config_error(general, overrides, error, "expected a list of overrides");
    return FALSE;
  }
  g_autofree char *path = g_canonicalize_filename(general->path, NULL);
  s->root = g_path_get_dirname(path);
  for (guint i = 0; i < overrides->items->len; i++) {
    OakumLintOverride *o = g_new0(OakumLintOverride, 1);
    o->levels = oakum_str_map_new(g_free, NULL);
    o->strict_labels = -1;
    g_ptr_array_add(s->overrides, o);
    if (!read_override(general, overrides->items->pdata[i], o, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- the command line, and the peer
 * ---------------------------------------------------------------- */
static gboolean check_rules(GPtrArray *ids, GError **error)
{
  for (guint i = 0; ids && i < ids->len; i++)
    if (!oakum_lint_rule_check(ids->pdata[i], error))
      return FALSE;
  return TRUE;
}

static void set_levels(OakumLintSettings *s, GPtrArray *ids, OakumLintLevel level)
{
  for (guint i = 0; ids && i < ids->len; i++)
    set_level(s->levels, ids->pdata[i], level);
}

/* Levels by rising severity, so that the highest wins; what is ignored is so whatever else is said.
 */
static void apply_levels(OakumLintSettings *s, GPtrArray *const *const *sources, size_t n_sources,
                         GPtrArray *const *ignored)
{
  for (int level = OAKUM_LINT_STYLE; level <= OAKUM_LINT_ERROR_LEVEL; level++)
    for (size_t i = 0; i < n_sources; i++)
      set_levels(s, sources[i][level], (OakumLintLevel)level);
  for (size_t i = 0; i < n_sources; i++)
    set_levels(s, ignored[i], OAKUM_LINT_OFF);
}

static gboolean load_hadolint(const OakumLintArgs *args, OakumLintSettings *s,
                              OakumHadolintConfig *variables, OakumHadolintConfig *file,
                              GError **error)
{
  g_autofree char *found = NULL, *text = NULL;
  size_t len;
  oakum_hadolint_config_environment(variables);
  const char *path = args->general.path && !args->general.top ? args->general.path : NULL;
  if (!path)
    path = found = oakum_hadolint_config_find();
  if (!path)
    return TRUE;
  return oakum_file_read(path, OAKUM_CONFIG_FILE_MAX, &text, &len, error) &&
         oakum_hadolint_config_parse(text, len, path, file, error);
}

static gboolean say(int cli, int file, int variables)
{
  return cli || (file >= 0 ? file : variables > 0);
}

static gboolean add_labels(OakumLintSettings *s, GPtrArray *list, GError **error)
{
  for (guint i = 0; list && i < list->len; i++)
    if (!add_label(s, list->pdata[i], error))
      return FALSE;
  return TRUE;
}

gboolean oakum_lint_settings_load(const OakumLintArgs *args, OakumLintSettings *s, GError **error)
{
  g_auto(OakumHadolintConfig)
      variables = {.strict_labels = -1, .disable_pragma = -1, .no_fail = -1, .no_colour = -1},
      file = variables;
  const char *threshold = args->fail_on;
  *s = (OakumLintSettings){.levels = oakum_str_map_new(g_free, NULL),
                           .labels = g_array_new(FALSE, FALSE, sizeof(OakumLintLabel)),
                           .overrides = g_ptr_array_new_with_free_func(override_free),
                           .kept = g_ptr_array_new_with_free_func(g_free)};
  gboolean foreign = args->general.path && !args->general.top && args->general.named;
  if (args->compat && strcmp(args->compat, "hadolint") == 0)
    s->compat = OAKUM_LINT_COMPAT_HADOLINT;
  else if (args->compat && strcmp(args->compat, "docker") == 0)
    s->compat = OAKUM_LINT_COMPAT_DOCKER;
  else if (args->compat && strcmp(args->compat, "none") != 0)
    return oakum_cli_takes(error, "--compat", "hadolint|docker|none", args->compat);
  if (!read_file(&args->general, s, error) ||
      ((s->compat == OAKUM_LINT_COMPAT_HADOLINT || foreign) &&
       !load_hadolint(args, s, &variables, &file, error)))
    return FALSE;
  gboolean lenient = s->compat == OAKUM_LINT_COMPAT_HADOLINT; /* it does not ask what it knows */
  for (int level = 0; level <= OAKUM_LINT_ERROR_LEVEL; level++)
    if (!lenient && !check_rules(args->levels[level], error))
      return FALSE;
  if (!check_rules(args->only, error) || (!lenient && !check_rules(args->ignore, error)))
    return FALSE;
  GPtrArray *const *const sources[] = {variables.levels, file.levels, args->levels};
  GPtrArray *const ignored[] = {variables.ignored, file.ignored, args->ignore};
  apply_levels(s, sources, G_N_ELEMENTS(sources), ignored);
  add_all(&s->only, args->only);
  GPtrArray *const trusted[] = {args->trusted, file.trusted, variables.trusted};
  for (size_t i = 0; i < G_N_ELEMENTS(trusted); i++)
    add_all(&s->trusted, trusted[i]);
  GPtrArray **ended[] = {&s->only, &s->trusted};
  for (size_t i = 0; i < G_N_ELEMENTS(ended); i++)
    if (*ended[i])
      g_ptr_array_add(*ended[i], NULL);
  if (!add_labels(s, args->labels, error) || !add_labels(s, file.labels, error) ||
      !add_labels(s, variables.labels, error))
    return FALSE;
  add_all(&s->formats, args->formats  ? args->formats
                       : file.formats ? file.formats
                                      : variables.formats);
  if (!args->formats && s->formats) /* there "json" is the peer's own */
    for (guint i = 0; i < s->formats->len; i++)
      if (strcmp(s->formats->pdata[i], "json") == 0) {
        g_free(s->formats->pdata[i]);
        s->formats->pdata[i] = g_strdup("hadolint-json");
      }
  s->strict_labels = say(args->strict_labels, file.strict_labels, variables.strict_labels);
  s->disable_pragma = say(args->disable_pragma, file.disable_pragma, variables.disable_pragma);
  s->no_fail = say(args->no_fail, file.no_fail, variables.no_fail);
  s->no_colour = say(args->no_colour, file.no_colour, variables.no_colour);
  s->require_reason = args->require_reason;
  s->fail_on = OAKUM_LINT_INFO;
  if (!threshold)
    threshold = file.threshold ? file.threshold : variables.threshold;
  if (threshold && !oakum_lint_threshold_parse(threshold, &s->fail_on)) {
    g_autofree char *shown = oakum_escape_terminal(threshold, -1);
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "the threshold is error, warning, info, style or none, not \"%s\"", shown);
    return FALSE;
  }
  if (lenient && s->fail_on == OAKUM_LINT_OFF)
    s->fail_on = OAKUM_LINT_STYLE; /* there "none" lets no finding pass */
  return TRUE;
}

/* ---- one file
 * ------------------------------------------------------------------------------------- */
static void copy_levels(GHashTable *from, GHashTable *to)
{
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, from);
  while (g_hash_table_iter_next(&iter, &key, &value))
    g_hash_table_replace(to, g_strdup(key), value);
}

gboolean oakum_lint_settings_for(const OakumLintSettings *s, const char *path,
                                 OakumLintOptions *options, GHashTable **levels)
{
  *options = (OakumLintOptions){
      .compat = s->compat,
      .levels = s->levels,
      .only = s->only ? (const char *const *)s->only->pdata : NULL,
      .trusted_registries = s->trusted ? (const char *const *)s->trusted->pdata : NULL,
      .labels = (const OakumLintLabel *)(gpointer)s->labels->data,
      .labels_count = s->labels->len,
      .strict_labels = s->strict_labels,
      .disable_ignore_pragma = s->disable_pragma,
      .require_reason = s->require_reason,
      .now = g_get_real_time() / G_USEC_PER_SEC,
      .docker_check = g_getenv("BUILDKIT_DOCKERFILE_CHECK"),
  };
  *levels = NULL;
  if (!path || !s->root)
    return TRUE;
  g_autofree char *full = g_canonicalize_filename(path, NULL);
  size_t n = strlen(s->root);
  const char *below = strncmp(full, s->root, n) == 0 ? full + n : full;
  below += strspn(below, "/");
  for (guint i = 0; i < s->overrides->len; i++) {
    const OakumLintOverride *o = s->overrides->pdata[i];
    if (!oakum_ignore_leaves_out(o->files, below))
      continue;
    if (o->skip)
      return FALSE;
    if (!*levels) {
      *levels = oakum_str_map_new(g_free, NULL);
      copy_levels(s->levels, *levels);
      options->levels = *levels;
    }
    copy_levels(o->levels, *levels);
    if (o->trusted)
      options->trusted_registries = (const char *const *)o->trusted->pdata;
    if (o->strict_labels >= 0)
      options->strict_labels = o->strict_labels;
  }
  return TRUE;
}
