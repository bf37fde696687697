#include "base/base.h"
#include <string.h>

char *oakum_time_format(int64_t seconds)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
  /* Outside years 1 to 9999 RFC 3339 has no spelling. */
  return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("1970-01-01T00:00:00Z");
}

gboolean oakum_time_parse(const char *text, int64_t *seconds)
{
  /* GLib accepts all of ISO 8601; RFC 3339 wants date, 'T', time and an offset. */
  static gsize once;
  static GRegex *form; /* made once: lint asks for each FROM */
  if (g_once_init_enter(&once)) {
    form = g_regex_new("^\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,18})?"
                       "([Zz]|[+-]\\d\\d:\\d\\d)$",
                       G_REGEX_DOLLAR_ENDONLY, 0, NULL);
    g_once_init_leave(&once, 1);
  }
  if (!g_regex_match(form, text, 0, NULL))
    return FALSE;
  g_autofree char *whole = g_strndup(text, 19);
  whole[10] = 'T';
  const char *offset = text + 19;
  if (*offset == '.')
    offset += 1 + strspn(offset + 1, "0123456789");
  g_autofree char *plain = g_strconcat(whole, *offset == 'z' ? "Z" : offset, NULL);
  g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(plain, NULL);
  if (!time)
    return FALSE;
  *seconds = g_date_time_to_unix(time);
  return TRUE;
}
