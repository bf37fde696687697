/* Checkstyle and JUnit. */
#include "report/lint-private.h"
#include "report/report-private.h"
#include <string.h>

static void checkstyle_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintLevel level = oakum_lint_level_of(f->severity);
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  g_string_append_printf(out, "    <error line=\"%d\" column=\"%d\"", start.line, start.column);
  oakum_report_xml_attribute(out, "severity",
                             level == OAKUM_LINT_ERROR_LEVEL ? "error"
                             : level == OAKUM_LINT_WARNING   ? "warning"
                                                             : "info");
  oakum_report_xml_attribute(out, "message", f->title);
  oakum_report_xml_attribute(out, "source", oakum_lint_shown_id(f));
  g_string_append(out, "/>\n");
}

static void checkstyle_head(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  g_string_append(out,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
}

static void checkstyle_open(Linted *linted, GString *out)
{
  g_string_append(out, "  <file");
  oakum_report_xml_attribute(out, "name", linted->file->name);
  g_string_append(out, ">\n");
}

static void checkstyle_close(G_GNUC_UNUSED Linted *linted, GString *out)
{
  g_string_append(out, "  </file>\n");
}

static void checkstyle_tail(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  g_string_append(out, "</checkstyle>\n");
}

const LintFormat oakum_lint_checkstyle = {.name = "checkstyle",
                                          .head = checkstyle_head,
                                          .open = checkstyle_open,
                                          .finding = checkstyle_finding,
                                          .close = checkstyle_close,
                                          .tail = checkstyle_tail};

static void junit_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  const char *id = oakum_lint_shown_id(f), *help = oakum_lint_finding_help(f),
             *why = oakum_lint_finding_why(f);
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  g_autofree char *name = g_strdup_printf("%s at %d:%d", id, start.line, start.column),
                  *text = g_strdup_printf("%s:%d:%d: %s%s%s%s%s", linted->file->name, start.line,
                                          start.column, f->title, why ? "\n" : "", why ? why : "",
                                          help ? "\n" : "", help ? help : "");
  g_string_append(out, "    <testcase");
  oakum_report_xml_attribute(out, "name", name);
  oakum_report_xml_attribute(out, "classname", linted->file->name);
  oakum_report_xml_attribute(out, "time", "0");
  g_string_append(out, "><failure");
  oakum_report_xml_attribute(out, "type", oakum_lint_level_name(oakum_lint_level_of(f->severity)));
  oakum_report_xml_attribute(out, "message", f->title);
  g_string_append_c(out, '>');
  oakum_report_xml(out, text);
  g_string_append(out, "</failure></testcase>\n");
}

static void junit_head(OakumLintWriter *writer, GString *out)
{
  g_string_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  g_string_append_printf(
      out, "<testsuites name=\"oakum lint\" tests=\"%u\" failures=\"%u\" errors=\"0\">\n",
      writer->tests, writer->findings);
}

static void junit_open(Linted *linted, GString *out)
{
  guint n = linted->file->findings->len;
  g_string_append(out, "  <testsuite");
  oakum_report_xml_attribute(out, "name", linted->file->name);
  g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"0\">\n",
                         MAX(n, 1), n);
  if (n == 0) { /* a suite without a test counts as one that did not run */
    g_string_append(out, "    <testcase name=\"no findings\"");
    oakum_report_xml_attribute(out, "classname", linted->file->name);
    g_string_append(out, " time=\"0\"/>\n");
  }
}

static void junit_close(G_GNUC_UNUSED Linted *linted, GString *out)
{
  g_string_append(out, "  </testsuite>\n");
}

static void junit_tail(G_GNUC_UNUSED OakumLintWriter *writer, GString *out)
{
  g_string_append(out, "</testsuites>\n");
}

const LintFormat oakum_lint_junit = {.name = "junit",
                                     .late = TRUE,
                                     .head = junit_head,
                                     .open = junit_open,
                                     .finding = junit_finding,
                                     .close = junit_close,
                                     .tail = junit_tail};
