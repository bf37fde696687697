/* What sort of file a path names. Paths are bytes of a stranger, and decide only which rules are
 * held against a file. */
#include "inspect/secret-private.h"
#include <string.h>

/* Trees that packages and package managers fill: what stands in them was published. */
static const char *const library_roots[] = {
    "usr/share/",
    "usr/lib/",
    "usr/lib32/",
    "usr/lib64/",
    "usr/libexec/",
    "usr/include/",
    "usr/src/",
    "lib/",
    "lib64/",
    "var/lib/dpkg/",
    "var/lib/apt/",
    "usr/bin/",
    "usr/sbin/",
    "nix/store/",
    "usr/local/go/",
    "usr/local/include/",
    "usr/local/share/man/",
};
static const char *const library_folders[] = {
    "/node_modules/",    "/site-packages/",  "/dist-packages/",
    "/vendor/",          "/gems/",           "/pkg/mod/",
    "/.cargo/registry/", "/.m2/repository/", "/bower_components/",
    "/.nuget/packages/", "/.rustup/",        "/locale/",
    "/__pycache__/",     "/.yarn/cache/",
};
static const char *const config_ends[] = {
    ".env",     ".ini",         ".conf",     ".config",  ".cfg",   ".cnf",
    ".yaml",    ".yml",         ".json",     ".toml",    ".xml",   ".properties",
    ".props",   ".tf",          ".tfvars",   ".tfstate", ".sh",    ".bash",
    ".zsh",     ".fish",        ".ps1",      ".bat",     ".cmd",   ".py",
    ".rb",      ".php",         ".pl",       ".js",      ".mjs",   ".cjs",
    ".ts",      ".tsx",         ".jsx",      ".java",    ".kt",    ".scala",
    ".go",      ".cs",          ".vb",       ".c",       ".cpp",   ".rs",
    ".swift",   ".groovy",      ".gradle",   ".sql",     ".txt",   ".secret",
    ".secrets", ".credentials", ".npmrc",    ".service", ".plist", ".j2",
    ".tpl",     ".tmpl",        ".erb",      ".hcl",     ".nomad", ".http",
    ".rest",    ".ovpn",        ".log",      ".ipynb",   ".vue",   ".exs",
    ".ex",      ".lua",         ".r",        ".dist",    ".local", ".bak",
    ".old",     ".orig",        ".reg",      ".rc",      ".cred",  ".creds",
    ".pass",    ".passwd",      ".password", ".inc",     ".phtml", ".asp",
    ".aspx",    ".jsp",         ".cshtml",   ".ldif",    ".razor", ".nmconnection",
    ".repo",    ".list",        ".sources",  ".kts",     ".sbt",   ".acl",
    ".key",     ".keyring",     ".backup",   ".exp",
};
static const char *const code_ends[] = {
    ".py",  ".rb",  ".php",  ".pl",    ".js",     ".mjs",    ".cjs", ".ts",
    ".tsx", ".jsx", ".java", ".kt",    ".scala",  ".go",     ".cs",  ".vb",
    ".c",   ".cpp", ".rs",   ".swift", ".groovy", ".gradle", ".vue", ".exs",
    ".ex",  ".lua", ".r",    ".ipynb", ".sql",    ".md",     ".kts", ".sbt",
};
static const char *const config_names[] = {
    "Dockerfile", "Containerfile", "Jenkinsfile", "Vagrantfile", "Makefile",
    "Procfile",   "credentials",   "config",      "secrets",     "environment",
    "env",        "passwd",        "kubeconfig",  "password",    "user-data",
};

static gboolean begins_with_one(const char *path, const char *const *all, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (g_str_has_prefix(path, all[i]))
      return TRUE;
  return FALSE;
}

static gboolean ends_with_one(const char *name, const char *const *all, size_t n)
{
  size_t len = strlen(name);
  for (size_t i = 0; i < n; i++) {
    size_t end = strlen(all[i]);
    if (len >= end && g_ascii_strcasecmp(name + len - end, all[i]) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean is_library(const char *path)
{
  if (begins_with_one(path, library_roots, G_N_ELEMENTS(library_roots)))
    return TRUE;
  g_autofree char *rooted = g_strconcat("/", path, NULL);
  for (size_t i = 0; i < G_N_ELEMENTS(library_folders); i++)
    if (strstr(rooted, library_folders[i]))
      return TRUE;
  return FALSE;
}

static gboolean is_config(const char *path, const char *name)
{
  if (*name == '.' || g_str_has_prefix(name, "id_") ||
      ends_with_one(name, config_ends, G_N_ELEMENTS(config_ends)))
    return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(config_names); i++)
    if (g_str_has_prefix(name, config_names[i]))
      return TRUE;
  if (strstr(name, ".env.") || g_str_has_prefix(name, "env."))
    return TRUE;
  /* a name without an end, where settings are */
  return !strchr(name, '.') &&
         (g_str_has_prefix(path, "etc/") || g_str_has_prefix(path, "root/") ||
          g_str_has_prefix(path, "home/") || g_str_has_prefix(path, "run/secrets/") ||
          strstr(path, "/.aws/") || strstr(path, "/.git/"));
}

guint oakum_secret_places(const char *path)
{
  const char *name = oakum_path_base(path);
  guint places = 1u << SECRET_ANY | 1u << SECRET_TEXT;
  if (strcmp(name, "shadow") == 0 || g_str_has_prefix(name, "shadow-") ||
      g_str_has_prefix(name, "shadow.") || g_str_has_prefix(name, "gshadow"))
    places |= 1u << SECRET_SHADOW;
  if (strstr(name, "htpasswd") || strcmp(name, "passwords") == 0 ||
      g_str_has_suffix(path, "mosquitto/passwd"))
    places |= 1u << SECRET_HTPASSWD;
  if (strcmp(name, ".netrc") == 0 || strcmp(name, "_netrc") == 0 || strcmp(name, "netrc") == 0 ||
      g_str_has_suffix(name, "msmtprc") || strcmp(name, ".fetchmailrc") == 0 ||
      g_str_has_prefix(path, "etc/apt/auth.conf"))
    places |= 1u << SECRET_NETRC;
  if (strcmp(name, ".pgpass") == 0 || strcmp(name, "pgpass.conf") == 0)
    places |= 1u << SECRET_PGPASS;
  if (strcmp(name, ".pypirc") == 0)
    places |= 1u << SECRET_PYPIRC;
  if (g_str_has_prefix(name, "settings") && g_str_has_suffix(name, ".xml"))
    places |= 1u << SECRET_MAVEN;
  if (is_library(path))
    return places;
  places |= 1u << SECRET_APP;
  if (is_config(path, name))
    places |= 1u << SECRET_CONFIG;
  return places;
}

gboolean oakum_secret_is_code(const char *path)
{
  return ends_with_one(oakum_path_base(path), code_ends, G_N_ELEMENTS(code_ends));
}
