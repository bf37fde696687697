/* OCI image layout 1.0.0 (image-layout.md) in a folder. */
#include "image/image-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

typedef struct {
  OakumBlobSource source;
  int dir;
} FolderSource;

static OakumReader *folder_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  g_autofree char *name =
      g_strdup_printf("blobs/%.6s/%s", desc->digest, oakum_digest_hex(desc->digest));
  int fd = oakum_root_open(((FolderSource *)self)->dir, name, O_RDONLY | O_NONBLOCK, 0,
                           OAKUM_ROOT_NO_SYMLINKS | OAKUM_ROOT_NOFOLLOW_LAST, error);
  if (fd < 0)
    return NULL;
  return oakum_reader_new_verify(oakum_reader_new_fd(fd, TRUE), oakum_digest_kind(desc->digest),
                                 oakum_digest_hex(desc->digest), desc->size);
}

static void folder_free(OakumBlobSource *self)
{
  oakum_fd_clear(&((FolderSource *)self)->dir);
  g_free(self);
}

OakumBlobSource *oakum_layout_source(const char *folder, GError **error)
{
  FolderSource *source = g_new0(FolderSource, 1);
  source->source = (OakumBlobSource){folder_open, folder_free, NULL};
  source->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (source->dir >= 0)
    return &source->source;
  oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s", folder);
  g_free(source);
  return NULL;
}

static OakumManifest *read_manifest(OakumBlobSource *source, const OakumDescriptor *desc,
                                    GError **error)
{
  if (desc->size > OAKUM_MANIFEST_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT,
                "manifest %s: %" G_GUINT64_FORMAT " bytes", desc->digest, desc->size);
    return NULL;
  }
  g_autoptr(OakumReader) reader = source->open(source, desc, error);
  char *data = NULL;
  size_t len = 0;
  if (!reader || !oakum_reader_slurp(reader, OAKUM_MANIFEST_MAX, "manifest", &data, &len, error))
    return NULL;
  g_autoptr(GBytes) raw = g_bytes_new_take(data, len);
  return oakum_manifest_parse(raw, desc->media_type, error);
}

static const char *ref_name(const OakumDescriptor *desc)
{
  return desc->annotations ? g_hash_table_lookup(desc->annotations, OAKUM_REF_NAME) : NULL;
}

const char *oakum_descriptor_called(const OakumDescriptor *desc)
{
  return desc->annotations ? g_hash_table_lookup(desc->annotations, OAKUM_IMAGE_NAME) : NULL;
}

static const OakumDescriptor *by_tag(const OakumManifest *index, const char *tag, GError **error)
{
  for (guint i = 0; i < index->manifests->len; i++) {
    const OakumDescriptor *desc = index->manifests->pdata[i];
    if (g_strcmp0(ref_name(desc), tag) == 0 || strcmp(desc->digest, tag) == 0)
      return desc;
  }
  g_autoptr(GString) names = g_string_new(NULL);
  for (guint i = 0; i < index->manifests->len && names->len < 1024; i++) {
    const char *name = ref_name(index->manifests->pdata[i]);
    g_autofree char *shown = name ? oakum_escape_terminal(name, -1) : NULL;
    if (shown)
      g_string_append_printf(names, "%s%s", names->len ? ", " : "", shown);
  }
  g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_NOT_FOUND,
              "no image tagged \"%s\"; there is: %s", tag, names->len ? names->str : "no tag");
  return NULL;
}

OakumImage *oakum_layout_select(const char *name, GBytes *index_raw, OakumBlobSource *source_taken,
                                const char *tag, const OakumPlatform *platform, GError **error)
{
  g_autoptr(OakumBlobSource) source = source_taken;
  g_autofree char *called = NULL;
  g_autoptr(OakumManifest) doc = oakum_manifest_parse(index_raw, OAKUM_MT_OCI_INDEX, error);
  if (doc && !doc->is_index) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "index.json is no index");
    g_clear_pointer(&doc, oakum_manifest_free);
  }
  for (guint depth = 0; doc && doc->is_index; depth++) {
    const OakumDescriptor *desc = NULL;
    if (depth >= OAKUM_INDEX_DEPTH_MAX)
      g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "indexes nest deeper than %u",
                  OAKUM_INDEX_DEPTH_MAX);
    else if (depth == 0 && tag)
      desc = by_tag(doc, tag, error);
    else
      desc = oakum_index_select(doc, platform, error);
    if (desc && depth == 0)
      called = g_strdup(oakum_descriptor_called(desc));
    OakumManifest *next = desc ? read_manifest(source, desc, error) : NULL;
    oakum_manifest_free(doc);
    doc = next;
  }
  if (!doc) {
    g_prefix_error(error, "%s: ", name);
    return NULL;
  }
  OakumImage *image = oakum_image_new(name, g_steal_pointer(&doc), g_steal_pointer(&source), error);
  if (image)
    image->called = g_steal_pointer(&called);
  return image;
}

OakumImage *oakum_layout_read(const char *folder, const char *tag, const OakumPlatform *platform,
                              GError **error)
{
  g_autoptr(OakumBlobSource) owned = oakum_layout_source(folder, error);
  if (!owned)
    return NULL;
  char *data = NULL;
  size_t len = 0;
  int fd = oakum_root_open(((FolderSource *)owned)->dir, "index.json", O_RDONLY | O_NONBLOCK, 0,
                           OAKUM_ROOT_NO_SYMLINKS, error);
  g_autoptr(OakumReader) reader = fd >= 0 ? oakum_reader_new_fd(fd, TRUE) : NULL;
  if (!reader ||
      !oakum_reader_slurp(reader, OAKUM_MANIFEST_MAX, "index.json", &data, &len, error)) {
    g_prefix_error(error, "%s is no OCI layout: ", folder);
    return NULL;
  }
  g_autoptr(GBytes) raw = g_bytes_new_take(data, len);
  return oakum_layout_select(folder, raw, g_steal_pointer(&owned), tag, platform, error);
}

/* ---- writing
 * ------------------------------------------------------------------------------------- */
typedef struct {
  OakumBlobSink sink;
  const char *folder;
} FolderSink;

static char *blob_path(const char *folder, const char *digest)
{
  return g_strdup_printf("%s/blobs/%.6s/%s", folder, digest, oakum_digest_hex(digest));
}

static int folder_has(OakumBlobSink *self, const OakumDescriptor *desc, GError **error)
{
  g_autofree char *path = blob_path(((FolderSink *)self)->folder, desc->digest);
  struct stat st;
  return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == desc->size;
}

static gboolean folder_put(OakumBlobSink *self, const OakumDescriptor *desc, OakumReader *reader,
                           GError **error)
{
  g_autofree char *path = blob_path(((FolderSink *)self)->folder, desc->digest);
  g_autofree char *above = g_path_get_dirname(path);
  if (g_mkdir_with_parents(above, 0755) < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s", above);
    return FALSE;
  }
  g_autoptr(OakumAtomicFile) file = oakum_atomic_file_new(path, 0644, error);
  if (!file)
    return FALSE;
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(oakum_digest_kind(desc->digest));
  g_autoptr(OakumWriter) writer =
      oakum_writer_new_hash(oakum_writer_new_fd(oakum_atomic_file_fd(file), FALSE), hasher);
  uint64_t size = 0;
  if (!oakum_stream_copy(reader, writer, &size, error) || !oakum_writer_finish(writer, error))
    return FALSE;
  g_autofree char *hex = oakum_hasher_hex(hasher);
  if (size != desc->size || strcmp(hex, oakum_digest_hex(desc->digest)) != 0) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_DIGEST,
                "blob %s: got %" G_GUINT64_FORMAT " bytes of %s", desc->digest, size, hex);
    return FALSE;
  }
  return oakum_atomic_file_commit(file, error);
}

static void sink_free(OakumBlobSink *self)
{
  (void)self; /* on the stack of its only user */
}

static const char *annotation(const OakumDescriptor *desc, const char *key)
{
  return desc->annotations ? g_hash_table_lookup(desc->annotations, key) : NULL;
}

/* Whether an entry of index.json makes way for one of ours: it has its name, or is the same
 * manifest without one. */
static gboolean makes_way(const OakumDescriptor *old, GPtrArray *mine)
{
  const char *name = ref_name(old), *reference = annotation(old, OAKUM_IMAGE_NAME);
  for (guint i = 0; i < mine->len; i++) {
    const OakumDescriptor *desc = mine->pdata[i];
    const char *tag = ref_name(desc), *own = annotation(desc, OAKUM_IMAGE_NAME);
    if (!name && strcmp(old->digest, desc->digest) == 0)
      return TRUE;
    if (tag && g_strcmp0(name, tag) == 0 && (!own || !reference || strcmp(own, reference) == 0))
      return TRUE;
  }
  return FALSE;
}

/* The entries of index.json that stay. */
static GPtrArray *kept_entries(const char *folder, GPtrArray *mine, GError **error)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  g_autofree char *path = g_build_filename(folder, "index.json", NULL);
  g_autoptr(GError) local = NULL;
  char *data = NULL;
  size_t len = 0;
  if (!oakum_file_read(path, OAKUM_MANIFEST_MAX, &data, &len, &local)) {
    if (g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
      return g_steal_pointer(&list);
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  g_autoptr(GBytes) raw = g_bytes_new_take(data, len);
  g_autoptr(OakumManifest) index = oakum_manifest_parse(raw, OAKUM_MT_OCI_INDEX, error);
  if (!index || !index->is_index) {
    if (index)
      g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "%s is no index", path);
    return NULL;
  }
  for (guint i = 0; i < index->manifests->len; i++)
    if (!makes_way(index->manifests->pdata[i], mine))
      g_ptr_array_add(list, oakum_descriptor_copy(index->manifests->pdata[i]));
  return g_steal_pointer(&list);
}

static gboolean put_manifest(OakumBlobSink *sink, const OakumManifest *manifest, GError **error)
{
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(manifest);
  g_autoptr(OakumReader) raw = oakum_reader_new_bytes(manifest->raw);
  return folder_has(sink, desc, NULL) || folder_put(sink, desc, raw, error);
}

static gboolean put_images(const OakumImageSet *set, OakumBlobSink *sink, GError **error)
{
  for (guint i = 0; i < set->n_images; i++) {
    OakumImage image = *set->images[i];
    image.source = set->source;
    if (!oakum_image_copy_blobs(&image, sink, error) || !put_manifest(sink, image.manifest, error))
      return FALSE;
  }
  return !set->index || put_manifest(sink, set->index, error);
}

gboolean oakum_layout_write(const OakumImageSet *set, const char *folder,
                            const OakumLayoutName *names, gboolean alone, GError **error)
{
  if (g_mkdir_with_parents(folder, 0755) < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s", folder);
    return FALSE;
  }
  FolderSink sink = {{folder_has, folder_put, sink_free}, folder};
  if (!put_images(set, &sink.sink, error))
    return FALSE;
  g_autofree char *mark = g_build_filename(folder, "oci-layout", NULL);
  g_autofree char *index_path = g_build_filename(folder, "index.json", NULL);
  g_autofree char *lock_path = g_build_filename(folder, ".oakum-lock", NULL);
  g_autoptr(OakumLock) lock = oakum_lock_take(lock_path, TRUE, TRUE, error);
  if (!lock || !oakum_file_write(mark, LAYOUT_TEXT, strlen(LAYOUT_TEXT), 0644, error))
    return FALSE;
  g_autoptr(GPtrArray) mine = oakum_image_set_entries(set, names);
  g_autoptr(GPtrArray) entries =
      alone ? g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free)
            : kept_entries(folder, mine, error);
  if (!entries)
    return FALSE;
  for (guint i = 0; i < mine->len; i++)
    g_ptr_array_add(entries, oakum_descriptor_copy(mine->pdata[i]));
  g_autoptr(OakumManifest) index = oakum_index_make(OAKUM_MT_OCI_INDEX, entries, NULL);
  gsize len;
  const void *data = g_bytes_get_data(index->raw, &len);
  gboolean ok = oakum_file_write(index_path, data, len, 0644, error);
  (void)unlink(lock_path);
  return ok;
}
