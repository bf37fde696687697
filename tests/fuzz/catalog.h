/* What the targets of the cataloguers share. Oracle: every package has a name and is proved. */
#pragma once
#include "catalog/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline int fuzz_catalog(const char *path, uint32_t mode, const uint8_t *data, size_t size)
{
  g_autoptr(GPtrArray) packages =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  g_autoptr(GPtrArray) incomplete =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  oakum_catalog_one(path, mode, (OakumSlice){data, size}, packages, incomplete);
  for (guint i = 0; i < packages->len; i++) {
    const OakumPackage *package = packages->pdata[i];
    g_assert(package->name && package->version && package->type && package->paths->len > 0);
    g_assert(g_utf8_validate(package->name, -1, NULL));
  }
  return 0;
}
