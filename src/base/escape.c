#include "base/base.h"
#include <string.h>

/* Walks bytes as UTF-8. Returns the length of the next character and sets *c, or 1 with *c =
 * (gunichar)-1 for a byte that begins no valid character. */
static size_t next_char(const char *at, size_t left, gunichar *c)
{
  *c = g_utf8_get_char_validated(at, (gssize)left);
  if (*at == '\0') { /* GLib takes NUL for the end; here it is a byte like any other */
    *c = 0;
    return 1;
  }
  if (*c == (gunichar)-1 || *c == (gunichar)-2) {
    *c = (gunichar)-1;
    return 1;
  }
  return (size_t)g_unichar_to_utf8(*c, NULL);
}

gboolean oakum_is_deceptive(gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe0fff) || (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

static void append_escaped(GString *out, const char *at, gunichar c)
{
  if (c == (gunichar)-1)
    g_string_append_printf(out, "\\x%02x", (guchar)*at);
  else if (c < 0x100)
    g_string_append_printf(out, "\\x%02x", (guint)c);
  else
    g_string_append_printf(out, "\\u{%04x}", (guint)c);
}

/* Takes over the printable ASCII at the beginning, which nearly all is. FALSE: nothing is left. */
static gboolean pass_plain(GString *out, const char **bytes, size_t *left)
{
  size_t n = 0;
  while (n < *left && (*bytes)[n] >= 0x20 && (*bytes)[n] < 0x7f)
    n++;
  g_string_append_len(out, *bytes, (gssize)n);
  *bytes += n;
  *left -= n;
  return *left > 0;
}

char *oakum_escape_terminal(const char *bytes, gssize len)
{
  size_t left = len < 0 ? strlen(bytes) : (size_t)len;
  GString *out = g_string_sized_new(left + 1);
  while (left > 0) {
    if (!pass_plain(out, &bytes, &left))
      break;
    gunichar c;
    size_t n = next_char(bytes, left, &c);
    if (c == (gunichar)-1 || oakum_is_deceptive(c))
      append_escaped(out, bytes, c);
    else
      g_string_append_len(out, bytes, (gssize)n);
    bytes += n;
    left -= n;
  }
  return g_string_free(out, FALSE);
}

char *oakum_escape_html(const char *bytes, gssize len)
{
  size_t left = len < 0 ? strlen(bytes) : (size_t)len;
  GString *out = g_string_sized_new(left + 1);
  while (left > 0) {
    gunichar c;
    size_t n = next_char(bytes, left, &c);
    switch (c) {
    case '&':
      g_string_append(out, "&amp;");
      break;
    case '<':
      g_string_append(out, "&lt;");
      break;
    case '>':
      g_string_append(out, "&gt;");
      break;
    case '"':
      g_string_append(out, "&quot;");
      break;
    case '\'':
      g_string_append(out, "&#39;");
      break;
    default:
      if (c == (gunichar)-1 || (oakum_is_deceptive(c) && c != '\n' && c != '\t'))
        append_escaped(out, bytes, c);
      else
        g_string_append_len(out, bytes, (gssize)n);
    }
    bytes += n;
    left -= n;
  }
  return g_string_free(out, FALSE);
}

char *oakum_escape_utf8(const char *bytes, gssize len)
{
  size_t left = len < 0 ? strlen(bytes) : (size_t)len;
  GString *out = g_string_sized_new(left + 1);
  while (left > 0) {
    if (!pass_plain(out, &bytes, &left))
      break;
    gunichar c;
    size_t n = next_char(bytes, left, &c);
    /* NUL too: the result is a C string, and a reader of JSON may stop there. */
    if (c == (gunichar)-1 || c == 0)
      g_string_append(out, "\357\277\275");
    else
      g_string_append_len(out, bytes, (gssize)n);
    bytes += n;
    left -= n;
  }
  return g_string_free(out, FALSE);
}

/* TRUE: the character at this place, of n bytes, is shown as a number. */
static gboolean needs_number(const char *json, size_t left, gunichar *c, size_t *n)
{
  *n = next_char(json, left, c);
  return *c != (gunichar)-1 && oakum_is_deceptive(*c) && *c != '\n' && *c != '\t';
}

/* Where the first character is that needs_number; left: 0 if there is none. */
static const char *find_deceptive(const char *json, size_t *left)
{
  while (*left > 0) {
    gunichar c;
    size_t n = 1;
    if (((guchar)*json < 0x20 || (guchar)*json >= 0x7f) && needs_number(json, *left, &c, &n))
      return json;
    json += n;
    *left -= n;
  }
  return json;
}

void oakum_escape_json(GString *json)
{
  size_t left = json->len;
  const char *from = find_deceptive(json->str, &left);
  if (left == 0)
    return;
  g_autoptr(GString) out = g_string_sized_new(json->len + 64);
  g_string_append_len(out, json->str, from - json->str);
  while (left > 0 && pass_plain(out, &from, &left)) {
    gunichar c;
    size_t n;
    if (!needs_number(from, left, &c, &n))
      g_string_append_len(out, from, (gssize)n);
    else if (c > 0xffff)
      g_string_append_printf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                             0xdc00 + ((c - 0x10000) & 0x3ff));
    else
      g_string_append_printf(out, "\\u%04x", (guint)c);
    from += n;
    left -= n;
  }
  g_string_assign(json, "");
  g_string_append_len(json, out->str, (gssize)out->len);
}
