/* Kept holes, as they could come back from a damaged disk. Oracle: they are refused and nothing is
 * left of them, or writing them again gives the same bytes. */
#include "match/match-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GPtrArray) findings =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  if (!oakum_match_kept_parse((OakumSlice){data, size}, findings)) {
    g_assert_cmpuint(findings->len, ==, 0);
    return 0;
  }
  g_autoptr(GByteArray) out = g_byte_array_new(), again = g_byte_array_new();
  oakum_match_kept_format(findings, 0, out);
  g_autoptr(GPtrArray) back = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_assert_true(oakum_match_kept_parse((OakumSlice){out->data, out->len}, back));
  oakum_match_kept_format(back, 0, again);
  g_assert_cmpmem(out->data, out->len, again->data, again->len);
  return 0;
}
