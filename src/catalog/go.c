/* Go: the build information that the linker puts into each program (package debug/buildinfo tells
 * its form): inline since 1.18, behind pointers before. */
#include "catalog/native-private.h"

static const char magic[] = "\xff Go buildinf:";
#define HEADER 32u
#define MARK 16u /* bytes around the list of modules */

/* ---- finding it ------------------------------------------------------------------------------ */
static gboolean search(OakumCatalogFile *file, const OakumExeSection *in, uint64_t *found)
{
  const size_t window = (size_t)OAKUM_SIGNATURE_WINDOW;
  g_autofree uint8_t *bytes = g_malloc(window);
  uint64_t end = MIN(in->size, OAKUM_GO_SEARCH_MAX);
  for (uint64_t at = 0; at + HEADER <= end; at += window - HEADER) {
    size_t n = (size_t)MIN(end - at, window);
    if (!oakum_catalog_file_read(file, in->offset + at, bytes, n, NULL))
      return FALSE;
    for (size_t from = 0; from + HEADER <= n;) {
      const uint8_t *hit = oakum_bytes_find(bytes + from, n - from, magic, sizeof magic - 1);
      if (!hit || (size_t)(hit - bytes) + HEADER > n)
        break;
      if ((uint64_t)(hit - bytes) % 16 == 0 || in->address % 16 != 0) { /* it is aligned so */
        *found = in->offset + at + (uint64_t)(hit - bytes);
        return TRUE;
      }
      from = (size_t)(hit - bytes) + 1;
    }
  }
  return FALSE;
}

/* FALSE with an error: the section that programs of Go have is there, and tells nothing. */
static gboolean find(const OakumExe *exe, OakumCatalogFile *file, uint64_t *found, gboolean *any,
                     GError **error)
{
  *any = FALSE;
  static const char *const names[] = {".go.buildinfo", "__DATA,__go_buildinfo"};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
    const OakumExeSection *section = oakum_exe_section(exe, names[i]);
    if (!section || section->size == 0)
      continue;
    uint64_t size = oakum_catalog_file_size(file);
    if (section->offset > size || section->size > size - section->offset)
      return oakum_catalog_invalid(file, error, "Go build information that is not in the file");
    *any = search(file, section, found);
    if (!*any)
      g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_UNSUPPORTED,
                          "a program of Go whose build information was taken out");
    return *any;
  }
  const OakumExeSection *old = oakum_exe_section(exe, ".note.go.buildid");
  if (old && old->size > 0 && oakum_exe_section(exe, ".gopclntab")) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_UNSUPPORTED,
                        "a program of Go before 1.13, which does not say its modules");
    return FALSE;
  }
  if (exe->kind == OAKUM_EXE_ELF && exe->sections->len > 0)
    return TRUE; /* the section is never absent where there are any */
  for (guint i = 0; i < exe->segments->len; i++) {
    const OakumExeSection *segment = &g_array_index(exe->segments, OakumExeSection, i);
    if (segment->data && search(file, segment, found)) {
      *any = TRUE;
      break;
    }
  }
  return TRUE;
}

/* ---- reading it ------------------------------------------------------------------------------ */
/* A string with its length in front, base 128. *at goes behind it. */
static gboolean read_inline(OakumCatalogFile *file, uint64_t *at, char **text, size_t *len,
                            GError **error)
{
  uint64_t n = 0;
  for (guint shift = 0;; shift += 7) {
    uint8_t byte;
    if (shift > 35)
      return oakum_catalog_invalid(file, error, "Go build information with a length of no end");
    if (!oakum_catalog_file_read(file, (*at)++, &byte, 1, error))
      return FALSE;
    n |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      break;
  }
  if (n > OAKUM_GO_INFO_MAX) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
                        "Go build information of more than is read");
    return FALSE;
  }
  g_autofree char *bytes = g_malloc((size_t)n + 1);
  if (!oakum_catalog_file_read(file, *at, bytes, (size_t)n, error))
    return FALSE;
  *at += n;
  *text = g_steal_pointer(&bytes);
  *len = (size_t)n;
  return TRUE;
}

/* The string that the pointer at `address` leads to: {pointer, length}, all in loaded memory. */
static gboolean read_pointer(const OakumExe *exe, OakumCatalogFile *file, uint64_t address,
                             guint bytes, char **text, size_t *len, GError **error)
{
  uint8_t raw[16];
  uint64_t at;
  /* built without modules: no string, or one that nobody filled in */
  if (address == 0 || oakum_exe_is_zero(exe, address, 2 * bytes)) {
    *text = g_strdup("");
    *len = 0;
    return TRUE;
  }
  if (!oakum_exe_at(exe, address, 2 * bytes, &at) ||
      !oakum_catalog_file_read(file, at, raw, 2 * bytes, NULL))
    return oakum_catalog_invalid(file, error, "Go build information that points nowhere");
  uint64_t data = oakum_exe_number(exe, raw, bytes), n = oakum_exe_number(exe, raw + bytes, bytes);
  if (n > OAKUM_GO_INFO_MAX || !oakum_exe_at(exe, data, n, &at))
    return oakum_catalog_invalid(file, error, "Go build information that points nowhere");
  g_autofree char *content = g_malloc((size_t)n + 1);
  if (!oakum_catalog_file_read(file, at, content, (size_t)n, error))
    return FALSE;
  *text = g_steal_pointer(&content);
  *len = (size_t)n;
  return TRUE;
}

/* ---- what it says ---------------------------------------------------------------------------- */
typedef struct {
  OakumCatalogFile *file;
  OakumCatalogSink *sink;
  uint64_t offset;
  OakumSlice path, main_name, main_version; /* of the program itself */
  OakumSlice revision, time, flags;
  OakumSlice name, version; /* of the dependency that may still be replaced */
} Info;

static void add(const Info *info, OakumSlice name, OakumSlice version)
{
  OakumPackage *package = oakum_catalog_add(info->sink, info->file, "golang", name, version);
  if (package)
    package->offset = info->offset;
}

static void flush(Info *info)
{
  if (info->name.len > 0)
    add(info, info->name, info->version);
  info->name = (OakumSlice){NULL, 0};
}

static void read_setting(Info *info, OakumSlice setting)
{
  OakumSlice value, key = oakum_slice_cut(setting, '=', &value);
  if (value.len > 1 && value.data[0] == '"') /* strconv.Quote'd */
    value = (OakumSlice){value.data + 1, value.len - 2};
  if (oakum_slice_is(key, "vcs.revision"))
    info->revision = value;
  else if (oakum_slice_is(key, "vcs.time"))
    info->time = value;
  else if (oakum_slice_is(key, "-ldflags"))
    info->flags = value;
}

static void read_line(Info *info, OakumSlice line, gboolean *main_open)
{
  OakumSlice rest, kind = oakum_slice_cut(line, '\t', &rest);
  OakumSlice name = oakum_slice_cut(rest, '\t', &rest),
             version = oakum_slice_cut(rest, '\t', &rest);
  if (oakum_slice_is(kind, "=>")) {
    /* By a folder: what it was made from is all that is known, and v0.0.0 stands for nothing. */
    if (version.len == 0 || oakum_slice_is(version, "(devel)")) {
      if (oakum_slice_is(info->version, "v0.0.0"))
        info->version = OAKUM_SLICE("(devel)");
      return;
    }
    if (*main_open) {
      info->main_name = name;
      info->main_version = version;
    } else if (info->name.len > 0) {
      info->name = name;
      info->version = version;
    }
    return;
  }
  flush(info);
  *main_open = FALSE;
  if (oakum_slice_is(kind, "path")) {
    info->path = name;
  } else if (oakum_slice_is(kind, "mod")) {
    info->main_name = name;
    info->main_version = version;
    *main_open = TRUE;
  } else if (oakum_slice_is(kind, "dep")) {
    info->name = name;
    info->version = version;
  } else if (oakum_slice_is(kind, "build")) {
    OakumSlice behind;
    oakum_slice_cut(line, '\t', &behind);
    read_setting(info, behind);
  }
}

static gboolean looks_like_version(OakumSlice text)
{
  size_t at = text.len > 0 && text.data[0] == 'v';
  size_t digits = at;
  while (digits < text.len && g_ascii_isdigit(text.data[digits]))
    digits++;
  return digits > at && digits + 1 < text.len && text.data[digits] == '.' &&
         g_ascii_isdigit(text.data[digits + 1]);
}

/* The value of a variable called …version that the linker was told to set: -X pkg.Version=1.2.3.
 * That of package main goes in front of others. */
static gboolean flag_version(OakumSlice flags, OakumSlice *out)
{
  gboolean any = FALSE;
  size_t at;
  while (oakum_slice_find(flags, "ersion=", &at)) {
    size_t start = at;
    while (start > 0 && !strchr(" '\"\\", flags.data[start - 1]))
      start--;
    OakumSlice variable = {flags.data + start, at - start};
    flags.data += at + strlen("ersion=");
    flags.len -= at + strlen("ersion=");
    size_t n = 0;
    while (n < flags.len && !strchr(" '\"\\", flags.data[n]))
      n++;
    OakumSlice value = {flags.data, n};
    if (!looks_like_version(value))
      continue;
    gboolean of_main = oakum_slice_begins(variable, "main.");
    if (!any || of_main)
      *out = value;
    any = TRUE;
    if (of_main)
      break;
  }
  return any;
}

/* "v0.0.0-20230102150405-0123456789ab", as the go command calls a commit without a tag. */
static char *pseudo_version(OakumSlice revision, OakumSlice time)
{
  GString *out = g_string_new("v0.0.0-");
  guint digits = 0;
  for (size_t i = 0; i < time.len && digits < 14; i++)
    if (g_ascii_isdigit(time.data[i])) {
      g_string_append_c(out, (char)time.data[i]);
      digits++;
    }
  if (digits < 14 || revision.len < 12) {
    g_string_free(out, TRUE);
    return NULL;
  }
  g_string_append_c(out, '-');
  g_string_append_len(out, (const char *)revision.data, 12);
  return g_string_free(out, FALSE);
}

static void add_main(const Info *info)
{
  OakumSlice version = info->main_version, said;
  g_autofree char *pseudo = NULL;
  OakumSlice name = info->main_name, rest;
  if (name.len ==
      0) { /* built without modules: the package that was built; Go's own have no host */
    name = info->path;
    OakumSlice host = oakum_slice_cut(name, '/', &rest);
    if (rest.len == 0 || !memchr(host.data, '.', host.len))
      return;
  }
  gboolean guessed = FALSE;
  if (version.len == 0 || oakum_slice_is(version, "(devel)")) {
    guessed = TRUE;
    if (flag_version(info->flags, &said)) {
      version = said;
      if (version.data[0] != 'v') {
        pseudo = g_strdup_printf("v%.*s", (int)MIN(said.len, OAKUM_CATALOG_VALUE_MAX), said.data);
        version = oakum_slice_of(pseudo);
      }
    } else if ((pseudo = pseudo_version(info->revision, info->time))) {
      version = oakum_slice_of(pseudo);
    } else {
      version = OAKUM_SLICE("(devel)");
    }
  }
  OakumPackage *package = oakum_catalog_add(info->sink, info->file, "golang", name, version);
  if (package) {
    package->offset = info->offset;
    package->guessed = guessed;
  }
}

/* "go1.21.3", "go1.22.1 X:boringcrypto", "devel go1.23-0123abc …"; since 1.26 "go1.26.1-X:jsonv2".
 * What a distributor puts behind a release ("go1.22.3-microsoft") makes it no earlier one. */
static void add_stdlib(const Info *info, OakumSlice version)
{
  OakumSlice rest;
  size_t at;
  gboolean devel = oakum_slice_begins(version, "devel ");
  if (devel) {
    version.data += 6;
    version.len -= 6;
  }
  version = oakum_slice_cut(version, ' ', &rest);
  if (!devel && !oakum_slice_find(version, "-devel", &at))
    version = oakum_slice_cut(version, '-', &rest);
  if (oakum_slice_begins(version, "go")) {
    version.data += 2;
    version.len -= 2;
  }
  if (looks_like_version(version))
    add(info, OAKUM_SLICE("stdlib"), version);
}

gboolean oakum_go_read(const OakumExe *exe, OakumCatalogFile *file, OakumCatalogSink *sink,
                       GError **error)
{
  uint8_t header[HEADER];
  uint64_t at;
  g_autofree char *version = NULL, *modules = NULL;
  size_t version_len = 0, modules_len = 0;
  gboolean any;
  if (!find(exe, file, &at, &any, error))
    return FALSE;
  if (!any)
    return TRUE;
  if (!oakum_catalog_file_read(file, at, header, sizeof header, error))
    return FALSE;
  Info info = {.file = file, .sink = sink, .offset = at};
  if (header[15] & 2) {
    uint64_t next = at + HEADER;
    if (!read_inline(file, &next, &version, &version_len, error) ||
        !read_inline(file, &next, &modules, &modules_len, error))
      return FALSE;
  } else {
    OakumExe order = *exe;
    guint bytes = header[14];
    order.big = header[15] & 1;
    if (bytes != 4 && bytes != 8)
      return oakum_catalog_invalid(file, error, "Go build information with pointers of no size");
    if (!read_pointer(&order, file, oakum_exe_number(&order, header + 16, bytes), bytes, &version,
                      &version_len, error) ||
        !read_pointer(&order, file, oakum_exe_number(&order, header + 16 + bytes, bytes), bytes,
                      &modules, &modules_len, error))
      return FALSE;
  }
  add_stdlib(&info, (OakumSlice){(const uint8_t *)version, version_len});
  OakumSlice text = {(const uint8_t *)modules, modules_len}, line;
  if (text.len >= 2 * MARK + 1 && text.data[text.len - MARK - 1] == '\n')
    text = (OakumSlice){text.data + MARK, text.len - 2 * MARK};
  gboolean main_open = FALSE;
  while (oakum_catalog_line(&text, &line))
    read_line(&info, line, &main_open);
  flush(&info);
  add_main(&info);
  return TRUE;
}
