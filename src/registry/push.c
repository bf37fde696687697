/* Images out: all blobs first, then manifests, the tags last. */
#include "os/os.h"
#include "registry/registry-private.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ---- manifests
 * ---------------------------------------------------------------------------------- */
static OakumHttpAnswer *put_once(OakumEndpoint *e, const OakumManifest *manifest, const char *name,
                                 const char *url, GError **error)
{
  g_autofree char *type = g_strconcat("Content-Type: ", manifest->media_type, NULL);
  g_autofree char *what = g_strconcat("put manifest ", name, NULL);
  const char *headers[] = {type, NULL};
  g_autoptr(OakumHttpAnswer) answer =
      oakum_endpoint_send(e,
                          (OakumHttpRequest){.method = "PUT",
                                             .url = url,
                                             .headers = headers,
                                             .open = oakum_http_open_bytes,
                                             .open_user = manifest->raw,
                                             .body_len = g_bytes_get_size(manifest->raw),
                                             .answer_max = OAKUM_ERROR_BODY_MAX},
                          NULL, error);
  if (answer && answer->status >= 200 && answer->status < 300)
    return g_steal_pointer(&answer);
  (void)!oakum_endpoint_refused(e, what, g_steal_pointer(&answer), error);
  return NULL;
}

/* All its blobs are there, as the registry said of each; while another builder sends the same ones
 * some do not find them for a moment (MANIFEST_BLOB_UNKNOWN of the distribution spec). */
static OakumHttpAnswer *put(OakumEndpoint *e, const OakumManifest *manifest, const char *name,
                            const char *url, GError **error)
{
  for (guint attempt = 0;; attempt++) {
    g_autoptr(GError) local = NULL;
    OakumHttpAnswer *answer = put_once(e, manifest, name, url, &local);
    if (answer)
      return answer;
    if (attempt + 1 >= OAKUM_MANIFEST_TRIES_MAX ||
        !g_error_matches(local, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INCOMPLETE)) {
      g_propagate_error(error, g_steal_pointer(&local));
      return NULL;
    }
    oakum_debug("%s; trying again", local->message);
    oakum_http_pause(attempt, NULL);
  }
}

gboolean oakum_registry_put_manifest(OakumRegistry *r, const OakumManifest *manifest,
                                     const char *name, GError **error)
{
  OakumEndpoint *e = oakum_registry_origin(r);
  g_autoptr(OakumDescriptor) own = oakum_manifest_descriptor(manifest);
  if (!name)
    name = own->digest;
  g_autofree char *url = oakum_endpoint_url(e, "manifests", name, error);
  g_autoptr(OakumHttpAnswer) answer = url ? put(e, manifest, name, url, error) : NULL;
  if (!answer)
    return FALSE;
  const char *said = oakum_http_header(answer, "docker-content-digest", 0);
  if (said && g_str_has_prefix(said, "sha256:") && strcmp(said, own->digest) != 0) {
    g_autofree char *shown = oakum_escape_terminal(said, -1);
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DIGEST,
                "%s/%s: sent manifest %s, it took %s", e->name, e->repository, own->digest, shown);
    return FALSE;
  }
  gboolean kept = oakum_http_header(answer, "oci-subject", 0) != NULL;
  return !manifest->subject || kept || oakum_registry_add_referrer(r, manifest, error);
}

/* ---- all blobs
 * ---------------------------------------------------------------------------------- */
typedef struct {
  OakumRegistry *registry;
  OakumBlobSource *source;
  const char *mount_from;
  gint stop; /* atomic: one failed, the others need not begin */
} PushWork;

/* Another repository of the same registry that the source says has the blob, or NULL. */
static char *sibling(const OakumRegistry *r, OakumBlobSource *source, const OakumDescriptor *desc)
{
  g_autofree char *origin = oakum_blob_source_origin(source, desc);
  size_t n = strlen(r->name);
  gboolean same = origin && strncmp(origin, r->name, n) == 0 && origin[n] == '/';
  return same && strcmp(origin + n + 1, r->repository) != 0 ? g_strdup(origin + n + 1) : NULL;
}

/* The result is a GError or NULL. */
static gpointer push_one(gpointer item, gpointer user)
{
  PushWork *work = user;
  const OakumDescriptor *desc = item;
  GError *error = NULL;
  if (g_atomic_int_get(&work->stop))
    return NULL;
  g_autofree char *other = sibling(work->registry, work->source, desc);
  if (!oakum_registry_upload(work->registry, work->source, desc, other ? other : work->mount_from,
                             &error)) {
    if (!strstr(error->message, desc->digest)) {
      g_autofree char *there =
          g_strdup_printf("%s/%s: ", work->registry->name, work->registry->repository);
      g_autoptr(GError) inner = g_steal_pointer(&error);
      gboolean named = g_str_has_prefix(inner->message, there);
      g_set_error(&error, inner->domain, inner->code, "%sblob %s: %s", there, desc->digest,
                  inner->message + (named ? strlen(there) : 0));
    }
    g_atomic_int_set(&work->stop, 1);
  }
  return error;
}

/* Layers that their makers forbid to pass on: registries take the manifest without them. */
static gboolean stays_outside(const OakumDescriptor *desc)
{
  return desc->urls && *desc->urls &&
         (strstr(desc->media_type, "nondistributable") || strstr(desc->media_type, ".foreign."));
}

static void collect(GPtrArray *list, GHashTable *seen, OakumDescriptor *desc)
{
  if (desc && !stays_outside(desc) && g_hash_table_add(seen, desc->digest))
    g_ptr_array_add(list, desc);
}

static gboolean push_blobs(OakumRegistry *r, const OakumManifest *const *manifests, size_t n,
                           OakumBlobSource *source, const char *mount_from, GError **error)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new();
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL);
  for (size_t i = 0; i < n; i++) {
    for (guint j = 0; manifests[i]->layers && j < manifests[i]->layers->len; j++)
      collect(list, seen, manifests[i]->layers->pdata[j]);
    collect(list, seen, manifests[i]->config);
  }
  PushWork work = {r, source, mount_from, 0};
  if (list->len == 0)
    return TRUE;
  OakumWorkers *workers =
      oakum_workers_new(MIN(OAKUM_BLOBS_AT_ONCE, list->len), OAKUM_BLOBS_AT_ONCE, push_one, &work);
  g_autoptr(GError) first = NULL;
  for (guint next = 0; next < list->len || oakum_workers_pending(workers) > 0;) {
    gpointer result;
    if (next < list->len && oakum_workers_pending(workers) < OAKUM_BLOBS_AT_ONCE) {
      oakum_workers_push(workers, list->pdata[next++]);
    } else if (oakum_workers_pop(workers, &result) && result) {
      if (!first)
        first = result;
      else
        g_error_free(result);
    }
  }
  oakum_workers_free(workers, NULL);
  if (!first)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&first));
  return FALSE;
}

gboolean oakum_registry_push(OakumRegistry *r, const OakumManifest *const *manifests,
                             size_t n_manifests, OakumBlobSource *source, const char *const *tags,
                             const char *mount_from, GError **error)
{
  static const char *const none[] = {NULL};
  if (!tags)
    tags = none;
  if (!push_blobs(r, manifests, n_manifests, source, mount_from, error))
    return FALSE;
  for (size_t i = 0; i < n_manifests; i++) {
    gboolean last = i + 1 == n_manifests;
    /* Under several tags the manifest goes up by digest first: when the registry dislikes it, no
     * tag has moved. A single tag does both at once. */
    if (last && tags[0] && !tags[1])
      break;
    if (!oakum_registry_put_manifest(r, manifests[i], NULL, error))
      return FALSE;
  }
  for (; n_manifests > 0 && *tags; tags++)
    if (!oakum_registry_put_manifest(r, manifests[n_manifests - 1], *tags, error))
      return FALSE;
  return TRUE;
}

/* ---- sink
 * ---------------------------------------------------------------------------------------- */
typedef struct {
  OakumBlobSink sink;
  OakumRegistry *registry;
} RegistrySink;

typedef struct {
  OakumBlobSource source;
  char *path;
} SpoolSource;

static OakumReader *spool_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  const char *path = ((SpoolSource *)self)->path;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_REGISTRY_ERROR, errno, "%s", path);
    return NULL;
  }
  return oakum_reader_new_fd(fd, TRUE);
}

static int sink_has(OakumBlobSink *self, const OakumDescriptor *desc, GError **error)
{
  return oakum_registry_has_blob(((RegistrySink *)self)->registry, desc, error);
}

static gboolean sink_put(OakumBlobSink *self, const OakumDescriptor *desc, OakumReader *reader,
                         GError **error)
{
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, error);
  if (!dir)
    return FALSE;
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(dir), "blob", NULL);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_REGISTRY_ERROR, errno, "%s", path);
    return FALSE;
  }
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(oakum_digest_kind(desc->digest));
  g_autoptr(OakumWriter) writer = oakum_writer_new_hash(oakum_writer_new_fd(fd, TRUE), hasher);
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  uint64_t total = 0;
  gssize n;
  while ((n = oakum_reader_read(reader, buffer, OAKUM_IO_BUFFER, error)) > 0) {
    total += (uint64_t)n;
    if (total > desc->size)
      break;
    if (!oakum_writer_write(writer, buffer, (size_t)n, error))
      return FALSE;
  }
  if (n < 0 || (total <= desc->size && !oakum_writer_finish(writer, error)))
    return FALSE;
  g_autofree char *hex = oakum_hasher_hex(hasher);
  if (total != desc->size || strcmp(hex, oakum_digest_hex(desc->digest)) != 0) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DIGEST,
                "%s: %s%" G_GUINT64_FORMAT " bytes of %" G_GUINT64_FORMAT ", digest %s",
                desc->digest, total > desc->size ? "more than " : "", MIN(total, desc->size),
                desc->size, total == desc->size ? hex : "not reached");
    return FALSE;
  }
  SpoolSource spool = {.source = {.open = spool_open}, .path = path};
  return oakum_registry_upload(((RegistrySink *)self)->registry, &spool.source, desc, NULL, error);
}

static void sink_free(OakumBlobSink *self)
{
  g_free(self);
}

OakumBlobSink *oakum_registry_blob_sink(OakumRegistry *registry)
{
  RegistrySink *sink = g_new0(RegistrySink, 1);
  sink->sink = (OakumBlobSink){sink_has, sink_put, sink_free};
  sink->registry = registry;
  return &sink->sink;
}
