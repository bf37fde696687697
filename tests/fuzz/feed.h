/* What the fuzz targets of feeds share: each of FEEDS (name, name of the file) reads the bytes. */
#pragma once
#include "advisory/advisory.h"
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  /* nothing is written there: an import is a file from its commit on */
  g_autofree char *path = g_strdup_printf("/tmp/oakum-fuzz-feed-%d", (int)getpid());
  static const char *const feeds[][2] = {FEEDS};
  for (size_t i = 0; i < G_N_ELEMENTS(feeds); i++) {
    g_autoptr(OakumAdvisoryImport) import = oakum_advisory_import_new(path, NULL);
    g_assert(import);
    if (oakum_advisory_import_read(import, feeds[i][0], oakum_reader_new_memory(data, size),
                                   feeds[i][1], NULL))
      g_assert(oakum_advisory_import_records(import) < 1000000);
  }
  return 0;
}
