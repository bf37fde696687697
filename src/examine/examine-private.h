/* What the two processes say to each other. */
#pragma once
#include "examine/examine.h"

/* Descriptors of the reading process. */
#define EXAMINE_INPUT_FD 3  /* frames */
#define EXAMINE_RESULT_FD 4 /* one JSON document */
#define EXAMINE_FOLDER_FD 5 /* only when the order says so */

/* Input: frames of a length (32 bits, of this machine) and as many bytes. The first holds the
 * order, JSON {"folder": bool, "layers": [{"name": …, "diff_id": … or none}]}; then for each layer
 * its bytes in frames, and an empty frame behind the last. */
#define EXAMINE_FRAME_MAX (256 * 1024u)
#define EXAMINE_ORDER_MAX (4 * OAKUM_MIB)

typedef struct {
  char *name; /* digest; NULL: none */
  char *diff_id;
} ExamineLayer;
typedef struct {
  gboolean folder;
  GPtrArray *layers; /* ExamineLayer */
} ExamineOrder;
NODISCARD char *oakum_examine_order_format(const ExamineOrder *order);
NODISCARD gboolean oakum_examine_order_parse(const char *data, size_t len, ExamineOrder *order,
                                             GError **error);
gpointer oakum_examine_layer_new(void);
void oakum_examine_layer_free(gpointer layer);

/* An error as a document in place of a result. */
NODISCARD char *oakum_examine_format_error(const GError *error);
