/* Composer's constraints. */
#include "version/composer-private.h"

/* A version in a constraint: v?N(.N){0,3}, and a modifier or ".x-dev", and +build. */
typedef struct {
  OakumSlice number[4];
  size_t count;
  OakumComposerModifier modifier;
  gboolean x_dev;
  OakumSlice text;
} Parts;

static gboolean take_parts(OakumSlice *rest, Parts *out)
{
  *out = (Parts){.text = *rest};
  oakum_version_take_text(rest, "v", TRUE);
  do {
    OakumSlice number = oakum_version_take(rest, oakum_version_is_digit);
    if (number.len == 0)
      return FALSE;
    out->number[out->count++] = number;
  } while (out->count < 4 && oakum_version_peek(*rest, 0) == '.' &&
           oakum_version_is_digit(oakum_version_peek(*rest, 1)) &&
           (oakum_version_skip(rest, 1), TRUE));
  out->x_dev = oakum_composer_take_x_dev(rest);
  if (!out->x_dev)
    oakum_composer_take_modifier(rest, TRUE, &out->modifier);
  int c = oakum_version_peek(*rest, 1);
  if (oakum_version_peek(*rest, 0) == '+' && c >= 0 && !oakum_version_is_space(c))
    while (rest->len > 0 && !oakum_version_is_space(*rest->data))
      oakum_version_skip(rest, 1);
  out->text.len -= rest->len;
  return TRUE;
}

static gboolean is_bare(const Parts *parts)
{
  return parts->modifier.word.len == 0 && !parts->modifier.dev && !parts->x_dev;
}

/* The first `position` numbers, the last of them one higher if `next`, the others 0, and "-dev". */
static char *bound(const OakumSlice number[4], size_t position, gboolean next)
{
  GString *out = g_string_new(NULL);
  for (size_t i = 0; i < 4; i++) {
    uint8_t room[OAKUM_RANGE_MAX + 1];
    OakumSlice digits = i < position ? number[i] : OAKUM_VERSION_TEXT("0");
    if (next && i + 1 == position)
      digits = oakum_version_digits_next(digits, room);
    g_string_append_len(out, (const char *)digits.data, (gssize)digits.len);
    g_string_append(out, i < 3 ? "." : "-dev");
  }
  return g_string_free(out, FALSE);
}

/* Takes bound_taken; NULL is no version. */
static gboolean test(gboolean *all, const char *version, OakumOperator operator_, char *bound_taken)
{
  g_autofree char *wanted = bound_taken;
  if (!wanted)
    return FALSE;
  gboolean branch = oakum_composer_is_branch(version), other = oakum_composer_is_branch(wanted);
  if (branch || other) {
    gboolean same = strcmp(version, wanted) == 0;
    *all &= operator_ == OAKUM_OPERATOR_NE ? !same : operator_ == OAKUM_OPERATOR_EQ && same;
  } else {
    *all &= oakum_version_holds(operator_, oakum_composer_order(version, wanted));
  }
  return TRUE;
}

/* The normal form of a lower bound, whose pre-releases count when none is named. */
static char *low_of(OakumSlice text, const char *suffix)
{
  g_autofree char *joined =
      g_strdup_printf("%.*s%s", (int)text.len, (const char *)text.data, suffix);
  return oakum_composer_normalize((OakumSlice){(const uint8_t *)joined, strlen(joined)});
}

static gboolean tilde(gboolean *all, const char *version, const Parts *p)
{
  size_t position = p->count + p->x_dev;
  return test(all, version, OAKUM_OPERATOR_GE, low_of(p->text, is_bare(p) ? "-dev" : "")) &&
         test(all, version, OAKUM_OPERATOR_LT, bound(p->number, MAX(position - 1, 1), TRUE));
}

static gboolean caret(gboolean *all, const char *version, const Parts *p)
{
  size_t position = 1;
  while (position < 3 && position < p->count &&
         oakum_version_is(p->number[position - 1], "0", FALSE))
    position++;
  return test(all, version, OAKUM_OPERATOR_GE, low_of(p->text, is_bare(p) ? "-dev" : "")) &&
         test(all, version, OAKUM_OPERATOR_LT, bound(p->number, position, TRUE));
}

static gboolean is_wildcard(int c)
{
  return c == 'x' || c == 'X' || c == '*';
}

/* v?N(.N){0,2}(.x)+ */
static gboolean wildcard(OakumSlice text, Parts *out)
{
  *out = (Parts){.count = 0};
  oakum_version_take_char(&text, 'v');
  do {
    OakumSlice number = oakum_version_take(&text, oakum_version_is_digit);
    if (number.len == 0)
      return FALSE;
    out->number[out->count++] = number;
  } while (out->count < 3 && oakum_version_peek(text, 0) == '.' &&
           oakum_version_is_digit(oakum_version_peek(text, 1)) &&
           (oakum_version_skip(&text, 1), TRUE));
  size_t wild = 0;
  while (oakum_version_peek(text, 0) == '.' && is_wildcard(oakum_version_peek(text, 1))) {
    oakum_version_skip(&text, 2);
    wild++;
  }
  return wild > 0 && text.len == 0;
}

static gboolean hyphen(OakumSlice text, Parts *from, Parts *to)
{
  if (!take_parts(&text, from) || !oakum_version_take_char(&text, ' '))
    return FALSE;
  while (oakum_version_take_char(&text, ' '))
    ;
  if (!oakum_version_take_text(&text, "- ", FALSE))
    return FALSE;
  while (oakum_version_take_char(&text, ' '))
    ;
  return take_parts(&text, to) && text.len == 0;
}

static gboolean between(gboolean *all, const char *version, const Parts *from, const Parts *to)
{
  g_autofree char *low = oakum_composer_normalize(from->text), *high = NULL;
  if (!low ||
      !test(all, version, OAKUM_OPERATOR_GE, g_strconcat(low, is_bare(from) ? "-dev" : "", NULL)))
    return FALSE;
  high = oakum_composer_normalize(to->text);
  if (to->count >= 3 || !is_bare(to))
    return test(all, version, OAKUM_OPERATOR_LE, g_steal_pointer(&high));
  return high &&
         test(all, version, OAKUM_OPERATOR_LT, bound(to->number, to->count > 1 ? 2 : 1, TRUE));
}

static gboolean is_branch_byte(int c)
{
  return oakum_version_is_alnum(c) || c == '-' || c == '.' || c == '/';
}

/* TRUE when the text ends in a modifier behind '-', in lower case. ("rc" is none here, as there.)
 */
static gboolean ends_in_modifier(OakumSlice text)
{
  for (size_t i = 0; i < text.len; i++) {
    OakumComposerModifier modifier;
    OakumSlice rest = oakum_version_from(text, i + 1);
    if (text.data[i] != '-')
      continue;
    oakum_composer_take_modifier(&rest, FALSE, &modifier);
    if (rest.len == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean is_stable(const char *normalized)
{
  const char *word = strchr(normalized, '-');
  return !oakum_composer_is_branch(normalized) && !g_str_has_suffix(normalized, "-dev") &&
         !(word && (g_str_has_prefix(word, "-alpha") || g_str_has_prefix(word, "-beta") ||
                    g_str_has_prefix(word, "-RC")));
}

static OakumOperator take_operator(OakumSlice *rest)
{
  static const struct {
    const char *text;
    OakumOperator operator_;
  } operators[] = {
      {"<>", OAKUM_OPERATOR_NE}, {"!=", OAKUM_OPERATOR_NE}, {">=", OAKUM_OPERATOR_GE},
      {">", OAKUM_OPERATOR_GT},  {"<=", OAKUM_OPERATOR_LE}, {"<", OAKUM_OPERATOR_LT},
      {"==", OAKUM_OPERATOR_EQ}, {"=", OAKUM_OPERATOR_EQ},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(operators); i++)
    if (oakum_version_take_text(rest, operators[i].text, FALSE))
      return operators[i].operator_;
  return OAKUM_OPERATOR_EQ;
}

static gboolean comparator(gboolean *all, const char *version, OakumSlice text,
                           OakumSlice stability)
{
  OakumOperator operator_ = take_operator(&text);
  oakum_version_take(&text, oakum_version_is_space);
  g_autofree char *wanted = oakum_composer_normalize(text);
  OakumSlice end = oakum_version_from(text, text.len >= 4 ? text.len - 4 : 0);
  if (!wanted && oakum_version_is(end, "-dev", FALSE) && oakum_version_all(text, is_branch_byte))
    wanted = g_strdup_printf("dev-%.*s", (int)(text.len - 4), (const char *)text.data);
  if (!wanted)
    return FALSE;
  const char *suffix = "";
  g_autofree char *named = NULL;
  if (operator_ != OAKUM_OPERATOR_EQ && stability.len > 0 && is_stable(wanted)) {
    suffix = named = g_strdup_printf("-%.*s", (int)stability.len, (const char *)stability.data);
  } else if (operator_ == OAKUM_OPERATOR_LT || operator_ == OAKUM_OPERATOR_GE) {
    g_autofree char *lower = g_ascii_strdown((const char *)text.data, (gssize)text.len);
    if (!ends_in_modifier((OakumSlice){(const uint8_t *)lower, text.len}) &&
        !oakum_version_take_text(&text, "dev-", FALSE))
      suffix = "-dev";
  }
  return test(all, version, operator_, g_strconcat(wanted, suffix, NULL));
}

/* "*", "x.x", "v*": with more than one place or a "v" it has a bound, so that branches are out. */
static gboolean anything(OakumSlice text, gboolean *bounded)
{
  *bounded = oakum_version_take_text(&text, "v", TRUE);
  if (!is_wildcard(oakum_version_peek(text, 0)))
    return FALSE;
  oakum_version_skip(&text, 1);
  while (oakum_version_peek(text, 0) == '.' && is_wildcard(oakum_version_peek(text, 1))) {
    *bounded = TRUE;
    oakum_version_skip(&text, 2);
  }
  return text.len == 0;
}

/* "dev-main#c0ffee" and "1.x-dev#c0ffee" lose the reference. */
static void drop_reference(OakumSlice *text)
{
  const uint8_t *at = text->len > 0 ? memchr(text->data, '#', text->len) : NULL;
  size_t before = at ? (size_t)(at - text->data) : 0;
  OakumSlice name = oakum_version_head(*text, before), rest = name;
  for (size_t i = 0; i < name.len; i++)
    if (name.data[i] == ',' || name.data[i] == '@' || oakum_version_is_space(name.data[i]))
      return;
  gboolean branch = oakum_version_take_text(&rest, "dev-", TRUE) && rest.len > 0;
  if (at && before + 1 < text->len &&
      (branch ||
       (name.len > 6 && oakum_version_is(oakum_version_from(name, name.len - 6), ".x-dev", TRUE))))
    *text = name;
}

static gboolean constraint(gboolean *all, const char *version, OakumSlice text)
{
  Parts from, to;
  OakumSlice stability = {NULL, 0}, word, name = text, rest;
  gboolean bounded;
  oakum_composer_drop_alias(&text);
  name = text;
  if (oakum_composer_drop_stability(&name, &word)) {
    gboolean plain = TRUE;
    for (size_t i = 0; i < name.len; i++)
      plain &= name.data[i] != ',' && !oakum_version_is_space(name.data[i]);
    if (plain) {
      text = name.len > 0 ? name : OAKUM_VERSION_TEXT("*");
      if (!oakum_version_is(word, "stable", FALSE))
        stability = word;
    }
  }
  drop_reference(&text);
  if (anything(text, &bounded))
    return !bounded || test(all, version, OAKUM_OPERATOR_GE, g_strdup("0.0.0.0-dev"));
  rest = text;
  if (oakum_version_take_char(&rest, '~') && take_parts(&rest, &from) && rest.len == 0)
    return tilde(all, version, &from);
  rest = text;
  if (oakum_version_take_char(&rest, '^') && take_parts(&rest, &from) && rest.len == 0)
    return caret(all, version, &from);
  if (wildcard(text, &from))
    return ((from.count == 1 && oakum_version_is(from.number[0], "0", FALSE)) ||
            test(all, version, OAKUM_OPERATOR_GE, bound(from.number, from.count, FALSE))) &&
           test(all, version, OAKUM_OPERATOR_LT, bound(from.number, from.count, TRUE));
  if (hyphen(text, &from, &to))
    return between(all, version, &from, &to);
  return comparator(all, version, text, stability);
}

/* Whether constraints are parted at `at`; *end is where the next one begins. Spaces and commas part
 * them, but not those behind an operator, around "as" or beside a '-'. */
static gboolean parted(OakumSlice text, size_t at, size_t *end)
{
  int before = at > 0 ? text.data[at - 1] : -1;
  if (at == 0 || before == '=' || before == '>' || before == '<' || before == ' ' ||
      before == ',' || (at > 1 && before == 's' && text.data[at - 2] == 'a'))
    return FALSE;
  size_t spaces = 0;
  while (oakum_version_peek(text, at + spaces) == ' ')
    spaces++;
  /* more than three tries are never needed: a space may stand where the next one begins */
  for (size_t skipped = spaces + 1, tries = 0; skipped-- > 0 && tries < 3; tries++) {
    size_t i = at + skipped;
    int c = oakum_version_peek(text, i);
    if ((c != ',' && c != ' ') || text.data[i - 1] == '-' || oakum_version_peek(text, i + 1) == '-')
      continue;
    size_t next = i + 1;
    while (oakum_version_peek(text, next) == ' ')
      next++;
    OakumSlice rest = oakum_version_from(text, next);
    if (rest.len == 0 || *rest.data == ',' || oakum_version_take_text(&rest, "as", FALSE)) {
      if (next == i + 1)
        continue;
      next--;
    }
    *end = next;
    return TRUE;
  }
  return FALSE;
}

static gboolean all_of(OakumSlice text, const char *version, gboolean *in)
{
  gboolean all = TRUE;
  size_t start = 0, end;
  for (size_t i = 0; i < text.len;) {
    if (!parted(text, i, &end)) {
      i++;
      continue;
    }
    if (!constraint(&all, version, oakum_version_head(oakum_version_from(text, start), i - start)))
      return FALSE;
    start = i = end;
  }
  if (!constraint(&all, version, oakum_version_from(text, start)))
    return FALSE;
  *in |= all;
  return TRUE;
}

OakumRangeAnswer oakum_version_composer_range(OakumSlice range, OakumSlice version)
{
  g_autofree char *normalized = oakum_composer_normalize(version);
  gboolean in = FALSE;
  if (!normalized || (range.len > 0 && memchr(range.data, '\0', range.len)))
    return OAKUM_RANGE_INVALID;
  range = oakum_version_trim(range);
  for (gboolean more = TRUE; more;) {
    const uint8_t *bar = range.len > 0 ? memchr(range.data, '|', range.len) : NULL;
    OakumSlice part = bar ? oakum_version_head(range, (size_t)(bar - range.data)) : range;
    more = bar != NULL;
    if (more) {
      oakum_version_skip(&range, part.len + 1);
      oakum_version_take_char(&range, '|');
      oakum_version_take(&range, oakum_version_is_space);
      while (part.len > 0 && oakum_version_is_space(part.data[part.len - 1]))
        part.len--;
    }
    if (!all_of(part, normalized, &in))
      return OAKUM_RANGE_INVALID;
  }
  return oakum_range_answer(in);
}
