#include "os/owners.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  uint64_t dev, ino;
} Key;

struct OakumOwners {
  GHashTable *rows; /* Key → OakumOwner */
  guint setgid_folders;
};

static guint key_hash(gconstpointer p)
{
  const Key *key = p; /* inode numbers are the file system's, not the image's */
  uint64_t mixed = (key->ino ^ key->dev << 7) * UINT64_C(0x9e3779b97f4a7c15);
  return (guint)(mixed >> 32);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
  const Key *x = a, *y = b;
  return x->ino == y->ino && x->dev == y->dev;
}

static void owner_free(gpointer p)
{
  g_free(((OakumOwner *)p)->capability);
  g_free(p);
}

OakumOwners *oakum_owners_new(void)
{
  OakumOwners *owners = g_new0(OakumOwners, 1);
  owners->rows = g_hash_table_new_full(key_hash, key_equal, g_free, owner_free);
  return owners;
}

void oakum_owners_free(OakumOwners *owners)
{
  if (!owners)
    return;
  g_hash_table_unref(owners->rows);
  g_free(owners);
}

const OakumOwner *oakum_owners_find(const OakumOwners *owners, uint64_t dev, uint64_t ino)
{
  return g_hash_table_lookup(owners->rows, &(Key){dev, ino});
}

static gboolean is_setgid_folder(const OakumOwner *owner)
{
  return owner && S_ISDIR(owner->mode) && (owner->mode & S_ISGID);
}

void oakum_owners_drop(OakumOwners *owners, uint64_t dev, uint64_t ino)
{
  const Key key = {dev, ino};
  owners->setgid_folders -= is_setgid_folder(g_hash_table_lookup(owners->rows, &key)) ? 1 : 0;
  g_hash_table_remove(owners->rows, &key);
}

gboolean oakum_owners_set(OakumOwners *owners, uint64_t dev, uint64_t ino, const OakumOwner *owner)
{
  OakumOwner *copy = g_memdup2(owner, sizeof(*owner));
  copy->capability = owner->capability_len > 0
                         ? g_memdup2(owner->capability, owner->capability_len)
                         : NULL; /* before the old row goes: it may be the one we were given */
  oakum_owners_drop(owners, dev, ino);
  gboolean plain = copy->uid == 0 && copy->gid == 0 && copy->mode == 0 && !copy->capability;
  if (plain || g_hash_table_size(owners->rows) >= OAKUM_OWNERS_MAX) {
    owner_free(copy);
    return plain;
  }
  owners->setgid_folders += is_setgid_folder(copy) ? 1 : 0;
  g_hash_table_insert(owners->rows, g_memdup2(&(Key){dev, ino}, sizeof(Key)), copy);
  return TRUE;
}

void oakum_owners_patch(const OakumOwners *owners, struct stat *st)
{
  if (!owners)
    return;
  const OakumOwner *owner = oakum_owners_find(owners, st->st_dev, st->st_ino);
  st->st_uid = owner ? owner->uid : 0;
  st->st_gid = owner ? owner->gid : 0;
  if (owner && owner->mode) {
    st->st_mode = owner->mode;
    if (S_ISCHR(owner->mode) || S_ISBLK(owner->mode)) {
      st->st_rdev = owner->rdev;
      st->st_size = 0;
    }
  }
}

mode_t oakum_owners_mode_on_disk(uint32_t mode)
{
  return (mode & 0777) | (S_ISDIR(mode) ? 0700 : 0600);
}

gboolean oakum_owners_record(OakumOwners *owners, const struct stat *st, uint32_t uid, uint32_t gid,
                             uint32_t mode, uint64_t rdev, mode_t *on_disk)
{
  const OakumOwner *old = oakum_owners_find(owners, st->st_dev, st->st_ino);
  OakumOwner owner = {.uid = uid, .gid = gid, .rdev = rdev};
  if (old) {
    owner.capability = old->capability;
    owner.capability_len = old->capability_len;
  }
  mode_t disk = oakum_owners_mode_on_disk(mode);
  if (!S_ISLNK(mode) && (disk != (mode & 07777) || (mode & S_IFMT) != (st->st_mode & S_IFMT)))
    owner.mode = mode;
  *on_disk = disk;
  return oakum_owners_set(owners, st->st_dev, st->st_ino, &owner);
}

gboolean oakum_owners_any_setgid_folder(const OakumOwners *owners)
{
  return owners->setgid_folders > 0;
}

GHashTable *oakum_owners_set_new(void)
{
  return g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
}

void oakum_owners_set_add(GHashTable *set, uint64_t dev, uint64_t ino)
{
  g_hash_table_add(set, g_memdup2(&(Key){dev, ino}, sizeof(Key)));
}

gboolean oakum_owners_set_has(GHashTable *set, uint64_t dev, uint64_t ino)
{
  return g_hash_table_contains(set, &(Key){dev, ino});
}

void oakum_owners_keep(OakumOwners *owners, GHashTable *alive)
{
  GHashTableIter iter;
  gpointer key, row;
  g_hash_table_iter_init(&iter, owners->rows);
  while (g_hash_table_iter_next(&iter, &key, &row))
    if (!g_hash_table_contains(alive, key)) {
      owners->setgid_folders -= is_setgid_folder(row) ? 1 : 0;
      g_hash_table_iter_remove(&iter);
    }
}

/* ---- the file: a mark, then rows of fixed size, each with its capability behind it
 * -------------- */
#define MARK "oakum owners 1\n"
typedef struct {
  uint64_t dev, ino, rdev;
  uint32_t uid, gid, mode, capability_len;
} Row;

gboolean oakum_owners_save(const OakumOwners *owners, const char *path, GError **error)
{
  g_autoptr(GByteArray) out = g_byte_array_new();
  g_byte_array_append(out, (const guint8 *)MARK, sizeof(MARK) - 1);
  GHashTableIter iter;
  gpointer k, v;
  g_hash_table_iter_init(&iter, owners->rows);
  while (g_hash_table_iter_next(&iter, &k, &v)) {
    const Key *key = k;
    const OakumOwner *owner = v;
    Row row = {key->dev,   key->ino,    owner->rdev,          owner->uid,
               owner->gid, owner->mode, owner->capability_len};
    g_byte_array_append(out, (const guint8 *)&row, sizeof(row));
    if (owner->capability_len > 0)
      g_byte_array_append(out, owner->capability, owner->capability_len);
  }
  g_autoptr(OakumAtomicFile) file = oakum_atomic_file_new(path, 0600, error);
  return file && oakum_write_all(oakum_atomic_file_fd(file), out->data, out->len, error) &&
         oakum_atomic_file_commit(file, error);
}

gboolean oakum_owners_load(OakumOwners *owners, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  size_t len = 0, at = sizeof(MARK) - 1;
  g_autoptr(GError) local = NULL;
  g_hash_table_remove_all(owners->rows);
  owners->setgid_folders = 0;
  if (!oakum_file_read(path, OAKUM_OWNERS_MAX * (sizeof(Row) + OAKUM_OWNERS_CAPABILITY_MAX), &text,
                       &len, &local)) {
    if (g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
      return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  gboolean ok = len >= at && memcmp(text, MARK, at) == 0;
  while (ok && at < len) {
    Row row;
    ok = len - at >= sizeof(row);
    if (!ok)
      break;
    memcpy(&row, text + at, sizeof(row));
    at += sizeof(row);
    ok = row.capability_len <= OAKUM_OWNERS_CAPABILITY_MAX && len - at >= row.capability_len;
    if (!ok)
      break;
    OakumOwner owner = {row.uid,
                        row.gid,
                        row.mode,
                        row.rdev,
                        row.capability_len ? (uint8_t *)text + at : NULL,
                        row.capability_len};
    ok = oakum_owners_set(owners, row.dev, row.ino, &owner);
    at += row.capability_len;
  }
  if (!ok)
    g_set_error(error, OAKUM_OS_ERROR, OAKUM_ERROR_INVALID, "%s: is no table of owners", path);
  return ok;
}

/* ---- the same for one folder
 * ------------------------------------------------------------------------------------ */

/* Rows of what lies below `folder`, from one table to another; one of them has them by inode alone.
 */
static gboolean carry(const OakumOwners *from, gboolean from_bare, OakumOwners *to,
                      const char *folder, GError **error)
{
  char *roots[] = {(char *)folder, NULL};
  FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
  gboolean ok = walk != NULL;
  FTSENT *entry = NULL;
  while (ok && (entry = fts_read(walk)) != NULL) {
    const struct stat *st = entry->fts_statp;
    if (entry->fts_info == FTS_DP)
      continue;
    /* a cache may be another build's, too, who removes what it does not want any more */
    if ((entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR) && entry->fts_errno == ENOENT)
      continue;
    ok = entry->fts_info != FTS_DNR && entry->fts_info != FTS_ERR && entry->fts_info != FTS_NS;
    if (!ok)
      errno = entry->fts_errno;
    const OakumOwner *row =
        ok ? oakum_owners_find(from, from_bare ? 0 : st->st_dev, st->st_ino) : NULL;
    if (row && !oakum_owners_set(to, from_bare ? st->st_dev : 0, st->st_ino, row)) {
      ok = FALSE;
      errno = ENOSPC;
    }
  }
  if (!ok)
    oakum_error_errno(error, OAKUM_OS_ERROR, errno, "owners of %s", folder);
  if (walk)
    fts_close(walk);
  return ok;
}

gboolean oakum_owners_load_below(OakumOwners *owners, const char *folder, const char *path,
                                 GError **error)
{
  g_autoptr(OakumOwners) saved = oakum_owners_new();
  return oakum_owners_load(saved, path, error) &&
         (g_hash_table_size(saved->rows) == 0 || carry(saved, TRUE, owners, folder, error));
}

gboolean oakum_owners_save_below(const OakumOwners *owners, const char *folder, const char *path,
                                 GError **error)
{
  g_autoptr(OakumOwners) saved = oakum_owners_new();
  return carry(owners, FALSE, saved, folder, error) && oakum_owners_save(saved, path, error);
}
