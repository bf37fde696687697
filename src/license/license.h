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
