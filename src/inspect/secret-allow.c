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
    {SECRET_REASON_GNUTLS, "private-key", "usr/bin/gnutls-*", "keys that GnuTLS tests itself with"},
    {SECRET_REASON_BROWSERS, "gcp-", "usr/lib/chromium*",
     "a key that every copy of the browser has"},
    {SECRET_REASON_BROWSERS, "gcp-", "opt/google/chrome*",
     "a key that every copy of the browser has"},
    {SECRET_REASON_BROWSERS, "gcp-", "*/chrome-linux*/*",
     "a key that every copy of the browser has"},
    {SECRET_REASON_BROWSERS, "gcp-", "*/chrome-headless-shell*",
     "a key that every copy of the browser has"},
    {SECRET_REASON_BROWSERS, "gcp-", "*/electron/dist/*",
     "a key that every copy of the browser has"},
    {SECRET_REASON_BROWSERS, "gcp-", "usr/lib/electron*",
     "a key that every copy of the browser has"},
    {SECRET_REASON_SNAKEOIL, "private-key", "etc/ssl/private/ssl-cert-snakeoil.key",
     "the key that ssl-cert makes for tests, which nobody trusts"},
};

/* Folders in which installed libraries keep material for their own tests, or show how they are
 * used. */
static const char *const tests[] = {
    "spec",        "specs", "fixture",     "fixtures",  "__fixtures__", "mocks", "__mocks__",
    "dummyserver", "e2e",   "integration", "__tests__", "unittest",     NULL};
static const char *const examples[] = {"example", "examples", "sample", "samples",       "demo",
                                       "demos",   "docs",     "doc",    "documentation", NULL};
/* words that only end so */
static const char *const no_tests[] = {"latest", "attest", "contest", NULL};

/* "test", "testdata", "test-fixtures", "caddytest", "unit_tests" … */
static gboolean is_test_folder(const char *word)
{
  return g_strv_contains(tests, word) || g_str_has_prefix(word, "test") ||
         ((g_str_has_suffix(word, "test") || g_str_has_suffix(word, "tests")) &&
          !g_strv_contains(no_tests, word));
}

static const char *by_folder(const char *path)
{
  g_autofree char *lower = g_ascii_strdown(path, -1);
  char *at = lower;
  const char *why = NULL;
  for (char *slash; (slash = strchr(at, '/')) != NULL; at = slash + 1) {
    *slash = '\0';
    if (is_test_folder(at))
      return "what an installed library tests itself with";
    if (g_strv_contains(examples, at))
      why = "an example that an installed library brings";
  }
  return why;
}

/* Each by its name here and by trivy's; those of trivy that are no reason here have number -2. */
static const struct {
  const char *name;
  int reason;
} names[] = {{"manuals", SECRET_REASON_MANUALS},
             {"usr-dirs", SECRET_REASON_MANUALS},
             {"python-descriptions", SECRET_REASON_PYTHON},
             {"python", SECRET_REASON_PYTHON},
             {"gnutls", SECRET_REASON_GNUTLS},
             {"browsers", SECRET_REASON_BROWSERS},
             {"snakeoil", SECRET_REASON_SNAKEOIL},
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
static const char *const test_ends[] = {".examples.json", "_test.go", "_test.py", "_test.rb",
                                        ".test.js",       ".spec.js", ".test.ts"};

/* What they read who use it: "README", "CHANGES.rst", "docs.md". */
static gboolean is_manual(const char *path)
{
  static const char *const begins[] = {"README", "CHANGELOG", "CHANGES", "HISTORY"},
                           *const ends[] = {".md", ".rst", ".markdown", ".adoc"};
  const char *name = oakum_path_base(path);
  for (size_t i = 0; i < G_N_ELEMENTS(begins); i++)
    if (g_str_has_prefix(name, begins[i]))
      return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
    if (g_str_has_suffix(name, ends[i]))
      return TRUE;
  return FALSE;
}

const char *oakum_secret_allowed(const char *rule, const char *path, guint but)
{
  for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
    if (!(but >> allowed[i].reason & 1) && g_str_has_prefix(rule, allowed[i].rule) &&
        g_pattern_match_simple(allowed[i].path, path))
      return allowed[i].why;
  if (but >> SECRET_REASON_TESTS & 1 || oakum_secret_places(path) & 1u << SECRET_APP)
    return NULL;
  const char *why = by_folder(path);
  for (size_t i = 0; i < G_N_ELEMENTS(test_ends); i++)
    if (g_str_has_suffix(path, test_ends[i]))
      return "what an installed library tests itself with";
  return !why && is_manual(path) ? "documentation that an installed library brings" : why;
}

/* What specifications and tools show or are set to, by its first characters. */
static const struct {
  const char *text, *why;
} published[] = {
    {"Eby8vdM02xNOcqFl", "the key of Azure's storage emulator, which is documented"},
    {"C2y6yDjf5/R+ob0N", "the key of Azure's database emulator, which is documented"},
    {"X4cTteJY_gn4FYPs", "a key of RFC 7517"},
    {"870MB6gfuTJ4HtUn", "a key of RFC 7517"},
    {"GawgguFyGrWKav7A", "a key of RFC 7517"},
    {"AyM1SysPpbyDfgZl", "a key of RFC 7515"},
    {"jpsQnnGQmL-YBIff", "a key of RFC 7515"},
    {"Eq5xpGnNCivDflJs", "a key of RFC 7515"},
    {"AY5pb7A0UFiB3REL", "a key of RFC 7515"},
    {"nWGxne_9WmC6hEr0", "a key of RFC 8037"},
    {"d-FL95Q19q7MQmFp", "every copy of Google's gcloud has it"},
    {"ZmssLNjJy2998hD4", "every copy of Google's gcloud has it"},
    {"a84ENvkWzWgFGtVA", "the key by which Netty asks what OpenSSL can do"},
};

const char *oakum_secret_published(OakumSlice text)
{
  for (size_t i = 0; i < G_N_ELEMENTS(published); i++)
    if (memmem(text.data, text.len, published[i].text, strlen(published[i].text)))
      return published[i].why;
  return NULL;
}
