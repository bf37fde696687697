#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  return fuzz_stream(oakum_reader_new_bunzip2(oakum_reader_new_memory(data, size)));
}
