/* What an image as a whole held, as it could come back from a damaged disk. Oracle: it is refused
 * with an error, or writing it again gives the same bytes. */
#include "examine/examine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumCatalog) catalog = oakum_examine_whole_parse((OakumSlice){data, size}, &error);
  g_assert_true((catalog == NULL) == (error != NULL));
  if (!catalog)
    return 0;
  g_autoptr(GByteArray) out = g_byte_array_new(), again = g_byte_array_new();
  oakum_examine_whole_format(catalog, out);
  g_autoptr(OakumCatalog) back = oakum_examine_whole_parse((OakumSlice){out->data, out->len}, NULL);
  g_assert_nonnull(back);
  oakum_examine_whole_format(back, again);
  g_assert_cmpmem(out->data, out->len, again->data, again->len);
  return 0;
}
