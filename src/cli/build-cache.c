/* --cache-from and --cache-to: caches of steps in a repository of a registry, or in an OCI layout.
 * docs/cache.md has the format: one small manifest a key, under a tag that is the key. */
#include "cli/build-common.h"
#include "os/os.h"
#include <string.h>

#define STEP_TYPE "application/vnd.oakum.cache.step.v1"
#define NOTE_KEY "dev.oakum.cache.key"
#define NOTE_DIFF_ID "dev.oakum.cache.diff-id"
#define NOTE_EMPTY "dev.oakum.cache.empty"
#define NOTE_CREATED "org.opencontainers.image.created"
#define TAG_MAX 128 /* bytes: distribution specification */

typedef struct {
  OakumCacheRemote remote;
  char *name;
  char *prefix;            /* of tags; NULL: none */
  OakumRegistry *registry; /* or: */
  char *folder;
  OakumBlobSource source; /* of the layers; asks `blobs` */
  GMutex lock;            /* guards what follows */
  OakumBlobSource *blobs; /* NULL: not open yet */
  char **siblings;        /* "registry/repository" of -t: may have a layer already; borrowed */
} Cache;

/* What --cache-to says. */
typedef struct {
  OakumCacheRemote *remote;
  gboolean all, strict;
} Target;

static char *tag_of(const Cache *cache, const char *key)
{
  return cache->prefix ? g_strconcat(cache->prefix, "-", key, NULL) : g_strdup(key);
}

/* ---- reading
 * ---------------------------------------------------------------------------------------- */
static const char *note(const OakumManifest *manifest, const char *name)
{
  return manifest->annotations ? g_hash_table_lookup(manifest->annotations, name) : NULL;
}

static gboolean read_entry(const OakumManifest *manifest, const char *key, OakumCacheEntry *out,
                           GError **error)
{
  const char *diff_id = note(manifest, NOTE_DIFF_ID), *created = note(manifest, NOTE_CREATED);
  if (manifest->is_index || g_strcmp0(manifest->artifact_type, STEP_TYPE) != 0 ||
      g_strcmp0(note(manifest, NOTE_KEY), key) != 0 || manifest->layers->len != 1 || !created ||
      !oakum_time_parse(created, &out->created)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_INVALID, "key %s: no entry of a cache of steps",
                key);
    return FALSE;
  }
  if (note(manifest, NOTE_EMPTY))
    return TRUE;
  const OakumDescriptor *layer = manifest->layers->pdata[0];
  if (!diff_id || !oakum_digest_check(diff_id, NULL) ||
      !oakum_media_type_is_layer(layer->media_type)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_INVALID, "key %s: it names no layer", key);
    return FALSE;
  }
  out->layer = oakum_descriptor_new(layer->media_type, layer->digest, layer->size);
  out->diff_id = g_strdup(diff_id);
  return TRUE;
}

static int cache_find(OakumCacheRemote *self, const char *key, OakumCacheEntry *out, GError **error)
{
  const Cache *cache = (const Cache *)self;
  g_autofree char *tag = tag_of(cache, key);
  g_autoptr(GError) local = NULL;
  g_autoptr(OakumImage) image = NULL;
  g_autoptr(OakumManifest) manifest = NULL;
  OakumPlatform host = {0};
  const OakumManifest *found = NULL;
  if (cache->registry) {
    found = oakum_registry_get_manifest(cache->registry, tag, &manifest, &local) ? manifest : NULL;
  } else {
    oakum_platform_host(&host);
    image = oakum_layout_read(cache->folder, tag, &host, &local);
    found = image ? image->manifest : NULL;
    oakum_platform_clear(&host);
  }
  if (found)
    return read_entry(found, key, out, error) ? 1 : -1;
  if (local->code == OAKUM_ERROR_NOT_FOUND)
    return 0;
  g_propagate_error(error, g_steal_pointer(&local));
  return -1;
}

static OakumReader *layers_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  Cache *cache = (Cache *)(gpointer)((char *)self - offsetof(Cache, source));
  {
    OAKUM_AUTO_LOCK(&cache->lock);
    if (!cache->blobs)
      cache->blobs = cache->registry ? oakum_registry_blob_source(cache->registry)
                                     : oakum_layout_source(cache->folder, error);
  }
  return cache->blobs ? cache->blobs->open(cache->blobs, desc, error) : NULL;
}

static char *layers_origin(OakumBlobSource *self, const OakumDescriptor *desc)
{
  Cache *cache = (Cache *)(gpointer)((char *)self - offsetof(Cache, source));
  return cache->registry ? g_strdup(cache->name) : NULL;
}

/* ---- writing
 * ---------------------------------------------------------------------------------------- */
/* Config and layer of one entry. */
typedef struct {
  OakumBlobSource source;
  Cache *cache;
  const char *config_digest;
  GBytes *config, *empty;
  OakumBlobSource *layers;
} EntrySource;

static OakumReader *entry_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  EntrySource *s = (EntrySource *)self;
  if (strcmp(desc->digest, s->config_digest) == 0)
    return oakum_reader_new_bytes(s->config);
  return s->empty ? oakum_reader_new_bytes(s->empty) : s->layers->open(s->layers, desc, error);
}

/* The image was pushed before: its repository has the layer already. */
static char *entry_origin(OakumBlobSource *self, const OakumDescriptor *desc)
{
  EntrySource *s = (EntrySource *)self;
  if (s->empty || strcmp(desc->digest, s->config_digest) == 0)
    return NULL;
  char *origin = oakum_blob_source_origin(s->layers, desc);
  size_t n = strcspn(s->cache->name, "/");
  for (char **one = s->cache->siblings; !origin && one && *one; one++)
    if (strncmp(*one, s->cache->name, n + 1) == 0)
      origin = g_strdup(*one);
  return origin;
}

static void entry_free(OakumBlobSource *self)
{
  (void)self; /* on the stack of its only user */
}

/* Registries like no image without a layer: a step that changed nothing gets the empty archive. */
static GBytes *empty_layer(char **diff_id, GError **error)
{
  static const uint8_t blocks[1024];
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  g_autoptr(OakumWriter) gzip = oakum_writer_new_gzip(oakum_writer_new_memory(bytes), 6, 1);
  *diff_id = oakum_digest_of(blocks, sizeof(blocks));
  if (!oakum_writer_write(gzip, blocks, sizeof(blocks), error) || !oakum_writer_finish(gzip, error))
    return NULL;
  return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

static OakumManifest *make_manifest(EntrySource *s, const char *key, const OakumCacheEntry *entry,
                                    char **config_digest, GError **error)
{
  g_autofree char *diff_id = g_strdup(entry->diff_id);
  g_autoptr(OakumDescriptor) layer = entry->layer ? oakum_descriptor_copy(entry->layer) : NULL;
  if (!layer) {
    if (!(s->empty = empty_layer(&diff_id, error)))
      return NULL;
    gsize len;
    const void *data = g_bytes_get_data(s->empty, &len);
    g_autofree char *digest = oakum_digest_of(data, len);
    layer = oakum_descriptor_new(OAKUM_MT_OCI_LAYER_GZIP, digest, len);
  }
  OakumPlatform host = {0};
  oakum_platform_host(&host);
  g_autoptr(OakumConfig) config = oakum_config_new(&host);
  oakum_platform_clear(&host);
  g_ptr_array_add(config->diff_ids, g_strdup(diff_id));
  char *text = oakum_config_format(config);
  size_t len = strlen(text);
  s->config = g_bytes_new_take(text, len);
  s->config_digest = *config_digest = oakum_digest_of(text, len);
  g_autoptr(OakumDescriptor) desc =
      oakum_descriptor_new(OAKUM_MT_OCI_CONFIG, s->config_digest, len);
  g_autoptr(GHashTable) notes = oakum_str_map_new(NULL, g_free);
  g_hash_table_insert(notes, (gpointer)NOTE_KEY, g_strdup(key));
  g_hash_table_insert(notes, (gpointer)NOTE_CREATED, oakum_time_format(entry->created));
  g_hash_table_insert(notes, (gpointer)(entry->layer ? NOTE_DIFF_ID : NOTE_EMPTY),
                      g_strdup(entry->layer ? diff_id : "true"));
  g_autoptr(GPtrArray) layers = g_ptr_array_new();
  g_ptr_array_add(layers, layer);
  return oakum_artifact_make(STEP_TYPE, desc, layers, notes);
}

static gboolean cache_store(OakumCacheRemote *self, const char *key, const OakumCacheEntry *entry,
                            OakumBlobSource *layers, GError **error)
{
  Cache *cache = (Cache *)self;
  EntrySource s = {
      .source = {entry_open, entry_free, entry_origin}, .cache = cache, .layers = layers};
  g_autofree char *tag = tag_of(cache, key), *config_digest = NULL;
  g_autoptr(OakumManifest) manifest = make_manifest(&s, key, entry, &config_digest, error);
  gboolean ok = FALSE;
  if (manifest && cache->registry) {
    const OakumManifest *manifests[] = {manifest};
    const char *tags[] = {tag, NULL};
    ok = oakum_registry_push(cache->registry, manifests, 1, &s.source, tags, NULL, error);
  } else if (manifest) {
    g_autoptr(OakumImage) image =
        oakum_image_new(tag, g_steal_pointer(&manifest), &s.source, error);
    const OakumImage *images[] = {image};
    const OakumImageSet set = {images, 1, NULL, NULL, &s.source};
    const OakumLayoutName names[] = {{tag, NULL}, {NULL, NULL}};
    ok = image && oakum_layout_write(&set, cache->folder, names, FALSE, error);
  }
  g_clear_pointer(&s.config, g_bytes_unref);
  g_clear_pointer(&s.empty, g_bytes_unref);
  return ok;
}

static void cache_free(OakumCacheRemote *self)
{
  Cache *cache = (Cache *)self;
  oakum_blob_source_free(cache->blobs);
  oakum_registry_free(cache->registry);
  g_mutex_clear(&cache->lock);
  g_free(cache->name);
  g_free(cache->prefix);
  g_free(cache->folder);
  g_free(cache);
}

/* ---- what the options say
 * --------------------------------------------------------------------------- */
typedef struct {
  char *type, *ref, *folder, *mode, *ignore_error; /* NULL: not given */
} Words;

static void words_clear(Words *words)
{
  g_free(words->type);
  g_free(words->ref);
  g_free(words->folder);
  g_free(words->mode);
  g_free(words->ignore_error);
}

static gboolean wrong(const char *option, const char *text, const char *why, GError **error)
{
  g_autofree char *shown = oakum_escape_terminal(text, -1);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--%s \"%s\": %s", option, shown, why);
  return FALSE;
}

/* "type=registry,ref=…", as buildx has it; "oci:DIR"; or a repository. */
static gboolean parse_words(const char *text, gboolean to, Words *out, GError **error)
{
  const char *option = to ? "cache-to" : "cache-from";
  if (!g_str_has_prefix(text, "type=")) {
    gboolean layout = g_str_has_prefix(text, "oci:");
    out->type = g_strdup(layout ? "local" : "registry");
    *(layout ? &out->folder : &out->ref) = g_strdup(text + (layout ? 4 : 0));
    out->mode = g_strdup("max");
  } else {
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (char **part = parts; *part; part++) {
      char *equals = strchr(*part, '=');
      if (!equals)
        return wrong(option, text, "expected NAME=VALUE between commas", error);
      *equals = '\0';
      char **place = strcmp(*part, "type") == 0                 ? &out->type
                     : strcmp(*part, "ref") == 0                ? &out->ref
                     : strcmp(*part, to ? "dest" : "src") == 0  ? &out->folder
                     : to && strcmp(*part, "mode") == 0         ? &out->mode
                     : to && strcmp(*part, "ignore-error") == 0 ? &out->ignore_error
                                                                : NULL;
      if (!place)
        return wrong(option, text,
                     to ? "it knows type, ref, dest, mode and ignore-error"
                        : "it knows type, ref and src",
                     error);
      g_free(*place);
      *place = g_strdup(equals + 1);
    }
  }
  gboolean registry = strcmp(out->type, "registry") == 0;
  if (!registry && strcmp(out->type, "local") != 0)
    return wrong(option, text, "only the types registry and local are known", error);
  if (registry ? !out->ref || !*out->ref || out->folder : !out->folder || !*out->folder || out->ref)
    return wrong(option, text,
                 registry ? "a registry is named by ref=REPOSITORY"
                 : to     ? "a folder is named by dest=DIR"
                          : "a folder is named by src=DIR",
                 error);
  if (out->mode && strcmp(out->mode, "min") != 0 && strcmp(out->mode, "max") != 0)
    return wrong(option, text, "mode is min or max", error);
  if (out->ignore_error && strcmp(out->ignore_error, "true") != 0 &&
      strcmp(out->ignore_error, "false") != 0)
    return wrong(option, text, "ignore-error is true or false", error);
  return TRUE;
}

static OakumCacheRemote *open_cache(const Words *words, const OakumBuildArgs *args, gboolean to,
                                    GError **error)
{
  Cache *cache = g_new0(Cache, 1);
  g_autoptr(OakumCacheRemote) owned = &cache->remote;
  g_mutex_init(&cache->lock);
  cache->source = (OakumBlobSource){layers_open, NULL, layers_origin};
  cache->remote = (OakumCacheRemote){.no_runs = args->cache_no_runs,
                                     .no_copies = args->cache_no_copies,
                                     .find = cache_find,
                                     .layers = &cache->source,
                                     .store = cache_store,
                                     .free = cache_free};
  if (words->folder) {
    cache->folder = g_canonicalize_filename(words->folder, NULL);
    cache->name = g_strconcat("oci:", cache->folder, NULL);
  } else {
    g_autoptr(OakumReference) ref = oakum_reference_parse(words->ref, error);
    if (!ref || !(cache->registry = oakum_registry_args_open(&args->registry, ref, to, error)))
      return NULL;
    cache->name = g_strconcat(ref->registry, "/", ref->repository, NULL);
    cache->prefix = ref->tag_given ? g_strdup(ref->tag) : NULL;
    if (ref->digest || (ref->tag_given && strlen(ref->tag) > TAG_MAX - 65)) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "the cache %s takes no digest, and a tag of at most %d bytes", words->ref,
                  TAG_MAX - 65);
      return NULL;
    }
  }
  cache->remote.name = cache->name;
  return g_steal_pointer(&owned);
}

/* OAKUM_CACHE_TO splits at commas: what follows "type=" is put together again. */
static GPtrArray *whole_texts(const GPtrArray *given)
{
  GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; given && i < given->len; i++) {
    const char *text = given->pdata[i];
    char *last = list->len ? list->pdata[list->len - 1] : NULL;
    if (last && g_str_has_prefix(last, "type=") && strchr(text, '=') &&
        !g_str_has_prefix(text, "type=")) {
      list->pdata[list->len - 1] = g_strconcat(last, ",", text, NULL);
      g_free(last);
    } else {
      g_ptr_array_add(list, g_strdup(text));
    }
  }
  return list;
}

static void target_free(gpointer p)
{
  Target *target = p;
  oakum_cache_remote_free(target->remote);
  g_free(target);
}

gboolean oakum_cli_caches_open(const OakumBuildArgs *args, OakumCaches *caches, GError **error)
{
  g_autoptr(GPtrArray) from = whole_texts(args->cache_from), to = whole_texts(args->cache_to);
  if (from->len > OAKUM_CACHES_MAX || to->len > OAKUM_CACHES_MAX) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT, "more than %u caches", OAKUM_CACHES_MAX);
    return FALSE;
  }
  caches->from = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_cache_remote_free);
  caches->to = g_ptr_array_new_with_free_func(target_free);
  for (guint i = 0; i < from->len + to->len; i++) {
    __attribute__((cleanup(words_clear))) Words words = {0};
    gboolean telling = i >= from->len;
    const char *text = telling ? to->pdata[i - from->len] : from->pdata[i];
    OakumCacheRemote *remote =
        parse_words(text, telling, &words, error) ? open_cache(&words, args, telling, error) : NULL;
    if (!remote)
      return FALSE;
    if (!telling) {
      g_ptr_array_add(caches->from, remote);
      continue;
    }
    Target *target = g_new0(Target, 1);
    *target = (Target){remote, g_strcmp0(words.mode, "max") == 0,
                       g_strcmp0(words.ignore_error, "false") == 0};
    g_ptr_array_add(caches->to, target);
  }
  if (caches->to->len)
    caches->log = oakum_cache_log_new();
  return TRUE;
}

/* "registry/repository" of each -t. */
static char **repositories(const GPtrArray *tags)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new();
  for (guint i = 0; tags && i < tags->len; i++) {
    g_autoptr(OakumReference) ref = oakum_reference_parse(tags->pdata[i], NULL);
    if (ref)
      g_ptr_array_add(list, g_strconcat(ref->registry, "/", ref->repository, NULL));
  }
  g_ptr_array_add(list, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

gboolean oakum_cli_caches_tell(const OakumBuildArgs *args, OakumCaches *caches, GError **error)
{
  g_auto(GStrv) siblings = repositories(args->tags);
  for (guint i = 0; caches->log && i < caches->to->len; i++) {
    const Target *target = caches->to->pdata[i];
    Cache *cache = (Cache *)target->remote;
    g_autoptr(GError) local = NULL;
    guint told = 0;
    cache->siblings = siblings;
    gboolean ok = oakum_cache_log_send(caches->log, target->remote, target->all, caches->ttl_s,
                                       &told, &local);
    cache->siblings = NULL;
    if (ok) {
      oakum_info("%u steps told to the cache %s", told, cache->name);
    } else if (target->strict) {
      g_propagate_prefixed_error(error, g_steal_pointer(&local), "cache %s: ", cache->name);
      return FALSE;
    } else {
      oakum_warn("the cache %s is not told of every step: %s", cache->name, local->message);
    }
  }
  return TRUE;
}

void oakum_cli_caches_clear(OakumCaches *caches)
{
  oakum_cache_log_free(caches->log);
  g_clear_pointer(&caches->from, g_ptr_array_unref);
  g_clear_pointer(&caches->to, g_ptr_array_unref);
  caches->log = NULL;
}
