/* The way of a layer's bytes: slots of memory that the holding side fills and the reading process
 * only sees. Nothing is copied for the way, who reads looks at the very bytes that were hashed, and
 * cannot change them: the memory is sealed against writing once this side has it. */
#include "examine/examine-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING_SIZE ((size_t)EXAMINE_SLOT * EXAMINE_SLOTS)
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

G_STATIC_ASSERT(EXAMINE_SLOTS % EXAMINE_FREED_AT_ONCE == 0);
/* A full ring always gives some back: fewer than that are read and not told. */
G_STATIC_ASSERT(EXAMINE_SLOTS >= 2 * EXAMINE_FREED_AT_ONCE);

/* ---- the side that holds the bytes
 * ---------------------------------------------------------------- */
gboolean oakum_examine_ring_make(ExamineJob *job, GError **error)
{
  if (job->ring)
    return TRUE;
  job->ring_fd = memfd_create("oakum-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  void *ring = MAP_FAILED;
  if (job->ring_fd >= 0 && ftruncate(job->ring_fd, (off_t)RING_SIZE) == 0)
    ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, job->ring_fd, 0);
  if (ring == MAP_FAILED || fcntl(job->ring_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "shared memory");
    return FALSE;
  }
  /* Linux before 5.1 does not know it: who was taken over could spoil what it is given itself */
  (void)!fcntl(job->ring_fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
  job->ring = ring;
  return TRUE;
}

void oakum_examine_ring_clear(ExamineJob *job)
{
  if (job->ring)
    munmap(job->ring, RING_SIZE);
  job->ring = NULL;
  oakum_fd_clear(&job->ring_fd);
}

/* What the other side has given back, as far as it says so. Whatever it says, this side only ever
 * writes to the ring. */
static gboolean take_back(ExamineWorker *worker)
{
  char some[EXAMINE_SLOTS];
  while (worker->lent == EXAMINE_SLOTS) {
    ssize_t n = read(worker->freed, some, sizeof(some));
    if (n == 0 || (n < 0 && errno != EINTR &&
                   !(errno == EAGAIN && oakum_examine_wait(worker, worker->freed, FALSE))))
      return FALSE;
    for (; n > 0 && worker->lent >= EXAMINE_FREED_AT_ONCE; n--)
      worker->lent -= EXAMINE_FREED_AT_ONCE;
  }
  return TRUE;
}

uint8_t *oakum_examine_slot(ExamineWorker *worker)
{
  return take_back(worker) ? worker->ring + (size_t)worker->next * EXAMINE_SLOT : NULL;
}

gboolean oakum_examine_lend(ExamineWorker *worker, uint32_t len)
{
  if (len > 0) {
    worker->next = (worker->next + 1) % EXAMINE_SLOTS;
    worker->lent++;
  }
  return oakum_examine_write(worker, &len, sizeof(len));
}

/* ---- the reading process
 * -------------------------------------------------------------------------- */
/* One ring a process: its place goes on from layer to layer. */
static struct {
  const uint8_t *bytes; /* NULL: there is none */
  guint next, unsaid;   /* slot that comes next; slots that are read and not given back */
} ring;

void oakum_examine_ring_see(void)
{
  void *bytes = mmap(NULL, RING_SIZE, PROT_READ, MAP_SHARED, EXAMINE_RING_FD, 0);
  ring.bytes = bytes != MAP_FAILED ? bytes : NULL;
  close(EXAMINE_RING_FD);
}

typedef struct {
  const uint8_t *at;
  uint32_t left;
  gboolean held, ended;
} RingReader;

static gboolean give_back(GError **error)
{
  if (++ring.unsaid < EXAMINE_FREED_AT_ONCE)
    return TRUE;
  ring.unsaid = 0;
  return oakum_write_all(EXAMINE_FREED_FD, "", 1, error);
}

static gboolean next_slot(RingReader *reader, GError **error)
{
  if (reader->held && !give_back(error))
    return FALSE;
  reader->held = FALSE;
  if (!oakum_examine_read_length(EXAMINE_SLOT, &reader->left, error))
    return FALSE;
  if (reader->left == 0) {
    reader->ended = TRUE;
    return TRUE;
  }
  if (!ring.bytes) {
    g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_IO, "there is no shared memory");
    return FALSE;
  }
  reader->at = ring.bytes + (size_t)ring.next * EXAMINE_SLOT;
  ring.next = (ring.next + 1) % EXAMINE_SLOTS;
  reader->held = TRUE;
  return TRUE;
}

static gssize ring_borrow(void *self, const void **data, size_t max, GError **error)
{
  RingReader *reader = self;
  if (!reader->ended && reader->left == 0 && !next_slot(reader, error))
    return -1;
  size_t n = MIN(max, reader->left);
  if (n > 0)
    *data = reader->at;
  reader->at += n;
  reader->left -= (uint32_t)n;
  return (gssize)n;
}

OakumReader *oakum_examine_ring_reader(void)
{
  static const OakumReaderClass klass = {NULL, g_free, NULL, ring_borrow};
  return oakum_reader_new(&klass, g_new0(RingReader, 1));
}
