/* What the readers of package databases share. */
#pragma once
#include "catalog/catalog-private.h"

/* A line of a text database longer than OAKUM_DPKG_LINE_MAX is LIMIT. */
NODISCARD gboolean oakum_catalog_line_fits(const OakumCatalogFile *file, OakumSlice line,
                                           GError **error);
NODISCARD gboolean oakum_dpkg_wants(const OakumCatalogEntry *entry);
NODISCARD gboolean oakum_dpkg_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error);
NODISCARD gboolean oakum_dpkg_list_wants(const OakumCatalogEntry *entry);
NODISCARD gboolean oakum_dpkg_list_run(OakumCatalogFile *file, OakumCatalogSink *sink,
                                       GError **error);
NODISCARD gboolean oakum_apk_wants(const OakumCatalogEntry *entry);
NODISCARD gboolean oakum_apk_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error);
