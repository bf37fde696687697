/* The text under the reader: places, line continuations, blanks, reserved words, errors. */
#include "shell/shell-private.h"
#include <string.h>

OakumShellSpan oakum_shell_span(const OakumShellParser *p, guint32 start, guint32 end)
{
  if (!p->from)
    return (OakumShellSpan){start, end};
  if (p->len == 0 || start >= p->len) { /* an empty place at the end */
    guint32 at = p->len ? p->to[p->len - 1] : p->to[0];
    return (OakumShellSpan){at, at};
  }
  guint32 from = p->from[start], to = end > start ? p->to[end - 1] : from;
  return (OakumShellSpan){from, MAX(from, to)};
}

gboolean oakum_shell_exact(const OakumShellParser *p, guint32 start, guint32 end)
{
  OakumShellSpan span = oakum_shell_span(p, start, end);
  return span.end - span.start == end - start;
}

void oakum_shell_fail(OakumShellParser *p, OakumErrorCode code, guint32 start, guint32 end,
                      const char *format, ...)
{
  if (p->error)
    return;
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  OakumShellError *error = oakum_shell_alloc(p->b, sizeof *error);
  error->code = code;
  error->span = oakum_shell_span(p, MIN(start, p->len), MIN(end, p->len));
  error->message = oakum_shell_keep(p->b, message, strlen(message));
  p->error = error;
}

void oakum_shell_unexpected(OakumShellParser *p, const char *wanted)
{
  static const char *const operators[] = {";;&", "&>>", ";;", ";&", "&&", "||", "|&", "&>", "<<",
                                          ">>",  ";",   "&",  "|",  "(",  ")",  "<",  ">"};
  g_autofree char *what = NULL;
  guint32 end = p->pos;
  if (p->pos >= p->len) {
    what = g_strdup("end of the text");
  } else if (p->text[p->pos] == '\n') {
    what = g_strdup("end of the line");
    end++;
  } else {
    for (size_t i = 0; end == p->pos && i < G_N_ELEMENTS(operators); i++)
      if (p->len - p->pos >= strlen(operators[i]) &&
          memcmp(p->text + p->pos, operators[i], strlen(operators[i])) == 0)
        end += (guint32)strlen(operators[i]);
    if (end == p->pos)
      while (end < p->len && end - p->pos < 40 && !oakum_shell_is_meta((guchar)p->text[end]))
        end++;
    g_autofree char *shown = oakum_escape_terminal(p->text + p->pos, (gssize)(end - p->pos));
    what = g_strdup_printf("\"%s\"", shown);
  }
  oakum_shell_fail(p, OAKUM_ERROR_INVALID, p->pos, end, "unexpected %s%s%s", what,
                   wanted ? "; expected " : "", wanted ? wanted : "");
}

gboolean oakum_shell_charge(OakumShellParser *p)
{
  if (p->b->count < OAKUM_SHELL_PARTS_MAX) {
    p->b->count++;
    return TRUE;
  }
  oakum_shell_fail(p, OAKUM_ERROR_LIMIT, p->pos, p->pos, "the script has more than %u parts",
                   OAKUM_SHELL_PARTS_MAX);
  return FALSE;
}

gboolean oakum_shell_charge_copy(OakumShellParser *p, guint32 len)
{
  p->b->copied += len;
  if (p->b->copied <= OAKUM_SHELL_COPIED_MAX)
    return TRUE;
  oakum_shell_fail(p, OAKUM_ERROR_LIMIT, p->pos, p->pos,
                   "the scripts and heredocs in each other have more than %u MiB",
                   (guint)(OAKUM_SHELL_COPIED_MAX / OAKUM_MIB));
  return FALSE;
}

gboolean oakum_shell_enter(OakumShellParser *p)
{
  if (++p->depth <= OAKUM_SHELL_DEPTH_MAX)
    return TRUE;
  oakum_shell_fail(p, OAKUM_ERROR_LIMIT, p->pos, p->pos, "nested deeper than %u levels",
                   OAKUM_SHELL_DEPTH_MAX);
  return FALSE;
}

void oakum_shell_leave(OakumShellParser *p)
{
  p->depth--;
}

void oakum_shell_parser_init(OakumShellParser *p, OakumShellBuild *b, const char *text, guint32 len,
                             OakumShellDialect dialect, guint depth)
{
  *p = (OakumShellParser){.b = b, .text = text, .len = len, .dialect = dialect, .depth = depth};
  p->bash = dialect == OAKUM_SHELL_BASH || dialect == OAKUM_SHELL_KSH || dialect == OAKUM_SHELL_ZSH;
  p->ash = p->bash || dialect == OAKUM_SHELL_ASH || dialect == OAKUM_SHELL_BUSYBOX;
  p->pending = g_ptr_array_new();
  oakum_shell_settle(p);
}

void oakum_shell_parser_clear(OakumShellParser *p)
{
  g_clear_pointer(&p->pending, g_ptr_array_unref);
}

void oakum_shell_keep_nested(OakumShellBuild *b, OakumShellError *error)
{
  if (b->nested->len < OAKUM_SHELL_ERRORS_MAX)
    g_ptr_array_add(b->nested, error);
}

guint32 oakum_shell_next(const OakumShellParser *p, guint32 pos)
{
  if (pos < p->len)
    pos++;
  while (p->len - pos >= 2 && p->text[pos] == '\\' && p->text[pos + 1] == '\n')
    pos += 2;
  return pos;
}

void oakum_shell_settle(OakumShellParser *p)
{
  while (p->len - p->pos >= 2 && p->text[p->pos] == '\\' && p->text[p->pos + 1] == '\n')
    p->pos += 2;
}

void oakum_shell_take_raw(OakumShellParser *p)
{
  if (p->pos < p->len)
    p->end = ++p->pos;
}

void oakum_shell_take(OakumShellParser *p)
{
  oakum_shell_take_raw(p);
  oakum_shell_settle(p);
}

void oakum_shell_skip_blanks(OakumShellParser *p)
{
  int c;
  while ((c = oakum_shell_peek(p)) == ' ' || c == '\t')
    p->pos = oakum_shell_next(p, p->pos);
  if (c == '#') { /* a backslash does not continue a comment */
    const char *newline = memchr(p->text + p->pos, '\n', p->len - p->pos);
    p->pos = newline ? (guint32)(newline - p->text) : p->len;
  }
}

void oakum_shell_skip_newlines(OakumShellParser *p)
{
  for (;;) {
    oakum_shell_skip_blanks(p);
    if (oakum_shell_peek(p) != '\n' || p->error)
      return;
    p->pos++; /* raw: a heredoc takes its lines as they are */
    oakum_shell_heredocs(p);
    oakum_shell_settle(p);
  }
}

/* Where the reserved word ends, or 0 when it does not stand here. */
static guint32 word_end(const OakumShellParser *p, const char *word)
{
  guint32 pos = p->pos;
  for (const char *c = word; *c; c++) {
    if (pos >= p->len || p->text[pos] != *c)
      return 0;
    pos = oakum_shell_next(p, pos);
  }
  int c = pos < p->len ? (guchar)p->text[pos] : -1;
  if (!oakum_shell_is_meta(c))
    return 0;
  if (p->ash && (c == '<' || c == '>')) { /* "done<(a)" is a word */
    guint32 next = oakum_shell_next(p, pos);
    if (next < p->len && p->text[next] == '(')
      return 0;
  }
  return pos;
}

gboolean oakum_shell_at_word(const OakumShellParser *p, const char *word)
{
  return word_end(p, word) > p->pos;
}

gboolean oakum_shell_take_word(OakumShellParser *p, const char *word)
{
  if (!oakum_shell_at_word(p, word))
    return FALSE;
  for (const char *c = word; *c; c++)
    oakum_shell_take(p);
  return TRUE;
}
