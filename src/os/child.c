/* Scoped children and re-execution of this program. */
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct OakumChild {
  pid_t pid;
  int pidfd;
};

static int find_program(const char *name, char **out)
{
  if (strchr(name, '/')) {
    *out = g_strdup(name);
    return 0;
  }
  *out = g_find_program_in_path(name);
  return *out ? 0 : ENOENT;
}

/* Between fork and exec only async-signal-safe calls: other threads may hold any lock. */
static _Noreturn void child_side(const OakumChildSpec *spec, const char *program, char *const *envp,
                                 int report, int null_fd, pid_t parent)
{
  int fds[3] = {spec->in >= 0 ? spec->in : null_fd, spec->out >= 0 ? spec->out : 1,
                spec->err >= 0 ? spec->err : 2};
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < 32; number++)
    if (number != SIGKILL && number != SIGSTOP)
      signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(127);
  /* out of the way of 0, 1, 2 first, so that no source is overwritten before it is copied */
  for (int i = 0; i < 3; i++)
    if (fds[i] < 3 && fds[i] != i && (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3)) < 0)
      goto fail;
  for (int i = 0; i < 3; i++)
    if (fds[i] != i ? dup2(fds[i], i) < 0 : fcntl(i, F_SETFD, 0) < 0)
      goto fail;
  /* first all to high numbers: a source may lie on another's destination */
  int high[16];
  if (spec->n_moves > G_N_ELEMENTS(high)) {
    errno = EINVAL;
    goto fail;
  }
  if ((report = fcntl(report, F_DUPFD_CLOEXEC, 64)) < 0)
    _exit(127);
  for (size_t i = 0; i < spec->n_moves; i++)
    if ((high[i] = fcntl(spec->moves[i].from, F_DUPFD_CLOEXEC, 64)) < 0)
      goto fail;
  for (size_t i = 0; i < spec->n_moves; i++)
    if (dup3(high[i], spec->moves[i].to, O_CLOEXEC) < 0)
      goto fail;
  syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  for (size_t i = 0; i < spec->n_keep; i++)
    if (fcntl(spec->keep[i], F_SETFD, 0) < 0)
      goto fail;
  for (size_t i = 0; i < spec->n_moves; i++)
    if (fcntl(spec->moves[i].to, F_SETFD, 0) < 0)
      goto fail;
  execve(program, (char *const *)(gpointer)spec->argv, envp);
fail:;
  int errnum = errno;
  if (write(report, &errnum, sizeof(errnum)) < 0)
    _exit(126);
  _exit(127);
}

OakumChild *oakum_child_spawn(const OakumChildSpec *spec, GError **error)
{
  g_autofree char *program = NULL;
  int errnum = find_program(spec->program ? spec->program : spec->argv[0], &program);
  if (errnum != 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errnum, "run %s", spec->argv[0]);
    return NULL;
  }
  int pipes[2];
  OAKUM_AUTO_FD null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null_fd < 0 || pipe2(pipes, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "run %s", spec->argv[0]);
    return NULL;
  }
  OAKUM_AUTO_FD report = pipes[0];
  OAKUM_AUTO_FD report_in = pipes[1];
  pid_t parent = getpid(), pid = fork();
  if (pid == 0)
    child_side(spec, program, spec->envp ? (char *const *)(gpointer)spec->envp : environ, report_in,
               null_fd, parent);
  if (pid < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "run %s: fork", spec->argv[0]);
    return NULL;
  }
  oakum_fd_clear(&report_in);
  ssize_t n;
  do
    n = read(report, &errnum, sizeof(errnum));
  while (n < 0 && errno == EINTR);
  if (n == sizeof(errnum)) {
    waitpid(pid, NULL, 0);
    oakum_error_errno(error, OAKUM_OS_ERROR, errnum, "run %s", spec->argv[0]);
    return NULL;
  }
  OakumChild *child = g_new0(OakumChild, 1);
  *child = (OakumChild){.pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
  return child;
}

pid_t oakum_child_pid(const OakumChild *child)
{
  return child->pid;
}

static gboolean reap(OakumChild *child, int *status, GError **error)
{
  pid_t got;
  do
    got = waitpid(child->pid, status, 0);
  while (got < 0 && errno == EINTR);
  child->pid = -1;
  if (got < 0)
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "wait");
  return got >= 0;
}

gboolean oakum_child_wait(OakumChild *child, int timeout_ms, int *status, GError **error)
{
  if (timeout_ms >= 0) {
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    for (;;) {
      siginfo_t info = {0};
      if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
        break;
      gint64 left = (deadline - g_get_monotonic_time()) / 1000;
      if (left <= 0) {
        kill(child->pid, SIGKILL);
        if (!reap(child, status, error))
          return FALSE;
        g_set_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_LIMIT, "killed: ran for more than %d ms",
                    timeout_ms);
        return FALSE;
      }
      struct pollfd wait_for = {.fd = child->pidfd, .events = POLLIN};
      /* without pidfd (old kernel) poll is a nap of 10 ms */
      int nap = child->pidfd >= 0 ? (int)MIN(left, 1000) : 10;
      (void)poll(child->pidfd >= 0 ? &wait_for : NULL, child->pidfd >= 0 ? 1 : 0, nap);
    }
  }
  return reap(child, status, error);
}

void oakum_child_free(OakumChild *child)
{
  if (!child)
    return;
  if (child->pid > 0) {
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  oakum_fd_clear(&child->pidfd);
  g_free(child);
}

gboolean oakum_child_run(const char *const *argv, OakumSlice input, uint64_t max_out,
                         int timeout_ms, char **out, size_t *out_len, GError **error)
{
  int in[2], outs[2], errs[2];
  if (pipe2(in, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "run %s: pipe", argv[0]);
    return FALSE;
  }
  OAKUM_AUTO_FD in_read = in[0];
  OAKUM_AUTO_FD in_write = in[1];
  if (pipe2(outs, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "run %s: pipe", argv[0]);
    return FALSE;
  }
  OAKUM_AUTO_FD out_read = outs[0];
  OAKUM_AUTO_FD out_write = outs[1];
  if (pipe2(errs, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "run %s: pipe", argv[0]);
    return FALSE;
  }
  OAKUM_AUTO_FD err_read = errs[0];
  OAKUM_AUTO_FD err_write = errs[1];
  OakumChildSpec spec = {.argv = argv, .in = in_read, .out = out_write, .err = err_write};
  g_autoptr(OakumChild) child = oakum_child_spawn(&spec, error);
  if (!child)
    return FALSE;
  oakum_fd_clear(&in_read);
  oakum_fd_clear(&out_write);
  oakum_fd_clear(&err_write);
  fcntl(in_write, F_SETFL, O_NONBLOCK);
  g_autoptr(GByteArray) got = g_byte_array_new();
  g_autoptr(GByteArray) told = g_byte_array_new();
  size_t fed = 0;
  gint64 deadline =
      timeout_ms < 0 ? G_MAXINT64 : g_get_monotonic_time() + timeout_ms * G_GINT64_CONSTANT(1000);
  if (input.len == 0)
    oakum_fd_clear(&in_write);
  while (out_read >= 0 || err_read >= 0) {
    struct pollfd fds[3] = {{.fd = out_read, .events = POLLIN},
                            {.fd = err_read, .events = POLLIN},
                            {.fd = in_write, .events = POLLOUT}};
    gint64 left = deadline == G_MAXINT64 ? 1000 : (deadline - g_get_monotonic_time()) / 1000;
    if (left <= 0) {
      g_set_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_LIMIT, "%s: killed: ran for more than %d ms",
                  argv[0], timeout_ms);
      return FALSE;
    }
    if (poll(fds, 3, (int)MIN(left, 1000)) < 0 && errno != EINTR)
      break;
    guint8 buffer[8192];
    if (fds[0].revents) {
      ssize_t n = read(out_read, buffer, sizeof(buffer));
      if (n <= 0)
        oakum_fd_clear(&out_read);
      else if (got->len + (uint64_t)n > max_out) {
        g_set_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_LIMIT,
                    "%s: printed more than %" G_GUINT64_FORMAT " bytes", argv[0], max_out);
        return FALSE;
      } else
        g_byte_array_append(got, buffer, (guint)n);
    }
    if (fds[1].revents) {
      ssize_t n = read(err_read, buffer, sizeof(buffer));
      if (n <= 0)
        oakum_fd_clear(&err_read);
      else if (told->len < 4096)
        g_byte_array_append(told, buffer, (guint)n);
    }
    if (in_write >= 0 && fds[2].revents) {
      /* the reader may have gone away: MSG_NOSIGNAL has no twin for pipes, so SIGPIPE is ignored by
       * main() for the whole program */
      ssize_t n =
          (fds[2].revents & POLLERR) ? -1 : write(in_write, input.data + fed, input.len - fed);
      if (n > 0)
        fed += (size_t)n;
      if ((n < 0 && errno != EAGAIN && errno != EINTR) || (fds[2].revents & POLLERR) ||
          fed == input.len)
        oakum_fd_clear(&in_write);
    }
  }
  int status;
  if (!oakum_child_wait(child, -1, &status, error))
    return FALSE;
  if (status != 0) {
    g_byte_array_append(told, (const guint8 *)"", 1);
    char *line = (char *)told->data;
    line[strcspn(line, "\n")] = '\0';
    g_autofree char *shown = oakum_escape_terminal(line, -1);
    g_autofree char *how = oakum_child_describe(status);
    g_set_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_FAILED, "%s: %s%s%s", argv[0], how,
                *shown ? ": " : "", shown);
    return FALSE;
  }
  if (out_len)
    *out_len = got->len;
  g_byte_array_append(got, (const guint8 *)"", 1);
  *out = (char *)g_byte_array_free(g_steal_pointer(&got), FALSE);
  return TRUE;
}

char *oakum_child_describe(int status)
{
  if (WIFSIGNALED(status))
    return g_strdup_printf("killed by signal %d (%s)", WTERMSIG(status),
                           strsignal(WTERMSIG(status)));
  return g_strdup_printf("exit status %d", WEXITSTATUS(status));
}

int oakum_reexec_dispatch(const OakumReexecEntry *table, int argc, char **argv)
{
  if (argc < 1 || !g_str_has_prefix(argv[0], "oakum:"))
    return -1;
  for (; table->name; table++)
    if (strcmp(argv[0] + strlen("oakum:"), table->name) == 0)
      return table->run(argc, argv);
  return -1;
}

char *oakum_reexec_path(GError **error)
{
  char path[4096];
  ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
  if (n < 0) {
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "/proc/self/exe");
    return NULL;
  }
  return g_strdup("/proc/self/exe");
}

char *oakum_program_stamp(void)
{
  struct stat own = {0};
  (void)!stat("/proc/self/exe", &own);
  return g_strdup_printf("%llx-%llx-%lx", (unsigned long long)own.st_size,
                         (unsigned long long)own.st_mtim.tv_sec,
                         (unsigned long)own.st_mtim.tv_nsec);
}
