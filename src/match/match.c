#include "match/match.h"
#include "version/version.h"
#include <string.h>

typedef struct {
  const OakumCatalog *catalog;
  GArray *layer_lines;
  GPtrArray *findings;
  OakumAdvisoryDb *db;
} Match;

static void incomplete(Match *m, const char *id, char *title_taken)
{
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_INCOMPLETE, id, OAKUM_SEVERITY_UNKNOWN);
  finding->title = title_taken;
  g_ptr_array_add(m->findings, finding);
}

/* -1, 0, 1; 2: one of the two is no version. "0" is before everything (OSV schema, events). */
static int order(OakumVersionScheme scheme, const char *a, const char *b)
{
  int result;
  if (strcmp(b, "0") == 0)
    return strcmp(a, "0") == 0 ? 0 : 1;
  return oakum_version_compare(scheme, a, strlen(a), b, strlen(b), &result) ? result : 2;
}

/* A range of a record that may hit, and the hole that it is about. */
typedef struct {
  const OakumAdvisory *advisory;
  const OakumAdvisoryRange *range; /* NULL: by its list of versions */
  const char *id;
} Hit;

/* 1: affected, 0: not, -1: a version cannot be compared. */
static int affects(OakumVersionScheme scheme, const Hit *hit, const char *installed)
{
  const OakumAdvisoryRange *r = hit->range;
  if (!r)
    return g_strv_contains((const char *const *)hit->advisory->versions, installed);
  int from = r->introduced ? order(scheme, installed, r->introduced) : 1;
  int fixed = r->fixed ? order(scheme, installed, r->fixed) : -1;
  int last = r->last_affected ? order(scheme, installed, r->last_affected) : -1;
  if (from == 2 || fixed == 2 || last == 2)
    return -1;
  return from >= 0 && !(from == 0 && r->after) && fixed < 0 && last <= 0;
}

/* The first record of the hole that has a title. New string or NULL. */
static char *title_of(Match *m, const OakumAdvisory *a)
{
  g_autoptr(OakumVulnerabilityList) list = oakum_advisory_db_vulnerability(m->db, a->record, NULL);
  for (guint i = 0; list && i < list->len; i++)
    if (list->items[i].title && strcmp(list->items[i].id, a->record) == 0)
      return g_strdup(list->items[i].title);
  return NULL;
}

static char **other_names(const OakumAdvisory *a, const char *id)
{
  GPtrArray *names = g_ptr_array_new();
  for (guint i = 0; a->aliases[i]; i++)
    if (strcmp(a->aliases[i], id) != 0)
      g_ptr_array_add(names, g_strdup(a->aliases[i]));
  g_ptr_array_add(names, NULL);
  return (char **)g_ptr_array_free(names, names->len == 1);
}

static void report(Match *m, const OakumPackage *p, const Hit *hit)
{
  const OakumAdvisory *a = hit->advisory;
  const char *fixed = hit->range ? hit->range->fixed : NULL,
             *last = hit->range ? hit->range->last_affected : NULL;
  OakumFinding *f = oakum_finding_new(OAKUM_FINDING_VULNERABILITY, hit->id, a->severity);
  f->aliases = other_names(a, hit->id);
  f->title = title_of(m, a);
  f->package_name = g_strdup(p->name);
  f->package_version = g_strdup(p->version);
  f->package_purl = g_strdup(p->purl);
  f->source = g_strdup(p->source_name);
  f->fixed = g_strdup(fixed);
  f->status = g_strdup(fixed ? "fixed" : "open");
  f->advisory = g_strdup(a->record);
  f->layer = g_strdup(p->layer);
  f->layer_index = p->layer_index;
  if (m->layer_lines && p->layer_index >= 0 && (guint)p->layer_index < m->layer_lines->len)
    f->dockerfile_line = g_array_index(m->layer_lines, int, p->layer_index);
  g_autofree char *range = fixed ? g_strdup_printf("before %s", fixed)
                           : last
                               ? g_strdup_printf("up to %s", last)
                               : g_strdup(!hit->range ? "of this version" : "without a known fix");
  f->why = g_strdup_printf(
      "/%s lists %s %s, built from %s %s; %s says that %s of %s %s is affected",
      (const char *)p->paths->pdata[0], p->name, p->version, p->source_name, p->source_version,
      a->record, p->source_name, m->catalog->distro.ecosystem, range);
  f->fix = fixed ? g_strdup_printf("upgrade %s to a build of %s %s or later", p->name,
                                   p->source_name, fixed)
                 : NULL;
  g_ptr_array_add(m->findings, f);
}

/* Of several ranges that hit under one id the one with the lowest fix is told: it is the first way
 * out. */
static gboolean better(OakumVersionScheme scheme, const Hit *hit, const Hit *than)
{
  const char *fixed = hit->range ? hit->range->fixed : NULL,
             *other = than && than->range ? than->range->fixed : NULL;
  if (!than || (fixed && !other))
    return TRUE;
  return fixed && other && order(scheme, fixed, other) == -1;
}

static char *id_and_record(const Hit *hit)
{
  return g_strdup_printf("%s\n%s", hit->id, hit->advisory->record);
}

/* A record that only says "open" gives way to another that knows a fix; an open range beside a
 * closed one in the same record is a hole that came back. `has_fix` holds ids, and ids with their
 * record. */
static gboolean gives_way(const Hit *hit, GHashTable *has_fix)
{
  if (!hit->range || hit->range->fixed || hit->range->last_affected ||
      !g_hash_table_contains(has_fix, hit->id))
    return FALSE;
  g_autofree char *own = id_and_record(hit);
  return !g_hash_table_contains(has_fix, own);
}

/* Every range of every record, once for each hole that it is about. */
static GArray *all_hits(const OakumAdvisoryList *list)
{
  GArray *hits = g_array_new(FALSE, FALSE, sizeof(Hit));
  for (guint i = 0; i < list->len; i++) {
    const OakumAdvisory *a = &list->items[i];
    if (a->status == OAKUM_STATUS_NOT_AFFECTED || a->flavour)
      continue;
    for (guint k = 0; a->ids[k]; k++) {
      for (guint r = 0; r < a->n_ranges; r++)
        g_array_append_val(hits, ((Hit){a, &a->ranges[r], a->ids[k]}));
      if (a->versions[0])
        g_array_append_val(hits, ((Hit){a, NULL, a->ids[k]}));
    }
  }
  return hits;
}

static void match_package(Match *m, OakumVersionScheme scheme, const OakumPackage *p,
                          const OakumAdvisoryList *advisories)
{
  g_autoptr(GHashTable) hits = oakum_str_map_new(NULL, NULL);
  g_autoptr(GHashTable) has_fix = oakum_str_map_new(g_free, NULL);
  g_autoptr(GPtrArray) ids = g_ptr_array_new();
  g_autoptr(GArray) all = all_hits(advisories);
  for (guint i = 0; i < all->len; i++) {
    const Hit *hit = &g_array_index(all, Hit, i);
    if (hit->range && hit->range->fixed) {
      g_hash_table_add(has_fix, g_strdup(hit->id));
      g_hash_table_add(has_fix, id_and_record(hit));
    }
  }
  for (guint i = 0; i < all->len; i++) {
    Hit *hit = &g_array_index(all, Hit, i);
    if (gives_way(hit, has_fix))
      continue;
    int affected = affects(scheme, hit, p->source_version);
    if (affected < 0)
      incomplete(m, "version-not-comparable",
                 g_strdup_printf("%s: %s %s cannot be compared with %s", hit->advisory->record,
                                 p->name, p->source_version,
                                 hit->range->fixed ? hit->range->fixed : "its range"));
    if (affected <= 0)
      continue;
    const Hit *old = g_hash_table_lookup(hits, hit->id);
    if (!old)
      g_ptr_array_add(ids, (gpointer)hit->id);
    if (better(scheme, hit, old))
      g_hash_table_insert(hits, (gpointer)hit->id, hit);
  }
  for (guint i = 0; i < ids->len; i++)
    report(m, p, g_hash_table_lookup(hits, ids->pdata[i]));
}

GPtrArray *oakum_match_run(const OakumCatalog *catalog, OakumAdvisoryDb *db, GArray *layer_lines,
                           GError **error)
{
  g_autoptr(GPtrArray) findings =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  Match m = {catalog, layer_lines, findings, db};
  const char *ecosystem = catalog->distro.ecosystem;
  for (guint i = 0; i < catalog->incomplete->len; i++) {
    const OakumFinding *from = catalog->incomplete->pdata[i];
    incomplete(&m, from->id, g_strdup(from->title));
  }
  if (!ecosystem)
    incomplete(&m, "unknown-distribution",
               catalog->packages->len
                   ? g_strdup_printf("%u packages of an unknown distribution (%s)",
                                     catalog->packages->len,
                                     catalog->distro.pretty ? catalog->distro.pretty
                                     : catalog->distro.id   ? catalog->distro.id
                                                            : "no os-release")
                   : g_strdup("neither a known distribution nor a package database was found"));
  else if (catalog->packages->len == 0)
    incomplete(&m, "no-packages",
               g_strdup_printf("%s, but no package database was found", ecosystem));
  else if (!oakum_advisory_db_knows(db, ecosystem))
    incomplete(&m, "no-advisories",
               g_strdup_printf("the advisory database knows nothing of %s", ecosystem));
  for (guint i = 0; ecosystem && i < catalog->packages->len; i++) {
    const OakumPackage *p = catalog->packages->pdata[i];
    OakumVersionScheme scheme;
    /* packages of languages are of no distribution's ecosystem */
    if (!oakum_version_scheme_parse(p->type, &scheme) || scheme > OAKUM_VERSION_RPM)
      continue;
    g_autoptr(OakumAdvisoryList) advisories =
        oakum_advisory_db_find(db, ecosystem, p->source_name, error);
    if (!advisories)
      return NULL;
    match_package(&m, scheme, p, advisories);
  }
  g_ptr_array_sort(findings, oakum_finding_compare);
  return g_steal_pointer(&findings);
}
