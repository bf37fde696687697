/* .trivyignore.yaml, .grype.yaml, .hadolint.yaml and GitLab's vulnerability-allowlist.yml. */
#include "ecosystem/ecosystem.h"
#include "lint/lint.h"
#include "policy/policy-private.h"
#include <stdlib.h>

static gboolean add(OakumPolicy *policy, OakumException *one, const char *what, GError **error)
{
  int line = one->line, column = one->column;
  if (oakum_policy_add_exception(policy, one, error))
    return TRUE;
  g_prefix_error(error, "%s:%d:%d: ", what, line, column);
  return FALSE;
}

/* The value of a key as one text. FALSE: it is something else. *out NULL: it is not there. */
static gboolean text_at(const OakumYaml *map, const char *key, const char *what, const char **out,
                        GError **error)
{
  const OakumYaml *value = oakum_yaml_get(map, key);
  *out = NULL;
  if (!value || oakum_yaml_is_null(value))
    return TRUE;
  if (value->kind != OAKUM_YAML_SCALAR)
    return oakum_policy_wrong(what, value, error, "\"%s\" takes one value", key);
  *out = *value->text ? value->text : NULL;
  return TRUE;
}

/* The list of a key; NULL with *ok: it is not there. */
static const GPtrArray *list_at(const OakumYaml *map, const char *key, const char *what,
                                gboolean *ok, GError **error)
{
  const OakumYaml *value = oakum_yaml_get(map, key);
  *ok = TRUE;
  if (!value || oakum_yaml_is_null(value))
    return NULL;
  if (value->kind == OAKUM_YAML_LIST)
    return value->items;
  *ok = oakum_policy_wrong(what, value, error, "\"%s\" takes a list", key);
  return NULL;
}

static void add_path(OakumSelect *select, const char *pattern)
{
  g_autofree char *path = oakum_glob_of_others(pattern);
  oakum_select_add(select, LIST_PATH, path);
}

static gboolean texts_at(const OakumYaml *map, const char *key, const char *what,
                         OakumSelect *select, OakumSelectList list, GError **error)
{
  gboolean ok;
  const GPtrArray *items = list_at(map, key, what, &ok, error);
  for (guint i = 0; items && i < items->len; i++) {
    const OakumYaml *item = items->pdata[i];
    if (item->kind != OAKUM_YAML_SCALAR || !*item->text)
      return oakum_policy_wrong(what, item, error, "\"%s\" takes words", key);
    if (list != LIST_PATH)
      oakum_select_add_exact(select, list, item->text);
    else if (!oakum_glob_closed(item->text))
      return oakum_policy_wrong(what, item, error, "\"%s\" is no pattern of paths", item->text);
    else
      add_path(select, item->text);
  }
  return ok;
}

/* ---- trivy ---------------------------------------------------------------------------------- */
/* A timestamp as YAML writes it (yaml.org/type/timestamp.html): digits may be one, and without an
 * offset it is UTC. */
static gboolean yaml_time_parse(const char *text, GTimeZone *utc, int64_t *ends)
{
  g_autoptr(GRegex) form = g_regex_new(
      "^(\\d{4})-(\\d\\d?)-(\\d\\d?)(?:(?:[Tt]|[ \t]+)(\\d\\d?):(\\d\\d):(\\d\\d)(?:\\.\\d*)?"
      "(?:[ \t]*(?:[Zz]|([+-])(\\d\\d?)(?::(\\d\\d))?))?)?$",
      G_REGEX_DOLLAR_ENDONLY, 0, NULL);
  g_autoptr(GMatchInfo) found = NULL;
  if (!g_regex_match(form, text, 0, &found))
    return FALSE;
  int part[10] = {0};
  for (int i = 1; i < 10; i++) {
    g_autofree char *digits = i == 7 ? NULL : g_match_info_fetch(found, i);
    part[i] = digits ? atoi(digits) : 0;
  }
  g_autofree char *sign = g_match_info_fetch(found, 7);
  g_autoptr(GDateTime) time =
      g_date_time_new(utc, part[1], part[2], part[3], part[4], part[5], part[6]);
  if (!time || part[8] > 23 || part[9] > 59)
    return FALSE;
  int offset = (part[8] * 60 + part[9]) * 60;
  *ends = g_date_time_to_unix(time) - (sign && *sign == '-' ? -offset : offset);
  return TRUE;
}

/* "pkg://deb/debian/x" and "PKG:Deb/debian/x" are "pkg:deb/debian/x" to those who read purls; new.
 * NULL: it is none. */
static char *plain_purl(const char *text)
{
  if (g_ascii_strncasecmp(text, "pkg:", 4) != 0)
    return NULL;
  text += 4;
  text += strspn(text, "/");
  size_t type = strcspn(text, "/");
  if (type == 0 || !text[type] || !text[type + 1])
    return NULL;
  GString *out = g_string_new("pkg:");
  g_autofree char *lower = g_ascii_strdown(text, (gssize)type);
  size_t end = strcspn(text, "?#");
  const char *name = g_strrstr_len(text, (gssize)end, "/");
  g_string_append(out, lower);
  for (const char *p = text + type; *p; p++) {
    /* a slash in a name is none between names, and no package has one */
    gboolean slash = p > name && p < text + end && g_ascii_strncasecmp(p, "%2f", 3) == 0;
    g_string_append_len(out, slash ? "%25" : p, slash ? 3 : 1);
  }
  return g_string_free(out, FALSE);
}

static gboolean trivy_entry(OakumPolicy *policy, const OakumYaml *map, guint kinds,
                            const char *what, GError **error)
{
  g_autoptr(OakumException) one = oakum_exception_new(what, map->line, map->column);
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  const char *id = NULL, *expires = NULL, *statement = NULL;
  static const char *const known[] = {"id", "paths", "purls", "expired_at", "statement", NULL};
  if (map->kind != OAKUM_YAML_MAP)
    return oakum_policy_wrong(what, map, error, "expected an entry with an \"id\"");
  for (guint i = 0; i < map->keys->len; i++) {
    const OakumYaml *key = map->keys->pdata[i];
    if (!g_strv_contains(known, key->text)) {
      oakum_policy_warn(policy, what, key->line, key->column,
                        "\"%s\" is not understood; the entry is passed over", key->text);
      return TRUE;
    }
  }
  if (!text_at(map, "id", what, &id, error) || !text_at(map, "expired_at", what, &expires, error) ||
      !text_at(map, "statement", what, &statement, error) ||
      !texts_at(map, "paths", what, &one->select, LIST_PATH, error) ||
      !texts_at(map, "purls", what, &one->select, LIST_PACKAGE, error))
    return FALSE;
  if (!id)
    return oakum_policy_wrong(what, map, error, "an entry needs an \"id\"");
  GPtrArray *purls = one->select.lists[LIST_PACKAGE];
  for (guint i = 0; purls && i < purls->len; i++) {
    char *purl = plain_purl(purls->pdata[i]);
    if (!purl)
      return oakum_policy_wrong(what, oakum_yaml_get(map, "purls"), error,
                                "\"%s\" is no package-url", (const char *)purls->pdata[i]);
    g_free(purls->pdata[i]);
    purls->pdata[i] = purl;
  }
  if (expires && !yaml_time_parse(expires, utc, &one->ends))
    return oakum_policy_wrong(what, oakum_yaml_get(map, "expired_at"), error,
                              "\"expired_at\" takes a day, 2026-12-31, or a time of RFC 3339");
  one->until =
      expires ? g_strconcat(strchr(expires, ':') ? "" : "the day before ", expires, NULL) : NULL;
  oakum_import_trivy_id(&one->select, id);
  one->select.paths = PATHS_TRIVY;
  one->select.kinds = kinds;
  one->imported = TRUE;
  one->reason = g_strdup(statement);
  return add(policy, g_steal_pointer(&one), what, error);
}

gboolean oakum_import_trivyignore_yaml(OakumPolicy *policy, const OakumYaml *yaml, const char *what,
                                       GError **error)
{
  static const struct {
    const char *key;
    guint kinds;
  } parts[] = {{"vulnerabilities", 1u << OAKUM_FINDING_VULNERABILITY},
               {"misconfigurations", (1u << OAKUM_FINDING_LINT) | (1u << OAKUM_FINDING_HYGIENE)},
               {"secrets", 1u << OAKUM_FINDING_SECRET},
               {"licenses", 1u << OAKUM_FINDING_LICENSE}};
  for (guint i = 0; yaml->keys && i < yaml->keys->len; i++) {
    const OakumYaml *key = yaml->keys->pdata[i];
    gboolean known = FALSE;
    for (size_t p = 0; p < G_N_ELEMENTS(parts); p++)
      known |= strcmp(key->text, parts[p].key) == 0;
    if (!known)
      oakum_policy_warn(policy, what, key->line, key->column, "\"%s\" means nothing here",
                        key->text);
  }
  for (size_t p = 0; p < G_N_ELEMENTS(parts); p++) {
    gboolean ok;
    const GPtrArray *items = list_at(yaml, parts[p].key, what, &ok, error);
    for (guint i = 0; items && i < items->len; i++)
      if (!trivy_entry(policy, items->pdata[i], parts[p].kinds, what, error))
        return FALSE;
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

/* ---- grype ---------------------------------------------------------------------------------- */
/* grype holds each part of a path against its own part of the pattern: none has a slash in it. */
static gboolean slash_in_group(const char *pattern)
{
  guint open = 0;
  for (const char *p = pattern; *p; p++)
    if (*p == '\\' && p[1])
      p++;
    else if (*p == '{')
      open++;
    else if (*p == '}' && open > 0)
      open--;
    else if (*p == '/' && open > 0)
      return TRUE;
  return FALSE;
}

/* *understood becomes FALSE, and it is told: the value takes nothing with grype either. */
static gboolean name_at(OakumPolicy *policy, const OakumYaml *map, const char *key,
                        const char *what, OakumSelect *select, OakumSelectList list,
                        gboolean *understood, GError **error)
{
  const char *text;
  if (!text_at(map, key, what, &text, error))
    return FALSE;
  if (!text)
    return TRUE;
  if (strlen(text) > OAKUM_POLICY_TEXT_MAX)
    return oakum_policy_wrong(what, oakum_yaml_get(map, key), error, "\"%s\": more than %u bytes",
                              key, OAKUM_POLICY_TEXT_MAX);
  /* a dot alone makes no expression: names have them */
  if ((list == LIST_PACKAGE || list == LIST_SOURCE) && strpbrk(text, "^$*+?[](){}|\\")) {
    g_autoptr(GRegex) regex = oakum_whole_regex(text);
    const OakumYaml *at = oakum_yaml_get(map, key);
    if (!regex) {
      oakum_policy_warn(policy, what, at->line, at->column,
                        "\"%s\": no regular expression of RE2; the entry is passed over", key);
      *understood = FALSE;
    }
    select->regex |= 1u << list;
    oakum_select_add(select, list, text);
  } else if (list == LIST_PATH && (!oakum_glob_closed(text) || slash_in_group(text))) {
    const OakumYaml *at = oakum_yaml_get(map, key);
    oakum_policy_warn(policy, what, at->line, at->column,
                      "\"%s\": no pattern of paths; the entry is passed over", key);
    *understood = FALSE;
  } else if (list == LIST_PATH) {
    /* a folder is not below itself there */
    g_autofree char *below = g_str_has_suffix(text, "/**") ? g_strconcat(text, "/*", NULL) : NULL;
    add_path(select, below ? below : text);
  } else {
    oakum_select_add_exact(select, list, text);
  }
  return TRUE;
}

/* What grype calls types and languages, and the types of purls that they are. */
typedef struct {
  const char *name, *purls; /* by spaces */
} GrypeWord;
static const GrypeWord grype_types[] = {
    {"python", "pypi"},      {"java-archive", "maven"},
    {"go-module", "golang"}, {"rust-crate", "cargo"},
    {"dotnet", "nuget"},     {"dart-pub", "pub"},
    {"pod", "cocoapods"},    {"php-composer", "composer"},
    {"php-pear", "pear"},    {"portage", "ebuild portage"},
    {"R-package", "cran"},   {"lua-rocks", "luarocks"},
    {"erlang-otp", "otp"},   {"alpm", "alpm"},
    {"apk", "apk"},          {"bitnami", "bitnami"},
    {"conan", "conan"},      {"conda", "conda"},
    {"cpan", "cpan"},        {"deb", "deb"},
    {"gem", "gem"},          {"github-action", "githubactions github"},
    {"hackage", "hackage"},  {"hex", "hex"},
    {"nix", "nix"},          {"npm", "npm"},
    {"opam", "opam"},        {"rpm", "rpm"},
    {"swift", "swift"},      {"terraform", "terraform"},
    {"vcpkg", "vcpkg"},      {"wordpress-plugin", "wordpress-plugin"},
    {"homebrew", "brew"}};
static const GrypeWord grype_languages[] = {
    {"c++", "conan"},         {"dart", "pub"},    {"dotnet", "nuget"},
    {"elixir", "hex"},        {"erlang", "otp"},  {"go", "golang"},
    {"haskell", "hackage"},   {"java", "maven"},  {"javascript", "npm"},
    {"lua", "luarocks"},      {"ocaml", "opam"},  {"perl", "cpan"},
    {"php", "composer pear"}, {"python", "pypi"}, {"R", "cran"},
    {"ruby", "gem"},          {"rust", "cargo"},  {"swift", "swift cocoapods"}};

/* New; NULL: it is none of them. */
static char **purl_types(const GrypeWord *words, size_t count, const char *word)
{
  for (size_t i = 0; i < count; i++)
    if (strcmp(words[i].name, word) == 0)
      return g_strsplit(words[i].purls, " ", -1);
  return NULL;
}

/* Both say of which types of purls the packages are: what only one of them names is of neither. */
static gboolean grype_types_at(OakumPolicy *policy, const OakumYaml *map, const char *what,
                               OakumSelect *select, gboolean *understood, GError **error)
{
  const char *type, *language;
  if (!text_at(map, "type", what, &type, error) ||
      !text_at(map, "language", what, &language, error))
    return FALSE;
  g_auto(GStrv) types = type ? purl_types(grype_types, G_N_ELEMENTS(grype_types), type) : NULL;
  g_auto(GStrv) spoken =
      language ? purl_types(grype_languages, G_N_ELEMENTS(grype_languages), language) : NULL;
  if (language && !spoken)
    return oakum_policy_wrong(what, oakum_yaml_get(map, "language"), error,
                              "there is no language \"%s\" among grype's", language);
  if (type && !types) {
    const OakumYaml *at = oakum_yaml_get(map, "type");
    oakum_policy_warn(policy, what, at->line, at->column,
                      "the type \"%s\" is none that packages have here; the entry is passed over",
                      type);
    *understood = FALSE;
  }
  guint added = 0;
  for (char **one = types ? types : spoken; one && *one; one++)
    if (!types || !spoken || g_strv_contains((const char *const *)spoken, *one)) {
      oakum_select_add_exact(select, LIST_TYPE, *one);
      added++;
    }
  if (!added && (type || language)) /* of no package at all */
    oakum_select_add_exact(select, LIST_TYPE, "");
  return TRUE;
}

/* FALSE, and told: there is a key with a value that is none of `known`. */
static gboolean knows_all(OakumPolicy *policy, const OakumYaml *map, const char *const *known,
                          const char *what)
{
  gboolean all = TRUE;
  for (guint i = 0; i < map->keys->len; i++) {
    const OakumYaml *key = map->keys->pdata[i], *value = map->items->pdata[i];
    if (g_strv_contains(known, key->text) || oakum_yaml_is_null(value) ||
        (value->kind == OAKUM_YAML_SCALAR && !*value->text))
      continue;
    oakum_policy_warn(policy, what, key->line, key->column,
                      "\"%s\" is not understood; the entry is passed over", key->text);
    all = FALSE;
  }
  return all;
}

static gboolean grype_package(OakumPolicy *policy, const OakumYaml *map, OakumSelect *select,
                              const char *what, gboolean *understood, GError **error)
{
  static const char *const known[] = {"name",     "version",       "type", "language",
                                      "location", "upstream-name", NULL};
  if (map->kind != OAKUM_YAML_MAP)
    return oakum_policy_wrong(what, map, error, "\"package\" takes keys and values");
  *understood &= knows_all(policy, map, known, what);
  select->upstream = TRUE;
  select->paths = PATHS_GRYPE;
  return name_at(policy, map, "name", what, select, LIST_PACKAGE, understood, error) &&
         name_at(policy, map, "upstream-name", what, select, LIST_SOURCE, understood, error) &&
         name_at(policy, map, "version", what, select, LIST_VERSION, understood, error) &&
         name_at(policy, map, "location", what, select, LIST_PATH, understood, error) &&
         grype_types_at(policy, map, what, select, understood, error);
}

/* Each status is of one state alone, so that all of them together are all findings. */
static gboolean grype_state(const char *state, OakumSelect *select)
{
  static const char *const states[][3] = {{"fixed", "fixed"},
                                          {"not-fixed", "open", "fix_deferred"},
                                          {"wont-fix", "will_not_fix", "end_of_life"},
                                          {"unknown", "under_investigation"}};
  for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
    if (strcmp(states[i][0], state) != 0)
      continue;
    if (i == 0)
      select->fixable = 1;
    for (size_t k = 1; i > 0 && k < G_N_ELEMENTS(states[i]) && states[i][k]; k++)
      oakum_select_add(select, LIST_STATUS, states[i][k]);
    return TRUE;
  }
  return FALSE;
}

/* The keys of our database for the namespaces that grype has, each written in one way only:
 * "debian:distro:debian:12", "github:language:python". New; NULL: none is known. */
static char **grype_ecosystems(const char *namespace)
{
  /* by whom, what it is called there, and its id in os-release */
  static const char *const names[][3] = {
      {"alma", "almalinux", "almalinux"}, {"amazon", "amazonlinux", "amzn"},
      {"arch", "archlinux", "arch"},      {"mariner", "azurelinux", "azurelinux"},
      {"oracle", "oraclelinux", "ol"},    {"photon", "photon-os", "photon"},
      {"redhat", "redhat", "rhel"},       {"rocky", "rockylinux", "rocky"}};
  g_auto(GStrv) part = g_strsplit(namespace, ":", 5);
  guint parts = g_strv_length(part);
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
  if (parts == 4 && strcmp(part[1], "distro") == 0) {
    const char *id = strcmp(part[0], part[2]) == 0 ? part[2] : NULL, *version = part[3];
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
      if (strcmp(names[i][0], part[0]) == 0 && strcmp(names[i][1], part[2]) == 0)
        id = names[i][2];
      else if (g_strcmp0(names[i][2], id) == 0)
        id = NULL; /* our name for it, which is not grype's */
    const OakumDistroId *known = oakum_distro_id(id);
    g_autofree char *key = !known || strcmp(known->id, id) != 0 ? NULL
                           : strcmp(id, "debian") == 0 && strcmp(version, "unstable") == 0
                               ? g_strdup("Debian:sid")
                               : oakum_distro_key(known, version);
    /* a release that grype does not tell, such as a minor one of Debian, is none of its namespaces
     */
    gboolean whole = key && (strchr(key, ':') ? g_str_has_suffix(key, version) ||
                                                    strcmp(version, "unstable") == 0
                                              : strcmp(version, "rolling") == 0);
    if (whole)
      g_ptr_array_add(keys, g_steal_pointer(&key));
  } else if (parts == 3 && strcmp(part[0], "github") == 0 && strcmp(part[1], "language") == 0) {
    g_auto(GStrv) types = purl_types(grype_languages, G_N_ELEMENTS(grype_languages), part[2]);
    for (char **type = types; type && *type; type++) {
      const OakumLanguageRule *rule = oakum_language_rule(*type);
      if (rule)
        g_ptr_array_add(keys, g_strdup(rule->ecosystem));
    }
  }
  if (!keys->len)
    return NULL;
  g_ptr_array_add(keys, NULL);
  return (char **)g_ptr_array_steal(keys, NULL);
}

/* Where the match came from, and how it was made. */
static gboolean grype_evidence(OakumPolicy *policy, const OakumYaml *map, OakumSelect *select,
                               const char *what, gboolean *understood, GError **error)
{
  static const char *const types[][2] = {
      {"exact-direct-match", "direct"}, {"exact-indirect-match", "indirect"}, {"cpe-match", "cpe"}};
  const char *namespace, *type, *by = NULL;
  if (!text_at(map, "namespace", what, &namespace, error) ||
      !text_at(map, "match-type", what, &type, error))
    return FALSE;
  for (size_t i = 0; type && i < G_N_ELEMENTS(types); i++)
    if (strcmp(types[i][0], type) == 0)
      by = types[i][1];
  if (type && !by)
    return oakum_policy_wrong(
        what, oakum_yaml_get(map, "match-type"), error,
        "\"match-type\" takes exact-direct-match, exact-indirect-match or cpe-match");
  if (namespace && strcmp(namespace, "nvd:cpe") == 0) {
    /* what was matched by a CPE has no other namespace: with another type nothing is left */
    by = by && strcmp(by, "cpe") != 0 ? "" : "cpe";
  } else if (namespace) {
    g_auto(GStrv) keys = grype_ecosystems(namespace);
    for (char **key = keys; key && *key; key++)
      oakum_select_add_exact(select, LIST_ECOSYSTEM, *key);
    if (!keys) {
      const OakumYaml *at = oakum_yaml_get(map, "namespace");
      oakum_policy_warn(policy, what, at->line, at->column,
                        "the namespace \"%s\" is not understood; the entry is passed over",
                        namespace);
      *understood = FALSE;
    }
  }
  if (by)
    oakum_select_add_exact(select, LIST_EVIDENCE, by);
  return TRUE;
}

/* grype takes out what a statement of VEX says only when it was given the statement, and so do we,
 * whatever this file says: *understood becomes FALSE, for the entry has nothing to take out here.
 */
static gboolean grype_vex(OakumPolicy *policy, const OakumYaml *map, const char *what,
                          gboolean *understood, GError **error)
{
  static const char *const known[] = {"not_affected", "affected", "fixed", "under_investigation",
                                      NULL};
  const char *status, *justification;
  if (!text_at(map, "vex-status", what, &status, error) ||
      !text_at(map, "vex-justification", what, &justification, error))
    return FALSE;
  if (status && !g_strv_contains(known, status))
    return oakum_policy_wrong(what, oakum_yaml_get(map, "vex-status"), error,
                              "\"vex-status\" takes not_affected, affected, fixed or "
                              "under_investigation");
  if (!status && !justification)
    return TRUE;
  const OakumYaml *at = oakum_yaml_get(map, status ? "vex-status" : "vex-justification");
  oakum_policy_warn(policy, what, at->line, at->column,
                    "statements of VEX count where a scan is given them (--vex); this entry takes "
                    "out nothing more");
  *understood = FALSE;
  return TRUE;
}

static gboolean grype_entry(OakumPolicy *policy, const OakumYaml *map, const char *what,
                            GError **error)
{
  static const char *const known[] = {
      "vulnerability", "include-aliases", "reason",     "fix-state",         "package",
      "namespace",     "match-type",      "vex-status", "vex-justification", NULL};
  g_autoptr(OakumException) one = oakum_exception_new(what, map->line, map->column);
  const char *id, *reason, *state;
  gboolean understood = TRUE;
  if (map->kind != OAKUM_YAML_MAP)
    return oakum_policy_wrong(what, map, error, "expected an entry with keys and values");
  understood &= knows_all(policy, map, known, what);
  const OakumYaml *package = oakum_yaml_get(map, "package");
  if (!text_at(map, "vulnerability", what, &id, error) ||
      !text_at(map, "reason", what, &reason, error) ||
      !text_at(map, "fix-state", what, &state, error) ||
      (package && !oakum_yaml_is_null(package) &&
       !grype_package(policy, package, &one->select, what, &understood, error)) ||
      !grype_evidence(policy, map, &one->select, what, &understood, error) ||
      !grype_vex(policy, map, what, &understood, error))
    return FALSE;
  const OakumYaml *aliases = oakum_yaml_get(map, "include-aliases");
  gboolean all = FALSE;
  if (aliases && !oakum_yaml_is_null(aliases) && !oakum_yaml_bool(aliases, &all))
    return oakum_policy_wrong(what, aliases, error, "\"include-aliases\" takes true or false");
  one->select.names = all ? NAMES_WRITTEN : NAMES_GRYPE;
  if (id)
    oakum_select_add_exact(&one->select, LIST_ID, id);
  if (state && !grype_state(state, &one->select))
    return oakum_policy_wrong(what, oakum_yaml_get(map, "fix-state"), error,
                              "\"fix-state\" takes fixed, not-fixed, wont-fix or unknown");
  if (!understood)
    return TRUE;
  if (!oakum_select_names(&one->select)) {
    oakum_policy_warn(policy, what, map->line, map->column,
                      "an entry without conditions; it is passed over");
    return TRUE;
  }
  one->select.kinds = 1u << OAKUM_FINDING_VULNERABILITY;
  one->imported = TRUE;
  one->reason = g_strdup(reason);
  return add(policy, g_steal_pointer(&one), what, error);
}

/* A rule that the file's own threshold stands for. Takes it. */
static gboolean add_rule(OakumPolicy *policy, OakumRule *rule, const char *what, int line,
                         GError **error)
{
  rule->file = g_intern_string(what);
  rule->line = line;
  if (oakum_policy_add_rule(policy, rule, error))
    return TRUE;
  g_prefix_error(error, "%s:%d: ", what, line);
  return FALSE;
}

gboolean oakum_import_grype(OakumPolicy *policy, const OakumYaml *yaml, const char *what,
                            GError **error)
{
  gboolean ok;
  const char *threshold;
  const GPtrArray *items = list_at(yaml, "ignore", what, &ok, error);
  for (guint i = 0; items && i < items->len; i++)
    if (!grype_entry(policy, items->pdata[i], what, error))
      return FALSE;
  if (!ok || !text_at(yaml, "fail-on-severity", what, &threshold, error))
    return FALSE;
  if (threshold) {
    const OakumYaml *at = oakum_yaml_get(yaml, "fail-on-severity");
    OakumSeverity severity;
    if (!oakum_severity_parse(threshold, &severity) || severity == OAKUM_SEVERITY_UNKNOWN)
      return oakum_policy_wrong(what, at, error, "there is no severity \"%s\"", threshold);
    g_autofree char *name = g_strconcat(what, ": fail-on-severity", NULL);
    OakumRule *rule = oakum_rule_new(name, ACTION_FAIL);
    rule->select.kinds = 1u << OAKUM_FINDING_VULNERABILITY;
    rule->select.severity = (int)severity;
    if (!add_rule(policy, rule, what, at->line, error))
      return FALSE;
  }
  static const char *const only[] = {"only-notfixed", "only-fixed"};
  for (int fixed = 0; fixed < 2; fixed++) {
    const OakumYaml *value = oakum_yaml_get(yaml, only[fixed]);
    gboolean on = FALSE;
    if (!value || oakum_yaml_is_null(value))
      continue;
    if (!oakum_yaml_bool(value, &on))
      return oakum_policy_wrong(what, value, error, "\"%s\" takes true or false", only[fixed]);
    if (!on)
      continue;
    g_autofree char *name = g_strdup_printf("%s: %s", what, only[fixed]);
    OakumRule *rule = oakum_rule_new(name, ACTION_IGNORE);
    rule->select.kinds = 1u << OAKUM_FINDING_VULNERABILITY;
    rule->select.fixable = !fixed;
    if (!add_rule(policy, rule, what, value->line, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- hadolint ------------------------------------------------------------------------------- */
/* Words of a key, a single one too. */
static gboolean words_at(const OakumYaml *map, const char *key, const char *what,
                         OakumSelect *select, GError **error)
{
  const OakumYaml *value = oakum_yaml_get(map, key);
  if (value && value->kind == OAKUM_YAML_SCALAR && !oakum_yaml_is_null(value)) {
    oakum_select_add_exact(select, LIST_ID, value->text);
    return TRUE;
  }
  return texts_at(map, key, what, select, LIST_ID, error);
}

static gboolean hadolint_levels(OakumPolicy *policy, const OakumYaml *levels, const char *what,
                                GError **error)
{
  if (!levels || oakum_yaml_is_null(levels))
    return TRUE;
  if (levels->kind != OAKUM_YAML_MAP)
    return oakum_policy_wrong(what, levels, error, "\"override\" takes levels and lists of rules");
  for (guint i = 0; i < levels->keys->len; i++) {
    const OakumYaml *key = levels->keys->pdata[i];
    OakumLintLevel level;
    if (!oakum_lint_level_parse(key->text, &level) || level == OAKUM_LINT_OFF)
      return oakum_policy_wrong(what, key, error, "there is no level \"%s\"", key->text);
    if (policy->overrides->len >= OAKUM_POLICY_OVERRIDES_MAX)
      return oakum_policy_wrong(what, key, error, "more than %u overrides",
                                OAKUM_POLICY_OVERRIDES_MAX);
    OakumOverride *one = g_new0(OakumOverride, 1);
    oakum_select_init(&one->select);
    one->select.kinds = 1u << OAKUM_FINDING_LINT;
    one->severity = oakum_lint_severity_of(level);
    g_ptr_array_add(policy->overrides, one);
    if (!words_at(levels, key->text, what, &one->select, error))
      return FALSE;
    if (!one->select.lists[LIST_ID]) /* an empty list is of no rule, not of all */
      g_ptr_array_remove_index(policy->overrides, policy->overrides->len - 1);
  }
  return TRUE;
}

gboolean oakum_import_hadolint(OakumPolicy *policy, const OakumYaml *yaml, const char *what,
                               GError **error)
{
  const OakumYaml *ignored = oakum_yaml_get(yaml, "ignored");
  const char *threshold;
  if (ignored && !oakum_yaml_is_null(ignored)) {
    g_autoptr(OakumException) one = oakum_exception_new(what, ignored->line, ignored->column);
    if (!words_at(yaml, "ignored", what, &one->select, error))
      return FALSE;
    one->select.kinds = 1u << OAKUM_FINDING_LINT;
    one->imported = TRUE;
    if (one->select.lists[LIST_ID] && !add(policy, g_steal_pointer(&one), what, error))
      return FALSE;
  }
  if (!hadolint_levels(policy, oakum_yaml_get(yaml, "override"), what, error) ||
      !text_at(yaml, "failure-threshold", what, &threshold, error))
    return FALSE;
  if (!threshold)
    return TRUE;
  const OakumYaml *at = oakum_yaml_get(yaml, "failure-threshold");
  OakumLintLevel level;
  if (strcmp(threshold, "none") == 0 || strcmp(threshold, "ignore") == 0)
    return TRUE;
  if (!oakum_lint_level_parse(threshold, &level) || level == OAKUM_LINT_OFF)
    return oakum_policy_wrong(what, at, error,
                              "\"failure-threshold\" takes error, warning, info, style or none");
  g_autofree char *name = g_strconcat(what, ": failure-threshold", NULL);
  OakumRule *rule = oakum_rule_new(name, ACTION_FAIL);
  rule->select.kinds = 1u << OAKUM_FINDING_LINT;
  rule->select.severity = (int)oakum_lint_severity_of(level);
  return add_rule(policy, rule, what, at->line, error);
}

/* ---- GitLab --------------------------------------------------------------------------------- */
gboolean oakum_import_gitlab(OakumPolicy *policy, const OakumYaml *yaml, const char *what,
                             GError **error)
{
  g_autoptr(OakumAllowlist) list = oakum_allowlist_read(yaml, what, policy->warnings, error);
  for (guint i = 0; list && i < list->rows->len; i++) {
    const OakumAllowRow *row = list->rows->pdata[i];
    OakumException *one = oakum_exception_new(what, row->line, row->column);
    oakum_select_add_exact(&one->select, LIST_ID, row->id);
    if (row->image)
      oakum_select_add(&one->select, LIST_IMAGE, row->image);
    one->select.kinds = 1u << OAKUM_FINDING_VULNERABILITY;
    one->imported = TRUE;
    one->reason = g_strdup(row->comment);
    if (!add(policy, one, what, error))
      return FALSE;
  }
  return list != NULL;
}
