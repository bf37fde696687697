/* What a registry holds beside an image: bills of materials and VEX documents. They are attached as
 * referrers (OCI distribution 1.1, or the tag that stands in for it), as cosign's tags (".sbom",
 * ".att"), or as the attestation manifests that BuildKit puts into the index. */
#include "cli/attached.h"
#include <string.h>

void oakum_attached_free(OakumAttached *attached)
{
  g_free(attached->from);
  g_free(attached->text);
  g_free(attached);
}

typedef struct {
  OakumRegistry *registry;
  OakumBlobSource *blobs;
  GPtrArray *digests; /* char *: of the image, then of the indexes that name it */
  GPtrArray *found;   /* OakumAttached */
  GHashTable *seen;   /* digests of what was looked at */
  uint64_t bytes;
  const char *image;
} Search;

/* ---- one document
 * -------------------------------------------------------------------------------- */
static gboolean begins(const json_t *json, const char *key, const char *text)
{
  const char *value = json_string_value(json_object_get(json, key));
  return value && g_str_has_prefix(value, text);
}

static gboolean is_openvex(const json_t *json)
{
  return begins(json, "@context", "https://openvex.dev/ns");
}

/* A bill may tell of holes, too. */
static guint kinds_of(const json_t *json)
{
  if (begins(json, "bomFormat", "CycloneDX"))
    return (json_array_size(json_object_get(json, "components")) > 0 ? OAKUM_ATTACHED_SBOM : 0) |
           (json_array_size(json_object_get(json, "vulnerabilities")) > 0 ? OAKUM_ATTACHED_VEX : 0);
  if (begins(json, "spdxVersion", "SPDX-") || json_is_array(json_object_get(json, "@graph")) ||
      json_is_array(json_object_get(json, "artifacts")))
    return OAKUM_ATTACHED_SBOM;
  const json_t *csaf = json_object_get(json, "document");
  return is_openvex(json) || begins(csaf, "csaf_version", "2.") ? OAKUM_ATTACHED_VEX : 0;
}

static void add(Search *s, guint kinds, const char *text, size_t len, const char *from)
{
  OakumAttached *attached = g_new0(OakumAttached, 1);
  *attached = (OakumAttached){kinds, g_strndup(text, len), len, g_strdup(from)};
  g_ptr_array_add(s->found, attached);
}

static gboolean about_image(const Search *s, const json_t *statement)
{
  for (guint i = 0; i < s->digests->len; i++)
    if (oakum_attestation_is_about(statement, s->digests->pdata[i]))
      return TRUE;
  return FALSE;
}

static void take_text(Search *s, const char *text, size_t len, const char *from)
{
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, from, NULL);
  if (!json) {
    OakumSlice head = {(const uint8_t *)text, MIN(len, OAKUM_SBOM_HEAD)};
    const char *marks[] = {"SPDXVersion:", "cyclonedx.org/schema/bom/1."};
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
      if (memmem(head.data, head.len, marks[i], strlen(marks[i]))) {
        add(s, OAKUM_ATTACHED_SBOM, text, len, from);
        return;
      }
    return;
  }
  OAKUM_AUTO_JSON *statement = oakum_attestation_statement(json);
  if (!statement) {
    guint kinds = kinds_of(json);
    if (kinds)
      add(s, kinds, text, len, from);
    return;
  }
  OAKUM_AUTO_JSON *stated = oakum_attestation_predicate(statement);
  guint kinds = stated ? kinds_of(stated) : 0;
  if (!kinds)
    return;
  if (!about_image(s, statement)) {
    oakum_warn("%s: what it states is about another image; it is left out", from);
    return;
  }
  g_autofree char *inner = oakum_json_dump(stated, FALSE);
  add(s, kinds, inner, strlen(inner), from);
}

/* Signatures and the like are not fetched. */
static gboolean may_be_document(const OakumDescriptor *desc)
{
  static const char *const words[] = {"spdx", "cyclonedx", "syft",   "in-toto", "dsse",
                                      "vex",  "csaf",      "bundle", "sbom",    "text/"};
  static const char *const plain[] = {"application/json", "application/xml",
                                      "application/octet-stream", NULL};
  const char *type = desc->media_type ? desc->media_type : "";
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (strstr(type, words[i]))
      return TRUE;
  return g_strv_contains(plain, type);
}

static gboolean take_blob(Search *s, const OakumDescriptor *desc, GError **error)
{
  if (!may_be_document(desc) || !g_hash_table_add(s->seen, g_strdup(desc->digest)))
    return TRUE;
  g_autofree char *from = g_strdup_printf("%s attached to %s", desc->digest, s->image);
  s->bytes += desc->size;
  if (s->found->len >= OAKUM_ATTACHED_MAX || desc->size > OAKUM_SBOM_MAX ||
      s->bytes > OAKUM_ATTACHED_BYTES_MAX) {
    oakum_warn("%s: too large or too many; it is left out", from);
    return TRUE;
  }
  g_autoptr(OakumReader) blob = s->blobs->open(s->blobs, desc, error);
  if (!blob)
    return FALSE;
  g_autoptr(OakumReader) reader = oakum_reader_new_inflate(g_steal_pointer(&blob), NULL);
  g_autofree char *text = NULL;
  size_t len;
  if (!oakum_reader_slurp(reader, OAKUM_SBOM_MAX, from, &text, &len, error))
    return FALSE;
  take_text(s, text, len, from);
  return TRUE;
}

/* ---- where they hang
 * ----------------------------------------------------------------------------- */
/* What cannot be fetched is told, and goes without: it would only have hidden or stood in for what
 * the layers say. `subject`: what the manifest must say that it is about, or NULL. */
static void take_manifest(Search *s, const char *name, const char *subject, gboolean may_lack)
{
  g_autoptr(OakumManifest) manifest = NULL;
  g_autoptr(GError) error = NULL;
  if (!oakum_registry_get_manifest(s->registry, name, &manifest, &error)) {
    if (!may_lack || !g_error_matches(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_NOT_FOUND))
      oakum_warn("%s: %s", s->image, error->message);
    return;
  }
  if (subject && (!manifest->subject || strcmp(manifest->subject->digest, subject) != 0)) {
    oakum_warn("%s: %s is listed as attached, and says that it is not; it is left out", s->image,
               name);
    return;
  }
  for (guint i = 0; !manifest->is_index && i < manifest->layers->len; i++)
    if (!take_blob(s, manifest->layers->pdata[i], &error)) {
      oakum_warn("%s: %s: %s", s->image, name, error->message);
      g_clear_error(&error);
    }
}

static void take_referrers(Search *s, const char *digest)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) all = oakum_registry_referrers(s->registry, digest, NULL, &error);
  if (!all)
    oakum_warn("%s: %s", s->image, error->message);
  for (guint i = 0; all && i < all->len; i++)
    take_manifest(s, ((OakumDescriptor *)all->pdata[i])->digest, digest, FALSE);
}

static void take_tags(Search *s, const char *digest)
{
  static const char *const ends[] = {"sbom", "att"};
  for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
    g_autofree char *tag = g_strdup_printf("%s.%s", digest, ends[i]);
    *strchr(tag, ':') = '-';
    take_manifest(s, tag, NULL, TRUE);
  }
}

/* BuildKit: an entry of the index with a platform of its own, which says whose it is. */
static void take_entries(Search *s, const OakumManifest *index, const char *digest)
{
  for (guint i = 0; i < index->manifests->len; i++) {
    const OakumDescriptor *desc = index->manifests->pdata[i];
    const char *whose = desc->annotations
                            ? g_hash_table_lookup(desc->annotations, "vnd.docker.reference.digest")
                            : NULL,
               *type = whose ? g_hash_table_lookup(desc->annotations, "vnd.docker.reference.type")
                             : NULL;
    if (whose && strcmp(whose, digest) == 0 && g_strcmp0(type, "attestation-manifest") == 0)
      take_manifest(s, desc->digest, NULL, FALSE);
  }
}

/* From what the name means down to the image of the platform; `indexes` gets those on the way. */
static gboolean descend(Search *s, const char *name, const OakumPlatform *platform,
                        GPtrArray *indexes, GError **error)
{
  g_autofree char *next = g_strdup(name);
  for (guint depth = 0; depth <= OAKUM_INDEX_DEPTH_MAX; depth++) {
    g_autoptr(OakumManifest) manifest = NULL;
    if (!oakum_registry_get_manifest(s->registry, next, &manifest, error))
      return FALSE;
    g_autoptr(OakumDescriptor) own = oakum_manifest_descriptor(manifest);
    g_ptr_array_insert(s->digests, 0, g_strdup(own->digest));
    if (!manifest->is_index)
      return TRUE;
    const OakumDescriptor *desc = oakum_index_select(manifest, platform, error);
    if (!desc)
      return FALSE;
    g_free(next);
    next = g_strdup(desc->digest);
    g_ptr_array_add(indexes, g_steal_pointer(&manifest));
  }
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT, "indexes nest deeper than %u",
              OAKUM_INDEX_DEPTH_MAX);
  return FALSE;
}

GPtrArray *oakum_attached_find(const char *image, const OakumPlatform *platform,
                               const OakumRegistryArgs *registry, GError **error)
{
  g_autoptr(OakumReference) ref = oakum_reference_parse(image, error);
  g_autoptr(OakumRegistry) opened =
      ref ? oakum_registry_args_open(registry, ref, FALSE, error) : NULL;
  if (!opened)
    return NULL;
  g_autoptr(OakumBlobSource) blobs = oakum_registry_blob_source(opened);
  g_autoptr(GPtrArray) digests = g_ptr_array_new_with_free_func(g_free),
                       indexes =
                           g_ptr_array_new_with_free_func((GDestroyNotify)oakum_manifest_free),
                       found = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_attached_free);
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL);
  Search s = {opened, blobs, digests, found, seen, 0, image};
  if (!descend(&s, ref->digest ? ref->digest : ref->tag, platform, indexes, error))
    return NULL;
  for (guint i = 0; i < digests->len; i++)
    take_referrers(&s, digests->pdata[i]);
  for (guint i = 0; i < indexes->len; i++)
    take_entries(&s, indexes->pdata[i], digests->pdata[0]);
  for (guint i = 0; i < digests->len; i++)
    take_tags(&s, digests->pdata[i]);
  return g_steal_pointer(&found);
}
