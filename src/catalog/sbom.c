/* Bills of materials: which format it is, and what they all have in common. */
#include "catalog/sbom-private.h"
#include <string.h>

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

/* The name in the document's own spelling, when the purl has only lost that of its letters: those
 * of Go have small ones alone, and github.com/Masterminds/goutils is no other module. */
static const char *spelled(const OakumSbomPackage *said, const char *name)
{
  return said->name && g_ascii_strcasecmp(said->name, name) == 0 ? said->name : name;
}

static gboolean is_ebuild(const OakumPurl *purl)
{
  return strcmp(purl->type, "ebuild") == 0;
}

static char *name_of(const OakumSbomPackage *said, const OakumPurl *purl)
{
  if (strcmp(purl->type, "golang") == 0 && purl->space) { /* the path of a module is one name */
    g_autofree char *path = g_strconcat(purl->space, "/", purl->name, NULL);
    return g_strdup(spelled(said, path));
  }
  if (is_ebuild(purl) && purl->space) { /* the category: pkg:ebuild/dev-libs/openssl */
    const char *category = g_str_has_prefix(purl->space, "gentoo/")
                               ? purl->space + strlen("gentoo/")
                           : strcmp(purl->space, "gentoo") == 0 ? NULL
                                                                : purl->space;
    return category ? g_strconcat(category, "/", purl->name, NULL) : g_strdup(purl->name);
  }
  /* '-' and '_' are one there, so the document's own name is nearer to what the package is called,
   * unless it is another one: a title, or a part of the package */
  if (strcmp(purl->type, "pypi") == 0 && said->name) {
    g_autofree char *told = oakum_ecosystem_package("PyPI", said->name),
                    *named = oakum_ecosystem_package("PyPI", purl->name);
    if (strcmp(told, named) == 0)
      return g_strdup(said->name);
  }
  return g_strdup(spelled(said, purl->name));
}

static void fill(OakumPackage *package, const OakumSbomPackage *said, const OakumPurl *purl)
{
  const char *arch = g_hash_table_lookup(purl->qualifiers, oakum_purl_arch_key(purl->type)),
             *module = g_hash_table_lookup(purl->qualifiers, oakum_purl_module_key(purl->type));
  if (!arch)
    arch = g_hash_table_lookup(purl->qualifiers, "arch");
  if (!module)
    module = g_hash_table_lookup(purl->qualifiers, "modularitylabel");
  /* the namespace of packages of an OS is the distribution, which is told of all */
  if (purl->space && strcmp(purl->type, "golang") != 0 && !oakum_is_os_type(purl->type))
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

/* Epochs stand in front of the version, or in a qualifier, or only in the document's own field. */
static char *version_of(const OakumSbomPackage *said, const OakumPurl *purl)
{
  /* Go's own library: "go1.22.3" in a program, "v1.22.3" in documents of trivy */
  if (strcmp(purl->type, "golang") == 0 && strcmp(purl->name, "stdlib") == 0 && purl->version)
    return g_strdup(purl->version + (*purl->version == 'v'                   ? 1
                                     : g_str_has_prefix(purl->version, "go") ? 2
                                                                             : 0));
  const char *epoch = g_hash_table_lookup(purl->qualifiers, "epoch"), *version = purl->version,
             *told = said->version;
  gboolean epochs = strcmp(purl->type, "rpm") == 0 || strcmp(purl->type, "deb") == 0;
  if (!version)
    return g_strdup(told ? told : "");
  if (!epochs || strchr(version, ':'))
    return g_strdup(version);
  if (epoch && *epoch)
    return g_strdup_printf("%s:%s", epoch, version);
  const char *colon = told ? strchr(told, ':') : NULL;
  return g_strdup(colon && strcmp(colon + 1, version) == 0 ? told : version);
}

/* What purls say of the distribution counts where the document says nothing of it: "debian-12" or
 * "opensuse-leap-15.5" (syft), "12.5" beside the namespace (trivy), "jessie". */
static void distro_of_purl(OakumCatalogSink *sink, const OakumCatalogFile *file,
                           const OakumPurl *purl)
{
  const char *distro = g_hash_table_lookup(purl->qualifiers, "distro"),
             *space = is_ebuild(purl) ? "gentoo" : purl->space; /* there it is the category */
  if (!oakum_is_os_type(purl->type) || !is_document(file) || (!distro && !space))
    return;
  if (space && strcmp(space, "unknown") != 0)
    oakum_catalog_sink_fact(sink, file, "purl-id", slice(space));
  if (!distro)
    return;
  const char *dash = NULL;
  for (const char *at = strchr(distro, '-'); at; at = strchr(at + 1, '-'))
    if (g_ascii_isdigit(at[1]))
      dash = at;
  if (dash && !g_ascii_isdigit(*distro)) {
    OakumSlice id = {(const uint8_t *)distro, (size_t)(dash - distro)};
    oakum_catalog_sink_fact(sink, file, "purl-id", id);
    oakum_catalog_sink_fact(sink, file, "purl-version", slice(dash + 1));
  } else if (g_ascii_isdigit(*distro)) {
    oakum_catalog_sink_fact(sink, file, "purl-version", slice(distro));
  } else if (!space || g_ascii_strcasecmp(space, distro) != 0) {
    oakum_catalog_sink_fact(sink, file, "purl-codename", slice(distro));
  }
}

/* Tools that do not know what they found write a name and a version: no advisory is looked up by
 * these alone, as the same name is another thing in each registry. */
static void tell_nameless(OakumCatalogSink *sink, const OakumCatalogFile *file,
                          const OakumSbomPackage *said)
{
  const char *name = said->name ? said->name : said->purl;
  if (!is_document(file) || !name || !(said->part || said->purl))
    return;
  g_autofree char *title = g_strdup_printf(
      "%s%s%s has %s, and is not judged", name, said->version ? " " : "",
      said->version ? said->version : "",
      said->purl ? "a package-url that is none" : "neither a package-url nor a CPE");
  oakum_catalog_sink_incomplete(sink, file, "incomplete-sbom", title);
}

OakumPackage *oakum_sbom_add(OakumCatalogSink *sink, const OakumCatalogFile *file,
                             const OakumSbomPackage *said)
{
  g_auto(OakumPurl) purl = {0};
  if (!said->purl || !oakum_purl_parse(said->purl, &purl)) {
    oakum_purl_clear(&purl);
    if (!said->cpe || !said->name) {
      tell_nameless(sink, file, said);
      return NULL;
    }
    purl = (OakumPurl){.type = g_strdup("generic"),
                       .name = g_strdup(said->name),
                       .qualifiers = oakum_str_map_new(g_free, g_free)};
  }
  /* PEP 770: what a wheel wants, beside what is in it */
  gboolean wanted = !is_document(file) && strcmp(purl.type, "pypi") == 0 && !purl.version &&
                    !said->version && strstr(oakum_catalog_file_path(file), ".dist-info/sboms/");
  if (wanted)
    return NULL;
  gboolean image = strcmp(purl.type, "oci") == 0 || strcmp(purl.type, "docker") == 0;
  if (image || (!is_document(file) && oakum_is_os_type(purl.type)))
    return NULL;
  g_autofree char *whole = version_of(said, &purl), *name = name_of(said, &purl);
  const char *type = said->type && *said->type          ? said->type
                     : strcmp(purl.type, "ebuild") == 0 ? "portage"
                                                        : purl.type;
  distro_of_purl(sink, file, &purl);
  OakumPackage *package = oakum_catalog_sink_package(sink, file, type, slice(name), slice(whole));
  fill(package, said, &purl);
  if (strcmp(package->type, "maven") == 0)
    oakum_java_settle(package, said->path, said->archive, said->guessed_group);
  const GPtrArray *all = oakum_catalog_sink_packages(sink);
  return all->len > 0 && all->pdata[all->len - 1] == package ? package : NULL; /* else: too many */
}

/* ---- who installed what
 * ------------------------------------------------------------------------ */
void oakum_sbom_owners_init(OakumSbomOwners *owners)
{
  owners->packages = oakum_str_map_new(g_free, NULL);
  owners->pairs = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_path_pair_free);
}

void oakum_sbom_owners_add(OakumSbomOwners *owners, const char *id, OakumPackage *package)
{
  if (id && package)
    g_hash_table_replace(owners->packages, g_strdup(id), package);
}

void oakum_sbom_owners_pair(OakumSbomOwners *owners, const char *owner, const char *owned)
{
  if (owner && owned)
    g_ptr_array_add(owners->pairs, oakum_path_pair_new(owner, owned));
}

void oakum_sbom_owners_settle(OakumSbomOwners *owners)
{
  for (guint i = 0; i < owners->pairs->len; i++) {
    const OakumPathPair *pair = owners->pairs->pdata[i];
    const OakumPackage *owner = g_hash_table_lookup(owners->packages, pair->path);
    OakumPackage *owned = g_hash_table_lookup(owners->packages, pair->other);
    if (owner && owned && !owned->owner && oakum_is_os_type(owner->type) &&
        !oakum_is_os_type(owned->type))
      owned->owner = g_strdup_printf("%s/%s", owner->type, owner->name);
  }
  g_hash_table_unref(owners->packages);
  g_ptr_array_unref(owners->pairs);
}

/* Folders that Debian's policies keep for its own packages (those of Python, JavaScript, Ruby,
 * Perl, R, Go, Java and PHP): what a document shows there, without a word of who installed it, came
 * with a deb, when debs with such names are there at all. One that
 * begins with a slash: anywhere below usr/lib. */
static const struct {
  const char *folder, *deb;
} reserved[] = {{"usr/lib/python3/dist-packages/", "python3"},
                {"usr/share/nodejs/", "node"},
                {"usr/share/rubygems-integration/", "ruby"},
                {"/rubygems-integration/", "ruby"},
                {"usr/lib/ruby/", "libruby"},
                {"usr/lib/R/", "r-"},
                {"usr/lib/go-", "golang-"},
                {"usr/share/perl5/", "lib"},
                {"usr/share/java/", "lib"},
                {"usr/share/maven-repo/", "lib"},
                {"usr/share/php/", "php"}};

static gboolean lies_in(const char *path, const char *folder)
{
  return *folder == '/' ? g_str_has_prefix(path, "usr/lib/") && strstr(path, folder)
                        : g_str_has_prefix(path, folder);
}

/* "usr/bin/gh" is the deb gh's, when it is there. */
static const char *program_of(const char *path)
{
  static const char *const folders[] = {"usr/bin/", "usr/sbin/"};
  for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
    if (g_str_has_prefix(path, folders[i]))
      return path + strlen(folders[i]);
  return NULL;
}

static void own_by_place(OakumCatalogSink *sink)
{
  const GPtrArray *all = oakum_catalog_sink_packages(sink);
  gboolean has[G_N_ELEMENTS(reserved)] = {FALSE};
  g_autoptr(GHashTable) debs = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < all->len; i++) {
    const OakumPackage *package = all->pdata[i];
    if (strcmp(package->type, "deb") != 0)
      continue;
    g_hash_table_add(debs, package->name);
    for (size_t j = 0; j < G_N_ELEMENTS(reserved); j++)
      has[j] |= g_str_has_prefix(package->name, reserved[j].deb);
  }
  for (guint i = 0; i < all->len; i++) {
    OakumPackage *package = all->pdata[i];
    const char *path = package->paths->len > 1 ? package->paths->pdata[1] : "";
    for (size_t j = 0;
         j < G_N_ELEMENTS(reserved) && !package->owner && !oakum_is_os_type(package->type); j++)
      if (has[j] && lies_in(path, reserved[j].folder))
        package->owner = g_strdup("deb/" OAKUM_SOME_PACKAGE);
    const char *program =
        package->owner || oakum_is_os_type(package->type) ? NULL : program_of(path);
    if (program && g_hash_table_contains(debs, program))
      package->owner = g_strconcat("deb/", program, NULL);
  }
}

void oakum_sbom_distro(OakumCatalogSink *sink, const OakumCatalogFile *file,
                       const OakumSbomDistro *said)
{
  if (!said->id || !*said->id || !is_document(file))
    return;
  const struct {
    const char *fact, *value;
  } facts[] = {{"ID", said->id},
               {"VERSION_ID", said->version},
               {"PRETTY_NAME", said->pretty},
               {"ID_LIKE", said->like},
               {"VERSION_CODENAME", said->codename},
               {"CPE_NAME", said->cpe},
               {"ecosystem", said->ecosystem},
               {"pro", said->pro},
               {"content_sets", said->repositories}};
  for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
    if (facts[i].value && *facts[i].value)
      oakum_catalog_sink_fact(sink, file, facts[i].fact, slice(facts[i].value));
}

void oakum_sbom_repositories(OakumCatalogSink *sink, const OakumCatalogFile *file,
                             const char *repositories)
{
  if (repositories && is_document(file))
    oakum_catalog_sink_fact(sink, file, "content_sets", slice(repositories));
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
  OAKUM_AUTO_JSON *statement = oakum_attestation_statement(json),
                  *stated = statement ? oakum_attestation_predicate(statement) : NULL;
  if (stated) {
    json_decref(json);
    json = g_steal_pointer(&stated);
  }
  /* GitHub's interface wraps the export of its dependency graph: {"sbom": {...}} */
  json_t *wrapped = json_object_get(json, "sbom");
  if (json_is_object(wrapped) && json_object_size(json) == 1) {
    json_t *outer = json;
    json = json_incref(wrapped);
    json_decref(outer);
  }
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
  OakumSlice head = {begin.data, MIN(begin.len, OAKUM_SBOM_HEAD)};
  if (oakum_slice_begins(begin, "<") || oakum_slice_begins(begin, "\xef\xbb\xbf<"))
    return oakum_slice_find(head, "cyclonedx.org/schema/bom/1.", &at)
               ? oakum_sbom_cyclonedx_xml(text, file, sink, error)
               : unknown(error);
  if (!oakum_slice_find(head, "SPDXVersion:", &at))
    return unknown(error);
  oakum_sbom_tag_value(text, file, sink);
  return oakum_catalog_whole(file, text, error);
}

static gboolean run_document(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  gboolean ok = oakum_catalog_sbom_read(file, sink, error);
  own_by_place(sink);
  return ok;
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
  static const char *const ends[] = {".spdx.json", ".cdx.json", ".cyclonedx.json", ".spdx",
                                     ".cdx",       ".cdx.xml",  ".cyclonedx.xml"};
  if (g_str_has_prefix(entry->path, "var/lib/db/sbom/"))
    return FALSE; /* apk's own: one a package, which its database lists */
  if (strcmp(entry->base, "bom.json") == 0 || strcmp(entry->base, "sbom.json") == 0 ||
      strcmp(entry->base, "bom.xml") == 0)
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
    {"sbom-document", 6, wants_document, run_document, .whole = TRUE},
    {"sbom", 6, wants_embedded, run_embedded, .whole = TRUE},
    {0}};
