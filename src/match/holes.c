/* What records say of one package to holes: which names mean the same one, and which record
 * decides.
 */
#include "match/match-private.h"
#include <string.h>

static void hole_free(gpointer data)
{
  OakumHole *hole = data;
  g_ptr_array_unref(hole->names);
  g_array_unref(hole->statements);
  g_free(hole);
}

OakumHoles *oakum_holes_new(void)
{
  OakumHoles *holes = g_new0(OakumHoles, 1);
  holes->holes = g_ptr_array_new_with_free_func(hole_free);
  holes->by_name = oakum_str_map_new(NULL, NULL);
  return holes;
}

void oakum_holes_free(OakumHoles *holes)
{
  g_ptr_array_unref(holes->holes);
  g_hash_table_unref(holes->by_name);
  g_free(holes);
}
static OakumHole *top(OakumHole *hole)
{
  while (hole->parent) {
    if (hole->parent->parent)
      hole->parent = hole->parent->parent;
    hole = hole->parent;
  }
  return hole;
}

static gboolean is_cve(const char *id)
{
  return g_str_has_prefix(id, "CVE-");
}

/* One notice of a distribution mends many holes: two that share it are not the same one. */
gboolean oakum_is_notice(const char *id)
{
  static const char *const prefixes[] = {
      "DSA-",  "DLA-",  "USN-",    "RHSA-", "RHBA-",  "RHEA-", "ALSA-", "ALBA-",     "ALEA-",
      "RLSA-", "RLBA-", "RXSA-",   "ELSA-", "ELBA-",  "ALAS",  "SUSE-", "openSUSE-", "GLSA",
      "ASA-",  "AVG-",  "FEDORA-", "PHSA-", "MGASA-", "OESA-", "CESA-", "LSN-",      "DTSA-"};
  for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
    if (g_str_has_prefix(id, prefixes[i]))
      return TRUE;
  return FALSE;
}

static OakumHole *hole_named(OakumHoles *holes, const char *name)
{
  OakumHole *hole = g_hash_table_lookup(holes->by_name, name);
  return hole ? top(hole) : NULL;
}

/* Two sets become one, unless both are CVEs: these are parted on purpose. */
static OakumHole *join(OakumHole *a, OakumHole *b)
{
  if (a == b || (a->cve && b->cve && strcmp(a->cve, b->cve) != 0))
    return a;
  if (a->names->len < b->names->len) {
    OakumHole *swap = a;
    a = b;
    b = swap;
  }
  g_ptr_array_extend(a->names, b->names, NULL, NULL);
  g_array_append_vals(a->statements, b->statements->data, b->statements->len);
  g_array_set_size(b->statements, 0);
  a->cve = a->cve ? a->cve : b->cve;
  b->parent = a;
  return a;
}

static void name_hole(OakumHoles *holes, OakumHole **hole, const char *name)
{
  OakumHole *other = hole_named(holes, name);
  if (other) {
    *hole = join(*hole, other);
    return;
  }
  g_hash_table_insert(holes->by_name, (gpointer)name, *hole);
  g_ptr_array_add((*hole)->names, (gpointer)name);
  if (!(*hole)->cve && is_cve(name))
    (*hole)->cve = name;
}

void oakum_holes_add(OakumHoles *holes, const OakumStatement *s)
{
  const OakumAdvisory *a = s->a;
  gboolean single = a->ids[0] && !a->ids[1];
  for (guint k = 0; a->ids[k]; k++) {
    OakumHole *hole = hole_named(holes, a->ids[k]);
    if (!hole) {
      hole = g_new0(OakumHole, 1);
      hole->names = g_ptr_array_new();
      hole->statements = g_array_new(FALSE, FALSE, sizeof(OakumStatement));
      hole->cve = is_cve(a->ids[k]) ? a->ids[k] : NULL;
      g_ptr_array_add(holes->holes, hole);
      name_hole(holes, &hole, a->ids[k]);
    }
    g_array_append_val(hole->statements, *s);
    for (guint i = 0; single && a->aliases[i]; i++)
      if (!oakum_is_notice(a->aliases[i]) && !(is_cve(a->aliases[i]) && hole->cve))
        name_hole(holes, &hole, a->aliases[i]);
  }
}

const char *oakum_hole_id(const OakumHole *hole)
{
  const char *best = hole->cve;
  for (guint i = 0; !hole->cve && i < hole->names->len; i++) {
    const char *name = hole->names->pdata[i];
    gboolean ghsa = g_str_has_prefix(name, "GHSA-"),
             best_ghsa = best && g_str_has_prefix(best, "GHSA-");
    if (is_cve(name) || !best || (ghsa && !best_ghsa) ||
        (ghsa == best_ghsa && strcmp(name, best) < 0))
      best = name;
    if (is_cve(name))
      break;
  }
  return best;
}

/* ---- what follows for one hole
 * -------------------------------------------------------------------- */
static gboolean is_yes(const OakumStatement *s)
{
  return s->a->status != OAKUM_STATUS_NOT_AFFECTED && s->judged.affected == OAKUM_AFFECTED;
}

static gboolean is_no(const OakumStatement *s)
{
  return s->a->status == OAKUM_STATUS_NOT_AFFECTED && s->judged.affected == OAKUM_AFFECTED;
}

/* Whether a version that mends by one record still is in the range of another. */
static gboolean still_hit(const GArray *all, int rank, const OakumStatement *from,
                          const char *version)
{
  for (guint i = 0; i < all->len; i++) {
    const OakumStatement *s = &g_array_index(all, OakumStatement, i);
    if (s->rank != rank || !is_yes(s) || !s->judged.fixed || s->by != from->by)
      continue;
    if (oakum_judge(s->scheme, s->drop_epoch, s->a, version).affected == OAKUM_AFFECTED)
      return TRUE;
  }
  return FALSE;
}

/* The lowest fix that no other record of the same weight still counts as affected. */
static void way_out(const GArray *all, int rank, OakumOutcome *out)
{
  const OakumStatement *best = NULL;
  gboolean best_clean = FALSE;
  for (guint i = 0; i < all->len; i++) {
    const OakumStatement *s = &g_array_index(all, OakumStatement, i);
    if (s->rank != rank || !is_yes(s) || !s->judged.fixed)
      continue;
    gboolean clean = !still_hit(all, rank, s, s->judged.fixed);
    if (!best || (clean && !best_clean) ||
        (clean == best_clean &&
         oakum_match_order(s->scheme, s->drop_epoch, s->judged.fixed, best->judged.fixed) == -1)) {
      best = s;
      best_clean = clean;
    }
  }
  if (best) {
    out->decided = best;
    out->fixed = best->judged.fixed;
  }
}

/* Whether a fix that the statement knows lies in front of where the other's range begins: then both
 * speak of branches of their own. */
static gboolean ends_before(const OakumStatement *s, const char *start)
{
  for (guint i = 0; i < s->a->n_ranges; i++)
    if (s->a->ranges[i].fixed &&
        oakum_match_order(s->scheme, s->drop_epoch, s->a->ranges[i].fixed, start) >= 1)
      return FALSE;
  for (const char **fix = s->a->fixes; *fix; fix++)
    if (oakum_match_order(s->scheme, s->drop_epoch, *fix, start) >= 1)
      return FALSE;
  return TRUE;
}

/* What is open gives way to a record that knows a fix for this release. Entries of one record of a
 * language or of NVD are no such: each counts by itself (OSV schema, evaluation; NVD, any match of
 * a node). */
static gboolean gives_way(const GArray *all, int rank, const OakumStatement *open)
{
  const char *start = open->judged.range ? open->judged.range->introduced : NULL;
  for (guint i = 0; i < all->len; i++) {
    const OakumStatement *s = &g_array_index(all, OakumStatement, i);
    if (s->rank != rank || !s->judged.knows_fix || s->a->status == OAKUM_STATUS_NOT_AFFECTED ||
        ((open->by == OAKUM_NAME_LANGUAGE || open->by == OAKUM_NAME_CPE) &&
         strcmp(s->a->record, open->a->record) == 0))
      continue;
    if (!start || strcmp(start, "0") == 0 || !ends_before(s, start))
      return TRUE;
  }
  return FALSE;
}

OakumOutcome oakum_hole_decide(const GArray *all)
{
  OakumOutcome out = {0};
  int rank = 9;
  for (guint i = 0; i < all->len; i++)
    rank = MIN(rank, g_array_index(all, OakumStatement, i).rank);
  gboolean knows = FALSE, no = FALSE, any_yes = FALSE;
  for (guint i = 0; i < all->len; i++) {
    const OakumStatement *s = &g_array_index(all, OakumStatement, i);
    any_yes |= is_yes(s);
    if (s->rank != rank)
      continue;
    knows |= s->judged.knows_fix && s->a->status != OAKUM_STATUS_NOT_AFFECTED;
    no |= is_no(s);
  }
  const OakumStatement *first_no = NULL;
  for (guint i = 0; i < all->len; i++) {
    const OakumStatement *s = &g_array_index(all, OakumStatement, i);
    if (s->rank != rank)
      continue;
    if (is_no(s) && !first_no)
      first_no = s;
    if (s->a->status != OAKUM_STATUS_NOT_AFFECTED && s->judged.affected == OAKUM_NO_ORDER &&
        !out.no_order)
      out.no_order = s;
    gboolean open = !s->judged.knows_fix && !(s->judged.range && s->judged.range->last_affected) &&
                    !s->a->versions[0];
    if (is_yes(s) && !out.decided && !(open && (no || (knows && gives_way(all, rank, s)))))
      out.decided = s;
  }
  if (out.decided)
    way_out(all, rank, &out);
  else if (no && !knows && any_yes) {
    out.decided = first_no;
    out.refuted = TRUE;
  }
  if (out.decided && !out.refuted)
    out.no_order = NULL;
  return out;
}
