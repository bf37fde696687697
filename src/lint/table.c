/* The rule table as others see it: rows by name, names and aliases to rows, levels. */
#include "lint/check-private.h"
#include <string.h>

#define LEVEL_OFF OAKUM_LINT_OFF
#define LEVEL_STYLE OAKUM_LINT_STYLE
#define LEVEL_INFO OAKUM_LINT_INFO
#define LEVEL_WARNING OAKUM_LINT_WARNING
#define LEVEL_ERROR OAKUM_LINT_ERROR_LEVEL

#define RULE(ID, CHECK, STEPS, NAME, HADOLINT, DOCKER, OTHERS, LEVEL, PEER, CATEGORY, FIX, TITLE,  \
             WHY, HELP, BAD, GOOD)                                                                 \
  [LINT_##ID] = {NAME,          HADOLINT,     DOCKER,   OTHERS,                                    \
                 LEVEL_##LEVEL, LEVEL_##PEER, CATEGORY, OAKUM_LINT_FIX_##FIX,                      \
                 TITLE,         WHY,          HELP,     BAD,                                       \
                 GOOD},
static const OakumLintRule rows[LINT_RULES] = {
#include "lint/rules.inc"
};
#undef RULE

#define RULE(ID, CHECK, STEPS, ...) [LINT_##ID] = {CHECK, STEPS},
const LintChecker lint_checkers[LINT_RULES] = {
#include "lint/rules.inc"
};
#undef RULE

const OakumLintRule *lint_row(LintRuleId rule)
{
  return &rows[rule];
}

static OakumLintRule sorted[LINT_RULES];

static int by_name(const void *a, const void *b)
{
  return strcmp(((const OakumLintRule *)a)->name, ((const OakumLintRule *)b)->name);
}

const OakumLintRule *oakum_lint_rules(size_t *count)
{
  static gsize once;
  if (g_once_init_enter(&once)) {
    memcpy(sorted, rows, sizeof rows);
    qsort(sorted, LINT_RULES, sizeof *sorted, by_name);
    g_once_init_leave(&once, 1);
  }
  *count = LINT_RULES;
  return sorted;
}

char **oakum_lint_rule_aliases(const OakumLintRule *rule)
{
  g_autoptr(GString) all = g_string_new(NULL);
  const char *const parts[] = {rule->hadolint, rule->docker, rule->others};
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    if (parts[i])
      g_string_append_printf(all, "%s%s", all->len ? " " : "", parts[i]);
  return all->len ? g_strsplit(all->str, " ", -1) : g_new0(char *, 1);
}

char **lint_aliases(LintRuleId rule)
{
  static gsize once;
  static char **all[LINT_RULES];
  if (g_once_init_enter(&once)) {
    for (guint i = 0; i < LINT_RULES; i++)
      all[i] = oakum_lint_rule_aliases(&rows[i]);
    g_once_init_leave(&once, 1);
  }
  return all[rule];
}

gboolean lint_row_is(const OakumLintRule *row, const char *id)
{
  if (g_ascii_strcasecmp(row->name, id) == 0 ||
      (row->hadolint && g_ascii_strcasecmp(row->hadolint, id) == 0) ||
      (row->docker && g_ascii_strcasecmp(row->docker, id) == 0))
    return TRUE;
  if (!row->others)
    return FALSE;
  g_autofree char *upper = g_ascii_strup(id, -1);
  if (g_str_has_prefix(upper, "AVD-")) /* what trivy called its checks before */
    return lint_one_of(upper + 4, row->others);
  return lint_one_of(upper, row->others);
}

/* The names that lint_row_is takes, in small letters, to an array of LINT_RULES flags. */
static GHashTable *index_rows(void)
{
  GHashTable *index = oakum_str_map_new(g_free, g_free);
  for (guint r = 0; r < LINT_RULES; r++) {
    g_auto(GStrv) aliases = oakum_lint_rule_aliases(&rows[r]);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(names, g_strdup(rows[r].name));
    for (guint i = 0; aliases[i]; i++) {
      g_ptr_array_add(names, g_strdup(aliases[i]));
      g_ptr_array_add(names, g_strconcat("avd-", aliases[i], NULL));
    }
    for (guint i = 0; i < names->len; i++) {
      if (!lint_row_is(&rows[r], names->pdata[i]))
        continue;
      char *key = g_ascii_strdown(names->pdata[i], -1);
      gboolean *flags = g_hash_table_lookup(index, key);
      if (!flags) {
        flags = g_new0(gboolean, LINT_RULES);
        g_hash_table_insert(index, key, flags);
      } else {
        g_free(key);
      }
      flags[r] = TRUE;
    }
  }
  return index;
}

const gboolean *lint_rows_named(const char *id)
{
  static gsize once;
  static GHashTable *index;
  if (g_once_init_enter(&once)) {
    index = index_rows();
    g_once_init_leave(&once, 1);
  }
  g_autofree char *key = g_ascii_strdown(id, -1);
  return g_hash_table_lookup(index, key);
}

const OakumLintRule *oakum_lint_rule_find(const char *id)
{
  size_t count;
  const OakumLintRule *all = oakum_lint_rules(&count);
  for (size_t i = 0; i < count; i++)
    if (g_ascii_strcasecmp(all[i].name, id) == 0)
      return &all[i];
  for (size_t i = 0; i < count; i++)
    if (lint_row_is(&all[i], id))
      return &all[i];
  return NULL;
}

char *oakum_lint_rule_url(const char *id)
{
  if (g_str_has_prefix(id, "SC") && g_ascii_isdigit(id[2]))
    return g_strdup_printf("https://www.shellcheck.net/wiki/%s", id);
  return NULL;
}

/* ---- levels ---------------------------------------------------------------------------------- */
static const char *const level_names[] = {"off", "style", "info", "warning", "error"};

const char *oakum_lint_level_name(OakumLintLevel level)
{
  return level_names[level];
}

gboolean oakum_lint_level_parse(const char *text, OakumLintLevel *out)
{
  for (guint i = 0; i < G_N_ELEMENTS(level_names); i++)
    if (g_ascii_strcasecmp(text, level_names[i]) == 0) {
      *out = (OakumLintLevel)i;
      return TRUE;
    }
  return FALSE;
}

OakumLintLevel oakum_lint_level_of(OakumSeverity severity)
{
  static const OakumLintLevel levels[] = {[OAKUM_SEVERITY_UNKNOWN] = OAKUM_LINT_INFO,
                                          [OAKUM_SEVERITY_NEGLIGIBLE] = OAKUM_LINT_STYLE,
                                          [OAKUM_SEVERITY_LOW] = OAKUM_LINT_INFO,
                                          [OAKUM_SEVERITY_MEDIUM] = OAKUM_LINT_WARNING,
                                          [OAKUM_SEVERITY_HIGH] = OAKUM_LINT_ERROR_LEVEL,
                                          [OAKUM_SEVERITY_CRITICAL] = OAKUM_LINT_ERROR_LEVEL};
  return levels[severity];
}

OakumSeverity oakum_lint_severity_of(OakumLintLevel level)
{
  static const OakumSeverity severities[] = {OAKUM_SEVERITY_UNKNOWN, OAKUM_SEVERITY_NEGLIGIBLE,
                                             OAKUM_SEVERITY_LOW, OAKUM_SEVERITY_MEDIUM,
                                             OAKUM_SEVERITY_HIGH};
  return severities[level];
}

const char *oakum_lint_fix_kind_name(OakumLintFixKind kind)
{
  static const char *const names[] = {"none", "safe", "unsafe"};
  return names[kind];
}

gboolean oakum_lint_label_type_parse(const char *text, OakumLintLabelType *out)
{
  static const char *const names[] = {"text", "url", "semver", "hash", "rfc3339", "spdx", "email"};
  if (!*text)
    text = "text";
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (g_ascii_strcasecmp(text, names[i]) == 0) {
      *out = (OakumLintLabelType)i;
      return TRUE;
    }
  return FALSE;
}
