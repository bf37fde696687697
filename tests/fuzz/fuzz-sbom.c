/* Bills of materials of all formats, as a document and as a file of an image. */
#include "catalog/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const paths[] = {OAKUM_SBOM_DOCUMENT, "app/bom.json"};
  for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_autoptr(GPtrArray) packages =
        g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
    g_autoptr(GPtrArray) incomplete =
        g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
    oakum_catalog_one(paths[i], 0644, (OakumSlice){data, size}, packages, incomplete);
    for (guint j = 0; j < packages->len; j++) {
      const OakumPackage *package = packages->pdata[j];
      g_assert_true(package->name && package->version && package->type);
    }
  }
  return 0;
}
