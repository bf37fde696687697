#include "cli/attached.h"
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
    {"vex", 0, OAKUM_OPTION_LIST, AT(vex), "FILE",
     "statements of what does not matter here (OpenVEX, CSAF, CycloneDX); may be given again",
     "none"},
    {"vex-source", 0, OAKUM_OPTION_LIST, AT(vex_source), "image|attached",
     "believe such statements that lie in the image, or are attached to it in its registry, too",
     "neither: who makes an image could hide its holes"},
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

gboolean oakum_scan_args_vex_from(const OakumScanArgs *args, const char *place)
{
  for (guint i = 0; args->vex_source && i < args->vex_source->len; i++)
    if (strcmp(args->vex_source->pdata[i], place) == 0)
      return TRUE;
  return FALSE;
}

static gboolean check_vex_source(const OakumScanArgs *args, GError **error)
{
  for (guint i = 0; args->vex_source && i < args->vex_source->len; i++)
    if (strcmp(args->vex_source->pdata[i], "image") != 0 &&
        strcmp(args->vex_source->pdata[i], "attached") != 0) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "--vex-source takes image or attached");
      return FALSE;
    }
  return TRUE;
}

/* A damaged document of a stranger hides nothing, and is told. */
static void read_strangers_vex(const OakumScanArgs *args, const OakumScanned *scanned,
                               OakumVex *vex)
{
  const GPtrArray *inside = scanned->catalog->vex, *attached = scanned->attached;
  gboolean image = oakum_scan_args_vex_from(args, "image"),
           beside = oakum_scan_args_vex_from(args, "attached");
  for (guint i = 0; image && i < inside->len; i++) {
    const OakumPathPair *one = inside->pdata[i];
    g_autoptr(GError) error = NULL;
    g_autofree char *shown = oakum_escape_terminal(one->path, -1),
                    *what = g_strdup_printf("/%s of the image", shown);
    if (!one->other)
      oakum_warn("%s: too large to be believed", what);
    else if (!oakum_vex_read(vex, one->other, strlen(one->other), what, &error))
      oakum_warn("%s; it is left out", error->message);
  }
  for (guint i = 0; beside && attached && i < attached->len; i++) {
    const OakumAttached *one = attached->pdata[i];
    g_autoptr(GError) error = NULL;
    if ((one->kinds & OAKUM_ATTACHED_VEX) &&
        !oakum_vex_read(vex, one->text, one->len, one->from, &error))
      oakum_warn("%s; it is left out", error->message);
  }
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
  if (!max_age(args, &options.max_age_s, error) || !read_vex(args, vex, error) ||
      !check_vex_source(args, error))
    return FALSE;
  read_strangers_vex(args, out, vex);
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

gboolean oakum_cli_report(const OakumScanned *scanned, const char *target,
                          const OakumScanArgs *args, const char *file, GError **error)
{
  const char *format = args->format;
  g_autofree char *made = told_time();
  OakumResult result = {target,
                        scanned->catalog,
                        scanned->findings,
                        scanned->verdict,
                        scanned->db_path,
                        scanned->db_date,
                        made,
                        args->show_suppressed};
  size_t i = 0;
  while (format && i < G_N_ELEMENTS(formats) && strcmp(format, formats[i].name) != 0)
    i++;
  if (i == G_N_ELEMENTS(formats)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--format takes table, json, cyclonedx, spdx or spdx-tv");
    return FALSE;
  }
  g_autofree char *text =
      args->explain ? explain(scanned, args->explain, error) : formats[i].write(&result);
  if (!text)
    return FALSE;
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
  if (scanned->attached)
    g_ptr_array_unref(scanned->attached);
  g_free(scanned->db_path);
  g_free(scanned->db_date);
}
