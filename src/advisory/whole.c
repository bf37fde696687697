/* Whole databases: export as JSON a line, the check of every row, and what differs between two. */
#include "advisory/advisory-private.h"

typedef struct {
  OakumAdvisoryDb *db;
  OakumWriter *writer;
} Export;

static void set(json_t *object, const char *key, const char *text)
{
  if (!text || !*text)
    return;
  g_autofree char *clean = oakum_escape_utf8(text, -1);
  json_object_set_new(object, key, json_string(clean));
}

static void set_list(json_t *object, const char *key, const char *const *list)
{
  if (!list || !*list)
    return;
  json_t *array = json_array();
  for (; *list; list++) {
    g_autofree char *clean = oakum_escape_utf8(*list, -1);
    json_array_append_new(array, json_string(clean));
  }
  json_object_set_new(object, key, array);
}

static gboolean write_json(OakumWriter *writer, const json_t *json, GError **error)
{
  g_autofree char *text = oakum_json_dump(json, FALSE);
  return oakum_writer_write(writer, text, strlen(text), error) &&
         oakum_writer_write(writer, "\n", 1, error);
}

static json_t *entry_json(const OakumAdvisory *e, const char *ecosystem, const char *name,
                          const OakumAdvisoryFeed *feed)
{
  json_t *object = json_object();
  set(object, "ecosystem", ecosystem);
  set(object, "package", name);
  set(object, "feed", feed->name);
  set(object, "part", feed->part);
  set(object, "record", e->record);
  set_list(object, "ids", e->ids);
  set_list(object, "aliases", e->aliases);
  set(object, "kind", oakum_name_kind_name(e->kind));
  set(object, "status", oakum_advisory_status_name(e->status));
  if (e->severity != OAKUM_SEVERITY_UNKNOWN)
    set(object, "severity", oakum_severity_name(e->severity));
  set(object, "severity_word", e->severity_word);
  set(object, "scheme", e->scheme);
  if (e->n_ranges) {
    json_t *ranges = json_array();
    for (guint i = 0; i < e->n_ranges; i++) {
      const OakumAdvisoryRange *r = &e->ranges[i];
      json_t *one = json_object();
      set(one, r->after ? "after" : "introduced", r->introduced);
      set(one, "fixed", r->fixed);
      set(one, r->below ? "below" : "last_affected", r->last_affected);
      json_array_append_new(ranges, one);
    }
    json_object_set_new(object, "ranges", ranges);
  }
  set_list(object, "versions", e->versions);
  set_list(object, "fixes", e->fixes);
  set_list(object, "arches", e->arches);
  set(object, "module", e->module);
  set(object, "flavour", e->flavour);
  set(object, "product", e->product);
  set(object, "fix_date", e->fix_date);
  set(object, "modified", e->modified);
  set(object, "note", e->note);
  return object;
}

static gboolean export_row(gpointer user, const char *ecosystem, const char *name, guint feed,
                           OakumSlice data, GError **error)
{
  Export *x = user;
  g_autoptr(OakumArena) arena = oakum_arena_new();
  g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(OakumAdvisory));
  if (!oakum_row_decode(data.data, data.len, arena, entries, error))
    return FALSE;
  for (guint i = 0; i < entries->len; i++) {
    OAKUM_AUTO_JSON *json = entry_json(&g_array_index(entries, OakumAdvisory, i), ecosystem, name,
                                       oakum_advisory_db_feed(x->db, feed));
    if (!write_json(x->writer, json, error))
      return FALSE;
  }
  return TRUE;
}

static json_t *vulnerability_json(const char *id, const OakumAdvisoryFeed *feed,
                                  const OakumVulnerability *v)
{
  json_t *object = json_object();
  set(object, "vulnerability", id);
  set(object, "feed", feed->name);
  set(object, "part", feed->part);
  set_list(object, "aliases", v->aliases);
  set(object, "title", v->title);
  if (v->severity != OAKUM_SEVERITY_UNKNOWN)
    set(object, "severity", oakum_severity_name(v->severity));
  set(object, "severity_word", v->severity_word);
  if (v->n_cvss) {
    json_t *list = json_array();
    for (guint i = 0; i < v->n_cvss; i++) {
      json_t *one = json_object();
      set(one, "type", v->cvss[i].type);
      set(one, "vector", v->cvss[i].vector);
      set(one, "source", v->cvss[i].source);
      json_array_append_new(list, one);
    }
    json_object_set_new(object, "cvss", list);
  }
  set_list(object, "cwes", v->cwes);
  set_list(object, "references", v->references);
  set(object, "published", v->published);
  set(object, "modified", v->modified);
  set(object, "withdrawn", v->withdrawn);
  return object;
}

static gboolean export_vulnerabilities(Export *x, GError **error)
{
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(oakum_advisory_db_sql(x->db),
                        "SELECT id, feed, data FROM vulnerability ORDER BY id, feed", error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    g_autoptr(OakumArena) arena = oakum_arena_new();
    OakumVulnerability v = {0};
    OakumSlice data = oakum_statement_blob(s, 2);
    const char *id = oakum_statement_text(s, 0);
    const OakumAdvisoryFeed *feed = oakum_advisory_db_feed(x->db, oakum_statement_int(s, 1));
    if (!id || !feed)
      return oakum_feed_invalid(error, "database: a vulnerability without id or feed");
    if (!oakum_vulnerability_decode(data.data, data.len, arena, &v, error))
      return FALSE;
    OAKUM_AUTO_JSON *json = vulnerability_json(id, feed, &v);
    if (!write_json(x->writer, json, error))
      return FALSE;
  }
  return more == 0;
}

/* Small tables: columns by name; those that begin with # are numbers. */
static gboolean export_table(Export *x, const char *query, const char *const *columns,
                             GError **error)
{
  g_autoptr(OakumStatement) s = oakum_sql_prepare(oakum_advisory_db_sql(x->db), query, error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    OAKUM_AUTO_JSON *json = json_object();
    for (int i = 0; columns[i]; i++)
      if (*columns[i] == '#')
        json_object_set_new(json, columns[i] + 1, json_integer(oakum_statement_int(s, i)));
      else
        set(json, columns[i], oakum_statement_text(s, i));
    if (!write_json(x->writer, json, error))
      return FALSE;
  }
  return more == 0;
}

gboolean oakum_advisory_db_export(OakumAdvisoryDb *db, OakumExportParts parts,
                                  const char *ecosystem, OakumWriter *writer, GError **error)
{
  static const char *const epss[] = {"epss", "score", "percentile", NULL};
  static const char *const kev[] = {"kev", "added", "due", "name", "action", "#ransomware", NULL};
  static const char *const eol[] = {"eol_product", "cycle",    "codename", "released",
                                    "eol",         "extended", NULL};
  static const char *const feeds[] = {"feed_name", "part",  "address", "licence", "date",
                                      "#records",  "#rows", "#bad",    NULL};
  Export x = {db, writer};
  return (!(parts & OAKUM_EXPORT_FEEDS) ||
          export_table(&x,
                       "SELECT name, part, address, licence, date, records, entries, bad FROM feed "
                       "ORDER BY id",
                       feeds, error)) &&
         (!(parts & OAKUM_EXPORT_PACKAGES) ||
          oakum_advisory_db_each_package(db, ecosystem, export_row, &x, error)) &&
         (!(parts & OAKUM_EXPORT_VULNERABILITIES) || export_vulnerabilities(&x, error)) &&
         (!(parts & OAKUM_EXPORT_EPSS) ||
          export_table(&x,
                       "SELECT printf('CVE-%d-%04d', cve/10000000000, cve%10000000000), "
                       "printf('%.6f', score/1e6), printf('%.6f', percentile/1e6) FROM epss ORDER "
                       "BY cve",
                       epss, error)) &&
         (!(parts & OAKUM_EXPORT_KEV) ||
          export_table(&x, "SELECT cve, added, due, name, action, ransomware FROM kev ORDER BY cve",
                       kev, error)) &&
         (!(parts & OAKUM_EXPORT_EOL) ||
          export_table(&x,
                       "SELECT product, cycle, codename, released, eol, extended FROM eol ORDER BY "
                       "product, cycle",
                       eol, error));
}

/* ---- verify ------------------------------------------------------------------------------------
 */
typedef struct {
  OakumHasher *hasher;
} Verify;

static void hash_text(OakumHasher *hasher, const char *text)
{
  oakum_hasher_update(hasher, text ? text : "", (text ? strlen(text) : 0) + 1);
}

static gboolean verify_row(gpointer user, const char *ecosystem, const char *name, guint feed,
                           OakumSlice data, GError **error)
{
  Verify *v = user;
  g_autoptr(OakumArena) arena = oakum_arena_new();
  g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(OakumAdvisory));
  if (!oakum_row_decode(data.data, data.len, arena, entries, error))
    return FALSE;
  for (guint i = 1; i < entries->len; i++)
    if (oakum_advisory_compare(&g_array_index(entries, OakumAdvisory, i - 1),
                               &g_array_index(entries, OakumAdvisory, i)) >= 0)
      return oakum_feed_invalid(error, "%s %s: records out of order", ecosystem, name);
  hash_text(v->hasher, ecosystem);
  hash_text(v->hasher, name);
  oakum_advisory_hash_number(v->hasher, feed);
  oakum_hasher_update(v->hasher, data.data, data.len);
  return TRUE;
}

static gboolean verify_vulnerabilities(OakumSql *sql, OakumHasher *hasher, GError **error)
{
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(sql, "SELECT id, feed, data FROM vulnerability ORDER BY id, feed", error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    g_autoptr(OakumArena) arena = oakum_arena_new();
    OakumVulnerability v = {0};
    OakumSlice data = oakum_statement_blob(s, 2);
    if (!oakum_vulnerability_decode(data.data, data.len, arena, &v, error))
      return FALSE;
    hash_text(hasher, oakum_statement_text(s, 0));
    oakum_advisory_hash_number(hasher, oakum_statement_int(s, 1));
    oakum_hasher_update(hasher, data.data, data.len);
  }
  return more == 0;
}

static gboolean verify_table(OakumSql *sql, OakumHasher *hasher, const char *query, guint columns,
                             guint numbers, GError **error)
{
  g_autoptr(OakumStatement) s = oakum_sql_prepare(sql, query, error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0)
    for (guint i = 0; i < columns; i++)
      if (numbers & (1u << i))
        oakum_advisory_hash_number(hasher, oakum_statement_int(s, (int)i));
      else
        hash_text(hasher, oakum_statement_text(s, (int)i));
  return more == 0;
}

static gboolean verify_pages(OakumSql *sql, GError **error)
{
  g_autoptr(OakumStatement) s = oakum_sql_prepare(sql, "PRAGMA integrity_check(1)", error);
  if (!s || oakum_statement_step(s, error) != 1)
    return FALSE;
  const char *text = oakum_statement_text(s, 0);
  return g_strcmp0(text, "ok") == 0 || oakum_feed_invalid(error, "database: %s", text);
}

gboolean oakum_advisory_db_verify(const char *path, char **hash, GError **error)
{
  g_autoptr(OakumAdvisoryDb) db = oakum_advisory_db_open(path, error);
  if (!db)
    return FALSE;
  OakumSql *sql = oakum_advisory_db_sql(db);
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  Verify v = {hasher};
  if (!verify_pages(sql, error) ||
      !oakum_advisory_db_each_package(db, NULL, verify_row, &v, error) ||
      !verify_vulnerabilities(sql, hasher, error) ||
      !verify_table(sql, hasher, "SELECT cve, score, percentile FROM epss ORDER BY cve", 3, 7,
                    error) ||
      !verify_table(sql, hasher,
                    "SELECT cve, added, due, name, action, ransomware FROM kev ORDER BY cve", 6,
                    1 << 5, error) ||
      !verify_table(sql, hasher,
                    "SELECT product, cycle, codename, released, eol, extended FROM eol ORDER BY "
                    "product, cycle",
                    6, 0, error) ||
      !verify_table(sql, hasher,
                    "SELECT id, name, part, address, licence, date, etag, records, entries, bad "
                    "FROM feed ORDER BY id",
                    10, 1 | 7 << 7, error) ||
      !verify_table(sql, hasher, "SELECT address, etag, date FROM origin ORDER BY address", 3, 0,
                    error))
    return FALSE;
  g_autofree char *got = oakum_hasher_hex(hasher);
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(sql, "SELECT value FROM meta WHERE key='hash'", error);
  if (!s || oakum_statement_step(s, error) != 1)
    return FALSE;
  const char *promised = oakum_statement_text(s, 0);
  if (g_strcmp0(got, promised) != 0) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_DIGEST,
                "the rows are not those that were written: expected %s, got %s", promised, got);
    return FALSE;
  }
  if (hash)
    *hash = g_steal_pointer(&got);
  return TRUE;
}

/* ---- diff --------------------------------------------------------------------------------------
 */
/* Lines of a row go into one of two sets; what both have says nothing. */
typedef struct {
  OakumAdvisoryDb *db;
  OakumStatement *s;
  char *ecosystem, *name; /* of the package under way; NULL at the end */
  GPtrArray *lines;       /* of it, sorted */
  gboolean held;          /* the statement stands on a row that is not read */
  gboolean ended;         /* it must not be stepped again: it would begin anew */
} Side;

static gboolean side_open(Side *side, OakumAdvisoryDb *db, GError **error)
{
  side->db = db;
  side->lines = g_ptr_array_new_with_free_func(g_free);
  side->s = oakum_sql_prepare(oakum_advisory_db_sql(db),
                              "SELECT e.name, p.name, p.feed, p.data FROM package p JOIN ecosystem "
                              "e ON e.id=p.ecosystem ORDER BY p.ecosystem, p.name, p.feed",
                              error);
  return side->s != NULL;
}

static void side_clear(Side *side)
{
  oakum_statement_free(side->s);
  g_free(side->ecosystem);
  g_free(side->name);
  if (side->lines)
    g_ptr_array_unref(side->lines);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Side, side_clear)

static gboolean side_row(Side *side, GError **error)
{
  OakumSlice data = oakum_statement_blob(side->s, 3);
  const OakumAdvisoryFeed *feed = oakum_advisory_db_feed(side->db, oakum_statement_int(side->s, 2));
  g_autoptr(OakumArena) arena = oakum_arena_new();
  g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(OakumAdvisory));
  if (!feed || !oakum_row_decode(data.data, data.len, arena, entries, error))
    return feed ? FALSE : oakum_feed_invalid(error, "database: a record of no known feed");
  for (guint i = 0; i < entries->len; i++) {
    OAKUM_AUTO_JSON *json =
        entry_json(&g_array_index(entries, OakumAdvisory, i), side->ecosystem, side->name, feed);
    g_ptr_array_add(side->lines, oakum_json_dump(json, FALSE));
  }
  return TRUE;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean side_next(Side *side, GError **error)
{
  g_clear_pointer(&side->ecosystem, g_free);
  g_clear_pointer(&side->name, g_free);
  g_ptr_array_set_size(side->lines, 0);
  for (;;) {
    int more = side->held ? 1 : side->ended ? 0 : oakum_statement_step(side->s, error);
    side->ended = more == 0;
    side->held = FALSE;
    if (more < 0)
      return FALSE;
    if (more == 0)
      break;
    const char *ecosystem = oakum_statement_text(side->s, 0),
               *name = oakum_statement_text(side->s, 1);
    if (side->name &&
        (g_strcmp0(ecosystem, side->ecosystem) != 0 || g_strcmp0(name, side->name) != 0)) {
      side->held = TRUE;
      break;
    }
    if (!side->name) {
      side->ecosystem = g_strdup(ecosystem ? ecosystem : "");
      side->name = g_strdup(name ? name : "");
    }
    if (!side_row(side, error))
      return FALSE;
  }
  g_ptr_array_sort(side->lines, by_text);
  return TRUE;
}

static gboolean tell(OakumWriter *writer, char sign, const char *line, guint64 *count,
                     GError **error)
{
  char head[2] = {sign, ' '};
  (*count)++;
  return oakum_writer_write(writer, head, 2, error) &&
         oakum_writer_write(writer, line, strlen(line), error) &&
         oakum_writer_write(writer, "\n", 1, error);
}

static gboolean tell_package(const Side *a, const Side *b, OakumWriter *writer, guint64 *count,
                             GError **error)
{
  static GPtrArray none = {0};
  const GPtrArray *x = a ? a->lines : &none, *y = b ? b->lines : &none;
  for (guint i = 0, k = 0; i < x->len || k < y->len;) {
    int c = i == x->len ? 1 : k == y->len ? -1 : strcmp(x->pdata[i], y->pdata[k]);
    if (c == 0)
      i++, k++;
    else if (!tell(writer, c < 0 ? '-' : '+', c < 0 ? x->pdata[i++] : y->pdata[k++], count, error))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_advisory_db_diff(OakumAdvisoryDb *old_db, OakumAdvisoryDb *new_db,
                                OakumWriter *writer, guint64 *lines, GError **error)
{
  guint64 count = 0;
  g_auto(Side) a = {0}, b = {0};
  if (!side_open(&a, old_db, error) || !side_open(&b, new_db, error) || !side_next(&a, error) ||
      !side_next(&b, error))
    return FALSE;
  while (a.name || b.name) {
    int c = !a.name ? 1 : !b.name ? -1 : strcmp(a.ecosystem, b.ecosystem);
    c = c || !a.name || !b.name ? c : strcmp(a.name, b.name);
    if (!tell_package(c <= 0 ? &a : NULL, c >= 0 ? &b : NULL, writer, &count, error) ||
        (c <= 0 && !side_next(&a, error)) || (c >= 0 && !side_next(&b, error)))
      return FALSE;
  }
  if (lines)
    *lines = count;
  return TRUE;
}
