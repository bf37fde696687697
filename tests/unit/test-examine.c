/* The reading process: what it may still do, and the document that it sends. */
#include "examine/examine.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `body` confined in a child; gives its exit status. */
static int confined(int folder, int (*body)(const void *), const void *argument)
{
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    g_autoptr(GError) error = NULL;
    if (!oakum_sandbox_confine(folder, &error))
      _exit(99);
    _exit(body(argument));
  }
  g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
  g_assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static int escape(const void *argument)
{
  (void)argument;
  if (open("/etc/passwd", O_RDONLY) >= 0 || open("/proc/self/environ", O_RDONLY) >= 0)
    return 1;
  if (open("/tmp/oakum-made", O_WRONLY | O_CREAT, 0600) >= 0 || mkdir("/tmp/oakum-made", 0700) == 0)
    return 2;
  if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
    return 3;
  if (kill(getppid(), 0) == 0 || syscall(SYS_tgkill, getppid(), getppid(), 0) == 0)
    return 4;
  if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0 || syscall(SYS_vfork) >= 0)
    return 5;
  char *argv[] = {(char *)"true", NULL};
  if (execve("/bin/true", argv, NULL) == 0 || chdir("/") == 0 || unlink("/nonexistent") == 0)
    return 6;
  if (fcntl(0, F_SETOWN, getppid()) == 0 || syscall(SYS_ptrace, 16, getppid(), 0, 0) == 0)
    return 7;
  if (syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0) >= 0 || errno != ENOSYS)
    return 8;
  void *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? 9 : 0;
}

static void test_nothing_is_left(void)
{
  g_assert_cmpint(confined(-1, escape, NULL), ==, 0);
}

static gpointer answer_of(gpointer data)
{
  return GINT_TO_POINTER(GPOINTER_TO_INT(data) + 1);
}

static int make_threads(const void *argument)
{
  (void)argument;
  const unsigned long thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
  for (int i = 0; i < 50; i++) /* each has a life of its own */
    if (GPOINTER_TO_INT(g_thread_join(g_thread_new("t", answer_of, GINT_TO_POINTER(i)))) != i + 1)
      return 1;
  if (syscall(SYS_clone, thread | CLONE_NEWUSER, 0, 0, 0, 0) >= 0 || errno != ENOENT ||
      syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND, 0, 0, 0, 0) >= 0 || errno != ENOENT)
    return 2;
  return syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS ? 3 : 0;
}

static void test_threads_but_no_process(void)
{
  g_assert_cmpint(confined(-1, make_threads, NULL), ==, 0);
}

static int look(const void *argument)
{
  int folder = *(const int *)argument;
  char text[8] = "";
  int fd = openat(folder, "inside", O_RDONLY);
  if (fd < 0 || read(fd, text, sizeof(text)) != 2)
    return 1;
  if (openat(folder, "inside", O_RDWR) >= 0 || openat(folder, "new", O_WRONLY | O_CREAT, 0600) >= 0)
    return 2;
  if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || kill(getppid(), 0) == 0)
    return 3;
  /* without Landlock, what others may read could still be read: nothing leaves but the result */
  if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1U) == -1 && errno == ENOSYS)
    return 0;
  return openat(folder, "../outside", O_RDONLY) >= 0 || open("/etc/passwd", O_RDONLY) >= 0 ? 4 : 0;
}

static void test_one_folder_is_left(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, &error);
  g_assert_no_error(error);
  int top = oakum_temp_dir_fd(dir);
  g_assert_cmpint(mkdirat(top, "in", 0700), ==, 0);
  G_GNUC_UNUSED OAKUM_AUTO_FD outside = openat(top, "outside", O_WRONLY | O_CREAT, 0644);
  OAKUM_AUTO_FD inside = openat(top, "in/inside", O_WRONLY | O_CREAT, 0644);
  g_assert_true(oakum_write_all(inside, "hi", 2, NULL));
  int folder = openat(top, "in", O_RDONLY | O_DIRECTORY);
  g_assert_cmpint(confined(folder, look, &folder), ==, 0);
  close(folder);
}

static void test_round_trip(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumLayerNotes) notes = oakum_layer_notes_new();
  OakumPackage *package = oakum_package_new();
  package->name = g_strdup("a\"b\xff");
  package->version = g_strdup("1:2");
  package->type = g_strdup("pypi");
  package->space = g_strdup("s");
  package->license = g_strdup("MIT");
  package->module = g_strdup("m:1");
  package->cpe = g_strdup("cpe:2.3:a:x");
  package->found_by = g_strdup("f");
  package->owner = g_strdup("deb/a");
  package->maintainer = g_strdup("");
  package->guessed = TRUE;
  package->offset = 7;
  g_ptr_array_add(package->paths, g_strdup("a.jar"));
  g_ptr_array_add(package->paths, g_strdup("b.jar"));
  g_ptr_array_add(notes->packages, package);
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_INCOMPLETE, "x", OAKUM_SEVERITY_UNKNOWN);
  finding->title = g_strdup("not read");
  finding->file = g_strdup("p");
  g_ptr_array_add(notes->incomplete, finding);
  OakumFinding *secret = oakum_finding_new(OAKUM_FINDING_SECRET, "a-token", OAKUM_SEVERITY_HIGH);
  secret->title = g_strdup("a token");
  secret->file = g_strdup("root/.netrc");
  secret->match = g_strdup("tok_****");
  secret->suppressed = g_strdup("it is published");
  secret->category = g_strdup("token");
  secret->line = 3;
  g_ptr_array_add(notes->observed, secret);
  g_ptr_array_add(notes->links, oakum_path_pair_new("l", "t"));
  g_ptr_array_add(notes->gone, g_strdup("g/"));
  OakumCatalogFacts *facts = oakum_catalog_facts_new("etc/os-release");
  g_hash_table_insert(facts->values, g_strdup("ID"), g_strdup("debian"));
  g_ptr_array_add(notes->facts, facts);
  g_autoptr(GByteArray) text = g_byte_array_new(), again = g_byte_array_new();
  oakum_examine_format(notes, text);
  g_autoptr(OakumLayerNotes) back = oakum_examine_parse(text->data, text->len, &error);
  g_assert_no_error(error);
  const OakumPackage *got = back->packages->pdata[0];
  g_assert_cmpstr(got->name, ==, "a\"b\xef\xbf\xbd"); /* other bytes are none of a text */
  g_assert_cmpstr(got->maintainer, ==, "");
  g_assert_null(got->arch);
  g_assert_cmpuint(got->paths->len, ==, 2);
  g_assert_true(got->guessed);
  g_assert_cmpstr(((const OakumFinding *)back->incomplete->pdata[0])->file, ==, "p");
  const OakumFinding *seen = back->observed->pdata[0];
  g_assert_cmpint(seen->kind, ==, OAKUM_FINDING_SECRET);
  g_assert_cmpint(seen->severity, ==, OAKUM_SEVERITY_HIGH);
  g_assert_cmpint(seen->line, ==, 3);
  g_assert_cmpstr(seen->match, ==, "tok_****");
  g_assert_cmpstr(seen->suppressed, ==, "it is published");
  g_assert_cmpstr(seen->category, ==, "token");
  oakum_examine_format(back, again);
  g_assert_cmpmem(again->data, again->len, text->data, text->len);
  for (guint cut = 0; cut < text->len; cut++) {
    g_assert_null(oakum_examine_parse(text->data, cut, &error));
    g_clear_error(&error);
  }
  g_byte_array_append(text, (const guint8 *)"", 1);
  g_assert_null(oakum_examine_parse(text->data, text->len, &error));
  g_assert_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_INVALID);
}

static void test_nonsense(void)
{
#define MAGIC "oakum notes 2\n"
  static const char many[] = MAGIC "\377\377\377\377", none[] = MAGIC "\1\0\0\0\2\0\0\0a",
                    other[] = "oakum notes 3\n";
  const OakumSlice texts[] = {{(const uint8_t *)"[]", 2},
                              {(const uint8_t *)"", 0},
                              {(const uint8_t *)many, sizeof(many) - 1},
                              {(const uint8_t *)none, sizeof(none) - 1},
                              {(const uint8_t *)other, sizeof(other) - 1}};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(oakum_examine_parse(texts[i].data, texts[i].len, &error));
    g_assert_cmpint(error->code, ==, OAKUM_ERROR_INVALID);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/examine/nothing-is-left", test_nothing_is_left);
  g_test_add_func("/examine/threads", test_threads_but_no_process);
  g_test_add_func("/examine/one-folder-is-left", test_one_folder_is_left);
  g_test_add_func("/examine/round-trip", test_round_trip);
  g_test_add_func("/examine/nonsense", test_nonsense);
  return g_test_run();
}
