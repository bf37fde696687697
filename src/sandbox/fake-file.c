/* Opening files and asking about them, on the rung fake-root. */
#include "os/os.h"
#include "sandbox/fake-private.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- open
 * --------------------------------------------------------------------------------------- */
static int want_of(int flags)
{
  int mode = flags & O_ACCMODE;
  return (mode == O_WRONLY ? W_OK
          : mode == O_RDWR ? R_OK | W_OK
                           : R_OK) |
         (flags & O_TRUNC ? W_OK : 0);
}

/* A device is an empty file on disk; a step has those that every container has. */
static int open_device(const Ask *ask, const struct stat *st, int flags)
{
  static const struct {
    unsigned major, minor;
    const char *path;
  } devices[] = {{1, 3, "/dev/null"},   {1, 5, "/dev/zero"},    {1, 7, "/dev/full"},
                 {1, 8, "/dev/random"}, {1, 9, "/dev/urandom"}, {5, 0, "/dev/tty"}};
  /* those that a step makes itself it cannot open, as on the other rungs */
  if (!oakum_fake_is_given(ask->f, st))
    return -EACCES;
  for (size_t i = 0; S_ISCHR(st->st_mode) && i < G_N_ELEMENTS(devices); i++)
    if (st->st_rdev == makedev(devices[i].major, devices[i].minor)) {
      if (devices[i].major == 5)
        return -ENXIO; /* a step has no terminal */
      int fd = open(devices[i].path,
                    (flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)) | O_CLOEXEC | O_NOCTTY);
      return fd < 0 ? -errno : fd;
    }
  return -EACCES;
}

typedef struct {
  Supervisor supervisor;
  struct seccomp_notif notif;
  int object, flags;
  guint *waiting;
} Waiting;

/* Opening a FIFO waits for its other end, which may be the next thing that we are asked for. */
static gpointer open_fifo(gpointer p)
{
  Waiting *w = p;
  char link[32];
  const int not = O_CREAT | O_EXCL | __O_TMPFILE;
  int fd = open(oakum_fake_link(w->object, link), (w->flags & ~not ) | O_CLOEXEC);
  if (fd >= 0) {
    oakum_supervisor_give(&w->supervisor, &w->notif, fd, (w->flags & O_CLOEXEC) != 0);
    close(fd);
  } else {
    oakum_supervisor_respond(&w->supervisor, &w->notif, 0, errno, FALSE);
  }
  close(w->object);
  g_atomic_int_add((gint *)w->waiting, -1);
  g_free(w);
  return NULL;
}

/* TRUE: a thread answers. */
static gboolean wait_for_fifo(Ask *ask, int object, int flags)
{
  if ((guint)g_atomic_int_get((gint *)&ask->f->waiting) >= OAKUM_FAKE_OPENS_MAX)
    return FALSE;
  Waiting *w = g_new0(Waiting, 1);
  *w = (Waiting){*ask->s, *ask->notif, object, flags & ~(O_NOFOLLOW | O_DIRECTORY),
                 &ask->f->waiting};
  g_atomic_int_inc((gint *)&ask->f->waiting);
  GThread *thread = g_thread_try_new("fifo", open_fifo, w, NULL);
  if (thread) {
    g_thread_unref(thread);
    return TRUE;
  }
  g_atomic_int_add((gint *)&ask->f->waiting, -1);
  g_free(w);
  return FALSE;
}

/* Only descriptors that are more than O_PATH can be given to another process, so a folder or a file
 * is opened for reading, and something else stands for a link or a socket. */
static int open_for_path(Fake *f, int object, const struct stat *st)
{
  char link[32];
  if (S_ISLNK(st->st_mode) || S_ISSOCK(st->st_mode))
    return oakum_fake_stand_in(f, object);
  int fd = open(oakum_fake_link(object, link), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  return fd < 0 ? -errno : fd;
}

/* An object that exists. -EINPROGRESS: a thread answers. */
static int open_existing(Ask *ask, const char *full, int flags)
{
  Fake *f = ask->f;
  struct stat st;
  OAKUM_AUTO_FD object =
      oakum_fake_open(ask->at, full, O_PATH | (flags & (O_NOFOLLOW | O_DIRECTORY)), 0);
  if (object < 0)
    return oakum_ask_missing(ask, full, object);
  int bad = oakum_fake_stat(f, object, &st);
  bad = bad < 0 ? bad : oakum_ask_may_reach(ask, object);
  if (bad < 0)
    return bad;
  if (flags & O_PATH)
    return open_for_path(ask->f, object, &st);
  if (S_ISLNK(st.st_mode))
    return -ELOOP;
  if (S_ISDIR(st.st_mode) && ((flags & O_CREAT) || (flags & O_ACCMODE) != O_RDONLY))
    return -EISDIR;
  int secret = oakum_secrets_open(ask->s->secrets, &st, (uint64_t)flags, ask->cred->uid[FS],
                                  ask->cred->gid[FS]);
  if (secret != -2)
    return secret < 0 ? -errno : secret;
  if ((bad = oakum_ask_may(ask, &st, want_of(flags), FALSE)) < 0)
    return bad;
  if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
    return open_device(ask, &st, flags);
  if (S_ISFIFO(st.st_mode) && !(flags & O_NONBLOCK) && (flags & O_ACCMODE) != O_RDWR) {
    int copy = fcntl(object, F_DUPFD_CLOEXEC, 3);
    if (copy >= 0 && wait_for_fifo(ask, copy, flags))
      return -EINPROGRESS;
    oakum_fd_clear(&copy);
    return -EAGAIN;
  }
  char link[32];
  int fd = open(oakum_fake_link(object, link),
                (flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW)) | O_CLOEXEC | O_NOCTTY);
  return fd < 0 ? -errno : fd;
}

/* The folder that holds what `full` names, for its group and its rights. */
static int folder_of(Ask *ask, const char *full, char name[256])
{
  char copy[PATH_LIMIT];
  gboolean slash;
  g_strlcpy(copy, full, sizeof(copy));
  return oakum_ask_parent_of(ask, copy, name, &slash);
}

static int open_new(Ask *ask, const char *full, int flags, mode_t mode)
{
  char name[256];
  struct stat st;
  OAKUM_AUTO_FD folder = folder_of(ask, full, name);
  if (folder < 0)
    return folder;
  if ((flags & __O_TMPFILE) != __O_TMPFILE && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    return -EEXIST; /* goes before the right to write */
  int bad = oakum_ask_may_change(ask, folder);
  if (bad < 0)
    return bad;
  mode_t exact = S_IFREG | (mode & 07777 & ~ask->state.umask);
  int fd = oakum_fake_open(ask->at, full, flags, oakum_owners_mode_on_disk(exact));
  if (fd < 0)
    return fd;
  bad = oakum_ask_created(ask, folder, fd, NULL, exact, 0);
  if (bad < 0) {
    close(fd);
    return bad;
  }
  return fd;
}

static int open_file(Ask *ask, const char *full, int flags, mode_t mode)
{
  if ((flags & __O_TMPFILE) == __O_TMPFILE) {
    g_autofree char *in = g_strconcat(full, "/.", NULL); /* the folder is what is named */
    return open_new(ask, in, flags, mode);
  }
  if (!(flags & O_CREAT))
    return open_existing(ask, full, flags);
  size_t len = strlen(full);
  if (len > 1 && full[len - 1] == '/') { /* a folder is not made so, whether it is there or not */
    char name[256];
    OAKUM_AUTO_FD folder = folder_of(ask, full, name);
    return folder < 0 ? folder : -EISDIR;
  }
  g_autofree char *led = NULL;
  for (guint tries = 0; tries < 16; tries++) {
    int fd = flags & O_EXCL ? -ENOENT : open_existing(ask, full, flags);
    if (fd != -ENOENT)
      return fd;
    if (flags & O_EXCL)
      return open_new(ask, full, flags, mode);
    fd = open_new(ask, full, flags | O_EXCL, mode);
    if (fd != -EEXIST)
      return fd;
    /* a link that leads to a name that is not there yet: made where it leads, by who may there */
    char name[256], target[PATH_LIMIT];
    OAKUM_AUTO_FD folder = folder_of(ask, full, name);
    ssize_t n = folder >= 0 ? readlinkat(folder, name, target, sizeof(target) - 1) : -1;
    if (n < 0)
      continue; /* somebody made the file meanwhile */
    target[n] = '\0';
    const char *last = strrchr(full, '/');
    char *next = *target == '/' ? g_strdup(target)
                                : g_strdup_printf("%.*s/%s", (int)(last - full), full, target);
    g_free(led);
    full = led = next;
    if (strlen(full) >= PATH_LIMIT)
      return -ENAMETOOLONG;
  }
  return -ELOOP;
}

/* What a name below /proc leads to, above all a descriptor that the process holds already: its file
 * is asked for its rights anew (proc(5)). */
static int open_again(Ask *ask, int object, int flags)
{
  char link[32];
  struct stat st;
  int bad = oakum_fake_stat(ask->f, object, &st);
  if (bad == 0 && (flags & O_PATH))
    return open_for_path(ask->f, object, &st);
  if (bad == 0 && oakum_fake_is_inside(ask->f, object))
    bad = oakum_ask_may(ask, &st, want_of(flags), FALSE);
  if (bad < 0)
    return bad;
  /* nothing is made by such a name; a file without one would need a mode, and the C library ends
   * who gives none */
  const int not = O_NOFOLLOW | __O_TMPFILE;
  int fd = open(oakum_fake_link(object, link), (flags & ~not ) | O_CLOEXEC | O_NOCTTY, 0);
  return fd < 0 ? -errno : fd;
}

static void answer_open(Ask *ask, int dirfd, uint64_t path_address, int flags, mode_t mode)
{
  char path[PATH_LIMIT], full[PATH_LIMIT];
  int bad = oakum_ask_text(ask, path_address, path);
  bad = bad < 0 ? bad : oakum_ask_full(ask, dirfd, path, full);
  if (bad < 0) {
    oakum_ask_answer(ask, bad);
    return;
  }
  int fd = -2; /* as oakum_proc_open: not of its names */
  if (!(flags & O_PATH) && (oakum_ask_is_proc(ask, full) ||
                            (ask->at == ask->f->root && g_str_has_prefix(full, "/sys/dev")))) {
    oakum_proc_note(ask->s->proc, ask->request.tid);
    fd = oakum_proc_open(ask->s->proc, ask->request.pid, ask->request.tid, full, flags);
    fd = fd == -1 ? -errno : fd;
    if (fd == -ENOENT && (flags & O_CREAT))
      fd = -EACCES;
  }
  if (fd == -2) {
    /* the object is found as for the other calls where it is not plainly a file of the root */
    if (oakum_ask_is_proc(ask, full) && strcmp(full, "/proc") != 0 && !(flags & O_CREAT)) {
      OAKUM_AUTO_FD object =
          oakum_ask_object_at(ask, dirfd, path, flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
      fd = object < 0 ? object : open_again(ask, object, flags);
    } else {
      fd = open_file(ask, full, flags, mode);
    }
  }
  if (fd == -EINPROGRESS)
    return;
  if (fd < 0) {
    oakum_ask_answer(ask, fd);
    return;
  }
  oakum_supervisor_give(ask->s, ask->notif, fd, (flags & O_CLOEXEC) != 0);
  close(fd);
}

static void answer_openat2(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  struct open_how how;
  if (a[3] < sizeof(how) || oakum_ask_read(ask, a[2], &how, sizeof(how)) < 0)
    oakum_ask_answer(ask, a[3] < sizeof(how) ? -EINVAL : -EFAULT);
  else if (how.resolve != 0) /* callers fall back to the older call */
    oakum_ask_answer(ask, -ENOSYS);
  else
    answer_open(ask, (int)a[0], a[1], (int)how.flags, (mode_t)how.mode);
}

/* ---- stat
 * --------------------------------------------------------------------------------------- */
static int answer_stat(Ask *ask, int object_taken, uint64_t to)
{
  OAKUM_AUTO_FD object = object_taken;
  struct stat st;
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
  return bad < 0 ? bad : oakum_ask_write(ask, to, &st, sizeof(st));
}

static int answer_fstat(Ask *ask, int number, uint64_t to)
{
  char link[64];
  struct stat st;
  g_snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)ask->request.tid, number);
  if (stat(link, &st) < 0)
    return errno == ENOENT ? -EBADF : -errno;
  if (ask->f->held.length > 0 && st.st_dev == ask->f->memory)
    return answer_stat(ask, oakum_ask_theirs(ask, number), to);
  oakum_fake_patch(ask->f, &st);
  return oakum_ask_write(ask, to, &st, sizeof(st));
}

static int answer_statx(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  struct statx stx;
  struct stat st;
  OAKUM_AUTO_FD object = oakum_ask_object(ask, (int)a[0], a[1], (int)a[2]);
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
  if (bad < 0)
    return bad;
  if (statx(object, "", AT_EMPTY_PATH | ((int)a[2] & (AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC)),
            (unsigned)a[3], &stx) < 0)
    return -errno;
  stx.stx_uid = st.st_uid;
  stx.stx_gid = st.st_gid;
  stx.stx_mode = (uint16_t)st.st_mode;
  stx.stx_size = (uint64_t)st.st_size;
  stx.stx_dev_major = major(st.st_dev);
  stx.stx_dev_minor = minor(st.st_dev);
  stx.stx_rdev_major = major(st.st_rdev);
  stx.stx_rdev_minor = minor(st.st_rdev);
  return oakum_ask_write(ask, a[4], &stx, sizeof(stx));
}

static int answer_access(Ask *ask, int dirfd, uint64_t path, int want, int flags)
{
  struct stat st;
  if (want & ~(R_OK | W_OK | X_OK) || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
    return -EINVAL;
  OAKUM_AUTO_FD object =
      oakum_ask_object(ask, dirfd, path, flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
  return bad < 0 || want == F_OK ? bad : oakum_ask_may(ask, &st, want, !(flags & AT_EACCESS));
}

static int answer_statfs(Ask *ask, uint64_t path, uint64_t to)
{
  struct statfs st;
  OAKUM_AUTO_FD object = oakum_ask_object(ask, AT_FDCWD, path, 0);
  if (object < 0)
    return object;
  if (fstatfs(object, &st) < 0)
    return -errno;
  return oakum_ask_write(ask, to, &st, sizeof(st));
}

static int answer_readlink(Ask *ask, int dirfd, uint64_t path_address, uint64_t to, int size)
{
  char path[PATH_LIMIT], full[PATH_LIMIT], target[PATH_LIMIT];
  int bad = oakum_ask_text(ask, path_address, path);
  if (bad < 0)
    return bad;
  if (size <= 0)
    return -EINVAL;
  ssize_t n = -2;
  if (*path != '\0' && (bad = oakum_ask_full(ask, dirfd, path, full)) < 0)
    return bad;
  if (*path != '\0' && oakum_ask_is_proc(ask, full) &&
      (strcmp(full, "/proc/self/exe") == 0 || strcmp(full, "/proc/thread-self/exe") == 0)) {
    g_strlcpy(target, ask->f->programs->pdata[ask->state.program], sizeof(target));
    n = (ssize_t)strlen(target);
  } else if (*path != '\0' && oakum_ask_is_proc(ask, full)) {
    n = oakum_proc_readlink(ask->s->proc, ask->request.pid, ask->request.tid, full, target,
                            sizeof(target));
    if (n == -1)
      return -errno;
  }
  if (n == -2) {
    OAKUM_AUTO_FD object =
        oakum_ask_object_at(ask, dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
    if (object < 0)
      return object;
    n = readlinkat(object, "", target, sizeof(target));
    if (n < 0) /* what is no link: told of the name, not of our descriptor */
      return errno == ENOENT ? -EINVAL : -errno;
  }
  n = MIN(n, (ssize_t)size);
  bad = oakum_ask_write(ask, to, target, (size_t)n);
  return bad < 0 ? bad : (int)n;
}

static int answer_getcwd(Ask *ask, uint64_t to, uint64_t size)
{
  char full[PATH_LIMIT];
  int bad = oakum_ask_full(ask, AT_FDCWD, ".", full);
  if (bad < 0)
    return bad;
  size_t len = strlen(full);
  if (len >= 2 && strcmp(full + len - 2, "/.") == 0)
    full[len == 2 ? 1 : len - 2] = '\0';
  if (ask->state.root != 0 && ask->at == ask->f->root) { /* as the kernel tells it */
    g_autofree char *told = g_strconcat("(unreachable)", full, NULL);
    if (g_strlcpy(full, told, sizeof(full)) >= sizeof(full))
      return -ENAMETOOLONG;
  }
  len = strlen(full) + 1;
  if (len > size)
    return -ERANGE;
  bad = oakum_ask_write(ask, to, full, len);
  return bad < 0 ? bad : (int)len;
}

static int answer_truncate(Ask *ask, uint64_t path, off_t size)
{
  struct stat st;
  char link[32];
  OAKUM_AUTO_FD object = oakum_ask_object(ask, AT_FDCWD, path, 0);
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
  if (bad == 0 && S_ISDIR(st.st_mode))
    return -EISDIR;
  bad = bad < 0 ? bad : oakum_ask_may(ask, &st, W_OK, FALSE);
  if (bad < 0)
    return bad;
  if (!oakum_fake_is_inside(ask->f, object))
    return -EACCES;
  return truncate(oakum_fake_link(object, link), size) < 0 ? -errno : 0;
}

gboolean oakum_fake_files(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  const int nofollow = AT_SYMLINK_NOFOLLOW, kept = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  int result;
  switch (ask->notif->data.nr) {
  case SYS_open:
    answer_open(ask, AT_FDCWD, a[0], (int)a[1], (mode_t)a[2]);
    return TRUE;
  case SYS_creat:
    answer_open(ask, AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, (mode_t)a[1]);
    return TRUE;
  case SYS_openat:
    answer_open(ask, (int)a[0], a[1], (int)a[2], (mode_t)a[3]);
    return TRUE;
  case SYS_openat2:
    answer_openat2(ask);
    return TRUE;
  case SYS_stat:
    result = answer_stat(ask, oakum_ask_object(ask, AT_FDCWD, a[0], 0), a[1]);
    break;
  case SYS_lstat:
    result = answer_stat(ask, oakum_ask_object(ask, AT_FDCWD, a[0], nofollow), a[1]);
    break;
  case SYS_fstat:
    result = answer_fstat(ask, (int)a[0], a[1]);
    break;
  case SYS_newfstatat: {
    char first = 1;
    if (((int)a[3] & AT_EMPTY_PATH) && (int)a[0] >= 0 &&
        (a[1] == 0 || (oakum_ask_read(ask, a[1], &first, 1) == 0 && first == '\0')))
      result = answer_fstat(ask, (int)a[0], a[2]);
    else
      result = answer_stat(ask, oakum_ask_object(ask, (int)a[0], a[1], (int)a[3] & kept), a[2]);
    break;
  }
  case SYS_statx:
    result = answer_statx(ask);
    break;
  case SYS_access:
    result = answer_access(ask, AT_FDCWD, a[0], (int)a[1], 0);
    break;
  case SYS_faccessat:
    result = answer_access(ask, (int)a[0], a[1], (int)a[2], 0);
    break;
  case SYS_faccessat2:
    result = answer_access(ask, (int)a[0], a[1], (int)a[2], (int)a[3]);
    break;
  case SYS_statfs:
    result = answer_statfs(ask, a[0], a[1]);
    break;
  case SYS_readlink:
    result = answer_readlink(ask, AT_FDCWD, a[0], a[1], (int)a[2]);
    break;
  case SYS_readlinkat:
    result = answer_readlink(ask, (int)a[0], a[1], a[2], (int)a[3]);
    break;
  case SYS_getcwd:
    result = answer_getcwd(ask, a[0], a[1]);
    break;
  case SYS_truncate:
    result = answer_truncate(ask, a[0], (off_t)a[1]);
    break;
  default:
    return FALSE;
  }
  oakum_ask_answer(ask, result);
  return TRUE;
}
