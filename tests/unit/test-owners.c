#include "os/os.h"
#include "os/owners.h"
#include <string.h>
#include <sys/sysmacros.h>

static void test_record(void)
{
  g_autoptr(OakumOwners) owners = oakum_owners_new();
  struct stat st = {
      .st_dev = 1, .st_ino = 7, .st_mode = S_IFREG | 0600, .st_uid = 1000, .st_size = 3};
  mode_t disk;
  /* what is not in the table is root's, with the mode of the disk */
  oakum_owners_patch(owners, &st);
  g_assert_cmpuint(st.st_uid, ==, 0);
  g_assert_cmpuint(st.st_mode, ==, S_IFREG | 0600);
  g_assert_true(oakum_owners_record(owners, &st, 5, 6, S_IFREG | 04041, 0, &disk));
  g_assert_cmpuint(disk, ==, 0641);
  oakum_owners_patch(owners, &st);
  g_assert_cmpuint(st.st_uid, ==, 5);
  g_assert_cmpuint(st.st_gid, ==, 6);
  g_assert_cmpuint(st.st_mode, ==, S_IFREG | 04041);
  /* a row that says what holds without it goes */
  g_assert_true(oakum_owners_record(owners, &st, 0, 0, S_IFREG | 0644, 0, &disk));
  g_assert_null(oakum_owners_find(owners, 1, 7));
  g_assert_true(oakum_owners_record(owners, &st, 0, 0, S_IFCHR | 0666, makedev(1, 3), &disk));
  oakum_owners_patch(owners, &st);
  g_assert_true(S_ISCHR(st.st_mode));
  g_assert_cmpuint(st.st_rdev, ==, makedev(1, 3));
  g_assert_cmpint(st.st_size, ==, 0);
  oakum_owners_patch(NULL, &st); /* no table: nothing is done */
  g_assert_true(S_ISCHR(st.st_mode));
}

static void test_setgid_folders(void)
{
  g_autoptr(OakumOwners) owners = oakum_owners_new();
  struct stat st = {.st_dev = 1, .st_ino = 8, .st_mode = S_IFDIR | 0755};
  mode_t disk;
  g_assert_false(oakum_owners_any_setgid_folder(owners));
  g_assert_true(oakum_owners_record(owners, &st, 0, 50, S_IFDIR | 02055, 0, &disk));
  g_assert_cmpuint(disk, ==, 0755);
  g_assert_true(oakum_owners_record(owners, &st, 0, 50, S_IFDIR | 02775, 0, &disk));
  g_assert_true(oakum_owners_any_setgid_folder(owners));
  g_autoptr(GHashTable) alive = oakum_owners_set_new();
  oakum_owners_keep(owners, alive);
  g_assert_false(oakum_owners_any_setgid_folder(owners));
  g_assert_null(oakum_owners_find(owners, 1, 8));
}

static void test_file(void)
{
  g_autoptr(OakumTempDir) folder = oakum_temp_dir_new(NULL, NULL);
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(folder), "owners", NULL),
                  *text = NULL;
  g_autoptr(OakumOwners) one = oakum_owners_new();
  g_autoptr(OakumOwners) two = oakum_owners_new();
  g_autoptr(GError) error = NULL;
  uint8_t capability[20] = {1, 2, 3};
  OakumOwner owner = {
      .uid = 4, .mode = S_IFREG | 04755, .capability = capability, .capability_len = 20};
  size_t len;
  g_assert_true(oakum_owners_load(two, path, &error)); /* not there: empty */
  g_assert_true(oakum_owners_set(one, 1, 2, &owner));
  g_assert_true(oakum_owners_set(one, 1, 3, &(OakumOwner){.gid = 9}));
  g_assert_true(oakum_owners_save(one, path, &error));
  g_assert_true(oakum_owners_load(two, path, &error));
  const OakumOwner *got = oakum_owners_find(two, 1, 2);
  g_assert_nonnull(got);
  g_assert_cmpmem(got->capability, got->capability_len, capability, 20);
  g_assert_cmpuint(got->mode, ==, S_IFREG | 04755);
  g_assert_cmpuint(oakum_owners_find(two, 1, 3)->gid, ==, 9);
  /* cut anywhere but behind a row, it is no table */
  g_assert_true(oakum_file_read(path, OAKUM_MIB, &text, &len, &error));
  for (size_t cut = 0; cut < len; cut++) {
    g_autofree char *cut_path = g_strconcat(path, "-cut", NULL);
    g_autoptr(GError) why = NULL;
    g_assert_true(g_file_set_contents(cut_path, text, (gssize)cut, NULL));
    gboolean ok = oakum_owners_load(two, cut_path, &why);
    g_assert_true(ok == (why == NULL));
    g_assert_true(!ok || cut == 15 || cut == 15 + 40 || cut == 15 + 60);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/owners/record", test_record);
  g_test_add_func("/owners/setgid-folders", test_setgid_folders);
  g_test_add_func("/owners/file", test_file);
  return g_test_run();
}
