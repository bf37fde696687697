/* The YAML reader: any bytes give a tree within its limits or an error, and each value knows a
 * place. */
#include "codec/codec.h"

static guint walk(const OakumYaml *node, guint depth)
{
  guint count = 1;
  g_assert_cmpuint(depth, <=, OAKUM_YAML_DEPTH_MAX);
  g_assert_cmpint(node->line, >, 0);
  g_assert_cmpint(node->column, >, 0);
  g_assert_true((node->text != NULL) == (node->kind == OAKUM_YAML_SCALAR));
  if (node->keys) {
    g_assert_cmpuint(node->keys->len, ==, node->items->len);
    for (guint i = 0; i < node->keys->len; i++) {
      const OakumYaml *key = node->keys->pdata[i];
      g_assert_true(oakum_yaml_get(node, key->text) == node->items->pdata[i]);
      count += walk(key, depth);
      if (i > 200) /* looking up each key is quadratic */
        break;
    }
  }
  for (guint i = 0; node->items && i < node->items->len; i++)
    count += walk(node->items->pdata[i], depth + 1);
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumYaml) top = oakum_yaml_parse((const char *)data, size, "fuzz", &error);
  g_assert_true((top != NULL) == (error == NULL));
  if (top)
    g_assert_cmpuint(walk(top, 0), >, 0);
  return 0;
}
