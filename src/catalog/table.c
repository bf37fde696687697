/* All cataloguers: one table a file. */
#include "catalog/sbom-private.h"
#include <string.h>

const OakumCataloguer *const oakum_catalog_tables[] = {
    oakum_cataloguers_facts,  oakum_cataloguers_os,
    oakum_cataloguers_more,   oakum_sbom_cataloguers,
    oakum_python_cataloguers, oakum_node_cataloguers,
    oakum_java_cataloguers,   oakum_jvm_cataloguers,
    oakum_native_cataloguers, oakum_ruby_cataloguers,
    oakum_php_cataloguers,    oakum_dotnet_cataloguers,
    oakum_other_cataloguers,  oakum_library_cataloguers,
    oakum_kernel_cataloguers, oakum_binary_cataloguers,
    oakum_vex_cataloguers,    oakum_inventory_cataloguers,
    oakum_catalog_test_table, NULL};

gboolean oakum_catalog_wants(const OakumCatalogEntry *entry, gboolean *database)
{
  gboolean wanted = FALSE;
  for (const OakumCataloguer *const *table = oakum_catalog_tables; *table; table++)
    for (const OakumCataloguer *one = *table; one->name; one++)
      if (one->wants(entry)) {
        wanted = TRUE;
        if (!database)
          return TRUE;
        *database |= one->database;
      }
  return wanted;
}

gboolean oakum_catalog_looks_into(const OakumCatalogEntry *entry)
{
  for (const OakumCataloguer *const *table = oakum_catalog_tables; *table; table++)
    for (const OakumCataloguer *one = *table; one->name; one++)
      if (one->wants(entry) && !(one->whole && entry->size > OAKUM_CATALOG_WHOLE_MAX))
        return TRUE;
  return FALSE;
}

static void blame(OakumCatalogSink *sink, const OakumCatalogFile *file, const OakumCataloguer *one,
                  const GError *error)
{
  const char *reason = g_error_matches(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT) ? "limit"
                       : g_error_matches(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_UNSUPPORTED)
                           ? "unknown-format"
                           : "damaged";
  oakum_catalog_sink_incomplete(sink, file, one->database ? "damaged-package-database" : reason,
                                error->message);
}

void oakum_catalog_dispatch(const OakumCatalogEntry *entry, OakumCatalogFile *file,
                            OakumCatalogSink *sink, const OakumPassOptions *options,
                            GPtrArray *databases)
{
  for (const OakumCataloguer *const *table = oakum_catalog_tables; *table; table++)
    for (const OakumCataloguer *one = *table; one->name; one++) {
      g_autoptr(GError) error = NULL;
      if (!one->wants(entry))
        continue;
      if (options && options->before &&
          !options->before(oakum_catalog_file_path(file), one->name, options->user)) {
        g_autofree char *title =
            g_strdup_printf("reading it (%s) did not come to an end", one->name);
        oakum_catalog_sink_incomplete(sink, file, "unscannable", title);
        continue;
      }
      oakum_catalog_sink_by(sink, one->name);
      if (!one->run(file, sink, &error))
        blame(sink, file, one, error);
      oakum_catalog_sink_by(sink, NULL);
      if (options && options->after)
        options->after(options->user);
      if (one->database && databases)
        g_ptr_array_add(databases, oakum_path_pair_new(oakum_catalog_file_path(file), one->name));
    }
}

char *oakum_catalog_versions(void)
{
  GString *text = g_string_new(G_STRINGIFY(OAKUM_CATALOG_NOTES_VERSION));
  for (const OakumCataloguer *const *table = oakum_catalog_tables; *table; table++)
    for (const OakumCataloguer *one = *table; one->name; one++)
      g_string_append_printf(text, " %s/%u", one->name, one->version);
  return g_string_free(text, FALSE);
}

void oakum_catalog_one(const char *path, uint32_t mode, OakumSlice content, GPtrArray *packages,
                       GPtrArray *incomplete)
{
  g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new(path, content);
  g_autoptr(OakumCatalogSink) sink = oakum_catalog_sink_new(packages, incomplete);
  g_autofree char *base = g_path_get_basename(path);
  OakumCatalogEntry entry = {
      path, base, mode, content.len, {content.data, MIN(content.len, OAKUM_CATALOG_HEAD)}};
  oakum_catalog_dispatch(&entry, file, sink, NULL, NULL);
}
