/* CVSS 3.0 and 3.1 base score from its vector: specification documents, section 7.1. */
#include "advisory/advisory-private.h"
#include <math.h>
#include <string.h>

static double weight(const char *vector, const char *metric, const char *letters,
                     const double *weights)
{
  g_autofree char *key = g_strdup_printf("/%s:", metric);
  const char *at = strstr(vector, key);
  const char *hit = at && at[strlen(key)] ? strchr(letters, at[strlen(key)]) : NULL;
  return hit ? weights[hit - letters] : -1;
}

OakumSeverity oakum_cvss3_severity(const char *vector)
{
  if (!g_str_has_prefix(vector, "CVSS:3."))
    return OAKUM_SEVERITY_UNKNOWN;
  gboolean changed = strstr(vector, "/S:C") != NULL;
  double av = weight(vector, "AV", "NALP", (const double[]){0.85, 0.62, 0.55, 0.2});
  double ac = weight(vector, "AC", "LH", (const double[]){0.77, 0.44});
  double pr =
      weight(vector, "PR", "NLH",
             changed ? (const double[]){0.85, 0.68, 0.5} : (const double[]){0.85, 0.62, 0.27});
  double ui = weight(vector, "UI", "NR", (const double[]){0.85, 0.62});
  static const double impacts[] = {0.56, 0.22, 0};
  double c = weight(vector, "C", "HLN", impacts), i = weight(vector, "I", "HLN", impacts),
         a = weight(vector, "A", "HLN", impacts);
  if (av < 0 || ac < 0 || pr < 0 || ui < 0 || c < 0 || i < 0 || a < 0)
    return OAKUM_SEVERITY_UNKNOWN;
  double iss = 1 - (1 - c) * (1 - i) * (1 - a);
  double impact = changed ? 7.52 * (iss - 0.029) - 3.25 * pow(iss - 0.02, 15) : 6.42 * iss;
  double sum = impact + 8.22 * av * ac * pr * ui;
  double score = impact <= 0 ? 0 : ceil(fmin(changed ? 1.08 * sum : sum, 10) * 10 - 1e-9) / 10;
  return score >= 9   ? OAKUM_SEVERITY_CRITICAL
         : score >= 7 ? OAKUM_SEVERITY_HIGH
         : score >= 4 ? OAKUM_SEVERITY_MEDIUM
         : score > 0  ? OAKUM_SEVERITY_LOW
                      : OAKUM_SEVERITY_NEGLIGIBLE;
}
