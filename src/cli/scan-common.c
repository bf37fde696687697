#include "ecosystem/ecosystem.h"
#include "license/license.h"
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
    {"fail-on", 0, OAKUM_OPTION_TEXT, AT(fail_on), OAKUM_FAIL_ON,
     "holes and secrets that make the exit status 2: of this severity and worse; fixable: holes "
     "with a "
     "fix, and secrets that are high or worse",
     "with a policy none; else scan: none, ship: fixable"},
    {"checks", 0, OAKUM_OPTION_LIST, AT(checks), OAKUM_CHECK_WORDS,
     "what is looked for; also a list with commas", "all four"},
    {"secret-config", 0, OAKUM_OPTION_TEXT, AT(secret_config), "FILE",
     "secrets of your own, and what is none: rules, allow-rules, exclude-block, disable-rules, "
     "enable-builtin-rules of trivy-secret.yaml (docs/secrets.md)",
     "what oakum knows"},
    {"license-allow", 0, OAKUM_OPTION_LIST, AT(license_allow), "NAME",
     "licences that alone may be used: SPDX ids, ids that end in *, or categories "
     "(docs/licences.md); also a list with commas",
     "all"},
    {"license-deny", 0, OAKUM_OPTION_LIST, AT(license_deny), "NAME",
     "licences that may not be used, likewise", "none"},
    {"format", 0, OAKUM_OPTION_LIST, AT(formats), OAKUM_REPORT_FORMATS, "format of the report",
     "table"},
    {"vex", 0, OAKUM_OPTION_LIST, AT(vex), "FILE",
     "statements of what does not matter here (OpenVEX, CSAF, CycloneDX)", "none"},
    {"vex-source", 0, OAKUM_OPTION_LIST, AT(vex_source), "image|attached",
     "believe such statements that lie in the image, or are attached to it in its registry, too",
     "neither: who makes an image could hide its holes"},
    {"show-suppressed", 0, OAKUM_OPTION_FLAG, AT(show_suppressed), NULL,
     "list in the table what is suppressed too, and why", "counted only"},
    {"explain", 0, OAKUM_OPTION_TEXT, AT(explain), "ID[@PACKAGE]",
     "tell all that a hole stands on, in place of the report", "the report"},
    {"max-age", 0, OAKUM_OPTION_TEXT, AT(max_age), "DAYS",
     "advisories older than that give no verdict: each feed that is asked; 0: any age will do",
     "the newest record of the whole database may be 30 days old"},
    {"fail-on-end-of-life", 0, OAKUM_OPTION_FLAG, AT(fail_on_end), NULL,
     "make the exit status 2 when the release of the distribution has ended", "it is told only"},
    {"kernel-headers", 0, OAKUM_OPTION_FLAG, AT(kernel_headers), NULL,
     "count holes of the kernel in packages of its headers", "they run nothing"},
    {0}};

static gboolean read_secret_config(const char *path, GError **error)
{
  g_autofree char *text = NULL, *shown = path ? oakum_escape_terminal(path, -1) : NULL;
  size_t len;
  if (!path)
    return TRUE;
  return oakum_file_read(path, OAKUM_CONFIG_FILE_MAX, &text, &len, error) &&
         oakum_inspect_secret_config(text, len, shown, error);
}

gboolean oakum_scan_args_gate(const OakumScanArgs *args, const OakumGeneralArgs *general,
                              const char *fallback, OakumGate *out, GError **error)
{
  if (!read_secret_config(args->secret_config, error) ||
      !oakum_gate_open(&args->policy, general, out, error))
    return FALSE;
  if (!oakum_gate_fail_on(out, args->fail_on, fallback, error))
    return FALSE;
  if (args->fail_on_end)
    oakum_policy_add_end_of_life(out->policy);
  return TRUE;
}

char **oakum_scan_args_licenses(const GPtrArray *given)
{
  GPtrArray *out = given ? g_ptr_array_new() : NULL;
  for (guint i = 0; given && i < given->len; i++) {
    g_auto(GStrv) words = g_strsplit(given->pdata[i], ",", -1);
    for (char **word = words; *word; word++)
      if (*g_strstrip(*word))
        g_ptr_array_add(out, g_strdup(*word));
  }
  if (!out)
    return NULL;
  g_ptr_array_add(out, NULL);
  return (char **)g_ptr_array_free(out, FALSE);
}

/* A name that means nothing would let in, or keep out, what nobody expects. */
static gboolean check_licenses(const GPtrArray *given, const char *option, GError **error)
{
  g_auto(GStrv) names = oakum_scan_args_licenses(given);
  OakumLicenseCategory category;
  for (char **name = names; name && *name; name++) {
    g_autofree char *expression = oakum_license_expression(*name);
    if (!expression && !g_str_has_suffix(*name, "*") &&
        !oakum_license_category_parse(*name, &category)) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "%s: %s is no SPDX id, no beginning of one with *, and no category", option,
                  *name);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean oakum_scan_args_checks(const OakumScanArgs *args, guint *checks, GError **error)
{
  *checks = args->checks ? 0 : OAKUM_CHECK_ALL;
  if (!check_licenses(args->license_allow, "--license-allow", error) ||
      !check_licenses(args->license_deny, "--license-deny", error))
    return FALSE;
  for (guint i = 0; args->checks && i < args->checks->len; i++) {
    g_auto(GStrv) words = g_strsplit(args->checks->pdata[i], ",", -1);
    for (char **word = words; *word; word++)
      if (!oakum_check_parse(*word, checks))
        return oakum_cli_takes(error, "--checks", "holes|secrets|hygiene|licences", *word);
  }
  return TRUE;
}

/* What is given holds for each feed that is asked; else the database as a whole must not be older
 * than the default: feeds of seldom holes, and of releases that have ended, stand still for long.
 */
static gboolean set_max_age(const OakumScanArgs *args, OakumMatchOptions *options, GError **error)
{
  uint64_t days = 0;
  if (args->max_age && !oakum_parse_u64(args->max_age, strlen(args->max_age), 36500, &days))
    return oakum_cli_takes(error, "--max-age", "days, 1 to 36500, or 0 for any age", args->max_age);
  options->max_age_s = (int64_t)days * 86400;
  options->max_age_whole_s = args->max_age ? 0 : OAKUM_ADVISORY_AGE_DEFAULT_S;
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
        strcmp(args->vex_source->pdata[i], "attached") != 0)
      return oakum_cli_takes(error, "--vex-source", "image|attached", args->vex_source->pdata[i]);
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

int64_t oakum_cli_now(void)
{
  const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
  guint64 seconds;
  return epoch && g_ascii_string_to_unsigned(epoch, 10, 1, G_MAXINT32, &seconds, NULL)
             ? (int64_t)seconds
             : g_get_real_time() / G_USEC_PER_SEC;
}

/* What the layers themselves showed joins what the advisories say. */
static void take_observed(OakumCatalog *catalog, const GArray *layer_lines, GPtrArray *findings)
{
  for (guint i = 0; i < catalog->observed->len; i++) {
    OakumFinding *finding = catalog->observed->pdata[i];
    if (layer_lines && finding->layer_index >= 0 && (guint)finding->layer_index < layer_lines->len)
      finding->dockerfile_line = g_array_index(layer_lines, int, finding->layer_index);
  }
  g_ptr_array_extend_and_steal(findings, g_steal_pointer(&catalog->observed));
  catalog->observed = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_ptr_array_sort(findings, oakum_finding_compare);
}

/* No advisory is asked: what could not be read still counts. */
static GPtrArray *without_holes(const OakumCatalog *catalog)
{
  GPtrArray *findings = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  for (guint i = 0; i < catalog->incomplete->len; i++) {
    const OakumFinding *from = catalog->incomplete->pdata[i];
    OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_INCOMPLETE, from->id, from->severity);
    finding->title = g_strdup(from->title);
    g_ptr_array_add(findings, finding);
  }
  return findings;
}

static void tell_database(const char *db, const char *date)
{
  int64_t newest;
  gboolean dated = *date && oakum_time_parse(date, &newest);
  gint64 days = dated ? MAX((g_get_real_time() / G_USEC_PER_SEC - newest) / 86400, 0) : -1;
  if (!db)
    oakum_warn("advisories: the snapshot inside this program, of %.10s (%" G_GINT64_FORMAT
               " days old): fixes in Debian's base packages and nothing else; for a full database "
               "see oakum db import --help, and give --db",
               date, days);
  else if (dated)
    oakum_info("advisories: %s, newest record %" G_GINT64_FORMAT " days old", db, days);
}

static gboolean find_holes(const OakumCatalog *catalog, const OakumScanArgs *args,
                           GArray *layer_lines, OakumScanned *out, GError **error)
{
  const char *db = args->db;
  g_autoptr(OakumVex) vex = oakum_vex_new();
  OakumMatchOptions options = {.layer_lines = layer_lines,
                               .now = oakum_cli_now(),
                               .vex = vex,
                               .keep = out->keep,
                               .kernel_headers = args->kernel_headers};
  if (!set_max_age(args, &options, error) || !read_vex(args, vex, error) ||
      !check_vex_source(args, error))
    return FALSE;
  read_strangers_vex(args, out, vex);
  options.image = out->image;
  g_autoptr(GPtrArray) digests = g_ptr_array_copy(catalog->digests, NULL, NULL);
  g_ptr_array_set_free_func(digests, NULL);
  g_ptr_array_add(digests, NULL);
  options.digests = (const char *const *)digests->pdata;
  g_autoptr(OakumAdvisoryDb) database =
      db ? oakum_advisory_db_open(db, error) : oakum_advisory_snapshot_open(out->keep, error);
  if (!database)
    return FALSE;
  out->db_path = g_strdup(db ? db : "embedded snapshot");
  out->db_date = oakum_advisory_db_date(database);
  out->findings = oakum_match_run(out->catalog, database, &options, error);
  if (out->findings)
    tell_database(db, out->db_date);
  return out->findings != NULL;
}

gboolean oakum_cli_scan(OakumCatalog *catalog, const OakumScanArgs *args, GArray *layer_lines,
                        const OakumGate *gate, OakumScanned *out, GError **error)
{
  guint checks;
  out->catalog = catalog;
  out->layer_lines = layer_lines;
  if (!oakum_scan_args_checks(args, &checks, error))
    return FALSE;
  if (!(checks & OAKUM_CHECK_HOLES))
    out->findings = without_holes(catalog);
  else if (!find_holes(catalog, args, layer_lines, out, error))
    return FALSE;
  take_observed(catalog, layer_lines, out->findings);
  if (out->filter && !out->filter(out->findings, out->filter_user, error))
    return FALSE;
  out->verdict = oakum_gate_judge(gate, out->findings, catalog,
                                  out->image ? out->image : out->named, oakum_cli_now(), FALSE);
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

/* By its name in whatever spelling ("jinja2" of Jinja2), the name with what stands in front of it
 * ("@babel/core", "org.acme:lib"), or its package-url, with or without a version. */
static gboolean is_called(const OakumFinding *f, const char *name)
{
  const char *purl = f->package_purl ? f->package_purl : "";
  if (!f->package_name)
    return FALSE;
  if (g_str_has_prefix(name, "pkg:")) {
    size_t n = strlen(name);
    return strncmp(purl, name, n) == 0 && (!purl[n] || strchr("@?", purl[n]));
  }
  const char *registry = g_str_has_prefix(purl, "pkg:pypi/") ? "PyPI" : "";
  g_autofree char *own = oakum_ecosystem_package(registry, f->package_name),
                  *asked = oakum_ecosystem_package(registry, name);
  if (g_ascii_strcasecmp(own, asked) == 0)
    return TRUE;
  if (!strpbrk(name, "/:"))
    return FALSE;
  g_autofree char *plain = g_uri_unescape_string(purl, NULL);
  g_autofree char *path = g_strconcat("/", name, "@", NULL);
  return plain && strstr(plain, g_strdelimit(path, ":", '/'));
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
    gboolean hole = f->kind == OAKUM_FINDING_VULNERABILITY;
    if (!named || (!hole && f->kind != OAKUM_FINDING_EOL) || (at && !is_called(f, at + 1)))
      continue;
    const OakumMatchOptions options = {.layer_lines = scanned->layer_lines};
    g_autofree char *text = oakum_match_explain(f, scanned->catalog, &options);
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

gboolean oakum_cli_check_formats(const GPtrArray *formats, const GPtrArray *files, GError **error)
{
  guint n = formats ? formats->len : 0, m = files ? files->len : 0;
  for (guint i = 0; i < n; i++)
    if (!oakum_report_knows(formats->pdata[i]))
      return oakum_cli_takes(error, "--format", OAKUM_REPORT_FORMATS, formats->pdata[i]);
  if (m > MAX(n, 1) || n > m + 1) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "%u formats and %u files: the first file is for the first format, and so on; only "
                "the last format can go to standard output",
                MAX(n, 1), m);
    return FALSE;
  }
  return TRUE;
}

gboolean oakum_cli_put_text(const char *text, const char *file, GError **error)
{
  if (file)
    return oakum_file_write(file, text, strlen(text), 0644, error);
  if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "standard output");
  return FALSE;
}

OakumResult oakum_scanned_result(const OakumScanned *scanned, const OakumReportSubject *subject)
{
  return (OakumResult){.target = subject->target,
                       .catalog = scanned->catalog,
                       .findings = scanned->findings,
                       .verdict = scanned->verdict,
                       .db_path = scanned->db_path,
                       .db_date = scanned->db_date,
                       .image = scanned->facts,
                       .dockerfile = subject->dockerfile};
}

void oakum_cli_stamp(OakumResult *result, GPtrArray *kept)
{
  char *made = told_time(), *present = oakum_time_format(oakum_cli_now()), *ref = NULL;
  result->made = made;
  result->now = present;
  fill_run(&result->run, &ref);
  g_ptr_array_add(kept, made);
  g_ptr_array_add(kept, present);
  g_ptr_array_add(kept, ref);
}

/* All are made before one is written: a format that lacks something leaves no half of a set. One
 * that cannot be written does not keep the others from those who wait for them. */
gboolean oakum_cli_write_reports(OakumResult *result, const GPtrArray *formats,
                                 const GPtrArray *files, GError **error)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free),
                       kept = g_ptr_array_new_with_free_func(g_free);
  oakum_cli_stamp(result, kept);
  for (guint i = 0; i < (formats ? formats->len : 1); i++) {
    gboolean to_file = files && i < files->len;
    result->screen = to_file ? (OakumReportScreen){.columns = 0}
                             : (OakumReportScreen){oakum_columns(1), oakum_colour_wanted(1),
                                                   oakum_links_wanted(1)};
    char *text = oakum_report_write(result, formats ? formats->pdata[i] : "table", error);
    if (!text)
      return FALSE;
    g_ptr_array_add(texts, text);
  }
  gboolean ok = TRUE;
  for (guint i = 0; i < texts->len; i++) {
    const char *file = files && i < files->len ? files->pdata[i] : NULL;
    g_autoptr(GError) failed = NULL;
    if (oakum_cli_put_text(texts->pdata[i], file, &failed))
      continue;
    if (ok) /* the first is the error that is told */
      g_propagate_error(error, g_steal_pointer(&failed));
    else
      oakum_warn("%s", failed->message);
    ok = FALSE;
  }
  return ok;
}

gboolean oakum_cli_report(const OakumScanned *scanned, const OakumReportSubject *subject,
                          const OakumScanArgs *args, const GPtrArray *files, GError **error)
{
  if (args->explain) {
    g_autofree char *text = explain(scanned, args->explain, error);
    return text &&
           oakum_cli_put_text(text, files && files->len > 0 ? files->pdata[0] : NULL, error);
  }
  OakumResult result = oakum_scanned_result(scanned, subject);
  result.show_suppressed = args->show_suppressed;
  return oakum_cli_write_reports(&result, args->formats, files, error);
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
  json_decref(scanned->facts);
}
