/* Deflate (RFC 1951) that is the same by every release of libdeflate.
 *
 * Its fastest level finds the same matches and makes the same blocks in 1.14 (Debian 12) and 1.23
 * (Debian 13). But a block of dynamic codes (RFC 1951, 3.2.7) that holds no match gets another
 * header: the code of distances, of which nothing is used, has one entry or two. Where such a block
 * came out, all is packed anew by zlib, whose bytes do not change. zlib also finds it, which takes
 * its time; so only what may hold such a block is looked at. */
#include "codec/codec-private.h"
#include <libdeflate.h>
#include <string.h>
#include <zlib.h>

#define WINDOW ((size_t)16 << 10)
/* Full blocks are of 65,535 bytes: wherever one lies, so many windows are wholly within it. */
#define WINDOWS_WITHIN 3
/* What repeats in a window, but for a few that libdeflate's table may have lost. */
#define REPEATS_FEW 3
/* The last block may be short; one without a match is not worth codes of its own below this. */
#define TAIL ((size_t)128)
#define TAIL_SEEN ((size_t)8 << 10)
#define SLOT_BITS 11
#define SCRATCH ((size_t)64 << 10)
G_STATIC_ASSERT(WINDOW < G_MAXUINT16 && TAIL_SEEN < G_MAXUINT16);

/* Places from `from` on, up to `enough`, where four bytes stand that stood before: a match is of
 * four at least at this level. len <= WINDOW. */
static guint repeats(const uint8_t *data, size_t len, size_t from, guint enough)
{
  uint16_t slots[1 << SLOT_BITS] = {0}; /* the last place with this hash, and one */
  guint found = 0;
  for (size_t i = 0; i + sizeof(uint32_t) <= len; i++) {
    uint32_t here, there;
    memcpy(&here, data + i, sizeof here);
    uint16_t *slot = &slots[(here * UINT32_C(0x9e3779b1)) >> (32 - SLOT_BITS)];
    if (*slot > 0) {
      memcpy(&there, data + *slot - 1, sizeof there);
      if (here == there && i >= from && ++found >= enough)
        break;
    }
    *slot = (uint16_t)(i + 1);
  }
  return found;
}

/* FALSE: each block holds a match. */
static gboolean may_lack_matches(const uint8_t *data, size_t len)
{
  size_t seen = MIN(len, TAIL_SEEN), tail = MIN(seen, TAIL);
  if (repeats(data + len - seen, seen, seen - tail, 1) == 0)
    return TRUE;
  guint run = 0;
  for (size_t at = 0; at + WINDOW <= len && run < WINDOWS_WITHIN; at += WINDOW)
    run = repeats(data + at, WINDOW, 0, REPEATS_FEW) < REPEATS_FEW ? run + 1 : 0;
  return run >= WINDOWS_WITHIN;
}

/* Whether the block that begins at bit `at` has dynamic codes without one for a length (BTYPE 2,
 * HLIT 0: RFC 1951, 3.2.3 and 3.2.7). */
static gboolean is_literals(const uint8_t *packed, size_t len, uint64_t at)
{
  uint32_t bits = 0;
  for (size_t i = 0; i < 2 && at / 8 + i < len; i++)
    bits |= (uint32_t)packed[at / 8 + i] << (8 * i);
  bits >>= at % 8;
  return ((bits >> 1) & 3) == 2 && ((bits >> 3) & 31) == 0;
}

static gboolean has_literals(const uint8_t *packed, size_t len)
{
  g_autofree uint8_t *scratch = g_malloc(SCRATCH);
  z_stream stream = {.next_in = (Bytef *)(gpointer)packed, .avail_in = (uInt)len}; /* not written */
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    g_error("zlib: out of memory");
  gboolean found = FALSE;
  int status = Z_OK;
  while (status == Z_OK && !found) {
    uint64_t unused =
        (uint64_t)stream.data_type & 7; /* bits of the last byte, at a block's begin */
    found = is_literals(packed, len, (uint64_t)stream.total_in * 8 - unused);
    do {
      stream.next_out = scratch;
      stream.avail_out = (uInt)SCRATCH;
      status = inflate(&stream, Z_BLOCK);
    } while (status == Z_OK && !(stream.data_type & 128));
  }
  inflateEnd(&stream);
  if (status != Z_OK && status != Z_STREAM_END)
    g_error("libdeflate: zlib cannot read what it wrote");
  return found;
}

static size_t pack_by_zlib(const uint8_t *data, size_t len, uint8_t *out, size_t room)
{
  z_stream stream = {.next_in = (Bytef *)(gpointer)data, .avail_in = (uInt)len}; /* not written */
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL - 1,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    g_error("zlib: out of memory");
  stream.next_out = out;
  stream.avail_out = (uInt)MIN(room, (size_t)UINT_MAX);
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
    g_error("zlib: it needs more than it said");
  deflateEnd(&stream);
  return stream.total_out;
}

uint8_t *oakum_deflate(const void *data, size_t len, int level, size_t before, size_t after,
                       size_t *out)
{
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
  if (!compressor)
    g_error("libdeflate: out of memory");
  size_t room = MAX(libdeflate_deflate_compress_bound(compressor, len), compressBound(len));
  uint8_t *packed = g_malloc(before + room + after);
  *out = libdeflate_deflate_compress(compressor, data, len, packed + before, room);
  libdeflate_free_compressor(compressor);
  if (level == OAKUM_GZIP_LEVEL && len > 0 && room <= UINT_MAX && may_lack_matches(data, len) &&
      has_literals(packed + before, *out))
    *out = pack_by_zlib(data, len, packed + before, room);
  return packed;
}
