/* Applying layers to a folder on disk. Every operation goes through the descriptor of the parent
 * folder, resolved below the root, and never follows the last component. */
#include "image/tree-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

OakumTree *oakum_tree_new(int root)
{
  OakumTree *tree = g_new0(OakumTree, 1);
  tree->root = root;
  tree->exact = TRUE;
  tree->threads = 1;
  tree->begun = g_get_real_time() / G_USEC_PER_SEC;
  tree->notes = oakum_notes_new();
  return tree;
}

void oakum_tree_set_owners(OakumTree *tree, OakumOwners *owners)
{
  tree->owners = owners;
}

void oakum_tree_set_view(OakumTree *tree, int root, const GArray *uppers, OakumTreeRaise raise,
                         gpointer user)
{
  tree->root = root;
  tree->uppers = uppers;
  tree->raise = raise;
  tree->raise_user = user;
}

void oakum_tree_set_threads(OakumTree *tree, guint threads)
{
  tree->threads = MAX(threads, 1);
}

void oakum_tree_set_left_out(OakumTree *tree, const GPtrArray *paths)
{
  tree->left_out = paths;
}

void oakum_tree_free(OakumTree *tree)
{
  if (!tree)
    return;
  oakum_notes_free(tree->notes);
  g_free(tree);
}

gboolean oakum_tree_ignored(const char *path)
{
  static const char *const files[] = {"etc/hosts", "etc/resolv.conf"};
  for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
    if (strcmp(path, files[i]) == 0)
      return TRUE;
  return g_str_has_prefix(path, "dev/") || g_str_has_prefix(path, "proc/") ||
         g_str_has_prefix(path, "sys/");
}

gboolean oakum_tree_fail(GError **error, int errnum, const char *path)
{
  g_autofree char *shown = oakum_escape_terminal(path, -1);
  oakum_error_errno(error, OAKUM_IMAGE_ERROR, errnum, "%s", shown);
  return FALSE;
}

/* Those that mean something inside an image; the rest is the builder's machine (SELinux labels,
 * overlayfs's own marks). */
gboolean oakum_tree_xattr_kept(const char *name)
{
  return strcmp(name, "security.capability") == 0 ||
         (g_str_has_prefix(name, "user.") && !g_str_has_prefix(name, "user.overlay."));
}

void oakum_tree_hash_xattrs(const OakumXattr *xattrs, size_t n, uint8_t out[OAKUM_NOTE_XATTRS])
{
  memset(out, 0, OAKUM_NOTE_XATTRS);
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  gboolean any = FALSE;
  for (size_t i = 0; i < n; i++) {
    if (!oakum_tree_xattr_kept(xattrs[i].name))
      continue;
    g_autofree char *frame =
        g_strdup_printf("%zu:%zu:%s", strlen(xattrs[i].name), xattrs[i].len, xattrs[i].name);
    oakum_hasher_update(hasher, frame, strlen(frame));
    oakum_hasher_update(hasher, xattrs[i].value, xattrs[i].len);
    any = TRUE;
  }
  if (!any)
    return;
  g_autofree char *hex = oakum_hasher_hex(hasher);
  for (guint i = 0; i < OAKUM_NOTE_XATTRS; i++)
    out[i] =
        (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(((const OakumXattr *)a)->name, ((const OakumXattr *)b)->name);
}

static void xattr_clear(gpointer p)
{
  g_free(((OakumXattr *)p)->name);
  g_free(((OakumXattr *)p)->value);
}

static gboolean add_capability(GArray *list, int fd, const OakumOwners *owners, GError **error)
{
  struct stat st;
  if (fstat(fd, &st) < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "extended attributes");
    return FALSE;
  }
  const OakumOwner *owner = oakum_owners_find(owners, st.st_dev, st.st_ino);
  if (owner && owner->capability) {
    OakumXattr xattr = {g_strdup("security.capability"),
                        g_memdup2(owner->capability, owner->capability_len), owner->capability_len};
    g_array_append_val(list, xattr);
  }
  return TRUE;
}

GArray *oakum_tree_xattrs(int fd, const OakumOwners *owners, GError **error)
{
  g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(OakumXattr));
  g_array_set_clear_func(list, xattr_clear);
  char names[OAKUM_TAR_XATTR_VALUE_MAX]; /* what the kernel lists at most */
  ssize_t n = flistxattr(fd, names, sizeof(names));
  if (n < 0 && errno != ENOTSUP && errno != EBADF) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "extended attributes");
    return NULL;
  }
  for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
    if (!oakum_tree_xattr_kept(name))
      continue;
    g_autofree char *value = g_malloc(OAKUM_TAR_XATTR_VALUE_MAX);
    ssize_t len = fgetxattr(fd, name, value, OAKUM_TAR_XATTR_VALUE_MAX);
    if (len < 0) {
      oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "extended attribute %s", name);
      return NULL;
    }
    OakumXattr xattr = {g_strdup(name), g_memdup2(value, (gsize)len), (size_t)len};
    g_array_append_val(list, xattr);
  }
  if (owners && !add_capability(list, fd, owners, error))
    return NULL;
  g_array_sort(list, by_name);
  return g_steal_pointer(&list);
}

OakumTarType oakum_tree_type(mode_t mode)
{
  switch (mode & S_IFMT) {
  case S_IFDIR:
    return OAKUM_TAR_DIR;
  case S_IFLNK:
    return OAKUM_TAR_SYMLINK;
  case S_IFCHR:
    return OAKUM_TAR_CHAR;
  case S_IFBLK:
    return OAKUM_TAR_BLOCK;
  case S_IFIFO:
    return OAKUM_TAR_FIFO;
  default:
    return OAKUM_TAR_FILE;
  }
}

mode_t oakum_tree_kind(OakumTarType type)
{
  static const mode_t types[] = {
      [OAKUM_TAR_FILE] = S_IFREG, [OAKUM_TAR_DIR] = S_IFDIR,   [OAKUM_TAR_SYMLINK] = S_IFLNK,
      [OAKUM_TAR_CHAR] = S_IFCHR, [OAKUM_TAR_BLOCK] = S_IFBLK, [OAKUM_TAR_FIFO] = S_IFIFO};
  return types[type];
}

gboolean oakum_tree_is_device_of_base(const OakumTarEntry *entry, const char *path)
{
  return (entry->type == OAKUM_TAR_CHAR || entry->type == OAKUM_TAR_BLOCK) &&
         g_str_has_prefix(path, "dev/");
}

/* ---- one layer
 * ------------------------------------------------------------------------------------ */
typedef struct {
  OakumNoteId id;
  struct timespec time;
} FolderTime;

typedef struct {
  OakumTree *tree;
  OakumTarReader *tar;
  OakumBrought brought;
  GArray *dir_times; /* FolderTime: set last, since names inside change them */
  char *parent_path; /* the folder that `parent` is open at */
  char *parent_real; /* the same without links; NULL: not yet asked for */
  char *root_path;
  int parent;
} Apply;

/* Removes a name and forgets it, with all below. */
static gboolean drop(Apply *apply, int at, const char *name, const char *path, GError **error)
{
  struct stat st;
  OakumNotes *notes = apply->tree->notes;
  if (apply->tree->owners && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink <= 1)
    oakum_owners_drop(apply->tree->owners, st.st_dev, st.st_ino);
  OakumNoteId id = oakum_notes_node(notes, path);
  if (id != OAKUM_NOTE_NONE && oakum_notes_is_linked(notes, id) &&
      oakum_notes_type(notes, id) != OAKUM_TAR_DIR)
    apply->tree->exact = FALSE; /* another name may be the only one now */
  if (unlinkat(at, name, 0) == 0) {
    oakum_notes_remove(notes, id, TRUE);
    return TRUE;
  }
  if (errno == ENOENT)
    return TRUE;
  apply->tree->exact = FALSE;
  if (!oakum_root_remove_tree(at, name, error))
    return FALSE;
  oakum_notes_remove(notes, id, TRUE);
  g_clear_pointer(&apply->parent_path, g_free); /* it may have been below */
  return TRUE;
}

static gboolean remove_older(gpointer user, OakumNoteId id, GError **error)
{
  const Apply *apply = user;
  g_autoptr(GString) path = g_string_new(NULL);
  return oakum_root_remove_tree(apply->tree->root, oakum_notes_path(apply->tree->notes, id, path),
                                error);
}

/* Removes what older layers left in the folder `path`, and the folder itself when nothing newer is
 * in it and `itself`. */
static gboolean drop_older(Apply *apply, int at, const char *name, const char *path,
                           gboolean itself, GError **error)
{
  OakumNotes *notes = apply->tree->notes;
  OakumNoteId top = oakum_notes_node(notes, path);
  gboolean newer = top != OAKUM_NOTE_NONE && oakum_brought_has(&apply->brought, top);
  if (!newer && itself)
    return drop(apply, at, name, path, error);
  apply->tree->exact = FALSE;
  return top == OAKUM_NOTE_NONE ||
         oakum_brought_drop_older(&apply->brought, notes, top, remove_older, apply, error);
}

static gboolean open_parent(Apply *apply, const char *folder, GError **error)
{
  if (apply->parent_path && strcmp(apply->parent_path, folder) == 0)
    return TRUE;
  g_clear_pointer(&apply->parent_path, g_free);
  g_clear_pointer(&apply->parent_real, g_free);
  oakum_fd_clear(&apply->parent);
  if (!oakum_root_mkdirs(apply->tree->root, folder, 0755, error))
    return FALSE;
  apply->parent = oakum_root_open(apply->tree->root, *folder ? folder : ".", O_PATH | O_DIRECTORY,
                                  0, OAKUM_ROOT_FOLLOW, error);
  if (apply->parent < 0)
    return FALSE;
  apply->parent_path = g_strdup(folder);
  if (*folder && oakum_notes_find(apply->tree->notes, folder) == OAKUM_NOTE_NONE)
    apply->tree->exact = FALSE; /* a folder that no entry told of, or a link */
  return TRUE;
}

static gboolean write_content(Apply *apply, int fd, OakumNote *note, GError **error)
{
  const void *data;
  gssize n;
  while ((n = oakum_tar_reader_borrow(apply->tar, &data, OAKUM_BORROW_MAX, error)) > 0) {
    note->content = oakum_content_hash(note->content, data, (size_t)n);
    if (!oakum_write_all(fd, data, (size_t)n, error))
      return FALSE;
  }
  return n == 0;
}

/* In the table, with the permissions that its owner on disk needs. */
static gboolean record_owner(OakumOwners *owners, int at, const char *name,
                             const OakumTarEntry *entry, const char *path, GError **error)
{
  struct stat st;
  mode_t disk;
  gboolean device = entry->type == OAKUM_TAR_CHAR || entry->type == OAKUM_TAR_BLOCK;
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, path);
  oakum_owners_drop(owners, st.st_dev, st.st_ino); /* of a file that stood at this inode before */
  if (!oakum_owners_record(owners, &st, entry->uid, entry->gid,
                           oakum_tree_kind(entry->type) | (entry->mode & 07777),
                           device ? makedev(entry->dev_major, entry->dev_minor) : 0, &disk)) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "more than %u files with owners",
                OAKUM_OWNERS_MAX);
    return FALSE;
  }
  if (entry->type != OAKUM_TAR_SYMLINK && fchmodat(at, name, disk, 0) < 0)
    return oakum_tree_fail(error, errno, path);
  for (size_t i = 0; i < entry->n_xattrs; i++)
    if (strcmp(entry->xattrs[i].name, "security.capability") == 0 &&
        entry->type == OAKUM_TAR_FILE && entry->xattrs[i].len <= OAKUM_OWNERS_CAPABILITY_MAX) {
      const OakumOwner *old = oakum_owners_find(owners, st.st_dev, st.st_ino);
      OakumOwner owner = old ? *old : (OakumOwner){0};
      owner.capability = (uint8_t *)(gpointer)entry->xattrs[i].value;
      owner.capability_len = (uint32_t)entry->xattrs[i].len;
      (void)!oakum_owners_set(owners, st.st_dev, st.st_ino, &owner);
    }
  return TRUE;
}

/* Of a file that was just made: what it already has is not set again. */
static gboolean set_owner(int fd, const OakumTarEntry *entry, const char *path, GError **error)
{
  struct stat st;
  if (fstat(fd, &st) < 0 ||
      ((st.st_uid != entry->uid || st.st_gid != entry->gid) &&
       fchown(fd, entry->uid, entry->gid) < 0) ||
      ((st.st_mode & 07777) != (entry->mode & 07777) && fchmod(fd, entry->mode & 07777) < 0))
    return oakum_tree_fail(error, errno, path);
  return TRUE;
}

static gboolean set_xattrs(const OakumOwners *owners, int fd, const OakumTarEntry *entry,
                           const char *path, GError **error)
{
  for (size_t i = 0; i < entry->n_xattrs; i++)
    if (oakum_tree_xattr_kept(entry->xattrs[i].name) &&
        !(owners && strcmp(entry->xattrs[i].name, "security.capability") == 0) &&
        fsetxattr(fd, entry->xattrs[i].name, entry->xattrs[i].value, entry->xattrs[i].len, 0) < 0 &&
        errno != ENOTSUP)
      return oakum_tree_fail(error, errno, path);
  return TRUE;
}

/* Owner before mode (chown clears setuid), xattrs after owner (chown drops capabilities), time
 * last. `file`: a file that was just made, open; -1 for others. */
static gboolean set_metadata(OakumOwners *owners, int at, const char *name, int file,
                             const OakumTarEntry *entry, const char *path, GError **error)
{
  gboolean link = entry->type == OAKUM_TAR_SYMLINK;
  if (owners && !record_owner(owners, at, name, entry, path, error))
    return FALSE;
  if (!owners && file >= 0) {
    if (!set_owner(file, entry, path, error))
      return FALSE;
  } else if (!owners) {
    if (fchownat(at, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
        (!link && fchmodat(at, name, entry->mode & 07777, 0) < 0))
      return oakum_tree_fail(error, errno, path);
  }
  if (entry->n_xattrs > 0 && file >= 0) {
    if (!set_xattrs(owners, file, entry, path, error))
      return FALSE;
  } else if (entry->n_xattrs > 0 && entry->type == OAKUM_TAR_DIR) {
    OAKUM_AUTO_FD fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
      return oakum_tree_fail(error, errno, path);
    if (!set_xattrs(owners, fd, entry, path, error))
      return FALSE;
  }
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                              {.tv_sec = entry->mtime, .tv_nsec = entry->mtime_ns}};
  if (file >= 0
          ? futimens(file, times) < 0
          : entry->type != OAKUM_TAR_DIR && utimensat(at, name, times, AT_SYMLINK_NOFOLLOW) < 0)
    return oakum_tree_fail(error, errno, path);
  return TRUE;
}

/* A new file, open; -1 when it cannot be made, or the name is there. */
static int make_file(const Apply *apply, const OakumTarEntry *entry, const char *name)
{
  /* with the mode that it is to have, which then needs no call of its own; but where a table holds
   * the modes the disk's are the builder's */
  mode_t mode = apply->tree->owners ? 0600 : entry->mode & 0777;
  return openat(apply->parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

/* A file is open in *file then. */
static gboolean make_node(Apply *apply, const OakumTarEntry *entry, const char *name,
                          const char *path, OakumNote *note, int *file, GError **error)
{
  int at = apply->parent, done = 0;
  mode_t kind = entry->type == OAKUM_TAR_CHAR    ? S_IFCHR
                : entry->type == OAKUM_TAR_BLOCK ? S_IFBLK
                                                 : S_IFIFO;
  g_autofree char *link = g_strndup((const char *)entry->link.data, entry->link.len);
  switch (entry->type) {
  case OAKUM_TAR_FILE:
    done = *file = make_file(apply, entry, name);
    break;
  case OAKUM_TAR_DIR:
    done = mkdirat(at, name, 0700);
    break;
  case OAKUM_TAR_SYMLINK:
    note->content = oakum_content_hash(0, link, entry->link.len);
    note->size = entry->link.len;
    done = symlinkat(link, at, name);
    break;
  default:
    note->rdev = entry->type == OAKUM_TAR_FIFO ? 0 : makedev(entry->dev_major, entry->dev_minor);
    if (apply->tree->owners && kind != S_IFIFO)
      done = mknodat(at, name, S_IFREG | 0600, 0); /* what it ought to be is in the table */
    else
      done = mknodat(at, name, kind | 0600, note->rdev);
  }
  return done >= 0 || oakum_tree_fail(error, errno, path);
}

static gboolean same_header(const OakumTarEntry *entry, const OakumNote *note)
{
  uint8_t xattrs[OAKUM_NOTE_XATTRS];
  if (entry->n_xattrs > 0)
    oakum_tree_hash_xattrs(entry->xattrs, entry->n_xattrs, xattrs);
  return (note->type == OAKUM_TAR_SYMLINK || (entry->mode & 07777) == note->mode) &&
         entry->uid == note->uid && entry->gid == note->gid && entry->mtime == note->mtime &&
         (entry->n_xattrs == 0 || memcmp(xattrs, note->xattrs, OAKUM_NOTE_XATTRS) == 0);
}

/* What the header of a further name says holds for the file, as containerd applies it. `note`: of
 * the file, as it was; brought up to date. */
static gboolean set_link_header(Apply *apply, const OakumTarEntry *entry, const char *name,
                                const char *path, OakumNote *note, GError **error)
{
  OakumOwners *owners = apply->tree->owners;
  OakumTarEntry own = *entry;
  own.type = note->type;
  own.dev_major = major(note->rdev);
  own.dev_minor = minor(note->rdev);
  OAKUM_AUTO_FD file = own.type == OAKUM_TAR_FILE ? oakum_tree_open_at(apply->parent, name) : -1;
  if (own.type == OAKUM_TAR_FILE && file < 0)
    return oakum_tree_fail(error, errno, path);
  if (!set_metadata(owners, apply->parent, name, file, &own, path, error))
    return FALSE;
  note->mode = own.type == OAKUM_TAR_SYMLINK ? 0777 : entry->mode & 07777;
  note->uid = entry->uid;
  note->gid = entry->gid;
  note->mtime = entry->mtime;
  if (file < 0)
    return TRUE;
  g_autoptr(GArray) xattrs = oakum_tree_xattrs(file, owners, error);
  if (xattrs)
    oakum_tree_hash_xattrs((const OakumXattr *)(gpointer)xattrs->data, xattrs->len, note->xattrs);
  return xattrs != NULL;
}

static gboolean make_hard_link(Apply *apply, const OakumTarEntry *entry, const char *above,
                               const char *name, const char *path, GError **error)
{
  g_autofree char *target = NULL, *target_name = NULL;
  if (!oakum_image_clean_path(entry->link, &target, error)) {
    oakum_image_blame(error, "hard link to", entry->link);
    return FALSE;
  }
  if (strcmp(target, path) == 0)
    return TRUE; /* a link to itself: the file is there, or the look-up below says it is not */
  OAKUM_AUTO_FD at = oakum_root_open_parent(apply->tree->root, target, FALSE, &target_name, error);
  struct stat st;
  if (at < 0)
    return FALSE;
  if (fstatat(at, target_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode)) {
    g_autofree char *shown = oakum_escape_terminal(target, -1);
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                "hard link to \"%s\", which is not there or a folder", shown);
    return FALSE;
  }
  if (!drop(apply, apply->parent, name, path, error) || !open_parent(apply, above, error))
    return FALSE;
  if (linkat(at, target_name, apply->parent, name, 0) < 0)
    return oakum_tree_fail(error, errno, path);
  OakumNotes *notes = apply->tree->notes;
  OakumNoteId first = oakum_notes_find(notes, target), id;
  if (first == OAKUM_NOTE_NONE) {
    apply->tree->exact = FALSE;
    return TRUE;
  }
  OakumNote note;
  oakum_notes_get(notes, first, &note);
  gboolean several = note.linked, same = same_header(entry, &note);
  oakum_notes_set_linked(notes, first, TRUE);
  oakum_notes_get(notes, first, &note);
  if (several && !same)
    apply->tree->exact = FALSE; /* there are notes of other names */
  if (!same && (!set_link_header(apply, entry, name, path, &note, error) ||
                !oakum_notes_set(notes, first, &note, error)))
    return FALSE;
  return (id = oakum_notes_make(notes, path, error)) != OAKUM_NOTE_NONE &&
         oakum_notes_set(notes, id, &note, error);
}

static gboolean apply_whiteout(Apply *apply, OakumWhiteout kind, const char *folder,
                               const char *target, GError **error)
{
  g_autofree char *path = *folder ? g_strconcat(folder, "/", target, NULL) : g_strdup(target);
  switch (kind) {
  case OAKUM_WHITEOUT_OPAQUE:
    return drop_older(apply, -1, NULL, folder, FALSE, error);
  case OAKUM_WHITEOUT_NAME:
    return drop_older(apply, apply->parent, target, path, TRUE, error);
  case OAKUM_WHITEOUT_IGNORE:
    return TRUE;
  default:
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "a whiteout that names nothing");
    return FALSE;
  }
}

static char *path_of(int fd)
{
  char link[64], at[8192];
  g_snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, at, sizeof(at) - 1);
  return n > 0 ? g_strndup(at, (gsize)n) : NULL;
}

/* The path without links in its parent, so that notes and disk speak of one name. */
static const char *real_folder(Apply *apply, const char *folder)
{
  if (apply->parent_real)
    return apply->parent_real;
  g_autofree char *at = path_of(apply->parent);
  if (!apply->root_path)
    apply->root_path = path_of(apply->tree->root);
  gsize m = apply->root_path ? strlen(apply->root_path) : 0;
  gboolean below = at && m > 0 && strncmp(at, apply->root_path, m) == 0 && (!at[m] || at[m] == '/');
  apply->parent_real = g_strdup(!below ? folder : at[m] ? at + m + 1 : "");
  return apply->parent_real;
}

/* A folder that is there keeps attributes that its new header does not tell: the note of it too. */
static gboolean keep_attributes(const Apply *apply, const char *name, const char *path,
                                OakumNote *note, GError **error)
{
  static const uint8_t none[OAKUM_NOTE_XATTRS];
  const OakumNotes *notes = apply->tree->notes;
  OakumNoteId id = oakum_notes_find(notes, path);
  OakumNote old;
  if (id == OAKUM_NOTE_NONE)
    return TRUE;
  oakum_notes_get(notes, id, &old);
  if (memcmp(old.xattrs, none, OAKUM_NOTE_XATTRS) == 0)
    return TRUE;
  OAKUM_AUTO_FD fd = oakum_tree_open_at(apply->parent, name);
  if (fd < 0)
    return oakum_tree_fail(error, errno, path);
  g_autoptr(GArray) xattrs = oakum_tree_xattrs(fd, apply->tree->owners, error);
  if (xattrs)
    oakum_tree_hash_xattrs((const OakumXattr *)(gpointer)xattrs->data, xattrs->len, note->xattrs);
  return xattrs != NULL;
}

static gboolean apply_entry(Apply *apply, const OakumTarEntry *entry, GError **error)
{
  g_autofree char *stored = NULL;
  if (!oakum_image_clean_path(entry->path, &stored, error))
    return FALSE;
  if (*stored == '\0') {
    if (entry->type == OAKUM_TAR_DIR && apply->tree->owners)
      return record_owner(apply->tree->owners, apply->tree->root, ".", entry, "/", error);
    if (entry->type == OAKUM_TAR_DIR)
      return fchown(apply->tree->root, entry->uid, entry->gid) == 0 &&
                     fchmod(apply->tree->root, entry->mode & 07777) == 0
                 ? TRUE
                 : oakum_tree_fail(error, errno, "/");
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "the root is not a folder");
    return FALSE;
  }
  const char *slash = strrchr(stored, '/'), *name = slash ? slash + 1 : stored, *target = NULL;
  g_autofree char *above = g_strndup(stored, slash ? (gsize)(slash - stored) : 0);
  if (strlen(name) > OAKUM_TAR_COMPONENT_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "a name is longer than %u bytes",
                OAKUM_TAR_COMPONENT_MAX);
    return FALSE;
  }
  if (!open_parent(apply, above, error))
    return FALSE;
  g_autofree char *real = g_strdup(real_folder(apply, above));
  OakumWhiteout kind = oakum_image_whiteout(name, &target);
  if (kind != OAKUM_WHITEOUT_NONE)
    return apply_whiteout(apply, kind, real, target, error);
  g_autofree char *path = *real ? g_strconcat(real, "/", name, NULL) : g_strdup(name);
  if (oakum_tree_is_device_of_base(entry, path))
    return TRUE;
  if (oakum_brought_add(&apply->brought, apply->tree->notes, path, error) == OAKUM_NOTE_NONE)
    return FALSE;
  if (entry->type == OAKUM_TAR_HARDLINK)
    return make_hard_link(apply, entry, above, name, path, error);
  OakumNote note = {.type = entry->type,
                    .mode = entry->mode & 07777,
                    .uid = entry->uid,
                    .gid = entry->gid,
                    .size = entry->size,
                    .mtime = entry->mtime};
  oakum_tree_hash_xattrs(entry->xattrs, entry->n_xattrs, note.xattrs);
  struct stat st;
  OAKUM_AUTO_FD file = entry->type == OAKUM_TAR_FILE ? make_file(apply, entry, name) : -1;
  gboolean there = file < 0 && fstatat(apply->parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
  if (file < 0 && !(there && S_ISDIR(st.st_mode) && entry->type == OAKUM_TAR_DIR)) {
    if (there &&
        (!drop(apply, apply->parent, name, path, error) || !open_parent(apply, above, error)))
      return FALSE;
    if (!make_node(apply, entry, name, path, &note, &file, error))
      return FALSE;
  }
  if ((file >= 0 && !write_content(apply, file, &note, error)) ||
      !set_metadata(apply->tree->owners, apply->parent, name, file, entry, path, error))
    return FALSE;
  if (entry->type == OAKUM_TAR_DIR && there && S_ISDIR(st.st_mode) &&
      !keep_attributes(apply, name, path, &note, error))
    return FALSE;
  if (entry->type == OAKUM_TAR_SYMLINK)
    note.mode = 0777;
  OakumNoteId id = oakum_notes_make(apply->tree->notes, path, error); /* it may have been dropped */
  if (id == OAKUM_NOTE_NONE || !oakum_notes_set(apply->tree->notes, id, &note, error))
    return FALSE;
  if (entry->type == OAKUM_TAR_DIR) {
    const FolderTime time = {id, {.tv_sec = entry->mtime, .tv_nsec = entry->mtime_ns}};
    g_array_append_val(apply->dir_times, time);
  }
  return TRUE;
}

static gboolean set_dir_times(Apply *apply, GError **error)
{
  g_autoptr(GString) path = g_string_new(NULL);
  for (guint i = 0; i < apply->dir_times->len; i++) {
    const FolderTime *folder = &g_array_index(apply->dir_times, FolderTime, i);
    oakum_notes_path(apply->tree->notes, folder->id, path);
    OAKUM_AUTO_FD fd = oakum_root_open(apply->tree->root, path->str, O_RDONLY | O_DIRECTORY, 0,
                                       OAKUM_ROOT_NO_SYMLINKS, NULL);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, folder->time};
    if (fd >= 0 && futimens(fd, times) < 0)
      return oakum_tree_fail(error, errno, path->str);
  }
  return TRUE;
}

gboolean oakum_tree_apply(OakumTree *tree, OakumReader *layer, GError **error)
{
  Apply apply = {.tree = tree, .parent = -1};
  tree->settled = FALSE;
  oakum_notes_tidy(tree->notes);
  apply.tar = oakum_tar_reader_new(layer);
  apply.dir_times = g_array_new(FALSE, FALSE, sizeof(FolderTime));
  const OakumTarEntry *entry;
  int more;
  while ((more = oakum_tar_reader_next(apply.tar, &entry, error)) > 0)
    if (!apply_entry(&apply, entry, error)) {
      oakum_image_blame(error, "entry", entry->path);
      more = -1;
      break;
    }
  gboolean ok = more == 0 && set_dir_times(&apply, error);
  oakum_tar_reader_free(apply.tar);
  oakum_fd_clear(&apply.parent);
  g_free(apply.parent_path);
  g_free(apply.parent_real);
  g_free(apply.root_path);
  g_array_unref(apply.dir_times);
  oakum_brought_clear(&apply.brought);
  return ok;
}

gboolean oakum_tree_apply_all(OakumTree *tree, guint n, OakumLayerOpen open, gpointer user,
                              guint *failed, GError **error)
{
  if (tree->press)
    return oakum_press_apply_all(tree->press, n, open, user, failed, error);
  for (guint i = 0; i < n; i++) {
    OakumReader *layer = open(user, i, error);
    *failed = i;
    if (!layer || !oakum_tree_apply(tree, layer, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean set_time(int root, const char *path, int64_t seconds, GError **error)
{
  OAKUM_AUTO_FD fd = oakum_root_open(root, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0,
                                     OAKUM_ROOT_NO_SYMLINKS, error);
  const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds}};
  return fd >= 0 && (futimens(fd, times) == 0 || oakum_tree_fail(error, errno, path));
}

gboolean oakum_tree_set_folder_times(OakumTree *tree, GError **error)
{
  OakumNoteSet implied = {0};
  OakumNotes *notes = tree->notes;
  g_autoptr(GString) path = g_string_new(NULL);
  gboolean ok = TRUE;
  for (OakumNoteId id = 0; ok && (id = oakum_notes_next(notes, id)) != OAKUM_NOTE_NONE;) {
    OakumNote note;
    oakum_notes_get(notes, id, &note);
    if (note.type == OAKUM_TAR_DIR)
      ok = set_time(tree->root, oakum_notes_path(notes, id, path), note.mtime, error);
    for (OakumNoteId up = id; ok && (up = oakum_notes_parent(notes, up)) != 0;) {
      if (oakum_notes_has(notes, up) || oakum_note_set_has(&implied, up))
        break;
      oakum_note_set_add(&implied, up);
      ok = set_time(tree->root, oakum_notes_path(notes, up, path), 0, error);
    }
  }
  oakum_note_set_clear(&implied);
  return ok && set_time(tree->root, "", 0, error);
}

gboolean oakum_tree_save(const OakumTree *tree, OakumWriter *out, GError **error)
{
  if (oakum_tree_is_settled(tree))
    return oakum_notes_save(tree->notes, out, error);
  g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
              "the notes of this tree do not tell all that is in it");
  return FALSE;
}

OakumTree *oakum_tree_load(int root, OakumReader *in, GError **error)
{
  OakumNotes *notes = oakum_notes_load(in, error);
  if (!notes)
    return NULL;
  OakumTree *tree = oakum_tree_new(root);
  oakum_notes_free(tree->notes);
  tree->notes = notes;
  return tree;
}
