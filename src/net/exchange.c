/* One request and its answer: the head is waited for, the body is pulled by a reader. */
#include "net/net-private.h"
#include <string.h>

#define BUFFER_MAX (1 * OAKUM_MIB) /* received and not yet read; then the transfer pauses */

typedef struct {
  OakumHttp *http;
  OakumHttpLine *line;
  struct curl_slist *list;
  char *method, *url;
  GPtrArray *headers;
  size_t header_bytes;
  int status;
  gboolean head_done, done, paused;
  GByteArray *buffer;
  guint at;
  uint64_t got, max;
  OakumReader *(*open)(gpointer user, GError **error);
  gpointer open_user;
  OakumReader *send;
  GError *send_error;
  CURLcode result;
  char failure[CURL_ERROR_SIZE];
} Transfer;

/* ---- callbacks
 * ------------------------------------------------------------------------------------- */
static size_t on_header(char *data, size_t size, size_t n, void *user)
{
  Transfer *t = user;
  size_t len = size * n;
  t->header_bytes += len;
  if (t->header_bytes > OAKUM_HEADER_MAX)
    return 0;
  if (t->head_done) /* trailers */
    return len;
  const char *colon = memchr(data, ':', len);
  if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
    g_ptr_array_set_size(t->headers, 0); /* of a 1xx answer before */
  } else if (len <= 2) {
    long status = 0;
    curl_easy_getinfo(t->line->easy, CURLINFO_RESPONSE_CODE, &status);
    t->status = (int)status;
    t->head_done = status >= 200;
  } else if (colon && data[0] != ' ' && data[0] != '\t') {
    g_ptr_array_add(t->headers, g_ascii_strdown(data, colon - data));
    g_ptr_array_add(t->headers, g_strstrip(g_strndup(colon + 1, (gsize)(data + len - colon - 1))));
  }
  return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
  Transfer *t = user;
  size_t len = size * n;
  if (t->at == t->buffer->len) {
    g_byte_array_set_size(t->buffer, 0);
    t->at = 0;
  }
  if (t->buffer->len + len > BUFFER_MAX && t->buffer->len > 0) {
    t->paused = TRUE;
    return CURL_WRITEFUNC_PAUSE;
  }
  t->got += len;
  if (t->got > t->max)
    return 0;
  g_byte_array_append(t->buffer, (const guint8 *)data, (guint)len);
  return len;
}

static size_t on_send(char *buffer, size_t size, size_t n, void *user)
{
  Transfer *t = user;
  gssize got = oakum_reader_read(t->send, buffer, size * n, t->send_error ? NULL : &t->send_error);
  return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* A kept connection turned out dead after the first bytes were taken: begin again. */
static int on_seek(void *user, curl_off_t offset, int origin)
{
  Transfer *t = user;
  if (offset != 0 || origin != SEEK_SET)
    return CURL_SEEKFUNC_CANTSEEK;
  g_clear_pointer(&t->send, oakum_reader_free);
  t->send = t->open(t->open_user, t->send_error ? NULL : &t->send_error);
  return t->send ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/* ---- moving bytes
 * ------------------------------------------------------------------------------------ */
static void release(Transfer *t)
{
  if (!t->line)
    return;
  curl_multi_remove_handle(t->line->multi, t->line->easy);
  oakum_http_line_give(t->http, g_steal_pointer(&t->line));
}

static void pump(Transfer *t, int wait_ms)
{
  int running = 0, left;
  if (t->paused && t->at == t->buffer->len) {
    t->paused = FALSE;
    curl_easy_pause(t->line->easy, CURLPAUSE_CONT);
  }
  CURLMcode code = curl_multi_perform(t->line->multi, &running);
  for (CURLMsg *message; (message = curl_multi_info_read(t->line->multi, &left)) != NULL;)
    if (message->msg == CURLMSG_DONE) {
      t->done = TRUE;
      t->result = message->data.result;
    }
  if (code != CURLM_OK && !t->done) {
    t->done = TRUE;
    t->result = CURLE_RECV_ERROR;
  }
  if (t->done)
    release(t);
  else if (t->at == t->buffer->len && wait_ms > 0)
    curl_multi_poll(t->line->multi, NULL, 0, wait_ms, NULL);
}

static void transfer_error(Transfer *t, GError **error)
{
  g_autofree char *shown = oakum_url_show(t->url);
  OakumErrorCode code = OAKUM_ERROR_NETWORK;
  if (t->send_error) {
    g_propagate_error(error, g_steal_pointer(&t->send_error));
    return;
  }
  if (t->header_bytes > OAKUM_HEADER_MAX) {
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_LIMIT,
                "%s %s: headers of more than %" G_GUINT64_FORMAT " bytes", t->method, shown,
                OAKUM_HEADER_MAX);
    return;
  }
  if (t->got > t->max || t->result == CURLE_FILESIZE_EXCEEDED) {
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_LIMIT,
                "%s %s: an answer of more than %" G_GUINT64_FORMAT " bytes", t->method, shown,
                t->max);
    return;
  }
  if (t->result == CURLE_PEER_FAILED_VERIFICATION || t->result == CURLE_SSL_CERTPROBLEM ||
      t->result == CURLE_SSL_CACERT_BADFILE || t->result == CURLE_SSL_ISSUER_ERROR)
    code = OAKUM_ERROR_DENIED; /* the same the next time */
  g_set_error(error, OAKUM_NET_ERROR, code, "%s %s: %s", t->method, shown,
              *t->failure ? t->failure : curl_easy_strerror(t->result));
}

static gssize transfer_borrow(void *self, const void **data, size_t max, GError **error)
{
  Transfer *t = self;
  while (t->at == t->buffer->len) {
    if (t->done && t->result == CURLE_OK)
      return 0;
    if (t->done) {
      transfer_error(t, error);
      return -1;
    }
    pump(t, 1000);
  }
  size_t n = MIN(max, t->buffer->len - t->at);
  *data = t->buffer->data + t->at;
  t->at += (guint)n;
  return (gssize)n;
}

static void transfer_free(void *self)
{
  Transfer *t = self;
  /* A short rest that is already here is worth taking: the connection stays open for the next. */
  for (guint i = 0; i < 2 && !t->done && t->head_done && t->got < 16 * OAKUM_KIB; i++) {
    t->at = t->buffer->len;
    pump(t, 0);
  }
  release(t);
  curl_slist_free_all(t->list);
  if (t->headers)
    g_ptr_array_unref(t->headers);
  g_byte_array_unref(t->buffer);
  oakum_reader_free(t->send);
  g_clear_error(&t->send_error);
  g_free(t->method);
  g_free(t->url);
  g_free(t);
}

/* UPSTREAM_CLIENT_TYPE is how builders tell a registry who runs them. */
static char *user_agent(void)
{
  const char *client = g_getenv("UPSTREAM_CLIENT_TYPE");
  gboolean fit = client && *client && strlen(client) <= OAKUM_CLIENT_TYPE_MAX;
  for (const char *c = client; fit && *c; c++)
    fit = *c > 0x20 && *c < 0x7f;
  return g_strconcat("oakum/" OAKUM_VERSION, fit ? "," : NULL, client, NULL);
}

static void set_common(CURL *e, Transfer *t)
{
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
  g_autofree char *agent = user_agent();
  curl_easy_setopt(e, CURLOPT_USERAGENT, agent);
  /* one window a connection: uploads by HTTP/2 are slower with many registries */
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)OAKUM_IO_BUFFER); /* its own is 16 KiB */
  curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)OAKUM_CONNECT_S);
  curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)OAKUM_STALL_S);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->failure);
  /* what a proxy is told, and what it says, is not what the server is told and says */
  curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(e, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
  /* one that says at once that it is too long is not read at all; the length that a HEAD is told is
   * not its own */
  if (strcmp(t->method, "HEAD") != 0)
    curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)MIN(t->max, (uint64_t)G_MAXINT64));
}

static gboolean set_request(CURL *e, Transfer *t, const OakumHttpRequest *request,
                            gboolean credentials, GError **error)
{
  gboolean head = strcmp(request->method, "HEAD") == 0;
  for (const char *const *header = request->headers; header && *header; header++)
    t->list = curl_slist_append(t->list, *header);
  if (request->authorization && credentials) {
    g_autofree char *header = g_strconcat("Authorization: ", request->authorization, NULL);
    t->list = curl_slist_append(t->list, header);
  }
  if (request->open) {
    t->send = request->open(request->open_user, error);
    if (!t->send)
      return FALSE;
    t->open = request->open;
    t->open_user = request->open_user;
    t->list = curl_slist_append(t->list, "Expect:"); /* many registries never say 100 */
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_len);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(e, CURLOPT_READDATA, t);
    /* Without it curl cannot begin again by itself: a chunk that is sent twice can be kept twice,
     * so whoever asks for one try must hear of it. */
    if (request->tries != 1) {
      curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
      curl_easy_setopt(e, CURLOPT_SEEKDATA, t);
    }
  } else if (strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
             strcmp(request->method, "PATCH") == 0) {
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, 0L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, "");
    t->list = curl_slist_append(t->list, "Content-Type:"); /* curl would call nothing a form */
  }
  if (head)
    curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
  else
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, request->method);
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->list);
  return TRUE;
}

OakumHttpAnswer *oakum_http_exchange(OakumHttp *http, const OakumHttpRequest *request,
                                     const char *url, gboolean credentials, GError **error)
{
  static const OakumReaderClass klass = {NULL, transfer_free, NULL, transfer_borrow};
  Transfer *t = g_new0(Transfer, 1);
  g_autoptr(OakumReader) body = oakum_reader_new(&klass, t);
  t->http = http;
  t->method = g_strdup(request->method);
  t->url = g_strdup(url);
  t->max = request->answer_max;
  t->headers = g_ptr_array_new_with_free_func(g_free);
  t->buffer = g_byte_array_new();
  t->line = oakum_http_line_take(http);
  if (!oakum_http_line_aim(http, t->line->easy, url, error) ||
      !set_request(t->line->easy, t, request, credentials, error))
    return NULL;
  set_common(t->line->easy, t);
  curl_multi_add_handle(t->line->multi, t->line->easy);
  while (!t->head_done && !t->done)
    pump(t, 1000);
  if (!t->head_done || t->send_error) {
    transfer_error(t, error);
    return NULL;
  }
  OakumHttpAnswer *answer = g_new0(OakumHttpAnswer, 1);
  answer->status = t->status;
  answer->url = g_strdup(url);
  answer->headers = g_steal_pointer(&t->headers);
  t->headers = g_ptr_array_new(); /* trailers are not kept */
  answer->body = g_steal_pointer(&body);
  return answer;
}

void oakum_http_answer_free(OakumHttpAnswer *answer)
{
  if (!answer)
    return;
  oakum_reader_free(answer->body);
  g_ptr_array_unref(answer->headers);
  g_free(answer->url);
  g_free(answer);
}

const char *oakum_http_header(const OakumHttpAnswer *answer, const char *name, guint nth)
{
  for (guint i = 0; i + 1 < answer->headers->len; i += 2)
    if (g_ascii_strcasecmp(answer->headers->pdata[i], name) == 0 && nth-- == 0)
      return answer->headers->pdata[i + 1];
  return NULL;
}

gboolean oakum_http_goes_on(const OakumHttpAnswer *answer, uint64_t from)
{
  static const char unit[] = "bytes ";
  const char *value = oakum_http_header(answer, "content-range", 0);
  uint64_t start;
  if (!value)
    return TRUE;
  if (g_ascii_strncasecmp(value, unit, strlen(unit)) != 0)
    return FALSE;
  value += strlen(unit);
  return oakum_parse_u64(value, strcspn(value, "-"), OAKUM_BLOB_MAX, &start) && start == from;
}
