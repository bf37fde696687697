/* bzip2, reading only, for archives of ADD: no image format writes it. */
#include "codec/codec-private.h"
#include <bzlib.h>

typedef struct {
  OakumReadAhead in;
  bz_stream stream;
  gboolean open;  /* within a stream; several may follow each other */
  gboolean begun; /* one was read */
} Bunzip2Reader;

static gboolean fail(GError **error, const char *how)
{
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "bzip2: the stream is %s", how);
  return FALSE;
}

/* FALSE with `error` unset: the end. */
static gboolean begin_stream(Bunzip2Reader *reader, GError **error)
{
  if (!oakum_read_ahead_fill(&reader->in, error))
    return FALSE;
  if (reader->in.eof && reader->in.at == reader->in.end)
    return reader->begun ? FALSE : fail(error, "cut short");
  reader->stream = (bz_stream){.next_in = NULL};
  if (BZ2_bzDecompressInit(&reader->stream, 0, 0) != BZ_OK)
    g_error("libbz2: out of memory");
  reader->open = reader->begun = TRUE;
  return TRUE;
}

static gssize bunzip2_read(void *self, void *buffer, size_t len, GError **error)
{
  Bunzip2Reader *reader = self;
  GError *local = NULL;
  for (;;) {
    if (!reader->open && !begin_stream(reader, &local)) {
      if (!local)
        return 0;
      g_propagate_error(error, local);
      return -1;
    }
    if (!oakum_read_ahead_fill(&reader->in, error))
      return -1;
    size_t have = reader->in.end - reader->in.at, room = MIN(len, (size_t)G_MAXINT);
    reader->stream.next_in = (char *)(gpointer)(reader->in.data + reader->in.at);
    reader->stream.avail_in = (unsigned)have;
    reader->stream.next_out = buffer;
    reader->stream.avail_out = (unsigned)room;
    int status = BZ2_bzDecompress(&reader->stream);
    reader->in.at = reader->in.end - reader->stream.avail_in;
    gssize made = (gssize)(room - reader->stream.avail_out);
    if (status == BZ_STREAM_END) {
      BZ2_bzDecompressEnd(&reader->stream);
      reader->open = FALSE;
    } else if (status != BZ_OK) {
      (void)fail(error, "not valid");
      return -1;
    } else if (made == 0 && have == 0) {
      (void)fail(error, "cut short");
      return -1;
    }
    if (made > 0)
      return made;
  }
}

static void bunzip2_free(void *self)
{
  Bunzip2Reader *reader = self;
  oakum_read_ahead_clear(&reader->in);
  if (reader->open)
    BZ2_bzDecompressEnd(&reader->stream);
  g_free(reader);
}

OakumReader *oakum_reader_new_bunzip2(OakumReader *below)
{
  static const OakumReaderClass klass = {bunzip2_read, bunzip2_free};
  Bunzip2Reader *reader = g_new0(Bunzip2Reader, 1);
  oakum_read_ahead_init(&reader->in, below);
  return oakum_reader_new(&klass, reader);
}
