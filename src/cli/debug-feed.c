/* oakum debug feed: what the reader of a feed makes of standard input, as rows of the database. */
#include "advisory/advisory.h"
#include "cli/cli.h"
#include "os/os.h"
#include <fcntl.h>
#include <string.h>

static gboolean show(const char *feed, const char *name, GError **error)
{
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, error);
  g_autofree char *path = dir ? g_build_filename(oakum_temp_dir_path(dir), "feed.db", NULL) : NULL;
  g_autoptr(OakumAdvisoryImport) import = path ? oakum_advisory_import_new(path, error) : NULL;
  if (!import ||
      !oakum_advisory_import_read(import, feed, oakum_reader_new_fd(0, FALSE), name, error) ||
      !oakum_advisory_import_commit(import, error))
    return FALSE;
  g_autoptr(OakumAdvisoryDb) db = oakum_advisory_db_open(path, error);
  g_autoptr(OakumWriter) writer = oakum_writer_new_fd(1, FALSE);
  OakumExportParts parts = OAKUM_EXPORT_ALL & ~OAKUM_EXPORT_FEEDS;
  return db && oakum_advisory_db_export(db, parts, NULL, writer, error) &&
         oakum_writer_finish(writer, error) && oakum_advisory_db_verify(path, NULL, error);
}

static int run(int argc, char **argv)
{
  /* argv: debug feed FEED [NAME] */
  g_autoptr(GError) error = NULL;
  if (argc < 3 || argc > 4) {
    oakum_log(OAKUM_LOG_ERROR, "debug feed: expected FEED, and the name that the file has");
    return OAKUM_EXIT_ERROR;
  }
  if (strcmp(argv[2], "auto") != 0 && !oakum_feed_find(argv[2])) {
    oakum_log(OAKUM_LOG_ERROR, "debug feed: no feed is called %s; see oakum db feeds", argv[2]);
    return OAKUM_EXIT_ERROR;
  }
  if (show(argv[2], argc > 3 ? argv[3] : "input", &error))
    return OAKUM_EXIT_PASS;
  oakum_log(OAKUM_LOG_ERROR, "debug feed: %s", error->message);
  return OAKUM_EXIT_ERROR;
}

static const OakumArgument arguments[] = {
    {"FEED", "a name that oakum db feeds lists, or auto"},
    {"[NAME]", "the name of the file, for feeds that say their release in it"},
    {0}};
const OakumCommand oakum_debug_feed = {
    .name = "feed",
    .summary = "print the rows that the feed on standard input becomes, one line each",
    .arguments = arguments,
    .parent = &oakum_cmd_debug,
    .examples = "oakum debug feed debian-tracker < json\n",
    .run = run};
