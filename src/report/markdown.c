/* A note for a merge request: the verdict, the counts, what to look at first, the rest folded, and
 * what was left out when a forge would take no more. */
#include "report/report-private.h"
#include <string.h>

/* Characters by references alone stop Markdown itself. What forges do to the text that comes out of
 * it - people, issues and addresses become links there, and people are told - is stopped by a space
 * of no width behind what such a name begins with. */
#define NO_SPACE "&#8203;"
static gboolean begins_name(const char *p)
{
  return (strchr("@#!~%$^&[", *p) && (g_ascii_isalnum(p[1]) || p[1] == '"' || p[1] == '_')) ||
         (*p == ':' && p[1] == '/');
}

/* How much of the beginning would make a list, a rule or a block of code of its line. */
static size_t begins_block(const char *text)
{
  size_t digits = strspn(text, "0123456789"), mark = digits + (text[digits] != '\0');
  gboolean alone = text[mark] == '\0' || text[mark] == ' ';
  if (digits > 0)
    return text[digits] == '.' && alone ? mark : 0;
  return (strchr("-+", *text) && alone) || g_str_has_prefix(text, "--") ? 1 : 0;
}

void oakum_report_markdown_text(GString *out, const char *text)
{
  g_autofree char *safe = oakum_escape_terminal(text ? text : "-", -1);
  const char *start = safe + strspn(safe, " \t"), *block = start;
  size_t len = *start ? begins_block(start) : 0;
  if (len > 0)
    block += len - 1;
  for (const char *p = start; *p; p++) {
    gboolean name = begins_name(p);
    if (strchr("\\`*_{}[]()<>#!|~&@$^%\"'", *p) || name || (len > 0 && p == block))
      g_string_append_printf(out, "&#%d;", *p);
    else
      g_string_append_c(out, *p);
    if (name || (g_ascii_strncasecmp(p, "w.", 2) == 0 && p - start >= 2 &&
                 g_ascii_strncasecmp(p - 2, "www.", 4) == 0))
      g_string_append(out, NO_SPACE);
  }
}

/* The same, cut where it is longer than anybody reads. */
static void short_text(GString *out, const char *text)
{
  g_autofree char *safe = oakum_escape_terminal(text ? text : "-", -1);
  size_t len = strlen(safe);
  if (len > OAKUM_MARKDOWN_TEXT) {
    len = OAKUM_MARKDOWN_TEXT;
    while (len > 0 && ((guchar)safe[len] & 0xc0) == 0x80)
      len--;
    safe[len] = '\0';
    g_autofree char *cut = g_strconcat(safe, "…", NULL);
    oakum_report_markdown_text(out, cut);
    return;
  }
  oakum_report_markdown_text(out, safe);
}

/* A line of a list, as long as lists take no more than half of the note; takes `line`. */
static gboolean put_line(GString *out, GString *line)
{
  gboolean fits = out->len + line->len <= OAKUM_MARKDOWN_MAX / 2;
  if (fits)
    g_string_append_len(out, line->str, (gssize)line->len);
  g_string_free(line, TRUE);
  return fits;
}

static void column(GString *out, const char *text)
{
  g_string_append(out, " ");
  short_text(out, text);
  g_string_append(out, " |");
}

#define HEAD                                                                                       \
  "| hole | severity | package | installed | fixed | brought by |\n|---|---|---|---|---|---|\n"

static void hole(GString *out, const OakumResult *result, const OakumFinding *f)
{
  g_auto(OakumReportId) id = {0};
  oakum_report_id(f->id, &id);
  gboolean links = strlen(id.url) <= OAKUM_MARKDOWN_TEXT; /* a longer one is of no id that exists */
  g_string_append(out, links ? "| [" : "| ");
  short_text(out, f->id);
  if (links)
    g_string_append_printf(out, "](%s)", id.url);
  g_string_append(out, f->kev ? " **exploited** |" : " |");
  g_autofree char *from =
      f->dockerfile_line > 0
          ? g_strdup_printf("%s, line %d", oakum_report_dockerfile(result), f->dockerfile_line)
      : f->layer_index >= 0 ? g_strdup_printf("layer %d", f->layer_index + 1)
                            : NULL;
  column(out, oakum_severity_name(f->severity));
  column(out, f->package_name);
  column(out, f->package_version);
  column(out, f->fixed);
  column(out, from);
  g_string_append_c(out, '\n');
}

static void verdict(GString *out, const OakumResult *result)
{
  static const char *const marks[] = {":white_check_mark: passed", ":x: refused",
                                      ":warning: not known"};
  const char *mark = result->verdict ? marks[result->verdict->kind] : "scanned";
  g_autofree char *name = oakum_sha256_hex(result->target, strlen(result->target));
  g_string_append_printf(out, "<!-- oakum:scan:%.16s:1 -->\n### %s: ", name, mark);
  short_text(out, result->target);
  g_string_append(out, "\n\n");
  guint reasons = result->verdict ? result->verdict->reasons->len : 0, told = 0;
  for (; told < MIN(reasons, OAKUM_MARKDOWN_NOTES); told++) {
    GString *line = g_string_new("- ");
    short_text(line, result->verdict->reasons->pdata[told]);
    g_string_append_c(line, '\n');
    if (!put_line(out, line))
      break;
  }
  if (told < reasons)
    g_string_append_printf(out, "- and %u reasons more\n", reasons - told);
  if (result->verdict && result->verdict->reasons->len > 0)
    g_string_append_c(out, '\n');
}

static void counts(GString *out, const OakumResult *result, const GPtrArray *holes)
{
  guint all[OAKUM_SEVERITY_CRITICAL + 1] = {0}, fixable[OAKUM_SEVERITY_CRITICAL + 1] = {0},
                                      kev[OAKUM_SEVERITY_CRITICAL + 1] = {0}, fixed = 0;
  for (guint i = 0; i < holes->len; i++) {
    const OakumFinding *f = holes->pdata[i];
    all[f->severity]++;
    fixable[f->severity] += f->fixed != NULL;
    kev[f->severity] += f->kev;
    fixed += f->fixed != NULL;
  }
  g_string_append_printf(out, "%u packages, %u holes, %u of them with a fix.\n\n",
                         result->catalog->packages->len, holes->len, fixed);
  if (holes->len == 0)
    return;
  g_string_append(out, "| severity | holes | with a fix | known to be exploited |\n"
                       "|---|--:|--:|--:|\n");
  for (int s = OAKUM_SEVERITY_CRITICAL; s >= 0; s--)
    if (all[s])
      g_string_append_printf(out, "| %s | %u | %u | %u |\n", oakum_severity_name((OakumSeverity)s),
                             all[s], fixable[s], kev[s]);
  g_string_append_c(out, '\n');
}

static void others(GString *out, const OakumResult *result, OakumFindingKind kind,
                   const char *title)
{
  guint count = 0, told = 0;
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind != kind)
      continue;
    if (++count == 1)
      g_string_append_printf(out, "**%s**\n\n", title);
    if (count > OAKUM_MARKDOWN_NOTES || told + 1 < count)
      continue;
    GString *line = g_string_new("- ");
    short_text(line, f->title ? f->title : f->id);
    g_string_append_c(line, '\n');
    told += put_line(out, line);
  }
  if (count > told)
    g_string_append_printf(out, "- and %u more\n", count - told);
  if (count > 0)
    g_string_append_c(out, '\n');
}

static void observed(GString *out, const OakumResult *result, OakumFindingKind kind)
{
  g_autoptr(GPtrArray) list = oakum_report_observed(result, OAKUM_SEVERITY_LOW);
  guint count = 0, told = 0;
  for (guint i = 0; i < list->len; i++) {
    const OakumFinding *f = list->pdata[i];
    if (f->kind != kind)
      continue;
    if (++count == 1)
      g_string_append_printf(out, "**%s**\n\n", oakum_report_observed_titles[kind]);
    if (count > OAKUM_MARKDOWN_NOTES || told + 1 < count)
      continue;
    g_autofree char *text = oakum_report_message(f);
    GString *line = g_string_new("- ");
    g_string_append_printf(line, "%s: ", oakum_severity_name(f->severity));
    short_text(line, text);
    if (f->dockerfile_line > 0)
      g_string_append_printf(line, " (Dockerfile, line %d)", f->dockerfile_line);
    g_string_append_c(line, '\n');
    told += put_line(out, line);
  }
  if (count > told)
    g_string_append_printf(out, "- and %u more\n", count - told);
  if (count > 0)
    g_string_append_c(out, '\n');
}

static char *footer(const OakumResult *result)
{
  GString *out = g_string_new("<sub>");
  if (result->db_date && *result->db_date) {
    g_string_append(out, "Advisories of ");
    short_text(out, result->db_date);
    g_string_append(out, ". ");
  }
  g_string_append(out, "oakum " OAKUM_VERSION "</sub>\n");
  return g_string_free(out, FALSE);
}

char *oakum_report_markdown(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  g_autoptr(GPtrArray) holes = oakum_report_urgent(result);
  g_autofree char *last = footer(result);
  GString *out = g_string_new(NULL);
  verdict(out, result);
  counts(out, result, holes);
  others(out, result, OAKUM_FINDING_INCOMPLETE, "Not judged");
  others(out, result, OAKUM_FINDING_EOL, "End of life");
  for (int kind = 0; kind < OAKUM_FINDING_KINDS; kind++)
    if (oakum_report_observed_titles[kind])
      observed(out, result, (OakumFindingKind)kind);
  const char *more = result->more && strlen(result->more) <= OAKUM_MARKDOWN_MORE
                         ? result->more
                         : "the result (oakum scan --format json)";
  g_autoptr(GString) rest = g_string_new(NULL);
  /* what stands behind the table: the end of the fold, the word on what is left out, the footer */
  size_t after = strlen(last) + OAKUM_MARKDOWN_AFTER + 6 * strlen(more);
  guint told = 0;
  if (holes->len > 0)
    g_string_append(out, "**To look at first**\n\n" HEAD);
  for (gboolean fits = TRUE; fits && told < MIN(holes->len, OAKUM_MARKDOWN_FIRST);) {
    g_autoptr(GString) row = g_string_new(NULL);
    hole(row, result, holes->pdata[told]);
    fits = out->len + row->len + after <= OAKUM_MARKDOWN_MAX;
    if (fits) {
      g_string_append_len(out, row->str, (gssize)row->len);
      told++;
    }
  }
  guint first = told;
  if (holes->len > 0)
    g_string_append_c(out, '\n');
  for (; told < holes->len; told++) {
    g_autoptr(GString) row = g_string_new(NULL);
    hole(row, result, holes->pdata[told]);
    if (out->len + rest->len + row->len + after > OAKUM_MARKDOWN_MAX)
      break;
    g_string_append_len(rest, row->str, (gssize)row->len);
  }
  if (rest->len > 0)
    g_string_append_printf(out, "<details><summary>%u more</summary>\n\n" HEAD "%s\n</details>\n\n",
                           told - first, rest->str);
  if (told < holes->len) {
    g_string_append_printf(out, "%u holes are left out here, the least urgent; all are in ",
                           holes->len - told);
    oakum_report_markdown_text(out, more);
    g_string_append(out, ".\n\n");
  }
  g_string_append(out, last);
  return g_string_free(out, FALSE);
}
