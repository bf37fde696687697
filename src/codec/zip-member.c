/* The content of the entries of a zip. */
#include "codec/zip-private.h"
#include <isa-l/crc.h>

/* Where the content begins, once the local header has said the same as the directory. */
static gboolean content_at(OakumZip *zip, const OakumZipEntry *entry, uint64_t *offset,
                           GError **error)
{
  uint8_t local[ZIP_LOCAL_LEN];
  if (entry->flags & 1)
    return zip_unsupported(error, "an encrypted entry");
  if (entry->method != ZIP_STORED && entry->method != ZIP_DEFLATED)
    return zip_unsupported(error, "a method of compression other than deflate");
  if (!zip_read_at(zip, entry->header, local, sizeof local, error))
    return FALSE;
  size_t name = get16(local + 26), extra = get16(local + 28);
  if (memcmp(local, "PK\3\4", 4) != 0 || name != entry->name.len ||
      get16(local + 8) != entry->method || (get16(local + 6) & 1) != 0)
    return zip_bad(error, "directory and local header of an entry disagree");
  g_autofree uint8_t *said = g_malloc(name + 1);
  if (!zip_read_at(zip, entry->header + ZIP_LOCAL_LEN, said, name, error))
    return FALSE;
  if (memcmp(said, entry->name.data, name) != 0)
    return zip_bad(error, "directory and local header of an entry disagree");
  *offset = entry->header + ZIP_LOCAL_LEN + name + extra;
  if (*offset > entry->room_end || entry->packed > entry->room_end - *offset)
    return zip_bad(error, "entries overlap");
  if (entry->method == ZIP_STORED && entry->size != entry->packed)
    return zip_bad(error, "a stored entry of two sizes");
  if (entry->size / OAKUM_ZIP_RATIO_MAX > entry->packed)
    return zip_bad(error, "an entry says a size that it cannot have");
  return TRUE;
}

gboolean oakum_zip_stored_at(OakumZip *zip, guint index, uint64_t *offset, GError **error)
{
  OakumZipEntry entry = oakum_zip_entry(zip, index);
  if (entry.method != ZIP_STORED)
    return zip_unsupported(error, "the entry is compressed");
  return content_at(zip, &entry, offset, error);
}

typedef struct {
  OakumZip *zip;
  uint64_t at, left; /* of what is stored */
  uint64_t made, size;
  uint32_t crc, crc_wanted;
  gboolean deflated;
  struct inflate_state *state;
  uint8_t *buffer;
} MemberReader;

static gboolean member_end(const MemberReader *reader, GError **error)
{
  if (reader->made != reader->size)
    return zip_bad(error, "an entry of another size than is told");
  if (reader->crc != reader->crc_wanted)
    return zip_bad(error, "the checksum of an entry does not fit its content");
  return TRUE;
}

static gssize member_made(MemberReader *reader, const void *data, size_t len, GError **error)
{
  if (len > reader->size - reader->made)
    return zip_bad(error, "an entry of another size than is told"), -1;
  reader->made += len;
  reader->crc = crc32_gzip_refl(reader->crc, data, len);
  return (gssize)len;
}

static gssize member_inflate(MemberReader *reader, void *buffer, size_t len, GError **error)
{
  struct inflate_state *state = reader->state;
  for (;;) {
    if (state->block_state == ISAL_BLOCK_FINISH)
      return member_end(reader, error) ? 0 : -1;
    if (state->avail_in == 0 && reader->left > 0) {
      size_t n = (size_t)MIN(reader->left, OAKUM_IO_BUFFER);
      if (!zip_read_at(reader->zip, reader->at, reader->buffer, n, error))
        return -1;
      reader->at += n;
      reader->left -= n;
      state->next_in = reader->buffer;
      state->avail_in = (uint32_t)n;
    }
    gboolean starved = state->avail_in == 0 && reader->left == 0;
    state->next_out = buffer;
    state->avail_out = (uint32_t)MIN(len, G_MAXINT32);
    uint32_t room = state->avail_out;
    int status = isal_inflate(state);
    size_t made = room - state->avail_out;
    if (status < 0)
      return zip_bad(error, "not valid deflate data"), -1;
    if (made > 0)
      return member_made(reader, buffer, made, error);
    if (starved && state->block_state != ISAL_BLOCK_FINISH)
      return zip_bad(error, "an entry is cut short"), -1;
  }
}

static gssize member_read(void *self, void *buffer, size_t len, GError **error)
{
  MemberReader *reader = self;
  if (reader->deflated)
    return member_inflate(reader, buffer, len, error);
  size_t n = (size_t)MIN(len, reader->left);
  if (n == 0)
    return member_end(reader, error) ? 0 : -1;
  if (!zip_read_at(reader->zip, reader->at, buffer, n, error))
    return -1;
  reader->at += n;
  reader->left -= n;
  return member_made(reader, buffer, n, error);
}

static void member_free(void *self)
{
  MemberReader *reader = self;
  if (reader->deflated && !reader->zip->spare) {
    reader->zip->spare = g_steal_pointer(&reader->state);
    reader->zip->spare_buffer = g_steal_pointer(&reader->buffer);
  }
  g_free(reader->state);
  g_free(reader->buffer);
  g_free(reader);
}

OakumReader *oakum_zip_reader_new(OakumZip *zip, guint index, GError **error)
{
  static const OakumReaderClass klass = {member_read, member_free};
  OakumZipEntry entry = oakum_zip_entry(zip, index);
  uint64_t at;
  if (!content_at(zip, &entry, &at, error))
    return NULL;
  MemberReader *reader = g_new0(MemberReader, 1);
  *reader = (MemberReader){.zip = zip,
                           .at = at,
                           .left = entry.packed,
                           .size = entry.size,
                           .crc_wanted = entry.crc,
                           .deflated = entry.method == ZIP_DEFLATED};
  if (reader->deflated) {
    reader->state = zip->spare ? g_steal_pointer(&zip->spare) : g_new0(struct inflate_state, 1);
    reader->buffer =
        zip->spare_buffer ? g_steal_pointer(&zip->spare_buffer) : g_malloc(OAKUM_IO_BUFFER);
    isal_inflate_init(reader->state);
    reader->state->crc_flag = ISAL_DEFLATE;
  }
  return oakum_reader_new(&klass, reader);
}

gboolean oakum_zip_slurp(OakumZip *zip, guint index, uint64_t max, char **data, size_t *len,
                         GError **error)
{
  OakumZipEntry entry = oakum_zip_entry(zip, index);
  if (entry.size > max) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT,
                "zip: an entry of more than %" G_GUINT64_FORMAT " bytes", max);
    return FALSE;
  }
  g_autoptr(OakumReader) reader = oakum_zip_reader_new(zip, index, error);
  if (!reader)
    return FALSE;
  g_autofree char *bytes = g_malloc((size_t)entry.size + 1); /* the ratio bounds it by the file */
  for (uint64_t have = 0;;) {
    char over;
    gboolean full = have == entry.size;
    gssize n = oakum_reader_read(reader, full ? &over : bytes + have,
                                 full ? 1 : (size_t)(entry.size - have), error);
    if (n < 0)
      return FALSE;
    if (n == 0)
      break;
    have += (uint64_t)n; /* never beyond the size: the reader holds to it */
  }
  bytes[entry.size] = '\0';
  *data = g_steal_pointer(&bytes);
  *len = (size_t)entry.size;
  return TRUE;
}
