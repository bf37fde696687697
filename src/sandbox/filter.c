/* What a step may not ask of the kernel, on top of the capabilities it lacks. */
#include "os/os.h"
#include "sandbox/sandbox-private.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define OAKUM_IOPRIO_WHO_USER 3 /* linux/ioprio.h, which not every machine has */
#ifndef FIOSETOWN
#define FIOSETOWN 0x8901
#endif
#ifndef SIOCSPGRP
#define SIOCSPGRP 0x8902
#endif

/* Denied on every rung: they reach the kernel or other containers, and no build needs them. */
static const char *const denied[] = {"acct",
                                     "add_key",
                                     "bpf",
                                     "clock_adjtime",
                                     "clock_settime",
                                     "create_module",
                                     "delete_module",
                                     "finit_module",
                                     "get_kernel_syms",
                                     "init_module",
                                     "io_uring_enter",
                                     "io_uring_register",
                                     "io_uring_setup",
                                     "ioperm",
                                     "iopl",
                                     "kexec_file_load",
                                     "kexec_load",
                                     "keyctl",
                                     "lookup_dcookie",
                                     "mount_setattr",
                                     "nfsservctl",
                                     "open_by_handle_at",
                                     "perf_event_open",
                                     "pivot_root",
                                     "process_madvise",
                                     "quotactl",
                                     "reboot",
                                     "request_key",
                                     "settimeofday",
                                     "setns",
                                     "swapoff",
                                     "swapon",
                                     "syslog",
                                     "umount2",
                                     "mount",
                                     "fsopen",
                                     "fsconfig",
                                     "fsmount",
                                     "fspick",
                                     "move_mount",
                                     "open_tree",
                                     "unshare",
                                     "userfaultfd",
                                     "uselib",
                                     "vhangup",
                                     "vm86",
                                     "vm86old",
                                     "adjtimex"};
/* Denied where the step shares its process table with the builder. */
static const char *const denied_shared[] = {
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
    "kcmp",   "migrate_pages",    "move_pages",        "process_mrelease"};
const char *const oakum_filter_asked[OAKUM_FILTER_ASKED] = {
    /* files */
    "open", "openat", "openat2", "creat", "readlink", "readlinkat",
    /* signals */
    "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open",
    "pidfd_send_signal",
    /* what the machine is called */
    "uname",
    /* what outlives every process */
    "shmget", "semget", "msgget"};
/* Asked when the first argument names a process other than the caller by 0. */
static const char *const asked_pid[] = {"sched_setaffinity", "sched_setscheduler", "sched_setparam",
                                        "sched_setattr", "prlimit64"};

static gboolean deny(scmp_filter_ctx ctx, const char *name)
{
  int number = seccomp_syscall_resolve_name(name);
  /* a call that this machine's library does not know cannot be named in its filter either */
  return number == __NR_SCMP_ERROR || number < 0 ||
         seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), number, 0) == 0;
}

static gboolean ask(scmp_filter_ctx ctx, const char *name)
{
  int number = seccomp_syscall_resolve_name(name);
  return number < 0 || seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, number, 0) == 0;
}

/* Asked when argument `which` is not 0, which means the caller itself. */
static gboolean ask_other(scmp_filter_ctx ctx, const char *name, guint which)
{
  int number = seccomp_syscall_resolve_name(name);
  return number < 0 ||
         seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, number, 1, SCMP_CMP64(which, SCMP_CMP_GT, 0)) == 0;
}

static gboolean add_supervised(scmp_filter_ctx ctx)
{
  for (size_t i = 0; i < G_N_ELEMENTS(denied_shared); i++)
    if (!deny(ctx, denied_shared[i]))
      return FALSE;
  for (size_t i = 0; i < OAKUM_FILTER_ASKED; i++)
    if (!ask(ctx, oakum_filter_asked[i]))
      return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(asked_pid); i++)
    if (!ask_other(ctx, asked_pid[i], 0))
      return FALSE;
  if (!ask_other(ctx, "setpriority", 1) || !ask_other(ctx, "ioprio_set", 1))
    return FALSE;
  /* of users 0 is the caller's, whose other processes can be the builder's */
  if (seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(setpriority), 1,
                       SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, PRIO_USER)) != 0 ||
      seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(ioprio_set), 1,
                       SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, OAKUM_IOPRIO_WHO_USER)) != 0)
    return FALSE;
  /* a signal can also be asked for by way of a descriptor's owner */
  return seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(fcntl), 1,
                          SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, F_SETOWN)) == 0 &&
         seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fcntl), 1,
                          SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, F_SETOWN_EX)) == 0 &&
         seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                          SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, FIOSETOWN)) == 0 &&
         seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                          SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, SIOCSPGRP)) == 0;
}

/* What libseccomp of Debian 12 cannot load itself: a filter whose asker, once heard, can only be
 * killed, so that an answer that was acted on always arrives (Linux 5.19). */
static gboolean load_patient(scmp_filter_ctx ctx, int *listener)
{
  OAKUM_AUTO_FD file = memfd_create("filter", MFD_CLOEXEC);
  struct stat st;
  if (file < 0 || seccomp_export_bpf(ctx, file) < 0 || fstat(file, &st) < 0)
    return FALSE;
  size_t len = (size_t)st.st_size;
  g_autofree struct sock_filter *code = g_malloc0(len);
  if (pread(file, code, len, 0) != (ssize_t)len)
    return FALSE;
  struct sock_fprog program = {(unsigned short)(len / sizeof(*code)), code};
  unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  *listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                           flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
  if (*listener < 0 && errno == EINVAL)
    *listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return *listener >= 0;
}

static gboolean load_filter(gboolean supervised, gboolean (*more)(scmp_filter_ctx),
                            gboolean patient, int *listener)
{
  static const unsigned long namespaces[] = {CLONE_NEWNS,   CLONE_NEWUTS, CLONE_NEWIPC,
                                             CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
                                             0x02000000 /* CGROUP */};
  scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
  gboolean ok =
      ctx && seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, supervised ? 1 : 0) == 0 &&
      /* other word sizes and x32 have numbers of their own, which no rule below speaks of */
      seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) == 0;
  for (size_t i = 0; ok && i < G_N_ELEMENTS(denied); i++)
    ok = deny(ctx, denied[i]);
  for (size_t i = 0; ok && i < G_N_ELEMENTS(namespaces); i++)
    ok = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                          SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i])) == 0;
  /* its flags are in memory, which a filter cannot see; every libc falls back to clone */
  ok = ok && seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
       seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                        SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCSTI)) == 0 &&
       seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                        SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCLINUX)) == 0;
  ok = ok && (!supervised || add_supervised(ctx)) && (!more || more(ctx));
  if (ok && patient) {
    ok = load_patient(ctx, listener);
  } else if (ok && seccomp_load(ctx) == 0) {
    if (supervised)
      ok = (*listener = seccomp_notify_fd(ctx)) >= 0;
  } else {
    ok = FALSE;
  }
  if (ctx)
    seccomp_release(ctx);
  return ok;
}

/* What only the rung chroot asks: there a step has the user 0 but may neither make devices nor take
 * another root (nodes.c); and queues, which do not exist on the other one. */
static gboolean add_refused(void *filter)
{
  static const scmp_datum_t devices[] = {S_IFCHR, S_IFBLK};
  for (size_t i = 0; i < G_N_ELEMENTS(devices); i++)
    if (seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(mknod), 1,
                         SCMP_A1(SCMP_CMP_MASKED_EQ, S_IFMT, devices[i])) != 0 ||
        seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(mknodat), 1,
                         SCMP_A2(SCMP_CMP_MASKED_EQ, S_IFMT, devices[i])) != 0)
      return FALSE;
  return seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(mq_open), 0) == 0 &&
         seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(chroot), 0) == 0;
}

static gboolean add_offline(void *filter)
{
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                          SCMP_A0(SCMP_CMP_NE, AF_UNIX)) == 0;
}

static gboolean add_both(void *filter)
{
  return add_refused(filter) && add_offline(filter);
}

gboolean oakum_sandbox_load_filter(gboolean supervised, gboolean offline, int *listener)
{
  gboolean (*more)(void *) = supervised && offline ? add_both
                             : supervised          ? add_refused
                             : offline             ? add_offline
                                                   : NULL;
  return load_filter(supervised, more, FALSE, listener);
}

gboolean oakum_sandbox_load_supervised(gboolean (*more)(void *), int *listener)
{
  return load_filter(TRUE, more, TRUE, listener);
}
