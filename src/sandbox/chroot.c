/* The rung for places where nothing may be mounted: the supervisor. It is the parent of the step
 * and the reaper of all its descendants, holds no secret, and answers the system calls that the
 * filter hands over. It is single-threaded: one request at a time, each answered from what it
 * opened itself. */
#include "os/os.h"
#include "sandbox/supervisor-private.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- the builder's end
 */
/* Set when the builder is gone: then nobody waits for the step, and it must not outlive us. */
static volatile sig_atomic_t abandoned;

static void on_abandoned(int number)
{
  (void)number;
  abandoned = 1;
}

/* In place of the sudden end that children of ours have: it would leave the step's descendants. */
void oakum_supervisor_hear_of_the_end(void)
{
  static pid_t parent;
  struct sigaction action = {.sa_handler = on_abandoned};
  if (parent == 0) {
    parent = getppid();
    sigaction(SIGTERM, &action, NULL);
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent)
    abandoned = 1;
}

/* ---- the asker's memory
 * ------------------------------------------------------------------------------ */
/* Opening what /proc guards of a process needs its ids where we lack CAP_SYS_PTRACE, so they are
 * borrowed for that one call: -1 when it is gone. *tgid gets its process. */
static int open_guarded(const Supervisor *s, const Request *request, const char *name, int flags,
                        pid_t *tgid)
{
  guint64 uid[4], gid[4], process;
  char path[64];
  if (!oakum_proc_status(request->tid, "Uid:", uid, 4) ||
      !oakum_proc_status(request->tid, "Gid:", gid, 4) ||
      !oakum_proc_status(request->tid, "Tgid:", &process, 1))
    return -1;
  *tgid = (pid_t)process;
  g_snprintf(path, sizeof(path), "/proc/%d/%s", (int)request->tid, name);
  gboolean other = uid[1] != 0;
  if (other) {
    setfsgid((gid_t)gid[1]);
    setfsuid((uid_t)uid[1]);
  }
  int fd = open(path, flags | O_CLOEXEC);
  if (other) {
    setfsuid(0);
    setfsgid(0);
    oakum_supervisor_hear_of_the_end();
  }
  /* the number could have been given to another process between the question and the opening */
  guint64 id = request->notif->id;
  if (fd >= 0 && ioctl(s->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) != 0)
    oakum_fd_clear(&fd);
  return fd;
}

/* Access to the memory is judged at opening. */
static int open_memory(const Supervisor *s, Request *request)
{
  if (request->mem == -1)
    request->mem = open_guarded(s, request, "mem", O_RDWR, &request->pid);
  return request->mem;
}

gboolean oakum_supervisor_read_path(const Supervisor *s, Request *request, uint64_t address,
                                    char out[PATH_LIMIT])
{
  int mem = open_memory(s, request);
  size_t have = 0;
  while (mem >= 0 && have < PATH_LIMIT) {
    /* up to the end of a page: the next one may not be there */
    size_t chunk = MIN(PATH_LIMIT - have, 4096 - (address + have) % 4096);
    ssize_t n = pread(mem, out + have, chunk, (off_t)(address + have));
    if (n <= 0)
      return FALSE;
    if (memchr(out + have, '\0', (size_t)n))
      return TRUE;
    have += (size_t)n;
  }
  return FALSE;
}

/* ---- paths
 * ---------------------------------------------------------------------------------------------- */
/* Where a relative path begins, as a path inside the root; FALSE: outside or unknown. */
static gboolean base_folder(const Supervisor *s, const Request *request, int dirfd, char *out,
                            size_t len)
{
  char link[64], target[8192];
  if (dirfd == AT_FDCWD)
    g_snprintf(link, sizeof(link), "/proc/%d/cwd", (int)request->tid);
  else
    g_snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)request->tid, dirfd);
  ssize_t n = readlink(link, target, sizeof(target) - 1);
  size_t prefix = strlen(s->root_path);
  if (n < 0)
    return FALSE;
  target[n] = '\0';
  if (strncmp(target, s->root_path, prefix) != 0 ||
      (target[prefix] != '/' && target[prefix] != '\0'))
    return FALSE;
  return (size_t)g_snprintf(out, len, "%s", target[prefix] ? target + prefix : "/") < len;
}

char *oakum_supervisor_full(const Supervisor *s, const Request *request, int dirfd,
                            const char *path)
{
  char base[8192];
  if (path[0] == '/')
    return g_strdup(path);
  return base_folder(s, request, dirfd, base, sizeof(base)) ? g_strconcat(base, "/", path, NULL)
                                                            : NULL;
}

/* A clean absolute path by its text alone, one link of the few that lead into /proc replaced. */
char *oakum_supervisor_absolute(const Supervisor *s, const Request *request, int dirfd,
                                const char *path)
{
  g_autofree char *full = oakum_supervisor_full(s, request, dirfd, path);
  if (!full)
    return NULL;
  char *clean = g_canonicalize_filename(full, "/");
  if (strcmp(clean, "/dev/fd") == 0 || g_str_has_prefix(clean, "/dev/fd/")) {
    char *other = g_strconcat("/proc/self/fd", clean + 7, NULL);
    g_free(clean);
    return other;
  }
  static const char *const standard[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
  for (int i = 0; i < 3; i++)
    if (strcmp(clean, standard[i]) == 0) {
      g_free(clean);
      return g_strdup_printf("/proc/self/fd/%d", i);
    }
  if (strcmp(clean, "/etc/mtab") == 0) {
    char target[64];
    ssize_t n = readlinkat(s->root, "etc/mtab", target, sizeof(target) - 1);
    if (n > 0 && g_strstr_len(target, n, "proc/")) {
      g_free(clean);
      return g_strdup("/proc/self/mounts");
    }
  }
  return clean;
}

/* ---- answers
 * -----------------------------------------------------------------------------------------------
 */
void oakum_supervisor_respond(const Supervisor *s, const struct seccomp_notif *notif, int64_t value,
                              int errnum, gboolean go_on)
{
  struct seccomp_notif_resp resp = {.id = notif->id,
                                    .val = errnum ? 0 : value,
                                    .error = -errnum,
                                    .flags = go_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0};
  (void)!ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND,
               &resp); /* ENOENT: the asker was killed meanwhile */
}

void oakum_supervisor_give(const Supervisor *s, const struct seccomp_notif *notif, int fd,
                           gboolean cloexec)
{
  struct seccomp_notif_addfd add = {.id = notif->id,
                                    .srcfd = (uint32_t)fd,
                                    .flags = SECCOMP_ADDFD_FLAG_SEND,
                                    .newfd_flags = cloexec ? O_CLOEXEC : 0};
  if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0 || errno == ENOENT)
    return;
  if (errno == EINVAL) { /* before 5.14: two calls */
    add.flags = 0;
    int number = ioctl(s->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    if (number >= 0) {
      oakum_supervisor_respond(s, notif, number, 0, FALSE);
      return;
    }
  }
  oakum_supervisor_respond(s, notif, 0, errno, FALSE);
}

/* -2: no secret lies at this path; -1 with errno; else a new descriptor. */
static int open_secret(const Supervisor *s, pid_t tid, const char *path, uint64_t flags)
{
  struct stat st;
  guint64 uid[4], gid[4];
  if (!oakum_secrets_any(s->secrets) || (flags & O_PATH))
    return -2;
  OAKUM_AUTO_FD fd = oakum_root_open(s->root, path, O_PATH, 0,
                                     flags & O_NOFOLLOW ? OAKUM_ROOT_NOFOLLOW_LAST : 0, NULL);
  if (fd < 0 || fstat(fd, &st) < 0)
    return -2;
  if (!oakum_proc_status(tid, "Uid:", uid, 4) || !oakum_proc_status(tid, "Gid:", gid, 4)) {
    errno = ESRCH;
    return -1;
  }
  return oakum_secrets_open(s->secrets, &st, flags, (uint32_t)uid[3], (uint32_t)gid[3]);
}

static void answer_open(Supervisor *s, Request *request, int dirfd, uint64_t path_address,
                        uint64_t flags)
{
  char path[PATH_LIMIT];
  g_autofree char *clean = NULL;
  if (oakum_supervisor_read_path(s, request, path_address, path))
    clean = oakum_supervisor_absolute(s, request, dirfd, path);
  if (clean)
    oakum_proc_note(s->proc, request->pid);
  gboolean ours = clean && (g_str_has_prefix(clean, "/proc") || g_str_has_prefix(clean, "/dev/") ||
                            g_str_has_prefix(clean, "/sys/"));
  int fd = ours && !(flags & O_PATH)
               ? oakum_proc_open(s->proc, request->pid, request->tid, clean, (int)flags)
               : -2;
  if (clean && !ours)
    fd = open_secret(s, request->tid, clean, flags);
  if (fd >= 0) {
    oakum_supervisor_give(s, request->notif, fd, (flags & O_CLOEXEC) != 0);
    close(fd);
  } else {
    oakum_supervisor_respond(s, request->notif, 0, fd == -1 ? errno : 0, fd == -2);
  }
}

static void answer_readlink(Supervisor *s, Request *request, int dirfd, uint64_t path_address,
                            uint64_t buffer, uint64_t len)
{
  char path[PATH_LIMIT], target[PATH_LIMIT];
  g_autofree char *clean = NULL;
  if (oakum_supervisor_read_path(s, request, path_address, path))
    clean = oakum_supervisor_absolute(s, request, dirfd, path);
  gssize n =
      clean && g_str_has_prefix(clean, "/proc/") && (int64_t)len > 0
          ? oakum_proc_readlink(s->proc, request->pid, request->tid, clean, target, sizeof(target))
          : -2;
  if (n < 0) {
    oakum_supervisor_respond(s, request->notif, 0, n == -1 ? errno : 0, n == -2);
    return;
  }
  size_t use = MIN((size_t)n, len);
  if (pwrite(request->mem, target, use, (off_t)buffer) != (ssize_t)use)
    oakum_supervisor_respond(s, request->notif, 0, EFAULT, FALSE);
  else
    oakum_supervisor_respond(s, request->notif, (int64_t)use, 0, FALSE);
}

/* ---- signals
 * ------------------------------------------------------------------------------------------------
 */
typedef struct {
  guint64 uid[4], group, session, tgid;
} Who;

static gboolean who_is(pid_t pid, Who *who)
{
  char path[64], text[1024];
  *who = (Who){0};
  if (!oakum_proc_status(pid, "Uid:", who->uid, 4) ||
      !oakum_proc_status(pid, "Tgid:", &who->tgid, 1))
    return FALSE;
  g_snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
  OAKUM_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
  if (n <= 0)
    return FALSE;
  text[n] = '\0';
  const char *behind = strrchr(text, ')');
  return behind && sscanf(behind + 1, " %*c %*d %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                          &who->group, &who->session) == 2;
}

/* kill(2)'s rule: root, or a real or effective id that is the target's real or saved one. */
static gboolean may_signal(const Who *from, const Who *to, int number)
{
  if (from->uid[1] == 0 || (number == SIGCONT && from->session == to->session))
    return TRUE;
  return from->uid[1] == to->uid[0] || from->uid[1] == to->uid[2] || from->uid[0] == to->uid[0] ||
         from->uid[0] == to->uid[2];
}

/* Pins the process, makes sure that it is the step's, and sends. 0 or an errno value. */
static int signal_one(const Supervisor *s, pid_t pid, int number, const Who *from)
{
  Who to;
  OAKUM_AUTO_FD pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (pidfd < 0 || !oakum_proc_in_tree(s->proc, pid) || !who_is(pid, &to))
    return ESRCH;
  if (!may_signal(from, &to, number))
    return EPERM;
  return syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) == 0 ? 0 : errno;
}

static void answer_kill(Supervisor *s, Request *request, pid_t target, int number)
{
  Who from;
  if (number < 0 || number > 64 || target == INT_MIN || !who_is(request->tid, &from)) {
    oakum_supervisor_respond(s, request->notif, 0, target == INT_MIN ? ESRCH : EINVAL, FALSE);
    return;
  }
  pid_t caller = (pid_t)from.tgid;
  if (target > 0) {
    if (target == caller) /* a process is alive while it asks: its number means itself */
      oakum_supervisor_respond(s, request->notif, 0, 0, TRUE);
    else
      oakum_supervisor_respond(s, request->notif, 0, signal_one(s, target, number, &from), FALSE);
    return;
  }
  guint64 group = target == 0 ? from.group : target == -1 ? 0 : (guint64)(-(int64_t)target);
  g_autoptr(GArray) tree = oakum_proc_tree(s->proc);
  int result = ESRCH;
  gboolean self = FALSE;
  for (guint i = 0; i < tree->len; i++) {
    pid_t pid = g_array_index(tree, pid_t, i);
    Who to;
    if (!who_is(pid, &to) || (group != 0 && to.group != group) || (target == -1 && pid == caller))
      continue;
    if (pid == caller) { /* last, so that the others are not missed */
      self = TRUE;
      continue;
    }
    int one = signal_one(s, pid, number, &from);
    result = one == 0 || result == 0 ? 0 : one;
  }
  if (self)
    result = signal_one(s, caller, number, &from);
  oakum_supervisor_respond(s, request->notif, 0, result, FALSE);
}

/* tgkill, rt_tgsigqueueinfo: threads of the caller's own process go on; of others as a process
 * signal. */
static void answer_thread_kill(Supervisor *s, Request *request, pid_t tgid, pid_t tid, int number)
{
  guint64 own, theirs;
  if (tgid == 0 && oakum_proc_status(tid, "Tgid:", &theirs, 1))
    tgid = (pid_t)theirs;
  if (!oakum_proc_status(request->tid, "Tgid:", &own, 1) || tgid <= 0)
    oakum_supervisor_respond(s, request->notif, 0, ESRCH, FALSE);
  else if ((pid_t)own == tgid && request->notif->data.nr != SYS_tkill)
    oakum_supervisor_respond(s, request->notif, 0, 0, TRUE);
  else
    answer_kill(s, request, tgid, number);
}

static void answer_pidfd_open(Supervisor *s, Request *request, pid_t pid, unsigned flags)
{
  OAKUM_AUTO_FD fd = (int)syscall(SYS_pidfd_open, pid, flags);
  if (fd < 0 || !oakum_proc_in_tree(s->proc, pid))
    oakum_supervisor_respond(s, request->notif, 0, fd < 0 ? errno : ESRCH, FALSE);
  else
    oakum_supervisor_give(s, request->notif, fd, TRUE);
}

/* The descriptor need not come from pidfd_open(2): the other end of a socket is asked for one, too.
 * It is sent to whom the descriptor means now, never by the call itself. */
static void answer_pidfd_signal(const Supervisor *s, Request *request)
{
  const __u64 *a = request->notif->data.args;
  int number = (int)a[1], bad = EBADF;
  char name[32], info[512];
  Who from;
  g_snprintf(name, sizeof(name), "fdinfo/%d", (int)a[0]);
  OAKUM_AUTO_FD fd = open_guarded(s, request, name, O_RDONLY, &request->pid);
  ssize_t n = fd >= 0 ? read(fd, info, sizeof(info) - 1) : -1;
  info[MAX(n, 0)] = '\0';
  const char *line = strstr(info, "\nPid:");
  if (line && (number < 0 || number > 64 || a[3] != 0))
    bad = EINVAL;
  else if (line) {
    long pid = strtol(line + 5, NULL, 10);
    bad = pid > 0 && who_is(request->tid, &from) ? signal_one(s, (pid_t)pid, number, &from) : ESRCH;
  }
  oakum_supervisor_respond(s, request->notif, 0, bad, FALSE);
}

/* The machine has the name that it has on the other rungs, which /etc/hosts knows. */
static void answer_uname(Supervisor *s, Request *request, uint64_t to)
{
  struct utsname name;
  int bad = uname(&name) < 0 ? errno : 0;
  g_strlcpy(name.nodename, "oakum", sizeof(name.nodename));
  if (bad == 0 && (open_memory(s, request) < 0 ||
                   pwrite(request->mem, &name, sizeof(name), (off_t)to) != (ssize_t)sizeof(name)))
    bad = EFAULT;
  oakum_supervisor_respond(s, request->notif, 0, bad, FALSE);
}

/* Calls on another process that only tune it: for the step's own, else as if it did not exist. */
static void answer_other(Supervisor *s, Request *request, pid_t pid)
{
  gboolean ours = pid == 0 || oakum_proc_in_tree(s->proc, pid);
  oakum_supervisor_respond(s, request->notif, 0, ours ? 0 : ESRCH, ours);
}

static void answer(Supervisor *s, const struct seccomp_notif *notif)
{
  if (s->fake && oakum_fake_answer(s, notif))
    return;
  Request request = {.notif = notif, .pid = (pid_t)notif->pid, .tid = (pid_t)notif->pid, .mem = -1};
  const __u64 *a = notif->data.args;
  switch (notif->data.nr) {
  case SYS_open:
    answer_open(s, &request, AT_FDCWD, a[0], a[1]);
    break;
  case SYS_creat:
    answer_open(s, &request, AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC);
    break;
  case SYS_openat:
    answer_open(s, &request, (int)a[0], a[1], a[2]);
    break;
  case SYS_openat2: {
    struct open_how how;
    if (a[3] >= sizeof(how) && open_memory(s, &request) >= 0 &&
        pread(request.mem, &how, sizeof(how), (off_t)a[2]) == (ssize_t)sizeof(how) &&
        how.resolve == 0)
      answer_open(s, &request, (int)a[0], a[1], how.flags);
    else
      oakum_supervisor_respond(s, notif, 0, 0, TRUE);
    break;
  }
  case SYS_uname:
    answer_uname(s, &request, a[0]);
    break;
  case SYS_readlink:
    answer_readlink(s, &request, AT_FDCWD, a[0], a[1], a[2]);
    break;
  case SYS_readlinkat:
    answer_readlink(s, &request, (int)a[0], a[1], a[2], a[3]);
    break;
  case SYS_kill:
    answer_kill(s, &request, (pid_t)a[0], (int)a[1]);
    break;
  case SYS_rt_sigqueueinfo:
    answer_kill(s, &request, MAX((pid_t)a[0], 0) ? (pid_t)a[0] : INT_MIN, (int)a[1]);
    break;
  case SYS_tkill:
    answer_thread_kill(s, &request, 0, (pid_t)a[0], (int)a[1]);
    break;
  case SYS_tgkill:
  case SYS_rt_tgsigqueueinfo:
    answer_thread_kill(s, &request, (pid_t)a[0], (pid_t)a[1], (int)a[2]);
    break;
  case SYS_mknod:
    oakum_supervisor_answer_node(s, &request, AT_FDCWD, a[0], (mode_t)a[1], (unsigned)a[2]);
    break;
  case SYS_mknodat:
    oakum_supervisor_answer_node(s, &request, (int)a[0], a[1], (mode_t)a[2], (unsigned)a[3]);
    break;
  case SYS_chroot:
    s->refused |= OAKUM_REFUSED_CHROOT;
    oakum_supervisor_respond(s, notif, 0, EPERM, FALSE);
    break;
  case SYS_shmget:
  case SYS_semget:
  case SYS_msgget:
  case SYS_mq_open:
    oakum_supervisor_answer_ipc(s, &request);
    break;
  case SYS_pidfd_open:
    answer_pidfd_open(s, &request, (pid_t)a[0], (unsigned)a[1]);
    break;
  case SYS_pidfd_send_signal:
    answer_pidfd_signal(s, &request);
    break;
  case SYS_fcntl: /* F_SETOWN */
    answer_other(s, &request, (pid_t)a[2] < 0 ? INT_MAX : (pid_t)a[2]);
    break;
  case SYS_setpriority:
    answer_other(s, &request, (int)a[0] == PRIO_PROCESS ? (pid_t)a[1] : INT_MAX);
    break;
  case SYS_ioprio_set:
    answer_other(s, &request, (int)a[0] == 1 ? (pid_t)a[1] : INT_MAX);
    break;
  default: /* sched_*, prlimit64 */
    answer_other(s, &request, (pid_t)a[0]);
  }
  oakum_fd_clear(&request.mem);
}

/* ---- the step
 * ------------------------------------------------------------------------------------------------
 */
typedef struct {
  int socket;
  gboolean offline;
} FilterLoad;

gboolean oakum_sandbox_send_listener(int to, int listener)
{
  char byte = 'l';
  struct iovec iov = {&byte, 1};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct msghdr message = {
      .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &listener, sizeof(int));
  gboolean ok = sendmsg(to, &message, 0) == 1;
  close(listener);
  close(to);
  return ok;
}

static gboolean load_and_send(void *user)
{
  const FilterLoad *load = user;
  int listener = -1;
  return oakum_sandbox_load_filter(TRUE, load->offline, &listener) &&
         oakum_sandbox_send_listener(load->socket, listener);
}

static int receive_listener(int from)
{
  char byte;
  struct iovec iov = {&byte, 1};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct msghdr message = {
      .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
  int listener = -1;
  if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
    memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
  return listener;
}

static _Noreturn void child_body(const StepOrder *order, int root, int to)
{
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (order->owners)
    oakum_fake_become(order, root, to);
  if (setsid() < 0 || fchdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0) {
    oakum_sandbox_complain("chroot");
    _exit(125);
  }
  FilterLoad load = {to, order->offline};
  oakum_sandbox_become(order, TRUE, load_and_send, &load);
}

static gint64 now_ms(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (gint64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Our own children by the kernel's short list of them (proc(5); not every kernel has it): a process
 * that forks and ends at once is another one before all of /proc has been read, and is our child as
 * soon as its parent is gone. */
static void kill_children(void)
{
  char path[64], text[16384];
  g_snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
  for (guint round = 0; round < OAKUM_KILL_ROUNDS; round++) {
    OAKUM_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (n <= 0)
      return;
    text[n] = '\0';
    if ((size_t)n == sizeof(text) - 1) { /* the last number may be half of one */
      char *blank = strrchr(text, ' ');
      *(blank ? blank : text) = '\0';
    }
    char *at = text, *end;
    for (long pid; (pid = strtol(at, &end, 10)) > 0 && end != at; at = end)
      kill((pid_t)pid, SIGKILL);
  }
}

/* Kills every descendant: they all fall to us, since we are their sub-reaper. FALSE: some are left.
 */
static gboolean kill_tree(const Supervisor *s)
{
  gint64 deadline = now_ms() + OAKUM_KILL_MS;
  signal(SIGCHLD, SIG_IGN); /* who is dead is gone at once and in no list */
  do {
    kill_children();
    g_autoptr(GArray) tree = oakum_proc_tree(s->proc);
    for (guint i = 0; i < tree->len; i++)
      kill(g_array_index(tree, pid_t, i), SIGKILL);
    while (waitpid(-1, NULL, WNOHANG) > 0) { /* those that were dead before */
    }
    if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
      return TRUE;
    g_usleep(1000);
  } while (now_ms() < deadline);
  return FALSE;
}

static void serve_one(Supervisor *s, struct seccomp_notif *notif)
{
  memset(notif, 0, s->sizes.seccomp_notif);
  if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, notif) == 0)
    answer(s, notif);
}

static StepReport supervise(Supervisor *s, const StepOrder *order, pid_t main_pid)
{
  StepReport report = {0, STEP_LIMIT_NONE};
  g_autofree struct seccomp_notif *notif = g_malloc0(MAX(s->sizes.seccomp_notif, sizeof(*notif)));
  OAKUM_AUTO_FD pidfd = (int)syscall(SYS_pidfd_open, main_pid, 0);
  gint64 deadline = now_ms() + (gint64)order->timeout_s * 1000, next_count = 0;
  for (;;) {
    struct pollfd fds[2] = {{.fd = s->listener, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
    if ((poll(fds, 2, 500) < 0 && errno != EINTR) || abandoned)
      break;
    if (fds[0].revents & POLLIN)
      serve_one(s, notif);
    gint64 now = now_ms();
    pid_t pid;
    int status;
    gboolean done = FALSE;
    /* not all that ended: who forks faster than we hear of it would keep us here for ever */
    for (guint i = 0;
         !done && i < OAKUM_REAP_MAX && ((fds[1].revents & POLLIN) || now >= next_count) &&
         (pid = waitpid((fds[1].revents & POLLIN) ? main_pid : -1, &status, WNOHANG)) > 0;
         i++)
      if (pid == main_pid) {
        report.status = status;
        done = TRUE;
      }
    if (s->main_status != -1) { /* it ended while it was traced */
      report.status = s->main_status;
      done = TRUE;
    }
    if (done)
      return report;
    if (now >= next_count) {
      next_count = now + 500;
      oakum_proc_refresh(s->proc);
      g_autoptr(GArray) tree = oakum_proc_tree(s->proc);
      if (tree->len > order->max_processes)
        report.limit = STEP_LIMIT_PROCESSES;
      if (now >= deadline)
        report.limit = STEP_LIMIT_TIME;
      if (report.limit != STEP_LIMIT_NONE)
        return report;
    }
  }
  return report;
}

StepReport oakum_sandbox_chroot_body(const StepOrder *order)
{
  StepReport failed = {0, STEP_SETUP_FAILED};
  int pair[2];
  Supervisor s = {.listener = -1, .root_path = order->root, .main_status = -1};
  s.root = open(order->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (s.root < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ||
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
      syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &s.sizes) < 0) {
    oakum_sandbox_complain("supervisor");
    return failed;
  }
  s.secrets = oakum_secrets_load(order, s.root);
  if (!s.secrets) {
    oakum_sandbox_complain("secrets");
    close(s.root);
    return failed;
  }
  if (order->owners && !(s.fake = oakum_fake_new(order, s.root)))
    return failed;
  oakum_supervisor_hear_of_the_end();
  pid_t pid = s.main_pid = fork();
  if (pid == 0) {
    signal(SIGTERM, SIG_DFL);
    close(pair[0]);
    child_body(order, s.root, pair[1]);
  }
  close(pair[1]);
  s.proc = oakum_proc_server_new(order->root, s.root, getpid());
  s.listener = pid > 0 ? receive_listener(pair[0]) : -1;
  close(pair[0]);
  StepReport report = failed;
  if (s.listener >= 0) {
    /* asker and answerer take turns: on one processor they need not wait for a wake-up (Linux 6.6,
     * SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) */
    if (s.fake)
      (void)!ioctl(s.listener, _IOW('!', 4, uint64_t), 1UL);
    report = supervise(&s, order, pid);
    if (report.status != 0)
      oakum_supervisor_tell_refused(&s);
    /* what still runs is killed while we still answer nobody: an unanswered call ends with its
     * asker */
    oakum_fd_clear(&s.listener);
  }
  if (!kill_tree(&s))
    report.limit = STEP_ALIVE;
  oakum_supervisor_end_ipc(&s);
  oakum_proc_server_free(s.proc);
  g_array_unref(s.secrets);
  if (s.fake && report.limit != STEP_SETUP_FAILED && !oakum_fake_save(s.fake))
    report = failed;
  oakum_fake_free(s.fake);
  close(s.root);
  return report;
}
