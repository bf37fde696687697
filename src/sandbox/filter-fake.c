/* The filters of the rung fake-root: the list of calls that a step may make at all, and on top of
 * the rules of the rung chroot those that the supervisor answers. A call that names a file is
 * either answered there or not on the list. */
#include "sandbox/loader.h"
#include "sandbox/supervisor-private.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* They name no file and reach nobody but the caller, or their arguments are judged by a rule. */
static const char *const harmless[] = {"read",
                                       "write",
                                       "close",
                                       "lseek",
                                       "mmap",
                                       "mprotect",
                                       "munmap",
                                       "brk",
                                       "rt_sigaction",
                                       "rt_sigprocmask",
                                       "rt_sigreturn",
                                       "pread64",
                                       "pwrite64",
                                       "readv",
                                       "writev",
                                       "pipe",
                                       "poll",
                                       "ppoll",
                                       "select",
                                       "pselect6",
                                       "sched_yield",
                                       "mremap",
                                       "msync",
                                       "mincore",
                                       "madvise",
                                       "dup",
                                       "dup2",
                                       "dup3",
                                       "pause",
                                       "nanosleep",
                                       "getitimer",
                                       "alarm",
                                       "setitimer",
                                       "getpid",
                                       "sendfile",
                                       "accept",
                                       "accept4",
                                       "sendto",
                                       "recvfrom",
                                       "sendmsg",
                                       "recvmsg",
                                       "sendmmsg",
                                       "recvmmsg",
                                       "shutdown",
                                       "listen",
                                       "getsockname",
                                       "getpeername",
                                       "setsockopt",
                                       "getsockopt",
                                       "clone",
                                       "fork",
                                       "vfork",
                                       "exit",
                                       "exit_group",
                                       "wait4",
                                       "waitid",
                                       "fcntl",
                                       "flock",
                                       "fsync",
                                       "fdatasync",
                                       "ftruncate",
                                       "getdents",
                                       "getdents64",
                                       "fchdir",
                                       "gettimeofday",
                                       "getrlimit",
                                       "setrlimit",
                                       "getrusage",
                                       "sysinfo",
                                       "times",
                                       "getppid",
                                       "getpgrp",
                                       "getpgid",
                                       "setpgid",
                                       "setsid",
                                       "getsid",
                                       "rt_sigpending",
                                       "rt_sigtimedwait",
                                       "rt_sigsuspend",
                                       "sigaltstack",
                                       "personality",
                                       "fstatfs",
                                       "getpriority",
                                       "setpriority",
                                       "sched_setparam",
                                       "sched_getparam",
                                       "sched_setscheduler",
                                       "sched_getscheduler",
                                       "sched_get_priority_max",
                                       "sched_get_priority_min",
                                       "sched_rr_get_interval",
                                       "sched_setaffinity",
                                       "sched_getaffinity",
                                       "sched_setattr",
                                       "sched_getattr",
                                       "mlock",
                                       "mlock2",
                                       "munlock",
                                       "mlockall",
                                       "munlockall",
                                       "prctl",
                                       "arch_prctl",
                                       "sync",
                                       "syncfs",
                                       "gettid",
                                       "readahead",
                                       "time",
                                       "futex",
                                       "futex_waitv",
                                       "futex_wake",
                                       "futex_wait",
                                       "futex_requeue",
                                       "epoll_create",
                                       "epoll_create1",
                                       "epoll_ctl",
                                       "epoll_wait",
                                       "epoll_pwait",
                                       "epoll_pwait2",
                                       "set_tid_address",
                                       "restart_syscall",
                                       "fadvise64",
                                       "timer_create",
                                       "timer_settime",
                                       "timer_gettime",
                                       "timer_getoverrun",
                                       "timer_delete",
                                       "clock_gettime",
                                       "clock_getres",
                                       "clock_nanosleep",
                                       "ioprio_set",
                                       "ioprio_get",
                                       "set_robust_list",
                                       "get_robust_list",
                                       "splice",
                                       "tee",
                                       "sync_file_range",
                                       "vmsplice",
                                       "signalfd",
                                       "signalfd4",
                                       "timerfd_create",
                                       "timerfd_settime",
                                       "timerfd_gettime",
                                       "eventfd",
                                       "eventfd2",
                                       "fallocate",
                                       "pipe2",
                                       "preadv",
                                       "pwritev",
                                       "preadv2",
                                       "pwritev2",
                                       "prlimit64",
                                       "getcpu",
                                       "seccomp",
                                       "getrandom",
                                       "memfd_create",
                                       "membarrier",
                                       "copy_file_range",
                                       "pkey_mprotect",
                                       "pkey_alloc",
                                       "pkey_free",
                                       "rseq",
                                       "close_range",
                                       "cachestat",
                                       "mbind",
                                       "set_mempolicy",
                                       "get_mempolicy",
                                       "set_mempolicy_home_node",
                                       "landlock_create_ruleset",
                                       "landlock_add_rule",
                                       "landlock_restrict_self",
                                       "shmget",
                                       "shmat",
                                       "shmctl",
                                       "shmdt",
                                       "semget",
                                       "semop",
                                       "semctl",
                                       "semtimedop",
                                       "msgget",
                                       "msgsnd",
                                       "msgrcv",
                                       "msgctl",
                                       "ioctl",
                                       "socketpair",
                                       "socket",
                                       "mseal",
                                       "remap_file_pages"};
/* Answered by the supervisor on this rung only. */
static const char *const answered[] = {
    /* files */
    "stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "statfs",
    "truncate", "chdir", "chroot", "getcwd",
    /* names */
    "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link",
    "linkat", "symlink", "symlinkat", "mknod", "mknodat",
    /* attributes */
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat", "utime",
    "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "getxattr",
    "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr", "removexattr",
    "lremovexattr", "fremovexattr",
    /* ids */
    "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "setuid",
    "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups",
    "umask", "capget", "capset",
    /* programs and sockets */
    "execve", "execveat", "bind", "connect"};

static int by_number(const void *a, const void *b)
{
  return *(const int *)a - *(const int *)b;
}

static size_t numbers_of(const char *const *names, size_t n, int *out)
{
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    int number = seccomp_syscall_resolve_name(names[i]);
    if (number >= 0)
      out[count++] = number;
  }
  return count;
}

/* The list as ranges of numbers; everything else does not exist (ENOSYS), also what later kernels
 * bring. */
static gboolean load_list(void)
{
  enum { NAMES = G_N_ELEMENTS(harmless) + G_N_ELEMENTS(answered) + OAKUM_FILTER_ASKED };
  int numbers[NAMES];
  struct sock_filter code[3 * NAMES + 8];
  unsigned short n = 0;
  size_t count = numbers_of(harmless, G_N_ELEMENTS(harmless), numbers);
  count += numbers_of(answered, G_N_ELEMENTS(answered), numbers + count);
  count += numbers_of(oakum_filter_asked, OAKUM_FILTER_ASKED, numbers + count); /* as on chroot */
  qsort(numbers, count, sizeof(int), by_number);
  code[n++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
  code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
  code[n++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < count;) {
    size_t j = i;
    while (j + 1 < count && numbers[j + 1] <= numbers[j] + 1)
      j++;
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)numbers[i], 0, 2);
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)numbers[j], 1, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    i = j + 1;
  }
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
  struct sock_fprog program = {n, code};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) == 0;
}

static gboolean add(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned n,
                    const struct scmp_arg_cmp *args)
{
  int number = seccomp_syscall_resolve_name(name);
  return number < 0 || seccomp_rule_add_array(ctx, action, number, n, args) == 0;
}

static gboolean add_answered(scmp_filter_ctx ctx)
{
  static const int prctls[] = {PR_CAPBSET_READ, PR_CAPBSET_DROP, OAKUM_LOADER_OPTION};
  static const int granted[] = {PR_SET_DUMPABLE, PR_SET_SECUREBITS};
  for (size_t i = 0; i < G_N_ELEMENTS(answered); i++)
    if (!add(ctx, SCMP_ACT_NOTIFY, answered[i], 0, NULL))
      return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(prctls); i++)
    if (!add(ctx, SCMP_ACT_NOTIFY, "prctl", 1,
             (struct scmp_arg_cmp[]){
                 SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, (scmp_datum_t)prctls[i])}))
      return FALSE;
  /* to stop being dumpable would only hide it from us */
  for (size_t i = 0; i < G_N_ELEMENTS(granted); i++)
    if (!add(ctx, SCMP_ACT_ERRNO(0), "prctl", 1,
             (struct scmp_arg_cmp[]){
                 SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, (scmp_datum_t)granted[i])}))
      return FALSE;
  /* that limit holds what a process is */
  static const char *const limits[] = {"getrlimit", "setrlimit"};
  for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
    if (!add(ctx, SCMP_ACT_NOTIFY, limits[i], 1, /* the kernel takes an unsigned int */
             (struct scmp_arg_cmp[]){SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, 10)}))
      return FALSE;
  if (!add(ctx, SCMP_ACT_NOTIFY, "prlimit64", 1,
           (struct scmp_arg_cmp[]){SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, 10)}))
    return FALSE;
  /* AF_UNIX is asked; all families but the known ones do not exist */
  if (!add(ctx, SCMP_ACT_NOTIFY, "socket", 1,
           (struct scmp_arg_cmp[]){SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, 1)}) ||
      !add(ctx, SCMP_ACT_NOTIFY, "socketpair", 2,
           (struct scmp_arg_cmp[]){SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, 1),
                                   SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, 2 /* DGRAM */)}) ||
      !add(ctx, SCMP_ACT_NOTIFY, "socketpair", 2,
           (struct scmp_arg_cmp[]){SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, 1),
                                   SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, 3 /* RAW, a DGRAM too */)}))
    return FALSE;
  return TRUE;
}

/* Families of sockets other than those of the Internet, netlink, and (asked) AF_UNIX. */
static gboolean load_families(void)
{
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 6),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 10, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 16, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {G_N_ELEMENTS(code), code};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) == 0;
}

gboolean oakum_sandbox_load_fake_filter(int *listener)
{
  return load_list() && load_families() && oakum_sandbox_load_supervised(add_answered, listener);
}
