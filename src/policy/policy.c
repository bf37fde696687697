#include "policy/policy.h"
#include <string.h>

gboolean oakum_policy_parse(const char *text, OakumPolicy *out)
{
  *out = (OakumPolicy){FALSE, FALSE, OAKUM_SEVERITY_UNKNOWN, FALSE};
  if (strcmp(text, "none") == 0)
    return TRUE;
  out->fixable = strcmp(text, "fixable") == 0;
  out->by_severity = !out->fixable;
  return out->fixable ||
         (oakum_severity_parse(text, &out->threshold) && out->threshold != OAKUM_SEVERITY_UNKNOWN);
}

const char *oakum_verdict_name(OakumVerdictKind kind)
{
  static const char *const names[] = {"pass", "fail", "unknown"};
  return names[kind];
}

OakumVerdict *oakum_policy_evaluate(const OakumPolicy *policy, GPtrArray *findings)
{
  OakumVerdict *verdict = g_new0(OakumVerdict, 1);
  verdict->reasons = g_ptr_array_new_with_free_func(g_free);
  guint fixable = 0, severe = 0, unrated = 0, incomplete = 0;
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    gboolean hole = f->kind == OAKUM_FINDING_VULNERABILITY && !f->suppressed;
    gboolean has_fix = hole && policy->fixable && f->fixed,
             over = hole && policy->by_severity && f->severity >= policy->threshold;
    fixable += has_fix;
    severe += over;
    unrated += hole && policy->by_severity && f->severity == OAKUM_SEVERITY_UNKNOWN;
    incomplete += f->kind == OAKUM_FINDING_INCOMPLETE;
    gboolean over_age = policy->end_of_life && f->kind == OAKUM_FINDING_EOL;
    if (over_age)
      g_ptr_array_add(verdict->reasons, g_strdup(f->title));
    verdict->failing += has_fix || over || over_age;
  }
  if (fixable)
    g_ptr_array_add(verdict->reasons, g_strdup_printf("%u holes have a fix", fixable));
  if (severe)
    g_ptr_array_add(verdict->reasons, g_strdup_printf("%u holes are %s or worse", severe,
                                                      oakum_severity_name(policy->threshold)));
  if (unrated)
    g_ptr_array_add(verdict->reasons,
                    g_strdup_printf("%u holes have no severity, so that they may be %s or worse",
                                    unrated, oakum_severity_name(policy->threshold)));
  if (incomplete)
    g_ptr_array_add(verdict->reasons, g_strdup_printf("%u things could not be judged", incomplete));
  verdict->kind = verdict->failing        ? OAKUM_VERDICT_FAIL
                  : unrated || incomplete ? OAKUM_VERDICT_UNKNOWN
                                          : OAKUM_VERDICT_PASS;
  return verdict;
}

void oakum_verdict_free(OakumVerdict *verdict)
{
  if (!verdict)
    return;
  g_ptr_array_unref(verdict->reasons);
  g_free(verdict);
}
