/* What says which distribution it is: os-release, lsb-release, apk's repositories, content sets;
 * the input is each of them, in a layer of its own. */
#include "catalog.h"
#include "layer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const paths[] = {"etc/os-release",
                                      "etc/apk/repositories",
                                      "etc/lsb-release",
                                      "etc/redhat-release",
                                      "etc/debian_version",
                                      "root/buildinfo/content_manifests/x.json",
                                      "var/lib/ubuntu-advantage/status.json"};
  g_autoptr(GPtrArray) layers =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_layer_notes_free);
  uint8_t key[OAKUM_HASH_KEY] = {1};
  OakumPassOptions options = {.key = key, .spool = -1, .lowest = TRUE};
  for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_autoptr(GBytes) layer = layer_of_file(paths[i], data, size);
    OakumLayerNotes *notes = oakum_catalog_read_tar(oakum_reader_new_bytes(layer), &options, NULL);
    g_assert(notes);
    g_ptr_array_add(layers, notes);
  }
  g_autoptr(OakumCatalog) catalog = oakum_catalog_merge(layers, NULL);
  g_assert(!catalog->distro.ecosystem || catalog->distro.id);
  return 0;
}
