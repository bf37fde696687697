/* The notes of all layers to the catalogue of the image: what is hidden by a higher layer goes, and
 * paths are followed through the symbolic links of the layers below. Nothing is read here. */
#include "catalog/catalog-private.h"
#include <string.h>

typedef struct {
  int layer;
  const char *target;
} LinkAt;

/* One layer, as the others see it. */
typedef struct {
  OakumLayerNotes *notes;
  GHashTable *gone; /* real paths that are whited out; one with '/' at its end: an opaque folder */
  GHashTable *bent; /* real folder → array of names that this layer gives it */
  GHashTable *hard; /* file → array of its other names */
  GHashTable *distant; /* hard links to files of lower layers, which they do not replace */
  const char *circle;  /* a folder that is none: links that lead to each other */
  GHashTable *packages, *incomplete; /* path → GArray of guint, indexes into the notes' own */
} Layer;

typedef struct {
  Layer *layers;
  int n;
  GHashTable *links; /* path → GArray of LinkAt, by ascending layer */
} Image;

/* ---- what hides what
 * ----------------------------------------------------------------------------- */
/* Whether a name of the layer, or of a folder above, takes the place of `path`. */
static gboolean replaced_in(const Layer *layer, const char *path)
{
  const OakumLayerNotes *notes = layer->notes;
  size_t len = strlen(path);
  if (oakum_names_find(notes->names, path, len) != OAKUM_ENTRY_NONE)
    return !g_hash_table_contains(layer->distant, path);
  for (size_t i = len; i > 0; i--) {
    if (path[i] != '/')
      continue;
    OakumEntryKind kind = oakum_names_find(notes->names, path, i);
    if (kind == OAKUM_ENTRY_FILE || kind == OAKUM_ENTRY_LINK)
      return TRUE;
  }
  return FALSE;
}

static gboolean gone_in(const Layer *layer, const char *path)
{
  if (g_hash_table_size(layer->gone) == 0)
    return FALSE;
  if (g_hash_table_contains(layer->gone, path) || g_hash_table_contains(layer->gone, "/"))
    return TRUE;
  g_autofree char *part = g_strdup(path);
  for (char *slash = strrchr(part, '/'); slash; slash = strrchr(part, '/')) {
    slash[1] = '\0';
    if (g_hash_table_contains(layer->gone, part))
      return TRUE;
    *slash = '\0';
    if (g_hash_table_contains(layer->gone, part))
      return TRUE;
  }
  return FALSE;
}

/* Whether the layer names `path` by way of a link of a layer below. */
static gboolean bent_in(const Layer *layer, const char *path)
{
  if (g_hash_table_size(layer->bent) == 0)
    return FALSE;
  g_autofree char *folder = g_strdup(path);
  for (char *slash = strrchr(folder, '/'); slash; slash = strrchr(folder, '/')) {
    *slash = '\0';
    const GPtrArray *others = g_hash_table_lookup(layer->bent, folder);
    for (guint i = 0; others && i < others->len; i++) {
      g_autofree char *raw = g_strconcat(others->pdata[i], "/", path + (slash - folder) + 1, NULL);
      if (oakum_names_find(layer->notes->names, raw, strlen(raw)) != OAKUM_ENTRY_NONE)
        return TRUE;
    }
  }
  return FALSE;
}

static gboolean hides(const Layer *layer, const char *path)
{
  if (!layer->notes)
    return FALSE;
  if (gone_in(layer, path))
    return TRUE;
  if (!layer->notes->names)
    return FALSE;
  if (replaced_in(layer, path))
    return TRUE;
  return bent_in(layer, path);
}

/* Whether something that layer `from` brought is hidden by a layer up to `to`. */
static gboolean hidden(const Image *image, int from, int to, const char *path)
{
  for (int i = from + 1; i <= to; i++)
    if (hides(&image->layers[i], path))
      return TRUE;
  return FALSE;
}

/* ---- symbolic links
 * ------------------------------------------------------------------------------- */
static const char *link_at(const Image *image, int layer, const char *path)
{
  const GArray *versions = g_hash_table_lookup(image->links, path);
  for (guint i = versions ? versions->len : 0; i > 0; i--) {
    const LinkAt *at = &g_array_index(versions, LinkAt, i - 1);
    if (at->layer <= layer)
      return hidden(image, at->layer, layer, path) ? NULL : at->target;
  }
  return NULL;
}

/* The path without links, as layers up to `layer` have it; the last component is followed too when
 * `last`. NULL: links in a circle, or too many. New string. */
static char *real_path(const Image *image, int layer, const char *path, gboolean last)
{
  g_autoptr(GString) at = g_string_new(NULL);
  g_autofree char *owned = NULL;
  guint links = 0;
  while (*path) {
    size_t n = strcspn(path, "/");
    const char *rest = path + n + (path[n] == '/');
    if (n == 0 || (n == 1 && path[0] == '.')) {
      path = rest;
      continue;
    }
    if (n == 2 && path[0] == '.' && path[1] == '.') {
      const char *slash = strrchr(at->str, '/');
      g_string_truncate(at, slash ? (gsize)(slash - at->str) : 0);
      path = rest;
      continue;
    }
    gsize before = at->len;
    g_string_append_printf(at, "%s%.*s", at->len ? "/" : "", (int)n, path);
    const char *target = *rest || last ? link_at(image, layer, at->str) : NULL;
    if (target) {
      if (++links > OAKUM_VIEW_SYMLINKS_MAX ||
          strlen(target) + strlen(rest) > 4 * OAKUM_TAR_PATH_MAX)
        return NULL;
      char *joined = g_strconcat(target, "/", rest, NULL);
      g_string_truncate(at, target[0] == '/' ? 0 : before);
      g_free(owned);
      path = owned = joined;
      continue;
    }
    path = rest;
  }
  return g_string_free(g_steal_pointer(&at), FALSE);
}

static void image_clear(Image *image)
{
  for (int i = 0; i < image->n; i++) {
    g_hash_table_unref(image->layers[i].gone);
    g_hash_table_unref(image->layers[i].bent);
    g_hash_table_unref(image->layers[i].hard);
    g_hash_table_unref(image->layers[i].distant);
    g_hash_table_unref(image->layers[i].packages);
    g_hash_table_unref(image->layers[i].incomplete);
  }
  g_free(image->layers);
  g_hash_table_unref(image->links);
}

/* Both borrowed; of one key a bounded number. */
static void add_other(GHashTable *table, char *key_taken, const char *other)
{
  GPtrArray *others = g_hash_table_lookup(table, key_taken);
  if (others)
    g_free(key_taken);
  else
    g_hash_table_insert(table, key_taken, others = g_ptr_array_new());
  if (others->len < OAKUM_CATALOG_OTHERS_MAX)
    g_ptr_array_add(others, (gpointer)other);
}

static void add_index(GHashTable *table, const char *path, guint index)
{
  GArray *indexes = g_hash_table_lookup(table, path);
  if (!indexes)
    g_hash_table_insert(table, (gpointer)path, indexes = g_array_new(FALSE, FALSE, sizeof(guint)));
  g_array_append_val(indexes, index);
}

static void index_layer(Layer *layer)
{
  layer->hard = oakum_str_map_new(g_free, (GDestroyNotify)g_ptr_array_unref);
  layer->distant = oakum_str_map_new(NULL, NULL);
  layer->packages = oakum_str_map_new(NULL, (GDestroyNotify)g_array_unref);
  layer->incomplete = oakum_str_map_new(NULL, (GDestroyNotify)g_array_unref);
  if (!layer->notes)
    return;
  for (guint i = 0; i < layer->notes->hard->len; i++) {
    const OakumPathPair *pair = layer->notes->hard->pdata[i];
    add_other(layer->hard, g_strdup(pair->other), pair->path);
  }
  for (guint i = 0; i < layer->notes->distant->len; i++)
    g_hash_table_add(layer->distant, ((OakumPathPair *)layer->notes->distant->pdata[i])->path);
}

/* Whiteouts and folders by their real names, lowest layer first: each needs those below. */
static void look_at_layer(Image *image, int i)
{
  Layer *layer = &image->layers[i];
  layer->gone = oakum_str_map_new(g_free, NULL);
  layer->bent = oakum_str_map_new(g_free, (GDestroyNotify)g_ptr_array_unref);
  index_layer(layer);
  for (guint j = 0; layer->notes && j < layer->notes->links->len; j++) {
    const OakumPathPair *pair = layer->notes->links->pdata[j];
    GArray *versions = g_hash_table_lookup(image->links, pair->path);
    if (!versions) {
      versions = g_array_new(FALSE, FALSE, sizeof(LinkAt));
      g_hash_table_insert(image->links, pair->path, versions);
    }
    g_array_append_val(versions, ((LinkAt){i, pair->other}));
  }
  for (guint j = 0; layer->notes && i > 0 && j < layer->notes->gone->len; j++) {
    const char *path = layer->notes->gone->pdata[j];
    gboolean opaque = g_str_has_suffix(path, "/");
    g_autofree char *plain = g_strndup(path, strlen(path) - opaque);
    g_autofree char *real = real_path(image, i - 1, plain, opaque);
    if (real)
      g_hash_table_add(layer->gone, opaque ? g_strconcat(real, "/", NULL) : g_strdup(real));
  }
  for (guint j = 0; layer->notes && j < layer->notes->implicit->len; j++) {
    const char *folder = layer->notes->implicit->pdata[j];
    g_autofree char *real = real_path(image, i, folder, TRUE);
    if (!real && !layer->circle)
      layer->circle = folder;
    if (real && strcmp(real, folder) != 0)
      add_other(layer->bent, g_strdup(real), folder);
  }
}

static void image_init(Image *image, const GPtrArray *layers)
{
  image->n = (int)layers->len;
  image->layers = g_new0(Layer, layers->len + 1);
  image->links = oakum_str_map_new(NULL, (GDestroyNotify)g_array_unref);
  for (int i = 0; i < image->n; i++) {
    image->layers[i].notes = layers->pdata[i];
    look_at_layer(image, i);
  }
}

/* Whether `path`, as layer `i` names it, is still there in the whole image; *real gets its path
 * without links. */
static gboolean visible(const Image *image, int i, const char *path, char **real)
{
  const OakumNames *names = image->layers[i].notes->names;
  *real = real_path(image, i, path, FALSE);
  if (!*real)
    return FALSE;
  for (size_t n = names ? strlen(path) : 0; n > 0; n--)
    if (path[n] == '/' && oakum_names_find(names, path, n) == OAKUM_ENTRY_FILE)
      return FALSE; /* the layer itself put a file in the folder's place */
  return !hidden(image, i, image->n - 1, *real);
}

/* Other names of the file in the same layer count as well. */
static gboolean visible_any(const Image *image, int i, const char *path, char **real)
{
  if (visible(image, i, path, real))
    return TRUE;
  const GPtrArray *others = g_hash_table_lookup(image->layers[i].hard, path);
  for (guint j = 0; others && j < others->len; j++) {
    g_free(*real);
    if (visible(image, i, others->pdata[j], real))
      return TRUE;
  }
  return FALSE;
}

/* ---- what has to be read once more
 * ----------------------------------------------------------------- */
/* Where package managers and systems look; when a link leads there, the file has another name. */
static const char *const well_known[] = {
    "etc/os-release",       "usr/lib/os-release",       "var/lib/dpkg/status",
    "lib/apk/db/installed", "usr/lib/apk/db/installed", "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages", "var/lib/rpm/Packages.db",  "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/lib/opkg/status"};

static gboolean has_database(const OakumLayerNotes *notes, const char *path)
{
  for (guint i = 0; i < notes->databases->len; i++)
    if (strcmp(((OakumPathPair *)notes->databases->pdata[i])->path, path) == 0)
      return TRUE;
  for (guint i = 0; i < notes->facts->len; i++)
    if (strcmp(((OakumCatalogFacts *)notes->facts->pdata[i])->path, path) == 0)
      return TRUE;
  return FALSE;
}

/* The highest layer that has the file, and with `every` those below as well; unless it was read
 * there already, where that `matters`. */
static gboolean ask(const Image *image, GPtrArray *into, const char *path, const char *as,
                    gboolean matters, gboolean every)
{
  gboolean any = FALSE;
  for (int i = image->n - 1; i >= 0; i--) {
    const OakumLayerNotes *notes = image->layers[i].notes;
    if (!notes ||
        (notes->names ? oakum_names_find(notes->names, path, strlen(path)) != OAKUM_ENTRY_FILE
                      : any))
      continue;
    gboolean known = matters && has_database(notes, path);
    if (!known) {
      g_ptr_array_add(into->pdata[i], oakum_path_pair_new(path, as));
      any = TRUE;
    }
    if (!every)
      return !known;
  }
  return any;
}

gboolean oakum_catalog_again(const GPtrArray *layers, GPtrArray *into)
{
  __attribute__((cleanup(image_clear))) Image image = {0};
  gboolean any = FALSE;
  image_init(&image, layers);
  for (int i = 0; i < image.n; i++) {
    const OakumLayerNotes *notes = image.layers[i].notes;
    for (guint j = 0; notes && j < notes->again->len; j++) {
      const OakumPathPair *pair = notes->again->pdata[j];
      g_ptr_array_add(into->pdata[i], oakum_path_pair_new(pair->path, pair->other));
      any = TRUE;
    }
    for (guint j = 0; notes && j < MIN(notes->distant->len, OAKUM_CATALOG_REPLACED_MAX); j++) {
      const OakumPathPair *pair = notes->distant->pdata[j];
      any |= ask(&image, into, pair->other, pair->path, FALSE, FALSE);
    }
  }
  for (size_t i = 0; i < G_N_ELEMENTS(well_known); i++) {
    g_autofree char *real = real_path(&image, image.n - 1, well_known[i], TRUE);
    if (real && *real && strcmp(real, well_known[i]) != 0)
      /* who brought a package follows from all versions of its database */
      any |= ask(&image, into, real, well_known[i], TRUE,
                 !g_str_has_suffix(well_known[i], "os-release"));
  }
  return any;
}

/* ---- packages of files
 * ---------------------------------------------------------------------------- */
typedef struct {
  OakumCatalog *catalog;
  const Image *image;
  const char *const *digests;
  GHashTable *databases; /* real path → GArray of Version */
  GHashTable *owners;    /* what_of() a package that a higher layer has anew → its owner */
} Merge;

typedef struct {
  int layer;
  const OakumPathPair *pair;
} Version;

static void place(const Merge *m, OakumPackage *package, int layer)
{
  package->layer_index = layer;
  g_free(package->layer);
  package->layer = g_strdup(m->digests ? m->digests[layer] : NULL);
}

/* One file as it was: path, and what it proves. */
static char *what_of(const OakumPackage *package, const char *real)
{
  return g_strjoin("\n", real, package->type, package->name, package->version, NULL);
}

/* A layer that only changes the owner or the mode of a file has all of it again, but not the list
 * of who installed it. */
static void keep_owner(const Merge *m, OakumPackage *package, const char *real, gboolean there)
{
  if (!real || m->image->n < 2 || (there && package->owner))
    return;
  g_autofree char *what = what_of(package, real);
  if (there)
    package->owner = g_strdup(g_hash_table_lookup(m->owners, what));
  else if (package->owner)
    g_hash_table_replace(m->owners, g_steal_pointer(&what), package->owner);
}

static void take_files(Merge *m, int layer, OakumLayerNotes *notes)
{
  g_autoptr(GHashTable) databases = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < notes->databases->len; i++)
    g_hash_table_add(databases, ((OakumPathPair *)notes->databases->pdata[i])->path);
  for (guint i = 0; i < notes->packages->len; i++) {
    OakumPackage *package = notes->packages->pdata[i];
    const char *path = package->paths->pdata[0];
    g_autofree char *real = NULL;
    if (g_hash_table_contains(databases, path)) {
      add_index(m->image->layers[layer].packages, path, i);
      continue;
    }
    gboolean there = visible_any(m->image, layer, path, &real);
    keep_owner(m, package, real, there);
    if (!there)
      continue;
    place(m, package, layer);
    g_ptr_array_add(m->catalog->packages, package);
    notes->packages->pdata[i] = NULL;
  }
  for (guint i = 0; i < notes->incomplete->len; i++) {
    OakumFinding *finding = notes->incomplete->pdata[i];
    g_autofree char *real = NULL;
    if (finding->file && g_hash_table_contains(databases, finding->file)) {
      add_index(m->image->layers[layer].incomplete, finding->file, i);
      continue;
    }
    if (finding->file && !visible_any(m->image, layer, finding->file, &real))
      continue;
    g_ptr_array_add(m->catalog->incomplete, finding);
    notes->incomplete->pdata[i] = NULL;
  }
}

/* ---- packages of databases
 * ------------------------------------------------------------------------ */
static char *key_of(const OakumPackage *package)
{
  return g_strdup_printf("%s\n%s\n%s", package->name, package->version,
                         package->arch ? package->arch : "");
}

/* Packages of one version of a database; borrowed. */
static GPtrArray *packages_of(const Merge *m, const Version *version)
{
  GPtrArray *list = g_ptr_array_new();
  const Layer *layer = &m->image->layers[version->layer];
  const GArray *indexes = g_hash_table_lookup(layer->packages, version->pair->path);
  for (guint i = 0; indexes && i < indexes->len; i++) {
    OakumPackage *package = layer->notes->packages->pdata[g_array_index(indexes, guint, i)];
    if (package)
      g_ptr_array_add(list, package);
  }
  return list;
}

/* A package came with the first layer from which on every version of the database has it. */
static void attribute(const Merge *m, const GArray *versions, GPtrArray *packages)
{
  g_autoptr(GHashTable) open = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < packages->len; i++)
    g_hash_table_insert(open, key_of(packages->pdata[i]), packages->pdata[i]);
  for (guint v = versions->len; v > 0 && g_hash_table_size(open) > 0; v--) {
    const Version *version = &g_array_index(versions, Version, v - 1);
    if (v < versions->len) { /* gone in between: what came before does not count */
      g_autofree char *real = real_path(m->image, version->layer, version->pair->path, FALSE);
      int next = g_array_index(versions, Version, v).layer;
      if (!real || hidden(m->image, version->layer, next - 1, real))
        break;
    }
    g_autoptr(GPtrArray) then = packages_of(m, version);
    g_autoptr(GHashTable) still = oakum_str_map_new(g_free, NULL);
    for (guint i = 0; i < then->len; i++) {
      g_autofree char *key = key_of(then->pdata[i]);
      OakumPackage *package = g_hash_table_lookup(open, key);
      if (!package)
        continue;
      place(m, package, version->layer);
      g_hash_table_insert(still, g_steal_pointer(&key), package);
    }
    g_hash_table_unref(open);
    open = g_steal_pointer(&still);
  }
  for (guint i = 0; i < packages->len; i++) {
    OakumPackage *package = packages->pdata[i];
    if (package->layer_index < 0) /* the same name, version and architecture twice */
      place(m, package, g_array_index(versions, Version, versions->len - 1).layer);
  }
}

static void incomplete(OakumCatalog *catalog, const char *id, const char *file, char *title_taken)
{
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_INCOMPLETE, id, OAKUM_SEVERITY_UNKNOWN);
  finding->title = title_taken;
  finding->file = g_strdup(file);
  g_ptr_array_add(catalog->incomplete, finding);
}

/* How many versions there are up to the last one that lists anything; all, when none does. */
static guint listing(const Merge *m, const GArray *versions)
{
  for (guint n = versions->len; n > 0; n--) {
    g_autoptr(GPtrArray) packages = packages_of(m, &g_array_index(versions, Version, n - 1));
    if (packages->len > 0)
      return n;
  }
  return versions->len;
}

/* What could not be read of a version. */
static void take_wrong(Merge *m, const Version *version)
{
  const Layer *layer = &m->image->layers[version->layer];
  const GArray *wrong = g_hash_table_lookup(layer->incomplete, version->pair->path);
  for (guint i = 0; wrong && i < wrong->len; i++) {
    gpointer *finding = &layer->notes->incomplete->pdata[g_array_index(wrong, guint, i)];
    if (*finding)
      g_ptr_array_add(m->catalog->incomplete, *finding);
    *finding = NULL;
  }
}

/* Moves the packages of the last version that lists any into the catalogue: no package manager
 * writes an empty list over a full one. */
static void take_database(Merge *m, const char *path, GArray *versions, gboolean there)
{
  const Version newest = g_array_index(versions, Version, versions->len - 1);
  guint n = listing(m, versions);
  gboolean emptied = n < versions->len;
  g_array_set_size(versions, n);
  const Version *last = &g_array_index(versions, Version, n - 1);
  const Layer *layer = &m->image->layers[last->layer];
  const GArray *own = g_hash_table_lookup(layer->packages, last->pair->path);
  g_autoptr(GPtrArray) packages = packages_of(m, last);
  attribute(m, versions, packages);
  g_ptr_array_extend(m->catalog->packages, packages, NULL, NULL);
  for (guint i = 0; own && i < own->len; i++) /* moved */
    layer->notes->packages->pdata[g_array_index(own, guint, i)] = NULL;
  take_wrong(m, last);
  take_wrong(m, &newest);
  if (there && !emptied)
    return;
  g_autofree char *shown = oakum_escape_terminal(path, -1);
  incomplete(m->catalog, "removed-package-database", path,
             g_strdup_printf(there ? "%s lists nothing since layer %d; what it listed in layer %d "
                                     "is taken from there"
                                   : "%s was there up to layer %d and a later one removed it; what "
                                     "it listed in layer %d is taken from there",
                             shown, newest.layer, last->layer));
}

static void take_databases(Merge *m)
{
  g_autoptr(GHashTable) kinds = oakum_str_map_new(NULL, NULL); /* that are still there */
  g_autoptr(GPtrArray) paths = g_ptr_array_new();
  GHashTableIter iter;
  gpointer path, versions;
  g_hash_table_iter_init(&iter, m->databases);
  while (g_hash_table_iter_next(&iter, &path, &versions)) {
    const Version *last =
        &g_array_index((GArray *)versions, Version, ((GArray *)versions)->len - 1);
    g_ptr_array_add(paths, path);
    if (!hidden(m->image, last->layer, m->image->n - 1, path))
      g_hash_table_add(kinds, last->pair->other);
  }
  for (guint i = 0; i < paths->len; i++) {
    GArray *all = g_hash_table_lookup(m->databases, paths->pdata[i]);
    const Version *last = &g_array_index(all, Version, all->len - 1);
    gboolean there = !hidden(m->image, last->layer, m->image->n - 1, paths->pdata[i]);
    /* moved, or made anew in another form: the one that is there tells */
    if (there || !g_hash_table_contains(kinds, last->pair->other))
      take_database(m, paths->pdata[i], all, there);
  }
}

static void note_databases(Merge *m, int layer, const OakumLayerNotes *notes)
{
  for (guint i = 0; i < notes->databases->len; i++) {
    const OakumPathPair *pair = notes->databases->pdata[i];
    g_autofree char *real = real_path(m->image, layer, pair->path, FALSE);
    if (!real)
      continue;
    GArray *versions = g_hash_table_lookup(m->databases, real);
    if (!versions) {
      versions = g_array_new(FALSE, FALSE, sizeof(Version));
      g_hash_table_insert(m->databases, g_steal_pointer(&real), versions);
    }
    if (versions->len > 0 && g_array_index(versions, Version, versions->len - 1).layer == layer)
      continue; /* one file under two names */
    g_array_append_val(versions, ((Version){layer, pair}));
  }
}

/* ---- the whole
 * ------------------------------------------------------------------------------------ */
static gint by_name(gconstpointer a, gconstpointer b)
{
  const OakumPackage *x = *(OakumPackage *const *)a, *y = *(OakumPackage *const *)b;
  int order = strcmp(x->name, y->name);
  if (order == 0)
    order = strcmp(x->version, y->version);
  if (order == 0)
    order = g_strcmp0(x->arch, y->arch);
  if (order == 0)
    order = strcmp(x->type, y->type);
  if (order == 0)
    order = x->layer_index - y->layer_index;
  return order ? order : strcmp(x->paths->pdata[0], y->paths->pdata[0]);
}

static void take_facts(const Merge *m, GPtrArray *facts)
{
  for (int i = m->image->n - 1; i >= 0; i--) { /* the highest that is visible */
    const OakumLayerNotes *notes = m->image->layers[i].notes;
    for (guint j = 0; notes && j < notes->facts->len; j++) {
      OakumCatalogFacts *one = notes->facts->pdata[j];
      g_autofree char *real = NULL;
      if (visible_any(m->image, i, one->path, &real))
        g_ptr_array_add(facts, one);
    }
  }
}

/* Of several with one name the highest that is visible comes first. */
static void take_vex(const GPtrArray *facts, OakumCatalog *catalog)
{
  for (guint i = 0; i < facts->len; i++) {
    const OakumCatalogFacts *one = facts->pdata[i];
    const char *text = g_hash_table_lookup(one->values, "vex");
    if (text || g_hash_table_contains(one->values, "vex-too-large"))
      g_ptr_array_add(catalog->vex, oakum_path_pair_new(one->path, text));
  }
}

/* What perllocal.pod says of a module whose distribution is listed by its own name is that again.
 */
static void drop_modules(const GPtrArray *facts, OakumCatalog *catalog)
{
  static const char *const keys[] = {"cpan-module", "cpan-module-own"};
  g_autoptr(GHashTable) modules = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < facts->len; i++)
    for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
      const OakumCatalogFacts *one = facts->pdata[i];
      char *module = g_hash_table_lookup(one->values, keys[k]);
      if (module)
        g_hash_table_add(modules, module);
    }
  for (guint i = catalog->packages->len; i-- > 0 && g_hash_table_size(modules) > 0;) {
    const OakumPackage *package = catalog->packages->pdata[i];
    if (strcmp(package->type, "cpan") != 0 || !g_str_has_suffix(package->paths->pdata[0], ".pod"))
      continue;
    g_autofree char *both = g_strconcat(package->name, " ", package->version, NULL);
    if (g_hash_table_contains(modules, both))
      g_ptr_array_remove_index_fast(catalog->packages, i);
  }
}

static gboolean is_told_of_system(const OakumPackage *package)
{
  return oakum_catalog_is_told(package) && oakum_is_os_type(package->type);
}

/* What an executable says of the package that it is of counts where no database tells: a file that
 * is owned, and a package that is listed, are there already. */
static void drop_told(OakumCatalog *catalog)
{
  g_autoptr(GHashTable) listed = oakum_str_map_new(g_free, NULL);
  GPtrArray *packages = catalog->packages;
  guint told = 0, kept = 0;
  for (guint i = 0; i < packages->len; i++)
    told += is_told_of_system(packages->pdata[i]);
  for (guint i = 0; told > 0 && i < packages->len; i++) {
    const OakumPackage *p = packages->pdata[i];
    if (!oakum_is_os_type(p->type) || oakum_catalog_is_told(p))
      continue;
    g_hash_table_add(listed, g_strjoin("\n", p->type, p->name, p->version, NULL));
    g_hash_table_add(listed, g_strjoin("\n", p->type, p->source_name, p->source_version, NULL));
  }
  if (told == 0)
    return;
  g_ptr_array_set_free_func(packages, NULL);
  for (guint i = 0; i < packages->len; i++) {
    OakumPackage *p = packages->pdata[i];
    g_autofree char *key =
        is_told_of_system(p) ? g_strjoin("\n", p->type, p->name, p->version, NULL) : NULL;
    if (key && (p->owner || g_hash_table_contains(listed, key)))
      oakum_package_free(p);
    else
      packages->pdata[kept++] = p;
  }
  g_ptr_array_set_size(packages, (gint)kept);
  g_ptr_array_set_free_func(packages, (GDestroyNotify)oakum_package_free);
}

/* "type/name" becomes the purl of that package, or nothing. */
static void name_owners(OakumCatalog *catalog)
{
  g_autoptr(GHashTable) os = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < catalog->packages->len; i++) {
    OakumPackage *package = catalog->packages->pdata[i];
    if (!package->owner)
      g_hash_table_insert(os, g_strconcat(package->type, "/", package->name, NULL), package);
  }
  for (guint i = 0; i < catalog->packages->len; i++) {
    OakumPackage *package = catalog->packages->pdata[i];
    const OakumPackage *owner = package->owner ? g_hash_table_lookup(os, package->owner) : NULL;
    gboolean some = package->owner && g_str_has_suffix(package->owner, "/" OAKUM_SOME_PACKAGE);
    g_autofree char *type = some ? g_strndup(package->owner, strlen(package->owner) - 2) : NULL;
    g_free(package->owner);
    package->owner = owner  ? g_strdup(owner->purl)
                     : some ? g_strdup_printf("pkg:%s/%s", type,
                                              catalog->distro.id ? catalog->distro.id : "unknown")
                            : NULL;
  }
}

/* Packages come sorted by path: one that is there already is the last, or the first, which is the
 * one that declares. */
static void add_paths(OakumPackage *to, const OakumPackage *from)
{
  for (guint i = 0; i < from->paths->len && to->paths->len < OAKUM_PACKAGE_PATHS_MAX; i++) {
    const char *path = from->paths->pdata[i];
    guint len = to->paths->len;
    if (len == 0 ||
        (strcmp(to->paths->pdata[len - 1], path) != 0 && strcmp(to->paths->pdata[0], path) != 0))
      g_ptr_array_add(to->paths, g_strdup(path));
  }
}

static gboolean is_below(const OakumPackage *package, const char *folder, size_t len)
{
  for (guint i = 0; i < package->paths->len; i++)
    if (strncmp(package->paths->pdata[i], folder, len) != 0)
      return FALSE;
  return TRUE;
}

/* The launchers and libraries of a JVM say the version that its `release` file declares, with more
 * or less behind the numbers, and not who built it: they are the same program. */
static void join_jvms(OakumCatalog *catalog)
{
  for (guint i = 0; i < catalog->packages->len; i++) {
    OakumPackage *declared = catalog->packages->pdata[i];
    if (g_strcmp0(declared->found_by, "jvm-release") != 0)
      continue;
    const char *path = declared->paths->pdata[0];
    size_t folder = strlen(path) - strlen("release"),
           numbers = strspn(declared->version, "0123456789.");
    for (guint j = catalog->packages->len; j-- > 0;) {
      OakumPackage *part = catalog->packages->pdata[j];
      if (part->guessed && strcmp(part->type, "generic") == 0 &&
          part->layer_index == declared->layer_index &&
          g_strcmp0(part->owner, declared->owner) == 0 &&
          (strcmp(part->name, "openjdk") == 0 || strcmp(part->name, "jdk") == 0 ||
           strcmp(part->name, "jre") == 0) &&
          strspn(part->version, "0123456789.") == numbers &&
          strncmp(part->version, declared->version, numbers) == 0 && is_below(part, path, folder)) {
        add_paths(declared, part);
        g_ptr_array_remove_index(catalog->packages, j);
        i -= j < i;
      }
    }
  }
}

/* The same package in the same layer, proved by several files, is one; what declares it tells more
 * than what it was guessed from. */
static void join_doubles(OakumCatalog *catalog)
{
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL); /* index + 1 */
  guint kept = 0;
  g_ptr_array_set_free_func(catalog->packages, NULL);
  for (guint i = 0; i < catalog->packages->len; i++) {
    OakumPackage *package = catalog->packages->pdata[i];
    char number[16];
    g_snprintf(number, sizeof(number), "\n%d\n", package->layer_index);
    g_autofree char *key =
        g_strconcat(package->purl, number, package->owner ? package->owner : "", NULL);
    guint at = GPOINTER_TO_UINT(g_hash_table_lookup(seen, key));
    if (at == 0) {
      catalog->packages->pdata[kept++] = package;
      g_hash_table_insert(seen, g_steal_pointer(&key), GUINT_TO_POINTER(kept));
      continue;
    }
    OakumPackage **first = (OakumPackage **)&catalog->packages->pdata[at - 1];
    if ((*first)->guessed && !package->guessed) {
      OakumPackage *guess = *first;
      *first = package;
      package = guess;
    }
    add_paths(*first, package);
    oakum_package_free(package);
  }
  g_ptr_array_set_size(catalog->packages, (gint)kept);
  g_ptr_array_set_free_func(catalog->packages, (GDestroyNotify)oakum_package_free);
}

/* What files and settings of a layer show counts while the file is there; a secret can be taken out
 * of the layer by whoever has the image, also when a later one deleted it. */
static void take_observed(const Merge *m, int layer, OakumLayerNotes *notes)
{
  g_autoptr(GPtrArray) all = g_steal_pointer(&notes->observed);
  notes->observed = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_ptr_array_set_free_func(all, NULL);
  for (guint i = 0; i < all->len; i++) {
    OakumFinding *finding = all->pdata[i];
    g_autofree char *real = NULL;
    finding->gone = finding->file && !visible_any(m->image, layer, finding->file, &real);
    if (finding->gone && finding->kind != OAKUM_FINDING_SECRET) {
      oakum_finding_free(finding);
      continue;
    }
    finding->layer_index = m->image->n > 1 || m->digests ? layer : -1;
    g_free(finding->layer);
    finding->layer = m->digests ? g_strdup(m->digests[layer]) : NULL;
    g_ptr_array_add(m->catalog->observed, finding);
  }
}

OakumCatalog *oakum_catalog_merge(GPtrArray *layers, const char *const *digests)
{
  __attribute__((cleanup(image_clear))) Image image = {0};
  OakumCatalog *catalog = oakum_catalog_new();
  g_autoptr(GHashTable) databases = oakum_str_map_new(g_free, (GDestroyNotify)g_array_unref);
  g_autoptr(GPtrArray) facts = g_ptr_array_new();
  image_init(&image, layers);
  g_autoptr(GHashTable) owners = oakum_str_map_new(g_free, NULL);
  Merge m = {catalog, &image, digests, databases, owners};
  take_facts(&m, facts);
  oakum_distro_find(facts, &catalog->distro);
  take_vex(facts, catalog);
  for (int i = 0; i < image.n; i++)
    if (image.layers[i].notes)
      note_databases(&m, i, image.layers[i].notes);
  for (int i = 0; i < image.n; i++)
    if (image.layers[i].notes) {
      take_files(&m, i, layers->pdata[i]);
      take_observed(&m, i, layers->pdata[i]);
    }
  take_databases(&m);
  for (int i = 0; i < image.n; i++)
    if (image.layers[i].circle) {
      g_autofree char *shown = oakum_escape_terminal(image.layers[i].circle, -1);
      incomplete(catalog, "damaged", image.layers[i].circle,
                 g_strdup_printf("%s: symbolic links in a circle; what should lie behind them "
                                 "is nowhere",
                                 shown));
    }
  for (guint i = 0; i < catalog->packages->len; i++) {
    OakumPackage *package = catalog->packages->pdata[i];
    if (!package->source_name)
      package->source_name = g_strdup(package->name);
    if (!package->source_version)
      package->source_version = g_strdup(package->version);
    if (!package->purl)
      package->purl = oakum_catalog_purl(package, &catalog->distro);
  }
  drop_modules(facts, catalog);
  g_ptr_array_sort(catalog->packages, by_name);
  drop_told(catalog);
  name_owners(catalog);
  join_doubles(catalog);
  join_jvms(catalog);
  return catalog;
}
