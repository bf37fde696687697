#include "advisory/advisory.h"
#include "cli/cli.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static gboolean import_all(OakumFeed feed, const char *db, GPtrArray *inputs, GError **error)
{
  g_autoptr(OakumAdvisoryImport) import = oakum_advisory_import_new(db, error);
  for (guint i = 1; import && i < inputs->len; i++) {
    const char *path = inputs->pdata[i];
    int fd =
        strcmp(path, "-") == 0 ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", path);
      return FALSE;
    }
    if (!oakum_advisory_import_read(import, feed, oakum_reader_new_fd(fd, TRUE), path, error))
      return FALSE;
  }
  if (!import || !oakum_advisory_import_commit(import, error))
    return FALSE;
  oakum_info("%s: %" G_GUINT64_FORMAT " records imported", db,
             oakum_advisory_import_records(import));
  return TRUE;
}

static int run(int argc, char **argv)
{
  g_autofree char *db = NULL, *feed_text = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  const OakumOption options[] = {
      {"db", 0, OAKUM_OPTION_TEXT, &db}, {"feed", 0, OAKUM_OPTION_TEXT, &feed_text}, {0}};
  OakumFeed feed;
  gboolean done = FALSE;
  if (oakum_options_parse(options, argc, argv, &rest, &error)) {
    const char *verb = rest->len ? rest->pdata[0] : "";
    if (!db) {
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--db FILE is missing");
    } else if (strcmp(verb, "status") == 0 && rest->len == 1) {
      g_autoptr(OakumAdvisoryDb) open_db = oakum_advisory_db_open(db, &error);
      g_autofree char *text = open_db ? oakum_advisory_db_status(open_db, &error) : NULL;
      done = text && fputs(text, stdout) >= 0;
    } else if (strcmp(verb, "import") == 0 && rest->len > 1) {
      if (!feed_text || !oakum_feed_parse(feed_text, &feed))
        g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--feed takes osv or alpine-secdb");
      else
        done = import_all(feed, db, rest, &error);
    } else {
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "expected import INPUT... or status; see oakum db --help");
    }
  }
  if (!done)
    oakum_log(OAKUM_LOG_ERROR, "db: %s",
              error ? error->message : "standard output cannot be written");
  return done ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

const OakumCommand oakum_cmd_db = {
    .name = "db",
    .summary = "make and inspect the advisory database",
    .usage = "import --feed osv|alpine-secdb --db FILE INPUT...\n       oakum db status --db FILE",
    .examples =
        "  oakum db import --feed osv --db adv.db debian.osv.jsonl.gz\n"
        "  oakum db import --feed alpine-secdb --db adv.db v3.20/main.json v3.20/community.json\n"
        "  oakum db status --db adv.db\n",
    .run = run,
};
