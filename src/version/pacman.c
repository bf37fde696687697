/* pacman: as rpm of old, [epoch:]version[-release], without '~' and '^'; how much parts two runs
 * counts, and letters behind the end of the other are older than it. */
#include "version/version-private.h"

static gboolean is_separator(int c)
{
  return !oakum_version_is_alnum(c);
}

static int segment_compare(OakumSlice a, OakumSlice b)
{
  while (a.len > 0 && b.len > 0) {
    size_t gap_a = oakum_version_take(&a, is_separator).len,
           gap_b = oakum_version_take(&b, is_separator).len;
    if (a.len == 0 || b.len == 0)
      break;
    if (gap_a != gap_b)
      return gap_a < gap_b ? -1 : 1;
    gboolean digit = oakum_version_is_digit(*a.data);
    if (digit != oakum_version_is_digit(*b.data))
      return digit ? 1 : -1;
    OakumSlice one =
                   oakum_version_take(&a, digit ? oakum_version_is_digit : oakum_version_is_alpha),
               other =
                   oakum_version_take(&b, digit ? oakum_version_is_digit : oakum_version_is_alpha);
    int order =
        digit ? oakum_version_digits_compare(one, other) : oakum_version_bytes_compare(one, other);
    if (order != 0)
      return order;
  }
  if (a.len == 0 && b.len == 0)
    return 0;
  return (a.len == 0 && !oakum_version_is_alpha(*b.data)) ||
                 oakum_version_is_alpha(oakum_version_peek(a, 0))
             ? -1
             : 1;
}

typedef struct {
  OakumSlice epoch, version, release; /* data of the release is NULL where it is missing */
} Evr;

static Evr parse(OakumSlice text)
{
  Evr evr = {.version = text};
  OakumSlice rest = text, digits = oakum_version_take(&rest, oakum_version_is_digit);
  if (oakum_version_take_char(&rest, ':')) {
    evr.epoch = digits;
    evr.version = rest;
  }
  const uint8_t *hyphen = rest.len > 0 ? memrchr(rest.data, '-', rest.len) : NULL;
  if (hyphen) {
    size_t before = (size_t)(hyphen - evr.version.data);
    evr.release = oakum_version_from(evr.version, before + 1);
    evr.version.len = before;
  }
  return evr;
}

gboolean oakum_version_pacman_compare(OakumSlice a, OakumSlice b, int *out)
{
  Evr ea = parse(a), eb = parse(b);
  if (a.len == 0 || b.len == 0)
    return FALSE;
  int order = oakum_version_digits_compare(ea.epoch, eb.epoch);
  if (order == 0)
    order = segment_compare(ea.version, eb.version);
  if (order == 0 && ea.release.data && eb.release.data)
    order = segment_compare(ea.release, eb.release);
  *out = order;
  return TRUE;
}
