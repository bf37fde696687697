#include "oci/oci.h"
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define D "sha256:" HEX

static void test_digest(void)
{
  g_assert_true(oakum_digest_check(D, NULL));
  const char *bad[] = {"",
                       "sha256:",
                       "sha256:" HEX "0",
                       "sha256:../../etc/passwd",
                       "md5:" HEX,
                       "sha512:" HEX,
                       "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
    g_assert_false(oakum_digest_check(bad[i], NULL));
}

static void test_reference(void)
{
  static const char *const rows[][2] = {
      {"alpine", "docker.io/library/alpine:latest"},
      {"alpine:3.20", "docker.io/library/alpine:3.20"},
      {"me/app", "docker.io/me/app:latest"},
      {"localhost/app", "localhost/app:latest"},
      {"localhost:5000/a/b__c/d--e:x", "localhost:5000/a/b__c/d--e:x"},
      {"index.docker.io/alpine", "docker.io/library/alpine:latest"},
      {"[::1]:5000/app", "[::1]:5000/app:latest"},
      {"r.example/app@" D, "r.example/app@" D},
      {"r.example/app:v1@" D, "r.example/app:v1@" D},
      {"Alpine", NULL},
      {"", NULL},
      {"a//b", NULL},
      {"/a", NULL},
      {"a/", NULL},
      {"a:", NULL},
      {"a:-x", NULL},
      {"a@sha256:00", NULL},
      {"r.example:0/a", NULL},
      {"r.example:70000/a", NULL},
      {"a/../b", NULL},
      {"a_._b", NULL},
      {"a___b", NULL},
      {"x y", NULL},
      {"a:b:c", NULL},
      {"r.example/a\x1b[0m", NULL},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(OakumReference) ref = oakum_reference_parse(rows[i][0], &error);
    if (!rows[i][1]) {
      g_assert_null(ref);
      g_assert_nonnull(error);
      continue;
    }
    g_assert_no_error(error);
    g_autofree char *text = oakum_reference_format(ref);
    g_assert_cmpstr(text, ==, rows[i][1]);
  }
}

static OakumManifest *parse(const char *text, const char *type, GError **error)
{
  g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
  return oakum_manifest_parse(raw, type, error);
}

static void refuse(const char *text, const char *type, const char *why)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(parse(text, type, &error));
  g_assert_nonnull(strstr(error->message, why));
}

#define DESC "{\"mediaType\":\"x\",\"digest\":\"" D "\",\"size\":1}"

static void test_manifest(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumManifest) m =
      parse("{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":[" DESC "]}",
            OAKUM_MT_DOCKER_MANIFEST "; charset=utf-8", &error);
  g_assert_no_error(error);
  g_assert_cmpstr(m->media_type, ==, OAKUM_MT_DOCKER_MANIFEST);
  g_assert_cmpuint(m->layers->len, ==, 1);
  refuse("{\"schemaVersion\":1,\"config\":" DESC ",\"layers\":[]}", NULL, "schemaVersion 1");
  refuse("{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":[],\"manifests\":[]}", NULL,
         "ambiguous");
  refuse("{\"schemaVersion\":2,\"layers\":[]}", NULL, "neither");
  refuse("{\"schemaVersion\":2,\"mediaType\":\"" OAKUM_MT_OCI_INDEX "\",\"config\":" DESC
         ",\"layers\":[]}",
         NULL, "does not fit");
  refuse("{\"schemaVersion\":2,\"mediaType\":\"" OAKUM_MT_OCI_MANIFEST "\",\"config\":" DESC
         ",\"layers\":[]}",
         OAKUM_MT_DOCKER_MANIFEST, "but came as");
  refuse("{\"schemaVersion\":2,\"config\":" DESC
         ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"sha256:../x\",\"size\":1}]}",
         NULL, "layer 0: digest");
  refuse("{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"" D
         "\",\"size\":-1}]}",
         NULL, "size");
  refuse("{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"" D
         "\",\"size\":9000000000000}]}",
         NULL, "above the limit");
}

static void test_index(void)
{
  g_autoptr(GError) error = NULL;
#define ENTRY(os, arch, more)                                                                      \
  "{\"mediaType\":\"" OAKUM_MT_OCI_MANIFEST "\",\"digest\":\"" D                                   \
  "\",\"size\":1,\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"" more "}}"
  g_autoptr(OakumManifest) m = parse(
      "{\"schemaVersion\":2,\"manifests\":[" ENTRY("linux", "arm", ",\"variant\":\"v6\"") "," ENTRY(
          "linux", "arm", ",\"variant\":\"v7\"") "," ENTRY("unknown", "unknown",
                                                           "") "," ENTRY("linux", "arm64", "") "]}",
      OAKUM_MT_OCI_INDEX, &error);
  g_assert_no_error(error);
  OakumPlatform p;
  g_assert_true(oakum_platform_parse("linux/arm/v7", &p, NULL));
  g_assert_true(oakum_index_select(m, &p, NULL) == m->manifests->pdata[1]);
  oakum_platform_clear(&p);
  g_assert_true(oakum_platform_parse("linux/arm64/v8", &p, NULL));
  g_assert_true(oakum_index_select(m, &p, NULL) == m->manifests->pdata[3]);
  oakum_platform_clear(&p);
  g_assert_true(oakum_platform_parse("linux/s390x", &p, NULL));
  g_assert_null(oakum_index_select(m, &p, &error));
  g_assert_cmpstr(
      error->message, ==,
      "no image for platform linux/s390x; there is: linux/arm/v6, linux/arm/v7, linux/arm64");
  oakum_platform_clear(&p);
  g_assert_false(oakum_platform_parse("linux", &p, NULL));
  g_autoptr(OakumManifest) again = oakum_index_make(OAKUM_MT_OCI_INDEX, m->manifests, NULL);
  g_autoptr(OakumManifest) back = oakum_manifest_parse(again->raw, OAKUM_MT_OCI_INDEX, &error);
  g_assert_nonnull(back);
  g_assert_cmpuint(back->manifests->len, ==, 4);
}

static void test_config(void)
{
  g_autoptr(GError) error = NULL;
  const char *text = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"x\":1,\"config\":{\"Env\":["
                     "\"A=1\",\"AB=2\"],\"Labels\":null,"
                     "\"ExposedPorts\":{\"80/"
                     "tcp\":{}},\"Memory\":5},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D
                     "\"]},\"history\":[{\"created_by\":\"x\",\"empty_layer\":true}]}";
  g_autoptr(OakumConfig) config = oakum_config_parse(text, strlen(text), &error);
  g_assert_no_error(error);
  g_assert_cmpstr(oakum_config_getenv(config, "A"), ==, "1");
  oakum_config_setenv(config, "A", "3");
  oakum_config_setenv(config, "B", "4");
  g_autoptr(OakumConfig) copy = oakum_config_copy(config);
  g_autofree char *out = oakum_config_format(copy);
  g_assert_cmpstr(
      out, ==,
      "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"ExposedPorts\":{\"80/"
      "tcp\":{}},\"Env\":["
      "\"A=3\",\"AB=2\",\"B=4\"],\"Memory\":5},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D
      "\"]},\"history\":[{\"created_by\":\"x\",\"empty_layer\":true}],\"x\":1}");
  const char *bad[] = {
      "{}",
      "{\"architecture\":\"a\",\"os\":\"l\"}",
      "{\"architecture\":\"a\",\"os\":\"l\",\"rootfs\":{}}",
      "{\"architecture\":\"a\",\"os\":\"l\",\"rootfs\":{\"diff_ids\":[\"sha256:x\"]}}",
      "{\"architecture\":\"a\",\"os\":\"l\",\"config\":[],\"rootfs\":{\"diff_ids\":[]}}",
      "{\"architecture\":\"a\",\"os\":\"l\",\"created\":\"now\",\"rootfs\":{\"diff_ids\":[]}}"};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) why = NULL;
    g_assert_null(oakum_config_parse(bad[i], strlen(bad[i]), &why));
    g_assert_nonnull(why);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/oci/digest", test_digest);
  g_test_add_func("/oci/reference", test_reference);
  g_test_add_func("/oci/manifest", test_manifest);
  g_test_add_func("/oci/index", test_index);
  g_test_add_func("/oci/config", test_config);
  return g_test_run();
}
