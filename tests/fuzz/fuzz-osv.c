/* OSV records and Alpine's security database, into a database on disk. */
#include "advisory/advisory.h"
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *path = g_strdup_printf("/tmp/oakum-fuzz-osv-%d", (int)getpid());
  static const char *const feeds[] = {"osv", "alpine-secdb"};
  for (size_t feed = 0; feed < G_N_ELEMENTS(feeds); feed++) {
    g_autoptr(OakumAdvisoryImport) import = oakum_advisory_import_new(path, NULL);
    g_assert(import);
    if (oakum_advisory_import_read(import, feeds[feed], oakum_reader_new_memory(data, size),
                                   "input", NULL))
      g_assert(oakum_advisory_import_records(import) < 1000000);
  }
  return 0;
}
