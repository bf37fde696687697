#include "base/base.h"
#include <errno.h>
#include <string.h>

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
  g_set_error(error, domain, code, "%s: %s", what, g_strerror(errnum));
}
