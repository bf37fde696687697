/* One record, one version: in or out. */
#include "match/match-private.h"
#include <string.h>

/* Behind "EPOCH:", which is digits alone. */
static const char *without_epoch(const char *version)
{
  size_t n = strspn(version, "0123456789");
  return n > 0 && version[n] == ':' ? version + n + 1 : version;
}

int oakum_match_order(OakumVersionScheme scheme, gboolean drop_epoch, const char *a, const char *b)
{
  if (strcmp(b, "0") == 0)
    return strcmp(a, "0") == 0 ? 0 : 1;
  if (strcmp(a, "0") == 0)
    return -1;
  if (drop_epoch && (without_epoch(a) == a || without_epoch(b) == b)) {
    a = without_epoch(a);
    b = without_epoch(b);
  }
  return oakum_version_order(scheme, a, b);
}

/* A build of one's own ("2.6.0+cu124") is of the version that it was built from: where that is the
 * last one with the hole, or one of a list, so is the build (PEP 440, "Version matching"). Told by
 * `wanted`, which has no such label. */
static int order_of_build(OakumVersionScheme scheme, gboolean drop, const char *version,
                          const char *wanted)
{
  const char *label = scheme == OAKUM_VERSION_PEP440 ? strchr(version, '+') : NULL;
  if (!label || strchr(wanted, '+'))
    return oakum_match_order(scheme, drop, version, wanted);
  g_autofree char *public = g_strndup(version, (gsize)(label - version));
  return oakum_match_order(scheme, drop, public, wanted);
}

/* Keeps the lowest of what is above `version`. */
static void way_out(OakumVersionScheme scheme, gboolean drop, const char *version,
                    const char *candidate, const char **lowest)
{
  int above = candidate ? oakum_match_order(scheme, drop, version, candidate) : 2;
  if (above == -1 && (!*lowest || oakum_match_order(scheme, drop, candidate, *lowest) == -1))
    *lowest = candidate;
}

static OakumAffected in_range(OakumVersionScheme scheme, gboolean drop, const OakumAdvisoryRange *r,
                              const char *version)
{
  int from = r->introduced ? oakum_match_order(scheme, drop, version, r->introduced) : 1;
  int fixed = r->fixed ? oakum_match_order(scheme, drop, version, r->fixed) : -1;
  int last = r->last_affected ? order_of_build(scheme, drop, version, r->last_affected) : -1;
  if (from == 2 || fixed == 2 || last == 2)
    return OAKUM_NO_ORDER;
  gboolean inside =
      from >= 0 && !(from == 0 && r->after) && fixed < 0 && last <= (r->below ? -1 : 0);
  return inside ? OAKUM_AFFECTED : OAKUM_NOT_AFFECTED;
}

static gboolean listed(OakumVersionScheme scheme, const char **versions, const char *version)
{
  for (; *versions; versions++)
    if (strcmp(*versions, version) == 0 || order_of_build(scheme, FALSE, version, *versions) == 0)
      return TRUE;
  return FALSE;
}

/* The fix of one range may lie in another: it is then no way out, and that one's is. */
static const char *out_of_all(OakumVersionScheme scheme, gboolean drop, const OakumAdvisory *a,
                              const char *fixed)
{
  for (guint tried = 0; fixed && tried < a->n_ranges; tried++) {
    guint i = 0;
    while (i < a->n_ranges && in_range(scheme, drop, &a->ranges[i], fixed) != OAKUM_AFFECTED)
      i++;
    if (i == a->n_ranges)
      break;
    fixed = a->ranges[i].fixed;
  }
  return fixed;
}

OakumJudged oakum_judge(OakumVersionScheme scheme, gboolean drop, const OakumAdvisory *a,
                        const char *version)
{
  OakumJudged judged = {OAKUM_NOT_AFFECTED, NULL, NULL, a->fixes[0] != NULL};
  for (guint i = 0; i < a->n_ranges; i++) {
    const OakumAdvisoryRange *r = &a->ranges[i];
    OakumAffected one = in_range(scheme, drop, r, version);
    judged.knows_fix |= r->fixed != NULL;
    if (one == OAKUM_AFFECTED && judged.affected != OAKUM_AFFECTED) {
      judged.affected = OAKUM_AFFECTED;
      judged.range = r;
      judged.fixed = NULL;
    } else if (one == OAKUM_NO_ORDER && judged.affected == OAKUM_NOT_AFFECTED) {
      judged.affected = OAKUM_NO_ORDER;
      judged.range = r;
    }
    if (one == OAKUM_AFFECTED)
      way_out(scheme, drop, version, r->fixed, &judged.fixed);
  }
  if (judged.affected != OAKUM_AFFECTED && listed(scheme, a->versions, version)) {
    judged = (OakumJudged){OAKUM_AFFECTED, NULL, NULL, judged.knows_fix};
    for (guint i = 0; i < a->n_ranges; i++)
      way_out(scheme, drop, version, a->ranges[i].fixed, &judged.fixed);
  }
  judged.fixed = out_of_all(scheme, drop, a, judged.fixed);
  if (a->n_ranges == 0 && !a->versions[0]) { /* by its fixes, or every version */
    const char *lowest = NULL;
    judged.affected = a->fixes[0] ? OAKUM_NOT_AFFECTED : OAKUM_AFFECTED;
    for (const char **fix = a->fixes; *fix; fix++) {
      int order = oakum_match_order(scheme, drop, version, *fix);
      if (order == 2)
        judged.affected = judged.affected == OAKUM_AFFECTED ? OAKUM_AFFECTED : OAKUM_NO_ORDER;
      else if (!lowest || oakum_match_order(scheme, drop, *fix, lowest) == -1)
        lowest = *fix;
    }
    if (lowest)
      judged.affected = oakum_match_order(scheme, drop, version, lowest) == -1 ? OAKUM_AFFECTED
                                                                               : OAKUM_NOT_AFFECTED;
  }
  for (const char **fix = a->fixes; judged.affected == OAKUM_AFFECTED && !judged.fixed && *fix;
       fix++)
    way_out(scheme, drop, version, *fix, &judged.fixed);
  return judged;
}
