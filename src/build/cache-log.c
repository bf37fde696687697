/* The steps of a build, kept for the caches that are told of them. */
#include "build/build-private.h"
#include <string.h>
#include <time.h>

typedef struct {
  char *key;
  OakumCacheEntry entry;
  int stage;
  gboolean run;
} Row;

struct OakumCacheLog {
  GMutex lock;
  GPtrArray *rows;    /* Row, each key once */
  GHashTable *known;  /* set of keys; borrowed */
  GHashTable *result; /* set of stages (number + 1); NULL: there is no result */
  OakumLayerPool *pool;
};

static void row_free(gpointer p)
{
  Row *row = p;
  g_free(row->key);
  oakum_cache_entry_clear(&row->entry);
  g_free(row);
}

OakumCacheLog *oakum_cache_log_new(void)
{
  OakumCacheLog *log = g_new0(OakumCacheLog, 1);
  g_mutex_init(&log->lock);
  log->rows = g_ptr_array_new_with_free_func(row_free);
  log->known = oakum_str_map_new(NULL, NULL);
  return log;
}

void oakum_cache_log_free(OakumCacheLog *log)
{
  if (!log)
    return;
  g_hash_table_unref(log->known);
  g_ptr_array_unref(log->rows);
  if (log->result)
    g_hash_table_unref(log->result);
  oakum_layer_pool_unref(log->pool);
  g_mutex_clear(&log->lock);
  g_free(log);
}

static void entry_copy(OakumCacheEntry *to, const OakumCacheEntry *from)
{
  to->layer = from->layer ? oakum_descriptor_copy(from->layer) : NULL;
  to->diff_id = g_strdup(from->diff_id);
  to->created = from->created;
}

void oakum_cache_log_add(OakumCacheLog *log, const char *key, const OakumCacheEntry *entry,
                         int stage, gboolean run)
{
  OAKUM_AUTO_LOCK(&log->lock);
  if (g_hash_table_contains(log->known, key))
    return;
  Row *row = g_new0(Row, 1);
  row->key = g_strdup(key);
  entry_copy(&row->entry, entry);
  row->stage = stage;
  row->run = run;
  g_ptr_array_add(log->rows, row);
  g_hash_table_add(log->known, row->key);
}

OakumLayerPool *oakum_cache_log_pool(OakumCacheLog *log, OakumStore *store)
{
  OAKUM_AUTO_LOCK(&log->lock);
  if (!log->pool)
    log->pool = oakum_layer_pool_new(store);
  return oakum_layer_pool_ref(log->pool);
}

static const OakumPlanStage *stage_of(const OakumPlan *plan, int index)
{
  for (guint i = 0; index >= 0 && i < plan->stages->len; i++)
    if (((const OakumPlanStage *)plan->stages->pdata[i])->stage == index)
      return plan->stages->pdata[i];
  return NULL;
}

void oakum_cache_log_result(OakumCacheLog *log, const OakumPlan *plan)
{
  OAKUM_AUTO_LOCK(&log->lock);
  if (!log->result)
    log->result = g_hash_table_new(NULL, NULL);
  const OakumPlanStage *stage = plan->stages->pdata[plan->stages->len - 1];
  for (; stage; stage = stage_of(plan, stage->base_stage)) /* a base comes before what needs it */
    g_hash_table_add(log->result, GINT_TO_POINTER(stage->stage + 1));
}

typedef struct {
  OakumBlobSource source;
  OakumLayerPool *pool;
} PoolSource;

static OakumReader *pool_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  return oakum_layer_pool_open(((PoolSource *)self)->pool, desc, error);
}

static char *pool_origin(OakumBlobSource *self, const OakumDescriptor *desc)
{
  return oakum_layer_pool_origin(((PoolSource *)self)->pool, desc);
}

/* FALSE: it failed. */
static gboolean send_row(OakumCacheRemote *remote, const Row *row, OakumBlobSource *layers,
                         uint64_t ttl_s, guint *told, GError **error)
{
  OakumCacheEntry known = {0};
  int there = remote->find(remote, row->key, &known, error);
  gboolean young = ttl_s == 0 || time(NULL) - known.created < (time_t)ttl_s;
  gboolean same = there == 1 && young && !known.layer == !row->entry.layer &&
                  (!known.layer || strcmp(known.layer->digest, row->entry.layer->digest) == 0);
  oakum_cache_entry_clear(&known);
  if (there < 0 || same)
    return there >= 0;
  if (!remote->store(remote, row->key, &row->entry, layers, error))
    return FALSE;
  ++*told;
  return TRUE;
}

gboolean oakum_cache_log_send(OakumCacheLog *log, OakumCacheRemote *remote, gboolean all,
                              uint64_t ttl_s, guint *told, GError **error)
{
  PoolSource source = {{pool_open, NULL, pool_origin}, log->pool};
  *told = 0;
  for (guint i = 0; i < log->rows->len; i++) {
    const Row *row = log->rows->pdata[i];
    if (row->run ? remote->no_runs : remote->no_copies)
      continue;
    if (!all && log->result && !g_hash_table_contains(log->result, GINT_TO_POINTER(row->stage + 1)))
      continue;
    if (!send_row(remote, row, &source.source, ttl_s, told, error))
      return FALSE;
  }
  return TRUE;
}
