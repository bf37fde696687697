/* Licences: of packages as they declare them, and of texts that lie in the image. */
#pragma once
#include "inspect/inspect.h"

#define LICENCE_FACT_DEBIAN                                                                        \
  "fact:copyright"                       /* `file`: a package's copyright; `why`: expression       \
                                          */
#define LICENCE_FACT_TEXT "fact:licence" /* `file`: a text of licences; `why`: expression */

/* The shape of OakumLayerObserver, as OakumHygiene. */
typedef struct OakumLicenceScan OakumLicenceScan;
NODISCARD OakumLicenceScan *oakum_licence_scan_new(void);
void oakum_licence_scan_free(OakumLicenceScan *scan);
void oakum_licence_scan_entry(OakumLicenceScan *scan, const OakumTarEntry *entry, const char *path);
void oakum_licence_scan_bytes(OakumLicenceScan *scan, const void *data, size_t len);
void oakum_licence_scan_end(OakumLicenceScan *scan, GPtrArray *observed);

/* Takes the facts out of `findings`, gives packages of Debian the licence that their copyright
 * names, and appends what licences ask for. */
void oakum_licence_image(const OakumInspectImage *image, GPtrArray *findings);
