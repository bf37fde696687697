/* Bills of materials: which format it is, and what they all have in common. */
#include "catalog/sbom-private.h"
#include <string.h>

static gboolean is_os(const char *type)
{
  static const char *const types[] = {"deb", "apk", "rpm", "alpm", "opkg", "ebuild", NULL};
  return g_strv_contains(types, type);
}

/* The document is what is looked at, and no file that an image brought: there, packages of the
 * system are left to its database. */
static gboolean is_document(const OakumCatalogFile *file)
{
  return strcmp(oakum_catalog_file_path(file), OAKUM_SBOM_DOCUMENT) == 0;
}

static OakumSlice slice(const char *text)
{
  return text ? oakum_slice_of(text) : (OakumSlice){NULL, 0};
}

/* "name@version" or "name", as a qualifier of purls and as rpm's name of a source package. */
static void take_upstream(OakumPackage *package, const char *upstream)
{
  if (!upstream || package->source_name)
    return;
  g_clear_pointer(&package->source_version, g_free); /* a version of no name */
  const char *at = strrchr(upstream, '@');
  size_t n = strlen(upstream);
  if (g_str_has_suffix(upstream, ".src.rpm")) { /* name-version-release.src.rpm */
    g_autofree char *whole = g_strndup(upstream, n - strlen(".src.rpm"));
    char *release = strrchr(whole, '-');
    if (release)
      *release = '\0';
    char *version = release ? strrchr(whole, '-') : NULL;
    if (!version)
      return;
    *version = '\0';
    package->source_name = g_strdup(whole);
    package->source_version = g_strdup_printf("%s-%s", version + 1, release + 1);
    return;
  }
  package->source_name =
      at && at != upstream ? g_strndup(upstream, (gsize)(at - upstream)) : g_strdup(upstream);
  package->source_version = at && at != upstream ? g_strdup(at + 1) : NULL;
}

static void own(OakumPackage *package, const char *owner)
{
  g_auto(OakumPurl) purl = {0};
  if (owner && oakum_purl_parse(owner, &purl))
    package->owner = g_strdup_printf("%s/%s", purl.type, purl.name);
}

/* The name in the document's own spelling, when the purl has only lost that of its letters. */
static const char *spelled(const OakumSbomPackage *said, const OakumPurl *purl)
{
  return said->name && g_ascii_strcasecmp(said->name, purl->name) == 0 ? said->name : purl->name;
}

static char *name_of(const OakumSbomPackage *said, const OakumPurl *purl)
{
  if (strcmp(purl->type, "golang") == 0 && purl->space) /* the path of a module is one name */
    return g_strconcat(purl->space, "/", purl->name, NULL);
  if (strcmp(purl->type, "pypi") == 0 && said->name)
    return g_strdup(said->name); /* '-' and '_' are one there */
  return g_strdup(spelled(said, purl));
}

static void fill(OakumPackage *package, const OakumSbomPackage *said, const OakumPurl *purl)
{
  const char *arch = g_hash_table_lookup(purl->qualifiers, "arch"),
             *module = g_hash_table_lookup(purl->qualifiers, "rpmmod");
  if (!module)
    module = g_hash_table_lookup(purl->qualifiers, "modularitylabel");
  /* the namespace of packages of an OS is the distribution, which is told of all */
  if (purl->space && strcmp(purl->type, "golang") != 0 && !is_os(purl->type))
    package->space = g_strdup(purl->space);
  oakum_package_say(&package->arch, slice(said->arch ? said->arch : arch));
  oakum_package_say(&package->module, slice(said->module ? said->module : module));
  oakum_package_say(&package->license, slice(said->license));
  oakum_package_say(&package->maintainer, slice(said->maintainer));
  oakum_package_say(&package->cpe, slice(said->cpe));
  oakum_package_say(&package->source_name, slice(said->source_name));
  oakum_package_say(&package->source_version, slice(said->source_version));
  take_upstream(package, g_hash_table_lookup(purl->qualifiers, "upstream"));
  if (package->source_name && !package->source_version)
    package->source_version = g_strdup(package->version);
  own(package, said->owner);
  package->guessed = said->guessed;
  if (said->path && *said->path)
    g_ptr_array_add(package->paths,
                    oakum_escape_utf8(*said->path == '/' ? said->path + 1 : said->path, -1));
}

void oakum_sbom_add(OakumCatalogSink *sink, const OakumCatalogFile *file,
                    const OakumSbomPackage *said)
{
  g_auto(OakumPurl) purl = {0};
  if (!said->purl || !oakum_purl_parse(said->purl, &purl)) {
    oakum_purl_clear(&purl);
    if (!said->cpe || !said->name)
      return;
    purl = (OakumPurl){.type = g_strdup("generic"),
                       .name = g_strdup(said->name),
                       .qualifiers = oakum_str_map_new(g_free, g_free)};
  }
  gboolean image = strcmp(purl.type, "oci") == 0 || strcmp(purl.type, "docker") == 0;
  if (image || (!is_document(file) && is_os(purl.type)))
    return;
  const char *epoch = g_hash_table_lookup(purl.qualifiers, "epoch"),
             *version = purl.version    ? purl.version
                        : said->version ? said->version
                                        : "";
  g_autofree char *whole = epoch && strcmp(purl.type, "rpm") == 0 && !strchr(version, ':')
                               ? g_strdup_printf("%s:%s", epoch, version)
                               : g_strdup(version);
  g_autofree char *name = name_of(said, &purl);
  const char *type = strcmp(purl.type, "ebuild") == 0 ? "portage" : purl.type;
  OakumPackage *package = oakum_catalog_sink_package(sink, file, type, slice(name), slice(whole));
  fill(package, said, &purl);
}

void oakum_sbom_distro(OakumCatalogSink *sink, const OakumCatalogFile *file, const char *id,
                       const char *version, const char *pretty)
{
  if (!id || !*id || !is_document(file))
    return;
  oakum_catalog_sink_fact(sink, file, "ID", slice(id));
  if (version && *version)
    oakum_catalog_sink_fact(sink, file, "VERSION_ID", slice(version));
  if (pretty && *pretty)
    oakum_catalog_sink_fact(sink, file, "PRETTY_NAME", slice(pretty));
}

static gboolean unknown(GError **error)
{
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_UNSUPPORTED,
              "no bill of materials of a known format");
  return FALSE;
}

static gboolean has_text(const json_t *json, const char *key, const char *begin)
{
  const char *text = json_string_value(json_object_get(json, key));
  return text && g_str_has_prefix(text, begin);
}

static gboolean read_json(OakumSlice text, OakumCatalogFile *file, OakumCatalogSink *sink,
                          GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json_bytes(text, error);
  if (!json)
    return FALSE;
  if (has_text(json, "bomFormat", "CycloneDX"))
    oakum_sbom_cyclonedx(json, file, sink);
  else if (has_text(json, "spdxVersion", "SPDX-2."))
    oakum_sbom_spdx(json, file, sink);
  else if (json_is_array(json_object_get(json, "@graph")))
    oakum_sbom_spdx3(json, file, sink);
  else if (json_is_array(json_object_get(json, "artifacts")))
    oakum_sbom_syft(json, file, sink);
  else
    return unknown(error);
  return TRUE;
}

gboolean oakum_catalog_sbom_read(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text;
  if (!oakum_catalog_file_text(file, OAKUM_SBOM_MAX, &text, error))
    return FALSE;
  OakumSlice begin = oakum_slice_strip(text);
  if (oakum_slice_begins(begin, "{") || oakum_slice_begins(begin, "\xef\xbb\xbf{"))
    return read_json(text, file, sink, error);
  size_t at;
  if (oakum_slice_find((OakumSlice){begin.data, MIN(begin.len, 4096)}, "SPDXVersion:", &at))
    oakum_sbom_tag_value(text, file, sink);
  else
    return unknown(error);
  return TRUE;
}

/* ---- a document by itself, as "sbom:FILE"
 * --------------------------------------------------------- */
static gboolean wants_document(const OakumCatalogEntry *entry)
{
  return strcmp(entry->path, OAKUM_SBOM_DOCUMENT) == 0;
}

/* ---- documents in an image: of Bitnami, of GraalVM's builds, of who made it
 * ------------------------ */
static gboolean wants_embedded(const OakumCatalogEntry *entry)
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

/* A name says little: one that is of no known format is no damage. */
static gboolean run_embedded(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  g_autoptr(GError) local = NULL;
  if (oakum_catalog_sbom_read(file, sink, &local) ||
      g_error_matches(local, OAKUM_CATALOG_ERROR, OAKUM_ERROR_UNSUPPORTED))
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

const OakumCataloguer oakum_sbom_cataloguers[] = {
    {"sbom-document", 1, wants_document, oakum_catalog_sbom_read, .whole = TRUE},
    {"sbom", 1, wants_embedded, run_embedded, .whole = TRUE},
    {0}};
