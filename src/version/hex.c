/* Hex: Elixir's Version, strict; requirements joined by "and" and "or". */
#include "version/semver-private.h"

gboolean oakum_version_hex_compare(OakumSlice a, OakumSlice b, int *out)
{
  OakumSemver va, vb;
  if (!oakum_semver_parse(a, 0, &va) || !oakum_semver_parse(b, 0, &vb))
    return FALSE;
  *out = oakum_semver_order(&va, &vb);
  return TRUE;
}

static void skip_blanks(OakumSlice *rest)
{
  while (oakum_version_take_char(rest, ' '))
    ;
}

static gboolean is_version_byte(int c)
{
  return oakum_version_is_identifier(c) || c == '.' || c == '+';
}

static gboolean comparator(OakumSlice *rest, const OakumSemver *v, gboolean *in)
{
  OakumSemver wanted;
  OakumOperator operator_ = OAKUM_OPERATOR_EQ;
  gboolean pessimistic = oakum_version_take_text(rest, "~>", FALSE);
  int c = oakum_version_peek(*rest, 0), next = oakum_version_peek(*rest, 1);
  if (!pessimistic && (c == '<' || c == '>' || c == '=' || c == '!')) {
    if ((c == '=' && next != '=') || (next == c && c != '='))
      return FALSE;
    if (c == '!' && next != '=') {
      oakum_version_skip(rest, 1); /* "!" alone is "!=" */
      operator_ = OAKUM_OPERATOR_NE;
    } else {
      operator_ = oakum_version_take_operator(rest);
    }
  }
  skip_blanks(rest);
  OakumSlice text = oakum_version_take(rest, is_version_byte);
  if (!oakum_semver_parse(text, pessimistic ? OAKUM_SEMVER_PARTIAL : 0, &wanted) ||
      wanted.count < 2)
    return FALSE;
  if (!pessimistic) {
    *in = oakum_version_holds(operator_, oakum_semver_order(v, &wanted));
    return TRUE;
  }
  *in = oakum_semver_order(v, &wanted) >= 0 &&
        oakum_semver_head_compare(v, &wanted, wanted.count - 1) == 0;
  return TRUE;
}

OakumRangeAnswer oakum_version_hex_range(OakumSlice range, OakumSlice version)
{
  OakumSemver v;
  if (!oakum_semver_parse(version, 0, &v))
    return OAKUM_RANGE_INVALID;
  gboolean any = FALSE, all = TRUE; /* "and" binds tighter than "or" */
  for (;;) {
    gboolean in;
    skip_blanks(&range);
    if (!comparator(&range, &v, &in))
      return OAKUM_RANGE_INVALID;
    all &= in;
    size_t before = range.len;
    skip_blanks(&range);
    if (range.len == 0)
      return oakum_range_answer(any || all);
    if (range.len == before)
      return OAKUM_RANGE_INVALID;
    if (oakum_version_take_text(&range, "or ", FALSE)) {
      any |= all;
      all = TRUE;
    } else if (!oakum_version_take_text(&range, "and ", FALSE)) {
      return OAKUM_RANGE_INVALID;
    }
  }
}
