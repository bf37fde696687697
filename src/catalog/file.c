/* The content of one file, wherever it lies. */
#include "catalog/catalog-private.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

struct OakumCatalogFile {
  char *path;
  uint64_t size;
  const uint8_t *data; /* NULL: behind fd */
  int fd;
  uint8_t *text; /* what oakum_catalog_file_text read */
};

OakumCatalogFile *oakum_catalog_file_new(const char *path, OakumSlice content)
{
  OakumCatalogFile *file = g_new0(OakumCatalogFile, 1);
  file->path = g_strdup(path);
  file->data = content.data ? content.data : (const uint8_t *)"";
  file->size = content.len;
  file->fd = -1;
  return file;
}

OakumCatalogFile *oakum_catalog_file_new_fd(const char *path, int fd, uint64_t size)
{
  OakumCatalogFile *file = g_new0(OakumCatalogFile, 1);
  file->path = g_strdup(path);
  file->fd = fd;
  file->size = size;
  return file;
}

void oakum_catalog_file_free(OakumCatalogFile *file)
{
  if (!file)
    return;
  g_free(file->path);
  g_free(file->text);
  g_free(file);
}

const char *oakum_catalog_file_path(const OakumCatalogFile *file)
{
  return file->path;
}

uint64_t oakum_catalog_file_size(const OakumCatalogFile *file)
{
  return file->size;
}

gboolean oakum_catalog_file_read(OakumCatalogFile *file, uint64_t offset, void *buffer, size_t len,
                                 GError **error)
{
  if (offset > file->size || len > file->size - offset) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                "%s: %zu bytes at %" G_GUINT64_FORMAT " are wanted of a file of %" G_GUINT64_FORMAT,
                file->path, len, offset, file->size);
    return FALSE;
  }
  if (file->data) {
    if (len > 0)
      memcpy(buffer, file->data + offset, len);
    return TRUE;
  }
  for (size_t have = 0; have < len;) {
    ssize_t n = pread(file->fd, (char *)buffer + have, len - have, (off_t)(offset + have));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      oakum_error_errno(error, OAKUM_CATALOG_ERROR, n < 0 ? errno : EIO, "%s", file->path);
      return FALSE;
    }
    have += (size_t)n;
  }
  return TRUE;
}

gboolean oakum_catalog_file_text(OakumCatalogFile *file, uint64_t max, OakumSlice *out,
                                 GError **error)
{
  max = MIN(max, OAKUM_CATALOG_WHOLE_MAX);
  if (file->size > max || file->size > SIZE_MAX - 1) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
                "%s: more than %" G_GUINT64_FORMAT " bytes", file->path, max);
    return FALSE;
  }
  if (!file->data && !file->text) {
    g_autofree uint8_t *text = g_malloc((size_t)file->size + 1);
    if (!oakum_catalog_file_read(file, 0, text, (size_t)file->size, error))
      return FALSE;
    file->text = g_steal_pointer(&text);
  }
  *out = (OakumSlice){file->data ? file->data : file->text, (size_t)file->size};
  return TRUE;
}
