/* What the files of the reader share. */
#pragma once
#include "shell/shell.h"

/* Everything that one call makes: the memory of the result, and stacks on which lists grow before
 * they are copied there. */
typedef struct {
  OakumShell *shell;
  const char *root; /* the caller's text, to which all spans refer; NULL for an exec form */
  gboolean plain;   /* see oakum_shell_parse_plain */
  guint count;      /* against OAKUM_SHELL_PARTS_MAX */
  size_t copied;    /* against OAKUM_SHELL_COPIED_MAX */
  size_t looked;    /* bytes looked ahead at for the end of a pair; see oakum_shell_looked */
  guint pipelines;
  GByteArray *bytes;
  GArray *parts, *words, *redirects, *assignments, *joins;
  GPtrArray *nodes, *commands, *nested;
} OakumShellBuild;

/* A text, the place of each of its bytes in the root text, and how far it is read. */
typedef struct {
  OakumShellBuild *b;
  const char *text;
  guint32 len, pos;
  guint32 end; /* behind the last byte taken; line continuations may stand between it and pos */
  /* Byte i is [from[i], to[i]) of the root text; NULL: the texts are the same. */
  const guint32 *from, *to;
  /* What came from an expansion of the word around and must not give its commands again; ordered */
  const OakumShellSpan *opaque;
  guint n_opaque;
  guint depth;
  guint inside; /* $(..) around */
  OakumShellDialect dialect;
  gboolean bash, ash;     /* which extensions are read; ash: those of busybox, bash has them too */
  gboolean word_escaped;  /* a backslash stood in the word that was read last */
  GPtrArray *pending;     /* heredocs whose body begins behind the next newline */
  guint pending_base;     /* those in front belong to commands around the substitution */
  OakumShellError *error; /* the first; all reading stops */
} OakumShellParser;

/* ---- memory (shell.c) ---- */
NODISCARD gpointer oakum_shell_alloc(OakumShellBuild *b, size_t size); /* zeroed */
NODISCARD const char *oakum_shell_keep(OakumShellBuild *b, const char *bytes, size_t len);
/* Moves what lies on a stack from `mark` on to the result. NULL for nothing. */
NODISCARD gpointer oakum_shell_keep_array(OakumShellBuild *b, GArray *stack, guint mark,
                                          guint *count);

/* ---- the text (text.c) ---- */
NODISCARD OakumShellSpan oakum_shell_span(const OakumShellParser *p, guint32 start, guint32 end);
NODISCARD gboolean oakum_shell_exact(const OakumShellParser *p, guint32 start, guint32 end);
void oakum_shell_fail(OakumShellParser *p, OakumErrorCode code, guint32 start, guint32 end,
                      const char *format, ...) G_GNUC_PRINTF(5, 6);
/* "unexpected X", by what stands at pos; `wanted` may be NULL. */
void oakum_shell_unexpected(OakumShellParser *p, const char *wanted);
/* Counts one thing made; FALSE when there are too many. */
gboolean oakum_shell_charge(OakumShellParser *p);
/* Counts the bytes of a text inside that is read as one of its own: heredocs, backticks. Heredocs
 * in the substitutions of heredocs would copy what is left of the text at each level. */
NODISCARD gboolean oakum_shell_charge_copy(OakumShellParser *p, guint32 len);
NODISCARD gboolean oakum_shell_enter(OakumShellParser *p);
void oakum_shell_leave(OakumShellParser *p);
/* Makes `sub` read another text at one more level; FALSE when that is too deep. */
void oakum_shell_parser_init(OakumShellParser *p, OakumShellBuild *b, const char *text, guint32 len,
                             OakumShellDialect dialect, guint depth);
void oakum_shell_parser_clear(OakumShellParser *p);
/* Keeps the error of a text below as a nested one. */
void oakum_shell_keep_nested(OakumShellBuild *b, OakumShellError *error);
/* Steps over line continuations. */
void oakum_shell_settle(OakumShellParser *p);
void oakum_shell_take(OakumShellParser *p);
void oakum_shell_take_raw(OakumShellParser *p);      /* without stepping over line continuations */
void oakum_shell_skip_blanks(OakumShellParser *p);   /* and a comment */
void oakum_shell_skip_newlines(OakumShellParser *p); /* reads heredocs on the way */
/* The place behind the byte at `pos` and line continuations. */
NODISCARD guint32 oakum_shell_next(const OakumShellParser *p, guint32 pos);
/* The reserved word stands at pos. */
NODISCARD gboolean oakum_shell_at_word(const OakumShellParser *p, const char *word);
NODISCARD gboolean oakum_shell_take_word(OakumShellParser *p, const char *word);

/* Counts what a search for the end of a pair went over; FALSE: this script had its share, and what
 * is sought counts as not there. Else pairs that are never closed would each cost the whole text.
 */
static inline gboolean oakum_shell_looked(const OakumShellParser *p, guint32 bytes)
{
  p->b->looked += bytes;
  return p->b->looked <= 4 * OAKUM_SHELL_COPIED_MAX;
}
static inline int oakum_shell_peek(const OakumShellParser *p)
{
  return p->pos < p->len ? (guchar)p->text[p->pos] : -1;
}
static inline int oakum_shell_peek2(const OakumShellParser *p)
{
  guint32 next = oakum_shell_next(p, p->pos);
  return next < p->len ? (guchar)p->text[next] : -1;
}
static inline gboolean oakum_shell_is_meta(int c)
{
  return c < 0 || c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' ||
         c == '(' || c == ')' || c == '<' || c == '>';
}
static inline gboolean oakum_shell_is_name(int c, gboolean first)
{
  return g_ascii_isalpha(c) || c == '_' || (!first && g_ascii_isdigit(c));
}

/* ---- words (word.c, expand.c) ---- */
typedef enum {
  OAKUM_SHELL_WORD_BRACE = 1 << 0,     /* {a,b} is an expansion */
  OAKUM_SHELL_WORD_GLOB = 1 << 1,      /* * ? [..] are told apart */
  OAKUM_SHELL_WORD_ASSIGN = 1 << 2,    /* a tilde may stand behind ":" */
  OAKUM_SHELL_WORD_REGEX = 1 << 3,     /* right of =~ */
  OAKUM_SHELL_WORD_ARRAY = 1 << 4,     /* name=(..) is one word */
  OAKUM_SHELL_WORD_EMPTY = 1 << 5,     /* may be empty */
  OAKUM_SHELL_WORD_ELEMENT = 1 << 6,   /* of an array: [i]=value */
  OAKUM_SHELL_WORD_SUBSCRIPT = 1 << 7, /* name[..] is one word, blanks and all */
} OakumShellWordFlags;
#define OAKUM_SHELL_WORD_PLAIN (OAKUM_SHELL_WORD_BRACE | OAKUM_SHELL_WORD_GLOB)
/* Reads the word at pos. After an error *out holds what was read; it is worth keeping when it has
 * parts. */
gboolean oakum_shell_word(OakumShellParser *p, guint flags, OakumShellWord *out);
/* As words of `stack` from `mark` on: between "(" and ")", which it takes. */
void oakum_shell_array(OakumShellParser *p);

/* How text between a pair of signs is read. */
typedef struct {
  gboolean dq;              /* as between double quotes: backslash before few signs only */
  gboolean single;          /* '..' quotes */
  gboolean process;         /* <(..) is told apart, in bash */
  gboolean heredoc;         /* a double quote is a plain sign */
  char close, close2, open; /* ends at close or close2 (not taken) outside of open..close; at a
                               close2 of "}" anywhere */
} OakumShellMode;
/* Pushes the parts up to the end. FALSE when the text ends first (no error is set; for close 0
 * that is the end) or on error. */
NODISCARD gboolean oakum_shell_parts(OakumShellParser *p, OakumShellMode mode);
/* Makes a word of the parts from `mark` on, which began at local `start`. */
void oakum_shell_finish_word(OakumShellParser *p, guint mark, guint32 start, gboolean escaped,
                             OakumShellWord *out);
/* The "$" at pos is more than a plain sign; oakum_shell_dollar pushes what it begins. */
NODISCARD gboolean oakum_shell_dollar_begins(const OakumShellParser *p, gboolean dq);
void oakum_shell_dollar(OakumShellParser *p, gboolean dq);
void oakum_shell_backtick(OakumShellParser *p, gboolean dq);
void oakum_shell_process(OakumShellParser *p);
/* At "(" of a substitution that began at `start`: its script, and takes ")". NULL for what is
 * opaque. */
NODISCARD const OakumShellNode *oakum_shell_inside(OakumShellParser *p, guint32 start);
/* Behind the "]" that closes the "[" at `pos`; 0: nothing does. */
NODISCARD guint32 oakum_shell_subscript(const OakumShellParser *p, guint32 pos);
/* At "[": pushes the parts of the subscript and takes "]". */
NODISCARD gboolean oakum_shell_take_subscript(OakumShellParser *p);
void oakum_shell_quote(OakumShellParser *p, gboolean dq); /* at ' or " */
/* Pushes a part that began at local `start` and ends at p->end. */
OakumShellPart *oakum_shell_push(OakumShellParser *p, OakumShellPartKind kind, guint32 start,
                                 gboolean quoted);
/* "((" stands at pos - and its pair ends in "))". */
NODISCARD gboolean oakum_shell_is_arithmetic(const OakumShellParser *p, guint32 inside);

/* ---- grammar (parse.c, compound.c, cond.c, heredoc.c) ---- */
NODISCARD OakumShellNode *oakum_shell_list(OakumShellParser *p);
/* The whole text as one script; an error stays in p. */
NODISCARD OakumShellNode *oakum_shell_script(OakumShellParser *p);
NODISCARD OakumShellNode *oakum_shell_command(OakumShellParser *p); /* NULL: error */
void oakum_shell_push_child(OakumShellParser *p, OakumShellNode *child, OakumShellRole role);
/* Makes children of what lies on the stacks from the marks on. */
void oakum_shell_keep_children(OakumShellParser *p, OakumShellNode *node, guint nodes, guint joins);
NODISCARD gboolean oakum_shell_is_identifier(const char *text);
/* The compound that begins at pos, by its first word; FALSE when none does. */
NODISCARD gboolean oakum_shell_compound_kind(const OakumShellParser *p, OakumShellNodeKind *kind);
NODISCARD OakumShellNode *oakum_shell_compound(OakumShellParser *p, OakumShellNodeKind kind);
NODISCARD OakumShellNode *oakum_shell_function(OakumShellParser *p); /* at "function" */
/* Behind the name and "()"; `word`: it began with "function". */
void oakum_shell_function_body(OakumShellParser *p, OakumShellNode *node, gboolean word);
void oakum_shell_take_parens(OakumShellParser *p);                 /* the "()" of a function */
NODISCARD OakumShellNode *oakum_shell_coproc(OakumShellParser *p); /* at "coproc" */
gboolean oakum_shell_redirect(OakumShellParser *p); /* pushes one; FALSE when there is none */
void oakum_shell_heredocs(OakumShellParser *p);     /* behind a newline */
NODISCARD OakumShellNode *oakum_shell_node(OakumShellParser *p, OakumShellNodeKind kind);
void oakum_shell_finish_node(OakumShellParser *p, OakumShellNode *node);
void oakum_shell_push_sign(OakumShellParser *p, guint n); /* n bytes, as a word of their own */
void oakum_shell_cond(OakumShellParser *p, OakumShellNode *node); /* behind "[[" */

/* ---- the list (walk.c, through.c) ---- */
void oakum_shell_walk(OakumShellBuild *b, const OakumShellNode *root, OakumShellDialect dialect);
/* What a command runs. */
typedef struct {
  OakumShellViaKind kind;
  guint first, count; /* words of the command: the command run (WRAPPER), or the script (SCRIPT) */
  OakumShellDialect dialect;
} OakumShellThrough;
/* Calls back for each command or script that `words` run through a wrapper. */
typedef void (*OakumShellThroughFunc)(const OakumShellThrough *through, gpointer user);
void oakum_shell_through(const OakumShellWord *words, guint n, OakumShellDialect dialect,
                         OakumShellThroughFunc found, gpointer user);
/* "/usr/bin/x" to "x". */
NODISCARD const char *oakum_shell_base_name(const char *path);
