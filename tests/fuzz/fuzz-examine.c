/* What a reading process that a hostile image has taken over could send: it gives notes or an
 * error, and notes can be sent again, and merged. */
#include "examine/examine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumLayerNotes) notes = oakum_examine_parse(data, size, &error);
  g_assert((notes == NULL) == (error != NULL));
  if (!notes)
    return 0;
  g_autoptr(GByteArray) text = g_byte_array_new();
  oakum_examine_format(notes, text);
  g_autoptr(GError) why = NULL;
  g_autoptr(OakumLayerNotes) back = oakum_examine_parse(text->data, text->len, &why);
  g_assert_no_error(why);
  g_assert(back->packages->len == notes->packages->len);
  g_autoptr(GPtrArray) layers =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_layer_notes_free);
  g_ptr_array_add(layers, g_steal_pointer(&notes));
  g_ptr_array_add(layers, g_steal_pointer(&back));
  static const char *const digests[] = {"sha256:a", "sha256:b"};
  g_autoptr(OakumCatalog) catalog = oakum_catalog_merge(layers, digests);
  for (guint i = 0; i < catalog->packages->len; i++)
    g_assert(((OakumPackage *)catalog->packages->pdata[i])->purl);
  return 0;
}
