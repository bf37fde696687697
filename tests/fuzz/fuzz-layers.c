/* Two layers into one image: whiteouts, links, names. The input is one tar, taken twice. */
#include "catalog/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GPtrArray) layers =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_layer_notes_free);
  g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
  uint8_t key[OAKUM_HASH_KEY] = {1};
  OakumPassOptions options = {.key = key, .spool = -1};
  for (int i = 0; i < 2; i++) {
    options.lowest = i == 0;
    OakumLayerNotes *notes =
        oakum_catalog_read_tar(oakum_reader_new_memory(data, size), &options, NULL);
    if (!notes)
      return 0;
    g_ptr_array_add(layers, notes);
    g_ptr_array_add(again, g_ptr_array_new_with_free_func((GDestroyNotify)oakum_path_pair_free));
  }
  if (oakum_catalog_again(layers, again))
    for (guint i = 0; i < 2; i++) {
      options.only = again->pdata[i];
      OakumLayerNotes *more =
          oakum_catalog_read_tar(oakum_reader_new_memory(data, size), &options, NULL);
      if (more)
        oakum_layer_notes_add(layers->pdata[i], more);
    }
  g_autoptr(OakumCatalog) catalog = oakum_catalog_merge(layers, NULL);
  for (guint i = 0; i < catalog->packages->len; i++)
    g_assert(((OakumPackage *)catalog->packages->pdata[i])->layer_index >= 0);
  return 0;
}
