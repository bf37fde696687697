#pragma once
#include "match/match.h"

/* Whether a statement on `part` of `product` (either may be NULL) is about the finding. */
NODISCARD gboolean oakum_vex_is_about(const char *product, const char *part,
                                      const OakumFinding *finding,
                                      const OakumMatchOptions *options);
