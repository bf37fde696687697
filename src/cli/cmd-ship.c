#include "cli/build-common.h"
#include "cli/scan-common.h"
#include "lint/lint.h"
#include <stdio.h>
#include <string.h>

typedef struct {
  OakumBuildArgs build;
  char *db, *fail_on, *format, *report, *lint;
  OakumPolicy policy;
} ShipArgs;

/* Whether lint lets the build begin: --fail-lint SEVERITY. */
static gboolean lint_passes(const ShipArgs *args, const OakumBuilt *built)
{
  OakumSeverity threshold = OAKUM_SEVERITY_CRITICAL;
  g_autoptr(GPtrArray) findings = oakum_lint_run(built->dockerfile);
  guint over = 0;
  oakum_cli_print_lint(findings, stderr);
  gboolean never = args->lint && strcmp(args->lint, "none") == 0;
  if (args->lint && !never)
    (void)!oakum_severity_parse(args->lint, &threshold);
  for (guint i = 0; i < findings->len; i++)
    over += ((const OakumFinding *)findings->pdata[i])->severity >= threshold;
  if (over > 0 && !never)
    oakum_log(OAKUM_LOG_ERROR, "ship: refused: %u lint findings are %s or worse; nothing was built",
              over, oakum_severity_name(threshold));
  return over == 0 || never;
}

static int ship(ShipArgs *args, const char *folder, OakumBuilt *built, OakumScanned *scanned,
                GError **error)
{
  if (!oakum_policy_parse(args->fail_on ? args->fail_on : "fixable", &args->policy)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--fail-on takes fixable, none, or a severity");
    return OAKUM_EXIT_ERROR;
  }
  if (!oakum_cli_parse_dockerfile(&args->build, folder, built, error))
    return OAKUM_EXIT_ERROR;
  if (!lint_passes(args, built))
    return OAKUM_EXIT_GATE;
  if (!oakum_cli_build(&args->build, folder, built, error))
    return OAKUM_EXIT_ERROR;
  if (!built->result) /* --print-plan */
    return OAKUM_EXIT_PASS;
  g_autoptr(OakumView) view =
      oakum_image_view(built->result->image, oakum_catalog_wanted, NULL, error);
  if (!view ||
      !oakum_cli_scan(view, args->db, built->result->layer_lines, &args->policy, scanned, error))
    return OAKUM_EXIT_ERROR;
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(built->result->image->manifest);
  if (!oakum_cli_report(scanned, desc->digest, args->format, args->report, error))
    return OAKUM_EXIT_ERROR;
  int status = oakum_cli_verdict_status(scanned->verdict);
  if (status != OAKUM_EXIT_PASS) {
    oakum_log(OAKUM_LOG_ERROR, "ship: refused: %s; nothing was delivered",
              scanned->verdict->reasons->len ? (char *)scanned->verdict->reasons->pdata[0]
                                             : "the policy says no");
    return status;
  }
  return oakum_cli_deliver(&args->build, built, error) ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

static int run(int argc, char **argv)
{
  ShipArgs args = {0};
  OakumBuilt built = {0};
  OakumScanned scanned = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  const OakumOption options[] = {OAKUM_BUILD_OPTIONS(&args.build),
                                 {"db", 0, OAKUM_OPTION_TEXT, &args.db},
                                 {"fail-on", 0, OAKUM_OPTION_TEXT, &args.fail_on},
                                 {"fail-lint", 0, OAKUM_OPTION_TEXT, &args.lint},
                                 {"format", 0, OAKUM_OPTION_TEXT, &args.format},
                                 {"report", 0, OAKUM_OPTION_TEXT, &args.report},
                                 {0}};
  int status = OAKUM_EXIT_ERROR;
  OakumSeverity severity;
  if (oakum_options_parse(options, argc, argv, &rest, &error)) {
    if (rest->len != 1)
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "expected one context folder, got %u; see oakum ship --help", rest->len);
    else if (args.lint && strcmp(args.lint, "none") != 0 &&
             !oakum_severity_parse(args.lint, &severity))
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "--fail-lint takes none or a severity");
    else if (args.build.print_plan ||
             !oakum_cli_enter_userns(args.build.isolation, argc, argv, &status, &error))
      status = ship(&args, rest->pdata[0], &built, &scanned, &error);
  }
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "ship: %s", error->message);
  oakum_scanned_clear(&scanned);
  oakum_built_clear(&built);
  oakum_build_args_clear(&args.build);
  char *texts[] = {args.db, args.fail_on, args.format, args.report, args.lint};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  return status;
}

const OakumCommand oakum_cmd_ship = {
    .name = "ship",
    .summary = "lint, build, scan, gate, deliver: nothing that fails the gate leaves",
    .usage = "[-f FILE] [--context DIR] [--output IMAGE-ARG]... [--db FILE] [--fail-on "
             "SEVERITY|fixable|none]\n"
             "                  [--fail-lint SEVERITY|none] [--format table|json] [--report FILE] "
             "[options of build] DIR\n\n"
             "Exit status: 0 delivered, 1 error, 2 refused, 3 something could not be judged; then "
             "nothing is delivered.",
    .examples = "  oakum ship --db adv.db --output oci:out:v1 .\n"
                "  oakum ship --db adv.db --fail-on high --report result.json --format json "
                "--output docker-archive:app.tar .\n",
    .run = run,
};
