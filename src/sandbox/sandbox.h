/* sandbox: runs one build step in a root folder, isolated from the builder. Rank 2. It knows
 * nothing of images or Dockerfiles.
 *
 * The step starts in a process of its own that executes this program again ("oakum:step"), so that
 * it has one thread, an empty environment, and no descriptor but its own. On every rung the whole
 * process tree is killed and reaped at the end.
 *
 *   root    new mount, pid, ipc and uts namespaces; /proc, /dev and /sys of its own; pivot_root.
 *   chroot  where mounts and namespaces are denied: chroot, capabilities cut down, no_new_privs,
 * and a seccomp supervisor that serves /proc and stands between the step and every process that is
 *           not its own. The supervisor only gives: what it answers it opened itself from a list,
 * and letting the kernel go on is harmless whatever the step does to its memory meanwhile, since
 *           nothing inside the root leads out.
 *   fake-root  where a builder has no privilege at all: every call that names a file is done by the
 *           supervisor below the root, ids are what the step believes, and owners, modes and
 * devices stand in a table (os/owners.h). userns  as root, inside a user namespace that
 * oakum_sandbox_enter_userns has made around the builder. */
#pragma once
#include "base/base.h"
#include <sys/types.h>

OAKUM_DECLARE_ERROR(sandbox)
#define OAKUM_SANDBOX_ERROR (oakum_sandbox_error_quark())

typedef enum {
  OAKUM_RUNG_USERNS,
  OAKUM_RUNG_ROOT,
  OAKUM_RUNG_CHROOT,
  OAKUM_RUNG_FAKE_ROOT
} OakumRung;
#define OAKUM_RUNGS 4
NODISCARD const char *oakum_rung_name(OakumRung rung);
/* Whether steps of the rung have mounts of their own; else sources are lent by renaming. */
NODISCARD gboolean oakum_rung_mounts(OakumRung rung);
NODISCARD gboolean oakum_rung_parse(const char *text, OakumRung *out);

typedef enum {
  OAKUM_STEP_MOUNT_PATH,   /* a folder, file or socket that lies elsewhere */
  OAKUM_STEP_MOUNT_TMPFS,  /* an empty folder in memory */
  OAKUM_STEP_MOUNT_SECRET, /* a read-only file whose bytes are never on a disk */
} OakumStepMountKind;
/* What the step sees at a place of its root, and what is gone from there after it. Targets that the
 * root lacks are made for the time of the step. Where nothing may be mounted (chroot) a source is
 * lent by renaming it: it must lie on the file system of `scratch` and be nobody else's meanwhile,
 * and what is written there stays in it, also when it is read-only. */
typedef struct {
  OakumStepMountKind kind;
  const char *target;       /* below the root, no leading slash, no links on the way; UTF-8 */
  const char *source;       /* PATH: absolute, without links; UTF-8 */
  const char *upper, *work; /* PATH of a folder: empty folders that take what is written; NULL: the
                               source takes it */
  gboolean read_only;
  uint64_t size; /* TMPFS: bytes at most; 0: the kernel's own limit */
  OakumSlice data;
  uint32_t mode, uid, gid; /* of a SECRET; the mode of a TMPFS, too */
} OakumStepMount;

typedef enum {
  OAKUM_NETWORK_HOST, /* that of the builder */
  OAKUM_NETWORK_NONE, /* none but its own loopback; on the rung chroot not even that */
} OakumNetwork;
/* "host", "none". */
NODISCARD gboolean oakum_network_parse(const char *text, OakumNetwork *out);

/* What all processes of a step may take together; 0: no limit. A cgroup of its own holds it where
 * one is delegated; else each process by itself is held to the memory (RLIMIT_DATA), and all to a
 * whole number of processors (affinity). */
typedef struct {
  uint64_t memory;  /* bytes */
  guint cpus_milli; /* thousandths of a processor */
} OakumStepLimits;
/* What of the limits cannot be held here to the letter, to be told to the user; NULL: all is. New
 * string. */
NODISCARD char *oakum_sandbox_limits_note(const OakumStepLimits *limits);

typedef struct {
  const char *root;          /* absolute path of the folder that becomes "/" */
  const char *scratch;       /* folder on the same file system that the step does not see */
  const char *upper, *work;  /* empty folders there (userns, root): the step runs on an overlay over
                                the root, and what it changes is in `upper`; NULL: in the root */
  const char *const *lowers; /* with them: the folders that the root is a view of, topmost first;
                                NULL: the root itself */
  const char *owners; /* fake-root: file of the table of owners (os/owners.h), read before the step
                         and written after it; NULL: one that nobody wants to see */
  const char *const *argv, *const *envp; /* complete; argv[0] is searched in envp's PATH */
  const char *cwd;                       /* inside the root; made by the caller */
  uid_t uid;
  gid_t gid;
  const gid_t *groups;
  size_t n_groups;
  int out, err;    /* borrowed descriptors */
  const int *stop; /* a descriptor: when it can be read, the step is ended; NULL: nobody ends it */
  guint timeout_s, max_processes; /* 0: OAKUM_STEP_TIMEOUT_S, OAKUM_STEP_PROCESSES_MAX */
  OakumStepLimits limits;
  const char *script_name, *script; /* a program at /dev/pipes/NAME; NULL: none */
  const OakumStepMount *mounts;
  size_t n_mounts;
  OakumNetwork network;
  const char *hosts, *resolv_conf; /* texts of the files in etc that it sees; NULL: none. What
                                      stood there comes back after the step */
} OakumStep;

/* Whether a rung works here: really tried, in a child. *why (new string, may be NULL) says why not.
 */
NODISCARD gboolean oakum_sandbox_probe(OakumRung rung, char **why);
/* The one change to this machine, pod or user that would most likely make the rung work, as a part
 * of a sentence; from what the kernel tells of this process. */
NODISCARD const char *oakum_sandbox_advise(OakumRung rung);
/* Whether readers of foreign bytes can be confined here (oakum_sandbox_confine): tried in a child.
 * *why (new string) says why not. */
NODISCARD gboolean oakum_sandbox_probe_confine(char **why);
/* For the rung userns: starts this program again with argc and argv (without a program name) as uid
 * 0 of a new user namespace, and waits. A plain user's ids are its own and those of /etc/subuid and
 * /etc/subgid, given by newuidmap(1) and newgidmap(1); root keeps its ids. *status is a wait(2)
 * status. Call it before there are threads. UNSUPPORTED, DENIED when it cannot be made. */
NODISCARD gboolean oakum_sandbox_enter_userns(int argc, char **argv, int *status, GError **error);
/* main() marks the process that was started as "oakum:userns". */
void oakum_sandbox_mark_userns(void);
NODISCARD gboolean oakum_sandbox_in_userns(void);
/* Whether steps of this rung can run on an overlay whose folders lie in `folder`: really tried,
 * with a file that goes and a folder that is made anew. FALSE on the rungs chroot and fake-root. */
NODISCARD gboolean oakum_sandbox_probe_overlay(OakumRung rung, const char *folder);
/* A view is an overlay that the builder itself looks at. It needs mounts of this process's own,
 * which are taken before there are threads; FALSE where they cannot be had. All of it goes with the
 * process. Whether views can be made below `folder` is really tried. */
NODISCARD gboolean oakum_sandbox_take_mounts(void);
NODISCARD gboolean oakum_sandbox_probe_view(const char *folder);
/* Mounts the folders, topmost first, at `target` (all but the lowest, and it, on one file system);
 * what is changed there goes to `upper` (`work`: an empty folder), NULL: nothing may be, and there
 * must be two. */
NODISCARD gboolean oakum_sandbox_mount_view(const char *const *lowers, const char *upper,
                                            const char *work, const char *target, GError **error);
void oakum_sandbox_unmount_view(const char *target);
/* Runs the step to its end. *status is a wait(2) status of its first process. Everything that the
 * sandbox put into the root (below dev, proc and sys, the files in etc) is gone again afterwards.
 * LIMIT when time or processes ran out, CANCELLED when it was ended by `stop`. Any number of
 * threads may run steps at a time, each in another root. */
NODISCARD gboolean oakum_sandbox_run(OakumRung rung, const OakumStep *step, int *status,
                                     GError **error);
/* Gives up, in this process and for good, all that reading bytes from open descriptors does not
 * take: capabilities, files, network, children, other processes (seccomp, Landlock where the kernel
 * has it, no_new_privs), and sets limits of memory and processor time. `folder`: a descriptor below
 * which files may still be read, -1: none. The process must have one thread. FALSE when it cannot
 * be done; then nothing may be read. */
NODISCARD gboolean oakum_sandbox_confine(int folder, GError **error);
/* Re-execution entry, for the table in main(): name "step". */
NODISCARD int oakum_sandbox_step_main(int argc, char **argv);
