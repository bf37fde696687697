/* A process that is about to read bytes from strangers gives up everything that it does not need
 * for that: capabilities, files, network, other processes. */
#include "os/os.h"
#include "sandbox/sandbox-private.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* Memory, time, and descriptors that are open already. */
static const char *const computing[] = {
    "brk",          "munmap",        "mremap",          "madvise",
    "futex",        "read",          "readv",           "pread64",
    "write",        "writev",        "lseek",           "close",
    "fstat",        "poll",          "ppoll",           "exit",
    "exit_group",   "rt_sigaction",  "rt_sigreturn",    "rt_sigprocmask",
    "sigaltstack",  "clock_gettime", "clock_nanosleep", "nanosleep",
    "gettimeofday", "time",          "getrandom",       "sched_yield",
    "getpid",       "gettid",        "restart_syscall", "sched_getaffinity",
    "getrusage",    "sysinfo",       "uname",           "membarrier"};
/* What a tree on disk takes besides, read only. */
static const char *const looking[] = {"getdents64", "readlinkat", "fstatfs", "statx", "newfstatat"};
/* Others set a descriptor's owner, who is then sent signals. */
static const int harmless_fcntl[] = {F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC};

/* Whether there is a terminal, and how wide: for progress. */
static const int harmless_ioctl[] = {TCGETS, TIOCGWINSZ};

static gboolean allow(scmp_filter_ctx ctx, const char *name)
{
  int number = seccomp_syscall_resolve_name(name);
  return number == __NR_SCMP_ERROR || number < 0 ||
         seccomp_rule_add(ctx, SCMP_ACT_ALLOW, number, 0) == 0;
}

/* Threads, which share all that was given up; never a process. clone3(2) has its flags in memory,
 * where no filter sees them: the C library then takes clone(2), and wants to register each thread.
 */
static gboolean allow_threads(scmp_filter_ctx ctx)
{
  const scmp_datum_t mask = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWNS | CLONE_NEWUSER |
                            CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                            CLONE_NEWCGROUP | CLONE_PTRACE | CLONE_PARENT | CLONE_VFORK;
  return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
         seccomp_rule_add(
             ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
             SCMP_A0(SCMP_CMP_MASKED_EQ, mask, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)) == 0 &&
         allow(ctx, "set_robust_list") && allow(ctx, "rseq");
}

static gboolean load_filter(gboolean files)
{
  /* what is not allowed is "not there": libraries that look for a file of theirs go on without it
   */
  scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOENT));
  gboolean ok =
      ctx != NULL && seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
  for (size_t i = 0; ok && i < G_N_ELEMENTS(computing); i++)
    ok = allow(ctx, computing[i]);
  ok = ok && allow_threads(ctx);
  for (size_t i = 0; ok && files && i < G_N_ELEMENTS(looking); i++)
    ok = allow(ctx, looking[i]);
  for (size_t i = 0; ok && i < G_N_ELEMENTS(harmless_fcntl); i++)
    ok = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                          SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)harmless_fcntl[i])) == 0;
  for (size_t i = 0; ok && i < G_N_ELEMENTS(harmless_ioctl); i++)
    ok = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                          SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)harmless_ioctl[i])) == 0;
  /* memory that is run is there already */
  for (int i = 0; ok && i < 2; i++)
    ok = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, i ? SCMP_SYS(mmap) : SCMP_SYS(mprotect), 1,
                          SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
  /* abort(3) sends a signal; fstat(3) is a look-up of "" */
  ok = ok &&
       seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                        SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) == 0 &&
       (files || seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                                  SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH)) == 0);
  /* openat2 has its flags in memory, where no filter sees them; os has a way without it */
  ok = ok && seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0) == 0;
  if (files)
    ok = ok && seccomp_rule_add(
                   ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                   SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)) == 0;
  ok = ok && seccomp_load(ctx) == 0;
  if (ctx)
    seccomp_release(ctx);
  return ok;
}

/* Reading below one folder and nothing else, or nothing at all. Kernels without Landlock have the
 * filter alone. */
static gboolean restrict_files(int folder)
{
  struct landlock_ruleset_attr attr = {
      .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                           LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                           LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                           LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                           LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                           LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                           LANDLOCK_ACCESS_FS_MAKE_SYM};
  OAKUM_AUTO_FD rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0U);
  if (rules < 0)
    return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM;
  struct landlock_path_beneath_attr below = {.parent_fd = folder,
                                             .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
                                                               LANDLOCK_ACCESS_FS_READ_DIR};
  if (folder >= 0 &&
      syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0U) != 0)
    return FALSE;
  return syscall(SYS_landlock_restrict_self, rules, 0U) == 0;
}

/* Only what reading files of any owner takes is kept, and only where there are files to read. */
static gboolean drop_capabilities(gboolean files)
{
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  if (syscall(SYS_capget, &header, data) < 0)
    return FALSE;
  guint32 keep =
      files ? data[0].permitted & (1u << CAP_DAC_READ_SEARCH | 1u << CAP_DAC_OVERRIDE) : 0;
  data[0].permitted = data[0].effective = keep;
  data[0].inheritable = data[1].permitted = data[1].effective = data[1].inheritable = 0;
  return syscall(SYS_capset, &header, data) == 0;
}

gboolean oakum_sandbox_confine(int folder, GError **error)
{
  struct rlimit none = {0, 0};
  const char *failed = NULL;
  setrlimit(RLIMIT_CORE, &none);
#ifndef OAKUM_SANITIZED /* whose shadow memory is larger than any machine */
  struct rlimit memory = {OAKUM_CONFINED_MEMORY_MAX, OAKUM_CONFINED_MEMORY_MAX};
  setrlimit(RLIMIT_AS, &memory);
#endif
  struct rlimit time = {OAKUM_CONFINED_CPU_S, OAKUM_CONFINED_CPU_S};
  setrlimit(RLIMIT_CPU, &time);
  if (!drop_capabilities(folder >= 0))
    failed = "capabilities";
  else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    failed = "no_new_privs";
  else if (!restrict_files(folder))
    failed = "Landlock";
  else if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || !load_filter(folder >= 0))
    failed = "seccomp";
  if (failed)
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "%s", failed);
  return failed == NULL;
}
