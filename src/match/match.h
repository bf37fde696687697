/* match: packages times advisories to findings. Rank 5. It knows nothing of files or reports. */
#pragma once
#include "advisory/advisory.h"
#include "catalog/catalog.h"

OAKUM_DECLARE_ERROR(match)
#define OAKUM_MATCH_ERROR (oakum_match_error_quark())

/* Findings of kind VULNERABILITY and INCOMPLETE, sorted and without doubles. Packages are looked up
 * by their source, and the source's version is compared. A record with a fix for the release counts
 * over another that only says "open". `layer_lines` (may be NULL): int, the Dockerfile line of each
 * layer. NULL on a database error. Array of OakumFinding. */
NODISCARD GPtrArray *oakum_match_run(const OakumCatalog *catalog, OakumAdvisoryDb *db,
                                     GArray *layer_lines, GError **error);
