/* Applying layers to a folder on disk. Every operation goes through the descriptor of the parent
 * folder, resolved below the root, and never follows the last component. */
#include "image/tree-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

OakumTree *oakum_tree_new(int root)
{
  OakumTree *tree = g_new0(OakumTree, 1);
  tree->root = root;
  tree->entries = oakum_str_map_new(g_free, g_free);
  return tree;
}

void oakum_tree_set_owners(OakumTree *tree, OakumOwners *owners)
{
  tree->owners = owners;
}

void oakum_tree_free(OakumTree *tree)
{
  if (!tree)
    return;
  g_hash_table_unref(tree->entries);
  g_free(tree);
}

gboolean oakum_tree_ignored(const char *path)
{
  static const char *const files[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf"};
  for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
    if (strcmp(path, files[i]) == 0)
      return TRUE;
  return g_str_has_prefix(path, "dev/") || g_str_has_prefix(path, "proc/") ||
         g_str_has_prefix(path, "sys/");
}

gboolean oakum_tree_fail(GError **error, int errnum, const char *path)
{
  g_autofree char *shown = oakum_escape_terminal(path, -1);
  oakum_error_errno(error, OAKUM_IMAGE_ERROR, errnum, "%s", shown);
  return FALSE;
}

void oakum_tree_hash_end(OakumHasher *hasher, uint8_t out[CONTENT_DIGEST])
{
  g_autofree char *hex = oakum_hasher_hex(hasher);
  for (guint i = 0; i < CONTENT_DIGEST; i++)
    out[i] =
        (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
}

void oakum_tree_hash(const void *data, size_t len, uint8_t out[CONTENT_DIGEST])
{
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  oakum_hasher_update(hasher, data, len);
  oakum_tree_hash_end(hasher, out);
}

/* Those that mean something inside an image; the rest is the builder's machine (SELinux labels,
 * overlayfs's own marks). */
static gboolean xattr_kept(const char *name)
{
  return strcmp(name, "security.capability") == 0 ||
         (g_str_has_prefix(name, "user.") && !g_str_has_prefix(name, "user.overlay."));
}

void oakum_tree_hash_xattrs(const OakumXattr *xattrs, size_t n, uint8_t out[CONTENT_DIGEST])
{
  memset(out, 0, CONTENT_DIGEST);
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  gboolean any = FALSE;
  for (size_t i = 0; i < n; i++) {
    if (!xattr_kept(xattrs[i].name))
      continue;
    g_autofree char *frame =
        g_strdup_printf("%zu:%zu:%s", strlen(xattrs[i].name), xattrs[i].len, xattrs[i].name);
    oakum_hasher_update(hasher, frame, strlen(frame));
    oakum_hasher_update(hasher, xattrs[i].value, xattrs[i].len);
    any = TRUE;
  }
  if (any)
    oakum_tree_hash_end(hasher, out);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(((const OakumXattr *)a)->name, ((const OakumXattr *)b)->name);
}

static void xattr_clear(gpointer p)
{
  g_free(((OakumXattr *)p)->name);
  g_free(((OakumXattr *)p)->value);
}

static gboolean add_capability(GArray *list, int fd, const OakumOwners *owners, GError **error)
{
  struct stat st;
  if (fstat(fd, &st) < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "extended attributes");
    return FALSE;
  }
  const OakumOwner *owner = oakum_owners_find(owners, st.st_dev, st.st_ino);
  if (owner && owner->capability) {
    OakumXattr xattr = {g_strdup("security.capability"),
                        g_memdup2(owner->capability, owner->capability_len), owner->capability_len};
    g_array_append_val(list, xattr);
  }
  return TRUE;
}

GArray *oakum_tree_xattrs(int fd, const OakumOwners *owners, GError **error)
{
  g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(OakumXattr));
  g_array_set_clear_func(list, xattr_clear);
  char names[OAKUM_TAR_XATTR_VALUE_MAX]; /* what the kernel lists at most */
  ssize_t n = flistxattr(fd, names, sizeof(names));
  if (n < 0 && errno != ENOTSUP && errno != EBADF) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "extended attributes");
    return NULL;
  }
  for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
    if (!xattr_kept(name))
      continue;
    g_autofree char *value = g_malloc(OAKUM_TAR_XATTR_VALUE_MAX);
    ssize_t len = fgetxattr(fd, name, value, OAKUM_TAR_XATTR_VALUE_MAX);
    if (len < 0) {
      oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "extended attribute %s", name);
      return NULL;
    }
    OakumXattr xattr = {g_strdup(name), g_memdup2(value, (gsize)len), (size_t)len};
    g_array_append_val(list, xattr);
  }
  if (owners && !add_capability(list, fd, owners, error))
    return NULL;
  g_array_sort(list, by_name);
  return g_steal_pointer(&list);
}

OakumTarType oakum_tree_type(mode_t mode)
{
  switch (mode & S_IFMT) {
  case S_IFDIR:
    return OAKUM_TAR_DIR;
  case S_IFLNK:
    return OAKUM_TAR_SYMLINK;
  case S_IFCHR:
    return OAKUM_TAR_CHAR;
  case S_IFBLK:
    return OAKUM_TAR_BLOCK;
  case S_IFIFO:
    return OAKUM_TAR_FIFO;
  default:
    return OAKUM_TAR_FILE;
  }
}

/* ---- one layer
 * ------------------------------------------------------------------------------------ */
typedef struct {
  OakumTree *tree;
  OakumTarReader *tar;
  GHashTable *mine;      /* paths that this layer brought */
  GHashTable *dir_times; /* path → time: set last, since names inside change them */
  char *parent_path;     /* the folder that `parent` is open at */
  int parent;
} Apply;

/* Drops the notes of `path` and of all below; of what is older than this layer when `older`. */
static void forget(Apply *apply, const char *path, gboolean itself)
{
  g_autofree char *below = *path ? g_strconcat(path, "/", NULL) : g_strdup("");
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init(&iter, apply->tree->entries);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    if ((itself && strcmp(key, path) == 0) || g_str_has_prefix(key, below))
      g_hash_table_iter_remove(&iter);
}

/* Removes a name and forgets it. A plain file needs no search of the notes. */
static gboolean drop(Apply *apply, int at, const char *name, const char *path, GError **error)
{
  struct stat st;
  if (apply->tree->owners && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink <= 1)
    oakum_owners_drop(apply->tree->owners, st.st_dev, st.st_ino);
  if (unlinkat(at, name, 0) == 0) {
    g_hash_table_remove(apply->tree->entries, path);
    return TRUE;
  }
  if (errno == ENOENT)
    return TRUE;
  if (!oakum_root_remove_tree(at, name, error))
    return FALSE;
  forget(apply, path, TRUE);
  g_clear_pointer(&apply->parent_path, g_free); /* it may have been below */
  return TRUE;
}

/* Removes what older layers left in the folder `path`, and the folder itself when nothing newer is
 * in it and `itself`. */
static gboolean drop_older(Apply *apply, int at, const char *name, const char *path,
                           gboolean itself, GError **error)
{
  g_autofree char *below = g_strconcat(path, "/", NULL);
  g_autoptr(GPtrArray) doomed = g_ptr_array_new_with_free_func(g_free);
  gboolean newer = g_hash_table_contains(apply->mine, path);
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init(&iter, apply->mine);
  while (!newer && g_hash_table_iter_next(&iter, &key, NULL))
    newer = g_str_has_prefix(key, below);
  if (!newer && itself)
    return drop(apply, at, name, path, error);
  g_hash_table_iter_init(&iter, apply->tree->entries);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    if (g_str_has_prefix(key, below) && !g_hash_table_contains(apply->mine, key))
      g_ptr_array_add(doomed, g_strdup(key));
  for (guint i = 0; i < doomed->len; i++) {
    const char *gone = doomed->pdata[i];
    gboolean keeps = FALSE;
    g_autofree char *under = g_strconcat(gone, "/", NULL);
    g_hash_table_iter_init(&iter, apply->mine);
    while (!keeps && g_hash_table_iter_next(&iter, &key, NULL))
      keeps = g_str_has_prefix(key, under);
    if (keeps)
      continue;
    if (!oakum_root_remove_tree(apply->tree->root, gone, error))
      return FALSE;
    g_hash_table_remove(apply->tree->entries, gone);
  }
  return TRUE;
}

static gboolean open_parent(Apply *apply, const char *folder, GError **error)
{
  if (apply->parent_path && strcmp(apply->parent_path, folder) == 0)
    return TRUE;
  g_clear_pointer(&apply->parent_path, g_free);
  oakum_fd_clear(&apply->parent);
  if (!oakum_root_mkdirs(apply->tree->root, folder, 0755, error))
    return FALSE;
  apply->parent = oakum_root_open(apply->tree->root, *folder ? folder : ".", O_PATH | O_DIRECTORY,
                                  0, OAKUM_ROOT_FOLLOW, error);
  if (apply->parent < 0)
    return FALSE;
  apply->parent_path = g_strdup(folder);
  return TRUE;
}

static gboolean write_content(Apply *apply, int fd, TreeEntry *note, GError **error)
{
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  gssize n;
  while ((n = oakum_tar_reader_read(apply->tar, buffer, OAKUM_IO_BUFFER, error)) > 0) {
    oakum_hasher_update(hasher, buffer, (size_t)n);
    if (!oakum_write_all(fd, buffer, (size_t)n, error))
      return FALSE;
  }
  oakum_tree_hash_end(hasher, note->content);
  return n == 0;
}

/* In the table, with the permissions that its owner on disk needs. */
static gboolean record_owner(OakumOwners *owners, int at, const char *name,
                             const OakumTarEntry *entry, const char *path, GError **error)
{
  static const mode_t types[] = {
      [OAKUM_TAR_FILE] = S_IFREG, [OAKUM_TAR_DIR] = S_IFDIR,   [OAKUM_TAR_SYMLINK] = S_IFLNK,
      [OAKUM_TAR_CHAR] = S_IFCHR, [OAKUM_TAR_BLOCK] = S_IFBLK, [OAKUM_TAR_FIFO] = S_IFIFO};
  struct stat st;
  mode_t disk;
  gboolean device = entry->type == OAKUM_TAR_CHAR || entry->type == OAKUM_TAR_BLOCK;
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, path);
  oakum_owners_drop(owners, st.st_dev, st.st_ino); /* of a file that stood at this inode before */
  if (!oakum_owners_record(owners, &st, entry->uid, entry->gid,
                           types[entry->type] | (entry->mode & 07777),
                           device ? makedev(entry->dev_major, entry->dev_minor) : 0, &disk)) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "more than %u files with owners",
                OAKUM_OWNERS_MAX);
    return FALSE;
  }
  if (entry->type != OAKUM_TAR_SYMLINK && fchmodat(at, name, disk, 0) < 0)
    return oakum_tree_fail(error, errno, path);
  for (size_t i = 0; i < entry->n_xattrs; i++)
    if (strcmp(entry->xattrs[i].name, "security.capability") == 0 &&
        entry->type == OAKUM_TAR_FILE && entry->xattrs[i].len <= OAKUM_OWNERS_CAPABILITY_MAX) {
      const OakumOwner *old = oakum_owners_find(owners, st.st_dev, st.st_ino);
      OakumOwner owner = old ? *old : (OakumOwner){0};
      owner.capability = (uint8_t *)(gpointer)entry->xattrs[i].value;
      owner.capability_len = (uint32_t)entry->xattrs[i].len;
      (void)!oakum_owners_set(owners, st.st_dev, st.st_ino, &owner);
    }
  return TRUE;
}

/* Owner before mode (chown clears setuid), xattrs after owner (chown drops capabilities), time
 * last. */
static gboolean set_metadata(OakumOwners *owners, int at, const char *name,
                             const OakumTarEntry *entry, const char *path, GError **error)
{
  gboolean link = entry->type == OAKUM_TAR_SYMLINK;
  if (owners && !record_owner(owners, at, name, entry, path, error))
    return FALSE;
  if (!owners && fchownat(at, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, path);
  if (!owners && !link && fchmodat(at, name, entry->mode & 07777, 0) < 0)
    return oakum_tree_fail(error, errno, path);
  if (entry->n_xattrs > 0 && (entry->type == OAKUM_TAR_FILE || entry->type == OAKUM_TAR_DIR)) {
    OAKUM_AUTO_FD fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
      return oakum_tree_fail(error, errno, path);
    for (size_t i = 0; i < entry->n_xattrs; i++)
      if (xattr_kept(entry->xattrs[i].name) &&
          !(owners && strcmp(entry->xattrs[i].name, "security.capability") == 0) &&
          fsetxattr(fd, entry->xattrs[i].name, entry->xattrs[i].value, entry->xattrs[i].len, 0) <
              0 &&
          errno != ENOTSUP)
        return oakum_tree_fail(error, errno, path);
  }
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                              {.tv_sec = entry->mtime, .tv_nsec = entry->mtime_ns}};
  if (entry->type != OAKUM_TAR_DIR && utimensat(at, name, times, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, path);
  return TRUE;
}

static gboolean make_node(Apply *apply, const OakumTarEntry *entry, const char *name,
                          const char *path, TreeEntry *note, GError **error)
{
  int at = apply->parent, done = 0;
  mode_t kind = entry->type == OAKUM_TAR_CHAR    ? S_IFCHR
                : entry->type == OAKUM_TAR_BLOCK ? S_IFBLK
                                                 : S_IFIFO;
  g_autofree char *link = g_strndup((const char *)entry->link.data, entry->link.len);
  switch (entry->type) {
  case OAKUM_TAR_FILE: {
    OAKUM_AUTO_FD fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
      return oakum_tree_fail(error, errno, path);
    return write_content(apply, fd, note, error);
  }
  case OAKUM_TAR_DIR:
    done = mkdirat(at, name, 0700);
    break;
  case OAKUM_TAR_SYMLINK:
    oakum_tree_hash(link, entry->link.len, note->content);
    note->size = entry->link.len;
    done = symlinkat(link, at, name);
    break;
  default:
    note->rdev = entry->type == OAKUM_TAR_FIFO ? 0 : makedev(entry->dev_major, entry->dev_minor);
    if (apply->tree->owners && kind != S_IFIFO)
      done = mknodat(at, name, S_IFREG | 0600, 0); /* what it ought to be is in the table */
    else
      done = mknodat(at, name, kind | 0600, note->rdev);
  }
  return done == 0 || oakum_tree_fail(error, errno, path);
}

static gboolean make_hard_link(Apply *apply, const OakumTarEntry *entry, const char *name,
                               const char *path, GError **error)
{
  g_autofree char *target = NULL, *target_name = NULL;
  if (!oakum_image_clean_path(entry->link, &target, error)) {
    oakum_image_blame(error, "hard link to", entry->link);
    return FALSE;
  }
  if (strcmp(target, path) == 0)
    return TRUE; /* a link to itself: the file is there, or the look-up below says it is not */
  OAKUM_AUTO_FD at = oakum_root_open_parent(apply->tree->root, target, FALSE, &target_name, error);
  struct stat st;
  if (at < 0)
    return FALSE;
  if (fstatat(at, target_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode)) {
    g_autofree char *shown = oakum_escape_terminal(target, -1);
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                "hard link to \"%s\", which is not there or a folder", shown);
    return FALSE;
  }
  if (!drop(apply, apply->parent, name, path, error) ||
      !open_parent(apply, apply->parent_path ? apply->parent_path : "", error))
    return FALSE;
  if (linkat(at, target_name, apply->parent, name, 0) < 0)
    return oakum_tree_fail(error, errno, path);
  const TreeEntry *note = g_hash_table_lookup(apply->tree->entries, target);
  if (note)
    g_hash_table_replace(apply->tree->entries, g_strdup(path), g_memdup2(note, sizeof(*note)));
  return TRUE;
}

static gboolean apply_whiteout(Apply *apply, OakumWhiteout kind, const char *folder,
                               const char *target, GError **error)
{
  g_autofree char *path = *folder ? g_strconcat(folder, "/", target, NULL) : g_strdup(target);
  switch (kind) {
  case OAKUM_WHITEOUT_OPAQUE:
    return drop_older(apply, -1, NULL, folder, FALSE, error);
  case OAKUM_WHITEOUT_NAME:
    return drop_older(apply, apply->parent, target, path, TRUE, error);
  case OAKUM_WHITEOUT_IGNORE:
    return TRUE;
  default:
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "a whiteout that names nothing");
    return FALSE;
  }
}

/* The path without links in its parent, so that notes and disk speak of one name. */
static gboolean real_folder(Apply *apply, const char *folder, char **out, GError **error)
{
  (void)error;
  g_autofree char *probe = g_strdup_printf("/proc/self/fd/%d", apply->parent);
  g_autofree char *root_probe = g_strdup_printf("/proc/self/fd/%d", apply->tree->root);
  char at[8192], root[4097];
  ssize_t n = readlink(probe, at, sizeof(at) - 1), m = readlink(root_probe, root, sizeof(root) - 1);
  if (n > 0 && m > 0) {
    at[n] = '\0';
    root[m] = '\0';
    if (strncmp(at, root, (size_t)m) == 0 && (at[m] == '/' || at[m] == '\0')) {
      *out = g_strdup(at[m] ? at + m + 1 : "");
      return TRUE;
    }
  }
  *out = g_strdup(folder);
  return TRUE;
}

static gboolean apply_entry(Apply *apply, const OakumTarEntry *entry, GError **error)
{
  g_autofree char *stored = NULL, *real = NULL;
  if (!oakum_image_clean_path(entry->path, &stored, error))
    return FALSE;
  if (*stored == '\0') {
    if (entry->type == OAKUM_TAR_DIR && apply->tree->owners)
      return record_owner(apply->tree->owners, apply->tree->root, ".", entry, "/", error);
    if (entry->type == OAKUM_TAR_DIR)
      return fchown(apply->tree->root, entry->uid, entry->gid) == 0 &&
                     fchmod(apply->tree->root, entry->mode & 07777) == 0
                 ? TRUE
                 : oakum_tree_fail(error, errno, "/");
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "the root is not a folder");
    return FALSE;
  }
  const char *slash = strrchr(stored, '/'), *name = slash ? slash + 1 : stored, *target = NULL;
  g_autofree char *above = g_strndup(stored, slash ? (gsize)(slash - stored) : 0);
  if (strlen(name) > OAKUM_TAR_COMPONENT_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "a name is longer than %u bytes",
                OAKUM_TAR_COMPONENT_MAX);
    return FALSE;
  }
  if (!open_parent(apply, above, error) || !real_folder(apply, above, &real, error))
    return FALSE;
  OakumWhiteout kind = oakum_image_whiteout(name, &target);
  if (kind != OAKUM_WHITEOUT_NONE)
    return apply_whiteout(apply, kind, real, target, error);
  g_autofree char *path = *real ? g_strconcat(real, "/", name, NULL) : g_strdup(name);
  /* a step is given its devices; those of a base image are of no use and cannot be made by everyone
   */
  if ((entry->type == OAKUM_TAR_CHAR || entry->type == OAKUM_TAR_BLOCK) &&
      g_str_has_prefix(path, "dev/"))
    return TRUE;
  g_hash_table_add(apply->mine, g_strdup(path));
  if (entry->type == OAKUM_TAR_HARDLINK)
    return make_hard_link(apply, entry, name, path, error);
  TreeEntry note = {.type = entry->type,
                    .mode = entry->mode & 07777,
                    .uid = entry->uid,
                    .gid = entry->gid,
                    .size = entry->size,
                    .mtime = entry->mtime};
  oakum_tree_hash_xattrs(entry->xattrs, entry->n_xattrs, note.xattrs);
  struct stat st;
  gboolean there = fstatat(apply->parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
  if (!(there && S_ISDIR(st.st_mode) && entry->type == OAKUM_TAR_DIR)) {
    if (there &&
        (!drop(apply, apply->parent, name, path, error) || !open_parent(apply, above, error)))
      return FALSE;
    if (!make_node(apply, entry, name, path, &note, error))
      return FALSE;
  }
  if (!set_metadata(apply->tree->owners, apply->parent, name, entry, path, error))
    return FALSE;
  if (entry->type == OAKUM_TAR_SYMLINK)
    note.mode = 0777;
  if (entry->type == OAKUM_TAR_DIR)
    g_hash_table_insert(
        apply->dir_times, g_strdup(path),
        g_memdup2(&(struct timespec){.tv_sec = entry->mtime, .tv_nsec = entry->mtime_ns},
                  sizeof(struct timespec)));
  g_hash_table_replace(apply->tree->entries, g_strdup(path), g_memdup2(&note, sizeof(note)));
  return TRUE;
}

static gboolean set_dir_times(Apply *apply, GError **error)
{
  GHashTableIter iter;
  gpointer path, time;
  g_hash_table_iter_init(&iter, apply->dir_times);
  while (g_hash_table_iter_next(&iter, &path, &time)) {
    OAKUM_AUTO_FD fd = oakum_root_open(apply->tree->root, path, O_RDONLY | O_DIRECTORY, 0,
                                       OAKUM_ROOT_NO_SYMLINKS, NULL);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, *(struct timespec *)time};
    if (fd >= 0 && futimens(fd, times) < 0)
      return oakum_tree_fail(error, errno, path);
  }
  return TRUE;
}

gboolean oakum_tree_apply(OakumTree *tree, OakumReader *layer, GError **error)
{
  Apply apply = {.tree = tree, .parent = -1};
  tree->settled = FALSE;
  apply.tar = oakum_tar_reader_new(layer);
  apply.mine = oakum_str_map_new(g_free, NULL);
  apply.dir_times = oakum_str_map_new(g_free, g_free);
  const OakumTarEntry *entry;
  int more;
  while ((more = oakum_tar_reader_next(apply.tar, &entry, error)) > 0)
    if (!apply_entry(&apply, entry, error)) {
      oakum_image_blame(error, "entry", entry->path);
      more = -1;
      break;
    }
  gboolean ok = more == 0 && set_dir_times(&apply, error);
  oakum_tar_reader_free(apply.tar);
  oakum_fd_clear(&apply.parent);
  g_free(apply.parent_path);
  g_hash_table_unref(apply.mine);
  g_hash_table_unref(apply.dir_times);
  return ok;
}

static gboolean set_time(int root, const char *path, int64_t seconds, GError **error)
{
  OAKUM_AUTO_FD fd = oakum_root_open(root, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0,
                                     OAKUM_ROOT_NO_SYMLINKS, error);
  const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds}};
  return fd >= 0 && (futimens(fd, times) == 0 || oakum_tree_fail(error, errno, path));
}

gboolean oakum_tree_set_folder_times(OakumTree *tree, GError **error)
{
  g_autoptr(GHashTable) implied = oakum_str_map_new(g_free, NULL);
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, tree->entries);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    const TreeEntry *note = value;
    if (note->type == OAKUM_TAR_DIR && !set_time(tree->root, key, note->mtime, error))
      return FALSE;
    for (g_autofree char *above = g_strdup(key); strchr(above, '/');) {
      *strrchr(above, '/') = '\0';
      if (g_hash_table_contains(tree->entries, above) ||
          !g_hash_table_add(implied, g_strdup(above)))
        break;
      if (!set_time(tree->root, above, 0, error))
        return FALSE;
    }
  }
  return set_time(tree->root, "", 0, error);
}
