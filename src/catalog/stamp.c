/* A stamp of what a catalogue holds, by which what follows from it can be kept. */
#include "catalog/catalog.h"
#include <string.h>

/* Many small pieces. A text is its length plus one and its bytes, or 0 where there is none. */
static void put_number(GByteArray *out, uint64_t value)
{
  guint at = out->len;
  value = GUINT64_TO_LE(value);
  g_byte_array_set_size(out, at + (guint)sizeof(value));
  memcpy(out->data + at, &value, sizeof(value));
}

static void put_text(GByteArray *out, const char *text)
{
  size_t len = text ? strlen(text) : 0;
  put_number(out, text ? (uint64_t)len + 1 : 0);
  guint at = out->len;
  g_byte_array_set_size(out, at + (guint)len);
  if (len > 0)
    memcpy(out->data + at, text, len);
}

char *oakum_catalog_stamp(const OakumCatalog *catalog)
{
  if (catalog->stamp)
    return g_strdup(catalog->stamp);
  g_autoptr(GByteArray) all = g_byte_array_sized_new(catalog->packages->len * 512 + 4096);
  for (size_t i = 0; i < OAKUM_DISTRO_TEXTS; i++)
    put_text(all, G_STRUCT_MEMBER(char *, &catalog->distro, oakum_distro_texts[i]));
  put_number(all, catalog->packages->len);
  for (guint i = 0; i < catalog->packages->len; i++) {
    const OakumPackage *package = catalog->packages->pdata[i];
    for (size_t j = 0; j < OAKUM_PACKAGE_TEXTS; j++)
      put_text(all, G_STRUCT_MEMBER(char *, package, oakum_package_texts[j]));
    put_text(all, package->layer);
    put_number(all, package->guessed != 0);
    put_number(all, (uint32_t)package->layer_index);
    put_number(all, (uint32_t)package->dockerfile_line);
    put_number(all, package->offset);
    put_number(all, package->paths->len);
    for (guint j = 0; j < package->paths->len; j++)
      put_text(all, package->paths->pdata[j]);
  }
  return oakum_sha256_hex(all->data, all->len);
}
