/* Which distribution an image is: os-release(5) in all its forms, the files that older and smaller
 * systems have in its place, and the key by which advisories know the release. */
#include "catalog/parts-private.h"
#include <stdlib.h>
#include <string.h>

/* ---- reading
 * ------------------------------------------------------------------------------------- */
/* In the order in which they are believed. */
static const char *const release_files[] = {
    "etc/os-release",     "usr/lib/os-release", "etc/initrd-release",    "etc/lsb-release",
    "etc/centos-release", "etc/rocky-release",  "etc/almalinux-release", "etc/oracle-release",
    "etc/fedora-release", "etc/photon-release", "etc/mariner-release",   "etc/azurelinux-release",
    "etc/redhat-release", "etc/system-release", "etc/SuSE-release",      "etc/alpine-release",
    "etc/arch-release",   "etc/gentoo-release", "etc/debian_version"};
static const char repositories_file[] = "etc/apk/repositories";
static const char content_sets[] = "root/buildinfo/content_manifests/";
static const char content_sets_usr[] = "usr/share/buildinfo/";

static gboolean wants_facts(const OakumCatalogEntry *entry)
{
  for (size_t i = 0; i < G_N_ELEMENTS(release_files); i++)
    if (strcmp(entry->path, release_files[i]) == 0)
      return TRUE;
  return strcmp(entry->path, repositories_file) == 0 ||
         ((g_str_has_prefix(entry->path, content_sets) ||
           g_str_has_prefix(entry->path, content_sets_usr)) &&
          g_str_has_suffix(entry->path, ".json"));
}

/* A value as a shell would read it: quotes of both kinds, and \ in front of what it guards. */
static char *unquote(OakumSlice raw)
{
  raw = oakum_slice_strip(raw);
  GString *out = g_string_new(NULL);
  uint8_t quote = 0;
  for (size_t i = 0; i < raw.len; i++) {
    uint8_t c = raw.data[i];
    if (quote == 0 && (c == '"' || c == '\''))
      quote = c;
    else if (c == quote)
      quote = 0;
    else if (c == '\\' && quote != '\'' && i + 1 < raw.len)
      g_string_append_c(out, (char)raw.data[++i]);
    else if (quote == 0 && c == '#' && i > 0 && g_ascii_isspace((char)raw.data[i - 1]))
      break;
    else
      g_string_append_c(out, (char)c);
  }
  return g_string_free(out, FALSE);
}

static void read_assignments(OakumSlice text, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  static const char *const names[] = {"ID",
                                      "VERSION_ID",
                                      "PRETTY_NAME",
                                      "ID_LIKE",
                                      "VERSION_CODENAME",
                                      "CPE_NAME",
                                      "UBUNTU_CODENAME",
                                      "DEBIAN_CODENAME",
                                      "NAME",
                                      "VERSION",
                                      "BUILD_ID",
                                      "VARIANT_ID",
                                      "REDHAT_BUGZILLA_PRODUCT_VERSION",
                                      "DISTRIB_ID",
                                      "IMAGE_ID",
                                      "DISTRIB_RELEASE",
                                      "DISTRIB_CODENAME",
                                      "DISTRIB_DESCRIPTION"};
  OakumSlice line;
  while (oakum_catalog_line(&text, &line)) {
    line = oakum_slice_strip(line);
    if (oakum_slice_begins(line, "export ")) {
      line.data += 7;
      line.len -= 7;
    }
    const uint8_t *equals = line.len ? memchr(line.data, '=', line.len) : NULL;
    size_t n = equals ? (size_t)(equals - line.data) : 0;
    for (size_t i = 0; equals && line.len < 4096 && i < G_N_ELEMENTS(names); i++)
      if (oakum_slice_is((OakumSlice){line.data, n}, names[i])) {
        g_autofree char *value = unquote((OakumSlice){equals + 1, line.len - n - 1});
        oakum_catalog_sink_fact(sink, file, names[i], oakum_slice_of(value));
      }
  }
}

/* Releases that apk takes its main packages from, each once. A tagged repository ("@edge
 * https://…") only serves the packages that ask for it. */
static void read_repositories(OakumSlice text, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  g_autoptr(GString) all = g_string_new(NULL);
  OakumSlice line;
  while (oakum_catalog_line(&text, &line) && all->len < 256) {
    line = oakum_slice_strip(line);
    while (line.len > 0 && line.data[line.len - 1] == '/')
      line.len--;
    if (line.len < 6 || line.data[0] == '#' || line.data[0] == '@' ||
        memcmp(line.data + line.len - 5, "/main", 5) != 0)
      continue;
    size_t end = line.len - 5, start = end;
    while (start > 0 && line.data[start - 1] != '/')
      start--;
    g_autofree char *release = g_strndup((const char *)line.data + start, end - start);
    g_auto(GStrv) have = g_strsplit(all->str, " ", -1);
    if (*release && strlen(release) < 32 && !strchr(release, ' ') &&
        !g_strv_contains((const char *const *)have, release))
      g_string_append_printf(all, "%s%s", all->len ? " " : "", release);
  }
  oakum_catalog_sink_fact(sink, file, "repositories", oakum_slice_of(all->str));
}

/* {"content_sets": ["rhel-8-for-x86_64-baseos-rpms", …]} */
static gboolean read_content_sets(OakumSlice text, const OakumCatalogFile *file,
                                  OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json =
      oakum_json_parse((const char *)text.data, text.len, "content manifest", error);
  if (!json)
    return FALSE;
  g_autoptr(GString) all = g_string_new(NULL);
  const json_t *set, *sets = json_object_get(json, "content_sets");
  size_t i;
  json_array_foreach(sets, i, set) if (json_is_string(set) &&
                                       all->len + json_string_length(set) < OAKUM_CATALOG_VALUE_MAX)
      g_string_append_printf(all, "%s%s", all->len ? " " : "", json_string_value(set));
  if (all->len > 0)
    oakum_catalog_sink_fact(sink, file, "content_sets", oakum_slice_of(all->str));
  return TRUE;
}

static gboolean run_facts(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  const char *path = oakum_catalog_file_path(file);
  OakumSlice text;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_FACTS_MAX, &text, error))
    return FALSE;
  if (g_str_has_suffix(path, "os-release") || strcmp(path, "etc/lsb-release") == 0 ||
      strcmp(path, "etc/initrd-release") == 0) {
    read_assignments(text, file, sink);
    return TRUE;
  }
  if (strcmp(path, repositories_file) == 0) {
    read_repositories(text, file, sink);
    return TRUE;
  }
  if (g_str_has_suffix(path, ".json"))
    return read_content_sets(text, file, sink, error);
  OakumSlice line = {(const uint8_t *)"", 0};
  while (line.len == 0 && oakum_catalog_line(&text, &line))
    line = oakum_slice_strip(line);
  oakum_catalog_sink_fact(sink, file, "text", line);
  return TRUE;
}

const OakumCataloguer oakum_cataloguers_facts[] = {
    {"distribution", 1, wants_facts, run_facts, .whole = TRUE}, {0}};

/* ---- what it is
 * ---------------------------------------------------------------------------------- */
static const char *fact(const OakumCatalogFacts *facts, const char *key)
{
  const char *value = facts ? g_hash_table_lookup(facts->values, key) : NULL;
  return value && *value ? value : NULL;
}

static const OakumCatalogFacts *facts_of(const GPtrArray *all, const char *path)
{
  for (guint i = 0; i < all->len; i++)
    if (strcmp(((OakumCatalogFacts *)all->pdata[i])->path, path) == 0)
      return all->pdata[i];
  return NULL;
}

/* The first number with dots in a line: "CentOS Linux release 7.9.2009 (Core)" → "7.9.2009". */
static char *version_in(const char *text)
{
  const char *at = text;
  while (*at && !g_ascii_isdigit(*at))
    at++;
  size_t n = strspn(at, "0123456789.");
  while (n > 0 && at[n - 1] == '.')
    n--;
  return n ? g_strndup(at, n) : NULL;
}

/* What the one line of a release file begins with, and the ID that it stands for. */
static const char *const release_words[][2] = {{"CentOS", "centos"},
                                               {"Rocky Linux", "rocky"},
                                               {"AlmaLinux", "almalinux"},
                                               {"Oracle Linux", "ol"},
                                               {"Fedora", "fedora"},
                                               {"Amazon Linux", "amzn"},
                                               {"Red Hat", "rhel"},
                                               {"VMware Photon", "photon"},
                                               {"CBL-Mariner", "mariner"},
                                               {"Azure Linux", "azurelinux"},
                                               {"Scientific", "scientific"},
                                               {"openSUSE", "opensuse-leap"},
                                               {"SUSE Linux Enterprise", "sles"},
                                               {"Microsoft Azure Linux", "azurelinux"}};

static void from_release_line(const char *path, const char *text, OakumDistro *distro)
{
  const char *id = strcmp(path, "etc/alpine-release") == 0   ? "alpine"
                   : strcmp(path, "etc/arch-release") == 0   ? "arch"
                   : strcmp(path, "etc/gentoo-release") == 0 ? "gentoo"
                   : strcmp(path, "etc/debian_version") == 0 ? "debian"
                                                             : NULL;
  for (size_t i = 0; text && i < G_N_ELEMENTS(release_words) && !id; i++)
    if (g_str_has_prefix(text, release_words[i][0]))
      id = release_words[i][1];
  if (!id)
    return;
  distro->id = g_strdup(id);
  distro->pretty =
      text && g_ascii_isalpha(*text) && !g_str_has_suffix(path, "_version") ? g_strdup(text) : NULL;
  if (strcmp(id, "debian") == 0 && text && g_ascii_isalpha(*text))
    distro->codename = g_strndup(text, strcspn(text, "/")); /* "trixie/sid" */
  else if (strcmp(id, "alpine") == 0 || strcmp(id, "arch") == 0)
    distro->version = text ? g_strdup(text) : NULL;
  else
    distro->version = text ? version_in(text) : NULL;
}

static void from_assignments(const OakumCatalogFacts *facts, OakumDistro *distro)
{
  const char *lsb = fact(facts, "DISTRIB_ID"), *id = fact(facts, "ID");
  if (!id && !lsb)
    return;
  const char *codename = fact(facts, "VERSION_CODENAME");
  distro->id = id ? g_strdup(id) : g_ascii_strdown(lsb, -1);
  distro->version = g_strdup(id ? fact(facts, "VERSION_ID") : fact(facts, "DISTRIB_RELEASE"));
  distro->pretty = g_strdup(id ? fact(facts, "PRETTY_NAME") : fact(facts, "DISTRIB_DESCRIPTION"));
  distro->codename = g_strdup(id ? codename : fact(facts, "DISTRIB_CODENAME"));
  distro->like = g_strdup(fact(facts, "ID_LIKE"));
  distro->cpe = g_strdup(fact(facts, "CPE_NAME"));
}

/* ---- the key of its advisories
 * ------------------------------------------------------------------- */
typedef enum { WHOLE, MAJOR, MAJOR_MINOR, NONE } ReleaseForm;
typedef struct {
  const char *id, *ecosystem;
  ReleaseForm form;
} Ecosystem;
/* Names as in OSV where it has the distribution. docs/catalog.md shows the table. */
static const Ecosystem ecosystems[] = {
    {"debian", "Debian", MAJOR},
    {"raspbian", "Debian", MAJOR},
    {"ubuntu", "Ubuntu", MAJOR_MINOR},
    {"rhel", "Red Hat", MAJOR},
    {"redhat", "Red Hat", MAJOR},
    {"rhcos", "Red Hat", MAJOR},
    {"centos", "Red Hat", MAJOR},
    {"scientific", "Red Hat", MAJOR},
    {"almalinux", "AlmaLinux", MAJOR},
    {"rocky", "Rocky Linux", MAJOR},
    {"ol", "Oracle Linux", MAJOR},
    {"oraclelinux", "Oracle Linux", MAJOR},
    {"amzn", "Amazon Linux", MAJOR},
    {"fedora", "Fedora", MAJOR},
    {"sles", "SUSE", MAJOR_MINOR},
    {"sled", "SUSE", MAJOR_MINOR},
    {"sles_sap", "SUSE", MAJOR_MINOR},
    {"sle_hpc", "SUSE", MAJOR_MINOR},
    {"sle-micro", "SUSE Micro", MAJOR_MINOR},
    {"sl-micro", "SUSE Micro", MAJOR_MINOR},
    {"suse-microos", "SUSE Micro", MAJOR_MINOR},
    {"opensuse-leap", "openSUSE:Leap", MAJOR_MINOR},
    {"opensuse", "openSUSE:Leap", MAJOR_MINOR},
    {"opensuse-tumbleweed", "openSUSE:Tumbleweed", NONE},
    {"azurelinux", "Azure Linux", MAJOR},
    {"mariner", "Mariner", MAJOR_MINOR},
    {"photon", "Photon OS", MAJOR_MINOR},
    {"mageia", "Mageia", MAJOR},
    {"openeuler", "openEuler", WHOLE},
    {"anolis", "Anolis OS", MAJOR},
    {"bottlerocket", "Bottlerocket", NONE},
    {"wolfi", "Wolfi", NONE},
    {"chainguard", "Chainguard", NONE},
    {"minimos", "MinimOS", NONE},
    {"alpaquita", "Alpaquita", WHOLE},
    {"bellsoft-hardened-containers", "BellSoft Hardened Containers", WHOLE},
    {"cleanstart", "CleanStart", NONE},
    {"echo", "Echo", NONE},
    {"arch", "Arch", NONE},
    {"archarm", "Arch", NONE},
    {"gentoo", "Gentoo", NONE},
};
static const char *const codenames[][3] = {
    {"debian", "jessie", "8"},     {"debian", "stretch", "9"},
    {"debian", "buster", "10"},    {"debian", "bullseye", "11"},
    {"debian", "bookworm", "12"},  {"debian", "trixie", "13"},
    {"debian", "forky", "14"},     {"debian", "duke", "15"},
    {"ubuntu", "trusty", "14.04"}, {"ubuntu", "xenial", "16.04"},
    {"ubuntu", "bionic", "18.04"}, {"ubuntu", "focal", "20.04"},
    {"ubuntu", "jammy", "22.04"},  {"ubuntu", "mantic", "23.10"},
    {"ubuntu", "noble", "24.04"},  {"ubuntu", "oracular", "24.10"},
    {"ubuntu", "plucky", "25.04"}, {"ubuntu", "questing", "25.10"}};

static const char *release_of_codename(const char *id, const char *codename)
{
  for (size_t i = 0; codename && i < G_N_ELEMENTS(codenames); i++)
    if (strcmp(codenames[i][0], id) == 0 && g_ascii_strcasecmp(codenames[i][1], codename) == 0)
      return codenames[i][2];
  return NULL;
}

static const Ecosystem *ecosystem_of(const char *id)
{
  for (size_t i = 0; id && i < G_N_ELEMENTS(ecosystems); i++)
    if (g_ascii_strcasecmp(ecosystems[i].id, id) == 0)
      return &ecosystems[i];
  return NULL;
}

static char *key_of(const Ecosystem *ecosystem, const char *version)
{
  if (ecosystem->form == NONE)
    return g_strdup(ecosystem->ecosystem);
  if (!version || !g_ascii_isdigit(*version))
    return NULL;
  size_t n = strspn(version, "0123456789");
  if (ecosystem->form == MAJOR_MINOR && version[n] == '.')
    n += 1 + strspn(version + n + 1, "0123456789");
  if (ecosystem->form == WHOLE)
    n = strlen(version);
  /* the first release before any service pack */
  if (g_str_has_prefix(ecosystem->ecosystem, "SUSE") && version[n] == '\0' && !strchr(version, '.'))
    return g_strdup_printf("%s:%s.0", ecosystem->ecosystem, version);
  return g_strdup_printf("%s%c%.*s", ecosystem->ecosystem,
                         strchr(ecosystem->ecosystem, ':') ? ' ' : ':', (int)n, version);
}

/* apk's repositories tell better than os-release what is installed, unless they mix releases. */
static char *alpine_key(const char *version, const char *repositories)
{
  g_auto(GStrv) releases = g_strsplit(repositories ? repositories : "", " ", -1);
  guint n = g_strv_length(releases);
  const char *only = n == 1 && (strcmp(releases[0], "edge") == 0 ||
                                (releases[0][0] == 'v' && g_ascii_isdigit(releases[0][1])))
                         ? releases[0]
                         : NULL;
  if ((version && strstr(version, "_alpha") && !(only && only[0] == 'v')) ||
      (only && strcmp(only, "edge") == 0))
    return g_strdup("Alpine:edge");
  if (only)
    return g_strdup_printf("Alpine:%s", only);
  static const Ecosystem alpine = {"alpine", "Alpine:v", MAJOR_MINOR};
  if (!version || !g_ascii_isdigit(*version))
    return NULL;
  g_autofree char *key = key_of(&alpine, version);
  return g_strdup_printf("Alpine:v%s", strrchr(key, ' ') + 1);
}

/* What a derivative is built from says more of its holes than its own name. */
static char *derived_key(const OakumDistro *distro, const OakumCatalogFacts *facts,
                         const char *repositories)
{
  const char *ubuntu = release_of_codename("ubuntu", fact(facts, "UBUNTU_CODENAME"));
  const char *debian = release_of_codename("debian", fact(facts, "DEBIAN_CODENAME"));
  g_auto(GStrv) like = g_strsplit(distro->like ? distro->like : "", " ", -1);
  if (ubuntu)
    return g_strdup_printf("Ubuntu:%s", ubuntu);
  if (debian)
    return g_strdup_printf("Debian:%s", debian);
  for (char **word = like; *word; word++) {
    const char *release = release_of_codename(*word, distro->codename);
    const Ecosystem *ecosystem = ecosystem_of(*word);
    if (strcmp(*word, "alpine") == 0)
      return alpine_key(NULL, repositories);
    if (release)
      return g_strdup_printf("%s:%s", ecosystem->ecosystem, release);
    /* rebuilds of Red Hat's count as it does; others count on in their own way */
    if (strcmp(*word, "rhel") == 0 || (ecosystem && ecosystem->form == NONE))
      return key_of(ecosystem, distro->version);
  }
  return NULL;
}

static void find_key(OakumDistro *distro, const OakumCatalogFacts *facts, const char *repositories)
{
  const Ecosystem *ecosystem = ecosystem_of(distro->id);
  const char *release = release_of_codename(distro->id, distro->codename);
  if (strcmp(distro->id, "alpine") == 0)
    distro->ecosystem = alpine_key(distro->version, repositories);
  else if (ecosystem)
    distro->ecosystem = key_of(ecosystem, distro->version ? distro->version : release);
  else
    distro->ecosystem = derived_key(distro, facts, repositories);
}

void oakum_distro_find(const GPtrArray *facts, OakumDistro *distro)
{
  const OakumCatalogFacts *used = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(release_files) && !distro->id; i++) {
    used = facts_of(facts, release_files[i]);
    if (!used)
      continue;
    from_assignments(used, distro);
    if (!distro->id && !g_hash_table_contains(used->values, "NAME"))
      from_release_line(release_files[i], fact(used, "text"), distro);
  }
  if (!distro->id && (used = facts_of(facts, OAKUM_SBOM_DOCUMENT)) != NULL)
    from_assignments(used, distro);
  g_autoptr(GString) sets = g_string_new(NULL);
  for (guint i = 0; i < facts->len; i++) {
    const char *more = fact(facts->pdata[i], "content_sets");
    if (more)
      g_string_append_printf(sets, "%s%s", sets->len ? " " : "", more);
  }
  distro->repositories = sets->len ? g_strdup(sets->str) : NULL;
  const char *repositories = fact(facts_of(facts, repositories_file), "repositories");
  if (!distro->id && repositories)
    distro->id = g_strdup("alpine");
  if (distro->id)
    find_key(distro, used, repositories);
}
