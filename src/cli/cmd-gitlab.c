/* `oakum gitlab scan`, also when the program is called gtcs: GitLab's container scanning job, with
 * the gate that it lacks. */
#include "cli/attached.h"
#include "cli/gitlab.h"
#include "os/os.h"
#include "report/remedy.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

typedef struct {
  OakumScanArgs scan;
  char *gate, *platform, *store;
  GPtrArray *files;
  gboolean no_cache;
  OakumRegistryArgs registry;
  OakumGeneralArgs general;
} GitlabArgs;

typedef struct {
  const GitlabArgs *args;
  OakumGitlabSettings settings;
  OakumGate judge;
  OakumPlatform platform;
  OakumStore *store;
  OakumExamineCache *cache;
  char *keep;
  OakumTempDir *temp;
  char *target; /* how the image is called */
  guint checks; /* OakumChecks */
} Job;

/* What the job leaves, by the names that GitLab's templates have, and ours. */
enum { CONTAINER, SBOM, DEPENDENCY, QUALITY, RESULT, NOTE, FILES };
static const struct {
  const char *file, *format; /* format NULL: the bill of materials */
} outputs[FILES] = {[CONTAINER] = {"gl-container-scanning-report.json", "gitlab"},
                    [SBOM] = {"gl-sbom-report.cdx.json", NULL},
                    [DEPENDENCY] = {"gl-dependency-scanning-report.json", "gitlab-dependency"},
                    [QUALITY] = {"gl-code-quality-report.json", "gitlab-codequality"},
                    [RESULT] = {"oakum-result.json", "json"},
                    [NOTE] = {"oakum-note.md", "markdown"}};

/* ---- the time that it may take
 * ---------------------------------------------------------------------- */
static void out_of_time(int signal_number)
{
  static const char text[] = "error: gitlab: TRIVY_TIMEOUT has passed, and the scan is not done\n";
  (void)signal_number;
  (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
  _exit(OAKUM_EXIT_ERROR);
}

static void set_timeout(gint64 ns)
{
  const struct itimerval timer = {
      .it_value = {.tv_sec = (time_t)(ns / 1000000000),
                   .tv_usec = (suseconds_t)MAX(ns % 1000000000 / 1000, ns < 1000000000)}};
  if (ns <= 0)
    return;
  signal(SIGALRM, out_of_time);
  setitimer(ITIMER_REAL, &timer, NULL);
}

/* ---- the image
 * -------------------------------------------------------------------------------------- */
static OakumCatalog *examine_image(Job *job, const OakumImage *image, const char *else_called,
                                   OakumScanned *scanned, GError **error)
{
  job->target = g_strdup(image->called ? image->called : else_called);
  scanned->facts = oakum_report_image(image);
  const OakumExamineOptions options = {
      .checks = job->checks, .target = job->target, .now = oakum_cli_now()};
  return oakum_examine_image(image, job->cache, &options, error);
}

/* archive://FILE: what `docker save` writes, or a layout in a tar. */
static OakumCatalog *examine_archive(Job *job, OakumScanned *scanned, GError **error)
{
  const char *path = job->settings.image;
  g_autoptr(GError) first = NULL, second = NULL;
  g_autoptr(OakumImage) image = oakum_docker_archive_read(path, NULL, &first);
  if (!image)
    image = oakum_layout_read_archive(path, NULL, &job->platform, &second);
  if (!image) { /* what a layout lacks is told only of what is one */
    gboolean layout = !g_error_matches(second, first->domain, OAKUM_ERROR_NOT_FOUND);
    g_propagate_error(error, g_error_copy(layout ? second : first));
    g_prefix_error(error, "archive://: ");
    return NULL;
  }
  g_autofree char *name = g_path_get_basename(path);
  return examine_image(job, image, name, scanned, error);
}

static OakumCatalog *examine(Job *job, OakumScanned *scanned, GError **error)
{
  if (job->settings.archive)
    return examine_archive(job, scanned, error);
  const OakumRegistryArgs *registry = &job->args->registry;
  g_autoptr(OakumImageArg) arg = oakum_image_arg_parse(job->settings.image, error);
  if (!arg || !oakum_image_arg_take_stdin(arg, error))
    return NULL;
  if (arg->kind == OAKUM_ARG_OCI || arg->kind == OAKUM_ARG_OCI_ARCHIVE ||
      arg->kind == OAKUM_ARG_DOCKER_ARCHIVE) { /* their own name for it */
    g_autoptr(OakumImage) image =
        oakum_image_arg_open(arg, &job->platform, job->store, registry, error);
    return image ? examine_image(job, image, arg->text, scanned, error) : NULL;
  }
  job->target = g_strdup(arg->text);
  scanned->image = arg->kind == OAKUM_ARG_REGISTRY ? job->target : NULL;
  if (scanned->image && oakum_scan_args_vex_from(&job->args->scan, "attached") &&
      !(scanned->attached = oakum_attached_find(arg->text, &job->platform, registry, error)))
    return NULL;
  const OakumExamineOptions options = {
      .checks = job->checks, .target = arg->text, .now = oakum_cli_now()};
  return oakum_image_arg_examine(arg, &job->platform, job->store, job->cache, registry, &options,
                                 &scanned->facts, error);
}

static gboolean filter(GPtrArray *findings, gpointer user, GError **error)
{
  Job *job = user;
  return oakum_gitlab_filter(&job->settings, job->target, findings, error);
}

/* ---- the reports
 * ------------------------------------------------------------------------------------ */
/* The Dockerfile below the folder of the repository, as git calls it; NULL: it is not there. New
 * string. */
static char *dockerfile_path(const OakumGitlabSettings *s)
{
  g_autofree char *folder = g_canonicalize_filename(s->folder, NULL),
                  *path = g_canonicalize_filename(
                      s->vars.dockerfile ? s->vars.dockerfile : "Dockerfile", folder),
                  *below = g_strconcat(folder, "/", NULL);
  if (!g_str_has_prefix(path, below)) {
    oakum_warn("CS_DOCKERFILE_PATH: %s is not in the repository, so there are no remediations",
               path);
    return NULL;
  }
  if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
    return g_strdup(path + strlen(below));
  if (s->vars.dockerfile)
    oakum_warn(
        "CS_DOCKERFILE_PATH: there is no %s (GIT_STRATEGY: fetch brings it), so there are no "
        "remediations",
        s->vars.dockerfile);
  return NULL;
}

/* NULL: there is none; a Dockerfile that cannot be read is told, and stops nothing. */
static OakumRemedy *remedy(const OakumGitlabSettings *s, const OakumResult *result,
                           const char *path)
{
  g_autofree char *full = g_build_filename(s->folder, path, NULL), *text = NULL;
  g_autoptr(GError) error = NULL;
  size_t len;
  g_autoptr(OakumDockerfile) dockerfile =
      oakum_file_read(full, OAKUM_DOCKERFILE_MAX, &text, &len, &error)
          ? oakum_dockerfile_parse(text, len, path, &error)
          : NULL;
  if (dockerfile)
    return oakum_remedy_make(result, dockerfile, path);
  oakum_warn("%s; there are no remediations", error->message);
  return NULL;
}

/* Reports of an earlier run must not be taken for ours when this one fails. */
static gboolean remove_old(const OakumGitlabSettings *s, GError **error)
{
  for (size_t i = 0; i < FILES; i++) {
    g_autofree char *path = g_build_filename(s->folder, outputs[i].file, NULL);
    if (unlink(path) != 0 && errno != ENOENT) {
      oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", path);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean write_reports(Job *job, OakumResult *result, GError **error)
{
  const OakumGitlabSettings *s = &job->settings;
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
  char *texts[FILES] = {NULL};
  gboolean ok = TRUE;
  oakum_cli_stamp(result, kept);
  for (size_t i = 0; i < FILES && ok; i++) {
    if (i == DEPENDENCY && !s->dependencies)
      continue;
    texts[i] = outputs[i].format ? oakum_report_write(result, outputs[i].format, error)
                                 : oakum_report_gitlab_sbom(result, s->licenses);
    ok = texts[i] != NULL;
  }
  for (size_t i = 0; i < FILES && ok; i++) {
    g_autofree char *path = g_build_filename(s->folder, outputs[i].file, NULL);
    ok = !texts[i] || oakum_cli_put_text(texts[i], path, error);
    if (ok && texts[i])
      oakum_debug("written: %s", path);
  }
  for (size_t i = 0; i < FILES; i++)
    g_free(texts[i]);
  return ok && (!job->args->scan.formats || job->args->scan.explain ||
                oakum_cli_write_reports(result, job->args->scan.formats, job->args->files, error));
}

static gboolean tell(Job *job, OakumScanned *scanned, GError **error)
{
  const OakumGitlabSettings *s = &job->settings;
  g_autofree char *path = dockerfile_path(s);
  OakumResult result = oakum_scanned_result(scanned, &(OakumReportSubject){job->target, path});
  g_autoptr(OakumRemedy) patch = path ? remedy(s, &result, path) : NULL;
  result.remedy = patch;
  result.default_image = s->vars.default_image;
  result.end_is_hole = s->end_of_life;
  result.show_suppressed = job->args->scan.show_suppressed;
  if (!write_reports(job, &result, error))
    return FALSE;
  if (job->args->scan.explain)
    return oakum_cli_report(scanned, &(OakumReportSubject){job->target, path}, &job->args->scan,
                            NULL, error);
  g_autofree char *table = s->quiet ? NULL : oakum_gitlab_table(s, &result);
  return !table || oakum_cli_put_text(table, NULL, error);
}

/* ---- the job
 * ---------------------------------------------------------------------------------------- */
static int judge(const Job *job, const OakumVerdict *verdict)
{
  int status = oakum_cli_verdict_status(verdict);
  gboolean off = g_strcmp0(job->args->gate, "off") == 0;
  for (guint i = 0; status != OAKUM_EXIT_PASS && i < verdict->reasons->len; i++)
    oakum_log(off ? OAKUM_LOG_WARN : OAKUM_LOG_ERROR, "gitlab: %s: %s",
              status == OAKUM_EXIT_GATE ? "refused" : "not known to be good",
              (const char *)verdict->reasons->pdata[i]);
  if (status != OAKUM_EXIT_PASS && off)
    oakum_info("the gate is off: the exit status is 0, not %d", status);
  return off ? OAKUM_EXIT_PASS : status;
}

static int work(Job *job, GError **error)
{
  GitlabArgs *args = (GitlabArgs *)job->args;
  g_auto(OakumScanned) scanned = {.filter = filter, .filter_user = job};
  const char *platform = args->platform ? args->platform : job->settings.vars.platform;
  if (!oakum_scan_args_gate(&args->scan, &args->general, "fixable", &job->judge, error) ||
      !oakum_scan_args_checks(&args->scan, &job->checks, error) ||
      (args->scan.formats && !oakum_cli_check_formats(args->scan.formats, args->files, error)) ||
      !remove_old(&job->settings, error) || !(job->temp = oakum_temp_dir_new(NULL, error)) ||
      !oakum_gitlab_settings_registry(&job->settings, &args->registry,
                                      oakum_temp_dir_path(job->temp), error))
    return OAKUM_EXIT_ERROR;
  if (!platform)
    oakum_platform_host(&job->platform);
  else if (!oakum_platform_parse(platform, &job->platform, error))
    return OAKUM_EXIT_ERROR;
  if (args->store && !(job->store = oakum_store_open(args->store, error)))
    return OAKUM_EXIT_ERROR;
  job->keep = args->no_cache ? NULL : oakum_store_find_path(args->store);
  job->cache = job->keep ? oakum_examine_cache_open(job->keep, job->checks) : NULL;
  scanned.keep = job->keep;
  set_timeout(job->settings.timeout_ns);
  OakumCatalog *catalog = examine(job, &scanned, error);
  if (!catalog || !oakum_cli_scan(catalog, &args->scan, NULL, &job->judge, &scanned, error) ||
      !tell(job, &scanned, error))
    return OAKUM_EXIT_ERROR;
  return judge(job, scanned.verdict);
}

/* TRIVY_VEX: files, at commas. */
static void add_vex(GitlabArgs *args, const char *text)
{
  g_auto(GStrv) list = g_strsplit(text ? text : "", ",", -1);
  for (char **file = list; *file; file++) {
    if (!**file)
      continue;
    if (!args->scan.vex)
      args->scan.vex = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(args->scan.vex, g_strdup(*file));
  }
}

static int run(int argc, char **argv)
{
  GitlabArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  Job job = {.args = &args};
  int status = OAKUM_EXIT_ERROR;
  gboolean ok = oakum_options_parse(&oakum_gitlab_scan_command, &args, argc, argv, &rest, &error);
  if (ok && rest->len > 1)
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected one image at most; see oakum gitlab scan --help");
  else if (ok && args.gate && strcmp(args.gate, "on") != 0 && strcmp(args.gate, "off") != 0)
    oakum_cli_takes(&error, "--gate", "on|off", args.gate);
  else if (ok &&
           oakum_gitlab_settings_read(&job.settings, rest->len ? rest->pdata[0] : NULL, &error)) {
    add_vex(&args, job.settings.vars.trivy_vex);
    status = work(&job, &error);
  }
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "gitlab: %s", error->message);
  oakum_gate_clear(&job.judge);
  oakum_examine_cache_free(job.cache);
  g_free(job.keep);
  oakum_store_free(job.store);
  oakum_platform_clear(&job.platform);
  oakum_temp_dir_free(job.temp);
  g_free(job.target);
  oakum_gitlab_settings_clear(&job.settings);
  g_clear_pointer(&args.registry.helpers, g_ptr_array_unref);
  g_clear_pointer(&args.registry.logins, g_ptr_array_unref);
  oakum_options_clear(&oakum_gitlab_scan_command, &args);
  return status;
}

#define AT(field) offsetof(GitlabArgs, field)
static const OakumOption own_options[] = {
    {"gate", 0, OAKUM_OPTION_TEXT, AT(gate), "on|off",
     "off: exit with 0 whatever is found, as GitLab's own job does", "on"},
    {"output", 'o', OAKUM_OPTION_LIST, AT(files), "FILE",
     "where a report of --format goes, beside those that GitLab reads; the first one belongs to "
     "the "
     "first format, and so on",
     "standard output"},
    {"platform", 0, OAKUM_OPTION_TEXT, AT(platform), "OS/ARCH", "which image of an index",
     "that of this machine"},
    {"store", 0, OAKUM_OPTION_TEXT, AT(store), "DIR",
     "keep what is pulled in this store of blobs, and take it from there", "nothing is kept"},
    {"no-cache", 0, OAKUM_OPTION_FLAG, AT(no_cache), NULL,
     "read every layer, also one whose packages are known from before, and keep nothing of it"},
    {0}};
static const OakumOptionGroup groups[] = {{NULL, NULL, own_options, 0},
                                          {"Scanning", NULL, oakum_scan_options, AT(scan)},
                                          OAKUM_POLICY_GROUP(GitlabArgs, scan),
                                          OAKUM_REGISTRY_GROUP(GitlabArgs, registry),
                                          OAKUM_GENERAL_GROUP(GitlabArgs, general),
                                          {0}};
static const OakumArgument arguments[] = {{"[IMAGE]", "in place of CS_IMAGE"}, {0}};

const OakumCommand oakum_gitlab_scan_command = {
    .name = "scan",
    .summary = "scan an image as GitLab's container scanning job does, and stop the pipeline",
    .about =
        "Writes gl-container-scanning-report.json, gl-sbom-report.cdx.json, "
        "gl-code-quality-report.json, oakum-result.json and oakum-note.md to $CI_PROJECT_DIR; "
        "reads "
        "vulnerability-allowlist.yml there. What the variables leave out does not count for the "
        "gate either.\n\nExit status: 0 pass, 1 error, 2 the policy refuses, 3 something could not "
        "be judged; the reports are written for 0, 2 and 3. --fail-on is fixable when neither it "
        "nor "
        "a policy is given.",
    .arguments = arguments,
    .variables = oakum_gitlab_variables,
    .groups = groups,
    .size = sizeof(GitlabArgs),
    .examples = "CS_IMAGE=registry.example/app:v1 oakum gitlab scan --db adv.db\n"
                "CS_IMAGE=archive://app.tar OAKUM_GATE=off oakum gitlab scan --db adv.db\n",
    .parent = &oakum_cmd_gitlab,
    .run = run,
};
static const OakumCommand *const verbs[] = {&oakum_gitlab_scan_command, NULL};

const OakumCommand oakum_cmd_gitlab = {
    .name = "gitlab",
    .alias = "gtcs",
    .summary = "what GitLab's own jobs do, in their words: variables, files, reports",
    .about = "Also what the program does when it is called \"gtcs\": the line \"gtcs scan\" of "
             "GitLab's template stays as it is.",
    .verbs = verbs,
};
