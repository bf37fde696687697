/* Days of a policy begin and end in its time zone. */
#include "policy/policy-private.h"

GTimeZone *oakum_zone_new(const char *name)
{
  /* GLib takes the rest of what is no name of its own for a file name. */
  static const char letters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/:";
  gboolean offset = *name == '+' || *name == '-';
  if (!*name || strlen(name) > OAKUM_POLICY_ZONE_MAX || strspn(name, letters) != strlen(name) ||
      (!offset && (!g_ascii_isalpha(*name) || strchr(name, ':'))) ||
      (offset && strspn(name + 1, "0123456789:") != strlen(name + 1)))
    return NULL;
  return strcmp(name, "Z") == 0 ? g_time_zone_new_utc() : g_time_zone_new_identifier(name);
}

static gboolean read_date(const char *text, int date[3])
{
  static const size_t at[] = {0, 5, 8}, len[] = {4, 2, 2};
  if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
    return FALSE;
  for (int i = 0; i < 3; i++) {
    uint64_t number;
    if (!oakum_parse_u64(text + at[i], len[i], 9999, &number))
      return FALSE;
    date[i] = (int)number;
  }
  return g_date_valid_dmy((GDateDay)date[2], (GDateMonth)date[1], (GDateYear)date[0]);
}

/* The first second of a day: where clocks go back over midnight there are two of them, and where
 * they go forward none. */
static gboolean day_starts(int year, int month, int day, GTimeZone *zone, int64_t *starts)
{
  static const int shifts[] = {7200, 5400, 3600, 1800};
  g_autoptr(GDateTime) midnight = g_date_time_new(zone, year, month, day, 0, 0, 0);
  if (!midnight)
    return FALSE;
  *starts = g_date_time_to_unix(midnight);
  for (size_t i = 0; i < G_N_ELEMENTS(shifts); i++) {
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(*starts - shifts[i]);
    g_autoptr(GDateTime) local = utc ? g_date_time_to_timezone(utc, zone) : NULL;
    if (local && g_date_time_get_day_of_month(local) == day) {
      *starts -= shifts[i];
      break;
    }
  }
  return TRUE;
}

gboolean oakum_day_parse(const char *text, GTimeZone *zone, int64_t *starts)
{
  int date[3];
  return read_date(text, date) && day_starts(date[0], date[1], date[2], zone, starts);
}

gboolean oakum_until_parse(const char *text, GTimeZone *zone, int64_t *ends)
{
  int date[3];
  if (!read_date(text, date))
    return oakum_time_parse(text, ends);
  GDate next;
  g_date_clear(&next, 1);
  g_date_set_dmy(&next, (GDateDay)date[2], (GDateMonth)date[1], (GDateYear)date[0]);
  g_date_add_days(&next, 1);
  if (!day_starts(g_date_get_year(&next), (int)g_date_get_month(&next), g_date_get_day(&next), zone,
                  ends))
    *ends = G_MAXINT64; /* the end of the calendar */
  return TRUE;
}

gint64 oakum_day_of(int64_t seconds, GTimeZone *zone)
{
  g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(seconds);
  g_autoptr(GDateTime) local = utc ? g_date_time_to_timezone(utc, zone) : NULL;
  int year, month, day;
  if (!local)
    return 0;
  g_date_time_get_ymd(local, &year, &month, &day);
  GDate date;
  g_date_clear(&date, 1);
  g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
  return g_date_get_julian(&date);
}

gboolean oakum_day_of_text(const char *text, GTimeZone *zone, gint64 *day)
{
  int date[3];
  int64_t seconds;
  if (read_date(text, date)) {
    GDate one;
    g_date_clear(&one, 1);
    g_date_set_dmy(&one, (GDateDay)date[2], (GDateMonth)date[1], (GDateYear)date[0]);
    *day = g_date_get_julian(&one);
    return TRUE;
  }
  if (!oakum_time_parse(text, &seconds))
    return FALSE;
  *day = oakum_day_of(seconds, zone);
  return TRUE;
}

char *oakum_day_format(int64_t seconds, GTimeZone *zone)
{
  g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(seconds);
  g_autoptr(GDateTime) local = utc ? g_date_time_to_timezone(utc, zone) : NULL;
  return local ? g_date_time_format(local, "%Y-%m-%d") : g_strdup("?");
}
