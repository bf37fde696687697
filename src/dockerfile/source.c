/* Places: offsets, lines, columns, and the maps from joined texts back to the file. */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

/* Characters and UTF-16 units are counted to the start of each block, so that a column costs one
 * block and never the whole of a long line. */
#define BLOCK 1024u

typedef struct {
  guint chars, units;
} Count;

size_t oakum_char_len(const char *text)
{
  guchar c = (guchar)*text;
  size_t n = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : 4;
  if (c >= 0xF5 || (c >= 0x80 && c < 0xC2))
    return 1;
  for (size_t i = 1; i < n; i++)
    if (((guchar)text[i] & 0xC0) != 0x80)
      return 1;
  return n;
}

size_t oakum_space_len(const char *text)
{
  if ((*text >= '\t' && *text <= '\r') || *text == ' ')
    return 1;
  if (((guchar)*text & 0x80) == 0)
    return 0;
  size_t n = oakum_char_len(text);
  if (n == 1)
    return 0;
  gunichar c = g_utf8_get_char(text);
  gboolean space = c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
                   c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
  return space ? n : 0;
}

size_t oakum_text_start(const char *text, size_t from, size_t end)
{
  for (size_t n; from < end && (n = oakum_space_len(text + from)) > 0;)
    from += n;
  return MIN(from, end);
}

size_t oakum_text_end(const char *text, size_t from, size_t end)
{
  while (end > from) {
    size_t start = end - 1;
    while (start > from && ((guchar)text[start] & 0xC0) == 0x80)
      start--;
    if (oakum_space_len(text + start) != end - start)
      break;
    end = start;
  }
  return end;
}

/* ---- columns
 * --------------------------------------------------------------------------------------- */
void oakum_source_index(OakumDockerfile *df)
{
  guint zero = 0;
  df->lines = g_array_new(FALSE, FALSE, sizeof(guint));
  g_array_append_val(df->lines, zero);
  for (const char *p = df->source; (p = memchr(p, '\n', df->len - (gsize)(p - df->source)));) {
    guint next = (guint)(++p - df->source);
    g_array_append_val(df->lines, next);
  }
  df->counts = g_array_new(FALSE, FALSE, sizeof(Count));
  Count count = {0, 0};
  guint block = 0;
  for (guint at = 0; at < df->len;) {
    if (at >= block) {
      g_array_append_val(df->counts, count);
      block += BLOCK;
    }
    size_t n = oakum_char_len(df->source + at);
    count.chars++;
    count.units += n == 4 ? 2 : 1;
    at += (guint)n;
  }
}

static guint line_of(const OakumDockerfile *df, guint offset)
{
  guint low = 0, high = df->lines->len;
  while (high - low > 1) {
    guint middle = low + (high - low) / 2;
    if (g_array_index(df->lines, guint, middle) <= offset)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* Counts to the byte at `offset`. A block begins inside a character when that crosses its border:
 * the character belongs to the block before. */
static Count count_to(const OakumDockerfile *df, guint offset)
{
  guint block = offset / BLOCK;
  if (df->counts->len == 0)
    return (Count){0, 0};
  block = MIN(block, df->counts->len - 1);
  Count count = g_array_index(df->counts, Count, block);
  guint at = block * BLOCK;
  if (block > 0) /* the first character that begins in the block */
    for (guint back = 1; back < 4; back++)
      if (oakum_char_len(df->source + at - back) > back) {
        at += (guint)oakum_char_len(df->source + at - back) - back;
        break;
      }
  while (at < offset) {
    size_t n = oakum_char_len(df->source + at);
    if (at + n > offset)
      break;
    count.chars++;
    count.units += n == 4 ? 2 : 1;
    at += (guint)n;
  }
  return count;
}

int oakum_dockerfile_utf16_column(const OakumDockerfile *df, guint offset)
{
  offset = MIN(offset, df->len);
  guint start = g_array_index(df->lines, guint, line_of(df, offset));
  return (int)(count_to(df, offset).units - count_to(df, start).units) + 1;
}

int oakum_dockerfile_char_column(const OakumDockerfile *df, guint offset)
{
  offset = MIN(offset, df->len);
  guint start = g_array_index(df->lines, guint, line_of(df, offset));
  return (int)(count_to(df, offset).chars - count_to(df, start).chars) + 1;
}

OakumRange oakum_dockerfile_range(const OakumDockerfile *df, guint from, guint to)
{
  from = MIN(from, df->len);
  to = CLAMP(to, from, df->len);
  guint line = line_of(df, from), end = line_of(df, to);
  return (OakumRange){from,          to,
                      (int)line + 1, (int)(from - g_array_index(df->lines, guint, line)) + 1,
                      (int)end + 1,  (int)(to - g_array_index(df->lines, guint, end)) + 1};
}

char *oakum_dockerfile_slice(const OakumDockerfile *df, const OakumRange *range)
{
  guint from = MIN(range->offset, df->len), to = CLAMP(range->end_offset, from, df->len);
  return g_strndup(df->source + from, to - from);
}

/* ---- maps
 * ------------------------------------------------------------------------------------------ */
OakumMap *oakum_map_new(const GArray *segments, size_t from, size_t to)
{
  const OakumSegment *all = (const OakumSegment *)(gconstpointer)segments->data;
  guint low = 0, high = segments->len;
  while (high - low > 1) {
    guint middle = low + (high - low) / 2;
    if (all[middle].text <= from)
      low = middle;
    else
      high = middle;
  }
  guint end = low + 1;
  while (end < segments->len && all[end].text < to)
    end++;
  OakumMap *map = g_malloc(sizeof *map + (end - low) * sizeof(OakumSegment));
  map->n = end - low;
  map->len = (guint)(to - from);
  for (guint i = low; i < end; i++)
    map->segments[i - low] = i == low ? (OakumSegment){0, all[i].file + (guint)from - all[i].text}
                                      : (OakumSegment){all[i].text - (guint)from, all[i].file};
  return map;
}

guint oakum_segments_locate(const OakumSegment *segments, guint n, guint len, guint at)
{
  guint low = 0, high = n;
  gboolean end = at >= len && len > 0; /* behind the last byte, not where a line begins */
  at = end ? len - 1 : MIN(at, len);
  while (high - low > 1) {
    guint middle = low + (high - low) / 2;
    if (segments[middle].text <= at)
      low = middle;
    else
      high = middle;
  }
  return segments[low].file + at - segments[low].text + (end ? 1 : 0);
}

guint oakum_map_locate(const OakumMap *map, guint at)
{
  return oakum_segments_locate(map->segments, map->n, map->len, at);
}

static OakumRange map_range(const OakumDockerfile *df, const OakumMap *map, guint from, guint to)
{
  from = MIN(from, map->len);
  to = CLAMP(to, from, map->len);
  guint start = oakum_map_locate(map, from);
  return oakum_dockerfile_range(df, start, to > from ? oakum_map_locate(map, to - 1) + 1 : start);
}

guint oakum_instruction_locate(const OakumInstruction *in, guint at)
{
  return oakum_map_locate(in->map, at);
}

guint oakum_heredoc_locate(const OakumHeredoc *heredoc, guint at)
{
  return oakum_map_locate(heredoc->map, at);
}

OakumRange oakum_instruction_text_range(const OakumDockerfile *df, const OakumInstruction *in,
                                        guint from, guint to)
{
  return map_range(df, in->map, from, to);
}

OakumRange oakum_heredoc_text_range(const OakumDockerfile *df, const OakumHeredoc *heredoc,
                                    guint from, guint to)
{
  return map_range(df, heredoc->map, from, to);
}
