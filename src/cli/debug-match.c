#include "cli/cli.h"
#include "match/match.h"
#include "os/os.h"
#include <stdio.h>

static void cell(const char *text, gboolean last)
{
  g_autofree char *safe = oakum_escape_terminal(text && *text ? text : "-", -1);
  printf("%s%c", safe, last ? '\n' : '\t');
}

static void print_hole(const OakumFinding *f)
{
  g_autoptr(GString) records = g_string_new(NULL);
  for (guint i = 0; f->records && i < f->records->len; i++) {
    const OakumFindingRecord *r = f->records->pdata[i];
    g_string_append_printf(records, "%s%s%s:%s", i ? "," : "", r->decided ? "*" : "", r->feed,
                           r->record);
  }
  cell(f->id, FALSE);
  cell(f->package_name, FALSE);
  cell(f->package_version, FALSE);
  cell(f->status, FALSE);
  cell(oakum_severity_name(f->severity), FALSE);
  cell(f->fixed, FALSE);
  cell(f->by, FALSE);
  cell(records->str, !f->suppressed);
  if (f->suppressed) {
    g_autofree char *why = g_strconcat("suppressed: ", f->suppressed, NULL);
    cell(why, TRUE);
  }
}

static int run(int argc, char **argv)
{
  (void)argv;
  if (argc != 2) {
    oakum_log(OAKUM_LOG_ERROR, "debug match: takes no arguments");
    return OAKUM_EXIT_ERROR;
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumReader) reader = oakum_reader_new_fd(0, FALSE);
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, &error);
  g_autofree char *text = NULL, *path = NULL;
  size_t len;
  g_autoptr(OakumMatchCase) one = NULL;
  g_autoptr(OakumAdvisoryDb) db = NULL;
  g_autoptr(GPtrArray) findings = NULL;
  if (dir &&
      oakum_reader_slurp(reader, OAKUM_MATCH_DOCUMENT_MAX, "standard input", &text, &len, &error)) {
    path = g_build_filename(oakum_temp_dir_path(dir), "db", NULL);
    one = oakum_match_case_read(text, len, path, &error);
  }
  db = one ? oakum_advisory_db_open(path, &error) : NULL;
  findings = db ? oakum_match_run(one->catalog, db, &one->options, &error) : NULL;
  if (!findings) {
    oakum_log(OAKUM_LOG_ERROR, "debug match: %s", error->message);
    return OAKUM_EXIT_ERROR;
  }
  gboolean incomplete = FALSE;
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    if (f->kind == OAKUM_FINDING_VULNERABILITY) {
      print_hole(f);
      continue;
    }
    incomplete |= f->kind == OAKUM_FINDING_INCOMPLETE;
    cell(f->kind == OAKUM_FINDING_EOL ? "ended" : "incomplete", FALSE);
    cell(f->id, FALSE);
    cell(f->title, TRUE);
  }
  return incomplete ? OAKUM_EXIT_INCOMPLETE : OAKUM_EXIT_PASS;
}

const OakumCommand oakum_debug_match = {
    .name = "match",
    .summary = "match the packages and records of a document on standard input, a line a finding",
    .about =
        "The document: {\"distro\": {\"ecosystem\": …}, \"packages\": [{\"name\", \"version\", "
        "\"type\", …}], \"records\": {FEED: [record, …]}, \"vex\": [document, …], \"now\": "
        "…}; docs/matching.md tells all of it. Columns: id, package, version, status, severity, "
        "fix, kind of name looked up, records (* decided).",
    .parent = &oakum_cmd_debug,
    .examples = "oakum debug match < case.json\n",
    .run = run};
