/* How notes lie in memory: for notes.c and notes-file.c alone. */
#pragma once
#include "image/notes-private.h"

/* of OakumNode.kind, above the number of the kind */
#define OAKUM_NODE_NOTED (1u << 31)
#define OAKUM_NODE_LINKED (1u << 30)
#define OAKUM_NODE_LISTED (1u << 29) /* in the list of the linked ones */
#define OAKUM_NODE_GONE (1u << 28)   /* not in the table any more, and in no folder */
#define OAKUM_NODE_KIND (OAKUM_NODE_GONE - 1)

/* What many names have in common. No padding: it is compared, and kept, as bytes. */
typedef struct {
  uint32_t type, mode, uid, gid;
  uint32_t size_high, mtime_high; /* the upper halves, which are 0 almost always */
  uint64_t rdev;
  uint8_t xattrs[OAKUM_NOTE_XATTRS];
} OakumNodeKind;

typedef struct {
  uint32_t parent;
  uint32_t next; /* in the same folder; NONE */
  uint32_t name; /* where its length and bytes lie */
  uint32_t kind;
  uint32_t size_low, mtime_low;
  uint64_t stamp;
  uint64_t content; /* of a folder, and of a node without a note: the first node below, or NONE */
} OakumNode;

#define OAKUM_CHUNK_NODES 4096u

/* Nodes and names lie in chunks, so that growing copies nothing and no pointer moves. */
struct OakumNotes {
  OakumNode **nodes;
  guint n_nodes, n_gone, count;
  uint8_t **names;
  guint n_names, name_at;
  uint32_t *table; /* 0: empty; else id + 1, and 7 bits of the hash above it */
  guint table_bits, table_used;
  GPtrArray *kinds; /* OakumNodeKind */
  GHashTable *kind_ids;
  GArray *linked; /* OakumNoteId of those that are LISTED */
};

static inline OakumNode *oakum_notes_node_at(const OakumNotes *notes, OakumNoteId id)
{
  return &notes->nodes[id / OAKUM_CHUNK_NODES][id % OAKUM_CHUNK_NODES];
}
/* The number of a kind, which is kept from now on. FALSE: too many. */
NODISCARD gboolean oakum_notes_kind(OakumNotes *notes, const OakumNodeKind *kind, uint32_t *id);
