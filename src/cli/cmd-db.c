#include "advisory/advisory.h"
#include "cli/cli.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static gboolean import_all(const char *feed, const char *db, GPtrArray *inputs, GError **error)
{
  g_autoptr(OakumAdvisoryImport) import = oakum_advisory_import_new(db, error);
  for (guint i = 0; import && i < inputs->len; i++) {
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

typedef struct {
  char *db, *feed;
  OakumGeneralArgs general;
} DbArgs;

static gboolean import(const DbArgs *args, GPtrArray *rest, GError **error)
{
  if (rest->len > 0 &&
      (!args->feed || strcmp(args->feed, "auto") == 0 || oakum_feed_find(args->feed)))
    return import_all(args->feed ? args->feed : "auto", args->db, rest, error);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
              rest->len ? "--feed takes osv or alpine-secdb"
                        : "expected import INPUT... or status; see oakum db --help");
  return FALSE;
}

static gboolean status(const DbArgs *args, GPtrArray *rest, GError **error)
{
  if (rest->len > 0) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected import INPUT... or status; see oakum db --help");
    return FALSE;
  }
  g_autoptr(OakumAdvisoryDb) open_db = oakum_advisory_db_open(args->db, error);
  g_autofree char *text = open_db ? oakum_advisory_db_status(open_db, error) : NULL;
  return text && fputs(text, stdout) >= 0;
}

static int run(const OakumCommand *command, int argc, char **argv,
               gboolean (*verb)(const DbArgs *args, GPtrArray *rest, GError **error))
{
  DbArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  gboolean done = FALSE;
  if (oakum_options_parse(command, &args, argc, argv, &rest, &error)) {
    if (!args.db)
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--db FILE is missing");
    else
      done = verb(&args, rest, &error);
  }
  oakum_options_clear(command, &args);
  if (!done)
    oakum_log(OAKUM_LOG_ERROR, "db: %s",
              error ? error->message : "standard output cannot be written");
  return done ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

static const OakumCommand cmd_import, cmd_status;
static int run_import(int argc, char **argv)
{
  return run(&cmd_import, argc, argv, import);
}
static int run_status(int argc, char **argv)
{
  return run(&cmd_status, argc, argv, status);
}

static const OakumOption import_options[] = {{"feed", 0, OAKUM_OPTION_TEXT, offsetof(DbArgs, feed),
                                              "osv|alpine-secdb", "what the inputs are"},
                                             {0}};
static const OakumOption own_options[] = {
    {"db", 0, OAKUM_OPTION_TEXT, offsetof(DbArgs, db), "FILE", "the database"}, {0}};
static const OakumOptionGroup import_groups[] = {{NULL, NULL, import_options, 0}, {0}},
                              groups[] = {{NULL, NULL, own_options, 0},
                                          OAKUM_GENERAL_GROUP(DbArgs, general),
                                          {0}};
static const OakumArgument arguments[] = {
    {"INPUT...", "files of the feed, also compressed; - for standard input"}, {0}};
static const OakumCommand
    cmd_import = {.name = "import",
                  .summary = "make the database from feeds",
                  .arguments = arguments,
                  .groups = import_groups,
                  .size = sizeof(DbArgs),
                  .parent = &oakum_cmd_db,
                  .examples = "oakum db import --feed osv --db adv.db debian.osv.jsonl.gz\n",
                  .run = run_import},
    cmd_status = {.name = "status",
                  .summary = "tell what is in it, and of when",
                  .size = sizeof(DbArgs),
                  .parent = &oakum_cmd_db,
                  .run = run_status};
static const OakumCommand *const verbs[] = {&cmd_import, &cmd_status, NULL};

const OakumCommand oakum_cmd_db = {
    .name = "db",
    .summary = "make and inspect the advisory database",
    .groups = groups,
    .size = sizeof(DbArgs),
    .verbs = verbs,
    .examples = "oakum db import --feed osv --db adv.db debian.osv.jsonl.gz\n"
                "oakum db import --feed alpine-secdb --db adv.db main.json community.json\n"
                "oakum db status --db adv.db\n",
};
