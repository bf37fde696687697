#include "base/base.h"
#include <errno.h>
#include <string.h>

static gint misses;

void oakum_room_missed(void)
{
  g_atomic_int_inc(&misses);
}

guint oakum_room_misses(void)
{
  return (guint)g_atomic_int_get(&misses);
}

void oakum_error_errno(GError **error, GQuark domain, int errnum, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *what = g_strdup_vprintf(format, args);
  va_end(args);
  OakumErrorCode code = OAKUM_ERROR_IO;
  if (errnum == ENOENT)
    code = OAKUM_ERROR_NOT_FOUND;
  else if (errnum == EACCES || errnum == EPERM)
    code = OAKUM_ERROR_DENIED;
  else if (errnum == ENOSPC || errnum == EDQUOT)
    oakum_room_missed();
  g_set_error(error, domain, code, "%s: %s", what, g_strerror(errnum));
}
