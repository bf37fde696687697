/* Reports that GitLab reads: container scanning and dependency scanning (security report schemas
 * 15.2.4), Code Quality. */
#include "report/remedy.h"
#include "report/report-private.h"
#include <string.h>

#define SCHEMA_VERSION "15.2.4"
#define SCHEMAS                                                                                    \
  "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v" SCHEMA_VERSION \
  "/dist/"

static const char *const severities[] = {"Unknown", "Low",  "Low",
                                         "Medium",  "High", "Critical"}; /* by OakumSeverity */

static json_t *identifier(const char *name)
{
  json_t *object = json_object();
  g_auto(OakumReportId) id = {0};
  oakum_report_id(name, &id);
  json_object_set_new(object, "type", json_string(id.type));
  json_object_set_new(object, "name", oakum_sbom_text(name));
  json_object_set_new(object, "value", oakum_sbom_text(name));
  json_object_set_new(object, "url", oakum_sbom_text(id.url));
  return object;
}

static void detail(json_t *details, const char *key, const char *name, const char *value)
{
  if (!value || !*value)
    return;
  json_t *object = json_object();
  json_object_set_new(object, "type", json_string("text"));
  json_object_set_new(object, "name", json_string(name));
  json_object_set_new(object, "value", oakum_sbom_text(value));
  json_object_set_new(details, key, object);
}

/* At most `max` bytes, whole characters. New string. */
static char *cut(const char *text, size_t max)
{
  g_autofree char *safe = oakum_escape_utf8(text, -1);
  if (strlen(safe) <= max)
    return g_steal_pointer(&safe);
  char *end = g_utf8_find_prev_char(safe, safe + max - strlen("…") + 1);
  return g_strdup_printf("%.*s…", (int)(end - safe), safe);
}

/* The same in the next run, whatever else is found then and whatever tag the image has: in a
 * pipeline each commit gives it another. The name on the default branch goes before its own. */
static char *vulnerability_id(const OakumResult *result, const OakumFinding *f, GHashTable *seen)
{
  const char *name = result->default_image && *result->default_image
                         ? result->default_image
                         : oakum_report_image_name(result);
  g_autofree char *identity = oakum_report_identity(f, seen),
                  *image = g_strndup(name, oakum_report_image_bare(name));
  return oakum_report_uuid((const char *const[]){image, identity, NULL});
}

static json_t *details_of(const OakumFinding *f)
{
  json_t *details = json_object();
  g_autofree char *epss = f->epss >= 0 ? g_strdup_printf("%.5f", f->epss) : NULL,
                  *line = f->dockerfile_line > 0 ? g_strdup_printf("%d", f->dockerfile_line) : NULL;
  detail(details, "why", "Evidence", f->why);
  detail(details, "package_url", "Package URL", f->package_purl);
  detail(details, "fixed", "Fixed version", f->fixed);
  detail(details, "status", "State at the vendor", f->status);
  detail(details, "layer", "Layer", f->layer);
  detail(details, "dockerfile_line", "Line of the Dockerfile", line);
  detail(details, "epss", "EPSS", epss);
  detail(details, "kev", "Known to be exploited", f->kev ? "yes, by CISA's catalogue" : NULL);
  detail(details, "fix_date", "Fixed since", f->fix_date);
  return details;
}

static json_t *vulnerability(const OakumResult *result, const OakumFinding *f, GHashTable *seen,
                             json_t *location)
{
  json_t *object = json_object(), *identifiers = json_array(), *links = json_array(),
         *details = details_of(f);
  g_autofree char *id = vulnerability_id(result, f, seen), *advice = oakum_report_advice(f),
                  *message = oakum_report_message(f),
                  *name = cut(f->title && *f->title ? f->title : f->id, OAKUM_GITLAB_NAME_MAX),
                  *solution = cut(advice, OAKUM_GITLAB_SOLUTION_MAX);
  g_autoptr(GPtrArray) ids = oakum_report_ids(f, OAKUM_GITLAB_IDENTIFIERS_MAX);
  json_object_set_new(object, "id", json_string(id));
  json_object_set_new(object, "name", oakum_sbom_text(name));
  json_object_set_new(object, "description", oakum_sbom_text(message));
  json_object_set_new(object, "severity", json_string(severities[f->severity]));
  json_object_set_new(object, "solution", oakum_sbom_text(solution));
  for (guint i = 0; i < ids->len; i++) {
    json_t *one = identifier(ids->pdata[i]), *link = json_object();
    json_object_set(link, "url", json_object_get(one, "url"));
    json_array_append_new(links, link);
    json_array_append_new(identifiers, one);
  }
  json_object_set_new(object, "identifiers", identifiers);
  json_object_set_new(object, "links", links);
  /* one that it does not know makes GitLab refuse the whole report */
  g_autofree char *cvss = f->cvss_vector && f->cvss > 0 ? oakum_cvss_normal(f->cvss_vector) : NULL;
  if (cvss) {
    json_t *vectors = json_array(), *vector = json_object();
    const char *by = f->severity_by ? strrchr(f->severity_by, '(') : NULL;
    g_autofree char *vendor = by ? g_strndup(by + 1, strcspn(by + 1, ")")) : NULL;
    json_object_set_new(vector, "vendor", oakum_sbom_text(vendor && *vendor ? vendor : "unknown"));
    json_object_set_new(vector, "vector", json_string(cvss));
    json_array_append_new(vectors, vector);
    json_object_set_new(object, "cvss_vectors", vectors);
  }
  json_object_set_new(object, "details", details);
  json_object_set_new(object, "location", location);
  return object;
}

static json_t *dependency(const OakumFinding *f)
{
  json_t *object = json_object(), *package = json_object();
  json_object_set_new(package, "name", oakum_sbom_text(f->package_name ? f->package_name : ""));
  json_object_set_new(object, "package", package);
  json_object_set_new(object, "version",
                      oakum_sbom_text(f->package_version ? f->package_version : ""));
  return object;
}

static json_t *image_location(const OakumResult *result, const OakumFinding *f)
{
  const OakumDistro *distro = &result->catalog->distro;
  json_t *object = json_object();
  g_autofree char *os = distro->id ? g_strjoin(" ", distro->id, distro->version, NULL) : NULL;
  json_object_set_new(object, "dependency", dependency(f));
  json_object_set_new(object, "operating_system", oakum_sbom_text(os ? os : "Unknown"));
  json_object_set_new(object, "image", oakum_sbom_text(oakum_report_image_name(result)));
  if (result->default_image && *result->default_image) {
    g_autofree char *name = cut(result->default_image, OAKUM_GITLAB_NAME_MAX);
    json_object_set_new(object, "default_branch_image", oakum_sbom_text(name));
  }
  return object;
}

static json_t *file_location(const OakumResult *result, const OakumFinding *f,
                             const OakumPackage *p)
{
  json_t *object = json_object();
  json_object_set_new(object, "file",
                      oakum_sbom_text(p && p->paths->len > 0 ? p->paths->pdata[0]
                                                             : oakum_report_image_name(result)));
  json_object_set_new(object, "dependency", dependency(f));
  return object;
}

static json_t *maker(void)
{
  json_t *object = json_object(), *vendor = json_object();
  json_object_set_new(vendor, "name", json_string("oakum"));
  json_object_set_new(object, "id", json_string("oakum"));
  json_object_set_new(object, "name", json_string("oakum"));
  json_object_set_new(object, "version", json_string(OAKUM_VERSION));
  json_object_set_new(object, "vendor", vendor);
  return object;
}

/* The distribution in the place of a package: what is too old is all of it. */
static json_t *end_of_life(const OakumResult *result, const OakumFinding *f, GHashTable *seen)
{
  const OakumDistro *distro = &result->catalog->distro;
  json_t *object = json_object(), *identifiers = json_array(), *own = json_object(),
         *location = image_location(result, f), *dependency = json_object(),
         *package = json_object();
  const char *os = distro->id ? distro->id : "unknown";
  g_autofree char *id = vulnerability_id(result, f, seen),
                  *name = cut(f->title, OAKUM_GITLAB_NAME_MAX),
                  *value = g_strjoin("-", "eol", os, distro->version, NULL),
                  *solution = cut(f->fix ? f->fix : f->title, OAKUM_GITLAB_SOLUTION_MAX);
  json_object_set_new(own, "type", json_string("oakum"));
  json_object_set_new(own, "name", oakum_sbom_text(value));
  json_object_set_new(own, "value", oakum_sbom_text(value));
  json_array_append_new(identifiers, own);
  json_t *weakness = identifier("CWE-1104"); /* use of unmaintained third party components */
  json_object_set_new(weakness, "value", json_string("1104"));
  json_array_append_new(identifiers, weakness);
  json_object_set_new(package, "name", oakum_sbom_text(os));
  json_object_set_new(dependency, "package", package);
  json_object_set_new(dependency, "version",
                      oakum_sbom_text(distro->version ? distro->version : ""));
  json_object_set_new(location, "dependency", dependency);
  json_object_set_new(object, "id", json_string(id));
  json_object_set_new(object, "name", oakum_sbom_text(name));
  json_object_set_new(object, "description", oakum_sbom_text(f->why ? f->why : f->title));
  json_object_set_new(object, "severity", json_string(severities[f->severity]));
  json_object_set_new(object, "solution", oakum_sbom_text(solution));
  json_object_set_new(object, "identifiers", identifiers);
  json_object_set_new(object, "links", json_array());
  json_object_set_new(object, "details", json_object());
  json_object_set_new(object, "location", location);
  return object;
}

static json_t *remediations(const OakumRemedy *remedy, GHashTable *ids)
{
  json_t *list = json_array(), *object = json_object(), *fixes = json_array();
  g_autofree char *diff =
      remedy ? g_base64_encode((const guchar *)remedy->diff, remedy->diff_len) : NULL;
  for (guint i = 0; remedy && i < remedy->findings->len; i++) {
    const char *id = g_hash_table_lookup(ids, remedy->findings->pdata[i]);
    json_t *fix = id ? json_object() : NULL;
    if (!fix)
      continue;
    json_object_set_new(fix, "id", json_string(id));
    json_array_append_new(fixes, fix);
  }
  if (json_array_size(fixes) > 0) {
    json_object_set(object, "fixes", fixes);
    json_object_set_new(object, "summary", oakum_sbom_text(remedy->summary));
    json_object_set_new(object, "diff", json_string(diff));
    json_array_append(list, object);
  }
  json_decref(fixes);
  json_decref(object);
  return list;
}

static json_t *scan(const OakumResult *result, const char *type)
{
  json_t *object = json_object(), *messages = json_array();
  /* no zone, as it asks */
  g_autofree char *time = g_strndup(oakum_report_time(result), strlen("1970-01-01T00:00:00"));
  json_object_set_new(object, "analyzer", maker());
  json_object_set_new(object, "scanner", maker());
  json_object_set_new(object, "type", json_string(type));
  json_object_set_new(object, "start_time", json_string(time));
  json_object_set_new(object, "end_time", json_string(time));
  json_object_set_new(object, "status", json_string("success"));
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if ((f->kind != OAKUM_FINDING_INCOMPLETE && f->kind != OAKUM_FINDING_EOL) || f->suppressed)
      continue;
    json_t *row = json_object();
    g_autofree char *value = f->kind == OAKUM_FINDING_INCOMPLETE
                                 ? g_strconcat("not judged: ", f->title ? f->title : f->id, NULL)
                                 : g_strdup(f->title);
    json_object_set_new(row, "level", json_string("warn"));
    json_object_set_new(row, "value", oakum_sbom_text(value));
    json_array_append_new(messages, row);
  }
  if (json_array_size(messages) > 0)
    json_object_set(object, "messages", messages);
  json_decref(messages);
  return object;
}

static json_t *head(const char *schema)
{
  json_t *json = json_object();
  json_object_set_new(json, "version", json_string(SCHEMA_VERSION));
  json_object_set_new(json, "schema", json_string(schema));
  return json;
}

char *oakum_report_gitlab(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  json_t *json = head(SCHEMAS "container-scanning-report-format.json"), *list = json_array();
  g_autoptr(GPtrArray) holes = oakum_report_holes(result);
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL);
  g_autoptr(GHashTable) ids = g_hash_table_new(NULL, NULL); /* of findings, in `list` */
  for (guint i = 0; i < holes->len; i++) {
    json_t *row =
        vulnerability(result, holes->pdata[i], seen, image_location(result, holes->pdata[i]));
    g_hash_table_insert(ids, holes->pdata[i],
                        (gpointer)json_string_value(json_object_get(row, "id")));
    json_array_append_new(list, row);
  }
  for (guint i = 0; result->end_is_hole && i < result->findings->len; i++)
    if (((const OakumFinding *)result->findings->pdata[i])->kind == OAKUM_FINDING_EOL)
      json_array_append_new(list, end_of_life(result, result->findings->pdata[i], seen));
  json_object_set_new(json, "vulnerabilities", list);
  json_object_set_new(json, "remediations", remediations(result->remedy, ids));
  json_object_set_new(json, "scan", scan(result, "container_scanning"));
  return oakum_report_dump(json);
}

/* As GitLab's analyzers call who manages the packages of a type of purls; other types by their own
 * names. */
static const char *manager_of(const char *type)
{
  static const char *const names[][2] = {{"gem", "bundler"}, {"golang", "go"}, {"pypi", "pip"}};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(type, names[i][0]) == 0)
      return names[i][1];
  return type;
}

static int by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files of the image that prove packages of languages, each with what it proves. Which package
 * asks for which is in none of them, so it is not told. */
static json_t *dependency_files(const OakumResult *result)
{
  g_autoptr(GHashTable) files = oakum_str_map_new(g_free, (GDestroyNotify)json_decref);
  g_autoptr(GPtrArray) keys = g_ptr_array_new();
  const GPtrArray *packages = result->catalog->packages;
  for (guint i = 0; i < packages->len; i++) {
    const OakumPackage *p = packages->pdata[i];
    if (oakum_report_of_system(p) || p->paths->len == 0 || !p->type || !*p->type || !*p->name)
      continue;
    const char *path = p->paths->pdata[0], *manager = manager_of(p->type);
    g_autofree char *key = g_strdup_printf("%s%c%s", path, 1, manager);
    json_t *file = g_hash_table_lookup(files, key), *one = json_object(), *package = json_object();
    if (!file) {
      file = json_object();
      json_object_set_new(file, "path", oakum_sbom_text(path));
      json_object_set_new(file, "package_manager", oakum_sbom_text(manager));
      json_object_set_new(file, "dependencies", json_array());
      g_ptr_array_add(keys, key);
      g_hash_table_insert(files, g_steal_pointer(&key), file);
    }
    json_object_set_new(package, "name", oakum_sbom_text(p->name));
    json_object_set_new(one, "package", package);
    json_object_set_new(one, "version", oakum_sbom_text(p->version ? p->version : ""));
    json_array_append_new(json_object_get(file, "dependencies"), one);
  }
  json_t *list = json_array();
  g_ptr_array_sort(keys, by_text);
  for (guint i = 0; i < keys->len; i++)
    json_array_append(list, g_hash_table_lookup(files, keys->pdata[i]));
  return list;
}

/* Packages of languages alone: what the operating system brought is container scanning's. */
char *oakum_report_gitlab_dependency(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  json_t *json = head(SCHEMAS "dependency-scanning-report-format.json"), *list = json_array();
  g_autoptr(GPtrArray) holes = oakum_report_holes(result);
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL);
  g_autoptr(GHashTable) index = oakum_report_index(result);
  for (guint i = 0; i < holes->len; i++) {
    const OakumPackage *p = oakum_report_package(index, holes->pdata[i]);
    if (p && !oakum_report_of_system(p))
      json_array_append_new(list, vulnerability(result, holes->pdata[i], seen,
                                                file_location(result, holes->pdata[i], p)));
  }
  json_object_set_new(json, "vulnerabilities", list);
  json_object_set_new(json, "dependency_files", dependency_files(result));
  json_object_set_new(json, "remediations", json_array());
  json_object_set_new(json, "scan", scan(result, "dependency_scanning"));
  return oakum_report_dump(json);
}

char *oakum_report_gitlab_codequality(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  static const char *const words[] = {"info", "info", "minor", "major", "critical", "blocker"};
  json_t *json = json_array();
  g_autoptr(GPtrArray) holes = oakum_report_holes(result),
                       observed = oakum_report_observed(result, OAKUM_SEVERITY_LOW);
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL);
  g_ptr_array_extend(holes, observed, NULL, NULL);
  for (guint i = 0; i < holes->len; i++) {
    const OakumFinding *f = holes->pdata[i];
    json_t *object = json_object(), *location = json_object(), *lines = json_object();
    g_autofree char *message = oakum_report_message(f), *advice = oakum_report_advice(f),
                    *text = g_strdup_printf("%s (%s)", message, advice),
                    *id = vulnerability_id(result, f, seen);
    json_object_set_new(lines, "begin",
                        json_integer(f->dockerfile_line > 0 ? f->dockerfile_line : 1));
    json_object_set_new(location, "path", oakum_sbom_text(oakum_report_dockerfile(result)));
    json_object_set_new(location, "lines", lines);
    json_object_set_new(object, "description", oakum_sbom_text(text));
    json_object_set_new(object, "check_name", oakum_sbom_text(f->id));
    json_object_set_new(object, "fingerprint", json_string(id));
    json_object_set_new(object, "severity", json_string(words[f->severity]));
    json_object_set_new(object, "location", location);
    json_array_append_new(json, object);
  }
  return oakum_report_dump(json);
}
