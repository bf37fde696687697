/* Tars that hold images: OCI archives and what `docker save` writes. */
#include "image/image-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A smaller member is read before a thread for its digest has begun. */
#define OAKUM_ARCHIVE_THREAD_MIN (4 * OAKUM_MIB)

/* ---- members by name
 * ------------------------------------------------------------------------------ */
typedef struct {
  uint64_t offset, size;
} Member;

struct OakumArchive {
  char *file;
  int fd;
  GHashTable *members; /* clean name → Member */
  GHashTable *links;   /* clean name → clean name: old `docker save` links equal layers */
  OakumTempDir *unpacked;
};

typedef struct {
  int fd;
  uint64_t at, left;
} Range;

static gssize range_read(void *self, void *buffer, size_t len, GError **error)
{
  Range *range = self;
  if (range->left == 0)
    return 0;
  ssize_t n;
  do
    n = pread(range->fd, buffer, MIN(len, range->left), (off_t)range->at);
  while (n < 0 && errno == EINTR);
  if (n <= 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, n < 0 ? errno : EIO,
                      "archive changed while it was read");
    return -1;
  }
  range->at += (uint64_t)n;
  range->left -= (uint64_t)n;
  return n;
}

static void range_free(void *self)
{
  oakum_fd_clear(&((Range *)self)->fd);
  g_free(self);
}

static gboolean unpack(OakumArchive *archive, OakumTarReader *tar, uint64_t size, uint64_t *end,
                       GError **error)
{
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  gssize n;
  while ((n = oakum_tar_reader_read(tar, buffer, OAKUM_IO_BUFFER, error)) > 0)
    if (!oakum_write_all(archive->fd, buffer, (size_t)n, error))
      return FALSE;
  *end += size;
  return n == 0;
}

static gboolean index_members(OakumArchive *archive, OakumTarReader *tar, GError **error)
{
  const OakumTarEntry *entry;
  uint64_t end = 0;
  int more;
  while ((more = oakum_tar_reader_next(tar, &entry, error)) > 0) {
    g_autofree char *name = NULL;
    if (!oakum_image_clean_path(entry->path, &name, error)) {
      oakum_image_blame(error, "member", entry->path);
      return FALSE;
    }
    if (entry->type == OAKUM_TAR_FILE) {
      Member member = {archive->unpacked ? end : oakum_tar_reader_offset(tar), entry->size};
      if (member.offset == UINT64_MAX) {
        g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_UNSUPPORTED, "a member is a sparse file");
        return oakum_image_blame(error, "member", entry->path), FALSE;
      }
      if (archive->unpacked && !unpack(archive, tar, entry->size, &end, error))
        return FALSE;
      g_hash_table_insert(archive->members, g_steal_pointer(&name),
                          g_memdup2(&member, sizeof(member)));
    } else if (entry->type == OAKUM_TAR_SYMLINK || entry->type == OAKUM_TAR_HARDLINK) {
      /* "../<id>/layer.tar" as docker wrote it until 25: taken apart here, never by the file system
       */
      g_autofree char *folder = g_path_get_dirname(name),
                      *target = g_strndup((const char *)entry->link.data, entry->link.len);
      g_autofree char *full = entry->type == OAKUM_TAR_HARDLINK || strcmp(folder, ".") == 0
                                  ? g_strdup(target)
                                  : g_strconcat(folder, "/", target, NULL);
      g_autofree char *canonical = g_canonicalize_filename(full, "/");
      g_hash_table_insert(archive->links, g_steal_pointer(&name), g_strdup(canonical + 1));
    }
  }
  return more == 0;
}

OakumArchive *oakum_archive_open(const char *file, GError **error)
{
  g_autoptr(OakumArchive) archive = g_new0(OakumArchive, 1);
  archive->file = g_strdup(file);
  archive->members = oakum_str_map_new(g_free, g_free);
  archive->links = oakum_str_map_new(g_free, g_free);
  archive->fd = open(file, O_RDONLY | O_CLOEXEC);
  guint8 magic[6];
  ssize_t n = archive->fd < 0 ? -1 : pread(archive->fd, magic, sizeof(magic), 0);
  if (n < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s", file);
    return NULL;
  }
  OakumReader *below;
  if (oakum_compression_sniff(magic, (size_t)n) == OAKUM_COMPRESSION_NONE) {
    below = oakum_reader_new_fd(archive->fd, FALSE);
  } else { /* members of a compressed tar cannot be reached by offset */
    if (!(archive->unpacked = oakum_temp_dir_new(NULL, error)))
      return NULL;
    below = oakum_reader_new_limit(
        oakum_reader_new_inflate(oakum_reader_new_fd(oakum_fd_steal(&archive->fd), TRUE), NULL),
        OAKUM_IMAGE_UNPACKED_MAX, "archive");
    archive->fd = openat(oakum_temp_dir_fd(archive->unpacked), "members",
                         O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (archive->fd < 0) {
      oakum_reader_free(below);
      oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s",
                        oakum_temp_dir_path(archive->unpacked));
      return NULL;
    }
  }
  g_autoptr(OakumTarReader) tar = oakum_tar_reader_new(below);
  if (!index_members(archive, tar, error)) {
    g_prefix_error(error, "%s: ", file);
    return NULL;
  }
  return g_steal_pointer(&archive);
}

static const Member *find(const OakumArchive *archive, const char *name)
{
  const Member *member = g_hash_table_lookup(archive->members, name);
  for (guint i = 0; !member && name && i < OAKUM_VIEW_SYMLINKS_MAX; i++) {
    name = g_hash_table_lookup(archive->links, name);
    member = name ? g_hash_table_lookup(archive->members, name) : NULL;
  }
  return member;
}

gboolean oakum_archive_has(const OakumArchive *archive, const char *name, uint64_t *size)
{
  const Member *member = find(archive, name);
  if (member)
    *size = member->size;
  return member != NULL;
}

OakumReader *oakum_archive_member(const OakumArchive *archive, const char *name, GError **error)
{
  const Member *member = find(archive, name);
  if (!member) {
    g_autofree char *shown = oakum_escape_terminal(name, -1);
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_NOT_FOUND, "%s: no member \"%s\"",
                archive->file, shown);
    return NULL;
  }
  static const OakumReaderClass klass = {range_read, range_free};
  Range range = {fcntl(archive->fd, F_DUPFD_CLOEXEC, 3), member->offset, member->size};
  if (range.fd < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s", archive->file);
    return NULL;
  }
  return oakum_reader_new(&klass, g_memdup2(&range, sizeof(range)));
}

GBytes *oakum_archive_slurp(const OakumArchive *archive, const char *name, uint64_t max,
                            GError **error)
{
  g_autoptr(OakumReader) reader = oakum_archive_member(archive, name, error);
  char *data = NULL;
  size_t len = 0;
  if (!reader || !oakum_reader_slurp(reader, max, name, &data, &len, error))
    return NULL;
  return g_bytes_new_take(data, len);
}

void oakum_archive_free(OakumArchive *archive)
{
  if (!archive)
    return;
  oakum_fd_clear(&archive->fd);
  g_hash_table_unref(archive->members);
  g_hash_table_unref(archive->links);
  oakum_temp_dir_free(archive->unpacked);
  g_free(archive->file);
  g_free(archive);
}

gboolean oakum_archive_append(OakumTarWriter *tar, const char *name, uint64_t size,
                              OakumReader *content, GError **error)
{
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE,
                         .path = {(const uint8_t *)name, strlen(name)},
                         .mode = 0644,
                         .size = size};
  if (!oakum_tar_writer_entry(tar, &entry, error))
    return FALSE;
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  gssize n;
  while ((n = oakum_reader_read(content, buffer, OAKUM_IO_BUFFER, error)) > 0)
    if (!oakum_tar_writer_write(tar, buffer, (size_t)n, error))
      return FALSE;
  return n == 0;
}

/* ---- OCI archive
 * ----------------------------------------------------------------------------------- */
typedef struct {
  OakumBlobSource source;
  OakumArchive *archive;
  GHashTable *names; /* digest → member; NULL: blobs/<algorithm>/<hex> */
} ArchiveSource;

static OakumReader *blob_member(const ArchiveSource *source, const OakumDescriptor *desc,
                                GError **error)
{
  g_autofree char *standard =
      g_strdup_printf("blobs/%.6s/%s", desc->digest, oakum_digest_hex(desc->digest));
  const char *name = source->names ? g_hash_table_lookup(source->names, desc->digest) : NULL;
  return oakum_archive_member(source->archive, name ? name : standard, error);
}

static gboolean is_worth_a_thread(const OakumDescriptor *desc)
{
  return desc->size >= OAKUM_ARCHIVE_THREAD_MIN && oakum_cpu_count() > 1;
}

static OakumReader *archive_blob(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  OakumReader *reader = blob_member((ArchiveSource *)self, desc, error);
  if (!reader)
    return NULL;
  OakumHashKind kind = oakum_digest_kind(desc->digest);
  const char *hex = oakum_digest_hex(desc->digest);
  /* a layer that is not compressed comes faster than it can be hashed */
  if (!is_worth_a_thread(desc))
    return oakum_reader_new_verify(reader, kind, hex, desc->size);
  return oakum_reader_new_threaded_verify(oakum_reader_new_verify(reader, kind, NULL, desc->size),
                                          kind, hex);
}

static OakumReader *archive_blob_unchecked(OakumBlobSource *self, const OakumDescriptor *desc,
                                           GError **error)
{
  OakumReader *reader =
      is_worth_a_thread(desc) ? blob_member((ArchiveSource *)self, desc, error) : NULL;
  return reader ? oakum_reader_new_verify(reader, oakum_digest_kind(desc->digest), NULL, desc->size)
                : NULL;
}

static void archive_source_free(OakumBlobSource *self)
{
  ArchiveSource *source = (ArchiveSource *)self;
  oakum_archive_free(source->archive);
  g_clear_pointer(&source->names, g_hash_table_unref);
  g_free(source);
}

static ArchiveSource *archive_source(OakumArchive *archive)
{
  ArchiveSource *source = g_new0(ArchiveSource, 1);
  source->source = (OakumBlobSource){
      .open = archive_blob, .free = archive_source_free, .open_unchecked = archive_blob_unchecked};
  source->archive = archive;
  return source;
}

/* Names the archive, which what is wrong with a member does already. */
static void blame(const char *file, GError **error)
{
  g_autofree char *named = g_strconcat(file, ": ", NULL);
  if (error && *error && !g_str_has_prefix((*error)->message, named))
    g_prefix_error(error, "%s", named);
}

/* Adds to an error that the archive has the other of the two forms. */
static void say_form(const OakumArchive *archive, const char *file, const char *member,
                     const char *text, GError **error)
{
  uint64_t size;
  if (!oakum_archive_has(archive, member, &size) || !error || !*error)
    return;
  g_autoptr(GError) inner = g_steal_pointer(error);
  g_set_error(error, inner->domain, inner->code, "%s; %s%s", inner->message, text, file);
}

OakumImage *oakum_layout_read_archive(const char *file, const char *tag,
                                      const OakumPlatform *platform, GError **error)
{
  OakumArchive *archive = oakum_archive_open(file, error);
  if (!archive)
    return NULL;
  g_autoptr(OakumBlobSource) source = &archive_source(archive)->source;
  g_autoptr(GBytes) index = oakum_archive_slurp(archive, "index.json", OAKUM_MANIFEST_MAX, error);
  if (!index) {
    blame(file, error);
    say_form(archive, file, "manifest.json",
             "it is what docker save writes: docker-archive:", error);
    return NULL;
  }
  return oakum_layout_select(file, index, g_steal_pointer(&source), tag, platform, error);
}

static gint by_digest(gconstpointer a, gconstpointer b)
{
  return strcmp((*(const OakumDescriptor *const *)a)->digest,
                (*(const OakumDescriptor *const *)b)->digest);
}

static gboolean append_text(OakumTarWriter *tar, const char *name, const void *data, size_t len,
                            GError **error)
{
  g_autoptr(OakumReader) reader = oakum_reader_new_memory(data, len);
  return oakum_archive_append(tar, name, len, reader, error);
}

static gboolean append_manifest(OakumTarWriter *tar, const OakumManifest *manifest, GError **error)
{
  gsize len;
  const void *raw = g_bytes_get_data(manifest->raw, &len);
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(manifest);
  g_autofree char *name =
      g_strdup_printf("blobs/%.6s/%s", desc->digest, oakum_digest_hex(desc->digest));
  return append_text(tar, name, raw, len, error);
}

typedef struct {
  const OakumImageSet *set;
  const OakumLayoutName *names;
} OciBody;

static gboolean write_oci(gconstpointer user, OakumTarWriter *tar, GError **error)
{
  const OciBody *body = user;
  const OakumImageSet *set = body->set;
  g_autoptr(GPtrArray) blobs = g_ptr_array_new();
  for (guint i = 0; i < set->n_images; i++) {
    const OakumManifest *manifest = set->images[i]->manifest;
    g_ptr_array_add(blobs, manifest->config);
    for (guint j = 0; j < manifest->layers->len; j++)
      g_ptr_array_add(blobs, manifest->layers->pdata[j]);
  }
  g_ptr_array_sort(blobs, by_digest);
  for (guint i = 0; i < blobs->len; i++) {
    const OakumDescriptor *desc = blobs->pdata[i];
    if (i > 0 && strcmp(desc->digest, ((const OakumDescriptor *)blobs->pdata[i - 1])->digest) == 0)
      continue; /* the same layer twice */
    g_autofree char *name =
        g_strdup_printf("blobs/%.6s/%s", desc->digest, oakum_digest_hex(desc->digest));
    g_autoptr(OakumReader) reader = set->source->open(set->source, desc, error);
    if (!reader || !oakum_archive_append(tar, name, desc->size, reader, error))
      return FALSE;
  }
  for (guint i = 0; i < set->n_images; i++)
    if (!append_manifest(tar, set->images[i]->manifest, error))
      return FALSE;
  if (set->index && !append_manifest(tar, set->index, error))
    return FALSE;
  g_autoptr(GPtrArray) list = oakum_image_set_entries(set, body->names);
  g_autoptr(OakumManifest) index = oakum_index_make(OAKUM_MT_OCI_INDEX, list, NULL);
  gsize len;
  const void *raw = g_bytes_get_data(index->raw, &len);
  static const char mark[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
  return append_text(tar, "index.json", raw, len, error) &&
         append_text(tar, "oci-layout", mark, strlen(mark), error);
}

typedef gboolean (*WriteBody)(gconstpointer user, OakumTarWriter *tar, GError **error);

static gboolean write_archive(const char *file, WriteBody body, gconstpointer user, GError **error)
{
  g_autoptr(OakumAtomicFile) out = oakum_atomic_file_new(file, 0644, error);
  if (!out)
    return FALSE;
  g_autoptr(OakumTarWriter) tar =
      oakum_tar_writer_new(oakum_writer_new_fd(oakum_atomic_file_fd(out), FALSE));
  if (body(user, tar, error) && oakum_tar_writer_finish(tar, error) &&
      oakum_atomic_file_commit(out, error))
    return TRUE;
  g_prefix_error(error, "%s: ", file);
  return FALSE;
}

gboolean oakum_layout_write_archive(const OakumImageSet *set, const char *file,
                                    const OakumLayoutName *names, GError **error)
{
  return write_archive(file, write_oci, &(OciBody){set, names}, error);
}

/* ---- docker archive
 * --------------------------------------------------------------------------------- */
typedef struct {
  char *config;
  char **repo_tags, **layers;
} SavedImage;

static const OakumJsonField saved_fields[] = {
    {"Config", OAKUM_JSON_STRING, offsetof(SavedImage, config), TRUE, NULL, NULL, NULL, 0},
    {"RepoTags", OAKUM_JSON_STRV, offsetof(SavedImage, repo_tags), FALSE, NULL, NULL, NULL, 0},
    {"Layers", OAKUM_JSON_STRV, offsetof(SavedImage, layers), TRUE, NULL, NULL, NULL,
     OAKUM_LAYERS_MAX},
    {0}};

static void saved_clear(SavedImage *saved)
{
  g_free(saved->config);
  g_strfreev(saved->repo_tags);
  g_strfreev(saved->layers);
}

static gboolean tag_matches(char **tags, const char *tag)
{
  for (; tags && *tags; tags++) {
    const char *colon = strrchr(*tags, ':');
    if (strcmp(*tags, tag) == 0 || (colon && strcmp(colon + 1, tag) == 0))
      return TRUE;
  }
  return FALSE;
}

/* As many as a message has room for. */
static void list_tags(GString *names, char **tags)
{
  for (; tags && *tags && names->len < OAKUM_TAGS_SHOWN_MAX; tags++) {
    g_autofree char *shown = oakum_escape_terminal(*tags, -1);
    g_string_append_printf(names, "%s%s", names->len ? ", " : "", shown);
  }
}

static gboolean pick_saved(GBytes *raw, const char *tag, SavedImage *saved, GError **error)
{
  gsize len;
  const char *data = g_bytes_get_data(raw, &len);
  OAKUM_AUTO_JSON *json = oakum_json_parse(data, len, "manifest.json", error);
  if (!json)
    return FALSE;
  if (!json_is_array(json) || json_array_size(json) == 0) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                "manifest.json is no list of images");
    return FALSE;
  }
  if (!tag && json_array_size(json) > 1) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                "the archive holds %zu images; name one by its tag", json_array_size(json));
    return FALSE;
  }
  g_autoptr(GString) names = g_string_new(NULL);
  for (size_t i = 0; i < json_array_size(json); i++) {
    if (!oakum_json_bind(json_array_get(json, i), saved_fields, saved, "manifest.json", error))
      return FALSE;
    if (!tag || tag_matches(saved->repo_tags, tag))
      return TRUE;
    list_tags(names, saved->repo_tags);
    saved_clear(saved);
    *saved = (SavedImage){0};
  }
  g_autofree char *wanted = oakum_escape_terminal(tag, -1);
  g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_NOT_FOUND,
              "no image tagged \"%s\"; there is: %s", wanted, names->len ? names->str : "no tag");
  return FALSE;
}

/* The descriptor of one layer. Plain layers are named by their diff ID without reading them
 * (reading verifies it); compressed ones must be read once for their digest. */
static OakumDescriptor *saved_layer(const OakumArchive *archive, const char *name,
                                    const char *diff_id, GError **error)
{
  uint64_t size = 0;
  g_autoptr(OakumReader) reader = oakum_archive_member(archive, name, error);
  if (!reader || !oakum_archive_has(archive, name, &size))
    return NULL;
  guint8 magic[6];
  gssize n = oakum_reader_read(reader, magic, sizeof(magic), error);
  if (n < 0)
    return NULL;
  OakumCompression kind = oakum_compression_sniff(magic, (size_t)n);
  if (kind == OAKUM_COMPRESSION_NONE)
    return oakum_descriptor_new(OAKUM_MT_OCI_LAYER, diff_id, size);
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  oakum_hasher_update(hasher, magic, (size_t)n);
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  while ((n = oakum_reader_read(reader, buffer, OAKUM_IO_BUFFER, error)) > 0)
    oakum_hasher_update(hasher, buffer, (size_t)n);
  if (n < 0)
    return NULL;
  g_autofree char *hex = oakum_hasher_hex(hasher);
  g_autofree char *digest = g_strconcat("sha256:", hex, NULL);
  return oakum_descriptor_new(kind == OAKUM_COMPRESSION_ZSTD ? OAKUM_MT_OCI_LAYER_ZSTD
                                                             : OAKUM_MT_OCI_LAYER_GZIP,
                              digest, size);
}

static OakumManifest *saved_manifest(const OakumArchive *archive, const SavedImage *saved,
                                     GHashTable *names, GError **error)
{
  g_autoptr(GBytes) raw = oakum_archive_slurp(archive, saved->config, OAKUM_CONFIG_MAX, error);
  if (!raw)
    return NULL;
  gsize len;
  const char *data = g_bytes_get_data(raw, &len);
  g_autoptr(OakumConfig) config = oakum_config_parse(data, len, error);
  if (!config)
    return NULL;
  guint n = g_strv_length(saved->layers);
  if (n != config->diff_ids->len) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                "%u layers in manifest.json but %u diff IDs in the config", n,
                config->diff_ids->len);
    return NULL;
  }
  g_autofree char *digest = oakum_digest_of(data, len);
  g_autoptr(OakumDescriptor) desc = oakum_descriptor_new(OAKUM_MT_OCI_CONFIG, digest, len);
  g_hash_table_insert(names, g_strdup(digest), g_strdup(saved->config));
  g_autoptr(GPtrArray) layers =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  for (guint i = 0; i < n; i++) {
    OakumDescriptor *layer =
        saved_layer(archive, saved->layers[i], config->diff_ids->pdata[i], error);
    if (!layer) {
      g_prefix_error(error, "layer %u: ", i);
      return NULL;
    }
    g_ptr_array_add(layers, layer);
    g_hash_table_insert(names, g_strdup(layer->digest), g_strdup(saved->layers[i]));
  }
  return oakum_manifest_make(desc, layers, NULL);
}

/* By the layout that newer archives are as well. NULL: it does not say. New string. */
static char *called_by_layout(const OakumArchive *archive)
{
  uint64_t size;
  g_autoptr(GBytes) raw = oakum_archive_has(archive, "index.json", &size)
                              ? oakum_archive_slurp(archive, "index.json", OAKUM_MANIFEST_MAX, NULL)
                              : NULL;
  g_autoptr(OakumManifest) index = raw ? oakum_manifest_parse(raw, OAKUM_MT_OCI_INDEX, NULL) : NULL;
  return index && index->is_index && index->manifests->len > 0
             ? g_strdup(oakum_descriptor_called(index->manifests->pdata[0]))
             : NULL;
}

OakumImage *oakum_docker_archive_read(const char *file, const char *tag, GError **error)
{
  OakumArchive *archive = oakum_archive_open(file, error);
  if (!archive)
    return NULL;
  ArchiveSource *source = archive_source(archive);
  g_autoptr(OakumBlobSource) owned = &source->source;
  source->names = oakum_str_map_new(g_free, g_free);
  g_autoptr(GBytes) raw = oakum_archive_slurp(archive, "manifest.json", OAKUM_MANIFEST_MAX, error);
  if (!raw) {
    say_form(archive, file, "index.json", "it is an OCI archive: oci-archive:", error);
    return NULL;
  }
  SavedImage saved = {0};
  OakumManifest *manifest = NULL;
  if (pick_saved(raw, tag, &saved, error))
    manifest = saved_manifest(archive, &saved, source->names, error);
  g_autofree char *called = manifest && saved.repo_tags && *saved.repo_tags
                                ? g_strdup(*saved.repo_tags)
                            : manifest ? called_by_layout(archive)
                                       : NULL;
  saved_clear(&saved);
  if (!manifest) {
    blame(file, error);
    return NULL;
  }
  OakumImage *image = oakum_image_new(file, manifest, g_steal_pointer(&owned), error);
  if (image)
    image->called = g_steal_pointer(&called);
  return image;
}

static gboolean write_saved_layer(const OakumImage *image, OakumTarWriter *tar, guint index,
                                  const char *name, GError **error)
{
  /* tar wants the size first: the layer is inflated twice rather than kept */
  uint64_t size = 0;
  {
    OakumReader *layer = oakum_image_open_layer(image, index, error);
    if (!layer)
      return FALSE;
    g_autoptr(OakumReader) count = oakum_reader_new_count(layer, &size);
    if (!oakum_reader_drain(count, error))
      return FALSE;
  }
  g_autoptr(OakumReader) layer = oakum_image_open_layer(image, index, error);
  return layer && oakum_archive_append(tar, name, size, layer, error);
}

typedef struct {
  const OakumImage *image;
  const char *const *tags;
} DockerBody;

static gboolean write_docker(gconstpointer user, OakumTarWriter *tar, GError **error)
{
  const OakumImage *image = ((const DockerBody *)user)->image;
  OAKUM_AUTO_JSON *list = json_array();
  json_t *saved = json_object(), *tags = json_array(), *layers = json_array();
  json_array_append_new(list, saved);
  g_autofree char *config_name =
      g_strconcat(oakum_digest_hex(image->manifest->config->digest), ".json", NULL);
  json_object_set_new(saved, "Config", json_string(config_name));
  json_object_set_new(saved, "RepoTags", tags);
  json_object_set_new(saved, "Layers", layers);
  for (const char *const *tag = ((const DockerBody *)user)->tags; tag && *tag; tag++)
    json_array_append_new(tags, json_string(*tag));
  g_autoptr(GHashTable) written = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < image->manifest->layers->len; i++) {
    char *diff_id = image->config->diff_ids->pdata[i];
    g_autofree char *name = g_strconcat(oakum_digest_hex(diff_id), ".tar", NULL);
    json_array_append_new(layers, json_string(name));
    if (g_hash_table_add(written, diff_id) && !write_saved_layer(image, tar, i, name, error)) {
      g_prefix_error(error, "layer %u: ", i);
      return FALSE;
    }
  }
  gsize len;
  const void *raw = g_bytes_get_data(image->config_raw, &len);
  if (!append_text(tar, config_name, raw, len, error))
    return FALSE;
  g_autofree char *text = oakum_json_dump(list, FALSE);
  return append_text(tar, "manifest.json", text, strlen(text), error);
}

gboolean oakum_docker_archive_write(const OakumImage *image, const char *file,
                                    const char *const *tags, GError **error)
{
  return write_archive(file, write_docker, &(DockerBody){image, tags}, error);
}
