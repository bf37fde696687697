/* rpm's Berkeley DB of kind hash (db-5.3 src/dbinc/db_page.h tells the pages). Every page is looked
 * at in order; what the hash function would say does not matter. */
#include "catalog/rpm-private.h"
#include <string.h>

#define PAGE_HEAD 26u
enum { HASH_UNSORTED = 2, OVERFLOW_PAGE = 7, HASH_META = 8, HASH_PAGE = 13 };
enum { ITEM_DATA = 1, ITEM_OFFPAGE = 3 };

typedef struct {
  OakumPages pages;
  OakumCatalogFile *file;
  OakumCatalogSink *sink;
  gboolean big;
  guint rows;
  uint64_t given; /* bytes of all items */
} Hash;

static uint32_t u32(const Hash *h, const uint8_t *at)
{
  return h->big ? oakum_be32(at) : oakum_le32(at);
}

static uint32_t u16(const Hash *h, const uint8_t *at)
{
  return h->big ? oakum_be16(at) : (uint32_t)(at[1] << 8 | at[0]);
}

static gboolean broken(const Hash *h, GError **error, const char *what)
{
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "%s: Berkeley DB: %s",
              oakum_catalog_file_path(h->file), what);
  return FALSE;
}

/* A value on a chain of pages of its own. */
static gboolean off_page(Hash *h, uint32_t first, uint32_t len, GError **error)
{
  if (len > OAKUM_RPM_HEADER_MAX + 8) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT, "%s: a value of %u bytes",
                oakum_catalog_file_path(h->file), len);
    return FALSE;
  }
  if (len > oakum_catalog_file_size(h->file))
    return broken(h, error, "a value is longer than the file");
  g_autofree uint8_t *value = g_malloc(len + 1u), *page = g_malloc((size_t)h->pages.size);
  uint32_t have = 0;
  for (uint32_t next = first; next != 0 && have < len;) {
    if (!oakum_pages_take(&h->pages, next, page, error))
      return FALSE;
    uint32_t n = u16(h, page + 22);
    if (page[25] != OVERFLOW_PAGE || n == 0 || n > h->pages.size - PAGE_HEAD || n > len - have)
      return broken(h, error, "a page of a value is none");
    memcpy(value + have, page + PAGE_HEAD, n);
    have += n;
    next = u32(h, page + 16);
  }
  if (have < len)
    return broken(h, error, "a value ends too early");
  oakum_rpm_blob(h->file, (OakumSlice){value, len}, first * h->pages.size, h->sink);
  return TRUE;
}

/* Keys and values take turns; each item ends where the one before begins. */
static gboolean hash_page(Hash *h, const uint8_t *page, uint64_t number, GError **error)
{
  uint32_t entries = u16(h, page + 20), size = (uint32_t)h->pages.size;
  if (PAGE_HEAD + entries * 2 > size)
    return broken(h, error, "a page has more items than room");
  for (uint32_t i = 1; i < entries; i += 2) {
    uint32_t key = u16(h, page + PAGE_HEAD + (i - 1) * 2), at = u16(h, page + PAGE_HEAD + i * 2);
    if (at >= size || key > size || at >= key)
      return broken(h, error, "an item lies outside of its page");
    uint32_t len = key - at;
    h->given += len; /* items in any number may share their bytes */
    if (h->given > oakum_catalog_file_size(h->file))
      return broken(h, error, "items share their bytes");
    if (++h->rows > OAKUM_PACKAGES_MAX)
      return broken(h, error, "more packages than can be");
    if (page[at] == ITEM_OFFPAGE) {
      if (len < 12)
        return broken(h, error, "an item is cut short");
      if (!off_page(h, u32(h, page + at + 4), u32(h, page + at + 8), error))
        return FALSE;
    } else if (page[at] == ITEM_DATA && len > 1 + 4) /* 4 bytes: the number of the last package */
      oakum_rpm_blob(h->file, (OakumSlice){page + at + 1, len - 1}, number * size + at + 1,
                     h->sink);
  }
  return TRUE;
}

gboolean oakum_rpm_bdb(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  uint8_t head[72];
  Hash h = {.file = file, .sink = sink};
  if (!oakum_catalog_file_read(file, 0, head, sizeof(head), error))
    return FALSE;
  h.big = oakum_be32(head + 12) == 0x00061561;
  if (head[25] != HASH_META || head[24] != 0)
    return broken(&h, error, "no hash, or encrypted");
  if (!oakum_pages_init(&h.pages, file, u32(&h, head + 20), error))
    return FALSE;
  g_autofree uint8_t *page = g_malloc((size_t)h.pages.size);
  uint64_t last = MIN((uint64_t)u32(&h, head + 32), h.pages.count ? h.pages.count - 1 : 0);
  gboolean ok = u32(&h, head + 32) < h.pages.count || broken(&h, error, "pages are missing");
  gboolean any = FALSE; /* an empty hash has a page, too */
  for (uint64_t i = 1; ok && i <= last; i++) {
    /* not taken: which pages are values is only known by who leads there */
    ok = oakum_catalog_file_read(file, i * h.pages.size, page, (size_t)h.pages.size, error);
    uint32_t told = u32(&h, page + 8); /* 0: one that was never written */
    if (ok && told != 0 && told != i)
      ok = broken(&h, error, "a page has another number than its place");
    if (ok && (page[25] == HASH_UNSORTED || page[25] == HASH_PAGE)) {
      ok = hash_page(&h, page, i, error);
      any = TRUE;
    }
  }
  oakum_pages_clear(&h.pages);
  return ok && (any || broken(&h, error, "there is no page of a hash"));
}
