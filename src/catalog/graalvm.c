/* GraalVM native images: a list of what went in (CycloneDX, gzip'd), behind the symbols `sbom` and
 * `sbom_length`. */
#include "catalog/native-private.h"

#define SYMBOL_WIDE 24u
#define SYMBOL_NARROW 16u

/* The value of a symbol of a table: 1 found, 0 it is not in it, -1 the table cannot be read. */
static int symbol_in(const OakumExe *exe, OakumCatalogFile *file, const char *table,
                     const char *strings, const char *name, uint64_t *value)
{
  const OakumExeSection *symbols = oakum_exe_section(exe, table),
                        *text = oakum_exe_section(exe, strings);
  if (!symbols || !text)
    return 0;
  if (text->size > OAKUM_EXE_NAMES_MAX * 4 || symbols->size > OAKUM_EXE_NAMES_MAX * 8)
    return -1;
  g_autofree char *names = g_malloc0((size_t)text->size + 1);
  g_autofree uint8_t *rows = g_malloc0((size_t)symbols->size + 1);
  if (!oakum_catalog_file_read(file, text->offset, names, (size_t)text->size, NULL) ||
      !oakum_catalog_file_read(file, symbols->offset, rows, (size_t)symbols->size, NULL))
    return -1;
  size_t each = exe->wide ? SYMBOL_WIDE : SYMBOL_NARROW;
  for (uint64_t at = 0; at + each <= symbols->size; at += each) {
    uint64_t told = oakum_exe_number(exe, rows + at, 4);
    if (told < text->size && strcmp(names + told, name) == 0) {
      *value = exe->wide ? oakum_exe_number(exe, rows + at + 8, 8)
                         : oakum_exe_number(exe, rows + at + 4, 4);
      return 1;
    }
  }
  return 0;
}

static int symbol(const OakumExe *exe, OakumCatalogFile *file, const char *name, uint64_t *at)
{
  int found = symbol_in(exe, file, ".dynsym", ".dynstr", name, at);
  return found ? found : symbol_in(exe, file, ".symtab", ".strtab", name, at);
}

static void add_component(OakumCatalogFile *file, OakumCatalogSink *sink, const json_t *one)
{
  OakumSlice purl = oakum_json_slice(one, "purl");
  const char *type = oakum_slice_begins(purl, "pkg:maven/") || purl.len == 0 ? "maven" : "generic";
  OakumPackage *package = oakum_catalog_add(sink, file, type, oakum_json_slice(one, "name"),
                                            oakum_json_slice(one, "version"));
  if (package)
    oakum_package_say(&package->space, oakum_json_slice(one, "group"));
}

gboolean oakum_graalvm_read(const OakumExe *exe, OakumCatalogFile *file, OakumCatalogSink *sink,
                            GError **error)
{
  uint64_t address, length_at, at;
  uint8_t raw[8];
  /* .svm_heap, or svm_version_info among the symbols, is what only these have */
  if (exe->kind != OAKUM_EXE_ELF || !oakum_exe_section(exe, ".svm_heap"))
    return TRUE;
  int first = symbol(exe, file, "sbom", &address),
      second = first > 0 ? symbol(exe, file, "sbom_length", &length_at) : first;
  if (first < 0 || second < 0)
    return oakum_catalog_invalid(file, error, "symbols of a native image that cannot be read");
  if (first == 0 || second == 0) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_UNSUPPORTED,
                        "a native image of GraalVM, which does not say what it is made of");
    return FALSE;
  }
  if (!oakum_exe_at(exe, length_at, 8, &at) || !oakum_catalog_file_read(file, at, raw, 8, NULL))
    return oakum_catalog_invalid(file, error, "the list of a native image points nowhere");
  uint64_t len = oakum_exe_number(exe, raw, 8);
  if (len > OAKUM_AUDITABLE_MAX || !oakum_exe_at(exe, address, len, &at))
    return oakum_catalog_invalid(file, error, "the list of a native image points nowhere");
  g_autofree uint8_t *packed = g_malloc((size_t)len + 1);
  if (!oakum_catalog_file_read(file, at, packed, (size_t)len, error))
    return FALSE;
  g_autoptr(OakumReader) reader =
      oakum_reader_new_inflate(oakum_reader_new_memory(packed, (size_t)len), NULL);
  g_autofree char *text = NULL;
  size_t text_len, index;
  GError *problem = NULL;
  if (!oakum_reader_slurp(reader, OAKUM_AUDITABLE_MAX, "the list of a native image", &text,
                          &text_len, &problem)) {
    oakum_catalog_take_error(error, problem, file);
    return FALSE;
  }
  OAKUM_AUTO_JSON *json =
      oakum_catalog_json_bytes((OakumSlice){(const uint8_t *)text, text_len}, error);
  if (!json)
    return FALSE;
  const json_t *one;
  json_array_foreach(json_object_get(json, "components"), index, one)
      add_component(file, sink, one);
  return TRUE;
}
