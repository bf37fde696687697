/* Offsets to lines and columns, and back. */
#include "base/base.h"
#include <string.h>

/* Characters and UTF-16 units are counted to the start of each block, so that a column costs one
 * block and never the whole of a long line. A text of ASCII alone needs no blocks. */
#define BLOCK 1024u

size_t oakum_utf8_length(const char *text, size_t len)
{
  guchar c = len > 0 ? (guchar)*text : 0;
  if (c < 0xC2 || c > 0xF4)
    return 1;
  size_t n = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  for (size_t i = 1; i < n; i++)
    if (i >= len || ((guchar)text[i] & 0xC0) != 0x80)
      return 1;
  guchar second = (guchar)text[1];
  gboolean wrong = (c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) ||
                   (c == 0xF0 && second < 0x90) || (c == 0xF4 && second > 0x8F);
  return wrong ? 1 : n;
}

static gboolean is_ascii(const char *text, size_t len)
{
  guchar all = 0;
  for (size_t i = 0; i < len; i++)
    all |= (guchar)text[i];
  return all < 0x80;
}

void oakum_places_init(OakumPlaces *places, const char *text, size_t len)
{
  *places = (OakumPlaces){.text = text, .len = (guint)MIN(len, G_MAXUINT - 1)};
  places->lines = g_array_new(FALSE, FALSE, sizeof(guint));
  guint next = 0;
  g_array_append_val(places->lines, next);
  for (const char *p = text, *end = text + places->len;
       p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL;) {
    next = (guint)(++p - text);
    g_array_append_val(places->lines, next);
  }
  if (is_ascii(text, places->len))
    return;
  places->blocks = g_array_new(FALSE, FALSE, sizeof(OakumPlaceCount));
  OakumPlaceCount count = {0, 0, 0};
  for (guint at = 0, block = 0; at < places->len;) {
    if (at >= block) {
      count.offset = at;
      g_array_append_val(places->blocks, count);
      block += BLOCK;
    }
    size_t n = oakum_utf8_length(text + at, places->len - at);
    count.chars++;
    count.units += n == 4 ? 2 : 1;
    at += (guint)n;
  }
}

void oakum_places_clear(OakumPlaces *places)
{
  g_clear_pointer(&places->lines, g_array_unref);
  g_clear_pointer(&places->blocks, g_array_unref);
}

guint oakum_places_line(const OakumPlaces *places, size_t offset)
{
  guint low = 0, high = places->lines->len;
  while (high - low > 1) {
    guint middle = low + (high - low) / 2;
    if (oakum_places_line_start(places, middle) <= offset)
      low = middle;
    else
      high = middle;
  }
  return low;
}

OakumPlaceCount oakum_places_count(const OakumPlaces *places, size_t offset)
{
  guint to = (guint)MIN(offset, places->len);
  if (!places->blocks)
    return (OakumPlaceCount){to, to, to};
  /* a character that crosses the border belongs to the block before */
  guint block = MIN(to / BLOCK, places->blocks->len - 1);
  OakumPlaceCount count = g_array_index(places->blocks, OakumPlaceCount, block);
  if (count.offset > to && block > 0)
    count = g_array_index(places->blocks, OakumPlaceCount, block - 1);
  while (count.offset < to) {
    size_t n = oakum_utf8_length(places->text + count.offset, places->len - count.offset);
    if (count.offset + n > to)
      break;
    count.offset += (guint)n;
    count.chars++;
    count.units += n == 4 ? 2 : 1;
  }
  return count;
}

size_t oakum_places_offset(const OakumPlaces *places, guint line, guint unit)
{
  if (line >= places->lines->len)
    return places->len;
  guint start = oakum_places_line_start(places, line),
        end = line + 1 < places->lines->len ? oakum_places_line_start(places, line + 1) - 1
                                            : places->len;
  if (!places->blocks)
    return MIN((size_t)start + unit, end);
  /* the last block that begins within the line and does not pass the unit */
  OakumPlaceCount count = oakum_places_count(places, start);
  guint first = count.units;
  guint low = start / BLOCK, high = MIN(end / BLOCK + 1, places->blocks->len);
  while (low + 1 < high) {
    guint middle = low + (high - low) / 2;
    const OakumPlaceCount *there = &g_array_index(places->blocks, OakumPlaceCount, middle);
    if (there->offset <= end && (guint64)there->units <= (guint64)first + unit)
      low = middle;
    else
      high = middle;
  }
  const OakumPlaceCount *near =
      low < places->blocks->len ? &g_array_index(places->blocks, OakumPlaceCount, low) : NULL;
  if (near && near->offset > start && near->offset <= end)
    count = *near;
  while (count.offset < end && count.units - first < unit) {
    size_t n = oakum_utf8_length(places->text + count.offset, places->len - count.offset);
    count.offset += (guint)n;
    count.units += n == 4 ? 2 : 1;
  }
  return MIN(count.offset, end);
}
