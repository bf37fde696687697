/* What of a script the shell parser of hadolint takes (that of ShellCheck 0.11): all of it, the
 * commands up to a place where it stops without an error, or nothing. It is no reader of its own:
 * it walks the grammar and hands the text on to module shell, cut at the place and written anew
 * where the two could read it in another way (peer-shell.h).
 *
 * The parser is a backtracking one: an alternative that fails before it took a byte lets the next
 * one try, one that fails behind its first byte fails the whole. So each function answers TAKEN,
 * NONE (nothing was taken) or BROKEN. The grammar was found from its documented errors (SC1xxx) and
 * by feeding it texts. */
#include "lint/peer-shell.h"

static Taken read_pipeline(Reader *r);

/* ---- [ ] and [[ ]] ------------------------------------------------------------------------- */
static Taken condition_list(Reader *r, gboolean single);

/* Behind blanks comes the bracket that closes. */
static gboolean closes(const Reader *r)
{
  Reader ahead = *r;
  lint_peer_blanks(&ahead);
  return look(&ahead, 0) == ']';
}

static Taken condition_word(Reader *r, gboolean single)
{
  if (closes(r))
    return NONE;
  gsize start = r->at;
  Taken word = lint_peer_word(r, "");
  if (word != TAKEN)
    return word;
  gsize n = r->at - start;
  char last = r->text[r->at - 1];
  gboolean plain = n < 2 || r->text[r->at - 2] != '\\';
  if (last == ']' && plain && !memchr(r->text + start, '[', n))
    return BROKEN;
  if (single && last == ')' && plain && n == 1)
    return BROKEN;
  lint_peer_blanks(r);
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
    return lint_peer_single_quoted(r);
  if (c == '"')
    return lint_peer_double_quoted(r);
  if (c == '$') {
    if (g_ascii_isalnum(look(r, 1)) || is_in(look(r, 1), "_({[@*#?-$!"))
      return lint_peer_dollar(r, TRUE);
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
    if (!lint_peer_all_blanks(r) || condition_list(r, single) != TAKEN)
      return BROKEN;
    if (!take(r, "\\)") && !take(r, "')'") && !take(r, "\")\"") && !take(r, ")"))
      return BROKEN;
    return lint_peer_all_blanks(r) ? TAKEN : BROKEN;
  }
  if (flag_operator(r)) {
    if (!lint_peer_all_blanks(r) || condition_word(r, single) != TAKEN)
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
  if (!lint_peer_all_blanks(r))
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
    lint_peer_blanks(r);
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
      if (!lint_peer_all_blanks(r))
        return leave(r, BROKEN);
    }
    Taken one = condition_expression(r, single);
    if (one != TAKEN)
      return leave(r, one == NONE && first && !negated ? NONE : BROKEN);
    if (!lint_peer_all_blanks(r))
      return leave(r, BROKEN);
    if (!take(r, "&&") && !take(r, "||") && !take(r, "-a") && !take(r, "-o"))
      return leave(r, TAKEN);
    if (!lint_peer_all_blanks(r))
      return leave(r, BROKEN);
  }
}

static Taken condition(Reader *r)
{
  if (look(r, 0) != '[')
    return NONE;
  Mark mark = mark_of(r);
  gboolean single = look(r, 1) != '[';
  r->at += single ? 1 : 2;
  gsize start = r->at;
  if (!lint_peer_all_blanks(r))
    return BROKEN;
  Taken list = condition_list(r, single);
  if (list == BROKEN || (list == NONE && (r->at == start || look(r, 0) != ']')))
    return BROKEN;
  if (!take(r, "]]") && !take(r, "]"))
    return BROKEN;
  lint_peer_only_expansions(r, mark, "_=(", " ", ") ");
  lint_peer_blanks(r);
  return TAKEN;
}

/* ---- redirections -------------------------------------------------------------------------- */
static Taken any_redirection(Reader *r)
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
    lint_peer_blanks(r);
    if (lint_peer_word(r, "") != TAKEN)
      return BROKEN;
    lint_peer_blanks(r);
    return TAKEN;
  }
  if (take(r, "<<")) {
    Pending doc = {.dashed = take(r, "-")};
    lint_peer_blanks(r);
    gsize word = r->at;
    if (lint_peer_word(r, "") != TAKEN)
      return BROKEN;
    g_autoptr(GString) name = g_string_new(NULL);
    for (gsize i = word; i < r->at; i++) {
      if (is_in(r->text[i], "'\"\\"))
        doc.quoted = TRUE;
      else
        g_string_append_c(name, r->text[i]);
    }
    doc.delimiter = g_string_free(g_steal_pointer(&name), FALSE);
    g_queue_push_tail(r->pending, g_memdup2(&doc, sizeof(doc)));
    lint_peer_blanks(r);
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
      lint_peer_blanks(r);
      return TAKEN;
    }
    r->at = at + 2;
  } else if (!take(r, ">>") && !take(r, "<>") && !take(r, ">|")) {
    r->at++;
  }
  lint_peer_blanks(r);
  if (lint_peer_word(r, "") != TAKEN)
    return BROKEN;
  lint_peer_blanks(r);
  return TAKEN;
}

static Taken redirection(Reader *r)
{
  Mark mark = mark_of(r);
  Taken taken = any_redirection(r);
  if (taken == TAKEN)
    lint_peer_only_expansions(r, mark, " > ", "",
                              r->expansions->len > mark.expansions ? " " : "_ ");
  return taken;
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
/* `text`, when there is one, stands in its place. */
static gboolean keyword(Reader *r, const char *word, const char *text)
{
  if (!at_keyword(r, word))
    return FALSE;
  if (text)
    change(r, r->at, r->at + strlen(word), text);
  r->at += strlen(word);
  lint_peer_blanks(r);
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
    lint_peer_blanks(r);
  }
}

/* ---- compounds ----------------------------------------------------------------------------- */
static Taken subshell(Reader *r)
{
  if (look(r, 0) != '(')
    return NONE;
  change(r, r->at, r->at + 1, "{ ");
  r->at++;
  if (!lint_peer_all_blanks(r) || lint_peer_term(r) != TAKEN || !lint_peer_all_blanks(r) ||
      !take(r, ")"))
    return BROKEN;
  change(r, r->at - 1, r->at, "\n}");
  lint_peer_blanks(r);
  return TAKEN;
}

static Taken brace_group(Reader *r)
{
  if (look(r, 0) != '{')
    return NONE;
  change(r, r->at, r->at + 1, "{ ");
  r->at++;
  if (!lint_peer_all_blanks(r) || lint_peer_term(r) != TAKEN || !take(r, "}"))
    return BROKEN;
  change(r, r->at - 1, r->at, "\n}");
  lint_peer_blanks(r);
  return TAKEN;
}

static Taken do_group(Reader *r)
{
  if (!keyword(r, "do", "\n"))
    return BROKEN;
  skip_semicolon(r);
  if (!lint_peer_all_blanks(r) || lint_peer_term(r) != TAKEN || !keyword(r, "done", "\n}"))
    return BROKEN;
  return TAKEN;
}

static Taken if_clause(Reader *r)
{
  if (!keyword(r, "if", "{ "))
    return NONE;
  do {
    if (!lint_peer_all_blanks(r) || lint_peer_term(r) != TAKEN || !keyword(r, "then", "\n"))
      return BROKEN;
    skip_semicolon(r);
    if (!lint_peer_all_blanks(r) || lint_peer_term(r) != TAKEN)
      return BROKEN;
  } while (keyword(r, "elif", "\n"));
  if (keyword(r, "else", "\n")) {
    skip_semicolon(r);
    if (!lint_peer_all_blanks(r) || lint_peer_term(r) != TAKEN)
      return BROKEN;
  }
  return keyword(r, "fi", "\n}") ? TAKEN : BROKEN;
}

static gboolean sequential(Reader *r)
{
  if (look(r, 0) == ';' && look(r, 1) != ';') {
    r->at++;
    lint_peer_blanks(r);
  }
  return lint_peer_all_blanks(r);
}

static Taken for_clause(Reader *r)
{
  gboolean selects = at_keyword(r, "select");
  Mark mark = mark_of(r);
  if (!keyword(r, selects ? "select" : "for", NULL))
    return NONE;
  lint_peer_blanks(r);
  if (!selects && look(r, 0) == '(') {
    r->at++;
    lint_peer_blanks(r);
    if (!take(r, "("))
      return BROKEN;
    for (guint i = 0; i < 3; i++) {
      if (!lint_peer_arithmetic(r) || (i < 2 && !take(r, ";")))
        return BROKEN;
      lint_peer_blanks(r);
    }
    if (!take(r, ")"))
      return BROKEN;
    lint_peer_blanks(r);
    if (!take(r, ")"))
      return BROKEN;
    lint_peer_only_expansions(r, mark, "_=(", " ", ") ");
    lint_peer_blanks(r);
    if (!is_in(look(r, 0), ";\n"))
      change(r, r->at, r->at, ";");
    if (!sequential(r))
      return BROKEN;
    Taken group = brace_group(r);
    if (group != NONE)
      return group;
    change(r, r->at, r->at, "{ ");
    return do_group(r);
  }
  take(r, "$");
  if (!is_name_start(look(r, 0)))
    return BROKEN;
  while (is_name_char(look(r, 0)))
    r->at++;
  if (!lint_peer_all_blanks(r))
    return BROKEN;
  if (keyword(r, "in", NULL)) {
    while (!ended(r) && !is_in(look(r, 0), ";\n") && !at_keyword(r, "do")) {
      Taken word = lint_peer_word(r, "");
      if (word == BROKEN)
        return BROKEN;
      if (word == NONE)
        break;
      lint_peer_blanks(r);
    }
    lint_peer_only_expansions(r, mark, "{ _=(", " ", ") ");
    if (!at_keyword(r, "do") && !sequential(r))
      return BROKEN;
  } else {
    lint_peer_only_expansions(r, mark, "{ _=(", " ", ") ");
    if (!sequential(r))
      return BROKEN;
  }
  return do_group(r);
}

static gboolean case_separator(Reader *r)
{
  Mark mark = mark_of(r);
  if (take(r, ";;&") || take(r, ";&") || take(r, ";;")) {
    change(r, mark.at, r->at, "\n");
    lint_peer_blanks(r);
    return TRUE;
  }
  gboolean over = lint_peer_all_blanks(r) && at_keyword(r, "esac");
  back_to(r, mark);
  return over;
}

static Taken case_clause(Reader *r)
{
  Mark mark = mark_of(r);
  if (!keyword(r, "case", NULL))
    return NONE;
  if (lint_peer_word(r, "") != TAKEN || !lint_peer_all_blanks(r) || !keyword(r, "in", NULL))
    return BROKEN;
  lint_peer_only_expansions(r, mark, "{ _=(", " ", ")\n");
  if (!lint_peer_all_blanks(r))
    return BROKEN;
  while (!at_keyword(r, "esac")) {
    mark = mark_of(r);
    if (take(r, "("))
      lint_peer_blanks(r);
    lint_peer_blanks(r);
    Taken pattern;
    gboolean any = FALSE;
    while ((pattern = lint_peer_word(r, "")) == TAKEN) {
      any = TRUE;
      lint_peer_blanks(r);
      if (look(r, 0) != '|')
        break;
      any = FALSE;
      r->at++;
      lint_peer_blanks(r);
    }
    if (pattern == BROKEN)
      return BROKEN;
    if (!any)
      break; /* no item: "esac" is wanted here */
    if (!take(r, ")"))
      return BROKEN;
    lint_peer_only_expansions(r, mark, "_=(", " ", ")\n");
    if (!lint_peer_all_blanks(r))
      return BROKEN;
    if (!starts(r, ";;") && !starts(r, ";&") && !at_keyword(r, "esac") &&
        lint_peer_term(r) != TAKEN)
      return BROKEN;
    if (!case_separator(r) || !lint_peer_all_blanks(r))
      return BROKEN;
  }
  return keyword(r, "esac", "\n}") ? TAKEN : BROKEN;
}

/* Up to the body: name, "()"; FALSE: it is none. */
static gboolean function_head(Reader *r)
{
  static const char plain[] = ":+?-./^@,", more[] = ":+?-./^@,[]*=!";
  gboolean worded = (starts(r, "function ") || starts(r, "function\t")) && (r->at += 9) > 0;
  if (worded)
    lint_peer_blanks(r);
  gsize start = r->at;
  while (is_name_char(look(r, 0)) || is_in(look(r, 0), worded ? more : plain))
    r->at++;
  if (r->at == start || (!worded && r->at - start == 4 && memcmp(r->text + start, "time", 4) == 0))
    return FALSE;
  lint_peer_blanks(r);
  if (look(r, 0) != '(')
    return worded;
  gsize paren = r->at++;
  lint_peer_blanks(r);
  if (look(r, 0) != ')') {
    while (!ended(r) && !is_in(look(r, 0), "\n){"))
      r->at++;
    if (look(r, 0) != ')') {
      r->at = paren;
      return worded;
    }
  }
  r->at++;
  lint_peer_blanks(r);
  return TRUE;
}

static Taken function_definition(Reader *r)
{
  Mark mark = mark_of(r);
  if (!function_head(r)) {
    back_to(r, mark);
    return NONE;
  }
  change(r, mark.at, r->at, "");
  if (!lint_peer_all_blanks(r))
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
  if (lint_peer_arithmetic(r) && take(r, "))")) {
    lint_peer_only_expansions(r, mark, "_=(", " ", ") ");
    lint_peer_blanks(r);
    return TAKEN;
  }
  gsize tried = r->at > mark.at ? r->at - mark.at : 0;
  back_to(r, mark);
  if (!pay(r, tried))
    return BROKEN;
  return subshell(r);
}

static Taken compound(Reader *r)
{
  Taken taken = brace_group(r);
  if (taken == NONE && starts(r, "(("))
    taken = double_parens(r);
  if (taken == NONE)
    taken = subshell(r);
  if (taken == NONE && (keyword(r, "while", "{ ") || keyword(r, "until", "{ ")))
    taken = lint_peer_all_blanks(r) && lint_peer_term(r) == TAKEN && do_group(r) == TAKEN ? TAKEN
                                                                                          : BROKEN;
  if (taken == NONE)
    taken = if_clause(r);
  if (taken == NONE)
    taken = for_clause(r);
  if (taken == NONE)
    taken = case_clause(r);
  if (taken == NONE)
    taken = function_definition(r);
  if (taken != TAKEN)
    return taken;
  lint_peer_blanks(r);
  if (redirections(r) != TAKEN)
    return BROKEN;
  /* a word here is only told of, but it is read for that */
  Mark mark = mark_of(r);
  Taken word = lint_peer_word(r, "");
  gsize tried = r->at - MIN(r->at, mark.at);
  back_to(r, mark);
  return word == BROKEN || !pay(r, tried) ? BROKEN : TAKEN;
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
  if (!lint_peer_all_blanks(r))
    return leave(r, BROKEN);
  while (!ended(r) && look(r, 0) != ')') {
    Taken word = array(r);
    if (word == NONE) {
      word = lint_peer_word(r, "");
      if (word == TAKEN && look(r, 0) == '(' && r->text[r->at - 1] == '=') /* [x]=(..) */
        word = array(r);
    }
    if (word == BROKEN || !lint_peer_all_blanks(r))
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
  gsize subscripts = r->at;
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
  /* "===" is taken for a ruled line */
  if (starts(r, "===") || (!take(r, "=") && !take(r, "+="))) {
    gsize tried = r->at - mark.at;
    back_to(r, mark);
    return pay(r, tried) ? NONE : BROKEN;
  }
  gsize equals = r->at - (r->text[r->at - 2] == '+' ? 2 : 1);
  if (!memchr(r->text + subscripts, '(', equals - subscripts) &&
      !memchr(r->text + subscripts, '`', equals - subscripts))
    change(r, subscripts, equals, "");
  gboolean spaced = lint_peer_blanks(r);
  if (spaced || ended(r) || is_in(look(r, 0), "\r\n;&|)"))
    return TAKEN;
  mark = mark_of(r);
  Taken value = array(r);
  if (value == TAKEN)
    lint_peer_only_expansions(r, mark, "(", " ", ") ");
  else if (value == NONE)
    value = lint_peer_word(r, "");
  lint_peer_blanks(r);
  return value == TAKEN ? TAKEN : BROKEN;
}

static gboolean is_command(const Reader *r, gsize start, gsize end, const char *words)
{
  g_autofree char *word = g_strndup(r->text + start, end - start);
  return lint_one_of(word, words);
}

/* Names of commands that would begin something else when they are read again. */
#define RESERVED                                                                                   \
  "if then else elif fi for while until do done case esac in function select coproc time ! [[ ]] " \
  "{ }"

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
  Taken name = lint_peer_word(r, "");
  if (name != TAKEN)
    return name == BROKEN ? BROKEN : any ? TAKEN : NONE;
  gsize end = r->at;
  gsize after = start;
  while (after < end && is_name_char(r->text[after]))
    after++;
  if (is_command(r, start, end, RESERVED) || (after < end && is_in(r->text[after], "=+[")))
    change(r, start, start, "\\");
  lint_peer_blanks(r);
  if (is_command(r, start, end, "time")) {
    gboolean flags = look(r, 0) == '-';
    while (look(r, 0) == '-') {
      if (lint_peer_word(r, "") != TAKEN)
        return BROKEN;
      lint_peer_blanks(r);
    }
    Mark mark = mark_of(r);
    change(r, r->at, r->at, "\n");
    Taken timed = read_pipeline(r);
    if (timed == NONE)
      back_to(r, mark);
    return timed == BROKEN || (timed == NONE && flags) ? BROKEN : TAKEN;
  }
  static const char declares[] = "declare export local readonly typeset";
  gboolean assigns = is_command(r, start, end, declares);
  if (is_command(r, start, end, "builtin")) {
    Mark mark = mark_of(r);
    start = r->at;
    assigns = lint_peer_word(r, "") == TAKEN && is_command(r, start, r->at, declares);
    back_to(r, mark);
  }
  for (;;) {
    Taken one = redirection(r);
    if (one == NONE && assigns)
      one = assignment(r);
    if (one == NONE) {
      one = lint_peer_word(r, "");
      lint_peer_blanks(r);
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
    gsize start = r->at;
    r->at += 7;
    lint_peer_blanks(r);
    Mark mark = mark_of(r);
    if (is_name_start(look(r, 0))) { /* a name in front of a compound */
      while (is_name_char(look(r, 0)))
        r->at++;
      if (!lint_peer_blanks(r) || !is_in(look(r, 0), "{("))
        back_to(r, mark);
    }
    change(r, start, r->at, "");
    taken = compound(r);
    if (taken == NONE)
      taken = simple_command(r) == TAKEN ? TAKEN : BROKEN;
  }
  return taken == NONE ? simple_command(r) : taken;
}

/* `first`: of its pipeline; elsewhere "!" is not written again. */
static Taken banged_command(Reader *r, gboolean first)
{
  gboolean any = FALSE;
  while (look(r, 0) == '!' && look(r, 1) != '(') {
    change(r, r->at, r->at + 1, first && !any ? "! " : " ");
    r->at++;
    lint_peer_blanks(r);
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
  Taken taken = banged_command(r, TRUE);
  while (taken == TAKEN) {
    lint_peer_blanks(r);
    if (look(r, 0) != '|' || look(r, 1) == '|')
      break;
    r->at++;
    take(r, "&");
    if (!lint_peer_all_blanks(r) || banged_command(r, FALSE) != TAKEN)
      taken = BROKEN;
  }
  return leave(r, taken);
}

static Taken and_or(Reader *r)
{
  Taken taken = read_pipeline(r);
  while (taken == TAKEN && (starts(r, "&&") || starts(r, "||"))) {
    r->at += 2;
    lint_peer_blanks(r);
    if (!lint_peer_all_blanks(r) || read_pipeline(r) != TAKEN)
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
    lint_peer_blanks(r);
    if (look(r, 0) == ';' && look(r, 1) != ';') {
      change(r, r->at, r->at + 1, " ");
      r->at++;
    } else {
      back_to(r, mark);
    }
    lint_peer_blanks(r);
    return lint_peer_all_blanks(r) ? TAKEN : BROKEN;
  }
  if (look(r, 0) == ';') {
    r->at++;
    lint_peer_blanks(r);
    return lint_peer_all_blanks(r) ? TAKEN : BROKEN;
  }
  if (is_in(look(r, 0), "\r\n"))
    return lint_peer_all_blanks(r) ? TAKEN : BROKEN;
  return NONE;
}

Taken lint_peer_term(Reader *r)
{
  if (!enter(r))
    return BROKEN;
  if (!lint_peer_all_blanks(r))
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

gboolean lint_peer_list(Reader *r)
{
  return lint_peer_all_blanks(r) && lint_peer_term(r) != BROKEN;
}

char *lint_peer_shell(const char *text)
{
  Reader r;
  lint_peer_reader_init(&r, text, strlen(text));
  /* heredocs of the last line have no body */
  gboolean ok = lint_peer_list(&r) && r.pending->length == 0;
  char *written = ok ? lint_peer_written(&r) : NULL;
  lint_peer_reader_clear(&r);
  return written;
}
