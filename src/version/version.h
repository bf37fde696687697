/* version: the order of version strings as each ecosystem's own tool has it. Rank 1. */
#pragma once
#include "base/base.h"

typedef enum {
  OAKUM_VERSION_DEB, /* deb-version(7), as `dpkg --compare-versions` and `dpkg --validate-version`
                      */
  OAKUM_VERSION_APK, /* as apk-tools 3 (and 2, where they agree) */
} OakumVersionScheme;

/* "deb" or "apk" to its scheme; FALSE for another name. */
NODISCARD gboolean oakum_version_scheme_parse(const char *name, OakumVersionScheme *out);

/* Orders a and b (bytes, not NUL-terminated): *out is -1, 0 or 1. FALSE when they have no order:
 * one is longer than OAKUM_VERSION_MAX, or is not valid in the scheme. An apk version that turns
 * invalid behind the place that decides
 * ("23_foo" against "4_beta") is still ordered, as apk does it. */
NODISCARD gboolean oakum_version_compare(OakumVersionScheme scheme, const char *a, size_t a_len,
                                         const char *b, size_t b_len, int *out);
