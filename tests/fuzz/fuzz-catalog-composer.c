#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_catalog("vendor/composer/installed.json", data, size);
  return 0;
}
