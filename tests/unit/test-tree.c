#include "image/image.h"
#include "os/os.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

typedef struct {
  OakumTempDir *dir;
  OakumTree *tree;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
  f->dir = oakum_temp_dir_new(NULL, NULL);
  f->tree = oakum_tree_new(oakum_temp_dir_fd(f->dir));
  oakum_tree_set_threads(f->tree, 3);
}

static void tear_down(Fixture *f, gconstpointer data)
{
  oakum_tree_free(f->tree);
  oakum_temp_dir_free(f->dir);
}

/* "d:name" folder, "f:name=content", "l:name>target", "h:name>target"; time 1000 + index of the
 * word. */
static GBytes *layer(const char *text)
{
  GByteArray *bytes = g_byte_array_new();
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_memory(bytes));
  g_auto(GStrv) words = g_strsplit(text, " ", -1);
  for (guint i = 0; words[i]; i++) {
    char *name = words[i] + 2, *split = name + strcspn(name, "=>");
    const char *value = *split ? split + 1 : "";
    char kind = words[i][0];
    OakumTarEntry entry = {.type = kind == 'd'   ? OAKUM_TAR_DIR
                                   : kind == 'l' ? OAKUM_TAR_SYMLINK
                                   : kind == 'h' ? OAKUM_TAR_HARDLINK
                                                 : OAKUM_TAR_FILE,
                           .mode = kind == 'd' ? 0755 : 0644,
                           .mtime = 1000 + i,
                           .uid = geteuid(),
                           .gid = getegid(),
                           .path = {(const uint8_t *)name, (size_t)(split - name)}};
    entry.link = (OakumSlice){(const uint8_t *)value, kind == 'f' ? 0 : strlen(value)};
    entry.size = kind == 'f' ? strlen(value) : 0;
    g_assert_true(oakum_tar_writer_entry(tar, &entry, NULL));
    if (entry.size)
      g_assert_true(oakum_tar_writer_write(tar, value, entry.size, NULL));
  }
  g_assert_true(oakum_tar_writer_finish(tar, NULL));
  return g_byte_array_free_to_bytes(bytes);
}

static gboolean apply(OakumTree *tree, const char *text, GError **error)
{
  g_autoptr(GBytes) bytes = layer(text);
  return oakum_tree_apply(tree, oakum_reader_new_bytes(bytes), error);
}

static char *list(GBytes *tar)
{
  g_autoptr(OakumTarReader) reader = oakum_tar_reader_new(oakum_reader_new_bytes(tar));
  GString *out = g_string_new(NULL);
  const OakumTarEntry *entry;
  while (oakum_tar_reader_next(reader, &entry, NULL) > 0) {
    g_string_append_c(out, "fdlhcbp"[entry->type]);
    g_string_append_c(out, ':');
    g_string_append_len(out, (const char *)entry->path.data, (gssize)entry->path.len);
    if (entry->link.len) {
      g_string_append_c(out, '>');
      g_string_append_len(out, (const char *)entry->link.data, (gssize)entry->link.len);
    }
    g_string_append_printf(out, "@%d ", (int)entry->mtime);
  }
  return g_string_free(out, FALSE);
}

static GBytes *diff(Fixture *f, gboolean *changed)
{
  g_autoptr(GError) error = NULL;
  GByteArray *bytes = g_byte_array_new();
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_memory(bytes));
  OakumTreeTimes times = {TRUE, 5000};
  g_assert_true(oakum_tree_diff(f->tree, &times, tar, changed, &error));
  g_assert_no_error(error);
  g_assert_true(oakum_tar_writer_finish(tar, NULL));
  return g_byte_array_free_to_bytes(bytes);
}

/* Runs a shell script in the root and lists the layer. */
static void step(Fixture *f, const char *script, const char *want)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(oakum_tree_settle(f->tree, &error));
  g_autofree char *line =
      g_strdup_printf("cd '%s' && set -e; %s", oakum_temp_dir_path(f->dir), script);
  const char *argv[] = {"sh", "-c", line, NULL};
  g_autofree char *out = NULL;
  g_assert_true(oakum_child_run(argv, (OakumSlice){0}, 1000, -1, &out, NULL, &error));
  g_assert_no_error(error);
  gboolean changed;
  g_autoptr(GBytes) tar = diff(f, &changed);
  g_autofree char *got = list(tar);
  g_assert_cmpstr(got, ==, want);
  g_assert_cmpint(changed, ==, *want != '\0');
}

static void test_diff(Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(apply(f->tree,
                      "d:a f:a/x=one f:a/y=two d:a/deep f:a/deep/z=3 l:ln>a/x f:b=4 d:etc "
                      "f:etc/hosts=5 d:proc f:a-b=6",
                      &error));
  g_assert_no_error(error);
  step(f, "true", "");
  step(f, "chmod 644 a/x; touch -d @1001 a/x; echo -n one > a/x; touch -d @1001 a/x",
       ""); /* the same again */
  step(f, "echo -n ONE > a/x; touch -d @1001 a/x",
       "d:a/@1000 f:a/x@1001 "); /* same size and time */
  step(f, "touch a/new; rm a/new; touch proc/x; echo 1 > etc/hosts; touch etc/resolv.conf", "");
  step(f, "rm -r a/deep; rm b; echo 7 > a/n; ln a/n a-c; mkfifo p",
       "d:a/@1000 f:a/.wh.deep@5000 f:a/n@5000 h:a-c>a/n@5000 f:.wh.b@5000 p:p@5000 ");
  step(f, "rm ln; mkdir ln; touch -d @7 ln/f; rm -r a; ln -s nowhere a",
       "l:a>nowhere@5000 d:ln/@5000 f:ln/f@7 ");
  step(f, "chmod 700 ln; chmod +x a-b", "f:a-b@1010 d:ln/@5000 ");
}

/* A layer that diff wrote makes the same tree elsewhere. */
static void test_round_trip(Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  Fixture other;
  set_up(&other, NULL);
  const char *base = "d:d f:d/a=1 f:d/b=2 f:keep=3 l:l>d";
  g_assert_true(apply(f->tree, base, &error));
  g_assert_true(apply(other.tree, base, &error));
  g_assert_true(oakum_tree_settle(f->tree, &error));
  g_autofree char *script = g_strdup_printf("cd '%s'; rm d/a; echo x > d/c; ln d/c d/h; chmod 4755 "
                                            "d/b; ln -sfn keep l; mkfifo f; mkdir -m 1777 t",
                                            oakum_temp_dir_path(f->dir));
  const char *argv[] = {"sh", "-c", script, NULL};
  g_autofree char *out = NULL;
  g_assert_true(oakum_child_run(argv, (OakumSlice){0}, 1000, -1, &out, NULL, &error));
  gboolean changed;
  g_autoptr(GBytes) tar = diff(f, &changed);
  g_assert_true(oakum_tree_apply(other.tree, oakum_reader_new_bytes(tar), &error));
  g_assert_no_error(error);
  g_autofree char *a = NULL, *b = NULL, *one = g_strdup(oakum_temp_dir_path(f->dir)),
                  *two = g_strdup(oakum_temp_dir_path(other.dir));
  for (guint i = 0; i < 2; i++) {
    g_autofree char *line = g_strdup_printf(
        "cd '%s'; find . -mindepth 1 ! -type d -printf '%%p %%y %%m %%n %%l %%s\\n' | sort; "
        "find . -type d -printf '%%p %%m\\n' | sort | tail -n +2; cat d/c",
        i ? two : one);
    const char *find[] = {"sh", "-c", line, NULL};
    g_assert_true(oakum_child_run(find, (OakumSlice){0}, 10000, -1, i ? &b : &a, NULL, &error));
  }
  g_assert_cmpstr(a, ==, b);
  g_assert_nonnull(strstr(a, "./d/h f 644 2"));
  tear_down(&other, NULL);
}

static void test_apply(Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  const char *top = oakum_temp_dir_path(f->dir);
  g_assert_true(
      apply(f->tree, "d:usr d:usr/lib l:lib>usr/lib f:lib/x=1 l:abs>/usr d:o f:o/old=1", &error));
  g_assert_true(apply(
      f->tree, "f:abs/lib/y=2 h:h>usr/lib/x f:usr/lib/.wh.x= f:o/new=2 f:o/.wh..wh..opq=", &error));
  g_assert_no_error(error);
  static const struct {
    const char *path;
    gboolean there;
  } rows[] = {
      {"usr/lib/y", TRUE}, {"usr/lib/x", FALSE}, {"h", TRUE}, {"o/new", TRUE}, {"o/old", FALSE}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *path = g_build_filename(top, rows[i].path, NULL);
    g_assert_cmpint(access(path, F_OK) == 0, ==, rows[i].there);
  }
  /* nothing leads out */
  const char *bad[] = {
      "f:../x=1",  "h:x>../../etc/passwd", "h:x>none", "l:.>x", "f:.wh.=", "f:.wh..=",
      "f:.wh...=", "f:a= f:a/b="};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_clear_error(&error);
    g_assert_false(apply(f->tree, bad[i], &error));
    g_assert_nonnull(error);
  }
  g_clear_error(&error);
  g_assert_true(apply(
      f->tree,
      "d:tmp l:esc>../../../../tmp f:esc/oakum-test-escape=1 l:esc2>/ f:esc2/tmp/oakum-test-y=1",
      &error));
  g_assert_no_error(error);
  g_assert_cmpint(access("/tmp/oakum-test-escape", F_OK), <, 0);
  g_assert_cmpint(access("/tmp/oakum-test-y", F_OK), <, 0);
  g_autofree char *inside = g_build_filename(top, "tmp/oakum-test-escape", NULL);
  g_assert_cmpint(access(inside, F_OK), ==, 0);
}

/* Threads share the folders out as it happens; the layer is one. */
static void test_threads(Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GString) text = g_string_new("d:t");
  for (guint i = 0; i < 60; i++) {
    g_string_append_printf(text, " d:t/%u d:t/%u/deep", i, i);
    for (guint k = 0; k < 20; k++)
      g_string_append_printf(text, " f:t/%u/%sf%u=%u", i, k % 3 ? "" : "deep/", k, i + k);
  }
  g_autoptr(GBytes) first = NULL;
  for (guint threads = 1; threads <= 4; threads++) {
    Fixture other;
    set_up(&other, NULL);
    oakum_tree_set_threads(other.tree, threads);
    g_assert_true(apply(other.tree, text->str, &error));
    g_assert_true(oakum_tree_settle(other.tree, &error));
    g_autofree char *script = g_strdup_printf(
        "cd '%s/t'; for i in $(seq 0 5 55); do echo new > $i/f1; rm $i/deep/f0; mkdir $i/more; "
        "echo x > $i/more/a; ln $i/more/a $i/more-a; chmod 600 $i/f2; touch $i/f4; done; rm -r 7; "
        "rm -r 8; echo 8 > 8; rm 9/f1; mkdir 9/f1; echo y > 9/f1/z",
        oakum_temp_dir_path(other.dir));
    const char *argv[] = {"sh", "-c", script, NULL};
    g_autofree char *out = NULL;
    g_assert_true(oakum_child_run(argv, (OakumSlice){0}, 100000, -1, &out, NULL, &error));
    gboolean changed;
    g_autoptr(GBytes) tar = diff(&other, &changed);
    g_assert_true(changed);
    g_autoptr(GBytes) again = diff(&other, &changed); /* the notes are as the disk is now */
    (void)again;
    g_assert_false(changed);
    g_assert_cmpuint(g_bytes_get_size(tar), >, 50000);
    g_assert_true(!first || g_bytes_equal(first, tar));
    if (!first)
      first = g_bytes_ref(tar);
    tear_down(&other, NULL);
  }
}

/* A tree that comes back by its notes tells the same differences. */
static void test_saved(Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  g_assert_true(apply(f->tree, "d:a f:a/x=one f:a/y=two l:ln>a/x h:hard>a/y d:a/deep", &error));
  for (guint i = 0; i < 2; i++) {
    g_autoptr(OakumWriter) out = oakum_writer_new_memory(bytes);
    g_byte_array_set_size(bytes, 0);
    g_assert_true(oakum_tree_save(f->tree, out, &error));
    g_assert_true(oakum_writer_finish(out, &error));
    oakum_tree_free(f->tree);
    f->tree = oakum_tree_load(oakum_temp_dir_fd(f->dir),
                              oakum_reader_new_memory(bytes->data, bytes->len), &error);
    g_assert_no_error(error);
    g_assert_true(oakum_tree_is_settled(f->tree));
    if (i == 0)
      step(f, "echo -n one > a/x; touch -d @1001 a/x; rm hard; echo 5 > a/y; touch -d @3 a/y",
           "d:a/@1000 f:a/y@3 f:.wh.hard@5000 ");
  }
  step(f, "rm -r a/deep; touch -d @3 a/y", "d:a/@1000 f:a/.wh.deep@5000 ");
  g_assert_true(apply(f->tree, "d:a f:a/.wh..wh..opq=", &error));
  g_autoptr(OakumWriter) out = oakum_writer_new_memory(bytes);
  g_assert_false(oakum_tree_is_settled(f->tree));
  g_assert_false(oakum_tree_save(f->tree, out, &error));
  g_assert_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID);
  g_clear_error(&error);
  g_assert_null(
      oakum_tree_load(oakum_temp_dir_fd(f->dir), oakum_reader_new_memory("x", 1), &error));
  g_assert_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add("/tree/apply", Fixture, NULL, set_up, test_apply, tear_down);
  g_test_add("/tree/diff", Fixture, NULL, set_up, test_diff, tear_down);
  g_test_add("/tree/round-trip", Fixture, NULL, set_up, test_round_trip, tear_down);
  g_test_add("/tree/threads", Fixture, NULL, set_up, test_threads, tear_down);
  g_test_add("/tree/saved", Fixture, NULL, set_up, test_saved, tear_down);
  return g_test_run();
}
