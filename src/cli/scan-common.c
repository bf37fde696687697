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
    {"format", 0, OAKUM_OPTION_LIST, AT(formats), OAKUM_REPORT_FORMATS, "format of the report",
     "table"},
    {"vex", 0, OAKUM_OPTION_LIST, AT(vex), "FILE",
     "statements of what does not matter here (OpenVEX, CSAF, CycloneDX); may be given again",
     "none"},
    {"show-suppressed", 0, OAKUM_OPTION_FLAG, AT(show_suppressed), NULL,
     "list in the table what is suppressed too, and why", "counted only"},
    {"explain", 0, OAKUM_OPTION_TEXT, AT(explain), "ID[@PACKAGE]",
     "tell all that a hole stands on, in place of the report", "the report"},
    {"max-age", 0, OAKUM_OPTION_TEXT, AT(max_age), "DAYS",
     "advisories older than that give no verdict", "any age"},
    {"kernel-headers", 0, OAKUM_OPTION_FLAG, AT(kernel_headers), NULL,
     "count holes of the kernel in packages of its headers", "they run nothing"},
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

/* Seconds; 0: there is no limit. FALSE: it is no number of days. */
static gboolean max_age(const OakumScanArgs *args, int64_t *seconds, GError **error)
{
  uint64_t days = 0;
  if (args->max_age &&
      (!oakum_parse_u64(args->max_age, strlen(args->max_age), 36500, &days) || !days)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--max-age takes days, 1 to 36500");
    return FALSE;
  }
  *seconds = (int64_t)days * 86400;
  return TRUE;
}

static gboolean read_vex(const OakumScanArgs *args, OakumVex *vex, GError **error)
{
  for (guint i = 0; args->vex && i < args->vex->len; i++) {
    const char *path = args->vex->pdata[i];
    g_autofree char *text = NULL;
    size_t len;
    if (!oakum_file_read(path, OAKUM_VEX_DOCUMENT_MAX, &text, &len, error) ||
        !oakum_vex_read(vex, text, len, path, error))
      return FALSE;
  }
  return TRUE;
}

static int64_t now(void)
{
  const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
  guint64 seconds;
  return epoch && g_ascii_string_to_unsigned(epoch, 10, 1, G_MAXINT32, &seconds, NULL)
             ? (int64_t)seconds
             : g_get_real_time() / G_USEC_PER_SEC;
}

gboolean oakum_cli_scan(OakumCatalog *catalog, const OakumScanArgs *args, GArray *layer_lines,
                        const OakumPolicy *policy, OakumScanned *out, GError **error)
{
  out->catalog = catalog;
  const char *db = args->db;
  g_autoptr(OakumVex) vex = oakum_vex_new();
  OakumMatchOptions options = {
      .layer_lines = layer_lines, .now = now(), .vex = vex, .kernel_headers = args->kernel_headers};
  if (!max_age(args, &options.max_age_s, error) || !read_vex(args, vex, error))
    return FALSE;
  g_autoptr(OakumAdvisoryDb) database =
      db ? oakum_advisory_db_open(db, error) : oakum_advisory_snapshot_open(out->keep, error);
  if (!database)
    return FALSE;
  out->db_path = g_strdup(db ? db : "embedded snapshot");
  out->db_date = oakum_advisory_db_date(database);
  out->findings = oakum_match_run(out->catalog, database, &options, error);
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

/* SOURCE_DATE_EPOCH; NULL: not set. */
static char *told_time(void)
{
  const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
  guint64 seconds;
  return epoch && g_ascii_string_to_unsigned(epoch, 10, 0, G_MAXINT32, &seconds, NULL)
             ? oakum_time_format((int64_t)seconds)
             : NULL;
}

/* "CVE-2024-1" or "CVE-2024-1@libssl3". What is asked for and not found is an error: silence could
 * be read as an answer. */
static char *explain(const OakumScanned *scanned, const char *asked, GError **error)
{
  const char *at = strchr(asked, '@');
  g_autofree char *id = g_strndup(asked, at ? (gsize)(at - asked) : strlen(asked));
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < scanned->findings->len; i++) {
    const OakumFinding *f = scanned->findings->pdata[i];
    gboolean named = g_ascii_strcasecmp(f->id, id) == 0;
    for (char **alias = f->aliases; alias && *alias && !named; alias++)
      named = g_ascii_strcasecmp(*alias, id) == 0;
    if (f->kind != OAKUM_FINDING_VULNERABILITY || !named ||
        (at && strcmp(at + 1, f->package_name) != 0))
      continue;
    g_autofree char *text = oakum_match_explain(f, scanned->catalog);
    g_string_append_printf(out, "%s%s", out->len ? "\n" : "", text);
  }
  if (out->len > 0)
    return g_string_free(out, FALSE);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_NOT_FOUND,
              "--explain %s: no package of the image has this hole, by what the database knows",
              asked);
  g_string_free(out, TRUE);
  return NULL;
}

/* The run of a pipeline, by the variables of GitHub's and GitLab's. */
static void fill_run(OakumReportRun *run, char **ref)
{
  const char *const commit[] = {"GITHUB_SHA", "CI_COMMIT_SHA", NULL}, *const job[] = {
                                                                          "GITHUB_RUN_ID",
                                                                          "CI_JOB_ID", NULL};
  for (size_t i = 0; !run->commit && commit[i]; i++)
    run->commit = g_getenv(commit[i]);
  for (size_t i = 0; !run->job && job[i]; i++)
    run->job = g_getenv(job[i]);
  run->correlator = g_getenv("GITHUB_JOB");
  const char *branch = g_getenv("CI_COMMIT_BRANCH");
  run->ref = g_getenv("GITHUB_REF");
  if (!run->ref && branch)
    run->ref = *ref = g_strconcat("refs/heads/", branch, NULL);
}

gboolean oakum_scan_args_formats(const OakumScanArgs *args, const GPtrArray *files, GError **error)
{
  guint n = args->formats ? args->formats->len : 0, m = files ? files->len : 0;
  for (guint i = 0; i < n; i++)
    if (!oakum_report_knows(args->formats->pdata[i])) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--format takes %s",
                  OAKUM_REPORT_FORMATS);
      return FALSE;
    }
  if (m > MAX(n, 1) || n > m + 1) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "%u formats and %u files: the first file is for the first format, and so on; only "
                "the last format can go to standard output",
                MAX(n, 1), m);
    return FALSE;
  }
  return TRUE;
}

static gboolean deliver(const char *text, const char *file, GError **error)
{
  if (file)
    return oakum_file_write(file, text, strlen(text), 0644, error);
  if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "standard output");
  return FALSE;
}

gboolean oakum_cli_report(const OakumScanned *scanned, const OakumReportSubject *subject,
                          const OakumScanArgs *args, const GPtrArray *files, GError **error)
{
  g_autofree char *made = told_time(), *present = oakum_time_format(now()), *ref = NULL;
  OakumResult result = {.target = subject->target,
                        .catalog = scanned->catalog,
                        .findings = scanned->findings,
                        .verdict = scanned->verdict,
                        .db_path = scanned->db_path,
                        .db_date = scanned->db_date,
                        .made = made,
                        .now = present,
                        .dockerfile = subject->dockerfile,
                        .show_suppressed = args->show_suppressed};
  fill_run(&result.run, &ref);
  guint n = args->formats && !args->explain ? args->formats->len : 1;
  /* all are made before one is written: a format that lacks something leaves no half of a set */
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < n; i++) {
    const char *format = args->formats ? args->formats->pdata[i] : "table";
    char *text = args->explain ? explain(scanned, args->explain, error)
                               : oakum_report_write(&result, format, error);
    if (!text)
      return FALSE;
    g_ptr_array_add(texts, text);
  }
  for (guint i = 0; i < n; i++)
    if (!deliver(texts->pdata[i], files && i < files->len ? files->pdata[i] : NULL, error))
      return FALSE;
  return TRUE;
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
