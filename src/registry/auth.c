/* Basic and Bearer: distribution's token specification, with OAuth2 refresh tokens. */
#include "registry/registry-private.h"
#include <string.h>

static void token_free(OakumToken *token)
{
  explicit_bzero(token->value, strlen(token->value));
  g_free(token->value);
  g_free(token);
}

void oakum_endpoint_auth_clear(OakumEndpoint *e)
{
  oakum_credentials_clear(&e->credentials);
  g_clear_pointer(&e->challenge, oakum_challenge_free);
  g_clear_pointer(&e->tokens, g_hash_table_unref);
  g_free(e->wanted_scope);
}

/* What the caller said itself. */
static void take_login(OakumEndpoint *e)
{
  const GPtrArray *logins = e->registry->logins;
  for (guint i = 0; i + 1 < logins->len && oakum_credentials_empty(&e->credentials); i += 2) {
    const char *pair = logins->pdata[i + 1], *colon = strchr(pair, ':');
    if (!colon || strcmp(logins->pdata[i], e->name) != 0)
      continue;
    e->credentials.user = g_strndup(pair, (gsize)(colon - pair));
    e->credentials.password = g_strdup(colon + 1);
  }
}

static gboolean look_up(OakumEndpoint *e, GError **error)
{
  if (!e->looked_up)
    take_login(e);
  if (!e->looked_up && oakum_credentials_empty(&e->credentials) &&
      (!oakum_credentials_find(e->name, e->repository, &e->credentials, error) ||
       (oakum_credentials_empty(&e->credentials) &&
        !oakum_helpers_find(e->registry, e->name, &e->credentials, error))))
    return FALSE;
  e->looked_up = TRUE;
  return TRUE;
}

static char *basic(const char *user, const char *password)
{
  char *pair = g_strconcat(user, ":", password, NULL);
  char *coded = g_base64_encode((const guchar *)pair, strlen(pair));
  char *value = g_strconcat("Basic ", coded, NULL);
  explicit_bzero(pair, strlen(pair));
  explicit_bzero(coded, strlen(coded));
  g_free(pair);
  g_free(coded);
  return value;
}

/* ---- tokens
 * --------------------------------------------------------------------------------------- */
/* The scopes of a token, the one that was missed first: some servers read only the first. */
static GPtrArray *scopes_of(const OakumEndpoint *e, const char *more)
{
  GPtrArray *scopes = g_ptr_array_new_with_free_func(g_free);
  if (e->wanted_scope)
    g_ptr_array_add(scopes, g_strdup(e->wanted_scope));
  char *own = g_strdup_printf("repository:%s:%s", e->repository,
                              e->registry->push && !e->mirror ? "pull,push" : "pull");
  if (g_strcmp0(own, e->wanted_scope) == 0)
    g_free(own);
  else
    g_ptr_array_add(scopes, own);
  if (more)
    g_ptr_array_add(scopes, g_strdup(more));
  g_ptr_array_add(scopes, NULL);
  return scopes;
}

typedef struct {
  char *token, *access_token;
  uint64_t expires_in;
} TokenAnswer;
static const OakumJsonField token_fields[] = {
    {.key = "token", .kind = OAKUM_JSON_STRING, .offset = offsetof(TokenAnswer, token)},
    {.key = "access_token",
     .kind = OAKUM_JSON_STRING,
     .offset = offsetof(TokenAnswer, access_token)},
    {.key = "expires_in", .kind = OAKUM_JSON_U64, .offset = offsetof(TokenAnswer, expires_in)},
    {0}};

/* What goes into a header must be one word of visible characters. */
static gboolean is_one_word(const char *text)
{
  for (const char *c = text; *c; c++)
    if (*c < 0x21 || *c > 0x7e)
      return FALSE;
  return *text != '\0';
}

static OakumToken *read_token(OakumEndpoint *e, OakumHttpAnswer *answer, GError **error)
{
  char *text = NULL;
  size_t len;
  if (!oakum_reader_slurp(answer->body, OAKUM_TOKEN_BODY_MAX, "the token server's answer", &text,
                          &len, error))
    return NULL;
  TokenAnswer t = {.expires_in = 0};
  OakumToken *token = NULL;
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, "token", NULL);
  explicit_bzero(text, len);
  g_free(text);
  gboolean ok = json && oakum_json_bind(json, token_fields, &t, "token", NULL);
  const char *value = ok && t.token && *t.token ? t.token : ok ? t.access_token : NULL;
  if (value && is_one_word(value)) {
    uint64_t life = t.expires_in ? t.expires_in : OAKUM_TOKEN_LIFE_S;
    life = MIN(life, OAKUM_TOKEN_LIFE_MAX_S);
    token = g_new0(OakumToken, 1);
    token->value = g_strconcat("Bearer ", value, NULL);
    /* renewed before its end, so that a request does not meet it on the way */
    token->expires_us = g_get_monotonic_time() + (int64_t)(life * G_USEC_PER_SEC / 10 * 9);
  } else {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID,
                "%s: the token server's answer holds no token", e->name);
  }
  g_free(t.token);
  g_free(t.access_token);
  return token;
}

static OakumHttpAnswer *ask_with_refresh_token(OakumEndpoint *e, const char *service, char **scopes,
                                               GError **error)
{
  g_autofree char *scope = g_strjoinv(" ", scopes);
  g_autofree char *a = g_uri_escape_string(service, NULL, FALSE),
                  *b = g_uri_escape_string(scope, NULL, FALSE),
                  *c = g_uri_escape_string(e->credentials.identity_token, NULL, FALSE);
  char *form = g_strdup_printf(
      "grant_type=refresh_token&client_id=oakum&service=%s&scope=%s&refresh_token=%s", a, b, c);
  static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
  size_t len = strlen(form);
  g_autoptr(GBytes) bytes = g_bytes_new_take(form, len);
  return oakum_http_send(e->registry->http,
                         &(OakumHttpRequest){.method = "POST",
                                             .url = e->challenge->realm,
                                             .headers = headers,
                                             .open = oakum_http_open_bytes,
                                             .open_user = bytes,
                                             .body_len = len,
                                             .answer_max = OAKUM_TOKEN_BODY_MAX,
                                             .stay = TRUE},
                         error);
}

static OakumHttpAnswer *ask_with_password(OakumEndpoint *e, const char *service, char **scopes,
                                          GError **error)
{
  const OakumCredentials *c = &e->credentials;
  g_autofree char *url = g_strdup(e->challenge->realm);
  const char *user = c->identity_token ? "<token>" : c->user;
  char *login = user ? basic(user, c->identity_token ? c->identity_token : c->password) : NULL;
  if (*service) {
    char *longer = oakum_url_add_query(url, "service", service);
    g_free(url);
    url = longer;
  }
  for (; *scopes; scopes++) {
    char *longer = oakum_url_add_query(url, "scope", *scopes);
    g_free(url);
    url = longer;
  }
  OakumHttpAnswer *answer = oakum_http_send(
      e->registry->http,
      &(OakumHttpRequest){
          .method = "GET", .url = url, .authorization = login, .answer_max = OAKUM_TOKEN_BODY_MAX},
      error);
  if (login)
    explicit_bzero(login, strlen(login));
  g_free(login);
  return answer;
}

static OakumToken *fetch_token(OakumEndpoint *e, char **scopes, GError **error)
{
  const char *realm = e->challenge->realm;
  const char *service = e->challenge->service ? e->challenge->service : "";
  if (!oakum_registry_url_allowed(realm, e->base, oakum_registry_is_marked(e->registry, realm))) {
    g_autofree char *shown = oakum_url_show(realm);
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DENIED,
                "%s: it wants credentials sent to %s, which is refused", e->name, shown);
    return NULL;
  }
  g_autoptr(OakumHttpAnswer) answer = NULL;
  if (e->credentials.identity_token) {
    answer = ask_with_refresh_token(e, service, scopes, error);
    if (!answer)
      return NULL;
    if (answer->status == 404 || answer->status == 405) /* a server that knows no OAuth2 */
      g_clear_pointer(&answer, oakum_http_answer_free);
  }
  if (!answer && !(answer = ask_with_password(e, service, scopes, error)))
    return NULL;
  if (answer->status == 200)
    return read_token(e, answer, error);
  g_autofree char *text = NULL;
  size_t len = 0;
  if (!oakum_reader_slurp(answer->body, OAKUM_ERROR_BODY_MAX, "answer", &text, &len, NULL))
    len = 0;
  g_autofree char *said = oakum_registry_error_text(text ? text : "", len);
  gboolean denied = answer->status == 401 || answer->status == 403;
  g_set_error(error, OAKUM_REGISTRY_ERROR, denied ? OAKUM_ERROR_DENIED : OAKUM_ERROR_FAILED,
              "%s: the token server answered with status %d%s%s%s", e->name, answer->status,
              *said ? ": " : "", said,
              !denied ? ""
              : e->credentials.user || e->credentials.identity_token
                  ? "; the user or password is wrong, or may not do this"
                  : "; log in with docker login, or set DOCKER_AUTH_CONFIG");
  return NULL;
}

gboolean oakum_endpoint_authorize(OakumEndpoint *e, const char *more, char **value, GError **error)
{
  *value = NULL;
  OAKUM_AUTO_LOCK(&e->lock);
  if (!e->challenge) /* nobody asked for a login yet */
    return TRUE;
  if (!look_up(e, error))
    return FALSE;
  if (strcmp(e->challenge->scheme, "basic") == 0) {
    if (e->credentials.user)
      *value = basic(e->credentials.user, e->credentials.password);
    return TRUE;
  }
  if (e->credentials.registry_token) {
    *value = g_strconcat("Bearer ", e->credentials.registry_token, NULL);
    return TRUE;
  }
  g_autoptr(GPtrArray) scopes = scopes_of(e, more);
  g_autofree char *key = g_strjoinv(" ", (char **)scopes->pdata);
  if (!e->tokens)
    e->tokens = oakum_str_map_new(g_free, (GDestroyNotify)token_free);
  OakumToken *token = g_hash_table_lookup(e->tokens, key);
  if (!token || token->expires_us <= g_get_monotonic_time()) {
    token = fetch_token(e, (char **)scopes->pdata, error);
    if (!token)
      return FALSE;
    g_hash_table_replace(e->tokens, g_steal_pointer(&key), token);
  }
  *value = g_strdup(token->value);
  return TRUE;
}

static gboolean is_used(gpointer key, gpointer token, gpointer used)
{
  return strcmp(((OakumToken *)token)->value, used) == 0;
}

/* The challenge that we can answer: Bearer before Basic, whatever their order. Caller owns it. */
static OakumChallenge *choose(const OakumHttpAnswer *answer, GString *offered)
{
  OakumChallenge *best = NULL;
  const char *header;
  for (guint i = 0; (header = oakum_http_header(answer, "www-authenticate", i)) != NULL; i++) {
    g_autoptr(GPtrArray) all = oakum_challenges_parse(header);
    for (guint j = 0; all && j < all->len; j++) {
      OakumChallenge *c = all->pdata[j];
      gboolean bearer = strcmp(c->scheme, "bearer") == 0 && c->realm;
      g_string_append_printf(offered, " %.32s", c->scheme);
      if (!bearer && (best || strcmp(c->scheme, "basic") != 0))
        continue;
      if (best && strcmp(best->scheme, "bearer") == 0)
        continue;
      oakum_challenge_free(best);
      best = c;
      all->pdata[j] = NULL;
    }
  }
  return best;
}

gboolean oakum_endpoint_challenged(OakumEndpoint *e, const OakumHttpAnswer *answer,
                                   const char *used, GError **error)
{
  OAKUM_AUTO_LOCK(&e->lock);
  g_autoptr(GString) offered = g_string_new(NULL);
  OakumChallenge *c = choose(answer, offered);
  if (!c) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DENIED,
                "%s: status 401 without a way to log in that is known (%s)", e->name,
                offered->len ? offered->str + 1 : "none offered");
    return FALSE;
  }
  gboolean insufficient = g_strcmp0(c->error, "insufficient_scope") == 0;
  if (insufficient && c->scope && g_strcmp0(c->scope, e->wanted_scope) != 0) {
    g_free(e->wanted_scope);
    e->wanted_scope = g_strdup(c->scope);
  }
  oakum_challenge_free(e->challenge);
  e->challenge = c;
  if (!look_up(e, error))
    return FALSE;
  gboolean is_basic = strcmp(c->scheme, "basic") == 0;
  gboolean fixed = is_basic ? used && g_str_has_prefix(used, "Basic ") : FALSE;
  if (!is_basic && used && e->credentials.registry_token)
    fixed = TRUE;
  if (fixed || (is_basic && !e->credentials.user)) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DENIED,
                "%s/%s: %s; log in with docker login, or set DOCKER_AUTH_CONFIG", e->name,
                e->repository,
                fixed ? "the user or password is wrong" : "a user and password are needed");
    return FALSE;
  }
  /* only the token that failed: another thread may have fetched a new one meanwhile */
  if (used && e->tokens)
    g_hash_table_foreach_remove(e->tokens, is_used, (gpointer)used);
  return TRUE;
}
