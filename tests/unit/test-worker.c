/* A reading process whose cataloguers are bad ones: this program brings a table of its own, and is
 * what examine starts again. What they break is told, and the rest is read; what they try fails. */
#include "catalog/catalog-private.h"
#include "codec/codec.h"
#include "examine/examine-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Allocations larger than this fail as they do under the limit of memory, which sanitizers cannot
 * have. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
  return "max_allocation_size_mb=2048:allocator_may_return_null=1:detect_leaks=1";
}

/* ---- what goes wrong ------------------------------------------------------------------------- */
static gboolean run_crash(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  (void)file;
  (void)sink;
  (void)error;
  signal(SIGSEGV, SIG_DFL);
  syscall(SYS_tgkill, getpid(), getpid(), SIGSEGV);
  return TRUE;
}

static gboolean run_leave(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  (void)file;
  (void)sink;
  (void)error;
  _exit(0); /* as if all were well */
}

/* Takes memory until there is none: g_malloc ends the process then. */
static gboolean run_hog(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  (void)file;
  (void)sink;
  (void)error;
  signal(SIGTRAP, SIG_DFL);
  signal(SIGABRT, SIG_DFL);
  for (size_t size = OAKUM_MIB; size < (size_t)1 << 46; size *= 2) {
    char *some = g_malloc(size);
    some[0] = some[size - 1] = 1;
  }
  return TRUE;
}

/* Never ends. The clock of the reading process ticks once for each second of processor time; here
 * it is made to tick at once, since nobody wants to wait for five minutes. */
static gboolean run_hang(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  (void)file;
  (void)sink;
  (void)error;
  while (syscall(SYS_tgkill, getpid(), getpid(), SIGPROF) == 0)
    ;
  return TRUE;
}

static volatile gboolean nap = TRUE;

/* Never ends either, and takes no time of the processor. */
static gboolean run_sleep(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  (void)file;
  (void)sink;
  (void)error;
  while (nap)
    g_usleep(G_USEC_PER_SEC);
  return TRUE;
}

static gboolean run_nonsense(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  static const uint32_t head[] = {EXAMINE_NOTES, 9};
  (void)file;
  (void)sink;
  (void)error;
  (void)!oakum_write_all(EXAMINE_RESULT_FD, head, sizeof head, NULL);
  (void)!oakum_write_all(EXAMINE_RESULT_FD, "{\"\x1b[2J\":[}", 9, NULL);
  _exit(0);
}

static gboolean run_flood(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  static const uint32_t head[] = {EXAMINE_NOTES, UINT32_MAX};
  (void)file;
  (void)sink;
  (void)error;
  while (oakum_write_all(EXAMINE_RESULT_FD, head, sizeof head, NULL))
    ;
  _exit(0);
}

/* ---- what is tried --------------------------------------------------------------------------- */
typedef struct {
  OakumCatalogSink *sink;
  OakumCatalogFile *file;
} Tries;

/* A package of the attempt's name: its version says what came of it. */
static void tried(const Tries *tries, const char *what, long result)
{
  const char *said = result == -1 ? "refused" : "DONE";
  (void)!oakum_catalog_sink_package(tries->sink, tries->file, "generic",
                                    (OakumSlice){(const uint8_t *)what, strlen(what)},
                                    (OakumSlice){(const uint8_t *)said, strlen(said)});
}
#define TRY(call) tried(&tries, #call, (long)(call))
/* A child that comes into being must not go on as this test. */
#define TRY_CHILD(call)                                                                            \
  do {                                                                                             \
    long child = (long)(call);                                                                     \
    if (child == 0)                                                                                \
      _exit(0);                                                                                    \
    tried(&tries, #call, child);                                                                   \
  } while (0)

static gboolean run_escape(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  Tries tries = {sink, file};
  OakumSlice text;
  if (!oakum_catalog_file_text(file, 64, &text, error))
    return FALSE;
  g_autofree char *number = g_strndup((const char *)text.data, text.len);
  pid_t parent = (pid_t)g_ascii_strtoll(number, NULL, 10);
  g_autofree char *environ_of = g_strdup_printf("/proc/%d/environ", parent),
                  *memory_of = g_strdup_printf("/proc/%d/mem", parent),
                  *descriptor_of = g_strdup_printf("/proc/%d/fd/0", parent);
  char buffer[64];
  struct iovec here = {buffer, sizeof buffer}, there = {(void *)tried, sizeof buffer};
  struct sockaddr_un address = {AF_UNIX, "/tmp/oakum-escape"};
  char *argv[] = {(char *)"true", NULL};
  struct rlimit *none = NULL;
  /* files */
  TRY(open("/etc/passwd", O_RDONLY));
  TRY(open("/proc/self/environ", O_RDONLY));
  TRY(open("/proc/self/mem", O_RDWR));
  TRY(open("/proc/self/exe", O_RDONLY));
  TRY(open("/dev/null", O_RDWR));
  TRY(open("/tmp/oakum-escape", O_WRONLY | O_CREAT, 0600));
  TRY(open(environ_of, O_RDONLY));
  TRY(open(memory_of, O_RDWR));
  TRY(open(descriptor_of, O_RDWR));
  TRY(openat(AT_FDCWD, "/", O_PATH));
  TRY(openat(EXAMINE_SPOOL_FD, "/etc/passwd", O_RDONLY));
  TRY(syscall(SYS_open, "/etc/passwd", O_RDONLY));
  TRY(syscall(SYS_creat, "/tmp/oakum-escape", 0600));
  TRY(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", buffer, 24));
  TRY(syscall(SYS_name_to_handle_at, AT_FDCWD, "/", buffer, buffer, 0));
  TRY(syscall(SYS_open_by_handle_at, EXAMINE_SPOOL_FD, buffer, O_RDONLY));
  TRY(syscall(SYS_memfd_create, "x", 0));
  TRY(access("/", R_OK));
  TRY(stat("/", (struct stat *)(gpointer)buffer));
  TRY(readlink("/proc/self/exe", buffer, sizeof buffer));
  TRY(mkdir("/tmp/oakum-escape", 0700));
  TRY(unlink("/tmp/oakum-escape"));
  TRY(rename("/tmp/oakum-escape", "/tmp/oakum-escaped"));
  TRY(symlink("/etc/passwd", "/tmp/oakum-escape"));
  TRY(link("/etc/passwd", "/tmp/oakum-escape"));
  TRY(chmod("/tmp", 01777));
  TRY(fchmod(EXAMINE_SPOOL_FD, 0666));
  TRY(fchown(EXAMINE_SPOOL_FD, 1, 1));
  TRY(linkat(EXAMINE_SPOOL_FD, "", AT_FDCWD, "/tmp/oakum-escape", AT_EMPTY_PATH));
  TRY(chdir("/"));
  TRY(chroot("/tmp"));
  TRY(mount("none", "/tmp", "tmpfs", 0, NULL));
  TRY(umount2("/proc", MNT_DETACH));
  TRY(syscall(SYS_pivot_root, "/", "/"));
  TRY(syscall(SYS_open_tree, AT_FDCWD, "/", 1));
  TRY(syscall(SYS_fsopen, "tmpfs", 0));
  TRY(syscall(SYS_fanotify_init, 0, 0));
  TRY(syscall(SYS_inotify_init1, 0));
  /* programs and processes */
  TRY(execve("/bin/true", argv, NULL));
  TRY(syscall(SYS_execveat, EXAMINE_SPOOL_FD, "", argv, NULL, AT_EMPTY_PATH));
  TRY_CHILD(syscall(SYS_fork));
  TRY_CHILD(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  TRY_CHILD(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
  TRY_CHILD(syscall(SYS_clone3, buffer, sizeof buffer));
  TRY(unshare(CLONE_NEWUSER));
  TRY(unshare(CLONE_NEWNS));
  TRY(setns(EXAMINE_SPOOL_FD, 0));
  TRY(syscall(SYS_ptrace, 0, 0, 0, 0));
  TRY(syscall(SYS_ptrace, 16, parent, 0, 0));
  TRY(syscall(SYS_ptrace, 0x4206, parent, 0, 0));
  TRY(process_vm_readv(parent, &here, 1, &there, 1, 0));
  TRY(process_vm_writev(parent, &here, 1, &there, 1, 0));
  TRY(kill(parent, 0));
  TRY(kill(-1, 0));
  TRY(syscall(SYS_tkill, parent, 0));
  TRY(syscall(SYS_tgkill, parent, parent, 0));
  TRY(syscall(SYS_rt_sigqueueinfo, parent, 0, buffer));
  TRY(syscall(SYS_pidfd_open, parent, 0));
  TRY(syscall(SYS_pidfd_send_signal, EXAMINE_SPOOL_FD, 0, NULL, 0));
  TRY(syscall(SYS_pidfd_getfd, EXAMINE_SPOOL_FD, 0, 0));
  TRY(syscall(SYS_kcmp, parent, parent, 0, 0, 0));
  TRY(syscall(SYS_prlimit64, parent, 7, none, none));
  TRY(syscall(SYS_prlimit64, 0, 7, none, none));
  TRY(syscall(SYS_setpriority, 0, parent, 19));
  TRY(syscall(SYS_sched_setaffinity, parent, sizeof buffer, buffer));
  TRY(fcntl(EXAMINE_RESULT_FD, F_SETOWN, parent));
  TRY(fcntl(EXAMINE_RESULT_FD, F_SETFL, O_ASYNC));
  TRY(fcntl(EXAMINE_RESULT_FD, F_SETPIPE_SZ, 1 << 20));
  TRY(fcntl(EXAMINE_SPOOL_FD, F_SETLEASE, F_RDLCK));
  /* rights */
  TRY(setuid(0));
  TRY(setgid(0));
  TRY(setresuid(0, 0, 0));
  TRY(syscall(SYS_setgroups, 0, NULL));
  TRY(syscall(SYS_capset, buffer, buffer));
  TRY(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
  TRY(prctl(PR_SET_SECCOMP, 0, 0, 0, 0));
  TRY(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0));
  TRY(syscall(SYS_seccomp, 1, 0, NULL));
  TRY(syscall(SYS_personality, 0xffffffff));
  TRY(syscall(SYS_keyctl, 0, -3, 0));
  TRY(syscall(SYS_add_key, "user", "x", "y", 1, -3));
  /* network, and what processes share */
  TRY(socket(AF_INET, SOCK_STREAM, 0));
  TRY(socket(AF_INET6, SOCK_DGRAM, 0));
  TRY(socket(AF_UNIX, SOCK_STREAM, 0));
  TRY(socket(AF_NETLINK, SOCK_RAW, 0));
  TRY(socket(AF_PACKET, SOCK_RAW, 0));
  TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)(gpointer)buffer));
  TRY(connect(EXAMINE_INPUT_FD, (struct sockaddr *)(gpointer)&address, sizeof address));
  TRY(syscall(SYS_sendmsg, EXAMINE_RESULT_FD, buffer, 0));
  TRY(syscall(SYS_shmget, 7, 4096, 01666));
  TRY(syscall(SYS_semget, 7, 1, 01666));
  TRY(syscall(SYS_msgget, 7, 01666));
  TRY(syscall(SYS_mq_open, "/x", O_CREAT | O_RDWR, 0600, NULL));
  TRY(syscall(SYS_pipe2, buffer, 0));
  TRY(syscall(SYS_eventfd2, 0, 0));
  /* doors into the kernel */
  TRY(syscall(SYS_io_uring_setup, 4, buffer));
  TRY(syscall(SYS_io_setup, 4, buffer));
  TRY(syscall(SYS_bpf, 0, buffer, sizeof buffer));
  TRY(syscall(SYS_perf_event_open, buffer, 0, -1, -1, 0));
  TRY(syscall(SYS_userfaultfd, 0));
  TRY(syscall(SYS_init_module, buffer, sizeof buffer, ""));
  TRY(syscall(SYS_kexec_load, 0, 0, NULL, 0));
  TRY(syscall(SYS_syslog, 3, buffer, sizeof buffer));
  TRY(syscall(SYS_reboot, 0, 0, 0, NULL));
  TRY(syscall(SYS_swapon, "/x", 0));
  TRY(syscall(SYS_acct, NULL));
  TRY(syscall(SYS_quotactl, 0, NULL, 0, NULL));
  TRY(syscall(SYS_clock_settime, 0, buffer));
  TRY(syscall(SYS_sethostname, "x", 1));
  TRY(syscall(SYS_setitimer, 2, buffer, NULL));
  TRY(ioctl(2, TIOCSTI, "x"));
  TRY(ioctl(EXAMINE_RESULT_FD, FIOASYNC, buffer));
  TRY((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  TRY((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, EXAMINE_SPOOL_FD, 0));
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TRY(mprotect(page, 4096, PROT_READ | PROT_EXEC));
  /* the bytes that it is shown */
  gpointer shown = (gpointer)((uintptr_t)text.data & ~(uintptr_t)4095);
  TRY(mprotect(shown, 4096, PROT_READ | PROT_WRITE));
  TRY(mprotect(shown, 4096, PROT_READ | PROT_EXEC));
  TRY((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, EXAMINE_RING_FD, 0));
  TRY(write(EXAMINE_RING_FD, "x", 1));
  TRY(ftruncate(EXAMINE_RING_FD, 0));
  /* what it still can: say something where nobody hears it */
  (void)!oakum_write_all(1, "FORGED\n", 7, NULL);
  return TRUE;
}

/* With a folder: below it, and nothing else. (That a file elsewhere exists, and its size, can still
 * be seen: folders are walked with O_PATH, which Landlock lets through. Nothing of it leads out.)
 */
static gboolean run_look(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  Tries tries = {sink, file};
  const int folder = EXAMINE_FOLDER_FD;
  (void)error;
  TRY(openat(folder, "../outside", O_RDONLY));
  TRY(openat(folder, "../", O_RDONLY | O_DIRECTORY));
  TRY(openat(folder, "link", O_RDONLY));
  TRY(openat(folder, "link/..", O_RDONLY));
  TRY(openat(folder, "/etc/passwd", O_RDONLY));
  TRY(openat(folder, "/proc/self/environ", O_RDONLY));
  TRY(openat(AT_FDCWD, "/proc/self/fd/7/../outside", O_RDONLY));
  TRY(openat(folder, "inside", O_RDWR));
  TRY(openat(folder, "inside", O_RDONLY | O_TRUNC));
  TRY(openat(folder, "new", O_RDONLY | O_CREAT, 0600));
  TRY(openat(folder, ".", O_TMPFILE | O_RDWR, 0600));
  TRY(syscall(SYS_openat2, folder, "inside", NULL, 0));
  TRY(syscall(SYS_open, "/etc/passwd", O_RDONLY));
  TRY(mkdirat(folder, "new", 0700));
  TRY(unlinkat(folder, "inside", 0));
  TRY(renameat(folder, "inside", folder, "new"));
  TRY(symlinkat("x", folder, "new"));
  TRY(mknodat(folder, "new", S_IFIFO | 0600, 0));
  TRY(fchmodat(folder, "inside", 0777, 0));
  TRY(fchownat(folder, "inside", 1, 1, 0));
  TRY(syscall(SYS_setxattr, "inside", "user.x", "y", 1, 0));
  TRY(syscall(SYS_utimensat, folder, "inside", NULL, 0));
  TRY(fchdir(folder));
  TRY(syscall(SYS_execveat, folder, "inside", NULL, NULL, 0));
  TRY((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, folder, 0));
  TRY_CHILD(syscall(SYS_fork));
  TRY(socket(AF_UNIX, SOCK_STREAM, 0));
  return TRUE;
}

#define PROBE(name)                                                                                \
  static gboolean wants_##name(const OakumCatalogEntry *entry)                                     \
  {                                                                                                \
    return strcmp(entry->base, #name ".probe") == 0;                                               \
  }
PROBE(crash)
PROBE(leave)
PROBE(hog)
PROBE(hang)
PROBE(sleep)
PROBE(nonsense)
PROBE(flood)
PROBE(escape)
PROBE(look)

const OakumCataloguer oakum_catalog_test_table[] = {
    {"crash", 1, wants_crash, run_crash}, {"leave", 1, wants_leave, run_leave},
    {"hog", 1, wants_hog, run_hog},       {"hang", 1, wants_hang, run_hang},
    {"sleep", 1, wants_sleep, run_sleep}, {"nonsense", 1, wants_nonsense, run_nonsense},
    {"flood", 1, wants_flood, run_flood}, {"escape", 1, wants_escape, run_escape},
    {"look", 1, wants_look, run_look},    {0}};

/* ---- the tests ------------------------------------------------------------------------------- */
static void add_file(GByteArray *tar, const char *path, const char *text)
{
  char head[512] = {0};
  unsigned sum = 8 * ' ';
  size_t len = strlen(text);
  g_snprintf(head, 100, "%s", path);
  g_snprintf(head + 100, 8, "%07o", 0644);
  g_snprintf(head + 108, 8, "%07o", 0);
  g_snprintf(head + 116, 8, "%07o", 0);
  g_snprintf(head + 124, 12, "%011zo", len);
  g_snprintf(head + 136, 12, "%011o", 0);
  head[156] = '0';
  memcpy(head + 257, "ustar\00000", 8);
  for (size_t i = 0; i < sizeof head; i++)
    sum += (unsigned char)head[i];
  g_snprintf(head + 148, 8, "%06o", sum);
  head[155] = ' ';
  g_byte_array_append(tar, (const guint8 *)head, sizeof head);
  memset(head, 0, sizeof head);
  g_byte_array_append(tar, (const guint8 *)text, (guint)len);
  g_byte_array_append(tar, (const guint8 *)head, (guint)((512 - len % 512) % 512));
}

static OakumReader *open_tar(gpointer user, GError **error)
{
  const GByteArray *tar = user;
  (void)error;
  return oakum_reader_new_memory(tar->data, tar->len);
}

static const char status[] = "Package: bash\nStatus: install ok installed\nVersion: 5\n\n";

static OakumCatalog *examine(const char *const *probes, const char *text, GError **error)
{
  g_autoptr(GByteArray) tar = g_byte_array_new();
  /* more than lies between the two: who dies leaves the other one waiting for room */
  g_autofree char *end = g_malloc0(2 * EXAMINE_SLOT * EXAMINE_SLOTS);
  add_file(tar, "var/lib/dpkg/status", status);
  for (; *probes; probes++)
    add_file(tar, *probes, text);
  add_file(tar, "node_modules/last/package.json", "{\"name\":\"last\",\"version\":\"1\"}");
  g_byte_array_append(tar, (const guint8 *)end, 2 * EXAMINE_SLOT * EXAMINE_SLOTS);
  return oakum_examine_tar(open_tar, tar, "image", &(OakumExamineOptions){0}, error);
}

static gboolean has_package(const OakumCatalog *catalog, const char *name)
{
  for (guint i = 0; i < catalog->packages->len; i++)
    if (strcmp(((const OakumPackage *)catalog->packages->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

static guint unscannable(const OakumCatalog *catalog, const char *path)
{
  guint n = 0;
  for (guint i = 0; i < catalog->incomplete->len; i++) {
    const OakumFinding *finding = catalog->incomplete->pdata[i];
    n += strcmp(finding->id, "unscannable") == 0 && g_strcmp0(finding->file, path) == 0;
  }
  return n;
}

/* Each takes the reading process down; each time another one goes on without that file. */
static void test_the_rest_is_read(void)
{
  static const char *const probes[] = {
      "a/crash.probe", "b/leave.probe", "c/hog.probe", "d/hang.probe",
      "e/crash.probe", "f/sleep.probe", NULL};
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumCatalog) catalog = examine(probes, "x", &error);
  g_assert_no_error(error);
  g_assert_true(has_package(catalog, "bash"));
  g_assert_true(has_package(catalog, "last"));
  for (const char *const *probe = probes; *probe; probe++)
    g_assert_cmpuint(unscannable(catalog, *probe), ==, 1);
}

/* So many files that it is given up: that is told as well, and is no endless business. */
static void test_all_of_it_breaks(void)
{
  g_autoptr(GPtrArray) probes = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < OAKUM_EXAMINE_TRIES + 4; i++)
    g_ptr_array_add(probes, g_strdup_printf("%u/leave.probe", i));
  g_ptr_array_add(probes, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumCatalog) catalog =
      examine((const char *const *)(gpointer)probes->pdata, "x", &error);
  g_assert_no_error(error);
  g_assert_cmpuint(unscannable(catalog, NULL), ==, 1);
}

/* What a taken over process sends is an error, or that it is not there any more. */
static void test_lies(void)
{
  static const char *const nonsense[] = {"nonsense.probe", NULL}, *const flood[] = {"flood.probe",
                                                                                    NULL};
  g_autoptr(GError) error = NULL;
  g_assert_null(examine(nonsense, "x", &error));
  g_assert_cmpint(error->code, ==, OAKUM_ERROR_INVALID);
  g_assert_null(strchr(error->message, '\x1b'));
  g_clear_error(&error);
  g_autoptr(OakumCatalog) catalog = examine(flood, "x", &error);
  g_assert_no_error(error);
  g_assert_cmpuint(unscannable(catalog, "flood.probe"), ==, 1);
  g_assert_true(has_package(catalog, "last"));
}

static guint all_refused(const OakumCatalog *catalog)
{
  guint n = 0;
  for (guint i = 0; i < catalog->packages->len; i++) {
    const OakumPackage *package = catalog->packages->pdata[i];
    if (strcmp(package->type, "generic") != 0)
      continue;
    n++;
    if (strcmp(package->version, "refused") != 0)
      g_test_message("not refused: %s", package->name);
    g_assert_cmpstr(package->version, ==, "refused");
  }
  return n;
}

static void test_nothing_leads_out(void)
{
  static const char *const probes[] = {"escape.probe", NULL};
  g_autoptr(GError) error = NULL;
  g_autofree char *self = g_strdup_printf("%d", getpid());
  fflush(stdout);
  int own = dup(1), pipes[2];
  g_assert_cmpint(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), ==, 0);
  dup2(pipes[1], 1);
  g_autoptr(OakumCatalog) catalog = examine(probes, self, &error);
  dup2(own, 1);
  close(own);
  g_assert_no_error(error);
  g_assert_cmpuint(all_refused(catalog), >, 100);
  g_assert_cmpuint(catalog->incomplete->len, ==, 0);
  char said[8];
  g_assert_cmpint(read(pipes[0], said, sizeof said), ==, -1); /* our output is not its own */
  close(pipes[0]);
  close(pipes[1]);
  g_assert_false(g_file_test("/tmp/oakum-escape", G_FILE_TEST_EXISTS));
}

static void write_file(int folder, const char *path, const char *text)
{
  OAKUM_AUTO_FD fd = openat(folder, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  g_assert_true(oakum_write_all(fd, text, strlen(text), NULL));
}

static void test_nothing_leads_out_of_a_folder(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, &error);
  g_assert_no_error(error);
  int top = oakum_temp_dir_fd(dir);
  g_assert_cmpint(mkdirat(top, "in", 0700), ==, 0);
  write_file(top, "outside", "x");
  write_file(top, "in/inside", "x");
  write_file(top, "in/look.probe", "x");
  g_assert_cmpint(symlinkat("../outside", top, "in/link"), ==, 0);
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(dir), "in", NULL);
  g_autoptr(OakumCatalog) catalog = oakum_examine_folder(path, &(OakumExamineOptions){0}, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(all_refused(catalog), >, 25);
}

int main(int argc, char **argv)
{
  static const OakumReexecEntry entries[] = {{"examine", oakum_examine_main}, {NULL, NULL}};
  int status_of = oakum_reexec_dispatch(entries, argc, argv);
  if (status_of >= 0)
    return status_of;
  g_setenv("OAKUM_TEST_STALL_MS", "2000", TRUE);
  signal(SIGPIPE, SIG_IGN);
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/worker/the-rest-is-read", test_the_rest_is_read);
  g_test_add_func("/worker/all-of-it-breaks", test_all_of_it_breaks);
  g_test_add_func("/worker/lies", test_lies);
  g_test_add_func("/worker/nothing-leads-out", test_nothing_leads_out);
  g_test_add_func("/worker/nothing-leads-out-of-a-folder", test_nothing_leads_out_of_a_folder);
  return g_test_run();
}
