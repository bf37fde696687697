/* The small database that is always there: data/debian-snapshot.osv.jsonl.gz inside the program. */
#include "advisory/advisory-private.h"
#include "os/os.h"
#include <string.h>
#include <unistd.h>

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

/* What other builds of this program kept. */
static void forget_others(const char *folder, const char *own)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir)) != NULL)
    if (g_str_has_prefix(name, "snapshot-") && g_str_has_suffix(name, ".db") &&
        strcmp(name, own) != 0) {
      g_autofree char *path = g_build_filename(folder, name, NULL);
      (void)unlink(path);
    }
}

static OakumAdvisoryDb *open_kept(const char *folder)
{
  g_autofree char *stamp = oakum_program_stamp();
  g_autofree char *name = g_strdup_printf("snapshot-%s.db", stamp);
  g_autofree char *path = g_build_filename(folder, name, NULL);
  OakumAdvisoryDb *db = access(path, R_OK) == 0 ? oakum_advisory_db_open(path, NULL) : NULL;
  if (db)
    return db;
  (void)unlink(path); /* a broken one */
  if (g_mkdir_with_parents(folder, 0700) < 0 || !oakum_advisory_write_snapshot(path, NULL))
    return NULL;
  forget_others(folder, name);
  return oakum_advisory_db_open(path, NULL);
}

static OakumAdvisoryDb *open_any(const char *folder, GError **error)
{
  OakumAdvisoryDb *kept = folder ? open_kept(folder) : NULL;
  if (kept)
    return kept;
  g_autoptr(OakumTempDir) temp = oakum_temp_dir_new(NULL, error);
  if (!temp)
    return NULL;
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(temp), "snapshot.db", NULL);
  /* it is mapped, and stays what it is when its name goes */
  return oakum_advisory_write_snapshot(path, error) ? oakum_advisory_db_open(path, error) : NULL;
}

OakumAdvisoryDb *oakum_advisory_snapshot_open(const char *folder, GError **error)
{
  OakumAdvisoryDb *db = open_any(folder, error);
  if (db) /* whatever file it lies in: it is as new as the program */
    oakum_advisory_db_is_snapshot(db);
  return db;
}
