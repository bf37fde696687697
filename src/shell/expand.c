/* What begins with "$" or a backtick. */
#include "shell/shell-private.h"
#include <string.h>

gboolean oakum_shell_dollar_begins(const OakumShellParser *p, gboolean dq)
{
  int next = oakum_shell_peek2(p);
  if (next == '(' || next == '{' || oakum_shell_is_name(next, FALSE) ||
      (next > 0 && strchr("@*#?-$!", next)))
    return TRUE;
  return (next == '[' && p->bash) || (next == '\'' && p->ash && !dq) ||
         (next == '"' && p->bash && !dq);
}

/* "${" and bytes [start, end), cut, and "}". */
static const char *shown(OakumShellParser *p, guint32 start, guint32 end)
{
  guint32 len = end > start ? end - start : 0;
  gboolean cut = len > OAKUM_SHELL_SHOWN_MAX;
  GByteArray *bytes = p->b->bytes;
  guint mark = bytes->len;
  g_byte_array_append(bytes, (const guint8 *)"${", 2);
  g_byte_array_append(bytes, (const guint8 *)p->text + start, cut ? OAKUM_SHELL_SHOWN_MAX : len);
  g_byte_array_append(bytes, (const guint8 *)"}", 1);
  const char *text = oakum_shell_keep(p->b, (const char *)bytes->data + mark, bytes->len - mark);
  g_byte_array_set_size(bytes, mark);
  return text;
}

/* "${", the words of the plain commands right inside, cut, and "}". */
static const char *plain_words(OakumShellParser *p, const OakumShellNode *script)
{
  GByteArray *bytes = p->b->bytes;
  guint mark = bytes->len, room = OAKUM_SHELL_SHOWN_MAX;
  g_byte_array_append(bytes, (const guint8 *)"${", 2);
  for (guint i = 0; i < script->n_children && room > 0; i++) {
    const OakumShellNode *child = script->children[i];
    if (child->kind != OAKUM_SHELL_NODE_SIMPLE || script->joins[i] == OAKUM_SHELL_JOIN_BACKGROUND)
      continue;
    for (guint k = 0; k < child->command->n_words && room > 0; k++) {
      const char *text = child->command->words[k].text;
      guint len = (guint)MIN(strlen(text), room);
      g_byte_array_append(bytes, (const guint8 *)text, len);
      room -= len;
    }
  }
  g_byte_array_append(bytes, (const guint8 *)"}", 1);
  const char *text = oakum_shell_keep(p->b, (const char *)bytes->data + mark, bytes->len - mark);
  g_byte_array_set_size(bytes, mark);
  return text;
}

static gboolean is_opaque(const OakumShellParser *p, guint32 at)
{
  guint low = 0, high = p->n_opaque;
  while (low < high) {
    guint middle = (low + high) / 2;
    if (p->opaque[middle].end <= at)
      low = middle + 1;
    else
      high = middle;
  }
  return low < p->n_opaque && p->opaque[low].start <= at;
}

const OakumShellNode *oakum_shell_inside(OakumShellParser *p, guint32 start)
{
  guint base = p->pending_base;
  p->pending_base = p->pending->len;
  guint32 open = p->pos;
  oakum_shell_take(p);
  p->inside++;
  OakumShellNode *script = oakum_shell_list(p);
  p->inside--;
  if (oakum_shell_peek(p) == ')')
    oakum_shell_take(p);
  else if (p->pos >= p->len)
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, open + 1, "this substitution is never closed");
  else
    oakum_shell_unexpected(p, "\")\"");
  p->pending_base = base;
  return is_opaque(p, start) ? NULL : script;
}

/* Where a search stops is told in *at. */
static gboolean ends_twice(const OakumShellParser *p, guint32 inside, guint32 *at)
{
  guint depth = 0;
  for (guint32 i = inside; i < p->len; i++) {
    char c = p->text[i];
    if (c == '\\') {
      i++;
    } else if (c == '\'') {
      const char *close = memchr(p->text + i + 1, '\'', p->len - i - 1);
      *at = close ? (guint32)(close - p->text) : p->len;
      if (!close)
        return FALSE;
      i = (guint32)(close - p->text);
    } else if (c == '"') {
      for (i++; i < p->len && p->text[i] != '"'; i++)
        if (p->text[i] == '\\')
          i++;
    } else if (c == '(') {
      depth++;
    } else if (c == ')' && depth-- == 0) {
      guint32 next = oakum_shell_next(p, i);
      *at = next;
      return next < p->len && p->text[next] == ')';
    }
  }
  *at = p->len;
  return FALSE;
}

gboolean oakum_shell_is_arithmetic(const OakumShellParser *p, guint32 inside)
{
  guint32 at = inside;
  if (!oakum_shell_looked(p, 0))
    return FALSE;
  gboolean ends = ends_twice(p, inside, &at);
  return oakum_shell_looked(p, MAX(at, inside) - inside) && ends;
}

static guint32 subscript_end(const OakumShellParser *p, guint32 pos)
{
  guint depth = 0;
  for (guint32 i = pos; i < p->len; i++) {
    char c = p->text[i];
    if (c == '\\') {
      i++;
    } else if (c == '\'' || c == '"') {
      const char *close = memchr(p->text + i + 1, c, p->len - i - 1);
      if (!close)
        return 0;
      i = (guint32)(close - p->text);
    } else if (c == '[') {
      depth++;
    } else if (c == ']' && --depth == 0) {
      return oakum_shell_next(p, i);
    }
  }
  return 0;
}

guint32 oakum_shell_subscript(const OakumShellParser *p, guint32 pos)
{
  if (!oakum_shell_looked(p, 0))
    return 0;
  guint32 end = subscript_end(p, pos);
  return oakum_shell_looked(p, (end ? end : p->len) - pos) ? end : 0;
}

gboolean oakum_shell_take_subscript(OakumShellParser *p)
{
  guint32 start = p->pos;
  oakum_shell_take(p);
  OakumShellMode mode = {.single = TRUE, .process = TRUE, .open = '[', .close = ']'};
  if (oakum_shell_parts(p, mode)) {
    oakum_shell_take(p);
    return TRUE;
  }
  oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 1, "this subscript is never closed");
  return FALSE;
}

/* ---- $(( )) and $[ ] ---- */
static void arithmetic(OakumShellParser *p, gboolean dq, gboolean bracket)
{
  guint32 start = p->pos;
  if (!oakum_shell_enter(p))
    return;
  guint mark = p->b->parts->len;
  oakum_shell_take(p);
  oakum_shell_take(p);
  if (!bracket)
    oakum_shell_take(p);
  guint32 inside = p->pos;
  /* dash and ash do not see quotes in there */
  OakumShellMode mode = {.dq = TRUE,
                         .single = p->bash,
                         .heredoc = !p->bash,
                         .open = bracket ? '[' : '(',
                         .close = bracket ? ']' : ')'};
  gboolean closed = oakum_shell_parts(p, mode);
  guint32 end = p->pos;
  while (closed && !p->bash && !bracket && oakum_shell_peek2(p) != ')') {
    oakum_shell_take(p); /* dash: a single ")" without its "(" is part of it */
    closed = oakum_shell_parts(p, mode);
    end = p->pos;
  }
  if (closed) {
    oakum_shell_take(p);
    if (!bracket && oakum_shell_peek(p) == ')')
      oakum_shell_take(p);
    else if (!bracket)
      closed = FALSE;
  }
  if (!closed)
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, inside,
                     "this arithmetic expansion is never closed");
  guint n;
  const OakumShellPart *parts = oakum_shell_keep_array(p->b, p->b->parts, mark, &n);
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_ARITHMETIC, start, dq);
  part->parts = parts;
  part->n_parts = n;
  part->value = oakum_shell_keep(p->b, p->text + inside, MIN(end - inside, OAKUM_SHELL_SHOWN_MAX));
  part->text = shown(p, inside, end);
  oakum_shell_leave(p);
}

static void command(OakumShellParser *p, gboolean dq)
{
  guint32 start = p->pos;
  if (!oakum_shell_enter(p))
    return;
  oakum_shell_take(p);
  guint32 inside = oakum_shell_next(p, p->pos);
  const OakumShellNode *script = oakum_shell_inside(p, start);
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_COMMAND, start, dq);
  part->script = script;
  part->text = p->b->plain && script && !p->error ? plain_words(p, script)
                                                  : shown(p, inside, p->end - (p->error ? 0 : 1));
  oakum_shell_leave(p);
}

/* ---- backticks: the text between them loses one level of backslashes first ---- */
void oakum_shell_backtick(OakumShellParser *p, gboolean dq)
{
  guint32 start = p->pos, end = start + 1;
  while (end < p->len && p->text[end] != '`')
    end += p->text[end] == '\\' && end + 1 < p->len ? 2 : 1;
  gboolean closed = end < p->len;
  if (!oakum_shell_charge_copy(p, end - start) || !oakum_shell_enter(p))
    return;
  guint32 room = end - start, len = 0;
  g_autofree char *text = g_malloc(room + 1);
  g_autofree guint32 *from = g_new(guint32, room + 1), *to = g_new(guint32, room + 1);
  for (guint32 i = start + 1; i < end; i++) {
    guint32 first = i;
    char next = i + 1 < end ? p->text[i + 1] : 0;
    if (p->text[i] == '\\' && (next == '$' || next == '`' || next == '\\' || (dq && next == '"')))
      i++;
    text[len] = p->text[i];
    OakumShellSpan span = oakum_shell_span(p, first, i + 1);
    from[len] = span.start;
    to[len++] = span.end;
  }
  if (len == 0)
    from[0] = to[0] = oakum_shell_span(p, start, start + 1).end;
  OakumShellParser sub;
  oakum_shell_parser_init(&sub, p->b, text, len, p->dialect, p->depth);
  sub.from = from;
  sub.to = to;
  /* dash reads one list, and does not look behind it */
  OakumShellNode *script = p->bash ? oakum_shell_script(&sub) : oakum_shell_list(&sub);
  oakum_shell_parser_clear(&sub);
  p->pos = p->end = closed ? end + 1 : p->len;
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_BACKTICK, start, dq);
  part->script = is_opaque(p, start) ? NULL : script;
  part->text = "${VAR}";
  if (!closed)
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 1, "this backtick is never closed");
  else if (sub.error && p->bash && sub.error->code == OAKUM_ERROR_INVALID)
    oakum_shell_keep_nested(p->b, sub.error); /* bash reads it when the command runs */
  else if (sub.error && !p->error)
    p->error = sub.error;
  oakum_shell_settle(p);
  oakum_shell_leave(p);
}

/* ---- $'..' ---- */
static guint32 digits(const OakumShellParser *p, guint32 *pos, guint max, guint base)
{
  guint32 value = 0;
  for (guint i = 0; i < max && *pos < p->len; i++, (*pos)++) {
    int digit = g_ascii_xdigit_value(p->text[*pos]);
    if (digit < 0 || (guint)digit >= base)
      break;
    value = value * base + (guint)digit;
  }
  return value;
}

/* The escape whose letter is at *pos; steps behind it. Gives its bytes in `out` and their number;
 * -1 for a NUL. */
static int escape(const OakumShellParser *p, guint32 *pos, char out[8])
{
  static const char letters[] = "abeEfnrtv\\'\"?", values[] = "\a\b\033\033\f\n\r\t\v\\'\"?";
  char c = p->text[(*pos)++];
  const char *letter = c ? strchr(letters, c) : NULL;
  if (letter) {
    out[0] = values[letter - letters];
    return 1;
  }
  guint32 before = *pos, value = 0;
  switch (c) {
  case 'x':
    value = digits(p, pos, 2, 16);
    break;
  case 'u':
  case 'U':
    value = digits(p, pos, c == 'u' ? 4 : 8, 16);
    if (*pos > before && value)
      return g_unichar_validate(value) ? g_unichar_to_utf8(value, out) : 0;
    break;
  case 'c':
    if (*pos < p->len) {
      out[0] = (char)(p->text[(*pos)++] & 0x1f);
      return out[0] ? 1 : -1;
    }
    break;
  default:
    if (c >= '0' && c <= '7') {
      (*pos)--;
      before--;
      value = digits(p, pos, 3, 8);
      break;
    }
    out[0] = '\\';
    out[1] = c;
    return 2;
  }
  if (*pos == before) { /* no digits: as written */
    out[0] = '\\';
    out[1] = c;
    return 2;
  }
  out[0] = (char)value;
  return out[0] ? 1 : -1;
}

static void dollar_single(OakumShellParser *p)
{
  guint32 start = p->pos, i = oakum_shell_next(p, start) + 1;
  GByteArray *bytes = p->b->bytes;
  guint mark = bytes->len;
  gboolean ended = FALSE; /* a NUL ends the value, but not the quotes */
  while (i < p->len && p->text[i] != '\'') {
    char out[8] = {p->text[i]};
    int n = 1;
    if (p->text[i++] == '\\' && i < p->len)
      n = escape(p, &i, out);
    ended |= n < 0;
    if (!ended)
      g_byte_array_append(bytes, (const guint8 *)out, (guint)n);
  }
  gboolean closed = i < p->len;
  p->pos = p->end = closed ? i + 1 : p->len;
  OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_DOLLAR_SINGLE, start, TRUE);
  part->value = part->text =
      oakum_shell_keep(p->b, (const char *)bytes->data + mark, bytes->len - mark);
  g_byte_array_set_size(bytes, mark);
  if (!closed)
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 2, "this $'..' is never closed");
  oakum_shell_settle(p);
}

/* ---- ${ } ---- */
static guint32 name_end(const OakumShellParser *p, guint32 pos)
{
  if (pos >= p->len)
    return pos;
  gboolean number = g_ascii_isdigit(p->text[pos]);
  if (!number && !oakum_shell_is_name((guchar)p->text[pos], TRUE))
    return strchr("@*#?-$!", p->text[pos]) ? oakum_shell_next(p, pos) : pos;
  while (pos < p->len && (number ? g_ascii_isdigit(p->text[pos])
                                 : oakum_shell_is_name((guchar)p->text[pos], FALSE)))
    pos = oakum_shell_next(p, pos);
  return pos;
}

/* The parameter's name, without line continuations. */
static const char *take_name(OakumShellParser *p)
{
  guint32 end = name_end(p, p->pos);
  GByteArray *bytes = p->b->bytes;
  guint mark = bytes->len;
  while (p->pos < end) {
    g_byte_array_append(bytes, (const guint8 *)p->text + p->pos, 1);
    oakum_shell_take(p);
  }
  const char *name = oakum_shell_keep(p->b, (const char *)bytes->data + mark, bytes->len - mark);
  g_byte_array_set_size(bytes, mark);
  return name;
}

static void operand(OakumShellParser *p, OakumShellMode mode)
{
  guint32 start = p->pos;
  guint mark = p->b->parts->len;
  p->end = start;
  p->word_escaped = FALSE;
  (void)!oakum_shell_parts(p, mode); /* the caller sees a missing "}" */
  OakumShellWord word;
  oakum_shell_finish_word(p, mark, start, p->word_escaped, &word);
  g_array_append_val(p->b->words, word);
}

static void take_n(OakumShellParser *p, guint n)
{
  while (n--)
    oakum_shell_take(p);
}

/* Behind the name: the operator, which it takes. *split is the sign between two operands, or 0. */
static void operator(OakumShellParser *p, OakumShellPart *part, gboolean *pattern, char *split)
{
  static const struct {
    char sign;
    OakumShellParamOp op;
  } simple[] = {{'-', OAKUM_SHELL_PARAM_DEFAULT},
                {'=', OAKUM_SHELL_PARAM_ASSIGN},
                {'?', OAKUM_SHELL_PARAM_ERROR},
                {'+', OAKUM_SHELL_PARAM_ALTERNATIVE}};
  int c = oakum_shell_peek(p), next = oakum_shell_peek2(p);
  guint32 start = p->pos;
  gboolean colon = c == ':' && next > 0 && strchr("-=?+", next);
  for (size_t i = 0; i < G_N_ELEMENTS(simple); i++)
    if ((colon ? next : c) == simple[i].sign) {
      part->op = simple[i].op;
      part->colon = colon;
      take_n(p, colon ? 2 : 1);
      goto taken;
    }
  *pattern = TRUE;
  switch (c) {
  case '#':
    part->op = next == '#' ? OAKUM_SHELL_PARAM_CUT_FRONT_MAX : OAKUM_SHELL_PARAM_CUT_FRONT;
    take_n(p, next == '#' ? 2 : 1);
    break;
  case '%':
    part->op = next == '%' ? OAKUM_SHELL_PARAM_CUT_BACK_MAX : OAKUM_SHELL_PARAM_CUT_BACK;
    take_n(p, next == '%' ? 2 : 1);
    break;
  case '/':
    if (!p->ash)
      return;
    part->op = OAKUM_SHELL_PARAM_REPLACE;
    take_n(p, next == '/' || next == '#' || next == '%' ? 2 : 1);
    *split = '/';
    break;
  case ':':
    if (!p->ash)
      return;
    part->op = OAKUM_SHELL_PARAM_SLICE;
    take_n(p, 1);
    *pattern = FALSE;
    *split = ':';
    break;
  case '^':
  case ',':
  case '~':
    if (!p->bash)
      return;
    part->op = OAKUM_SHELL_PARAM_CASE;
    take_n(p, next == c ? 2 : 1);
    break;
  case '@':
    if (!p->bash)
      return;
    part->op = OAKUM_SHELL_PARAM_TRANSFORM;
    take_n(p, g_ascii_isalpha(next) ? 2 : 1);
    break;
  default:
    return;
  }
taken:
  part->op_text = oakum_shell_keep(p->b, p->text + start, p->end - start);
}

/* The "#" or "!" in front of a name; takes it. */
static void prefix(OakumShellParser *p, OakumShellPart *part)
{
  int c = oakum_shell_peek(p), next = oakum_shell_peek2(p);
  guint32 name = oakum_shell_next(p, p->pos), end = name_end(p, name);
  int behind = end < p->len ? (guchar)p->text[end] : -1;
  if (end == name)
    return;
  if (c == '#' && (behind == '}' || (behind == '[' && p->bash))) {
    part->op = OAKUM_SHELL_PARAM_LENGTH;
    oakum_shell_take(p);
  } else if (c == '!' && p->bash && (oakum_shell_is_name(next, FALSE) || behind == '}')) {
    part->op = OAKUM_SHELL_PARAM_INDIRECT;
    part->indirect = TRUE;
    oakum_shell_take(p);
  }
}

static void braced(OakumShellParser *p, gboolean dq)
{
  guint32 start = p->pos;
  if (!oakum_shell_enter(p))
    return;
  OakumShellPart part = {.op_text = ""};
  guint parts_mark = p->b->parts->len, words_mark = p->b->words->len;
  oakum_shell_take(p);
  oakum_shell_take(p);
  guint32 inside = p->pos;
  prefix(p, &part);
  part.value = take_name(p);
  if (p->bash && oakum_shell_is_name((guchar)part.value[0], TRUE) && oakum_shell_peek(p) == '[') {
    oakum_shell_take(p);
    guint32 subscript = p->pos;
    OakumShellMode mode = {
        .dq = dq, .single = TRUE, .process = TRUE, .open = '[', .close = ']', .close2 = '}'};
    gboolean closed = oakum_shell_parts(p, mode);
    part.subscript =
        oakum_shell_keep(p->b, p->text + subscript, MIN(p->pos - subscript, OAKUM_SHELL_SHOWN_MAX));
    if (closed && oakum_shell_peek(p) == ']')
      oakum_shell_take(p);
  }
  int c = oakum_shell_peek(p);
  if (part.indirect && (c == '*' || c == '@') && oakum_shell_peek2(p) == '}') {
    part.op = OAKUM_SHELL_PARAM_NAMES;
    part.op_text = c == '*' ? "*" : "@";
    oakum_shell_take(p);
  } else if (part.indirect && part.subscript && c == '}' &&
             (strcmp(part.subscript, "@") == 0 || strcmp(part.subscript, "*") == 0)) {
    part.op = OAKUM_SHELL_PARAM_KEYS;
  } else if (c >= 0 && c != '}') {
    gboolean pattern = FALSE;
    char split = 0;
    operator(p, &part, &pattern, &split);
    OakumShellMode mode = {.dq = dq,
                           .single = !dq || pattern || p->bash,
                           .process = p->bash,
                           .close = '}',
                           .close2 = split};
    operand(p, mode);
    if (split && oakum_shell_peek(p) == split && !p->error) {
      oakum_shell_take(p);
      mode.close2 = 0;
      operand(p, mode);
    }
  }
  guint32 end = p->pos;
  if (oakum_shell_peek(p) == '}')
    oakum_shell_take(p);
  else
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, inside, "this ${ is never closed");
  part.parts = oakum_shell_keep_array(p->b, p->b->parts, parts_mark, &part.n_parts);
  part.operands = oakum_shell_keep_array(p->b, p->b->words, words_mark, &part.n_operands);
  OakumShellPart *out = oakum_shell_push(p, OAKUM_SHELL_PART_PARAMETER, start, dq);
  part.kind = out->kind;
  part.span = out->span;
  part.quoted = dq;
  part.braces = TRUE;
  part.text = shown(p, inside, end);
  *out = part;
  oakum_shell_leave(p);
}

void oakum_shell_dollar(OakumShellParser *p, gboolean dq)
{
  guint32 start = p->pos;
  int next = oakum_shell_peek2(p);
  if (next == '{') {
    braced(p, dq);
  } else if (next == '(') {
    guint32 second = oakum_shell_next(p, oakum_shell_next(p, start));
    gboolean two = second < p->len && p->text[second] == '(';
    if (two && (!p->bash || oakum_shell_is_arithmetic(p, oakum_shell_next(p, second))))
      arithmetic(p, dq, FALSE);
    else
      command(p, dq);
  } else if (next == '[') {
    arithmetic(p, dq, TRUE);
  } else if (next == '\'') {
    dollar_single(p);
  } else if (next == '"') {
    oakum_shell_take(p);
    guint at = p->b->parts->len;
    oakum_shell_quote(p, FALSE);
    if (p->b->parts->len > at) {
      OakumShellPart *part = &g_array_index(p->b->parts, OakumShellPart, at);
      part->kind = OAKUM_SHELL_PART_DOLLAR_DOUBLE;
      part->span.start = oakum_shell_span(p, start, start + 1).start;
    }
  } else {
    oakum_shell_take(p);
    const char *name;
    if (g_ascii_isdigit(next)) {
      name = oakum_shell_keep(p->b, p->text + p->pos, 1);
      oakum_shell_take(p);
    } else {
      name = take_name(p);
    }
    g_autofree char *text = g_strconcat("${", name, "}", NULL);
    const char *kept = oakum_shell_keep(p->b, text, strlen(text));
    OakumShellPart *part = oakum_shell_push(p, OAKUM_SHELL_PART_PARAMETER, start, dq);
    part->value = name;
    part->text = kept;
  }
}
