/* What apply and diff share. */
#pragma once
#include "image/notes-private.h"
#include <sys/stat.h>

typedef struct OakumPress OakumPress;

struct OakumTree {
  int root;
  OakumNotes *notes;
  OakumPress *press; /* layers are applied to it, not to the disk; NULL: there is none; borrowed */
  guint threads;     /* that may look at it at once */
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

/* What the layer that is being applied brought; begins as zeros. */
typedef struct {
  OakumNoteSet names; /* those that it has entries of */
  OakumNoteSet above; /* folders that hold some of them, at any depth */
} OakumBrought;
/* The node of a path, made where there is none, as one that it brought; NONE: an error (LIMIT). */
NODISCARD OakumNoteId oakum_brought_add(OakumBrought *brought, OakumNotes *notes, const char *path,
                                        GError **error);
/* Whether it is, or holds, what the layer brought. */
NODISCARD gboolean oakum_brought_has(const OakumBrought *brought, OakumNoteId id);
/* Takes the notes of what older layers left below the folder `top`; `older` is called before with
 * each name that goes, but not with what lies below it, which goes as well. */
typedef gboolean (*OakumOlder)(gpointer user, OakumNoteId id, GError **error);
NODISCARD gboolean oakum_brought_drop_older(const OakumBrought *brought, OakumNotes *notes,
                                            OakumNoteId top, OakumOlder older, gpointer user,
                                            GError **error);
void oakum_brought_clear(OakumBrought *brought);

/* Layers as one file, an image of EROFS (press.c). `fd_taken` is empty and open for writing. All
 * that is applied to the tree goes there from now on, until it is freed. */
NODISCARD OakumPress *oakum_press_new(OakumTree *tree, int fd_taken);
/* As oakum_tree_apply_all. */
NODISCARD gboolean oakum_press_apply_all(OakumPress *press, guint n, OakumLayerOpen open,
                                         gpointer user, guint *failed, GError **error);
/* The file is whole then, and the notes tell what is in it. */
NODISCARD gboolean oakum_press_finish(OakumPress *press, GError **error);
/* Whether what failed was that layers hold what it does not do, or what is wrong: a folder on disk
 * may take it, or tells what is wrong. */
NODISCARD gboolean oakum_press_gave_up(const OakumPress *press);
void oakum_press_free(OakumPress *press);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumPress, oakum_press_free)

/* FALSE, with "path: what errno says"; the path is escaped. */
gboolean oakum_tree_fail(GError **error, int errnum, const char *path);
/* Names that steps are given and layers never carry. */
NODISCARD gboolean oakum_tree_ignored(const char *path);
/* The xattrs that a layer carries (security.capability, user.*), sorted by name; of an open file.
 * Array of OakumXattr with owned members. */
NODISCARD GArray *oakum_tree_xattrs(int fd, const OakumOwners *owners, GError **error);
void oakum_tree_hash_xattrs(const OakumXattr *xattrs, size_t n, uint8_t out[OAKUM_NOTE_XATTRS]);
/* Whether attributes of that name are among them. */
NODISCARD gboolean oakum_tree_xattr_kept(const char *name);
/* A step is given its devices; those of a base image are of no use and cannot be made by everyone.
 */
NODISCARD gboolean oakum_tree_is_device_of_base(const OakumTarEntry *entry, const char *path);
NODISCARD OakumTarType oakum_tree_type(mode_t mode);
/* The other way: the kind of file that a mode begins with; not of a hard link. */
NODISCARD mode_t oakum_tree_kind(OakumTarType type);
/* A file or folder, never a link followed, never waiting; -1 and errno. */
NODISCARD int oakum_tree_open_at(int at, const char *name);
/* The time that a layer tells. */
NODISCARD int64_t oakum_tree_told_time(const OakumTreeTimes *times, int64_t mtime);
