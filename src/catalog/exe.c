/* Sections and segments of ELF, PE and Mach-O: as much as finding a section takes. Every offset is
 * held against the file when it is read. */
#include "catalog/parts-private.h"

OakumExeKind oakum_exe_sniff(OakumSlice head)
{
  static const uint8_t machos[][4] = {{0xfe, 0xed, 0xfa, 0xce},
                                      {0xfe, 0xed, 0xfa, 0xcf},
                                      {0xce, 0xfa, 0xed, 0xfe},
                                      {0xcf, 0xfa, 0xed, 0xfe}};
  if (head.len < OAKUM_EXE_HEAD)
    return OAKUM_EXE_NONE;
  if (memcmp(head.data, "\177ELF", 4) == 0)
    return OAKUM_EXE_ELF;
  if (memcmp(head.data, "MZ", 2) == 0)
    return OAKUM_EXE_PE;
  for (size_t i = 0; i < G_N_ELEMENTS(machos); i++)
    if (memcmp(head.data, machos[i], 4) == 0)
      return OAKUM_EXE_MACHO;
  /* several in one; a class of Java begins the same, and has a version of 45 or more there */
  if (memcmp(head.data, "\xca\xfe\xba\xbe\0\0\0", 7) == 0 && head.data[7] > 0 && head.data[7] < 20)
    return OAKUM_EXE_MACHO;
  return OAKUM_EXE_NONE;
}

uint64_t oakum_exe_number(const OakumExe *exe, const uint8_t *at, guint bytes)
{
  uint64_t value = 0;
  for (guint i = 0; i < bytes; i++)
    value = value << 8 | at[exe->big ? i : bytes - 1 - i];
  return value;
}

static void add(GArray *to, const char *name, size_t len, uint64_t address, uint64_t offset,
                uint64_t size, gboolean data)
{
  OakumExeSection section = {.address = address, .offset = offset, .size = size, .data = data};
  len = MIN(len, sizeof section.name - 1);
  memcpy(section.name, name, strnlen(name, len));
  g_array_append_val(to, section);
}

/* ---- ELF ------------------------------------------------------------------------------------- */
/* Rows as the format has them are 32 to 64 bytes long; told sizes are not allocated before the file
 * is known to hold them. */
static uint8_t *read_table(OakumCatalogFile *file, uint64_t at, guint size, guint count,
                           GError **error)
{
  size_t len = (size_t)size * count;
  uint64_t end;
  if (oakum_add_overflows(at, (uint64_t)len, &end) || end > oakum_catalog_file_size(file) ||
      size > OAKUM_EXE_ROW_MAX) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                        "a table of ELF that does not fit into the file");
    return NULL;
  }
  g_autofree uint8_t *table = g_malloc(len + 1);
  if (!oakum_catalog_file_read(file, at, table, len, error))
    return NULL;
  return g_steal_pointer(&table);
}

static gboolean elf_segments(OakumExe *exe, OakumCatalogFile *file, const uint8_t *header,
                             GError **error)
{
  gboolean wide = exe->wide;
  uint64_t at = oakum_exe_number(exe, header + (wide ? 32 : 28), wide ? 8 : 4);
  guint size = (guint)oakum_exe_number(exe, header + (wide ? 54 : 42), 2),
        count = (guint)oakum_exe_number(exe, header + (wide ? 56 : 44), 2);
  guint least = wide ? 56 : 32;
  if (count == 0 || size < least)
    return TRUE;
  g_autofree uint8_t *table = read_table(file, at, size, count, error);
  if (!table)
    return FALSE;
  for (guint i = 0; i < count; i++) {
    const uint8_t *one = table + (size_t)i * size;
    if (oakum_exe_number(exe, one, 4) != 1) /* PT_LOAD */
      continue;
    uint64_t flags = oakum_exe_number(exe, one + (wide ? 4 : 24), 4);
    add(exe->segments, "", 0, oakum_exe_number(exe, one + (wide ? 16 : 8), wide ? 8 : 4),
        oakum_exe_number(exe, one + (wide ? 8 : 4), wide ? 8 : 4),
        oakum_exe_number(exe, one + (wide ? 32 : 16), wide ? 8 : 4), (flags & 2) != 0);
    if (exe->segments->len > 0)
      g_array_index(exe->segments, OakumExeSection, exe->segments->len - 1).memory =
          oakum_exe_number(exe, one + (wide ? 40 : 20), wide ? 8 : 4);
  }
  return TRUE;
}

static gboolean elf_names(const OakumExe *exe, OakumCatalogFile *file, const uint8_t *section,
                          uint8_t **names, size_t *len, GError **error)
{
  gboolean wide = exe->wide;
  uint64_t at = oakum_exe_number(exe, section + (wide ? 24 : 16), wide ? 8 : 4),
           size = oakum_exe_number(exe, section + (wide ? 32 : 20), wide ? 8 : 4);
  if (size > OAKUM_EXE_NAMES_MAX) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
                        "the names of its sections are too many");
    return FALSE;
  }
  g_autofree uint8_t *text = g_malloc((size_t)size + 1);
  if (!oakum_catalog_file_read(file, at, text, (size_t)size, error))
    return FALSE;
  *names = g_steal_pointer(&text);
  *len = (size_t)size;
  return TRUE;
}

static gboolean elf_sections(OakumExe *exe, OakumCatalogFile *file, const uint8_t *header,
                             GError **error)
{
  gboolean wide = exe->wide;
  uint64_t at = oakum_exe_number(exe, header + (wide ? 40 : 32), wide ? 8 : 4);
  guint size = (guint)oakum_exe_number(exe, header + (wide ? 58 : 46), 2),
        count = (guint)oakum_exe_number(exe, header + (wide ? 60 : 48), 2),
        names_at = (guint)oakum_exe_number(exe, header + (wide ? 62 : 50), 2);
  guint least = wide ? 64 : 40;
  if (at == 0 || count == 0)
    return TRUE; /* sections may be stripped away; segments are enough to run */
  if (size < least)
    return oakum_catalog_invalid(file, error, "ELF sections of no size");
  g_autofree uint8_t *table = read_table(file, at, size, count, error), *names = NULL;
  size_t len = 0;
  if (!table)
    return FALSE;
  exe->end = at + (uint64_t)size * count;
  if (names_at < count &&
      !elf_names(exe, file, table + (size_t)names_at * size, &names, &len, error))
    return FALSE;
  for (guint i = 0; i < count; i++) {
    const uint8_t *one = table + (size_t)i * size;
    uint64_t name = oakum_exe_number(exe, one, 4);
    if (oakum_exe_number(exe, one + 4, 4) == 8) /* SHT_NOBITS */
      continue;
    uint64_t flags = oakum_exe_number(exe, one + 8, wide ? 8 : 4);
    add(exe->sections, name < len ? (const char *)names + name : "",
        name < len ? len - (size_t)name : 0,
        oakum_exe_number(exe, one + (wide ? 16 : 12), wide ? 8 : 4),
        oakum_exe_number(exe, one + (wide ? 24 : 16), wide ? 8 : 4),
        oakum_exe_number(exe, one + (wide ? 32 : 20), wide ? 8 : 4),
        (flags & 2) != 0 && (flags & 4) == 0);
  }
  return TRUE;
}

static gboolean read_elf(OakumExe *exe, OakumCatalogFile *file, GError **error)
{
  uint8_t header[64];
  if (!oakum_catalog_file_read(file, 0, header, sizeof header, error))
    return FALSE;
  if ((header[4] != 1 && header[4] != 2) || (header[5] != 1 && header[5] != 2))
    return oakum_catalog_invalid(file, error, "ELF of an unknown class or order of bytes");
  exe->wide = header[4] == 2;
  exe->big = header[5] == 2;
  exe->machine = (uint16_t)oakum_exe_number(exe, header + 18, 2);
  return elf_segments(exe, file, header, error) && elf_sections(exe, file, header, error);
}

/* ---- PE -------------------------------------------------------------------------------------- */
static gboolean read_pe(OakumExe *exe, OakumCatalogFile *file, GError **error)
{
  uint8_t dos[64], coff[24], section[40];
  if (!oakum_catalog_file_read(file, 0, dos, sizeof dos, error))
    return FALSE;
  uint64_t at = oakum_exe_number(exe, dos + 60, 4);
  if (!oakum_catalog_file_read(file, at, coff, sizeof coff, error))
    return FALSE;
  if (memcmp(coff, "PE\0\0", 4) != 0)
    return oakum_catalog_invalid(file, error, "no PE header where the DOS header points");
  exe->machine = (uint16_t)oakum_exe_number(exe, coff + 4, 2);
  guint count = (guint)oakum_exe_number(exe, coff + 6, 2),
        optional = (guint)oakum_exe_number(exe, coff + 20, 2);
  g_autofree uint8_t *head = g_malloc0(MAX(optional, 240u));
  if (!oakum_catalog_file_read(file, at + 24, head, optional, error))
    return FALSE;
  exe->wide = oakum_exe_number(exe, head, 2) == 0x20b;
  uint64_t base = oakum_exe_number(exe, head + (exe->wide ? 24 : 28), exe->wide ? 8 : 4);
  /* directories of data, of which 2 are resources and 14 the header of .NET */
  guint first = exe->wide ? 112 : 96;
  for (guint i = 2; i <= 14; i += 12)
    if (oakum_exe_number(exe, head + first - 4, 4) > i && first + i * 8 + 8 <= optional)
      add(exe->sections, i == 2 ? "(resources)" : "(clr)", 12,
          oakum_exe_number(exe, head + first + (size_t)i * 8, 4), 0,
          oakum_exe_number(exe, head + first + (size_t)i * 8 + 4, 4), FALSE);
  for (guint i = 0; i < count; i++) {
    if (!oakum_catalog_file_read(file, at + 24 + optional + (uint64_t)i * 40, section,
                                 sizeof section, error))
      return FALSE;
    uint64_t flags = oakum_exe_number(exe, section + 36, 4);
    uint64_t address = base + oakum_exe_number(exe, section + 12, 4),
             size = oakum_exe_number(exe, section + 16, 4),
             offset = oakum_exe_number(exe, section + 20, 4);
    add(exe->sections, (const char *)section, 8, address, offset, size,
        (flags & 0x40) != 0 && (flags & 0x20) == 0);
    add(exe->segments, "", 0, address, offset, size, (flags & 0x80000000u) != 0);
  }
  return TRUE;
}

/* ---- Mach-O ---------------------------------------------------------------------------------- */
static void macho_segment(OakumExe *exe, const uint8_t *command, size_t len, gboolean wide)
{
  size_t head = wide ? 72 : 56, each = wide ? 80 : 68;
  if (len < head)
    return;
  guint count = (guint)oakum_exe_number(exe, command + (wide ? 64 : 48), 4);
  guint allowed = (guint)oakum_exe_number(exe, command + (wide ? 60 : 44), 4);
  add(exe->segments, (const char *)command + 8, 16,
      oakum_exe_number(exe, command + 24, wide ? 8 : 4),
      exe->base + oakum_exe_number(exe, command + (wide ? 40 : 32), wide ? 8 : 4),
      oakum_exe_number(exe, command + (wide ? 48 : 36), wide ? 8 : 4), (allowed & 2) != 0);
  for (guint i = 0; i < count && head + (i + 1) * each <= len; i++) {
    const uint8_t *one = command + head + i * each;
    char name[34] = {0};
    size_t n = strnlen((const char *)one + 16, 16);
    memcpy(name, one + 16, n);
    name[n] = ',';
    memcpy(name + n + 1, one, strnlen((const char *)one, 16));
    add(exe->sections, name, sizeof name, oakum_exe_number(exe, one + 32, wide ? 8 : 4),
        exe->base + oakum_exe_number(exe, one + (wide ? 48 : 40), 4),
        oakum_exe_number(exe, one + (wide ? 40 : 36), wide ? 8 : 4),
        strncmp((const char *)one, "__text", 6) != 0);
  }
}

static gboolean read_macho(OakumExe *exe, OakumCatalogFile *file, GError **error)
{
  uint8_t header[32];
  if (!oakum_catalog_file_read(file, 0, header, 20, error))
    return FALSE;
  if (memcmp(header, "\xca\xfe\xba\xbe", 4) == 0) { /* several: the first stands for all */
    exe->big = TRUE;
    exe->base = oakum_exe_number(exe, header + 16, 4);
  }
  if (!oakum_catalog_file_read(file, exe->base, header, sizeof header, error))
    return FALSE;
  exe->big = header[0] == 0xfe;
  exe->wide = header[exe->big ? 3 : 0] == 0xcf;
  if (oakum_exe_number(exe, header, 4) != (exe->wide ? 0xfeedfacfu : 0xfeedfaceu))
    return oakum_catalog_invalid(file, error, "a universal Mach-O whose first part is none");
  exe->machine = (uint16_t)oakum_exe_number(exe, header + 4, 4);
  guint count = (guint)oakum_exe_number(exe, header + 16, 4);
  uint64_t len = oakum_exe_number(exe, header + 20, 4);
  if (len > OAKUM_EXE_NAMES_MAX) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
                        "its load commands are too many");
    return FALSE;
  }
  g_autofree uint8_t *commands = g_malloc((size_t)len + 1);
  if (!oakum_catalog_file_read(file, exe->base + (exe->wide ? 32 : 28), commands, (size_t)len,
                               error))
    return FALSE;
  size_t at = 0;
  for (guint i = 0; i < count && len - at >= 8; i++) {
    uint64_t kind = oakum_exe_number(exe, commands + at, 4),
             size = oakum_exe_number(exe, commands + at + 4, 4);
    if (size < 8 || size > len - at)
      return oakum_catalog_invalid(file, error, "a load command of no length");
    if (kind == 1 || kind == 0x19)
      macho_segment(exe, commands + at, (size_t)size, kind == 0x19);
    at += (size_t)size;
  }
  return TRUE;
}

OakumExe *oakum_exe_new(OakumCatalogFile *file, GError **error)
{
  uint8_t head[OAKUM_EXE_HEAD];
  if (!oakum_catalog_file_read(file, 0, head, sizeof head, error))
    return NULL;
  g_autoptr(OakumExe) exe = g_new0(OakumExe, 1);
  exe->kind = oakum_exe_sniff((OakumSlice){head, sizeof head});
  exe->sections = g_array_new(FALSE, FALSE, sizeof(OakumExeSection));
  exe->segments = g_array_new(FALSE, FALSE, sizeof(OakumExeSection));
  gboolean good = FALSE;
  switch (exe->kind) {
  case OAKUM_EXE_ELF:
    good = read_elf(exe, file, error);
    break;
  case OAKUM_EXE_PE:
    good = read_pe(exe, file, error);
    break;
  case OAKUM_EXE_MACHO:
    good = read_macho(exe, file, error);
    break;
  case OAKUM_EXE_NONE:
    good = oakum_catalog_invalid(file, error, "no executable");
    break;
  }
  GArray *const tables[] = {exe->sections, exe->segments};
  for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
    for (guint j = 0; j < tables[i]->len; j++) {
      const OakumExeSection *one = &g_array_index(tables[i], OakumExeSection, j);
      uint64_t end;
      if (one->offset > 0 && !oakum_add_overflows(one->offset, one->size, &end))
        exe->end = MAX(exe->end, end);
    }
  return good ? g_steal_pointer(&exe) : NULL;
}

void oakum_exe_free(OakumExe *exe)
{
  if (!exe)
    return;
  g_array_unref(exe->sections);
  g_array_unref(exe->segments);
  g_free(exe);
}

const OakumExeSection *oakum_exe_section(const OakumExe *exe, const char *name)
{
  for (guint i = 0; i < exe->sections->len; i++) {
    const OakumExeSection *section = &g_array_index(exe->sections, OakumExeSection, i);
    if (strcmp(section->name, name) == 0)
      return section;
  }
  return NULL;
}

gboolean oakum_exe_at(const OakumExe *exe, uint64_t address, uint64_t len, uint64_t *offset)
{
  for (guint i = 0; i < exe->segments->len; i++) {
    const OakumExeSection *segment = &g_array_index(exe->segments, OakumExeSection, i);
    if (address < segment->address || address - segment->address >= segment->size ||
        len > segment->size - (address - segment->address))
      continue;
    return !oakum_add_overflows(segment->offset, address - segment->address, offset);
  }
  return FALSE;
}

gboolean oakum_exe_is_zero(const OakumExe *exe, uint64_t address, uint64_t len)
{
  for (guint i = 0; i < exe->segments->len; i++) {
    const OakumExeSection *segment = &g_array_index(exe->segments, OakumExeSection, i);
    uint64_t at = address - segment->address;
    if (address >= segment->address && at >= segment->size && at < segment->memory &&
        len <= segment->memory - at)
      return TRUE;
  }
  return FALSE;
}
