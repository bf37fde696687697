/* Sees names by getdents64 and fstatat, compares them with the notes, and brings those up to date.
 * Folders are shared out among threads: the notes are read by all of them, and changed by one at a
 * time. Metadata, inode and time of change tell the candidates; one whose metadata is equal counts
 * as changed only when its content is another. */
#include "base/thread.h"
#include "image/walk-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define NAMES (64 * OAKUM_KIB) /* bytes of names asked for at once */

typedef struct {
  char *path;
  OakumNoteId id;
  guint depth;
} Folder;

typedef struct {
  OakumWalk *walk;
  GRWLock notes;   /* the notes and the set of what changed */
  GMutex lock;     /* what follows */
  GCond more;      /* folders, or none will come any more */
  GArray *folders; /* Folder: to be looked at, the last first */
  guint busy;      /* threads that look at one */
  GError *error;   /* the first */
} Crew;

OakumNote oakum_walk_note(const struct stat *st)
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
      .linked = st->st_nlink > 1 && type != OAKUM_TAR_DIR};
}

static gboolean hash_file(int fd, uint64_t *hash, GError **error)
{
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  gssize n;
  while ((n = oakum_read_some(fd, buffer, OAKUM_IO_BUFFER, error)) > 0)
    *hash = oakum_content_hash(*hash, buffer, (size_t)n);
  return n == 0;
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
  OAKUM_AUTO_FD fd = oakum_tree_open_at(at, name);
  if (fd < 0)
    return oakum_tree_fail(error, errno, path);
  g_autoptr(GArray) xattrs = oakum_tree_xattrs(fd, tree->owners, error);
  if (!xattrs)
    return FALSE;
  oakum_tree_hash_xattrs((const OakumXattr *)(gpointer)xattrs->data, xattrs->len, now->xattrs);
  return now->type != OAKUM_TAR_FILE || !content || hash_file(fd, &now->content, error);
}

/* Times are compared as a layer tells them: whether a second passed between two writes of the same
 * bytes must make no difference. */
static gboolean same_metadata(const OakumWalk *walk, const OakumNote *a, const OakumNote *b)
{
  return a->type == b->type && a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
         a->rdev == b->rdev &&
         (a->type == OAKUM_TAR_DIR ||
          (a->size == b->size && oakum_tree_told_time(walk->times, a->mtime) ==
                                     oakum_tree_told_time(walk->times, b->mtime)));
}

/* The time of a folder that a step set, and not what came of putting things into it: it is older
 * than all that was done to the tree, or not yet there. `timed`: it differs from what it was, as
 * far as that is known. */
static gboolean is_set_time(const OakumWalk *walk, const OakumNote *old, const OakumNote *now,
                            gboolean timed)
{
  return walk->times && timed && now->mtime != old->mtime &&
         (now->mtime < walk->tree->begun - 1 ||
          now->mtime > g_get_real_time() / G_USEC_PER_SEC + 1);
}

/* A known name, while settling: what apply noted of its content stays. */
static gboolean settle(Crew *crew, OakumNoteId id, const OakumNote *old, OakumNote *now,
                       GError **error)
{
  OakumNotes *notes = crew->walk->tree->notes;
  if (same_metadata(crew->walk, old, now) && old->mtime == now->mtime &&
      old->linked == now->linked) {
    g_rw_lock_reader_lock(&crew->notes);
    oakum_notes_set_stamp(notes, id, now->stamp);
    g_rw_lock_reader_unlock(&crew->notes);
    return TRUE;
  }
  now->content = old->content;
  memcpy(now->xattrs, old->xattrs, OAKUM_NOTE_XATTRS);
  g_rw_lock_writer_lock(&crew->notes);
  gboolean ok = oakum_notes_set(notes, id, now, error);
  g_rw_lock_writer_unlock(&crew->notes);
  return ok;
}

/* Compares one name with its note, which is what is there then; *id is its node. `timed`: see
 * is_set_time. */
static gboolean judge(Crew *crew, int at, const char *name, OakumNoteId folder, const char *path,
                      const struct stat *st, gboolean timed, OakumNoteId *id, GError **error)
{
  OakumWalk *walk = crew->walk;
  OakumNotes *notes = walk->tree->notes;
  OakumNote now = oakum_walk_note(st), old;
  const size_t len = strlen(name);
  g_rw_lock_reader_lock(&crew->notes);
  *id = oakum_notes_below(notes, folder, name, len);
  gboolean known = *id != OAKUM_NOTE_NONE && oakum_notes_has(notes, *id);
  if (known)
    oakum_notes_get(notes, *id, &old);
  g_rw_lock_reader_unlock(&crew->notes);
  if (known)
    oakum_note_set_drop(&walk->unseen, *id);
  if (known && old.type == OAKUM_TAR_DIR && now.type == OAKUM_TAR_DIR &&
      !is_set_time(walk, &old, &now, timed))
    now.mtime = old.mtime; /* else it tells what was isolated how, not what was done */
  if (known && !walk->times)
    return settle(crew, *id, &old, &now, error);
  gboolean same = known && same_metadata(walk, &old, &now);
  if (same && old.stamp == now.stamp)
    return TRUE;
  if (!complete(walk->tree, at, name, path, &now, same || !walk->times, error))
    return FALSE;
  same = same && memcmp(old.xattrs, now.xattrs, OAKUM_NOTE_XATTRS) == 0 &&
         (now.type == OAKUM_TAR_DIR || old.content == now.content);
  if (walk->times && !same && now.type == OAKUM_TAR_FILE)
    now.content = 0;
  g_rw_lock_writer_lock(&crew->notes);
  *id = oakum_notes_make_below(notes, folder, name, len, error);
  gboolean ok = *id != OAKUM_NOTE_NONE && oakum_notes_set(notes, *id, &now, error);
  if (ok && walk->times && !same)
    oakum_note_set_add(&walk->changed, *id);
  g_rw_lock_writer_unlock(&crew->notes);
  return ok;
}

/* ---- folders
 * ------------------------------------------------------------------------------------- */
static void folder_clear(gpointer p)
{
  g_free(((Folder *)p)->path);
}

static gboolean push(Crew *crew, const char *path, OakumNoteId id, guint depth, GError **error)
{
  if (depth >= OAKUM_TAR_PATH_DEPTH_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "folders nest deeper than %u",
                OAKUM_TAR_PATH_DEPTH_MAX);
    return FALSE;
  }
  const Folder folder = {g_strdup(path), id, depth};
  g_mutex_lock(&crew->lock);
  g_array_append_val(crew->folders, folder);
  g_cond_signal(&crew->more);
  g_mutex_unlock(&crew->lock);
  return TRUE;
}

/* One name of a folder; `path` is the folder's, and is that again afterwards. */
static gboolean look(Crew *crew, int at, const char *name, const Folder *folder, GString *path,
                     GError **error)
{
  OakumWalk *walk = crew->walk;
  struct stat st;
  OakumNoteId id;
  gboolean ok = TRUE;
  gsize len = path->len;
  if (len > 0)
    g_string_append_c(path, '/');
  g_string_append(path, name);
  if (oakum_tree_ignored(path->str)) {
    g_string_truncate(path, len);
    return TRUE;
  }
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
    ok = oakum_tree_fail(error, errno, path->str);
  } else if (!S_ISSOCK(st.st_mode)) { /* a socket cannot be in a tar */
    if (walk->alive)
      oakum_owners_set_add(walk->alive, st.st_dev, st.st_ino);
    oakum_owners_patch(walk->tree->owners, &st);
    ok = judge(crew, at, name, folder->id, path->str, &st, TRUE, &id, error) &&
         (!S_ISDIR(st.st_mode) || push(crew, path->str, id, folder->depth + 1, error));
  }
  g_string_truncate(path, len);
  return ok;
}

static gboolean read_folder(Crew *crew, const Folder *folder, guint8 *names, GString *path,
                            GError **error)
{
  OAKUM_AUTO_FD fd = oakum_root_open(
      crew->walk->tree->root, *folder->path ? folder->path : ".", O_RDONLY | O_DIRECTORY, 0,
      *folder->path ? OAKUM_ROOT_NO_SYMLINKS : OAKUM_ROOT_FOLLOW, error);
  if (fd < 0)
    return FALSE;
  g_string_assign(path, folder->path);
  ssize_t n;
  while ((n = getdents64(fd, names, NAMES)) > 0)
    for (ssize_t at = 0; at < n;) {
      const struct dirent64 *entry = (const struct dirent64 *)(gpointer)(names + at);
      at += entry->d_reclen;
      if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
          !look(crew, fd, entry->d_name, folder, path, error))
        return FALSE;
    }
  return n == 0 || oakum_tree_fail(error, errno, folder->path);
}

/* Looks at folders until there are none, and nobody is left who may find some. */
static gpointer work(gpointer data)
{
  Crew *crew = data;
  g_autofree guint8 *names = g_malloc(NAMES);
  g_autoptr(GString) path = g_string_new(NULL);
  g_mutex_lock(&crew->lock);
  for (;;) {
    while (crew->folders->len == 0 && crew->busy > 0 && !crew->error)
      g_cond_wait(&crew->more, &crew->lock);
    if (crew->folders->len == 0 || crew->error)
      break;
    const Folder folder = g_array_index(crew->folders, Folder, crew->folders->len - 1);
    g_array_index(crew->folders, Folder, crew->folders->len - 1).path = NULL;
    g_array_set_size(crew->folders, crew->folders->len - 1);
    crew->busy++;
    g_mutex_unlock(&crew->lock);
    g_autoptr(GError) error = NULL;
    (void)!read_folder(crew, &folder, names, path, &error);
    g_free(folder.path);
    g_mutex_lock(&crew->lock);
    crew->busy--;
    if (error && !crew->error)
      crew->error = g_steal_pointer(&error);
    if (crew->error || (crew->busy == 0 && crew->folders->len == 0))
      g_cond_broadcast(&crew->more);
  }
  g_mutex_unlock(&crew->lock);
  return NULL;
}

static void crew_begin(Crew *crew, OakumWalk *walk)
{
  *crew = (Crew){.walk = walk};
  g_rw_lock_init(&crew->notes);
  g_mutex_init(&crew->lock);
  g_cond_init(&crew->more);
  crew->folders = g_array_new(FALSE, FALSE, sizeof(Folder));
  g_array_set_clear_func(crew->folders, folder_clear);
}

/* The table of owners is no one's to change while others read it, so one thread does all there. */
static gboolean crew_run(Crew *crew, GError **error)
{
  const OakumTree *tree = crew->walk->tree;
  guint n =
      crew->folders->len == 0 || tree->owners ? 1 : CLAMP(tree->threads, 1, OAKUM_THREADS_MAX);
  GThread *threads[OAKUM_THREADS_MAX];
  for (guint i = 1; i < n; i++)
    threads[i] = oakum_thread_new("walk", work, crew);
  (void)work(crew);
  for (guint i = 1; i < n; i++)
    (void)g_thread_join(threads[i]);
  if (!crew->error)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&crew->error));
  return FALSE;
}

static void crew_end(Crew *crew)
{
  g_clear_error(&crew->error);
  g_array_unref(crew->folders);
  g_rw_lock_clear(&crew->notes);
  g_mutex_clear(&crew->lock);
  g_cond_clear(&crew->more);
}

gboolean oakum_walk_all(OakumWalk *walk, GError **error)
{
  OakumNotes *notes = walk->tree->notes;
  oakum_notes_tidy(notes);
  oakum_note_set_reserve(&walk->unseen, oakum_notes_end(notes));
  for (OakumNoteId id = 0; (id = oakum_notes_next(notes, id)) != OAKUM_NOTE_NONE;)
    oakum_note_set_add(&walk->unseen, id);
  Crew crew;
  crew_begin(&crew, walk);
  gboolean ok = push(&crew, "", 0, 0, error) && crew_run(&crew, error);
  crew_end(&crew);
  return ok;
}

void oakum_walk_clear(OakumWalk *walk)
{
  oakum_note_set_clear(&walk->unseen);
  oakum_note_set_clear(&walk->changed);
}

/* ---- a step on an overlay
 * ------------------------------------------------------------------------ */

/* Only what went, or lay below it, counts as not seen. */
static void unsee_gone(OakumWalk *walk, GHashTable *gone)
{
  OakumNotes *notes = walk->tree->notes;
  g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(OakumNoteId));
  GHashTableIter iter;
  gpointer path;
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

static gboolean look_at_touched(Crew *crew, const TreePath *item, GError **error)
{
  const OakumTree *tree = crew->walk->tree;
  g_autofree char *name = NULL;
  struct stat st;
  OakumNoteId id;
  const char *slash = strrchr(item->path, '/');
  g_autofree char *above = g_strndup(item->path, slash ? (gsize)(slash - item->path) : 0);
  OakumNoteId folder = oakum_notes_make(tree->notes, above, error);
  if (folder == OAKUM_NOTE_NONE)
    return FALSE;
  OAKUM_AUTO_FD at = oakum_root_open_parent(tree->root, item->path, FALSE, &name, error);
  if (at < 0)
    return FALSE;
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, item->path);
  if (S_ISSOCK(st.st_mode)) /* a socket cannot be in a tar */
    return TRUE;
  oakum_owners_patch(tree->owners, &st);
  if (!judge(crew, at, name, folder, item->path, &st, item->timed, &id, error))
    return FALSE;
  guint depth = 1;
  for (const char *p = item->path; *p; p++)
    depth += *p == '/';
  return !item->deep || push(crew, item->path, id, depth, error);
}

gboolean oakum_walk_touched(OakumWalk *walk, const TreeTouched *touched, GError **error)
{
  Crew crew;
  gboolean ok = TRUE;
  oakum_notes_tidy(walk->tree->notes);
  unsee_gone(walk, touched->gone);
  crew_begin(&crew, walk);
  for (guint i = 0; ok && i < touched->paths->len; i++)
    ok = look_at_touched(&crew, &g_array_index(touched->paths, TreePath, i), error);
  ok = ok && crew_run(&crew, error);
  crew_end(&crew);
  return ok;
}
