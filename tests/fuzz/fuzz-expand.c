/* Expansion of one word: the first byte chooses the escape character, a line is the word, a second
 * one the value of $x, the rest that of $y. */
#include "dockerfile/dockerfile.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup(const char *name, gpointer user)
{
  char **parts = user;
  return strcmp(name, "x") == 0 && parts[0] && parts[1]   ? parts[1]
         : strcmp(name, "y") == 0 && parts[0] && parts[1] ? parts[2]
                                                          : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 2)
    return 0;
  char escape = data[0] == '`' ? '`' : '\\';
  g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
  g_auto(GStrv) parts = g_strsplit(text, "\n", 3);
  const char *word = parts[0] ? parts[0] : "";
  g_autoptr(GError) error = NULL;
  g_autofree char *out = oakum_dockerfile_expand(word, escape, lookup, parts, &error);
  g_assert_true((out == NULL) == (error != NULL));
  g_assert_true(!out || strlen(out) <= OAKUM_EXPANSION_MAX);
  g_auto(GStrv) words = oakum_dockerfile_expand_words(word, escape, lookup, parts, NULL);
  g_assert_true((words == NULL) == (out == NULL));
  g_free(oakum_dockerfile_unquote(word, escape));
  g_free(oakum_dockerfile_expand_body(text, lookup, parts, NULL));
  g_autoptr(GPtrArray) uses = oakum_dockerfile_variables(word, escape);
  for (guint i = 0; i < uses->len; i++) {
    const OakumVariableUse *use = uses->pdata[i];
    g_assert_cmpint(word[use->offset], ==, '$');
    g_assert_cmpuint(use->offset + use->len, <=, strlen(word));
  }
  return 0;
}
