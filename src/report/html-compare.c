/* oakum compare --format html: two images side by side. */
#include "report/html-private.h"
#include <string.h>

static char *difference(int64_t from, int64_t to)
{
  if (from < 0 || to < 0 || from == to)
    return g_strdup(from == to && from >= 0 ? "same" : "");
  g_autofree char *bytes = oakum_html_bytes(to > from ? to - from : from - to);
  return g_strconcat(to > from ? "+" : "−", bytes, NULL);
}

static void count(OakumHtmlPage *page, const char *name, int64_t from, int64_t to, const char *more)
{
  g_autofree char *a =
                      from < 0 ? g_strdup("not known") : g_strdup_printf("%" G_GINT64_FORMAT, from),
                  *b = to < 0 ? g_strdup("not known") : g_strdup_printf("%" G_GINT64_FORMAT, to),
                  *d = from < 0 || to < 0 || from == to
                           ? g_strdup("")
                           : g_strdup_printf("%s%" G_GINT64_FORMAT, to > from ? "+" : "−",
                                             to > from ? to - from : from - to),
                  *told = more ? g_strdup_printf("%s%s%s", d, *d ? ", " : "", more) : g_strdup(d);
  oakum_html_fact(page, name, a, b, told);
}

static void observed(OakumHtmlPage *page, const OakumComparison *c, OakumFindingKind kind)
{
  guint ways[2] = {0}, same = c->observed_same[kind];
  for (guint i = 0; i < c->observed->len; i++) {
    const OakumHoleChange *change = &g_array_index(c->observed, OakumHoleChange, i);
    ways[change->kind] += change->finding->kind == kind;
  }
  g_autofree char *told = g_strdup_printf("%u came, %u went, %u stayed", ways[0], ways[1], same);
  if (ways[0] + ways[1] + same > 0)
    count(page, oakum_report_observed_titles[kind], ways[1] + same, ways[0] + same, told);
}

static const char *fact_of(const OakumResult *result, const char *key)
{
  const char *text = json_string_value(json_object_get(result->image, key));
  return text ? text : "";
}

static void facts(OakumHtmlPage *page, const OakumComparison *c)
{
  const OakumResult *a = c->from, *b = c->to;
  g_autofree char *size_a = oakum_html_bytes(c->size_from), *size_b = oakum_html_bytes(c->size_to),
                  *size = difference(c->size_from, c->size_to),
                  *shared = c->layers_from >= 0 && c->layers_to >= 0
                                ? g_strdup_printf("%d in common", c->layers_shared)
                                : NULL;
  oakum_html_fact(page, "Image", a->target, b->target, "");
  static const struct {
    const char *name, *key;
  } rows[] = {{"Digest", "digest"}, {"Platform", "platform"}, {"Created", "created"}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
    if (*fact_of(a, rows[i].key) || *fact_of(b, rows[i].key))
      oakum_html_fact(page, rows[i].name, fact_of(a, rows[i].key), fact_of(b, rows[i].key), "");
  const OakumDistro *x = &a->catalog->distro, *y = &b->catalog->distro;
  oakum_html_fact(page, "Distribution", x->pretty ? x->pretty : "not known",
                  y->pretty ? y->pretty : "not known", "");
  oakum_html_fact(page, "Size", size_a, size_b, size);
  if (c->layers_from >= 0 || c->layers_to >= 0)
    count(page, "Layers", c->layers_from, c->layers_to, shared);
  count(page, "Packages", a->catalog->packages->len, b->catalog->packages->len, NULL);
  guint sums[3] = {0};
  for (int s = 0; s <= OAKUM_SEVERITY_CRITICAL; s++)
    for (int i = 0; i < 3; i++)
      sums[i] += c->by_severity[i][s];
  g_autofree char *holes =
      g_strdup_printf("%u came, %u went, %u stayed", sums[0], sums[1], sums[2]);
  count(page, "Holes", sums[1] + sums[2], sums[0] + sums[2], holes);
  for (int s = OAKUM_SEVERITY_CRITICAL; s >= 0; s--) {
    guint added = c->by_severity[0][s], removed = c->by_severity[1][s], same = c->by_severity[2][s];
    if (added + removed + same > 0) /* with scripts, bars say it */
      g_string_append_printf(page->plain, "<li>Holes: %s: %u → %u</li>\n",
                             oakum_severity_name((OakumSeverity)s), removed + same, added + same);
  }
  for (int kind = 0; kind < OAKUM_FINDING_KINDS; kind++)
    if (oakum_report_observed_titles[kind])
      observed(page, c, (OakumFindingKind)kind);
}

static void packages(OakumHtmlPage *page, const OakumComparison *c)
{
  for (guint i = 0; i < c->packages->len; i++) {
    const OakumPackageChange *change = &g_array_index(c->packages, OakumPackageChange, i);
    json_t *row = json_array();
    json_array_append_new(row, oakum_html_text(change->package->name));
    json_array_append_new(row, oakum_html_text(change->to));
    json_array_append_new(row, oakum_html_text(change->package->type));
    json_array_append_new(row, json_string(""));
    json_array_append_new(row, json_integer(-1));
    json_array_append_new(row, oakum_html_text(change->package->purl));
    json_array_append_new(row, json_integer(change->kind));
    json_array_append_new(row, oakum_html_text(change->from));
    json_array_append_new(page->packages, row);
  }
}

typedef struct {
  const OakumFinding *finding; /* in front: oakum_report_order sorts pointers to it */
  int change;
} Row;

static gint by_row(gconstpointer a, gconstpointer b)
{
  const Row *x = a, *y = b;
  return x->change != y->change ? x->change - y->change
                                : oakum_report_order(&x->finding, &y->finding);
}

static void findings(OakumHtmlPage *page, const OakumComparison *c)
{
  g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Row));
  const GArray *const lists[] = {c->holes, c->observed};
  for (size_t list = 0; list < G_N_ELEMENTS(lists); list++)
    for (guint i = 0; i < lists[list]->len; i++) {
      const OakumHoleChange *change = &g_array_index(lists[list], OakumHoleChange, i);
      const Row row = {change->finding, change->kind == OAKUM_CHANGE_ADDED ? 0 : 1};
      g_array_append_val(rows, row);
    }
  for (guint i = 0; i < c->stayed->len; i++) {
    const Row row = {c->stayed->pdata[i], 2};
    g_array_append_val(rows, row);
  }
  g_array_sort(rows, by_row);
  g_autoptr(GHashTable) old = oakum_report_index(c->from), new = oakum_report_index(c->to);
  for (guint i = 0; i < rows->len; i++) {
    const Row *row = &g_array_index(rows, Row, i);
    const OakumFinding *f = row->finding;
    const OakumPackage *p =
        f->package_name ? oakum_report_package(row->change == 1 ? old : new, f) : NULL;
    oakum_html_finding(page, row->change == 1 ? c->from : c->to, f, p, -1, row->change);
  }
}

/* ---- before and after
 * ----------------------------------------------------------------------------------------- */
typedef struct {
  const OakumPackage *package;
  guint count;
  int worst;
} Holder;

static gint by_count(gconstpointer a, gconstpointer b)
{
  const Holder *x = a, *y = b;
  if (x->count != y->count)
    return x->count < y->count ? 1 : -1;
  int names = strcmp(x->package->name, y->package->name);
  return names != 0 ? names : g_strcmp0(x->package->version, y->package->version);
}

/* Packages that have findings, those with most in front: [name, version, layer, how many, worst].
 */
static json_t *holders(OakumHtmlPage *page, const OakumResult *result)
{
  g_autoptr(GHashTable) index = oakum_report_index(result), places = g_hash_table_new(NULL, NULL);
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Holder));
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    const OakumPackage *p = f->package_name && !f->suppressed && oakum_html_weighs(f)
                                ? oakum_report_package(index, f)
                                : NULL;
    if (!p)
      continue;
    guint at = GPOINTER_TO_UINT(g_hash_table_lookup(places, p));
    if (at == 0) {
      const Holder fresh = {p, 0, 0};
      g_array_append_val(all, fresh);
      g_hash_table_insert(places, (gpointer)p, GUINT_TO_POINTER(at = all->len));
    }
    Holder *holder = &g_array_index(all, Holder, at - 1);
    holder->count++;
    holder->worst = MAX(holder->worst, (int)f->severity);
  }
  g_array_sort(all, by_count);
  json_t *list = json_array();
  for (guint i = 0; i < all->len; i++) {
    const Holder *holder = &g_array_index(all, Holder, i);
    const OakumPackage *p = holder->package;
    json_array_append_new(list, json_pack("[iiiii]", oakum_html_shared(page, p->name),
                                          oakum_html_shared(page, p->version), p->layer_index,
                                          (int)holder->count, holder->worst));
  }
  return list;
}

/* One of the images: its layers, how many packages each brought (those of no layer last), and the
 * packages that have findings. The first `shared` layers are the other's, too. */
static json_t *side(OakumHtmlPage *page, const OakumResult *result, int shared)
{
  const OakumCatalog *catalog = result->catalog;
  json_t *layers = json_array();
  g_autofree guint *packages = g_new0(guint, catalog->layers->len + 1);
  for (guint i = 0; i < catalog->packages->len; i++) {
    const OakumPackage *p = catalog->packages->pdata[i];
    gboolean known = p->layer_index >= 0 && (guint)p->layer_index < catalog->layers->len;
    packages[known ? (guint)p->layer_index : catalog->layers->len]++;
  }
  for (guint i = 0; i < catalog->layers->len; i++) {
    json_t *row = oakum_html_layer(catalog->layers->pdata[i]);
    json_array_append_new(row, json_integer(packages[i]));
    json_array_append_new(row, json_boolean((int)i < shared));
    json_array_append_new(layers, row);
  }
  return json_pack("{sososi}", "layers", layers, "packages", holders(page, result), "rest",
                   (int)packages[catalog->layers->len]);
}

static json_t *settings(const OakumComparison *c)
{
  json_t *list = json_array();
  for (guint i = 0; i < c->settings->len; i++) {
    const OakumSettingChange *change = &g_array_index(c->settings, OakumSettingChange, i);
    json_t *row = json_array();
    json_array_append_new(row, oakum_html_text(change->name));
    json_array_append_new(row, oakum_html_text(change->from ? change->from : "not there"));
    json_array_append_new(row, oakum_html_text(change->to ? change->to : "not there"));
    json_array_append_new(list, row);
  }
  return list;
}

char *oakum_comparison_html(const OakumComparison *c)
{
  OakumHtmlPage page;
  g_autofree char *title = g_strdup_printf("%s → %s", c->from->target, c->to->target);
  oakum_html_page_init(&page, "compare");
  json_object_set_new(page.data, "target", oakum_html_text(c->from->target));
  json_object_set_new(page.data, "to", oakum_html_text(c->to->target));
  facts(&page, c);
  packages(&page, c);
  findings(&page, c);
  json_object_set_new(page.data, "sides",
                      json_pack("[oo]", side(&page, c->from, c->layers_shared),
                                side(&page, c->to, c->layers_shared)));
  json_object_set_new(page.data, "settings", settings(c));
  json_object_set_new(page.data, "foot",
                      json_string("Made by oakum " OAKUM_VERSION
                                  ". This file asks nobody for anything; only the links of names "
                                  "lead elsewhere."));
  return oakum_html_page_end(&page, title);
}
