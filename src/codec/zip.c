/* Zip archives by their central directory, over random access. */
#include "codec/zip-private.h"

#define END_LEN 22u
#define END64_LEN 56u
#define LOCATOR_LEN 20u
#define COMMENT_MAX 65535u

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
  if (!zip_read_at(zip, at - LOCATOR_LEN, locator, sizeof locator, error))
    return -1;
  if (memcmp(locator, "PK\6\7", 4) != 0)
    return 0;
  /* what is told counts from the archive's beginning; behind a prefix it stands right in front */
  uint64_t places[] = {get64(locator + 8), at - LOCATOR_LEN - MIN(at - LOCATOR_LEN, END64_LEN)};
  for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
    if (places[i] > at - LOCATOR_LEN || at - LOCATOR_LEN - places[i] < END64_LEN)
      continue;
    if (!zip_read_at(zip, places[i], record, sizeof record, error))
      return -1;
    if (memcmp(record, "PK\6\6", 4) != 0)
      continue;
    if (get32(record + 16) != 0 || get32(record + 20) != 0 ||
        get64(record + 24) != get64(record + 32))
      return zip_unsupported(error, "made of several disks"), -1;
    end->at = places[i];
    end->count = get64(record + 32);
    end->directory_len = get64(record + 40);
    end->directory_at = get64(record + 48);
    return 1;
  }
  return zip_bad(error, "the 64 bit end record is not where it is told to be"), -1;
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
    if (end->directory_len >= ZIP_CENTRAL_LEN && zip_read_at(zip, near, mark, sizeof mark, NULL) &&
        memcmp(mark, "PK\1\2", 4) == 0)
      return TRUE;
    zip->base = 0; /* something stands between: the told offset counts */
    zip->directory_at = end->directory_at;
    return end->directory_len >= ZIP_CENTRAL_LEN &&
           zip_read_at(zip, end->directory_at, mark, sizeof mark, NULL) &&
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
  if (!zip_read_at(zip, start, tail, (size_t)len, error))
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
    return zip_bad(error, "the directory is not where the end record tells");
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_NOT_FOUND, "zip: no end record");
  return FALSE;
}

/* ---- the directory --------------------------------------------------------------------------- */
/* Sizes and offset that do not fit 32 bits stand in an extra field, those alone and in this order.
 */
static gboolean widen(const uint8_t *extra, size_t len, ZipEntry *entry, uint32_t disk,
                      GError **error)
{
  uint64_t *fields[] = {&entry->size, &entry->packed, &entry->header};
  gboolean any = disk == 0xffff;
  for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
    any = any || *fields[i] == UINT32_MAX;
  while (any && len >= 4) {
    size_t n = get16(extra + 2);
    if (n > len - 4)
      return zip_bad(error, "an extra field is longer than all of them");
    if (get16(extra) == 1) {
      const uint8_t *at = extra + 4;
      for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (*fields[i] != UINT32_MAX)
          continue;
        if (n < 8)
          return zip_bad(error, "a 64 bit field is missing");
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
  if (room < ZIP_CENTRAL_LEN || memcmp(record, "PK\1\2", 4) != 0)
    return zip_bad(error, "the directory holds something that is no entry");
  size_t name = get16(record + 28), extra = get16(record + 30), comment = get16(record + 32);
  if (name + extra + comment > room - ZIP_CENTRAL_LEN)
    return zip_bad(error, "an entry of the directory is cut short");
  *used = ZIP_CENTRAL_LEN + name + extra + comment;
  ZipEntry entry = {.size = get32(record + 24),
                    .packed = get32(record + 20),
                    .header = get32(record + 42),
                    .record = (uint32_t)at};
  if (name == 0 || memchr(record + ZIP_CENTRAL_LEN, 0, name))
    return zip_bad(error, "an entry without a name, or with NUL in it");
  if (!widen(record + ZIP_CENTRAL_LEN + name, extra, &entry, get16(record + 34), error))
    return FALSE;
  uint64_t end;
  if (oakum_add_overflows(entry.header, zip->base, &entry.header) ||
      oakum_add_overflows(entry.header, entry.packed, &end) ||
      oakum_add_overflows(end, ZIP_LOCAL_LEN + name, &end) || end > zip->directory_at)
    return zip_bad(error, "an entry lies outside of the archive");
  entry.room_end = end;
  g_array_append_val(zip->entries, entry);
  return TRUE;
}

static gint by_header(gconstpointer a, gconstpointer b, gpointer user)
{
  const GArray *entries = user;
  const ZipEntry *x = &g_array_index(entries, ZipEntry, *(const guint *)a),
                 *y = &g_array_index(entries, ZipEntry, *(const guint *)b);
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
    ZipEntry *entry = &g_array_index(zip->entries, ZipEntry, order[i]);
    uint64_t next =
        i + 1 < n ? g_array_index(zip->entries, ZipEntry, order[i + 1]).header : zip->directory_at;
    if (entry->room_end > next)
      return zip_bad(error, "entries overlap");
    entry->room_end = next;
  }
  return TRUE;
}

static gboolean read_directory(OakumZip *zip, const End *end, GError **error)
{
  if (end->directory_len > OAKUM_ZIP_DIRECTORY_MAX)
    return zip_limit(error, "the directory is too large");
  if (end->count > OAKUM_ZIP_ENTRIES_MAX || end->count > end->directory_len / ZIP_CENTRAL_LEN)
    return end->count > OAKUM_ZIP_ENTRIES_MAX
               ? zip_limit(error, "too many entries")
               : zip_bad(error, "more entries than the directory holds");
  zip->directory_len = end->directory_len;
  zip->directory = g_malloc((size_t)zip->directory_len + 1);
  if (!zip_read_at(zip, zip->directory_at, zip->directory, (size_t)zip->directory_len, error))
    return FALSE;
  size_t at = 0, used;
  while (at < zip->directory_len && zip->entries->len < end->count) {
    if (!add_entry(zip, at, &used, error))
      return FALSE;
    at += used;
  }
  if (zip->entries->len != end->count)
    return zip_bad(error, "the directory holds another number of entries than is told");
  if (zip->directory_len - at >= 4 && memcmp(zip->directory + at, "PK\1\2", 4) == 0)
    return zip_bad(error, "the directory holds another number of entries than is told");
  return check_overlap(zip, error);
}

OakumZip *oakum_zip_new(OakumZipRead read, void *user, uint64_t size, GError **error)
{
  g_autoptr(OakumZip) zip = g_new0(OakumZip, 1);
  zip->read = read;
  zip->user = user;
  zip->size = size;
  zip->entries = g_array_new(FALSE, FALSE, sizeof(ZipEntry));
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
  const ZipEntry *entry = &g_array_index(zip->entries, ZipEntry, index);
  const uint8_t *record = zip->directory + entry->record;
  return (OakumZipEntry){{record + ZIP_CENTRAL_LEN, get16(record + 28)},
                         entry->size,
                         entry->packed,
                         get16(record + 10),
                         get16(record + 8),
                         get32(record + 16),
                         entry->header,
                         entry->room_end};
}
