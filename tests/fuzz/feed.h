/* What the fuzz targets of feeds share: each of FEEDS (name, name of the file) reads the bytes.
 * Nothing is kept of them: a database for each input would take most of the time. Rows are made,
 * and warnings worded, all the same. */
#pragma once
#include "advisory/advisory.h"

static void silent(OakumLogLevel level, const char *message)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const feeds[][2] = {FEEDS};
  oakum_log_set_sink(silent);
  for (size_t i = 0; i < G_N_ELEMENTS(feeds); i++) {
    g_autoptr(OakumAdvisoryImport) import = oakum_advisory_import_new(NULL, NULL);
    g_assert(import);
    if (oakum_advisory_import_read(import, feeds[i][0], oakum_reader_new_memory(data, size),
                                   feeds[i][1], NULL))
      g_assert(oakum_advisory_import_records(import) < 1000000);
  }
  return 0;
}
