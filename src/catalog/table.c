/* All cataloguers: one table a file. */
#include "catalog/parts-private.h"

const OakumCataloguer *const oakum_catalog_tables[] = {oakum_python_cataloguers,
                                                       oakum_node_cataloguers,
                                                       oakum_java_cataloguers,
                                                       oakum_native_cataloguers,
                                                       oakum_ruby_cataloguers,
                                                       oakum_php_cataloguers,
                                                       oakum_dotnet_cataloguers,
                                                       oakum_other_cataloguers,
                                                       oakum_kernel_cataloguers,
                                                       oakum_binary_cataloguers,
                                                       NULL};

void oakum_catalog_one(const char *path, uint32_t mode, OakumSlice content, GPtrArray *packages,
                       GPtrArray *incomplete)
{
  g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new(path, content);
  g_autoptr(OakumCatalogSink) sink = oakum_catalog_sink_new(packages, incomplete);
  g_autofree char *base = g_path_get_basename(path);
  OakumCatalogEntry entry = {
      path, base, mode, content.len, {content.data, MIN(content.len, OAKUM_CATALOG_HEAD)}};
  for (const OakumCataloguer *const *table = oakum_catalog_tables; *table; table++)
    for (const OakumCataloguer *one = *table; one->name; one++) {
      g_autoptr(GError) error = NULL;
      guint before = packages->len;
      if (!one->wants(&entry))
        continue;
      if (!one->run(file, sink, &error))
        oakum_catalog_sink_incomplete(
            sink, file,
            g_error_matches(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT) ? "limit" : "damaged",
            error->message);
      for (guint i = before; i < packages->len; i++) {
        OakumPackage *package = packages->pdata[i];
        package->found_by = g_strdup(one->name);
      }
    }
}
