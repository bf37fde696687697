/* Bills of materials in an image, and the package-urls in them. */
#include "catalog.h"
#include "catalog/os-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  OakumPackage *package = oakum_package_new();
  g_autofree char *purl = oakum_catalog_value((OakumSlice){data, size});
  if (oakum_purl_parse(purl, package))
    g_assert(package->type && package->name && package->version);
  oakum_package_free(package);
  return fuzz_catalog("usr/share/app.cdx.json", 0644, data, size);
}
