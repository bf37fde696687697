/* Chooses the decompressor by content and watches what comes out of it. */
#include "codec/codec-private.h"
#include <string.h>

OakumCompression oakum_compression_sniff(const void *data, size_t len)
{
  static const struct {
    OakumCompression kind;
    uint8_t magic[6];
    size_t len;
  } kinds[] = {
      {OAKUM_COMPRESSION_GZIP, {0x1f, 0x8b, 8}, 3},
      {OAKUM_COMPRESSION_ZSTD, {0x28, 0xb5, 0x2f, 0xfd}, 4},
      {OAKUM_COMPRESSION_XZ, {0xfd, '7', 'z', 'X', 'Z', 0}, 6},
      {OAKUM_COMPRESSION_BZIP2, {'B', 'Z', 'h'}, 3},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (len >= kinds[i].len && memcmp(data, kinds[i].magic, kinds[i].len) == 0)
      return kinds[i].kind;
  /* a frame of zstd that is skipped (RFC 8878, 3.1.2), as pzstd puts in front of each other one */
  static const uint8_t skipped[] = {0x2a, 0x4d, 0x18};
  if (len >= 4 && (((const uint8_t *)data)[0] & 0xf0) == 0x50 &&
      memcmp((const uint8_t *)data + 1, skipped, sizeof skipped) == 0)
    return OAKUM_COMPRESSION_ZSTD;
  return OAKUM_COMPRESSION_NONE;
}

/* Gives back what was read to sniff, then the rest. */
typedef struct {
  OakumReader *below;
  uint8_t head[6];
  size_t at, end;
  uint64_t *count;
} HeadReader;

static gssize head_borrow(void *self, const void **data, size_t max, GError **error)
{
  HeadReader *reader = self;
  gssize n;
  if (reader->at < reader->end) {
    n = (gssize)MIN(max, reader->end - reader->at);
    *data = reader->head + reader->at;
    reader->at += (size_t)n;
  } else {
    n = oakum_reader_borrow(reader->below, data, max, error);
  }
  if (n > 0)
    *reader->count += (uint64_t)n;
  return n;
}

static gssize head_read(void *self, void *buffer, size_t len, GError **error)
{
  HeadReader *reader = self;
  if (reader->at == reader->end) { /* whoever has the bytes writes them to where they belong */
    gssize n = oakum_reader_read(reader->below, buffer, len, error);
    *reader->count += (uint64_t)MAX(n, 0);
    return n;
  }
  const void *data;
  gssize n = head_borrow(self, &data, len, error);
  memcpy(buffer, data, (size_t)n);
  return n;
}

static void head_free(void *self)
{
  HeadReader *reader = self;
  oakum_reader_free(reader->below);
  g_free(reader);
}

typedef struct {
  OakumReader *below;    /* until the first read */
  OakumReader *inflated; /* from then on */
  OakumCompression *kind;
  gboolean compressed;
  uint64_t in, out;
} InflateReader;

static gboolean inflate_begin(InflateReader *reader, GError **error)
{
  static const OakumReaderClass klass = {head_read, head_free, NULL, head_borrow};
  HeadReader *head = g_new0(HeadReader, 1);
  head->below = g_steal_pointer(&reader->below);
  head->count = &reader->in;
  reader->inflated = oakum_reader_new(&klass, head);
  while (head->end < sizeof head->head) {
    gssize n = oakum_reader_read(head->below, head->head + head->end, sizeof head->head - head->end,
                                 error);
    if (n < 0)
      return FALSE;
    if (n == 0)
      break;
    head->end += (size_t)n;
  }
  OakumCompression kind = oakum_compression_sniff(head->head, head->end);
  if (reader->kind)
    *reader->kind = kind;
  reader->compressed = kind != OAKUM_COMPRESSION_NONE;
  switch (kind) {
  case OAKUM_COMPRESSION_NONE:
    return TRUE;
  case OAKUM_COMPRESSION_GZIP:
    reader->inflated = oakum_reader_new_gunzip(reader->inflated);
    return TRUE;
  case OAKUM_COMPRESSION_ZSTD:
    reader->inflated = oakum_reader_new_unzstd(reader->inflated);
    return TRUE;
  case OAKUM_COMPRESSION_XZ:
    reader->inflated = oakum_reader_new_unxz(reader->inflated);
    return TRUE;
  case OAKUM_COMPRESSION_BZIP2:
    reader->inflated = oakum_reader_new_bunzip2(reader->inflated);
    return TRUE;
  }
  return TRUE;
}

/* `n` bytes came out. */
static gssize inflate_saw(InflateReader *reader, gssize n, GError **error)
{
  if (n <= 0)
    return n;
  reader->out += (uint64_t)n;
  if (reader->compressed && reader->out > OAKUM_INFLATE_RATIO_FREE &&
      reader->out / OAKUM_INFLATE_RATIO_MAX > reader->in) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT,
                "compressed more than %u:1: taken for a bomb", OAKUM_INFLATE_RATIO_MAX);
    return -1;
  }
  return n;
}

static gssize inflate_read(void *self, void *buffer, size_t len, GError **error)
{
  InflateReader *reader = self;
  if (!reader->inflated && !inflate_begin(reader, error))
    return -1;
  return inflate_saw(reader, oakum_reader_read(reader->inflated, buffer, len, error), error);
}

static gssize inflate_borrow(void *self, const void **data, size_t max, GError **error)
{
  InflateReader *reader = self;
  if (!reader->inflated && !inflate_begin(reader, error))
    return -1;
  return inflate_saw(reader, oakum_reader_borrow(reader->inflated, data, max, error), error);
}

static void inflate_free(void *self)
{
  InflateReader *reader = self;
  oakum_reader_free(reader->below);
  oakum_reader_free(reader->inflated);
  g_free(reader);
}

OakumReader *oakum_reader_new_inflate(OakumReader *below, OakumCompression *kind)
{
  static const OakumReaderClass klass = {inflate_read, inflate_free, NULL, inflate_borrow};
  InflateReader *reader = g_new0(InflateReader, 1);
  reader->below = below;
  reader->kind = kind;
  return oakum_reader_new(&klass, reader);
}
