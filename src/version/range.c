/* Ranges of the schemes whose tools have only comparators. */
#include "version/version-private.h"

gboolean oakum_version_holds(OakumOperator operator_, int order)
{
  switch (operator_) {
  case OAKUM_OPERATOR_LT:
    return order < 0;
  case OAKUM_OPERATOR_LE:
    return order <= 0;
  case OAKUM_OPERATOR_GE:
    return order >= 0;
  case OAKUM_OPERATOR_GT:
    return order > 0;
  case OAKUM_OPERATOR_NE:
    return order != 0;
  case OAKUM_OPERATOR_NONE:
  case OAKUM_OPERATOR_EQ:
    return order == 0;
  }
  return FALSE;
}

OakumOperator oakum_version_take_operator(OakumSlice *rest)
{
  static const struct {
    const char *text;
    OakumOperator operator_;
  } operators[] = {
      {"<<", OAKUM_OPERATOR_LT}, {"<=", OAKUM_OPERATOR_LE}, {"<", OAKUM_OPERATOR_LT},
      {">>", OAKUM_OPERATOR_GT}, {">=", OAKUM_OPERATOR_GE}, {">", OAKUM_OPERATOR_GT},
      {"==", OAKUM_OPERATOR_EQ}, {"=", OAKUM_OPERATOR_EQ},  {"!=", OAKUM_OPERATOR_NE},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(operators); i++)
    if (oakum_version_take_text(rest, operators[i].text, FALSE))
      return operators[i].operator_;
  return OAKUM_OPERATOR_NONE;
}

static gboolean is_gap(int c)
{
  return oakum_version_is_space(c) || c == ',';
}

static gboolean is_version_byte(int c)
{
  return !is_gap(c) && c != '|' && c != '<' && c != '>' && c != '=' && c != '!';
}

OakumRangeAnswer oakum_version_simple_range(OakumVersionCompare compare, OakumVersionTest test,
                                            OakumSlice range, OakumSlice version)
{
  int order;
  if (compare && !compare(version, version, &order))
    return OAKUM_RANGE_INVALID;
  gboolean in = FALSE;
  do {
    gboolean all = TRUE;
    size_t comparators = 0;
    for (;; comparators++) {
      oakum_version_take(&range, is_gap);
      if (range.len == 0 || *range.data == '|')
        break;
      if (comparators == 0 && oakum_version_take_char(&range, '*'))
        continue;
      OakumOperator operator_ = oakum_version_take_operator(&range);
      oakum_version_take(&range, oakum_version_is_space);
      OakumSlice wanted = oakum_version_take(&range, is_version_byte);
      if (wanted.len == 0 || wanted.len > OAKUM_VERSION_MAX)
        return OAKUM_RANGE_INVALID;
      if (test) {
        OakumRangeAnswer answer = test(operator_, wanted, version);
        if (answer == OAKUM_RANGE_INVALID)
          return answer;
        all &= answer == OAKUM_RANGE_YES;
      } else {
        if (!compare(version, wanted, &order))
          return OAKUM_RANGE_INVALID;
        all &= oakum_version_holds(operator_, order);
      }
    }
    if (comparators == 0)
      return OAKUM_RANGE_INVALID;
    in |= all;
  } while (oakum_version_take_text(&range, "||", FALSE));
  return range.len > 0 ? OAKUM_RANGE_INVALID : oakum_range_answer(in);
}

static size_t find_alternative(OakumSlice range)
{
  size_t at = 0;
  while (at + 1 < range.len && (range.data[at] != '|' || range.data[at + 1] != '|'))
    at++;
  return at + 1 < range.len ? at : range.len;
}

gboolean oakum_version_has_alternatives(OakumSlice range)
{
  return find_alternative(range) < range.len;
}

/* Takes `len` bytes and `separator` behind them; the last part has none. */
static void take_part(OakumSlice *rest, size_t len, size_t separator, OakumSlice *part)
{
  *part = oakum_version_head(*rest, len);
  if (len == rest->len)
    *rest = (OakumSlice){NULL, 0};
  else
    oakum_version_skip(rest, len + separator);
}

gboolean oakum_version_split_alternative(OakumSlice *rest, OakumSlice *part)
{
  if (!rest->data)
    return FALSE;
  take_part(rest, find_alternative(*rest), strlen("||"), part);
  return TRUE;
}

gboolean oakum_version_split_comparator(OakumSlice *rest, gboolean spaces, OakumSlice *part)
{
  if (!spaces)
    return oakum_version_split(rest, ',', part);
  if (!rest->data)
    return FALSE;
  size_t begin = 0; /* ">= 1.0 < 2.0": a space in front of the first operator parts nothing */
  while (begin < rest->len && !oakum_version_is_alnum(rest->data[begin]) &&
         rest->data[begin] != ',')
    begin++;
  size_t at = begin;
  for (; at < rest->len && rest->data[at] != ','; at++) {
    int next = oakum_version_peek(*rest, at + 1);
    if (oakum_version_is_space(rest->data[at]) && next > 0 && strchr("<>=!~", next))
      break;
  }
  take_part(rest, at, 1, part);
  return TRUE;
}
