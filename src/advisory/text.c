/* What the readers of feeds share: names, dates, words. */
#include "advisory/advisory-private.h"
#include <stdio.h>

const char *oakum_text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text && *text ? text : NULL;
}

gboolean oakum_feed_invalid(GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error_literal(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, text);
  return FALSE;
}

char *oakum_title(const char *text)
{
  if (!text)
    return NULL;
  text += strspn(text, " \t\r\n");
  g_autofree char *line = g_strndup(text, strcspn(text, "\r\n"));
  g_strchomp(line);
  if (!*line)
    return NULL;
  return g_utf8_strlen(line, -1) > (glong)OAKUM_ADVISORY_TITLE_MAX
             ? g_utf8_substring(line, 0, OAKUM_ADVISORY_TITLE_MAX)
             : g_strdup(line);
}

gboolean oakum_is_cve(const char *id)
{
  size_t n;
  return g_str_has_prefix(id, "CVE-") && strspn(id + 4, "0123456789") == 4 && id[8] == '-' &&
         (n = strspn(id + 9, "0123456789")) >= 4 && n <= 10 && id[9 + n] == 0;
}

static gboolean has(const GPtrArray *names, const char *name)
{
  for (guint i = 0; i < names->len; i++)
    if (strcmp(names->pdata[i], name) == 0)
      return TRUE;
  return FALSE;
}

void oakum_sort_names(const char *own, GPtrArray *names, GPtrArray *ids, GPtrArray *others)
{
  gboolean cve = own && g_str_has_prefix(own, "CVE-");
  if (cve)
    g_ptr_array_add(ids, (gpointer)own);
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    if (!*name || has(ids, name) || has(others, name) || g_strcmp0(name, own) == 0)
      continue;
    g_ptr_array_add(!cve && g_str_has_prefix(name, "CVE-") ? ids : others, (gpointer)name);
  }
  if (own && ids->len == 0)
    g_ptr_array_add(ids, (gpointer)own);
  else if (own && !cve)
    g_ptr_array_add(others, (gpointer)own);
  g_ptr_array_add(ids, NULL);
  g_ptr_array_add(others, NULL);
}

OakumSeverity oakum_severity_word(const char *word)
{
  static const struct {
    const char *word;
    OakumSeverity severity;
  } more[] = {{"unimportant", OAKUM_SEVERITY_NEGLIGIBLE}, {"none", OAKUM_SEVERITY_NEGLIGIBLE},
              {"moderate", OAKUM_SEVERITY_MEDIUM},        {"important", OAKUM_SEVERITY_HIGH},
              {"normal", OAKUM_SEVERITY_MEDIUM},          {"urgent", OAKUM_SEVERITY_CRITICAL}};
  OakumSeverity severity;
  g_autofree char *lower = word ? g_ascii_strdown(word, -1) : NULL;
  /* Debian's "low**" was set by a program and not yet looked at */
  for (size_t n = lower ? strlen(lower) : 0; n > 0 && lower[n - 1] == '*'; n--)
    lower[n - 1] = 0;
  for (size_t i = 0; lower && i < G_N_ELEMENTS(more); i++)
    if (strcmp(lower, more[i].word) == 0)
      return more[i].severity;
  return lower && oakum_severity_parse(lower, &severity) ? severity : OAKUM_SEVERITY_UNKNOWN;
}

/* ---- dates ------------------------------------------------------------------------------------
 */
static gboolean day(int y, int m, int d)
{
  return y >= 1970 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && d <= 31;
}

char *oakum_feed_date(const char *text)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  int y, m, d, hh = 0, mm = 0, ss = 0;
  int64_t seconds;
  char name[4] = "";
  uint64_t epoch;
  if (!text || strlen(text) > 60)
    return NULL;
  if (oakum_time_parse(text, &seconds)) /* the year 1 stands for "not known" in some feeds */
    return seconds > 0 ? oakum_time_format(seconds) : NULL;
  if (oakum_parse_u64(text, strlen(text), UINT64_C(253402300799), &epoch))
    return epoch > UINT64_C(86400) * 365 ? oakum_time_format((int64_t)epoch) : NULL;
  int n = sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d:%2d", &y, &m, &d, &hh, &mm, &ss);
  if (n < 3)
    n = sscanf(text, "%4d/%2d/%2d", &y, &m, &d);
  if (n < 3 && (sscanf(text, "%2d %3[A-Za-z] %4d", &d, name, &y) == 3 ||
                sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &d, name, &y, &hh, &mm,
                       &ss) >= 3)) {
    const char *at = strlen(name) == 3 ? strstr(months, name) : NULL;
    m = at && (at - months) % 3 == 0 ? (int)(at - months) / 3 + 1 : 0;
    n = 3;
  }
  if (n < 3 || !day(y, m, d) || hh < 0 || hh > 23 || mm < 0 || mm > 59 || ss < 0 || ss > 60)
    return NULL;
  return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02dZ", y, m, d, hh, mm, ss);
}
