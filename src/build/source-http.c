/* Sources that are URLs: what they are by their spelling, and files fetched by HTTP. */
#include "build/source-private.h"
#include "net/net.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- spelling
 * ---------------------------------------------------------------------------------- */
static gboolean is_http(const char *text)
{
  return g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://");
}

OakumSourceKind oakum_source_kind(const char *text)
{
  if (is_http(text)) {
    size_t n = strcspn(text, "?#");
    return n > 4 && strncmp(text + n - 4, ".git", 4) == 0 ? OAKUM_SOURCE_GIT : OAKUM_SOURCE_HTTP;
  }
  if (g_str_has_prefix(text, "git://") || g_str_has_prefix(text, "ssh://"))
    return OAKUM_SOURCE_GIT;
  /* "user@host:path" is how ssh is spelt in short */
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  size_t user = strspn(text, letters);
  size_t host = user > 0 && text[user] == '@' ? strspn(text + user + 1, letters) : 0;
  return host > 0 && *text != '-' && text[user + 1 + host] == ':' && text[user + 2 + host]
             ? OAKUM_SOURCE_GIT
             : OAKUM_SOURCE_LOCAL;
}

static gboolean names_a_key(const char *name, size_t len)
{
  static const char *const keys[] = {"token",  "signature", "sig",        "key",
                                     "secret", "password",  "credential", "auth"};
  g_autofree char *low = g_ascii_strdown(name, (gssize)len);
  for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
    if (strcmp(low, keys[i]) == 0 || g_str_has_suffix(low, keys[i]) ||
        (strcmp(keys[i], "sig") != 0 && g_str_has_prefix(low, keys[i])))
      return TRUE;
  return FALSE;
}

/* One URL, without blanks. */
static void redact_url(GString *out, const char *url, size_t len)
{
  const char *end = url + len, *host = strstr(url, "://") + 3;
  const char *slash = host + strcspn(host, "/?#\"' \t\n");
  slash = MIN(slash, end);
  const char *at = NULL;
  for (const char *c = host; c < slash; c++)
    at = *c == '@' ? c : at;
  g_string_append_len(out, url, host - url);
  if (at)
    g_string_append(out, memchr(host, ':', (size_t)(at - host)) ? "xxxxx:xxxxx" : "xxxxx");
  const char *rest = at ? at : host, *query = memchr(rest, '?', (size_t)(end - rest));
  g_string_append_len(out, rest, (query ? query : end) - rest);
  while (query && query < end) { /* "?name=value" or "&name=value" */
    const char *next = query + 1 + strcspn(query + 1, "&#");
    next = MIN(next, end);
    const char *equals = memchr(query, '=', (size_t)(next - query));
    gboolean hide = equals && names_a_key(query + 1, (size_t)(equals - query - 1));
    g_string_append_len(out, query, (hide ? equals + 1 : next) - query);
    if (hide)
      g_string_append(out, "xxxxx");
    if (next < end && *next == '#') {
      g_string_append_len(out, next, end - next);
      break;
    }
    query = next;
  }
}

char *oakum_source_redact(const char *text)
{
  GString *out = g_string_new(NULL);
  for (const char *scheme; (scheme = strstr(text, "://")) != NULL;) {
    const char *start = scheme;
    while (start > text && (g_ascii_isalnum(start[-1]) || start[-1] == '+'))
      start--;
    size_t len = strcspn(start, " \t\n\"',");
    g_string_append_len(out, text, start - text);
    redact_url(out, start, len);
    text = start + len;
  }
  g_string_append(out, text);
  return g_string_free(out, FALSE);
}

char *oakum_source_url_name(const char *url)
{
  g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED, NULL);
  const char *path = uri ? g_uri_get_path(uri) : NULL;
  if (!path)
    return NULL;
  g_autofree char *base = g_path_get_basename(path);
  if (!*base || strcmp(base, ".") == 0 || strcmp(base, "/") == 0 || strcmp(base, "..") == 0 ||
      strchr(base, '/') || strlen(base) > OAKUM_TAR_COMPONENT_MAX)
    return NULL;
  return g_steal_pointer(&base);
}

/* ---- fetching
 * ---------------------------------------------------------------------------------- */
static const OakumHttpHost *any_host(const OakumUrl *url, gpointer user)
{
  static const OakumHttpHost plain = {.plain = TRUE}; /* whoever writes http:// means it */
  return &plain;
}

/* https may not lead to http. */
static gboolean no_downgrade(const char *from, const char *to, gpointer user, GError **error)
{
  if (!g_str_has_prefix(from, "https://") || g_str_has_prefix(to, "https://"))
    return TRUE;
  g_autofree char *shown = oakum_url_show(to);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_DENIED,
              "redirected from https to %s, which is not encrypted", shown);
  return FALSE;
}

/* "user:password@" taken out of a URL; as the value of a header. */
static char *take_user(char **url)
{
  char *host = strstr(*url, "://") + 3, *slash = host + strcspn(host, "/?#"), *at = NULL;
  for (char *c = host; c < slash; c++)
    at = *c == '@' ? c : at;
  if (!at)
    return NULL;
  g_autofree char *pair = g_uri_unescape_segment(host, at, NULL);
  g_autofree char *with_colon = !pair               ? g_strdup(":")
                                : strchr(pair, ':') ? g_strdup(pair)
                                                    : g_strconcat(pair, ":", NULL);
  g_autofree char *coded = g_base64_encode((const guchar *)with_colon, strlen(with_colon));
  g_autofree char *start = g_strndup(*url, (gsize)(host - *url));
  char *bare = g_strconcat(start, at + 1, NULL);
  g_free(*url);
  *url = bare;
  return g_strconcat("Basic ", coded, NULL);
}

static gboolean checksum_hex(const char *checksum, const char **hex, GError **error)
{
  *hex = NULL;
  if (!checksum)
    return TRUE;
  const char *text = g_str_has_prefix(checksum, "sha256:") ? checksum + 7 : "";
  if (strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64) {
    *hex = text;
    return TRUE;
  }
  g_autofree char *shown = oakum_escape_terminal(checksum, -1);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
              "--checksum=%s: expected sha256: and 64 lower case hexadecimal digits", shown);
  return FALSE;
}

static gboolean store_body(OakumHttpAnswer *answer, int folder, const char *name, const char *hex,
                           GError **error)
{
  int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "a temporary file");
    return FALSE;
  }
  const char *modified = oakum_http_header(answer, "last-modified", 0);
  int64_t date = modified ? oakum_http_date(modified) : 0;
  const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = MAX(date, 0)}};
  g_autoptr(OakumProgress) progress = oakum_progress_new("fetching", NULL, 0);
  g_autoptr(OakumWriter) file = oakum_writer_new_fd(fd, TRUE);
  OakumReader *body = oakum_reader_new_progress(g_steal_pointer(&answer->body), progress);
  g_autoptr(OakumReader) checked =
      hex ? oakum_reader_new_verify(body, OAKUM_HASH_SHA256, hex, UINT64_MAX) : body;
  if (!oakum_stream_copy(checked, file, NULL, error) || !oakum_writer_finish(file, error))
    return FALSE;
  if (utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "a temporary file");
    return FALSE;
  }
  return TRUE;
}

/* *begun: the server answered, and it broke off only then; before, the client tries again itself.
 */
static gboolean fetch_once(OakumHttp *http, const OakumHttpRequest *request, int folder,
                           const char *name, const char *hex, const char *shown, gboolean *begun,
                           GError **error)
{
  g_autoptr(OakumHttpAnswer) answer = oakum_http_send(http, request, error);
  *begun = answer != NULL;
  if (!answer)
    return FALSE;
  if (answer->status != 200) {
    OakumErrorCode code = answer->status == 404 || answer->status == 410   ? OAKUM_ERROR_NOT_FOUND
                          : answer->status == 401 || answer->status == 403 ? OAKUM_ERROR_DENIED
                                                                           : OAKUM_ERROR_FAILED;
    g_set_error(error, OAKUM_BUILD_ERROR, code, "%s: the server answered with status %d", shown,
                answer->status);
    return FALSE;
  }
  if (store_body(answer, folder, name, hex, error))
    return TRUE;
  if (error && *error && (*error)->code == OAKUM_ERROR_DIGEST)
    g_prefix_error(error, "%s is not what --checksum says: ", shown);
  return FALSE;
}

gboolean oakum_source_fetch(const OakumFetch *fetch, int folder, const char *name, GError **error)
{
  const char *url = fetch->url;
  const OakumHttpPolicy policy = {any_host, no_downgrade, NULL};
  g_autofree char *bare = g_strdup(url), *shown = oakum_url_show(url);
  const char *hex;
  if (strlen(url) > OAKUM_URL_MAX) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_LIMIT, "a URL of more than %u bytes",
                OAKUM_URL_MAX);
    return FALSE;
  }
  g_autofree char *authorization = take_user(&bare);
  bare[strcspn(bare, "#")] = '\0';
  g_autoptr(OakumHttp) http = oakum_http_new(&policy, error);
  if (!http || !checksum_hex(fetch->checksum, &hex, error))
    return FALSE;
  OakumHttpRequest request = {.method = "GET",
                              .url = bare,
                              .authorization =
                                  fetch->authorization ? fetch->authorization : authorization,
                              .headers = fetch->headers,
                              .stay = fetch->stay,
                              .answer_max = OAKUM_ADD_DOWNLOAD_MAX};
  for (guint try = 1;; try++) { /* a transfer that breaks off in the middle begins anew */
    g_autoptr(GError) local = NULL;
    gboolean begun;
    if (fetch_once(http, &request, folder, name, hex, shown, &begun, &local))
      return TRUE;
    if (!begun || local->code != OAKUM_ERROR_NETWORK || local->domain != OAKUM_NET_ERROR ||
        try >= OAKUM_RETRIES_MAX) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    oakum_http_pause(try - 1, NULL);
  }
}

char *oakum_source_follow(const char *url, const char *authorization, GError **error)
{
  const OakumHttpPolicy policy = {any_host, no_downgrade, NULL};
  g_autoptr(OakumHttp) http = oakum_http_new(&policy, error);
  g_autoptr(OakumHttpAnswer) answer =
      http ? oakum_http_send(http,
                             &(OakumHttpRequest){.method = "GET",
                                                 .url = url,
                                                 .authorization = authorization,
                                                 .stay = TRUE,
                                                 .answer_max = OAKUM_ADD_DOWNLOAD_MAX},
                             error)
           : NULL;
  return answer ? g_strdup(answer->url) : NULL;
}

/* ---- ADD
 * --------------------------------------------------------------------------------------- */
static gboolean add_http(Copy *copy, const char *url, const char *checksum, const char *folder,
                         int fd, gboolean unpack, GError **error)
{
  g_autofree char *name = oakum_source_url_name(url);
  gboolean inside = copy->to_folder || oakum_dest_look(copy, copy->to, NULL) == OAKUM_DEST_FOLDER;
  if (!name && inside && !unpack) {
    g_autofree char *shown = oakum_url_show(url);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "ADD %s: the URL names no file; give the destination a name instead of a folder",
                shown);
    return FALSE;
  }
  g_autofree char *authorization = NULL;
  if (!oakum_source_authorization(copy->build->options, url, OAKUM_SOURCE_HTTP, &authorization,
                                  error))
    return FALSE;
  const OakumFetch fetch = {.url = url, .checksum = checksum, .authorization = authorization};
  if (!oakum_source_fetch(&fetch, fd, "file", error))
    return FALSE;
  if (unpack && oakum_copy_is_archive(fd, "file"))
    return oakum_copy_archive(copy, fd, "file", error);
  CopySource source = {
      .copy = copy, .root = fd, .root_owned = TRUE, .exact_time = TRUE, .base = ""};
  return oakum_copy_path(&source, "file", name ? name : "file", error);
}

static gboolean add_git(Copy *copy, const char *text, const char *checksum, const char *folder,
                        int fd, GError **error)
{
  g_auto(OakumGitRef) ref = {0};
  g_autofree char *subdir = NULL;
  const char *keep = oakum_instruction_flag(copy->in, "keep-git-dir");
  if (!oakum_git_ref_parse(text, &ref, error))
    return FALSE;
  if (checksum && ref.checksum && strcmp(checksum, ref.checksum) != 0) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "--checksum and the checksum in the URL differ");
    return FALSE;
  }
  if (checksum) {
    g_free(ref.checksum);
    ref.checksum = g_strdup(checksum);
  }
  if (!ref.authorization &&
      !oakum_source_authorization(copy->build->options, ref.remote, OAKUM_SOURCE_GIT,
                                  &ref.authorization, error))
    return FALSE;
  ref.keep_git_dir |= keep && strcmp(keep, "false") != 0;
  if (!oakum_git_clone(&ref, folder, &subdir, error))
    return FALSE;
  CopySource source = {.copy = copy, .root = fd, .root_owned = TRUE, .base = ""};
  return oakum_copy_path(&source, subdir, "", error);
}

gboolean oakum_source_add(Copy *copy, const char *text, OakumSourceKind kind, gboolean unpack,
                          GError **error)
{
  const char *flag = oakum_instruction_flag(copy->in, "checksum");
  g_autofree char *checksum =
      flag ? oakum_stage_expand(copy->build, copy->stage, flag, error) : NULL;
  if (flag && !checksum)
    return FALSE;
  const char *wanted = checksum && *checksum ? checksum : NULL;
  if (wanted && copy->in->words->len > 2) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "--checksum is for one source; there are %u", copy->in->words->len - 1);
    return FALSE;
  }
  copy->found = TRUE;
  g_autoptr(OakumTempDir) temp = oakum_temp_dir_new(copy->build->work, error);
  if (!temp)
    return FALSE;
  const char *folder = oakum_temp_dir_path(temp);
  int fd = oakum_temp_dir_fd(temp);
  return kind == OAKUM_SOURCE_HTTP ? add_http(copy, text, wanted, folder, fd, unpack, error)
                                   : add_git(copy, text, wanted, folder, fd, error);
}
