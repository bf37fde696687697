/* Advice: which part of the holes the base brings, what other bases would bring in its place, and
 * which packages bring the most.
 *
 * What is promised of another base: its own packages, holes and bytes, and those of the layers
 * above the base, less the packages that the other base has too (a package manager would not
 * install them again), and less what the layers above take away, where the other base has it. A
 * package of a language is the same where it lies in the same folder. */
#include "report/advise.h"
#include "report/report-private.h"
#include "ecosystem/ecosystem.h"
#include <string.h>

typedef struct {
  guint packages, holes, fixable, severities[OAKUM_SEVERITY_CRITICAL + 1];
  int64_t bytes; /* -1: not known */
} Sum;

/* ---- sums
 * ------------------------------------------------------------------------------------------ */
guint oakum_advice_base_layers(const OakumAdvice *advice, gboolean *sure)
{
  const GPtrArray *layers = advice->result->catalog->layers;
  const GPtrArray *base = advice->base ? advice->base->catalog->layers : NULL;
  guint n = 0;
  *sure = FALSE;
  while (base && n < MIN(layers->len, base->len)) {
    const OakumLayerOrigin *x = layers->pdata[n], *y = base->pdata[n];
    if (!x->diff_id || g_strcmp0(x->diff_id, y->diff_id) != 0)
      break;
    n++;
  }
  if (base && n > 0 && n == base->len) {
    *sure = TRUE;
    return n;
  }
  for (n = 0; n < layers->len && ((const OakumLayerOrigin *)layers->pdata[n])->base; n++)
    ;
  return n;
}

static const char *created_by(const OakumResult *result, int layer)
{
  const GPtrArray *layers = result->catalog->layers;
  return layer >= 0 && (guint)layer < layers->len
             ? ((const OakumLayerOrigin *)layers->pdata[layer])->created_by
             : NULL;
}

/* Type, namespace, name, architecture, and `more`. */
static char *package_key(const OakumPackage *p, const char *what, const char *more)
{
  return g_strjoin("\n", p->type ? p->type : "", p->space ? p->space : "", p->name,
                   p->arch ? p->arch : "", what, more, NULL);
}

static gboolean has_key(GHashTable *names, const OakumPackage *p, const char *what,
                        const char *more)
{
  g_autofree char *key = package_key(p, what, more);
  return g_hash_table_contains(names, key);
}

/* The folder in which a package manager puts packages side by side: of
 * "lib/node_modules/a/package.json" "lib/node_modules". */
static char *home_of(const char *path)
{
  g_autofree char *folder = g_path_get_dirname(path);
  return g_path_get_dirname(folder);
}

/* The packages that count of a result. All of it, when every name is NULL and `first` 0. */
typedef struct {
  guint first;                /* the lowest layer whose packages do */
  GHashTable *base, *without; /* what the base has; what is there already */
  GHashTable *image;          /* what layers above `base` have left of it */
} Choice;

/* Whether layers above the old base take it away: the base had it there, and the image does not. */
static gboolean is_taken_away(const OakumPackage *p, const Choice *choice)
{
  if (!choice->image || !choice->base)
    return FALSE;
  if (oakum_is_os_type(p->type))
    return has_key(choice->base, p, "", NULL) && !has_key(choice->image, p, "", NULL);
  for (guint i = 0; i < p->paths->len; i++)
    if (!has_key(choice->base, p, "path", p->paths->pdata[i]) ||
        has_key(choice->image, p, "path", p->paths->pdata[i]))
      return FALSE;
  return TRUE;
}

/* What an image has: packages of the system by name; those of languages by name and path, and by
 * the folder that they lie in. */
static GHashTable *names_of(const OakumResult *result, const Choice *choice)
{
  GHashTable *names = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < result->catalog->packages->len; i++) {
    const OakumPackage *p = result->catalog->packages->pdata[i];
    if (is_taken_away(p, choice))
      continue;
    if (oakum_is_os_type(p->type)) {
      g_hash_table_add(names, package_key(p, "", NULL));
      continue;
    }
    for (guint k = 0; k < p->paths->len; k++) {
      g_autofree char *home = home_of(p->paths->pdata[k]);
      g_hash_table_add(names, package_key(p, "home", home));
      g_hash_table_add(names, package_key(p, "path", p->paths->pdata[k]));
    }
  }
  return names;
}

/* Whether files of the layer come from the context or another image, and no manager looked at what
 * is there already. */
static gboolean is_copied(const OakumResult *result, int layer)
{
  const char *by = created_by(result, layer);
  return by && (g_str_has_prefix(by, "COPY ") || g_str_has_prefix(by, "ADD ") ||
                strstr(by, "#(nop) COPY ") || strstr(by, "#(nop) ADD "));
}

/* Whether layers above the base bring it, and it would be a further package beside `without`. */
static gboolean is_further(const OakumResult *result, const OakumPackage *p, const Choice *choice)
{
  if (p->layer_index < (int)choice->first)
    return FALSE;
  if (!choice->without)
    return TRUE;
  if (oakum_is_os_type(p->type))
    return !has_key(choice->without, p, "", NULL);
  gboolean copied = is_copied(result, p->layer_index);
  for (guint i = 0; i < p->paths->len; i++) {
    const char *path = p->paths->pdata[i];
    g_autofree char *home = home_of(path);
    if (!has_key(choice->without, p, copied ? "path" : "home", copied ? path : home))
      return TRUE;
  }
  return FALSE;
}

static gboolean counts(const OakumResult *result, const OakumPackage *p, const Choice *choice)
{
  return choice->image ? !is_taken_away(p, choice)
                       : choice->first == 0 || is_further(result, p, choice);
}

static Sum sum_of(const OakumResult *result, const Choice *choice)
{
  Sum sum = {0};
  const OakumCatalog *catalog = result->catalog;
  g_autoptr(GHashTable) index = oakum_report_index(result);
  for (guint i = 0; i < catalog->packages->len; i++)
    sum.packages += counts(result, catalog->packages->pdata[i], choice);
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_VULNERABILITY || f->suppressed)
      continue;
    const OakumPackage *p = oakum_report_package(index, f);
    if (p ? !counts(result, p, choice) : choice->first > 0)
      continue;
    sum.holes++;
    sum.fixable += f->fixed != NULL;
    sum.severities[f->severity]++;
  }
  for (guint i = choice->first; i < catalog->layers->len && sum.bytes >= 0; i++) {
    const OakumLayerOrigin *layer = catalog->layers->pdata[i];
    sum.bytes = layer->size < 0 ? -1 : sum.bytes + layer->size;
  }
  if (catalog->layers->len == 0) {
    const json_t *size = json_object_get(result->image, "size");
    sum.bytes = json_is_integer(size) ? json_integer_value(size) : -1;
  }
  return sum;
}

static Sum all_of(const OakumResult *result)
{
  return sum_of(result, &(Choice){.first = 0});
}

static Sum minus(Sum a, Sum b)
{
  a.packages -= MIN(a.packages, b.packages);
  a.holes -= MIN(a.holes, b.holes);
  a.fixable -= MIN(a.fixable, b.fixable);
  for (int s = 0; s <= OAKUM_SEVERITY_CRITICAL; s++)
    a.severities[s] -= MIN(a.severities[s], b.severities[s]);
  a.bytes = a.bytes < 0 || b.bytes < 0 ? -1 : a.bytes - b.bytes;
  return a;
}

static Sum plus(Sum a, Sum b)
{
  a.packages += b.packages;
  a.holes += b.holes;
  a.fixable += b.fixable;
  for (int s = 0; s <= OAKUM_SEVERITY_CRITICAL; s++)
    a.severities[s] += b.severities[s];
  a.bytes = a.bytes < 0 || b.bytes < 0 ? -1 : a.bytes + b.bytes;
  return a;
}

/* ---- what brings most
 * -------------------------------------------------------------------------------------- */
typedef struct {
  const char *name; /* of the source, which an upgrade mends as a whole */
  guint holes, fixable;
  OakumSeverity worst;
  int layer, line;
} Bringer;

static gint by_weight(gconstpointer a, gconstpointer b)
{
  const Bringer *x = a, *y = b;
  if (x->holes != y->holes)
    return x->holes < y->holes ? 1 : -1;
  if (x->worst != y->worst)
    return (gint)y->worst - (gint)x->worst;
  return strcmp(x->name, y->name);
}

static GArray *bringers_of(const OakumResult *result)
{
  GArray *all = g_array_new(FALSE, FALSE, sizeof(Bringer));
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL); /* name → place plus one */
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_VULNERABILITY || f->suppressed)
      continue;
    const char *name = f->source && *f->source ? f->source : f->package_name;
    guint at = GPOINTER_TO_UINT(g_hash_table_lookup(seen, name));
    if (at == 0) {
      const Bringer one = {.name = name, .layer = f->layer_index, .line = f->dockerfile_line};
      g_array_append_val(all, one);
      at = all->len;
      g_hash_table_insert(seen, (gpointer)name, GUINT_TO_POINTER(at));
    }
    Bringer *one = &g_array_index(all, Bringer, at - 1);
    one->holes++;
    one->fixable += f->fixed != NULL;
    one->worst = MAX(one->worst, f->severity);
  }
  g_array_sort(all, by_weight);
  return all;
}

/* Packages that nothing needs, as the inspection of the image tells. */
static GPtrArray *needless_of(const OakumResult *result)
{
  GPtrArray *list = g_ptr_array_new();
  for (guint i = 0; i < result->findings->len; i++) {
    OakumFinding *f = result->findings->pdata[i];
    if (f->kind == OAKUM_FINDING_HYGIENE && f->package_name && f->fix && !f->suppressed)
      g_ptr_array_add(list, f);
  }
  return list;
}

/* ---- JSON
 * ------------------------------------------------------------------------------------------ */
static json_t *sum_json(Sum sum)
{
  json_t *object = json_object(), *severities = json_object();
  for (int s = OAKUM_SEVERITY_CRITICAL; s >= 0; s--)
    json_object_set_new(severities, oakum_severity_name((OakumSeverity)s),
                        json_integer(sum.severities[s]));
  json_object_set_new(object, "packages", json_integer(sum.packages));
  json_object_set_new(object, "holes", json_integer(sum.holes));
  json_object_set_new(object, "fixable", json_integer(sum.fixable));
  json_object_set_new(object, "severities", severities);
  json_object_set_new(object, "bytes", sum.bytes < 0 ? json_null() : json_integer(sum.bytes));
  return object;
}

static json_t *place_json(json_t *object, const OakumResult *result, int layer, int line)
{
  json_object_set_new(object, "layer_index", layer >= 0 ? json_integer(layer) : json_null());
  json_object_set_new(object, "created_by", oakum_sbom_text(created_by(result, layer)));
  json_object_set_new(object, "dockerfile_line", line > 0 ? json_integer(line) : json_null());
  return object;
}

typedef struct {
  const OakumAdvice *advice;
  guint layers; /* of the base */
  gboolean sure;
  Sum all, base;
} Account;

static Account account_of(const OakumAdvice *advice)
{
  Account account = {.advice = advice};
  account.layers = oakum_advice_base_layers(advice, &account.sure);
  account.all = all_of(advice->result);
  if (account.sure)
    account.base = all_of(advice->base);
  else if (account.layers > 0)
    account.base = minus(account.all, sum_of(advice->result, &(Choice){.first = account.layers}));
  return account;
}

static Sum promised(const Account *account, const OakumAdviceBase *other)
{
  const Choice all = {.first = 0};
  const OakumResult *result = account->advice->result;
  if (account->layers == 0)
    return all_of(other->result);
  g_autoptr(GHashTable) image = account->sure ? names_of(result, &all) : NULL;
  g_autoptr(GHashTable) base = account->sure ? names_of(account->advice->base, &all) : NULL;
  const Choice left = {.base = base, .image = image};
  g_autoptr(GHashTable) there = names_of(other->result, &left);
  const Choice own = {.first = account->layers, .without = there};
  return plus(sum_of(other->result, &left), sum_of(result, &own));
}

static char *write_json(const Account *account)
{
  const OakumAdvice *advice = account->advice;
  const OakumResult *result = advice->result;
  json_t *json = json_object(), *base = json_object(), *others = json_array(),
         *bringers = json_array(), *needless = json_array();
  json_object_set_new(base, "name", oakum_sbom_text(advice->base_name));
  json_object_set_new(base, "layers", json_integer(account->layers));
  json_object_set_new(base, "sure", json_boolean(account->sure));
  json_object_set_new(base, "brings", sum_json(account->base));
  for (guint i = 0; advice->others && i < advice->others->len; i++) {
    const OakumAdviceBase *other = advice->others->pdata[i];
    json_t *one = json_object();
    json_object_set_new(one, "name", oakum_sbom_text(other->name));
    json_object_set_new(one, "brings", sum_json(all_of(other->result)));
    json_object_set_new(one, "with_it",
                        account->layers > 0 ? sum_json(promised(account, other)) : json_null());
    json_object_set_new(one, "patch", oakum_sbom_text(other->patch));
    json_array_append_new(others, one);
  }
  g_autoptr(GArray) list = bringers_of(result);
  for (guint i = 0; i < list->len; i++) {
    const Bringer *b = &g_array_index(list, Bringer, i);
    json_t *one = json_object();
    json_object_set_new(one, "name", oakum_sbom_text(b->name));
    json_object_set_new(one, "holes", json_integer(b->holes));
    json_object_set_new(one, "fixable", json_integer(b->fixable));
    json_object_set_new(one, "worst", json_string(oakum_severity_name(b->worst)));
    json_array_append_new(bringers, place_json(one, result, b->layer, b->line));
  }
  g_autoptr(GPtrArray) removable = needless_of(result);
  for (guint i = 0; i < removable->len; i++) {
    const OakumFinding *f = removable->pdata[i];
    json_t *one = json_object();
    json_object_set_new(one, "name", oakum_sbom_text(f->package_name));
    json_object_set_new(one, "why", oakum_sbom_text(f->why));
    json_object_set_new(one, "fix", oakum_sbom_text(f->fix));
    json_array_append_new(needless, place_json(one, result, f->layer_index, f->dockerfile_line));
  }
  json_object_set_new(json, "schema", json_integer(1));
  json_object_set_new(json, "target", oakum_sbom_text(result->target));
  json_object_set_new(json, "now", sum_json(account->all));
  json_object_set_new(json, "base", base);
  json_object_set_new(json, "bases", others);
  json_object_set_new(json, "packages", bringers);
  json_object_set_new(json, "needless", needless);
  return oakum_report_dump(json);
}

/* ---- text
 * ------------------------------------------------------------------------------------------ */
typedef struct {
  GString *out;
  gboolean markdown;
} Page;

static void put(const Page *page, const char *text)
{
  g_autofree char *safe = NULL;
  if (page->markdown)
    oakum_report_markdown_text(page->out, text);
  else
    g_string_append(page->out, safe = oakum_escape_terminal(text ? text : "-", -1));
}

static void heading(const Page *page, const char *text)
{
  g_string_append_printf(page->out, page->markdown ? "\n**%s**\n\n" : "\n%s\n", text);
}

static void item(const Page *page)
{
  g_string_append(page->out, page->markdown ? "- " : "  ");
}

static void put_sum(const Page *page, Sum sum)
{
  g_string_append_printf(page->out, "%u holes (%u critical, %u high, %u with a fix), %u packages",
                         sum.holes, sum.severities[OAKUM_SEVERITY_CRITICAL],
                         sum.severities[OAKUM_SEVERITY_HIGH], sum.fixable, sum.packages);
  if (sum.bytes >= 0)
    g_string_append_printf(page->out, ", %.1f MB", (double)sum.bytes / 1e6);
}

static void put_change(const Page *page, Sum from, Sum to)
{
  g_string_append_printf(page->out, " (%+d holes, %+d packages", (int)to.holes - (int)from.holes,
                         (int)to.packages - (int)from.packages);
  if (from.bytes >= 0 && to.bytes >= 0)
    g_string_append_printf(page->out, ", %+.1f MB", (double)(to.bytes - from.bytes) / 1e6);
  g_string_append(page->out, ")\n");
}

static void put_place(const Page *page, const OakumResult *result, int layer, int line)
{
  const char *by = created_by(result, layer);
  if (line > 0)
    g_string_append_printf(page->out, ", line %d of the Dockerfile", line);
  else if (layer >= 0)
    g_string_append_printf(page->out, ", layer %d", layer + 1);
  if (by && layer >= 0) {
    g_autofree char *head = g_utf8_make_valid(by, (gssize)MIN(strlen(by), 100));
    g_string_append(page->out, ": ");
    put(page, head);
  }
}

/* In Markdown as an indented block, which no line of the file can end. */
static void put_patch(const Page *page, const char *patch)
{
  g_auto(GStrv) lines = g_strsplit(patch, "\n", -1);
  for (char **line = lines; *line && (line[0][0] || line[1]); line++) {
    g_auto(GStrv) parts = g_strsplit(*line, "\t", -1); /* a patch without its tabs is none */
    g_string_append(page->out, page->markdown ? "    " : "");
    for (char **part = parts; *part; part++) {
      g_autofree char *safe = oakum_escape_terminal(*part, -1);
      g_string_append_printf(page->out, "%s%s", part > parts ? "\t" : "", safe);
    }
    g_string_append_c(page->out, '\n');
  }
}

static void put_others(const Page *page, const Account *account)
{
  const OakumAdvice *advice = account->advice;
  for (guint i = 0; advice->others && i < advice->others->len; i++) {
    const OakumAdviceBase *other = advice->others->pdata[i];
    if (i == 0)
      heading(page, "With another base");
    item(page);
    put(page, other->name);
    g_string_append(page->out, ": ");
    Sum with = promised(account, other);
    put_sum(page, with);
    if (account->layers > 0)
      put_change(page, account->all, with);
    else
      g_string_append(page->out, " of its own\n");
  }
  for (guint i = 0; advice->others && i < advice->others->len; i++) {
    const OakumAdviceBase *other = advice->others->pdata[i];
    if (!other->patch || !*other->patch)
      continue;
    heading(page, "As a patch (patch -p1)");
    put_patch(page, other->patch);
  }
}

static char *write_text(const Account *account, gboolean markdown)
{
  const OakumAdvice *advice = account->advice;
  const OakumResult *result = advice->result;
  Page page = {g_string_new(markdown ? "### " : NULL), markdown};
  put(&page, result->target);
  g_string_append(page.out, markdown ? "\n\n" : ": ");
  put_sum(&page, account->all);
  g_string_append_c(page.out, '\n');
  if (account->layers > 0) {
    heading(&page, "The base");
    item(&page);
    put(&page, advice->base_name ? advice->base_name : "it");
    g_string_append_printf(page.out, " brought %u of %u layers%s: ", account->layers,
                           result->catalog->layers->len,
                           account->sure ? "" : ", as the history lets one guess");
    put_sum(&page, account->base);
    g_string_append_c(page.out, '\n');
  }
  put_others(&page, account);
  g_autoptr(GArray) list = bringers_of(result);
  for (guint i = 0; i < MIN(list->len, OAKUM_ADVICE_ROWS); i++) {
    const Bringer *b = &g_array_index(list, Bringer, i);
    if (i == 0)
      heading(&page, "What brings most");
    item(&page);
    put(&page, b->name);
    g_string_append_printf(page.out, ": %u holes, %u with a fix, the worst %s", b->holes,
                           b->fixable, oakum_severity_name(b->worst));
    put_place(&page, result, b->layer, b->line);
    g_string_append_c(page.out, '\n');
  }
  if (list->len > OAKUM_ADVICE_ROWS)
    g_string_append_printf(page.out, "%sand %u more packages\n", markdown ? "- " : "  ",
                           list->len - OAKUM_ADVICE_ROWS);
  g_autoptr(GPtrArray) removable = needless_of(result);
  for (guint i = 0; i < MIN(removable->len, OAKUM_ADVICE_ROWS); i++) {
    const OakumFinding *f = removable->pdata[i];
    if (i == 0)
      heading(&page, "What nothing needs");
    item(&page);
    put(&page, f->package_name);
    g_string_append(page.out, ": ");
    put(&page, f->why ? f->why : f->title);
    g_string_append(page.out, "; ");
    put(&page, f->fix);
    put_place(&page, result, f->layer_index, f->dockerfile_line);
    g_string_append_c(page.out, '\n');
  }
  return g_string_free(page.out, FALSE);
}

char *oakum_advice_write(const OakumAdvice *advice, const char *format, GError **error)
{
  const Account account = account_of(advice);
  if (strcmp(format, "json") == 0)
    return write_json(&account);
  if (strcmp(format, "table") == 0 || strcmp(format, "markdown") == 0)
    return write_text(&account, *format == 'm');
  g_set_error(error, OAKUM_REPORT_ERROR, OAKUM_ERROR_USAGE, "with --advise --format takes %s",
              OAKUM_ADVICE_FORMATS);
  return NULL;
}
