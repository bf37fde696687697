/* Files below a root descriptor: whatever a path says, the operation stays below the root. */
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void oakum_fd_clear(int *fd)
{
  if (*fd >= 0) {
    int keep = errno;
    close(*fd);
    errno = keep;
  }
  *fd = -1;
}

gboolean oakum_write_all(int fd, const void *data, size_t len, GError **error)
{
  const char *at = data;
  while (len > 0) {
    ssize_t n = write(fd, at, len);
    if (n < 0) {
      if (errno == EINTR)
        continue;
      oakum_error_errno(error, OAKUM_OS_ERROR, errno, "write");
      return FALSE;
    }
    at += n;
    len -= (size_t)n;
  }
  return TRUE;
}

gssize oakum_read_some(int fd, void *buffer, size_t len, GError **error)
{
  for (;;) {
    ssize_t n = read(fd, buffer, len);
    if (n >= 0)
      return n;
    if (errno != EINTR) {
      oakum_error_errno(error, OAKUM_OS_ERROR, errno, "read");
      return -1;
    }
  }
}

static gboolean have_openat2(void)
{
  static gsize once;
  static gboolean have;
  if (g_once_init_enter(&once)) {
    if (!g_getenv("OAKUM_TEST_NO_OPENAT2")) {
      struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
      int fd = (int)syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));
      have = fd >= 0 || (errno != ENOSYS && errno != EPERM);
      oakum_fd_clear(&fd);
    }
    g_once_init_leave(&once, 1);
  }
  return have;
}

/* The walk for kernels without openat2: a stack of folder descriptors, one a component, so that
 * ".." pops instead of asking the file system. Every component is opened with O_NOFOLLOW; the text
 * of a symbolic link is put in front of what is left of the path. Returns a descriptor or -1 and
 * errno. */
typedef struct {
  int fds[OAKUM_TAR_PATH_DEPTH_MAX];
  guint depth;
} Walk;

static void walk_clear(Walk *walk)
{
  while (walk->depth > 0)
    oakum_fd_clear(&walk->fds[--walk->depth]);
}

static int walk_open(int root, const char *path, int open_flags, mode_t mode, OakumRootFlags flags)
{
  __attribute__((cleanup(walk_clear))) Walk walk = {.depth = 0};
  g_autofree char *rest = g_strdup(path);
  guint links = 0;
  for (;;) {
    int at = walk.depth > 0 ? walk.fds[walk.depth - 1] : root;
    char *start = rest;
    while (*start == '/')
      start++;
    if (*start == '\0') /* the path ended in a folder we stand in */
      return openat(at, ".", (open_flags & ~(O_CREAT | O_EXCL)) | O_CLOEXEC, mode);
    char *end = start + strcspn(start, "/");
    gboolean last = end[strspn(end, "/")] == '\0', slash = *end == '/';
    g_autofree char *name = g_strndup(start, (gsize)(end - start));
    g_autofree char *after = g_strdup(end);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
      if (name[1] == '.' && walk.depth > 0)
        oakum_fd_clear(&walk.fds[--walk.depth]);
      g_free(rest);
      rest = g_steal_pointer(&after);
      continue;
    }
    int fd;
    if (last && !slash) {
      fd = openat(at, name, open_flags | O_NOFOLLOW | O_CLOEXEC, mode);
      if (fd >= 0 && (open_flags & O_PATH) && !(flags & OAKUM_ROOT_NOFOLLOW_LAST)) {
        struct stat st;
        if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
          oakum_fd_clear(&fd);
          errno = ELOOP;
        }
      }
      if (fd >= 0 || (errno != ELOOP && errno != ENOTDIR) || (flags & OAKUM_ROOT_NOFOLLOW_LAST))
        return fd;
    } else {
      if (walk.depth >= G_N_ELEMENTS(walk.fds)) {
        errno = ENAMETOOLONG;
        return -1;
      }
      fd = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (fd >= 0) {
        walk.fds[walk.depth++] = fd;
        g_free(rest);
        rest = g_steal_pointer(&after);
        continue;
      }
      if (errno != ENOTDIR && errno != ELOOP)
        return -1;
    }
    char target[OAKUM_TAR_LINK_MAX + 1];
    ssize_t n = readlinkat(at, name, target, sizeof(target) - 1);
    if (n < 0) {
      if (errno == EINVAL)
        errno = ENOTDIR;
      return -1;
    }
    if ((flags & OAKUM_ROOT_NO_SYMLINKS) || ++links > OAKUM_VIEW_SYMLINKS_MAX) {
      errno = ELOOP;
      return -1;
    }
    target[n] = '\0';
    if (target[0] == '/')
      walk_clear(&walk);
    g_free(rest);
    rest = g_strconcat(target, after, NULL);
    if (strlen(rest) > 4 * OAKUM_TAR_PATH_MAX) {
      errno = ENAMETOOLONG;
      return -1;
    }
  }
}

int oakum_root_open(int root, const char *path, int open_flags, mode_t mode, OakumRootFlags flags,
                    GError **error)
{
  int fd;
  if (have_openat2()) {
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(open_flags | O_CLOEXEC |
                                      ((flags & OAKUM_ROOT_NOFOLLOW_LAST) ? O_NOFOLLOW : 0)),
        .mode = (open_flags & (O_CREAT | __O_TMPFILE)) ? mode & 07777 : 0,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
                   ((flags & OAKUM_ROOT_NO_SYMLINKS) ? RESOLVE_NO_SYMLINKS : 0),
    };
    const char *below = *path ? path : ".";
    /* a rename elsewhere in the tree makes the kernel unsure about ".."; it asks us to try again */
    int tries = 0;
    do
      fd = (int)syscall(SYS_openat2, root, below, &how, sizeof(how));
    while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < 128);
  } else {
    fd = walk_open(root, path, open_flags, mode, flags);
  }
  if (fd < 0) {
    int errnum = errno;
    g_autofree char *shown = oakum_escape_terminal(path, -1);
    oakum_error_errno(error, OAKUM_OS_ERROR, errnum, "%s", shown);
  }
  return fd;
}

/* Splits off the last component. FALSE when there is none ("", "/", "a/.."). */
static gboolean split_last(const char *path, char **folder, char **name)
{
  size_t len = strlen(path);
  while (len > 0 && path[len - 1] == '/')
    len--;
  size_t start = len;
  while (start > 0 && path[start - 1] != '/')
    start--;
  if (start == len || (len - start == 1 && path[start] == '.') ||
      (len - start == 2 && path[start] == '.' && path[start + 1] == '.'))
    return FALSE;
  *folder = g_strndup(path, start);
  *name = g_strndup(path + start, len - start);
  return TRUE;
}

int oakum_root_open_parent(int root, const char *path, gboolean make_parents, char **name,
                           GError **error)
{
  g_autofree char *folder = NULL, *last = NULL;
  if (!split_last(path, &folder, &last)) {
    g_autofree char *shown = oakum_escape_terminal(path, -1);
    g_set_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_INVALID, "%s: names no file", shown);
    return -1;
  }
  if (make_parents && !oakum_root_mkdirs(root, folder, 0755, error))
    return -1;
  int fd = oakum_root_open(root, folder, O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, error);
  if (fd >= 0)
    *name = g_steal_pointer(&last);
  return fd;
}

gboolean oakum_root_mkdirs(int root, const char *path, mode_t mode, GError **error)
{
  int fd = oakum_root_open(root, path, O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, NULL);
  if (fd >= 0) {
    close(fd);
    return TRUE;
  }
  g_auto(GStrv) parts = g_strsplit(path, "/", -1);
  g_autoptr(GString) so_far = g_string_new("");
  for (char **part = parts; *part; part++) {
    if (**part == '\0' || strcmp(*part, ".") == 0)
      continue;
    g_string_append_printf(so_far, "%s%s", so_far->len ? "/" : "", *part);
    fd = oakum_root_open(root, so_far->str, O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, NULL);
    if (fd < 0) {
      g_autofree char *folder = NULL, *name = NULL;
      if (split_last(so_far->str, &folder, &name)) {
        OAKUM_AUTO_FD at =
            oakum_root_open(root, folder, O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, error);
        if (at < 0)
          return FALSE;
        if (mkdirat(at, name, mode) < 0 && errno != EEXIST) {
          oakum_error_errno(error, OAKUM_OS_ERROR, errno, "mkdir %s", so_far->str);
          return FALSE;
        }
      }
      fd = oakum_root_open(root, so_far->str, O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, error);
      if (fd < 0)
        return FALSE;
    }
    close(fd);
  }
  return TRUE;
}

/* Removes `name` in the folder `at`. One folder descriptor a level; deeper trees than the limit are
 * flattened by moving the sub-folder up, so that depth costs no stack and no descriptors. */
static gboolean remove_at(int at, const char *name, guint depth, int top, GError **error)
{
  if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
    return TRUE;
  if (errno != EISDIR && errno != EPERM && errno != EBUSY) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "remove %s", name);
    return FALSE;
  }
  if (depth >= 128) {
    static gint serial;
    g_autofree char *moved =
        g_strdup_printf(".oakum-rm-%d-%d", (int)getpid(), g_atomic_int_add(&serial, 1));
    if (renameat(at, name, top, moved) == 0)
      return remove_at(top, moved, 0, top, error);
  }
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == EACCES && fchmodat(at, name, 0700, 0) == 0)
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (!dir) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "remove %s", name);
    oakum_fd_clear(&fd);
    return FALSE;
  }
  gboolean ok = TRUE;
  struct dirent *entry;
  while (ok && (entry = readdir(dir)))
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      ok = remove_at(fd, entry->d_name, depth + 1, top, NULL);
      if (!ok) { /* a folder without write permission for its plain-user owner */
        int first = errno;
        ok = fchmod(fd, 0700) == 0 && remove_at(fd, entry->d_name, depth + 1, top, error);
        if (!ok && error && !*error)
          oakum_error_errno(error, OAKUM_OS_ERROR, first, "remove %s", entry->d_name);
      }
    }
  closedir(dir);
  if (ok && unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "remove %s", name);
    return FALSE;
  }
  return ok;
}

gboolean oakum_root_remove_tree(int root, const char *path, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr(GError) local = NULL;
  OAKUM_AUTO_FD at = oakum_root_open_parent(root, path, FALSE, &name, &local);
  if (at < 0) {
    if (g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
      return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  return remove_at(at, name, 0, at, error);
}
