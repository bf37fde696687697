/* Zstandard, RFC 8878. */
#include "codec/codec-private.h"
#include <zstd.h>

typedef struct {
  OakumReadAhead in;
  ZSTD_DStream *stream;
  size_t hint; /* 0: at the end of a frame */
  gboolean begun;
} UnzstdReader;

static gssize unzstd_read(void *self, void *buffer, size_t len, GError **error)
{
  UnzstdReader *reader = self;
  for (;;) {
    if (!oakum_read_ahead_fill(&reader->in, error))
      return -1;
    if (reader->in.eof && reader->begun && reader->hint == 0)
      return 0;
    ZSTD_inBuffer in = {reader->in.data, reader->in.end, reader->in.at};
    ZSTD_outBuffer out = {buffer, len, 0};
    size_t hint = ZSTD_decompressStream(reader->stream, &out, &in);
    if (ZSTD_isError(hint)) {
      g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "zstd: %s",
                  ZSTD_getErrorName(hint));
      return -1;
    }
    gboolean moved = in.pos != reader->in.at || out.pos > 0;
    reader->in.at = in.pos;
    reader->hint = hint;
    reader->begun = TRUE;
    if (out.pos > 0)
      return (gssize)out.pos;
    if (reader->in.eof && !moved) {
      g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "zstd: the stream is cut short");
      return -1;
    }
  }
}

static void unzstd_free(void *self)
{
  UnzstdReader *reader = self;
  oakum_read_ahead_clear(&reader->in);
  ZSTD_freeDStream(reader->stream);
  g_free(reader);
}

OakumReader *oakum_reader_new_unzstd(OakumReader *below)
{
  static const OakumReaderClass klass = {unzstd_read, unzstd_free};
  UnzstdReader *reader = g_new0(UnzstdReader, 1);
  oakum_read_ahead_init(&reader->in, below);
  reader->stream = ZSTD_createDStream();
  if (!reader->stream || ZSTD_isError(ZSTD_DCtx_setParameter(reader->stream, ZSTD_d_windowLogMax,
                                                             OAKUM_ZSTD_WINDOW_LOG_MAX)))
    g_error("libzstd: no decompressor");
  return oakum_reader_new(&klass, reader);
}

typedef struct {
  OakumWriter *below;
  ZSTD_CCtx *context;
  uint8_t *buffer;
} ZstdWriter;

static gboolean zstd_push(ZstdWriter *writer, const void *data, size_t len, ZSTD_EndDirective end,
                          GError **error)
{
  ZSTD_inBuffer in = {data, len, 0};
  for (;;) {
    ZSTD_outBuffer out = {writer->buffer, OAKUM_IO_BUFFER, 0};
    size_t left = ZSTD_compressStream2(writer->context, &out, &in, end);
    if (ZSTD_isError(left)) {
      g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_FAILED, "zstd: %s",
                  ZSTD_getErrorName(left));
      return FALSE;
    }
    if (!oakum_writer_write(writer->below, writer->buffer, out.pos, error))
      return FALSE;
    if (end == ZSTD_e_end ? left == 0 : in.pos == in.size)
      return TRUE;
  }
}

static gboolean zstd_write(void *self, const void *data, size_t len, GError **error)
{
  return zstd_push(self, data, len, ZSTD_e_continue, error);
}

static gboolean zstd_finish(void *self, GError **error)
{
  ZstdWriter *writer = self;
  return zstd_push(writer, "", 0, ZSTD_e_end, error) && oakum_writer_finish(writer->below, error);
}

static void zstd_free(void *self)
{
  ZstdWriter *writer = self;
  oakum_writer_free(writer->below);
  ZSTD_freeCCtx(writer->context);
  g_free(writer->buffer);
  g_free(writer);
}

OakumWriter *oakum_writer_new_zstd(OakumWriter *below, int level)
{
  static const OakumWriterClass klass = {zstd_write, zstd_finish, zstd_free};
  ZstdWriter *writer = g_new0(ZstdWriter, 1);
  writer->below = below;
  writer->buffer = g_malloc(OAKUM_IO_BUFFER);
  writer->context = ZSTD_createCCtx();
  /* One thread and no pledged size: the bytes depend on the content and the level only. */
  if (!writer->context ||
      ZSTD_isError(ZSTD_CCtx_setParameter(writer->context, ZSTD_c_compressionLevel, level)))
    g_error("libzstd: no compressor");
  /* high levels look farther back than readers need to */
  if (level > 19 && ZSTD_isError(ZSTD_CCtx_setParameter(writer->context, ZSTD_c_windowLog,
                                                        OAKUM_ZSTD_WINDOW_LOG_WRITTEN)))
    g_error("libzstd: no window");
  return oakum_writer_new(&klass, writer);
}
