/* policy: findings to a verdict with reasons. Rank 6. A verdict is data, never an error. */
#pragma once
#include "finding/finding.h"

typedef enum { OAKUM_VERDICT_PASS, OAKUM_VERDICT_FAIL, OAKUM_VERDICT_UNKNOWN } OakumVerdictKind;
typedef struct {
  OakumVerdictKind kind;
  GPtrArray *reasons; /* char *: one line each */
  guint failing;      /* findings that the policy refuses */
} OakumVerdict;
typedef struct {
  gboolean fixable;     /* refuse every hole that has a fix */
  gboolean by_severity; /* refuse holes of `threshold` and above */
  OakumSeverity threshold;
  gboolean end_of_life; /* refuse a release that has ended */
} OakumPolicy;
/* "fixable", a severity, or "none". */
NODISCARD gboolean oakum_policy_parse(const char *text, OakumPolicy *out);
/* FAIL wins over UNKNOWN: what is known to be bad is not made better by what is not known. With a
 * severity threshold a hole whose severity nobody gave makes the verdict UNKNOWN: it could be
 * above. */
NODISCARD OakumVerdict *oakum_policy_evaluate(const OakumPolicy *policy, GPtrArray *findings);
NODISCARD const char *oakum_verdict_name(OakumVerdictKind kind);
void oakum_verdict_free(OakumVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumVerdict, oakum_verdict_free)
