/* Layers to one file, which the kernel mounts as the root that they make: contents lie in it as
 * they came, then the inodes and folders. To make some ten thousand files, most of which no step
 * looks at, costs more than to write their bytes; and layers are inflated side by side. Here
 * entries become notes, one layer on the other. */
#include "image/press-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

OakumPress *oakum_press_new(OakumTree *tree, int fd_taken)
{
  OakumPress *press = g_new0(OakumPress, 1);
  press->tree = tree;
  press->fd = fd_taken;
  press->next = 1; /* the first block is written last */
  g_mutex_init(&press->lock);
  press->more = g_array_new(FALSE, FALSE, sizeof(PressMore));
  press->shared = g_array_new(FALSE, TRUE, sizeof(PressShared));
  press->texts = g_byte_array_new();
  press->root = (OakumNote){.type = OAKUM_TAR_DIR, .mode = 0755, .mtime = tree->begun};
  tree->press = press;
  return press;
}

void oakum_press_free(OakumPress *press)
{
  if (!press)
    return;
  press->tree->press = NULL;
  oakum_fd_clear(&press->fd);
  g_mutex_clear(&press->lock);
  g_array_unref(press->more);
  g_array_unref(press->shared);
  g_byte_array_unref(press->texts);
  g_free(press);
}

gboolean oakum_press_gave_up(const OakumPress *press)
{
  return g_atomic_int_get(&press->gave_up) != 0;
}

gboolean oakum_press_give_up(OakumPress *press, const char *why, GError **error)
{
  g_atomic_int_set(&press->gave_up, 1);
  g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_UNSUPPORTED, "not as one file: %s", why);
  return FALSE;
}

gboolean oakum_press_reserve(OakumPress *press, uint64_t bytes, uint32_t *block, GError **error)
{
  OAKUM_AUTO_LOCK(&press->lock);
  uint64_t blocks = bytes / OAKUM_EROFS_BLOCK + (bytes % OAKUM_EROFS_BLOCK != 0);
  if (blocks > UINT32_MAX - press->next)
    return oakum_press_give_up(press, "it is too large", error);
  *block = (uint32_t)press->next;
  press->next += blocks;
  return TRUE;
}

gboolean oakum_press_write(const OakumPress *press, const void *data, size_t len, uint64_t at,
                           GError **error)
{
  for (const uint8_t *from = data; len > 0;) {
    ssize_t n = pwrite(press->fd, from, len, (off_t)at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      oakum_error_errno(error, OAKUM_IMAGE_ERROR, n < 0 ? errno : EIO, "image of the base");
      return FALSE;
    }
    from += n;
    len -= (size_t)n;
    at += (uint64_t)n;
  }
  return TRUE;
}

/* The room of a file that went. */
static void give_back(const OakumPress *press, const OakumNote *note, const PressPlace *place)
{
  if (note->type == OAKUM_TAR_FILE && note->size >= OAKUM_PRESS_SMALL)
    (void)fallocate(press->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    (off_t)place->block * OAKUM_EROFS_BLOCK, (off_t)note->size);
}

/* ---- one layer
 * ------------------------------------------------------------------------------------ */
typedef struct {
  OakumPress *press;
  OakumBrought brought;
  char *folder; /* where the last entry lay; NULL: look it up */
} Layer;

PressPlace oakum_press_place(const OakumPress *press, OakumNoteId id)
{
  const uint64_t stamp = oakum_notes_stamp_of(press->tree->notes, id);
  const uint32_t block = (uint32_t)stamp, above = (uint32_t)(stamp >> 32);
  if (!(above & PRESS_MORE))
    return (PressPlace){.block = block, .slot = above};
  const PressMore *more = &g_array_index(press->more, PressMore, above & ~PRESS_MORE);
  return (PressPlace){block, more->ns, more->text, more->slot};
}

gboolean oakum_press_set_place(OakumPress *press, OakumNoteId id, const PressPlace *place,
                               GError **error)
{
  OakumNotes *notes = press->tree->notes;
  const PressMore more = {place->ns, place->text, place->slot};
  uint32_t above = (uint32_t)(oakum_notes_stamp_of(notes, id) >> 32);
  if (above & PRESS_MORE) {
    g_array_index(press->more, PressMore, above & ~PRESS_MORE) = more;
  } else if (place->ns != 0 || place->text != PRESS_NO_TEXT) {
    if (press->more->len > OAKUM_TREE_NAMES_MAX)
      return oakum_press_give_up(press, "too many names", error);
    above = PRESS_MORE | press->more->len;
    g_array_append_val(press->more, more);
  } else {
    above = place->slot;
  }
  oakum_notes_set_stamp(notes, id, (uint64_t)above << 32 | place->block);
  return TRUE;
}

PressShared *oakum_press_shared(OakumPress *press, OakumNoteId id)
{
  return oakum_notes_is_linked(press->tree->notes, id)
             ? &g_array_index(press->shared, PressShared, oakum_press_place(press, id).block)
             : NULL;
}

/* The name goes, with all below: what that means for the files. */
static gboolean forget(gpointer user, OakumNoteId id, GError **error)
{
  Layer *layer = user;
  OakumPress *press = layer->press;
  OakumNotes *notes = press->tree->notes;
  g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(OakumNoteId));
  g_array_append_val(todo, id);
  while (todo->len > 0) {
    OakumNoteId at = g_array_index(todo, OakumNoteId, todo->len - 1);
    g_array_set_size(todo, todo->len - 1);
    PressShared *shared = oakum_notes_has(notes, at) ? oakum_press_shared(press, at) : NULL;
    if (shared && --shared->names == 0)
      give_back(press, &shared->note, &shared->place);
    if (oakum_notes_has(notes, at) && !shared) {
      OakumNote note;
      const PressPlace place = oakum_press_place(press, at);
      oakum_notes_get(notes, at, &note);
      give_back(press, &note, &place);
    }
    for (OakumNoteId in = oakum_notes_first(notes, at); in != OAKUM_NOTE_NONE;
         in = oakum_notes_sibling(notes, in))
      g_array_append_val(todo, in);
  }
  g_clear_pointer(&layer->folder, g_free); /* it may have been below */
  return TRUE;
}

static gboolean drop(Layer *layer, OakumNoteId id, GError **error)
{
  if (!forget(layer, id, error))
    return FALSE;
  oakum_notes_remove(layer->press->tree->notes, id, TRUE);
  return TRUE;
}

/* The note, and the place, which would go with its stamp. */
static gboolean set_note(OakumPress *press, OakumNoteId id, const OakumNote *note,
                         const PressPlace *place, GError **error)
{
  OakumNote stamped = *note;
  stamped.stamp = oakum_notes_stamp_of(press->tree->notes, id);
  return oakum_notes_set(press->tree->notes, id, &stamped, error) &&
         oakum_press_set_place(press, id, place, error);
}

/* The folders of a path are there afterwards, each with a note: a node without one stands for a
 * name that went. */
static gboolean make_folders(Layer *layer, const char *path, GError **error)
{
  OakumNotes *notes = layer->press->tree->notes;
  const OakumNote implied = {
      .type = OAKUM_TAR_DIR, .mode = 0755, .mtime = layer->press->tree->begun};
  if (layer->folder && strcmp(layer->folder, path) == 0)
    return TRUE;
  OakumNoteId id = 0;
  for (const char *at = path; *at;) {
    size_t len = strcspn(at, "/");
    id = oakum_notes_make_below(notes, id, at, len, error);
    if (id == OAKUM_NOTE_NONE)
      return oakum_press_give_up(layer->press, "too many names", NULL);
    if (!oakum_notes_has(notes, id)) {
      if (!set_note(layer->press, id, &implied, &(PressPlace){0}, error))
        return FALSE;
    } else if (oakum_notes_type(notes, id) != OAKUM_TAR_DIR) {
      return oakum_press_give_up(layer->press, "an entry below what is no folder", error);
    }
    at += len + (at[len] == '/' ? 1 : 0);
  }
  g_free(layer->folder);
  layer->folder = g_strdup(path);
  return TRUE;
}

static gboolean apply_whiteout(Layer *layer, OakumWhiteout kind, const char *folder,
                               const char *target, GError **error)
{
  OakumNotes *notes = layer->press->tree->notes;
  if (kind == OAKUM_WHITEOUT_IGNORE)
    return TRUE;
  if (kind != OAKUM_WHITEOUT_NAME && kind != OAKUM_WHITEOUT_OPAQUE)
    return oakum_press_give_up(layer->press, "a whiteout that names nothing", error);
  g_autofree char *path = kind == OAKUM_WHITEOUT_OPAQUE ? g_strdup(folder)
                          : *folder                     ? g_strconcat(folder, "/", target, NULL)
                                                        : g_strdup(target);
  OakumNoteId top = oakum_notes_node(notes, path);
  if (top == OAKUM_NOTE_NONE)
    return TRUE;
  if (kind == OAKUM_WHITEOUT_NAME && !oakum_brought_has(&layer->brought, top))
    return drop(layer, top, error);
  return oakum_brought_drop_older(&layer->brought, notes, top, forget, layer, error);
}

/* Attributes of files and folders, and the text of a link, each behind its length. */
static gboolean keep_texts(OakumPress *press, const OakumTarEntry *entry, uint32_t *text,
                           GError **error)
{
  g_autoptr(GByteArray) xattrs = g_byte_array_new();
  g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(OakumXattr));
  gboolean link = entry->type == OAKUM_TAR_SYMLINK;
  for (size_t i = 0; i < entry->n_xattrs; i++)
    if ((entry->type == OAKUM_TAR_FILE || entry->type == OAKUM_TAR_DIR) &&
        oakum_tree_xattr_kept(entry->xattrs[i].name))
      g_array_append_val(kept, entry->xattrs[i]);
  if (!oakum_erofs_put_xattrs(xattrs, (const OakumXattr *)(gpointer)kept->data, kept->len))
    return oakum_press_give_up(press, "large attributes", error);
  if (link && (entry->link.len == 0 || entry->link.len >= PATH_MAX))
    return oakum_press_give_up(press, "a link without a target, or with a long one", error);
  *text = PRESS_NO_TEXT;
  if (xattrs->len == 0 && !link)
    return TRUE;
  const uint16_t sizes[2] = {(uint16_t)xattrs->len, link ? (uint16_t)entry->link.len : 0};
  if (press->texts->len > OAKUM_PRESS_TEXTS_MAX)
    return oakum_press_give_up(press, "attributes and links of many bytes", error);
  *text = press->texts->len + 1;
  g_byte_array_append(press->texts, (const guint8 *)sizes, sizeof(sizes));
  g_byte_array_append(press->texts, xattrs->data, xattrs->len);
  g_byte_array_append(press->texts, entry->link.data, sizes[1]);
  return TRUE;
}

static void take_header(const OakumTarEntry *entry, OakumNote *note, PressPlace *place)
{
  note->mode = note->type == OAKUM_TAR_SYMLINK ? 0777 : entry->mode & 07777;
  note->uid = entry->uid;
  note->gid = entry->gid;
  note->mtime = entry->mtime;
  place->ns = entry->mtime_ns;
}

/* A further name: what its header says holds for the file, as where it is a folder on disk. */
static gboolean apply_hard_link(Layer *layer, const OakumTarEntry *entry, const char *path,
                                GError **error)
{
  OakumPress *press = layer->press;
  OakumNotes *notes = press->tree->notes;
  g_autofree char *target = NULL;
  uint8_t xattrs[OAKUM_NOTE_XATTRS];
  if (!oakum_image_clean_path(entry->link, &target, NULL))
    return oakum_press_give_up(press, "a link to a bad name", error);
  if (strcmp(target, path) == 0)
    return TRUE;
  OakumNoteId id = oakum_notes_make(notes, path, error), first = oakum_notes_find(notes, target);
  if (id == OAKUM_NOTE_NONE || first == OAKUM_NOTE_NONE || id == first ||
      oakum_notes_type(notes, first) == OAKUM_TAR_DIR)
    return oakum_press_give_up(press, "a link to what is no file",
                               id == OAKUM_NOTE_NONE ? NULL : error);
  if (!oakum_notes_is_linked(notes, first)) {
    PressShared shared = {.place = oakum_press_place(press, first), .names = 1};
    oakum_notes_set_linked(notes, first, TRUE);
    oakum_notes_get(notes, first, &shared.note);
    if (!oakum_press_set_place(press, first, &(PressPlace){.block = press->shared->len}, error))
      return FALSE;
    g_array_append_val(press->shared, shared);
  }
  const PressPlace which = {.block = oakum_press_place(press, first).block};
  if (!drop(layer, id, error) || !oakum_notes_has(notes, first))
    return error && *error ? FALSE
                           : oakum_press_give_up(press, "a link to what it replaces", error);
  PressShared *shared = &g_array_index(press->shared, PressShared, which.block);
  oakum_tree_hash_xattrs(entry->xattrs, entry->n_xattrs, xattrs);
  if (entry->n_xattrs > 0 && memcmp(xattrs, shared->note.xattrs, OAKUM_NOTE_XATTRS) != 0)
    return oakum_press_give_up(press, "a further name with other attributes", error);
  take_header(entry, &shared->note, &shared->place);
  shared->names++;
  id = oakum_notes_make(notes, path, error);
  return id != OAKUM_NOTE_NONE && set_note(press, id, &shared->note, &which, error);
}

/* On a disk attributes of a folder stay when a later layer's header has none, or adds to them. */
static gboolean has_other_attributes(OakumPress *press, OakumNoteId id, const OakumNote *note)
{
  OakumNote old;
  if (!oakum_notes_has(press->tree->notes, id) ||
      oakum_press_place(press, id).text == PRESS_NO_TEXT)
    return FALSE;
  oakum_notes_get(press->tree->notes, id, &old);
  return memcmp(old.xattrs, note->xattrs, OAKUM_NOTE_XATTRS) != 0;
}

static gboolean apply_node(Layer *layer, const OakumTarEntry *entry, OakumNoteId id,
                           const char *path, uint32_t block, uint64_t content, GError **error)
{
  OakumPress *press = layer->press;
  OakumNotes *notes = press->tree->notes;
  OakumNote note = {.type = entry->type, .size = entry->size, .content = content};
  PressPlace place = {.block = block};
  take_header(entry, &note, &place);
  oakum_tree_hash_xattrs(entry->xattrs, entry->n_xattrs, note.xattrs);
  gboolean folder = entry->type == OAKUM_TAR_DIR &&
                    (!oakum_notes_has(notes, id) || oakum_notes_type(notes, id) == OAKUM_TAR_DIR);
  if (folder && has_other_attributes(press, id, &note))
    return oakum_press_give_up(press, "a folder with other attributes than before", error);
  if ((!folder && !drop(layer, id, error)) || !keep_texts(press, entry, &place.text, error))
    return FALSE;
  if (entry->type == OAKUM_TAR_SYMLINK) {
    note.content = oakum_content_hash(0, entry->link.data, entry->link.len);
    note.size = entry->link.len;
  } else if (entry->type == OAKUM_TAR_CHAR || entry->type == OAKUM_TAR_BLOCK) {
    note.rdev = makedev(entry->dev_major, entry->dev_minor);
  }
  id = oakum_notes_make(notes, path, error); /* it may have been dropped */
  return id != OAKUM_NOTE_NONE && set_note(press, id, &note, &place, error);
}

static gboolean apply_entry(Layer *layer, const OakumTarEntry *entry, uint32_t block,
                            uint64_t content, GError **error)
{
  OakumPress *press = layer->press;
  g_autofree char *path = NULL;
  PressPlace ignored;
  if (!oakum_image_clean_path(entry->path, &path, NULL))
    return oakum_press_give_up(press, "a bad name", error);
  if (*path == '\0') {
    take_header(entry, &press->root, &ignored);
    press->root.mtime = press->tree->begun; /* as of a folder that things are put into */
    return entry->type == OAKUM_TAR_DIR ||
           oakum_press_give_up(press, "the root is not a folder", error);
  }
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *target = NULL;
  g_autofree char *folder = g_strndup(path, slash ? (gsize)(slash - path) : 0);
  if (strlen(name) > OAKUM_TAR_COMPONENT_MAX)
    return oakum_press_give_up(press, "a long name", error);
  if (!make_folders(layer, folder, error))
    return FALSE;
  OakumWhiteout kind = oakum_image_whiteout(name, &target);
  if (kind != OAKUM_WHITEOUT_NONE)
    return apply_whiteout(layer, kind, folder, target, error);
  if (oakum_tree_is_device_of_base(entry, path))
    return TRUE;
  OakumNoteId id = oakum_brought_add(&layer->brought, press->tree->notes, path, error);
  if (id == OAKUM_NOTE_NONE)
    return oakum_press_give_up(press, "too many names", NULL);
  return entry->type == OAKUM_TAR_HARDLINK
             ? apply_hard_link(layer, entry, path, error)
             : apply_node(layer, entry, id, path, block, content, error);
}

static gboolean apply_layer(OakumPress *press, PressReading *reading, GError **error)
{
  Layer layer = {.press = press};
  const OakumTarEntry *entry;
  uint64_t content;
  uint32_t block;
  int more;
  while ((more = oakum_press_next(reading, &entry, &block, &content, error)) > 0)
    if (!apply_entry(&layer, entry, block, content, error)) {
      oakum_image_blame(error, "entry", entry->path);
      more = -1;
      break;
    }
  oakum_brought_clear(&layer.brought);
  g_free(layer.folder);
  return more == 0;
}

gboolean oakum_press_apply_all(OakumPress *press, guint n, OakumLayerOpen open, gpointer user,
                               guint *failed, GError **error)
{
  const gboolean threaded = press->tree->threads > 1;
  const guint ahead = threaded ? OAKUM_PRESS_AHEAD : 0;
  g_autoptr(GPtrArray) readings =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_press_reading_free);
  for (guint i = 0; i < n; i++) {
    while (readings->len < n && readings->len <= i + ahead)
      g_ptr_array_add(readings, oakum_press_read(press, open, user, readings->len, threaded));
    *failed = i;
    if (!apply_layer(press, readings->pdata[i], error))
      return FALSE;
    g_clear_pointer((PressReading **)&readings->pdata[i], oakum_press_reading_free);
  }
  return TRUE;
}
