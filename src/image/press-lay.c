/* Layers as one file: the inodes and folders of it, behind the contents. */
#include "image/press-private.h"
#include "os/os.h"
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

typedef struct {
  OakumPress *press;
  gboolean dry;  /* only where they will be */
  uint64_t laid; /* bytes of this part */
  uint32_t first_block, inodes;
  uint8_t *buffer; /* of OAKUM_IO_BUFFER bytes */
  size_t used;
  GArray *names; /* OakumErofsName: of a folder */
  GByteArray *content;
} Laying;

/* Names that share a file have one note then. */
static gboolean complete_notes(OakumPress *press, GError **error)
{
  OakumNotes *notes = press->tree->notes;
  for (OakumNoteId id = 0; (id = oakum_notes_next(notes, id)) != OAKUM_NOTE_NONE;) {
    const PressShared *shared = oakum_press_shared(press, id);
    if (!shared)
      continue;
    OakumNote note = shared->note;
    note.linked = shared->names > 1;
    note.stamp = oakum_notes_stamp_of(notes, id);
    if (!oakum_notes_set(notes, id, &note, error) ||
        (!note.linked && !oakum_press_set_place(press, id, &shared->place, error)))
      return FALSE;
  }
  return TRUE;
}

/* What is in a folder, and has not gone: the first of it, the one behind `id`. */
static OakumNoteId there(const OakumNotes *notes, OakumNoteId id)
{
  while (id != OAKUM_NOTE_NONE && !oakum_notes_has(notes, id))
    id = oakum_notes_sibling(notes, id);
  return id;
}

static OakumNoteId first_in(const OakumNotes *notes, OakumNoteId folder)
{
  return there(notes, oakum_notes_first(notes, folder));
}

static OakumNoteId behind(const OakumNotes *notes, OakumNoteId id)
{
  return there(notes, oakum_notes_sibling(notes, id));
}

static void texts_of(const OakumPress *press, const PressPlace *place, OakumSlice *xattrs,
                     OakumSlice *link)
{
  uint16_t sizes[2] = {0, 0};
  const uint8_t *at = press->texts->data;
  if (place->text != PRESS_NO_TEXT) {
    memcpy(sizes, at + place->text - 1, sizeof(sizes));
    at += place->text - 1 + sizeof(sizes);
  }
  *xattrs = (OakumSlice){at, sizes[0]};
  *link = (OakumSlice){at ? at + sizes[0] : NULL, sizes[1]};
}

static gboolean flush(Laying *laying, GError **error)
{
  size_t used = laying->used;
  laying->used = 0;
  return oakum_press_write(laying->press, laying->buffer, used,
                           (uint64_t)laying->first_block * OAKUM_EROFS_BLOCK + laying->laid - used,
                           error);
}

static gboolean lay(Laying *laying, const void *data, size_t len, GError **error)
{
  if (laying->dry) {
    laying->laid += len;
    return TRUE;
  }
  for (const uint8_t *from = data; len > 0;) {
    if (laying->used == OAKUM_IO_BUFFER && !flush(laying, error))
      return FALSE;
    size_t n = MIN(len, OAKUM_IO_BUFFER - laying->used);
    memcpy(laying->buffer + laying->used, from, n);
    laying->used += n;
    laying->laid += n;
    from += n;
    len -= n;
  }
  return TRUE;
}

/* Zeros up to a multiple of `unit`, at most a block. */
static gboolean align(Laying *laying, size_t unit, GError **error)
{
  static const uint8_t zeros[OAKUM_EROFS_BLOCK];
  return lay(laying, zeros, (size_t)((unit - laying->laid % unit) % unit), error);
}

static uint64_t slot_of(Laying *laying, OakumNoteId id)
{
  const PressShared *shared = id ? oakum_press_shared(laying->press, id) : NULL;
  return shared ? shared->place.slot : oakum_press_place(laying->press, id).slot;
}

/* The names of a folder; how many of them are folders. */
static uint32_t list(Laying *laying, OakumNoteId folder)
{
  const OakumNotes *notes = laying->press->tree->notes;
  const OakumNoteId above = folder ? oakum_notes_parent(notes, folder) : 0;
  const OakumErofsName own[] = {
      {slot_of(laying, folder), OAKUM_TAR_DIR, {(const uint8_t *)".", 1}},
      {slot_of(laying, above), OAKUM_TAR_DIR, {(const uint8_t *)"..", 2}}};
  uint32_t folders = 0;
  g_array_set_size(laying->names, 0);
  g_array_append_vals(laying->names, own, G_N_ELEMENTS(own));
  for (OakumNoteId id = first_in(notes, folder); id != OAKUM_NOTE_NONE; id = behind(notes, id)) {
    OakumErofsName name = {slot_of(laying, id), oakum_notes_type(notes, id),
                           oakum_notes_name(notes, id)};
    folders += name.type == OAKUM_TAR_DIR;
    g_array_append_val(laying->names, name);
  }
  g_byte_array_set_size(laying->content, 0);
  oakum_erofs_put_folder(laying->content, laying->names);
  return folders;
}

static gboolean lay_inode(Laying *laying, OakumNoteId id, const OakumNote *note, PressPlace *place,
                          uint32_t links, GError **error)
{
  uint8_t bytes[OAKUM_EROFS_INODE];
  OakumSlice xattrs, link, follows = {NULL, 0};
  texts_of(laying->press, place, &xattrs, &link);
  OakumErofsInode inode = {.type = note->type,
                           .mode = oakum_tree_kind(note->type) | note->mode,
                           .uid = note->uid,
                           .gid = note->gid,
                           .mtime = note->mtime,
                           .mtime_ns = place->ns,
                           .links = links,
                           .size = note->type == OAKUM_TAR_FILE ? note->size : 0,
                           .block = place->block,
                           .dev_major = major(note->rdev),
                           .dev_minor = minor(note->rdev),
                           .xattrs = xattrs.len};
  if (note->type == OAKUM_TAR_DIR) {
    inode.links = 2 + list(laying, id);
    follows = (OakumSlice){laying->content->data, laying->content->len};
  } else if (note->type == OAKUM_TAR_SYMLINK) {
    follows = link;
  }
  size_t whole = sizeof(bytes) + xattrs.len + follows.len;
  if (follows.len > 0)
    inode.size = follows.len;
  inode.inside = follows.len > 0 && whole <= OAKUM_EROFS_BLOCK;
  if (follows.len > 0 && !inode.inside) {
    if (!align(laying, OAKUM_EROFS_BLOCK, error))
      return FALSE;
    inode.block = laying->first_block + (uint32_t)(laying->laid / OAKUM_EROFS_BLOCK);
    if (!lay(laying, follows.data, follows.len, error))
      return FALSE;
  }
  /* an inode does not cross a block, nor does what is inside */
  if (!align(laying, sizeof(bytes), error) ||
      (inode.inside && laying->laid % OAKUM_EROFS_BLOCK + whole > OAKUM_EROFS_BLOCK &&
       !align(laying, OAKUM_EROFS_BLOCK, error)))
    return FALSE;
  uint64_t slot = laying->laid / OAKUM_EROFS_SLOT;
  if (slot > PRESS_SLOT_MAX)
    return oakum_press_give_up(laying->press, "too many names", error);
  place->slot = inode.number = (uint32_t)slot;
  laying->inodes++;
  oakum_erofs_put_inode(bytes, &inode);
  return lay(laying, bytes, sizeof(bytes), error) && lay(laying, xattrs.data, xattrs.len, error) &&
         (!inode.inside || lay(laying, follows.data, follows.len, error));
}

/* Of one name alone. */
static gboolean lay_own(Laying *laying, OakumNoteId id, const OakumNote *note, GError **error)
{
  PressPlace place = oakum_press_place(laying->press, id);
  return lay_inode(laying, id, note, &place, 1, error) &&
         oakum_press_set_place(laying->press, id, &place, error);
}

static gboolean lay_name(Laying *laying, OakumNoteId id, GError **error)
{
  OakumNote note;
  PressShared *shared = oakum_press_shared(laying->press, id);
  if (!shared) {
    oakum_notes_get(laying->press->tree->notes, id, &note);
    return lay_own(laying, id, &note, error);
  }
  if (shared->laid)
    return TRUE;
  shared->laid = TRUE;
  return lay_inode(laying, id, &shared->note, &shared->place, shared->names, error);
}

/* All inodes, folders before what is in them. Called twice: where they lie must be known when the
 * folders are written. */
static gboolean lay_all(Laying *laying, gboolean dry, GError **error)
{
  const OakumNotes *notes = laying->press->tree->notes;
  const OakumNoteId root = 0;
  g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(OakumNoteId));
  static const uint8_t zeros[OAKUM_EROFS_INODE];
  laying->dry = dry;
  laying->laid = laying->inodes = 0;
  for (guint i = 0; i < laying->press->shared->len; i++)
    g_array_index(laying->press->shared, PressShared, i).laid = FALSE;
  /* no inode is number 0, which readdir(3) takes for none */
  if (!lay(laying, zeros, sizeof(zeros), error) ||
      !lay_own(laying, root, &laying->press->root, error))
    return FALSE;
  g_array_append_val(todo, root);
  while (todo->len > 0) {
    OakumNoteId folder = g_array_index(todo, OakumNoteId, todo->len - 1);
    g_array_set_size(todo, todo->len - 1);
    for (OakumNoteId id = first_in(notes, folder); id != OAKUM_NOTE_NONE; id = behind(notes, id)) {
      if (!lay_name(laying, id, error))
        return FALSE;
      if (oakum_notes_type(notes, id) == OAKUM_TAR_DIR)
        g_array_append_val(todo, id);
    }
  }
  return TRUE;
}

/* From here on a stamp is one. */
static void forget_places(OakumNotes *notes)
{
  for (OakumNoteId id = 0; id < oakum_notes_end(notes); id++)
    oakum_notes_set_stamp(notes, id, 0);
}

gboolean oakum_press_finish(OakumPress *press, GError **error)
{
  uint8_t first[OAKUM_EROFS_BLOCK];
  uint32_t end;
  g_autofree uint8_t *buffer = g_malloc(OAKUM_IO_BUFFER);
  g_autoptr(GArray) names = g_array_new(FALSE, TRUE, sizeof(OakumErofsName));
  g_autoptr(GByteArray) content = g_byte_array_new();
  Laying laying = {.press = press, .buffer = buffer, .names = names, .content = content};
  if (!complete_notes(press, error) || !oakum_press_reserve(press, 0, &laying.first_block, error) ||
      !lay_all(&laying, TRUE, error))
    return FALSE;
  uint64_t root = oakum_press_place(press, 0).slot;
  if (root > UINT16_MAX)
    return oakum_press_give_up(press, "a large root folder", error);
  if (!oakum_press_reserve(press, laying.laid, &end, error) || !lay_all(&laying, FALSE, error) ||
      !align(&laying, OAKUM_EROFS_BLOCK, error) || !flush(&laying, error) ||
      !oakum_press_reserve(press, 0, &end, error))
    return FALSE;
  oakum_erofs_put_super(first, laying.inodes, end, laying.first_block, (uint16_t)root);
  press->tree->exact = TRUE;
  forget_places(press->tree->notes);
  return oakum_press_write(press, first, sizeof(first), 0, error);
}
