/* What the schemes share. */
#pragma once
#include "version/version.h"

/* Compares two runs of decimal digits by value, of any length. */
NODISCARD int oakum_version_digits_compare(OakumSlice a, OakumSlice b);

NODISCARD gboolean oakum_version_deb_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD gboolean oakum_version_apk_compare(OakumSlice a, OakumSlice b, int *out);
