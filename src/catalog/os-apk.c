/* apk: the installed database of apk-tools 2 and 3, lines "K:value", packages apart by empty ones.
 */
#include "catalog/os-private.h"
#include "catalog/parts-private.h"
#include <string.h>

gboolean oakum_apk_wants(const OakumCatalogEntry *entry)
{
  return strcmp(entry->path, "lib/apk/db/installed") == 0 ||
         strcmp(entry->path, "usr/lib/apk/db/installed") == 0;
}

typedef struct {
  OakumSlice name, version, arch, origin, maintainer, license;
  OakumSlice folder;
  gboolean any, sum; /* whether it has a line, and the checksum, which apk writes first */
  uint64_t offset;   /* of its first line */
} Apk;

static gboolean end_package(const Apk *apk, const OakumCatalogFile *file, OakumCatalogSink *sink,
                            GError **error)
{
  if (!apk->any)
    return TRUE;
  if (oakum_slice_strip(apk->name).len == 0 || oakum_slice_strip(apk->version).len == 0) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                "%s: a package without name or version", oakum_catalog_file_path(file));
    return FALSE;
  }
  OakumPackage *p = oakum_catalog_sink_package(sink, file, "apk", oakum_slice_strip(apk->name),
                                               oakum_slice_strip(apk->version));
  p->arch = apk->arch.len ? oakum_catalog_value(apk->arch) : NULL;
  p->source_name = apk->origin.len ? oakum_catalog_value(apk->origin) : NULL;
  p->maintainer = apk->maintainer.len ? oakum_catalog_value(apk->maintainer) : NULL;
  p->license = apk->license.len ? oakum_catalog_value(apk->license) : NULL;
  p->offset = apk->offset;
  return TRUE;
}

static void owns(const Apk *apk, OakumSlice base, OakumCatalogSink *sink)
{
  if (apk->folder.len + base.len > OAKUM_TAR_PATH_MAX || apk->name.len == 0)
    return;
  g_autofree char *path =
      g_strdup_printf("%.*s%s%.*s", (int)apk->folder.len, (const char *)apk->folder.data,
                      apk->folder.len ? "/" : "", (int)base.len, (const char *)base.data);
  oakum_catalog_sink_owns(sink, "apk", apk->name, oakum_slice_of(path));
}

gboolean oakum_apk_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line;
  Apk apk = {0};
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_DATABASE_MAX, &text, error))
    return FALSE;
  const uint8_t *start = text.data;
  const OakumSlice all = text;
  while (oakum_catalog_line(&text, &line)) {
    if (!oakum_catalog_line_fits(file, line, error))
      return FALSE;
    if (line.len == 0) {
      if (!end_package(&apk, file, sink, error))
        return FALSE;
      apk = (Apk){0};
      continue;
    }
    if (line.len < 2 || line.data[1] != ':') {
      g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "%s: a line is no \"K:value\"",
                  oakum_catalog_file_path(file));
      return FALSE;
    }
    OakumSlice value = {line.data + 2, line.len - 2};
    if (!apk.any)
      apk.offset = (uint64_t)(line.data - start);
    apk.any = TRUE;
    switch (line.data[0]) {
    case 'C':
      apk.sum = TRUE;
      break;
    case 'P':
      apk.name = value;
      break;
    case 'V':
      apk.version = value;
      break;
    case 'A':
      apk.arch = value;
      break;
    case 'o':
      apk.origin = value;
      break;
    case 'm':
      apk.maintainer = value;
      break;
    case 'L':
      apk.license = value;
      break;
    case 'F':
      apk.folder = value;
      break;
    case 'R':
      owns(&apk, value, sink);
      break;
    default:
      break;
    }
  }
  /* what has no checksum was put together by hand, and may end as it likes */
  return end_package(&apk, file, sink, error) &&
         (!apk.sum || oakum_catalog_whole(file, all, error));
}
