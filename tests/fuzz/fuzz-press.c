/* A tar, taken three times as the layers of a base, to one file. Oracle: what layers make there can
 * be walked from its root as the kernel would: inodes and folders lie within it, names of a folder
 * are in order, what is inside a block stays there, contents are as long as they are said to be. */
#include "codec/erofs.h"
#include "image/tree-private.h"
#include "os/os.h"
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
  const uint8_t *data;
  size_t size;
} Input;

typedef struct {
  const uint8_t *data;
  uint64_t size, first;
  GHashTable *seen; /* slots of folders */
  guint names;
} Image;

static uint64_t number(const uint8_t *at, guint bytes)
{
  uint64_t value = 0;
  for (guint i = bytes; i > 0; i--)
    value = value << 8 | at[i - 1];
  return value;
}

static void require(gboolean holds, const char *what)
{
  if (!holds)
    g_error("%s", what);
}

static void walk(Image *image, uint64_t slot, gboolean folder);

static void walk_folder(Image *image, const uint8_t *at, uint64_t size)
{
  OakumSlice before = {NULL, 0};
  gboolean self = FALSE, above = FALSE;
  for (uint64_t from = 0; from < size; from += OAKUM_EROFS_BLOCK) {
    const uint8_t *block = at + from;
    uint64_t len = MIN(size - from, OAKUM_EROFS_BLOCK), text = number(block + 8, 2), n = text / 12;
    require(n > 0 && n * 12 == text && text < len, "a block of a folder");
    for (uint64_t i = 0; i < n; i++) {
      const uint8_t *entry = block + i * 12;
      uint64_t begin = number(entry + 8, 2), end = i + 1 < n ? number(entry + 20, 2) : len;
      require(begin < end && end <= len, "a name out of its block");
      OakumSlice name = {block + begin, strnlen((const char *)block + begin, end - begin)};
      require(name.len > 0 && name.len < 256, "the length of a name");
      int order = before.data ? memcmp(before.data, name.data, MIN(before.len, name.len)) : -1;
      require(order < 0 || (order == 0 && before.len < name.len), "the order of names");
      before = name;
      gboolean is_self = name.len == 1 && *name.data == '.',
               is_above = name.len == 2 && memcmp(name.data, "..", 2) == 0;
      self |= is_self;
      above |= is_above;
      if (!is_self && !is_above)
        walk(image, number(entry, 8), entry[10] == 2);
    }
  }
  require(self && above, "a folder without itself");
}

static void walk(Image *image, uint64_t slot, gboolean folder)
{
  uint64_t at = image->first + slot * OAKUM_EROFS_SLOT;
  require(slot > 0 && at + OAKUM_EROFS_INODE <= image->size, "an inode outside");
  const uint8_t *inode = image->data + at;
  uint64_t format = number(inode, 2), xattrs = number(inode + 2, 2), size = number(inode + 8, 8),
           place = number(inode + 16, 4) * OAKUM_EROFS_BLOCK;
  uint32_t mode = (uint32_t)number(inode + 4, 2);
  image->names++;
  require((format & 1) == 1 && S_ISDIR(mode) == folder && number(inode + 44, 4) > 0, "an inode");
  if (S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) || size == 0)
    return;
  if (format & ~1u) {
    place = at + OAKUM_EROFS_INODE + (xattrs ? 12 + (xattrs - 1) * 4 : 0);
    require(place / OAKUM_EROFS_BLOCK == (place + size - 1) / OAKUM_EROFS_BLOCK,
            "what is inside a block leaves it");
  }
  require(place + size <= image->size && (place >= OAKUM_EROFS_BLOCK), "content outside");
  if (!folder)
    return;
  require(g_hash_table_add(image->seen, g_memdup2(&slot, sizeof(slot))), "a folder of two names");
  walk_folder(image, image->data + place, size);
}

static OakumReader *open_layer(gpointer user, guint index, GError **error)
{
  const Input *input = user;
  return oakum_reader_new_limit(oakum_reader_new_memory(input->data, input->size), 16 * OAKUM_MIB,
                                "input");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  /* a sparse file of a few bytes can be as long as it likes */
  const struct rlimit most = {64 * OAKUM_MIB, RLIM_INFINITY};
  signal(SIGXFSZ, SIG_IGN);
  require(setrlimit(RLIMIT_FSIZE, &most) == 0, "setrlimit");
  Input input = {data, size};
  guint failed;
  struct stat st;
  OAKUM_AUTO_FD fd = memfd_create("image", MFD_CLOEXEC);
  OakumTree *tree = oakum_tree_new(-1);
  oakum_tree_set_threads(tree, size % 2 ? 1 : 2);
  OakumPress *press = oakum_press_new(tree, dup(fd));
  gboolean made = oakum_tree_apply_all(tree, 3, open_layer, &input, &failed, NULL) &&
                  oakum_press_finish(press, NULL);
  guint told = oakum_notes_count(tree->notes);
  oakum_press_free(press);
  oakum_tree_free(tree);
  if (!made)
    return 0;
  require(fstat(fd, &st) == 0 && st.st_size > 0, "no image");
  uint8_t *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  require(bytes != MAP_FAILED, "mmap");
  Image image = {.data = bytes, .size = (uint64_t)st.st_size};
  image.first = number(bytes + 1024 + 40, 4) * OAKUM_EROFS_BLOCK;
  image.seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  require(number(bytes + 1024, 4) == 0xE0F5E1E2u && image.size % OAKUM_EROFS_BLOCK == 0 &&
              number(bytes + 1024 + 36, 4) == image.size / OAKUM_EROFS_BLOCK,
          "a superblock");
  walk(&image, number(bytes + 1024 + 14, 2), TRUE);
  require(image.names == told + 1, "names that nobody was told of");
  g_hash_table_unref(image.seen);
  munmap(bytes, (size_t)st.st_size);
  return 0;
}
