#include "image/tree-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

typedef struct {
  const OakumPackOptions *options;
  OakumTarWriter *out;
} Pack;

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *names_in(int at, const char *name, int *folder, GError **error)
{
  *folder = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int copy = *folder >= 0 ? fcntl(*folder, F_DUPFD_CLOEXEC, 3) : -1;
  DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
  if (!dir) {
    (void)oakum_tree_fail(error, errno, name);
    oakum_fd_clear(&copy);
    return NULL;
  }
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      g_ptr_array_add(names, g_strdup(entry->d_name));
  closedir(dir);
  g_ptr_array_sort(names, by_name);
  return names;
}

static gboolean write_content(Pack *pack, int fd, uint64_t size, const char *path, GError **error)
{
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  while (size > 0) {
    gssize n = oakum_read_some(fd, buffer, MIN(size, OAKUM_IO_BUFFER), error);
    if (n == 0)
      g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_FAILED,
                  "%s: became shorter while it was read", path);
    if (n <= 0 || !oakum_tar_writer_write(pack->out, buffer, (size_t)n, error))
      return FALSE;
    size -= (uint64_t)n;
  }
  return TRUE;
}

static gboolean write_entry(Pack *pack, int at, const char *name, const char *to,
                            const struct stat *st, GError **error)
{
  const OakumPackOptions *options = pack->options;
  OakumTarEntry entry = {.type = oakum_tree_type(st->st_mode),
                         .mode = st->st_mode & 07777,
                         .uid = st->st_uid,
                         .gid = st->st_gid,
                         .mtime = options->times.clamp ? options->times.epoch : st->st_mtim.tv_sec,
                         .path = {(const uint8_t *)to, strlen(to)}};
  char target[OAKUM_TAR_LINK_MAX + 1];
  g_autoptr(GArray) xattrs = NULL;
  OAKUM_AUTO_FD fd = -1;
  if (options->own) {
    entry.uid = options->uid;
    entry.gid = options->gid;
  }
  switch (entry.type) {
  case OAKUM_TAR_SYMLINK: {
    ssize_t n = readlinkat(at, name, target, sizeof(target));
    if (n < 0 || n > (ssize_t)OAKUM_TAR_LINK_MAX)
      return oakum_tree_fail(error, n < 0 ? errno : ENAMETOOLONG, to);
    entry.link = (OakumSlice){(const uint8_t *)target, (size_t)n};
    entry.mode = 0777;
    break;
  }
  case OAKUM_TAR_FILE:
  case OAKUM_TAR_DIR:
    fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
      return oakum_tree_fail(error, errno, to);
    if (!(xattrs = oakum_tree_xattrs(fd, options->owners, error)))
      return FALSE;
    entry.xattrs = (OakumXattr *)(gpointer)xattrs->data;
    entry.n_xattrs = xattrs->len;
    entry.size = entry.type == OAKUM_TAR_FILE ? (uint64_t)st->st_size : 0;
    if (options->mode >= 0)
      entry.mode = (uint32_t)options->mode;
    break;
  default:
    entry.dev_major = major(st->st_rdev);
    entry.dev_minor = minor(st->st_rdev);
  }
  return oakum_tar_writer_entry(pack->out, &entry, error) &&
         (entry.type != OAKUM_TAR_FILE || write_content(pack, fd, entry.size, to, error));
}

/* `from` is the path below the root for `skip`; `at` and `name` are how it is reached. */
static gboolean pack_one(Pack *pack, int at, const char *name, const char *from, const char *to,
                         gboolean itself, guint depth, GError **error)
{
  struct stat st;
  if (depth > OAKUM_TAR_PATH_DEPTH_MAX)
    return oakum_tree_fail(error, ENAMETOOLONG, from);
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, from);
  oakum_owners_patch(pack->options->owners, &st);
  gboolean skipped =
      itself && pack->options->skip && pack->options->skip(from, pack->options->user);
  if (S_ISSOCK(st.st_mode) || (skipped && !(S_ISDIR(st.st_mode) && pack->options->enter_skipped)))
    return TRUE;
  if (itself && !skipped && !write_entry(pack, at, name, to, &st, error))
    return FALSE;
  if (!S_ISDIR(st.st_mode))
    return TRUE;
  OAKUM_AUTO_FD folder = -1;
  g_autoptr(GPtrArray) names = names_in(at, name, &folder, error);
  if (!names)
    return FALSE;
  for (guint i = 0; i < names->len; i++) {
    const char *below = names->pdata[i];
    g_autofree char *next_from = *from ? g_strconcat(from, "/", below, NULL) : g_strdup(below);
    g_autofree char *next_to = *to ? g_strconcat(to, "/", below, NULL) : g_strdup(below);
    if (!pack_one(pack, folder, below, next_from, next_to, TRUE, depth + 1, error))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_pack_path(int root, const char *from, const char *to, gboolean itself,
                         const OakumPackOptions *options, OakumTarWriter *out, GError **error)
{
  Pack pack = {options, out};
  if (*from == '\0')
    return pack_one(&pack, root, ".", "", to, itself, 0, error);
  g_autofree char *name = NULL;
  OAKUM_AUTO_FD at = oakum_root_open_parent(root, from, FALSE, &name, error);
  return at >= 0 && pack_one(&pack, at, name, from, to, itself, 0, error);
}

char *oakum_root_real_path(int root, const char *path, GError **error)
{
  g_autofree char *head = g_canonicalize_filename(path, "/"), *tail = g_strdup("");
  char link[64], root_path[4097], at[8192];
  g_snprintf(link, sizeof(link), "/proc/self/fd/%d", root);
  ssize_t m = readlink(link, root_path, sizeof(root_path) - 1);
  if (m < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "/proc/self/fd");
    return NULL;
  }
  for (;;) {
    OAKUM_AUTO_FD fd = oakum_root_open(root, strcmp(head, "/") == 0 ? "." : head, O_PATH, 0,
                                       OAKUM_ROOT_FOLLOW, NULL);
    g_snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = fd >= 0 ? readlink(link, at, sizeof(at) - 1) : -1;
    if (n >= m) {
      at[n] = '\0';
      const char *inside = at + m;
      while (*inside == '/')
        inside++;
      return *inside && *tail ? g_strconcat(inside, "/", tail, NULL)
                              : g_strdup(*inside ? inside : tail);
    }
    char *slash = strrchr(head, '/');
    if (strcmp(head, "/") == 0) {
      g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_IO, "the root cannot be opened");
      return NULL;
    }
    char *longer = *tail ? g_strconcat(slash + 1, "/", tail, NULL) : g_strdup(slash + 1);
    g_free(tail);
    tail = longer;
    if (slash == head)
      slash++;
    *slash = '\0';
  }
}
