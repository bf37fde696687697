/* Oracle: what is a package URL has a type and a name. */
#include "catalog/sbom-private.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_auto(OakumPurl) purl = {0};
  if (oakum_purl_parse(text, &purl)) {
    g_assert_true(purl.type && *purl.type && purl.name && *purl.name);
    g_assert_true(g_utf8_validate(purl.name, -1, NULL));
  }
  return 0;
}
