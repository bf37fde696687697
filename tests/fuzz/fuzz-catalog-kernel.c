#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_catalog("boot/vmlinuz-6", data, size);
  return 0;
}
