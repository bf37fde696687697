/* What one question to the advisory database takes: random packages of those that it holds, warm.
 *   bench-lookup DB < "ecosystem TAB package" lines    prints microseconds: median, 90 %, 99 %,
 * worst
 */
#include "advisory/advisory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_us(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumAdvisoryDb) db = argc == 2 ? oakum_advisory_db_open(argv[1], &error) : NULL;
  if (!db) {
    fprintf(stderr, "bench-lookup: %s\n", error ? error->message : "expected DB");
    return 1;
  }
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  char buffer[4096];
  while (fgets(buffer, sizeof buffer, stdin)) {
    buffer[strcspn(buffer, "\n")] = 0;
    if (strchr(buffer, '\t'))
      g_ptr_array_add(lines, g_strdup(buffer));
  }
  g_autofree double *times = g_new(double, lines->len + 1);
  guint64 records = 0;
  for (int round = 0; round < 2; round++) /* the first one warms */
    for (guint i = 0; i < lines->len; i++) {
      char *line = lines->pdata[i], *tab = strchr(line, '\t');
      *tab = 0;
      double began = now_us();
      g_autoptr(OakumAdvisoryList) list = oakum_advisory_db_find(db, line, tab + 1, &error);
      times[i] = now_us() - began;
      *tab = '\t';
      if (!list) {
        fprintf(stderr, "bench-lookup: %s\n", error->message);
        return 1;
      }
      records += list->len;
    }
  if (lines->len == 0)
    return 1;
  qsort(times, lines->len, sizeof *times, by_value);
  printf("%.2f %.2f %.2f %.2f %.1f\n", times[lines->len / 2], times[lines->len * 9 / 10],
         times[lines->len * 99 / 100], times[lines->len - 1],
         (double)records / 2 / (double)lines->len);
  return 0;
}
