/* Layers that a build made or found in a cache. One that a cache elsewhere has is only a promise
 * until somebody reads it: then it is fetched into the store, and held against its digest and its
 * diff ID. */
#include "build/build-private.h"

typedef struct {
  OakumCacheRemote *remote; /* borrowed */
  char *key, *diff_id;
  int64_t created;
  gboolean kept; /* it is in the store, and what it was said to be */
} Promise;

struct OakumLayerPool {
  gint refs;
  OakumStore *store;
  GMutex lock;
  GHashTable *promises;   /* digest → Promise */
  GHashTable *distrusted; /* set of remotes */
  gboolean broken;        /* a promise, when it was needed */
};

static void promise_free(gpointer p)
{
  Promise *promise = p;
  g_free(promise->key);
  g_free(promise->diff_id);
  g_free(promise);
}

OakumLayerPool *oakum_layer_pool_new(OakumStore *store)
{
  OakumLayerPool *pool = g_new0(OakumLayerPool, 1);
  pool->refs = 1;
  pool->store = store;
  g_mutex_init(&pool->lock);
  pool->promises = oakum_str_map_new(g_free, promise_free);
  pool->distrusted = g_hash_table_new(NULL, NULL);
  return pool;
}

OakumLayerPool *oakum_layer_pool_ref(OakumLayerPool *pool)
{
  g_atomic_int_inc(&pool->refs);
  return pool;
}

void oakum_layer_pool_unref(OakumLayerPool *pool)
{
  if (!pool || !g_atomic_int_dec_and_test(&pool->refs))
    return;
  g_hash_table_unref(pool->promises);
  g_hash_table_unref(pool->distrusted);
  g_mutex_clear(&pool->lock);
  g_free(pool);
}

void oakum_layer_pool_note(OakumLayerPool *pool, const char *key, const OakumCacheEntry *entry,
                           OakumCacheRemote *remote)
{
  OAKUM_AUTO_LOCK(&pool->lock);
  Promise *promise = g_new0(Promise, 1);
  promise->remote = remote;
  promise->key = g_strdup(key);
  promise->diff_id = g_strdup(entry->diff_id);
  promise->created = entry->created;
  g_hash_table_replace(pool->promises, g_strdup(entry->layer->digest), promise);
}

void oakum_layer_pool_distrust(OakumLayerPool *pool, const OakumCacheRemote *remote)
{
  OAKUM_AUTO_LOCK(&pool->lock);
  g_hash_table_add(pool->distrusted, (gpointer)remote);
}

gboolean oakum_layer_pool_trusts(OakumLayerPool *pool, const OakumCacheRemote *remote)
{
  OAKUM_AUTO_LOCK(&pool->lock);
  return !g_hash_table_contains(pool->distrusted, remote);
}

static gboolean is_distrusted(gpointer key, gpointer value, gpointer user)
{
  return g_hash_table_contains(((OakumLayerPool *)user)->distrusted, ((Promise *)value)->remote);
}

gboolean oakum_layer_pool_broken(OakumLayerPool *pool)
{
  OAKUM_AUTO_LOCK(&pool->lock);
  g_hash_table_foreach_remove(pool->promises, is_distrusted, pool);
  gboolean broken = pool->broken;
  pool->broken = FALSE;
  return broken;
}

/* A copy of what was promised of the layer, all NULL when nothing was. */
static Promise promised(OakumLayerPool *pool, const OakumDescriptor *layer)
{
  OAKUM_AUTO_LOCK(&pool->lock);
  const Promise *known = g_hash_table_lookup(pool->promises, layer->digest);
  if (!known)
    return (Promise){0};
  Promise copy = *known;
  copy.key = g_strdup(known->key);
  copy.diff_id = g_strdup(known->diff_id);
  return copy;
}

static void promise_clear(Promise *promise)
{
  g_free(promise->key);
  g_free(promise->diff_id);
}

/* Now the store has it, and may say so by itself. */
static void keep_promise(OakumLayerPool *pool, const OakumDescriptor *layer, const Promise *promise)
{
  const OakumCacheEntry entry = {(OakumDescriptor *)layer, promise->diff_id, promise->created};
  oakum_cache_record(pool->store, promise->key, &entry);
  OAKUM_AUTO_LOCK(&pool->lock);
  Promise *known = g_hash_table_lookup(pool->promises, layer->digest);
  if (known)
    known->kept = TRUE;
}

/* The bytes are those of the digest: the store sees to it. Whether they unpack to what the cache
 * said they do is seen here. */
static gboolean unpacks_to(OakumLayerPool *pool, const OakumDescriptor *layer, const char *diff_id,
                           GError **error)
{
  g_autoptr(OakumBlobSource) source = oakum_store_source(pool->store);
  OakumReader *blob = source->open(source, layer, error);
  if (!blob)
    return FALSE;
  g_autoptr(OakumReader) checked = oakum_layer_unpack(blob, diff_id);
  return oakum_reader_drain(checked, error);
}

static gboolean fetch(OakumLayerPool *pool, const OakumDescriptor *layer, const Promise *promise,
                      GError **error)
{
  g_autoptr(OakumBlobSink) sink = oakum_store_sink(pool->store);
  int has = sink->has(sink, layer, error);
  if (has < 0)
    return FALSE;
  if (has == 0) {
    OakumBlobSource *layers = promise->remote->layers;
    g_autoptr(OakumReader) reader = layers->open(layers, layer, error);
    if (!reader || !sink->put(sink, layer, reader, error))
      return FALSE;
  }
  return unpacks_to(pool, layer, promise->diff_id, error);
}

gboolean oakum_layer_pool_fetch(OakumLayerPool *pool, const OakumDescriptor *layer, gboolean relied,
                                GError **error)
{
  __attribute__((cleanup(promise_clear))) Promise promise = promised(pool, layer);
  g_autoptr(GError) local = NULL;
  if (!promise.remote || promise.kept)
    return TRUE; /* if it is not in the store, reading it tells so */
  if (fetch(pool, layer, &promise, &local)) {
    keep_promise(pool, layer, &promise);
    return TRUE;
  }
  oakum_layer_pool_distrust(pool, promise.remote);
  {
    OAKUM_AUTO_LOCK(&pool->lock);
    pool->broken |= relied;
  }
  g_propagate_prefixed_error(error, g_steal_pointer(&local),
                             "layer %s of the cache %s: ", layer->digest, promise.remote->name);
  return FALSE;
}

OakumReader *oakum_layer_pool_open(OakumLayerPool *pool, const OakumDescriptor *layer,
                                   GError **error)
{
  if (!oakum_layer_pool_fetch(pool, layer, TRUE, error))
    return NULL;
  g_autoptr(OakumBlobSource) source = oakum_store_source(pool->store);
  return source->open(source, layer, error);
}

/* What unpacks a blob gives up at the first wrong byte, long before its end, where the store would
 * have seen that the digest is another. */
void oakum_layer_pool_suspect(OakumLayerPool *pool, const OakumDescriptor *layer)
{
  g_autoptr(OakumBlobSource) source = oakum_store_source(pool->store);
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumReader) blob = source->open(source, layer, NULL);
  if (!blob || oakum_reader_drain(blob, &error) || error->code != OAKUM_ERROR_DIGEST)
    return;
  OAKUM_AUTO_LOCK(&pool->lock);
  pool->broken = TRUE;
}

char *oakum_layer_pool_origin(OakumLayerPool *pool, const OakumDescriptor *layer)
{
  __attribute__((cleanup(promise_clear))) Promise promise = promised(pool, layer);
  return promise.remote ? oakum_blob_source_origin(promise.remote->layers, layer) : NULL;
}

void oakum_cache_entry_clear(OakumCacheEntry *entry)
{
  oakum_descriptor_free(entry->layer);
  g_free(entry->diff_id);
  *entry = (OakumCacheEntry){0};
}

void oakum_cache_remote_free(OakumCacheRemote *remote)
{
  if (remote)
    remote->free(remote);
}
