/* What the parts of license share. */
#pragma once
#include "license/license.h"

/* The expression that a name as people write it stands for. New string; NULL: none, or not of one
 * meaning. */
NODISCARD char *oakum_license_free_name(const char *text);
