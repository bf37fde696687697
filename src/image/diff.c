/* What a step changed. The walk (walk.c) sees every name, or those that a step on an overlay
 * touched, and brings the notes up to date; what differs is written from them here, folder by
 * folder, names in byte order. */
#include "image/walk-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

gboolean oakum_tree_is_settled(const OakumTree *tree)
{
  return tree->settled || tree->exact;
}

gboolean oakum_tree_settle(OakumTree *tree, GError **error)
{
  g_autoptr(GHashTable) alive = tree->owners ? oakum_owners_set_new() : NULL;
  OakumWalk walk = {.tree = tree, .alive = alive};
  struct stat st;
  gboolean ok = oakum_walk_all(&walk, error);
  for (OakumNoteId id = 0; ok && (id = oakum_note_set_next(&walk.unseen, id)) != OAKUM_NOTE_NONE;
       id++)
    oakum_notes_remove(tree->notes, id, TRUE);
  oakum_walk_clear(&walk);
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
typedef struct {
  OakumTree *tree;
  const OakumTreeTimes *times;
  OakumTarWriter *out;
  const OakumNoteSet *changed;
  OakumNoteSet gone;  /* of what went, what a whiteout tells */
  OakumNoteSet above; /* folders that any of them lies below */
  GHashTable *links;  /* inode → id of the name that carries the content */
  guint8 *buffer;     /* of OAKUM_IO_BUFFER bytes */
  GString *path;      /* of the entry that is written */
  OakumNoteId folder; /* that `at` is open at */
  int at;
} Output;

int oakum_tree_open_at(int at, const char *name)
{
  return openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int64_t oakum_tree_told_time(const OakumTreeTimes *times, int64_t mtime)
{
  return times && times->clamp && mtime > times->epoch ? times->epoch : mtime;
}

static gboolean write_file(Output *output, int fd, OakumNote *note, GError **error)
{
  uint64_t left = note->size;
  gssize n = 0;
  note->content = 0;
  while (left > 0 &&
         (n = oakum_read_some(fd, output->buffer, MIN(left, OAKUM_IO_BUFFER), error)) > 0) {
    note->content = oakum_content_hash(note->content, output->buffer, (size_t)n);
    if (!oakum_tar_writer_write(output->out, output->buffer, (size_t)n, error))
      return FALSE;
    left -= (uint64_t)n;
  }
  if (left > 0 && n == 0) {
    g_autofree char *shown = oakum_escape_terminal(output->path->str, -1);
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_FAILED,
                "%s: became shorter while it was read", shown);
  }
  return left == 0;
}

/* The folder of a node, open in output->at. */
static gboolean open_folder(Output *output, OakumNoteId folder, GError **error)
{
  if (output->at >= 0 && output->folder == folder)
    return TRUE;
  oakum_fd_clear(&output->at);
  g_autoptr(GString) path = g_string_new(NULL);
  oakum_notes_path(output->tree->notes, folder, path);
  output->at =
      oakum_root_open(output->tree->root, path->len ? path->str : ".", O_PATH | O_DIRECTORY, 0,
                      path->len ? OAKUM_ROOT_NO_SYMLINKS : OAKUM_ROOT_FOLLOW, error);
  output->folder = folder;
  return output->at >= 0;
}

/* A further name of a file that was written: *done. */
static gboolean write_link(Output *output, const char *name, OakumTarEntry *entry, OakumNote *note,
                           OakumNoteId id, gboolean *done, GError **error)
{
  struct stat st;
  if (fstatat(output->at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, output->path->str);
  const guint64 inode = st.st_ino;
  gpointer known;
  if (!g_hash_table_lookup_extended(output->links, &inode, NULL, &known)) {
    g_hash_table_insert(output->links, g_memdup2(&inode, sizeof(inode)), GUINT_TO_POINTER(id));
    return TRUE;
  }
  OakumNote first;
  oakum_notes_get(output->tree->notes, GPOINTER_TO_UINT(known), &first);
  note->content = first.content;
  g_autoptr(GString) target = g_string_new(NULL);
  oakum_notes_path(output->tree->notes, GPOINTER_TO_UINT(known), target);
  entry->type = OAKUM_TAR_HARDLINK;
  entry->size = 0;
  entry->link = (OakumSlice){(const uint8_t *)target->str, target->len};
  *done = TRUE;
  return oakum_tar_writer_entry(output->out, entry, error);
}

/* What a node stands for, as it is on the disk; `note` gets the content. */
static gboolean write_node(Output *output, OakumNoteId id, const char *name, OakumNote *note,
                           gboolean changed, GError **error)
{
  OakumTarEntry entry = {.type = note->type,
                         .mode = note->mode,
                         .uid = note->uid,
                         .gid = note->gid,
                         .mtime = oakum_tree_told_time(output->times, note->mtime),
                         .path = {(const uint8_t *)output->path->str, output->path->len},
                         .size = note->type == OAKUM_TAR_FILE ? note->size : 0,
                         .dev_major = major(note->rdev),
                         .dev_minor = minor(note->rdev)};
  char target[OAKUM_TAR_LINK_MAX + 1];
  gboolean done = FALSE;
  if (note->type == OAKUM_TAR_SYMLINK) {
    ssize_t n = readlinkat(output->at, name, target, sizeof(target));
    if (n < 0)
      return oakum_tree_fail(error, errno, output->path->str);
    entry.link = (OakumSlice){(const uint8_t *)target, (size_t)n};
  }
  OAKUM_AUTO_FD fd = -1;
  g_autoptr(GArray) xattrs = NULL;
  if (note->type == OAKUM_TAR_FILE || note->type == OAKUM_TAR_DIR) {
    fd = oakum_tree_open_at(output->at, name);
    if (fd < 0)
      return oakum_tree_fail(error, errno, output->path->str);
    if (!(xattrs = oakum_tree_xattrs(fd, output->tree->owners, error)))
      return FALSE;
    entry.xattrs = (OakumXattr *)(gpointer)xattrs->data;
    entry.n_xattrs = xattrs->len;
  }
  /* a further name tells the attributes again: who unpacks it sets the owner anew, and with that
   * the kernel takes the capabilities away */
  if (note->linked && changed && note->type != OAKUM_TAR_SYMLINK &&
      (!write_link(output, name, &entry, note, id, &done, error) || done))
    return done;
  return oakum_tar_writer_entry(output->out, &entry, error) &&
         (note->type != OAKUM_TAR_FILE || write_file(output, fd, note, error));
}

/* A folder above a change, as it is now. */
static gboolean note_of_folder(Output *output, OakumNoteId id, const char *name, OakumNote *note,
                               GError **error)
{
  struct stat st;
  OakumNote old;
  if (fstatat(output->at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, output->path->str);
  oakum_owners_patch(output->tree->owners, &st);
  *note = oakum_walk_note(&st);
  if (oakum_notes_has(output->tree->notes, id)) {
    oakum_notes_get(output->tree->notes, id, &old);
    note->mtime = old.mtime; /* the time alone is no change: the one of the layer below stays */
  }
  return TRUE;
}

static gboolean write_whiteout(Output *output, OakumSlice name, GError **error)
{
  g_string_truncate(output->path, output->path->len - name.len);
  g_string_append(output->path, ".wh.");
  g_string_append_len(output->path, (const char *)name.data, (gssize)name.len);
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE,
                         .mode = 0,
                         .mtime = output->times->clamp ? output->times->epoch : 0,
                         .path = {(const uint8_t *)output->path->str, output->path->len}};
  return oakum_tar_writer_entry(output->out, &entry, error);
}

static gboolean write_one(Output *output, OakumNoteId id, GError **error)
{
  OakumNotes *notes = output->tree->notes;
  OakumSlice slice = oakum_notes_name(notes, id);
  char name[OAKUM_TAR_COMPONENT_MAX + 1];
  OakumNote note;
  oakum_notes_path(notes, id, output->path);
  if (oakum_note_set_has(&output->gone, id))
    return write_whiteout(output, slice, error);
  memcpy(name, slice.data, slice.len);
  name[slice.len] = '\0';
  if (!open_folder(output, oakum_notes_parent(notes, id), error))
    return FALSE;
  if (!oakum_note_set_has(output->changed, id))
    return note_of_folder(output, id, name, &note, error) &&
           write_node(output, id, name, &note, FALSE, error);
  oakum_notes_get(notes, id, &note);
  return write_node(output, id, name, &note, TRUE, error) &&
         oakum_notes_set(notes, id, &note, error);
}

static gint by_name(gconstpointer a, gconstpointer b, gpointer user)
{
  OakumSlice x = oakum_notes_name(user, *(const OakumNoteId *)a),
             y = oakum_notes_name(user, *(const OakumNoteId *)b);
  int order = memcmp(x.data, y.data, MIN(x.len, y.len));
  return order ? order : (x.len > y.len) - (x.len < y.len);
}

/* What is told of a folder's contents, in order. */
static GArray *told_below(const Output *output, OakumNoteId folder)
{
  OakumNotes *notes = output->tree->notes;
  GArray *told = g_array_new(FALSE, FALSE, sizeof(OakumNoteId));
  for (OakumNoteId id = oakum_notes_first(notes, folder); id != OAKUM_NOTE_NONE;
       id = oakum_notes_sibling(notes, id))
    if (oakum_note_set_has(output->changed, id) || oakum_note_set_has(&output->gone, id) ||
        oakum_note_set_has(&output->above, id))
      g_array_append_val(told, id);
  g_array_sort_with_data(told, by_name, notes);
  return told;
}

/* Folders before what they hold. */
static gboolean write_below(Output *output, GError **error)
{
  g_autoptr(GPtrArray) stack = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(guint)); /* in each of the stack */
  const guint first = 0;
  g_ptr_array_add(stack, told_below(output, 0));
  g_array_append_val(places, first);
  while (stack->len > 0) {
    const GArray *told = stack->pdata[stack->len - 1];
    guint *place = &g_array_index(places, guint, places->len - 1);
    if (*place == told->len) {
      g_ptr_array_set_size(stack, (gint)stack->len - 1);
      g_array_set_size(places, places->len - 1);
      continue;
    }
    OakumNoteId id = g_array_index(told, OakumNoteId, (*place)++);
    if (!write_one(output, id, error))
      return FALSE;
    if (oakum_note_set_has(&output->above, id)) {
      g_ptr_array_add(stack, told_below(output, id));
      g_array_append_val(places, first);
    }
  }
  return TRUE;
}

/* Whether the layer is to say nothing of the node. */
static gboolean is_left_out(const Output *output, OakumNoteId id)
{
  const GPtrArray *paths = output->tree->left_out;
  if (!paths)
    return FALSE;
  const char *path = oakum_notes_path(output->tree->notes, id, output->path);
  for (guint i = 0; i < paths->len; i++) {
    size_t n = strlen(paths->pdata[i]);
    if (strncmp(path, paths->pdata[i], n) == 0 && (path[n] == '/' || path[n] == '\0'))
      return TRUE;
  }
  return FALSE;
}

static void mark_above(Output *output, OakumNoteId id)
{
  while ((id = oakum_notes_parent(output->tree->notes, id)) != OAKUM_NOTE_NONE &&
         !oakum_note_set_has(&output->above, id))
    oakum_note_set_add(&output->above, id);
}

/* The names that went: only the topmost of a subtree is told, and nothing below a name that became
 * something else than a folder (which has no notes below any more). */
static void find_gone(Output *output, const OakumNoteSet *unseen)
{
  OakumNotes *notes = output->tree->notes;
  for (OakumNoteId id = 0; (id = oakum_note_set_next(unseen, id)) != OAKUM_NOTE_NONE; id++) {
    if (!oakum_notes_has(notes, id) ||
        oakum_tree_ignored(oakum_notes_path(notes, id, output->path)))
      continue;
    OakumNoteId above = oakum_notes_parent(notes, id);
    if ((above != 0 && (!oakum_notes_has(notes, above) || oakum_note_set_has(unseen, above))) ||
        is_left_out(output, id))
      continue;
    oakum_note_set_add(&output->gone, id);
    mark_above(output, id);
  }
  for (OakumNoteId id = 0; (id = oakum_note_set_next(unseen, id)) != OAKUM_NOTE_NONE; id++)
    if (oakum_notes_has(notes, id) &&
        !oakum_tree_ignored(oakum_notes_path(notes, id, output->path)))
      oakum_notes_remove(notes, id, TRUE);
}

static gboolean write_changes(OakumWalk *walk, OakumTarWriter *out, gboolean *changed,
                              GError **error)
{
  g_autoptr(GHashTable) links = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  g_autoptr(GString) path = g_string_new(NULL);
  Output output = {.tree = walk->tree,
                   .times = walk->times,
                   .out = out,
                   .changed = &walk->changed,
                   .links = links,
                   .buffer = buffer,
                   .path = path,
                   .at = -1};
  find_gone(&output, &walk->unseen);
  for (OakumNoteId id = 0; (id = oakum_note_set_next(&walk->changed, id)) != OAKUM_NOTE_NONE; id++)
    if (is_left_out(&output, id))
      oakum_note_set_drop(&walk->changed, id);
    else
      mark_above(&output, id);
  *changed = oakum_note_set_has(&output.above, 0);
  gboolean ok = write_below(&output, error);
  if (!ok)
    g_prefix_error(error, "layer: ");
  oakum_fd_clear(&output.at);
  oakum_note_set_clear(&output.gone);
  oakum_note_set_clear(&output.above);
  return ok;
}

gboolean oakum_tree_diff(OakumTree *tree, const OakumTreeTimes *times, OakumTarWriter *out,
                         gboolean *changed, GError **error)
{
  OakumWalk walk = {.tree = tree, .times = times};
  gboolean ok = oakum_walk_all(&walk, error) && write_changes(&walk, out, changed, error);
  oakum_walk_clear(&walk);
  return ok;
}

gboolean oakum_tree_diff_touched(OakumTree *tree, const TreeTouched *touched,
                                 const OakumTreeTimes *times, OakumTarWriter *out,
                                 gboolean *changed, GError **error)
{
  OakumWalk walk = {.tree = tree, .times = times};
  gboolean ok =
      oakum_walk_touched(&walk, touched, error) && write_changes(&walk, out, changed, error);
  oakum_walk_clear(&walk);
  return ok;
}
