#include "net/net-private.h"
#include "os/os.h"
#include <string.h>

#define LINES_IDLE_MAX 16u

OakumHttp *oakum_http_new(const OakumHttpPolicy *policy, GError **error)
{
  static gsize once;
  if (g_once_init_enter(&once))
    g_once_init_leave(&once, curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 1 : 2);
  if (once != 1) {
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_FAILED,
                "libcurl cannot be set up: is libcurl.so.4 installed?");
    return NULL;
  }
  OakumHttp *http = g_new0(OakumHttp, 1);
  if (policy)
    http->policy = *policy;
  g_mutex_init(&http->lock);
  g_queue_init(&http->lines);
  http->trust = oakum_str_map_new(g_free, (GDestroyNotify)g_bytes_unref);
  return http;
}

static void line_free(OakumHttpLine *line)
{
  curl_easy_cleanup(line->easy);
  curl_multi_cleanup(line->multi);
  g_free(line);
}

void oakum_http_free(OakumHttp *http)
{
  if (!http)
    return;
  g_queue_clear_full(&http->lines, (GDestroyNotify)line_free);
  g_hash_table_unref(http->trust);
  g_mutex_clear(&http->lock);
  g_free(http);
}

OakumHttpLine *oakum_http_line_take(OakumHttp *http)
{
  g_mutex_lock(&http->lock);
  OakumHttpLine *line = g_queue_pop_head(&http->lines); /* the warmest connection first */
  g_mutex_unlock(&http->lock);
  if (!line) {
    line = g_new0(OakumHttpLine, 1);
    line->multi = curl_multi_init();
    line->easy = curl_easy_init();
    if (!line->multi || !line->easy)
      g_error("libcurl: out of memory");
  }
  curl_easy_reset(line->easy); /* keeps connections and TLS sessions */
  return line;
}

void oakum_http_line_give(OakumHttp *http, OakumHttpLine *line)
{
  g_mutex_lock(&http->lock);
  gboolean keep = http->lines.length < LINES_IDLE_MAX;
  if (keep)
    g_queue_push_head(&http->lines, line);
  g_mutex_unlock(&http->lock);
  if (!keep)
    line_free(line);
}

/* ---- whom to trust
 * ----------------------------------------------------------------------------- */
static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of each folder of SSL_CERT_DIR, whatever their names, as Go's programs read it; in byte
 * order. Missing ones are nothing. */
static void add_trust_folders(GByteArray *all, const char *folders)
{
  g_auto(GStrv) list = g_strsplit(folders, ":", -1);
  for (char **folder = list; *folder; folder++) {
    g_autoptr(GDir) dir = **folder ? g_dir_open(*folder, 0, NULL) : NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; dir && names->len < OAKUM_CA_FILES_MAX && (name = g_dir_read_name(dir));)
      g_ptr_array_add(names, g_build_filename(*folder, name, NULL));
    g_ptr_array_sort(names, by_name);
    for (guint i = 0; i < names->len; i++) {
      g_autofree char *text = NULL;
      size_t len;
      if (g_file_test(names->pdata[i], G_FILE_TEST_IS_REGULAR) &&
          oakum_file_read(names->pdata[i], OAKUM_CA_FILE_MAX, &text, &len, NULL)) {
        g_byte_array_append(all, (const guint8 *)text, (guint)len);
        g_byte_array_append(all, (const guint8 *)"\n", 1);
      }
    }
  }
}

/* PEM of the system's authorities and of `files`; curl's own setting could only replace them. */
static GBytes *trust_bundle(OakumHttp *http, CURL *easy, char **files, GError **error)
{
  g_autofree char *key = g_strjoinv("\n", files);
  OAKUM_AUTO_LOCK(&http->lock);
  GBytes *known = g_hash_table_lookup(http->trust, key);
  if (known)
    return known;
  g_autoptr(GByteArray) all = g_byte_array_new();
  const char *named = g_getenv("SSL_CERT_FILE"), *folders = g_getenv("SSL_CERT_DIR");
  char *system = NULL;
  if (folders && *folders)
    add_trust_folders(all, folders);
  curl_easy_getinfo(easy, CURLINFO_CAINFO, &system);
  if (named && *named)
    system = (char *)named;
  for (guint i = 0; i == 0 || files[i - 1]; i++) {
    const char *path = i == 0 ? system : files[i - 1];
    g_autofree char *text = NULL;
    size_t len;
    if (!path)
      continue;
    if (!oakum_file_read(path, OAKUM_CA_FILE_MAX, &text, &len, i == 0 ? NULL : error)) {
      if (i == 0)
        continue; /* no system trust installed: only what was named counts */
      return NULL;
    }
    g_byte_array_append(all, (const guint8 *)text, (guint)len);
    g_byte_array_append(all, (const guint8 *)"\n", 1);
  }
  GBytes *bytes = g_byte_array_free_to_bytes(g_steal_pointer(&all));
  g_hash_table_insert(http->trust, g_steal_pointer(&key), bytes);
  return bytes;
}

static void aim_proxy(CURL *easy, const OakumUrl *url)
{
  if (oakum_host_kind(url->host) == OAKUM_HOST_LOOPBACK) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return;
  }
  /* libcurl reads http_proxy only in lower case, because CGI programs get HTTP_PROXY from
   * strangers; builders in pods are given the upper case form. */
  const char *lower = g_getenv("http_proxy"), *upper = g_getenv("HTTP_PROXY");
  if (strcmp(url->scheme, "http") == 0 && !lower && upper && *upper && !g_getenv("REQUEST_METHOD"))
    curl_easy_setopt(easy, CURLOPT_PROXY, upper);
}

gboolean oakum_http_line_aim(OakumHttp *http, CURL *easy, const char *text, GError **error)
{
  g_auto(OakumUrl) url = {0};
  if (!oakum_url_parse(text, &url, error))
    return FALSE;
  const OakumHttpHost *host = http->policy.host ? http->policy.host(&url, http->policy.user) : NULL;
  gboolean here = strcmp(url.host, "localhost") == 0 || strcmp(url.host, "127.0.0.1") == 0 ||
                  strcmp(url.host, "::1") == 0;
  g_autofree char *shown = oakum_url_show(text);
  if (url.user_given) {
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_DENIED,
                "%s: a URL that carries a user or password is refused", shown);
    return FALSE;
  }
  if (strcmp(url.scheme, "http") == 0 && !here && !(host && host->plain)) {
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_DENIED,
                "%s: plain http is only spoken to this machine, and to hosts marked insecure",
                shown);
    return FALSE;
  }
  curl_easy_setopt(easy, CURLOPT_URL, text);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  aim_proxy(easy, &url);
  if (strcmp(url.scheme, "http") == 0)
    return TRUE;
  if (host && host->unverified) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (host && host->cert) {
    curl_easy_setopt(easy, CURLOPT_SSLCERT, host->cert);
    curl_easy_setopt(easy, CURLOPT_SSLKEY, host->key);
  }
  const char *named = g_getenv("SSL_CERT_FILE"), *folders = g_getenv("SSL_CERT_DIR");
  static char *none[] = {NULL};
  char **files = host && host->ca_files ? host->ca_files : none;
  if (*files || (named && *named) || (folders && *folders)) {
    GBytes *pem = trust_bundle(http, easy, files, error);
    if (!pem)
      return FALSE;
    gsize len;
    const void *data = g_bytes_get_data(pem, &len);
    struct curl_blob blob = {(void *)data, len, CURL_BLOB_NOCOPY}; /* lives as long as `http` */
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    if (named && *named)
      curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  }
  return TRUE;
}

/* ---- trying again
 * ------------------------------------------------------------------------------ */
gboolean oakum_http_worth_retrying(int status)
{
  static const int passing[] = {408, 429, 499, 500, 502, 503, 504, 522};
  for (size_t i = 0; i < G_N_ELEMENTS(passing); i++)
    if (status == passing[i])
      return TRUE;
  return FALSE;
}

int64_t oakum_http_date(const char *value)
{
  return strlen(value) <= 64 ? (int64_t)curl_getdate(value, NULL) : -1;
}

int oakum_http_retry_after(const char *value, int64_t now)
{
  uint64_t seconds;
  size_t len = strlen(value);
  if (oakum_parse_u64(value, len, UINT32_MAX, &seconds))
    return (int)MIN(seconds, OAKUM_RETRY_AFTER_MAX_S);
  int64_t date = oakum_http_date(value);
  return date < 0 ? -1 : (int)CLAMP(date - now, 0, (int64_t)OAKUM_RETRY_AFTER_MAX_S);
}

void oakum_http_pause(guint attempt, const char *retry_after)
{
  const char *test = g_getenv("OAKUM_TEST_RETRY_MS");
  uint64_t first = OAKUM_RETRY_PAUSE_MS;
  if (test && !oakum_parse_u64(test, strlen(test), OAKUM_RETRY_PAUSE_MS, &first))
    first = OAKUM_RETRY_PAUSE_MS;
  int asked =
      retry_after ? oakum_http_retry_after(retry_after, g_get_real_time() / G_USEC_PER_SEC) : -1;
  uint64_t ms = asked >= 0 ? (uint64_t)asked * 1000
                           : MIN(first << MIN(attempt, 10), OAKUM_RETRY_AFTER_MAX_S * 1000);
  if (ms > 0 && !test) /* so that many builders do not come back in step */
    ms += (uint64_t)g_random_int_range(0, (gint32)(ms / 4 + 1));
  g_usleep((gulong)ms * 1000);
}

/* ---- send
 * ---------------------------------------------------------------------------------------- */
static gboolean is_redirect(int status, gboolean reading)
{
  return status == 307 || status == 308 ||
         (reading && (status == 301 || status == 302 || status == 303));
}

/* Where an answer leads to, once every rule has agreed; NULL with an error else. */
static char *next_url(OakumHttp *http, const OakumHttpRequest *request, const char *from,
                      const char *location, GError **error)
{
  g_autofree char *next = oakum_url_resolve(from, location);
  g_autofree char *shown = oakum_url_show(from), *to = oakum_url_show(next ? next : location);
  g_auto(OakumUrl) a = {0}, b = {0};
  if (!next || !oakum_url_parse(from, &a, NULL) || !oakum_url_parse(next, &b, NULL)) {
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_INVALID,
                "%s: redirected to %s, which is no http or https URL", shown, to);
    return NULL;
  }
  if (strcmp(a.scheme, "https") == 0 && strcmp(b.scheme, "http") == 0) {
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_DENIED,
                "%s: redirected from https to http (%s)", shown, to);
    return NULL;
  }
  if (request->stay && !oakum_url_same_origin(from, next)) {
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_DENIED,
                "%s: redirected to %s, which would hand it a secret", shown, to);
    return NULL;
  }
  if (http->policy.redirect && !http->policy.redirect(from, next, http->policy.user, error))
    return NULL;
  return g_steal_pointer(&next);
}

static OakumHttpAnswer *send_following(OakumHttp *http, const OakumHttpRequest *request,
                                       GError **error)
{
  g_autofree char *url = g_strdup(request->url);
  gboolean reading = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
  gboolean credentials = TRUE;
  for (guint hop = 0; hop <= OAKUM_REDIRECTS_MAX; hop++) {
    g_autoptr(OakumHttpAnswer) answer = oakum_http_exchange(http, request, url, credentials, error);
    const char *location = answer ? oakum_http_header(answer, "location", 0) : NULL;
    if (!location || !is_redirect(answer->status, reading))
      return g_steal_pointer(&answer);
    char *next = next_url(http, request, url, location, error);
    if (!next)
      return NULL;
    /* once gone they stay gone: a way back through a stranger could be the stranger's choice */
    credentials = credentials && oakum_url_same_origin(url, next);
    g_free(url);
    url = next;
  }
  g_autofree char *shown = oakum_url_show(request->url);
  g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_LIMIT, "%s: more than %u redirects", shown,
              OAKUM_REDIRECTS_MAX);
  return NULL;
}

OakumHttpAnswer *oakum_http_send(OakumHttp *http, const OakumHttpRequest *request, GError **error)
{
  guint tries = request->tries ? request->tries : OAKUM_RETRIES_MAX;
  for (guint attempt = 0;; attempt++) {
    g_autoptr(GError) local = NULL;
    g_autoptr(OakumHttpAnswer) answer = send_following(http, request, &local);
    gboolean passing = answer ? oakum_http_worth_retrying(answer->status)
                              : g_error_matches(local, OAKUM_NET_ERROR, OAKUM_ERROR_NETWORK);
    if (!passing || attempt + 1 >= tries) {
      if (!answer)
        g_propagate_error(error, g_steal_pointer(&local));
      return g_steal_pointer(&answer);
    }
    g_autofree char *shown = oakum_url_show(request->url);
    if (answer)
      oakum_debug("%s %s: status %d; trying again", request->method, shown, answer->status);
    else
      oakum_debug("%s; trying again", local->message);
    g_autofree char *after = answer ? g_strdup(oakum_http_header(answer, "retry-after", 0)) : NULL;
    g_clear_pointer(&answer, oakum_http_answer_free);
    oakum_http_pause(attempt, after);
  }
}

OakumReader *oakum_http_open_bytes(gpointer user, GError **error)
{
  return oakum_reader_new_bytes(user);
}
