/* Cargo: Semantic Versioning, strict; requirements parted by commas. */
#include "version/semver-private.h"

#define COMPARATORS_MAX 32 /* that the model takes */

static gboolean fits(OakumSlice number)
{
  return oakum_version_digits_compare(number, OAKUM_VERSION_TEXT("18446744073709551615")) <= 0;
}

static gboolean cargo_parse(OakumSlice text, OakumSemver *out)
{
  return oakum_semver_parse(text, 0, out) && fits(out->number[0]) && fits(out->number[1]) &&
         fits(out->number[2]);
}

gboolean oakum_version_cargo_compare(OakumSlice a, OakumSlice b, int *out)
{
  OakumSemver va, vb;
  if (!cargo_parse(a, &va) || !cargo_parse(b, &vb))
    return FALSE;
  *out = oakum_semver_order(&va, &vb);
  return TRUE;
}

typedef enum {
  EXACT,
  GREATER,
  GREATER_EQUAL,
  LESS,
  LESS_EQUAL,
  TILDE,
  CARET,
  NO_OPERATOR
} Operator;

static Operator take_operator(OakumSlice *rest)
{
  static const struct {
    const char *text;
    Operator operator_;
  } operators[] = {{"=", EXACT}, {">=", GREATER_EQUAL}, {">", GREATER}, {"<=", LESS_EQUAL},
                   {"<", LESS},  {"~", TILDE},          {"^", CARET}};
  for (size_t i = 0; i < G_N_ELEMENTS(operators); i++)
    if (oakum_version_take_text(rest, operators[i].text, FALSE))
      return operators[i].operator_;
  return NO_OPERATOR;
}

static gboolean take_wildcard(OakumSlice *rest)
{
  return oakum_version_take_char(rest, '*') || oakum_version_take_char(rest, 'x') ||
         oakum_version_take_char(rest, 'X');
}

static gboolean take_number(OakumSlice *rest, OakumSlice *out)
{
  return oakum_semver_take_number(rest, 0, out) && fits(*out);
}

/* N, N.N, N.N.N with its tail, or wildcards at the end; `count` is how many numbers there are. */
static gboolean take_partial(OakumSlice *rest, OakumSemver *out, gboolean *wild)
{
  *out = (OakumSemver){.count = 1};
  *wild = FALSE;
  if (!take_number(rest, &out->number[0]))
    return FALSE;
  for (unsigned place = 1; place < 3 && oakum_version_take_char(rest, '.'); place++) {
    if (take_wildcard(rest))
      *wild = TRUE;
    else if (*wild || !take_number(rest, &out->number[out->count++]))
      return FALSE;
  }
  return out->count < 3 || oakum_semver_take_tail(rest, 0, &out->pre, &out->build);
}

static gboolean is_exact(const OakumSemver *v, const OakumSemver *w)
{
  return oakum_semver_head_compare(v, w, w->count) == 0 &&
         (w->count < 3 ? v->pre.len == 0 : oakum_semver_pre_compare(v->pre, w->pre) == 0);
}

/* Beyond all that the numbers stand for. */
static gboolean is_beyond(const OakumSemver *v, const OakumSemver *w, int direction)
{
  int order = oakum_semver_head_compare(v, w, w->count);
  if (order == 0 && w->count == 3)
    order = oakum_semver_pre_compare(v->pre, w->pre);
  return order == direction;
}

/* The first `fixed` numbers are the same, and it is not older; a pre-release of what is written in
 * part is older to a tilde, and is not to a caret. */
static gboolean from_to(const OakumSemver *v, const OakumSemver *w, unsigned fixed, gboolean caret)
{
  int order = oakum_semver_head_compare(v, w, w->count);
  if (order == 0 && !(caret && w->count < 3))
    order = oakum_semver_pre_compare(v->pre, w->pre);
  return oakum_semver_head_compare(v, w, fixed) == 0 && order >= 0;
}

static unsigned caret_fixed(const OakumSemver *w)
{
  unsigned fixed = 1;
  while (fixed < w->count && oakum_version_digits_zero(w->number[fixed - 1]))
    fixed++;
  return fixed;
}

static gboolean holds(Operator operator_, const OakumSemver *v, const OakumSemver *w)
{
  switch (operator_) {
  case EXACT:
    return is_exact(v, w);
  case GREATER:
    return is_beyond(v, w, 1);
  case GREATER_EQUAL:
    return is_exact(v, w) || is_beyond(v, w, 1);
  case LESS:
    return is_beyond(v, w, -1);
  case LESS_EQUAL:
    return is_exact(v, w) || is_beyond(v, w, -1);
  case TILDE:
    return from_to(v, w, MIN(w->count, 2), FALSE);
  case CARET:
  case NO_OPERATOR:
    break;
  }
  return from_to(v, w, caret_fixed(w), TRUE);
}

static gboolean is_blank(int c)
{
  return c == ' ';
}

OakumRangeAnswer oakum_version_cargo_range(OakumSlice range, OakumSlice version)
{
  OakumSemver v, wanted;
  gboolean all = TRUE, pre_named = FALSE, wild;
  if (!cargo_parse(version, &v))
    return OAKUM_RANGE_INVALID;
  oakum_version_take(&range, is_blank);
  OakumSlice rest = range;
  if (take_wildcard(&rest))
    return rest.len == 0 || oakum_version_all(rest, is_blank) ? oakum_range_answer(v.pre.len == 0)
                                                              : OAKUM_RANGE_INVALID;
  for (int count = 1;; count++) {
    Operator operator_ = take_operator(&range);
    oakum_version_take(&range, is_blank);
    if (count > COMPARATORS_MAX || !take_partial(&range, &wanted, &wild))
      return OAKUM_RANGE_INVALID;
    if (wild && operator_ == NO_OPERATOR)
      operator_ = EXACT;
    all &= holds(operator_, &v, &wanted);
    pre_named |= wanted.pre.len > 0 && oakum_semver_head_compare(&v, &wanted, 3) == 0;
    oakum_version_take(&range, is_blank);
    if (range.len == 0)
      return oakum_range_answer(all && (v.pre.len == 0 || pre_named));
    if (!oakum_version_take_char(&range, ','))
      return OAKUM_RANGE_INVALID;
    oakum_version_take(&range, is_blank);
  }
}
