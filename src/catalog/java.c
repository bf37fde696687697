/* Java: archives in archives. A package is, in this order: what Maven wrote into the archive
 * (pom.properties, one for each artifact that is shaded in), what the manifest declares, the name
 * of the file. The last two are marked as guessed (java-name.c). */
#include "catalog/java-private.h"

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
static void pom_free(gpointer pom)
{
  JavaPom *one = pom;
  g_free(one->group);
  g_free(one->artifact);
  g_free(one->version);
  g_free(one);
}

static gboolean stretch_read(void *user, uint64_t offset, void *buffer, size_t len, GError **error)
{
  const JavaStretch *stretch = user;
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

static void tell(const JavaArchive *archive, const char *what, const GError *error)
{
  const char *reason = error->code == OAKUM_ERROR_LIMIT         ? "limit"
                       : error->code == OAKUM_ERROR_UNSUPPORTED ? "unknown-format"
                                                                : "damaged";
  g_autofree char *title =
      archive->within ? g_strdup_printf("in %s: %s: %s", archive->within, what, error->message)
                      : g_strdup_printf("%s: %s", what, error->message);
  oakum_catalog_sink_incomplete(archive->work->sink, archive->work->file, reason, title);
}

static void tell_limit(const JavaArchive *archive, const char *title)
{
  if (!archive->work->over)
    oakum_catalog_sink_incomplete(archive->work->sink, archive->work->file, "limit", title);
  archive->work->over = TRUE;
}

/* Counts what is about to be unpacked. */
static gboolean allowed(JavaArchive *archive, uint64_t bytes)
{
  archive->work->inflated += bytes;
  if (archive->work->inflated <= OAKUM_JAR_INFLATED_MAX)
    return TRUE;
  tell_limit(archive, "the archives in it hold more than is unpacked");
  return FALSE;
}

/* ---- what an archive says of itself ---------------------------------------------------------- */
/* Properties: "key=value" or "key:value" a line; Maven writes no escapes into these three. */
static void read_pom(JavaArchive *archive, OakumSlice text)
{
  JavaPom *pom = g_new0(JavaPom, 1);
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

/* "Name: value", lines that go on begin with a space, up to an empty line the main section. Of
 * others the first version is kept. */
static void read_manifest(JavaArchive *archive, OakumSlice text)
{
  OakumSlice line;
  g_autofree char *key = NULL;
  g_autoptr(GString) value = g_string_new(NULL);
  guint fields = 0;
  gboolean more = TRUE, section = FALSE;
  while (more && fields < OAKUM_CATALOG_FIELDS_MAX) {
    more = oakum_catalog_line(&text, &line);
    if (more && line.len > 0 && line.data[0] == ' ') {
      if (value->len < OAKUM_CATALOG_VALUE_MAX)
        g_string_append_len(value, (const char *)line.data + 1, (gssize)line.len - 1);
      continue;
    }
    if (key) {
      char *told = oakum_slice_value((OakumSlice){(const uint8_t *)value->str, value->len});
      if (section) {
        if (strcmp(key, "implementation-version") == 0)
          g_hash_table_insert(archive->manifest, g_strdup(OAKUM_JAVA_SECTION_VERSION),
                              g_steal_pointer(&told));
        more = more && !g_hash_table_contains(archive->manifest, OAKUM_JAVA_SECTION_VERSION);
      } else if (told && !g_hash_table_contains(archive->manifest, key))
        g_hash_table_insert(archive->manifest, g_steal_pointer(&key), g_steal_pointer(&told));
      g_free(told);
      g_clear_pointer(&key, g_free);
    }
    OakumSlice rest, name = more ? oakum_slice_cut(line, ':', &rest) : line;
    section = section || line.len == 0;
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

static gboolean read_member(JavaArchive *archive, guint index, uint64_t max, char **text,
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
static void note_pom_path(JavaArchive *archive, OakumSlice name)
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

/* Of several licences in a POM the user may choose (maven.apache.org/pom.html). */
static gboolean read_licenses(gpointer user, const OakumXml *licenses, GError **error)
{
  for (guint i = 0; i < licenses->children->len; i++) {
    const OakumXml *one = licenses->children->pdata[i];
    const char *name = oakum_xml_text(one, "name"), *url = oakum_xml_text(one, "url");
    if (strcmp(one->name, "license") == 0 && (name || url))
      oakum_catalog_license_append(user, " OR ", oakum_slice_of(name ? name : url));
  }
  return TRUE;
}

/* What META-INF/maven/GROUP/ARTIFACT/pom.xml declares itself. Without it, or where it cannot be
 * read, the package is known all the same. */
static void note_pom_licenses(JavaArchive *archive, guint index, OakumSlice name)
{
  static const char *const places[] = {"/project/licenses", NULL};
  const size_t head = strlen("META-INF/maven/"), tail = strlen("/pom.xml");
  g_autofree char *text = NULL;
  size_t len, at;
  uint64_t size = oakum_zip_entry(archive->zip, index).size;
  if (name.len <= head + tail || memcmp(name.data + name.len - tail, "/pom.xml", tail) != 0 ||
      size > OAKUM_JAR_POM_MAX || archive->work->over || !allowed(archive, size) ||
      !oakum_zip_slurp(archive->zip, index, OAKUM_JAR_POM_MAX, &text, &len, NULL) ||
      !oakum_slice_find((OakumSlice){(const uint8_t *)text, len}, "<licenses>", &at))
    return;
  g_autoptr(GString) found = g_string_new(NULL);
  char *key = oakum_slice_value((OakumSlice){name.data + head, name.len - head - tail});
  if (key && oakum_xml_read(oakum_reader_new_memory(text, len), places, read_licenses, found, NULL))
    g_hash_table_replace(archive->licenses, g_steal_pointer(&key), g_strdup(found->str));
  g_free(key);
}

static void look_at(JavaArchive *archive, guint index)
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
    note_pom_licenses(archive, index, entry.name);
  }
}

/* ---- archives in archives -------------------------------------------------------------------- */
static void read_archive(JavaArchive *archive);

static void read_nested(JavaArchive *outer, guint index)
{
  JavaWork *work = outer->work;
  OakumZipEntry entry = oakum_zip_entry(outer->zip, index);
  g_autofree char *path = oakum_escape_utf8((const char *)entry.name.data, (gssize)entry.name.len);
  g_autofree char *within =
      outer->within ? g_strdup_printf("%s!/%s", outer->within, path) : g_strdup(path);
  JavaArchive inner = {
      .work = work, .within = within, .name = oakum_path_base(path), .depth = outer->depth + 1};
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
  size_t len = 0;
  JavaStretch stretch = *outer->stretch;
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
    uint64_t room = OAKUM_JAR_HELD_MAX - work->held; /* archives around it are held meanwhile */
    if (!oakum_zip_slurp(outer->zip, index, MIN(room, OAKUM_JAR_NESTED_MAX), &bytes, &len,
                         &error)) {
      tell(&inner, "cannot be read", error);
      return;
    }
    work->held += len;
    stretch = (JavaStretch){work->file, 0, len, (const uint8_t *)bytes};
  }
  inner.stretch = &stretch;
  read_archive(&inner);
  work->held -= bytes ? len : 0;
}

static void read_archive(JavaArchive *archive)
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
  archive->licenses = oakum_str_map_new(g_free, g_free);
  oakum_java_split_name(archive->name, &archive->own, &archive->own_version);
  guint n = oakum_zip_count(zip);
  for (guint i = 0; i < n; i++)
    look_at(archive, i);
  oakum_java_add_packages(archive);
  g_ptr_array_unref(archive->poms);
  g_hash_table_unref(archive->manifest);
  g_hash_table_unref(archive->licenses);
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
  JavaWork work = {.file = file, .sink = sink};
  JavaStretch stretch = {file, 0, oakum_catalog_file_size(file), NULL};
  JavaArchive archive = {
      .work = &work, .name = oakum_path_base(oakum_catalog_file_path(file)), .stretch = &stretch};
  read_archive(&archive);
  return TRUE;
}

const OakumCataloguer oakum_java_cataloguers[] = {{"java-archive", 8, wants_archive, run_archive},
                                                  {0}};
