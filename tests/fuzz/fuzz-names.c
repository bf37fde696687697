/* The names of a layer as a reading process that was taken over could send them. Oracle: they are
 * refused, or packing them again gives the same bytes, and any name can be looked for and added. */
#include "catalog/catalog-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t key[OAKUM_HASH_KEY] = {1};
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumNames) names = oakum_names_unpack(key, (OakumSlice){data, size}, &error);
  g_assert((names == NULL) == (error != NULL));
  if (!names)
    return 0;
  g_autoptr(GByteArray) packed = g_byte_array_new(), again = g_byte_array_new();
  oakum_names_pack(names, packed);
  g_autoptr(OakumNames) back =
      oakum_names_unpack(key, (OakumSlice){packed->data, packed->len}, &error);
  g_assert_no_error(error);
  oakum_names_pack(back, again);
  g_assert_cmpmem(packed->data, packed->len, again->data, again->len);
  g_assert_cmpuint(oakum_names_count(names), ==, oakum_names_count(back));
  (void)!oakum_names_find(names, "a/b", 3);
  g_assert_true(oakum_names_add(names, "a/b", OAKUM_ENTRY_LINK));
  g_assert_cmpint(oakum_names_find(names, "a/b", 3), ==, OAKUM_ENTRY_LINK);
  return 0;
}
