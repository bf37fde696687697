/* What looks like a secret and was published on purpose. Narrow, and told with its reason; what
 * does not count is in results all the same. docs/secrets.md argues each row. */
#include "inspect/secret-private.h"
#include <string.h>

static const struct {
  SecretReason reason;
  const char *rule; /* beginning of its id; "": all */
  const char *path; /* "*" and "?" stand for any bytes, "/" too */
  const char *why;
} allowed[] = {
    {SECRET_REASON_MANUALS, "", "usr/share/doc/*", "documentation that a package brings"},
    {SECRET_REASON_MANUALS, "", "usr/share/man/*", "a manual page"},
    {SECRET_REASON_MANUALS, "", "usr/share/info/*", "a manual"},
    {SECRET_REASON_MANUALS, "", "usr/local/share/man/*", "a manual page"},
    {SECRET_REASON_PYTHON, "", "*.dist-info/METADATA", "the description of a Python package"},
    {SECRET_REASON_PYTHON, "", "*.egg-info/PKG-INFO", "the description of a Python package"},
    {SECRET_REASON_GNUTLS, "private-key", "*/libgnutls.so.*", "keys that GnuTLS tests itself with"},
    {SECRET_REASON_GNUTLS, "private-key", "*/libgnutls.a", "keys that GnuTLS tests itself with"},
};

/* Folders in which installed libraries keep material for their own tests. */
static const char *const tests[] = {"/test/",        "/tests/",     "/testing/",
                                    "/testdata/",    "/test_data/", "/testsuite/",
                                    "/dummyserver/", "/fixtures/",  "/spec/"};

/* Each by its name here and by trivy's; those of trivy that are no reason here have number -2. */
static const struct {
  const char *name;
  int reason;
} names[] = {{"manuals", SECRET_REASON_MANUALS},
             {"usr-dirs", SECRET_REASON_MANUALS},
             {"python-descriptions", SECRET_REASON_PYTHON},
             {"python", SECRET_REASON_PYTHON},
             {"gnutls", SECRET_REASON_GNUTLS},
             {"library-tests", SECRET_REASON_TESTS},
             {"tests", SECRET_REASON_TESTS},
             {"examples", -2},
             {"vendor", -2},
             {"locale-dir", -2},
             {"markdown", -2},
             {"node.js", -2},
             {"golang", -2},
             {"rubygems", -2},
             {"wordpress", -2},
             {"anaconda-log", -2}};

int oakum_secret_reason(const char *name)
{
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(names[i].name, name) == 0)
      return names[i].reason;
  return -1;
}

/* How they name single files of that sort. */
static const char *const test_ends[] = {"_test.go", "_test.py", "_test.rb",
                                        ".test.js", ".spec.js", ".test.ts"};

const char *oakum_secret_allowed(const char *rule, const char *path, guint but)
{
  for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
    if (!(but >> allowed[i].reason & 1) && g_str_has_prefix(rule, allowed[i].rule) &&
        g_pattern_match_simple(allowed[i].path, path))
      return allowed[i].why;
  if (but >> SECRET_REASON_TESTS & 1 || oakum_secret_places(path) & 1u << SECRET_APP)
    return NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
    if (strstr(path, tests[i]))
      return "what an installed library tests itself with";
  for (size_t i = 0; i < G_N_ELEMENTS(test_ends); i++)
    if (g_str_has_suffix(path, test_ends[i]))
      return "what an installed library tests itself with";
  return NULL;
}
