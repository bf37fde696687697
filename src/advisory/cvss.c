/* The band of a CVSS vector, whichever version; module finding has the scores. */
#include "advisory/advisory-private.h"

OakumSeverity oakum_cvss3_severity(const char *vector)
{
  double score;
  OakumSeverity severity;
  return oakum_cvss_score(vector, &score, &severity) ? severity : OAKUM_SEVERITY_UNKNOWN;
}

OakumSeverity oakum_cvss_band(double score)
{
  return score >= 9   ? OAKUM_SEVERITY_CRITICAL
         : score >= 7 ? OAKUM_SEVERITY_HIGH
         : score >= 4 ? OAKUM_SEVERITY_MEDIUM
         : score > 0  ? OAKUM_SEVERITY_LOW
                      : OAKUM_SEVERITY_UNKNOWN;
}
