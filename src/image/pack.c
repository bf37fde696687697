#include "image/tree-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A folder on the way to what is packed; those that nothing was taken of yet are not written. */
typedef struct Folder Folder;
struct Folder {
  Folder *above;
  int at;
  const char *name, *from, *to;
  const struct stat *st;
  gboolean written;
};

typedef struct {
  const OakumPackOptions *options;
  OakumTarWriter *out;
  GHashTable
      *links; /* "device:inode" of files with further names → the name they were written as */
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

/* The name under which the file is already in the layer, or NULL; else it is noted. */
static const char *first_name(Pack *pack, const struct stat *st, const char *to)
{
  if (!S_ISREG(st->st_mode) || st->st_nlink < 2)
    return NULL;
  g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                         (guint64)st->st_dev, (guint64)st->st_ino);
  const char *known = g_hash_table_lookup(pack->links, key);
  if (!known)
    g_hash_table_insert(pack->links, g_steal_pointer(&key), g_strdup(to));
  return known;
}

/* A name that means "gone" to all who read layers cannot be told in one. */
static gboolean can_be_told(const char *to, GError **error)
{
  const char *target;
  if (oakum_image_whiteout(oakum_path_base(to), &target) == OAKUM_WHITEOUT_NONE)
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(to, -1);
  g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
              "%s: a name that begins with .wh. marks removed files in layers; rename or ignore it",
              shown);
  return FALSE;
}

static gboolean write_entry(Pack *pack, int at, const char *name, const char *from, const char *to,
                            const struct stat *st, gboolean implied, GError **error)
{
  const OakumPackOptions *options = pack->options;
  OakumTarEntry entry = {.type = oakum_tree_type(st->st_mode),
                         .mode = st->st_mode & 07777,
                         .uid = st->st_uid,
                         .gid = st->st_gid,
                         .mtime = st->st_mtim.tv_sec,
                         .path = {(const uint8_t *)to, strlen(to)}};
  char target[OAKUM_TAR_LINK_MAX + 1];
  g_autoptr(GArray) xattrs = NULL;
  OAKUM_AUTO_FD fd = -1;
  const char *first = first_name(pack, st, to);
  gboolean write = TRUE;
  if (!can_be_told(to, error))
    return FALSE;
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
    entry.size = entry.type == OAKUM_TAR_FILE ? (uint64_t)st->st_size : 0;
    if (options->tell)
      break;
    fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
      return oakum_tree_fail(error, errno, to);
    if (!(xattrs = oakum_tree_xattrs(fd, options->owners, error)))
      return FALSE;
    entry.xattrs = (OakumXattr *)(gpointer)xattrs->data;
    entry.n_xattrs = xattrs->len;
    break;
  default:
    entry.dev_major = major(st->st_rdev);
    entry.dev_minor = minor(st->st_rdev);
  }
  if (first) {
    entry.type = OAKUM_TAR_HARDLINK;
    entry.link = (OakumSlice){(const uint8_t *)first, strlen(first)};
    entry.size = 0;
  }
  if (options->edit && !options->edit(&entry, from, implied, &write, options->user, error))
    return FALSE;
  if (write && options->tell)
    return options->tell(&entry, at, name, st, options->user, error);
  return !write ||
         (oakum_tar_writer_entry(pack->out, &entry, error) &&
          (entry.type != OAKUM_TAR_FILE || write_content(pack, fd, entry.size, to, error)));
}

static gboolean is_as_told(int fd, const struct stat *st)
{
  struct stat now;
  return fstat(fd, &now) == 0 && now.st_dev == st->st_dev && now.st_ino == st->st_ino &&
         now.st_size == st->st_size && now.st_ctim.tv_sec == st->st_ctim.tv_sec &&
         now.st_ctim.tv_nsec == st->st_ctim.tv_nsec && now.st_mtim.tv_sec == st->st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

/* Parts by length, so that no two lists of them are one text. */
static void hash_part(OakumHasher *hasher, const void *data, size_t len)
{
  uint64_t size = GUINT64_TO_LE(len);
  oakum_hasher_update(hasher, &size, sizeof(size));
  oakum_hasher_update(hasher, data, len);
}

char *oakum_pack_digest(int at, const char *name, const struct stat *st, const OakumOwners *owners,
                        GError **error)
{
  OAKUM_AUTO_FD fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    (void)oakum_tree_fail(error, errno, name);
    return NULL;
  }
  g_autoptr(GArray) xattrs = oakum_tree_xattrs(fd, owners, error);
  if (!xattrs)
    return NULL;
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  uint64_t count = GUINT64_TO_LE(xattrs->len),
           left = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
  oakum_hasher_update(hasher, &count, sizeof(count));
  for (guint i = 0; i < xattrs->len; i++) {
    const OakumXattr *one = &g_array_index(xattrs, OakumXattr, i);
    hash_part(hasher, one->name, strlen(one->name));
    hash_part(hasher, one->value, one->len);
  }
  g_autofree guint8 *buffer = left > 0 ? g_malloc(MIN(left, OAKUM_IO_BUFFER)) : NULL;
  while (left > 0) {
    gssize n = oakum_read_some(fd, buffer, MIN(left, OAKUM_IO_BUFFER), error);
    if (n < 0)
      return NULL;
    if (n == 0)
      break;
    oakum_hasher_update(hasher, buffer, (size_t)n);
    left -= (uint64_t)n;
  }
  if (left == 0 && is_as_told(fd, st))
    return oakum_hasher_hex(hasher);
  g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_FAILED, "%s: changed while it was read", name);
  return NULL;
}

/* The folders above that wait for something to be taken, the highest first. */
static gboolean write_folders(Pack *pack, Folder *folder, GError **error)
{
  if (!folder || folder->written)
    return TRUE;
  folder->written = TRUE;
  return write_folders(pack, folder->above, error) &&
         write_entry(pack, folder->at, folder->name, folder->from, folder->to, folder->st, TRUE,
                     error);
}

/* `from` is the path below the root for `choose`; `at` and `name` are how it is reached. */
static gboolean pack_one(Pack *pack, int at, const char *name, const char *from, const char *to,
                         gboolean itself, Folder *above, guint depth, GError **error)
{
  struct stat st;
  if (depth > OAKUM_TAR_PATH_DEPTH_MAX)
    return oakum_tree_fail(error, ENAMETOOLONG, from);
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, from);
  oakum_owners_patch(pack->options->owners, &st);
  OakumPackChoice choice =
      itself && pack->options->choose
          ? pack->options->choose(from, S_ISDIR(st.st_mode), pack->options->user)
          : OAKUM_PACK_TAKE;
  if (S_ISSOCK(st.st_mode) || choice == OAKUM_PACK_LEAVE)
    return TRUE;
  gboolean take = itself && choice == OAKUM_PACK_TAKE;
  if (take && (!write_folders(pack, above, error) ||
               !write_entry(pack, at, name, from, to, &st, FALSE, error)))
    return FALSE;
  if (!S_ISDIR(st.st_mode))
    return TRUE;
  Folder own = {above, at, name, from, to, &st, take || !itself};
  OAKUM_AUTO_FD folder = -1;
  g_autoptr(GPtrArray) names = names_in(at, name, &folder, error);
  if (!names)
    return FALSE;
  for (guint i = 0; i < names->len; i++) {
    const char *below = names->pdata[i];
    g_autofree char *next_from = *from ? g_strconcat(from, "/", below, NULL) : g_strdup(below);
    g_autofree char *next_to = *to ? g_strconcat(to, "/", below, NULL) : g_strdup(below);
    if (!pack_one(pack, folder, below, next_from, next_to, TRUE, &own, depth + 1, error))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_pack_path(int root, const char *from, const char *to, gboolean itself,
                         const OakumPackOptions *options, OakumTarWriter *out, GError **error)
{
  g_autoptr(GHashTable) links = oakum_str_map_new(g_free, g_free);
  Pack pack = {options, out, links};
  if (*from == '\0')
    return pack_one(&pack, root, ".", "", to, itself, NULL, 0, error);
  g_autofree char *name = NULL;
  OAKUM_AUTO_FD at = oakum_root_open_parent(root, from, FALSE, &name, error);
  return at >= 0 && pack_one(&pack, at, name, from, to, itself, NULL, 0, error);
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
