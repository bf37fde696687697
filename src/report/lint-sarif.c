/* SARIF 2.1.0 (OASIS): rules with their help, exact regions, fixes. */
#include "report/lint-private.h"
#include <string.h>

static const char *sarif_level(OakumLintLevel level)
{
  return level == OAKUM_LINT_ERROR_LEVEL ? "error"
         : level == OAKUM_LINT_WARNING   ? "warning"
                                         : "note";
}

static json_t *message(const char *text)
{
  return json_pack("{s:o}", "text", oakum_lint_json_text(text));
}

static json_t *rule_of(const OakumFinding *f)
{
  const OakumLintRule *rule = oakum_lint_finding_rule(f);
  const char *id = oakum_lint_shown_id(f);
  g_autofree char *url = oakum_lint_rule_url(f->id);
  json_t *tags = json_array(), *o = json_object(), *properties = json_object();
  if (f->category)
    json_array_append_new(tags, oakum_lint_json_text(f->category));
  for (char **alias = f->aliases; alias && *alias; alias++)
    json_array_append_new(tags, oakum_lint_json_text(*alias));
  json_object_set_new(properties, "tags", tags);
  json_object_set_new(properties, "problem.severity",
                      json_string(f->severity >= OAKUM_SEVERITY_HIGH     ? "error"
                                  : f->severity == OAKUM_SEVERITY_MEDIUM ? "warning"
                                                                         : "recommendation"));
  json_object_set_new(o, "id", oakum_lint_json_text(id));
  json_object_set_new(o, "name", oakum_lint_json_text(f->id));
  json_object_set_new(o, "shortDescription", message(rule ? rule->title : f->title));
  if (rule) {
    g_autofree char *text = g_strjoin(". ", rule->why ? rule->why : rule->title, rule->help, NULL),
                    *markdown = oakum_report_lint_rule_markdown(rule);
    json_object_set_new(o, "fullDescription", message(rule->why ? rule->why : rule->title));
    json_object_set_new(o, "help",
                        json_pack("{s:o, s:o}", "text", oakum_lint_json_text(text), "markdown",
                                  oakum_lint_json_text(markdown)));
  }
  if (url && *url)
    json_object_set_new(o, "helpUri", oakum_lint_json_text(url));
  OakumLintLevel level =
      rule && rule->level != OAKUM_LINT_OFF ? rule->level : oakum_lint_level_of(f->severity);
  json_object_set_new(o, "defaultConfiguration", json_pack("{s:s}", "level", sarif_level(level)));
  json_object_set_new(o, "properties", properties);
  return o;
}

/* A reference below the root of the sources; absolute paths become file: URIs. */
static void put_artifact(GString *out, const char *lead, const char *name)
{
  g_autofree char *path = g_path_is_absolute(name) ? g_filename_to_uri(name, NULL, NULL) : NULL;
  while (!path && g_str_has_prefix(name, "./") && name[2])
    name += 2;
  /* standard input has no place; a ':' in the first part would read as a scheme */
  g_autofree char *uri =
      path ? NULL : g_uri_escape_string(strcmp(name, "-") == 0 ? "stdin" : name, "/", FALSE);
  g_string_append(out, lead);
  oakum_lint_put_text(out, "{\"uri\":", path ? path : uri);
  g_string_append(out, path ? "}" : ",\"uriBaseId\":\"%SRCROOT%\"}");
}

static void put_region(GString *out, const char *lead, const OakumLintPlace *start,
                       const OakumLintPlace *end)
{
  g_string_append(out, lead);
  oakum_lint_put_int(out, "{\"startLine\":", start->line);
  oakum_lint_put_int(out, ",\"startColumn\":", start->column);
  oakum_lint_put_int(out, ",\"endLine\":", end->line);
  oakum_lint_put_int(out, ",\"endColumn\":", end->column);
  g_string_append_c(out, '}');
}

static void put_fix(GString *out, Linted *linted, const OakumFinding *f)
{
  const char *help = oakum_lint_finding_help(f);
  oakum_lint_put_text(out, ",\"fixes\":[{\"description\":{\"text\":", help ? help : f->title);
  put_artifact(out, "},\"artifactChanges\":[{\"artifactLocation\":", linted->file->name);
  oakum_lint_put(out, ",\"replacements\":[");
  for (guint i = 0; i < f->edits->len; i++) {
    const OakumEdit *edit = f->edits->pdata[i];
    OakumLintPlace start = oakum_lint_place(&linted->index, edit->start),
                   end = oakum_lint_place(&linted->index, edit->end);
    put_region(out, i ? ",{\"deletedRegion\":" : "{\"deletedRegion\":", &start, &end);
    if (*edit->text) {
      oakum_lint_put_text(out, ",\"insertedContent\":{\"text\":", edit->text);
      g_string_append_c(out, '}');
    }
    g_string_append_c(out, '}');
  }
  oakum_lint_put(out, "]}]}]");
}

static void sarif_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintPlace start, end;
  gboolean first;
  oakum_lint_finding_range(linted, f, &start, &end);
  guint number = oakum_lint_rule_number(linted->writer, f, &first);
  if (first)
    oakum_lint_add_rule(linted->writer, rule_of(f));
  g_autofree char *identity = oakum_lint_finding_identity(linted, f);
  oakum_lint_put_comma(linted->writer, out);
  oakum_lint_put_text(out, "{\"ruleId\":", oakum_lint_shown_id(f));
  oakum_lint_put_int(out, ",\"ruleIndex\":", (int)number - 1);
  oakum_lint_put_text(out, ",\"level\":", sarif_level(oakum_lint_level_of(f->severity)));
  oakum_lint_put_text(out, ",\"message\":{\"text\":", f->title);
  put_artifact(out,
               "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":", linted->file->name);
  put_region(out, ",\"region\":", &start, &end);
  oakum_lint_put_text(out, "}}],\"partialFingerprints\":{\"oakumLint/v1\":", identity);
  g_string_append_c(out, '}');
  if (f->edits && f->edits->len > 0)
    put_fix(out, linted, f);
  g_string_append_c(out, '}');
}

static void sarif_head(OakumLintWriter *writer, GString *out)
{
  oakum_lint_put(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
                      "\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"oakum\","
                      "\"version\":\"" OAKUM_VERSION "\",\"semanticVersion\":\"" OAKUM_VERSION
                      "\",\"rules\":[");
  g_string_append_len(out, writer->rules->str, (gssize)writer->rules->len);
  oakum_lint_put(out, "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[");
}

static void sarif_tail(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  oakum_lint_put(out, "]}]}\n");
}

const LintFormat oakum_lint_sarif = {.name = "sarif",
                                     .late = TRUE,
                                     .head = sarif_head,
                                     .finding = sarif_finding,
                                     .tail = sarif_tail};
