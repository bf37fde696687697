/* Our own reader of tar, because a scanner must see the very bytes that an extractor sees:
 * libarchive composes Unicode names to NFC in a UTF-8 locale and hides the raw header, so that what
 * two readers take differently cannot be refused.
 *
 * Accepted: v7, ustar, GNU long names (L, K), base-256 numbers and sparse files (S, and 1.0 of PAX,
 * as the manual of GNU tar has them), PAX (x, and g without effect on entries). Refused: other
 * sparse files, multi-volume, unknown types, a size that two readers would take
 * differently, PAX and GNU extensions mixed, content behind entries that have none. */
#include "codec/tar-private.h"
#include <string.h>

/* A run of bytes of a sparse file that the archive holds; all else is zero. */
typedef struct {
  uint64_t offset, len;
} Piece;

struct OakumTarReader {
  OakumReader *below;
  const uint8_t *data; /* lent from below: at..end is not used yet */
  size_t at, end;
  uint64_t taken;                     /* bytes read from below */
  uint64_t content_left;              /* of the file */
  uint64_t stored_left, padding_left; /* in the stream */
  uint64_t holes; /* of all sparse files: the stream's own limit knows nothing of them */
  GArray *pieces; /* Piece, in their order */
  guint piece;    /* the first that is not behind us */
  gboolean sparse;
  guint entries;
  gboolean ended;
  OakumTarEntry entry;
  /* extensions seen before the entry's own header */
  char *long_path, *long_link; /* GNU L and K */
  GByteArray *pax;             /* records of x */
  GByteArray *path, *link;     /* what the entry's slices point to */
  GArray *xattrs;
};

typedef struct {
  gboolean has_path, has_link, has_size, has_uid, has_gid, has_mtime;
  gboolean sparse, has_sparse_name, has_sparse_size, major_1, minor_0;
  OakumSlice path, link, sparse_name;
  uint64_t size, sparse_size;
  uint32_t uid, gid;
  int64_t mtime;
  uint32_t mtime_ns;
} PaxValues;

static gboolean refuse(GError **error, OakumErrorCode code, const char *what)
{
  g_set_error(error, OAKUM_CODEC_ERROR, code, "tar: %s", what);
  return FALSE;
}

static gboolean invalid(GError **error, const char *what)
{
  return refuse(error, OAKUM_ERROR_INVALID, what);
}

uint32_t oakum_tar_checksum(const TarHeader *header, gboolean as_signed)
{
  /* a plain sum over all, which the compiler makes of wide steps; of the field itself only blanks
   * count */
  const uint8_t *bytes = (const uint8_t *)header;
  const size_t from = offsetof(TarHeader, checksum), to = from + sizeof header->checksum;
  uint32_t sum = 0, high = 0;
  for (size_t i = 0; i < TAR_BLOCK; i++)
    sum += bytes[i];
  for (size_t i = from; i < to; i++)
    sum += (uint32_t)' ' - bytes[i];
  if (!as_signed)
    return sum;
  for (size_t i = 0; i < TAR_BLOCK; i++)
    high += i < from || i >= to ? bytes[i] >> 7 : 0;
  return sum - 256 * high;
}

/* Borrows some more when there is nothing left. FALSE on error; at the end of the stream there
 * stays nothing. */
static gboolean fill(OakumTarReader *reader, GError **error)
{
  if (reader->at < reader->end)
    return TRUE;
  const void *data;
  gssize n = oakum_reader_borrow(reader->below, &data, OAKUM_BORROW_MAX, error);
  if (n < 0)
    return FALSE;
  reader->taken += (uint64_t)n;
  reader->data = data;
  reader->at = 0;
  reader->end = (size_t)n;
  return TRUE;
}

/* Reads exactly len bytes (to NULL: skips them). 1; 0 at the end before the first byte; -1 on
 * error. */
static int take(OakumTarReader *reader, void *to, uint64_t len, GError **error)
{
  for (uint64_t done = 0; done < len;) {
    if (!to && reader->at == reader->end && len - done >= OAKUM_IO_BUFFER) {
      uint64_t passed = oakum_reader_skip(reader->below, len - done);
      reader->taken += passed;
      done += passed;
      if (passed > 0)
        continue;
    }
    if (!fill(reader, error))
      return -1;
    size_t n = (size_t)MIN(len - done, reader->end - reader->at);
    if (n == 0)
      return done == 0 ? 0 : (invalid(error, "the archive is cut short"), -1);
    if (to)
      memcpy((uint8_t *)to + done, reader->data + reader->at, n);
    reader->at += n;
    done += n;
  }
  return 1;
}

/* Octal with leading spaces, ended by space or NUL; or base-256 when the first bit is set. An empty
 * field is 0. */
static gboolean parse_number(const char *field, size_t len, int64_t *out)
{
  const uint8_t *bytes = (const uint8_t *)field;
  if (bytes[0] & 0x80) {
    gboolean negative = (bytes[0] & 0x40) != 0;
    uint64_t value = negative ? UINT64_MAX : 0;
    for (size_t i = 0; i < len; i++) {
      uint8_t byte = i == 0 ? (uint8_t)((bytes[0] & 0x7f) | (negative ? 0x80 : 0)) : bytes[i];
      if (len - i >= 8 && i > 0 && (value >> 55) != (negative ? 0x1ff : 0))
        return FALSE;
      if (len - i > 8 && byte != (negative ? 0xff : 0))
        return FALSE;
      value = value << 8 | byte;
    }
    *out = (int64_t)value;
    return (*out < 0) == negative;
  }
  size_t i = 0;
  while (i < len && field[i] == ' ')
    i++;
  uint64_t value = 0;
  for (; i < len && field[i] >= '0' && field[i] <= '7'; i++) {
    if (value >> 60)
      return FALSE;
    value = value << 3 | (uint64_t)(field[i] - '0');
  }
  for (; i < len; i++)
    if (field[i] != ' ' && field[i] != '\0')
      return FALSE;
  *out = (int64_t)value;
  return TRUE;
}

/* "[-]seconds[.fraction]" of a PAX time, cut to nanoseconds towards the past. */
static gboolean parse_pax_time(OakumSlice text, int64_t *seconds, uint32_t *ns)
{
  gboolean negative = text.len > 0 && text.data[0] == '-';
  if (negative)
    text.data++, text.len--;
  const uint8_t *dot = text.len > 0 ? memchr(text.data, '.', text.len) : NULL;
  size_t whole = dot ? (size_t)(dot - text.data) : text.len;
  uint64_t value;
  if (!oakum_parse_u64((const char *)text.data, whole, INT64_MAX, &value))
    return FALSE;
  uint32_t fraction = 0, unit = 100000000;
  for (size_t i = whole + 1; dot && i < text.len; i++) {
    if (!g_ascii_isdigit((char)text.data[i]))
      return FALSE;
    fraction += (uint32_t)(text.data[i] - '0') * unit;
    unit /= 10;
  }
  *seconds = negative ? -(int64_t)value : (int64_t)value;
  *ns = fraction;
  if (negative && fraction > 0) {
    *seconds -= 1;
    *ns = 1000000000 - fraction;
  }
  return TRUE;
}

static void xattr_clear(gpointer data)
{
  OakumXattr *xattr = data;
  g_free(xattr->name);
  g_free(xattr->value);
}

static gint xattr_compare(gconstpointer a, gconstpointer b)
{
  return strcmp(((const OakumXattr *)a)->name, ((const OakumXattr *)b)->name);
}

static gboolean slice_is(OakumSlice slice, const char *text)
{
  return slice.len == strlen(text) && memcmp(slice.data, text, slice.len) == 0;
}

static gboolean slice_begins(OakumSlice slice, const char *text)
{
  return slice.len >= strlen(text) && memcmp(slice.data, text, strlen(text)) == 0;
}

static gboolean pax_id(OakumSlice value, gboolean *has, uint32_t *out)
{
  uint64_t id;
  *has = oakum_parse_u64((const char *)value.data, value.len, UINT32_MAX, &id);
  *out = *has ? (uint32_t)id : 0;
  return *has;
}

static gboolean add_xattr(OakumTarReader *reader, OakumSlice name, OakumSlice value, GError **error)
{
  if (reader->xattrs->len >= OAKUM_TAR_XATTRS_MAX || value.len > OAKUM_TAR_XATTR_VALUE_MAX)
    return refuse(error, OAKUM_ERROR_LIMIT, "too many or too large extended attributes");
  if (name.len == 0 || name.len > 255 || memchr(name.data, '\0', name.len))
    return invalid(error, "an extended attribute has no valid name");
  OakumXattr xattr = {g_strndup((const char *)name.data, name.len),
                      g_memdup2(value.data, value.len), value.len};
  for (guint i = 0; i < reader->xattrs->len; i++) {
    if (strcmp(g_array_index(reader->xattrs, OakumXattr, i).name, xattr.name) == 0) {
      xattr_clear(&xattr);
      return invalid(error, "an extended attribute is given twice");
    }
  }
  g_array_append_val(reader->xattrs, xattr);
  return TRUE;
}

/* What begins with GNU.sparse. A key that is given twice says the same. */
static gboolean sparse_record(OakumSlice key, OakumSlice value, PaxValues *pax, GError **error)
{
  pax->sparse = TRUE;
  if (slice_is(key, "GNU.sparse.major"))
    pax->major_1 = slice_is(value, "1");
  else if (slice_is(key, "GNU.sparse.minor"))
    pax->minor_0 = slice_is(value, "0");
  else if (slice_is(key, "GNU.sparse.name") && !pax->has_sparse_name && value.len > 0 &&
           !memchr(value.data, '\0', value.len)) {
    pax->sparse_name = value;
    pax->has_sparse_name = TRUE;
  } else if (slice_is(key, "GNU.sparse.realsize") && !pax->has_sparse_size)
    pax->has_sparse_size = oakum_parse_u64((const char *)value.data, value.len,
                                           OAKUM_LAYER_UNPACKED_MAX, &pax->sparse_size);
  else
    return refuse(error, OAKUM_ERROR_UNSUPPORTED, "this form of sparse files is not supported");
  return TRUE;
}

/* One record. `global` records may only hold what does not change an entry. */
static gboolean pax_record(OakumTarReader *reader, OakumSlice key, OakumSlice value,
                           gboolean global, PaxValues *pax, GError **error)
{
  static const char schily[] = "SCHILY.xattr.";
  gboolean is_path = slice_is(key, "path"), is_link = slice_is(key, "linkpath"),
           is_size = slice_is(key, "size"), is_uid = slice_is(key, "uid"),
           is_gid = slice_is(key, "gid"), is_mtime = slice_is(key, "mtime"),
           is_xattr = slice_begins(key, schily);
  gboolean is_sparse = slice_begins(key, "GNU.sparse.");
  if (is_sparse && !global)
    return sparse_record(key, value, pax, error);
  if (!is_sparse && !is_path && !is_link && !is_size && !is_uid && !is_gid && !is_mtime &&
      !is_xattr)
    return TRUE;
  if (global)
    return refuse(error, OAKUM_ERROR_UNSUPPORTED, "a global header changes entries");
  if (is_xattr)
    return add_xattr(reader, (OakumSlice){key.data + strlen(schily), key.len - strlen(schily)},
                     value, error);
  if ((is_path && pax->has_path) || (is_link && pax->has_link) || (is_size && pax->has_size) ||
      (is_uid && pax->has_uid) || (is_gid && pax->has_gid) || (is_mtime && pax->has_mtime))
    return invalid(error, "a PAX key is given twice");
  gboolean ok = TRUE;
  if (is_path || is_link) {
    ok = value.len > 0 && !memchr(value.data, '\0', value.len);
    *(is_path ? &pax->path : &pax->link) = value;
    *(is_path ? &pax->has_path : &pax->has_link) = TRUE;
  } else if (is_size) {
    ok = pax->has_size =
        oakum_parse_u64((const char *)value.data, value.len, INT64_MAX, &pax->size);
  } else if (is_uid) {
    ok = pax_id(value, &pax->has_uid, &pax->uid);
  } else if (is_gid) {
    ok = pax_id(value, &pax->has_gid, &pax->gid);
  } else {
    ok = pax->has_mtime = parse_pax_time(value, &pax->mtime, &pax->mtime_ns);
  }
  return ok || invalid(error, "a PAX value is not valid");
}

/* Records are "LENGTH KEY=VALUE\n", LENGTH counting the whole record. */
static gboolean pax_parse(OakumTarReader *reader, OakumSlice rest, gboolean global, PaxValues *pax,
                          GError **error)
{
  while (rest.len > 0) {
    const uint8_t *space = memchr(rest.data, ' ', MIN(rest.len, 20));
    uint64_t len;
    if (!space ||
        !oakum_parse_u64((const char *)rest.data, (size_t)(space - rest.data), rest.len, &len) ||
        len < (size_t)(space - rest.data) + 3 || rest.data[len - 1] != '\n')
      return invalid(error, "a PAX record has no valid length");
    OakumSlice key = {space + 1, 0};
    const uint8_t *stop = rest.data + len - 1;
    const uint8_t *equals = memchr(key.data, '=', (size_t)(stop - key.data));
    if (!equals || equals == key.data)
      return invalid(error, "a PAX record has no key");
    key.len = (size_t)(equals - key.data);
    if (!pax_record(reader, key, (OakumSlice){equals + 1, (size_t)(stop - equals - 1)}, global, pax,
                    error))
      return FALSE;
    rest.data += len;
    rest.len -= len;
  }
  return TRUE;
}

static size_t field_len(const char *field, size_t max)
{
  return strnlen(field, max);
}

/* Header size to a small value for extension data. */
static gboolean extension_data(OakumTarReader *reader, const TarHeader *header, GByteArray **out,
                               GError **error)
{
  int64_t size;
  if (!parse_number(header->size, sizeof header->size, &size) || size < 0)
    return invalid(error, "an extension header has no valid size");
  if ((uint64_t)size > OAKUM_TAR_HEADER_MAX)
    return refuse(error, OAKUM_ERROR_LIMIT, "an extension header is too large");
  g_autoptr(GByteArray) data = g_byte_array_new();
  uint64_t padded = ((uint64_t)size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
  g_byte_array_set_size(data, (guint)padded);
  if (padded > 0) {
    int got = take(reader, data->data, padded, error);
    if (got == 0)
      invalid(error, "the archive is cut short");
    if (got <= 0)
      return FALSE;
  }
  g_byte_array_set_size(data, (guint)size);
  *out = g_steal_pointer(&data);
  return TRUE;
}

static gboolean read_extension(OakumTarReader *reader, const TarHeader *header, GError **error)
{
  g_autoptr(GByteArray) data = NULL;
  if (!extension_data(reader, header, &data, error))
    return FALSE;
  if (header->type == 'g') {
    if (reader->pax || reader->long_path || reader->long_link)
      return invalid(error, "a global header stands between an extension and its entry");
    PaxValues none = {0};
    return pax_parse(reader, (OakumSlice){data->data, data->len}, TRUE, &none, error);
  }
  if (header->type == 'x') {
    if (reader->pax || reader->long_path || reader->long_link)
      return invalid(error, "extension headers are mixed or given twice");
    reader->pax = g_steal_pointer(&data);
    return TRUE;
  }
  char **into = header->type == 'L' ? &reader->long_path : &reader->long_link;
  if (reader->pax || *into)
    return invalid(error, "extension headers are mixed or given twice");
  size_t len = strnlen((const char *)data->data, data->len);
  for (size_t i = len; i < data->len; i++)
    if (data->data[i] != 0)
      return invalid(error, "a long name holds NUL");
  *into = g_strndup((const char *)data->data, len);
  return TRUE;
}

/* Limits on what becomes a path, in bytes, and in bytes of a part; meaning (`..`, roots) is the
 * caller's. */
static gboolean check_name(OakumSlice name, const char *what, size_t max, size_t component_max,
                           GError **error)
{
  if (name.len == 0) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "tar: an entry has an empty %s",
                what);
    return FALSE;
  }
  guint depth = 0;
  size_t component = 0, longest = 0;
  for (size_t i = 0; i < name.len; i++) {
    component = name.data[i] == '/' ? 0 : component + 1;
    depth += component == 1;
    longest = MAX(longest, component);
  }
  if (name.len > max || longest > component_max || depth > OAKUM_TAR_PATH_DEPTH_MAX) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT, "tar: a %s is too long or too deep",
                what);
    return FALSE;
  }
  return TRUE;
}

static void set_bytes(GByteArray *array, const void *data, size_t len)
{
  g_byte_array_set_size(array, 0);
  g_byte_array_append(array, data, (guint)len);
}

static gboolean entry_names(OakumTarReader *reader, const TarHeader *header, const PaxValues *pax,
                            GError **error)
{
  /* Only POSIX headers have a prefix; GNU's own ("ustar  ") keep times there. */
  gboolean posix = memcmp(header->magic, "ustar", 6) == 0;
  g_byte_array_set_size(reader->path, 0);
  if (pax->has_sparse_name) {
    set_bytes(reader->path, pax->sparse_name.data, pax->sparse_name.len);
  } else if (pax->has_path) {
    set_bytes(reader->path, pax->path.data, pax->path.len);
  } else if (reader->long_path) {
    set_bytes(reader->path, reader->long_path, strlen(reader->long_path));
  } else {
    if (posix && header->prefix[0]) {
      set_bytes(reader->path, header->prefix, field_len(header->prefix, sizeof header->prefix));
      g_byte_array_append(reader->path, (const guint8 *)"/", 1);
    }
    g_byte_array_append(reader->path, (const guint8 *)header->name,
                        (guint)field_len(header->name, sizeof header->name));
  }
  if (pax->has_link)
    set_bytes(reader->link, pax->link.data, pax->link.len);
  else if (reader->long_link)
    set_bytes(reader->link, reader->long_link, strlen(reader->long_link));
  else
    set_bytes(reader->link, header->link, field_len(header->link, sizeof header->link));
  reader->entry.path = (OakumSlice){reader->path->data, reader->path->len};
  reader->entry.link = (OakumSlice){reader->link->data, reader->link->len};
  if (!check_name(reader->entry.path, "name", OAKUM_TAR_PATH_MAX, OAKUM_TAR_COMPONENT_MAX, error))
    return FALSE;
  gboolean is_link =
      reader->entry.type == OAKUM_TAR_SYMLINK || reader->entry.type == OAKUM_TAR_HARDLINK;
  if (!is_link)
    reader->entry.link = (OakumSlice){0};
  /* a symbolic link may say anything: it need not lead anywhere */
  return !is_link || check_name(reader->entry.link, "link target", OAKUM_TAR_LINK_MAX,
                                reader->entry.type == OAKUM_TAR_SYMLINK ? OAKUM_TAR_LINK_MAX
                                                                        : OAKUM_TAR_COMPONENT_MAX,
                                error);
}

static gboolean entry_type(const TarHeader *header, OakumTarType *type, GError **error)
{
  switch (header->type) {
  case '\0':
  case '0':
  case '7':
  case 'S': /* as sparse as it is */
    *type = OAKUM_TAR_FILE;
    return TRUE;
  case '1':
    *type = OAKUM_TAR_HARDLINK;
    return TRUE;
  case '2':
    *type = OAKUM_TAR_SYMLINK;
    return TRUE;
  case '3':
    *type = OAKUM_TAR_CHAR;
    return TRUE;
  case '4':
    *type = OAKUM_TAR_BLOCK;
    return TRUE;
  case '5':
    *type = OAKUM_TAR_DIR;
    return TRUE;
  case '6':
    *type = OAKUM_TAR_FIFO;
    return TRUE;
  default:
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_UNSUPPORTED,
                "tar: entry type 0x%02x is not supported", (guint8)header->type);
    return FALSE;
  }
}

static gboolean entry_numbers(OakumTarReader *reader, const TarHeader *header, const PaxValues *pax,
                              GError **error)
{
  OakumTarEntry *entry = &reader->entry;
  int64_t mode, uid, gid, size, mtime, major = 0, minor = 0;
  gboolean device = entry->type == OAKUM_TAR_CHAR || entry->type == OAKUM_TAR_BLOCK;
  if (!parse_number(header->mode, sizeof header->mode, &mode) ||
      !parse_number(header->uid, sizeof header->uid, &uid) ||
      !parse_number(header->gid, sizeof header->gid, &gid) ||
      !parse_number(header->size, sizeof header->size, &size) ||
      !parse_number(header->mtime, sizeof header->mtime, &mtime) ||
      (device && (!parse_number(header->dev_major, sizeof header->dev_major, &major) ||
                  !parse_number(header->dev_minor, sizeof header->dev_minor, &minor))))
    return invalid(error, "a header field is not a number");
  /* A reader that knows PAX and one that does not would find the next header in different places.
   * Only where the header has no room for the size is there no such choice. */
  if (pax->has_size && pax->size != (uint64_t)size && pax->size < UINT64_C(8) * OAKUM_GIB)
    return invalid(error, "PAX and header disagree on the size");
  uint64_t bytes = pax->has_size ? pax->size : (uint64_t)size;
  if (size < 0 || bytes > OAKUM_LAYER_UNPACKED_MAX)
    return refuse(error, size < 0 ? OAKUM_ERROR_INVALID : OAKUM_ERROR_LIMIT,
                  "an entry's size is out of range");
  if (entry->type != OAKUM_TAR_FILE && bytes > 0)
    return invalid(error, "an entry that is no file has content");
  entry->uid = pax->uid;
  entry->gid = pax->gid;
  if ((!pax->has_uid && (uid < 0 || uid > UINT32_MAX)) ||
      (!pax->has_gid && (gid < 0 || gid > UINT32_MAX)))
    return refuse(error, OAKUM_ERROR_LIMIT, "an owner does not fit 32 bits");
  if (!pax->has_uid)
    entry->uid = (uint32_t)uid;
  if (!pax->has_gid)
    entry->gid = (uint32_t)gid;
  if (mode < 0 || major < 0 || minor < 0 || major > 0xfff || minor > 0xfffff)
    return refuse(error, OAKUM_ERROR_LIMIT, "a mode or device number is out of range");
  entry->mode = (uint32_t)mode & 07777;
  entry->size = bytes;
  entry->mtime = pax->has_mtime ? pax->mtime : mtime;
  entry->mtime_ns = pax->has_mtime ? pax->mtime_ns : 0;
  entry->dev_major = (uint32_t)major;
  entry->dev_minor = (uint32_t)minor;
  return TRUE;
}

/* ---- sparse files
 * ------------------------------------------------------------------------------ */
static gboolean bad_map(GError **error)
{
  return invalid(error, "the map of a sparse file does not fit");
}

static gboolean add_piece(OakumTarReader *reader, int64_t offset, int64_t len, GError **error)
{
  const guint n = reader->pieces->len;
  const Piece *last = n > 0 ? &g_array_index(reader->pieces, Piece, n - 1) : NULL;
  const Piece piece = {(uint64_t)offset, (uint64_t)len};
  if (n >= OAKUM_TAR_SPARSE_PIECES_MAX)
    return refuse(error, OAKUM_ERROR_LIMIT, "a sparse file has too many pieces");
  if (offset < 0 || len < 0 || piece.offset > OAKUM_LAYER_UNPACKED_MAX ||
      piece.len > OAKUM_LAYER_UNPACKED_MAX || (last && piece.offset < last->offset + last->len))
    return bad_map(error);
  g_array_append_val(reader->pieces, piece);
  return TRUE;
}

/* Of GNU's own header: four pieces in it, in the place of the prefix, and 21 in each block behind
 * it. */
static gboolean read_old_map(OakumTarReader *reader, const TarHeader *header, uint64_t *size,
                             GError **error)
{
  const char *at = (const char *)header + 386;
  guint count = 4;
  char block[TAR_BLOCK];
  int64_t real;
  if (memcmp(header->magic, "ustar ", 6) != 0)
    return bad_map(error);
  if (!parse_number((const char *)header + 483, 12, &real) || real < 0)
    return bad_map(error);
  *size = (uint64_t)real;
  gboolean more = ((const char *)header)[482] != 0;
  for (;;) {
    for (guint i = 0; i < count && at[i * 24] != 0; i++) {
      int64_t offset, len;
      if (!parse_number(at + i * 24, 12, &offset) || !parse_number(at + i * 24 + 12, 12, &len))
        return bad_map(error);
      if (!add_piece(reader, offset, len, error))
        return FALSE;
    }
    if (!more)
      return TRUE;
    int got = take(reader, block, TAR_BLOCK, error);
    if (got <= 0)
      return got == 0 ? bad_map(error) : FALSE;
    at = block;
    count = 21;
    more = block[504] != 0;
  }
}

/* The next decimal number of a map in front of the content, and its line end; reads on where a
 * block ends. */
static gboolean map_number(OakumTarReader *reader, char *block, size_t *at, uint64_t *stored,
                           int64_t *out, GError **error)
{
  uint64_t value = 0;
  for (guint digits = 0;; digits++) {
    if (*at == TAR_BLOCK) {
      int got = *stored >= TAR_BLOCK ? take(reader, block, TAR_BLOCK, error) : 0;
      if (got <= 0)
        return got == 0 ? bad_map(error) : FALSE;
      *stored -= TAR_BLOCK;
      *at = 0;
    }
    char c = block[(*at)++];
    if (c == '\n' && digits > 0) {
      *out = (int64_t)value;
      return TRUE;
    }
    if (!g_ascii_isdigit(c) || digits > 17)
      return bad_map(error);
    value = value * 10 + (uint64_t)(c - '0');
  }
}

static gboolean read_map(OakumTarReader *reader, uint64_t *stored, GError **error)
{
  char block[TAR_BLOCK];
  size_t at = TAR_BLOCK;
  int64_t count, offset, len;
  if (!map_number(reader, block, &at, stored, &count, error))
    return FALSE;
  for (; count > 0; count--)
    if (!map_number(reader, block, &at, stored, &offset, error) ||
        !map_number(reader, block, &at, stored, &len, error) ||
        !add_piece(reader, offset, len, error))
      return FALSE;
  return TRUE;
}

/* The entry's size becomes that of the file; what the map says must be just what is stored. */
static gboolean read_sparse(OakumTarReader *reader, const TarHeader *header, const PaxValues *pax,
                            GError **error)
{
  OakumTarEntry *entry = &reader->entry;
  uint64_t size = pax->sparse_size, sum = 0, end = 0;
  if (entry->type != OAKUM_TAR_FILE || (pax->sparse && header->type == 'S'))
    return bad_map(error);
  if (pax->sparse &&
      !(pax->major_1 && pax->minor_0 && pax->has_sparse_name && pax->has_sparse_size))
    return refuse(error, OAKUM_ERROR_UNSUPPORTED, "this form of sparse files is not supported");
  if (!(pax->sparse ? read_map(reader, &reader->stored_left, error)
                    : read_old_map(reader, header, &size, error)))
    return FALSE;
  for (guint i = 0; i < reader->pieces->len; i++) {
    const Piece *piece = &g_array_index(reader->pieces, Piece, i);
    sum += piece->len;
    end = piece->offset + piece->len;
  }
  if (sum != reader->stored_left || end > size)
    return bad_map(error);
  reader->holes += size - sum;
  if (size > OAKUM_LAYER_UNPACKED_MAX || reader->holes > OAKUM_LAYER_UNPACKED_MAX)
    return refuse(error, OAKUM_ERROR_LIMIT, "a sparse file is too large");
  entry->size = reader->content_left = size;
  reader->sparse = TRUE;
  return TRUE;
}

/* What lies ahead in the file, at most n bytes of it; TRUE: zeros that are not stored. */
static gboolean is_hole(OakumTarReader *reader, size_t *n)
{
  uint64_t at = reader->entry.size - reader->content_left, end = reader->entry.size;
  const Piece *piece = NULL;
  for (; reader->piece < reader->pieces->len; reader->piece++) {
    piece = &g_array_index(reader->pieces, Piece, reader->piece);
    if (piece->offset + piece->len > at)
      break;
    piece = NULL;
  }
  gboolean hole = !piece || piece->offset > at;
  if (piece)
    end = hole ? piece->offset : piece->offset + piece->len;
  *n = (size_t)MIN(*n, end - at);
  return hole;
}

static gboolean build_entry(OakumTarReader *reader, const TarHeader *header, GError **error)
{
  PaxValues pax = {0};
  reader->entry = (OakumTarEntry){0};
  if (reader->pax &&
      !pax_parse(reader, (OakumSlice){reader->pax->data, reader->pax->len}, FALSE, &pax, error))
    return FALSE;
  if (!entry_type(header, &reader->entry.type, error) ||
      !entry_names(reader, header, &pax, error) || !entry_numbers(reader, header, &pax, error))
    return FALSE;
  OakumTarEntry *entry = &reader->entry;
  if (entry->type == OAKUM_TAR_FILE && entry->path.data[entry->path.len - 1] == '/') {
    /* v7 marked folders so, and only there is it a folder for everyone. */
    if (header->type != '\0' || entry->size > 0)
      return invalid(error, "a file's name ends with a slash");
    entry->type = OAKUM_TAR_DIR;
  }
  g_array_sort(reader->xattrs, xattr_compare);
  entry->xattrs = (OakumXattr *)(void *)reader->xattrs->data;
  entry->n_xattrs = reader->xattrs->len;
  reader->content_left = reader->stored_left = entry->size;
  reader->padding_left = (TAR_BLOCK - entry->size % TAR_BLOCK) % TAR_BLOCK;
  g_array_set_size(reader->pieces, 0);
  reader->piece = 0;
  reader->sparse = FALSE;
  return (!pax.sparse && header->type != 'S') || read_sparse(reader, header, &pax, error);
}

static void extensions_clear(OakumTarReader *reader)
{
  g_clear_pointer(&reader->long_path, g_free);
  g_clear_pointer(&reader->long_link, g_free);
  g_clear_pointer(&reader->pax, g_byte_array_unref);
}

static gboolean finish(OakumTarReader *reader, GError **error)
{
  if (reader->pax || reader->long_path || reader->long_link)
    return invalid(error, "the archive ends between an extension and its entry");
  reader->ended = TRUE;
  /* Whatever stands behind the end is part of the blob, and its digest must cover it. */
  reader->at = reader->end = 0;
  return oakum_reader_drain(reader->below, error);
}

static int next_entry(OakumTarReader *reader, GError **error)
{
  static const TarHeader zero;
  for (;;) {
    TarHeader header;
    int got = take(reader, &header, TAR_BLOCK, error);
    if (got < 0)
      return -1;
    if (got == 0 || memcmp(&header, &zero, TAR_BLOCK) == 0)
      return finish(reader, error) ? 0 : -1;
    int64_t sum;
    if (!parse_number(header.checksum, sizeof header.checksum, &sum) ||
        (sum != oakum_tar_checksum(&header, FALSE) &&
         (uint32_t)sum != oakum_tar_checksum(&header, TRUE)))
      return invalid(error, "a header's checksum is wrong"), -1;
    if (++reader->entries > OAKUM_TAR_ENTRIES_MAX)
      return refuse(error, OAKUM_ERROR_LIMIT, "too many entries"), -1;
    if (header.type != 'x' && header.type != 'g' && header.type != 'L' && header.type != 'K')
      return build_entry(reader, &header, error) ? 1 : -1;
    if (!read_extension(reader, &header, error))
      return -1;
  }
}

OakumTarReader *oakum_tar_reader_new(OakumReader *below)
{
  OakumTarReader *reader = g_new0(OakumTarReader, 1);
  reader->below = below;
  reader->path = g_byte_array_new();
  reader->link = g_byte_array_new();
  reader->xattrs = g_array_new(FALSE, FALSE, sizeof(OakumXattr));
  g_array_set_clear_func(reader->xattrs, xattr_clear);
  reader->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
  return reader;
}

int oakum_tar_reader_next(OakumTarReader *reader, const OakumTarEntry **entry, GError **error)
{
  if (reader->ended)
    return 0;
  uint64_t skip = reader->stored_left + reader->padding_left;
  if (skip > 0) {
    int got = take(reader, NULL, skip, error);
    if (got == 0)
      invalid(error, "the archive is cut short");
    if (got <= 0)
      return -1;
    reader->stored_left = reader->padding_left = 0;
  }
  extensions_clear(reader);
  g_array_set_size(reader->xattrs, 0);
  int got = next_entry(reader, error);
  *entry = got == 1 ? &reader->entry : NULL;
  return got;
}

gssize oakum_tar_reader_read(OakumTarReader *reader, void *buffer, size_t len, GError **error)
{
  size_t n = (size_t)MIN(len, reader->content_left);
  if (n == 0)
    return 0;
  if (reader->sparse && is_hole(reader, &n)) {
    memset(buffer, 0, n);
    reader->content_left -= n;
    return (gssize)n;
  }
  gssize got;
  if (reader->at == reader->end && n >= OAKUM_IO_BUFFER) {
    got =
        oakum_reader_read(reader->below, buffer, n, error); /* large content needs no second copy */
    reader->taken += (uint64_t)MAX(got, 0);
  } else {
    if (!fill(reader, error))
      return -1;
    got = (gssize)MIN(n, reader->end - reader->at);
    memcpy(buffer, reader->data + reader->at, (size_t)got);
    reader->at += (size_t)got;
  }
  if (got == 0)
    return invalid(error, "the archive is cut short"), -1;
  if (got > 0) {
    reader->content_left -= (uint64_t)got;
    reader->stored_left -= (uint64_t)got;
  }
  return got;
}

gssize oakum_tar_reader_borrow(OakumTarReader *reader, const void **data, size_t max,
                               GError **error)
{
  size_t n = (size_t)MIN(max, reader->content_left);
  static const uint8_t zeros[OAKUM_IO_BUFFER];
  *data = "";
  if (n == 0)
    return 0;
  if (reader->sparse && is_hole(reader, &n)) {
    n = MIN(n, sizeof zeros);
    *data = zeros;
    reader->content_left -= n;
    return (gssize)n;
  }
  if (!fill(reader, error))
    return -1;
  n = MIN(n, reader->end - reader->at);
  if (n == 0)
    return invalid(error, "the archive is cut short"), -1;
  *data = reader->data + reader->at;
  reader->at += n;
  reader->content_left -= n;
  reader->stored_left -= n;
  return (gssize)n;
}

uint64_t oakum_tar_reader_offset(const OakumTarReader *reader)
{
  return reader->sparse ? UINT64_MAX : reader->taken - (reader->end - reader->at);
}

void oakum_tar_reader_free(OakumTarReader *reader)
{
  if (!reader)
    return;
  extensions_clear(reader);
  oakum_reader_free(reader->below);
  g_byte_array_unref(reader->path);
  g_byte_array_unref(reader->link);
  g_array_unref(reader->xattrs);
  g_array_unref(reader->pieces);
  g_free(reader);
}
