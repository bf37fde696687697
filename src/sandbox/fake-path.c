/* Names on the rung fake-root: which file a call means, and who may. */
#include "os/os.h"
#include "sandbox/fake-private.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *oakum_fake_link(int fd, char out[32])
{
  g_snprintf(out, 32, "/proc/self/fd/%d", fd);
  return out;
}

int oakum_fake_open(int root, const char *full, int how, mode_t mode)
{
  struct open_how open_how = {.flags = (uint64_t)(unsigned)(how | O_CLOEXEC),
                              .mode = how & (O_CREAT | __O_TMPFILE) ? mode & 07777 : 0,
                              .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  int fd, tries = 0;
  do
    fd = (int)syscall(SYS_openat2, root, full, &open_how, sizeof(open_how));
  while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < 128);
  return fd < 0 ? -errno : fd;
}

/* What stands below a folder as a name from there on; FALSE: it is not below. */
static gboolean below(const char *folder, char *path)
{
  size_t prefix = strlen(folder);
  if (strncmp(path, folder, prefix) != 0 || (path[prefix] != '/' && path[prefix] != '\0'))
    return FALSE;
  memmove(path, path + prefix, strlen(path + prefix) + 1);
  if (*path == '\0')
    memcpy(path, "/", 2);
  return TRUE;
}

/* A name of the machine as one inside the root; FALSE: it is not below. */
static gboolean inside(const Fake *f, char *path)
{
  return below(f->root_path, path);
}

static int root_of(const Ask *ask)
{
  return g_array_index(ask->f->roots, int, ask->state.root);
}

/* A name inside the step's root as one inside the asker's, when it lies there. */
static void inside_own(Ask *ask, char path[PATH_LIMIT])
{
  char link[32], top[PATH_LIMIT];
  ask->at = ask->f->root;
  if (ask->state.root == 0)
    return;
  ssize_t n = readlink(oakum_fake_link(root_of(ask), link), top, sizeof(top) - 1);
  if (n < 0)
    return;
  top[n] = '\0';
  if (inside(ask->f, top) && below(strcmp(top, "/") == 0 ? "" : top, path))
    ask->at = root_of(ask);
}

gboolean oakum_ask_is_proc(const Ask *ask, const char *full)
{
  return ask->at == ask->f->root && g_str_has_prefix(full, "/proc") &&
         (full[strlen("/proc")] == '/' || full[strlen("/proc")] == '\0');
}

static int base_of(Ask *ask, int dirfd, char out[PATH_LIMIT])
{
  static const char deleted[] = " (deleted)";
  char link[64];
  if (dirfd == AT_FDCWD)
    g_snprintf(link, sizeof(link), "/proc/%d/cwd", (int)ask->request.tid);
  else
    g_snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)ask->request.tid, dirfd);
  ssize_t n = readlink(link, out, PATH_LIMIT - 1);
  if (n < 0)
    return dirfd == AT_FDCWD ? -errno : -EBADF;
  out[n] = '\0';
  if (!inside(ask->f, out))
    return dirfd == AT_FDCWD ? -ENOENT : -ENOTDIR;
  if (g_str_has_suffix(out, deleted)) {
    struct stat st;
    if (stat(link, &st) == 0 && st.st_nlink == 0)
      return -ENOENT;
  }
  inside_own(ask, out);
  return 0;
}

/* The few names below /proc that mean a file elsewhere, for the process itself. TRUE: `full` was
 * changed. */
static gboolean follow_own(Ask *ask, char full[PATH_LIMIT])
{
  char own[32];
  const char *rest = NULL;
  g_snprintf(own, sizeof(own), "/proc/%d/", (int)ask->request.tid);
  if (g_str_has_prefix(full, "/proc/self/"))
    rest = full + strlen("/proc/self/");
  else if (g_str_has_prefix(full, "/proc/thread-self/"))
    rest = full + strlen("/proc/thread-self/");
  else if (g_str_has_prefix(full, own))
    rest = full + strlen(own);
  if (!rest)
    return FALSE;
  char target[PATH_LIMIT] = "";
  const char *more = "";
  if (strcmp(rest, "exe") == 0) {
    g_strlcpy(target, ask->f->programs->pdata[ask->state.program], sizeof(target));
  } else if (g_str_has_prefix(rest, "root") && (rest[4] == '/' || rest[4] == '\0')) {
    more = rest[4] ? rest + 4 : "/";
  } else if (g_str_has_prefix(rest, "cwd") && (rest[3] == '/' || rest[3] == '\0')) {
    if (base_of(ask, AT_FDCWD, target) < 0)
      return FALSE;
    more = rest + 3;
  } else {
    return FALSE;
  }
  g_autofree char *joined = g_strconcat(target, more, NULL);
  if (strlen(joined) >= PATH_LIMIT)
    return FALSE;
  g_strlcpy(full, joined, PATH_LIMIT);
  return TRUE;
}

int oakum_ask_full(Ask *ask, int dirfd, const char *path, char out[PATH_LIMIT])
{
  size_t len = strlen(path), have = 0;
  ask->at = root_of(ask);
  if (len == 0)
    return -ENOENT;
  if (path[0] != '/') {
    int bad = base_of(ask, dirfd, out);
    if (bad < 0)
      return bad;
    have = strlen(out);
    if (have > 1)
      out[have++] = '/';
  }
  if (have + len >= PATH_LIMIT)
    return -ENAMETOOLONG;
  memcpy(out + have, path, len + 1);
  /* most names have nothing to do with what is not a file of the root */
  if (ask->at == ask->f->root &&
      (strstr(out, "/proc") || strstr(out, "/dev/fd") || strstr(out, "/dev/std"))) {
    g_autofree char *clean = oakum_supervisor_absolute(ask->s, &ask->request, AT_FDCWD, out);
    if (clean && g_str_has_prefix(clean, "/proc") && strlen(clean) < PATH_LIMIT) {
      gboolean slash = out[strlen(out) - 1] == '/';
      g_strlcpy(out, clean, PATH_LIMIT);
      if (slash && strlen(out) + 1 < PATH_LIMIT)
        g_strlcat(out, "/", PATH_LIMIT);
    }
  }
  return 0;
}

/* "/proc/self/fd/N" of the asker: the descriptor, or -1. */
static int own_descriptor(const Ask *ask, const char *full)
{
  char own[40];
  g_snprintf(own, sizeof(own), "/proc/%d/fd/", (int)ask->request.tid);
  const char *digits = g_str_has_prefix(full, "/proc/self/fd/") ? full + strlen("/proc/self/fd/")
                       : g_str_has_prefix(full, own)            ? full + strlen(own)
                                                                : NULL;
  uint64_t number;
  return digits && oakum_parse_u64(digits, strlen(digits), G_MAXINT32, &number) ? (int)number : -1;
}

typedef struct {
  ino_t memory;
  int object;
} Held;

void oakum_fake_held_free(gpointer p)
{
  close(((Held *)p)->object);
  g_free(p);
}

int oakum_fake_stand_in(Fake *f, int object)
{
  struct stat st;
  OAKUM_AUTO_FD file = memfd_create("path", MFD_CLOEXEC);
  int copy = fcntl(object, F_DUPFD_CLOEXEC, 3);
  if (file < 0 || copy < 0 || fstat(file, &st) < 0) {
    int errnum = errno;
    oakum_fd_clear(&copy);
    return -errnum;
  }
  Held *held = g_new0(Held, 1);
  *held = (Held){st.st_ino, copy};
  f->memory = st.st_dev;
  g_queue_push_head(&f->held, held);
  if (f->held.length > OAKUM_FAKE_HELD_MAX)
    oakum_fake_held_free(g_queue_pop_tail(&f->held));
  return oakum_fd_steal(&file);
}

int oakum_ask_theirs(const Ask *ask, int number)
{
  char link[64];
  struct stat st;
  g_snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)ask->request.tid, number);
  int fd = open(link, O_PATH | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? -EBADF : -errno;
  if (ask->f->held.length == 0 || fstat(fd, &st) < 0 || st.st_dev != ask->f->memory)
    return fd;
  for (const GList *at = ask->f->held.head; at; at = at->next) {
    const Held *held = at->data;
    if (held->memory == st.st_ino) {
      close(fd);
      fd = fcntl(held->object, F_DUPFD_CLOEXEC, 3);
      return fd < 0 ? -errno : fd;
    }
  }
  return fd;
}

int oakum_ask_object_at(Ask *ask, int dirfd, const char *path, int flags)
{
  char full[PATH_LIMIT];
  if (*path == '\0' && (flags & AT_EMPTY_PATH)) {
    char link[64];
    if (dirfd != AT_FDCWD)
      return oakum_ask_theirs(ask, dirfd);
    g_snprintf(link, sizeof(link), "/proc/%d/cwd", (int)ask->request.tid);
    int fd = open(link, O_PATH | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
  }
  int bad = oakum_ask_full(ask, dirfd, path, full);
  if (bad < 0)
    return bad;
  if (oakum_ask_is_proc(ask, full) && strcmp(full, "/proc") != 0) {
    oakum_proc_note(ask->s->proc, ask->request.tid);
    int number = own_descriptor(ask, full);
    if (number >= 0)
      return oakum_ask_theirs(ask, number);
    if ((flags & AT_SYMLINK_NOFOLLOW) && g_str_has_suffix(full, "/exe")) {
      /* a link: what it leads to is not asked for */
    } else if (!follow_own(ask, full) && g_str_has_prefix(full, "/proc/self/")) {
      g_autofree char *rest = g_strdup(full + strlen("/proc/self"));
      g_snprintf(full, PATH_LIMIT, "/proc/%d%s", (int)ask->request.tid, rest);
      if (!oakum_proc_note_files(ask->s->proc, ask->request.tid))
        return -ESRCH;
    }
  }
  int fd =
      oakum_fake_open(ask->at, full, O_PATH | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0), 0);
  if (fd < 0)
    return oakum_ask_missing(ask, full, fd);
  bad = oakum_ask_may_reach(ask, fd);
  if (bad < 0) {
    close(fd);
    return bad;
  }
  return fd;
}

int oakum_ask_object(Ask *ask, int dirfd, uint64_t path_address, int flags)
{
  char path[PATH_LIMIT];
  if (path_address == 0 && (flags & AT_EMPTY_PATH)) /* statx(2) takes none for the empty one */
    return oakum_ask_object_at(ask, dirfd, "", flags);
  int len = oakum_ask_text(ask, path_address, path);
  return len < 0 ? len : oakum_ask_object_at(ask, dirfd, path, flags);
}

int oakum_ask_parent(Ask *ask, int dirfd, const char *path, char name[256], gboolean *slash)
{
  char full[PATH_LIMIT];
  int bad = oakum_ask_full(ask, dirfd, path, full);
  return bad < 0 ? bad : oakum_ask_parent_of(ask, full, name, slash);
}

/* The right to look up names in a folder. */
static int may_search(const Ask *ask, int folder)
{
  struct stat st;
  int bad = oakum_ask_may_reach(ask, folder);
  if (bad < 0 || ask->cred->uid[FS] == 0)
    return bad;
  bad = oakum_fake_stat(ask->f, folder, &st);
  return bad < 0 ? bad : oakum_ask_may(ask, &st, X_OK, FALSE);
}

int oakum_ask_parent_of(Ask *ask, char full[PATH_LIMIT], char name[256], gboolean *slash)
{
  size_t len = strlen(full);
  *slash = len > 1 && full[len - 1] == '/';
  while (len > 1 && full[len - 1] == '/')
    full[--len] = '\0';
  char *last = strrchr(full, '/');
  if (!last || len == 1) { /* the root itself */
    g_strlcpy(name, ".", 256);
    return oakum_fake_open(ask->at, "/", O_PATH | O_DIRECTORY, 0);
  }
  if (strlen(last + 1) > 255)
    return -ENAMETOOLONG;
  g_strlcpy(name, last + 1, 256);
  last[last == full ? 1 : 0] = '\0';
  int bad, fd = oakum_fake_open(ask->at, full, O_PATH | O_DIRECTORY, 0);
  if (fd >= 0 && (bad = may_search(ask, fd)) < 0) {
    close(fd);
    return bad;
  }
  return fd;
}

int oakum_ask_missing(Ask *ask, const char *full, int bad)
{
  char above[PATH_LIMIT], name[256];
  gboolean slash;
  if (ask->cred->uid[FS] == 0 || (bad != -ENOENT && bad != -ENOTDIR))
    return bad;
  g_strlcpy(above, full, sizeof(above));
  int folder = bad;
  while ((folder == -ENOENT || folder == -ENOTDIR) && strchr(above, '/') && above[1] != '\0')
    folder = oakum_ask_parent_of(ask, above, name, &slash);
  if (folder >= 0)
    close(folder);
  return folder == -EACCES ? folder : bad;
}

gboolean oakum_fake_is_inside(const Fake *f, int fd)
{
  char link[32], path[PATH_LIMIT];
  ssize_t n = readlink(oakum_fake_link(fd, link), path, sizeof(path) - 1);
  if (n < 0)
    return FALSE;
  path[n] = '\0';
  return inside(f, path);
}

/* ---- owners and rights
 * -------------------------------------------------------------------------- */
void oakum_fake_patch(const Fake *f, struct stat *st)
{
  oakum_owners_patch(f->owners, st);
  if (S_ISDIR(st->st_mode) && oakum_owners_set_has(f->apart, st->st_dev, st->st_ino))
    st->st_dev = 1; /* who walks one file system (find -xdev) stops here */
}

int oakum_fake_stat(const Fake *f, int fd, struct stat *out)
{
  if (fstat(fd, out) < 0)
    return -errno;
  oakum_fake_patch(f, out);
  return 0;
}

int oakum_ask_may(const Ask *ask, const struct stat *st, int want, gboolean real_ids)
{
  uint32_t uid = ask->cred->uid[real_ids ? REAL : FS];
  if (uid == 0) /* CAP_DAC_OVERRIDE */
    return !(want & X_OK) || S_ISDIR(st->st_mode) || (st->st_mode & 0111) ? 0 : -EACCES;
  guint shift = st->st_uid == uid                                      ? 6
                : oakum_cred_in_group(ask->cred, st->st_gid, real_ids) ? 3
                                                                       : 0;
  return ((st->st_mode >> shift) & (guint)want & 7) == ((guint)want & 7) ? 0 : -EACCES;
}

int oakum_ask_may_reach(const Ask *ask, int fd)
{
  char link[32], path[PATH_LIMIT];
  if (ask->cred->uid[FS] == 0)
    return 0;
  ssize_t n = readlink(oakum_fake_link(fd, link), path, sizeof(path) - 1);
  if (n < 0)
    return -errno;
  path[n] = '\0';
  if (!inside(ask->f, path))
    return 0; /* a descriptor of something without a name */
  for (char *slash = path; slash; slash = strchr(slash + 1, '/')) {
    char *at = slash == path ? slash + 1 : slash;
    char kept = *at;
    *at = '\0';
    struct stat st;
    int bad = 0;
    if (fstatat(ask->f->root, slash == path ? "." : path + 1, &st, AT_SYMLINK_NOFOLLOW) == 0) {
      oakum_owners_patch(ask->f->owners, &st);
      bad = S_ISDIR(st.st_mode) ? oakum_ask_may(ask, &st, X_OK, FALSE) : 0;
    }
    *at = kept;
    if (bad < 0)
      return bad;
  }
  return 0;
}

int oakum_ask_may_change(const Ask *ask, int parent)
{
  struct stat st;
  if (ask->cred->uid[FS] == 0)
    return 0;
  int bad = oakum_fake_stat(ask->f, parent, &st);
  return bad < 0 ? bad : oakum_ask_may(ask, &st, W_OK | X_OK, FALSE);
}

int oakum_ask_created(Ask *ask, int folder, int at, const char *name, mode_t mode, dev_t rdev)
{
  struct stat st, above;
  char link[32];
  if (name ? fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0 : fstat(at, &st) < 0)
    return -errno;
  uint32_t gid = ask->cred->gid[FS];
  if (folder >= 0 && oakum_owners_any_setgid_folder(ask->f->owners) &&
      oakum_fake_stat(ask->f, folder, &above) == 0 && (above.st_mode & S_ISGID)) {
    gid = above.st_gid;
    if (S_ISDIR(mode))
      mode |= S_ISGID;
  }
  mode_t disk;
  /* a file that stood at this inode before has nothing to say */
  oakum_owners_drop(ask->f->owners, st.st_dev, st.st_ino);
  if (!oakum_owners_record(ask->f->owners, &st, ask->cred->uid[FS], gid, mode, rdev, &disk))
    return -ENOSPC;
  if (S_ISLNK(mode) || (st.st_mode & 07777) == disk)
    return 0;
  if (name ? fchmodat(at, name, disk, 0) < 0 : chmod(oakum_fake_link(at, link), disk) < 0)
    return -errno;
  return 0;
}
