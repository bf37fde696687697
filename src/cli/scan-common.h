/* What `scan` and `ship` share. */
#pragma once
#include "cli/cli.h"
#include "report/report.h"

typedef struct {
  OakumCatalog *catalog;
  GPtrArray *findings;
  OakumVerdict *verdict;
  char *db_path, *db_date;
} OakumScanned;
/* Takes the catalogue and matches its packages with the database at `db` (NULL: $OAKUM_DB). */
NODISCARD gboolean oakum_cli_scan(OakumCatalog *catalog, const char *db, GArray *layer_lines,
                                  const OakumPolicy *policy, OakumScanned *out, GError **error);
/* Writes the report to `file` (NULL: standard output). format: table or json. */
NODISCARD gboolean oakum_cli_report(const OakumScanned *scanned, const char *target,
                                    const char *format, const char *file, GError **error);
/* Exit status of a verdict. */
NODISCARD int oakum_cli_verdict_status(const OakumVerdict *verdict);
void oakum_scanned_clear(OakumScanned *scanned);
