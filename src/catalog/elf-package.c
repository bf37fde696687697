/* What a distribution's builder wrote into an executable: which package it is of. The note's form:
 * "Package Metadata for Executable Files" of the UAPI group; a section .note.package, whose notes
 * are of the owner FDO and the type below and hold JSON. It tells of files that were copied out of
 * a package: where a database of the image knows the file, or the package, merging leaves it out.
 */
#include "catalog/native-private.h"

#define TYPE 0xcafe1a7eu
#define OWNER "FDO"
#define HEAD (12u + sizeof OWNER) /* three numbers, and the owner */

/* The JSON of the note, or nothing where there is none of that kind. */
static OakumSlice find_note(const OakumExe *exe, const uint8_t *bytes, size_t len)
{
  for (size_t at = 0; at + HEAD <= len;) {
    uint64_t owner = oakum_exe_number(exe, bytes + at, 4),
             size = oakum_exe_number(exe, bytes + at + 4, 4),
             type = oakum_exe_number(exe, bytes + at + 8, 4);
    size_t left = len - at - 12, padded = (size_t)(owner + 3) & ~(size_t)3;
    if (owner > left || padded > left || size > left - padded)
      break;
    if (type == TYPE && owner == sizeof OWNER && memcmp(bytes + at + 12, OWNER, sizeof OWNER) == 0)
      return (OakumSlice){bytes + at + 12 + padded,
                          strnlen((const char *)bytes + at + 12 + padded, (size_t)size)};
    at += 12 + padded + (((size_t)size + 3) & ~(size_t)3);
  }
  return (OakumSlice){NULL, 0};
}

gboolean oakum_elf_package_read(const OakumExe *exe, OakumCatalogFile *file, OakumCatalogSink *sink,
                                GError **error)
{
  const OakumExeSection *section =
      exe->kind == OAKUM_EXE_ELF ? oakum_exe_section(exe, ".note.package") : NULL;
  if (!section || section->size == 0 || section->size > OAKUM_ELF_PACKAGE_MAX)
    return TRUE; /* nothing is lost that the file itself would need */
  g_autofree uint8_t *bytes = g_malloc((size_t)section->size);
  if (!oakum_catalog_file_read(file, section->offset, bytes, (size_t)section->size, error))
    return FALSE;
  OakumSlice text = find_note(exe, bytes, (size_t)section->size);
  if (!text.data)
    return TRUE;
  OAKUM_AUTO_JSON *json = oakum_catalog_json_bytes(text, error);
  if (!json)
    return FALSE;
  OakumSlice type = oakum_json_slice(json, "type"), name = oakum_json_slice(json, "name");
  g_autofree char *kind = oakum_slice_value(type), *os = NULL;
  if (!kind || !oakum_is_os_type(kind))
    return TRUE; /* of another kind of maker, which no data speaks of */
  OakumPackage *package =
      oakum_catalog_add(sink, file, kind, name, oakum_json_slice(json, "version"));
  if (!package)
    return TRUE;
  package->guessed = TRUE; /* the file may have been changed since */
  package->offset = section->offset;
  oakum_package_say(&package->arch, oakum_json_slice(json, "architecture"));
  os = oakum_slice_value(oakum_json_slice(json, "os"));
  if (os) {
    package->space = g_ascii_strdown(os, -1);
    return TRUE;
  }
  /* Fedora says it by its CPE alone: cpe:/o:fedoraproject:fedora:40 */
  OakumSlice cpe = oakum_json_slice(json, "osCpe"), rest = cpe, part = {NULL, 0};
  for (guint i = 0; i < 4 && rest.data; i++)
    part = oakum_slice_cut(rest, ':', &rest);
  oakum_package_say(&package->space, part);
  return TRUE;
}
