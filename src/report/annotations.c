/* Workflow commands of GitHub's runners: findings beside the lines of the Dockerfile.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
#include "report/lint-private.h"
#include "report/report-private.h"
#include <string.h>

enum { ERRORS, WARNINGS, NOTICES, LEVELS };

static int level_of(const OakumFinding *f)
{
  if (f->kind == OAKUM_FINDING_INCOMPLETE)
    return ERRORS;
  return f->severity >= OAKUM_SEVERITY_HIGH     ? ERRORS
         : f->severity == OAKUM_SEVERITY_MEDIUM ? WARNINGS
                                                : NOTICES;
}

/* Lines that a terminal may show: the texts come from strangers. */
static char *message_of(const OakumFinding *f)
{
  gboolean hole = f->kind == OAKUM_FINDING_VULNERABILITY;
  g_autofree char *place =
                      f->file && !hole ? g_strdup_printf(" (/%s in the image)", f->file) : NULL,
                  *message = hole ? oakum_report_message(f)
                                  : g_strconcat(f->title ? f->title : f->id, place, NULL),
                  *advice = hole ? oakum_report_advice(f) : g_strdup(f->fix),
                  *first = oakum_escape_terminal(message, -1),
                  *second = advice ? oakum_escape_terminal(advice, -1) : NULL;
  return g_strjoin("\n", first, second, NULL);
}

static void put(GString *out, const OakumResult *result, const OakumFinding *f)
{
  static const char *const words[] = {"error", "warning", "notice"};
  g_autofree char *text = message_of(f);
  g_string_append_printf(out, "::%s file=", words[level_of(f)]);
  oakum_report_github_escape(out, oakum_report_dockerfile(result), TRUE);
  if (f->dockerfile_line > 0)
    g_string_append_printf(out, ",line=%d", f->dockerfile_line);
  g_string_append(out, ",title=");
  oakum_report_github_escape(out, f->id, TRUE);
  g_string_append(out, "::");
  oakum_report_github_escape(out, text, FALSE);
  g_string_append_c(out, '\n');
}

char *oakum_report_annotations(const OakumResult *result)
{
  GString *out = g_string_new(NULL);
  g_autoptr(GPtrArray) rows = oakum_report_urgent(result);
  guint counts[LEVELS] = {0}, left = 0;
  for (guint i = 0; i < result->findings->len; i++) {
    OakumFinding *f = result->findings->pdata[i];
    gboolean other = f->kind != OAKUM_FINDING_VULNERABILITY && f->kind != OAKUM_FINDING_LINT,
             counts_for = f->kind == OAKUM_FINDING_INCOMPLETE || f->severity >= OAKUM_SEVERITY_LOW;
    if (other && counts_for && !f->suppressed)
      g_ptr_array_add(rows, f);
  }
  for (int level = ERRORS; level < LEVELS; level++)
    for (guint i = 0; i < rows->len; i++) {
      if (level_of(rows->pdata[i]) != level)
        continue;
      if (counts[level]++ < OAKUM_ANNOTATIONS_MAX)
        put(out, result, rows->pdata[i]);
      else
        left++;
    }
  if (left > 0)
    g_string_append_printf(
        out, "oakum: %u more findings have no annotation, since GitHub keeps %u of each level\n",
        left, OAKUM_ANNOTATIONS_MAX);
  return g_string_free(out, FALSE);
}
