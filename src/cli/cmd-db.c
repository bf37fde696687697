#include "advisory/advisory.h"
#include "cli/db.h"
#include <fcntl.h>
#include <string.h>

static gboolean usage(GError **error, const char *text)
{
  g_set_error_literal(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, text);
  return FALSE;
}

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

static gboolean import(const OakumDbArgs *args, GPtrArray *rest, GError **error)
{
  const char *feed = args->feed ? args->feed : "auto";
  if (rest->len == 0)
    return usage(error, "expected import INPUT...; see oakum db --help");
  if (strcmp(feed, "auto") != 0 && !oakum_feed_find(feed))
    return oakum_cli_takes(error, "--feed", "auto, or a name that oakum db feeds lists", feed);
  return import_all(feed, args->db, rest, error);
}

static gboolean print_text(const char *text, GError **error)
{
  if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "standard output");
  return FALSE;
}

static gboolean status(const OakumDbArgs *args, GPtrArray *rest, GError **error)
{
  gboolean json = g_strcmp0(args->format, "json") == 0;
  if (rest->len > 0)
    return usage(error, "status takes no words; see oakum db --help");
  if (args->format && !json && strcmp(args->format, "table") != 0)
    return oakum_cli_takes(error, "--format", "table|json", args->format);
  g_autoptr(OakumAdvisoryDb) db = oakum_advisory_db_open(args->db, error);
  if (!db)
    return FALSE;
  g_autofree char *text =
      json ? oakum_advisory_db_status_json(db, g_get_real_time() / G_USEC_PER_SEC, error)
           : oakum_advisory_db_status(db, error);
  g_autofree char *line = text && json ? g_strconcat(text, "\n", NULL) : NULL;
  return text && print_text(line ? line : text, error);
}

static gboolean parts_of(const char *only, OakumExportParts *out, GError **error)
{
  static const struct {
    const char *word;
    OakumExportParts part;
  } words[] = {
      {"packages", OAKUM_EXPORT_PACKAGES}, {"vulnerabilities", OAKUM_EXPORT_VULNERABILITIES},
      {"epss", OAKUM_EXPORT_EPSS},         {"kev", OAKUM_EXPORT_KEV},
      {"eol", OAKUM_EXPORT_EOL},           {"feeds", OAKUM_EXPORT_FEEDS}};
  *out = OAKUM_EXPORT_ALL;
  for (size_t i = 0; only && i < G_N_ELEMENTS(words); i++)
    if (strcmp(only, words[i].word) == 0) {
      *out = words[i].part;
      return TRUE;
    }
  return !only ||
         oakum_cli_takes(error, "--only", "packages|vulnerabilities|epss|kev|eol|feeds", only);
}

/* An empty answer to a name that is not there looks as if nothing were known of it. */
static gboolean has_ecosystem(OakumAdvisoryDb *db, const char *name, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (const char *const *known = oakum_advisory_db_ecosystems(db); name && *known; known++) {
    if (strcmp(*known, name) == 0)
      return TRUE;
    g_ptr_array_add(names, (gpointer)*known);
  }
  if (!name)
    return TRUE;
  const char *nearest = oakum_cli_nearest(name, names);
  g_autofree char *shown = oakum_escape_terminal(name, -1);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
              "the database has no ecosystem \"%s\"; %s%s%s", shown,
              nearest ? "did you mean \"" : "oakum db status lists feeds", nearest ? nearest : "",
              nearest ? "\"?" : "");
  return FALSE;
}

static gboolean export(const OakumDbArgs *args, GPtrArray *rest, GError **error)
{
  OakumExportParts parts;
  if (rest->len > 0)
    return usage(error, "export takes no words; see oakum db --help");
  if (!parts_of(args->only, &parts, error))
    return FALSE;
  if (args->ecosystem && !args->only)
    parts = OAKUM_EXPORT_PACKAGES;
  g_autoptr(OakumAdvisoryDb) db = oakum_advisory_db_open(args->db, error);
  if (!db || !has_ecosystem(db, args->ecosystem, error))
    return FALSE;
  g_autoptr(OakumWriter) writer = oakum_writer_new_fd(1, FALSE);
  if (oakum_advisory_db_export(db, parts, args->ecosystem, writer, error) &&
      oakum_writer_finish(writer, error))
    return TRUE;
  g_prefix_error(error, "standard output: ");
  return FALSE;
}

static gboolean verify(const OakumDbArgs *args, GPtrArray *rest, GError **error)
{
  g_autofree char *hash = NULL;
  if (rest->len > 0)
    return usage(error, "verify takes no words; see oakum db --help");
  g_autoptr(GError) inner = NULL;
  if (!oakum_advisory_db_verify(args->db, &hash, &inner)) {
    gboolean named = strstr(inner->message, args->db) != NULL;
    g_propagate_prefixed_error(error, g_steal_pointer(&inner), "%s%s", named ? "" : args->db,
                               named ? "" : ": ");
    return FALSE;
  }
  g_autofree char *line = g_strdup_printf("%s  %s\n", hash, args->db);
  return print_text(line, error);
}

static gboolean diff(const OakumDbArgs *args, GPtrArray *rest, GError **error)
{
  if (rest->len != 2)
    return usage(error, "expected diff OLD NEW; see oakum db --help");
  g_autoptr(OakumAdvisoryDb) a = oakum_advisory_db_open(rest->pdata[0], error);
  g_autoptr(OakumAdvisoryDb) b = a ? oakum_advisory_db_open(rest->pdata[1], error) : NULL;
  g_autoptr(OakumWriter) writer = oakum_writer_new_fd(1, FALSE);
  return b && oakum_advisory_db_diff(a, b, writer, NULL, error) &&
         oakum_writer_finish(writer, error);
}

static gboolean feeds(const OakumDbArgs *args, GPtrArray *rest, GError **error)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (const OakumFeedInfo *const *feed = oakum_feeds(); *feed; feed++) {
    const OakumFeedInfo *f = *feed;
    g_string_append_printf(out, "%s: %s\n  format: %s\n  licence: %s\n  fills: %s\n", f->name,
                           f->title, f->format, f->licence, f->key);
    for (const char *const *address = f->addresses; *address; address++)
      g_string_append_printf(out, "  %s: %s\n", f->by_hand ? "published at" : "address", *address);
  }
  return print_text(out->str, error);
}

static int run(const OakumCommand *command, int argc, char **argv, gboolean needs_db,
               gboolean (*verb)(const OakumDbArgs *args, GPtrArray *rest, GError **error))
{
  OakumDbArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  gboolean done = FALSE;
  if (oakum_options_parse(command, &args, argc, argv, &rest, &error)) {
    if (!args.db && needs_db)
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

static const OakumCommand cmd_import, cmd_status, cmd_export, cmd_verify, cmd_diff, cmd_feeds,
    cmd_update, cmd_push, cmd_pull;
#define RUNNER(name, needs, func)                                                                  \
  static int run_##name(int argc, char **argv)                                                     \
  {                                                                                                \
    return run(&cmd_##name, argc, argv, needs, func);                                              \
  }
RUNNER(import, TRUE, import)
RUNNER(status, TRUE, status)
RUNNER(export, TRUE, export)
RUNNER(verify, TRUE, verify)
RUNNER(diff, FALSE, diff)
RUNNER(feeds, FALSE, feeds)
RUNNER(update, TRUE, oakum_db_update)
RUNNER(push, TRUE, oakum_db_push)
RUNNER(pull, TRUE, oakum_db_pull)

#define AT(field) offsetof(OakumDbArgs, field)
static const OakumOption import_options[] = {
    {"feed", 0, OAKUM_OPTION_TEXT, AT(feed),
     "auto|osv|debian-tracker|debian-list|alpine-secdb|csaf|redhat-repositories|oval|updateinfo|"
     "photon|arch|gentoo|nvd|"
     "kev|epss|endoflife|openvex|uct|advisory-yaml|node-security|retirejs|haskell|table|"
     "vulnerablecode",
     "what the inputs are", "auto: judged by their first bytes and names"},
    {0}};
static const OakumOption status_options[] = {
    {"format", 0, OAKUM_OPTION_TEXT, AT(format), "table|json", "how it is told", "table"}, {0}};
static const OakumOption export_options[] = {
    {"only", 0, OAKUM_OPTION_TEXT, AT(only), "packages|vulnerabilities|epss|kev|eol|feeds",
     "this part alone", "all"},
    {"ecosystem", 0, OAKUM_OPTION_TEXT, AT(ecosystem), "KEY",
     "packages of this ecosystem alone (Debian:12, npm)"},
    {0}};
static const OakumOption update_options[] = {
    {"mirror", 0, OAKUM_OPTION_TEXT, AT(mirror), "URL",
     "where the feeds are: https://host/path is asked for as URL/host/path",
     "their real addresses"},
    {0}};
static const OakumOption own_options[] = {
    {"db", 0, OAKUM_OPTION_TEXT, AT(db), "FILE", "the database"}, {0}};
static const OakumOptionGroup import_groups[] = {{NULL, NULL, import_options, 0}, {0}},
                              status_groups[] = {{NULL, NULL, status_options, 0}, {0}},
                              export_groups[] = {{NULL, NULL, export_options, 0}, {0}},
                              update_groups[] = {{NULL, NULL, update_options, 0}, {0}},
                              artifact_groups[] = {OAKUM_REGISTRY_GROUP(OakumDbArgs, registry),
                                                   {0}},
                              groups[] = {{NULL, NULL, own_options, 0},
                                          OAKUM_GENERAL_GROUP(OakumDbArgs, general),
                                          {0}};
static const OakumArgument import_arguments[] = {
    {"INPUT...", "files of the feed, also compressed, also archives of them; - for standard input"},
    {0}};
static const OakumArgument diff_arguments[] = {{"OLD", "a database"}, {"NEW", "another"}, {0}};
static const OakumArgument update_arguments[] = {
    {"FEED...", "feeds to bring up to date; none: all"}, {0}};
static const OakumArgument push_arguments[] = {
    {"REFERENCE", "REGISTRY/NAME:TAG, or NAME@DIGEST to pull"}, {0}};

#define VERB(word, text, ...)                                                                      \
  {                                                                                                \
    .name = #word, .summary = text, .size = sizeof(OakumDbArgs), .parent = &oakum_cmd_db,          \
    .run = run_##word, __VA_ARGS__                                                                 \
  }
static const OakumCommand
    cmd_import = VERB(import, "make the database from files of feeds",
                      .arguments = import_arguments, .groups = import_groups,
                      .examples = "oakum db import --feed osv --db adv.db debian.osv.jsonl.gz\n"),
    cmd_update = VERB(update, "bring the database up to date from where the feeds are published",
                      .arguments = update_arguments, .groups = update_groups,
                      .examples = "oakum db update --db adv.db debian-tracker kev epss\n"),
    cmd_status = VERB(status, "tell what is in it, of when, from where and under which licence",
                      .groups = status_groups),
    cmd_export = VERB(export, "print what is in it, a JSON object a line", .groups = export_groups),
    cmd_verify = VERB(verify, "read every row and hold it against the hash in the file"),
    cmd_diff =
        VERB(diff, "print the records on packages in which two databases differ",
             .arguments = diff_arguments, .examples = "oakum db diff yesterday.db today.db\n"),
    cmd_feeds = VERB(feeds, "list the feeds that are known, their addresses and licences"),
    cmd_push =
        VERB(push, "put it into a registry, as an OCI artifact", .arguments = push_arguments,
             .groups = artifact_groups,
             .examples = "oakum db push --db adv.db registry.example/security/advisories:1\n"),
    cmd_pull =
        VERB(pull, "get it from a registry", .arguments = push_arguments, .groups = artifact_groups,
             .examples = "oakum db pull --db adv.db registry.example/security/advisories:1\n");
static const OakumCommand *const verbs[] = {&cmd_import, &cmd_update, &cmd_status, &cmd_export,
                                            &cmd_verify, &cmd_diff,   &cmd_feeds,  &cmd_push,
                                            &cmd_pull,   NULL};

const OakumCommand oakum_cmd_db = {
    .name = "db",
    .summary = "make and inspect the advisory database",
    .groups = groups,
    .size = sizeof(OakumDbArgs),
    .verbs = verbs,
    .examples = "oakum db import --feed osv --db adv.db debian.osv.jsonl.gz\n"
                "oakum db import --feed alpine-secdb --db adv.db main.json community.json\n"
                "oakum db update --db adv.db\n"
                "oakum db status --db adv.db\n",
};
