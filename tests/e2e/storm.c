/* A step that does nothing but ask its supervisor for nonsense: random calls of those that are
 * answered, with the arguments that make trouble. Everything is drawn from the seed. Nothing is cut
 * short: that could be this program, while it runs. argv: seed, calls. Prints "done". */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const long calls[] = {SYS_open,
                             SYS_openat,
                             SYS_openat2,
                             SYS_stat,
                             SYS_lstat,
                             SYS_fstat,
                             SYS_newfstatat,
                             SYS_statx,
                             SYS_access,
                             SYS_faccessat,
                             SYS_faccessat2,
                             SYS_statfs,
                             SYS_chdir,
                             SYS_getcwd,
                             SYS_mkdir,
                             SYS_mkdirat,
                             SYS_rmdir,
                             SYS_unlink,
                             SYS_unlinkat,
                             SYS_rename,
                             SYS_renameat,
                             SYS_renameat2,
                             SYS_link,
                             SYS_linkat,
                             SYS_symlink,
                             SYS_symlinkat,
                             SYS_mknod,
                             SYS_mknodat,
                             SYS_chmod,
                             SYS_fchmod,
                             SYS_fchmodat,
                             452,
                             SYS_chown,
                             SYS_lchown,
                             SYS_fchown,
                             SYS_fchownat,
                             SYS_utime,
                             SYS_utimes,
                             SYS_futimesat,
                             SYS_utimensat,
                             SYS_setxattr,
                             SYS_lsetxattr,
                             SYS_fsetxattr,
                             SYS_getxattr,
                             SYS_lgetxattr,
                             SYS_fgetxattr,
                             SYS_listxattr,
                             SYS_llistxattr,
                             SYS_flistxattr,
                             SYS_removexattr,
                             SYS_lremovexattr,
                             SYS_fremovexattr,
                             SYS_getresuid,
                             SYS_getresgid,
                             SYS_getgroups,
                             SYS_setuid,
                             SYS_setgid,
                             SYS_setreuid,
                             SYS_setregid,
                             SYS_setresuid,
                             SYS_setresgid,
                             SYS_setfsuid,
                             SYS_setfsgid,
                             SYS_setgroups,
                             SYS_umask,
                             SYS_capget,
                             SYS_capset,
                             SYS_execve,
                             SYS_execveat,
                             SYS_bind,
                             SYS_connect,
                             SYS_socket,
                             SYS_socketpair,
                             SYS_readlink,
                             SYS_readlinkat,
                             SYS_rt_sigqueueinfo,
                             SYS_pidfd_open,
                             SYS_prctl,
                             SYS_prlimit64,
                             SYS_getrlimit,
                             SYS_setrlimit,
                             SYS_fcntl,
                             SYS_setpriority,
                             SYS_ioprio_set,
                             SYS_sched_setaffinity};

static const char *const names[] = {"",
                                    "/",
                                    ".",
                                    "..",
                                    "a",
                                    "a/b",
                                    "/tmp",
                                    "/tmp/",
                                    "/tmp/x",
                                    "/proc/self/fd/0",
                                    "/proc/self/fd/9",
                                    "/proc/self/exe",
                                    "/proc/self/cwd/x",
                                    "/proc/self/root/tmp",
                                    "/proc/self",
                                    "/proc/1/fd/0",
                                    "/proc/thread-self/status",
                                    "/proc/self/maps",
                                    "/dev/fd/1",
                                    "/dev/null",
                                    "/dev/stdin",
                                    "/loop",
                                    "/dangling",
                                    "../../../../../../../../tmp/x",
                                    "//proc//self//fd//1",
                                    "/proc/self/fd",
                                    "/proc/..",
                                    "/proc/self/../1/environ",
                                    "user.x",
                                    "security.capability",
                                    "trusted.x",
                                    "/script",
                                    "\1",
                                    "\xff\xfe",
                                    "/sys/dev/char"};
static const uint64_t numbers[] = {0,
                                   1,
                                   2,
                                   3,
                                   4,
                                   5,
                                   7,
                                   8,
                                   10,
                                   12,
                                   20,
                                   24,
                                   31,
                                   64,
                                   99,
                                   107,
                                   108,
                                   109,
                                   110,
                                   111,
                                   112,
                                   126,
                                   255,
                                   256,
                                   257,
                                   4095,
                                   4096,
                                   4097,
                                   65535,
                                   65536,
                                   65537,
                                   0x7fffffff,
                                   0x80000000,
                                   0xffffffff,
                                   0xffffff9c /* AT_FDCWD */,
                                   (uint64_t)-100,
                                   (uint64_t)-1,
                                   (uint64_t)-2,
                                   UINT64_C(1) << 32,
                                   UINT64_C(1) << 63,
                                   0x1000,
                                   0x100,
                                   0x200,
                                   0x400,
                                   0x241,
                                   0x80000,
                                   0x200000,
                                   0x410000,
                                   0100644,
                                   0040755,
                                   0020666,
                                   0010600,
                                   0140777};

static uint64_t state;
static uint64_t draw(uint64_t below)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

static char *page; /* two pages, of which the second is not there */
static uint64_t argument(void)
{
  static char room[8][8192];
  char *at = room[draw(8)];
  switch (draw(10)) {
  case 0:
  case 1:
  case 2:
    return numbers[draw(sizeof(numbers) / sizeof(*numbers))];
  case 3:
    return 0;
  case 4: { /* a text that ends with its page, or goes on behind it */
    const char *name = names[draw(sizeof(names) / sizeof(*names))];
    size_t len = strlen(name) + (draw(2) ? 1 : 0);
    memcpy(page + 4096 - len, name, len);
    return (uint64_t)(page + 4096 - len);
  }
  case 5: /* an address of a socket */
    memset(at, 'y', 256);
    at[0] = (char)(draw(4) ? 1 : draw(12));
    at[1] = 0;
    at[2] = (char)(draw(2) ? 0 : '/');
    return (uint64_t)at;
  case 6: /* a long name, or bytes of any kind */
    for (size_t i = 0; i < 8192; i++)
      at[i] = (char)(draw(2) ? 'x' : draw(256));
    at[draw(8192)] = 0;
    return (uint64_t)at;
  case 7:
    return UINT64_C(0xffff800000000000) + draw(4096); /* the kernel's own */
  default:
    strcpy(at, names[draw(sizeof(names) / sizeof(*names))]);
    return (uint64_t)at;
  }
}

static void some(uint64_t n)
{
  while (n--) {
    long number = calls[draw(sizeof(calls) / sizeof(*calls))];
    uint64_t a[6];
    for (int i = 0; i < 6; i++)
      a[i] = argument();
    if ((number == SYS_rt_sigqueueinfo && (int)a[0] <= 1) ||
        (number == SYS_fcntl && (int)a[1] != F_SETOWN))
      continue; /* would end this process and nothing else, or wait for a lock */
    if (number == SYS_open || number == SYS_openat)
      a[number == SYS_open ? 1 : 2] =
          (a[number == SYS_open ? 1 : 2] | O_NONBLOCK) & ~(uint64_t)O_TRUNC;
    long fd = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (fd > 64)
      close((int)fd);
  }
}

int main(int argc, char **argv)
{
  uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1,
           left = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
  if (argc != 3) /* started by a call of the storm itself */
    return 0;
  page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  enum {
    PROCESS = 100,
    BESIDE = 3
  }; /* calls of one process, which a call may end or replace; and processes at once */
  int alive = 0, status;
  for (uint64_t round = 0; left > 0 || alive > 0; round++) {
    if (left == 0 || alive == BESIDE) {
      if (wait(&status) < 0)
        return 1;
      alive--;
      continue;
    }
    uint64_t n = left < PROCESS ? left : PROCESS;
    left -= n;
    pid_t pid = fork();
    if (pid == 0) {
      state = (seed * 1000003 + round) * 2 + 1;
      for (int i = 0; i < 8; i++)
        draw(2);
      some(n);
      _exit(0);
    }
    if (pid < 0)
      return 1;
    alive++;
  }
  puts("done");
  return 0;
}
