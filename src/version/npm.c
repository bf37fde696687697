/* npm, as the package `semver` reads versions and ranges in its strict way. */
#include "version/semver-private.h"

#define VERSION_MAX 256               /* bytes that the model takes */
#define NUMBER_MAX "9007199254740991" /* the largest whole number that it takes */

typedef struct {
  OakumSemver version;
  unsigned known;   /* how many numbers stand in front of the first wildcard or the end: 0 to 3 */
  gboolean tangled; /* a number behind a wildcard */
  gboolean odd;     /* more than "v" in front, which is good where the numbers are taken apart */
} XRange;

/* One alternative of a range against one version: what holds so far. */
typedef struct {
  const OakumSemver *version;
  gboolean all;         /* each comparator so far holds */
  gboolean pre_allowed; /* one has a pre-release of the same three numbers */
  gboolean bounded;     /* one is not for all versions */
} Check;

static gboolean numbers_fit(const OakumSemver *v)
{
  for (unsigned i = 0; i < 3; i++)
    if (oakum_version_digits_compare(v->number[i], OAKUM_VERSION_TEXT(NUMBER_MAX)) > 0)
      return FALSE;
  return TRUE;
}

static gboolean npm_parse(OakumSlice text, OakumSemver *out)
{
  return text.len <= VERSION_MAX &&
         oakum_semver_parse(oakum_version_trim(text), OAKUM_SEMVER_V, out) && numbers_fit(out);
}

gboolean oakum_version_npm_compare(OakumSlice a, OakumSlice b, int *out)
{
  OakumSemver va, vb;
  if (!npm_parse(a, &va) || !npm_parse(b, &vb))
    return FALSE;
  *out = oakum_semver_order(&va, &vb);
  return TRUE;
}

static gboolean is_v_or_equals(int c)
{
  return c == 'v' || c == '=';
}

static gboolean is_any(int c)
{
  return c == 'x' || c == 'X' || c == '*';
}

/* Takes a number or a wildcard; `known` stops counting at the first wildcard. */
static gboolean take_place(OakumSlice *rest, unsigned place, XRange *out)
{
  int c = oakum_version_peek(*rest, 0);
  if (is_any(c)) {
    oakum_version_skip(rest, 1);
    return TRUE;
  }
  OakumSlice number;
  if (!oakum_semver_take_number(rest, 0, &number))
    return FALSE;
  if (out->known == place) {
    out->version.number[place] = number;
    out->known = place + 1;
  } else {
    out->tangled = TRUE;
  }
  return TRUE;
}

static gboolean take_xrange(OakumSlice *rest, XRange *out)
{
  *out = (XRange){.known = 0};
  OakumSlice build;
  OakumSlice front = oakum_version_take(rest, is_v_or_equals);
  out->odd = front.len > 1 || (front.len == 1 && *front.data == '=');
  if (!take_place(rest, 0, out))
    return FALSE;
  if (!oakum_version_take_char(rest, '.'))
    return TRUE;
  if (!take_place(rest, 1, out))
    return FALSE;
  if (!oakum_version_take_char(rest, '.'))
    return TRUE;
  if (!take_place(rest, 2, out))
    return FALSE;
  return oakum_semver_take_tail(rest, 0, &out->version.pre, &build);
}

static int order_of(const Check *check, const OakumSemver *bound)
{
  int order = oakum_semver_head_compare(check->version, bound, 3);
  return order != 0 ? order : oakum_semver_pre_compare(check->version->pre, bound->pre);
}

/* The bound of three numbers and perhaps a pre-release. */
static gboolean compare(Check *check, OakumOperator operator_, const OakumSemver *bound)
{
  if (!numbers_fit(bound))
    return FALSE;
  if (operator_ == OAKUM_OPERATOR_GE && bound->pre.len == 0 &&
      oakum_version_digits_zero(bound->number[0]) && oakum_version_digits_zero(bound->number[1]) &&
      oakum_version_digits_zero(bound->number[2]))
    return TRUE; /* ">=0.0.0" is for all, pre-releases of 0.0.0 as well */
  check->bounded = TRUE;
  check->all &= oakum_version_holds(operator_, order_of(check, bound));
  check->pre_allowed |=
      bound->pre.len > 0 && oakum_semver_head_compare(check->version, bound, 3) == 0;
  return TRUE;
}

/* The bound whose number before `known` is one higher and the later ones 0; `pre` is "0" for one
 * that shuts out pre-releases as well. */
static gboolean compare_next(Check *check, OakumOperator operator_, const OakumSemver *from,
                             unsigned known, OakumSlice pre)
{
  uint8_t room[OAKUM_VERSION_MAX + 1];
  OakumSemver bound = {.count = 3};
  if (from->number[known - 1].len > OAKUM_VERSION_MAX)
    return FALSE;
  for (unsigned i = 0; i + 1 < known; i++)
    bound.number[i] = from->number[i];
  bound.number[known - 1] = oakum_version_digits_next(from->number[known - 1], room);
  bound.pre = pre;
  return compare(check, operator_, &bound);
}

static const OakumSlice none = {NULL, 0};

/* From the numbers that are known to the end of what they stand for. */
static gboolean between(Check *check, XRange *x, unsigned fixed)
{
  if (x->known < 3)
    x->version.pre = none;
  return compare(check, OAKUM_OPERATOR_GE, &x->version) &&
         compare_next(check, OAKUM_OPERATOR_LT, &x->version, fixed, OAKUM_VERSION_TEXT("0"));
}

static gboolean caret(Check *check, XRange *x)
{
  if (x->known == 0)
    return TRUE;
  unsigned fixed = 1;
  while (fixed < x->known && oakum_version_digits_zero(x->version.number[fixed - 1]))
    fixed++;
  return between(check, x, fixed);
}

static gboolean tilde(Check *check, XRange *x)
{
  return x->known == 0 || between(check, x, MIN(x->known, 2));
}

static gboolean xrange(Check *check, OakumOperator operator_, XRange *x)
{
  if (x->known == 3)
    return !x->odd && compare(check, operator_, &x->version);
  x->version.pre = none;
  if (x->known == 0) {
    if (operator_ == OAKUM_OPERATOR_LT || operator_ == OAKUM_OPERATOR_GT) {
      check->all = FALSE;
      check->bounded = TRUE;
    }
    return TRUE;
  }
  switch (operator_) {
  case OAKUM_OPERATOR_GT:
    return compare_next(check, OAKUM_OPERATOR_GE, &x->version, x->known, none);
  case OAKUM_OPERATOR_LE:
    return compare_next(check, OAKUM_OPERATOR_LT, &x->version, x->known, OAKUM_VERSION_TEXT("0"));
  case OAKUM_OPERATOR_LT:
    x->version.pre = OAKUM_VERSION_TEXT("0");
    return compare(check, operator_, &x->version);
  case OAKUM_OPERATOR_GE:
    return compare(check, operator_, &x->version);
  case OAKUM_OPERATOR_NONE:
  case OAKUM_OPERATOR_EQ:
  case OAKUM_OPERATOR_NE:
    break;
  }
  return between(check, x, x->known);
}

static OakumOperator take_operator(OakumSlice *rest)
{
  gboolean less = oakum_version_take_char(rest, '<'),
           greater = !less && oakum_version_take_char(rest, '>'),
           equal = oakum_version_take_char(rest, '=');
  return less      ? (equal ? OAKUM_OPERATOR_LE : OAKUM_OPERATOR_LT)
         : greater ? (equal ? OAKUM_OPERATOR_GE : OAKUM_OPERATOR_GT)
         : equal   ? OAKUM_OPERATOR_EQ
                   : OAKUM_OPERATOR_NONE;
}

static void skip_spaces(OakumSlice *rest)
{
  oakum_version_take(rest, oakum_version_is_space);
}

static void skip_equals(OakumSlice *rest)
{
  skip_spaces(rest);
  oakum_version_take_char(rest, '=');
  skip_spaces(rest);
}

static gboolean comparator(Check *check, OakumSlice *rest)
{
  XRange x;
  if (oakum_version_take_char(rest, '^')) {
    skip_equals(rest);
    return take_xrange(rest, &x) && caret(check, &x);
  }
  if (oakum_version_take_char(rest, '~')) {
    skip_spaces(rest);
    oakum_version_take_char(rest, '>');
    skip_equals(rest);
    return take_xrange(rest, &x) && tilde(check, &x);
  }
  OakumOperator operator_ = take_operator(rest);
  skip_spaces(rest);
  /* "< =1.0.0": npm takes the spaces in front of a version away before it looks for "<=" */
  OakumSlice version = *rest;
  if ((operator_ == OAKUM_OPERATOR_LT || operator_ == OAKUM_OPERATOR_GT) &&
      oakum_version_take_char(&version, '=')) {
    OakumSlice behind = version;
    oakum_version_take(&version, is_v_or_equals);
    int c = oakum_version_peek(version, 0);
    if (oakum_version_is_digit(c) || is_any(c)) {
      *rest = behind;
      operator_ = operator_ == OAKUM_OPERATOR_LT ? OAKUM_OPERATOR_LE : OAKUM_OPERATOR_GE;
    }
  }
  return take_xrange(rest, &x) && !x.tangled && xrange(check, operator_, &x);
}

static gboolean is_front_of_end(int c)
{
  return is_v_or_equals(c) || oakum_version_is_space(c);
}

/* `A - B` with both ends inside; FALSE when it is none of that kind. */
static gboolean hyphen(Check *check, OakumSlice text, gboolean *valid)
{
  XRange from, to;
  if (!take_xrange(&text, &from) || oakum_version_take(&text, oakum_version_is_space).len != 1 ||
      !oakum_version_take_char(&text, '-') ||
      oakum_version_take(&text, oakum_version_is_space).len != 1)
    return FALSE;
  /* "v 1.2.3-rc": what is in front of the end is forgotten where that has a pre-release */
  OakumSlice front = oakum_version_take(&text, is_front_of_end);
  if (!take_xrange(&text, &to) || text.len > 0)
    return FALSE;
  to.odd = (front.len > 1 || (front.len == 1 && *front.data == '=')) && to.version.pre.len == 0;
  *valid = xrange(check, OAKUM_OPERATOR_GE, &from) && xrange(check, OAKUM_OPERATOR_LE, &to);
  return TRUE;
}

typedef struct {
  gboolean one;       /* the version is in one of the alternatives */
  gboolean unbounded; /* one is for all versions, which makes the others void */
} Verdict;

static gboolean alternative(OakumSlice text, const OakumSemver *version, Verdict *verdict)
{
  Check check = {.version = version, .all = TRUE};
  gboolean valid = TRUE;
  text = oakum_version_trim(text);
  if (!hyphen(&check, text, &valid)) {
    while (valid && text.len > 0) {
      valid = comparator(&check, &text) &&
              (text.len == 0 || oakum_version_take(&text, oakum_version_is_space).len > 0);
    }
  }
  verdict->one |= check.all && (version->pre.len == 0 || check.pre_allowed);
  verdict->unbounded |= !check.bounded;
  return valid;
}

static gboolean alternatives(OakumSlice range, const OakumSemver *version, Verdict *verdict)
{
  for (;;) {
    size_t end = 0;
    while (end < range.len &&
           !(range.data[end] == '|' && oakum_version_peek(range, end + 1) == '|'))
      end++;
    if (!alternative(oakum_version_head(range, end), version, verdict))
      return FALSE;
    if (end == range.len)
      return TRUE;
    oakum_version_skip(&range, end + 2);
  }
}

/* Build metadata is taken out wherever it stands, before anything else is looked at but spaces, of
 * which one stays of several: what stood between two leaves both. */
static OakumSlice without_build(OakumSlice range, uint8_t *room)
{
  OakumSlice out = {room, 0};
  while (range.len > 0) {
    if (*range.data == '+' && oakum_version_is_identifier(oakum_version_peek(range, 1))) {
      do {
        oakum_version_skip(&range, 1);
        oakum_version_take(&range, oakum_version_is_identifier);
      } while (oakum_version_peek(range, 0) == '.' &&
               oakum_version_is_identifier(oakum_version_peek(range, 1)));
    } else if (oakum_version_take(&range, oakum_version_is_space).len > 0) {
      room[out.len++] = ' ';
    } else {
      room[out.len++] = *range.data;
      oakum_version_skip(&range, 1);
    }
  }
  return out;
}

OakumRangeAnswer oakum_version_npm_range(OakumSlice range, OakumSlice version)
{
  uint8_t room[OAKUM_RANGE_MAX];
  OakumSemver v;
  Verdict verdict = {FALSE, FALSE};
  if (!npm_parse(version, &v) || !alternatives(without_build(range, room), &v, &verdict))
    return OAKUM_RANGE_INVALID;
  return oakum_range_answer(verdict.unbounded ? v.pre.len == 0 : verdict.one);
}
