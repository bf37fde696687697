/* Runs while oakum is built: writes the databases of Vectorscan, whose making takes longer than the
 * scan of a small image, and a header that takes them in. For the least processor of its kind, so
 * that every one takes them. */
#include "inspect/secret-private.h"
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  g_autoptr(GByteArray) all = g_byte_array_new();
  g_autoptr(GError) error = NULL;
  const SecretTable *table = argc == 3 ? oakum_secret_table() : NULL;
  for (int set = 0; table && set < SECRET_SETS; set++) {
    char *bytes = NULL;
    size_t len = 0;
    if (hs_serialize_database(table->databases[set], &bytes, &len) != HS_SUCCESS)
      return 1;
    uint32_t length = (uint32_t)len;
    g_byte_array_append(all, (const guint8 *)&length, sizeof length);
    g_byte_array_append(all, (const guint8 *)bytes, length);
  }
  g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, all->data, all->len),
                  *real = argc == 3 ? g_canonicalize_filename(argv[1], NULL) : NULL,
                  *header =
                      g_strdup_printf("/* %s */\n#define SECRET_DATABASES \"%s\"\n", sum, real);
  gboolean ok = table &&
                g_file_set_contents(argv[1], (const char *)all->data, (gssize)all->len, &error) &&
                g_file_set_contents(argv[2], header, -1, &error);
  if (!ok)
    fprintf(stderr, "make-secrets: %s\n", error ? error->message : "cannot compile the literals");
  _exit(ok ? 0 : 1); /* nothing is given back */
}
