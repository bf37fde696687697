#include "codec/codec-private.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct OakumReader {
  const OakumReaderClass *klass;
  void *self;
  gboolean ended;
  GError *failed; /* sticky: after an error every read gives it again */
  uint8_t *lent;  /* OAKUM_IO_BUFFER; NULL: the class lends its own, or nobody borrowed */
};

OakumReader *oakum_reader_new(const OakumReaderClass *klass, void *self)
{
  OakumReader *reader = g_new0(OakumReader, 1);
  reader->klass = klass;
  reader->self = self;
  return reader;
}

/* What a class said, as the caller hears it. */
static gssize told(OakumReader *reader, gssize n, GError **error)
{
  if (n < 0 && error)
    *error = g_error_copy(reader->failed);
  if (n == 0)
    reader->ended = TRUE;
  return n;
}

gssize oakum_reader_read(OakumReader *reader, void *buffer, size_t len, GError **error)
{
  if (reader->failed)
    return told(reader, -1, error);
  if (reader->ended || len == 0)
    return 0;
  if (reader->klass->read)
    return told(reader, reader->klass->read(reader->self, buffer, len, &reader->failed), error);
  const void *data;
  gssize n = reader->klass->borrow(reader->self, &data, len, &reader->failed);
  if (n > 0)
    memcpy(buffer, data, (size_t)n);
  return told(reader, n, error);
}

gssize oakum_reader_borrow(OakumReader *reader, const void **data, size_t max, GError **error)
{
  *data = "";
  if (reader->failed)
    return told(reader, -1, error);
  if (reader->ended || max == 0)
    return 0;
  if (reader->klass->borrow)
    return told(reader, reader->klass->borrow(reader->self, data, max, &reader->failed), error);
  if (!reader->lent)
    reader->lent = g_malloc(OAKUM_IO_BUFFER);
  *data = reader->lent;
  return told(
      reader,
      reader->klass->read(reader->self, reader->lent, MIN(max, OAKUM_IO_BUFFER), &reader->failed),
      error);
}

uint64_t oakum_reader_skip(OakumReader *reader, uint64_t len)
{
  return reader->klass->skip && !reader->failed && !reader->ended
             ? reader->klass->skip(reader->self, len)
             : 0;
}

void oakum_reader_free(OakumReader *reader)
{
  if (!reader)
    return;
  reader->klass->free(reader->self);
  g_clear_error(&reader->failed);
  g_free(reader->lent);
  g_free(reader);
}

gboolean oakum_reader_drain(OakumReader *reader, GError **error)
{
  const void *data;
  gssize n;
  while ((n = oakum_reader_borrow(reader, &data, OAKUM_BORROW_MAX, error)) > 0)
    ;
  return n == 0;
}

gboolean oakum_reader_slurp(OakumReader *reader, uint64_t max, const char *what, char **data,
                            size_t *len, GError **error)
{
  g_autoptr(GByteArray) all = g_byte_array_new();
  g_autofree uint8_t *buffer = g_malloc(OAKUM_IO_BUFFER);
  gssize n;
  while ((n = oakum_reader_read(reader, buffer, OAKUM_IO_BUFFER, error)) > 0) {
    if ((uint64_t)n > max - all->len || all->len > G_MAXUINT - OAKUM_IO_BUFFER - 1) {
      g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT,
                  "%s: more than %" G_GUINT64_FORMAT " bytes", what, max);
      return FALSE;
    }
    g_byte_array_append(all, buffer, (guint)n);
  }
  if (n < 0)
    return FALSE;
  *len = all->len;
  g_byte_array_append(all, (const guint8 *)"", 1);
  *data = (char *)g_byte_array_free(g_steal_pointer(&all), FALSE);
  return TRUE;
}

/* ---- descriptor ---- */
typedef struct {
  int fd;
  gboolean own;
} FdReader;

static gssize fd_read(void *self, void *buffer, size_t len, GError **error)
{
  FdReader *reader = self;
  ssize_t n;
  do
    n = read(reader->fd, buffer, len);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    oakum_error_errno(error, OAKUM_CODEC_ERROR, errno, "read");
  return n;
}

/* A file that is there as far as its size says; what is no plain file has none. */
static uint64_t fd_skip(void *self, uint64_t len)
{
  const FdReader *reader = self;
  struct stat st;
  off_t at = lseek(reader->fd, 0, SEEK_CUR);
  if (at < 0 || fstat(reader->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= at)
    return 0;
  uint64_t n = MIN(len, (uint64_t)(st.st_size - at));
  return lseek(reader->fd, (off_t)n, SEEK_CUR) < 0 ? 0 : n;
}

static void fd_free(void *self)
{
  FdReader *reader = self;
  if (reader->own)
    close(reader->fd);
  g_free(reader);
}

OakumReader *oakum_reader_new_fd(int fd, gboolean own_fd)
{
  static const OakumReaderClass klass = {fd_read, fd_free, fd_skip};
  FdReader *reader = g_new(FdReader, 1);
  *reader = (FdReader){fd, own_fd};
  return oakum_reader_new(&klass, reader);
}

/* ---- memory ---- */
typedef struct {
  OakumSlice rest;
  GBytes *owner; /* NULL: borrowed */
} MemoryReader;

static gssize memory_borrow(void *self, const void **data, size_t max, GError **error)
{
  MemoryReader *reader = self;
  size_t n = MIN(max, reader->rest.len);
  if (n > 0)
    *data = reader->rest.data;
  reader->rest.data += n;
  reader->rest.len -= n;
  return (gssize)n;
}

static void memory_free(void *self)
{
  MemoryReader *reader = self;
  if (reader->owner)
    g_bytes_unref(reader->owner);
  g_free(reader);
}

static const OakumReaderClass memory_class = {NULL, memory_free, NULL, memory_borrow};

OakumReader *oakum_reader_new_memory(const void *data, size_t len)
{
  MemoryReader *reader = g_new0(MemoryReader, 1);
  reader->rest = (OakumSlice){data, len};
  return oakum_reader_new(&memory_class, reader);
}

OakumReader *oakum_reader_new_bytes(GBytes *bytes)
{
  MemoryReader *reader = g_new0(MemoryReader, 1);
  reader->owner = g_bytes_ref(bytes);
  reader->rest.data = g_bytes_get_data(bytes, &reader->rest.len);
  return oakum_reader_new(&memory_class, reader);
}

/* ---- count, hash, limit, verify: one reader that watches what passes ---- */
typedef struct {
  OakumReader *below;
  uint64_t *count;
  OakumHasher *hasher, *own_hasher;
  OakumProgress *progress;
  uint64_t seen, max;  /* max: UINT64_MAX without limit */
  OakumErrorCode over; /* what passing max means */
  char *what;          /* limit: names the stream */
  char *expected;      /* verify: hex digest or NULL */
  uint64_t size;       /* verify: UINT64_MAX when not known */
} WatchReader;

static gboolean watch_end(WatchReader *watch, GError **error)
{
  if (watch->size != UINT64_MAX && watch->seen != watch->size) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_DIGEST,
                "size mismatch: expected %" G_GUINT64_FORMAT " bytes, got %" G_GUINT64_FORMAT,
                watch->size, watch->seen);
    return FALSE;
  }
  return !watch->expected || oakum_hasher_check(watch->hasher, watch->expected, error);
}

/* `n` bytes came from below. */
static gssize watch_saw(WatchReader *watch, const void *data, gssize n, GError **error)
{
  if (n < 0)
    return -1;
  if (n == 0)
    return watch_end(watch, error) ? 0 : -1;
  if ((uint64_t)n > watch->max - watch->seen) {
    if (watch->over == OAKUM_ERROR_LIMIT)
      g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT,
                  "%s: more than %" G_GUINT64_FORMAT " bytes", watch->what, watch->max);
    else
      g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_DIGEST,
                  "size mismatch: expected %" G_GUINT64_FORMAT " bytes, got more", watch->max);
    return -1;
  }
  watch->seen += (uint64_t)n;
  if (watch->count)
    *watch->count += (uint64_t)n;
  if (watch->hasher)
    oakum_hasher_update(watch->hasher, data, (size_t)n);
  oakum_progress_add(watch->progress, (uint64_t)n);
  return n;
}

static gssize watch_read(void *self, void *buffer, size_t len, GError **error)
{
  WatchReader *watch = self;
  gssize n = oakum_reader_read(watch->below, buffer, len, error);
  return watch_saw(watch, buffer, n, error);
}

static gssize watch_borrow(void *self, const void **data, size_t max, GError **error)
{
  WatchReader *watch = self;
  gssize n = oakum_reader_borrow(watch->below, data, max, error);
  return watch_saw(watch, *data, n, error);
}

static void watch_free(void *self)
{
  WatchReader *watch = self;
  oakum_reader_free(watch->below);
  oakum_progress_end(watch->progress);
  oakum_progress_free(watch->progress);
  oakum_hasher_free(watch->own_hasher);
  g_free(watch->what);
  g_free(watch->expected);
  g_free(watch);
}

static const OakumReaderClass watch_class = {watch_read, watch_free, NULL, watch_borrow};

static WatchReader *watch_new(OakumReader *below)
{
  WatchReader *watch = g_new0(WatchReader, 1);
  watch->below = below;
  watch->max = watch->size = UINT64_MAX;
  watch->over = OAKUM_ERROR_LIMIT;
  return watch;
}

OakumReader *oakum_reader_new_count(OakumReader *below, uint64_t *count)
{
  WatchReader *watch = watch_new(below);
  watch->count = count;
  return oakum_reader_new(&watch_class, watch);
}

OakumReader *oakum_reader_new_progress(OakumReader *below, OakumProgress *progress)
{
  WatchReader *watch = watch_new(below);
  watch->progress = oakum_progress_ref(progress);
  oakum_progress_begin(progress);
  return oakum_reader_new(&watch_class, watch);
}

OakumReader *oakum_reader_new_hash(OakumReader *below, OakumHasher *hasher)
{
  WatchReader *watch = watch_new(below);
  watch->hasher = hasher;
  return oakum_reader_new(&watch_class, watch);
}

OakumReader *oakum_reader_new_limit(OakumReader *below, uint64_t max, const char *what)
{
  WatchReader *watch = watch_new(below);
  watch->max = max;
  watch->what = g_strdup(what);
  return oakum_reader_new(&watch_class, watch);
}

OakumReader *oakum_reader_new_verify(OakumReader *below, OakumHashKind kind, const char *hex,
                                     uint64_t size)
{
  WatchReader *watch = watch_new(below);
  watch->max = watch->size = size;
  watch->over = OAKUM_ERROR_DIGEST;
  if (hex) {
    watch->expected = g_strdup(hex);
    watch->hasher = watch->own_hasher = oakum_hasher_new(kind);
  }
  return oakum_reader_new(&watch_class, watch);
}

/* ---- read ahead ---- */
void oakum_read_ahead_init(OakumReadAhead *ahead, OakumReader *below)
{
  *ahead = (OakumReadAhead){.below = below, .data = (const uint8_t *)""};
}

void oakum_read_ahead_clear(OakumReadAhead *ahead)
{
  oakum_reader_free(ahead->below);
}

gboolean oakum_read_ahead_fill(OakumReadAhead *ahead, GError **error)
{
  if (ahead->at < ahead->end || ahead->eof)
    return TRUE;
  const void *data;
  gssize n = oakum_reader_borrow(ahead->below, &data, OAKUM_BORROW_MAX, error);
  if (n < 0)
    return FALSE;
  ahead->data = data;
  ahead->at = 0;
  ahead->end = (size_t)n;
  ahead->eof = n == 0;
  return TRUE;
}
