/* --secret-config. Any bytes give rules or an error, never both; rules that are taken are the same
 * when another process is told them, can be looked with, and what they find shows nothing. */
#include "inspect/inspect.h"
#include <string.h>

/* Vectorscan takes its time with large expressions; the program bounds that in the process that
 * compiles them. */
#define COMPILED_MAX 600u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(void)
{
  static const char text[] = "acme_0123456789abcdef BEGIN acme_fedcba9876543210 END token q-12-q\n"
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n";
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free),
                       incomplete =
                           g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  oakum_inspect_secrets("app/x.env", (OakumSlice){(const uint8_t *)text, sizeof text - 1}, found,
                        incomplete);
  for (guint i = 0; i < found->len; i++)
    g_assert_null(strstr(((const OakumFinding *)found->pdata[i])->match, "acme"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  gboolean ok = oakum_inspect_secret_config((const char *)data, size, "fuzz", &error);
  g_assert_true(ok == (error == NULL));
  if (!ok) {
    g_assert_true(g_str_has_prefix(error->message, "fuzz"));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    return 0;
  }
  g_autofree char *digest = g_strdup(oakum_inspect_secret_digest()),
                  *text = g_strdup(oakum_inspect_secret_text());
  g_assert_true(oakum_inspect_secret_config(text, strlen(text), NULL, &error));
  g_assert_cmpstr(digest, ==, oakum_inspect_secret_digest());
  if (size <= COMPILED_MAX) {
    ok = oakum_inspect_secret_ready(&error);
    g_assert_true(ok == (error == NULL));
    if (ok)
      look();
  }
  g_assert_true(oakum_inspect_secret_config(NULL, 0, NULL, NULL));
  g_assert_null(oakum_inspect_secret_text());
  return 0;
}
