/* rpm: [epoch:]version[-release]; each part goes by runs of digits and of letters, '~' before and
 * '^' behind the end. */
#include "version/version-private.h"

typedef struct {
  OakumSlice epoch, version, release; /* data is NULL where the part is missing */
} Evr;

static gboolean is_separator(int c)
{
  return !oakum_version_is_alnum(c) && c != '~' && c != '^';
}

static int segment_compare(OakumSlice a, OakumSlice b)
{
  for (;;) {
    oakum_version_take(&a, is_separator);
    oakum_version_take(&b, is_separator);
    int ca = oakum_version_peek(a, 0), cb = oakum_version_peek(b, 0);
    if (ca == '~' || cb == '~') {
      if (ca != cb)
        return ca == '~' ? -1 : 1;
      oakum_version_skip(&a, 1);
      oakum_version_skip(&b, 1);
      continue;
    }
    if (ca == '^' || cb == '^') {
      /* newer than the end, older than all that goes on */
      if (ca != cb)
        return (ca == '^') == (ca < 0 || cb < 0) ? 1 : -1;
      oakum_version_skip(&a, 1);
      oakum_version_skip(&b, 1);
      continue;
    }
    if (ca < 0 || cb < 0)
      return ca < 0 ? (cb < 0 ? 0 : -1) : 1;
    if (oakum_version_is_digit(ca) != oakum_version_is_digit(cb))
      return oakum_version_is_digit(ca) ? 1 : -1;
    int order;
    if (oakum_version_is_digit(ca)) {
      OakumSlice da = oakum_version_take(&a, oakum_version_is_digit),
                 db = oakum_version_take(&b, oakum_version_is_digit);
      order = oakum_version_digits_compare(da, db);
    } else {
      OakumSlice wa = oakum_version_take(&a, oakum_version_is_alpha),
                 wb = oakum_version_take(&b, oakum_version_is_alpha);
      order = oakum_version_bytes_compare(wa, wb);
    }
    if (order != 0)
      return order;
  }
}

gboolean oakum_version_rpm_segment_compare(OakumSlice a, OakumSlice b, int *out)
{
  *out = segment_compare(a, b);
  return TRUE;
}

static gboolean evr_parse(OakumSlice text, Evr *out)
{
  *out = (Evr){.version = text};
  OakumSlice rest = text, digits = oakum_version_take(&rest, oakum_version_is_digit);
  if (oakum_version_take_char(&rest, ':')) {
    out->epoch = digits.len > 0 ? digits : OAKUM_VERSION_TEXT("0");
    out->version = rest;
  }
  /* the version may not begin with its release: "1-2" is, "-2" is an empty version */
  const uint8_t *hyphen = rest.len > 0 ? memrchr(rest.data, '-', rest.len) : NULL;
  if (hyphen) {
    size_t before = (size_t)(hyphen - out->version.data);
    out->release = oakum_version_from(out->version, before + 1);
    out->version.len = before;
  }
  return text.len > 0;
}

static int part_compare(OakumSlice a, OakumSlice b)
{
  if (!a.data || !b.data)
    return a.data ? 1 : b.data ? -1 : 0;
  return segment_compare(a, b);
}

gboolean oakum_version_rpm_compare(OakumSlice a, OakumSlice b, int *out)
{
  Evr ea, eb;
  if (!evr_parse(a, &ea) || !evr_parse(b, &eb))
    return FALSE;
  int order = oakum_version_digits_compare(ea.epoch, eb.epoch);
  if (order == 0)
    order = part_compare(ea.version, eb.version);
  if (order == 0)
    order = part_compare(ea.release, eb.release);
  *out = order;
  return TRUE;
}

/* As a dependency is met: a side without a release stands for any release, if it may be equal. */
static OakumRangeAnswer test(OakumOperator operator_, OakumSlice wanted, OakumSlice version)
{
  Evr v, w;
  if (!evr_parse(version, &v) || !evr_parse(wanted, &w))
    return OAKUM_RANGE_INVALID;
  int order = oakum_version_digits_compare(v.epoch, w.epoch);
  if (order == 0)
    order = segment_compare(v.version, w.version);
  gboolean v_release = v.release.len > 0, w_release = w.release.len > 0;
  if (order == 0 && v_release && w_release)
    order = segment_compare(v.release, w.release);
  else if (order == 0 && w_release && operator_ != OAKUM_OPERATOR_NE)
    return OAKUM_RANGE_YES;
  return oakum_range_answer(oakum_version_holds(operator_, order));
}

OakumRangeAnswer oakum_version_rpm_range(OakumSlice range, OakumSlice version)
{
  return oakum_version_simple_range(oakum_version_rpm_compare, test, range, version);
}
