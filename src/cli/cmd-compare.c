#include "cli/side.h"
#include "report/compare.h"

typedef struct {
  char *db, *format, *file, *platform, *store;
  GPtrArray *vex;
  gboolean no_cache;
  OakumRegistryArgs registry;
  OakumGeneralArgs general;
} CompareArgs;

typedef struct {
  const CompareArgs *args;
  OakumPlatform platform;
  OakumStore *store;
  OakumExamineCache *cache;
  char *keep; /* folder of the store; NULL: nothing is kept */
} Compare;

/* What could not be judged in one of them could be what differs. */
static guint not_judged(const OakumSide *side)
{
  guint n = 0;
  for (guint i = 0; i < side->result.findings->len; i++)
    n += ((const OakumFinding *)side->result.findings->pdata[i])->kind == OAKUM_FINDING_INCOMPLETE;
  return n;
}

static int compare(const Compare *c, const char *a, const char *b, GError **error)
{
  g_auto(OakumSide) old = {.saved = NULL}, new = {.saved = NULL};
  const CompareArgs *args = c->args;
  const OakumSideContext context = {args->db, args->vex, &c->platform,   c->store,
                                    c->cache, c->keep,   &args->registry};
  int status = OAKUM_EXIT_ERROR;
  if (oakum_side_load(&context, a, &old, error) && oakum_side_load(&context, b, &new, error)) {
    g_autoptr(OakumComparison) comparison = oakum_comparison_new(&old.result, &new.result);
    g_autofree char *text =
        oakum_comparison_write(comparison, c->args->format ? c->args->format : "table", error);
    guint unknown = not_judged(&old) + not_judged(&new);
    if (text && oakum_cli_put_text(text, c->args->file, error))
      status = unknown ? OAKUM_EXIT_INCOMPLETE : OAKUM_EXIT_PASS;
    if (unknown)
      oakum_warn("%u things in the two could not be judged: what differs there is not known",
                 unknown);
  }
  return status;
}

static int run(int argc, char **argv)
{
  CompareArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  Compare c = {.args = &args};
  g_auto(GStrv) known = g_strsplit(OAKUM_COMPARE_FORMATS, "|", -1);
  const char *const *formats = (const char *const *)known;
  int status = OAKUM_EXIT_ERROR;
  gboolean ok = oakum_options_parse(&oakum_cmd_compare, &args, argc, argv, &rest, &error);
  if (ok && rest->len != 2) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected two images or saved results; see oakum compare --help");
    ok = FALSE;
  }
  if (ok && args.format && !g_strv_contains(formats, args.format))
    ok = oakum_cli_takes(&error, "--format", OAKUM_COMPARE_FORMATS, args.format);
  if (ok && args.platform)
    ok = oakum_platform_parse(args.platform, &c.platform, &error);
  else if (ok)
    oakum_platform_host(&c.platform);
  c.store = ok && args.store ? oakum_store_open(args.store, &error) : NULL;
  if (ok && !error) {
    c.keep = args.no_cache ? NULL : oakum_store_find_path(args.store);
    c.cache = c.keep ? oakum_examine_cache_open(c.keep, OAKUM_CHECK_ALL) : NULL;
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
