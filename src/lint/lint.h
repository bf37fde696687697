/* lint: rules over the Dockerfile's tree to findings, and the edits that mend them. Rank 3. It
 * opens no file and runs nothing: what it needs from outside (ignore file, today's date, the
 * answers of the shellcheck program) is handed in as data. */
#pragma once
#include "dockerfile/dockerfile.h"
#include "finding/finding.h"
#include "oci/oci.h"

OAKUM_DECLARE_ERROR(lint)
#define OAKUM_LINT_ERROR (oakum_lint_error_quark())

/* ---- levels ----------------------------------------------------------------------------------- *
 * What peers call severity. One to one with the severities of a finding: error = high (critical is
 * shown as error, too), warning = medium, info = low, style = negligible. */
typedef enum {
  OAKUM_LINT_OFF,
  OAKUM_LINT_STYLE,
  OAKUM_LINT_INFO,
  OAKUM_LINT_WARNING,
  OAKUM_LINT_ERROR_LEVEL
} OakumLintLevel;
NODISCARD const char *oakum_lint_level_name(OakumLintLevel level); /* "off", "style", … "error" */
NODISCARD gboolean oakum_lint_level_parse(const char *text, OakumLintLevel *out); /* any case */
NODISCARD OakumLintLevel oakum_lint_level_of(OakumSeverity severity);
NODISCARD OakumSeverity oakum_lint_severity_of(OakumLintLevel level);

/* ---- the rule table -----------------------------------------------------------------------------
 */
typedef enum { OAKUM_LINT_FIX_NONE, OAKUM_LINT_FIX_SAFE, OAKUM_LINT_FIX_UNSAFE } OakumLintFixKind;
NODISCARD const char *
oakum_lint_fix_kind_name(OakumLintFixKind kind); /* "none", "safe", "unsafe" */

/* One row a rule: the only home of everything that is said of it. All strings are static; those
 * that may be absent are NULL. */
typedef struct {
  const char *name;       /* kebab-case, unique: the id of its findings */
  const char *hadolint;   /* "DL3008", or NULL */
  const char *docker;     /* name of the build check: "StageNameCasing", or NULL */
  const char *others;     /* ids of trivy, checkov and dockle, blank-separated, or NULL */
  OakumLintLevel level;   /* default */
  OakumLintLevel peer;    /* hadolint's default level; used under its compat mode */
  const char *category;   /* "correctness", "security", "reproducibility", "size", "performance",
                             "style", "metadata" */
  OakumLintFixKind fix;   /* the best that it can offer; one finding may still carry none */
  const char *title;      /* one line: what is wrong */
  const char *why;        /* why it matters, one or two sentences */
  const char *help;       /* what to do, one line */
  const char *bad, *good; /* short Dockerfile examples; lines end in \n */
} OakumLintRule;
/* The table, sorted by name; *count rows. */
NODISCARD const OakumLintRule *oakum_lint_rules(size_t *count);
/* By name or any alias ("DL3008", "StageNameCasing", "CKV_DOCKER_2", any case); NULL: no such rule.
 * An alias that several rules share gives the first of them by name. */
NODISCARD const OakumLintRule *oakum_lint_rule_find(const char *id);
/* All aliases of a row: hadolint, docker, others. New, NULL-terminated, may be empty. */
NODISCARD char **oakum_lint_rule_aliases(const OakumLintRule *rule);
/* Address of a help page on the network; new string. NULL: there is none. Findings of shellcheck
 * ("SC2086") have one; the help of our own rules is in the program, and in docs/lint.md. */
NODISCARD char *oakum_lint_rule_url(const char *id);

/* ---- options ------------------------------------------------------------------------------------
 */
typedef enum {
  OAKUM_LINT_COMPAT_NONE,
  OAKUM_LINT_COMPAT_HADOLINT, /* findings are hadolint's: its rules, readings and places */
  OAKUM_LINT_COMPAT_DOCKER    /* findings are those of docker's build checks */
} OakumLintCompat;

/* What a label of the schema must hold. */
typedef enum {
  OAKUM_LINT_LABEL_TEXT,
  OAKUM_LINT_LABEL_URL,
  OAKUM_LINT_LABEL_SEMVER,
  OAKUM_LINT_LABEL_HASH,
  OAKUM_LINT_LABEL_RFC3339,
  OAKUM_LINT_LABEL_SPDX,
  OAKUM_LINT_LABEL_EMAIL
} OakumLintLabelType;
typedef struct {
  const char *name;
  OakumLintLabelType type;
} OakumLintLabel;
NODISCARD gboolean oakum_lint_label_type_parse(const char *text,
                                               OakumLintLabelType *out); /* "" is text */

/* Compat docker, for who builds the file: what a linter alone cannot know. Borrowed but for what
 * the run sets. */
typedef struct {
  GHashTable *args;           /* char * name → value or NULL, as the command line gives them */
  const GPtrArray *bases;     /* for each stage, OakumConfig of the image it begins with, or NULL */
  const GPtrArray *platforms; /* beside `bases`: OakumPlatform that each was asked for, or NULL */
  guint target;               /* the stage that is built */
  gboolean fails;             /* set: a check found something, and error=true is said */
  gboolean bad_options;       /* set: docker_check cannot be read */
} OakumLintBuild;

/* Borrowed for the call. All zero is the default: every rule at its own level. */
typedef struct {
  OakumLintCompat compat;
  /* char * (rule name, alias or "SC2086", as the user wrote it) to GINT_TO_POINTER(OakumLintLevel);
   * OFF takes a rule out, any other level sets it and switches on a rule that is off by default.
   * The rule's name beats its aliases. NULL: none. */
  GHashTable *levels;
  const char *const *only;               /* names or aliases; NULL: all rules */
  const char *const *trusted_registries; /* patterns "*", "*suffix", "prefix*"; NULL: rule silent */
  const OakumLintLabel *labels;          /* the label schema */
  guint labels_count;
  gboolean strict_labels;         /* a label that is not in the schema is a finding */
  gboolean disable_ignore_pragma; /* no comment takes a finding back */
  gboolean require_reason;        /* "# oakum ignore=rule" without "# reason" is a finding */
  /* the ignore file that governs the build context; ignore_known FALSE: nobody looked (standard
   * input), rules on the context are silent; ignore_file NULL with TRUE: there is none */
  gboolean ignore_known;
  const char *ignore_file;
  size_t ignore_file_len;
  int64_t now; /* seconds since 1970 for end-of-life dates and expiring ignores; 0: unknown */
  struct OakumShellCache *shells; /* scripts read before, of module shell; NULL: none are kept */
  const char *docker_check; /* text of BUILDKIT_DOCKERFILE_CHECK ("skip=A;error=true"); NULL */
  OakumLintBuild *build;    /* NULL: nothing is built */
} OakumLintOptions;

/* ---- a run
 * ---------------------------------------------------------------------------------------- *
 * Findings are OakumFinding of kind LINT, ordered by place: id = the rule's name, "SC2086" for
 * shellcheck, "syntax" (hadolint: DL1000) for what the parser reports; code = how the compat mode
 * calls it; aliases, category, range in bytes and in lines, and edits are set.
 * `dockerfile` and `options` must outlive the run. */
typedef struct OakumLint OakumLint;
NODISCARD OakumLint *oakum_lint_new(const OakumDockerfile *dockerfile,
                                    const OakumLintOptions *options);
/* The same after an edit: the tree was made by oakum_dockerfile_parse_again of that of `before`,
 * and what is known of its steps is taken out of `before`, which is then good for nothing but
 * oakum_lint_free, while its own tree and options still stand. The options must be those of before
 * but for the ignore file and the time. `before` may be NULL. */
NODISCARD OakumLint *oakum_lint_again(OakumLint *before, const OakumDockerfile *dockerfile,
                                      const OakumLintOptions *options);
void oakum_lint_free(OakumLint *lint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLint, oakum_lint_free)

/* A script for `shellcheck --norc -f json1` to read as a file of its own. */
typedef struct {
  char *text; /* with its "#!" line and prelude; NUL-terminated, UTF-8 */
  size_t len;
} OakumLintScript;
/* The scripts of this Dockerfile; borrowed array of OakumLintScript *. */
NODISCARD const GPtrArray *oakum_lint_scripts(OakumLint *lint);

/* What shellcheck said of script number `script`; lines and columns from 1, columns in characters.
 */
typedef struct {
  int line, column, end_line, end_column;
  const char *text;
} OakumLintReplacement;
typedef struct {
  guint script;
  int line, column, end_line, end_column;
  int code;          /* 2086 */
  const char *level; /* "error", "warning", "info", "style" */
  const char *message;
  const OakumLintReplacement *replacements; /* NULL: no fix */
  guint replacements_count;
} OakumLintComment;
/* Notes one comment; it is mapped to the Dockerfile. Comments on the prelude are dropped. */
void oakum_lint_comment(OakumLint *lint, const OakumLintComment *comment);
/* Compat hadolint, once for a script that the program has read, whatever it said: the comments that
 * hadolint's shellcheck (0.11) would add and older ones do not know (SC2327 and SC2328). Told by
 * both, they count once. */
void oakum_lint_comment_missing(OakumLint *lint, guint script);
/* Excluded codes for "-e": "SC2187,SC1090,…" with those of later versions that hadolint lacks. */
NODISCARD const char *oakum_lint_shellcheck_excluded(const OakumLintOptions *options);

/* Runs the rules, applies the ignores, sorts. Call once. Array of OakumFinding. */
NODISCARD GPtrArray *oakum_lint_finish(OakumLint *lint);
/* What a run left out, behind finish, for the user to know. */
typedef struct {
  uint64_t findings; /* beyond OAKUM_LINT_FINDINGS_MAX of one rule */
  gboolean pairs;    /* rules that compare steps stopped at OAKUM_LINT_PAIRS_MAX */
  gboolean again;    /* of oakum_lint_again: a limit was met that a run of its own may not meet, or
                        elsewhere; its findings are not to be used */
} OakumLintCut;
void oakum_lint_cut(const OakumLint *lint, OakumLintCut *out);
/* All in one, without shellcheck. */
NODISCARD GPtrArray *oakum_lint_run(const OakumDockerfile *dockerfile,
                                    const OakumLintOptions *options);

/* ---- fixes
 * ------------------------------------------------------------------------------------------ *
 * Applies the edits of the findings: safe ones, and with `unsafe` all of them. Edits that overlap
 * wait for the next round: parse, lint, apply, until nothing is left (OAKUM_LINT_FIX_ROUNDS_MAX).
 * The result parses whenever the input did. New text; *applied counts fixed findings. */
NODISCARD char *oakum_lint_fix(const char *data, size_t len, const char *file,
                               const OakumLintOptions *options, gboolean unsafe, size_t *out_len,
                               guint *applied, GError **error);
/* One round over findings at hand (also one finding: a code action). */
NODISCARD char *oakum_lint_apply(const char *data, size_t len, const GPtrArray *findings,
                                 gboolean unsafe, size_t *out_len, guint *applied);
