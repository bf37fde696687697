#include "base/base.h"
#include <string.h>

gboolean oakum_parse_u64(const char *text, size_t len, uint64_t max, uint64_t *out)
{
  if (len == 0)
    return FALSE;
  uint64_t value = 0;
  for (size_t i = 0; i < len; i++) {
    if (text[i] < '0' || text[i] > '9')
      return FALSE;
    if (oakum_mul_overflows(value, UINT64_C(10), &value) ||
        oakum_add_overflows(value, (uint64_t)(text[i] - '0'), &value))
      return FALSE;
  }
  if (value > max)
    return FALSE;
  *out = value;
  return TRUE;
}

gboolean oakum_slice_line(OakumSlice *rest, OakumSlice *line)
{
  if (rest->len == 0)
    return FALSE;
  const uint8_t *end = memchr(rest->data, '\n', rest->len);
  size_t n = end ? (size_t)(end - rest->data) : rest->len;
  *line = (OakumSlice){rest->data, n};
  n += end != NULL;
  rest->data += n;
  rest->len -= n;
  return TRUE;
}

const char *oakum_path_base(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}
