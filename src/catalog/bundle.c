/* Programs that carry what they are made of behind their own code: single files of .NET, what
 * PyInstaller froze, and what UPX packed, of which nothing can be read. */
#include "catalog/native-private.h"

/* ---- .NET: docs/design/features/bundler of dotnet/runtime --------------------------------------
 * The host program holds a mark, in front of which stands where the list of the bundled files is: 0
 * in a host that bundles none. */
static const uint8_t dotnet_mark[] = {/* SHA-256 of ".net core bundle\n" */
                                      0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38,
                                      0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
                                      0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18,
                                      0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae};
#define DOTNET_DEPS_JSON 3u /* the type of a file in the list */

/* Where the list is, by the mark in the data of the program; 0 when there is none. */
static uint64_t dotnet_list(const OakumExe *exe, OakumCatalogFile *file)
{
  const OakumExeSection *data = oakum_exe_section(exe, ".data");
  if (!data)
    data = oakum_exe_section(exe, "__DATA,__data");
  if (!data || data->size > OAKUM_BUNDLE_DATA_MAX || data->size < 8 + sizeof dotnet_mark)
    return 0;
  g_autofree uint8_t *bytes = g_malloc((size_t)data->size);
  if (!oakum_catalog_file_read(file, data->offset, bytes, (size_t)data->size, NULL))
    return 0;
  const uint8_t *at =
      oakum_bytes_find(bytes + 8, (size_t)data->size - 8, dotnet_mark, sizeof dotnet_mark);
  return at ? oakum_exe_number(exe, at - 8, 8) : 0;
}

typedef struct {
  OakumCatalogFile *file;
  uint64_t at;
  gboolean bad;
} Cursor;

/* Numbers are little-endian, whatever the machine. */
static uint64_t next_number(Cursor *cursor, guint bytes)
{
  uint8_t raw[8];
  uint64_t value = 0;
  if (cursor->bad || !oakum_catalog_file_read(cursor->file, cursor->at, raw, bytes, NULL)) {
    cursor->bad = TRUE;
    return 0;
  }
  cursor->at += bytes;
  for (guint i = bytes; i-- > 0;)
    value = value << 8 | raw[i];
  return value;
}

static void skip_text(Cursor *cursor)
{
  uint64_t len = 0, byte = 0x80;
  for (guint shift = 0; (byte & 0x80) && shift < 14; shift += 7) {
    byte = next_number(cursor, 1);
    len |= (byte & 0x7f) << shift;
  }
  cursor->bad |= (byte & 0x80) != 0;
  cursor->at += len;
}

static gboolean read_dotnet(const OakumExe *exe, OakumCatalogFile *file, OakumCatalogSink *sink,
                            GError **error)
{
  Cursor cursor = {file, dotnet_list(exe, file), FALSE};
  if (cursor.at == 0)
    return TRUE;
  uint64_t major = next_number(&cursor, 4), at = 0, size = 0;
  (void)next_number(&cursor, 4);
  uint64_t count = next_number(&cursor, 4);
  skip_text(&cursor);
  if (major >= 2) {
    at = next_number(&cursor, 8);
    size = next_number(&cursor, 8);
  } else /* .NET Core 3 */
    for (uint64_t i = 0;
         i < MIN(count, OAKUM_CATALOG_FILE_PACKAGES_MAX) && !cursor.bad && size == 0; i++) {
      uint64_t offset = next_number(&cursor, 8), bytes = next_number(&cursor, 8);
      if (next_number(&cursor, 1) == DOTNET_DEPS_JSON) {
        at = offset;
        size = bytes;
      }
      skip_text(&cursor);
    }
  if (cursor.bad)
    return oakum_catalog_invalid(file, error, "the list of a .NET bundle is cut short");
  if (size == 0) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_UNSUPPORTED,
                        "a .NET bundle without its list of dependencies");
    return FALSE;
  }
  if (size > OAKUM_CATALOG_JSON_MAX) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
                        "the list of dependencies of a .NET bundle is too long");
    return FALSE;
  }
  g_autofree uint8_t *text = g_malloc((size_t)size);
  if (!oakum_catalog_file_read(file, at, text, (size_t)size, error))
    return FALSE;
  OAKUM_AUTO_JSON *json = oakum_catalog_json_bytes((OakumSlice){text, (size_t)size}, error);
  return json && oakum_dotnet_deps(json, file, sink, error);
}

/* ---- PyInstaller: its CArchive ------------------------------------------------------------------
 * A cookie at the very end says where the table of contents is; rows are big-endian. Of modules it
 * has the code alone: a distribution is only seen when its metadata went in, so that is told. */
static const char frozen_mark[8] = {'M', 'E', 'I', 014, 013, 012, 013, 016};
#define FROZEN_COOKIE 88u
#define FROZEN_ROW 18u

static uint64_t big(const uint8_t *at)
{
  return (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
}

static gboolean append(gpointer user, const void *data, size_t len)
{
  GByteArray *out = user;
  if (len > OAKUM_CATALOG_TEXT_MAX - out->len)
    return FALSE;
  g_byte_array_append(out, data, (guint)len);
  return TRUE;
}

static gboolean read_frozen_metadata(OakumCatalogFile *file, OakumCatalogSink *sink, uint64_t at,
                                     uint64_t size, gboolean packed, const char *name,
                                     GError **error)
{
  if (size > OAKUM_CATALOG_TEXT_MAX) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT, "metadata that is too long");
    return FALSE;
  }
  g_autofree uint8_t *bytes = g_malloc((size_t)size + 1);
  if (!oakum_catalog_file_read(file, at, bytes, (size_t)size, error))
    return FALSE;
  g_autoptr(GByteArray) out = g_byte_array_new();
  if (packed) {
    g_autoptr(OakumInflater) inflater = oakum_inflater_new(OAKUM_DEFLATE_ZLIB);
    size_t used;
    if (oakum_inflater_push(inflater, bytes, (size_t)size, &used, append, out) != 1)
      return oakum_catalog_invalid(file, error, "frozen metadata that cannot be unpacked");
  }
  OakumSlice text = packed ? (OakumSlice){out->data, out->len} : (OakumSlice){bytes, (size_t)size};
  return oakum_python_metadata(text, name, file, sink, error);
}

/* The cookie, in the last bytes of `end`: a signature may follow it. */
static gboolean frozen_cookie(OakumCatalogFile *file, uint64_t end, uint64_t *at,
                              uint8_t cookie[static FROZEN_COOKIE])
{
  uint8_t tail[OAKUM_BUNDLE_TAIL];
  size_t len = (size_t)MIN((uint64_t)sizeof tail, end);
  if (len < FROZEN_COOKIE || !oakum_catalog_file_read(file, end - len, tail, len, NULL))
    return FALSE;
  for (size_t i = len - FROZEN_COOKIE + 1; i-- > 0;)
    if (memcmp(tail + i, frozen_mark, sizeof frozen_mark) == 0) {
      *at = end - len + i;
      memcpy(cookie, tail + i, FROZEN_COOKIE);
      return TRUE;
    }
  return FALSE;
}

static gboolean read_frozen(const OakumExe *exe, OakumCatalogFile *file, OakumCatalogSink *sink,
                            GError **error)
{
  const OakumExeSection *section = oakum_exe_section(exe, "pydata"); /* where objcopy puts it */
  uint64_t at, end = section ? section->offset + section->size : oakum_catalog_file_size(file);
  uint8_t cookie[FROZEN_COOKIE];
  if (!frozen_cookie(file, end, &at, cookie))
    return TRUE;
  uint64_t whole = big(cookie + 8), table = big(cookie + 12), len = big(cookie + 16);
  if (whole > at + FROZEN_COOKIE || len > OAKUM_BUNDLE_TABLE_MAX || table > whole ||
      len > whole - table)
    return oakum_catalog_invalid(file, error, "what PyInstaller froze has no table of contents");
  uint64_t base = at + FROZEN_COOKIE - whole;
  g_autofree uint8_t *rows = g_malloc((size_t)len + 1);
  if (!oakum_catalog_file_read(file, base + table, rows, (size_t)len, error))
    return FALSE;
  gboolean modules = FALSE;
  for (uint64_t i = 0; i < len;) {
    uint64_t row = len - i > FROZEN_ROW ? big(rows + i) : 0;
    if (row <= FROZEN_ROW || row > len - i)
      return oakum_catalog_invalid(file, error, "what PyInstaller froze has a row of no length");
    const uint8_t *one = rows + i;
    g_autofree char *name = g_strndup((const char *)one + FROZEN_ROW, (size_t)row - FROZEN_ROW);
    modules |= one[17] == 'z' || one[17] == 'Z';
    if ((oakum_path_ends(name, ".dist-info/METADATA") ||
         oakum_path_ends(name, ".egg-info/PKG-INFO")) &&
        !read_frozen_metadata(file, sink, base + big(one + 4), big(one + 8), one[16] == 1, name,
                              error))
      return FALSE;
    i += row;
  }
  if (!modules)
    return TRUE;
  g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_UNSUPPORTED,
                      "modules that PyInstaller froze: only those with metadata can be seen");
  return FALSE;
}

/* ---- UPX --------------------------------------------------------------------------------------
 * A packed program has no sections of its own; its mark follows the headers. */
static gboolean is_upx(const OakumExe *exe, OakumCatalogFile *file)
{
  if (exe->kind == OAKUM_EXE_PE)
    return oakum_exe_section(exe, "UPX0") && oakum_exe_section(exe, "UPX1");
  uint8_t head[OAKUM_CATALOG_HEAD];
  return exe->kind == OAKUM_EXE_ELF && exe->sections->len == 0 &&
         oakum_catalog_file_size(file) >= sizeof head &&
         oakum_catalog_file_read(file, 0, head, sizeof head, NULL) &&
         memmem(head + 52, sizeof head - 52, "UPX!", 4) != NULL;
}

gboolean oakum_bundle_read(const OakumExe *exe, OakumCatalogFile *file, OakumCatalogSink *sink,
                           GError **error)
{
  if (is_upx(exe, file)) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_UNSUPPORTED,
                        "packed by UPX: what it is made of cannot be seen");
    return FALSE;
  }
  /* of others nothing is read but what is known of their headers */
  if (!oakum_exe_section(exe, "pydata") && oakum_catalog_file_size(file) <= exe->end)
    return TRUE;
  return read_dotnet(exe, file, sink, error) && read_frozen(exe, file, sink, error);
}
