/* A look at what is on the disk of a tree, or at what a step touched: the notes are brought up to
 * date. */
#pragma once
#include "image/tree-private.h"

typedef struct {
  OakumTree *tree;
  const OakumTreeTimes *times; /* NULL: settling: what is there is as it ought to be */
  GHashTable *alive;    /* the files that there are, for the table of owners; or NULL. Borrowed */
  OakumNoteSet unseen;  /* names that went, unless they are seen */
  OakumNoteSet changed; /* those that differ; their contents are not looked at (0 in the notes) */
} OakumWalk;            /* the sets begin as zeros */
void oakum_walk_clear(OakumWalk *walk);
/* All that there is; what is not found is left in `unseen`. The folders are shared out among the
 * threads of the tree. */
NODISCARD gboolean oakum_walk_all(OakumWalk *walk, GError **error);
/* What a step on an overlay touched. */
NODISCARD gboolean oakum_walk_touched(OakumWalk *walk, const TreeTouched *touched, GError **error);
/* What stat(2) tells. */
NODISCARD OakumNote oakum_walk_note(const struct stat *st);
