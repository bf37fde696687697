#pragma once
#include "codec/codec.h"
#include "report/lint-report.h"

/* One file while it is written. */
typedef struct {
  const OakumLintReport *report;
  const OakumLintedFile *file;
  OakumPlaces index;
  GHashTable *seen; /* fingerprint without its number → how often */
} Linted;

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

typedef void (*LintEach)(Linted *linted, const OakumFinding *finding, gpointer user);
void oakum_lint_each(const OakumLintReport *report, LintEach each, gpointer user);

void oakum_lint_write_tty(const OakumLintReport *report, GString *out);
void oakum_lint_write_gnu(const OakumLintReport *report, GString *out);
void oakum_lint_write_compact(const OakumLintReport *report, GString *out);
void oakum_lint_write_github(const OakumLintReport *report, GString *out);
void oakum_lint_write_json(const OakumLintReport *report, GString *out);
void oakum_lint_write_hadolint(const OakumLintReport *report, GString *out);
void oakum_lint_write_codeclimate(const OakumLintReport *report, GString *out);
void oakum_lint_write_gitlab(const OakumLintReport *report, GString *out);
void oakum_lint_write_codacy(const OakumLintReport *report, GString *out);
void oakum_lint_write_sonarqube(const OakumLintReport *report, GString *out);
void oakum_lint_write_rdjson(const OakumLintReport *report, GString *out);
void oakum_lint_write_sarif(const OakumLintReport *report, GString *out);
void oakum_lint_write_checkstyle(const OakumLintReport *report, GString *out);
void oakum_lint_write_junit(const OakumLintReport *report, GString *out);
