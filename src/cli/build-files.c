#include "cli/build-files.h"
#include "cli/outputs.h"
#include "os/os.h"
#include <stdlib.h>
#include <string.h>

static char *digest_of(const OakumManifest *manifest)
{
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(manifest);
  return g_strdup(desc->digest);
}

/* The digest of the config; of an index its own, for it has no config. */
static char *image_id(const OakumImageSet *set)
{
  return set->index ? digest_of(set->index) : g_strdup(set->images[0]->manifest->config->digest);
}

char *oakum_result_repository(const OakumReference *ref)
{
  return g_strconcat(strcmp(ref->registry, "docker.io") == 0 ? "index.docker.io" : ref->registry,
                     "/", ref->repository, NULL);
}

char *oakum_result_names(const OakumResultFacts *facts, gboolean tags)
{
  GString *out = g_string_new(NULL);
  g_autofree char *digest = digest_of(oakum_image_set_top(facts->set));
  for (guint i = 0; facts->pushes && i < facts->pushes->len; i++) {
    const OakumReference *ref = facts->pushes->pdata[i];
    g_autofree char *name = oakum_result_repository(ref);
    gboolean tag = tags && ref->tag;
    g_string_append_printf(out, "%s%s%s@%s\n", name, tag ? ":" : "", tag ? ref->tag : "", digest);
  }
  return g_string_free(out, FALSE);
}

static void put_text(json_t *object, const char *key, const char *text)
{
  g_autofree char *clean = oakum_escape_utf8(text, -1);
  json_object_set_new(object, key, json_string(clean));
}

static json_t *platforms_json(const OakumResultFacts *facts)
{
  json_t *list = json_array();
  for (guint i = 0; i < facts->set->n_images; i++) {
    const OakumImage *image = facts->set->images[i];
    json_t *row = json_object();
    g_autofree char *platform = oakum_platform_format(facts->platforms[i]);
    g_autofree char *digest = digest_of(image->manifest);
    json_object_set_new(row, "platform", json_string(platform));
    json_object_set_new(row, "digest", json_string(digest));
    json_object_set_new(row, "configDigest", json_string(image->manifest->config->digest));
    json_array_append_new(list, row);
  }
  return list;
}

/* The keys of buildx. */
static void put_image(json_t *json, const OakumResultFacts *facts)
{
  const OakumManifest *top = oakum_image_set_top(facts->set);
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(top);
  json_t *descriptor = json_object();
  json_object_set_new(descriptor, "mediaType", json_string(desc->media_type));
  json_object_set_new(descriptor, "digest", json_string(desc->digest));
  json_object_set_new(descriptor, "size", json_integer((json_int_t)desc->size));
  if (facts->set->annotations) {
    json_t *annotations = json_object();
    g_autoptr(GList) keys =
        g_list_sort(g_hash_table_get_keys(facts->set->annotations), (GCompareFunc)strcmp);
    for (GList *l = keys; l; l = l->next)
      put_text(annotations, l->data, g_hash_table_lookup(facts->set->annotations, l->data));
    json_object_set_new(descriptor, "annotations", annotations);
  }
  if (!facts->set->index) {
    const OakumPlatform *platform = facts->platforms[0];
    json_t *object = json_object();
    json_object_set_new(object, "architecture", json_string(platform->architecture));
    json_object_set_new(object, "os", json_string(platform->os));
    if (platform->variant)
      json_object_set_new(object, "variant", json_string(platform->variant));
    json_object_set_new(descriptor, "platform", object);
    json_object_set_new(json, "containerimage.config.digest", json_string(top->config->digest));
  }
  json_object_set_new(json, "containerimage.descriptor", descriptor);
  json_object_set_new(json, "containerimage.digest", json_string(desc->digest));
  const GPtrArray *names = facts->names && facts->names->len > 0 ? facts->names : facts->pushes;
  g_autoptr(GString) list = g_string_new(NULL);
  for (guint i = 0; names && i < names->len; i++) {
    g_autofree char *name = oakum_reference_format(names->pdata[i]);
    g_string_append_printf(list, "%s%s", i ? "," : "", name);
  }
  if (list->len > 0)
    json_object_set_new(json, "image.name", json_string(list->str));
  json_object_set_new(json, "oakum.platforms", platforms_json(facts));
}

static json_t *error_json(const OakumResultFacts *facts)
{
  json_t *json = json_object();
  put_text(json, "message", facts->error);
  if (facts->instruction) {
    json_object_set_new(json, "instruction", json_string(facts->instruction));
    put_text(json, "text", facts->text ? facts->text : "");
    json_object_set_new(json, "line", json_integer(facts->line));
  }
  if (facts->exit_code >= 0)
    json_object_set_new(json, "exitCode", json_integer(facts->exit_code));
  return json;
}

char *oakum_result_metadata(const OakumResultFacts *facts)
{
  OAKUM_AUTO_JSON *json = json_object();
  if (facts->set)
    put_image(json, facts);
  json_object_set_new(json, "oakum.status", json_string(facts->error ? "failed" : "built"));
  if (facts->error)
    json_object_set_new(json, "oakum.error", error_json(facts));
  char *text = json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS);
  char *copy = g_strconcat(text ? text : "{}", "\n", NULL);
  free(text);
  return copy;
}

static gboolean write_text(const char *path, const char *text, GError **error)
{
  return !path || oakum_file_write(path, text, strlen(text), 0644, error);
}

gboolean oakum_result_files_write(const OakumResultFiles *files, const OakumResultFacts *facts,
                                  GError **error)
{
  g_autofree char *metadata = oakum_result_metadata(facts);
  if (facts->error || !facts->set)
    return write_text(files->metadata, metadata, error);
  g_autofree char *id = image_id(facts->set);
  g_autofree char *digest = digest_of(oakum_image_set_top(facts->set));
  g_autofree char *names = oakum_result_names(facts, FALSE);
  g_autofree char *tagged = oakum_result_names(facts, TRUE);
  return write_text(files->iid, id, error) && write_text(files->digest, digest, error) &&
         write_text(files->names, names, error) && write_text(files->tagged_names, tagged, error) &&
         write_text(files->metadata, metadata, error);
}
