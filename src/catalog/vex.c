/* VEX documents in an image: what who made it says of its holes. They are handed on as they are;
 * whether they count is for others to say. */
#include "catalog/parts-private.h"

static gboolean wants_vex(const OakumCatalogEntry *entry)
{
  static const char *const ends[] = {".openvex.json", ".vex.json"};
  if (g_str_has_prefix(entry->path, "usr/share/vex/"))
    return g_str_has_suffix(entry->base, ".json");
  for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
    if (g_str_has_suffix(entry->base, ends[i]))
      return TRUE;
  return strcmp(entry->base, "vex.json") == 0 || strcmp(entry->base, "openvex.json") == 0;
}

/* What it does not say hides nothing, so that one which is too large is no hole in the scan. */
static gboolean run_vex(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text;
  if (oakum_catalog_file_size(file) > OAKUM_VEX_EMBEDDED_MAX) {
    oakum_catalog_sink_document(sink, file, "vex-too-large", (OakumSlice){(const uint8_t *)"", 0});
    return TRUE;
  }
  if (!oakum_catalog_file_text(file, OAKUM_VEX_EMBEDDED_MAX, &text, error))
    return FALSE;
  oakum_catalog_sink_document(sink, file, "vex", text);
  return TRUE;
}

const OakumCataloguer oakum_vex_cataloguers[] = {{"vex", 1, wants_vex, run_vex, FALSE}, {0}};
