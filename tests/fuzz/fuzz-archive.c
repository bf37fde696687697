/* A file given as `docker-archive:` and as `oci-archive:`; an image that opens is read whole. */
#include "image/image.h"
#include "os/os.h"
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean wanted(const char *path, gpointer user)
{
  (void)path;
  (void)user;
  return TRUE;
}

static void use(OakumImage *image, GError *error)
{
  g_assert((image == NULL) == (error != NULL));
  g_autoptr(GError) why = NULL;
  g_autoptr(OakumView) view = image ? oakum_image_view(image, wanted, NULL, &why) : NULL;
  g_assert(!image || (view == NULL) == (why != NULL));
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
