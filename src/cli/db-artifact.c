/* oakum db push and pull: the database as an OCI artifact, one layer packed with zstd. What comes
 * is held against its digest by the registry module, and its rows against their hash before it
 * takes the place of the old one. */
#include "advisory/advisory.h"
#include "cli/db.h"
#include "os/os.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ARTIFACT_TYPE "application/vnd.oakum.advisories.v3"
#define LAYER_TYPE "application/vnd.oakum.advisories.v3.sqlite+zstd"
#define EMPTY_TYPE "application/vnd.oci.empty.v1+json"
#define PACK_LEVEL 10

typedef struct {
  OakumBlobSource base;
  int fd;
  const OakumDescriptor *layer;
} PackedSource;

static OakumReader *open_blob(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  PackedSource *source = (PackedSource *)self;
  if (strcmp(desc->digest, source->layer->digest) != 0)
    return oakum_reader_new_memory("{}", 2);
  g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", source->fd);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "temporary file");
    return NULL;
  }
  return oakum_reader_new_fd(fd, TRUE);
}

static void no_free(OakumBlobSource *self)
{
}

/* Packs the file into `to`; the descriptor of what came of it. */
static OakumDescriptor *pack(const char *path, int to, GError **error)
{
  OAKUM_AUTO_FD from = open(path, O_RDONLY | O_CLOEXEC);
  if (from < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", path);
    return NULL;
  }
  uint64_t size = 0;
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  g_autoptr(OakumReader) reader = oakum_reader_new_fd(from, FALSE);
  g_autoptr(OakumWriter) writer = oakum_writer_new_zstd(
      oakum_writer_new_count(oakum_writer_new_hash(oakum_writer_new_fd(to, FALSE), hasher), &size),
      PACK_LEVEL);
  if (!oakum_stream_copy(reader, writer, NULL, error) || !oakum_writer_finish(writer, error))
    return NULL;
  g_autofree char *hex = oakum_hasher_hex(hasher);
  g_autofree char *digest = g_strconcat("sha256:", hex, NULL);
  return oakum_descriptor_new(LAYER_TYPE, digest, size);
}

static OakumManifest *describe(const char *path, const OakumDescriptor *layer, GError **error)
{
  g_autoptr(OakumAdvisoryDb) db = oakum_advisory_db_open(path, error);
  if (!db)
    return NULL;
  g_autofree char *hex = oakum_sha256_hex("{}", 2);
  g_autofree char *digest = g_strconcat("sha256:", hex, NULL);
  g_autoptr(OakumDescriptor) config = oakum_descriptor_new(EMPTY_TYPE, digest, 2);
  g_autoptr(GPtrArray) layers = g_ptr_array_new();
  g_autoptr(GHashTable) notes = oakum_str_map_new(g_free, g_free);
  g_ptr_array_add(layers, (gpointer)layer);
  char *date = oakum_advisory_db_date(db);
  if (*date)
    g_hash_table_insert(notes, g_strdup("org.opencontainers.image.created"), date);
  else
    g_free(date);
  g_hash_table_insert(notes, g_strdup("org.opencontainers.image.title"), g_strdup("advisories.db"));
  return oakum_artifact_make(ARTIFACT_TYPE, config, layers, notes);
}

gboolean oakum_db_push(const OakumDbArgs *args, GPtrArray *rest, GError **error)
{
  if (rest->len != 1) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected REGISTRY/NAME:TAG");
    return FALSE;
  }
  OakumReference *ref = oakum_reference_parse(rest->pdata[0], error);
  g_autoptr(OakumRegistry) registry =
      ref ? oakum_registry_args_open(&args->registry, ref, TRUE, error) : NULL;
  OAKUM_AUTO_FD fd = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  gboolean ok = FALSE;
  g_autoptr(OakumDescriptor) layer = registry && fd >= 0 ? pack(args->db, fd, error) : NULL;
  g_autoptr(OakumManifest) manifest = layer ? describe(args->db, layer, error) : NULL;
  if (manifest) {
    PackedSource source = {{.open = open_blob, .free = no_free}, fd, layer};
    const OakumManifest *manifests[] = {manifest};
    const char *tags[] = {ref->tag ? ref->tag : "latest", NULL};
    ok = oakum_registry_push(registry, manifests, 1, &source.base, tags, NULL, error);
    g_autoptr(OakumDescriptor) self = oakum_manifest_descriptor(manifest);
    if (ok)
      g_print("%s\n", self->digest);
  }
  oakum_reference_free(ref);
  return ok;
}

static gboolean unpack(OakumRegistry *registry, const OakumDescriptor *layer, const char *path,
                       GError **error)
{
  g_autoptr(OakumBlobSource) source = oakum_registry_blob_source(registry);
  OakumReader *blob = source->open(source, layer, error);
  if (!blob)
    return FALSE;
  g_autoptr(OakumReader) reader = oakum_reader_new_unzstd(blob);
  g_autofree char *temp = g_strdup_printf("%s.pull-%d", path, (int)getpid());
  OAKUM_AUTO_FD fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", temp);
    return FALSE;
  }
  g_autoptr(OakumWriter) writer = oakum_writer_new_fd(fd, FALSE);
  gboolean ok = oakum_stream_copy(reader, writer, NULL, error) &&
                oakum_writer_finish(writer, error) && oakum_advisory_db_verify(temp, NULL, error);
  if (ok && (fsync(fd) < 0 || rename(temp, path) < 0)) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", path);
    ok = FALSE;
  }
  if (!ok)
    (void)unlink(temp);
  return ok;
}

gboolean oakum_db_pull(const OakumDbArgs *args, GPtrArray *rest, GError **error)
{
  if (rest->len != 1) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected REGISTRY/NAME:TAG or REGISTRY/NAME@DIGEST");
    return FALSE;
  }
  OakumReference *ref = oakum_reference_parse(rest->pdata[0], error);
  g_autoptr(OakumRegistry) registry =
      ref ? oakum_registry_args_open(&args->registry, ref, FALSE, error) : NULL;
  OakumManifest *manifest = NULL;
  gboolean ok = registry && oakum_registry_get_manifest(registry,
                                                        ref->digest ? ref->digest
                                                        : ref->tag  ? ref->tag
                                                                    : "latest",
                                                        &manifest, error);
  if (ok &&
      (manifest->is_index || manifest->layers->len != 1 ||
       strcmp(((OakumDescriptor *)manifest->layers->pdata[0])->media_type, LAYER_TYPE) != 0)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_INVALID,
                "%s is no advisory database of this version", (char *)rest->pdata[0]);
    ok = FALSE;
  }
  ok = ok && unpack(registry, manifest->layers->pdata[0], args->db, error);
  oakum_manifest_free(manifest);
  oakum_reference_free(ref);
  return ok;
}
