/* zstd (RFC 8878), xz and bzip2 that are pushed: for who is given the bytes and cannot ask for
 * them.
 */
#include "codec/codec-private.h"
#include <bzlib.h>
#include <lzma.h>
#include <string.h>
#include <zstd.h>

struct OakumUnpacker {
  OakumCompression kind;
  gboolean many;
  gboolean open;  /* within a stream */
  gboolean whole; /* one has come to its end */
  uint64_t memory;
  ZSTD_DStream *zstd;
  lzma_stream xz;
  bz_stream bzip2;
  uint8_t out[64 * 1024];
};

OakumUnpacker *oakum_unpacker_new(OakumCompression kind, gboolean many, uint64_t memory)
{
  OakumUnpacker *unpacker = g_new(OakumUnpacker, 1);
  *unpacker = (OakumUnpacker){.kind = kind, .many = many, .memory = memory};
  unpacker->xz = (lzma_stream)LZMA_STREAM_INIT;
  return unpacker;
}

static void begin(OakumUnpacker *unpacker)
{
  unpacker->open = TRUE;
  if (unpacker->kind == OAKUM_COMPRESSION_ZSTD) {
    int log = 10;
    while (log < OAKUM_ZSTD_WINDOW_LOG_MAX && UINT64_C(2) << log <= unpacker->memory)
      log++;
    if (!unpacker->zstd)
      unpacker->zstd = ZSTD_createDStream();
    if (!unpacker->zstd || ZSTD_isError(ZSTD_DCtx_reset(unpacker->zstd, ZSTD_reset_session_only)) ||
        ZSTD_isError(ZSTD_DCtx_setParameter(unpacker->zstd, ZSTD_d_windowLogMax, log)))
      g_error("libzstd: no decompressor");
  } else if (unpacker->kind == OAKUM_COMPRESSION_XZ) {
    /* padding between streams is its business too */
    if (lzma_stream_decoder(&unpacker->xz, MIN(unpacker->memory, OAKUM_XZ_MEMORY_MAX),
                            unpacker->many ? LZMA_CONCATENATED : 0) != LZMA_OK)
      g_error("liblzma: out of memory");
  } else {
    unpacker->bzip2 = (bz_stream){.next_in = NULL};
    if (BZ2_bzDecompressInit(&unpacker->bzip2, 0, 0) != BZ_OK)
      g_error("libbz2: out of memory");
  }
}

/* One call of the library: how much it took of `data`, and made. */
static OakumUnpackStatus step_zstd(OakumUnpacker *unpacker, const uint8_t *data, size_t len,
                                   size_t *took, size_t *made)
{
  ZSTD_inBuffer in = {data, len, 0};
  ZSTD_outBuffer out = {unpacker->out, sizeof unpacker->out, 0};
  size_t hint = ZSTD_decompressStream(unpacker->zstd, &out, &in);
  *took = in.pos;
  *made = out.pos;
  if (ZSTD_isError(hint)) /* the number of an error is in no stable header, its text is */
    return strstr(ZSTD_getErrorName(hint), "memory") ? OAKUM_UNPACK_MEMORY : OAKUM_UNPACK_DAMAGED;
  return hint == 0 ? OAKUM_UNPACK_END : OAKUM_UNPACK_MORE;
}

static OakumUnpackStatus step_xz(OakumUnpacker *unpacker, const uint8_t *data, size_t len,
                                 size_t *took, size_t *made)
{
  unpacker->xz.next_in = data;
  unpacker->xz.avail_in = len;
  unpacker->xz.next_out = unpacker->out;
  unpacker->xz.avail_out = sizeof unpacker->out;
  lzma_ret status = lzma_code(&unpacker->xz, LZMA_RUN);
  *took = len - unpacker->xz.avail_in;
  *made = sizeof unpacker->out - unpacker->xz.avail_out;
  return status == LZMA_OK || status == LZMA_BUF_ERROR ? OAKUM_UNPACK_MORE
         : status == LZMA_STREAM_END                   ? OAKUM_UNPACK_END
         : status == LZMA_MEMLIMIT_ERROR               ? OAKUM_UNPACK_MEMORY
                                                       : OAKUM_UNPACK_DAMAGED;
}

static OakumUnpackStatus step_bzip2(OakumUnpacker *unpacker, const uint8_t *data, size_t len,
                                    size_t *took, size_t *made)
{
  unsigned give = (unsigned)MIN(len, G_MAXINT32);
  unpacker->bzip2.next_in = (char *)(gpointer)data;
  unpacker->bzip2.avail_in = give;
  unpacker->bzip2.next_out = (char *)unpacker->out;
  unpacker->bzip2.avail_out = sizeof unpacker->out;
  int status = BZ2_bzDecompress(&unpacker->bzip2);
  *took = give - unpacker->bzip2.avail_in;
  *made = sizeof unpacker->out - unpacker->bzip2.avail_out;
  return status == BZ_OK           ? OAKUM_UNPACK_MORE
         : status == BZ_STREAM_END ? OAKUM_UNPACK_END
                                   : OAKUM_UNPACK_DAMAGED;
}

static void finish(OakumUnpacker *unpacker)
{
  if (unpacker->open && unpacker->kind == OAKUM_COMPRESSION_BZIP2)
    BZ2_bzDecompressEnd(&unpacker->bzip2);
  unpacker->open = FALSE;
}

OakumUnpackStatus oakum_unpacker_push(OakumUnpacker *unpacker, const void *data, size_t len,
                                      size_t *used,
                                      gboolean (*take)(gpointer user, const void *data, size_t len),
                                      gpointer user)
{
  const uint8_t *at = data;
  size_t left = len, took, made;
  OakumUnpackStatus status = OAKUM_UNPACK_MORE;
  gboolean full = FALSE; /* there may be more to come out of what it has taken */
  while (left > 0 || full) {
    if (!unpacker->open)
      begin(unpacker);
    status = unpacker->kind == OAKUM_COMPRESSION_ZSTD ? step_zstd(unpacker, at, left, &took, &made)
             : unpacker->kind == OAKUM_COMPRESSION_XZ
                 ? step_xz(unpacker, at, left, &took, &made)
                 : step_bzip2(unpacker, at, left, &took, &made);
    at += took;
    left -= took;
    full = made == sizeof unpacker->out;
    if (made > 0 && !take(user, unpacker->out, made))
      status = OAKUM_UNPACK_BROKEN;
    if (made > 0)
      unpacker->whole = FALSE;
    if (status == OAKUM_UNPACK_END) {
      finish(unpacker);
      unpacker->whole = TRUE;
      full = FALSE;
      if (!unpacker->many)
        break;
      status = OAKUM_UNPACK_MORE;
      continue;
    }
    if (status != OAKUM_UNPACK_MORE || (took == 0 && made == 0))
      break;
  }
  *used = len - left;
  /* what follows the last stream is none: it has ended */
  return status == OAKUM_UNPACK_DAMAGED && unpacker->whole ? OAKUM_UNPACK_END : status;
}

void oakum_unpacker_free(OakumUnpacker *unpacker)
{
  if (!unpacker)
    return;
  finish(unpacker);
  ZSTD_freeDStream(unpacker->zstd);
  lzma_end(&unpacker->xz);
  g_free(unpacker);
}
