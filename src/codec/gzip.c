/* gzip, RFC 1952. In by ISA-L, which streams; out by libdeflate, which compresses whole blocks
 * best (deflate.c). */
#include "codec/codec-private.h"
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <string.h>

/* ---- reading ---- */
typedef struct {
  OakumReadAhead in;
  struct inflate_state state;
  guint members;
  gboolean inside; /* a member was begun and is not at its end */
  gboolean padding;
  guint head; /* bytes of the member read so far, counted up to 4 */
} GunzipReader;

static gboolean bad(GError **error, const char *what)
{
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "gzip: %s", what);
  return FALSE;
}

/* Between members: 1 when another begins, 0 at the end, -1 on error. Archives padded to a block
 * size end in zeros; anything else behind the last member would be seen by some readers and not by
 * others. */
static int member_begin(GunzipReader *reader, GError **error)
{
  OakumReadAhead *in = &reader->in;
  for (;;) {
    if (!oakum_read_ahead_fill(in, error))
      return -1;
    if (in->eof)
      return reader->members > 0 ? 0 : (bad(error, "the stream is empty"), -1);
    if (reader->members == 0 || (!reader->padding && in->data[in->at] == 0x1f))
      break;
    if (in->data[in->at] != 0)
      return bad(error, "garbage behind the last member"), -1;
    reader->padding = TRUE;
    in->at++;
  }
  if (++reader->members > OAKUM_GZIP_MEMBERS_MAX) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT, "gzip: more than %u members",
                OAKUM_GZIP_MEMBERS_MAX);
    return -1;
  }
  isal_inflate_reset(&reader->state);
  reader->state.crc_flag = ISAL_GZIP; /* header read, CRC and length checked */
  reader->inside = TRUE;
  reader->head = 0;
  return 1;
}

/* RFC 1952, 2.3.1.2: reserved flags must be refused, since they may announce fields that would be
 * read as data. ISA-L does not look at them. */
static gboolean flags_ok(GunzipReader *reader)
{
  for (size_t at = reader->in.at; reader->head < 4 && at < reader->in.end; at++)
    if (reader->head++ == 3 && (reader->in.data[at] & 0xe0) != 0)
      return FALSE;
  return TRUE;
}

static gssize gunzip_read(void *self, void *buffer, size_t len, GError **error)
{
  GunzipReader *reader = self;
  struct inflate_state *state = &reader->state;
  for (;;) {
    if (!reader->inside) {
      int begun = member_begin(reader, error);
      if (begun <= 0)
        return begun;
    }
    if (!oakum_read_ahead_fill(&reader->in, error))
      return -1;
    if (!flags_ok(reader))
      return bad(error, "a reserved flag is set"), -1;
    state->next_in = (uint8_t *)(gpointer)(reader->in.data + reader->in.at); /* not written to */
    state->avail_in = (uint32_t)(reader->in.end - reader->in.at);
    state->next_out = buffer;
    state->avail_out = (uint32_t)MIN(len, G_MAXINT32);
    uint32_t room = state->avail_out;
    int status = isal_inflate(state);
    reader->in.at = reader->in.end - state->avail_in;
    gssize made = (gssize)(room - state->avail_out);
    if (status == ISAL_INCORRECT_CHECKSUM)
      return bad(error, "checksum or length does not fit the content"), -1;
    if (status < 0)
      return bad(error, "not valid deflate data"), -1;
    if (state->block_state == ISAL_BLOCK_FINISH)
      reader->inside = FALSE;
    if (made > 0)
      return made;
    if (reader->inside && reader->in.eof)
      return bad(error, "the stream is cut short"), -1;
  }
}

static void gunzip_free(void *self)
{
  GunzipReader *reader = self;
  oakum_read_ahead_clear(&reader->in);
  g_free(reader);
}

OakumReader *oakum_reader_new_gunzip(OakumReader *below)
{
  static const OakumReaderClass klass = {gunzip_read, gunzip_free};
  GunzipReader *reader = g_new0(GunzipReader, 1);
  oakum_read_ahead_init(&reader->in, below);
  isal_inflate_init(&reader->state);
  return oakum_reader_new(&klass, reader);
}

/* ---- writing ---- */
#define BLOCK (UINT64_C(1) << 20) /* input bytes of one member; part of the output format */
static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};

typedef struct {
  GByteArray *input; /* NULL once compressed */
  uint8_t *output;
  size_t len;
} Block;

typedef struct {
  OakumWriter *below;
  OakumWorkers *workers;
  guint queue;
  int level;
  GByteArray *block;
  gboolean any; /* an empty input still makes one member */
} GzipWriter;

uint8_t *oakum_gzip_member(const void *data, size_t len, int level, size_t *out)
{
  size_t n;
  uint8_t *member = oakum_deflate(data, len, level, sizeof header, 8, &n);
  memcpy(member, header, sizeof header);
  uint8_t *trailer = member + sizeof header + n;
  put32(trailer, libdeflate_crc32(0, data, len));
  put32(trailer + 4, (uint32_t)len);
  *out = sizeof header + n + 8;
  return member;
}

static gpointer compress_block(gpointer item, gpointer user)
{
  const GzipWriter *writer = user;
  Block *block = item;
  block->output =
      oakum_gzip_member(block->input->data, block->input->len, writer->level, &block->len);
  g_clear_pointer(&block->input, g_byte_array_unref);
  return block;
}

static void block_free(gpointer data)
{
  Block *block = data;
  g_clear_pointer(&block->input, g_byte_array_unref);
  g_free(block->output);
  g_free(block);
}

static gboolean take_result(GzipWriter *writer, GError **error)
{
  gpointer result;
  if (!oakum_workers_pop(writer->workers, &result))
    return TRUE;
  Block *block = result;
  gboolean ok = oakum_writer_write(writer->below, block->output, block->len, error);
  block_free(block);
  return ok;
}

static gboolean push_block(GzipWriter *writer, GError **error)
{
  if (oakum_workers_pending(writer->workers) >= writer->queue && !take_result(writer, error))
    return FALSE;
  Block *block = g_new0(Block, 1);
  block->input = g_steal_pointer(&writer->block);
  writer->any = TRUE;
  oakum_workers_push(writer->workers, block);
  writer->block = g_byte_array_sized_new(BLOCK);
  return TRUE;
}

static gboolean gzip_write(void *self, const void *data, size_t len, GError **error)
{
  GzipWriter *writer = self;
  for (const uint8_t *at = data; len > 0;) {
    size_t n = MIN(len, BLOCK - writer->block->len);
    g_byte_array_append(writer->block, at, (guint)n);
    at += n;
    len -= n;
    if (writer->block->len == BLOCK && !push_block(writer, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean gzip_finish(void *self, GError **error)
{
  GzipWriter *writer = self;
  if ((writer->block->len > 0 || !writer->any) && !push_block(writer, error))
    return FALSE;
  while (oakum_workers_pending(writer->workers) > 0)
    if (!take_result(writer, error))
      return FALSE;
  return oakum_writer_finish(writer->below, error);
}

static void gzip_free(void *self)
{
  GzipWriter *writer = self;
  oakum_workers_free(writer->workers, block_free);
  g_byte_array_unref(writer->block);
  oakum_writer_free(writer->below);
  g_free(writer);
}

OakumWriter *oakum_writer_new_gzip(OakumWriter *below, int level, guint threads)
{
  static const OakumWriterClass klass = {gzip_write, gzip_finish, gzip_free};
  GzipWriter *writer = g_new0(GzipWriter, 1);
  writer->below = below;
  writer->level = level;
  writer->queue = 2 * threads;
  writer->block = g_byte_array_sized_new(BLOCK);
  writer->workers = oakum_workers_new(threads, writer->queue, compress_block, writer);
  return oakum_writer_new(&klass, writer);
}
