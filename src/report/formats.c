/* The one table of formats. */
#include "report/report-private.h"
#include <string.h>

#define PLAIN(name)                                                                                \
  static char *name##_write(const OakumResult *result, G_GNUC_UNUSED GError **error)               \
  {                                                                                                \
    return oakum_report_##name(result);                                                            \
  }
PLAIN(table)
PLAIN(json)
PLAIN(cyclonedx)
PLAIN(spdx)
PLAIN(spdx_tv)

static const struct {
  const char *name;
  OakumReportWrite write;
} formats[] = {{"table", table_write},
               {"json", json_write},
               {"sarif", oakum_report_sarif},
               {"cyclonedx", cyclonedx_write},
               {"spdx", spdx_write},
               {"spdx-tv", spdx_tv_write},
               {"openvex", oakum_report_openvex},
               {"cyclonedx-vex", oakum_report_cyclonedx_vex},
               {"gitlab", oakum_report_gitlab},
               {"gitlab-dependency", oakum_report_gitlab_dependency},
               {"gitlab-codequality", oakum_report_gitlab_codequality},
               {"junit", oakum_report_junit},
               {"markdown", oakum_report_markdown},
               {"csv", oakum_report_csv},
               {"github", oakum_report_github},
               {"trivy", oakum_report_trivy},
               {"html", oakum_report_html}};

static OakumReportWrite find(const char *name)
{
  for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
    if (strcmp(name, formats[i].name) == 0)
      return formats[i].write;
  return NULL;
}

gboolean oakum_report_knows(const char *format)
{
  return find(format) != NULL;
}

char *oakum_report_write(const OakumResult *result, const char *format, GError **error)
{
  OakumReportWrite write = find(format);
  if (write)
    return write(result, error);
  g_set_error(error, OAKUM_REPORT_ERROR, OAKUM_ERROR_USAGE,
              "there is no format \"%s\"; the formats are %s", format, OAKUM_REPORT_FORMATS);
  return NULL;
}
