/* Findings in files and settings (secrets, hygiene, licences), as the formats of holes tell them.
 */
#include "report/report-private.h"
#include <string.h>

const char *const oakum_report_observed_titles[OAKUM_FINDING_KINDS] = {
    [OAKUM_FINDING_SECRET] = "Secrets",
    [OAKUM_FINDING_HYGIENE] = "Hygiene",
    [OAKUM_FINDING_LICENSE] = "Licences"};

gboolean oakum_report_is_observed(const OakumFinding *finding)
{
  return oakum_report_observed_titles[finding->kind] != NULL;
}

static gint by_severity(gconstpointer a, gconstpointer b)
{
  const OakumFinding *x = *(const OakumFinding *const *)a, *y = *(const OakumFinding *const *)b;
  if (x->kind != y->kind)
    return (gint)x->kind - (gint)y->kind;
  return x->severity != y->severity ? (gint)y->severity - (gint)x->severity
                                    : oakum_finding_compare(a, b);
}

GPtrArray *oakum_report_observed(const OakumResult *result, OakumSeverity least)
{
  GPtrArray *list = g_ptr_array_new();
  for (guint i = 0; i < result->findings->len; i++) {
    OakumFinding *f = result->findings->pdata[i];
    if (oakum_report_is_observed(f) && !f->suppressed &&
        (f->severity >= least || f->severity == OAKUM_SEVERITY_UNKNOWN))
      g_ptr_array_add(list, f);
  }
  g_ptr_array_sort(list, by_severity);
  return list;
}

char *oakum_report_place(const OakumFinding *finding)
{
  if (!finding->file || (finding->kind == OAKUM_FINDING_LICENSE && finding->package_name))
    return finding->package_name ? oakum_report_subject(finding)
                                 : g_strdup("settings of the image");
  g_autofree char *line = finding->line > 0 ? g_strdup_printf(", line %d", finding->line) : NULL;
  return g_strconcat("/", finding->file, line ? line : "",
                     finding->gone ? " (deleted later, and still in its layer)" : "", NULL);
}

/* ---- the shape of trivy's report: a result a file of secrets, one of settings, one of licences
 * ------------------------------------------------------------------------------------ */
static const char *const severities[] = {"UNKNOWN", "LOW", "LOW", "MEDIUM", "HIGH", "CRITICAL"};

static json_t *layer_of(const OakumFinding *f)
{
  json_t *object = json_object();
  oakum_report_set(object, "Digest", f->layer);
  return object;
}

static json_t *secret(const OakumFinding *f)
{
  json_t *object = json_object(), *code = json_object(), *lines = json_array(),
         *line = json_object();
  const char *match = f->match ? f->match : "";
  json_object_set_new(object, "RuleID", oakum_sbom_text(f->code ? f->code : f->id));
  json_object_set_new(object, "Category", oakum_sbom_text(f->category ? f->category : "general"));
  json_object_set_new(object, "Severity", json_string(severities[f->severity]));
  json_object_set_new(object, "Title", oakum_sbom_text(f->title));
  json_object_set_new(object, "StartLine", json_integer(MAX(f->line, 1)));
  json_object_set_new(object, "EndLine", json_integer(MAX(f->line, 1)));
  json_object_set_new(line, "Number", json_integer(MAX(f->line, 1)));
  json_object_set_new(line, "Content", oakum_sbom_text(match));
  json_object_set_new(line, "IsCause", json_true());
  json_object_set_new(line, "Annotation", json_string(""));
  json_object_set_new(line, "Truncated", json_false());
  json_object_set_new(line, "Highlighted", oakum_sbom_text(match));
  json_object_set_new(line, "FirstCause", json_true());
  json_object_set_new(line, "LastCause", json_true());
  json_array_append_new(lines, line);
  json_object_set_new(code, "Lines", lines);
  json_object_set_new(object, "Code", code);
  json_object_set_new(object, "Match", oakum_sbom_text(match));
  json_object_set_new(object, "Layer", layer_of(f));
  return object;
}

static json_t *misconfiguration(const OakumFinding *f)
{
  json_t *object = json_object(), *cause = json_object();
  g_autofree char *place = oakum_report_place(f), *advice = oakum_report_advice(f),
                  *message = g_strconcat(f->title, ": ", place, NULL);
  json_object_set_new(object, "Type", json_string("Image Security Check"));
  json_object_set_new(object, "ID", oakum_sbom_text(f->id));
  oakum_report_set(object, "AVDID", f->code);
  json_object_set_new(object, "Title", oakum_sbom_text(f->title));
  json_object_set_new(object, "Description", oakum_sbom_text(f->why ? f->why : f->title));
  json_object_set_new(object, "Message", oakum_sbom_text(message));
  json_object_set_new(object, "Resolution", oakum_sbom_text(advice));
  json_object_set_new(object, "Severity", json_string(severities[f->severity]));
  json_object_set_new(object, "Status", json_string("FAIL"));
  json_object_set_new(object, "Layer", layer_of(f));
  oakum_report_set(cause, "Resource", f->file);
  if (f->dockerfile_line > 0) {
    json_object_set_new(cause, "StartLine", json_integer(f->dockerfile_line));
    json_object_set_new(cause, "EndLine", json_integer(f->dockerfile_line));
  }
  json_object_set_new(object, "CauseMetadata", cause);
  return object;
}

static json_t *license(const OakumFinding *f)
{
  json_t *object = json_object();
  json_object_set_new(object, "Severity", json_string(severities[f->severity]));
  json_object_set_new(object, "Category", oakum_sbom_text(f->category ? f->category : "unknown"));
  json_object_set_new(object, "PkgName", oakum_sbom_text(f->package_name ? f->package_name : ""));
  json_object_set_new(object, "FilePath", oakum_sbom_text(f->file ? f->file : ""));
  json_object_set_new(object, "Name", oakum_sbom_text(f->match && *f->match ? f->match : f->title));
  json_object_set_new(object, "Confidence", json_real(1));
  json_object_set_new(object, "Link", json_string(""));
  return object;
}

static const struct {
  OakumFindingKind kind;
  const char *class, *type, *list;
  json_t *(*write)(const OakumFinding *f);
} shapes[] = {{OAKUM_FINDING_SECRET, "secret", NULL, "Secrets", secret},
              {OAKUM_FINDING_HYGIENE, "config", "image", "Misconfigurations", misconfiguration},
              {OAKUM_FINDING_LICENSE, "license", NULL, "Licenses", license}};

void oakum_report_trivy_observed(const OakumResult *result, json_t *results)
{
  g_autoptr(GPtrArray) list = oakum_report_observed(result, OAKUM_SEVERITY_NEGLIGIBLE);
  for (size_t s = 0; s < G_N_ELEMENTS(shapes); s++) {
    g_autoptr(GHashTable) groups = oakum_str_map_new(g_free, NULL);
    for (guint i = 0; i < list->len; i++) {
      const OakumFinding *f = list->pdata[i];
      if (f->kind != shapes[s].kind)
        continue;
      gboolean by_file = f->kind == OAKUM_FINDING_SECRET && f->file;
      g_autofree char *file = by_file ? g_strconcat("/", f->file, NULL) : NULL,
                      *target = oakum_report_trivy_path(file ? file : result->target);
      json_t *rows = g_hash_table_lookup(groups, target);
      if (!rows) {
        json_t *group = json_object();
        json_object_set_new(group, "Target", oakum_sbom_text(target));
        json_object_set_new(group, "Class", json_string(shapes[s].class));
        oakum_report_set(group, "Type", shapes[s].type);
        json_object_set_new(group, shapes[s].list, rows = json_array());
        json_array_append_new(results, group);
        g_hash_table_insert(groups, g_steal_pointer(&target), rows);
      }
      json_array_append_new(rows, shapes[s].write(f));
    }
  }
}
