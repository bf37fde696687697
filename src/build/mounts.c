/* RUN --mount: where the bytes come from, and what becomes of them. What is shown is either a part
 * of another root that nothing can change, a copy that is thrown away, a cache that stays in the
 * store, memory, or a secret; none of it is ever part of a layer. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct OakumStepMounts {
  GArray *mounts;         /* OakumStepMount */
  GPtrArray *environment; /* char *: NAME=value of secrets and of the agent */
  GPtrArray *texts;       /* what `mounts` points to */
  GPtrArray *locks;       /* OakumLock of caches */
  GHashTable *caches;     /* id -> where its data lie, of those that are locked already */
  GPtrArray *agents;      /* OakumChild */
  OakumTempDir *folder;   /* copies, and what is written to them */
  guint serial, agent_count;
};

static void forget_bytes(gpointer p)
{
  char *text = p; /* a secret among them; the others do not mind */
  explicit_bzero(text, strlen(text));
  g_free(text);
}

void oakum_step_mounts_free(OakumStepMounts *m)
{
  if (!m)
    return;
  g_ptr_array_unref(m->agents);
  g_array_unref(m->mounts);
  g_ptr_array_unref(m->environment);
  g_ptr_array_unref(m->texts);
  oakum_temp_dir_free(m->folder);
  g_ptr_array_unref(m->locks);
  g_hash_table_unref(m->caches);
  g_free(m);
}

static const char *keep(OakumStepMounts *m, char *text)
{
  g_ptr_array_add(m->texts, text);
  return text;
}

typedef struct {
  Build *build;
  Stage *stage;
  const OakumMount *mount;
  OakumStepMounts *out;
  OakumStepMount *place;
} Maker;

/* A new path in the step's own folder of copies. */
static const char *new_path(Maker *k, GError **error)
{
  if (!k->out->folder)
    k->out->folder = oakum_temp_dir_new(k->stage->scratch_path, error);
  return k->out->folder ? keep(k->out, g_strdup_printf("%s/%u", oakum_temp_dir_path(k->out->folder),
                                                       k->out->serial++))
                        : NULL;
}

static const char *new_folder(Maker *k, GError **error)
{
  const char *path = new_path(k, error);
  if (path && (mkdir(path, 0755) < 0 || chmod(path, 0755) < 0)) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", path);
    return NULL;
  }
  return path;
}

/* ---- where it comes from
 * -------------------------------------------------------------------------------- */
typedef struct {
  int root;
  const char *path; /* of the root; NULL: the context, which is always copied */
  const OakumOwners *owners;
} Origin;

/* How a source is read: the context without what is ignored, its files those of root unless an
 * archive said otherwise. */
typedef struct {
  const Build *build;
  const OakumIgnore *ignore;
  GHashTable *owners; /* path → OakumContextOwner, or NULL */
  gboolean context, timeless;
} Reading;

static OakumPackChoice choose(const char *path, gboolean folder, gpointer user)
{
  const Reading *reading = user;
  return reading->context && oakum_context_is_store(reading->build, path)
             ? OAKUM_PACK_LEAVE
             : oakum_context_choose(reading->ignore, path, folder);
}

static gboolean edit(OakumTarEntry *entry, const char *from, gboolean implied, gboolean *write,
                     gpointer user, GError **error)
{
  const Reading *reading = user;
  if (reading->context)
    oakum_context_own(reading->owners, from, entry);
  if (reading->timeless)
    entry->mtime = entry->mtime_ns = 0;
  return TRUE;
}

/* The stage or image that the mount names, not unpacked; NULL without an error: the context. */
static gboolean find_stage(Maker *k, Stage **out, GError **error)
{
  const char *from = k->mount->from;
  *out = NULL;
  if (!from || !*from)
    return TRUE;
  int index =
      oakum_named_context_find(k->build->options->contexts, from)
          ? -1
          : oakum_dockerfile_find_stage_name(k->build->dockerfile, from, k->stage->plan->stage);
  *out = index >= 0 ? oakum_build_stage(k->build, index, error)
                    : oakum_build_foreign(k->build, from, error);
  return *out != NULL;
}

static gboolean find_origin(Maker *k, Origin *origin, GError **error)
{
  Stage *other;
  if (!find_stage(k, &other, error))
    return FALSE;
  if (!other) {
    *origin = (Origin){k->build->context, NULL, NULL};
    if (origin->root < 0)
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
                  "this build has no context folder");
    return origin->root >= 0;
  }
  if (!oakum_stage_root(k->build, other, error))
    return FALSE;
  *origin = (Origin){other->root, other->root_path, other->owners};
  return TRUE;
}

/* The source without links; NULL when it is not there. */
static char *find_source(Maker *k, const Origin *origin, struct stat *st, GError **error)
{
  const char *source = k->mount->source ? k->mount->source : "";
  g_autofree char *real = oakum_root_real_path(origin->root, *source ? source : "/", error);
  OAKUM_AUTO_FD fd = real ? oakum_root_open(origin->root, *real ? real : ".", O_PATH, 0,
                                            OAKUM_ROOT_NO_SYMLINKS, NULL)
                          : -1;
  gboolean hidden = !origin->path && real && *real && k->build->ignore &&
                    oakum_ignore_leaves_out_all(k->build->ignore, real);
  if (fd >= 0 && !hidden && fstat(fd, st) == 0)
    return g_steal_pointer(&real);
  if (real) {
    g_autofree char *shown = oakum_escape_terminal(source, -1);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND, "source \"%s\" is not in %s",
                shown, origin->path ? "the stage or image" : "the context, or is ignored");
  }
  return NULL;
}

static Reading reading_of(const Maker *k, const Origin *origin)
{
  gboolean context = origin->path == NULL;
  return (Reading){k->build, context ? k->build->ignore : NULL,
                   context ? k->build->options->owners : NULL, context, FALSE};
}

static gboolean copy_source(Maker *k, const Origin *origin, const char *real, gboolean folder,
                            const char *to, GError **error)
{
  Reading reading = reading_of(k, origin);
  const OakumPackOptions options = {choose, edit, NULL, &reading, origin->owners};
  g_autofree char *above = g_path_get_dirname(to), *name = g_path_get_basename(to);
  OAKUM_AUTO_FD fd = open(folder ? to : above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0)
    return oakum_pack_copy(origin->root, real, fd, folder ? "" : name, &options, k->stage->owners,
                           error);
  oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", to);
  return FALSE;
}

static gboolean note_owner(OakumOwners *owners, const char *path, uid_t uid, gid_t gid, mode_t mode)
{
  struct stat st;
  mode_t disk;
  return stat(path, &st) == 0 &&
         oakum_owners_record(owners, &st, uid, gid, S_IFDIR | mode, 0, &disk) &&
         chmod(path, disk) == 0;
}

static gboolean set_folder(const Maker *k, const char *path, uid_t uid, gid_t gid, mode_t mode,
                           GError **error)
{
  if (k->stage->owners ? note_owner(k->stage->owners, path, uid, gid, mode)
                       : chown(path, uid, gid) == 0 && chmod(path, mode) == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", path);
  return FALSE;
}

/* ---- bind
 * -----------------------------------------------------------------------------------------------
 */
static gboolean make_bind(Maker *k, GError **error)
{
  Origin origin;
  struct stat st;
  g_autofree char *real = NULL;
  if (!find_origin(k, &origin, error) || !(real = find_source(k, &origin, &st, error)))
    return FALSE;
  gboolean folder = S_ISDIR(st.st_mode) != 0, lent = !oakum_rung_mounts(k->build->options->rung);
  OakumStepMount *place = k->place;
  place->kind = OAKUM_STEP_MOUNT_PATH;
  place->read_only = k->mount->read_only;
  gboolean layered = !place->read_only && folder && k->build->overlay;
  if (origin.path) {
    oakum_owners_patch(origin.owners, &st);
  } else {
    OakumTarEntry entry = {0};
    oakum_context_own(k->build->options->owners, real, &entry);
    st.st_uid = entry.uid;
    st.st_gid = entry.gid;
    if (!*real) /* the folder of the whole context has no mode of its own in an image either */
      st.st_mode = S_IFDIR | 0755;
  }
  mode_t mode = st.st_mode & 07777;
  if (origin.path && !lent && (place->read_only || layered)) {
    place->source = keep(k->out, g_build_filename(origin.path, real, NULL));
    return !layered || ((place->upper = new_folder(k, error)) != NULL &&
                        set_folder(k, place->upper, st.st_uid, st.st_gid, mode, error) &&
                        (place->work = new_folder(k, error)) != NULL);
  }
  place->source = folder ? new_folder(k, error) : new_path(k, error);
  return place->source && copy_source(k, &origin, real, folder, place->source, error) &&
         (!folder || set_folder(k, place->source, st.st_uid, st.st_gid, mode, error));
}

/* ---- cache
 * ---------------------------------------------------------------------------------------------- */

/* Owner and mode are those of the mount; a folder that a source names has its own. */
static gboolean is_made_new(const OakumMount *m)
{
  gboolean whole = !m->source || strspn(m->source, "/.") == strlen(m->source);
  return whole && (m->uid >= 0 || m->gid >= 0 || m->mode != (guint)-1);
}

/* Content that a new cache begins with. */
static gboolean fill_cache(Maker *k, const char *data, struct stat *st, GError **error)
{
  Origin origin;
  if (!k->mount->from || !*k->mount->from)
    return TRUE;
  g_autofree char *real = NULL;
  if (!find_origin(k, &origin, error) || !(real = find_source(k, &origin, st, error)))
    return FALSE;
  oakum_owners_patch(origin.owners, st);
  if (S_ISDIR(st->st_mode))
    return copy_source(k, &origin, real, TRUE, data, error);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID, "the source of a cache is no folder");
  return FALSE;
}

/* Of a cache: what the table says of its files, where owners stand in one. */
static char *owners_file(const char *folder)
{
  return g_build_filename(folder, "owners", NULL);
}

/* Made beside its name, so that one that is there is whole. */
static gboolean new_cache(Maker *k, const char *folder, const char *data, GError **error)
{
  const OakumMount *m = k->mount;
  g_autoptr(OakumTempDir) temp = oakum_temp_dir_new(folder, error);
  if (!temp)
    return FALSE;
  g_autofree char *made = g_build_filename(oakum_temp_dir_path(temp), "data", NULL);
  struct stat st = {.st_mode = S_IFDIR | 0755};
  if (mkdir(made, 0755) < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", made);
    return FALSE;
  }
  if (!fill_cache(k, made, &st, error))
    return FALSE;
  if (is_made_new(m)) {
    st.st_uid = m->uid < 0 ? 0 : (uid_t)m->uid;
    st.st_gid = m->gid < 0 ? 0 : (gid_t)m->gid;
    st.st_mode = m->mode == (guint)-1 ? 0755 : m->mode;
  }
  if (!set_folder(k, made, st.st_uid, st.st_gid, st.st_mode & 07777, error))
    return FALSE;
  g_autofree char *owners = owners_file(folder);
  if (k->stage->owners && !oakum_owners_save_below(k->stage->owners, made, owners, error))
    return FALSE;
  if (rename(made, data) < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", data);
    return FALSE;
  }
  return TRUE;
}

/* What the cache is known by. One that begins with content of a stage or image is another one for
 * each content, so that what changed there is not hidden by what an older build kept; and for each
 * owner and mode, since the first step to come would decide them for all. */
static char *cache_id(Maker *k, GError **error)
{
  const OakumMount *m = k->mount;
  const char *space = oakum_build_arg(k->build, "BUILDKIT_CACHE_MOUNT_NS");
  g_autofree char *target = g_canonicalize_filename(m->target ? m->target : "", "/");
  g_autoptr(GString) id = g_string_new(space);
  g_string_append_printf(id, "%s%s", space ? "/" : "", m->id && *m->id ? m->id : target);
  Stage *other;
  if (!find_stage(k, &other, error))
    return NULL;
  if (is_made_new(m))
    g_string_append_printf(id, "\nowner %" G_GINT64_FORMAT ":%" G_GINT64_FORMAT " mode %o",
                           MAX(m->uid, 0), MAX(m->gid, 0), m->mode == (guint)-1 ? 0755 : m->mode);
  if (other) {
    g_string_append_printf(id, "\nfrom %s", m->source ? m->source : "/");
    const GPtrArray *layers = other->config->diff_ids;
    for (guint i = 0; i < layers->len; i++)
      g_string_append_printf(id, "\n%s", (const char *)layers->pdata[i]);
  }
  return g_string_free(g_steal_pointer(&id), FALSE);
}

/* `source` of a cache that did not begin with anything is a folder in it. */
static gboolean part_of_cache(Maker *k, GError **error)
{
  const char *source = k->mount->source;
  if ((k->mount->from && *k->mount->from) || !source || !*source)
    return TRUE;
  OAKUM_AUTO_FD data = open(k->place->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autofree char *real = data >= 0 ? oakum_root_real_path(data, source, error) : NULL;
  const char *path = real ? keep(k->out, g_build_filename(k->place->source, real, NULL)) : NULL;
  struct stat st;
  if (path && lstat(path, &st) == 0) {
    k->place->source = path;
    return TRUE;
  }
  g_autofree char *shown = oakum_escape_terminal(source, -1);
  g_clear_error(error);
  g_set_error(
      error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
      "source \"%s\" is not in the cache; a step that mounts it without source= can make it",
      shown);
  return FALSE;
}

static gboolean is_folder(const char *path)
{
  struct stat st;
  return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A lock of its own for the making: who waits to make a cache that another has made meanwhile and
 * uses already must not wait for the end of that use. */
static gboolean ensure_cache(Maker *k, const char *folder, const char *data, GError **error)
{
  if (!is_folder(data)) {
    g_autofree char *path = g_build_filename(folder, "making", NULL);
    g_autoptr(OakumLock) making = oakum_lock_take(path, TRUE, TRUE, error);
    if (!making || (!is_folder(data) && !new_cache(k, folder, data, error)))
      return FALSE;
  }
  g_autofree char *owners = owners_file(folder);
  /* what the stage's table said of them went with the step before, whose tree they are no part of
   */
  return !k->stage->owners || oakum_owners_load_below(k->stage->owners, data, owners, error);
}

/* store/mounts/<hash of the id>/<number>/data, with a lock of its users beside it. Of a private
 * cache each user at a time has a number of its own. */
static gboolean make_cache(Maker *k, GError **error)
{
  const OakumMount *m = k->mount;
  g_autofree char *id = cache_id(k, error);
  const char *known = id ? g_hash_table_lookup(k->out->caches, id) : NULL;
  if (!id)
    return FALSE;
  if (known && !oakum_rung_mounts(k->build->options->rung)) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "a cache is wanted at two places of one step; without mounts it can be at one");
    return FALSE;
  }
  k->place->kind = OAKUM_STEP_MOUNT_PATH;
  k->place->read_only = m->read_only;
  k->place->source = known;
  if (known) /* its lock would not be given to us a second time */
    return part_of_cache(k, error);
  g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, id, -1);
  g_autofree char *real = realpath(oakum_store_path(k->build->store), NULL);
  gboolean alone =
      m->sharing != OAKUM_SHARING_SHARED || !oakum_rung_mounts(k->build->options->rung);
  for (guint i = 0; i < OAKUM_CACHE_COPIES_MAX; i++) {
    g_autofree char *folder = g_strdup_printf("%s/mounts/%s/%u", real, hash, i);
    g_autofree char *lock_path = g_build_filename(folder, "lock", NULL);
    if (g_mkdir_with_parents(folder, 0700) < 0) {
      oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", folder);
      return FALSE;
    }
    const char *data = keep(k->out, g_build_filename(folder, "data", NULL));
    g_autoptr(GError) busy = NULL;
    OakumLock *lock = oakum_lock_take(lock_path, alone, m->sharing != OAKUM_SHARING_PRIVATE, &busy);
    if (!lock && g_error_matches(busy, OAKUM_OS_ERROR, OAKUM_ERROR_DENIED))
      continue;
    if (!lock) {
      g_propagate_error(error, g_steal_pointer(&busy));
      return FALSE;
    }
    g_ptr_array_add(k->out->locks, lock);
    g_hash_table_insert(k->out->caches, g_steal_pointer(&id), (gpointer)data);
    k->place->source = data;
    return ensure_cache(k, folder, data, error) && part_of_cache(k, error);
  }
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_LIMIT, "a cache has more than %u users",
              OAKUM_CACHE_COPIES_MAX);
  return FALSE;
}

/* ---- secret and ssh
 * ------------------------------------------------------------------------------------- */
static const OakumBuildSecret *find_secret(const Build *build, const char *id)
{
  const GPtrArray *list = build->options->secrets;
  for (guint i = 0; list && i < list->len; i++)
    if (strcmp(((const OakumBuildSecret *)list->pdata[i])->id, id) == 0)
      return list->pdata[i];
  return NULL;
}

/* *bytes NULL without an error: nobody gave it, and it is not required. */
static gboolean read_secret(Maker *k, const char *id, char **bytes, size_t *len, GError **error)
{
  const OakumBuildSecret *secret = find_secret(k->build, id);
  if (secret && secret->variable) {
    const char *value = g_getenv(secret->variable);
    *bytes = g_strdup(value ? value : "");
    *len = strlen(*bytes);
    return TRUE;
  }
  if (secret)
    return oakum_file_read(secret->file, OAKUM_SECRET_MAX, bytes, len, error);
  if (k->mount->required)
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
                "secret \"%s\" is required; give it by --secret id=%s,src=FILE or env=NAME", id,
                id);
  return !k->mount->required;
}

static gboolean make_secret(Maker *k, gboolean *wanted, GError **error)
{
  const OakumMount *m = k->mount;
  const char *given = m->id && *m->id ? m->id : m->source && *m->source ? m->source : NULL;
  g_autofree char *id = given ? g_strdup(given) : g_path_get_basename(m->target);
  g_autofree char *base = g_path_get_basename(id);
  char *bytes = NULL;
  size_t len = 0;
  gboolean variable = m->env && *m->env, file = (m->target && *m->target) || !variable;
  *wanted = FALSE;
  if (!read_secret(k, id, &bytes, &len, error))
    return FALSE;
  if (!bytes) {
    if (variable) /* set all the same, and not to what the image has there */
      g_ptr_array_add(k->out->environment, g_strconcat(m->env, "=", NULL));
    return TRUE;
  }
  g_ptr_array_add(k->out->texts, bytes);
  if (variable && memchr(bytes, '\0', len)) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "secret \"%s\" has a NUL byte and cannot be a variable", id);
    return FALSE;
  }
  if (variable)
    g_ptr_array_add(k->out->environment, g_strconcat(m->env, "=", bytes, NULL));
  if (!file)
    return TRUE;
  *wanted = TRUE;
  k->place->kind = OAKUM_STEP_MOUNT_SECRET;
  k->place->data = (OakumSlice){(const uint8_t *)bytes, len};
  k->place->mode = m->mode == (guint)-1 ? 0400 : m->mode & 0777;
  k->place->uid = m->uid < 0 ? 0 : (uint32_t)m->uid;
  k->place->gid = m->gid < 0 ? 0 : (uint32_t)m->gid;
  if (!(m->target && *m->target))
    k->place->target = keep(k->out, g_strconcat("/run/secrets/", base, NULL));
  return TRUE;
}

static gboolean make_ssh(Maker *k, gboolean *wanted, GError **error)
{
  const OakumMount *m = k->mount;
  const char *id = m->id && *m->id ? m->id : "default";
  const OakumBuildSecret *agent = NULL;
  const GPtrArray *list = k->build->options->ssh;
  for (guint i = 0; list && i < list->len && !agent; i++)
    if (strcmp(((const OakumBuildSecret *)list->pdata[i])->id, id) == 0)
      agent = list->pdata[i];
  guint number = k->out->agent_count++;
  *wanted = agent != NULL;
  if (!agent && m->required)
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
                "the ssh agent \"%s\" is required; give it by --ssh %s[=SOCKET]", id, id);
  if (!agent)
    return !m->required;
  if (!(m->target && *m->target)) {
    k->place->target = keep(k->out, g_strdup_printf("/run/buildkit/ssh_agent.%u", number));
  }
  if (number == 0)
    g_ptr_array_add(k->out->environment,
                    g_strconcat("SSH_AUTH_SOCK=",
                                m->target && *m->target ? m->target : k->place->target, NULL));
  k->place->kind = OAKUM_STEP_MOUNT_PATH;
  k->place->source = new_path(k, error);
  OakumChild *child =
      k->place->source
          ? oakum_agent_start(agent->file, k->place->source,
                              m->mode == (guint)-1 ? 0600 : m->mode & 0777,
                              m->uid < 0 ? 0 : (uid_t)m->uid, m->gid < 0 ? 0 : (gid_t)m->gid, error)
          : NULL;
  if (child)
    g_ptr_array_add(k->out->agents, child);
  return child != NULL;
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------ */
static const char *lookup(const char *name, gpointer user)
{
  return oakum_stage_variable(user, name);
}

/* Where the first link on the way to `real` leads that leads to nothing yet; NULL: there is none.
 */
static char *past_dangling(int root, const char *real)
{
  for (const char *end = real; *end;) {
    end = strchrnul(end + 1, '/');
    g_autofree char *path = g_strndup(real, (gsize)(end - real));
    g_autofree char *name = NULL;
    OAKUM_AUTO_FD above = oakum_root_open_parent(root, path, FALSE, &name, NULL);
    char target[PATH_MAX];
    ssize_t n = above >= 0 ? readlinkat(above, name, target, sizeof(target) - 1) : -1;
    if (n <= 0)
      continue;
    target[n] = '\0';
    g_autofree char *folder = g_path_get_dirname(path);
    return *target == '/' ? g_strconcat(target, end, NULL)
                          : g_strconcat("/", folder, "/", target, end, NULL);
  }
  return NULL;
}

/* Where it lies in the root: relative to the working folder, links followed inside. */
static gboolean find_target(Maker *k, GError **error)
{
  const char *target = k->place->target ? k->place->target : k->mount->target;
  const char *cwd = k->stage->config->working_dir;
  if (!target || !*target) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID, "it has no target");
    return FALSE;
  }
  g_autofree char *full =
      target[0] == '/' ? g_strdup(target) : g_strconcat(cwd && *cwd ? cwd : "/", "/", target, NULL);
  g_autofree char *real = oakum_root_real_path(k->stage->root, full, error);
  char *next;
  for (guint links = 0; real && (next = past_dangling(k->stage->root, real)) != NULL;) {
    g_autofree char *path = next;
    g_clear_pointer(&real, g_free);
    if (++links <= OAKUM_VIEW_SYMLINKS_MAX)
      real = oakum_root_real_path(k->stage->root, path, error);
    else
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_LIMIT,
                  "more than %u symbolic links on the way to its target", OAKUM_VIEW_SYMLINKS_MAX);
  }
  if (!real)
    return FALSE;
  struct stat st;
  if (k->place->kind == OAKUM_STEP_MOUNT_TMPFS) { /* as runc: like the folder that it hides */
    k->place->mode = 01777;
    g_autofree char *name = NULL;
    OAKUM_AUTO_FD above = oakum_root_open_parent(k->stage->root, real, FALSE, &name, NULL);
    if (above >= 0 && fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
      oakum_owners_patch(k->stage->owners, &st);
      k->place->mode = st.st_mode & 07777;
    }
  }
  k->place->target = keep(k->out, g_steal_pointer(&real));
  return TRUE;
}

/* *place->target stays NULL when nobody gave what it shows. */
static gboolean add_mount(Maker *k, OakumStepMount *place, GError **error)
{
  *place = (OakumStepMount){
      .kind = OAKUM_STEP_MOUNT_TMPFS, .size = k->mount->size, .read_only = k->mount->read_only};
  gboolean wanted = TRUE, ok = TRUE;
  k->place = place;
  switch (k->mount->type) {
  case OAKUM_MOUNT_BIND:
    ok = make_bind(k, error);
    break;
  case OAKUM_MOUNT_CACHE:
    ok = make_cache(k, error);
    break;
  case OAKUM_MOUNT_SECRET:
    ok = make_secret(k, &wanted, error);
    break;
  case OAKUM_MOUNT_SSH:
    ok = make_ssh(k, &wanted, error);
    break;
  default:
    break;
  }
  if (ok && wanted)
    return find_target(k, error);
  place->target = NULL;
  return ok;
}

typedef struct {
  OakumMount *mount;
  guint number;
  char *cache; /* its id; NULL: no cache */
} Wanted;

static void wanted_clear(gpointer p)
{
  oakum_mount_free(((Wanted *)p)->mount);
  g_free(((Wanted *)p)->cache);
}

/* Caches first, by id: of two steps that wait for each other's locks neither would ever run. Of one
 * that is wanted twice the stricter use decides. */
static gint by_lock(gconstpointer a, gconstpointer b)
{
  const Wanted *x = a, *y = b;
  gint order = x->cache && y->cache ? strcmp(x->cache, y->cache) : !x->cache - !y->cache;
  if (order == 0)
    order =
        (x->mount->sharing == OAKUM_SHARING_SHARED) - (y->mount->sharing == OAKUM_SHARING_SHARED);
  return order ? order : (gint)x->number - (gint)y->number;
}

static guint rank_of(const OakumInstruction *in, guint number)
{
  OakumMountType type = ((const OakumMount *)in->mounts->pdata[number])->type;
  return type == OAKUM_MOUNT_SSH ? 2 : type == OAKUM_MOUNT_SECRET ? 1 : 0;
}

/* Of several at one place the last one is shown, as with BuildKit, which adds secrets behind all
 * others and sockets behind those. */
static gboolean is_hidden(const OakumInstruction *in, const OakumStepMount *places, guint number)
{
  guint rank = rank_of(in, number);
  for (guint i = 0; i < in->mounts->len; i++)
    if (i != number && g_strcmp0(places[i].target, places[number].target) == 0 &&
        (rank_of(in, i) > rank || (rank_of(in, i) == rank && i > number)))
      return TRUE;
  return FALSE;
}

OakumStepMounts *oakum_stage_mounts(Build *build, Stage *stage, const OakumInstruction *in,
                                    GError **error)
{
  g_autoptr(OakumStepMounts) out = g_new0(OakumStepMounts, 1);
  g_autoptr(GArray) wanted = g_array_new(FALSE, TRUE, sizeof(Wanted));
  g_autofree OakumStepMount *places = g_new0(OakumStepMount, in->mounts->len);
  g_array_set_clear_func(wanted, wanted_clear);
  out->mounts = g_array_new(FALSE, TRUE, sizeof(OakumStepMount));
  out->environment = g_ptr_array_new_with_free_func(forget_bytes);
  out->texts = g_ptr_array_new_with_free_func(forget_bytes);
  out->locks = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_lock_free);
  out->caches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  out->agents = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_child_free);
  for (guint i = 0; i < in->mounts->len; i++) {
    OakumMount *mount =
        oakum_mount_expand(in->mounts->pdata[i], build->dockerfile->escape, lookup, stage, error);
    if (!mount)
      return NULL;
    Maker maker = {build, stage, mount, out, NULL};
    gboolean cache = mount->type == OAKUM_MOUNT_CACHE;
    Wanted item = {mount, i, cache ? cache_id(&maker, error) : NULL};
    g_array_append_val(wanted, item);
    if (cache && !item.cache)
      return NULL;
  }
  g_array_sort(wanted, by_lock);
  for (guint i = 0; i < wanted->len; i++) {
    const Wanted *item = &g_array_index(wanted, Wanted, i);
    Maker maker = {build, stage, item->mount, out, NULL};
    if (!add_mount(&maker, &places[item->number], error)) {
      g_prefix_error(error, "mount %u (%s): ", item->number + 1,
                     oakum_mount_type_name(item->mount->type));
      return NULL;
    }
  }
  for (guint i = 0; i < in->mounts->len; i++)
    if (places[i].target && !is_hidden(in, places, i))
      g_array_append_val(out->mounts, places[i]);
  return g_steal_pointer(&out);
}

static gboolean key_of_mount(Maker *k, OakumCacheKey *key, GError **error)
{
  const OakumMount *m = k->mount;
  Stage *other = NULL;
  struct stat st;
  for (guint i = 0; i < m->fields->len; i++) {
    const OakumWord *field = m->fields->pdata[i];
    oakum_cache_key_text(key, field->name, field->value);
  }
  if ((m->type == OAKUM_MOUNT_BIND || m->type == OAKUM_MOUNT_CACHE) &&
      !find_stage(k, &other, error))
    return FALSE;
  if (other)
    oakum_cache_key_root(key, "from", other);
  if (other || m->type != OAKUM_MOUNT_BIND)
    return TRUE;
  Origin origin;
  g_autofree char *real = NULL;
  if (!find_origin(k, &origin, error) || !(real = find_source(k, &origin, &st, error)))
    return FALSE;
  Reading reading = reading_of(k, &origin);
  reading.timeless = TRUE;
  const OakumPackOptions options = {choose, edit, NULL, &reading, NULL};
  return oakum_cache_key_files(key, k->build, origin.root, real, TRUE, &options, error);
}

gboolean oakum_stage_mounts_key(Build *build, Stage *stage, const OakumInstruction *in,
                                OakumCacheKey *key, GError **error)
{
  for (guint i = 0; i < in->mounts->len; i++) {
    g_autoptr(OakumMount) mount =
        oakum_mount_expand(in->mounts->pdata[i], build->dockerfile->escape, lookup, stage, error);
    Maker maker = {build, stage, mount, NULL, NULL};
    if (!mount)
      return FALSE;
    oakum_cache_key_number(key, "mount", mount->type);
    if (!key_of_mount(&maker, key, error)) {
      g_prefix_error(error, "mount %u (%s): ", i + 1, oakum_mount_type_name(mount->type));
      return FALSE;
    }
  }
  oakum_cache_key_number(key, "mounts", in->mounts->len);
  return TRUE;
}

const OakumStepMount *oakum_step_mounts_list(const OakumStepMounts *mounts, size_t *count)
{
  *count = mounts->mounts->len;
  return (const OakumStepMount *)(gconstpointer)mounts->mounts->data;
}

gboolean oakum_step_mounts_keep_owners(const OakumStepMounts *mounts, const OakumOwners *owners,
                                       GError **error)
{
  GHashTableIter iter;
  gpointer id, data;
  g_hash_table_iter_init(&iter, mounts->caches);
  while (g_hash_table_iter_next(&iter, &id, &data)) {
    g_autofree char *folder = g_path_get_dirname(data);
    g_autofree char *path = owners_file(folder);
    if (!oakum_owners_save_below(owners, data, path, error))
      return FALSE;
  }
  return TRUE;
}

const GPtrArray *oakum_step_mounts_environment(const OakumStepMounts *mounts)
{
  return mounts->environment;
}
