/* The last steps of a process before it is the step. It has one thread and prints its own errors.
 */
#include "os/os.h"
#include "sandbox/supervisor-private.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void oakum_sandbox_complain(const char *what)
{
  dprintf(2, "oakum: step: %s: %s\n", what, strerror(errno));
}

gboolean oakum_sandbox_drop_all(void)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {0};
  for (unsigned cap = 0; cap <= 63; cap++)
    if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
      (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* a plain user may not, and has none to lose */
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return syscall(SYS_capset, &header, data) == 0;
}

/* The bounding set first, while we may; then everything else at once, nothing inheritable. */
static gboolean cut_capabilities(gboolean strict)
{
  static const int kept[] = {OAKUM_DEFAULT_CAPABILITIES};
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {0};
  if (syscall(SYS_capget, &header, data) < 0)
    return FALSE;
  for (unsigned cap = 0; cap <= 63; cap++) {
    gboolean keep = !strict && (cap == CAP_SYS_CHROOT || cap == CAP_MKNOD || cap == CAP_SETPCAP);
    for (size_t i = 0; i < G_N_ELEMENTS(kept) && !keep; i++)
      keep = (unsigned)kept[i] == cap;
    if (keep)
      continue;
    data[cap / 32].permitted &= ~(UINT32_C(1) << cap % 32);
    if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
      return FALSE;
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (guint i = 0; i < 2; i++) {
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  return syscall(SYS_capset, &header, data) == 0;
}

/* Landlock, from ABI 6 on, keeps signals and abstract sockets inside the step as well: a second
 * wall behind the supervisor, and with namespaces the only one in front of the abstract sockets of
 * the network that a step shares with the builder. */
static void scope_by_landlock(void)
{
  struct {
    uint64_t handled_access_fs, handled_access_net, scoped;
  } attr = {0, 0, 1 /* abstract unix sockets */ | 2 /* signals */};
  if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1U /* version */) < 6)
    return;
  int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0U);
  if (fd >= 0) {
    (void)!syscall(SYS_landlock_restrict_self, fd, 0U);
    close(fd);
  }
}

static const char *value_of(char **envp, const char *name)
{
  size_t n = strlen(name);
  for (; *envp; envp++)
    if (strncmp(*envp, name, n) == 0 && (*envp)[n] == '=')
      return *envp + n + 1;
  return NULL;
}

_Noreturn void oakum_sandbox_exec(const StepOrder *order)
{
  const char *name = order->argv[0];
  int first = ENOENT;
  if (!oakum_limits_memory(order->memory)) {
    oakum_sandbox_complain("limits");
    _exit(125);
  }
  if (strchr(name, '/')) {
    execve(name, order->argv, order->envp);
    first = errno;
  } else {
    const char *path = value_of(order->envp, "PATH");
    g_auto(GStrv) folders = g_strsplit(
        path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ":", -1);
    for (char **folder = folders; *folder; folder++) {
      g_autofree char *full = g_build_filename(**folder ? *folder : ".", name, NULL);
      execve(full, order->argv, order->envp);
      if (errno != ENOENT && errno != ENOTDIR)
        first = errno;
    }
  }
  g_autofree char *shown = oakum_escape_terminal(name, -1);
  dprintf(2, "oakum: %s: %s\n", shown, strerror(first));
  _exit(first == ENOENT ? 127 : 126);
}

/* A folder that an earlier step took away is made again, root's, as container engines do. What
 * cannot be made is told by the chdir behind it. */
void oakum_sandbox_make_cwd(const char *cwd)
{
  if (chdir(cwd) == 0 || errno != ENOENT)
    return;
  g_autofree char *path = g_strdup(cwd);
  for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
    *at = '\0';
    mkdir(path, 0755);
    *at = '/';
  }
  mkdir(path, 0755);
}

/* The step's input is its own /dev/null, not the machine's: a step may change mode and owner of
 * what it holds. Pipes that take its output are its user's, so that it can open /dev/stdout. */
static void own_streams(const StepOrder *order)
{
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
    close(STDIN_FILENO);
  oakum_fd_clear(&fd);
  for (fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
      (void)!fchown(fd, (uid_t)order->uid, (gid_t)order->gid);
  }
}

_Noreturn void oakum_sandbox_become(const StepOrder *order, gboolean strict,
                                    gboolean (*before_exec)(void *), void *user)
{
  guint n = order->groups ? g_strv_length(order->groups) : 0;
  g_autofree gid_t *groups = g_new0(gid_t, n + 1);
  for (guint i = 0; i < n; i++)
    groups[i] = (gid_t)strtoul(order->groups[i], NULL, 10);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  umask(022);
  own_streams(order);
  oakum_sandbox_make_cwd(order->cwd);
  if (!strict)
    scope_by_landlock();
  /* without no_new_privs a filter can only be loaded by who has CAP_SYS_ADMIN */
  if (!oakum_limits_cpus(order->cpus_milli))
    oakum_sandbox_complain("processors");
  else if (!strict && before_exec && !before_exec(user))
    oakum_sandbox_complain("filter");
  else if (!cut_capabilities(strict))
    oakum_sandbox_complain("capabilities");
  else if (strict && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    oakum_sandbox_complain("no_new_privs");
  else if (setgroups(n, groups) < 0 ||
           setresgid((gid_t)order->gid, (gid_t)order->gid, (gid_t)order->gid) < 0)
    oakum_sandbox_complain("group");
  else if (strict && (scope_by_landlock(), before_exec && !before_exec(user)))
    oakum_sandbox_complain("filter");
  else if (setresuid((uid_t)order->uid, (uid_t)order->uid, (uid_t)order->uid) < 0)
    oakum_sandbox_complain("user");
  else if (prctl(PR_SET_PDEATHSIG, SIGKILL), chdir(order->cwd) < 0)
    oakum_sandbox_complain(order->cwd);
  else {
    syscall(SYS_close_range, 3U, ~0U, 0U);
    oakum_sandbox_exec(order);
  }
  _exit(125);
}
