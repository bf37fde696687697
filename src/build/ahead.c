/* The layers of a base image come into the store ahead of where they are unpacked, and each but
 * once, however many stages begin with it. The first is unpacked as it comes. */
#include "base/thread.h"
#include "build/build-private.h"
#include <string.h>

struct OakumAhead {
  Build *build;
  const OakumImage *image;
  GMutex lock;
  GCond changed;
  guint ready;   /* layers that are there, or are read by who unpacks them */
  GError *error; /* why the next one is not, and none behind it */
  GError *wrong; /* the first was not what was asked for */
  gboolean stop;
  GThread *thread;
};

void oakum_build_claim(Build *build, const char *key)
{
  OAKUM_AUTO_LOCK(&build->fetch_lock);
  while (g_hash_table_contains(build->fetching, key))
    g_cond_wait(&build->fetched, &build->fetch_lock);
  g_hash_table_add(build->fetching, (gpointer)key);
}

void oakum_build_release(Build *build, const char *key)
{
  OAKUM_AUTO_LOCK(&build->fetch_lock);
  g_hash_table_remove(build->fetching, key);
  g_cond_broadcast(&build->fetched);
}

static gboolean fetch_one(Build *build, const OakumImage *image, guint index, GError **error)
{
  const OakumDescriptor *desc = image->manifest->layers->pdata[index];
  oakum_build_claim(build, desc->digest);
  gboolean ok = oakum_image_fetch_blob(image, index, error);
  oakum_build_release(build, desc->digest);
  return ok;
}

static gpointer fetch_main(gpointer data)
{
  OakumAhead *ahead = data;
  gboolean more = TRUE;
  for (guint i = 1; more && i < ahead->image->manifest->layers->len; i++) {
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
  ahead->ready = 1;
  g_mutex_init(&ahead->lock);
  g_cond_init(&ahead->changed);
  if (image && image->manifest->layers->len > 1)
    ahead->thread = oakum_thread_new("fetch", fetch_main, ahead);
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

/* ---- the first
 * ------------------------------------------------------------------------------------ */
typedef struct {
  OakumReader *below;
  OakumAhead *ahead;
  const char *digest; /* of the image's */
  gboolean ended;
} First;

static gssize first_read(void *self, void *buffer, size_t len, GError **error)
{
  First *first = self;
  gssize n = oakum_reader_read(first->below, buffer, len, error);
  first->ended |= n <= 0;
  return n;
}

/* What unpacks a blob gives up at the first wrong byte, long before its end, where the digest would
 * have told that they are not the bytes that were asked for. */
static void first_free(void *self)
{
  First *first = self;
  OakumAhead *ahead = first->ahead;
  g_autoptr(GError) error = NULL;
  if (!first->ended && oakum_graph_go_on(ahead->build->graph, NULL) &&
      !oakum_reader_drain(first->below, &error) && error->code == OAKUM_ERROR_DIGEST)
    ahead->wrong = g_steal_pointer(&error);
  oakum_reader_free(first->below);
  oakum_build_release(ahead->build, first->digest);
  g_free(first);
}

OakumReader *oakum_ahead_open_first(OakumAhead *ahead, GError **error)
{
  static const OakumReaderClass klass = {first_read, first_free};
  const OakumDescriptor *desc = ahead->image->manifest->layers->pdata[0];
  oakum_build_claim(ahead->build, desc->digest);
  OakumReader *blob = oakum_image_open_blob(ahead->image, 0, error);
  if (!blob) {
    oakum_build_release(ahead->build, desc->digest);
    return NULL;
  }
  First *first = g_new0(First, 1);
  *first = (First){blob, ahead, desc->digest, FALSE};
  OakumReader *reader = oakum_reader_new(&klass, first);
  if (ahead->build->options->threads > 1) /* one receives, another inflates */
    reader = oakum_reader_new_threaded(reader);
  return reader;
}

void oakum_ahead_blame(OakumAhead *ahead, GError **error)
{
  if (!ahead->wrong)
    return;
  g_clear_error(error);
  g_propagate_error(error, g_steal_pointer(&ahead->wrong));
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
  g_clear_error(&ahead->wrong);
  g_mutex_clear(&ahead->lock);
  g_cond_clear(&ahead->changed);
  g_free(ahead);
}
