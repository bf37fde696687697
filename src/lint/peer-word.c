/* The words of a script as hadolint's shell parser takes them: quotes, expansions, globs,
 * arithmetic, and what stands between words. See peer-shell.c. */
#include "lint/peer-shell.h"

static Taken read_word_part(Reader *r, const char *end);

/* ---- what is written anew ----------------------------------------------------------------- */
void lint_peer_pending_free(Pending *pending)
{
  g_free(pending->delimiter);
  g_free(pending);
}

static void pending_free(gpointer item)
{
  lint_peer_pending_free(item);
}

static void change_clear(gpointer item)
{
  g_free(((Change *)item)->owned);
}

void lint_peer_reader_init(Reader *r, const char *text, gsize len)
{
  *r = (Reader){.text = text,
                .len = len,
                .budget = (guint64)len * OAKUM_LINT_PEER_TRIES_MAX + OAKUM_KIB,
                .changes = g_array_new(FALSE, FALSE, sizeof(Change)),
                .pending = g_queue_new(),
                .expansions = g_array_new(FALSE, FALSE, sizeof(Expansion))};
  g_array_set_clear_func(r->changes, change_clear);
}

void lint_peer_reader_clear(Reader *r)
{
  g_array_unref(r->changes);
  g_queue_free_full(r->pending, pending_free);
  g_array_unref(r->expansions);
}

static gint by_start(gconstpointer a, gconstpointer b)
{
  const Change *x = a, *y = b;
  if (x->start != y->start)
    return x->start < y->start ? -1 : 1;
  return y->over - x->over;
}

char *lint_peer_written(Reader *r)
{
  GString *out = g_string_new(NULL);
  g_array_sort(r->changes, by_start); /* stable */
  gsize at = 0;
  for (guint i = 0; i < r->changes->len; i++) {
    const Change *one = &g_array_index(r->changes, Change, i);
    if (one->start < at || one->end > r->at)
      continue;
    g_string_append_len(out, r->text + at, (gssize)(one->start - at));
    g_string_append(out, one->owned ? one->owned : one->text);
    at = one->end;
  }
  g_string_append_len(out, r->text + at, (gssize)(r->at - at));
  return g_string_free(out, FALSE);
}

static void change_over(Reader *r, gsize start, gsize end, char *owned)
{
  const Change one = {start, end, "", owned, end > start};
  g_array_append_val(r->changes, one);
}

void lint_peer_only_expansions(Reader *r, Mark mark, const char *open, const char *gap,
                               const char *close)
{
  gsize at = mark.at;
  const char *text = open, *quote = "";
  for (guint i = mark.expansions; i < r->expansions->len; i++) {
    const Expansion *one = &g_array_index(r->expansions, Expansion, i);
    if (one->start < at)
      continue;
    change_over(r, at, one->start, g_strconcat(quote, text, one->quoted ? "\"" : "", NULL));
    quote = one->quoted ? "\"" : "";
    at = one->end;
    text = gap;
  }
  change_over(r, at, r->at, g_strconcat(quote, text == open ? open : "", close, NULL));
}

/* The text from `mark` on is an expansion; those inside of it go with it. */
static void note_expansion(Reader *r, Mark mark, gboolean quoted)
{
  const Expansion one = {mark.at, r->at, quoted};
  g_array_set_size(r->expansions, MIN(r->expansions->len, mark.expansions));
  g_array_append_val(r->expansions, one);
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
      Mark mark = mark_of(r);
      if (!doc->quoted) { /* its expansions must be whole */
        Reader inner = *r;
        inner.len = line;
        inner.at = start;
        while (!ended(&inner)) {
          char c = look(&inner, 0);
          if (c == '\\') {
            inner.at = MIN(inner.at + 2, inner.len);
          } else if (c == '$' || c == '`') {
            if (lint_peer_dollar(&inner, TRUE) == BROKEN)
              return FALSE;
          } else {
            inner.at++;
          }
        }
        r->budget = inner.budget;
      }
      r->at = end;
      if (r->expansions->len > mark.expansions)
        lint_peer_only_expansions(r, mark, "_=(", " ", ")");
      else
        change(r, start, end, "");
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
  while (ok && r->pending->length > 0) {
    Pending *doc = g_queue_pop_head(r->pending);
    ok = here_body(r, doc);
    lint_peer_pending_free(doc);
    if (ok && r->pending->length > 0 && !ended(r))
      r->at++;
  }
  return ok;
}

/* TRUE when blanks were there. */
gboolean lint_peer_blanks(Reader *r)
{
  gsize start = r->at;
  while (!ended(r) && (is_in(look(r, 0), " \t") || starts(r, "\\\n")))
    r->at += look(r, 0) == '\\' ? 2 : 1;
  gboolean any = r->at > start;
  start = r->at;
  if (look(r, 0) == '#')
    while (!ended(r) && look(r, 0) != '\n')
      r->at++;
  if (r->at > start)
    change(r, start, r->at, "");
  return any;
}

/* Also line ends; FALSE: a heredoc does not end. */
gboolean lint_peer_all_blanks(Reader *r)
{
  for (;;) {
    lint_peer_blanks(r);
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
Taken lint_peer_single_quoted(Reader *r)
{
  if (look(r, 0) != '\'')
    return NONE;
  const char *end = memchr(r->text + r->at + 1, '\'', r->len - r->at - 1);
  if (!end)
    return BROKEN;
  r->at = (gsize)(end - r->text) + 1;
  return TAKEN;
}

Taken lint_peer_double_quoted(Reader *r)
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
      if (lint_peer_dollar(r, TRUE) != TAKEN)
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
  Reader inner;
  lint_peer_reader_init(&inner, inside->str, inside->len);
  inner.depth = r->depth;
  inner.budget = r->budget;
  Change again = {start, end, "", NULL, FALSE};
  if (pay(&inner, inner.len) && lint_peer_list(&inner)) {
    g_autofree char *text = lint_peer_written(&inner);
    g_autoptr(GString) escaped = g_string_new(NULL);
    for (const char *c = text; *c; c++) {
      if (is_in(*c, "`\\") || (*c == '$' && c[1] && escapes))
        g_string_append_c(escaped, '\\');
      g_string_append_c(escaped, *c);
    }
    again.owned = g_string_free(g_steal_pointer(&escaped), FALSE);
  }
  g_array_append_val(r->changes, again);
  r->budget = inner.budget;
  lint_peer_reader_clear(&inner);
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
      taken = lint_peer_single_quoted(r);
    else if (c == '"')
      taken = lint_peer_double_quoted(r);
    else if (c == '$' || c == '`')
      taken = lint_peer_dollar(r, FALSE);
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
  gboolean ok = lint_peer_list(r) && look(r, 0) == ')';
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
  if (lint_peer_arithmetic(r) && take(r, "))")) {
    lint_peer_only_expansions(r, mark, "$((", " ", "))");
    return leave(r, TAKEN);
  }
  gsize tried = r->at > mark.at ? r->at - mark.at : 0;
  back_to(r, mark);
  if (!pay(r, tried))
    return leave(r, BROKEN);
  r->at += 2;
  return leave(r, substitution(r));
}

static Taken dollar(Reader *r, gboolean quoted)
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
    Mark mark = mark_of(r);
    r->at += 2;
    if (!enter(r))
      return BROKEN;
    gboolean ok = lint_peer_arithmetic(r) && take(r, "]");
    if (ok)
      lint_peer_only_expansions(r, mark, "$((", " ", "))");
    return leave(r, ok ? TAKEN : BROKEN);
  }
  if (next == '{') {
    char third = look(r, 2);
    r->at += 2;
    if (is_in(third, "| \t\n")) { /* the commands of ksh */
      change(r, r->at - 2, r->at + 1, "$( ");
      r->at++;
      if (!enter(r))
        return BROKEN;
      gboolean ok = lint_peer_all_blanks(r) && lint_peer_term(r) == TAKEN && take(r, "}");
      if (ok)
        change(r, r->at - 1, r->at, ")");
      return leave(r, ok ? TAKEN : BROKEN);
    }
    if (is_in(third, "`\"'") || (third == '$' && is_in(look(r, 1), "({")))
      change(r, r->at, r->at, "_+"); /* no name stands there */
    return braced(r);
  }
  if (!quoted && next == '"') {
    r->at++;
    return lint_peer_double_quoted(r);
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

Taken lint_peer_dollar(Reader *r, gboolean quoted)
{
  Mark mark = mark_of(r);
  Taken taken = dollar(r, quoted);
  if (taken == TAKEN && (r->at - mark.at > 1))
    note_expansion(r, mark, quoted);
  return taken;
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
           lint_peer_dollar(r, TRUE) == TAKEN;
    } else if (c == '\'') {
      ok = lint_peer_single_quoted(r) == TAKEN;
    } else if (c == '"') {
      ok = lint_peer_double_quoted(r) == TAKEN;
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

/* What adds no byte to the text of its word. */
#define NOTHING "{_,", ",", "}"

static Taken read_word_part(Reader *r, const char *end)
{
  char c = look(r, 0);
  if (ended(r) || is_in(c, end))
    return NONE;
  if (c == '\'')
    return lint_peer_single_quoted(r);
  if (c == '"')
    return lint_peer_double_quoted(r);
  if (c == '$' || c == '`')
    return lint_peer_dollar(r, FALSE);
  Mark mark = mark_of(r);
  Taken glob = extended_glob(r);
  if (glob == TAKEN)
    lint_peer_only_expansions(r, mark, NOTHING);
  if (glob != NONE)
    return glob;
  if (c == '{') {
    if (brace_expansion(r)) {
      lint_peer_only_expansions(r, mark, NOTHING);
      return TAKEN;
    }
    gsize tried = r->at - mark.at;
    back_to(r, mark);
    r->at++;
    return pay(r, tried) ? TAKEN : BROKEN;
  }
  if (c == '[' && bracket_glob(r)) { /* no subscript */
    change(r, mark.at, mark.at, "\"\"");
    return TAKEN;
  }
  if (is_in(c, "[~")) /* which might begin a subscript; no home folder is told apart there */
    change(r, r->at, r->at, "\\");
  if (is_in(c, "<>") && look(r, 1) == '(') {
    r->at += 2;
    Taken taken = substitution(r);
    if (taken == TAKEN)
      note_expansion(r, mark, FALSE);
    return taken;
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

Taken lint_peer_word(Reader *r, const char *end)
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
    gboolean ok = lint_peer_arithmetic(r) && take(r, ")");
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
      gboolean ok = lint_peer_arithmetic(r) && take(r, "]");
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
gboolean lint_peer_arithmetic(Reader *r)
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
