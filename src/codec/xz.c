/* xz, reading only: no image format writes it. */
#include "codec/codec-private.h"
#include <lzma.h>

typedef struct {
  OakumReadAhead in;
  lzma_stream stream;
} UnxzReader;

static gssize unxz_read(void *self, void *buffer, size_t len, GError **error)
{
  UnxzReader *reader = self;
  for (;;) {
    if (!oakum_read_ahead_fill(&reader->in, error))
      return -1;
    reader->stream.next_in = reader->in.data + reader->in.at;
    reader->stream.avail_in = reader->in.end - reader->in.at;
    reader->stream.next_out = buffer;
    reader->stream.avail_out = len;
    lzma_ret status = lzma_code(&reader->stream, reader->in.eof ? LZMA_FINISH : LZMA_RUN);
    reader->in.at = reader->in.end - reader->stream.avail_in;
    gssize made = (gssize)(len - reader->stream.avail_out);
    if (status == LZMA_MEMLIMIT_ERROR) {
      g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT,
                  "xz: needs more than %" G_GUINT64_FORMAT " bytes of memory", OAKUM_XZ_MEMORY_MAX);
      return -1;
    }
    if (status != LZMA_OK && status != LZMA_STREAM_END) {
      g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "xz: the stream is %s",
                  status == LZMA_BUF_ERROR ? "cut short" : "not valid");
      return -1;
    }
    if (made > 0 || status == LZMA_STREAM_END)
      return made;
  }
}

static void unxz_free(void *self)
{
  UnxzReader *reader = self;
  oakum_read_ahead_clear(&reader->in);
  lzma_end(&reader->stream);
  g_free(reader);
}

OakumReader *oakum_reader_new_unxz(OakumReader *below)
{
  static const OakumReaderClass klass = {unxz_read, unxz_free};
  UnxzReader *reader = g_new0(UnxzReader, 1);
  oakum_read_ahead_init(&reader->in, below);
  reader->stream = (lzma_stream)LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&reader->stream, OAKUM_XZ_MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
    g_error("liblzma: out of memory");
  return oakum_reader_new(&klass, reader);
}
