/* Pages about the rules, from their table. */
#include "report/lint-private.h"
#include <string.h>

static const char *level_text(const OakumLintRule *rule)
{
  return oakum_lint_level_name(rule->level);
}

static char *aliases_text(const OakumLintRule *rule, const char *separator)
{
  g_auto(GStrv) aliases = oakum_lint_rule_aliases(rule);
  return g_strjoinv(separator, aliases);
}

/* ---- lists
 * --------------------------------------------------------------------------------------- */
static char *list_tty(void)
{
  size_t count;
  const OakumLintRule *rules = oakum_lint_rules(&count);
  GString *out = g_string_new(NULL);
  int width = 4;
  for (size_t i = 0; i < count; i++)
    width = MAX(width, (int)strlen(rules[i].name));
  for (size_t i = 0; i < count; i++) {
    g_autofree char *aliases = aliases_text(&rules[i], " ");
    g_string_append_printf(out, "%-*s  %-7s  %-15s  %-6s  %s%s%s%s\n", width, rules[i].name,
                           level_text(&rules[i]), rules[i].category,
                           oakum_lint_fix_kind_name(rules[i].fix), rules[i].title,
                           *aliases ? " (" : "", aliases, *aliases ? ")" : "");
  }
  return g_string_free(out, FALSE);
}

static json_t *lines_or_null(const char *text)
{
  return text ? json_string(text) : json_null();
}

static char *list_json(void)
{
  size_t count;
  const OakumLintRule *rules = oakum_lint_rules(&count);
  OAKUM_AUTO_JSON *list = json_array();
  for (size_t i = 0; i < count; i++) {
    const OakumLintRule *rule = &rules[i];
    g_auto(GStrv) aliases = oakum_lint_rule_aliases(rule);
    json_t *names = json_array();
    for (char **alias = aliases; *alias; alias++)
      json_array_append_new(names, json_string(*alias));
    json_array_append_new(
        list,
        json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "name",
                  rule->name, "aliases", names, "hadolint", lines_or_null(rule->hadolint), "docker",
                  lines_or_null(rule->docker), "severity", level_text(rule), "category",
                  rule->category, "fix", oakum_lint_fix_kind_name(rule->fix), "title", rule->title,
                  "why", lines_or_null(rule->why), "help", lines_or_null(rule->help), "bad",
                  lines_or_null(rule->bad), "good", lines_or_null(rule->good)));
  }
  g_autofree char *text = oakum_json_dump(list, FALSE);
  return g_strconcat(text, "\n", NULL);
}

/* ---- Markdown
 * ------------------------------------------------------------------------------------ */
/* What would be markup in running text. */
static void markdown(GString *out, const char *text)
{
  for (; text && *text; text++) {
    if (strchr("\\`*_<>|[]", *text))
      g_string_append_c(out, '\\');
    g_string_append_c(out, *text);
  }
}

static void code_block(GString *out, const char *title, const char *code)
{
  if (code && *code)
    g_string_append_printf(out, "\n%s:\n\n```dockerfile\n%s%s```\n", title, code,
                           g_str_has_suffix(code, "\n") ? "" : "\n");
}

static void rule_body(GString *out, const OakumLintRule *rule)
{
  if (rule->why) {
    markdown(out, rule->why);
    g_string_append(out, "\n\n");
  }
  if (rule->help) {
    g_string_append(out, "What to do: ");
    markdown(out, rule->help);
    g_string_append_c(out, '\n');
  }
  code_block(out, "Bad", rule->bad);
  code_block(out, "Good", rule->good);
}

char *oakum_report_lint_rule_markdown(const OakumLintRule *rule)
{
  g_autofree char *aliases = aliases_text(rule, ", ");
  GString *out = g_string_new("**");
  markdown(out, rule->title);
  g_string_append_printf(out, "** (%s", rule->name);
  g_string_append_printf(out, "%s%s)\n\n", *aliases ? ", " : "", aliases);
  rule_body(out, rule);
  return g_string_free(out, FALSE);
}

static char *list_markdown(void)
{
  size_t count;
  const OakumLintRule *rules = oakum_lint_rules(&count);
  GString *out = g_string_new(
      "# Rules of oakum lint\n\nMade by `oakum lint --list-rules --format markdown`; do not "
      "edit.\n\nA rule is named by its name or any of its aliases, on the command line, in "
      "`oakum.yaml` and in comments.\n\n| rule | level | category | fix | what is wrong | "
      "aliases |\n|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < count; i++) {
    g_autofree char *aliases = aliases_text(&rules[i], ", ");
    g_string_append_printf(out, "| [%s](#%s) | %s | %s | %s | ", rules[i].name, rules[i].name,
                           level_text(&rules[i]), rules[i].category,
                           oakum_lint_fix_kind_name(rules[i].fix));
    markdown(out, rules[i].title);
    g_string_append(out, " | ");
    markdown(out, aliases);
    g_string_append(out, " |\n");
  }
  for (size_t i = 0; i < count; i++) {
    g_autofree char *aliases = aliases_text(&rules[i], ", ");
    g_string_append_printf(out, "\n## %s\n\n", rules[i].name);
    markdown(out, rules[i].title);
    g_string_append_printf(out, ". Level %s; category %s; fix: %s%s", level_text(&rules[i]),
                           rules[i].category, oakum_lint_fix_kind_name(rules[i].fix),
                           *aliases ? "; also " : "");
    markdown(out, aliases);
    g_string_append(out, ".\n\n");
    rule_body(out, &rules[i]);
  }
  return g_string_free(out, FALSE);
}

char *oakum_report_lint_rules(const char *format)
{
  if (!format || strcmp(format, "tty") == 0 || strcmp(format, "text") == 0)
    return list_tty();
  if (strcmp(format, "json") == 0)
    return list_json();
  return strcmp(format, "markdown") == 0 ? list_markdown() : NULL;
}

/* ---- one rule, for a terminal
 * ---------------------------------------------------------------------- */
static void indented(GString *out, const char *title, const char *text)
{
  if (!text || !*text)
    return;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_string_append_printf(out, "\n%s:\n", title);
  for (char **line = lines; *line; line++)
    if (**line || line[1])
      g_string_append_printf(out, "%s%s\n", **line ? "    " : "", *line);
}

char *oakum_report_lint_rule(const OakumLintRule *rule, gboolean colour)
{
  GString *out = g_string_new(NULL);
  g_autofree char *aliases = aliases_text(rule, ", ");
  const char *bold = colour ? "\033[1m" : "", *plain = colour ? "\033[0m" : "";
  g_string_append_printf(out, "%s%s%s: %s\n\n", bold, rule->name, plain, rule->title);
  g_string_append_printf(out, "level %s, category %s, fix: %s\n", level_text(rule), rule->category,
                         oakum_lint_fix_kind_name(rule->fix));
  if (*aliases)
    g_string_append_printf(out, "also called %s\n", aliases);
  indented(out, "Why", rule->why);
  indented(out, "What to do", rule->help);
  indented(out, "Bad", rule->bad);
  indented(out, "Good", rule->good);
  return g_string_free(out, FALSE);
}
