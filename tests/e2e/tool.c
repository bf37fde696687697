/* What busybox cannot do and the steps of the tests need; static, in the small base as /bin/tool:
 *
 *     tool args WORD...            says its words
 *     tool tcp PORT                connects to 127.0.0.1: "reached", or exit 1
 *     tool unix NAME               connects, says "hello" and prints the answer and the name;
 * "@NAME" is an abstract one tool bind NAME               leaves a socket tool xattr PATH NAME
 * VALUE   sets an extended attribute; VALUE as hex with 0x in front, or text tool getxattr PATH
 * NAME      prints it as hex tool names PATH              prints the names of its attributes tool
 * hole PATH SIZE          a file of zeros that takes no room tool ids                     every id
 * and group of this process
 *     tool hop COUNT SECONDS PATH  leaves processes that are new ones all the time, and make PATH
 *     tool renice                  "slowed" when it could slow down all that its user runs
 *     tool peer                    "signalled" when it could signal who made its standard output
 */
#define _GNU_SOURCE
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what)
{
  perror(what);
  return 1;
}

static int tcp(const char *port)
{
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((unsigned short)atoi(port)),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
    return fail("connect");
  puts("reached");
  return 0;
}

static int local(const char *name, int listens)
{
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  if (fd < 0 || length >= sizeof(at.sun_path))
    return fail("socket");
  memcpy(at.sun_path, name, length);
  if (at.sun_path[0] == '@')
    at.sun_path[0] = '\0';
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  if (listens)
    return bind(fd, (struct sockaddr *)&at, size) < 0 ? fail("bind") : 0;
  char answer[200];
  if (connect(fd, (struct sockaddr *)&at, size) < 0 || send(fd, "hello", 5, 0) != 5)
    return fail("connect");
  ssize_t n = recv(fd, answer, sizeof(answer), 0);
  if (n < 0)
    return fail("recv");
  printf("%.*s %s\n", (int)n, answer, name);
  return 0;
}

static int set(const char *path, const char *name, const char *text)
{
  unsigned char value[256];
  size_t n = 0;
  if (strncmp(text, "0x", 2) == 0)
    for (text += 2; text[0] && text[1] && n < sizeof(value); text += 2, n++) {
      const char two[] = {text[0], text[1], '\0'};
      value[n] = (unsigned char)strtoul(two, NULL, 16);
    }
  else
    for (; text[n] && n < sizeof(value); n++)
      value[n] = (unsigned char)text[n];
  return lsetxattr(path, name, value, n, 0) < 0 ? fail(path) : 0;
}

static int get(const char *path, const char *name)
{
  unsigned char value[256];
  ssize_t n = lgetxattr(path, name, value, sizeof(value));
  if (n < 0)
    return fail(path);
  for (ssize_t i = 0; i < n; i++)
    printf("%02x", value[i]);
  return puts("") < 0;
}

static int names(const char *path)
{
  char list[1024];
  ssize_t n = llistxattr(path, list, sizeof(list));
  if (n < 0)
    return fail(path);
  for (char *name = list; name < list + n; name += strlen(name) + 1)
    puts(name);
  return 0;
}

static int hole(const char *path, const char *size)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  return fd < 0 || ftruncate(fd, atoll(size)) < 0 ? fail(path) : 0;
}

static int ids(void)
{
  uid_t u[3];
  gid_t g[3], more[64];
  int n = getgroups(64, more);
  if (getresuid(&u[0], &u[1], &u[2]) < 0 || getresgid(&g[0], &g[1], &g[2]) < 0 || n < 0)
    return fail("ids");
  printf("uid %u %u %u gid %u %u %u groups", u[0], u[1], u[2], g[0], g[1], g[2]);
  for (int i = 0; i < n; i++)
    printf(" %u", more[i]);
  return puts("") < 0;
}

/* Each is another one soon: who lists processes and then ends them can come too late. */
static int hop(int count, int seconds, const char *path)
{
  time_t end = time(NULL) + seconds;
  for (int i = 0; i < count; i++) {
    pid_t pid = fork();
    if (pid < 0)
      return fail("fork");
    if (pid > 0)
      continue;
    setsid();
    for (int fd = 0; fd < 3; fd++)
      close(fd);
    while (time(NULL) < end) {
      usleep(3000); /* no storm: others want to run, too */
      if (fork() > 0)
        _exit(0);
    }
    _exit(open(path, O_WRONLY | O_CREAT, 0644) < 0);
  }
  usleep(300000);
  return puts("begun") < 0;
}

static int renice(void)
{
  int user = setpriority(PRIO_USER, 0, 15) == 0;
  int disk = syscall(SYS_ioprio_set, 3 /* user */, 0, 2 << 13 | 6 /* best effort, but late */) == 0;
  return puts(user || disk ? "slowed" : "kept") < 0;
}

static int peer(void)
{
  int fd = -1;
  socklen_t size = sizeof(fd);
  if (getsockopt(STDOUT_FILENO, SOL_SOCKET, 77 /* SO_PEERPIDFD */, &fd, &size) < 0)
    return fail("peer");
  puts(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 ? "signalled" : strerror(errno));
  pid_t pid = fork();
  if (pid == 0)
    for (;;)
      pause();
  int status, own = (int)syscall(SYS_pidfd_open, pid, 0);
  if (syscall(SYS_pidfd_send_signal, own, SIGKILL, NULL, 0) < 0)
    return fail("own");
  waitpid(pid, &status, 0);
  return puts(WIFSIGNALED(status) ? "own too" : "own not") < 0;
}

/* Objects that no process ends with: made (as a user of the step when one is named), found again,
 * and left. */
static int leave(int key, const char *uid)
{
  char name[32];
  snprintf(name, sizeof(name), "/left%d", key);
  if (uid && (setgid((gid_t)atoi(uid)) < 0 || setuid((uid_t)atoi(uid)) < 0))
    return fail("ids");
  mqd_t queue =
      mq_open(name, O_CREAT | O_RDWR, 0600, &(struct mq_attr){.mq_maxmsg = 2, .mq_msgsize = 5});
  struct mq_attr attr;
  if (queue >= 0 && (mq_send(queue, "hello", 5, 0) < 0 || mq_getattr(queue, &attr) < 0 ||
                     attr.mq_msgsize != 5 || attr.mq_curmsgs != 1))
    return fail("queue");
  if (queue < 0 && errno != ENOSYS)
    return fail("mq_open");
  if (uid) /* in a pod nobody can tell what who changed his user called it */
    mq_unlink(name);
  int gone = shmget(key + 1, 4096, IPC_CREAT | IPC_EXCL | 0600);
  if (gone < 0 || shmctl(gone, IPC_RMID, NULL) < 0)
    return fail("one that is removed");
  int shm = shmget(key, 4096, IPC_CREAT | 0600), sem = semget(key, 3, IPC_CREAT | IPC_EXCL | 0600),
      msg = msgget(key, IPC_CREAT | 0600), own = shmget(IPC_PRIVATE, 8192, 0600);
  if (shm < 0 || sem < 0 || msg < 0 || own < 0)
    return fail("make");
  if (shmget(key, 4096, IPC_CREAT | 0600) != shm || semget(key, 0, 0) != sem ||
      msgget(key, IPC_CREAT | 0600) != msg)
    return fail("find again");
  if (shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600) >= 0 || errno != EEXIST)
    return fail("only a new one");
  if (shmget(key, 1 << 20, IPC_CREAT | 0600) >= 0 || errno != EINVAL)
    return fail("a larger one");
  char *bytes = shmat(own, NULL, 0);
  struct shmid_ds about;
  if (bytes == (char *)-1 || shmctl(own, IPC_STAT, &about) < 0 || about.shm_segsz != 8192)
    return fail("use");
  bytes[8191] = 1;
  return puts("left") < 0;
}

/* Which of them are there. */
static int find_left(int key)
{
  char name[32];
  snprintf(name, sizeof(name), "/left%d", key);
  printf("shm %d sem %d msg %d queue %d\n", shmget(key, 0, 0) >= 0, semget(key, 0, 0) >= 0,
         msgget(key, 0) >= 0, mq_open(name, O_RDONLY) >= 0);
  return 0;
}

static int take_away(int key)
{
  char name[32];
  snprintf(name, sizeof(name), "/left%d", key);
  return shmctl(shmget(key, 0, 0), IPC_RMID, NULL) | semctl(semget(key, 0, 0), 0, IPC_RMID) |
         msgctl(msgget(key, 0), IPC_RMID, NULL) | mq_unlink(name);
}

int main(int argc, char **argv)
{
  const char *verb = argc > 1 ? argv[1] : "";
  if (!strcmp(verb, "args")) {
    for (int i = 2; i < argc; i++)
      printf("%s%s", argv[i], i + 1 < argc ? " " : "\n");
    return 0;
  }
  if (!strcmp(verb, "tcp") && argc == 3)
    return tcp(argv[2]);
  if (!strcmp(verb, "unix") && argc == 3)
    return local(argv[2], 0);
  if (!strcmp(verb, "bind") && argc == 3)
    return local(argv[2], 1);
  if (!strcmp(verb, "xattr") && argc == 5)
    return set(argv[2], argv[3], argv[4]);
  if (!strcmp(verb, "getxattr") && argc == 4)
    return get(argv[2], argv[3]);
  if (!strcmp(verb, "names") && argc == 3)
    return names(argv[2]);
  if (!strcmp(verb, "hole") && argc == 4)
    return hole(argv[2], argv[3]);
  if (!strcmp(verb, "ids") && argc == 2)
    return ids();
  if (!strcmp(verb, "hop") && argc == 5)
    return hop(atoi(argv[2]), atoi(argv[3]), argv[4]);
  if (!strcmp(verb, "renice") && argc == 2)
    return renice();
  if (!strcmp(verb, "peer") && argc == 2)
    return peer();
  if (!strcmp(verb, "leave") && argc >= 3)
    return leave(atoi(argv[2]), argv[3]);
  if (!strcmp(verb, "find-left") && argc == 3)
    return find_left(atoi(argv[2]));
  if (!strcmp(verb, "take-away") && argc == 3)
    return take_away(atoi(argv[2]));
  fprintf(stderr, "tool: what is \"%s\"?\n", verb);
  return 2;
}
