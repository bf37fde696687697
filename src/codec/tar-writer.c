/* A deterministic writer: the same entries give the same bytes, on any machine. */
#include "codec/tar-private.h"
#include <string.h>

struct OakumTarWriter {
  OakumWriter *below;
  uint64_t content_left, padding;
};

static const char zeros[TAR_BLOCK * 2];

static gboolean put_octal(char *field, size_t len, uint64_t value)
{
  size_t digits = len - 1;
  if (digits < 21 && value >> (3 * digits))
    return FALSE;
  for (size_t i = digits; i-- > 0; value >>= 3)
    field[i] = (char)('0' + (value & 7));
  field[digits] = '\0';
  return TRUE;
}

/* For values that are known to fit. */
static void put_small(char *field, size_t len, uint64_t value)
{
  if (!put_octal(field, len, value))
    g_error("tar: a small number does not fit its field");
}

/* "LENGTH KEY=VALUE\n": the length counts itself. */
static void pax_add(GByteArray *pax, const char *key, const void *value, size_t value_len)
{
  size_t body = 1 + strlen(key) + 1 + value_len + 1, total = body + 1;
  for (size_t digits = 1;; digits++) {
    total = body + digits;
    g_autofree char *text = g_strdup_printf("%zu", total);
    if (strlen(text) == digits)
      break;
  }
  g_autofree char *head = g_strdup_printf("%zu %s=", total, key);
  g_byte_array_append(pax, (const guint8 *)head, (guint)strlen(head));
  g_byte_array_append(pax, value, (guint)value_len);
  g_byte_array_append(pax, (const guint8 *)"\n", 1);
}

static void pax_add_number(GByteArray *pax, const char *key, int64_t value)
{
  g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);
  pax_add(pax, key, text, strlen(text));
}

static gboolean is_ascii(OakumSlice text)
{
  for (size_t i = 0; i < text.len; i++)
    if (text.data[i] >= 0x80)
      return FALSE;
  return TRUE;
}

/* Puts `path` into name and prefix when it fits there. */
static gboolean put_path(TarHeader *header, OakumSlice path)
{
  if (path.len <= sizeof header->name) {
    memcpy(header->name, path.data, path.len);
    return TRUE;
  }
  /* The first slash that leaves a name short enough: one choice for each path. */
  for (size_t i = path.len - sizeof header->name - 1;
       i < path.len - 1 && i <= sizeof header->prefix; i++) {
    if (path.data[i] == '/' && i > 0) {
      memcpy(header->prefix, path.data, i);
      memcpy(header->name, path.data + i + 1, path.len - i - 1);
      return TRUE;
    }
  }
  memcpy(header->name, path.data,
         sizeof header->name); /* PAX carries it; old readers see its beginning */
  return FALSE;
}

static gboolean put_header(OakumTarWriter *writer, TarHeader *header, GError **error)
{
  memcpy(header->magic, "ustar", 6);
  memcpy(header->version, "00", 2);
  uint32_t sum = oakum_tar_checksum(header, FALSE);
  put_small(header->checksum, 7, sum); /* at most 512 × 255, six digits */
  header->checksum[7] = ' ';
  return oakum_writer_write(writer->below, header, sizeof *header, error);
}

static gboolean put_pax(OakumTarWriter *writer, const GByteArray *pax, GError **error)
{
  TarHeader header = {.type = 'x'};
  /* A fixed name: the usual one holds a process id. */
  memcpy(header.name, "././@PaxHeader", 14);
  put_small(header.mode, sizeof header.mode, 0644);
  put_small(header.uid, sizeof header.uid, 0);
  put_small(header.gid, sizeof header.gid, 0);
  put_small(header.size, sizeof header.size, pax->len);
  put_small(header.mtime, sizeof header.mtime, 0);
  size_t padding = (TAR_BLOCK - pax->len % TAR_BLOCK) % TAR_BLOCK;
  return put_header(writer, &header, error) &&
         oakum_writer_write(writer->below, pax->data, pax->len, error) &&
         oakum_writer_write(writer->below, zeros, padding, error);
}

static char type_flag(OakumTarType type)
{
  static const char flags[] = {
      [OAKUM_TAR_FILE] = '0',     [OAKUM_TAR_DIR] = '5',  [OAKUM_TAR_SYMLINK] = '2',
      [OAKUM_TAR_HARDLINK] = '1', [OAKUM_TAR_CHAR] = '3', [OAKUM_TAR_BLOCK] = '4',
      [OAKUM_TAR_FIFO] = '6'};
  return flags[type];
}

static gboolean pad_content(OakumTarWriter *writer, GError **error)
{
  if (writer->content_left > 0) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_FAILED,
                "tar: an entry is %" G_GUINT64_FORMAT " bytes short of its size",
                writer->content_left);
    return FALSE;
  }
  gboolean ok = oakum_writer_write(writer->below, zeros, writer->padding, error);
  writer->padding = 0;
  return ok;
}

gboolean oakum_tar_writer_entry(OakumTarWriter *writer, const OakumTarEntry *entry, GError **error)
{
  if (!pad_content(writer, error))
    return FALSE;
  g_autofree uint8_t *with_slash = NULL;
  OakumSlice path = entry->path;
  if (path.len == 0 || memchr(path.data, '\0', path.len)) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "tar: a name is empty or holds NUL");
    return FALSE;
  }
  if (entry->type == OAKUM_TAR_DIR && path.data[path.len - 1] != '/') {
    with_slash = g_malloc(path.len + 1);
    memcpy(with_slash, path.data, path.len);
    with_slash[path.len] = '/';
    path = (OakumSlice){with_slash, path.len + 1};
  }
  TarHeader header = {.type = type_flag(entry->type)};
  g_autoptr(GByteArray) pax = g_byte_array_new();
  /* Keys in one fixed order. Names beyond ASCII have no charset in ustar, so PAX carries their
   * bytes. */
  if (!put_path(&header, path) || !is_ascii(path))
    pax_add(pax, "path", path.data, path.len);
  if (entry->link.len > sizeof header.link || !is_ascii(entry->link))
    pax_add(pax, "linkpath", entry->link.data, entry->link.len);
  if (entry->link.len > 0)
    memcpy(header.link, entry->link.data, MIN(entry->link.len, sizeof header.link));
  uint64_t size = entry->type == OAKUM_TAR_FILE ? entry->size : 0;
  if (!put_octal(header.size, sizeof header.size, size)) {
    pax_add_number(pax, "size", (int64_t)size);
    put_small(header.size, sizeof header.size, 0);
  }
  if (!put_octal(header.uid, sizeof header.uid, entry->uid)) {
    pax_add_number(pax, "uid", entry->uid);
    put_small(header.uid, sizeof header.uid, 0);
  }
  if (!put_octal(header.gid, sizeof header.gid, entry->gid)) {
    pax_add_number(pax, "gid", entry->gid);
    put_small(header.gid, sizeof header.gid, 0);
  }
  if (entry->mtime < 0 || !put_octal(header.mtime, sizeof header.mtime, (uint64_t)entry->mtime)) {
    pax_add_number(pax, "mtime", entry->mtime);
    put_small(header.mtime, sizeof header.mtime, 0);
  }
  for (size_t i = 0; i < entry->n_xattrs; i++) {
    g_autofree char *key = g_strconcat("SCHILY.xattr.", entry->xattrs[i].name, NULL);
    pax_add(pax, key, entry->xattrs[i].value, entry->xattrs[i].len);
  }
  put_small(header.mode, sizeof header.mode, entry->mode & 07777);
  gboolean device = entry->type == OAKUM_TAR_CHAR || entry->type == OAKUM_TAR_BLOCK;
  if (!put_octal(header.dev_major, sizeof header.dev_major, device ? entry->dev_major : 0) ||
      !put_octal(header.dev_minor, sizeof header.dev_minor, device ? entry->dev_minor : 0)) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT,
                "tar: a device number is out of range");
    return FALSE;
  }
  if (pax->len > 0 && !put_pax(writer, pax, error))
    return FALSE;
  writer->content_left = size;
  writer->padding = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
  return put_header(writer, &header, error);
}

gboolean oakum_tar_writer_write(OakumTarWriter *writer, const void *data, size_t len,
                                GError **error)
{
  if (len > writer->content_left) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_FAILED,
                "tar: an entry's content is longer than its size");
    return FALSE;
  }
  writer->content_left -= len;
  return oakum_writer_write(writer->below, data, len, error);
}

gboolean oakum_tar_writer_finish(OakumTarWriter *writer, GError **error)
{
  return pad_content(writer, error) &&
         oakum_writer_write(writer->below, zeros, sizeof zeros, error) &&
         oakum_writer_finish(writer->below, error);
}

OakumTarWriter *oakum_tar_writer_new(OakumWriter *below)
{
  OakumTarWriter *writer = g_new0(OakumTarWriter, 1);
  writer->below = below;
  return writer;
}

void oakum_tar_writer_free(OakumTarWriter *writer)
{
  if (!writer)
    return;
  oakum_writer_free(writer->below);
  g_free(writer);
}
