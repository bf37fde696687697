/* Input: two versions, parted by the first NUL. Oracles, in every scheme: the order is
 * antisymmetric, and what is a version is equal to itself. */
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
  for (int i = 0; i < OAKUM_VERSION_SCHEMES; i++) {
    OakumVersionScheme scheme = (OakumVersionScheme)i;
    int ab = 0, ba = 0, aa = 0;
    gboolean ok = oakum_version_compare(scheme, a, a_len, b, b_len, &ab);
    if (ok != oakum_version_compare(scheme, b, b_len, a, a_len, &ba) || (ok && ab != -ba))
      g_error("not antisymmetric");
    if (oakum_version_compare(scheme, a, a_len, a, a_len, &aa) && aa != 0)
      g_error("not equal to itself");
  }
  return 0;
}
