/* Replays every file of the folders and files named on the command line through a fuzz target, so
 * that each input that ever mattered is run again in every test run, under the sanitizers. */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint replay_file(const char *path)
{
  g_autofree char *data = NULL;
  gsize size = 0;
  if (!g_file_get_contents(path, &data, &size, NULL))
    return 0;
  /* An exact-size copy lets ASan see a read one byte past the end. */
  g_autofree uint8_t *copy = g_memdup2(data, size);
  LLVMFuzzerTestOneInput(copy ? copy : (const uint8_t *)"", size);
  return 1;
}

int main(int argc, char **argv)
{
  guint n = 0;
  for (int i = 1; i < argc; i++) {
    g_autoptr(GDir) dir = g_dir_open(argv[i], 0, NULL);
    if (!dir) {
      n += replay_file(argv[i]);
      continue;
    }
    for (const char *name; (name = g_dir_read_name(dir));) {
      g_autofree char *path = g_build_filename(argv[i], name, NULL);
      n += replay_file(path);
    }
  }
  printf("%u inputs replayed\n", n);
  return n > 0 ? 0 : 1; /* a corpus that is not found must not pass */
}
