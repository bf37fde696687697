#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_catalog("x.ko", data, size);
  return 0;
}
