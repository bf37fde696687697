/* pub: Dart's versions and constraints. Build metadata counts: none is before any. */
#include "version/semver-private.h"

static int order_of(const OakumSemver *a, const OakumSemver *b)
{
  int order = oakum_semver_order(a, b);
  if (order == 0 && (a->build.len == 0 || b->build.len == 0))
    return (a->build.len > 0) - (b->build.len > 0);
  return order != 0
             ? order
             : oakum_semver_identifiers_compare(a->build, b->build, oakum_version_bytes_compare);
}

gboolean oakum_version_pub_compare(OakumSlice a, OakumSlice b, int *out)
{
  OakumSemver va, vb;
  if (!oakum_semver_parse(oakum_version_trim(a), OAKUM_SEMVER_ZEROS, &va) ||
      !oakum_semver_parse(oakum_version_trim(b), OAKUM_SEMVER_ZEROS, &vb))
    return FALSE;
  *out = order_of(&va, &vb);
  return TRUE;
}

static gboolean is_version_byte(int c)
{
  return oakum_version_is_identifier(c) || c == '.' || c == '+';
}

typedef struct {
  OakumSemver version;
  gboolean set, closed;
} Bound;

/* Keeps the tighter of two bounds; `direction` is 1 for lower ones. */
static void tighten(Bound *bound, const OakumSemver *version, gboolean closed, int direction)
{
  int order = bound->set ? order_of(version, &bound->version) * direction : 1;
  if (order > 0 || (order == 0 && !closed))
    *bound = (Bound){*version, TRUE, closed};
}

static gboolean inside(const OakumSemver *v, const Bound *low, const Bound *high)
{
  int order;
  if (low->set) {
    order = order_of(v, &low->version);
    if (order < 0 || (order == 0 && !low->closed))
      return FALSE;
  }
  if (!high->set)
    return TRUE;
  order = order_of(v, &high->version);
  /* what is before a release is before its pre-releases as well, unless the range begins at one */
  gboolean pre_too = high->closed || high->version.pre.len > 0 || high->version.build.len > 0 ||
                     (low->set && low->version.pre.len > 0 &&
                      oakum_semver_head_compare(&low->version, &high->version, 3) == 0);
  if (!pre_too && oakum_semver_head_compare(v, &high->version, 3) == 0)
    return FALSE;
  return high->closed ? order <= 0 : order < 0;
}

OakumRangeAnswer oakum_version_pub_range(OakumSlice range, OakumSlice version)
{
  OakumSemver v, wanted;
  Bound low = {.set = FALSE}, high = {.set = FALSE};
  range = oakum_version_trim(range);
  if (!oakum_semver_parse(oakum_version_trim(version), OAKUM_SEMVER_ZEROS, &v) || range.len == 0)
    return OAKUM_RANGE_INVALID;
  if (oakum_version_is(range, "any", FALSE))
    return OAKUM_RANGE_YES;
  if (oakum_version_take_char(&range, '^')) {
    range = oakum_version_trim(range);
    if (!oakum_semver_parse(range, OAKUM_SEMVER_ZEROS, &wanted))
      return OAKUM_RANGE_INVALID;
    unsigned fixed = oakum_version_digits_zero(wanted.number[0]) ? 2 : 1;
    return oakum_range_answer(order_of(&v, &wanted) >= 0 &&
                              oakum_semver_head_compare(&v, &wanted, fixed) == 0);
  }
  while (range.len > 0) {
    gboolean less = oakum_version_take_char(&range, '<'),
             greater = !less && oakum_version_take_char(&range, '>'),
             equal = (less || greater) && oakum_version_take_char(&range, '=');
    oakum_version_take(&range, oakum_version_is_space);
    if (!oakum_semver_parse(oakum_version_take(&range, is_version_byte), OAKUM_SEMVER_ZEROS,
                            &wanted))
      return OAKUM_RANGE_INVALID;
    oakum_version_take(&range, oakum_version_is_space);
    if (!less)
      tighten(&low, &wanted, equal || !greater, 1);
    if (!greater)
      tighten(&high, &wanted, equal || !less, -1);
  }
  return oakum_range_answer(inside(&v, &low, &high));
}
