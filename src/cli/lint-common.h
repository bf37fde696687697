/* What lint, its language server and ship share: settings, files, runs. */
#pragma once
#include "cli/cli.h"
#include "report/lint-report.h"

typedef struct {
  GPtrArray *formats, *outputs;
  char *compat, *fail_on, *fix, *explain, *stdin_filename, *context, *shown_path;
  GPtrArray *only, *ignore, *levels[OAKUM_LINT_ERROR_LEVEL + 1], *trusted, *labels;
  gboolean strict_labels, disable_pragma, require_reason, no_shellcheck, no_fail, no_colour, diff,
      list_rules, lsp, verbose;
  OakumGeneralArgs general;
} OakumLintArgs;

/* ---- settings: from the command line, oakum.yaml, and with compat hadolint from its file and
 * variables
 * ---- */
typedef struct OakumLintOverride OakumLintOverride;
typedef struct {
  OakumLintCompat compat;
  OakumLintLevel fail_on; /* OFF: never */
  GHashTable *levels;     /* as in OakumLintOptions; owned keys */
  GPtrArray *only;        /* ends with NULL; or NULL */
  GPtrArray *trusted;     /* ends with NULL; or NULL */
  GArray *labels;         /* OakumLintLabel, names owned by `kept` */
  GPtrArray *formats;     /* char * */
  GPtrArray *overrides;   /* OakumLintOverride */
  GPtrArray *kept;
  char *root; /* folder that the patterns of overrides are relative to */
  gboolean strict_labels, disable_pragma, require_reason, no_fail, no_colour;
} OakumLintSettings;
/* USAGE, with place when it comes from a file. */
NODISCARD gboolean oakum_lint_settings_load(const OakumLintArgs *args, OakumLintSettings *out,
                                            GError **error);
void oakum_lint_settings_clear(OakumLintSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumLintSettings, oakum_lint_settings_clear)
NODISCARD gboolean oakum_lint_threshold_parse(const char *text, OakumLintLevel *out);
/* A name or alias of a rule, "SC1234", "syntax" or DL1000. USAGE with a suggestion. */
NODISCARD gboolean oakum_lint_rule_check(const char *id, GError **error);
/* What holds for one file: fills *options, which borrows from the settings and *levels (owned by
 * the caller). FALSE: an override skips the file. */
NODISCARD gboolean oakum_lint_settings_for(const OakumLintSettings *settings, const char *path,
                                           OakumLintOptions *options, GHashTable **levels);

/* .hadolint.yaml: its keys as they are (lint-rules of 2.15); unknown keys are allowed, wrong types
 * are errors with their place. */
typedef struct {
  GPtrArray *ignored, *levels[OAKUM_LINT_ERROR_LEVEL + 1], *trusted, *labels,
      *formats; /* or NULL */
  char *threshold;
  int strict_labels, disable_pragma, no_fail, no_colour; /* -1: not said */
} OakumHadolintConfig;
NODISCARD gboolean oakum_hadolint_config_parse(const char *data, size_t len, const char *what,
                                               OakumHadolintConfig *out, GError **error);
/* Of HADOLINT_*. */
void oakum_hadolint_config_environment(OakumHadolintConfig *out);
void oakum_hadolint_config_clear(OakumHadolintConfig *config);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumHadolintConfig, oakum_hadolint_config_clear)
/* The file that hadolint would read; new string or NULL. */
NODISCARD char *oakum_hadolint_config_find(void);

/* ---- files
 * ---------------------------------------------------------------------------------------- */
/* Dockerfiles of the arguments, in order, those of a folder sorted; "-" stays. New list of char *.
 * A folder without any is NOT_FOUND. */
NODISCARD GPtrArray *oakum_lint_files(GPtrArray *arguments, GError **error);
/* Whether the name is one of a Dockerfile: Dockerfile*, *.dockerfile, Containerfile*. */
NODISCARD gboolean oakum_lint_is_dockerfile(const char *name);

/* ---- runs
 * ----------------------------------------------------------------------------------------- */
typedef struct {
  char *name; /* shown */
  char *text;
  size_t len;
  OakumDockerfile *dockerfile;
  OakumLintOptions options;
  GHashTable *levels;
  char *ignore_file;
  OakumLint *lint;
  GPtrArray *findings; /* NULL before the run */
  OakumLintCut cut;
} OakumLintJob;
/* Takes `text`. `path`: where the file is, for overrides and the ignore file; NULL: nowhere. Gives
 * NULL without an error when an override skips the file. */
NODISCARD OakumLintJob *oakum_lint_job_new(const OakumLintSettings *settings, const char *name,
                                           const char *path, const char *context, char *text,
                                           size_t len, GError **error);
/* The same after an edit of the text of `before` (NULL: there was none), of which only the findings
 * are any good afterwards; it must not be freed before this one is linted. */
NODISCARD OakumLintJob *oakum_lint_job_again(OakumLintJob *before,
                                             const OakumLintSettings *settings, const char *name,
                                             const char *path, const char *context, char *text,
                                             size_t len, GError **error);
/* Runs the rules over the job, and drops the tree. */
void oakum_lint_job_finish(OakumLintJob *job);
void oakum_lint_job_free(OakumLintJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLintJob, oakum_lint_job_free)

/* What many files came to. */
typedef struct {
  gboolean over;     /* a finding reaches the threshold */
  gboolean any;      /* there is a finding */
  gboolean unparsed; /* a file could not be read to its end */
  gboolean broken;   /* a file could not be checked; its error was told */
} OakumLintTold;
typedef struct {
  const OakumLintSettings *settings;
  const char *stdin_filename, *context; /* NULL */
  gboolean shellcheck;                  /* is wanted */
  /* Called on the caller's thread for each file that was checked, in their order; the job goes
   * away behind it. FALSE ends the run. */
  gboolean (*done)(OakumLintJob *job, gpointer user, GError **error);
  gpointer user;
} OakumLintRun;
/* Checks files (char *, "-" is standard input) on all processors, shellcheck beside it when it is
 * wanted and there. Without shellcheck few files are held at a time. */
NODISCARD gboolean oakum_lint_run_files(const OakumLintRun *run, const GPtrArray *files,
                                        OakumLintTold *told, GError **error);
void oakum_lint_told_add(OakumLintTold *told, const OakumLintSettings *settings,
                         const OakumLintJob *job);
/* How the program answers: its exit status, or the peer's. */
NODISCARD int oakum_lint_status(const OakumLintSettings *settings, const OakumLintTold *told);

/* Writes to standard output. */
NODISCARD gboolean oakum_lint_print(const char *data, size_t len, GError **error);
/* The reports that the settings ask for; report number i goes to path number i (NULL, or fewer of
 * them: standard output). `shown`, when there is one, stands for the name of each file where
 * hadolint lets it: in checkstyle, junit, codeclimate, gitlab and sonarqube. Borrowed. */
typedef struct OakumLintOutputs OakumLintOutputs;
NODISCARD OakumLintOutputs *oakum_lint_outputs_new(const OakumLintSettings *settings,
                                                   const GPtrArray *paths, const char *shown);
NODISCARD gboolean oakum_lint_outputs_add(OakumLintOutputs *outputs, const OakumLintJob *job,
                                          GError **error);
NODISCARD gboolean oakum_lint_outputs_end(OakumLintOutputs *outputs, GError **error);
void oakum_lint_outputs_free(OakumLintOutputs *outputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLintOutputs, oakum_lint_outputs_free)

/* The shellcheck program over scripts of jobs that are added one after another; its first processes
 * run meanwhile. */
typedef struct OakumLintShellcheck OakumLintShellcheck;
NODISCARD gboolean oakum_lint_shellcheck_installed(void);
NODISCARD OakumLintShellcheck *oakum_lint_shellcheck_new(void);
void oakum_lint_shellcheck_add(OakumLintShellcheck *run, const OakumLintJob *job);
/* Waits for what it says, and notes it in the jobs, which must be there still. */
NODISCARD gboolean oakum_lint_shellcheck_finish(OakumLintShellcheck *run, GError **error);
void oakum_lint_shellcheck_free(OakumLintShellcheck *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLintShellcheck, oakum_lint_shellcheck_free)
/* All of it over these jobs; *missing: it is not installed. */
NODISCARD gboolean oakum_lint_shellcheck(GPtrArray *jobs, gboolean *missing, GError **error);

/* Speaks the language server protocol over standard input and output until "exit". */
NODISCARD int oakum_lint_serve(const OakumLintArgs *args);
