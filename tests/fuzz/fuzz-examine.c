/* What a reading process that a hostile image has taken over could send: it gives a catalogue or an
 * error, and a catalogue can be sent again. */
#include "examine/examine.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const layers[] = {"sha256:a", "sha256:b"};
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumCatalog) catalog =
      oakum_examine_parse((const char *)data, size, layers, 2, &error);
  g_assert((catalog == NULL) == (error != NULL));
  if (!catalog)
    return 0;
  g_autofree char *text = oakum_examine_format(catalog);
  g_assert(text);
  g_autoptr(GError) why = NULL;
  g_autoptr(OakumCatalog) back = oakum_examine_parse(text, strlen(text), layers, 2, &why);
  g_assert_no_error(why);
  g_assert(back->packages->len == catalog->packages->len);
  return 0;
}
