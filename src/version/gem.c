/* RubyGems: segments of digits and of letters; letters make a pre-release. Requirements. */
#include "version/version-private.h"

/* What a version is in the eyes of the order: the segments up to the first word, and those from it
 * on, each part without zeros at its end. */
typedef struct {
  OakumSlice segment[OAKUM_VERSION_MAX + 1];
  size_t count;
  size_t numbers; /* how many segments stand in front of the first word, before zeros are dropped */
  size_t kept;    /* of these, what is left without the zeros at the end */
} Gem;

static gboolean is_identifier_with_dots(int c)
{
  return oakum_version_is_identifier(c) || c == '.';
}

/* Parts of `wanted` bytes with dots between: none is empty. */
static gboolean dotted(OakumSlice text, gboolean (*wanted)(int c))
{
  OakumSlice part;
  while (oakum_version_split(&text, '.', &part))
    if (part.len == 0 || !oakum_version_all(part, wanted))
      return FALSE;
  return TRUE;
}

static gboolean valid(OakumSlice text)
{
  const uint8_t *hyphen = memchr(text.data, '-', text.len);
  OakumSlice front = hyphen ? oakum_version_head(text, (size_t)(hyphen - text.data)) : text;
  OakumSlice first = front;
  first = oakum_version_take(&first, oakum_version_is_digit);
  return first.len > 0 && (first.len == front.len || front.data[first.len] == '.') &&
         dotted(front, oakum_version_is_alnum) &&
         (!hyphen || dotted(oakum_version_from(text, front.len + 1), oakum_version_is_identifier));
}

static gboolean is_word(OakumSlice segment)
{
  return !oakum_version_is_digit(*segment.data);
}

static gboolean parse(OakumSlice text, Gem *out)
{
  text = oakum_version_trim(text);
  out->count = 0;
  if (text.len == 0)
    text = OAKUM_VERSION_TEXT("0");
  if (!oakum_version_all(text, is_identifier_with_dots) || !valid(text))
    return FALSE;
  while (text.len > 0) {
    if (oakum_version_is_digit(*text.data)) {
      out->segment[out->count++] = oakum_version_take(&text, oakum_version_is_digit);
    } else if (oakum_version_is_alpha(*text.data)) {
      out->segment[out->count++] = oakum_version_take(&text, oakum_version_is_alpha);
    } else {
      if (*text.data == '-') /* "-" stands for ".pre." */
        out->segment[out->count++] = OAKUM_VERSION_TEXT("pre");
      oakum_version_skip(&text, 1);
    }
  }
  out->numbers = 0;
  while (out->numbers < out->count && !is_word(out->segment[out->numbers]))
    out->numbers++;
  out->kept = out->numbers;
  while (out->kept > 0 && oakum_version_digits_zero(out->segment[out->kept - 1]))
    out->kept--;
  while (out->count > out->numbers && !is_word(out->segment[out->count - 1]) &&
         oakum_version_digits_zero(out->segment[out->count - 1]))
    out->count--;
  return TRUE;
}

static size_t size_of(const Gem *v)
{
  return v->kept + v->count - v->numbers;
}

static OakumSlice at(const Gem *v, size_t i)
{
  if (i >= size_of(v))
    return OAKUM_VERSION_TEXT("0");
  return v->segment[i < v->kept ? i : i - v->kept + v->numbers];
}

static int order_of(const Gem *a, const Gem *b)
{
  size_t count = MAX(size_of(a), size_of(b));
  for (size_t i = 0; i < count; i++) {
    OakumSlice one = at(a, i), other = at(b, i);
    gboolean word_a = is_word(one), word_b = is_word(other);
    int order = word_a != word_b ? (word_a ? -1 : 1)
                : word_a         ? oakum_version_bytes_compare(one, other)
                                 : oakum_version_digits_compare(one, other);
    if (order != 0)
      return order;
  }
  return 0;
}

gboolean oakum_version_gem_compare(OakumSlice a, OakumSlice b, int *out)
{
  Gem va, vb;
  if (!parse(a, &va) || !parse(b, &vb))
    return FALSE;
  *out = order_of(&va, &vb);
  return TRUE;
}

/* "~> 1.2.3": at least that, and the release of it (without words) before 1.3. */
static gboolean twiddle(const Gem *v, const Gem *wanted)
{
  size_t fixed = wanted->numbers > 1 ? wanted->numbers - 1 : 1;
  if (order_of(v, wanted) < 0)
    return FALSE;
  for (size_t i = 0; i < fixed; i++) {
    int order = oakum_version_digits_compare(i < v->numbers ? v->segment[i] : (OakumSlice){NULL, 0},
                                             wanted->segment[i]);
    if (order != 0)
      return order < 0;
  }
  return TRUE;
}

static OakumRangeAnswer requirement(OakumSlice text, const Gem *v)
{
  Gem wanted;
  text = oakum_version_trim(text);
  gboolean twiddled = oakum_version_take_text(&text, "~>", FALSE);
  OakumOperator operator_ = OAKUM_OPERATOR_EQ;
  if (!twiddled && text.len > 0 && !oakum_version_is_digit(*text.data)) {
    if (text.len > 1 && text.data[0] == text.data[1]) /* "==", "<<", ">>" */
      return OAKUM_RANGE_INVALID;
    operator_ = oakum_version_take_operator(&text);
  }
  text = oakum_version_trim(text);
  if (text.len == 0 || !parse(text, &wanted))
    return OAKUM_RANGE_INVALID;
  return oakum_range_answer(twiddled ? twiddle(v, &wanted)
                                     : oakum_version_holds(operator_, order_of(v, &wanted)));
}

static OakumRangeAnswer all_of(OakumSlice range, const Gem *v, gboolean spaces)
{
  gboolean all = TRUE;
  OakumSlice part;
  while (oakum_version_split_comparator(&range, spaces, &part)) {
    if (part.len > OAKUM_VERSION_MAX)
      return OAKUM_RANGE_INVALID;
    OakumRangeAnswer answer = requirement(part, v);
    if (answer == OAKUM_RANGE_INVALID)
      return answer;
    all &= answer == OAKUM_RANGE_YES;
  }
  return oakum_range_answer(all);
}

OakumRangeAnswer oakum_version_gem_range(OakumSlice range, OakumSlice version)
{
  Gem v;
  if (!parse(version, &v))
    return OAKUM_RANGE_INVALID;
  if (range.len == 0)
    range = OAKUM_VERSION_TEXT(">= 0");
  gboolean several = oakum_version_has_alternatives(range), in = FALSE;
  OakumSlice one;
  while (oakum_version_split_alternative(&range, &one)) {
    OakumRangeAnswer answer = all_of(one, &v, several);
    if (answer == OAKUM_RANGE_INVALID)
      return answer;
    in |= answer == OAKUM_RANGE_YES;
  }
  return oakum_range_answer(in);
}
