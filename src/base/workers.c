#include "base/thread.h"
#include <sched.h>

typedef struct {
  GThreadFunc work;
  gpointer data;
  const char *prefix;
} Start;

static gpointer thread_main(gpointer data)
{
  G_GNUC_UNUSED g_autofree Start *start = data;
  oakum_log_set_prefix(start->prefix);
  return start->work(start->data);
}

GThread *oakum_thread_new(const char *name, GThreadFunc work, gpointer data)
{
  Start *start = g_new(Start, 1);
  *start = (Start){work, data, oakum_log_prefix()};
  return g_thread_new(name, thread_main, start);
}

/* A ring of slots: `head` is the next to pop, `next` the next to be taken by a thread, `tail` the
 * next free one. Each counter only grows; a slot's place is the counter modulo the capacity, so
 * results leave in input order. */
typedef struct {
  gpointer item, result;
  gboolean done;
} Slot;

struct OakumWorkers {
  GMutex lock;
  GCond changed;
  Slot *slots;
  guint capacity;
  guint64 head, next, tail;
  gboolean closing;
  GThread **threads;
  guint n_threads;
  OakumWorkFunc work;
  gpointer user;
};

static gpointer worker_main(gpointer data)
{
  OakumWorkers *workers = data;
  g_mutex_lock(&workers->lock);
  for (;;) {
    while (!workers->closing && workers->next == workers->tail)
      g_cond_wait(&workers->changed, &workers->lock);
    if (workers->next == workers->tail)
      break;
    Slot *slot = &workers->slots[workers->next++ % workers->capacity];
    gpointer item = slot->item;
    g_mutex_unlock(&workers->lock);
    gpointer result = workers->work(item, workers->user);
    g_mutex_lock(&workers->lock);
    slot->result = result;
    slot->done = TRUE;
    g_cond_broadcast(&workers->changed);
  }
  g_mutex_unlock(&workers->lock);
  return NULL;
}

OakumWorkers *oakum_workers_new(guint threads, guint queue, OakumWorkFunc work, gpointer user)
{
  OakumWorkers *workers = g_new0(OakumWorkers, 1);
  g_mutex_init(&workers->lock);
  g_cond_init(&workers->changed);
  workers->capacity = MAX(queue, 1);
  workers->slots = g_new0(Slot, workers->capacity);
  workers->work = work;
  workers->user = user;
  workers->n_threads = CLAMP(threads, 1, OAKUM_THREADS_MAX);
  workers->threads = g_new0(GThread *, workers->n_threads);
  for (guint i = 0; i < workers->n_threads; i++)
    workers->threads[i] = oakum_thread_new("oakum-worker", worker_main, workers);
  return workers;
}

void oakum_workers_push(OakumWorkers *workers, gpointer item)
{
  g_mutex_lock(&workers->lock);
  while (workers->tail - workers->head == workers->capacity)
    g_cond_wait(&workers->changed, &workers->lock);
  workers->slots[workers->tail++ % workers->capacity] = (Slot){.item = item};
  g_cond_broadcast(&workers->changed);
  g_mutex_unlock(&workers->lock);
}

gboolean oakum_workers_pop(OakumWorkers *workers, gpointer *result)
{
  OAKUM_AUTO_LOCK(&workers->lock);
  if (workers->head == workers->tail)
    return FALSE;
  Slot *slot = &workers->slots[workers->head % workers->capacity];
  while (!slot->done)
    g_cond_wait(&workers->changed, &workers->lock);
  *result = slot->result;
  workers->head++;
  g_cond_broadcast(&workers->changed);
  return TRUE;
}

guint oakum_workers_pending(OakumWorkers *workers)
{
  OAKUM_AUTO_LOCK(&workers->lock);
  return (guint)(workers->tail - workers->head);
}

void oakum_workers_free(OakumWorkers *workers, GDestroyNotify result_free)
{
  if (!workers)
    return;
  gpointer result;
  while (oakum_workers_pop(workers, &result))
    if (result_free)
      result_free(result);
  g_mutex_lock(&workers->lock);
  workers->closing = TRUE;
  g_cond_broadcast(&workers->changed);
  g_mutex_unlock(&workers->lock);
  for (guint i = 0; i < workers->n_threads; i++)
    g_thread_join(workers->threads[i]);
  g_cond_clear(&workers->changed);
  g_mutex_clear(&workers->lock);
  g_free(workers->threads);
  g_free(workers->slots);
  g_free(workers);
}

guint oakum_cpu_count(void)
{
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return CLAMP((guint)MAX(n, 1), 1, OAKUM_THREADS_MAX);
}
