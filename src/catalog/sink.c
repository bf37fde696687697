/* What cataloguers find, made safe and counted. */
#include "catalog/catalog-private.h"
#include <string.h>

struct OakumCatalogSink {
  GPtrArray *packages, *incomplete;
  GPtrArray *dropped; /* packages over the limit, until the sink goes */
};

OakumCatalogSink *oakum_catalog_sink_new(GPtrArray *packages, GPtrArray *incomplete)
{
  OakumCatalogSink *sink = g_new0(OakumCatalogSink, 1);
  sink->packages = packages;
  sink->incomplete = incomplete;
  sink->dropped = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  return sink;
}

void oakum_catalog_sink_free(OakumCatalogSink *sink)
{
  if (!sink)
    return;
  g_ptr_array_unref(sink->dropped);
  g_free(sink);
}

OakumPackage *oakum_catalog_sink_package(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                         const char *type, OakumSlice name, OakumSlice version)
{
  OakumPackage *package = oakum_package_new();
  package->type = g_strdup(type);
  package->name =
      oakum_escape_utf8((const char *)name.data, (gssize)MIN(name.len, OAKUM_CATALOG_VALUE_MAX));
  package->version = oakum_escape_utf8((const char *)version.data,
                                       (gssize)MIN(version.len, OAKUM_CATALOG_VALUE_MAX));
  g_ptr_array_add(package->paths, g_strdup(oakum_catalog_file_path(file)));
  if (sink->packages->len < OAKUM_PACKAGES_MAX) {
    g_ptr_array_add(sink->packages, package);
    return package;
  }
  if (sink->dropped->len == 0)
    oakum_catalog_sink_incomplete(sink, file, "limit", "more packages than can be kept");
  g_ptr_array_set_size(sink->dropped, 0);
  g_ptr_array_add(sink->dropped, package);
  return package;
}

void oakum_catalog_sink_incomplete(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                   const char *reason, const char *title)
{
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_INCOMPLETE, reason, OAKUM_SEVERITY_UNKNOWN);
  g_autofree char *path = oakum_escape_terminal(oakum_catalog_file_path(file), -1),
                  *safe = oakum_escape_terminal(title, -1);
  finding->title = g_strdup_printf("%s: %s", path, safe);
  finding->file = g_strdup(oakum_catalog_file_path(file));
  g_ptr_array_add(sink->incomplete, finding);
}
