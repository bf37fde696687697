/* Formats of a row a hole: JUnit and CSV. */
#include "report/report-private.h"
#include <string.h>

/* ---- JUnit: a test case a package, so that one without holes is seen to pass
 * ------------------------------------------------------------------------------------ */
/* Readers take one failure a case. */
static void failure(GString *out, const GPtrArray *holes)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_autofree char *first = oakum_report_message(holes->pdata[0]),
                  *message = holes->len > 1
                                 ? g_strdup_printf("%s, and %u more", first, holes->len - 1)
                                 : g_strdup(first);
  OakumSeverity worst = OAKUM_SEVERITY_UNKNOWN;
  for (guint i = 0; i < holes->len; i++) {
    const OakumFinding *f = holes->pdata[i];
    g_autofree char *line = oakum_report_message(f), *advice = oakum_report_advice(f);
    worst = MAX(worst, f->severity);
    g_string_append_printf(text, "%s\n  severity: %s\n  %s\n  %s\n", line,
                           oakum_severity_name(f->severity), f->why ? f->why : "", advice);
  }
  g_string_append(out, "      <failure");
  oakum_report_xml_attribute(out, "message", message);
  oakum_report_xml_attribute(out, "type", oakum_severity_name(worst));
  g_string_append_c(out, '>');
  oakum_report_xml(out, text->str);
  g_string_append(out, "</failure>\n");
}

static void test_case(GString *out, const char *class, const char *name)
{
  g_string_append(out, "    <testcase");
  oakum_report_xml_attribute(out, "classname", class);
  oakum_report_xml_attribute(out, "name", name);
  g_string_append(out, " time=\"0\">\n");
}

char *oakum_report_junit(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  g_autoptr(GPtrArray) holes = oakum_report_holes(result);
  g_autoptr(GHashTable) index = oakum_report_index(result);
  g_autoptr(GHashTable) of =
      g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
  g_autoptr(GString) cases = g_string_new(NULL);
  guint tests = 0, failures = 0, errors = 0;
  for (guint i = 0; i < holes->len; i++) {
    gpointer p = (gpointer)oakum_report_package(index, holes->pdata[i]);
    GPtrArray *list = g_hash_table_lookup(of, p);
    if (!list)
      g_hash_table_insert(of, p, list = g_ptr_array_new());
    g_ptr_array_add(list, holes->pdata[i]);
  }
  for (guint i = 0; i <= result->catalog->packages->len; i++) { /* the last: of no package */
    const OakumPackage *p =
        i < result->catalog->packages->len ? result->catalog->packages->pdata[i] : NULL;
    const GPtrArray *list = g_hash_table_lookup(of, p);
    if (!p && !list)
      break;
    g_autofree char *name = p ? g_strjoin(" ", p->name, p->version, NULL) : g_strdup("image");
    test_case(cases, p && p->type ? p->type : "image", name);
    tests++;
    failures += list != NULL;
    if (list)
      failure(cases, list);
    g_string_append(cases, "    </testcase>\n");
  }
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_INCOMPLETE && f->kind != OAKUM_FINDING_EOL)
      continue;
    gboolean broken = f->kind == OAKUM_FINDING_INCOMPLETE;
    g_autofree char *name = g_strdup_printf("%s %u", f->id, tests + 1);
    test_case(cases, broken ? "not judged" : "end of life", name);
    tests++;
    errors += broken;
    failures += !broken;
    g_string_append(cases, broken ? "      <error" : "      <failure");
    oakum_report_xml_attribute(cases, "message", f->title ? f->title : f->id);
    oakum_report_xml_attribute(cases, "type", f->id);
    g_string_append(cases, "/>\n    </testcase>\n");
  }
  g_autoptr(GPtrArray) observed = oakum_report_observed(result, OAKUM_SEVERITY_LOW);
  for (guint i = 0; i < observed->len; i++) {
    const OakumFinding *f = observed->pdata[i];
    g_autofree char *place = oakum_report_place(f), *name = g_strjoin(" ", f->id, place, NULL),
                    *message = oakum_report_message(f), *advice = oakum_report_advice(f);
    test_case(cases, oakum_finding_kind_name(f->kind), name);
    g_string_append(cases, "      <failure");
    oakum_report_xml_attribute(cases, "message", message);
    oakum_report_xml_attribute(cases, "type", oakum_severity_name(f->severity));
    g_string_append_c(cases, '>');
    oakum_report_xml(cases, f->why ? f->why : "");
    g_string_append(cases, "\n");
    oakum_report_xml(cases, advice);
    g_string_append(cases, "</failure>\n    </testcase>\n");
    tests++;
    failures++;
  }
  GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
  for (int i = 0; i < 2; i++) {
    if (i == 1)
      g_string_append(out, "  <testsuite");
    oakum_report_xml_attribute(out, "name", i == 1 ? result->target : "oakum");
    g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\"%s>\n", tests, failures,
                           errors, i == 1 ? " time=\"0\"" : "");
  }
  g_string_append_len(out, cases->str, (gssize)cases->len);
  g_string_append(out, "  </testsuite>\n</testsuites>\n");
  return g_string_free(out, FALSE);
}

/* ---- CSV (RFC 4180)
 * ------------------------------------------------------------------------------------- */
/* One digit, as the JSON has it: half is more. */
static void tenth(char *out, double value)
{
  g_ascii_formatd(out, G_ASCII_DTOSTR_BUF_SIZE, "%.1f", oakum_report_tenth(value));
}

/* A spreadsheet takes what begins with one of these for a formula, and runs it; some also where it
 * is written full width. */
static gboolean is_formula(const char *text)
{
  gunichar first = g_utf8_get_char(text);
  return *text && (strchr("=+-@\t\r", *text) || first == 0xff1d || first == 0xff0b ||
                   first == 0xff0d || first == 0xff20);
}

static void cell(GString *out, const char *value)
{
  g_autofree char *safe = oakum_escape_terminal(value ? value : "", -1);
  gboolean formula = is_formula(safe);
  gboolean quoted = formula || strpbrk(safe, "\",\r\n") != NULL;
  if (out->len > 0 && out->str[out->len - 1] != '\n')
    g_string_append_c(out, ',');
  if (quoted)
    g_string_append_c(out, '"');
  if (formula)
    g_string_append_c(out, '\'');
  for (const char *p = safe; *p; p++) {
    if (*p == '"')
      g_string_append_c(out, '"');
    g_string_append_c(out, *p);
  }
  if (quoted)
    g_string_append_c(out, '"');
}

char *oakum_report_csv(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  GString *out =
      g_string_new("image,id,severity,cvss,epss,kev,risk,package,installed,fixed,status,purl,layer,"
                   "dockerfile_line,title,why,suppressed,kind,file,line\r\n");
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind == OAKUM_FINDING_LINT)
      continue;
    gboolean hole = f->kind == OAKUM_FINDING_VULNERABILITY, seen = oakum_report_is_observed(f);
    g_autofree char *at = seen && f->line > 0 ? g_strdup_printf("%d", f->line) : NULL;
    char cvss[G_ASCII_DTOSTR_BUF_SIZE] = "", epss[G_ASCII_DTOSTR_BUF_SIZE] = "",
         risk[G_ASCII_DTOSTR_BUF_SIZE] = "";
    g_autofree char *line =
        f->dockerfile_line > 0 ? g_strdup_printf("%d", f->dockerfile_line) : NULL;
    if (hole && f->cvss_vector)
      tenth(cvss, f->cvss);
    if (hole && f->epss >= 0)
      g_ascii_formatd(epss, sizeof(epss), "%.5f", f->epss);
    if (hole)
      tenth(risk, f->risk);
    const char *const cells[] = {result->target,
                                 f->id,
                                 hole || seen ? oakum_severity_name(f->severity) : "",
                                 cvss,
                                 epss,
                                 hole ? (f->kev ? "yes" : "no") : "",
                                 risk,
                                 f->package_name,
                                 f->package_version,
                                 f->fixed,
                                 hole                                  ? f->status
                                 : f->kind == OAKUM_FINDING_INCOMPLETE ? "not judged"
                                 : seen ? (f->gone ? "gone" : "there")
                                        : "end of life",
                                 f->package_purl,
                                 f->layer,
                                 line,
                                 f->title,
                                 f->why,
                                 f->suppressed,
                                 oakum_finding_kind_name(f->kind),
                                 seen ? f->file : NULL,
                                 at};
    for (size_t j = 0; j < G_N_ELEMENTS(cells); j++) {
      if (j > 0 && out->str[out->len - 1] == '\n')
        g_string_append_c(out, ','); /* the first cell was empty */
      cell(out, cells[j]);
    }
    g_string_append(out, "\r\n");
  }
  return g_string_free(out, FALSE);
}
