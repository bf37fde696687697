/* What other tools' files say does not count becomes exceptions. Their readers are strict where it
 * matters: a condition that is not understood makes its entry be passed over with a warning, never
 * wider than it was meant. */
#include "policy/policy-private.h"

static const char *const kind_names[] = {"auto",     "trivyignore",  "trivyignore-yaml", "grype",
                                         "hadolint", "dockleignore", "gitlab-allowlist"};

const char *oakum_import_kind_name(OakumImportKind kind)
{
  return kind_names[kind];
}

gboolean oakum_import_kind_parse(const char *text, OakumImportKind *out)
{
  for (size_t i = 0; i < G_N_ELEMENTS(kind_names); i++)
    if (strcmp(text, kind_names[i]) == 0) {
      *out = (OakumImportKind)i;
      return TRUE;
    }
  return FALSE;
}

static OakumImportKind kind_by_name(const char *what)
{
  static const struct {
    const char *name;
    OakumImportKind kind;
  } names[] = {{".trivyignore", OAKUM_IMPORT_TRIVYIGNORE},
               {".trivyignore.yaml", OAKUM_IMPORT_TRIVYIGNORE_YAML},
               {".trivyignore.yml", OAKUM_IMPORT_TRIVYIGNORE_YAML},
               {".grype.yaml", OAKUM_IMPORT_GRYPE},
               {".grype.yml", OAKUM_IMPORT_GRYPE},
               {"grype.yaml", OAKUM_IMPORT_GRYPE},
               {"hadolint.yaml", OAKUM_IMPORT_HADOLINT},
               {"hadolint.yml", OAKUM_IMPORT_HADOLINT},
               {".dockleignore", OAKUM_IMPORT_DOCKLEIGNORE},
               {"vulnerability-allowlist.yml", OAKUM_IMPORT_GITLAB},
               {"vulnerability-allowlist.yaml", OAKUM_IMPORT_GITLAB}};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (g_str_has_suffix(what, names[i].name))
      return names[i].kind;
  return OAKUM_IMPORT_AUTO;
}

/* A map with keys of one of them; lines of codes are of dockle, other lines of trivy. */
static OakumImportKind kind_by_content(const char *text, size_t len, const OakumYaml *yaml)
{
  static const struct {
    const char *key;
    OakumImportKind kind;
  } keys[] = {{"generalallowlist", OAKUM_IMPORT_GITLAB},
              {"images", OAKUM_IMPORT_GITLAB},
              {"vulnerabilities", OAKUM_IMPORT_TRIVYIGNORE_YAML},
              {"misconfigurations", OAKUM_IMPORT_TRIVYIGNORE_YAML},
              {"secrets", OAKUM_IMPORT_TRIVYIGNORE_YAML},
              {"licenses", OAKUM_IMPORT_TRIVYIGNORE_YAML},
              {"ignore", OAKUM_IMPORT_GRYPE},
              {"fail-on-severity", OAKUM_IMPORT_GRYPE},
              {"only-fixed", OAKUM_IMPORT_GRYPE},
              {"ignored", OAKUM_IMPORT_HADOLINT},
              {"failure-threshold", OAKUM_IMPORT_HADOLINT},
              {"override", OAKUM_IMPORT_HADOLINT}};
  if (yaml && yaml->kind == OAKUM_YAML_MAP) {
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
      if (oakum_yaml_get(yaml, keys[i].key))
        return keys[i].kind;
    return OAKUM_IMPORT_AUTO;
  }
  for (const char *p = text, *end = text + len; p < end;) {
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    size_t n = (size_t)((stop ? stop : end) - p);
    if (n >= 4 && (strncmp(p, "CIS-", 4) == 0 || strncmp(p, "DKL-", 4) == 0))
      return OAKUM_IMPORT_DOCKLEIGNORE;
    p += n + 1;
  }
  return OAKUM_IMPORT_TRIVYIGNORE;
}

gboolean oakum_policy_import(OakumPolicy *policy, const char *text, size_t len, const char *what,
                             OakumImportKind kind, GError **error)
{
  if (len > OAKUM_CONFIG_FILE_MAX) {
    g_set_error(error, OAKUM_POLICY_ERROR, OAKUM_ERROR_LIMIT, "%s: more than %u MiB", what,
                (guint)(OAKUM_CONFIG_FILE_MAX / OAKUM_MIB));
    return FALSE;
  }
  if (kind == OAKUM_IMPORT_AUTO)
    kind = kind_by_name(what);
  if (kind == OAKUM_IMPORT_TRIVYIGNORE)
    return oakum_import_trivyignore(policy, text, len, what, error);
  if (kind == OAKUM_IMPORT_DOCKLEIGNORE)
    return oakum_import_dockleignore(policy, text, len, what, error);
  gboolean guessed = kind == OAKUM_IMPORT_AUTO;
  g_autoptr(OakumYaml) yaml = kind == OAKUM_IMPORT_GITLAB
                                  ? oakum_yaml_parse_lax(text, len, what, policy->warnings, error)
                                  : oakum_yaml_parse(text, len, what, guessed ? NULL : error);
  if (guessed)
    kind = kind_by_content(text, len, yaml);
  if (kind == OAKUM_IMPORT_TRIVYIGNORE)
    return oakum_import_trivyignore(policy, text, len, what, error);
  if (kind == OAKUM_IMPORT_DOCKLEIGNORE)
    return oakum_import_dockleignore(policy, text, len, what, error);
  if (kind == OAKUM_IMPORT_AUTO)
    return oakum_policy_wrong_at(
        what, 1, 1, error,
        "neither the name nor the keys tell which tool's file this is; say "
        "so in the policy, {file: …, kind: …}");
  if (!yaml)
    return FALSE;
  if (!oakum_yaml_is_null(yaml) && yaml->kind != OAKUM_YAML_MAP)
    return oakum_policy_wrong(what, yaml, error, "expected keys and values");
  switch (kind) {
  case OAKUM_IMPORT_TRIVYIGNORE_YAML:
    return oakum_import_trivyignore_yaml(policy, yaml, what, error);
  case OAKUM_IMPORT_GRYPE:
    return oakum_import_grype(policy, yaml, what, error);
  case OAKUM_IMPORT_HADOLINT:
    return oakum_import_hadolint(policy, yaml, what, error);
  default:
    return oakum_import_gitlab(policy, yaml, what, error);
  }
}
