/* The reader of peer-shell.c and peer-word.c: a place in a script, and what both ask of it.
 *
 * What is taken is written anew in forms that no two readers of shell could take in two ways:
 * compounds become groups, conditions, loop heads and patterns become assignments of the expansions
 * in them, redirections lose their kind. Simple commands and their words stay. */
#pragma once
#include "lint/lint-private.h"
#include <string.h>

typedef enum { TAKEN, NONE, BROKEN } Taken;

typedef struct {
  char *delimiter;
  gboolean quoted, dashed;
} Pending;
void lint_peer_pending_free(Pending *pending);

typedef struct {
  gsize start, end;
  const char *text; /* that stands there instead; static, or: */
  char *owned;
  gboolean over; /* what else begins at the same place does not count */
} Change;

/* "$..", "`..`", "<(..)" outside of any other one. */
typedef struct {
  gsize start, end;
  gboolean quoted;
} Expansion;

typedef struct {
  const char *text;
  gsize len, at;
  guint depth;
  guint64 budget;
  GArray *changes;    /* Change */
  GQueue *pending;    /* Pending: heredocs whose bodies follow behind the line */
  GArray *expansions; /* Expansion */
} Reader;

static inline char look(const Reader *r, gsize ahead)
{
  return r->at + ahead < r->len ? r->text[r->at + ahead] : '\0';
}
static inline gboolean ended(const Reader *r)
{
  return r->at >= r->len;
}
static inline gboolean is_in(char c, const char *set)
{
  return c != '\0' && strchr(set, c) != NULL;
}
static inline gboolean starts(const Reader *r, const char *word)
{
  gsize n = strlen(word);
  return r->len - r->at >= n && memcmp(r->text + r->at, word, n) == 0;
}
static inline gboolean take(Reader *r, const char *word)
{
  if (!starts(r, word))
    return FALSE;
  r->at += strlen(word);
  return TRUE;
}
static inline void change(Reader *r, gsize start, gsize end, const char *text)
{
  const Change one = {start, end, text, NULL, FALSE};
  g_array_append_val(r->changes, one);
}
static inline gboolean is_name_start(char c)
{
  return g_ascii_isalpha(c) || c == '_';
}
static inline gboolean is_name_char(char c)
{
  return g_ascii_isalnum(c) || c == '_';
}

/* Where a try may return to. */
typedef struct {
  gsize at;
  guint changes, pending, expansions;
} Mark;

static inline Mark mark_of(const Reader *r)
{
  return (Mark){r->at, r->changes->len, r->pending->length, r->expansions->len};
}
static inline void back_to(Reader *r, Mark mark)
{
  r->at = mark.at;
  g_array_set_size(r->changes, MIN(r->changes->len, mark.changes));
  g_array_set_size(r->expansions, MIN(r->expansions->len, mark.expansions));
  while (r->pending->length > mark.pending)
    lint_peer_pending_free(g_queue_pop_tail(r->pending));
}

/* Every level of nesting and every retry pays; FALSE: it is too much, and the text counts as
 * broken. */
static inline gboolean enter(Reader *r)
{
  if (r->depth >= OAKUM_LINT_PEER_DEPTH_MAX || r->budget == 0)
    return FALSE;
  r->depth++;
  return TRUE;
}
static inline Taken leave(Reader *r, Taken taken)
{
  r->depth--;
  return taken;
}
static inline gboolean pay(Reader *r, gsize bytes)
{
  r->budget -= MIN(r->budget, bytes + 1);
  return r->budget > 0;
}

/* ---- peer-word.c ------------------------------------------------------------------------- */
/* Blanks, continued lines, a comment; TRUE when blanks were there. */
gboolean lint_peer_blanks(Reader *r);
/* Also line ends, with the bodies of heredocs; FALSE: one of these does not end. */
NODISCARD gboolean lint_peer_all_blanks(Reader *r);
NODISCARD Taken lint_peer_single_quoted(Reader *r);
NODISCARD Taken lint_peer_double_quoted(Reader *r);
/* "$" or a backtick, and what belongs to it. */
NODISCARD Taken lint_peer_dollar(Reader *r, gboolean quoted);
/* A word of any parts; bytes of `end` do not belong to it. */
NODISCARD Taken lint_peer_word(Reader *r, const char *end);
/* A list of expressions up to what can be none; also an empty one. */
NODISCARD gboolean lint_peer_arithmetic(Reader *r);
/* From `mark` on only the expansions stay, with `gap` between them, from `open` to `close`. */
void lint_peer_only_expansions(Reader *r, Mark mark, const char *open, const char *gap,
                               const char *close);
void lint_peer_reader_init(Reader *r, const char *text, gsize len);
void lint_peer_reader_clear(Reader *r);
/* What was taken, in its new form. */
NODISCARD char *lint_peer_written(Reader *r);
/* ---- peer-shell.c ------------------------------------------------------------------------- */
/* Commands; FALSE: BROKEN. */
NODISCARD gboolean lint_peer_list(Reader *r);
NODISCARD Taken lint_peer_term(Reader *r);
