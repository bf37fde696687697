/* shell: the text of RUN, CMD and the like to a tree and a flat list of commands, with the place of
 * each part. Rank 1. Pure: nothing is run, expanded or opened. Sources of the language:
 * POSIX.1-2017 XCU chapter 2, and the manual of bash 5.2 for what bash adds to it.
 *
 * Everything below is owned by the OakumShell and lives as long as it; everything is read-only. All
 * strings end in NUL and hold none (a NUL byte in the text is a syntax error), but need not be
 * UTF-8. */
#pragma once
#include "base/base.h"

OAKUM_DECLARE_ERROR(shell)
#define OAKUM_SHELL_ERROR (oakum_shell_error_quark())

/* Bytes [start, end) of the text given to the parser. Also for what was found in the script of `sh
 * -c '...'`, eval or backticks: its places are told in the text around it. */
typedef struct {
  guint32 start, end;
} OakumShellSpan;

/* ---- dialects ----------------------------------------------------------------------------- */
typedef enum {
  OAKUM_SHELL_UNKNOWN, /* not a shell that we know: no commands */
  OAKUM_SHELL_SH,      /* POSIX alone, read as dash does */
  OAKUM_SHELL_DASH,
  OAKUM_SHELL_ASH,     /* of busybox: POSIX with $'..', &>, <(..), [[ and the word function */
  OAKUM_SHELL_BUSYBOX, /* as ash */
  OAKUM_SHELL_BASH,
  OAKUM_SHELL_KSH,        /* read as bash */
  OAKUM_SHELL_ZSH,        /* read as bash */
  OAKUM_SHELL_POWERSHELL, /* no commands */
  OAKUM_SHELL_CMD,        /* of Windows; no commands */
} OakumShellDialect;
/* "sh", "bash", ...; static. */
NODISCARD const char *oakum_shell_dialect_name(OakumShellDialect dialect);
/* The inverse, by exact name ("pwsh" too); FALSE for another word. */
NODISCARD gboolean oakum_shell_dialect_parse(const char *name, OakumShellDialect *out);
/* What the words of a SHELL instruction (NULL at the end) start: by the base name of the first,
 * without ".exe", any case; `busybox sh` is BUSYBOX, `env bash` is BASH. UNKNOWN for an empty list.
 */
NODISCARD OakumShellDialect oakum_shell_dialect_of(const char *const *shell_argv);
/* FALSE when the text does not begin with "#!". Else *out is what its first line starts
 * ("#!/usr/bin/env -S bash -e" is BASH), UNKNOWN for other programs. */
NODISCARD gboolean oakum_shell_dialect_of_script(const char *text, size_t len,
                                                 OakumShellDialect *out);
/* FALSE: oakum_shell_parse reads no commands of it (UNKNOWN, POWERSHELL, CMD). */
NODISCARD gboolean oakum_shell_dialect_readable(OakumShellDialect dialect);

/* ---- words -------------------------------------------------------------------------------- */
typedef struct OakumShellNode OakumShellNode;
typedef struct OakumShellPart OakumShellPart;
typedef struct OakumShellWord OakumShellWord;
typedef struct OakumShellCommand OakumShellCommand;

typedef enum {
  OAKUM_SHELL_QUOTED_NOT,
  OAKUM_SHELL_QUOTED_PARTLY, /* also by a backslash */
  OAKUM_SHELL_QUOTED_WHOLLY, /* one pair of quotes around everything */
} OakumShellQuoting;

/* One word. Rules match on `text`; `literal` is for those who must know the value. */
struct OakumShellWord {
  OakumShellSpan span;
  const OakumShellPart *parts; /* in the order of the text, without gaps */
  guint n_parts;
  /* The value after quote removal; NULL when anything is left for the shell to expand. */
  const char *literal;
  /* Quotes removed; $v and ${v} as "${v}", $(..) and $((..)) as "${..}", their inside as written
   * and cut after OAKUM_SHELL_SHOWN_MAX bytes, backticks as "${VAR}"; globs and tildes as written;
   * brace expansions, extended globs and process substitutions as nothing. Equals `literal` where
   * that is. Never NULL. */
  const char *text;
  OakumShellQuoting quoting;
  gboolean has_glob, has_brace; /* unquoted */
  gboolean exact; /* the span holds the word just as the parser read it (FALSE below escapes of an
                     outer layer) */
};

typedef enum {
  OAKUM_SHELL_PART_LITERAL,       /* value; backslashes and line continuations are gone */
  OAKUM_SHELL_PART_SINGLE,        /* '..': value */
  OAKUM_SHELL_PART_DOLLAR_SINGLE, /* $'..': value, escapes decoded */
  OAKUM_SHELL_PART_DOUBLE,        /* "..": parts */
  OAKUM_SHELL_PART_DOLLAR_DOUBLE, /* $"..": parts */
  OAKUM_SHELL_PART_PARAMETER,     /* $v ${v} ${v:-w}: value is the name, op, operands */
  OAKUM_SHELL_PART_COMMAND,       /* $(..): script */
  OAKUM_SHELL_PART_BACKTICK,      /* `..`: script */
  /* $((..)) and $[..]: value as written, cut after OAKUM_SHELL_SHOWN_MAX bytes; parts: the whole
     inside */
  OAKUM_SHELL_PART_ARITHMETIC,
  OAKUM_SHELL_PART_GLOB,    /* * ? [..]: value as written */
  OAKUM_SHELL_PART_EXTGLOB, /* ?(..) *(..) +(..) @(..) !(..): value cut likewise; parts */
  OAKUM_SHELL_PART_BRACE,   /* {a,b}: operands, one word each; {1..9}: value "1..9", no operands */
  OAKUM_SHELL_PART_TILDE,   /* ~ ~user: value as written */
  OAKUM_SHELL_PART_PROCESS, /* <(..) >(..): value "<" or ">", script */
  OAKUM_SHELL_PART_ARRAY,   /* (..) of "declare a=(..)": operands */
} OakumShellPartKind;

/* Of ${name OP operand}. A colon in front is `colon`. */
typedef enum {
  OAKUM_SHELL_PARAM_PLAIN,         /* $v ${v} */
  OAKUM_SHELL_PARAM_DEFAULT,       /* - */
  OAKUM_SHELL_PARAM_ASSIGN,        /* = */
  OAKUM_SHELL_PARAM_ERROR,         /* ? */
  OAKUM_SHELL_PARAM_ALTERNATIVE,   /* + */
  OAKUM_SHELL_PARAM_LENGTH,        /* ${#v} */
  OAKUM_SHELL_PARAM_INDIRECT,      /* ${!v}, also with an operator behind */
  OAKUM_SHELL_PARAM_NAMES,         /* ${!v*} ${!v@} */
  OAKUM_SHELL_PARAM_KEYS,          /* ${!v[@]} ${!v[*]} */
  OAKUM_SHELL_PARAM_CUT_FRONT,     /* # */
  OAKUM_SHELL_PARAM_CUT_FRONT_MAX, /* ## */
  OAKUM_SHELL_PARAM_CUT_BACK,      /* % */
  OAKUM_SHELL_PARAM_CUT_BACK_MAX,  /* %% */
  OAKUM_SHELL_PARAM_REPLACE,       /* / and its forms // /# /% */
  OAKUM_SHELL_PARAM_SLICE,         /* :offset:length */
  OAKUM_SHELL_PARAM_CASE,          /* ^ ^^ , ,, ~ ~~ */
  OAKUM_SHELL_PARAM_TRANSFORM,     /* @Q and the like */
} OakumShellParamOp;

struct OakumShellPart {
  OakumShellPartKind kind;
  OakumShellSpan span; /* with quotes and brackets */
  gboolean quoted;     /* it stands between double quotes, or is itself quoted */
  const char *value;   /* as told with the kind; else NULL */
  const char *text;    /* what it adds to the text of its word; never NULL */
  const OakumShellPart *parts;
  guint n_parts;
  const OakumShellNode *script; /* SEQUENCE; else NULL */
  /* PARAMETER */
  OakumShellParamOp op;
  gboolean braces, colon, indirect;
  const char *subscript; /* of ${v[..]}, as written, cut likewise; NULL */
  const char *op_text;   /* the operator as written (":-", "//", "@Q"); "" when there is none */
  const OakumShellWord
      *operands; /* behind the operator; REPLACE: pattern and string; SLICE: offset and length */
  guint n_operands;
};

/* ---- commands ----------------------------------------------------------------------------- */
typedef struct {
  OakumShellSpan span;
  const char *name;
  const char *subscript; /* as written, cut likewise; NULL */
  gboolean append;       /* += */
  gboolean array;        /* name=(..): elements */
  OakumShellWord
      value; /* span, parts and text behind "=", also when empty; of an array: its text, no parts */
  const OakumShellWord *elements;
  guint n_elements;
  const OakumShellPart *subscript_parts;
  guint n_subscript_parts;
} OakumShellAssignment;

typedef enum {
  OAKUM_SHELL_REDIRECT_IN,          /* < */
  OAKUM_SHELL_REDIRECT_OUT,         /* > */
  OAKUM_SHELL_REDIRECT_CLOBBER,     /* >| */
  OAKUM_SHELL_REDIRECT_APPEND,      /* >> */
  OAKUM_SHELL_REDIRECT_IN_OUT,      /* <> */
  OAKUM_SHELL_REDIRECT_DUP_IN,      /* <& */
  OAKUM_SHELL_REDIRECT_DUP_OUT,     /* >& with a number or "-" */
  OAKUM_SHELL_REDIRECT_BOTH,        /* &> and >& with a file */
  OAKUM_SHELL_REDIRECT_BOTH_APPEND, /* &>> */
  OAKUM_SHELL_REDIRECT_HEREDOC,     /* << and <<-: target is the delimiter, heredoc the rest */
  OAKUM_SHELL_REDIRECT_HERESTRING,  /* <<< */
} OakumShellRedirectKind;

typedef struct {
  const char *delimiter; /* quotes removed */
  gboolean quoted;       /* nothing is expanded in the body */
  gboolean strip_tabs;   /* <<- */
  gboolean closed;       /* FALSE: the text ended before the delimiter (shells warn and go on) */
  OakumShellWord body;   /* span: from the line behind to the line of the delimiter (excluded) */
} OakumShellHeredoc;

typedef struct {
  OakumShellRedirectKind kind;
  OakumShellSpan span;
  int fd;               /* the number in front; -1: none written */
  const char *variable; /* {name} in front; NULL */
  OakumShellWord target;
  const OakumShellHeredoc *heredoc; /* HEREDOC; else NULL */
} OakumShellRedirect;

/* What stands between two commands. */
typedef enum {
  OAKUM_SHELL_JOIN_NONE, /* begin or end of the script or compound */
  OAKUM_SHELL_JOIN_NEWLINE,
  OAKUM_SHELL_JOIN_SEMICOLON,
  OAKUM_SHELL_JOIN_BACKGROUND, /* & */
  OAKUM_SHELL_JOIN_AND,        /* && */
  OAKUM_SHELL_JOIN_OR,         /* || */
  OAKUM_SHELL_JOIN_PIPE,       /* | */
  OAKUM_SHELL_JOIN_PIPE_BOTH,  /* |& */
} OakumShellJoin;
/* "&&", "newline" for a newline, "" for NONE; static. */
NODISCARD const char *oakum_shell_join_name(OakumShellJoin join);

/* Where a command stands; a set of bits. */
typedef enum {
  OAKUM_SHELL_IN_CONDITION = 1 << 0,    /* what if, elif, while or until tests */
  OAKUM_SHELL_IN_SUBSTITUTION = 1 << 1, /* $(..), `..`, <(..) */
  OAKUM_SHELL_IN_SUBSHELL = 1 << 2,     /* (..) */
  OAKUM_SHELL_IN_FUNCTION = 1 << 3,
  OAKUM_SHELL_IN_LOOP = 1 << 4,   /* for, select, while, until; body and condition */
  OAKUM_SHELL_IN_BRANCH = 1 << 5, /* body of if or case: may not run */
  OAKUM_SHELL_IN_HEREDOC = 1 << 6,
  OAKUM_SHELL_IN_BACKGROUND = 1 << 7, /* a list with & behind it, or coproc */
  OAKUM_SHELL_IN_NEGATION = 1 << 8,   /* its pipeline has "!" in front */
  OAKUM_SHELL_IN_NESTED = 1 << 9,     /* the script of sh -c, eval or su -c */
} OakumShellContext;

/* By what a command was seen that is not written as such. */
typedef enum {
  OAKUM_SHELL_VIA_NONE,    /* it stands there as it is: a direct command */
  OAKUM_SHELL_VIA_WRAPPER, /* sudo, env, exec, xargs, timeout ...: the rest of the words of `via` */
  OAKUM_SHELL_VIA_SCRIPT,  /* sh -c, eval, su -c: a command of the script that `via` runs */
} OakumShellViaKind;

struct OakumShellCommand {
  guint index; /* in OakumShell.commands */
  OakumShellSpan span;
  gboolean exact; /* the bytes of the span are the command just as the parser read it */
  gboolean cut;   /* the text broke off or became wrong within it; its last parts may be missing */
  const OakumShellAssignment
      *assignments; /* in front of the name; of env: as words of `via` only */
  guint n_assignments;
  const OakumShellWord *words; /* name first; none in "A=b" and "> file" */
  guint n_words;
  const OakumShellRedirect *redirects; /* VIA_WRAPPER: those of `via` */
  guint n_redirects;
  /* words[0].literal without the folders in front ("/usr/bin/curl" is "curl"); NULL when it has
   * none. */
  const char *name;
  /* The wrapper, or the command that runs the script; its own `via` may be set in turn. NULL:
   * direct. */
  const OakumShellCommand *via;
  OakumShellViaKind via_kind;
  const OakumShellNode *node; /* the SIMPLE node; VIA_WRAPPER: that of `via` */
  const OakumShellCommand
      *outer; /* in whose words, redirections or heredoc it stands, or of `via`; NULL: in none */
  OakumShellJoin before, after; /* to the command or compound in front of and behind it */
  guint pipeline_index,
      pipeline_length; /* commands and compounds in its innermost pipeline, at least 1 */
  guint pipeline;      /* the same number for all that stand in one pipeline, counted from 0 */
  guint depth;         /* compounds, functions, substitutions and nested scripts around it */
  guint context;       /* OakumShellContext bits */
};

typedef enum {
  OAKUM_SHELL_NODE_SIMPLE,    /* command */
  OAKUM_SHELL_NODE_PIPELINE,  /* children, joins; negated, timed. One child only with "!" or "time"
                               */
  OAKUM_SHELL_NODE_AND_OR,    /* children, joins */
  OAKUM_SHELL_NODE_SEQUENCE,  /* children, joins: what ends each. Scripts and bodies are one, of any
                                 length */
  OAKUM_SHELL_NODE_SUBSHELL,  /* body */
  OAKUM_SHELL_NODE_GROUP,     /* body */
  OAKUM_SHELL_NODE_IF,        /* condition, body, condition, body, ..., else */
  OAKUM_SHELL_NODE_FOR,       /* name, has_in, words, body */
  OAKUM_SHELL_NODE_FOR_ARITH, /* words: up to three expressions; body */
  OAKUM_SHELL_NODE_WHILE,     /* condition, body */
  OAKUM_SHELL_NODE_UNTIL,     /* condition, body */
  OAKUM_SHELL_NODE_CASE,      /* words: the subject; children: CASE_ITEM */
  OAKUM_SHELL_NODE_CASE_ITEM, /* words: the patterns; body; ending ";;", ";&", ";;&" or "" */
  OAKUM_SHELL_NODE_SELECT,    /* as FOR */
  OAKUM_SHELL_NODE_FUNCTION,  /* name; child: a compound */
  OAKUM_SHELL_NODE_COND,      /* [[ ]]: words, operators and parentheses too */
  OAKUM_SHELL_NODE_ARITH,     /* (( )): words: one */
  OAKUM_SHELL_NODE_COPROC,    /* name or NULL; child */
} OakumShellNodeKind;
/* "simple", "and-or", ...; static. */
NODISCARD const char *oakum_shell_node_name(OakumShellNodeKind kind);

typedef enum {
  OAKUM_SHELL_ROLE_NONE,
  OAKUM_SHELL_ROLE_CONDITION,
  OAKUM_SHELL_ROLE_BODY,
  OAKUM_SHELL_ROLE_ELSE
} OakumShellRole;

struct OakumShellNode {
  OakumShellNodeKind kind;
  OakumShellRole role; /* to the parent */
  OakumShellSpan span;
  const OakumShellNode *parent;          /* NULL: the root of a script or substitution */
  const OakumShellNode *const *children; /* as told with the kind */
  guint n_children;
  const OakumShellJoin *joins; /* behind each child; the last may be NONE */
  const OakumShellCommand *command;
  const char *name;
  const OakumShellWord *words;
  guint n_words;
  gboolean has_in, negated, timed;
  const char *ending;
  const OakumShellRedirect *redirects; /* behind a compound */
  guint n_redirects;
};

/* ---- parsing ------------------------------------------------------------------------------ */
typedef struct {
  OakumErrorCode
      code; /* INVALID: syntax; LIMIT: too deep or too much; UNSUPPORTED: the dialect is not read */
  OakumShellSpan span; /* where reading stopped; may be empty */
  guint line, column;  /* of span.start in the text, from 1, in bytes */
  const char *message;
} OakumShellError;

typedef struct {
  OakumShellDialect dialect;
  const OakumShellNode *root; /* SEQUENCE; never NULL */
  /* Pre-order: a command stands before those in its words; each direct command is followed by those
   * seen through it. For direct commands only, skip where `via` is set. */
  const OakumShellCommand *const *commands;
  guint n_commands;
  /* The whole text was read without error: `bash -n` or `dash -n` would take it. What stands before
   * an error is in the tree and in the list. What the shell reads only when it gets there does not
   * count and is in `nested_errors`: the scripts of sh -c and eval, and in bash also backticks and
   * the bodies of heredocs. */
  gboolean complete;
  const OakumShellError *error; /* NULL when complete */
  const OakumShellError *const *nested_errors;
  guint n_nested_errors;
  guint n_parts; /* words, parts, redirections and nodes made: at most OAKUM_SHELL_PARTS_MAX */
} OakumShell;

/* Reads `len` bytes. Never fails on syntax: see `complete`. NULL with LIMIT when the text is longer
 * than OAKUM_SHELL_TEXT_MAX. Time and memory are linear in `len`. `text` is not kept. */
NODISCARD OakumShell *oakum_shell_parse(const char *text, size_t len, OakumShellDialect dialect,
                                        GError **error);
/* The same, but in the text of a word $(..) is "${..}" with the texts of the words of those simple
 * commands that stand alone in its list: what hadolint makes of it. */
NODISCARD OakumShell *oakum_shell_parse_plain(const char *text, size_t len,
                                              OakumShellDialect dialect, GError **error);
/* One word of an exec form: its value, and its place with the quotes. */
typedef struct {
  const char *value;
  OakumShellSpan span;
} OakumShellExecWord;
/* The exec form as it runs: one simple command of literal words, seen through like any other
 * (["sh", "-c", ".."]). Spans are the caller's; inside of a word they are exact where the string
 * holds no JSON escape. */
NODISCARD OakumShell *oakum_shell_from_exec(const OakumShellExecWord *words, size_t n_words,
                                            GError **error);
/* The exec form as hadolint reads it: the values joined by blanks and parsed as a script. Spans as
 * above. */
NODISCARD OakumShell *oakum_shell_parse_exec(const OakumShellExecWord *words, size_t n_words,
                                             OakumShellDialect dialect, GError **error);
/* NULL when complete. */
NODISCARD const OakumShellError *oakum_shell_error(const OakumShell *shell);
void oakum_shell_free(OakumShell *shell);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumShell, oakum_shell_free)

/* For a file that is read after each change, of which most scripts stay the same: keeps what was
 * read until a whole round went by without it. For one thread. */
typedef struct OakumShellCache OakumShellCache;
NODISCARD OakumShellCache *oakum_shell_cache_new(void);
void oakum_shell_cache_free(OakumShellCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumShellCache, oakum_shell_cache_free)
/* A round begins. */
void oakum_shell_cache_turn(OakumShellCache *cache);
/* As oakum_shell_parse; the caller frees the result as always. */
NODISCARD OakumShell *oakum_shell_cache_parse(OakumShellCache *cache, const char *text,
                                              OakumShellDialect dialect, GError **error);

/* ---- arguments, in hadolint's reading ------------------------------------------------------ *
 * Words are taken by their `text`. A flag is a word that begins with "-" and is neither "-" nor
 * "--", wherever it stands:
 * "--x=y" is the flag x, "-abc" the flags a, b and c (of "-q=2": q, = and 2). Names are given
 * without dashes. */
/* The command name in that reading: words[0] as written when it has a literal value
 * ("/usr/bin/curl" stays), the next word behind busybox, builtin, command, exec and run; NULL when
 * there is none. *first (may be NULL) is the index of the first argument; behind one of the five
 * the name counts as an argument, too. Only meant for direct commands. */
NODISCARD const char *oakum_shell_plain_name(const OakumShellCommand *command, guint *first);
/* The word is a flag. */
NODISCARD gboolean oakum_shell_word_is_flag(const OakumShellWord *word);
/* Any of the arguments (not the name) is exactly `arg`. */
NODISCARD gboolean oakum_shell_has_arg(const OakumShellCommand *command, const char *arg);
NODISCARD gboolean oakum_shell_has_any_arg(const OakumShellCommand *command,
                                           const char *const *args);
/* How often the flag `name` is given. */
NODISCARD guint oakum_shell_count_flag(const OakumShellCommand *command, const char *name);
NODISCARD gboolean oakum_shell_has_flag(const OakumShellCommand *command, const char *name);
NODISCARD gboolean oakum_shell_has_any_flag(const OakumShellCommand *command,
                                            const char *const *names);
/* The arguments that are no flags (borrowed OakumShellWord; new array), without the values of the
 * flags in `valued` (NULL-terminated names; may be NULL) that are not written with "=". */
NODISCARD GPtrArray *oakum_shell_args_no_flags(const OakumShellCommand *command,
                                               const char *const *valued);
/* Values of all uses of a flag (new array of new strings): behind "=", or else the next word. */
NODISCARD GPtrArray *oakum_shell_flag_values(const OakumShellCommand *command, const char *name);

/* ---- arguments, strictly ------------------------------------------------------------------- *
 * As getopt_long reads them: a flag that takes a value takes the rest of its word, or the next one;
 * "--" ends the flags. */
typedef struct {
  const char *flag;                 /* "-t", "--target-release" with its dashes; NULL: an operand */
  const char *value;                /* of the flag, NULL when it has none; the operand's text */
  const OakumShellWord *word;       /* in which the flag or operand stands */
  const OakumShellWord *value_word; /* in which the value stands; may be `word` */
  gboolean known; /* FALSE: the word begins with an expansion, which may bring flags or operands or
                     nothing */
  gboolean after_dashes; /* behind "--" */
} OakumShellArg;
typedef struct OakumShellArgs OakumShellArgs;
/* `valued`: the flags that take a value, with their dashes ("-t", "--target-release"; "-name" for a
 * long flag with one dash), NULL-terminated or NULL. `single`: other flags of more than one letter
 * behind one dash ("-nv"), or NULL. The words from index `first` on (1: behind the name). Borrows
 * from the command. */
NODISCARD OakumShellArgs *oakum_shell_args_new(const OakumShellCommand *command, guint first,
                                               const char *const *valued,
                                               const char *const *single);
void oakum_shell_args_free(OakumShellArgs *args);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumShellArgs, oakum_shell_args_free)
NODISCARD guint oakum_shell_args_count(const OakumShellArgs *args);
NODISCARD const OakumShellArg *oakum_shell_args_get(const OakumShellArgs *args, guint index);
/* The last use of a flag under any of its names (NULL-terminated, with dashes); NULL: not given. */
NODISCARD const OakumShellArg *oakum_shell_args_flag(const OakumShellArgs *args,
                                                     const char *const *names);
/* The n-th operand, from 0; NULL behind the last. */
NODISCARD const OakumShellArg *oakum_shell_args_operand(const OakumShellArgs *args, guint n);
