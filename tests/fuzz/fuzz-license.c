/* An expression is the expression that it is read from, once it is in one spelling. */
#include "license/license.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size),
                  *once = oakum_license_expression(text);
  if (once) {
    g_autofree char *twice = oakum_license_expression(once);
    g_assert_cmpstr(once, ==, twice);
  }
  return 0;
}
