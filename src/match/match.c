/* The run: each package, and by which names and versions it is looked up. */
#include "match/match-private.h"
#include <string.h>

/* One name that a package is looked up by. */
typedef struct {
  const char *ecosystem, *name, *version;
  OakumNameKind by;
  gboolean drop_epoch;
  const OakumCpe *cpe; /* of the program; NULL: it is none */
} Query;

/* What is said of the very flavour that is installed decides over what is said of the common
 * build. */
static int rank_of(const OakumMatch *m, const OakumPackage *p, const Query *q,
                   const OakumAdvisory *a)
{
  if (a->flavour &&
      g_str_has_prefix(m->catalog->distro.ecosystem ? m->catalog->distro.ecosystem : "",
                       "Ubuntu") &&
      !g_str_has_prefix(a->flavour, "esm") && oakum_is_of_flavour(p, a->flavour))
    return -1;
  if (q->by == OAKUM_NAME_LANGUAGE || q->by == OAKUM_NAME_CPE || !m->place.rule)
    return 1;
  size_t n = strlen(a->feed->name);
  for (const char *at = m->place.rule->own; at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL)
    if (strncmp(at, a->feed->name, n) == 0 && (at[n] == ' ' || at[n] == 0))
      return 0;
  return 1;
}

/* Whether a record of this kind is about the name that was looked up. */
static gboolean kind_applies(const OakumMatch *m, const Query *q, const OakumAdvisory *a)
{
  if (q->by == OAKUM_NAME_LANGUAGE || q->by == OAKUM_NAME_CPE)
    return a->kind == q->by || (q->by == OAKUM_NAME_LANGUAGE && a->kind != OAKUM_NAME_CPE &&
                                a->kind != OAKUM_NAME_PRODUCT);
  OakumNameKind habit = m->place.rule->names_source ? OAKUM_NAME_SOURCE : OAKUM_NAME_BINARY;
  return (a->kind > OAKUM_NAME_BINARY ? habit : a->kind) == q->by;
}

static gboolean is_bound(const OakumAdvisory *a, OakumVersionScheme scheme, const char *version)
{
  for (guint i = 0; i < a->n_ranges; i++) {
    const char *const bounds[] = {a->ranges[i].introduced, a->ranges[i].fixed,
                                  a->ranges[i].last_affected};
    for (size_t k = 0; k < G_N_ELEMENTS(bounds); k++)
      if (bounds[k] && oakum_match_order(scheme, FALSE, version, bounds[k]) == 0)
        return TRUE;
  }
  return FALSE;
}

/* The database finds by vendor and product; here counts the rest of the name. A record of one
 * version with any update ("7.4:*") is about "7.4p1" too, and one that names the update of the
 * program is about it, however the program spells both ("1.8.0_391"). "7.4:-" is 7.4 alone, and
 * "7.*" each that begins so. */
static gboolean cpe_applies(const Query *q, OakumStatement *s)
{
  g_auto(OakumCpe) record = {0};
  if (!s->a->product || !oakum_cpe_parse(s->a->product, &record))
    return TRUE;
  const char *version = q->cpe->fields[OAKUM_CPE_VERSION],
             *update = q->cpe->fields[OAKUM_CPE_UPDATE], *named = record.fields[OAKUM_CPE_UPDATE],
             *meant = record.fields[OAKUM_CPE_VERSION];
  if (oakum_cpe_is_pattern(meant) || oakum_cpe_is_pattern(named)) {
    const char *have = update ? update : "-";
    if ((meant && (!version || !oakum_cpe_value_covers(meant, version))) ||
        (named && !oakum_cpe_value_covers(named, have)))
      return FALSE;
  }
  if (s->a->versions[0] && update && version) {
    if (!named)
      s->version = version;
    else if (strcmp(named, "-") == 0 && strcmp(update, "-") != 0)
      s->version = ""; /* equal to none */
    else if (strcmp(named, update) == 0 &&
             g_strcmp0(record.fields[OAKUM_CPE_VERSION], version) == 0)
      s->version = s->a->versions[0];
  }
  return oakum_cpe_covers(&record, q->cpe);
}

/* NVD's bounds are held against the version without its update: 9.3p1 is affected where 9.3 is the
 * last one that is, and not where what came behind 9.3 is. A pre-release is before its release
 * besides. */
static void judge_cpe_record(const Query *q, OakumStatement *s)
{
  const char *version = q->cpe->fields[OAKUM_CPE_VERSION],
             *update = q->cpe->fields[OAKUM_CPE_UPDATE], *whole = s->version;
  s->judged = oakum_judge(s->scheme, FALSE, s->a, whole);
  if (!version || !update || strcmp(update, "-") == 0 || !is_bound(s->a, s->scheme, version))
    return;
  gboolean before = oakum_match_order(s->scheme, FALSE, whole, version) == -1;
  if (before && s->judged.affected == OAKUM_AFFECTED)
    return;
  s->version = version;
  s->judged = oakum_judge(s->scheme, FALSE, s->a, version);
}

static gboolean ask(OakumMatch *m, const OakumPackage *p, const Query *q, OakumHoles *holes,
                    GPtrArray *lists, GError **error)
{
  OakumAdvisoryList *list = oakum_advisory_db_find(m->db, q->ecosystem, q->name, error);
  if (!list)
    return FALSE;
  g_ptr_array_add(lists, list);
  const char *fallback = oakum_ecosystem_scheme(q->ecosystem);
  for (guint i = 0; i < list->len; i++) {
    const OakumAdvisory *a = &list->items[i];
    OakumStatement s = {a,
                        q->by,
                        q->ecosystem,
                        q->name,
                        q->version,
                        OAKUM_VERSION_GENERIC,
                        q->drop_epoch,
                        rank_of(m, p, q, a),
                        {0}};
    const char *scheme = a->scheme && *a->scheme ? a->scheme : fallback;
    if (!oakum_version_scheme_parse(scheme, &s.scheme) || !kind_applies(m, q, a) ||
        !oakum_record_applies(&m->place, p, a, list))
      continue;
    if (q->cpe && !cpe_applies(q, &s))
      continue;
    if (q->cpe)
      judge_cpe_record(q, &s);
    else
      s.judged = oakum_judge(s.scheme, s.drop_epoch, a, s.version);
    oakum_holes_add(holes, &s);
  }
  return TRUE;
}

static gboolean judge_package(OakumMatch *m, const OakumPackage *p, const Query *queries, guint n,
                              GError **error)
{
  if (m->kept)
    return TRUE;
  g_autoptr(GPtrArray) lists =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_advisory_list_free);
  g_autoptr(OakumHoles) holes = oakum_holes_new();
  for (guint i = 0; i < n; i++)
    if (!ask(m, p, &queries[i], holes, lists, error))
      return FALSE;
  for (guint i = 0; i < holes->holes->len; i++) {
    const OakumHole *hole = holes->holes->pdata[i];
    if (hole->parent || hole->statements->len == 0)
      continue;
    OakumOutcome out = oakum_hole_decide(hole->statements);
    if (out.no_order) {
      const OakumStatement *s = out.no_order;
      const OakumAdvisoryRange *r = s->judged.range;
      const char *end = !r                 ? s->a->fixes[0]
                        : r->fixed         ? r->fixed
                        : r->last_affected ? r->last_affected
                                           : r->introduced;
      oakum_match_incomplete(m, "version-not-comparable",
                             g_strdup_printf("%s: %s %s cannot be compared with %s", s->a->record,
                                             p->name, s->version, end ? end : "its range"));
    }
    if (out.decided && !oakum_hole_report(m, p, hole, &out, error))
      return FALSE;
  }
  return TRUE;
}

static void unjudged(OakumMatch *m, const char *reason, const OakumPackage *p)
{
  GPtrArray *names = g_hash_table_lookup(m->unjudged, reason);
  if (!names) {
    names = g_ptr_array_new();
    g_hash_table_insert(m->unjudged, (gpointer)reason, names);
  }
  g_ptr_array_add(names, p->name);
}

static void use(OakumMatch *m, const char *ecosystem)
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

/* Where a source names no epoch, the package's is no word against it. A package of the very version
 * of its source is of its epoch, too, and none is 0 then; one that is numbered by itself
 * (perl-Errno of perl) does not tell. */
static gboolean drops_epoch(const OakumDistroRule *rule, const OakumPackage *p)
{
  if (strcmp(rule->type, "rpm") != 0)
    return FALSE;
  gboolean by_itself =
      !rule->as_installed && p->source_version && strcmp(p->source_version, p->version) != 0;
  return by_itself || strchr(p->version, ':');
}

/* Debian and Ubuntu sign kernels, Debian boot loaders too, in source packages of their own, which
 * their trackers do not know: 6.1.4-1 of linux is 6.1.4+1 of Debian's linux-signed-amd64, and
 * 2.06-13 of grub2 is 1+2.06+13 of grub-efi-amd64-signed; Ubuntu's linux-signed-aws is linux-aws.
 * FALSE: it is no such package. */
static gboolean unsigned_source(const char *ecosystem, const char *name, const char *version,
                                char **source, char **source_version)
{
  static const char *const linux_signed = "linux-signed";
  gboolean debian = g_str_has_prefix(ecosystem, "Debian:");
  const char *begin = version;
  if (g_str_has_prefix(ecosystem, "Ubuntu:") && g_str_has_prefix(name, linux_signed) &&
      (!name[strlen(linux_signed)] || name[strlen(linux_signed)] == '-')) {
    *source = g_strconcat("linux", name + strlen(linux_signed), NULL);
  } else if (debian && g_str_has_prefix(name, "linux-signed-")) {
    *source = g_strdup("linux");
  } else if (debian && g_str_has_prefix(name, "grub-efi-") && g_str_has_suffix(name, "-signed")) {
    *source = g_strdup("grub2");
    begin += strcspn(version, "+");
    begin += *begin == '+';
  } else {
    return FALSE;
  }
  *source_version = g_strdup(begin);
  char *plus = debian ? strchr(*source_version, '+') : NULL;
  if (plus)
    *plus = '-';
  return TRUE;
}

static gboolean judge_os(OakumMatch *m, const OakumPackage *p, GError **error)
{
  const OakumDistroRule *rule = m->place.rule;
  const char *ecosystem = m->catalog->distro.ecosystem;
  if (!rule) /* said once, for all of them */
    return TRUE;
  const char *type = strcmp(p->type, "portage") == 0 ? "ebuild" : p->type;
  /* a program that says which system's package it was copied out of */
  gboolean copied =
      p->space && oakum_catalog_is_told(p) && g_strcmp0(p->space, m->catalog->distro.id) != 0;
  if (strcmp(type, rule->type) != 0 || copied) {
    unjudged(m, "packages-of-another-system", p);
    return TRUE;
  }
  g_autofree char *epel = oakum_epel_key(rule, ecosystem, p);
  if (epel && oakum_advisory_db_knows(m->db, epel)) {
    Query query = {epel, p->name, p->version, OAKUM_NAME_BINARY, FALSE};
    use(m, epel);
    return judge_package(m, p, &query, 1, error);
  }
  if (oakum_is_third_party(rule, p)) {
    unjudged(m, "third-party-packages", p);
    return TRUE;
  }
  if (oakum_is_kernel_headers(p) && !m->options->kernel_headers)
    return TRUE;
  const char *source_name = p->source_name && *p->source_name ? p->source_name : p->name;
  g_autofree char *source = source_version(p);
  g_autofree char *plain = NULL, *plain_name = NULL;
  if (unsigned_source(ecosystem, source_name, source, &plain_name, &plain)) {
    source_name = plain_name;
    g_free(source);
    source = g_steal_pointer(&plain);
  }
  gboolean drop = drops_epoch(rule, p);
  const char *of_source = rule->as_installed ? p->version : source;
  g_autofree char *all_packs =
      g_str_has_prefix(ecosystem, "SUSE:") ? g_strndup(ecosystem, strcspn(ecosystem, ".")) : NULL;
  Query queries[4] = {{ecosystem, source_name, of_source, OAKUM_NAME_SOURCE, drop},
                      {ecosystem, p->name, p->version, OAKUM_NAME_BINARY, FALSE},
                      {all_packs, source_name, of_source, OAKUM_NAME_SOURCE, drop},
                      {all_packs, p->name, p->version, OAKUM_NAME_BINARY, FALSE}};
  use(m, ecosystem);
  return judge_package(m, p, queries, all_packs ? 4 : 2, error);
}

/* Built by the distribution as a part of one of its packages: its data speaks of it. */
static gboolean is_owned(const OakumMatch *m, const OakumPackage *p)
{
  if (!p->owner || !m->place.rule)
    return FALSE;
  const OakumPackage *owner = g_hash_table_lookup(m->owners, p->owner);
  return !owner || !oakum_is_third_party(m->place.rule, owner);
}

/* "1.21.4" of "go1.21.4 X:boringcrypto", of "go1.21.4 (Red Hat 1.21.4-1.el9)" and of
 * "go1.21.4-2-fips", which toolchains write for the standard library: vendors build its releases
 * under names of their own. "" of what was built from a working tree. */
static char *go_version(const char *name, const char *version)
{
  if (g_str_has_prefix(version, "go") && g_ascii_isdigit(version[2]))
    version += 2;
  if (strstr(version, "devel") || strcmp(version, "unknown") == 0)
    return g_strdup("");
  char *own = g_strndup(version, strcspn(version, " "));
  gboolean library = strcmp(name, "stdlib") == 0 || strcmp(name, "toolchain") == 0;
  char *dash = library ? strchr(own, '-') : NULL;
  if (dash && !g_str_has_prefix(dash + 1, "rc") && !g_str_has_prefix(dash + 1, "beta") &&
      !g_str_has_prefix(dash + 1, "pre"))
    *dash = 0;
  return own;
}

/* "1.13.0" of "1.13.0-x86_64-linux": a gem of one platform, as lock files and file names have it.
 */
static char *without_platform(const char *version)
{
  static const char *const platforms[] = {"x86",  "x64",   "java",  "jruby",  "arm",   "aarch64",
                                          "ruby", "mingw", "mswin", "darwin", "linux", "universal"};
  const char *dash = strchr(version, '-');
  for (size_t i = 0; dash && i < G_N_ELEMENTS(platforms); i++)
    if (g_str_has_prefix(dash + 1, platforms[i]))
      return g_strndup(version, (gsize)(dash - version));
  return g_strdup(version);
}

/* Behind the one query that there is come those of the ecosystems beside; says how many there are
 * then. */
static guint add_beside(Query queries[OAKUM_MATCH_BESIDE_MAX])
{
  const OakumBeside *beside;
  guint n = 1, at = 0;
  while (n < OAKUM_MATCH_BESIDE_MAX &&
         (beside = oakum_ecosystem_beside(queries->ecosystem, queries->name, &at)))
    queries[n++] = (Query){beside->also, beside->as ? beside->as : queries->name, queries->version,
                           OAKUM_NAME_LANGUAGE, FALSE};
  return n;
}

static gboolean judge_language(OakumMatch *m, const OakumPackage *p, const OakumLanguageRule *rule,
                               GError **error)
{
  if (is_owned(m, p))
    return TRUE;
  const char *version = p->version ? p->version : "", *plain = p->name;
  if (strcmp(p->type, "golang") == 0 && strcmp(plain, "std") == 0)
    plain = "stdlib"; /* as Go itself and bills of materials of its tools call it */
  g_autofree char *own = strcmp(p->type, "golang") == 0 ? go_version(plain, version)
                         : strcmp(p->type, "gem") == 0  ? without_platform(version)
                                                        : NULL;
  if (own && !*own && strcmp(p->type, "golang") == 0) {
    unjudged(m, "go-devel", p);
    return TRUE;
  }
  version = own ? own : version;
  if (!*version) {
    unjudged(m, "no-version", p);
    return TRUE;
  }
  gboolean spaced = rule->join && p->space && *p->space;
  g_autofree char *prefix = spaced ? g_strconcat(p->space, rule->join, NULL) : g_strdup("");
  /* where the cataloguer already put both into the name */
  g_autofree char *name = g_strconcat(g_str_has_prefix(plain, prefix) ? "" : prefix, plain, NULL);
  use(m, rule->ecosystem);
  Query queries[OAKUM_MATCH_BESIDE_MAX] = {
      {rule->ecosystem, name, version, OAKUM_NAME_LANGUAGE, FALSE}};
  return judge_package(m, p, queries, add_beside(queries), error);
}

/* "9.3p1" of those who write the update into the version is 9.3, update p1, as NVD names it. */
static void part_update(OakumCpe *cpe)
{
  char *version = cpe->fields[OAKUM_CPE_VERSION];
  size_t n = version && !cpe->fields[OAKUM_CPE_UPDATE] ? strspn(version, "0123456789.") : 0;
  const char *update = n > 0 ? version + n + (version[n] == '-') : "";
  size_t digits = *update == 'p' ? strspn(update + 1, "0123456789") : 0;
  if (digits == 0 || update[1 + digits])
    return;
  cpe->fields[OAKUM_CPE_UPDATE] = g_strdup(update);
  version[n] = 0;
}

static gboolean judge_cpe(OakumMatch *m, const OakumPackage *p, GError **error)
{
  g_auto(OakumCpe) cpe = {0};
  g_autofree char *name = p->cpe && oakum_cpe_parse(p->cpe, &cpe) ? oakum_cpe_name(&cpe) : NULL;
  if (is_owned(m, p))
    return TRUE;
  if (!name || !p->version || !*p->version) {
    unjudged(m, name ? "no-version" : "no-identity", p);
    return TRUE;
  }
  use(m, "cpe");
  part_update(&cpe);
  Query queries[OAKUM_MATCH_BESIDE_MAX] = {{"cpe", name, p->version, OAKUM_NAME_CPE, FALSE, &cpe}};
  return judge_package(m, p, queries, add_beside(queries), error);
}

static gboolean judge(OakumMatch *m, const OakumPackage *p, GError **error)
{
  const OakumLanguageRule *rule = oakum_language_rule(p->type);
  if (strcmp(p->name, "gpg-pubkey") == 0 && strcmp(p->type, "rpm") == 0)
    return TRUE;
  if (oakum_is_os_type(p->type))
    return judge_os(m, p, error);
  return rule ? judge_language(m, p, rule, error) : judge_cpe(m, p, error);
}

static void look_around(OakumMatch *m)
{
  const char *pro = m->catalog->distro.pro;
  m->place.esm = pro && strstr(pro, "esm-") != NULL;
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
static gboolean find_products(OakumMatch *m, GPtrArray *cpes, GError **error)
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
                        unjudged_names = oakum_str_map_new(NULL, (GDestroyNotify)g_ptr_array_unref),
                        by_path = oakum_str_map_new(NULL, (GDestroyNotify)g_ptr_array_unref),
                        known = oakum_match_known_new();
  OakumMatch m = {catalog,
                  db,
                  options ? options : &none,
                  {oakum_distro_rule(catalog->distro.ecosystem), &catalog->distro, FALSE, NULL},
                  findings,
                  used,
                  owners,
                  unjudged_names,
                  oakum_advisory_db_knows(db, "vex"),
                  by_path,
                  known,
                  FALSE};
  for (guint i = 0; i < catalog->incomplete->len; i++) {
    const OakumFinding *from = catalog->incomplete->pdata[i];
    oakum_match_incomplete(&m, from->id, g_strdup(from->title));
  }
  look_around(&m);
  oakum_vex_feed_prepare(&m);
  g_autoptr(GPtrArray) cpes = g_ptr_array_new_with_free_func(g_free);
  if (!find_products(&m, cpes, error))
    return NULL;
  oakum_match_say_distribution(&m);
  g_autofree char *key = m.options->keep ? oakum_match_kept_key(&m) : NULL;
  guint from = findings->len;
  m.kept = key && oakum_match_kept_take(&m, key);
  for (guint i = 0; i < catalog->packages->len; i++)
    if (!judge(&m, catalog->packages->pdata[i], error))
      return NULL;
  if (key && !m.kept)
    oakum_match_kept_put(&m, key, from);
  oakum_match_say_database(&m);
  oakum_match_say_unjudged(&m);
  oakum_match_say_end_of_life(&m);
  if (m.options->vex)
    oakum_vex_apply(m.options->vex, m.options, findings);
  g_ptr_array_sort(findings, oakum_finding_compare);
  for (guint i = 1; i < findings->len;)
    if (same_finding(findings->pdata[i - 1], findings->pdata[i]))
      g_ptr_array_remove_index(findings, i);
    else
      i++;
  return g_steal_pointer(&findings);
}
