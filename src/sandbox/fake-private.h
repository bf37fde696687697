/* The rung fake-root. Every call that names a file is answered here: the supervisor does it below
 * the root (openat2, RESOLVE_IN_ROOT) and gives back the result or a descriptor, so that the kernel
 * never looks at a name that the step holds in its memory. Functions return 0 or more, or -errno.
 */
#pragma once
#include "os/owners.h"
#include "sandbox/supervisor-private.h"
#include <sys/stat.h>

typedef struct {
  uint32_t uid[4], gid[4]; /* real, effective, saved, file system */
  uint32_t n_groups;
  uint32_t *groups;
} Cred;
enum { REAL, EFFECTIVE, SAVED, FS };

struct Fake {
  OakumOwners *owners;
  char *owners_path;
  int root;
  char *root_path;
  GArray *roots;       /* int, O_PATH, by number: what chroot(2) made a root; the first is `root` */
  GPtrArray *creds;    /* Cred, by number; never removed */
  GPtrArray *programs; /* path inside the root, by number */
  GHashTable *program_numbers;
  GHashTable *plans;   /* process → Plan: an exec that is under way */
  GHashTable *sockets; /* inode of a stand-in → type of the AF_UNIX socket that it stands for */
  GHashTable
      *apart; /* /proc, /dev and /sys, which are file systems of their own: a set as `given` */
  GHashTable *given; /* the devices that the sandbox put into /dev: a set of os/owners.h */
  GQueue held;       /* Held: what descriptors of memory files stand for, the newest first */
  dev_t memory;      /* the device of memory files */
  int loader;        /* the program that starts programs, sealed */
  guint waiting;     /* threads that open a FIFO */
};

/* What a process is: numbers that the kernel keeps for us in a resource limit that it has no other
 * use for (RLIMIT_LOCKS), so that they go to children and stay over execve without our help. */
typedef struct {
  uint32_t umask, cred, program, root;
} State;

typedef struct {
  Supervisor *s;
  Fake *f;
  const struct seccomp_notif *notif;
  Request request;
  State state;
  const Cred *cred;
  int at; /* the root that the path of the last oakum_ask_full begins at; borrowed */
} Ask;

/* ---- fake.c */
/* Whether it is a device that the sandbox put into /dev. */
NODISCARD gboolean oakum_fake_is_given(const Fake *f, const struct stat *st);
NODISCARD int oakum_ask_read(Ask *ask, uint64_t address, void *out, size_t len);
NODISCARD int oakum_ask_write(Ask *ask, uint64_t address, const void *data, size_t len);
/* A text of less than PATH_LIMIT bytes; its length. */
NODISCARD int oakum_ask_text(Ask *ask, uint64_t address, char out[PATH_LIMIT]);
NODISCARD int oakum_ask_set_state(Ask *ask, const State *state);
NODISCARD int oakum_fake_program_number(Fake *f, const char *path);
/* The number of equal credentials; takes nothing. */
NODISCARD int oakum_fake_cred_number(Fake *f, const Cred *cred);
NODISCARD gboolean oakum_ask_is_alive(Ask *ask);
void oakum_ask_answer(Ask *ask, int64_t result); /* a value, or -errno */
void oakum_ask_go_on(Ask *ask);

/* ---- fake-path.c */
/* The path (absolute, not clean) that `dirfd` and `path` mean, into `out`; ask->at is where it
 * begins: the asker's root, or the step's for what lies outside of the asker's. */
NODISCARD int oakum_ask_full(Ask *ask, int dirfd, const char *path, char out[PATH_LIMIT]);
/* A descriptor that stands for `object` (O_PATH), which could not be given to another process: the
 * step gets a memory file, and calls on it are answered for the object. */
NODISCARD int oakum_fake_stand_in(Fake *f, int object);
void oakum_fake_held_free(gpointer held);
/* The step's descriptor `number` as one of ours (O_PATH). */
NODISCARD int oakum_ask_theirs(const Ask *ask, int number);
/* Whether the path of the last oakum_ask_full is below what is served as /proc. */
NODISCARD gboolean oakum_ask_is_proc(const Ask *ask, const char *full);
/* Opens below `root`. `how`: flags of open(2). */
NODISCARD int oakum_fake_open(int root, const char *full, int how, mode_t mode);
/* A descriptor (O_PATH) of what a call names. `flags`: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
NODISCARD int oakum_ask_object(Ask *ask, int dirfd, uint64_t path_address, int flags);
NODISCARD int oakum_ask_object_at(Ask *ask, int dirfd, const char *path, int flags);
/* The folder that holds it (O_PATH), the name in `name`; the right to search the way there is
 * checked. */
NODISCARD int oakum_ask_parent(Ask *ask, int dirfd, const char *path, char name[256],
                               gboolean *slash);
/* The same for a path that oakum_ask_full gave. */
NODISCARD int oakum_ask_parent_of(Ask *ask, char full[PATH_LIMIT], char name[256], gboolean *slash);
/* Whether what the descriptor is of lies in the root: a step also holds descriptors of the
 * machine's (its output, /dev/null, memory files), and those are not changed for it. */
NODISCARD gboolean oakum_fake_is_inside(const Fake *f, int fd);
/* What a step is told of a file, in place of what the disk has. */
void oakum_fake_patch(const Fake *f, struct stat *st);
/* fstat(2) with the table's owner. */
NODISCARD int oakum_fake_stat(const Fake *f, int fd, struct stat *out);
/* access(2) by credentials: `want` of R_OK, W_OK, X_OK. 0 or -EACCES. */
NODISCARD int oakum_ask_may(const Ask *ask, const struct stat *st, int want, gboolean real_ids);
/* The right to search all folders above the object; root has it. */
NODISCARD int oakum_ask_may_reach(const Ask *ask, int fd);
/* What the kernel says of a name that is not there: the error `bad`, unless the asker may not
 * search a folder on the way, which it finds out first. `full` as oakum_ask_full gave it. */
NODISCARD int oakum_ask_missing(Ask *ask, const char *full, int bad);
/* The right to make and remove names in the folder `parent`. */
NODISCARD int oakum_ask_may_change(const Ask *ask, int parent);
/* Notes who made the object that `parent`/`name` (or `name` NULL: `parent` itself) is; mode with
 * type. `folder`: the one that it lies in, -1: unknown. */
NODISCARD int oakum_ask_created(Ask *ask, int folder, int at, const char *name, mode_t mode,
                                dev_t rdev);
NODISCARD gboolean oakum_cred_in_group(const Cred *cred, uint32_t gid, gboolean real_ids);
/* "/proc/self/fd/N" */
const char *oakum_fake_link(int fd, char out[32]);

/* ---- families: FALSE when the call is not theirs */
NODISCARD gboolean oakum_fake_files(Ask *ask);
NODISCARD gboolean oakum_fake_names(Ask *ask);
NODISCARD gboolean oakum_fake_attributes(Ask *ask);
NODISCARD gboolean oakum_fake_ids(Ask *ask);
NODISCARD gboolean oakum_fake_sockets(Ask *ask);
NODISCARD gboolean oakum_fake_exec(Ask *ask);
void oakum_fake_plan_free(gpointer plan);
