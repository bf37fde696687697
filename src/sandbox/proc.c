/* /proc as the chroot rung serves it. What is opened is opened by the supervisor itself, from a
 * list, and never a folder of the real procfs: a folder descriptor would lead to everything below
 * it. Folders are real folders in the root, refreshed when they are opened. */
#include "os/os.h"
#include "sandbox/sandbox-private.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct ProcServer {
  char *root_path;
  int root;
  pid_t self;
  GHashTable
      *noted; /* processes whose folder was made → when they were first seen dead, in ms; 0: not */
};

/* Read-only, the same for everybody. */
static const char *const global_files[] = {"cpuinfo",
                                           "meminfo",
                                           "stat",
                                           "uptime",
                                           "version",
                                           "loadavg",
                                           "filesystems",
                                           "vmstat",
                                           "devices",
                                           "swaps",
                                           "partitions",
                                           "diskstats",
                                           "cmdline",
                                           "crypto",
                                           "modules",
                                           "misc",
                                           "locks",
                                           "interrupts",
                                           "softirqs",
                                           "zoneinfo",
                                           "buddyinfo",
                                           "cgroups",
                                           "sys/kernel/ostype",
                                           "sys/kernel/osrelease",
                                           "sys/kernel/hostname",
                                           "sys/kernel/domainname",
                                           "sys/kernel/version",
                                           "sys/kernel/pid_max",
                                           "sys/kernel/threads-max",
                                           "sys/kernel/ngroups_max",
                                           "sys/kernel/cap_last_cap",
                                           "sys/kernel/overflowuid",
                                           "sys/kernel/overflowgid",
                                           "sys/kernel/shmmax",
                                           "sys/kernel/shmall",
                                           "sys/kernel/shmmni",
                                           "sys/kernel/sem",
                                           "sys/kernel/msgmax",
                                           "sys/kernel/msgmnb",
                                           "sys/kernel/msgmni",
                                           "sys/kernel/random/boot_id",
                                           "sys/kernel/random/uuid",
                                           "sys/kernel/random/entropy_avail",
                                           "sys/kernel/random/poolsize",
                                           "sys/kernel/randomize_va_space",
                                           "sys/kernel/core_pattern",
                                           "sys/kernel/yama/ptrace_scope",
                                           "sys/kernel/unprivileged_userns_clone",
                                           "sys/kernel/seccomp/actions_avail",
                                           "sys/vm/overcommit_memory",
                                           "sys/vm/overcommit_ratio",
                                           "sys/vm/max_map_count",
                                           "sys/vm/mmap_min_addr",
                                           "sys/vm/swappiness",
                                           "sys/vm/nr_hugepages",
                                           "sys/fs/file-max",
                                           "sys/fs/file-nr",
                                           "sys/fs/nr_open",
                                           "sys/fs/pipe-max-size",
                                           "sys/fs/inotify/max_user_watches",
                                           "sys/fs/inotify/max_user_instances",
                                           "sys/fs/inotify/max_queued_events",
                                           "sys/fs/aio-max-nr",
                                           "sys/net/core/somaxconn",
                                           "sys/net/ipv4/ip_local_port_range",
                                           "sys/net/ipv4/tcp_fastopen",
                                           "sys/crypto/fips_enabled"};
/* Of one process (or thread). */
static const char *const process_files[] = {
    "stat",      "status",        "cmdline",         "comm",      "statm",       "maps",
    "smaps",     "smaps_rollup",  "limits",          "io",        "environ",     "auxv",
    "oom_score", "oom_score_adj", "loginuid",        "sessionid", "personality", "schedstat",
    "sched",     "timers",        "uid_map",         "gid_map",   "setgroups",   "wchan",
    "syscall",   "cpuset",        "coredump_filter", "numa_maps", "pagemap",     "stack"};
static const char *const net_files[] = {"dev",   "tcp",      "tcp6",       "udp",       "udp6",
                                        "route", "if_inet6", "arp",        "protocols", "sockstat",
                                        "snmp",  "netstat",  "ipv6_route", "unix",      "raw",
                                        "raw6",  "fib_trie", "wireless"};
static const char *const process_folders[] = {"fd", "fdinfo", "task",     "net",
                                              "ns", "attr",   "map_files"};

ProcServer *oakum_proc_server_new(const char *root_path, int root, pid_t self)
{
  ProcServer *server = g_new0(ProcServer, 1);
  *server = (ProcServer){g_strdup(root_path), root, self, g_hash_table_new(NULL, NULL)};
  return server;
}

void oakum_proc_server_free(ProcServer *server)
{
  if (!server)
    return;
  g_hash_table_unref(server->noted);
  g_free(server->root_path);
  g_free(server);
}

static gboolean listed(const char *name, const char *const *list, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(name, list[i]) == 0)
      return TRUE;
  return FALSE;
}

/* ---- the tree
 * ------------------------------------------------------------------------------------- */
static gboolean read_small(int at, const char *name, char *buffer, size_t len)
{
  OAKUM_AUTO_FD fd = openat(at, name, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, buffer, len - 1) : -1;
  if (n < 0)
    return FALSE;
  buffer[n] = '\0';
  return TRUE;
}

static gboolean status_numbers(int at, const char *field, guint64 *numbers, guint n)
{
  char text[4096];
  if (!read_small(at, "status", text, sizeof(text)))
    return FALSE;
  g_autofree char *key = g_strconcat("\n", field, NULL);
  char *line = strstr(text, key);
  if (!line)
    return FALSE;
  line += strlen(key);
  for (guint i = 0; i < n; i++)
    numbers[i] = strtoull(line, &line, 10);
  return TRUE;
}

static int open_process(pid_t pid)
{
  char path[64];
  g_snprintf(path, sizeof(path), "/proc/%d", (int)pid);
  return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

gboolean oakum_proc_status(pid_t pid, const char *field, guint64 *numbers, guint n)
{
  OAKUM_AUTO_FD at = open_process(pid);
  return at >= 0 && status_numbers(at, field, numbers, n);
}

/* Walks up the parents of the process that the folder descriptor pins. */
static gboolean pinned_in_tree(const ProcServer *server, int at)
{
  guint64 parent;
  if (!status_numbers(at, "PPid:", &parent, 1))
    return FALSE;
  for (guint i = 0; i < 100000 && parent > 1; i++) {
    if ((pid_t)parent == server->self)
      return TRUE;
    if (!oakum_proc_status((pid_t)parent, "PPid:", &parent, 1))
      return FALSE;
  }
  return FALSE;
}

gboolean oakum_proc_in_tree(const ProcServer *server, pid_t pid)
{
  OAKUM_AUTO_FD at = pid > 0 ? open_process(pid) : -1;
  return at >= 0 && pinned_in_tree(server, at);
}

GArray *oakum_proc_tree(const ProcServer *server)
{
  GArray *tree = g_array_new(FALSE, FALSE, sizeof(pid_t));
  g_autoptr(GHashTable) parents = g_hash_table_new(NULL, NULL);
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(pid_t));
  DIR *dir = opendir("/proc");
  const struct dirent *entry;
  while (dir && (entry = readdir(dir)) != NULL) {
    guint64 parent;
    pid_t pid = (pid_t)atoi(entry->d_name);
    if (pid > 0 && oakum_proc_status(pid, "PPid:", &parent, 1)) {
      g_hash_table_insert(parents, GINT_TO_POINTER(pid), GSIZE_TO_POINTER((gsize)parent));
      g_array_append_val(all, pid);
    }
  }
  if (dir)
    closedir(dir);
  for (guint i = 0; i < all->len; i++) {
    pid_t at = g_array_index(all, pid_t, i);
    for (guint steps = 0; at > 1 && steps < all->len; steps++) {
      at = (pid_t)GPOINTER_TO_SIZE(g_hash_table_lookup(parents, GINT_TO_POINTER(at)));
      if (at == server->self) {
        g_array_append_val(tree, g_array_index(all, pid_t, i));
        break;
      }
    }
  }
  return tree;
}

/* ---- folders in the root
 * ----------------------------------------------------------------------------- */
static int folder_in_root(const ProcServer *server, const char *path, gboolean make)
{
  if (make && !oakum_root_mkdirs(server->root, path, 0755, NULL))
    return -1;
  return oakum_root_open(server->root, path, O_RDONLY | O_DIRECTORY, 0, OAKUM_ROOT_NO_SYMLINKS,
                         NULL);
}

static void empty_file(int at, const char *name)
{
  int fd = openat(at, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0444);
  oakum_fd_clear(&fd);
}

/* The folder of one process: names that can be looked up; what they hold is served on opening. */
static void make_process_folder(const ProcServer *server, const char *path, pid_t pid)
{
  OAKUM_AUTO_FD at = folder_in_root(server, path, TRUE);
  if (at < 0)
    return;
  for (size_t i = 0; i < G_N_ELEMENTS(process_files); i++)
    empty_file(at, process_files[i]);
  static const char *const more[] = {"mounts", "mountinfo", "mountstats", "cgroup", "exe", "mem"};
  for (size_t i = 0; i < G_N_ELEMENTS(more); i++)
    empty_file(at, more[i]);
  for (size_t i = 0; i < G_N_ELEMENTS(process_folders); i++)
    (void)mkdirat(at, process_folders[i], 0555);
  guint64 uid[2], gid[2];
  if (pid > 0 && oakum_proc_status(pid, "Uid:", uid, 2) && oakum_proc_status(pid, "Gid:", gid, 2))
    (void)!fchown(at, (uid_t)uid[1], (gid_t)gid[1]);
}

void oakum_proc_note(ProcServer *server, pid_t pid)
{
  gpointer dead = NULL;
  if (g_hash_table_lookup_extended(server->noted, GINT_TO_POINTER(pid), NULL, &dead) && !dead)
    return;
  g_hash_table_insert(server->noted, GINT_TO_POINTER(pid), NULL);
  char path[64];
  guint64 uid[2], gid[2];
  g_snprintf(path, sizeof(path), "proc/%d", (int)pid);
  OAKUM_AUTO_FD at = folder_in_root(server, path, TRUE);
  if (at >= 0 && oakum_proc_status(pid, "Uid:", uid, 2) && oakum_proc_status(pid, "Gid:", gid, 2))
    (void)!fchown(at, (uid_t)uid[1], (gid_t)gid[1]);
}

gboolean oakum_proc_note_files(ProcServer *server, pid_t pid)
{
  char path[64];
  if (!oakum_proc_in_tree(server, pid))
    return FALSE;
  g_hash_table_insert(server->noted, GINT_TO_POINTER(pid), NULL);
  g_snprintf(path, sizeof(path), "proc/%d", (int)pid);
  make_process_folder(server, path, pid);
  return TRUE;
}

/* Its folder stays for a while: who has just listed /proc looks at what was there (`find -xdev`
 * also, since it is no file system of its own). */
static gboolean is_long_dead(const ProcServer *server, pid_t pid)
{
  gpointer key = GINT_TO_POINTER(pid), dead;
  gint64 now = g_get_monotonic_time() / 1000;
  if (!g_hash_table_lookup_extended(server->noted, key, NULL, &dead))
    return TRUE;
  if (!dead)
    g_hash_table_insert(server->noted, key, GSIZE_TO_POINTER((gsize)now));
  return dead && now - (gint64)GPOINTER_TO_SIZE(dead) > OAKUM_PROC_DEAD_MS;
}

void oakum_proc_refresh(ProcServer *server)
{
  if (g_hash_table_size(server->noted) == 0)
    return;
  g_autoptr(GArray) tree = oakum_proc_tree(server);
  OAKUM_AUTO_FD at = folder_in_root(server, "proc", TRUE);
  if (at < 0)
    return;
  for (guint i = 0; i < tree->len; i++)
    oakum_proc_note(server, g_array_index(tree, pid_t, i));
  g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
  DIR *dir = fdopendir(dup(at));
  const struct dirent *entry;
  while (dir && (entry = readdir(dir)) != NULL) {
    pid_t pid = (pid_t)atoi(entry->d_name);
    gboolean alive = pid <= 0;
    for (guint i = 0; !alive && i < tree->len; i++)
      alive = g_array_index(tree, pid_t, i) == pid;
    if (!alive && is_long_dead(server, pid))
      g_ptr_array_add(gone, g_strdup(entry->d_name));
  }
  if (dir)
    closedir(dir);
  for (guint i = 0; i < gone->len; i++) {
    g_hash_table_remove(server->noted, GINT_TO_POINTER(atoi(gone->pdata[i])));
    (void)!oakum_root_remove_tree(at, gone->pdata[i], NULL);
  }
}

/* proc/PID/fd or task as a folder of fresh names. Returns a descriptor of it. */
static int list_folder(const ProcServer *server, pid_t pid, const char *which)
{
  char real[64], mine[64];
  g_snprintf(real, sizeof(real), "/proc/%d/%s", (int)pid, which);
  g_snprintf(mine, sizeof(mine), "proc/%d/%s", (int)pid, which);
  OAKUM_AUTO_FD at = folder_in_root(server, "proc", TRUE);
  if (at < 0)
    return -1;
  (void)!oakum_root_remove_tree(at, mine + 5, NULL);
  int fd = folder_in_root(server, mine, TRUE);
  DIR *dir = fd >= 0 ? opendir(real) : NULL;
  const struct dirent *entry;
  gboolean task = strcmp(which, "task") == 0;
  while (dir && (entry = readdir(dir)) != NULL) {
    if (!g_ascii_isdigit(entry->d_name[0]))
      continue;
    if (task)
      (void)mkdirat(fd, entry->d_name, 0555);
    else
      empty_file(fd, entry->d_name);
  }
  if (dir)
    closedir(dir);
  return fd;
}

/* ---- made-up files
 * ----------------------------------------------------------------------------------- */
static int text_file(const char *text)
{
  int fd = memfd_create("proc", MFD_CLOEXEC);
  if (fd >= 0 && (!oakum_write_all(fd, text, strlen(text), NULL) || lseek(fd, 0, SEEK_SET) != 0))
    oakum_fd_clear(&fd);
  return fd;
}

static int mounts(const char *name)
{
  if (strcmp(name, "mountinfo") == 0)
    return text_file("1 0 0:1 / / rw,relatime - overlay overlay rw\n2 1 0:2 / /proc "
                     "rw,nosuid,nodev,noexec - proc proc rw\n"
                     "3 1 0:3 / /dev rw,nosuid - tmpfs tmpfs rw\n4 3 0:4 / /dev/shm "
                     "rw,nosuid,nodev - tmpfs shm rw\n");
  if (strcmp(name, "cgroup") == 0)
    return text_file("0::/\n");
  return text_file("overlay / overlay rw,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec 0 0\n"
                   "tmpfs /dev tmpfs rw,nosuid 0 0\nshm /dev/shm tmpfs rw,nosuid,nodev 0 0\n");
}

/* ---- opening
 * ----------------------------------------------------------------------------------------- */
static int refuse(int errnum)
{
  errno = errnum;
  return -1;
}

/* Where the step's output goes is ours as well; a plain user could not open it again by name. */
static int own_copy(const struct stat *st)
{
  struct stat own;
  for (int i = 0; i < 3; i++)
    if (fstat(i, &own) == 0 && own.st_ino == st->st_ino && own.st_dev == st->st_dev)
      return fcntl(i, F_DUPFD_CLOEXEC, 3);
  return -1;
}

/* Opens again what descriptor `number` of the process is, with no more access than that has. */
static int reopen(int at, const char *number, int flags)
{
  char info[512], name[64];
  g_snprintf(name, sizeof(name), "fdinfo/%s", number);
  if (!read_small(at, name, info, sizeof(info)))
    return refuse(ENOENT);
  const char *line = strstr(info, "flags:"), *inode = strstr(info, "ino:");
  guint64 held = line ? strtoull(line + 6, NULL, 8) : 0;
  int have = (int)(held & O_ACCMODE), want = flags & O_ACCMODE;
  if (!line || (held & O_PATH) || (have != O_RDWR && have != want) ||
      ((flags & O_TRUNC) && have == O_RDONLY))
    return refuse(EACCES);
  char link[64];
  struct stat st;
  g_snprintf(link, sizeof(link), "fd/%s", number);
  if (fstatat(at, link, &st, 0) < 0)
    return -1;
  /* the number may be given to another file at any time: what was judged and what is opened must be
   * one */
  if (!inode || strtoull(inode + 4, NULL, 10) != st.st_ino || S_ISDIR(st.st_mode))
    return refuse(EACCES); /* a folder descriptor that we opened is not given away */
  int fd =
      openat(at, link, want | (flags & (O_APPEND | O_TRUNC)) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 && errno == EACCES)
    return own_copy(&st);
  struct stat got;
  if (fd >= 0 && (fstat(fd, &got) < 0 || got.st_ino != st.st_ino || got.st_dev != st.st_dev)) {
    close(fd);
    return refuse(EACCES);
  }
  if (fd >= 0 && !(flags & O_NONBLOCK))
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

static int open_of_process(ProcServer *server, pid_t pid, pid_t owner, int at, const char *rest,
                           int flags)
{
  if (strcmp(rest, "mounts") == 0 || strcmp(rest, "mountinfo") == 0 ||
      strcmp(rest, "mountstats") == 0 || strcmp(rest, "cgroup") == 0)
    return mounts(rest);
  if (strcmp(rest, "fd") == 0 || strcmp(rest, "fdinfo") == 0 || strcmp(rest, "task") == 0)
    return list_folder(server, pid, rest);
  gboolean writes = (flags & O_ACCMODE) != O_RDONLY;
  if (listed(rest, process_files, G_N_ELEMENTS(process_files)))
    return writes && strcmp(rest, "comm") != 0 && strcmp(rest, "oom_score_adj") != 0
               ? refuse(EACCES)
               : openat(at, rest, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (strcmp(rest, "mem") == 0)
    return pid == owner ? openat(at, rest, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC)
                        : refuse(EACCES);
  if (g_str_has_prefix(rest, "fd/") && rest[3] &&
      strspn(rest + 3, "0123456789") == strlen(rest + 3))
    return pid == owner ? reopen(at, rest + 3, flags) : refuse(EACCES);
  if (g_str_has_prefix(rest, "fdinfo/") && strspn(rest + 7, "0123456789") == strlen(rest + 7))
    return openat(at, rest, O_RDONLY | O_CLOEXEC);
  if (g_str_has_prefix(rest, "net/") && listed(rest + 4, net_files, G_N_ELEMENTS(net_files)))
    return openat(at, rest, O_RDONLY | O_CLOEXEC);
  if (g_str_has_prefix(rest, "task/")) {
    const char *slash = strchr(rest + 5, '/');
    if (slash && strspn(rest + 5, "0123456789") == (size_t)(slash - rest - 5) &&
        listed(slash + 1, process_files, G_N_ELEMENTS(process_files)))
      return writes && strcmp(slash + 1, "comm") != 0
                 ? refuse(EACCES)
                 : openat(at, rest, (writes ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
  }
  return -2;
}

/* Splits "self/x", "thread-self/x", "123/x": the process meant, and what follows. 0: no process. */
static pid_t process_of(const char *rest, pid_t pid, pid_t tid, const char **behind)
{
  size_t n = strcspn(rest, "/");
  *behind = rest[n] ? rest + n + 1 : rest + n;
  if (n == 4 && strncmp(rest, "self", n) == 0)
    return pid;
  if (n == 11 && strncmp(rest, "thread-self", n) == 0)
    return tid;
  uint64_t number;
  return oakum_parse_u64(rest, n, G_MAXINT32, &number) ? (pid_t)number : 0;
}

int oakum_proc_open(ProcServer *server, pid_t pid, pid_t tid, const char *path, int flags)
{
  static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                        "/dev/urandom"};
  if (listed(path, devices, G_N_ELEMENTS(devices)))
    return open(path, (flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)) | O_CLOEXEC | O_NOCTTY);
  if (strcmp(path, "/sys/devices/system/cpu/online") == 0 ||
      strcmp(path, "/sys/devices/system/cpu/possible") == 0)
    return (flags & O_ACCMODE) == O_RDONLY ? open(path, O_RDONLY | O_CLOEXEC) : refuse(EACCES);
  if (strcmp(path, "/proc") == 0) {
    oakum_proc_refresh(server);
    return -2;
  }
  if (!g_str_has_prefix(path, "/proc/"))
    return -2;
  const char *rest = path + 6, *behind;
  if (listed(rest, global_files, G_N_ELEMENTS(global_files)))
    return (flags & O_ACCMODE) == O_RDONLY ? open(path, O_RDONLY | O_CLOEXEC) : refuse(EACCES);
  if (strcmp(rest, "mounts") == 0)
    return mounts(rest);
  g_autofree char *net = NULL;
  if (g_str_has_prefix(rest, "net/"))
    rest = net = g_strconcat("self/", rest, NULL);
  pid_t process = process_of(rest, pid, tid, &behind);
  if (process == 0)
    return -2;
  OAKUM_AUTO_FD at = open_process(process);
  if (at < 0 || !pinned_in_tree(server, at))
    /* processes that are not the step's do not exist; of one that has just ended the folders do */
    return (flags & O_DIRECTORY) && g_hash_table_contains(server->noted, GINT_TO_POINTER(process))
               ? -2
               : refuse(ENOENT);
  if (*behind == '\0') {
    char mine[64];
    g_snprintf(mine, sizeof(mine), "proc/%d", (int)process);
    make_process_folder(server, mine, process);
    return strncmp(rest, "self", 4) == 0 || strncmp(rest, "thread", 6) == 0
               ? folder_in_root(server, mine, FALSE)
               : -2;
  }
  return open_of_process(server, process, process == tid ? process : pid, at, behind, flags);
}

gssize oakum_proc_readlink(ProcServer *server, pid_t pid, pid_t tid, const char *path, char *out,
                           size_t len)
{
  if (strcmp(path, "/proc/self") == 0)
    return g_snprintf(out, len, "%d", (int)pid);
  if (strcmp(path, "/proc/thread-self") == 0)
    return g_snprintf(out, len, "%d/task/%d", (int)pid, (int)tid);
  if (strcmp(path, "/proc/mounts") == 0)
    return g_snprintf(out, len, "self/mounts");
  if (!g_str_has_prefix(path, "/proc/"))
    return -2;
  const char *behind;
  pid_t process = process_of(path + 6, pid, tid, &behind);
  gboolean plain =
      strcmp(behind, "exe") == 0 || strcmp(behind, "cwd") == 0 || strcmp(behind, "root") == 0 ||
      g_str_has_prefix(behind, "ns/") ||
      (g_str_has_prefix(behind, "fd/") && strspn(behind + 3, "0123456789") == strlen(behind + 3));
  if (process == 0 || !plain || strstr(behind, ".."))
    return -2;
  OAKUM_AUTO_FD at = open_process(process);
  if (at < 0 || !pinned_in_tree(server, at))
    return refuse(ENOENT);
  char target[8192];
  ssize_t n = readlinkat(at, behind, target, sizeof(target) - 1);
  if (n < 0)
    return -1;
  target[n] = '\0';
  size_t prefix = strlen(server->root_path);
  const char *shown = target;
  if (target[0] == '/') {
    if (strncmp(target, server->root_path, prefix) == 0 &&
        (target[prefix] == '/' || target[prefix] == '\0'))
      shown = target[prefix] ? target + prefix : "/";
    else if (!g_str_has_prefix(target, "/dev/"))
      shown = "/"; /* a name outside the root is nobody's business */
  }
  return g_snprintf(out, len, "%s", shown);
}
