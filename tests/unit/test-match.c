/* match and policy: what is installed against what is said, and what follows from it. */
#include "match/match-private.h"
#include "os/os.h"
#include "policy/policy.h"
#include <string.h>

typedef struct {
  OakumTempDir *dir;
  OakumAdvisoryDb *db;
  OakumCatalog *catalog;
} World;

static void world_clear(World *w)
{
  oakum_advisory_db_free(w->db);
  oakum_catalog_free(w->catalog);
  oakum_temp_dir_free(w->dir);
}

/* A debian root with one source package, and a database of `records` (OSV, one a line). */
static void world_init(World *w, const char *version, const char *records)
{
  GError *error = NULL;
  *w = (World){.dir = oakum_temp_dir_new(NULL, &error)};
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(w->dir), "db", NULL);
  g_autoptr(OakumAdvisoryImport) import = oakum_advisory_import_new(path, &error);
  g_assert_no_error(error);
  g_assert_true(oakum_advisory_import_read(
      import, "osv", oakum_reader_new_memory(records, strlen(records)), "feed", &error));
  g_assert_true(oakum_advisory_import_commit(import, &error));
  w->db = oakum_advisory_db_open(path, &error);
  g_assert_no_error(error);
  w->catalog = oakum_catalog_new();
  w->catalog->distro.id = g_strdup("debian");
  w->catalog->distro.ecosystem = g_strdup("Debian:12");
  OakumPackage *p = oakum_package_new();
  p->name = g_strdup("libp1");
  p->version = g_strconcat(version, "+b1", NULL);
  p->type = g_strdup("deb");
  p->source_name = g_strdup("p");
  p->source_version = g_strdup(version);
  p->layer_index = 1;
  g_ptr_array_add(p->paths, g_strdup("var/lib/dpkg/status"));
  g_ptr_array_add(w->catalog->packages, p);
}

#define RECORD(id, more, events)                                                                   \
  "{\"id\":\"" id "\"," more "\"affected\":[{\"package\":{\"ecosystem\":\"Debian:12\",\"name\":"   \
  "\"p\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" events "]}]}]}\n"
#define FROM(v) "{\"introduced\":\"" v "\"}"
#define FIXED(v) "{\"fixed\":\"" v "\"}"
#define LAST(v) "{\"last_affected\":\"" v "\"}"

/* Findings as "id fixed status", with a comma between; what could not be judged as its reason. */
static void expect(const char *version, const char *records, const char *wanted)
{
  World w;
  world_init(&w, version, records);
  GError *error = NULL;
  g_autoptr(GPtrArray) findings = oakum_match_run(w.catalog, w.db, NULL, &error);
  g_assert_no_error(error);
  g_autoptr(GString) got = g_string_new(NULL);
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    g_string_append_printf(got, "%s%s", i ? "," : "", f->id);
    if (f->kind == OAKUM_FINDING_VULNERABILITY)
      g_string_append_printf(got, " %s %s", f->fixed ? f->fixed : "-", f->status);
  }
  g_assert_cmpstr(got->str, ==, wanted);
  world_clear(&w);
}

static void test_ranges(void)
{
  expect("1.0", RECORD("CVE-1", "", FROM("0") "," FIXED("1.1")), "CVE-1 1.1 fixed");
  expect("1.1", RECORD("CVE-1", "", FROM("0") "," FIXED("1.1")), "");
  expect("1.1~rc1", RECORD("CVE-1", "", FROM("0") "," FIXED("1.1")), "CVE-1 1.1 fixed");
  expect("0~~", RECORD("CVE-1", "", FROM("0") "," FIXED("1.1")), "CVE-1 1.1 fixed");
  expect("1.0", RECORD("CVE-1", "", FROM("1.1")), "");
  expect("1.1", RECORD("CVE-1", "", FROM("1.1")), "CVE-1 - open");
  expect("1.1", RECORD("CVE-1", "", FROM("0") "," LAST("1.1")), "CVE-1 - open");
  expect("1.2", RECORD("CVE-1", "", FROM("0") "," LAST("1.1")), "");
  expect("not a version", RECORD("CVE-1", "", FROM("0") "," FIXED("1.1")),
         "version-not-comparable");
}

#define BACK RECORD("CVE-1", "", FROM("0") "," FIXED("1") "," FROM("2"))

static void test_several(void)
{
  /* a hole that came back in 2 is open there, whatever was fixed before */
  expect("0.5", BACK, "CVE-1 1 fixed");
  expect("1.5", BACK, "");
  expect("2.5", BACK, "CVE-1 - open");
  /* a record that knows the fix counts over one that only says open … */
  expect("0.5",
         RECORD("A", "\"upstream\":[\"CVE-1\"],", FROM("0"))
             RECORD("B", "\"upstream\":[\"CVE-1\"],", FROM("0") "," FIXED("1")),
         "CVE-1 1 fixed");
  /* … also when the fix is there */
  expect("1",
         RECORD("A", "\"upstream\":[\"CVE-1\"],", FROM("0"))
             RECORD("B", "\"upstream\":[\"CVE-1\"],", FROM("0") "," FIXED("1")),
         "");
  /* of two fixes the one is told that no record still counts as affected */
  expect("0.5",
         RECORD("A", "\"upstream\":[\"CVE-1\"],", FROM("0") "," FIXED("9"))
             RECORD("B", "\"upstream\":[\"CVE-1\"],", FROM("0") "," FIXED("1")),
         "CVE-1 9 fixed");
  /* one advisory that mends two */
  expect("0.5", RECORD("DSA-1", "\"upstream\":[\"CVE-2\",\"CVE-1\"],", FROM("0") "," FIXED("1")),
         "CVE-1 1 fixed,CVE-2 1 fixed");
}

static void test_explained(void)
{
  World w;
  world_init(&w, "1.0",
             RECORD("DSA-1",
                    "\"upstream\":[\"CVE-1\"],\"summary\":\"A hole\","
                    "\"database_specific\":{\"severity\":\"moderate\"},",
                    FROM("0") "," FIXED("1.1")));
  g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(int));
  g_array_append_vals(lines, (const int[]){0, 7}, 2);
  g_autoptr(GPtrArray) findings =
      oakum_match_run(w.catalog, w.db, &(OakumMatchOptions){.layer_lines = lines}, NULL);
  g_assert_cmpuint(findings->len, ==, 1);
  const OakumFinding *f = findings->pdata[0];
  g_assert_cmpint(f->severity, ==, OAKUM_SEVERITY_MEDIUM);
  g_assert_cmpstr(f->title, ==, "A hole");
  g_assert_cmpint(f->dockerfile_line, ==, 7);
  g_assert_cmpstr(f->aliases[0], ==, "DSA-1");
  static const char *const evidence[] = {
      "var/lib/dpkg/status", "libp1", "1.0+b1", "DSA-1", "1.1", "Debian:12"};
  for (size_t i = 0; i < G_N_ELEMENTS(evidence); i++)
    g_assert_nonnull(strstr(f->why, evidence[i]));
  world_clear(&w);
}

static void test_policy(void)
{
  enum { H = OAKUM_SEVERITY_HIGH, L = OAKUM_SEVERITY_LOW, U = OAKUM_SEVERITY_UNKNOWN, NONE = -1 };
  static const struct {
    const char *policy;
    int severity; /* of the one hole */
    gboolean fixed, incomplete;
    OakumVerdictKind verdict;
  } cases[] = {
      {"none", H, TRUE, FALSE, OAKUM_VERDICT_PASS},
      {"none", H, TRUE, TRUE, OAKUM_VERDICT_UNKNOWN},
      {"fixable", L, TRUE, FALSE, OAKUM_VERDICT_FAIL},
      {"fixable", U, TRUE, FALSE, OAKUM_VERDICT_FAIL},
      {"fixable", H, FALSE, FALSE, OAKUM_VERDICT_PASS},
      {"fixable", H, FALSE, TRUE, OAKUM_VERDICT_UNKNOWN},
      {"fixable", H, TRUE, TRUE, OAKUM_VERDICT_FAIL},
      {"high", H, FALSE, FALSE, OAKUM_VERDICT_FAIL},
      {"critical", H, FALSE, FALSE, OAKUM_VERDICT_PASS},
      {"HIGH", L, TRUE, FALSE, OAKUM_VERDICT_PASS},
      {"high", U, TRUE, FALSE, OAKUM_VERDICT_UNKNOWN},
      {"high", NONE, FALSE, FALSE, OAKUM_VERDICT_PASS},
      {"high", NONE, FALSE, TRUE, OAKUM_VERDICT_UNKNOWN},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(OakumPolicy) policy = oakum_policy_new();
    g_assert_true(oakum_policy_add_fail_on(policy, cases[i].policy));
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
    if (cases[i].severity != NONE) {
      OakumFinding *hole =
          oakum_finding_new(OAKUM_FINDING_VULNERABILITY, "CVE-1", (OakumSeverity)cases[i].severity);
      hole->fixed = cases[i].fixed ? g_strdup("1") : NULL;
      g_ptr_array_add(list, hole);
    }
    if (cases[i].incomplete)
      g_ptr_array_add(list,
                      oakum_finding_new(OAKUM_FINDING_INCOMPLETE, "x", OAKUM_SEVERITY_UNKNOWN));
    g_autoptr(OakumVerdict) verdict =
        oakum_policy_evaluate(policy, &(OakumPolicyInput){.findings = list});
    g_assert_cmpint(verdict->kind, ==, cases[i].verdict);
    g_assert_cmpint(verdict->reasons->len > 0, ==, verdict->kind != OAKUM_VERDICT_PASS);
  }
  g_autoptr(OakumPolicy) policy = oakum_policy_new();
  g_assert_false(oakum_policy_add_fail_on(policy, "unknown"));
  g_assert_false(oakum_policy_add_fail_on(policy, ""));
}

/* What is kept is what was found; cut anywhere it is refused. */
static void test_kept(void)
{
  World w;
  world_init(&w, "1.0",
             RECORD("CVE-1", "\"summary\":\"a\",\"aliases\":[\"GHSA-1\"],",
                    FROM("0") "," FIXED("1.1")) RECORD("CVE-2", "", FROM("0")));
  g_autoptr(GPtrArray) findings = oakum_match_run(w.catalog, w.db, NULL, NULL);
  g_autoptr(GPtrArray) back = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_autoptr(GByteArray) out = g_byte_array_new(), again = g_byte_array_new();
  g_assert_cmpuint(findings->len, >=, 2);
  oakum_match_kept_format(findings, 0, out);
  g_assert_true(oakum_match_kept_parse((OakumSlice){out->data, out->len}, back));
  g_assert_cmpuint(back->len, ==, findings->len);
  oakum_match_kept_format(back, 0, again);
  g_assert_cmpmem(out->data, out->len, again->data, again->len);
  for (guint n = 0; n < out->len; n++) {
    g_assert_false(oakum_match_kept_parse((OakumSlice){out->data, n}, back));
    g_assert_cmpuint(back->len, ==, findings->len);
  }
  world_clear(&w);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/match/kept", test_kept);
  g_test_add_func("/match/ranges", test_ranges);
  g_test_add_func("/match/several", test_several);
  g_test_add_func("/match/explained", test_explained);
  g_test_add_func("/policy/verdicts", test_policy);
  return g_test_run();
}
