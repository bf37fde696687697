/* rpm's own database format NDB (rpm's lib/backend/ndb/rpmpkg.c tells it): a table of slots, each
 * of which leads to a blob that says its own name and length again. All numbers are little-endian.
 */
#include "catalog/rpm-private.h"
#include <string.h>

#define PAGE 4096u
#define BLOCK 16u
#define SLOT 16u

static gboolean broken(const OakumCatalogFile *file, GError **error, const char *what)
{
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "%s: NDB: %s",
              oakum_catalog_file_path(file), what);
  return FALSE;
}

static gboolean read_blob(OakumCatalogFile *file, const uint8_t *slot, OakumCatalogSink *sink,
                          GError **error)
{
  uint32_t index = oakum_le32(slot + 4), blocks = oakum_le32(slot + 12);
  uint64_t offset = (uint64_t)oakum_le32(slot + 8) * BLOCK;
  uint8_t head[16];
  if (!oakum_catalog_file_read(file, offset, head, sizeof(head), error))
    return FALSE;
  uint32_t len = oakum_le32(head + 12);
  if (memcmp(head, "BlbS", 4) != 0 || oakum_le32(head + 4) != index)
    return broken(file, error, "a slot leads to no blob of its own");
  if (len > (uint64_t)blocks * BLOCK || len > OAKUM_RPM_HEADER_MAX + 8)
    return broken(file, error, "a blob is longer than its slot says");
  g_autofree uint8_t *blob = g_malloc(len + 1u);
  if (!oakum_catalog_file_read(file, offset + sizeof(head), blob, len, error))
    return FALSE;
  oakum_rpm_blob(file, (OakumSlice){blob, len}, offset, sink);
  return TRUE;
}

gboolean oakum_rpm_ndb(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  uint8_t head[32];
  if (!oakum_catalog_file_read(file, 0, head, sizeof(head), error))
    return FALSE;
  uint64_t end = (uint64_t)oakum_le32(head + 12) * PAGE;
  if (oakum_le32(head + 4) != 0)
    return broken(file, error, "of a version that is not known");
  if (end > oakum_catalog_file_size(file) || end / SLOT > OAKUM_PACKAGES_MAX)
    return broken(file, error, "more slots than can be");
  /* slots in any number may lead to one blob: what they give together is bounded by the file */
  uint64_t given = 0;
  for (uint64_t at = sizeof(head); at + SLOT <= end; at += SLOT) {
    uint8_t slot[SLOT];
    if (!oakum_catalog_file_read(file, at, slot, sizeof(slot), error))
      return FALSE;
    if (memcmp(slot, "Slot", 4) != 0)
      return broken(file, error, "a slot is none");
    if (oakum_le32(slot + 4) == 0)
      continue;
    given += (uint64_t)oakum_le32(slot + 12) * BLOCK;
    if (given > oakum_catalog_file_size(file))
      return broken(file, error, "slots share their blobs");
    if (!read_blob(file, slot, sink, error))
      return FALSE;
  }
  return TRUE;
}
