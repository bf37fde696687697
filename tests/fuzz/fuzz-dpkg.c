#include "catalog/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GPtrArray) packages =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  if (oakum_dpkg_parse((OakumSlice){data, size}, "input", packages, NULL))
    for (guint i = 0; i < packages->len; i++)
      g_assert(((OakumPackage *)packages->pdata[i])->name &&
               ((OakumPackage *)packages->pdata[i])->version);
  return 0;
}
