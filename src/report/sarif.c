/* SARIF 2.1.0 (OASIS), as code scanning of GitHub reads it: security-severity on rules, one
 * physical place a result. */
#include "report/report-private.h"
#include <string.h>

static json_t *message(const char *text)
{
  json_t *object = json_object();
  json_object_set_new(object, "text", oakum_sbom_text(text));
  return object;
}

static const char *level(OakumSeverity severity)
{
  return severity >= OAKUM_SEVERITY_HIGH     ? "error"
         : severity == OAKUM_SEVERITY_MEDIUM ? "warning"
                                             : "note";
}

/* GitHub orders by this number and not by the level: the score, and without one the middle of the
 * band. */
static const char *band_score(OakumSeverity severity)
{
  static const char *const scores[] = {"0.0", "1.0", "2.0", "5.5", "8.0", "9.5"};
  return scores[severity];
}

/* Rules of files and settings are ours, and have no page elsewhere. */
static json_t *own_rule(const OakumFinding *f)
{
  json_t *object = json_object(), *properties = json_object(), *tags = json_array(),
         *configuration = json_object(), *help = json_object();
  g_autofree char *advice = oakum_report_advice(f);
  json_array_append_new(tags, json_string("security"));
  json_array_append_new(tags, json_string(oakum_finding_kind_name(f->kind)));
  if (f->code)
    json_array_append_new(tags, oakum_sbom_text(f->code));
  json_object_set_new(object, "id", oakum_sbom_text(f->id));
  json_object_set_new(object, "shortDescription", message(f->title ? f->title : f->id));
  json_object_set_new(object, "fullDescription", message(f->title ? f->title : f->id));
  json_object_set_new(help, "text", oakum_sbom_text(advice));
  json_object_set_new(object, "help", help);
  json_object_set_new(configuration, "level", json_string(level(f->severity)));
  json_object_set_new(object, "defaultConfiguration", configuration);
  json_object_set_new(properties, "tags", tags);
  json_object_set_new(properties, "security-severity", json_string(band_score(f->severity)));
  json_object_set_new(object, "properties", properties);
  return object;
}

static json_t *rule(const OakumFinding *f)
{
  if (oakum_report_is_observed(f))
    return own_rule(f);
  json_t *object = json_object(), *properties = json_object(), *tags = json_array(),
         *configuration = json_object(), *help = json_object();
  g_auto(OakumReportId) id = {0};
  g_autoptr(GPtrArray) ids = oakum_report_ids(f, OAKUM_REPORT_TAGS_MAX - 2);
  oakum_report_id(f->id, &id);
  json_array_append_new(tags, json_string("security"));
  json_array_append_new(tags, json_string("vulnerability"));
  for (guint i = 1; i < ids->len; i++)
    json_array_append_new(tags, oakum_sbom_text(ids->pdata[i]));
  char score[G_ASCII_DTOSTR_BUF_SIZE];
  const char *shown = f->cvss > 0 ? g_ascii_formatd(score, sizeof(score), "%.1f", f->cvss)
                                  : band_score(f->severity);
  g_autofree char *text = g_strdup_printf("%s. More: %s", f->title ? f->title : f->id, id.url),
                  *markdown = g_strdup_printf("[%s](%s)", f->id, id.url);
  json_object_set_new(object, "id", oakum_sbom_text(f->id));
  json_object_set_new(object, "name", json_string("VulnerablePackage"));
  json_object_set_new(object, "shortDescription", message(f->title ? f->title : f->id));
  json_object_set_new(object, "fullDescription", message(f->title ? f->title : f->id));
  json_object_set_new(object, "helpUri", oakum_sbom_text(id.url));
  json_object_set_new(help, "text", oakum_sbom_text(text));
  json_object_set_new(help, "markdown", oakum_sbom_text(markdown));
  json_object_set_new(object, "help", help);
  json_object_set_new(configuration, "level", json_string(level(f->severity)));
  json_object_set_new(object, "defaultConfiguration", configuration);
  json_object_set_new(properties, "tags", tags);
  json_object_set_new(properties, "precision", json_string("very-high"));
  json_object_set_new(properties, "security-severity", json_string(shown));
  json_object_set_new(object, "properties", properties);
  return object;
}

/* The line of the Dockerfile that brought it; else the file in the image that shows it. */
static json_t *location(const OakumResult *result, const OakumFinding *f, const OakumPackage *p)
{
  json_t *object = json_object(), *physical = json_object(), *artifact = json_object(),
         *region = json_object(), *logical = json_object(), *list = json_array();
  const char *path = f->dockerfile_line > 0   ? oakum_report_dockerfile(result)
                     : p && p->paths->len > 0 ? p->paths->pdata[0]
                     : f->file                ? f->file
                                              : result->target;
  g_autofree char *safe = oakum_escape_utf8(path, -1), *uri = g_uri_escape_string(safe, "/", FALSE);
  json_object_set_new(artifact, "uri", oakum_sbom_text(uri));
  json_object_set_new(artifact, "uriBaseId",
                      json_string(f->dockerfile_line > 0 ? "%SRCROOT%" : "ROOTFS"));
  json_object_set_new(region, "startLine",
                      json_integer(f->dockerfile_line > 0 ? f->dockerfile_line : MAX(f->line, 1)));
  json_object_set_new(physical, "artifactLocation", artifact);
  json_object_set_new(physical, "region", region);
  json_object_set_new(object, "physicalLocation", physical);
  gboolean seen = oakum_report_is_observed(f) && !f->package_name;
  g_autofree char *subject = seen ? oakum_report_place(f) : oakum_report_subject(f);
  json_object_set_new(logical, "name", oakum_sbom_text(seen ? subject : f->package_name));
  json_object_set_new(logical, "fullyQualifiedName",
                      oakum_sbom_text(f->package_purl ? f->package_purl : subject));
  json_object_set_new(logical, "kind", json_string(seen ? "resource" : "module"));
  json_array_append_new(list, logical);
  json_object_set_new(object, "logicalLocations", list);
  return object;
}

static json_t *result_of(const OakumResult *result, const OakumFinding *f, const OakumPackage *p,
                         guint rule_index, GHashTable *seen)
{
  json_t *object = json_object(), *places = json_array(), *prints = json_object(),
         *properties = json_object();
  g_autofree char *fingerprint = oakum_report_identity(f, seen), *advice = oakum_report_advice(f),
                  *head = oakum_report_message(f),
                  *text = g_strdup_printf("%s. In %s: %s.", head, result->target, advice);
  json_object_set_new(object, "ruleId", oakum_sbom_text(f->id));
  json_object_set_new(object, "ruleIndex", json_integer(rule_index));
  json_object_set_new(object, "level", json_string(level(f->severity)));
  json_object_set_new(object, "message", message(text));
  json_array_append_new(places, location(result, f, p));
  json_object_set_new(object, "locations", places);
  json_object_set_new(prints, "primaryLocationLineHash", oakum_sbom_text(fingerprint));
  json_object_set_new(object, "partialFingerprints", prints);
  oakum_report_set(properties, "image", result->target);
  oakum_report_set(properties, "package", f->package_name);
  oakum_report_set(properties, "installed", f->package_version);
  oakum_report_set(properties, "fixed", f->fixed);
  oakum_report_set(properties, "status", f->status);
  oakum_report_set(properties, "layer", f->layer);
  oakum_report_set(properties, "why", f->why);
  oakum_report_set(properties, "match", f->match);
  if (oakum_report_is_observed(f))
    json_object_set_new(properties, "gone", json_boolean(f->gone));
  else
    json_object_set_new(properties, "kev", json_boolean(f->kev));
  json_object_set_new(object, "properties", properties);
  if (!f->suppressed)
    return object;
  json_t *list = json_array(), *suppression = json_object();
  json_object_set_new(suppression, "kind", json_string("external"));
  json_object_set_new(suppression, "status", json_string("accepted"));
  oakum_report_set(suppression, "justification", f->suppressed);
  json_array_append_new(list, suppression);
  json_object_set_new(object, "suppressions", list);
  return object;
}

static gboolean is_result(const OakumFinding *f)
{
  return f->kind == OAKUM_FINDING_VULNERABILITY ||
         (oakum_report_is_observed(f) && f->severity != OAKUM_SEVERITY_NEGLIGIBLE);
}

/* More results than GitHub takes make it refuse the whole file: which stay, what is no hole first,
 * then the most urgent holes. NULL: all. *left_out: how many do not. */
static GHashTable *choose(const OakumResult *result, guint *left_out)
{
  guint all = 0;
  for (guint i = 0; i < result->findings->len; i++)
    all += is_result(result->findings->pdata[i]);
  *left_out = 0;
  if (all <= OAKUM_SARIF_RESULTS_MAX)
    return NULL;
  GHashTable *kept = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < result->findings->len && g_hash_table_size(kept) < OAKUM_SARIF_RESULTS_MAX;
       i++) {
    OakumFinding *f = result->findings->pdata[i];
    if (is_result(f) && f->kind != OAKUM_FINDING_VULNERABILITY)
      g_hash_table_add(kept, f);
  }
  g_autoptr(GPtrArray) holes = oakum_report_urgent(result);
  for (guint i = 0; i < holes->len && g_hash_table_size(kept) < OAKUM_SARIF_RESULTS_MAX; i++)
    g_hash_table_add(kept, holes->pdata[i]);
  *left_out = all - g_hash_table_size(kept);
  return kept;
}

static json_t *note_of(const char *level, const char *text)
{
  json_t *note = json_object();
  json_object_set_new(note, "level", json_string(level));
  json_object_set_new(note, "message", message(text));
  return note;
}

/* What could not be judged: the run did not see all. */
static json_t *invocation(const OakumResult *result, guint left_out)
{
  json_t *object = json_object(), *notes = json_array();
  gboolean whole = TRUE;
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_INCOMPLETE && f->kind != OAKUM_FINDING_EOL)
      continue;
    gboolean incomplete = f->kind == OAKUM_FINDING_INCOMPLETE;
    whole = whole && !incomplete;
    json_array_append_new(notes,
                          note_of(incomplete ? "error" : "warning", f->title ? f->title : f->id));
  }
  if (left_out > 0) {
    g_autofree char *text = g_strdup_printf(
        "%u results are left out here, the least urgent: all are in the result of --format json",
        left_out);
    json_array_append_new(notes, note_of("warning", text));
  }
  json_object_set_new(object, "executionSuccessful", json_boolean(whole));
  if (json_array_size(notes) > 0)
    json_object_set(object, "toolExecutionNotifications", notes);
  json_decref(notes);
  return object;
}

char *oakum_report_sarif(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  json_t *json = json_object(), *runs = json_array(), *run = json_object(), *tool = json_object(),
         *driver = json_object(), *rules = json_array(), *results = json_array(),
         *invocations = json_array();
  g_autoptr(GHashTable) numbers = oakum_str_map_new(NULL, NULL), index = oakum_report_index(result),
                        seen = oakum_str_map_new(g_free, NULL);
  guint left_out;
  g_autoptr(GHashTable) kept = choose(result, &left_out);
  for (guint i = 0; i < result->findings->len; i++) {
    OakumFinding *f = result->findings->pdata[i];
    if (!is_result(f) || (kept && !g_hash_table_contains(kept, f)))
      continue;
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, f->id));
    if (!number) {
      json_array_append_new(rules, rule(f));
      number = (guint)json_array_size(rules);
      g_hash_table_insert(numbers, f->id, GUINT_TO_POINTER(number));
    }
    json_array_append_new(results,
                          result_of(result, f, oakum_report_package(index, f), number - 1, seen));
  }
  json_object_set_new(driver, "name", json_string("oakum"));
  json_object_set_new(driver, "version", json_string(OAKUM_VERSION));
  json_object_set_new(driver, "rules", rules);
  json_object_set_new(tool, "driver", driver);
  json_object_set_new(run, "tool", tool);
  json_array_append_new(invocations, invocation(result, left_out));
  json_object_set_new(run, "invocations", invocations);
  json_object_set_new(run, "results", results);
  json_object_set_new(run, "columnKind", json_string("unicodeCodePoints"));
  json_array_append_new(runs, run);
  json_object_set_new(json, "$schema",
                      json_string("https://json.schemastore.org/sarif-2.1.0.json"));
  json_object_set_new(json, "version", json_string("2.1.0"));
  json_object_set_new(json, "runs", runs);
  return oakum_report_dump(json);
}
