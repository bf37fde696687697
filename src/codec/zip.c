/* Zip archives by their central directory, over random access. */
#include "codec/codec.h"
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <string.h>

#define END_LEN 22u
#define END64_LEN 56u
#define LOCATOR_LEN 20u
#define CENTRAL_LEN 46u
#define LOCAL_LEN 30u
#define COMMENT_MAX 65535u
#define STORED 0
#define DEFLATED 8

/* What is kept of an entry beside its record in the directory. */
typedef struct {
  uint64_t size, packed, header, room_end;
  uint32_t record; /* offset in the directory */
} Entry;

struct OakumZip {
  OakumZipRead read;
  void *user;
  uint64_t size;
  OakumSlice memory;
  uint8_t *directory;
  uint64_t directory_len, directory_at;
  uint64_t base; /* bytes in front of the archive that its offsets do not count */
  GArray *entries;
  struct inflate_state *spare; /* of the last reader: it is too large to make anew for each */
  uint8_t *spare_buffer;
};

static uint16_t get16(const uint8_t *at)
{
  return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
  return (uint32_t)get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint64_t get64(const uint8_t *at)
{
  return (uint64_t)get32(at) | (uint64_t)get32(at + 4) << 32;
}

static gboolean bad(GError **error, const char *what)
{
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "zip: %s", what);
  return FALSE;
}

static gboolean unsupported(GError **error, const char *what)
{
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_UNSUPPORTED, "zip: %s", what);
  return FALSE;
}

static gboolean limit(GError **error, const char *what)
{
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT, "zip: %s", what);
  return FALSE;
}

static gboolean read_at(OakumZip *zip, uint64_t offset, void *buffer, size_t len, GError **error)
{
  if (offset > zip->size || len > zip->size - offset)
    return bad(error, "cut short");
  return zip->read(zip->user, offset, buffer, len, error);
}

/* ---- the end record -------------------------------------------------------------------------- */
typedef struct {
  uint64_t at; /* of the record that `directory` is told in front of */
  uint64_t count, directory_len, directory_at;
} End;

/* The 64 bit end record, when a locator stands in front of the one at `at`. 1 found, 0 none. */
static int find_end64(OakumZip *zip, uint64_t at, End *end, GError **error)
{
  uint8_t locator[LOCATOR_LEN], record[END64_LEN];
  if (at < LOCATOR_LEN)
    return 0;
  if (!read_at(zip, at - LOCATOR_LEN, locator, sizeof locator, error))
    return -1;
  if (memcmp(locator, "PK\6\7", 4) != 0)
    return 0;
  /* what is told counts from the archive's beginning; behind a prefix it stands right in front */
  uint64_t places[] = {get64(locator + 8), at - LOCATOR_LEN - MIN(at - LOCATOR_LEN, END64_LEN)};
  for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
    if (places[i] > at - LOCATOR_LEN || at - LOCATOR_LEN - places[i] < END64_LEN)
      continue;
    if (!read_at(zip, places[i], record, sizeof record, error))
      return -1;
    if (memcmp(record, "PK\6\6", 4) != 0)
      continue;
    if (get32(record + 16) != 0 || get32(record + 20) != 0 ||
        get64(record + 24) != get64(record + 32))
      return unsupported(error, "made of several disks"), -1;
    end->at = places[i];
    end->count = get64(record + 32);
    end->directory_len = get64(record + 40);
    end->directory_at = get64(record + 48);
    return 1;
  }
  return bad(error, "the 64 bit end record is not where it is told to be"), -1;
}

/* Whether the directory is where an end record tells, and where the archive begins. */
static gboolean place_directory(OakumZip *zip, const End *end)
{
  uint8_t mark[4];
  if (end->directory_len > end->at)
    return FALSE;
  uint64_t near = end->at - end->directory_len; /* right in front of the end record */
  if (end->directory_at <= near) {
    zip->base = near - end->directory_at;
    zip->directory_at = near;
    if (end->count == 0)
      return end->directory_len == 0;
    if (end->directory_len >= CENTRAL_LEN && read_at(zip, near, mark, sizeof mark, NULL) &&
        memcmp(mark, "PK\1\2", 4) == 0)
      return TRUE;
    zip->base = 0; /* something stands between: the told offset counts */
    zip->directory_at = end->directory_at;
    return end->directory_len >= CENTRAL_LEN &&
           read_at(zip, end->directory_at, mark, sizeof mark, NULL) &&
           memcmp(mark, "PK\1\2", 4) == 0;
  }
  return FALSE;
}

/* 1 when the bytes at `at` are the end record of an archive, 0 when not, -1 on error. */
static int try_end(OakumZip *zip, const uint8_t *record, uint64_t at, End *end, GError **error)
{
  uint16_t comment = get16(record + 20);
  if (comment > zip->size - at - END_LEN)
    return 0;
  *end = (End){at, get16(record + 10), get32(record + 12), get32(record + 16)};
  gboolean wide =
      end->count == 0xffff || end->directory_len == UINT32_MAX || end->directory_at == UINT32_MAX;
  if (wide) {
    int found = find_end64(zip, at, end, error);
    if (found < 0)
      return -1;
    wide = found == 1;
  }
  if (!wide &&
      (get16(record + 4) != 0 || get16(record + 6) != 0 || get16(record + 8) != get16(record + 10)))
    return 0;
  return place_directory(zip, end) ? 1 : 0;
}

static gboolean find_end(OakumZip *zip, End *end, GError **error)
{
  uint64_t len = MIN(zip->size, (uint64_t)END_LEN + COMMENT_MAX);
  if (len < END_LEN) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_NOT_FOUND, "zip: no end record");
    return FALSE;
  }
  g_autofree uint8_t *tail = g_malloc((size_t)len);
  uint64_t start = zip->size - len;
  if (!read_at(zip, start, tail, (size_t)len, error))
    return FALSE;
  gboolean seen = FALSE;
  for (size_t at = (size_t)len - END_LEN + 1; at-- > 0;) {
    if (memcmp(tail + at, "PK\5\6", 4) != 0)
      continue;
    g_autoptr(GError) problem = NULL;
    int found = try_end(zip, tail + at, start + at, end, &problem);
    if (found > 0)
      return TRUE;
    seen = TRUE;
    if (found < 0) {
      g_propagate_error(error, g_steal_pointer(&problem));
      return FALSE;
    }
  }
  if (seen)
    return bad(error, "the directory is not where the end record tells");
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_NOT_FOUND, "zip: no end record");
  return FALSE;
}

/* ---- the directory --------------------------------------------------------------------------- */
/* Sizes and offset that do not fit 32 bits stand in an extra field, those alone and in this order.
 */
static gboolean widen(const uint8_t *extra, size_t len, Entry *entry, uint32_t disk, GError **error)
{
  uint64_t *fields[] = {&entry->size, &entry->packed, &entry->header};
  gboolean any = disk == 0xffff;
  for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
    any = any || *fields[i] == UINT32_MAX;
  while (any && len >= 4) {
    size_t n = get16(extra + 2);
    if (n > len - 4)
      return bad(error, "an extra field is longer than all of them");
    if (get16(extra) == 1) {
      const uint8_t *at = extra + 4;
      for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (*fields[i] != UINT32_MAX)
          continue;
        if (n < 8)
          return bad(error, "a 64 bit field is missing");
        *fields[i] = get64(at);
        at += 8;
        n -= 8;
      }
      return TRUE;
    }
    extra += 4 + n;
    len -= 4 + n;
  }
  return TRUE;
}

static gboolean add_entry(OakumZip *zip, size_t at, size_t *used, GError **error)
{
  const uint8_t *record = zip->directory + at;
  size_t room = (size_t)zip->directory_len - at;
  if (room < CENTRAL_LEN || memcmp(record, "PK\1\2", 4) != 0)
    return bad(error, "the directory holds something that is no entry");
  size_t name = get16(record + 28), extra = get16(record + 30), comment = get16(record + 32);
  if (name + extra + comment > room - CENTRAL_LEN)
    return bad(error, "an entry of the directory is cut short");
  *used = CENTRAL_LEN + name + extra + comment;
  Entry entry = {.size = get32(record + 24),
                 .packed = get32(record + 20),
                 .header = get32(record + 42),
                 .record = (uint32_t)at};
  if (name == 0 || memchr(record + CENTRAL_LEN, 0, name))
    return bad(error, "an entry without a name, or with NUL in it");
  if (!widen(record + CENTRAL_LEN + name, extra, &entry, get16(record + 34), error))
    return FALSE;
  uint64_t end;
  if (oakum_add_overflows(entry.header, zip->base, &entry.header) ||
      oakum_add_overflows(entry.header, entry.packed, &end) ||
      oakum_add_overflows(end, LOCAL_LEN + name, &end) || end > zip->directory_at)
    return bad(error, "an entry lies outside of the archive");
  entry.room_end = end;
  g_array_append_val(zip->entries, entry);
  return TRUE;
}

static gint by_header(gconstpointer a, gconstpointer b, gpointer user)
{
  const GArray *entries = user;
  const Entry *x = &g_array_index(entries, Entry, *(const guint *)a),
              *y = &g_array_index(entries, Entry, *(const guint *)b);
  return x->header < y->header ? -1 : x->header > y->header;
}

/* Entries may not share bytes: that is how a small archive pretends to be a large one. */
static gboolean check_overlap(OakumZip *zip, GError **error)
{
  guint n = zip->entries->len;
  g_autofree guint *order = g_new(guint, n + 1);
  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_qsort_with_data(order, (gint)n, sizeof *order, by_header, zip->entries);
  for (guint i = 0; i < n; i++) {
    Entry *entry = &g_array_index(zip->entries, Entry, order[i]);
    uint64_t next =
        i + 1 < n ? g_array_index(zip->entries, Entry, order[i + 1]).header : zip->directory_at;
    if (entry->room_end > next)
      return bad(error, "entries overlap");
    entry->room_end = next;
  }
  return TRUE;
}

static gboolean read_directory(OakumZip *zip, const End *end, GError **error)
{
  if (end->directory_len > OAKUM_ZIP_DIRECTORY_MAX)
    return limit(error, "the directory is too large");
  if (end->count > OAKUM_ZIP_ENTRIES_MAX || end->count > end->directory_len / CENTRAL_LEN)
    return end->count > OAKUM_ZIP_ENTRIES_MAX ? limit(error, "too many entries")
                                              : bad(error, "more entries than the directory holds");
  zip->directory_len = end->directory_len;
  zip->directory = g_malloc((size_t)zip->directory_len + 1);
  if (!read_at(zip, zip->directory_at, zip->directory, (size_t)zip->directory_len, error))
    return FALSE;
  size_t at = 0, used;
  while (at < zip->directory_len && zip->entries->len < end->count) {
    if (!add_entry(zip, at, &used, error))
      return FALSE;
    at += used;
  }
  if (zip->entries->len != end->count)
    return bad(error, "the directory holds another number of entries than is told");
  if (zip->directory_len - at >= 4 && memcmp(zip->directory + at, "PK\1\2", 4) == 0)
    return bad(error, "the directory holds another number of entries than is told");
  return check_overlap(zip, error);
}

OakumZip *oakum_zip_new(OakumZipRead read, void *user, uint64_t size, GError **error)
{
  g_autoptr(OakumZip) zip = g_new0(OakumZip, 1);
  zip->read = read;
  zip->user = user;
  zip->size = size;
  zip->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
  End end;
  if (!find_end(zip, &end, error) || !read_directory(zip, &end, error))
    return NULL;
  return g_steal_pointer(&zip);
}

static gboolean read_memory(void *user, uint64_t offset, void *buffer, size_t len, GError **error)
{
  const OakumSlice *bytes = user;
  if (len > 0) /* read_at looked at the bounds */
    memcpy(buffer, bytes->data + offset, len);
  return TRUE;
}

OakumZip *oakum_zip_new_memory(OakumSlice bytes, GError **error)
{
  g_autofree OakumSlice *kept = g_new(OakumSlice, 1);
  *kept = bytes;
  OakumZip *zip = oakum_zip_new(read_memory, kept, bytes.len, error);
  if (!zip)
    return NULL;
  zip->memory = bytes;
  zip->user = &zip->memory;
  return zip;
}

void oakum_zip_free(OakumZip *zip)
{
  if (!zip)
    return;
  g_free(zip->directory);
  g_free(zip->spare);
  g_free(zip->spare_buffer);
  g_array_unref(zip->entries);
  g_free(zip);
}

guint oakum_zip_count(const OakumZip *zip)
{
  return zip->entries->len;
}

OakumZipEntry oakum_zip_entry(const OakumZip *zip, guint index)
{
  const Entry *entry = &g_array_index(zip->entries, Entry, index);
  const uint8_t *record = zip->directory + entry->record;
  return (OakumZipEntry){{record + CENTRAL_LEN, get16(record + 28)},
                         entry->size,
                         entry->packed,
                         get16(record + 10),
                         get16(record + 8),
                         get32(record + 16),
                         entry->header,
                         entry->room_end};
}

/* ---- content --------------------------------------------------------------------------------- */
/* Where the content begins, once the local header has said the same as the directory. */
static gboolean content_at(OakumZip *zip, const OakumZipEntry *entry, uint64_t *offset,
                           GError **error)
{
  uint8_t local[LOCAL_LEN];
  if (entry->flags & 1)
    return unsupported(error, "an encrypted entry");
  if (entry->method != STORED && entry->method != DEFLATED)
    return unsupported(error, "a method of compression other than deflate");
  if (!read_at(zip, entry->header, local, sizeof local, error))
    return FALSE;
  size_t name = get16(local + 26), extra = get16(local + 28);
  if (memcmp(local, "PK\3\4", 4) != 0 || name != entry->name.len ||
      get16(local + 8) != entry->method || (get16(local + 6) & 1) != 0)
    return bad(error, "directory and local header of an entry disagree");
  g_autofree uint8_t *said = g_malloc(name + 1);
  if (!read_at(zip, entry->header + LOCAL_LEN, said, name, error))
    return FALSE;
  if (memcmp(said, entry->name.data, name) != 0)
    return bad(error, "directory and local header of an entry disagree");
  *offset = entry->header + LOCAL_LEN + name + extra;
  if (*offset > entry->room_end || entry->packed > entry->room_end - *offset)
    return bad(error, "entries overlap");
  if (entry->method == STORED && entry->size != entry->packed)
    return bad(error, "a stored entry of two sizes");
  if (entry->size / OAKUM_ZIP_RATIO_MAX > entry->packed)
    return bad(error, "an entry says a size that it cannot have");
  return TRUE;
}

gboolean oakum_zip_stored_at(OakumZip *zip, guint index, uint64_t *offset, GError **error)
{
  OakumZipEntry entry = oakum_zip_entry(zip, index);
  if (entry.method != STORED)
    return unsupported(error, "the entry is compressed");
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
    return bad(error, "an entry of another size than is told");
  if (reader->crc != reader->crc_wanted)
    return bad(error, "the checksum of an entry does not fit its content");
  return TRUE;
}

static gssize member_made(MemberReader *reader, const void *data, size_t len, GError **error)
{
  if (len > reader->size - reader->made)
    return bad(error, "an entry of another size than is told"), -1;
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
      if (!read_at(reader->zip, reader->at, reader->buffer, n, error))
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
      return bad(error, "not valid deflate data"), -1;
    if (made > 0)
      return member_made(reader, buffer, made, error);
    if (starved && state->block_state != ISAL_BLOCK_FINISH)
      return bad(error, "an entry is cut short"), -1;
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
  if (!read_at(reader->zip, reader->at, buffer, n, error))
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
                           .deflated = entry.method == DEFLATED};
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
