/* What was found in layers, kept by the layers' digests and by what read them: a SQLite file that
 * several processes use at once. Nothing in it is believed more than what a reading process says,
 * and whatever is wrong with it costs time, never an answer: a broken file is made anew. */
#include "examine/examine-private.h"
#include "os/os.h"
#include "sql/sql.h"
#include <string.h>
#include <unistd.h>

struct OakumExamineCache {
  char *path;
  char *readers; /* digest of all versions of cataloguers, and of what else looks */
  guint checks;
  OakumSql *sql;
  uint8_t key[OAKUM_HASH_KEY];
  GMutex lock; /* over all but the key: layers are looked at while several stages are built */
  OakumExamineCounts counts;
};

/* A row is read as a whole: large pages make short chains of it. */
static const char schema[] =
    "PRAGMA page_size = 32768;"
    "CREATE TABLE IF NOT EXISTS secret (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT "
    "NULL);"
    "CREATE TABLE IF NOT EXISTS layer (diff_id TEXT NOT NULL, readers TEXT NOT NULL,"
    " notes BLOB NOT NULL, names BLOB NOT NULL, used INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " took INTEGER NOT NULL,"
    " PRIMARY KEY (diff_id, readers));"
    "CREATE TABLE IF NOT EXISTS image (name TEXT PRIMARY KEY, whole BLOB NOT NULL,"
    " used INTEGER NOT NULL, bytes INTEGER NOT NULL);";

static gboolean read_key(OakumExamineCache *cache, GError **error)
{
  g_autoptr(OakumStatement) get =
      oakum_sql_prepare(cache->sql, "SELECT key FROM secret WHERE one = 1", error);
  int row = get ? oakum_statement_step(get, error) : -1;
  if (row <= 0)
    return FALSE;
  OakumSlice key = oakum_statement_blob(get, 0);
  if (key.len != sizeof(cache->key)) {
    g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_INVALID, "%s: the key is damaged",
                cache->path);
    return FALSE;
  }
  memcpy(cache->key, key.data, key.len);
  return TRUE;
}

/* A table that an older oakum made does not fit. */
static gboolean check_table(OakumExamineCache *cache, GError **error)
{
  g_autoptr(OakumStatement) look =
      oakum_sql_prepare(cache->sql, "SELECT took, whole FROM layer, image LIMIT 0", NULL);
  if (!look)
    g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_INVALID, "%s: of another version",
                cache->path);
  return look != NULL;
}

static gboolean set_up(OakumExamineCache *cache, GError **error)
{
  uint8_t key[OAKUM_HASH_KEY];
  if (!(cache->sql = oakum_sql_open_shared(cache->path, error)))
    return FALSE;
  if (read_key(cache, NULL)) /* nothing is written where all is there */
    return check_table(cache, error);
  oakum_random(key, sizeof(key));
  if (!oakum_sql_exec(cache->sql, schema, error) || !check_table(cache, error))
    return FALSE;
  g_autoptr(OakumStatement) put =
      oakum_sql_prepare(cache->sql, "INSERT OR IGNORE INTO secret VALUES (1, ?1)", error);
  if (!put)
    return FALSE;
  oakum_statement_bind_blob(put, 1, key, sizeof(key));
  return oakum_statement_step(put, error) == 0 && read_key(cache, error);
}

OakumExamineCache *oakum_examine_cache_open(const char *folder, guint checks)
{
  g_autoptr(OakumExamineCache) cache = g_new0(OakumExamineCache, 1);
  g_mutex_init(&cache->lock);
  /* another build may find something else, whatever its versions say */
  g_autofree char *catalog = oakum_catalog_versions(), *stamp = oakum_program_stamp();
  g_autofree char *versions =
      g_strdup_printf("%s %s %s %s %u", catalog, stamp, oakum_inspect_version(),
                      oakum_inspect_secret_digest(), checks);
  cache->checks = checks;
  cache->path = g_build_filename(folder, "layers.db", NULL);
  cache->readers = oakum_sha256_hex(versions, strlen(versions));
  if (g_mkdir_with_parents(folder, 0700) < 0)
    return NULL;
  for (int tries = 0; tries < 2; tries++) {
    g_autoptr(GError) error = NULL;
    if (set_up(cache, &error))
      return g_steal_pointer(&cache);
    g_clear_pointer(&cache->sql, oakum_sql_free);
    if (error->code != OAKUM_ERROR_INVALID || unlink(cache->path) < 0)
      break;
    oakum_info("%s: %s; it is made anew", cache->path, error->message);
  }
  return NULL;
}

void oakum_examine_cache_free(OakumExamineCache *cache)
{
  if (!cache)
    return;
  oakum_sql_free(cache->sql);
  g_mutex_clear(&cache->lock);
  g_free(cache->path);
  g_free(cache->readers);
  g_free(cache);
}

const uint8_t *oakum_examine_cache_key(const OakumExamineCache *cache)
{
  return cache->key;
}

const char *oakum_examine_cache_readers(const OakumExamineCache *cache)
{
  return cache->readers;
}

/* Whether something was last used so long ago that its use is noted. */
static gboolean is_old(int64_t used)
{
  return g_get_real_time() / G_USEC_PER_SEC - used > OAKUM_LAYER_CACHE_TOUCH_S;
}

static void touch(OakumExamineCache *cache, const char *diff_id)
{
  g_autoptr(OakumStatement) set = oakum_sql_prepare(
      cache->sql, "UPDATE layer SET used = ?3 WHERE diff_id = ?1 AND readers = ?2", NULL);
  if (!set)
    return;
  oakum_statement_bind_text(set, 1, diff_id);
  oakum_statement_bind_text(set, 2, cache->readers);
  oakum_statement_bind_int(set, 3, g_get_real_time() / G_USEC_PER_SEC);
  (void)!oakum_statement_step(set, NULL); /* another process writes: so be it */
}

/* With the lock held. */
static OakumStatement *find(OakumExamineCache *cache, const char *columns, const char *diff_id)
{
  g_autofree char *text =
      g_strdup_printf("SELECT %s FROM layer WHERE diff_id = ?1 AND readers = ?2", columns);
  g_autoptr(OakumStatement) get = oakum_sql_prepare(cache->sql, text, NULL);
  if (!get)
    return NULL;
  oakum_statement_bind_text(get, 1, diff_id);
  oakum_statement_bind_text(get, 2, cache->readers);
  return oakum_statement_step(get, NULL) == 1 ? g_steal_pointer(&get) : NULL;
}

gboolean oakum_examine_cache_has(OakumExamineCache *cache, const char *diff_id)
{
  OAKUM_AUTO_LOCK(&cache->lock);
  g_autoptr(OakumStatement) row = find(cache, "1", diff_id);
  return row != NULL;
}

OakumLayerNotes *oakum_examine_cache_get(OakumExamineCache *cache, const char *diff_id)
{
  OAKUM_AUTO_LOCK(&cache->lock);
  g_autoptr(OakumStatement) get = find(cache, "notes, names, used, took", diff_id);
  if (!get)
    return NULL;
  OakumSlice text = oakum_statement_blob(get, 0), names = oakum_statement_blob(get, 1);
  gboolean old = is_old(oakum_statement_int(get, 2));
  int64_t took = oakum_statement_int(get, 3);
  g_autoptr(OakumLayerNotes) notes =
      text.data ? oakum_examine_parse(text.data, text.len, NULL) : NULL;
  if (!notes || !(notes->names = oakum_names_unpack(cache->key, names, NULL)))
    return NULL;
  cache->counts.known++;
  cache->counts.saved_us += (uint64_t)MAX(took, 0);
  oakum_statement_reset(get);
  if (old)
    touch(cache, diff_id);
  return g_steal_pointer(&notes);
}

guint oakum_examine_cache_checks(const OakumExamineCache *cache)
{
  return cache->checks;
}

OakumExamineCounts *oakum_examine_cache_lock(OakumExamineCache *cache)
{
  g_mutex_lock(&cache->lock);
  return &cache->counts;
}

void oakum_examine_cache_unlock(OakumExamineCache *cache)
{
  g_mutex_unlock(&cache->lock);
}

OakumExamineCounts oakum_examine_cache_counts(OakumExamineCache *cache)
{
  OAKUM_AUTO_LOCK(&cache->lock);
  return cache->counts;
}

/* Those that were not used for longest go, until there is room again. */
static void make_room(OakumExamineCache *cache, const char *table, uint64_t max)
{
  g_autofree char *text = g_strdup_printf(
      "DELETE FROM %s WHERE rowid IN (SELECT rowid FROM (SELECT rowid, sum(bytes) OVER (ORDER BY "
      "used DESC, rowid DESC) AS above FROM %s) WHERE above > %" G_GUINT64_FORMAT ")",
      table, table, (guint64)max);
  (void)!oakum_sql_exec(cache->sql, text, NULL);
}

gboolean oakum_examine_cache_put(OakumExamineCache *cache, const char *diff_id,
                                 const OakumLayerNotes *notes, uint64_t took)
{
  if (!notes->names)
    return FALSE;
  g_autoptr(GByteArray) text = g_byte_array_new();
  oakum_examine_format(notes, text);
  g_autoptr(GByteArray) names = g_byte_array_new();
  oakum_names_pack(notes->names, names);
  size_t len = text->len;
  if (len + names->len > OAKUM_LAYER_CACHE_ROW_MAX)
    return FALSE;
  OAKUM_AUTO_LOCK(&cache->lock);
  g_autoptr(OakumStatement) put = oakum_sql_prepare(
      cache->sql, "INSERT OR REPLACE INTO layer VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", NULL);
  if (!put)
    return FALSE;
  oakum_statement_bind_text(put, 1, diff_id);
  oakum_statement_bind_text(put, 2, cache->readers);
  oakum_statement_bind_blob(put, 3, text->data, len);
  oakum_statement_bind_blob(put, 4, names->data, names->len);
  oakum_statement_bind_int(put, 5, g_get_real_time() / G_USEC_PER_SEC);
  oakum_statement_bind_int(put, 6, (int64_t)(len + names->len));
  oakum_statement_bind_int(put, 7, (int64_t)MIN(took, G_MAXINT64));
  if (oakum_statement_step(put, NULL) != 0)
    return FALSE;
  oakum_statement_reset(put);
  make_room(cache, "layer", OAKUM_LAYER_CACHE_MAX);
  return TRUE;
}

/* ---- images as a whole
 * -------------------------------------------------------------------------- */
/* Whether the layer is kept, for an image that is: it counts as if it had been asked for. With the
 * lock held. */
static gboolean use_layer(OakumExamineCache *cache, const char *diff_id, uint64_t *took)
{
  g_autoptr(OakumStatement) row = find(cache, "used, took", diff_id);
  if (!row)
    return FALSE;
  gboolean old = is_old(oakum_statement_int(row, 0));
  *took += (uint64_t)MAX(oakum_statement_int(row, 1), 0);
  oakum_statement_reset(row);
  if (old)
    touch(cache, diff_id);
  return TRUE;
}

OakumCatalog *oakum_examine_cache_get_whole(OakumExamineCache *cache, const char *name,
                                            const GPtrArray *diff_ids)
{
  OAKUM_AUTO_LOCK(&cache->lock);
  uint64_t took = 0;
  g_autoptr(OakumStatement) get =
      oakum_sql_prepare(cache->sql, "SELECT whole, used FROM image WHERE name = ?1", NULL);
  if (!get)
    return NULL;
  oakum_statement_bind_text(get, 1, name);
  if (oakum_statement_step(get, NULL) != 1)
    return NULL;
  g_autoptr(OakumCatalog) catalog = oakum_examine_whole_parse(oakum_statement_blob(get, 0), NULL);
  gboolean old = is_old(oakum_statement_int(get, 1));
  oakum_statement_reset(get);
  for (guint i = 0; catalog && i < diff_ids->len; i++)
    if (!use_layer(cache, diff_ids->pdata[i], &took))
      return NULL;
  if (!catalog)
    return NULL;
  cache->counts.known += diff_ids->len;
  cache->counts.saved_us += took;
  g_autoptr(OakumStatement) set =
      old ? oakum_sql_prepare(cache->sql, "UPDATE image SET used = ?2 WHERE name = ?1", NULL)
          : NULL;
  if (set) {
    oakum_statement_bind_text(set, 1, name);
    oakum_statement_bind_int(set, 2, g_get_real_time() / G_USEC_PER_SEC);
    (void)!oakum_statement_step(set, NULL);
  }
  return g_steal_pointer(&catalog);
}

void oakum_examine_cache_put_whole(OakumExamineCache *cache, const char *name,
                                   const OakumCatalog *catalog)
{
  g_autoptr(GByteArray) whole = g_byte_array_new();
  oakum_examine_whole_format(catalog, whole);
  if (whole->len > OAKUM_IMAGE_CACHE_ROW_MAX)
    return;
  OAKUM_AUTO_LOCK(&cache->lock);
  g_autoptr(OakumStatement) put =
      oakum_sql_prepare(cache->sql, "INSERT OR REPLACE INTO image VALUES (?1, ?2, ?3, ?4)", NULL);
  if (!put)
    return;
  oakum_statement_bind_text(put, 1, name);
  oakum_statement_bind_blob(put, 2, whole->data, whole->len);
  oakum_statement_bind_int(put, 3, g_get_real_time() / G_USEC_PER_SEC);
  oakum_statement_bind_int(put, 4, (int64_t)whole->len);
  if (oakum_statement_step(put, NULL) != 0)
    return;
  oakum_statement_reset(put);
  make_room(cache, "image", OAKUM_IMAGE_CACHE_MAX);
}
