#include "cli/scan-common.h"
#include <stdio.h>

static int run(int argc, char **argv)
{
  g_autofree char *db = NULL, *format = NULL, *file = NULL, *fail_on = NULL, *platform_text = NULL,
                  *store_path = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  const OakumOption options[] = {{"db", 0, OAKUM_OPTION_TEXT, &db},
                                 {"format", 0, OAKUM_OPTION_TEXT, &format},
                                 {"output", 'o', OAKUM_OPTION_TEXT, &file},
                                 {"fail-on", 0, OAKUM_OPTION_TEXT, &fail_on},
                                 {"platform", 0, OAKUM_OPTION_TEXT, &platform_text},
                                 {"store", 0, OAKUM_OPTION_TEXT, &store_path},
                                 {0}};
  OakumPolicy policy = {0};
  OakumPlatform platform = {0};
  OakumScanned scanned = {0};
  int status = OAKUM_EXIT_ERROR;
  gboolean ok = oakum_options_parse(options, argc, argv, &rest, &error);
  if (ok && rest->len != 1) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected one image argument; see oakum scan --help");
    ok = FALSE;
  }
  if (ok && !oakum_policy_parse(fail_on ? fail_on : "none", &policy)) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--fail-on takes fixable, none, or a severity");
    ok = FALSE;
  }
  if (ok && platform_text)
    ok = oakum_platform_parse(platform_text, &platform, &error);
  else if (ok)
    oakum_platform_host(&platform);
  g_autoptr(OakumImageArg) arg = ok ? oakum_image_arg_parse(rest->pdata[0], &error) : NULL;
  g_autoptr(OakumView) view =
      arg ? oakum_image_arg_view(arg, &platform, NULL, oakum_catalog_wanted, NULL, &error) : NULL;
  if (view && oakum_cli_scan(view, db, NULL, &policy, &scanned, &error) &&
      oakum_cli_report(&scanned, arg->text, format, file, &error))
    status = oakum_cli_verdict_status(scanned.verdict);
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "scan: %s", error->message);
  oakum_scanned_clear(&scanned);
  oakum_platform_clear(&platform);
  return status;
}

const OakumCommand oakum_cmd_scan = {
    .name = "scan",
    .summary = "find the packages of an image and their known holes",
    .usage = "IMAGE-ARG [--db FILE] [--format table|json] [-o FILE] [--fail-on "
             "SEVERITY|fixable|none] [--platform OS/ARCH]\n\n"
             "Exit status: 0 pass, 1 error, 2 the policy refuses, 3 something could not be judged.",
    .examples = "  oakum scan --db adv.db rootfs:/\n"
                "  oakum scan --db adv.db --format json -o result.json docker-archive:app.tar\n",
    .run = run,
};
