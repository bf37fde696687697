/* Lines and words of text files. */
#include "catalog/catalog-private.h"
#include <string.h>

gboolean oakum_catalog_line(OakumSlice *rest, OakumSlice *line)
{
  if (rest->len == 0)
    return FALSE;
  const uint8_t *newline = memchr(rest->data, '\n', rest->len);
  line->data = rest->data;
  line->len = newline ? (size_t)(newline - rest->data) : rest->len;
  size_t used = line->len + (newline ? 1 : 0);
  rest->data += used;
  rest->len -= used;
  if (line->len > 0 && line->data[line->len - 1] == '\r')
    line->len--;
  return TRUE;
}

OakumSlice oakum_slice_strip(OakumSlice slice)
{
  while (slice.len > 0 && g_ascii_isspace((char)slice.data[0])) {
    slice.data++;
    slice.len--;
  }
  while (slice.len > 0 && g_ascii_isspace((char)slice.data[slice.len - 1]))
    slice.len--;
  return slice;
}

gboolean oakum_slice_is(OakumSlice slice, const char *text)
{
  size_t n = strlen(text);
  return slice.len == n && (n == 0 || memcmp(slice.data, text, n) == 0);
}

gboolean oakum_slice_begins(OakumSlice slice, const char *text)
{
  size_t n = strlen(text);
  return slice.len >= n && memcmp(slice.data, text, n) == 0;
}

OakumSlice oakum_slice_of(const char *text)
{
  return (OakumSlice){(const uint8_t *)text, strlen(text)};
}

char *oakum_catalog_value(OakumSlice slice)
{
  slice = oakum_slice_strip(slice);
  return oakum_escape_utf8((const char *)slice.data,
                           (gssize)MIN(slice.len, OAKUM_CATALOG_VALUE_MAX));
}
