/* A reader whose bytes are made by a thread of its own, a few buffers ahead of who reads them.
 * Their digest is computed by the one of the two that has the time; who waits for digests alone
 * makes bytes meanwhile. */
#include "base/thread.h"
#include "codec/codec-private.h"
#include <string.h>

/* 2 MiB: with less, one side waits for the other whenever files turn from small to large. */
#define SLOTS 8u
/* ISA-L copies 64 KiB of each call's output to and from a buffer of its own. */
#define SLOT (2 * OAKUM_IO_BUFFER)
/* What is only received or read needs less of both. */
#define PLAIN_SLOTS 4u
#define PLAIN_SLOT OAKUM_IO_BUFFER
/* A thread that is faster than who reads, as one that only reads a file, has the time for digests
 * with so many made. */
#define AHEAD 2u

typedef struct {
  guint8 *data;
  gssize len; /* 0: the end, -1: an error */
  GError *error;
} Slot;

typedef struct {
  OakumReader *below; /* the thread's */
  GMutex lock;
  GCond changed;
  guint n;     /* slots that there are */
  size_t room; /* bytes of each */
  Slot slots[SLOTS];
  guint64 made, taken;
  OakumHasher *hasher; /* NULL: no digest is asked for */
  char *expected;
  guint64 hashed;   /* slots; never less than were taken */
  gboolean hashing; /* the next of them, without the lock */
  gboolean filling; /* the next slot, without the lock */
  gboolean ended;   /* the last that was made is the end, or an error */
  gboolean spare;   /* all were made before they were taken, and nobody has waited since */
  gboolean stop;
  gboolean
      waits; /* one of the two, for the other: a signal that nobody awaits costs a system call */
  size_t at; /* in the slot that is being read; at its end it is still lent */
  GThread *thread;
} ThreadedReader;

/* With the lock held. */
static void await(ThreadedReader *r)
{
  r->waits = TRUE;
  g_cond_wait(&r->changed, &r->lock);
}

static void tell(ThreadedReader *r)
{
  if (r->waits)
    g_cond_signal(&r->changed);
  r->waits = FALSE;
}

/* With the lock held, which is given up meanwhile. */
static void hash_next(ThreadedReader *r)
{
  const Slot *slot = &r->slots[r->hashed % r->n];
  r->hashing = TRUE;
  g_mutex_unlock(&r->lock);
  if (slot->len > 0)
    oakum_hasher_update(r->hasher, slot->data, (size_t)slot->len);
  g_mutex_lock(&r->lock);
  r->hashing = FALSE;
  r->hashed++;
  tell(r);
}

/* With the lock held, which is given up meanwhile: makes the next buffer. */
static void fill_next(ThreadedReader *r)
{
  Slot *slot = &r->slots[r->made % r->n];
  r->filling = TRUE;
  g_mutex_unlock(&r->lock);
  /* whole buffers: what is below may give little at a time */
  gssize n = 0, len = 0;
  while (len < (gssize)r->room && (n = oakum_reader_read(r->below, slot->data + len,
                                                         r->room - (size_t)len, &slot->error)) > 0)
    len += n;
  if (len > 0) /* what failed or ended does so again */
    g_clear_error(&slot->error);
  slot->len = len > 0 ? len : n;
  g_mutex_lock(&r->lock);
  r->filling = FALSE;
  r->ended = slot->len <= 0;
  r->made++;
  tell(r);
}

static gboolean may_fill(const ThreadedReader *r)
{
  return !r->filling && !r->ended && r->made - r->taken < r->n;
}

static gboolean may_hash(const ThreadedReader *r)
{
  return r->hasher && !r->hashing && r->hashed < r->made;
}

static gpointer threaded_main(gpointer data)
{
  ThreadedReader *r = data;
  g_mutex_lock(&r->lock);
  while (!r->stop && !(r->ended && !may_hash(r))) {
    guint64 ready = r->made - r->taken;
    r->spare |= ready == r->n;
    if (may_hash(r) && ((r->spare && ready >= AHEAD) || r->ended))
      hash_next(r);
    else if (may_fill(r))
      fill_next(r);
    else
      await(r);
  }
  g_mutex_unlock(&r->lock);
  return NULL;
}

static gssize threaded_borrow(void *self, const void **data, size_t max, GError **error)
{
  ThreadedReader *r = self;
  g_mutex_lock(&r->lock);
  if (r->at > 0 && r->at == (size_t)r->slots[r->taken % r->n].len) {
    r->at = 0;
    r->taken++;
    tell(r);
  }
  while (r->made == r->taken || (r->hasher && r->hashed == r->taken)) {
    if (r->made == r->taken)
      r->spare = FALSE; /* to make them is what takes the time */
    if (may_hash(r))
      hash_next(r);
    else if (r->hashing && may_fill(r)) /* digests are: that thread shall do nothing else */
      fill_next(r);
    else
      await(r);
  }
  g_mutex_unlock(&r->lock);
  Slot *slot = &r->slots[r->taken % r->n];
  if (slot->len <= 0) { /* the last that there will be; who asks again is not let to by the stack */
    if (slot->error)
      g_propagate_error(error, g_steal_pointer(&slot->error));
    else if (r->hasher && !oakum_hasher_check(r->hasher, r->expected, error))
      return -1;
    return slot->len;
  }
  size_t n = MIN(max, (size_t)slot->len - r->at);
  *data = slot->data + r->at;
  r->at += n;
  return (gssize)n;
}

static void threaded_free(void *self)
{
  ThreadedReader *r = self;
  g_mutex_lock(&r->lock);
  r->stop = TRUE;
  tell(r);
  g_mutex_unlock(&r->lock);
  g_thread_join(r->thread);
  oakum_reader_free(r->below);
  for (guint i = 0; i < r->n; i++) {
    g_free(r->slots[i].data);
    g_clear_error(&r->slots[i].error);
  }
  oakum_hasher_free(r->hasher);
  g_free(r->expected);
  g_mutex_clear(&r->lock);
  g_cond_clear(&r->changed);
  g_free(r);
}

static OakumReader *reader_new(OakumReader *below, OakumHashKind kind, const char *hex)
{
  static const OakumReaderClass klass = {NULL, threaded_free, NULL, threaded_borrow};
  ThreadedReader *r = g_new0(ThreadedReader, 1);
  r->below = below;
  r->n = hex ? SLOTS : PLAIN_SLOTS;
  r->room = hex ? SLOT : PLAIN_SLOT;
  r->hasher = hex ? oakum_hasher_new(kind) : NULL;
  r->expected = g_strdup(hex);
  g_mutex_init(&r->lock);
  g_cond_init(&r->changed);
  for (guint i = 0; i < r->n; i++)
    r->slots[i].data = g_malloc(r->room);
  r->thread = oakum_thread_new("reader", threaded_main, r);
  return oakum_reader_new(&klass, r);
}

OakumReader *oakum_reader_new_threaded(OakumReader *below)
{
  return reader_new(below, OAKUM_HASH_SHA256, NULL);
}

OakumReader *oakum_reader_new_threaded_verify(OakumReader *below, OakumHashKind kind,
                                              const char *hex)
{
  return reader_new(below, kind, hex);
}
