/* os-release(5): whatever the bytes are, what comes out is text that a report can carry. */
#include "catalog/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  OakumDistro distro = {0};
  oakum_os_release_parse((OakumSlice){data, size}, &distro);
  char *texts[] = {distro.id, distro.version, distro.pretty, distro.ecosystem};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_assert(!texts[i] || g_utf8_validate(texts[i], -1, NULL));
    g_free(texts[i]);
  }
  return 0;
}
