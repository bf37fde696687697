/* config.json of Docker. Oracle: what is found is whole, and a message never quotes the input. */
#include "registry/registry.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const registries[] = {"docker.io", "h:5000"};
  for (size_t i = 0; i < G_N_ELEMENTS(registries); i++) {
    OakumCredentials c;
    g_autofree char *helper = NULL;
    g_autoptr(GError) error = NULL;
    if (!oakum_docker_config_find((const char *)data, size, "config", registries[i], "team/app", &c,
                                  &helper, &error)) {
      if (!error || c.user || c.password || c.identity_token || c.registry_token || helper)
        g_error("a failure left something behind");
      continue;
    }
    if (!c.user != !c.password)
      g_error("half a login");
    if (helper && strpbrk(helper, "/ \n"))
      g_error("a helper that is no plain name");
    oakum_credentials_clear(&c);
  }
  return 0;
}
