/* Gentoo: N(.N)*[a-z](_suffix[N])*[-rN]. */
#include "version/version-private.h"

typedef struct {
  OakumSlice first, rest; /* rest: ".2.03", data as it stands */
  OakumSlice letter, suffixes, revision;
} Portage;

/* In rising order; one that is missing stands where SUFFIX_NONE does. */
static const char *const suffixes[] = {"alpha", "beta", "pre", "rc", "", "p"};
#define SUFFIX_NONE 4

static gboolean take_suffix(OakumSlice *rest, int *kind, OakumSlice *number)
{
  if (!oakum_version_take_char(rest, '_'))
    return FALSE;
  for (int i = 0; i < (int)G_N_ELEMENTS(suffixes); i++) {
    if (i != SUFFIX_NONE && oakum_version_take_text(rest, suffixes[i], FALSE)) {
      *kind = i;
      *number = oakum_version_take(rest, oakum_version_is_digit);
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean is_lower(int c)
{
  return c >= 'a' && c <= 'z';
}

static gboolean parse(OakumSlice text, Portage *out)
{
  int kind;
  OakumSlice number;
  *out = (Portage){.first = oakum_version_take(&text, oakum_version_is_digit)};
  if (out->first.len == 0)
    return FALSE;
  out->rest = text;
  while (oakum_version_take_char(&text, '.'))
    if (oakum_version_take(&text, oakum_version_is_digit).len == 0)
      return FALSE;
  out->rest.len -= text.len;
  if (text.len > 0 && is_lower(*text.data)) {
    out->letter = oakum_version_head(text, 1);
    oakum_version_skip(&text, 1);
  }
  out->suffixes = text;
  while (oakum_version_peek(text, 0) == '_')
    if (!take_suffix(&text, &kind, &number))
      return FALSE;
  out->suffixes.len -= text.len;
  if (oakum_version_take_text(&text, "-r", FALSE)) {
    out->revision = oakum_version_take(&text, oakum_version_is_digit);
    if (out->revision.len == 0)
      return FALSE;
  }
  return text.len == 0;
}

/* Behind the first dot a leading zero makes it a fraction. */
static int fraction_compare(OakumSlice a, OakumSlice b)
{
  if (*a.data != '0' && *b.data != '0')
    return oakum_version_digits_compare(a, b);
  while (a.len > 0 && a.data[a.len - 1] == '0')
    a.len--;
  while (b.len > 0 && b.data[b.len - 1] == '0')
    b.len--;
  return oakum_version_bytes_compare(a, b);
}

static int numbers_compare(OakumSlice a, OakumSlice b)
{
  while (a.len > 0 && b.len > 0) {
    oakum_version_skip(&a, 1);
    oakum_version_skip(&b, 1);
    OakumSlice one = oakum_version_take(&a, oakum_version_is_digit),
               other = oakum_version_take(&b, oakum_version_is_digit);
    int order = fraction_compare(one, other);
    if (order != 0)
      return order;
  }
  return (a.len > 0) - (b.len > 0);
}

static int suffixes_compare(OakumSlice a, OakumSlice b)
{
  while (a.len > 0 || b.len > 0) {
    int kind_a = SUFFIX_NONE, kind_b = SUFFIX_NONE;
    OakumSlice number_a = {NULL, 0}, number_b = {NULL, 0};
    (void)!take_suffix(&a, &kind_a, &number_a);
    (void)!take_suffix(&b, &kind_b, &number_b);
    if (kind_a != kind_b)
      return kind_a < kind_b ? -1 : 1;
    int order = oakum_version_digits_compare(number_a, number_b);
    if (order != 0)
      return order;
  }
  return 0;
}

gboolean oakum_version_portage_compare(OakumSlice a, OakumSlice b, int *out)
{
  Portage va, vb;
  if (!parse(a, &va) || !parse(b, &vb))
    return FALSE;
  int order = oakum_version_digits_compare(va.first, vb.first);
  if (order == 0)
    order = numbers_compare(va.rest, vb.rest);
  if (order == 0)
    order = oakum_version_bytes_compare(va.letter, vb.letter);
  if (order == 0)
    order = suffixes_compare(va.suffixes, vb.suffixes);
  if (order == 0)
    order = oakum_version_digits_compare(va.revision, vb.revision);
  *out = order;
  return TRUE;
}
