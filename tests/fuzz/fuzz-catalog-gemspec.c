#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_catalog("specifications/a-1.gemspec", data, size);
  return 0;
}
