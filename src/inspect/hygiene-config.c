/* Hygiene of what an image says of itself: user, environment, ports, volumes, labels, dates. */
#include "inspect/hygiene-private.h"
#include <string.h>

#define DAY INT64_C(86400)

/* ---- names of secrets
 * ---------------------------------------------------------------------------- */
static gboolean is_one_of(const char *word, const char *const *list, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(word, list[i]) == 0)
      return TRUE;
  return FALSE;
}
#define IS_ONE_OF(word, list) is_one_of(word, list, G_N_ELEMENTS(list))

/* A value that shows that nothing is hidden: a switch, a path, a reference, a mark of omission, or
 * words that ask for it to be filled in ("changeme" lets in whoever tries it, and is none). */
static gboolean is_harmless(const char *value)
{
  static const char *const words[] = {"true", "false",     "yes",      "no",       "on",
                                      "off",  "null",      "none",     "0",        "1",
                                      "nil",  "undefined", "required", "optional", "disabled"};
  static const char *const asks[] = {"your-", "your_", "replace", "placeholder", "insert", "todo"};
  static const char *const files[] = {".json", ".pem", ".key", ".crt", ".yaml",
                                      ".yml",  ".txt", ".p12", ".pfx", ".jks"};
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_ascii_strcasecmp(value, words[i]) == 0)
      return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(asks); i++)
    if (g_ascii_strncasecmp(value, asks[i], strlen(asks[i])) == 0)
      return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
    if (g_str_has_suffix(value, files[i]))
      return TRUE;
  return *value == '\0' || *value == '=' || strchr("/$<%[", *value) != NULL ||
         g_str_has_prefix(value, "./") || g_str_has_prefix(value, "{{") ||
         strspn(value, "*xX.") == strlen(value);
}

/* The words of a name: dbPassword, DB_PASSWORD and db-password are DB, PASSWORD. */
static GPtrArray *words_of(const char *name, size_t n)
{
  GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GString) word = g_string_new(NULL);
  for (size_t i = 0; i <= n; i++) {
    gboolean part = i < n && g_ascii_isalnum(name[i]);
    gboolean hump = part && i > 0 && g_ascii_isupper(name[i]) && g_ascii_islower(name[i - 1]);
    if ((!part || hump) && word->len > 0) {
      g_ptr_array_add(words, g_strdup(word->str));
      g_string_truncate(word, 0);
    }
    if (part)
      g_string_append_c(word, g_ascii_toupper(name[i]));
  }
  return words;
}

gboolean oakum_hygiene_is_secret(const char *name, size_t n, const char *value)
{
  static const char *const plain[] = {"PASSWORD", "PASSWD",     "PASS",        "PASSPHRASE",
                                      "SECRET",   "SECRETS",    "TOKEN",       "APIKEY",
                                      "PSW",      "CREDENTIAL", "CREDENTIALS", "PASSWORDS"};
  static const char *const endings[] = {"PASSWORD",  "PASSWD",     "SECRET",       "APIKEY",
                                        "AUTHTOKEN", "SECRETKEY",  "ACCESSTOKEN",  "ACCESSKEY",
                                        "APITOKEN",  "PRIVATEKEY", "ENCRYPTIONKEY"};
  static const char *const of_key[] = {"API",     "ACCESS",  "SECRET",  "PRIVATE", "ENCRYPTION",
                                       "SIGNING", "MASTER",  "AUTH",    "ACCOUNT", "STORAGE",
                                       "DEPLOY",  "SSH",     "RSA",     "AES",     "HMAC",
                                       "JWT",     "LICENSE", "SERVICE", "SESSION", "APP"};
  static const char *const about[] = {
      "FILE",      "FILES",    "PATH",     "DIR",         "URL",          "URI",    "NAME",
      "ID",        "TTL",      "TIMEOUT",  "LENGTH",      "SIZE",         "EXPIRY", "EXPIRATION",
      "EXPIRES",   "ENABLED",  "REQUIRED", "POLICY",      "VERSION",      "HEADER", "TYPE",
      "ALGORITHM", "ALGO",     "ISSUER",   "AUDIENCE",    "ENDPOINT",     "PREFIX", "SHA256",
      "SHA512",    "COUNT",    "MAX",      "MIN",         "LIMIT",        "REGEX",  "PATTERN",
      "FIELD",     "PARAM",    "PROVIDER", "FINGERPRINT", "FINGERPRINTS", "STORE",  "MANAGER",
      "LIFETIME",  "DURATION", "METHOD",   "BACKEND",     "CLASS",        "HOST",   "SERVER",
      "DAYS",      "HOURS",    "MINUTES",  "SECONDS",     "INTERVAL",     "AGE",    "ROUNDS",
      "COST",      "HASHERS",  "ENCODER",  "GENERATOR",   "FORMAT",       "MODE",   "SCOPE",
      "SCOPES",    "REGION",   "ARN",      "STRENGTH",    "COMPLEXITY",   "ROLE",   "NAMESPACE",
      "LOCATION",  "FILENAME", "PORT",     "CHARS",       "CHARSET",      "KIND",   "SYMBOL",
      "ADDRESS",   "USER",     "USERNAME", "ITERATIONS",  "RETRIES",      "DIGITS", "LEEWAY"};
  static const char *const excused[] = {"GPG",     "NO",      "ALLOW", "USE", "ENABLE", "DISABLE",
                                        "WITHOUT", "REQUIRE", "SKIP",  "MAX", "MIN",    "RANDOM"};
  /* meant to be seen, as what a browser is given */
  static const char *const open[] = {"PUBLIC", "PUBLISHABLE"};
  if (n > OAKUM_HYGIENE_NAME_MAX || is_harmless(value))
    return FALSE;
  g_autoptr(GPtrArray) words = words_of(name, n);
  if (words->len == 0 || IS_ONE_OF((char *)words->pdata[words->len - 1], about) ||
      IS_ONE_OF((char *)words->pdata[0], excused))
    return FALSE;
  for (guint i = 0; i < words->len; i++)
    if (IS_ONE_OF((char *)words->pdata[i], open))
      return FALSE;
  gboolean number = strspn(value, "0123456789") == strlen(value);
  for (guint i = 0; i < words->len; i++) {
    const char *word = words->pdata[i];
    if (IS_ONE_OF(word, plain))
      return !(number && strcmp(word, "TOKEN") == 0 && strlen(value) < 8);
    for (size_t k = 0; k < G_N_ELEMENTS(endings); k++)
      if (g_str_has_suffix(word, endings[k]))
        return TRUE;
    if (i > 0 && strcmp(word, "KEY") == 0 && IS_ONE_OF((char *)words->pdata[i - 1], of_key))
      return TRUE;
    if (i > 0 && (strcmp(word, "PWD") == 0 || (strcmp(word, "PAT") == 0 && i + 1 == words->len)))
      return TRUE;
  }
  return FALSE;
}

/* ---- environment
 * --------------------------------------------------------------------------------- */
static gboolean below(const char *path, const char *folder)
{
  size_t n = strlen(folder);
  return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* Whether others can write to the folder: by its name, or by what the layers showed. */
static const char *unsafe(const char *folder, const GPtrArray *findings)
{
  static const char *const open[] = {"/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/dev/mqueue"};
  if (*folder == '\0')
    return "an empty part, which is the folder one is in";
  if (*folder != '/' && *folder != '$' && *folder != '~')
    return "not absolute";
  for (size_t i = 0; i < G_N_ELEMENTS(open); i++)
    if (below(folder, open[i]))
      return "everybody can write there";
  const char *path = folder + strspn(folder, "/");
  for (guint i = 0; *path && i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    if (f->kind == OAKUM_FINDING_HYGIENE && f->file &&
        (strcmp(f->id, oakum_hygiene_rows[HYGIENE_WORLD_FOLDER].id) == 0 ||
         strcmp(f->id, oakum_hygiene_rows[HYGIENE_WORLD_PATH].id) == 0) &&
        below(path, f->file))
      return "everybody can write there";
  }
  return NULL;
}

static void look_at_folders(HygieneRule rule, const char *name, const char *value,
                            GPtrArray *findings)
{
  g_auto(GStrv) parts = g_strsplit(value, ":", OAKUM_HYGIENE_PARTS_MAX);
  guint n = g_strv_length(parts);
  for (guint i = 0; i < n; i++) {
    const char *why = unsafe(parts[i], findings);
    if (why && !(n == 1 && *parts[i] == '\0')) {
      oakum_hygiene_tell(findings, rule, NULL,
                         g_strdup_printf("%s=%s: \"%s\" is %s", name, value, parts[i], why));
      return;
    }
  }
}

static void look_at_env(const OakumConfig *config, GPtrArray *findings)
{
  /* `value` NULL: any that turns it on; with '*' in front: a part of it */
  static const struct {
    const char *name, *value, *code;
  } no_tls[] = {{"NODE_TLS_REJECT_UNAUTHORIZED", "0", "CKV2_DOCKER_6"},
                {"PYTHONHTTPSVERIFY", "0", "CKV2_DOCKER_5"},
                {"GIT_SSL_NO_VERIFY", NULL, "CKV2_DOCKER_14"},
                {"NPM_CONFIG_STRICT_SSL", "false", "CKV2_DOCKER_12"},
                {"npm_config_strict_ssl", "false", "CKV2_DOCKER_12"},
                {"PIP_TRUSTED_HOST", NULL, "CKV2_DOCKER_16"},
                {"UV_INSECURE_HOST", NULL, NULL},
                {"YARN_ENABLE_STRICT_SSL", "false", NULL},
                {"GOINSECURE", NULL, NULL},
                {"GONOSUMDB", "*", NULL},
                {"GOSUMDB", "off", NULL},
                {"GOFLAGS", "*-insecure", NULL},
                {"VAULT_SKIP_VERIFY", NULL, NULL},
                {"CONDA_SSL_VERIFY", "false", NULL},
                {"BUNDLE_SSL_VERIFY_MODE", "0", NULL},
                {"PERL_LWP_SSL_VERIFY_HOSTNAME", "0", NULL}};
  g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(g_free);
  for (char **at = config->env; at && *at; at++) {
    const char *equals = strchr(*at, '=');
    if (!equals)
      continue;
    g_autofree char *name = g_strndup(*at, (gsize)(equals - *at));
    const char *value = equals + 1;
    if (oakum_hygiene_is_secret(name, strlen(name), value))
      g_ptr_array_add(secrets, g_strdup(name));
    if (strcmp(name, "PATH") == 0)
      look_at_folders(HYGIENE_PATH_UNSAFE, name, value, findings);
    else if (strcmp(name, "LD_LIBRARY_PATH") == 0)
      look_at_folders(HYGIENE_LD_PATH_UNSAFE, name, value, findings);
    else if (strcmp(name, "LD_PRELOAD") == 0 && *value)
      oakum_hygiene_tell(findings, HYGIENE_LD_PRELOAD, NULL, g_strdup(*at));
    for (size_t i = 0; i < G_N_ELEMENTS(no_tls); i++) {
      const char *bad = no_tls[i].value;
      gboolean off = !bad ? *value && g_ascii_strcasecmp(value, "false") != 0 && strcmp(value, "0")
                     : bad[0] == '*' && bad[1] ? strstr(value, bad + 1) != NULL
                                               : g_ascii_strcasecmp(value, bad) == 0;
      if (!off || strcmp(name, no_tls[i].name) != 0)
        continue;
      OakumFinding *finding = oakum_hygiene_tell(findings, HYGIENE_ENV_NO_TLS, NULL, g_strdup(*at));
      g_free(finding->code);
      finding->code = g_strdup(no_tls[i].code);
    }
  }
  for (guint i = 0; i < secrets->len; i++) /* its value is not told */
    oakum_hygiene_tell(findings, HYGIENE_ENV_SECRET, NULL,
                       g_strdup_printf("ENV %s has a value", (char *)secrets->pdata[i]));
}

/* ---- ports, volumes, start
 * ----------------------------------------------------------------------- */
static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *sorted_keys(GHashTable *set)
{
  GPtrArray *keys = g_ptr_array_new();
  GHashTableIter iter;
  gpointer key;
  if (set) {
    g_hash_table_iter_init(&iter, set);
    while (g_hash_table_iter_next(&iter, &key, NULL))
      g_ptr_array_add(keys, key);
  }
  g_ptr_array_sort(keys, by_text);
  return keys;
}

static void look_at_ports(const OakumConfig *config, GPtrArray *findings)
{
  g_autoptr(GPtrArray) ports = sorted_keys(config->exposed_ports);
  for (guint i = 0; i < ports->len; i++) { /* "22", "22/tcp", "20-25/tcp" */
    const char *port = ports->pdata[i];
    char *end = NULL;
    guint64 first = g_ascii_strtoull(port, &end, 10), last = first;
    if (end == port)
      continue;
    if (*end == '-')
      last = g_ascii_strtoull(end + 1, &end, 10);
    if (first <= 22 && 22 <= last && g_ascii_strcasecmp(end, "/udp") != 0 &&
        g_ascii_strcasecmp(end, "/sctp") != 0)
      oakum_hygiene_tell(findings, HYGIENE_EXPOSES_SSH, NULL, g_strdup_printf("EXPOSE %s", port));
  }
}

static void look_at_volumes(const OakumConfig *config, GPtrArray *findings)
{
  static const char *const system[] = {"/",    "/proc",  "/sys", "/dev",
                                       "/etc", "/boot",  "/bin", "/sbin",
                                       "/lib", "/lib64", "/usr", "/var/lib/docker"};
  static const char *const sockets[] = {"/docker.sock", "/containerd/containerd.sock",
                                        "/podman/podman.sock", "/crio/crio.sock",
                                        "/buildkit/buildkitd.sock"};
  g_autoptr(GPtrArray) volumes = sorted_keys(config->volumes);
  for (guint i = 0; i < volumes->len; i++) {
    const char *volume = volumes->pdata[i];
    g_autofree char *clean = g_canonicalize_filename(*volume ? volume : ".", "/");
    gboolean kernel = below(clean, "/proc") || below(clean, "/sys");
    gboolean engine = FALSE; /* whoever may talk to it is root outside */
    const char *run = g_str_has_prefix(clean, "/var/run/") ? clean + 8 : clean + 4;
    for (size_t k = 0; k < G_N_ELEMENTS(sockets); k++)
      engine |= (below(clean, "/run") || below(clean, "/var/run")) && strcmp(run, sockets[k]) == 0;
    if (kernel || engine || IS_ONE_OF(clean, system))
      oakum_hygiene_tell(findings, HYGIENE_VOLUME_SYSTEM, NULL,
                         g_strdup_printf("VOLUME %s", volume));
  }
}

/* The last command of a list takes the shell's place. */
static gboolean steps_aside(const char *script)
{
  const char *last = script;
  for (const char *at = script; *at; at++)
    if (strchr(";&|\n", *at))
      last = at + 1;
  last += strspn(last, " \t");
  return g_str_has_prefix(last, "exec ");
}

static void look_at_start(const OakumConfig *config, GPtrArray *findings)
{
  gboolean healthy = config->healthcheck != NULL;
  if (healthy) {
    const json_t *test = json_object_get(config->healthcheck, "Test");
    const char *first = json_string_value(json_array_get(test, 0));
    healthy = json_array_size(test) > 0 && g_strcmp0(first, "NONE") != 0;
  }
  if (!healthy)
    oakum_hygiene_tell(findings, HYGIENE_NO_HEALTHCHECK, NULL,
                       g_strdup("the settings have no health check"));
  char **start = config->entrypoint && *config->entrypoint ? config->entrypoint : config->cmd;
  static const char *const shells[] = {"sh", "bash", "ash", "dash"};
  /* ["/bin/sh", "-c", "program ..."] is the shell form; "exec program" steps out of the way */
  guint n = start && start[0] && IS_ONE_OF(oakum_path_base(start[0]), shells) ? 1 : 0;
  while (n > 0 && start[n] && strchr("-+", start[n][0]) && !g_str_has_suffix(start[n], "c"))
    n += strcmp(start[n], "-o") == 0 && start[n + 1] ? 2 : 1;
  if (n > 0 && start[n] && start[n][0] == '-' && start[n + 1] && !start[n + 2] &&
      !steps_aside(start[n + 1])) {
    g_autofree char *text = g_utf8_make_valid(start[n + 1], -1);
    oakum_hygiene_tell(findings, HYGIENE_SHELL_START, NULL,
                       g_strdup_printf("%s: %s %s %.80s",
                                       start == config->cmd ? "CMD" : "ENTRYPOINT", start[0],
                                       start[n], text));
  }
}

/* ---- where it comes from, and when
 * --------------------------------------------------------------- */
static gboolean has(const OakumInspectImage *image, const char *key)
{
  const char *value = NULL;
  if (image->manifest && image->manifest->annotations)
    value = g_hash_table_lookup(image->manifest->annotations, key);
  if ((!value || !*value) && image->config->labels)
    value = g_hash_table_lookup(image->config->labels, key);
  return value && *value;
}

static void look_at_labels(const OakumInspectImage *image, GPtrArray *findings)
{
  static const char *const wanted[] = {"source", "revision", "version", "licenses"};
  g_autoptr(GString) missing = g_string_new(NULL);
  for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
    g_autofree char *key = g_strconcat("org.opencontainers.image.", wanted[i], NULL);
    if (!has(image, key))
      g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", wanted[i]);
  }
  if (missing->len > 0)
    oakum_hygiene_tell(findings, HYGIENE_NO_LABELS, NULL,
                       g_strdup_printf("missing of org.opencontainers.image: %s", missing->str));
  gboolean name = has(image, "org.opencontainers.image.base.name"),
           digest = has(image, "org.opencontainers.image.base.digest");
  if ((!name || !digest) && image->base_layers != 0)
    oakum_hygiene_tell(
        findings, HYGIENE_BASE_UNNAMED, NULL,
        g_strdup_printf("missing of org.opencontainers.image.base: %s", name     ? "digest"
                                                                        : digest ? "name"
                                                                                 : "name, digest"));
}

/* Tags that name a branch or a series, and no version of it: "main", "stable-slim"; one with a
 * number in it ("nightly-2026-05-01", "main-3f2c1ab") may well stay. */
static gboolean is_moving(const char *tag)
{
  static const char *const names[] = {"nightly", "edge",    "main",    "master",   "develop",
                                      "dev",     "trunk",   "head",    "stable",   "rolling",
                                      "canary",  "lts",     "current", "snapshot", "unstable",
                                      "testing", "mainline"};
  g_auto(GStrv) parts = g_strsplit_set(tag, "-._", OAKUM_HYGIENE_PARTS_MAX);
  gboolean named = FALSE, number = strpbrk(tag, "0123456789") != NULL;
  for (char **part = parts; *part; part++) {
    if (strcmp(*part, "latest") == 0)
      return TRUE;
    named |= IS_ONE_OF(*part, names);
  }
  return named && !number;
}

/* "repository", "repository:latest"; files, folders and digests have no tag that moves. */
static void look_at_target(const char *target, GPtrArray *findings)
{
  static const char *const files[] = {
      "docker-archive:", "oci-archive:", "oci:",  "oci-dir:", "dir:",    "rootfs:",
      "sbom:",           "tar:",         "file:", "store:",   "layout:", "archive:"};
  if (!target || strchr("./~-", *target) || g_str_has_suffix(target, ".tar") ||
      strstr(target, ".tar."))
    return;
  for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
    if (g_str_has_prefix(target, files[i]))
      return;
  static const char *const schemes[] = {"docker://", "registry:", "docker:"};
  for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
    if (g_str_has_prefix(target, schemes[i])) {
      target += strlen(schemes[i]);
      break;
    }
  OakumReference *ref = oakum_reference_parse(target, NULL);
  if (ref && !ref->digest && (!ref->tag_given || is_moving(ref->tag)))
    oakum_hygiene_tell(findings, HYGIENE_TAG_MOVES, NULL,
                       ref->tag_given
                           ? g_strdup_printf("%s: the tag is %s", target, ref->tag)
                           : g_strdup_printf("%s: there is no tag, which means latest", target));
  oakum_reference_free(ref);
}

/* Seconds, or 0: not told, or told as nothing (builds that come out the same each time). */
static int64_t when(const char *text)
{
  int64_t seconds;
  return text && oakum_time_parse(text, &seconds) && seconds > 365 * 11 * DAY ? seconds : 0;
}

/* When the base's last layer was made. */
static int64_t base_created(const OakumConfig *config, int base_layers)
{
  int64_t found = 0;
  int layers = 0;
  for (guint i = 0; base_layers > 0 && config->history && i < config->history->len; i++) {
    const OakumHistory *entry = config->history->pdata[i];
    if (layers == base_layers && !entry->empty_layer)
      break;
    layers += !entry->empty_layer;
    if (!entry->empty_layer)
      found = when(entry->created);
  }
  return found;
}

static void tell_age(GPtrArray *findings, HygieneRule rule, const char *what, int64_t created,
                     int64_t now)
{
  g_autofree char *date = oakum_time_format(created);
  date[strcspn(date, "T")] = '\0';
  OakumFinding *finding =
      oakum_hygiene_tell(findings, rule, NULL,
                         g_strdup_printf("%s is of %s, %" G_GINT64_FORMAT " days ago", what, date,
                                         (now - created) / DAY));
  if (now - created > 2 * OAKUM_HYGIENE_OLD_DAYS * DAY)
    finding->severity = OAKUM_SEVERITY_MEDIUM;
}

void oakum_hygiene_dates(const OakumInspectImage *image, GPtrArray *findings)
{
  int64_t created = when(image->config->created),
          base = base_created(image->config, image->base_layers), now = image->now;
  if (created > now + DAY) {
    g_autofree char *date = oakum_time_format(created);
    oakum_hygiene_tell(findings, HYGIENE_CREATED_LATER, NULL,
                       g_strdup_printf("the image is of %s", date));
  } else if (created > 0 && now - created > OAKUM_HYGIENE_OLD_DAYS * DAY)
    tell_age(findings, HYGIENE_IMAGE_OLD, "the image", created, now);
  if (base > 0 && base <= now && now - base > OAKUM_HYGIENE_OLD_DAYS * DAY)
    tell_age(findings, HYGIENE_BASE_OLD, "the base", base, now);
}

void oakum_hygiene_settings(const OakumInspectImage *image, GPtrArray *findings)
{
  look_at_env(image->config, findings);
  look_at_ports(image->config, findings);
  look_at_volumes(image->config, findings);
  look_at_start(image->config, findings);
  look_at_labels(image, findings);
  look_at_target(image->target, findings);
}
