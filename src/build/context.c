/* Build contexts: a folder as it is; anything else is brought into a folder of ours first. */
#include "build/source-private.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct OakumContext {
  OakumTempDir *temp; /* NULL: a folder of the caller */
  char *path;
  int fd;
  GHashTable *owners;
  char *lone; /* a Dockerfile without a context */
  size_t lone_len;
};

static OakumContext *context_new(const char *temp, GError **error)
{
  OakumContext *context = g_new0(OakumContext, 1);
  context->fd = -1;
  if (!temp)
    return context;
  context->temp = oakum_temp_dir_new(temp, error);
  if (context->temp)
    return context;
  oakum_context_free(context);
  return NULL;
}

void oakum_context_free(OakumContext *context)
{
  if (!context)
    return;
  oakum_fd_clear(&context->fd);
  if (context->owners)
    g_hash_table_unref(context->owners);
  oakum_temp_dir_free(context->temp);
  g_free(context->path);
  g_free(context->lone);
  g_free(context);
}

/* The folder `path` becomes the context. */
static gboolean settle(OakumContext *context, const char *path, GError **error)
{
  context->path = g_strdup(path);
  context->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (context->fd >= 0)
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(path, -1);
  oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, *path ? "context %s" : "context \"%s\"",
                    shown);
  return FALSE;
}

/* A new folder inside the temporary one. */
static char *subfolder(OakumContext *context, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(context->temp), name, NULL);
  if (mkdirat(oakum_temp_dir_fd(context->temp), name, 0755) == 0)
    return g_steal_pointer(&path);
  oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", path);
  return NULL;
}

static gboolean take_lone(OakumContext *context, int folder, const char *name, const char *shown,
                          GError **error)
{
  int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
  g_autoptr(OakumReader) reader = fd >= 0 ? oakum_reader_new_fd(fd, TRUE) : NULL;
  g_autofree char *empty = subfolder(context, "tree", error);
  if (!reader || !empty)
    return FALSE;
  if (!oakum_reader_slurp(reader, OAKUM_DOCKERFILE_MAX, shown, &context->lone, &context->lone_len,
                          error)) {
    g_prefix_error(error, "neither an archive nor a Dockerfile: ");
    return FALSE;
  }
  return settle(context, empty, error);
}

/* A file on disk: an archive, or a lone Dockerfile. */
static gboolean take_file(OakumContext *context, int folder, const char *name, const char *shown,
                          gboolean lone, GError **error)
{
  if (!oakum_copy_is_archive(folder, name)) {
    if (lone)
      return take_lone(context, folder, name, shown, error);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "context %s: neither a folder nor an archive", shown);
    return FALSE;
  }
  g_autofree char *tree = subfolder(context, "tree", error);
  if (!tree || !settle(context, tree, error))
    return FALSE;
  context->owners = oakum_str_map_new(g_free, g_free);
  OakumReader *plain = oakum_source_open_plain(folder, name, error);
  if (plain && oakum_source_unpack(context->fd, plain, context->owners, error))
    return TRUE;
  g_prefix_error(error, "context %s: ", shown);
  return FALSE;
}

static gboolean from_input(OakumContext *context, GError **error)
{
  int at = oakum_temp_dir_fd(context->temp);
  int fd = openat(at, "input", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "a temporary file");
    return FALSE;
  }
  g_autoptr(OakumWriter) out = oakum_writer_new_fd(fd, TRUE);
  g_autoptr(OakumReader) in = oakum_reader_new_limit(oakum_reader_new_fd(0, FALSE),
                                                     OAKUM_ADD_DOWNLOAD_MAX, "standard input");
  uint64_t copied = 0;
  if (!oakum_stream_copy(in, out, &copied, error) || !oakum_writer_finish(out, error))
    return FALSE;
  if (copied == 0) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "standard input is empty: expected an archive or a Dockerfile");
    return FALSE;
  }
  gboolean ok = take_file(context, at, "input", "-", TRUE, error);
  (void)unlinkat(at, "input", 0);
  return ok;
}

static gboolean from_url(OakumContext *context, const OakumFetch *fetch, gboolean lone,
                         GError **error)
{
  int at = oakum_temp_dir_fd(context->temp);
  g_autofree char *shown = oakum_url_show(fetch->url);
  gboolean ok = oakum_source_fetch(fetch, at, "fetched", error) &&
                take_file(context, at, "fetched", shown, lone, error);
  (void)unlinkat(at, "fetched", 0);
  return ok;
}

static gboolean from_git(OakumContext *context, const OakumGitRef *ref, GError **error)
{
  g_autofree char *subdir = NULL;
  g_autofree char *tree = subfolder(context, "tree", error);
  if (!tree || !oakum_git_clone(ref, tree, &subdir, error))
    return FALSE;
  g_autofree char *path = *subdir ? g_build_filename(tree, subdir, NULL) : g_strdup(tree);
  return settle(context, path, error);
}

OakumContext *oakum_context_open(const char *text, const char *temp, GError **error)
{
  OakumSourceKind kind = oakum_source_kind(text);
  struct stat st;
  gboolean there = kind == OAKUM_SOURCE_LOCAL && stat(text, &st) == 0;
  g_autofree char *github = NULL;
  g_auto(OakumGitRef) ref = {0};
  if (kind == OAKUM_SOURCE_LOCAL && !there && g_str_has_prefix(text, "github.com/")) {
    text = github = g_strconcat("https://", text, NULL);
    kind = OAKUM_SOURCE_GIT;
  }
  gboolean folder =
      kind == OAKUM_SOURCE_LOCAL && strcmp(text, "-") != 0 && (!there || S_ISDIR(st.st_mode));
  g_autoptr(OakumContext) context = context_new(folder ? NULL : temp, error);
  if (!context)
    return NULL;
  gboolean ok;
  g_autofree char *shown = oakum_escape_terminal(text, -1);
  if (folder)
    ok = settle(context, text, error);
  else if (strcmp(text, "-") == 0)
    ok = from_input(context, error);
  else if (kind == OAKUM_SOURCE_GIT)
    ok = oakum_git_ref_parse(text, &ref, error) && from_git(context, &ref, error);
  else if (kind == OAKUM_SOURCE_HTTP)
    ok = from_url(context, &(OakumFetch){.url = text}, TRUE, error);
  else
    ok = take_file(context, AT_FDCWD, text, shown, FALSE, error);
  return ok ? g_steal_pointer(&context) : NULL;
}

OakumContext *oakum_context_open_fetch(const OakumFetch *fetch, const char *temp, GError **error)
{
  g_autoptr(OakumContext) context = context_new(temp, error);
  return context && from_url(context, fetch, FALSE, error) ? g_steal_pointer(&context) : NULL;
}

OakumContext *oakum_context_open_git(const OakumGitRef *ref, const char *temp, GError **error)
{
  g_autoptr(OakumContext) context = context_new(temp, error);
  return context && from_git(context, ref, error) ? g_steal_pointer(&context) : NULL;
}

gboolean oakum_context_enter(OakumContext *context, const char *sub_path, GError **error)
{
  g_autofree char *clean = g_canonicalize_filename(sub_path, "/");
  if (!clean[1])
    return TRUE;
  int fd =
      oakum_root_open(context->fd, clean + 1, O_RDONLY | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, error);
  g_autofree char *real = fd >= 0 ? oakum_root_real_path(context->fd, clean + 1, error) : NULL;
  if (!real) {
    g_prefix_error(error, "folder %s of the context: ", clean + 1);
    oakum_fd_clear(&fd);
    return FALSE;
  }
  char *path = g_build_filename(context->path, real, NULL);
  g_free(context->path);
  context->path = path;
  oakum_fd_clear(&context->fd);
  context->fd = fd;
  if (context->owners) { /* they are told by the path below the new root */
    g_autofree char *below = g_strconcat(real, "/", NULL);
    GHashTable *old = context->owners, *kept = oakum_str_map_new(g_free, g_free);
    GHashTableIter iter;
    gpointer name, owner;
    g_hash_table_iter_init(&iter, old);
    while (g_hash_table_iter_next(&iter, &name, &owner))
      if (g_str_has_prefix(name, below))
        g_hash_table_insert(kept, g_strdup((char *)name + strlen(below)),
                            g_memdup2(owner, sizeof(OakumContextOwner)));
    g_hash_table_unref(old);
    context->owners = kept;
  }
  return TRUE;
}

const char *oakum_context_path(const OakumContext *context)
{
  return context->path;
}

int oakum_context_folder(const OakumContext *context)
{
  return context->fd;
}

gboolean oakum_context_is_local(const OakumContext *context)
{
  return !context->temp;
}

GHashTable *oakum_context_owners(const OakumContext *context)
{
  return context->owners;
}

const char *oakum_context_lone(const OakumContext *context, size_t *len)
{
  *len = context->lone_len;
  return context->lone;
}

gboolean oakum_context_read(const OakumContext *context, const char *path, uint64_t max,
                            char **text, size_t *len, GError **error)
{
  int fd = oakum_root_open(context->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
                           OAKUM_ROOT_FOLLOW, error);
  g_autoptr(OakumReader) reader = fd >= 0 ? oakum_reader_new_fd(fd, TRUE) : NULL;
  return reader && oakum_reader_slurp(reader, max, path, text, len, error);
}

gboolean oakum_context_ignore(const OakumContext *context, const char *dockerfile, gboolean inside,
                              OakumIgnore **out, GError **error)
{
  g_autofree char *beside = dockerfile ? g_strconcat(dockerfile, ".dockerignore", NULL) : NULL;
  g_autofree char *text = NULL;
  size_t len = 0;
  g_autoptr(GError) local = NULL;
  *out = NULL;
  /* the file of the Dockerfile's own name wins over the one of the context */
  gboolean read =
      beside && (inside ? oakum_context_read(context, beside, OAKUM_IGNORE_MAX, &text, &len, &local)
                        : oakum_file_read(beside, OAKUM_IGNORE_MAX, &text, &len, &local));
  if (!read && (!local || g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))) {
    g_clear_error(&local);
    read = oakum_context_read(context, ".dockerignore", OAKUM_IGNORE_MAX, &text, &len, &local);
    if (!read && g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
      return TRUE;
  }
  if (!read) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  return (*out = oakum_ignore_parse(text, len, error)) != NULL;
}

OakumPackChoice oakum_context_choose(const OakumIgnore *ignore, const char *path, gboolean folder)
{
  if (!ignore || !oakum_ignore_leaves_out(ignore, path))
    return OAKUM_PACK_TAKE;
  return folder && !oakum_ignore_leaves_out_all(ignore, path) ? OAKUM_PACK_ENTER : OAKUM_PACK_LEAVE;
}

gboolean oakum_context_is_store(const Build *build, const char *path)
{
  return build->store_inside && strcmp(path, build->store_inside) == 0;
}

void oakum_context_own(GHashTable *owners, const char *path, OakumTarEntry *entry)
{
  const OakumContextOwner *owner = owners ? g_hash_table_lookup(owners, path) : NULL;
  entry->uid = owner ? owner->uid : 0;
  entry->gid = owner ? owner->gid : 0;
}

/* ---- --build-context
 * --------------------------------------------------------------------------- */
void oakum_named_context_free(OakumNamedContext *named)
{
  if (!named)
    return;
  oakum_ignore_free(named->ignore);
  oakum_context_free(named->context);
  g_free(named->name);
  g_free(named->image);
  g_free(named);
}

/* An image that lies in files, as an image argument spells it. */
static gboolean is_stored_image(const char *value)
{
  return g_str_has_prefix(value, "oci:") || g_str_has_prefix(value, "oci-archive:") ||
         g_str_has_prefix(value, "docker-archive:");
}

/* "oci-layout://FOLDER[:TAG][@DIGEST]" in the spelling of image arguments. */
static char *layout_image(const char *text, GError **error)
{
  const char *at = strrchr(text, '@');
  if (!at)
    return g_strconcat("oci:", text, NULL);
  if (!oakum_digest_check(at + 1, error))
    return NULL;
  /* with both the digest says which, as in references */
  const char *colon = at;
  while (colon > text && *colon != ':' && *colon != '/')
    colon--;
  g_autofree char *folder = g_strndup(text, (gsize)((*colon == ':' ? colon : at) - text));
  return g_strconcat("oci:", folder, "@", at + 1, NULL);
}

/* Names that BuildKit never looks for among the contexts: `scratch` stays empty, whatever is called
 * so. */
static gboolean is_reserved(const char *name)
{
  return g_ascii_strcasecmp(name, "scratch") == 0 || g_ascii_strcasecmp(name, "context") == 0;
}

OakumNamedContext *oakum_named_context_open(const char *text, const char *temp, GError **error)
{
  const char *equals = strchr(text, '='), *value = equals ? equals + 1 : "";
  if (!equals || equals == text || !*value) {
    g_autofree char *bare = oakum_source_redact(text), *shown = oakum_escape_terminal(bare, -1);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_USAGE,
                "--build-context takes NAME=VALUE, not \"%s\"", shown);
    return NULL;
  }
  OakumNamedContext *named = g_new0(OakumNamedContext, 1);
  named->name = g_strndup(text, (gsize)(equals - text));
  if (is_reserved(named->name))
    oakum_warn("--build-context %s: a context of that name is never used; give it another name",
               named->name);
  gboolean ok = TRUE;
  if (g_str_has_prefix(value, "docker-image://"))
    named->image = g_strdup(value + strlen("docker-image://"));
  else if (is_stored_image(value))
    named->image = g_strdup(value);
  else if (g_str_has_prefix(value, "oci-layout://"))
    ok = (named->image = layout_image(value + strlen("oci-layout://"), error)) != NULL;
  else
    ok = (named->context = oakum_context_open(value, temp, error)) != NULL &&
         oakum_context_ignore(named->context, NULL, TRUE, &named->ignore, error);
  if (ok && named->context && named->context->lone) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID, "neither a folder nor an archive");
    ok = FALSE;
  }
  if (ok)
    return named;
  g_prefix_error(error, "--build-context %s: ", named->name);
  oakum_named_context_free(named);
  return NULL;
}

/* "alpine" and "docker.io/library/alpine:latest" are one. */
static gboolean same_name(const char *a, const char *b)
{
  if (g_ascii_strcasecmp(a, b) == 0)
    return TRUE;
  g_autoptr(OakumReference) x = oakum_reference_parse(a, NULL), y = oakum_reference_parse(b, NULL);
  g_autofree char *one = x ? oakum_reference_format(x) : NULL;
  g_autofree char *other = y ? oakum_reference_format(y) : NULL;
  return one && other && strcmp(one, other) == 0;
}

const OakumNamedContext *oakum_named_context_find(const GPtrArray *contexts, const char *name)
{
  if (is_reserved(name))
    return NULL;
  for (guint i = contexts ? contexts->len : 0; i-- > 0;) { /* the last one of a name counts */
    const OakumNamedContext *named = contexts->pdata[i];
    if (same_name(named->name, name))
      return named;
  }
  return NULL;
}
