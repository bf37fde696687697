#include "match/match.h"
#include "version/version.h"
#include <string.h>

typedef struct {
  const OakumCatalog *catalog;
  GArray *layer_lines;
  GPtrArray *findings;
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

/* 1: affected, 0: not, -1: a version cannot be compared. */
static int affects(OakumVersionScheme scheme, const OakumAdvisory *a, const char *installed)
{
  if (a->versions) {
    g_auto(GStrv) list = g_strsplit(a->versions, "\n", -1);
    return g_strv_contains((const char *const *)list, installed);
  }
  int from = a->introduced ? order(scheme, installed, a->introduced) : 1;
  int fixed = a->fixed ? order(scheme, installed, a->fixed) : -1;
  int last = a->last_affected ? order(scheme, installed, a->last_affected) : -1;
  if (from == 2 || fixed == 2 || last == 2)
    return -1;
  return from >= 0 && fixed < 0 && last <= 0;
}

static void report(Match *m, const OakumPackage *p, const OakumAdvisory *a)
{
  OakumFinding *f = oakum_finding_new(OAKUM_FINDING_VULNERABILITY, a->id, a->severity);
  f->aliases = a->aliases && *a->aliases ? g_strsplit(a->aliases, " ", -1) : NULL;
  f->title = g_strdup(a->title);
  f->package_name = g_strdup(p->name);
  f->package_version = g_strdup(p->version);
  f->package_purl = g_strdup(p->purl);
  f->source = g_strdup(p->source_name);
  f->fixed = g_strdup(a->fixed);
  f->status = g_strdup(a->fixed ? "fixed" : "open");
  f->advisory = g_strdup(a->record);
  f->layer = g_strdup(p->layer);
  f->layer_index = p->layer_index;
  if (m->layer_lines && p->layer_index >= 0 && (guint)p->layer_index < m->layer_lines->len)
    f->dockerfile_line = g_array_index(m->layer_lines, int, p->layer_index);
  g_autofree char *range = a->fixed ? g_strdup_printf("before %s", a->fixed)
                           : a->last_affected
                               ? g_strdup_printf("up to %s", a->last_affected)
                               : g_strdup(a->versions ? "of this version" : "without a known fix");
  f->why = g_strdup_printf(
      "/%s lists %s %s, built from %s %s; %s says that %s of %s %s is affected",
      (const char *)p->paths->pdata[0], p->name, p->version, p->source_name, p->source_version,
      a->record, p->source_name, m->catalog->distro.ecosystem, range);
  f->fix = a->fixed ? g_strdup_printf("upgrade %s to a build of %s %s or later", p->name,
                                      p->source_name, a->fixed)
                    : NULL;
  g_ptr_array_add(m->findings, f);
}

/* Of several ranges that hit under one id the one with the lowest fix is told: it is the first way
 * out. */
static gboolean better(OakumVersionScheme scheme, const OakumAdvisory *a, const OakumAdvisory *than)
{
  if (!than || (a->fixed && !than->fixed))
    return TRUE;
  return a->fixed && than->fixed && order(scheme, a->fixed, than->fixed) == -1;
}

static char *id_and_record(const OakumAdvisory *a)
{
  return g_strdup_printf("%s\n%s", a->id, a->record);
}

/* A record that only says "open" gives way to another that knows a fix; an open range beside a
 * closed one in the same record is a hole that came back. `has_fix` holds ids, and ids with their
 * record. */
static gboolean gives_way(const OakumAdvisory *a, GHashTable *has_fix)
{
  if (a->fixed || a->last_affected || a->versions || !g_hash_table_contains(has_fix, a->id))
    return FALSE;
  g_autofree char *own = id_and_record(a);
  return !g_hash_table_contains(has_fix, own);
}

static void match_package(Match *m, OakumVersionScheme scheme, const OakumPackage *p,
                          GPtrArray *advisories)
{
  g_autoptr(GHashTable) hits = oakum_str_map_new(NULL, NULL);
  g_autoptr(GHashTable) has_fix = oakum_str_map_new(g_free, NULL);
  g_autoptr(GPtrArray) ids = g_ptr_array_new();
  for (guint i = 0; i < advisories->len; i++) {
    OakumAdvisory *a = advisories->pdata[i];
    if (a->fixed) {
      g_hash_table_add(has_fix, g_strdup(a->id));
      g_hash_table_add(has_fix, id_and_record(a));
    }
  }
  for (guint i = 0; i < advisories->len; i++) {
    OakumAdvisory *a = advisories->pdata[i];
    if (gives_way(a, has_fix))
      continue;
    int hit = affects(scheme, a, p->source_version);
    if (hit < 0)
      incomplete(m, "version-not-comparable",
                 g_strdup_printf("%s: %s %s cannot be compared with %s", a->record, p->name,
                                 p->source_version, a->fixed ? a->fixed : "its range"));
    if (hit <= 0)
      continue;
    const OakumAdvisory *old = g_hash_table_lookup(hits, a->id);
    if (!old)
      g_ptr_array_add(ids, a->id);
    if (better(scheme, a, old))
      g_hash_table_insert(hits, a->id, a);
  }
  for (guint i = 0; i < ids->len; i++)
    report(m, p, g_hash_table_lookup(hits, ids->pdata[i]));
}

GPtrArray *oakum_match_run(const OakumCatalog *catalog, OakumAdvisoryDb *db, GArray *layer_lines,
                           GError **error)
{
  g_autoptr(GPtrArray) findings =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  Match m = {catalog, layer_lines, findings};
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
    g_autoptr(GPtrArray) advisories = oakum_advisory_db_find(db, ecosystem, p->source_name, error);
    if (!advisories)
      return NULL;
    match_package(&m, scheme, p, advisories);
  }
  g_ptr_array_sort(findings, oakum_finding_compare);
  return g_steal_pointer(&findings);
}
