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

static void test_dpkg(void)
{
  static const char text[] = "Package: libssl3\r\nStatus: hold ok installed\nArchitecture: amd64\n"
                             "source: openssl (1:3.0)\nVERSION: 1:3.0+b1\nMaintainer: A <a@b>\n"
                             "Description: x\n Package: not-a-field\n\n\n"
                             "Package: half\nStatus: install ok unpacked\nVersion: 2\n\n"
                             "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
                             "Package: last\nVersion: 3";
  g_autoptr(GPtrArray) list = packages_new();
  g_assert_true(oakum_dpkg_parse(slice(text), "s", list, NULL));
  g_assert_cmpuint(list->len, ==, 3);
  const OakumPackage *p = list->pdata[0];
  g_assert_cmpstr(p->name, ==, "libssl3");
  g_assert_cmpstr(p->version, ==, "1:3.0+b1");
  g_assert_cmpstr(p->source_name, ==, "openssl");
  g_assert_cmpstr(p->source_version, ==, "1:3.0");
  g_assert_cmpstr(p->arch, ==, "amd64");
  g_assert_cmpstr(p->maintainer, ==, "A <a@b>");
  g_assert_cmpstr(p->paths->pdata[0], ==, "s");
  p = list->pdata[2];
  g_assert_cmpstr(p->name, ==, "last");
  g_assert_cmpstr(p->source_name, ==, "last");
  g_assert_cmpstr(p->source_version, ==, "3");
}

static void test_apk(void)
{
  g_autoptr(GPtrArray) list = packages_new();
  g_assert_true(oakum_apk_parse(
      slice("C:Q1\nP:a\nV:1-r0\nA:x86_64\no:b\nF:lib\nR:f\n\nP:c\nV:2-r0\n"), "i", list, NULL));
  g_assert_cmpuint(list->len, ==, 2);
  const OakumPackage *p = list->pdata[0];
  g_assert_cmpstr(p->source_name, ==, "b");
  g_assert_cmpstr(p->source_version, ==, "1-r0");
  g_assert_cmpstr(((OakumPackage *)list->pdata[1])->source_name, ==, "c");
}

static void test_broken(void)
{
  static const struct {
    gboolean (*parse)(OakumSlice text, const char *path, GPtrArray *packages, GError **error);
    const char *text;
  } cases[] = {{oakum_dpkg_parse, "Package: a\nVersion: 1\nno colon\n"},
               {oakum_dpkg_parse, "Package: a\nStatus: install ok installed\n"},
               {oakum_dpkg_parse, "Package: a\nVersion:\nStatus: install ok installed\n"},
               {oakum_dpkg_parse, "Status: install ok installed\nVersion: 1\n"},
               {oakum_dpkg_parse, "Package:\nVersion: 1\n"},
               {oakum_apk_parse, "P:a\nV\n"},
               {oakum_apk_parse, "P:a\n\n"},
               {oakum_apk_parse, "P:\nV:1\n\n"},
               {oakum_apk_parse, "V:1\n\n"}};
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GPtrArray) list = packages_new();
    GError *error = NULL;
    g_assert_false(cases[i].parse(slice(cases[i].text), "p", list, &error));
    g_assert_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID);
    g_clear_error(&error);
  }
}

static gboolean add_layer(OakumView *view, const char *digest, const char *const *files)
{
  GByteArray *bytes = g_byte_array_new();
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_memory(bytes));
  for (; files[0]; files += 2) {
    OakumTarEntry entry = {
        .type = OAKUM_TAR_FILE, .path = slice(files[0]), .mode = 0644, .size = strlen(files[1])};
    g_assert_true(oakum_tar_writer_entry(tar, &entry, NULL));
    g_assert_true(oakum_tar_writer_write(tar, files[1], entry.size, NULL));
  }
  g_assert_true(oakum_tar_writer_finish(tar, NULL));
  g_autoptr(GBytes) whole = g_byte_array_free_to_bytes(bytes);
  return oakum_view_add_layer(view, oakum_reader_new_bytes(whole), digest, NULL);
}

static OakumCatalog *run(const char *const *const *layers)
{
  g_autoptr(OakumView) view = oakum_view_new(oakum_catalog_wanted, NULL);
  for (int i = 0; layers[i]; i++) {
    g_autofree char *digest = g_strdup_printf("sha256:%d", i);
    g_assert_true(add_layer(view, digest, layers[i]));
  }
  return oakum_catalog_run(view);
}

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
    g_autofree char *os = g_strdup_printf("ID=alpine\nVERSION_ID='%s'\n", cases[i].version);
    const char *const files[] = {"etc/os-release", os, "etc/apk/repositories",
                                 cases[i].repositories, NULL};
    const char *const *const layers[] = {files, NULL};
    g_autoptr(OakumCatalog) catalog = run(layers);
    g_assert_cmpstr(catalog->distro.ecosystem, ==, cases[i].ecosystem);
  }
}

#define STATUS "var/lib/dpkg/status"
#define OS "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"

/* a stays, b is upgraded, c comes, goes and comes again. */
static void test_layers(void)
{
  const char *const base[] = {OS, STATUS,
                              "Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n\n"
                              "Package: c\nVersion: 1\n",
                              NULL};
  const char *const second[] = {STATUS, "Package: a\nVersion: 1\n\nPackage: b\nVersion: 2\n", NULL};
  const char *const third[] = {"x", "y", NULL};
  const char *const fourth[] = {STATUS,
                                "Package: a\nVersion: 1\n\nPackage: b\nVersion: 2\n\n"
                                "Package: c\nVersion: 1\n",
                                NULL};
  const char *const *const layers[] = {base, second, third, fourth, NULL};
  g_autoptr(OakumCatalog) catalog = run(layers);
  static const char *const wanted[][3] = {
      {"a", "1", "sha256:0"}, {"b", "2", "sha256:1"}, {"c", "1", "sha256:3"}};
  g_assert_cmpuint(catalog->packages->len, ==, G_N_ELEMENTS(wanted));
  for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
    const OakumPackage *p = catalog->packages->pdata[i];
    g_assert_cmpstr(p->name, ==, wanted[i][0]);
    g_assert_cmpstr(p->version, ==, wanted[i][1]);
    g_assert_cmpstr(p->layer, ==, wanted[i][2]);
  }
  g_assert_cmpuint(catalog->incomplete->len, ==, 0);
}

/* distroless: one file a package, md5sums beside them are none */
static void test_status_d(void)
{
  const char *const base[] = {OS,
                              "var/lib/dpkg/status.d/base",
                              "Package: base-files\nVersion: 1+x~1\nArchitecture: all\n",
                              "var/lib/dpkg/status.d/base.md5sums",
                              "no status at all",
                              NULL};
  const char *const top[] = {"var/lib/dpkg/status.d/ssl", "Package: libssl3\nVersion: 1:2\n", NULL};
  const char *const *const layers[] = {base, top, NULL};
  g_autoptr(OakumCatalog) catalog = run(layers);
  g_assert_cmpuint(catalog->packages->len, ==, 2);
  const OakumPackage *p = catalog->packages->pdata[0], *q = catalog->packages->pdata[1];
  g_assert_cmpstr(p->purl, ==, "pkg:deb/debian/base-files@1%2Bx~1?arch=all&distro=debian-12");
  g_assert_cmpstr(q->purl, ==, "pkg:deb/debian/libssl3@1:2?distro=debian-12");
  g_assert_cmpstr(q->layer, ==, "sha256:1");
  g_assert_cmpuint(catalog->incomplete->len, ==, 0);
}

static void expect_incomplete(const char *const *const *layers, const char *id)
{
  g_autoptr(OakumCatalog) catalog = run(layers);
  g_assert_cmpuint(catalog->incomplete->len, >, 0);
  g_assert_cmpstr(((OakumFinding *)catalog->incomplete->pdata[0])->id, ==, id);
}

static void test_removed(void)
{
  const char *const base[] = {OS, STATUS, "Package: a\nVersion: 1\n", NULL};
  const char *const top[] = {"var/lib/dpkg/.wh.status", "", NULL};
  const char *const opaque[] = {"var/lib/.wh..wh..opq", "", NULL};
  expect_incomplete((const char *const *const[]){base, top, NULL}, "removed-package-database");
  expect_incomplete((const char *const *const[]){base, opaque, NULL}, "removed-package-database");
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
  return g_test_run();
}
