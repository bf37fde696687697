/* Places: offsets, lines, columns, and the maps from joined texts back to the file. */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

size_t oakum_char_len(const char *text)
{
  return oakum_utf8_length(text, 4); /* a NUL stands behind the text and ends every character */
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
int oakum_dockerfile_utf16_column(const OakumDockerfile *df, guint offset)
{
  offset = MIN(offset, df->len);
  guint start = oakum_places_line_start(&df->places, oakum_places_line(&df->places, offset));
  return (int)(oakum_places_count(&df->places, offset).units -
               oakum_places_count(&df->places, start).units) +
         1;
}

int oakum_dockerfile_char_column(const OakumDockerfile *df, guint offset)
{
  offset = MIN(offset, df->len);
  guint start = oakum_places_line_start(&df->places, oakum_places_line(&df->places, offset));
  return (int)(oakum_places_count(&df->places, offset).chars -
               oakum_places_count(&df->places, start).chars) +
         1;
}

OakumRange oakum_dockerfile_range(const OakumDockerfile *df, guint from, guint to)
{
  from = MIN(from, df->len);
  to = CLAMP(to, from, df->len);
  guint line = oakum_places_line(&df->places, from);
  /* most parts end in their line, or in the next */
  guint end = line, lines = df->places.lines->len;
  if (line + 1 < lines && to >= oakum_places_line_start(&df->places, line + 1))
    end = line + 2 < lines && to >= oakum_places_line_start(&df->places, line + 2)
              ? oakum_places_line(&df->places, to)
              : line + 1;
  return (OakumRange){
      from,          to,
      (int)line + 1, (int)(from - oakum_places_line_start(&df->places, line)) + 1,
      (int)end + 1,  (int)(to - oakum_places_line_start(&df->places, end)) + 1,
  };
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
