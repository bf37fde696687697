#include "base/base.h"
#include <errno.h>
#include <string.h>

static void test_parse_u64(void)
{
  uint64_t value = 7;
  g_assert_true(oakum_parse_u64("18446744073709551615", 20, UINT64_MAX, &value));
  g_assert_cmpuint(value, ==, UINT64_MAX);
  static const char *const bad[] = {
      "", " 1", "1 ", "-1", "+1", "0x1", "1e3", "18446744073709551616", "99999999999999999999"};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    value = 7;
    g_assert_false(oakum_parse_u64(bad[i], strlen(bad[i]), UINT64_MAX, &value));
    g_assert_cmpuint(value, ==, 7);
  }
  g_assert_false(oakum_parse_u64("11", 2, 10, &value));
  g_assert_true(oakum_parse_u64("109", 2, 10, &value)); /* counts bytes, not up to NUL */
  g_assert_cmpuint(value, ==, 10);
}

static void check_escape(char *(*escape)(const char *, gssize), const char *in, gssize len,
                         const char *want)
{
  g_autofree char *got = escape(in, len);
  g_assert_cmpstr(got, ==, want);
}

static void test_escape(void)
{
  check_escape(oakum_escape_terminal, "plain é", -1, "plain é");
  check_escape(oakum_escape_terminal, "\033]0;x\007", -1, "\\x1b]0;x\\x07");
  check_escape(oakum_escape_terminal, "a\r\n\tb", -1, "a\\x0d\\x0a\\x09b");
  check_escape(oakum_escape_terminal, "\302\233m", -1, "\\x9bm");         /* C1 CSI */
  check_escape(oakum_escape_terminal, "\342\200\256x", -1, "\\u{202e}x"); /* RLO */
  check_escape(oakum_escape_terminal, "a\0b", 3, "a\\x00b");
  check_escape(oakum_escape_terminal, "\377\303", 2, "\\xff\\xc3");
  check_escape(oakum_escape_html, "<a href=\"x\">'&", -1, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  check_escape(oakum_escape_html, "x\001\nz", -1, "x\\x01\nz");
  g_autoptr(GString) json =
      g_string_new("[\"\302\233m \342\200\256 \363\240\201\201 \303\251\"]\n");
  oakum_escape_json(json);
  g_assert_cmpstr(json->str, ==, "[\"\\u009bm \\u202e \\udb40\\udc41 \303\251\"]\n");
  g_string_assign(json, "[\"\303\251\"]\n");
  oakum_escape_json(json);
  g_assert_cmpstr(json->str, ==, "[\"\303\251\"]\n");
  check_escape(oakum_escape_utf8, "ok \377", -1, "ok \357\277\275");
  check_escape(oakum_escape_utf8, "a\0b", 3, "a\357\277\275b");
}

static gpointer square(gpointer item, gpointer user)
{
  guint n = GPOINTER_TO_UINT(item);
  if (n % 3 == 0)
    g_usleep(200); /* so that later items finish first */
  return GUINT_TO_POINTER(n * n + GPOINTER_TO_UINT(user));
}

static void test_workers(void)
{
  for (guint threads = 1; threads <= 8; threads += 7) {
    OakumWorkers *workers = oakum_workers_new(threads, 4, square, GUINT_TO_POINTER(1));
    guint expected = 0;
    gpointer result;
    for (guint i = 0; i < 500; i++) {
      if (oakum_workers_pending(workers) == 4) {
        g_assert_true(oakum_workers_pop(workers, &result));
        g_assert_cmpuint(GPOINTER_TO_UINT(result), ==, expected * expected + 1);
        expected++;
      }
      oakum_workers_push(workers, GUINT_TO_POINTER(i));
    }
    while (oakum_workers_pop(workers, &result)) {
      g_assert_cmpuint(GPOINTER_TO_UINT(result), ==, expected * expected + 1);
      expected++;
    }
    g_assert_cmpuint(expected, ==, 500);
    oakum_workers_free(workers, NULL);
  }
}

static gpointer give_back(gpointer item, gpointer user)
{
  return item;
}

static void test_workers_abandoned(void)
{
  OakumWorkers *workers = oakum_workers_new(2, 8, give_back, NULL);
  for (guint i = 0; i < 8; i++)
    oakum_workers_push(workers, g_strdup("owned"));
  oakum_workers_free(workers, g_free); /* the leak checker watches */
}

static void test_map(void)
{
  g_autoptr(GHashTable) map = oakum_str_map_new(g_free, g_free);
  for (guint i = 0; i < 1000; i++)
    g_hash_table_insert(map, g_strdup_printf("k%u", i), g_strdup_printf("v%u", i));
  g_assert_cmpuint(g_hash_table_size(map), ==, 1000);
  g_assert_cmpstr(g_hash_table_lookup(map, "k77"), ==, "v77");
  g_assert_null(g_hash_table_lookup(map, "k1000"));
}

static void test_time(void)
{
  g_autofree char *text = oakum_time_format(1793934000);
  g_assert_cmpstr(text, ==, "2026-11-06T03:00:00Z");
  int64_t seconds = 0;
  g_assert_true(oakum_time_parse("2026-11-06T04:00:00.123456789+01:00", &seconds));
  g_assert_cmpint(seconds, ==, 1793934000);
  g_assert_true(oakum_time_parse("1969-12-31T23:59:59Z", &seconds));
  g_assert_cmpint(seconds, ==, -1);
  static const char *const bad[] = {"",
                                    "2026-11-06",
                                    "2026-11-06T03:00:00",
                                    "2026-13-06T03:00:00Z",
                                    "2026-11-06T03:00:00Z\n",
                                    "20261106T030000Z"};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
    g_assert_false(oakum_time_parse(bad[i], &seconds));
}

static void test_errno(void)
{
  g_autoptr(GError) error = NULL;
  oakum_error_errno(&error, OAKUM_BASE_ERROR, ENOENT, "open %s", "x");
  g_assert_error(error, OAKUM_BASE_ERROR, OAKUM_ERROR_NOT_FOUND);
  g_assert_true(g_str_has_prefix(error->message, "open x: "));
  g_clear_error(&error);
  oakum_error_errno(&error, OAKUM_BASE_ERROR, EPERM, "x");
  g_assert_error(error, OAKUM_BASE_ERROR, OAKUM_ERROR_DENIED);
}

static void test_lines(void)
{
  static const uint8_t text[] = "one\n\nthree";
  OakumSlice rest = {text, sizeof(text) - 1}, line;
  g_assert_true(oakum_slice_line(&rest, &line));
  g_assert_cmpmem(line.data, line.len, "one", 3);
  g_assert_true(oakum_slice_line(&rest, &line));
  g_assert_cmpuint(line.len, ==, 0);
  g_assert_true(oakum_slice_line(&rest, &line));
  g_assert_cmpmem(line.data, line.len, "three", 5);
  g_assert_false(oakum_slice_line(&rest, &line));
}

/* Of few different bytes, so that near misses abound; in memory that ends where the bytes do. */
static void test_find(void)
{
  for (guint round = 0; round < 20000; round++) {
    size_t len = (size_t)g_test_rand_int_range(0, 200), n = (size_t)g_test_rand_int_range(0, 9);
    g_autofree uint8_t *data = g_malloc(len), *what = g_malloc(n);
    for (size_t i = 0; i < len; i++)
      data[i] = (uint8_t)g_test_rand_int_range(0, 3);
    for (size_t i = 0; i < n; i++)
      what[i] = (uint8_t)g_test_rand_int_range(0, 3);
    const uint8_t *want = NULL;
    for (size_t i = 0; data && !want && i + n <= len; i++)
      want = n == 0 || memcmp(data + i, what, n) == 0 ? data + i : NULL;
    g_assert_true(oakum_bytes_find(data, len, what, n) == want);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/base/parse-u64", test_parse_u64);
  g_test_add_func("/base/escape", test_escape);
  g_test_add_func("/base/workers", test_workers);
  g_test_add_func("/base/workers-abandoned", test_workers_abandoned);
  g_test_add_func("/base/map", test_map);
  g_test_add_func("/base/time", test_time);
  g_test_add_func("/base/errno", test_errno);
  g_test_add_func("/base/lines", test_lines);
  g_test_add_func("/base/find", test_find);
  return g_test_run();
}
