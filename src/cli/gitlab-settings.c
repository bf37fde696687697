/* The variables of GitLab's container scanning job: text to settings. */
#include "cli/gitlab.h"
#include "dockerfile/dockerfile.h"
#include "os/os.h"
#include <string.h>

const OakumForeignVariable oakum_gitlab_variables[] = {
#define ACTS(NAME, FIELD, DEFAULT, HELP) {NAME, HELP, DEFAULT},
#define ACCEPTED(NAME, HELP) {NAME, "no effect: " HELP, NULL},
#include "cli/gitlab-variables.inc"
#undef ACTS
#undef ACCEPTED
    {0}};

/* Blanks around a value, as a block of YAML leaves them, are none of it, but of a password. */
static const char *variable(const char *name)
{
  const char *value = g_getenv(name);
  g_autofree char *trimmed = value ? g_strstrip(g_strdup(value)) : NULL;
  if (!trimmed || !*trimmed)
    return NULL;
  gboolean secret = g_str_has_suffix(name, "PASSWORD");
  const char *kept = secret || strcmp(trimmed, value) == 0 ? value : g_intern_string(trimmed);
  explicit_bzero(trimmed, strlen(trimmed));
  return kept;
}

static void read_variables(OakumGitlabVariables *out)
{
#define ACTS(NAME, FIELD, DEFAULT, HELP) out->FIELD = variable(NAME);
#define ACCEPTED(NAME, HELP)                                                                       \
  if (variable(NAME))                                                                              \
    oakum_debug("%s has no effect: %s", NAME, HELP);
#include "cli/gitlab-variables.inc"
#undef ACTS
#undef ACCEPTED
}

/* A slip in a name that GitLab's job would not read either. */
static void tell_unknown(void)
{
  g_auto(GStrv) names = g_listenv();
  g_autoptr(GPtrArray) known = g_ptr_array_new();
  for (const OakumForeignVariable *v = oakum_gitlab_variables; v->name; v++)
    g_ptr_array_add(known, (gpointer)v->name);
  for (char **name = names; *name; name++) {
    if (!g_str_has_prefix(*name, "CS_") || !variable(*name) ||
        g_ptr_array_find_with_equal_func(known, *name, g_str_equal, NULL))
      continue;
    const char *nearest = oakum_cli_nearest(*name, known);
    oakum_warn("%s is set, and is no variable of this command%s%s%s", *name,
               nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
  }
}

/* ---- values
 * ----------------------------------------------------------------------------------------- */
static gboolean bad(GError **error, const char *name, const char *value, const char *takes)
{
  g_autofree char *shown = oakum_escape_terminal(value, -1);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s=%s: takes %s", name, shown, takes);
  return FALSE;
}

static gboolean read_bool(const char *name, const char *value, gboolean *out, GError **error)
{
  static const char *const yes[] = {"true", "t", "1", "yes", "y", "on", NULL}, *const no[] = {
                                                                                   "false", "f",
                                                                                   "0",     "no",
                                                                                   "n",     "off",
                                                                                   NULL};
  if (!value)
    return TRUE;
  g_autofree char *lower = g_strstrip(g_ascii_strdown(value, -1));
  *out = g_strv_contains(yes, lower);
  return *out || g_strv_contains(no, lower) || bad(error, name, value, "true or false");
}

/* GitLab's words, any case. */
static gboolean read_severity(const char *name, const char *value, OakumSeverity *out,
                              GError **error)
{
  static const struct {
    const char *word;
    OakumSeverity severity;
  } words[] = {{"unknown", OAKUM_SEVERITY_UNKNOWN},
               {"low", OAKUM_SEVERITY_LOW},
               {"medium", OAKUM_SEVERITY_MEDIUM},
               {"high", OAKUM_SEVERITY_HIGH},
               {"critical", OAKUM_SEVERITY_CRITICAL}};
  g_autofree char *word = g_strstrip(g_strdup(value)); /* a block of YAML ends with a line end */
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_ascii_strcasecmp(word, words[i].word) == 0) {
      *out = words[i].severity;
      return TRUE;
    }
  return bad(error, name, value, "unknown, low, medium, high or critical");
}

/* What is told as Low is both. */
static guint severity_bits(OakumSeverity severity)
{
  return severity == OAKUM_SEVERITY_LOW ? 1u << OAKUM_SEVERITY_LOW | 1u << OAKUM_SEVERITY_NEGLIGIBLE
                                        : 1u << severity;
}

static gboolean read_severities(OakumGitlabSettings *s, GError **error)
{
  OakumSeverity severity = OAKUM_SEVERITY_UNKNOWN;
  if (s->vars.threshold &&
      !read_severity("CS_SEVERITY_THRESHOLD", s->vars.threshold, &severity, error))
    return FALSE;
  guint below = severity == OAKUM_SEVERITY_LOW ? 1u << OAKUM_SEVERITY_NEGLIGIBLE : 1u << severity;
  s->severities = ((2u << OAKUM_SEVERITY_CRITICAL) - 1) & ~(below - 1);
  g_auto(GStrv) list = g_strsplit(s->vars.trivy_severity ? s->vars.trivy_severity : "", ",", -1);
  guint wanted = 0;
  for (char **word = list; *word; word++) {
    if (!read_severity("TRIVY_SEVERITY", g_strstrip(*word), &severity, error))
      return FALSE;
    wanted |= severity_bits(severity);
  }
  if (s->vars.trivy_severity)
    s->severities &= wanted;
  return TRUE;
}

static gboolean read_statuses(OakumGitlabSettings *s, GError **error)
{
  static const char *const known[] = {"unknown",      "not_affected",        "affected",
                                      "fixed",        "under_investigation", "will_not_fix",
                                      "fix_deferred", "end_of_life",         NULL};
  s->statuses = g_strsplit(s->vars.ignore_statuses ? s->vars.ignore_statuses : "", ",", -1);
  for (char **word = s->statuses; *word; word++) {
    g_strstrip(*word);
    for (char *c = *word; *c; c++)
      *c = g_ascii_tolower(*c);
    if (**word && !g_strv_contains(known, *word))
      return bad(error, "CS_IGNORE_STATUSES", *word,
                 "unknown, not_affected, affected, fixed, under_investigation, will_not_fix, "
                 "fix_deferred or end_of_life");
  }
  return TRUE;
}

static gboolean read_log_level(const char *value, GError **error)
{
  static const struct {
    const char *word;
    OakumLogLevel level;
  } words[] = {{"fatal", OAKUM_LOG_ERROR},
               {"error", OAKUM_LOG_ERROR},
               {"warn", OAKUM_LOG_WARN},
               {"info", OAKUM_LOG_INFO},
               {"debug", OAKUM_LOG_DEBUG}};
  if (!value)
    return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_ascii_strcasecmp(value, words[i].word) == 0) {
      oakum_log_set_level(words[i].level);
      return TRUE;
    }
  return bad(error, "SECURE_LOG_LEVEL", value, "fatal, error, warn, info or debug");
}

static gboolean read_flags(OakumGitlabSettings *s, GError **error)
{
  const OakumGitlabVariables *v = &s->vars;
  gboolean unfixed = FALSE, plain = FALSE, unverified = FALSE, no_dependencies = TRUE;
  s->no_language = TRUE;
  const struct {
    const char *name, *value;
    gboolean *out;
  } flags[] = {{"CS_IGNORE_UNFIXED", v->ignore_unfixed, &s->ignore_unfixed},
               {"TRIVY_IGNORE_UNFIXED", v->trivy_unfixed, &unfixed},
               {"CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN", v->no_language, &s->no_language},
               {"CS_DISABLE_DEPENDENCY_LIST", v->no_dependencies, &no_dependencies},
               {"CS_INCLUDE_LICENSES", v->licenses, &s->licenses},
               {"CS_REPORT_OS_EOL", v->end_of_life, &s->end_of_life},
               {"CS_QUIET", v->quiet, &s->quiet},
               {"CS_REGISTRY_INSECURE", v->plain, &s->plain},
               {"TRIVY_NON_SSL", v->trivy_plain, &plain},
               {"CS_DOCKER_INSECURE", v->unverified, &s->unverified},
               {"TRIVY_INSECURE", v->trivy_unverified, &unverified}};
  for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
    if (!read_bool(flags[i].name, flags[i].value, flags[i].out, error))
      return FALSE;
  s->ignore_unfixed |= unfixed;
  s->plain |= plain;
  s->unverified |= unverified;
  s->dependencies = !no_dependencies;
  return TRUE;
}

/* ---- the image and its registry
 * --------------------------------------------------------------------- */
static gboolean read_image(OakumGitlabSettings *s, const char *given, GError **error)
{
  static const char scheme[] = "archive://";
  const OakumGitlabVariables *v = &s->vars;
  g_autofree char *usual = v->registry_image && v->ref_slug
                               ? g_strconcat(v->registry_image, "/", v->ref_slug, NULL)
                               : NULL;
  const char *repository = v->repository ? v->repository : usual,
             *tag = v->tag ? v->tag : v->commit;
  if (given || v->image)
    s->image = g_strdup(given ? given : v->image);
  else if (repository && tag)
    s->image = g_strconcat(repository, ":", tag, NULL);
  if (!s->image) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "no image is named: set CS_IMAGE, or CI_APPLICATION_REPOSITORY and "
                "CI_APPLICATION_TAG");
    return FALSE;
  }
  if (g_str_has_prefix(s->image, scheme)) {
    char *path = g_strdup(s->image + strlen(scheme));
    g_free(s->image);
    s->image = path;
    s->archive = TRUE;
  }
  return TRUE;
}

/* Of CS_*, then trivy's, then those of the project's registry for an image that lies there. */
static void read_login(OakumGitlabSettings *s)
{
  const OakumGitlabVariables *v = &s->vars;
  g_autoptr(OakumReference) ref = s->archive ? NULL : oakum_reference_parse(s->image, NULL);
  g_autofree char *below = v->ci_registry ? g_strconcat(v->ci_registry, "/", NULL) : NULL;
  gboolean own = below && g_str_has_prefix(s->image, below);
  const char *const pairs[][2] = {{v->user, v->password},
                                  {v->trivy_user, v->trivy_password},
                                  {own ? v->ci_user : NULL, own ? v->ci_password : NULL}};
  for (size_t i = 0; ref && i < G_N_ELEMENTS(pairs) && !s->login; i++)
    if (pairs[i][0] && pairs[i][1])
      s->login = g_strconcat(ref->registry, "=", pairs[i][0], ":", pairs[i][1], NULL);
  if (!s->login && (!v->user != !v->password))
    oakum_warn(
        "only one of CS_REGISTRY_USER and CS_REGISTRY_PASSWORD is set (a protected variable, "
        "on a branch that is not?): it is not used");
}

gboolean oakum_gitlab_settings_registry(const OakumGitlabSettings *s, OakumRegistryArgs *args,
                                        const char *temp, GError **error)
{
  static const char *const helpers[] = {"env", "google", "ecr", "acr", "gitlab"};
  args->insecure_pull = s->plain;
  args->unverified_pull = s->unverified;
  args->helpers = g_ptr_array_new_with_free_func(g_free);
  for (size_t i = 0; i < G_N_ELEMENTS(helpers); i++)
    g_ptr_array_add(args->helpers, g_strdup(helpers[i]));
  args->logins = g_ptr_array_new_with_free_func(g_free);
  if (s->login)
    g_ptr_array_add(args->logins, g_strdup(s->login));
  if (!s->vars.authorities)
    return TRUE;
  g_autofree char *file = g_build_filename(temp, "authorities.pem", NULL);
  gboolean text = strstr(s->vars.authorities, "-----BEGIN ") != NULL;
  if (text &&
      !oakum_file_write(file, s->vars.authorities, strlen(s->vars.authorities), 0600, error))
    return FALSE;
  if (!text && !g_file_test(s->vars.authorities, G_FILE_TEST_IS_REGULAR))
    return bad(error, "ADDITIONAL_CA_CERT_BUNDLE", s->vars.authorities,
               "certificates in PEM, or a file of them");
  if (!args->ca_files)
    args->ca_files = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(args->ca_files, g_strconcat("*=", text ? file : s->vars.authorities, NULL));
  return TRUE;
}

gboolean oakum_gitlab_settings_read(OakumGitlabSettings *s, const char *image, GError **error)
{
  if (!read_log_level(variable("SECURE_LOG_LEVEL"), error))
    return FALSE;
  read_variables(&s->vars);
  tell_unknown();
  s->approved = g_ptr_array_new();
  s->end_severity = OAKUM_SEVERITY_MEDIUM;
  const char *project = s->vars.project, *end = s->vars.end_severity, *time = s->vars.timeout;
  s->folder = g_strdup(project && g_file_test(project, G_FILE_TEST_IS_DIR) ? project : ".");
  if (s->vars.schema && strcmp(s->vars.schema, "15") != 0)
    return bad(error, "CS_SCHEMA_MODEL", s->vars.schema, "15");
  if (time && (!oakum_dockerfile_duration(time, &s->timeout_ns) || s->timeout_ns <= 0))
    return bad(error, "TRIVY_TIMEOUT", time, "a duration, 5m0s");
  if (!read_flags(s, error) || !read_severities(s, error) || !read_statuses(s, error) ||
      (end && !read_severity("CS_REPORT_OS_EOL_SEVERITY", end, &s->end_severity, error)) ||
      !read_image(s, image, error))
    return FALSE;
  read_login(s);
  return TRUE;
}

void oakum_gitlab_settings_clear(OakumGitlabSettings *s)
{
  g_free(s->image);
  g_free(s->folder);
  g_strfreev(s->statuses);
  if (s->login)
    explicit_bzero(s->login, strlen(s->login));
  g_free(s->login);
  if (s->approved)
    g_ptr_array_unref(s->approved);
}
