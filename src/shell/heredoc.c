/* Redirections and heredocs. */
#include "shell/shell-private.h"
#include <string.h>

/* A redirection begins at `pos`: after a number or {name}, which end at the result; 0 when not. */
static guint32 prefix_end(const OakumShellParser *p)
{
  guint32 pos = p->pos;
  int c = oakum_shell_peek(p);
  if (g_ascii_isdigit(c)) {
    guint n = 0;
    for (; pos < p->len && g_ascii_isdigit(p->text[pos]); n++)
      pos = oakum_shell_next(p, pos);
    if (n > (p->bash ? 9 : 1))
      return 0;
  } else if (c == '{' && p->bash) {
    guint32 name = pos = oakum_shell_next(p, pos);
    while (pos < p->len && oakum_shell_is_name((guchar)p->text[pos], pos == name))
      pos = oakum_shell_next(p, pos);
    if (pos == name || pos >= p->len || p->text[pos] != '}')
      return 0;
    pos = oakum_shell_next(p, pos);
  }
  if (pos >= p->len || (p->text[pos] != '<' && p->text[pos] != '>'))
    return 0;
  guint32 next = oakum_shell_next(p, pos);
  if (p->ash && next < p->len && p->text[next] == '(')
    return 0; /* a process substitution */
  return pos;
}

static gboolean take_if(OakumShellParser *p, char c)
{
  if (oakum_shell_peek(p) != c)
    return FALSE;
  oakum_shell_take(p);
  return TRUE;
}

static OakumShellRedirectKind take_operator(OakumShellParser *p, gboolean *strip)
{
  if (take_if(p, '&')) {
    oakum_shell_take(p);
    return p->bash && take_if(p, '>') ? OAKUM_SHELL_REDIRECT_BOTH_APPEND
                                      : OAKUM_SHELL_REDIRECT_BOTH;
  }
  if (take_if(p, '<')) {
    if (take_if(p, '<')) {
      if (p->bash && take_if(p, '<'))
        return OAKUM_SHELL_REDIRECT_HERESTRING;
      *strip = take_if(p, '-');
      return OAKUM_SHELL_REDIRECT_HEREDOC;
    }
    return take_if(p, '&')   ? OAKUM_SHELL_REDIRECT_DUP_IN
           : take_if(p, '>') ? OAKUM_SHELL_REDIRECT_IN_OUT
                             : OAKUM_SHELL_REDIRECT_IN;
  }
  oakum_shell_take(p);
  return take_if(p, '>')   ? OAKUM_SHELL_REDIRECT_APPEND
         : take_if(p, '&') ? OAKUM_SHELL_REDIRECT_DUP_OUT
         : take_if(p, '|') ? OAKUM_SHELL_REDIRECT_CLOBBER
                           : OAKUM_SHELL_REDIRECT_OUT;
}

/* A word with which `>&` copies a descriptor, and opens no file. */
static gboolean is_descriptor(const OakumShellWord *word)
{
  if (!word->literal)
    return TRUE; /* only known when it runs */
  const char *c = word->literal;
  while (g_ascii_isdigit(*c))
    c++;
  return (c > word->literal && (!*c || strcmp(c, "-") == 0)) || strcmp(word->literal, "-") == 0;
}

gboolean oakum_shell_redirect(OakumShellParser *p)
{
  guint32 start = p->pos, sign = start;
  gboolean both = p->ash && oakum_shell_peek(p) == '&' && oakum_shell_peek2(p) == '>';
  if (!both && (sign = prefix_end(p)) == 0 &&
      !((oakum_shell_peek(p) == '<' || oakum_shell_peek(p) == '>') &&
        !(p->ash && oakum_shell_peek2(p) == '(')))
    return FALSE;
  OakumShellRedirect redirect = {.fd = -1};
  if (sign > start && p->text[start] == '{') {
    oakum_shell_take(p);
    guint mark = p->b->bytes->len;
    for (; p->text[p->pos] != '}'; oakum_shell_take(p))
      g_byte_array_append(p->b->bytes, (const guint8 *)p->text + p->pos, 1);
    oakum_shell_take(p);
    redirect.variable =
        oakum_shell_keep(p->b, (const char *)p->b->bytes->data + mark, p->b->bytes->len - mark);
    g_byte_array_set_size(p->b->bytes, mark);
  } else {
    for (redirect.fd = sign > start ? 0 : -1; p->pos < sign; oakum_shell_take(p))
      redirect.fd = redirect.fd * 10 + (p->text[p->pos] - '0');
  }
  gboolean strip = FALSE;
  redirect.kind = take_operator(p, &strip);
  oakum_shell_charge(p);
  oakum_shell_skip_blanks(p);
  if (oakum_shell_is_meta(oakum_shell_peek(p)) &&
      !(p->ash && oakum_shell_peek2(p) == '(' &&
        (oakum_shell_peek(p) == '<' || oakum_shell_peek(p) == '>'))) {
    oakum_shell_unexpected(p, redirect.kind == OAKUM_SHELL_REDIRECT_HEREDOC
                                  ? "the delimiter of the heredoc"
                                  : "the target of the redirection");
    return TRUE;
  }
  guint32 word_start = p->pos;
  gboolean heredoc = redirect.kind == OAKUM_SHELL_REDIRECT_HEREDOC;
  gboolean good = oakum_shell_word(p, heredoc ? 0 : OAKUM_SHELL_WORD_PLAIN, &redirect.target);
  if (redirect.kind == OAKUM_SHELL_REDIRECT_DUP_OUT && !is_descriptor(&redirect.target))
    redirect.kind = OAKUM_SHELL_REDIRECT_BOTH;
  redirect.span = oakum_shell_span(p, start, p->end);
  if (heredoc && good) {
    OakumShellHeredoc *doc = oakum_shell_alloc(p->b, sizeof *doc);
    doc->quoted = redirect.target.quoting != OAKUM_SHELL_QUOTED_NOT;
    doc->strip_tabs = strip;
    /* nothing is expanded in a delimiter: what looks like it counts as written */
    doc->delimiter = redirect.target.literal ? redirect.target.literal
                     : doc->quoted
                         ? redirect.target.text
                         : oakum_shell_keep(p->b, p->text + word_start, p->end - word_start);
    doc->body.text = "";
    doc->body.span = redirect.span;
    doc->body.span.start = doc->body.span.end;
    redirect.heredoc = doc;
    g_ptr_array_add(p->pending, doc);
  }
  g_array_append_val(p->b->redirects, redirect);
  return TRUE;
}

/* ---- bodies ---- */
static guint32 line_end(const OakumShellParser *p, guint32 pos)
{
  const char *newline = memchr(p->text + pos, '\n', p->len - pos);
  return newline ? (guint32)(newline - p->text) : p->len;
}

/* Steps over line continuations, which count in an unquoted heredoc even in its delimiter. */
static guint32 joined(const OakumShellParser *p, const OakumShellHeredoc *doc, guint32 pos)
{
  while (!doc->quoted && p->len - pos >= 2 && p->text[pos] == '\\' && p->text[pos + 1] == '\n')
    pos += 2;
  return pos;
}

/* The line at `pos` begins with the delimiter: gives the place behind that, else 0. */
static guint32 behind_delimiter(const OakumShellParser *p, const OakumShellHeredoc *doc,
                                guint32 pos)
{
  pos = joined(p, doc, pos);
  while (doc->strip_tabs && pos < p->len && p->text[pos] == '\t')
    pos = joined(p, doc, pos + 1);
  for (const char *c = doc->delimiter; *c; c++) {
    if (pos >= p->len || p->text[pos] != *c)
      return 0;
    pos = joined(p, doc, pos + 1);
  }
  return pos;
}

/* Moves pos behind the body and its delimiter; gives the end of the body. */
static guint32 find_end(OakumShellParser *p, OakumShellHeredoc *doc)
{
  while (p->pos < p->len) {
    guint32 start = p->pos, behind = behind_delimiter(p, doc, start);
    gboolean here = behind > 0 || !*doc->delimiter;
    if (here && (behind >= p->len || p->text[behind] == '\n')) {
      doc->closed = TRUE;
      p->pos = MIN(behind + 1, p->len);
      return start;
    }
    guint32 end = line_end(p, MAX(behind, start));
    if (here && p->bash && p->inside && memchr(p->text + behind, ')', end - behind)) {
      doc->closed = TRUE; /* bash ends a heredoc of $(..) at "EOF)" too */
      p->pos = behind;
      return start;
    }
    /* to the end of the line and of those that continue it */
    for (p->pos = start; p->pos < p->len && p->text[p->pos] != '\n'; p->pos++)
      p->pos += !doc->quoted && p->text[p->pos] == '\\' && p->pos + 1 < p->len ? 1 : 0;
    p->pos = MIN(p->pos + 1, p->len);
  }
  return p->len;
}

/* The body as a text of its own: without the tabs that <<- takes away. */
static void read_body(OakumShellParser *p, OakumShellHeredoc *doc, guint32 start, guint32 end)
{
  guint32 room = end - start, len = 0;
  if (!oakum_shell_charge_copy(p, room))
    return;
  g_autofree char *text = g_malloc(room + 1);
  g_autofree guint32 *from = g_new(guint32, room + 1), *to = g_new(guint32, room + 1);
  gboolean line = TRUE;
  for (guint32 i = start; i < end; i++) {
    if (line && doc->strip_tabs && p->text[i] == '\t')
      continue;
    line = p->text[i] == '\n';
    OakumShellSpan span = oakum_shell_span(p, i, i + 1);
    text[len] = p->text[i];
    from[len] = span.start;
    to[len++] = span.end;
  }
  if (len == 0)
    from[0] = to[0] = oakum_shell_span(p, start, start).start;
  OakumShellParser sub;
  oakum_shell_parser_init(&sub, p->b, text, len, p->dialect, p->depth);
  sub.from = from;
  sub.to = to;
  guint mark = p->b->parts->len;
  if (doc->quoted && len > 0) {
    sub.pos = sub.end = len;
    OakumShellPart *part = oakum_shell_push(&sub, OAKUM_SHELL_PART_LITERAL, 0, TRUE);
    part->value = part->text = oakum_shell_keep(p->b, text, len);
  } else if (!doc->quoted && len > 0) {
    if (oakum_shell_enter(&sub))
      (void)!oakum_shell_parts(&sub, (OakumShellMode){.dq = TRUE, .heredoc = TRUE});
  }
  sub.end = MAX(sub.end, len);
  oakum_shell_finish_word(&sub, mark, 0, FALSE, &doc->body);
  doc->body.span = oakum_shell_span(p, start, end);
  oakum_shell_parser_clear(&sub);
  if (sub.error && p->bash && sub.error->code == OAKUM_ERROR_INVALID)
    oakum_shell_keep_nested(p->b, sub.error); /* bash reads it when the command runs */
  else if (sub.error && !p->error)
    p->error = sub.error;
}

void oakum_shell_heredocs(OakumShellParser *p)
{
  if (p->pending->len <= p->pending_base)
    return;
  for (guint i = p->pending_base; i < p->pending->len && !p->error; i++) {
    OakumShellHeredoc *doc = p->pending->pdata[i];
    guint32 start = p->pos, end = find_end(p, doc);
    read_body(p, doc, start, end);
  }
  g_ptr_array_set_size(p->pending, (gint)p->pending_base);
}
