/* Lines: from bytes to instructions, comments, here-documents and tokens. */
#include "dockerfile/dockerfile-private.h"
#include <stdarg.h>
#include <string.h>

static void error_free(gpointer p)
{
  OakumDockerfileError *e = p;
  if (!e) /* taken over by the next tree */
    return;
  g_free(e->message);
  g_free(e->hint);
  g_free(e);
}

static void comment_free(gpointer p)
{
  if (p)
    g_free(((OakumComment *)p)->text);
  g_free(p);
}

static void directive_free(gpointer p)
{
  OakumDirective *d = p;
  g_free(d->name);
  g_free(d->value);
  g_free(d);
}

static void use_free(gpointer p)
{
  g_free(((OakumStageUse *)p)->name);
  g_free(p);
}

static void stage_free(gpointer p)
{
  OakumStage *stage = p;
  g_ptr_array_unref(stage->uses);
  g_free(stage->name);
  g_free(stage);
}

void oakum_dockerfile_free(OakumDockerfile *df)
{
  if (!df)
    return;
  GPtrArray *lists[] = {df->directives, df->comments, df->instructions,
                        df->stages,     df->errors,   df->check_skip};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    if (lists[i])
      g_ptr_array_unref(lists[i]);
  oakum_places_clear(&df->places);
  GArray *arrays[] = {df->tokens, df->chunks};
  for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
    if (arrays[i])
      g_array_unref(arrays[i]);
  g_free(df->file);
  g_free(df->source);
  g_free(df);
}

/* ---- errors
 * ---------------------------------------------------------------------------------------- */
static G_GNUC_PRINTF(5, 0) void fail_v(OakumParser *parser, const OakumRange *range,
                                       const char *code, char *hint, const char *format,
                                       va_list args)
{
  OakumDockerfile *df = parser->out;
  if (parser->current)
    parser->current->has_error = TRUE;
  if (parser->reading)
    parser->reading->has_error = TRUE;
  if (df->errors->len > OAKUM_DOCKERFILE_ERRORS_MAX) {
    g_free(hint);
    return;
  }
  OakumDockerfileError *e = g_new0(OakumDockerfileError, 1);
  e->range = *range;
  e->instruction = parser->current ? (int)parser->current->index : -1;
  e->chunk = parser->in_graph ? -1 : e->instruction;
  if (df->errors->len == OAKUM_DOCKERFILE_ERRORS_MAX) {
    g_free(hint);
    e->code = "too-many-errors";
    e->message = g_strdup("more errors follow, which are not listed");
  } else {
    e->code = code;
    e->hint = hint;
    e->message = g_strdup_vprintf(format, args);
  }
  g_ptr_array_add(df->errors, e);
}

void oakum_parser_fail(OakumParser *parser, const OakumRange *range, const char *code, char *hint,
                       const char *format, ...)
{
  va_list args;
  va_start(args, format);
  fail_v(parser, range, code, hint, format, args);
  va_end(args);
}

void oakum_line_fail(OakumParser *parser, size_t from, size_t to, const char *code, char *hint,
                     const char *format, ...)
{
  OakumRange range = oakum_line_range(parser, from, to);
  va_list args;
  va_start(args, format);
  fail_v(parser, &range, code, hint, format, args);
  va_end(args);
}

static void set_error(const OakumDockerfile *df, GError **error, OakumErrorCode code,
                      const OakumRange *range, const char *message)
{
  g_autofree char *shown = oakum_escape_terminal(message, -1);
  g_set_error(error, OAKUM_DOCKERFILE_ERROR, code, "%s:%d:%d: %s", df->file, range->line,
              range->column, shown);
}

gboolean oakum_parser_limit(OakumParser *parser, const OakumRange *range, const char *format, ...)
{
  if (parser->limited)
    return FALSE;
  parser->limited = TRUE;
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  set_error(parser->out, parser->error, OAKUM_ERROR_LIMIT, range, message);
  return FALSE;
}

char *oakum_shorten(const char *text, size_t len)
{
  if (len <= 64)
    return g_strndup(text, len);
  g_autofree char *start = g_strndup(text, 64);
  return g_strconcat(start, "...", NULL);
}

gboolean oakum_dockerfile_check(const OakumDockerfile *df, GError **error)
{
  if (df->errors->len == 0)
    return TRUE;
  const OakumDockerfileError *e = df->errors->pdata[0];
  g_autoptr(GString) text = g_string_new(e->message);
  if (e->hint)
    g_string_append_printf(text, "; %s", e->hint);
  if (df->errors->len > 1)
    g_string_append_printf(text, " (%u more error%s)", df->errors->len - 1,
                           df->errors->len == 2 ? "" : "s");
  set_error(df, error, OAKUM_ERROR_INVALID, &e->range, text->str);
  return FALSE;
}

static gint by_place(gconstpointer a, gconstpointer b)
{
  const OakumDockerfileError *x = *(gpointer const *)a, *y = *(gpointer const *)b;
  return x->range.offset < y->range.offset ? -1 : x->range.offset > y->range.offset;
}

/* ---- lines
 * ----------------------------------------------------------------------------------------- */
/* FALSE at the end of the text. All carriage returns before the end of a line belong to that end.
 */
gboolean oakum_parser_physical(OakumParser *parser, OakumPhysical *line)
{
  const OakumDockerfile *df = parser->out;
  if (parser->at >= df->len)
    return FALSE;
  const char *newline = memchr(df->source + parser->at, '\n', df->len - parser->at);
  line->start = parser->at;
  line->next = newline ? (guint)(newline - df->source) + 1 : df->len;
  line->stop = newline ? line->next - 1 : df->len;
  while (line->stop > line->start && df->source[line->stop - 1] == '\r')
    line->stop--;
  parser->at = line->next;
  return TRUE;
}

void oakum_tokens_add(OakumParser *parser, OakumTokenKind kind, guint offset, guint len)
{
  OakumToken token = {kind, offset, len};
  if (len > 0)
    g_array_append_val(parser->out->tokens, token);
}

static guint indent_of(const OakumDockerfile *df, const OakumPhysical *line)
{
  guint at = line->start;
  while (at < line->stop) {
    size_t n = oakum_space_len(df->source + at);
    if (n == 0)
      break;
    at += (guint)n;
  }
  return MIN(at, line->stop);
}

static void keep_comment(OakumParser *parser, guint from, guint to, int instruction)
{
  OakumDockerfile *df = parser->out;
  OakumComment *comment = g_new0(OakumComment, 1);
  comment->text = g_strndup(df->source + from + 1, to - from - 1);
  comment->range = oakum_dockerfile_range(df, from, to);
  comment->instruction = instruction;
  g_ptr_array_add(df->comments, comment);
  if (df->comments->len > OAKUM_DOCKERFILE_COMMENTS_MAX)
    oakum_parser_limit(parser, &comment->range, "more than %u comments",
                       OAKUM_DOCKERFILE_COMMENTS_MAX);
}

static void add_piece(OakumLine *line, OakumTokenKind kind, guint offset, guint len)
{
  OakumPiece piece = {kind, offset, len, (guint)line->text->len};
  if (len > 0)
    g_array_append_val(line->pieces, piece);
}

static void add_text(OakumParser *parser, guint from, guint to)
{
  OakumLine *line = &parser->line;
  OakumSegment segment = {(guint)line->text->len, from};
  if (to > from || line->segments->len == 0)
    g_array_append_val(line->segments, segment);
  add_piece(line, OAKUM_TOKEN_WORD, from, to - from);
  g_string_append_len(line->text, parser->out->source + from, (gssize)(to - from));
}

/* Where the escape character stands that continues content [from, stop), or `stop`. One that is
 * itself escaped continues nothing. */
static guint continuation_of(const OakumDockerfile *df, guint from, guint stop)
{
  guint end = stop;
  while (end > from && (df->source[end - 1] == ' ' || df->source[end - 1] == '\t'))
    end--;
  if (end == from || df->source[end - 1] != df->escape)
    return stop;
  return end - 1 > from && df->source[end - 2] == df->escape ? stop : end - 1;
}

/* Reads the line of the next instruction; comments and blank lines before it become tokens. FALSE
 * at the end. */
static gboolean read_line(OakumParser *parser, GArray *blank_lines)
{
  OakumDockerfile *df = parser->out;
  OakumLine *line = &parser->line;
  OakumPhysical at;
  g_string_truncate(line->text, 0);
  g_array_set_size(line->segments, 0);
  g_array_set_size(line->pieces, 0);
  gboolean inside = FALSE;
  while (!parser->limited && oakum_parser_physical(parser, &at)) {
    line->from = inside ? line->from : at.start;
    line->to = at.stop;
    guint indent = indent_of(df, &at), from = inside ? at.start : indent;
    gboolean blank = indent == at.stop, comment = !blank && df->source[indent] == '#';
    if (!inside && (blank || comment)) {
      oakum_tokens_add(parser, OAKUM_TOKEN_BLANK, at.start, indent - at.start);
      if (comment) {
        keep_comment(parser, indent, at.stop, -1);
        oakum_tokens_add(parser, OAKUM_TOKEN_COMMENT, indent, at.stop - indent);
      }
      oakum_tokens_add(parser, OAKUM_TOKEN_NEWLINE, at.stop, at.next - at.stop);
      continue;
    }
    if (blank || comment) { /* dropped from the middle of an instruction */
      add_piece(line, OAKUM_TOKEN_BLANK, at.start, indent - at.start);
      if (comment) {
        keep_comment(parser, indent, at.stop, (int)df->instructions->len);
        add_piece(line, OAKUM_TOKEN_COMMENT, indent, at.stop - indent);
      } else {
        OakumRange range = oakum_dockerfile_range(df, at.start, at.stop);
        g_array_append_val(blank_lines, range);
      }
      add_piece(line, OAKUM_TOKEN_NEWLINE, at.stop, at.next - at.stop);
      continue;
    }
    guint stop = continuation_of(df, from, at.stop);
    add_piece(line, OAKUM_TOKEN_BLANK, at.start, from - at.start);
    add_text(parser, from, stop);
    inside = TRUE;
    if (stop == at.stop) {
      add_piece(line, OAKUM_TOKEN_NEWLINE, at.stop, at.next - at.stop);
      break;
    }
    add_piece(line, OAKUM_TOKEN_CONTINUATION, stop, at.next - stop);
  }
  g_byte_array_set_size(line->paint, (guint)line->text->len);
  if (line->text->len > 0)
    memset(line->paint->data, 0, line->text->len);
  return inside && !parser->limited;
}

OakumRange oakum_line_range(const OakumParser *parser, size_t from, size_t to)
{
  const OakumLine *line = &parser->line;
  const OakumSegment *segments = (const OakumSegment *)(gconstpointer)line->segments->data;
  guint n = line->segments->len, len = (guint)line->text->len;
  guint start = oakum_segments_locate(segments, n, len, (guint)from);
  return oakum_dockerfile_range(
      parser->out, start,
      to > from ? oakum_segments_locate(segments, n, len, (guint)to - 1) + 1 : start);
}

void oakum_line_paint(OakumParser *parser, size_t from, size_t to, OakumTokenKind kind)
{
  if (to > from)
    memset(parser->line.paint->data + from, (int)kind + 1, to - from);
}

/* The tokens of the current line, from what its bytes were painted as. */
static void tokens_of_line(OakumParser *parser)
{
  const OakumLine *line = &parser->line;
  const char *text = line->text->str;
  for (guint i = 0; i < line->pieces->len; i++) {
    const OakumPiece *piece = &g_array_index(line->pieces, OakumPiece, i);
    if (piece->kind != OAKUM_TOKEN_WORD) {
      oakum_tokens_add(parser, piece->kind, piece->offset, piece->len);
      continue;
    }
    for (guint from = 0, to; from < piece->len; from = to) {
      guint8 paint = line->paint->data[piece->at + from];
      gboolean blank = oakum_space_len(text + piece->at + from) > 0;
      for (to = from; to < piece->len && line->paint->data[piece->at + to] == paint;) {
        size_t n = paint ? 0 : oakum_space_len(text + piece->at + to);
        if (!paint && (n > 0) != blank)
          break;
        to += n > 0 ? (guint)n : 1;
      }
      to = MIN(to, piece->len);
      oakum_tokens_add(parser,
                       paint   ? (OakumTokenKind)(paint - 1)
                       : blank ? OAKUM_TOKEN_BLANK
                               : OAKUM_TOKEN_WORD,
                       piece->offset + from, to - from);
    }
  }
}

/* ---- the file
 * -------------------------------------------------------------------------------------- */
static void read_instruction(OakumParser *parser, GArray *blank_lines)
{
  OakumDockerfile *df = parser->out;
  if (df->instructions->len >= OAKUM_DOCKERFILE_INSTRUCTIONS_MAX) {
    OakumRange range = oakum_line_range(parser, 0, 0);
    oakum_parser_limit(parser, &range, "more than %u instructions",
                       OAKUM_DOCKERFILE_INSTRUCTIONS_MAX);
    return;
  }
  OakumInstruction *in = oakum_parser_instruction(parser, 0, FALSE);
  if (!in)
    return;
  g_ptr_array_add(df->instructions, in);
  parser->current = in;
  g_array_unref(in->blank_lines);
  in->blank_lines = g_array_ref(blank_lines);
  in->read_range = oakum_dockerfile_range(df, parser->line.from, parser->line.to);
  oakum_heredocs_find(parser, in);
  tokens_of_line(parser);
  oakum_heredocs_read(parser, in);
  parser->current = NULL;
}

static gboolean refuse_bytes(OakumParser *parser, const char *data, size_t len)
{
  OakumRange top = {.line = 1, .column = 1, .end_line = 1, .end_column = 1};
  if (len > OAKUM_DOCKERFILE_MAX)
    return oakum_parser_limit(parser, &top, "larger than %" G_GUINT64_FORMAT " bytes",
                              OAKUM_DOCKERFILE_MAX);
  const char *nul = len ? memchr(data, '\0', len) : NULL, *start = data;
  for (const char *p = data; nul && p < nul; p++)
    if (*p == '\n') {
      top.line++;
      start = p + 1;
    }
  if (!nul)
    return TRUE;
  top.column = (int)(nul - start) + 1;
  set_error(parser->out, parser->error, OAKUM_ERROR_INVALID, &top, "a NUL byte; this is no text");
  return FALSE;
}

static void read_chunks(OakumParser *parser)
{
  OakumDockerfile *df = parser->out;
  while (!parser->limited) {
    if (oakum_parser_take(parser))
      continue;
    OakumChunk begun = {.start = parser->at,
                        .words = parser->words,
                        .heredocs = parser->heredocs,
                        .lookaheads = parser->lookaheads,
                        .first_token = df->tokens->len,
                        .first_comment = df->comments->len};
    gboolean misspelt = parser->from_misspelt;
    parser->from_misspelt = FALSE;
    g_autoptr(GArray) blank_lines = g_array_new(FALSE, FALSE, sizeof(OakumRange));
    if (!read_line(parser, blank_lines)) {
      parser->from_misspelt = misspelt;
      g_array_append_val(df->chunks, begun);
      break;
    }
    read_instruction(parser, blank_lines);
    begun.from_misspelt = parser->from_misspelt;
    parser->from_misspelt |= misspelt;
    if (!parser->limited)
      oakum_parser_keep(parser, &begun);
  }
}

/* NULL with *again: not with the tree before. */
static OakumDockerfile *parse(OakumDockerfile *before, const char *data, size_t len,
                              const char *file, gboolean *again, GError **error)
{
  g_autoptr(OakumDockerfile) df = g_new0(OakumDockerfile, 1);
  OakumParser parser = {.out = df, .error = error};
  *again = FALSE;
  df->file = oakum_escape_terminal(file ? file : "Dockerfile", -1);
  if (!refuse_bytes(&parser, data, len))
    return NULL;
  df->source = g_strndup(len ? data : "", len);
  df->len = (guint)len;
  df->escape = '\\';
  df->tokens = g_array_new(FALSE, FALSE, sizeof(OakumToken));
  df->chunks = g_array_new(FALSE, FALSE, sizeof(OakumChunk));
  df->directives = g_ptr_array_new_with_free_func(directive_free);
  df->comments = g_ptr_array_new_with_free_func(comment_free);
  df->instructions = g_ptr_array_new_with_free_func(oakum_instruction_free);
  df->stages = g_ptr_array_new_with_free_func(stage_free);
  df->errors = g_ptr_array_new_with_free_func(error_free);
  df->check_skip = g_ptr_array_new_with_free_func(oakum_word_free);
  oakum_places_init(&df->places, df->source, df->len);
  parser.line = (OakumLine){g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(OakumSegment)),
                            g_array_new(FALSE, FALSE, sizeof(OakumPiece)), g_byte_array_new()};
  oakum_parser_directives(&parser);
  if (before && !parser.limited)
    oakum_parser_before(&parser, before);
  read_chunks(&parser);
  parser.in_graph = TRUE;
  if (!parser.limited)
    oakum_parser_stages(&parser);
  g_string_free(parser.line.text, TRUE);
  g_array_unref(parser.line.segments);
  g_array_unref(parser.line.pieces);
  g_byte_array_unref(parser.line.paint);
  *again = parser.before && oakum_parser_over(&parser);
  if (parser.limited || *again)
    return NULL;
  g_ptr_array_sort(df->errors, by_place);
  return g_steal_pointer(&df);
}

OakumDockerfile *oakum_dockerfile_parse_again(OakumDockerfile *before, const char *data, size_t len,
                                              const char *file, GError **error)
{
  gboolean again;
  g_autoptr(GError) inner = NULL;
  OakumDockerfile *df = parse(before, data, len, file, &again, &inner);
  if (again) {
    g_clear_error(&inner);
    df = parse(NULL, data, len, file, &again, &inner);
  }
  if (inner)
    g_propagate_error(error, g_steal_pointer(&inner));
  return df;
}

OakumDockerfile *oakum_dockerfile_parse(const char *data, size_t len, const char *file,
                                        GError **error)
{
  return oakum_dockerfile_parse_again(NULL, data, len, file, error);
}

const char *oakum_token_kind_name(OakumTokenKind kind)
{
  static const char *const names[] = {
      "bom", "blank", "newline", "continuation",   "comment",      "directive",   "keyword",
      "as",  "flag",  "word",    "heredoc-marker", "heredoc-body", "heredoc-end", "punctuation"};
  return names[kind];
}

OakumStage *oakum_stage_new(void)
{
  OakumStage *stage = g_new0(OakumStage, 1);
  stage->parent = -1;
  stage->uses = g_ptr_array_new_with_free_func(use_free);
  return stage;
}
