/* The band of a CVSS vector, whichever version; module finding has the scores. */
#include "advisory/advisory-private.h"

OakumSeverity oakum_cvss3_severity(const char *vector)
{
  double score;
  OakumSeverity severity;
  return oakum_cvss_score(vector, &score, &severity) ? severity : OAKUM_SEVERITY_UNKNOWN;
}
