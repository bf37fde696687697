#include "cli/rootfs.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean is_empty(const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  return dir && !g_dir_read_name(dir);
}

gboolean oakum_rootfs_check(const char *folder, GError **error)
{
  struct stat st;
  if (stat(folder, &st) < 0) {
    if (errno == ENOENT)
      return TRUE;
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", folder);
    return FALSE;
  }
  if (S_ISDIR(st.st_mode) && is_empty(folder))
    return TRUE;
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
              "%s is there and %s; a root file system goes into a new or empty folder", folder,
              S_ISDIR(st.st_mode) ? "not empty" : "no folder");
  return FALSE;
}

/* "linux_arm_v7"; new string. */
static char *platform_folder(const OakumImage *image)
{
  const OakumConfig *config = image->config;
  return g_strconcat(config->os, "_", config->architecture, config->variant ? "_" : NULL,
                     config->variant, NULL);
}

static gboolean unpack(const OakumImageSet *set, guint index, int root, OakumOwners *owners,
                       GError **error)
{
  g_autoptr(OakumTree) tree = oakum_tree_new(root);
  OakumImage image = *set->images[index];
  image.source = set->source;
  oakum_tree_set_owners(tree, owners);
  for (guint i = 0; i < image.manifest->layers->len; i++) {
    OakumReader *layer = oakum_image_open_layer(&image, i, error);
    if (!layer || !oakum_tree_apply(tree, layer, error)) {
      g_prefix_error(error, "layer %u: ", i);
      return FALSE;
    }
  }
  return oakum_tree_set_folder_times(tree, error);
}

/* Unpacks every image below the folder `fd`: there, or in a folder a platform. */
static gboolean unpack_all(const OakumImageSet *set, int fd, OakumOwners *owners, GError **error)
{
  for (guint i = 0; i < set->n_images; i++) {
    g_autofree char *name = set->index ? platform_folder(set->images[i]) : NULL;
    if (name && (mkdirat(fd, name, 0755) < 0 || fchmodat(fd, name, 0755, 0) < 0)) {
      oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", name);
      return FALSE;
    }
    OAKUM_AUTO_FD root =
        openat(fd, name ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root < 0) {
      oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", name ? name : ".");
      return FALSE;
    }
    if (!unpack(set, i, root, owners, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- a folder
 * -------------------------------------------------------------------------------------- */
static void remove_contents(int fd)
{
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
  if (!dir)
    return;
  rewinddir(dir);
  for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      (void)!oakum_root_remove_tree(fd, entry->d_name, NULL);
  closedir(dir);
}

static gboolean explain(GError **error)
{
  if (error && *error && (*error)->code != OAKUM_ERROR_DIGEST && geteuid() != 0)
    g_prefix_error(error, "not everything can be made here as this user (rootfs:FILE.tar can hold "
                          "it all): ");
  return FALSE;
}

gboolean oakum_rootfs_write_folder(const OakumImageSet *set, const char *folder, GError **error)
{
  struct stat st, above;
  if (!oakum_rootfs_check(folder, error))
    return FALSE;
  g_autofree char *real = realpath(folder, NULL);
  g_autofree char *clean = g_canonicalize_filename(real ? real : folder, NULL);
  g_autofree char *parent = g_path_get_dirname(clean);
  if (!real && g_mkdir_with_parents(parent, 0755) < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", parent);
    return FALSE;
  }
  /* a folder that something is mounted on cannot be replaced: it is filled where it is */
  gboolean fill =
      real && stat(real, &st) == 0 && stat(parent, &above) == 0 && st.st_dev != above.st_dev;
  g_autofree char *temp = fill ? g_strdup(real) : g_strconcat(clean, ".tmp-XXXXXX", NULL);
  if (!fill && (!mkdtemp(temp) || chmod(temp, 0755) < 0)) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", temp);
    return FALSE;
  }
  int note = fill ? -1 : oakum_ending_note(temp);
  OAKUM_AUTO_FD fd = open(temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0;
  if (!ok)
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", temp);
  ok = ok && (unpack_all(set, fd, NULL, error) || explain(error));
  if (ok && !fill && rename(temp, clean) < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", clean);
    ok = FALSE;
  }
  if (!ok && fd >= 0)
    remove_contents(fd);
  if (!ok && !fill)
    (void)rmdir(temp);
  oakum_ending_forget(&note);
  return ok;
}

/* ---- a tar
 * ------------------------------------------------------------------------------------------ */
gboolean oakum_rootfs_write_tar(const OakumImageSet *set, const char *file, const char *work,
                                GError **error)
{
  g_autoptr(OakumTempDir) temp = oakum_temp_dir_new(work, error);
  g_autoptr(OakumOwners) owners = oakum_owners_new();
  if (!temp || !unpack_all(set, oakum_temp_dir_fd(temp), owners, error))
    return FALSE;
  g_autoptr(OakumAtomicFile) out = oakum_atomic_file_new(file, 0644, error);
  if (!out)
    return FALSE;
  g_autoptr(OakumTarWriter) tar =
      oakum_tar_writer_new(oakum_writer_new_fd(oakum_atomic_file_fd(out), FALSE));
  const OakumPackOptions options = {.owners = owners};
  return oakum_pack_path(oakum_temp_dir_fd(temp), "", "", FALSE, &options, tar, error) &&
         oakum_tar_writer_finish(tar, error) && oakum_atomic_file_commit(out, error);
}
