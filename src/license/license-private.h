/* What the parts of license share. */
#pragma once
#include "license/license.h"

/* The expression that a name as people write it stands for. New string; NULL: none, or not of one
 * meaning. */
NODISCARD char *oakum_license_free_name(const char *text);
/* What a text says of its licence besides the licence itself: the expressions behind
 * "SPDX-License-Identifier:", joined by AND; where there are none and `words`, those that notices
 * name. New string; NULL: nothing. */
NODISCARD char *oakum_license_notices(OakumSlice text, gboolean words);
/* oakum_license_identify by the words of licences alone. */
NODISCARD char *oakum_license_by_text(OakumSlice text);
