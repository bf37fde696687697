/* The table of feeds: who publishes, where, in what form, under which licence. */
#include "advisory/advisory-private.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static gboolean is_json(const char *head)
{
  head += strspn(head, " \t\r\n\xef\xbb\xbf");
  return *head == '{' || *head == '[';
}

static gboolean json_with(const char *head, const char *a, const char *b)
{
  return is_json(head) && strstr(head, a) && (!b || strstr(head, b));
}

static gboolean sniff_secdb(const char *head, const char *name)
{
  return json_with(head, "\"secfixes\"", NULL) || json_with(head, "\"distroversion\"", NULL) ||
         json_with(head, "\"reponame\"", "\"packages\"");
}

static gboolean sniff_osv(const char *head, const char *name)
{
  return !json_with(head, "\"csaf_version\"", NULL) &&
         (json_with(head, "\"schema_version\"", "\"id\"") ||
          (json_with(head, "\"id\"", "\"affected\"") && strstr(head, "\"modified\"")) ||
          (is_json(head) && strstr(name, ".osv.json") != NULL));
}

static gboolean sniff_debian(const char *head, const char *name)
{
  return json_with(head, "\"releases\"", "\"repositories\"") && strstr(head, "\"CVE-") &&
         strstr(head, "\"status\"") && strstr(head, "\"urgency\"");
}

/* "[29 Mar 2023] DSA-5380-1 xorg-server - security update" */
static gboolean sniff_debian_list(const char *head, const char *name)
{
  const char *close = *head == '[' ? strchr(head, ']') : NULL;
  return close && close - head < 16 &&
         (g_str_has_prefix(close, "] DSA-") || g_str_has_prefix(close, "] DLA-"));
}

static gboolean sniff_csaf(const char *head, const char *name)
{
  return json_with(head, "\"csaf_version\"", NULL) || json_with(head, "\"csaf_vex\"", NULL) ||
         json_with(head, "\"csaf_security_advisory\"", NULL);
}

static gboolean sniff_oval(const char *head, const char *name)
{
  return strstr(head, "oval_definitions") != NULL;
}

static gboolean sniff_updateinfo(const char *head, const char *name)
{
  return strstr(head, "<updates") != NULL && strstr(head, "<update ") != NULL;
}

static gboolean sniff_glsa(const char *head, const char *name)
{
  return strstr(head, "<glsa ") != NULL;
}

static gboolean sniff_arch(const char *head, const char *name)
{
  return json_with(head, "\"AVG-", "\"packages\"");
}

static gboolean sniff_photon(const char *head, const char *name)
{
  return json_with(head, "\"cve_id\"", "\"res_ver\"");
}

static gboolean sniff_nvd(const char *head, const char *name)
{
  return json_with(head, "\"NVD_CVE\"", NULL) || json_with(head, "\"cpeMatch\"", NULL) ||
         (json_with(head, "\"sourceIdentifier\"", "\"vulnStatus\""));
}

static gboolean sniff_kev(const char *head, const char *name)
{
  return json_with(head, "\"cveID\"", "\"vulnerabilities\"");
}

static gboolean sniff_epss(const char *head, const char *name)
{
  return strstr(head, "cve,epss") != NULL;
}

static gboolean sniff_eol(const char *head, const char *name)
{
  return (g_str_has_prefix(head, "---\n") && g_str_has_suffix(name, ".md") &&
          strstr(head, "\npermalink:")) ||
         json_with(head, "\"eolFrom\"", "\"releases\"");
}

static gboolean sniff_openvex(const char *head, const char *name)
{
  return json_with(head, "openvex.dev/ns", NULL);
}

static gboolean sniff_table(const char *head, const char *name)
{
  return json_with(head, "\"package\"", "\"cves\"") ||
         (json_with(head, "\"cve\"", "\"fixed\"") && !strstr(head, "\"vulnerabilities\""));
}

static gboolean sniff_meta(const char *head, const char *name)
{
  return json_with(head, "\"VCID-", "\"aliases\"") && !strstr(head, "\"affected\"");
}

static gboolean sniff_uct(const char *head, const char *name)
{
  const char *candidate = strstr(head, "Candidate:");
  return candidate && (candidate == head || candidate[-1] == '\n') &&
         (strstr(head, "\nUbuntu-Description:") || strstr(head, "\nPublicDate:"));
}

static gboolean sniff_yaml(const char *head, const char *name)
{
  return (g_str_has_suffix(name, ".yaml") || g_str_has_suffix(name, ".yml")) &&
         (strstr(head, "\nadvisories:") || strstr(head, "\npatched_versions:") ||
          strstr(head, "\nvulnerable_version_ranges:") || g_str_has_prefix(head, "gem:") ||
          g_str_has_prefix(head, "---\ngem:") || strstr(head, "\ncomposer:") ||
          strstr(head, "composer://"));
}

static gboolean sniff_node(const char *head, const char *name)
{
  if (strcmp(name, "index.json") == 0) /* all of them once more */
    return FALSE;
  return json_with(head, "\"module_name\"", "\"vulnerable_versions\"") ||
         (json_with(head, "\"cve\"", "\"vulnerable\"") && strstr(head, "\"patched\"")) ||
         (json_with(head, "\"cve\"", "\"reason\"") && strstr(head, "\"overview\""));
}

/* Every generation of its file has the same advisories; what an older one lacks is the list of
 * versions that are left out, so that those are read by name alone. */
static gboolean sniff_retire(const char *head, const char *name)
{
  return json_with(head, "\"retire-example\"", "\"below\"") && !strstr(head, "\"advisories\"") &&
         (g_str_has_prefix(name, "npmrepository") ||
          (g_str_has_prefix(name, "jsrepository-v") && name[14] >= '5' && name[14] <= '9' &&
           !strstr(name, "combined")));
}

static gboolean sniff_haskell(const char *head, const char *name)
{
  return g_str_has_prefix(head, "```toml") && strstr(head, "[advisory]") != NULL;
}

static gboolean sniff_repositories(const char *head, const char *name)
{
  return json_with(head, "\"data\"", "\"cpes\"") && strstr(head, "\"cpe:/");
}

#define OSV_BUCKET "https://osv-vulnerabilities.storage.googleapis.com/"
#define OSV(ecosystem) OSV_BUCKET ecosystem "/all.zip"
#define ALPINE(release)                                                                            \
  "https://secdb.alpinelinux.org/" release "/main.json",                                           \
      "https://secdb.alpinelinux.org/" release "/community.json"
#define CANONICAL(release)                                                                         \
  "https://security-metadata.canonical.com/oval/oci.com.ubuntu." release ".cve.oval.xml.bz2"
#define SUSE(file) "https://ftp.suse.com/pub/projects/security/oval/" file ".xml.gz"
#define AZURE(file)                                                                                \
  "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/" file
#define PHOTON(release)                                                                            \
  "https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon" release ".json"

static gboolean sniff_rows(const char *head, const char *name)
{
  return json_with(head, "\"ecosystem\"", "\"record\"") && !strstr(head, "\"affected\":");
}

const OakumFeedRow oakum_feed_rows[] = {
    {{"osv",
      "OSV: GitHub advisories, PyPA, Go, RustSec, RubySec, npm, Bitnami, AlmaLinux, Rocky and all "
      "others",
      "OSV schema 1.x: a record, a list, one a line, or all.zip of an ecosystem",
      "of each database (GHSA, PyPA, Go: CC-BY-4.0; RustSec: CC0-1.0; Bitnami: Apache-2.0; "
      "AlmaLinux: MIT)",
      "each record's own ecosystem",
      LIST(OSV("npm"), OSV("PyPI"), OSV("Maven"), OSV("Go"), OSV("crates.io"), OSV("RubyGems"),
           OSV("Packagist"), OSV("NuGet"), OSV("Hex"), OSV("Pub"), OSV("Hackage"), OSV("CRAN"),
           OSV("Bitnami"), OSV("AlmaLinux"), OSV("Rocky%20Linux"), OSV("openEuler"), OSV("Mageia"),
           OSV("MinimOS"), OSV("Echo"), OSV("GitHub%20Actions"), OSV("SwiftURL"), OSV("Julia"),
           OSV("opam"), OSV("Alpaquita"), OSV("BellSoft%20Hardened%20Containers"),
           OSV("CleanStart"))},
     oakum_read_osv,
     sniff_osv},
    {{"debian-tracker", "Debian security tracker", "JSON: package, CVE, release",
      "Debian: reuse endorsed by the project", "Debian:N, Debian:sid",
      LIST("https://security-tracker.debian.org/tracker/data/json")},
     oakum_read_debian,
     sniff_debian},
    {{"debian-list", "Debian security notices (DSA, DLA)", "text: DSA/list, DLA/list",
      "Debian: reuse endorsed by the project", "Debian:N",
      LIST("https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/"
           "list",
           "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/"
           "list")},
     oakum_read_debian_list,
     sniff_debian_list},
    {{"alpine-secdb", "Alpine, Wolfi and Chainguard: fixes by package",
      "secdb JSON, one document a release and repository",
      "CC-BY-SA-4.0 (Alpine); Apache-2.0 until 2025-05 (Wolfi)",
      "Alpine:vX.Y, Alpine:edge, Wolfi, Chainguard",
      LIST(ALPINE("edge"), ALPINE("v3.23"), ALPINE("v3.22"), ALPINE("v3.21"), ALPINE("v3.20"),
           ALPINE("v3.19"), ALPINE("v3.18"), ALPINE("v3.17"), ALPINE("v3.16"), ALPINE("v3.15"),
           "https://packages.wolfi.dev/os/security.json",
           "https://packages.cgr.dev/chainguard/security.json")},
     oakum_read_secdb,
     sniff_secdb},
    {{"csaf", "CSAF 2 documents: Red Hat and SUSE VEX, advisories of vendors",
      "CSAF 2.0 JSON, alone or in an archive", "CC-BY-4.0 (Red Hat, SUSE)",
      "Red Hat:N, SUSE:N.M, openSUSE:Leap N.M",
      LIST("https://security.access.redhat.com/data/csaf/v2/vex/csaf_vex_latest.tar.zst",
           "https://ftp.suse.com/pub/projects/security/csaf-vex.tar.bz2")},
     oakum_read_csaf,
     sniff_csaf},
    {{"redhat-repositories", "Red Hat: which products a repository brings",
      "JSON: repository to CPE", "CC-BY-4.0", "(by content set)",
      LIST("https://security.access.redhat.com/data/meta/v1/repository-to-cpe.json")},
     oakum_read_repositories,
     sniff_repositories},
    {{"oval", "OVAL of Ubuntu, Oracle, SUSE, Azure Linux, Photon, and the older v2 of Red Hat",
      "OVAL 5 XML", "of each vendor (Red Hat, SUSE: CC-BY-4.0; Azure Linux: MIT)",
      "Ubuntu:YY.MM, Oracle Linux:N, SUSE:N.M, openSUSE:Leap N.M, Azure Linux:N, Mariner:N.M, "
      "Photon OS:N.M, Red Hat:N",
      LIST(CANONICAL("trusty"), CANONICAL("xenial"), CANONICAL("bionic"), CANONICAL("focal"),
           CANONICAL("jammy"), CANONICAL("noble"),
           "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2",
           SUSE("suse.linux.enterprise.15"), SUSE("suse.linux.enterprise.12"),
           SUSE("suse.linux.enterprise.micro.5"), SUSE("opensuse.leap.15.6"),
           AZURE("azurelinux-3.0-oval.xml"), AZURE("cbl-mariner-2.0-oval.xml"))},
     oakum_read_oval,
     sniff_oval},
    {{"updateinfo", "Amazon ALAS, Bottlerocket, Fedora, and repositories of Alma and Rocky",
      "updateinfo.xml", "of each distribution",
      "Amazon Linux:N, Bottlerocket, Fedora:N, AlmaLinux:N, Rocky Linux:N",
      LIST("https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list",
           "https://advisories.bottlerocket.aws/updateinfo.xml.gz"),
      TRUE},
     oakum_read_updateinfo,
     sniff_updateinfo},
    {{"photon", "Photon OS", "JSON, a file a release (cve_data_photon5.0.json)",
      "of VMware by Broadcom", "Photon OS:N.M", LIST(PHOTON("3.0"), PHOTON("4.0"), PHOTON("5.0"))},
     oakum_read_photon,
     sniff_photon},
    {{"arch", "Arch Linux security tracker", "JSON list of groups (AVG)", "MIT", "Arch",
      LIST("https://security.archlinux.org/all.json")},
     oakum_read_arch,
     sniff_arch},
    {{"gentoo", "Gentoo GLSA", "XML, a file each; an archive of them", "CC-BY-SA-4.0", "Gentoo",
      LIST("https://gitweb.gentoo.org/data/glsa.git/snapshot/glsa-master.tar.gz")},
     oakum_read_glsa,
     sniff_glsa},
    {{"nvd", "NVD: CPE configurations, CVSS",
      "NVD JSON 2.0, answers of the API or year files; records with configurations a line",
      "public domain (NVD); CC0-1.0 (overrides of anchore)", "cpe",
      LIST("https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-modified.json.gz")},
     oakum_read_nvd,
     sniff_nvd},
    {{"kev", "CISA: known exploited vulnerabilities", "JSON", "CC0-1.0", "(by CVE)",
      LIST("https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json")},
     oakum_read_kev,
     sniff_kev},
    {{"epss", "FIRST: exploit prediction scores", "CSV", "free with attribution to FIRST",
      "(by CVE)", LIST("https://epss.empiricalsecurity.com/epss_scores-current.csv.gz")},
     oakum_read_epss,
     sniff_epss},
    {{"endoflife", "endoflife.date", "JSON of the API; Markdown with front matter", "MIT",
      "(by product and cycle)", LIST("https://endoflife.date/api/v1/products/full")},
     oakum_read_eol,
     sniff_eol},
    {{"openvex", "OpenVEX of vendors", "OpenVEX JSON, alone or in an archive",
      "of each vendor (Docker Hardened Images: Apache-2.0)", "vex",
      LIST("https://github.com/docker-hardened-images/advisories/archive/refs/heads/main.tar.gz")},
     oakum_read_openvex,
     sniff_openvex},
    {{"uct", "Ubuntu CVE tracker", "text, a file a CVE; an archive of them",
      "Canonical: meant to be shared", "Ubuntu:YY.MM",
      LIST("https://git.launchpad.net/ubuntu-cve-tracker/snapshot/"
           "ubuntu-cve-tracker-master.tar.gz")},
     oakum_read_uct,
     sniff_uct},
    {{"advisory-yaml", "RubySec, FriendsOfPHP, Wolfi and Elixir in their own form",
      "YAML, a file each; an archive of them",
      "RubySec: public domain; FriendsOfPHP: Unlicense; Wolfi: Apache-2.0; Elixir: BSD-3-Clause",
      "RubyGems, Packagist, Wolfi, Hex",
      LIST("https://github.com/rubysec/ruby-advisory-db/archive/refs/heads/master.tar.gz",
           "https://github.com/FriendsOfPHP/security-advisories/archive/refs/heads/master.tar.gz")},
     oakum_read_yaml,
     sniff_yaml},
    {{"node-security", "Node.js security working group: npm modules, node itself",
      "JSON, a file each; an archive of them", "MIT", "npm, cpe",
      LIST("https://github.com/nodejs/security-wg/archive/refs/heads/main.tar.gz")},
     oakum_read_node,
     sniff_node},
    {{"retirejs", "RetireJS: libraries for browsers, and npm",
      "JSON: jsrepository-v5.json and its like, npmrepository.json", "Apache-2.0",
      "npm, JavaScript",
      LIST("https://raw.githubusercontent.com/RetireJS/retire.js/master/repository/"
           "jsrepository-v5.json",
           "https://raw.githubusercontent.com/RetireJS/retire.js/master/repository/"
           "npmrepository.json")},
     oakum_read_retire,
     sniff_retire},
    {{"haskell", "Haskell security advisories", "Markdown behind TOML, a file each; an archive",
      "CC0-1.0", "Hackage, GHC",
      LIST("https://github.com/haskell/security-advisories/archive/refs/heads/main.tar.gz")},
     oakum_read_haskell,
     sniff_haskell},
    {{"table", "tables drawn from VulnerableCode (Debian, Red Hat, Arch, Gentoo)",
      "JSON, a record a line", "CC-BY-SA-4.0, AboutCode", "Debian, Red Hat:N, Arch, Gentoo",
      LIST("https://github.com/aboutcode-data/vulnerablecode-data"), TRUE},
     oakum_read_table,
     sniff_table},
    {{"vulnerablecode", "summaries, CVSS and CWE of VulnerableCode", "JSON, a record a line",
      "CC-BY-SA-4.0, AboutCode", "(by CVE)",
      LIST("https://github.com/aboutcode-data/vulnerablecode-data"), TRUE},
     oakum_read_vuln_meta,
     sniff_meta},
    {{"rows", "oakum: rows of packages as its own export writes them", "JSON, an object a line",
      "of whatever was exported", "as the rows say", (const char *const[]){NULL}},
     oakum_read_rows,
     sniff_rows},
    {{NULL}, NULL, NULL},
};

const OakumFeedInfo *oakum_feed_find(const char *name)
{
  for (const OakumFeedRow *row = oakum_feed_rows; row->info.name; row++)
    if (strcmp(row->info.name, name) == 0)
      return &row->info;
  return NULL;
}

const OakumFeedInfo *const *oakum_feeds(void)
{
  static const OakumFeedInfo *list[G_N_ELEMENTS(oakum_feed_rows)];
  for (size_t i = 0; i < G_N_ELEMENTS(oakum_feed_rows) - 1; i++)
    list[i] = &oakum_feed_rows[i].info;
  return list;
}
