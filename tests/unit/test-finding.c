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
}

static void test_severity(void)
{
  OakumSeverity severity;
  g_assert_true(oakum_severity_parse("High", &severity));
  g_assert_cmpint(severity, ==, OAKUM_SEVERITY_HIGH);
  g_assert_cmpstr(oakum_severity_name(severity), ==, "high");
  g_assert_false(oakum_severity_parse("hi", &severity));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/finding/order", test_order);
  g_test_add_func("/finding/fingerprint", test_fingerprint);
  g_test_add_func("/finding/severity", test_severity);
  return g_test_run();
}
