#include "cli/build-common.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  char *store, *days, *size, *format;
  gboolean mounts, all, remove;
  OakumGeneralArgs general;
} StoreArgs;
static const OakumCommand cmd_gc, cmd_show, cmd_prune, cmd_check;

static gboolean usage(GError **error, const char *text)
{
  g_set_error_literal(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, text);
  return FALSE;
}

static gboolean parse(const OakumCommand *command, StoreArgs *args, int argc, char **argv,
                      GError **error)
{
  g_autoptr(GPtrArray) rest = NULL;
  if (!oakum_options_parse(command, args, argc, argv, &rest, error))
    return FALSE;
  if (args->format && strcmp(args->format, "table") != 0 && strcmp(args->format, "json") != 0)
    return oakum_cli_takes(error, "--format", "table|json", args->format);
  if (rest->len > 0)
    return usage(error, "it takes no arguments; see oakum store --help");
  /* what looks would else make an empty store of a slip of the keyboard, and find it in order */
  if ((command == &cmd_show || command == &cmd_check) && args->store &&
      access(args->store, F_OK) < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "store %s", args->store);
    return FALSE;
  }
  return TRUE;
}

static int end(const OakumCommand *command, StoreArgs *args, int status, GError *error)
{
  oakum_options_clear(command, args);
  if (!error)
    return status;
  oakum_log(OAKUM_LOG_ERROR, "store: %s", error->message);
  g_error_free(error);
  return OAKUM_EXIT_ERROR;
}

static gboolean is_json(const StoreArgs *args)
{
  return g_strcmp0(args->format, "json") == 0;
}

static void print_json(const json_t *json)
{
  g_autofree char *text = oakum_json_dump(json, FALSE);
  puts(text);
}

/* What a build in a user namespace left behind belongs to ids that only one such can see into and
 * remove. TRUE: it was done there. */
static gboolean done_in_userns(int argc, char **argv, int *status)
{
  g_autoptr(GError) none = NULL;
  int there;
  if (!oakum_cli_enter_userns(NULL, argc, argv, &there, &none) || none)
    return FALSE;
  *status = there;
  return TRUE;
}

/* ---- show
 * ------------------------------------------------------------------------------------------- */
static char *age_text(int64_t then)
{
  int64_t s = MAX(g_get_real_time() / G_USEC_PER_SEC - then, 0);
  return then == 0       ? g_strdup("-")
         : s < 3600      ? g_strdup_printf("%d min", (int)(s / 60))
         : s < 2 * 86400 ? g_strdup_printf("%d h", (int)(s / 3600))
                         : g_strdup_printf("%d days", (int)(s / 86400));
}

static void show_table(const OakumStoreArea *areas)
{
  guint64 total = 0;
  printf("%-20s %9s %11s  %-10s %s\n", "WHAT", "THINGS", "SIZE", "OLDEST", "NEWEST");
  for (guint i = 0; i < OAKUM_STORE_AREAS; i++) {
    g_autofree char *size = g_format_size_full(areas[i].bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *oldest = age_text(areas[i].oldest), *newest = age_text(areas[i].newest);
    printf("%-20s %9" G_GUINT64_FORMAT " %11s  %-10s %s\n", areas[i].name, areas[i].count, size,
           oldest, newest);
    total += areas[i].bytes;
  }
  g_autofree char *size = g_format_size_full(total, G_FORMAT_SIZE_IEC_UNITS);
  printf("%-20s %9s %11s\n", "total", "", size);
}

static void show_json(const OakumStoreArea *areas)
{
  OAKUM_AUTO_JSON *list = json_array();
  for (guint i = 0; i < OAKUM_STORE_AREAS; i++) {
    g_autofree char *oldest = oakum_time_format(areas[i].oldest);
    g_autofree char *newest = oakum_time_format(areas[i].newest);
    json_t *one = json_object();
    json_object_set_new(one, "name", json_string(areas[i].name));
    json_object_set_new(one, "count", json_integer((json_int_t)areas[i].count));
    json_object_set_new(one, "bytes", json_integer((json_int_t)areas[i].bytes));
    if (areas[i].count) {
      json_object_set_new(one, "oldest", json_string(oldest));
      json_object_set_new(one, "newest", json_string(newest));
    }
    json_array_append_new(list, one);
  }
  print_json(list);
}

static int run_show(int argc, char **argv)
{
  StoreArgs args = {0};
  GError *error = NULL;
  OakumStoreArea areas[OAKUM_STORE_AREAS];
  int status = OAKUM_EXIT_PASS;
  if (!parse(&cmd_show, &args, argc, argv, &error) || done_in_userns(argc, argv, &status))
    return end(&cmd_show, &args, status, error);
  if (oakum_store_look(args.store, areas, &error))
    (is_json(&args) ? show_json : show_table)(areas);
  return end(&cmd_show, &args, status, error);
}

/* ---- gc and prune
 * ----------------------------------------------------------------------------------- */
static gboolean read_prune(const StoreArgs *args, OakumStorePrune *out, GError **error)
{
  uint64_t days = 0;
  *out = (OakumStorePrune){0, UINT64_MAX, args->mounts || args->all};
  if (args->days && !oakum_parse_u64(args->days, strlen(args->days), 36500, &days))
    return oakum_cli_takes(error, "--keep-days", "a number of days", args->days);
  if (args->size && !oakum_cli_parse_size(args->size, &out->max_bytes))
    return oakum_cli_takes(error, "--max-size", "a size such as 500MB or 10GiB", args->size);
  if (args->all && (args->days || args->size))
    return usage(error, "--all leaves nothing that --keep-days or --max-size could keep");
  /* a size alone says nothing of ages */
  out->keep_s = args->days ? days * 86400 : args->size ? UINT64_MAX : 0;
  return TRUE;
}

static int prune(const OakumCommand *command, int argc, char **argv)
{
  StoreArgs args = {0};
  GError *error = NULL;
  OakumStorePrune what;
  guint64 removed = 0, bytes = 0;
  int status = OAKUM_EXIT_PASS;
  if (!parse(command, &args, argc, argv, &error) || !read_prune(&args, &what, &error) ||
      done_in_userns(argc, argv, &status))
    return end(command, &args, status, error);
  if (command == &cmd_prune && !args.all && !args.days && !args.size) {
    (void)usage(&error, "say what may go: --keep-days N, --max-size SIZE or --all");
  } else if (oakum_store_prune(args.store, &what, &removed, &bytes, &error)) {
    if (is_json(&args))
      printf("{\"removed\":%" G_GUINT64_FORMAT ",\"bytes\":%" G_GUINT64_FORMAT "}\n", removed,
             bytes);
    else
      printf("removed %" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " bytes\n", removed, bytes);
  }
  return end(command, &args, status, error);
}

static int run_gc(int argc, char **argv)
{
  return prune(&cmd_gc, argc, argv);
}

static int run_prune(int argc, char **argv)
{
  return prune(&cmd_prune, argc, argv);
}

/* ---- check
 * ------------------------------------------------------------------------------------------ */
static void tell_check(const StoreArgs *args, const GPtrArray *damaged, guint64 checked)
{
  if (!is_json(args)) {
    for (guint i = 0; i < damaged->len; i++)
      printf("%s: damaged%s\n", (char *)damaged->pdata[i], args->remove ? ", removed" : "");
    printf("%" G_GUINT64_FORMAT " checked, %u damaged\n", checked, damaged->len);
    return;
  }
  OAKUM_AUTO_JSON *json = json_object();
  json_t *list = json_array();
  for (guint i = 0; i < damaged->len; i++)
    json_array_append_new(list, json_string(damaged->pdata[i]));
  json_object_set_new(json, "checked", json_integer((json_int_t)checked));
  json_object_set_new(json, "damaged", list);
  json_object_set_new(json, "removed", json_boolean(args->remove));
  print_json(json);
}

static int run_check(int argc, char **argv)
{
  StoreArgs args = {0};
  GError *error = NULL;
  guint64 checked = 0;
  g_autoptr(GPtrArray) damaged = NULL;
  int there = OAKUM_EXIT_ERROR;
  if (!parse(&cmd_check, &args, argc, argv, &error) || done_in_userns(argc, argv, &there))
    return end(&cmd_check, &args, there, error);
  {
    g_autoptr(OakumStore) store = oakum_store_open(args.store, &error);
    damaged = store ? oakum_store_check(store, args.remove, &checked, &error) : NULL;
  }
  if (damaged)
    tell_check(&args, damaged, checked);
  int status = damaged && (damaged->len == 0 || args.remove) ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
  return end(&cmd_check, &args, status, error);
}

/* ---- rows
 * ------------------------------------------------------------------------------------------- */
#define AT(field) offsetof(StoreArgs, field)
#define DAYS                                                                                       \
  {                                                                                                \
    "keep-days", 0, OAKUM_OPTION_TEXT, AT(days), "N", "keep what was used in this many days", "0"  \
  }
#define FORMAT                                                                                     \
  {                                                                                                \
    "format", 0, OAKUM_OPTION_TEXT, AT(format), "table|json", "form of the answer", "table"        \
  }
static const OakumOption
    gc_options[] = {DAYS, {0}},
    show_options[] = {FORMAT, {0}},
    prune_options[] =
        {DAYS,
         {"max-size", 0, OAKUM_OPTION_TEXT, AT(size), "SIZE",
          "remove base trees, then blobs, longest unused first, until they take no more: "
          "10GB"},
         {"mounts", 0, OAKUM_OPTION_FLAG, AT(mounts), NULL,
          "also caches of RUN --mount=type=cache"},
         {"all", 0, OAKUM_OPTION_FLAG, AT(all), NULL, "remove everything"},
         FORMAT,
         {0}},
    check_options[] = {{"remove", 0, OAKUM_OPTION_FLAG, AT(remove), NULL, "remove what is damaged"},
                       FORMAT,
                       {0}},
    own_options[] = {{"store", 0, OAKUM_OPTION_TEXT, AT(store), "DIR", "store of blobs",
                      "$XDG_CACHE_HOME/oakum/store"},
                     {0}};
static const OakumOptionGroup gc_groups[] = {{NULL, NULL, gc_options, 0}, {0}},
                              show_groups[] = {{NULL, NULL, show_options, 0}, {0}},
                              prune_groups[] = {{NULL, NULL, prune_options, 0}, {0}},
                              check_groups[] = {{NULL, NULL, check_options, 0}, {0}},
                              groups[] = {{NULL, NULL, own_options, 0},
                                          OAKUM_GENERAL_GROUP(StoreArgs, general),
                                          {0}};
static const OakumCommand cmd_gc = {.name = "gc",
                                    .summary = "remove what nothing needs",
                                    .groups = gc_groups,
                                    .size = sizeof(StoreArgs),
                                    .parent = &oakum_cmd_store,
                                    .examples = "oakum store gc --keep-days 30\n",
                                    .run = run_gc},
                          cmd_show = {.name = "show",
                                      .summary = "what is in the store, its size and age",
                                      .groups = show_groups,
                                      .size = sizeof(StoreArgs),
                                      .parent = &oakum_cmd_store,
                                      .examples = "oakum store show\n"
                                                  "oakum store show --format json\n",
                                      .run = run_show},
                          cmd_prune = {.name = "prune",
                                       .summary = "remove by age, by size, or everything",
                                       .about = "Refused while another oakum works with the store.",
                                       .groups = prune_groups,
                                       .size = sizeof(StoreArgs),
                                       .parent = &oakum_cmd_store,
                                       .examples = "oakum store prune --max-size 20GB\n"
                                                   "oakum store prune --keep-days 14 --mounts\n"
                                                   "oakum store prune --all\n",
                                       .run = run_prune},
                          cmd_check = {
                              .name = "check",
                              .summary = "read every blob and base tree and tell which are damaged",
                              .about = "Exit status 1 when something is damaged and was "
                                       "not removed.",
                              .groups = check_groups,
                              .size = sizeof(StoreArgs),
                              .parent = &oakum_cmd_store,
                              .examples = "oakum store check --remove\n",
                              .run = run_check};
static const OakumCommand *const verbs[] = {&cmd_show, &cmd_gc, &cmd_prune, &cmd_check, NULL};

const OakumCommand oakum_cmd_store = {
    .name = "store",
    .summary = "look after the store of blobs",
    .groups = groups,
    .size = sizeof(StoreArgs),
    .verbs = verbs,
    .examples = "oakum store show\n"
                "oakum store prune --keep-days 30\n",
};
