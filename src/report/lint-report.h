/* What lint found, for people and machines. Decides nothing. */
#pragma once
#include "lint/lint.h"

typedef struct {
  const char *name; /* as it is to be shown; any bytes */
  const char *text; /* the Dockerfile, as it was when it was checked */
  size_t len;
  GPtrArray *findings; /* OakumFinding, by place */
} OakumLintedFile;     /* all borrowed */

typedef enum {
  OAKUM_LINT_TTY,         /* source line and caret, why, how; with compat hadolint its one line */
  OAKUM_LINT_JSON,        /* docs/lint-json.md */
  OAKUM_LINT_SARIF,       /* SARIF 2.1.0 */
  OAKUM_LINT_CHECKSTYLE,  /* checkstyle 4.3 */
  OAKUM_LINT_JUNIT,       /* JUnit XML */
  OAKUM_LINT_CODECLIMATE, /* Code Climate engine specification: objects that end in NUL */
  OAKUM_LINT_GITLAB,      /* GitLab code quality: a list, with fingerprints */
  OAKUM_LINT_GNU,         /* file:line:column: level: message */
  OAKUM_LINT_COMPACT,     /* file:line:column-line:column: level id; the end is behind the last
                             character */
  OAKUM_LINT_GITHUB,      /* workflow commands */
  OAKUM_LINT_RDJSON,      /* reviewdog diagnostic format */
  OAKUM_LINT_SONARQUBE,   /* generic issue import, 10.3 and later */
  OAKUM_LINT_CODACY,      /* Codacy tools: an object a line */
  OAKUM_LINT_HADOLINT,    /* hadolint's json */
  OAKUM_LINT_FORMATS
} OakumLintFormat;
/* "tty", "json", …; "text", "gitlab_codeclimate" and "hadolint_json" are taken, too. */
NODISCARD gboolean oakum_lint_format_parse(const char *text, OakumLintFormat *out);
NODISCARD const char *oakum_lint_format_name(OakumLintFormat format);

/* A report is written file by file, so that nothing of a file need be kept behind it. Bytes with a
 * length: Code Climate's objects end in NUL. All functions append to `out`. */
typedef struct OakumLintWriter OakumLintWriter;
/* `compat`: whose names the rules have; `colour`: tty only. */
NODISCARD OakumLintWriter *oakum_lint_writer_new(OakumLintFormat format, OakumLintCompat compat,
                                                 gboolean colour);
/* What comes before the files. FALSE: that is known at the end only (totals, the rules that were
 * met), and nothing is appended. */
gboolean oakum_lint_writer_begin(OakumLintWriter *writer, GString *out);
void oakum_lint_writer_file(OakumLintWriter *writer, const OakumLintedFile *file, GString *out);
/* What comes behind the files, and, when begin returned FALSE, before them in `head` (else
 * untouched). */
void oakum_lint_writer_end(OakumLintWriter *writer, GString *head, GString *out);
void oakum_lint_writer_free(OakumLintWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLintWriter, oakum_lint_writer_free)

/* The rules. "tty": a line each; "markdown": a page (docs/lint.md); "json": all that is known.
 * NULL: no such format. New string. */
NODISCARD char *oakum_report_lint_rules(const char *format);
/* One rule for people. New string. */
NODISCARD char *oakum_report_lint_rule(const OakumLintRule *rule, gboolean colour);
/* The same in Markdown, for editors. New string. */
NODISCARD char *oakum_report_lint_rule_markdown(const OakumLintRule *rule);

/* A unified diff with three lines of context, "" when the texts are the same. Minimal unless they
 * differ by more than OAKUM_DIFF_EDITS_MAX lines. New; bytes. */
NODISCARD GString *oakum_report_diff(const char *name, const char *before, size_t before_len,
                                     const char *after, size_t after_len);

/* ---- places in a text
 * --------------------------------------------------------------------------------- */
typedef struct {
  int line, column; /* from 1; characters, a byte that is no UTF-8 counts as one */
  int unit;         /* column from 1 in UTF-16 units */
  int byte;         /* column from 1 in bytes */
} OakumLintPlace;
NODISCARD OakumLintPlace oakum_lint_place(const OakumPlaces *places, size_t offset);
