/* Pull and push: OCI distribution specification 1.1. */
#include "registry/registry-private.h"
#include <stdlib.h>
#include <string.h>

static const char *const manifest_headers[] = {"Accept: " OAKUM_MT_OCI_MANIFEST
                                               ", " OAKUM_MT_OCI_INDEX ", " OAKUM_MT_DOCKER_MANIFEST
                                               ", " OAKUM_MT_DOCKER_LIST,
                                               NULL};

OakumRegistry *oakum_registry_open(const OakumReference *ref, gboolean push, GError **error)
{
  g_autoptr(OakumRegistry) r = g_new0(OakumRegistry, 1);
  r->name = g_strdup(ref->registry);
  r->repository = g_strdup(ref->repository);
  r->push = push;
  const char *host =
      strcmp(ref->registry, "docker.io") == 0 ? "registry-1.docker.io" : ref->registry;
  g_autofree char *bare = host[0] == '[' ? g_strndup(host, strcspn(host, "]") + 1)
                                         : g_strndup(host, strcspn(host, ":"));
  r->base = g_strconcat(oakum_host_is_local(bare) ? "http://" : "https://", host, NULL);
  if (!oakum_registry_find_credentials(r, error) || !(r->http = oakum_http_new(error)))
    return NULL;
  return g_steal_pointer(&r);
}

void oakum_registry_free(OakumRegistry *r)
{
  if (!r)
    return;
  oakum_http_free(r->http);
  char *texts[] = {r->name,     r->repository,     r->base,         r->user,
                   r->password, r->identity_token, r->authorization};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_free(r);
}

/* ---- requests with login and patience
 * --------------------------------------------------------------- */
typedef struct {
  OakumBlobSource *source;
  const OakumDescriptor *desc;
  OakumReader *reader;
} Body;

static gssize read_body(gpointer self, void *buffer, size_t len, GError **error)
{
  return oakum_reader_read(((Body *)self)->reader, buffer, len, error);
}

static gssize read_bytes(gpointer self, void *buffer, size_t len, GError **error)
{
  OakumSlice *rest = self;
  size_t n = MIN(len, rest->len);
  memcpy(buffer, rest->data, n);
  rest->data += n;
  rest->len -= n;
  return (gssize)n;
}

static gboolean worth_retrying(int status)
{
  static const int list[] = {408, 429, 500, 502, 503, 504, 499, 522};
  for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
    if (status == list[i])
      return TRUE;
  return FALSE;
}

static void wait_before_retry(const OakumHttpAnswer *answer, guint attempt)
{
  const char *after = answer ? oakum_http_header(answer, "retry-after") : NULL;
  uint64_t seconds = 0;
  gulong delay = (gulong)500000 << attempt;
  if (after && oakum_parse_u64(after, strlen(after), 86400, &seconds))
    delay = (gulong)MIN(seconds, OAKUM_RETRY_AFTER_MAX_S) * G_USEC_PER_SEC;
  g_usleep(delay);
}

static OakumHttpAnswer *answer_error(OakumRegistry *r, const char *what, OakumHttpAnswer *answer,
                                     GError **error)
{
  g_autofree char *text = NULL;
  size_t len = 0;
  int status = oakum_http_status(answer);
  g_autoptr(GString) said = g_string_new(NULL);
  if (oakum_http_slurp(answer, OAKUM_ERROR_BODY_MAX, &text, &len, NULL)) {
    OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, "error", NULL);
    const json_t *list = json_object_get(json, "errors");
    for (size_t i = 0; i < json_array_size(list) && i < 3; i++) {
      const char *code = json_string_value(json_object_get(json_array_get(list, i), "code"));
      const char *message = json_string_value(json_object_get(json_array_get(list, i), "message"));
      g_autofree char *one = g_strdup_printf("%s: %s", code ? code : "?", message ? message : "");
      g_autofree char *safe = oakum_escape_terminal(one, (gssize)strnlen(one, 300));
      g_string_append_printf(said, "; %s", safe);
    }
  }
  if (status == 401)
    g_string_append(said, r->user ? "; the user or password is wrong, or may not do this"
                                  : "; log in with docker login, or set DOCKER_AUTH_CONFIG");
  OakumErrorCode code = status == 404                    ? OAKUM_ERROR_NOT_FOUND
                        : status == 401 || status == 403 ? OAKUM_ERROR_DENIED
                                                         : OAKUM_ERROR_FAILED;
  g_set_error(error, OAKUM_REGISTRY_ERROR, code, "%s/%s: %s: status %d%s", r->name, r->repository,
              what, status, said->str);
  oakum_http_answer_free(answer);
  return NULL;
}

/* Sends until it is answered for good: logs in once when asked, tries again when it may help.
 * `body` is opened anew for every attempt. */
static OakumHttpAnswer *exchange(OakumRegistry *r, OakumHttpRequest request, Body *body,
                                 OakumSlice bytes, GError **error)
{
  gboolean logged_in = FALSE;
  for (guint attempt = 0;; attempt++) {
    OakumSlice rest = bytes;
    g_autoptr(GError) local = NULL;
    if (body) {
      g_clear_pointer(&body->reader, oakum_reader_free);
      if (!(body->reader = body->source->open(body->source, body->desc, error)))
        return NULL;
      request.body = read_body;
      request.body_self = body;
      request.body_len = body->desc->size;
    } else if (bytes.data) {
      request.body = read_bytes;
      request.body_self = &rest;
      request.body_len = bytes.len;
    }
    /* credentials only ever go to the registry's own origin */
    request.authorization = oakum_url_same_origin(request.url, r->base) ? r->authorization : NULL;
    OakumHttpAnswer *answer = oakum_http_send(r->http, &request, &local);
    if (body)
      g_clear_pointer(&body->reader, oakum_reader_free);
    int status = answer ? oakum_http_status(answer) : 0;
    if (status == 401 && !logged_in) {
      g_autofree char *header = g_strdup(oakum_http_header(answer, "www-authenticate"));
      oakum_http_answer_free(answer);
      logged_in = TRUE;
      gboolean bearer = header && g_ascii_strncasecmp(header, "bearer", 6) == 0;
      if (bearer) /* an old token may have run out */
        g_clear_pointer(&r->authorization, g_free);
      if (!oakum_registry_authorize(r, header, error))
        return NULL;
      continue;
    }
    if (answer && !worth_retrying(status))
      return answer;
    if (!answer && local->code != OAKUM_ERROR_NETWORK) {
      g_propagate_error(error, g_steal_pointer(&local));
      return NULL;
    }
    if (attempt + 1 >= OAKUM_RETRIES_MAX) {
      if (answer)
        return answer;
      g_propagate_error(error, g_steal_pointer(&local));
      return NULL;
    }
    oakum_debug("%s %s: %s; trying again", request.method, r->name,
                local ? local->message : "the registry is busy");
    wait_before_retry(answer, attempt);
    oakum_http_answer_free(answer);
  }
}

static char *url_of(const OakumRegistry *r, const char *kind, const char *name)
{
  return g_strdup_printf("%s/v2/%s/%s/%s", r->base, r->repository, kind, name);
}

/* ---- pull
 * ------------------------------------------------------------------------------------------------
 */
OakumManifest *oakum_registry_manifest(OakumRegistry *r, const char *name, GError **error)
{
  g_autofree char *url = url_of(r, "manifests", name), *what = g_strconcat("manifest ", name, NULL),
                  *text = NULL;
  size_t len;
  OakumHttpAnswer *answer =
      exchange(r, (OakumHttpRequest){.method = "GET", .url = url, .headers = manifest_headers},
               NULL, (OakumSlice){0}, error);
  if (answer && oakum_http_status(answer) != 200)
    answer = answer_error(r, what, answer, error);
  G_GNUC_UNUSED g_autoptr(OakumHttpAnswer) owned = answer;
  if (!answer || !oakum_http_slurp(answer, OAKUM_MANIFEST_MAX, &text, &len, error))
    return NULL;
  g_autofree char *digest = strncmp(name, "sha512:", 7) == 0 ? NULL : oakum_digest_of(text, len);
  if (g_str_has_prefix(name, "sha256:") && strcmp(digest, name) != 0) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DIGEST,
                "%s/%s: manifest: expected %s, got %s", r->name, r->repository, name, digest);
    return NULL;
  }
  if (g_str_has_prefix(name, "sha512:")) {
    g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA512);
    oakum_hasher_update(hasher, text, len);
    g_autofree char *hex = oakum_hasher_hex(hasher);
    if (strcmp(hex, name + 7) != 0) {
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DIGEST, "%s/%s: manifest: expected %s",
                  r->name, r->repository, name);
      return NULL;
    }
  }
  g_autoptr(GBytes) raw = g_bytes_new(text, len);
  OakumManifest *manifest =
      oakum_manifest_parse(raw, oakum_http_header(answer, "content-type"), error);
  if (!manifest)
    g_prefix_error(error, "%s/%s:%s: ", r->name, r->repository, name);
  return manifest;
}

/* A blob that goes on where it was cut: by Range, as often as it makes progress. */
typedef struct {
  OakumRegistry *registry;
  char *url, *digest;
  uint64_t size, at;
  OakumHttpAnswer *answer;
  guint failures;
} Download;

static gboolean begin(Download *d, GError **error)
{
  g_autofree char *range =
      d->at > 0 ? g_strdup_printf("Range: bytes=%" G_GUINT64_FORMAT "-", d->at) : NULL;
  const char *headers[] = {range, NULL};
  OakumHttpAnswer *answer = exchange(
      d->registry,
      (OakumHttpRequest){.method = "GET", .url = d->url, .headers = range ? headers : NULL}, NULL,
      (OakumSlice){0}, error);
  if (!answer)
    return FALSE;
  int status = oakum_http_status(answer);
  if (status != 200 && !(status == 206 && d->at > 0)) {
    g_autofree char *what = g_strconcat("blob ", d->digest, NULL);
    return answer_error(d->registry, what, answer, error) != NULL;
  }
  d->answer = answer;
  if (status == 200 && d->at > 0) { /* no ranges here: skip what is had */
    guint8 skip[16384];
    for (uint64_t left = d->at; left > 0;) {
      gssize n = oakum_http_read(answer, skip, MIN(left, sizeof(skip)), error);
      if (n <= 0)
        return FALSE;
      left -= (uint64_t)n;
    }
  }
  return TRUE;
}

static gssize download_read(void *self, void *buffer, size_t len, GError **error)
{
  Download *d = self;
  for (;;) {
    g_autoptr(GError) local = NULL;
    gssize n = d->answer || begin(d, &local) ? oakum_http_read(d->answer, buffer, len, &local) : -1;
    if (n > 0) {
      d->at += (uint64_t)n;
      d->failures = 0;
    }
    gboolean cut = n < 0 ? local->code == OAKUM_ERROR_NETWORK : n == 0 && d->at < d->size;
    if (n >= 0 && !cut)
      return n;
    g_clear_pointer(&d->answer, oakum_http_answer_free);
    if (!cut || ++d->failures >= OAKUM_RETRIES_MAX) {
      if (local)
        g_propagate_error(error, g_steal_pointer(&local));
      else
        return 0; /* the reader above tells that bytes are missing */
      return -1;
    }
    g_usleep((gulong)100000 << d->failures);
  }
}

static void download_free(void *self)
{
  Download *d = self;
  oakum_http_answer_free(d->answer);
  g_free(d->url);
  g_free(d->digest);
  g_free(d);
}

typedef struct {
  OakumBlobSource source;
  OakumRegistry *registry;
} RegistrySource;

static OakumReader *source_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  static const OakumReaderClass klass = {download_read, download_free};
  OakumRegistry *r = ((RegistrySource *)self)->registry;
  Download *d = g_new0(Download, 1);
  *d = (Download){.registry = r,
                  .url = url_of(r, "blobs", desc->digest),
                  .digest = g_strdup(desc->digest),
                  .size = desc->size};
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

OakumBlobSource *oakum_registry_source(OakumRegistry *registry)
{
  RegistrySource *source = g_new0(RegistrySource, 1);
  source->source = (OakumBlobSource){source_open, source_free};
  source->registry = registry;
  return &source->source;
}

/* ---- push
 * -------------------------------------------------------------------------------------------------
 */
static gboolean blob_is_there(OakumRegistry *r, const OakumDescriptor *desc, gboolean *there,
                              GError **error)
{
  g_autofree char *url = url_of(r, "blobs", desc->digest);
  g_autoptr(OakumHttpAnswer) answer =
      exchange(r, (OakumHttpRequest){.method = "HEAD", .url = url}, NULL, (OakumSlice){0}, error);
  *there = answer && oakum_http_status(answer) == 200;
  return answer != NULL;
}

/* Where to send the bytes to: the newest Location, of our origin or at least as safe. */
static char *upload_url(OakumRegistry *r, const OakumHttpAnswer *answer, GError **error)
{
  const char *location = oakum_http_header(answer, "location");
  g_autofree char *url = location ? oakum_url_resolve(oakum_http_url(answer), location) : NULL;
  if (url &&
      oakum_realm_allowed(url, r->base)) /* the same rule: no downgrade, no private addresses */
    return g_steal_pointer(&url);
  g_autofree char *shown = oakum_escape_terminal(location ? location : "nothing", -1);
  g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DENIED,
              "%s: an upload is to go to %s, which is refused", r->name, shown);
  return NULL;
}

static gboolean push_blob(OakumRegistry *r, OakumBlobSource *source, const OakumDescriptor *desc,
                          GError **error)
{
  gboolean there;
  if (!blob_is_there(r, desc, &there, error))
    return FALSE;
  if (there)
    return TRUE;
  g_autofree char *start = url_of(r, "blobs", "uploads/");
  g_autoptr(OakumHttpAnswer) opened =
      exchange(r, (OakumHttpRequest){.method = "POST", .url = start}, NULL, (OakumSlice){0}, error);
  if (opened && oakum_http_status(opened) != 202)
    return answer_error(r, "begin an upload", g_steal_pointer(&opened), error) != NULL;
  g_autofree char *location = opened ? upload_url(r, opened, error) : NULL;
  if (!location)
    return FALSE;
  g_autofree char *digest = g_uri_escape_string(desc->digest, NULL, FALSE);
  g_autofree char *url =
      g_strdup_printf("%s%cdigest=%s", location, strchr(location, '?') ? '&' : '?', digest);
  static const char *const headers[] = {"Content-Type: application/octet-stream", NULL};
  Body body = {source, desc, NULL};
  g_autoptr(OakumHttpAnswer) done =
      exchange(r, (OakumHttpRequest){.method = "PUT", .url = url, .headers = headers}, &body,
               (OakumSlice){0}, error);
  if (done && oakum_http_status(done) != 201 && oakum_http_status(done) != 202 &&
      oakum_http_status(done) != 204)
    return answer_error(r, "upload", g_steal_pointer(&done), error) != NULL;
  if (!done || !blob_is_there(r, desc, &there, error))
    return FALSE;
  if (!there)
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_FAILED, "%s: took %s but does not have it",
                r->name, desc->digest);
  return there;
}

static gboolean put_manifest(OakumRegistry *r, const OakumManifest *manifest, const char *name,
                             GError **error)
{
  g_autofree char *url = url_of(r, "manifests", name),
                  *type = g_strconcat("Content-Type: ", manifest->media_type, NULL);
  const char *headers[] = {type, NULL};
  gsize len;
  const uint8_t *data = g_bytes_get_data(manifest->raw, &len);
  g_autoptr(OakumHttpAnswer) answer =
      exchange(r, (OakumHttpRequest){.method = "PUT", .url = url, .headers = headers}, NULL,
               (OakumSlice){data, len}, error);
  if (answer && oakum_http_status(answer) != 201)
    return answer_error(r, "put the manifest", g_steal_pointer(&answer), error) != NULL;
  return answer != NULL;
}

gboolean oakum_registry_push(OakumRegistry *r, const OakumManifest *manifest,
                             OakumBlobSource *source, const char *const *tags, GError **error)
{
  for (guint i = 0; i < manifest->layers->len; i++)
    if (!push_blob(r, source, manifest->layers->pdata[i], error)) {
      g_prefix_error(error, "push layer %u: ", i);
      return FALSE;
    }
  if (!push_blob(r, source, manifest->config, error)) {
    g_prefix_error(error, "push config: ");
    return FALSE;
  }
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(manifest);
  if (!*tags)
    return put_manifest(r, manifest, desc->digest, error);
  for (; *tags; tags++)
    if (!put_manifest(r, manifest, *tags, error))
      return FALSE;
  return TRUE;
}
