#include "image/image-private.h"
#include <string.h>

OakumImage *oakum_image_new(const char *name, OakumManifest *manifest, OakumBlobSource *source,
                            GError **error)
{
  g_autoptr(OakumImage) image = g_new0(OakumImage, 1);
  image->name = g_strdup(name);
  image->manifest = manifest;
  image->source = source;
  if (manifest->is_index) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                "%s: an index where an image manifest is expected", name);
    return NULL;
  }
  if (manifest->config->size > OAKUM_CONFIG_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT,
                "%s: config of %" G_GUINT64_FORMAT " bytes", name, manifest->config->size);
    return NULL;
  }
  g_autoptr(OakumReader) reader = source->open(source, manifest->config, error);
  char *data = NULL;
  size_t len = 0;
  if (!reader ||
      !oakum_reader_slurp(reader, OAKUM_CONFIG_MAX, "image config", &data, &len, error)) {
    g_prefix_error(error, "%s: config: ", name);
    return NULL;
  }
  image->config_raw = g_bytes_new_take(data, len);
  image->config = oakum_config_parse(data, len, error);
  if (!image->config) {
    g_prefix_error(error, "%s: ", name);
    return NULL;
  }
  if (image->config->diff_ids->len != manifest->layers->len) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                "%s: %u layers in the manifest but %u diff IDs in the config", name,
                manifest->layers->len, image->config->diff_ids->len);
    return NULL;
  }
  return g_steal_pointer(&image);
}

void oakum_image_free(OakumImage *image)
{
  if (!image)
    return;
  oakum_manifest_free(image->manifest);
  oakum_config_free(image->config);
  g_clear_pointer(&image->config_raw, g_bytes_unref);
  oakum_blob_source_free(image->source);
  g_free(image->name);
  g_free(image);
}

OakumReader *oakum_image_open_layer(const OakumImage *image, guint index, GError **error)
{
  const OakumDescriptor *desc = image->manifest->layers->pdata[index];
  const char *diff_id = image->config->diff_ids->pdata[index];
  if (!oakum_media_type_is_layer(desc->media_type)) {
    g_autofree char *shown = oakum_escape_terminal(desc->media_type, -1);
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_UNSUPPORTED,
                "%s: layer %u: media type \"%s\" is no layer", image->name, index, shown);
    return NULL;
  }
  OakumReader *blob = image->source->open(image->source, desc, error);
  if (!blob) {
    g_prefix_error(error, "%s: layer %u: ", image->name, index);
    return NULL;
  }
  OakumReader *plain = oakum_reader_new_inflate(blob, NULL);
  return oakum_reader_new_verify(oakum_reader_new_limit(plain, OAKUM_LAYER_UNPACKED_MAX, "layer"),
                                 oakum_digest_kind(diff_id), oakum_digest_hex(diff_id), UINT64_MAX);
}

/* Bytes that are not what their digest says seldom make a good archive: that they are wrong is what
 * has to be told, not what the first of them broke. */
static GError *blame_bytes(const OakumImage *image, guint index, GError *seen)
{
  g_autoptr(GError) other = NULL;
  g_autoptr(OakumReader) blob =
      image->source->open(image->source, image->manifest->layers->pdata[index], &other);
  if ((blob && oakum_reader_drain(blob, &other)) || other->code != OAKUM_ERROR_DIGEST)
    return seen;
  g_error_free(seen);
  g_prefix_error(&other, "layer %u: ", index);
  return g_steal_pointer(&other);
}

OakumView *oakum_image_view(const OakumImage *image, OakumViewWanted wanted, gpointer user,
                            GError **error)
{
  g_autoptr(OakumView) view = oakum_view_new(wanted, user);
  for (guint i = 0; i < image->manifest->layers->len; i++) {
    const OakumDescriptor *desc = image->manifest->layers->pdata[i];
    OakumReader *layer = oakum_image_open_layer(image, i, error);
    if (!layer)
      return NULL;
    GError *seen = NULL;
    if (!oakum_view_add_layer(view, layer, desc->digest, &seen)) {
      g_propagate_prefixed_error(error, blame_bytes(image, i, seen), "%s: ", image->name);
      return NULL;
    }
  }
  return g_steal_pointer(&view);
}

gboolean oakum_image_copy_blob(OakumBlobSource *source, OakumBlobSink *sink,
                               const OakumDescriptor *desc, GError **error)
{
  int has = sink->has(sink, desc, error);
  if (has != 0)
    return has > 0;
  g_autoptr(OakumReader) reader = source->open(source, desc, error);
  return reader && sink->put(sink, desc, reader, error);
}

gboolean oakum_image_copy_blobs(const OakumImage *image, OakumBlobSink *sink, GError **error)
{
  for (guint i = 0; i < image->manifest->layers->len; i++)
    if (!oakum_image_copy_blob(image->source, sink, image->manifest->layers->pdata[i], error)) {
      g_prefix_error(error, "%s: layer %u: ", image->name, i);
      return FALSE;
    }
  if (oakum_image_copy_blob(image->source, sink, image->manifest->config, error))
    return TRUE;
  g_prefix_error(error, "%s: config: ", image->name);
  return FALSE;
}
