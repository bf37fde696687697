#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_catalog("x.dist-info/METADATA", data, size);
  return 0;
}
