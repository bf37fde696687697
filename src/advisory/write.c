/* The import, second half: commit writes a new file from what is staged and from what stays of the
 * old one, in order. */
#include "advisory/import-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- what stays of the old file ---------------------------------------------------------------
 */
static const OakumImportTouched *touched_of(OakumAdvisoryImport *import, guint feed,
                                            const char *record)
{
  char buffer[256];
  int n = g_snprintf(buffer, sizeof buffer, "%u %s", feed, record);
  if ((size_t)n < sizeof buffer)
    return g_hash_table_lookup(import->touched, buffer);
  g_autofree char *key = g_strdup_printf("%u %s", feed, record);
  return g_hash_table_lookup(import->touched, key);
}

static guint old_part(OakumAdvisoryImport *import, gint64 id)
{
  const OakumAdvisoryFeed *feed = oakum_advisory_db_feed(import->old, id);
  return oakum_import_part(import, feed ? feed->name : "unknown", feed ? feed->part : "");
}

static gboolean keep_old_row(gpointer user, const char *ecosystem, const char *name, guint feed,
                             OakumSlice data, GError **error)
{
  OakumAdvisoryImport *import = user;
  guint number = old_part(import, feed);
  OakumImportPart *part = import->parts->pdata[number];
  guint eco = oakum_import_ecosystem(import, ecosystem);
  if (part->whole)
    return TRUE;
  if (!part->touched)
    return oakum_import_stage_package(import, eco, name, number, data.data, data.len, error);
  g_autoptr(OakumArena) arena = oakum_arena_new();
  g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(OakumAdvisory));
  g_autoptr(GPtrArray) kept = g_ptr_array_new();
  if (!oakum_row_decode(data.data, data.len, arena, entries, error))
    return FALSE;
  for (guint i = 0; i < entries->len; i++) {
    OakumAdvisory *e = &g_array_index(entries, OakumAdvisory, i);
    if (!touched_of(import, number, e->record))
      g_ptr_array_add(kept, e);
  }
  if (kept->len == 0)
    return TRUE;
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  oakum_row_encode(bytes, (const OakumAdvisory *const *)kept->pdata, kept->len);
  return oakum_import_stage_package(import, eco, name, number, bytes->data, bytes->len, error);
}

static gboolean keep_old_vulnerabilities(OakumAdvisoryImport *import, GError **error)
{
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(oakum_advisory_db_sql(import->old),
                        "SELECT id, feed, data FROM vulnerability ORDER BY id, feed", error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    const char *id = oakum_statement_text(s, 0);
    guint number = old_part(import, oakum_statement_int(s, 1));
    OakumImportPart *part = import->parts->pdata[number];
    OakumSlice data = oakum_statement_blob(s, 2);
    if (!id || part->whole || (part->touched && touched_of(import, number, id)))
      continue;
    /* what is said of one hole in several documents goes by their dates, whenever they were read */
    g_autoptr(OakumArena) arena = oakum_arena_new();
    OakumVulnerability v = {0};
    if (part->touched && !oakum_vulnerability_decode(data.data, data.len, arena, &v, error))
      return FALSE;
    if (!oakum_import_stage_vulnerability(import, id, number, v.modified, data.data, data.len,
                                          error))
      return FALSE;
  }
  return more == 0;
}

/* Tables that one feed fills alone. */
static gboolean keep_old_table(OakumAdvisoryImport *import, const char *feed, const char *query,
                               OakumStatement *into, guint columns, guint numbers, GError **error)
{
  g_autofree char *key = g_strdup_printf("%s\n", feed);
  gpointer found = g_hash_table_lookup(import->part_index, key);
  if (found && ((OakumImportPart *)import->parts->pdata[GPOINTER_TO_UINT(found) - 1])->whole)
    return TRUE;
  g_autoptr(OakumStatement) s = oakum_sql_prepare(oakum_advisory_db_sql(import->old), query, error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    for (guint i = 0; i < columns; i++)
      if (numbers & (1u << i))
        oakum_statement_bind_int(into, (int)i + 1, oakum_statement_int(s, (int)i));
      else
        oakum_statement_bind_text(into, (int)i + 1, oakum_statement_text(s, (int)i));
    if (!oakum_import_step(into, error))
      return FALSE;
  }
  return more == 0;
}

static gboolean keep_old(OakumAdvisoryImport *import, GError **error)
{
  if (!import->old)
    return TRUE;
  const OakumAdvisoryFeed *const *feeds = oakum_advisory_db_feeds(import->old);
  for (; *feeds; feeds++) {
    guint number = oakum_import_part(import, (*feeds)->name, (*feeds)->part);
    OakumImportPart *part = import->parts->pdata[number]; /* which the line above may have moved */
    part->used = TRUE;
    part->old_address = g_strdup((*feeds)->address);
    part->old_date = g_strdup((*feeds)->date);
    part->old_etag = g_strdup((*feeds)->etag);
    part->bad += (*feeds)->bad;
  }
  return oakum_advisory_db_each_package(import->old, NULL, keep_old_row, import, error) &&
         keep_old_vulnerabilities(import, error) &&
         keep_old_table(import, "epss", "SELECT cve, score, percentile FROM epss", import->add_epss,
                        3, 7, error) &&
         keep_old_table(import, "kev", "SELECT cve, added, due, name, action, ransomware FROM kev",
                        import->add_kev, 6, 1 << 5, error) &&
         keep_old_table(import, "endoflife",
                        "SELECT product, cycle, codename, released, eol, extended FROM eol",
                        import->add_eol, 6, 0, error);
}

/* ---- the new file ------------------------------------------------------------------------------
 */
static void hash_text(OakumHasher *hasher, const char *text)
{
  oakum_hasher_update(hasher, text ? text : "", (text ? strlen(text) : 0) + 1);
}

void oakum_advisory_hash_number(OakumHasher *hasher, gint64 number)
{
  uint64_t v = GUINT64_TO_BE((guint64)number);
  oakum_hasher_update(hasher, &v, sizeof v);
}

static gint by_key(gconstpointer a, gconstpointer b)
{
  return strcmp(((const OakumImportPart *)*(const gpointer *)a)->key,
                ((const OakumImportPart *)*(const gpointer *)b)->key);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Numbers in order of name, in tables that the sort below joins. */
static gboolean rank(OakumAdvisoryImport *import, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_copy(import->ecosystems, NULL, NULL);
  g_autoptr(GPtrArray) parts = g_ptr_array_copy(import->parts, NULL, NULL);
  g_ptr_array_set_free_func(names, NULL);
  g_ptr_array_set_free_func(parts, NULL);
  g_ptr_array_sort(names, by_name);
  g_ptr_array_sort(parts, by_key);
  if (!oakum_sql_exec(import->stage,
                      "CREATE TABLE eco_rank(id INTEGER PRIMARY KEY, rank INTEGER);"
                      "CREATE TABLE feed_rank(id INTEGER PRIMARY KEY, rank INTEGER)",
                      error))
    return FALSE;
  g_autoptr(OakumStatement) e =
      oakum_sql_prepare(import->stage, "INSERT INTO eco_rank VALUES(?1, ?2)", error);
  g_autoptr(OakumStatement) f =
      oakum_sql_prepare(import->stage, "INSERT INTO feed_rank VALUES(?1, ?2)", error);
  for (guint i = 0; e && f && i < names->len; i++) {
    oakum_statement_bind_int(e, 1, oakum_import_ecosystem(import, names->pdata[i]));
    oakum_statement_bind_int(e, 2, i);
    if (!oakum_import_step(e, error))
      return FALSE;
  }
  guint number = 0;
  for (guint i = 0; e && f && i < parts->len; i++) {
    OakumImportPart *part = parts->pdata[i];
    if (!part->used)
      continue;
    part->number = ++number;
    oakum_statement_bind_int(f, 1, oakum_import_part(import, part->name, part->part));
    oakum_statement_bind_int(f, 2, number);
    if (!oakum_import_step(f, error))
      return FALSE;
  }
  return e && f;
}

static gint by_entry(gconstpointer a, gconstpointer b)
{
  return oakum_advisory_compare(*(const OakumAdvisory *const *)a, *(const OakumAdvisory *const *)b);
}

typedef struct {
  OakumAdvisoryImport *import;
  OakumStatement *insert, *insert_ecosystem;
  OakumArena *arena;
  GArray *entries;
  GHashTable *records; /* of "feed record", counted */
  gint64 ecosystem;    /* last written, as staged */
  gint64 eco_number;
} Pack;

/* Rows of one (ecosystem, package, feed) become one. */
static gboolean write_group(Pack *pack, guint ecosystem, const char *name, guint feed,
                            GError **error)
{
  OakumAdvisoryImport *import = pack->import;
  OakumImportPart *part = import->parts->pdata[feed];
  g_autoptr(GPtrArray) list = g_ptr_array_new();
  for (guint i = 0; i < pack->entries->len; i++) {
    OakumAdvisory *e = &g_array_index(pack->entries, OakumAdvisory, i);
    if (part->again) {
      const OakumImportTouched *t = touched_of(import, feed, e->record);
      if (t && e->modified && g_strcmp0(e->modified, t->modified) < 0)
        continue;
    }
    g_ptr_array_add(list, e);
  }
  g_ptr_array_sort(list, by_entry);
  guint n = 0;
  for (guint i = 0; i < list->len; i++)
    if (n == 0 || oakum_advisory_compare(list->pdata[n - 1], list->pdata[i]) != 0)
      list->pdata[n++] = list->pdata[i];
  if (n == 0)
    return TRUE;
  if (n > OAKUM_ADVISORY_ROWS_MAX) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT, "more than %u records on %s",
                OAKUM_ADVISORY_ROWS_MAX, name);
    return FALSE;
  }
  part->rows += n;
  for (guint i = 0; i < n; i++)
    g_hash_table_add(pack->records,
                     g_strdup_printf("%u %s", feed, ((OakumAdvisory *)list->pdata[i])->record));
  if (pack->ecosystem != (gint64)ecosystem) {
    pack->ecosystem = ecosystem;
    pack->eco_number++;
    oakum_statement_bind_int(pack->insert_ecosystem, 1, pack->eco_number);
    oakum_statement_bind_static(pack->insert_ecosystem, 2, import->ecosystems->pdata[ecosystem]);
    if (!oakum_import_step(pack->insert_ecosystem, error))
      return FALSE;
  }
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  oakum_row_encode(bytes, (const OakumAdvisory *const *)list->pdata, n);
  hash_text(import->hasher, import->ecosystems->pdata[ecosystem]);
  hash_text(import->hasher, name);
  oakum_advisory_hash_number(import->hasher, part->number);
  oakum_hasher_update(import->hasher, bytes->data, bytes->len);
  oakum_statement_bind_int(pack->insert, 1, pack->eco_number);
  oakum_statement_bind_static(pack->insert, 2, name);
  oakum_statement_bind_int(pack->insert, 3, part->number);
  oakum_statement_bind_blob(pack->insert, 4, bytes->data, bytes->len);
  return oakum_import_step(pack->insert, error);
}

static gboolean write_packages(Pack *pack, GError **error)
{
  OakumAdvisoryImport *import = pack->import;
  g_autoptr(OakumStatement) s = oakum_sql_prepare(
      import->stage,
      "SELECT p.ecosystem, p.name, p.feed, p.data FROM package p JOIN eco_rank e ON "
      "e.id=p.ecosystem JOIN feed_rank f ON f.id=p.feed ORDER BY e.rank, p.name, f.rank",
      error);
  g_autofree char *name = NULL;
  guint ecosystem = 0, feed = 0;
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    guint eco = (guint)oakum_statement_int(s, 0), part = (guint)oakum_statement_int(s, 2);
    const char *next = oakum_statement_text(s, 1);
    OakumSlice data = oakum_statement_blob(s, 3);
    if (name && (eco != ecosystem || part != feed || strcmp(next, name) != 0)) {
      if (!write_group(pack, ecosystem, name, feed, error))
        return FALSE;
      g_array_set_size(pack->entries, 0);
      oakum_arena_free(pack->arena);
      pack->arena = oakum_arena_new();
      g_clear_pointer(&name, g_free);
    }
    if (!name)
      name = g_strdup(next);
    ecosystem = eco;
    feed = part;
    if (!oakum_row_decode(data.data, data.len, pack->arena, pack->entries, error))
      return FALSE;
  }
  return more == 0 && (!name || write_group(pack, ecosystem, name, feed, error));
}

static gboolean add_alias(OakumStatement *s, const char *name, const char *id, GError **error)
{
  oakum_statement_bind_static(s, 1, name);
  oakum_statement_bind_static(s, 2, id);
  return oakum_import_step(s, error);
}

static gboolean write_vulnerability(OakumAdvisoryImport *import, OakumStatement *insert,
                                    OakumStatement *alias, const char *id, guint feed,
                                    OakumSlice data, GHashTable *records, GError **error)
{
  OakumImportPart *part = import->parts->pdata[feed];
  g_autoptr(OakumArena) arena = oakum_arena_new();
  OakumVulnerability v = {0};
  if (!oakum_vulnerability_decode(data.data, data.len, arena, &v, error))
    return FALSE;
  for (guint i = 0; v.aliases[i]; i++)
    if (strcmp(v.aliases[i], id) != 0 && !add_alias(alias, v.aliases[i], id, error))
      return FALSE;
  g_hash_table_add(records, g_strdup_printf("%u %s", feed, id));
  hash_text(import->hasher, id);
  oakum_advisory_hash_number(import->hasher, part->number);
  oakum_hasher_update(import->hasher, data.data, data.len);
  oakum_statement_bind_static(insert, 1, id);
  oakum_statement_bind_int(insert, 2, part->number);
  oakum_statement_bind_blob(insert, 3, data.data, data.len);
  return oakum_import_step(insert, error);
}

/* Of records that came several times the newest, and of equally new ones the one whose bytes are
 * last. */
static gboolean write_vulnerabilities(OakumAdvisoryImport *import, GHashTable *records,
                                      GError **error)
{
  if (!oakum_sql_exec(import->stage, "CREATE TABLE alias(name TEXT, id TEXT)", error))
    return FALSE;
  g_autoptr(OakumStatement) s = oakum_sql_prepare(
      import->stage,
      "SELECT v.id, v.feed, v.data FROM vulnerability v JOIN feed_rank f ON f.id=v.feed ORDER BY "
      "v.id, f.rank, v.modified DESC, v.data DESC",
      error);
  g_autoptr(OakumStatement) insert =
      oakum_sql_prepare(import->sql, "INSERT INTO vulnerability VALUES(?1,?2,?3)", error);
  g_autoptr(OakumStatement) alias =
      oakum_sql_prepare(import->stage, "INSERT INTO alias VALUES(?1,?2)", error);
  if (!s || !insert || !alias)
    return FALSE;
  g_autofree char *last = NULL;
  gint64 last_feed = -1;
  int more;
  while ((more = oakum_statement_step(s, error)) > 0) {
    const char *id = oakum_statement_text(s, 0);
    gint64 feed = oakum_statement_int(s, 1);
    if (feed == last_feed && g_strcmp0(id, last) == 0)
      continue;
    g_free(last);
    last = g_strdup(id);
    last_feed = feed;
    if (!write_vulnerability(import, insert, alias, id, (guint)feed, oakum_statement_blob(s, 2),
                             records, error))
      return FALSE;
  }
  if (more < 0)
    return FALSE;
  g_autoptr(OakumStatement) sorted = oakum_sql_prepare(
      import->stage, "SELECT DISTINCT name, id FROM alias ORDER BY name, id", error);
  g_autoptr(OakumStatement) out =
      oakum_sql_prepare(import->sql, "INSERT INTO alias VALUES(?1,?2)", error);
  while (sorted && out && (more = oakum_statement_step(sorted, error)) > 0)
    if (!add_alias(out, oakum_statement_text(sorted, 0), oakum_statement_text(sorted, 1), error))
      return FALSE;
  return sorted && out && more == 0;
}

/* Copies a small table, in order, without doubles by key. */
static gboolean write_table(OakumAdvisoryImport *import, const char *from, const char *into,
                            guint columns, guint numbers, GError **error)
{
  g_autoptr(OakumStatement) s = oakum_sql_prepare(import->stage, from, error);
  g_autoptr(OakumStatement) insert = oakum_sql_prepare(import->sql, into, error);
  int more = s && insert ? 0 : -1;
  while (s && insert && (more = oakum_statement_step(s, error)) > 0) {
    for (guint i = 0; i < columns; i++) {
      if (numbers & (1u << i)) {
        oakum_statement_bind_int(insert, (int)i + 1, oakum_statement_int(s, (int)i));
        oakum_advisory_hash_number(import->hasher, oakum_statement_int(s, (int)i));
      } else {
        oakum_statement_bind_text(insert, (int)i + 1, oakum_statement_text(s, (int)i));
        hash_text(import->hasher, oakum_statement_text(s, (int)i));
      }
    }
    if (!oakum_import_step(insert, error))
      return FALSE;
  }
  return more == 0;
}

static const char *first_text(const char *a, const char *b, const char *c)
{
  return a && *a ? a : b && *b ? b : c ? c : "";
}

static gboolean write_feeds(OakumAdvisoryImport *import, char **latest, GError **error)
{
  g_autoptr(GPtrArray) parts = g_ptr_array_copy(import->parts, NULL, NULL);
  g_ptr_array_set_free_func(parts, NULL);
  g_ptr_array_sort(parts, by_key);
  g_autoptr(OakumStatement) s = oakum_sql_prepare(
      import->sql, "INSERT INTO feed VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)", error);
  for (guint i = 0; s && i < parts->len; i++) {
    OakumImportPart *p = parts->pdata[i];
    if (!p->used)
      continue;
    const OakumFeedInfo *info = oakum_feed_find(p->name);
    const char *newest = g_strcmp0(p->newest, p->old_date) > 0 ? p->newest : p->old_date;
    const char *texts[] = {p->name,
                           p->part,
                           first_text(p->address, p->old_address, info ? info->addresses[0] : ""),
                           info ? info->licence : "",
                           first_text(p->document_date, p->date, newest),
                           first_text(p->etag, p->old_etag, NULL)};
    if (g_strcmp0(texts[4], *latest) > 0) {
      g_free(*latest);
      *latest = g_strdup(texts[4]);
    }
    const guint64 numbers[] = {p->records, p->rows, p->bad};
    oakum_statement_bind_int(s, 1, p->number);
    oakum_advisory_hash_number(import->hasher, p->number);
    for (int k = 0; k < (int)G_N_ELEMENTS(texts); k++) {
      oakum_statement_bind_static(s, k + 2, texts[k]);
      hash_text(import->hasher, texts[k]);
    }
    for (int k = 0; k < (int)G_N_ELEMENTS(numbers); k++) {
      oakum_statement_bind_int(s, k + 8, (gint64)numbers[k]);
      oakum_advisory_hash_number(import->hasher, (gint64)numbers[k]);
    }
    if (!oakum_import_step(s, error))
      return FALSE;
  }
  return s != NULL;
}

static gboolean keep_old_origins(OakumAdvisoryImport *import, GError **error)
{
  if (!import->old)
    return TRUE;
  g_autoptr(OakumStatement) s = oakum_sql_prepare(oakum_advisory_db_sql(import->old),
                                                  "SELECT address, etag, date FROM origin", error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    const char *address = oakum_statement_text(s, 0);
    if (!address || g_hash_table_contains(import->origins, address))
      continue;
    char **origin = g_new0(char *, 3);
    for (int i = 0; i < 2; i++) {
      const char *text = oakum_statement_text(s, i + 1);
      origin[i] = g_strdup(text ? text : "");
    }
    g_hash_table_insert(import->origins, g_strdup(address), origin);
  }
  return more == 0;
}

static gboolean write_origins(OakumAdvisoryImport *import, GError **error)
{
  g_autoptr(GList) addresses = g_hash_table_get_keys(import->origins);
  addresses = g_list_sort(addresses, (GCompareFunc)strcmp);
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(import->sql, "INSERT INTO origin VALUES(?1,?2,?3)", error);
  for (GList *at = addresses; s && at; at = at->next) {
    char **origin = g_hash_table_lookup(import->origins, at->data);
    const char *texts[] = {at->data, origin[0], origin[1]};
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++) {
      oakum_statement_bind_static(s, i + 1, texts[i]);
      hash_text(import->hasher, texts[i]);
    }
    if (!oakum_import_step(s, error))
      return FALSE;
  }
  return s != NULL;
}

static gboolean write_meta(OakumAdvisoryImport *import, const char *latest, GError **error)
{
  g_autofree char *hash = oakum_hasher_hex(import->hasher);
  const char *pairs[][2] = {
      {"hash", hash}, {"latest", latest ? latest : ""}, {"schema", OAKUM_ADVISORY_SCHEMA}};
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(import->sql, "INSERT INTO meta VALUES(?1,?2)", error);
  for (size_t i = 0; s && i < G_N_ELEMENTS(pairs); i++)
    if (!add_alias(s, pairs[i][0], pairs[i][1], error))
      return FALSE;
  return s != NULL;
}

static void count_records(OakumAdvisoryImport *import, GHashTable *records)
{
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init(&iter, records);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    ((OakumImportPart *)import->parts->pdata[g_ascii_strtoull(key, NULL, 10)])->records++;
}

static gboolean write_file(OakumAdvisoryImport *import, GError **error)
{
  for (size_t i = 0; i < oakum_advisory_n_tables; i++)
    if (!oakum_sql_exec(import->sql, oakum_advisory_tables[i][1], error))
      return FALSE;
  import->hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  g_autoptr(GHashTable) records = oakum_str_map_new(g_free, NULL);
  g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(OakumAdvisory));
  g_autoptr(OakumStatement) insert =
      oakum_sql_prepare(import->sql, "INSERT INTO package VALUES(?1,?2,?3,?4)", error);
  g_autoptr(OakumStatement) eco =
      oakum_sql_prepare(import->sql, "INSERT INTO ecosystem VALUES(?1,?2)", error);
  if (!insert || !eco)
    return FALSE;
  Pack pack = {import, insert, eco, oakum_arena_new(), entries, records, -1, 0};
  gboolean ok = write_packages(&pack, error);
  oakum_arena_free(pack.arena);
  g_autofree char *latest = NULL;
  if (!ok || !write_vulnerabilities(import, records, error))
    return FALSE;
  count_records(import, records);
  return write_table(import,
                     "SELECT cve, max(score), max(percentile) FROM epss WHERE cve<>0 GROUP BY cve "
                     "ORDER BY cve",
                     "INSERT OR IGNORE INTO epss VALUES(?1,?2,?3)", 3, 7, error) &&
         write_table(import,
                     "SELECT cve, added, due, name, action, ransomware FROM kev ORDER BY cve, "
                     "added DESC, due, name, action, ransomware",
                     "INSERT OR IGNORE INTO kev VALUES(?1,?2,?3,?4,?5,?6)", 6, 1 << 5, error) &&
         write_table(import,
                     "SELECT product, cycle, codename, released, eol, extended FROM eol ORDER BY "
                     "1,2,3,4,5,6",
                     "INSERT OR IGNORE INTO eol VALUES(?1,?2,?3,?4,?5,?6)", 6, 0, error) &&
         write_feeds(import, &latest, error) && keep_old_origins(import, error) &&
         write_origins(import, error) && write_meta(import, latest, error);
}

static void close_all(OakumAdvisoryImport *import)
{
  g_clear_pointer(&import->add_package, oakum_statement_free);
  g_clear_pointer(&import->add_vulnerability, oakum_statement_free);
  g_clear_pointer(&import->add_epss, oakum_statement_free);
  g_clear_pointer(&import->add_kev, oakum_statement_free);
  g_clear_pointer(&import->add_eol, oakum_statement_free);
  g_clear_pointer(&import->stage, oakum_sql_free);
  g_clear_pointer(&import->sql, oakum_sql_free);
  g_clear_pointer(&import->old, oakum_advisory_db_free);
}

/* Whoever reads the message knows the file, and not the one that becomes it. */
static gboolean open_file(OakumAdvisoryImport *import, GError **error)
{
  int fd = open(import->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_ADVISORY_ERROR, errno, "write %s", import->path);
    return FALSE;
  }
  close(fd);
  return (import->sql = oakum_sql_open_write(import->temp, error)) != NULL;
}

gboolean oakum_advisory_import_commit(OakumAdvisoryImport *import, GError **error)
{
  import->temp = g_strdup_printf("%s.tmp-%d", import->path, (int)getpid());
  (void)unlink(import->temp);
  g_autofree char *journal = g_strconcat(import->temp, "-journal", NULL);
  import->note = oakum_ending_note(import->temp);
  import->journal_note = oakum_ending_note(journal);
  if (!keep_old(import, error) || !rank(import, error) || !open_file(import, error))
    return FALSE;
  /* nobody reads it before it is whole, and it is made safe once, below */
  if (!oakum_sql_exec(import->sql, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN",
                      error) ||
      !write_file(import, error) || !oakum_sql_exec(import->sql, "COMMIT", error)) {
    g_prefix_error(error, "write %s: ", import->path);
    return FALSE;
  }
  close_all(import);
  OAKUM_AUTO_FD fd = open(import->temp, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fsync(fd) < 0 || rename(import->temp, import->path) < 0) {
    oakum_error_errno(error, OAKUM_ADVISORY_ERROR, errno, "%s", import->path);
    return FALSE;
  }
  oakum_ending_forget(&import->note);
  oakum_ending_forget(&import->journal_note);
  g_clear_pointer(&import->temp, g_free);
  return TRUE;
}

void oakum_advisory_import_free(OakumAdvisoryImport *import)
{
  if (!import)
    return;
  close_all(import);
  if (import->temp) {
    g_autofree char *journal = g_strconcat(import->temp, "-journal", NULL);
    (void)unlink(import->temp);
    (void)unlink(journal); /* SQLite leaves it behind a write that failed */
  }
  oakum_ending_forget(&import->note);
  oakum_ending_forget(&import->journal_note);
  oakum_import_drop(import);
  g_ptr_array_unref(import->batch);
  g_ptr_array_unref(import->batch_whole);
  g_ptr_array_unref(import->batch_used);
  g_hash_table_unref(import->touched);
  g_hash_table_unref(import->origins);
  g_hash_table_unref(import->part_index);
  g_hash_table_unref(import->ecosystem_index);
  g_ptr_array_unref(import->parts);
  g_ptr_array_unref(import->ecosystems);
  g_string_chunk_free(import->words);
  oakum_hasher_free(import->hasher);
  char *texts[] = {import->temp, import->path, import->address, import->date, import->etag};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_free(import);
}
