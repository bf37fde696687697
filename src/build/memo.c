/* Digests of the files of a context that were read before, so that one that did not change is not
 * read again. A file is known by device, inode, size and both times, as git's index knows it; one
 * that was changed so lately that a further change might leave the times as they are is not noted
 * at all. Network file systems, whose clocks are others', are left out. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>

#define MAGIC "oakum memo 1\n"
#define HEX 64
#define QUIET_S 2 /* since the last change of a file: the coarsest clock of a file system */
#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif
#define ZFS_MAGIC 0x2fc12fc1
#define BCACHEFS_MAGIC 0xca451a4e

typedef struct {
  uint64_t device, inode, size;
  int64_t changed_s, modified_s;
  int32_t changed_ns, modified_ns;
  char hex[HEX];
} Row;

struct OakumFileMemo {
  char *path;
  GMutex lock;
  GHashTable *rows; /* Row → Row */
  GHashTable *seen; /* set of those that this build asked for */
  gboolean changed;
};

static guint row_hash(gconstpointer p)
{
  const Row *row = p;
  uint64_t mixed = (row->inode ^ (row->device << 32)) * UINT64_C(0x9e3779b97f4a7c15);
  return (guint)(mixed >> 32);
}

static gboolean row_equal(gconstpointer a, gconstpointer b)
{
  const Row *one = a, *other = b;
  return one->inode == other->inode && one->device == other->device;
}

static Row row_of(const struct stat *st)
{
  return (Row){.device = st->st_dev,
               .inode = st->st_ino,
               .size = (uint64_t)st->st_size,
               .changed_s = st->st_ctim.tv_sec,
               .modified_s = st->st_mtim.tv_sec,
               .changed_ns = (int32_t)st->st_ctim.tv_nsec,
               .modified_ns = (int32_t)st->st_mtim.tv_nsec};
}

/* What cannot be read, or is not what was written, is as good as nothing. */
static void load(OakumFileMemo *memo)
{
  g_autofree char *data = NULL;
  size_t len, head = strlen(MAGIC);
  uint64_t max = head + HEX + OAKUM_MEMO_FILES_MAX * sizeof(Row);
  if (!oakum_file_read(memo->path, max, &data, &len, NULL) || len < head + HEX ||
      memcmp(data, MAGIC, head) != 0 || (len - head - HEX) % sizeof(Row) != 0)
    return;
  g_autofree char *hex = oakum_sha256_hex(data, len - HEX);
  if (memcmp(hex, data + len - HEX, HEX) != 0)
    return;
  for (size_t at = head; at < len - HEX; at += sizeof(Row)) {
    Row *row = g_memdup2(data + at, sizeof(Row));
    g_hash_table_replace(memo->rows, row, row);
  }
}

OakumFileMemo *oakum_file_memo_new(const char *store, const char *context)
{
  OakumFileMemo *memo = g_new0(OakumFileMemo, 1);
  g_autofree char *name = oakum_sha256_hex(context, strlen(context));
  memo->path = g_build_filename(store, "memo", name, NULL);
  g_mutex_init(&memo->lock);
  memo->rows = g_hash_table_new_full(row_hash, row_equal, g_free, NULL);
  memo->seen = g_hash_table_new(NULL, NULL);
  load(memo);
  return memo;
}

/* Rows that nobody asked for are kept for builds of another Dockerfile, as long as there is room.
 */
static void save(OakumFileMemo *memo)
{
  gboolean all = g_hash_table_size(memo->rows) <= OAKUM_MEMO_FILES_MAX;
  g_autoptr(GByteArray) out = g_byte_array_new();
  g_byte_array_append(out, (const guint8 *)MAGIC, (guint)strlen(MAGIC));
  GHashTableIter iter;
  gpointer row;
  guint kept = 0;
  g_hash_table_iter_init(&iter, memo->rows);
  while (g_hash_table_iter_next(&iter, &row, NULL) && kept < OAKUM_MEMO_FILES_MAX)
    if (all || g_hash_table_contains(memo->seen, row)) {
      g_byte_array_append(out, row, sizeof(Row));
      kept++;
    }
  g_autofree char *hex = oakum_sha256_hex(out->data, out->len);
  g_byte_array_append(out, (const guint8 *)hex, HEX);
  g_autofree char *folder = g_path_get_dirname(memo->path);
  g_autoptr(GError) error = NULL;
  if (g_mkdir_with_parents(folder, 0700) < 0 ||
      !oakum_file_remember(memo->path, out->data, out->len, 0600, &error))
    oakum_debug("digests of the context are not kept: %s",
                error ? error->message : g_strerror(errno));
}

void oakum_file_memo_free(OakumFileMemo *memo)
{
  if (!memo)
    return;
  if (memo->changed)
    save(memo);
  g_hash_table_unref(memo->seen);
  g_hash_table_unref(memo->rows);
  g_mutex_clear(&memo->lock);
  g_free(memo->path);
  g_free(memo);
}

static gboolean is_local(int at)
{
  static const uint32_t known[] = {EXT4_SUPER_MAGIC,      XFS_SUPER_MAGIC,  BTRFS_SUPER_MAGIC,
                                   TMPFS_MAGIC,           F2FS_SUPER_MAGIC, ZFS_MAGIC,
                                   OVERLAYFS_SUPER_MAGIC, BCACHEFS_MAGIC};
  struct statfs fs;
  if (fstatfs(at, &fs) < 0)
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
    if ((uint32_t)fs.f_type == known[i])
      return TRUE;
  return FALSE;
}

static gboolean is_quiet(const struct stat *st, time_t now)
{
  return st->st_ctim.tv_sec + QUIET_S < now && st->st_mtim.tv_sec + QUIET_S < now;
}

static gboolean look_up(OakumFileMemo *memo, const Row *wanted, char hex[HEX + 1])
{
  OAKUM_AUTO_LOCK(&memo->lock);
  Row *row = g_hash_table_lookup(memo->rows, wanted);
  if (!row || memcmp(row, wanted, offsetof(Row, hex)) != 0)
    return FALSE;
  memcpy(hex, row->hex, HEX);
  hex[HEX] = '\0';
  g_hash_table_add(memo->seen, row);
  return TRUE;
}

gboolean oakum_file_memo_digest(OakumFileMemo *memo, int at, const char *name,
                                const struct stat *st, char hex[HEX + 1], GError **error)
{
  Row row = row_of(st);
  if (look_up(memo, &row, hex))
    return TRUE;
  time_t before = time(NULL);
  g_autofree char *made = oakum_pack_digest(at, name, st, NULL, error);
  if (!made)
    return FALSE;
  memcpy(hex, made, HEX + 1);
  if (!is_quiet(st, before) || !is_local(at))
    return TRUE;
  memcpy(row.hex, made, HEX);
  Row *kept = g_memdup2(&row, sizeof(row));
  OAKUM_AUTO_LOCK(&memo->lock);
  const Row *old = g_hash_table_lookup(memo->rows, kept);
  if (old)
    g_hash_table_remove(memo->seen, old);
  g_hash_table_replace(memo->rows, kept, kept);
  g_hash_table_add(memo->seen, kept);
  memo->changed = TRUE;
  return TRUE;
}
