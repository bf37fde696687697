#include "codec/codec.h"
#include <libdeflate.h>
#include <string.h>

/* A small writer, so that each lie can be told. */
typedef struct {
  GByteArray *out, *directory;
  guint count;
} Maker;

static void put(GByteArray *to, uint64_t value, guint bytes)
{
  for (guint i = 0; i < bytes; i++) {
    uint8_t one = i < 8 ? (uint8_t)(value >> (8 * i)) : 0;
    g_byte_array_append(to, &one, 1);
  }
}

static Maker maker_new(void)
{
  return (Maker){g_byte_array_new(), g_byte_array_new(), 0};
}

typedef struct {
  uint16_t flags, method;
  gboolean wide; /* sizes and offset in a 64 bit field */
  gint64 size_lie, crc_lie, offset_lie;
  const char *local_name;
} Lies;

static void add(Maker *maker, const char *name, const char *content, Lies lies)
{
  size_t len = strlen(content);
  char packed[4096];
  size_t n = len;
  if (lies.method == 8) {
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
    n = libdeflate_deflate_compress(compressor, content, len, packed, sizeof packed);
    g_assert_cmpuint(n, >, 0);
    libdeflate_free_compressor(compressor);
  } else {
    memcpy(packed, content, len);
  }
  uint64_t offset = (uint64_t)((gint64)maker->out->len + lies.offset_lie);
  uint64_t size = (uint64_t)((gint64)len + lies.size_lie);
  uint32_t crc = (uint32_t)(libdeflate_crc32(0, content, len) + (uint32_t)lies.crc_lie);
  const char *local = lies.local_name ? lies.local_name : name;
  GByteArray *to = maker->out;
  g_byte_array_append(to, (const guint8 *)"PK\3\4", 4);
  put(to, 20, 2);
  put(to, lies.flags, 2);
  put(to, lies.method, 2);
  put(to, 0, 4);
  put(to, crc, 4);
  put(to, n, 4);
  put(to, size, 4);
  put(to, strlen(local), 2);
  put(to, 0, 2);
  g_byte_array_append(to, (const guint8 *)local, (guint)strlen(local));
  g_byte_array_append(to, (const guint8 *)packed, (guint)n);
  to = maker->directory;
  g_byte_array_append(to, (const guint8 *)"PK\1\2", 4);
  put(to, 20, 2);
  put(to, 20, 2);
  put(to, lies.flags, 2);
  put(to, lies.method, 2);
  put(to, 0, 4);
  put(to, crc, 4);
  put(to, lies.wide ? UINT32_MAX : n, 4);
  put(to, lies.wide ? UINT32_MAX : size, 4);
  put(to, strlen(name), 2);
  put(to, lies.wide ? 28 : 0, 2);
  put(to, 0, 2 + 2 + 2 + 4);
  put(to, lies.wide ? UINT32_MAX : offset, 4);
  g_byte_array_append(to, (const guint8 *)name, (guint)strlen(name));
  if (lies.wide) {
    put(to, 1, 2);
    put(to, 24, 2);
    put(to, size, 8);
    put(to, n, 8);
    put(to, offset, 8);
  }
  maker->count++;
}

/* The whole archive, in front of it `prefix` that its offsets do not count. */
static GByteArray *finish(Maker *maker, const char *prefix, gboolean wide, gint count_lie)
{
  GByteArray *out = g_byte_array_new();
  g_byte_array_append(out, (const guint8 *)prefix, (guint)strlen(prefix));
  g_byte_array_append(out, maker->out->data, maker->out->len);
  g_byte_array_append(out, maker->directory->data, maker->directory->len);
  uint64_t count = (uint64_t)((gint)maker->count + count_lie);
  if (wide) {
    g_byte_array_append(out, (const guint8 *)"PK\6\6", 4);
    put(out, 44, 8);
    put(out, 45, 2);
    put(out, 45, 2);
    put(out, 0, 8);
    put(out, count, 8);
    put(out, count, 8);
    put(out, maker->directory->len, 8);
    put(out, maker->out->len, 8);
    g_byte_array_append(out, (const guint8 *)"PK\6\7", 4);
    put(out, 0, 4);
    put(out, maker->out->len + maker->directory->len, 8);
    put(out, 1, 4);
  }
  g_byte_array_append(out, (const guint8 *)"PK\5\6", 4);
  put(out, 0, 4);
  put(out, wide ? 0xffff : count, 2);
  put(out, wide ? 0xffff : count, 2);
  put(out, wide ? UINT32_MAX : maker->directory->len, 4);
  put(out, wide ? UINT32_MAX : maker->out->len, 4);
  put(out, 0, 2);
  g_byte_array_unref(maker->out);
  g_byte_array_unref(maker->directory);
  return out;
}

static OakumZip *open_array(const GByteArray *bytes, GError **error)
{
  return oakum_zip_new_memory((OakumSlice){bytes->data, bytes->len}, error);
}

static void check_content(OakumZip *zip, guint index, const char *name, const char *content)
{
  OakumZipEntry entry = oakum_zip_entry(zip, index);
  g_assert_cmpmem(entry.name.data, entry.name.len, name, strlen(name));
  g_autofree char *data = NULL;
  size_t len = 0;
  g_autoptr(GError) error = NULL;
  g_assert_true(oakum_zip_slurp(zip, index, 4096, &data, &len, &error));
  g_assert_no_error(error);
  g_assert_cmpmem(data, len, content, strlen(content));
}

static void test_reads(void)
{
  const char *prefixes[] = {"", "#!/bin/sh\nexec java -jar \"$0\"\n"};
  for (guint i = 0; i < 4; i++) {
    Maker maker = maker_new();
    add(&maker, "stored.txt", "as it is", (Lies){0});
    add(&maker, "packed.txt", "packed packed packed packed", (Lies){.method = 8});
    add(&maker, "wide.txt", "wide wide wide", (Lies){.method = 8, .wide = TRUE});
    add(&maker, "empty", "", (Lies){0});
    g_autoptr(GByteArray) bytes = finish(&maker, prefixes[i % 2], i >= 2, 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(OakumZip) zip = open_array(bytes, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(oakum_zip_count(zip), ==, 4);
    check_content(zip, 0, "stored.txt", "as it is");
    check_content(zip, 1, "packed.txt", "packed packed packed packed");
    check_content(zip, 2, "wide.txt", "wide wide wide");
    check_content(zip, 3, "empty", "");
    uint64_t at = 0;
    g_assert_true(oakum_zip_stored_at(zip, 0, &at, &error));
    g_assert_cmpmem(bytes->data + at, 8, "as it is", 8);
    g_assert_false(oakum_zip_stored_at(zip, 1, &at, NULL));
    g_autofree char *data = NULL;
    size_t len = 0;
    g_assert_false(oakum_zip_slurp(zip, 1, 5, &data, &len, &error));
    g_assert_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT);
  }
}

/* Each lie is found when the archive is opened, or when the entry is read. */
static void test_lies(void)
{
  const struct {
    Lies lies;
    gint count_lie;
    int code;
  } cases[] = {
      {{.method = 8, .size_lie = 1}, 0, OAKUM_ERROR_INVALID},
      {{.method = 8, .size_lie = -1}, 0, OAKUM_ERROR_INVALID},
      {{.method = 8, .size_lie = 1000000}, 0, OAKUM_ERROR_INVALID},
      {{.size_lie = 1}, 0, OAKUM_ERROR_INVALID},
      {{.crc_lie = 1}, 0, OAKUM_ERROR_INVALID},
      {{.local_name = "other name"}, 0, OAKUM_ERROR_INVALID},
      {{.local_name = "same_size"}, 0, OAKUM_ERROR_INVALID},
      {{.offset_lie = 1}, 0, OAKUM_ERROR_INVALID},
      {{.offset_lie = -10}, 0, OAKUM_ERROR_INVALID},
      {{.offset_lie = 100000}, 0, OAKUM_ERROR_INVALID},
      {{.flags = 1}, 0, OAKUM_ERROR_UNSUPPORTED},
      {{.method = 12}, 0, OAKUM_ERROR_UNSUPPORTED},
      {{0}, 1, OAKUM_ERROR_INVALID},
      {{0}, -1, OAKUM_ERROR_INVALID},
      {{0}, 60000, OAKUM_ERROR_INVALID},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    Maker maker = maker_new();
    add(&maker, "a-good-one", "content of the first", (Lies){0});
    add(&maker, "told_lies", "content content content content", cases[i].lies);
    g_autoptr(GByteArray) bytes = finish(&maker, "", FALSE, cases[i].count_lie);
    g_autoptr(GError) error = NULL;
    g_autoptr(OakumZip) zip = open_array(bytes, &error);
    g_autofree char *data = NULL;
    size_t len = 0;
    if (zip)
      g_assert_false(oakum_zip_slurp(zip, 1, 2000000, &data, &len, &error));
    g_test_message("case %u: %s", i, error->message);
    g_assert_error(error, OAKUM_CODEC_ERROR, cases[i].code);
  }
}

static void test_no_zip(void)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(oakum_zip_new_memory((OakumSlice){(const uint8_t *)"no zip at all", 13}, &error));
  g_assert_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_NOT_FOUND);
  Maker maker = maker_new();
  add(&maker, "one", "one", (Lies){0});
  g_autoptr(GByteArray) bytes = finish(&maker, "", FALSE, 0);
  for (guint len = 0; len < bytes->len; len++) /* cut anywhere: never opened, never a crash */
    g_assert_null(oakum_zip_new_memory((OakumSlice){bytes->data, len}, NULL));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/zip/reads", test_reads);
  g_test_add_func("/zip/lies", test_lies);
  g_test_add_func("/zip/no-zip", test_no_zip);
  return g_test_run();
}
