/* The reader of peer.c and peer-text.c: a place in a Dockerfile, and what both ask of it. */
#pragma once
#include "lint/lint-private.h"
#include <string.h>

typedef struct {
  const char *text;
  size_t len, at;
  char escape;
  size_t error; /* the furthest place at which something failed */
  gboolean failed;
  GHashTable *endless; /* markers of heredocs that have no end from some place on */
} Peer;

static inline gboolean fail_at(Peer *p, size_t at)
{
  if (!p->failed || at > p->error)
    p->error = at;
  p->failed = TRUE;
  return FALSE;
}
static inline gboolean fail(Peer *p)
{
  return fail_at(p, p->at);
}
static inline char peek(const Peer *p)
{
  return p->at < p->len ? p->text[p->at] : '\0';
}
static inline gboolean at_end(const Peer *p)
{
  return p->at >= p->len;
}
static inline gboolean is_blank(char c)
{
  return c == ' ' || c == '\t';
}
static inline gboolean skip_blanks(Peer *p)
{
  size_t start = p->at;
  while (!at_end(p) && is_blank(peek(p)))
    p->at++;
  return p->at > start;
}
static inline gboolean looking_at(const Peer *p, const char *word)
{
  size_t n = strlen(word);
  return p->len - p->at >= n && memcmp(p->text + p->at, word, n) == 0;
}
static inline gboolean eat(Peer *p, const char *word)
{
  if (!looking_at(p, word))
    return FALSE;
  p->at += strlen(word);
  return TRUE;
}

typedef enum { BREAK_NONE, BREAK_BARE, BREAK_SPACED } Break;

/* ---- peer-text.c: FALSE is an error, noted at its place, unless told otherwise ------------- */
/* One or more continued line ends, with the comments and blanks behind them. */
Break lint_text_breaks(Peer *p);
/* Blanks and line breaks; TRUE when blanks were among them. */
gboolean lint_text_blanks(Peer *p);
NODISCARD gboolean lint_text_require_blanks(Peer *p);
/* A run of bytes that are neither blank nor in `stop`, at least one; *out is new. */
NODISCARD gboolean lint_text_some(Peer *p, const char *stop, char **out);
/* The rest of the logical line; *out is new. */
NODISCARD gboolean lint_text_rest(Peer *p, char **out);
/* The word in any case; FALSE is no error. */
NODISCARD gboolean lint_text_keyword(Peer *p, const char *word);
/* A string in double quotes. `lines`: of COPY or ADD, which may go on in the next line and has
 * Haskell's escapes alone; others go on behind an escaped line end only. */
NODISCARD gboolean lint_text_string(Peer *p, gboolean lines, char **out);
/* [ "a", "b" ] to the words of the step; FALSE: p->at is where it was. */
NODISCARD gboolean lint_text_exec_form(Peer *p, gboolean lines, LintStep *step);
/* "<<", dashes, a name in quotes or bare; FALSE is no error. *marker is new. */
NODISCARD gboolean lint_text_marker(Peer *p, char **marker);
/* The lines up to one that is exactly the marker; FALSE is no error. */
NODISCARD gboolean lint_text_body(Peer *p, const char *marker, char **body);
/* Behind a marker: a redirection or a pipe is lost, but there must be something; other text is the
 * first line of the body, where p->at is then. `redirected` (or NULL): there was one; then a line
 * end stays. */
NODISCARD gboolean lint_text_after_marker(Peer *p, gboolean *redirected);
/* What failed before was a try. */
void lint_text_forget(Peer *p);
/* What follows RUN, CMD and the like: a here-document, an exec form, or the rest of the line. */
NODISCARD gboolean lint_text_arguments(Peer *p, LintStep *step);
