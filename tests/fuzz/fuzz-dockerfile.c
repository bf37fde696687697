/* The Dockerfile parser: its tree, the graph, the scope and the words. */
#include "dockerfile-tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup(const char *name, gpointer user)
{
  return name[0] == 'a' ? "value" : NULL;
}

static void use_words(const OakumDockerfile *d, OakumScope *scope, guint index)
{
  const OakumInstruction *in = d->instructions->pdata[index];
  for (guint j = 0; j < in->words->len && j < 64; j++) {
    const OakumWord *word = in->words->pdata[j];
    if (!word->value)
      continue;
    g_free(oakum_dockerfile_expand(word->value, d->escape, lookup, NULL, NULL));
    g_free(oakum_scope_expand(scope, index, word->value, NULL, NULL));
    g_ptr_array_unref(oakum_dockerfile_variables(word->value, d->escape));
  }
  for (guint j = 0; j < in->mounts->len; j++)
    oakum_mount_free(oakum_mount_expand(in->mounts->pdata[j], d->escape, lookup, NULL, NULL));
  (void)!oakum_instruction_script(in);
  if (index % 16 == 0)
    g_ptr_array_unref(oakum_scope_list(scope, index));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumDockerfile) d = oakum_dockerfile_parse((const char *)data, size, NULL, &error);
  if (!d) {
    g_assert_true(error->code == OAKUM_ERROR_LIMIT || (size && memchr(data, 0, size)));
    return 0;
  }
  check_tree(d, (const char *)data, size);
  g_free(oakum_dockerfile_reachable(d, -1));
  g_autoptr(OakumScope) scope = oakum_scope_new(d, NULL, NULL);
  for (guint i = 0; i < d->instructions->len; i++)
    use_words(d, scope, i);
  for (guint i = 0; i <= d->len && i < 64; i++)
    g_assert_cmpint(oakum_dockerfile_char_column(d, i), <=, oakum_dockerfile_utf16_column(d, i));
  return 0;
}
