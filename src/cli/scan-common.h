/* What `scan` and `ship` share. */
#pragma once
#include "cli/policy-args.h"

typedef struct {
  OakumCatalog *catalog;
  GPtrArray *findings;
  OakumVerdict *verdict;
  char *db_path, *db_date;
  json_t *facts;       /* of the image, as oakum_report_image has them; NULL: none */
  GPtrArray *attached; /* OakumAttached, set before the scan: their VEX counts. NULL: none */
  const char *image;   /* as a registry knows it, set before the scan; NULL */
  const char *named;   /* how the policy is told of it when that is NULL; NULL: not at all */
  GArray *layer_lines; /* borrowed; NULL: not known */
  const char *keep;    /* borrowed: the folder that the snapshot may be kept in; NULL: nowhere */
  /* set before the scan: told of the findings before the policy is, may suppress some. NULL: nobody
   */
  gboolean (*filter)(GPtrArray *findings, gpointer user, GError **error);
  gpointer filter_user;
} OakumScanned;
void oakum_scanned_clear(OakumScanned *scanned);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumScanned, oakum_scanned_clear)
/* What to match with, what is too bad, and how to tell: for scan and ship. */
typedef struct {
  char *db, *fail_on, *max_age, *explain, *secret_config;
  GPtrArray *checks;                       /* char *; NULL: all */
  GPtrArray *license_allow, *license_deny; /* char *; NULL: none is given */
  GPtrArray *formats;                      /* char *; NULL: the table */
  GPtrArray *vex, *vex_source;             /* char *; NULL: none */
  gboolean show_suppressed, kernel_headers, fail_on_end;
  OakumPolicyArgs policy; /* a group of its own: OAKUM_POLICY_GROUP */
} OakumScanArgs;
extern const OakumOption oakum_scan_options[];
/* `member`: the OakumScanArgs in the arguments of the command. */
#define OAKUM_POLICY_GROUP(args, member)                                                           \
  {                                                                                                \
    "Policy", NULL, oakum_policy_options, offsetof(args, member.policy)                            \
  }
/* All that the options say of what is looked for (--secret-config) and of what is too bad;
 * `fallback`: --fail-on when neither it nor a policy is given. */
NODISCARD gboolean oakum_scan_args_gate(const OakumScanArgs *args, const OakumGeneralArgs *general,
                                        const char *fallback, OakumGate *out, GError **error);
/* --license-allow or --license-deny in the form that examine takes; NULL: not given. New. */
NODISCARD char **oakum_scan_args_licenses(const GPtrArray *given);
/* --checks as OakumChecks; wrong names of licences are told here, too. */
NODISCARD gboolean oakum_scan_args_checks(const OakumScanArgs *args, guint *checks, GError **error);
/* Takes the catalogue and matches its packages with the database that `args` names. */
NODISCARD gboolean oakum_cli_scan(OakumCatalog *catalog, const OakumScanArgs *args,
                                  GArray *layer_lines, const OakumGate *gate, OakumScanned *out,
                                  GError **error);
/* Whether all formats are known, and there are files (char *; NULL: none) for all but the last. */
NODISCARD gboolean oakum_cli_check_formats(const GPtrArray *formats, const GPtrArray *files,
                                           GError **error);
typedef struct {
  const char *target;     /* as the user named it */
  const char *dockerfile; /* that it was built from; NULL: not known */
} OakumReportSubject;
/* The same as a report takes it; points into both. */
NODISCARD OakumResult oakum_scanned_result(const OakumScanned *scanned,
                                           const OakumReportSubject *subject);
/* `file` NULL: standard output. */
NODISCARD gboolean oakum_cli_put_text(const char *text, const char *file, GError **error);
/* SOURCE_DATE_EPOCH, else the clock; seconds. */
NODISCARD int64_t oakum_cli_now(void);
/* Sets what `result` lacks of times and the pipeline's run; the texts are put into `kept`. */
void oakum_cli_stamp(OakumResult *result, GPtrArray *kept);
/* All formats of `result`, the first to the first of `files` (standard output when there is none
 * for it); "table" when `formats` is NULL. Sets what `result` lacks of times and the pipeline's
 * run. */
NODISCARD gboolean oakum_cli_write_reports(OakumResult *result, const GPtrArray *formats,
                                           const GPtrArray *files, GError **error);
/* Writes the reports, the first to the first of `files`, and so on (standard output when there is
 * none for it). With --explain the chain of what it asks for, in place of a report. */
NODISCARD gboolean oakum_cli_report(const OakumScanned *scanned, const OakumReportSubject *subject,
                                    const OakumScanArgs *args, const GPtrArray *files,
                                    GError **error);
/* Whether --vex-source names this place. */
NODISCARD gboolean oakum_scan_args_vex_from(const OakumScanArgs *args, const char *place);
/* Exit status of a verdict. */
NODISCARD int oakum_cli_verdict_status(const OakumVerdict *verdict);
