/* Blanks, words, strings, here-documents and exec forms as peer.c takes them. */
#include "lint/peer-text.h"

/* One or more continued line ends: escape, blanks, newlines, then lines that hold a comment, then
 * blanks. SPACED: the next line begins with blanks (or one of several does). */
Break lint_text_breaks(Peer *p)
{
  Break found = BREAK_NONE;
  for (;;) {
    size_t start = p->at;
    if (at_end(p) || peek(p) != p->escape)
      return found;
    p->at++;
    skip_blanks(p);
    if (at_end(p) || peek(p) != '\n') {
      p->at = start;
      return found;
    }
    while (!at_end(p) && peek(p) == '\n')
      p->at++;
    for (;;) { /* comment lines */
      size_t line = p->at;
      skip_blanks(p);
      if (at_end(p) || peek(p) != '#') {
        p->at = line;
        break;
      }
      while (!at_end(p) && peek(p) != '\n')
        p->at++;
      if (at_end(p)) {
        p->at = line;
        break;
      }
      while (!at_end(p) && peek(p) == '\n')
        p->at++;
    }
    gboolean spaced = skip_blanks(p);
    found = spaced || found == BREAK_SPACED ? BREAK_SPACED : BREAK_BARE;
  }
}

/* Blanks and line breaks; TRUE when blanks were among them. */
gboolean lint_text_blanks(Peer *p)
{
  gboolean found = FALSE;
  for (;;) {
    if (skip_blanks(p)) {
      found = TRUE;
      continue;
    }
    Break b = lint_text_breaks(p);
    if (b == BREAK_NONE)
      return found;
    found |= b == BREAK_SPACED;
  }
}
gboolean lint_text_require_blanks(Peer *p)
{
  return lint_text_blanks(p) || fail(p);
}

/* A run of bytes that are neither blank nor in `stop`; line breaks in it vanish or become a blank.
 * FALSE (an error) when it is empty. */
gboolean lint_text_some(Peer *p, const char *stop, char **out)
{
  g_autoptr(GString) word = g_string_new(NULL);
  gboolean any = FALSE;
  while (!at_end(p)) {
    Break b = lint_text_breaks(p);
    if (b != BREAK_NONE) {
      any = TRUE;
      if (b == BREAK_SPACED)
        g_string_append_c(word, ' ');
      continue;
    }
    char c = peek(p);
    if (c == p->escape) {
      if (p->at + 1 < p->len && p->text[p->at + 1] == '\n')
        break;
      g_string_append_c(word, c);
      p->at++;
      any = TRUE;
      continue;
    }
    if (is_blank(c) || c == '\n' || (c && strchr(stop, c)))
      break;
    g_string_append_c(word, c);
    p->at++;
    any = TRUE;
  }
  if (!any)
    return fail(p);
  *out = g_string_free(g_steal_pointer(&word), FALSE);
  return TRUE;
}

/* The rest of the logical line. */
gboolean lint_text_rest(Peer *p, char **out)
{
  g_autoptr(GString) line = g_string_new(NULL);
  while (!at_end(p) && peek(p) != '\n') {
    Break b = lint_text_breaks(p);
    if (b != BREAK_NONE) {
      if (b == BREAK_SPACED)
        g_string_append_c(line, ' ');
      continue;
    }
    size_t start = p->at;
    if (peek(p) == p->escape) {
      while (!at_end(p) && peek(p) == p->escape)
        p->at++;
      if (peek(p) == '\n' && !at_end(p))
        return fail(p);
    } else {
      while (!at_end(p) && peek(p) != '\n' && peek(p) != p->escape)
        p->at++;
    }
    g_string_append_len(line, p->text + start, (gssize)(p->at - start));
  }
  if (line->len == 0)
    return fail(p);
  *out = g_string_free(g_steal_pointer(&line), FALSE);
  return TRUE;
}

gboolean lint_text_keyword(Peer *p, const char *word)
{
  size_t n = strlen(word);
  if (p->len - p->at < n || g_ascii_strncasecmp(p->text + p->at, word, n) != 0)
    return FALSE;
  p->at += n;
  return TRUE;
}

/* Behind a backslash: what Haskell takes for a character. */
static gboolean haskell_escape(const Peer *p)
{
  static const char *const names[] = {"NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS",
                                      "HT",  "LF",  "VT",  "FF",  "CR",  "SO",  "SI",  "DLE", "DC1",
                                      "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM",  "SUB",
                                      "ESC", "FS",  "GS",  "RS",  "US",  "SP",  "DEL"};
  char c = peek(p), next = p->len - p->at > 1 ? p->text[p->at + 1] : '\0';
  if (c && strchr("abfnrtv\\\"'&0123456789", c))
    return TRUE;
  if (c == 'x' || c == 'X')
    return g_ascii_isxdigit(next);
  if (c == 'o' || c == 'O')
    return next >= '0' && next <= '7';
  if (c == '^')
    return next >= '@' && next <= '_';
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
    if (looking_at(p, names[i]))
      return TRUE;
  return FALSE;
}

/* A string in double quotes with Haskell's escapes, of which those that matter are kept. `lines`:
 * it may go on in the next line, as those of COPY do; others only behind an escaped line end. */
gboolean lint_text_string(Peer *p, gboolean lines, char **out)
{
  g_autoptr(GString) value = g_string_new(NULL);
  if (peek(p) != '"' || at_end(p))
    return fail(p);
  p->at++;
  while (!at_end(p) && peek(p) != '"') {
    char c = peek(p);
    if (!lines && c == '\n')
      return fail(p);
    Break gap = lines ? BREAK_NONE : lint_text_breaks(p);
    if (gap != BREAK_NONE) {
      g_string_append(value, gap == BREAK_SPACED ? " " : "");
      continue;
    }
    if (c == '\\') {
      p->at++;
      if (lines && !haskell_escape(p))
        return fail(p);
      char e = peek(p);
      static const char from[] = "abfnrtv\\\"'0", to[] = "\a\b\f\n\r\t\v\\\"'\0";
      const char *known = e ? strchr(from, e) : NULL;
      if (e == '&') {
        p->at++;
        continue;
      }
      if (!known) { /* as it stands: "C:\Program Files" */
        g_string_append_c(value, c);
        continue;
      }
      g_string_append_c(value, to[known - from]);
      p->at++;
      continue;
    }
    g_string_append_c(value, c);
    p->at++;
  }
  if (at_end(p))
    return fail(p);
  p->at++;
  *out = g_string_free(g_steal_pointer(&value), FALSE);
  return TRUE;
}

static void join_words(LintStep *step)
{
  g_autoptr(GString) joined = g_string_new(NULL);
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    g_string_append_printf(joined, "%s%s", i ? " " : "", word->value);
  }
  step->text = g_string_free(g_steal_pointer(&joined), FALSE);
}

/* [ "a", "b" ] */
gboolean lint_text_exec_form(Peer *p, gboolean lines, LintStep *step)
{
  size_t start = p->at;
  if (peek(p) != '[')
    return fail(p);
  p->at++;
  lint_text_blanks(p);
  gboolean more = peek(p) == '"';
  while (more) {
    char *value = NULL;
    if (!lint_text_string(p, lines, &value))
      goto back;
    lint_word_add(step->words, NULL, value);
    lint_text_blanks(p);
    more = peek(p) == ',';
    if (more) {
      p->at++;
      lint_text_blanks(p);
    }
  }
  lint_text_blanks(p);
  if (peek(p) != ']') {
    fail(p);
    goto back;
  }
  p->at++;
  lint_text_blanks(p);
  step->exec = TRUE;
  join_words(step);
  return TRUE;
back:
  g_ptr_array_set_size(step->words, 0);
  p->at = start;
  return FALSE;
}

/* "<<", dashes, a name in quotes or bare. */
gboolean lint_text_marker(Peer *p, char **marker)
{
  if (!eat(p, "<<"))
    return FALSE;
  while (peek(p) == '-')
    p->at++;
  char quote = peek(p);
  size_t start;
  if (quote == '"' || quote == '\'') {
    start = ++p->at;
    while (!at_end(p) && peek(p) != quote && peek(p) != '\n')
      p->at++;
    if (peek(p) != quote || p->at == start)
      return FALSE;
    *marker = g_strndup(p->text + start, p->at - start);
    p->at++;
    return TRUE;
  }
  start = p->at;
  while (!at_end(p) && !is_blank(peek(p)) && peek(p) != '\n')
    p->at++;
  if (p->at == start)
    return FALSE;
  *marker = g_strndup(p->text + start, p->at - start);
  return TRUE;
}

/* The lines up to one that is exactly the marker. */
gboolean lint_text_body(Peer *p, const char *marker, char **body)
{
  size_t n = strlen(marker), start = p->at;
  /* each search goes to the end of the file: after some that found nothing there is none */
  if (g_hash_table_contains(p->endless, marker) ||
      g_hash_table_size(p->endless) >= OAKUM_DOCKERFILE_LOOKAHEADS_MAX)
    return FALSE;
  for (size_t line = p->at; line <= p->len;) {
    const char *nl = memchr(p->text + line, '\n', p->len - line);
    size_t end = nl ? (size_t)(nl - p->text) : p->len;
    if (end - line == n && memcmp(p->text + line, marker, n) == 0) {
      *body = g_strndup(p->text + start, line > start ? line - 1 - start : 0);
      p->at = nl ? end + 1 : end;
      return TRUE;
    }
    if (!nl)
      break;
    line = end + 1;
  }
  g_hash_table_add(p->endless, g_strdup(marker));
  return FALSE;
}

/* Behind a marker: a redirection or a pipe is lost, but there must be something; other text is the
 * first line of the body, where p->at is then. */
gboolean lint_text_after_marker(Peer *p, gboolean *redirected)
{
  char last = p->text[p->at - 1];
  if (last != '"' && last != '\'' && !at_end(p) && is_blank(peek(p)))
    p->at++;
  gboolean lost = !at_end(p) && (peek(p) == '>' || peek(p) == '|');
  if (redirected)
    *redirected = lost;
  if (lost) {
    p->at++;
    lint_text_blanks(p);
    size_t rest = p->at;
    while (!at_end(p) && peek(p) != '\n')
      if (lint_text_breaks(p) == BREAK_NONE)
        p->at++;
    if (p->at == rest)
      return fail(p);
  }
  if (at_end(p))
    return fail(p);
  if (peek(p) == '\n' && !redirected)
    p->at++;
  return TRUE;
}

/* prog <<EOF rest \n body \n EOF: only `prog` counts, or the body when there is none; then `rest`
 * is its first line, but for a redirection or a pipe. */
static gboolean heredoc_form(Peer *p, LintStep *step)
{
  size_t start = p->at;
  g_autoptr(GString) program = g_string_new(NULL);
  g_autofree char *marker = NULL, *body = NULL;
  while (!at_end(p) && peek(p) != '\n') {
    if (looking_at(p, "<<"))
      break;
    Break b = lint_text_breaks(p);
    if (b != BREAK_NONE) {
      if (b == BREAK_SPACED)
        g_string_append_c(program, ' ');
      continue;
    }
    g_string_append_c(program, peek(p));
    p->at++;
  }
  if (!looking_at(p, "<<")) {
    fail(p);
    goto back;
  }
  size_t at_marker = p->at;
  if (!lint_text_marker(p, &marker)) {
    fail_at(p, at_marker);
    goto back;
  }
  if (!lint_text_after_marker(p, NULL))
    goto back;
  if (!lint_text_body(p, marker, &body)) {
    fail_at(p, at_marker);
    goto back;
  }
  g_strchomp(program->str);
  step->text = *program->str ? g_strdup(program->str) : g_steal_pointer(&body);
  step->heredoc = TRUE;
  return TRUE;
back:
  p->at = start;
  return FALSE;
}

void lint_text_forget(Peer *p)
{
  p->failed = FALSE;
  p->error = 0;
}

gboolean lint_text_arguments(Peer *p, LintStep *step)
{
  size_t start = p->at;
  if (heredoc_form(p, step) || lint_text_exec_form(p, FALSE, step)) {
    lint_text_forget(p);
    return TRUE;
  }
  p->at = start;
  if (lint_text_rest(p, &step->text)) {
    lint_text_forget(p);
    return TRUE;
  }
  return FALSE;
}
