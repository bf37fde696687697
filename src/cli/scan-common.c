#include "cli/scan-common.h"
#include "match/match.h"
#include "os/os.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(OakumScanArgs, field)
const OakumOption oakum_scan_options[] = {
    {"db", 0, OAKUM_OPTION_TEXT, AT(db), "FILE", "advisory database",
     "the snapshot inside the program"},
    {"fail-on", 0, OAKUM_OPTION_TEXT, AT(fail_on),
     "fixable|none|negligible|low|medium|high|critical",
     "holes that make the exit status 2: those with a fix, or of this severity and worse",
     "scan: none; ship: fixable"},
    {"format", 0, OAKUM_OPTION_TEXT, AT(format), "table|json|cyclonedx|spdx|spdx-tv",
     "format of the report", "table"},
    {0}};

gboolean oakum_scan_args_policy(const OakumScanArgs *args, const char *fallback, OakumPolicy *out,
                                GError **error)
{
  if (oakum_policy_parse(args->fail_on ? args->fail_on : fallback, out))
    return TRUE;
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
              "--fail-on takes fixable, none, or a severity");
  return FALSE;
}

gboolean oakum_cli_scan(OakumCatalog *catalog, const char *db, GArray *layer_lines,
                        const OakumPolicy *policy, OakumScanned *out, GError **error)
{
  out->catalog = catalog;
  g_autoptr(OakumTempDir) temp = NULL;
  g_autofree char *snapshot = NULL;
  if (!db) {
    if (!(temp = oakum_temp_dir_new(NULL, error)))
      return FALSE;
    snapshot = g_build_filename(oakum_temp_dir_path(temp), "snapshot.db", NULL);
    if (!oakum_advisory_write_snapshot(snapshot, error))
      return FALSE;
  }
  g_autoptr(OakumAdvisoryDb) database = oakum_advisory_db_open(db ? db : snapshot, error);
  if (!database)
    return FALSE;
  out->db_path = g_strdup(db ? db : "embedded snapshot");
  out->db_date = oakum_advisory_db_date(database);
  out->findings = oakum_match_run(out->catalog, database, layer_lines, error);
  if (!out->findings)
    return FALSE;
  out->verdict = oakum_policy_evaluate(policy, out->findings);
  int64_t newest;
  gboolean dated = *out->db_date && oakum_time_parse(out->db_date, &newest);
  gint64 days = dated ? MAX((g_get_real_time() / G_USEC_PER_SEC - newest) / 86400, 0) : -1;
  if (!db)
    oakum_warn("advisories: the snapshot inside this program, of %.10s (%" G_GINT64_FORMAT
               " days old): fixes in Debian's base packages and nothing else; for a full database "
               "see oakum db import --help, and give --db",
               out->db_date, days);
  else if (dated)
    oakum_info("advisories: %s, newest record %" G_GINT64_FORMAT " days old", db, days);
  return TRUE;
}

/* Names and what writes them. */
static const struct {
  const char *name;
  char *(*write)(const OakumResult *result);
} formats[] = {{"table", oakum_report_table},
               {"json", oakum_report_json},
               {"cyclonedx", oakum_report_cyclonedx},
               {"spdx", oakum_report_spdx},
               {"spdx-tv", oakum_report_spdx_tv}};

/* SOURCE_DATE_EPOCH; NULL: not set. */
static char *told_time(void)
{
  const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
  guint64 seconds;
  return epoch && g_ascii_string_to_unsigned(epoch, 10, 0, G_MAXINT32, &seconds, NULL)
             ? oakum_time_format((int64_t)seconds)
             : NULL;
}

gboolean oakum_cli_report(const OakumScanned *scanned, const char *target, const char *format,
                          const char *file, GError **error)
{
  g_autofree char *made = told_time();
  OakumResult result = {target,
                        scanned->catalog,
                        scanned->findings,
                        scanned->verdict,
                        scanned->db_path,
                        scanned->db_date,
                        made};
  size_t i = 0;
  while (format && i < G_N_ELEMENTS(formats) && strcmp(format, formats[i].name) != 0)
    i++;
  if (i == G_N_ELEMENTS(formats)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--format takes table, json, cyclonedx, spdx or spdx-tv");
    return FALSE;
  }
  g_autofree char *text = formats[i].write(&result);
  if (file)
    return oakum_file_write(file, text, strlen(text), 0644, error);
  if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "standard output");
  return FALSE;
}

int oakum_cli_verdict_status(const OakumVerdict *verdict)
{
  return verdict->kind == OAKUM_VERDICT_FAIL      ? OAKUM_EXIT_GATE
         : verdict->kind == OAKUM_VERDICT_UNKNOWN ? OAKUM_EXIT_INCOMPLETE
                                                  : OAKUM_EXIT_PASS;
}

void oakum_scanned_clear(OakumScanned *scanned)
{
  oakum_catalog_free(scanned->catalog);
  if (scanned->findings)
    g_ptr_array_unref(scanned->findings);
  oakum_verdict_free(scanned->verdict);
  g_free(scanned->db_path);
  g_free(scanned->db_date);
}
