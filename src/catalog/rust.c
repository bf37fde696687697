/* Rust: the list of crates that cargo-auditable puts into a program: zlib'd JSON in a section. */
#include "catalog/native-private.h"
#include <isa-l/igzip_lib.h>

static gboolean unpack(OakumCatalogFile *file, const uint8_t *packed, size_t len, char **text,
                       size_t *text_len, GError **error)
{
  g_autofree struct inflate_state *state = g_new0(struct inflate_state, 1);
  GByteArray *out = g_byte_array_new();
  g_autofree uint8_t *piece = g_malloc(OAKUM_IO_BUFFER);
  isal_inflate_init(state);
  state->crc_flag = ISAL_ZLIB;
  state->next_in = (uint8_t *)packed;
  state->avail_in = (uint32_t)len;
  const char *problem = NULL;
  while (!problem && state->block_state != ISAL_BLOCK_FINISH) {
    state->next_out = piece;
    state->avail_out = (uint32_t)OAKUM_IO_BUFFER;
    int status = isal_inflate(state);
    size_t made = OAKUM_IO_BUFFER - state->avail_out;
    if (status < 0)
      problem = "the list of crates is not valid zlib data";
    else if (made == 0 && state->block_state != ISAL_BLOCK_FINISH)
      problem = "the list of crates is cut short";
    else if (made + out->len > OAKUM_AUDITABLE_MAX)
      problem = "";
    else
      g_byte_array_append(out, piece, (guint)made);
  }
  if (problem) {
    g_byte_array_unref(out);
    if (*problem)
      return oakum_catalog_invalid(file, error, problem);
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
                        "the list of crates is too long");
    return FALSE;
  }
  *text_len = out->len;
  *text = (char *)g_byte_array_free(out, FALSE);
  return TRUE;
}

gboolean oakum_rust_read(const OakumExe *exe, OakumCatalogFile *file, OakumCatalogSink *sink,
                         GError **error)
{
  const OakumExeSection *section = oakum_exe_section(exe, ".dep-v0");
  if (!section)
    section = oakum_exe_section(exe, "__DATA,.dep-v0");
  if (!section || section->size == 0)
    return TRUE;
  if (section->size > OAKUM_AUDITABLE_MAX) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
                        "the list of crates is too long");
    return FALSE;
  }
  g_autofree uint8_t *packed = g_malloc((size_t)section->size);
  g_autofree char *text = NULL;
  size_t len = 0, index;
  if (!oakum_catalog_file_read(file, section->offset, packed, (size_t)section->size, error) ||
      !unpack(file, packed, (size_t)section->size, &text, &len, error))
    return FALSE;
  OAKUM_AUTO_JSON *json = oakum_catalog_json_bytes((OakumSlice){(const uint8_t *)text, len}, error);
  if (!json)
    return FALSE;
  const json_t *list = json_object_get(json, "packages"), *one;
  if (!json_is_array(list))
    return oakum_catalog_invalid(file, error, "the list of crates has no packages");
  json_array_foreach(list, index, one)
  {
    if (oakum_slice_is(oakum_json_slice(one, "kind"), "build"))
      continue; /* ran when it was built; not in the program */
    OakumPackage *package = oakum_catalog_add(sink, file, "cargo", oakum_json_slice(one, "name"),
                                              oakum_json_slice(one, "version"));
    if (package)
      package->offset = section->offset;
  }
  return TRUE;
}
