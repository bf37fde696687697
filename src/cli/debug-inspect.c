#include "cli/cli.h"
#include "cli/scan-common.h"
#include "catalog/catalog.h"
#include "inspect/inspect.h"
#include <stdio.h>

typedef struct {
  char *target;
  GPtrArray *allow, *deny;
} Args;

static void print(const char *image, const OakumFinding *finding)
{
  json_t *object = json_object();
  oakum_json_set(object, "image", image);
  oakum_json_set(object, "kind", oakum_finding_kind_name(finding->kind));
  oakum_json_set(object, "id", finding->id);
  oakum_json_set(object, "severity", oakum_severity_name(finding->severity));
  oakum_json_set(object, "title", finding->title);
  oakum_json_set(object, "why", finding->why);
  oakum_json_set(object, "file", finding->file);
  oakum_json_set(object, "package", finding->package_name);
  oakum_json_set(object, "code", finding->code);
  oakum_json_set(object, "category", finding->category);
  oakum_json_set(object, "match", finding->match);
  oakum_json_set(object, "fix", finding->fix);
  json_object_set_new(object, "layer", json_integer(finding->layer_index));
  char *text = json_dumps(object, JSON_COMPACT);
  puts(text);
  free(text);
  json_decref(object);
}

/* In this process, unlike a scan. */
static gboolean inspect(const char *text, const Args *args, OakumStore *store, GError **error)
{
  const OakumInspectOptions looks = {.checks = OAKUM_CHECK_ALL & ~(guint)OAKUM_CHECK_HOLES};
  g_autoptr(OakumImageArg) arg = oakum_image_arg_parse(text, error);
  OakumPlatform platform;
  oakum_platform_host(&platform);
  g_autoptr(OakumImage) image =
      arg ? oakum_image_arg_open(arg, &platform, store, NULL, error) : NULL;
  oakum_platform_clear(&platform);
  if (!image)
    return FALSE;
  g_autoptr(OakumInspector) inspector = oakum_inspector_new(&looks);
  g_autoptr(GPtrArray) layers =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_layer_notes_free);
  g_autoptr(GPtrArray) digests = g_ptr_array_new();
  uint8_t key[OAKUM_HASH_KEY];
  oakum_random(key, sizeof(key));
  for (guint i = 0; i < image->manifest->layers->len; i++) {
    const OakumPassOptions options = {
        .key = key, .spool = -1, .lowest = i == 0, .observer = oakum_inspector_observer(inspector)};
    OakumReader *reader = oakum_image_open_layer(image, i, error);
    OakumLayerNotes *notes = reader ? oakum_catalog_read_tar(reader, &options, error) : NULL;
    if (!notes)
      return FALSE;
    g_ptr_array_add(layers, notes);
    g_ptr_array_add(digests, ((OakumDescriptor *)image->manifest->layers->pdata[i])->digest);
  }
  g_ptr_array_add(digests, NULL);
  g_autoptr(OakumCatalog) catalog =
      oakum_catalog_merge(layers, (const char *const *)digests->pdata);
  oakum_catalog_take_image(catalog, image);
  int base = 0;
  while ((guint)base < catalog->layers->len &&
         ((OakumLayerOrigin *)catalog->layers->pdata[base])->base)
    base++;
  g_auto(GStrv) allow = oakum_scan_args_licenses(args->allow),
                deny = oakum_scan_args_licenses(args->deny);
  const OakumInspectImage whole = {.config = image->config,
                                   .manifest = image->manifest,
                                   .target = args->target,
                                   .now = oakum_cli_now(),
                                   .base_layers = base > 0 ? base : -1,
                                   .packages = catalog->packages,
                                   .license_allow = (const char *const *)allow,
                                   .license_deny = (const char *const *)deny};
  oakum_inspect_image(&whole, looks.checks, catalog->observed);
  oakum_inspect_dates(&whole, looks.checks, catalog->observed);
  g_ptr_array_sort(catalog->observed, oakum_finding_compare);
  for (guint i = 0; i < catalog->observed->len; i++)
    print(text, catalog->observed->pdata[i]);
  return TRUE;
}

static int run(int argc, char **argv)
{
  Args args = {0};
  g_autoptr(GPtrArray) rest = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumStore) store = NULL;
  gboolean good = oakum_options_parse(&oakum_debug_inspect, &args, argc, argv, &rest, &error) &&
                  (store = oakum_store_open(NULL, &error)) != NULL;
  for (guint i = 0; good && i < rest->len; i++)
    good = inspect(rest->pdata[i], &args, store, &error);
  oakum_options_clear(&oakum_debug_inspect, &args);
  if (good)
    return fflush(stdout) == 0 ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
  oakum_log(OAKUM_LOG_ERROR, "debug inspect: %s", error->message);
  return OAKUM_EXIT_ERROR;
}

static const OakumOption options[] = {
    {"target", 0, OAKUM_OPTION_TEXT, offsetof(Args, target), "NAME",
     "what the images are called by whoever asks", NULL},
    {"license-allow", 0, OAKUM_OPTION_LIST, offsetof(Args, allow), "NAME", "as scan has it", NULL},
    {"license-deny", 0, OAKUM_OPTION_LIST, offsetof(Args, deny), "NAME", "as scan has it", NULL},
    {0}};
static const OakumOptionGroup groups[] = {{NULL, NULL, options, 0}, {0}};
static const OakumArgument arguments[] = {{"IMAGE...", "images, as scan takes them"}, {0}};
const OakumCommand oakum_debug_inspect = {
    .name = "inspect",
    .summary = "print what files and settings of images show, one finding a line",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(Args),
    .parent = &oakum_cmd_debug,
    .examples = "oakum debug inspect oci-archive:app.tar\n",
    .run = run};
