/* The names of files are a stranger's as well, and some cataloguers read more out of them than out
 * of the file: the input is a path, a newline, and the content. */
#include "catalog-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
  if (!end || end == data || memchr(data, 0, (size_t)(end - data)))
    return 0;
  g_autofree char *path = g_strndup((const char *)data, (gsize)(end - data));
  fuzz_catalog(path, end + 1, size - (size_t)(end - data) - 1);
  return 0;
}
