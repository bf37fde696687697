/* Places in texts, and diffs. */
#include "report/lint-report.h"
#include <stdio.h>
#include <string.h>

static void test_places(void)
{
  /* a, é (2 bytes), U+1D552 (4 bytes, 2 units), a byte that is no UTF-8, tab; an empty line; no
   * newline at the end */
  static const char text[] = "a\xc3\xa9\xf0\x9d\x95\x92\xff\tb\n\nlast";
  g_auto(OakumPlaces) index = {NULL};
  oakum_places_init(&index, text, strlen(text));
  const struct {
    size_t offset;
    int line, column, unit, byte;
  } cases[] = {{0, 1, 1, 1, 1},  {1, 1, 2, 2, 2},  {3, 1, 3, 3, 4},   {7, 1, 4, 5, 8},
               {8, 1, 5, 6, 9},  {9, 1, 6, 7, 10}, {10, 1, 7, 8, 11}, {11, 2, 1, 1, 1},
               {12, 3, 1, 1, 1}, {16, 3, 5, 5, 5}, {99, 3, 5, 5, 5},  {3, 1, 3, 3, 4},
               {5, 1, 3, 3, 6} /* inside a character */};
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    OakumLintPlace p = oakum_lint_place(&index, cases[i].offset);
    g_assert_cmpint(p.line, ==, cases[i].line);
    g_assert_cmpint(p.column, ==, cases[i].column);
    g_assert_cmpint(p.unit, ==, cases[i].unit);
    g_assert_cmpint(p.byte, ==, cases[i].byte);
    if (i < 10)
      g_assert_cmpuint(oakum_places_offset(&index, (guint)p.line - 1, (guint)p.unit - 1), ==,
                       cases[i].offset);
  }
  g_assert_cmpuint(oakum_places_offset(&index, 0, 999), ==, 10);
  g_assert_cmpuint(oakum_places_offset(&index, 999, 0), ==, 16);
  g_assert_cmpuint(oakum_places_offset(&index, 0, 3), ==, 7); /* inside a pair: behind it */
}

static void test_places_of_nothing(void)
{
  g_auto(OakumPlaces) index = {NULL};
  oakum_places_init(&index, "", 0);
  OakumLintPlace p = oakum_lint_place(&index, 0);
  g_assert_cmpint(p.line, ==, 1);
  g_assert_cmpint(p.column, ==, 1);
  oakum_places_clear(&index);
  oakum_places_init(&index, "a\n", 2);
  g_assert_cmpint(oakum_lint_place(&index, 2).line, ==, 2);
}

static void test_diff(void)
{
  static const struct {
    const char *before, *after, *diff;
  } cases[] = {
      {"a\nb\n", "a\nb\n", ""},
      {"", "", ""},
      {"", "a\n", "--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a\n"},
      {"a\n", "", "--- a/f\n+++ b/f\n@@ -1 +0,0 @@\n-a\n"},
      {"a\nb\nc\n", "a\nB\nc\n", "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
      {"a", "a\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
      {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n5\n6\n7\n8\n9\n",
       "--- a/f\n+++ b/f\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+x\n 5\n 6\n 7\n"},
      {"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "x\n2\n3\n4\n5\n6\n7\n8\n9\ny\n",
       "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n "
       "9\n-10\n+y\n"},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    GString *diff = oakum_report_diff("f", cases[i].before, strlen(cases[i].before), cases[i].after,
                                      strlen(cases[i].after));
    g_assert_cmpstr(diff->str, ==, cases[i].diff);
    g_string_free(diff, TRUE);
  }
}

/* Applies a diff to `before`; NULL when it does not fit. */
static GString *patch(const char *before, const char *diff)
{
  g_auto(GStrv) old = g_strsplit(before, "\n", -1), lines = g_strsplit(diff, "\n", -1);
  GString *out = g_string_new(NULL);
  guint at = 0, count = MAX(g_strv_length(old), 1) - 1; /* all texts here end in a newline */
  for (char **line = lines; *line; line++) {
    guint first, n = 1;
    if (g_str_has_prefix(*line, "--- ") || g_str_has_prefix(*line, "+++ ") || !**line)
      continue;
    if (**line == '@') {
      g_assert_cmpint(sscanf(*line, "@@ -%u,%u", &first, &n), >=, 1);
      for (guint stop = n ? first - 1 : first; at < stop; at++)
        g_string_append_printf(out, "%s\n", old[at]);
      continue;
    }
    if (**line != '+') {
      g_assert_cmpuint(at, <, count);
      g_assert_cmpstr(old[at], ==, *line + 1);
      at++;
    }
    if (**line != '-')
      g_string_append_printf(out, "%s\n", *line + 1);
  }
  for (; at < count; at++)
    g_string_append_printf(out, "%s\n", old[at]);
  return out;
}

static void test_diff_of_anything(void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed(7);
  for (int round = 0; round < 400; round++) {
    g_autoptr(GString) before = g_string_new(NULL);
    g_autoptr(GString) after = g_string_new(NULL);
    int n = g_rand_int_range(random, 0, round == 0 ? 6000 : 40);
    for (int i = 0; i < n; i++) {
      int kind = g_rand_int_range(random, 0, round == 0 ? 3 : 8);
      if (kind != 0)
        g_string_append_printf(before, "l%d\n", g_rand_int_range(random, 0, 9));
      if (kind == 0 || kind == 1)
        g_string_append_printf(after, "n%d\n", g_rand_int_range(random, 0, 9));
      else if (kind != 2)
        g_string_assign(after, before->str);
    }
    GString *diff = oakum_report_diff("f", before->str, before->len, after->str, after->len);
    GString *made = patch(before->str, diff->str);
    g_assert_cmpstr(made->str, ==, after->str);
    g_string_free(made, TRUE);
    g_string_free(diff, TRUE);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/report/lint/places", test_places);
  g_test_add_func("/report/lint/places-of-nothing", test_places_of_nothing);
  g_test_add_func("/report/lint/diff", test_diff);
  g_test_add_func("/report/lint/diff-of-anything", test_diff_of_anything);
  return g_test_run();
}
