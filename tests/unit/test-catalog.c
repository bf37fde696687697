#include "catalog/catalog.h"
#include <string.h>

static GPtrArray *packages_new(void)
{
  return g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
}

static OakumSlice slice(const char *text)
{
  return (OakumSlice){(const uint8_t *)text, strlen(text)};
}

static GPtrArray *find_in(const char *path, const char *text, char **incomplete)
{
  GPtrArray *list = packages_new();
  g_autoptr(GPtrArray) wrong = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  oakum_catalog_one(path, 0644, slice(text), list, wrong);
  g_assert_cmpuint(wrong->len, ==, incomplete ? 1 : 0);
  if (incomplete)
    *incomplete = g_strdup(((OakumFinding *)wrong->pdata[0])->id);
  return list;
}

#define STATUS "var/lib/dpkg/status"
#define INSTALLED "lib/apk/db/installed"

static void test_dpkg(void)
{
  static const char text[] = "Package: libssl3\r\nStatus: hold ok installed\nArchitecture: amd64\n"
                             "source: openssl (1:3.0)\nVERSION: 1:3.0+b1\nMaintainer: A <a@b>\n"
                             "Description: x\n Package: not-a-field\n\n\n"
                             "Package: half\nStatus: install ok unpacked\nVersion: 2\n\n"
                             "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
                             "Package: last\nVersion: 3";
  g_autoptr(GPtrArray) list = find_in(STATUS, text, NULL);
  g_assert_cmpuint(list->len, ==, 3);
  const OakumPackage *p = list->pdata[0];
  g_assert_cmpstr(p->name, ==, "libssl3");
  g_assert_cmpstr(p->version, ==, "1:3.0+b1");
  g_assert_cmpstr(p->source_name, ==, "openssl");
  g_assert_cmpstr(p->source_version, ==, "1:3.0");
  g_assert_cmpstr(p->arch, ==, "amd64");
  g_assert_cmpstr(p->maintainer, ==, "A <a@b>");
  g_assert_cmpstr(p->paths->pdata[0], ==, STATUS);
  g_assert_cmpstr(((OakumPackage *)list->pdata[2])->name, ==, "last");
}

static void test_apk(void)
{
  g_autoptr(GPtrArray) list = find_in(
      INSTALLED, "C:Q1\nP:a\nV:1-r0\nA:x86_64\no:b\nL:MIT\nF:lib\nR:f\n\nP:c\nV:2-r0\n", NULL);
  g_assert_cmpuint(list->len, ==, 2);
  const OakumPackage *p = list->pdata[0];
  g_assert_cmpstr(p->source_name, ==, "b");
  g_assert_cmpstr(p->license, ==, "MIT");
  g_assert_cmpstr(p->arch, ==, "x86_64");
  g_assert_cmpstr(((OakumPackage *)list->pdata[1])->version, ==, "2-r0");
}

static void test_broken(void)
{
  static const struct {
    const char *path, *text;
  } cases[] = {{STATUS, "Package: a\nVersion: 1\nno colon\n"},
               {STATUS, "Package: a\nStatus: install ok installed\n"},
               {STATUS, "Package: a\nVersion:\nStatus: install ok installed\n"},
               {STATUS, "Status: install ok installed\nVersion: 1\n"},
               {STATUS, "Package:\nVersion: 1\n"},
               {INSTALLED, "P:a\nV\n"},
               {INSTALLED, "P:a\n\n"},
               {INSTALLED, "P:\nV:1\n\n"},
               {INSTALLED, "V:1\n\n"}};
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *id = NULL;
    g_autoptr(GPtrArray) list = find_in(cases[i].path, cases[i].text, &id);
    g_assert_cmpstr(id, ==, "damaged-package-database");
    g_assert_cmpuint(list->len, <=, 1); /* what was found in front of it stays */
  }
}

/* "d:dir" folder, "f:name=content" file, "l:name>target" symbolic link, "h:name>target" hard link,
 * "p:name" FIFO. */
static void add_word(OakumTarWriter *tar, const char *word)
{
  const char *name = word + 2, *split = name + strcspn(name, "=>");
  const char *value = *split ? split + 1 : "";
  OakumTarEntry entry = {.mode = 0644, .path = {(const uint8_t *)name, (size_t)(split - name)}};
  entry.type = word[0] == 'd'   ? OAKUM_TAR_DIR
               : word[0] == 'l' ? OAKUM_TAR_SYMLINK
               : word[0] == 'h' ? OAKUM_TAR_HARDLINK
               : word[0] == 'p' ? OAKUM_TAR_FIFO
                                : OAKUM_TAR_FILE;
  entry.link =
      (OakumSlice){(const uint8_t *)value, entry.type == OAKUM_TAR_FILE ? 0 : strlen(value)};
  entry.size = entry.type == OAKUM_TAR_FILE ? strlen(value) : 0;
  g_assert_true(oakum_tar_writer_entry(tar, &entry, NULL));
  if (entry.size)
    g_assert_true(oakum_tar_writer_write(tar, value, entry.size, NULL));
}

static GBytes *pack(const char *const *words)
{
  GByteArray *bytes = g_byte_array_new();
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_memory(bytes));
  for (; *words; words++)
    add_word(tar, *words);
  g_assert_true(oakum_tar_writer_finish(tar, NULL));
  return g_byte_array_free_to_bytes(bytes);
}

static OakumLayerNotes *read_pack(GBytes *bytes, const GPtrArray *only, gboolean lowest,
                                  GError **error)
{
  static const uint8_t key[OAKUM_HASH_KEY] = {7};
  OakumPassOptions options = {.key = key, .spool = -1, .lowest = lowest, .only = only};
  return oakum_catalog_read_tar(oakum_reader_new_bytes(bytes), &options, error);
}

#define LAYERS_MAX 8
/* Layers, each a list of words. */
static OakumCatalog *run(const char *const *const *words)
{
  static const char *const digests[LAYERS_MAX] = {"sha256:0", "sha256:1", "sha256:2", "sha256:3"};
  GBytes *bytes[LAYERS_MAX] = {NULL};
  g_autoptr(GPtrArray) layers =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_layer_notes_free);
  g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; words[i]; i++) {
    g_autoptr(GError) error = NULL;
    bytes[i] = pack(words[i]);
    OakumLayerNotes *notes = read_pack(bytes[i], NULL, i == 0, &error);
    g_assert_no_error(error);
    g_ptr_array_add(layers, notes);
    g_ptr_array_add(again, g_ptr_array_new_with_free_func((GDestroyNotify)oakum_path_pair_free));
  }
  if (oakum_catalog_again(layers, again))
    for (guint i = 0; i < layers->len; i++)
      if (((GPtrArray *)again->pdata[i])->len > 0)
        oakum_layer_notes_add(layers->pdata[i], read_pack(bytes[i], again->pdata[i], FALSE, NULL));
  for (guint i = 0; i < LAYERS_MAX; i++)
    if (bytes[i])
      g_bytes_unref(bytes[i]);
  return oakum_catalog_merge(layers, digests);
}
#define LAYER(...) ((const char *const[]){__VA_ARGS__, NULL})
#define RUN(...) run((const char *const *const[]){__VA_ARGS__, NULL})

static void test_release(void)
{
  static const struct {
    const char *repositories, *version, *ecosystem;
  } cases[] = {
      {"https://x/alpine/v3.20/main\nhttps://x/alpine/v3.20/community\n", "3.20.3", "Alpine:v3.20"},
      {"https://x/alpine/edge/main\nhttps://x/alpine/edge/community\n", "3.20.3", "Alpine:edge"},
      {"https://x/alpine/edge/main/\n", "3.20.3", "Alpine:edge"},
      {"https://x/alpine/v3.20/main\n@e https://x/alpine/edge/main\n", "3.20.3", "Alpine:v3.20"},
      {"#https://x/alpine/edge/main\nhttps://x/alpine/v3.20/main\nhttps://x/alpine/edge/testing\n",
       "3.20.3", "Alpine:v3.20"},
      {"", "3.21.0_alpha20240807", "Alpine:edge"},
      {"", "3.9", "Alpine:v3.9"}};
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *os =
        g_strdup_printf("f:etc/os-release=ID=alpine\nVERSION_ID='%s'\n", cases[i].version);
    g_autofree char *apk = g_strconcat("f:etc/apk/repositories=", cases[i].repositories, NULL);
    g_autoptr(OakumCatalog) catalog = RUN(LAYER(os, apk));
    g_assert_cmpstr(catalog->distro.ecosystem, ==, cases[i].ecosystem);
  }
}

#define OS "f:etc/os-release=ID=debian\nVERSION_ID=\"12\"\n"
#define DPKG "f:" STATUS "="
#define A "Package: a\nVersion: 1\n\n"
#define B "Package: b\nVersion: 1\n\n"

/* "name version layer, …" and "!id, …" of what could not be judged. */
static void expect(const OakumCatalog *catalog, const char *want)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < catalog->packages->len; i++) {
    const OakumPackage *p = catalog->packages->pdata[i];
    g_string_append_printf(text, "%s%s %s %d", text->len ? ", " : "", p->name, p->version,
                           p->layer_index);
  }
  for (guint i = 0; i < catalog->incomplete->len; i++)
    g_string_append_printf(text, "%s!%s", text->len ? ", " : "",
                           ((OakumFinding *)catalog->incomplete->pdata[i])->id);
  g_assert_cmpstr(text->str, ==, want);
}

/* a stays, b is upgraded, c comes, goes and comes again. */
static void test_layers(void)
{
  g_autoptr(OakumCatalog) catalog =
      RUN(LAYER(OS, DPKG A B "Package: c\nVersion: 1\n"), LAYER(DPKG A "Package: b\nVersion: 2\n"),
          LAYER("f:x=y"), LAYER(DPKG A "Package: b\nVersion: 2\n\nPackage: c\nVersion: 1\n"));
  expect(catalog, "a 1 0, b 2 1, c 1 3");
  g_assert_cmpstr(((OakumPackage *)catalog->packages->pdata[2])->layer, ==, "sha256:3");
  g_autoptr(OakumCatalog) back =
      RUN(LAYER(OS, DPKG A), LAYER("f:var/lib/dpkg/.wh.status="), LAYER(DPKG A));
  expect(back, "a 1 2");
}

/* distroless: one file a package, md5sums beside them say whose a file is */
static void test_status_d(void)
{
  g_autoptr(OakumCatalog) catalog = RUN(
      LAYER(OS,
            "f:var/lib/dpkg/status.d/base=Package: base-files\nVersion: 1+x~1\nArchitecture: all\n",
            "f:var/lib/dpkg/status.d/base.md5sums=0123456789abcdef0123456789abcdef  usr/x\n"),
      LAYER("f:var/lib/dpkg/status.d/ssl=Package: libssl3\nVersion: 1:2\n"));
  expect(catalog, "base-files 1+x~1 0, libssl3 1:2 1");
  const OakumPackage *p = catalog->packages->pdata[0], *q = catalog->packages->pdata[1];
  g_assert_cmpstr(p->purl, ==, "pkg:deb/debian/base-files@1%2Bx~1?arch=all&distro=debian-12");
  g_assert_cmpstr(q->purl, ==, "pkg:deb/debian/libssl3@1:2?distro=debian-12");
}

/* A database that is gone is still told, and that it is gone. */
static void test_removed(void)
{
  static const char told[] = "a 1 0, !removed-package-database";
  g_autoptr(OakumCatalog) file = RUN(LAYER(OS, DPKG A), LAYER("f:var/lib/dpkg/.wh.status="));
  expect(file, told);
  g_autoptr(OakumCatalog) opaque = RUN(LAYER(OS, DPKG A), LAYER("f:var/lib/.wh..wh..opq="));
  expect(opaque, told);
  g_autoptr(OakumCatalog) root = RUN(LAYER(OS, DPKG A), LAYER("f:.wh..wh..opq="));
  expect(root, told);
  g_autoptr(OakumCatalog) folder = RUN(LAYER(OS, DPKG A), LAYER("f:.wh.var="));
  expect(folder, told);
  g_autoptr(OakumCatalog) replaced = RUN(LAYER(OS, DPKG A), LAYER("f:var/lib/dpkg=x"));
  expect(replaced, told);
  g_autoptr(OakumCatalog) link = RUN(LAYER(OS, DPKG A), LAYER("l:var/lib>/opt"));
  expect(link, told);
  g_autoptr(OakumCatalog) device = RUN(LAYER(OS, DPKG A), LAYER("p:" STATUS));
  expect(device, "a 1 0, !unreadable-package-database, !removed-package-database");
  /* opaque: what the same layer brings stays, before and behind the mark */
  g_autoptr(OakumCatalog) kept =
      RUN(LAYER(OS, DPKG A), LAYER(DPKG B, "f:var/lib/dpkg/.wh..wh..opq=", "f:.wh.var="));
  expect(kept, "b 1 1");
  /* the last entry of a name counts */
  g_autoptr(OakumCatalog) twice = RUN(LAYER(OS, DPKG A, DPKG B));
  expect(twice, "b 1 0");
  g_autoptr(OakumCatalog) covered = RUN(LAYER(OS, DPKG A, "l:" STATUS ">nowhere"));
  g_assert_cmpuint(covered->packages->len, ==, 0);
}

/* Databases behind links, and files that are there as hard links only. */
static void test_links(void)
{
  g_autoptr(OakumCatalog) folder =
      RUN(LAYER(OS, "f:opt/db/status=" A, "l:var/lib/dpkg>../../opt/db"));
  expect(folder, "a 1 0");
  g_autoptr(OakumCatalog) file = RUN(LAYER(OS, "f:opt/db=" A, "l:" STATUS ">/opt/db"));
  expect(file, "a 1 0");
  g_autoptr(OakumCatalog) hard = RUN(LAYER(OS, "f:objects/1=" A, "h:" STATUS ">objects/1"));
  expect(hard, "a 1 0");
  g_autoptr(OakumCatalog) distant =
      RUN(LAYER(OS, "f:objects/1=" A), LAYER("h:" STATUS ">objects/1"));
  expect(distant, "a 1 0");
  g_autoptr(OakumCatalog) os =
      RUN(LAYER("f:opt/os=ID=debian\nVERSION_ID=12\n", "l:etc/os-release>../opt/os", DPKG A));
  g_assert_cmpstr(os->distro.ecosystem, ==, "Debian:12");
  /* lib is a link: one database, which a later layer names the other way */
  g_autoptr(OakumCatalog) usr =
      RUN(LAYER("d:usr", "d:usr/lib", "l:lib>usr/lib", "f:usr/lib/apk/db/installed=P:a\nV:1\n\n"),
          LAYER("f:lib/apk/db/installed=P:a\nV:1\n\nP:b\nV:1\n\n"));
  expect(usr, "a 1 0, b 1 1");
  g_autoptr(OakumCatalog) gone =
      RUN(LAYER("d:usr", "l:lib>usr/lib", "f:usr/lib/apk/db/installed=P:a\nV:1\n\n"),
          LAYER("f:lib/apk/db/.wh.installed="));
  expect(gone, "a 1 0, !removed-package-database");
  g_autoptr(OakumCatalog) loop = RUN(LAYER(OS, "l:" STATUS ">status"));
  g_assert_cmpuint(loop->packages->len, ==, 0);
}

static void test_refused(void)
{
  static const char *const bad[][3] = {{"f:.wh.="},   {"f:.wh..="},       {"f:.wh...="},
                                       {"f:a/../b="}, {"f:a=", "f:a/b="}, {"l:.>x"},
                                       {"h:a>none"},  {"h:a>../x"},       {"d:d", "h:a>d"}};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = pack(bad[i]);
    g_autoptr(OakumLayerNotes) notes = read_pack(bytes, NULL, TRUE, &error);
    g_assert_null(notes);
    g_assert_nonnull(error);
  }
}

/* ---- somebody else looks too
 * ------------------------------------------------------------------------------------ */
typedef struct {
  GPtrArray *found; /* OakumFinding: a secret and a remark for each regular file */
  GString *told;    /* "path:type=content, …" */
} Looker;

static void look_entry(gpointer user, const OakumTarEntry *entry, const char *path)
{
  Looker *looker = user;
  g_string_append_printf(looker->told, "%s%s:%d=", looker->told->len ? ", " : "", path,
                         (int)entry->type);
  if (entry->type != OAKUM_TAR_FILE)
    return;
  for (int i = 0; i < 2; i++) {
    OakumFinding *finding = oakum_finding_new(i ? OAKUM_FINDING_SECRET : OAKUM_FINDING_HYGIENE, "x",
                                              OAKUM_SEVERITY_LOW);
    finding->file = g_strdup(path);
    finding->title = g_strdup("title");
    g_ptr_array_add(looker->found, finding);
  }
}

static void look_bytes(gpointer user, const void *data, size_t len)
{
  g_string_append_len(((Looker *)user)->told, data, (gssize)len);
}

static void look_end(gpointer user, GPtrArray *observed, GPtrArray *incomplete)
{
  g_ptr_array_extend_and_steal(observed, g_steal_pointer(&((Looker *)user)->found));
  g_assert_cmpuint(incomplete->len, ==, 0);
}

static void test_observed(void)
{
  static const char *const words[][8] = {
      {OS, "d:a", "f:a/gone=1", "f:a/kept=2", "f:a/other=3", "l:link>a", "f:empty="},
      {"f:a/.wh.gone=", "f:a/other=4"}};
  static const char *const digests[] = {"sha256:0", "sha256:1"};
  g_autoptr(GPtrArray) layers =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_layer_notes_free);
  g_autoptr(GString) told = g_string_new(NULL);
  for (int i = 0; i < 2; i++) {
    Looker looker = {g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free), told};
    const OakumLayerObserver observer = {look_entry, look_bytes, look_end, &looker};
    static const uint8_t key[OAKUM_HASH_KEY] = {7};
    const OakumPassOptions options = {.key = key, .spool = -1, .observer = &observer};
    g_autoptr(GBytes) bytes = pack(words[i]);
    OakumLayerNotes *notes = oakum_catalog_read_tar(oakum_reader_new_bytes(bytes), &options, NULL);
    g_assert_nonnull(notes);
    g_ptr_array_add(layers, notes);
  }
  g_assert_cmpstr(told->str, ==,
                  "etc/os-release:0=ID=debian\nVERSION_ID=\"12\"\n, a:1=, a/gone:0=1, a/kept:0=2, "
                  "a/other:0=3, link:2=, empty:0=, a/.wh.gone:0=, a/other:0=4");
  g_autoptr(OakumCatalog) catalog = oakum_catalog_merge(layers, digests);
  g_autoptr(GString) left = g_string_new(NULL);
  for (guint i = 0; i < catalog->observed->len; i++) {
    const OakumFinding *f = catalog->observed->pdata[i];
    g_assert_cmpstr(f->layer, ==, digests[f->layer_index]);
    if (g_str_has_prefix(f->file, "a/"))
      g_string_append_printf(left, "%s%s %s %d%s", left->len ? ", " : "", f->file,
                             oakum_finding_kind_name(f->kind), f->layer_index,
                             f->gone ? " gone" : "");
  }
  g_assert_cmpstr(left->str, ==,
                  "a/gone secret 0 gone, a/kept hygiene 0, a/kept secret 0, a/other secret 0 gone, "
                  "a/.wh.gone hygiene 1, a/.wh.gone secret 1, a/other hygiene 1, a/other secret 1");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/catalog/dpkg", test_dpkg);
  g_test_add_func("/catalog/apk", test_apk);
  g_test_add_func("/catalog/broken", test_broken);
  g_test_add_func("/catalog/release", test_release);
  g_test_add_func("/catalog/layers", test_layers);
  g_test_add_func("/catalog/status-d", test_status_d);
  g_test_add_func("/catalog/removed", test_removed);
  g_test_add_func("/catalog/links", test_links);
  g_test_add_func("/catalog/refused", test_refused);
  g_test_add_func("/catalog/observed", test_observed);
  return g_test_run();
}
