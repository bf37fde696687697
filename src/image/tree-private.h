/* What apply and diff share. */
#pragma once
#include "image/image-private.h"
#include <sys/stat.h>

#define CONTENT_DIGEST 16 /* bytes: enough to tell two contents of one file apart */

/* Of a file's bytes, to see whether a step changed them: two CRCs of 64 bits, ten times as fast as
 * SHA-256. One who makes two contents that are equal by it hides a change of his own from his own
 * layer, and nothing else; what is told to others goes by SHA-256. */
typedef struct {
  uint64_t a, b;
} OakumContentHash; /* begins as zeros */
void oakum_content_hash_add(OakumContentHash *hash, const void *data, size_t len);
void oakum_content_hash_end(const OakumContentHash *hash, uint8_t out[CONTENT_DIGEST]);

typedef struct {
  OakumTarType type; /* never HARDLINK */
  uint32_t mode, uid, gid;
  uint64_t size;
  int64_t mtime;
  uint64_t rdev, ino;
  int64_t ctime;
  uint32_t ctime_ns;
  gboolean seen;                   /* by the walk that runs */
  gboolean linked;                 /* the file had further names when it was last looked at */
  uint8_t content[CONTENT_DIGEST]; /* of a file's bytes or of a link's target */
  uint8_t xattrs[CONTENT_DIGEST];  /* of all names and values; zero: none */
} TreeEntry;

struct OakumTree {
  int root;
  GHashTable *entries; /* clean path → TreeEntry */
  OakumOwners *owners; /* NULL: the disk tells owners and modes; borrowed */
  gboolean settled;    /* nothing was applied since the notes and the disk were compared */
  gboolean exact;      /* the notes tell what is on the disk, but for inodes and times of change */
};

/* What a step on an overlay touched. */
typedef struct {
  char *path;
  gboolean deep; /* with all that lies below */
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
void oakum_tree_hash_xattrs(const OakumXattr *xattrs, size_t n, uint8_t out[CONTENT_DIGEST]);
void oakum_tree_hash(const void *data, size_t len, uint8_t out[CONTENT_DIGEST]);
void oakum_tree_hash_end(OakumHasher *hasher, uint8_t out[CONTENT_DIGEST]);
NODISCARD OakumTarType oakum_tree_type(mode_t mode);
