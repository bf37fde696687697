#include "cli/build-common.h"
#include <stdio.h>
#include <string.h>

typedef struct {
  char *store, *days;
  OakumGeneralArgs general;
} StoreArgs;
static const OakumCommand cmd_gc;

static int run_gc(int argc, char **argv)
{
  StoreArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  uint64_t keep = 0;
  guint64 removed = 0, bytes = 0;
  gboolean ok = oakum_options_parse(&cmd_gc, &args, argc, argv, &rest, &error);
  if (ok && (rest->len != 0)) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected gc; see oakum store --help");
    ok = FALSE;
  }
  if (ok && args.days && !oakum_parse_u64(args.days, strlen(args.days), 36500, &keep)) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--keep-days takes a number of days");
    ok = FALSE;
  }
  /* what a build in a user namespace left behind belongs to ids that only one such can remove */
  int status = OAKUM_EXIT_ERROR;
  g_autoptr(GError) no_userns = NULL;
  if (ok && oakum_cli_enter_userns(NULL, argc, argv, &status, &no_userns) && !no_userns) {
    oakum_options_clear(&cmd_gc, &args);
    return status;
  }
  if (ok && oakum_store_gc(args.store, keep * 86400, &removed, &bytes, &error))
    printf("removed %" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " bytes\n", removed, bytes);
  oakum_options_clear(&cmd_gc, &args);
  if (!error)
    return OAKUM_EXIT_PASS;
  oakum_log(OAKUM_LOG_ERROR, "store: %s", error->message);
  return OAKUM_EXIT_ERROR;
}

static const OakumOption gc_options[] = {{"keep-days", 0, OAKUM_OPTION_TEXT,
                                          offsetof(StoreArgs, days), "N",
                                          "keep what was used in this many days", "0"},
                                         {0}},
                         own_options[] = {{"store", 0, OAKUM_OPTION_TEXT,
                                           offsetof(StoreArgs, store), "DIR", "store of blobs",
                                           "$XDG_CACHE_HOME/oakum/store"},
                                          {0}};
static const OakumOptionGroup gc_groups[] = {{NULL, NULL, gc_options, 0}, {0}},
                              groups[] = {{NULL, NULL, own_options, 0},
                                          OAKUM_GENERAL_GROUP(StoreArgs, general),
                                          {0}};
static const OakumCommand cmd_gc = {.name = "gc",
                                    .summary = "remove what nothing needs",
                                    .groups = gc_groups,
                                    .size = sizeof(StoreArgs),
                                    .parent = &oakum_cmd_store,
                                    .examples = "oakum store gc --keep-days 30\n",
                                    .run = run_gc};
static const OakumCommand *const verbs[] = {&cmd_gc, NULL};

const OakumCommand oakum_cmd_store = {
    .name = "store",
    .summary = "look after the store of blobs",
    .groups = groups,
    .size = sizeof(StoreArgs),
    .verbs = verbs,
    .examples = "oakum store gc --keep-days 30\n",
};
