#include "version/semver-private.h"

gboolean oakum_semver_take_number(OakumSlice *rest, OakumSemverFlags flags, OakumSlice *out)
{
  *out = oakum_version_take(rest, oakum_version_is_digit);
  return out->len > 0 && (out->len == 1 || *out->data != '0' || (flags & OAKUM_SEMVER_ZEROS));
}

static gboolean is_number(OakumSlice identifier)
{
  return identifier.len > 0 && oakum_version_all(identifier, oakum_version_is_digit);
}

static gboolean take_identifiers(OakumSlice *rest, gboolean zeros, OakumSlice *out)
{
  *out = *rest;
  do {
    OakumSlice one = oakum_version_take(rest, oakum_version_is_identifier);
    if (one.len == 0 || (!zeros && one.len > 1 && *one.data == '0' && is_number(one)))
      return FALSE;
  } while (oakum_version_take_char(rest, '.'));
  out->len -= rest->len;
  return TRUE;
}

gboolean oakum_semver_take_tail(OakumSlice *rest, OakumSemverFlags flags, OakumSlice *pre,
                                OakumSlice *build)
{
  *pre = *build = (OakumSlice){NULL, 0};
  if (oakum_version_take_char(rest, '-') &&
      !take_identifiers(rest, (flags & OAKUM_SEMVER_ZEROS) != 0, pre))
    return FALSE;
  return !oakum_version_take_char(rest, '+') || take_identifiers(rest, TRUE, build);
}

gboolean oakum_semver_parse(OakumSlice text, OakumSemverFlags flags, OakumSemver *out)
{
  *out = (OakumSemver){.count = 0};
  if (flags & OAKUM_SEMVER_V)
    oakum_version_take_char(&text, 'v');
  out->numbers = text;
  do {
    OakumSlice number;
    if (!oakum_semver_take_number(&text, flags, &number))
      return FALSE;
    if (out->count < G_N_ELEMENTS(out->number))
      out->number[out->count] = number;
    out->count++;
  } while (oakum_version_take_char(&text, '.'));
  out->numbers.len -= text.len;
  if ((out->count < 3 && !(flags & OAKUM_SEMVER_PARTIAL)) ||
      (out->count > 3 && !(flags & OAKUM_SEMVER_MORE)))
    return FALSE;
  return oakum_semver_take_tail(&text, flags, &out->pre, &out->build) && text.len == 0;
}

int oakum_semver_head_compare(const OakumSemver *a, const OakumSemver *b, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    int order = oakum_version_digits_compare(a->number[i], b->number[i]);
    if (order != 0)
      return order;
  }
  return 0;
}

int oakum_semver_identifiers_compare(OakumSlice a, OakumSlice b,
                                     int (*words)(OakumSlice a, OakumSlice b))
{
  OakumSlice one, other;
  for (;;) {
    gboolean more_a = oakum_version_split(&a, '.', &one),
             more_b = oakum_version_split(&b, '.', &other);
    if (!more_a || !more_b)
      return more_a - more_b;
    gboolean number_a = is_number(one), number_b = is_number(other);
    int order = number_a && number_b   ? oakum_version_digits_compare(one, other)
                : number_a != number_b ? (number_a ? -1 : 1)
                                       : words(one, other);
    if (order != 0)
      return order;
  }
}

int oakum_semver_pre_compare(OakumSlice a, OakumSlice b)
{
  if (a.len == 0 || b.len == 0)
    return (a.len == 0) - (b.len == 0);
  return oakum_semver_identifiers_compare(a, b, oakum_version_bytes_compare);
}

int oakum_semver_order(const OakumSemver *a, const OakumSemver *b)
{
  int order = oakum_version_numbers_compare(a->numbers, b->numbers, SIZE_MAX);
  return order != 0 ? order : oakum_semver_pre_compare(a->pre, b->pre);
}

gboolean oakum_version_semver_compare(OakumSlice a, OakumSlice b, int *out)
{
  OakumSemver va, vb;
  if (!oakum_semver_parse(oakum_version_trim(a), OAKUM_SEMVER_ANY, &va) ||
      !oakum_semver_parse(oakum_version_trim(b), OAKUM_SEMVER_ANY, &vb))
    return FALSE;
  *out = oakum_semver_order(&va, &vb);
  return TRUE;
}
