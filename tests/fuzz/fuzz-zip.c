/* Oracle: an archive opens or fails; each entry reads to its size or fails, within the limit. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumZip) zip = oakum_zip_new_memory((OakumSlice){data, size}, &error);
  if (!zip) {
    g_assert_nonnull(error);
    return 0;
  }
  for (guint i = 0; i < MIN(oakum_zip_count(zip), 100); i++) {
    OakumZipEntry entry = oakum_zip_entry(zip, i);
    g_assert_cmpuint(entry.name.len, >, 0);
    g_assert_cmpuint(entry.room_end, <=, size);
    g_autofree char *content = NULL;
    size_t len = 0;
    g_autoptr(GError) problem = NULL;
    if (oakum_zip_slurp(zip, i, OAKUM_MIB, &content, &len, &problem))
      g_assert_cmpuint(len, ==, entry.size);
    else
      g_assert_nonnull(problem);
  }
  return 0;
}
