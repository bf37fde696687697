#include "image/image.h"
#include "os/os.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A layer with one file of `size` bytes, compressed as gzip, in the store. */
static OakumDescriptor *put_layer(OakumStore *store, const char *name, size_t size, char **diff_id)
{
  g_autoptr(OakumStoreWriter) writer = oakum_store_writer_new(store, NULL);
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  OakumWriter *gzip = oakum_writer_new_gzip(oakum_store_writer_take(writer), 6, 2);
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_hash(gzip, hasher));
  g_autofree char *data = g_malloc(size);
  for (size_t i = 0; i < size; i++)
    data[i] = (char)(i * 7 % 251);
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE,
                         .mode = 0644,
                         .size = size,
                         .path = {(const uint8_t *)name, strlen(name)}};
  g_assert_true(oakum_tar_writer_entry(tar, &entry, NULL));
  g_assert_true(oakum_tar_writer_write(tar, data, size, NULL));
  g_assert_true(oakum_tar_writer_finish(tar, NULL));
  g_autofree char *hex = oakum_hasher_hex(hasher);
  *diff_id = g_strconcat("sha256:", hex, NULL);
  return oakum_store_writer_commit(writer, OAKUM_MT_OCI_LAYER_GZIP, NULL);
}

static OakumImage *make_image(OakumStore *store)
{
  OakumPlatform platform;
  oakum_platform_host(&platform);
  g_autoptr(OakumConfig) config = oakum_config_new(&platform);
  oakum_platform_clear(&platform);
  g_autoptr(GPtrArray) layers =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  for (guint i = 0; i < 2; i++) {
    char *diff_id;
    g_ptr_array_add(layers, put_layer(store, i ? "b" : "a", i ? 3000000 : 10, &diff_id));
    g_ptr_array_add(config->diff_ids, diff_id);
  }
  g_autofree char *text = oakum_config_format(config);
  g_autoptr(OakumDescriptor) desc =
      oakum_store_put_bytes(store, OAKUM_MT_OCI_CONFIG, text, strlen(text), NULL);
  g_autoptr(GError) error = NULL;
  OakumImage *image = oakum_image_new("made", oakum_manifest_make(desc, layers, NULL),
                                      oakum_store_source(store), &error);
  g_assert_no_error(error);
  return image;
}

typedef struct {
  OakumTempDir *dir;
  OakumStore *store;
  OakumImage *image;
  char *path;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
  f->dir = oakum_temp_dir_new(NULL, NULL);
  g_autofree char *store = g_build_filename(oakum_temp_dir_path(f->dir), "store", NULL);
  f->path = g_build_filename(oakum_temp_dir_path(f->dir), "out", NULL);
  f->store = oakum_store_open(store, NULL);
  f->image = make_image(f->store);
}

static void tear_down(Fixture *f, gconstpointer data)
{
  oakum_image_free(f->image);
  oakum_store_free(f->store);
  oakum_temp_dir_free(f->dir);
  g_free(f->path);
}

/* All layers of an image read; size of the file "b". */
static gboolean read_layers(const OakumImage *image, uint64_t *size, GError **error)
{
  for (guint i = 0; i < image->manifest->layers->len; i++) {
    OakumReader *layer = oakum_image_open_layer(image, i, error);
    if (!layer)
      return FALSE;
    g_autoptr(OakumTarReader) tar = oakum_tar_reader_new(oakum_reader_new_inflate(layer, NULL));
    const OakumTarEntry *entry;
    int more;
    while ((more = oakum_tar_reader_next(tar, &entry, error)) > 0)
      if (entry->path.len == 1 && entry->path.data[0] == 'b')
        *size = entry->size;
    if (more < 0)
      return FALSE;
  }
  return TRUE;
}

static void check_same(const Fixture *f, OakumImage *got, GError *error, gboolean same_manifest)
{
  g_assert_no_error(error);
  G_GNUC_UNUSED g_autoptr(OakumImage) owned = got;
  if (same_manifest)
    g_assert_true(g_bytes_equal(got->manifest->raw, f->image->manifest->raw));
  g_assert_true(g_bytes_equal(got->config_raw, f->image->config_raw));
  uint64_t size = 0;
  g_assert_true(read_layers(got, &size, &error));
  g_assert_no_error(error);
  g_assert_cmpuint(size, ==, 3000000);
}

static OakumImageSet set_of(const Fixture *f)
{
  return (OakumImageSet){(const OakumImage *const *)&f->image, 1, NULL, NULL, f->image->source};
}

static void test_layout(Fixture *f, gconstpointer data)
{
  const OakumImageSet set = set_of(f);
  g_autoptr(GError) error = NULL;
  OakumPlatform platform;
  oakum_platform_host(&platform);
  g_assert_true(oakum_layout_write(&set, f->path, (OakumLayoutName[]){{"v1", NULL}, {NULL, NULL}},
                                   FALSE, &error));
  g_assert_true(oakum_layout_write(&set, f->path, (OakumLayoutName[]){{"v2", NULL}, {NULL, NULL}},
                                   FALSE, &error));
  g_assert_true(oakum_layout_write(&set, f->path, (OakumLayoutName[]){{"v1", NULL}, {NULL, NULL}},
                                   FALSE, &error));
  check_same(f, oakum_layout_read(f->path, "v1", &platform, &error), error, TRUE);
  check_same(f, oakum_layout_read(f->path, "v2", &platform, &error), error, TRUE);
  g_assert_null(oakum_layout_read(f->path, "v3", &platform, &error));
  g_assert_nonnull(strstr(error->message, "no image tagged \"v3\"; there is: v2, v1"));
  g_clear_error(&error);
  /* a blob that is a symbolic link is refused, even to the right bytes */
  const OakumDescriptor *layer = f->image->manifest->layers->pdata[0];
  g_autofree char *blob =
      g_build_filename(f->path, "blobs/sha256", oakum_digest_hex(layer->digest), NULL);
  g_autofree char *moved = g_build_filename(f->path, "moved", NULL);
  g_assert_cmpint(rename(blob, moved), ==, 0);
  g_assert_cmpint(symlink(moved, blob), ==, 0);
  g_autoptr(OakumImage) image = oakum_layout_read(f->path, "v1", &platform, &error);
  g_assert_no_error(error);
  uint64_t size = 0;
  g_assert_false(read_layers(image, &size, &error));
  g_clear_error(&error);
  oakum_platform_clear(&platform);
}

static void test_oci_archive(Fixture *f, gconstpointer data)
{
  const OakumImageSet set = set_of(f);
  g_autoptr(GError) error = NULL;
  OakumPlatform platform;
  oakum_platform_host(&platform);
  g_assert_true(oakum_layout_write_archive(
      &set, f->path, (OakumLayoutName[]){{"v1", NULL}, {NULL, NULL}}, &error));
  check_same(f, oakum_layout_read_archive(f->path, "v1", &platform, &error), error, TRUE);
  check_same(f, oakum_layout_read_archive(f->path, NULL, &platform, &error), error, TRUE);
  /* compressed */
  g_autofree char *packed = g_strconcat(f->path, ".gz", NULL);
  OAKUM_AUTO_FD in = open(f->path, O_RDONLY);
  OAKUM_AUTO_FD out = open(packed, O_WRONLY | O_CREAT, 0600);
  g_autoptr(OakumReader) reader = oakum_reader_new_fd(in, FALSE);
  g_autoptr(OakumWriter) writer = oakum_writer_new_gzip(oakum_writer_new_fd(out, FALSE), 1, 1);
  g_assert_true(oakum_stream_copy(reader, writer, NULL, &error));
  g_assert_true(oakum_writer_finish(writer, &error));
  check_same(f, oakum_layout_read_archive(packed, "v1", &platform, &error), error, TRUE);
  oakum_platform_clear(&platform);
}

static void test_docker_archive(Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(
      oakum_docker_archive_write(f->image, f->path, (const char *[]){"x/y:v1", NULL}, &error));
  check_same(f, oakum_docker_archive_read(f->path, "v1", &error), error, FALSE);
  check_same(f, oakum_docker_archive_read(f->path, NULL, &error), error, FALSE);
  g_assert_null(oakum_docker_archive_read(f->path, "v2", &error));
}

static void test_store(Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  const OakumDescriptor *layer = f->image->manifest->layers->pdata[1];
  g_autoptr(OakumBlobSink) sink = oakum_store_sink(f->store);
  g_assert_cmpint(sink->has(sink, layer, NULL), ==, 1);
  /* wrong bytes never get the name */
  g_autoptr(OakumDescriptor) other = oakum_descriptor_new(
      "x", "sha256:0000000000000000000000000000000000000000000000000000000000000000", 3);
  g_autoptr(OakumReader) wrong = oakum_reader_new_memory("abc", 3);
  g_assert_false(sink->put(sink, other, wrong, &error));
  g_assert_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_DIGEST);
  g_clear_error(&error);
  g_assert_cmpint(sink->has(sink, other, NULL), ==, 0);
  /* damage on disk is seen on reading and taken away */
  g_autofree char *blob = g_strdup_printf("%s/blobs/sha256/%s", oakum_store_path(f->store),
                                          oakum_digest_hex(layer->digest));
  g_assert_cmpint(chmod(blob, 0600), ==, 0);
  OAKUM_AUTO_FD fd = open(blob, O_WRONLY);
  g_assert_cmpint(pwrite(fd, "?", 1, 100), ==, 1);
  g_autoptr(OakumBlobSource) source = oakum_store_source(f->store);
  g_autoptr(OakumReader) reader = source->open(source, layer, &error);
  g_assert_false(oakum_reader_drain(reader, &error));
  g_assert_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_DIGEST);
  g_assert_cmpint(access(blob, F_OK), <, 0);
  g_assert_cmpint(sink->has(sink, layer, NULL), ==, 0);
  /* pruning refuses while the store is open, then takes what is old */
  const OakumStorePrune all = {0, UINT64_MAX, FALSE}, hour = {3600, UINT64_MAX, FALSE};
  g_autofree char *path = g_strdup(oakum_store_path(f->store));
  g_clear_error(&error);
  g_assert_false(oakum_store_prune(path, &all, NULL, NULL, &error));
  g_assert_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_DENIED);
  g_clear_error(&error);
  g_clear_pointer(&f->image, oakum_image_free);
  g_clear_pointer(&f->store, oakum_store_free);
  guint64 removed = 0;
  g_assert_true(oakum_store_prune(path, &hour, &removed, NULL, &error));
  g_assert_cmpuint(removed, ==, 0);
  g_assert_true(oakum_store_prune(path, &all, &removed, NULL, &error));
  g_assert_cmpuint(removed, ==, 2); /* config and the other layer */
}

/* What streams by is kept when all of it was read and was right. */
static void test_tee(Fixture *f, gconstpointer data)
{
  static const char digest[] =
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; /* of "abc" */
  static const struct {
    const char *bytes;
    size_t read;
    gboolean kept;
  } cases[] = {{"abc", 2, FALSE}, {"abd", 9, FALSE}, {"ab", 9, FALSE}, {"abc", 9, TRUE}};
  g_autoptr(OakumDescriptor) desc = oakum_descriptor_new("x", digest, 3);
  g_autoptr(OakumBlobSink) sink = oakum_store_sink(f->store);
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    OakumReader *bytes =
        oakum_reader_new_verify(oakum_reader_new_memory(cases[i].bytes, strlen(cases[i].bytes)),
                                OAKUM_HASH_SHA256, oakum_digest_hex(digest), 3);
    g_autoptr(OakumReader) tee = oakum_store_tee(f->store, desc, bytes, &error);
    g_assert_nonnull(tee);
    char got[10];
    gssize n = 1;
    for (size_t have = 0; n > 0 && have < cases[i].read; have += (size_t)n)
      n = oakum_reader_read(tee, got, cases[i].read - have, &error);
    g_assert_cmpint(n, ==, cases[i].read < 3 ? 2 : cases[i].kept ? 0 : -1);
    g_assert_cmpint(sink->has(sink, desc, NULL), ==, cases[i].kept);
  }
  g_autoptr(OakumBlobSource) source = oakum_store_source(f->store);
  g_autoptr(OakumReader) reader = source->open(source, desc, NULL);
  g_autofree char *text = NULL;
  size_t len;
  g_assert_true(oakum_reader_slurp(reader, 10, "it", &text, &len, NULL));
  g_assert_cmpstr(text, ==, "abc");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add("/image/layout", Fixture, NULL, set_up, test_layout, tear_down);
  g_test_add("/image/oci-archive", Fixture, NULL, set_up, test_oci_archive, tear_down);
  g_test_add("/image/docker-archive", Fixture, NULL, set_up, test_docker_archive, tear_down);
  g_test_add("/image/store", Fixture, NULL, set_up, test_store, tear_down);
  g_test_add("/image/tee", Fixture, NULL, set_up, test_tee, tear_down);
  return g_test_run();
}
