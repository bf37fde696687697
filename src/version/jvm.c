/* Java runtimes: 17.0.8.1-ea+3-LTS (JEP 223 and 322), and the older 1.8.0_292-b10 and 8u292-b10,
 * which are 8.0.292+10. */
#include "version/semver-private.h"

typedef struct {
  OakumSlice numbers; /* "17.0.8.1" */
  OakumSlice update;  /* of an old one, in the place of the third number */
  gboolean old;
  OakumSlice pre, build, opt; /* data is NULL where there is none */
} Jvm;

static gboolean take_new_tail(OakumSlice text, Jvm *out)
{
  out->pre = out->build = out->opt = out->update = (OakumSlice){NULL, 0};
  if (oakum_version_take_char(&text, '-')) {
    out->pre = oakum_version_take(&text, oakum_version_is_alnum);
    if (out->pre.len == 0)
      return FALSE;
  }
  if (oakum_version_take_char(&text, '+')) {
    out->build = oakum_version_take(&text, oakum_version_is_digit);
    if (out->build.len == 0) {
      /* "+-opt": no build, but something to tell */
      out->build = (OakumSlice){NULL, 0};
      if (out->pre.data || text.len == 0)
        return FALSE;
    }
  }
  if (oakum_version_take_char(&text, '-')) {
    out->opt = text;
    if (text.len == 0)
      return FALSE;
    for (; text.len > 0; oakum_version_skip(&text, 1))
      if (!oakum_version_is_identifier(*text.data) && *text.data != '.')
        return FALSE;
  }
  return text.len == 0;
}

/* _292, -ea, -b10 and the like, each of which may be missing. */
static gboolean take_old_tail(OakumSlice text, Jvm *out)
{
  if (out->update.len == 0 &&
      (oakum_version_take_char(&text, '_') || oakum_version_take_char(&text, 'u'))) {
    out->update = oakum_version_take(&text, oakum_version_is_digit);
    if (out->update.len == 0)
      return FALSE;
  }
  while (oakum_version_take_char(&text, '-')) {
    OakumSlice word = oakum_version_take(&text, oakum_version_is_alnum), digits = word;
    if (word.len == 0)
      return FALSE;
    if (oakum_version_take_char(&digits, 'b') && digits.len > 0 &&
        oakum_version_all(digits, oakum_version_is_digit))
      out->build = digits;
    else if (oakum_version_is(word, "ea", FALSE) || oakum_version_is(word, "internal", FALSE))
      out->pre = word;
    else
      out->opt = word;
  }
  return text.len == 0;
}

static gboolean parse(OakumSlice text, Jvm *out)
{
  *out = (Jvm){.old = FALSE};
  text = oakum_version_trim(text);
  out->numbers = text;
  do {
    if (oakum_version_take(&text, oakum_version_is_digit).len == 0)
      return FALSE;
  } while (oakum_version_take_char(&text, '.'));
  out->numbers.len -= text.len;
  OakumSlice one = out->numbers;
  if (oakum_version_take_text(&one, "1.", FALSE)) {
    out->old = TRUE;
    out->numbers = one; /* 1.8.0 is 8.0 */
  } else if (oakum_version_peek(text, 0) == 'u') {
    out->old = TRUE;
  }
  return (out->old && take_old_tail(text, out)) || take_new_tail(text, out);
}

static int numbers_compare(const Jvm *a, const Jvm *b)
{
  OakumSlice rest_a = a->numbers, rest_b = b->numbers, one, other;
  for (unsigned i = 0;; i++) {
    one = other = (OakumSlice){NULL, 0};
    gboolean more_a = oakum_version_split(&rest_a, '.', &one),
             more_b = oakum_version_split(&rest_b, '.', &other);
    if (i == 2 && a->old)
      one = a->update;
    if (i == 2 && b->old)
      other = b->update;
    if (!more_a && !more_b && i > 2)
      return 0;
    int order = oakum_version_digits_compare(one, other);
    if (order != 0)
      return order;
  }
}

static int pre_compare(OakumSlice a, OakumSlice b)
{
  if (!a.data || !b.data)
    return a.data ? -1 : b.data ? 1 : 0;
  return oakum_semver_identifiers_compare(a, b, oakum_version_bytes_compare);
}

gboolean oakum_version_jvm_compare(OakumSlice a, OakumSlice b, int *out)
{
  Jvm va, vb;
  if (!parse(a, &va) || !parse(b, &vb))
    return FALSE;
  int order = numbers_compare(&va, &vb);
  if (order == 0)
    order = pre_compare(va.pre, vb.pre);
  if (order == 0 && (!va.build.data || !vb.build.data))
    order = (va.build.data != NULL) - (vb.build.data != NULL);
  else if (order == 0)
    order = oakum_version_digits_compare(va.build, vb.build);
  if (order == 0 && (!va.opt.data || !vb.opt.data))
    order = (va.opt.data != NULL) - (vb.opt.data != NULL);
  else if (order == 0)
    order = oakum_version_bytes_compare(va.opt, vb.opt);
  *out = order;
  return TRUE;
}
