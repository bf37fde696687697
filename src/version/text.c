/* Slices of text and of digits. */
#include "version/version-private.h"

OakumSlice oakum_version_take(OakumSlice *rest, gboolean (*wanted)(int c))
{
  size_t len = 0;
  while (len < rest->len && wanted(rest->data[len]))
    len++;
  OakumSlice taken = oakum_version_head(*rest, len);
  oakum_version_skip(rest, len);
  return taken;
}

gboolean oakum_version_take_char(OakumSlice *rest, char c)
{
  if (rest->len == 0 || rest->data[0] != (uint8_t)c)
    return FALSE;
  oakum_version_skip(rest, 1);
  return TRUE;
}

static gboolean starts_with(OakumSlice text, const char *start, size_t len, gboolean fold)
{
  return text.len >= len &&
         (len == 0 || (fold ? g_ascii_strncasecmp((const char *)text.data, start, len) == 0
                            : memcmp(text.data, start, len) == 0));
}

gboolean oakum_version_take_text(OakumSlice *rest, const char *text, gboolean fold)
{
  size_t len = strlen(text);
  if (!starts_with(*rest, text, len, fold))
    return FALSE;
  oakum_version_skip(rest, len);
  return TRUE;
}

gboolean oakum_version_split(OakumSlice *rest, char separator, OakumSlice *part)
{
  if (!rest->data)
    return FALSE;
  const uint8_t *at = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
  if (at) {
    *part = oakum_version_head(*rest, (size_t)(at - rest->data));
    oakum_version_skip(rest, part->len + 1);
  } else {
    *part = *rest;
    *rest = (OakumSlice){NULL, 0};
  }
  return TRUE;
}

size_t oakum_version_find(OakumSlice text, char c)
{
  const uint8_t *at = text.len > 0 ? memchr(text.data, c, text.len) : NULL;
  return at ? (size_t)(at - text.data) : text.len;
}

size_t oakum_version_find_last(OakumSlice text, char c)
{
  const uint8_t *at = text.len > 0 ? memrchr(text.data, c, text.len) : NULL;
  return at ? (size_t)(at - text.data) : text.len;
}

OakumSlice oakum_version_trim(OakumSlice text)
{
  oakum_version_take(&text, oakum_version_is_space);
  while (text.len > 0 && oakum_version_is_space(text.data[text.len - 1]))
    text.len--;
  return text;
}

gboolean oakum_version_equal(OakumSlice a, OakumSlice b)
{
  return oakum_version_bytes_compare(a, b) == 0;
}

gboolean oakum_version_is(OakumSlice a, const char *text, gboolean fold)
{
  size_t len = strlen(text);
  return a.len == len && starts_with(a, text, len, fold);
}

gboolean oakum_version_all(OakumSlice text, gboolean (*wanted)(int c))
{
  for (size_t i = 0; i < text.len; i++)
    if (!wanted(text.data[i]))
      return FALSE;
  return TRUE;
}

static OakumSlice without_zeros(OakumSlice digits)
{
  size_t zeros = 0;
  while (oakum_version_peek(digits, zeros) == '0')
    zeros++;
  return oakum_version_from(digits, zeros);
}

int oakum_version_digits_compare(OakumSlice a, OakumSlice b)
{
  a = without_zeros(a);
  b = without_zeros(b);
  if (a.len != b.len)
    return a.len < b.len ? -1 : 1;
  return a.len > 0 ? oakum_version_sign(memcmp(a.data, b.data, a.len)) : 0;
}

int oakum_version_numbers_compare(OakumSlice a, OakumSlice b, size_t count)
{
  OakumSlice one, other;
  for (size_t i = 0; i < count; i++) {
    one = other = (OakumSlice){NULL, 0};
    gboolean more_a = oakum_version_split(&a, '.', &one),
             more_b = oakum_version_split(&b, '.', &other);
    if (!more_a && !more_b)
      return 0;
    int order = oakum_version_digits_compare(one, other);
    if (order != 0)
      return order;
  }
  return 0;
}

gboolean oakum_version_digits_zero(OakumSlice a)
{
  return without_zeros(a).len == 0;
}

int oakum_version_bytes_compare(OakumSlice a, OakumSlice b)
{
  size_t shared = MIN(a.len, b.len);
  int order = shared > 0 ? memcmp(a.data, b.data, shared) : 0;
  return order != 0 ? oakum_version_sign(order) : a.len < b.len ? -1 : a.len > b.len;
}

int oakum_version_fold_compare(OakumSlice a, OakumSlice b)
{
  for (size_t i = 0; i < MIN(a.len, b.len); i++) {
    int ca = (uint8_t)g_ascii_tolower((char)a.data[i]),
        cb = (uint8_t)g_ascii_tolower((char)b.data[i]);
    if (ca != cb)
      return ca < cb ? -1 : 1;
  }
  return a.len < b.len ? -1 : a.len > b.len;
}

OakumSlice oakum_version_digits_next(OakumSlice a, uint8_t *room)
{
  room[0] = '0';
  if (a.len > 0)
    memcpy(room + 1, a.data, a.len);
  size_t at = a.len;
  while (at > 0 && room[at] == '9')
    room[at--] = '0';
  room[at]++;
  return without_zeros((OakumSlice){room, a.len + 1});
}
