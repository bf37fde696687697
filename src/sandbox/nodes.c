/* What the rung chroot cannot let a step do itself, since it could leave its root or reach the
 * machine with it: devices are made for it when they are those that it has in /dev anyway, and what
 * was refused is told when the step fails. */
#include "os/os.h"
#include "sandbox/supervisor-private.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static gboolean is_harmless(mode_t mode, dev_t device)
{
  static const struct {
    unsigned major, minor;
  } harmless[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}}; /* as in every container */
  for (size_t i = 0; S_ISCHR(mode) && i < G_N_ELEMENTS(harmless); i++)
    if (device == makedev(harmless[i].major, harmless[i].minor))
      return TRUE;
  return FALSE;
}

/* The line is octal (proc(5)); its digits were read as decimal ones. */
mode_t oakum_supervisor_umask(pid_t tid)
{
  guint64 digits;
  mode_t mask = 0;
  if (!oakum_proc_status(tid, "Umask:", &digits, 1))
    return 022;
  for (guint shift = 0; digits > 0 && shift < 9; shift += 3, digits /= 10)
    mask |= (mode_t)(digits % 10 & 7) << shift;
  return mask;
}

/* 0 or an errno value. */
static int make(const Supervisor *s, pid_t tid, const char *full, mode_t mode, dev_t device)
{
  guint64 uid[4], gid[4];
  g_autofree char *name = NULL;
  if (!oakum_proc_status(tid, "Uid:", uid, 4) || !oakum_proc_status(tid, "Gid:", gid, 4))
    return ESRCH;
  if (uid[1] != 0 || !is_harmless(mode, device))
    return EPERM;
  g_autoptr(GError) error = NULL;
  OAKUM_AUTO_FD parent = oakum_root_open_parent(s->root, full, FALSE, &name, &error);
  if (parent < 0)
    return g_error_matches(error, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND) ? ENOENT : EACCES;
  mode_t old = umask(0);
  int bad = mknodat(parent, name, (mode & S_IFMT) | (mode & 07777 & ~oakum_supervisor_umask(tid)),
                    device) < 0
                ? errno
                : 0;
  umask(old);
  struct stat folder;
  if (bad == 0 && (uid[3] != 0 || gid[3] != 0) && fstat(parent, &folder) == 0 &&
      fchownat(parent, name, (uid_t)uid[3], folder.st_mode & S_ISGID ? (gid_t)-1 : (gid_t)gid[3],
               AT_SYMLINK_NOFOLLOW) < 0)
    bad = errno;
  return bad;
}

void oakum_supervisor_answer_node(Supervisor *s, Request *request, int dirfd, uint64_t path_at,
                                  mode_t mode, unsigned number)
{
  char path[PATH_LIMIT];
  g_autofree char *full = NULL;
  /* as the call has it (linux/kdev_t.h) */
  dev_t device = makedev((number & 0xfff00) >> 8, (number & 0xff) | ((number >> 12) & 0xfff00));
  if (oakum_supervisor_read_path(s, request, path_at, path))
    full = oakum_supervisor_full(s, request, dirfd, path);
  int bad = full ? make(s, request->tid, full, mode, device) : EACCES;
  if (bad == EPERM)
    s->refused |= OAKUM_REFUSED_DEVICE;
  oakum_supervisor_respond(s, request->notif, 0, bad, FALSE);
}

void oakum_supervisor_tell_refused(const Supervisor *s)
{
  if (s->refused & OAKUM_REFUSED_CHROOT)
    dprintf(2, "oakum: step: chroot(2) was refused: the rung chroot cannot give it to a step, "
               "--isolation fake-root can\n");
  if (s->refused & OAKUM_REFUSED_DEVICE)
    dprintf(2, "oakum: step: a device was refused: the rung chroot makes null, zero, full, random, "
               "urandom and tty only, --isolation fake-root writes any into the layer\n");
}
