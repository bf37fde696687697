/* What apply and diff share. */
#pragma once
#include "image/notes-private.h"
#include <sys/stat.h>

struct OakumTree {
  int root;
  OakumNotes *notes;
  guint threads;        /* that may look at it at once */
  const GArray *uppers; /* int: folders that may be written to, of which, and of others, the root is
                           a view, lowest first; NULL: the root is a folder of its own; borrowed */
  OakumTreeRaise raise;
  gpointer raise_user;
  const GPtrArray *left_out; /* paths that no layer carries, or NULL; borrowed */
  OakumOwners *owners;       /* NULL: the disk tells owners and modes; borrowed */
  gboolean settled;          /* nothing was applied since the notes and the disk were compared */
  gboolean exact; /* the notes tell what is on the disk, but for inodes and times of change */
  int64_t begun;  /* seconds: what is put into a folder of it since gives it a later time */
};

/* What a step on an overlay touched. */
typedef struct {
  char *path;
  gboolean deep;  /* with all that lies below */
  gboolean timed; /* a folder whose time is not what it was below the overlay */
} TreePath;
typedef struct {
  GArray *paths;    /* TreePath */
  GHashTable *gone; /* paths that went, with all below, or made way for something else */
} TreeTouched;
/* As oakum_tree_diff, looking at nothing else. */
NODISCARD gboolean oakum_tree_diff_touched(OakumTree *tree, const TreeTouched *touched,
                                           const OakumTreeTimes *times, OakumTarWriter *out,
                                           gboolean *changed, GError **error);

/* FALSE, with "path: what errno says"; the path is escaped. */
gboolean oakum_tree_fail(GError **error, int errnum, const char *path);
/* Names that steps are given and layers never carry. */
NODISCARD gboolean oakum_tree_ignored(const char *path);
/* The xattrs that a layer carries (security.capability, user.*), sorted by name; of an open file.
 * Array of OakumXattr with owned members. */
NODISCARD GArray *oakum_tree_xattrs(int fd, const OakumOwners *owners, GError **error);
void oakum_tree_hash_xattrs(const OakumXattr *xattrs, size_t n, uint8_t out[OAKUM_NOTE_XATTRS]);
NODISCARD OakumTarType oakum_tree_type(mode_t mode);
/* A file or folder, never a link followed, never waiting; -1 and errno. */
NODISCARD int oakum_tree_open_at(int at, const char *name);
/* The time that a layer tells. */
NODISCARD int64_t oakum_tree_told_time(const OakumTreeTimes *times, int64_t mtime);
