/* Looking after a store: what is in it, what may go, what is damaged. */
#include "image/image-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One thing below the store: a file, or a folder with all that it holds. */
typedef struct {
  char *name; /* below the store */
  guint64 bytes;
  int64_t used; /* last use */
} Thing;

static void thing_free(gpointer p)
{
  Thing *thing = p;
  g_free(thing->name);
  g_free(thing);
}

/* What a folder takes, with all below it; *used: the newest time of change. */
static guint64 folder_bytes(int at, const char *name, guint depth, int64_t *used)
{
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  guint64 bytes = 0;
  if (!dir) {
    oakum_fd_clear(&fd);
    return 0;
  }
  for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    struct stat st;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
        fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
      continue;
    bytes += (guint64)st.st_blocks * 512;
    *used = MAX(*used, st.st_ctim.tv_sec);
    if (S_ISDIR(st.st_mode) && depth < OAKUM_TAR_PATH_DEPTH_MAX)
      bytes += folder_bytes(dirfd(dir), entry->d_name, depth + 1, used);
  }
  closedir(dir);
  return bytes;
}

guint64 oakum_store_folder_bytes(int at, const char *name, int64_t *used)
{
  return folder_bytes(at, name, 0, used);
}

/* Things in a folder of the store; a folder that is not there has none. */
static GPtrArray *things_in(const char *store, const char *below)
{
  GPtrArray *list = g_ptr_array_new_with_free_func(thing_free);
  g_autofree char *path = g_build_filename(store, below, NULL);
  DIR *dir = opendir(path);
  if (!dir)
    return list;
  for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    struct stat st;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
        fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
      continue;
    Thing *thing = g_new0(Thing, 1);
    thing->name = g_build_filename(below, entry->d_name, NULL);
    thing->used = st.st_mtim.tv_sec;
    thing->bytes = (guint64)st.st_size;
    if (S_ISDIR(st.st_mode))
      thing->bytes = folder_bytes(dirfd(dir), entry->d_name, 0, &thing->used);
    g_ptr_array_add(list, thing);
  }
  closedir(dir);
  return list;
}

static void add_things(const char *store, const char *below, OakumStoreArea *area)
{
  g_autoptr(GPtrArray) list = things_in(store, below);
  for (guint i = 0; i < list->len; i++) {
    const Thing *thing = list->pdata[i];
    area->count++;
    area->bytes += thing->bytes;
    area->oldest = area->oldest == 0 ? thing->used : MIN(area->oldest, thing->used);
    area->newest = MAX(area->newest, thing->used);
  }
}

gboolean oakum_store_look(const char *path, OakumStoreArea areas[OAKUM_STORE_AREAS], GError **error)
{
  static const struct {
    OakumStoreAreaKind kind;
    const char *name, *folder;
  } known[] = {{OAKUM_STORE_BLOBS, "blobs", "blobs/sha256"},
               {OAKUM_STORE_BLOBS, "blobs", "blobs/sha512"},
               {OAKUM_STORE_RECORDS, "build cache", "cache"},
               {OAKUM_STORE_DIGESTS, "digests of contexts", "memo"},
               {OAKUM_STORE_TREES, "base trees", "trees"},
               {OAKUM_STORE_MOUNTS, "cache mounts", "mounts"},
               {OAKUM_STORE_WORK, "work", "work"},
               {OAKUM_STORE_WORK, "work", "tmp"}};
  g_autoptr(OakumStore) store = oakum_store_open(path, error);
  if (!store)
    return FALSE;
  memset(areas, 0, OAKUM_STORE_AREAS * sizeof(*areas));
  for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
    areas[known[i].kind].name = known[i].name;
    add_things(oakum_store_path(store), known[i].folder, &areas[known[i].kind]);
  }
  return TRUE;
}

/* ---- pruning
 * ---------------------------------------------------------------------------------------- */
typedef struct {
  const char *store;
  int root;
  guint64 removed, bytes;
} Pruning;

static gboolean drop(Pruning *p, const Thing *thing, GError **error)
{
  if (!oakum_root_remove_tree(p->root, thing->name, error)) {
    g_prefix_error(error, "store %s: ", p->store);
    return FALSE;
  }
  p->removed++;
  p->bytes += thing->bytes;
  return TRUE;
}

/* Those that were not used since `limit`. */
static gboolean drop_old(Pruning *p, const char *below, int64_t limit, GError **error)
{
  g_autoptr(GPtrArray) list = things_in(p->store, below);
  for (guint i = 0; i < list->len; i++)
    if (((const Thing *)list->pdata[i])->used <= limit && !drop(p, list->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* Those that came to be when their builder was killed. */
static gboolean drop_half_trees(Pruning *p, GError **error)
{
  g_autoptr(GPtrArray) list = things_in(p->store, "trees");
  for (guint i = 0; i < list->len; i++) {
    const Thing *thing = list->pdata[i];
    if (g_str_has_prefix(thing->name, "trees/.") && !drop(p, thing, error))
      return FALSE;
  }
  return TRUE;
}

/* Trees first: they can be made again from blobs. */
static gint by_use(gconstpointer a, gconstpointer b)
{
  const Thing *one = *(const Thing *const *)a, *other = *(const Thing *const *)b;
  gboolean tree = g_str_has_prefix(one->name, "trees/");
  if (tree != g_str_has_prefix(other->name, "trees/"))
    return tree ? -1 : 1;
  return one->used < other->used   ? -1
         : one->used > other->used ? 1
                                   : strcmp(one->name, other->name);
}

static gboolean drop_over(Pruning *p, uint64_t max, GError **error)
{
  g_autoptr(GPtrArray) list = things_in(p->store, "blobs/sha256");
  GPtrArray *more = things_in(p->store, "blobs/sha512");
  GPtrArray *trees = things_in(p->store, "trees");
  guint64 total = 0;
  g_ptr_array_extend_and_steal(list, more);
  g_ptr_array_extend_and_steal(list, trees);
  g_ptr_array_sort(list, by_use);
  for (guint i = 0; i < list->len; i++)
    total += ((const Thing *)list->pdata[i])->bytes;
  for (guint i = 0; i < list->len && total > max; i++) {
    total -= ((const Thing *)list->pdata[i])->bytes;
    if (!drop(p, list->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}

typedef enum { RECORD_BAD, RECORD_EMPTY, RECORD_WHOLE, RECORD_ALONE } RecordState;

/* Whether a record of the build cache can be read, and whether its blob is there. */
static RecordState judge_record(int root, const char *store, const char *name)
{
  g_autofree char *path = g_build_filename(store, name, NULL), *text = NULL;
  size_t len;
  OAKUM_AUTO_JSON *json = oakum_file_read(path, OAKUM_CACHE_RECORD_MAX, &text, &len, NULL)
                              ? oakum_json_parse(text, len, path, NULL)
                              : NULL;
  const json_t *empty = json ? json_object_get(json, "empty") : NULL;
  if (json_is_true(empty))
    return RECORD_EMPTY;
  const char *digest = json ? json_string_value(json_object_get(json, "digest")) : NULL;
  const char *diff_id = json ? json_string_value(json_object_get(json, "diffId")) : NULL;
  if (!digest || !diff_id || !oakum_digest_check(digest, NULL) ||
      !oakum_digest_check(diff_id, NULL))
    return RECORD_BAD;
  g_autofree char *blob = g_strdup_printf("blobs/%.6s/%s", digest, oakum_digest_hex(digest));
  struct stat st;
  return fstatat(root, blob, &st, AT_SYMLINK_NOFOLLOW) == 0 ? RECORD_WHOLE : RECORD_ALONE;
}

static gboolean drop_records(Pruning *p, int64_t limit, GError **error)
{
  g_autoptr(GPtrArray) list = things_in(p->store, "cache");
  for (guint i = 0; i < list->len; i++) {
    const Thing *thing = list->pdata[i];
    RecordState state = judge_record(p->root, p->store, thing->name);
    gboolean stays = state == RECORD_WHOLE || (state == RECORD_EMPTY && thing->used > limit);
    if (!stays && !drop(p, thing, error))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_store_prune(const char *path, const OakumStorePrune *what, guint64 *removed,
                           guint64 *bytes, GError **error)
{
  g_autofree char *where = NULL;
  {
    g_autoptr(OakumStore) made = oakum_store_open(path, error);
    if (!made)
      return FALSE;
    where = g_strdup(oakum_store_path(made));
  }
  g_autofree char *lock_path = g_build_filename(where, "lock", NULL);
  g_autoptr(OakumLock) lock = oakum_lock_take(lock_path, TRUE, FALSE, error);
  if (!lock) {
    g_prefix_error(error, "store is in use; try when no other oakum works with it: ");
    return FALSE;
  }
  OAKUM_AUTO_FD root = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "store %s", where);
    return FALSE;
  }
  Pruning p = {where, root, 0, 0};
  gint64 now = g_get_real_time() / G_USEC_PER_SEC;
  gint64 limit = what->keep_s > (uint64_t)now ? 0 : now - (gint64)what->keep_s;
  gboolean ok =
      drop_old(&p, "tmp", G_MAXINT64, error) && drop_old(&p, "work", G_MAXINT64, error) &&
      drop_half_trees(&p, error) && drop_old(&p, "trees", limit, error) &&
      drop_old(&p, "blobs/sha256", limit, error) && drop_old(&p, "blobs/sha512", limit, error) &&
      drop_over(&p, what->max_bytes, error) && drop_records(&p, limit, error) &&
      drop_old(&p, "memo", limit, error) && (!what->mounts || drop_old(&p, "mounts", limit, error));
  if (removed)
    *removed = p.removed;
  if (bytes)
    *bytes = p.bytes;
  return ok;
}

/* ---- checking
 * --------------------------------------------------------------------------------------- */
/* 1: as its name says; 0: not; -1: it is gone meanwhile. */
static int blob_state(int root, const char *name, OakumHashKind kind)
{
  int fd = openat(root, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return errno == ENOENT ? -1 : 0;
  g_autoptr(OakumReader) reader = oakum_reader_new_verify(oakum_reader_new_fd(fd, TRUE), kind,
                                                          strrchr(name, '/') + 1, UINT64_MAX);
  return oakum_reader_drain(reader, NULL);
}

static gboolean told(int root, const char *name, gboolean remove, GPtrArray *damaged,
                     GError **error)
{
  g_ptr_array_add(damaged, g_strdup(name));
  return !remove || oakum_root_remove_tree(root, name, error);
}

GPtrArray *oakum_store_check(OakumStore *store, gboolean remove, guint64 *checked, GError **error)
{
  static const struct {
    const char *folder;
    OakumHashKind kind;
  } blobs[] = {{"blobs/sha256", OAKUM_HASH_SHA256}, {"blobs/sha512", OAKUM_HASH_SHA512}};
  g_autoptr(GPtrArray) damaged = g_ptr_array_new_with_free_func(g_free);
  const char *path = oakum_store_path(store);
  OAKUM_AUTO_FD root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  *checked = 0;
  if (root < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "store %s", path);
    return NULL;
  }
  for (size_t i = 0; i < G_N_ELEMENTS(blobs); i++) {
    g_autoptr(GPtrArray) list = things_in(path, blobs[i].folder);
    for (guint j = 0; j < list->len; j++, ++*checked) {
      const char *name = ((const Thing *)list->pdata[j])->name;
      if (blob_state(root, name, blobs[i].kind) == 0 && !told(root, name, remove, damaged, error))
        return NULL;
    }
  }
  g_autoptr(GPtrArray) trees = things_in(path, "trees");
  for (guint j = 0; j < trees->len; j++) {
    const char *name = ((const Thing *)trees->pdata[j])->name;
    int state = oakum_kept_state(store, name + strlen("trees/"));
    *checked += state >= 0;
    if (state == 0 && !told(root, name, remove, damaged, error))
      return NULL;
  }
  g_autoptr(GPtrArray) records = things_in(path, "cache");
  for (guint j = 0; j < records->len; j++, ++*checked) {
    const char *name = ((const Thing *)records->pdata[j])->name;
    struct stat st;
    if (judge_record(root, path, name) == RECORD_BAD && fstatat(root, name, &st, 0) == 0 &&
        !told(root, name, remove, damaged, error))
      return NULL;
  }
  return g_steal_pointer(&damaged);
}
