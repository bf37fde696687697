/* "did you mean" */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

const char *oakum_dockerfile_suggest(const char *word, const char *const *known, guint distance)
{
  const char *nearest = NULL;
  guint best = distance + 1;
  for (; *known; known++) {
    guint edits = oakum_edit_distance(word, *known);
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
