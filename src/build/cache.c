/* What a step made before: the key is a digest of all that it can see, and the record says which
 * layer came of it. The root file system stands in the key by the diff IDs of its layers, so that
 * an instruction that only changes the config disturbs nobody. Times of files are not part of a
 * key. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#define CACHE_FORMAT                                                                               \
  "oakum cache 2" /* to be changed when a step of the same words makes other bytes */

struct OakumCacheKey {
  OakumHasher *hasher;
  gboolean run; /* of a RUN */
};

/* Each part by name and length: no two lists of parts are one text. */
void oakum_cache_key_add(OakumCacheKey *key, const char *name, const void *data, size_t len)
{
  uint64_t sizes[2] = {GUINT64_TO_LE(strlen(name)), GUINT64_TO_LE(len)};
  oakum_hasher_update(key->hasher, sizes, sizeof(sizes));
  oakum_hasher_update(key->hasher, name, strlen(name));
  oakum_hasher_update(key->hasher, data, len);
}

void oakum_cache_key_text(OakumCacheKey *key, const char *name, const char *text)
{
  oakum_cache_key_add(key, name, text ? text : "", text ? strlen(text) : 0);
}

void oakum_cache_key_number(OakumCacheKey *key, const char *name, int64_t number)
{
  int64_t stored = GINT64_TO_LE(number);
  oakum_cache_key_add(key, name, &stored, sizeof(stored));
}

void oakum_cache_key_list(OakumCacheKey *key, const char *name, const char *const *list)
{
  guint n = 0;
  for (; list && list[n]; n++)
    oakum_cache_key_text(key, name, list[n]);
  oakum_cache_key_number(key, "end", n);
}

void oakum_cache_key_root(OakumCacheKey *key, const char *name, const Stage *stage)
{
  const GPtrArray *ids = stage->config->diff_ids;
  for (guint i = 0; i < ids->len; i++)
    oakum_cache_key_text(key, name, ids->pdata[i]);
  oakum_cache_key_number(key, "end", ids->len);
}

typedef struct {
  OakumHasher *hasher;
  OakumFileMemo *memo;
  const OakumPackOptions *options;
} Files;

static OakumPackChoice files_choose(const char *path, gboolean folder, gpointer user)
{
  const OakumPackOptions *options = ((const Files *)user)->options;
  return options->choose ? options->choose(path, folder, options->user) : OAKUM_PACK_TAKE;
}

static gboolean files_edit(OakumTarEntry *entry, const char *from, gboolean implied,
                           gboolean *write, gpointer user, GError **error)
{
  const OakumPackOptions *options = ((const Files *)user)->options;
  return !options->edit || options->edit(entry, from, implied, write, options->user, error);
}

static gboolean files_tell(const OakumTarEntry *entry, int at, const char *name,
                           const struct stat *st, gpointer user, GError **error)
{
  Files *files = user;
  char digest[65] = "";
  if ((entry->type == OAKUM_TAR_FILE || entry->type == OAKUM_TAR_DIR) &&
      !oakum_file_memo_digest(files->memo, at, name, st, digest, error))
    return FALSE;
  uint64_t numbers[] = {
      entry->type,      entry->mode,      entry->uid,      entry->gid,     (uint64_t)entry->mtime,
      entry->dev_major, entry->dev_minor, entry->path.len, entry->link.len};
  for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
    numbers[i] = GUINT64_TO_LE(numbers[i]);
  oakum_hasher_update(files->hasher, numbers, sizeof(numbers));
  oakum_hasher_update(files->hasher, entry->path.data, entry->path.len);
  if (entry->link.len)
    oakum_hasher_update(files->hasher, entry->link.data, entry->link.len);
  oakum_hasher_update(files->hasher, digest, sizeof(digest));
  return TRUE;
}

gboolean oakum_cache_key_files(OakumCacheKey *key, const Build *build, int root, const char *path,
                               gboolean itself, const OakumPackOptions *options, GError **error)
{
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  Files files = {hasher, build->memo, options};
  const OakumPackOptions own = {files_choose, files_edit, files_tell, &files, options->owners};
  if (!oakum_pack_path(root, path, "f", itself, &own, NULL, error))
    return FALSE;
  g_autofree char *hex = oakum_hasher_hex(hasher);
  oakum_cache_key_text(key, "files", hex);
  return TRUE;
}

OakumCacheKey *oakum_cache_key_new(const Build *build, const Stage *below, const char *kind,
                                   int64_t epoch)
{
  OakumCacheKey *key = g_new0(OakumCacheKey, 1);
  key->hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  key->run = strcmp(kind, "RUN") == 0;
  g_autofree char *platform = oakum_platform_format(&build->options->platform);
  oakum_cache_key_text(key, "format", CACHE_FORMAT);
  oakum_cache_key_text(key, "kind", kind);
  oakum_cache_key_text(key, "platform", platform);
  oakum_cache_key_number(key, "keep times", build->options->keep_times);
  /* the time of day, where times are kept, is no more a part than the times of files are */
  const char *given = build->options->source_date_epoch;
  gboolean clock = build->options->keep_times && !(given && *given);
  oakum_cache_key_number(key, "epoch", clock ? 0 : epoch);
  oakum_cache_key_number(key, "zstd", build->options->zstd); /* records name the compressed bytes */
  oakum_cache_key_number(key, "level", build->options->compression_level);
  oakum_cache_key_number(key, "below", below != NULL);
  if (below)
    oakum_cache_key_root(key, "root", below);
  return key;
}

void oakum_cache_key_free(OakumCacheKey *key)
{
  if (!key)
    return;
  oakum_hasher_free(key->hasher);
  g_free(key);
}

char *oakum_cache_key_hex(OakumCacheKey *key)
{
  return oakum_hasher_hex(key->hasher);
}

/* ---- records
 * ------------------------------------------------------------------------------------------- */
typedef struct {
  char *diff_id, *media_type, *digest; /* all NULL: no layer */
  uint64_t size;
  gboolean empty;
} Record;

static const OakumJsonField record_fields[] = {
    {"diffId", OAKUM_JSON_STRING, offsetof(Record, diff_id)},
    {"mediaType", OAKUM_JSON_STRING, offsetof(Record, media_type)},
    {"digest", OAKUM_JSON_STRING, offsetof(Record, digest)},
    {"size", OAKUM_JSON_U64, offsetof(Record, size)},
    {"empty", OAKUM_JSON_BOOL, offsetof(Record, empty), TRUE},
    {0}};

static void record_clear(Record *record)
{
  g_free(record->diff_id);
  g_free(record->media_type);
  g_free(record->digest);
}

static char *record_path(const OakumStore *store, const char *key)
{
  return g_build_filename(oakum_store_path(store), "cache", key, NULL);
}

static gboolean too_old(const Build *build, int64_t created)
{
  uint64_t ttl = build->options->cache_ttl_s;
  return ttl > 0 && time(NULL) - created > (int64_t)ttl;
}

/* FALSE: none that can be used. */
static gboolean read_record(const Build *build, const char *key, OakumCacheEntry *out)
{
  struct stat st;
  g_autofree char *path = record_path(build->store, key), *text = NULL;
  size_t len;
  if (stat(path, &st) < 0 || too_old(build, st.st_mtime))
    return FALSE;
  g_autoptr(GError) error = NULL;
  __attribute__((cleanup(record_clear))) Record record = {0};
  OAKUM_AUTO_JSON *json = oakum_file_read(path, OAKUM_CACHE_RECORD_MAX, &text, &len, &error)
                              ? oakum_json_parse(text, len, path, &error)
                              : NULL;
  if (json && oakum_json_bind(json, record_fields, &record, path, &error) &&
      (record.empty ||
       (record.diff_id && record.media_type && record.digest &&
        oakum_media_type_is_layer(record.media_type) && record.size <= OAKUM_BLOB_MAX &&
        oakum_digest_check(record.diff_id, &error) && oakum_digest_check(record.digest, &error)))) {
    out->created = st.st_mtime;
    if (!record.empty) {
      out->layer = oakum_descriptor_new(record.media_type, record.digest, record.size);
      out->diff_id = g_steal_pointer(&record.diff_id);
    }
    return TRUE;
  }
  oakum_warn("a record of the build cache is not used: %s",
             error ? error->message : "it names no layer");
  return FALSE;
}

void oakum_cache_record(OakumStore *store, const char *key, const OakumCacheEntry *entry)
{
  g_autofree char *path = record_path(store, key), *folder = g_path_get_dirname(path);
  OAKUM_AUTO_JSON *json = json_object();
  json_object_set_new(json, "empty", json_boolean(!entry->layer));
  if (entry->layer) {
    json_object_set_new(json, "diffId", json_string(entry->diff_id));
    json_object_set_new(json, "mediaType", json_string(entry->layer->media_type));
    json_object_set_new(json, "digest", json_string(entry->layer->digest));
    json_object_set_new(json, "size", json_integer((json_int_t)entry->layer->size));
  }
  g_autofree char *text = oakum_json_dump(json, FALSE);
  g_autoptr(GError) error = NULL;
  if (!text || g_mkdir_with_parents(folder, 0700) < 0 ||
      !oakum_file_remember(path, text, strlen(text), 0600, &error)) {
    oakum_warn("the build cache keeps no record of this step: %s",
               error ? error->message : g_strerror(errno));
    return;
  }
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = entry->created}};
  (void)utimensat(AT_FDCWD, path, times, 0); /* its age is that of the step */
}

/* ---- caches elsewhere
 * ---------------------------------------------------------------------------------- */
/* What one of them says of the key. An answer that cannot be had is a warning, once for each. */
static OakumCacheRemote *ask_remotes(Build *build, const OakumCacheKey *key, const char *hex,
                                     OakumCacheEntry *out)
{
  const GPtrArray *list = build->options->cache_from;
  for (guint i = 0; list && i < list->len; i++) {
    OakumCacheRemote *remote = list->pdata[i];
    g_autoptr(GError) error = NULL;
    if ((key->run ? remote->no_runs : remote->no_copies) ||
        !oakum_layer_pool_trusts(build->layers, remote))
      continue;
    int found = remote->find(remote, hex, out, &error);
    if (found > 0 && !too_old(build, out->created))
      return remote;
    oakum_cache_entry_clear(out);
    if (found >= 0)
      continue;
    oakum_layer_pool_distrust(build->layers, remote);
    oakum_warn("the cache %s is not asked any more: %s", remote->name, error->message);
  }
  return NULL;
}

/* FALSE: the layer cannot be had at once, as the unpacked root needs it. */
static gboolean is_at_hand(Build *build, const Stage *stage, const OakumCacheEntry *entry)
{
  g_autoptr(GError) error = NULL;
  if (!entry->layer || !stage->tree ||
      oakum_layer_pool_fetch(build->layers, entry->layer, FALSE, &error))
    return TRUE;
  oakum_warn("the step is carried out: %s", error->message);
  return FALSE;
}

static gboolean find_entry(Build *build, const Stage *stage, const OakumCacheKey *key,
                           const char *hex, OakumCacheEntry *out)
{
  g_autoptr(OakumBlobSink) sink = oakum_store_sink(build->store);
  if (read_record(build, hex, out) && (!out->layer || sink->has(sink, out->layer, NULL) == 1))
    return TRUE;
  oakum_cache_entry_clear(out); /* its layer was removed meanwhile, or never fetched */
  OakumCacheRemote *remote = ask_remotes(build, key, hex, out);
  if (!remote)
    return FALSE;
  if (out->layer)
    oakum_layer_pool_note(build->layers, hex, out, remote);
  return is_at_hand(build, stage, out);
}

gboolean oakum_cache_use(Build *build, Stage *stage, OakumCacheKey *key, int line,
                         gboolean *changed, gboolean *hit, GError **error)
{
  __attribute__((cleanup(oakum_cache_entry_clear))) OakumCacheEntry entry = {0};
  g_autofree char *hex = oakum_cache_key_hex(key);
  *hit = !build->options->no_cache && !stage->unkept && find_entry(build, stage, key, hex, &entry);
  if (!*hit)
    return TRUE;
  *changed = entry.layer != NULL;
  if (build->options->cache_log)
    oakum_cache_log_add(build->options->cache_log, hex, &entry,
                        stage->plan ? stage->plan->stage : -1, key->run);
  stage->cached = TRUE;
  oakum_info("from the cache");
  if (!*changed)
    return TRUE;
  oakum_stage_append(stage, g_steal_pointer(&entry.layer), g_steal_pointer(&entry.diff_id), line);
  return oakum_stage_apply_last(build, stage, error);
}

void oakum_cache_note(const Build *build, const Stage *stage, OakumCacheKey *key, gboolean changed)
{
  g_autofree char *hex = oakum_cache_key_hex(key);
  const GPtrArray *ids = stage->config->diff_ids;
  const OakumCacheEntry entry = {changed ? stage->layers->pdata[stage->layers->len - 1] : NULL,
                                 changed ? ids->pdata[ids->len - 1] : NULL, time(NULL)};
  oakum_cache_record(build->store, hex, &entry);
  if (build->options->cache_log)
    oakum_cache_log_add(build->options->cache_log, hex, &entry,
                        stage->plan ? stage->plan->stage : -1, key->run);
}
