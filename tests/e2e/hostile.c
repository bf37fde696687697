/* What a hostile RUN would try. Prints "ESCAPED <what>" for each attempt that succeeds, "done" at
 * the end. argv[1]: a secret text that only the builder knows the place of (its environment and a
 * file). Where a step has the same ids as the builder, argv[2] to [4] say what it could then reach:
 * a file that holds the secret, a program, and the name of a socket that listens both in the file
 * system and (the same name) among the abstract ones, all by their paths on the machine. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
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
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
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

static char raced_name[512];
static struct sockaddr_un raced_address;
static const char *host_program, *host_socket;

/* Puts the machine's names where an answer that has been given was about others. */
static void *name_racer(void *unused)
{
  size_t end = strlen("/bin/true");
  for (unsigned i = 0; racing; i++) {
    strcpy(raced_name + end, i & 1 ? host_program : "");
    strcpy(raced_address.sun_path, i & 2 ? host_socket : "/tmp/none");
    raced_address.sun_family = i & 4 ? AF_UNIX : 99; /* what is asked of nobody */
  }
  return unused;
}

static int connects(int type, const char *name, int abstract)
{
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, type, 0);
  strncpy(to.sun_path + abstract, name, sizeof(to.sun_path) - 2);
  socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)abstract +
                              strlen(name) + !abstract);
  int got = fd >= 0 && (type == SOCK_DGRAM ? sendto(fd, "x", 1, 0, (struct sockaddr *)&to, len) == 1
                                           : connect(fd, (struct sockaddr *)&to, len) == 0);
  if (fd >= 0)
    close(fd);
  return got;
}

static long old_open(const char *name) /* by the door of 32 bits */
{
  long result = -1;
#ifdef __x86_64__
  static char low[512];
  strcpy(low, name);
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(5), "b"((long)low), "c"(0), "d"(0) : "memory");
#endif
  return result;
}

/* What only the ids protect elsewhere: the step's are the builder's. */
static void reach_the_machine(const char *file)
{
  static const char *const before[] = {"",
                                       "/proc/self/root",
                                       "../../../../../../../..",
                                       "/proc/self/cwd/../../..",
                                       "/tmp/../../../..",
                                       "/proc/thread-self/root",
                                       "/dev/fd/../../.."};
  char name[1024];
  struct stat st;
  for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
    snprintf(name, sizeof(name), "%s%s", before[i], file);
    if (leaks(name) || stat(name, &st) == 0 || access(name, F_OK) == 0 || truncate(name, 0) == 0 ||
        chmod(name, 0777) == 0 || unlink(name) == 0 || link(name, "/tmp/got") == 0 ||
        rename(name, "/tmp/got") == 0)
      escaped(name, (int)i);
    unlink("/tmp/way");
    if (symlink(name, "/tmp/way") == 0 && leaks("/tmp/way"))
      escaped("symlink", (int)i);
    char *slash = strrchr(name, '/');
    *slash = '\0';
    if (chdir(name) == 0 && strcmp(name, "") != 0 && access(slash + 1, F_OK) == 0)
      escaped("chdir", (int)i);
    chdir("/");
  }
  /* the builder's log is open here for writing: that is all */
  fchmod(1, 04777);
  if (linkat(AT_FDCWD, "/proc/self/fd/1", AT_FDCWD, "/tmp/log", AT_SYMLINK_FOLLOW) == 0 ||
      linkat(1, "", AT_FDCWD, "/tmp/log", AT_EMPTY_PATH) == 0 ||
      open("/proc/self/fd/1", O_RDONLY) >= 0 || open("/dev/stdout", O_RDWR) >= 0 ||
      truncate("/proc/self/fd/1", 0) == 0 || fsetxattr(1, "user.x", "x", 1, 0) == 0)
    escaped("log", 0);
  if (syscall(0x40000000 | SYS_open, file, O_RDONLY) >= 0 || old_open(file) >= 0)
    escaped("other-door", 0);
  char params[256] = {0}, handle[256] = {0};
  int mount_id;
  if (syscall(SYS_io_uring_setup, 4, params) >= 0)
    escaped("io_uring", 0);
  *(unsigned *)handle = 128;
  if (syscall(SYS_name_to_handle_at, AT_FDCWD, file, handle, &mount_id, 0) == 0)
    escaped("handle", 0);
  if (execl(host_program, host_program, NULL) == 0)
    escaped("exec", 0);
  for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++)
    if (connects(type, host_socket, 0) || connects(type, host_socket, 1))
      escaped("socket", type);
  int pair[2];
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strcpy(to.sun_path, host_socket);
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0 &&
      sendto(pair[0], "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1 &&
      read(pair[1], name, 1) != 1)
    escaped("datagram", 0);
  pthread_t thread;
  strcpy(raced_name, "/bin/true");
  raced_address.sun_family = 99; /* 0 would undo a connection, which always works */
  racing = 1;
  pthread_create(&thread, NULL, name_racer, NULL);
  char *none[] = {"x", NULL};
  for (int i = 0; i < 1500; i++) {
    pid_t pid = vfork(); /* shares our memory with the thread */
    if (pid == 0) {
      execve(raced_name, none, none);
      _exit(0);
    }
    waitpid(pid, NULL, 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&raced_address, sizeof(raced_address)) == 0)
      escaped("raced-socket", i);
    close(fd);
  }
  racing = 0;
  pthread_join(thread, NULL);
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
  if (argc > 4) {
    host_program = argv[3];
    host_socket = argv[4];
    reach_the_machine(argv[2]);
  }
  kill(-1, SIGKILL); /* everything but us, among what is ours */
  printf("done\n");
  return 0;
}
