/* Images of file systems that lie in a file. The calls are those of fsopen(2), fsconfig(2),
 * fsmount(2) and move_mount(2). */
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

int oakum_mount_image(int image, GError **error)
{
  char source[64];
  g_snprintf(source, sizeof(source), "/proc/self/fd/%d", image);
  OAKUM_AUTO_FD made = -1;
  OAKUM_AUTO_FD context = (int)syscall(SYS_fsopen, "erofs", FSOPEN_CLOEXEC);
  if (context >= 0 &&
      syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "source", source, 0) == 0 &&
      syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "ro", NULL, 0) == 0 &&
      syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
    made =
        (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
  /* no such file system, no such call, or one that wants a block device */
  if (made < 0 && (errno == ENODEV || errno == ENOSYS || errno == ENOTBLK || errno == EOPNOTSUPP))
    g_set_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_UNSUPPORTED, "mount an image: %s",
                g_strerror(errno));
  else if (made < 0)
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "mount an image");
  return oakum_fd_steal(&made);
}

gboolean oakum_mount_attach(int mounted, const char *folder, GError **error)
{
  if (syscall(SYS_move_mount, mounted, "", AT_FDCWD, folder, MOVE_MOUNT_F_EMPTY_PATH) == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_OS_ERROR, errno, "mount at %s", folder);
  return FALSE;
}

void oakum_mount_remove(const char *folder)
{
  (void)umount2(folder, MNT_DETACH | UMOUNT_NOFOLLOW);
}
