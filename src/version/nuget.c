/* NuGet: one to four numbers, labels of a pre-release in any case; intervals and floating ranges.
 */
#include "version/semver-private.h"

static gboolean nuget_parse(OakumSlice text, OakumSemver *out)
{
  return oakum_semver_parse(oakum_version_trim(text),
                            OAKUM_SEMVER_PARTIAL | OAKUM_SEMVER_MORE | OAKUM_SEMVER_ZEROS, out) &&
         out->count <= 4;
}

static int order_of(const OakumSemver *a, const OakumSemver *b)
{
  int order = oakum_semver_head_compare(a, b, 4);
  if (order != 0)
    return order;
  if (a->pre.len == 0 || b->pre.len == 0)
    return (a->pre.len == 0) - (b->pre.len == 0);
  return oakum_semver_identifiers_compare(a->pre, b->pre, oakum_version_fold_compare);
}

gboolean oakum_version_nuget_compare(OakumSlice a, OakumSlice b, int *out)
{
  OakumSemver va, vb;
  if (!nuget_parse(a, &va) || !nuget_parse(b, &vb))
    return FALSE;
  *out = order_of(&va, &vb);
  return TRUE;
}

typedef struct {
  OakumSemver low;   /* what stands in front of the star; missing numbers are 0 */
  unsigned fixed;    /* numbers that must be the same */
  gboolean floating; /* there is a star */
  gboolean pre;      /* pre-releases that begin with `prefix` are in */
  OakumSlice prefix;
} Float;

static gboolean is_label_byte(int c)
{
  return oakum_version_is_identifier(c) || c == '.';
}

/* "1.*", "1.2.*", "*", "1.2.3-*", "1.2.3-rc.*", "1.*-*", and a version without a star. */
static gboolean float_parse(OakumSlice text, Float *out)
{
  *out = (Float){.floating = FALSE};
  if (text.len == 0 || !memchr(text.data, '*', text.len))
    return nuget_parse(text, &out->low);
  out->floating = TRUE;
  gboolean star = FALSE;
  do {
    star = oakum_version_take_char(&text, '*');
    if (!star) {
      OakumSlice number;
      if (out->fixed == 4 || !oakum_semver_take_number(&text, OAKUM_SEMVER_ZEROS, &number))
        return FALSE;
      out->low.number[out->fixed++] = number;
    }
  } while (!star && oakum_version_take_char(&text, '.'));
  if (!star)
    out->fixed = 4; /* "1.2-*" is of 1.2.0 alone */
  if (oakum_version_take_char(&text, '-')) {
    out->prefix = oakum_version_take(&text, is_label_byte);
    out->pre = oakum_version_take_char(&text, '*');
    if (!out->pre)
      return FALSE;
  }
  return text.len == 0 && (star || out->pre);
}

static gboolean float_holds(const Float *f, const OakumSemver *v)
{
  if (oakum_semver_head_compare(v, &f->low, f->fixed) != 0)
    return FALSE;
  return v->pre.len == 0 ||
         (f->pre && v->pre.len >= f->prefix.len &&
          oakum_version_fold_compare(oakum_version_head(v->pre, f->prefix.len), f->prefix) == 0);
}

/* The lowest version that a floating bound stands for: "1.0-*" is from 1.0.0-0 on, "1.0-rc*" from
 * 1.0.0-rc. Its label is written to room (OAKUM_VERSION_MAX + 1 bytes). */
static void float_begin(Float *f, uint8_t *room)
{
  if (!f->pre || f->prefix.len > OAKUM_VERSION_MAX)
    return;
  f->low.pre = (OakumSlice){room, f->prefix.len};
  if (f->prefix.len > 0)
    memcpy(room, f->prefix.data, f->prefix.len);
  if (f->prefix.len == 0 || strchr(".-", f->prefix.data[f->prefix.len - 1]))
    room[f->low.pre.len++] = '0';
}

OakumRangeAnswer oakum_version_nuget_range(OakumSlice range, OakumSlice version)
{
  OakumSemver v, high;
  Float low;
  uint8_t room[OAKUM_VERSION_MAX + 1];
  range = oakum_version_trim(range);
  if (range.len == 0 || !nuget_parse(version, &v))
    return OAKUM_RANGE_INVALID;
  int c = *range.data, last = range.data[range.len - 1];
  if (c == '<' || c == '>' || c == '=' || c == '!')
    return oakum_version_simple_range(oakum_version_nuget_compare, NULL, range, version);
  if (c != '[' && c != '(') {
    if (!float_parse(range, &low))
      return OAKUM_RANGE_INVALID;
    return oakum_range_answer(low.floating ? float_holds(&low, &v) : order_of(&v, &low.low) >= 0);
  }
  if (range.len < 3 || (last != ']' && last != ')'))
    return OAKUM_RANGE_INVALID;
  OakumSlice inside = oakum_version_head(oakum_version_from(range, 1), range.len - 2), from, to;
  if (!oakum_version_split(&inside, ',', &from))
    return OAKUM_RANGE_INVALID;
  gboolean two = oakum_version_split(&inside, ',', &to);
  from = oakum_version_trim(from);
  to = two ? oakum_version_trim(to) : from;
  if (inside.data || (!two && (c != '[' || last != ']')) || (from.len == 0 && to.len == 0) ||
      (from.len > 0 && !float_parse(from, &low)) || (to.len > 0 && !nuget_parse(to, &high)))
    return OAKUM_RANGE_INVALID;
  if (from.len > 0)
    float_begin(&low, room);
  if (from.len > 0 && to.len > 0 && order_of(&low.low, &high) > 0)
    return OAKUM_RANGE_INVALID;
  if (from.len > 0 && to.len > 0 && (c == '[') != (last == ']') && order_of(&low.low, &high) == 0)
    return OAKUM_RANGE_INVALID; /* "[1.0,1.0)" says two things of 1.0 */
  int above = from.len > 0 ? order_of(&v, &low.low) : 1,
      below = to.len > 0 ? order_of(&v, &high) : -1;
  return oakum_range_answer((c == '[' ? above >= 0 : above > 0) &&
                            (last == ']' ? below <= 0 : below < 0));
}
