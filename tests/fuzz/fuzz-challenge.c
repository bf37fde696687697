/* What a registry says about how to log in, and where. */
#include "registry/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  OakumChallenge challenge;
  if (oakum_challenge_parse(text, &challenge)) {
    g_assert(challenge.scheme);
    if (challenge.realm && oakum_realm_allowed(challenge.realm, "https://registry.example"))
      g_assert(g_ascii_strncasecmp(challenge.realm, "https:", 6) == 0);
    oakum_challenge_clear(&challenge);
  }
  return 0;
}
