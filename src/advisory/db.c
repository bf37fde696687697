/* Asking the database. */
#include "advisory/advisory-private.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct OakumAdvisoryDb {
  OakumSql *sql;
  char *stamp; /* NULL: not known */
  GMutex lock; /* over the statements */
  OakumStatement *find, *vulnerability, *alias, *epss, *kev, *eol;
  GPtrArray *feeds;      /* OakumAdvisoryFeed, NULL at the end */
  GHashTable *feed_ids;  /* number to feed */
  GPtrArray *ecosystems; /* names in order, NULL at the end */
  GHashTable *ecosystem_ids;
  GHashTable *ecosystem_names; /* number to name */
};

static gboolean invalid(GError **error, const char *text)
{
  g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, "database: %s", text);
  return FALSE;
}

static char *single(OakumSql *sql, const char *query, GError **error)
{
  g_autoptr(OakumStatement) s = oakum_sql_prepare(sql, query, error);
  if (!s)
    return NULL;
  return oakum_statement_step(s, error) == 1 ? g_strdup(oakum_statement_text(s, 0)) : NULL;
}

static gboolean check_schema(OakumSql *sql, gboolean *ours, GError **error)
{
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(sql, "SELECT type, name, sql FROM sqlite_schema ORDER BY name", error);
  if (!s)
    return FALSE;
  *ours = FALSE;
  for (size_t i = 0;; i++) {
    int more = oakum_statement_step(s, error);
    if (more <= 0 || i >= oakum_advisory_n_tables) {
      *ours = more == 0 && i == oakum_advisory_n_tables;
      return more >= 0;
    }
    if (g_strcmp0(oakum_statement_text(s, 0), "table") != 0 ||
        g_strcmp0(oakum_statement_text(s, 1), oakum_advisory_tables[i][0]) != 0 ||
        g_strcmp0(oakum_statement_text(s, 2), oakum_advisory_tables[i][1]) != 0)
      return TRUE;
  }
}

static void feed_free(gpointer p)
{
  OakumAdvisoryFeed *f = p;
  if (!f)
    return;
  g_free((char *)f->name);
  g_free((char *)f->part);
  g_free((char *)f->address);
  g_free((char *)f->licence);
  g_free((char *)f->date);
  g_free((char *)f->etag);
  g_free(f);
}

static gboolean load_feeds(OakumAdvisoryDb *db, GError **error)
{
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(db->sql,
                        "SELECT id, name, part, address, licence, date, etag, records, entries, "
                        "bad FROM feed ORDER BY id",
                        error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    OakumAdvisoryFeed *f = g_new0(OakumAdvisoryFeed, 1);
    const char **texts[] = {&f->name, &f->part, &f->address, &f->licence, &f->date, &f->etag};
    g_ptr_array_add(db->feeds, f);
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++) {
      const char *text = oakum_statement_text(s, i + 1);
      *texts[i] = g_strdup(text ? text : "");
    }
    f->records = (guint64)oakum_statement_int(s, 7);
    f->rows = (guint64)oakum_statement_int(s, 8);
    f->bad = (guint64)oakum_statement_int(s, 9);
    g_hash_table_insert(db->feed_ids, GINT_TO_POINTER((gint)oakum_statement_int(s, 0)), f);
    if (db->feeds->len > OAKUM_ADVISORY_FEEDS_MAX)
      return invalid(error, "too many feeds");
  }
  g_ptr_array_add(db->feeds, NULL);
  return more == 0;
}

static gboolean load_ecosystems(OakumAdvisoryDb *db, GError **error)
{
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(db->sql, "SELECT id, name FROM ecosystem ORDER BY id", error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    const char *text = oakum_statement_text(s, 1);
    gpointer id = GINT_TO_POINTER((gint)oakum_statement_int(s, 0));
    if (!text || !id || db->ecosystems->len > OAKUM_ADVISORY_ECOSYSTEMS_MAX)
      return invalid(error, "an ecosystem without a name, or too many of them");
    char *name = g_strdup(text);
    g_ptr_array_add(db->ecosystems, name);
    g_hash_table_insert(db->ecosystem_ids, name, id);
    g_hash_table_insert(db->ecosystem_names, id, name);
  }
  g_ptr_array_add(db->ecosystems, NULL);
  return more == 0;
}

static gboolean prepare_all(OakumAdvisoryDb *db, GError **error)
{
  const struct {
    OakumStatement **slot;
    const char *text;
  } all[] = {
      {&db->find, "SELECT feed, data FROM package WHERE ecosystem=?1 AND name=?2"},
      {&db->vulnerability, "SELECT feed, data FROM vulnerability WHERE id=?1"},
      {&db->alias, "SELECT id FROM alias WHERE name=?1 ORDER BY id"},
      {&db->epss, "SELECT score, percentile FROM epss WHERE cve=?1"},
      {&db->kev, "SELECT added, due, name, action, ransomware FROM kev WHERE cve=?1"},
      {&db->eol, "SELECT product, cycle, codename, released, eol, extended FROM eol WHERE "
                 "product=?1 AND cycle=?2"},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
    if (!(*all[i].slot = oakum_sql_prepare(db->sql, all[i].text, error)))
      return FALSE;
  return TRUE;
}

/* Which file this is, as far as that shows without reading it. One that was changed a moment ago
 * may be changed again within the grain of its times. */
static char *stamp_of(const char *path)
{
  struct stat st;
  if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
      st.st_ctim.tv_sec + OAKUM_FRESH_S > g_get_real_time() / G_USEC_PER_SEC)
    return NULL;
  return g_strdup_printf("%llx-%llx-%llx-%llx.%lx-%llx.%lx", (unsigned long long)st.st_dev,
                         (unsigned long long)st.st_ino, (unsigned long long)st.st_size,
                         (unsigned long long)st.st_mtim.tv_sec, (unsigned long)st.st_mtim.tv_nsec,
                         (unsigned long long)st.st_ctim.tv_sec, (unsigned long)st.st_ctim.tv_nsec);
}

/* SQLite says no more than that it could not. */
static gboolean is_there(const char *path, GError **error)
{
  struct stat st;
  if (stat(path, &st) < 0) {
    if (errno == ENOENT)
      g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_NOT_FOUND,
                  "advisory database %s: %s; make one with oakum db update or import", path,
                  g_strerror(errno));
    else
      oakum_error_errno(error, OAKUM_ADVISORY_ERROR, errno, "advisory database %s", path);
    return FALSE;
  }
  if (S_ISREG(st.st_mode))
    return TRUE;
  g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
              "advisory database %s: it is %s, not a file", path,
              S_ISDIR(st.st_mode) ? "a folder" : "something else");
  return FALSE;
}

OakumAdvisoryDb *oakum_advisory_db_open(const char *path, GError **error)
{
  g_autofree char *before = stamp_of(path);
  if (!is_there(path, error))
    return NULL;
  g_autoptr(OakumAdvisoryDb) db = g_new0(OakumAdvisoryDb, 1);
  gboolean ours = FALSE;
  g_mutex_init(&db->lock);
  db->feeds = g_ptr_array_new_with_free_func(feed_free);
  db->ecosystems = g_ptr_array_new_with_free_func(g_free);
  db->feed_ids = g_hash_table_new(NULL, NULL);
  db->ecosystem_ids = oakum_str_map_new(NULL, NULL);
  db->ecosystem_names = g_hash_table_new(NULL, NULL);
  db->sql = oakum_sql_open_read(path, error);
  if (!db->sql)
    return NULL;
  g_autoptr(GError) inner = NULL;
  if (!check_schema(db->sql, &ours, &inner)) {
    if (inner->domain == OAKUM_SQL_ERROR && inner->code == OAKUM_ERROR_INVALID)
      g_set_error(
          error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
          "%s is no advisory database, or a damaged one (%s); make one with oakum db update "
          "or import",
          path, inner->message);
    else
      g_propagate_prefixed_error(error, g_steal_pointer(&inner), "%s: ", path);
    return NULL;
  }
  g_autofree char *schema =
      ours ? single(db->sql, "SELECT value FROM meta WHERE key='schema'", NULL) : NULL;
  if (g_strcmp0(schema, OAKUM_ADVISORY_SCHEMA) != 0) {
    g_set_error(
        error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
        "%s is no advisory database of this version; make one with oakum db update or import",
        path);
    return NULL;
  }
  if (!load_feeds(db, error) || !load_ecosystems(db, error) || !prepare_all(db, error)) {
    g_prefix_error(error, "%s: ", path);
    return NULL;
  }
  g_autofree char *after = stamp_of(path);
  if (before && g_strcmp0(before, after) == 0) /* what was opened in between is that file */
    db->stamp = g_steal_pointer(&before);
  return g_steal_pointer(&db);
}

void oakum_advisory_db_is_snapshot(OakumAdvisoryDb *db)
{
  g_free(db->stamp);
  db->stamp = g_strdup("snapshot");
}

const char *oakum_advisory_db_stamp(const OakumAdvisoryDb *db)
{
  return db->stamp;
}

void oakum_advisory_db_free(OakumAdvisoryDb *db)
{
  if (!db)
    return;
  OakumStatement *all[] = {db->find, db->vulnerability, db->alias, db->epss, db->kev, db->eol};
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
    oakum_statement_free(all[i]);
  oakum_sql_free(db->sql);
  g_hash_table_unref(db->feed_ids);
  g_hash_table_unref(db->ecosystem_ids);
  g_hash_table_unref(db->ecosystem_names);
  g_ptr_array_unref(db->feeds);
  g_ptr_array_unref(db->ecosystems);
  g_free(db->stamp);
  g_mutex_clear(&db->lock);
  g_free(db);
}

OakumSql *oakum_advisory_db_sql(OakumAdvisoryDb *db)
{
  return db->sql;
}

const OakumAdvisoryFeed *oakum_advisory_db_feed(OakumAdvisoryDb *db, gint64 id)
{
  return g_hash_table_lookup(db->feed_ids, GINT_TO_POINTER((gint)id));
}

const OakumAdvisoryFeed *const *oakum_advisory_db_feeds(OakumAdvisoryDb *db)
{
  return (const OakumAdvisoryFeed *const *)db->feeds->pdata;
}

gboolean oakum_advisory_db_knows(OakumAdvisoryDb *db, const char *ecosystem)
{
  return g_hash_table_contains(db->ecosystem_ids, ecosystem);
}

const char *const *oakum_advisory_db_ecosystems(OakumAdvisoryDb *db)
{
  return (const char *const *)db->ecosystems->pdata;
}

/* ---- packages ---------------------------------------------------------------------------------
 */
typedef struct {
  OakumAdvisoryList list;
  OakumArena *arena;
  GArray *entries;
} FullList;

void oakum_advisory_list_free(OakumAdvisoryList *list)
{
  FullList *full = (FullList *)list;
  if (!full)
    return;
  oakum_arena_free(full->arena);
  if (full->entries)
    g_array_unref(full->entries);
  g_free(full);
}

static gboolean read_rows(OakumAdvisoryDb *db, OakumStatement *s, FullList *full, GError **error)
{
  int more;
  while ((more = oakum_statement_step(s, error)) > 0) {
    OakumSlice data = oakum_statement_blob(s, 1);
    guint before = full->entries->len;
    const OakumAdvisoryFeed *feed = oakum_advisory_db_feed(db, oakum_statement_int(s, 0));
    if (!feed)
      return invalid(error, "a record of no known feed");
    if (!oakum_row_decode(data.data, data.len, full->arena, full->entries, error))
      return FALSE;
    for (guint i = before; i < full->entries->len; i++)
      g_array_index(full->entries, OakumAdvisory, i).feed = feed;
    if (full->entries->len > OAKUM_ADVISORY_ROWS_MAX)
      return invalid(error, "too many records on one package");
  }
  return more == 0;
}

OakumAdvisoryList *oakum_advisory_db_find(OakumAdvisoryDb *db, const char *ecosystem,
                                          const char *package, GError **error)
{
  FullList *full = g_new0(FullList, 1);
  g_autoptr(OakumAdvisoryList) list = &full->list;
  gpointer id = g_hash_table_lookup(db->ecosystem_ids, ecosystem);
  if (!id)
    return g_steal_pointer(&list);
  g_autofree char *name = oakum_ecosystem_package(ecosystem, package);
  full->arena = oakum_arena_new();
  full->entries = g_array_new(FALSE, FALSE, sizeof(OakumAdvisory));
  OAKUM_AUTO_LOCK(&db->lock);
  oakum_statement_bind_int(db->find, 1, GPOINTER_TO_INT(id));
  oakum_statement_bind_static(db->find, 2, name);
  gboolean ok = read_rows(db, db->find, full, error);
  oakum_statement_reset(db->find);
  if (!ok) {
    g_prefix_error(error, "%s %s: ", ecosystem, package);
    return NULL;
  }
  full->list.items = (OakumAdvisory *)full->entries->data;
  full->list.len = full->entries->len;
  return g_steal_pointer(&list);
}

gboolean oakum_advisory_db_each_package(OakumAdvisoryDb *db, const char *ecosystem,
                                        gboolean (*row)(gpointer user, const char *eco,
                                                        const char *name, guint feed,
                                                        OakumSlice data, GError **error),
                                        gpointer user, GError **error)
{
  gpointer only = ecosystem ? g_hash_table_lookup(db->ecosystem_ids, ecosystem) : NULL;
  if (ecosystem && !only)
    return TRUE;
  g_autoptr(OakumStatement) s = oakum_sql_prepare(
      db->sql,
      only ? "SELECT ecosystem, name, feed, data FROM package WHERE ecosystem=?1 ORDER BY "
             "ecosystem, name, feed"
           : "SELECT ecosystem, name, feed, data FROM package ORDER BY ecosystem, name, feed",
      error);
  int more = s ? 0 : -1;
  if (s && only)
    oakum_statement_bind_int(s, 1, GPOINTER_TO_INT(only));
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    const char *eco =
        g_hash_table_lookup(db->ecosystem_names, GINT_TO_POINTER((gint)oakum_statement_int(s, 0)));
    const char *name = oakum_statement_text(s, 1);
    if (!eco || !name || !oakum_advisory_db_feed(db, oakum_statement_int(s, 2)))
      return invalid(error, "a package of no known ecosystem or feed");
    if (!row(user, eco, name, (guint)oakum_statement_int(s, 2), oakum_statement_blob(s, 3), error))
      return FALSE;
  }
  return more == 0;
}

/* ---- vulnerabilities --------------------------------------------------------------------------
 */
typedef struct {
  OakumVulnerabilityList list;
  OakumArena *arena;
  GArray *items;
} FullVulnerabilities;

void oakum_vulnerability_list_free(OakumVulnerabilityList *list)
{
  FullVulnerabilities *full = (FullVulnerabilities *)list;
  if (!full)
    return;
  oakum_arena_free(full->arena);
  g_array_unref(full->items);
  g_free(full);
}

static gboolean add_records(OakumAdvisoryDb *db, FullVulnerabilities *full, const char *id,
                            GError **error)
{
  OakumStatement *s = db->vulnerability;
  char *own = oakum_arena_alloc(full->arena, strlen(id) + 1);
  strcpy(own, id);
  oakum_statement_bind_static(s, 1, own);
  int more;
  while ((more = oakum_statement_step(s, error)) > 0) {
    OakumVulnerability v = {.id = own};
    OakumSlice data = oakum_statement_blob(s, 1);
    v.feed = oakum_advisory_db_feed(db, oakum_statement_int(s, 0));
    if (!v.feed || full->items->len > OAKUM_ADVISORY_NAMES_MAX) {
      (void)!invalid(error, "a vulnerability of no known feed, or too many of one name");
      more = -1;
      break;
    }
    if (!oakum_vulnerability_decode(data.data, data.len, full->arena, &v, error)) {
      more = -1;
      break;
    }
    g_array_append_val(full->items, v);
  }
  oakum_statement_reset(s);
  return more == 0;
}

OakumVulnerabilityList *oakum_advisory_db_vulnerability(OakumAdvisoryDb *db, const char *id,
                                                        GError **error)
{
  FullVulnerabilities *full = g_new0(FullVulnerabilities, 1);
  g_autoptr(OakumVulnerabilityList) list = &full->list;
  full->arena = oakum_arena_new();
  full->items = g_array_new(FALSE, FALSE, sizeof(OakumVulnerability));
  OAKUM_AUTO_LOCK(&db->lock);
  gboolean ok = add_records(db, full, id, error);
  oakum_statement_bind_static(db->alias, 1, id);
  int more = ok ? 0 : -1;
  while (ok && (more = oakum_statement_step(db->alias, error)) > 0) {
    const char *record = oakum_statement_text(db->alias, 0);
    ok = record && add_records(db, full, record, error);
  }
  oakum_statement_reset(db->alias);
  if (!ok || more < 0)
    return NULL;
  full->list.items = (OakumVulnerability *)full->items->data;
  full->list.len = full->items->len;
  return g_steal_pointer(&list);
}

/* ---- what is known beside ---------------------------------------------------------------------
 */
gboolean oakum_advisory_db_epss(OakumAdvisoryDb *db, const char *cve, double *score,
                                double *percentile)
{
  uint64_t year, number;
  if (!oakum_is_cve(cve) || !oakum_parse_u64(cve + 4, 4, 9999, &year) ||
      !oakum_parse_u64(cve + 9, strlen(cve + 9), UINT64_C(9999999999), &number))
    return FALSE;
  OAKUM_AUTO_LOCK(&db->lock);
  oakum_statement_bind_int(db->epss, 1, (int64_t)(year * UINT64_C(10000000000) + number));
  gboolean found = oakum_statement_step(db->epss, NULL) == 1;
  if (found) {
    *score = (double)oakum_statement_int(db->epss, 0) / 1e6;
    *percentile = (double)oakum_statement_int(db->epss, 1) / 1e6;
  }
  oakum_statement_reset(db->epss);
  return found;
}

OakumKev *oakum_advisory_db_kev(OakumAdvisoryDb *db, const char *cve)
{
  OakumKev *kev = NULL;
  OAKUM_AUTO_LOCK(&db->lock);
  oakum_statement_bind_static(db->kev, 1, cve);
  if (oakum_statement_step(db->kev, NULL) == 1) {
    kev = g_new0(OakumKev, 1);
    char **texts[] = {&kev->added, &kev->due, &kev->name, &kev->action};
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
      *texts[i] = g_strdup(oakum_statement_text(db->kev, i));
    kev->ransomware = oakum_statement_int(db->kev, 4) != 0;
  }
  oakum_statement_reset(db->kev);
  return kev;
}

void oakum_kev_free(OakumKev *kev)
{
  if (!kev)
    return;
  g_free(kev->added);
  g_free(kev->due);
  g_free(kev->name);
  g_free(kev->action);
  g_free(kev);
}

OakumEol *oakum_advisory_db_eol(OakumAdvisoryDb *db, const char *product, const char *cycle)
{
  OakumEol *eol = NULL;
  OAKUM_AUTO_LOCK(&db->lock);
  oakum_statement_bind_static(db->eol, 1, product);
  oakum_statement_bind_static(db->eol, 2, cycle);
  if (oakum_statement_step(db->eol, NULL) == 1) {
    eol = g_new0(OakumEol, 1);
    char **texts[] = {&eol->product,  &eol->cycle, &eol->codename,
                      &eol->released, &eol->eol,   &eol->extended};
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
      *texts[i] = g_strdup(oakum_statement_text(db->eol, i));
  }
  oakum_statement_reset(db->eol);
  return eol;
}

void oakum_eol_free(OakumEol *eol)
{
  if (!eol)
    return;
  char *texts[] = {eol->product, eol->cycle, eol->codename, eol->released, eol->eol, eol->extended};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_free(eol);
}

char *oakum_advisory_db_date(OakumAdvisoryDb *db)
{
  char *latest = single(db->sql, "SELECT value FROM meta WHERE key='latest'", NULL);
  return latest ? latest : g_strdup("");
}

/* Which feeds have a row in the ecosystem. */
static GHashTable *feeds_of(OakumAdvisoryDb *db, const char *ecosystem)
{
  GHashTable *found = g_hash_table_new(NULL, NULL);
  gpointer id = g_hash_table_lookup(db->ecosystem_ids, ecosystem);
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(db->sql, "SELECT DISTINCT feed FROM package WHERE ecosystem=?1", NULL);
  if (!s || !id)
    return found;
  oakum_statement_bind_int(s, 1, GPOINTER_TO_INT(id));
  while (oakum_statement_step(s, NULL) > 0) {
    const OakumAdvisoryFeed *feed = oakum_advisory_db_feed(db, oakum_statement_int(s, 0));
    if (feed)
      g_hash_table_add(found, (gpointer)feed);
  }
  return found;
}

GPtrArray *oakum_advisory_db_stale(OakumAdvisoryDb *db, const char *ecosystem, int64_t now,
                                   int64_t max_age_s)
{
  OAKUM_AUTO_LOCK(&db->lock);
  g_autoptr(GHashTable) only = ecosystem ? feeds_of(db, ecosystem) : NULL;
  GPtrArray *stale = g_ptr_array_new();
  for (guint i = 0; i + 1 < db->feeds->len; i++) {
    OakumAdvisoryFeed *feed = db->feeds->pdata[i];
    int64_t date;
    if (only && !g_hash_table_contains(only, feed))
      continue;
    /* one record of the future must not keep a feed fresh for ever */
    if (!oakum_time_parse(feed->date, &date) || date < now - max_age_s || date > now + 86400)
      g_ptr_array_add(stale, feed);
  }
  return stale;
}

static gint64 count_of(OakumAdvisoryDb *db, const char *query)
{
  g_autofree char *text = single(db->sql, query, NULL);
  return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

static const char *const counts[][2] = {
    {"packages", "SELECT count(*) FROM package"},
    {"vulnerabilities", "SELECT count(*) FROM vulnerability"},
    {"epss", "SELECT count(*) FROM epss"},
    {"kev", "SELECT count(*) FROM kev"},
    {"end of life", "SELECT count(*) FROM eol"},
};

char *oakum_advisory_db_status(OakumAdvisoryDb *db, GError **error)
{
  OAKUM_AUTO_LOCK(&db->lock);
  GString *out = g_string_new(NULL);
  guint64 rows = 0;
  for (guint i = 0; i + 1 < db->feeds->len; i++)
    rows += ((OakumAdvisoryFeed *)db->feeds->pdata[i])->rows;
  g_autofree char *date = oakum_advisory_db_date(db);
  g_string_append_printf(
      out, "newest record: %s\necosystems: %u\nrecords on packages: %" G_GUINT64_FORMAT "\n",
      *date ? date : "none", db->ecosystems->len - 1, rows);
  for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
    g_string_append_printf(out, "%s: %" G_GINT64_FORMAT "\n", counts[i][0],
                           count_of(db, counts[i][1]));
  g_string_append_printf(out, "\n%-40s %-20s %10s %10s %6s  %s\n", "feed", "date", "records",
                         "rows", "bad", "licence");
  for (guint i = 0; i + 1 < db->feeds->len; i++) {
    const OakumAdvisoryFeed *f = db->feeds->pdata[i];
    g_autofree char *raw = g_strconcat(f->name, *f->part ? " " : "", f->part, NULL);
    g_autofree char *name = oakum_escape_terminal(raw, -1);
    g_autofree char *when = oakum_escape_terminal(*f->date ? f->date : "unknown", -1);
    g_autofree char *licence = oakum_escape_terminal(f->licence, -1);
    g_string_append_printf(out,
                           "%-40s %-20s %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT
                           " %6" G_GUINT64_FORMAT "  %s\n",
                           name, when, f->records, f->rows, f->bad, licence);
  }
  return g_string_free(out, FALSE);
}

static json_t *text(const char *value)
{
  g_autofree char *clean = oakum_escape_utf8(value ? value : "", -1);
  return json_string(clean);
}

char *oakum_advisory_db_status_json(OakumAdvisoryDb *db, int64_t now, GError **error)
{
  OAKUM_AUTO_LOCK(&db->lock);
  OAKUM_AUTO_JSON *root = json_object();
  g_autofree char *date = oakum_advisory_db_date(db);
  json_object_set_new(root, "schema", json_string(OAKUM_ADVISORY_SCHEMA));
  json_object_set_new(root, "newest", text(date));
  json_object_set_new(root, "ecosystems", json_integer(db->ecosystems->len - 1));
  for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
    g_autofree char *key = g_strdelimit(g_strdup(counts[i][0]), " ", '_');
    json_object_set_new(root, key, json_integer(count_of(db, counts[i][1])));
  }
  json_t *feeds = json_array();
  json_object_set_new(root, "feeds", feeds);
  for (guint i = 0; i + 1 < db->feeds->len; i++) {
    const OakumAdvisoryFeed *f = db->feeds->pdata[i];
    json_t *one = json_object();
    int64_t when;
    json_object_set_new(one, "name", text(f->name));
    json_object_set_new(one, "part", text(f->part));
    json_object_set_new(one, "address", text(f->address));
    json_object_set_new(one, "licence", text(f->licence));
    json_object_set_new(one, "date", text(f->date));
    json_object_set_new(one, "age_days",
                        oakum_time_parse(f->date, &when)
                            ? json_integer(MAX((now - when) / 86400, 0))
                            : json_null());
    json_object_set_new(one, "etag", text(f->etag));
    json_object_set_new(one, "records", json_integer((json_int_t)f->records));
    json_object_set_new(one, "rows", json_integer((json_int_t)f->rows));
    json_object_set_new(one, "bad", json_integer((json_int_t)f->bad));
    json_array_append_new(feeds, one);
  }
  return oakum_json_dump(root, FALSE);
}
