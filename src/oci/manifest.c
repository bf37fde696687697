/* Descriptors, manifests and indexes: OCI image specification 1.1, descriptor.md, manifest.md,
 * image-index.md; Docker's image manifest version 2, schema 2. */
#include "oci/oci.h"
#include <string.h>

OakumDescriptor *oakum_descriptor_new(const char *media_type, const char *digest, uint64_t size)
{
  OakumDescriptor *desc = g_new0(OakumDescriptor, 1);
  desc->media_type = g_strdup(media_type);
  desc->digest = g_strdup(digest);
  desc->size = size;
  return desc;
}

static GHashTable *map_copy(GHashTable *map)
{
  if (!map)
    return NULL;
  GHashTable *copy = oakum_str_map_new(g_free, g_free);
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, map);
  while (g_hash_table_iter_next(&iter, &key, &value))
    g_hash_table_insert(copy, g_strdup(key), g_strdup(value));
  return copy;
}

OakumDescriptor *oakum_descriptor_copy(const OakumDescriptor *desc)
{
  OakumDescriptor *copy = oakum_descriptor_new(desc->media_type, desc->digest, desc->size);
  copy->urls = g_strdupv(desc->urls);
  copy->annotations = map_copy(desc->annotations);
  copy->platform = oakum_platform_copy(&desc->platform);
  copy->artifact_type = g_strdup(desc->artifact_type);
  return copy;
}

void oakum_descriptor_free(OakumDescriptor *desc)
{
  if (!desc)
    return;
  g_free(desc->media_type);
  g_free(desc->digest);
  g_strfreev(desc->urls);
  g_clear_pointer(&desc->annotations, g_hash_table_unref);
  oakum_platform_clear(&desc->platform);
  g_free(desc->artifact_type);
  g_free(desc);
}

gboolean oakum_media_type_is_index(const char *media_type)
{
  return strcmp(media_type, OAKUM_MT_OCI_INDEX) == 0 ||
         strcmp(media_type, OAKUM_MT_DOCKER_LIST) == 0;
}

gboolean oakum_media_type_is_manifest(const char *media_type)
{
  return strcmp(media_type, OAKUM_MT_OCI_MANIFEST) == 0 ||
         strcmp(media_type, OAKUM_MT_DOCKER_MANIFEST) == 0;
}

gboolean oakum_media_type_is_layer(const char *media_type)
{
  return g_str_has_prefix(media_type, OAKUM_MT_OCI_LAYER) ||
         g_str_has_prefix(media_type, "application/vnd.oci.image.layer.nondistributable.v1.tar") ||
         g_str_has_prefix(media_type, "application/vnd.docker.image.rootfs.");
}

const char *oakum_media_type_of_layer(const char *media_type, gboolean docker)
{
  static const struct {
    const char *oci, *docker;
  } names[] = {{OAKUM_MT_OCI_LAYER, OAKUM_MT_DOCKER_LAYER},
               {OAKUM_MT_OCI_LAYER_GZIP, OAKUM_MT_DOCKER_LAYER_GZIP},
               {"application/vnd.oci.image.layer.nondistributable.v1.tar",
                "application/vnd.docker.image.rootfs.foreign.diff.tar"},
               {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(media_type, names[i].oci) == 0 || strcmp(media_type, names[i].docker) == 0)
      return docker ? names[i].docker : names[i].oci;
  return docker ? NULL : media_type;
}

/* ---- reading ------------------------------------------------------------------------------------
 */
static gpointer descriptor_make(void)
{
  return g_new0(OakumDescriptor, 1);
}

static const OakumJsonField platform_fields[] = {
    {"os", OAKUM_JSON_STRING, offsetof(OakumPlatform, os), TRUE, NULL, NULL, NULL, 0},
    {"architecture", OAKUM_JSON_STRING, offsetof(OakumPlatform, architecture), TRUE, NULL, NULL,
     NULL, 0},
    {"variant", OAKUM_JSON_STRING, offsetof(OakumPlatform, variant), FALSE, NULL, NULL, NULL, 0},
    {0}};

static const OakumJsonField descriptor_fields[] = {
    {"mediaType", OAKUM_JSON_STRING, offsetof(OakumDescriptor, media_type), TRUE, NULL, NULL, NULL,
     0},
    {"digest", OAKUM_JSON_STRING, offsetof(OakumDescriptor, digest), TRUE, NULL, NULL, NULL, 0},
    {"size", OAKUM_JSON_U64, offsetof(OakumDescriptor, size), TRUE, NULL, NULL, NULL, 0},
    {"urls", OAKUM_JSON_STRV, offsetof(OakumDescriptor, urls), FALSE, NULL, NULL, NULL, 0},
    {"annotations", OAKUM_JSON_MAP, offsetof(OakumDescriptor, annotations), FALSE, NULL, NULL, NULL,
     0},
    {"platform", OAKUM_JSON_OBJECT, offsetof(OakumDescriptor, platform), FALSE, platform_fields,
     NULL, NULL, 0},
    {"artifactType", OAKUM_JSON_STRING, offsetof(OakumDescriptor, artifact_type), FALSE, NULL, NULL,
     NULL, 0},
    {0}};

typedef struct {
  uint64_t schema_version;
  OakumManifest manifest;
  json_t *config, *subject;
} Document;

#define ARRAY_OF_DESCRIPTORS(key, member)                                                          \
  {                                                                                                \
    key, OAKUM_JSON_ARRAY, offsetof(Document, manifest.member), FALSE, descriptor_fields,          \
        descriptor_make, (GDestroyNotify)oakum_descriptor_free, OAKUM_LAYERS_MAX                   \
  }
static const OakumJsonField document_fields[] = {
    {"schemaVersion", OAKUM_JSON_U64, offsetof(Document, schema_version), TRUE, NULL, NULL, NULL,
     0},
    {"mediaType", OAKUM_JSON_STRING, offsetof(Document, manifest.media_type), FALSE, NULL, NULL,
     NULL, 0},
    {"artifactType", OAKUM_JSON_STRING, offsetof(Document, manifest.artifact_type), FALSE, NULL,
     NULL, NULL, 0},
    {"config", OAKUM_JSON_ANY, offsetof(Document, config), FALSE, NULL, NULL, NULL, 0},
    {"subject", OAKUM_JSON_ANY, offsetof(Document, subject), FALSE, NULL, NULL, NULL, 0},
    {"annotations", OAKUM_JSON_MAP, offsetof(Document, manifest.annotations), FALSE, NULL, NULL,
     NULL, 0},
    ARRAY_OF_DESCRIPTORS("layers", layers),
    ARRAY_OF_DESCRIPTORS("manifests", manifests),
    {0}};

static gboolean descriptor_check(const OakumDescriptor *desc, const char *what, guint number,
                                 GError **error)
{
  if (!oakum_digest_check(desc->digest, error)) {
    g_prefix_error(error, "%s %u: ", what, number);
    return FALSE;
  }
  if (desc->size > OAKUM_BLOB_MAX) {
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_LIMIT,
                "%s %u: size %" G_GUINT64_FORMAT " is above the limit of %" G_GUINT64_FORMAT
                " bytes",
                what, number, desc->size, OAKUM_BLOB_MAX);
    return FALSE;
  }
  return TRUE;
}

static gboolean single_descriptor(json_t *json, const char *what, OakumDescriptor **out,
                                  GError **error)
{
  if (!json)
    return TRUE;
  g_autoptr(OakumDescriptor) desc = descriptor_make();
  if (!oakum_json_bind(json, descriptor_fields, desc, what, error) ||
      !descriptor_check(desc, what, 0, error))
    return FALSE;
  *out = g_steal_pointer(&desc);
  return TRUE;
}

static void manifest_clear(OakumManifest *m)
{
  g_clear_pointer(&m->media_type, g_free);
  g_clear_pointer(&m->config, oakum_descriptor_free);
  g_clear_pointer(&m->layers, g_ptr_array_unref);
  g_clear_pointer(&m->manifests, g_ptr_array_unref);
  g_clear_pointer(&m->subject, oakum_descriptor_free);
  g_clear_pointer(&m->artifact_type, g_free);
  g_clear_pointer(&m->annotations, g_hash_table_unref);
  g_clear_pointer(&m->raw, g_bytes_unref);
}

static gboolean document_check(Document *doc, const char *content_type, GError **error)
{
  OakumManifest *m = &doc->manifest;
  if (doc->schema_version != 2) {
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_UNSUPPORTED,
                "manifest: schemaVersion %" G_GUINT64_FORMAT
                " is not 2: whoever has the image can push it again with a program of today",
                doc->schema_version);
    return FALSE;
  }
  /* CVE-2021-41190: a document that is both could be read as either */
  if (m->manifests && (m->layers || doc->config)) {
    g_set_error(
        error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
        "manifest: has both \"manifests\" and \"layers\" or \"config\"; refused as ambiguous");
    return FALSE;
  }
  m->is_index = m->manifests != NULL;
  if (!m->is_index && (!m->layers || !doc->config)) {
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
                "manifest: has neither \"manifests\" nor \"config\" with \"layers\"");
    return FALSE;
  }
  g_autofree char *bare = NULL;
  if (content_type) {
    bare = g_strndup(content_type, strcspn(content_type, "; \t"));
    if (!oakum_media_type_is_index(bare) && !oakum_media_type_is_manifest(bare))
      g_clear_pointer(&bare, g_free); /* some registries say application/json: the body decides */
  }
  if (bare && m->media_type && strcmp(bare, m->media_type) != 0) {
    g_autofree char *shown = oakum_escape_terminal(m->media_type, -1);
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
                "manifest: says mediaType \"%s\" but came as \"%s\"", shown, bare);
    return FALSE;
  }
  if (!m->media_type)
    m->media_type = g_strdup(bare          ? bare
                             : m->is_index ? OAKUM_MT_OCI_INDEX
                                           : OAKUM_MT_OCI_MANIFEST);
  if (m->is_index ? !oakum_media_type_is_index(m->media_type)
                  : !oakum_media_type_is_manifest(m->media_type)) {
    g_autofree char *shown = oakum_escape_terminal(m->media_type, -1);
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
                "manifest: mediaType \"%s\" does not fit its content", shown);
    return FALSE;
  }
  GPtrArray *list = m->is_index ? m->manifests : m->layers;
  for (guint i = 0; i < list->len; i++)
    if (!descriptor_check(list->pdata[i], m->is_index ? "manifest entry" : "layer", i, error))
      return FALSE;
  return single_descriptor(doc->config, "config", &m->config, error) &&
         single_descriptor(doc->subject, "subject", &m->subject, error);
}

OakumManifest *oakum_manifest_parse(GBytes *raw, const char *content_type, GError **error)
{
  gsize len;
  const char *data = g_bytes_get_data(raw, &len);
  if (len > OAKUM_MANIFEST_MAX) {
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_LIMIT,
                "manifest: larger than %" G_GUINT64_FORMAT " bytes", OAKUM_MANIFEST_MAX);
    return NULL;
  }
  OAKUM_AUTO_JSON *json = oakum_json_parse(data, len, "manifest", error);
  if (!json)
    return NULL;
  Document doc = {0};
  gboolean ok = oakum_json_bind(json, document_fields, &doc, "manifest", error) &&
                document_check(&doc, content_type, error);
  oakum_json_clear(&doc.config);
  oakum_json_clear(&doc.subject);
  if (!ok) {
    manifest_clear(&doc.manifest);
    return NULL;
  }
  OakumManifest *manifest = g_new0(OakumManifest, 1);
  *manifest = doc.manifest;
  manifest->raw = g_bytes_ref(raw);
  return manifest;
}

/* ---- writing -----------------------------------------------------------------------------------
 */
static json_t *map_json(GHashTable *map)
{
  json_t *object = json_object();
  g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(map), (GCompareFunc)strcmp);
  for (GList *l = keys; l; l = l->next)
    json_object_set_new(object, l->data, json_string(g_hash_table_lookup(map, l->data)));
  return object;
}

static json_t *descriptor_json(const OakumDescriptor *desc)
{
  json_t *object = json_object();
  json_object_set_new(object, "mediaType", json_string(desc->media_type));
  json_object_set_new(object, "digest", json_string(desc->digest));
  json_object_set_new(object, "size", json_integer((json_int_t)desc->size));
  if (desc->urls && *desc->urls) {
    json_t *urls = json_array();
    for (char **url = desc->urls; *url; url++)
      json_array_append_new(urls, json_string(*url));
    json_object_set_new(object, "urls", urls);
  }
  if (desc->annotations && g_hash_table_size(desc->annotations) > 0)
    json_object_set_new(object, "annotations", map_json(desc->annotations));
  if (desc->platform.os) {
    json_t *platform = json_object();
    json_object_set_new(platform, "architecture", json_string(desc->platform.architecture));
    json_object_set_new(platform, "os", json_string(desc->platform.os));
    if (desc->platform.variant)
      json_object_set_new(platform, "variant", json_string(desc->platform.variant));
    json_object_set_new(object, "platform", platform);
  }
  if (desc->artifact_type)
    json_object_set_new(object, "artifactType", json_string(desc->artifact_type));
  return object;
}

static OakumManifest *make(const char *media_type, const char *artifact_type,
                           const OakumDescriptor *config, GPtrArray *list, GHashTable *annotations)
{
  OakumManifest *m = g_new0(OakumManifest, 1);
  m->media_type = g_strdup(media_type);
  m->artifact_type = g_strdup(artifact_type);
  m->is_index = config == NULL;
  OAKUM_AUTO_JSON *json = json_object();
  json_object_set_new(json, "schemaVersion", json_integer(2));
  json_object_set_new(json, "mediaType", json_string(media_type));
  if (artifact_type)
    json_object_set_new(json, "artifactType", json_string(artifact_type));
  if (config) {
    m->config = oakum_descriptor_copy(config);
    json_object_set_new(json, "config", descriptor_json(config));
  }
  GPtrArray *copies = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  json_t *array = json_array();
  for (guint i = 0; i < list->len; i++) {
    g_ptr_array_add(copies, oakum_descriptor_copy(list->pdata[i]));
    json_array_append_new(array, descriptor_json(list->pdata[i]));
  }
  *(config ? &m->layers : &m->manifests) = copies;
  json_object_set_new(json, config ? "layers" : "manifests", array);
  if (annotations && g_hash_table_size(annotations) > 0) {
    m->annotations = map_copy(annotations);
    json_object_set_new(json, "annotations", map_json(annotations));
  }
  char *text = oakum_json_dump(json, FALSE);
  m->raw = g_bytes_new_take(text, strlen(text));
  return m;
}

OakumManifest *oakum_manifest_make(const OakumDescriptor *config, GPtrArray *layers,
                                   GHashTable *annotations)
{
  gboolean docker = strcmp(config->media_type, OAKUM_MT_DOCKER_CONFIG) == 0;
  return make(docker ? OAKUM_MT_DOCKER_MANIFEST : OAKUM_MT_OCI_MANIFEST, NULL, config, layers,
              annotations);
}

OakumManifest *oakum_artifact_make(const char *artifact_type, const OakumDescriptor *config,
                                   GPtrArray *layers, GHashTable *annotations)
{
  return make(OAKUM_MT_OCI_MANIFEST, artifact_type, config, layers, annotations);
}

OakumManifest *oakum_index_make(const char *media_type, GPtrArray *manifests,
                                GHashTable *annotations)
{
  return make(media_type, NULL, NULL, manifests, annotations);
}

OakumDescriptor *oakum_manifest_descriptor(const OakumManifest *manifest)
{
  gsize len;
  const void *data = g_bytes_get_data(manifest->raw, &len);
  g_autofree char *digest = oakum_digest_of(data, len);
  return oakum_descriptor_new(manifest->media_type, digest, len);
}

const OakumDescriptor *oakum_index_select(const OakumManifest *index, const OakumPlatform *platform,
                                          GError **error)
{
  const OakumDescriptor *best = NULL;
  int score = 0;
  g_autoptr(GString) offered = g_string_new(NULL);
  for (guint i = 0; index->manifests && i < index->manifests->len; i++) {
    const OakumDescriptor *desc = index->manifests->pdata[i];
    if (!oakum_media_type_is_manifest(desc->media_type) &&
        !oakum_media_type_is_index(desc->media_type))
      continue;
    if (!desc->platform.os) { /* a lone entry needs no platform: OCI layouts are written so */
      if (index->manifests->len == 1)
        return desc;
      continue;
    }
    if (strcmp(desc->platform.os, "unknown") == 0)
      continue;
    g_autofree char *shown = oakum_platform_format(&desc->platform);
    g_autofree char *safe = oakum_escape_terminal(shown, -1);
    if (offered->len < 1024)
      g_string_append_printf(offered, "%s%s", offered->len ? ", " : "", safe);
    int s = oakum_platform_match(platform, &desc->platform);
    if (s > score) {
      best = desc;
      score = s;
    }
  }
  if (!best) {
    g_autofree char *want = oakum_platform_format(platform);
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_NOT_FOUND,
                "no image for platform %s; there is: %s", want,
                offered->len ? offered->str : "none");
  }
  return best;
}

void oakum_manifest_free(OakumManifest *manifest)
{
  if (!manifest)
    return;
  manifest_clear(manifest);
  g_free(manifest);
}
