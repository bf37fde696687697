/* What the files of lint share: the view of a Dockerfile that rules read, and how they tell.
 *
 * A rule sees steps. In the default mode and under compat docker they are made from the tree of
 * module dockerfile (view.c), with exact places and shell commands seen through wrappers; under
 * compat hadolint they are made from the text as hadolint reads it (peer.c), where a step is a line
 * number and the commands are the direct ones. So one function serves a rule in all modes. */
#pragma once
#include "lint/lint.h"
#include "shell/shell.h"

typedef struct {
  size_t start, end; /* bytes of the file */
} LintSpan;

typedef enum {
  STEP_FROM,
  STEP_ARG,
  STEP_ENV,
  STEP_RUN,
  STEP_COPY,
  STEP_ADD,
  STEP_WORKDIR,
  STEP_USER,
  STEP_LABEL,
  STEP_CMD,
  STEP_ENTRYPOINT,
  STEP_EXPOSE,
  STEP_SHELL,
  STEP_STOPSIGNAL,
  STEP_VOLUME,
  STEP_HEALTHCHECK,
  STEP_ONBUILD,
  STEP_MAINTAINER,
  STEP_COMMENT, /* text: behind the '#' */
  STEP_OTHER    /* an unknown instruction */
} StepKind;

/* A word, flag or pair. */
typedef struct {
  char *name;  /* of a flag (without dashes) or pair; NULL */
  char *value; /* quotes removed where the reading does so; NULL: no "=" */
  char *raw;   /* the value as written */
  LintSpan span, name_span, value_span;
} LintWord;

/* A command as rules see it. */
typedef struct LintStep LintStep;
typedef struct {
  const OakumShellCommand *shell;
  const char *name; /* never NULL: commands without a literal name are not listed as "" */
  LintStep *step;
  guint script; /* which script of the step */
} LintCommand;

/* A text that a shell reads: that of the shell form, or a heredoc. */
typedef struct {
  OakumShell *shell;
  char *text;          /* what was parsed */
  size_t len;
  GArray *map;         /* LintMap, ascending by `at`; NULL: no places (compat hadolint) */
} LintScript;
typedef struct {
  size_t at, file; /* byte `at` of the script stands at byte `file` of the file, and so on up to the next */
} LintMap;

struct LintStep {
  StepKind kind;
  guint index; /* in its list */
  int line, end_line;
  LintSpan span, keyword;
  char *keyword_text;
  GPtrArray *flags; /* LintWord */
  GPtrArray *words; /* LintWord: sources and target, pairs, ports, parts of an exec form, names */
  gboolean exec;    /* exec form */
  gboolean json;    /* looks like exec form ("[") but is not */
  char *text;       /* what stands behind the flags; lines joined */
  LintSpan text_span;
  gboolean none;    /* HEALTHCHECK NONE */
  gboolean heredoc; /* COPY and ADD: a source is a heredoc. RUN: its text is one */
  LintStep *inner;  /* of ONBUILD; NULL */
  LintStep *outer;  /* the ONBUILD around it; NULL */
  int stage;        /* -1: before the first FROM */
  gconstpointer tree; /* OakumInstruction; NULL under compat hadolint */
  /* FROM */
  char *image;                         /* all of it, as written, without the platform and alias */
  char *registry, *name, *tag, *digest, *alias, *platform;
  LintSpan image_span, tag_span, alias_span, as_span;
  /* scripts and commands; made when first asked for */
  gboolean scripts_made;
  GPtrArray *scripts; /* LintScript */
  GArray *commands;   /* LintCommand */
  GArray *pipes;      /* not used by compat hadolint */
};

typedef struct {
  LintStep *from;
  guint first, end; /* steps [first, end) */
  int parent;       /* the stage that FROM names; -1 */
  gboolean used;    /* it is the last, or a later FROM names it */
  gboolean copied;  /* a later COPY --from or RUN --mount from= names it */
} LintStage;

NODISCARD LintStep *lint_step_new(StepKind kind);
void lint_step_free(LintStep *step);
void lint_word_free(LintWord *word);

/* peer.c: the steps as hadolint reads them; NULL when it cannot, with the place of its error. */
NODISCARD GPtrArray *lint_peer_parse(const char *data, size_t len, int *error_line, int *error_column);
