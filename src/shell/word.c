/* Words: their parts in the order of the text, brace expansions, globs, and what a word is worth.
 */
#include "shell/shell-private.h"
#include <string.h>

/* Marks on the parts stack, until the braces of a word are settled. */
enum {
  MARK_OPEN = 1000,
  MARK_COMMA,
};

OakumShellPart *oakum_shell_push(OakumShellParser *p, OakumShellPartKind kind, guint32 start,
                                 gboolean quoted)
{
  oakum_shell_charge(p);
  OakumShellPart part = {.kind = kind,
                         .span = oakum_shell_span(p, start, MAX(p->end, start)),
                         .quoted = quoted,
                         .text = "",
                         .op_text = ""};
  g_array_append_val(p->b->parts, part);
  return &g_array_index(p->b->parts, OakumShellPart, p->b->parts->len - 1);
}

/* ---- a run of plain bytes ---- */
typedef struct {
  guint mark; /* on the byte stack */
  guint32 start;
  gboolean active;
} Run;

static void run_add(OakumShellParser *p, Run *run, guint32 start, int c)
{
  if (!run->active) {
    run->active = TRUE;
    run->start = start;
    run->mark = p->b->bytes->len;
  }
  if (c >= 0) {
    guint8 byte = (guint8)c;
    g_byte_array_append(p->b->bytes, &byte, 1);
  }
}

/* The run ends at p->end, so it must be called before anything behind it is taken. */
static void run_end(OakumShellParser *p, Run *run, gboolean quoted)
{
  if (!run->active)
    return;
  GByteArray *bytes = p->b->bytes;
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_LITERAL, run->start, quoted);
  part->value = part->text =
      oakum_shell_keep(p->b, (const char *)bytes->data + run->mark, bytes->len - run->mark);
  g_byte_array_set_size(bytes, run->mark);
  run->active = FALSE;
}

/* ---- what parts are worth ---- */
static gboolean part_is_literal(const OakumShellPart *part)
{
  switch (part->kind) {
  case OAKUM_SHELL_PART_LITERAL:
  case OAKUM_SHELL_PART_SINGLE:
  case OAKUM_SHELL_PART_DOLLAR_SINGLE:
    return TRUE;
  case OAKUM_SHELL_PART_DOUBLE:
  case OAKUM_SHELL_PART_DOLLAR_DOUBLE:
    for (guint i = 0; i < part->n_parts; i++) /* no double quotes directly inside of others */
      if (part->parts[i].kind != OAKUM_SHELL_PART_LITERAL)
        return FALSE;
    return TRUE;
  default:
    return FALSE;
  }
}

static const char *join_text(OakumShellParser *p, const OakumShellPart *parts, guint n)
{
  if (n == 1)
    return parts[0].text;
  guint mark = p->b->bytes->len;
  for (guint i = 0; i < n; i++)
    g_byte_array_append(p->b->bytes, (const guint8 *)parts[i].text, (guint)strlen(parts[i].text));
  const char *text =
      oakum_shell_keep(p->b, (const char *)p->b->bytes->data + mark, p->b->bytes->len - mark);
  g_byte_array_set_size(p->b->bytes, mark);
  return text;
}

/* `parts` lie in the result's memory. */
static void make_word(OakumShellParser *p, const OakumShellPart *parts, guint n, gboolean escaped,
                      OakumShellWord *out)
{
  oakum_shell_charge(p);
  *out = (OakumShellWord){.parts = parts, .n_parts = n, .text = join_text(p, parts, n)};
  gboolean literal = TRUE, quotes = FALSE;
  for (guint i = 0; i < n; i++) {
    const OakumShellPart *part = &parts[i];
    literal &= part_is_literal(part);
    quotes |= part->kind == OAKUM_SHELL_PART_SINGLE || part->kind == OAKUM_SHELL_PART_DOUBLE ||
              part->kind == OAKUM_SHELL_PART_DOLLAR_SINGLE ||
              part->kind == OAKUM_SHELL_PART_DOLLAR_DOUBLE;
    out->has_glob |= part->kind == OAKUM_SHELL_PART_GLOB || part->kind == OAKUM_SHELL_PART_EXTGLOB;
    out->has_brace |= part->kind == OAKUM_SHELL_PART_BRACE;
  }
  out->literal = literal ? out->text : NULL;
  out->quoting = quotes && n == 1    ? OAKUM_SHELL_QUOTED_WHOLLY
                 : quotes || escaped ? OAKUM_SHELL_QUOTED_PARTLY
                                     : OAKUM_SHELL_QUOTED_NOT;
}

void oakum_shell_finish_word(OakumShellParser *p, guint mark, guint32 start, gboolean escaped,
                             OakumShellWord *out)
{
  guint n;
  const OakumShellPart *parts = oakum_shell_keep_array(p->b, p->b->parts, mark, &n);
  make_word(p, parts, n, escaped, out);
  guint32 end = MAX(p->end, start);
  out->span = oakum_shell_span(p, start, end);
  out->exact = oakum_shell_exact(p, start, end);
}

/* ---- text between a pair of signs ---- */
static gboolean dq_escapes(int c, OakumShellMode mode)
{
  return c == '$' || c == '`' || c == '\\' || (c == '"' && !mode.heredoc) ||
         (c == '}' && mode.close == '}');
}

gboolean oakum_shell_parts(OakumShellParser *p, OakumShellMode mode)
{
  Run run = {0};
  guint nest = 0;
  gboolean closed = mode.close == 0;
  int c;
  while ((c = oakum_shell_peek(p)) >= 0 && !p->error) {
    guint32 start = p->pos;
    if (mode.close && ((nest == 0 && (c == mode.close || (mode.close2 && c == mode.close2))) ||
                       (c == '}' && mode.close2 == '}'))) {
      closed = TRUE;
      break;
    }
    if (c == '\\') {
      int escaped = p->pos + 1 < p->len ? (guchar)p->text[p->pos + 1] : -1;
      if (escaped < 0 || (mode.dq && !dq_escapes(escaped, mode))) {
        run_add(p, &run, start, c);
        oakum_shell_take_raw(p);
        if (escaped >= 0)
          oakum_shell_settle(p);
        continue;
      }
      run_add(p, &run, start, escaped);
      oakum_shell_take_raw(p);
      oakum_shell_take(p);
      p->word_escaped = TRUE;
    } else if (mode.process && p->bash && (c == '<' || c == '>') && oakum_shell_peek2(p) == '(') {
      run_end(p, &run, mode.dq);
      oakum_shell_process(p);
    } else if ((c == '"' && !mode.heredoc) || (c == '\'' && mode.single)) {
      run_end(p, &run, mode.dq);
      oakum_shell_quote(p, mode.dq);
    } else if (c == '`') {
      run_end(p, &run, mode.dq);
      oakum_shell_backtick(p, mode.dq);
    } else if (c == '$') {
      if (oakum_shell_dollar_begins(p, mode.dq)) {
        run_end(p, &run, mode.dq);
        oakum_shell_dollar(p, mode.dq);
      } else {
        run_add(p, &run, start, c);
        oakum_shell_take(p);
      }
    } else {
      if (mode.open && c == mode.open)
        nest++;
      else if (mode.open && c == mode.close)
        nest--;
      run_add(p, &run, start, c);
      oakum_shell_take(p);
    }
  }
  run_end(p, &run, mode.dq);
  return closed && !p->error;
}

void oakum_shell_quote(OakumShellParser *p, gboolean dq)
{
  guint32 start = p->pos;
  if (p->text[start] == '\'') {
    const char *close = memchr(p->text + start + 1, '\'', p->len - start - 1);
    guint32 end = close ? (guint32)(close - p->text) : p->len;
    p->pos = p->end = close ? end + 1 : end;
    OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_SINGLE, start, TRUE);
    part->value = part->text = oakum_shell_keep(p->b, p->text + start + 1, end - start - 1);
    if (!close)
      oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 1,
                       "this single quote is never closed");
    oakum_shell_settle(p);
    return;
  }
  if (!oakum_shell_enter(p))
    return;
  guint mark = p->b->parts->len;
  oakum_shell_take(p);
  gboolean closed = oakum_shell_parts(p, (OakumShellMode){.dq = TRUE, .close = '"'});
  if (closed)
    oakum_shell_take(p);
  else
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 1, "this double quote is never closed");
  guint n;
  const OakumShellPart *parts = oakum_shell_keep_array(p->b, p->b->parts, mark, &n);
  const char *text = join_text(p, parts, n);
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_DOUBLE, start, TRUE);
  part->parts = parts;
  part->n_parts = n;
  part->text = text;
  oakum_shell_leave(p);
}

/* ---- braces ---- */
static gboolean is_sequence(const char *text)
{
  /* x..y or x..y..z with numbers, or single letters for x and y */
  g_auto(GStrv) ends = g_strsplit(text, "..", 4);
  guint n = g_strv_length(ends);
  if (n != 2 && n != 3)
    return FALSE;
  gboolean letters =
      g_ascii_isalpha(ends[0][0]) && !ends[0][1] && g_ascii_isalpha(ends[1][0]) && !ends[1][1];
  for (guint i = 0; i < n; i++) {
    const char *c = ends[i] + (ends[i][0] == '-' || ends[i][0] == '+');
    if (letters && i < 2)
      continue;
    if (!*c)
      return FALSE;
    for (; *c; c++)
      if (!g_ascii_isdigit(*c))
        return FALSE;
  }
  return TRUE;
}

/* Runs of literal parts become one each, in place. Gives the new number. */
static guint merge_literals(OakumShellParser *p, OakumShellPart *parts, guint n)
{
  guint out = 0;
  for (guint i = 0; i < n; i++)
    if ((int)parts[i].kind == MARK_OPEN || (int)parts[i].kind == MARK_COMMA)
      parts[i].kind = OAKUM_SHELL_PART_LITERAL;
  for (guint i = 0; i < n;) {
    OakumShellPart part = parts[i];
    guint end = i + 1;
    if (part.kind == OAKUM_SHELL_PART_LITERAL) {
      while (end < n && parts[end].kind == OAKUM_SHELL_PART_LITERAL)
        end++;
      part.span.end = parts[end - 1].span.end;
      part.value = part.text = join_text(p, parts + i, end - i);
    }
    parts[out++] = part;
    i = end;
  }
  return out;
}

typedef struct {
  guint part, commas; /* "{" on the parts stack; commas directly inside */
  guint32 start;      /* local */
} Brace;

/* At "}" (taken): makes one part of it, its "{" and what lies between, when that is an expansion.
 */
static gboolean close_brace(OakumShellParser *p, Brace brace)
{
  GArray *stack = p->b->parts;
  OakumShellPart *parts = &g_array_index(stack, OakumShellPart, brace.part);
  guint n = stack->len - brace.part;
  if (brace.commas == 0) {
    if (n != 2 || parts[1].kind != OAKUM_SHELL_PART_LITERAL || strlen(parts[1].value) > 64 ||
        !is_sequence(parts[1].value))
      return FALSE;
    const char *value = parts[1].value;
    g_array_set_size(stack, brace.part);
    oakum_shell_push(p, OAKUM_SHELL_PART_BRACE, brace.start, FALSE)->value = value;
    return TRUE;
  }
  guint words_mark = p->b->words->len;
  guint32 at = parts[0].span.end, end = oakum_shell_span(p, p->end - 1, p->end).start;
  for (guint i = 1; i <= n; i++) {
    guint first = i;
    while (i < n && (int)parts[i].kind != MARK_COMMA)
      i++;
    guint merged = merge_literals(p, parts + first, i - first);
    OakumShellPart *kept = oakum_shell_alloc(p->b, merged * sizeof *kept);
    if (merged)
      memcpy(kept, parts + first, merged * sizeof *kept);
    OakumShellWord word;
    make_word(p, kept, merged, FALSE, &word);
    word.span.start = at;
    word.span.end = MAX(at, i < n ? parts[i].span.start : end);
    if (i < n)
      at = parts[i].span.end;
    g_array_append_val(p->b->words, word);
  }
  g_array_set_size(stack, brace.part);
  guint n_words;
  const OakumShellWord *operands = oakum_shell_keep_array(p->b, p->b->words, words_mark, &n_words);
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_BRACE, brace.start, FALSE);
  part->operands = operands;
  part->n_operands = n_words;
  return TRUE;
}

/* ---- globs ---- */
/* The length of a set "[..]" that begins at pos, 0 for none. */
static guint32 find_set(const OakumShellParser *p, guint32 *looked)
{
  guint32 i = p->pos + 1, end = MIN(p->len, p->pos + OAKUM_SHELL_PEEK_MAX);
  if (i < end && (p->text[i] == '!' || p->text[i] == '^'))
    i++;
  if (i < end && p->text[i] == ']')
    i++;
  for (; i < end; i++) {
    int c = (guchar)p->text[i];
    if (c == ']')
      return i + 1 - p->pos;
    if (c == '[' && i + 1 < end && p->text[i + 1] == ':') { /* [:alpha:] */
      guint32 j = i + 2;
      while (j < end && g_ascii_isalpha(p->text[j]))
        j++;
      if (j + 1 < end && p->text[j] == ':' && p->text[j + 1] == ']')
        i = j + 1;
      continue;
    }
    if (oakum_shell_is_meta(c) || strchr("\\\"'$`", c))
      return 0;
    ++*looked;
  }
  return 0;
}

static guint32 set_length(const OakumShellParser *p)
{
  guint32 looked = 0, length = oakum_shell_looked(p, 0) ? find_set(p, &looked) : 0;
  return length || oakum_shell_looked(p, looked) ? length : 0;
}

static void extglob(OakumShellParser *p)
{
  guint32 start = p->pos;
  if (!oakum_shell_enter(p))
    return;
  guint mark = p->b->parts->len;
  oakum_shell_take(p);
  oakum_shell_take(p);
  gboolean closed =
      oakum_shell_parts(p, (OakumShellMode){.single = TRUE, .open = '(', .close = ')'});
  if (closed)
    oakum_shell_take(p);
  else
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 2, "this pattern is never closed");
  guint n;
  const OakumShellPart *parts = oakum_shell_keep_array(p->b, p->b->parts, mark, &n);
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_EXTGLOB, start, FALSE);
  part->parts = parts;
  part->n_parts = n;
  part->value =
      oakum_shell_keep(p->b, p->text + start, MIN(p->end - start, (guint32)OAKUM_SHELL_SHOWN_MAX));
  oakum_shell_leave(p);
}

void oakum_shell_process(OakumShellParser *p)
{
  guint32 start = p->pos;
  if (!oakum_shell_enter(p))
    return;
  const char *value = p->text[start] == '<' ? "<" : ">";
  oakum_shell_take(p);
  const OakumShellNode *script = oakum_shell_inside(p, start);
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_PROCESS, start, FALSE);
  part->value = value;
  part->script = script;
  oakum_shell_leave(p);
}

/* ---- arrays ---- */
void oakum_shell_array(OakumShellParser *p)
{
  guint32 start = p->pos;
  if (!oakum_shell_enter(p))
    return;
  oakum_shell_take(p); /* ( */
  for (;;) {
    oakum_shell_skip_newlines(p);
    if (p->error)
      break;
    int c = oakum_shell_peek(p);
    if (c < 0) {
      oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 1, "this array is never closed");
      break;
    }
    if (c == ')') {
      oakum_shell_take(p);
      break;
    }
    OakumShellWord word;
    gboolean good = oakum_shell_word(p, OAKUM_SHELL_WORD_PLAIN | OAKUM_SHELL_WORD_ELEMENT, &word);
    if (word.n_parts)
      g_array_append_val(p->b->words, word);
    if (!good)
      break;
  }
  oakum_shell_leave(p);
}

/* ---- one word ---- */
typedef struct {
  guint mark; /* parts */
  guint32 start;
  guint flags;
  Run run;
  GArray *braces; /* Brace */
  guint regex_depth;
  gboolean merge; /* literal parts may stand side by side */
} Reader;

/* "~", and the name behind it, when it may be expanded there. */
static gboolean tilde(OakumShellParser *p, Reader *r)
{
  guint32 pos = p->pos + 1;
  while (pos < p->len && (g_ascii_isalnum(p->text[pos]) || strchr("_-.+", p->text[pos])))
    pos++;
  int c = pos < p->len ? (guchar)p->text[pos] : -1;
  if (!oakum_shell_is_meta(c) && c != '/' && !(c == ':' && r->flags & OAKUM_SHELL_WORD_ASSIGN))
    return FALSE;
  run_end(p, &r->run, FALSE);
  guint32 start = p->pos;
  while (p->pos < pos)
    oakum_shell_take_raw(p);
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_TILDE, start, FALSE);
  part->value = part->text = oakum_shell_keep(p->b, p->text + start, pos - start);
  oakum_shell_settle(p);
  return TRUE;
}

static void brace(OakumShellParser *p, Reader *r, int c)
{
  guint32 start = p->pos;
  guint n = r->braces ? r->braces->len : 0;
  if ((c == '{' && n >= OAKUM_SHELL_BRACES_MAX) || (c != '{' && n == 0)) {
    run_add(p, &r->run, start, c);
    oakum_shell_take(p);
    return;
  }
  run_end(p, &r->run, FALSE);
  oakum_shell_take(p);
  if (c == '}') {
    Brace last = g_array_index(r->braces, Brace, n - 1);
    g_array_set_size(r->braces, n - 1);
    oakum_shell_leave(p);
    if (!close_brace(p, last))
      run_add(p, &r->run, start, c);
    return;
  }
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_LITERAL, start, FALSE);
  part->value = part->text = c == '{' ? "{" : ",";
  if (c == ',') {
    part->kind = (OakumShellPartKind)MARK_COMMA;
    g_array_index(r->braces, Brace, n - 1).commas++;
    return;
  }
  part->kind = (OakumShellPartKind)MARK_OPEN;
  Brace open = {.part = p->b->parts->len - 1, .start = start};
  if (!r->braces)
    r->braces = g_array_new(FALSE, FALSE, sizeof(Brace));
  g_array_append_val(r->braces, open);
  (void)!oakum_shell_enter(p);
}

static void glob(OakumShellParser *p, Reader *r, guint32 length)
{
  run_end(p, &r->run, FALSE);
  guint32 start = p->pos;
  for (guint32 i = 0; i < length; i++)
    oakum_shell_take_raw(p);
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_GLOB, start, FALSE);
  part->value = part->text = oakum_shell_keep(p->b, p->text + start, length);
  oakum_shell_settle(p);
}

/* The word so far ends in an unquoted "name=" or "name+=", and nothing stands in front of it. */
static gboolean behind_assignment(const OakumShellParser *p, const Reader *r)
{
  if (!r->run.active || p->b->parts->len != r->mark)
    return FALSE;
  const char *text = (const char *)p->b->bytes->data + r->run.mark;
  guint len = p->b->bytes->len - r->run.mark, i = 0;
  if (len < 2 || text[len - 1] != '=')
    return FALSE;
  while (i < len && oakum_shell_is_name((guchar)text[i], i == 0))
    i++;
  return i > 0 && (i == len - 1 || (i == len - 2 && text[i] == '+'));
}

/* A "[" here begins a subscript: behind a name, or at the begin of an array's element. */
static gboolean subscript_begins(const OakumShellParser *p, const Reader *r)
{
  if (!p->bash || p->b->parts->len != r->mark)
    return FALSE;
  if (!r->run.active)
    return r->flags & OAKUM_SHELL_WORD_ELEMENT;
  if (!(r->flags & OAKUM_SHELL_WORD_SUBSCRIPT) || p->word_escaped)
    return FALSE;
  const char *text = (const char *)p->b->bytes->data + r->run.mark;
  guint len = p->b->bytes->len - r->run.mark, i = 0;
  while (i < len && oakum_shell_is_name((guchar)text[i], i == 0))
    i++;
  return i == len;
}

/* One step; FALSE at the end of the word. */
static gboolean step(OakumShellParser *p, Reader *r, int c)
{
  guint32 start = p->pos;
  gboolean regex = r->flags & OAKUM_SHELL_WORD_REGEX;
  gboolean globs = r->flags & OAKUM_SHELL_WORD_GLOB;
  if (p->ash && !regex && (c == '<' || c == '>') && oakum_shell_peek2(p) == '(') {
    run_end(p, &r->run, FALSE);
    oakum_shell_process(p);
    return TRUE;
  }
  if (c == '(' && r->flags & OAKUM_SHELL_WORD_ARRAY && behind_assignment(p, r)) {
    run_end(p, &r->run, FALSE);
    guint words_mark = p->b->words->len, n;
    oakum_shell_array(p);
    const OakumShellWord *operands = oakum_shell_keep_array(p->b, p->b->words, words_mark, &n);
    OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_ARRAY, start, FALSE);
    part->operands = operands;
    part->n_operands = n;
    return TRUE;
  }
  if (regex && (c == '(' || c == ')' || c == '|' || r->regex_depth > 0)) {
    if (c == ')' && r->regex_depth == 0)
      return FALSE;
    r->regex_depth += c == '(' ? 1 : 0;
    r->regex_depth -= c == ')' ? 1 : 0;
    if (oakum_shell_is_meta(c)) {
      run_add(p, &r->run, start, c);
      oakum_shell_take(p);
      return TRUE;
    }
  } else if (oakum_shell_is_meta(c) && !(regex && (c == '<' || c == '>'))) {
    return FALSE;
  }
  switch (c) {
  case '\'':
  case '"':
    run_end(p, &r->run, FALSE);
    oakum_shell_quote(p, FALSE);
    return TRUE;
  case '`':
    run_end(p, &r->run, FALSE);
    oakum_shell_backtick(p, FALSE);
    return TRUE;
  case '\\':
    run_add(p, &r->run, start, p->pos + 1 < p->len ? (guchar)p->text[p->pos + 1] : c);
    p->word_escaped = TRUE;
    oakum_shell_take_raw(p);
    oakum_shell_take(p);
    return TRUE;
  case '$':
    if (!oakum_shell_dollar_begins(p, FALSE))
      break;
    run_end(p, &r->run, FALSE);
    oakum_shell_dollar(p, FALSE);
    return TRUE;
  case '*':
  case '?':
  case '+':
  case '@':
  case '!':
    if (p->bash && r->flags & (OAKUM_SHELL_WORD_GLOB | OAKUM_SHELL_WORD_ASSIGN) &&
        oakum_shell_peek2(p) == '(') {
      run_end(p, &r->run, FALSE);
      extglob(p);
      return TRUE;
    }
    if (globs && (c == '*' || c == '?')) {
      glob(p, r, 1);
      return TRUE;
    }
    break;
  case '[':
    if (subscript_begins(p, r)) {
      run_add(p, &r->run, start, c);
      p->end = start + 1;
      run_end(p, &r->run, FALSE);
      if (oakum_shell_take_subscript(p))
        run_add(p, &r->run, p->end - 1, ']');
      r->merge = TRUE;
      return TRUE;
    }
    if (globs) {
      guint32 length = set_length(p);
      if (length) {
        glob(p, r, length);
        return TRUE;
      }
    }
    break;
  case '{':
  case ',':
  case '}':
    if (r->flags & OAKUM_SHELL_WORD_BRACE && p->bash) {
      brace(p, r, c);
      return TRUE;
    }
    break;
  case '~':
    if ((start == r->start ||
         (r->flags & OAKUM_SHELL_WORD_ASSIGN && r->run.active && p->text[start - 1] == ':')) &&
        tilde(p, r))
      return TRUE;
    break;
  default:
    break;
  }
  run_add(p, &r->run, start, c);
  oakum_shell_take(p);
  return TRUE;
}

gboolean oakum_shell_word(OakumShellParser *p, guint flags, OakumShellWord *out)
{
  Reader r = {.mark = p->b->parts->len, .start = p->pos, .flags = flags};
  guint depth = p->depth;
  p->word_escaped = FALSE;
  gboolean escaped = FALSE;
  p->end = p->pos;
  int c;
  while ((c = oakum_shell_peek(p)) >= 0 && !p->error) {
    if (!step(p, &r, c))
      break;
    escaped |= p->word_escaped;
  }
  run_end(p, &r.run, FALSE);
  if (r.braces || r.merge) {
    GArray *stack = p->b->parts;
    guint n = merge_literals(p, &g_array_index(stack, OakumShellPart, r.mark), stack->len - r.mark);
    g_array_set_size(stack, r.mark + n);
    g_clear_pointer(&r.braces, g_array_unref);
  }
  p->depth = depth;
  gboolean empty = p->b->parts->len == r.mark;
  oakum_shell_finish_word(p, r.mark, r.start, escaped, out);
  p->word_escaped = FALSE;
  if (empty && !(flags & OAKUM_SHELL_WORD_EMPTY) && !p->error)
    oakum_shell_unexpected(p, "a word");
  return p->error == NULL;
}
