/* index.json of an OCI layout. The blobs beside it are those of one good image, so that a mutated
 * descriptor may lead to them, to the wrong one or nowhere. */
#include "image/image.h"
#include "os/os.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static OakumTempDir *folder;

static void put(const char *name, const void *data, size_t size)
{
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(folder), name, NULL);
  if (!g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
    g_error("%s: cannot write", path);
}

static char *put_blob(const char *text)
{
  char *digest = oakum_digest_of(text, strlen(text));
  g_autofree char *name = g_strconcat("blobs/sha256/", oakum_digest_hex(digest), NULL);
  put(name, text, strlen(text));
  return digest;
}

static void clean(void)
{
  oakum_temp_dir_free(folder);
}

/* The digest of the manifest is the same in every run, so that the corpus can name it. */
static void set_up(void)
{
  folder = oakum_temp_dir_new(NULL, NULL);
  g_assert(folder);
  g_autofree char *blobs = g_build_filename(oakum_temp_dir_path(folder), "blobs/sha256", NULL);
  g_assert(g_mkdir_with_parents(blobs, 0700) == 0);
  put("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
  const char *config = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
                       "\"layers\",\"diff_ids\":[]}}";
  g_autofree char *config_digest = put_blob(config);
  g_autofree char *manifest = g_strdup_printf(
      "{\"schemaVersion\":2,\"mediaType\":\"" OAKUM_MT_OCI_MANIFEST "\",\"config\":{\"mediaType\":"
      "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu}"
      ",\"layers\":[]}",
      config_digest, strlen(config));
  g_autofree char *digest = put_blob(manifest);
  if (getenv("OAKUM_FUZZ_SHOW")) /* how the first file of the corpus was made */
    printf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" OAKUM_MT_OCI_MANIFEST
           "\",\"digest\":\"%s\",\"size\":%zu}]}\n",
           digest, strlen(manifest));
  atexit(clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!folder)
    set_up();
  put("index.json", data, size);
  OakumPlatform platform;
  oakum_platform_host(&platform);
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumImage) image =
      oakum_layout_read(oakum_temp_dir_path(folder), NULL, &platform, &error);
  g_assert((image == NULL) == (error != NULL));
  oakum_platform_clear(&platform);
  return 0;
}
