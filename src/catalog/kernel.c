/* Linux: kernel images by their banner, modules that have a version of their own. */
#include "catalog/parts-private.h"

#define BOOT_HEADER 0x200u

static gboolean wants_image(const OakumCatalogEntry *entry)
{
  return strncmp(entry->base, "vmlinuz", 7) == 0 || strncmp(entry->base, "bzImage", 7) == 0 ||
         strncmp(entry->base, "vmlinux", 7) == 0;
}

static gboolean add_kernel(OakumCatalogFile *file, OakumCatalogSink *sink, OakumSlice version)
{
  OakumPackage *package =
      oakum_catalog_add(sink, file, "generic", OAKUM_SLICE("linux-kernel"), version);
  if (!package)
    return TRUE;
  /* the distribution's suffix ("6.1.0-13-amd64") is none of the program's version */
  size_t n = strspn(package->version, "0123456789.");
  g_autofree char *plain = g_strndup(package->version, n);
  package->cpe = oakum_catalog_cpe('o', "linux:linux_kernel", plain, "*");
  return TRUE;
}

/* The boot protocol of x86: "HdrS" at 0x202, the place of the banner, from 0x200, at 0x20e. */
static gboolean run_image(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  uint8_t head[16], banner[256];
  uint64_t size = oakum_catalog_file_size(file);
  OakumSlice rest;
  if (size > BOOT_HEADER + sizeof head &&
      oakum_catalog_file_read(file, BOOT_HEADER, head, sizeof head, NULL) &&
      memcmp(head + 2, "HdrS", 4) == 0) {
    uint64_t at = BOOT_HEADER + (uint64_t)(head[14] | head[15] << 8);
    size_t n = (size_t)MIN(sizeof banner, size > at ? size - at : 0);
    if (n == 0 || !oakum_catalog_file_read(file, at, banner, n, NULL))
      return oakum_catalog_invalid(file, error, "a kernel whose banner lies outside of it");
    OakumSlice text = {banner, strnlen((const char *)banner, n)};
    text = oakum_slice_cut(text, ' ', &rest);
    if (text.len > 0 && g_ascii_isdigit(text.data[0]))
      return add_kernel(file, sink, text);
    return oakum_catalog_invalid(file, error, "a kernel whose banner has no version");
  }
  /* uncompressed (vmlinux, arm64's Image): the banner is one of its strings */
  static const char mark[] = "Linux version ";
  const size_t window = (size_t)OAKUM_SIGNATURE_WINDOW;
  g_autofree uint8_t *bytes = g_malloc(window);
  for (uint64_t at = 0; at < MIN(size, OAKUM_SIGNATURE_SEARCH_MAX); at += window - 256) {
    size_t n = (size_t)MIN(window, size - at), found;
    if (!oakum_catalog_file_read(file, at, bytes, n, error))
      return FALSE;
    OakumSlice text = {bytes, n};
    while (oakum_slice_find(text, mark, &found)) {
      text = (OakumSlice){text.data + found + sizeof mark - 1, text.len - found - sizeof mark + 1};
      if (text.len > 0 && g_ascii_isdigit(text.data[0]))
        return add_kernel(file, sink, oakum_slice_cut(text, ' ', &rest));
    }
  }
  oakum_catalog_sink_incomplete(sink, file, "unknown-format",
                                "a kernel image that is compressed in a way that is not read");
  return TRUE;
}

static gboolean wants_module(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->base, ".ko") && oakum_exe_sniff(entry->head) == OAKUM_EXE_ELF;
}

/* .modinfo: "key=value" strings. One without a version is part of its kernel. */
static gboolean run_module(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  g_autoptr(OakumExe) exe = oakum_exe_new(file, error);
  if (!exe)
    return FALSE;
  const OakumExeSection *section = oakum_exe_section(exe, ".modinfo");
  if (!section)
    return TRUE;
  if (section->size > OAKUM_JAR_MANIFEST_MAX)
    return oakum_catalog_invalid(file, error, "a module that says too much of itself");
  g_autofree uint8_t *text = g_malloc((size_t)section->size + 1);
  if (!oakum_catalog_file_read(file, section->offset, text, (size_t)section->size, error))
    return FALSE;
  OakumSlice rest = {text, (size_t)section->size}, name = {NULL, 0}, version = name, license = name;
  while (rest.len > 0) {
    OakumSlice value, one = oakum_slice_cut(rest, '\0', &rest);
    OakumSlice key = oakum_slice_cut(one, '=', &value);
    if (oakum_slice_is(key, "name"))
      name = value;
    else if (oakum_slice_is(key, "version"))
      version = value;
    else if (oakum_slice_is(key, "license"))
      license = value;
  }
  if (version.len == 0 || name.len == 0)
    return TRUE;
  OakumPackage *package = oakum_catalog_add(sink, file, "generic", name, version);
  if (!package)
    return TRUE;
  package->offset = section->offset;
  oakum_package_say(&package->license, license);
  return TRUE;
}

const OakumCataloguer oakum_kernel_cataloguers[] = {{"linux-kernel", 1, wants_image, run_image},
                                                    {"linux-module", 1, wants_module, run_module},
                                                    {0}};
