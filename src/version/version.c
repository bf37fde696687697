#include "version/version-private.h"
#include <string.h>

static const struct {
  const char *name;
  gboolean (*compare)(OakumSlice a, OakumSlice b, int *out);
} schemes[] = {
    [OAKUM_VERSION_DEB] = {"deb", oakum_version_deb_compare},
    [OAKUM_VERSION_APK] = {"apk", oakum_version_apk_compare},
};

gboolean oakum_version_scheme_parse(const char *name, OakumVersionScheme *out)
{
  for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
    if (strcmp(schemes[i].name, name) == 0) {
      *out = (OakumVersionScheme)i;
      return TRUE;
    }
  }
  return FALSE;
}

int oakum_version_digits_compare(OakumSlice a, OakumSlice b)
{
  while (a.len > 0 && *a.data == '0')
    a.data++, a.len--;
  while (b.len > 0 && *b.data == '0')
    b.data++, b.len--;
  if (a.len != b.len)
    return a.len < b.len ? -1 : 1;
  int order = a.len > 0 ? memcmp(a.data, b.data, a.len) : 0;
  return order < 0 ? -1 : order > 0;
}

gboolean oakum_version_compare(OakumVersionScheme scheme, const char *a, size_t a_len,
                               const char *b, size_t b_len, int *out)
{
  if (a_len > OAKUM_VERSION_MAX || b_len > OAKUM_VERSION_MAX)
    return FALSE;
  return schemes[scheme].compare((OakumSlice){(const uint8_t *)a, a_len},
                                 (OakumSlice){(const uint8_t *)b, b_len}, out);
}
