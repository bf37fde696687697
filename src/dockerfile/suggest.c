/* "did you mean" */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

/* Letters to add, drop, change, or swap with the next. */
static guint edit_distance(const char *a, const char *b)
{
  guint rows[3][64], n = (guint)strlen(b);
  if (n + 1 > G_N_ELEMENTS(rows[0]))
    return 99;
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

const char *oakum_dockerfile_suggest(const char *word, const char *const *known, guint distance)
{
  const char *nearest = NULL;
  guint best = distance + 1;
  for (; strnlen(word, 64) < 64 && *known; known++) {
    guint edits = edit_distance(word, *known);
    if (edits < best) {
      best = edits;
      nearest = *known;
    }
  }
  return nearest;
}

/* A short word that is two edits away is another word. */
const char *oakum_suggestion(const char *word, const char *const *known)
{
  return oakum_dockerfile_suggest(word, known, strnlen(word, 5) < 5 ? 1 : 2);
}

char *oakum_hint(const char *word, const char *const *known)
{
  const char *nearest = oakum_suggestion(word, known);
  return nearest ? g_strdup_printf("did you mean %s?", nearest) : NULL;
}
