#include "codec/codec.h"
#include <lzma.h>
#include <string.h>

static GByteArray *make_data(size_t len, gboolean random)
{
  GByteArray *data = g_byte_array_sized_new((guint)len + 1);
  g_byte_array_set_size(data, (guint)len);
  GRand *rand = g_rand_new_with_seed(7);
  for (size_t i = 0; i < len; i++)
    data->data[i] = random ? (guint8)g_rand_int(rand) : (guint8)(i / 100);
  g_rand_free(rand);
  return data;
}

static GByteArray *pack(GByteArray *data, OakumWriter *(*make)(OakumWriter *, guint), guint threads)
{
  GByteArray *out = g_byte_array_new();
  g_autoptr(OakumWriter) writer = make(oakum_writer_new_memory(out), threads);
  /* odd pieces, so that no buffer edge is special */
  for (guint at = 0; at < data->len;) {
    guint n = MIN(data->len - at, 77777);
    g_assert_true(oakum_writer_write(writer, data->data + at, n, NULL));
    at += n;
  }
  g_assert_true(oakum_writer_finish(writer, NULL));
  return out;
}

static OakumWriter *make_gzip(OakumWriter *below, guint threads)
{
  return oakum_writer_new_gzip(below, 6, threads);
}

static OakumWriter *make_zstd(OakumWriter *below, guint threads)
{
  return oakum_writer_new_zstd(below, 3);
}

static void check_unpacks(GByteArray *packed, GByteArray *data)
{
  OakumCompression kind = OAKUM_COMPRESSION_NONE;
  g_autoptr(OakumReader) reader =
      oakum_reader_new_inflate(oakum_reader_new_memory(packed->data, packed->len), &kind);
  g_autofree char *got = NULL;
  size_t len = 0;
  g_autoptr(GError) error = NULL;
  g_assert_true(oakum_reader_slurp(reader, 64 * OAKUM_MIB, "test", &got, &len, &error));
  g_assert_no_error(error);
  g_assert_cmpmem(got, len, data->data, data->len);
  g_assert_cmpint(kind, !=, OAKUM_COMPRESSION_NONE);
}

static const size_t sizes[] = {0, 1, 131072, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20};

static void test_round_trip(void)
{
  for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
    for (int random = 0; random < 2; random++) {
      g_autoptr(GByteArray) data = make_data(sizes[i], random);
      g_autoptr(GByteArray) one = pack(data, make_gzip, 1);
      g_autoptr(GByteArray) four = pack(data, make_gzip, 4);
      g_autoptr(GByteArray) zstd = pack(data, make_zstd, 1);
      g_assert_cmpmem(one->data, one->len, four->data, four->len);
      check_unpacks(one, data);
      check_unpacks(zstd, data);
    }
  }
}

static OakumWriter *make_layer_gzip(OakumWriter *below, guint threads)
{
  return oakum_writer_new_gzip(below, OAKUM_GZIP_LEVEL, threads);
}

/* Bytes of layers are part of what a build gives: the same by every release of the libraries. What
 * differs there is a block without a match, whole or the last of a member. */
static void test_same_bytes(void)
{
  static const struct {
    guint values; /* without order; 0: records of which no four bytes repeat */
    size_t len, words;
    const char *sha256; /* by Debian 12 and by Debian 13 */
  } cases[] = {
      {225, 3 << 20, 0, "a7597de57053e9f8e75be789a58a3f918405d4345d1aa6e447e8fd83a3e88b4a"},
      {225, 65535, 0, "626372a7de449381d7b614943c36d48eb756ba7ffe87bcc2e5a8df9f89a030e9"},
      {200, 4000, 1 << 20, "59ddd5c85c4ec92ed5ad52cb72d3869c478f18f6e9e838dfc4bbc23d8df8173b"},
      {0, 200000, 0, "98dce94c3d2a0afdb03584bae4959154d216d532c6b0b6dfdaa260930d61dafa"},
      {0, 200000, 1 << 19, "1617a4dc8383e5e741cb5afcdd51592de50e0df2649ad768f9485975437f9ba7"},
      {256, 1 << 20, 100, "7f1a5d835572b38ad3b8b6cfaac620bbf2e7e75cfd836376e3ce36ae6d04a53c"},
      {64, 1 << 20, 0, "b42ffb0a48a4db22f95fb62330f9923f8423d44defddcbe0870007af45e17420"},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GByteArray) data = g_byte_array_new();
    while (data->len < cases[i].words) /* what shrinks */
      g_byte_array_append(data, (const guint8 *)"so it goes\n", 11);
    uint64_t state = i + 1;
    for (size_t j = 0; j < cases[i].len; j++) {
      state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
      guint8 byte = cases[i].values ? (guint8)((state >> 33) % cases[i].values)
                    : j % 5 == 3    ? 4
                    : j % 5 == 4    ? (guint8)(j / 5)
                    : j % 5 == 1    ? (guint8)(j / 1280)
                                    : (guint8)((state >> 33) % 90);
      g_byte_array_append(data, &byte, 1);
    }
    g_autoptr(GByteArray) packed = pack(data, make_layer_gzip, 1);
    check_unpacks(packed, data);
    g_autofree char *sha256 =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, packed->data, packed->len);
    g_assert_cmpstr(sha256, ==, cases[i].sha256);
  }
}

static void test_xz(void)
{
  g_autoptr(GByteArray) data = make_data(300000, FALSE);
  g_autoptr(GByteArray) packed = g_byte_array_new();
  g_byte_array_set_size(packed, 400000);
  size_t len = 0;
  g_assert_cmpint(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, data->data, data->len,
                                          packed->data, &len, packed->len),
                  ==, LZMA_OK);
  g_byte_array_set_size(packed, (guint)len);
  check_unpacks(packed, data);
}

/* Reads all; gives the error code, or -1 when it succeeds. */
static int outcome(OakumReader *reader)
{
  g_autoptr(OakumReader) owned = reader;
  g_autoptr(GError) error = NULL;
  if (oakum_reader_drain(owned, &error))
    return -1;
  g_assert_error(error, OAKUM_CODEC_ERROR, error->code);
  g_autoptr(GError) again = NULL; /* an error stays */
  char byte;
  g_assert_cmpint(oakum_reader_read(owned, &byte, 1, &again), ==, -1);
  g_assert_cmpstr(again->message, ==, error->message);
  return error->code;
}

static int inflate_outcome(const GByteArray *packed)
{
  return outcome(
      oakum_reader_new_inflate(oakum_reader_new_memory(packed->data, packed->len), NULL));
}

static void test_damage(void)
{
  g_autoptr(GByteArray) data = make_data(50000, TRUE);
  OakumWriter *(*const makers[])(OakumWriter *, guint) = {make_gzip, make_zstd};
  for (size_t m = 0; m < G_N_ELEMENTS(makers); m++) {
    g_autoptr(GByteArray) packed = pack(data, makers[m], 1);
    g_assert_cmpint(inflate_outcome(packed), ==, -1);
    /* every cut that leaves the magic, in steps */
    for (guint cut = packed->len - 1; cut > 16; cut -= MIN(cut, 997)) {
      g_autoptr(GByteArray) part = g_byte_array_new();
      g_byte_array_append(part, packed->data, cut);
      g_assert_cmpint(inflate_outcome(part), ==, OAKUM_ERROR_INVALID);
    }
  }
  g_autoptr(GByteArray) gzip = pack(data, make_gzip, 1);
  for (guint back = 1; back <= 8; back++) { /* CRC32 and ISIZE */
    gzip->data[gzip->len - back] ^= 0x10;
    g_assert_cmpint(inflate_outcome(gzip), ==, OAKUM_ERROR_INVALID);
    gzip->data[gzip->len - back] ^= 0x10;
  }
  g_autoptr(GByteArray) twice = g_byte_array_new();
  g_byte_array_append(twice, gzip->data, gzip->len);
  g_byte_array_append(twice, gzip->data, gzip->len);
  uint64_t count = 0;
  g_assert_cmpint(
      outcome(oakum_reader_new_count(
          oakum_reader_new_gunzip(oakum_reader_new_memory(twice->data, twice->len)), &count)),
      ==, -1);
  g_assert_cmpuint(count, ==, 100000);
  static const guint8 zeros[1000];
  g_byte_array_append(gzip, zeros, sizeof zeros);
  g_assert_cmpint(inflate_outcome(gzip), ==, -1);
  g_byte_array_append(gzip, (const guint8 *)"\x1f\x8b", 2);
  g_assert_cmpint(inflate_outcome(gzip), ==, OAKUM_ERROR_INVALID);
  g_byte_array_append(twice, (const guint8 *)"garbage", 7);
  g_assert_cmpint(inflate_outcome(twice), ==, OAKUM_ERROR_INVALID);
  g_assert_cmpint(outcome(oakum_reader_new_gunzip(oakum_reader_new_memory("", 0))), ==,
                  OAKUM_ERROR_INVALID);
  g_assert_cmpint(outcome(oakum_reader_new_unzstd(oakum_reader_new_memory("", 0))), ==,
                  OAKUM_ERROR_INVALID);
  g_assert_cmpint(outcome(oakum_reader_new_inflate(oakum_reader_new_memory("BZh91AY", 7), NULL)),
                  ==, OAKUM_ERROR_INVALID);
}

/* A frame header that asks for a window of 2 GiB (RFC 8878 3.1.1.1.2: window descriptor 0xa8). */
static void test_zstd_window(void)
{
  static const guint8 frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00};
  g_assert_cmpint(outcome(oakum_reader_new_unzstd(oakum_reader_new_memory(frame, sizeof frame))),
                  ==, OAKUM_ERROR_INVALID);
}

/* Frames that are skipped, in front, between and behind: what pzstd writes. */
static void test_zstd_skipped(void)
{
  static const uint8_t skipped[] = {0x5f, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 'a', 'b', 'c', 'd'};
  g_autoptr(GByteArray) data = make_data(200000, FALSE);
  g_autoptr(GByteArray) frame = pack(data, make_zstd, 1);
  g_autoptr(GByteArray) packed = g_byte_array_new();
  for (int i = 0; i < 2; i++) {
    g_byte_array_append(packed, skipped, sizeof skipped);
    g_byte_array_append(packed, frame->data, frame->len);
  }
  g_byte_array_append(packed, skipped, sizeof skipped);
  g_autoptr(GByteArray) twice = make_data(200000, FALSE);
  g_byte_array_append(twice, data->data, data->len);
  check_unpacks(packed, twice);
}

static void test_zstd_bomb(void)
{
  g_autoptr(GByteArray) zeros = g_byte_array_new();
  g_byte_array_set_size(zeros, 80 << 20);
  memset(zeros->data, 0, zeros->len);
  g_autoptr(GByteArray) packed = pack(zeros, make_zstd, 1);
  g_assert_cmpint(inflate_outcome(packed), ==, OAKUM_ERROR_LIMIT);
}

static void test_verify(void)
{
  g_autofree char *hex = oakum_sha256_hex("hello", 5);
  g_assert_cmpstr(hex, ==, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  static const struct {
    const char *data;
    uint64_t size;
    gboolean digest;
    int want;
  } rows[] = {
      {"hello", 5, TRUE, -1},
      {"hello", UINT64_MAX, TRUE, -1},
      {"hell", 5, TRUE, OAKUM_ERROR_DIGEST},
      {"hello!", 5, TRUE, OAKUM_ERROR_DIGEST},
      {"hullo", 5, TRUE, OAKUM_ERROR_DIGEST},
      {"hullo", 5, FALSE, -1},
      {"", 5, FALSE, OAKUM_ERROR_DIGEST},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
    g_assert_cmpint(outcome(oakum_reader_new_verify(
                        oakum_reader_new_memory(rows[i].data, strlen(rows[i].data)),
                        OAKUM_HASH_SHA256, rows[i].digest ? hex : NULL, rows[i].size)),
                    ==, rows[i].want);
}

static void test_limit(void)
{
  g_assert_cmpint(outcome(oakum_reader_new_limit(oakum_reader_new_memory("12345", 5), 5, "x")), ==,
                  -1);
  g_assert_cmpint(outcome(oakum_reader_new_limit(oakum_reader_new_memory("123456", 6), 5, "x")), ==,
                  OAKUM_ERROR_LIMIT);
  g_autoptr(OakumReader) reader = oakum_reader_new_memory("123456", 6);
  g_autofree char *data = NULL;
  size_t len;
  g_autoptr(GError) error = NULL;
  g_assert_false(oakum_reader_slurp(reader, 5, "the answer", &data, &len, &error));
  g_assert_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT);
  g_assert_cmpstr(error->message, ==, "the answer: more than 5 bytes");
}

static void test_hash_streams(void)
{
  g_autoptr(OakumHasher) in = oakum_hasher_new(OAKUM_HASH_SHA256),
                         out = oakum_hasher_new(OAKUM_HASH_SHA256);
  g_autoptr(GByteArray) into = g_byte_array_new();
  uint64_t written = 0, copied = 0;
  g_autoptr(OakumReader) reader = oakum_reader_new_hash(oakum_reader_new_memory("hello", 5), in);
  g_autoptr(OakumWriter) writer =
      oakum_writer_new_count(oakum_writer_new_hash(oakum_writer_new_memory(into), out), &written);
  g_assert_true(oakum_stream_copy(reader, writer, &copied, NULL));
  g_assert_true(oakum_writer_finish(writer, NULL));
  g_autofree char *a = oakum_hasher_hex(in), *b = oakum_hasher_hex(out);
  g_assert_cmpstr(a, ==, b);
  g_assert_cmpuint(written, ==, 5);
  g_assert_cmpuint(copied, ==, 5);
  g_assert_cmpmem(into->data, into->len, "hello", 5);
}

static void test_abandon(void)
{
  g_autoptr(GByteArray) out = g_byte_array_new();
  g_autoptr(GByteArray) data = make_data(3 << 20, TRUE);
  g_autoptr(OakumWriter) writer = oakum_writer_new_gzip(oakum_writer_new_memory(out), 6, 2);
  g_assert_true(oakum_writer_write(writer, data->data, data->len, NULL));
  /* freed without finish: the leak checker watches */
}

/* By a thread: the same bytes, the same error, and no harm when nobody reads to the end. */
static void test_threaded(void)
{
  g_autoptr(GByteArray) data = g_byte_array_new();
  for (guint i = 0; i < 700001; i++)
    g_byte_array_append(data, (const guint8 *)&i, 3);
  g_autofree char *hex = oakum_sha256_hex(data->data, data->len);
  g_autofree char *got = NULL;
  size_t len;
  g_autoptr(OakumReader) good = oakum_reader_new_threaded(oakum_reader_new_verify(
      oakum_reader_new_memory(data->data, data->len), OAKUM_HASH_SHA256, hex, data->len));
  g_assert_true(oakum_reader_slurp(good, UINT64_MAX, "all", &got, &len, NULL));
  g_assert_cmpmem(got, len, data->data, data->len);
  g_autoptr(GError) error = NULL;
  g_autofree char *bad_got = NULL;
  g_autoptr(OakumReader) bad = oakum_reader_new_threaded(oakum_reader_new_verify(
      oakum_reader_new_memory(data->data, data->len - 1), OAKUM_HASH_SHA256, hex, data->len));
  g_assert_false(oakum_reader_slurp(bad, UINT64_MAX, "all", &bad_got, &len, &error));
  g_assert_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_DIGEST);
  /* who of the two computes the digest goes by who waits for whom */
  for (guint pause = 0; pause < 3; pause++) {
    g_autoptr(OakumReader) checked = oakum_reader_new_threaded_verify(
        oakum_reader_new_memory(data->data, data->len), OAKUM_HASH_SHA256, hex);
    char part[50000];
    gssize n;
    size_t at = 0;
    while ((n = oakum_reader_read(checked, part, sizeof(part), NULL)) > 0) {
      g_assert_cmpmem(part, (size_t)n, data->data + at, (size_t)n);
      at += (size_t)n;
      if (pause && at / sizeof(part) % 8 == pause)
        g_usleep(2000);
    }
    g_assert_cmpint(n, ==, 0);
    g_assert_cmpuint(at, ==, data->len);
  }
  g_clear_error(&error);
  g_clear_pointer(&bad_got, g_free);
  g_autoptr(OakumReader) wrong = oakum_reader_new_threaded_verify(
      oakum_reader_new_memory(data->data, data->len - 1), OAKUM_HASH_SHA256, hex);
  g_assert_false(oakum_reader_slurp(wrong, UINT64_MAX, "all", &bad_got, &len, &error));
  g_assert_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_DIGEST);
  g_autoptr(OakumReader) ended = oakum_reader_new_threaded_verify(
      oakum_reader_new_memory(data->data, data->len), OAKUM_HASH_SHA256, hex);
  char few[10];
  g_assert_cmpint(oakum_reader_read(ended, few, sizeof(few), NULL), ==, 10);
  g_autoptr(OakumReader) left =
      oakum_reader_new_threaded(oakum_reader_new_memory(data->data, data->len));
  g_assert_cmpint(oakum_reader_read(left, few, sizeof(few), NULL), ==, 10);
  g_assert_cmpmem(few, 10, data->data, 10);
}

/* Bytes that are lent are those that are read, whoever asks in which way; so are errors. */
static void check_borrowed(OakumReader *reader, const GByteArray *data, gboolean fails)
{
  g_autoptr(OakumReader) owned = reader;
  g_autoptr(GByteArray) got = g_byte_array_new();
  g_autoptr(GError) error = NULL;
  gssize n = 1;
  for (guint turn = 0; n > 0; turn++) {
    static const size_t wants[] = {1, 5, 4096, 131073, 700, OAKUM_BORROW_MAX, 131072};
    size_t want = wants[turn % G_N_ELEMENTS(wants)];
    g_autofree guint8 *buffer = g_malloc(want);
    const void *lent = NULL;
    n = turn % 3 == 1 ? oakum_reader_read(owned, buffer, want, &error)
                      : oakum_reader_borrow(owned, &lent, want, &error);
    if (n > 0) {
      g_assert_cmpuint((size_t)n, <=, want);
      g_byte_array_append(got, turn % 3 == 1 ? buffer : lent, (guint)n);
    }
  }
  g_assert_cmpint(n, ==, fails ? -1 : 0);
  g_assert_true((error != NULL) == fails);
  if (!fails)
    g_assert_cmpmem(got->data, got->len, data->data, data->len);
  const void *after = NULL;
  g_assert_cmpint(oakum_reader_borrow(owned, &after, 1, NULL), ==, n); /* and so it stays */
}

static void test_borrow(void)
{
  g_autoptr(GByteArray) data = make_data((3 << 20) + 17, TRUE);
  g_autoptr(GByteArray) gzip = pack(data, make_gzip, 2);
  g_autoptr(GByteArray) zstd = pack(data, make_zstd, 1);
  g_autofree char *hex = oakum_sha256_hex(data->data, data->len);
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  uint64_t count = 0;
#define PLAIN oakum_reader_new_memory(data->data, data->len)
  check_borrowed(PLAIN, data, FALSE);
  check_borrowed(oakum_reader_new_threaded(PLAIN), data, FALSE);
  check_borrowed(oakum_reader_new_threaded_verify(PLAIN, OAKUM_HASH_SHA256, hex), data, FALSE);
  check_borrowed(oakum_reader_new_count(oakum_reader_new_hash(PLAIN, hasher), &count), data, FALSE);
  g_assert_cmpuint(count, ==, data->len);
  g_autofree char *seen = oakum_hasher_hex(hasher);
  g_assert_cmpstr(seen, ==, hex);
  check_borrowed(oakum_reader_new_verify(PLAIN, OAKUM_HASH_SHA256, hex, data->len), data, FALSE);
  check_borrowed(oakum_reader_new_verify(PLAIN, OAKUM_HASH_SHA256, hex, data->len - 1), data, TRUE);
  check_borrowed(oakum_reader_new_verify(oakum_reader_new_memory(data->data, data->len - 1),
                                         OAKUM_HASH_SHA256, hex, UINT64_MAX),
                 data, TRUE);
  check_borrowed(oakum_reader_new_limit(PLAIN, data->len - 1, "x"), data, TRUE);
  check_borrowed(oakum_reader_new_inflate(PLAIN, NULL), data, FALSE);
  check_borrowed(
      oakum_reader_new_threaded(oakum_reader_new_inflate(
          oakum_reader_new_threaded(oakum_reader_new_memory(gzip->data, gzip->len)), NULL)),
      data, FALSE);
  check_borrowed(oakum_reader_new_inflate(oakum_reader_new_memory(zstd->data, zstd->len), NULL),
                 data, FALSE);
  check_borrowed(oakum_reader_new_threaded(oakum_reader_new_inflate(
                     oakum_reader_new_memory(gzip->data, gzip->len - 9), NULL)),
                 data, TRUE);
#undef PLAIN
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/codec/round-trip", test_round_trip);
  g_test_add_func("/codec/same-bytes", test_same_bytes);
  g_test_add_func("/codec/xz", test_xz);
  g_test_add_func("/codec/damage", test_damage);
  g_test_add_func("/codec/zstd-window", test_zstd_window);
  g_test_add_func("/codec/zstd-skipped", test_zstd_skipped);
  g_test_add_func("/codec/zstd-bomb", test_zstd_bomb);
  g_test_add_func("/codec/verify", test_verify);
  g_test_add_func("/codec/limit", test_limit);
  g_test_add_func("/codec/hash-streams", test_hash_streams);
  g_test_add_func("/codec/abandon", test_abandon);
  g_test_add_func("/codec/threaded", test_threaded);
  g_test_add_func("/codec/borrow", test_borrow);
  return g_test_run();
}
