/* The report of trivy (schema 2), for programs that read it: results by operating system and by
 * kind of language package. */
#include "report/report-private.h"
#include <string.h>

static const char *const severities[] = {"UNKNOWN", "LOW", "LOW", "MEDIUM", "HIGH", "CRITICAL"};

/* Kinds of packages as its results call them, and the text that stands for all of one kind. */
static const struct {
  const char *type, *name, *target;
} kinds[] = {{"pypi", "python-pkg", "Python"},
             {"npm", "node-pkg", "Node.js"},
             {"gem", "gemspec", "Ruby"},
             {"maven", "jar", "Java"},
             {"composer", "composer-vendor", "PHP"},
             {"golang", "gobinary", NULL},
             {"cargo", "rustbinary", NULL},
             {"nuget", "dotnet-core", ".NET"},
             {"conda", "conda-pkg", "Conda"},
             {"cran", "cran", "R"},
             {"hex", "hex", "Erlang"},
             {"pub", "pub", "Dart"},
             {"swift", "swift", "Swift"},
             {"julia", "julia", "Julia"},
             {"bitnami", "bitnami", "Bitnami"}};

static const char *kind_name(const char *type)
{
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (strcmp(kinds[i].type, type) == 0)
      return kinds[i].name;
  return type;
}

static const char *family(const OakumDistro *distro)
{
  static const struct {
    const char *id, *name;
  } names[] = {{"rhel", "redhat"},
               {"almalinux", "alma"},
               {"amzn", "amazon"},
               {"ol", "oracle"},
               {"opensuse-leap", "opensuse-leap"},
               {"mariner", "cbl-mariner"}};
  for (size_t i = 0; distro->id && i < G_N_ELEMENTS(names); i++)
    if (strcmp(distro->id, names[i].id) == 0)
      return names[i].name;
  return distro->id ? distro->id : "none";
}

/* Whether a percent sign begins no escape of an address. */
static gboolean bare_percent(const char *p)
{
  return *p == '%' && !(g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2]));
}

char *oakum_report_trivy_path(const char *path)
{
  g_autoptr(GString) out = g_string_new(NULL);
  size_t first = strcspn(path, "/"), colon = strcspn(path, ":");
  gboolean scheme = g_ascii_isalpha(*path);
  for (size_t i = 0; i < colon && path[i]; i++)
    scheme &= g_ascii_isalnum(path[i]) || strchr("+-.", path[i]);
  if (colon < first && !scheme)
    g_string_append(out, "./");
  for (const char *p = path; *p; p++)
    if ((guchar)*p < 0x20 || *p == 0x7f)
      g_string_append_printf(out, "\\x%02x", (guchar)*p);
    else
      g_string_append_len(out, bare_percent(p) ? "%25" : p, bare_percent(p) ? 3 : 1);
  return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Which result a package stands in. New string. */
static char *group_key(const OakumPackage *p)
{
  if (oakum_report_of_system(p))
    return g_strdup("");
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (strcmp(kinds[i].type, p->type) == 0 && !kinds[i].target)
      return g_strdup_printf("%s\n%s", p->type, p->paths->len ? (char *)p->paths->pdata[0] : "");
  return g_strdup_printf("%s\n", p->type);
}

static json_t *layer_of(const char *layer)
{
  json_t *object = json_object();
  oakum_report_set(object, "Digest", layer);
  return object;
}

static char *package_id(const OakumPackage *p)
{
  return g_strdup_printf(p->arch && strcmp(p->type, "rpm") == 0 ? "%s@%s.%s" : "%s@%s", p->name,
                         p->version, p->arch);
}

static json_t *identifier(const char *purl)
{
  json_t *object = json_object();
  oakum_report_set(object, "PURL", purl);
  return object;
}

static void set_path(json_t *object, const char *key, const OakumPackage *p)
{
  if (p->paths->len == 0 || oakum_report_of_system(p))
    return;
  g_autofree char *path = oakum_report_trivy_path(p->paths->pdata[0]);
  oakum_report_set(object, key, path);
}

static json_t *package(const OakumPackage *p)
{
  json_t *object = json_object(), *licenses = json_array();
  g_autofree char *id = package_id(p);
  json_object_set_new(object, "ID", oakum_sbom_text(id));
  json_object_set_new(object, "Name", oakum_sbom_text(p->name));
  json_object_set_new(object, "Identifier", identifier(p->purl));
  json_object_set_new(object, "Version", oakum_sbom_text(p->version));
  oakum_report_set(object, "Arch", p->arch);
  if (oakum_report_of_system(p)) {
    oakum_report_set(object, "SrcName", p->source_name);
    oakum_report_set(object, "SrcVersion", p->source_version);
  }
  if (p->license && *p->license)
    json_array_append_new(licenses, oakum_sbom_text(p->license));
  if (json_array_size(licenses) > 0)
    json_object_set(object, "Licenses", licenses);
  json_decref(licenses);
  oakum_report_set(object, "Maintainer", p->maintainer);
  oakum_report_set(object, "Modularitylabel", g_strcmp0(p->type, "rpm") == 0 ? p->module : NULL);
  json_object_set_new(object, "Layer", layer_of(p->layer));
  set_path(object, "FilePath", p);
  return object;
}

static json_t *vulnerability(const OakumFinding *f, const OakumPackage *p)
{
  json_t *object = json_object(), *source = json_object(), *references = json_array(),
         *ids = json_array();
  g_auto(OakumReportId) id = {0};
  oakum_report_id(f->id, &id);
  g_autofree char *pkg_id = package_id(p), *fingerprint = oakum_finding_fingerprint(f);
  json_object_set_new(object, "VulnerabilityID", oakum_sbom_text(f->id));
  if (f->advisory && strcmp(f->advisory, f->id) != 0)
    json_array_append_new(ids, oakum_sbom_text(f->advisory));
  if (json_array_size(ids) > 0)
    json_object_set(object, "VendorIDs", ids);
  json_decref(ids);
  json_object_set_new(object, "PkgID", oakum_sbom_text(pkg_id));
  json_object_set_new(object, "PkgName", oakum_sbom_text(f->package_name));
  set_path(object, "PkgPath", p);
  json_object_set_new(object, "PkgIdentifier", identifier(f->package_purl));
  json_object_set_new(object, "InstalledVersion", oakum_sbom_text(f->package_version));
  oakum_report_set(object, "FixedVersion", f->fixed);
  json_object_set_new(
      object, "Status",
      json_string(!f->status || strcmp(f->status, "open") == 0 ? "affected" : f->status));
  json_object_set_new(object, "Layer", layer_of(f->layer));
  oakum_report_set(object, "SeveritySource", f->severity_by);
  json_object_set_new(object, "PrimaryURL", oakum_sbom_text(id.url));
  for (guint i = 0; f->records && i < f->records->len; i++) {
    const OakumFindingRecord *r = f->records->pdata[i];
    if (!r->decided)
      continue;
    oakum_report_set(source, "ID", r->feed);
    oakum_report_set(source, "Name", r->part && *r->part ? r->part : r->feed);
    break;
  }
  json_object_set_new(object, "DataSource", source);
  json_object_set_new(object, "Fingerprint", oakum_sbom_text(fingerprint));
  oakum_report_set(object, "Title", f->title);
  oakum_report_set(object, "Description", f->title);
  json_object_set_new(object, "Severity", json_string(severities[f->severity]));
  if (f->cvss_vector) {
    json_t *cvss = json_object(), *one = json_object();
    gboolean four = g_str_has_prefix(f->cvss_vector, "CVSS:4"),
             three = g_str_has_prefix(f->cvss_vector, "CVSS:3");
    json_object_set_new(one,
                        four    ? "V40Vector"
                        : three ? "V3Vector"
                                : "V2Vector",
                        oakum_sbom_text(f->cvss_vector));
    json_object_set_new(one,
                        four    ? "V40Score"
                        : three ? "V3Score"
                                : "V2Score",
                        json_real(oakum_report_tenth(f->cvss)));
    json_object_set_new(cvss, "oakum", one);
    json_object_set_new(object, "CVSS", cvss);
  }
  json_array_append_new(references, oakum_sbom_text(id.url));
  json_object_set_new(object, "References", references);
  return object;
}

typedef struct {
  json_t *object, *packages, *vulnerabilities;
} Group;

static Group *group_of(GHashTable *groups, json_t *results, const OakumResult *result,
                       const OakumPackage *p)
{
  g_autofree char *key = group_key(p);
  Group *group = g_hash_table_lookup(groups, key);
  if (group)
    return group;
  const OakumDistro *distro = &result->catalog->distro;
  gboolean os = oakum_report_of_system(p);
  const char *path = strchr(key, '\n');
  g_autofree char *target = os ? g_strdup_printf("%s (%s %s)", result->target, family(distro),
                                                 distro->version ? distro->version : "")
                            : path && path[1] ? g_strdup(path + 1)
                                              : NULL;
  for (size_t i = 0; !target && i < G_N_ELEMENTS(kinds); i++)
    if (strcmp(kinds[i].type, p->type) == 0)
      target = g_strdup(kinds[i].target);
  group = g_new0(Group, 1);
  *group = (Group){json_object(), json_array(), json_array()};
  g_autofree char *safe = oakum_report_trivy_path(target ? target : p->type);
  json_object_set_new(group->object, "Target", oakum_sbom_text(safe));
  json_object_set_new(group->object, "Class", json_string(os ? "os-pkgs" : "lang-pkgs"));
  json_object_set_new(group->object, "Type",
                      oakum_sbom_text(os ? family(distro) : kind_name(p->type)));
  json_object_set_new(group->object, "Packages", group->packages);
  json_array_append_new(results, group->object);
  g_hash_table_insert(groups, g_steal_pointer(&key), group);
  return group;
}

static void group_end(gpointer data)
{
  Group *group = data;
  if (json_array_size(group->vulnerabilities) > 0)
    json_object_set(group->object, "Vulnerabilities", group->vulnerabilities);
  json_decref(group->vulnerabilities);
  g_free(group);
}

static json_t *metadata(const OakumDistro *distro, gboolean ended)
{
  json_t *object = json_object();
  if (!distro->id)
    return object;
  json_t *os = json_object();
  json_object_set_new(os, "Family", oakum_sbom_text(family(distro)));
  oakum_report_set(os, "Name", distro->version);
  if (ended)
    json_object_set_new(os, "EOSL", json_true());
  json_object_set_new(object, "OS", os);
  return object;
}

char *oakum_report_trivy(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  json_t *json = json_object(), *results = json_array(), *tool = json_object();
  g_autoptr(GHashTable) index = oakum_report_index(result);
  g_autoptr(GPtrArray) holes = oakum_report_holes(result);
  GHashTable *groups = oakum_str_map_new(g_free, group_end);
  gboolean ended = FALSE;
  for (guint i = 0; i < result->findings->len; i++)
    ended |= ((const OakumFinding *)result->findings->pdata[i])->kind == OAKUM_FINDING_EOL;
  for (int system = 1; system >= 0; system--) /* the system's stand first */
    for (guint i = 0; i < result->catalog->packages->len; i++) {
      const OakumPackage *p = result->catalog->packages->pdata[i];
      if (oakum_report_of_system(p) == system)
        json_array_append_new(group_of(groups, results, result, p)->packages, package(p));
    }
  for (guint i = 0; i < holes->len; i++) {
    const OakumPackage *p = oakum_report_package(index, holes->pdata[i]);
    if (p)
      json_array_append_new(group_of(groups, results, result, p)->vulnerabilities,
                            vulnerability(holes->pdata[i], p));
  }
  g_hash_table_unref(groups);
  oakum_report_trivy_observed(result, results);
  gboolean files = g_str_has_prefix(result->target, "rootfs:");
  json_object_set_new(json, "SchemaVersion", json_integer(2));
  json_object_set_new(tool, "Version", json_string("oakum-" OAKUM_VERSION));
  json_object_set_new(json, "Trivy", tool);
  json_object_set_new(json, "CreatedAt", json_string(oakum_report_time(result)));
  json_object_set_new(json, "ArtifactName", oakum_sbom_text(result->target));
  json_object_set_new(json, "ArtifactType",
                      json_string(files                                       ? "filesystem"
                                  : g_str_has_prefix(result->target, "sbom:") ? "cyclonedx"
                                                                              : "container_image"));
  json_object_set_new(json, "Metadata", metadata(&result->catalog->distro, ended));
  json_object_set_new(json, "Results", results);
  return oakum_report_dump(json);
}
