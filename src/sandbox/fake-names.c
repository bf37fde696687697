/* Making, moving and removing names on the rung fake-root. The table of owners is kept by inode: a
 * row goes with the last name, and what is made anew never inherits one. */
#include "os/os.h"
#include "sandbox/fake-private.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

typedef struct {
  int parent;
  char name[256];
  gboolean slash;
} Place;

static void place_clear(Place *place)
{
  oakum_fd_clear(&place->parent);
}
#define AUTO_PLACE __attribute__((cleanup(place_clear))) Place

static int find(Ask *ask, int dirfd, uint64_t path_address, Place *place)
{
  char path[PATH_LIMIT];
  place->parent = -1;
  int bad = oakum_ask_text(ask, path_address, path);
  if (bad < 0)
    return bad;
  place->parent = oakum_ask_parent(ask, dirfd, path, place->name, &place->slash);
  return place->parent < 0 ? place->parent : 0;
}

static gboolean is_there(const Place *place, struct stat *st)
{
  return fstatat(place->parent, place->name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* "/", "." and ".." */
static gboolean is_special(const Place *place)
{
  return strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0;
}

/* The place of a new name. That something is there already goes before the right to write, as in
 * the kernel: `mkdir -p` of a user begins with folders of root's. */
static int find_new(Ask *ask, int dirfd, uint64_t path_address, Place *place, gboolean folder)
{
  struct stat st;
  int bad = find(ask, dirfd, path_address, place);
  if (bad < 0)
    return bad;
  if (is_there(place, &st))
    return -EEXIST;
  if (place->slash && !folder)
    return -ENOENT;
  return oakum_ask_may_change(ask, place->parent);
}

/* unlink(2): in a sticky folder only the owner of the file or of the folder may. Asked of what is
 * there: who removes what is not learns that first, as from the kernel. */
static int may_remove(const Ask *ask, const Place *place, const struct stat *victim)
{
  struct stat folder, own = *victim;
  uint32_t uid = ask->cred->uid[FS];
  int bad = oakum_ask_may_change(ask, place->parent);
  if (bad < 0)
    return bad;
  if (uid == 0 || oakum_fake_stat(ask->f, place->parent, &folder) < 0 ||
      !(folder.st_mode & S_ISVTX) || folder.st_uid == uid)
    return 0;
  oakum_owners_patch(ask->f->owners, &own);
  return own.st_uid == uid ? 0 : -EPERM;
}

static void forget(const Ask *ask, const struct stat *st)
{
  if (st->st_nlink <= 1 || S_ISDIR(st->st_mode))
    oakum_owners_drop(ask->f->owners, st->st_dev, st->st_ino);
}

static int make_folder(Ask *ask, int dirfd, uint64_t path, mode_t mode)
{
  AUTO_PLACE place;
  int bad = find_new(ask, dirfd, path, &place, TRUE);
  if (bad < 0)
    return bad;
  mode_t exact = S_IFDIR | (mode & 01777 & ~ask->state.umask);
  if (mkdirat(place.parent, place.name, oakum_owners_mode_on_disk(exact)) < 0)
    return -errno;
  return oakum_ask_created(ask, place.parent, place.parent, place.name, exact, 0);
}

static int make_node(Ask *ask, int dirfd, uint64_t path, mode_t mode, unsigned dev)
{
  AUTO_PLACE place;
  int bad = find_new(ask, dirfd, path, &place, FALSE);
  if (bad < 0)
    return bad;
  mode_t kind = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
  mode_t exact = kind | (mode & 07777 & ~ask->state.umask);
  gboolean device = kind == S_IFCHR || kind == S_IFBLK;
  if (device && ask->cred->uid[EFFECTIVE] != 0)
    return -EPERM;
  if (kind == S_IFDIR)
    return -EPERM;
  if (mknodat(place.parent, place.name,
              (device ? S_IFREG : kind) | oakum_owners_mode_on_disk(exact), 0) < 0)
    return -errno;
  /* the number as the call has it, which is glibc's up to 32 bits (linux/kdev_t.h) */
  unsigned major_ = (dev & 0xfff00) >> 8, minor_ = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  return oakum_ask_created(ask, place.parent, place.parent, place.name, exact,
                           device ? makedev(major_, minor_) : 0);
}

static int remove_name(Ask *ask, int dirfd, uint64_t path, int flags)
{
  AUTO_PLACE place;
  struct stat st;
  int bad = find(ask, dirfd, path, &place);
  if (bad < 0)
    return bad;
  if (flags & ~AT_REMOVEDIR)
    return -EINVAL;
  if (is_special(&place))
    return !(flags & AT_REMOVEDIR) ? -EISDIR : place.name[1] ? -ENOTEMPTY : -EINVAL;
  if (!is_there(&place, &st))
    return -errno;
  if (place.slash && !(S_ISDIR(st.st_mode) && (flags & AT_REMOVEDIR)))
    return S_ISDIR(st.st_mode) ? -EISDIR : -ENOTDIR;
  if ((bad = may_remove(ask, &place, &st)) < 0)
    return bad;
  if (unlinkat(place.parent, place.name, flags) < 0)
    return -errno;
  forget(ask, &st);
  return 0;
}

static int rename_name(Ask *ask, int from_dir, uint64_t from_path, int to_dir, uint64_t to_path,
                       unsigned flags)
{
  AUTO_PLACE from;
  AUTO_PLACE to = {.parent = -1};
  struct stat moved, covered;
  int bad = find(ask, from_dir, from_path, &from);
  bad = bad < 0 ? bad : find(ask, to_dir, to_path, &to);
  if (bad < 0)
    return bad;
  if (flags & RENAME_WHITEOUT)
    return -EINVAL;
  if (is_special(&from) || is_special(&to))
    return -EBUSY;
  if (!is_there(&from, &moved))
    return -errno;
  if ((from.slash || to.slash) && !S_ISDIR(moved.st_mode))
    return -ENOTDIR;
  gboolean covers = is_there(&to, &covered);
  if (covers && (flags & RENAME_NOREPLACE))
    return -EEXIST;
  bad = may_remove(ask, &from, &moved);
  if (bad == 0)
    bad = covers ? may_remove(ask, &to, &covered) : oakum_ask_may_change(ask, to.parent);
  if (bad < 0)
    return bad;
  if (syscall(SYS_renameat2, from.parent, from.name, to.parent, to.name, flags) < 0)
    return -errno;
  if (covers && !(flags & RENAME_EXCHANGE) &&
      (covered.st_ino != moved.st_ino || covered.st_dev != moved.st_dev))
    forget(ask, &covered);
  return 0;
}

static int link_name(Ask *ask, int from_dir, uint64_t from, int to_dir, uint64_t path, int flags)
{
  char link[32];
  AUTO_PLACE to = {.parent = -1};
  struct stat st;
  if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
    return -EINVAL;
  OAKUM_AUTO_FD object = oakum_ask_object(
      ask, from_dir, from,
      (flags & AT_EMPTY_PATH) | (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW));
  if (object < 0)
    return object;
  if (!oakum_fake_is_inside(ask->f, object))
    return -EXDEV;
  int bad = find_new(ask, to_dir, path, &to, FALSE);
  if (bad < 0)
    return bad;
  if (fstat(object, &st) == 0 && S_ISDIR(st.st_mode))
    return -EPERM;
  return linkat(AT_FDCWD, oakum_fake_link(object, link), to.parent, to.name, AT_SYMLINK_FOLLOW) < 0
             ? -errno
             : 0;
}

static int link_text(Ask *ask, uint64_t text, int dirfd, uint64_t path)
{
  char target[PATH_LIMIT];
  AUTO_PLACE place = {.parent = -1};
  int bad = oakum_ask_text(ask, text, target);
  bad = bad < 0 ? bad : find_new(ask, dirfd, path, &place, FALSE);
  if (bad < 0)
    return bad;
  if (symlinkat(target, place.parent, place.name) < 0)
    return -errno;
  return oakum_ask_created(ask, place.parent, place.parent, place.name, S_IFLNK | 0777, 0);
}

gboolean oakum_fake_names(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  int result;
  switch (ask->notif->data.nr) {
  case SYS_mkdir:
    result = make_folder(ask, AT_FDCWD, a[0], (mode_t)a[1]);
    break;
  case SYS_mkdirat:
    result = make_folder(ask, (int)a[0], a[1], (mode_t)a[2]);
    break;
  case SYS_mknod:
    result = make_node(ask, AT_FDCWD, a[0], (mode_t)a[1], (unsigned)a[2]);
    break;
  case SYS_mknodat:
    result = make_node(ask, (int)a[0], a[1], (mode_t)a[2], (unsigned)a[3]);
    break;
  case SYS_rmdir:
    result = remove_name(ask, AT_FDCWD, a[0], AT_REMOVEDIR);
    break;
  case SYS_unlink:
    result = remove_name(ask, AT_FDCWD, a[0], 0);
    break;
  case SYS_unlinkat:
    result = remove_name(ask, (int)a[0], a[1], (int)a[2]);
    break;
  case SYS_rename:
    result = rename_name(ask, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
    break;
  case SYS_renameat:
    result = rename_name(ask, (int)a[0], a[1], (int)a[2], a[3], 0);
    break;
  case SYS_renameat2:
    result = rename_name(ask, (int)a[0], a[1], (int)a[2], a[3], (unsigned)a[4]);
    break;
  case SYS_link:
    result = link_name(ask, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
    break;
  case SYS_linkat:
    result = link_name(ask, (int)a[0], a[1], (int)a[2], a[3], (int)a[4]);
    break;
  case SYS_symlink:
    result = link_text(ask, a[0], AT_FDCWD, a[1]);
    break;
  case SYS_symlinkat:
    result = link_text(ask, a[0], (int)a[1], a[2]);
    break;
  default:
    return FALSE;
  }
  oakum_ask_answer(ask, result);
  return TRUE;
}
