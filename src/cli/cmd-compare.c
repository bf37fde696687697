#include "cli/scan-common.h"
#include "os/os.h"
#include "report/compare.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *db, *format, *file, *platform, *store;
  GPtrArray *vex;
  gboolean no_cache;
  OakumRegistryArgs registry;
  OakumGeneralArgs general;
} CompareArgs;

/* One of the two, scanned or read. */
typedef struct {
  OakumScanned scanned;
  OakumSavedResult *saved;
  OakumResult result;
} Side;

typedef struct {
  const CompareArgs *args;
  OakumPlatform platform;
  OakumStore *store;
  OakumExamineCache *cache;
  char *keep; /* folder of the store; NULL: nothing is kept */
} Compare;

/* A file that begins as JSON does; everything else is an image argument. */
static gboolean is_result(const char *path)
{
  struct stat st;
  char start[64];
  OAKUM_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
    return FALSE;
  ssize_t n = read(fd, start, sizeof(start));
  ssize_t at = 0;
  while (at < n && g_ascii_isspace(start[at]))
    at++;
  return at < n && start[at] == '{';
}

static gboolean load(const Compare *c, const char *text, Side *side, GError **error)
{
  if (is_result(text)) {
    g_autofree char *data = NULL;
    size_t len;
    if (!oakum_file_read(text, OAKUM_RESULT_FILE_MAX, &data, &len, error) ||
        !(side->saved = oakum_report_read(data, len, text, error)))
      return FALSE;
    side->result = side->saved->result;
    return TRUE;
  }
  const CompareArgs *args = c->args;
  side->scanned.keep = c->keep;
  /* borrowed; old advisories are as old for both */
  const OakumScanArgs scan = {.db = args->db, .vex = args->vex, .max_age = (char *)"0"};
  g_auto(OakumGate) none = {.policy = oakum_policy_new()};
  g_autoptr(OakumImageArg) arg = oakum_image_arg_parse(text, error);
  OakumCatalog *catalog =
      arg && oakum_image_arg_take_stdin(arg, error)
          ? oakum_image_arg_examine(arg, &c->platform, c->store, c->cache, &args->registry,
                                    &side->scanned.facts, error)
          : NULL;
  if (!catalog || !oakum_cli_scan(catalog, &scan, NULL, &none, &side->scanned, error))
    return FALSE;
  side->result = oakum_scanned_result(&side->scanned, &(OakumReportSubject){.target = text});
  return TRUE;
}

static void side_clear(Side *side)
{
  oakum_scanned_clear(&side->scanned);
  oakum_saved_result_free(side->saved);
}

/* What could not be judged in one of them could be what differs. */
static guint not_judged(const Side *side)
{
  guint n = 0;
  for (guint i = 0; i < side->result.findings->len; i++)
    n += ((const OakumFinding *)side->result.findings->pdata[i])->kind == OAKUM_FINDING_INCOMPLETE;
  return n;
}

static int compare(const Compare *c, const char *a, const char *b, GError **error)
{
  Side sides[2] = {{.saved = NULL}, {.saved = NULL}};
  int status = OAKUM_EXIT_ERROR;
  if (load(c, a, &sides[0], error) && load(c, b, &sides[1], error)) {
    g_autoptr(OakumComparison) comparison =
        oakum_comparison_new(&sides[0].result, &sides[1].result);
    g_autofree char *text =
        oakum_comparison_write(comparison, c->args->format ? c->args->format : "table", error);
    guint unknown = not_judged(&sides[0]) + not_judged(&sides[1]);
    if (text && oakum_cli_put_text(text, c->args->file, error))
      status = unknown ? OAKUM_EXIT_INCOMPLETE : OAKUM_EXIT_PASS;
    if (unknown)
      oakum_warn("%u things in the two could not be judged: what differs there is not known",
                 unknown);
  }
  side_clear(&sides[0]);
  side_clear(&sides[1]);
  return status;
}

static int run(int argc, char **argv)
{
  CompareArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  Compare c = {.args = &args};
  int status = OAKUM_EXIT_ERROR;
  gboolean ok = oakum_options_parse(&oakum_cmd_compare, &args, argc, argv, &rest, &error);
  if (ok && rest->len != 2) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected two images or saved results; see oakum compare --help");
    ok = FALSE;
  }
  if (ok && args.platform)
    ok = oakum_platform_parse(args.platform, &c.platform, &error);
  else if (ok)
    oakum_platform_host(&c.platform);
  c.store = ok && args.store ? oakum_store_open(args.store, &error) : NULL;
  if (ok && !error) {
    c.keep = args.no_cache ? NULL : oakum_store_find_path(args.store);
    c.cache = c.keep ? oakum_examine_cache_open(c.keep) : NULL;
    status = compare(&c, rest->pdata[0], rest->pdata[1], &error);
  }
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "compare: %s", error->message);
  oakum_examine_cache_free(c.cache);
  oakum_store_free(c.store);
  g_free(c.keep);
  oakum_platform_clear(&c.platform);
  oakum_options_clear(&oakum_cmd_compare, &args);
  return status;
}

#define AT(field) offsetof(CompareArgs, field)
static const OakumOption options[] = {
    {"format", 0, OAKUM_OPTION_TEXT, AT(format), OAKUM_COMPARE_FORMATS, "format of the report",
     "table"},
    {"output", 'o', OAKUM_OPTION_TEXT, AT(file), "FILE", "write the report there",
     "standard output"},
    {"db", 0, OAKUM_OPTION_TEXT, AT(db), "FILE", "advisory database",
     "the snapshot inside the program"},
    {"vex", 0, OAKUM_OPTION_LIST, AT(vex), "FILE",
     "statements of what does not matter (OpenVEX, CSAF, CycloneDX)", "none"},
    {"platform", 0, OAKUM_OPTION_TEXT, AT(platform), "OS/ARCH", "which image of an index",
     "that of this machine"},
    {"store", 0, OAKUM_OPTION_TEXT, AT(store), "DIR",
     "keep what is pulled in this store of blobs, and take it from there", "nothing is kept"},
    {"no-cache", 0, OAKUM_OPTION_FLAG, AT(no_cache), NULL,
     "read every layer, also one whose packages are known from before, and keep nothing of it"},
    {0}};
static const OakumOptionGroup groups[] = {{NULL, NULL, options, 0},
                                          OAKUM_REGISTRY_GROUP(CompareArgs, registry),
                                          OAKUM_GENERAL_GROUP(CompareArgs, general),
                                          {0}};
static const OakumArgument arguments[] = {
    {"OLD", "an image as oakum scan takes it, or a saved result (JSON of scan or ship)"},
    {"NEW", "the same"},
    {0}};

const OakumCommand oakum_cmd_compare = {
    .name = "compare",
    .summary = "show what differs between two images: size, packages, holes, settings",
    .about = "Exit status: 0 compared, 1 error, 3 something in one of them could not be judged.",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(CompareArgs),
    .examples = "oakum compare --db adv.db debian:11 debian:12\n"
                "oakum compare --format json before.json docker-archive:app.tar\n",
    .run = run,
};
