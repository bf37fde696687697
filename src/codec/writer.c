#include "codec/codec.h"
#include <errno.h>
#include <unistd.h>

struct OakumWriter {
  const OakumWriterClass *klass;
  void *self;
};

OakumWriter *oakum_writer_new(const OakumWriterClass *klass, void *self)
{
  OakumWriter *writer = g_new(OakumWriter, 1);
  *writer = (OakumWriter){klass, self};
  return writer;
}

gboolean oakum_writer_write(OakumWriter *writer, const void *data, size_t len, GError **error)
{
  return len == 0 || writer->klass->write(writer->self, data, len, error);
}

gboolean oakum_writer_finish(OakumWriter *writer, GError **error)
{
  return writer->klass->finish(writer->self, error);
}

void oakum_writer_free(OakumWriter *writer)
{
  if (!writer)
    return;
  writer->klass->free(writer->self);
  g_free(writer);
}

/* ---- descriptor ---- */
typedef struct {
  int fd;
  gboolean own;
} FdWriter;

static gboolean fd_write(void *self, const void *data, size_t len, GError **error)
{
  FdWriter *writer = self;
  for (const char *at = data; len > 0;) {
    ssize_t n = write(writer->fd, at, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      oakum_error_errno(error, OAKUM_CODEC_ERROR, errno, "write");
      return FALSE;
    }
    at += n;
    len -= (size_t)n;
  }
  return TRUE;
}

static gboolean fd_finish(void *self, GError **error)
{
  return TRUE;
}

static void fd_free(void *self)
{
  FdWriter *writer = self;
  if (writer->own)
    close(writer->fd);
  g_free(writer);
}

OakumWriter *oakum_writer_new_fd(int fd, gboolean own_fd)
{
  static const OakumWriterClass klass = {fd_write, fd_finish, fd_free};
  FdWriter *writer = g_new(FdWriter, 1);
  *writer = (FdWriter){fd, own_fd};
  return oakum_writer_new(&klass, writer);
}

/* ---- memory ---- */
static gboolean memory_write(void *self, const void *data, size_t len, GError **error)
{
  GByteArray *into = self;
  if (len > G_MAXUINT - into->len) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT, "a buffer in memory would pass 4 GiB");
    return FALSE;
  }
  g_byte_array_append(into, data, (guint)len);
  return TRUE;
}

static void memory_free(void *self)
{
}

OakumWriter *oakum_writer_new_memory(GByteArray *into)
{
  static const OakumWriterClass klass = {memory_write, fd_finish, memory_free};
  return oakum_writer_new(&klass, into);
}

/* ---- count and hash ---- */
typedef struct {
  OakumWriter *below;
  uint64_t *count;
  OakumHasher *hasher;
  OakumProgress *progress;
} WatchWriter;

static gboolean watch_write(void *self, const void *data, size_t len, GError **error)
{
  WatchWriter *watch = self;
  if (!oakum_writer_write(watch->below, data, len, error))
    return FALSE;
  if (watch->count)
    *watch->count += len;
  if (watch->hasher)
    oakum_hasher_update(watch->hasher, data, len);
  oakum_progress_add(watch->progress, len);
  return TRUE;
}

static gboolean watch_finish(void *self, GError **error)
{
  return oakum_writer_finish(((WatchWriter *)self)->below, error);
}

static void watch_free(void *self)
{
  WatchWriter *watch = self;
  oakum_writer_free(watch->below);
  oakum_progress_end(watch->progress);
  oakum_progress_free(watch->progress);
  g_free(watch);
}

static OakumWriter *watch_new(OakumWriter *below, uint64_t *count, OakumHasher *hasher,
                              OakumProgress *progress)
{
  static const OakumWriterClass klass = {watch_write, watch_finish, watch_free};
  WatchWriter *watch = g_new(WatchWriter, 1);
  *watch = (WatchWriter){below, count, hasher, oakum_progress_ref(progress)};
  oakum_progress_begin(progress);
  return oakum_writer_new(&klass, watch);
}

OakumWriter *oakum_writer_new_count(OakumWriter *below, uint64_t *count)
{
  return watch_new(below, count, NULL, NULL);
}

OakumWriter *oakum_writer_new_hash(OakumWriter *below, OakumHasher *hasher)
{
  return watch_new(below, NULL, hasher, NULL);
}

OakumWriter *oakum_writer_new_progress(OakumWriter *below, OakumProgress *progress)
{
  return watch_new(below, NULL, NULL, progress);
}

gboolean oakum_stream_copy(OakumReader *reader, OakumWriter *writer, uint64_t *copied,
                           GError **error)
{
  g_autofree uint8_t *buffer = g_malloc(OAKUM_IO_BUFFER);
  gssize n;
  while ((n = oakum_reader_read(reader, buffer, OAKUM_IO_BUFFER, error)) > 0) {
    if (!oakum_writer_write(writer, buffer, (size_t)n, error))
      return FALSE;
    if (copied)
      *copied += (uint64_t)n;
  }
  return n == 0;
}
