/* Executables that say what they are made of. */
#include "catalog/native-private.h"

static gboolean wants(const OakumCatalogEntry *entry)
{
  OakumExeKind kind = oakum_exe_sniff(entry->head);
  if (entry->size < OAKUM_EXE_HEAD && oakum_slice_begins(entry->head, "\177ELF"))
    return (entry->mode & 0111) != 0; /* cut short */
  if (kind == OAKUM_EXE_ELF) {        /* programs and shared objects; not objects, cores, modules */
    gboolean big = entry->head.data[5] == 2;
    guint type = entry->head.data[big ? 17 : 16];
    return type == 2 || type == 3;
  }
  return kind != OAKUM_EXE_NONE;
}

static gboolean run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  static gboolean (*const parts[])(const OakumExe *, OakumCatalogFile *, OakumCatalogSink *,
                                   GError **) = {oakum_go_read,      oakum_rust_read,
                                                 oakum_graalvm_read, oakum_dotnet_read,
                                                 oakum_bundle_read,  oakum_elf_package_read};
  g_autoptr(OakumExe) exe = oakum_exe_new(file, error);
  if (!exe)
    return FALSE;
  gboolean good = TRUE; /* damage in one part is told, and the others still looked at */
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
    g_autoptr(GError) problem = NULL;
    if (parts[i](exe, file, sink, &problem))
      continue;
    if (good)
      g_propagate_error(error, g_steal_pointer(&problem));
    good = FALSE;
  }
  return good;
}

const OakumCataloguer oakum_native_cataloguers[] = {{"executable", 7, wants, run}, {0}};
