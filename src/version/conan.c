/* Conan: parts between dots, numbers where they can be, then "-pre" and "+build"; zeros at the end
 * do not count. Ranges. */
#include "version/semver-private.h"

typedef struct {
  OakumSlice main, pre, build; /* data is NULL where there is none */
  OakumSlice text;
} Conan;

/* What Python's int() takes: digits, single underscores between them, blanks around. */
static gboolean is_number(OakumSlice item)
{
  item = oakum_version_trim(item);
  for (size_t i = 0; i < item.len; i++)
    if (!oakum_version_is_digit(item.data[i]) &&
        !(item.data[i] == '_' && i > 0 && item.data[i - 1] != '_' && i + 1 < item.len))
      return FALSE;
  return item.len > 0;
}

/* The digits of a number without all else; the text of another item as it is. */
static OakumSlice digits_of(OakumSlice item, uint8_t *room)
{
  OakumSlice digits = {room, 0};
  if (!is_number(item))
    return item;
  for (size_t i = 0; i < item.len; i++)
    if (oakum_version_is_digit(item.data[i]) && (item.data[i] != '0' || digits.len > 0))
      room[digits.len++] = item.data[i];
  return digits.len > 0 ? digits : OAKUM_VERSION_TEXT("0");
}

static gboolean is_zero_byte(int c)
{
  return c == '0' || c == '_';
}

static gboolean is_zero(OakumSlice item)
{
  return is_number(item) && oakum_version_all(oakum_version_trim(item), is_zero_byte);
}

/* Two numbers by value, anything else as text. */
static int item_compare(OakumSlice a, OakumSlice b)
{
  uint8_t room_a[OAKUM_RANGE_MAX], room_b[OAKUM_RANGE_MAX];
  OakumSlice one = digits_of(a, room_a), other = digits_of(b, room_b);
  return is_number(a) && is_number(b) ? oakum_version_digits_compare(one, other)
                                      : oakum_version_bytes_compare(one, other);
}

static Conan parse(OakumSlice text)
{
  if (text.len == 0)
    text = OAKUM_VERSION_TEXT("");
  Conan v = {.main = text, .text = text};
  v.main.len = oakum_version_find_last(text, '+');
  if (v.main.len < text.len)
    v.build = oakum_version_from(text, v.main.len + 1);
  size_t hyphen = oakum_version_find(v.main, '-');
  if (hyphen < v.main.len) {
    v.pre = oakum_version_from(v.main, hyphen + 1);
    v.main.len = hyphen;
  }
  return v;
}

/* Without the zeros at its end; data is NULL when nothing is left. */
static OakumSlice without_zeros(OakumSlice items)
{
  while (items.data) {
    size_t dot = oakum_version_find_last(items, '.'), start = dot < items.len ? dot + 1 : 0;
    OakumSlice last = oakum_version_from(items, start);
    if (!is_zero(last))
      return items;
    if (start == 0)
      return (OakumSlice){NULL, 0};
    items.len = start - 1;
  }
  return items;
}

static int items_compare(OakumSlice a, OakumSlice b)
{
  OakumSlice one, other;
  a = without_zeros(a);
  b = without_zeros(b);
  for (;;) {
    gboolean more_a = oakum_version_split(&a, '.', &one),
             more_b = oakum_version_split(&b, '.', &other);
    if (!more_a || !more_b)
      return more_a - more_b;
    int order = item_compare(one, other);
    if (order != 0)
      return order;
  }
}

static int build_compare(OakumSlice a, OakumSlice b)
{
  if (!a.data || !b.data)
    return a.data ? 1 : b.data ? -1 : 0;
  return items_compare(a, b);
}

static int order_of(const Conan *a, const Conan *b)
{
  int order = items_compare(a->main, b->main);
  if (order != 0)
    return order;
  if (!a->pre.data || !b->pre.data) {
    if (a->pre.data || b->pre.data)
      return a->pre.data ? -1 : 1;
  } else {
    order = items_compare(a->pre, b->pre);
  }
  return order != 0 ? order : build_compare(a->build, b->build);
}

gboolean oakum_version_conan_compare(OakumSlice a, OakumSlice b, int *out)
{
  Conan va = parse(a), vb = parse(b);
  *out = order_of(&va, &vb);
  return a.len > 0 && b.len > 0;
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static gboolean first_nonzero(OakumSlice main, size_t *index)
{
  OakumSlice item;
  for (*index = 0; oakum_version_split(&main, '.', &item); ++*index)
    if (!is_zero(item))
      return TRUE;
  return FALSE;
}

/* *before: v is older than `from` with the item at `index` one higher and the last. FALSE when that
 * item is no number. */
static gboolean before_next(const Conan *v, const Conan *from, size_t index, gboolean *before)
{
  uint8_t bound[2 * OAKUM_RANGE_MAX + 2], room[OAKUM_RANGE_MAX];
  OakumSlice rest = from->main, item = {NULL, 0};
  for (size_t i = 0; i <= index; i++)
    (void)!oakum_version_split(&rest, '.', &item);
  if (!is_number(item))
    return FALSE;
  size_t front = (size_t)(item.data - from->main.data);
  memcpy(bound, from->main.data, front);
  OakumSlice next = oakum_version_digits_next(digits_of(item, room), bound + front);
  memmove(bound + front, next.data, next.len);
  *before = items_compare(v->main, (OakumSlice){bound, front + next.len}) < 0;
  return TRUE;
}

static gboolean lone(OakumSlice text)
{
  return text.len == 0 || oakum_version_is(text, "*", FALSE);
}

/* A bound ">=" or "<" without a pre-release means its first pre-release. */
static void with_pre(Conan *bound)
{
  if (!bound->pre.data && !bound->build.data)
    bound->pre = OAKUM_VERSION_TEXT("");
}

static gboolean condition(OakumSlice text, const Conan *v, gboolean *all)
{
  Conan wanted;
  if (lone(text)) {
    wanted = parse(OAKUM_VERSION_TEXT("0.0.0"));
    with_pre(&wanted);
    *all &= order_of(v, &wanted) >= 0;
    return TRUE;
  }
  int c = *text.data, next = oakum_version_peek(text, 1);
  if (text.len == 1 || (c != '<' && c != '>' && next == '='))
    return FALSE;
  if (c == '<' || c == '>') {
    gboolean equal = next == '=';
    oakum_version_skip(&text, equal ? 2 : 1);
    if (text.len == 0)
      return FALSE;
    wanted = parse(text);
    if ((c == '>') == equal && !memchr(text.data, '-', text.len))
      with_pre(&wanted);
    int order = order_of(v, &wanted);
    *all &= c == '<' ? (equal ? order <= 0 : order < 0) : (equal ? order >= 0 : order > 0);
    return TRUE;
  }
  if (c != '^' && c != '~') {
    if (c == '=')
      oakum_version_skip(&text, 1);
    else if (text.data[text.len - 1] == '*') {
      text.len--;
      *all &= v->text.len >= text.len &&
              oakum_version_equal(oakum_version_head(v->text, text.len), text);
      return TRUE;
    }
    wanted = parse(text);
    *all &= order_of(v, &wanted) == 0;
    return TRUE;
  }
  oakum_version_skip(&text, 1);
  size_t index = 0;
  wanted = parse(text);
  if (c == '~')
    index = oakum_version_find(wanted.main, '.') < wanted.main.len;
  else if (!first_nonzero(wanted.main, &index))
    return FALSE;
  Conan low = wanted;
  with_pre(&low);
  gboolean before;
  if (!before_next(v, &wanted, index, &before))
    return FALSE;
  *all &= order_of(v, &low) >= 0 && before;
  return TRUE;
}

static gboolean options_valid(OakumSlice options, gboolean *pre)
{
  OakumSlice option;
  while (oakum_version_split(&options, ',', &option)) {
    if (option.len >= 18 && memmem(option.data, option.len, "include_prerelease", 18)) {
      *pre = TRUE;
      return TRUE;
    }
    option = oakum_version_trim(option);
    if (option.len == 0 || !oakum_version_is_alpha(*option.data))
      return FALSE;
  }
  return TRUE;
}

static gboolean is_word(int c)
{
  return !oakum_version_is_space(c);
}

OakumRangeAnswer oakum_version_conan_range(OakumSlice range, OakumSlice version)
{
  Conan v = parse(version);
  OakumSlice expression;
  gboolean pre = FALSE, in = FALSE;
  range = oakum_version_trim(range);
  if (range.len > 1 && range.data[0] == '[' && range.data[range.len - 1] == ']') { /* of recipes */
    range.data++;
    range.len -= 2;
  }
  if (version.len == 0 || range.len == 0 || !oakum_version_split(&range, ',', &expression) ||
      !options_valid(range, &pre))
    return OAKUM_RANGE_INVALID;
  for (gboolean more = TRUE; more;) {
    size_t end = 0;
    while (end < expression.len &&
           !(expression.data[end] == '|' && oakum_version_peek(expression, end + 1) == '|'))
      end++;
    OakumSlice part = oakum_version_trim(oakum_version_head(expression, end));
    more = end < expression.len;
    if (more)
      oakum_version_skip(&expression, end + 2);
    gboolean all = !v.pre.data || pre;
    do {
      OakumSlice one = oakum_version_take(&part, is_word);
      oakum_version_take(&part, oakum_version_is_space);
      if (!condition(one, &v, &all))
        return OAKUM_RANGE_INVALID;
    } while (part.len > 0);
    in |= all;
  }
  return oakum_range_answer(in);
}
