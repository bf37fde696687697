/* oakum debug pull, push, copy, referrers: an image in a folder, exactly as the registry has it:
 * manifest.json and blobs/<algorithm>/<hex> (layers, configs, and the manifests below an index). */
#include "cli/cli.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  OakumRegistryArgs registry;
  char *mount_from, *artifact_type;
  OakumGeneralArgs general;
} Args;

static int run(const OakumCommand *command, int argc, char **argv, guint least, guint most,
               const char *expected, gboolean (*verb)(Args *args, GPtrArray *rest, GError **error))
{
  Args args = {{NULL}};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  gboolean done = FALSE;
  if (oakum_options_parse(command, &args, argc, argv, &rest, &error)) {
    if (rest->len < least || rest->len > most)
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected %s", expected);
    else
      done = verb(&args, rest, &error);
  }
  oakum_options_clear(command, &args);
  if (done)
    return OAKUM_EXIT_PASS;
  oakum_log(OAKUM_LOG_ERROR, "debug %s: %s", command->name, error->message);
  return OAKUM_EXIT_ERROR;
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
  g_autoptr(OakumRegistry) r =
      ref ? oakum_registry_args_open(&a->registry, ref, FALSE, error) : NULL;
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
  g_autofree char *what = g_strconcat("pulling ", text, NULL);
  g_ptr_array_add(kept, g_steal_pointer(&top));
  g_autoptr(OakumBlobSource) source =
      oakum_progress_source(oakum_registry_blob_source(r), TRUE, what,
                            (const OakumManifest *const *)kept->pdata, kept->len);
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
  const void *data =
      g_bytes_get_data(((const OakumManifest *)kept->pdata[kept->len - 1])->raw, &len);
  return oakum_file_write(path, data, len, 0644, error);
}

static gboolean do_pull(Args *args, GPtrArray *rest, GError **error)
{
  return pull(args, rest->pdata[0], rest->pdata[1], error);
}

static int run_pull(int argc, char **argv)
{
  return run(&oakum_debug_pull, argc, argv, 2, 2, "REF DIR", do_pull);
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
  g_autoptr(OakumRegistry) r = oakum_registry_args_open(&a->registry, first, TRUE, error);
  DirSource folder = {{.open = dir_open}, dir};
  g_autofree char *what = g_strconcat("pushing ", refs[0], NULL);
  g_autoptr(OakumBlobSource) source = oakum_progress_source(
      &folder.source, FALSE, what, (const OakumManifest *const *)manifests->pdata, manifests->len);
  return r && oakum_registry_push(r, (const OakumManifest *const *)manifests->pdata, manifests->len,
                                  source, (const char *const *)tags->pdata, a->mount_from, error);
}

static gboolean do_push(Args *args, GPtrArray *rest, GError **error)
{
  return push(args, rest->pdata[0], (char **)rest->pdata + 1, rest->len - 1, error);
}

static int run_push(int argc, char **argv)
{
  return run(&oakum_debug_push, argc, argv, 2, G_MAXUINT, "DIR REF...", do_push);
}

/* ---- referrers
 * ------------------------------------------------------------------------------------ */
static gboolean list_referrers(Args *a, const char *text, GError **error)
{
  g_autoptr(OakumReference) ref = oakum_reference_parse(text, error);
  if (ref && !ref->digest)
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s: expected a digest", text);
  g_autoptr(OakumRegistry) r =
      ref && ref->digest ? oakum_registry_args_open(&a->registry, ref, FALSE, error) : NULL;
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

static gboolean do_referrers(Args *args, GPtrArray *rest, GError **error)
{
  return list_referrers(args, rest->pdata[0], error);
}

static int run_referrers(int argc, char **argv)
{
  return run(&oakum_debug_referrers, argc, argv, 1, 1, "REF@DIGEST", do_referrers);
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
  g_autoptr(OakumRegistry) from =
      to_ref ? oakum_registry_args_open(&a->registry, from_ref, FALSE, error) : NULL;
  g_autoptr(OakumRegistry) to =
      from ? oakum_registry_args_open(&a->registry, to_ref, TRUE, error) : NULL;
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

static gboolean do_copy(Args *args, GPtrArray *rest, GError **error)
{
  return copy(args, rest->pdata[0], rest->pdata[1], error);
}

static int run_copy(int argc, char **argv)
{
  return run(&oakum_debug_copy, argc, argv, 2, 2, "REF REF", do_copy);
}

/* ---- the verbs
 * ------------------------------------------------------------------------------------ */
static const OakumOption push_options[] = {
    {"mount-from", 0, OAKUM_OPTION_TEXT, offsetof(Args, mount_from), "REPOSITORY",
     "repository of the same registry that may have the blobs"},
    {0}};
static const OakumOption referrers_options[] = {{"artifact-type", 0, OAKUM_OPTION_TEXT,
                                                 offsetof(Args, artifact_type), "TYPE",
                                                 "list these only"},
                                                {0}};
static const OakumOptionGroup groups[] = {
    OAKUM_REGISTRY_GROUP(Args, registry), OAKUM_GENERAL_GROUP(Args, general), {0}};
static const OakumOptionGroup push_groups[] = {{NULL, NULL, push_options, 0},
                                               OAKUM_REGISTRY_GROUP(Args, registry),
                                               OAKUM_GENERAL_GROUP(Args, general),
                                               {0}};
static const OakumOptionGroup referrers_groups[] = {{NULL, NULL, referrers_options, 0},
                                                    OAKUM_REGISTRY_GROUP(Args, registry),
                                                    OAKUM_GENERAL_GROUP(Args, general),
                                                    {0}};
static const OakumArgument pull_arguments[] = {
    {"REF", "registry/name:tag or registry/name@digest"}, {"DIR", "where it goes"}, {0}};
static const OakumArgument push_arguments[] = {
    {"DIR", "what pull wrote"}, {"REF...", "references that differ in their tags only"}, {0}};
static const OakumArgument copy_arguments[] = {{"REF", "the image"}, {"REF", "where it goes"}, {0}};
static const OakumArgument referrers_arguments[] = {{"REF@DIGEST", "the subject"}, {0}};

const OakumCommand oakum_debug_pull = {
    .name = "pull",
    .summary = "write an image into a folder, exactly as the registry "
               "has it: manifest.json and blobs/",
    .arguments = pull_arguments,
    .groups = groups,
    .size = sizeof(Args),
    .parent = &oakum_cmd_debug,
    .examples = "oakum debug pull localhost:5000/app:v1 /tmp/app\n",
    .run = run_pull};
const OakumCommand oakum_debug_push = {.name = "push",
                                       .summary = "push what pull wrote",
                                       .arguments = push_arguments,
                                       .groups = push_groups,
                                       .size = sizeof(Args),
                                       .parent = &oakum_cmd_debug,
                                       .run = run_push};
const OakumCommand oakum_debug_copy = {.name = "copy",
                                       .summary = "copy one image from registry to registry",
                                       .arguments = copy_arguments,
                                       .groups = groups,
                                       .size = sizeof(Args),
                                       .parent = &oakum_cmd_debug,
                                       .run = run_copy};
const OakumCommand oakum_debug_referrers = {
    .name = "referrers",
    .summary = "list manifests that name this one as their subject",
    .arguments = referrers_arguments,
    .groups = referrers_groups,
    .size = sizeof(Args),
    .parent = &oakum_cmd_debug,
    .run = run_referrers};
