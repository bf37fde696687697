#include "version/version-private.h"

static const struct {
  const char *name;
  const char *purl; /* the type in a package URL, where it is another word */
  OakumVersionCompare compare;
  OakumVersionRange range; /* NULL: comparators alone */
} schemes[] = {
    [OAKUM_VERSION_DEB] = {"deb", NULL, oakum_version_deb_compare, NULL},
    [OAKUM_VERSION_APK] = {"apk", NULL, oakum_version_apk_compare, oakum_version_apk_range},
    [OAKUM_VERSION_RPM] = {"rpm", NULL, oakum_version_rpm_compare, oakum_version_rpm_range},
    [OAKUM_VERSION_RPM_SEGMENT] = {"rpm-segment", NULL, oakum_version_rpm_segment_compare, NULL},
    [OAKUM_VERSION_SEMVER] = {"semver", NULL, oakum_version_semver_compare, NULL},
    [OAKUM_VERSION_NPM] = {"npm", NULL, oakum_version_npm_compare, oakum_version_npm_range},
    [OAKUM_VERSION_PEP440] = {"pep440", "pypi", oakum_version_pep440_compare,
                              oakum_version_pep440_range},
    [OAKUM_VERSION_MAVEN] = {"maven", NULL, oakum_version_maven_compare, oakum_version_maven_range},
    [OAKUM_VERSION_GEM] = {"gem", NULL, oakum_version_gem_compare, oakum_version_gem_range},
    [OAKUM_VERSION_COMPOSER] = {"composer", NULL, oakum_version_composer_compare,
                                oakum_version_composer_range},
    [OAKUM_VERSION_NUGET] = {"nuget", NULL, oakum_version_nuget_compare, oakum_version_nuget_range},
    [OAKUM_VERSION_CARGO] = {"cargo", NULL, oakum_version_cargo_compare, oakum_version_cargo_range},
    [OAKUM_VERSION_GO] = {"go", "golang", oakum_version_go_compare, oakum_version_go_range},
    [OAKUM_VERSION_HEX] = {"hex", NULL, oakum_version_hex_compare, oakum_version_hex_range},
    [OAKUM_VERSION_PUB] = {"pub", NULL, oakum_version_pub_compare, oakum_version_pub_range},
    [OAKUM_VERSION_CONAN] = {"conan", NULL, oakum_version_conan_compare, oakum_version_conan_range},
    [OAKUM_VERSION_CRAN] = {"cran", NULL, oakum_version_cran_compare, NULL},
    [OAKUM_VERSION_HACKAGE] = {"hackage", NULL, oakum_version_hackage_compare,
                               oakum_version_hackage_range},
    [OAKUM_VERSION_PACMAN] = {"pacman", "alpm", oakum_version_pacman_compare, NULL},
    [OAKUM_VERSION_PORTAGE] = {"portage", "ebuild", oakum_version_portage_compare, NULL},
    [OAKUM_VERSION_JVM] = {"jvm", NULL, oakum_version_jvm_compare, NULL},
    [OAKUM_VERSION_BITNAMI] = {"bitnami", NULL, oakum_version_bitnami_compare, NULL},
    [OAKUM_VERSION_GENERIC] = {"generic", NULL, oakum_version_generic_compare, NULL},
};

gboolean oakum_version_scheme_parse(const char *name, OakumVersionScheme *out)
{
  for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
    if (strcmp(schemes[i].name, name) == 0 ||
        (schemes[i].purl && strcmp(schemes[i].purl, name) == 0)) {
      *out = (OakumVersionScheme)i;
      return TRUE;
    }
  }
  return FALSE;
}

char *oakum_version_scheme_names(void)
{
  GString *names = g_string_new(NULL);
  for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
    g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", schemes[i].name);
  return g_string_free(names, FALSE);
}

gboolean oakum_version_compare(OakumVersionScheme scheme, const char *a, size_t a_len,
                               const char *b, size_t b_len, int *out)
{
  if (a_len > OAKUM_VERSION_MAX || b_len > OAKUM_VERSION_MAX)
    return FALSE;
  return schemes[scheme].compare((OakumSlice){(const uint8_t *)a, a_len},
                                 (OakumSlice){(const uint8_t *)b, b_len}, out);
}

int oakum_version_order(OakumVersionScheme scheme, const char *a, const char *b)
{
  int order;
  gboolean strict = scheme == OAKUM_VERSION_NPM || scheme == OAKUM_VERSION_CARGO ||
                    scheme == OAKUM_VERSION_HEX || scheme == OAKUM_VERSION_PUB;
  if (oakum_version_compare(scheme, a, strlen(a), b, strlen(b), &order) ||
      (strict && oakum_version_compare(OAKUM_VERSION_SEMVER, a, strlen(a), b, strlen(b), &order)))
    return order;
  return 2;
}

OakumRangeAnswer oakum_version_in_range(OakumVersionScheme scheme, const char *range,
                                        size_t range_len, const char *version, size_t version_len)
{
  if (range_len > OAKUM_RANGE_MAX || version_len > OAKUM_VERSION_MAX)
    return OAKUM_RANGE_INVALID;
  OakumSlice r = {(const uint8_t *)range, range_len}, v = {(const uint8_t *)version, version_len};
  return schemes[scheme].range ? schemes[scheme].range(r, v)
                               : oakum_version_simple_range(schemes[scheme].compare, NULL, r, v);
}
