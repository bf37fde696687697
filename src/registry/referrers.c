/* Who names a manifest as its subject: the referrers API, and the tag that stands in for it. */
#include "registry/registry-private.h"
#include <string.h>

static char *fallback_tag(const char *digest)
{
  char *tag = g_strdup(digest);
  *strchr(tag, ':') = '-';
  /* tags are at most 128 characters long; the specification cuts what is longer */
  if (strlen(tag) > 128)
    tag[128] = '\0';
  return tag;
}

/* The target of a Link header with rel="next" (RFC 8288), only when it stays with the registry. */
static char *next_page(OakumEndpoint *e, const OakumHttpAnswer *answer)
{
  const char *link = oakum_http_header(answer, "link", 0);
  const char *end = link && *link == '<' ? strchr(link, '>') : NULL;
  if (!end || !strstr(end, "next"))
    return NULL;
  g_autofree char *target = g_strndup(link + 1, (gsize)(end - link - 1));
  g_autofree char *url = oakum_url_resolve(answer->url, target);
  return url && oakum_url_same_origin(url, e->base) ? g_steal_pointer(&url) : NULL;
}

static OakumManifest *read_index(OakumEndpoint *e, OakumHttpAnswer *answer, GError **error)
{
  char *text;
  size_t len;
  if (!oakum_reader_slurp(answer->body, OAKUM_MANIFEST_MAX, "referrers", &text, &len, error))
    return NULL;
  g_autoptr(GBytes) raw = g_bytes_new_take(text, len);
  g_autoptr(OakumManifest) index = oakum_manifest_parse(raw, OAKUM_MT_OCI_INDEX, error);
  if (!index || index->is_index)
    return g_steal_pointer(&index);
  g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID,
              "%s/%s: the list of referrers is no index", e->name, e->repository);
  return NULL;
}

static gboolean add_all(GPtrArray *list, const OakumManifest *index, const char *artifact_type,
                        GError **error)
{
  for (guint i = 0; i < index->manifests->len; i++) {
    const OakumDescriptor *desc = index->manifests->pdata[i];
    if (artifact_type && g_strcmp0(desc->artifact_type, artifact_type) != 0)
      continue; /* the registry need not have filtered */
    if (list->len >= OAKUM_REFERRERS_MAX) {
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_LIMIT, "more than %u referrers",
                  OAKUM_REFERRERS_MAX);
      return FALSE;
    }
    g_ptr_array_add(list, oakum_descriptor_copy(desc));
  }
  return TRUE;
}

/* *index stays NULL when there is no such tag. */
static gboolean read_fallback(OakumEndpoint *e, const char *digest, OakumManifest **index,
                              GError **error)
{
  g_autofree char *tag = fallback_tag(digest);
  g_autoptr(GError) local = NULL;
  *index = oakum_endpoint_get_manifest(e, tag, &local);
  if (*index && !(*index)->is_index) {
    g_clear_pointer(index, oakum_manifest_free);
    g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_INVALID, "%s/%s:%s is no index", e->name,
                e->repository, tag);
    return FALSE;
  }
  if (*index || local->code == OAKUM_ERROR_NOT_FOUND)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

GPtrArray *oakum_registry_referrers(OakumRegistry *r, const char *digest, const char *artifact_type,
                                    GError **error)
{
  if (!oakum_digest_check(digest, error))
    return NULL;
  OakumEndpoint *e = oakum_registry_origin(r);
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  g_autofree char *url = oakum_endpoint_url(e, "referrers", digest, error);
  if (!url)
    return NULL;
  if (artifact_type) {
    char *longer = oakum_url_add_query(url, "artifactType", artifact_type);
    g_free(url);
    url = longer;
  }
  for (guint page = 0; url; page++) {
    if (page >= OAKUM_REFERRERS_PAGES_MAX) {
      g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_LIMIT,
                  "%s/%s: more than %u pages of referrers", e->name, e->repository,
                  OAKUM_REFERRERS_PAGES_MAX);
      return NULL;
    }
    static const char *const headers[] = {"Accept: " OAKUM_MT_OCI_INDEX, NULL};
    g_autoptr(OakumHttpAnswer) answer = oakum_endpoint_send(
        e,
        (OakumHttpRequest){
            .method = "GET", .url = url, .headers = headers, .answer_max = OAKUM_MANIFEST_MAX},
        NULL, error);
    if (answer && page == 0 && (answer->status == 404 || answer->status == 405)) {
      OakumManifest *index = NULL;
      if (!read_fallback(e, digest, &index, error))
        return NULL;
      gboolean ok = !index || add_all(list, index, artifact_type, error);
      oakum_manifest_free(index);
      return ok ? g_steal_pointer(&list) : NULL;
    }
    if (!answer || answer->status != 200) {
      (void)!oakum_endpoint_refused(e, "list referrers", g_steal_pointer(&answer), error);
      return NULL;
    }
    g_autoptr(OakumManifest) index = read_index(e, answer, error);
    if (!index || !add_all(list, index, artifact_type, error))
      return NULL;
    char *next = next_page(e, answer);
    g_free(url);
    url = next;
  }
  return g_steal_pointer(&list);
}

/* A registry that keeps no referrers: the index under the fallback tag gets one more entry. Two
 * writers at once can lose one entry; the specification knows no way around that. */
gboolean oakum_registry_add_referrer(OakumRegistry *r, const OakumManifest *manifest,
                                     GError **error)
{
  OakumEndpoint *e = oakum_registry_origin(r);
  g_autoptr(OakumManifest) old = NULL;
  g_autoptr(OakumDescriptor) own = oakum_manifest_descriptor(manifest);
  g_autofree char *tag = fallback_tag(manifest->subject->digest);
  if (!read_fallback(e, manifest->subject->digest, &old, error))
    return FALSE;
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  for (guint i = 0; old && i < old->manifests->len; i++) {
    const OakumDescriptor *desc = old->manifests->pdata[i];
    if (strcmp(desc->digest, own->digest) == 0)
      return TRUE;
    g_ptr_array_add(list, oakum_descriptor_copy(desc));
  }
  /* images say what they are by their config */
  own->artifact_type = g_strdup(manifest->artifact_type ? manifest->artifact_type
                                : manifest->config      ? manifest->config->media_type
                                                        : NULL);
  if (manifest->annotations) {
    GHashTableIter iter;
    gpointer key, value;
    own->annotations = oakum_str_map_new(g_free, g_free);
    g_hash_table_iter_init(&iter, manifest->annotations);
    while (g_hash_table_iter_next(&iter, &key, &value))
      g_hash_table_insert(own->annotations, g_strdup(key), g_strdup(value));
  }
  g_ptr_array_add(list, g_steal_pointer(&own));
  g_autoptr(OakumManifest) index = oakum_index_make(OAKUM_MT_OCI_INDEX, list, NULL);
  return oakum_registry_put_manifest(r, index, tag, error);
}
