/* Owners, modes, times and extended attributes on the rung fake-root. What the builder's user may
 * not set on disk goes into the table of owners. */
#include "os/os.h"
#include "sandbox/fake-private.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

#define UNCHANGED UINT32_MAX
#define CAPABILITY "security.capability"

/* Records, and sets the mode on disk even when it is the same: the change of its ctime is what the
 * layer writer looks for. */
static int record(Ask *ask, int object, uint32_t uid, uint32_t gid, uint32_t mode)
{
  struct stat disk;
  char link[32];
  mode_t bits;
  if (fstat(object, &disk) < 0)
    return -errno;
  const OakumOwner *old = oakum_owners_find(ask->f->owners, disk.st_dev, disk.st_ino);
  if (!oakum_owners_record(ask->f->owners, &disk, uid, gid, mode, old ? old->rdev : 0, &bits))
    return -ENOSPC;
  return S_ISLNK(mode) || chmod(oakum_fake_link(object, link), bits) == 0 ? 0 : -errno;
}

static void drop_capability(Ask *ask, const struct stat *st)
{
  const OakumOwner *old = oakum_owners_find(ask->f->owners, st->st_dev, st->st_ino);
  if (!old || !old->capability)
    return;
  OakumOwner next = *old;
  next.capability = NULL;
  next.capability_len = 0;
  (void)!oakum_owners_set(ask->f->owners, st->st_dev, st->st_ino, &next);
}

static int change_owner(Ask *ask, int object_taken, uint32_t uid, uint32_t gid)
{
  struct stat st;
  OAKUM_AUTO_FD object = object_taken;
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
  if (bad < 0)
    return bad;
  if (!oakum_fake_is_inside(ask->f, object)) /* told that it was done, as root would be */
    return 0;
  uint32_t who = ask->cred->uid[FS];
  if (who != 0 &&
      ((uid != UNCHANGED && (uid != st.st_uid || st.st_uid != who)) ||
       (gid != UNCHANGED &&
        (st.st_uid != who || (gid != st.st_gid && !oakum_cred_in_group(ask->cred, gid, FALSE))))))
    return -EPERM;
  uint32_t mode = st.st_mode;
  if (S_ISREG(mode) && (uid != UNCHANGED || gid != UNCHANGED)) { /* as the kernel, also for root */
    mode &= ~(uint32_t)S_ISUID;
    if (mode & S_IXGRP)
      mode &= ~(uint32_t)S_ISGID;
    drop_capability(ask, &st);
  }
  return record(ask, object, uid == UNCHANGED ? st.st_uid : uid, gid == UNCHANGED ? st.st_gid : gid,
                mode);
}

static int change_mode(Ask *ask, int object_taken, mode_t mode)
{
  struct stat st;
  OAKUM_AUTO_FD object = object_taken;
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
  if (bad < 0)
    return bad;
  if (!oakum_fake_is_inside(ask->f, object))
    return 0;
  uint32_t who = ask->cred->uid[FS];
  if (S_ISLNK(st.st_mode))
    return -EOPNOTSUPP;
  if (who != 0 && who != st.st_uid)
    return -EPERM;
  mode = (st.st_mode & S_IFMT) | (mode & 07777);
  if (who != 0 && !S_ISDIR(mode) && !oakum_cred_in_group(ask->cred, st.st_gid, FALSE))
    mode &= ~(mode_t)S_ISGID;
  return record(ask, object, st.st_uid, st.st_gid, mode);
}

/* A descriptor of a call on an open file. */
static int theirs(Ask *ask, int number)
{
  return number < 0 ? -EBADF : oakum_ask_object_at(ask, number, "", AT_EMPTY_PATH);
}

/* ---- times
 * -------------------------------------------------------------------------------------- */
static int set_times(Ask *ask, int object_taken, const struct timespec times[2])
{
  struct stat st;
  char link[32];
  OAKUM_AUTO_FD object = object_taken;
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
  if (bad < 0)
    return bad;
  if (!oakum_fake_is_inside(ask->f, object))
    return 0;
  uint32_t who = ask->cred->uid[FS];
  gboolean now = !times || (times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW);
  if (who != 0 && who != st.st_uid && (!now || oakum_ask_may(ask, &st, W_OK, FALSE) < 0))
    return now ? -EACCES : -EPERM;
  return utimensat(AT_FDCWD, oakum_fake_link(object, link), times, 0) < 0 ? -errno : 0;
}

static int answer_utimensat(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  struct timespec times[2];
  if (a[2] && oakum_ask_read(ask, a[2], times, sizeof(times)) < 0)
    return -EFAULT;
  int flags = (int)a[3] & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
  return set_times(ask,
                   a[1] ? oakum_ask_object(ask, (int)a[0], a[1], flags) : theirs(ask, (int)a[0]),
                   a[2] ? times : NULL);
}

/* utimes(2), futimesat(2): microseconds; utime(2): seconds. */
static int answer_old_times(Ask *ask, int dirfd, uint64_t path, uint64_t from, gboolean seconds)
{
  struct timeval micro[2];
  time_t plain[2];
  struct timespec times[2];
  if (from && seconds) {
    if (oakum_ask_read(ask, from, plain, sizeof(plain)) < 0)
      return -EFAULT;
    times[0] = (struct timespec){plain[0], 0};
    times[1] = (struct timespec){plain[1], 0};
  } else if (from) {
    if (oakum_ask_read(ask, from, micro, sizeof(micro)) < 0)
      return -EFAULT;
    for (guint i = 0; i < 2; i++) {
      if (micro[i].tv_usec < 0 || micro[i].tv_usec >= 1000000)
        return -EINVAL;
      times[i] = (struct timespec){micro[i].tv_sec, micro[i].tv_usec * 1000};
    }
  }
  return set_times(ask, path ? oakum_ask_object(ask, dirfd, path, 0) : theirs(ask, dirfd),
                   from ? times : NULL);
}

/* ---- extended attributes
 * ------------------------------------------------------------------------ */
/* Which a step has to do with: -EOPNOTSUPP for the others (ACLs, labels), as on a file system
 * without them. */
static int judge_name(const Ask *ask, const char *name, const struct stat *st, gboolean write)
{
  if (strcmp(name, CAPABILITY) == 0)
    return write && ask->cred->uid[EFFECTIVE] != 0 ? -EPERM : 0;
  if (g_str_has_prefix(name, "trusted."))
    return write ? -EPERM : -ENODATA;
  if (!g_str_has_prefix(name, "user."))
    return -EOPNOTSUPP;
  return oakum_ask_may(ask, st, write ? W_OK : R_OK, FALSE);
}

/* Reads the name of an attribute of the object, and whether the step may. */
static int begin(Ask *ask, int object, uint64_t name_at, gboolean write, char name[PATH_LIMIT],
                 struct stat *st)
{
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, st);
  bad = bad < 0 ? bad : oakum_ask_text(ask, name_at, name);
  bad = bad < 0 ? bad : judge_name(ask, name, st, write);
  return bad >= 0 && write && !oakum_fake_is_inside(ask->f, object) ? -EOPNOTSUPP : bad;
}

static int set_capability(Ask *ask, int object, const struct stat *st, const void *value,
                          size_t len, int flags)
{
  const OakumOwner *old = oakum_owners_find(ask->f->owners, st->st_dev, st->st_ino);
  OakumOwner next = old ? *old : (OakumOwner){0};
  if (!S_ISREG(st->st_mode))
    return -EINVAL;
  if (!value && (!old || !old->capability))
    return -ENODATA;
  if ((flags & XATTR_CREATE) && next.capability)
    return -EEXIST;
  if ((flags & XATTR_REPLACE) && !next.capability)
    return -ENODATA;
  if (value && (len < 12 || len > 24)) /* vfs_cap_data of linux/capability.h, revisions 1 to 3 */
    return -EINVAL;
  next.capability = (uint8_t *)(gpointer)value;
  next.capability_len = (uint32_t)len;
  if (!oakum_owners_set(ask->f->owners, st->st_dev, st->st_ino, &next))
    return -ENOSPC;
  return record(ask, object, st->st_uid, st->st_gid, st->st_mode);
}

static int set_attribute(Ask *ask, int object_taken, uint64_t name_at, uint64_t value_at,
                         uint64_t len, int flags)
{
  char name[PATH_LIMIT], link[32];
  struct stat st;
  OAKUM_AUTO_FD object = object_taken;
  int bad = begin(ask, object, name_at, TRUE, name, &st);
  if (bad < 0)
    return bad;
  if (len > OAKUM_TAR_XATTR_VALUE_MAX)
    return -E2BIG;
  g_autofree char *value = g_malloc(len + 1);
  if (len > 0 && oakum_ask_read(ask, value_at, value, len) < 0)
    return -EFAULT;
  if (strcmp(name, CAPABILITY) == 0)
    return set_capability(ask, object, &st, value, len, flags);
  return setxattr(oakum_fake_link(object, link), name, value, len, flags) < 0 ? -errno : 0;
}

static int get_attribute(Ask *ask, int object_taken, uint64_t name_at, uint64_t to, uint64_t size)
{
  char name[PATH_LIMIT], link[32];
  struct stat st;
  OAKUM_AUTO_FD object = object_taken;
  int bad = begin(ask, object, name_at, FALSE, name, &st);
  if (bad < 0)
    return bad;
  g_autofree char *value = g_malloc(OAKUM_TAR_XATTR_VALUE_MAX);
  ssize_t n;
  if (strcmp(name, CAPABILITY) == 0) {
    const OakumOwner *owner = oakum_owners_find(ask->f->owners, st.st_dev, st.st_ino);
    if (!owner || !owner->capability)
      return -ENODATA;
    memcpy(value, owner->capability, owner->capability_len);
    n = (ssize_t)owner->capability_len;
  } else {
    n = getxattr(oakum_fake_link(object, link), name, value, OAKUM_TAR_XATTR_VALUE_MAX);
    if (n < 0)
      return -errno;
  }
  if (size == 0)
    return (int)n;
  if ((uint64_t)n > size)
    return -ERANGE;
  bad = oakum_ask_write(ask, to, value, (size_t)n);
  return bad < 0 ? bad : (int)n;
}

static int list_attributes(Ask *ask, int object_taken, uint64_t to, uint64_t size)
{
  char link[32];
  struct stat st;
  OAKUM_AUTO_FD object = object_taken;
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
  if (bad < 0)
    return bad;
  g_autofree char *names = g_malloc(OAKUM_TAR_XATTR_VALUE_MAX);
  ssize_t n = listxattr(oakum_fake_link(object, link), names, OAKUM_TAR_XATTR_VALUE_MAX);
  if (n < 0)
    return -errno;
  g_autoptr(GByteArray) shown = g_byte_array_new();
  for (const char *name = names; name < names + n; name += strlen(name) + 1)
    if (g_str_has_prefix(name, "user."))
      g_byte_array_append(shown, (const guint8 *)name, (guint)strlen(name) + 1);
  const OakumOwner *owner = oakum_owners_find(ask->f->owners, st.st_dev, st.st_ino);
  if (owner && owner->capability)
    g_byte_array_append(shown, (const guint8 *)CAPABILITY, sizeof(CAPABILITY));
  if (size == 0)
    return (int)shown->len;
  if (shown->len > size)
    return -ERANGE;
  bad = oakum_ask_write(ask, to, shown->data, shown->len);
  return bad < 0 ? bad : (int)shown->len;
}

static int remove_attribute(Ask *ask, int object_taken, uint64_t name_at)
{
  char name[PATH_LIMIT], link[32];
  struct stat st;
  OAKUM_AUTO_FD object = object_taken;
  int bad = begin(ask, object, name_at, TRUE, name, &st);
  if (bad < 0)
    return bad;
  if (strcmp(name, CAPABILITY) == 0)
    return set_capability(ask, object, &st, NULL, 0, 0);
  return removexattr(oakum_fake_link(object, link), name) < 0 ? -errno : 0;
}

/* ---- which
 * -------------------------------------------------------------------------------------- */
static int object(Ask *ask, uint64_t path, gboolean follow)
{
  return oakum_ask_object(ask, AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW);
}

static gboolean attributes_of_names(Ask *ask, int *result)
{
  const __u64 *a = ask->notif->data.args;
  int nr = ask->notif->data.nr;
  switch (nr) {
  case SYS_setxattr:
  case SYS_lsetxattr:
    *result =
        set_attribute(ask, object(ask, a[0], nr == SYS_setxattr), a[1], a[2], a[3], (int)a[4]);
    return TRUE;
  case SYS_fsetxattr:
    *result = set_attribute(ask, theirs(ask, (int)a[0]), a[1], a[2], a[3], (int)a[4]);
    return TRUE;
  case SYS_getxattr:
  case SYS_lgetxattr:
    *result = get_attribute(ask, object(ask, a[0], nr == SYS_getxattr), a[1], a[2], a[3]);
    return TRUE;
  case SYS_fgetxattr:
    *result = get_attribute(ask, theirs(ask, (int)a[0]), a[1], a[2], a[3]);
    return TRUE;
  case SYS_listxattr:
  case SYS_llistxattr:
    *result = list_attributes(ask, object(ask, a[0], nr == SYS_listxattr), a[1], a[2]);
    return TRUE;
  case SYS_flistxattr:
    *result = list_attributes(ask, theirs(ask, (int)a[0]), a[1], a[2]);
    return TRUE;
  case SYS_removexattr:
  case SYS_lremovexattr:
    *result = remove_attribute(ask, object(ask, a[0], nr == SYS_removexattr), a[1]);
    return TRUE;
  case SYS_fremovexattr:
    *result = remove_attribute(ask, theirs(ask, (int)a[0]), a[1]);
    return TRUE;
  default:
    return FALSE;
  }
}

gboolean oakum_fake_attributes(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  const int kept = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  int result;
  switch (ask->notif->data.nr) {
  case SYS_chmod:
    result = change_mode(ask, object(ask, a[0], TRUE), (mode_t)a[1]);
    break;
  case SYS_fchmod:
    result = change_mode(ask, theirs(ask, (int)a[0]), (mode_t)a[1]);
    break;
  case SYS_fchmodat:
    result = change_mode(ask, oakum_ask_object(ask, (int)a[0], a[1], 0), (mode_t)a[2]);
    break;
  case 452: /* fchmodat2, which Debian 12 has no name for */
    result =
        change_mode(ask, oakum_ask_object(ask, (int)a[0], a[1], (int)a[3] & kept), (mode_t)a[2]);
    break;
  case SYS_chown:
  case SYS_lchown:
    result = change_owner(ask, object(ask, a[0], ask->notif->data.nr == SYS_chown), (uint32_t)a[1],
                          (uint32_t)a[2]);
    break;
  case SYS_fchown:
    result = change_owner(ask, theirs(ask, (int)a[0]), (uint32_t)a[1], (uint32_t)a[2]);
    break;
  case SYS_fchownat:
    result = change_owner(ask, oakum_ask_object(ask, (int)a[0], a[1], (int)a[4] & kept),
                          (uint32_t)a[2], (uint32_t)a[3]);
    break;
  case SYS_utimensat:
    result = answer_utimensat(ask);
    break;
  case SYS_futimesat:
    result = answer_old_times(ask, (int)a[0], a[1], a[2], FALSE);
    break;
  case SYS_utimes:
    result = answer_old_times(ask, AT_FDCWD, a[0], a[1], FALSE);
    break;
  case SYS_utime:
    result = answer_old_times(ask, AT_FDCWD, a[0], a[1], TRUE);
    break;
  default:
    if (!attributes_of_names(ask, &result))
      return FALSE;
  }
  oakum_ask_answer(ask, result);
  return TRUE;
}
