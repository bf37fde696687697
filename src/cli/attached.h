/* Documents that a registry holds beside an image. */
#pragma once
#include "cli/cli.h"

enum { OAKUM_ATTACHED_SBOM = 1, OAKUM_ATTACHED_VEX = 2 };
typedef struct {
  guint kinds; /* of the above */
  char *text;
  size_t len;
  char *from; /* "sha256:… attached to registry/app:v1" */
} OakumAttached;
void oakum_attached_free(OakumAttached *attached);
/* All of an image: OakumAttached, those of the image itself before those of its index. Each blob
 * has the digest that its manifest says, each referrer names the image as its subject, each
 * statement has it among its subjects; no signature is looked at. What cannot be fetched is told in
 * a warning. NULL: the image cannot be found. */
NODISCARD GPtrArray *oakum_attached_find(const char *image, const OakumPlatform *platform,
                                         const OakumRegistryArgs *registry, GError **error);
