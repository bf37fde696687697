/* What the two processes say to each other. */
#pragma once
#include "examine/examine.h"

/* Descriptors of the reading process. */
#define EXAMINE_INPUT_FD 3  /* frames */
#define EXAMINE_RESULT_FD 4 /* answers */
#define EXAMINE_SPOOL_FD 5  /* a file without a name, for contents too large for memory */
#define EXAMINE_PAGE_FD 6   /* ExaminePage, shared */
#define EXAMINE_FOLDER_FD 7 /* only when the order says so */

/* Input: frames of a length (32 bits, of this machine) and as many bytes. The first holds the
 * order, JSON; then for each layer its bytes in frames, and an empty frame behind the last. Behind
 * each layer the answers are read before the next is sent. */
#define EXAMINE_FRAME_MAX (256 * 1024u)
#define EXAMINE_ORDER_MAX (64 * OAKUM_MIB)

/* Answers have a kind and a length in front. NOTES (JSON) and NAMES come behind each layer; ERROR
 * (JSON) is the last there is. */
typedef enum { EXAMINE_NOTES = 1, EXAMINE_NAMES, EXAMINE_ERROR } ExamineAnswerKind;
typedef struct {
  uint32_t kind, len;
} ExamineAnswer;

/* What is being read, in memory that both see: who dies cannot tell any more. */
typedef struct {
  uint32_t running;
  uint32_t begun; /* files so far: that it goes on */
  char path[OAKUM_TAR_PATH_MAX + 1], by[64];
} ExaminePage;

typedef struct {
  char *diff_id;   /* NULL: not checked */
  gboolean lowest; /* nothing lies below it */
  GPtrArray *only; /* OakumPathPair; NULL: all files */
} ExamineLayer;
typedef struct {
  gboolean folder;
  char *key;         /* hexadecimal, of OAKUM_HASH_KEY bytes; NULL: names are not wanted */
  GPtrArray *layers; /* ExamineLayer */
  GPtrArray *skip;   /* OakumPathPair: file, cataloguer: what took a process down before */
} ExamineOrder;
NODISCARD char *oakum_examine_order_format(const ExamineOrder *order);
NODISCARD gboolean oakum_examine_order_parse(const char *data, size_t len, ExamineOrder *order,
                                             GError **error);
gpointer oakum_examine_layer_new(void);
void oakum_examine_layer_free(gpointer layer);
void oakum_examine_order_clear(ExamineOrder *order);

/* An error as a document, and back: FALSE with it. */
NODISCARD char *oakum_examine_format_error(const GError *error);
NODISCARD gboolean oakum_examine_parse_error(const char *data, size_t len, GError **error);

/* The key of all names that are kept; borrowed. */
NODISCARD const uint8_t *oakum_examine_cache_key(const OakumExamineCache *cache);
/* NULL: not kept, by these readers. */
NODISCARD OakumLayerNotes *oakum_examine_cache_get(OakumExamineCache *cache, const char *diff_id);
void oakum_examine_cache_put(OakumExamineCache *cache, const char *diff_id,
                             const OakumLayerNotes *notes);
