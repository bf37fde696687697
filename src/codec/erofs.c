/* Parts of an EROFS image. */
#include "codec/erofs.h"
#include "codec/codec-private.h"
#include <string.h>

#define SUPER_AT 1024u
#define MAGIC 0xE0F5E1E2u
#define BLOCK_BITS 12u
#define NOWHERE UINT32_MAX /* the block of what has no content */

enum { EXTENDED = 1, PLAIN = 0 << 1, TAIL_INSIDE = 2 << 1 };

void oakum_erofs_put_super(uint8_t out[OAKUM_EROFS_BLOCK], uint64_t inodes, uint32_t blocks,
                           uint32_t first_block, uint16_t root)
{
  uint8_t *super = out + SUPER_AT;
  memset(out, 0, OAKUM_EROFS_BLOCK);
  put32(super, MAGIC);
  super[12] = BLOCK_BITS;
  put16(super + 14, root);
  put64(super + 16, inodes);
  put32(super + 36, blocks);
  put32(super + 40, first_block);
}

/* As the kernel writes numbers of devices into 32 bits. */
static uint32_t device_of(const OakumErofsInode *inode)
{
  return (inode->dev_minor & 0xff) | inode->dev_major << 8 | (inode->dev_minor & ~0xffu) << 12;
}

void oakum_erofs_put_inode(uint8_t out[OAKUM_EROFS_INODE], const OakumErofsInode *inode)
{
  gboolean device = inode->type == OAKUM_TAR_CHAR || inode->type == OAKUM_TAR_BLOCK;
  memset(out, 0, OAKUM_EROFS_INODE);
  put16(out, EXTENDED | (inode->inside ? TAIL_INSIDE : PLAIN));
  /* a header of 12 bytes, then units of 4 */
  put16(out + 2, inode->xattrs > 0 ? (uint16_t)(1 + (inode->xattrs - 12) / 4) : 0);
  put16(out + 4, (uint16_t)inode->mode);
  put64(out + 8, inode->size);
  put32(out + 16, device                              ? device_of(inode)
                  : inode->size == 0 || inode->inside ? NOWHERE
                                                      : inode->block);
  put32(out + 20, inode->number);
  put32(out + 24, inode->uid);
  put32(out + 28, inode->gid);
  put64(out + 32, (uint64_t)inode->mtime);
  put32(out + 40, inode->mtime_ns);
  put32(out + 44, inode->links);
}

/* ---- attributes
 * ----------------------------------------------------------------------------------- */
static const struct {
  const char *prefix;
  uint8_t index;
} PREFIXES[] = {{"user.", 1}, {"trusted.", 4}, {"security.", 6}};

gboolean oakum_erofs_put_xattrs(GByteArray *out, const OakumXattr *xattrs, size_t n)
{
  static const uint8_t zeros[12];
  const guint begin = out->len;
  if (n > 0)
    g_byte_array_append(out, zeros, sizeof(zeros)); /* none is shared with other inodes */
  for (size_t i = 0; i < n; i++) {
    size_t p = 0, len = strlen(xattrs[i].name);
    while (p < G_N_ELEMENTS(PREFIXES) && !g_str_has_prefix(xattrs[i].name, PREFIXES[p].prefix))
      p++;
    if (p == G_N_ELEMENTS(PREFIXES) || len > 255 || xattrs[i].len > OAKUM_EROFS_XATTRS_MAX)
      return FALSE;
    size_t cut = strlen(PREFIXES[p].prefix);
    uint8_t head[4] = {(uint8_t)(len - cut), PREFIXES[p].index};
    put16(head + 2, (uint16_t)xattrs[i].len);
    g_byte_array_append(out, head, sizeof(head));
    g_byte_array_append(out, (const guint8 *)xattrs[i].name + cut, (guint)(len - cut));
    g_byte_array_append(out, xattrs[i].value, (guint)xattrs[i].len);
    g_byte_array_append(out, zeros, (4 - (out->len - begin) % 4) % 4);
    if (out->len - begin > OAKUM_EROFS_XATTRS_MAX)
      return FALSE;
  }
  return TRUE;
}

/* ---- folders
 * -------------------------------------------------------------------------------------- */
#define ENTRY 12u /* bytes of one, without its name */

static gint by_name(gconstpointer a, gconstpointer b)
{
  const OakumSlice *x = &((const OakumErofsName *)a)->name, *y = &((const OakumErofsName *)b)->name;
  int order = memcmp(x->data, y->data, MIN(x->len, y->len));
  return order ? order : x->len < y->len ? -1 : x->len > y->len;
}

/* How many, from `first` on, one block takes. */
static guint that_fit(const GArray *names, guint first)
{
  gsize used = 0;
  guint i = first;
  for (; i < names->len; i++) {
    used += ENTRY + g_array_index(names, OakumErofsName, i).name.len;
    if (used > OAKUM_EROFS_BLOCK)
      break;
  }
  return i - first;
}

void oakum_erofs_put_folder(GByteArray *out, GArray *names)
{
  static const uint8_t types[] = {
      [OAKUM_TAR_FILE] = 1,  [OAKUM_TAR_DIR] = 2,  [OAKUM_TAR_CHAR] = 3,
      [OAKUM_TAR_BLOCK] = 4, [OAKUM_TAR_FIFO] = 5, [OAKUM_TAR_SYMLINK] = 7};
  static const uint8_t zeros[OAKUM_EROFS_BLOCK];
  const guint begin = out->len;
  g_array_sort(names, by_name);
  for (guint first = 0, n; first < names->len; first += n) {
    /* a block is entries, then their names: the kernel looks for the block, then for the entry */
    g_byte_array_append(out, zeros,
                        (OAKUM_EROFS_BLOCK - (out->len - begin) % OAKUM_EROFS_BLOCK) %
                            OAKUM_EROFS_BLOCK);
    n = that_fit(names, first);
    gsize text = (gsize)n * ENTRY;
    for (guint i = 0; i < n; i++) {
      const OakumErofsName *name = &g_array_index(names, OakumErofsName, first + i);
      uint8_t entry[ENTRY] = {0};
      put64(entry, name->slot);
      put16(entry + 8, (uint16_t)text);
      entry[10] = types[name->type];
      g_byte_array_append(out, entry, sizeof(entry));
      text += name->name.len;
    }
    for (guint i = 0; i < n; i++) {
      const OakumSlice *name = &g_array_index(names, OakumErofsName, first + i).name;
      g_byte_array_append(out, name->data, (guint)name->len);
    }
  }
}
