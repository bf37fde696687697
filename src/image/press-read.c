/* One layer on its way into the file: its contents go there as they come, in whatever order layers
 * are read, and its entries wait in memory until it is their turn. */
#include "base/thread.h"
#include "image/press-private.h"
#include <string.h>

struct PressReading {
  OakumPress *press;
  OakumLayerOpen open;
  gpointer user;
  guint index;
  OakumTarReader *tar; /* of who reads */
  uint8_t *chunk;      /* small files, OAKUM_PRESS_CHUNK bytes; NULL: none is begun */
  size_t used;
  uint32_t chunk_block;
  GByteArray *made; /* entries that are not handed over */
  /* with the lock */
  GMutex lock;
  GCond changed;
  GByteArray *ready;
  gboolean ended, stop, turn; /* its entries are being applied */
  GError *error;
  GThread *thread; /* NULL: who asks for entries reads */
  /* of who applies */
  GByteArray *taken;
  size_t at;
  GArray *xattrs; /* OakumXattr, borrowed from `taken` */
  OakumTarEntry entry;
};

/* As it waits; path, link and attributes follow. */
typedef struct {
  OakumTarEntry entry; /* without what it points to */
  uint64_t content;
  uint32_t block;
} Record;
typedef struct {
  uint32_t name, value; /* bytes; the name with its NUL */
} RecordXattr;

/* ---- who reads
 * ------------------------------------------------------------------------------------ */
static gboolean end_chunk(PressReading *reading, GError **error)
{
  size_t used = reading->used;
  reading->used = 0;
  return used == 0 || oakum_press_write(reading->press, reading->chunk, used,
                                        (uint64_t)reading->chunk_block * OAKUM_EROFS_BLOCK, error);
}

static size_t in_blocks(uint64_t size)
{
  return (size_t)((size + OAKUM_EROFS_BLOCK - 1) / OAKUM_EROFS_BLOCK * OAKUM_EROFS_BLOCK);
}

/* Small files lie one behind the other in a chunk, which is written at once. */
static gboolean read_small(PressReading *reading, uint64_t size, Record *record, GError **error)
{
  size_t room = in_blocks(size), len = 0;
  const void *data;
  gssize n;
  if (reading->used + room > OAKUM_PRESS_CHUNK && !end_chunk(reading, error))
    return FALSE;
  if (reading->used == 0 &&
      !oakum_press_reserve(reading->press, OAKUM_PRESS_CHUNK, &reading->chunk_block, error))
    return FALSE;
  if (!reading->chunk)
    reading->chunk = g_malloc(OAKUM_PRESS_CHUNK);
  uint8_t *to = reading->chunk + reading->used;
  while ((n = oakum_tar_reader_borrow(reading->tar, &data, OAKUM_BORROW_MAX, error)) > 0) {
    record->content = oakum_content_hash(record->content, data, (size_t)n);
    memcpy(to + len, data, (size_t)n);
    len += (size_t)n;
  }
  memset(to + len, 0, room - len);
  record->block = reading->chunk_block + (uint32_t)(reading->used / OAKUM_EROFS_BLOCK);
  reading->used += room;
  return n == 0;
}

static gboolean read_large(PressReading *reading, uint64_t size, Record *record, GError **error)
{
  const void *data;
  gssize n;
  if (!oakum_press_reserve(reading->press, size, &record->block, error))
    return FALSE;
  uint64_t at = (uint64_t)record->block * OAKUM_EROFS_BLOCK;
  while ((n = oakum_tar_reader_borrow(reading->tar, &data, OAKUM_BORROW_MAX, error)) > 0) {
    record->content = oakum_content_hash(record->content, data, (size_t)n);
    if (!oakum_press_write(reading->press, data, (size_t)n, at, error))
      return FALSE;
    at += (uint64_t)n;
  }
  return n == 0;
}

static void add(GByteArray *to, const void *data, size_t len)
{
  if (len > 0)
    g_byte_array_append(to, data, (guint)len);
}

/* The next entry, behind those that are not handed over. > 0: one; 0: the end; < 0: an error. */
static int make_one(PressReading *reading, GError **error)
{
  const OakumTarEntry *entry;
  int more = oakum_tar_reader_next(reading->tar, &entry, error);
  if (more <= 0)
    return more == 0 && end_chunk(reading, error) ? 0 : -1;
  Record record = {.entry = *entry};
  const guint begin = reading->made->len;
  /* what it points to is good until its content is read */
  add(reading->made, &record, sizeof(record));
  add(reading->made, entry->path.data, entry->path.len);
  add(reading->made, entry->link.data, entry->link.len);
  for (size_t i = 0; i < entry->n_xattrs; i++) {
    const OakumXattr *xattr = &entry->xattrs[i];
    const RecordXattr sizes = {(uint32_t)strlen(xattr->name) + 1, (uint32_t)xattr->len};
    add(reading->made, &sizes, sizeof(sizes));
    add(reading->made, xattr->name, sizes.name);
    add(reading->made, xattr->value, sizes.value);
  }
  if (entry->type != OAKUM_TAR_FILE || entry->size == 0)
    return 1;
  uint64_t size = entry->size;
  if (!(size <= OAKUM_PRESS_SMALL ? read_small(reading, size, &record, error)
                                  : read_large(reading, size, &record, error)))
    return -1;
  memcpy(reading->made->data + begin, &record, sizeof(record));
  return 1;
}

/* Layers whose turn it is not are read ahead; of the one that is applied little need wait: an image
 * of one layer with a million names would hold as much here as all that is known of them. */
static guint may_wait(const PressReading *reading)
{
  return reading->turn ? OAKUM_PRESS_BATCH : OAKUM_PRESS_WAITING_MAX;
}

/* Hands over what is made; waits while much of it is not taken. FALSE: nobody wants more. */
static gboolean hand_over(PressReading *reading, gboolean ended, GError *error_taken)
{
  OAKUM_AUTO_LOCK(&reading->lock);
  while (reading->ready->len > may_wait(reading) && !reading->stop)
    g_cond_wait(&reading->changed, &reading->lock);
  add(reading->ready, reading->made->data, reading->made->len);
  g_byte_array_set_size(reading->made, 0);
  reading->ended = ended;
  reading->error = error_taken;
  g_cond_broadcast(&reading->changed);
  return !reading->stop;
}

static gpointer read_main(gpointer data)
{
  PressReading *reading = data;
  GError *error = NULL;
  OakumReader *layer = reading->open(reading->user, reading->index, &error);
  int more = layer ? 1 : -1;
  reading->tar = layer ? oakum_tar_reader_new(layer) : NULL;
  while (more > 0 && (more = make_one(reading, &error)) > 0)
    if (reading->made->len >= OAKUM_PRESS_BATCH && !hand_over(reading, FALSE, NULL))
      break;
  /* here: what a reader holds may go with the thread that opened it */
  g_clear_pointer(&reading->tar, oakum_tar_reader_free);
  (void)hand_over(reading, TRUE, error);
  return NULL;
}

PressReading *oakum_press_read(OakumPress *press, OakumLayerOpen open, gpointer user, guint index,
                               gboolean threaded)
{
  PressReading *reading = g_new0(PressReading, 1);
  reading->press = press;
  reading->open = open;
  reading->user = user;
  reading->index = index;
  reading->made = g_byte_array_new();
  reading->ready = g_byte_array_new();
  reading->taken = g_byte_array_new();
  reading->xattrs = g_array_new(FALSE, FALSE, sizeof(OakumXattr));
  g_mutex_init(&reading->lock);
  g_cond_init(&reading->changed);
  if (threaded)
    reading->thread = oakum_thread_new("layer", read_main, reading);
  return reading;
}

/* ---- who applies
 * ---------------------------------------------------------------------------------- */

/* FALSE: the end, or an error. */
static gboolean take_made(PressReading *reading, GError **error)
{
  OakumReader *layer;
  if (!reading->tar && (layer = reading->open(reading->user, reading->index, error)) != NULL)
    reading->tar = oakum_tar_reader_new(layer);
  if (!reading->tar || make_one(reading, error) <= 0)
    return FALSE;
  GByteArray *made = reading->made;
  reading->made = reading->taken;
  reading->taken = made;
  g_byte_array_set_size(reading->made, 0);
  return TRUE;
}

static gboolean take_ready(PressReading *reading, GError **error)
{
  OAKUM_AUTO_LOCK(&reading->lock);
  reading->turn = TRUE;
  while (reading->ready->len == 0 && !reading->ended)
    g_cond_wait(&reading->changed, &reading->lock);
  if (reading->ready->len == 0 && reading->error)
    g_propagate_error(error, g_steal_pointer(&reading->error));
  if (reading->ready->len == 0)
    return FALSE;
  GByteArray *ready = reading->ready;
  reading->ready = reading->taken;
  reading->taken = ready;
  g_byte_array_set_size(reading->ready, 0);
  g_cond_broadcast(&reading->changed);
  return TRUE;
}

static const uint8_t *step(PressReading *reading, size_t len)
{
  const uint8_t *at = reading->taken->data + reading->at;
  reading->at += len;
  return at;
}

int oakum_press_next(PressReading *reading, const OakumTarEntry **entry, uint32_t *block,
                     uint64_t *content, GError **error)
{
  GError *local = NULL;
  if (reading->at == reading->taken->len) {
    reading->at = 0;
    g_byte_array_set_size(reading->taken, 0);
    if (!(reading->thread ? take_ready(reading, &local) : take_made(reading, &local))) {
      if (local)
        g_propagate_error(error, local);
      return local ? -1 : 0;
    }
  }
  Record record;
  memcpy(&record, step(reading, sizeof(record)), sizeof(record));
  reading->entry = record.entry;
  reading->entry.path.data = step(reading, record.entry.path.len);
  reading->entry.link.data = step(reading, record.entry.link.len);
  g_array_set_size(reading->xattrs, 0);
  for (size_t i = 0; i < record.entry.n_xattrs; i++) {
    RecordXattr sizes;
    memcpy(&sizes, step(reading, sizeof(sizes)), sizeof(sizes));
    OakumXattr xattr = {(char *)(gpointer)step(reading, sizes.name), NULL, sizes.value};
    xattr.value = (gpointer)step(reading, sizes.value);
    g_array_append_val(reading->xattrs, xattr);
  }
  reading->entry.xattrs = (OakumXattr *)(gpointer)reading->xattrs->data;
  *entry = &reading->entry;
  *block = record.block;
  *content = record.content;
  return 1;
}

void oakum_press_reading_free(PressReading *reading)
{
  if (!reading)
    return;
  g_mutex_lock(&reading->lock);
  reading->stop = TRUE;
  g_cond_broadcast(&reading->changed);
  g_mutex_unlock(&reading->lock);
  if (reading->thread)
    g_thread_join(reading->thread);
  oakum_tar_reader_free(reading->tar);
  g_clear_error(&reading->error);
  g_mutex_clear(&reading->lock);
  g_cond_clear(&reading->changed);
  g_byte_array_unref(reading->made);
  g_byte_array_unref(reading->ready);
  g_byte_array_unref(reading->taken);
  g_array_unref(reading->xattrs);
  g_free(reading->chunk);
  g_free(reading);
}
