/* hadolint's configuration, as it is: .hadolint.yaml and HADOLINT_*. */
#include "cli/lint-common.h"
#include <string.h>
#include <unistd.h>

void oakum_hadolint_config_clear(OakumHadolintConfig *c)
{
  GPtrArray **lists[] = {&c->ignored, &c->trusted, &c->labels, &c->formats};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    g_clear_pointer(lists[i], g_ptr_array_unref);
  for (size_t i = 0; i < G_N_ELEMENTS(c->levels); i++)
    g_clear_pointer(&c->levels[i], g_ptr_array_unref);
  g_clear_pointer(&c->threshold, g_free);
}

char *oakum_hadolint_config_find(void)
{
  g_autofree char *home = g_build_filename(g_get_home_dir(), ".hadolint", NULL);
  const struct {
    const char *folder, *name;
  } places[] = {{".", ".hadolint"},
                {g_get_user_config_dir(), "hadolint"},
                {home, "hadolint"},
                {home, "config"},
                {g_get_home_dir(), ".hadolint"}};
  static const char *const suffixes[] = {".yaml", ".yml"};
  for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
    for (size_t j = 0; j < G_N_ELEMENTS(suffixes); j++) {
      g_autofree char *name = g_strconcat(places[i].name, suffixes[j], NULL),
                      *path =
                          i == 0 ? g_strdup(name) : g_build_filename(places[i].folder, name, NULL);
      if (access(path, F_OK) == 0)
        return g_steal_pointer(&path);
    }
  return NULL;
}

/* ---- the file
 * ------------------------------------------------------------------------------------ */
static gboolean wrong(const char *what, const OakumYaml *at, const char *key, const char *expected,
                      GError **error)
{
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s:%d:%d: \"%s\" takes %s", what,
              at->line, at->column, key, expected);
  return FALSE;
}

/* A list of words; one word alone is a list of one. */
static gboolean words(const char *what, const OakumYaml *map, const char *key, GPtrArray **into,
                      GError **error)
{
  const OakumYaml *value = oakum_yaml_get(map, key);
  if (!value || oakum_yaml_is_null(value))
    return TRUE;
  if (!*into)
    *into = g_ptr_array_new_with_free_func(g_free);
  if (value->kind == OAKUM_YAML_SCALAR)
    g_ptr_array_add(*into, g_strdup(value->text));
  else if (value->kind == OAKUM_YAML_MAP)
    return wrong(what, value, key, "a list", error);
  for (guint i = 0; value->kind == OAKUM_YAML_LIST && i < value->items->len; i++) {
    const OakumYaml *item = value->items->pdata[i];
    if (item->kind != OAKUM_YAML_SCALAR)
      return wrong(what, item, key, "words", error);
    g_ptr_array_add(*into, g_strdup(item->text));
  }
  return TRUE;
}

static gboolean flag(const char *what, const OakumYaml *map, const char *key, int *into,
                     GError **error)
{
  const OakumYaml *value = oakum_yaml_get(map, key);
  gboolean on;
  if (!value || oakum_yaml_is_null(value))
    return TRUE;
  if (!oakum_yaml_bool(value, &on))
    return wrong(what, value, key, "true or false", error);
  *into = on;
  return TRUE;
}

static gboolean labels(const char *what, const OakumYaml *map, GPtrArray **into, GError **error)
{
  const OakumYaml *value = oakum_yaml_get(map, "label-schema");
  if (!value || oakum_yaml_is_null(value))
    return TRUE;
  if (value->kind != OAKUM_YAML_MAP)
    return wrong(what, value, "label-schema", "names and types", error);
  *into = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < value->keys->len; i++) {
    const OakumYaml *name = value->keys->pdata[i], *type = value->items->pdata[i];
    OakumLintLabelType parsed;
    if (type->kind != OAKUM_YAML_SCALAR || !oakum_lint_label_type_parse(type->text, &parsed))
      return wrong(what, type, name->text, "text, url, semver, hash, rfc3339, spdx or email",
                   error);
    g_ptr_array_add(*into, g_strconcat(name->text, ":", type->text, NULL));
  }
  return TRUE;
}

gboolean oakum_hadolint_config_parse(const char *data, size_t len, const char *what,
                                     OakumHadolintConfig *out, GError **error)
{
  *out = (OakumHadolintConfig){
      .strict_labels = -1, .disable_pragma = -1, .no_fail = -1, .no_colour = -1};
  g_autoptr(OakumYaml) top = oakum_yaml_parse(data, len, what, error);
  if (!top)
    return FALSE;
  if (oakum_yaml_is_null(top))
    return TRUE;
  if (top->kind != OAKUM_YAML_MAP) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s:%d:%d: expected keys and values",
                what, top->line, top->column);
    return FALSE;
  }
  const OakumYaml *threshold = oakum_yaml_get(top, "failure-threshold"),
                  *levels = oakum_yaml_get(top, "override");
  OakumLintLevel level;
  if (threshold && !oakum_yaml_is_null(threshold)) {
    if (threshold->kind != OAKUM_YAML_SCALAR ||
        !oakum_lint_threshold_parse(threshold->text, &level))
      return wrong(what, threshold, "failure-threshold", "error, warning, info, style or none",
                   error);
    out->threshold = g_strdup(threshold->text);
  }
  if (levels && !oakum_yaml_is_null(levels) && levels->kind != OAKUM_YAML_MAP)
    return wrong(what, levels, "override", "levels and lists of rules", error);
  for (int i = OAKUM_LINT_STYLE; i <= OAKUM_LINT_ERROR_LEVEL; i++)
    if (!words(what, levels, oakum_lint_level_name((OakumLintLevel)i), &out->levels[i], error))
      return FALSE;
  return words(what, top, "ignored", &out->ignored, error) &&
         words(what, top, "trustedRegistries", &out->trusted, error) &&
         words(what, top, "format", &out->formats, error) &&
         words(what, top, "formats", &out->formats, error) &&
         labels(what, top, &out->labels, error) &&
         flag(what, top, "strict-labels", &out->strict_labels, error) &&
         flag(what, top, "disable-ignore-pragma", &out->disable_pragma, error) &&
         flag(what, top, "no-fail", &out->no_fail, error) &&
         flag(what, top, "no-color", &out->no_colour, error);
}

/* ---- variables
 * ------------------------------------------------------------------------------------ */
static GPtrArray *list_of(const char *variable)
{
  const char *value = g_getenv(variable);
  if (!value || !*value)
    return NULL;
  GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
  g_auto(GStrv) parts = g_strsplit(value, ",", -1);
  for (char **part = parts; *part; part++)
    if (*g_strstrip(*part))
      g_ptr_array_add(list, g_strdup(*part));
  return list;
}

static int truth_of(const char *variable)
{
  static const char *const yes[] = {"1", "y", "yes", "true", "on", NULL};
  const char *value = g_getenv(variable);
  if (!value)
    return -1;
  g_autofree char *lower = g_ascii_strdown(value, -1);
  return g_strv_contains(yes, lower);
}

void oakum_hadolint_config_environment(OakumHadolintConfig *out)
{
  OakumLintLevel level;
  const char *threshold = g_getenv("HADOLINT_FAILURE_THRESHOLD");
  *out = (OakumHadolintConfig){.ignored = list_of("HADOLINT_IGNORE"),
                               .trusted = list_of("HADOLINT_TRUSTED_REGISTRIES"),
                               .labels = list_of("HADOLINT_REQUIRE_LABELS"),
                               .formats = list_of("HADOLINT_FORMAT"),
                               .strict_labels = truth_of("HADOLINT_STRICT_LABELS"),
                               .disable_pragma = truth_of("HADOLINT_DISABLE_IGNORE_PRAGMA"),
                               .no_fail = truth_of("HADOLINT_NOFAIL"),
                               .no_colour = g_getenv("NO_COLOR") ? TRUE : -1};
  out->levels[OAKUM_LINT_ERROR_LEVEL] = list_of("HADOLINT_OVERRIDE_ERROR");
  out->levels[OAKUM_LINT_WARNING] = list_of("HADOLINT_OVERRIDE_WARNING");
  out->levels[OAKUM_LINT_INFO] = list_of("HADOLINT_OVERRIDE_INFO");
  out->levels[OAKUM_LINT_STYLE] = list_of("HADOLINT_OVERRIDE_STYLE");
  if (threshold && oakum_lint_threshold_parse(threshold, &level))
    out->threshold = g_strdup(threshold);
}
