/* Bills of materials that lie in an image: SPDX 2 and CycloneDX, as JSON. What they say of packages
 * of the system is left to its database. */
#include "catalog/os-private.h"
#include <string.h>

/* ---- package-urls
 * ------------------------------------------------------------------------------- */
static char *unescape(const char *text, size_t len)
{
  g_autofree char *part = g_strndup(text, len);
  char *plain = g_uri_unescape_string(part, NULL);
  return plain ? plain : g_strdup("");
}

gboolean oakum_purl_parse(const char *purl, OakumPackage *out)
{
  if (!g_str_has_prefix(purl, "pkg:") || strlen(purl) > 4 * OAKUM_CATALOG_VALUE_MAX)
    return FALSE;
  const char *at = purl + 4 + strspn(purl + 4, "/");
  size_t whole = strcspn(at, "?#"), type = strcspn(at, "/");
  if (type == 0 || type >= whole)
    return FALSE;
  const char *rest = at + type + 1, *end = at + whole, *version = NULL, *slash = NULL;
  for (const char *c = rest; c < end; c++) {
    if (*c == '@' && c > rest && c[-1] != '/')
      version = c; /* an unescaped scope ("@angular/core") begins a component */
    if (*c == '/' && !version)
      slash = c;
  }
  const char *name = slash ? slash + 1 : rest, *name_end = version ? version : end;
  if (name >= name_end)
    return FALSE;
  g_free(out->type);
  g_autofree char *kind = g_strndup(at, type);
  out->type = g_ascii_strdown(kind, -1);
  g_free(out->name);
  out->name = unescape(name, (size_t)(name_end - name));
  g_free(out->version);
  out->version = version ? unescape(version + 1, (size_t)(end - version - 1)) : g_strdup("");
  g_free(out->space);
  out->space = slash ? unescape(rest, (size_t)(slash - rest)) : NULL;
  if (strcmp(out->type, "golang") == 0 && out->space) { /* the module's whole path is its name */
    char *joined = g_strconcat(out->space, "/", out->name, NULL);
    g_free(out->name);
    out->name = joined;
    g_clear_pointer(&out->space, g_free);
  }
  const char *arch = *end == '?' ? strstr(end, "arch=") : NULL;
  g_free(out->arch);
  out->arch = arch && (arch[-1] == '?' || arch[-1] == '&')
                  ? unescape(arch + 5, strcspn(arch + 5, "&#"))
                  : NULL;
  return TRUE;
}

/* ---- packages
 * ----------------------------------------------------------------------------------- */
static gboolean is_systems(const char *type)
{
  static const char *const types[] = {"deb", "apk", "rpm", "alpm", "oci", "docker", NULL};
  return g_strv_contains(types, type);
}

static void add(OakumCatalogSink *sink, const OakumCatalogFile *file, OakumSlice purl,
                OakumSlice name, OakumSlice version, OakumSlice cpe, OakumSlice license)
{
  OakumPackage said = {0};
  g_autofree char *text = oakum_catalog_value(purl);
  gboolean known = oakum_purl_parse(text, &said);
  if ((known && !is_systems(said.type)) || (!known && cpe.len > 0 && name.len > 0)) {
    OakumPackage *package =
        known ? oakum_catalog_sink_package(sink, file, said.type, oakum_slice_of(said.name),
                                           *said.version ? oakum_slice_of(said.version) : version)
              : oakum_catalog_sink_package(sink, file, "generic", name, version);
    package->space = g_steal_pointer(&said.space);
    package->arch = g_steal_pointer(&said.arch);
    oakum_package_say(&package->cpe, cpe);
    if (!oakum_slice_is(license, "NOASSERTION") && !oakum_slice_is(license, "NONE"))
      oakum_package_say(&package->license, license);
  }
  g_free(said.type);
  g_free(said.name);
  g_free(said.version);
  g_free(said.space);
  g_free(said.arch);
}

static void read_spdx(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  size_t i, j;
  const json_t *package, *ref;
  json_array_foreach(json_object_get(json, "packages"), i, package)
  {
    OakumSlice purl = {NULL, 0}, cpe = {NULL, 0};
    json_array_foreach(json_object_get(package, "externalRefs"), j, ref)
    {
      OakumSlice kind = oakum_json_slice(ref, "referenceType");
      if (oakum_slice_is(kind, "purl"))
        purl = oakum_json_slice(ref, "referenceLocator");
      else if (oakum_slice_is(kind, "cpe23Type"))
        cpe = oakum_json_slice(ref, "referenceLocator");
    }
    add(sink, file, purl, oakum_json_slice(package, "name"),
        oakum_json_slice(package, "versionInfo"), cpe,
        oakum_json_slice(package, "licenseDeclared"));
  }
}

/* Components in components; how deep is bounded by how deep JSON may be. */
static void read_cyclonedx(json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  g_autoptr(GPtrArray) stack = g_ptr_array_new();
  g_ptr_array_add(stack, json_object_get(json, "components"));
  json_t *main_part = json_object_get(json_object_get(json, "metadata"), "component");
  while (stack->len > 0 || main_part) {
    json_t *one, *list = stack->len ? g_ptr_array_steal_index_fast(stack, stack->len - 1) : NULL;
    size_t n = list ? json_array_size(list) : 1;
    for (size_t i = 0; i < n; i++) {
      one = list ? json_array_get(list, i) : main_part;
      json_t *below = json_object_get(one, "components");
      g_autofree char *license = oakum_json_license(json_object_get(one, "licenses"), "expression");
      add(sink, file, oakum_json_slice(one, "purl"), oakum_json_slice(one, "name"),
          oakum_json_slice(one, "version"), oakum_json_slice(one, "cpe"),
          oakum_slice_of(license ? license : ""));
      if (below)
        g_ptr_array_add(stack, below);
    }
    if (!list)
      main_part = NULL;
  }
}

gboolean oakum_sbom_read(json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  if (json_object_get(json, "spdxVersion"))
    read_spdx(json, file, sink);
  else if (oakum_slice_is(oakum_json_slice(json, "bomFormat"), "CycloneDX"))
    read_cyclonedx(json, file, sink);
  else
    return FALSE;
  return TRUE;
}

static gboolean sbom_wants(const OakumCatalogEntry *entry)
{
  static const char *const ends[] = {".spdx.json", ".cdx.json", ".cyclonedx.json", ".spdx", ".cdx"};
  if (g_str_has_prefix(entry->path, "var/lib/db/sbom/"))
    return FALSE; /* apk's own: one a package, which its database lists */
  if (strcmp(entry->base, "bom.json") == 0 || strcmp(entry->base, "sbom.json") == 0)
    return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
    if (g_str_has_suffix(entry->base, ends[i]))
      return TRUE;
  return FALSE;
}

static gboolean sbom_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  uint8_t head[64] = {0};
  uint64_t size = oakum_catalog_file_size(file);
  if (!oakum_catalog_file_read(file, 0, head, (size_t)MIN(size, sizeof(head)), error))
    return FALSE;
  OakumSlice first = oakum_slice_strip((OakumSlice){head, (size_t)MIN(size, sizeof(head))});
  if (oakum_slice_begins(first, "SPDXVersion:")) {
    oakum_catalog_sink_incomplete(sink, file, "unknown-format",
                                  "SPDX as tag and value is not read inside of an image");
    return TRUE;
  }
  if (first.len == 0 || first.data[0] != '{')
    return TRUE;
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_DOCUMENT_MAX, error);
  if (!json)
    return FALSE;
  (void)!oakum_sbom_read(json, file, sink); /* a name says little: neither is no damage */
  return TRUE;
}

const OakumCataloguer oakum_cataloguers_sbom[] = {{"sbom", 1, sbom_wants, sbom_run, FALSE}, {0}};
