/* Here-documents: their markers in a line, and the bodies behind it. */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

typedef struct {
  OakumParser *parser;
  OakumInstruction *in;
} Lookout;

static gboolean has_quotes(const char *a, const char *b)
{
  guint count[2] = {0, 0};
  const char *texts[] = {a, b};
  for (size_t i = 0; i < 2; i++)
    for (const char *p = texts[i]; *p; p++)
      count[i] += *p == '"' || *p == '\'';
  return count[0] != count[1];
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumHeredoc, oakum_heredoc_free)

/* "3<<-'EOF'" and nothing else. New, or NULL. */
static OakumHeredoc *heredoc_of(const char *word)
{
  const char *p = word;
  guint64 fd = 0;
  for (; g_ascii_isdigit(*p); p++)
    fd = MIN(fd * 10 + (guint64)(*p - '0'), G_MAXINT);
  if (p[0] != '<' || p[1] != '<')
    return NULL;
  p += 2;
  gboolean strip = *p == '-';
  p += strip ? 1 : 0;
  while (*p && strchr("\t\n\f\r ", *p))
    p++;
  if (!*p || strchr(p, '<'))
    return NULL;
  g_autoptr(GPtrArray) plain = oakum_lex_words(p, FALSE), raw = oakum_lex_words(p, TRUE);
  if (!plain || !raw || plain->len != 1 || raw->len != 1)
    return NULL;
  OakumHeredoc *heredoc = g_new0(OakumHeredoc, 1);
  heredoc->name = g_strdup(plain->pdata[0]);
  heredoc->fd = (guint)fd;
  heredoc->expand = !has_quotes(plain->pdata[0], raw->pdata[0]);
  heredoc->strip_tabs = strip;
  return heredoc;
}

static void found_word(const char *word, guint from, guint to, gpointer user)
{
  Lookout *lookout = user;
  OakumParser *parser = lookout->parser;
  OakumHeredoc *heredoc = parser->limited ? NULL : heredoc_of(word);
  if (!heredoc)
    return;
  heredoc->marker = oakum_line_range(parser, from, to);
  g_ptr_array_add(lookout->in->heredocs, heredoc);
  oakum_line_paint(parser, from, to, OAKUM_TOKEN_HEREDOC_MARKER);
  if (++parser->heredocs > OAKUM_DOCKERFILE_HEREDOCS_MAX)
    oakum_parser_limit(parser, &heredoc->marker, "more than %u here-documents",
                       OAKUM_DOCKERFILE_HEREDOCS_MAX);
}

/* TRUE when the line closes the here-document; *from is where the word begins. */
static gboolean closes(const OakumDockerfile *df, const OakumHeredoc *heredoc,
                       const OakumPhysical *line, guint *from)
{
  *from = line->start;
  if (heredoc->strip_tabs)
    while (*from < line->stop && df->source[*from] == '\t')
      ++*from;
  size_t len = strlen(heredoc->name);
  return line->stop - *from == len && memcmp(df->source + *from, heredoc->name, len) == 0;
}

static gboolean end_exists(OakumParser *parser, const OakumHeredoc *heredoc)
{
  guint back = parser->at, from;
  OakumPhysical line;
  gboolean found = FALSE;
  while (!found && oakum_parser_physical(parser, &line))
    found = closes(parser->out, heredoc, &line, &from);
  parser->at = back;
  return found;
}

/* The body without the tabs that "<<-" strips, and the way back. */
static void take_body(OakumParser *parser, OakumHeredoc *heredoc, guint from, guint to)
{
  const char *source = parser->out->source;
  g_autoptr(GString) text = g_string_sized_new(to - from + 1);
  g_autoptr(GArray) segments = g_array_new(FALSE, FALSE, sizeof(OakumSegment));
  OakumSegment first = {0, from};
  g_array_append_val(segments, first);
  for (guint at = from; at < to;) {
    guint start = at;
    while (heredoc->strip_tabs && at < to && source[at] == '\t')
      at++;
    const char *newline = memchr(source + at, '\n', to - at);
    guint next = newline ? (guint)(newline - source) + 1 : to;
    if (at > start) {
      OakumSegment segment = {(guint)text->len, at};
      g_array_append_val(segments, segment);
    }
    g_string_append_len(text, source + at, (gssize)(next - at));
    at = next;
  }
  heredoc->map = oakum_map_new(segments, 0, text->len);
  heredoc->text = g_string_free(g_steal_pointer(&text), FALSE);
  heredoc->raw = heredoc->strip_tabs ? g_strndup(source + from, to - from) : NULL;
}

static void read_body(OakumParser *parser, OakumHeredoc *heredoc)
{
  OakumDockerfile *df = parser->out;
  guint start = parser->at, stop = df->len, from = df->len;
  OakumPhysical line = {df->len, df->len, df->len};
  while (!heredoc->terminated && oakum_parser_physical(parser, &line))
    if (closes(df, heredoc, &line, &from)) {
      heredoc->terminated = TRUE;
      stop = line.start;
    }
  heredoc->body = oakum_dockerfile_range(df, start, stop);
  heredoc->end = oakum_dockerfile_range(df, stop, stop);
  take_body(parser, heredoc, start, stop);
  oakum_tokens_add(parser, OAKUM_TOKEN_HEREDOC_BODY, start, stop - start);
  if (heredoc->terminated) {
    heredoc->end = oakum_dockerfile_range(df, from, line.stop);
    oakum_tokens_add(parser, OAKUM_TOKEN_HEREDOC_END, line.start, line.stop - line.start);
    oakum_tokens_add(parser, OAKUM_TOKEN_NEWLINE, line.stop, line.next - line.stop);
  }
}

static OakumInstruction *with_heredocs(OakumInstruction *in)
{
  return in->kind == OAKUM_INSTRUCTION_ONBUILD && in->inner ? in->inner : in;
}

/* Finds the markers of a line. A misspelt instruction has here-documents too when they end
 * somewhere: their bodies are no instructions. */
void oakum_heredocs_find(OakumParser *parser, OakumInstruction *outer)
{
  OakumInstruction *in = with_heredocs(outer);
  gboolean unknown = in->kind == OAKUM_INSTRUCTION_UNKNOWN;
  if (!unknown &&
      (in->exec_form || (in->kind != OAKUM_INSTRUCTION_RUN && in->kind != OAKUM_INSTRUCTION_COPY &&
                         in->kind != OAKUM_INSTRUCTION_ADD)))
    return;
  if (!strstr(parser->line.text->str, "<<"))
    return;
  Lookout lookout = {parser, in};
  if (!oakum_lex_line(parser->line.text->str, found_word, &lookout))
    g_ptr_array_set_size(in->heredocs, 0);
  for (guint i = 0; unknown && i < in->heredocs->len && !parser->limited; i++)
    if (parser->lookaheads >= OAKUM_DOCKERFILE_LOOKAHEADS_MAX ||
        (++parser->lookaheads && !end_exists(parser, in->heredocs->pdata[i])))
      g_ptr_array_set_size(in->heredocs, 0);
}

static void check_heredocs(OakumParser *parser, OakumInstruction *in)
{
  for (guint i = 0; i < in->heredocs->len; i++) {
    const OakumHeredoc *heredoc = in->heredocs->pdata[i];
    if (heredoc->terminated)
      continue;
    g_autofree char *name = oakum_shorten(heredoc->name, strlen(heredoc->name));
    oakum_parser_fail(parser, &heredoc->marker, "unterminated-heredoc",
                      g_strdup_printf("end it with a line that holds only %s", name),
                      "the here-document %s has no end", name);
    break; /* it took what the others wait for */
  }
  gboolean copies = in->kind == OAKUM_INSTRUCTION_COPY || in->kind == OAKUM_INSTRUCTION_ADD;
  for (guint j = 0, i = 0; j < in->words->len && copies; j++) {
    OakumWord *word = in->words->pdata[j]; /* both lists are in the order of the file */
    const OakumHeredoc *heredoc = NULL;
    for (; i < in->heredocs->len; i++) {
      heredoc = in->heredocs->pdata[i];
      if (heredoc->marker.offset >= word->range.offset)
        break;
    }
    gboolean marker = i < in->heredocs->len && heredoc->marker.offset == word->range.offset &&
                      heredoc->marker.end_offset == word->range.end_offset;
    if (marker)
      word->heredoc = (int)i;
    g_autoptr(OakumHeredoc) like = strstr(word->value, "<<") ? heredoc_of(word->value) : NULL;
    if (j + 1 == in->words->len ? like != NULL : like && !marker)
      oakum_parser_fail(parser, &word->range, "bad-heredoc", NULL,
                        j + 1 == in->words->len ? "%s: the destination cannot be a here-document"
                                                : "%s: this here-document is out of place",
                        in->name);
  }
}

void oakum_heredocs_read(OakumParser *parser, OakumInstruction *outer)
{
  OakumInstruction *in = with_heredocs(outer);
  for (guint i = 0; i < in->heredocs->len && !parser->limited; i++)
    read_body(parser, in->heredocs->pdata[i]);
  check_heredocs(parser, in);
  if (in->heredocs->len == 0)
    return;
  const OakumHeredoc *last = in->heredocs->pdata[in->heredocs->len - 1];
  guint end = last->terminated ? last->end.end_offset : last->body.end_offset;
  outer->range = oakum_dockerfile_range(parser->out, outer->range.offset, end);
  in->range = oakum_dockerfile_range(parser->out, in->range.offset, end);
}
