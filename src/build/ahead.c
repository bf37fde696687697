/* The layers of a base image come into the store ahead of where they are unpacked, and each but
 * once, however many stages begin with it. */
#include "build/build-private.h"
#include <string.h>

struct OakumAhead {
  Build *build;
  const OakumImage *image;
  GMutex lock;
  GCond changed;
  guint ready;   /* layers that are there */
  GError *error; /* why the next one is not, and none behind it */
  gboolean stop;
  GThread *thread;
};

/* Of two that want one blob the second waits. */
static gboolean fetch_one(Build *build, const OakumImage *image, guint index, GError **error)
{
  const OakumDescriptor *desc = image->manifest->layers->pdata[index];
  g_mutex_lock(&build->fetch_lock);
  while (g_hash_table_contains(build->fetching, desc->digest))
    g_cond_wait(&build->fetched, &build->fetch_lock);
  g_hash_table_add(build->fetching, desc->digest);
  g_mutex_unlock(&build->fetch_lock);
  OakumReader *blob = oakum_image_open_blob(image, index, error);
  oakum_reader_free(blob);
  g_mutex_lock(&build->fetch_lock);
  g_hash_table_remove(build->fetching, desc->digest);
  g_cond_broadcast(&build->fetched);
  g_mutex_unlock(&build->fetch_lock);
  return blob != NULL;
}

static gpointer fetch_main(gpointer data)
{
  OakumAhead *ahead = data;
  gboolean more = TRUE;
  for (guint i = 0; more && i < ahead->image->manifest->layers->len; i++) {
    GError *error = NULL;
    more = oakum_graph_go_on(ahead->build->graph, &error) &&
           fetch_one(ahead->build, ahead->image, i, &error);
    OAKUM_AUTO_LOCK(&ahead->lock);
    if (more)
      ahead->ready = i + 1;
    ahead->error = error;
    g_cond_broadcast(&ahead->changed);
    more = more && !ahead->stop;
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

gboolean oakum_ahead_wait(OakumAhead *ahead, guint index, GError **error)
{
  OAKUM_AUTO_LOCK(&ahead->lock);
  if (!ahead->thread || index >= ahead->image->manifest->layers->len)
    return TRUE;
  while (ahead->ready <= index && !ahead->error)
    g_cond_wait(&ahead->changed, &ahead->lock);
  if (ahead->ready > index)
    return TRUE;
  g_propagate_error(error, g_error_copy(ahead->error));
  return FALSE;
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
  g_clear_error(&ahead->error);
  g_mutex_clear(&ahead->lock);
  g_cond_clear(&ahead->changed);
  g_free(ahead);
}
