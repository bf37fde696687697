/* Schemes that are lists of numbers: CRAN and Hackage. The longer one of two that begin alike is
 * the newer. */
#include "version/version-private.h"

static gboolean is_cran_gap(int c)
{
  return c == '.' || c == '-';
}

static gboolean is_hackage_gap(int c)
{
  return c == '.';
}

/* Numbers with one gap between two of them. */
static gboolean valid(OakumSlice text, gboolean (*gap)(int c))
{
  for (;;) {
    if (oakum_version_take(&text, oakum_version_is_digit).len == 0)
      return FALSE;
    if (text.len == 0)
      return TRUE;
    if (!gap(*text.data))
      return FALSE;
    oakum_version_skip(&text, 1);
  }
}

static int order_of(OakumSlice a, OakumSlice b)
{
  while (a.len > 0 && b.len > 0) {
    OakumSlice one = oakum_version_take(&a, oakum_version_is_digit),
               other = oakum_version_take(&b, oakum_version_is_digit);
    int order = oakum_version_digits_compare(one, other);
    if (order != 0)
      return order;
    oakum_version_skip(&a, a.len > 0);
    oakum_version_skip(&b, b.len > 0);
  }
  return (a.len > 0) - (b.len > 0);
}

gboolean oakum_version_cran_compare(OakumSlice a, OakumSlice b, int *out)
{
  *out = order_of(a, b);
  return valid(a, is_cran_gap) && valid(b, is_cran_gap);
}

gboolean oakum_version_hackage_compare(OakumSlice a, OakumSlice b, int *out)
{
  a = oakum_version_trim(a);
  b = oakum_version_trim(b);
  *out = order_of(a, b);
  return valid(a, is_hackage_gap) && valid(b, is_hackage_gap);
}

/* The numbers of `version` up to as many as `wanted` has; at most `count` of them. */
static int head_compare(OakumSlice version, OakumSlice wanted, size_t count)
{
  OakumSlice one, other;
  for (size_t i = 0; i < count && oakum_version_split(&wanted, '.', &other); i++) {
    if (!oakum_version_split(&version, '.', &one))
      return -1;
    int order = oakum_version_digits_compare(one, other);
    if (order != 0)
      return order;
  }
  return 0;
}

/* Its second number is there and above 0. */
static gboolean has_second(OakumSlice version)
{
  OakumSlice number;
  return oakum_version_split(&version, '.', &number) &&
         oakum_version_split(&version, '.', &number) &&
         oakum_version_digits_compare(number, OAKUM_VERSION_TEXT("0")) > 0;
}

static gboolean is_hackage_byte(int c)
{
  return oakum_version_is_digit(c) || c == '.';
}

/* Below the next major version, which is of two numbers: behind "1" that is 1.1. */
static gboolean hackage_below_next(OakumSlice version, OakumSlice wanted)
{
  return head_compare(version, wanted, 2) <= 0 &&
         (memchr(wanted.data, '.', wanted.len) || !has_second(version));
}

/* "{1.2, 1.4.1}" behind == or ^>=: any of them. */
static gboolean hackage_set(OakumSlice *rest, OakumSlice version, OakumOperator operator_,
                            gboolean caret, gboolean *all)
{
  gboolean in = FALSE;
  int order;
  if (!caret && operator_ != OAKUM_OPERATOR_EQ)
    return FALSE;
  do {
    oakum_version_take(rest, oakum_version_is_space);
    OakumSlice wanted = oakum_version_take(rest, is_hackage_byte);
    if (!oakum_version_hackage_compare(version, wanted, &order))
      return FALSE;
    in |= oakum_version_holds(operator_, order) && (!caret || hackage_below_next(version, wanted));
    oakum_version_take(rest, oakum_version_is_space);
  } while (oakum_version_take_char(rest, ','));
  *all &= in;
  return oakum_version_take_char(rest, '}');
}

/* One of == >= > <= < ^>= with a version, or with a set of them; "==1.2.*", "-any", "-none". */
static gboolean hackage_constraint(OakumSlice *rest, OakumSlice version, gboolean *all)
{
  int order;
  if (oakum_version_take_text(rest, "-any", FALSE))
    return TRUE;
  if (oakum_version_take_text(rest, "-none", FALSE)) {
    *all = FALSE;
    return TRUE;
  }
  gboolean caret = oakum_version_take_text(rest, "^>=", FALSE);
  OakumOperator operator_ = caret ? OAKUM_OPERATOR_GE : oakum_version_take_operator(rest);
  oakum_version_take(rest, oakum_version_is_space);
  if (oakum_version_take_char(rest, '{'))
    return hackage_set(rest, version, operator_, caret, all);
  OakumSlice wanted = oakum_version_take(rest, is_hackage_byte);
  if (oakum_version_take_char(rest, '*')) {
    if (operator_ != OAKUM_OPERATOR_EQ || wanted.len < 2 || wanted.data[wanted.len - 1] != '.')
      return FALSE;
    wanted.len--;
    *all &= head_compare(version, wanted, SIZE_MAX) == 0;
    return valid(wanted, is_hackage_gap);
  }
  if (operator_ == OAKUM_OPERATOR_NONE || !oakum_version_hackage_compare(version, wanted, &order))
    return FALSE;
  *all &= oakum_version_holds(operator_, order);
  if (caret)
    *all &= hackage_below_next(version, wanted);
  return TRUE;
}

/* Cabal's grammar: "&&" binds closer than "||", and parentheses before both. */
OakumRangeAnswer oakum_version_hackage_range(OakumSlice range, OakumSlice version)
{
  struct {
    gboolean in, all; /* of the alternatives behind us; of this one so far */
  } open[OAKUM_VERSION_PARENTHESES_MAX + 1] = {{FALSE, TRUE}}, *at = open;
  version = oakum_version_trim(version);
  if (!valid(version, is_hackage_gap))
    return OAKUM_RANGE_INVALID;
  for (;;) {
    oakum_version_take(&range, oakum_version_is_space);
    if (oakum_version_take_char(&range, '(')) {
      if (++at == open + G_N_ELEMENTS(open))
        return OAKUM_RANGE_INVALID;
      at->in = FALSE;
      at->all = TRUE;
      continue;
    }
    if (!hackage_constraint(&range, version, &at->all))
      return OAKUM_RANGE_INVALID;
    for (;;) {
      oakum_version_take(&range, oakum_version_is_space);
      if (at == open || !oakum_version_take_char(&range, ')'))
        break;
      gboolean holds = at->in || at->all;
      at--;
      at->all &= holds;
    }
    if (range.len == 0)
      return at == open ? oakum_range_answer(at->in || at->all) : OAKUM_RANGE_INVALID;
    if (oakum_version_take_text(&range, "||", FALSE)) {
      at->in |= at->all;
      at->all = TRUE;
    } else if (!oakum_version_take_text(&range, "&&", FALSE)) {
      return OAKUM_RANGE_INVALID;
    }
  }
}
