/* Docker's config.json and the credential helpers it names. */
#include "os/os.h"
#include "registry/registry-private.h"
#include <string.h>

static void wipe(char **secret)
{
  if (*secret)
    explicit_bzero(*secret, strlen(*secret));
  g_clear_pointer(secret, g_free);
}

void oakum_credentials_clear(OakumCredentials *c)
{
  wipe(&c->user);
  wipe(&c->password);
  wipe(&c->identity_token);
  wipe(&c->registry_token);
}

gboolean oakum_credentials_empty(const OakumCredentials *c)
{
  return !c->user && !c->identity_token && !c->registry_token;
}

typedef struct {
  json_t *auths;
  GHashTable *helpers;
  char *store;
} Config;
static const OakumJsonField config_fields[] = {
    {.key = "auths", .kind = OAKUM_JSON_ANY, .offset = offsetof(Config, auths)},
    {.key = "credHelpers", .kind = OAKUM_JSON_MAP, .offset = offsetof(Config, helpers)},
    {.key = "credsStore", .kind = OAKUM_JSON_STRING, .offset = offsetof(Config, store)},
    {0}};
static void config_clear(Config *config)
{
  oakum_json_clear(&config->auths);
  g_clear_pointer(&config->helpers, g_hash_table_unref);
  g_free(config->store);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Config, config_clear)

typedef struct {
  char *auth, *username, *password, *identity_token, *registry_token;
} Entry;
static const OakumJsonField entry_fields[] = {
    {.key = "auth", .kind = OAKUM_JSON_STRING, .offset = offsetof(Entry, auth)},
    {.key = "username", .kind = OAKUM_JSON_STRING, .offset = offsetof(Entry, username)},
    {.key = "password", .kind = OAKUM_JSON_STRING, .offset = offsetof(Entry, password)},
    {.key = "identitytoken", .kind = OAKUM_JSON_STRING, .offset = offsetof(Entry, identity_token)},
    {.key = "registrytoken", .kind = OAKUM_JSON_STRING, .offset = offsetof(Entry, registry_token)},
    {0}};
static void entry_clear(Entry *entry)
{
  wipe(&entry->auth);
  wipe(&entry->username);
  wipe(&entry->password);
  wipe(&entry->identity_token);
  wipe(&entry->registry_token);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Entry, entry_clear)

/* The parser's messages quote what they stumble over, which here may be a password. */
static json_t *parse_secret(const char *text, size_t len, const char *what, GError **error)
{
  json_t *json = oakum_json_parse(text, len, what, NULL);
  if (!json)
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID, "%s: not valid JSON", what);
  return json;
}

static gboolean take_entry(const json_t *json, const char *what, const char *key,
                           OakumCredentials *out, GError **error)
{
  g_auto(Entry) entry = {NULL};
  g_autofree char *shown = oakum_escape_terminal(key, -1);
  g_autofree char *path = g_strdup_printf("%s: auths: %s", what, shown);
  if (!oakum_json_bind(json, entry_fields, &entry, path, error))
    return FALSE;
  if (entry.auth && *entry.auth) {
    gsize len;
    guchar *plain = g_base64_decode(entry.auth, &len);
    char *text = g_strndup((const char *)plain, len);
    const char *colon = strchr(text, ':');
    gboolean whole = colon != NULL && g_utf8_validate(text, -1, NULL);
    if (whole) {
      out->user = g_strndup(text, (gsize)(colon - text));
      out->password = g_strdup(colon + 1);
    }
    explicit_bzero(plain, len);
    g_free(plain);
    wipe(&text);
    if (!whole) {
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID,
                  "%s: \"auth\" is not \"user:password\" in base64", path);
      return FALSE;
    }
  } else if (entry.username && *entry.username && entry.password) {
    out->user = g_steal_pointer(&entry.username);
    out->password = g_steal_pointer(&entry.password);
  }
  if (entry.identity_token && *entry.identity_token)
    out->identity_token = g_steal_pointer(&entry.identity_token);
  if (entry.registry_token && *entry.registry_token)
    out->registry_token = g_steal_pointer(&entry.registry_token);
  return TRUE;
}

/* "https://host/v1/" and "host" name one registry; "host/team" is a key of its own. New string. */
static char *plain_key(const char *key)
{
  const char *scheme = strstr(key, "://");
  char *bare = g_strdup(scheme ? scheme + 3 : key);
  for (size_t len = strlen(bare); len > 0 && bare[len - 1] == '/';)
    bare[--len] = '\0';
  if (g_str_has_suffix(bare, "/v1") || g_str_has_suffix(bare, "/v2"))
    bare[strlen(bare) - 3] = '\0';
  if (strcmp(bare, "index.docker.io") == 0 || strcmp(bare, "registry-1.docker.io") == 0) {
    g_free(bare);
    bare = g_strdup("docker.io");
  }
  return bare;
}

static gboolean helper_name_ok(const char *name)
{
  size_t len = strlen(name);
  for (size_t i = 0; i < len; i++)
    if (!g_ascii_isalnum(name[i]) && !strchr("._-", name[i]))
      return FALSE;
  return len > 0 && len < 100;
}

gboolean oakum_docker_config_find(const char *text, size_t len, const char *what,
                                  const char *registry, const char *repository,
                                  OakumCredentials *out, char **helper, GError **error)
{
  *out = (OakumCredentials){NULL};
  *helper = NULL;
  size_t blank = 0;
  while (blank < len && g_ascii_isspace(text[blank]))
    blank++;
  if (blank == len) /* a file that was only touched: docker takes it for one without logins */
    return TRUE;
  OAKUM_AUTO_JSON *json = parse_secret(text, len, what, error);
  g_auto(Config) config = {NULL};
  if (!json || !oakum_json_bind(json, config_fields, &config, what, error))
    return FALSE;
  if (config.auths && !json_is_object(config.auths)) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID, "%s: \"auths\" is not an object",
                what);
    return FALSE;
  }
  const char *named = config.store;
  GHashTableIter iter;
  gpointer key, value;
  if (config.helpers)
    g_hash_table_iter_init(&iter, config.helpers);
  while (config.helpers && g_hash_table_iter_next(&iter, &key, &value)) {
    g_autofree char *plain = plain_key(key);
    if (strcmp(plain, registry) == 0)
      named = value;
  }
  if (named && *named && !helper_name_ok(named)) {
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID,
                "%s: a credential helper's name holds letters, digits, '.', '_' and '-'", what);
    return FALSE;
  }
  /* the longest key that the repository lies below */
  g_autofree char *full = g_strconcat(registry, "/", repository, "/", NULL);
  const json_t *best = NULL;
  const char *name, *best_name = NULL;
  json_t *entry;
  size_t best_len = 0;
  json_object_foreach(config.auths, name, entry)
  {
    g_autofree char *plain = plain_key(name), *below = g_strconcat(plain, "/", NULL);
    if (*plain && strlen(below) > best_len && g_str_has_prefix(full, below)) {
      best = entry;
      best_name = name;
      best_len = strlen(below);
    }
  }
  if (best && !take_entry(best, what, best_name, out, error)) {
    oakum_credentials_clear(out);
    return FALSE;
  }
  *helper = named && *named ? g_strdup(named) : NULL;
  return TRUE;
}

typedef struct {
  char *user, *secret;
} HelperAnswer;
static const OakumJsonField helper_fields[] = {{.key = "Username",
                                                .kind = OAKUM_JSON_STRING,
                                                .offset = offsetof(HelperAnswer, user),
                                                .required = TRUE},
                                               {.key = "Secret",
                                                .kind = OAKUM_JSON_STRING,
                                                .offset = offsetof(HelperAnswer, secret),
                                                .required = TRUE},
                                               {0}};

/* docker-credential-X get: the server's name in, JSON out. FALSE: it has nothing, or cannot be
 * asked. */
static gboolean ask_helper(const char *helper, const char *registry, OakumCredentials *out)
{
  g_autofree char *program = g_strconcat("docker-credential-", helper, NULL);
  const char *argv[] = {program, "get", NULL};
  const char *server =
      strcmp(registry, "docker.io") == 0 ? "https://index.docker.io/v1/" : registry;
  char *text = NULL;
  size_t len = 0;
  g_autoptr(GError) local = NULL;
  HelperAnswer answer = {NULL};
  gboolean ok = oakum_child_run(argv, (OakumSlice){(const uint8_t *)server, strlen(server)},
                                OAKUM_TOKEN_BODY_MAX, (int)OAKUM_HELPER_TIMEOUT_S * 1000, &text,
                                &len, &local);
  OAKUM_AUTO_JSON *json = ok ? parse_secret(text, len, program, &local) : NULL;
  if (json && oakum_json_bind(json, helper_fields, &answer, program, &local)) {
    if (strcmp(answer.user, "<token>") == 0) {
      out->identity_token = g_steal_pointer(&answer.secret);
    } else if (*answer.user) {
      out->user = g_steal_pointer(&answer.user);
      out->password = g_steal_pointer(&answer.secret);
    }
  }
  /* helpers also fail when they have nothing for this registry, so this is no warning */
  if (local)
    oakum_info("%s has no login for %s: %s", program, registry, local->message);
  wipe(&answer.user);
  wipe(&answer.secret);
  if (text)
    explicit_bzero(text, len);
  g_free(text);
  return !oakum_credentials_empty(out);
}

static gboolean from_config(const char *text, size_t len, const char *what, const char *registry,
                            const char *repository, OakumCredentials *out, GError **error)
{
  g_autofree char *helper = NULL;
  OakumCredentials written, asked = {NULL};
  if (!oakum_docker_config_find(text, len, what, registry, repository, &written, &helper, error))
    return FALSE;
  if (helper && ask_helper(helper, registry, &asked)) {
    oakum_credentials_clear(&written);
    *out = asked;
  } else {
    *out = written;
  }
  return TRUE;
}

gboolean oakum_credentials_find(const char *registry, const char *repository, OakumCredentials *out,
                                GError **error)
{
  const char *given = g_getenv("DOCKER_AUTH_CONFIG"), *named = g_getenv("REGISTRY_AUTH_FILE"),
             *folder = g_getenv("DOCKER_CONFIG");
  *out = (OakumCredentials){NULL};
  if (given && *given &&
      !from_config(given, strlen(given), "DOCKER_AUTH_CONFIG", registry, repository, out, error))
    return FALSE;
  if (!oakum_credentials_empty(out))
    return TRUE;
  g_autofree char *own = folder && *folder
                             ? g_build_filename(folder, "config.json", NULL)
                             : g_build_filename(g_get_home_dir(), ".docker", "config.json", NULL);
  const char *runtime = g_getenv("XDG_RUNTIME_DIR"); /* where podman and buildah log in */
  g_autofree char *podman =
      runtime && *runtime ? g_build_filename(runtime, "containers", "auth.json", NULL) : NULL;
  const char *files[] = {named && *named ? named : NULL, own, podman};
  for (size_t i = 0; i < G_N_ELEMENTS(files) && oakum_credentials_empty(out); i++) {
    if (!files[i])
      continue;
    char *text = NULL;
    size_t len;
    g_autoptr(GError) local = NULL;
    if (!oakum_file_read(files[i], OAKUM_CONFIG_FILE_MAX, &text, &len, &local)) {
      if (g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
        continue;
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    gboolean ok = from_config(text, len, files[i], registry, repository, out, error);
    explicit_bzero(text, len);
    g_free(text);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}
