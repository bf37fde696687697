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
  OakumNote now;
  uint64_t ino;
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
  OakumNoteSet unseen;         /* names that may have gone */
} Walk;

static OakumNote note_of(const struct stat *st)
{
  OakumTarType type = oakum_tree_type(st->st_mode);
  gboolean device = type == OAKUM_TAR_CHAR || type == OAKUM_TAR_BLOCK;
  gboolean sized = type == OAKUM_TAR_FILE || type == OAKUM_TAR_SYMLINK;
  return (OakumNote){
      .type = type,
      .mode = type == OAKUM_TAR_SYMLINK ? 0777 : st->st_mode & 07777,
      .uid = st->st_uid,
      .gid = st->st_gid,
      .size = sized ? (uint64_t)st->st_size : 0,
      .mtime = st->st_mtim.tv_sec,
      .rdev = device ? st->st_rdev : 0,
      .stamp = oakum_note_stamp(st->st_ino, st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec),
      .linked = st->st_nlink > 1};
}

static gboolean hash_file(int fd, uint64_t *hash, GError **error)
{
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  gssize n;
  while ((n = oakum_read_some(fd, buffer, OAKUM_IO_BUFFER, error)) > 0)
    *hash = oakum_content_hash(*hash, buffer, (size_t)n);
  return n == 0;
}

static int open_at(int at, const char *name)
{
  return openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Fills the digests of `now`: content (files only when `content`) and xattrs. */
static gboolean complete(const OakumTree *tree, int at, const char *name, const char *path,
                         OakumNote *now, gboolean content, GError **error)
{
  if (now->type == OAKUM_TAR_SYMLINK) {
    char target[OAKUM_TAR_LINK_MAX + 1];
    ssize_t n = readlinkat(at, name, target, sizeof(target));
    if (n < 0 || n > (ssize_t)OAKUM_TAR_LINK_MAX)
      return oakum_tree_fail(error, n < 0 ? errno : ENAMETOOLONG, path);
    now->content = oakum_content_hash(0, target, (size_t)n);
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
  return now->type != OAKUM_TAR_FILE || !content || hash_file(fd, &now->content, error);
}

/* The time that a layer tells. */
static int64_t told_time(const OakumTreeTimes *times, int64_t mtime)
{
  return times && times->clamp && mtime > times->epoch ? times->epoch : mtime;
}

/* Times are compared as a layer tells them: whether a second passed between two writes of the same
 * bytes must make no difference. */
static gboolean same_metadata(const Walk *walk, const OakumNote *a, const OakumNote *b)
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
  OakumNotes *notes = walk->tree->notes;
  OakumNote now = note_of(st), old;
  OakumNoteId id = oakum_notes_find(notes, path);
  gboolean known = id != OAKUM_NOTE_NONE;
  if (known)
    oakum_notes_get(notes, id, &old);
  if (known && old.type == OAKUM_TAR_DIR && now.type == OAKUM_TAR_DIR)
    now.mtime = old.mtime; /* the time of a folder tells what was isolated how, not what was done */
  if (known)
    oakum_note_set_drop(&walk->unseen, id);
  if (!walk->changes) { /* settling: keep the digests that apply noted */
    if (known) {
      now.content = old.content;
      memcpy(now.xattrs, old.xattrs, OAKUM_NOTE_XATTRS);
    } else if (!complete(walk->tree, at, name, path, &now, TRUE, error)) {
      return FALSE;
    } else if ((id = oakum_notes_make(notes, path, error)) == OAKUM_NOTE_NONE) {
      return FALSE;
    }
    return oakum_notes_set(notes, id, &now, error);
  }
  gboolean same = known && same_metadata(walk, &old, &now);
  if (same && old.stamp == now.stamp)
    return TRUE;
  if (!complete(walk->tree, at, name, path, &now, same, error))
    return FALSE;
  if (same && memcmp(old.xattrs, now.xattrs, OAKUM_NOTE_XATTRS) == 0 &&
      (now.type == OAKUM_TAR_DIR || old.content == now.content))
    return oakum_notes_set(notes, id, &now, error);
  Change *change = g_new0(Change, 1);
  *change =
      (Change){g_strdup(path), now, st->st_ino, (guint32)MIN(st->st_nlink, G_MAXUINT32), TRUE};
  g_ptr_array_add(walk->changes, change);
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

/* All names, until they are seen. */
static void unsee(Walk *walk)
{
  OakumNotes *notes = walk->tree->notes;
  oakum_notes_tidy(notes);
  oakum_note_set_reserve(&walk->unseen, oakum_notes_end(notes));
  for (OakumNoteId id = 0; (id = oakum_notes_next(notes, id)) != OAKUM_NOTE_NONE;)
    oakum_note_set_add(&walk->unseen, id);
}

gboolean oakum_tree_is_settled(const OakumTree *tree)
{
  return tree->settled || tree->exact;
}

gboolean oakum_tree_settle(OakumTree *tree, GError **error)
{
  g_autoptr(GHashTable) alive = tree->owners ? oakum_owners_set_new() : NULL;
  Walk walk = {tree, NULL, NULL, alive, {0}};
  struct stat st;
  unsee(&walk);
  gboolean ok = walk_all(&walk, error);
  for (OakumNoteId id = 0; ok && (id = oakum_note_set_next(&walk.unseen, id)) != OAKUM_NOTE_NONE;
       id++)
    oakum_notes_remove(tree->notes, id, TRUE);
  oakum_note_set_clear(&walk.unseen);
  if (!ok)
    return FALSE;
  if (alive && fstat(tree->root, &st) == 0) {
    oakum_owners_set_add(alive, st.st_dev, st.st_ino);
    oakum_owners_keep(tree->owners, alive);
  }
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

static gboolean write_file(Output *output, int fd, const Change *change, OakumNote *note,
                           GError **error)
{
  guint8 *buffer = output->buffer;
  uint64_t left = change->now.size;
  gssize n = 0;
  while (left > 0 && (n = oakum_read_some(fd, buffer, MIN(left, OAKUM_IO_BUFFER), error)) > 0) {
    note->content = oakum_content_hash(note->content, buffer, (size_t)n);
    if (!oakum_tar_writer_write(output->out, buffer, (size_t)n, error))
      return FALSE;
    left -= (uint64_t)n;
  }
  if (left > 0 && n == 0)
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_FAILED,
                "%s: became shorter while it was read", change->path);
  return left == 0;
}

static gboolean write_change(Output *output, Change *change, GError **error)
{
  g_autofree char *name = NULL;
  const OakumNote *now = &change->now;
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
    g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT, change->ino);
    const char *first = g_hash_table_lookup(output->links, key);
    if (first) {
      OakumNote note;
      oakum_notes_get(output->tree->notes, oakum_notes_find(output->tree->notes, first), &note);
      change->now.content = note.content;
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
      *parent = (Change){g_strdup(above), note_of(&st), 0, 1, FALSE};
      OakumNoteId id = oakum_notes_find(tree->notes, above);
      OakumNote old;
      if (id != OAKUM_NOTE_NONE) {
        oakum_notes_get(tree->notes, id, &old);
        parent->now.mtime =
            old.mtime; /* the time alone is no change: the one of the layer below stays */
      }
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
static void add_removed(Walk *walk)
{
  OakumNotes *notes = walk->tree->notes;
  g_autoptr(GString) path = g_string_new(NULL);
  g_autoptr(GHashTable) replaced = oakum_str_map_new(NULL, NULL); /* no folders now */
  for (guint i = 0; i < walk->changes->len; i++)
    if (((Change *)walk->changes->pdata[i])->now.type != OAKUM_TAR_DIR)
      g_hash_table_add(replaced, ((Change *)walk->changes->pdata[i])->path);
  for (OakumNoteId id = 0; (id = oakum_note_set_next(&walk->unseen, id)) != OAKUM_NOTE_NONE; id++) {
    oakum_notes_path(notes, id, path);
    if (oakum_tree_ignored(path->str))
      continue;
    OakumNoteId above = oakum_notes_parent(notes, id);
    gboolean top =
        above == 0 || (oakum_notes_has(notes, above) && !oakum_note_set_has(&walk->unseen, above));
    if (top && above != 0) {
      g_autofree char *folder = g_path_get_dirname(path->str);
      top = !g_hash_table_contains(replaced, folder);
    }
    if (top) {
      Change *change = g_new0(Change, 1);
      *change = (Change){g_strdup(path->str), {.type = OAKUM_TAR_HARDLINK}, 0, 0, TRUE};
      g_ptr_array_add(walk->changes, change);
    }
  }
  for (OakumNoteId id = 0; (id = oakum_note_set_next(&walk->unseen, id)) != OAKUM_NOTE_NONE; id++)
    if (oakum_notes_has(notes, id) && !oakum_tree_ignored(oakum_notes_path(notes, id, path)))
      oakum_notes_remove(notes, id, TRUE);
}

static gboolean write_changes(Walk *walk, OakumTarWriter *out, gboolean *changed, GError **error)
{
  OakumTree *tree = walk->tree;
  GPtrArray *changes = walk->changes;
  add_removed(walk);
  *changed = changes->len > 0;
  if (!add_parents(tree, changes, error))
    return FALSE;
  g_ptr_array_sort(changes, by_path);
  g_autoptr(GHashTable) links = oakum_str_map_new(g_free, g_free);
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  Output output = {tree, walk->times, out, links, buffer};
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
    OakumNoteId id =
        change->changed ? oakum_notes_make(tree->notes, change->path, error) : OAKUM_NOTE_NONE;
    if (change->changed &&
        (id == OAKUM_NOTE_NONE || !oakum_notes_set(tree->notes, id, &change->now, error)))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_tree_diff(OakumTree *tree, const OakumTreeTimes *times, OakumTarWriter *out,
                         gboolean *changed, GError **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
  Walk walk = {tree, changes, times, NULL, {0}};
  unsee(&walk);
  gboolean ok = walk_all(&walk, error) && write_changes(&walk, out, changed, error);
  oakum_note_set_clear(&walk.unseen);
  return ok;
}

/* ---- a step on an overlay
 * ----------------------------------------------------------------------- */

/* Only what went, or lay below it, counts as not seen. */
static void unsee_gone(Walk *walk, GHashTable *gone)
{
  OakumNotes *notes = walk->tree->notes;
  g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(OakumNoteId));
  GHashTableIter iter;
  gpointer path;
  oakum_notes_tidy(notes);
  g_hash_table_iter_init(&iter, gone);
  while (g_hash_table_iter_next(&iter, &path, NULL)) {
    OakumNoteId id = oakum_notes_node(notes, path);
    if (id != OAKUM_NOTE_NONE)
      g_array_append_val(todo, id);
  }
  while (todo->len > 0) {
    OakumNoteId top = g_array_index(todo, OakumNoteId, todo->len - 1);
    g_array_set_size(todo, todo->len - 1);
    if (oakum_notes_has(notes, top))
      oakum_note_set_add(&walk->unseen, top);
    for (OakumNoteId id = oakum_notes_first(notes, top); id != OAKUM_NOTE_NONE;
         id = oakum_notes_sibling(notes, id))
      g_array_append_val(todo, id);
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
  Walk walk = {tree, changes, times, NULL, {0}};
  unsee_gone(&walk, touched->gone);
  gboolean ok = TRUE;
  for (guint i = 0; ok && i < touched->paths->len; i++)
    ok = walk_touched(&walk, &g_array_index(touched->paths, TreePath, i), error);
  ok = ok && write_changes(&walk, out, changed, error);
  oakum_note_set_clear(&walk.unseen);
  return ok;
}
