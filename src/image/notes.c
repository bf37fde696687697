/* The notes in memory: a node a name, a table from (folder, name) to nodes, lists of what is in
 * each folder. */
#include "image/notes-store.h"
#include <isa-l/crc64.h>
#include <string.h>

#define CHUNK_NAMES (64u * 1024u)
#define TABLE_FIRST 1024u

/* ids and what is above them in the table */
#define ID_BITS 25u
G_STATIC_ASSERT(OAKUM_TREE_NAMES_MAX < (1u << ID_BITS) - 1);
#define TOMB ((1u << ID_BITS) - 1) /* a name that went: others may stand behind it */

static inline const uint8_t *name_at(const OakumNotes *notes, const OakumNode *node)
{
  return notes->names[node->name / CHUNK_NAMES] + node->name % CHUNK_NAMES;
}

static guint kind_hash(gconstpointer p)
{
  return (guint)oakum_bytes_hash(p, sizeof(OakumNodeKind));
}

static gboolean kind_equal(gconstpointer a, gconstpointer b)
{
  return memcmp(a, b, sizeof(OakumNodeKind)) == 0;
}

static gboolean is_folder(const OakumNotes *notes, const OakumNode *node)
{
  return !(node->kind & OAKUM_NODE_NOTED) ||
         ((const OakumNodeKind *)notes->kinds->pdata[node->kind & OAKUM_NODE_KIND])->type ==
             OAKUM_TAR_DIR;
}

static void add_root(OakumNotes *notes)
{
  notes->nodes = g_new0(OakumNode *, 1);
  notes->nodes[0] = g_new(OakumNode, OAKUM_CHUNK_NODES);
  notes->nodes[0][0] =
      (OakumNode){.parent = OAKUM_NOTE_NONE, .next = OAKUM_NOTE_NONE, .content = OAKUM_NOTE_NONE};
  notes->names = g_new0(uint8_t *, 1);
  notes->names[0] = g_malloc0(CHUNK_NAMES);
  notes->n_nodes = notes->n_names = notes->name_at = 1; /* the root's name has no bytes */
}

OakumNotes *oakum_notes_new(void)
{
  OakumNotes *notes = g_new0(OakumNotes, 1);
  notes->kinds = g_ptr_array_new_with_free_func(g_free);
  notes->kind_ids = g_hash_table_new(kind_hash, kind_equal);
  notes->linked = g_array_new(FALSE, FALSE, sizeof(OakumNoteId));
  notes->table_bits = (guint)__builtin_ctz(TABLE_FIRST);
  notes->table = g_new0(uint32_t, TABLE_FIRST);
  add_root(notes);
  return notes;
}

void oakum_notes_free(OakumNotes *notes)
{
  if (!notes)
    return;
  for (guint i = 0; i * OAKUM_CHUNK_NODES < notes->n_nodes; i++)
    g_free(notes->nodes[i]);
  for (guint i = 0; i < notes->n_names; i++)
    g_free(notes->names[i]);
  g_free(notes->nodes);
  g_free(notes->names);
  g_free(notes->table);
  g_hash_table_unref(notes->kind_ids);
  g_ptr_array_unref(notes->kinds);
  g_array_unref(notes->linked);
  g_free(notes);
}

guint oakum_notes_count(const OakumNotes *notes)
{
  return notes->count;
}

guint oakum_notes_end(const OakumNotes *notes)
{
  return notes->n_nodes;
}

/* ---- the table: by folder and name
 * --------------------------------------------------------------- */
static uint64_t hash_of(OakumNoteId folder, const void *name, size_t len)
{
  uint8_t key[sizeof(folder) + OAKUM_TAR_COMPONENT_MAX];
  memcpy(key, &folder, sizeof(folder));
  memcpy(key + sizeof(folder), name, len);
  return oakum_bytes_hash(key, sizeof(folder) + len);
}

static uint32_t slot_of(OakumNoteId id, uint64_t hash)
{
  return (id + 1) | (uint32_t)(hash >> 57) << ID_BITS;
}

static void put(uint32_t *table, guint bits, OakumNoteId id, uint64_t hash)
{
  guint mask = (1u << bits) - 1, at = (guint)hash & mask;
  while (table[at] != 0)
    at = (at + 1) & mask;
  table[at] = slot_of(id, hash);
}

static uint64_t hash_of_node(const OakumNotes *notes, const OakumNode *node)
{
  const uint8_t *name = name_at(notes, node);
  return hash_of(node->parent, name + 1, *name);
}

/* Makes room for one more. */
static void grow_table(OakumNotes *notes)
{
  guint size = 1u << notes->table_bits;
  if (notes->table_used < size / 4 * 3)
    return;
  guint live = notes->n_nodes - notes->n_gone;
  guint bits = notes->table_bits + (live >= size / 8 * 3 ? 1 : 0); /* else only the tombs go */
  uint32_t *table = g_new0(uint32_t, (gsize)1 << bits);
  for (OakumNoteId id = 1; id < notes->n_nodes; id++)
    if (!(oakum_notes_node_at(notes, id)->kind & OAKUM_NODE_GONE))
      put(table, bits, id, hash_of_node(notes, oakum_notes_node_at(notes, id)));
  g_free(notes->table);
  notes->table = table;
  notes->table_bits = bits;
  notes->table_used = live;
}

/* Where a node stands in the table; it is there. */
static guint place_of(const OakumNotes *notes, OakumNoteId id)
{
  uint64_t hash = hash_of_node(notes, oakum_notes_node_at(notes, id));
  guint mask = (1u << notes->table_bits) - 1, at = (guint)hash & mask;
  while (notes->table[at] != slot_of(id, hash))
    at = (at + 1) & mask;
  return at;
}

static OakumNoteId look_up(const OakumNotes *notes, OakumNoteId folder, const char *name,
                           size_t len, uint64_t hash)
{
  guint mask = (1u << notes->table_bits) - 1;
  uint32_t tag = (uint32_t)(hash >> 57);
  for (guint at = (guint)hash & mask; notes->table[at] != 0; at = (at + 1) & mask) {
    uint32_t slot = notes->table[at];
    if (slot >> ID_BITS != tag || (slot & TOMB) == TOMB)
      continue;
    const OakumNode *node = oakum_notes_node_at(notes, (slot & TOMB) - 1);
    const uint8_t *known = name_at(notes, node);
    if (node->parent == folder && *known == len && memcmp(known + 1, name, len) == 0)
      return (slot & TOMB) - 1;
  }
  return OAKUM_NOTE_NONE;
}

OakumNoteId oakum_notes_below(const OakumNotes *notes, OakumNoteId folder, const char *name,
                              size_t len)
{
  return len > OAKUM_TAR_COMPONENT_MAX
             ? OAKUM_NOTE_NONE
             : look_up(notes, folder, name, len, hash_of(folder, name, len));
}

OakumNoteId oakum_notes_node(const OakumNotes *notes, const char *path)
{
  OakumNoteId id = 0;
  while (*path && id != OAKUM_NOTE_NONE) {
    size_t len = strcspn(path, "/");
    id = oakum_notes_below(notes, id, path, len);
    path += len + (path[len] == '/' ? 1 : 0);
  }
  return id;
}

OakumNoteId oakum_notes_find(const OakumNotes *notes, const char *path)
{
  OakumNoteId id = oakum_notes_node(notes, path);
  return id != OAKUM_NOTE_NONE && oakum_notes_has(notes, id) ? id : OAKUM_NOTE_NONE;
}

/* ---- making nodes
 * -------------------------------------------------------------------------------- */
static gboolean add_name(OakumNotes *notes, const char *name, size_t len, uint32_t *at)
{
  if (notes->name_at + 1 + len > CHUNK_NAMES) {
    if (notes->n_names >= UINT32_MAX / CHUNK_NAMES)
      return FALSE;
    notes->names = g_renew(uint8_t *, notes->names, notes->n_names + 1);
    notes->names[notes->n_names++] = g_malloc(CHUNK_NAMES);
    notes->name_at = 0;
  }
  uint8_t *to = notes->names[notes->n_names - 1] + notes->name_at;
  *to = (uint8_t)len;
  memcpy(to + 1, name, len);
  *at = (notes->n_names - 1) * CHUNK_NAMES + notes->name_at;
  notes->name_at += 1 + (guint)len;
  return TRUE;
}

static OakumNoteId too_many(GError **error)
{
  g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "a tree of more than %u names",
              OAKUM_TREE_NAMES_MAX);
  return OAKUM_NOTE_NONE;
}

OakumNoteId oakum_notes_make_below(OakumNotes *notes, OakumNoteId folder, const char *name,
                                   size_t len, GError **error)
{
  if (len > OAKUM_TAR_COMPONENT_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "a name is longer than %u bytes",
                OAKUM_TAR_COMPONENT_MAX);
    return OAKUM_NOTE_NONE;
  }
  uint64_t hash = hash_of(folder, name, len);
  OakumNoteId id = look_up(notes, folder, name, len, hash);
  if (id != OAKUM_NOTE_NONE)
    return id;
  uint32_t at;
  if (notes->n_nodes >= OAKUM_TREE_NAMES_MAX || !add_name(notes, name, len, &at))
    return too_many(error);
  if (!is_folder(notes, oakum_notes_node_at(notes, folder)))
    oakum_notes_remove(notes, folder, TRUE); /* there is something in it: the note is wrong */
  grow_table(notes);
  id = notes->n_nodes++;
  if (id % OAKUM_CHUNK_NODES == 0) {
    notes->nodes = g_renew(OakumNode *, notes->nodes, id / OAKUM_CHUNK_NODES + 1);
    notes->nodes[id / OAKUM_CHUNK_NODES] = g_new(OakumNode, OAKUM_CHUNK_NODES);
  }
  OakumNode *above = oakum_notes_node_at(notes, folder);
  *oakum_notes_node_at(notes, id) = (OakumNode){
      .parent = folder, .next = (uint32_t)above->content, .name = at, .content = OAKUM_NOTE_NONE};
  above->content = id;
  put(notes->table, notes->table_bits, id, hash);
  notes->table_used++;
  return id;
}

OakumNoteId oakum_notes_make(OakumNotes *notes, const char *path, GError **error)
{
  OakumNoteId id = 0;
  while (*path && id != OAKUM_NOTE_NONE) {
    size_t len = strcspn(path, "/");
    id = oakum_notes_make_below(notes, id, path, len, error);
    path += len + (path[len] == '/' ? 1 : 0);
  }
  return id;
}

/* ---- looking at them
 * ----------------------------------------------------------------------------- */
gboolean oakum_notes_has(const OakumNotes *notes, OakumNoteId id)
{
  return (oakum_notes_node_at(notes, id)->kind & OAKUM_NODE_NOTED) != 0;
}

void oakum_notes_get(const OakumNotes *notes, OakumNoteId id, OakumNote *out)
{
  const OakumNode *node = oakum_notes_node_at(notes, id);
  const OakumNodeKind *kind = notes->kinds->pdata[node->kind & OAKUM_NODE_KIND];
  *out = (OakumNote){.type = (OakumTarType)kind->type,
                     .mode = kind->mode,
                     .uid = kind->uid,
                     .gid = kind->gid,
                     .size = (uint64_t)kind->size_high << 32 | node->size_low,
                     .mtime = (int64_t)((uint64_t)kind->mtime_high << 32 | node->mtime_low),
                     .rdev = kind->rdev,
                     .stamp = node->stamp,
                     .content = kind->type == OAKUM_TAR_DIR ? 0 : node->content,
                     .linked = (node->kind & OAKUM_NODE_LINKED) != 0};
  memcpy(out->xattrs, kind->xattrs, OAKUM_NOTE_XATTRS);
}

OakumTarType oakum_notes_type(const OakumNotes *notes, OakumNoteId id)
{
  return (OakumTarType)((const OakumNodeKind *)notes->kinds
                            ->pdata[oakum_notes_node_at(notes, id)->kind & OAKUM_NODE_KIND])
      ->type;
}

uint64_t oakum_notes_stamp_of(const OakumNotes *notes, OakumNoteId id)
{
  return oakum_notes_node_at(notes, id)->stamp;
}

gboolean oakum_notes_is_linked(const OakumNotes *notes, OakumNoteId id)
{
  return (oakum_notes_node_at(notes, id)->kind & OAKUM_NODE_LINKED) != 0;
}

OakumSlice oakum_notes_name(const OakumNotes *notes, OakumNoteId id)
{
  const uint8_t *name = name_at(notes, oakum_notes_node_at(notes, id));
  return (OakumSlice){name + 1, *name};
}

OakumNoteId oakum_notes_parent(const OakumNotes *notes, OakumNoteId id)
{
  return oakum_notes_node_at(notes, id)->parent;
}

OakumNoteId oakum_notes_first(const OakumNotes *notes, OakumNoteId folder)
{
  const OakumNode *node = oakum_notes_node_at(notes, folder);
  return is_folder(notes, node) ? (OakumNoteId)node->content : OAKUM_NOTE_NONE;
}

OakumNoteId oakum_notes_sibling(const OakumNotes *notes, OakumNoteId id)
{
  return oakum_notes_node_at(notes, id)->next;
}

const char *oakum_notes_path(const OakumNotes *notes, OakumNoteId id, GString *into)
{
  gsize len = 0;
  for (OakumNoteId at = id; at != 0; at = oakum_notes_node_at(notes, at)->parent)
    len += *name_at(notes, oakum_notes_node_at(notes, at)) +
           (oakum_notes_node_at(notes, at)->parent ? 1u : 0u);
  g_string_set_size(into, len);
  for (OakumNoteId at = id; at != 0; at = oakum_notes_node_at(notes, at)->parent) {
    const uint8_t *name = name_at(notes, oakum_notes_node_at(notes, at));
    len -= *name;
    memcpy(into->str + len, name + 1, *name);
    if (len > 0)
      into->str[--len] = '/';
  }
  return into->str;
}

OakumNoteId oakum_notes_next(const OakumNotes *notes, OakumNoteId id)
{
  for (id++; id < notes->n_nodes; id++)
    if (oakum_notes_has(notes, id))
      return id;
  return OAKUM_NOTE_NONE;
}

static gint by_content(gconstpointer a, gconstpointer b)
{
  const OakumNote *x = a, *y = b;
  return x->content != y->content ? (x->content < y->content ? -1 : 1)
         : x->size != y->size     ? (x->size < y->size ? -1 : 1)
                                  : 0;
}

static uint64_t in_blocks(uint64_t size)
{
  const uint64_t block = 4096;
  return size / block * block + (size % block ? block : 0);
}

uint64_t oakum_notes_bytes(const OakumNotes *notes)
{
  uint64_t bytes = 0;
  g_autoptr(GArray) linked = g_array_new(FALSE, FALSE, sizeof(OakumNote));
  for (OakumNoteId id = 0; (id = oakum_notes_next(notes, id)) != OAKUM_NOTE_NONE;) {
    OakumNote note;
    oakum_notes_get(notes, id, &note);
    if (note.type == OAKUM_TAR_DIR)
      bytes += in_blocks(1);
    else if (note.type == OAKUM_TAR_FILE && !note.linked)
      bytes += in_blocks(note.size);
    else if (note.type == OAKUM_TAR_FILE)
      g_array_append_val(linked, note);
  }
  g_array_sort(linked, by_content); /* the names of one file share content and size */
  for (guint i = 0; i < linked->len; i++) {
    const OakumNote *note = &g_array_index(linked, OakumNote, i);
    if (i == 0 || by_content(note, note - 1) != 0)
      bytes += in_blocks(note->size);
  }
  return bytes;
}

const GArray *oakum_notes_linked(OakumNotes *notes)
{
  guint kept = 0;
  for (guint i = 0; i < notes->linked->len; i++) {
    OakumNoteId id = g_array_index(notes->linked, OakumNoteId, i);
    OakumNode *node = oakum_notes_node_at(notes, id);
    if (node->kind & OAKUM_NODE_LINKED)
      g_array_index(notes->linked, OakumNoteId, kept++) = id;
    else
      node->kind &= ~OAKUM_NODE_LISTED;
  }
  g_array_set_size(notes->linked, kept);
  return notes->linked;
}

/* ---- changing them
 * ------------------------------------------------------------------------------- */
gboolean oakum_notes_kind(OakumNotes *notes, const OakumNodeKind *kind, uint32_t *id)
{
  gpointer known;
  if (g_hash_table_lookup_extended(notes->kind_ids, kind, NULL, &known)) {
    *id = GPOINTER_TO_UINT(known);
    return TRUE;
  }
  if (notes->kinds->len > OAKUM_NODE_KIND)
    return FALSE;
  *id = notes->kinds->len;
  OakumNodeKind *copy = g_memdup2(kind, sizeof(*kind));
  g_ptr_array_add(notes->kinds, copy);
  g_hash_table_insert(notes->kind_ids, copy, GUINT_TO_POINTER(*id));
  return TRUE;
}

/* A node is out of its folder when it stands in no list: the folder's begins anew. */
static void forget(OakumNotes *notes, OakumNode *node)
{
  notes->count -= node->kind & OAKUM_NODE_NOTED ? 1 : 0;
  node->kind &= OAKUM_NODE_LISTED;
}

void oakum_notes_remove(OakumNotes *notes, OakumNoteId id, gboolean itself)
{
  if (id == OAKUM_NOTE_NONE)
    return;
  OakumNode *top = oakum_notes_node_at(notes, id);
  if (is_folder(notes, top)) {
    /* Depth first without a stack: a folder's list is put in front of what is left to do. */
    OakumNoteId todo = (OakumNoteId)top->content;
    top->content = OAKUM_NOTE_NONE;
    while (todo != OAKUM_NOTE_NONE) {
      OakumNode *node = oakum_notes_node_at(notes, todo);
      OakumNoteId self = todo;
      todo = node->next;
      if (is_folder(notes, node) && node->content != OAKUM_NOTE_NONE) {
        OakumNoteId last = (OakumNoteId)node->content;
        while (oakum_notes_node_at(notes, last)->next != OAKUM_NOTE_NONE)
          last = oakum_notes_node_at(notes, last)->next;
        oakum_notes_node_at(notes, last)->next = todo;
        todo = (OakumNoteId)node->content;
      }
      notes->table[place_of(notes, self)] |= TOMB;
      forget(notes, node);
      node->kind |= OAKUM_NODE_GONE;
      node->content = node->next = OAKUM_NOTE_NONE;
      notes->n_gone++;
    }
  }
  if (itself && id != 0 && (top->kind & OAKUM_NODE_NOTED)) {
    forget(notes, top);
    top->content = OAKUM_NOTE_NONE;
  }
}

gboolean oakum_notes_set(OakumNotes *notes, OakumNoteId id, const OakumNote *note, GError **error)
{
  OakumNode *node = oakum_notes_node_at(notes, id);
  OakumNodeKind kind = {.type = note->type,
                        .mode = note->mode,
                        .uid = note->uid,
                        .gid = note->gid,
                        .size_high = (uint32_t)(note->size >> 32),
                        .mtime_high = (uint32_t)((uint64_t)note->mtime >> 32),
                        .rdev = note->rdev};
  memcpy(kind.xattrs, note->xattrs, OAKUM_NOTE_XATTRS);
  uint32_t number;
  if (!oakum_notes_kind(notes, &kind, &number)) {
    too_many(error);
    return FALSE;
  }
  gboolean was_folder = is_folder(notes, node);
  if (was_folder && note->type != OAKUM_TAR_DIR)
    oakum_notes_remove(notes, id, FALSE);
  if (note->type != OAKUM_TAR_DIR)
    node->content = note->content;
  else if (!was_folder)
    node->content = OAKUM_NOTE_NONE;
  notes->count += node->kind & OAKUM_NODE_NOTED ? 0 : 1;
  node->kind = OAKUM_NODE_NOTED | (node->kind & (OAKUM_NODE_LISTED | OAKUM_NODE_LINKED)) | number;
  node->size_low = (uint32_t)note->size;
  node->mtime_low = (uint32_t)(uint64_t)note->mtime;
  node->stamp = note->stamp;
  oakum_notes_set_linked(notes, id, note->linked);
  return TRUE;
}

void oakum_notes_set_stamp(OakumNotes *notes, OakumNoteId id, uint64_t stamp)
{
  oakum_notes_node_at(notes, id)->stamp = stamp;
}

void oakum_notes_set_linked(OakumNotes *notes, OakumNoteId id, gboolean linked)
{
  OakumNode *node = oakum_notes_node_at(notes, id);
  if (linked && !(node->kind & OAKUM_NODE_LISTED)) {
    g_array_append_val(notes->linked, id);
    node->kind |= OAKUM_NODE_LISTED;
  }
  node->kind = linked ? node->kind | OAKUM_NODE_LINKED : node->kind & ~OAKUM_NODE_LINKED;
}

/* ---- sets and hashes
 * ----------------------------------------------------------------------------- */
uint64_t oakum_content_hash(uint64_t before, const void *data, size_t len)
{
  return crc64_ecma_refl(before, data, len);
}

uint64_t oakum_note_stamp(uint64_t ino, int64_t ctime, uint32_t ctime_ns)
{
  /* the numbers are the kernel's, chosen by nobody; each bit of them moves all of the sum */
  uint64_t sum = ino * UINT64_C(0x9e3779b97f4a7c15);
  sum = (sum ^ sum >> 29) + (uint64_t)ctime;
  sum = (sum ^ sum >> 32) * UINT64_C(0xbf58476d1ce4e5b9) + ctime_ns;
  sum = (sum ^ sum >> 29) * UINT64_C(0x94d049bb133111eb);
  sum ^= sum >> 32;
  return sum ? sum : 1;
}

void oakum_note_set_reserve(OakumNoteSet *set, guint end)
{
  guint n = end / 32 + 1;
  if (n <= set->n_words)
    return;
  set->words = g_renew(guint32, set->words, n);
  memset(set->words + set->n_words, 0, (n - set->n_words) * sizeof(guint32));
  set->n_words = n;
}

void oakum_note_set_add(OakumNoteSet *set, OakumNoteId id)
{
  if (id / 32 >= set->n_words)
    oakum_note_set_reserve(set, MAX(id, set->n_words * 64));
  __atomic_fetch_or(&set->words[id / 32], 1u << id % 32, __ATOMIC_RELAXED);
}

void oakum_note_set_drop(OakumNoteSet *set, OakumNoteId id)
{
  if (id / 32 < set->n_words)
    __atomic_fetch_and(&set->words[id / 32], ~(1u << id % 32), __ATOMIC_RELAXED);
}

OakumNoteId oakum_note_set_next(const OakumNoteSet *set, OakumNoteId id)
{
  for (; id / 32 < set->n_words; id = (id / 32 + 1) * 32) {
    guint32 rest = set->words[id / 32] >> id % 32;
    if (rest)
      return id + (guint)__builtin_ctz(rest);
  }
  return OAKUM_NOTE_NONE;
}

void oakum_note_set_clear(OakumNoteSet *set)
{
  g_free(set->words);
  *set = (OakumNoteSet){0};
}
