/* Package managers, registries of languages, and the keys of the database. */
#include "ecosystem/ecosystem.h"
#include <string.h>

static const OakumPackageType types[] = {
    {"deb", TRUE, TRUE, TRUE},         {"apk", TRUE, TRUE, TRUE},
    {"rpm", TRUE, TRUE, FALSE},        {"alpm", TRUE, TRUE, TRUE},
    {"opkg", TRUE, TRUE, FALSE},       {"ebuild", TRUE, FALSE, FALSE},
    {"portage", TRUE, FALSE, FALSE},   {"snap", TRUE, FALSE, FALSE},
    {"nix", TRUE, FALSE, FALSE},       {"brew", TRUE, FALSE, FALSE},
    {"bitbucket", FALSE, FALSE, TRUE}, {"composer", FALSE, FALSE, TRUE},
    {"github", FALSE, FALSE, TRUE},    {"golang", FALSE, FALSE, TRUE},
    {"hex", FALSE, FALSE, TRUE},       {"luarocks", FALSE, FALSE, TRUE},
    {"npm", FALSE, FALSE, TRUE},       {"bitnami", FALSE, FALSE, TRUE},
    {"conda", FALSE, FALSE, TRUE},     {"oci", FALSE, FALSE, TRUE},
    {"pypi", FALSE, FALSE, TRUE},      {"pub", FALSE, FALSE, TRUE},
};

static const OakumLanguageRule languages[] = {
    {"pypi", "PyPI", "pep440", NULL, TRUE},
    {"npm", "npm", "npm", "/", FALSE},
    {"maven", "Maven", "maven", ":", FALSE},
    {"golang", "Go", "go", "/", FALSE},
    {"cargo", "crates.io", "cargo", NULL, FALSE},
    {"gem", "RubyGems", "gem", NULL, FALSE},
    {"composer", "Packagist", "composer", "/", TRUE},
    {"nuget", "NuGet", "nuget", NULL, TRUE},
    {"hex", "Hex", "hex", NULL, TRUE},
    {"otp", "Hex", "hex", NULL, TRUE},
    {"pub", "Pub", "pub", NULL, FALSE},
    {"hackage", "Hackage", "hackage", NULL, FALSE},
    {"cran", "CRAN", "cran", NULL, FALSE},
    {"bioconductor", "Bioconductor", "cran", NULL, FALSE},
    {"conan", "ConanCenter", "conan", NULL, FALSE},
    {"swift", "SwiftURL", "semver", "/", FALSE},
    {"bitnami", "Bitnami", "bitnami", NULL, TRUE},
    {"julia", "Julia", "pub", NULL, FALSE}, /* builds count: 3.0.8+1 is behind 3.0.8+0 */
    {"dhi", "DHI", "semver", NULL, FALSE},
    {"k8s", "Kubernetes", "semver", "/", FALSE}, /* of bills of materials of clusters */
    {"opam", "opam", "generic", NULL, FALSE},
    {"vscode-extension", "VSCode", "semver", "/", TRUE},
    {"githubactions", "GitHub Actions", "semver", "/", TRUE},
    {"github", "GitHub Actions", "semver", "/", TRUE}, /* of package URLs */
};

/* Ecosystems that no package is of by itself. */
static const char *const others[][2] = {
    {"EPEL", "rpm"},    {"GHC", "hackage"}, {"JavaScript", "semver"}, {"Ruby", "gem"},
    {"cpe", "generic"}, {"node", "npm"},    {"vex", "generic"}};

/* No name is in both registries of R. A library of Kubernetes has numbers of its own, so that only
 * the module of all of it is one of its ecosystem. */
static const OakumBeside besides[] = {
    {"CRAN", NULL, "Bioconductor", NULL},
    {"Go", "k8s.io/kubernetes", "Kubernetes", NULL},
    {"cpe", "ruby-lang:ruby", "Ruby", "ruby"},
    {"cpe", "jruby:jruby", "Ruby", "jruby"},
    {"cpe", "mruby:mruby", "Ruby", "mruby"},
    {"cpe", "kubernetes:kubernetes", "Kubernetes", "k8s.io/kubernetes"},
    {"cpe", "haskell:ghc", "GHC", "ghc"},
};

const OakumPackageType *oakum_package_type(const char *type)
{
  for (size_t i = 0; type && i < G_N_ELEMENTS(types); i++) /* for each package, several times */
    if (types[i].type[0] == type[0] && strcmp(types[i].type, type) == 0)
      return &types[i];
  return NULL;
}

gboolean oakum_is_os_type(const char *type)
{
  const OakumPackageType *known = oakum_package_type(type);
  return known && known->system;
}

const OakumLanguageRule *oakum_language_rule(const char *type)
{
  for (size_t i = 0; type && i < G_N_ELEMENTS(languages); i++)
    if (strcmp(languages[i].type, type) == 0)
      return &languages[i];
  return NULL;
}

const OakumBeside *oakum_ecosystem_beside(const char *ecosystem, const char *name, guint *at)
{
  while (*at < G_N_ELEMENTS(besides)) {
    const OakumBeside *one = &besides[(*at)++];
    if (strcmp(one->ecosystem, ecosystem) == 0 && (!one->name || strcmp(one->name, name) == 0))
      return one;
  }
  return NULL;
}

/* By the word in front of the colon. */
static const OakumLanguageRule *language_of_key(const char *key)
{
  size_t n = strcspn(key, ":");
  for (size_t i = 0; i < G_N_ELEMENTS(languages); i++)
    if (strlen(languages[i].ecosystem) == n && memcmp(languages[i].ecosystem, key, n) == 0)
      return &languages[i];
  return NULL;
}

const char *oakum_ecosystem_scheme(const char *key)
{
  const OakumDistroRule *distro = oakum_distro_rule(key);
  const OakumLanguageRule *language = distro ? NULL : language_of_key(key);
  size_t n = strcspn(key, ":");
  if (distro || language)
    return distro ? distro->scheme : language->scheme;
  for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
    if (strlen(others[i][0]) == n && memcmp(others[i][0], key, n) == 0)
      return others[i][1];
  return "";
}

/* "Linux Enterprise Server 15 SP5" to "15.5"; NULL when there is no release in it. */
static char *suse_release(const char *text)
{
  for (; *text; text++) {
    if (!g_ascii_isdigit(*text))
      continue;
    size_t n = strspn(text, "0123456789");
    size_t with = text[n] == '.' ? n + 1 + strspn(text + n + 1, "0123456789") : n;
    const char *sp = strstr(text, "SP");
    if (with == n && sp && g_ascii_isdigit(sp[2]))
      return g_strdup_printf("%.*s.%.*s", (int)n, text, (int)strspn(sp + 2, "0123456789"), sp + 2);
    if (with == n)
      return g_strdup_printf("%.*s.0", (int)n, text);
    return g_strndup(text, with);
  }
  return NULL;
}

static char *ubuntu_key(char **words, char **flavour)
{
  const char *release = NULL;
  g_autoptr(GString) kind = g_string_new(NULL);
  for (char **word = words + 1; *word; word++) {
    if (g_ascii_isdigit(**word))
      release = *word;
    else if (g_ascii_strcasecmp(*word, "LTS") != 0 && g_ascii_strcasecmp(*word, "Pro") != 0)
      g_string_append_printf(kind, "%s%s", kind->len ? "-" : "", *word);
    else if (g_ascii_strcasecmp(*word, "Pro") == 0 && flavour && !*flavour)
      *flavour = g_strdup("esm");
  }
  if (kind->len && flavour) {
    g_free(*flavour);
    *flavour = g_ascii_strdown(kind->str, -1);
  }
  return release ? g_strconcat("Ubuntu:", release, NULL) : g_strdup("Ubuntu");
}

gboolean oakum_suse_whole(const char *release, const char *product)
{
  return strcmp(release, "12") == 0 &&
         (strstr(product, "module") || strstr(product, "Module") ||
          g_str_has_prefix(product, "packagehub") || strstr(product, "Package Hub"));
}

static char *suse_key(const char *rest, char **product)
{
  g_autofree char *release = suse_release(rest);
  if (g_strcmp0(release, "12.0") == 0 && oakum_suse_whole("12", rest))
    release[2] = 0;
  gboolean micro = strstr(rest, "Micro") != NULL;
  if (product)
    *product = g_strdup(rest);
  return release ? g_strconcat(micro ? "SUSE Micro:" : "SUSE:", release, NULL)
                 : g_strconcat("SUSE:", rest, NULL);
}

char *oakum_redhat_key(char **fields)
{
  static const char *const own_numbers[] = {"rhel_software_collections",
                                            "rhel_dotnet",
                                            "rhel_devtools",
                                            "rhel_developer_tools",
                                            "rhel_developer_toolset",
                                            "rhel_satellite_client",
                                            "rhel_satellite_tools",
                                            NULL};
  const char *product = fields[0], *release = product ? fields[1] : NULL;
  if (!release)
    return NULL;
  for (char **field = fields + 2; *field; field++)
    if (g_str_has_prefix(*field, "el") && g_ascii_isdigit((*field)[2]))
      return g_strdup_printf("Red Hat:%.*s", (int)strspn(*field + 2, "0123456789"), *field + 2);
  size_t digits = strspn(release, "0123456789");
  gboolean system =
      g_str_has_prefix(product, "enterprise_linux") || g_str_has_prefix(product, "rhel_");
  return system && digits && !g_strv_contains(own_numbers, product)
             ? g_strdup_printf("Red Hat:%.*s", (int)digits, release)
             : NULL;
}

/* "enterprise_linux:9::baseos", "openshift:4.12::el8", "9" */
static char *redhat_key(char **words, const char *rest, char **product)
{
  if (product)
    *product = g_strdup(rest);
  char *key = oakum_redhat_key(words + 1);
  if (!key && words[1] && g_ascii_isdigit(*words[1]))
    key = g_strdup_printf("Red Hat:%.*s", (int)strspn(words[1], "0123456789"), words[1]);
  return key ? key : g_strdup("Red Hat");
}

char *oakum_ecosystem_key(const char *ecosystem, char **flavour, char **product)
{
  static const char *const by_major[] = {"AlmaLinux", "Rocky Linux", "Debian", "Azure Linux",
                                         "Mageia"};
  if (flavour)
    *flavour = NULL;
  if (product)
    *product = NULL;
  const char *colon = strchr(ecosystem, ':');
  if (!colon) {
    static const char *const same[][2] = {{"Docker Hardened Images", "DHI"},
                                          {"kubernetes", "Kubernetes"}};
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++)
      if (strcmp(ecosystem, same[i][0]) == 0)
        return g_strdup(same[i][1]);
    return g_strdup(ecosystem);
  }
  g_auto(GStrv) words = g_strsplit(ecosystem, ":", -1);
  if (strcmp(words[0], "Ubuntu") == 0)
    return ubuntu_key(words, flavour);
  if (strcmp(words[0], "Red Hat") == 0)
    return redhat_key(words, colon + 1, product);
  if (strcmp(words[0], "SUSE") == 0)
    return suse_key(colon + 1, product);
  if (language_of_key(words[0])) /* "Packagist:https://packages.drupal.org/8": a registry of it */
    return g_strdup(words[0]);
  if (strcmp(words[0], "openSUSE") == 0 && g_str_has_prefix(colon + 1, "Leap Micro"))
    return suse_key(colon + 1, product);
  /* Microsoft's Linux was called CBL-Mariner up to its release 2.0 */
  if (strcmp(words[0], "Azure Linux") == 0 && (*words[1] == '1' || *words[1] == '2'))
    return g_strdup_printf("Mariner:%c.0", *words[1]);
  for (size_t i = 0; i < G_N_ELEMENTS(by_major); i++)
    if (strcmp(words[0], by_major[i]) == 0 && g_ascii_isdigit(words[1][0]))
      return g_strdup_printf("%s:%.*s", words[0], (int)strspn(words[1], "0123456789"), words[1]);
  return g_strdup(ecosystem);
}

/* The URL of a repository in whichever form: "https://github.com/Apple/swift-nio.git" is
 * "github.com/apple/swift-nio". */
static char *plain_url(const char *url)
{
  const char *scheme = strstr(url, "://");
  g_autofree char *low = g_ascii_strdown(scheme ? scheme + 3 : url, -1);
  size_t n = strlen(low);
  while (n > 0 && low[n - 1] == '/')
    n--;
  if (n > 4 && strncmp(low + n - 4, ".git", 4) == 0)
    n -= 4;
  return g_strndup(low, n);
}

char *oakum_ecosystem_package(const char *key, const char *name)
{
  const OakumLanguageRule *language = language_of_key(key);
  if (language && strcmp(language->type, "swift") == 0)
    return plain_url(name);
  if (!language || !language->caseless)
    return g_strdup(name);
  if (strcmp(key, "PyPI") != 0)
    return g_ascii_strdown(name, -1);
  GString *out = g_string_new(NULL); /* PEP 503: runs of - _ . are one dash */
  for (const char *p = name; *p; p++) {
    if (!strchr("-_.", *p))
      g_string_append_c(out, g_ascii_tolower(*p));
    else if (p == name || !strchr("-_.", p[-1]))
      g_string_append_c(out, '-');
  }
  return g_string_free(out, FALSE);
}
