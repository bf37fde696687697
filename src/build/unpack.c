/* The archive of a context, unpacked into a folder of ours. */
#include "build/source-private.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

typedef struct {
  char *path;
  uint32_t mode;
  int64_t mtime;
} Folder;

typedef struct {
  int root;
  OakumTarReader *tar;
  GHashTable *owners;
  GArray *folders; /* Folder: modes and times are set last, as they could shut us out */
  guint8 *buffer;
} Unpack;

static void folder_clear(gpointer p)
{
  g_free(((Folder *)p)->path);
}

static gboolean fail(GError **error, int errnum, const char *path)
{
  g_autofree char *shown = oakum_escape_terminal(path, -1);
  oakum_error_errno(error, OAKUM_BUILD_ERROR, errnum, "%s", shown);
  return FALSE;
}

static gboolean write_file(Unpack *self, int at, const char *name, const char *path,
                           const OakumTarEntry *entry, GError **error)
{
  OAKUM_AUTO_FD fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(error, errno, path);
  gssize n;
  while ((n = oakum_tar_reader_read(self->tar, self->buffer, OAKUM_IO_BUFFER, error)) > 0)
    if (!oakum_write_all(fd, self->buffer, (size_t)n, error))
      return FALSE;
  if (n < 0)
    return FALSE;
  for (size_t i = 0; i < entry->n_xattrs; i++)
    if (g_str_has_prefix(entry->xattrs[i].name, "user.") &&
        fsetxattr(fd, entry->xattrs[i].name, entry->xattrs[i].value, entry->xattrs[i].len, 0) < 0 &&
        errno != ENOTSUP)
      return fail(error, errno, path);
  const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = entry->mtime}};
  return (fchmod(fd, entry->mode & 07777) == 0 && futimens(fd, times) == 0) ||
         fail(error, errno, path);
}

static gboolean make_link(Unpack *self, int at, const char *name, const char *path,
                          const OakumTarEntry *entry, GError **error)
{
  g_autofree char *text = g_strndup((const char *)entry->link.data, entry->link.len);
  if (entry->type == OAKUM_TAR_SYMLINK)
    return symlinkat(text, at, name) == 0 || fail(error, errno, path);
  g_autofree char *target = NULL, *last = NULL;
  if (!(target = oakum_source_clean_name(entry->link, FALSE, error)))
    return FALSE;
  OAKUM_AUTO_FD from = oakum_root_open_parent(self->root, target, FALSE, &last, error);
  return from >= 0 && (linkat(from, last, at, name, 0) == 0 || fail(error, errno, path));
}

static gboolean make_folder(Unpack *self, int at, const char *name, const char *path,
                            const OakumTarEntry *entry, GError **error)
{
  struct stat st;
  gboolean there = fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
  if (!there && mkdirat(at, name, 0700) < 0)
    return fail(error, errno, path);
  Folder folder = {g_strdup(path), entry->mode & 07777, entry->mtime};
  g_array_append_val(self->folders, folder);
  return TRUE;
}

static gboolean unpack_entry(Unpack *self, const OakumTarEntry *entry, GError **error)
{
  g_autofree char *path = oakum_source_clean_name(entry->path, FALSE, error), *name = NULL;
  if (!path)
    return FALSE;
  if (!*path)
    return TRUE;
  OAKUM_AUTO_FD at = oakum_root_open_parent(self->root, path, TRUE, &name, error);
  struct stat st;
  if (at < 0)
    return FALSE;
  gboolean folder = entry->type == OAKUM_TAR_DIR;
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !(folder && S_ISDIR(st.st_mode)) &&
      !oakum_root_remove_tree(at, name, error))
    return FALSE;
  gboolean ok = TRUE;
  switch (entry->type) {
  case OAKUM_TAR_FILE:
    ok = write_file(self, at, name, path, entry, error);
    break;
  case OAKUM_TAR_DIR:
    ok = make_folder(self, at, name, path, entry, error);
    break;
  case OAKUM_TAR_SYMLINK:
  case OAKUM_TAR_HARDLINK:
    ok = make_link(self, at, name, path, entry, error);
    break;
  case OAKUM_TAR_FIFO:
    ok = mkfifoat(at, name, 0600) == 0 && fchmodat(at, name, entry->mode & 07777, 0) == 0;
    if (!ok)
      (void)fail(error, errno, path);
    break;
  default:
    ok = mknodat(at, name, (entry->type == OAKUM_TAR_CHAR ? S_IFCHR : S_IFBLK) | 0600,
                 makedev(entry->dev_major, entry->dev_minor)) == 0 &&
         fchmodat(at, name, entry->mode & 07777, 0) == 0;
    if (!ok)
      (void)fail(error, errno, path);
  }
  if (ok && (entry->uid || entry->gid) && entry->type != OAKUM_TAR_HARDLINK) {
    OakumContextOwner owner = {entry->uid, entry->gid};
    g_hash_table_replace(self->owners, g_strdup(path), g_memdup2(&owner, sizeof(owner)));
  } else if (ok && entry->type == OAKUM_TAR_HARDLINK) {
    g_autofree char *target = oakum_source_clean_name(entry->link, FALSE, NULL);
    const OakumContextOwner *owner = target ? g_hash_table_lookup(self->owners, target) : NULL;
    if (owner)
      g_hash_table_replace(self->owners, g_strdup(path), g_memdup2(owner, sizeof(*owner)));
  } else if (ok) {
    g_hash_table_remove(self->owners, path);
  }
  return ok;
}

static gboolean finish_folders(Unpack *self, GError **error)
{
  for (guint i = self->folders->len; i-- > 0;) {
    const Folder *folder = &g_array_index(self->folders, Folder, i);
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = folder->mtime}};
    OAKUM_AUTO_FD fd = oakum_root_open(self->root, folder->path, O_RDONLY | O_DIRECTORY, 0,
                                       OAKUM_ROOT_NOFOLLOW_LAST, NULL);
    if (fd < 0) /* something else came in its place */
      continue;
    /* what its owner could not read would shut us out, too */
    if (futimens(fd, times) < 0 || fchmod(fd, folder->mode) < 0)
      return fail(error, errno, folder->path);
  }
  return TRUE;
}

gboolean oakum_source_unpack(int root, OakumReader *plain, GHashTable *owners, GError **error)
{
  g_autoptr(OakumTarReader) tar = oakum_tar_reader_new(plain);
  g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(Folder));
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  Unpack self = {root, tar, owners, folders, buffer};
  const OakumTarEntry *entry;
  int more;
  g_array_set_clear_func(folders, folder_clear);
  while ((more = oakum_tar_reader_next(tar, &entry, error)) > 0)
    if (!unpack_entry(&self, entry, error)) {
      g_autofree char *shown =
          oakum_escape_terminal((const char *)entry->path.data, (gssize)entry->path.len);
      g_prefix_error(error, "entry \"%s\": ", shown);
      return FALSE;
    }
  return more == 0 && finish_folders(&self, error);
}
