/* Options that shape the image, or what its steps find. */
#pragma once
#include "build/build.h"
#include "cli/cli.h"
#include "cli/outputs.h"

typedef struct {
  GHashTable *labels;
  GPtrArray *annotations; /* of this file alone */
  char *hosts;            /* lines of etc/hosts */
  gboolean docker_types, zstd;
  int level; /* 0: the usual one */
  guint timeout_s;
  OakumStepLimits limits;
} OakumBuildShape;
/* Reads --label, --annotation, --compression, --media-types, --add-host, --memory, --cpus and
 * --timeout; what the attributes of --output type=… say counts where the options say nothing. */
NODISCARD gboolean oakum_build_shape_parse(const OakumBuildArgs *args, const OakumOutputs *outputs,
                                           guint n_platforms, OakumBuildShape *out, GError **error);
void oakum_build_shape_clear(OakumBuildShape *shape);

typedef enum {
  OAKUM_ANNOTATE_MANIFEST = 1 << 0,
  OAKUM_ANNOTATE_INDEX = 1 << 1,
  OAKUM_ANNOTATE_MANIFEST_DESCRIPTOR = 1 << 2,
  OAKUM_ANNOTATE_INDEX_DESCRIPTOR = 1 << 3,
} OakumAnnotate;
/* The annotations of one kind that hold for a platform (NULL: all); new table, NULL when there is
 * none. */
NODISCARD GHashTable *oakum_build_annotations(const OakumBuildShape *shape, OakumAnnotate kind,
                                              const OakumPlatform *platform);
