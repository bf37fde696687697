#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_catalog("x/.meta/a/install.json", data, size);
  fuzz_catalog("perllocal.pod", data, size);
  return 0;
}
