/* What a hostile RUN would try. Prints "ESCAPED <what>" for each attempt that succeeds, "done" at
 * the end. argv[1]: a secret text that only the builder knows the place of (its environment and a
 * file). */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *secret;

static void escaped(const char *what, int number)
{
  printf("ESCAPED %s %d\n", what, number);
  fflush(stdout);
}

/* Reads up to 1 MiB of a file and looks for the secret. */
static int leaks(const char *path)
{
  static char buffer[1 << 20];
  int fd = open(path, O_RDONLY | O_NONBLOCK);
  if (fd < 0)
    return 0;
  ssize_t n = read(fd, buffer, sizeof(buffer));
  close(fd);
  return n > 0 && memmem(buffer, (size_t)n, secret, strlen(secret)) != NULL;
}

static int is_mine(int pid)
{
  return pid == getpid();
}

static volatile int racing = 1;
static char raced[64];
static void *racer(void *unused)
{
  static const char *const paths[] = {"/proc/1/environ", "/proc/self/stat"};
  for (unsigned i = 0; racing; i++)
    memcpy(raced, paths[i & 1], strlen(paths[i & 1]) + 1);
  return unused;
}

int main(int argc, char **argv)
{
  char path[256];
  secret = argc > 1 ? argv[1] : "none";
  /* descriptors that were left open */
  for (int fd = 3; fd < 1024; fd++)
    if (fcntl(fd, F_GETFD) >= 0)
      escaped("kept-descriptor", fd);
  extern char **environ;
  for (char **e = environ; *e; e++)
    if (strstr(*e, secret))
      escaped("environment", 0);
  /* other processes, by every number */
  int ppid = getppid();
  for (int pid = 1; pid < 70000; pid++) {
    static const char *const files[] = {"environ", "mem",  "maps", "cmdline", "root/etc/passwd",
                                        "cwd/x",   "fd/3", "exe",  "status"};
    if (is_mine(pid))
      continue;
    if (kill(pid, 0) == 0)
      escaped("kill-0", pid);
    if (pid > 400 && pid != ppid && (pid < getpid() - 300 || pid > getpid() + 50))
      continue; /* the rest is too slow to try in full for all */
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
      snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
      int fd = open(path, O_RDONLY | O_NONBLOCK);
      if (fd >= 0) {
        escaped(path, fd);
        close(fd);
      }
      snprintf(path, sizeof(path), "/proc/self/../%d/%s", pid, files[i]);
      fd = open(path, O_RDONLY | O_NONBLOCK);
      if (fd >= 0) {
        escaped(path, fd);
        close(fd);
      }
    }
    char link[64];
    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    if (readlink(path, link, sizeof(link)) >= 0)
      escaped("readlink-exe", pid);
    if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0)
      escaped("ptrace", pid);
    char byte;
    struct iovec local = {&byte, 1}, remote = {(void *)0x400000, 1};
    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) >= 0 || errno == EFAULT)
      escaped("process_vm_readv", pid);
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd >= 0)
      escaped("pidfd_open", pid);
    if (kill(pid, SIGKILL) == 0)
      escaped("kill-9", pid);
    if (kill(-pid, SIGKILL) == 0)
      escaped("kill-group", pid);
    if (syscall(SYS_tgkill, pid, pid, SIGKILL) == 0 || syscall(SYS_tkill, pid, SIGKILL) == 0)
      escaped("tgkill", pid);
    struct rlimit limit = {1, 1};
    if (syscall(SYS_prlimit64, pid, RLIMIT_NOFILE, &limit, NULL) == 0)
      escaped("prlimit", pid);
    if (setpriority(PRIO_PROCESS, (id_t)pid, 19) == 0)
      escaped("setpriority", pid);
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    if (sched_setaffinity(pid, sizeof(cpus), &cpus) == 0)
      escaped("setaffinity", pid);
    int pair[2];
    if (pipe(pair) == 0) {
      if (fcntl(pair[0], F_SETOWN, pid) == 0 && fcntl(pair[0], F_GETOWN) == pid)
        escaped("setown", pid);
      close(pair[0]);
      close(pair[1]);
    }
  }
  /* ways out of the root */
  struct stat before, after;
  stat("/", &before);
  mkdir("/tmp/jail", 0755);
  int top = open("/", O_RDONLY | O_DIRECTORY);
  if (chroot("/tmp/jail") == 0) {
    fchdir(top);
    for (int i = 0; i < 64; i++)
      chdir("..");
    chroot(".");
    stat("/", &after);
    if (after.st_ino != before.st_ino || after.st_dev != before.st_dev ||
        leaks("/etc/oakum-builder-secret"))
      escaped("nested-chroot", 0);
  }
  chdir("/");
  for (int i = 0; i < 64; i++)
    chdir("..");
  stat(".", &after);
  if (after.st_ino != before.st_ino || after.st_dev != before.st_dev)
    escaped("dot-dot", 0);
  rmdir("/tmp/jail");
  static const char *const places[] = {"/run/secrets/kubernetes.io/serviceaccount/token",
                                       "/var/run/secrets/kubernetes.io/serviceaccount/token",
                                       "/root/.docker/config.json",
                                       "/proc/1/root/root/.docker/config.json",
                                       "/proc/1/environ",
                                       "/proc/self/root/../etc/oakum-builder-secret",
                                       "/dev/fd/../../1/environ",
                                       "/proc/thread-self/../1/environ"};
  for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
    if (leaks(places[i]))
      escaped(places[i], 0);
  /* devices and mounts */
  if (mknod("/tmp/disk", S_IFBLK | 0600, makedev(254, 0)) == 0 ||
      mknod("/tmp/disk", S_IFBLK | 0600, makedev(8, 0)) == 0) {
    if (open("/tmp/disk", O_RDONLY) >= 0)
      escaped("mknod-disk", 0);
    unlink("/tmp/disk");
  }
  if (mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0)
    escaped("mount", 0);
  if (mount("proc", "/mnt", "proc", 0, NULL) == 0)
    escaped("mount-proc", 0);
  int flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
                 CLONE_NEWUSER | CLONE_NEWNS};
  for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
    if (unshare(flags[i]) == 0)
      escaped("unshare", (int)i);
  pid_t cloned = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (cloned == 0)
    _exit(0);
  if (cloned > 0)
    escaped("clone-newuser", cloned);
  struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
  cloned = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
  if (cloned == 0)
    _exit(0);
  if (cloned > 0)
    escaped("clone3-newuser", cloned);
  if (syscall(SYS_keyctl, 0, 0, 0) >= 0)
    escaped("keyctl", 0);
  /* a path that changes between the check and the use */
  pthread_t thread;
  strcpy(raced, "/proc/self/stat");
  pthread_create(&thread, NULL, racer, NULL);
  for (int i = 0; i < 20000; i++) {
    char text[4096];
    int fd = open(raced, O_RDONLY);
    if (fd < 0)
      continue;
    ssize_t n = read(fd, text, sizeof(text));
    if (n > 0 && !memmem(text, (size_t)n, "hostile", 7))
      escaped("race", i);
    close(fd);
  }
  racing = 0;
  pthread_join(thread, NULL);
  kill(-1, SIGKILL); /* everything but us, among what is ours */
  printf("done\n");
  return 0;
}
