/* Sockets with names in the file system, on the rung fake-root. A step never holds an AF_UNIX
 * socket that the kernel would connect or bind for it: what socket(2) gives is a stand-in (a TCP
 * socket, which takes no such address), and connect and bind put the real one, connected or
 * listening, in its place. Then letting the kernel go on with other families is harmless whatever
 * the step does to its memory and descriptors meanwhile. */
#include "os/os.h"
#include "sandbox/fake-private.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

static int stand_in(Ask *ask, int type)
{
  int base = type & 0xf;
  struct stat st;
  if (base != SOCK_STREAM && base != SOCK_SEQPACKET)
    return -EACCES; /* datagrams could be sent to any name */
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (type & SOCK_NONBLOCK), 0);
  if (fd < 0)
    fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | (type & SOCK_NONBLOCK), 0);
  if (fd < 0 || fstat(fd, &st) < 0)
    return -errno;
  g_hash_table_replace(ask->f->sockets, g_memdup2(&(gint64){(gint64)st.st_ino}, sizeof(gint64)),
                       GINT_TO_POINTER(base));
  return fd;
}

static void answer_socket(Ask *ask)
{
  int type = (int)ask->notif->data.args[1], fd = stand_in(ask, type);
  if (fd < 0) {
    oakum_ask_answer(ask, fd);
    return;
  }
  oakum_supervisor_give(ask->s, ask->notif, fd, (type & SOCK_CLOEXEC) != 0);
  close(fd);
}

static int add_as(const Ask *ask, int fd, int number, gboolean cloexec)
{
  struct seccomp_notif_addfd add = {.id = ask->notif->id,
                                    .srcfd = (uint32_t)fd,
                                    .newfd = number >= 0 ? (uint32_t)number : 0,
                                    .flags = number >= 0 ? SECCOMP_ADDFD_FLAG_SETFD : 0,
                                    .newfd_flags = cloexec ? O_CLOEXEC : 0};
  int got = ioctl(ask->s->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
  return got < 0 ? -errno : got;
}

/* A pair that keeps the bounds of messages, and cannot be sent from to anywhere else. */
static int answer_pair(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  int type = (int)a[1], pair[2], numbers[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (type & SOCK_NONBLOCK), 0, pair) < 0)
    return -errno;
  OAKUM_AUTO_FD one = pair[0];
  OAKUM_AUTO_FD two = pair[1];
  numbers[0] = add_as(ask, one, -1, (type & SOCK_CLOEXEC) != 0);
  numbers[1] = numbers[0] < 0 ? numbers[0] : add_as(ask, two, -1, (type & SOCK_CLOEXEC) != 0);
  return numbers[1] < 0 ? numbers[1] : oakum_ask_write(ask, a[3], numbers, sizeof(numbers));
}

/* ---- names
 * -------------------------------------------------------------------------------------- */
/* Abstract names are the machine's: a step's are its own, by a word that nobody else knows. `len`
 * counts the NUL that begins the name, and more. */
static int abstract_name(const struct sockaddr_un *from, size_t len, struct sockaddr_un *to,
                         socklen_t *to_len)
{
  static uint64_t word;
  if (word == 0 && getrandom(&word, sizeof(word), 0) != (ssize_t)sizeof(word))
    return -EAGAIN;
  guint8 digest[32]; /* so that the longest name has room beside the word */
  gsize size = sizeof(digest);
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
  g_checksum_update(sum, (const guchar *)from->sun_path,
                    (gssize)(len - offsetof(struct sockaddr_un, sun_path)));
  g_checksum_get_digest(sum, digest, &size);
  *to = (struct sockaddr_un){.sun_family = AF_UNIX};
  memcpy(to->sun_path + 1, &word, sizeof(word));
  memcpy(to->sun_path + 1 + sizeof(word), digest, sizeof(digest));
  *to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(word) + sizeof(digest));
  return 0;
}

/* A name that fills the address has no NUL (unix(7)). */
#define PATH_OF_SOCKET (sizeof(((struct sockaddr_un *)0)->sun_path) + 1)
static const char *path_of(const struct sockaddr_un *address, char out[PATH_OF_SOCKET])
{
  memcpy(out, address->sun_path, PATH_OF_SOCKET - 1);
  out[PATH_OF_SOCKET - 1] = '\0';
  return out;
}

/* Waits for nothing: the one who would accept may have to ask us first. */
static int do_connect(Ask *ask, int fd, const struct sockaddr_un *address, size_t len)
{
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  socklen_t to_len = sizeof(to);
  char path[PATH_OF_SOCKET];
  OAKUM_AUTO_FD object = -1;
  if (address->sun_path[0] == '\0') {
    int bad = abstract_name(address, len, &to, &to_len);
    if (bad < 0)
      return bad;
  } else {
    struct stat st;
    char link[32];
    object = oakum_ask_object_at(ask, AT_FDCWD, path_of(address, path), 0);
    int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
    bad = bad < 0 ? bad : oakum_ask_may(ask, &st, W_OK, FALSE);
    if (bad < 0)
      return bad;
    g_strlcpy(to.sun_path, oakum_fake_link(object, link), sizeof(to.sun_path));
  }
  return connect(fd, (struct sockaddr *)&to, to_len) < 0 ? -errno : 0;
}

static int do_bind(Ask *ask, int fd, const struct sockaddr_un *address, size_t len)
{
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  socklen_t to_len = sizeof(to);
  char name[256], path[PATH_OF_SOCKET];
  gboolean slash;
  if (address->sun_path[0] == '\0') {
    int bad = abstract_name(address, len, &to, &to_len);
    return bad < 0 ? bad : bind(fd, (struct sockaddr *)&to, to_len) < 0 ? -errno : 0;
  }
  OAKUM_AUTO_FD parent = oakum_ask_parent(ask, AT_FDCWD, path_of(address, path), name, &slash);
  int bad = parent < 0 ? parent : oakum_ask_may_change(ask, parent);
  if (bad < 0)
    return bad;
  if (strlen(name) >= sizeof(to.sun_path) || slash)
    return -EINVAL;
  g_strlcpy(to.sun_path, name, sizeof(to.sun_path));
  /* the folder by descriptor, so that nobody can move it away in between */
  if (fchdir(parent) < 0 || bind(fd, (struct sockaddr *)&to, to_len) < 0)
    return -errno;
  return oakum_ask_created(ask, parent, parent, name, S_IFSOCK | (0777 & ~ask->state.umask), 0);
}

static void answer_name(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  struct sockaddr_un address = {0};
  size_t len = (size_t)(uint32_t)a[2];
  gboolean binds = ask->notif->data.nr == SYS_bind;
  char link[64], info[512];
  struct stat st;
  sa_family_t family = AF_UNSPEC;
  if (len < sizeof(family) || oakum_ask_read(ask, a[1], &family, sizeof(family)) < 0 ||
      family != AF_UNIX) {
    oakum_ask_go_on(ask); /* it holds no socket that would take a name of the file system */
    return;
  }
  int number = (int)a[0], result = 0;
  g_snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)ask->request.tid, number);
  gint64 key = stat(link, &st) == 0 ? (gint64)st.st_ino : -1;
  int type = GPOINTER_TO_INT(g_hash_table_lookup(ask->f->sockets, &key));
  if (key < 0)
    result = -EBADF;
  else if (type == 0)
    result = binds ? -EINVAL : -EISCONN;
  /* the empty name is refused also for bind: one of the kernel's choice would be the machine's */
  else if (len == offsetof(struct sockaddr_un, sun_path) || len > sizeof(address))
    result = -EINVAL;
  else if (oakum_ask_read(ask, a[1], &address, len) < 0)
    result = -EFAULT;
  if (result < 0) {
    oakum_ask_answer(ask, result);
    return;
  }
  OAKUM_AUTO_FD fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  result = fd < 0  ? -errno
           : binds ? do_bind(ask, fd, &address, len)
                   : do_connect(ask, fd, &address, len);
  /* one that listens cannot be connected any more */
  if (result == 0 && binds && listen(fd, BACKLOG) < 0)
    result = -errno;
  if (result == 0) {
    g_snprintf(link, sizeof(link), "/proc/%d/fdinfo/%d", (int)ask->request.tid, number);
    OAKUM_AUTO_FD at = open(link, O_RDONLY | O_CLOEXEC);
    ssize_t n = at >= 0 ? read(at, info, sizeof(info) - 1) : -1;
    info[MAX(n, 0)] = '\0';
    const char *line = strstr(info, "flags:");
    unsigned long flags = line ? strtoul(line + 6, NULL, 8) : 0;
    if (!(flags & O_NONBLOCK))
      (void)fcntl(fd, F_SETFL, 0);
    result = add_as(ask, fd, number, (flags & O_CLOEXEC) != 0);
    g_hash_table_remove(ask->f->sockets, &key);
  }
  oakum_ask_answer(ask, MIN(result, 0));
}

gboolean oakum_fake_sockets(Ask *ask)
{
  switch (ask->notif->data.nr) {
  case SYS_socket:
    answer_socket(ask);
    return TRUE;
  case SYS_socketpair:
    oakum_ask_answer(ask, answer_pair(ask));
    return TRUE;
  case SYS_bind:
  case SYS_connect:
    answer_name(ask);
    return TRUE;
  default:
    return FALSE;
  }
}
