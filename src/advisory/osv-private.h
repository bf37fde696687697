/* What the two halves of the reader of OSV share: osv.c reads records, osv-range.c their ranges. */
#pragma once
#include "advisory/advisory-private.h"
#include "version/version.h"

/* The list at `key`, NULL when there is none. A list that is something else, or has more than
 * `max`, is an error: a record that is read in half hides a hole. */
NODISCARD gboolean oakum_osv_list(const json_t *object, const char *key, size_t max,
                                  const json_t **out, GError **error);
/* Adds what the ranges of an affected package say as OakumAdvisoryRange, their texts borrowed of
 * the JSON. `specific`: its "database_specific", which may tell where an open range ends. */
NODISCARD gboolean oakum_osv_ranges(const json_t *list, const json_t *specific,
                                    OakumVersionScheme scheme, GArray *ranges, GError **error);
/* A version counts when a range holds it or the list has it. Most lists only spell out what the
 * ranges say, for those who cannot compare: what they add stays. The list ends with NULL. */
void oakum_osv_drop_spelled_out(GPtrArray *listed, const GArray *ranges, OakumVersionScheme scheme);
