#include "net/net.h"
#include <curl/curl.h>
#include <string.h>

#define BUFFER_MAX (1 * OAKUM_MIB) /* received and not yet read; then the transfer pauses */

struct OakumHttp {
  CURLM *multi;
};

struct OakumHttpAnswer {
  OakumHttp *http;
  CURL *easy;
  struct curl_slist *list;
  GHashTable *headers; /* lower case → value */
  GByteArray *buffer;
  guint at;
  size_t header_bytes;
  char *url;
  int status;
  gboolean head_done, done, paused;
  CURLcode result;
  OakumHttpRequest request;
  GError *body_error;
  char failure[CURL_ERROR_SIZE];
};

OakumHttp *oakum_http_new(GError **error)
{
  static gsize once;
  if (g_once_init_enter(&once)) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    g_once_init_leave(&once, 1);
  }
  OakumHttp *http = g_new0(OakumHttp, 1);
  http->multi = curl_multi_init();
  if (!http->multi) {
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_FAILED, "libcurl cannot be set up");
    g_clear_pointer(&http, g_free);
  }
  return http;
}

void oakum_http_free(OakumHttp *http)
{
  if (!http)
    return;
  curl_multi_cleanup(http->multi);
  g_free(http);
}

/* ---- URLs
 * ---------------------------------------------------------------------------------------- */
char *oakum_url_resolve(const char *base, const char *reference)
{
  CURLU *url = curl_url();
  char *out = NULL, *copy = NULL;
  if (curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK &&
      curl_url_set(url, CURLUPART_URL, reference, 0) == CURLUE_OK &&
      curl_url_get(url, CURLUPART_URL, &out, 0) == CURLUE_OK)
    copy = g_strdup(out);
  curl_free(out);
  curl_url_cleanup(url);
  return copy;
}

static char *part(const char *text, CURLUPart which)
{
  CURLU *url = curl_url();
  char *out = NULL, *copy = NULL;
  if (curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
      curl_url_get(url, which, &out, CURLU_DEFAULT_PORT) == CURLUE_OK)
    copy = g_ascii_strdown(out, -1);
  curl_free(out);
  curl_url_cleanup(url);
  return copy;
}

gboolean oakum_url_same_origin(const char *a, const char *b)
{
  static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
    g_autofree char *x = part(a, parts[i]), *y = part(b, parts[i]);
    if (!x || !y || strcmp(x, y) != 0)
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_host_is_local(const char *host)
{
  return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
         strcmp(host, "[::1]") == 0 || strcmp(host, "::1") == 0;
}

gboolean oakum_url_is_secure(const char *url)
{
  g_autofree char *scheme = part(url, CURLUPART_SCHEME), *host = part(url, CURLUPART_HOST);
  return scheme && host &&
         (strcmp(scheme, "https") == 0 ||
          (strcmp(scheme, "http") == 0 && oakum_host_is_local(host)));
}

/* ---- callbacks
 * ------------------------------------------------------------------------------------- */
static size_t on_header(char *data, size_t size, size_t n, void *user)
{
  OakumHttpAnswer *a = user;
  size_t len = size * n;
  a->header_bytes += len;
  if (a->header_bytes > OAKUM_HEADER_MAX)
    return 0;
  const char *colon = memchr(data, ':', len);
  if (len >= 5 && strncmp(data, "HTTP/", 5) == 0)
    g_hash_table_remove_all(a->headers); /* of a 1xx answer before */
  else if (colon) {
    char *name = g_ascii_strdown(data, colon - data);
    char *value = g_strstrip(g_strndup(colon + 1, (gsize)(data + len - colon - 1)));
    g_hash_table_replace(a->headers, name, value);
  } else if (len <= 2) {
    long status = 0;
    curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &status);
    a->status = (int)status;
    a->head_done = status >= 200;
  }
  return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
  OakumHttpAnswer *a = user;
  if (a->at == a->buffer->len) {
    g_byte_array_set_size(a->buffer, 0);
    a->at = 0;
  }
  if (a->buffer->len + size * n > BUFFER_MAX && a->buffer->len > 0) {
    a->paused = TRUE;
    return CURL_WRITEFUNC_PAUSE;
  }
  g_byte_array_append(a->buffer, (const guint8 *)data, (guint)(size * n));
  return size * n;
}

static size_t on_send(char *buffer, size_t size, size_t n, void *user)
{
  OakumHttpAnswer *a = user;
  gssize got = a->request.body(a->request.body_self, buffer, size * n,
                               a->body_error ? NULL : &a->body_error);
  return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* ---- one exchange
 * ------------------------------------------------------------------------------------ */
static void pump(OakumHttpAnswer *a)
{
  int running, left;
  if (a->paused && a->at == a->buffer->len) {
    a->paused = FALSE;
    g_byte_array_set_size(a->buffer, 0);
    a->at = 0;
    curl_easy_pause(a->easy, CURLPAUSE_CONT);
  }
  curl_multi_perform(a->http->multi, &running);
  for (CURLMsg *message; (message = curl_multi_info_read(a->http->multi, &left)) != NULL;) {
    OakumHttpAnswer *whose = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&whose);
    if (message->msg == CURLMSG_DONE && whose) {
      whose->done = TRUE;
      whose->result = message->data.result;
    }
  }
  if (!a->done && a->at == a->buffer->len)
    curl_multi_poll(a->http->multi, NULL, 0, 1000, NULL);
}

static gboolean transport_error(OakumHttpAnswer *a, GError **error)
{
  g_autofree char *shown = oakum_escape_terminal(a->url, -1);
  char *query = strchr(shown, '?');
  if (query) /* tokens and upload state */
    *query = '\0';
  if (a->body_error)
    g_propagate_error(error, g_steal_pointer(&a->body_error));
  else if (a->header_bytes > OAKUM_HEADER_MAX)
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_LIMIT,
                "%s %s: headers larger than %" G_GUINT64_FORMAT " bytes", a->request.method, shown,
                OAKUM_HEADER_MAX);
  else
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_NETWORK, "%s %s: %s", a->request.method, shown,
                *a->failure ? a->failure : curl_easy_strerror(a->result));
  return FALSE;
}

static OakumHttpAnswer *send_once(OakumHttp *http, const OakumHttpRequest *request, const char *url,
                                  gboolean with_credentials, GError **error)
{
  g_autoptr(OakumHttpAnswer) a = g_new0(OakumHttpAnswer, 1);
  a->http = http;
  a->request = *request;
  a->url = g_strdup(url);
  a->headers = oakum_str_map_new(g_free, g_free);
  a->buffer = g_byte_array_new();
  a->easy = curl_easy_init();
  CURL *e = a->easy;
  gboolean head = strcmp(request->method, "HEAD") == 0;
  curl_easy_setopt(e, CURLOPT_URL, url);
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, head ? NULL : request->method);
  curl_easy_setopt(e, CURLOPT_NOBODY, head ? 1L : 0L);
  curl_easy_setopt(e, CURLOPT_USERAGENT, "oakum/" OAKUM_VERSION);
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, 30L);
  curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)OAKUM_STALL_S);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, a->failure);
  curl_easy_setopt(e, CURLOPT_PRIVATE, (char *)a);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, a);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, a);
  for (const char *const *header = request->headers; header && *header; header++)
    a->list = curl_slist_append(a->list, *header);
  if (request->authorization && with_credentials) {
    g_autofree char *header = g_strconcat("Authorization: ", request->authorization, NULL);
    a->list = curl_slist_append(a->list, header);
  }
  if (request->body) {
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_len);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(e, CURLOPT_READDATA, a);
  } else if (strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
             strcmp(request->method, "PATCH") == 0) {
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, 0L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, request->method);
  }
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, a->list);
  curl_multi_add_handle(http->multi, e);
  while (!a->head_done && !a->done)
    pump(a);
  if (!a->head_done) {
    (void)!transport_error(a, error);
    return NULL;
  }
  return g_steal_pointer(&a);
}

OakumHttpAnswer *oakum_http_send(OakumHttp *http, const OakumHttpRequest *request, GError **error)
{
  g_autofree char *url = g_strdup(request->url);
  gboolean credentials = TRUE,
           may_follow = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
  for (guint hop = 0; hop <= OAKUM_REDIRECTS_MAX; hop++) {
    g_autofree char *shown = oakum_escape_terminal(url, -1);
    if (!oakum_url_is_secure(url)) {
      g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_DENIED,
                  "%s: only https is spoken, and http to this machine itself", shown);
      return NULL;
    }
    g_autoptr(OakumHttpAnswer) answer = send_once(http, request, url, credentials, error);
    if (!answer)
      return NULL;
    const char *location = oakum_http_header(answer, "location");
    if (!may_follow || answer->status < 300 || answer->status >= 400 || answer->status == 304 ||
        !location)
      return g_steal_pointer(&answer);
    char *next = oakum_url_resolve(url, location);
    if (!next) {
      g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_INVALID,
                  "%s: redirected to something that is no URL", shown);
      return NULL;
    }
    if (g_str_has_prefix(url, "https:") && !g_str_has_prefix(next, "https:")) {
      g_free(next);
      g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_DENIED, "%s: redirected from https to http",
                  shown);
      return NULL;
    }
    credentials = credentials && oakum_url_same_origin(url, next);
    g_free(url);
    url = next;
  }
  g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_LIMIT, "%s: more than %u redirects", request->url,
              OAKUM_REDIRECTS_MAX);
  return NULL;
}

int oakum_http_status(const OakumHttpAnswer *answer)
{
  return answer->status;
}

const char *oakum_http_header(const OakumHttpAnswer *answer, const char *name)
{
  g_autofree char *lower = g_ascii_strdown(name, -1);
  return g_hash_table_lookup(answer->headers, lower);
}

const char *oakum_http_url(const OakumHttpAnswer *answer)
{
  return answer->url;
}

gssize oakum_http_read(OakumHttpAnswer *a, void *buffer, size_t len, GError **error)
{
  while (a->at == a->buffer->len) {
    if (a->done)
      return a->result == CURLE_OK ? 0 : (transport_error(a, error), -1);
    pump(a);
  }
  size_t n = MIN(len, a->buffer->len - a->at);
  memcpy(buffer, a->buffer->data + a->at, n);
  a->at += (guint)n;
  return (gssize)n;
}

gboolean oakum_http_slurp(OakumHttpAnswer *a, uint64_t max, char **data, size_t *len,
                          GError **error)
{
  g_autoptr(GByteArray) all = g_byte_array_new();
  guint8 chunk[16384];
  gssize n;
  while ((n = oakum_http_read(a, chunk, sizeof(chunk), error)) > 0) {
    if (all->len + (uint64_t)n > max) {
      g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_LIMIT,
                  "an answer larger than %" G_GUINT64_FORMAT " bytes", max);
      return FALSE;
    }
    g_byte_array_append(all, chunk, (guint)n);
  }
  if (n < 0)
    return FALSE;
  *len = all->len;
  g_byte_array_append(all, (const guint8 *)"", 1);
  *data = (char *)g_byte_array_free(g_steal_pointer(&all), FALSE);
  return TRUE;
}

void oakum_http_answer_free(OakumHttpAnswer *a)
{
  if (!a)
    return;
  if (a->easy) {
    curl_multi_remove_handle(a->http->multi, a->easy);
    curl_easy_cleanup(a->easy);
  }
  curl_slist_free_all(a->list);
  g_hash_table_unref(a->headers);
  g_byte_array_unref(a->buffer);
  g_clear_error(&a->body_error);
  g_free(a->url);
  g_free(a);
}
