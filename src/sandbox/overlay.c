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

gboolean oakum_sandbox_mount_overlay(const char *lower, const char *upper, const char *work,
                                     const char *target)
{
  /* Descriptors, since commas and colons in a path would end an option. Redirects and metadata-only
   * copies would leave files in `upper` that are not whole. The marks are attributes of the user
   * name space, which a user namespace may set and a step on the overlay neither sees nor forges
   * (Linux 5.11). */
  OAKUM_AUTO_FD l = open(lower, O_PATH | O_DIRECTORY | O_CLOEXEC);
  OAKUM_AUTO_FD u = open(upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
  OAKUM_AUTO_FD w = open(work, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (l < 0 || u < 0 || w < 0)
    return FALSE;
  g_autofree char *plain = g_strdup_printf(
      "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d,"
      "userxattr,redirect_dir=nofollow,metacopy=off,index=off,xino=off",
      l, u, w);
  g_autofree char *without_sync = g_strconcat(plain, ",volatile", NULL);
  return mount("overlay", target, "overlay", MS_NODEV, without_sync) == 0 ||
         (errno == EINVAL && mount("overlay", target, "overlay", MS_NODEV, plain) == 0);
}

/* ---- probing
 * ------------------------------------------------------------------------------------ */

/* In a child, with mounts of its own. */
static gboolean attempt(const char *folder)
{
  g_autofree char *lower = g_build_filename(folder, "lower", NULL),
                  *upper = g_build_filename(folder, "upper", NULL),
                  *work = g_build_filename(folder, "work", NULL);
  struct stat st;
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
      mkdir(lower, 0755) < 0 || mkdir(upper, 0755) < 0 || mkdir(work, 0755) < 0 ||
      chdir(lower) < 0 || mknod("file", S_IFREG | 0644, 0) < 0 || mkdir("folder", 0755) < 0 ||
      mknod("folder/file", S_IFREG | 0644, 0) < 0 ||
      !oakum_sandbox_mount_overlay(lower, upper, work, lower) || chdir(lower) < 0)
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
