#pragma once
#include "match/match.h"

/* Whether a statement on `part` of `product` (either may be NULL) is about the finding. */
NODISCARD gboolean oakum_vex_is_about(const char *product, const char *part,
                                      const OakumFinding *finding,
                                      const OakumMatchOptions *options);
/* Whether `version` is in a range: "vers:npm/>=1.0|<2.0", or the same without the scheme. Versions
 * are compared as the ecosystem (a key; NULL: none) does. FALSE as well for words that are no
 * range. */
NODISCARD gboolean oakum_vex_in_range(const char *range, const char *ecosystem,
                                      const char *version);
