/* Reading a text again after an edit: chunks of the tree before that stand in it unchanged are
 * taken over, with their places moved. A chunk is an instruction with what stands between it and
 * the one before; what it becomes depends on its own bytes, the escape character, and on nothing
 * else, but for the cases that keep_chunk() leaves out. */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

#define BLOCK 1024u /* bytes that are compared at once */

typedef struct {
  guint bytes; /* modulo 2^32, so that places may also move up */
  int lines;
} Move;

static void move_range(OakumRange *range, const Move *move)
{
  range->offset += move->bytes;
  range->end_offset += move->bytes;
  range->line += move->lines;
  range->end_line += move->lines;
}

static void move_words(const GPtrArray *words, const Move *move)
{
  for (guint i = 0; i < words->len; i++) {
    OakumWord *word = words->pdata[i];
    move_range(&word->range, move);
    move_range(&word->name_range, move);
    move_range(&word->value_range, move);
  }
}

static void move_map(OakumMap *map, const Move *move)
{
  for (guint i = 0; map && i < map->n; i++)
    map->segments[i].file += move->bytes;
}

static void move_instruction(OakumInstruction *in, const Move *move)
{
  OakumRange *ranges[] = {&in->keyword_range, &in->range, &in->line_range};
  for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++)
    move_range(ranges[i], move);
  move_words(in->flags, move);
  move_words(in->words, move);
  for (guint i = 0; i < in->heredocs->len; i++) {
    OakumHeredoc *heredoc = in->heredocs->pdata[i];
    move_range(&heredoc->marker, move);
    move_range(&heredoc->body, move);
    move_range(&heredoc->end, move);
    move_map(heredoc->map, move);
  }
  for (guint i = 0; i < in->mounts->len; i++) {
    OakumMount *mount = in->mounts->pdata[i];
    move_range(&mount->range, move);
    move_words(mount->fields, move);
  }
  for (guint i = 0; i < in->blank_lines->len; i++)
    move_range(&g_array_index(in->blank_lines, OakumRange, i), move);
  move_map(in->map, move);
}

static gint by_chunk(gconstpointer a, gconstpointer b)
{
  const OakumDockerfileError *x = *(gpointer const *)a, *y = *(gpointer const *)b;
  return x->chunk < y->chunk ? -1 : x->chunk > y->chunk;
}

void oakum_parser_before(OakumParser *parser, OakumDockerfile *before)
{
  OakumDockerfile *df = parser->out;
  if (before->escape != df->escape || before->errors->len > OAKUM_DOCKERFILE_ERRORS_MAX)
    return;
  const char *old = before->source, *new = df->source, *old_end = old + before->len,
             *new_end = new + df->len;
  guint most = MIN(before->len, df->len), same = 0, back = 0;
  while (most - same >= BLOCK && memcmp(old + same, new + same, BLOCK) == 0)
    same += BLOCK;
  while (same < most && old[same] == new[same])
    same++;
  while (most - same - back >= BLOCK &&
         memcmp(old_end - back - BLOCK, new_end - back - BLOCK, BLOCK) == 0)
    back += BLOCK;
  while (back < most - same && old_end[-1 - (gssize)back] == new_end[-1 - (gssize)back])
    back++;
  parser->before = before;
  parser->same = same;
  parser->same_back = back;
  /* both end in the same line, counted from their ends */
  parser->moved_lines = (int)df->places.lines->len - (int)before->places.lines->len;
  g_ptr_array_sort(before->errors, by_chunk);
}

/* The chunk of the tree before that begins where the parser stands, in bytes that did not change;
 * NULL. */
static const OakumChunk *chunk_here(OakumParser *parser, Move *move)
{
  const OakumDockerfile *before = parser->before, *df = parser->out;
  guint at = parser->at;
  gboolean below = at >= df->len - parser->same_back;
  guint old = below ? at + before->len - df->len : at;
  const GArray *chunks = before->chunks;
  while (parser->next_chunk < chunks->len &&
         g_array_index(chunks, OakumChunk, parser->next_chunk).start < old)
    parser->next_chunk++;
  if (parser->next_chunk >= chunks->len)
    return NULL;
  const OakumChunk *chunk = &g_array_index(chunks, OakumChunk, parser->next_chunk);
  if (chunk->start != old || !chunk->keep || (!below && chunk->end > parser->same))
    return NULL;
  /* behind a byte order mark columns count from it */
  if (below && (at <= 3 || old <= 3))
    return NULL;
  *move = (Move){at - old, below ? parser->moved_lines : 0};
  return chunk;
}

static void take_tokens(OakumDockerfile *df, const OakumDockerfile *before, guint from, guint to,
                        const Move *move)
{
  guint first = df->tokens->len;
  g_array_append_vals(df->tokens, &g_array_index(before->tokens, OakumToken, from), to - from);
  for (guint i = first; i < df->tokens->len; i++)
    g_array_index(df->tokens, OakumToken, i).offset += move->bytes;
}

static void take_comments(OakumDockerfile *df, const OakumDockerfile *before, guint from, guint to,
                          const Move *move)
{
  for (guint i = from; i < to; i++) {
    OakumComment *comment = g_steal_pointer(&before->comments->pdata[i]);
    move_range(&comment->range, move);
    if (comment->instruction >= 0)
      comment->instruction = (int)df->instructions->len;
    g_ptr_array_add(df->comments, comment);
  }
}

static void take_errors(OakumParser *parser, int chunk, const Move *move)
{
  OakumDockerfile *df = parser->out;
  const GPtrArray *errors = parser->before->errors;
  for (; parser->next_error < errors->len; parser->next_error++) {
    OakumDockerfileError *e = errors->pdata[parser->next_error];
    if (e->chunk > chunk)
      return;
    if (e->chunk < chunk)
      continue;
    errors->pdata[parser->next_error] = NULL;
    move_range(&e->range, move);
    e->chunk = e->instruction = (int)df->instructions->len;
    g_ptr_array_add(df->errors, e);
  }
}

gboolean oakum_parser_take(OakumParser *parser)
{
  Move move;
  OakumDockerfile *before = parser->before, *df = parser->out;
  const OakumChunk *chunk = before ? chunk_here(parser, &move) : NULL;
  if (!chunk)
    return FALSE;
  guint index = parser->next_chunk++;
  const OakumChunk *next = chunk + 1; /* one that is no instruction ends the list */
  OakumChunk mine = *chunk;
  mine.start += move.bytes;
  mine.end += move.bytes;
  mine.first_token = df->tokens->len;
  mine.first_comment = df->comments->len;
  mine.before = (int)index;
  mine.moved = move.bytes;
  take_tokens(df, before, chunk->first_token, next->first_token, &move);
  take_comments(df, before, chunk->first_comment, next->first_comment, &move);
  take_errors(parser, (int)index, &move);
  OakumInstruction *in = g_steal_pointer(&before->instructions->pdata[index]);
  in->has_error = chunk->has_error; /* not what the graph of stages said */
  if (move.bytes || move.lines)
    move_range(&in->read_range, &move);
  for (OakumInstruction *part = in; part; part = part->inner) {
    part->index = df->instructions->len;
    if (move.bytes || move.lines)
      move_instruction(part, &move);
  }
  parser->words += chunk->words;
  parser->heredocs += chunk->heredocs;
  parser->from_misspelt |= chunk->from_misspelt;
  g_ptr_array_add(df->instructions, in);
  g_array_append_val(df->chunks, mine);
  parser->at = mine.end;
  return TRUE;
}

void oakum_parser_keep(OakumParser *parser, const OakumChunk *begun)
{
  OakumDockerfile *df = parser->out;
  OakumChunk chunk = *begun;
  const OakumInstruction *in = df->instructions->pdata[df->instructions->len - 1];
  gboolean looked_ahead = parser->lookaheads > chunk.lookaheads;
  chunk.end = parser->at;
  chunk.words = parser->words - chunk.words;
  chunk.heredocs = parser->heredocs - chunk.heredocs;
  chunk.has_error = in->has_error;
  /* what ends with the file may go on in a longer one; what was sought behind may be gone */
  chunk.keep = chunk.end < df->len && !looked_ahead;
  chunk.before = -1;
  g_array_append_val(df->chunks, chunk);
}

gboolean oakum_parser_over(const OakumParser *parser)
{
  const OakumDockerfile *df = parser->out;
  return parser->limited || parser->words > OAKUM_DOCKERFILE_WORDS_MAX ||
         parser->heredocs > OAKUM_DOCKERFILE_HEREDOCS_MAX ||
         df->comments->len > OAKUM_DOCKERFILE_COMMENTS_MAX ||
         df->instructions->len > OAKUM_DOCKERFILE_INSTRUCTIONS_MAX ||
         df->errors->len > OAKUM_DOCKERFILE_ERRORS_MAX;
}

int oakum_dockerfile_before(const OakumDockerfile *df, guint index, guint *moved)
{
  if (index >= df->chunks->len)
    return -1;
  const OakumChunk *chunk = &g_array_index(df->chunks, OakumChunk, index);
  *moved = chunk->moved;
  return chunk->before;
}
