#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_catalog(".yarn/cache/x.zip", data, size);
  return 0;
}
