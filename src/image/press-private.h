/* Layers as one file: what the parts of it share. */
#pragma once
#include "codec/erofs.h"
#include "image/tree-private.h"

/* Of a note. */
typedef struct {
  uint32_t block; /* where its bytes begin; of a file with several names, which of `shared` it is */
  uint32_t ns;    /* of its time */
  uint32_t text;  /* one more than where in `texts` its attributes and the text of a link stand */
  uint32_t slot;  /* of the inode, at most PRESS_SLOT_MAX */
} PressPlace;
#define PRESS_NO_TEXT 0u
#define PRESS_SLOT_MAX (PRESS_MORE - 1)

/* A place lies where the note has its stamp, which means nothing while there is no disk to stamp
 * it: sixteen bytes a name would be a quarter of all that is known of a name. Below is the block,
 * above the slot; or PRESS_MORE and a number in `more`, of the few that have a text, or a time with
 * a fraction. */
#define PRESS_MORE (UINT32_C(1) << 31)
typedef struct {
  uint32_t ns, text, slot;
} PressMore;

/* A file that has, or had, several names. */
typedef struct {
  OakumNote note;
  PressPlace place;
  uint32_t names;
  gboolean laid; /* it has an inode, this time round */
} PressShared;

struct OakumPress {
  OakumTree *tree;
  int fd;
  GMutex lock;
  uint64_t next;  /* block that is nobody's; with the lock */
  GArray *more;   /* PressMore */
  GArray *shared; /* PressShared */
  GByteArray *texts;
  OakumNote root;
  gint gave_up; /* atomic */
};

PressPlace oakum_press_place(const OakumPress *press, OakumNoteId id);
/* FALSE: there are too many. */
NODISCARD gboolean oakum_press_set_place(OakumPress *press, OakumNoteId id, const PressPlace *place,
                                         GError **error);
/* NULL: the name has a file of its own. */
PressShared *oakum_press_shared(OakumPress *press, OakumNoteId id);
/* What is rare, and all that is wrong: FALSE, and another way is tried. */
gboolean oakum_press_give_up(OakumPress *press, const char *why, GError **error);
/* So many blocks of the file are the caller's from now on; FALSE: too many. */
NODISCARD gboolean oakum_press_reserve(OakumPress *press, uint64_t bytes, uint32_t *block,
                                       GError **error);
NODISCARD gboolean oakum_press_write(const OakumPress *press, const void *data, size_t len,
                                     uint64_t at, GError **error);

/* One layer while it is read, its contents written, and its entries told in their order: by a
 * thread of its own, which may be ahead of where they are applied. */
typedef struct PressReading PressReading;
NODISCARD PressReading *oakum_press_read(OakumPress *press, OakumLayerOpen open, gpointer user,
                                         guint index, gboolean threaded);
/* The next entry, valid until the next call. > 0: there is one; 0: the end; < 0: an error. */
NODISCARD int oakum_press_next(PressReading *reading, const OakumTarEntry **entry, uint32_t *block,
                               uint64_t *content, GError **error);
void oakum_press_reading_free(PressReading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PressReading, oakum_press_reading_free)
