/* What the files of codec share. */
#pragma once
#include "codec/codec.h"

/* Bytes of a stream below, where they lie; `at..end` is what is not used yet. */
typedef struct {
  OakumReader *below;
  const uint8_t *data;
  size_t at, end;
  gboolean eof;
} OakumReadAhead;

void oakum_read_ahead_init(OakumReadAhead *ahead, OakumReader *below); /* takes below */
void oakum_read_ahead_clear(OakumReadAhead *ahead);
/* Makes sure that at least one byte is there, or eof is set. FALSE on error. */
NODISCARD gboolean oakum_read_ahead_fill(OakumReadAhead *ahead, GError **error);
