/* The overlay that a step runs on: what it changes lies in a folder of its own. */
#include "os/os.h"
#include "sandbox/sandbox-private.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_all(GArray *fds)
{
  for (guint i = 0; i < fds->len; i++)
    close(g_array_index(fds, int, i));
  g_array_unref(fds);
}

/* Opens it and appends how it is named in the options: by a descriptor, since commas and colons in
 * a path would end an option. */
static gboolean name_folder(GString *options, GArray *fds, const char *prefix, const char *path,
                            dev_t *device, gboolean *several)
{
  struct stat st;
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return FALSE;
  g_array_append_val(fds, fd);
  if (fstat(fd, &st) < 0)
    return FALSE;
  *several |= fds->len > 1 && st.st_dev != *device;
  *device = st.st_dev;
  g_string_append_printf(options, "%s/proc/self/fd/%d", prefix, fd);
  return TRUE;
}

/* Redirects and metadata-only copies would leave files in `upper` that are not whole. The marks are
 * attributes of the user name space, which a user namespace may set and a step on the overlay
 * neither sees nor forges (Linux 5.11). */
#define OPTIONS "userxattr,redirect_dir=nofollow,metacopy=off,index=off"
/* Of folders on several file systems one shall be seen, with inode numbers that differ. */
#define ONE_FILE_SYSTEM ",xino=off"
#define SEVERAL_FILE_SYSTEMS ",xino=on"
#define WITHOUT_SYNC ",volatile" /* Linux 5.10 */

/* `unsynced`: the same options without syncs; NULL: there is no upper folder. */
static gboolean mount_with(const char *target, const char *options, const char *unsynced)
{
  return (unsynced && mount("overlay", target, "overlay", MS_NODEV, unsynced) == 0) ||
         ((!unsynced || errno == EINVAL) &&
          mount("overlay", target, "overlay", MS_NODEV, options) == 0);
}

gboolean oakum_sandbox_mount_overlay(const char *const *lowers, const char *upper, const char *work,
                                     const char *target)
{
  g_autoptr(GString) options = g_string_new(OPTIONS);
  GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));
  gboolean ok = TRUE, several = FALSE;
  dev_t device = 0;
  for (guint i = 0; ok && lowers[i]; i++)
    ok = name_folder(options, fds, i ? ":" : ",lowerdir=", lowers[i], &device, &several);
  if (upper)
    ok = ok && name_folder(options, fds, ",upperdir=", upper, &device, &several) &&
         name_folder(options, fds, ",workdir=", work, &device, &several);
  g_string_append(options, several ? SEVERAL_FILE_SYSTEMS : ONE_FILE_SYSTEM);
  g_autofree char *unsynced = upper ? g_strconcat(options->str, WITHOUT_SYNC, NULL) : NULL;
  ok = ok && mount_with(target, options->str, unsynced);
  int errnum = errno;
  close_all(fds);
  errno = errnum;
  return ok;
}

/* ---- probing
 * ------------------------------------------------------------------------------------ */

/* In a child, with mounts of its own. It was forked from who may have other threads: nothing here
 * asks for memory, whose locks they may hold. */
static gboolean attempt(const char *folder)
{
  static const char options[] =
      OPTIONS ONE_FILE_SYSTEM ",lowerdir=lower,upperdir=upper,workdir=work";
  static const char unsynced[] =
      OPTIONS ONE_FILE_SYSTEM ",lowerdir=lower,upperdir=upper,workdir=work" WITHOUT_SYNC;
  struct stat st;
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
      chdir(folder) < 0 || mkdir("lower", 0755) < 0 || mkdir("upper", 0755) < 0 ||
      mkdir("work", 0755) < 0 || mknod("lower/file", S_IFREG | 0644, 0) < 0 ||
      mkdir("lower/folder", 0755) < 0 || mknod("lower/folder/file", S_IFREG | 0644, 0) < 0 ||
      !mount_with("lower", options, unsynced) || chdir("lower") < 0)
    return FALSE;
  /* without the marks for what went, what was removed would be there again */
  return unlink("file") == 0 && unlink("folder/file") == 0 && rmdir("folder") == 0 &&
         mkdir("folder", 0700) == 0 && stat("folder/file", &st) < 0 && errno == ENOENT &&
         chmod("folder", 0711) == 0;
}

static int attempt_inside(void *folder)
{
  return attempt(folder) ? 0 : 1;
}

gboolean oakum_sandbox_probe_overlay(OakumRung rung, const char *folder)
{
  const char *off = g_getenv("OAKUM_TEST_NO_OVERLAY");
  if (rung == OAKUM_RUNG_CHROOT || rung == OAKUM_RUNG_FAKE_ROOT || (off && *off))
    return FALSE;
  g_autoptr(OakumTempDir) scratch = oakum_temp_dir_new(folder, NULL);
  if (!scratch)
    return FALSE;
  char *path = (char *)oakum_temp_dir_path(scratch);
  if (rung == OAKUM_RUNG_USERNS && !oakum_sandbox_in_userns())
    return oakum_sandbox_try_inside(attempt_inside, path, NULL) == 0;
  pid_t pid = fork();
  if (pid == 0)
    _exit(attempt_inside(path));
  int status;
  return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

/* ---- views: overlays that the builder itself looks at
 * ------------------------------------------- */
static gboolean own_mounts;

gboolean oakum_sandbox_take_mounts(void)
{
  /* a mount namespace is one of a thread: it must be that of all that come later */
  g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
  guint threads = 0;
  while (tasks && g_dir_read_name(tasks))
    threads++;
  if (own_mounts || threads != 1)
    return own_mounts;
  /* what is unmounted outside goes here, too; nothing of ours is seen outside */
  own_mounts = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0;
  return own_mounts;
}

gboolean oakum_sandbox_mount_view(const char *const *lowers, const char *upper, const char *work,
                                  const char *target, GError **error)
{
  if (own_mounts && oakum_sandbox_mount_overlay(lowers, upper, work, target))
    return TRUE;
  oakum_error_errno(error, OAKUM_SANDBOX_ERROR, own_mounts ? errno : EPERM, "overlay at %s",
                    target);
  return FALSE;
}

void oakum_sandbox_unmount_view(const char *target)
{
  if (own_mounts)
    (void)umount2(target, MNT_DETACH);
}

gboolean oakum_sandbox_probe_view(const char *folder)
{
  g_autoptr(OakumTempDir) scratch = own_mounts ? oakum_temp_dir_new(folder, NULL) : NULL;
  if (!scratch)
    return FALSE;
  const char *path = oakum_temp_dir_path(scratch);
  static const char *const names[] = {"one", "other", "upper", "work", "view"};
  char *made[G_N_ELEMENTS(names)];
  gboolean ok = TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
    made[i] = g_build_filename(path, names[i], NULL);
    ok = mkdir(made[i], 0700) == 0 && ok;
  }
  const char *lowers[] = {made[0], made[1], NULL};
  ok = ok && oakum_sandbox_mount_view(lowers, NULL, NULL, made[4], NULL);
  if (ok) {
    oakum_sandbox_unmount_view(made[4]);
    ok = oakum_sandbox_mount_view(lowers, made[2], made[3], made[4], NULL);
    g_autofree char *inside = g_build_filename(made[4], "file", NULL);
    ok = ok && mknod(inside, S_IFREG | 0600, 0) == 0;
    oakum_sandbox_unmount_view(made[4]);
  }
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    g_free(made[i]);
  return ok;
}
