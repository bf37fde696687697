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
  g_free(image->called);
  g_free(image);
}

static OakumReader *open_blob(const OakumImage *image, guint index, const char **digest,
                              GError **error)
{
  OakumBlobSource *source = image->source;
  const OakumDescriptor *desc = image->manifest->layers->pdata[index];
  if (!oakum_media_type_is_layer(desc->media_type)) {
    g_autofree char *shown = oakum_escape_terminal(desc->media_type, -1);
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_UNSUPPORTED,
                "%s: layer %u: media type \"%s\" is no layer", image->name, index, shown);
    return NULL;
  }
  GError *local = NULL;
  OakumReader *blob = digest ? oakum_blob_source_open_unchecked(source, desc, &local) : NULL;
  if (digest)
    *digest = blob ? desc->digest : NULL;
  if (!blob && !local)
    blob = source->open(source, desc, &local);
  if (!blob)
    g_propagate_prefixed_error(error, local, "%s: layer %u: ", image->name, index);
  return blob;
}

OakumReader *oakum_image_open_blob(const OakumImage *image, guint index, GError **error)
{
  return open_blob(image, index, NULL, error);
}

OakumReader *oakum_image_open_blob_unchecked(const OakumImage *image, guint index,
                                             const char **digest, GError **error)
{
  return open_blob(image, index, digest, error);
}

OakumReader *oakum_layer_unpack(OakumReader *blob, const char *diff_id)
{
  OakumReader *plain = oakum_reader_new_inflate(blob, NULL);
  return oakum_reader_new_verify(oakum_reader_new_limit(plain, OAKUM_LAYER_UNPACKED_MAX, "layer"),
                                 oakum_digest_kind(diff_id), oakum_digest_hex(diff_id), UINT64_MAX);
}

OakumReader *oakum_layer_unpack_threaded(OakumReader *blob, const char *diff_id)
{
  OakumReader *plain = oakum_reader_new_inflate(blob, NULL);
  return oakum_reader_new_threaded_verify(
      oakum_reader_new_limit(plain, OAKUM_LAYER_UNPACKED_MAX, "layer"), oakum_digest_kind(diff_id),
      oakum_digest_hex(diff_id));
}

OakumReader *oakum_image_open_layer(const OakumImage *image, guint index, GError **error)
{
  OakumReader *blob = oakum_image_open_blob(image, index, error);
  return blob ? oakum_layer_unpack(blob, image->config->diff_ids->pdata[index]) : NULL;
}

gboolean oakum_image_fetch_blob(const OakumImage *image, guint index, GError **error)
{
  const OakumDescriptor *desc = image->manifest->layers->pdata[index];
  if (!oakum_blob_source_is_far(image->source, desc))
    return TRUE; /* what is wrong with it is told to who reads it */
  g_autoptr(OakumReader) blob = oakum_image_open_blob(image, index, error);
  if (!blob || oakum_reader_drain(blob, error))
    return blob != NULL;
  g_prefix_error(error, "%s: layer %u: ", image->name, index);
  return FALSE;
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

/* ---- several platforms
 * ------------------------------------------------------------------------------ */
const OakumManifest *oakum_image_set_top(const OakumImageSet *set)
{
  return set->index ? set->index : set->images[0]->manifest;
}

typedef struct {
  OakumBlobSource source;
  const OakumImage *const *images;
  guint n_images;
} SetSource;

static gboolean has_blob(const OakumImage *image, const char *digest)
{
  gboolean found = strcmp(image->manifest->config->digest, digest) == 0;
  for (guint i = 0; !found && i < image->manifest->layers->len; i++)
    found =
        strcmp(((const OakumDescriptor *)image->manifest->layers->pdata[i])->digest, digest) == 0;
  return found;
}

static OakumBlobSource *source_of(OakumBlobSource *self, const OakumDescriptor *desc)
{
  const SetSource *s = (const SetSource *)self;
  for (guint i = 0; i < s->n_images; i++)
    if (has_blob(s->images[i], desc->digest))
      return s->images[i]->source;
  return s->images[0]->source;
}

static OakumReader *set_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  OakumBlobSource *source = source_of(self, desc);
  return source->open(source, desc, error);
}

static char *set_origin(OakumBlobSource *self, const OakumDescriptor *desc)
{
  return oakum_blob_source_origin(source_of(self, desc), desc);
}

static void set_free(OakumBlobSource *self)
{
  g_free(self);
}

OakumBlobSource *oakum_image_set_source(const OakumImage *const *images, guint n_images)
{
  SetSource *s = g_new0(SetSource, 1);
  *s = (SetSource){{set_open, set_free, set_origin}, images, n_images};
  return &s->source;
}

GPtrArray *oakum_image_set_entries(const OakumImageSet *set, const OakumLayoutName *names)
{
  GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  static const OakumLayoutName none[] = {{NULL, NULL}};
  const OakumLayoutName *name = names ? names : none;
  do {
    OakumDescriptor *desc = oakum_manifest_descriptor(oakum_image_set_top(set));
    GHashTableIter iter;
    gpointer key, value;
    if (name->tag || set->annotations)
      desc->annotations = oakum_str_map_new(g_free, g_free);
    if (set->annotations) {
      g_hash_table_iter_init(&iter, set->annotations);
      while (g_hash_table_iter_next(&iter, &key, &value))
        g_hash_table_insert(desc->annotations, g_strdup(key), g_strdup(value));
    }
    if (name->tag)
      g_hash_table_replace(desc->annotations, g_strdup(OAKUM_REF_NAME), g_strdup(name->tag));
    if (name->reference)
      g_hash_table_replace(desc->annotations, g_strdup(OAKUM_IMAGE_NAME),
                           g_strdup(name->reference));
    g_ptr_array_add(list, desc);
  } while (name->tag && (++name)->tag);
  return list;
}
