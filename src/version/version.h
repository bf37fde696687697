/* version: the order of version strings as each ecosystem's own tool has it, and its ranges.
 * Rank 1. */
#pragma once
#include "base/base.h"

/* Which program is the model of each scheme, and where we differ: docs/versions.md. */
typedef enum {
  OAKUM_VERSION_DEB, /* deb-version(7), as `dpkg --compare-versions` and `dpkg --validate-version`
                      */
  OAKUM_VERSION_APK, /* as apk-tools 3 (and 2, where they agree) */
  OAKUM_VERSION_RPM, /* [epoch:]version[-release] */
  OAKUM_VERSION_RPM_SEGMENT, /* one part of it alone, as rpmvercmp() */
  OAKUM_VERSION_SEMVER,      /* Semantic Versioning 2.0.0, with any number of numbers, "v" or not */
  OAKUM_VERSION_NPM,
  OAKUM_VERSION_PEP440,
  OAKUM_VERSION_MAVEN,
  OAKUM_VERSION_GEM,
  OAKUM_VERSION_COMPOSER,
  OAKUM_VERSION_NUGET,
  OAKUM_VERSION_CARGO,
  OAKUM_VERSION_GO,
  OAKUM_VERSION_HEX,
  OAKUM_VERSION_PUB,
  OAKUM_VERSION_CONAN,
  OAKUM_VERSION_CRAN,
  OAKUM_VERSION_HACKAGE,
  OAKUM_VERSION_PACMAN,
  OAKUM_VERSION_PORTAGE,
  OAKUM_VERSION_JVM, /* Java runtimes: JEP 223, and 1.8.0_292 */
  OAKUM_VERSION_BITNAMI,
  OAKUM_VERSION_GENERIC, /* what is of no scheme; every text that is not empty is a version */
} OakumVersionScheme;
#define OAKUM_VERSION_SCHEMES (OAKUM_VERSION_GENERIC + 1)

/* The name of a scheme ("deb"), or the type of its packages in a package URL ("pypi", "golang"), to
 * the scheme; FALSE for another name. */
NODISCARD gboolean oakum_version_scheme_parse(const char *name, OakumVersionScheme *out);
/* The names of all schemes, "deb, apk, ...". Caller owns it. */
NODISCARD char *oakum_version_scheme_names(void);

/* Orders a and b (bytes, not NUL-terminated): *out is -1, 0 or 1. FALSE when they have no order:
 * one is longer than OAKUM_VERSION_MAX, or is not valid in the scheme. An apk version that turns
 * invalid behind the place that decides
 * ("23_foo" against "4_beta") is still ordered, as apk does it. */
NODISCARD gboolean oakum_version_compare(OakumVersionScheme scheme, const char *a, size_t a_len,
                                         const char *b, size_t b_len, int *out);

/* The same of a version and a bound of an advisory, both NUL-terminated: -1, 0 or 1, and 2 when
 * they have no order. Advisories write bounds that the registry's own scheme refuses ("1.14" of
 * npm): where that is one of Semantic Versioning's kin, its lenient form (OAKUM_VERSION_SEMVER)
 * orders what the strict one does not. */
NODISCARD int oakum_version_order(OakumVersionScheme scheme, const char *a, const char *b);

typedef enum {
  OAKUM_RANGE_NO,
  OAKUM_RANGE_YES,
  OAKUM_RANGE_INVALID, /* no range or no version in this scheme, or one over its limit */
} OakumRangeAnswer;

/* Says whether `version` (at most OAKUM_VERSION_MAX bytes) is in `range` (at most OAKUM_RANGE_MAX),
 * written as the scheme's own tool wants it; where that has no ranges, as comparators: "<", "<=",
 * "=", ">=", ">", "!=" and a version, of which all must hold (parted by space or comma), in
 * alternatives parted by "||". */
NODISCARD OakumRangeAnswer oakum_version_in_range(OakumVersionScheme scheme, const char *range,
                                                  size_t range_len, const char *version,
                                                  size_t version_len);
