/* Unpacked layers of base images that the store keeps. */
#include "image/tree-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TREES "trees"
#define IMAGE "image"
#define SEAL "seal"

struct OakumKept {
  OakumStore *store;
  int trees, folder, root; /* the lock is on `folder` */
  char *name, *path;
  OakumPress *press; /* what makes the image; NULL: nothing does */
  gboolean mounted;  /* at `path` */
  gboolean complete; /* it stays */
  gboolean gave_up;
};

static void read_into(GString *text, const char *path)
{
  g_autofree char *data = NULL;
  if (oakum_file_read(path, OAKUM_MIB, &data, NULL, NULL))
    g_string_append(text, data);
  g_string_append_c(text, '\n');
}

/* Who the ids on disk are for this process. */
static char *owners_name(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  read_into(text, "/proc/self/uid_map");
  read_into(text, "/proc/self/gid_map");
  char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, -1);
  hex[16] = '\0';
  return hex;
}

char *oakum_kept_key(const char *what)
{
  g_autoptr(GString) text = g_string_new("tree " OAKUM_TREE_NOTES "\n");
  read_into(text, "/proc/sys/kernel/random/boot_id");
  g_string_append(text, what);
  g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, -1);
  g_autofree char *owners = owners_name();
  return g_strconcat(owners, "-", hex, NULL);
}

static int open_folder(int at, const char *name)
{
  return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_trees(OakumStore *store)
{
  int store_fd = oakum_store_folder(store);
  (void)mkdirat(store_fd, TREES, 0700);
  return open_folder(store_fd, TREES);
}

static OakumKept *kept_alloc(OakumStore *store, const char *name)
{
  OakumKept *kept = g_new0(OakumKept, 1);
  kept->store = store;
  kept->root = kept->folder = -1;
  kept->name = g_strdup(name);
  kept->trees = open_trees(store);
  return kept;
}

/* The path is what other processes mount: the real one. */
static gboolean open_root(OakumKept *kept)
{
  g_autofree char *path = g_build_filename(oakum_store_path(kept->store), TREES, kept->name, NULL);
  g_autofree char *real = realpath(path, NULL);
  g_free(kept->path);
  kept->path = real ? g_build_filename(real, "root", NULL) : NULL;
  if (kept->root < 0)
    kept->root = open_folder(kept->folder, "root");
  return kept->path && kept->root >= 0;
}

/* Whether the locked folder is still the one of that name. */
static gboolean is_there(int trees, const char *name, int folder)
{
  struct stat mine, named;
  return fstat(folder, &mine) == 0 && fstatat(trees, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

/* Removes it unless somebody uses it. */
static gboolean discard(int trees, const char *name)
{
  static gint serial;
  OAKUM_AUTO_FD folder = open_folder(trees, name);
  if (folder < 0 || flock(folder, LOCK_EX | LOCK_NB) < 0 || !is_there(trees, name, folder))
    return FALSE;
  /* out of the way first: what is half removed must not be found */
  g_autofree char *aside =
      g_strdup_printf(".gone-%d-%d", (int)getpid(), g_atomic_int_add(&serial, 1));
  const char *at = renameat(trees, name, trees, aside) == 0 ? aside : name;
  return oakum_root_remove_tree(trees, at, NULL);
}

/* A file of the folder; a pipe that somebody put there keeps nobody waiting. -1 with errno. */
static int open_file(int folder, const char *name)
{
  OAKUM_AUTO_FD fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0)
    return -1;
  if (S_ISREG(st.st_mode))
    return oakum_fd_steal(&fd);
  errno = EINVAL;
  return -1;
}

/* What a small file of the folder says, in `text` (bytes with a NUL); "" when there is none. */
static gsize read_small(int folder, const char *name, char *text, size_t max)
{
  OAKUM_AUTO_FD fd = folder < 0 ? -1 : open_file(folder, name);
  gssize n = fd >= 0 ? read(fd, text, max - 1) : 0;
  text[MAX(n, 0)] = '\0';
  return (gsize)MAX(n, 0);
}

static gboolean write_small(int folder, const char *name, const char *text, GError **error)
{
  OAKUM_AUTO_FD fd =
      openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0)
    return oakum_write_all(fd, text, strlen(text), error);
  oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s", name);
  return FALSE;
}

/* How the image is known again: nothing writes to it once it is made, and the kernel tells when
 * something did. NULL: there is none. */
static char *seal_of(int folder)
{
  OAKUM_AUTO_FD image = open_file(folder, IMAGE);
  struct stat st;
  if (image < 0 || fstat(image, &st) < 0)
    return NULL;
  return g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld",
                         (guint64)st.st_ino, (guint64)st.st_size, (gint64)st.st_ctim.tv_sec,
                         st.st_ctim.tv_nsec);
}

static gboolean is_sealed(int folder)
{
  enum { SEAL_MAX = 96 };
  char said[SEAL_MAX];
  g_autofree char *seal = seal_of(folder);
  (void)read_small(folder, SEAL, said, sizeof(said));
  return !seal || strcmp(said, seal) == 0;
}

static void tell_damaged(const OakumKept *kept, const char *why)
{
  oakum_warn("store %s: the unpacked base %s is damaged: %s; it is unpacked anew",
             oakum_store_path(kept->store), kept->name, why);
}

/* The root of what the image holds; -1 with an error, or without one when there is no image. */
static int open_image(const OakumKept *kept, GError **error)
{
  OAKUM_AUTO_FD image = open_file(kept->folder, IMAGE);
  if (image < 0 && errno != ENOENT)
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, IMAGE);
  return image < 0 ? -1 : oakum_mount_image(image, error);
}

/* The number of the descriptor stays. */
static gboolean attach_image(OakumKept *kept, int mounted, GError **error)
{
  if (!oakum_mount_attach(mounted, kept->path, error))
    return FALSE;
  kept->mounted = TRUE;
  if (dup3(mounted, kept->root, O_CLOEXEC) >= 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, IMAGE);
  return FALSE;
}

static gboolean mount_image(OakumKept *kept, GError **error)
{
  GError *local = NULL;
  OAKUM_AUTO_FD mounted = open_image(kept, &local);
  if (local) {
    g_propagate_error(error, local);
    return FALSE;
  }
  return mounted < 0 || attach_image(kept, mounted, error);
}

/* Whether nothing is where names should be: an image that went leaves the folder that it is mounted
 * at. */
static gboolean is_hollow(int root, const OakumTree *tree)
{
  g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", root);
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  return oakum_notes_first(tree->notes, 0) != OAKUM_NOTE_NONE && (!dir || !g_dir_read_name(dir));
}

static OakumTree *load(const OakumKept *kept)
{
  int fd = open_file(kept->folder, "notes");
  g_autoptr(GError) local = NULL;
  OakumTree *tree =
      fd >= 0 ? oakum_tree_load(kept->root, oakum_reader_new_fd(fd, TRUE), &local) : NULL;
  if (tree && is_hollow(kept->root, tree)) {
    g_set_error(&local, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "it is empty");
    g_clear_pointer(&tree, oakum_tree_free);
  }
  if (!tree)
    tell_damaged(kept, local ? local->message : "no notes");
  return tree;
}

/* Nothing of it is mounted or open but its folder. */
static void leave(OakumKept *kept)
{
  g_clear_pointer(&kept->press, oakum_press_free);
  if (kept->mounted)
    oakum_mount_remove(kept->path);
  kept->mounted = FALSE;
  oakum_fd_clear(&kept->root);
}

OakumKept *oakum_kept_find(OakumStore *store, const char *key, OakumTree **tree)
{
  g_autoptr(OakumKept) kept = kept_alloc(store, key);
  kept->complete = TRUE;
  kept->folder = kept->trees < 0 ? -1 : open_folder(kept->trees, key);
  if (kept->folder < 0 || flock(kept->folder, LOCK_SH | LOCK_NB) < 0 ||
      !is_there(kept->trees, key, kept->folder))
    return NULL;
  g_autoptr(GError) local = NULL;
  gboolean there = open_root(kept);
  if (there && !is_sealed(kept->folder)) {
    tell_damaged(kept, "something wrote to its image");
    there = FALSE;
  }
  if (there && !mount_image(kept, &local)) {
    oakum_debug("the image of the base %s: %s", key, local->message);
    there = FALSE;
  }
  *tree = there ? load(kept) : NULL;
  if (*tree) {
    (void)utimensat(kept->folder, "notes", NULL, AT_SYMLINK_NOFOLLOW); /* its last use */
    oakum_kept_sweep(store, UINT64_MAX); /* of builders that were killed */
    return g_steal_pointer(&kept);
  }
  leave(kept);
  oakum_fd_clear(&kept->folder);
  (void)discard(kept->trees, key);
  return NULL;
}

/* A new folder with its lock. FALSE with *swept: another took it for that of a builder that was
 * killed, before there was a lock. */
static gboolean make_folder(OakumKept *kept, gboolean *swept)
{
  *swept = FALSE;
  if (kept->trees < 0 || mkdirat(kept->trees, kept->name, 0700) < 0)
    return FALSE;
  kept->folder = open_folder(kept->trees, kept->name);
  *swept = kept->folder < 0 ? errno == ENOENT
                            : flock(kept->folder, LOCK_SH | LOCK_NB) < 0 ||
                                  !is_there(kept->trees, kept->name, kept->folder);
  if (*swept)
    oakum_fd_clear(&kept->folder);
  return kept->folder >= 0;
}

OakumKept *oakum_kept_new(OakumStore *store, GError **error)
{
  static gint serial;
  g_autofree char *name = g_strdup_printf(".new-%d-%" G_GINT64_FORMAT "-%d", (int)getpid(),
                                          g_get_real_time(), g_atomic_int_add(&serial, 1));
  g_autoptr(OakumKept) kept = kept_alloc(store, name);
  gboolean swept, made = make_folder(kept, &swept);
  while (!made && swept)
    made = make_folder(kept, &swept);
  if (!made || mkdirat(kept->folder, "root", 0755) < 0 ||
      fchmodat(kept->folder, "root", 0755, 0) < 0 || !open_root(kept)) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "store %s: %s", oakum_store_path(store),
                      TREES);
    return NULL;
  }
  return g_steal_pointer(&kept);
}

int oakum_kept_root(const OakumKept *kept)
{
  return kept->root;
}

const char *oakum_kept_path(const OakumKept *kept)
{
  return kept->path;
}

gboolean oakum_kept_press(OakumKept *kept, OakumTree *tree, GError **error)
{
  int fd = openat(kept->folder, IMAGE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, IMAGE);
    return FALSE;
  }
  kept->press = oakum_press_new(tree, fd);
  return TRUE;
}

gboolean oakum_kept_show(OakumKept *kept, GError **error)
{
  if (!oakum_press_finish(kept->press, error))
    return FALSE;
  g_clear_pointer(&kept->press, oakum_press_free); /* no writer may be left */
  kept->gave_up = TRUE;
  if (!mount_image(kept, error))
    return FALSE;
  kept->gave_up = FALSE;
  return TRUE;
}

gboolean oakum_kept_gave_up(const OakumKept *kept)
{
  return kept->gave_up || (kept->press && oakum_press_gave_up(kept->press));
}

static gboolean save(const OakumKept *kept, const OakumTree *tree, guint64 bytes, GError **error)
{
  OAKUM_AUTO_FD fd =
      openat(kept->folder, "notes", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, bytes),
                  *seal = seal_of(kept->folder);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "notes");
    return FALSE;
  }
  g_autoptr(OakumWriter) out = oakum_writer_new_fd(fd, FALSE);
  return oakum_tree_save(tree, out, error) && oakum_writer_finish(out, error) &&
         write_small(kept->folder, "size", text, error) &&
         (!seal || write_small(kept->folder, SEAL, seal, error));
}

/* What is left for others must not be little: a twentieth. */
static gboolean is_nearly_full(int fd)
{
  struct statvfs st;
  return fstatvfs(fd, &st) == 0 && st.f_bavail < st.f_blocks / 20;
}

void oakum_kept_finish(OakumKept *kept, const char *key, const OakumTree *tree, uint64_t max_bytes)
{
  g_autoptr(GError) local = NULL;
  guint64 bytes = oakum_notes_bytes(tree->notes);
  if (bytes > max_bytes || is_nearly_full(kept->folder)) {
    oakum_debug("the unpacked base is not kept: %s",
                bytes > max_bytes ? "it is larger than --keep-trees" : "the disk is nearly full");
    oakum_kept_sweep(kept->store, bytes > max_bytes ? max_bytes : 0);
    return;
  }
  if (!save(kept, tree, bytes, &local)) {
    oakum_warn("store %s: the unpacked base is not kept: %s", oakum_store_path(kept->store),
               local->message);
    return;
  }
  if (renameat(kept->trees, kept->name, kept->trees, key) < 0)
    return; /* another was faster */
  kept->complete = TRUE;
  g_free(kept->name);
  kept->name = g_strdup(key);
  if (!open_root(kept)) /* the store was moved meanwhile: the old path leads nowhere either */
    oakum_debug("store %s: moved", oakum_store_path(kept->store));
  oakum_kept_sweep(kept->store, max_bytes);
}

void oakum_kept_free(OakumKept *kept)
{
  if (!kept)
    return;
  leave(kept);
  oakum_fd_clear(&kept->folder);
  if (!kept->complete && kept->trees >= 0 && *kept->name == '.')
    (void)!oakum_root_remove_tree(kept->trees, kept->name, NULL);
  oakum_fd_clear(&kept->trees);
  g_free(kept->name);
  g_free(kept->path);
  g_free(kept);
}

/* ---- what goes
 * ------------------------------------------------------------------------------------ */
typedef struct {
  char *name;
  guint64 bytes;
  int64_t used;
} Old;

static void old_clear(gpointer p)
{
  g_free(((Old *)p)->name);
}

static gint by_use(gconstpointer a, gconstpointer b)
{
  const Old *x = a, *y = b;
  return x->used < y->used ? -1 : x->used > y->used ? 1 : strcmp(x->name, y->name);
}

static guint64 told_size(int trees, const char *name)
{
  OAKUM_AUTO_FD folder = open_folder(trees, name);
  char text[32];
  uint64_t bytes = 0;
  gsize n = read_small(folder, "size", text, sizeof(text));
  return n > 0 && oakum_parse_u64(text, n, UINT64_MAX, &bytes) ? bytes : 0;
}

void oakum_kept_sweep(OakumStore *store, uint64_t max_bytes)
{
  OAKUM_AUTO_FD trees = open_trees(store);
  int list = trees < 0 ? -1 : open_folder(trees, ".");
  DIR *dir = list >= 0 ? fdopendir(list) : NULL;
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Old));
  g_array_set_clear_func(all, old_clear);
  guint64 total = 0;
  if (!dir) {
    oakum_fd_clear(&list);
    return;
  }
  for (const struct dirent *entry;
       all->len < OAKUM_KEPT_TREES_MAX && (entry = readdir(dir)) != NULL;) {
    g_autofree char *notes = g_build_filename(entry->d_name, "notes", NULL);
    struct stat st;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    if (*entry->d_name == '.') { /* of a builder that was killed, or it is locked */
      (void)discard(trees, entry->d_name);
      continue;
    }
    Old old = {g_strdup(entry->d_name), told_size(trees, entry->d_name), 0};
    if (old.bytes == 0)
      old.bytes = oakum_store_folder_bytes(trees, entry->d_name, &old.used);
    if (fstatat(trees, notes, &st, AT_SYMLINK_NOFOLLOW) == 0)
      old.used = st.st_mtim.tv_sec;
    total += old.bytes;
    g_array_append_val(all, old);
  }
  closedir(dir);
  g_array_sort(all, by_use);
  for (guint i = 0; i < all->len && total > max_bytes; i++) {
    const Old *old = &g_array_index(all, Old, i);
    if (discard(trees, old->name))
      total -= old->bytes;
  }
}

/* ---- checking
 * ------------------------------------------------------------------------------------ */
static gboolean forget(void *self, const void *data, size_t len, GError **error)
{
  return TRUE;
}

static gboolean forget_end(void *self, GError **error)
{
  return TRUE;
}

static void forget_free(void *self)
{
}

int oakum_kept_state(OakumStore *store, const char *name)
{
  static const OakumWriterClass klass = {forget, forget_end, forget_free};
  g_autofree char *owners = owners_name();
  g_autoptr(OakumKept) kept = kept_alloc(store, name);
  gboolean changed = FALSE;
  kept->complete = TRUE;
  kept->folder = kept->trees < 0 ? -1 : open_folder(kept->trees, name);
  if (*name == '.' || !g_str_has_prefix(name, owners) || kept->folder < 0 ||
      flock(kept->folder, LOCK_SH | LOCK_NB) < 0 || !is_there(kept->trees, name, kept->folder))
    return -1;
  if (!open_root(kept))
    return 0;
  g_autoptr(GError) local = NULL;
  OAKUM_AUTO_FD mounted = open_image(kept, &local);
  if (local) /* who may not mount cannot tell */
    return local->code == OAKUM_ERROR_DENIED || local->code == OAKUM_ERROR_UNSUPPORTED ? -1 : 0;
  if (mounted >= 0 && dup3(mounted, kept->root, O_CLOEXEC) < 0)
    return -1;
  g_autoptr(OakumTree) tree = load(kept);
  if (!tree)
    return 0;
  const OakumTreeTimes times = {FALSE, 0};
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new(&klass, NULL));
  return oakum_tree_diff(tree, &times, tar, &changed, NULL) && !changed;
}
