/* Expressions that are found one after another, and what they say together. */
#include "license/license-private.h"
#include <string.h>

void oakum_license_add(GPtrArray *found, char *expression_taken)
{
  if (!expression_taken || found->len >= OAKUM_LICENSE_PARTS_MAX ||
      g_ptr_array_find_with_equal_func(found, expression_taken, g_str_equal, NULL))
    g_free(expression_taken);
  else
    g_ptr_array_add(found, expression_taken);
}

void oakum_license_add_parts(GPtrArray *found, char *expression_taken)
{
  g_autofree char *expression = expression_taken;
  if (!expression || strchr(expression, '(') || strstr(expression, " OR ")) {
    oakum_license_add(found, g_steal_pointer(&expression));
    return;
  }
  g_auto(GStrv) parts = g_strsplit(expression, " AND ", -1);
  for (char **part = parts; *part; part++)
    oakum_license_add(found, g_strdup(*part));
}

char *oakum_license_join(const GPtrArray *found)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < found->len; i++) {
    const char *part = found->pdata[i];
    gboolean choice = found->len > 1 && strstr(part, " OR ");
    if (out->len + strlen(part) > OAKUM_LICENSE_MAX - 16)
      break;
    g_string_append_printf(out, "%s%s%s%s", i > 0 ? " AND " : "", choice ? "(" : "", part,
                           choice ? ")" : "");
  }
  return g_string_free(out, out->len == 0);
}
