/* A hole to the finding that tells it: names, records, comparison, why, way out. */
#include "match/match-private.h"
#include <string.h>

static const char *by_name(OakumNameKind by)
{
  static const char *const names[] = {"source", "binary", "language", "cpe", "product"};
  return names[by];
}

static const char *scheme_word(const OakumStatement *s)
{
  return s->a->scheme && *s->a->scheme ? s->a->scheme : "generic";
}

/* "deb: 0 <= 1.0-1 < 1.0-2" */
static char *comparison(const OakumStatement *s)
{
  const OakumAdvisoryRange *r = s->judged.range;
  const char *epochs = s->drop_epoch ? " (an epoch that only one side has is left out)" : "";
  if (r)
    return g_strdup_printf("%s: %s %s %s%s%s%s", scheme_word(s),
                           r->introduced ? r->introduced : "0", r->after ? "<" : "<=", s->version,
                           r->fixed           ? " < "
                           : r->last_affected ? (r->below ? " < " : " <= ")
                                              : ", no end is known",
                           r->fixed           ? r->fixed
                           : r->last_affected ? r->last_affected
                                              : "",
                           epochs);
  if (s->a->versions[0])
    return g_strdup_printf("%s: %s is one of the versions listed", scheme_word(s), s->version);
  if (s->judged.fixed)
    return g_strdup_printf("%s: %s < %s, the lowest version known to be whole", scheme_word(s),
                           s->version, s->judged.fixed);
  return g_strdup("every version");
}

static gint by_rank(gconstpointer a, gconstpointer b)
{
  const OakumStatement *x = a, *y = b;
  if (x->rank != y->rank)
    return x->rank - y->rank;
  int order = g_strcmp0(x->a->feed->name, y->a->feed->name);
  if (order == 0)
    order = g_strcmp0(x->a->feed->part, y->a->feed->part);
  return order ? order : g_strcmp0(x->a->record, y->a->record);
}

static void add_records(OakumFinding *f, const OakumHole *hole, const OakumStatement *decided)
{
  f->records = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_record_free);
  g_array_sort(hole->statements, by_rank);
  const OakumStatement *last = NULL;
  for (guint i = 0; i < hole->statements->len; i++) {
    const OakumStatement *s = &g_array_index(hole->statements, OakumStatement, i);
    const OakumAdvisory *a = s->a;
    if (last && last->a->feed == a->feed && strcmp(last->a->record, a->record) == 0 &&
        a != decided->a && g_strcmp0(last->judged.fixed, s->judged.fixed) == 0)
      continue;
    last = s;
    OakumFindingRecord *r = g_new0(OakumFindingRecord, 1);
    const char *date = a->modified ? a->modified : a->feed->date;
    r->feed = g_strdup(a->feed->name);
    r->part = g_strdup(a->feed->part);
    r->record = g_strdup(a->record);
    r->date = date && *date ? g_strdup(date) : NULL;
    r->status = g_strdup(oakum_match_status(a, s->judged.fixed != NULL));
    r->fixed = g_strdup(s->judged.fixed);
    r->severity = g_strdup(a->severity_word);
    r->decided = a == decided->a;
    g_ptr_array_add(f->records, r);
  }
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All names but the one that is shown, in order; what one notice is called as well. */
static char **other_names(const OakumHole *hole, const char *id)
{
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL);
  GPtrArray *names = g_ptr_array_new();
  g_hash_table_add(seen, (gpointer)id);
  for (guint i = 0; i < hole->names->len; i++)
    if (g_hash_table_add(seen, hole->names->pdata[i]))
      g_ptr_array_add(names, g_strdup(hole->names->pdata[i]));
  for (guint i = 0; i < hole->statements->len; i++) {
    const OakumAdvisory *a = g_array_index(hole->statements, OakumStatement, i).a;
    for (guint k = 0; a->aliases[k]; k++)
      if ((!a->ids[1] || oakum_is_notice(a->aliases[k])) &&
          g_hash_table_add(seen, (gpointer)a->aliases[k]))
        g_ptr_array_add(names, g_strdup(a->aliases[k]));
  }
  g_ptr_array_sort(names, by_text);
  g_ptr_array_add(names, NULL);
  return (char **)g_ptr_array_free(names, names->len == 1);
}

static char *why(const OakumPackage *p, const OakumStatement *s)
{
  const OakumAdvisoryRange *r = s->judged.range;
  g_autofree char *range =
      s->judged.fixed ? g_strdup_printf("before %s", s->judged.fixed)
      : r && r->last_affected
          ? g_strdup_printf("up to %s", r->last_affected)
          : g_strdup(s->a->versions[0] && !r ? "of this version" : "without a known fix");
  gboolean bill = p->paths->len && strcmp(p->paths->pdata[0], OAKUM_SBOM_DOCUMENT) == 0;
  g_autofree char *proof = p->paths->len && !bill
                               ? g_strdup_printf("/%s", (char *)p->paths->pdata[0])
                               : g_strdup("the bill of materials");
  const char *place = s->by == OAKUM_NAME_CPE ? "CPE" : s->ecosystem;
  g_autofree char *built = s->by == OAKUM_NAME_SOURCE
                               ? g_strdup_printf(", built from %s %s", p->source_name, s->version)
                               : g_strdup("");
  return g_strdup_printf("%s lists %s %s%s; %s says that %s of %s %s is affected%s", proof, p->name,
                         p->version, built, s->a->record, s->name, place, range,
                         s->by == OAKUM_NAME_CPE
                             ? "; matched by its CPE alone, which may stand for something else"
                             : "");
}

/* What is built into a program is mended by building it anew. */
static char *way_out(const OakumPackage *p, const OakumStatement *decided, const char *fixed)
{
  const char *program = p->paths->len ? p->paths->pdata[0] : NULL;
  gboolean built = oakum_catalog_is_told(p) && program, go = strcmp(p->type, "golang") == 0;
  if (built && go && strcmp(p->name, "stdlib") == 0)
    return g_strdup_printf("build /%s with Go %s or later", program, fixed);
  if (built && (go || strcmp(p->type, "cargo") == 0))
    return g_strdup_printf("build /%s with %s %s or later", program, p->name, fixed);
  if (decided->by == OAKUM_NAME_SOURCE)
    return g_strdup_printf("upgrade %s to a build of %s %s or later", p->name, decided->name,
                           fixed);
  return g_strdup_printf("upgrade %s to %s or later", p->name, fixed);
}

gboolean oakum_hole_report(OakumMatch *m, const OakumPackage *p, const OakumHole *hole,
                           const OakumOutcome *out, GError **error)
{
  const OakumStatement decided = *out->decided; /* sorting moves it */
  const OakumAdvisory *a = decided.a;
  const char *id = oakum_hole_id(hole);
  OakumFinding *f = oakum_finding_new(OAKUM_FINDING_VULNERABILITY, id, OAKUM_SEVERITY_UNKNOWN);
  g_ptr_array_add(m->findings, f);
  f->aliases = other_names(hole, id);
  f->package_name = g_strdup(p->name);
  f->package_version = g_strdup(p->version);
  f->package_purl = g_strdup(p->purl);
  f->source = g_strdup(p->source_name ? p->source_name : p->name);
  f->fixed = g_strdup(out->fixed);
  f->status = g_strdup(oakum_match_status(a, out->fixed != NULL));
  f->advisory = g_strdup(a->record);
  f->by = g_strdup(by_name(decided.by));
  f->ecosystem = g_strdup(decided.ecosystem);
  f->looked_up = g_strdup(decided.name);
  f->compared = comparison(&decided);
  f->fix_date = out->fixed ? g_strdup(a->fix_date) : NULL;
  f->layer = g_strdup(p->layer);
  f->layer_index = p->layer_index;
  f->dockerfile_line = p->dockerfile_line;
  const GArray *lines = m->options->layer_lines;
  if (lines && p->layer_index >= 0 && (guint)p->layer_index < lines->len)
    f->dockerfile_line = g_array_index(lines, int, p->layer_index);
  add_records(f, hole, &decided);
  f->why = why(p, &decided);
  if (out->refuted)
    f->suppressed = g_strdup_printf("%s says that it is not affected%s%s", a->feed->name,
                                    a->note ? ": " : "", a->note ? a->note : "");
  if (!oakum_vex_feed_apply(m, p, hole, f, error))
    return FALSE;
  f->fix = out->fixed ? way_out(p, &decided, out->fixed) : NULL;
  g_autoptr(GPtrArray) statements = g_ptr_array_new();
  g_ptr_array_add(statements, (gpointer)a);
  for (guint i = 0; i < hole->statements->len; i++)
    if (g_array_index(hole->statements, OakumStatement, i).a != a)
      g_ptr_array_add(statements, (gpointer)g_array_index(hole->statements, OakumStatement, i).a);
  return oakum_match_rate(m, f, statements, error);
}
