#include "cli/cli.h"
#include "report/report.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

/* Paths, and schemes of other programs, which are no names in a registry. */
static gboolean looks_local(const char *text)
{
  return !*text || *text == '/' || *text == '.' || *text == '~' || strstr(text, "://");
}

/* What was probably meant: the file or folder of that name, or another program's word; or NULL. */
static char *hint_of(const char *text)
{
  static const struct {
    const char *theirs, *ours;
  } words[] = {{"docker://", ""},         {"https://", ""},    {"http://", ""},
               {"docker-image://", ""},   {"registry:", ""},   {"oci-dir:", "oci:"},
               {"oci-layout://", "oci:"}, {"dir:", "rootfs:"}, {"file:", "rootfs:"}};
  struct stat st;
  g_autofree char *shown = oakum_escape_terminal(text, -1);
  if (*text && stat(text, &st) == 0 && S_ISDIR(st.st_mode)) {
    g_autofree char *index = g_build_filename(text, "index.json", NULL);
    return g_strdup_printf("a folder is named by %s%s",
                           access(index, F_OK) == 0 ? "oci:" : "rootfs:", shown);
  }
  if (*text && stat(text, &st) == 0)
    return g_strdup_printf("a file is named by docker-archive:%s, oci-archive:%s, rootfs:%s or "
                           "sbom:%s",
                           shown, shown, shown, shown);
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_str_has_prefix(text, words[i].theirs)) {
      g_autofree char *rest = oakum_escape_terminal(text + strlen(words[i].theirs), -1);
      return g_strdup_printf("say %s%s", words[i].ours, rest);
    }
  if (g_str_has_prefix(text, "docker-daemon:") || g_str_has_prefix(text, "containers-storage:") ||
      g_str_has_prefix(text, "podman:") || g_str_has_prefix(text, "docker:"))
    return g_strdup("images of a daemon are given as docker save writes them: docker-archive:FILE");
  return NULL;
}

OakumImageArg *oakum_image_arg_parse(const char *text, GError **error)
{
  static const struct {
    const char *prefix;
    OakumImageArgKind kind;
  } kinds[] = {{"docker-archive:", OAKUM_ARG_DOCKER_ARCHIVE},
               {"oci:", OAKUM_ARG_OCI},
               {"oci-archive:", OAKUM_ARG_OCI_ARCHIVE},
               {"rootfs:", OAKUM_ARG_ROOTFS},
               {"sbom:", OAKUM_ARG_SBOM}};
  g_autoptr(OakumImageArg) arg = g_new0(OakumImageArg, 1);
  arg->text = g_strdup(text);
  arg->spool = -1;
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
    if (!g_str_has_prefix(text, kinds[i].prefix))
      continue;
    const char *path = text + strlen(kinds[i].prefix);
    /* a docker reference has colons of its own, so that its archive's path ends at the first one */
    gboolean one = kinds[i].kind == OAKUM_ARG_ROOTFS || kinds[i].kind == OAKUM_ARG_SBOM;
    const char *colon = one                                         ? NULL
                        : kinds[i].kind == OAKUM_ARG_DOCKER_ARCHIVE ? strchr(path, ':')
                                                                    : strrchr(path, ':');
    /* oci:DIR@sha256:…: a digest in place of a tag */
    const char *at = strrchr(path, '@');
    gboolean layout = kinds[i].kind == OAKUM_ARG_OCI || kinds[i].kind == OAKUM_ARG_OCI_ARCHIVE;
    if (layout && at && oakum_digest_check(at + 1, NULL))
      colon = at;
    if (colon && strchr(colon, '/') && kinds[i].kind != OAKUM_ARG_DOCKER_ARCHIVE)
      colon = NULL;
    arg->kind = kinds[i].kind;
    arg->path = colon ? g_strndup(path, (gsize)(colon - path)) : g_strdup(path);
    arg->tag = colon && colon[1] ? g_strdup(colon + 1) : NULL;
    if (*arg->path)
      return g_steal_pointer(&arg);
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "image argument \"%s\" names no file",
                text);
    return NULL;
  }
  g_autoptr(GError) inner = NULL;
  g_autoptr(OakumReference) ref = looks_local(text) ? NULL : oakum_reference_parse(text, &inner);
  if (ref)
    return g_steal_pointer(&arg);
  g_autofree char *hint = hint_of(text), *shown = oakum_escape_terminal(text, -1);
  if (inner && !hint)
    g_propagate_error(error, g_steal_pointer(&inner));
  else if (*text == '/' || *text == '.')
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "image argument \"%s\" is a path; %s",
                shown, hint ? hint : "and there is no such file or folder");
  else
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "image argument \"%s\" is no name in a registry%s%s", shown, hint ? "; " : "",
                hint ? hint : "");
  return NULL;
}

void oakum_image_arg_free(OakumImageArg *arg)
{
  if (!arg)
    return;
  g_free(arg->text);
  g_free(arg->path);
  g_free(arg->tag);
  oakum_fd_clear(&arg->spool);
  g_free(arg);
}

/* Archives are read here and there: what comes through a pipe goes to a file without a name. */
gboolean oakum_image_arg_take_stdin(OakumImageArg *arg, GError **error)
{
  struct stat st;
  if (!arg->path || strcmp(arg->path, "-") != 0)
    return TRUE;
  if (fstat(STDIN_FILENO, &st) < 0 || !S_ISREG(st.st_mode)) {
    g_autofree char *name = g_build_filename(g_get_tmp_dir(), "oakum-input-XXXXXX", NULL);
    if ((arg->spool = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600)) < 0) {
      oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", name);
      return FALSE;
    }
    unlink(name);
    g_autoptr(OakumReader) in = oakum_reader_new_limit(oakum_reader_new_fd(STDIN_FILENO, FALSE),
                                                       OAKUM_IMAGE_UNPACKED_MAX, "standard input");
    g_autoptr(OakumWriter) out = oakum_writer_new_fd(arg->spool, FALSE);
    if (!oakum_stream_copy(in, out, NULL, error) || !oakum_writer_finish(out, error))
      return FALSE;
  }
  g_free(arg->path);
  arg->path = g_strdup_printf("/proc/self/fd/%d", arg->spool >= 0 ? arg->spool : STDIN_FILENO);
  return TRUE;
}

/* A tar on disk; its size is known when it is a plain file. Takes fd. */
static OakumReader *open_tar(const char *path, int fd)
{
  struct stat st;
  g_autofree char *what = g_strconcat("reading ", path, NULL);
  gboolean known = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  g_autoptr(OakumProgress) progress =
      oakum_progress_new(what, NULL, known ? (uint64_t)st.st_size : 0);
  return oakum_reader_new_progress(oakum_reader_new_fd(fd, TRUE), progress);
}

/* Writes a root file system into a layer: a tar as it is, a folder packed. */
static gboolean write_rootfs(const char *path, OakumWriter *out, GError **error)
{
  g_autoptr(OakumWriter) owned = out;
  struct stat st;
  OAKUM_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", path);
    return FALSE;
  }
  if (S_ISDIR(st.st_mode)) {
    g_autofree char *what = g_strconcat("packing ", path, NULL);
    g_autoptr(OakumProgress) progress = oakum_progress_new(what, NULL, 0);
    g_autoptr(OakumTarWriter) tar =
        oakum_tar_writer_new(oakum_writer_new_progress(g_steal_pointer(&owned), progress));
    OakumPackOptions options = {0};
    return oakum_pack_path(fd, "", "", FALSE, &options, tar, error) &&
           oakum_tar_writer_finish(tar, error);
  }
  int tar = fd;
  fd = -1;
  g_autoptr(OakumReader) plain = oakum_reader_new_limit(
      oakum_reader_new_inflate(open_tar(path, tar), NULL), OAKUM_LAYER_UNPACKED_MAX, path);
  return oakum_stream_copy(plain, owned, NULL, error) && oakum_writer_finish(owned, error);
}

static OakumImage *open_rootfs(const OakumImageArg *arg, const OakumPlatform *platform,
                               OakumStore *store, GError **error)
{
  g_autoptr(OakumStoreWriter) blob = oakum_store_writer_new(store, error);
  if (!blob)
    return NULL;
  g_autoptr(OakumHasher) diff_id = oakum_hasher_new(OAKUM_HASH_SHA256);
  OakumWriter *gzip =
      oakum_writer_new_gzip(oakum_store_writer_take(blob), OAKUM_GZIP_LEVEL, oakum_cpu_count());
  if (!write_rootfs(arg->path, oakum_writer_new_hash(gzip, diff_id), error))
    return NULL;
  g_autoptr(OakumDescriptor) layer =
      oakum_store_writer_commit(blob, OAKUM_MT_OCI_LAYER_GZIP, error);
  g_autoptr(OakumConfig) config = oakum_config_new(platform);
  g_autofree char *hex = oakum_hasher_hex(diff_id);
  g_ptr_array_add(config->diff_ids, g_strconcat("sha256:", hex, NULL));
  oakum_config_setenv(config, "PATH",
                      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  g_autofree char *text = oakum_config_format(config);
  g_autoptr(OakumDescriptor) desc =
      layer ? oakum_store_put_bytes(store, OAKUM_MT_OCI_CONFIG, text, strlen(text), error) : NULL;
  if (!desc)
    return NULL;
  g_autoptr(GPtrArray) layers = g_ptr_array_new();
  g_ptr_array_add(layers, layer);
  return oakum_image_new(arg->text, oakum_manifest_make(desc, layers, NULL),
                         oakum_store_source(store), error);
}

/* ---- registries
 * ---------------------------------------------------------------------------------- * With a store
 * every blob comes from there, or goes there as it streams by. */
typedef struct {
  OakumBlobSource source;
  OakumRegistry *registry;
  OakumStore *store;                      /* borrowed; NULL: none */
  OakumBlobSource *remote, *local, *near; /* `near` has some of them; NULL */
  OakumBlobSink *sink;
} PulledSource;

static OakumReader *pulled_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  PulledSource *s = (PulledSource *)self;
  if (!s->sink)
    return s->remote->open(s->remote, desc, error);
  int has = s->sink->has(s->sink, desc, error);
  if (has < 0)
    return NULL;
  if (has == 0 && s->near) {
    g_autoptr(GError) local = NULL;
    g_autoptr(OakumReader) reader = s->near->open(s->near, desc, &local);
    if (reader && s->sink->put(s->sink, desc, reader, &local))
      return s->local->open(s->local, desc, error);
    if (!g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
      oakum_warn("%s; it is pulled", local->message);
  }
  if (has > 0)
    return s->local->open(s->local, desc, error);
  OakumReader *reader = s->remote->open(s->remote, desc, error);
  return reader ? oakum_store_tee(s->store, desc, reader, error) : NULL;
}

static char *pulled_origin(OakumBlobSource *self, const OakumDescriptor *desc)
{
  return oakum_blob_source_origin(((PulledSource *)self)->remote, desc);
}

static gboolean pulled_is_far(OakumBlobSource *self, const OakumDescriptor *desc)
{
  PulledSource *s = (PulledSource *)self;
  return s->sink && s->sink->has(s->sink, desc, NULL) == 0;
}

static void pulled_free(OakumBlobSource *self)
{
  PulledSource *s = (PulledSource *)self;
  oakum_blob_source_free(s->remote);
  oakum_blob_source_free(s->local);
  oakum_blob_source_free(s->near);
  oakum_blob_sink_free(s->sink);
  oakum_registry_free(s->registry);
  g_free(s);
}

/* `known`: its manifest; NULL: the registry is asked. */
static OakumImage *open_pulled(const OakumImageArg *arg, const OakumPlatform *platform,
                               OakumStore *store, const OakumRegistryArgs *registry, GBytes *known,
                               GError **error)
{
  g_autoptr(OakumReference) ref = oakum_reference_parse(arg->text, error);
  PulledSource *s = g_new0(PulledSource, 1);
  g_autoptr(OakumBlobSource) owned = &s->source;
  s->source = (OakumBlobSource){pulled_open, pulled_free, pulled_origin, pulled_is_far};
  s->registry = ref ? oakum_registry_args_open(registry, ref, FALSE, error) : NULL;
  if (!s->registry)
    return NULL;
  s->remote = oakum_registry_blob_source(s->registry);
  s->store = store;
  s->local = store ? oakum_store_source(store) : NULL;
  s->sink = store ? oakum_store_sink(store) : NULL;
  s->near =
      store && registry && registry->bases ? oakum_layout_source(registry->bases, NULL) : NULL;
  g_autoptr(OakumManifest) manifest = NULL;
  gboolean ok = known ? (manifest = oakum_manifest_parse(known, NULL, error)) != NULL
                      : oakum_registry_get_manifest(
                            s->registry, ref->digest ? ref->digest : ref->tag, &manifest, error);
  for (guint depth = 0; ok && manifest->is_index; depth++) {
    const OakumDescriptor *desc = NULL;
    OakumManifest *next = NULL;
    if (depth >= OAKUM_INDEX_DEPTH_MAX)
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT, "indexes nest deeper than %u",
                  OAKUM_INDEX_DEPTH_MAX);
    else
      desc = oakum_index_select(manifest, platform, error);
    ok = desc && oakum_registry_get_manifest(s->registry, desc->digest, &next, error);
    oakum_manifest_free(manifest);
    manifest = next;
  }
  if (!manifest) {
    g_autofree char *hint = hint_of(arg->text);
    oakum_registry_args_blame(error, "pull", ref, arg->text, hint);
    return NULL;
  }
  g_autofree char *what = g_strconcat("pulling ", arg->text, NULL);
  const OakumManifest *manifests[] = {manifest};
  OakumBlobSource *source =
      oakum_progress_source(g_steal_pointer(&owned), TRUE, what, manifests, 1);
  return oakum_image_new(arg->text, g_steal_pointer(&manifest), source, error);
}

/* What came from standard input is not known by where it is kept. */
static void tell_stdin(const OakumImageArg *arg, GError **error)
{
  if (!arg->path || !g_str_has_prefix(arg->path, "/proc/self/fd/") || !error || !*error)
    return;
  g_autoptr(GError) inner = g_steal_pointer(error);
  GString *text = g_string_new(inner->message);
  g_string_replace(text, arg->path, "standard input", 0);
  g_set_error_literal(error, inner->domain, inner->code, text->str);
  g_string_free(text, TRUE);
}

OakumImage *oakum_image_arg_open(const OakumImageArg *arg, const OakumPlatform *platform,
                                 OakumStore *store, const OakumRegistryArgs *registry,
                                 GError **error)
{
  OakumImage *image = NULL;
  switch (arg->kind) {
  case OAKUM_ARG_OCI:
    image = oakum_layout_read(arg->path, arg->tag, platform, error);
    break;
  case OAKUM_ARG_OCI_ARCHIVE:
    image = oakum_layout_read_archive(arg->path, arg->tag, platform, error);
    break;
  case OAKUM_ARG_DOCKER_ARCHIVE:
    image = oakum_docker_archive_read(arg->path, arg->tag, error);
    break;
  case OAKUM_ARG_ROOTFS:
    return open_rootfs(arg, platform, store, error);
  case OAKUM_ARG_SBOM:
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "%s: a bill of materials is no image: it can only be scanned", arg->text);
    return NULL;
  case OAKUM_ARG_REGISTRY:
    return open_pulled(arg, platform, store, registry, NULL, error);
  }
  if (!image)
    tell_stdin(arg, error);
  if (image) { /* the whole argument names it, so that it can be opened again */
    g_free(image->name);
    image->name = g_strdup(arg->text);
    g_autofree char *what = g_strconcat("reading ", arg->text, NULL);
    const OakumManifest *manifests[] = {image->manifest};
    image->source = oakum_progress_source(image->source, TRUE, what, manifests, 1);
  }
  return image;
}

OakumImage *oakum_image_arg_open_again(const OakumImageArg *arg, GBytes *manifest,
                                       OakumStore *store, const OakumRegistryArgs *registry,
                                       GError **error)
{
  return open_pulled(arg, NULL, store, registry, manifest, error);
}

static OakumReader *reopen_tar(gpointer user, GError **error)
{
  const char *path = user;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0)
    return open_tar(path, fd);
  oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", path);
  return NULL;
}

/* Bytes of all files of a folder, each once however many names it has; of this file system alone,
 * so that what the kernel shows below it does not count. -1: it could not be read. */
static int64_t folder_size(const char *path)
{
  char *const roots[] = {(char *)path, NULL};
  FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  int64_t size = 0;
  for (FTSENT *entry; walk && (entry = fts_read(walk));) {
    if (entry->fts_info != FTS_F || !S_ISREG(entry->fts_statp->st_mode))
      continue;
    gint64 inode = (gint64)entry->fts_statp->st_ino;
    if (entry->fts_statp->st_nlink == 1 || g_hash_table_add(seen, g_memdup2(&inode, sizeof(inode))))
      size += entry->fts_statp->st_size;
  }
  if (walk)
    fts_close(walk);
  return walk ? size : -1;
}

static void size_facts(json_t **facts, int64_t size)
{
  if (!facts || size < 0)
    return;
  *facts = json_object();
  json_object_set_new(*facts, "size", json_integer(size));
}

OakumCatalog *oakum_image_arg_examine(const OakumImageArg *arg, const OakumPlatform *platform,
                                      OakumStore *store, OakumExamineCache *cache,
                                      const OakumRegistryArgs *registry,
                                      const OakumExamineOptions *options, json_t **facts,
                                      GError **error)
{
  if (arg->kind == OAKUM_ARG_SBOM)
    return oakum_sbom_arg_examine(arg->path, error);
  if (arg->kind != OAKUM_ARG_ROOTFS) {
    g_autoptr(OakumImage) image = oakum_image_arg_open(arg, platform, store, registry, error);
    if (image && facts)
      *facts = oakum_report_image(image);
    return image ? oakum_examine_image(image, cache, options, error) : NULL;
  }
  struct stat st = {0};
  gboolean there = stat(arg->path, &st) == 0, folder = there && S_ISDIR(st.st_mode);
  if (there && facts)
    size_facts(facts, folder ? folder_size(arg->path) : st.st_size);
  if (folder)
    return oakum_examine_folder(arg->path, options, error);
  return oakum_examine_tar(reopen_tar, arg->path, arg->path, options, error);
}
