#include "advisory/advisory-private.h"
#include "os/os.h"
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  OakumTempDir *dir;
  char *path;
} Fixture;

static void setup(Fixture *f, gconstpointer unused)
{
  GError *error = NULL;
  f->dir = oakum_temp_dir_new(NULL, &error);
  g_assert_no_error(error);
  f->path = g_build_filename(oakum_temp_dir_path(f->dir), "adv.db", NULL);
}

static void teardown(Fixture *f, gconstpointer unused)
{
  oakum_temp_dir_free(f->dir);
  g_free(f->path);
}

static gboolean import_text(const char *path, const char *feed, const char *text, GError **error)
{
  g_autoptr(OakumAdvisoryImport) import = oakum_advisory_import_new(path, error);
  return import &&
         oakum_advisory_import_read(import, feed, oakum_reader_new_memory(text, strlen(text)),
                                    "input", error) &&
         oakum_advisory_import_commit(import, error);
}

static void import_ok(Fixture *f, const char *feed, const char *text)
{
  GError *error = NULL;
  gboolean ok = import_text(f->path, feed, text, &error);
  g_assert_no_error(error);
  g_assert_true(ok);
}

/* "id introduced..fixed" of each row, with a comma between. */
static char *rows(Fixture *f, const char *ecosystem, const char *package)
{
  GError *error = NULL;
  g_autoptr(OakumAdvisoryDb) db = oakum_advisory_db_open(f->path, &error);
  g_assert_no_error(error);
  g_autoptr(OakumAdvisoryList) list = oakum_advisory_db_find(db, ecosystem, package, &error);
  g_assert_no_error(error);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < list->len; i++) {
    const OakumAdvisory *a = &list->items[i];
    for (guint k = 0; a->ids[k]; k++)
      for (guint r = 0; r < a->n_ranges; r++)
        g_string_append_printf(out, "%s%s %s..%s", out->len ? "," : "", a->ids[k],
                               a->ranges[r].introduced ? a->ranges[r].introduced : "",
                               a->ranges[r].fixed ? a->ranges[r].fixed : "");
  }
  return g_string_free(out, FALSE);
}

static void expect(Fixture *f, const char *ecosystem, const char *package, const char *wanted)
{
  g_autofree char *got = rows(f, ecosystem, package);
  g_assert_cmpstr(got, ==, wanted);
}

static void expect_aliases(const OakumAdvisory *a, const char *wanted)
{
  g_autofree char *got = g_strjoinv(" ", (char **)a->aliases);
  g_assert_cmpstr(got, ==, wanted);
}

#define RECORD(id, more, events)                                                                   \
  "{\"id\":\"" id "\"," more "\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":{"  \
  "\"ecosystem\":\"Debian:12\",\"name\":\"p\"},\"ranges\":[{\"type\":\"ECOSYSTEM\","               \
  "\"events\":" events "}]}]}\n"

static void test_names(Fixture *f, gconstpointer unused)
{
  import_ok(
      f, "osv",
      RECORD("A-1", "\"aliases\":[\"GHSA-1\",\"CVE-1\",\"CVE-2\"],", "[{\"introduced\":\"0\"}]")
          RECORD("B-1", "\"upstream\":[\"CVE-3\",\" a b\",\"X-1\",\"\",\"CVE-4\"],",
                 "[{\"introduced\":\"0\"},{\"fixed\":\"2\"}]")
              RECORD("C-1", "", "[{\"introduced\":\"0\"}]"));
  expect(f, "Debian:12", "p", "CVE-1 0..,CVE-3 0..2,CVE-4 0..2,C-1 0..");
  g_autoptr(OakumAdvisoryDb) db = oakum_advisory_db_open(f->path, NULL);
  g_autoptr(OakumAdvisoryList) list = oakum_advisory_db_find(db, "Debian:12", "p", NULL);
  expect_aliases(&list->items[0], "GHSA-1 CVE-2 A-1");
  expect_aliases(&list->items[1], "X-1 B-1");
  g_assert_true(oakum_advisory_db_knows(db, "Debian:12"));
  g_assert_false(oakum_advisory_db_knows(db, "Debian:1"));
}

static void test_events(Fixture *f, gconstpointer unused)
{
  import_ok(
      f, "osv",
      RECORD("R-1", "", "[{\"introduced\":\"0\"},{\"fixed\":\"1\"},{\"introduced\":\"2\"}]")
          RECORD("R-2", "", "[{\"introduced\":\"1\"},{\"introduced\":\"2\"},{\"fixed\":\"3\"}]")
              RECORD("R-3", "", "[{\"introduced\":\"0\"},{\"limit\":\"9\"}]"));
  expect(f, "Debian:12", "p", "R-1 0..1,R-1 2..,R-2 1..3,R-3 0..");
  static const char *const bad[] = {
      RECORD("R-1", "", "{}"),
      RECORD("R-1", "", "[{\"introduced\":0}]"),
      RECORD("R-1", "", "[{\"introduced\":\"0\",\"fixed\":\"1\"}]"),
      RECORD("R-1", "", "[{}]"),
      RECORD("R-1", "", "[\"0\"]"),
      RECORD("R-1", "", "[{\"fixed\":\"1\\n2\"}]"),
      RECORD("R-1", "\"aliases\":\"CVE-1\",", "[]"),
      RECORD("R-1", "\"aliases\":[7],", "[]"),
      RECORD("R 1", "", "[]"),
      "{\"id\":\"R-1\",\"affected\":{}}",
      "{\"id\":\"R-1\",\"affected\":[{\"package\":{\"name\":\"p\"}}]}",
      "{\"id\":\"R-1\",\"affected\":[{\"package\":{\"name\":\"p\",\"ecosystem\":\"e\"},"
      "\"versions\":[1]}]}",
  };
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    GError *error = NULL;
    g_assert_false(import_text(f->path, "osv", bad[i], &error));
    g_assert_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID);
    g_clear_error(&error);
  }
  expect(f, "Debian:12", "p", "R-1 0..1,R-1 2..,R-2 1..3,R-3 0..");
}

/* What a feed says later replaces what it said before. */
static void test_replace(Fixture *f, gconstpointer unused)
{
  import_ok(f, "osv",
            RECORD("R-1", "", "[{\"introduced\":\"0\"},{\"fixed\":\"1\"},{\"introduced\":\"2\"}]")
                RECORD("R-2", "", "[{\"introduced\":\"0\"}]"));
  import_ok(f, "osv",
            RECORD("R-1", "", "[{\"introduced\":\"0\"},{\"fixed\":\"3\"}]")
                RECORD("R-2", "\"withdrawn\":\"2026-01-02T00:00:00Z\",", "[]"));
  expect(f, "Debian:12", "p", "R-1 0..3");
}

#define SECDB(repo, fixes)                                                                         \
  "{\"distroversion\":\"v3.1\",\"reponame\":\"" repo                                               \
  "\",\"packages\":[{\"pkg\":{\"name\":\"p\",\"secfixes\":" fixes "}}]}"

static void test_secdb(Fixture *f, gconstpointer unused)
{
  import_ok(
      f, "alpine-secdb",
      SECDB("main",
            "{\"1-r0\":[\"CVE-1 XSA-2 (+ more)\"],\"0\":[\"CVE-9\"],\"2-r0\":null,\"3-r0\":{}}"));
  import_ok(f, "alpine-secdb", SECDB("community", "{\"1-r1\":[\"CVE-1\"]}"));
  expect(f, "Alpine:v3.1", "p", "CVE-1 ..1-r1,CVE-1 ..1-r0");
  g_autoptr(OakumAdvisoryDb) db = oakum_advisory_db_open(f->path, NULL);
  g_autoptr(OakumAdvisoryList) list = oakum_advisory_db_find(db, "Alpine:v3.1", "p", NULL);
  expect_aliases(&list->items[1], "XSA-2");
  import_ok(f, "alpine-secdb", SECDB("main", "{\"1-r7\":[\"CVE-1\"]}"));
  expect(f, "Alpine:v3.1", "p", "CVE-1 ..1-r1,CVE-1 ..1-r7");
  static const char *const bad[] = {SECDB("main", "[1]"),
                                    SECDB("main", "{\"1\":\"CVE-1\"}"),
                                    SECDB("main", "{\"1\":[1]}"),
                                    SECDB("main", "{\"\":[\"CVE-1\"]}"),
                                    "{\"distroversion\":\"v3.1\",\"packages\":[]}",
                                    "[]"};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    GError *error = NULL;
    g_assert_false(import_text(f->path, "alpine-secdb", bad[i], &error));
    g_assert_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID);
    g_clear_error(&error);
  }
}

/* A database of another shape is neither read nor written to. */
static void test_foreign(Fixture *f, gconstpointer unused)
{
  static const char *const others[] = {
      "CREATE TABLE bookmarks(url)",
      "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
      "INSERT INTO meta VALUES('schema', '2')"};
  for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
    GError *error = NULL;
    (void)!g_unlink(f->path);
    g_autoptr(OakumSql) sql = oakum_sql_open_write(f->path, &error);
    g_assert_true(oakum_sql_exec(sql, others[i], &error));
    g_clear_pointer(&sql, oakum_sql_free);
    g_autofree char *before = NULL, *after = NULL;
    gsize before_len, after_len;
    g_assert_true(g_file_get_contents(f->path, &before, &before_len, NULL));
    g_assert_null(oakum_advisory_db_open(f->path, &error));
    g_assert_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_false(import_text(f->path, "osv", RECORD("R-1", "", "[]"), &error));
    g_clear_error(&error);
    g_assert_true(g_file_get_contents(f->path, &after, &after_len, NULL));
    g_assert_cmpmem(before, before_len, after, after_len);
  }
}

static void test_severity(void)
{
  static const struct {
    const char *vector;
    OakumSeverity severity;
  } cases[] = {
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", OAKUM_SEVERITY_CRITICAL},   /* 9.8 */
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", OAKUM_SEVERITY_MEDIUM},     /* 6.1 */
      {"CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", OAKUM_SEVERITY_HIGH},       /* 7.8 */
      {"CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", OAKUM_SEVERITY_LOW},        /* 1.6 */
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", OAKUM_SEVERITY_NEGLIGIBLE}, /* 0.0 */
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", OAKUM_SEVERITY_UNKNOWN},
      {"CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", OAKUM_SEVERITY_UNKNOWN},
      {"AV:N/AC:L/Au:N/C:P/I:P/A:P", OAKUM_SEVERITY_HIGH}, /* 7.5 of version 2 */
      {"", OAKUM_SEVERITY_UNKNOWN},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
    g_assert_cmpint(oakum_cvss3_severity(cases[i].vector), ==, cases[i].severity);
}

#define ADD(name, func) g_test_add(name, Fixture, NULL, setup, func, teardown)

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("/advisory/names", test_names);
  ADD("/advisory/events", test_events);
  ADD("/advisory/replace", test_replace);
  ADD("/advisory/secdb", test_secdb);
  ADD("/advisory/foreign", test_foreign);
  g_test_add_func("/advisory/severity", test_severity);
  return g_test_run();
}
