/* A comparison as a table, JSON and Markdown. */
#include "report/compare.h"
#include "report/report-private.h"
#include <string.h>

static const char *const kinds[] = {"added", "removed", "changed"};

/* ---- JSON
 * ------------------------------------------------------------------------------------------ */
static json_t *package_json(const OakumPackageChange *change)
{
  const OakumPackage *p = change->package;
  json_t *object = json_object();
  json_object_set_new(object, "name", oakum_sbom_text(p->name));
  json_object_set_new(object, "type", oakum_sbom_text(p->type));
  oakum_report_set(object, "namespace", p->space);
  oakum_report_set(object, "arch", p->arch);
  if (change->kind == OAKUM_CHANGE_CHANGED) {
    json_object_set_new(object, "from", oakum_sbom_text(change->from));
    json_object_set_new(object, "to", oakum_sbom_text(change->to));
  } else {
    json_object_set_new(object, "version", oakum_sbom_text(change->to ? change->to : change->from));
  }
  return object;
}

static json_t *hole_json(const OakumFinding *f)
{
  json_t *object = json_object(), *package = json_object();
  json_object_set_new(package, "name", oakum_sbom_text(f->package_name));
  json_object_set_new(package, "version", oakum_sbom_text(f->package_version));
  json_object_set_new(package, "purl", oakum_sbom_text(f->package_purl));
  json_object_set_new(object, "id", oakum_sbom_text(f->id));
  json_object_set_new(object, "severity", json_string(oakum_severity_name(f->severity)));
  json_object_set_new(object, "title", oakum_sbom_text(f->title));
  json_object_set_new(object, "package", package);
  json_object_set_new(object, "fixed", oakum_sbom_text(f->fixed));
  json_object_set_new(object, "kev", json_boolean(f->kev));
  return object;
}

static json_t *observed_json(const OakumFinding *f)
{
  json_t *object = json_object();
  json_object_set_new(object, "id", oakum_sbom_text(f->id));
  json_object_set_new(object, "severity", json_string(oakum_severity_name(f->severity)));
  json_object_set_new(object, "title", oakum_sbom_text(f->title));
  json_object_set_new(object, "file", oakum_sbom_text(f->file));
  json_object_set_new(object, "line", f->line > 0 ? json_integer(f->line) : json_null());
  json_object_set_new(object, "match", oakum_sbom_text(f->match));
  json_object_set_new(object, "gone", json_boolean(f->gone));
  oakum_report_set(object, "package", f->package_name);
  return object;
}

/* "secrets", "hygiene" and "licenses": what came, what went, how many stayed. */
static void set_observed(json_t *json, const OakumComparison *c, OakumFindingKind kind,
                         const char *key)
{
  json_t *lists[2] = {json_array(), json_array()}, *object = json_object();
  for (guint i = 0; i < c->observed->len; i++) {
    const OakumHoleChange *change = &g_array_index(c->observed, OakumHoleChange, i);
    if (change->finding->kind == kind)
      json_array_append_new(lists[change->kind], observed_json(change->finding));
  }
  for (int i = 0; i < 2; i++)
    json_object_set_new(object, kinds[i], lists[i]);
  json_object_set_new(object, "unchanged", json_integer(c->observed_same[kind]));
  json_object_set_new(json, key, object);
}

static json_t *count(int64_t value)
{
  return value < 0 ? json_null() : json_integer(value);
}

static json_t *pair(int64_t from, int64_t to)
{
  json_t *object = json_object();
  json_object_set_new(object, "from", count(from));
  json_object_set_new(object, "to", count(to));
  json_object_set_new(object, "difference",
                      from < 0 || to < 0 ? json_null() : json_integer(to - from));
  return object;
}

static json_t *severities(const OakumComparison *c)
{
  static const char *const rows[] = {"added", "removed", "unchanged"};
  json_t *object = json_object();
  for (int s = OAKUM_SEVERITY_CRITICAL; s >= 0; s--) {
    json_t *one = json_object();
    for (int row = 0; row < 3; row++)
      json_object_set_new(one, rows[row], json_integer(c->by_severity[row][s]));
    json_object_set_new(object, oakum_severity_name((OakumSeverity)s), one);
  }
  return object;
}

static char *write_json(const OakumComparison *c)
{
  json_t *json = json_object(), *packages = json_object(), *findings = json_object(),
         *lists[3] = {json_array(), json_array(), json_array()}, *settings = json_array();
  json_t *holes[2] = {json_array(), json_array()}, *layers = pair(c->layers_from, c->layers_to);
  for (guint i = 0; i < c->packages->len; i++) {
    const OakumPackageChange *change = &g_array_index(c->packages, OakumPackageChange, i);
    json_array_append_new(lists[change->kind], package_json(change));
  }
  for (int kind = 0; kind < 3; kind++)
    json_object_set_new(packages, kinds[kind], lists[kind]);
  json_object_set_new(packages, "unchanged", json_integer(c->packages_same));
  for (guint i = 0; i < c->holes->len; i++) {
    const OakumHoleChange *change = &g_array_index(c->holes, OakumHoleChange, i);
    json_array_append_new(holes[change->kind], hole_json(change->finding));
  }
  for (int kind = 0; kind < 2; kind++)
    json_object_set_new(findings, kinds[kind], holes[kind]);
  json_object_set_new(findings, "unchanged", json_integer(c->holes_same));
  json_object_set_new(findings, "severities", severities(c));
  for (guint i = 0; i < c->settings->len; i++) {
    const OakumSettingChange *change = &g_array_index(c->settings, OakumSettingChange, i);
    json_t *row = json_object();
    json_object_set_new(row, "name", oakum_sbom_text(change->name));
    json_object_set_new(row, "from", oakum_sbom_text(change->from));
    json_object_set_new(row, "to", oakum_sbom_text(change->to));
    json_array_append_new(settings, row);
  }
  json_object_set_new(layers, "shared",
                      c->layers_from < 0 || c->layers_to < 0 ? json_null()
                                                             : json_integer(c->layers_shared));
  json_object_set_new(json, "schema", json_integer(1));
  json_object_set_new(json, "from", oakum_sbom_text(c->from->target));
  json_object_set_new(json, "to", oakum_sbom_text(c->to->target));
  json_object_set_new(json, "size", pair(c->size_from, c->size_to));
  json_object_set_new(json, "layers", layers);
  json_object_set_new(json, "packages", packages);
  json_object_set_new(json, "findings", findings);
  set_observed(json, c, OAKUM_FINDING_SECRET, "secrets");
  set_observed(json, c, OAKUM_FINDING_HYGIENE, "hygiene");
  set_observed(json, c, OAKUM_FINDING_LICENSE, "licenses");
  json_object_set_new(json, "settings", settings);
  return oakum_report_dump(json);
}

/* ---- text
 * ------------------------------------------------------------------------------------------ */
static char *megabytes(int64_t bytes)
{
  return bytes < 0 ? g_strdup("unknown") : g_strdup_printf("%.1f MB", (double)bytes / 1e6);
}

static guint counted(const OakumComparison *c, OakumChangeKind kind)
{
  guint n = 0;
  for (guint i = 0; i < c->packages->len; i++)
    n += g_array_index(c->packages, OakumPackageChange, i).kind == kind;
  return n;
}

static guint total(const guint *row)
{
  guint n = 0;
  for (int s = 0; s <= OAKUM_SEVERITY_CRITICAL; s++)
    n += row[s];
  return n;
}

typedef struct {
  GString *out;
  gboolean markdown;
} Page;

static void put(Page *page, const char *text)
{
  if (page->markdown) {
    oakum_report_markdown_text(page->out, text);
    return;
  }
  g_autofree char *safe = oakum_report_shown(text);
  g_string_append(page->out, safe);
}

/* One row; the first cell is aligned in text. */
static void row(Page *page, const char *const *cells)
{
  for (int i = 0; cells[i]; i++) {
    size_t before = page->out->len;
    g_string_append(page->out, page->markdown ? "| " : i == 0 ? "  " : "  ");
    put(page, cells[i]);
    if (page->markdown)
      g_string_append_c(page->out, ' ');
    else if (cells[i + 1])
      while (page->out->len - before < (i == 0 ? 12u : 24u))
        g_string_append_c(page->out, ' ');
  }
  g_string_append(page->out, page->markdown ? "|\n" : "\n");
}

static void title(Page *page, const char *text, int columns)
{
  g_string_append_printf(page->out, page->markdown ? "\n**%s**\n\n" : "\n%s\n", text);
  if (!page->markdown || columns == 0)
    return;
  for (int i = 0; i < columns; i++)
    g_string_append(page->out, "| ");
  g_string_append(page->out, "|\n");
  for (int i = 0; i < columns; i++)
    g_string_append(page->out, "|---");
  g_string_append(page->out, "|\n");
}

static void summarize_observed(Page *page, const OakumComparison *c, OakumFindingKind kind)
{
  guint ways[2] = {0}, same = c->observed_same[kind];
  for (guint i = 0; i < c->observed->len; i++) {
    const OakumHoleChange *change = &g_array_index(c->observed, OakumHoleChange, i);
    ways[change->kind] += change->finding->kind == kind;
  }
  if (ways[0] + ways[1] + same == 0)
    return;
  g_autofree char *old = g_strdup_printf("%u", same + ways[1]),
                  *new = g_strdup_printf("%u", same + ways[0]),
                  *delta = g_strdup_printf("+%u -%u", ways[0], ways[1]),
                  *name = g_ascii_strdown(oakum_report_observed_titles[kind], -1);
  row(page, (const char *const[]){name, old, new, delta, NULL});
}

static void summary(Page *page, const OakumComparison *c)
{
  g_autofree char *from = megabytes(c->size_from), *to = megabytes(c->size_to),
                  *before = g_strdup_printf("%u", c->from->catalog->packages->len),
                  *after = g_strdup_printf("%u", c->to->catalog->packages->len),
                  *moved = g_strdup_printf("+%u -%u, %u changed", counted(c, OAKUM_CHANGE_ADDED),
                                           counted(c, OAKUM_CHANGE_REMOVED),
                                           counted(c, OAKUM_CHANGE_CHANGED));
  title(page, "from → to", 4);
  row(page, (const char *const[]){"size", from, to, NULL});
  row(page, (const char *const[]){"packages", before, after, moved, NULL});
  for (int s = OAKUM_SEVERITY_CRITICAL; s >= 0; s--) {
    guint a = c->by_severity[0][s], r = c->by_severity[1][s], u = c->by_severity[2][s];
    if (a + r + u == 0)
      continue;
    g_autofree char *old = g_strdup_printf("%u", r + u), *new = g_strdup_printf("%u", a + u),
                    *delta = g_strdup_printf("+%u -%u", a, r);
    row(page, (const char *const[]){oakum_severity_name((OakumSeverity)s), old, new, delta, NULL});
  }
  guint a = total(c->by_severity[0]), r = total(c->by_severity[1]);
  g_autofree char *old = g_strdup_printf("%u", r + c->holes_same),
                  *new = g_strdup_printf("%u", a + c->holes_same),
                  *delta = g_strdup_printf("+%u -%u", a, r);
  row(page, (const char *const[]){"all holes", old, new, delta, NULL});
  for (int kind = 0; kind < OAKUM_FINDING_KINDS; kind++)
    if (oakum_report_observed_titles[kind])
      summarize_observed(page, c, (OakumFindingKind)kind);
}

static void list_holes(Page *page, const OakumComparison *c, OakumChangeKind kind, const char *name)
{
  guint told = 0, left = 0;
  for (guint i = 0; i < c->holes->len; i++) {
    const OakumHoleChange *change = &g_array_index(c->holes, OakumHoleChange, i);
    const OakumFinding *f = change->finding;
    if (change->kind != kind)
      continue;
    if (page->markdown && page->out->len > OAKUM_MARKDOWN_MAX / 2) {
      left++;
      continue;
    }
    if (told++ == 0)
      title(page, name, 4);
    g_autofree char *subject = oakum_report_subject(f);
    row(page, (const char *const[]){oakum_severity_name(f->severity), f->id, subject,
                                    f->fixed ? f->fixed : "no fix", NULL});
  }
  if (left > 0)
    g_string_append_printf(page->out, "\n%s: %u more, which oakum compare --format json has\n",
                           name, left);
}

static void list_observed(Page *page, const OakumComparison *c, OakumFindingKind kind,
                          OakumChangeKind way)
{
  g_autofree char *name = g_strdup_printf("%s that %s", oakum_report_observed_titles[kind],
                                          way == OAKUM_CHANGE_ADDED ? "came" : "went");
  guint told = 0, left = 0;
  for (guint i = 0; i < c->observed->len; i++) {
    const OakumHoleChange *change = &g_array_index(c->observed, OakumHoleChange, i);
    const OakumFinding *f = change->finding;
    if (f->kind != kind || change->kind != way)
      continue;
    if (page->markdown && page->out->len > OAKUM_MARKDOWN_MAX * 2 / 3) {
      left++;
      continue;
    }
    if (told++ == 0)
      title(page, name, 4);
    g_autofree char *place = oakum_report_place(f);
    row(page,
        (const char *const[]){oakum_severity_name(f->severity), f->id, f->title, place, NULL});
  }
  if (left > 0)
    g_string_append_printf(page->out, "\n%s: %u more, which oakum compare --format json has\n",
                           name, left);
}

static void list_packages(Page *page, const OakumComparison *c)
{
  for (guint i = 0; i < c->packages->len; i++) {
    const OakumPackageChange *change = &g_array_index(c->packages, OakumPackageChange, i);
    if (page->markdown && page->out->len > OAKUM_MARKDOWN_MAX - 2000) {
      g_string_append_printf(page->out, "\nand %u more, which oakum compare --format json has\n",
                             c->packages->len - i);
      return;
    }
    if (i == 0)
      title(page, "Packages", 4);
    row(page, (const char *const[]){kinds[change->kind], change->package->name,
                                    change->from ? change->from : "-",
                                    change->to ? change->to : "-", NULL});
  }
}

static char *write_text(const OakumComparison *c, gboolean markdown)
{
  Page page = {g_string_new(markdown ? "### " : NULL), markdown};
  put(&page, c->from->target);
  g_string_append(page.out, " → ");
  put(&page, c->to->target);
  g_string_append_c(page.out, '\n');
  summary(&page, c);
  if (c->settings->len > 0)
    title(&page, "Settings", 3);
  for (guint i = 0; i < c->settings->len; i++) {
    const OakumSettingChange *change = &g_array_index(c->settings, OakumSettingChange, i);
    row(&page, (const char *const[]){change->name, change->from ? change->from : "-",
                                     change->to ? change->to : "-", NULL});
  }
  list_holes(&page, c, OAKUM_CHANGE_ADDED, "Holes that came");
  list_holes(&page, c, OAKUM_CHANGE_REMOVED, "Holes that went");
  for (int kind = 0; kind < OAKUM_FINDING_KINDS; kind++)
    for (int way = 0; oakum_report_observed_titles[kind] && way < 2; way++)
      list_observed(&page, c, (OakumFindingKind)kind, (OakumChangeKind)way);
  list_packages(&page, c);
  return g_string_free(page.out, FALSE);
}

char *oakum_comparison_write(const OakumComparison *comparison, const char *format, GError **error)
{
  if (strcmp(format, "json") == 0)
    return write_json(comparison);
  if (strcmp(format, "html") == 0)
    return oakum_comparison_html(comparison);
  if (strcmp(format, "table") == 0 || strcmp(format, "markdown") == 0)
    return write_text(comparison, *format == 'm');
  g_set_error(error, OAKUM_REPORT_ERROR, OAKUM_ERROR_USAGE, "--format takes %s",
              OAKUM_COMPARE_FORMATS);
  return NULL;
}
