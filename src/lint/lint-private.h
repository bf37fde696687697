/* What the files of lint share: the view of a Dockerfile that rules read, and how they tell.
 *
 * A rule sees steps. In the default mode they are made from the tree of
 * module dockerfile (view.c), with exact places and shell commands seen through wrappers; under
 * compat hadolint they are made from the text as hadolint reads it (peer.c), where a step is a line
 * number and the commands are the direct ones. So one function serves a rule in all modes. */
#pragma once
#include "lint/lint.h"
#include "shell/shell.h"

/* ---- rules -------------------------------------------------------------------------------------
 */
#define RULE(ID, ...) LINT_##ID,
typedef enum {
#include "lint/rules.inc"
  LINT_RULES
} LintRuleId;
#undef RULE

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
  STEP_COMMENT, /* text: behind the '#'; under compat hadolint only */
  STEP_OTHER,   /* an unknown instruction */
  STEP_KINDS
} StepKind;

/* A word, flag or pair. Flags of RUN: "mount" has the type as its value, the target as `raw`, and
 * "mount-from" follows it where the mount has a source stage. */
typedef struct {
  char *name;  /* of a flag (without dashes) or pair; NULL */
  char *value; /* quotes removed where the reading does so; NULL: no "=" */
  char *raw;   /* the value as written */
  LintSpan span, name_span, value_span;
} LintWord;

typedef struct LintStep LintStep;

/* A text that a shell reads: that of the shell form, a heredoc, or the exec form. */
typedef struct {
  OakumShell *shell;
  char *text; /* what was parsed */
  size_t len;
  const OakumInstruction *instruction; /* NULL: no places (compat hadolint) */
  const OakumHeredoc *heredoc;         /* places are counted in it; NULL */
  gboolean exec;                       /* spans are places of the file already */
} LintScript;

/* A command as rules see it. Under compat hadolint each direct command, else also those behind
 * wrappers and in sh -c. */
typedef struct {
  const OakumShellCommand *shell;
  const char *name; /* "" when it is not literal */
  char first;       /* letter of the name: most rules know by it that the command is none of theirs,
                       without a look at memory that is far away */
  LintStep *step;
  const LintScript *script;
} LintCommand;

struct LintStep {
  StepKind kind;
  guint index; /* in the list of steps; of an inner one: that of the outer */
  int line;
  LintSpan span, keyword;
  char *keyword_text;
  GPtrArray *flags; /* LintWord */
  GPtrArray *words; /* LintWord: sources and target, pairs, ports, exec form, names */
  gboolean exec;    /* exec form */
  char *text;       /* what stands behind the flags, lines joined; NULL: none */
  gboolean none;    /* HEALTHCHECK NONE */
  gboolean heredoc; /* COPY and ADD: a source is a heredoc. RUN: there is one */
  LintStep *inner;  /* of ONBUILD; NULL */
  LintStep *outer;  /* the ONBUILD around it; NULL */
  const LintStep
      *shell;       /* the SHELL in force here, also one of a stage that this is made from; NULL */
  gboolean workdir; /* a WORKDIR stands before it in its stage or in those that it is made from */
  int stage;        /* -1: before the first FROM */
  const OakumInstruction *tree; /* NULL under compat hadolint */
  /* FROM */
  char *image; /* all of it, as written, without platform and alias */
  char *registry, *name, *tag, *digest, *alias, *platform;
  LintSpan image_span, alias_span, as_span;
  /* made when first asked for */
  GPtrArray *scripts;                     /* LintScript */
  GArray *commands;                       /* LintCommand */
  gboolean broken;                        /* a script could not be read to its end */
  GArray *likenesses;                     /* of the words in its text; of check_arg_unused */
  guint64 silent[(LINT_RULES + 63) / 64]; /* ALONE rules that had nothing to say: a bit each */
};

typedef struct {
  LintStep *from;
  guint first, end;      /* steps [first, end) */
  const LintStep *shell; /* in force at its end */
  int parent;            /* the stage that FROM names; -1 */
  gboolean workdir;      /* it has a WORKDIR, or one that it is made from */
  gboolean base;         /* a later FROM names it */
  gboolean copied;       /* a later COPY --from or RUN --mount from= names it */
} LintStage;

#define AT(KIND) (1u << STEP_##KIND)
#define ONBUILD_TOO (1u << 31) /* also steps inside ONBUILD */
/* Looks at nothing but its step, the SHELL in force and whether there is a WORKDIR before it, and
 * spends no budget: where it had nothing to say of a step, it is not asked again after an edit
 * elsewhere. */
#define ALONE (1u << 30)
#define ONCE 0u /* called once a file, with step NULL */
typedef void (*LintCheck)(OakumLint *lint, LintStep *step);

struct OakumLint {
  const OakumDockerfile *dockerfile;
  const OakumLintOptions *options;
  gboolean hadolint, docker; /* docker: docker.c speaks, no check */
  GPtrArray *steps;          /* LintStep, owned */
  GPtrArray *stages;         /* LintStage, owned */
  GHashTable
      *aliases; /* name as it is compared → GArray of int: the stages of that name, in order */
  OakumLintLevel levels[LINT_RULES];
  GPtrArray *findings; /* OakumFinding; owned until finish */
  GHashTable *seen;    /* compat hadolint: what was told, one finding a rule and step */
  OakumScope *scope;   /* made when first asked for; NULL under compat hadolint */
  OakumIgnore *ignore; /* the ignore file; made when first asked for */
  gboolean ignore_read;
  gboolean peer_failed;
  guint told[LINT_RULES];
  guint shell_parts; /* read so far, against OAKUM_LINT_SHELL_PARTS_MAX */
  gboolean told_parts;
  guint64 left_out;   /* findings beyond OAKUM_LINT_FINDINGS_MAX */
  guint64 *budget;    /* what rules that compare pairs may still spend; see lint_spend */
  GPtrArray *scripts; /* OakumLintScript for shellcheck; NULL until asked for */
  GPtrArray *script_places;
  GPtrArray *comments;     /* findings of shellcheck */
  gboolean again;          /* steps come from the lint before */
  GHashTable *globals;     /* names of the ARGs before the first FROM; made when first asked for */
  GPtrArray *global_names; /* the same in their order; both borrowed of the steps */
  guint first_lock;        /* of check_npm_ci */
  gboolean looked_for_lock;
};

/* Tells a finding: the row's title, and behind it a colon and the detail (NULL: none). Returns it,
 * borrowed, for edits and better words; NULL when the rule is off or was told of this step. */
OakumFinding *lint_tell(OakumLint *lint, LintRuleId rule, const LintStep *step, LintSpan span,
                        const char *detail, ...) G_GNUC_PRINTF(5, 6);
/* Gives the finding the place of these bytes. */
void lint_place(const OakumLint *lint, OakumFinding *finding, LintSpan span);
/* An edit of the finding (NULL: nothing is done). `safe` FALSE makes the whole fix unsafe. */
void lint_edit(OakumFinding *finding, size_t start, size_t end, const char *text, gboolean safe);
/* Rules that compare pairs of steps call it for each pair; FALSE: the file has had its share
 * (OAKUM_LINT_PAIRS_MAX), and the rule stops looking. */
NODISCARD gboolean lint_spend(const OakumLint *lint);
/* TRUE: the rule is on, so that costly work is worth it. */
NODISCARD gboolean lint_on(const OakumLint *lint, LintRuleId rule);

/* ---- steps -------------------------------------------------------------------------------------
 */
NODISCARD LintStep *lint_step_new(StepKind kind);
void lint_step_free(LintStep *step);
LintWord *lint_word_add(GPtrArray *list, char *name, char *value); /* takes both */
void lint_word_free(LintWord *word);
NODISCARD const LintWord *lint_flag(const LintStep *step, const char *name);
/* What a rule with ONBUILD_TOO shall look at: the step, or the one inside. */
NODISCARD LintStep *lint_inner(LintStep *step);
/* Steps of a stage: macros would hide the loop, so: for (guint i = stage->first; i < stage->end;
 * i++) */
NODISCARD LintStep *lint_step(const OakumLint *lint, guint index);
NODISCARD LintStage *lint_stage(const OakumLint *lint, int index);
/* What stands before the first FROM, as if it were a stage (without a FROM). */
NODISCARD LintStage lint_head(const OakumLint *lint);
/* A stage by alias before stage `before` (hadolint: exact and by name only); -1. */
NODISCARD int lint_find_stage(const OakumLint *lint, const char *name, int before);

/* The last stage before stage `before` that has the alias; -1. */
NODISCARD int lint_find_alias(const OakumLint *lint, const char *name, int before);

/* peer.c: the steps as hadolint reads them; NULL when it cannot, with the place of its error. */
NODISCARD GPtrArray *lint_peer_parse(const char *data, size_t len, int *error_line,
                                     int *error_column);
/* peer-shell.c: what hadolint's shell parser takes of the script, in words that module shell reads
 * alike: all of it, or the commands before the place where it stops; NULL: nothing. New. */
NODISCARD char *lint_peer_shell(const char *text);
/* view.c: the steps of the tree. Those of instructions that were taken over from the tree before
 * are taken out of `before`, the steps of that one, and their places moved; NULL: there are none.
 */
NODISCARD GPtrArray *lint_view(const OakumDockerfile *dockerfile, GPtrArray *before);
/* step.c: forgets what was found out about a step that is not what it was. */
void lint_step_forget(LintStep *step);
/* step.c: fills lint->stages from lint->steps. */
void lint_stages(OakumLint *lint);
NODISCARD OakumScope *lint_scope(OakumLint *lint);

/* ---- shell -------------------------------------------------------------------------------------
 */
/* Of a RUN (also inside ONBUILD), CMD, ENTRYPOINT or HEALTHCHECK. LintCommand, borrowed. */
NODISCARD const GArray *lint_commands(OakumLint *lint, LintStep *step);
#define lint_command(array, i) (&g_array_index((array), LintCommand, (i)))
/* The place of a part of a script; under compat hadolint that of the step. */
NODISCARD LintSpan lint_span(const LintCommand *command, OakumShellSpan span);
NODISCARD LintSpan lint_command_span(const LintCommand *command);
NODISCARD LintSpan lint_word_span(const LintCommand *command, const OakumShellWord *word);
/* "name" or, with names separated by blanks, any of them. */
NODISCARD gboolean lint_is(const LintCommand *command, const char *names);
/* Any argument is one of the blank-separated words. */
NODISCARD gboolean lint_has_arg(const LintCommand *command, const char *args);
/* rm of this folder, of one around it, or of all that is in it. */
NODISCARD gboolean lint_removes(const LintCommand *command, const char *folder);
/* Any flag (without dashes) is one of the blank-separated names. */
NODISCARD gboolean lint_has_flag(const LintCommand *command, const char *flags);
/* The command does this: hadolint: any argument is one of the verbs; else: the first operand is. */
NODISCARD gboolean lint_does(const OakumLint *lint, const LintCommand *command, const char *names,
                             const char *verbs);
/* Arguments that are no flags, without the values of the flags named (blank-separated, NULL). Array
 * of OakumShellWord, borrowed. */
NODISCARD GPtrArray *lint_operands(const LintCommand *command, const char *valued);
/* The shell that runs a stage's RUN steps at this step, as hadolint knows it. */
NODISCARD OakumShellDialect lint_dialect(OakumLint *lint, const LintStep *step);

/* ---- words -------------------------------------------------------------------------------------
 */
NODISCARD gboolean lint_one_of(const char *word, const char *list); /* blank-separated */
NODISCARD gboolean lint_has_suffix_of(const char *word, const char *list);
/* One pair of quotes around the whole is removed. New. */
NODISCARD char *lint_unquote(const char *text);
/* rules-file.c: the name of a file that holds secrets and little else. */
NODISCARD gboolean lint_is_secret_file(const char *path);

/* rules-debian.c: for all package managers */
/* A cache or tmpfs mount whose target holds the text. */
NODISCARD gboolean lint_mounts(const LintStep *step, const char *part);
NODISCARD gboolean lint_stage_stays(const OakumLint *lint, const LintStep *step);
NODISCARD size_t lint_script_end(const OakumLint *lint, LintStep *step);
void lint_append_command(OakumLint *lint, OakumFinding *finding, LintStep *step, const char *what);
void lint_add_flag(OakumLint *lint, OakumFinding *finding, const LintCommand *command,
                   const char *verbs, const char *flag, gboolean safe);
