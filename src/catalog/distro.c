/* Which distribution an image is: os-release(5) in all its forms, the files that older and smaller
 * systems have in its place, and the key by which advisories know the release. */
#include "catalog/parts-private.h"
#include <stdlib.h>
#include <string.h>

/* ---- reading
 * ------------------------------------------------------------------------------------- */
static const char suse_release[] = "etc/SuSE-release";
/* In the order in which they are believed. */
static const char *const release_files[] = {
    "etc/os-release",        "usr/lib/os-release",  "etc/initrd-release",
    "etc/lsb-release",       "etc/centos-release",  "etc/rocky-release",
    "etc/almalinux-release", "etc/oracle-release",  "etc/fedora-release",
    "etc/photon-release",    "etc/mariner-release", "etc/azurelinux-release",
    "etc/redhat-release",    "etc/system-release",  suse_release,
    "etc/alpine-release",    "etc/arch-release",    "etc/gentoo-release",
    "etc/debian_version"};
static const char repositories_file[] = "etc/apk/repositories";
static const char ubuntu_pro[] = "var/lib/ubuntu-advantage/status.json";
static const char content_sets[] = "root/buildinfo/content_manifests/";
static const char content_sets_usr[] = "usr/share/buildinfo/";

static gboolean wants_facts(const OakumCatalogEntry *entry)
{
  for (size_t i = 0; i < G_N_ELEMENTS(release_files); i++)
    if (strcmp(entry->path, release_files[i]) == 0)
      return TRUE;
  return strcmp(entry->path, repositories_file) == 0 || strcmp(entry->path, ubuntu_pro) == 0 ||
         ((g_str_has_prefix(entry->path, content_sets) ||
           g_str_has_prefix(entry->path, content_sets_usr)) &&
          g_str_has_suffix(entry->path, ".json"));
}

/* A value as a shell would read it: quotes of both kinds, and \ in front of what it guards, which
 * in double quotes is four characters alone. */
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
    else if (c == '\\' && quote != '\'' && i + 1 < raw.len &&
             (quote == 0 || strchr("\"\\$`", raw.data[i + 1]) != NULL))
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
                                      "PLATFORM_ID",
                                      "RHEL_VERSION",
                                      "DISTRIB_ID",
                                      "IMAGE_ID",
                                      "DISTRIB_RELEASE",
                                      "DISTRIB_CODENAME",
                                      "DISTRIB_DESCRIPTION"};
  OakumSlice line;
  if (oakum_slice_begins(text, "\xef\xbb\xbf")) { /* an editor's byte order mark */
    text.data += 3;
    text.len -= 3;
  }
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

static int by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* {"attached": true, "services": [{"name": "esm-infra", "status": "enabled"}, …]} */
static gboolean read_pro(OakumSlice text, const OakumCatalogFile *file, OakumCatalogSink *sink,
                         GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json_bytes(text, error);
  if (!json)
    return FALSE;
  g_autoptr(GPtrArray) on = g_ptr_array_new();
  const json_t *service;
  size_t i;
  json_array_foreach(json_object_get(json, "services"), i, service)
  {
    const char *name = json_string_value(json_object_get(service, "name")),
               *status = json_string_value(json_object_get(service, "status"));
    if (name && g_strcmp0(status, "enabled") == 0 && !strchr(name, ' ') &&
        on->len < OAKUM_CATALOG_FACTS)
      g_ptr_array_add(on, (gpointer)name);
  }
  if (on->len == 0 || !json_is_true(json_object_get(json, "attached")))
    return TRUE;
  g_ptr_array_sort(on, by_text);
  g_ptr_array_add(on, NULL);
  g_autofree char *all = g_strjoinv(" ", (char **)on->pdata);
  oakum_catalog_sink_fact(sink, file, "pro", oakum_slice_of(all));
  return TRUE;
}

static gboolean run_facts(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  const char *path = oakum_catalog_file_path(file);
  OakumSlice text;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_FACTS_MAX, &text, error))
    return FALSE;
  /* with the slash: "centos-release" ends so, too */
  if (g_str_has_suffix(path, "/os-release") || strcmp(path, "etc/lsb-release") == 0 ||
      strcmp(path, "etc/initrd-release") == 0) {
    read_assignments(text, file, sink);
    return TRUE;
  }
  if (strcmp(path, repositories_file) == 0) {
    read_repositories(text, file, sink);
    return TRUE;
  }
  if (strcmp(path, ubuntu_pro) == 0)
    return read_pro(text, file, sink, error);
  if (g_str_has_suffix(path, ".json"))
    return read_content_sets(text, file, sink, error);
  OakumSlice line = {(const uint8_t *)"", 0};
  while (line.len == 0 && oakum_catalog_line(&text, &line))
    line = oakum_slice_strip(line);
  oakum_catalog_sink_fact(sink, file, "text", line);
  while (strcmp(path, suse_release) == 0 && oakum_catalog_line(&text, &line)) {
    OakumSlice value, key = oakum_slice_cut(line, '=', &value);
    if (value.data && oakum_slice_is(oakum_slice_strip(key), "PATCHLEVEL"))
      oakum_catalog_sink_fact(sink, file, "patchlevel", oakum_slice_strip(value));
  }
  return TRUE;
}

const OakumCataloguer oakum_cataloguers_facts[] = {
    {"distribution", 5, wants_facts, run_facts, .whole = TRUE}, {0}};

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

static void from_release_line(const char *path, const OakumCatalogFacts *facts, OakumDistro *distro)
{
  const char *text = fact(facts, "text"), *patch = fact(facts, "patchlevel");
  const char *id = strcmp(path, "etc/alpine-release") == 0   ? "alpine"
                   : strcmp(path, "etc/arch-release") == 0   ? "arch"
                   : strcmp(path, "etc/gentoo-release") == 0 ? "gentoo"
                   : strcmp(path, "etc/debian_version") == 0 ? "debian"
                                                             : NULL;
  const OakumDistroId *of_line = text && !id ? oakum_distro_id_of_line(text) : NULL;
  id = of_line ? of_line->id : id;
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
  if (patch && distro->version && !strchr(distro->version, '.') &&
      strcmp(patch, "0") != 0) { /* "SUSE Linux Enterprise Server 11", and its service pack below */
    char *whole = g_strdup_printf("%s.%s", distro->version, patch);
    g_free(distro->version);
    distro->version = whole;
  }
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

/* "debian:12", "ubuntu-22.04": both in one, where no version is said. */
static void part_id(OakumDistro *distro)
{
  char *mark = distro->id && !distro->version ? strpbrk(distro->id, ":@ ") : NULL;
  char *dash = distro->id && !distro->version ? strrchr(distro->id, '-') : NULL;
  mark = mark ? mark : dash;
  if (!mark || !g_ascii_isdigit(mark[1]))
    return;
  g_autofree char *name = g_strndup(distro->id, (gsize)(mark - distro->id));
  if (!oakum_distro_id(name))
    return;
  distro->version = g_strdup(mark + 1);
  g_free(distro->id);
  distro->id = g_steal_pointer(&name);
}

/* A bill of materials: what it says of the system, else what the purls of its packages say. */
static void from_document(const OakumCatalogFacts *facts, OakumDistro *distro)
{
  /* names that scanners have of their own, in place of os-release's */
  static const char *const others[][2] = {{"alma", "almalinux"},
                                          {"alpine linux", "alpine"},
                                          {"amazon", "amzn"},
                                          {"azure", "azurelinux"},
                                          {"arch linux", "arch"},
                                          {"cbl-mariner", "mariner"},
                                          {"debian gnu/linux", "debian"},
                                          {"opensuse.leap", "opensuse-leap"},
                                          {"opensuse.tumbleweed", "opensuse-tumbleweed"},
                                          {"oracle", "ol"},
                                          {"redhat", "rhel"},
                                          {"slem", "sle-micro"},
                                          {"suse linux enterprise micro", "sle-micro"},
                                          {"suse linux enterprise server", "sles"}};
  from_assignments(facts, distro);
  if (!distro->id)
    distro->id = g_strdup(fact(facts, "purl-id"));
  if (!distro->version)
    distro->version = g_strdup(fact(facts, "purl-version"));
  if (!distro->codename)
    distro->codename = g_strdup(fact(facts, "purl-codename"));
  for (size_t i = 0; distro->id && i < G_N_ELEMENTS(others); i++)
    if (g_ascii_strcasecmp(distro->id, others[i][0]) == 0) {
      g_free(distro->id);
      distro->id = g_strdup(others[i][1]);
    }
  part_id(distro);
  /* "Rocky Linux", "Red Hat Enterprise Linux": what os-release calls NAME, in place of ID */
  const OakumDistroId *named =
      distro->id && !oakum_distro_id(distro->id) ? oakum_distro_id_of_line(distro->id) : NULL;
  if (named) {
    g_free(distro->id);
    distro->id = g_strdup(named->id);
  }
  const char *version = distro->version;
  if (version && version[0] == 'v' && g_ascii_isdigit(version[1])) /* "v3.18" of Alpine */
    memmove(distro->version, version + 1, strlen(version));
  distro->ecosystem = g_strdup(fact(facts, "ecosystem"));
}

/* ---- the key of its advisories
 * ------------------------------------------------------------------- */
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
  return oakum_distro_key(oakum_distro_id("alpine"), version);
}

/* "platform:el9", "platform:f40": what a system of Red Hat's kin was built for, as dnf's modules
 * have it. The number behind `family`; NULL. */
static const char *platform(const OakumCatalogFacts *facts, const char *family)
{
  const char *said = fact(facts, "PLATFORM_ID");
  g_autofree char *start = g_strdup_printf("platform:%s", family);
  const char *number = said && g_str_has_prefix(said, start) ? said + strlen(start) : "";
  return *number && strspn(number, "0123456789") == strlen(number) ? number : NULL;
}

/* The release of Red Hat's that a system of another name and other numbers is of: that of
 * OpenShift's is 4.14, of TencentOS 3.1, of EulerOS 2.0. Without a word of it a small number is its
 * own. */
#define RHEL_NUMBERS_FROM 5u
static const char *rhel_version(const OakumDistro *distro, const OakumCatalogFacts *facts)
{
  const char *built = platform(facts, "el"), *told = fact(facts, "RHEL_VERSION");
  if (built || told)
    return built ? built : told;
  return distro->version && strtoul(distro->version, NULL, 10) >= RHEL_NUMBERS_FROM
             ? distro->version
             : NULL;
}

/* What a derivative is built from says more of its holes than its own name. */
static char *derived_key(const OakumDistro *distro, const OakumCatalogFacts *facts,
                         const char *repositories)
{
  const char *ubuntu = oakum_distro_release("ubuntu", fact(facts, "UBUNTU_CODENAME"));
  const char *debian = oakum_distro_release("debian", fact(facts, "DEBIAN_CODENAME"));
  g_auto(GStrv) like = g_strsplit(distro->like ? distro->like : "", " ", -1);
  if (ubuntu || debian)
    return oakum_distro_key(oakum_distro_id(ubuntu ? "ubuntu" : "debian"),
                            ubuntu ? ubuntu : debian);
  for (char **word = like; *word; word++) {
    const char *release = oakum_distro_release(*word, distro->codename);
    const OakumDistroId *known = oakum_distro_id(*word);
    if (strcmp(*word, "alpine") == 0)
      return alpine_key(NULL, repositories);
    if (known && release)
      return oakum_distro_key(known, release);
    if (known && strcmp(*word, "fedora") == 0 && platform(facts, "f"))
      return oakum_distro_key(known, platform(facts, "f"));
    if (known && strcmp(*word, "rhel") == 0)
      return oakum_distro_key(known, rhel_version(distro, facts));
    if (known && known->form == OAKUM_RELEASE_NONE) /* others count on in their own way */
      return oakum_distro_key(known, distro->version);
  }
  return NULL;
}

/* openEuler names its releases "22.03-LTS-SP3"; VERSION_ID is "22.03" in all of them, and the rest
 * stands in brackets of VERSION. Its advisories are of one service pack each. Where nothing tells
 * it (bills of materials, "22.03 LTS"), it is the first: those of March of even years are LTS. */
static char *openeuler_version(const OakumDistro *distro, const OakumCatalogFacts *facts)
{
  const char *version = fact(facts, "VERSION");
  const char *text = version ? version : distro->pretty ? distro->pretty : distro->version;
  const char *open = text ? strchr(text, '(') : NULL;
  size_t n = 0, digits = distro->version ? strspn(distro->version, "0123456789.") : 0;
  while (open && (g_ascii_isalnum(open[n + 1]) || open[n + 1] == '-'))
    n++;
  if (digits < strlen("22.03") || distro->version[digits] == '-')
    return g_strdup(distro->version);
  if (open && n > 0 && open[n + 1] == ')')
    return g_strdup_printf("%.*s-%.*s", (int)digits, distro->version, (int)n, open + 1);
  gboolean lts = digits == strlen("22.03") && (distro->version[1] - '0') % 2 == 0 &&
                 strncmp(distro->version + 2, ".03", 3) == 0;
  return g_strdup_printf("%.*s%s", (int)digits, distro->version, lts ? "-LTS" : "");
}

static void find_key(OakumDistro *distro, const OakumCatalogFacts *facts, const char *repositories)
{
  const OakumDistroId *known = oakum_distro_id(distro->id);
  const char *release = oakum_distro_release(distro->id, distro->codename);
  if (strcmp(distro->id, "alpine") == 0)
    distro->ecosystem = alpine_key(distro->version, repositories);
  else if (known && strcmp(known->id, "devuan") == 0) /* its numbers are not Debian's */
    distro->ecosystem =
        release ? oakum_distro_key(known, release) : derived_key(distro, facts, repositories);
  else if (known && strcmp(known->id, "rhcos") == 0)
    distro->ecosystem = oakum_distro_key(known, rhel_version(distro, facts));
  else if (known && strcmp(known->id, "openeuler") == 0) {
    g_autofree char *version = openeuler_version(distro, facts);
    distro->ecosystem = oakum_distro_key(known, version);
  } else if (known)
    distro->ecosystem = oakum_distro_key(known, distro->version ? distro->version : release);
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
      from_release_line(release_files[i], used, distro);
  }
  if (!distro->id && (used = facts_of(facts, OAKUM_SBOM_DOCUMENT)) != NULL)
    from_document(used, distro);
  g_autoptr(GString) sets = g_string_new(NULL);
  for (guint i = 0; i < facts->len; i++) {
    const char *more = fact(facts->pdata[i], "content_sets");
    if (more)
      g_string_append_printf(sets, "%s%s", sets->len ? " " : "", more);
  }
  distro->pro = g_strdup(fact(facts_of(facts, ubuntu_pro), "pro"));
  if (!distro->pro)
    distro->pro = g_strdup(fact(facts_of(facts, OAKUM_SBOM_DOCUMENT), "pro"));
  distro->repositories = sets->len ? g_strdup(sets->str) : NULL;
  const char *repositories = fact(facts_of(facts, repositories_file), "repositories");
  if (!distro->id && repositories)
    distro->id = g_strdup("alpine");
  if (distro->id && !distro->ecosystem)
    find_key(distro, used, repositories);
}
