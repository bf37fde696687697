/* Input: two versions, parted by the first NUL. Oracle: comparing is antisymmetric in every scheme.
 */
#include "version/version.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
  if (!nul)
    return 0;
  const char *a = (const char *)data, *b = (const char *)nul + 1;
  size_t a_len = (size_t)(nul - data), b_len = size - a_len - 1;
  for (int scheme = OAKUM_VERSION_DEB; scheme <= OAKUM_VERSION_APK; scheme++) {
    int ab = 0, ba = 0;
    gboolean ok = oakum_version_compare((OakumVersionScheme)scheme, a, a_len, b, b_len, &ab);
    if (ok != oakum_version_compare((OakumVersionScheme)scheme, b, b_len, a, a_len, &ba) ||
        ab != -ba)
      g_error("not antisymmetric");
  }
  return 0;
}
