/* SARIF 2.1.0 (OASIS): rules with their help, exact regions, fixes. */
#include "report/lint-private.h"
#include <string.h>

typedef struct {
  json_t *rules, *results;
  GHashTable *index; /* shown id → number of its rule, from 1 */
} Sarif;

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
static json_t *artifact(const char *name)
{
  g_autofree char *path = g_path_is_absolute(name) ? g_filename_to_uri(name, NULL, NULL) : NULL;
  while (!path && g_str_has_prefix(name, "./") && name[2])
    name += 2;
  /* standard input has no place; a ':' in the first part would read as a scheme */
  g_autofree char *uri =
      path ? NULL : g_uri_escape_string(strcmp(name, "-") == 0 ? "stdin" : name, "/", FALSE);
  json_t *o = json_pack("{s:o}", "uri", oakum_lint_json_text(path ? path : uri));
  if (!path)
    json_object_set_new(o, "uriBaseId", json_string("%SRCROOT%"));
  return o;
}

static json_t *region(const OakumLintPlace *start, const OakumLintPlace *end)
{
  return json_pack("{s:i, s:i, s:i, s:i}", "startLine", start->line, "startColumn", start->column,
                   "endLine", end->line, "endColumn", end->column);
}

static json_t *fix(Linted *linted, const OakumFinding *f)
{
  json_t *replacements = json_array();
  const char *help = oakum_lint_finding_help(f);
  for (guint i = 0; i < f->edits->len; i++) {
    const OakumEdit *edit = f->edits->pdata[i];
    OakumLintPlace start = oakum_lint_place(&linted->index, edit->start),
                   end = oakum_lint_place(&linted->index, edit->end);
    json_t *o = json_pack("{s:o}", "deletedRegion", region(&start, &end));
    if (*edit->text)
      json_object_set_new(o, "insertedContent", message(edit->text));
    json_array_append_new(replacements, o);
  }
  return json_pack("{s:o, s:[{s:o, s:o}]}", "description", message(help ? help : f->title),
                   "artifactChanges", "artifactLocation", artifact(linted->file->name),
                   "replacements", replacements);
}

static void result(Linted *linted, const OakumFinding *f, gpointer user)
{
  Sarif *sarif = user;
  const char *id = oakum_lint_shown_id(f);
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  gsize number = GPOINTER_TO_SIZE(g_hash_table_lookup(sarif->index, id));
  if (number == 0) {
    json_array_append_new(sarif->rules, rule_of(f));
    number = json_array_size(sarif->rules);
    g_hash_table_insert(sarif->index, g_strdup(id), GSIZE_TO_POINTER(number));
  }
  g_autofree char *identity = oakum_lint_finding_identity(linted, f);
  json_t *o =
      json_pack("{s:o, s:i, s:s, s:o, s:[{s:{s:o, s:o}}], s:{s:s}}", "ruleId",
                oakum_lint_json_text(id), "ruleIndex", (int)number - 1, "level",
                sarif_level(oakum_lint_level_of(f->severity)), "message", message(f->title),
                "locations", "physicalLocation", "artifactLocation", artifact(linted->file->name),
                "region", region(&start, &end), "partialFingerprints", "oakumLint/v1", identity);
  if (f->edits && f->edits->len > 0)
    json_object_set_new(o, "fixes", json_pack("[o]", fix(linted, f)));
  json_array_append_new(sarif->results, o);
}

void oakum_lint_write_sarif(const OakumLintReport *report, GString *out)
{
  Sarif sarif = {json_array(), json_array(),
                 g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  oakum_lint_each(report, result, &sarif);
  g_hash_table_unref(sarif.index);
  OAKUM_AUTO_JSON *log = json_pack(
      "{s:s, s:s, s:[{s:{s:{s:s, s:s, s:s, s:o}}, s:s, s:o}]}", "$schema",
      "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs", "tool", "driver",
      "name", "oakum", "version", OAKUM_VERSION, "semanticVersion", OAKUM_VERSION, "rules",
      sarif.rules, "columnKind", "unicodeCodePoints", "results", sarif.results);
  g_autofree char *text = oakum_json_dump(log, FALSE);
  g_string_append(out, text);
  g_string_append_c(out, '\n');
}
