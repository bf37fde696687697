/* JSON formats: ours, and those of code quality services. */
#include "report/lint-private.h"
#include <string.h>

#define NAME "oakum"
#define SCHEMA 1

static void append_json(GString *out, json_t *json, gboolean sorted)
{
  g_autofree char *text = oakum_json_dump(json, sorted);
  g_string_append(out, text);
  json_decref(json);
}

/* One more member of the list that `out` ends in: a tree of all findings at once would be ten times
 * the size of the text. */
static void append_item(GString *out, json_t *json, gboolean sorted)
{
  if (out->str[out->len - 1] != '[')
    g_string_append_c(out, ',');
  append_json(out, json, sorted);
}

static json_t *point(const OakumLintPlace *place)
{
  return json_pack("{s:i, s:i}", "line", place->line, "column", place->column);
}

static json_t *optional(const char *text)
{
  return text ? oakum_lint_json_text(text) : json_null();
}

/* ---- ours
 * ---------------------------------------------------------------------------------------- */
static json_t *fix_of(Linted *linted, const OakumFinding *f)
{
  json_t *edits = json_array();
  for (guint i = 0; i < f->edits->len; i++) {
    const OakumEdit *edit = f->edits->pdata[i];
    OakumLintPlace start = oakum_lint_place(&linted->index, edit->start),
                   end = oakum_lint_place(&linted->index, edit->end);
    json_array_append_new(edits,
                          json_pack("{s:{s:o, s:o}, s:o}", "range", "start", point(&start), "end",
                                    point(&end), "text", oakum_lint_json_text(edit->text)));
  }
  return json_pack("{s:b, s:o}", "safe", f->edits_safe, "edits", edits);
}

static void json_finding(Linted *linted, const OakumFinding *f, gpointer user)
{
  json_t *aliases = json_array();
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  for (char **alias = f->aliases; alias && *alias; alias++)
    json_array_append_new(aliases, oakum_lint_json_text(*alias));
  json_t *o = json_object();
  json_object_set_new(o, "rule", oakum_lint_json_text(f->id));
  if (f->code)
    json_object_set_new(o, "code", oakum_lint_json_text(f->code));
  json_object_set_new(o, "aliases", aliases);
  json_object_set_new(o, "severity",
                      json_string(oakum_lint_level_name(oakum_lint_level_of(f->severity))));
  json_object_set_new(o, "category", optional(f->category));
  json_object_set_new(o, "file", oakum_lint_json_text(linted->file->name));
  json_object_set_new(o, "range",
                      json_pack("{s:o, s:o}", "start", point(&start), "end", point(&end)));
  json_object_set_new(o, "message", oakum_lint_json_text(f->title));
  json_object_set_new(o, "why", optional(oakum_lint_finding_why(f)));
  json_object_set_new(o, "help", optional(oakum_lint_finding_help(f)));
  json_object_set_new(o, "fix", f->edits ? fix_of(linted, f) : json_null());
  append_item(user, o, FALSE);
}

void oakum_lint_write_json(const OakumLintReport *report, GString *out)
{
  g_string_append_printf(out, "{\"schema\":%d,\"findings\":[", SCHEMA);
  oakum_lint_each(report, json_finding, out);
  g_string_append(out, "]}\n");
}

/* ---- hadolint's json
 * ----------------------------------------------------------------------------- */
static void hadolint_finding(Linted *linted, const OakumFinding *f, gpointer user)
{
  const OakumLintRule *rule = f->code ? NULL : oakum_lint_finding_rule(f);
  const char *code = f->code ? f->code : rule && rule->hadolint ? rule->hadolint : f->id;
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  append_item(user,
              json_pack("{s:o, s:i, s:o, s:s, s:i, s:o}", "code", oakum_lint_json_text(code),
                        "column", f->code ? f->column : start.column, "file",
                        oakum_lint_json_text(oakum_lint_hadolint_name(linted, f)), "level",
                        oakum_lint_level_name(oakum_lint_level_of(f->severity)), "line", f->line,
                        "message", oakum_lint_json_text(f->title)),
              TRUE);
}

void oakum_lint_write_hadolint(const OakumLintReport *report, GString *out)
{
  g_string_append_c(out, '[');
  oakum_lint_each(report, hadolint_finding, out);
  g_string_append_c(out, ']'); /* as hadolint: without an end of line */
}

/* ---- Code Climate, GitLab
 * ------------------------------------------------------------------------ */
static const char *climate_severity(const OakumLintReport *report, const OakumFinding *f)
{
  static const char *const ours[] = {"info", "info", "minor", "major", "critical"},
                           *const hadolint[] = {"info", "minor", "info", "major", "blocker"};
  OakumLintLevel level = oakum_lint_level_of(f->severity);
  return report->compat == OAKUM_LINT_COMPAT_HADOLINT ? hadolint[level] : ours[level];
}

static const char *climate_category(const OakumFinding *f)
{
  static const struct {
    const char *ours, *theirs;
  } names[] = {{"security", "Security"},       {"size", "Performance"},
               {"performance", "Performance"}, {"style", "Style"},
               {"metadata", "Clarity"},        {"reproducibility", "Compatibility"}};
  for (size_t i = 0; f->category && i < G_N_ELEMENTS(names); i++)
    if (strcmp(names[i].ours, f->category) == 0)
      return names[i].theirs;
  return "Bug Risk";
}

/* What GitLab shows as its path is relative; it refuses "./". */
static const char *bare_path(const char *name)
{
  while (g_str_has_prefix(name, "./") && name[2] && name[2] != '/')
    name += 2;
  return name;
}

static json_t *climate(Linted *linted, const OakumFinding *f)
{
  const char *help = oakum_lint_finding_help(f), *why = oakum_lint_finding_why(f);
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  g_autofree char *identity = oakum_lint_finding_identity(linted, f);
  json_t *o = json_object();
  json_object_set_new(o, "type", json_string("issue"));
  json_object_set_new(o, "check_name", oakum_lint_json_text(oakum_lint_shown_id(f)));
  json_object_set_new(o, "description", oakum_lint_json_text(f->title));
  if (why || help) {
    g_autofree char *body = g_strjoin("\n\n", why ? why : help, why ? help : NULL, NULL);
    json_object_set_new(o, "content", json_pack("{s:o}", "body", oakum_lint_json_text(body)));
  }
  json_object_set_new(o, "categories", json_pack("[s]", climate_category(f)));
  json_object_set_new(o, "location",
                      json_pack("{s:o, s:{s:i, s:i}}", "path",
                                oakum_lint_json_text(bare_path(linted->file->name)), "lines",
                                "begin", start.line, "end", MAX(start.line, end.line)));
  json_object_set_new(o, "severity", json_string(climate_severity(linted->report, f)));
  json_object_set_new(o, "fingerprint", json_string(identity));
  return o;
}

static void codeclimate_finding(Linted *linted, const OakumFinding *f, gpointer user)
{
  append_json(user, climate(linted, f), FALSE);
  g_string_append_c(user, '\0');
}

void oakum_lint_write_codeclimate(const OakumLintReport *report, GString *out)
{
  oakum_lint_each(report, codeclimate_finding, out);
}

static void gitlab_finding(Linted *linted, const OakumFinding *f, gpointer user)
{
  json_array_append_new(user, climate(linted, f));
}

void oakum_lint_write_gitlab(const OakumLintReport *report, GString *out)
{
  json_t *list = json_array();
  oakum_lint_each(report, gitlab_finding, list);
  append_json(out, list, FALSE);
  g_string_append_c(out, '\n');
}

/* ---- Codacy
 * -------------------------------------------------------------------------------------- */
static void codacy_finding(Linted *linted, const OakumFinding *f, gpointer user)
{
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  append_json(user,
              json_pack("{s:o, s:o, s:o, s:i}", "filename",
                        oakum_lint_json_text(linted->file->name), "message",
                        oakum_lint_json_text(f->title), "patternId",
                        oakum_lint_json_text(oakum_lint_shown_id(f)), "line", start.line),
              FALSE);
  g_string_append_c(user, '\n');
}

void oakum_lint_write_codacy(const OakumLintReport *report, GString *out)
{
  oakum_lint_each(report, codacy_finding, out);
}

/* ---- SonarQube: generic issues
 * --------------------------------------------------------------------- */
typedef struct {
  json_t *rules, *issues;
  GHashTable *seen;
} Sonar;

static json_t *sonar_rule(const OakumFinding *f)
{
  static const char *const severities[] = {"INFO", "INFO", "MINOR", "MAJOR", "CRITICAL"},
                           *const impacts[] = {"LOW", "LOW", "LOW", "MEDIUM", "HIGH"};
  const OakumLintRule *rule = oakum_lint_finding_rule(f);
  OakumLintLevel level = rule && rule->level ? rule->level : oakum_lint_level_of(f->severity);
  gboolean secure = g_strcmp0(f->category, "security") == 0,
           correct = g_strcmp0(f->category, "correctness") == 0;
  g_autofree char *about =
      rule ? g_strjoin(" ", rule->title, "-", rule->why ? rule->why : "", NULL) : NULL;
  const char *id = oakum_lint_shown_id(f);
  return json_pack("{s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "id",
                   oakum_lint_json_text(id), "name", oakum_lint_json_text(rule ? rule->title : id),
                   "description", oakum_lint_json_text(about ? about : f->title), "engineId", NAME,
                   "cleanCodeAttribute",
                   secure    ? "TRUSTWORTHY"
                   : correct ? "LOGICAL"
                             : "CONVENTIONAL",
                   "type",
                   secure    ? "VULNERABILITY"
                   : correct ? "BUG"
                             : "CODE_SMELL",
                   "severity", severities[level], "impacts", "softwareQuality",
                   secure    ? "SECURITY"
                   : correct ? "RELIABILITY"
                             : "MAINTAINABILITY",
                   "severity", impacts[level]);
}

static void sonar_finding(Linted *linted, const OakumFinding *f, gpointer user)
{
  Sonar *sonar = user;
  OakumLintPlace start, end;
  const char *id = oakum_lint_shown_id(f);
  oakum_lint_finding_range(linted, f, &start, &end);
  if (g_hash_table_add(sonar->seen, g_strdup(id)))
    json_array_append_new(sonar->rules, sonar_rule(f));
  json_t *range = json_pack("{s:i, s:i}", "startLine", start.line, "endLine", end.line);
  /* columns count from 0 in UTF-16 units; a range without a character in it is refused */
  if (start.line != end.line || start.unit < end.unit) {
    json_object_set_new(range, "startColumn", json_integer(start.unit - 1));
    json_object_set_new(range, "endColumn", json_integer(end.unit - 1));
  }
  json_array_append_new(sonar->issues,
                        json_pack("{s:o, s:i, s:{s:o, s:o, s:o}}", "ruleId",
                                  oakum_lint_json_text(id), "effortMinutes", 5, "primaryLocation",
                                  "message", oakum_lint_json_text(f->title), "filePath",
                                  oakum_lint_json_text(linted->file->name), "textRange", range));
}

void oakum_lint_write_sonarqube(const OakumLintReport *report, GString *out)
{
  Sonar sonar = {json_array(), json_array(),
                 g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  oakum_lint_each(report, sonar_finding, &sonar);
  g_hash_table_unref(sonar.seen);
  append_json(out, json_pack("{s:o, s:o}", "rules", sonar.rules, "issues", sonar.issues), FALSE);
  g_string_append_c(out, '\n');
}

/* ---- reviewdog
 * ----------------------------------------------------------------------------------- */
static json_t *rd_point(const OakumLintPlace *place)
{
  return json_pack("{s:i, s:i}", "line", place->line, "column", place->byte);
}

static void rd_finding(Linted *linted, const OakumFinding *f, gpointer user)
{
  static const char *const severities[] = {"INFO", "INFO", "INFO", "WARNING", "ERROR"};
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  g_autofree char *url = oakum_lint_rule_url(f->id);
  const char *help = oakum_lint_finding_help(f);
  g_autofree char *message = g_strjoin("\n", f->title, help, NULL);
  json_t *o =
      json_pack("{s:o, s:{s:o, s:{s:o, s:o}}, s:s, s:{s:o}}", "message",
                oakum_lint_json_text(message), "location", "path",
                oakum_lint_json_text(linted->file->name), "range", "start", rd_point(&start), "end",
                rd_point(&end), "severity", severities[oakum_lint_level_of(f->severity)], "code",
                "value", oakum_lint_json_text(oakum_lint_shown_id(f)));
  if (url)
    json_object_set_new(json_object_get(o, "code"), "url", oakum_lint_json_text(url));
  json_t *suggestions = json_array();
  for (guint i = 0; f->edits && i < f->edits->len; i++) {
    const OakumEdit *edit = f->edits->pdata[i];
    OakumLintPlace from = oakum_lint_place(&linted->index, edit->start),
                   to = oakum_lint_place(&linted->index, edit->end);
    json_array_append_new(suggestions,
                          json_pack("{s:{s:o, s:o}, s:o}", "range", "start", rd_point(&from), "end",
                                    rd_point(&to), "text", oakum_lint_json_text(edit->text)));
  }
  if (json_array_size(suggestions) > 0)
    json_object_set_new(o, "suggestions", suggestions);
  else
    json_decref(suggestions);
  json_array_append_new(user, o);
}

void oakum_lint_write_rdjson(const OakumLintReport *report, GString *out)
{
  json_t *list = json_array();
  oakum_lint_each(report, rd_finding, list);
  append_json(out, json_pack("{s:{s:s}, s:o}", "source", "name", NAME, "diagnostics", list), FALSE);
  g_string_append_c(out, '\n');
}
