#include "cli/build-common.h"
#include "cli/lint-common.h"
#include "cli/scan-common.h"
#include "lint/lint.h"
#include <stdio.h>
#include <string.h>

typedef struct {
  OakumBuildArgs build;
  OakumScanArgs scan;
  GPtrArray *reports;
  char *lint;
  OakumGate gate;
  guint checks;             /* OakumChecks */
  char *keep;               /* folder of the store */
  OakumExamineCache *cache; /* NULL: it cannot be had */
} ShipArgs;

/* ---- layers are catalogued while they are made
 * ---------------------------------------------------------- */
typedef struct {
  OakumLayerWatch watch;
  OakumExamineWatch *examine;
} Watch;

static gpointer layer_begins(OakumLayerWatch *self, const char *diff_id)
{
  return oakum_examine_watch_begin(((Watch *)self)->examine, diff_id);
}

static void layer_bytes(gpointer layer, const void *data, size_t len)
{
  oakum_examine_watch_bytes(layer, data, len);
}

static void layer_ends(gpointer layer, const char *diff_id)
{
  oakum_examine_watch_end(layer, diff_id);
}

/* How much of what was judged came from the build itself. */
static void tell_counts(const ShipArgs *args)
{
  if (!args->cache)
    return;
  OakumExamineCounts counts = oakum_examine_cache_counts(args->cache);
  guint before = counts.known > counts.watched ? counts.known - counts.watched : 0;
  g_autofree char *bytes = g_format_size_full(counts.read_bytes, G_FORMAT_SIZE_IEC_UNITS);
  oakum_info("catalogue: %u layers looked at during the build, %u known from before, %u read again "
             "(%s); saved %.2f s of processor time",
             counts.watched, before, counts.read, bytes, (double)counts.saved_us / G_USEC_PER_SEC);
}

/* A level of lint, or a severity. FALSE: "none", or neither (which run() has refused). */
static gboolean parse_lint_threshold(const char *text, OakumSeverity *out)
{
  OakumLintLevel level;
  if (oakum_lint_threshold_parse(text, &level)) {
    *out = oakum_lint_severity_of(level);
    return level != OAKUM_LINT_OFF;
  }
  return oakum_severity_parse(text, out);
}

/* What the policy says of lint's findings. */
static gboolean policy_passes(const ShipArgs *args, GPtrArray *findings, const char *file)
{
  g_autoptr(OakumVerdict) verdict =
      oakum_gate_judge(&args->gate, findings, NULL, file, oakum_cli_now(), FALSE);
  for (guint i = 0; i < verdict->notes->len; i++)
    oakum_info("ship: %s", (char *)verdict->notes->pdata[i]);
  if (verdict->kind == OAKUM_VERDICT_PASS)
    return TRUE;
  oakum_log(OAKUM_LOG_ERROR, "ship: refused: %s; nothing was built",
            (char *)verdict->reasons->pdata[0]);
  return FALSE;
}

/* Whether lint lets the build begin: --fail-lint SEVERITY. What the section "lint" of the
 * configuration file says of rules holds here, too. FALSE with `error` when that cannot be read. */
static gboolean lint_passes(const ShipArgs *args, const OakumBuilt *built, GError **error)
{
  const OakumDockerfile *dockerfile = built->dockerfile;
  const OakumLintArgs lint = {.general = args->build.general}; /* borrowed */
  g_auto(OakumLintSettings) settings = {0};
  OakumSeverity threshold = OAKUM_SEVERITY_HIGH;
  OakumLintOptions options;
  g_autoptr(GHashTable) levels = NULL;
  guint over = 0;
  if (!oakum_lint_settings_load(&lint, &settings, error))
    return FALSE;
  if (!oakum_lint_settings_for(&settings, dockerfile->file, &options, &levels))
    return TRUE;
  g_autoptr(GPtrArray) findings = oakum_lint_run(dockerfile, &options);
  const OakumLintedFile file = {dockerfile->file, dockerfile->source, dockerfile->len, findings};
  g_autoptr(OakumLintWriter) writer =
      oakum_lint_writer_new(OAKUM_LINT_TTY, OAKUM_LINT_COMPAT_NONE, oakum_colour_wanted(2));
  GString *text = g_string_new(NULL);
  (void)oakum_lint_writer_begin(writer, text);
  oakum_lint_writer_file(writer, &file, text);
  oakum_lint_writer_end(writer, NULL, text);
  fwrite(text->str, 1, text->len, stderr);
  g_string_free(text, TRUE);
  gboolean never = args->lint && !parse_lint_threshold(args->lint, &threshold);
  /* a policy that looks at lint says what is too bad, beside an option that is given */
  never |= !args->lint && oakum_policy_judges(args->gate.policy, OAKUM_FINDING_LINT);
  if (!policy_passes(args, findings, dockerfile->file))
    return FALSE;
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    over += !f->suppressed && f->severity >= threshold;
  }
  if (over > 0 && !never)
    oakum_log(OAKUM_LOG_ERROR, "ship: refused: %u lint findings are %s or worse; nothing was built",
              over, oakum_lint_level_name(oakum_lint_level_of(threshold)));
  return over == 0 || never;
}

/* "result.json" is "result.linux_arm64.json" for one of several platforms. */
static char *report_path(const char *path, const OakumPlatform *platform)
{
  g_autofree char *name = oakum_platform_format(platform);
  g_strdelimit(name, "/", '_');
  const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
  g_autofree char *head = dot ? g_strndup(path, (gsize)(dot - path)) : g_strdup(path);
  return g_strconcat(head, ".", name, dot ? dot : "", NULL);
}

/* A gate that nobody asked for says how to pass it. */
static void tell_way_out(const OakumVerdict *verdict)
{
  for (guint i = 0; i < verdict->rules->len; i++) {
    const OakumVerdictRule *rule = verdict->rules->pdata[i];
    if (oakum_policy_is_fail_on_secrets(rule->name) && strcmp(rule->verdict, "fail") == 0)
      oakum_warn("ship: secrets that are meant to be there: an exception of a policy "
                 "(--policy, docs/policy.md), --secret-config, --checks without secrets, or "
                 "--fail-on none");
  }
}

/* Scans the image of one platform and reports; PASS, GATE, INCOMPLETE, or ERROR. */
static int judge(const ShipArgs *args, const OakumBuilt *built, guint index, GError **error)
{
  const OakumBuildResult *result = built->results->pdata[index];
  const OakumPlatform *platform = built->platforms->pdata[index];
  gboolean several = built->results->len > 1;
  g_auto(OakumScanned) scanned = {.keep = args->keep};
  g_auto(GStrv) allow = oakum_scan_args_licenses(args->scan.license_allow),
                deny = oakum_scan_args_licenses(args->scan.license_deny);
  const OakumExamineOptions options = {.checks = args->checks,
                                       .now = oakum_cli_now(),
                                       .license_allow = (const char *const *)allow,
                                       .license_deny = (const char *const *)deny};
  OakumCatalog *catalog = oakum_examine_image(result->image, args->cache, &options, error);
  scanned.facts = oakum_report_image(result->image);
  if (!catalog ||
      !oakum_cli_scan(catalog, &args->scan, result->layer_lines, &args->gate, &scanned, error))
    return OAKUM_EXIT_ERROR;
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(result->image->manifest);
  g_autofree char *name = oakum_platform_format(platform);
  g_autofree char *target =
      several ? g_strconcat(desc->digest, " ", name, NULL) : g_strdup(desc->digest);
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; args->reports && i < args->reports->len; i++) {
    const char *path = args->reports->pdata[i];
    g_ptr_array_add(paths, several ? report_path(path, platform) : g_strdup(path));
  }
  const OakumReportSubject subject = {target, built->dockerfile->file};
  if (!oakum_cli_report(&scanned, &subject, &args->scan, paths, error))
    return OAKUM_EXIT_ERROR;
  int status = oakum_cli_verdict_status(scanned.verdict);
  if (status != OAKUM_EXIT_PASS)
    oakum_log(OAKUM_LOG_ERROR, "ship: %s%srefused: %s; nothing was delivered", several ? name : "",
              several ? ": " : "",
              scanned.verdict->reasons->len ? (char *)scanned.verdict->reasons->pdata[0]
                                            : "the policy says no");
  tell_way_out(scanned.verdict);
  return status;
}

static int ship(ShipArgs *args, const char *folder, OakumBuilt *built, GError **error)
{
  if (!oakum_scan_args_gate(&args->scan, &args->build.general, "fixable", &args->gate, error) ||
      !oakum_scan_args_checks(&args->scan, &args->checks, error))
    return OAKUM_EXIT_ERROR;
  if (!oakum_cli_check_formats(args->scan.formats, args->reports, error))
    return OAKUM_EXIT_ERROR;
  const GPtrArray *formats = args->scan.formats;
  if (formats && (!args->reports || args->reports->len < formats->len) &&
      strcmp(formats->pdata[formats->len - 1], "table") != 0 &&
      (args->build.platforms &&
       (args->build.platforms->len > 1 || strchr(args->build.platforms->pdata[0], ',')))) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--format %s of several platforms is a file each: name it with --report FILE",
                (const char *)formats->pdata[formats->len - 1]);
    return OAKUM_EXIT_ERROR;
  }
  if (!oakum_cli_parse_dockerfile(&args->build, folder, built, error))
    return OAKUM_EXIT_ERROR;
  oakum_gate_take_stages(&args->gate, built->dockerfile);
  GError *unread = NULL;
  if (!lint_passes(args, built, &unread)) {
    if (!unread)
      return OAKUM_EXIT_GATE;
    g_propagate_error(error, unread);
    return OAKUM_EXIT_ERROR;
  }
  args->build.push |= args->build.tags != NULL; /* what passes goes where it is named */
  args->build.whole = TRUE;                     /* they are scanned */
  args->keep = oakum_store_find_path(args->build.store);
  args->cache = args->build.print_plan ? NULL : oakum_examine_cache_open(args->keep, args->checks);
  g_autoptr(OakumExamineWatch) examine = args->cache ? oakum_examine_watch_new(args->cache) : NULL;
  Watch watch = {{layer_begins, layer_bytes, layer_ends}, examine};
  built->watch = examine ? &watch.watch : NULL;
  gboolean ok = oakum_cli_build(&args->build, folder, built, error);
  built->watch = NULL;
  if (!ok)
    return OAKUM_EXIT_ERROR;
  if (!oakum_built_any(built)) /* --print-plan */
    return OAKUM_EXIT_PASS;
  int status = OAKUM_EXIT_PASS;
  for (guint i = 0; i < built->results->len; i++) {
    int one = judge(args, built, i, error);
    if (one == OAKUM_EXIT_ERROR)
      return one;
    if (status != OAKUM_EXIT_GATE && one != OAKUM_EXIT_PASS)
      status = one;
  }
  tell_counts(args);
  if (status != OAKUM_EXIT_PASS)
    return status;
  /* what the gate refused reaches no cache either */
  return oakum_cli_deliver(&args->build, built, error) &&
                 oakum_cli_caches_tell(&args->build, &built->caches, error)
             ? OAKUM_EXIT_PASS
             : OAKUM_EXIT_ERROR;
}

static int run(int argc, char **argv)
{
  ShipArgs args = {0};
  OakumBuilt built = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_ERROR;
  OakumSeverity severity;
  if (oakum_options_parse(&oakum_cmd_ship, &args, argc, argv, &rest, &error)) {
    if (rest->len != 1)
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "expected one context, got %u; see oakum ship --help", rest->len);
    else if (args.lint && strcmp(args.lint, "none") != 0 &&
             !parse_lint_threshold(args.lint, &severity))
      oakum_cli_takes(&error, "--fail-lint", "error, warning, info, style, none or a severity",
                      args.lint);
    else if (args.build.print_plan ||
             !oakum_cli_enter_userns(args.build.isolation, argc, argv, &status, &error))
      status = ship(&args, rest->pdata[0], &built, &error);
  }
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "ship: %s", error->message);
  if (error && args.build.metadata_file && error->code != OAKUM_ERROR_USAGE)
    oakum_cli_tell_failure(&args.build, &built, error);
  oakum_built_clear(&built);
  oakum_gate_clear(&args.gate);
  oakum_examine_cache_free(args.cache);
  g_free(args.keep);
  oakum_options_clear(&oakum_cmd_ship, &args);
  return status;
}

static const OakumOption own_options[] = {
    {"fail-lint", 0, OAKUM_OPTION_TEXT, offsetof(ShipArgs, lint), "error|warning|info|style|none",
     "lint findings that refuse the build: of this level and worse", "error"},
    {"report", 0, OAKUM_OPTION_LIST, offsetof(ShipArgs, reports), "FILE",
     "write the report there, the first for the first format; of several platforms a file each, "
     "FILE.linux_arm64",
     "standard output"},
    {0}};
static const OakumOptionGroup groups[] = {
    {NULL, NULL, own_options, 0},
    {"Scanning", NULL, oakum_scan_options, offsetof(ShipArgs, scan)},
    OAKUM_POLICY_GROUP(ShipArgs, scan),
    {"Building", NULL, oakum_build_options, offsetof(ShipArgs, build)},
    OAKUM_REGISTRY_GROUP(ShipArgs, build.registry),
    OAKUM_GENERAL_GROUP(ShipArgs, build.general),
    {0}};
static const OakumArgument arguments[] = {
    {"DIR", "a folder, an archive, - for standard input, or the URL of a repository or archive"},
    {0}};

const OakumCommand oakum_cmd_ship = {
    .builds = TRUE,
    .name = "ship",
    .summary = "lint, build, scan, gate, deliver: nothing that fails the gate leaves",
    .about = "Exit status: 0 delivered, 1 error, 2 refused, 3 something could not be judged; then "
             "nothing "
             "is delivered.",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(ShipArgs),
    .examples = "oakum ship --db adv.db --output oci:out:v1 .\n"
                "oakum ship --db adv.db --fail-on high -t registry.example/app:v1 .\n"
                "oakum ship --db adv.db --policy policy.yaml -t registry.example/app:v1 .\n"
                "oakum ship --report result.json --format json -o docker-archive:app.tar .\n",
    .run = run,
};
