/* What is found in one executable, once its sections are known. */
#pragma once
#include "catalog/parts-private.h"

/* Each is FALSE with an error when what it reads is there and damaged. */
NODISCARD gboolean oakum_go_read(const OakumExe *exe, OakumCatalogFile *file,
                                 OakumCatalogSink *sink, GError **error);
NODISCARD gboolean oakum_rust_read(const OakumExe *exe, OakumCatalogFile *file,
                                   OakumCatalogSink *sink, GError **error);
NODISCARD gboolean oakum_graalvm_read(const OakumExe *exe, OakumCatalogFile *file,
                                      OakumCatalogSink *sink, GError **error);
NODISCARD gboolean oakum_bundle_read(const OakumExe *exe, OakumCatalogFile *file,
                                     OakumCatalogSink *sink, GError **error);
NODISCARD gboolean oakum_dotnet_read(const OakumExe *exe, OakumCatalogFile *file,
                                     OakumCatalogSink *sink, GError **error);
NODISCARD gboolean oakum_elf_package_read(const OakumExe *exe, OakumCatalogFile *file,
                                          OakumCatalogSink *sink, GError **error);
