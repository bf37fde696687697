/* One header blob: whatever its counts say, it gives a package with a name or an error. */
#include "catalog/rpm-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GPtrArray) packages =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  g_autoptr(GPtrArray) incomplete =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_autoptr(OakumCatalogSink) sink = oakum_catalog_sink_new(packages, incomplete);
  g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new("p", (OakumSlice){data, size});
  g_autoptr(GError) error = NULL;
  gboolean ok = oakum_rpm_header(file, (OakumSlice){data, size}, 0, sink, &error);
  g_assert(ok == (error == NULL));
  g_assert(packages->len == 0 || *((OakumPackage *)packages->pdata[0])->name);
  return 0;
}
