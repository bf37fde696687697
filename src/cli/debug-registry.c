/* oakum debug pull, push, copy, referrers: an image in a folder, exactly as the registry has it:
 * manifest.json and blobs/<algorithm>/<hex> (layers, configs, and the manifests below an index). */
#include "cli/cli.h"
#include "os/os.h"
#include "registry/registry.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  GPtrArray *insecure, *unverified, *mirrors, *maps, *ca_files, *client_certs;
  char *certs_dir, *chunk, *mount_from, *artifact_type;
} Args;
static void args_clear(Args *a)
{
  GPtrArray **lists[] = {&a->insecure, &a->unverified, &a->mirrors,
                         &a->maps,     &a->ca_files,   &a->client_certs};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    if (*lists[i])
      g_ptr_array_unref(*lists[i]);
  g_free(a->certs_dir);
  g_free(a->chunk);
  g_free(a->mount_from);
  g_free(a->artifact_type);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Args, args_clear)

static gboolean parse_args(Args *a, int argc, char **argv, GPtrArray **rest, GError **error)
{
  OakumOption options[] = {{"insecure", 0, OAKUM_OPTION_LIST, &a->insecure},
                           {"unverified", 0, OAKUM_OPTION_LIST, &a->unverified},
                           {"mirror", 0, OAKUM_OPTION_LIST, &a->mirrors},
                           {"map", 0, OAKUM_OPTION_LIST, &a->maps},
                           {"ca", 0, OAKUM_OPTION_LIST, &a->ca_files},
                           {"client-cert", 0, OAKUM_OPTION_LIST, &a->client_certs},
                           {"certs-dir", 0, OAKUM_OPTION_TEXT, &a->certs_dir},
                           {"chunk", 0, OAKUM_OPTION_TEXT, &a->chunk},
                           {"mount-from", 0, OAKUM_OPTION_TEXT, &a->mount_from},
                           {"artifact-type", 0, OAKUM_OPTION_TEXT, &a->artifact_type},
                           {0}};
  return oakum_options_parse(options, argc, argv, rest, error);
}

static const char *const *strings(GPtrArray *list)
{
  if (list && (list->len == 0 || list->pdata[list->len - 1]))
    g_ptr_array_add(list, NULL);
  return list ? (const char *const *)list->pdata : NULL;
}

/* "HOST=VALUE" each; the texts are cut in place. */
static OakumHostPair *pairs(GPtrArray *list)
{
  OakumHostPair *made = g_new0(OakumHostPair, list ? list->len + 1 : 1);
  for (guint i = 0; list && i < list->len; i++) {
    char *text = list->pdata[i], *equals = strchr(text, '=');
    if (equals)
      *equals = '\0';
    made[i] = (OakumHostPair){text, equals ? equals + 1 : ""};
  }
  return made;
}

static OakumRegistry *open_registry(Args *a, const OakumReference *ref, gboolean push,
                                    GError **error)
{
  g_autofree OakumHostPair *mirrors = pairs(a->mirrors), *maps = pairs(a->maps),
                           *ca_files = pairs(a->ca_files), *certs = pairs(a->client_certs);
  OakumRegistryOptions options = {.push = push,
                                  .insecure = strings(a->insecure),
                                  .unverified = strings(a->unverified),
                                  .mirrors = mirrors,
                                  .maps = maps,
                                  .ca_files = ca_files,
                                  .client_certs = certs,
                                  .certs_dir = a->certs_dir};
  if (a->chunk &&
      !oakum_parse_u64(a->chunk, strlen(a->chunk), OAKUM_UPLOAD_CHUNK_MAX, &options.chunk)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--chunk wants a number of bytes");
    return NULL;
  }
  return oakum_registry_open(ref, &options, error);
}

static char *blob_path(const char *dir, const char *digest)
{
  g_autofree char *kind = g_strndup(digest, strcspn(digest, ":"));
  return g_build_filename(dir, "blobs", kind, oakum_digest_hex(digest), NULL);
}

/* ---- pull
 * ---------------------------------------------------------------------------------------- */
typedef struct {
  OakumBlobSource *source;
  const char *dir;
} PullWork;

static gpointer pull_one(gpointer item, gpointer user)
{
  PullWork *work = user;
  const OakumDescriptor *desc = item;
  GError *error = NULL;
  g_autofree char *path = blob_path(work->dir, desc->digest);
  g_autoptr(OakumReader) reader = work->source->open(work->source, desc, &error);
  g_autoptr(OakumAtomicFile) file = reader ? oakum_atomic_file_new(path, 0644, &error) : NULL;
  if (!file)
    return error;
  g_autoptr(OakumWriter) writer = oakum_writer_new_fd(oakum_atomic_file_fd(file), FALSE);
  if (oakum_stream_copy(reader, writer, NULL, &error) && oakum_writer_finish(writer, &error))
    (void)!oakum_atomic_file_commit(file, &error);
  return error;
}

static void add_blob(GPtrArray *blobs, GHashTable *seen, OakumDescriptor *desc)
{
  if (desc && g_hash_table_add(seen, desc->digest))
    g_ptr_array_add(blobs, desc);
}

/* Writes the manifests below an index and notes all blobs. `kept` owns every manifest. */
static gboolean walk(OakumRegistry *r, const OakumManifest *m, const char *dir, guint depth,
                     GPtrArray *kept, GPtrArray *blobs, GHashTable *seen, GError **error)
{
  add_blob(blobs, seen, m->config);
  for (guint i = 0; m->layers && i < m->layers->len; i++)
    add_blob(blobs, seen, m->layers->pdata[i]);
  if (depth > OAKUM_INDEX_DEPTH_MAX) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT, "indexes nest deeper than %u",
                OAKUM_INDEX_DEPTH_MAX);
    return FALSE;
  }
  for (guint i = 0; m->manifests && i < m->manifests->len; i++) {
    const OakumDescriptor *desc = m->manifests->pdata[i];
    OakumManifest *child;
    if (!g_hash_table_add(seen, desc->digest))
      continue;
    if (!oakum_registry_get_manifest(r, desc->digest, &child, error))
      return FALSE;
    g_ptr_array_add(kept, child);
    g_autofree char *path = blob_path(dir, desc->digest);
    gsize len;
    const void *data = g_bytes_get_data(child->raw, &len);
    if (!oakum_file_write(path, data, len, 0644, error) ||
        !walk(r, child, dir, depth + 1, kept, blobs, seen, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean pull(Args *a, const char *text, const char *dir, GError **error)
{
  g_autofree char *sha256 = g_build_filename(dir, "blobs", "sha256", NULL),
                  *sha512 = g_build_filename(dir, "blobs", "sha512", NULL),
                  *path = g_build_filename(dir, "manifest.json", NULL);
  g_autoptr(OakumReference) ref = oakum_reference_parse(text, error);
  g_autoptr(OakumRegistry) r = ref ? open_registry(a, ref, FALSE, error) : NULL;
  g_autoptr(OakumManifest) top = NULL;
  if (!r || !oakum_registry_get_manifest(r, ref->digest ? ref->digest : ref->tag, &top, error))
    return FALSE;
  if (g_mkdir_with_parents(sha256, 0755) != 0 || g_mkdir_with_parents(sha512, 0755) != 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", dir);
    return FALSE;
  }
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_manifest_free);
  g_autoptr(GPtrArray) blobs = g_ptr_array_new();
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL);
  if (!walk(r, top, dir, 0, kept, blobs, seen, error))
    return FALSE;
  g_autoptr(OakumBlobSource) source = oakum_registry_blob_source(r);
  PullWork work = {source, dir};
  OakumWorkers *workers =
      oakum_workers_new(OAKUM_BLOBS_AT_ONCE, OAKUM_BLOBS_AT_ONCE, pull_one, &work);
  g_autoptr(GError) first = NULL;
  for (guint next = 0; (!first && next < blobs->len) || oakum_workers_pending(workers) > 0;) {
    gpointer result;
    if (!first && next < blobs->len && oakum_workers_pending(workers) < OAKUM_BLOBS_AT_ONCE)
      oakum_workers_push(workers, blobs->pdata[next++]);
    else if (oakum_workers_pop(workers, &result) && result && first)
      g_error_free(result);
    else if (result)
      first = result;
  }
  oakum_workers_free(workers, NULL);
  if (first) {
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
  }
  gsize len; /* last: who sees it has the whole image */
  const void *data = g_bytes_get_data(top->raw, &len);
  return oakum_file_write(path, data, len, 0644, error);
}

int oakum_debug_pull(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  g_auto(Args) args = {NULL};
  if (parse_args(&args, argc, argv, &rest, &error) && rest->len != 2)
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected REF DIR");
  if (!error && pull(&args, rest->pdata[0], rest->pdata[1], &error))
    return OAKUM_EXIT_PASS;
  oakum_log(OAKUM_LOG_ERROR, "debug pull: %s", error->message);
  return OAKUM_EXIT_ERROR;
}

/* ---- push
 * ---------------------------------------------------------------------------------------- */
typedef struct {
  OakumBlobSource source;
  const char *dir;
} DirSource;

static OakumReader *dir_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  g_autofree char *path = blob_path(((DirSource *)self)->dir, desc->digest);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", path);
    return NULL;
  }
  return oakum_reader_new_verify(oakum_reader_new_fd(fd, TRUE), oakum_digest_kind(desc->digest),
                                 oakum_digest_hex(desc->digest), desc->size);
}

/* Reads a manifest and those below it into `list`, children before parents. */
static gboolean load(const char *dir, const char *path, guint depth, GPtrArray *list,
                     GError **error)
{
  g_autofree char *text = NULL;
  size_t len;
  if (!oakum_file_read(path, OAKUM_MANIFEST_MAX, &text, &len, error))
    return FALSE;
  g_autoptr(GBytes) raw = g_bytes_new_take(g_steal_pointer(&text), len);
  g_autoptr(OakumManifest) m = oakum_manifest_parse(raw, NULL, error);
  if (m && depth > OAKUM_INDEX_DEPTH_MAX)
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT, "indexes nest deeper than %u",
                OAKUM_INDEX_DEPTH_MAX);
  if (!m || depth > OAKUM_INDEX_DEPTH_MAX)
    return FALSE;
  for (guint i = 0; m->manifests && i < m->manifests->len; i++) {
    g_autofree char *below = blob_path(dir, ((OakumDescriptor *)m->manifests->pdata[i])->digest);
    if (!load(dir, below, depth + 1, list, error))
      return FALSE;
  }
  g_ptr_array_add(list, g_steal_pointer(&m));
  return TRUE;
}

/* The references share a repository: one push, several tags. */
static gboolean push(Args *a, const char *dir, char **refs, guint n_refs, GError **error)
{
  g_autofree char *path = g_build_filename(dir, "manifest.json", NULL);
  g_autoptr(GPtrArray) manifests =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_manifest_free);
  g_autoptr(GPtrArray) tags = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(OakumReference) first = oakum_reference_parse(refs[0], error);
  if (!first || !load(dir, path, 0, manifests, error))
    return FALSE;
  for (guint i = 0; i < n_refs; i++) {
    g_autoptr(OakumReference) ref = oakum_reference_parse(refs[i], error);
    if (!ref)
      return FALSE;
    if (strcmp(ref->registry, first->registry) != 0 ||
        strcmp(ref->repository, first->repository) != 0) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "the references must differ in their tags only");
      return FALSE;
    }
    if (ref->tag)
      g_ptr_array_add(tags, g_strdup(ref->tag));
  }
  g_ptr_array_add(tags, NULL);
  g_autoptr(OakumRegistry) r = open_registry(a, first, TRUE, error);
  DirSource source = {{.open = dir_open}, dir};
  return r && oakum_registry_push(r, (const OakumManifest *const *)manifests->pdata, manifests->len,
                                  &source.source, (const char *const *)tags->pdata, a->mount_from,
                                  error);
}

int oakum_debug_push(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  g_auto(Args) args = {NULL};
  if (parse_args(&args, argc, argv, &rest, &error) && rest->len < 2)
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected DIR REF...");
  if (!error && push(&args, rest->pdata[0], (char **)rest->pdata + 1, rest->len - 1, &error))
    return OAKUM_EXIT_PASS;
  oakum_log(OAKUM_LOG_ERROR, "debug push: %s", error->message);
  return OAKUM_EXIT_ERROR;
}

/* ---- referrers
 * ------------------------------------------------------------------------------------ */
static gboolean list_referrers(Args *a, const char *text, GError **error)
{
  g_autoptr(OakumReference) ref = oakum_reference_parse(text, error);
  if (ref && !ref->digest)
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s: expected a digest", text);
  g_autoptr(OakumRegistry) r = ref && ref->digest ? open_registry(a, ref, FALSE, error) : NULL;
  g_autoptr(GPtrArray) list =
      r ? oakum_registry_referrers(r, ref->digest, a->artifact_type, error) : NULL;
  for (guint i = 0; list && i < list->len; i++) {
    const OakumDescriptor *desc = list->pdata[i];
    g_autofree char *type =
        oakum_escape_terminal(desc->artifact_type ? desc->artifact_type : "-", -1);
    printf("%s %s\n", desc->digest, type);
  }
  return list != NULL;
}

int oakum_debug_referrers(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  g_auto(Args) args = {NULL};
  if (parse_args(&args, argc, argv, &rest, &error) && rest->len != 1)
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected REF@DIGEST");
  if (!error && list_referrers(&args, rest->pdata[0], &error))
    return OAKUM_EXIT_PASS;
  oakum_log(OAKUM_LOG_ERROR, "debug referrers: %s", error->message);
  return OAKUM_EXIT_ERROR;
}

/* ---- copy: a source of one registry into the sink of another
 * -------------------------------------- */
static gboolean copy_blob(OakumBlobSource *from, OakumBlobSink *to, const OakumDescriptor *desc,
                          GError **error)
{
  int has = to->has(to, desc, error);
  if (has != 0)
    return has > 0;
  g_autoptr(OakumReader) reader = from->open(from, desc, error);
  return reader && to->put(to, desc, reader, error);
}

static gboolean copy(Args *a, const char *from_text, const char *to_text, GError **error)
{
  g_autoptr(OakumReference) from_ref = oakum_reference_parse(from_text, error);
  g_autoptr(OakumReference) to_ref = from_ref ? oakum_reference_parse(to_text, error) : NULL;
  g_autoptr(OakumRegistry) from = to_ref ? open_registry(a, from_ref, FALSE, error) : NULL;
  g_autoptr(OakumRegistry) to = from ? open_registry(a, to_ref, TRUE, error) : NULL;
  g_autoptr(OakumManifest) m = NULL;
  if (!to || !oakum_registry_get_manifest(from, from_ref->digest ? from_ref->digest : from_ref->tag,
                                          &m, error))
    return FALSE;
  g_autoptr(OakumBlobSource) source = oakum_registry_blob_source(from);
  g_autoptr(OakumBlobSink) sink = oakum_registry_blob_sink(to);
  if (m->is_index) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_UNSUPPORTED, "%s: an index; copy one image",
                from_text);
    return FALSE;
  }
  for (guint i = 0; i < m->layers->len; i++)
    if (!copy_blob(source, sink, m->layers->pdata[i], error))
      return FALSE;
  return copy_blob(source, sink, m->config, error) &&
         oakum_registry_put_manifest(to, m, to_ref->tag, error);
}

int oakum_debug_copy(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  g_auto(Args) args = {NULL};
  if (parse_args(&args, argc, argv, &rest, &error) && rest->len != 2)
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected REF REF");
  if (!error && copy(&args, rest->pdata[0], rest->pdata[1], &error))
    return OAKUM_EXIT_PASS;
  oakum_log(OAKUM_LOG_ERROR, "debug copy: %s", error->message);
  return OAKUM_EXIT_ERROR;
}
