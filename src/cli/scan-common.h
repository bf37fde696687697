/* What `scan` and `ship` share. */
#pragma once
#include "cli/cli.h"
#include "report/report.h"

typedef struct {
  OakumCatalog *catalog;
  GPtrArray *findings;
  OakumVerdict *verdict;
  char *db_path, *db_date;
  GPtrArray *attached; /* OakumAttached, set before the scan: their VEX counts. NULL: none */
} OakumScanned;
void oakum_scanned_clear(OakumScanned *scanned);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumScanned, oakum_scanned_clear)
/* What to match with, what is too bad, and how to tell: for scan and ship. */
typedef struct {
  char *db, *fail_on, *format, *max_age, *explain;
  GPtrArray *vex, *vex_source; /* char *; NULL: none */
  gboolean show_suppressed, kernel_headers;
} OakumScanArgs;
extern const OakumOption oakum_scan_options[];
/* --fail-on; `fallback` when it is not given. */
NODISCARD gboolean oakum_scan_args_policy(const OakumScanArgs *args, const char *fallback,
                                          OakumPolicy *out, GError **error);
/* Takes the catalogue and matches its packages with the database that `args` names. */
NODISCARD gboolean oakum_cli_scan(OakumCatalog *catalog, const OakumScanArgs *args,
                                  GArray *layer_lines, const OakumPolicy *policy, OakumScanned *out,
                                  GError **error);
/* Writes the report to `file` (NULL: standard output). With --explain the chain of what it
 * asks for, in place of a report. */
NODISCARD gboolean oakum_cli_report(const OakumScanned *scanned, const char *target,
                                    const OakumScanArgs *args, const char *file, GError **error);
/* Whether --vex-source names this place. */
NODISCARD gboolean oakum_scan_args_vex_from(const OakumScanArgs *args, const char *place);
/* Exit status of a verdict. */
NODISCARD int oakum_cli_verdict_status(const OakumVerdict *verdict);
