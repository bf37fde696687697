/* What is known of each hole here, for others to read: OpenVEX 0.2.0 (openvex.dev) and CycloneDX
 * 1.6 with vulnerabilities and their analysis. */
#include "report/report-private.h"
#include <string.h>

typedef enum { STATE_AFFECTED, STATE_NOT_AFFECTED, STATE_INVESTIGATED } State;
static State state_of(const OakumFinding *f)
{
  return f->suppressed                                                ? STATE_NOT_AFFECTED
         : f->status && strcmp(f->status, "under_investigation") == 0 ? STATE_INVESTIGATED
                                                                      : STATE_AFFECTED;
}

/* Takes `one`. Both forms want no two that are the same: a saved result may have a finding twice.
 */
static void append_once(json_t *list, json_t *one, GHashTable *seen)
{
  if (g_hash_table_add(seen, oakum_json_dump(one, FALSE)))
    json_array_append_new(list, one);
  else
    json_decref(one);
}

/* ---- OpenVEX
 * ------------------------------------------------------------------------------------------ */
/* An IRI stands for the image: its name as the type "generic" of purl has it. */
static char *image_purl(const OakumResult *result)
{
  g_autofree char *safe = oakum_escape_utf8(result->target, -1),
                  *name = g_uri_escape_string(safe, NULL, FALSE);
  return g_strconcat("pkg:generic/", name, NULL);
}

static json_t *statement(const OakumResult *result, const OakumFinding *f)
{
  static const char *const words[] = {"affected", "not_affected", "under_investigation"};
  json_t *object = json_object(), *vulnerability = json_object(), *aliases = json_array(),
         *products = json_array(), *product = json_object(), *parts = json_array();
  State state = state_of(f);
  g_auto(OakumReportId) id = {0};
  oakum_report_id(f->id, &id);
  json_object_set_new(vulnerability, "@id", oakum_sbom_text(id.url));
  json_object_set_new(vulnerability, "name", oakum_sbom_text(f->id));
  oakum_report_set(vulnerability, "description", f->title);
  g_autoptr(GHashTable) names = oakum_str_map_new(NULL, NULL);
  for (char **alias = f->aliases; alias && *alias; alias++)
    if (g_hash_table_add(names, *alias))
      json_array_append_new(aliases, oakum_sbom_text(*alias));
  json_object_set_new(vulnerability, "aliases", aliases);
  json_object_set_new(object, "vulnerability", vulnerability);
  g_autofree char *purl = image_purl(result), *advice = oakum_report_advice(f);
  json_object_set_new(product, "@id", oakum_sbom_text(purl));
  if (f->package_purl) {
    json_t *part = json_object();
    json_object_set_new(part, "@id", oakum_sbom_text(f->package_purl));
    json_array_append_new(parts, part);
    json_object_set(product, "subcomponents", parts);
  }
  json_decref(parts);
  json_array_append_new(products, product);
  json_object_set_new(object, "products", products);
  json_object_set_new(object, "status", json_string(words[state]));
  if (state == STATE_NOT_AFFECTED)
    oakum_report_set(object, "impact_statement", f->suppressed);
  else if (state == STATE_AFFECTED)
    oakum_report_set(object, "action_statement", advice);
  oakum_report_set(object, "status_notes", f->why);
  return object;
}

char *oakum_report_openvex(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  json_t *json = json_object(), *statements = json_array();
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind == OAKUM_FINDING_VULNERABILITY)
      append_once(statements, statement(result, f), seen);
  }
  g_autofree char *text = oakum_json_dump(statements, FALSE),
                  *uuid = oakum_report_uuid((const char *const[]){result->target, text, NULL}),
                  *id = g_strconcat("urn:uuid:", uuid, NULL);
  json_object_set_new(json, "@context", json_string("https://openvex.dev/ns/v0.2.0"));
  json_object_set_new(json, "@id", json_string(id));
  json_object_set_new(json, "author", json_string("oakum"));
  json_object_set_new(json, "timestamp", json_string(oakum_report_time(result)));
  json_object_set_new(json, "version", json_integer(1));
  json_object_set_new(json, "tooling", json_string("oakum " OAKUM_VERSION));
  json_object_set_new(json, "statements", statements);
  return oakum_report_dump(json);
}

/* ---- CycloneDX
 * ---------------------------------------------------------------------------------------- */
static json_t *source_of(const char *name)
{
  json_t *object = json_object();
  g_auto(OakumReportId) id = {0};
  oakum_report_id(name, &id);
  g_autoptr(GUri) uri = g_uri_parse(id.url, G_URI_FLAGS_NONE, NULL);
  json_object_set_new(object, "name", json_string(uri ? g_uri_get_host(uri) : "osv.dev"));
  json_object_set_new(object, "url", oakum_sbom_text(id.url));
  return object;
}

static json_t *rating(const OakumFinding *f)
{
  static const char *const bands[] = {"unknown", "info", "low", "medium", "high", "critical"};
  json_t *object = json_object();
  json_object_set_new(object, "severity", json_string(bands[f->severity]));
  if (!f->cvss_vector)
    return object;
  const char *method = g_str_has_prefix(f->cvss_vector, "CVSS:4")     ? "CVSSv4"
                       : g_str_has_prefix(f->cvss_vector, "CVSS:3.1") ? "CVSSv31"
                       : g_str_has_prefix(f->cvss_vector, "CVSS:3")   ? "CVSSv3"
                                                                      : "CVSSv2";
  json_object_set_new(object, "score", json_real(oakum_report_tenth(f->cvss)));
  json_object_set_new(object, "method", json_string(method));
  json_object_set_new(object, "vector", oakum_sbom_text(f->cvss_vector));
  return object;
}

static json_t *analysis(const OakumFinding *f)
{
  static const char *const words[] = {"exploitable", "not_affected", "in_triage"};
  json_t *object = json_object(), *responses = json_array();
  State state = state_of(f);
  json_object_set_new(object, "state", json_string(words[state]));
  if (state == STATE_AFFECTED)
    json_array_append_new(responses,
                          json_string(f->fixed ? "update"
                                      : f->status && strcmp(f->status, "will_not_fix") == 0
                                          ? "will_not_fix"
                                          : "can_not_fix"));
  if (json_array_size(responses) > 0)
    json_object_set(object, "response", responses);
  json_decref(responses);
  oakum_report_set(object, "detail", f->suppressed ? f->suppressed : f->why);
  return object;
}

static json_t *vulnerability(const OakumFinding *f, const char *ref)
{
  json_t *object = json_object(), *references = json_array(), *ratings = json_array(),
         *affects = json_array(), *affected = json_object();
  g_autofree char *advice = oakum_report_advice(f);
  g_autoptr(GPtrArray) ids = oakum_report_ids(f, G_MAXUINT);
  json_object_set_new(object, "id", oakum_sbom_text(f->id));
  json_object_set_new(object, "source", source_of(f->id));
  for (guint i = 1; i < ids->len; i++) {
    json_t *row = json_object();
    json_object_set_new(row, "id", oakum_sbom_text(ids->pdata[i]));
    json_object_set_new(row, "source", source_of(ids->pdata[i]));
    json_array_append_new(references, row);
  }
  json_object_set_new(object, "references", references);
  json_array_append_new(ratings, rating(f));
  json_object_set_new(object, "ratings", ratings);
  oakum_report_set(object, "description", f->title);
  oakum_report_set(object, "recommendation", advice);
  json_object_set_new(object, "analysis", analysis(f));
  json_object_set_new(affected, "ref", oakum_sbom_text(ref));
  json_array_append_new(affects, affected);
  json_object_set_new(object, "affects", affects);
  return object;
}

char *oakum_report_cyclonedx_vex(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  json_t *list = json_array(), *json = oakum_report_cyclonedx_document(result);
  g_autoptr(GPtrArray) refs = oakum_sbom_refs(result);
  g_autoptr(GHashTable) index = oakum_report_index(result);
  g_autoptr(GHashTable) names = g_hash_table_new(NULL, NULL),
                        seen = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < refs->len; i++)
    g_hash_table_insert(names, result->catalog->packages->pdata[i], refs->pdata[i]);
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_VULNERABILITY)
      continue;
    const char *ref = g_hash_table_lookup(names, oakum_report_package(index, f));
    append_once(list, vulnerability(f, ref ? ref : "image"), seen);
  }
  json_object_set_new(json, "vulnerabilities", list);
  return oakum_report_dump(json);
}
