/* Manifests and blobs in; mirrors are asked before the registry itself. */
#include "registry/registry-private.h"
#include <string.h>

#define MIRROR_TRIES 2u /* there is another place to ask */

/* ---- manifests
 * ---------------------------------------------------------------------------------- */
static gboolean digest_holds(OakumEndpoint *e, const char *digest, const char *data, size_t len,
                             GError **error)
{
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(oakum_digest_kind(digest));
  oakum_hasher_update(hasher, data, len);
  g_autofree char *hex = oakum_hasher_hex(hasher);
  if (strcmp(hex, oakum_digest_hex(digest)) == 0)
    return TRUE;
  g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DIGEST,
              "%s/%s: manifest: expected %s, got %.*s%s", e->name, e->repository, digest,
              (int)(oakum_digest_hex(digest) - digest), digest, hex);
  return FALSE;
}

OakumManifest *oakum_endpoint_get_manifest(OakumEndpoint *e, const char *name, GError **error)
{
  static const char *const headers[] = {"Accept: " OAKUM_MT_OCI_MANIFEST ", " OAKUM_MT_OCI_INDEX
                                        ", " OAKUM_MT_DOCKER_MANIFEST ", " OAKUM_MT_DOCKER_LIST,
                                        NULL};
  g_autofree char *url = oakum_endpoint_url(e, "manifests", name, error), *text = NULL;
  size_t len;
  if (!url)
    return NULL;
  g_autoptr(OakumHttpAnswer) answer =
      oakum_endpoint_send(e,
                          (OakumHttpRequest){.method = "GET",
                                             .url = url,
                                             .headers = headers,
                                             .answer_max = OAKUM_MANIFEST_MAX,
                                             .tries = e->mirror ? MIRROR_TRIES : 0},
                          NULL, error);
  if (!answer || answer->status != 200) {
    g_autofree char *what = g_strconcat("manifest ", name, NULL);
    (void)!oakum_endpoint_refused(e, what, g_steal_pointer(&answer), error);
    return NULL;
  }
  if (!oakum_reader_slurp(answer->body, OAKUM_MANIFEST_MAX, "manifest", &text, &len, error))
    return NULL;
  const char *said = oakum_http_header(answer, "docker-content-digest", 0);
  if ((strchr(name, ':') && !digest_holds(e, name, text, len, error)) ||
      (said && oakum_digest_check(said, NULL) && !digest_holds(e, said, text, len, error)))
    return NULL;
  g_autoptr(GBytes) raw = g_bytes_new_take(g_steal_pointer(&text), len);
  /* "type; charset=utf-8" is the same type */
  const char *type = oakum_http_header(answer, "content-type", 0);
  g_autofree char *bare = type ? g_strstrip(g_strndup(type, strcspn(type, ";"))) : NULL;
  OakumManifest *manifest = oakum_manifest_parse(raw, bare, error);
  if (!manifest)
    g_prefix_error(error, "%s/%s: manifest %s: ", e->name, e->repository, name);
  return manifest;
}

gboolean oakum_registry_get_manifest(OakumRegistry *r, const char *name, OakumManifest **manifest,
                                     GError **error)
{
  *manifest = NULL;
  if (strchr(name, ':') && !oakum_digest_check(name, error))
    return FALSE;
  for (guint i = 0; i < r->endpoints->len; i++) {
    g_autoptr(GError) local = NULL;
    *manifest = oakum_endpoint_get_manifest(r->endpoints->pdata[i], name, &local);
    if (*manifest)
      return TRUE;
    if (i + 1 < r->endpoints->len)
      oakum_info("%s; asking the next", local->message);
    else
      g_propagate_error(error, g_steal_pointer(&local));
  }
  return FALSE;
}

/* ---- blobs
 * -------------------------------------------------------------------------------------- */
/* A blob that goes on where it was cut, by Range. A cut counts as a failure unless it brought
 * OAKUM_RESUME_PROGRESS bytes, so that a server cannot keep us for ever with a few at a time. */
typedef struct {
  OakumRegistry *registry;
  guint endpoint;
  char *digest;
  uint64_t size, at, counted_at;
  OakumReader *body;
  guint failures;
} Download;

static gboolean begin_at(Download *d, OakumEndpoint *e, GError **error)
{
  g_autofree char *url = oakum_endpoint_url(e, "blobs", d->digest, error);
  g_autofree char *range =
      d->at > 0 ? g_strdup_printf("Range: bytes=%" G_GUINT64_FORMAT "-", d->at) : NULL;
  const char *headers[] = {range, NULL};
  if (!url)
    return FALSE;
  g_autoptr(OakumHttpAnswer) answer =
      oakum_endpoint_send(e,
                          (OakumHttpRequest){.method = "GET",
                                             .url = url,
                                             .headers = headers,
                                             .answer_max = OAKUM_BLOB_MAX,
                                             .tries = e->mirror ? MIRROR_TRIES : 0},
                          NULL, error);
  gboolean partial = answer && answer->status == 206 && d->at > 0;
  if (!answer || (answer->status != 200 && !partial)) {
    g_autofree char *what = g_strconcat("blob ", d->digest, NULL);
    return oakum_endpoint_refused(e, what, g_steal_pointer(&answer), error);
  }
  if (partial && !oakum_http_goes_on(answer, d->at)) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID,
                "%s/%s: blob %s: another range than the one asked for", e->name, e->repository,
                d->digest);
    return FALSE;
  }
  if (!partial && d->at > 0) { /* no ranges here: what we have is read again and dropped */
    g_autofree guint8 *skip = g_malloc(OAKUM_IO_BUFFER);
    for (uint64_t left = d->at; left > 0;) {
      gssize n = oakum_reader_read(answer->body, skip, MIN(left, OAKUM_IO_BUFFER), error);
      if (n < 0)
        return FALSE;
      if (n == 0) {
        g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_NETWORK,
                    "%s/%s: blob %s: ended before the place where it was cut", e->name,
                    e->repository, d->digest);
        return FALSE;
      }
      left -= (uint64_t)n;
    }
  }
  d->body = g_steal_pointer(&answer->body);
  return TRUE;
}

static gboolean begin(Download *d, GError **error)
{
  for (;; d->endpoint++) {
    g_autoptr(GError) local = NULL;
    if (begin_at(d, d->registry->endpoints->pdata[d->endpoint], &local))
      return TRUE;
    if (d->endpoint + 1 >= d->registry->endpoints->len) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    oakum_info("%s; asking the next", local->message);
  }
}

static gssize download_borrow(void *self, const void **data, size_t max, GError **error)
{
  Download *d = self;
  for (;;) {
    g_autoptr(GError) local = NULL;
    gssize n = d->body || begin(d, &local) ? oakum_reader_borrow(d->body, data, max, &local) : -1;
    if (n > 0) {
      d->at += (uint64_t)n;
      return n;
    }
    /* a connection that breaks behind the last byte has done its work */
    if (n == 0 ? d->at >= d->size : d->body && d->at == d->size)
      return 0;
    gboolean cut = n == 0 || local->code == OAKUM_ERROR_NETWORK;
    g_clear_pointer(&d->body, oakum_reader_free);
    if (d->at - d->counted_at >= OAKUM_RESUME_PROGRESS)
      d->failures = 0;
    d->counted_at = d->at;
    if (!cut || ++d->failures >= OAKUM_RETRIES_MAX) {
      if (!local) /* it ends in peace, but too early: the verifying reader says so */
        return 0;
      g_propagate_error(error, g_steal_pointer(&local));
      return -1;
    }
    oakum_debug("%s: cut at %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes; going on",
                d->digest, d->at, d->size);
    oakum_http_pause(d->failures - 1, NULL);
  }
}

static void download_free(void *self)
{
  Download *d = self;
  oakum_reader_free(d->body);
  g_free(d->digest);
  g_free(d);
}

typedef struct {
  OakumBlobSource source;
  OakumRegistry *registry;
} RegistrySource;

static OakumReader *source_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  static const OakumReaderClass klass = {NULL, download_free, NULL, download_borrow};
  Download *d = g_new0(Download, 1);
  d->registry = ((RegistrySource *)self)->registry;
  d->digest = g_strdup(desc->digest);
  d->size = desc->size;
  if (!begin(d, error)) {
    download_free(d);
    return NULL;
  }
  return oakum_reader_new_verify(oakum_reader_new(&klass, d), oakum_digest_kind(desc->digest),
                                 oakum_digest_hex(desc->digest), desc->size);
}

static void source_free(OakumBlobSource *self)
{
  g_free(self);
}

static char *source_origin(OakumBlobSource *self, const OakumDescriptor *desc)
{
  const OakumRegistry *registry = ((RegistrySource *)self)->registry;
  return g_strconcat(registry->name, "/", registry->repository, NULL);
}

OakumBlobSource *oakum_registry_blob_source(OakumRegistry *registry)
{
  RegistrySource *source = g_new0(RegistrySource, 1);
  source->source = (OakumBlobSource){source_open, source_free, source_origin};
  source->registry = registry;
  return &source->source;
}
