/* Layers that pass by: a build writes them, or unpacks those of its base. */
#include "examine/examine-private.h"
#include <string.h>

struct OakumExamineWatch {
  OakumExamineCache *cache;
};

struct OakumExaminePassing {
  OakumExamineWatch *watch;
  ExamineJob job;
  ExamineWorker worker;
  guint8 *slot; /* a writer of tar gives little at a time; NULL: none is begun */
  uint32_t used;
  gboolean begun; /* bytes came: many steps write nothing, and take no process */
  gboolean lost;
};

OakumExamineWatch *oakum_examine_watch_new(OakumExamineCache *cache)
{
  OakumExamineWatch *watch = g_new0(OakumExamineWatch, 1);
  watch->cache = cache;
  return watch;
}

void oakum_examine_watch_free(OakumExamineWatch *watch)
{
  g_free(watch);
}

/* Whether something hangs on a lower layer is found out by who applies it. */
static gboolean start(OakumExaminePassing *layer)
{
  ExamineLayer one = {0};
  g_autoptr(GPtrArray) layers = g_ptr_array_new();
  layer->begun = TRUE;
  oakum_examine_job_init(&layer->job, "layer", 1);
  memcpy(layer->job.key, oakum_examine_cache_key(layer->watch->cache), OAKUM_HASH_KEY);
  g_autofree char *hex = oakum_examine_key_hex(&layer->job);
  g_autofree char *secrets = g_strdup(oakum_inspect_secret_text());
  g_ptr_array_add(layers, &one);
  ExamineOrder order = {.key = hex,
                        .secrets = secrets,
                        .layers = layers,
                        .skip = layer->job.skip,
                        .checks = oakum_examine_cache_checks(layer->watch->cache)};
  return oakum_examine_start(&layer->worker, &layer->job, NULL) &&
         oakum_examine_send_order(&layer->worker, &order);
}

OakumExaminePassing *oakum_examine_watch_begin(OakumExamineWatch *watch, const char *diff_id)
{
  if (diff_id && oakum_examine_cache_has(watch->cache, diff_id))
    return NULL;
  OakumExaminePassing *layer = g_new0(OakumExaminePassing, 1);
  layer->watch = watch;
  layer->worker = (ExamineWorker){.input = -1, .result = -1, .freed = -1};
  /* A process goes with the thread that started it: one that only reads ahead ends too early. */
  if (diff_id)
    layer->lost = !start(layer);
  return layer;
}

static void flush(OakumExaminePassing *layer)
{
  if (layer->used > 0 && !layer->lost)
    layer->lost = !oakum_examine_lend(&layer->worker, layer->used);
  layer->slot = NULL;
  layer->used = 0;
}

void oakum_examine_watch_bytes(OakumExaminePassing *layer, const void *data, size_t len)
{
  if (!layer->begun && len > 0)
    layer->lost = !start(layer);
  for (const guint8 *at = data; len > 0 && !layer->lost;) {
    if (!layer->slot)
      layer->slot = oakum_examine_slot(&layer->worker);
    if (!layer->slot) {
      layer->lost = TRUE;
      break;
    }
    size_t n = MIN(len, EXAMINE_SLOT - layer->used);
    memcpy(layer->slot + layer->used, at, n);
    layer->used += (uint32_t)n;
    at += n;
    len -= n;
    if (layer->used == EXAMINE_SLOT)
      flush(layer);
  }
}

static gboolean take(OakumExaminePassing *layer, const char *diff_id)
{
  g_autoptr(OakumLayerNotes) notes = NULL;
  flush(layer);
  if (layer->lost || !oakum_examine_lend(&layer->worker, 0) ||
      oakum_examine_receive(&layer->job, &layer->worker, &notes, NULL) != EXAMINE_CAME)
    return FALSE;
  /* what a layer wants to be read again for is not all that it is */
  return notes->again->len == 0 && oakum_examine_cache_put(layer->watch->cache, diff_id, notes,
                                                           oakum_examine_took(&layer->job));
}

void oakum_examine_watch_end(OakumExaminePassing *layer, const char *diff_id)
{
  if (layer->begun && !layer->lost && diff_id && take(layer, diff_id)) {
    oakum_examine_cache_lock(layer->watch->cache)->watched++;
    oakum_examine_cache_unlock(layer->watch->cache);
  }
  if (layer->begun) {
    oakum_examine_worker_clear(&layer->worker);
    oakum_examine_job_clear(&layer->job);
  }
  g_free(layer);
}
