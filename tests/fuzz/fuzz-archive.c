/* A file given as `docker-archive:` and as `oci-archive:`; an image that opens is read whole. */
#include "image/image.h"
#include "os/os.h"
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(OakumImage *image, GError *error)
{
  g_assert((image == NULL) == (error != NULL));
  g_autoptr(GError) why = NULL;
  for (guint i = 0; image && !why && i < image->manifest->layers->len; i++) {
    OakumReader *layer = oakum_image_open_layer(image, i, &why);
    gboolean ok = layer && oakum_reader_drain(layer, &why);
    g_assert(ok == (why == NULL));
    oakum_reader_free(layer);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  OAKUM_AUTO_FD fd = memfd_create("archive", MFD_CLOEXEC);
  if (fd < 0 || !oakum_write_all(fd, data, size, NULL))
    g_error("no file in memory");
  g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
  OakumPlatform platform;
  oakum_platform_host(&platform);
  g_autoptr(GError) a = NULL, b = NULL;
  g_autoptr(OakumImage) docker = oakum_docker_archive_read(path, NULL, &a);
  use(docker, a);
  g_autoptr(OakumImage) oci = oakum_layout_read_archive(path, NULL, &platform, &b);
  use(oci, b);
  oakum_platform_clear(&platform);
  return 0;
}
