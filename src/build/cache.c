/* What a step made before: the key is a digest of all that it can see, and the record says which
 * layer came of it. The root file system stands in the key by the diff IDs of its layers, so that
 * an instruction that only changes the config disturbs nobody. Times of files are not part of a
 * key. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <string.h>
#include <time.h>

#define CACHE_FORMAT                                                                               \
  "oakum cache 1" /* to be changed when a step of the same words makes other bytes */

struct OakumCacheKey {
  OakumHasher *hasher;
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

static gboolean hash_bytes(void *self, const void *data, size_t len, GError **error)
{
  oakum_hasher_update(self, data, len);
  return TRUE;
}

static gboolean hash_end(void *self, GError **error)
{
  return TRUE;
}

static void hash_free(void *self)
{
}

gboolean oakum_cache_key_files(OakumCacheKey *key, const char *name, int root, const char *path,
                               const OakumPackOptions *options, GError **error)
{
  static const OakumWriterClass klass = {hash_bytes, hash_end, hash_free};
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new(&klass, hasher));
  if (!oakum_pack_path(root, path, "f", TRUE, options, tar, error) ||
      !oakum_tar_writer_finish(tar, error))
    return FALSE;
  g_autofree char *hex = oakum_hasher_hex(hasher);
  oakum_cache_key_text(key, name, hex);
  return TRUE;
}

OakumCacheKey *oakum_cache_key_new(const Build *build, const Stage *stage, const char *kind)
{
  OakumCacheKey *key = g_new0(OakumCacheKey, 1);
  key->hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  g_autofree char *platform = oakum_platform_format(&build->options->platform);
  oakum_cache_key_text(key, "format", CACHE_FORMAT);
  oakum_cache_key_text(key, "kind", kind);
  oakum_cache_key_text(key, "platform", platform);
  oakum_cache_key_number(key, "keep times", build->options->keep_times);
  oakum_cache_key_number(key, "epoch", stage->epoch);
  oakum_cache_key_number(key, "zstd", build->options->zstd); /* records name the compressed bytes */
  oakum_cache_key_number(key, "level", build->options->compression_level);
  oakum_cache_key_root(key, "root", stage);
  return key;
}

void oakum_cache_key_free(OakumCacheKey *key)
{
  if (!key)
    return;
  oakum_hasher_free(key->hasher);
  g_free(key);
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

static char *record_path(const Build *build, OakumCacheKey *key)
{
  g_autofree char *hex = oakum_hasher_hex(key->hasher);
  return g_build_filename(oakum_store_path(build->store), "cache", hex, NULL);
}

/* FALSE: none that can be used. */
static gboolean read_record(const Build *build, const char *path, Record *out)
{
  struct stat st;
  g_autofree char *text = NULL;
  size_t len;
  if (stat(path, &st) < 0 || (build->options->cache_ttl_s > 0 &&
                              time(NULL) - st.st_mtime > (time_t)build->options->cache_ttl_s))
    return FALSE;
  g_autoptr(GError) error = NULL;
  OAKUM_AUTO_JSON *json = oakum_file_read(path, OAKUM_CACHE_RECORD_MAX, &text, &len, &error)
                              ? oakum_json_parse(text, len, path, &error)
                              : NULL;
  if (json && oakum_json_bind(json, record_fields, out, path, &error) &&
      (out->empty ||
       (out->diff_id && out->media_type && out->digest &&
        oakum_digest_check(out->diff_id, &error) && oakum_digest_check(out->digest, &error))))
    return TRUE;
  oakum_warn("a record of the build cache is not used: %s",
             error ? error->message : "it names no layer");
  return FALSE;
}

gboolean oakum_cache_use(Build *build, Stage *stage, OakumCacheKey *key, int line,
                         gboolean *changed, gboolean *hit, GError **error)
{
  __attribute__((cleanup(record_clear))) Record record = {0};
  g_autofree char *path = record_path(build, key);
  *hit = FALSE;
  if (build->options->no_cache || !read_record(build, path, &record))
    return TRUE;
  *changed = !record.empty;
  if (*changed) {
    g_autoptr(OakumBlobSink) sink = oakum_store_sink(build->store);
    g_autoptr(OakumDescriptor) layer =
        oakum_descriptor_new(record.media_type, record.digest, record.size);
    int has = sink->has(sink, layer, error);
    if (has <= 0)
      return has == 0; /* its layer was removed meanwhile */
    oakum_stage_append(stage, g_steal_pointer(&layer), g_steal_pointer(&record.diff_id), line);
    if (!oakum_stage_apply_last(build, stage, error))
      return FALSE;
  }
  *hit = stage->cached = TRUE;
  oakum_info("from the cache");
  return TRUE;
}

/* A store that cannot be written to costs time later, not the build now. */
void oakum_cache_note(const Build *build, const Stage *stage, OakumCacheKey *key, gboolean changed)
{
  g_autofree char *path = record_path(build, key), *folder = g_path_get_dirname(path);
  OAKUM_AUTO_JSON *json = json_object();
  json_object_set_new(json, "empty", json_boolean(!changed));
  if (changed) {
    const OakumDescriptor *layer = stage->layers->pdata[stage->layers->len - 1];
    const GPtrArray *ids = stage->config->diff_ids;
    json_object_set_new(json, "diffId", json_string(ids->pdata[ids->len - 1]));
    json_object_set_new(json, "mediaType", json_string(layer->media_type));
    json_object_set_new(json, "digest", json_string(layer->digest));
    json_object_set_new(json, "size", json_integer((json_int_t)layer->size));
  }
  g_autofree char *text = oakum_json_dump(json, FALSE);
  g_autoptr(GError) error = NULL;
  if (!text || g_mkdir_with_parents(folder, 0700) < 0 ||
      !oakum_file_write(path, text, strlen(text), 0600, &error))
    oakum_warn("the build cache keeps no record of this step: %s",
               error ? error->message : g_strerror(errno));
}
