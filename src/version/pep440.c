/* PEP 440: [N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local], with all the spellings that Python's
 * `packaging` reads as one of these; and the specifiers of versions. */
#include "version/version-private.h"

typedef struct {
  OakumSlice epoch, release; /* release: "1.2.3" */
  char pre;                  /* 'a', 'b', 'r'; 0: none */
  gboolean post, dev;
  OakumSlice pre_number, post_number, dev_number; /* empty is 0 */
  OakumSlice local;                               /* data is NULL where there is none */
  OakumSlice text;                                /* as it was written, trimmed */
} Pep440;

static gboolean is_separator(int c)
{
  return c == '.' || c == '-' || c == '_';
}

static gboolean take_word(OakumSlice *rest, const char *const *words, size_t count, size_t *which)
{
  for (size_t i = 0; i < count; i++) {
    if (oakum_version_take_text(rest, words[i], TRUE)) {
      *which = i;
      return TRUE;
    }
  }
  return FALSE;
}

/* [-_.]? one of the words [-_.]? N?  Nothing is taken when no word is there. */
static gboolean take_part(OakumSlice *rest, const char *const *words, size_t count, size_t *which,
                          OakumSlice *number)
{
  OakumSlice at = *rest;
  if (is_separator(oakum_version_peek(at, 0)))
    oakum_version_skip(&at, 1);
  if (!take_word(&at, words, count, which))
    return FALSE;
  if (is_separator(oakum_version_peek(at, 0)))
    oakum_version_skip(&at, 1);
  *number = oakum_version_take(&at, oakum_version_is_digit);
  *rest = at;
  return TRUE;
}

static gboolean take_local(OakumSlice *rest, OakumSlice *out)
{
  *out = *rest;
  do {
    if (oakum_version_take(rest, oakum_version_is_alnum).len == 0)
      return FALSE;
  } while (is_separator(oakum_version_peek(*rest, 0)) && (oakum_version_skip(rest, 1), TRUE));
  out->len -= rest->len;
  return TRUE;
}

/* Takes [N!]N(.N)* from the front. */
static gboolean take_release(OakumSlice *rest, Pep440 *out)
{
  out->release = *rest;
  OakumSlice first = oakum_version_take(rest, oakum_version_is_digit);
  if (first.len > 0 && oakum_version_take_char(rest, '!')) {
    out->epoch = first;
    out->release = *rest;
    first = oakum_version_take(rest, oakum_version_is_digit);
  }
  if (first.len == 0)
    return FALSE;
  while (oakum_version_peek(*rest, 0) == '.' &&
         oakum_version_is_digit(oakum_version_peek(*rest, 1))) {
    oakum_version_skip(rest, 1);
    oakum_version_take(rest, oakum_version_is_digit);
  }
  out->release.len -= rest->len;
  return TRUE;
}

static gboolean parse(OakumSlice text, Pep440 *out)
{
  /* longer words in front of those that begin them */
  static const char *const pres[] = {"alpha", "beta", "preview", "pre", "rc", "a", "b", "c"};
  static const char pre_kinds[] = "abrrrabr";
  static const char *const posts[] = {"post", "rev", "r"};
  static const char *const devs[] = {"dev"};
  size_t which;
  *out = (Pep440){.pre = 0};
  OakumSlice rest = out->text = oakum_version_trim(text);
  oakum_version_take_text(&rest, "v", TRUE);
  if (!take_release(&rest, out))
    return FALSE;
  if (take_part(&rest, pres, G_N_ELEMENTS(pres), &which, &out->pre_number))
    out->pre = pre_kinds[which];
  if (oakum_version_peek(rest, 0) == '-' && oakum_version_is_digit(oakum_version_peek(rest, 1))) {
    oakum_version_skip(&rest, 1);
    out->post = TRUE;
    out->post_number = oakum_version_take(&rest, oakum_version_is_digit);
  } else {
    out->post = take_part(&rest, posts, G_N_ELEMENTS(posts), &which, &out->post_number);
  }
  out->dev = take_part(&rest, devs, G_N_ELEMENTS(devs), &which, &out->dev_number);
  if (oakum_version_take_char(&rest, '+') && !take_local(&rest, &out->local))
    return FALSE;
  return rest.len == 0;
}

static int base_compare(const Pep440 *a, const Pep440 *b)
{
  int order = oakum_version_digits_compare(a->epoch, b->epoch);
  return order != 0 ? order : oakum_version_numbers_compare(a->release, b->release, SIZE_MAX);
}

/* Where a version stands among those of its release: 1.0.dev1 < 1.0a1 < 1.0b1 < 1.0rc1 < 1.0. */
static int pre_rank(const Pep440 *v)
{
  return v->pre ? v->pre : v->dev && !v->post ? 0 : 'z';
}

static int flagged_compare(gboolean a, OakumSlice a_number, gboolean b, OakumSlice b_number,
                           int without)
{
  if (!a || !b)
    return a == b ? 0 : a ? -without : without;
  return oakum_version_digits_compare(a_number, b_number);
}

static gboolean take_local_part(OakumSlice *rest, OakumSlice *part)
{
  if (!rest->data)
    return FALSE;
  *part = oakum_version_take(rest, oakum_version_is_alnum);
  if (rest->len > 0)
    oakum_version_skip(rest, 1);
  else
    *rest = (OakumSlice){NULL, 0};
  return TRUE;
}

static int local_compare(OakumSlice a, OakumSlice b)
{
  if (!a.data || !b.data)
    return a.data ? 1 : b.data ? -1 : 0;
  OakumSlice one, other;
  for (;;) {
    gboolean more_a = take_local_part(&a, &one), more_b = take_local_part(&b, &other);
    if (!more_a || !more_b)
      return more_a - more_b;
    gboolean number_a = oakum_version_all(one, oakum_version_is_digit),
             number_b = oakum_version_all(other, oakum_version_is_digit);
    int order = number_a && number_b   ? oakum_version_digits_compare(one, other)
                : number_a != number_b ? (number_a ? 1 : -1)
                                       : oakum_version_fold_compare(one, other);
    if (order != 0)
      return order;
  }
}

static int public_compare(const Pep440 *a, const Pep440 *b)
{
  int order = base_compare(a, b);
  if (order == 0)
    order = oakum_version_sign(pre_rank(a) - pre_rank(b));
  if (order == 0)
    order = oakum_version_digits_compare(a->pre_number, b->pre_number);
  if (order == 0)
    order = flagged_compare(a->post, a->post_number, b->post, b->post_number, -1);
  if (order == 0)
    order = flagged_compare(a->dev, a->dev_number, b->dev, b->dev_number, 1);
  return order;
}

static int full_compare(const Pep440 *a, const Pep440 *b)
{
  int order = public_compare(a, b);
  return order != 0 ? order : local_compare(a->local, b->local);
}

gboolean oakum_version_pep440_compare(OakumSlice a, OakumSlice b, int *out)
{
  Pep440 va, vb;
  if (!parse(a, &va) || !parse(b, &vb))
    return FALSE;
  *out = full_compare(&va, &vb);
  return TRUE;
}

/* ---- specifiers ------------------------------------------------------------------------------ */

static size_t count_numbers(OakumSlice release)
{
  OakumSlice part;
  size_t count = 0;
  while (oakum_version_split(&release, '.', &part))
    count++;
  return count;
}

static gboolean prefix_equal(const Pep440 *v, const Pep440 *wanted, size_t count)
{
  return oakum_version_digits_compare(v->epoch, wanted->epoch) == 0 &&
         oakum_version_numbers_compare(v->release, wanted->release, count) == 0;
}

typedef enum { ARBITRARY, COMPATIBLE, EQUAL, NOT_EQUAL, LE, GE, LT, GT, NO_OPERATOR } Operator;

static Operator take_operator(OakumSlice *rest)
{
  static const char *const texts[] = {"===", "~=", "==", "!=", "<=", ">=", "<", ">"};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    if (oakum_version_take_text(rest, texts[i], FALSE))
      return (Operator)i;
  return NO_OPERATOR;
}

static gboolean is_pre(const Pep440 *v)
{
  return v->pre || v->dev;
}

static gboolean is_before(const Pep440 *v, const Pep440 *w)
{
  Pep440 bound = *w; /* before a release is before its pre-releases, too */
  if (!is_pre(w)) {
    bound.dev = TRUE;
    bound.dev_number = (OakumSlice){NULL, 0};
  }
  return full_compare(v, &bound) < 0;
}

static gboolean is_behind(const Pep440 *v, const Pep440 *w)
{
  gboolean family = base_compare(v, w) == 0 && v->pre == w->pre &&
                    oakum_version_digits_compare(v->pre_number, w->pre_number) == 0;
  /* behind a release is behind its post-releases, too */
  return public_compare(v, w) > 0 && (w->post || w->dev || !family);
}

static gboolean in_order(Operator operator_, const Pep440 *v, const Pep440 *w)
{
  switch (operator_) {
  case LE:
    return public_compare(v, w) <= 0;
  case GE:
    return public_compare(v, w) >= 0;
  case LT:
    return is_before(v, w);
  case GT:
    return is_behind(v, w);
  case COMPATIBLE:
    return public_compare(v, w) >= 0 && prefix_equal(v, w, count_numbers(w->release) - 1);
  case EQUAL:
  case NOT_EQUAL:
    return (w->local.data ? full_compare(v, w) : public_compare(v, w)) == 0;
  case ARBITRARY:
  case NO_OPERATOR:
    break;
  }
  return FALSE;
}

/* "===" compares texts, and takes what is no version, too: v is NULL then. FALSE when there is no
 * answer. */
static gboolean specifier(const Pep440 *v, OakumSlice version, OakumSlice text, gboolean *all)
{
  Pep440 wanted = {.pre = 0};
  text = oakum_version_trim(text);
  Operator operator_ = take_operator(&text);
  text = oakum_version_trim(text);
  if (operator_ == NO_OPERATOR || text.len == 0)
    return FALSE;
  if (operator_ == ARBITRARY) {
    for (size_t i = 0; i < text.len; i++)
      if (oakum_version_is_space(text.data[i]) || text.data[i] == ';' || text.data[i] == ')')
        return FALSE;
    *all &= oakum_version_fold_compare(text, version) == 0;
    return TRUE;
  }
  if (!v)
    return FALSE;
  if ((operator_ == EQUAL || operator_ == NOT_EQUAL) && text.len > 2 &&
      memcmp(text.data + text.len - 2, ".*", 2) == 0) {
    OakumSlice rest = oakum_version_head(text, text.len - 2);
    oakum_version_take_text(&rest, "v", TRUE);
    if (!take_release(&rest, &wanted) || rest.len > 0)
      return FALSE;
    *all &= prefix_equal(v, &wanted, count_numbers(wanted.release)) == (operator_ == EQUAL);
    return TRUE;
  }
  if (!parse(text, &wanted) ||
      (wanted.local.data && operator_ != EQUAL && operator_ != NOT_EQUAL) ||
      (operator_ == COMPATIBLE && count_numbers(wanted.release) < 2))
    return FALSE;
  *all &= in_order(operator_, v, &wanted) != (operator_ == NOT_EQUAL);
  return TRUE;
}

/* Whether "===" stands in it, behind which any text may. */
static gboolean has_arbitrary(OakumSlice range)
{
  for (; range.len >= 3; oakum_version_skip(&range, 1))
    if (memcmp(range.data, "===", 3) == 0)
      return TRUE;
  return FALSE;
}

OakumRangeAnswer oakum_version_pep440_range(OakumSlice range, OakumSlice version)
{
  Pep440 parsed;
  const Pep440 *v = parse(version, &parsed) ? &parsed : NULL;
  gboolean several = oakum_version_has_alternatives(range) && !has_arbitrary(range), in = FALSE,
           any = FALSE;
  OakumSlice one, part;
  version = oakum_version_trim(version);
  if (!range.data)
    range = OAKUM_VERSION_TEXT("");
  do {
    one = range;
    if (several && !oakum_version_split_alternative(&range, &one))
      break;
    gboolean all = TRUE, some = FALSE;
    while (oakum_version_split_comparator(&one, several, &part)) {
      if (oakum_version_trim(part).len == 0)
        continue;
      some = TRUE;
      if (!specifier(v, version, part, &all))
        return OAKUM_RANGE_INVALID;
    }
    if (several && !some)
      return OAKUM_RANGE_INVALID;
    any |= some;
    in |= all;
  } while (several);
  /* Pre-releases are in where no other version is asked for, as here. */
  return v || any ? oakum_range_answer(in) : OAKUM_RANGE_INVALID;
}
