/* license: SPDX license ids and expressions, and what package managers write in their place.
 * Rank 1. Pure functions over text. */
#pragma once
#include "base/base.h"

/* Whether `text` is an id of the SPDX list that is not deprecated, letter for letter. */
NODISCARD gboolean oakum_license_is_id(const char *text);
/* The SPDX expression (SPDX 2.3, annex D: ids, "+", WITH, AND, OR, parentheses, LicenseRef-…) that
 * `text` is, or stands for: ids in their own spelling, those that are deprecated by their new
 * names, Debian's and Fedora's short names ("GPL-2+", "Expat", "GPLv2+ and BSD") by the ids that
 * they mean. New string; NULL: it is none, or not of one meaning. */
NODISCARD char *oakum_license_expression(const char *text);

/* ---- what a license asks for
 * ------------------------------------------------------------------ */
typedef enum { /* by how much is asked for */
               OAKUM_LICENSE_PERMISSIVE,
               OAKUM_LICENSE_WEAK_COPYLEFT,
               OAKUM_LICENSE_UNKNOWN,
               OAKUM_LICENSE_STRONG_COPYLEFT,
               OAKUM_LICENSE_NETWORK_COPYLEFT,
               OAKUM_LICENSE_NON_COMMERCIAL,
               OAKUM_LICENSE_PROPRIETARY,
               OAKUM_LICENSE_CATEGORIES /* how many there are */
} OakumLicenseCategory;
/* "permissive", "weak-copyleft", …; static. */
NODISCARD const char *oakum_license_category_name(OakumLicenseCategory category);
NODISCARD gboolean oakum_license_category_parse(const char *name, OakumLicenseCategory *out);
/* Of an expression (oakum_license_expression): of AND the part that asks for most, of OR the part
 * that asks for least. Text that is no expression is UNKNOWN. */
NODISCARD OakumLicenseCategory oakum_license_category(const char *expression);
/* The same, and which part of the expression is of each category that counts: "GPL-2.0-only" of
 * "MIT AND GPL-2.0-only". `parts` (may be NULL) gets new strings, NULL where there is none. */
NODISCARD OakumLicenseCategory oakum_license_parts(const char *expression,
                                                   char *parts[OAKUM_LICENSE_CATEGORIES]);
/* Whether one may use it when only these (`allow`) are let in, or all but these (`allow` FALSE):
 * all parts of AND, one of OR. Names are ids, also with their exception ("… WITH …"), ids that end
 * in "*", or categories, in any case; NULL-terminated. `part` (may be NULL) gets a new string, the
 * part that stands in the way; NULL when it passes. */
NODISCARD gboolean oakum_license_passes(const char *expression, const char *const *names,
                                        gboolean allow, char **part);

/* ---- texts
 * ------------------------------------------------------------------------------------ */
/* The licenses whose texts stand in `text`, joined by AND; compared by hashes of five words in a
 * row with those of the SPDX list, so that line breaks, case, names, comment signs and HTML do not
 * matter. What "SPDX-License-Identifier:" says goes before; where it is not there, what notices
 * name counts, too ("under the MIT license"). New string; NULL: none that is known. */
NODISCARD char *oakum_license_identify(OakumSlice text);
/* What debian/copyright says: the names of the machine-readable form (copyright-format 1.0), or
 * what its text names and holds. Names that SPDX has none for become LicenseRef-NAME. New string;
 * NULL: nothing. */
NODISCARD char *oakum_license_debian(OakumSlice copyright);
