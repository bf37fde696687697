/* Opening a repository, and the one way in which requests are sent. */
#include "registry/registry-private.h"
#include <string.h>

static OakumEndpoint *endpoint_new(OakumRegistry *r, const char *name, const char *repository,
                                   gboolean mirror)
{
  OakumEndpoint *e = g_new0(OakumEndpoint, 1);
  e->registry = r;
  e->name = g_strdup(name);
  e->repository = g_strdup(repository);
  e->mirror = mirror;
  g_mutex_init(&e->lock);
  return e;
}

static void endpoint_free(OakumEndpoint *e)
{
  oakum_endpoint_auth_clear(e);
  g_mutex_clear(&e->lock);
  g_free(e->base);
  g_free(e->name);
  g_free(e->repository);
  g_free(e);
}

OakumEndpoint *oakum_registry_origin(OakumRegistry *registry)
{
  return registry->endpoints->pdata[registry->endpoints->len - 1];
}

/* "host[:port][/prefix]" becomes an endpoint; the host is read as a reference's is. */
static gboolean add_mirror(OakumRegistry *r, const char *location, GError **error)
{
  const char *slash = strchr(location, '/');
  g_autofree char *host =
      slash ? g_strndup(location, (gsize)(slash - location)) : g_strdup(location);
  g_autofree char *prefix = g_strdup(slash ? slash + 1 : "");
  for (size_t len = strlen(prefix); len > 0 && prefix[len - 1] == '/';)
    prefix[--len] = '\0';
  g_autofree char *repository =
      *prefix ? g_strconcat(prefix, "/", r->repository, NULL) : g_strdup(r->repository);
  g_autofree char *text = g_strconcat(host, "/", repository, NULL);
  g_autoptr(OakumReference) ref = oakum_reference_parse(text, NULL);
  if (!ref || g_ascii_strcasecmp(ref->registry, host) != 0 ||
      r->endpoints->len >= OAKUM_MIRRORS_MAX) {
    g_autofree char *shown = oakum_escape_terminal(location, -1);
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_USAGE,
                "%s: not a mirror: expected host[:port][/prefix], and at most %u of them", shown,
                OAKUM_MIRRORS_MAX);
    return FALSE;
  }
  g_ptr_array_add(r->endpoints, endpoint_new(r, ref->registry, ref->repository, TRUE));
  return TRUE;
}

static GPtrArray *copy_pairs(const OakumHostPair *pairs)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);
  for (; pairs && pairs->host; pairs++) {
    g_ptr_array_add(copy, g_strdup(pairs->host));
    g_ptr_array_add(copy, g_strdup(pairs->value));
  }
  return copy;
}

OakumRegistry *oakum_registry_open(const OakumReference *ref, const OakumRegistryOptions *options,
                                   GError **error)
{
  static const OakumRegistryOptions none = {.push = FALSE};
  if (!options)
    options = &none;
  g_autoptr(OakumRegistry) r = g_new0(OakumRegistry, 1);
  g_mutex_init(&r->lock);
  r->name = g_strdup(ref->registry);
  r->repository = g_strdup(ref->repository);
  r->push = options->push;
  r->chunk = options->chunk ? options->chunk : OAKUM_UPLOAD_CHUNK;
  r->chunked = options->chunk != 0;
  r->insecure = g_strdupv((char **)(gpointer)options->insecure);
  r->unverified = g_strdupv((char **)(gpointer)options->unverified);
  r->ca_files = copy_pairs(options->ca_files);
  r->client_certs = copy_pairs(options->client_certs);
  r->logins = copy_pairs(options->logins);
  r->helpers = g_strdupv((char **)(gpointer)options->helpers);
  r->certs_dir = g_strdup(options->certs_dir ? options->certs_dir : "/etc/docker/certs.d");
  r->warned = oakum_str_map_new(g_free, NULL);
  r->endpoints = g_ptr_array_new_with_free_func((GDestroyNotify)endpoint_free);
  gboolean mapped = FALSE;
  for (const OakumHostPair *p = options->maps; p && p->host && !r->push; p++)
    if (strcmp(p->host, r->name) == 0) {
      if (!add_mirror(r, p->value, error))
        return NULL;
      mapped = TRUE;
    }
  for (const OakumHostPair *p = options->mirrors; p && p->host && !r->push && !mapped; p++)
    if (strcmp(p->host, r->name) == 0 && !add_mirror(r, p->value, error))
      return NULL;
  if (!mapped)
    g_ptr_array_add(r->endpoints, endpoint_new(r, r->name, r->repository, FALSE));
  OakumHttpPolicy policy = {oakum_registry_host, oakum_registry_redirect_allowed, r};
  r->http = oakum_http_new(&policy, error);
  return r->http ? g_steal_pointer(&r) : NULL;
}

void oakum_registry_free(OakumRegistry *r)
{
  if (!r)
    return;
  oakum_http_free(r->http);
  if (r->endpoints)
    g_ptr_array_unref(r->endpoints);
  oakum_registry_hosts_clear(r);
  if (r->warned)
    g_hash_table_unref(r->warned);
  g_mutex_clear(&r->lock);
  g_free(r->name);
  g_free(r->repository);
  g_free(r);
}

/* ---- where the registry is
 * ------------------------------------------------------------------------- */
static OakumHttpAnswer *knock(OakumEndpoint *e, const char *base, guint tries, GError **error)
{
  g_autofree char *url = g_strconcat(base, "/v2/", NULL);
  return oakum_http_send(
      e->registry->http,
      &(OakumHttpRequest){
          .method = "GET", .url = url, .answer_max = OAKUM_ERROR_BODY_MAX, .tries = tries},
      error);
}

/* A host that may speak http says by itself which it speaks; nothing secret is sent to find out. On
 * this machine http is tried first, unless certificates were laid down for it. */
static char *find_base(OakumEndpoint *e, const char *host, gboolean https_first, GError **error)
{
  g_autofree char *secure = g_strconcat("https://", host, NULL),
                  *plain = g_strconcat("http://", host, NULL);
  const char *bases[] = {https_first ? secure : plain, https_first ? plain : secure};
  g_autoptr(GError) local = NULL;
  for (guint attempt = 0;; attempt++) {
    for (guint i = 0; i < 2; i++) {
      g_clear_error(&local);
      g_autoptr(OakumHttpAnswer) answer = knock(e, bases[i], 1, &local);
      /* 400 is what a TLS server tells who speaks http to it */
      if (answer && !(i == 0 && !https_first && answer->status == 400))
        return g_strdup(bases[i]);
      if (!answer && !g_error_matches(local, OAKUM_NET_ERROR, OAKUM_ERROR_NETWORK)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
      }
    }
    if (attempt + 1 >= OAKUM_RETRIES_MAX) {
      g_clear_error(&local);
      g_autoptr(OakumHttpAnswer) last = knock(e, bases[0], 1, &local);
      if (last)
        return g_strdup(bases[0]);
      g_propagate_error(error, g_steal_pointer(&local));
      return NULL;
    }
    oakum_http_pause(attempt, NULL);
  }
}

static gboolean know_base(OakumEndpoint *e, GError **error)
{
  OAKUM_AUTO_LOCK(&e->lock);
  if (e->base)
    return TRUE;
  const char *host = strcmp(e->name, "docker.io") == 0 ? "registry-1.docker.io" : e->name;
  g_autofree char *secure = g_strconcat("https://", host, NULL);
  g_auto(OakumUrl) url = {0};
  if (!oakum_url_parse(secure, &url, error))
    return FALSE;
  gboolean here = oakum_host_kind(url.host) == OAKUM_HOST_LOOPBACK;
  if (here || oakum_registry_is_marked(e->registry, secure))
    e->base = find_base(e, host, !here || oakum_registry_has_trust(e->registry, &url), error);
  else
    e->base = g_steal_pointer(&secure);
  return e->base != NULL;
}

char *oakum_endpoint_url(OakumEndpoint *e, const char *kind, const char *name, GError **error)
{
  if (!know_base(e, error))
    return NULL;
  g_autofree char *url = g_strdup_printf("%s/v2/%s/%s/%s", e->base, e->repository, kind, name);
  /* containerd's way to tell a cache for several registries which one is meant */
  return e->mirror ? oakum_url_add_query(url, "ns", e->registry->name) : g_steal_pointer(&url);
}

/* ---- sending
 * -------------------------------------------------------------------------------------- */
/* Warning: 299 - "text" (RFC 7234, section 5.5), which registries use for what people should see.
 */
static void show_warnings(OakumEndpoint *e, const OakumHttpAnswer *answer)
{
  OakumRegistry *r = e->registry;
  const char *value;
  for (guint i = 0; (value = oakum_http_header(answer, "warning", i)) != NULL; i++) {
    if (!g_str_has_prefix(value, "299 "))
      continue;
    const char *text = strchr(value, '"');
    text = text ? text + 1 : value + 4;
    g_autofree char *bare = g_strndup(text, MIN(strcspn(text, "\""), OAKUM_ERROR_TEXT_MAX));
    g_autofree char *valid = oakum_escape_utf8(bare, -1);
    g_mutex_lock(&r->lock);
    gboolean show = g_hash_table_size(r->warned) < OAKUM_WARNINGS_MAX &&
                    g_hash_table_add(r->warned, g_strdup(valid));
    g_mutex_unlock(&r->lock);
    if (show)
      oakum_warn("%s says: %s", e->name, valid);
  }
}

OakumHttpAnswer *oakum_endpoint_send(OakumEndpoint *e, OakumHttpRequest request, const char *more,
                                     GError **error)
{
  if (!know_base(e, error))
    return NULL;
  gboolean own = oakum_url_same_origin(request.url, e->base);
  /* none, a stale token, a token of too narrow a scope: three reasons to be sent back */
  for (guint attempt = 0;; attempt++) {
    g_autofree char *authorization = NULL;
    if (own && !oakum_endpoint_authorize(e, more, &authorization, error))
      return NULL;
    request.authorization = authorization;
    g_autoptr(OakumHttpAnswer) answer = oakum_http_send(e->registry->http, &request, error);
    if (answer)
      show_warnings(e, answer);
    /* a 401 of a host that we were redirected to is not the registry's question */
    if (!answer || answer->status != 401 || !own || attempt >= 3 ||
        !oakum_url_same_origin(answer->url, e->base))
      return g_steal_pointer(&answer);
    if (!oakum_endpoint_challenged(e, answer, authorization, error))
      return NULL;
  }
}

/* ---- what went wrong
 * ---------------------------------------------------------------------------------- */
typedef struct {
  char *code, *message;
} Problem;
static gpointer problem_make(void)
{
  return g_new0(Problem, 1);
}
static void problem_free(gpointer data)
{
  Problem *problem = data;
  g_free(problem->code);
  g_free(problem->message);
  g_free(problem);
}

char *oakum_registry_error_text(const char *body, size_t len)
{
  static const OakumJsonField problem_fields[] = {
      {.key = "code", .kind = OAKUM_JSON_STRING, .offset = offsetof(Problem, code)},
      {.key = "message", .kind = OAKUM_JSON_STRING, .offset = offsetof(Problem, message)},
      {0}};
  static const OakumJsonField fields[] = {{.key = "errors",
                                           .kind = OAKUM_JSON_ARRAY,
                                           .required = TRUE,
                                           .sub = problem_fields,
                                           .make = problem_make,
                                           .element_free = problem_free},
                                          {0}};
  GPtrArray *problems = NULL;
  g_autoptr(GString) text = g_string_new(NULL);
  OAKUM_AUTO_JSON *json = len > 0 ? oakum_json_parse(body, len, "answer", NULL) : NULL;
  if (json && oakum_json_bind(json, fields, &problems, "answer", NULL)) {
    for (guint i = 0; i < problems->len && text->len < OAKUM_ERROR_TEXT_MAX; i++) {
      const Problem *p = problems->pdata[i];
      g_string_append_printf(text, "%s%s%s%s", text->len ? "; " : "", p->code ? p->code : "",
                             p->code && p->message ? ": " : "", p->message ? p->message : "");
    }
  } else if (!json && len > 0 && body[0] != '<' && body[0] != '{') {
    /* proxies answer in plain text, the first line of which may help */
    size_t line = 0;
    while (line < MIN(len, 200) && body[line] != '\n' && body[line] != '\r')
      line++;
    g_string_append_len(text, body, (gssize)line);
  }
  if (problems)
    g_ptr_array_unref(problems);
  g_autofree char *safe = oakum_escape_terminal(text->str, (gssize)text->len);
  if (strlen(safe) <= OAKUM_ERROR_TEXT_MAX)
    return g_steal_pointer(&safe);
  const char *end = g_utf8_find_prev_char(safe, safe + OAKUM_ERROR_TEXT_MAX - 2);
  return g_strdup_printf("%.*s…", end ? (int)(end - safe) : 0, safe);
}

gboolean oakum_endpoint_refused(OakumEndpoint *e, const char *what, OakumHttpAnswer *answer,
                                GError **error)
{
  if (!answer)
    return FALSE;
  g_autofree char *body = NULL;
  size_t len = 0;
  if (!oakum_reader_slurp(answer->body, OAKUM_ERROR_BODY_MAX, "answer", &body, &len, NULL))
    len = 0;
  g_autofree char *said = oakum_registry_error_text(body ? body : "", len);
  const char *hint = "";
  int status = answer->status;
  /* no code of the specification stands for it */
  gboolean exists = strstr(said, "immutab") || strstr(said, "cannot be overwritten");
  if (status == 401 || status == 403) {
    g_mutex_lock(&e->lock);
    hint = e->credentials.user || e->credentials.identity_token || e->credentials.registry_token
               ? "; the user or password is wrong, or may not do this"
               : "; log in with docker login, or set DOCKER_AUTH_CONFIG";
    g_mutex_unlock(&e->lock);
  } else if (exists) {
    hint = "; the tag exists and this registry lets no tag be moved: push another one";
  } else if (status == 413) {
    hint = "; the registry, or a proxy before it, takes nothing that large";
  } else if (status == 404 && g_str_has_prefix(what, "manifest ")) {
    hint = "; there is no such tag or repository, or only who is logged in may see it";
  } else if (status == 429) {
    hint = "; the registry takes no more requests for now: wait, or log in if you have not";
  } else if (status >= 500) {
    hint = "; the registry, or a proxy before it, is in trouble: try again later";
  }
  OakumErrorCode code = exists                                  ? OAKUM_ERROR_EXISTS
                        : strstr(said, "MANIFEST_BLOB_UNKNOWN") ? OAKUM_ERROR_INCOMPLETE
                        : status == 404                         ? OAKUM_ERROR_NOT_FOUND
                        : status == 401 || status == 403        ? OAKUM_ERROR_DENIED
                        : status == 429 || status >= 500        ? OAKUM_ERROR_NETWORK
                                                                : OAKUM_ERROR_FAILED;
  g_set_error(error, OAKUM_REGISTRY_ERROR, code, "%s/%s: %s: status %d%s%s%s", e->name,
              e->repository, what, status, *said ? ": " : "", said, hint);
  oakum_http_answer_free(answer);
  return FALSE;
}
