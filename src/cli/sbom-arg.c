/* "sbom:FILE": a bill of materials in place of an image. It is read where images are: the document
 * becomes a layer of one file. */
#include "cli/cli.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

static OakumReader *open_bytes(gpointer user, GError **error)
{
  (void)error;
  return oakum_reader_new_bytes(user);
}

static GBytes *as_layer(const char *text, size_t len, GError **error)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_memory(bytes));
  const OakumTarEntry entry = {
      .type = OAKUM_TAR_FILE,
      .path = {(const uint8_t *)OAKUM_SBOM_DOCUMENT, strlen(OAKUM_SBOM_DOCUMENT)},
      .mode = 0444,
      .size = len};
  if (!oakum_tar_writer_entry(tar, &entry, error) ||
      !oakum_tar_writer_write(tar, text, len, error) || !oakum_tar_writer_finish(tar, error))
    return NULL;
  return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

OakumCatalog *oakum_sbom_text_examine(const char *text, size_t len, const char *what,
                                      GError **error)
{
  g_autoptr(GBytes) layer = as_layer(text, len, error);
  return layer ? oakum_examine_tar(open_bytes, layer, what,
                                   &(OakumExamineOptions){.checks = OAKUM_CHECK_HOLES}, error)
               : NULL;
}

OakumCatalog *oakum_sbom_arg_examine(const char *path, GError **error)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", path);
    return NULL;
  }
  g_autoptr(OakumReader) reader = oakum_reader_new_inflate(oakum_reader_new_fd(fd, TRUE), NULL);
  g_autofree char *text = NULL;
  size_t len;
  if (!oakum_reader_slurp(reader, OAKUM_SBOM_MAX, path, &text, &len, error)) {
    if (error && *error && !strstr((*error)->message, path))
      g_prefix_error(error, "%s: ", path);
    return NULL;
  }
  return oakum_sbom_text_examine(text, len, path, error);
}
