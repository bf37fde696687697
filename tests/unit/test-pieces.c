/* What is found in a layer, and what an observer is shown of it, is the same whatever pieces its
 * bytes come in: lent or copied, through threads, compressed or not, or through the shared memory
 * of a reading process. */
#include "examine/examine-private.h"
#include "os/os.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- a layer
 * ------------------------------------------------------------------------------------- */
static void add_file(OakumTarWriter *tar, const char *path, const char *head, size_t size)
{
  g_autofree char *data = g_malloc(size + 1);
  size_t n = MIN(strlen(head), size);
  memcpy(data, head, n);
  for (size_t i = n; i < size; i++)
    data[i] = i % 61 == 0 ? '\n' : (char)('a' + i * i % 23);
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE,
                         .mode = 0644,
                         .path = {(const uint8_t *)path, strlen(path)},
                         .size = size};
  g_assert_true(oakum_tar_writer_entry(tar, &entry, NULL));
  g_assert_true(size == 0 || oakum_tar_writer_write(tar, data, size, NULL));
}

/* Files whose ends lie around the ends of slots and buffers, and what is looked for in all places.
 */
static GByteArray *make_layer(void)
{
  static const size_t sizes[] = {0,
                                 1,
                                 511,
                                 512,
                                 513,
                                 OAKUM_IO_BUFFER - 512,
                                 OAKUM_IO_BUFFER,
                                 EXAMINE_SLOT - 1024,
                                 EXAMINE_SLOT,
                                 EXAMINE_SLOT + 1,
                                 3 * EXAMINE_SLOT - 700,
                                 (size_t)EXAMINE_SLOT * EXAMINE_SLOTS + 5};
  GByteArray *bytes = g_byte_array_new();
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_memory(bytes));
  for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
    g_autofree char *filler = g_strdup_printf("data/%u", i),
                    *package = g_strdup_printf("opt/node_modules/p%u/package.json", i),
                    *python =
                        g_strdup_printf("usr/lib/python3/dist-packages/q%u.dist-info/METADATA", i),
                    *json = g_strdup_printf("{\"name\":\"p%u\",\"version\":\"1.%u\"}", i, i),
                    *text = g_strdup_printf("Metadata-Version: 2.1\nName: q%u\nVersion: 2.%u\n\n",
                                            i, i);
    add_file(tar, filler, "", sizes[i]);
    add_file(tar, package, json, strlen(json));
    add_file(tar, python, text, MAX(sizes[i], strlen(text)));
  }
  g_assert_true(oakum_tar_writer_finish(tar, NULL));
  return bytes;
}

/* ---- ways to it
 * ---------------------------------------------------------------------------------- */
typedef struct {
  const GByteArray *bytes;
  size_t at, piece;
} Dribble;

static gssize dribble_borrow(void *self, const void **data, size_t max, GError **error)
{
  Dribble *d = self;
  size_t n = MIN(MIN(max, d->piece), d->bytes->len - d->at);
  (void)error;
  if (n > 0)
    *data = d->bytes->data + d->at;
  d->at += n;
  return (gssize)n;
}

static gssize dribble_read(void *self, void *buffer, size_t len, GError **error)
{
  const void *data;
  gssize n = dribble_borrow(self, &data, len, error);
  if (n > 0)
    memcpy(buffer, data, (size_t)n);
  return n;
}

static OakumReader *dribble(const GByteArray *bytes, size_t piece, gboolean lends)
{
  static const OakumReaderClass lending = {dribble_read, g_free, NULL, dribble_borrow},
                                copying = {dribble_read, g_free, NULL, NULL};
  Dribble d = {bytes, 0, piece};
  return oakum_reader_new(lends ? &lending : &copying, g_memdup2(&d, sizeof(d)));
}

static GByteArray *pack(const GByteArray *bytes, gboolean zstd)
{
  GByteArray *out = g_byte_array_new();
  g_autoptr(OakumWriter) writer = zstd ? oakum_writer_new_zstd(oakum_writer_new_memory(out), 1)
                                       : oakum_writer_new_gzip(oakum_writer_new_memory(out), 1, 2);
  g_assert_true(oakum_writer_write(writer, bytes->data, bytes->len, NULL));
  g_assert_true(oakum_writer_finish(writer, NULL));
  return out;
}

/* ---- what is seen
 * -------------------------------------------------------------------------------- */
typedef struct {
  GString *told;
  OakumHasher *content;
  uint64_t len, size;
} Seen;

static void close_file(Seen *seen)
{
  if (!seen->content)
    return;
  g_autofree char *hex = oakum_hasher_hex(seen->content);
  g_assert_cmpuint(seen->len, ==, seen->size);
  g_string_append_printf(seen->told, " %s\n", hex);
  g_clear_pointer(&seen->content, oakum_hasher_free);
}

static void see_entry(gpointer user, const OakumTarEntry *entry, const char *path)
{
  Seen *seen = user;
  close_file(seen);
  g_string_append(seen->told, path);
  seen->content = oakum_hasher_new(OAKUM_HASH_SHA256);
  seen->len = 0;
  seen->size = entry->size;
}

static void see_bytes(gpointer user, const void *data, size_t len)
{
  Seen *seen = user;
  oakum_hasher_update(seen->content, data, len);
  seen->len += len;
}

static void see_end(gpointer user, GPtrArray *observed, GPtrArray *incomplete)
{
  close_file(user);
  (void)observed;
  (void)incomplete;
}

static int make_spool(void)
{
  int fd = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  g_assert_cmpint(fd, >=, 0);
  return fd;
}

/* All that the notes say, and all that was shown. Takes `reader`. */
static GString *look(OakumReader *reader, gboolean shown)
{
  static const uint8_t key[OAKUM_HASH_KEY] = {3};
  Seen seen = {.told = g_string_new(NULL)};
  const OakumLayerObserver observer = {see_entry, see_bytes, see_end, &seen};
  OAKUM_AUTO_FD fd = make_spool();
  OakumPassOptions options = {.key = key, .spool = fd, .observer = shown ? &observer : NULL};
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumLayerNotes) notes = oakum_catalog_read_tar(reader, &options, &error);
  g_assert_no_error(error);
  g_autoptr(GByteArray) text = g_byte_array_new();
  oakum_examine_format(notes, text);
  oakum_names_pack(notes->names, text);
  g_assert_cmpuint(notes->packages->len, ==, 24);
  g_assert_cmpuint(notes->incomplete->len, ==, 0);
  g_string_append_len(seen.told, (const char *)text->data, text->len);
  return seen.told;
}

static void check(OakumReader *reader, gboolean shown, const GString *want)
{
  GString *got = look(reader, shown);
  g_assert_cmpmem(got->str, got->len, want->str, want->len);
  g_string_free(got, TRUE);
}

static void test_in_pieces(void)
{
  g_autoptr(GByteArray) bytes = make_layer();
  g_autoptr(GByteArray) gzip = pack(bytes, FALSE);
  g_autoptr(GByteArray) zstd = pack(bytes, TRUE);
  static const size_t pieces[] = {509, 512, 100001, EXAMINE_SLOT};
  for (int shown = 0; shown < 2; shown++) {
    GString *want = look(oakum_reader_new_memory(bytes->data, bytes->len), shown);
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
      check(dribble(bytes, pieces[i], TRUE), shown, want);
      check(dribble(bytes, pieces[i], FALSE), shown, want);
    }
    check(oakum_reader_new_threaded(dribble(bytes, 65537, TRUE)), shown, want);
    check(dribble(gzip, 4099, TRUE), shown, want);
    check(oakum_reader_new_threaded(oakum_reader_new_inflate(dribble(gzip, 4099, FALSE), NULL)),
          shown, want);
    check(dribble(zstd, 4099, TRUE), shown, want);
    g_string_free(want, TRUE);
  }
}

/* ---- through a process
 * --------------------------------------------------------------------------- */
static char *told(const OakumCatalog *catalog)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < catalog->packages->len; i++) {
    const OakumPackage *p = catalog->packages->pdata[i];
    g_string_append_printf(out, "%s %s %s\n", p->purl, (const char *)p->paths->pdata[0],
                           p->found_by);
  }
  for (guint i = 0; i < catalog->incomplete->len; i++)
    g_string_append_printf(out, "! %s\n",
                           ((const OakumFinding *)catalog->incomplete->pdata[i])->title);
  return g_string_free(out, FALSE);
}

typedef struct {
  const GByteArray *bytes;
  size_t piece;
  gboolean lends;
} Source;

static OakumReader *open_source(gpointer user, GError **error)
{
  const Source *source = user;
  (void)error;
  return dribble(source->bytes, source->piece, source->lends);
}

static char *examined(const GByteArray *bytes, size_t piece, gboolean lends)
{
  Source source = {bytes, piece, lends};
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumCatalog) catalog =
      oakum_examine_tar(open_source, &source, "layer", &(OakumExamineOptions){0}, &error);
  g_assert_no_error(error);
  return told(catalog);
}

static void test_by_a_process(void)
{
  g_autoptr(GByteArray) bytes = make_layer();
  g_autoptr(GByteArray) gzip = pack(bytes, FALSE);
  static const uint8_t key[OAKUM_HASH_KEY] = {3};
  OAKUM_AUTO_FD fd = make_spool();
  OakumPassOptions options = {.key = key, .spool = fd, .lowest = TRUE};
  g_autoptr(GPtrArray) layers =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_layer_notes_free);
  g_ptr_array_add(layers, oakum_catalog_read_tar(oakum_reader_new_memory(bytes->data, bytes->len),
                                                 &options, NULL));
  g_autoptr(OakumCatalog) here = oakum_catalog_merge(layers, NULL);
  g_autofree char *want = told(here);
  g_autofree char *whole = examined(bytes, SIZE_MAX, TRUE);
  g_autofree char *pieces = examined(bytes, 4097, FALSE);
  g_autofree char *packed = examined(gzip, 333333, TRUE);
  g_assert_cmpstr(whole, ==, want);
  g_assert_cmpstr(pieces, ==, want);
  g_assert_cmpstr(packed, ==, want);
}

/* ---- an archive that does not stay what it was
 * --------------------------------------------------- */
typedef struct {
  OakumTempDir *dir;
  char *file;
  off_t layer; /* where its layer begins */
  size_t len;
} Archive;

static void add_text(OakumTarWriter *tar, const char *name, const void *data, size_t len)
{
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE,
                         .mode = 0644,
                         .path = {(const uint8_t *)name, strlen(name)},
                         .size = len};
  g_assert_true(oakum_tar_writer_entry(tar, &entry, NULL));
  g_assert_true(oakum_tar_writer_write(tar, data, len, NULL));
}

static void archive_make(Archive *archive, const GByteArray *layer)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_memory(bytes));
  g_autofree char *diff = oakum_sha256_hex(layer->data, layer->len);
  g_autofree char *config =
      g_strdup_printf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},\"rootfs\":{"
                      "\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]}}",
                      diff);
  static const char manifest[] = "[{\"Config\":\"config.json\",\"RepoTags\":[\"a:b\"],\"Layers\":["
                                 "\"layer.tar\"]}]";
  add_text(tar, "manifest.json", manifest, strlen(manifest));
  add_text(tar, "config.json", config, strlen(config));
  add_text(tar, "layer.tar", layer->data, layer->len);
  archive->layer = (off_t)(bytes->len - (layer->len + 511) / 512 * 512);
  archive->len = layer->len;
  g_assert_true(oakum_tar_writer_finish(tar, NULL));
  archive->dir = oakum_temp_dir_new(NULL, NULL);
  archive->file = g_build_filename(oakum_temp_dir_path(archive->dir), "a.tar", NULL);
  g_assert_true(g_file_set_contents(archive->file, (const char *)bytes->data, bytes->len, NULL));
}

static void archive_clear(Archive *archive)
{
  oakum_temp_dir_free(archive->dir);
  g_free(archive->file);
}

static void spoil(const Archive *archive, off_t at)
{
  OAKUM_AUTO_FD fd = open(archive->file, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint(pwrite(fd, "\xff", 1, archive->layer + at), ==, 1);
}

/* Opened, then changed, then read: an error of the digest wherever it is, also where the other side
 * has found out that it is no tar any more. */
static void test_changes(void)
{
  g_autoptr(GByteArray) layer = make_layer();
  const off_t places[] = {0, 5 * EXAMINE_SLOT / 2, (off_t)layer->len - 1};
  for (size_t i = 0; i < G_N_ELEMENTS(places) + 2; i++) {
    __attribute__((cleanup(archive_clear))) Archive archive = {0};
    archive_make(&archive, layer);
    g_autoptr(GError) error = NULL;
    g_autoptr(OakumImage) image = oakum_docker_archive_read(archive.file, NULL, &error);
    g_assert_no_error(error);
    if (i < G_N_ELEMENTS(places))
      spoil(&archive, places[i]);
    else if (i == G_N_ELEMENTS(places))
      g_assert_cmpint(truncate(archive.file, archive.layer + 3 * EXAMINE_SLOT + 7), ==, 0);
    g_autoptr(OakumCatalog) catalog =
        oakum_examine_image(image, NULL, &(OakumExamineOptions){0}, &error);
    if (i > G_N_ELEMENTS(places)) {
      g_assert_no_error(error);
      g_assert_cmpuint(catalog->packages->len, ==, 24);
      continue;
    }
    g_assert_null(catalog);
    g_assert_nonnull(error);
    g_assert_cmpint(error->code, ==,
                    i < G_N_ELEMENTS(places) ? OAKUM_ERROR_DIGEST : OAKUM_ERROR_IO);
  }
}

int main(int argc, char **argv)
{
  static const OakumReexecEntry entries[] = {{"examine", oakum_examine_main}, {NULL, NULL}};
  int status_of = oakum_reexec_dispatch(entries, argc, argv);
  if (status_of >= 0)
    return status_of;
  signal(SIGPIPE, SIG_IGN);
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pieces/in-pieces", test_in_pieces);
  g_test_add_func("/pieces/by-a-process", test_by_a_process);
  g_test_add_func("/pieces/changes", test_changes);
  return g_test_run();
}
