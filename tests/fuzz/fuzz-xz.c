/* Oracle: the stream ends or fails, within the limit. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(OakumReader) reader = oakum_reader_new_limit(
      oakum_reader_new_unxz(oakum_reader_new_memory(data, size)), 16 * OAKUM_MIB, "output");
  g_autoptr(GError) error = NULL;
  if (oakum_reader_drain(reader, &error) == (error != NULL))
    g_error("success and error at once");
  return 0;
}
