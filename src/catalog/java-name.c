/* What an archive of Java is called, and of which version: by what Maven wrote into it, by its
 * manifest, or by the name of the file. */
#include "catalog/java-private.h"
#include "catalog/java-groups.inc"

static OakumPackage *add(const JavaArchive *archive, OakumSlice group, OakumSlice artifact,
                         OakumSlice version)
{
  OakumPackage *package =
      oakum_catalog_add(archive->work->sink, archive->work->file, "maven", artifact, version);
  if (!package)
    return NULL;
  oakum_package_say(&package->space, group);
  if (archive->within)
    g_ptr_array_add(package->paths, oakum_escape_utf8(archive->within, -1));
  return package;
}

/* "commons-lang3-3.12.0.jar" to its two parts; no version: all is the name. */
void oakum_java_split_name(const char *file, char **name, char **version)
{
  const char *dot = strrchr(file, '.');
  size_t len = dot ? (size_t)(dot - file) : strlen(file);
  for (size_t i = 1; i + 1 < len; i++)
    if ((file[i] == '-' || file[i] == '_') && g_ascii_isdigit(file[i + 1])) {
      *name = g_strndup(file, i);
      *version = g_strndup(file + i + 1, len - i - 1);
      return;
    }
  *name = g_strndup(file, len);
  *version = NULL;
}

static const char *attribute(const JavaArchive *archive, const char *const *names)
{
  for (; *names; names++) {
    const char *value = g_hash_table_lookup(archive->manifest, *names);
    if (value && *value && !strstr(value, "${") && g_ascii_strcasecmp(value, "unknown") != 0 &&
        g_ascii_strcasecmp(value, "unspecified") != 0)
      return value;
  }
  return NULL;
}

static gboolean is_version(const char *text)
{
  return text && *text && strlen(text) <= OAKUM_VERSION_MAX && !strchr(text, ' ') &&
         strpbrk(text, "0123456789");
}

/* A reverse domain: "org.apache.commons", no path, no spaces. */
static gboolean is_group(const char *text)
{
  if (!text || !strchr(text, '.') || !g_ascii_islower(*text))
    return FALSE;
  for (const char *at = text; *at; at++)
    if (!g_ascii_isalnum(*at) && !strchr("._-", *at))
      return FALSE;
  return TRUE;
}

static gboolean is_called(const char *artifact, const char *pattern)
{
  size_t n = strlen(pattern);
  return pattern[n - 1] == '*' ? strncmp(artifact, pattern, n - 1) == 0
                               : strcmp(artifact, pattern) == 0;
}

static char *known_group(const char *artifact, const char *version)
{
  for (size_t i = 0; version && g_ascii_isdigit(*version) && i < G_N_ELEMENTS(java_moved); i++)
    if (is_called(artifact, java_moved[i].pattern) &&
        g_ascii_strtoull(version, NULL, 10) < java_moved[i].before)
      return g_strdup(java_moved[i].group);
  for (size_t i = 0; i < G_N_ELEMENTS(java_groups); i++)
    if (is_called(artifact, java_groups[i][0]))
      return g_strdup(java_groups[i][1]);
  return NULL;
}

/* "checker.qual" is "checker-qual" as a module's name. */
static gboolean same_but_dots(const char *module, const char *artifact)
{
  for (; *module && *artifact; module++, artifact++)
    if (*module != *artifact && !(*module == '.' && (*artifact == '-' || *artifact == '_')))
      return FALSE;
  return *module == *artifact;
}

/* The group that a manifest lets guess. Bundle names are "GROUP.ARTIFACT" or the package. */
static char *guess_group(const JavaArchive *archive, const char *artifact, const char *version)
{
  static const char *const direct[] = {"implementation-vendor-id", NULL},
                           *const bundles[] = {"bundle-symbolicname", "extension-name",
                                               "automatic-module-name", NULL};
  char *known = known_group(artifact, version);
  if (known)
    return known;
  const char *value = attribute(archive, direct);
  if (is_group(value))
    return g_strdup(value);
  for (const char *const *one = bundles; *one; one++) {
    const char *single[] = {*one, NULL};
    value = attribute(archive, single);
    g_autofree char *cut = value ? g_strndup(value, strcspn(value, ";")) : NULL;
    if (!cut || !is_group(g_strstrip(cut)))
      continue;
    size_t n = strlen(cut), m = strlen(artifact);
    if (n > m + 1 && same_but_dots(cut + n - m, artifact) && cut[n - m - 1] == '.')
      cut[n - m - 1] = '\0';
    if (strchr(cut, '.'))
      return g_steal_pointer(&cut);
  }
  return NULL;
}

static gboolean is_own(const JavaPom *pom, const char *name)
{
  return g_ascii_strcasecmp(pom->artifact, name) == 0 ||
         (strlen(name) > strlen(pom->artifact) && g_str_has_prefix(name, pom->artifact) &&
          name[strlen(pom->artifact)] == '-'); /* with a classifier */
}

/* Bundles of OSGi are files called "GROUP.ARTIFACT", as org.eclipse.jdt.ecj. The group, and the
 * artifact in *name; NULL: it is no such name. */
static char *split_bundle(char **name)
{
  static const char *const tops[] = {"org.", "com.", "net.", "io.", "de.", "ch.", "fr.", "eu."};
  char *dot = strrchr(*name, '.');
  gboolean top = FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(tops); i++)
    top = top || g_str_has_prefix(*name, tops[i]);
  if (!top || !is_group(*name) || !dot[1] || strchr(*name, '.') == dot)
    return NULL;
  char *group = g_strndup(*name, (gsize)(dot - *name)), *artifact = g_strdup(dot + 1);
  g_free(*name);
  *name = artifact;
  return group;
}

/* A plugin of Jenkins says itself what it is: Group-Id, Short-Name (the artifact) and
 * Plugin-Version, behind which a build that was not released has a word in brackets (docs of
 * maven-hpi-plugin). */
static gboolean add_jenkins(const JavaArchive *archive)
{
  static const char *const names[] = {"short-name", NULL}, *const groups[] = {"group-id", NULL},
                           *const versions[] = {"plugin-version", NULL};
  const char *name = attribute(archive, names), *said = attribute(archive, versions),
             *group = attribute(archive, groups);
  g_autofree char *version = said ? g_strndup(said, strcspn(said, " ")) : NULL;
  if (!name || strpbrk(name, " /:") || !is_version(version) || !is_group(group))
    return FALSE;
  return add(archive, oakum_slice_of(group), oakum_slice_of(name), oakum_slice_of(version)) != NULL;
}

/* The package that the archive itself is, when no pom.properties of it was inside. */
static void add_guessed(const JavaArchive *archive, guint declared_inside)
{
  static const char *const versions[] = {"implementation-version", "bundle-version",
                                         "specification-version",  "plugin-version",
                                         "hudson-version",         NULL},
                           *const titles[] = {"implementation-title", "bundle-name",
                                              "specification-title",  "short-name",
                                              "extension-name",       NULL};
  g_autofree char *name = g_strdup(archive->own), *version = g_strdup(archive->own_version),
                  *group = NULL;
  const char *declared = attribute(archive, versions), *title = attribute(archive, titles);
  gboolean named = version != NULL; /* the file's name follows Maven's form */
  if (!is_version(version)) {
    g_free(version);
    version = is_version(declared) ? g_strdup(declared) : NULL;
  }
  if (!version)
    return;
  if (archive->artifact && (archive->sure || (!archive->several && declared_inside == 0))) {
    g_free(name);
    name = g_strdup(archive->artifact);
    group = g_strdup(archive->group);
  } else if (!named && title && !strpbrk(title, " /:") && archive->poms->len == 0) {
    const char *dot = strrchr(title, '.');
    const char *last = is_group(title) && dot ? dot + 1 : title;
    if (strlen(name) < 3 || g_hash_table_contains(archive->manifest, "implementation-title")) {
      g_free(name);
      name = g_strdup(last);
    }
  }
  if (!group)
    group = split_bundle(&name);
  if (!group)
    group = guess_group(archive, name, version);
  OakumPackage *package = add(archive, oakum_slice_of(group ? group : ""), oakum_slice_of(name),
                              oakum_slice_of(version));
  if (!package)
    return;
  package->guessed = TRUE;
  static const char *const licenses[] = {"bundle-license", NULL};
  const char *license = attribute(archive, licenses);
  if (license)
    oakum_package_say(&package->license, oakum_slice_of(license));
}

/* Whether the manifest says that the archive is something else than what Maven wrote into it. */
static gboolean declares_another(const JavaArchive *archive)
{
  static const char *const versions[] = {"implementation-version", "bundle-version", NULL},
                           *const names[] = {"bundle-symbolicname", "implementation-title", NULL};
  const char *version = attribute(archive, versions), *name = attribute(archive, names);
  if (!is_version(version) || !name)
    return FALSE;
  for (guint i = 0; i < archive->poms->len; i++) {
    const JavaPom *pom = archive->poms->pdata[i];
    if (pom->artifact && (strstr(name, pom->artifact) || g_strcmp0(pom->version, version) == 0))
      return FALSE;
  }
  return TRUE;
}

void oakum_java_add_packages(const JavaArchive *archive)
{
  gboolean own = FALSE;
  guint good = 0;
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < archive->poms->len; i++) {
    const JavaPom *pom = archive->poms->pdata[i];
    if (!pom->artifact || !pom->version || strstr(pom->version, "${"))
      continue;
    own = own || is_own(pom, archive->own);
    good++;
    /* a tool that merges archives may leave the same file twice */
    const char *group = pom->group ? pom->group : "";
    if (g_hash_table_add(seen, g_strdup_printf("%s\n%s\n%s", group, pom->artifact, pom->version)))
      add(archive, oakum_slice_of(group), oakum_slice_of(pom->artifact),
          oakum_slice_of(pom->version));
  }
  /* One alone is the archive's own, whatever the file is called, unless the manifest says another.
   * Of several none of which it is named after, it is one more, when its name has a version. */
  if (oakum_path_ends(archive->name, ".zip"))
    return;
  if (good == 0 && add_jenkins(archive))
    return;
  if (good == 0 || (!own && ((good > 1 && archive->own_version) || declares_another(archive))))
    add_guessed(archive, good);
}
