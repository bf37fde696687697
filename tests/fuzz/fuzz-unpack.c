/* The archive of a context, unpacked beside a file that it must not reach. */
#include "build/source-private.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(OakumTempDir) temp = oakum_temp_dir_new(NULL, NULL);
  g_assert_nonnull(temp);
  int above = oakum_temp_dir_fd(temp);
  struct stat before, after;
  g_assert_cmpint(mkdirat(above, "tree", 0755), ==, 0);
  OAKUM_AUTO_FD guard = openat(above, "guard", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  OAKUM_AUTO_FD tree = openat(above, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_true(guard >= 0 && tree >= 0 && fstat(guard, &before) == 0);
  g_autoptr(GHashTable) owners = oakum_str_map_new(g_free, g_free);
  OakumReader *plain = oakum_reader_new_limit(oakum_reader_new_memory(data, size), 1 << 20, "tar");
  (void)!oakum_source_unpack(tree, plain, owners, NULL);
  g_assert_cmpint(fstat(guard, &after), ==, 0);
  g_assert_true(before.st_nlink == after.st_nlink && before.st_mode == after.st_mode &&
                after.st_size == 0);
  return 0;
}
