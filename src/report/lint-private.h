#pragma once
#include "codec/codec.h"
#include "report/lint-report.h"

typedef struct LintFormat LintFormat;
struct OakumLintWriter {
  const LintFormat *format;
  OakumLintCompat compat;
  gboolean colour;
  guint files, findings, tests;
  gboolean comma;   /* the list has a member */
  GHashTable *seen; /* what identifies findings, cut to a word, to how often it was met */
  /* what is told of the rules that were met, and their shown ids, to their numbers from 1 */
  GHashTable *ids;
  GString *rules;
  struct {
    guint levels[OAKUM_LINT_ERROR_LEVEL + 1], fixable, unsafe;
  } count;
};

/* One file while it is written. */
typedef struct {
  OakumLintWriter *writer;
  const OakumLintedFile *file;
  OakumPlaces index;
} Linted;

/* How a format is written; what is NULL writes nothing. */
struct LintFormat {
  const char *name;
  gboolean late; /* the head is known at the end */
  void (*head)(OakumLintWriter *writer, GString *out);
  void (*open)(Linted *linted, GString *out);
  void (*finding)(Linted *linted, const OakumFinding *finding, GString *out);
  void (*close)(Linted *linted, GString *out);
  void (*tail)(OakumLintWriter *writer, GString *out);
};
extern const LintFormat oakum_lint_tty, oakum_lint_hadolint_tty, oakum_lint_gnu, oakum_lint_compact,
    oakum_lint_github, oakum_lint_json, oakum_lint_hadolint, oakum_lint_codeclimate,
    oakum_lint_gitlab, oakum_lint_codacy, oakum_lint_sonarqube, oakum_lint_rdjson, oakum_lint_sarif,
    oakum_lint_checkstyle, oakum_lint_junit;

/* Text of a workflow command of GitHub's runners; of a property, where ':' and ',' mean something,
 * too. */
void oakum_report_github_escape(GString *out, const char *text, gboolean property);
/* How the rule is called here: the peer's name when one is stood in for. Borrowed. */
NODISCARD const char *oakum_lint_shown_id(const OakumFinding *finding);
NODISCARD const OakumLintRule *oakum_lint_finding_rule(const OakumFinding *finding); /* or NULL */
/* What to do; of the finding or its rule; or NULL. Borrowed. */
NODISCARD const char *oakum_lint_finding_help(const OakumFinding *finding);
NODISCARD const char *oakum_lint_finding_why(const OakumFinding *finding);
void oakum_lint_finding_range(Linted *linted, const OakumFinding *finding, OakumLintPlace *start,
                              OakumLintPlace *end);
/* Stays the same when lines move: from the file's name, rule and the text of its line. New string.
 */
NODISCARD char *oakum_lint_finding_identity(Linted *linted, const OakumFinding *finding);
/* What hadolint calls the file: standard input is "/dev/stdin" when it does not parse. Borrowed. */
NODISCARD const char *oakum_lint_hadolint_name(const Linted *linted, const OakumFinding *finding);
NODISCARD json_t *oakum_lint_json_text(const char *text); /* valid UTF-8 */
/* The number of the finding's rule among those met, from 1; TRUE in *first when it is new. */
NODISCARD guint oakum_lint_rule_number(OakumLintWriter *writer, const OakumFinding *finding,
                                       gboolean *first);
/* One more member of writer->rules; takes it. */
void oakum_lint_add_rule(OakumLintWriter *writer, json_t *rule);

/* JSON as text: a tree for each finding would take more time than finding it. `lead` is written
 * first: what is literal. */
#define oakum_lint_put(out, literal) g_string_append_len((out), (literal), sizeof(literal) - 1)
void oakum_lint_put_text(GString *out, const char *lead,
                         const char *text); /* in quotes; any bytes */
void oakum_lint_put_int(GString *out, const char *lead, int number);
/* A comma, but before the first member of the report's list. */
void oakum_lint_put_comma(OakumLintWriter *writer, GString *out);
