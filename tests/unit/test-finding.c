#include "finding/finding.h"

static OakumFinding *make(const char *package, const char *id)
{
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_VULNERABILITY, id, OAKUM_SEVERITY_HIGH);
  finding->package_name = g_strdup(package);
  return finding;
}

static void test_order(void)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_ptr_array_add(list, make("b", "CVE-2021-1000"));
  g_ptr_array_add(list, make("b", "CVE-2021-999"));
  g_ptr_array_add(list, make("a", "CVE-2022-1"));
  g_ptr_array_sort(list, oakum_finding_compare);
  const char *want[] = {"CVE-2022-1", "CVE-2021-999", "CVE-2021-1000"};
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr(((OakumFinding *)list->pdata[i])->id, ==, want[i]);
}

static void test_fingerprint(void)
{
  g_autoptr(OakumFinding) a = make("x", "CVE-1"), b = make("x", "CVE-1"), c = make("xC", "VE-1");
  b->dockerfile_line = 7;
  g_autofree char *fa = oakum_finding_fingerprint(a), *fb = oakum_finding_fingerprint(b),
                  *fc = oakum_finding_fingerprint(c);
  g_assert_cmpstr(fa, ==, fb);
  g_assert_cmpstr(fa, !=, fc);
  static const char *const purls[][2] = {
      {"pkg:deb/debian/a@1?arch=amd64", "pkg:deb/debian/a@1?arch=amd64&upstream=b%402"},
      {"pkg:apk/alpine/a@1", "pkg:apk/alpine/a@1?upstream=b"},
      {"pkg:rpm/redhat/a@1?upstream=b", NULL},
      {"pkg:deb/debian/a@1?upstream=b&x=y", NULL},
      {"pkg:deb/debian/upstream=b", NULL}};
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (size_t i = 0; i < G_N_ELEMENTS(purls); i++)
    for (size_t j = 0; j < 2 && purls[i][j]; j++) {
      g_free(a->package_purl);
      a->package_purl = g_strdup(purls[i][j]);
      g_assert_cmpint(g_hash_table_add(seen, oakum_finding_fingerprint(a)), ==, j == 0);
    }
}

static void test_severity(void)
{
  OakumSeverity severity;
  g_assert_true(oakum_severity_parse("High", &severity));
  g_assert_cmpint(severity, ==, OAKUM_SEVERITY_HIGH);
  g_assert_cmpstr(oakum_severity_name(severity), ==, "high");
  g_assert_false(oakum_severity_parse("hi", &severity));
}

static void test_cvss(void)
{
  /* scores as FIRST's own calculators show them */
  static const struct {
    const char *vector;
    double score; /* -1: none */
    OakumSeverity severity;
  } cases[] = {
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10,
       OAKUM_SEVERITY_CRITICAL},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3,
       OAKUM_SEVERITY_CRITICAL},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0,
       OAKUM_SEVERITY_NEGLIGIBLE},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:S/VI:N/VA:N/SC:N/SI:N/SA:N", -1, 0},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N", -1, 0},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10, OAKUM_SEVERITY_CRITICAL},
      {"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, OAKUM_SEVERITY_MEDIUM},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:X/C:H/I:H/A:H", -1, 0},
      {"AV:N/AC:L/Au:N/C:C/I:C/A:C", 10, OAKUM_SEVERITY_HIGH},
      {"(AV:N/AC:L/Au:N/C:P/I:P/A:P)", -1, 0}, /* no letter ends in a bracket */
      {"AV:L/AC:H/Au:M/C:N/I:N/A:P", 0.8, OAKUM_SEVERITY_LOW},
      {"CVSS:5.0/AV:N", -1, 0},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    double score = -1;
    OakumSeverity severity = OAKUM_SEVERITY_UNKNOWN;
    gboolean ok = oakum_cvss_score(cases[i].vector, &score, &severity);
    g_assert_cmpint(ok, ==, cases[i].score >= 0);
    if (!ok)
      continue;
    g_assert_cmpfloat_with_epsilon(score, cases[i].score, 0.001);
    g_assert_cmpint(severity, ==, cases[i].severity);
  }
}

static void test_cvss_normal(void)
{
  static const char *const cases[][2] = {
      {"CVSS:3.1/C:H/I:H/A:H/AV:N/AC:L/PR:N/UI:N/S:U/",
       "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
      {"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:X/RL:O/MAV:L/foo:bar",
       "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/RL:O/MAV:L"},
      {"CVSS:2.0/AV:N/AC:L/Au:N/C:P/I:P/A:P/E:ND/RL:OF", "AV:N/AC:L/Au:N/C:P/I:P/A:P/RL:OF"},
      {"CVSS:4.0/AC:L/AV:N/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/U:Red/E:A/MSI:S",
       "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:A/MSI:S/U:Red"},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:X/C:H/I:H/A:H", NULL},
      {"nonsense", NULL}};
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *normal = oakum_cvss_normal(cases[i][0]);
    g_assert_cmpstr(normal, ==, cases[i][1]);
  }
}

static void test_kinds(void)
{
  for (int i = 0; i < OAKUM_FINDING_KINDS; i++) {
    OakumFindingKind kind;
    g_assert_true(oakum_finding_kind_parse(oakum_finding_kind_name((OakumFindingKind)i), &kind));
    g_assert_cmpint(kind, ==, i);
  }
  OakumFindingKind none;
  g_assert_false(oakum_finding_kind_parse("holes", &none));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/finding/order", test_order);
  g_test_add_func("/finding/fingerprint", test_fingerprint);
  g_test_add_func("/finding/severity", test_severity);
  g_test_add_func("/finding/cvss", test_cvss);
  g_test_add_func("/finding/cvss-normal", test_cvss_normal);
  g_test_add_func("/finding/kinds", test_kinds);
  return g_test_run();
}
