/* .NET: the lists of dependencies beside programs, and the version resource of an assembly where
 * nothing better is. */
#include "catalog/native-private.h"

static gboolean wants_deps(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->base, ".deps.json");
}

static gboolean run_deps(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_JSON_MAX, error);
  if (!json)
    return FALSE;
  const json_t *libraries = json_object_get(json, "libraries");
  const char *key;
  json_t *one;
  if (!json_is_object(libraries))
    return oakum_catalog_invalid(file, error, "no list of libraries");
  json_object_foreach((json_t *)libraries, key, one)
  {
    OakumSlice version, type = oakum_json_slice(one, "type");
    OakumSlice name = oakum_slice_cut(oakum_slice_of(key), '/', &version);
    if (version.len == 0 || oakum_slice_is(type, "reference") ||
        oakum_slice_is(type, "referenceassembly"))
      continue;
    if (oakum_slice_begins(name, "runtimepack.")) { /* the runtime, brought along */
      name.data += strlen("runtimepack.");
      name.len -= strlen("runtimepack.");
    }
    OakumPackage *package = oakum_catalog_add(sink, file, "nuget", name, version);
    if (package) /* the project itself is no package of the registry, but its version is known */
      package->guessed = oakum_slice_is(type, "project");
  }
  return TRUE;
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
    {"dotnet-deps", 1, wants_deps, run_deps, .whole = TRUE}, {0}};
