/* A step that ran on an overlay over the tree: its upper folder holds what it touched, in the form
 * of the kernel's Documentation/filesystems/overlayfs.rst (a character device 0:0 for a name that
 * went, the attribute user.overlay.opaque for a folder that hides the one below). It is merged into
 * the tree by renames, and only what it touched is looked at. */
#include "image/tree-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

static int open_folder(int at, const char *name)
{
  return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Owner, mode, attributes and time of a folder, from one to the other. */
static gboolean copy_metadata(int from, int to, const char *path, GError **error)
{
  struct stat st;
  if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0 ||
      fchmod(to, st.st_mode & 07777) < 0)
    return oakum_tree_fail(error, errno, path);
  g_autoptr(GArray) old = oakum_tree_xattrs(to, NULL, error);
  g_autoptr(GArray) now = old ? oakum_tree_xattrs(from, NULL, error) : NULL;
  if (!now)
    return FALSE;
  for (guint i = 0; i < old->len; i++)
    if (fremovexattr(to, g_array_index(old, OakumXattr, i).name) < 0)
      return oakum_tree_fail(error, errno, path);
  for (guint i = 0; i < now->len; i++) {
    const OakumXattr *xattr = &g_array_index(now, OakumXattr, i);
    if (fsetxattr(to, xattr->name, xattr->value, xattr->len, 0) < 0)
      return oakum_tree_fail(error, errno, path);
  }
  const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st.st_mtim};
  return futimens(to, times) == 0 || oakum_tree_fail(error, errno, path);
}

/* ---- before the step
 * ---------------------------------------------------------------------------- */

/* The folders above `path` in `upper`, as they are in the tree. Descriptor of the last, or -1. */
static int make_parents(OakumTree *tree, int upper, const char *path, GError **error)
{
  const char *slash = strrchr(path, '/');
  g_autofree char *above = g_strndup(path, slash ? (gsize)(slash - path) : 0);
  if (!*above)
    return open_folder(upper, ".");
  int fd = open_folder(upper, above); /* all of it is ours: no link can be in the way */
  if (fd >= 0 || errno != ENOENT)
    return fd;
  OAKUM_AUTO_FD parent = make_parents(tree, upper, above, error);
  OAKUM_AUTO_FD from = parent < 0 ? -1
                                  : oakum_root_open(tree->root, above, O_RDONLY | O_DIRECTORY, 0,
                                                    OAKUM_ROOT_NO_SYMLINKS, error);
  const char *name = strrchr(above, '/') ? strrchr(above, '/') + 1 : above;
  if (from < 0)
    return -1;
  OAKUM_AUTO_FD made = mkdirat(parent, name, 0700) == 0 ? open_folder(parent, name) : -1;
  if (made < 0 || !copy_metadata(from, made, above, error))
    return -1;
  return oakum_fd_steal(&made);
}

static gboolean lend_link(OakumTree *tree, int upper, const char *path, GError **error)
{
  g_autofree char *name = NULL;
  OAKUM_AUTO_FD to = make_parents(tree, upper, path, error);
  if (to < 0)
    return error && *error ? FALSE : oakum_tree_fail(error, errno, path);
  OAKUM_AUTO_FD from = oakum_root_open_parent(tree->root, path, FALSE, &name, error);
  if (from < 0)
    return FALSE;
  return linkat(from, name, to, name, 0) == 0 || oakum_tree_fail(error, errno, path);
}

/* ---- the same where nothing below may be written to
 * ------------------------------------------------ */

static gboolean copy_bytes(int from, int to, const char *path, GError **error)
{
  if (ioctl(to, FICLONE, from) == 0)
    return TRUE;
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  gssize n;
  while ((n = oakum_read_some(from, buffer, OAKUM_IO_BUFFER, error)) > 0)
    if (!oakum_write_all(to, buffer, (size_t)n, error))
      return FALSE;
  if (n < 0)
    g_prefix_error(error, "%s: ", path);
  return n == 0;
}

static gboolean copy_file(int at, const char *name, int to, const char *path, GError **error)
{
  OAKUM_AUTO_FD in = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  OAKUM_AUTO_FD out =
      in < 0 ? -1 : openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (out < 0)
    return oakum_tree_fail(error, errno, path);
  return copy_bytes(in, out, path, error) && copy_metadata(in, out, path, error);
}

/* The file where the stage has it for itself: its names may go on being one file. */
static gboolean link_own(const OakumTree *tree, const char *path, int to, const char *name)
{
  for (guint i = tree->uppers->len; i > 0; i--) {
    g_autofree char *last = NULL;
    OAKUM_AUTO_FD at =
        oakum_root_open_parent(g_array_index(tree->uppers, int, i - 1), path, FALSE, &last, NULL);
    struct stat st;
    if (at >= 0 && fstatat(at, last, &st, AT_SYMLINK_NOFOLLOW) == 0)
      return S_ISREG(st.st_mode) && linkat(at, last, to, name, 0) == 0;
  }
  return FALSE;
}

/* `made`: inode → path of those that stand in `upper`. */
static gboolean lend_copy(OakumTree *tree, int upper, const char *path, GHashTable *made,
                          GError **error)
{
  g_autofree char *name = NULL, *first_name = NULL;
  struct stat st;
  OAKUM_AUTO_FD from = oakum_root_open_parent(tree->root, path, FALSE, &name, error);
  if (from < 0)
    return FALSE;
  if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, path);
  if (!S_ISREG(st.st_mode)) /* links and pipes cannot be written through */
    return TRUE;
  OAKUM_AUTO_FD to = make_parents(tree, upper, path, error);
  if (to < 0)
    return error && *error ? FALSE : oakum_tree_fail(error, errno, path);
  if (link_own(tree, path, to, name))
    return TRUE;
  char *key = g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)st.st_ino);
  const char *first = g_hash_table_lookup(made, key);
  if (!first) {
    g_hash_table_insert(made, key, g_strdup(path));
    return copy_file(from, name, to, path, error);
  }
  g_free(key);
  OAKUM_AUTO_FD there = oakum_root_open_parent(upper, first, FALSE, &first_name, error);
  return there >= 0 &&
         (linkat(there, first_name, to, name, 0) == 0 || oakum_tree_fail(error, errno, path));
}

gboolean oakum_tree_overlay_begin(OakumTree *tree, int upper, GError **error)
{
  if (!copy_metadata(tree->root, upper, "/", error))
    return FALSE;
  /* A copy-up would part the names of a file that has several, and a write by one of them would not
   * be seen by the others, as it is without an overlay. So they all stand in `upper` from the
   * start, as further links of the same file. */
  g_autoptr(GHashTable) made = oakum_str_map_new(g_free, g_free);
  const GArray *linked = oakum_notes_linked(tree->notes);
  g_autoptr(GString) path = g_string_new(NULL);
  for (guint i = 0; i < linked->len; i++) {
    OakumNoteId id = g_array_index(linked, OakumNoteId, i);
    if (oakum_notes_type(tree->notes, id) != OAKUM_TAR_DIR &&
        !oakum_tree_ignored(oakum_notes_path(tree->notes, id, path)) &&
        !(tree->uppers ? lend_copy(tree, upper, path->str, made, error)
                       : lend_link(tree, upper, path->str, error))) {
      g_prefix_error(error, "overlay: ");
      return FALSE;
    }
  }
  return TRUE;
}

/* ---- after it
 * ----------------------------------------------------------------------------------- */
typedef struct {
  OakumTree *tree;
  TreeTouched *touched;
} Merge;

static void touch(Merge *merge, const char *path, gboolean deep, gboolean timed)
{
  TreePath item = {g_strdup(path), deep, timed};
  g_array_append_val(merge->touched->paths, item);
}

static gboolean is_opaque(int fd)
{
  char value = 0;
  return fgetxattr(fd, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

static gboolean remove_old(Merge *merge, int root, const char *name, const char *path,
                           GError **error)
{
  g_hash_table_add(merge->touched->gone, g_strdup(path));
  return merge->tree->uppers || oakum_root_remove_tree(root, name, error);
}

static gboolean merge_folder(Merge *merge, int upper, int root, const char *path, guint depth,
                             GError **error);

static gboolean merge_entry(Merge *merge, int upper, int root, const char *name, const char *path,
                            guint depth, GError **error)
{
  struct stat now, old;
  if (fstatat(upper, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, path);
  gboolean there = fstatat(root, name, &old, AT_SYMLINK_NOFOLLOW) == 0;
  if (S_ISCHR(now.st_mode) && now.st_rdev == 0)
    return !there || remove_old(merge, root, name, path, error);
  if (S_ISDIR(now.st_mode)) {
    OAKUM_AUTO_FD from = open_folder(upper, name);
    if (from < 0)
      return oakum_tree_fail(error, errno, path);
    if (there && S_ISDIR(old.st_mode) && !is_opaque(from)) {
      OAKUM_AUTO_FD to = open_folder(root, name);
      touch(merge, path, FALSE,
            now.st_mtim.tv_sec != old.st_mtim.tv_sec || now.st_mtim.tv_nsec != old.st_mtim.tv_nsec);
      return to < 0 ? oakum_tree_fail(error, errno, path)
                    : merge_folder(merge, from, to, path, depth + 1, error);
    }
  }
  if (there && (S_ISDIR(now.st_mode) || S_ISDIR(old.st_mode)) &&
      !remove_old(merge, root, name, path, error))
    return FALSE;
  touch(merge, path, S_ISDIR(now.st_mode), TRUE);
  if (merge->tree->uppers)
    return TRUE;
  /* of two names of one file rename(2) leaves both: the lent one has to go by itself */
  if (renameat(upper, name, root, name) < 0)
    return oakum_tree_fail(error, errno, path);
  return unlinkat(upper, name, 0) == 0 || errno == ENOENT || oakum_tree_fail(error, errno, path);
}

static gboolean merge_folder(Merge *merge, int upper, int root, const char *path, guint depth,
                             GError **error)
{
  if (depth >= OAKUM_TAR_PATH_DEPTH_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "folders nest deeper than %u",
                OAKUM_TAR_PATH_DEPTH_MAX);
    return FALSE;
  }
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  int fd = open_folder(upper, ".");
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (!dir) {
    oakum_fd_clear(&fd);
    return oakum_tree_fail(error, errno, path);
  }
  for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      g_ptr_array_add(names, g_strdup(entry->d_name));
  closedir(dir);
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    g_autofree char *below = *path ? g_strconcat(path, "/", name, NULL) : g_strdup(name);
    if (!oakum_tree_ignored(below) && !merge_entry(merge, upper, root, name, below, depth, error))
      return FALSE;
  }
  return merge->tree->uppers || copy_metadata(upper, root, path, error);
}

static void clear_path(gpointer p)
{
  g_free(((TreePath *)p)->path);
}

gboolean oakum_tree_overlay_diff(OakumTree *tree, int upper, const OakumTreeTimes *times,
                                 OakumTarWriter *out, gboolean *changed, GError **error)
{
  g_autoptr(GArray) paths = g_array_new(FALSE, FALSE, sizeof(TreePath));
  g_autoptr(GHashTable) gone = oakum_str_map_new(g_free, NULL);
  g_array_set_clear_func(paths, clear_path);
  TreeTouched touched = {paths, gone};
  Merge merge = {tree, &touched};
  if (!merge_folder(&merge, upper, tree->root, "", 0, error) ||
      (tree->uppers && !tree->raise(tree->raise_user, error))) {
    g_prefix_error(error, "overlay: ");
    return FALSE;
  }
  return oakum_tree_diff_touched(tree, &touched, times, out, changed, error);
}
