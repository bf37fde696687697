/* Credentials, challenges, tokens: distribution's token specification, Docker's config.json. */
#include "os/os.h"
#include "registry/registry-private.h"
#include <arpa/inet.h>
#include <string.h>

void oakum_challenge_clear(OakumChallenge *c)
{
  char **all[] = {&c->scheme, &c->realm, &c->service, &c->scope};
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
    g_clear_pointer(all[i], g_free);
}

gboolean oakum_challenge_parse(const char *header, OakumChallenge *out)
{
  *out = (OakumChallenge){NULL};
  size_t n = strcspn(header, " \t");
  if (n == 0 || strlen(header) > OAKUM_HEADER_MAX)
    return FALSE;
  out->scheme = g_ascii_strdown(header, (gssize)n);
  const char *at = header + n;
  for (;;) {
    at += strspn(at, " \t,");
    if (!*at)
      return TRUE;
    size_t key = strcspn(at, "= \t,");
    const char *name = at;
    if (key == 0 || at[key] != '=')
      break;
    at += key + 1;
    g_autoptr(GString) value = g_string_new(NULL);
    if (*at == '"') {
      for (at++; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1])
          at++;
        g_string_append_c(value, *at);
      }
      if (*at++ != '"')
        break;
    } else {
      size_t len = strcspn(at, " \t,");
      g_string_append_len(value, at, (gssize)len);
      at += len;
    }
    char **slot = key == 5 && g_ascii_strncasecmp(name, "realm", 5) == 0     ? &out->realm
                  : key == 7 && g_ascii_strncasecmp(name, "service", 7) == 0 ? &out->service
                  : key == 5 && g_ascii_strncasecmp(name, "scope", 5) == 0   ? &out->scope
                                                                             : NULL;
    if (slot) {
      g_free(*slot);
      *slot = g_strdup(value->str);
    }
  }
  oakum_challenge_clear(out);
  return FALSE;
}

/* A literal address that only means something inside a network: loopback, link-local, private,
 * unspecified. */
static gboolean is_private_literal(const char *host)
{
  g_autofree char *bare =
      host[0] == '[' ? g_strndup(host + 1, strcspn(host + 1, "]%")) : g_strdup(host);
  struct in_addr v4;
  struct in6_addr v6;
  if (strcmp(bare, "localhost") == 0)
    return TRUE;
  if (inet_pton(AF_INET6, bare, &v6) == 1) {
    if (IN6_IS_ADDR_V4MAPPED(&v6))
      memcpy(&v4, v6.s6_addr + 12, 4);
    else
      return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
             IN6_IS_ADDR_LINKLOCAL(&v6) || (v6.s6_addr[0] & 0xfe) == 0xfc;
  } else if (inet_pton(AF_INET, bare, &v4) != 1) {
    /* "0x7f.1", "2130706433": other spellings of an address are refused as well */
    return *bare && strspn(bare, "0123456789abcdefABCDEFxX.") == strlen(bare) &&
           g_ascii_isdigit(*bare);
  }
  uint32_t a = ntohl(v4.s_addr);
  return a >> 24 == 127 || a >> 24 == 10 || a >> 24 == 0 || a >> 16 == 0xa9fe ||
         a >> 16 == 0xc0a8 || a >> 20 == 0xac1 || a >> 22 == 0x191;
}

gboolean oakum_realm_allowed(const char *realm, const char *base)
{
  if (oakum_url_same_origin(realm, base))
    return TRUE;
  g_autoptr(GUri) uri = g_uri_parse(realm, G_URI_FLAGS_NONE, NULL);
  const char *host = uri ? g_uri_get_host(uri) : NULL, *base_host = NULL;
  g_autoptr(GUri) base_uri = g_uri_parse(base, G_URI_FLAGS_NONE, NULL);
  base_host = base_uri ? g_uri_get_host(base_uri) : NULL;
  if (!host || !base_host || g_uri_get_userinfo(uri))
    return FALSE;
  /* a registry on this machine may have its token server beside it, on another port */
  if (oakum_host_is_local(host) && oakum_host_is_local(base_host))
    return TRUE;
  return strcmp(g_uri_get_scheme(uri), "https") == 0 && !is_private_literal(host);
}

/* ---- credentials
 * --------------------------------------------------------------------------------------- */
typedef struct {
  char *auth, *username, *password, *identitytoken;
} Entry;

static const OakumJsonField entry_fields[] = {
    {"auth", OAKUM_JSON_STRING, offsetof(Entry, auth), FALSE, NULL, NULL, NULL, 0},
    {"username", OAKUM_JSON_STRING, offsetof(Entry, username), FALSE, NULL, NULL, NULL, 0},
    {"password", OAKUM_JSON_STRING, offsetof(Entry, password), FALSE, NULL, NULL, NULL, 0},
    {"identitytoken", OAKUM_JSON_STRING, offsetof(Entry, identitytoken), FALSE, NULL, NULL, NULL,
     0},
    {0}};

static void take_entry(const json_t *json, OakumRegistry *r)
{
  Entry e = {NULL};
  if (oakum_json_bind(json, entry_fields, &e, "credentials", NULL)) {
    if (e.identitytoken && *e.identitytoken)
      r->identity_token = g_strdup(e.identitytoken);
    if (e.auth && *e.auth) {
      gsize len;
      g_autofree guchar *plain = g_base64_decode(e.auth, &len);
      g_autofree char *text = g_strndup((const char *)plain, len);
      char *colon = strchr(text, ':');
      if (colon) {
        r->user = g_strndup(text, (gsize)(colon - text));
        r->password = g_strdup(colon + 1);
      }
    } else if (e.username && e.password) {
      r->user = g_strdup(e.username);
      r->password = g_strdup(e.password);
    }
  }
  g_free(e.auth);
  g_free(e.username);
  g_free(e.password);
  g_free(e.identitytoken);
}

/* docker-credential-X get: the server's name in, JSON out. */
static gboolean ask_helper(const char *helper, const char *server, OakumRegistry *r, GError **error)
{
  g_autofree char *program = g_strconcat("docker-credential-", helper, NULL), *out = NULL;
  const char *argv[] = {program, "get", NULL};
  size_t len;
  if (strchr(helper, '/')) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID,
                "the credential helper \"%s\" is no plain name", helper);
    return FALSE;
  }
  g_autoptr(GError) local = NULL;
  if (!oakum_child_run(argv, (OakumSlice){(const uint8_t *)server, strlen(server)},
                       OAKUM_TOKEN_BODY_MAX, 60000, &out, &len, &local)) {
    oakum_warn("%s: %s; going on without credentials", program, local->message);
    return TRUE;
  }
  OAKUM_AUTO_JSON *json = oakum_json_parse(out, len, program, error);
  if (!json)
    return FALSE;
  const char *user = json_string_value(json_object_get(json, "Username")),
             *secret = json_string_value(json_object_get(json, "Secret"));
  if (user && secret && strcmp(user, "<token>") == 0)
    r->identity_token = g_strdup(secret);
  else if (user && secret) {
    r->user = g_strdup(user);
    r->password = g_strdup(secret);
  }
  return TRUE;
}

static gboolean from_config(const char *text, size_t len, const char *what, OakumRegistry *r,
                            GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, what, error);
  if (!json)
    return FALSE;
  gboolean hub = strcmp(r->name, "docker.io") == 0;
  const char *keys[] = {r->name, hub ? "https://index.docker.io/v1/" : NULL,
                        hub ? "index.docker.io" : NULL};
  const char *helper =
      json_string_value(json_object_get(json_object_get(json, "credHelpers"), r->name));
  if (!helper)
    helper = json_string_value(json_object_get(json, "credsStore"));
  if (helper && *helper)
    return ask_helper(helper, hub ? "https://index.docker.io/v1/" : r->name, r, error);
  const json_t *auths = json_object_get(json, "auths");
  const char *key;
  json_t *value;
  for (size_t i = 0; i < G_N_ELEMENTS(keys) && !r->user && !r->identity_token; i++) {
    if (!keys[i])
      continue;
    json_object_foreach((json_t *)auths, key, value)
    {
      /* "https://host/v2/" and "host" are one */
      const char *host = g_str_has_prefix(key, "https://")  ? key + 8
                         : g_str_has_prefix(key, "http://") ? key + 7
                                                            : key;
      if (strcmp(key, keys[i]) == 0 ||
          (strncmp(host, keys[i], strlen(keys[i])) == 0 && strchr("/", host[strlen(keys[i])])))
        take_entry(value, r);
    }
  }
  return TRUE;
}

gboolean oakum_registry_find_credentials(OakumRegistry *r, GError **error)
{
  const char *inline_text = g_getenv("DOCKER_AUTH_CONFIG"), *named = g_getenv("REGISTRY_AUTH_FILE"),
             *folder = g_getenv("DOCKER_CONFIG");
  if (inline_text && *inline_text &&
      !from_config(inline_text, strlen(inline_text), "DOCKER_AUTH_CONFIG", r, error))
    return FALSE;
  if (r->user || r->identity_token)
    return TRUE;
  g_autofree char *path = named && *named ? g_strdup(named)
                          : folder && *folder
                              ? g_build_filename(folder, "config.json", NULL)
                              : g_build_filename(g_get_home_dir(), ".docker", "config.json", NULL);
  g_autofree char *text = NULL;
  size_t len;
  g_autoptr(GError) local = NULL;
  if (oakum_file_read(path, OAKUM_CONFIG_FILE_MAX, &text, &len, &local))
    return from_config(text, len, path, r, error);
  if (g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

static char *basic(const OakumRegistry *r)
{
  g_autofree char *pair = g_strconcat(r->user, ":", r->password, NULL);
  g_autofree char *coded = g_base64_encode((const guchar *)pair, strlen(pair));
  return g_strconcat("Basic ", coded, NULL);
}

static gboolean read_token(OakumRegistry *r, OakumHttpAnswer *answer, GError **error)
{
  g_autofree char *text = NULL;
  size_t len;
  if (oakum_http_status(answer) != 200) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DENIED, "%s: the token server says %d",
                r->name, oakum_http_status(answer));
    return FALSE;
  }
  if (!oakum_http_slurp(answer, OAKUM_TOKEN_BODY_MAX, &text, &len, error))
    return FALSE;
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, "token", error);
  const char *token = json ? json_string_value(json_object_get(json, "token")) : NULL;
  if (json && (!token || !*token))
    token = json_string_value(json_object_get(json, "access_token"));
  if (!token || !*token || strpbrk(token, "\r\n")) {
    if (json)
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID,
                  "%s: the token server gave no token", r->name);
    return FALSE;
  }
  g_free(r->authorization);
  r->authorization = g_strconcat("Bearer ", token, NULL);
  return TRUE;
}

gboolean oakum_registry_authorize(OakumRegistry *r, const char *header, GError **error)
{
  OakumChallenge c;
  gboolean ok = FALSE;
  g_autofree char *shown = oakum_escape_terminal(header ? header : "no challenge", -1);
  if (!header || !oakum_challenge_parse(header, &c)) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID,
                "%s: refused without saying how to log in (%s)", r->name, shown);
    return FALSE;
  }
  if (strcmp(c.scheme, "basic") == 0) {
    if (r->user && !r->authorization) {
      r->authorization = basic(r);
      ok = TRUE;
    } else {
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DENIED,
                  "%s: %s; log in with docker login, or set DOCKER_AUTH_CONFIG", r->name,
                  r->user ? "the user or password is wrong" : "a user and password are needed");
    }
  } else if (strcmp(c.scheme, "bearer") == 0 && c.realm) {
    if (!oakum_realm_allowed(c.realm, r->base)) {
      g_autofree char *realm = oakum_escape_terminal(c.realm, -1);
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DENIED,
                  "%s: it sends credentials to %s, which is refused", r->name, realm);
    } else {
      g_autofree char *own =
          g_strdup_printf("repository:%s:%s", r->repository, r->push ? "pull,push" : "pull");
      g_autofree char *scope = g_uri_escape_string(own, NULL, FALSE),
                      *service = g_uri_escape_string(c.service ? c.service : "", NULL, FALSE);
      g_autofree char *url = g_strdup_printf("%s%cservice=%s&scope=%s", c.realm,
                                             strchr(c.realm, '?') ? '&' : '?', service, scope);
      g_autofree char *login = r->user ? basic(r) : NULL;
      OakumHttpRequest request = {.method = "GET", .url = url, .authorization = login};
      g_autoptr(OakumHttpAnswer) answer = oakum_http_send(r->http, &request, error);
      ok = answer && read_token(r, answer, error);
    }
  } else {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_UNSUPPORTED,
                "%s: the way to log in \"%s\" is not known", r->name, c.scheme);
  }
  oakum_challenge_clear(&c);
  return ok;
}
