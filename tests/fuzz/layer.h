/* A layer of one file. */
#pragma once
#include "codec/codec.h"
#include <string.h>

static inline GBytes *layer_of_file(const char *path, const void *data, size_t size)
{
  GByteArray *bytes = g_byte_array_new();
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_memory(bytes));
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE,
                         .mode = 0644,
                         .path = {(const uint8_t *)path, strlen(path)},
                         .size = size};
  if (!oakum_tar_writer_entry(tar, &entry, NULL) ||
      (size > 0 && !oakum_tar_writer_write(tar, data, size, NULL)) ||
      !oakum_tar_writer_finish(tar, NULL))
    g_error("no tar in memory");
  return g_byte_array_free_to_bytes(bytes);
}
