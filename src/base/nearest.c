/* "Did you mean": how far two words are from each other. */
#include "base/base.h"
#include <string.h>

guint oakum_edit_distance(const char *a, const char *b)
{
  guint rows[3][OAKUM_NEAREST_MAX + 1];
  size_t n = strnlen(b, OAKUM_NEAREST_MAX + 1);
  if (n > OAKUM_NEAREST_MAX || strnlen(a, OAKUM_NEAREST_MAX + 1) > OAKUM_NEAREST_MAX)
    return G_MAXUINT;
  guint *before = rows[0], *last = rows[1], *row = rows[2];
  for (guint j = 0; j <= n; j++)
    last[j] = before[j] = j;
  for (guint i = 1; a[i - 1]; i++) {
    row[0] = i;
    for (guint j = 1; j <= n; j++) {
      char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
      row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) && y == g_ascii_tolower(a[i - 2]))
        row[j] = MIN(row[j], before[j - 2] + 1);
    }
    guint *spare = before;
    before = last;
    last = row;
    row = spare;
  }
  return last[n];
}
