/* What the files of codec share. */
#pragma once
#include "codec/codec.h"
#include <string.h>

/* Numbers in little-endian, at any place. */
static inline void put16(uint8_t *at, uint16_t value)
{
  value = GUINT16_TO_LE(value);
  memcpy(at, &value, sizeof(value));
}

static inline void put32(uint8_t *at, uint32_t value)
{
  value = GUINT32_TO_LE(value);
  memcpy(at, &value, sizeof(value));
}

static inline void put64(uint8_t *at, uint64_t value)
{
  value = GUINT64_TO_LE(value);
  memcpy(at, &value, sizeof(value));
}

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

/* Deflate of all of `data`, level 1..12; at OAKUM_GZIP_LEVEL the same bytes by every release of the
 * libraries. New buffer: `before` bytes of no meaning, *out bytes of deflate, room for `after`
 * more. RFC 1951. */
NODISCARD uint8_t *oakum_deflate(const void *data, size_t len, int level, size_t before,
                                 size_t after, size_t *out);
