#include "cli/build-common.h"
#include <stdio.h>
#include <string.h>

static int run(int argc, char **argv)
{
  g_autofree char *store = NULL, *days = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  const OakumOption options[] = {
      {"store", 0, OAKUM_OPTION_TEXT, &store}, {"keep-days", 0, OAKUM_OPTION_TEXT, &days}, {0}};
  uint64_t keep = 0;
  guint64 removed = 0, bytes = 0;
  gboolean ok = oakum_options_parse(options, argc, argv, &rest, &error);
  if (ok && (rest->len != 1 || strcmp(rest->pdata[0], "gc") != 0)) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected gc; see oakum store --help");
    ok = FALSE;
  }
  if (ok && days && !oakum_parse_u64(days, strlen(days), 36500, &keep)) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--keep-days takes a number of days");
    ok = FALSE;
  }
  /* what a build in a user namespace left behind belongs to ids that only one such can remove */
  int status;
  g_autoptr(GError) no_userns = NULL;
  if (ok && oakum_cli_enter_userns(NULL, argc, argv, &status, &no_userns) && !no_userns)
    return status;
  if (ok && oakum_store_gc(store, keep * 86400, &removed, &bytes, &error)) {
    printf("removed %" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " bytes\n", removed, bytes);
    return OAKUM_EXIT_PASS;
  }
  oakum_log(OAKUM_LOG_ERROR, "store: %s", error->message);
  return OAKUM_EXIT_ERROR;
}

const OakumCommand oakum_cmd_store = {
    .name = "store",
    .summary = "look after the store of blobs",
    .usage = "gc [--keep-days N] [--store DIR]",
    .examples = "  oakum store gc --keep-days 30\n",
    .run = run,
};
