/* What the formats of findings share. */
#pragma once
#include "report/sbom-private.h"

/* A formatter: a new string, or NULL with `error` when it lacks something that the format needs. */
typedef char *(*OakumReportWrite)(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_sarif(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_gitlab(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_gitlab_dependency(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_gitlab_codequality(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_junit(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_markdown(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_csv(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_openvex(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_cyclonedx_vex(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_github(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_trivy(const OakumResult *result, GError **error);
NODISCARD char *oakum_report_html(const OakumResult *result, GError **error);

/* ---- findings -------------------------------------------------------------------------------- */
/* Holes that count (kind VULNERABILITY, not suppressed), borrowed, in the result's order. */
NODISCARD GPtrArray *oakum_report_holes(const OakumResult *result);
/* The same, what is to be looked at first in front: known to be exploited, then by EPSS in whole
 * percents, by severity, by risk, then in the result's order. */
NODISCARD GPtrArray *oakum_report_urgent(const OakumResult *result);
/* Findings of all kinds: what counts, known to be exploited, severity (what is not rated before
 * what is negligible), risk, then as results have them. For g_ptr_array_sort. */
NODISCARD gint oakum_report_order(gconstpointer a, gconstpointer b);
/* Whether an address may be made of an id: letters, digits, "-_.:" and no more. */
NODISCARD gboolean oakum_report_id_is_plain(const char *id);
/* From purl, or name and version, to the package (borrowed) that a finding is about. */
NODISCARD GHashTable *oakum_report_index(const OakumResult *result);
NODISCARD const OakumPackage *oakum_report_package(GHashTable *index, const OakumFinding *finding);
/* "openssl 3.0.1"; new string. */
NODISCARD char *oakum_report_subject(const OakumFinding *finding);
/* What to do, one line, also where nothing is known to help. New string. */
NODISCARD char *oakum_report_advice(const OakumFinding *finding);
/* "CVE-2024-1 in openssl 3.0.1: a hole in it"; new string. */
NODISCARD char *oakum_report_message(const OakumFinding *finding);
/* Where the lines of the Dockerfile stand; never NULL. Borrowed. */
NODISCARD const char *oakum_report_dockerfile(const OakumResult *result);
/* The image as it is called, without the word that says how it was read. Borrowed. */
NODISCARD const char *oakum_report_image_name(const OakumResult *result);
/* How much of the name of an image stands in front of its tag and digest. */
NODISCARD size_t oakum_report_image_bare(const char *name);
/* RFC 3339: of the run, for formats that must tell one. Borrowed. */
NODISCARD const char *oakum_report_time(const OakumResult *result);
/* A score of 0 to 100 with one digit behind the point, as all formats tell it; half is more. */
NODISCARD double oakum_report_tenth(double value);
/* A UUID (RFC 9562, version 8) made of `parts`, NULL-terminated. New string. */
NODISCARD char *oakum_report_uuid(const char *const *parts);
/* What a finding is known by from run to run, for readers that tell what came and went: of a hole
 * id and package, whatever its version. `seen` (char * to count, keys freed) is of one report: the
 * second of those that are alike has ":2" behind. New string. */
NODISCARD char *oakum_report_identity(const OakumFinding *finding, GHashTable *seen);

/* ---- what files and settings show --------------------------------------------------------------
 */
/* "Secrets" and so on; NULL for other kinds. */
extern const char *const oakum_report_observed_titles[OAKUM_FINDING_KINDS];
NODISCARD gboolean oakum_report_is_observed(const OakumFinding *finding);
/* Those that count, of this severity and worse, or of a severity that is not known; by kind, then
 * the worst first. Borrowed. */
NODISCARD GPtrArray *oakum_report_observed(const OakumResult *result, OakumSeverity least);
/* "/etc/shadow, line 3"; new string. */
NODISCARD char *oakum_report_place(const OakumFinding *finding);
/* A path as trivy's readers take it, which make an address of it and stop at what is none: control
 * characters are shown, a percent sign and a colon that would mislead are written so that they do
 * not. Any other path is as it was. New. */
NODISCARD char *oakum_report_trivy_path(const char *path);
/* Appends the results of trivy's report that have them. */
void oakum_report_trivy_observed(const OakumResult *result, json_t *results);

/* ---- names of holes
 * ------------------------------------------------------------------------------ */
typedef struct {
  const char *type; /* as GitLab's identifiers call it: "cve", "ghsa", "usn", "rhsa"; static */
  char *url;
} OakumReportId;
/* Kind of an id, by its first letters, and where it can be read about. */
void oakum_report_id(const char *id, OakumReportId *out);
void oakum_report_id_clear(OakumReportId *id);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumReportId, oakum_report_id_clear)
/* Id, aliases and advisory without doubles, at most `max`. Borrowed strings. */
NODISCARD GPtrArray *oakum_report_ids(const OakumFinding *finding, guint max);

/* ---- JSON and XML ---------------------------------------------------------------------------- */
/* Nothing when `value` is NULL or "". */
void oakum_report_set(json_t *object, const char *key, const char *value);
/* For XML 1.0: valid UTF-8, no control characters, and nothing that is markup. */
void oakum_report_xml(GString *out, const char *text);
void oakum_report_xml_attribute(GString *out, const char *name, const char *value);
/* For a terminal or a job's log: control characters as numbers, and the first character of what a
 * CI would take for a command to itself ("::" where a line could begin, "##[" and "##vso["
 * anywhere). NULL: "-". New string. */
NODISCARD char *oakum_report_shown(const char *text);
/* Whether an operating system's package manager installed it. */
NODISCARD gboolean oakum_report_of_system(const OakumPackage *package);
/* What a forge could take for markup, a mention, a reference or a link becomes a number; controls
 * are shown as for a terminal. NULL: "-". */
void oakum_report_markdown_text(GString *out, const char *text);
