/* Composer: versions are first brought to a normal form of four numbers and a modifier, and
 * compared as PHP's version_compare() does it. A branch ("dev-main") is equal to itself and has no
 * order. */
#include "version/composer-private.h"

void oakum_composer_take_modifier(OakumSlice *rest, gboolean fold, OakumComposerModifier *out)
{
  /* longer words in front of those that begin them */
  static const char *const words[] = {"stable", "beta",  "b",  "RC", "alpha",
                                      "a",      "patch", "pl", "p"};
  *out = (OakumComposerModifier){.dev = FALSE};
  int c = oakum_version_peek(*rest, 0);
  if (c == '.' || c == '_' || c == '-')
    oakum_version_skip(rest, 1);
  out->word.data = rest->data;
  for (size_t i = 0; i < G_N_ELEMENTS(words) && out->word.len == 0; i++)
    if (oakum_version_take_text(rest, words[i], fold))
      out->word.len = strlen(words[i]);
  out->digits = *rest;
  while (out->word.len > 0) {
    c = oakum_version_peek(*rest, 0);
    size_t gap = c == '.' || c == '-';
    if (!oakum_version_is_digit(oakum_version_peek(*rest, gap)))
      break;
    oakum_version_skip(rest, gap);
    oakum_version_take(rest, oakum_version_is_digit);
  }
  out->digits.len -= rest->len;
  c = oakum_version_peek(*rest, 0);
  OakumSlice dev = oakum_version_from(*rest, c == '.' || c == '-');
  out->dev = oakum_version_take_text(&dev, "dev", fold);
  if (out->dev)
    *rest = dev;
}

static gboolean not_gap(int c)
{
  return c != ',' && !oakum_version_is_space(c);
}

void oakum_composer_drop_alias(OakumSlice *text)
{
  OakumSlice rest = *text, name = oakum_version_take(&rest, not_gap);
  if (name.len == 0 || !oakum_version_take_char(&rest, ' '))
    return;
  while (oakum_version_take_char(&rest, ' '))
    ;
  if (!oakum_version_take_text(&rest, "as ", FALSE))
    return;
  while (oakum_version_take_char(&rest, ' '))
    ;
  if (rest.len > 0 && oakum_version_all(rest, not_gap))
    *text = name;
}

gboolean oakum_composer_drop_stability(OakumSlice *text, OakumSlice *word)
{
  static const char *const words[] = {"stable", "RC", "beta", "alpha", "dev"};
  const uint8_t *at = text->len > 0 ? memrchr(text->data, '@', text->len) : NULL;
  if (!at)
    return FALSE;
  size_t before = (size_t)(at - text->data);
  *word = oakum_version_from(*text, before + 1);
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
    if (oakum_version_is(*word, words[i], TRUE)) {
      text->len = before;
      return TRUE;
    }
  }
  return FALSE;
}

gboolean oakum_composer_take_x_dev(OakumSlice *rest)
{
  OakumSlice at = *rest;
  int c = oakum_version_peek(at, 1);
  if (oakum_version_peek(at, 0) != '.' || (c != 'x' && c != 'X' && c != '*'))
    return FALSE;
  oakum_version_skip(&at, 2);
  c = oakum_version_peek(at, 0);
  oakum_version_skip(&at, c == '.' || c == '-');
  if (!oakum_version_take_text(&at, "dev", TRUE))
    return FALSE;
  *rest = at;
  return TRUE;
}

static void append(GString *out, OakumSlice text)
{
  g_string_append_len(out, (const char *)text.data, (gssize)text.len);
}

/* v?N(.N){0,3} with at most five digits in the first */
static gboolean take_numbers(OakumSlice *rest, GString *out)
{
  oakum_version_take_text(rest, "v", TRUE);
  OakumSlice first = oakum_version_take(rest, oakum_version_is_digit);
  if (first.len == 0 || first.len > 5)
    return FALSE;
  append(out, first);
  for (int i = 0; i < 3; i++) {
    g_string_append_c(out, '.');
    if (oakum_version_peek(*rest, 0) == '.' &&
        oakum_version_is_digit(oakum_version_peek(*rest, 1))) {
      oakum_version_skip(rest, 1);
      append(out, oakum_version_take(rest, oakum_version_is_digit));
    } else {
      g_string_append_c(out, '0');
    }
  }
  return TRUE;
}

static gboolean is_date_gap(int c)
{
  return c == '.' || c == ':' || c == '-';
}

/* [.:-]? and `low` to `high` digits */
static gboolean take_date_part(OakumSlice *rest, size_t low, size_t high, GString *out)
{
  size_t gap = is_date_gap(oakum_version_peek(*rest, 0)), count = 0;
  while (count < high && oakum_version_is_digit(oakum_version_peek(*rest, gap + count)))
    count++;
  if (count < low)
    return FALSE;
  if (gap)
    g_string_append_c(out, '.');
  oakum_version_skip(rest, gap);
  append(out, oakum_version_head(*rest, count));
  oakum_version_skip(rest, count);
  return TRUE;
}

/* v? a year, and pairs of digits behind it */
static gboolean take_date(OakumSlice *rest, GString *out)
{
  oakum_version_take_text(rest, "v", TRUE);
  if (is_date_gap(oakum_version_peek(*rest, 0)) || !take_date_part(rest, 4, 4, out) ||
      !take_date_part(rest, 2, 2, out))
    return FALSE;
  for (int i = 0; i < 5 && take_date_part(rest, 2, 2, out); i++)
    ;
  (void)!take_date_part(rest, 1, 3, out);
  return TRUE;
}

static void append_modifier(GString *out, const OakumComposerModifier *modifier)
{
  static const struct {
    const char *from, *to;
  } names[] = {{"a", "alpha"}, {"b", "beta"}, {"p", "patch"}, {"pl", "patch"}, {"rc", "RC"}};
  OakumSlice digits = modifier->digits;
  if (oakum_version_is(modifier->word, "stable", FALSE))
    return;
  if (modifier->word.len > 0) {
    g_autofree char *word =
        g_ascii_strdown((const char *)modifier->word.data, (gssize)modifier->word.len);
    const char *name = word;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
      if (strcmp(names[i].from, word) == 0)
        name = names[i].to;
    while (oakum_version_peek(digits, 0) == '.' || oakum_version_peek(digits, 0) == '-')
      oakum_version_skip(&digits, 1);
    g_string_append_printf(out, "-%s", name);
    append(out, digits);
  }
  if (modifier->dev)
    g_string_append(out, "-dev");
}

/* The name of a branch of numbers, "1.2" or "1.x". */
static gboolean numeric_branch(OakumSlice name, GString *out)
{
  name = oakum_version_trim(name);
  oakum_version_take_text(&name, "v", TRUE);
  OakumSlice first = oakum_version_take(&name, oakum_version_is_digit);
  if (first.len == 0)
    return FALSE;
  append(out, first);
  for (int i = 0; i < 3; i++) {
    int c = oakum_version_peek(name, 1);
    g_string_append_c(out, '.');
    if (oakum_version_peek(name, 0) == '.' && oakum_version_is_digit(c)) {
      oakum_version_skip(&name, 1);
      append(out, oakum_version_take(&name, oakum_version_is_digit));
    } else {
      if (oakum_version_peek(name, 0) == '.' && (c == 'x' || c == 'X' || c == '*'))
        oakum_version_skip(&name, 2);
      g_string_append(out, "9999999");
    }
  }
  g_string_append(out, "-dev");
  return name.len == 0;
}

char *oakum_composer_normalize(OakumSlice text)
{
  OakumSlice word, rest, build;
  OakumComposerModifier modifier;
  g_autoptr(GString) out = g_string_new(NULL);
  text = oakum_version_trim(text);
  if (text.len > 0 && memchr(text.data, '\0', text.len))
    return NULL;
  oakum_composer_drop_alias(&text);
  (void)!oakum_composer_drop_stability(&text, &word);
  if (oakum_version_is(text, "master", FALSE) || oakum_version_is(text, "trunk", FALSE) ||
      oakum_version_is(text, "default", FALSE))
    return g_strdup_printf("dev-%.*s", (int)text.len, (const char *)text.data);
  rest = text;
  if (oakum_version_take_text(&rest, "dev-", TRUE)) {
    g_string_append(out, "dev-");
    append(out, rest);
    return g_string_free(g_steal_pointer(&out), FALSE);
  }
  const uint8_t *plus = text.len > 0 ? memchr(text.data, '+', text.len) : NULL;
  build = plus ? oakum_version_from(text, (size_t)(plus - text.data) + 1) : (OakumSlice){NULL, 0};
  if (build.len > 0 && plus > text.data &&
      oakum_version_all(oakum_version_head(text, text.len - build.len - 1), not_gap)) {
    gboolean gapless = TRUE;
    for (size_t i = 0; i < build.len; i++)
      gapless &= !oakum_version_is_space(build.data[i]);
    if (gapless)
      text.len -= build.len + 1;
  }
  gboolean (*const forms[])(OakumSlice * rest, GString * out) = {take_numbers, take_date};
  for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
    rest = text;
    g_string_truncate(out, 0);
    if (!forms[i](&rest, out))
      continue;
    oakum_composer_take_modifier(&rest, TRUE, &modifier);
    if (rest.len > 0)
      continue;
    append_modifier(out, &modifier);
    return g_string_free(g_steal_pointer(&out), FALSE);
  }
  if (text.len >= 3 && oakum_version_is(oakum_version_from(text, text.len - 3), "dev", TRUE)) {
    text.len -= 3;
    if (text.len > 0 && (text.data[text.len - 1] == '.' || text.data[text.len - 1] == '-'))
      text.len--;
    g_string_truncate(out, 0);
    if (numeric_branch(text, out))
      return g_string_free(g_steal_pointer(&out), FALSE);
  }
  return NULL;
}

gboolean oakum_composer_is_branch(const char *normalized)
{
  return g_str_has_prefix(normalized, "dev-");
}

/* The place of a word among releases, whose place is RANK_NUMBER. */
#define RANK_NUMBER 4

static int rank(OakumSlice word)
{
  static const struct {
    const char *word;
    int rank;
  } known[] = {{"dev", 0}, {"alpha", 1}, {"a", 1}, {"beta", 2}, {"b", 2},
               {"RC", 3},  {"rc", 3},    {"#", 4}, {"pl", 5},   {"p", 5}};
  for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
    if (oakum_version_take_text(&word, known[i].word, FALSE))
      return known[i].rank;
  return -1;
}

static gboolean is_between(int c)
{
  return !oakum_version_is_alnum(c);
}

static OakumSlice next_token(OakumSlice *rest)
{
  oakum_version_take(rest, is_between);
  return oakum_version_take(rest, oakum_version_is_digit(oakum_version_peek(*rest, 0))
                                      ? oakum_version_is_digit
                                      : oakum_version_is_alpha);
}

/* An end is before a number; otherwise as a number is to a word. */
static int token_rank(OakumSlice token)
{
  return token.len == 0 || oakum_version_is_digit(*token.data) ? RANK_NUMBER : rank(token);
}

int oakum_composer_order(const char *a, const char *b)
{
  OakumSlice rest_a = {(const uint8_t *)a, strlen(a)}, rest_b = {(const uint8_t *)b, strlen(b)};
  for (;;) {
    OakumSlice one = next_token(&rest_a), other = next_token(&rest_b);
    if (one.len == 0 && other.len == 0)
      return 0;
    int order = oakum_version_sign(token_rank(one) - token_rank(other));
    if (order == 0 && (one.len == 0 || other.len == 0))
      return one.len == 0 ? -1 : 1;
    if (order == 0 && oakum_version_is_digit(*one.data) && oakum_version_is_digit(*other.data))
      order = oakum_version_digits_compare(one, other);
    if (order != 0)
      return order;
  }
}

gboolean oakum_version_composer_compare(OakumSlice a, OakumSlice b, int *out)
{
  g_autofree char *na = oakum_composer_normalize(a), *nb = oakum_composer_normalize(b);
  if (!na || !nb)
    return FALSE;
  if (oakum_composer_is_branch(na) || oakum_composer_is_branch(nb)) {
    *out = 0;
    return strcmp(na, nb) == 0;
  }
  *out = oakum_composer_order(na, nb);
  return TRUE;
}
