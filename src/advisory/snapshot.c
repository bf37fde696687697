/* The small database that is always there: data/debian-snapshot.osv.jsonl.gz inside the program. */
#include "advisory/advisory.h"

__asm__(".pushsection .rodata\n"
        ".global oakum_snapshot_begin\n"
        ".global oakum_snapshot_end\n"
        "oakum_snapshot_begin:\n"
        ".incbin \"" OAKUM_SNAPSHOT_FILE "\"\n"
        "oakum_snapshot_end:\n"
        ".popsection\n");
extern const uint8_t oakum_snapshot_begin[], oakum_snapshot_end[];

gboolean oakum_advisory_write_snapshot(const char *path, GError **error)
{
  g_autoptr(OakumAdvisoryImport) import = oakum_advisory_import_new(path, error);
  size_t len = (size_t)(oakum_snapshot_end - oakum_snapshot_begin);
  return import &&
         oakum_advisory_import_read(import, "osv",
                                    oakum_reader_new_memory(oakum_snapshot_begin, len),
                                    "embedded snapshot", error) &&
         oakum_advisory_import_commit(import, error);
}
