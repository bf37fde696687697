#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_catalog("wp-includes/version.php", data, size);
  fuzz_catalog("wp-content/plugins/a/a.php", data, size);
  return 0;
}
