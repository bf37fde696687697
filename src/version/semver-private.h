/* Semantic Versioning, and what its relatives allow beside it. */
#pragma once
#include "version/version-private.h"

typedef struct {
  OakumSlice numbers;   /* "1.2.3" */
  OakumSlice number[4]; /* the first ones; those that are missing are empty, which is 0 */
  unsigned count;       /* how many numbers there are */
  OakumSlice pre;       /* behind '-'; empty when there is none */
  OakumSlice build;     /* behind '+'; empty when there is none */
} OakumSemver;

typedef enum {
  OAKUM_SEMVER_V = 1,       /* a "v" in front is passed over */
  OAKUM_SEMVER_PARTIAL = 2, /* "1" and "1.2" are versions */
  OAKUM_SEMVER_MORE = 4,    /* more than three numbers */
  OAKUM_SEMVER_ZEROS = 8,   /* leading zeros */
  OAKUM_SEMVER_ANY = 15,    /* all of these */
} OakumSemverFlags;

NODISCARD gboolean oakum_semver_parse(OakumSlice text, OakumSemverFlags flags, OakumSemver *out);
/* Takes 0 or a number without leading zeros (flag ZEROS: with them); FALSE when none is there. */
NODISCARD gboolean oakum_semver_take_number(OakumSlice *rest, OakumSemverFlags flags,
                                            OakumSlice *out);
/* Takes "-pre" and "+build" from the front, each if it is there; FALSE when one is not valid. */
NODISCARD gboolean oakum_semver_take_tail(OakumSlice *rest, OakumSemverFlags flags, OakumSlice *pre,
                                          OakumSlice *build);
/* Orders the first `count` (at most 4) numbers. */
NODISCARD int oakum_semver_head_compare(const OakumSemver *a, const OakumSemver *b, unsigned count);
/* Orders lists of identifiers: by value where both are numbers, numbers before words. */
NODISCARD int oakum_semver_identifiers_compare(OakumSlice a, OakumSlice b,
                                               int (*words)(OakumSlice a, OakumSlice b));
/* Orders pre-releases: none is behind all. */
NODISCARD int oakum_semver_pre_compare(OakumSlice a, OakumSlice b);
/* Precedence: build metadata does not count. */
NODISCARD int oakum_semver_order(const OakumSemver *a, const OakumSemver *b);
