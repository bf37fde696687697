/* .NET: the lists of dependencies beside programs, and the version resource of an assembly where
 * nothing better is. */
#include "catalog/native-private.h"

static gboolean wants_deps(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->base, ".deps.json");
}

/* Whether a library of the target brings a file. */
static gboolean has_assets(const json_t *library)
{
  static const char *const kinds[] = {"runtime", "runtimeTargets", "native", "resources",
                                      "compile"};
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (json_object_size(json_object_get(library, kinds[i])) > 0)
      return TRUE;
  return FALSE;
}

/* The libraries that bring no file, and need none that does: those of the framework itself, which
 * the compiler left out. The caller owns the set. */
static GHashTable *empty_libraries(const json_t *target)
{
  GHashTable *empty = oakum_str_map_new(NULL, NULL);
  const char *key, *needed;
  json_t *one, *version;
  json_object_foreach((json_t *)target, key, one) if (!has_assets(one))
      g_hash_table_add(empty, (gpointer)key);
  gboolean changed = g_hash_table_size(empty) > 0;
  for (guint pass = 0; changed && pass < OAKUM_NUGET_DEPTH_MAX; pass++) {
    changed = FALSE;
    json_object_foreach((json_t *)target, key, one)
    {
      if (!g_hash_table_contains(empty, key))
        continue;
      json_object_foreach(json_object_get(one, "dependencies"), needed, version)
      {
        const char *said = json_string_value(version);
        g_autofree char *other = g_strconcat(needed, "/", said ? said : "", NULL);
        if (json_object_get(target, other) && !g_hash_table_contains(empty, other)) {
          g_hash_table_remove(empty, key);
          changed = TRUE;
          break;
        }
      }
    }
  }
  return empty;
}

gboolean oakum_dotnet_deps(const json_t *json, OakumCatalogFile *file, OakumCatalogSink *sink,
                           GError **error)
{
  const json_t *libraries = json_object_get(json, "libraries"),
               *chosen = json_object_get(json_object_get(json, "runtimeTarget"), "name"),
               *target = json_is_string(chosen) ? json_object_get(json_object_get(json, "targets"),
                                                                  json_string_value(chosen))
                                                : NULL;
  const char *key;
  json_t *one;
  if (!json_is_object(libraries))
    return oakum_catalog_invalid(file, error, "no list of libraries");
  g_autoptr(GHashTable) empty = empty_libraries(target);
  json_object_foreach((json_t *)libraries, key, one)
  {
    OakumSlice version, type = oakum_json_slice(one, "type");
    OakumSlice name = oakum_slice_cut(oakum_slice_of(key), '/', &version);
    gboolean project = oakum_slice_is(type, "project");
    if (version.len == 0 || oakum_slice_is(type, "reference") ||
        oakum_slice_is(type, "referenceassembly") ||
        (!project && g_hash_table_contains(empty, key)))
      continue;
    if (oakum_slice_begins(name, "runtimepack.")) { /* the runtime, brought along */
      name.data += strlen("runtimepack.");
      name.len -= strlen("runtimepack.");
    }
    OakumPackage *package = oakum_catalog_add(sink, file, "nuget", name, version);
    if (package) /* the project itself is no package of the registry, but its version is known */
      package->guessed = project;
  }
  return TRUE;
}

/* The runtime that programs share stands in shared/NAME/VERSION. Its list has had the package that
 * advisories name, NAME.Runtime.RID, since .NET 5; before, parts of it with the number of a build.
 */
static void add_shared(const json_t *json, OakumCatalogFile *file, OakumCatalogSink *sink)
{
  const char *path = oakum_catalog_file_path(file), *base = oakum_path_base(path);
  OakumSlice version = oakum_path_above(path, 0), name = oakum_path_above(path, 1), rid;
  OakumSlice target = oakum_json_slice(json_object_get(json, "runtimeTarget"), "name");
  size_t n = strlen(base) - strlen(".deps.json");
  if (!oakum_slice_is(oakum_path_above(path, 2), "shared") || version.len == 0 ||
      !g_ascii_isdigit(version.data[0]) || name.len != n || memcmp(name.data, base, n) != 0 ||
      !oakum_slice_begins(name, "Microsoft."))
    return;
  oakum_catalog_add(sink, file, "nuget", name, version);
  oakum_slice_cut(target, '/', &rid);
  if (rid.len == 0)
    return;
  g_autofree char *runtime =
      g_strdup_printf("%.*s.Runtime.%.*s", (int)name.len, (const char *)name.data, (int)rid.len,
                      (const char *)rid.data);
  oakum_catalog_add(sink, file, "nuget", oakum_slice_of(runtime), version);
}

static gboolean run_deps(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_JSON_MAX, error);
  if (!json || !oakum_dotnet_deps(json, file, sink, error))
    return FALSE;
  add_shared(json, file, sink);
  return TRUE;
}

/* ---- packages.lock.json: what was restored for each framework ---------------------------------
 */
static gboolean wants_lock(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, "packages.lock.json") == 0;
}

static gboolean run_lock(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_JSON_MAX, error);
  if (!json)
    return FALSE;
  const json_t *frameworks = json_object_get(json, "dependencies");
  const char *framework, *name;
  json_t *list, *one;
  if (!json_is_object(frameworks))
    return json_object_get(json, "version")
               ? oakum_catalog_invalid(file, error, "no list of dependencies")
               : TRUE; /* of another program */
  json_object_foreach((json_t *)frameworks, framework, list) json_object_foreach(
      list, name, one) if (!oakum_slice_is_nocase(oakum_json_slice(one, "type"), "project"))
      oakum_catalog_add(sink, file, "nuget", oakum_slice_of(name),
                        oakum_json_slice(one, "resolved"));
  return TRUE;
}

/* ---- packages.config, Directory.Packages.props: one element a package -------------------------
 */
static gboolean wants_xml(const OakumCatalogEntry *entry)
{
  return g_ascii_strcasecmp(entry->base, "packages.config") == 0 ||
         oakum_path_ends(entry->base, "Packages.props");
}

typedef struct {
  OakumCatalogFile *file;
  OakumCatalogSink *sink;
} Into;

static gboolean read_element(gpointer user, const OakumXml *element, GError **error)
{
  const Into *into = user;
  (void)error;
  gboolean config = strcmp(element->name, "package") == 0;
  const char *name = oakum_xml_attribute(element, config ? "id" : "Include"),
             *version = oakum_xml_attribute(element, config ? "version" : "Version"),
             *only = oakum_xml_attribute(element, "developmentDependency");
  if (!name && !config)
    name = oakum_xml_attribute(element, "Update");
  if (!version && !config)
    version = oakum_xml_text(element, "Version");
  /* a variable ("$(Version)") says nothing here */
  if (name && version && !strchr(version, '$') && !(only && g_ascii_strcasecmp(only, "true") == 0))
    oakum_catalog_add(into->sink, into->file, "nuget", oakum_slice_of(name),
                      oakum_slice_strip(oakum_slice_of(version)));
  return TRUE;
}

static gboolean run_xml(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  static const char *const names[] = {"package", "PackageVersion", "PackageReference",
                                      "GlobalPackageReference", NULL};
  Into into = {file, sink};
  OakumSlice text;
  g_autoptr(GError) problem = NULL;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_TEXT_MAX, &text, error))
    return FALSE;
  if (oakum_xml_read(oakum_reader_new_memory(text.data, text.len), names, read_element, &into,
                     &problem))
    return TRUE;
  return oakum_catalog_invalid(file, error, problem ? problem->message : "no XML");
}

/* ---- version resources ----------------------------------------------------------------------- */
typedef struct {
  const OakumExe *exe;
  OakumCatalogFile *file;
  uint64_t at, size; /* the section of resources, in the file */
  uint32_t address;  /* and in memory, from the image's base */
  guint looked;
} Resources;

static gboolean number_at(Resources *in, uint64_t at, guint bytes, uint64_t *out)
{
  uint8_t raw[4];
  if (at > in->size || in->size - at < bytes ||
      !oakum_catalog_file_read(in->file, in->at + at, raw, bytes, NULL))
    return FALSE;
  *out = oakum_exe_number(in->exe, raw, bytes);
  return TRUE;
}

/* The entry of a folder of the tree with this id (0: the first one): where it leads, and whether to
 * a folder. */
static gboolean enter(Resources *in, uint64_t folder, uint64_t id, uint64_t *to)
{
  uint64_t named, ids, told, target;
  if (!number_at(in, folder + 12, 2, &named) || !number_at(in, folder + 14, 2, &ids))
    return FALSE;
  for (uint64_t i = 0; i < named + ids && in->looked < OAKUM_PE_RESOURCES_MAX; i++) {
    in->looked++;
    if (!number_at(in, folder + 16 + i * 8, 4, &told) ||
        !number_at(in, folder + 20 + i * 8, 4, &target))
      return FALSE;
    if (id == 0 || told == id) {
      *to = target;
      return TRUE;
    }
  }
  return FALSE;
}

/* The value of a key in a version block: UTF-16 strings, each padded to four bytes. */
static char *version_string(const uint8_t *block, size_t len, const char *key)
{
  size_t n = strlen(key);
  for (size_t at = 0; at + 2 * n + 2 <= len; at += 2) {
    size_t i = 0;
    while (i < n && block[at + 2 * i] == (uint8_t)key[i] && block[at + 2 * i + 1] == 0)
      i++;
    if (i < n || block[at + 2 * n] != 0 || block[at + 2 * n + 1] != 0)
      continue;
    size_t value = (at + 2 * n + 2 + 3) & ~(size_t)3;
    GString *out = g_string_new(NULL);
    for (; value + 2 <= len && out->len < OAKUM_CATALOG_VALUE_MAX; value += 2) {
      gunichar c = (gunichar)(block[value] | block[value + 1] << 8);
      if (c == 0)
        break;
      if (c >= 0xd800 && c < 0xe000)
        c = 0xfffd;
      g_string_append_unichar(out, c);
    }
    return g_string_free(out, FALSE);
  }
  return NULL;
}

static gboolean read_versions(Resources *in, uint8_t **block, size_t *len)
{
  const uint64_t down = 0x80000000u;
  uint64_t type, name, language, address, size;
  if (!enter(in, 0, 16, &type) || !(type & down) || !enter(in, type & ~down, 0, &name) ||
      !(name & down) || !enter(in, name & ~down, 0, &language) || (language & down) ||
      !number_at(in, language, 4, &address) || !number_at(in, language + 4, 4, &size) ||
      address < in->address || address - in->address > in->size || size > OAKUM_MIB ||
      size > in->size - (address - in->address))
    return FALSE;
  *block = g_malloc((size_t)size + 1);
  *len = (size_t)size;
  if (oakum_catalog_file_read(in->file, in->at + (address - in->address), *block, (size_t)size,
                              NULL))
    return TRUE;
  g_free(g_steal_pointer(block));
  return FALSE;
}

/* Only assemblies: what else is PE in an image (launchers of Python, say) is part of a package. The
 * shared framework has its own list beside it. */
gboolean oakum_dotnet_read(const OakumExe *exe, OakumCatalogFile *file, OakumCatalogSink *sink,
                           GError **error)
{
  const char *path = oakum_catalog_file_path(file);
  if (exe->kind != OAKUM_EXE_PE || !oakum_exe_section(exe, "(clr)") ||
      oakum_exe_section(exe, "(clr)")->size == 0 || strstr(path, "/shared/Microsoft.") ||
      strstr(path, "/packs/Microsoft.") || oakum_path_ends(path, ".resources.dll"))
    return TRUE;
  const OakumExeSection *raw = oakum_exe_section(exe, ".rsrc"),
                        *tree = oakum_exe_section(exe, "(resources)");
  if (!raw || !tree)
    return TRUE;
  Resources in = {exe, file, raw->offset, raw->size, (uint32_t)tree->address, 0};
  g_autofree uint8_t *block = NULL;
  size_t len = 0;
  if (!read_versions(&in, &block, &len))
    return TRUE;
  g_autofree char *version = version_string(block, len, "ProductVersion"),
                  *file_version = version_string(block, len, "FileVersion"),
                  *name = version_string(block, len, "InternalName");
  OakumSlice rest, said = oakum_slice_strip(oakum_slice_of(version ? version : ""));
  said = oakum_slice_cut(said, '+', &rest); /* what follows is the commit */
  if (said.len == 0 || !g_ascii_isdigit(said.data[0]))
    said = oakum_slice_strip(oakum_slice_of(file_version ? file_version : ""));
  OakumSlice called = oakum_slice_strip(oakum_slice_of(name ? name : ""));
  for (guint i = 0; i < 2; i++)
    if (called.len > 4 && g_ascii_strncasecmp((const char *)called.data + called.len - 4,
                                              i ? ".exe" : ".dll", 4) == 0)
      called.len -= 4;
  if (said.len == 0 || called.len == 0)
    return TRUE;
  OakumPackage *package = oakum_catalog_add(sink, file, "nuget", called, said);
  if (package)
    package->guessed = TRUE;
  return TRUE;
}

const OakumCataloguer oakum_dotnet_cataloguers[] = {
    {"dotnet-deps", 3, wants_deps, run_deps, .whole = TRUE},
    {"nuget-lock", 1, wants_lock, run_lock, .whole = TRUE},
    {"nuget-config", 1, wants_xml, run_xml, .whole = TRUE},
    {0}};
