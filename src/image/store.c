#include "image/image-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct OakumStore {
  char *path;
  OakumLock *lock;
  int dir, tmp;
  GMutex fresh_lock;
  GHashTable *fresh; /* digest → Fresh */
};

/* A blob that was checked while this process wrote it: as long as the file is the very same it is
 * not checked again. */
typedef struct {
  dev_t dev;
  ino_t ino;
  off_t size;
  struct timespec changed;
} Fresh;

static Fresh fresh_of(const struct stat *st)
{
  return (Fresh){st->st_dev, st->st_ino, st->st_size, st->st_ctim};
}

static void note_fresh(OakumStore *store, const char *digest, int fd)
{
  struct stat st;
  if (fstat(fd, &st) < 0)
    return;
  Fresh fresh = fresh_of(&st);
  OAKUM_AUTO_LOCK(&store->fresh_lock);
  g_hash_table_replace(store->fresh, g_strdup(digest), g_memdup2(&fresh, sizeof(fresh)));
}

static gboolean is_fresh(OakumStore *store, const char *digest, const struct stat *st)
{
  Fresh now = fresh_of(st);
  OAKUM_AUTO_LOCK(&store->fresh_lock);
  const Fresh *fresh = g_hash_table_lookup(store->fresh, digest);
  return fresh && fresh->dev == now.dev && fresh->ino == now.ino && fresh->size == now.size &&
         fresh->changed.tv_sec == now.changed.tv_sec &&
         fresh->changed.tv_nsec == now.changed.tv_nsec;
}

static gboolean make_folder(const char *path, GError **error)
{
  if (g_mkdir_with_parents(path, 0700) == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "store %s", path);
  return FALSE;
}

char *oakum_store_find_path(const char *path)
{
  if (path && *path)
    return g_strdup(path);
  const char *named = g_getenv("OAKUM_STORE");
  return named && *named ? g_strdup(named)
                         : g_build_filename(g_get_user_cache_dir(), "oakum", "store", NULL);
}

/* Blobs are checked by their digests; which step gave which of them, and what a scan found in a
 * layer, is taken as it stands. */
static void doubt_owner(const OakumStore *store)
{
  struct stat st;
  if (fstat(store->dir, &st) == 0 && st.st_uid != 0 && st.st_uid != geteuid())
    oakum_warn("the store %s belongs to user %u, who can change what builds take from it and what "
               "scans remember; --store or OAKUM_STORE name another one",
               store->path, (unsigned)st.st_uid);
}

OakumStore *oakum_store_open(const char *path, GError **error)
{
  g_autoptr(OakumStore) store = g_new0(OakumStore, 1);
  store->dir = store->tmp = -1;
  g_mutex_init(&store->fresh_lock);
  store->fresh = oakum_str_map_new(g_free, g_free);
  store->path = oakum_store_find_path(path);
  static const char *const folders[] = {"tmp", "blobs/sha256", "blobs/sha512"};
  for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
    g_autofree char *folder = g_build_filename(store->path, folders[i], NULL);
    if (!make_folder(folder, error))
      return NULL;
  }
  g_autofree char *lock = g_build_filename(store->path, "lock", NULL);
  g_autofree char *tmp = g_build_filename(store->path, "tmp", NULL);
  if (!(store->lock = oakum_lock_take(lock, FALSE, TRUE, error)))
    return NULL;
  store->dir = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  store->tmp = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (store->dir < 0 || store->tmp < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "store %s", store->path);
    return NULL;
  }
  doubt_owner(store);
  return g_steal_pointer(&store);
}

const char *oakum_store_path(const OakumStore *store)
{
  return store->path;
}

int oakum_store_folder(const OakumStore *store)
{
  return store->dir;
}

void oakum_store_free(OakumStore *store)
{
  if (!store)
    return;
  oakum_fd_clear(&store->dir);
  oakum_fd_clear(&store->tmp);
  oakum_lock_free(store->lock);
  g_hash_table_unref(store->fresh);
  g_mutex_clear(&store->fresh_lock);
  g_free(store->path);
  g_free(store);
}

/* "blobs/sha256/<hex>"; the digest has been checked when the descriptor was read. */
static char *blob_name(const char *digest)
{
  return g_strdup_printf("blobs/%.6s/%s", digest, oakum_digest_hex(digest));
}

/* ---- reading ------------------------------------------------------------------------------------
 */
typedef struct {
  OakumReader *below;
  OakumStore *store;
  char *name;
} Checked;

static gssize checked_read(void *self, void *buffer, size_t len, GError **error)
{
  Checked *checked = self;
  g_autoptr(GError) local = NULL;
  gssize n = oakum_reader_read(checked->below, buffer, len, &local);
  if (n < 0) {
    if (local->code == OAKUM_ERROR_DIGEST) {
      (void)unlinkat(checked->store->dir, checked->name, 0);
      g_prefix_error(&local, "store %s: %s was damaged and has been removed; run again: ",
                     checked->store->path, checked->name);
    }
    g_propagate_error(error, g_steal_pointer(&local));
  }
  return n;
}

static void checked_free(void *self)
{
  Checked *checked = self;
  oakum_reader_free(checked->below);
  g_free(checked->name);
  g_free(checked);
}

typedef struct {
  OakumBlobSource source;
  OakumStore *store;
} StoreSource;

static OakumReader *source_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  OakumStore *store = ((StoreSource *)self)->store;
  g_autofree char *name = blob_name(desc->digest);
  int fd = openat(store->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "store %s: %s", store->path, desc->digest);
    return NULL;
  }
  struct stat st;
  if (fstat(fd, &st) == 0 && (uint64_t)st.st_size == desc->size &&
      is_fresh(store, desc->digest, &st))
    return oakum_reader_new_fd(fd, TRUE);
  (void)futimens(fd, NULL); /* gc goes by the time of last use */
  static const OakumReaderClass klass = {checked_read, checked_free};
  Checked *checked = g_new0(Checked, 1);
  checked->below =
      oakum_reader_new_verify(oakum_reader_new_fd(fd, TRUE), oakum_digest_kind(desc->digest),
                              oakum_digest_hex(desc->digest), desc->size);
  checked->store = store;
  checked->name = g_steal_pointer(&name);
  return oakum_reader_new(&klass, checked);
}

static void source_free(OakumBlobSource *self)
{
  g_free(self);
}

OakumBlobSource *oakum_store_source(OakumStore *store)
{
  StoreSource *source = g_new0(StoreSource, 1);
  source->source = (OakumBlobSource){source_open, source_free, NULL};
  source->store = store;
  return &source->source;
}

/* ---- writing
 * ------------------------------------------------------------------------------------- */
struct OakumStoreWriter {
  OakumStore *store;
  char *temp;
  int fd;
  OakumHasher *hasher;
  uint64_t size;
};

OakumStoreWriter *oakum_store_writer_new(OakumStore *store, GError **error)
{
  static gint serial;
  for (guint tries = 0; tries < 1000; tries++) {
    char *temp = g_strdup_printf("%d-%d", (int)getpid(), g_atomic_int_add(&serial, 1));
    int fd = openat(store->tmp, temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
      OakumStoreWriter *writer = g_new0(OakumStoreWriter, 1);
      writer->store = store;
      writer->temp = temp;
      writer->fd = fd;
      writer->hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
      return writer;
    }
    g_free(temp); /* left by a killed process that had our number */
    if (errno != EEXIST)
      break;
  }
  oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "store %s: temporary file", store->path);
  return NULL;
}

OakumWriter *oakum_store_writer_take(OakumStoreWriter *writer)
{
  return oakum_writer_new_count(
      oakum_writer_new_hash(oakum_writer_new_fd(writer->fd, FALSE), writer->hasher), &writer->size);
}

/* Nothing waits for the disk: what a machine that lost its power did not write is found by size or
 * digest, as all damage is, and fetched or made again. */
static gboolean settle(OakumStoreWriter *writer, const char *digest, GError **error)
{
  OakumStore *store = writer->store;
  g_autofree char *name = blob_name(digest);
  if (fchmod(writer->fd, 0400) < 0 || renameat(store->tmp, writer->temp, store->dir, name) < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "store %s: %s", store->path, digest);
    return FALSE;
  }
  g_clear_pointer(&writer->temp, g_free);
  note_fresh(store, digest, writer->fd);
  return TRUE;
}

OakumDescriptor *oakum_store_writer_commit(OakumStoreWriter *writer, const char *media_type,
                                           GError **error)
{
  g_autofree char *hex = oakum_hasher_hex(writer->hasher);
  g_autofree char *digest = g_strconcat("sha256:", hex, NULL);
  if (!settle(writer, digest, error))
    return NULL;
  return oakum_descriptor_new(media_type, digest, writer->size);
}

void oakum_store_writer_free(OakumStoreWriter *writer)
{
  if (!writer)
    return;
  if (writer->temp)
    (void)unlinkat(writer->store->tmp, writer->temp, 0);
  oakum_fd_clear(&writer->fd);
  oakum_hasher_free(writer->hasher);
  g_free(writer->temp);
  g_free(writer);
}

OakumDescriptor *oakum_store_put_bytes(OakumStore *store, const char *media_type, const void *data,
                                       size_t len, GError **error)
{
  g_autoptr(OakumStoreWriter) writer = oakum_store_writer_new(store, error);
  if (!writer)
    return NULL;
  g_autoptr(OakumWriter) stream = oakum_store_writer_take(writer);
  if (!oakum_writer_write(stream, data, len, error) || !oakum_writer_finish(stream, error))
    return NULL;
  return oakum_store_writer_commit(writer, media_type, error);
}

/* ---- both at once
 * -------------------------------------------------------------------------------- */
typedef struct {
  OakumReader *below;
  OakumStoreWriter *writer;
  char *digest;
} Tee;

static gssize tee_saw(Tee *tee, const void *data, gssize n, GError **error)
{
  if (n > 0 && !oakum_write_all(tee->writer->fd, data, (size_t)n, error))
    return -1;
  return n != 0 || settle(tee->writer, tee->digest, error) ? n : -1;
}

static gssize tee_read(void *self, void *buffer, size_t len, GError **error)
{
  Tee *tee = self;
  gssize n = oakum_reader_read(tee->below, buffer, len, error);
  return tee_saw(tee, buffer, n, error);
}

static gssize tee_borrow(void *self, const void **data, size_t max, GError **error)
{
  Tee *tee = self;
  gssize n = oakum_reader_borrow(tee->below, data, max, error);
  return tee_saw(tee, *data, n, error);
}

static void tee_free(void *self)
{
  Tee *tee = self;
  oakum_reader_free(tee->below);
  oakum_store_writer_free(tee->writer);
  g_free(tee->digest);
  g_free(tee);
}

OakumReader *oakum_store_tee(OakumStore *store, const OakumDescriptor *desc, OakumReader *reader,
                             GError **error)
{
  static const OakumReaderClass klass = {tee_read, tee_free, NULL, tee_borrow};
  g_autoptr(OakumReader) below = reader;
  OakumStoreWriter *writer = oakum_store_writer_new(store, error);
  if (!writer)
    return NULL;
  Tee *tee = g_new0(Tee, 1);
  tee->below = g_steal_pointer(&below);
  tee->writer = writer;
  tee->digest = g_strdup(desc->digest);
  return oakum_reader_new(&klass, tee);
}

typedef struct {
  OakumBlobSink sink;
  OakumStore *store;
} StoreSink;

static int sink_has(OakumBlobSink *self, const OakumDescriptor *desc, GError **error)
{
  OakumStore *store = ((StoreSink *)self)->store;
  g_autofree char *name = blob_name(desc->digest);
  struct stat st;
  if (fstatat(store->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
    if ((uint64_t)st.st_size == desc->size) {
      if (!is_fresh(store, desc->digest, &st))
        (void)utimensat(store->dir, name, NULL, AT_SYMLINK_NOFOLLOW);
      return 1;
    }
    (void)unlinkat(store->dir, name, 0);
  }
  return 0;
}

static gboolean sink_put(OakumBlobSink *self, const OakumDescriptor *desc, OakumReader *reader,
                         GError **error)
{
  OakumStore *store = ((StoreSink *)self)->store;
  g_autoptr(OakumStoreWriter) writer = oakum_store_writer_new(store, error);
  if (!writer)
    return FALSE;
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(oakum_digest_kind(desc->digest));
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  uint64_t size = 0;
  gssize n;
  while ((n = oakum_reader_read(reader, buffer, OAKUM_IO_BUFFER, error)) > 0) {
    oakum_hasher_update(hasher, buffer, (size_t)n);
    size += (uint64_t)n;
    if (size > desc->size)
      break;
    if (!oakum_write_all(writer->fd, buffer, (size_t)n, error))
      return FALSE;
  }
  if (n < 0)
    return FALSE;
  g_autofree char *hex = oakum_hasher_hex(hasher);
  if (size != desc->size || strcmp(hex, oakum_digest_hex(desc->digest)) != 0) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_DIGEST,
                "blob %s: expected %" G_GUINT64_FORMAT
                " bytes of that digest, got %s%" G_GUINT64_FORMAT " of %s",
                desc->digest, desc->size, size > desc->size ? "more than " : "",
                MIN(size, desc->size), hex);
    return FALSE;
  }
  return settle(writer, desc->digest, error);
}

static void sink_free(OakumBlobSink *self)
{
  g_free(self);
}

OakumBlobSink *oakum_store_sink(OakumStore *store)
{
  StoreSink *sink = g_new0(StoreSink, 1);
  sink->sink = (OakumBlobSink){sink_has, sink_put, sink_free};
  sink->store = store;
  return &sink->sink;
}
