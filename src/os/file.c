/* Whole files, atomic files, temporary folders, locks. */
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

gboolean oakum_file_read(const char *path, uint64_t max, char **data, size_t *len, GError **error)
{
  OAKUM_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "%s", path);
    return FALSE;
  }
  GByteArray *bytes = g_byte_array_new();
  for (;;) {
    guint8 buffer[16384];
    gssize n = oakum_read_some(fd, buffer, sizeof(buffer), error);
    if (n < 0 || (n > 0 && bytes->len + (uint64_t)n > max)) {
      if (n < 0)
        g_prefix_error(error, "%s: ", path);
      else
        g_set_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_LIMIT,
                    "%s: larger than %" G_GUINT64_FORMAT " bytes", path, max);
      g_byte_array_unref(bytes);
      return FALSE;
    }
    if (n == 0)
      break;
    g_byte_array_append(bytes, buffer, (guint)n);
  }
  if (len)
    *len = bytes->len;
  g_byte_array_append(bytes, (const guint8 *)"", 1);
  *data = (char *)g_byte_array_free(bytes, FALSE);
  return TRUE;
}

struct OakumAtomicFile {
  char *path, *temp;
  int fd, note;
};

static OakumAtomicFile *atomic_file_make(const char *path, char *temp, int fd)
{
  OakumAtomicFile *file = g_new0(OakumAtomicFile, 1);
  *file = (OakumAtomicFile){
      .path = g_strdup(path), .temp = temp, .fd = fd, .note = temp ? oakum_ending_note(temp) : -1};
  return file;
}

OakumAtomicFile *oakum_atomic_file_new(const char *path, mode_t mode, GError **error)
{
  struct stat st;
  g_autofree char *real = realpath(path, NULL); /* a link stays, and leads to the new file */
  const char *target = real ? real : path;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
    /* a device or pipe is written to: a rename would put a file in its place. /dev/stdout may lead
     * to a pipe that has no name */
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0)
      return atomic_file_make(target, NULL, fd);
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "write %s", path);
    return NULL;
  }
  char *temp = g_strdup_printf("%s.tmp-XXXXXX", target);
  int fd = mkostemp(temp, O_CLOEXEC);
  if (fd < 0 || fchmod(fd, mode) < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "write %s", path);
    if (fd >= 0)
      unlink(temp);
    oakum_fd_clear(&fd);
    g_free(temp);
    return NULL;
  }
  return atomic_file_make(target, temp, fd);
}

int oakum_atomic_file_fd(OakumAtomicFile *file)
{
  return file->fd;
}

static gboolean give_name(OakumAtomicFile *file, gboolean sync, GError **error)
{
  if (!file->temp)
    return TRUE;
  g_autofree char *folder = g_path_get_dirname(file->path);
  OAKUM_AUTO_FD at = sync ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if ((sync && (at < 0 || fsync(file->fd) < 0)) || rename(file->temp, file->path) < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "write %s", file->path);
    return FALSE;
  }
  oakum_ending_forget(&file->note);
  g_clear_pointer(&file->temp, g_free);
  if (sync && fsync(at) < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "write %s", file->path);
    return FALSE;
  }
  return TRUE;
}

gboolean oakum_atomic_file_commit(OakumAtomicFile *file, GError **error)
{
  return give_name(file, TRUE, error);
}

void oakum_atomic_file_free(OakumAtomicFile *file)
{
  if (!file)
    return;
  if (file->temp)
    unlink(file->temp);
  oakum_ending_forget(&file->note);
  oakum_fd_clear(&file->fd);
  g_free(file->temp);
  g_free(file->path);
  g_free(file);
}

static gboolean write_whole(const char *path, const void *data, size_t len, mode_t mode,
                            gboolean sync, GError **error)
{
  g_autoptr(OakumAtomicFile) file = oakum_atomic_file_new(path, mode, error);
  if (!file)
    return FALSE;
  if (!oakum_write_all(file->fd, data, len, error)) {
    g_prefix_error(error, "%s: ", path);
    return FALSE;
  }
  return give_name(file, sync, error);
}

gboolean oakum_file_write(const char *path, const void *data, size_t len, mode_t mode,
                          GError **error)
{
  return write_whole(path, data, len, mode, TRUE, error);
}

gboolean oakum_file_remember(const char *path, const void *data, size_t len, mode_t mode,
                             GError **error)
{
  return write_whole(path, data, len, mode, FALSE, error);
}

struct OakumTempDir {
  char *path;
  int fd, note;
};

OakumTempDir *oakum_temp_dir_new(const char *parent, GError **error)
{
  const char *below = parent ? parent : g_getenv("TMPDIR");
  char *path = g_build_filename(below && *below ? below : "/tmp", "oakum-XXXXXX", NULL);
  int fd = -1;
  if (mkdtemp(path))
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "temporary folder %s", path);
    g_free(path);
    return NULL;
  }
  OakumTempDir *dir = g_new0(OakumTempDir, 1);
  /* what lies in a store is found and removed by the next who uses it */
  *dir = (OakumTempDir){.path = path, .fd = fd, .note = parent ? -1 : oakum_ending_note(path)};
  return dir;
}

void oakum_temp_dir_end_with_us(OakumTempDir *dir)
{
  if (dir->note < 0)
    dir->note = oakum_ending_note(dir->path);
}

const char *oakum_temp_dir_path(const OakumTempDir *dir)
{
  return dir->path;
}

int oakum_temp_dir_fd(const OakumTempDir *dir)
{
  return dir->fd;
}

void oakum_temp_dir_free(OakumTempDir *dir)
{
  if (!dir)
    return;
  g_autoptr(GError) error = NULL;
  oakum_fd_clear(&dir->fd);
  g_autofree char *folder = g_path_get_dirname(dir->path);
  g_autofree char *name = g_path_get_basename(dir->path);
  OAKUM_AUTO_FD at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (at >= 0 && !oakum_root_remove_tree(at, name, &error))
    oakum_warn("temporary folder %s stays: %s", dir->path, error->message);
  oakum_ending_forget(&dir->note);
  g_free(dir->path);
  g_free(dir);
}

struct OakumLock {
  int fd;
};

/* Its name may have gone, or been made anew, while we waited: then others lock another file. */
static gboolean still_named(int fd, const char *path)
{
  struct stat ours, theirs;
  return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
         ours.st_ino == theirs.st_ino;
}

OakumLock *oakum_lock_take(const char *path, gboolean exclusive, gboolean wait, GError **error)
{
  OAKUM_AUTO_FD fd = -1;
  int done;
  do {
    oakum_fd_clear(&fd);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
      oakum_error_errno(error, OAKUM_OS_ERROR, errno, "lock %s", path);
      return NULL;
    }
    do
      done = flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB));
    while (done < 0 && errno == EINTR);
  } while (done == 0 && !still_named(fd, path));
  if (done < 0) {
    if (errno == EWOULDBLOCK)
      g_set_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_DENIED, "lock %s: held by another process",
                  path);
    else
      oakum_error_errno(error, OAKUM_OS_ERROR, errno, "lock %s", path);
    return NULL;
  }
  OakumLock *lock = g_new0(OakumLock, 1);
  lock->fd = oakum_fd_steal(&fd);
  return lock;
}

void oakum_lock_free(OakumLock *lock)
{
  if (!lock)
    return;
  oakum_fd_clear(&lock->fd);
  g_free(lock);
}

gboolean oakum_disk_is_full(const char *path)
{
  struct statvfs disk;
  if (statvfs(path, &disk) < 0 || disk.f_blocks == 0)
    return FALSE;
  uint64_t blocks = geteuid() == 0 ? disk.f_bfree : disk.f_bavail, room;
  if (oakum_mul_overflows(blocks, (uint64_t)disk.f_frsize, &room))
    return FALSE;
  /* some file systems make files as they are asked for, and count none */
  return room < OAKUM_DISK_ROOM_LEAST ||
         (disk.f_files > 0 && disk.f_ffree < OAKUM_DISK_FILES_LEAST);
}
