#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void put(int at, const char *name, const char *text)
{
  OAKUM_AUTO_FD fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  g_assert_cmpint(fd, >=, 0);
  g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
}

static void expect(int root, const char *path, const char *text, int errnum)
{
  g_autoptr(GError) error = NULL;
  OAKUM_AUTO_FD fd = oakum_root_open(root, path, O_RDONLY, 0, OAKUM_ROOT_FOLLOW, &error);
  if (!text) {
    g_assert_cmpint(fd, <, 0);
    g_assert_nonnull(strstr(error->message, g_strerror(errnum)));
    return;
  }
  g_assert_no_error(error);
  char buffer[64] = {0};
  g_assert_cmpint(read(fd, buffer, sizeof(buffer) - 1), >=, 0);
  g_assert_cmpstr(buffer, ==, text);
}

static void test_root(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, &error);
  g_assert_no_error(error);
  int top = oakum_temp_dir_fd(dir);
  put(top, "secret", "outside");
  g_assert_cmpint(mkdirat(top, "root", 0755), ==, 0);
  OAKUM_AUTO_FD root = openat(top, "root", O_RDONLY | O_DIRECTORY);
  g_assert_true(oakum_root_mkdirs(root, "/a/b/../c", 0755, &error));
  put(root, "secret", "inside");
  put(root, "a/file", "file");
  g_assert_cmpint(symlinkat("/secret", root, "abs"), ==, 0);
  g_assert_cmpint(symlinkat("../../../secret", root, "a/up"), ==, 0);
  g_assert_cmpint(symlinkat("loop", root, "loop"), ==, 0);
  g_assert_cmpint(symlinkat("a", root, "dirlink"), ==, 0);
  g_assert_cmpint(symlinkat("/proc/self/root", root, "magic"), ==, 0);
  expect(root, "secret", "inside", 0);
  expect(root, "/../../secret", "inside", 0);
  expect(root, "abs", "inside", 0);
  expect(root, "a/up", "inside", 0);
  expect(root, "dirlink/up", "inside", 0);
  expect(root, "dirlink/../secret", "inside", 0);
  expect(root, "a/c/../file", "file", 0);
  expect(root, "loop", NULL, ELOOP);
  expect(root, "magic/etc/passwd", NULL, ENOENT);
  expect(root, "a/file/x", NULL, ENOTDIR);
  expect(root, "none/file", NULL, ENOENT);
  int fd = oakum_root_open(root, "abs", O_PATH, 0, OAKUM_ROOT_NOFOLLOW_LAST, &error);
  struct stat st;
  g_assert_cmpint(fstat(fd, &st), ==, 0);
  g_assert_true(S_ISLNK(st.st_mode));
  oakum_fd_clear(&fd);
  g_assert_cmpint(oakum_root_open(root, "dirlink/file", O_RDONLY, 0, OAKUM_ROOT_NO_SYMLINKS, NULL),
                  <, 0);
  g_autofree char *name = NULL;
  fd = oakum_root_open_parent(root, "dirlink/new/x", TRUE, &name, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(name, ==, "x");
  put(fd, name, "made");
  oakum_fd_clear(&fd);
  expect(root, "a/new/x", "made", 0);
  g_assert_cmpint(oakum_root_open_parent(root, "a/..", FALSE, &name, &error), <, 0);
  g_assert_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_INVALID);
  g_clear_error(&error);
  /* the link goes, not what it points to */
  g_assert_true(oakum_root_remove_tree(root, "dirlink", &error));
  expect(root, "a/file", "file", 0);
  g_assert_true(oakum_root_remove_tree(root, "a", &error));
  expect(root, "a/file", NULL, ENOENT);
  g_assert_true(oakum_root_remove_tree(root, "none/none", &error));
}

static void test_root_walk(void)
{
  if (g_test_subprocess()) {
    test_root();
    return;
  }
  g_setenv("OAKUM_TEST_NO_OPENAT2", "1", TRUE);
  g_test_trap_subprocess(NULL, 60 * G_USEC_PER_SEC, 0);
  g_unsetenv("OAKUM_TEST_NO_OPENAT2");
  g_test_trap_assert_passed();
}

/* A second thread swaps a folder with a link that leads outside; no open may ever end outside. */
static gint stop_racing;
static gpointer racer(gpointer data)
{
  int root = GPOINTER_TO_INT(data);
  while (!g_atomic_int_get(&stop_racing))
    syscall(SYS_renameat2, root, "x", root, "y", 2 /* RENAME_EXCHANGE */);
  return NULL;
}

static void race(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, &error);
  int top = oakum_temp_dir_fd(dir);
  g_assert_cmpint(mkdirat(top, "root", 0755), ==, 0);
  g_assert_cmpint(mkdirat(top, "out", 0755), ==, 0);
  put(top, "out/f", "outside");
  OAKUM_AUTO_FD root = openat(top, "root", O_RDONLY | O_DIRECTORY);
  g_assert_cmpint(mkdirat(root, "x", 0755), ==, 0);
  g_assert_cmpint(symlinkat("../out", root, "y"), ==, 0);
  put(root, "x/f", "inside");
  g_atomic_int_set(&stop_racing, 0);
  GThread *thread = g_thread_new("racer", racer, GINT_TO_POINTER(root));
  guint opened = 0;
  for (guint i = 0; i < 20000; i++) {
    OAKUM_AUTO_FD fd = oakum_root_open(root, "x/f", O_RDONLY, 0, OAKUM_ROOT_FOLLOW, NULL);
    if (fd < 0)
      continue;
    char buffer[16] = {0};
    g_assert_cmpint(read(fd, buffer, sizeof(buffer) - 1), ==, 6);
    g_assert_cmpstr(buffer, ==, "inside");
    opened++;
  }
  g_atomic_int_set(&stop_racing, 1);
  g_thread_join(thread);
  g_assert_cmpuint(opened, >, 0);
}

static void test_race_walk(void)
{
  if (g_test_subprocess()) {
    race();
    return;
  }
  g_setenv("OAKUM_TEST_NO_OPENAT2", "1", TRUE);
  g_test_trap_subprocess(NULL, 60 * G_USEC_PER_SEC, 0);
  g_unsetenv("OAKUM_TEST_NO_OPENAT2");
  g_test_trap_assert_passed();
}

/* A tree deeper than PATH_MAX and deeper than the number of descriptors. */
static void test_remove_deep(void)
{
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, NULL);
  OAKUM_AUTO_FD at = dup(oakum_temp_dir_fd(dir));
  for (guint i = 0; i < 3000; i++) {
    g_assert_cmpint(mkdirat(at, "deep", 0755), ==, 0);
    int below = openat(at, "deep", O_RDONLY | O_DIRECTORY);
    oakum_fd_clear(&at);
    at = below;
  }
  g_autoptr(GError) error = NULL;
  g_assert_true(oakum_root_remove_tree(oakum_temp_dir_fd(dir), "deep", &error));
  g_assert_no_error(error);
  g_assert_cmpint(faccessat(oakum_temp_dir_fd(dir), "deep", F_OK, 0), <, 0);
}

static void test_atomic(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, &error);
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(dir), "f", NULL);
  g_assert_true(oakum_file_write(path, "one", 3, 0600, &error));
  OakumAtomicFile *file = oakum_atomic_file_new(path, 0644, &error);
  g_assert_true(oakum_write_all(oakum_atomic_file_fd(file), "two", 3, &error));
  oakum_atomic_file_free(file); /* not committed */
  g_autofree char *data = NULL;
  size_t len;
  g_assert_true(oakum_file_read(path, 3, &data, &len, &error));
  g_assert_cmpmem(data, len, "one", 3);
  g_autofree char *more = NULL;
  g_assert_false(oakum_file_read(path, 2, &more, &len, &error));
  g_assert_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_LIMIT);
  g_autoptr(GDir) listing = g_dir_open(oakum_temp_dir_path(dir), 0, NULL);
  g_assert_cmpstr(g_dir_read_name(listing), ==, "f");
  g_assert_null(g_dir_read_name(listing));
}

static void test_lock(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, &error);
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(dir), "lock", NULL);
  OakumLock *first = oakum_lock_take(path, FALSE, FALSE, &error);
  OakumLock *second = oakum_lock_take(path, FALSE, FALSE, &error);
  g_assert_nonnull(first);
  g_assert_nonnull(second);
  g_assert_null(oakum_lock_take(path, TRUE, FALSE, &error));
  g_assert_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_DENIED);
  oakum_lock_free(first);
  oakum_lock_free(second);
  g_autoptr(OakumLock) third = oakum_lock_take(path, TRUE, FALSE, NULL);
  g_assert_nonnull(third);
}

static void test_child(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *out = NULL;
  size_t len;
  const char *cat[] = {"cat", NULL};
  g_autofree char *big = g_malloc(1 << 20);
  memset(big, 'x', 1 << 20);
  g_assert_true(
      oakum_child_run(cat, (OakumSlice){(guint8 *)big, 1 << 20}, 2 << 20, -1, &out, &len, &error));
  g_assert_cmpmem(out, len, big, 1 << 20);
  g_clear_pointer(&out, g_free);
  g_assert_false(
      oakum_child_run(cat, (OakumSlice){(guint8 *)big, 100}, 99, -1, &out, &len, &error));
  g_assert_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_LIMIT);
  g_clear_error(&error);
  const char *fail[] = {"sh", "-c", "echo why >&2; exit 3", NULL};
  g_assert_false(oakum_child_run(fail, (OakumSlice){0}, 99, -1, &out, &len, &error));
  g_assert_cmpstr(error->message, ==, "sh: exit status 3: why");
  g_clear_error(&error);
  const char *none[] = {"oakum-no-such-program", NULL};
  g_assert_false(oakum_child_run(none, (OakumSlice){0}, 99, -1, &out, &len, &error));
  g_assert_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND);
  g_clear_error(&error);
  const char *slow[] = {"sleep", "100", NULL};
  g_assert_false(oakum_child_run(slow, (OakumSlice){0}, 99, 50, &out, &len, &error));
  g_assert_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_LIMIT);
  /* no descriptor of ours leaks into a child */
  g_clear_error(&error);
  OAKUM_AUTO_FD leak = open("/dev/null", O_RDONLY);
  const char *fds[] = {"sh", "-c", "ls /proc/self/fd | wc -l", NULL};
  g_assert_cmpint(leak, >=, 0);
  g_assert_true(oakum_child_run(fds, (OakumSlice){0}, 99, -1, &out, &len, &error));
  g_assert_cmpstr(g_strstrip(out), ==, "4"); /* 0, 1, 2 and ls's own folder */
}

/* "-o /dev/null" as root must not make a file of it; a link stays a link. */
static void test_write_to_what_is_no_file(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, &error);
  g_assert_no_error(error);
  g_autofree char *pipe = g_build_filename(oakum_temp_dir_path(dir), "pipe", NULL),
                  *link = g_build_filename(oakum_temp_dir_path(dir), "link", NULL),
                  *file = g_build_filename(oakum_temp_dir_path(dir), "file", NULL), *text = NULL;
  g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
  OAKUM_AUTO_FD reader = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  g_assert_true(oakum_file_write(pipe, "hello", 5, 0644, &error));
  char got[8] = "";
  g_assert_cmpint(read(reader, got, sizeof(got)), ==, 5);
  struct stat st;
  g_assert_cmpint(lstat(pipe, &st), ==, 0);
  g_assert_true(S_ISFIFO(st.st_mode));
  g_assert_true(oakum_file_write(file, "old", 3, 0644, &error));
  g_assert_cmpint(symlink("file", link), ==, 0);
  g_assert_true(oakum_file_write(link, "new", 3, 0644, &error));
  g_assert_cmpint(lstat(link, &st), ==, 0);
  g_assert_true(S_ISLNK(st.st_mode));
  g_assert_true(oakum_file_read(file, 10, &text, NULL, &error));
  g_assert_cmpstr(text, ==, "new");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/os/root", test_root);
  g_test_add_func("/os/root-walk", test_root_walk);
  g_test_add_func("/os/race", race);
  g_test_add_func("/os/race-walk", test_race_walk);
  g_test_add_func("/os/remove-deep", test_remove_deep);
  g_test_add_func("/os/atomic", test_atomic);
  g_test_add_func("/os/lock", test_lock);
  g_test_add_func("/os/child", test_child);
  g_test_add_func("/os/write-to-what-is-no-file", test_write_to_what_is_no_file);
  return g_test_run();
}
