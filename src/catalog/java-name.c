/* What an archive of Java is called, and of which version: by what Maven wrote into it, by its
 * manifest, or by the name of the file. */
#include "catalog/java-private.h"
#include "version/version.h"
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

/* Of Scala, behind the name of what was compiled by it: "2.12", "2.12.18", "3". */
static gboolean is_scala_release(const char *text, size_t len)
{
  return (len >= 4 && g_str_has_prefix(text, "2.1")) || (len == 1 && *text == '3');
}

/* How long "_2.13" or "_3" at the start of `text` is, the release of Scala that an artifact was
 * built for and that belongs to its name, when a version follows; 0: it is none. */
static size_t scala_suffix(const char *text)
{
  size_t n = strspn(text + 1, "0123456789.") + 1;
  return is_scala_release(text + 1, n - 1) && text[n] == '-' && g_ascii_isdigit(text[n + 1]) ? n
                                                                                             : 0;
}

/* The licence that a pom.xml declares, or for the archive itself its manifest. */
static void say_license(const JavaArchive *archive, OakumPackage *package, gboolean own)
{
  g_autofree char *key =
      g_strconcat(package->space ? package->space : "", "/", package->name, NULL);
  const char *declared = g_hash_table_lookup(archive->licenses, key),
             *bundle = own ? g_hash_table_lookup(archive->manifest, "bundle-license") : NULL;
  if (declared || bundle)
    oakum_package_say(&package->license, oakum_slice_of(declared ? declared : bundle));
}

/* How many of the `len` bytes of an artifact's name are in front of the release of Scala ("_2.12",
 * "_3"): bundles and packages are called without. All: there is none. */
static size_t bare_length(const char *artifact, size_t len)
{
  size_t mark = len;
  while (mark > 0 && (g_ascii_isdigit(artifact[mark - 1]) || artifact[mark - 1] == '.'))
    mark--;
  gboolean scala =
      mark > 1 && artifact[mark - 1] == '_' && is_scala_release(artifact + mark, len - mark);
  return scala ? mark - 1 : len;
}

/* "commons-lang3-3.12.0.jar" to its two parts; no version: all is the name. */
void oakum_java_split_name(const char *file, char **name, char **version)
{
  const char *dot = strrchr(file, '.');
  size_t len = dot ? (size_t)(dot - file) : strlen(file);
  for (size_t i = 1; i + 1 < len; i++)
    if ((file[i] == '-' || file[i] == '_') && g_ascii_isdigit(file[i + 1])) {
      if (file[i] == '_' && file[i + 1] == '2' && bare_length(file, len) == i)
        break; /* tool_2.13.jar: of no version */
      if (file[i] == '_')
        i += scala_suffix(file + i);
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

/* What a manifest calls the version, without what stands behind it: the day, the commit, who built
 * it ("8.11.1 0b002b11 - somebody - 2021-12-14"). Kotlin's has it twice:
 * "1.6.0-release-798(1.6.0)". A new string; NULL: none. */
static char *declared_version(const JavaArchive *archive, const char *const *names)
{
  const char *value = attribute(archive, names), *open = value ? strchr(value, '(') : NULL;
  if (!value)
    return NULL;
  size_t n = strcspn(value, " ");
  if (value[n] && !g_ascii_isdigit(*value))
    return NULL;
  size_t twice = open ? strcspn(open + 1, ")") : 0;
  if (twice > 0 && (size_t)(open - value) < n && strncmp(value, open + 1, twice) == 0)
    n = twice;
  return g_strndup(value, n);
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
        oakum_version_order(OAKUM_VERSION_MAVEN, version, java_moved[i].before) < 0)
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

/* Whether the first `n` bytes of `name` are a domain below which each project has one of its own.
 */
static gboolean is_shared_domain(const char *name, size_t n)
{
  static const char *const domains[] = {
      "org.apache", "org.eclipse", "org.codehaus", "org.glassfish",   "com.google",
      "com.github", "io.github",   "net.sf",       "net.sourceforge", "net.java"};
  for (size_t i = 0; i < G_N_ELEMENTS(domains); i++)
    if (n == strlen(domains[i]) && memcmp(name, domains[i], n) == 0)
      return TRUE;
  return FALSE;
}

/* Cuts ".tail" off, where a group of its own is left. */
static gboolean cut_tail(char *dotted, const char *tail)
{
  size_t n = strlen(dotted), m = strlen(tail), keep = n > m + 1 ? n - m - 1 : 0;
  if (keep == 0 || dotted[keep] != '.' || !same_but_dots(dotted + keep + 1, tail) ||
      !memchr(dotted, '.', keep) || is_shared_domain(dotted, keep))
    return FALSE;
  dotted[keep] = '\0';
  return TRUE;
}

/* Cuts what stands behind the first word of the artifact. */
static gboolean cut_behind_word(char *dotted, const char *artifact)
{
  size_t word = strcspn(artifact, "-_");
  for (char *at = strchr(dotted, '.'); at; at = strchr(at + 1, '.'))
    if (strcspn(at + 1, ".") == word && g_ascii_strncasecmp(at + 1, artifact, word) == 0) {
      at[1 + word] = '\0';
      return TRUE;
    }
  return FALSE;
}

/* Cuts what a module or a package is called to the group that it most likely has: org.x.shop.sql of
 * shop-core is in org.x.shop, com.x.shop of shop in com.x, com.x.jwt of java-jwt as well. */
static void cut_to_group(char *dotted, const char *name)
{
  g_autofree char *artifact = g_strndup(name, bare_length(name, strlen(name)));
  const char *last = strrchr(artifact, '-');
  if (!cut_tail(dotted, artifact) && !cut_behind_word(dotted, artifact) && last)
    cut_tail(dotted, last + 1);
}

/* The folder of a class, "org/x/shop"; empty: of none that counts. */
static OakumSlice package_of(OakumSlice name)
{
  OakumSlice none = {NULL, 0};
  if (name.len < 7 || memcmp(name.data + name.len - 6, ".class", 6) != 0 ||
      oakum_slice_begins(name, "META-INF/"))
    return none;
  while (name.len > 0 && name.data[name.len - 1] != '/')
    name.len--;
  if (name.len == 0)
    return none;
  name.len--;
  const uint8_t *slash = memchr(name.data, '/', name.len);
  return slash ? name : none;
}

/* The first two folders: "org/x". */
static OakumSlice top_of(OakumSlice package)
{
  OakumSlice rest, first = oakum_slice_cut(package, '/', &rest),
                   second = oakum_slice_cut(rest, '/', &rest);
  return (OakumSlice){first.data, first.len + 1 + second.len};
}

static gboolean same_slice(OakumSlice a, OakumSlice b)
{
  return a.len == b.len && a.len > 0 && memcmp(a.data, b.data, a.len) == 0;
}

/* What the folders `a` and `b` have in common. */
static OakumSlice common_folder(OakumSlice a, OakumSlice b)
{
  size_t n = 0, last = 0;
  for (; n < a.len && n < b.len && a.data[n] == b.data[n]; n++)
    if (a.data[n] == '/')
      last = n;
  gboolean whole = (n == a.len || a.data[n] == '/') && (n == b.len || b.data[n] == '/');
  a.len = whole ? n : last;
  return a;
}

/* The group by the package that most classes are in. Archives that say nothing of themselves were
 * made by other tools than Maven, and are still called and laid out as it does. NULL: no package
 * has most of them. */
static char *group_of_packages(const JavaArchive *archive, const char *artifact)
{
  OakumSlice best = {NULL, 0}, all = best;
  guint n = oakum_zip_count(archive->zip), lead = 0, classes = 0, within = 0;
  for (guint i = 0; i < n; i++) { /* the majority by vote (Boyer and Moore), then its proof */
    OakumSlice top = top_of(package_of(oakum_zip_entry(archive->zip, i).name));
    if (!top.data)
      continue;
    classes++;
    if (lead == 0)
      best = top;
    lead += same_slice(top, best) ? 1 : -1u;
  }
  for (guint i = 0; i < n; i++) {
    OakumSlice package = package_of(oakum_zip_entry(archive->zip, i).name);
    if (!package.data || !same_slice(top_of(package), best))
      continue;
    within++;
    all = all.data ? common_folder(all, package) : package;
  }
  if (classes == 0 || within * 2 <= classes)
    return NULL;
  g_autofree char *dotted = oakum_slice_value(all);
  if (!dotted)
    return NULL;
  g_strdelimit(dotted, "/", '.');
  if (!is_group(dotted))
    return NULL;
  cut_to_group(dotted, artifact);
  return g_steal_pointer(&dotted);
}

/* Whether a name is below one of the domains that most projects are in: "com.lihaoyi", but not
 * "jdom.org", which is the address of one. */
static gboolean is_below_top(const char *name)
{
  static const char *const tops[] = {"org.", "com.", "net.", "io.", "de.", "ch.", "fr.", "eu."};
  for (size_t i = 0; i < G_N_ELEMENTS(tops); i++)
    if (g_str_has_prefix(name, tops[i]))
      return TRUE;
  return FALSE;
}

/* Whether the manifest is that of one of the artifacts that were merged into the archive: it has
 * the version of one of them, and the file another. */
static gboolean is_of_merged(const JavaArchive *archive, const char *declared)
{
  if (!declared || !archive->own_version || strcmp(declared, archive->own_version) == 0)
    return FALSE;
  for (guint i = 0; i < archive->poms->len; i++)
    if (g_strcmp0(((const JavaPom *)archive->poms->pdata[i])->version, declared) == 0)
      return TRUE;
  return FALSE;
}

/* Nebula's plugin of Gradle writes "GROUP#PROJECT;VERSION" as the title. */
static char *group_of_title(const JavaArchive *archive, const char *version)
{
  static const char *const titles[] = {"implementation-title", NULL};
  const char *title = attribute(archive, titles), *hash = title ? strchr(title, '#') : NULL,
             *semicolon = hash ? strchr(hash, ';') : NULL;
  g_autofree char *group = semicolon ? g_strndup(title, (gsize)(hash - title)) : NULL;
  return is_group(group) && g_strcmp0(semicolon + 1, version) == 0 ? g_steal_pointer(&group) : NULL;
}

/* The group that a manifest lets guess, or else the classes. Bundle names are "GROUP.ARTIFACT" or
 * the package. sbt writes the group as the vendor too. */
static char *guess_group(const JavaArchive *archive, const char *artifact, const char *version)
{
  static const char *const direct[] = {"implementation-vendor-id", "implementation-vendor", NULL},
                           *const bundles[] = {"bundle-symbolicname", "extension-name",
                                               "automatic-module-name", NULL};
  char *known = group_of_title(archive, version);
  if (!known)
    known = known_group(artifact, version);
  if (known)
    return known;
  static const char *const versions[] = {"implementation-version", NULL};
  if (is_of_merged(archive, attribute(archive, versions)))
    return group_of_packages(archive, artifact);
  for (const char *const *one = direct; *one; one++) {
    const char *single[] = {*one, NULL}, *vendor = attribute(archive, single);
    if (is_group(vendor) && !is_shared_domain(vendor, strlen(vendor)) &&
        (one == direct || is_below_top(vendor)))
      return g_strdup(vendor);
  }
  const char *value;
  for (const char *const *one = bundles; *one; one++) {
    const char *single[] = {*one, NULL};
    value = attribute(archive, single);
    g_autofree char *cut = value ? g_strndup(value, strcspn(value, ";")) : NULL;
    if (!cut || !is_group(g_strstrip(cut)))
      continue;
    cut_to_group(cut, artifact);
    return g_steal_pointer(&cut);
  }
  return group_of_packages(archive, artifact);
}

static gboolean is_own(const JavaArchive *archive, const JavaPom *pom)
{
  const char *name = archive->own;
  g_autofree char *file = g_strdup_printf("%s-%s.", pom->artifact, pom->version);
  return g_str_has_prefix(archive->name, file) || g_ascii_strcasecmp(pom->artifact, name) == 0 ||
         (strlen(name) > strlen(pom->artifact) && g_str_has_prefix(name, pom->artifact) &&
          name[strlen(pom->artifact)] == '-'); /* with a classifier */
}

/* Bundles of OSGi are files called by the whole name, as org.osgi.core, which is that of the
 * artifact too, in the group before its last dot. Only where that group is known to call it
 * otherwise, as org.eclipse.jdt.ecj, it is cut. The group, and the artifact in *name; NULL: it is
 * no such name. */
static char *split_bundle(char **name)
{
  char *dot = NULL;
  for (char *at = strchr(*name, '.'); at; at = strchr(at + 1, '.'))
    if (!g_ascii_isdigit(at[1])) /* that of "jaxb-api-2.2" is none */
      dot = at;
  if (!is_below_top(*name) || !dot || !is_group(*name) || !dot[1] || strchr(*name, '.') == dot)
    return NULL;
  g_autofree char *above = g_strndup(*name, (gsize)(dot - *name)),
                  *known = known_group(dot + 1, NULL), *artifact = g_strdup(dot + 1);
  char *group = known_group(*name, NULL);
  if (g_strcmp0(known, above) == 0) {
    g_free(*name);
    *name = g_steal_pointer(&artifact);
  }
  if (!group)
    group = g_steal_pointer(&above);
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

/* Whether a word behind a version and a dash belongs to the version; others are what Maven calls a
 * classifier, as "no_aop" and "linux-x86_64". */
static gboolean is_qualifier(const char *word)
{
  static const char *const words[] = {"alpha", "beta",    "milestone",  "rc",     "cr",
                                      "ga",    "final",   "release",    "sp",     "snapshot",
                                      "jre",   "android", "incubating", "pre",    "preview",
                                      "ea",    "dev",     "build",      "m",      "b",
                                      "rev",   "patch",   "hadoop",     "groovy", "redhat"};
  size_t n = 0;
  while (g_ascii_isalpha(word[n]))
    n++;
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (strlen(words[i]) == n && g_ascii_strncasecmp(word, words[i], n) == 0)
      return TRUE;
  return FALSE;
}

/* Puts the border between the two parts of the file's name where the manifest says: in
 * log4j-1.2-api-2.17.1 and guice-3.1.0-no_aop no rule of names can tell. */
static void part_as_declared(const char *file, char **name, char **version, const char *declared)
{
  if (!*version || !is_version(declared) || !g_ascii_isdigit(*declared))
    return;
  size_t n = strlen(*version), m = strlen(declared);
  if (n > m + 1 && g_str_has_suffix(*version, declared) && (*version)[n - m - 1] == '-') {
    size_t middle = n - m - 1;
    char mark = file[strlen(*name)]; /* "-" or "_" */
    gboolean series =
        middle <= m && strncmp(*version, declared, middle) == 0 && strchr(".-", declared[middle]);
    char *whole = series ? g_strdup(*name) /* log4j-1.2-1.2.17, as Debian calls it */
                         : g_strdup_printf("%s%c%.*s", *name, mark, (int)middle, *version);
    g_free(*name);
    g_free(*version);
    *name = whole;
    *version = g_strdup(declared);
  } else if (n > m + 1 && g_str_has_prefix(*version, declared) && (*version)[m] == '-' &&
             g_ascii_isalpha((*version)[m + 1]) && !is_qualifier(*version + m + 1)) {
    (*version)[m] = '\0';
  }
}

/* Cuts the classifiers that tools put behind the version of an archive with all that it needs, or
 * with code of machines: their manifests seldom say the version. */
static void cut_classifier(char *version)
{
  static const char *const ends[] = {
      "-exec", "-jar-with-dependencies", "-shaded", "-all", "-fat", "-uber", "-runner", "-native"};
  for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
    if (g_str_has_suffix(version, ends[i]) && strlen(version) > strlen(ends[i])) {
      version[strlen(version) - strlen(ends[i])] = '\0';
      return;
    }
}

/* The server of Tomcat has jars that are called shorter than Maven's of the same content, which
 * advisories name: catalina.jar is tomcat-catalina. Since 8.5 the name of the bundle tells it, as
 * org.apache.tomcat-catalina; before, that of the product. A new string; NULL: it is another. */
static char *tomcat_artifact(const JavaArchive *archive, const char *name)
{
  static const char *const bundles[] = {"bundle-symbolicname", NULL},
                           *const titles[] = {"implementation-title", NULL},
                           *const renamed[] = {"tribes", "ssi", "storeconfig"};
  const char *bundle = attribute(archive, bundles), *title = attribute(archive, titles);
  size_t series = g_str_has_prefix(name, "tomcat") ? 6 + strspn(name + 6, "0123456789") : 0;
  if (series > 6 && name[series] == '-' && !bundle) /* as Debian calls them: tomcat10-jdbc */
    return g_strconcat("tomcat", name + series, NULL);
  if (g_str_has_prefix(name, "tomcat-")) /* as Maven's are, some of them by another bundle's name */
    return NULL;
  if (bundle && g_str_has_prefix(bundle, "org.apache.tomcat-") && !strpbrk(bundle, "; "))
    return g_strdup(bundle + strlen("org.apache."));
  if (g_strcmp0(title, "Apache Tomcat") != 0 ||
      !(g_str_has_prefix(name, "catalina") || g_str_has_prefix(name, "jasper")))
    return NULL;
  const char *dash = strchr(name, '-');
  for (size_t i = 0; dash && i < G_N_ELEMENTS(renamed); i++)
    if (strcmp(dash + 1, renamed[i]) == 0)
      return g_strconcat("tomcat-", renamed[i], NULL);
  return g_strconcat("tomcat-", name, NULL);
}

/* How many projects the classes are of, by the first two folders, up to `most`; Java's own count
 * for nothing. */
static guint count_projects(const JavaArchive *archive, guint most)
{
  g_autoptr(GHashTable) tops = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < oakum_zip_count(archive->zip) && g_hash_table_size(tops) < most; i++) {
    OakumSlice top = top_of(package_of(oakum_zip_entry(archive->zip, i).name));
    char *name = top.data && !oakum_slice_begins(top, "java") ? oakum_slice_value(top) : NULL;
    if (name)
      g_hash_table_add(tops, name);
  }
  return g_hash_table_size(tops);
}

/* Tools that merge archives may leave out what Maven wrote. What was merged is then not known; an
 * archive of one's own code has classes of one project, or of few. */
static void tell_merged(const JavaArchive *archive)
{
  if (count_projects(archive, OAKUM_JAR_PROJECTS) < OAKUM_JAR_PROJECTS)
    return;
  g_autofree char *title =
      g_strdup_printf("%s%sholds classes of several projects, and nothing says which versions",
                      archive->within ? archive->within : "", archive->within ? ": " : "");
  oakum_catalog_sink_incomplete(archive->work->sink, archive->work->file, "unknown-format", title);
}

/* Whether no pattern but the very name is known. */
static gboolean is_known_exactly(const char *artifact)
{
  for (size_t i = 0; i < G_N_ELEMENTS(java_groups); i++)
    if (strcmp(java_groups[i][0], artifact) == 0)
      return TRUE;
  return FALSE;
}

/* Whether the manifest's title names the artifact better than the file: not a product's name that
 * the file has in small letters, nor what a build tool writes for all of its jars. */
static gboolean is_title_better(const char *title, const char *file)
{
  g_autofree char *small = g_ascii_strdown(title, -1), *name = g_ascii_strdown(file, -1);
  gboolean capitals = strcmp(small, title) != 0;
  return !strpbrk(title, " /:#") && strcmp(title, "jar") != 0 &&
         (strlen(file) < 3 || !strstr(name, small)) && !(capitals && is_known_exactly(file));
}

/* The package that the archive itself is, when no pom.properties of it was inside. */
static void add_guessed(const JavaArchive *archive, guint declared_inside)
{
  static const char *const versions[] = {"implementation-version",
                                         "bundle-version",
                                         OAKUM_JAVA_SECTION_VERSION,
                                         "specification-version",
                                         "plugin-version",
                                         "hudson-version",
                                         NULL},
                           *const titles[] = {"implementation-title", "bundle-name",
                                              "specification-title",  "short-name",
                                              "extension-name",       NULL};
  g_autofree char *name = g_strdup(archive->own), *version = g_strdup(archive->own_version),
                  *group = NULL, *declared = declared_version(archive, versions);
  const char *title = attribute(archive, titles);
  gboolean named = version != NULL; /* the file's name follows Maven's form */
  part_as_declared(archive->name, &name, &version, declared);
  if (version)
    cut_classifier(version);
  if (!is_version(version)) {
    g_free(version);
    version = is_version(declared) ? g_strdup(declared) : NULL;
  }
  /* what is called as something that others publish is told, though nothing says its version */
  if (!version && declared_inside == 0 && is_known_exactly(name))
    version = g_strdup("");
  if (!version) {
    if (declared_inside == 0)
      tell_merged(archive);
    return;
  }
  if (archive->artifact && (archive->sure || (!archive->several && declared_inside == 0))) {
    g_free(name);
    name = g_strdup(archive->artifact);
    group = g_strdup(archive->group);
  } else if (!named && title && archive->poms->len == 0) {
    const char *dot = strrchr(title, '.');
    const char *last = is_group(title) && dot ? dot + 1 : title;
    if (is_title_better(last, name) &&
        (strlen(name) < 3 || g_hash_table_contains(archive->manifest, "implementation-title"))) {
      g_free(name);
      name = g_strdup(last);
    }
  }
  char *tomcat = tomcat_artifact(archive, name);
  if (tomcat) {
    g_free(name);
    name = tomcat;
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
  say_license(archive, package, TRUE);
}

/* Whether the manifest says that the archive is something else than what Maven wrote into it. */
static gboolean declares_another(const JavaArchive *archive)
{
  static const char *const versions[] = {"implementation-version", "bundle-version", NULL},
                           *const names[] = {"bundle-symbolicname", "implementation-title", NULL};
  g_autofree char *version = declared_version(archive, versions);
  const char *name = attribute(archive, names);
  if (!is_version(version) || !name)
    return FALSE;
  for (guint i = 0; i < archive->poms->len; i++) {
    const JavaPom *pom = archive->poms->pdata[i];
    if (pom->artifact && (strstr(name, pom->artifact) || g_strcmp0(pom->version, version) == 0))
      return FALSE;
  }
  return TRUE;
}

static gboolean are_alike(const char *a, const char *b)
{
  return strstr(a, b) || strstr(b, a);
}

/* Whether the file's name says so: xalan-2.7.2.jar is more than the bcel 6.4.1 that was merged into
 * it. A file that is only called otherwise has the version of what it is. */
static gboolean named_another(const JavaArchive *archive)
{
  if (!is_version(archive->own_version))
    return FALSE;
  for (guint i = 0; i < archive->poms->len; i++) {
    const JavaPom *pom = archive->poms->pdata[i];
    if (pom->artifact && pom->version &&
        (are_alike(pom->artifact, archive->own) || are_alike(pom->version, archive->own_version)))
      return FALSE;
  }
  return TRUE;
}

/* The version of `artifact` where it is said to be `version` and the file's name has these two
 * parts. What was released in several builds has them in the file's name alone, as that is where
 * Maven Central has them (mssql-jdbc-12.4.2.jre11), and what is called a release was one, whatever
 * stood in its pom.xml when it was made. */
static const char *released(const char *artifact, const char *version, const char *own,
                            const char *own_version)
{
  size_t n = strlen(version), m = own_version ? strlen(own_version) : 0;
  if (m == 0 || strcmp(artifact, own) != 0)
    return version;
  gboolean build = m > n + 1 && g_str_has_prefix(own_version, version) &&
                   g_str_has_prefix(own_version + n, ".jre") && g_ascii_isdigit(own_version[n + 4]),
           snapshot = n == m + strlen("-SNAPSHOT") && g_str_has_prefix(version, own_version) &&
                      strcmp(version + m, "-SNAPSHOT") == 0;
  return build || snapshot ? own_version : version;
}

/* Whether `group` is what a tool makes of a manifest, a path or the artifact, where `known` is
 * meant: "org.hsqldb.hsqldb", "org.apache.xerces.impl.Version", "org.apache" of ivy, "guava". */
static gboolean is_made_up(const char *group, const char *artifact, const char *known)
{
  size_t n = strlen(group), m = strlen(artifact), k = strlen(known);
  if (strcmp(group, artifact) == 0)
    return TRUE;
  for (const char *at = group; *at; at++)
    if (g_ascii_isupper(*at))
      return TRUE;
  return (n > m && group[n - m - 1] == '.' && g_str_has_suffix(group, artifact)) ||
         (n > k && group[k] == '.' && g_str_has_prefix(group, known)) ||
         (k > n && known[n] == '.' && g_str_has_prefix(known, group));
}

void oakum_java_settle(OakumPackage *package, const char *path, gboolean archive, gboolean guessed)
{
  g_autofree char *own = NULL, *own_version = NULL,
                  *known = archive ? known_group(package->name, package->version) : NULL;
  if (known && (!package->space || guessed || is_made_up(package->space, package->name, known))) {
    g_free(package->space);
    package->space = g_steal_pointer(&known);
  }
  if (!path || !*path)
    return;
  oakum_java_split_name(oakum_path_base(path), &own, &own_version);
  const char *version = released(package->name, package->version, own, own_version);
  if (version != package->version) {
    g_free(package->version);
    package->version = g_strdup(version);
  }
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
    gboolean is_it = is_own(archive, pom) || archive->poms->len == 1;
    own = own || is_own(archive, pom);
    good++;
    /* a tool that merges archives may leave the same file twice */
    const char *group = pom->group ? pom->group : "",
               *version = released(pom->artifact, pom->version, archive->own, archive->own_version);
    OakumPackage *package =
        g_hash_table_add(seen, g_strdup_printf("%s\n%s\n%s", group, pom->artifact, version))
            ? add(archive, oakum_slice_of(group), oakum_slice_of(pom->artifact),
                  oakum_slice_of(version))
            : NULL;
    if (package)
      say_license(archive, package, is_it);
  }
  /* One alone is the archive's own, unless the manifest, or name and version of the file, say
   * another. Of several none of which it is named after, it is one more, when its name has a
   * version. */
  if (oakum_path_ends(archive->name, ".zip"))
    return;
  if (good == 0 && add_jenkins(archive))
    return;
  if (good == 0 || (!own && ((good > 1 && archive->own_version) || declares_another(archive) ||
                             named_another(archive))))
    add_guessed(archive, good);
}
