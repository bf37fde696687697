/* The rung with namespaces: the first process of a new pid namespace builds the step's world,
 * starts the step and reaps; when it ends, the kernel kills what is left. */
#include "os/os.h"
#include "sandbox/sandbox-private.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The devices that every container has, by linux/Documentation/admin-guide/devices.txt. */
static const struct {
  const char *name;
  unsigned major, minor;
} devices[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
               {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

/* Owned by an id that this user namespace does not know: nobody in it can change mode or owner. */
static gboolean is_strange(const char *path)
{
  struct stat st;
  g_autofree char *uid = NULL, *gid = NULL;
  return stat(path, &st) == 0 &&
         oakum_file_read("/proc/sys/kernel/overflowuid", OAKUM_KIB, &uid, NULL, NULL) &&
         oakum_file_read("/proc/sys/kernel/overflowgid", OAKUM_KIB, &gid, NULL, NULL) &&
         st.st_uid == g_ascii_strtoull(uid, NULL, 10) &&
         st.st_gid == g_ascii_strtoull(gid, NULL, 10);
}

/* One device at its place in /dev, from `nodes`, a folder of the step's own: else a step could
 * change mode and owner of the machine's. Where none can be made (a user namespace) the machine's
 * is shown, read-only where the namespace knows its owner: that keeps its inode as it is and lets
 * it be written to. */
static gboolean bind_device(size_t i, const char *nodes)
{
  g_autofree char *own = g_build_filename(nodes, devices[i].name, NULL),
                  *from = g_strconcat("/dev/", devices[i].name, NULL),
                  *to = g_strconcat("dev/", devices[i].name, NULL);
  int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  oakum_fd_clear(&fd);
  if (mknod(own, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)) == 0 &&
      chmod(own, 0666) == 0 && mount(own, to, NULL, MS_BIND, NULL) == 0) {
    fd = open(to, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 || errno == ENXIO) { /* no terminal */
      oakum_fd_clear(&fd);
      return TRUE;
    }
    if (umount2(to, MNT_DETACH) < 0) /* made, but not to be opened */
      return FALSE;
  }
  return mount(from, to, NULL, MS_BIND, NULL) == 0 &&
         (is_strange(to) || oakum_sandbox_remount(to, MS_RDONLY));
}

/* /dev itself takes no devices: what a step makes there it cannot open, though it may make it. */
static gboolean make_devices(void)
{
  static const char nodes[] = "proc"; /* not mounted yet */
  if (mount("tmpfs", nodes, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=700,size=64k") < 0)
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(devices); i++)
    if (!bind_device(i, nodes))
      return FALSE;
  return umount2(nodes, MNT_DETACH) == 0;
}

/* A step may want something else there. */
static gboolean make_shared_memory(const StepOrder *order)
{
  for (guint i = 0; order->mounts && i < order->mounts->len; i++)
    if (strcmp(((const StepMount *)order->mounts->pdata[i])->target, "dev/shm") == 0)
      return TRUE;
  return mkdir("dev/shm", 0755) == 0 &&
         mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
               "mode=1777,size=65536k") == 0;
}

static gboolean make_dev(const StepOrder *order)
{
  static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},
                                         {"/proc/self/fd/0", "dev/stdin"},
                                         {"/proc/self/fd/1", "dev/stdout"},
                                         {"/proc/self/fd/2", "dev/stderr"},
                                         {"pts/ptmx", "dev/ptmx"}};
  if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=755,size=65536k") <
          0 ||
      !make_devices())
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
    if (symlink(links[i][0], links[i][1]) < 0)
      return FALSE;
  if (!make_shared_memory(order) || mkdir("dev/pts", 0755) < 0 || mkdir("dev/mqueue", 0755) < 0)
    return FALSE;
  /* a terminal is a comfort that few steps need */
  (void)!mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
               "newinstance,ptmxmode=0666,mode=0620");
  return TRUE;
}

/* On a mount of its own, since nothing else in /dev may be executed. */
static gboolean make_script(const StepOrder *order)
{
  if (!order->script[0] || !order->script[1])
    return TRUE;
  if (mkdir("dev/pipes", 0755) < 0 ||
      mount("tmpfs", "dev/pipes", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=65536k") < 0)
    return FALSE;
  OAKUM_AUTO_FD dev = open("dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return dev >= 0 && oakum_sandbox_write_script(dev, order->script[0], order->script[1]);
}

static gboolean make_proc(void)
{
  static const char *const masked[] = {"proc/kcore", "proc/keys", "proc/timer_list",
                                       "proc/latency_stats", "proc/sched_debug"};
  static const char *const read_only[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                          "proc/sysrq-trigger"};
  static const char *const empty[] = {"proc/acpi", "proc/scsi"};
  if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(masked); i++)
    if (mount("dev/null", masked[i], NULL, MS_BIND, NULL) < 0 && errno != ENOENT)
      return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(empty); i++)
    if (mount("tmpfs", empty[i], "tmpfs", MS_RDONLY, "size=0") < 0 && errno != ENOENT)
      return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(read_only); i++)
    if ((mount(read_only[i], read_only[i], NULL, MS_BIND | MS_REC, NULL) < 0 ||
         mount(NULL, read_only[i], NULL,
               MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) &&
        errno != ENOENT)
      return FALSE;
  /* sysfs shows the network of its owner; where it may not be mounted an empty folder stands in */
  if (mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL) < 0)
    return mount("tmpfs", "sys", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "size=0") ==
           0;
  (void)!mount("tmpfs", "sys/firmware", "tmpfs", MS_RDONLY, "size=0");
  return TRUE;
}

gboolean oakum_sandbox_remount(const char *target, unsigned long flags)
{
  static const struct {
    unsigned long told, flag;
  } locked[] = {{ST_NOSUID, MS_NOSUID},    {ST_NODEV, MS_NODEV},     {ST_NOEXEC, MS_NOEXEC},
                {ST_RDONLY, MS_RDONLY},    {ST_NOATIME, MS_NOATIME}, {ST_NODIRATIME, MS_NODIRATIME},
                {ST_RELATIME, MS_RELATIME}};
  struct statvfs st;
  flags |= MS_BIND | MS_REMOUNT;
  if (statvfs(target, &st) < 0)
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(locked); i++)
    if (st.f_flag & locked[i].told)
      flags |= locked[i].flag;
  return mount(NULL, target, NULL, flags, NULL) == 0;
}

static gboolean mount_root(const StepOrder *order)
{
  const char *root[] = {order->root, NULL};
  const char *const *lowers = *order->lowers ? (const char *const *)order->lowers : root;
  if (order->upper)
    return oakum_sandbox_mount_overlay(lowers, order->upper, order->work, order->root);
  return mount(order->root, order->root, NULL, MS_BIND, NULL) == 0 &&
         oakum_sandbox_remount(order->root, MS_NODEV);
}

/* A network namespace begins with its loopback down. */
static gboolean raise_loopback(void)
{
  struct ifreq request = {.ifr_name = "lo"};
  OAKUM_AUTO_FD fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  request.ifr_flags = IFF_UP;
  return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static gboolean make_world(const StepOrder *order)
{
  const char *failed = NULL, *place;
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || !mount_root(order) ||
      chdir(order->root) < 0)
    failed = "root";
  else if (!make_dev(order) || !make_script(order))
    failed = "/dev";
  else if (!make_proc())
    failed = "/proc";
  else if (!oakum_sandbox_make_mounts(order, &place))
    failed = place;
  else if (order->offline && !raise_loopback())
    failed = "loopback";
  else if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
    failed = "pivot_root";
  else if (sethostname("oakum", 5) < 0 && errno != EPERM) /* a pod's filter may keep its own name */
    failed = "host name";
  if (failed)
    oakum_sandbox_complain(failed);
  return failed == NULL;
}

static gboolean load_filter(void *user)
{
  int listener;
  return oakum_sandbox_load_filter(FALSE, FALSE, &listener);
}

static gint64 now_ms(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (gint64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Process 1 of the new namespace. */
static _Noreturn void init_body(const StepOrder *order, int report_fd)
{
  StepReport report = {0, STEP_SETUP_FAILED};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (make_world(order)) {
    /* the namespace's own limit, where the kernel has one (6.14) */
    pid_t pid = fork();
    if (pid == 0) {
      setsid();
      oakum_sandbox_become(order, FALSE, load_filter, NULL);
    }
    gint64 deadline = now_ms() + (gint64)order->timeout_s * 1000;
    OAKUM_AUTO_FD pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    report.limit = STEP_LIMIT_NONE;
    for (gboolean done = pid < 0; !done;) {
      struct pollfd wait_for = {.fd = pidfd, .events = POLLIN};
      (void)poll(&wait_for, 1, 500);
      pid_t got;
      int status;
      /* not all that ended: who forks faster than we hear of it would keep us here for ever */
      for (guint i = 0; !done && i < OAKUM_REAP_MAX && (got = waitpid(-1, &status, WNOHANG)) > 0;
           i++)
        if (got == pid) {
          report.status = status;
          done = TRUE;
        }
      guint processes = 0;
      g_autoptr(GDir) dir = done ? NULL : g_dir_open("/proc", 0, NULL);
      for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;)
        processes += g_ascii_isdigit(*name);
      if (!done && (processes > order->max_processes || now_ms() > deadline)) {
        report.limit = processes > order->max_processes ? STEP_LIMIT_PROCESSES : STEP_LIMIT_TIME;
        done = TRUE;
      }
    }
  }
  if (write(report_fd, &report, sizeof(report)) < 0)
    _exit(1);
  _exit(0); /* everything else in the namespace dies with us */
}

static volatile pid_t init_pid;

/* The builder wants the step no longer. All that is in the namespace dies with its first process,
 * and that one is waited for. */
static void on_stop(int number)
{
  (void)number;
  if (init_pid > 0)
    kill(init_pid, SIGKILL);
}

StepReport oakum_sandbox_root_body(const StepOrder *order)
{
  StepReport report = {0, STEP_SETUP_FAILED};
  int fds[2];
  struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART}, before;
  sigset_t set, mask;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
              (order->offline ? CLONE_NEWNET : 0)) < 0 ||
      pipe2(fds, O_CLOEXEC) < 0) {
    oakum_sandbox_complain("namespaces");
    return report;
  }
  sigprocmask(SIG_BLOCK, &set, &mask);
  sigaction(SIGTERM, &stop, &before);
  pid_t pid = fork();
  if (pid == 0) {
    sigaction(SIGTERM, &before, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    close(fds[0]);
    init_body(order, fds[1]);
  }
  init_pid = pid;
  sigprocmask(SIG_SETMASK, &mask, NULL);
  close(fds[1]);
  if (pid < 0 || read(fds[0], &report, sizeof(report)) != (ssize_t)sizeof(report))
    report = (StepReport){0, STEP_SETUP_FAILED};
  close(fds[0]);
  if (pid > 0)
    waitpid(pid, NULL, 0);
  return report;
}
