/* The digest of a layer while it is sent, by a thread of its own: of a tar that is not compressed
 * nothing else takes as long. It looks at the slots of the ring, which nobody fills anew before it
 * has seen them. */
#include "base/thread.h"
#include "examine/examine-private.h"

struct ExamineDigest {
  const uint8_t *ring;
  char *expected;
  OakumHasher *hasher;
  GThread *thread;
  GMutex lock;
  GCond changed;
  uint32_t sizes[EXAMINE_SLOTS]; /* of what lies in each slot */
  uint64_t added, seen;          /* slots */
  guint first;                   /* in which the first of them lies */
  gboolean ended;
};

static gpointer look(gpointer data)
{
  ExamineDigest *digest = data;
  g_mutex_lock(&digest->lock);
  for (;;) {
    while (digest->seen == digest->added && !digest->ended)
      g_cond_wait(&digest->changed, &digest->lock);
    if (digest->seen == digest->added)
      break;
    const guint slot = (guint)((digest->first + digest->seen) % EXAMINE_SLOTS);
    g_mutex_unlock(&digest->lock);
    oakum_hasher_update(digest->hasher, digest->ring + (size_t)slot * EXAMINE_SLOT,
                        digest->sizes[slot]);
    g_mutex_lock(&digest->lock);
    digest->seen++;
    g_cond_signal(&digest->changed);
  }
  g_mutex_unlock(&digest->lock);
  return NULL;
}

ExamineDigest *oakum_examine_digest_new(const ExamineWorker *worker, const char *expected)
{
  ExamineDigest *digest = g_new0(ExamineDigest, 1);
  digest->ring = worker->ring;
  digest->first = worker->next;
  digest->expected = g_strdup(expected);
  digest->hasher = oakum_hasher_new(oakum_digest_kind(expected));
  g_mutex_init(&digest->lock);
  g_cond_init(&digest->changed);
  digest->thread = oakum_thread_new("digest", look, digest);
  return digest;
}

void oakum_examine_digest_room(ExamineDigest *digest)
{
  OAKUM_AUTO_LOCK(&digest->lock);
  while (digest->added - digest->seen == EXAMINE_SLOTS)
    g_cond_wait(&digest->changed, &digest->lock);
}

void oakum_examine_digest_add(ExamineDigest *digest, uint32_t len)
{
  OAKUM_AUTO_LOCK(&digest->lock);
  digest->sizes[(digest->first + digest->added) % EXAMINE_SLOTS] = len;
  digest->added++;
  g_cond_signal(&digest->changed);
}

/* Until all that was added is seen. */
static void join(ExamineDigest *digest)
{
  if (!digest->thread)
    return;
  g_mutex_lock(&digest->lock);
  digest->ended = TRUE;
  g_cond_signal(&digest->changed);
  g_mutex_unlock(&digest->lock);
  g_thread_join(g_steal_pointer(&digest->thread));
}

gboolean oakum_examine_digest_end(ExamineDigest *digest, OakumReader *rest, GError **error)
{
  const void *data;
  gssize n = 0;
  join(digest);
  while (rest && (n = oakum_reader_borrow(rest, &data, OAKUM_BORROW_MAX, error)) > 0)
    oakum_hasher_update(digest->hasher, data, (size_t)n);
  return n == 0 && oakum_hasher_check(digest->hasher, oakum_digest_hex(digest->expected), error);
}

void oakum_examine_digest_free(ExamineDigest *digest)
{
  if (!digest)
    return;
  join(digest);
  oakum_hasher_free(digest->hasher);
  g_mutex_clear(&digest->lock);
  g_cond_clear(&digest->changed);
  g_free(digest->expected);
  g_free(digest);
}
