#include "catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  return fuzz_catalog("var/lib/chisel/manifest.wall", 0644, data, size);
}
