/* What of a script the shell parser of hadolint takes (that of ShellCheck 0.11): all of it, the
 * commands up to a place where it stops without an error, or nothing. It is no reader of its own:
 * it walks the grammar and hands the text on to module shell, cut at the place and with the few
 * things rewritten that the two would read in another way.
 *
 * The parser is a backtracking one: an alternative that fails before it took a byte lets the next
 * one try, one that fails behind its first byte fails the whole. So each function answers TAKEN,
 * NONE (nothing was taken) or BROKEN. The grammar was found from its documented errors (SC1xxx) and
 * by feeding it texts. */
#include "lint/lint-private.h"
#include <string.h>

typedef enum { TAKEN, NONE, BROKEN } Taken;

typedef struct {
  char *delimiter;
  gboolean quoted, dashed;
} Pending;

typedef struct {
  gsize start, end;
  const char *text; /* that stands there instead; static */
} Change;

typedef struct {
  const char *text;
  gsize len, at;
  guint depth;
  guint64 budget;
  GArray *changes; /* Change */
  GArray *pending; /* Pending: heredocs whose bodies follow behind the line */
} Reader;

static Taken read_term(Reader *r);
static Taken read_word(Reader *r, const char *end);
static Taken read_word_part(Reader *r, const char *end);
static Taken read_dollar(Reader *r, gboolean quoted);
static Taken read_pipeline(Reader *r);
static gboolean read_list_or_nothing(Reader *r);
static gboolean arithmetic(Reader *r);

static char look(const Reader *r, gsize ahead)
{
  return r->at + ahead < r->len ? r->text[r->at + ahead] : '\0';
}
static gboolean ended(const Reader *r)
{
  return r->at >= r->len;
}
static gboolean is_in(char c, const char *set)
{
  return c != '\0' && strchr(set, c) != NULL;
}
static gboolean starts(const Reader *r, const char *word)
{
  gsize n = strlen(word);
  return r->len - r->at >= n && memcmp(r->text + r->at, word, n) == 0;
}
static gboolean take(Reader *r, const char *word)
{
  if (!starts(r, word))
    return FALSE;
  r->at += strlen(word);
  return TRUE;
}
static void change(Reader *r, gsize start, gsize end, const char *text)
{
  const Change one = {start, end, text};
  g_array_append_val(r->changes, one);
}
static gboolean is_name_start(char c)
{
  return g_ascii_isalpha(c) || c == '_';
}
static gboolean is_name_char(char c)
{
  return g_ascii_isalnum(c) || c == '_';
}

static void pending_clear(gpointer item)
{
  g_free(((Pending *)item)->delimiter);
}

/* Where a try may return to. */
typedef struct {
  gsize at;
  guint changes, pending;
} Mark;

static Mark mark_of(const Reader *r)
{
  return (Mark){r->at, r->changes->len, r->pending->len};
}
static void back_to(Reader *r, Mark mark)
{
  r->at = mark.at;
  g_array_set_size(r->changes, mark.changes);
  if (r->pending->len > mark.pending)
    g_array_set_size(r->pending, mark.pending);
}

/* Every level of nesting and every retry pays; FALSE: it is too much, and the text counts as
 * broken. */
static gboolean enter(Reader *r)
{
  if (r->depth >= OAKUM_LINT_PEER_DEPTH_MAX || r->budget == 0)
    return FALSE;
  r->depth++;
  return TRUE;
}
static Taken leave(Reader *r, Taken taken)
{
  r->depth--;
  return taken;
}
static gboolean pay(Reader *r, gsize bytes)
{
  r->budget -= MIN(r->budget, bytes + 1);
  return r->budget > 0;
}

/* ---- blanks, line ends, heredoc bodies ---------------------------------------------------- */
static gboolean here_body(Reader *r, const Pending *doc)
{
  gsize start = r->at, n = strlen(doc->delimiter);
  for (gsize line = r->at; line <= r->len;) {
    const char *nl = memchr(r->text + line, '\n', r->len - line);
    gsize end = nl ? (gsize)(nl - r->text) : r->len, from = line;
    while (doc->dashed && from < end && r->text[from] == '\t')
      from++;
    if (end - from == n && memcmp(r->text + from, doc->delimiter, n) == 0) {
      if (!doc->quoted) { /* its expansions must be whole */
        Reader inner = *r;
        inner.len = line;
        inner.at = start;
        while (!ended(&inner)) {
          char c = look(&inner, 0);
          if (c == '\\') {
            inner.at = MIN(inner.at + 2, inner.len);
          } else if (c == '$' || c == '`') {
            if (read_dollar(&inner, TRUE) == BROKEN)
              return FALSE;
          } else {
            inner.at++;
          }
        }
        r->budget = inner.budget;
      }
      r->at = end;
      return TRUE;
    }
    if (!nl)
      break;
    line = end + 1;
  }
  return FALSE;
}

/* The bodies of the heredocs of the line that ended. */
static gboolean here_bodies(Reader *r)
{
  gboolean ok = TRUE;
  while (ok && r->pending->len > 0) {
    Pending doc = g_array_index(r->pending, Pending, 0);
    doc.delimiter = g_strdup(doc.delimiter);
    g_array_remove_index(r->pending, 0);
    ok = here_body(r, &doc);
    g_free(doc.delimiter);
    if (ok && r->pending->len > 0 && !ended(r))
      r->at++;
  }
  return ok;
}

/* TRUE when blanks were there. */
static gboolean blanks(Reader *r)
{
  gsize start = r->at;
  while (!ended(r) && (is_in(look(r, 0), " \t") || starts(r, "\\\n")))
    r->at += look(r, 0) == '\\' ? 2 : 1;
  gboolean any = r->at > start;
  if (look(r, 0) == '#')
    while (!ended(r) && look(r, 0) != '\n')
      r->at++;
  return any;
}

/* Also line ends; FALSE: a heredoc does not end. */
static gboolean all_blanks(Reader *r)
{
  for (;;) {
    blanks(r);
    gsize cr = look(r, 0) == '\r';
    if (look(r, cr) != '\n' && !cr)
      return TRUE;
    r->at += cr;
    if (look(r, 0) != '\n')
      continue;
    r->at++;
    if (!here_bodies(r))
      return FALSE;
  }
}

/* ---- words --------------------------------------------------------------------------------- */
static Taken single_quoted(Reader *r)
{
  if (look(r, 0) != '\'')
    return NONE;
  const char *end = memchr(r->text + r->at + 1, '\'', r->len - r->at - 1);
  if (!end)
    return BROKEN;
  r->at = (gsize)(end - r->text) + 1;
  return TAKEN;
}

static Taken double_quoted(Reader *r)
{
  if (look(r, 0) != '"')
    return NONE;
  if (!enter(r))
    return BROKEN;
  r->at++;
  while (!ended(r) && look(r, 0) != '"') {
    char c = look(r, 0);
    if (c == '\\') {
      if (r->at + 1 >= r->len)
        return leave(r, BROKEN);
      r->at += 2;
    } else if (c == '$' || c == '`') {
      if (read_dollar(r, TRUE) != TAKEN)
        return leave(r, BROKEN);
    } else {
      r->at++;
    }
  }
  if (ended(r))
    return leave(r, BROKEN);
  r->at++;
  return leave(r, TAKEN);
}

/* `..`: what does not parse inside counts as nothing. */
static Taken backticks(Reader *r)
{
  gsize start = ++r->at;
  g_autoptr(GString) inside = g_string_new(NULL);
  gboolean escapes = FALSE;
  while (!ended(r) && look(r, 0) != '`') {
    if (look(r, 0) == '\\') {
      r->at++;
      if (ended(r))
        return BROKEN;
      escapes = TRUE;
      if (!is_in(look(r, 0), "`$\\\""))
        g_string_append_c(inside, '\\');
    }
    g_string_append_c(inside, look(r, 0));
    r->at++;
  }
  if (ended(r))
    return BROKEN;
  gsize end = r->at++;
  Reader inner = {.text = inside->str,
                  .len = inside->len,
                  .depth = r->depth,
                  .budget = r->budget,
                  .changes = g_array_new(FALSE, FALSE, sizeof(Change)),
                  .pending = g_array_new(FALSE, FALSE, sizeof(Pending))};
  g_array_set_clear_func(inner.pending, pending_clear);
  gboolean fine = pay(&inner, inner.len) && read_list_or_nothing(&inner);
  if (!fine)
    change(r, start, end, "");
  else if (!ended(&inner) && !escapes)
    change(r, start + inner.at, end, "");
  r->budget = inner.budget;
  g_array_unref(inner.changes);
  g_array_unref(inner.pending);
  return TAKEN;
}

/* Behind "${". */
static Taken braced(Reader *r)
{
  if (!enter(r))
    return BROKEN;
  while (!ended(r) && look(r, 0) != '}') {
    char c = look(r, 0);
    Taken taken = TAKEN;
    if (c == '\'')
      taken = single_quoted(r);
    else if (c == '"')
      taken = double_quoted(r);
    else if (c == '$' || c == '`')
      taken = read_dollar(r, FALSE);
    else if (is_in(c, "?*@!+") && look(r, 1) == '(')
      taken = read_word_part(r, "");
    else if (c == '\\') {
      if (r->at + 1 >= r->len)
        taken = BROKEN;
      r->at += 2;
    } else {
      r->at++;
    }
    if (taken != TAKEN)
      return leave(r, BROKEN);
  }
  if (ended(r))
    return leave(r, BROKEN);
  r->at++;
  return leave(r, TAKEN);
}

/* Behind "$(": commands and ")". */
static Taken substitution(Reader *r)
{
  if (!enter(r))
    return BROKEN;
  gboolean ok = read_list_or_nothing(r) && look(r, 0) == ')';
  if (ok)
    r->at++;
  return leave(r, ok ? TAKEN : BROKEN);
}

static Taken dollar_arithmetic(Reader *r)
{
  Mark mark = mark_of(r);
  if (!enter(r))
    return BROKEN;
  r->at += 3;
  if (arithmetic(r) && take(r, "))"))
    return leave(r, TAKEN);
  gsize tried = r->at > mark.at ? r->at - mark.at : 0;
  back_to(r, mark);
  if (!pay(r, tried))
    return leave(r, BROKEN);
  r->at += 2;
  change(r, r->at, r->at, " ");
  return leave(r, substitution(r));
}

/* "$" or a backtick. */
static Taken read_dollar(Reader *r, gboolean quoted)
{
  if (look(r, 0) == '`')
    return backticks(r);
  if (look(r, 0) != '$')
    return NONE;
  char next = look(r, 1);
  if (starts(r, "$(("))
    return dollar_arithmetic(r);
  if (next == '(') {
    r->at += 2;
    return substitution(r);
  }
  if (next == '[') {
    r->at += 2;
    if (!enter(r))
      return BROKEN;
    gboolean ok = arithmetic(r) && take(r, "]");
    return leave(r, ok ? TAKEN : BROKEN);
  }
  if (next == '{') {
    char third = look(r, 2);
    r->at += 2;
    if (is_in(third, "| \t\n")) { /* the commands of ksh */
      r->at++;
      if (!enter(r))
        return BROKEN;
      gboolean ok = all_blanks(r) && read_term(r) == TAKEN && take(r, "}");
      return leave(r, ok ? TAKEN : BROKEN);
    }
    return braced(r);
  }
  if (!quoted && next == '"') {
    r->at++;
    return double_quoted(r);
  }
  if (!quoted && next == '\'') {
    for (r->at += 2; !ended(r) && look(r, 0) != '\''; r->at++)
      if (look(r, 0) == '\\')
        r->at++;
    if (ended(r))
      return BROKEN;
    r->at++;
    return TAKEN;
  }
  r->at++;
  if (g_ascii_isdigit(next) || is_in(next, "@*#?-$!"))
    r->at++;
  else if (is_name_start(next))
    while (is_name_char(look(r, 0)))
      r->at++;
  return TAKEN;
}

/* ?(..) and the like */
static Taken extended_glob(Reader *r)
{
  if (!is_in(look(r, 0), "?*@!+") || look(r, 1) != '(')
    return NONE;
  if (!enter(r))
    return BROKEN;
  r->at += 2;
  guint open = 1;
  while (!ended(r) && open > 0) {
    char c = look(r, 0);
    if (c == ')') {
      open--;
      r->at++;
    } else if (c == '(') {
      open++;
      r->at++;
    } else if (is_in(c, "|<>#;& \t")) {
      r->at++;
    } else if (read_word_part(r, "") != TAKEN) {
      return leave(r, BROKEN);
    }
  }
  return leave(r, open == 0 ? TAKEN : BROKEN);
}

/* {a,b} and {1..3}; FALSE: it is none. */
static gboolean brace_expansion(Reader *r)
{
  if (look(r, 0) != '{' || !enter(r))
    return FALSE;
  r->at++;
  guint parts = 1;
  gboolean dots = FALSE, ok = TRUE;
  while (ok && !ended(r) && look(r, 0) != '}') {
    char c = look(r, 0);
    if (c == ',') {
      parts++;
      r->at++;
    } else if (c == '{') {
      ok = brace_expansion(r);
    } else if (c == '$') {
      ok = !is_in(look(r, 1), "'\"") &&
           (g_ascii_isalnum(look(r, 1)) || is_in(look(r, 1), "_({[@*#?-$!")) &&
           read_dollar(r, TRUE) == TAKEN;
    } else if (c == '\'') {
      ok = single_quoted(r) == TAKEN;
    } else if (c == '"') {
      ok = double_quoted(r) == TAKEN;
    } else if (is_in(c, " \t\n\r")) {
      ok = FALSE;
    } else {
      dots |= starts(r, "..");
      r->at += c == '\\' ? 2 : 1;
    }
  }
  ok = ok && look(r, 0) == '}' && (parts > 1 || dots);
  if (ok)
    r->at++;
  (void)leave(r, TAKEN);
  return ok;
}

/* [a-z] as a whole; FALSE: the bracket stands for itself. */
static gboolean bracket_glob(Reader *r)
{
  gsize at = r->at + 1, start = at;
  while (at < r->len && r->text[at] != ']') {
    char c = r->text[at];
    if (c == '[' && at + 1 < r->len && r->text[at + 1] == ':') {
      const char *end = g_strstr_len(r->text + at, (gssize)MIN(r->len - at, 16), ":]");
      if (!end)
        return FALSE;
      at = (gsize)(end - r->text) + 2;
    } else if (c == '\\') {
      at += 2;
    } else if (is_in(c, "|&;<>() '\t\n\r\"`[")) {
      return FALSE;
    } else {
      at++;
    }
  }
  if (at >= r->len || at == start)
    return FALSE;
  r->at = at + 1;
  return TRUE;
}

static Taken read_word_part(Reader *r, const char *end)
{
  char c = look(r, 0);
  if (ended(r) || is_in(c, end))
    return NONE;
  if (c == '\'')
    return single_quoted(r);
  if (c == '"')
    return double_quoted(r);
  if (c == '$' || c == '`')
    return read_dollar(r, FALSE);
  Taken glob = extended_glob(r);
  if (glob != NONE)
    return glob;
  if (c == '{') {
    Mark mark = mark_of(r);
    if (brace_expansion(r))
      return TAKEN;
    gsize tried = r->at - mark.at;
    back_to(r, mark);
    r->at++;
    return pay(r, tried) ? TAKEN : BROKEN;
  }
  if (c == '[' && bracket_glob(r))
    return TAKEN;
  if (is_in(c, "<>") && look(r, 1) == '(') {
    r->at += 2;
    return substitution(r);
  }
  if (c == '\\') {
    if (r->at + 1 >= r->len)
      return BROKEN;
    r->at += 2;
    return TAKEN;
  }
  if (is_in(c, "|&;<>() \t\n\r"))
    return NONE;
  r->at++;
  return TAKEN;
}

static Taken read_word(Reader *r, const char *end)
{
  gboolean any = FALSE;
  for (;;) {
    Taken part = read_word_part(r, end);
    if (part == BROKEN)
      return BROKEN;
    if (part == NONE)
      return any ? TAKEN : NONE;
    any = TRUE;
  }
}

/* ---- arithmetic ---------------------------------------------------------------------------- */
static void arithmetic_blanks(Reader *r)
{
  while (!ended(r) && (is_in(look(r, 0), " \t\n\r") || starts(r, "\\\n")))
    r->at += look(r, 0) == '\\' ? 2 : 1;
}

static gboolean operand(Reader *r)
{
  gboolean signed_ = FALSE;
  for (;; arithmetic_blanks(r)) {
    if (is_in(look(r, 0), "!~") && !signed_)
      r->at++;
    else if (take(r, "++") || take(r, "--"))
      signed_ = TRUE;
    else if (is_in(look(r, 0), "+-") && !signed_) {
      r->at++;
      signed_ = TRUE;
    } else
      break;
  }
  if (look(r, 0) == '(') {
    r->at++;
    if (!enter(r))
      return FALSE;
    gboolean ok = arithmetic(r) && take(r, ")");
    (void)leave(r, TAKEN);
    if (!ok)
      return FALSE;
  } else if (is_name_start(look(r, 0))) {
    while (is_name_char(look(r, 0)))
      r->at++;
    while (look(r, 0) == '[') {
      r->at++;
      if (!enter(r))
        return FALSE;
      gboolean ok = arithmetic(r) && take(r, "]");
      (void)leave(r, TAKEN);
      if (!ok)
        return FALSE;
    }
  } else {
    gboolean any = FALSE;
    for (;;) {
      char c = look(r, 0);
      Taken part = NONE;
      if (ended(r) || is_in(c, "+-*/=%^,]?:[@!") || (is_in(c, "<>") && look(r, 1) == '('))
        part = NONE;
      else if (c == '{')
        part = brace_expansion(r) ? TAKEN : BROKEN;
      else if (c == '}')
        part = NONE;
      else
        part = read_word_part(r, "");
      if (part == BROKEN)
        return FALSE;
      if (part == NONE)
        break;
      any = TRUE;
    }
    if (!any)
      return FALSE;
  }
  arithmetic_blanks(r);
  if (starts(r, "++") || starts(r, "--"))
    r->at += 2;
  arithmetic_blanks(r);
  return TRUE;
}

static gboolean operator_taken(Reader *r)
{
  static const char *const assign[] = {
      "<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|=", NULL};
  static const char *const others[] = {"||", "&&", "==", "!=", "<=", ">=", "<<",
                                       ">>", "**", "|",  "^",  "&",  "<",  ">",
                                       "+",  "-",  "*",  "/",  "%",  "=",  NULL};
  for (guint i = 0; assign[i]; i++)
    if (take(r, assign[i]))
      return !is_in(look(r, 0), "&|<>=");
  for (guint i = 0; others[i]; i++)
    if (take(r, others[i]))
      return is_in(others[i][0], "+-") || !is_in(look(r, 0), "&|<>=");
  return FALSE;
}

/* A list of expressions up to what can be none; also an empty one. */
static gboolean arithmetic(Reader *r)
{
  guint open = 0;
  arithmetic_blanks(r);
  if (ended(r) || is_in(look(r, 0), ");]"))
    return TRUE;
  for (;;) {
    if (!operand(r))
      return FALSE;
    char c = look(r, 0);
    if (c == '?') {
      open++;
      r->at++;
    } else if (c == ':' && open > 0) {
      open--;
      r->at++;
    } else if (c == ',') {
      r->at++;
    } else {
      Mark mark = mark_of(r);
      if (!operator_taken(r)) {
        back_to(r, mark);
        return open == 0;
      }
    }
    arithmetic_blanks(r);
  }
}

/* ---- [ ] and [[ ]] ------------------------------------------------------------------------- */
static Taken condition_list(Reader *r, gboolean single);

/* Behind blanks comes the bracket that closes. */
static gboolean closes(const Reader *r)
{
  Reader ahead = *r;
  blanks(&ahead);
  return look(&ahead, 0) == ']';
}

static Taken condition_word(Reader *r, gboolean single)
{
  if (closes(r))
    return NONE;
  gsize start = r->at;
  Taken word = read_word(r, "");
  if (word != TAKEN)
    return word;
  gsize n = r->at - start;
  char last = r->text[r->at - 1];
  gboolean plain = n < 2 || r->text[r->at - 2] != '\\';
  if (last == ']' && plain && !memchr(r->text + start, '[', n))
    return BROKEN;
  if (single && last == ')' && plain && n == 1)
    return BROKEN;
  blanks(r);
  return TAKEN;
}

/* -letters */
static gboolean flag_operator(Reader *r)
{
  gsize at = r->at;
  if (look(r, 0) != '-' || !g_ascii_isalpha(look(r, 1)))
    return FALSE;
  for (r->at++; g_ascii_isalpha(look(r, 0)); r->at++)
    ;
  (void)at;
  return TRUE;
}

static gboolean plain_binary(Reader *r, gboolean *regex)
{
  static const char *const words[] = {"==", "!=", "<=", ">=", "=~", ">", "<", "=", NULL};
  for (guint i = 0; words[i]; i++)
    if (take(r, words[i])) {
      *regex = strcmp(words[i], "=~") == 0;
      return TRUE;
    }
  gsize start = r->at;
  if (!flag_operator(r))
    return FALSE;
  gboolean joins = r->at - start == 2 && is_in(r->text[start + 1], "ao");
  if (joins)
    r->at = start;
  return !joins;
}

/* An operator, bare, escaped or in quotes. */
static gboolean binary(Reader *r, gboolean *regex)
{
  gsize start = r->at;
  char c = look(r, 0);
  *regex = FALSE;
  if (c == '\\' || c == '\'' || c == '"') {
    r->at++;
    if (plain_binary(r, regex) && (c == '\\' || look(r, 0) == c)) {
      r->at += c != '\\';
      return TRUE;
    }
    r->at = start;
    return FALSE;
  }
  if (plain_binary(r, regex))
    return TRUE;
  r->at = start;
  return FALSE;
}

static Taken regex_part(Reader *r)
{
  char c = look(r, 0);
  if (ended(r))
    return NONE;
  if (c == '(') {
    if (!enter(r))
      return BROKEN;
    r->at++;
    while (!ended(r) && look(r, 0) != ')') {
      Taken part = regex_part(r);
      if (part == BROKEN)
        return leave(r, BROKEN);
      if (part == NONE)
        r->at++;
    }
    gboolean ok = take(r, ")");
    return leave(r, ok ? TAKEN : BROKEN);
  }
  if (c == '\'')
    return single_quoted(r);
  if (c == '"')
    return double_quoted(r);
  if (c == '$') {
    if (g_ascii_isalnum(look(r, 1)) || is_in(look(r, 1), "_({[@*#?-$!"))
      return read_dollar(r, TRUE);
    r->at++;
    return TAKEN;
  }
  if (c == '\\') {
    if (r->at + 1 >= r->len)
      return BROKEN;
    r->at += 2;
    return TAKEN;
  }
  if (is_in(c, "&;<>) \t\n\r`"))
    return NONE;
  r->at++;
  return TAKEN;
}

static Taken condition_expression(Reader *r, gboolean single)
{
  /* ( .. ) */
  gsize start = r->at;
  gboolean escaped = take(r, "\\(") || take(r, "'('") || take(r, "\"(\"");
  if (escaped || take(r, "(")) {
    if (!all_blanks(r) || condition_list(r, single) != TAKEN)
      return BROKEN;
    if (!take(r, "\\)") && !take(r, "')'") && !take(r, "\")\"") && !take(r, ")"))
      return BROKEN;
    return all_blanks(r) ? TAKEN : BROKEN;
  }
  if (flag_operator(r)) {
    if (!all_blanks(r) || condition_word(r, single) != TAKEN)
      return BROKEN;
    return TAKEN;
  }
  r->at = start;
  Taken word = condition_word(r, single);
  if (word != TAKEN)
    return word;
  gboolean regex;
  if (!binary(r, &regex))
    return TAKEN;
  if (!all_blanks(r))
    return BROKEN;
  if (regex) {
    gboolean any = FALSE;
    for (;;) {
      Taken part = regex_part(r);
      if (part == BROKEN)
        return BROKEN;
      if (part == NONE)
        break;
      any = TRUE;
    }
    blanks(r);
    return any ? TAKEN : BROKEN;
  }
  return condition_word(r, single) == TAKEN ? TAKEN : BROKEN;
}

static Taken condition_list(Reader *r, gboolean single)
{
  if (!enter(r))
    return BROKEN;
  for (gboolean first = TRUE;; first = FALSE) {
    gboolean negated = look(r, 0) == '!';
    if (negated) {
      r->at++;
      if (!all_blanks(r))
        return leave(r, BROKEN);
    }
    Taken one = condition_expression(r, single);
    if (one != TAKEN)
      return leave(r, one == NONE && first && !negated ? NONE : BROKEN);
    if (!all_blanks(r))
      return leave(r, BROKEN);
    if (!take(r, "&&") && !take(r, "||") && !take(r, "-a") && !take(r, "-o"))
      return leave(r, TAKEN);
    if (!all_blanks(r))
      return leave(r, BROKEN);
  }
}

static Taken condition(Reader *r)
{
  if (look(r, 0) != '[')
    return NONE;
  gboolean single = look(r, 1) != '[';
  r->at += single ? 1 : 2;
  gsize start = r->at;
  if (!all_blanks(r))
    return BROKEN;
  Taken list = condition_list(r, single);
  if (list == BROKEN || (list == NONE && (r->at == start || look(r, 0) != ']')))
    return BROKEN;
  if (!take(r, "]]") && !take(r, "]"))
    return BROKEN;
  blanks(r);
  return TAKEN;
}

/* ---- redirections -------------------------------------------------------------------------- */
static Taken redirection(Reader *r)
{
  gsize start = r->at;
  if (look(r, 0) == '&' && is_in(look(r, 1), "<>")) {
    r->at++;
  } else if (look(r, 0) == '{' && is_name_start(look(r, 1))) {
    for (r->at++; is_name_char(look(r, 0)); r->at++)
      ;
    if (!take(r, "}"))
      r->at = start;
  } else {
    while (g_ascii_isdigit(look(r, 0)))
      r->at++;
  }
  if (!is_in(look(r, 0), "<>") || look(r, 1) == '(') {
    r->at = start;
    return NONE;
  }
  if (take(r, "<<<")) {
    blanks(r);
    if (read_word(r, "") != TAKEN)
      return BROKEN;
    blanks(r);
    return TAKEN;
  }
  if (take(r, "<<")) {
    Pending doc = {.dashed = take(r, "-")};
    blanks(r);
    gsize word = r->at;
    if (read_word(r, "") != TAKEN)
      return BROKEN;
    g_autoptr(GString) name = g_string_new(NULL);
    for (gsize i = word; i < r->at; i++) {
      if (is_in(r->text[i], "'\"\\"))
        doc.quoted = TRUE;
      else
        g_string_append_c(name, r->text[i]);
    }
    doc.delimiter = g_string_free(g_steal_pointer(&name), FALSE);
    g_array_append_val(r->pending, doc);
    blanks(r);
    return TAKEN;
  }
  if (starts(r, ">&") || starts(r, "<&")) {
    gsize at = r->at;
    r->at += 2;
    gsize digits = r->at;
    while (g_ascii_isdigit(look(r, 0)))
      r->at++;
    gboolean any = r->at > digits;
    if (any && look(r, 0) == '-')
      r->at++;
    else if (!any && look(r, 0) == '-')
      any = r->at++ < r->len;
    if (any) {
      blanks(r);
      return TAKEN;
    }
    r->at = at + 2;
  } else if (!take(r, ">>") && !take(r, "<>") && !take(r, ">|")) {
    r->at++;
  }
  blanks(r);
  if (read_word(r, "") != TAKEN)
    return BROKEN;
  blanks(r);
  return TAKEN;
}

static Taken redirections(Reader *r)
{
  for (;;) {
    Taken one = redirection(r);
    if (one != TAKEN)
      return one == BROKEN ? BROKEN : TAKEN;
  }
}

/* ---- keywords ------------------------------------------------------------------------------ */
/* A word of its own. */
static gboolean at_keyword(const Reader *r, const char *word)
{
  gsize n = strlen(word);
  if (r->len - r->at < n || memcmp(r->text + r->at, word, n) != 0)
    return FALSE;
  return r->at + n >= r->len || is_in(look(r, n), " \t\n\r;()[<>&|") ||
         (look(r, n) == '\\' && look(r, n + 1) == '\n');
}
static gboolean keyword(Reader *r, const char *word)
{
  if (!at_keyword(r, word))
    return FALSE;
  r->at += strlen(word);
  blanks(r);
  return TRUE;
}
static gboolean at_end_of_list(const Reader *r)
{
  static const char *const words[] = {"then", "else", "elif", "fi", "do", "done", "esac", NULL};
  if (is_in(look(r, 0), "})") || starts(r, ";;"))
    return TRUE;
  for (guint i = 0; words[i]; i++)
    if (at_keyword(r, words[i]))
      return TRUE;
  return FALSE;
}
/* A semicolon that has no business here: told of, and skipped. */
static void skip_semicolon(Reader *r)
{
  if (look(r, 0) == ';' && look(r, 1) != ';') {
    change(r, r->at, r->at + 1, " ");
    r->at++;
    blanks(r);
  }
}

/* ---- compounds ----------------------------------------------------------------------------- */
static Taken subshell(Reader *r)
{
  if (look(r, 0) != '(')
    return NONE;
  r->at++;
  if (!all_blanks(r) || read_term(r) != TAKEN || !all_blanks(r) || !take(r, ")"))
    return BROKEN;
  blanks(r);
  return TAKEN;
}

static Taken brace_group(Reader *r)
{
  if (look(r, 0) != '{')
    return NONE;
  r->at++;
  if (!is_in(look(r, 0), " \t\n("))
    change(r, r->at, r->at, " ");
  if (!all_blanks(r) || read_term(r) != TAKEN || !take(r, "}"))
    return BROKEN;
  blanks(r);
  return TAKEN;
}

static Taken do_group(Reader *r)
{
  if (!keyword(r, "do"))
    return BROKEN;
  skip_semicolon(r);
  if (!all_blanks(r) || read_term(r) != TAKEN || !keyword(r, "done"))
    return BROKEN;
  return TAKEN;
}

static Taken if_clause(Reader *r)
{
  if (!keyword(r, "if"))
    return NONE;
  do {
    if (!all_blanks(r) || read_term(r) != TAKEN || !keyword(r, "then"))
      return BROKEN;
    skip_semicolon(r);
    if (!all_blanks(r) || read_term(r) != TAKEN)
      return BROKEN;
  } while (keyword(r, "elif"));
  if (keyword(r, "else")) {
    skip_semicolon(r);
    if (!all_blanks(r) || read_term(r) != TAKEN)
      return BROKEN;
  }
  return keyword(r, "fi") ? TAKEN : BROKEN;
}

static gboolean sequential(Reader *r)
{
  if (look(r, 0) == ';' && look(r, 1) != ';') {
    r->at++;
    blanks(r);
  }
  return all_blanks(r);
}

static Taken for_clause(Reader *r)
{
  gboolean selects = at_keyword(r, "select");
  if (!keyword(r, selects ? "select" : "for"))
    return NONE;
  blanks(r);
  if (!selects && look(r, 0) == '(') {
    r->at++;
    blanks(r);
    if (!take(r, "("))
      return BROKEN;
    for (guint i = 0; i < 3; i++) {
      if (!arithmetic(r) || (i < 2 && !take(r, ";")))
        return BROKEN;
      blanks(r);
    }
    if (!take(r, ")"))
      return BROKEN;
    blanks(r);
    if (!take(r, ")"))
      return BROKEN;
    blanks(r);
    if (!sequential(r))
      return BROKEN;
    Taken group = brace_group(r);
    return group == NONE ? do_group(r) : group;
  }
  if (look(r, 0) == '$') {
    change(r, r->at, r->at + 1, "");
    r->at++;
  }
  if (!is_name_start(look(r, 0)))
    return BROKEN;
  while (is_name_char(look(r, 0)))
    r->at++;
  if (!all_blanks(r))
    return BROKEN;
  if (keyword(r, "in")) {
    while (!ended(r) && !is_in(look(r, 0), ";\n") && !at_keyword(r, "do")) {
      Taken word = read_word(r, "");
      if (word == BROKEN)
        return BROKEN;
      if (word == NONE)
        break;
      blanks(r);
    }
    if (at_keyword(r, "do"))
      change(r, r->at, r->at, ";");
    else if (!sequential(r))
      return BROKEN;
  } else if (!sequential(r)) {
    return BROKEN;
  }
  return do_group(r);
}

static gboolean case_separator(Reader *r)
{
  if (take(r, ";;&") || take(r, ";&") || take(r, ";;")) {
    blanks(r);
    return TRUE;
  }
  Mark mark = mark_of(r);
  gboolean over = all_blanks(r) && at_keyword(r, "esac");
  back_to(r, mark);
  return over;
}

static Taken case_clause(Reader *r)
{
  if (!keyword(r, "case"))
    return NONE;
  if (read_word(r, "") != TAKEN || !all_blanks(r) || !keyword(r, "in") || !all_blanks(r))
    return BROKEN;
  while (!at_keyword(r, "esac")) {
    if (take(r, "("))
      blanks(r);
    blanks(r);
    Taken pattern;
    gboolean any = FALSE;
    while ((pattern = read_word(r, "")) == TAKEN) {
      any = TRUE;
      blanks(r);
      if (look(r, 0) != '|')
        break;
      any = FALSE;
      r->at++;
      blanks(r);
    }
    if (pattern == BROKEN)
      return BROKEN;
    if (!any)
      break; /* no item: "esac" is wanted here */
    if (!take(r, ")") || !all_blanks(r))
      return BROKEN;
    if (!starts(r, ";;") && !starts(r, ";&") && !at_keyword(r, "esac") && read_term(r) != TAKEN)
      return BROKEN;
    if (!case_separator(r) || !all_blanks(r))
      return BROKEN;
  }
  return keyword(r, "esac") ? TAKEN : BROKEN;
}

/* Up to the body: name, "()"; FALSE: it is none. */
static gboolean function_head(Reader *r)
{
  static const char plain[] = ":+?-./^@,", more[] = ":+?-./^@,[]*=!";
  gboolean worded = (starts(r, "function ") || starts(r, "function\t")) && (r->at += 9) > 0;
  if (worded)
    blanks(r);
  gsize start = r->at;
  while (is_name_char(look(r, 0)) || is_in(look(r, 0), worded ? more : plain))
    r->at++;
  if (r->at == start || (!worded && r->at - start == 4 && memcmp(r->text + start, "time", 4) == 0))
    return FALSE;
  blanks(r);
  if (look(r, 0) != '(')
    return worded;
  gsize paren = r->at++;
  blanks(r);
  if (look(r, 0) != ')') {
    while (!ended(r) && !is_in(look(r, 0), "\n){"))
      r->at++;
    if (look(r, 0) != ')') {
      r->at = paren;
      return worded;
    }
    change(r, paren + 1, r->at, "");
  }
  r->at++;
  blanks(r);
  return TRUE;
}

static Taken function_definition(Reader *r)
{
  Mark mark = mark_of(r);
  if (!function_head(r)) {
    back_to(r, mark);
    return NONE;
  }
  if (!all_blanks(r))
    return BROKEN;
  Taken body = brace_group(r);
  if (body == NONE)
    body = subshell(r);
  return body == TAKEN ? TAKEN : BROKEN;
}

/* "((": arithmetic, or else two subshells */
static Taken double_parens(Reader *r)
{
  Mark mark = mark_of(r);
  r->at += 2;
  if (arithmetic(r) && take(r, "))")) {
    blanks(r);
    return TAKEN;
  }
  gsize tried = r->at > mark.at ? r->at - mark.at : 0;
  back_to(r, mark);
  if (!pay(r, tried))
    return BROKEN;
  change(r, r->at + 1, r->at + 1, " ");
  return subshell(r);
}

static Taken compound(Reader *r)
{
  Taken taken = brace_group(r);
  if (taken == NONE && starts(r, "(("))
    taken = double_parens(r);
  if (taken == NONE)
    taken = subshell(r);
  if (taken == NONE && (keyword(r, "while") || keyword(r, "until")))
    taken = all_blanks(r) && read_term(r) == TAKEN && do_group(r) == TAKEN ? TAKEN : BROKEN;
  if (taken == NONE)
    taken = if_clause(r);
  if (taken == NONE)
    taken = for_clause(r);
  if (taken == NONE)
    taken = case_clause(r);
  if (taken == NONE)
    taken = function_definition(r);
  if (taken == TAKEN) {
    blanks(r);
    return redirections(r);
  }
  return taken;
}

/* ---- simple commands ----------------------------------------------------------------------- */
/* Behind "=": ( .. ) */
static Taken array(Reader *r)
{
  if (look(r, 0) != '(')
    return NONE;
  if (!enter(r))
    return BROKEN;
  r->at++;
  if (!all_blanks(r))
    return leave(r, BROKEN);
  while (!ended(r) && look(r, 0) != ')') {
    Taken word = array(r);
    if (word == NONE) {
      word = read_word(r, "");
      if (word == TAKEN && look(r, 0) == '(' && r->text[r->at - 1] == '=') /* [x]=(..) */
        word = array(r);
    }
    if (word == BROKEN || !all_blanks(r))
      return leave(r, BROKEN);
    if (word == NONE)
      break;
  }
  gboolean ok = take(r, ")");
  return leave(r, ok ? TAKEN : BROKEN);
}

static Taken assignment(Reader *r)
{
  Mark mark = mark_of(r);
  if (!is_name_start(look(r, 0)))
    return NONE;
  while (is_name_char(look(r, 0)))
    r->at++;
  while (look(r, 0) == '[') {
    guint open = 0;
    do {
      if (ended(r) || look(r, 0) == '\n')
        break;
      open += look(r, 0) == '[';
      open -= look(r, 0) == ']';
      r->at++;
    } while (open > 0);
    if (open > 0)
      break;
  }
  if (!take(r, "=") && !take(r, "+=")) {
    back_to(r, mark);
    return NONE;
  }
  gboolean spaced = blanks(r);
  if (spaced || ended(r) || is_in(look(r, 0), "\r\n;&|)"))
    return TAKEN;
  Taken value = array(r);
  if (value == NONE)
    value = read_word(r, "");
  blanks(r);
  return value == TAKEN ? TAKEN : BROKEN;
}

static gboolean is_command(const Reader *r, gsize start, gsize end, const char *words)
{
  g_autofree char *word = g_strndup(r->text + start, end - start);
  return lint_one_of(word, words);
}

static Taken simple_command(Reader *r)
{
  gboolean any = FALSE;
  for (;;) {
    Taken one = redirection(r);
    if (one == NONE)
      one = assignment(r);
    if (one == BROKEN)
      return BROKEN;
    if (one == NONE)
      break;
    any = TRUE;
  }
  gsize start = r->at;
  Taken name = read_word(r, "");
  if (name != TAKEN)
    return name == BROKEN ? BROKEN : any ? TAKEN : NONE;
  gsize end = r->at;
  blanks(r);
  if (is_command(r, start, end, "time")) {
    while (look(r, 0) == '-') {
      if (read_word(r, "") != TAKEN)
        return BROKEN;
      blanks(r);
    }
    Taken timed = read_pipeline(r);
    return timed == BROKEN ? BROKEN : TAKEN;
  }
  gboolean assigns = is_command(r, start, end, "declare export local readonly typeset builtin");
  for (;;) {
    Taken one = redirection(r);
    if (one == NONE && assigns)
      one = assignment(r);
    if (one == NONE) {
      one = read_word(r, "");
      blanks(r);
    }
    if (one != TAKEN)
      return one == BROKEN ? BROKEN : TAKEN;
  }
}

/* ---- lists --------------------------------------------------------------------------------- */
static Taken command(Reader *r)
{
  Taken taken = compound(r);
  if (taken == NONE) {
    taken = condition(r);
    if (taken == TAKEN)
      return redirections(r);
  }
  if (taken == NONE && (starts(r, "coproc ") || starts(r, "coproc\t"))) {
    r->at += 7;
    blanks(r);
    Mark mark = mark_of(r);
    if (is_name_start(look(r, 0))) { /* a name in front of a compound */
      while (is_name_char(look(r, 0)))
        r->at++;
      if (!blanks(r) || !is_in(look(r, 0), "{("))
        back_to(r, mark);
    }
    taken = compound(r);
    if (taken == NONE)
      taken = simple_command(r) == TAKEN ? TAKEN : BROKEN;
  }
  return taken == NONE ? simple_command(r) : taken;
}

static Taken banged_command(Reader *r)
{
  gboolean any = FALSE;
  while (look(r, 0) == '!' && look(r, 1) != '(') {
    if (!is_in(look(r, 1), " \t"))
      change(r, r->at + 1, r->at + 1, " ");
    r->at++;
    blanks(r);
    any = TRUE;
  }
  Taken taken = command(r);
  return taken == NONE && any ? BROKEN : taken;
}

static Taken read_pipeline(Reader *r)
{
  if (at_end_of_list(r))
    return NONE;
  if (!enter(r))
    return BROKEN;
  Taken taken = banged_command(r);
  while (taken == TAKEN) {
    blanks(r);
    if (look(r, 0) != '|' || look(r, 1) == '|')
      break;
    r->at++;
    take(r, "&");
    if (!all_blanks(r) || banged_command(r) != TAKEN)
      taken = BROKEN;
  }
  return leave(r, taken);
}

static Taken and_or(Reader *r)
{
  Taken taken = read_pipeline(r);
  while (taken == TAKEN && (starts(r, "&&") || starts(r, "||"))) {
    r->at += 2;
    blanks(r);
    if (!all_blanks(r) || read_pipeline(r) != TAKEN)
      taken = BROKEN;
  }
  return taken;
}

/* FALSE: there is none. BROKEN comes out as a place behind the end. */
static Taken separator(Reader *r)
{
  if (starts(r, ";;") || starts(r, ";&") || starts(r, "&&"))
    return NONE;
  if (look(r, 0) == '&') {
    r->at++;
    Mark mark = mark_of(r);
    blanks(r);
    if (look(r, 0) == ';' && look(r, 1) != ';') {
      change(r, r->at, r->at + 1, " ");
      r->at++;
    } else {
      back_to(r, mark);
    }
    blanks(r);
    return all_blanks(r) ? TAKEN : BROKEN;
  }
  if (look(r, 0) == ';') {
    r->at++;
    blanks(r);
    return all_blanks(r) ? TAKEN : BROKEN;
  }
  if (is_in(look(r, 0), "\r\n"))
    return all_blanks(r) ? TAKEN : BROKEN;
  return NONE;
}

static Taken read_term(Reader *r)
{
  if (!enter(r))
    return BROKEN;
  if (!all_blanks(r))
    return leave(r, BROKEN);
  Taken taken = and_or(r);
  if (taken != TAKEN)
    return leave(r, taken);
  for (;;) {
    Taken next = separator(r);
    if (next == BROKEN)
      return leave(r, BROKEN);
    if (next == NONE)
      return leave(r, TAKEN);
    next = and_or(r);
    if (next == BROKEN)
      return leave(r, BROKEN);
    if (next == NONE)
      return leave(r, TAKEN);
  }
}

static gboolean read_list_or_nothing(Reader *r)
{
  return all_blanks(r) && read_term(r) != BROKEN;
}

static gint by_start(gconstpointer a, gconstpointer b)
{
  const Change *x = a, *y = b;
  return x->start < y->start ? -1 : x->start > y->start;
}

char *lint_peer_shell(const char *text)
{
  Reader r = {.text = text,
              .len = strlen(text),
              .changes = g_array_new(FALSE, FALSE, sizeof(Change)),
              .pending = g_array_new(FALSE, FALSE, sizeof(Pending))};
  r.budget = (guint64)r.len * OAKUM_LINT_PEER_TRIES_MAX + OAKUM_KIB;
  g_array_set_clear_func(r.pending, pending_clear);
  /* heredocs of the last line have no body */
  gboolean ok = read_list_or_nothing(&r) && r.pending->len == 0;
  g_autoptr(GString) out = NULL;
  if (ok) {
    out = g_string_new(NULL);
    g_array_sort(r.changes, by_start);
    gsize at = 0;
    for (guint i = 0; i < r.changes->len; i++) {
      const Change *one = &g_array_index(r.changes, Change, i);
      if (one->start < at || one->end > r.at)
        continue;
      g_string_append_len(out, text + at, (gssize)(one->start - at));
      g_string_append(out, one->text);
      at = one->end;
    }
    g_string_append_len(out, text + at, (gssize)(r.at - at));
  }
  g_array_unref(r.changes);
  g_array_unref(r.pending);
  return out ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
