/* JSON formats: ours, and those of code quality services. */
#include "report/lint-private.h"
#include <string.h>

#define NAME "oakum"

static void put_point(GString *out, const char *lead, const OakumLintPlace *place)
{
  g_string_append(out, lead);
  oakum_lint_put_int(out, "{\"line\":", place->line);
  oakum_lint_put_int(out, ",\"column\":", place->column);
  g_string_append_c(out, '}');
}

static void put_optional(GString *out, const char *lead, const char *text)
{
  if (text) {
    oakum_lint_put_text(out, lead, text);
  } else {
    g_string_append(out, lead);
    oakum_lint_put(out, "null");
  }
}

static void list_open(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  g_string_append_c(out, '[');
}

/* ---- ours
 * ---------------------------------------------------------------------------------------- */
static void put_fix(GString *out, Linted *linted, const OakumFinding *f)
{
  g_string_append(out,
                  f->edits_safe ? "{\"safe\":true,\"edits\":[" : "{\"safe\":false,\"edits\":[");
  for (guint i = 0; i < f->edits->len; i++) {
    const OakumEdit *edit = f->edits->pdata[i];
    OakumLintPlace start = oakum_lint_place(&linted->index, edit->start),
                   end = oakum_lint_place(&linted->index, edit->end);
    put_point(out, i ? ",{\"range\":{\"start\":" : "{\"range\":{\"start\":", &start);
    put_point(out, ",\"end\":", &end);
    oakum_lint_put_text(out, "},\"text\":", edit->text);
    g_string_append_c(out, '}');
  }
  oakum_lint_put(out, "]}");
}

static void json_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  oakum_lint_put_comma(linted->writer, out);
  oakum_lint_put_text(out, "{\"rule\":", f->id);
  if (f->code)
    oakum_lint_put_text(out, ",\"code\":", f->code);
  oakum_lint_put(out, ",\"aliases\":[");
  for (char **alias = f->aliases; alias && *alias; alias++)
    oakum_lint_put_text(out, alias == f->aliases ? "" : ",", *alias);
  oakum_lint_put_text(out,
                      "],\"severity\":", oakum_lint_level_name(oakum_lint_level_of(f->severity)));
  put_optional(out, ",\"category\":", f->category);
  oakum_lint_put_text(out, ",\"file\":", linted->file->name);
  put_point(out, ",\"range\":{\"start\":", &start);
  put_point(out, ",\"end\":", &end);
  oakum_lint_put_text(out, "},\"message\":", f->title);
  put_optional(out, ",\"why\":", oakum_lint_finding_why(f));
  put_optional(out, ",\"help\":", oakum_lint_finding_help(f));
  oakum_lint_put(out, ",\"fix\":");
  if (f->edits)
    put_fix(out, linted, f);
  else
    oakum_lint_put(out, "null");
  g_string_append_c(out, '}');
}

static void json_head(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  oakum_lint_put(out, "{\"schema\":1,\"findings\":[");
}

static void json_tail(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  oakum_lint_put(out, "]}\n");
}

const LintFormat oakum_lint_json = {
    .name = "json", .head = json_head, .finding = json_finding, .tail = json_tail};

/* ---- hadolint's json
 * ----------------------------------------------------------------------------- */
static void hadolint_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  const OakumLintRule *rule = f->code ? NULL : oakum_lint_finding_rule(f);
  const char *code = f->code ? f->code : rule && rule->hadolint ? rule->hadolint : f->id;
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  oakum_lint_put_comma(linted->writer, out);
  oakum_lint_put_text(out, "{\"code\":", code);
  oakum_lint_put_int(out, ",\"column\":", f->code ? f->column : start.column);
  oakum_lint_put_text(out, ",\"file\":", oakum_lint_hadolint_name(linted, f));
  oakum_lint_put_text(out, ",\"level\":", oakum_lint_level_name(oakum_lint_level_of(f->severity)));
  oakum_lint_put_int(out, ",\"line\":", f->line);
  oakum_lint_put_text(out, ",\"message\":", f->title);
  g_string_append_c(out, '}');
}

static void hadolint_tail(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  g_string_append_c(out, ']'); /* as hadolint: without an end of line */
}

const LintFormat oakum_lint_hadolint = {
    .name = "hadolint-json", .head = list_open, .finding = hadolint_finding, .tail = hadolint_tail};

/* ---- Code Climate, GitLab
 * ------------------------------------------------------------------------ */
static const char *climate_severity(const OakumLintWriter *writer, const OakumFinding *f)
{
  static const char *const ours[] = {"info", "info", "minor", "major", "critical"},
                           *const hadolint[] = {"info", "minor", "info", "major", "blocker"};
  OakumLintLevel level = oakum_lint_level_of(f->severity);
  return writer->compat == OAKUM_LINT_COMPAT_HADOLINT ? hadolint[level] : ours[level];
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

static void put_climate(GString *out, Linted *linted, const OakumFinding *f)
{
  const char *help = oakum_lint_finding_help(f), *why = oakum_lint_finding_why(f);
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  g_autofree char *identity = oakum_lint_finding_identity(linted, f);
  oakum_lint_put_text(out, "{\"type\":\"issue\",\"check_name\":", oakum_lint_shown_id(f));
  oakum_lint_put_text(out, ",\"description\":", f->title);
  if (why || help) {
    g_autofree char *body = g_strjoin("\n\n", why ? why : help, why ? help : NULL, NULL);
    oakum_lint_put_text(out, ",\"content\":{\"body\":", body);
    g_string_append_c(out, '}');
  }
  oakum_lint_put_text(out, ",\"categories\":[", climate_category(f));
  oakum_lint_put_text(out, "],\"location\":{\"path\":", bare_path(linted->file->name));
  oakum_lint_put_int(out, ",\"lines\":{\"begin\":", start.line);
  oakum_lint_put_int(out, ",\"end\":", MAX(start.line, end.line));
  oakum_lint_put_text(out, "}},\"severity\":", climate_severity(linted->writer, f));
  oakum_lint_put_text(out, ",\"fingerprint\":", identity);
  g_string_append_c(out, '}');
}

static void codeclimate_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  put_climate(out, linted, f);
  g_string_append_c(out, '\0');
}

static void gitlab_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  oakum_lint_put_comma(linted->writer, out);
  put_climate(out, linted, f);
}

static void gitlab_tail(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  oakum_lint_put(out, "]\n");
}

const LintFormat oakum_lint_codeclimate = {.name = "codeclimate", .finding = codeclimate_finding};
const LintFormat oakum_lint_gitlab = {
    .name = "gitlab", .head = list_open, .finding = gitlab_finding, .tail = gitlab_tail};

/* ---- Codacy
 * -------------------------------------------------------------------------------------- */
static void codacy_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  oakum_lint_put_text(out, "{\"filename\":", linted->file->name);
  oakum_lint_put_text(out, ",\"message\":", f->title);
  oakum_lint_put_text(out, ",\"patternId\":", oakum_lint_shown_id(f));
  oakum_lint_put_int(out, ",\"line\":", start.line);
  oakum_lint_put(out, "}\n");
}

const LintFormat oakum_lint_codacy = {.name = "codacy", .finding = codacy_finding};

/* ---- SonarQube: generic issues
 * --------------------------------------------------------------------- */
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

static void sonar_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintPlace start, end;
  gboolean first;
  oakum_lint_finding_range(linted, f, &start, &end);
  (void)!oakum_lint_rule_number(linted->writer, f, &first);
  if (first)
    oakum_lint_add_rule(linted->writer, sonar_rule(f));
  oakum_lint_put_comma(linted->writer, out);
  oakum_lint_put_text(out, "{\"ruleId\":", oakum_lint_shown_id(f));
  oakum_lint_put_text(out, ",\"effortMinutes\":5,\"primaryLocation\":{\"message\":", f->title);
  oakum_lint_put_text(out, ",\"filePath\":", linted->file->name);
  oakum_lint_put_int(out, ",\"textRange\":{\"startLine\":", start.line);
  oakum_lint_put_int(out, ",\"endLine\":", end.line);
  /* columns count from 0 in UTF-16 units; a range without a character in it is refused */
  if (start.line != end.line || start.unit < end.unit) {
    oakum_lint_put_int(out, ",\"startColumn\":", start.unit - 1);
    oakum_lint_put_int(out, ",\"endColumn\":", end.unit - 1);
  }
  oakum_lint_put(out, "}}}");
}

static void sonar_head(OakumLintWriter *writer, GString *out)
{
  oakum_lint_put(out, "{\"rules\":[");
  g_string_append_len(out, writer->rules->str, (gssize)writer->rules->len);
  oakum_lint_put(out, "],\"issues\":[");
}

const LintFormat oakum_lint_sonarqube = {.name = "sonarqube",
                                         .late = TRUE,
                                         .head = sonar_head,
                                         .finding = sonar_finding,
                                         .tail = json_tail};

/* ---- reviewdog
 * ----------------------------------------------------------------------------------- */
static void put_rd_range(GString *out, const char *lead, const OakumLintPlace *start,
                         const OakumLintPlace *end)
{
  g_string_append(out, lead);
  oakum_lint_put_int(out, "{\"start\":{\"line\":", start->line);
  oakum_lint_put_int(out, ",\"column\":", start->byte);
  oakum_lint_put_int(out, "},\"end\":{\"line\":", end->line);
  oakum_lint_put_int(out, ",\"column\":", end->byte);
  oakum_lint_put(out, "}}");
}

static void rd_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  static const char *const severities[] = {"INFO", "INFO", "INFO", "WARNING", "ERROR"};
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  g_autofree char *url = oakum_lint_rule_url(f->id);
  g_autofree char *message = g_strjoin("\n", f->title, oakum_lint_finding_help(f), NULL);
  oakum_lint_put_comma(linted->writer, out);
  oakum_lint_put_text(out, "{\"message\":", message);
  oakum_lint_put_text(out, ",\"location\":{\"path\":", linted->file->name);
  put_rd_range(out, ",\"range\":", &start, &end);
  oakum_lint_put_text(out, "},\"severity\":", severities[oakum_lint_level_of(f->severity)]);
  oakum_lint_put_text(out, ",\"code\":{\"value\":", oakum_lint_shown_id(f));
  if (url)
    oakum_lint_put_text(out, ",\"url\":", url);
  g_string_append_c(out, '}');
  guint edits = f->edits ? f->edits->len : 0;
  for (guint i = 0; i < edits; i++) {
    const OakumEdit *edit = f->edits->pdata[i];
    OakumLintPlace from = oakum_lint_place(&linted->index, edit->start),
                   to = oakum_lint_place(&linted->index, edit->end);
    put_rd_range(out, i ? ",{\"range\":" : ",\"suggestions\":[{\"range\":", &from, &to);
    oakum_lint_put_text(out, ",\"text\":", edit->text);
    g_string_append_c(out, '}');
  }
  g_string_append(out, edits ? "]}" : "}");
}

static void rd_head(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  oakum_lint_put(out, "{\"source\":{\"name\":\"" NAME "\"},\"diagnostics\":[");
}

const LintFormat oakum_lint_rdjson = {
    .name = "rdjson", .head = rd_head, .finding = rd_finding, .tail = json_tail};
