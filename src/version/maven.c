/* Maven's ComparableVersion: items that '.' parts, and lists of them that '-' or a change between
 * digits and letters opens; a list is always the last item of the one that holds it, so all of them
 * lie in one array, and a level says where the next one begins. */
#include "version/version-private.h"

typedef enum { NUMBER, WORD, LIST, NOTHING } Kind;

typedef struct {
  Kind kind; /* NUMBER or WORD */
  unsigned level;
  OakumSlice text;
  gboolean before_digit; /* of a word: "a1" is alpha 1 */
} Item;

typedef struct {
  Item item[OAKUM_VERSION_MAX + 2];
  size_t count;
} Maven;

static const OakumSlice zero = {(const uint8_t *)"0", 1};

/* Ranks of words: those that are known come first, "" being the release. */
#define RANK_RELEASE 5
#define RANK_UNKNOWN 7

static int rank(const Item *item)
{
  static const struct {
    const char *word;
    int rank;
  } known[] = {
      {"alpha", 0}, {"beta", 1}, {"milestone", 2}, {"rc", 3},      {"cr", 3}, {"snapshot", 4},
      {"", 5},      {"ga", 5},   {"final", 5},     {"release", 5}, {"sp", 6},
  };
  if (item->before_digit && item->text.len == 1) {
    char c = g_ascii_tolower((char)*item->text.data);
    if (c == 'a' || c == 'b' || c == 'm')
      return c == 'm' ? 2 : c - 'a';
  }
  for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
    if (oakum_version_is(item->text, known[i].word, TRUE))
      return known[i].rank;
  return RANK_UNKNOWN;
}

/* Against the end of the other version, which is 0, or the release. */
static int nothing_compare(const Item *a)
{
  if (a->kind == NUMBER)
    return oakum_version_digits_zero(a->text) ? 0 : 1;
  int r = rank(a);
  return r < RANK_RELEASE ? -1 : r > RANK_RELEASE;
}

/* A list loses the items at its end that say nothing, those in front of the list in it as well. */
static void normalize(Maven *v)
{
  size_t end = v->count;
  unsigned level = G_MAXUINT; /* the list whose end has been found */
  for (size_t at = v->count; at > 0;) {
    Item item = v->item[--at];
    if (item.level != level && nothing_compare(&item) == 0)
      continue;
    level = item.level;
    v->item[--end] = item;
  }
  v->count -= end;
  memmove(v->item, v->item + end, v->count * sizeof *v->item);
}

static void parse(OakumSlice text, Maven *out)
{
  unsigned level = 0;
  size_t start = 0, held = 0; /* where the item and the items of this list begin */
  gboolean digit = FALSE;
  out->count = 0;
  for (size_t i = 0; i < text.len; i++) {
    int c = text.data[i];
    Item item = {
        .kind = digit ? NUMBER : WORD, .text = {text.data + start, i - start}, .level = level};
    if (c == '.' || c == '-') {
      if (i == start)
        item = (Item){.kind = NUMBER, .text = zero, .level = level};
      out->item[out->count++] = item;
      start = i + 1;
      if (c == '-') {
        level++;
        held = out->count;
      }
      continue;
    }
    if (oakum_version_is_digit(c) != digit && i > start) {
      if (!digit) {
        /* ".x1" is "-x1" */
        item.level = level += out->count > held;
        item.before_digit = TRUE;
      }
      out->item[out->count++] = item;
      start = i;
      level++;
      held = out->count;
    }
    digit = oakum_version_is_digit(c);
  }
  if (start < text.len) {
    level += !digit && out->count > held;
    out->item[out->count++] = (Item){
        .kind = digit ? NUMBER : WORD, .text = oakum_version_from(text, start), .level = level};
  }
  normalize(out);
}

static int item_compare(const Item *a, const Item *b)
{
  if (a->kind == NUMBER && b->kind == NUMBER)
    return oakum_version_digits_compare(a->text, b->text);
  if (a->kind == NUMBER || b->kind == NUMBER)
    return a->kind == NUMBER ? 1 : -1;
  int ra = rank(a), rb = rank(b);
  if (ra != rb || ra != RANK_UNKNOWN)
    return ra < rb ? -1 : ra > rb;
  return oakum_version_fold_compare(a->text, b->text);
}

static Kind kind_at(const Maven *v, size_t i, unsigned level)
{
  return i >= v->count ? NOTHING : v->item[i].level > level ? LIST : v->item[i].kind;
}

/* A list and what else stands at its place: older than a number, newer than a word. */
static int list_compare(const Maven *v, size_t i, Kind other)
{
  if (other == NUMBER)
    return -1;
  if (other != NOTHING)
    return 1;
  for (; i < v->count; i++) {
    int order = nothing_compare(&v->item[i]);
    if (order != 0)
      return order;
  }
  return 0;
}

static int order_of(const Maven *a, const Maven *b)
{
  unsigned level_a = 0, level_b = 0;
  for (size_t i = 0, j = 0;; i++, j++) {
    Kind ka = kind_at(a, i, level_a), kb = kind_at(b, j, level_b);
    while (ka == LIST && kb == LIST) {
      level_a++;
      level_b++;
      ka = kind_at(a, i, level_a);
      kb = kind_at(b, j, level_b);
    }
    int order;
    if (ka == NOTHING && kb == NOTHING)
      return 0;
    if (ka == LIST)
      return list_compare(a, i, kb);
    if (kb == LIST)
      return -list_compare(b, j, ka);
    if (ka == NOTHING)
      order = -nothing_compare(&b->item[j]);
    else if (kb == NOTHING)
      order = nothing_compare(&a->item[i]);
    else
      order = item_compare(&a->item[i], &b->item[j]);
    if (order != 0)
      return order;
  }
}

gboolean oakum_version_maven_compare(OakumSlice a, OakumSlice b, int *out)
{
  Maven va, vb;
  parse(a, &va);
  parse(b, &vb);
  *out = order_of(&va, &vb);
  return TRUE;
}

/* ---- ranges: [1,2) (,1],[3,) [1.0], and a bare version, which is only advice ------------------
 */

static gboolean bound_compare(OakumSlice a, OakumSlice b, int *out)
{
  return a.len <= OAKUM_VERSION_MAX && b.len <= OAKUM_VERSION_MAX &&
         oakum_version_maven_compare(a, b, out);
}

static gboolean is_inside(int c)
{
  return c != ')' && c != ']';
}

/* Takes one interval; `end` is the upper bound so far, which the next one may not go below. */
static OakumRangeAnswer interval(OakumSlice *rest, OakumSlice version, OakumSlice *end,
                                 gboolean *first)
{
  gboolean closed_low = *rest->data == '[';
  oakum_version_skip(rest, 1);
  OakumSlice inside = oakum_version_take(rest, is_inside), low, high;
  if (rest->len == 0)
    return OAKUM_RANGE_INVALID;
  gboolean closed_high = *rest->data == ']';
  oakum_version_skip(rest, 1);
  inside = oakum_version_trim(inside);
  int order;
  gboolean in = TRUE;
  const uint8_t *comma = inside.len > 0 ? memchr(inside.data, ',', inside.len) : NULL;
  if (!comma) {
    if (!closed_low || !closed_high || !bound_compare(version, inside, &order))
      return OAKUM_RANGE_INVALID;
    low = high = inside;
    in = order == 0;
  } else {
    low = oakum_version_trim(oakum_version_head(inside, (size_t)(comma - inside.data)));
    high = oakum_version_trim(oakum_version_from(inside, (size_t)(comma - inside.data) + 1));
  }
  if (low.len > 0 && high.len > 0 && comma &&
      (!bound_compare(low, high, &order) || order > 0 ||
       (order == 0 && (!closed_low || !closed_high))))
    return OAKUM_RANGE_INVALID;
  if (!*first && end->len > 0 && (low.len == 0 || !bound_compare(low, *end, &order) || order < 0))
    return OAKUM_RANGE_INVALID;
  if (low.len > 0) {
    if (!bound_compare(version, low, &order))
      return OAKUM_RANGE_INVALID;
    in &= closed_low ? order >= 0 : order > 0;
  }
  if (high.len > 0) {
    if (!bound_compare(version, high, &order))
      return OAKUM_RANGE_INVALID;
    in &= closed_high ? order <= 0 : order < 0;
  }
  *end = high;
  *first = FALSE;
  return oakum_range_answer(in);
}

OakumRangeAnswer oakum_version_maven_range(OakumSlice range, OakumSlice version)
{
  OakumSlice rest = oakum_version_trim(range), end = {NULL, 0};
  gboolean in = FALSE, first = TRUE;
  int c = oakum_version_peek(rest, 0);
  if (c == '<' || c == '>' || c == '=' ||
      c == '!') /* as advisories write it; Maven itself does not */
    return oakum_version_simple_range(oakum_version_maven_compare, NULL, range, version);
  while (rest.len > 0 && (*rest.data == '[' || *rest.data == '(')) {
    OakumRangeAnswer answer = interval(&rest, version, &end, &first);
    if (answer == OAKUM_RANGE_INVALID)
      return answer;
    in |= answer == OAKUM_RANGE_YES;
    rest = oakum_version_trim(rest);
    if (oakum_version_take_char(&rest, ','))
      rest = oakum_version_trim(rest);
  }
  if (rest.len > 0 && !first)
    return OAKUM_RANGE_INVALID;
  /* nothing at all holds nothing; a bare version holds all */
  return oakum_range_answer(first ? rest.len > 0 : in);
}
