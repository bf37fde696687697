#include "catalog/catalog.h"
#include <string.h>

typedef struct {
  const char *name;
  const char *const
      *files; /* exact paths; one that ends in '/' means every file below the folder */
  gboolean (*parse)(OakumSlice text, const char *path, GPtrArray *packages, GError **error);
} Cataloguer;

static const char *const dpkg_files[] = {"var/lib/dpkg/status", "var/lib/dpkg/status.d/", NULL};
static const char *const apk_files[] = {"lib/apk/db/installed", "usr/lib/apk/db/installed", NULL};
static const Cataloguer cataloguers[] = {{"dpkg", dpkg_files, oakum_dpkg_parse},
                                         {"apk", apk_files, oakum_apk_parse}};
static const char *const other_files[] = {"etc/os-release", "usr/lib/os-release",
                                          "etc/apk/repositories"};
/* Databases of package managers that are not read yet: images that have them are not judged. */
static const char *const foreign[][2] = {{"var/lib/rpm/rpmdb.sqlite", "rpm"},
                                         {"var/lib/rpm/Packages", "rpm"},
                                         {"var/lib/rpm/Packages.db", "rpm"},
                                         {"usr/lib/sysimage/rpm/rpmdb.sqlite", "rpm"},
                                         {"usr/share/rpm/rpmdb.sqlite", "rpm"},
                                         {"usr/lib/sysimage/rpm/Packages.db", "rpm"},
                                         {"var/lib/pacman/local/ALPM_DB_VERSION", "pacman"}};

gboolean oakum_catalog_wanted(const char *path, gpointer user)
{
  for (size_t i = 0; i < G_N_ELEMENTS(other_files); i++)
    if (strcmp(path, other_files[i]) == 0)
      return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(cataloguers); i++)
    for (const char *const *file = cataloguers[i].files; *file; file++) {
      size_t n = strlen(*file);
      /* md5sums beside the packages of status.d are none themselves */
      if ((*file)[n - 1] == '/'
              ? strncmp(path, *file, n) == 0 && !g_str_has_suffix(path, ".md5sums")
              : strcmp(path, *file) == 0)
        return TRUE;
    }
  return FALSE;
}

static OakumSlice slice_of(GBytes *bytes)
{
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  return (OakumSlice){data, len};
}

static void incomplete(OakumCatalog *catalog, const char *id, const char *title)
{
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_INCOMPLETE, id, OAKUM_SEVERITY_UNKNOWN);
  finding->title = g_strdup(title);
  g_ptr_array_add(catalog->incomplete, finding);
}

/* ---- distribution
 * ---------------------------------------------------------------------------------------- */
/* Whether apk takes its main packages from edge. A tagged repository ("@edge https://…") only
 * serves the packages that ask for it, and testing beside a release leaves the release what it is.
 */
static gboolean is_edge(const char *version, OakumSlice repositories)
{
  if (strstr(version, "_alpha"))
    return TRUE;
  gboolean edge = FALSE;
  g_autofree char *text = g_strndup((const char *)repositories.data, repositories.len);
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
  for (char **line = lines; *line; line++) {
    g_strstrip(*line);
    while (g_str_has_suffix(*line, "/"))
      (*line)[strlen(*line) - 1] = '\0';
    if (**line == '#' || **line == '@' || !g_str_has_suffix(*line, "/main"))
      continue;
    if (!g_str_has_suffix(*line, "/edge/main"))
      return FALSE; /* a release is served as well: what is installed is mostly of it */
    edge = TRUE;
  }
  return edge;
}

static void find_distro(const OakumView *view, OakumDistro *distro)
{
  static const char *const places[] = {"etc/os-release", "usr/lib/os-release"};
  for (size_t i = 0; i < G_N_ELEMENTS(places) && !distro->id; i++) {
    GBytes *bytes = oakum_view_content(view, places[i]);
    if (bytes)
      oakum_os_release_parse(slice_of(bytes), distro);
  }
  if (!distro->id || !distro->version)
    return;
  if (strcmp(distro->id, "debian") == 0) {
    distro->ecosystem =
        g_strdup_printf("Debian:%.*s", (int)strcspn(distro->version, "."), distro->version);
  } else if (strcmp(distro->id, "alpine") == 0) {
    GBytes *repositories = oakum_view_content(view, "etc/apk/repositories");
    OakumSlice text = repositories ? slice_of(repositories) : (OakumSlice){NULL, 0};
    gboolean edge = is_edge(distro->version, text);
    const char *dot = strchr(distro->version, '.');
    size_t major_minor = dot ? (size_t)(dot - distro->version) + 1 + strspn(dot + 1, "0123456789")
                             : strlen(distro->version);
    distro->ecosystem = edge ? g_strdup("Alpine:edge")
                             : g_strdup_printf("Alpine:v%.*s", (int)major_minor, distro->version);
  }
}

/* ---- packages and their layers
 * ---------------------------------------------------------------------------- */
static char *key_of(const OakumPackage *package)
{
  return g_strdup_printf("%s\n%s\n%s", package->name, package->version,
                         package->arch ? package->arch : "");
}

/* A package came with the first layer from which on every version of the database has it. */
static void attribute(const OakumView *view, const Cataloguer *cataloguer, const char *path,
                      GPtrArray *packages, guint first)
{
  g_autoptr(GArray) versions = oakum_view_versions(view, path);
  g_autoptr(GHashTable) open = oakum_str_map_new(g_free, NULL);
  for (guint i = first; i < packages->len; i++)
    g_hash_table_insert(open, key_of(packages->pdata[i]), packages->pdata[i]);
  for (guint v = versions->len; v > 0 && g_hash_table_size(open) > 0; v--) {
    const OakumViewVersion *version = &g_array_index(versions, OakumViewVersion, v - 1);
    g_autoptr(GPtrArray) then = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
    if (!version->content || !cataloguer->parse(slice_of(version->content), path, then, NULL))
      break;
    g_autoptr(GHashTable) still = oakum_str_map_new(g_free, NULL);
    for (guint i = 0; i < then->len; i++) {
      g_autofree char *key = key_of(then->pdata[i]);
      OakumPackage *package = g_hash_table_lookup(open, key);
      if (!package)
        continue;
      package->layer_index = version->layer;
      g_hash_table_insert(still, g_steal_pointer(&key), package);
    }
    g_hash_table_unref(open);
    open = g_steal_pointer(&still);
  }
  for (guint i = first; i < packages->len; i++) {
    OakumPackage *package = packages->pdata[i];
    if (package->layer_index >= 0)
      package->layer = g_strdup(oakum_view_layer_digest(view, (guint)package->layer_index));
  }
}

/* package-url, types deb and apk: everything but unreserved characters is percent-encoded. */
static void make_purl(OakumPackage *package, const OakumDistro *distro)
{
  g_autofree char *name = g_uri_escape_string(package->name, NULL, FALSE),
                  *version = g_uri_escape_string(package->version, ":", FALSE);
  g_autofree char *id = g_uri_escape_string(distro->id ? distro->id : "unknown", NULL, FALSE);
  GString *purl = g_string_new(NULL);
  g_string_append_printf(purl, "pkg:%s/%s/%s@%s", package->type, id, name, version);
  const char *mark = "?";
  if (package->arch) {
    g_autofree char *arch = g_uri_escape_string(package->arch, NULL, FALSE);
    g_string_append_printf(purl, "%sarch=%s", mark, arch);
    mark = "&";
  }
  if (distro->version) {
    g_autofree char *release = g_uri_escape_string(distro->version, NULL, FALSE);
    g_string_append_printf(purl, "%sdistro=%s-%s", mark, id, release);
  }
  package->purl = g_string_free(purl, FALSE);
}

static void run_on(const OakumView *view, const Cataloguer *cataloguer, const char *path,
                   OakumCatalog *catalog)
{
  OakumViewFile file;
  g_autofree char *real = NULL;
  if (!oakum_view_lookup(view, path, &file, &real))
    return;
  GBytes *bytes = oakum_view_content(view, path);
  g_autofree char *shown = oakum_escape_terminal(path, -1);
  if (!bytes) {
    g_autofree char *title = g_strdup_printf(
        "%s is there but cannot be read (a link to another file, or no regular file)", shown);
    incomplete(catalog, "unreadable-package-database", title);
    return;
  }
  g_autoptr(GError) error = NULL;
  guint first = catalog->packages->len;
  if (!cataloguer->parse(slice_of(bytes), path, catalog->packages, &error)) {
    incomplete(catalog, "damaged-package-database", error->message);
    return;
  }
  attribute(view, cataloguer, real, catalog->packages, first);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  const OakumPackage *x = *(OakumPackage *const *)a, *y = *(OakumPackage *const *)b;
  int order = strcmp(x->name, y->name);
  if (order == 0)
    order = strcmp(x->version, y->version);
  if (order == 0)
    order = g_strcmp0(x->arch, y->arch);
  return order;
}

/* A database that a lower layer had and no layer has now: its packages may well be there still. */
static void find_removed(const OakumView *view, OakumCatalog *catalog)
{
  for (size_t i = 0; i < G_N_ELEMENTS(cataloguers); i++)
    for (const char *const *file = cataloguers[i].files; *file; file++) {
      g_autoptr(GArray) versions = oakum_view_versions(view, *file);
      OakumViewFile found;
      if (versions->len > 0 && !oakum_view_lookup(view, *file, &found, NULL)) {
        g_autofree char *title =
            g_strdup_printf("%s was removed by layer %d; what it listed cannot be judged", *file,
                            g_array_index(versions, OakumViewVersion, versions->len - 1).layer);
        incomplete(catalog, "removed-package-database", title);
      }
    }
}

OakumCatalog *oakum_catalog_run(const OakumView *view)
{
  OakumCatalog *catalog = g_new0(OakumCatalog, 1);
  catalog->packages = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  catalog->incomplete = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  find_distro(view, &catalog->distro);
  for (size_t i = 0; i < G_N_ELEMENTS(cataloguers); i++)
    for (const char *const *file = cataloguers[i].files; *file; file++) {
      if (!g_str_has_suffix(*file, "/")) {
        g_autofree char *real = NULL, *first_real = NULL;
        OakumViewFile found;
        /* lib may be a link to usr/lib: one database, not two */
        if (file != cataloguers[i].files && oakum_view_lookup(view, *file, &found, &real) &&
            oakum_view_lookup(view, cataloguers[i].files[0], &found, &first_real) &&
            strcmp(real, first_real) == 0)
          continue;
        run_on(view, &cataloguers[i], *file, catalog);
        continue;
      }
      g_autoptr(GPtrArray) below = oakum_view_list(view, *file);
      for (guint j = 0; j < below->len; j++)
        if (oakum_catalog_wanted(below->pdata[j], NULL))
          run_on(view, &cataloguers[i], below->pdata[j], catalog);
    }
  find_removed(view, catalog);
  for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
    OakumViewFile found;
    if (oakum_view_lookup(view, foreign[i][0], &found, NULL)) {
      g_autofree char *title =
          g_strdup_printf("/%s: packages of %s are not read yet", foreign[i][0], foreign[i][1]);
      incomplete(catalog, "unread-package-database", title);
    }
  }
  for (guint i = 0; i < catalog->packages->len; i++)
    make_purl(catalog->packages->pdata[i], &catalog->distro);
  g_ptr_array_sort(catalog->packages, by_name);
  return catalog;
}

void oakum_catalog_free(OakumCatalog *catalog)
{
  if (!catalog)
    return;
  g_ptr_array_unref(catalog->packages);
  g_ptr_array_unref(catalog->incomplete);
  g_free(catalog->distro.id);
  g_free(catalog->distro.version);
  g_free(catalog->distro.pretty);
  g_free(catalog->distro.ecosystem);
  g_free(catalog);
}
