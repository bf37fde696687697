/* rpm's SQLite database, read as what it is on disk (sqlite.org/fileformat2.html): the b-tree of
 * one table. SQLite itself is not asked: a file of a stranger may hold triggers, views and
 * expressions, and here none of that is even looked at. */
#include "catalog/rpm-private.h"
#include <string.h>

#define INTERIOR 0x05
#define LEAF 0x0d

typedef struct {
  OakumPages pages;
  const OakumCatalogFile *file;
  OakumCatalogSink *sink;
  uint64_t usable; /* bytes of a page */
  uint32_t root;   /* of the table Packages; 0: not found yet */
  guint rows;
  uint64_t given; /* bytes of all rows */
} Tree;

static gboolean broken(const Tree *t, GError **error, const char *what)
{
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "%s: SQLite: %s",
              oakum_catalog_file_path(t->file), what);
  return FALSE;
}

/* A number of 1 to 9 bytes. FALSE: the slice ends in it. */
static gboolean varint(OakumSlice *at, uint64_t *out)
{
  *out = 0;
  for (int i = 0; i < 9 && at->len > 0; i++) {
    uint8_t byte = *at->data++;
    at->len--;
    if (i == 8) {
      *out = *out << 8 | byte;
      return TRUE;
    }
    *out = *out << 7 | (byte & 0x7f);
    if (!(byte & 0x80))
      return TRUE;
  }
  return FALSE;
}

/* The payload of a cell of a leaf, with what lies on overflow pages. */
static gboolean payload(Tree *t, OakumSlice cell, uint8_t **out, size_t *out_len, GError **error)
{
  uint64_t len, rowid;
  if (!varint(&cell, &len) || !varint(&cell, &rowid))
    return broken(t, error, "a cell is cut short");
  if (len > OAKUM_RPM_HEADER_MAX + 64) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
                "%s: a row of %" G_GUINT64_FORMAT " bytes", oakum_catalog_file_path(t->file), len);
    return FALSE;
  }
  /* cells in any number may share their bytes: what they give together is bounded by the file */
  t->given += len;
  if (t->given > oakum_catalog_file_size(t->file))
    return broken(t, error, "rows share their bytes, or are cut short");
  uint64_t max = t->usable - 35, min = (t->usable - 12) * 32 / 255 - 23;
  uint64_t spill = min + (len > min ? (len - min) % (t->usable - 4) : 0);
  uint64_t local = len <= max ? len : spill <= max ? spill : min;
  if (cell.len < local + (local < len ? 4 : 0))
    return broken(t, error, "a cell is cut short");
  g_autofree uint8_t *data = g_malloc(MAX(len, 1));
  memcpy(data, cell.data, (size_t)local);
  uint32_t next = local < len ? oakum_be32(cell.data + local) : 0;
  g_autofree uint8_t *page = g_malloc((size_t)t->pages.size);
  for (uint64_t have = local; have < len;) {
    if (next == 0)
      return broken(t, error, "a row ends too early");
    if (!oakum_pages_take(&t->pages, next - 1u, page, error))
      return FALSE;
    uint64_t n = MIN(len - have, t->usable - 4);
    memcpy(data + have, page + 4, (size_t)n);
    next = oakum_be32(page);
    have += n;
  }
  *out = g_steal_pointer(&data);
  *out_len = (size_t)len;
  return TRUE;
}

/* Column `wanted` of a record: its bytes and its serial type. */
static gboolean column(OakumSlice record, guint wanted, OakumSlice *out, uint64_t *type)
{
  static const uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  OakumSlice head = record;
  uint64_t head_len;
  if (!varint(&head, &head_len) || head_len > record.len ||
      head_len < (size_t)(head.data - record.data))
    return FALSE;
  head.len = (size_t)head_len - (size_t)(head.data - record.data);
  uint64_t at = head_len;
  for (guint i = 0;; i++) {
    if (!varint(&head, type))
      return FALSE;
    uint64_t len = *type >= 12 ? (*type - 12) / 2 : *type < 10 ? sizes[*type] : 0;
    if (len > record.len - at)
      return FALSE;
    if (i == wanted) {
      *out = (OakumSlice){record.data + at, (size_t)len};
      return TRUE;
    }
    at += len;
  }
}

typedef gboolean (*RowFunc)(Tree *t, OakumSlice record, uint64_t page, GError **error);

/* One row of sqlite_schema: type, name, tbl_name, rootpage, sql. */
static gboolean schema_row(Tree *t, OakumSlice record, uint64_t page, GError **error)
{
  OakumSlice kind, name, root;
  uint64_t type;
  (void)page;
  (void)error;
  if (!column(record, 0, &kind, &type) || !oakum_slice_is(kind, "table") ||
      !column(record, 1, &name, &type) || !oakum_slice_is(name, "Packages") ||
      !column(record, 3, &root, &type) || root.len > 4)
    return TRUE;
  t->root = 0;
  for (size_t i = 0; i < root.len; i++)
    t->root = t->root << 8 | root.data[i];
  if (type == 9)
    t->root = 1;
  return TRUE;
}

/* hnum, blob */
static gboolean package_row(Tree *t, OakumSlice record, uint64_t page, GError **error)
{
  OakumSlice blob;
  uint64_t type;
  if (++t->rows > OAKUM_PACKAGES_MAX) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT, "%s: more than %u packages",
                oakum_catalog_file_path(t->file), OAKUM_PACKAGES_MAX);
    return FALSE;
  }
  if (!column(record, 1, &blob, &type) || type < 12)
    return broken(t, error, "a row of the table Packages holds no header");
  oakum_rpm_blob(t->file, blob, page * t->pages.size, t->sink);
  return TRUE;
}

/* The pages of a table, without recursion; children are put on a stack. */
static gboolean walk(Tree *t, uint32_t root, RowFunc row, GError **error)
{
  g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(uint32_t));
  g_autofree uint8_t *page = g_malloc((size_t)t->pages.size);
  g_array_append_val(stack, root);
  while (stack->len > 0) {
    uint32_t number = g_array_index(stack, uint32_t, stack->len - 1);
    g_array_set_size(stack, stack->len - 1);
    if (number == 0)
      return broken(t, error, "a page has the number 0");
    if (!oakum_pages_take(&t->pages, number - 1u, page, error))
      return FALSE;
    size_t head = number == 1 ? 100 : 0;
    uint8_t kind = page[head];
    if (kind != INTERIOR && kind != LEAF)
      return broken(t, error, "a page is of no table");
    size_t cells = oakum_be16(page + head + 3), at = head + (kind == INTERIOR ? 12 : 8);
    if (at + cells * 2 > t->usable)
      return broken(t, error, "a page has more cells than room");
    if (kind == INTERIOR) { /* the last child first, so that the first is read next */
      uint32_t right = oakum_be32(page + head + 8);
      g_array_append_val(stack, right);
    }
    for (size_t i = 0; i < cells; i++) {
      size_t which = kind == INTERIOR ? cells - 1 - i : i;
      size_t offset = oakum_be16(page + at + which * 2);
      if (offset + 4 > t->usable)
        return broken(t, error, "a cell lies outside of its page");
      if (kind == INTERIOR) {
        uint32_t child = oakum_be32(page + offset);
        g_array_append_val(stack, child);
        continue;
      }
      g_autofree uint8_t *data = NULL;
      size_t len;
      if (!payload(t, (OakumSlice){page + offset, (size_t)t->usable - offset}, &data, &len,
                   error) ||
          !row(t, (OakumSlice){data, len}, number - 1u, error))
        return FALSE;
    }
  }
  return TRUE;
}

gboolean oakum_rpm_sqlite(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  uint8_t head[100];
  Tree t = {.file = file, .sink = sink};
  if (!oakum_catalog_file_read(file, 0, head, sizeof(head), error))
    return FALSE;
  uint64_t size = oakum_be16(head + 16) == 1 ? 65536 : oakum_be16(head + 16);
  if (!oakum_pages_init(&t.pages, file, size, error))
    return FALSE;
  t.usable = size - head[20];
  gboolean ok = t.usable >= 480 || broken(&t, error, "pages are nearly all reserved");
  ok = ok && walk(&t, 1, schema_row, error);
  if (ok && t.root == 0)
    ok = broken(&t, error, "there is no table Packages");
  ok = ok && walk(&t, t.root, package_row, error);
  /* the size that the header tells counts when the same program wrote it that changed the file last
   */
  if (ok && oakum_be32(head + 24) == oakum_be32(head + 92) &&
      oakum_be32(head + 28) * size > oakum_catalog_file_size(file))
    ok = broken(&t, error, "the file is shorter than it says");
  oakum_pages_clear(&t.pages);
  return ok;
}
