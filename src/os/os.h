/* os: files, children, locks and temporary folders, so that nobody above touches a raw system call.
 * Rank 1. Knows nothing of images. */
#pragma once
#include "base/base.h"
#include <sys/stat.h>
#include <sys/types.h>

OAKUM_DECLARE_ERROR(os)
#define OAKUM_OS_ERROR (oakum_os_error_quark())

/* ---- descriptors ------------------------------------------------------------------------- */
void oakum_fd_clear(int *fd); /* closes *fd when >= 0, sets it to -1, keeps errno */
#define OAKUM_AUTO_FD __attribute__((cleanup(oakum_fd_clear))) int
static inline int oakum_fd_steal(int *fd)
{
  int taken = *fd;
  *fd = -1;
  return taken;
}
/* Whole buffers: retries on EINTR and short counts. -1 with errno / GError. */
/* Mounts an image of EROFS that lies in a file, read-only and without devices (Linux 6.12, where
 * one may mount): gives its root, which stands nowhere until it is attached to a folder. -1: error
 * (UNSUPPORTED, DENIED, IO). */
NODISCARD int oakum_mount_image(int image, GError **error);
NODISCARD gboolean oakum_mount_attach(int mounted, const char *folder, GError **error);
/* The uppermost of what is mounted there; it stays for those who have it open. */
void oakum_mount_remove(const char *folder);
NODISCARD gboolean oakum_write_all(int fd, const void *data, size_t len, GError **error);
NODISCARD gssize oakum_read_some(int fd, void *buffer, size_t len, GError **error); /* 0 at end */

/* ---- libraries ----------------------------------------------------------------------------- */
typedef struct {
  const char *name;
  void **into; /* a pointer to a function */
} OakumSymbol;
/* Opens the shared library `name` (as in its DT_SONAME), which stays open, and finds all n symbols.
 * FALSE, and a warning says why, when it is not there or lacks one. Where libraries may have been
 * replaced, or behind a sandbox, that is too late: whoever needs one there asks early. */
NODISCARD gboolean oakum_library_open(const char *name, const OakumSymbol *symbols, size_t n);

/* ---- files below a root descriptor --------------------------------------------------------- *
 * A root is a folder descriptor. Every path is taken as if the folder were "/": `..` and absolute
 * symbolic links stay inside (openat2 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS; a component walk
 * with O_NOFOLLOW where the kernel has no openat2, forced by OAKUM_TEST_NO_OPENAT2=1). A racing
 * attacker inside the root cannot lead an operation outside. `path` may begin with '/'. */
typedef enum {
  OAKUM_ROOT_FOLLOW = 0,
  OAKUM_ROOT_NOFOLLOW_LAST =
      1 << 0, /* a symbolic link in the last component is not followed: ELOOP or O_PATH of it */
  OAKUM_ROOT_NO_SYMLINKS = 1 << 1, /* any symbolic link on the way is an error */
} OakumRootFlags;
/* New descriptor (close-on-exec) or -1. `open_flags` as open(2), `mode` used with O_CREAT. */
NODISCARD int oakum_root_open(int root, const char *path, int open_flags, mode_t mode,
                              OakumRootFlags flags, GError **error);
/* Opens the parent folder of `path` (following links inside the root) and gives the last component
 * as a new string in *name; for use with *at() calls that must not follow the last component.
 * Creates missing parents with mode 0755 when `make_parents`. */
NODISCARD int oakum_root_open_parent(int root, const char *path, gboolean make_parents, char **name,
                                     GError **error);
NODISCARD gboolean oakum_root_mkdirs(int root, const char *path, mode_t mode, GError **error);
/* Removes path and everything below it; never follows links, never crosses the root. Missing is
 * fine. */
NODISCARD gboolean oakum_root_remove_tree(int root, const char *path, GError **error);

/* Whether the disk that `path` lies on has no room, for bytes or for files, that is worth the name
 * (OAKUM_DISK_ROOM_LEAST, OAKUM_DISK_FILES_LEAST). FALSE where that cannot be told. */
NODISCARD gboolean oakum_disk_is_full(const char *path);

/* ---- whole files ---------------------------------------------------------------------------- */
/* Reads at most `max` bytes; more is OAKUM_ERROR_LIMIT. Caller frees *data (NUL added behind the
 * end). */
NODISCARD gboolean oakum_file_read(const char *path, uint64_t max, char **data, size_t *len,
                                   GError **error);
/* Atomic write: temporary file in the same folder, fsync, rename, fsync of the folder. Never leaves
 * a partial file. A symbolic link is followed; a device or pipe is written to as it is. */
NODISCARD gboolean oakum_file_write(const char *path, const void *data, size_t len, mode_t mode,
                                    GError **error);
/* As above for what can be made again: nobody waits for the disk, so that a loss of power may leave
 * an empty or a short file, which who reads it must notice. */
NODISCARD gboolean oakum_file_remember(const char *path, const void *data, size_t len, mode_t mode,
                                       GError **error);
/* As oakum_file_write for streams: returns a descriptor to write to; commit renames, free removes
 * what was not committed. */
typedef struct OakumAtomicFile OakumAtomicFile;
NODISCARD OakumAtomicFile *oakum_atomic_file_new(const char *path, mode_t mode, GError **error);
NODISCARD int oakum_atomic_file_fd(OakumAtomicFile *file); /* borrowed */
NODISCARD gboolean oakum_atomic_file_commit(OakumAtomicFile *file, GError **error);
void oakum_atomic_file_free(OakumAtomicFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumAtomicFile, oakum_atomic_file_free)

/* ---- an end by a signal -------------------------------------------------------------------------
 */
/* Notes a file or folder that is removed, with all that it holds on its own file system, when
 * SIGINT, SIGTERM or SIGHUP ends the program before it is forgotten; the program still ends by that
 * signal. Atomic files and temporary folders are noted by themselves. Returns the note; -1: there
 * are too many, and it would stay. */
NODISCARD int oakum_ending_note(const char *path);
/* Any thread; *note becomes -1. */
void oakum_ending_forget(int *note);

/* ---- temporary folders and locks ---------------------------------------------------------------
 */
/* A new folder (mode 0700) below `parent` (NULL: $TMPDIR or /tmp), removed with all it holds on
 * free; without a parent also when a signal ends the program. */
typedef struct OakumTempDir OakumTempDir;
NODISCARD OakumTempDir *oakum_temp_dir_new(const char *parent, GError **error);
/* One below `parent` goes also when a signal ends the program; without a parent each does. */
void oakum_temp_dir_end_with_us(OakumTempDir *dir);
NODISCARD const char *oakum_temp_dir_path(const OakumTempDir *dir);
NODISCARD int oakum_temp_dir_fd(const OakumTempDir *dir); /* borrowed */
void oakum_temp_dir_free(OakumTempDir *dir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumTempDir, oakum_temp_dir_free)

/* flock(2) on `path` (created 0600). `wait` FALSE: fails at once with DENIED when taken. */
typedef struct OakumLock OakumLock;
NODISCARD OakumLock *oakum_lock_take(const char *path, gboolean exclusive, gboolean wait,
                                     GError **error);
void oakum_lock_free(OakumLock *lock); /* releases */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLock, oakum_lock_free)

/* ---- children
 * ------------------------------------------------------------------------------------ * A scoped
 * child: killed (SIGKILL) and reaped when freed before it was waited for. */
typedef struct {
  int from, to; /* borrowed descriptor, and the number (>= 3) that it has in the child */
} OakumChildMove;
typedef struct {
  const char *program;     /* what is executed; NULL: argv[0] */
  const char *const *argv; /* argv[0] searched in PATH unless it has a '/' */
  const char *const *envp; /* NULL: ours */
  int in, out, err; /* -1: /dev/null for in, ours for out and err; else borrowed descriptors */
  const int *keep;  /* further descriptors kept open under their own number; others are closed */
  size_t n_keep;
  const OakumChildMove *moves; /* by ascending `to`; not together with keep */
  size_t n_moves;
} OakumChildSpec;
#define OAKUM_CHILD_SPEC_INIT                                                                      \
  {                                                                                                \
    .in = -1, .out = -1, .err = -1                                                                 \
  }
typedef struct OakumChild OakumChild;
NODISCARD OakumChild *oakum_child_spawn(const OakumChildSpec *spec, GError **error);
NODISCARD pid_t oakum_child_pid(const OakumChild *child);
/* Waits; *status is a wait(2) status. timeout_ms < 0: no limit; when it runs out the child is
 * killed and LIMIT is set. */
NODISCARD gboolean oakum_child_wait(OakumChild *child, int timeout_ms, int *status, GError **error);
void oakum_child_free(OakumChild *child);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumChild, oakum_child_free)
/* Runs a program, feeds `input` (may be NULL), collects at most max_out bytes of its standard
 * output (new string, NUL added). A status other than 0 is an error that quotes the first line of
 * its standard error. */
NODISCARD gboolean oakum_child_run(const char *const *argv, OakumSlice input, uint64_t max_out,
                                   int timeout_ms, char **out, size_t *out_len, GError **error);
/* Describes a wait status: "exit status 3" or "killed by signal 9 (Killed)". New string. */
NODISCARD char *oakum_child_describe(int status);

/* ---- re-exec
 * --------------------------------------------------------------------------------------- * Some
 * jobs must start in a process that has one thread and holds nothing (the step's init, parser
 * workers). main() calls oakum_reexec_dispatch first: when argv[0] is "oakum:<name>" it runs the
 * function registered for <name> and exits. */
typedef int (*OakumReexecFunc)(int argc, char **argv);
typedef struct {
  const char *name;
  OakumReexecFunc run;
} OakumReexecEntry;
/* Returns -1 when argv[0] names no entry, else the exit status of the entry. `table` ends with
 * {NULL}. */
NODISCARD int oakum_reexec_dispatch(const OakumReexecEntry *table, int argc, char **argv);
/* A word that is another one for another build of this program. New string. */
NODISCARD char *oakum_program_stamp(void);
/* Path that starts this very program again: an O_PATH|O_CLOEXEC-free memfd or /proc/self/exe. New
 * string. */
NODISCARD char *oakum_reexec_path(GError **error);
