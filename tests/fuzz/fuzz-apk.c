#include "catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  return fuzz_catalog("lib/apk/db/installed", 0644, data, size);
}
