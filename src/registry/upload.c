/* One blob out: exists, mount, whole, or in chunks that go on where they were cut. */
#include "registry/registry-private.h"
#include <string.h>

/* ---- the bytes
 * ---------------------------------------------------------------------------------- */
/* The blob as a source of request bodies: goes on where the last one ended when that fits, else it
 * is opened anew. */
typedef struct {
  OakumBlobSource *source;
  const OakumDescriptor *desc;
  OakumReader *reader;
  uint64_t at;        /* of `reader` */
  uint64_t from, len; /* the piece that the next request carries */
  GError *failed;     /* why our own bytes cannot be sent: no retry helps */
} Supply;

typedef struct {
  Supply *supply;
  uint64_t left;
} Piece;

static gboolean supply_seek(Supply *s, uint64_t to, GError **error)
{
  g_autofree guint8 *skip = NULL;
  if (s->reader && s->at > to)
    g_clear_pointer(&s->reader, oakum_reader_free);
  if (!s->reader) {
    s->at = 0;
    s->reader = s->source->open(s->source, s->desc, error);
    if (!s->reader)
      return FALSE;
  }
  while (s->at < to) {
    if (!skip)
      skip = g_malloc(OAKUM_IO_BUFFER);
    gssize n = oakum_reader_read(s->reader, skip, MIN(to - s->at, OAKUM_IO_BUFFER), error);
    if (n == 0)
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DIGEST,
                  "%s: shorter than %" G_GUINT64_FORMAT, s->desc->digest, s->desc->size);
    if (n <= 0)
      return FALSE;
    s->at += (uint64_t)n;
  }
  return TRUE;
}

static gssize piece_read(void *self, void *buffer, size_t len, GError **error)
{
  Piece *p = self;
  Supply *s = p->supply;
  if (p->left == 0)
    return 0;
  gssize n = oakum_reader_read(s->reader, buffer, MIN(len, p->left), error);
  if (n > 0) {
    s->at += (uint64_t)n;
    p->left -= (uint64_t)n;
    /* The source judges the digest at its end; that must be heard before the last bytes go out. */
    char more;
    gssize end = s->at == s->desc->size ? oakum_reader_read(s->reader, &more, 1, error) : 0;
    if (end == 0)
      return n;
    if (end > 0)
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DIGEST,
                  "%s: longer than %" G_GUINT64_FORMAT " bytes", s->desc->digest, s->desc->size);
  } else if (n == 0) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DIGEST,
                "%s: shorter than %" G_GUINT64_FORMAT " bytes", s->desc->digest, s->desc->size);
  }
  if (error && *error && !s->failed)
    s->failed = g_error_copy(*error);
  return -1;
}

static OakumReader *piece_open(gpointer user, GError **error)
{
  static const OakumReaderClass klass = {piece_read, g_free};
  Supply *s = user;
  GError *local = NULL;
  if (!supply_seek(s, s->from, &local)) {
    g_clear_error(&s->failed);
    s->failed = g_error_copy(local);
    g_propagate_error(error, local);
    return NULL;
  }
  Piece *piece = g_new0(Piece, 1);
  piece->supply = s;
  piece->left = s->len;
  return oakum_reader_new(&klass, piece);
}

static void supply_clear(Supply *s)
{
  oakum_reader_free(s->reader);
  g_clear_error(&s->failed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Supply, supply_clear)

/* ---- one upload session
 * ------------------------------------------------------------------------- */
typedef enum {
  DONE,
  GO_ON, /* this step is done, the next may come */
  AGAIN, /* a new session may do better; the error says why this one did not */
  FATAL
} Outcome;

typedef struct {
  OakumEndpoint *e;
  const OakumDescriptor *desc;
  const char *more; /* further token scope, or NULL */
  char *url;        /* newest Location of the session */
  uint64_t chunk_min;
  char *retry_after;
} Session;

static void session_clear(Session *s)
{
  g_clear_pointer(&s->url, g_free);
  g_clear_pointer(&s->retry_after, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Session, session_clear)

/* The newest Location: it carries state, so it is used as it stands. */
static gboolean take_location(Session *s, const OakumHttpAnswer *answer, gboolean required,
                              GError **error)
{
  const char *location = oakum_http_header(answer, "location", 0);
  if (!location && !required)
    return TRUE;
  g_autofree char *url = location ? oakum_url_resolve(answer->url, location) : NULL;
  if (url &&
      oakum_registry_url_allowed(url, s->e->base, oakum_registry_is_marked(s->e->registry, url))) {
    g_free(s->url);
    s->url = g_steal_pointer(&url);
    return TRUE;
  }
  g_autofree char *shown = oakum_url_show(location ? location : "nowhere");
  g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DENIED,
              "%s/%s: it wants an upload sent to %s, which is refused", s->e->name,
              s->e->repository, shown);
  return FALSE;
}

/* "0-1023", the bytes that the registry has; "0-0" is also said for none at all. */
static gboolean take_range(const OakumHttpAnswer *answer, uint64_t size, uint64_t *at)
{
  const char *value = oakum_http_header(answer, "range", 0);
  uint64_t last;
  if (value && g_ascii_strncasecmp(value, "bytes=", 6) == 0)
    value += 6;
  if (!value || strncmp(value, "0-", 2) != 0 ||
      !oakum_parse_u64(value + 2, strlen(value + 2), OAKUM_BLOB_MAX, &last) || last >= size)
    return FALSE;
  *at = last == 0 ? 0 : last + 1;
  return TRUE;
}

/* What an answer that ends no upload means. Takes the answer (NULL: *error is set). */
static Outcome judge(Session *s, OakumHttpAnswer *answer, const char *what, GError **error)
{
  if (!answer)
    return *error && (*error)->code == OAKUM_ERROR_NETWORK ? AGAIN : FATAL;
  gboolean again =
      oakum_http_worth_retrying(answer->status) || answer->status == 404 || answer->status == 416;
  g_free(s->retry_after);
  s->retry_after = g_strdup(oakum_http_header(answer, "retry-after", 0));
  (void)!oakum_endpoint_refused(s->e, what, answer, error);
  return again ? AGAIN : FATAL;
}

static gboolean accepted(Session *s, const OakumHttpAnswer *answer, GError **error)
{
  const char *said = oakum_http_header(answer, "docker-content-digest", 0);
  if (!said || strcmp(said, s->desc->digest) == 0)
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(said, -1);
  g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DIGEST, "%s/%s: sent %s, it took %s",
              s->e->name, s->e->repository, s->desc->digest, shown);
  return FALSE;
}

static Outcome start(Session *s, const char *mount_from, GError **error)
{
  g_autofree char *url = oakum_endpoint_url(s->e, "blobs", "uploads/", error);
  if (!url)
    return judge(s, NULL, NULL, error);
  if (mount_from) {
    g_autofree char *with_digest = oakum_url_add_query(url, "mount", s->desc->digest);
    char *longer = oakum_url_add_query(with_digest, "from", mount_from);
    g_free(url);
    url = longer;
  }
  g_autoptr(OakumHttpAnswer) answer = oakum_endpoint_send(
      s->e, (OakumHttpRequest){.method = "POST", .url = url, .answer_max = OAKUM_ERROR_BODY_MAX},
      s->more, error);
  if (answer && answer->status == 201 && mount_from)
    return accepted(s, answer, error) ? DONE : FATAL;
  if (!answer || answer->status != 202)
    return judge(s, g_steal_pointer(&answer), "begin an upload", error);
  const char *least = oakum_http_header(answer, "oci-chunk-min-length", 0);
  if (least && !oakum_parse_u64(least, strlen(least), OAKUM_UPLOAD_CHUNK_MAX, &s->chunk_min)) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_LIMIT,
                "%s: OCI-Chunk-Min-Length is above %" G_GUINT64_FORMAT " bytes", s->e->name,
                OAKUM_UPLOAD_CHUNK_MAX);
    return FATAL;
  }
  return take_location(s, answer, TRUE, error) ? GO_ON : FATAL;
}

static OakumHttpAnswer *send_piece(Session *s, Supply *supply, const char *method, const char *url,
                                   const char *content_range, GError **error)
{
  const char *headers[] = {"Content-Type: application/octet-stream", content_range, NULL};
  OakumHttpAnswer *answer =
      oakum_endpoint_send(s->e,
                          (OakumHttpRequest){.method = method,
                                             .url = url,
                                             .headers = headers,
                                             .open = piece_open,
                                             .open_user = supply,
                                             .body_len = supply->len,
                                             .answer_max = OAKUM_ERROR_BODY_MAX,
                                             .tries = 1},
                          s->more, error);
  if (supply->failed) { /* whatever the registry made of it, our bytes are the trouble */
    g_clear_pointer(&answer, oakum_http_answer_free);
    g_clear_error(error);
    g_propagate_error(error, g_error_copy(supply->failed));
    if ((*error)->code == OAKUM_ERROR_NETWORK) /* is another server's, not worth a new session */
      (*error)->code = OAKUM_ERROR_FAILED;
  }
  return answer;
}

/* The closing PUT: with the whole blob, or with nothing behind chunks. */
static Outcome finish(Session *s, Supply *supply, uint64_t len, int *status, GError **error)
{
  g_autofree char *url = oakum_url_add_query(s->url, "digest", s->desc->digest);
  supply->from = len > 0 ? 0 : s->desc->size;
  supply->len = len;
  g_autoptr(OakumHttpAnswer) answer = send_piece(s, supply, "PUT", url, NULL, error);
  *status = answer ? answer->status : 0;
  if (answer && (answer->status == 201 || answer->status == 204 || answer->status == 202)) {
    if (!accepted(s, answer, error))
      return FATAL;
    if (answer->status != 202)
      return DONE;
    int there = oakum_registry_has_blob(s->e->registry, s->desc, error);
    if (there == 0)
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_FAILED, "%s/%s: took %s but has it not",
                  s->e->name, s->e->repository, s->desc->digest);
    return there == 1 ? DONE : FATAL;
  }
  return judge(s, g_steal_pointer(&answer), "upload", error);
}

/* How far the session has come, by its own word. */
static gboolean ask_where(Session *s, uint64_t *at)
{
  g_autoptr(OakumHttpAnswer) answer = oakum_endpoint_send(
      s->e, (OakumHttpRequest){.method = "GET", .url = s->url, .answer_max = OAKUM_ERROR_BODY_MAX},
      s->more, NULL);
  return answer && (answer->status == 204 || answer->status == 200 || answer->status == 202) &&
         take_location(s, answer, FALSE, NULL) && take_range(answer, s->desc->size, at);
}

static Outcome send_chunks(Session *s, Supply *supply, GError **error)
{
  OakumRegistry *r = s->e->registry;
  g_mutex_lock(&r->lock);
  uint64_t chunk = MAX(r->chunk, s->chunk_min), at = 0;
  g_mutex_unlock(&r->lock);
  guint failures = 0;
  while (at < s->desc->size) {
    g_autoptr(GError) local = NULL;
    supply->from = at;
    supply->len = MIN(chunk, s->desc->size - at);
    g_autofree char *range = g_strdup_printf(
        "Content-Range: %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, at, at + supply->len - 1);
    g_autoptr(OakumHttpAnswer) answer = send_piece(s, supply, "PATCH", s->url, range, &local);
    int status = answer ? answer->status : 0;
    Outcome outcome = AGAIN;
    uint64_t reached = at + supply->len;
    if (status >= 200 && status < 300) {
      if (!take_location(s, answer, FALSE, error))
        return FATAL;
      if (oakum_http_header(answer, "range", 0) && !take_range(answer, s->desc->size, &reached))
        reached = at;
      if (reached > at) { /* it may have kept less than was sent, never more */
        at = MIN(reached, at + supply->len);
        failures = 0;
        continue;
      }
      g_set_error(&local, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_NETWORK,
                  "%s/%s: an upload does not get on", s->e->name, s->e->repository);
    } else if (status == 413 && supply->len / 2 >= MAX(OAKUM_UPLOAD_CHUNK_MIN, s->chunk_min)) {
      chunk = supply->len / 2;
      g_mutex_lock(&r->lock);
      r->chunk = MIN(r->chunk, chunk);
      g_mutex_unlock(&r->lock);
      (void)!oakum_endpoint_refused(s->e, "upload a chunk", g_steal_pointer(&answer), &local);
    } else {
      outcome = judge(s, g_steal_pointer(&answer), "upload a chunk", &local);
      failures++;
    }
    if (outcome == FATAL || failures >= OAKUM_RETRIES_MAX) {
      g_propagate_error(error, g_steal_pointer(&local));
      return outcome;
    }
    if (status != 413 && status != 416)
      oakum_http_pause(failures, s->retry_after);
    if (!ask_where(s, &reached)) {
      g_propagate_error(error, g_steal_pointer(&local));
      return AGAIN;
    }
    if (status >= 200 && status < 300 && ++failures >= OAKUM_RETRIES_MAX) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FATAL;
    }
    /* hung up on again, and nothing arrived: perhaps a 413 that was lost with the connection */
    if (status == 0 && reached == at && failures >= 2 &&
        supply->len / 2 >= MAX(OAKUM_UPLOAD_CHUNK_MIN, s->chunk_min))
      chunk = supply->len / 2;
    at = reached;
  }
  return GO_ON;
}

/* What a session leaves behind at the registry is room, for a day or for ever. */
static void cancel(Session *s)
{
  if (!s->url)
    return;
  oakum_http_answer_free(oakum_endpoint_send(
      s->e,
      (OakumHttpRequest){
          .method = "DELETE", .url = s->url, .answer_max = OAKUM_ERROR_BODY_MAX, .tries = 1},
      s->more, NULL));
}

static Outcome try_upload(Session *s, Supply *supply, const char *mount_from, gboolean chunks,
                          GError **error)
{
  g_autoptr(GError) local = NULL;
  session_clear(s);
  Outcome outcome = start(s, mount_from, mount_from ? &local : error);
  if (mount_from && outcome != DONE && outcome != GO_ON) {
    oakum_debug("mount from %s: %s; uploading", mount_from, local->message);
    s->more = NULL;
    outcome = start(s, NULL, error);
  }
  if (outcome != GO_ON)
    return outcome;
  OakumRegistry *r = s->e->registry;
  int status = 0;
  if (!chunks && !g_atomic_int_get(&r->chunked)) {
    outcome = finish(s, supply, s->desc->size, &status, error);
    if (status == 413 && s->desc->size > OAKUM_UPLOAD_CHUNK_MIN) {
      oakum_info("%s takes no request of %" G_GUINT64_FORMAT " bytes; uploading in chunks", r->name,
                 s->desc->size);
      g_atomic_int_set(&r->chunked, 1);
      outcome = AGAIN;
    }
  } else {
    outcome = send_chunks(s, supply, error);
    if (outcome == GO_ON)
      outcome = finish(s, supply, 0, &status, error);
  }
  if (outcome != DONE)
    cancel(s);
  return outcome;
}

int oakum_registry_has_blob(OakumRegistry *r, const OakumDescriptor *desc, GError **error)
{
  OakumEndpoint *e = oakum_registry_origin(r);
  g_autofree char *url = oakum_endpoint_url(e, "blobs", desc->digest, error);
  if (!url)
    return -1;
  g_autoptr(OakumHttpAnswer) answer = oakum_endpoint_send(
      e, (OakumHttpRequest){.method = "HEAD", .url = url, .answer_max = OAKUM_ERROR_BODY_MAX}, NULL,
      error);
  if (!answer)
    return -1;
  if (answer->status == 200)
    return 1;
  /* the place that a GET would be sent to may not like HEAD; what it says is no word on the blob */
  if (answer->status == 404 || answer->status == 405 ||
      !oakum_url_same_origin(answer->url, e->base))
    return 0;
  g_autofree char *what = g_strconcat("look for blob ", desc->digest, NULL);
  return oakum_endpoint_refused(e, what, g_steal_pointer(&answer), error) ? 1 : -1;
}

gboolean oakum_registry_upload(OakumRegistry *r, OakumBlobSource *source,
                               const OakumDescriptor *desc, const char *mount_from, GError **error)
{
  OakumEndpoint *e = oakum_registry_origin(r);
  g_auto(Supply) supply = {.source = source, .desc = desc};
  g_autofree char *more = mount_from ? g_strdup_printf("repository:%s:pull", mount_from) : NULL;
  g_auto(Session) session = {.e = e, .desc = desc, .more = more};
  for (guint attempt = 0;; attempt++) {
    g_autoptr(GError) local = NULL;
    int there = oakum_registry_has_blob(r, desc, error);
    if (there != 0)
      return there == 1;
    gboolean whole = !g_atomic_int_get(&r->chunked);
    /* A server that hangs up on a large body may mean 413: its word is lost with the connection. */
    gboolean chunks = attempt >= 2 && desc->size > OAKUM_UPLOAD_CHUNK_MIN;
    Outcome outcome =
        try_upload(&session, &supply, attempt == 0 ? mount_from : NULL, chunks, &local);
    if (outcome == DONE)
      return TRUE;
    if (outcome == FATAL || attempt + 1 >= OAKUM_RETRIES_MAX) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    if (whole && g_atomic_int_get(&r->chunked)) /* nobody is busy: it just wants less at once */
      continue;
    oakum_debug("%s; trying again", local->message);
    oakum_http_pause(attempt, session.retry_after);
  }
}

gboolean oakum_registry_check_push(OakumRegistry *r, GError **error)
{
  OakumEndpoint *e = oakum_registry_origin(r);
  g_autofree char *url = oakum_endpoint_url(e, "blobs", "uploads/", error);
  g_autoptr(OakumHttpAnswer) answer =
      url ? oakum_endpoint_send(e,
                                (OakumHttpRequest){.method = "POST",
                                                   .url = url,
                                                   .answer_max = OAKUM_ERROR_BODY_MAX},
                                NULL, error)
          : NULL;
  if (!answer)
    return FALSE;
  if (answer->status < 200 || answer->status >= 300)
    return oakum_endpoint_refused(e, "begin an upload", g_steal_pointer(&answer), error);
  g_auto(Session) session = {.e = e};
  if (take_location(&session, answer, FALSE, NULL) &&
      session.url) { /* else it runs out by itself */
    g_autoptr(OakumHttpAnswer) ended = oakum_endpoint_send(
        e,
        (OakumHttpRequest){
            .method = "DELETE", .url = session.url, .answer_max = OAKUM_ERROR_BODY_MAX, .tries = 1},
        NULL, NULL);
    (void)ended;
  }
  return TRUE;
}
