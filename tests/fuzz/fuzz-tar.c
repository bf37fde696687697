/* Oracle: every entry keeps the limits that the reader promises, and its content has the size it
 * says. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(OakumTarReader) reader = oakum_tar_reader_new(
      oakum_reader_new_limit(oakum_reader_new_memory(data, size), 16 * OAKUM_MIB, "input"));
  const OakumTarEntry *entry;
  while (oakum_tar_reader_next(reader, &entry, NULL) > 0) {
    if (entry->path.len == 0 || entry->path.len > OAKUM_TAR_PATH_MAX ||
        entry->link.len > OAKUM_TAR_LINK_MAX || entry->n_xattrs > OAKUM_TAR_XATTRS_MAX ||
        (entry->type != OAKUM_TAR_FILE && entry->size > 0))
      g_error("a limit does not hold");
    uint64_t expected = entry->size, total = 0;
    char buffer[4096];
    gssize n;
    while ((n = oakum_tar_reader_read(reader, buffer, sizeof buffer, NULL)) > 0)
      total += (uint64_t)n;
    if (n == 0 && total != expected)
      g_error("content and size differ");
  }
  return 0;
}
