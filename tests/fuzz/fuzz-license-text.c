/* Texts of licences, and debian/copyright: what is found is an expression, and by their words of
 * some category; identifiers may be of any. */
#include "license/license-private.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  OakumSlice text = {data, size};
  g_autofree char *identified = oakum_license_identify(text), *debian = oakum_license_debian(text),
                  *by_text = oakum_license_by_text(text),
                  *any = g_strndup((const char *)data, size);
  if (identified) {
    g_autofree char *again = oakum_license_expression(identified);
    g_assert_cmpstr(identified, ==, again);
  }
  if (by_text)
    g_assert_cmpint(oakum_license_category(by_text), !=, OAKUM_LICENSE_UNKNOWN);
  if (debian)
    g_assert_nonnull(oakum_license_category_name(oakum_license_category(debian)));
  g_assert_nonnull(oakum_license_category_name(oakum_license_category(any)));
  const char *const names[] = {"GPL-*", "permissive", "MIT", NULL};
  if (oakum_license_passes(any, names, TRUE, NULL))
    g_assert_cmpuint(size, >, 0);
  return 0;
}
