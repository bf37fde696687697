#pragma once
#include "sandbox/sandbox.h"

/* A mount as the re-executed process has it; texts of `data` in base64. */
typedef struct {
  char *target, *source, *upper, *work, *data;
  uint64_t kind, size, mode, uid, gid;
  gboolean read_only;
} StepMount;

/* What the re-executed process reads from its descriptor 3. */
typedef struct {
  char *rung, *root, *cwd;
  char *upper, *work; /* NULL: no overlay */
  char **lowers;      /* with them; empty: the root */
  char *owners;       /* file of the table of owners; NULL: not the rung fake-root */
  char **script;      /* name and text; empty: none */
  char **argv, **envp;
  char *cgroup;                /* folder of the cgroup to join; NULL: none holds the limits */
  uint64_t memory, cpus_milli; /* then: what a process can hold itself to; 0: no limit */
  uint64_t uid, gid, timeout_s, max_processes;
  char **groups;     /* numbers */
  GPtrArray *mounts; /* StepMount, those that hold others first */
  gboolean offline;
} StepOrder;

/* How a process of ours inside a step tells its end: written to descriptor 4. */
typedef struct {
  int status; /* wait(2) */
  int limit;  /* 0, or one of these */
} StepReport;
enum {
  STEP_LIMIT_NONE,
  STEP_LIMIT_TIME,
  STEP_LIMIT_PROCESSES,
  STEP_SETUP_FAILED,
  STEP_ALIVE /* some of its processes could not be ended */
};
#define STEP_ORDER_FD 3
#define STEP_REPORT_FD 4

/* The capabilities that container engines give by default. */
#define OAKUM_DEFAULT_CAPABILITIES                                                                 \
  CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FSETID, CAP_FOWNER, CAP_NET_RAW, CAP_SETGID, CAP_SETUID,        \
      CAP_SETFCAP, CAP_NET_BIND_SERVICE, CAP_KILL, CAP_AUDIT_WRITE

/* The two bodies of the re-executed process. They do not return errors but print them to standard
 * error, where the step's own output goes, and report STEP_SETUP_FAILED. */
NODISCARD StepReport oakum_sandbox_root_body(const StepOrder *order);
NODISCARD StepReport oakum_sandbox_chroot_body(const StepOrder *order);
/* Becomes the step: capabilities, ids, folder, exec. `strict`: also MKNOD, SYS_CHROOT and SETPCAP
 * go, and no_new_privs. `before_ids` runs while still privileged (may be NULL). Never returns. */
_Noreturn void oakum_sandbox_become(const StepOrder *order, gboolean strict,
                                    gboolean (*before_exec)(void *), void *user);
void oakum_sandbox_complain(const char *what);

/* ---- limits
 * ------------------------------------------------------------------------------------ */
/* A cgroup with the limits, or NULL where none may be made; a folder, new string. */
NODISCARD char *oakum_cgroup_new(const OakumStepLimits *limits);
/* Removes it; takes `path` (may be NULL). TRUE: the kernel killed for want of memory. */
gboolean oakum_cgroup_end(char *path);
NODISCARD gboolean oakum_cgroup_join(const char *path);
/* Hold this process, and those that it starts, as far as it goes without a cgroup. The memory comes
 * last before the step's program starts, the processors before a filter forbids to choose. */
NODISCARD gboolean oakum_limits_memory(uint64_t memory);
NODISCARD gboolean oakum_limits_cpus(uint64_t cpus_milli);

/* What the probes try, in a child of theirs: FALSE with errno. */
NODISCARD gboolean oakum_sandbox_try_mounts(void);
/* Mounts an overlay of the folders (`lowers`: topmost first, ends with NULL; without `upper` at
 * least two) at `target`; FALSE with errno. It does not sync: what a crash leaves of a step is
 * thrown away. */
NODISCARD gboolean oakum_sandbox_mount_overlay(const char *const *lowers, const char *upper,
                                               const char *work, const char *target);
/* Writes the program below the folder "pipes" of /dev; FALSE with errno. */
NODISCARD gboolean oakum_sandbox_write_script(int dev, const char *name, const char *text);
/* As oakum_sandbox_probe. */
NODISCARD gboolean oakum_sandbox_try_userns(char **why);
/* Runs `body` in a child as uid 0 of a new user namespace: 0 or an errno; -1 with *why (may be
 * NULL) when there is none. */
NODISCARD int oakum_sandbox_try_inside(int (*body)(void *user), void *user, char **why);
/* Whether /etc/subuid and /etc/subgid give this user ids. */
NODISCARD gboolean oakum_sandbox_has_range(void);

/* ---- mounts
 * ------------------------------------------------------------------------------------------ */
/* Targets of the step's mounts in the root, as the builder prepares and restores them. */
typedef struct OakumTargets OakumTargets;
/* Makes what the root lacks of the targets, and, with `lend`, puts the sources there. `root` is
 * borrowed. On an error everything is as it was. */
NODISCARD OakumTargets *oakum_targets_new(int root, const OakumStep *step, gboolean lend,
                                          GError **error);
/* The mounts in the order in which they are made: those that hold others first. Array of const
 * OakumStepMount *; borrowed. */
NODISCARD const GPtrArray *oakum_targets_mounts(const OakumTargets *places);
/* Puts everything back: what the root had, what was lent, and takes away what was made. */
/* The root that they were made for is thrown away: nothing is put back. */
void oakum_targets_forget(OakumTargets *places);
void oakum_targets_free(OakumTargets *places);
/* Gives the mount at `target` these flags (MS_...) on top of those that a user namespace may not
 * take away. FALSE with errno. */
NODISCARD gboolean oakum_sandbox_remount(const char *target, unsigned long flags);
/* In the step's own mount namespace, in the folder that becomes its root: FALSE with errno, and
 * *failed the target. /dev must be there. */
NODISCARD gboolean oakum_sandbox_make_mounts(const StepOrder *order, const char **failed);

/* ---- seccomp
 * ------------------------------------------------------------------------------------- */
/* What the supervisor answers on both rungs without namespaces. */
#define OAKUM_FILTER_ASKED 17u
extern const char *const oakum_filter_asked[OAKUM_FILTER_ASKED];
/* Loads the filter; `supervised`: with the notifications of the chroot rung, *listener gets the
 * descriptor. FALSE with errno. */
/* `offline`: no socket but local ones. */
NODISCARD gboolean oakum_sandbox_load_filter(gboolean supervised, gboolean offline, int *listener);
/* As supervised, with the rules that `more` adds (its argument: a scmp_filter_ctx), and askers that
 * wait for their answer. */
NODISCARD gboolean oakum_sandbox_load_supervised(gboolean (*more)(void *), int *listener);

/* ---- the supervisor's /proc
 * ---------------------------------------------------------------------- */
typedef struct ProcServer ProcServer;
/* `root_path` absolute and without links; `root` its descriptor. `self` is the top of the tree. */
NODISCARD ProcServer *oakum_proc_server_new(const char *root_path, int root, pid_t self);
void oakum_proc_server_free(ProcServer *server);
/* TRUE when `pid` (or the process of that thread) is a descendant of the supervisor. */
NODISCARD gboolean oakum_proc_in_tree(const ProcServer *server, pid_t pid);
/* All descendants, the nearest first. Array of pid_t. */
NODISCARD GArray *oakum_proc_tree(const ProcServer *server);
/* Makes the folder of a process that was seen, so that its name can be looked up; refresh brings
 * all folders up to date with the tree. */
void oakum_proc_note(ProcServer *server, pid_t pid);
/* As it, with the names of all that the folder holds. FALSE: no process of the step. */
NODISCARD gboolean oakum_proc_note_files(ProcServer *server, pid_t pid);
void oakum_proc_refresh(ProcServer *server);
/* A descriptor for `path` (clean, absolute inside the root) as thread `tid` of process `pid` would
 * see it; -1 with errno: refuse; -2: not ours, let the kernel go on. */
NODISCARD int oakum_proc_open(ProcServer *server, pid_t pid, pid_t tid, const char *path,
                              int flags);
/* Target of a link below /proc, or -1 with errno, or -2. */
NODISCARD gssize oakum_proc_readlink(ProcServer *server, pid_t pid, pid_t tid, const char *path,
                                     char *out, size_t len);
/* One field of /proc/PID/status as numbers ("Uid:", "Gid:", "Tgid:", "PPid:"); FALSE when gone. */
NODISCARD gboolean oakum_proc_status(pid_t pid, const char *field, guint64 *numbers, guint n);
