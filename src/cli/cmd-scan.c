#include "cli/scan-common.h"
#include <stdio.h>

typedef struct {
  OakumScanArgs scan;
  char *file, *platform, *store;
  OakumRegistryArgs registry;
  OakumGeneralArgs general;
} ScanArgs;

static int run(int argc, char **argv)
{
  ScanArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  OakumPolicy policy = {0};
  OakumPlatform platform = {0};
  OakumScanned scanned = {0};
  int status = OAKUM_EXIT_ERROR;
  gboolean ok = oakum_options_parse(&oakum_cmd_scan, &args, argc, argv, &rest, &error);
  if (ok && rest->len != 1) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected one image argument; see oakum scan --help");
    ok = FALSE;
  }
  ok = ok && oakum_scan_args_policy(&args.scan, "none", &policy, &error);
  if (ok && args.platform)
    ok = oakum_platform_parse(args.platform, &platform, &error);
  else if (ok)
    oakum_platform_host(&platform);
  g_autoptr(OakumImageArg) arg = ok ? oakum_image_arg_parse(rest->pdata[0], &error) : NULL;
  g_autoptr(OakumStore) store = arg && args.store ? oakum_store_open(args.store, &error) : NULL;
  g_autoptr(OakumCatalog) catalog =
      arg && !error ? oakum_image_arg_examine(arg, &platform, store, &args.registry, &error) : NULL;
  if (catalog &&
      oakum_cli_scan(g_steal_pointer(&catalog), &args.scan, NULL, &policy, &scanned, &error) &&
      oakum_cli_report(&scanned, arg->text, &args.scan, args.file, &error))
    status = oakum_cli_verdict_status(scanned.verdict);
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "scan: %s", error->message);
  oakum_scanned_clear(&scanned);
  oakum_platform_clear(&platform);
  oakum_options_clear(&oakum_cmd_scan, &args);
  return status;
}

static const OakumOption own_options[] = {
    {"output", 'o', OAKUM_OPTION_TEXT, offsetof(ScanArgs, file), "FILE", "write the report there",
     "standard output"},
    {"platform", 0, OAKUM_OPTION_TEXT, offsetof(ScanArgs, platform), "OS/ARCH",
     "which image of an index", "that of this machine"},
    {"store", 0, OAKUM_OPTION_TEXT, offsetof(ScanArgs, store), "DIR",
     "keep what is pulled in this store of blobs, and take it from there", "nothing is kept"},
    {0}};
static const OakumOptionGroup groups[] = {
    {NULL, NULL, own_options, 0},
    {"Scanning", NULL, oakum_scan_options, offsetof(ScanArgs, scan)},
    OAKUM_REGISTRY_GROUP(ScanArgs, registry),
    OAKUM_GENERAL_GROUP(ScanArgs, general),
    {0}};
static const OakumArgument arguments[] = {
    {"IMAGE",
     "registry/name:tag, docker-archive:FILE[:NAME], oci:DIR[:TAG], oci-archive:FILE[:TAG], "
     "rootfs:DIR or rootfs:FILE"},
    {0}};

const OakumCommand oakum_cmd_scan = {
    .name = "scan",
    .summary = "find the packages of an image and their known holes",
    .about = "Exit status: 0 pass, 1 error, 2 the policy refuses, 3 something could not be judged.",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(ScanArgs),
    .examples = "oakum scan --db adv.db rootfs:/\n"
                "oakum scan --db adv.db --format json -o result.json docker-archive:app.tar\n",
    .run = run,
};
