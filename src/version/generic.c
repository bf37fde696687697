/* What is of no known scheme (programs that no package manager installed): runs of digits and of
 * letters, whatever stands between. Missing numbers are 0; a word that tells of a pre-release is
 * before the end, other words are behind it (1.1.1k, 9.0p1), a number is behind every word. */
#include "version/version-private.h"

typedef struct {
  int rank; /* PRE... < END < WORD; numbers are compared with the end as 0 */
  OakumSlice text;
  gboolean digits;
} Token;

#define RANK_END 10
#define RANK_WORD 11

static gboolean is_between(int c)
{
  return !oakum_version_is_alnum(c);
}

static Token next_token(OakumSlice *rest)
{
  static const struct {
    const char *word;
    int rank;
  } pres[] = {{"dev", 0}, {"snapshot", 0},  {"nightly", 0}, {"alpha", 1},   {"beta", 2},
              {"m", 3},   {"milestone", 3}, {"pre", 4},     {"preview", 4}, {"prerelease", 4},
              {"rc", 5},  {"cr", 5},        {"ea", 0},      {"test", 0}};
  static const char *const nothing[] = {"final", "ga", "release", "stable"};
  for (;;) {
    oakum_version_take(rest, is_between);
    if (rest->len == 0)
      return (Token){RANK_END, {NULL, 0}, FALSE};
    if (oakum_version_is_digit(*rest->data))
      return (Token){RANK_END, oakum_version_take(rest, oakum_version_is_digit), TRUE};
    Token token = {RANK_WORD, oakum_version_take(rest, oakum_version_is_alpha), FALSE};
    for (size_t i = 0; i < G_N_ELEMENTS(pres); i++)
      if (oakum_version_is(token.text, pres[i].word, TRUE))
        token.rank = pres[i].rank;
    gboolean skipped = FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(nothing); i++)
      skipped |= oakum_version_is(token.text, nothing[i], TRUE);
    if (!skipped)
      return token;
  }
}

static int order_of(const Token *a, const Token *b)
{
  if (a->digits && b->digits)
    return oakum_version_digits_compare(a->text, b->text);
  if (a->digits || b->digits) {
    const Token *number = a->digits ? a : b, *other = a->digits ? b : a;
    int order = other->text.len > 0 ? 1 : oakum_version_digits_zero(number->text) ? 0 : 1;
    return a->digits ? order : -order;
  }
  if (a->rank != b->rank)
    return a->rank < b->rank ? -1 : 1;
  return a->rank == RANK_WORD ? oakum_version_fold_compare(a->text, b->text) : 0;
}

static OakumSlice without_v(OakumSlice text)
{
  text = oakum_version_trim(text);
  int c = oakum_version_peek(text, 0);
  if ((c == 'v' || c == 'V') && oakum_version_is_digit(oakum_version_peek(text, 1)))
    oakum_version_skip(&text, 1);
  return text;
}

gboolean oakum_version_generic_compare(OakumSlice a, OakumSlice b, int *out)
{
  *out = 0;
  a = without_v(a);
  b = without_v(b);
  if (a.len == 0 || b.len == 0)
    return FALSE;
  for (;;) {
    OakumSlice at_a = a, at_b = b;
    Token one = next_token(&at_a), other = next_token(&at_b);
    if (one.text.len == 0 && other.text.len == 0)
      return TRUE;
    /* "1.0-rc1" and "1.0.0": a zero against a word that comes in its place says nothing */
    gboolean zero_a = one.digits && oakum_version_digits_zero(one.text),
             zero_b = other.digits && oakum_version_digits_zero(other.text);
    if (zero_a != zero_b && !(one.digits && other.digits)) {
      a = zero_a ? at_a : a;
      b = zero_b ? at_b : b;
      continue;
    }
    *out = order_of(&one, &other);
    if (*out != 0)
      return TRUE;
    a = at_a;
    b = at_b;
  }
}
