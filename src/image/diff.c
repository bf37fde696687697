/* What a step changed. One walk by fstatat tells the candidates (inode, ctime or metadata differ
 * from the notes); a candidate whose metadata is equal counts as changed only when its content is
 * another. */
#include "image/tree-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

typedef struct {
  char *path;
  TreeEntry now;
  guint32 nlink;
  gboolean changed; /* FALSE: only named because it lies above a change */
} Change;

static void change_free(gpointer p)
{
  g_free(((Change *)p)->path);
  g_free(p);
}

typedef struct {
  OakumTree *tree;
  GPtrArray *changes;          /* Change; NULL while settling */
  const OakumTreeTimes *times; /* NULL while settling */
  GHashTable *alive;           /* the files that there are, for the table of owners; or NULL */
} Walk;

static TreeEntry note_of(const struct stat *st)
{
  OakumTarType type = oakum_tree_type(st->st_mode);
  gboolean device = type == OAKUM_TAR_CHAR || type == OAKUM_TAR_BLOCK;
  gboolean sized = type == OAKUM_TAR_FILE || type == OAKUM_TAR_SYMLINK;
  return (TreeEntry){.type = type,
                     .mode = type == OAKUM_TAR_SYMLINK ? 0777 : st->st_mode & 07777,
                     .uid = st->st_uid,
                     .gid = st->st_gid,
                     .size = sized ? (uint64_t)st->st_size : 0,
                     .mtime = st->st_mtim.tv_sec,
                     .rdev = device ? st->st_rdev : 0,
                     .ino = st->st_ino,
                     .ctime = st->st_ctim.tv_sec,
                     .ctime_ns = (uint32_t)st->st_ctim.tv_nsec,
                     .seen = TRUE,
                     .linked = st->st_nlink > 1};
}

static gboolean hash_file(int fd, uint8_t out[CONTENT_DIGEST], GError **error)
{
  OakumContentHash hash = {0};
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  gssize n;
  while ((n = oakum_read_some(fd, buffer, OAKUM_IO_BUFFER, error)) > 0)
    oakum_content_hash_add(&hash, buffer, (size_t)n);
  oakum_content_hash_end(&hash, out);
  return n == 0;
}

static int open_at(int at, const char *name)
{
  return openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Fills the digests of `now`: content (files only when `content`) and xattrs. */
static gboolean complete(const OakumTree *tree, int at, const char *name, const char *path,
                         TreeEntry *now, gboolean content, GError **error)
{
  if (now->type == OAKUM_TAR_SYMLINK) {
    char target[OAKUM_TAR_LINK_MAX + 1];
    ssize_t n = readlinkat(at, name, target, sizeof(target));
    if (n < 0 || n > (ssize_t)OAKUM_TAR_LINK_MAX)
      return oakum_tree_fail(error, n < 0 ? errno : ENAMETOOLONG, path);
    oakum_tree_hash(target, (size_t)n, now->content);
    return TRUE;
  }
  if (now->type != OAKUM_TAR_FILE && now->type != OAKUM_TAR_DIR)
    return TRUE;
  OAKUM_AUTO_FD fd = open_at(at, name);
  if (fd < 0)
    return oakum_tree_fail(error, errno, path);
  g_autoptr(GArray) xattrs = oakum_tree_xattrs(fd, tree->owners, error);
  if (!xattrs)
    return FALSE;
  oakum_tree_hash_xattrs((const OakumXattr *)(gpointer)xattrs->data, xattrs->len, now->xattrs);
  return now->type != OAKUM_TAR_FILE || !content || hash_file(fd, now->content, error);
}

/* The time that a layer tells. */
static int64_t told_time(const OakumTreeTimes *times, int64_t mtime)
{
  return times && times->clamp && mtime > times->epoch ? times->epoch : mtime;
}

/* Times are compared as a layer tells them: whether a second passed between two writes of the same
 * bytes must make no difference. */
static gboolean same_metadata(const Walk *walk, const TreeEntry *a, const TreeEntry *b)
{
  return a->type == b->type && a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
         a->rdev == b->rdev &&
         (a->type == OAKUM_TAR_DIR || (a->size == b->size && told_time(walk->times, a->mtime) ==
                                                                 told_time(walk->times, b->mtime)));
}

/* Compares one name with its note; appends it to the changes when it differs. */
static gboolean judge(Walk *walk, int at, const char *name, const char *path, const struct stat *st,
                      GError **error)
{
  TreeEntry now = note_of(st);
  TreeEntry *old = g_hash_table_lookup(walk->tree->entries, path);
  if (old && old->type == OAKUM_TAR_DIR && now.type == OAKUM_TAR_DIR)
    now.mtime =
        old->mtime;     /* the time of a folder tells what was isolated how, not what was done */
  if (!walk->changes) { /* settling: keep the digests that apply noted */
    if (old) {
      memcpy(now.content, old->content, CONTENT_DIGEST);
      memcpy(now.xattrs, old->xattrs, CONTENT_DIGEST);
      *old = now;
      return TRUE;
    }
    if (!complete(walk->tree, at, name, path, &now, TRUE, error))
      return FALSE;
    g_hash_table_replace(walk->tree->entries, g_strdup(path), g_memdup2(&now, sizeof(now)));
    return TRUE;
  }
  if (old && old->ino == now.ino && old->ctime == now.ctime && old->ctime_ns == now.ctime_ns &&
      same_metadata(walk, old, &now)) {
    old->seen = TRUE;
    return TRUE;
  }
  gboolean same = old && same_metadata(walk, old, &now);
  if (!complete(walk->tree, at, name, path, &now, same, error))
    return FALSE;
  same = same && memcmp(old->xattrs, now.xattrs, CONTENT_DIGEST) == 0 &&
         (now.type == OAKUM_TAR_DIR || memcmp(old->content, now.content, CONTENT_DIGEST) == 0);
  if (same) {
    *old = now;
    return TRUE;
  }
  Change *change = g_new0(Change, 1);
  *change = (Change){g_strdup(path), now, (guint32)MIN(st->st_nlink, G_MAXUINT32), TRUE};
  g_ptr_array_add(walk->changes, change);
  if (old)
    old->seen = TRUE;
  return TRUE;
}

static gboolean walk_folder(Walk *walk, int fd_taken, const char *path, guint depth, GError **error)
{
  DIR *dir = fdopendir(fd_taken);
  if (!dir) {
    close(fd_taken);
    return oakum_tree_fail(error, errno, path);
  }
  gboolean ok = depth < OAKUM_TAR_PATH_DEPTH_MAX;
  if (!ok)
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "folders nest deeper than %u",
                OAKUM_TAR_PATH_DEPTH_MAX);
  const struct dirent *entry;
  while (ok && (entry = readdir(dir)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    g_autofree char *below =
        *path ? g_strconcat(path, "/", entry->d_name, NULL) : g_strdup(entry->d_name);
    struct stat st;
    if (oakum_tree_ignored(below))
      continue;
    if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
      ok = oakum_tree_fail(error, errno, below);
    } else if (!S_ISSOCK(st.st_mode)) { /* a socket cannot be in a tar */
      if (walk->alive)
        oakum_owners_set_add(walk->alive, st.st_dev, st.st_ino);
      oakum_owners_patch(walk->tree->owners, &st);
      ok = judge(walk, dirfd(dir), entry->d_name, below, &st, error);
      if (ok && S_ISDIR(st.st_mode)) {
        int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        ok = fd >= 0 ? walk_folder(walk, fd, below, depth + 1, error)
                     : oakum_tree_fail(error, errno, below);
      }
    }
  }
  closedir(dir);
  return ok;
}

static gboolean walk_all(Walk *walk, GError **error)
{
  int fd =
      oakum_root_open(walk->tree->root, ".", O_RDONLY | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, error);
  return fd >= 0 && walk_folder(walk, fd, "", 0, error);
}

static void unsee(OakumTree *tree)
{
  GHashTableIter iter;
  gpointer note;
  g_hash_table_iter_init(&iter, tree->entries);
  while (g_hash_table_iter_next(&iter, NULL, &note))
    ((TreeEntry *)note)->seen = FALSE;
}

gboolean oakum_tree_is_settled(const OakumTree *tree)
{
  return tree->settled || tree->exact;
}

gboolean oakum_tree_settle(OakumTree *tree, GError **error)
{
  g_autoptr(GHashTable) alive = tree->owners ? oakum_owners_set_new() : NULL;
  Walk walk = {tree, NULL, NULL, alive};
  struct stat st;
  unsee(tree);
  if (!walk_all(&walk, error))
    return FALSE;
  if (alive && fstat(tree->root, &st) == 0) {
    oakum_owners_set_add(alive, st.st_dev, st.st_ino);
    oakum_owners_keep(tree->owners, alive);
  }
  GHashTableIter iter;
  gpointer note;
  g_hash_table_iter_init(&iter, tree->entries);
  while (g_hash_table_iter_next(&iter, NULL, &note))
    if (!((TreeEntry *)note)->seen)
      g_hash_table_iter_remove(&iter);
  tree->settled = tree->exact = TRUE;
  /* the clock of ctime ticks every few milliseconds: nothing that happens later may share a tick */
  g_usleep(10000);
  return TRUE;
}

/* ---- writing
 * ------------------------------------------------------------------------------------- */
static gint by_path(gconstpointer a, gconstpointer b)
{
  /* components in order, so that a folder stands before what it holds and "a-b" after "a/b" */
  const char *x = (*(Change *const *)a)->path, *y = (*(Change *const *)b)->path;
  for (; *x && *x == *y; x++, y++) {
  }
  int p = *x == '/' ? 1 : *x ? (guchar)*x + 1 : 0, q = *y == '/' ? 1 : *y ? (guchar)*y + 1 : 0;
  return p - q;
}

typedef struct {
  OakumTree *tree;
  const OakumTreeTimes *times;
  OakumTarWriter *out;
  GHashTable *links; /* inode as text → path that carries the content */
  guint8 *buffer;    /* of OAKUM_IO_BUFFER bytes */
} Output;

static gboolean write_file(Output *output, int fd, const Change *change, TreeEntry *note,
                           GError **error)
{
  OakumContentHash hash = {0};
  guint8 *buffer = output->buffer;
  uint64_t left = change->now.size;
  gssize n = 0;
  while (left > 0 && (n = oakum_read_some(fd, buffer, MIN(left, OAKUM_IO_BUFFER), error)) > 0) {
    oakum_content_hash_add(&hash, buffer, (size_t)n);
    if (!oakum_tar_writer_write(output->out, buffer, (size_t)n, error))
      return FALSE;
    left -= (uint64_t)n;
  }
  if (left > 0 && n == 0)
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_FAILED,
                "%s: became shorter while it was read", change->path);
  oakum_content_hash_end(&hash, note->content);
  return left == 0;
}

static gboolean write_change(Output *output, Change *change, GError **error)
{
  g_autofree char *name = NULL;
  const TreeEntry *now = &change->now;
  OAKUM_AUTO_FD at = oakum_root_open_parent(output->tree->root, change->path, FALSE, &name, error);
  if (at < 0)
    return FALSE;
  int64_t mtime = told_time(output->times, now->mtime);
  OakumTarEntry entry = {.type = now->type,
                         .mode = now->mode,
                         .uid = now->uid,
                         .gid = now->gid,
                         .mtime = mtime,
                         .path = {(const uint8_t *)change->path, strlen(change->path)},
                         .size = now->type == OAKUM_TAR_FILE ? now->size : 0,
                         .dev_major = major(now->rdev),
                         .dev_minor = minor(now->rdev)};
  char target[OAKUM_TAR_LINK_MAX + 1];
  if (now->type == OAKUM_TAR_SYMLINK) {
    ssize_t n = readlinkat(at, name, target, sizeof(target));
    if (n < 0)
      return oakum_tree_fail(error, errno, change->path);
    entry.link = (OakumSlice){(const uint8_t *)target, (size_t)n};
  } else if (now->type != OAKUM_TAR_DIR && change->nlink > 1 && change->changed) {
    g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT, now->ino);
    const char *first = g_hash_table_lookup(output->links, key);
    if (first) {
      const TreeEntry *note = g_hash_table_lookup(output->tree->entries, first);
      memcpy(change->now.content, note->content, CONTENT_DIGEST);
      entry.type = OAKUM_TAR_HARDLINK;
      entry.size = 0;
      entry.link = (OakumSlice){(const uint8_t *)first, strlen(first)};
      return oakum_tar_writer_entry(output->out, &entry, error);
    }
    g_hash_table_insert(output->links, g_steal_pointer(&key), g_strdup(change->path));
  }
  OAKUM_AUTO_FD fd = -1;
  g_autoptr(GArray) xattrs = NULL;
  if (now->type == OAKUM_TAR_FILE || now->type == OAKUM_TAR_DIR) {
    fd = open_at(at, name);
    if (fd < 0)
      return oakum_tree_fail(error, errno, change->path);
    if (!(xattrs = oakum_tree_xattrs(fd, output->tree->owners, error)))
      return FALSE;
    entry.xattrs = (OakumXattr *)(gpointer)xattrs->data;
    entry.n_xattrs = xattrs->len;
  }
  return oakum_tar_writer_entry(output->out, &entry, error) &&
         (now->type != OAKUM_TAR_FILE || write_file(output, fd, change, &change->now, error));
}

static gboolean write_whiteout(Output *output, const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
  g_autofree char *mark = strcmp(folder, ".") == 0 ? g_strconcat(".wh.", name, NULL)
                                                   : g_strconcat(folder, "/.wh.", name, NULL);
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE,
                         .mode = 0,
                         .mtime = output->times->clamp ? output->times->epoch : 0,
                         .path = {(const uint8_t *)mark, strlen(mark)}};
  return oakum_tar_writer_entry(output->out, &entry, error);
}

/* The folders above each change, as they are now, unless they are changes themselves. */
static gboolean add_parents(OakumTree *tree, GPtrArray *changes, GError **error)
{
  g_autoptr(GHashTable) named = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < changes->len; i++)
    g_hash_table_add(named, ((Change *)changes->pdata[i])->path);
  for (guint i = changes->len; i > 0; i--) {
    const Change *change = changes->pdata[i - 1];
    for (const char *slash = strrchr(change->path, '/'); slash;) {
      g_autofree char *above = g_strndup(change->path, (gsize)(slash - change->path));
      if (g_hash_table_contains(named, above))
        break;
      OAKUM_AUTO_FD fd = oakum_root_open(tree->root, above, O_RDONLY | O_DIRECTORY, 0,
                                         OAKUM_ROOT_NO_SYMLINKS, error);
      struct stat st;
      if (fd < 0)
        return FALSE;
      if (fstat(fd, &st) < 0)
        return oakum_tree_fail(error, errno, above);
      oakum_owners_patch(tree->owners, &st);
      Change *parent = g_new0(Change, 1);
      *parent = (Change){g_strdup(above), note_of(&st), 1, FALSE};
      const TreeEntry *old = g_hash_table_lookup(tree->entries, above);
      if (old)
        parent->now.mtime =
            old->mtime; /* the time alone is no change: the one of the layer below stays */
      g_ptr_array_add(changes, parent);
      g_hash_table_add(named, parent->path);
      char *cut = strrchr(above, '/');
      slash = cut ? change->path + (cut - above) : NULL;
    }
  }
  return TRUE;
}

/* The names that went: only the topmost of a subtree, and nothing below a name that became
 * something else than a folder. Whiteouts stand among the changes as entries of type HARDLINK. */
static void add_removed(OakumTree *tree, GPtrArray *changes)
{
  g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
  GHashTableIter iter;
  gpointer path, note;
  g_hash_table_iter_init(&iter, tree->entries);
  while (g_hash_table_iter_next(&iter, &path, &note))
    if (!((TreeEntry *)note)->seen && !oakum_tree_ignored(path))
      g_ptr_array_add(gone, g_strdup(path));
  g_autoptr(GHashTable) now = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < changes->len; i++)
    g_hash_table_insert(now, ((Change *)changes->pdata[i])->path, changes->pdata[i]);
  guint n = gone->len;
  for (guint i = 0; i < n; i++) {
    const char *slash = strrchr(gone->pdata[i], '/');
    gboolean top = TRUE;
    if (slash) {
      g_autofree char *above =
          g_strndup(gone->pdata[i], (gsize)(slash - (const char *)gone->pdata[i]));
      const TreeEntry *parent = g_hash_table_lookup(tree->entries, above);
      const Change *changed = g_hash_table_lookup(now, above);
      top = parent && parent->seen && (!changed || changed->now.type == OAKUM_TAR_DIR);
    }
    if (top) {
      Change *change = g_new0(Change, 1);
      *change = (Change){g_strdup(gone->pdata[i]), {.type = OAKUM_TAR_HARDLINK}, 0, TRUE};
      g_ptr_array_add(changes, change);
    }
  }
  for (guint i = 0; i < n; i++)
    g_hash_table_remove(tree->entries, gone->pdata[i]);
}

static gboolean write_changes(OakumTree *tree, GPtrArray *changes, const OakumTreeTimes *times,
                              OakumTarWriter *out, gboolean *changed, GError **error)
{
  add_removed(tree, changes);
  *changed = changes->len > 0;
  if (!add_parents(tree, changes, error))
    return FALSE;
  g_ptr_array_sort(changes, by_path);
  g_autoptr(GHashTable) links = oakum_str_map_new(g_free, g_free);
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  Output output = {tree, times, out, links, buffer};
  for (guint i = 0; i < changes->len; i++) {
    Change *change = changes->pdata[i];
    if (change->now.type == OAKUM_TAR_HARDLINK) {
      if (!write_whiteout(&output, change->path, error))
        return FALSE;
      continue;
    }
    if (!write_change(&output, change, error)) {
      g_prefix_error(error, "layer: ");
      return FALSE;
    }
    if (change->changed)
      g_hash_table_replace(tree->entries, g_strdup(change->path),
                           g_memdup2(&change->now, sizeof(TreeEntry)));
  }
  return TRUE;
}

gboolean oakum_tree_diff(OakumTree *tree, const OakumTreeTimes *times, OakumTarWriter *out,
                         gboolean *changed, GError **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
  Walk walk = {tree, changes, times, NULL};
  unsee(tree);
  return walk_all(&walk, error) && write_changes(tree, changes, times, out, changed, error);
}

/* ---- a step on an overlay
 * ----------------------------------------------------------------------- */

/* Only what went, or lay below it, counts as not seen. */
static void unsee_gone(OakumTree *tree, GHashTable *gone)
{
  GHashTableIter iter;
  gpointer path, note;
  g_hash_table_iter_init(&iter, tree->entries);
  while (g_hash_table_iter_next(&iter, &path, &note)) {
    TreeEntry *entry = note;
    entry->seen = g_hash_table_size(gone) == 0 || !g_hash_table_contains(gone, path);
    g_autofree char *above = entry->seen && g_hash_table_size(gone) > 0 ? g_strdup(path) : NULL;
    for (char *slash; above && entry->seen && (slash = strrchr(above, '/')) != NULL;) {
      *slash = '\0';
      entry->seen = !g_hash_table_contains(gone, above);
    }
  }
}

static gboolean walk_touched(Walk *walk, const TreePath *item, GError **error)
{
  g_autofree char *name = NULL;
  struct stat st;
  OAKUM_AUTO_FD at = oakum_root_open_parent(walk->tree->root, item->path, FALSE, &name, error);
  if (at < 0)
    return FALSE;
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, item->path);
  if (S_ISSOCK(st.st_mode)) /* a socket cannot be in a tar */
    return TRUE;
  oakum_owners_patch(walk->tree->owners, &st);
  if (!judge(walk, at, name, item->path, &st, error))
    return FALSE;
  if (!item->deep)
    return TRUE;
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  guint depth = 1;
  for (const char *p = item->path; *p; p++)
    depth += *p == '/';
  return fd >= 0 ? walk_folder(walk, fd, item->path, depth, error)
                 : oakum_tree_fail(error, errno, item->path);
}

gboolean oakum_tree_diff_touched(OakumTree *tree, const TreeTouched *touched,
                                 const OakumTreeTimes *times, OakumTarWriter *out,
                                 gboolean *changed, GError **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
  Walk walk = {tree, changes, times, NULL};
  unsee_gone(tree, touched->gone);
  for (guint i = 0; i < touched->paths->len; i++)
    if (!walk_touched(&walk, &g_array_index(touched->paths, TreePath, i), error))
      return FALSE;
  return write_changes(tree, changes, times, out, changed, error);
}
