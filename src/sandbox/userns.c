/* A user namespace for the whole program: a builder without privileges becomes uid 0 of its own
 * ids, and goes on as if it were root. */
#include "os/os.h"
#include "sandbox/sandbox-private.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_TIMEOUT_MS 10000

static gboolean entered;

void oakum_sandbox_mark_userns(void)
{
  entered = TRUE;
}

gboolean oakum_sandbox_in_userns(void)
{
  return entered;
}

/* ---- which ids
 * ---------------------------------------------------------------------------------- */

/* The first range of subordinate ids of a user: "name-or-uid:first:count" (subuid(5)). */
static gboolean find_range(const char *file, uid_t uid, uint64_t *first, uint64_t *count)
{
  g_autofree char *text = NULL, *number = g_strdup_printf("%u", (unsigned)uid);
  const struct passwd *entry = getpwuid(uid);
  if (!oakum_file_read(file, OAKUM_MIB, &text, NULL, NULL))
    return FALSE;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    g_auto(GStrv) part = g_strsplit(*line, ":", -1);
    if (g_strv_length(part) == 3 &&
        (strcmp(part[0], number) == 0 || (entry && strcmp(part[0], entry->pw_name) == 0)) &&
        oakum_parse_u64(part[1], strlen(part[1]), UINT32_MAX - 1, first) &&
        oakum_parse_u64(part[2], strlen(part[2]), UINT32_MAX - 1, count) && *count > 0)
      return TRUE;
  }
  return FALSE;
}

gboolean oakum_sandbox_has_range(void)
{
  uint64_t first, count;
  return find_range("/etc/subuid", getuid(), &first, &count) &&
         find_range("/etc/subgid", getuid(), &first, &count);
}

static gboolean map_by_helper(const char *helper, const char *file, pid_t pid, uint64_t own,
                              GError **error)
{
  uint64_t first, count;
  if (!find_range(file, getuid(), &first, &count)) {
    g_set_error(error, OAKUM_SANDBOX_ERROR, OAKUM_ERROR_UNSUPPORTED,
                "%s gives this user (uid %u) no range of ids; usermod --add-subuids 100000-165535 "
                "--add-subgids 100000-165535 USER gives one",
                file, (unsigned)getuid());
    return FALSE;
  }
  g_autofree char *p = g_strdup_printf("%d", (int)pid),
                  *o = g_strdup_printf("%" G_GUINT64_FORMAT, own),
                  *f = g_strdup_printf("%" G_GUINT64_FORMAT, first),
                  *c = g_strdup_printf("%" G_GUINT64_FORMAT, count), *out = NULL;
  const char *argv[] = {helper, p, "0", o, "1", "1", f, c, NULL};
  if (oakum_child_run(argv, (OakumSlice){0}, OAKUM_KIB, HELPER_TIMEOUT_MS, &out, NULL, error))
    return TRUE;
  g_prefix_error(error, "%s (package uidmap): ", helper);
  return FALSE;
}

/* Root keeps the ids that it has: what changes is that its capabilities end at the namespace. */
static gboolean map_same(const char *kind, pid_t pid, GError **error)
{
  g_autofree char *own = g_strdup_printf("/proc/self/%s", kind),
                  *path = g_strdup_printf("/proc/%d/%s", (int)pid, kind), *text = NULL;
  g_autoptr(GString) map = g_string_new(NULL);
  if (!oakum_file_read(own, OAKUM_MIB, &text, NULL, error))
    return FALSE;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    unsigned inner, outer, count;
    if (sscanf(*line, "%u %u %u", &inner, &outer, &count) == 3)
      g_string_append_printf(map, "%u %u %u\n", inner, inner, count);
  }
  OAKUM_AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, map->str, map->len) == (ssize_t)map->len)
    return TRUE;
  oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "%s", kind);
  return FALSE;
}

static gboolean map_ids(pid_t pid, GError **error)
{
  if (geteuid() == 0)
    return map_same("uid_map", pid, error) && map_same("gid_map", pid, error);
  return map_by_helper("newuidmap", "/etc/subuid", pid, geteuid(), error) &&
         map_by_helper("newgidmap", "/etc/subgid", pid, getegid(), error);
}

/* ---- the process inside
 * ------------------------------------------------------------------------- */

/* Forks; `body` runs as uid 0 of a new user namespace and gives the exit status. -1 with an error.
 */
static pid_t fork_inside(int (*body)(void *user), void *user, GError **error)
{
  int up[2], down[2], errnum = EIO;
  if (pipe2(up, O_CLOEXEC) < 0)
    return oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "pipe"), -1;
  OAKUM_AUTO_FD up_read = up[0];
  OAKUM_AUTO_FD up_write = up[1];
  if (pipe2(down, O_CLOEXEC) < 0)
    return oakum_error_errno(error, OAKUM_SANDBOX_ERROR, errno, "pipe"), -1;
  OAKUM_AUTO_FD down_read = down[0];
  OAKUM_AUTO_FD down_write = down[1];
  pid_t pid = fork();
  if (pid == 0) {
    char go = 0;
    oakum_fd_clear(&down_write); /* so that our end is seen when the parent gives up */
    errnum = unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
    if (write(up_write, &errnum, sizeof(errnum)) < 0 || errnum != 0 || read(down_read, &go, 1) != 1)
      _exit(1);
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
      _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of ids would have cleared it */
    _exit(body(user));
  }
  oakum_fd_clear(&up_write);
  oakum_fd_clear(&down_read);
  gboolean ok = pid > 0 && read(up_read, &errnum, sizeof(errnum)) == (ssize_t)sizeof(errnum);
  if (!ok || errnum != 0) {
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, ok ? errnum : EIO, "user namespace");
    ok = FALSE;
  }
  ok = ok && map_ids(pid, error);
  if (ok && write(down_write, "g", 1) == 1)
    return pid;
  oakum_fd_clear(&down_write);
  if (pid > 0)
    (void)waitpid(pid, NULL, 0);
  if (ok)
    oakum_error_errno(error, OAKUM_SANDBOX_ERROR, EPIPE, "user namespace");
  return -1;
}

static int try_mounts(void *user)
{
  (void)user;
  return oakum_sandbox_try_mounts() ? 0 : errno ? errno : EPERM;
}

int oakum_sandbox_try_inside(int (*body)(void *user), void *user, char **why)
{
  g_autoptr(GError) error = NULL;
  int status = 0;
  pid_t pid = fork_inside(body, user, &error);
  if (pid < 0 && why)
    *why = g_strdup(error->message);
  if (pid < 0 || waitpid(pid, &status, 0) < 0)
    return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

gboolean oakum_sandbox_try_userns(char **why)
{
  int errnum = oakum_sandbox_try_inside(try_mounts, NULL, why);
  if (errnum > 0 && why)
    *why = g_strdup(g_strerror(errnum));
  return errnum == 0;
}

static int run_again(void *user)
{
  char **argv = user;
  execv("/proc/self/exe", argv);
  dprintf(2, "oakum: cannot start again: %s\n", g_strerror(errno));
  return 1;
}

gboolean oakum_sandbox_enter_userns(int argc, char **argv, int *status, GError **error)
{
  g_autofree char **again = g_new0(char *, (gsize)argc + 2);
  again[0] = (char *)"oakum:userns";
  memcpy(again + 1, argv, sizeof(char *) * (gsize)argc);
  pid_t pid = fork_inside(run_again, again, error);
  if (pid < 0)
    return FALSE;
  /* the one inside hears a Ctrl-C as well and tells how it ended */
  void (*old)(int) = signal(SIGINT, SIG_IGN);
  while (waitpid(pid, status, 0) < 0 && errno == EINTR)
    ;
  signal(SIGINT, old);
  return TRUE;
}
