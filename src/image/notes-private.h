/* What is known of the names of a tree: 40 bytes a name, the name itself, and 4 to 8 bytes of a
 * table. A name is a node below its folder's node; what many names have in common (type, mode,
 * owner, attributes) stands once.
 *
 * Ids are numbers from 0 (the root) on. A node that has no note stands for a folder that nothing
 * was told of but what is in it, or for a name that went. An id is good until oakum_notes_tidy;
 * that of a name that went with its folder stands for nothing.
 *
 * Any number of threads may look at notes that nobody changes, and each may use oakum_notes_stamp
 * on nodes of its own meanwhile. */
#pragma once
#include "image/image-private.h"

#define OAKUM_NOTE_XATTRS 16 /* bytes of a digest of extended attributes */

typedef struct {
  OakumTarType type; /* never HARDLINK */
  uint32_t mode, uid, gid;
  uint64_t size;    /* of a file or link, else 0 */
  int64_t mtime;    /* seconds since 1970 */
  uint64_t rdev;    /* of a device */
  uint64_t stamp;   /* of inode and time of change, by oakum_note_stamp; 0: not known */
  uint64_t content; /* of a file's bytes or a link's target, by oakum_content_hash; of others 0 */
  uint8_t xattrs[OAKUM_NOTE_XATTRS]; /* of all names and values; zeros: none */
  gboolean linked;                   /* the file had further names when it was last looked at */
} OakumNote;

typedef struct OakumNotes OakumNotes;
typedef uint32_t OakumNoteId;
#define OAKUM_NOTE_NONE UINT32_MAX

NODISCARD OakumNotes *oakum_notes_new(void);
void oakum_notes_free(OakumNotes *notes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumNotes, oakum_notes_free)
/* Names that have a note. */
NODISCARD guint oakum_notes_count(const OakumNotes *notes);
/* About the room on disk that all of it takes, in bytes: contents in whole blocks, and one a
 * folder.
 */
NODISCARD uint64_t oakum_notes_bytes(const OakumNotes *notes);
/* One more than the highest id. */
NODISCARD guint oakum_notes_end(const OakumNotes *notes);

/* The node of a clean path ("" is the root), or of a name in a folder; NONE. Whether it has a note
 * is another question. */
NODISCARD OakumNoteId oakum_notes_node(const OakumNotes *notes, const char *path);
NODISCARD OakumNoteId oakum_notes_below(const OakumNotes *notes, OakumNoteId folder,
                                        const char *name, size_t len);
/* The node of a path that has a note; NONE. */
NODISCARD OakumNoteId oakum_notes_find(const OakumNotes *notes, const char *path);
NODISCARD gboolean oakum_notes_has(const OakumNotes *notes, OakumNoteId id);
/* The note of a node that has one. */
void oakum_notes_get(const OakumNotes *notes, OakumNoteId id, OakumNote *out);
/* Parts of it, without the rest. */
NODISCARD OakumTarType oakum_notes_type(const OakumNotes *notes, OakumNoteId id);
NODISCARD uint64_t oakum_notes_stamp_of(const OakumNotes *notes, OakumNoteId id);
NODISCARD gboolean oakum_notes_is_linked(const OakumNotes *notes, OakumNoteId id);

/* Path of a node, in place of what is in `into`; gives its text. */
const char *oakum_notes_path(const OakumNotes *notes, OakumNoteId id, GString *into);
NODISCARD OakumSlice oakum_notes_name(const OakumNotes *notes, OakumNoteId id);
NODISCARD OakumNoteId oakum_notes_parent(const OakumNotes *notes, OakumNoteId id); /* root: NONE */
/* What is in a folder, in no order, also nodes without a note: the first, the one behind `id`. */
NODISCARD OakumNoteId oakum_notes_first(const OakumNotes *notes, OakumNoteId folder);
NODISCARD OakumNoteId oakum_notes_sibling(const OakumNotes *notes, OakumNoteId id);
/* All names that have a note, folders before what is in them, in no other order: the one behind
 * `id`, beginning with 0; NONE at the end. What goes meanwhile may be left out. */
NODISCARD OakumNoteId oakum_notes_next(const OakumNotes *notes, OakumNoteId id);
/* Those that are linked: array of OakumNoteId, borrowed until the next change. Costs as much as
 * there are, and were. */
NODISCARD const GArray *oakum_notes_linked(OakumNotes *notes);

/* The node of a path, made with those above where there is none; NONE: an error (LIMIT). */
NODISCARD OakumNoteId oakum_notes_make(OakumNotes *notes, const char *path, GError **error);
NODISCARD OakumNoteId oakum_notes_make_below(OakumNotes *notes, OakumNoteId folder,
                                             const char *name, size_t len, GError **error);
/* Sets the note of a node, never of the root. What is no folder has nothing below: all that was
 * below goes. FALSE: LIMIT. */
NODISCARD gboolean oakum_notes_set(OakumNotes *notes, OakumNoteId id, const OakumNote *note,
                                   GError **error);
void oakum_notes_set_stamp(OakumNotes *notes, OakumNoteId id, uint64_t stamp);
void oakum_notes_set_linked(OakumNotes *notes, OakumNoteId id, gboolean linked);
/* Takes the notes of all that is below the node, and its own when `itself`: it costs what is there.
 * NONE: nothing. */
void oakum_notes_remove(OakumNotes *notes, OakumNoteId id, gboolean itself);
/* Gives back the memory of what went, when it is much. Ids change. */
void oakum_notes_tidy(OakumNotes *notes);

/* As bytes of our own format, and back. What is read is believed in nothing: INVALID. Stamps are
 * not kept: what is loaded stands on another disk, or in another place. */
NODISCARD gboolean oakum_notes_save(const OakumNotes *notes, OakumWriter *out, GError **error);
/* Takes `in` and reads it to its end. */
NODISCARD OakumNotes *oakum_notes_load(OakumReader *in, GError **error);

/* Of a file's bytes, to see whether a step changed them: a CRC of 64 bits, twenty times as fast as
 * SHA-256; begins with 0. One who makes two contents that are equal by it hides a change of his own
 * from his own layer, and nothing else; what is told to others goes by SHA-256. */
NODISCARD uint64_t oakum_content_hash(uint64_t before, const void *data, size_t len);
/* Of what tells that a file was not touched, never 0. Two differ by 64 bits. */
NODISCARD uint64_t oakum_note_stamp(uint64_t ino, int64_t ctime, uint32_t ctime_ns);

/* A set of ids. */
typedef struct {
  guint32 *words;
  guint n_words;
} OakumNoteSet; /* begins as zeros */
static inline gboolean oakum_note_set_has(const OakumNoteSet *set, OakumNoteId id)
{
  return id / 32 < set->n_words && (set->words[id / 32] >> id % 32 & 1);
}
void oakum_note_set_add(OakumNoteSet *set, OakumNoteId id);
/* Room for ids below `end`, so that add and drop never move it: several threads may then use the
 * two below. */
void oakum_note_set_reserve(OakumNoteSet *set, guint end);
void oakum_note_set_drop(OakumNoteSet *set, OakumNoteId id);
/* The smallest from `id` on, or NONE. */
NODISCARD OakumNoteId oakum_note_set_next(const OakumNoteSet *set, OakumNoteId id);
void oakum_note_set_clear(OakumNoteSet *set);
