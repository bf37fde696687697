/* What a step sees at places of its root for its own time only: mounts where they may be made,
 * names that are lent where not. */
#include "os/os.h"
#include "sandbox/sandbox-private.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRETS "dev/.secrets" /* gone again before the step begins */

/* ---- the builder's side: places
 * ------------------------------------------------------------------------ */

/* A name that was made since the root lacked it. */
typedef struct {
  char *path;
  gboolean folder;
  struct timespec before[2], after; /* times of the folder above, and what making it made of them */
} Stub;

typedef struct {
  const OakumStepMount *mount;
  gboolean kept, lent; /* what stood there is in scratch; the source stands there */
  gboolean folder;
} Place;

struct OakumTargets {
  int root, scratch;
  gboolean lend;
  GPtrArray *mounts; /* const OakumStepMount */
  GArray *places;    /* Place, as `mounts` */
  GPtrArray *stubs;  /* Stub, in the order they were made */
};

static void stub_free(gpointer p)
{
  Stub *stub = p;
  g_free(stub->path);
  g_free(stub);
}

static guint depth(const char *path)
{
  guint n = 0;
  for (; *path; path++)
    n += *path == '/';
  return n;
}

static int by_depth(const void *a, const void *b)
{
  const OakumStepMount *x = *(OakumStepMount *const *)a, *y = *(OakumStepMount *const *)b;
  guint i = depth(x->target), j = depth(y->target);
  return i != j ? (i < j ? -1 : 1) : x < y ? -1 : x > y;
}

/* The parent of `path` in the root, and its last name. */
static int open_above(int root, const char *path, const char **name)
{
  const char *slash = strrchr(path, '/');
  g_autofree char *above = slash ? g_strndup(path, (gsize)(slash - path)) : g_strdup(".");
  *name = slash ? slash + 1 : path;
  return oakum_root_open(root, above, O_RDONLY | O_DIRECTORY, 0, OAKUM_ROOT_NO_SYMLINKS, NULL);
}

static gboolean make_stub(OakumTargets *p, const char *path, gboolean folder)
{
  const char *name;
  struct stat st;
  OAKUM_AUTO_FD above = open_above(p->root, path, &name);
  if (above < 0 || fstat(above, &st) < 0)
    return FALSE;
  if (folder ? mkdirat(above, name, 0755) < 0 || fchmodat(above, name, 0755, 0) < 0
             : mknodat(above, name, S_IFREG | 0644, 0) < 0)
    return FALSE;
  Stub *stub = g_new0(Stub, 1);
  stub->path = g_strdup(path);
  stub->folder = folder;
  stub->before[0] = st.st_atim;
  stub->before[1] = st.st_mtim;
  if (fstat(above, &st) == 0)
    stub->after = st.st_mtim;
  g_ptr_array_add(p->stubs, stub);
  return TRUE;
}

/* What the step put into a folder that was made for it stays, and so do the times then. */
static void remove_stub(const OakumTargets *p, const Stub *stub)
{
  const char *name;
  struct stat st;
  OAKUM_AUTO_FD above = open_above(p->root, stub->path, &name);
  if (above < 0 || fstat(above, &st) < 0)
    return;
  gboolean untouched =
      st.st_mtim.tv_sec == stub->after.tv_sec && st.st_mtim.tv_nsec == stub->after.tv_nsec;
  struct stat own;
  if (stub->folder)
    untouched = unlinkat(above, name, AT_REMOVEDIR) == 0 && untouched;
  else
    untouched = fstatat(above, name, &own, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(own.st_mode) &&
                own.st_size == 0 && unlinkat(above, name, 0) == 0 && untouched;
  if (untouched)
    (void)!futimens(above, stub->before);
}

static gboolean is_folder(const OakumStepMount *mount)
{
  struct stat st;
  return mount->kind == OAKUM_STEP_MOUNT_TMPFS ||
         (mount->kind == OAKUM_STEP_MOUNT_PATH && lstat(mount->source, &st) == 0 &&
          S_ISDIR(st.st_mode));
}

static gboolean bad_target(const OakumStepMount *mount, const char *why, GError **error)
{
  g_autofree char *shown = oakum_escape_terminal(mount->target, -1);
  g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_INVALID, "mount at /%s: %s", shown, why);
  return FALSE;
}

static gboolean below(const char *path, const char *folder)
{
  size_t n = strlen(folder);
  return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* The target and all above it. */
static gboolean make_place(OakumTargets *p, const OakumStepMount *mount, gboolean folder,
                           GError **error)
{
  if (!*mount->target || strcmp(mount->target, "dev") == 0 || below(mount->target, "proc") ||
      below(mount->target, "sys"))
    return bad_target(mount, "nothing can be mounted there", error);
  for (const char *end = mount->target;; end++) {
    end = strchrnul(end, '/');
    g_autofree char *path = g_strndup(mount->target, (gsize)(end - mount->target));
    const char *name;
    struct stat st;
    OAKUM_AUTO_FD above = open_above(p->root, path, &name);
    gboolean there = above >= 0 && fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    gboolean wants_folder = *end != '\0' || folder;
    if (there && S_ISDIR(st.st_mode) != wants_folder)
      return bad_target(
          mount, wants_folder ? "a file stands in the way" : "a file cannot be mounted on a folder",
          error);
    if (!there && !make_stub(p, path, wants_folder)) {
      oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "mount at /%s", path);
      return FALSE;
    }
    if (*end == '\0')
      return TRUE;
  }
}

static char *kept_name(guint index)
{
  return g_strdup_printf("kept-mount-%u", index);
}

/* A file of zeros of the same size: who opens it gets the bytes from the supervisor. */
static gboolean place_secret(int above, const char *name, const OakumStepMount *mount)
{
  OAKUM_AUTO_FD fd =
      openat(above, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  return fd >= 0 && ftruncate(fd, (off_t)mount->data.len) == 0 &&
         /* who may not give files away has a table of owners, and the bytes are guarded elsewhere
          */
         (fchown(fd, mount->uid, mount->gid) == 0 || geteuid() != 0) &&
         fchmod(fd, (mode_t)mount->mode) == 0;
}

static gboolean lend(OakumTargets *p, guint index, GError **error)
{
  Place *place = &g_array_index(p->places, Place, index);
  const OakumStepMount *mount = place->mount;
  const char *name;
  g_autofree char *kept = kept_name(index);
  OAKUM_AUTO_FD above = open_above(p->root, mount->target, &name);
  gboolean ok = above >= 0 && renameat(above, name, p->scratch, kept) == 0;
  place->kept = ok;
  if (ok)
    switch (mount->kind) {
    case OAKUM_STEP_MOUNT_PATH:
      ok = renameat(AT_FDCWD, mount->source, above, name) == 0;
      break;
    case OAKUM_STEP_MOUNT_TMPFS:
      ok = mkdirat(above, name, 0755) == 0 && fchmodat(above, name, (mode_t)mount->mode, 0) == 0;
      break;
    case OAKUM_STEP_MOUNT_SECRET:
      ok = place_secret(above, name, mount);
      break;
    }
  place->lent = ok;
  if (!ok)
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "mount at /%s", mount->target);
  return ok;
}

static void take_back(OakumTargets *p, guint index)
{
  Place *place = &g_array_index(p->places, Place, index);
  const OakumStepMount *mount = place->mount;
  const char *name;
  g_autofree char *kept = kept_name(index);
  OAKUM_AUTO_FD above = open_above(p->root, mount->target, &name);
  if (above < 0) { /* the step took the folder above away: the image's own goes with it */
    if (place->kept)
      (void)!oakum_root_remove_tree(p->scratch, kept, NULL);
    return;
  }
  struct stat st;
  /* a link that the step left in its place must not become a source */
  if (place->lent && mount->kind == OAKUM_STEP_MOUNT_PATH &&
      fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
      (S_ISDIR(st.st_mode) != 0) == place->folder && !S_ISLNK(st.st_mode) &&
      renameat(above, name, AT_FDCWD, mount->source) < 0)
    oakum_warn("/%s: what was lent there did not come back: %s", mount->target, g_strerror(errno));
  if (place->lent)
    (void)!oakum_root_remove_tree(above, name, NULL);
  if (place->kept && renameat(p->scratch, kept, above, name) < 0)
    oakum_warn("/%s of the image was not put back: %s", mount->target, g_strerror(errno));
}

OakumTargets *oakum_targets_new(int root, const OakumStep *step, gboolean lending, GError **error)
{
  OakumTargets *p = g_new0(OakumTargets, 1);
  p->root = root;
  p->lend = lending;
  p->scratch = open(step->scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  p->mounts = g_ptr_array_new();
  p->places = g_array_new(FALSE, TRUE, sizeof(Place));
  p->stubs = g_ptr_array_new_with_free_func(stub_free);
  for (size_t i = 0; i < step->n_mounts; i++)
    g_ptr_array_add(p->mounts, (gpointer)&step->mounts[i]);
  g_ptr_array_sort(p->mounts, by_depth);
  gboolean ok = p->scratch >= 0;
  if (!ok)
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "%s", step->scratch);
  for (guint i = 0; ok && i < p->mounts->len; i++) {
    const Place place = {.mount = p->mounts->pdata[i], .folder = is_folder(p->mounts->pdata[i])};
    g_array_append_val(p->places, place);
    /* what is mounted below /dev hides whatever an image has there */
    gboolean made = !lending && g_str_has_prefix(place.mount->target, "dev/");
    ok = (made || make_place(p, place.mount, place.folder, error)) &&
         (!lending || lend(p, i, error));
  }
  if (ok)
    return p;
  oakum_targets_free(p);
  return NULL;
}

const GPtrArray *oakum_targets_mounts(const OakumTargets *places)
{
  return places->mounts;
}

void oakum_targets_forget(OakumTargets *places)
{
  if (!places)
    return;
  places->root = -1;
  g_ptr_array_set_size(places->stubs, 0);
}

void oakum_targets_free(OakumTargets *places)
{
  if (!places)
    return;
  for (guint i = places->places->len; i > 0 && places->lend; i--)
    take_back(places, i - 1);
  for (guint i = places->stubs->len; i > 0; i--)
    remove_stub(places, places->stubs->pdata[i - 1]);
  oakum_fd_clear(&places->scratch);
  g_ptr_array_unref(places->mounts);
  g_array_unref(places->places);
  g_ptr_array_unref(places->stubs);
  g_free(places);
}

/* ---- the step's side
 * ------------------------------------------------------------------------------------ */

/* A target inside another mount may be missing there. */
static void make_missing(const char *target, gboolean folder)
{
  struct stat st;
  if (lstat(target, &st) == 0)
    return;
  for (const char *end = strchr(target, '/'); end; end = strchr(end + 1, '/')) {
    g_autofree char *above = g_strndup(target, (gsize)(end - target));
    (void)!mkdir(above, 0755);
  }
  if (folder)
    (void)!mkdir(target, 0755);
  else
    (void)!mknod(target, S_IFREG | 0644, 0);
}

static gboolean seal(const char *target, gboolean read_only)
{
  return oakum_sandbox_remount(target, MS_NODEV | MS_NOSUID | (read_only ? MS_RDONLY : 0));
}

static gboolean mount_path(const StepMount *m)
{
  struct stat st;
  if (lstat(m->source, &st) < 0)
    return FALSE;
  if (S_ISLNK(st.st_mode)) {
    errno = ELOOP;
    return FALSE;
  }
  make_missing(m->target, S_ISDIR(st.st_mode));
  if (m->upper)
    return oakum_sandbox_mount_overlay((const char *[]){m->source, NULL}, m->upper, m->work,
                                       m->target);
  return mount(m->source, m->target, NULL, MS_BIND, NULL) == 0 && seal(m->target, m->read_only);
}

static gboolean mount_memory(const StepMount *m)
{
  g_autofree char *options = g_strdup_printf("mode=%04o", (unsigned)m->mode);
  g_autofree char *sized =
      m->size ? g_strdup_printf("%s,size=%" G_GUINT64_FORMAT, options, m->size) : NULL;
  make_missing(m->target, TRUE);
  return mount("tmpfs", m->target, "tmpfs", MS_NOSUID | MS_NODEV | (m->read_only ? MS_RDONLY : 0),
               sized ? sized : options) == 0;
}

/* The bytes lie in a memory file system that only this one name leads to. */
static gboolean mount_secret(const StepMount *m, guint index)
{
  g_autofree char *path = g_strdup_printf(SECRETS "/%u", index);
  gsize len = 0;
  g_autofree guchar *bytes = g_base64_decode(m->data, &len);
  OAKUM_AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  gboolean ok = fd >= 0 && oakum_write_all(fd, bytes, len, NULL) &&
                fchown(fd, (uid_t)m->uid, (gid_t)m->gid) == 0 && fchmod(fd, (mode_t)m->mode) == 0;
  explicit_bzero(bytes, len);
  oakum_fd_clear(&fd);
  make_missing(m->target, FALSE);
  return ok && mount(path, m->target, NULL, MS_BIND, NULL) == 0 &&
         oakum_sandbox_remount(m->target, MS_NODEV | MS_NOSUID | MS_NOEXEC | MS_RDONLY);
}

gboolean oakum_sandbox_make_mounts(const StepOrder *order, const char **failed)
{
  if (!order->mounts || order->mounts->len == 0)
    return TRUE;
  *failed = "secrets";
  if (mkdir(SECRETS, 0700) < 0 ||
      mount("tmpfs", SECRETS, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700") < 0)
    return FALSE;
  for (guint i = 0; i < order->mounts->len; i++) {
    const StepMount *m = order->mounts->pdata[i];
    *failed = m->target;
    gboolean ok = m->kind == OAKUM_STEP_MOUNT_PATH    ? mount_path(m)
                  : m->kind == OAKUM_STEP_MOUNT_TMPFS ? mount_memory(m)
                                                      : mount_secret(m, i);
    if (!ok)
      return FALSE;
  }
  return umount2(SECRETS, MNT_DETACH) == 0 && rmdir(SECRETS) == 0;
}
