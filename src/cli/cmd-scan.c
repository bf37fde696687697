#include "cli/advise.h"
#include "cli/attached.h"
#include "cli/scan-common.h"
#include <stdio.h>
#include <string.h>

typedef struct {
  OakumScanArgs scan;
  char *platform, *store, *sbom_source;
  GPtrArray *files;
  gboolean no_cache;
  OakumAdviseArgs advise;
  OakumRegistryArgs registry;
  OakumGeneralArgs general;
} ScanArgs;

/* What all images of one call share. */
typedef struct {
  const ScanArgs *args;
  OakumGate gate;
  OakumPlatform platform;
  guint checks; /* OakumChecks */
  OakumStore *store;
  OakumExamineCache *cache;
  char *keep;       /* where that is; NULL: nothing is kept */
  guint count;      /* of images */
  GString *summary; /* a line each */
} Scan;

/* "result.json" is "result.2.json" for the second of several images. */
static char *report_path(const char *path, guint number)
{
  const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
  g_autofree char *head = dot ? g_strndup(path, (gsize)(dot - path)) : g_strdup(path);
  return g_strdup_printf("%s.%u%s", head, number, dot ? dot : "");
}

static GPtrArray *report_paths(const Scan *scan, guint number)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; scan->args->files && i < scan->args->files->len; i++) {
    const char *path = scan->args->files->pdata[i];
    g_ptr_array_add(paths, scan->count == 1 ? g_strdup(path) : report_path(path, number));
  }
  return paths;
}

static void summarize(Scan *scan, const char *image, const OakumScanned *scanned)
{
  static const char *const words[] = {[OAKUM_EXIT_PASS] = "pass",
                                      [OAKUM_EXIT_ERROR] = "error",
                                      [OAKUM_EXIT_GATE] = "refused",
                                      [OAKUM_EXIT_INCOMPLETE] = "unknown"};
  g_autofree char *shown = oakum_escape_terminal(image, -1);
  if (!scanned) {
    g_string_append_printf(scan->summary, "error    %s\n", shown);
    return;
  }
  guint holes = 0, fixable = 0, unknown = 0;
  for (guint i = 0; i < scanned->findings->len; i++) {
    const OakumFinding *finding = scanned->findings->pdata[i];
    holes += finding->kind == OAKUM_FINDING_VULNERABILITY;
    fixable += finding->kind == OAKUM_FINDING_VULNERABILITY && finding->fixed;
    unknown += finding->kind == OAKUM_FINDING_INCOMPLETE;
  }
  g_string_append_printf(scan->summary,
                         "%-8s %s: %u packages, %u holes, %u of them with a fix, %u not judged\n",
                         words[oakum_cli_verdict_status(scanned->verdict)], shown,
                         scanned->catalog->packages->len, holes, fixable, unknown);
}

/* The first of the attached documents that lists packages; NULL: none does. */
static OakumCatalog *attached_catalog(const GPtrArray *attached)
{
  for (guint i = 0; attached && i < attached->len; i++) {
    const OakumAttached *one = attached->pdata[i];
    if (!(one->kinds & OAKUM_ATTACHED_SBOM))
      continue;
    g_autoptr(GError) error = NULL;
    g_autoptr(OakumCatalog) catalog =
        oakum_sbom_text_examine(one->text, one->len, one->from, &error);
    if (!catalog)
      oakum_warn("%s", error->message);
    if (!catalog || catalog->packages->len == 0)
      continue;
    oakum_info("bill of materials %s: the layers are not read", one->from);
    return g_steal_pointer(&catalog);
  }
  return NULL;
}

/* What is in the image: by a bill of materials beside it when one is asked for and there, else by
 * its layers. */
static OakumCatalog *examine(const Scan *scan, const OakumImageArg *arg, OakumScanned *scanned,
                             GError **error)
{
  const ScanArgs *args = scan->args;
  gboolean bill = g_strcmp0(args->sbom_source, "attached") == 0,
           vex = oakum_scan_args_vex_from(&args->scan, "attached"),
           pulled = arg->kind == OAKUM_ARG_REGISTRY;
  if ((bill || vex) && pulled &&
      !(scanned->attached =
            oakum_attached_find(arg->text, &scan->platform, &args->registry, error)))
    return NULL;
  OakumCatalog *catalog = bill ? attached_catalog(scanned->attached) : NULL;
  if (bill && !catalog)
    oakum_info("%s: no bill of materials is attached; its layers are read", arg->text);
  g_auto(GStrv) allow = oakum_scan_args_licenses(args->scan.license_allow),
                deny = oakum_scan_args_licenses(args->scan.license_deny);
  const OakumExamineOptions options = {.checks = scan->checks,
                                       .target = arg->text,
                                       .now = oakum_cli_now(),
                                       .license_allow = (const char *const *)allow,
                                       .license_deny = (const char *const *)deny};
  return catalog ? catalog
                 : oakum_image_arg_examine(arg, &scan->platform, scan->store, scan->cache,
                                           &args->registry, &options, &scanned->facts, error);
}

/* The reports; with --advise what to do about it, in place of one. */
static gboolean tell(const Scan *scan, const OakumScanned *scanned, const char *target,
                     const GPtrArray *paths, GError **error)
{
  const ScanArgs *args = scan->args;
  const OakumReportSubject subject = {.target = target};
  if (!args->advise.advise)
    return oakum_cli_report(scanned, &subject, &args->scan, paths, error);
  const OakumSideContext context = {args->scan.db, args->scan.vex, &scan->platform, scan->store,
                                    scan->cache,   scan->keep,     &args->registry};
  const OakumResult result = oakum_scanned_result(scanned, &subject);
  return oakum_cli_advise(&args->advise, &context, &result,
                          args->scan.formats ? args->scan.formats->pdata[0] : NULL,
                          paths->len > 0 ? paths->pdata[0] : NULL, error);
}

static int scan_one(Scan *scan, const char *text, guint number)
{
  g_autoptr(GError) error = NULL;
  g_auto(OakumScanned) scanned = {.keep = scan->keep};
  const ScanArgs *args = scan->args;
  int status = OAKUM_EXIT_ERROR;
  g_autoptr(OakumImageArg) arg = oakum_image_arg_parse(text, &error);
  g_autoptr(GPtrArray) paths = report_paths(scan, number);
  OakumCatalog *catalog =
      arg && oakum_image_arg_take_stdin(arg, &error) ? examine(scan, arg, &scanned, &error) : NULL;
  scanned.named = text;
  scanned.image = arg && arg->kind == OAKUM_ARG_REGISTRY ? arg->text : NULL;
  if (catalog && oakum_cli_scan(catalog, &args->scan, NULL, &scan->gate, &scanned, &error) &&
      tell(scan, &scanned, arg->text, paths, &error))
    status = oakum_cli_verdict_status(scanned.verdict);
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "scan: %s", error->message);
  summarize(scan, text, status == OAKUM_EXIT_ERROR ? NULL : &scanned);
  return status;
}

/* The worst of all counts: an error, then a refusal, then what could not be judged. */
static int worse(int a, int b)
{
  static const int order[] = {OAKUM_EXIT_ERROR, OAKUM_EXIT_GATE, OAKUM_EXIT_INCOMPLETE};
  for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
    if (a == order[i] || b == order[i])
      return order[i];
  return OAKUM_EXIT_PASS;
}

/* Reports for programs stay alone on standard output. */
static void show_summary(const Scan *scan)
{
  const GPtrArray *formats = scan->args->scan.formats, *files = scan->args->files;
  if (scan->count == 1)
    return;
  guint to_files = files ? files->len : 0;
  gboolean table = to_files == 0 && (!formats || strcmp(formats->pdata[0], "table") == 0);
  if (formats && to_files > 0 && to_files < formats->len)
    table = strcmp(formats->pdata[to_files], "table") == 0;
  fprintf(table ? stdout : stderr, "%s%u images\n%s", table ? "\n" : "", scan->count,
          scan->summary->str);
}

static int run(int argc, char **argv)
{
  ScanArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  Scan scan = {.args = &args};
  int status = OAKUM_EXIT_ERROR;
  gboolean ok = oakum_options_parse(&oakum_cmd_scan, &args, argc, argv, &rest, &error);
  if (ok && rest->len == 0) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected an image argument; see oakum scan --help");
    ok = FALSE;
  }
  if (ok && args.sbom_source && strcmp(args.sbom_source, "layers") != 0 &&
      strcmp(args.sbom_source, "attached") != 0)
    ok = oakum_cli_takes(&error, "--sbom-source", "layers|attached", args.sbom_source);
  ok = ok && oakum_scan_args_gate(&args.scan, &args.general, "none", &scan.gate, &error) &&
       oakum_scan_args_checks(&args.scan, &scan.checks, &error) &&
       (args.advise.advise || oakum_cli_check_formats(args.scan.formats, args.files, &error));
  if (ok && !args.advise.advise && (args.advise.dockerfile || args.advise.candidates)) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--dockerfile and --candidate are for --advise");
    ok = FALSE;
  }
  if (ok && args.advise.advise &&
      ((args.scan.formats && args.scan.formats->len > 1) || (args.files && args.files->len > 1))) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--advise takes one --format and one --output");
    ok = FALSE;
  }
  if (ok && args.platform)
    ok = oakum_platform_parse(args.platform, &scan.platform, &error);
  else if (ok)
    oakum_platform_host(&scan.platform);
  scan.store = ok && args.store ? oakum_store_open(args.store, &error) : NULL;
  if (ok && !error) {
    scan.keep = args.no_cache ? NULL : oakum_store_find_path(args.store);
    scan.cache = scan.keep ? oakum_examine_cache_open(scan.keep, scan.checks) : NULL;
    scan.count = rest->len;
    scan.summary = g_string_new(NULL);
    status = OAKUM_EXIT_PASS;
    for (guint i = 0; i < rest->len; i++)
      status = worse(status, scan_one(&scan, rest->pdata[i], i + 1));
    show_summary(&scan);
    g_string_free(scan.summary, TRUE);
  }
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "scan: %s", error->message);
  oakum_gate_clear(&scan.gate);
  oakum_examine_cache_free(scan.cache);
  g_free(scan.keep);
  oakum_store_free(scan.store);
  oakum_platform_clear(&scan.platform);
  oakum_options_clear(&oakum_cmd_scan, &args);
  return status;
}

static const OakumOption own_options[] = {
    {"output", 'o', OAKUM_OPTION_LIST, offsetof(ScanArgs, files), "FILE",
     "where the report goes; the first one belongs to the first format, and so on; of several "
     "images FILE.1, FILE.2 and so on, with the ending kept",
     "standard output"},
    {"platform", 0, OAKUM_OPTION_TEXT, offsetof(ScanArgs, platform), "OS/ARCH",
     "which image of an index", "that of this machine"},
    {"store", 0, OAKUM_OPTION_TEXT, offsetof(ScanArgs, store), "DIR",
     "keep what is pulled in this store of blobs, and take it from there", "nothing is kept"},
    {"sbom-source", 0, OAKUM_OPTION_TEXT, offsetof(ScanArgs, sbom_source), "layers|attached",
     "what says which packages are there: the layers, or a bill of materials that is attached to "
     "the image in its registry; where none is, the layers",
     "layers"},
    {"no-cache", 0, OAKUM_OPTION_FLAG, offsetof(ScanArgs, no_cache), NULL,
     "read every layer, also one whose packages are known from before, and keep nothing of it"},
    {0}};
static const OakumOptionGroup groups[] = {
    {NULL, NULL, own_options, 0},
    {"Scanning", NULL, oakum_scan_options, offsetof(ScanArgs, scan)},
    OAKUM_POLICY_GROUP(ScanArgs, scan),
    {"Advice", NULL, oakum_advise_options, offsetof(ScanArgs, advise)},
    OAKUM_REGISTRY_GROUP(ScanArgs, registry),
    OAKUM_GENERAL_GROUP(ScanArgs, general),
    {0}};
static const OakumArgument arguments[] = {
    {"IMAGE...",
     "registry/name:tag, docker-archive:FILE[:NAME], oci:DIR[:TAG], oci-archive:FILE[:TAG], "
     "rootfs:DIR, rootfs:FILE or sbom:FILE; FILE may be -, standard input"},
    {0}};

const OakumCommand oakum_cmd_scan = {
    .name = "scan",
    .summary = "find the packages of an image and their known holes",
    .about = "Exit status: 0 pass, 1 error, 2 the policy refuses, 3 something could not be judged.",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(ScanArgs),
    .examples = "oakum scan --db adv.db rootfs:/\n"
                "oakum scan --db adv.db --format json -o result.json docker-archive:app.tar\n"
                "oakum scan --db adv.db --format sarif -o scan.sarif --format table app:v1\n"
                "oakum scan --db adv.db --advise --candidate debian:12-slim app:v1\n"
                "oakum scan --db adv.db --policy policy.yaml --baseline main.json app:v1\n"
                "oakum scan --db adv.db --preset default --ignore-file .trivyignore app:v1\n",
    .run = run,
};
