/* What the readers of package databases share. */
#pragma once
#include "catalog/parts-private.h"

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
NODISCARD gboolean oakum_rpm_wants(const OakumCatalogEntry *entry);
NODISCARD gboolean oakum_rpm_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error);
NODISCARD gboolean oakum_rpm_wal_wants(const OakumCatalogEntry *entry);
NODISCARD gboolean oakum_rpm_wal_run(OakumCatalogFile *file, OakumCatalogSink *sink,
                                     GError **error);
NODISCARD gboolean oakum_rpm_list_wants(const OakumCatalogEntry *entry);
NODISCARD gboolean oakum_rpm_list_run(OakumCatalogFile *file, OakumCatalogSink *sink,
                                      GError **error);
NODISCARD gboolean oakum_chisel_wants(const OakumCatalogEntry *entry);
NODISCARD gboolean oakum_chisel_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error);

/* Whether `path` is or lies below a folder of nix's store; *len: bytes of that folder's path. */
NODISCARD gboolean oakum_nix_folder(const char *path, size_t *len);
void oakum_nix_found(const char *folder, OakumCatalogSink *sink);
