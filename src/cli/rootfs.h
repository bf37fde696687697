/* Images as plain root file systems: a folder, or a tar. */
#pragma once
#include "cli/cli.h"

/* FALSE when the folder is there and not empty, or no folder. */
NODISCARD gboolean oakum_rootfs_check(const char *folder, GError **error);
/* Unpacks the image into a folder that is empty or not there, with owners, modes, times, xattrs,
 * devices and hard links. Several platforms get a folder each ("linux_arm64"). What goes wrong
 * leaves nothing. DENIED where this user may not give files away: a tar can hold what the disk
 * cannot. */
NODISCARD gboolean oakum_rootfs_write_folder(const OakumImageSet *set, const char *folder,
                                             GError **error);
/* The same as one tar, names in byte order; it takes no rights. Unpacks below `work` on the way. */
NODISCARD gboolean oakum_rootfs_write_tar(const OakumImageSet *set, const char *file,
                                          const char *work, GError **error);
