#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_catalog("usr/bin/openssl", data, size);
  fuzz_catalog("usr/lib/libpython3.11.so.1.0", data, size);
  fuzz_catalog("usr/bin/zstd", data, size);
  return 0;
}
