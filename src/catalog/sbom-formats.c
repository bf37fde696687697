/* What each format of bills of materials calls things. */
#include "catalog/sbom-private.h"
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

/* ---- CycloneDX (ECMA-424), also with the properties of trivy, syft, and ours
 * --------------------- */
/* The value of the property `name`; NULL. */
static const char *property(const json_t *component, const char *name)
{
  size_t i;
  const json_t *row;
  json_array_foreach(json_object_get(component, "properties"), i,
                     row) if (g_strcmp0(text_of(row, "name"), name) == 0) return text_of(row,
                                                                                         "value");
  return NULL;
}

static const char *first_property(const json_t *component, const char *const *names)
{
  const char *found = NULL;
  for (; *names && !found; names++)
    found = property(component, *names);
  return found;
}

static char *cyclonedx_licenses(const json_t *component)
{
  GString *all = g_string_new(NULL);
  size_t i;
  const json_t *row;
  json_array_foreach(json_object_get(component, "licenses"), i, row)
  {
    const json_t *license = json_object_get(row, "license");
    const char *one = text_of(row, "expression");
    one = one ? one : text_of(license, "id");
    one = one ? one : text_of(license, "name");
    if (one)
      g_string_append_printf(all, "%s%s", all->len ? " AND " : "", one);
  }
  return g_string_free(all, all->len == 0);
}

/* trivy tells parts of the version of a source apart. */
static char *source_version(const json_t *component)
{
  static const char *const whole[] = {"oakum:source:version", "syft:metadata:sourceVersion", NULL};
  const char *version = first_property(component, whole);
  if (version)
    return g_strdup(version);
  const char *epoch = property(component, "aquasecurity:trivy:SrcEpoch"),
             *release = property(component, "aquasecurity:trivy:SrcRelease");
  version = property(component, "aquasecurity:trivy:SrcVersion");
  return version ? g_strdup_printf("%s%s%s%s%s", epoch ? epoch : "", epoch ? ":" : "", version,
                                   release ? "-" : "", release ? release : "")
                 : NULL;
}

static void cyclonedx_component(const json_t *component, const OakumCatalogFile *file,
                                OakumCatalogSink *sink)
{
  static const char *const sources[] = {"oakum:source:name", "aquasecurity:trivy:SrcName",
                                        "syft:metadata:source", "syft:metadata:originPackage",
                                        NULL},
                           *const modules[] = {"oakum:module", "aquasecurity:trivy:Modularitylabel",
                                               "syft:metadata:modularityLabel", NULL},
                           *const paths[] = {"aquasecurity:trivy:FilePath", "syft:location:0:path",
                                             NULL};
  const char *type = text_of(component, "type");
  if (g_strcmp0(type, "operating-system") == 0) {
    const char *pretty = text_of(component, "description");
    oakum_sbom_distro(sink, file, text_of(component, "name"), text_of(component, "version"),
                      pretty);
    return;
  }
  g_autofree char *license = cyclonedx_licenses(component), *version = source_version(component);
  const json_t *seen =
      json_array_get(json_object_get(json_object_get(component, "evidence"), "occurrences"), 0);
  const char *path = text_of(seen, "location"), *maintainer = text_of(component, "publisher");
  OakumSbomPackage said = {.name = text_of(component, "name"),
                           .version = text_of(component, "version"),
                           .purl = text_of(component, "purl"),
                           .cpe = text_of(component, "cpe"),
                           .license = license,
                           .maintainer = maintainer,
                           .arch = property(component, "oakum:arch"),
                           .source_name = first_property(component, sources),
                           .source_version = version,
                           .module = first_property(component, modules),
                           .owner = property(component, "oakum:owner"),
                           .path = path ? path : first_property(component, paths),
                           .guessed = property(component, "oakum:guessed") != NULL};
  oakum_sbom_add(sink, file, &said);
}

/* Components hold components; the JSON is no deeper than OAKUM_JSON_DEPTH_MAX. */
static void cyclonedx_components(const json_t *holder, const OakumCatalogFile *file,
                                 OakumCatalogSink *sink)
{
  g_autoptr(GPtrArray) todo = g_ptr_array_new();
  g_ptr_array_add(todo, (gpointer)holder);
  for (guint next = 0; next < todo->len; next++) {
    size_t i;
    const json_t *component;
    json_array_foreach(json_object_get(todo->pdata[next], "components"), i, component)
    {
      cyclonedx_component(component, file, sink);
      g_ptr_array_add(todo, (gpointer)component);
    }
  }
}

/* What another tool of ours could not judge is not judged by reading of it. */
static void cyclonedx_incomplete(const json_t *json, const OakumCatalogFile *file,
                                 OakumCatalogSink *sink)
{
  size_t i;
  const json_t *row;
  json_array_foreach(json_object_get(json, "properties"), i,
                     row) if (g_strcmp0(text_of(row, "name"), "oakum:incomplete") == 0 &&
                              text_of(row, "value"))
      oakum_catalog_sink_incomplete(sink, file, "incomplete-sbom", text_of(row, "value"));
}

void oakum_sbom_cyclonedx(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  const json_t *top = json_object_get(json_object_get(json, "metadata"), "component");
  cyclonedx_components(json, file, sink);
  if (top) {
    cyclonedx_components(top, file, sink);
    cyclonedx_component(top, file, sink); /* an application is a package, too */
  }
  cyclonedx_incomplete(json, file, sink);
}

/* ---- SPDX 2 (clauses 7, 10, 11)
 * ------------------------------------------------------------------- */
typedef struct {
  char *name, *version, *purpose, *license, *supplier, *info, *purl, *cpe;
} SpdxPackage;

static void spdx_clear(SpdxPackage *p)
{
  g_free(p->name);
  g_free(p->version);
  g_free(p->purpose);
  g_free(p->license);
  g_free(p->supplier);
  g_free(p->info);
  g_free(p->purl);
  g_free(p->cpe);
  *p = (SpdxPackage){0};
}

/* "…built from NAME VERSION;" of ours, "built package from: NAME VERSION" of trivy. */
static void spdx_source(const char *info, char **name, char **version)
{
  static const char *const marks[] = {"built from ", "built package from: "};
  const char *at = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(marks) && info && !at; i++)
    if ((at = strstr(info, marks[i])))
      at += strlen(marks[i]);
  if (!at)
    return;
  size_t n = strcspn(at, " ;");
  *name = g_strndup(at, n);
  if (at[n] == ' ')
    *version = g_strndup(at + n + 1, strcspn(at + n + 1, " ;"));
}

/* "… by PATH" of ours, "…: PATH" of syft, up to what comes behind. */
static char *spdx_path(const char *info)
{
  static const char *const marks[] = {" by ", "info from "};
  const char *at = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(marks) && info && !at; i++)
    if ((at = strstr(info, marks[i])))
      at += strlen(marks[i]);
  if (at && strstr(info, "info from ")) {
    const char *colon = strstr(at, ": ");
    at = colon ? colon + 2 : NULL;
  }
  return at ? g_strndup(at, strcspn(at, ",;")) : NULL;
}

static const char *said_or_null(const char *text)
{
  return text && strcmp(text, "NOASSERTION") != 0 && strcmp(text, "NONE") != 0 ? text : NULL;
}

/* "Organization: Name (mail)" to "Name <mail>". */
static char *spdx_supplier(const char *text)
{
  const char *said = said_or_null(text), *colon = said ? strchr(said, ':') : NULL;
  if (!colon)
    return g_strdup(said);
  g_autofree char *name = g_strstrip(g_strdup(colon + 1));
  size_t n = strlen(name);
  char *mail = n > 1 && name[n - 1] == ')' ? strrchr(name, '(') : NULL;
  if (!mail || mail == name)
    return g_steal_pointer(&name);
  name[n - 1] = '\0';
  *mail = '\0';
  return g_strdup_printf("%s<%s>", name, mail + 1);
}

static void spdx_add(const SpdxPackage *p, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  if (p->purpose && (strcmp(p->purpose, "OPERATING_SYSTEM") == 0 ||
                     strcmp(p->purpose, "OPERATING-SYSTEM") == 0)) {
    oakum_sbom_distro(sink, file, p->name, p->version, NULL);
    return;
  }
  g_autofree char *source = NULL, *source_version = NULL, *path = spdx_path(p->info),
                  *supplier = spdx_supplier(p->supplier);
  spdx_source(p->info, &source, &source_version);
  OakumSbomPackage said = {.name = p->name,
                           .version = p->version,
                           .purl = p->purl,
                           .cpe = p->cpe,
                           .license = said_or_null(p->license),
                           .maintainer = supplier,
                           .source_name = source,
                           .source_version = source_version,
                           .path = path,
                           .guessed = p->info && strstr(p->info, "guessed from") != NULL};
  oakum_sbom_add(sink, file, &said);
}

static void spdx_reference(SpdxPackage *p, const char *type, const char *locator)
{
  char **slot = g_strcmp0(type, "purl") == 0        ? &p->purl
                : g_strcmp0(type, "cpe23Type") == 0 ? &p->cpe
                                                    : NULL;
  if (slot && !*slot)
    *slot = g_strdup(locator);
}

/* The texts of licenses that are no expressions. */
static GHashTable *spdx_licenses(const json_t *json)
{
  GHashTable *texts = oakum_str_map_new(NULL, NULL);
  size_t i;
  const json_t *row;
  json_array_foreach(json_object_get(json, "hasExtractedLicensingInfos"), i,
                     row) if (text_of(row, "licenseId") && text_of(row, "extractedText"))
      g_hash_table_replace(texts, (gpointer)text_of(row, "licenseId"),
                           (gpointer)text_of(row, "extractedText"));
  return texts;
}

void oakum_sbom_spdx(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  g_autoptr(GHashTable) licenses = spdx_licenses(json);
  size_t i, j;
  const json_t *package, *reference;
  json_array_foreach(json_object_get(json, "packages"), i, package)
  {
    const char *license = text_of(package, "licenseDeclared"),
               *told = license ? g_hash_table_lookup(licenses, license) : NULL;
    SpdxPackage p = {.name = g_strdup(text_of(package, "name")),
                     .version = g_strdup(text_of(package, "versionInfo")),
                     .purpose = g_strdup(text_of(package, "primaryPackagePurpose")),
                     .license = g_strdup(told ? told : license),
                     .supplier = g_strdup(text_of(package, "supplier")),
                     .info = g_strdup(text_of(package, "sourceInfo"))};
    json_array_foreach(json_object_get(package, "externalRefs"), j, reference) spdx_reference(
        &p, text_of(reference, "referenceType"), text_of(reference, "referenceLocator"));
    spdx_add(&p, file, sink);
    spdx_clear(&p);
  }
}

/* The value of a tag; one in <text> may go on over lines, and *rest behind it. */
static char *tag_value(OakumSlice value, OakumSlice *rest)
{
  static const char begin[] = "<text>", end[] = "</text>";
  if (!oakum_slice_begins(value, begin))
    return g_strndup((const char *)value.data, value.len);
  /* in one piece with what follows */
  OakumSlice all = {value.data + strlen(begin),
                    (size_t)(rest->data + rest->len - value.data) - strlen(begin)};
  size_t at;
  if (!oakum_slice_find(all, end, &at))
    at = all.len;
  const uint8_t *behind = all.data + MIN(all.len, at + strlen(end));
  if (behind > rest->data) {
    rest->len -= (size_t)(behind - rest->data);
    rest->data = behind;
  }
  return g_strndup((const char *)all.data, at);
}

void oakum_sbom_tag_value(OakumSlice text, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  __attribute__((cleanup(spdx_clear))) SpdxPackage p = {0};
  OakumSlice rest = text, line;
  while (oakum_catalog_line(&rest, &line)) {
    OakumSlice value, tag = oakum_slice_strip(oakum_slice_cut(line, ':', &value));
    if (tag.len == 0 || *tag.data == '#' || value.len == 0)
      continue;
    g_autofree char *said = tag_value(oakum_slice_strip(value), &rest);
    char **slot = oakum_slice_is(tag, "PackageVersion")           ? &p.version
                  : oakum_slice_is(tag, "PrimaryPackagePurpose")  ? &p.purpose
                  : oakum_slice_is(tag, "PackageLicenseDeclared") ? &p.license
                  : oakum_slice_is(tag, "PackageSupplier")        ? &p.supplier
                  : oakum_slice_is(tag, "PackageSourceInfo")      ? &p.info
                                                                  : NULL;
    if (oakum_slice_is(tag, "PackageName")) {
      if (p.name)
        spdx_add(&p, file, sink);
      spdx_clear(&p);
      p.name = g_steal_pointer(&said);
    } else if (oakum_slice_is(tag, "ExternalRef")) {
      g_auto(GStrv) parts = g_strsplit(said, " ", 3);
      if (g_strv_length(parts) == 3)
        spdx_reference(&p, parts[1], parts[2]);
    } else if (slot) {
      g_free(*slot);
      *slot = g_steal_pointer(&said);
    }
  }
  if (p.name)
    spdx_add(&p, file, sink);
}

/* ---- SPDX 3 (software profile, JSON-LD serialisation)
 * --------------------------------------------- */
void oakum_sbom_spdx3(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  size_t i, j;
  const json_t *element, *id;
  json_array_foreach(json_object_get(json, "@graph"), i, element)
  {
    const char *type = text_of(element, "type");
    if (g_strcmp0(type, "software_Package") != 0)
      continue;
    const char *purpose = text_of(element, "software_primaryPurpose"), *version,
               *purl = text_of(element, "software_packageUrl"), *cpe = NULL;
    version = text_of(element, "software_packageVersion");
    if (g_strcmp0(purpose, "operatingSystem") == 0) {
      oakum_sbom_distro(sink, file, text_of(element, "name"), version, text_of(element, "summary"));
      continue;
    }
    json_array_foreach(json_object_get(element, "externalIdentifier"), j, id)
    {
      const char *kind = text_of(id, "externalIdentifierType");
      if (g_strcmp0(kind, "packageUrl") == 0 && !purl)
        purl = text_of(id, "identifier");
      if (g_strcmp0(kind, "cpe23") == 0 && !cpe)
        cpe = text_of(id, "identifier");
    }
    OakumSbomPackage said = {
        .name = text_of(element, "name"), .version = version, .purl = purl, .cpe = cpe};
    oakum_sbom_add(sink, file, &said);
  }
}

/* ---- syft's own (schema/json of that project)
 * ----------------------------------------------------- */
void oakum_sbom_syft(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  const json_t *distro = json_object_get(json, "distro"), *artifact;
  size_t i;
  oakum_sbom_distro(sink, file, text_of(distro, "id"), text_of(distro, "versionID"),
                    text_of(distro, "prettyName"));
  json_array_foreach(json_object_get(json, "artifacts"), i, artifact)
  {
    const json_t *metadata = json_object_get(artifact, "metadata"),
                 *cpe = json_array_get(json_object_get(artifact, "cpes"), 0),
                 *place = json_array_get(json_object_get(artifact, "locations"), 0);
    const char *source = text_of(metadata, "source");
    g_autofree char *license = oakum_json_license(json_object_get(artifact, "licenses"), "value");
    if (!source || !*source)
      source = text_of(metadata, "originPackage");
    const char *version = text_of(metadata, "sourceVersion"), *purl = text_of(artifact, "purl");
    OakumSbomPackage said = {
        .name = text_of(artifact, "name"),
        .version = text_of(artifact, "version"),
        .purl = purl && *purl ? purl : NULL,
        /* it guesses CPEs for everything: only what has no better name is known by one */
        .cpe = purl && *purl && !g_str_has_prefix(purl, "pkg:generic/") ? NULL
               : json_is_string(cpe)                                    ? json_string_value(cpe)
                                                                        : text_of(cpe, "cpe"),
        .license = license,
        .maintainer = text_of(metadata, "maintainer"),
        .source_name = source && *source ? source : NULL,
        .source_version = version && *version ? version : NULL,
        .module = text_of(metadata, "modularityLabel"),
        .path = text_of(place, "path")};
    oakum_sbom_add(sink, file, &said);
  }
}
