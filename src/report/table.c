/* A result for people, within the columns of their terminal. */
#include "report/report-private.h"
#include <string.h>

typedef struct {
  GString *out;
  const OakumResult *result;
  int columns;
  int id_width;
} Page;

/* ---- columns
 * --------------------------------------------------------------------------------------- */
static int width_of(const char *text)
{
  int width = 0;
  for (; *text; text = g_utf8_next_char(text)) {
    gunichar c = g_utf8_get_char(text);
    width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
  }
  return width;
}

/* `text` as a terminal may show it, cut to `columns`. New string. */
static char *cut(const char *text, int columns)
{
  g_autofree char *safe = oakum_report_shown(text);
  if (width_of(safe) <= columns)
    return g_steal_pointer(&safe);
  int width = 0;
  const char *end = safe;
  for (; *end; end = g_utf8_next_char(end)) {
    char one[7] = {0};
    g_unichar_to_utf8(g_utf8_get_char(end), one);
    if (width + width_of(one) > columns - 1)
      break;
    width += width_of(one);
  }
  return g_strdup_printf("%.*s…", (int)(end - safe), safe);
}

static void pad(Page *page, int from, int to)
{
  for (; from < to; from++)
    g_string_append_c(page->out, ' ');
}

/* No line ends with a blank. */
static void end_line(Page *page)
{
  while (page->out->len > 0 && page->out->str[page->out->len - 1] == ' ')
    g_string_truncate(page->out, page->out->len - 1);
  g_string_append_c(page->out, '\n');
}

/* Words, with lines that go on indented. A word that is longer than a line is broken. */
static void prose(Page *page, int indent, const char *text)
{
  g_autofree char *safe = oakum_report_shown(text);
  int at = indent, more = indent ? indent + 2 : 2;
  pad(page, 0, indent);
  for (const char *p = safe; *p;) {
    size_t n = strcspn(p, " ");
    g_autofree char *word = g_strndup(p, n);
    int width = width_of(word);
    if (at > more && at + width > page->columns) {
      end_line(page);
      pad(page, 0, more);
      at = more;
    }
    for (const char *q = word; *q; q = g_utf8_next_char(q)) {
      char one[7] = {0};
      g_unichar_to_utf8(g_utf8_get_char(q), one);
      if (at + width_of(one) > page->columns) {
        end_line(page);
        pad(page, 0, more);
        at = more;
        if (q[0] == ':' && q[1] == ':') { /* no line begins so: oakum_report_shown */
          g_string_append(page->out, "\\x3a");
          at += 4;
          continue;
        }
      }
      g_string_append(page->out, one);
      at += width_of(one);
    }
    p += n;
    if (*p == ' ') {
      p++;
      if (at < page->columns) {
        g_string_append_c(page->out, ' ');
        at++;
      }
    }
  }
  end_line(page);
}

static const char *paint(const Page *page, const char *code)
{
  return page->result->screen.colour ? code : "";
}

static const char *severity_colour(OakumSeverity severity)
{
  static const char *const codes[] = {"\033[2m",  "\033[2m",  "\033[34m",
                                      "\033[33m", "\033[31m", "\033[1;31m"};
  return codes[severity];
}

static void severity(Page *page, OakumSeverity s)
{
  g_string_append_printf(page->out, "%s%-10s%s  ", paint(page, severity_colour(s)),
                         oakum_severity_name(s), paint(page, "\033[0m"));
}

/* The id in its column, a link where the terminal knows them. */
static void id(Page *page, const char *text)
{
  g_autofree char *shown = cut(text, page->columns / 2);
  gboolean linked = page->result->screen.links && oakum_report_id_is_plain(text);
  g_auto(OakumReportId) found = {0};
  if (linked) {
    oakum_report_id(text, &found);
    g_string_append_printf(page->out, "\033]8;;%s\033\\%s\033]8;;\033\\", found.url, shown);
  } else {
    g_string_append(page->out, shown);
  }
  pad(page, width_of(shown), page->id_width);
  g_string_append(page->out, "  ");
}

/* ---- holes
 * ----------------------------------------------------------------------------------------- */
typedef struct {
  GPtrArray *holes; /* borrowed, the worst first */
  guint counts[OAKUM_SEVERITY_CRITICAL + 1];
} Group;

static void group_free(gpointer data)
{
  Group *group = data;
  g_ptr_array_unref(group->holes);
  g_free(group);
}

static gint by_worst(gconstpointer a, gconstpointer b)
{
  const Group *x = *(const Group *const *)a, *y = *(const Group *const *)b;
  return oakum_report_order(&x->holes->pdata[0], &y->holes->pdata[0]);
}

static GPtrArray *groups_of(GPtrArray *sorted)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
  g_autoptr(GHashTable) by_key = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < sorted->len; i++) {
    const OakumFinding *f = sorted->pdata[i];
    g_autofree char *key = g_strdup_printf("%s\n%s\n%s\n%d", f->package_name ? f->package_name : "",
                                           f->package_version ? f->package_version : "",
                                           f->package_purl ? f->package_purl : "", f->layer_index);
    Group *group = g_hash_table_lookup(by_key, key);
    if (!group) {
      group = g_new0(Group, 1);
      group->holes = g_ptr_array_new();
      g_ptr_array_add(groups, group);
      g_hash_table_insert(by_key, g_steal_pointer(&key), group);
    }
    g_ptr_array_add(group->holes, (gpointer)f);
    group->counts[f->severity]++;
  }
  g_ptr_array_sort(groups, by_worst);
  return groups;
}

/* "1 critical, 3 high"; new string. */
static char *told_counts(const guint *counts)
{
  GString *out = g_string_new(NULL);
  for (int s = OAKUM_SEVERITY_CRITICAL; s >= 0; s--)
    if (counts[s])
      g_string_append_printf(out, "%s%u %s", out->len ? ", " : "", counts[s],
                             oakum_severity_name((OakumSeverity)s));
  return g_string_free(out, FALSE);
}

static void group_head(Page *page, const Group *group)
{
  const OakumFinding *f = group->holes->pdata[0];
  g_autofree char *subject = oakum_report_subject(f),
                  *counts = group->holes->len > 1 ? told_counts(group->counts) : NULL,
                  *line = f->dockerfile_line > 0 ? g_strdup_printf(", line %d", f->dockerfile_line)
                                                 : g_strdup(""),
                  *layer = f->layer_index < 0
                               ? g_strdup("")
                               : g_strdup_printf("layer %d%s", f->layer_index + 1, line),
                  *right = g_strdup_printf("%s%s%s", counts ? counts : "",
                                           counts && *layer ? "; " : "", layer),
                  *shown_right = cut(*right ? right : " ", page->columns * 2 / 3),
                  *shown = cut(subject, page->columns - width_of(shown_right) - 2);
  g_string_append_printf(page->out, "%s%s%s", paint(page, "\033[1m"), shown,
                         paint(page, "\033[0m"));
  if (*right) {
    pad(page, width_of(shown), page->columns - width_of(shown_right));
    g_string_append(page->out, shown_right);
  }
  end_line(page);
}

static void hole(Page *page, const OakumFinding *f)
{
  g_autoptr(GString) rest = g_string_new(NULL);
  if (f->suppressed)
    g_string_append(rest, "suppressed");
  else if (f->fixed)
    g_string_append_printf(rest, "fixed in %s", f->fixed);
  else
    g_string_append(rest, f->status ? f->status : "open");
  if (f->kev)
    g_string_append(rest, f->ransomware ? "  exploited, for ransom" : "  exploited");
  if (f->epss >= 0.01)
    g_string_append_printf(rest, "  EPSS %d %%", (int)(f->epss * 100));
  pad(page, 0, 2);
  id(page, f->id);
  severity(page, f->severity);
  g_autofree char *shown = cut(rest->str, page->columns - 2 - page->id_width - 2 - 12);
  g_string_append(page->out, shown);
  end_line(page);
}

static void holes(Page *page)
{
  const OakumResult *result = page->result;
  g_autoptr(GPtrArray) sorted = g_ptr_array_new();
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_VULNERABILITY || (f->suppressed && !result->show_suppressed))
      continue;
    g_ptr_array_add(sorted, (gpointer)f);
    g_autofree char *shown = cut(f->id, page->columns / 2);
    page->id_width = MAX(page->id_width, width_of(shown));
  }
  g_ptr_array_sort(sorted, oakum_report_order);
  g_autoptr(GPtrArray) groups = groups_of(sorted);
  gboolean folded = sorted->len > OAKUM_TABLE_HOLES;
  guint told = folded ? MIN(groups->len, OAKUM_TABLE_PACKAGES) : groups->len;
  for (guint i = 0; i < told; i++) {
    const Group *group = groups->pdata[i];
    guint listed = folded ? MIN(group->holes->len, OAKUM_TABLE_FIRST) : group->holes->len;
    if (i == 0)
      g_string_append_c(page->out, '\n');
    group_head(page, group);
    for (guint j = 0; j < listed; j++)
      hole(page, group->holes->pdata[j]);
    if (listed < group->holes->len)
      g_string_append_printf(page->out, "  and %u more\n", group->holes->len - listed);
  }
  if (!folded)
    return;
  guint left[OAKUM_SEVERITY_CRITICAL + 1] = {0};
  for (guint i = told; i < groups->len; i++)
    for (int s = 0; s <= OAKUM_SEVERITY_CRITICAL; s++)
      left[s] += ((const Group *)groups->pdata[i])->counts[s];
  g_autofree char *counts = told_counts(left),
                  *text = told < groups->len
                              ? g_strdup_printf("%u more packages: %s", groups->len - told, counts)
                              : NULL;
  if (text)
    prose(page, 0, text);
  g_string_append_c(page->out, '\n');
  prose(page, 0, "Folded; --format html, csv and json have each hole.");
}

/* ---- the other kinds
 * ------------------------------------------------------------------------------- */
static void others(Page *page, OakumFindingKind kind, const char *title)
{
  g_autoptr(GPtrArray) sorted = g_ptr_array_new();
  guint light = 0; /* a distribution has a hundred packages under the GPL */
  for (guint i = 0; i < page->result->findings->len; i++) {
    const OakumFinding *f = page->result->findings->pdata[i];
    if (f->kind != kind || (f->suppressed && !page->result->show_suppressed))
      continue;
    if (f->severity == OAKUM_SEVERITY_NEGLIGIBLE)
      light++;
    else
      g_ptr_array_add(sorted, (gpointer)f);
  }
  if (sorted->len + light == 0)
    return;
  g_ptr_array_sort(sorted, oakum_report_order);
  g_string_append_printf(page->out, "\n%s%s: %u%s\n", paint(page, "\033[1m"), title,
                         sorted->len + light, paint(page, "\033[0m"));
  for (guint i = 0; i < MIN(sorted->len, OAKUM_TABLE_OTHERS); i++) {
    const OakumFinding *f = sorted->pdata[i];
    gboolean of_package = f->package_name && (kind == OAKUM_FINDING_LICENSE || !f->file);
    g_autofree char *place = of_package               ? oakum_report_subject(f)
                             : f->file && f->line > 0 ? g_strdup_printf("/%s:%d", f->file, f->line)
                             : f->file                ? g_strconcat("/", f->file, NULL)
                                                      : g_strdup(""),
                    *shown_id = cut(f->id, page->columns / 3),
                    *layer = f->layer_index >= 0 ? g_strdup_printf("  layer %d", f->layer_index + 1)
                                                 : g_strdup(""),
                    *more = g_strconcat(place, layer, f->gone ? "  gone" : "", NULL),
                    *shown = cut(more, page->columns - 2 - 12 - width_of(shown_id) - 2);
    pad(page, 0, 2);
    severity(page, f->severity);
    g_string_append_printf(page->out, "%s  %s", shown_id, shown);
    end_line(page);
    if (f->title && *f->title && strcmp(f->title, f->id) != 0)
      prose(page, 6, f->title);
    if (f->match && *f->match)
      prose(page, 6, f->match);
    if (f->suppressed)
      prose(page, 6, f->suppressed);
  }
  if (sorted->len > OAKUM_TABLE_OTHERS)
    g_string_append_printf(page->out, "  and %u more\n", sorted->len - OAKUM_TABLE_OTHERS);
  if (light > 0)
    g_string_append_printf(page->out, "  and %u negligible, which --format json and html have\n",
                           light);
}

/* ---- the page
 * -------------------------------------------------------------------------------------- */
static void head(Page *page)
{
  const OakumResult *result = page->result;
  const OakumDistro *distro = &result->catalog->distro;
  guint count = 0, fixable = 0, suppressed = 0;
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_VULNERABILITY)
      continue;
    suppressed += f->suppressed != NULL;
    count += !f->suppressed;
    fixable += f->fixed && !f->suppressed;
  }
  g_autofree char *title = g_strdup_printf("%s: %s", result->target,
                                           distro->pretty ? distro->pretty
                                           : distro->id   ? distro->id
                                                          : "unknown distribution");
  g_autoptr(GString) text = g_string_new(NULL);
  g_string_append_printf(text, "%u packages, %u holes, %u of them with a fix",
                         result->catalog->packages->len, count, fixable);
  if (suppressed)
    g_string_append_printf(text, ", %u more suppressed", suppressed);
  prose(page, 0, title);
  prose(page, 0, text->str);
}

static void notes(Page *page)
{
  const OakumResult *result = page->result;
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    g_autofree char *text =
        f->kind == OAKUM_FINDING_EOL ? g_strdup_printf("%s [%s]", f->title, f->id)
        : f->kind == OAKUM_FINDING_VULNERABILITY && f->suppressed && result->show_suppressed
            ? g_strdup_printf("suppressed: %s in %s: %s", f->id, f->package_name, f->suppressed)
            : NULL;
    if (text)
      prose(page, 0, text);
  }
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_INCOMPLETE)
      continue;
    g_autofree char *text = g_strdup_printf("not judged: %s [%s]", f->title, f->id);
    prose(page, 0, text);
  }
  for (guint i = 0; result->verdict && i < result->verdict->reasons->len; i++) {
    g_autofree char *text = g_strdup_printf("%s: %s", oakum_verdict_name(result->verdict->kind),
                                            (char *)result->verdict->reasons->pdata[i]);
    prose(page, 0, text);
  }
}

char *oakum_report_table(const OakumResult *result)
{
  int columns = result->screen.columns > 0 ? result->screen.columns : 80;
  Page page = {g_string_new(NULL), result,
               CLAMP(columns, OAKUM_TABLE_COLUMNS_MIN, OAKUM_TABLE_COLUMNS_MAX), 0};
  head(&page);
  holes(&page);
  others(&page, OAKUM_FINDING_SECRET, "Secrets");
  others(&page, OAKUM_FINDING_HYGIENE, "Hygiene");
  others(&page, OAKUM_FINDING_LICENSE, "Licences");
  g_autoptr(GString) body = page.out;
  page.out = g_string_new(NULL);
  notes(&page);
  if (page.out->len > 0 && strchr(body->str, '\n')[1] != '\0')
    g_string_append_c(body, '\n');
  g_string_append_len(body, page.out->str, (gssize)page.out->len);
  g_string_free(page.out, TRUE);
  return g_string_free(g_steal_pointer(&body), FALSE);
}
