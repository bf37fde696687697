/* What a registry says about how to log in, and where. */
#include "registry/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GPtrArray) all = oakum_challenges_parse(text);
  for (guint i = 0; all && i < all->len; i++) {
    const OakumChallenge *c = all->pdata[i];
    g_assert(c->scheme && *c->scheme && all->len <= OAKUM_CHALLENGES_MAX);
    if (c->realm && oakum_registry_url_allowed(c->realm, "https://registry.example", FALSE))
      g_assert(g_ascii_strncasecmp(c->realm, "https:", 6) == 0);
  }
  return 0;
}
