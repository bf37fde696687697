/* The run: each package, all that is said of it, and what follows. */
#include "match/match-private.h"
#include <string.h>

typedef struct {
  const OakumCatalog *catalog;
  OakumAdvisoryDb *db;
  const OakumMatchOptions *options;
  OakumMatchPlace place;
  GPtrArray *findings;
  GHashTable *used;     /* ecosystems that were asked: key → packages (guint) */
  GHashTable *owners;   /* purl → OakumPackage of the system */
  GHashTable *unjudged; /* reason → GString of names */
} Match;

static void incomplete(Match *m, const char *id, char *title_taken)
{
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_INCOMPLETE, id, OAKUM_SEVERITY_UNKNOWN);
  finding->title = title_taken;
  g_ptr_array_add(m->findings, finding);
}

/* ---- what is said of a package
 * ------------------------------------------------------------------- */
typedef struct {
  const OakumAdvisory *a;
  OakumNameKind by;
  const char *name, *version; /* looked up, compared */
  OakumVersionScheme scheme;
  gboolean drop_epoch;
  int rank; /* 0: the distribution's own feed */
  OakumJudged judged;
} Statement;

/* Names of one hole. `parent` leads to the set that it is part of. */
typedef struct Hole {
  struct Hole *parent;
  const char *cve;
  GPtrArray *names; /* borrowed */
  GArray *statements;
} Hole;

static void hole_free(gpointer data)
{
  Hole *hole = data;
  g_ptr_array_unref(hole->names);
  g_array_unref(hole->statements);
  g_free(hole);
}

typedef struct {
  GPtrArray *holes; /* all, in the order in which they came */
  GHashTable *by_name;
} Holes;

static Hole *top(Hole *hole)
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
static gboolean is_notice(const char *id)
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

static Hole *hole_named(Holes *holes, const char *name)
{
  Hole *hole = g_hash_table_lookup(holes->by_name, name);
  return hole ? top(hole) : NULL;
}

/* Two sets become one, unless both are CVEs: these are parted on purpose. */
static Hole *join(Hole *a, Hole *b)
{
  if (a == b || (a->cve && b->cve && strcmp(a->cve, b->cve) != 0))
    return a;
  if (a->names->len < b->names->len) {
    Hole *swap = a;
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

static void name_hole(Holes *holes, Hole **hole, const char *name)
{
  Hole *other = hole_named(holes, name);
  if (other) {
    *hole = join(*hole, other);
    return;
  }
  g_hash_table_insert(holes->by_name, (gpointer)name, *hole);
  g_ptr_array_add((*hole)->names, (gpointer)name);
  if (!(*hole)->cve && is_cve(name))
    (*hole)->cve = name;
}

static void add_statement(Holes *holes, const Statement *s)
{
  const OakumAdvisory *a = s->a;
  gboolean single = a->ids[0] && !a->ids[1];
  for (guint k = 0; a->ids[k]; k++) {
    Hole *hole = hole_named(holes, a->ids[k]);
    if (!hole) {
      hole = g_new0(Hole, 1);
      hole->names = g_ptr_array_new();
      hole->statements = g_array_new(FALSE, FALSE, sizeof(Statement));
      hole->cve = is_cve(a->ids[k]) ? a->ids[k] : NULL;
      g_ptr_array_add(holes->holes, hole);
      name_hole(holes, &hole, a->ids[k]);
    }
    g_array_append_val(hole->statements, *s);
    for (guint i = 0; single && a->aliases[i]; i++)
      if (!is_notice(a->aliases[i]) && !(is_cve(a->aliases[i]) && hole->cve))
        name_hole(holes, &hole, a->aliases[i]);
  }
}

/* ---- what follows for one hole
 * -------------------------------------------------------------------- */
static gboolean is_yes(const Statement *s)
{
  return s->a->status != OAKUM_STATUS_NOT_AFFECTED && s->judged.affected == OAKUM_AFFECTED;
}

static gboolean is_no(const Statement *s)
{
  return s->a->status == OAKUM_STATUS_NOT_AFFECTED && s->judged.affected == OAKUM_AFFECTED;
}

typedef struct {
  const Statement *decided; /* the record that the finding goes by; NULL: no finding */
  const char *fixed;
  gboolean refuted; /* the vendor says that it is not affected, others that it is */
  const Statement *no_order;
} Outcome;

/* Whether a version that mends by one record still is in the range of another. */
static gboolean still_hit(const GArray *all, int rank, const Statement *from, const char *version)
{
  for (guint i = 0; i < all->len; i++) {
    const Statement *s = &g_array_index(all, Statement, i);
    if (s->rank != rank || !is_yes(s) || !s->judged.fixed || s->by != from->by)
      continue;
    if (oakum_judge(s->scheme, s->drop_epoch, s->a, version).affected == OAKUM_AFFECTED)
      return TRUE;
  }
  return FALSE;
}

/* The lowest fix that no other record of the same weight still counts as affected. */
static void way_out(const GArray *all, int rank, Outcome *out)
{
  const Statement *best = NULL;
  gboolean best_clean = FALSE;
  for (guint i = 0; i < all->len; i++) {
    const Statement *s = &g_array_index(all, Statement, i);
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

static Outcome decide(const GArray *all)
{
  Outcome out = {0};
  int rank = 9;
  for (guint i = 0; i < all->len; i++)
    rank = MIN(rank, g_array_index(all, Statement, i).rank);
  gboolean knows = FALSE, no = FALSE, any_yes = FALSE;
  for (guint i = 0; i < all->len; i++) {
    const Statement *s = &g_array_index(all, Statement, i);
    any_yes |= is_yes(s);
    if (s->rank != rank)
      continue;
    knows |= s->judged.knows_fix && s->a->status != OAKUM_STATUS_NOT_AFFECTED;
    no |= is_no(s);
  }
  const Statement *first_no = NULL;
  for (guint i = 0; i < all->len; i++) {
    const Statement *s = &g_array_index(all, Statement, i);
    if (s->rank != rank)
      continue;
    if (is_no(s) && !first_no)
      first_no = s;
    if (s->a->status != OAKUM_STATUS_NOT_AFFECTED && s->judged.affected == OAKUM_NO_ORDER &&
        !out.no_order)
      out.no_order = s;
    /* what is open gives way to a record that knows a fix for this release, and to a "no" */
    gboolean open = !s->judged.knows_fix && !(s->judged.range && s->judged.range->last_affected) &&
                    !s->a->versions[0];
    if (is_yes(s) && !(open && (knows || no)) && !out.decided)
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

/* ---- telling it
 * ------------------------------------------------------------------------------------- */
static const char *by_name(OakumNameKind by)
{
  static const char *const names[] = {"source", "binary", "language", "cpe", "product"};
  return names[by];
}

static const char *scheme_word(const Statement *s)
{
  return s->a->scheme && *s->a->scheme ? s->a->scheme : "generic";
}

/* "deb: 0 <= 1.0-1 < 1.0-2" */
static char *comparison(const Statement *s)
{
  const OakumAdvisoryRange *r = s->judged.range;
  const char *epochs = s->drop_epoch ? " (an epoch that only one side has is left out)" : "";
  if (r)
    return g_strdup_printf("%s: %s %s %s%s%s%s", scheme_word(s),
                           r->introduced ? r->introduced : "0", r->after ? "<" : "<=", s->version,
                           r->fixed           ? " < "
                           : r->last_affected ? " <= "
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
  const Statement *x = a, *y = b;
  if (x->rank != y->rank)
    return x->rank - y->rank;
  int order = g_strcmp0(x->a->feed->name, y->a->feed->name);
  if (order == 0)
    order = g_strcmp0(x->a->feed->part, y->a->feed->part);
  return order ? order : g_strcmp0(x->a->record, y->a->record);
}

static void add_records(OakumFinding *f, const Hole *hole, const Statement *decided)
{
  f->records = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_record_free);
  g_array_sort(hole->statements, by_rank);
  const Statement *last = NULL;
  for (guint i = 0; i < hole->statements->len; i++) {
    const Statement *s = &g_array_index(hole->statements, Statement, i);
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
static char **other_names(const Hole *hole, const char *id)
{
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL);
  GPtrArray *names = g_ptr_array_new();
  g_hash_table_add(seen, (gpointer)id);
  for (guint i = 0; i < hole->names->len; i++)
    if (g_hash_table_add(seen, hole->names->pdata[i]))
      g_ptr_array_add(names, g_strdup(hole->names->pdata[i]));
  for (guint i = 0; i < hole->statements->len; i++) {
    const OakumAdvisory *a = g_array_index(hole->statements, Statement, i).a;
    for (guint k = 0; a->aliases[k]; k++)
      if ((!a->ids[1] || is_notice(a->aliases[k])) &&
          g_hash_table_add(seen, (gpointer)a->aliases[k]))
        g_ptr_array_add(names, g_strdup(a->aliases[k]));
  }
  g_ptr_array_sort(names, by_text);
  g_ptr_array_add(names, NULL);
  return (char **)g_ptr_array_free(names, names->len == 1);
}

/* CVE, GHSA, then what came first by the order of letters. */
static const char *shown_name(const Hole *hole)
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

static char *why(const Match *m, const OakumPackage *p, const Statement *s)
{
  const OakumAdvisoryRange *r = s->judged.range;
  g_autofree char *range =
      s->judged.fixed ? g_strdup_printf("before %s", s->judged.fixed)
      : r && r->last_affected
          ? g_strdup_printf("up to %s", r->last_affected)
          : g_strdup(s->a->versions[0] && !r ? "of this version" : "without a known fix");
  g_autofree char *proof = p->paths->len ? g_strdup_printf("/%s", (char *)p->paths->pdata[0])
                                         : g_strdup("the bill of materials");
  const char *place = s->by == OAKUM_NAME_SOURCE || s->by == OAKUM_NAME_BINARY
                          ? m->catalog->distro.ecosystem
                      : oakum_language_rule(p->type) ? oakum_language_rule(p->type)->ecosystem
                                                     : "CPE";
  g_autofree char *built = s->by == OAKUM_NAME_SOURCE
                               ? g_strdup_printf(", built from %s %s", p->source_name, s->version)
                               : g_strdup("");
  return g_strdup_printf("%s lists %s %s%s; %s says that %s of %s %s is affected%s", proof, p->name,
                         p->version, built, s->a->record, s->name, place, range,
                         s->by == OAKUM_NAME_CPE
                             ? "; matched by its CPE alone, which may stand for something else"
                             : "");
}

static gboolean report(Match *m, const OakumPackage *p, const Hole *hole, const Outcome *out,
                       GError **error)
{
  const Statement decided = *out->decided; /* sorting moves it */
  const OakumAdvisory *a = decided.a;
  const char *id = shown_name(hole);
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
  f->compared = comparison(&decided);
  f->fix_date = out->fixed ? g_strdup(a->fix_date) : NULL;
  f->layer = g_strdup(p->layer);
  f->layer_index = p->layer_index;
  f->dockerfile_line = p->dockerfile_line;
  const GArray *lines = m->options->layer_lines;
  if (lines && p->layer_index >= 0 && (guint)p->layer_index < lines->len)
    f->dockerfile_line = g_array_index(lines, int, p->layer_index);
  add_records(f, hole, &decided);
  f->why = why(m, p, &decided);
  if (out->refuted)
    f->suppressed = g_strdup_printf("%s says that it is not affected%s%s", a->feed->name,
                                    a->note ? ": " : "", a->note ? a->note : "");
  f->fix = !out->fixed ? NULL
           : decided.by == OAKUM_NAME_SOURCE
               ? g_strdup_printf("upgrade %s to a build of %s %s or later", p->name, decided.name,
                                 out->fixed)
               : g_strdup_printf("upgrade %s to %s or later", p->name, out->fixed);
  g_autoptr(GPtrArray) statements = g_ptr_array_new();
  g_ptr_array_add(statements, (gpointer)a);
  for (guint i = 0; i < hole->statements->len; i++)
    if (g_array_index(hole->statements, Statement, i).a != a)
      g_ptr_array_add(statements, (gpointer)g_array_index(hole->statements, Statement, i).a);
  return oakum_match_rate(f, m->db, statements, error);
}

/* ---- one package
 * ------------------------------------------------------------------------------------- */
/* One name that a package is looked up by. */
typedef struct {
  const char *ecosystem, *name, *version;
  OakumNameKind by;
  gboolean drop_epoch;
} Query;

static int rank_of(const Match *m, const Query *q, const OakumAdvisory *a)
{
  if (q->by == OAKUM_NAME_LANGUAGE || q->by == OAKUM_NAME_CPE || !m->place.rule)
    return 1;
  size_t n = strlen(a->feed->name);
  for (const char *at = m->place.rule->own; at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL)
    if (strncmp(at, a->feed->name, n) == 0 && (at[n] == ' ' || at[n] == 0))
      return 0;
  return 1;
}

/* Whether a record of this kind is about the name that was looked up. */
static gboolean kind_applies(const Match *m, const Query *q, const OakumAdvisory *a)
{
  if (q->by == OAKUM_NAME_LANGUAGE || q->by == OAKUM_NAME_CPE)
    return a->kind == q->by || (q->by == OAKUM_NAME_LANGUAGE && a->kind != OAKUM_NAME_CPE &&
                                a->kind != OAKUM_NAME_PRODUCT);
  /* OSV's records do not say what they name: the distribution's habit does */
  OakumNameKind kind = strcmp(a->feed->name, "osv") == 0 || a->kind > OAKUM_NAME_BINARY
                           ? m->place.rule->names
                           : a->kind;
  return kind == q->by;
}

static gboolean ask(Match *m, const OakumPackage *p, const Query *q, Holes *holes, GPtrArray *lists,
                    GError **error)
{
  OakumAdvisoryList *list = oakum_advisory_db_find(m->db, q->ecosystem, q->name, error);
  if (!list)
    return FALSE;
  g_ptr_array_add(lists, list);
  const char *fallback = oakum_ecosystem_scheme(q->ecosystem);
  for (guint i = 0; i < list->len; i++) {
    const OakumAdvisory *a = &list->items[i];
    Statement s = {
        a, q->by, q->name, q->version, OAKUM_VERSION_GENERIC, q->drop_epoch, rank_of(m, q, a), {0}};
    const char *scheme = a->scheme && *a->scheme ? a->scheme : fallback;
    if (!oakum_version_scheme_parse(scheme, &s.scheme) || !kind_applies(m, q, a) ||
        !oakum_record_applies(&m->place, p, a, list))
      continue;
    s.judged = oakum_judge(s.scheme, s.drop_epoch, a, q->version);
    add_statement(holes, &s);
  }
  return TRUE;
}

static gboolean judge_package(Match *m, const OakumPackage *p, const Query *queries, guint n,
                              GError **error)
{
  g_autoptr(GPtrArray) lists =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_advisory_list_free);
  g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(hole_free);
  g_autoptr(GHashTable) names = oakum_str_map_new(NULL, NULL);
  Holes holes = {owned, names};
  for (guint i = 0; i < n; i++)
    if (!ask(m, p, &queries[i], &holes, lists, error))
      return FALSE;
  for (guint i = 0; i < owned->len; i++) {
    const Hole *hole = owned->pdata[i];
    if (hole->parent || hole->statements->len == 0)
      continue;
    Outcome out = decide(hole->statements);
    if (out.no_order) {
      const Statement *s = out.no_order;
      const OakumAdvisoryRange *r = s->judged.range;
      const char *end = !r                 ? s->a->fixes[0]
                        : r->fixed         ? r->fixed
                        : r->last_affected ? r->last_affected
                                           : r->introduced;
      incomplete(m, "version-not-comparable",
                 g_strdup_printf("%s: %s %s cannot be compared with %s", s->a->record, p->name,
                                 s->version, end ? end : "its range"));
    }
    if (out.decided && !report(m, p, hole, &out, error))
      return FALSE;
  }
  return TRUE;
}

static void unjudged(Match *m, const char *reason, const OakumPackage *p)
{
  GPtrArray *names = g_hash_table_lookup(m->unjudged, reason);
  if (!names) {
    names = g_ptr_array_new();
    g_hash_table_insert(m->unjudged, (gpointer)reason, names);
  }
  g_ptr_array_add(names, p->name);
}

static void use(Match *m, const char *ecosystem)
{
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(m->used, ecosystem));
  g_hash_table_replace(m->used, g_strdup(ecosystem), GUINT_TO_POINTER(n + 1));
}

/* rpm's source packages have no epoch of their own in the database: the binary's is theirs, as long
 * as both are of one build. */
static char *source_version(const OakumPackage *p)
{
  const char *version = p->source_version ? p->source_version : p->version;
  const char *colon = strchr(p->version, ':');
  if (strcmp(p->type, "rpm") != 0 || strchr(version, ':') || !colon)
    return g_strdup(version);
  return g_strdup_printf("%.*s:%s", (int)(colon - p->version), p->version, version);
}

static gboolean judge_os(Match *m, const OakumPackage *p, GError **error)
{
  const OakumDistroRule *rule = m->place.rule;
  const char *ecosystem = m->catalog->distro.ecosystem;
  if (!rule) /* said once, for all of them */
    return TRUE;
  const char *type = strcmp(p->type, "portage") == 0 ? "ebuild" : p->type;
  if (strcmp(type, rule->type) != 0) {
    unjudged(m, "packages-of-another-system", p);
    return TRUE;
  }
  if (oakum_is_third_party(rule, p)) {
    unjudged(m, "third-party-packages", p);
    return TRUE;
  }
  if (oakum_is_kernel_headers(p) && !m->options->kernel_headers)
    return TRUE;
  const char *source_name = p->source_name && *p->source_name ? p->source_name : p->name;
  g_autofree char *source = source_version(p);
  gboolean rpm = strcmp(rule->type, "rpm") == 0;
  const char *of_source = rule->compare == OAKUM_COMPARE_BINARY ? p->version : source;
  Query queries[2] = {{ecosystem, source_name, of_source, OAKUM_NAME_SOURCE, rpm},
                      {ecosystem, p->name, p->version, OAKUM_NAME_BINARY, FALSE}};
  use(m, ecosystem);
  return judge_package(m, p, queries, 2, error);
}

/* Built by the distribution as a part of one of its packages: its data speaks of it. */
static gboolean is_owned(const Match *m, const OakumPackage *p)
{
  if (!p->owner || !m->place.rule)
    return FALSE;
  const OakumPackage *owner = g_hash_table_lookup(m->owners, p->owner);
  return !owner || !oakum_is_third_party(m->place.rule, owner);
}

static gboolean judge_language(Match *m, const OakumPackage *p, const OakumLanguageRule *rule,
                               GError **error)
{
  if (is_owned(m, p))
    return TRUE;
  const char *version = p->version ? p->version : "";
  gboolean go = strcmp(p->type, "golang") == 0;
  if (go && (!*version || strcmp(version, "(devel)") == 0)) {
    unjudged(m, "go-devel", p);
    return TRUE;
  }
  if (!*version) {
    unjudged(m, "no-version", p);
    return TRUE;
  }
  if (go && g_str_has_prefix(version, "go") && g_ascii_isdigit(version[2]))
    version += 2; /* the standard library's */
  gboolean spaced = rule->join && p->space && *p->space;
  g_autofree char *prefix = spaced ? g_strconcat(p->space, rule->join, NULL) : g_strdup("");
  /* where the cataloguer already put both into the name */
  g_autofree char *name =
      g_strconcat(g_str_has_prefix(p->name, prefix) ? "" : prefix, p->name, NULL);
  use(m, rule->ecosystem);
  Query query = {rule->ecosystem, name, version, OAKUM_NAME_LANGUAGE, FALSE};
  return judge_package(m, p, &query, 1, error);
}

/* "cpe:2.3:a:openssl:openssl:3.0.1:…" and "cpe:/a:openssl:openssl:3.0.1" to "openssl:openssl". */
static char *cpe_name(const char *cpe)
{
  const char *at = g_str_has_prefix(cpe, "cpe:2.3:") ? cpe + 8
                   : g_str_has_prefix(cpe, "cpe:/")  ? cpe + 5
                                                     : NULL;
  g_auto(GStrv) parts = g_strsplit(at ? at : "", ":", 4);
  return g_strv_length(parts) >= 3 ? g_strdup_printf("%s:%s", parts[1], parts[2]) : NULL;
}

static gboolean judge_cpe(Match *m, const OakumPackage *p, GError **error)
{
  g_autofree char *name = p->cpe ? cpe_name(p->cpe) : NULL;
  if (is_owned(m, p))
    return TRUE;
  if (!name || !p->version || !*p->version) {
    unjudged(m, name ? "no-version" : "no-identity", p);
    return TRUE;
  }
  use(m, "cpe");
  Query query = {"cpe", name, p->version, OAKUM_NAME_CPE, FALSE};
  return judge_package(m, p, &query, 1, error);
}

static gboolean judge(Match *m, const OakumPackage *p, GError **error)
{
  const OakumLanguageRule *rule = oakum_language_rule(p->type);
  if (strcmp(p->name, "gpg-pubkey") == 0 && strcmp(p->type, "rpm") == 0)
    return TRUE;
  if (oakum_is_os_type(p->type))
    return judge_os(m, p, error);
  return rule ? judge_language(m, p, rule, error) : judge_cpe(m, p, error);
}

/* ---- the whole image
 * --------------------------------------------------------------------------------- */
static void say_unjudged(Match *m)
{
  static const struct {
    const char *reason, *words;
  } reasons[] = {
      {"third-party-packages",
       "not built by the distribution, whose advisories say nothing of them"},
      {"packages-of-another-system", "of another package manager than the distribution's"},
      {"go-devel", "Go modules without a version: built from a working tree"},
      {"no-version", "without a version"},
      {"no-identity", "of a kind that no advisories are known of"},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
    const GPtrArray *names = g_hash_table_lookup(m->unjudged, reasons[i].reason);
    if (!names)
      continue;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint k = 0; k < MIN(names->len, 5); k++)
      g_string_append_printf(text, "%s%s", k ? ", " : "", (char *)names->pdata[k]);
    incomplete(m, reasons[i].reason,
               g_strdup_printf("%u packages %s: %s%s", names->len, reasons[i].words, text->str,
                               names->len > 5 ? ", …" : ""));
  }
}

static void say_stale(Match *m, const char *ecosystem)
{
  if (!m->options->now || m->options->max_age_s <= 0)
    return;
  g_autoptr(GPtrArray) stale =
      oakum_advisory_db_stale(m->db, ecosystem, m->options->now, m->options->max_age_s);
  if (stale->len == 0)
    return;
  const OakumAdvisoryFeed *feed = stale->pdata[0];
  incomplete(m, "stale-advisories",
             g_strdup_printf("%u feeds of %s are older than %" G_GINT64_FORMAT
                             " days, or of unknown age: %s %s of %.10s%s",
                             stale->len, ecosystem, m->options->max_age_s / 86400, feed->name,
                             feed->part, *feed->date ? feed->date : "unknown",
                             stale->len > 1 ? ", …" : ""));
}

static gint by_string(gconstpointer a, gconstpointer b, gpointer user)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void say_database(Match *m)
{
  guint n;
  g_autofree gpointer *keys = g_hash_table_get_keys_as_array(m->used, &n);
  g_qsort_with_data(keys, (gint)n, sizeof *keys, by_string, NULL);
  for (guint i = 0; i < n; i++)
    if (!oakum_advisory_db_knows(m->db, keys[i])) {
      if (g_strcmp0(keys[i], m->catalog->distro.ecosystem) != 0)
        incomplete(m, "no-advisories",
                   g_strdup_printf("the advisory database knows nothing of %s, of which there are "
                                   "%u packages",
                                   strcmp(keys[i], "cpe") == 0 ? "programs without a package (CPE)"
                                                               : (char *)keys[i],
                                   GPOINTER_TO_UINT(g_hash_table_lookup(m->used, keys[i]))));
    } else {
      say_stale(m, keys[i]);
    }
}

/* How many packages are of the system's own manager. */
static guint os_packages(const OakumCatalog *catalog)
{
  guint n = 0;
  for (guint i = 0; i < catalog->packages->len; i++)
    n += oakum_is_os_type(((OakumPackage *)catalog->packages->pdata[i])->type);
  return n;
}

static void say_distribution(Match *m)
{
  const OakumDistro *distro = &m->catalog->distro;
  guint n = os_packages(m->catalog);
  if (!distro->ecosystem || !m->place.rule) {
    if (n > 0 || m->catalog->packages->len == 0)
      incomplete(m, "unknown-distribution",
                 n ? g_strdup_printf("%u packages of an unknown distribution (%s)", n,
                                     distro->pretty ? distro->pretty
                                     : distro->id   ? distro->id
                                                    : "no os-release")
                   : g_strdup("neither a known distribution nor a package database was found"));
  } else if (n == 0) {
    incomplete(m, "no-packages",
               g_strdup_printf("%s, but no package database was found", distro->ecosystem));
  } else if (!oakum_advisory_db_knows(m->db, distro->ecosystem)) {
    incomplete(m, "no-advisories",
               g_strdup_printf("the advisory database knows nothing of %s", distro->ecosystem));
  }
}

static void say_end_of_life(Match *m)
{
  const OakumDistroRule *rule = m->place.rule;
  const char *release = rule ? strpbrk(m->catalog->distro.ecosystem, "0123456789") : NULL;
  if (!release || !rule->eol || !m->options->now)
    return;
  g_autoptr(OakumEol) eol = oakum_advisory_db_eol(m->db, rule->eol, release);
  int64_t end;
  g_autofree char *full =
      eol && eol->eol && strlen(eol->eol) == 10 ? g_strconcat(eol->eol, "T00:00:00Z", NULL) : NULL;
  gboolean ended = eol && eol->eol &&
                   (strcmp(eol->eol, "true") == 0 ||
                    (oakum_time_parse(full ? full : eol->eol, &end) && end < m->options->now));
  if (!ended)
    return;
  OakumFinding *f = oakum_finding_new(OAKUM_FINDING_EOL, "end-of-life", OAKUM_SEVERITY_HIGH);
  f->title = g_strdup_printf("%s %s is no longer mended: it ended %s%.10s%s%s", rule->ecosystem,
                             release, strcmp(eol->eol, "true") == 0 ? "already" : "on ",
                             strcmp(eol->eol, "true") == 0 ? "" : eol->eol,
                             eol->extended ? "; extended support, for those who have it: " : "",
                             eol->extended ? eol->extended : "");
  f->fix =
      g_strdup_printf("base the image on a release of %s that is still mended", rule->ecosystem);
  g_ptr_array_add(m->findings, f);
}

static void look_around(Match *m)
{
  for (guint i = 0; i < m->catalog->packages->len; i++) {
    OakumPackage *p = m->catalog->packages->pdata[i];
    if (!oakum_is_os_type(p->type))
      continue;
    if (p->purl)
      g_hash_table_insert(m->owners, p->purl, p);
    m->place.esm |= strcmp(p->type, "deb") == 0 && p->version &&
                    (strstr(p->version, "+esm") || strstr(p->version, "~esm"));
  }
}

/* What Red Hat's table says of the content sets that the image was built from. A set that it does
 * not have (a mirror's own) makes all of them a matter of names again. */
static gboolean find_products(Match *m, GPtrArray *cpes, GError **error)
{
  const OakumDistro *distro = &m->catalog->distro;
  if (!distro->repositories || !m->place.rule || strcmp(m->place.rule->ecosystem, "Red Hat") != 0 ||
      !oakum_advisory_db_knows(m->db, OAKUM_ECOSYSTEM_REPOSITORIES))
    return TRUE;
  g_auto(GStrv) sets = g_strsplit(distro->repositories, " ", -1);
  gboolean all = TRUE;
  for (char **set = sets; *set; set++) {
    if (!**set)
      continue;
    g_autoptr(OakumAdvisoryList) list =
        oakum_advisory_db_find(m->db, OAKUM_ECOSYSTEM_REPOSITORIES, *set, error);
    /* "rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_4" is one of a minor release */
    char *minor = list && list->len == 0 ? strstr(*set, "__") : NULL;
    if (minor) {
      *minor = 0;
      oakum_advisory_list_free(g_steal_pointer(&list));
      list = oakum_advisory_db_find(m->db, OAKUM_ECOSYSTEM_REPOSITORIES, *set, error);
    }
    if (!list)
      return FALSE;
    all = all && list->len > 0;
    for (guint i = 0; i < list->len; i++)
      if (list->items[i].product)
        g_ptr_array_add(cpes, g_strdup(list->items[i].product));
  }
  if (all && cpes->len > 0)
    m->place.cpes = cpes;
  return TRUE;
}

static gboolean same_finding(const OakumFinding *a, const OakumFinding *b)
{
  return a->kind == b->kind && strcmp(a->id, b->id) == 0 &&
         g_strcmp0(a->package_name, b->package_name) == 0 &&
         g_strcmp0(a->package_version, b->package_version) == 0 &&
         g_strcmp0(a->package_purl, b->package_purl) == 0 && g_strcmp0(a->source, b->source) == 0 &&
         g_strcmp0(a->title, b->title) == 0 && g_strcmp0(a->layer, b->layer) == 0;
}

GPtrArray *oakum_match_run(const OakumCatalog *catalog, OakumAdvisoryDb *db,
                           const OakumMatchOptions *options, GError **error)
{
  static const OakumMatchOptions none = {0};
  g_autoptr(GPtrArray) findings =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_autoptr(GHashTable) used = oakum_str_map_new(g_free, NULL),
                        owners = oakum_str_map_new(NULL, NULL),
                        unjudged_names = oakum_str_map_new(NULL, (GDestroyNotify)g_ptr_array_unref);
  Match m = {catalog,
             db,
             options ? options : &none,
             {oakum_distro_rule(catalog->distro.ecosystem), &catalog->distro, FALSE, NULL},
             findings,
             used,
             owners,
             unjudged_names};
  for (guint i = 0; i < catalog->incomplete->len; i++) {
    const OakumFinding *from = catalog->incomplete->pdata[i];
    incomplete(&m, from->id, g_strdup(from->title));
  }
  look_around(&m);
  g_autoptr(GPtrArray) cpes = g_ptr_array_new_with_free_func(g_free);
  if (!find_products(&m, cpes, error))
    return NULL;
  say_distribution(&m);
  for (guint i = 0; i < catalog->packages->len; i++)
    if (!judge(&m, catalog->packages->pdata[i], error))
      return NULL;
  say_database(&m);
  say_unjudged(&m);
  say_end_of_life(&m);
  if (m.options->vex)
    oakum_vex_apply(m.options->vex, findings);
  g_ptr_array_sort(findings, oakum_finding_compare);
  for (guint i = 1; i < findings->len;)
    if (same_finding(findings->pdata[i - 1], findings->pdata[i]))
      g_ptr_array_remove_index(findings, i);
    else
      i++;
  return g_steal_pointer(&findings);
}
