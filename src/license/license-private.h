/* What the parts of license share. */
#pragma once
#include "license/license.h"

/* The id, or the expression, that one name of the tables stands for, in any case of letters;
 * static. NULL: it is in none. */
NODISCARD const char *oakum_license_id(const char *name);
/* The expression that a name as people write it stands for. New string; NULL: none, or not of one
 * meaning. */
NODISCARD char *oakum_license_free_name(const char *text);
/* What a text says of its licence besides the licence itself: the expressions behind
 * "SPDX-License-Identifier:", joined by AND; where there are none, those under which it says to be;
 * `gnu`: by the notices of the GNU licences, too, which their own texts hold. New string; NULL:
 * nothing. */
NODISCARD char *oakum_license_notices(OakumSlice text, gboolean gnu);
/* oakum_license_identify by the words of licences alone. */
NODISCARD char *oakum_license_by_text(OakumSlice text);
/* Expressions, each once, OAKUM_LICENSE_PARTS_MAX at most; `found` owns them. Takes the expression;
 * NULL: there is none. */
void oakum_license_add(GPtrArray *found, char *expression_taken);
/* The same, one that holds no choice part by part. */
void oakum_license_add_parts(GPtrArray *found, char *expression_taken);
/* All of them, joined by AND. New string; NULL: none. */
NODISCARD char *oakum_license_join(const GPtrArray *found);
