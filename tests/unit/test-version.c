#include "version/version.h"
#include <string.h>

static int compare(OakumVersionScheme scheme, const char *a, const char *b)
{
  int order = 99;
  g_assert_true(oakum_version_compare(scheme, a, strlen(a), b, strlen(b), &order));
  return order;
}

/* Each list is written in rising order, so every pair is known. */
static void check_rising(OakumVersionScheme scheme, const char *const *list, size_t n)
{
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      g_assert_cmpint(compare(scheme, list[i], list[j]), ==, i < j ? -1 : i > j);
}

static void test_deb_rising(void)
{
  static const char *const list[] = {"0~~",     "0~~a",          "0~",    "0",        "1.0~rc1-1",
                                     "1.0-0.1", "1.0-1~bpo12+1", "1.0-1", "1.0-1+b1", "1.0-1.1",
                                     "1.0a-1",  "1.0+dfsg-1",    "1.2",   "1.10",     "1:0.1",
                                     "10:0"};
  check_rising(OAKUM_VERSION_DEB, list, G_N_ELEMENTS(list));
}

static void test_apk_rising(void)
{
  static const char *const list[] = {
      "0.9",    "1.0_alpha", "1.0_alpha2", "1.0_beta", "1.0_pre1",
      "1.0_rc", "1.0",       "1.0-r1",     "1.0-r10",  "1.0_git20240101",
      "1.0_p1", "1.0_p1-r3", "1.0a",       "1.0b",     "1.0.1",
      "1.06",   "1.1",       "1.10"};
  check_rising(OAKUM_VERSION_APK, list, G_N_ELEMENTS(list));
}

static void test_invalid(void)
{
  static const char *const deb[] = {"",   ":1",  "a:1", "1:",           "1-",
                                    "x1", "1 0", "1_0", "2147483648:1", "-1"};
  static const char *const apk[] = {"", "a", ".1", "-r1"};
  int order;
  for (size_t i = 0; i < G_N_ELEMENTS(deb); i++)
    g_assert_false(
        oakum_version_compare(OAKUM_VERSION_DEB, deb[i], strlen(deb[i]), "1", 1, &order));
  for (size_t i = 0; i < G_N_ELEMENTS(apk); i++)
    g_assert_false(
        oakum_version_compare(OAKUM_VERSION_APK, "1", 1, apk[i], strlen(apk[i]), &order));
  g_autofree char *longest = g_strnfill(OAKUM_VERSION_MAX + 1, '1');
  g_assert_true(
      oakum_version_compare(OAKUM_VERSION_DEB, longest, OAKUM_VERSION_MAX, "1", 1, &order));
  g_assert_cmpint(order, ==, 1);
  g_assert_false(
      oakum_version_compare(OAKUM_VERSION_DEB, longest, OAKUM_VERSION_MAX + 1, "1", 1, &order));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/version/deb-rising", test_deb_rising);
  g_test_add_func("/version/apk-rising", test_apk_rising);
  g_test_add_func("/version/invalid", test_invalid);
  return g_test_run();
}
