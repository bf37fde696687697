/* Notes as bytes: a head, the kinds, the nodes (folders before what is in them, each with its name
 * behind it), and a sum over all that. Numbers are as this machine has them: it is a file of a
 * cache. Nothing in it is an offset, and what is read is put together anew by the functions that
 * made it. */
#include "image/notes-store.h"
#include <string.h>

#define MARK "oakum notes 1\n\0"
#define SPOOL (64 * OAKUM_KIB)

typedef struct {
  char mark[16];
  uint32_t order, n_kinds, n_nodes, zero;
} Head;
#define ORDER 0x01020304u

typedef struct {
  uint32_t parent, kind, size_low, mtime_low;
  uint64_t content;
} Row; /* then the length of the name, 1 byte, and the name */

/* ---- writing
 * ------------------------------------------------------------------------------------- */
typedef struct {
  OakumWriter *out;
  GByteArray *spool;
  uint64_t sum;
} Out;

static gboolean flush(Out *out, GError **error)
{
  out->sum = oakum_content_hash(out->sum, out->spool->data, out->spool->len);
  gboolean ok = oakum_writer_write(out->out, out->spool->data, out->spool->len, error);
  g_byte_array_set_size(out->spool, 0);
  return ok;
}

static gboolean give(Out *out, const void *data, size_t len, GError **error)
{
  g_byte_array_append(out->spool, data, (guint)len);
  return out->spool->len < SPOOL || flush(out, error);
}

/* The nodes that have a note, and those above them. */
static guint find_needed(const OakumNotes *notes, OakumNoteSet *needed)
{
  guint n = 0;
  oakum_note_set_reserve(needed, notes->n_nodes);
  for (OakumNoteId id = 0; (id = oakum_notes_next(notes, id)) != OAKUM_NOTE_NONE;)
    for (OakumNoteId up = id; up != 0 && !oakum_note_set_has(needed, up);
         up = oakum_notes_parent(notes, up)) {
      oakum_note_set_add(needed, up);
      n++;
    }
  return n;
}

static gboolean give_node(const OakumNotes *notes, OakumNoteId id, const OakumNoteId *ids, Out *out,
                          GError **error)
{
  const OakumNode *node = oakum_notes_node_at(notes, id);
  gboolean note = oakum_notes_has(notes, id);
  Row row = {.parent = ids[node->parent]};
  if (note) {
    row.kind = node->kind & (OAKUM_NODE_NOTED | OAKUM_NODE_LINKED | OAKUM_NODE_KIND);
    row.size_low = node->size_low;
    row.mtime_low = node->mtime_low;
    row.content = oakum_notes_type(notes, id) == OAKUM_TAR_DIR ? 0 : node->content;
  }
  OakumSlice name = oakum_notes_name(notes, id);
  const uint8_t len = (uint8_t)name.len;
  return give(out, &row, sizeof(row), error) && give(out, &len, 1, error) &&
         give(out, name.data, name.len, error);
}

static gboolean give_all(const OakumNotes *notes, const OakumNoteSet *needed, guint n, Out *out,
                         GError **error)
{
  Head head = {MARK, ORDER, notes->kinds->len, n, 0};
  if (!give(out, &head, sizeof(head), error))
    return FALSE;
  for (guint i = 0; i < notes->kinds->len; i++)
    if (!give(out, notes->kinds->pdata[i], sizeof(OakumNodeKind), error))
      return FALSE;
  g_autofree OakumNoteId *ids = g_new(OakumNoteId, notes->n_nodes);
  OakumNoteId given = ids[0] = 0;
  for (OakumNoteId id = 1; (id = oakum_note_set_next(needed, id)) != OAKUM_NOTE_NONE; id++) {
    ids[id] = ++given;
    if (!give_node(notes, id, ids, out, error))
      return FALSE;
  }
  if (!flush(out, error))
    return FALSE;
  const uint64_t sum = out->sum;
  return oakum_writer_write(out->out, &sum, sizeof(sum), error);
}

gboolean oakum_notes_save(const OakumNotes *notes, OakumWriter *writer, GError **error)
{
  g_autoptr(GByteArray) spool = g_byte_array_sized_new(SPOOL + 4096);
  OakumNoteSet needed = {0};
  guint n = find_needed(notes, &needed);
  Out out = {writer, spool, 0};
  gboolean ok = give_all(notes, &needed, n, &out, error);
  oakum_note_set_clear(&needed);
  return ok;
}

/* ---- reading
 * ------------------------------------------------------------------------------------- */
typedef struct {
  OakumReader *reader;
  guint8 *spool; /* of SPOOL bytes */
  size_t at, len;
  uint64_t sum;
} In;

static gboolean bad(GError **error, const char *why)
{
  if (!error || !*error)
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "notes of a tree: %s", why);
  return FALSE;
}

static gboolean fill(In *in, GError **error)
{
  gssize n = oakum_reader_read(in->reader, in->spool, SPOOL, error);
  in->at = 0;
  in->len = n > 0 ? (size_t)n : 0;
  return n > 0 || (n == 0 && bad(error, "cut short"));
}

static gboolean take(In *in, void *data, size_t len, GError **error)
{
  for (size_t done = 0; done < len;) {
    if (in->at == in->len && !fill(in, error))
      return FALSE;
    size_t n = MIN(len - done, in->len - in->at);
    memcpy((char *)data + done, in->spool + in->at, n);
    done += n;
    in->at += n;
  }
  in->sum = oakum_content_hash(in->sum, data, len);
  return TRUE;
}

static gboolean take_kinds(In *in, OakumNotes *notes, guint n, GError **error)
{
  for (guint i = 0; i < n; i++) {
    OakumNodeKind kind;
    uint32_t id;
    if (!take(in, &kind, sizeof(kind), error))
      return FALSE;
    if (kind.type > OAKUM_TAR_FIFO || kind.type == OAKUM_TAR_HARDLINK || kind.mode > 07777)
      return bad(error, "no such kind of file");
    if (!oakum_notes_kind(notes, &kind, &id) || id != i)
      return bad(error, "a kind of file twice");
  }
  return TRUE;
}

static gboolean good_name(const char *name, size_t len)
{
  return len > 0 && !memchr(name, '/', len) && !memchr(name, '\0', len) &&
         !(len <= 2 && strncmp(name, "..", len) == 0);
}

/* `depth`: of each node before. */
static gboolean take_node(In *in, OakumNotes *notes, GArray *depth, GError **error)
{
  Row row;
  uint8_t len;
  char name[UINT8_MAX];
  OakumNoteId want = notes->n_nodes;
  if (!take(in, &row, sizeof(row), error) || !take(in, &len, 1, error) ||
      !take(in, name, len, error))
    return FALSE;
  uint32_t kind = row.kind & OAKUM_NODE_KIND;
  gboolean noted = (row.kind & OAKUM_NODE_NOTED) != 0;
  if (row.parent >= want || !good_name(name, len))
    return bad(error, "a name that cannot be");
  const uint16_t deep = g_array_index(depth, uint16_t, row.parent) + 1;
  if (deep > OAKUM_TAR_PATH_DEPTH_MAX)
    return bad(error, "folders nest too deep");
  if ((row.kind & ~(OAKUM_NODE_KIND | OAKUM_NODE_NOTED | OAKUM_NODE_LINKED)) ||
      (noted ? kind >= notes->kinds->len : row.kind != 0))
    return bad(error, "no such kind of file");
  if (oakum_notes_has(notes, row.parent) && oakum_notes_type(notes, row.parent) != OAKUM_TAR_DIR)
    return bad(error, "something lies below what is no folder");
  OakumNoteId id = oakum_notes_make_below(notes, row.parent, name, len, error);
  if (id != want)
    return bad(error, "a name twice");
  g_array_append_val(depth, deep);
  if (!noted)
    return TRUE;
  OakumNode *node = oakum_notes_node_at(notes, id);
  node->kind = OAKUM_NODE_NOTED | kind;
  node->size_low = row.size_low;
  node->mtime_low = row.mtime_low;
  if (oakum_notes_type(notes, id) != OAKUM_TAR_DIR)
    node->content = row.content;
  notes->count++;
  oakum_notes_set_linked(notes, id, (row.kind & OAKUM_NODE_LINKED) != 0);
  return TRUE;
}

static gboolean take_all(In *in, OakumNotes *notes, GError **error)
{
  Head head;
  g_autoptr(GArray) depth = g_array_new(FALSE, FALSE, sizeof(uint16_t));
  const uint16_t none = 0;
  g_array_append_val(depth, none);
  if (!take(in, &head, sizeof(head), error))
    return FALSE;
  if (memcmp(head.mark, MARK, sizeof(head.mark)) != 0 || head.order != ORDER || head.zero != 0)
    return bad(error, "another format, or none");
  if (!take_kinds(in, notes, head.n_kinds, error))
    return FALSE;
  for (guint i = 0; i < head.n_nodes; i++)
    if (!take_node(in, notes, depth, error))
      return FALSE;
  const uint64_t sum = in->sum;
  uint64_t said;
  if (!take(in, &said, sizeof(said), error))
    return FALSE;
  if (said != sum || in->at < in->len)
    return bad(error, "damaged");
  gssize more = oakum_reader_read(in->reader, in->spool, SPOOL, error);
  return more == 0 || (more > 0 && bad(error, "something behind the end"));
}

OakumNotes *oakum_notes_load(OakumReader *reader, GError **error)
{
  g_autoptr(OakumReader) owned = reader;
  g_autofree guint8 *spool = g_malloc(SPOOL);
  g_autoptr(OakumNotes) notes = oakum_notes_new();
  In in = {owned, spool, 0, 0, 0};
  return take_all(&in, notes, error) ? g_steal_pointer(&notes) : NULL;
}

/* ---- anew
 * ---------------------------------------------------------------------------------------- */
void oakum_notes_tidy(OakumNotes *notes)
{
  if (notes->n_nodes - notes->count < notes->count + 10000 &&
      notes->kinds->len < notes->count + 10000)
    return;
  OakumNoteSet needed = {0};
  (void)find_needed(notes, &needed);
  g_autoptr(OakumNotes) fresh = oakum_notes_new();
  g_autofree OakumNoteId *ids = g_new(OakumNoteId, notes->n_nodes);
  ids[0] = 0;
  for (OakumNoteId id = 1; (id = oakum_note_set_next(&needed, id)) != OAKUM_NOTE_NONE; id++) {
    OakumSlice name = oakum_notes_name(notes, id);
    OakumNote note;
    ids[id] = oakum_notes_make_below(fresh, ids[oakum_notes_parent(notes, id)],
                                     (const char *)name.data, name.len, NULL);
    if (oakum_notes_has(notes, id)) {
      oakum_notes_get(notes, id, &note);
      (void)!oakum_notes_set(fresh, ids[id], &note, NULL); /* there are fewer than there were */
    }
  }
  oakum_note_set_clear(&needed);
  OakumNotes old = *notes;
  *notes = *fresh;
  *fresh = old;
}
