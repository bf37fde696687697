/* What the targets of the cataloguers share: one file of a fixed path. Oracle: what is found has a
 * name and a proof, what is not is told of. */
#pragma once
#include "catalog/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_catalog(const char *path, const uint8_t *data, size_t size)
{
  g_autoptr(GPtrArray) packages =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  g_autoptr(GPtrArray) incomplete =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  oakum_catalog_one(path, 0755, (OakumSlice){data, size}, packages, incomplete);
  for (guint i = 0; i < packages->len; i++) {
    const OakumPackage *package = packages->pdata[i];
    g_assert_true(package->name && package->version && package->type && package->found_by);
    g_assert_true(g_utf8_validate(package->name, -1, NULL));
    g_assert_true(g_utf8_validate(package->version, -1, NULL));
    g_assert_cmpuint(package->paths->len, >, 0);
    g_assert_cmpuint(package->offset, <=, size);
  }
  for (guint i = 0; i < incomplete->len; i++)
    g_assert_nonnull(((OakumFinding *)incomplete->pdata[i])->title);
}
