/* Somebody looks on while layers pass by (OakumLayerWatch). Who looks on changes nothing: bytes go
 * on as they are. */
#include "build/build-private.h"

typedef struct {
  OakumReader *below;
  const OakumLayerWatch *watch;
  gpointer layer;
  char *diff_id;
  gboolean whole;
} WatchedReader;

static gssize saw(WatchedReader *reader, const void *data, gssize n)
{
  if (n > 0)
    reader->watch->bytes(reader->layer, data, (size_t)n);
  reader->whole |= n == 0; /* what is below has checked the diff ID */
  return n;
}

static gssize reader_read(void *self, void *buffer, size_t len, GError **error)
{
  WatchedReader *reader = self;
  return saw(reader, buffer, oakum_reader_read(reader->below, buffer, len, error));
}

static gssize reader_borrow(void *self, const void **data, size_t max, GError **error)
{
  WatchedReader *reader = self;
  gssize n = oakum_reader_borrow(reader->below, data, max, error);
  return saw(reader, *data, n);
}

static void reader_free(void *self)
{
  WatchedReader *reader = self;
  oakum_reader_free(reader->below);
  reader->watch->end(reader->layer, reader->whole ? reader->diff_id : NULL);
  g_free(reader->diff_id);
  g_free(reader);
}

OakumReader *oakum_watch_reader(const Build *build, const Stage *stage, OakumReader *below,
                                const char *diff_id)
{
  static const OakumReaderClass klass = {reader_read, reader_free, NULL, reader_borrow};
  OakumLayerWatch *watch = stage->watched && below ? build->options->watch : NULL;
  gpointer layer = watch ? watch->begin(watch, diff_id) : NULL;
  if (!layer)
    return below;
  WatchedReader *reader = g_new(WatchedReader, 1);
  *reader = (WatchedReader){below, watch, layer, g_strdup(diff_id), FALSE};
  return oakum_reader_new(&klass, reader);
}

typedef struct {
  OakumWriter *below;
  const OakumLayerWatch *watch;
  gpointer layer;
} WatchedWriter;

static gboolean writer_write(void *self, const void *data, size_t len, GError **error)
{
  WatchedWriter *writer = self;
  writer->watch->bytes(writer->layer, data, len);
  return oakum_writer_write(writer->below, data, len, error);
}

static gboolean writer_finish(void *self, GError **error)
{
  return oakum_writer_finish(((WatchedWriter *)self)->below, error);
}

static void writer_free(void *self)
{
  oakum_writer_free(((WatchedWriter *)self)->below);
  g_free(self);
}

OakumWriter *oakum_watch_writer(const Build *build, gpointer layer, OakumWriter *below)
{
  static const OakumWriterClass klass = {writer_write, writer_finish, writer_free};
  if (!layer)
    return below;
  WatchedWriter *writer = g_new(WatchedWriter, 1);
  *writer = (WatchedWriter){below, build->options->watch, layer};
  return oakum_writer_new(&klass, writer);
}

void oakum_watch_mark(Build *build)
{
  const GPtrArray *stages = build->plan->stages;
  const OakumPlanStage *last = stages->pdata[stages->len - 1];
  for (int at = last->stage; build->options->watch && at >= 0;) {
    build->stages[at]->watched = TRUE;
    int base = -1;
    for (guint i = 0; i < stages->len; i++)
      if (((const OakumPlanStage *)stages->pdata[i])->stage == at)
        base = ((const OakumPlanStage *)stages->pdata[i])->base_stage;
    at = base < at ? base : -1;
  }
}
