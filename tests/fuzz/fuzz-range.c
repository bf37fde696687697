/* Input: a range and a version, parted by the first NUL. Oracle: in every scheme only what is a
 * version is inside or outside of a range. */
#include "version/version.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
  if (!nul)
    return 0;
  const char *range = (const char *)data, *version = (const char *)nul + 1;
  size_t range_len = (size_t)(nul - data), version_len = size - range_len - 1;
  for (int i = 0; i < OAKUM_VERSION_SCHEMES; i++) {
    OakumVersionScheme scheme = (OakumVersionScheme)i;
    int order;
    if (oakum_version_in_range(scheme, range, range_len, version, version_len) !=
            OAKUM_RANGE_INVALID &&
        scheme != OAKUM_VERSION_PEP440 && /* whose "===" takes any text */
        !oakum_version_compare(scheme, version, version_len, version, version_len, &order))
      g_error("an answer for what is no version");
  }
  return 0;
}
