/* Manifests, indexes, configs and references: what a registry can send. */
#include "oci/oci.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GBytes) raw = g_bytes_new(data, size);
  g_autoptr(OakumManifest) manifest = oakum_manifest_parse(raw, NULL, NULL);
  if (manifest && manifest->is_index) {
    OakumPlatform platform;
    oakum_platform_host(&platform);
    g_autoptr(GError) error = NULL;
    if (!oakum_index_select(manifest, &platform, &error))
      g_assert(error);
    oakum_platform_clear(&platform);
  }
  g_autoptr(OakumConfig) config = oakum_config_parse((const char *)data, size, NULL);
  if (config) {
    g_autoptr(OakumConfig) copy = oakum_config_copy(config);
    g_autofree char *a = oakum_config_format(config), *b = oakum_config_format(copy);
    g_assert_cmpstr(a, ==, b);
  }
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(OakumReference) ref = oakum_reference_parse(text, NULL);
  if (ref) {
    g_autofree char *form = oakum_reference_format(ref);
    g_autoptr(OakumReference) again = oakum_reference_parse(form, NULL);
    g_assert(again);
  }
  return 0;
}
