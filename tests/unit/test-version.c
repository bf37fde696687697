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

typedef struct {
  OakumVersionScheme scheme;
  const char *list[18]; /* rising */
} Rising;

static void test_rising(void)
{
  static const Rising all[] = {
      {OAKUM_VERSION_RPM,
       {"1.0~rc1-1", "1.0-1", "1.0-1.el8", "1.0-1.el9", "1.0-2", "1.0^git1-1", "1.0.1-1", "1.10-1",
        "1:0.1-1"}},
      {OAKUM_VERSION_RPM_SEGMENT, {"1~", "1", "1^~", "1^", "1^git", "1a", "1b", "1.1", "2"}},
      {OAKUM_VERSION_SEMVER,
       {"1.0.0-0", "1.0.0-9", "1.0.0-10", "1.0.0-A", "1.0.0-a", "1.0.0-a.b", "1", "1.0.1", "1.1"}},
      {OAKUM_VERSION_NPM, {"1.0.0-0", "1.0.0-a", "1.0.0-a.0", "1.0.0", "1.0.1-0", "1.0.1"}},
      {OAKUM_VERSION_PEP440,
       {"1.dev0", "1.0a0.dev1", "1.0a0", "1.0a0.post0.dev0", "1.0a0.post0", "1b1", "1rc1", "1.0",
        "1.0+a", "1.0+0", "1.0+0.a", "1.post0.dev0", "1.post0", "1.0.1.dev0", "1.0.1", "1.1",
        "1!0"}},
      {OAKUM_VERSION_MAVEN,
       {"1-alpha-1", "1-alpha-2", "1-b1", "1-m3", "1-rc1", "1-SNAPSHOT", "1", "1-sp", "1-abc",
        "1-xyz", "1-1", "1.0.1", "1.1-x", "1.1-1", "1.1.1", "11"}},
      {OAKUM_VERSION_GEM,
       {"1.a", "1.a.1", "1.b", "1.b.2", "1.b.10", "1.rc", "1", "1.0.1.pre", "1.0.1", "1.10"}},
      {OAKUM_VERSION_COMPOSER,
       {"1.0-dev", "1.0-alpha-dev", "1.0-alpha", "1.0-alpha2", "1.0-beta1", "1.0-RC1", "1.0",
        "1.0-p1", "1.0.1", "1.x-dev", "2.0-dev", "2.0"}},
      {OAKUM_VERSION_NUGET, {"1.0-1", "1.0-2", "1.0-A", "1.0-a.1", "1.0-b", "1", "1.0.0.1", "1.1"}},
      {OAKUM_VERSION_CARGO, {"1.0.0-0", "1.0.0-a", "1.0.0-a.0", "1.0.0", "1.0.1-0", "1.0.1"}},
      {OAKUM_VERSION_GO,
       {"v0.0.0-20190101000000-abcdefabcdef", "v0.0.0-20200101000000-abcdefabcdef", "v1.2.3-pre",
        "v1.2.3-pre.0.20200101000000-abcdefabcdef", "v1.2.3", "go1.21rc1", "1.21rc2", "go1.21.0",
        "v2.0.0+incompatible"}},
      {OAKUM_VERSION_HEX, {"1.0.0-0", "1.0.0-a", "1.0.0-a.0", "1.0.0", "1.0.1-0", "1.0.1"}},
      {OAKUM_VERSION_PUB,
       {"1.0.0-a", "1.0.0-a+1", "1.0.0-b", "1.0.0", "1.0.0+0", "1.0.0+1", "1.0.0+a", "1.0.1"}},
      {OAKUM_VERSION_CONAN,
       {"1.0-", "1.0-1", "1.0-a", "1", "1+1", "1.0.1", "1.2", "1.10", "1.a", "cci.1", "cci.2"}},
      {OAKUM_VERSION_CRAN, {"1", "1.0", "1.0-0", "1.0-1", "1.2", "1.10", "2"}},
      {OAKUM_VERSION_HACKAGE, {"1", "1.0", "1.0.0", "1.0.1", "1.2", "1.10", "2"}},
      {OAKUM_VERSION_PACMAN,
       {"1.0alpha", "1.0b", "1.0beta", "1.0rc", "1.0", "1.0.a", "1.0.b", "1.0.1", "1.1", "1:0"}},
      {OAKUM_VERSION_PORTAGE,
       {"1_alpha", "1_alpha1", "1_beta", "1_pre", "1_rc", "1_rc_p1", "1", "1-r1", "1_p", "1_p1",
        "1a", "1b", "1.0", "1.01", "1.1", "1.10"}},
      {OAKUM_VERSION_JVM,
       {"1.7.0_80", "1.8.0", "1.8.0_292-ea", "8u292", "8u292-b10", "1.8.0_302", "11-1", "11-ea",
        "11", "11+9", "11+10", "11+10-LTS", "11.0.1", "17"}},
      {OAKUM_VERSION_BITNAMI, {"1.0.0-a", "1.0.0", "1.0.1-0", "1.0.1-2", "1.0.1-10", "1.1.0"}},
      {OAKUM_VERSION_GENERIC,
       {"1.0-dev", "1.0-alpha", "1.0-alpha2", "1.0-beta1", "1.0-pre", "1.0-rc1", "1.0", "1.0a",
        "1.0b", "1.0.1", "1.10"}},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
    const char *list[G_N_ELEMENTS(all[i].list)];
    size_t n = 0;
    for (size_t j = 0; j < G_N_ELEMENTS(all[i].list); j++)
      if (all[i].list[j] && *all[i].list[j])
        list[n++] = all[i].list[j];
    g_test_message("scheme %d", all[i].scheme);
    check_rising(all[i].scheme, list, n);
  }
}

/* Nothing, one byte of each kind, and runs of them up to the limits. */
static void test_hostile(void)
{
  static const char bytes[] = "0a.-_~^+:,|!*x<>=()[]# v@\t\xff";
  int order;
  g_autofree char *longest = g_malloc(OAKUM_RANGE_MAX + 1),
                  *version = g_malloc(OAKUM_VERSION_MAX + 1);
  for (int i = 0; i < OAKUM_VERSION_SCHEMES; i++) {
    OakumVersionScheme scheme = (OakumVersionScheme)i;
    (void)!oakum_version_compare(scheme, NULL, 0, NULL, 0, &order);
    (void)!oakum_version_in_range(scheme, NULL, 0, NULL, 0);
    (void)!oakum_version_in_range(scheme, NULL, 0, "1.0.0", 5);
    for (size_t a = 0; a < sizeof bytes; a++) { /* the NUL, too */
      for (size_t b = 0; b < sizeof bytes; b++) {
        for (size_t j = 0; j <= OAKUM_RANGE_MAX; j++)
          longest[j] = bytes[j % 2 ? b : a];
        longest[0] = '1';
        memcpy(version, longest, OAKUM_VERSION_MAX + 1);
        (void)!oakum_version_compare(scheme, version, OAKUM_VERSION_MAX, "1.0.0", 5, &order);
        (void)!oakum_version_in_range(scheme, longest, OAKUM_RANGE_MAX, "1.0.0", 5);
        (void)!oakum_version_in_range(scheme, longest, OAKUM_RANGE_MAX, version, OAKUM_VERSION_MAX);
      }
    }
    g_assert_false(
        oakum_version_compare(scheme, version, OAKUM_VERSION_MAX + 1, "1.0.0", 5, &order));
    g_assert_cmpint(oakum_version_in_range(scheme, longest, OAKUM_RANGE_MAX + 1, "1.0.0", 5), ==,
                    OAKUM_RANGE_INVALID);
    g_assert_cmpint(oakum_version_in_range(scheme, "1", 1, version, OAKUM_VERSION_MAX + 1), ==,
                    OAKUM_RANGE_INVALID);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/version/deb-rising", test_deb_rising);
  g_test_add_func("/version/apk-rising", test_apk_rising);
  g_test_add_func("/version/invalid", test_invalid);
  g_test_add_func("/version/rising", test_rising);
  g_test_add_func("/version/hostile", test_hostile);
  return g_test_run();
}
