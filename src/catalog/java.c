/* Java: archives in archives. A package is, in this order: what Maven wrote into the archive
 * (pom.properties, one for each artifact that is shaded in), what the manifest declares, the name
 * of the file. The last two are marked as guessed. Also the `release` file of a JVM. */
#include "catalog/parts-private.h"
#include "catalog/java-groups.inc"

static const char *const endings[] = {".jar", ".war", ".ear",  ".par", ".sar", ".hpi", ".jpi",
                                      ".kar", ".rar", ".lpkg", ".nar", ".zip", NULL};

static gboolean is_archive(const char *name)
{
  for (const char *const *ending = endings; *ending; ending++)
    if (oakum_path_ends(name, *ending) && strlen(name) > strlen(*ending))
      return TRUE;
  return FALSE;
}

/* ---- one archive, wherever it lies ----------------------------------------------------------- */
/* A stretch of the file, or bytes that were unpacked. */
typedef struct {
  OakumCatalogFile *file;
  uint64_t start, size;
  const uint8_t *bytes; /* NULL: of the file */
} Stretch;

/* What is counted over all of one file. */
typedef struct {
  OakumCatalogFile *file;
  OakumCatalogSink *sink;
  uint64_t inflated;
  guint archives;
  gboolean over; /* a limit was told of; nothing more is opened */
} Work;

typedef struct {
  char *group, *artifact, *version;
} Pom;

typedef struct {
  Work *work;
  const char *within; /* "BOOT-INF/lib/a.jar!/x.jar", NULL: the file itself */
  const char *name;   /* of the archive: "a-1.0.jar" */
  guint depth;
  OakumZip *zip;
  const Stretch *stretch;
  GPtrArray *poms;         /* Pom */
  GHashTable *manifest;    /* main attributes */
  char *own, *own_version; /* the two parts of its name */
  char *group, *artifact;  /* of the path of a pom.xml without properties */
  gboolean sure;           /* that one is named as the archive is */
  gboolean several;        /* there are others, and none is */
} Archive;

static void pom_free(gpointer pom)
{
  Pom *one = pom;
  g_free(one->group);
  g_free(one->artifact);
  g_free(one->version);
  g_free(one);
}

static gboolean stretch_read(void *user, uint64_t offset, void *buffer, size_t len, GError **error)
{
  const Stretch *stretch = user;
  if (offset > stretch->size || len > stretch->size - offset) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "zip: cut short");
    return FALSE;
  }
  if (!stretch->bytes)
    return oakum_catalog_file_read(stretch->file, stretch->start + offset, buffer, len, error);
  if (len > 0)
    memcpy(buffer, stretch->bytes + offset, len);
  return TRUE;
}

static void tell(const Archive *archive, const char *what, const GError *error)
{
  const char *reason = error->code == OAKUM_ERROR_LIMIT         ? "limit"
                       : error->code == OAKUM_ERROR_UNSUPPORTED ? "unknown-format"
                                                                : "damaged";
  g_autofree char *title =
      archive->within ? g_strdup_printf("in %s: %s: %s", archive->within, what, error->message)
                      : g_strdup_printf("%s: %s", what, error->message);
  oakum_catalog_sink_incomplete(archive->work->sink, archive->work->file, reason, title);
}

static void tell_limit(const Archive *archive, const char *title)
{
  if (!archive->work->over)
    oakum_catalog_sink_incomplete(archive->work->sink, archive->work->file, "limit", title);
  archive->work->over = TRUE;
}

/* Counts what is about to be unpacked. */
static gboolean allowed(Archive *archive, uint64_t bytes)
{
  archive->work->inflated += bytes;
  if (archive->work->inflated <= OAKUM_JAR_INFLATED_MAX)
    return TRUE;
  tell_limit(archive, "the archives in it hold more than is unpacked");
  return FALSE;
}

static OakumPackage *add(const Archive *archive, OakumSlice group, OakumSlice artifact,
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

/* ---- what an archive says of itself ---------------------------------------------------------- */
/* Properties: "key=value" or "key:value" a line; Maven writes no escapes into these three. */
static void read_pom(Archive *archive, OakumSlice text)
{
  Pom *pom = g_new0(Pom, 1);
  OakumSlice line;
  g_ptr_array_add(archive->poms, pom);
  while (oakum_catalog_line(&text, &line)) {
    OakumSlice value, key;
    line = oakum_slice_strip(line);
    if (line.len == 0 || line.data[0] == '#' || line.data[0] == '!')
      continue;
    key = oakum_slice_cut(line, '=', &value);
    if (!value.data)
      key = oakum_slice_cut(line, ':', &value);
    key = oakum_slice_strip(key);
    char **into = oakum_slice_is(key, "groupId")      ? &pom->group
                  : oakum_slice_is(key, "artifactId") ? &pom->artifact
                  : oakum_slice_is(key, "version")    ? &pom->version
                                                      : NULL;
    if (into && !*into)
      *into = oakum_slice_value(value);
  }
}

/* The main section: "Name: value", lines that go on begin with a space, up to an empty line. */
static void read_manifest(Archive *archive, OakumSlice text)
{
  OakumSlice line;
  g_autofree char *key = NULL;
  g_autoptr(GString) value = g_string_new(NULL);
  guint fields = 0;
  gboolean more = TRUE;
  while (more && fields < OAKUM_CATALOG_FIELDS_MAX) {
    more = oakum_catalog_line(&text, &line);
    if (more && line.len > 0 && line.data[0] == ' ') {
      if (value->len < OAKUM_CATALOG_VALUE_MAX)
        g_string_append_len(value, (const char *)line.data + 1, (gssize)line.len - 1);
      continue;
    }
    if (key) {
      char *told = oakum_slice_value((OakumSlice){(const uint8_t *)value->str, value->len});
      if (told && !g_hash_table_contains(archive->manifest, key))
        g_hash_table_insert(archive->manifest, g_steal_pointer(&key), g_steal_pointer(&told));
      g_free(told);
      g_clear_pointer(&key, g_free);
    }
    OakumSlice rest, name = more ? oakum_slice_cut(line, ':', &rest) : line;
    if (!more || line.len == 0)
      break;
    if (!rest.data)
      continue;
    fields++;
    g_autofree char *raw = oakum_slice_value(name);
    key = raw ? g_ascii_strdown(raw, -1) : NULL;
    rest = oakum_slice_strip(rest);
    g_string_truncate(value, 0);
    g_string_append_len(value, (const char *)rest.data,
                        (gssize)MIN(rest.len, OAKUM_CATALOG_VALUE_MAX));
  }
}

static gboolean read_member(Archive *archive, guint index, uint64_t max, char **text,
                            size_t *text_len, const char *what)
{
  g_autoptr(GError) error = NULL;
  if (archive->work->over || !allowed(archive, oakum_zip_entry(archive->zip, index).size))
    return FALSE;
  if (oakum_zip_slurp(archive->zip, index, max, text, text_len, &error))
    return TRUE;
  tell(archive, what, error);
  return FALSE;
}

/* META-INF/maven/GROUP/ARTIFACT/pom.xml */
static void note_pom_path(Archive *archive, OakumSlice name)
{
  OakumSlice rest = {name.data + strlen("META-INF/maven/"), name.len - strlen("META-INF/maven/")};
  OakumSlice group = oakum_slice_cut(rest, '/', &rest),
             artifact = oakum_slice_cut(rest, '/', &rest);
  if (archive->sure || group.len == 0 || !oakum_slice_is(rest, "pom.xml"))
    return;
  archive->sure = oakum_slice_is(artifact, archive->own);
  if (archive->group && !archive->sure) {
    archive->several = TRUE;
    return;
  }
  g_free(archive->group);
  g_free(archive->artifact);
  archive->group = oakum_slice_value(group);
  archive->artifact = oakum_slice_value(artifact);
}

static void look_at(Archive *archive, guint index)
{
  OakumZipEntry entry = oakum_zip_entry(archive->zip, index);
  g_autofree char *text = NULL;
  size_t len;
  if (oakum_slice_is_nocase(entry.name, "META-INF/MANIFEST.MF")) {
    if (read_member(archive, index, OAKUM_JAR_MANIFEST_MAX, &text, &len, "its manifest"))
      read_manifest(archive, (OakumSlice){(const uint8_t *)text, len});
    return;
  }
  static const char file[] = "/pom.properties";
  if (!oakum_slice_begins(entry.name, "META-INF/maven/"))
    return;
  if (entry.name.len > sizeof file &&
      memcmp(entry.name.data + entry.name.len - (sizeof file - 1), file, sizeof file - 1) == 0) {
    if (archive->poms->len >= OAKUM_JAR_POMS_MAX)
      tell_limit(archive, "more artifacts in one archive than are read");
    else if (read_member(archive, index, OAKUM_JAR_PROPERTIES_MAX, &text, &len,
                         "its pom.properties"))
      read_pom(archive, (OakumSlice){(const uint8_t *)text, len});
  } else {
    note_pom_path(archive, entry.name);
  }
}

/* ---- who the archive is ---------------------------------------------------------------------- */
/* "commons-lang3-3.12.0.jar" to its two parts; no version: all is the name. */
static void split_name(const char *file, char **name, char **version)
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

static const char *attribute(const Archive *archive, const char *const *names)
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

static char *known_group(const char *artifact)
{
  for (size_t i = 0; i < G_N_ELEMENTS(java_groups); i++) {
    const char *pattern = java_groups[i][0];
    size_t n = strlen(pattern);
    gboolean open = pattern[n - 1] == '*';
    if (open ? strncmp(artifact, pattern, n - 1) == 0 : strcmp(artifact, pattern) == 0)
      return g_strdup(java_groups[i][1]);
  }
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
static char *guess_group(const Archive *archive, const char *artifact)
{
  static const char *const direct[] = {"implementation-vendor-id", NULL},
                           *const bundles[] = {"bundle-symbolicname", "extension-name",
                                               "automatic-module-name", NULL};
  char *known = known_group(artifact);
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

static gboolean is_own(const Pom *pom, const char *name)
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

/* The package that the archive itself is, when no pom.properties of it was inside. */
static void add_guessed(const Archive *archive, guint declared_inside)
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
    group = guess_group(archive, name);
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
static gboolean declares_another(const Archive *archive)
{
  static const char *const versions[] = {"implementation-version", "bundle-version", NULL},
                           *const names[] = {"bundle-symbolicname", "implementation-title", NULL};
  const char *version = attribute(archive, versions), *name = attribute(archive, names);
  if (!is_version(version) || !name)
    return FALSE;
  for (guint i = 0; i < archive->poms->len; i++) {
    const Pom *pom = archive->poms->pdata[i];
    if (pom->artifact && (strstr(name, pom->artifact) || g_strcmp0(pom->version, version) == 0))
      return FALSE;
  }
  return TRUE;
}

static void add_packages(const Archive *archive)
{
  gboolean own = FALSE;
  guint good = 0;
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < archive->poms->len; i++) {
    const Pom *pom = archive->poms->pdata[i];
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
  if (good == 0 || (!own && ((good > 1 && archive->own_version) || declares_another(archive))))
    add_guessed(archive, good);
}

/* ---- archives in archives -------------------------------------------------------------------- */
static void read_archive(Archive *archive);

static void read_nested(Archive *outer, guint index)
{
  Work *work = outer->work;
  OakumZipEntry entry = oakum_zip_entry(outer->zip, index);
  g_autofree char *path = oakum_escape_utf8((const char *)entry.name.data, (gssize)entry.name.len);
  g_autofree char *within =
      outer->within ? g_strdup_printf("%s!/%s", outer->within, path) : g_strdup(path);
  const char *slash = strrchr(path, '/');
  Archive inner = {
      .work = work, .within = within, .name = slash ? slash + 1 : path, .depth = outer->depth + 1};
  if (work->over)
    return;
  if (inner.depth > OAKUM_JAR_DEPTH_MAX) {
    tell_limit(outer, "archives in archives deeper than is looked");
    return;
  }
  if (++work->archives > OAKUM_JAR_ARCHIVES_MAX) {
    tell_limit(outer, "more archives in it than are opened");
    return;
  }
  g_autoptr(GError) error = NULL;
  g_autofree char *bytes = NULL;
  size_t len;
  Stretch stretch = *outer->stretch;
  uint64_t at;
  if (entry.method == 0) {
    if (!oakum_zip_stored_at(outer->zip, index, &at, &error)) {
      tell(&inner, "cannot be read", error);
      return;
    }
    stretch.start += at;
    stretch.bytes = stretch.bytes ? stretch.bytes + at : NULL;
    stretch.size = entry.size;
  } else {
    if (!allowed(outer, entry.size))
      return;
    if (!oakum_zip_slurp(outer->zip, index, OAKUM_JAR_NESTED_MAX, &bytes, &len, &error)) {
      tell(&inner, "cannot be read", error);
      return;
    }
    stretch = (Stretch){work->file, 0, len, (const uint8_t *)bytes};
  }
  inner.stretch = &stretch;
  read_archive(&inner);
}

static void read_archive(Archive *archive)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumZip) zip =
      oakum_zip_new(stretch_read, (void *)archive->stretch, archive->stretch->size, &error);
  if (!zip) {
    /* .zip and .rar may be anything; the others are nothing else */
    if (error->code != OAKUM_ERROR_NOT_FOUND ||
        !(oakum_path_ends(archive->name, ".zip") || oakum_path_ends(archive->name, ".rar")))
      tell(archive, "is no whole archive", error);
    return;
  }
  archive->zip = zip;
  archive->poms = g_ptr_array_new_with_free_func(pom_free);
  archive->manifest = oakum_str_map_new(g_free, g_free);
  split_name(archive->name, &archive->own, &archive->own_version);
  guint n = oakum_zip_count(zip);
  for (guint i = 0; i < n; i++)
    look_at(archive, i);
  add_packages(archive);
  g_ptr_array_unref(archive->poms);
  g_hash_table_unref(archive->manifest);
  g_free(archive->own);
  g_free(archive->own_version);
  g_free(archive->group);
  g_free(archive->artifact);
  for (guint i = 0; i < n && !archive->work->over; i++) {
    OakumZipEntry entry = oakum_zip_entry(zip, i);
    char tail[8] = {0};
    size_t m = MIN(entry.name.len, sizeof tail - 1);
    memcpy(tail, entry.name.data + entry.name.len - m, m);
    if (entry.size > 0 && is_archive(tail))
      read_nested(archive, i);
  }
}

/* A program in front of the archive (an executable jar) hides its mark. What is called as an
 * archive of Java in the first place is damaged when it is none; the rarer endings have other uses
 * as well. */
static gboolean wants_archive(const OakumCatalogEntry *entry)
{
  if (!is_archive(entry->base) || entry->size == 0)
    return FALSE;
  return oakum_slice_begins(entry->head, "PK") || oakum_slice_begins(entry->head, "#!") ||
         oakum_exe_sniff(entry->head) != OAKUM_EXE_NONE || oakum_path_ends(entry->base, ".jar") ||
         oakum_path_ends(entry->base, ".war") || oakum_path_ends(entry->base, ".ear");
}

static gboolean run_archive(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  const char *path = oakum_catalog_file_path(file), *slash = strrchr(path, '/');
  Work work = {.file = file, .sink = sink};
  Stretch stretch = {file, 0, oakum_catalog_file_size(file), NULL};
  Archive archive = {.work = &work, .name = slash ? slash + 1 : path, .stretch = &stretch};
  read_archive(&archive);
  return TRUE;
}

/* ---- the JVM --------------------------------------------------------------------------------- */
static gboolean wants_release(const OakumCatalogEntry *entry)
{
  size_t at;
  return strcmp(entry->base, "release") == 0 &&
         (oakum_slice_find(entry->head, "JAVA_VERSION=", &at) ||
          oakum_slice_find(entry->head, "JAVA_RUNTIME_VERSION=", &at));
}

/* NVD writes 1.8.0_392 as version 8, update "update392", and leaves out the build. */
static char *jvm_cpe(const char *version, gboolean oracle, gboolean jre)
{
  const char *product = !oracle ? "oracle:openjdk" : jre ? "oracle:jre" : "oracle:jdk";
  g_autofree char *plain = g_strndup(version, strcspn(version, "+-"));
  char *update = strchr(plain, '_');
  if (!g_str_has_prefix(plain, "1.") || !update)
    return oakum_catalog_cpe('a', product, plain, "*");
  g_autofree char *major = g_strndup(plain + 2, strcspn(plain + 2, "._")),
                  *said = g_strdup_printf("update%.*s", (int)strspn(update + 1, "0123456789"),
                                          update + 1);
  return oakum_catalog_cpe('a', product, major, said);
}

static gboolean run_release(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line, version = {NULL, 0}, runtime = version, full = version, type = version,
                         maker = version;
  if (!oakum_catalog_file_text(file, OAKUM_JAR_MANIFEST_MAX, &text, error))
    return FALSE;
  while (oakum_catalog_line(&text, &line)) {
    OakumSlice value, key = oakum_slice_cut(line, '=', &value);
    value = oakum_slice_strip(value);
    if (value.len >= 2 && value.data[0] == '"')
      value = (OakumSlice){value.data + 1, value.len - 2};
    if (oakum_slice_is(key, "JAVA_VERSION"))
      version = value;
    else if (oakum_slice_is(key, "JAVA_RUNTIME_VERSION"))
      runtime = value;
    else if (oakum_slice_is(key, "FULL_VERSION"))
      full = value;
    else if (oakum_slice_is(key, "IMAGE_TYPE"))
      type = value;
    else if (oakum_slice_is(key, "IMPLEMENTOR"))
      maker = value;
  }
  OakumSlice best = full.len > 0 ? full : runtime.len > 0 ? runtime : version;
  if (best.len == 0)
    return oakum_catalog_invalid(file, error, "a JVM without a version");
  gboolean jre = oakum_slice_is_nocase(type, "JRE");
  OakumPackage *package =
      oakum_catalog_add(sink, file, "generic", jre ? OAKUM_SLICE("jre") : OAKUM_SLICE("jdk"), best);
  if (!package)
    return TRUE;
  oakum_package_say(&package->maintainer, maker);
  package->cpe = jvm_cpe(package->version, oakum_slice_begins(maker, "Oracle"), jre);
  return TRUE;
}

const OakumCataloguer oakum_java_cataloguers[] = {
    {"java-archive", 1, wants_archive, run_archive},
    {"jvm-release", 1, wants_release, run_release, .whole = TRUE},
    {0}};
