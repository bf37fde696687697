/* `executor login`: writes a login to config.json. */
#include "cli/executor.h"
#include "os/os.h"
#include <errno.h>
#include <string.h>

static gboolean usage(GError **error, const char *text)
{
  g_set_error_literal(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, text);
  return FALSE;
}

/* $DOCKER_CONFIG, else .docker in the folder of kaniko, else in the home. New string. */
static char *config_folder(const OakumExecutorArgs *args, GError **error)
{
  const char *named = g_getenv("DOCKER_CONFIG");
  g_autofree char *folder = NULL;
  if (named && *named)
    return g_strdup(named);
  if (!oakum_executor_folder(args, &folder, error))
    return NULL;
  return g_build_filename(folder ? folder : g_get_home_dir(), ".docker", NULL);
}

static char *read_password(const OakumExecutorArgs *args, GError **error)
{
  char *text = NULL;
  size_t len;
  if (!oakum_executor_flag(args->password_stdin, FALSE)) {
    if (args->password)
      return g_strdup(args->password);
    (void)usage(error, "needs --password or --password-stdin");
    return NULL;
  }
  g_autoptr(OakumReader) in = oakum_reader_new_fd(0, FALSE);
  if (!oakum_reader_slurp(in, OAKUM_LOGIN_FILE_MAX, "standard input", &text, &len, error))
    return NULL;
  while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
    text[--len] = '\0';
  return text;
}

/* The file as it is, the login put into it. */
static gboolean write_login(const char *folder, const char *registry, const char *user,
                            const char *password, GError **error)
{
  g_autofree char *path = g_build_filename(folder, "config.json", NULL), *old = NULL;
  size_t len = 0;
  g_autoptr(GError) local = NULL;
  OAKUM_AUTO_JSON *json = NULL;
  if (g_mkdir_with_parents(folder, 0700) < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", folder);
    return FALSE;
  }
  if (oakum_file_read(path, OAKUM_CONFIG_FILE_MAX, &old, &len, &local)) {
    json = oakum_json_parse(old, len, path, NULL);
    if (!json_is_object(json)) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_INVALID, "%s: not a JSON object", path);
      return FALSE;
    }
  } else if (g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND)) {
    json = json_object();
  } else {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  g_autofree char *pair = g_strconcat(user, ":", password, NULL);
  g_autofree char *coded = g_base64_encode((const guchar *)pair, strlen(pair));
  json_t *auths = json_object_get(json, "auths");
  if (!json_is_object(auths)) {
    auths = json_object();
    json_object_set_new(json, "auths", auths);
  }
  json_t *entry = json_object();
  json_object_set_new(entry, "auth", json_string(coded));
  json_object_set_new(auths, registry, entry);
  char *text = json_dumps(json, JSON_INDENT(2));
  gboolean ok = text && oakum_file_write(path, text, strlen(text), 0600, error);
  if (text)
    explicit_bzero(text, strlen(text));
  free(text);
  explicit_bzero(pair, strlen(pair));
  explicit_bzero(coded, strlen(coded));
  return ok;
}

static gboolean login(const OakumExecutorArgs *args, const char *registry, GError **error)
{
  static const char *const hub[] = {"docker.io", "index.docker.io", "registry-1.docker.io", NULL};
  if (!args->username || !*args->username || strchr(args->username, ':'))
    return usage(error, "needs --username");
  g_autofree char *folder = config_folder(args, error);
  char *password = folder ? read_password(args, error) : NULL;
  if (!password)
    return FALSE;
  const char *key = g_strv_contains(hub, registry) ? "https://index.docker.io/v1/" : registry;
  gboolean ok = write_login(folder, key, args->username, password, error);
  explicit_bzero(password, strlen(password));
  g_free(password);
  if (ok)
    oakum_info("logged in to %s: %s/config.json", registry, folder);
  return ok;
}

static int run(int argc, char **argv)
{
  OakumExecutorArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  gboolean ok =
      oakum_executor_parse(&oakum_executor_login_command, argc, argv, &args, &rest, &error);
  oakum_executor_log(&args);
  ok = ok && (rest->len == 1 || usage(&error, "expected one registry")) &&
       login(&args, rest->pdata[0], &error);
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "login: %s", error->message);
  oakum_options_clear(&oakum_executor_login_command, &args);
  return ok ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

static const OakumArgument arguments[] = {{"REGISTRY", "host[:port]"}, {0}};
const OakumCommand oakum_executor_login_command = {
    .name = "login",
    .summary = "write a login for a registry to config.json",
    .arguments = arguments,
    .groups = oakum_login_groups,
    .size = sizeof(OakumExecutorArgs),
    .parent = &oakum_cmd_executor,
    .run = run,
};
