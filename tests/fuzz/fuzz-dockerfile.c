/* The Dockerfile parser, expansion of every word, and the ignore file. */
#include "dockerfile/dockerfile.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup(const char *name, gpointer user)
{
  return name[0] == 'a' ? "value" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(OakumDockerfile) d = oakum_dockerfile_parse((const char *)data, size, NULL, NULL);
  for (guint i = 0; d && i < d->instructions->len; i++) {
    const OakumInstruction *in = d->instructions->pdata[i];
    g_assert(in->range.line >= 1 && in->range.end_line >= in->range.line);
    for (guint j = 0; j < in->words->len; j++) {
      const OakumWord *word = in->words->pdata[j];
      if (word->value)
        g_free(oakum_dockerfile_expand(word->value, d->escape, lookup, NULL, NULL));
    }
  }
  g_autoptr(OakumIgnore) ignore = oakum_ignore_parse((const char *)data, size, NULL);
  g_autofree char *text = g_strndup((const char *)data, MIN(size, 200));
  if (ignore)
    (void)!oakum_ignore_match(ignore, text);
  return 0;
}
