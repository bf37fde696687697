#include "image/image.h"
#include "os/os.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One layer from a compact text: entries split by spaces. "d:dir" folder, "f:name=content" file,
 * "l:name>target" symbolic link, "h:name>target" hard link. */
static GBytes *layer(const char *text)
{
  OakumWriter *memory = NULL;
  GByteArray *bytes = g_byte_array_new();
  memory = oakum_writer_new_memory(bytes);
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(memory);
  g_auto(GStrv) words = g_strsplit(text, " ", -1);
  for (char **word = words; *word; word++) {
    char *name = *word + 2, *split = name + strcspn(name, "=>");
    const char *value = *split ? split + 1 : "";
    OakumTarEntry entry = {.mode = 0644, .path = {(const uint8_t *)name, (size_t)(split - name)}};
    entry.type = (*word)[0] == 'd'   ? OAKUM_TAR_DIR
                 : (*word)[0] == 'l' ? OAKUM_TAR_SYMLINK
                 : (*word)[0] == 'h' ? OAKUM_TAR_HARDLINK
                                     : OAKUM_TAR_FILE;
    entry.link =
        (OakumSlice){(const uint8_t *)value, entry.type == OAKUM_TAR_FILE ? 0 : strlen(value)};
    entry.size = entry.type == OAKUM_TAR_FILE ? strlen(value) : 0;
    g_assert_true(oakum_tar_writer_entry(tar, &entry, NULL));
    if (entry.size)
      g_assert_true(oakum_tar_writer_write(tar, value, entry.size, NULL));
  }
  g_assert_true(oakum_tar_writer_finish(tar, NULL));
  return g_byte_array_free_to_bytes(bytes);
}

static gboolean all(const char *path, gpointer user)
{
  return TRUE;
}

static gboolean print(const char *path, const OakumViewFile *file, gpointer user)
{
  g_string_append_printf(user, "%s@%d ", path, file->layer);
  return TRUE;
}

static OakumView *view_of(const char *const *layers, GError **error)
{
  g_autoptr(OakumView) view = oakum_view_new(all, NULL);
  for (; *layers; layers++) {
    g_autoptr(GBytes) bytes = layer(*layers);
    if (!oakum_view_add_layer(view, oakum_reader_new_bytes(bytes), "sha256:x", error))
      return NULL;
  }
  return g_steal_pointer(&view);
}

#define VIEW(...) view_of((const char *const[]){__VA_ARGS__, NULL}, &error)

static void expect(const OakumView *view, const char *want)
{
  g_autoptr(GString) text = g_string_new(NULL);
  oakum_view_each(view, print, text);
  g_assert_cmpstr(text->str, ==, want);
}

static void content(const OakumView *view, const char *path, const char *want)
{
  GBytes *bytes = oakum_view_content(view, path);
  if (!want) {
    g_assert_null(bytes);
    return;
  }
  g_assert_nonnull(bytes);
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  g_assert_cmpmem(data, len, want, strlen(want));
}

static void test_merge(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumView) view =
      VIEW("d:a f:a/x=1 f:a/y=2 f:b=3", "f:a/x=4 f:a/.wh.y= f:.wh.b= f:c/d=5", "f:b=6");
  g_assert_no_error(error);
  expect(view, "a@0 a/x@1 b@2 c@1 c/d@1 ");
  content(view, "a/x", "4");
  content(view, "a/y", NULL);
  content(view, "/c//./d", "5");
  g_autoptr(GArray) versions = oakum_view_versions(view, "b");
  g_assert_cmpuint(versions->len, ==, 3);
  g_assert_null(g_array_index(versions, OakumViewVersion, 1).content);
  g_assert_cmpint(g_array_index(versions, OakumViewVersion, 2).layer, ==, 2);
  g_autoptr(GPtrArray) list = oakum_view_list(view, "a");
  g_assert_cmpuint(list->len, ==, 1);
  g_assert_cmpstr(list->pdata[0], ==, "a/x");
}

static void test_whiteouts(void)
{
  g_autoptr(GError) error = NULL;
  /* opaque: what the same layer brings stays, before and behind the mark */
  g_autoptr(OakumView) opaque =
      VIEW("f:a/old=1 f:a/deep/old=1", "f:a/new=2 f:a/.wh..wh..opq= f:a/deep/more=3");
  g_assert_no_error(error);
  expect(opaque, "a@0 a/deep@1 a/deep/more@1 a/new@1 ");
  g_autoptr(OakumView) again = VIEW("f:a/old=1", "f:a/new=2 f:.wh.a=");
  g_assert_no_error(error);
  expect(again, "a@0 a/new@1 ");
  /* a file becomes a folder and back */
  g_autoptr(OakumView) turn = VIEW("f:a=1", "d:a f:a/b=2", "f:a=3");
  expect(turn, "a@2 ");
  content(turn, "a", "3");
  g_autoptr(OakumView) aufs = VIEW("f:a=1", "f:.wh..wh.plnk= f:.wh.none=");
  expect(aufs, "a@0 ");
  const char *bad[] = {
      "f:.wh.=",  "f:.wh..=", "f:.wh...=", "f:a/../b=",          "f:a= f:a/b=", "l:.>x",
      "h:a>none", "h:a>../x", "d:d h:a>d", "l:x>y l:y>x f:x/z=", NULL};
  for (size_t i = 0; bad[i]; i++) {
    g_clear_error(&error);
    g_autoptr(OakumView) none = VIEW(bad[i]);
    g_assert_null(none);
    g_assert_nonnull(error);
  }
}

static void test_links(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumView) view = VIEW(
      "d:usr d:usr/lib l:lib>usr/lib f:lib/os=1 l:etc/os>../../../lib/os l:up>/../usr l:loop>loop",
      "h:hard>usr/lib/os f:usr/lib/os=2", "f:lib/.wh.os=");
  g_assert_no_error(error);
  content(view, "lib/os", NULL);
  content(view, "hard", "1");
  content(view, "etc/os", NULL);
  content(view, "loop", NULL);
  OakumViewFile file;
  g_autofree char *real = NULL;
  g_assert_true(oakum_view_lookup(view, "up/lib", &file, &real));
  g_assert_cmpstr(real, ==, "usr/lib");
  g_assert_cmpint(file.type, ==, OAKUM_TAR_DIR);
  g_autoptr(GArray) versions = oakum_view_versions(view, "usr/lib/os");
  g_assert_cmpuint(versions->len, ==, 3);
}

static void test_folder(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumTempDir) dir = oakum_temp_dir_new(NULL, NULL);
  g_autofree char *sub = g_build_filename(oakum_temp_dir_path(dir), "etc", NULL);
  g_autofree char *file = g_build_filename(sub, "f", NULL);
  g_autofree char *link = g_build_filename(oakum_temp_dir_path(dir), "out", NULL);
  g_assert_cmpint(mkdir(sub, 0755), ==, 0);
  g_assert_true(oakum_file_write(file, "hello", 5, 0644, &error));
  g_assert_cmpint(symlink("/etc", link), ==, 0);
  g_autoptr(OakumView) view = oakum_view_new(all, NULL);
  g_assert_true(oakum_view_add_folder(view, oakum_temp_dir_fd(dir), &error));
  expect(view, "etc@0 etc/f@0 out@0 ");
  content(view, "out/f", "hello"); /* "/etc" is the image's own */
  content(view, "out/passwd", NULL);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/view/merge", test_merge);
  g_test_add_func("/view/whiteouts", test_whiteouts);
  g_test_add_func("/view/links", test_links);
  g_test_add_func("/view/folder", test_folder);
  return g_test_run();
}
