/* The layers of a base image come into the store ahead of where they are unpacked, and each but
 * once, however many stages begin with it. */
#include "build/build-private.h"
#include <string.h>

struct OakumAhead {
  Build *build;
  const OakumImage *image;
  GMutex lock;
  GCond changed;
  guint ready; /* layers that are there */
  gboolean stop;
  GThread *thread;
};

/* Of two that want one blob the second waits. */
static void fetch_one(Build *build, const OakumImage *image, guint index)
{
  const OakumDescriptor *desc = image->manifest->layers->pdata[index];
  g_mutex_lock(&build->fetch_lock);
  while (g_hash_table_contains(build->fetching, desc->digest))
    g_cond_wait(&build->fetched, &build->fetch_lock);
  g_hash_table_add(build->fetching, desc->digest);
  g_mutex_unlock(&build->fetch_lock);
  oakum_reader_free(oakum_image_open_blob(image, index, NULL)); /* who unpacks it hears of errors */
  g_mutex_lock(&build->fetch_lock);
  g_hash_table_remove(build->fetching, desc->digest);
  g_cond_broadcast(&build->fetched);
  g_mutex_unlock(&build->fetch_lock);
}

static gpointer fetch_main(gpointer data)
{
  OakumAhead *ahead = data;
  for (guint i = 0; i < ahead->image->manifest->layers->len; i++) {
    gboolean stop = oakum_graph_cancelled(ahead->build->graph);
    if (!stop)
      fetch_one(ahead->build, ahead->image, i);
    OAKUM_AUTO_LOCK(&ahead->lock);
    ahead->ready = i + 1;
    g_cond_broadcast(&ahead->changed);
    if (ahead->stop)
      break;
  }
  return NULL;
}

OakumAhead *oakum_ahead_new(Build *build, const OakumImage *image)
{
  OakumAhead *ahead = g_new0(OakumAhead, 1);
  ahead->build = build;
  ahead->image = image;
  g_mutex_init(&ahead->lock);
  g_cond_init(&ahead->changed);
  if (image)
    ahead->thread = g_thread_new("fetch", fetch_main, ahead);
  return ahead;
}

void oakum_ahead_wait(OakumAhead *ahead, guint index)
{
  OAKUM_AUTO_LOCK(&ahead->lock);
  while (ahead->thread && index < ahead->image->manifest->layers->len && ahead->ready <= index)
    g_cond_wait(&ahead->changed, &ahead->lock);
}

void oakum_ahead_free(OakumAhead *ahead)
{
  if (!ahead)
    return;
  g_mutex_lock(&ahead->lock);
  ahead->stop = TRUE;
  g_mutex_unlock(&ahead->lock);
  if (ahead->thread)
    g_thread_join(ahead->thread);
  g_mutex_clear(&ahead->lock);
  g_cond_clear(&ahead->changed);
  g_free(ahead);
}
