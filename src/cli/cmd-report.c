#include "cli/scan-common.h"
#include <stdio.h>
#include <string.h>

typedef struct {
  GPtrArray *formats, *files;
  char *annotations;
  gboolean summary, show_suppressed;
  OakumGeneralArgs general;
} ReportArgs;

/* Three lines for a job's log. */
static void print_summary(const OakumResult *result)
{
  guint counts[OAKUM_SEVERITY_CRITICAL + 1] = {0}, holes = 0, fixable = 0, kev = 0, unknown = 0,
                                         secrets = 0, hygiene = 0;
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    unknown += f->kind == OAKUM_FINDING_INCOMPLETE;
    secrets += f->kind == OAKUM_FINDING_SECRET && !f->suppressed;
    hygiene += f->kind == OAKUM_FINDING_HYGIENE && !f->suppressed;
    if (f->kind != OAKUM_FINDING_VULNERABILITY || f->suppressed)
      continue;
    counts[f->severity]++;
    holes++;
    fixable += f->fixed != NULL;
    kev += f->kev;
  }
  g_autofree char *target = oakum_escape_terminal(result->target, -1),
                  *reason =
                      oakum_escape_terminal(result->verdict && result->verdict->reasons->len > 0
                                                ? result->verdict->reasons->pdata[0]
                                                : "nothing speaks against it",
                                            -1);
  printf("%s: %u packages, %u holes (%u with a fix, %u known to be exploited), %u secrets, %u "
         "remarks on hygiene, %u not judged\n",
         target, result->catalog->packages->len, holes, fixable, kev, secrets, hygiene, unknown);
  for (int s = OAKUM_SEVERITY_CRITICAL; s >= 0; s--)
    printf("%s%u %s", s == OAKUM_SEVERITY_CRITICAL ? "" : ", ", counts[s],
           oakum_severity_name((OakumSeverity)s));
  printf("\nverdict: %s: %s\n",
         result->verdict ? oakum_verdict_name(result->verdict->kind) : "none", reason);
}

static int run(int argc, char **argv)
{
  ReportArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  g_autoptr(OakumSavedResult) saved = NULL;
  gboolean ok = oakum_options_parse(&oakum_cmd_report, &args, argc, argv, &rest, &error);
  if (ok && rest->len != 1) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected one saved result; see oakum report --help");
    ok = FALSE;
  }
  if (ok && args.annotations && strcmp(args.annotations, "github") != 0)
    ok = oakum_cli_takes(&error, "--annotations", "github", args.annotations);
  ok = ok && oakum_cli_check_formats(args.formats, args.files, &error) &&
       (saved = oakum_cli_read_result(rest->pdata[0], &error));
  if (ok) {
    saved->result.show_suppressed = args.show_suppressed;
    if (args.summary)
      print_summary(&saved->result);
    if (args.annotations) {
      g_autofree char *text = oakum_report_annotations(&saved->result);
      fputs(text, stdout);
    }
    if ((!args.summary && !args.annotations) || args.formats)
      ok = oakum_cli_write_reports(&saved->result, args.formats, args.files, &error);
  }
  if (!ok)
    oakum_log(OAKUM_LOG_ERROR, "report: %s", error->message);
  oakum_options_clear(&oakum_cmd_report, &args);
  return ok ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

static const OakumOption options[] = {
    {"format", 0, OAKUM_OPTION_LIST, offsetof(ReportArgs, formats), OAKUM_REPORT_FORMATS,
     "format of the report", "table"},
    {"output", 'o', OAKUM_OPTION_LIST, offsetof(ReportArgs, files), "FILE",
     "where the report goes; the first one belongs to the first format, and so on",
     "standard output"},
    {"summary", 0, OAKUM_OPTION_FLAG, offsetof(ReportArgs, summary), NULL,
     "three lines on standard output, beside the formats that are asked for"},
    {"annotations", 0, OAKUM_OPTION_TEXT, offsetof(ReportArgs, annotations), "github",
     "what a runner of GitHub shows beside the lines of the Dockerfile, on standard output"},
    {"show-suppressed", 0, OAKUM_OPTION_FLAG, offsetof(ReportArgs, show_suppressed), NULL,
     "list in the table what is suppressed too, and why", "counted only"},
    {0}};
static const OakumOptionGroup groups[] = {
    {NULL, NULL, options, 0}, OAKUM_GENERAL_GROUP(ReportArgs, general), {0}};
static const OakumArgument arguments[] = {
    {"RESULT", "a file that oakum scan or ship --format json wrote"}, {0}};

const OakumCommand oakum_cmd_report = {
    .name = "report",
    .summary = "write a saved result in any format",
    .about = "The exit status says only whether that worked: the verdict is in the result.",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(ReportArgs),
    .examples = "oakum report --format markdown -o note.md result.json\n"
                "oakum report --annotations github result.json\n"
                "oakum report --summary --format gitlab -o gl-container.json "
                "result.json\n",
    .run = run,
};
