/* What the files of image share. */
#pragma once
#include "image/image.h"

/* Cleans a name of a tar: no leading or double slashes, no "."; ".." is refused. "" is the root. */
NODISCARD gboolean oakum_image_clean_path(OakumSlice path, char **out, GError **error);

/* OCI image specification 1.1, layer.md "Whiteouts". `name` is the last component. */
typedef enum {
  OAKUM_WHITEOUT_NONE,
  OAKUM_WHITEOUT_NAME, /* *target is what goes */
  OAKUM_WHITEOUT_OPAQUE,
  OAKUM_WHITEOUT_IGNORE,
  OAKUM_WHITEOUT_INVALID
} OakumWhiteout;
NODISCARD OakumWhiteout oakum_image_whiteout(const char *name, const char **target);
