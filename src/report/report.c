#include "report/sbom-private.h"
#include <string.h>

/* ---- JSON
 * -------------------------------------------------------------------------------------------- */
static json_t *package_json(const OakumPackage *p)
{
  json_t *paths = json_array(), *source = json_object(), *object = json_object();
  for (guint i = 0; i < p->paths->len; i++)
    json_array_append_new(paths, oakum_sbom_text(p->paths->pdata[i]));
  json_object_set_new(source, "name", oakum_sbom_text(p->source_name));
  json_object_set_new(source, "version", oakum_sbom_text(p->source_version));
  json_object_set_new(object, "name", oakum_sbom_text(p->name));
  json_object_set_new(object, "version", oakum_sbom_text(p->version));
  json_object_set_new(object, "type", oakum_sbom_text(p->type));
  json_object_set_new(object, "arch", oakum_sbom_text(p->arch));
  json_object_set_new(object, "purl", oakum_sbom_text(p->purl));
  json_object_set_new(object, "source", source);
  json_object_set_new(object, "layer", oakum_sbom_text(p->layer));
  json_object_set_new(object, "paths", paths);
  const struct {
    const char *key, *value;
  } more[] = {{"namespace", p->space}, {"license", p->license}, {"module", p->module},
              {"cpe", p->cpe},         {"owner", p->owner},     {"maintainer", p->maintainer},
              {"foundBy", p->found_by}};
  for (size_t i = 0; i < G_N_ELEMENTS(more); i++) /* what is not known is left out */
    if (more[i].value)
      json_object_set_new(object, more[i].key, oakum_sbom_text(more[i].value));
  if (p->guessed)
    json_object_set_new(object, "guessed", json_true());
  if (p->offset)
    json_object_set_new(object, "offset", json_integer((json_int_t)p->offset));
  if (p->layer_index >= 0)
    json_object_set_new(object, "layer_index", json_integer(p->layer_index));
  return object;
}

static json_t *number(double value, int digits)
{
  double scale = digits == 1 ? 10 : 100000;
  return value < 0 ? json_null() : json_real((double)(int64_t)(value * scale + 0.5) / scale);
}

static void add_judgement(json_t *object, const OakumFinding *f)
{
  json_t *records = json_array();
  for (guint i = 0; f->records && i < f->records->len; i++) {
    const OakumFindingRecord *r = f->records->pdata[i];
    json_t *one = json_object();
    json_object_set_new(one, "feed", oakum_sbom_text(r->feed));
    json_object_set_new(one, "part", oakum_sbom_text(r->part));
    json_object_set_new(one, "record", oakum_sbom_text(r->record));
    json_object_set_new(one, "date", oakum_sbom_text(r->date));
    json_object_set_new(one, "status", oakum_sbom_text(r->status));
    json_object_set_new(one, "fixed", oakum_sbom_text(r->fixed));
    json_object_set_new(one, "severity", oakum_sbom_text(r->severity));
    json_object_set_new(one, "decided", json_boolean(r->decided));
    json_array_append_new(records, one);
  }
  json_object_set_new(object, "ecosystem", oakum_sbom_text(f->ecosystem));
  json_object_set_new(object, "looked_up", oakum_sbom_text(f->looked_up));
  json_object_set_new(object, "by", oakum_sbom_text(f->by));
  json_object_set_new(object, "compared", oakum_sbom_text(f->compared));
  json_object_set_new(object, "fix_date", oakum_sbom_text(f->fix_date));
  json_object_set_new(object, "severity_by", oakum_sbom_text(f->severity_by));
  json_object_set_new(object, "cvss", f->cvss_vector ? number(f->cvss, 1) : json_null());
  json_object_set_new(object, "cvss_vector", oakum_sbom_text(f->cvss_vector));
  json_object_set_new(object, "epss", number(f->epss, 5));
  json_object_set_new(object, "epss_percentile", number(f->epss_percentile, 5));
  json_object_set_new(object, "kev", json_boolean(f->kev));
  json_object_set_new(object, "ransomware", json_boolean(f->ransomware));
  if (f->kev_due)
    json_object_set_new(object, "kev_due", oakum_sbom_text(f->kev_due));
  if (f->first_seen)
    json_object_set_new(object, "first_seen", oakum_sbom_text(f->first_seen));
  json_object_set_new(object, "risk", number(f->risk, 1));
  json_object_set_new(object, "records", records);
  if (f->suppressed)
    json_object_set_new(object, "suppressed", oakum_sbom_text(f->suppressed));
}

static json_t *finding_json(const OakumFinding *f)
{
  json_t *aliases = json_array(), *package = json_object(), *object = json_object();
  for (char **alias = f->aliases; alias && *alias; alias++)
    json_array_append_new(aliases, oakum_sbom_text(*alias));
  json_object_set_new(package, "name", oakum_sbom_text(f->package_name));
  json_object_set_new(package, "version", oakum_sbom_text(f->package_version));
  json_object_set_new(package, "purl", oakum_sbom_text(f->package_purl));
  g_autofree char *fingerprint = oakum_finding_fingerprint(f);
  json_object_set_new(object, "id", oakum_sbom_text(f->id));
  json_object_set_new(object, "aliases", aliases);
  json_object_set_new(object, "severity", oakum_sbom_text(oakum_severity_name(f->severity)));
  json_object_set_new(object, "title", oakum_sbom_text(f->title));
  json_object_set_new(object, "package", package);
  json_object_set_new(object, "source", oakum_sbom_text(f->source));
  json_object_set_new(object, "fixed", oakum_sbom_text(f->fixed));
  json_object_set_new(object, "status", oakum_sbom_text(f->status));
  json_object_set_new(object, "advisory", oakum_sbom_text(f->advisory));
  json_object_set_new(object, "layer", oakum_sbom_text(f->layer));
  json_object_set_new(object, "layer_index",
                      f->layer_index >= 0 ? json_integer(f->layer_index) : json_null());
  json_object_set_new(object, "dockerfile_line",
                      f->dockerfile_line > 0 ? json_integer(f->dockerfile_line) : json_null());
  json_object_set_new(object, "why", oakum_sbom_text(f->why));
  json_object_set_new(object, "fix", oakum_sbom_text(f->fix));
  json_object_set_new(object, "fingerprint", oakum_sbom_text(fingerprint));
  add_judgement(object, f);
  return object;
}

/* What files and settings show: one form for secrets, hygiene and licences. */
static json_t *observed_json(const OakumFinding *f)
{
  json_t *object = json_object(), *package = NULL;
  g_autofree char *fingerprint = oakum_finding_fingerprint(f);
  if (f->package_name) {
    package = json_object();
    json_object_set_new(package, "name", oakum_sbom_text(f->package_name));
    json_object_set_new(package, "version", oakum_sbom_text(f->package_version));
    json_object_set_new(package, "purl", oakum_sbom_text(f->package_purl));
  }
  json_object_set_new(object, "id", oakum_sbom_text(f->id));
  json_object_set_new(object, "severity", oakum_sbom_text(oakum_severity_name(f->severity)));
  json_object_set_new(object, "title", oakum_sbom_text(f->title));
  json_object_set_new(object, "why", oakum_sbom_text(f->why));
  json_object_set_new(object, "fix", oakum_sbom_text(f->fix));
  json_object_set_new(object, "file", oakum_sbom_text(f->file));
  json_object_set_new(object, "line", f->line > 0 ? json_integer(f->line) : json_null());
  json_object_set_new(object, "category", oakum_sbom_text(f->category));
  json_object_set_new(object, "code", oakum_sbom_text(f->code));
  json_object_set_new(object, "match", oakum_sbom_text(f->match));
  json_object_set_new(object, "gone", json_boolean(f->gone));
  json_object_set_new(object, "package", package ? package : json_null());
  json_object_set_new(object, "layer", oakum_sbom_text(f->layer));
  json_object_set_new(object, "layer_index",
                      f->layer_index >= 0 ? json_integer(f->layer_index) : json_null());
  json_object_set_new(object, "dockerfile_line",
                      f->dockerfile_line > 0 ? json_integer(f->dockerfile_line) : json_null());
  json_object_set_new(object, "fingerprint", oakum_sbom_text(fingerprint));
  json_object_set_new(object, "suppressed", oakum_sbom_text(f->suppressed));
  return object;
}

static json_t *layers_json(const OakumCatalog *catalog)
{
  json_t *layers = json_array();
  for (guint i = 0; i < catalog->layers->len; i++) {
    const OakumLayerOrigin *origin = catalog->layers->pdata[i];
    json_t *one = json_object();
    json_object_set_new(one, "digest", oakum_sbom_text(origin->digest));
    json_object_set_new(one, "diff_id", oakum_sbom_text(origin->diff_id));
    json_object_set_new(one, "size", origin->size < 0 ? json_null() : json_integer(origin->size));
    json_object_set_new(one, "created_by", oakum_sbom_text(origin->created_by));
    json_object_set_new(one, "base", json_boolean(origin->base));
    json_array_append_new(layers, one);
  }
  return layers;
}

static json_t *lines_json(const GPtrArray *lines)
{
  json_t *array = json_array();
  for (guint i = 0; i < lines->len; i++)
    json_array_append_new(array, oakum_sbom_text(lines->pdata[i]));
  return array;
}

json_t *oakum_report_verdict(const OakumVerdict *from)
{
  json_t *verdict = json_object(), *rules = json_array();
  for (guint i = 0; i < from->rules->len; i++) {
    const OakumVerdictRule *rule = from->rules->pdata[i];
    json_t *one = json_object();
    json_object_set_new(one, "name", oakum_sbom_text(rule->name));
    json_object_set_new(one, "verdict", oakum_sbom_text(rule->verdict));
    json_object_set_new(one, "count", json_integer(rule->count));
    json_object_set_new(one, "unsure", json_integer(rule->unsure));
    json_object_set_new(one, "max", json_integer(rule->max));
    json_object_set_new(one, "saw", lines_json(rule->saw));
    json_array_append_new(rules, one);
  }
  json_object_set_new(verdict, "kind", oakum_sbom_text(oakum_verdict_name(from->kind)));
  json_object_set_new(verdict, "reasons", lines_json(from->reasons));
  json_object_set_new(verdict, "rules", rules);
  json_object_set_new(verdict, "notes", lines_json(from->notes));
  return verdict;
}

/* What grows with the image, in the order of the file. */
typedef enum {
  LIST_PACKAGES,
  LIST_FINDINGS,
  LIST_SUPPRESSED,
  LIST_SECRETS,
  LIST_HYGIENE,
  LIST_LICENSES,
  LIST_ENDED,
  LIST_INCOMPLETE,
  LISTS
} ListKind;
static const char *const list_names[LISTS] = {
    [LIST_PACKAGES] = "packages", [LIST_FINDINGS] = "findings",    [LIST_SUPPRESSED] = "suppressed",
    [LIST_SECRETS] = "secrets",   [LIST_HYGIENE] = "hygiene",      [LIST_LICENSES] = "licenses",
    [LIST_ENDED] = "end_of_life", [LIST_INCOMPLETE] = "incomplete"};

static ListKind list_of(const OakumFinding *f)
{
  switch (f->kind) {
  case OAKUM_FINDING_SECRET:
    return LIST_SECRETS;
  case OAKUM_FINDING_HYGIENE:
    return LIST_HYGIENE;
  case OAKUM_FINDING_LICENSE:
    return LIST_LICENSES;
  case OAKUM_FINDING_VULNERABILITY:
    return f->suppressed ? LIST_SUPPRESSED : LIST_FINDINGS;
  case OAKUM_FINDING_EOL:
    return LIST_ENDED;
  case OAKUM_FINDING_INCOMPLETE:
    return LIST_INCOMPLETE;
  default:
    return LISTS;
  }
}

static json_t *row_json(const OakumFinding *f, ListKind list)
{
  if (list == LIST_FINDINGS || list == LIST_SUPPRESSED)
    return finding_json(f);
  if (list != LIST_ENDED && list != LIST_INCOMPLETE)
    return observed_json(f);
  json_t *object = json_object();
  json_object_set_new(object, "id", oakum_sbom_text(f->id));
  json_object_set_new(object, "title", oakum_sbom_text(f->title));
  if (list == LIST_ENDED)
    json_object_set_new(object, "fix", oakum_sbom_text(f->fix));
  if (f->suppressed)
    json_object_set_new(object, "suppressed", oakum_sbom_text(f->suppressed));
  return object;
}

/* A row is text as soon as it is made: a tree of all of them takes ten times its text, and the
 * memory that it asks for half of the time. */
static void add_row(GString *rows, json_t *row)
{
  if (rows->len > 0)
    g_string_append_c(rows, ',');
  oakum_json_append(rows, row, FALSE);
  json_decref(row);
}

static json_t *head_json(const OakumResult *result)
{
  const OakumDistro *distro = &result->catalog->distro;
  json_t *json = json_object(), *database = json_object(), *os = json_object();
  json_object_set_new(os, "id", oakum_sbom_text(distro->id));
  json_object_set_new(os, "version", oakum_sbom_text(distro->version));
  json_object_set_new(os, "name", oakum_sbom_text(distro->pretty));
  json_object_set_new(os, "ecosystem", oakum_sbom_text(distro->ecosystem));
  json_object_set_new(database, "path", oakum_sbom_text(result->db_path));
  json_object_set_new(database, "newest", oakum_sbom_text(result->db_date));
  json_object_set_new(json, "schema", json_integer(OAKUM_RESULT_SCHEMA));
  json_object_set_new(json, "target", oakum_sbom_text(result->target));
  if (result->dockerfile)
    json_object_set_new(json, "dockerfile", oakum_sbom_text(result->dockerfile));
  if (result->image)
    json_object_set(json, "image", (json_t *)result->image);
  json_object_set_new(json, "distro", os);
  json_object_set_new(json, "layers", layers_json(result->catalog));
  json_object_set_new(json, "base", oakum_sbom_text(result->catalog->base));
  json_object_set_new(json, "database", database);
  return json;
}

char *oakum_report_json(const OakumResult *result)
{
  GString *lists[LISTS];
  for (size_t i = 0; i < LISTS; i++)
    lists[i] = g_string_new(NULL);
  for (guint i = 0; i < result->catalog->packages->len; i++)
    add_row(lists[LIST_PACKAGES], package_json(result->catalog->packages->pdata[i]));
  for (guint i = 0; i < result->findings->len; i++) {
    ListKind list = list_of(result->findings->pdata[i]);
    if (list != LISTS)
      add_row(lists[list], row_json(result->findings->pdata[i], list));
  }
  GString *out = g_string_new(NULL);
  json_t *head = head_json(result);
  oakum_json_append(out, head, FALSE);
  json_decref(head);
  g_string_truncate(out, out->len - 1); /* the object goes on */
  for (size_t i = 0; i < LISTS; i++) {
    g_string_append_printf(out, ",\"%s\":[", list_names[i]);
    g_string_append_len(out, lists[i]->str, (gssize)lists[i]->len);
    g_string_append_c(out, ']');
    g_string_free(lists[i], TRUE);
  }
  if (result->verdict) {
    json_t *verdict = oakum_report_verdict(result->verdict);
    g_string_append(out, ",\"verdict\":");
    oakum_json_append(out, verdict, FALSE);
    json_decref(verdict);
  }
  g_string_append_c(out, '}');
  return oakum_report_end(out);
}
