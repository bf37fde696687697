/* Bitnami's packages: Semantic Versioning, with the number of the build behind the dash
 * ("7.0.5-3"; https://github.com/bitnami/vulndb tells versions so). */
#include "version/semver-private.h"

/* A build again of the same program: it counts where both sides have one. Beside a word ("rc1") a
 * number is what Semantic Versioning has there. */
gboolean oakum_version_bitnami_compare(OakumSlice a, OakumSlice b, int *out)
{
  OakumSemver va, vb;
  if (!oakum_semver_parse(oakum_version_trim(a), OAKUM_SEMVER_ANY, &va) ||
      !oakum_semver_parse(oakum_version_trim(b), OAKUM_SEMVER_ANY, &vb))
    return FALSE;
  OakumSlice *build = va.pre.len == 0 ? &vb.pre : vb.pre.len == 0 ? &va.pre : NULL;
  if (build && oakum_version_all(*build, oakum_version_is_digit))
    build->len = 0;
  *out = oakum_semver_order(&va, &vb);
  return TRUE;
}
