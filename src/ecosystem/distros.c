/* Distributions. A new one is a row in each of the two tables. */
#include "ecosystem/ecosystem.h"
#include <string.h>

static const OakumDistroRule rules[] = {
    {"Debian", "deb", "deb", TRUE, FALSE, "debian-tracker debian-list", NULL},
    {"Ubuntu", "deb", "deb", TRUE, FALSE, "uct oval", NULL},
    {"Echo", "deb", "deb", TRUE, FALSE, "osv", NULL},
    {"Alpine", "apk", "apk", TRUE, FALSE, "alpine-secdb", NULL},
    /* they version each sub-package as the whole, and name the origin */
    {"Wolfi", "apk", "apk", TRUE, TRUE, "alpine-secdb", NULL},
    {"Chainguard", "apk", "apk", TRUE, TRUE, "alpine-secdb", NULL},
    {"MinimOS", "apk", "apk", TRUE, TRUE, "alpine-secdb", NULL},
    {"Alpaquita", "apk", "apk", TRUE, FALSE, "osv", NULL},
    {"BellSoft Hardened Containers", "apk", "apk", TRUE, FALSE, "osv", NULL},
    {"CleanStart", "apk", "apk", TRUE, FALSE, "osv", NULL},
    {"Red Hat", "rpm", "rpm", FALSE, FALSE, "csaf oval", "Red Hat|CentOS|Scientific Linux"},
    {"AlmaLinux", "rpm", "rpm", FALSE, FALSE, "osv updateinfo", "AlmaLinux"},
    {"Rocky Linux", "rpm", "rpm", FALSE, FALSE, "osv updateinfo", "Rocky"},
    {"Oracle Linux", "rpm", "rpm", FALSE, FALSE, "oval", "Oracle"},
    {"Amazon Linux", "rpm", "rpm", FALSE, FALSE, "updateinfo", "Amazon"},
    {"Fedora", "rpm", "rpm", FALSE, FALSE, "updateinfo", "Fedora"},
    {"SUSE", "rpm", "rpm", TRUE, FALSE, "csaf oval", "SUSE"},
    {"SUSE Micro", "rpm", "rpm", TRUE, FALSE, "csaf oval", "SUSE"},
    {"openSUSE", "rpm", "rpm", TRUE, FALSE, "csaf oval", "SUSE"},
    {"Azure Linux", "rpm", "rpm", TRUE, FALSE, "oval", "Microsoft"},
    {"Mariner", "rpm", "rpm", TRUE, FALSE, "oval", "Microsoft"},
    {"Photon OS", "rpm", "rpm", TRUE, TRUE, "photon oval", "VMware|Broadcom"},
    {"Mageia", "rpm", "rpm", TRUE, FALSE, "osv", "Mageia"},
    {"openEuler", "rpm", "rpm", TRUE, FALSE, "osv csaf", NULL},
    {"Anolis OS", "rpm", "rpm", FALSE, FALSE, "osv", NULL},
    {"Bottlerocket", "rpm", "rpm", FALSE, FALSE, "updateinfo", NULL},
    {"Arch", "alpm", "pacman", FALSE, FALSE, "arch", NULL},
    {"Gentoo", "ebuild", "portage", FALSE, FALSE, "gentoo", NULL},
};

#define NONE OAKUM_RELEASE_NONE
#define MAJOR OAKUM_RELEASE_MAJOR
#define MINOR OAKUM_RELEASE_MINOR
#define WHOLE OAKUM_RELEASE_WHOLE
/* The first of a key is the distribution itself. */
static const OakumDistroId ids[] = {
    {"debian", "Debian:", MAJOR, "debian", NULL},
    {"raspbian", "Debian:", MAJOR, "debian", NULL},
    {"devuan", "Debian:", MAJOR, "devuan", NULL}, /* by codename: its numbers are its own */
    {"kali", "Debian:sid", NONE, NULL, NULL},     /* rolling, out of Debian's testing */
    {"ubuntu", "Ubuntu:", MINOR, "ubuntu", NULL},
    {"rhel", "Red Hat:", MAJOR, "rhel", "Red Hat"},
    {"redhat", "Red Hat:", MAJOR, "rhel", NULL},
    {"rhcos", "Red Hat:", MAJOR, NULL, NULL},
    {"centos", "Red Hat:", MAJOR, "centos", "CentOS"},
    {"scientific", "Red Hat:", MAJOR, NULL, "Scientific"},
    {"almalinux", "AlmaLinux:", MAJOR, "almalinux", "AlmaLinux"},
    {"rocky", "Rocky Linux:", MAJOR, "rocky-linux", "Rocky Linux"},
    {"ol", "Oracle Linux:", MAJOR, "oracle-linux", "Oracle Linux"},
    {"oraclelinux", "Oracle Linux:", MAJOR, "oracle-linux", NULL},
    {"amzn", "Amazon Linux:", MAJOR, "amazon-linux", "Amazon Linux"},
    {"fedora", "Fedora:", MAJOR, "fedora", "Fedora"},
    {"sles", "SUSE:", MINOR, "sles", "SUSE Linux Enterprise"},
    {"sled", "SUSE:", MINOR, "sles", NULL},
    {"sles_sap", "SUSE:", MINOR, "sles", NULL},
    {"sle_hpc", "SUSE:", MINOR, "sles", NULL},
    {"sle-micro", "SUSE Micro:", MINOR, "suse-linux-micro", NULL},
    {"sle-micro-rancher", "SUSE Micro:", MINOR, NULL, NULL},
    {"sl-micro", "SUSE Micro:", MINOR, "suse-linux-micro", NULL},
    {"suse-microos", "SUSE Micro:", MINOR, "suse-linux-micro", NULL},
    {"opensuse-leap-micro", "SUSE Micro:", MINOR, NULL, NULL},
    {"opensuse-leap", "openSUSE:Leap ", MINOR, "opensuse", "openSUSE"},
    {"opensuse", "openSUSE:Leap ", MINOR, "opensuse", NULL},
    {"opensuse-tumbleweed", "openSUSE:Tumbleweed", NONE, NULL, NULL},
    {"opensuse-microos", "openSUSE:Tumbleweed", NONE, NULL, NULL},
    {"azurelinux", "Azure Linux:", MAJOR, NULL, "Azure Linux|Microsoft Azure Linux"},
    {"mariner", "Mariner:", MINOR, NULL, "CBL-Mariner"},
    {"photon", "Photon OS:", MINOR, "vmware-photon", "VMware Photon"},
    {"mageia", "Mageia:", MAJOR, "mageia", NULL},
    {"openeuler", "openEuler:", WHOLE, NULL, NULL},
    {"anolis", "Anolis OS:", MAJOR, NULL, NULL},
    {"alpine", "Alpine:v", MINOR, "alpine-linux", NULL},
    {"wolfi", "Wolfi", NONE, NULL, NULL},
    {"chainguard", "Chainguard", NONE, NULL, NULL},
    {"minimos", "MinimOS", NONE, NULL, NULL},
    {"alpaquita", "Alpaquita:", WHOLE, NULL, NULL},
    {"bellsoft-hardened-containers", "BellSoft Hardened Containers:", WHOLE, NULL, NULL},
    {"cleanstart", "CleanStart", NONE, NULL, NULL},
    {"echo", "Echo", NONE, NULL, NULL},
    {"bottlerocket", "Bottlerocket", NONE, NULL, NULL},
    {"arch", "Arch", NONE, NULL, NULL},
    {"archarm", "Arch", NONE, NULL, NULL},
    {"gentoo", "Gentoo", NONE, NULL, NULL},
};
#undef NONE
#undef MAJOR
#undef MINOR
#undef WHOLE

static const char *const codenames[][3] = {
    {"debian", "woody", "3.0"},      {"debian", "sarge", "3.1"},      {"debian", "etch", "4"},
    {"debian", "lenny", "5"},        {"debian", "squeeze", "6"},      {"debian", "wheezy", "7"},
    {"debian", "jessie", "8"},       {"debian", "stretch", "9"},      {"debian", "buster", "10"},
    {"debian", "bullseye", "11"},    {"debian", "bookworm", "12"},    {"debian", "trixie", "13"},
    {"debian", "forky", "14"},       {"debian", "duke", "15"},        {"devuan", "jessie", "8"},
    {"devuan", "ascii", "9"},        {"devuan", "beowulf", "10"},     {"devuan", "chimaera", "11"},
    {"devuan", "daedalus", "12"},    {"devuan", "excalibur", "13"},   {"devuan", "freia", "14"},
    {"ubuntu", "precise", "12.04"},  {"ubuntu", "trusty", "14.04"},   {"ubuntu", "xenial", "16.04"},
    {"ubuntu", "bionic", "18.04"},   {"ubuntu", "cosmic", "18.10"},   {"ubuntu", "disco", "19.04"},
    {"ubuntu", "eoan", "19.10"},     {"ubuntu", "focal", "20.04"},    {"ubuntu", "groovy", "20.10"},
    {"ubuntu", "hirsute", "21.04"},  {"ubuntu", "impish", "21.10"},   {"ubuntu", "jammy", "22.04"},
    {"ubuntu", "kinetic", "22.10"},  {"ubuntu", "lunar", "23.04"},    {"ubuntu", "mantic", "23.10"},
    {"ubuntu", "noble", "24.04"},    {"ubuntu", "oracular", "24.10"}, {"ubuntu", "plucky", "25.04"},
    {"ubuntu", "questing", "25.10"}, {"ubuntu", "resolute", "26.04"},
};

const OakumDistroRule *oakum_distro_rule(const char *ecosystem)
{
  size_t n = ecosystem ? strcspn(ecosystem, ":") : 0;
  for (size_t i = 0; ecosystem && i < G_N_ELEMENTS(rules); i++)
    if (strlen(rules[i].ecosystem) == n && memcmp(rules[i].ecosystem, ecosystem, n) == 0)
      return &rules[i];
  return NULL;
}

const OakumDistroId *oakum_distro_id(const char *id)
{
  for (size_t i = 0; id && i < G_N_ELEMENTS(ids); i++)
    if (g_ascii_strcasecmp(ids[i].id, id) == 0)
      return &ids[i];
  return NULL;
}

const OakumDistroId *oakum_distro_id_of_line(const char *text)
{
  for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
    for (const char *at = ids[i].line; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
      if (strncmp(text, at, strcspn(at, "|")) == 0)
        return &ids[i];
  return NULL;
}

const char *oakum_distro_release(const char *id, const char *codename)
{
  for (size_t i = 0; codename && i < G_N_ELEMENTS(codenames); i++)
    if (g_ascii_strcasecmp(codenames[i][0], id) == 0 &&
        g_ascii_strcasecmp(codenames[i][1], codename) == 0)
      return codenames[i][2];
  return NULL;
}

char *oakum_distro_key(const OakumDistroId *id, const char *version)
{
  if (id->form == OAKUM_RELEASE_NONE)
    return g_strdup(id->key);
  gboolean whole = id->form == OAKUM_RELEASE_WHOLE; /* "stream" of Alpaquita, too */
  if (!version || !(whole ? g_ascii_isalnum(*version) : g_ascii_isdigit(*version)))
    return NULL;
  size_t n = strspn(version, "0123456789");
  if (id->form == OAKUM_RELEASE_MINOR && version[n] == '.')
    n += 1 + strspn(version + n + 1, "0123456789");
  if (whole)
    n = strlen(version);
  /* the first Amazon Linux was named by its months: 2011.09 to 2018.03 */
  if (strcmp(id->id, "amzn") == 0 && version[n] == '.' && strncmp(version, "201", 3) == 0)
    return g_strconcat(id->key, "1", NULL);
  /* openSUSE 10 to 13 came before Leap */
  uint64_t major;
  if (strcmp(id->key, "openSUSE:Leap ") == 0 &&
      oakum_parse_u64(version, strspn(version, "0123456789"), 13, &major))
    return g_strdup_printf("openSUSE:%.*s", (int)n, version);
  /* the first release before any service pack */
  if (g_str_has_prefix(id->key, "SUSE") && !version[n] && !strchr(version, '.'))
    return g_strconcat(id->key, version, ".0", NULL);
  return g_strdup_printf("%s%.*s", id->key, (int)n, version);
}

const char *oakum_distro_eol(const char *id, const char *key)
{
  const OakumDistroId *known = oakum_distro_id(id);
  if (known)
    return known->eol;
  for (size_t i = 0; key && i < G_N_ELEMENTS(ids); i++)
    if (g_str_has_prefix(key, ids[i].key))
      return ids[i].eol;
  return NULL;
}
