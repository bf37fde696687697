/* What looks like a secret and was published on purpose. Narrow, and told with its reason; what
 * does not count is in results all the same. docs/secrets.md argues each row. */
#include "inspect/secret-private.h"
#include <string.h>

static const struct {
  const char *rule; /* beginning of its id; "": all */
  const char *path; /* "*" and "?" stand for any bytes, "/" too */
  const char *why;
} allowed[] = {
    {"", "usr/share/doc/*", "documentation that a package brings"},
    {"", "usr/share/man/*", "a manual page"},
    {"", "usr/share/info/*", "a manual"},
    {"", "usr/local/share/man/*", "a manual page"},
    {"", "*.dist-info/METADATA", "the description of a Python package"},
    {"", "*.egg-info/PKG-INFO", "the description of a Python package"},
    {"private-key", "*/libgnutls.so.*", "keys that GnuTLS tests itself with"},
    {"private-key", "*/libgnutls.a", "keys that GnuTLS tests itself with"},
};

/* Folders in which installed libraries keep material for their own tests. */
static const char *const tests[] = {"/test/",        "/tests/",     "/testing/",
                                    "/testdata/",    "/test_data/", "/testsuite/",
                                    "/dummyserver/", "/fixtures/",  "/spec/"};

const char *oakum_secret_allowed(const char *rule, const char *path)
{
  for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
    if (g_str_has_prefix(rule, allowed[i].rule) && g_pattern_match_simple(allowed[i].path, path))
      return allowed[i].why;
  if (oakum_secret_places(path) & 1u << SECRET_APP)
    return NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
    if (strstr(path, tests[i]))
      return "what an installed library tests itself with";
  return NULL;
}
