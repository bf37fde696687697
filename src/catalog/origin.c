/* What an image says of itself: its digests, what made each layer, and which layers its base
 * brought. */
#include "catalog/catalog.h"
#include <string.h>

void oakum_layer_origin_free(OakumLayerOrigin *origin)
{
  g_free(origin->digest);
  g_free(origin->diff_id);
  g_free(origin->created_by);
  g_free(origin);
}

/* "/bin/sh -c #(nop)  CMD ["bash"]" of Docker's old builder, "CMD ["bash"]" of the new one. */
static gboolean is_start(const OakumHistory *entry)
{
  const char *text = entry->created_by ? entry->created_by : "", *old = strstr(text, "#(nop) ");
  text = old ? old + strlen("#(nop) ") : text;
  text += strspn(text, " ");
  return entry->empty_layer &&
         (g_str_has_prefix(text, "CMD ") || g_str_has_prefix(text, "ENTRYPOINT "));
}

/* How many layers lie below the last CMD or ENTRYPOINT that is not the image's own: nearly every
 * base ends with one. -1: there is none. */
static int base_layers(const GPtrArray *history)
{
  guint end = history->len;
  while (end > 0 && ((OakumHistory *)history->pdata[end - 1])->empty_layer)
    end--;
  while (end > 0 && !is_start(history->pdata[end - 1]))
    end--;
  int layers = 0;
  for (guint i = 0; i < end; i++)
    layers += !((OakumHistory *)history->pdata[i])->empty_layer;
  return end > 0 ? layers : -1;
}

static const char *lookup(GHashTable *map, const char *key)
{
  const char *value = map ? g_hash_table_lookup(map, key) : NULL;
  return value && *value ? value : NULL;
}

void oakum_catalog_take_image(OakumCatalog *catalog, const OakumImage *image)
{
  static const char key[] = "org.opencontainers.image.base.name";
  const OakumManifest *manifest = image->manifest;
  const GPtrArray *history = image->config->history;
  g_autoptr(OakumDescriptor) own = oakum_manifest_descriptor(manifest);
  const char *named = lookup(manifest->annotations, key);
  named = named ? named : lookup(image->config->labels, key);
  catalog->base = g_strdup(named);
  g_ptr_array_add(catalog->digests, g_strdup(own->digest));
  if (manifest->config)
    g_ptr_array_add(catalog->digests, g_strdup(manifest->config->digest));
  guint counted = 0;
  for (guint i = 0; history && i < history->len; i++)
    counted += !((OakumHistory *)history->pdata[i])->empty_layer;
  gboolean told = counted == manifest->layers->len;
  int base = told ? base_layers(history) : -1;
  for (guint i = 0, at = 0; i < manifest->layers->len; i++) {
    OakumLayerOrigin *origin = g_new0(OakumLayerOrigin, 1);
    const OakumDescriptor *layer = manifest->layers->pdata[i];
    origin->digest = g_strdup(layer->digest);
    origin->size = (int64_t)layer->size;
    if (i < image->config->diff_ids->len)
      origin->diff_id = g_strdup(image->config->diff_ids->pdata[i]);
    origin->base = (int)i < base;
    while (told && ((OakumHistory *)history->pdata[at])->empty_layer)
      at++;
    if (told)
      origin->created_by = g_strdup(((OakumHistory *)history->pdata[at++])->created_by);
    g_ptr_array_add(catalog->layers, origin);
  }
}
