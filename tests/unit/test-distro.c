/* Which distribution an image is: files as systems have them, and the key of their advisories. */
#include "catalog/catalog-private.h"
#include <string.h>

typedef struct {
  const char *files; /* "path=text|path=text"; ~ stands for the end of a line */
  const char *id, *version, *ecosystem;
} Case;

static const Case cases[] = {
    {"etc/os-release=ID=debian~VERSION_ID=\"12\"~", "debian", "12", "Debian:12"},
    {"usr/lib/os-release=ID=debian~VERSION_ID='12'~", "debian", "12", "Debian:12"},
    {"etc/os-release=ID=fedora~VERSION_ID=40~|usr/lib/os-release=ID=debian~", "fedora", "40",
     "Fedora:40"},
    {"etc/os-release=# c~~ID=\"debian\" # c~VERSION_CODENAME=trixie~", "debian", NULL, "Debian:13"},
    {"etc/os-release=ID=debian~VERSION_ID=12.5~", "debian", "12.5", "Debian:12"},
    {"etc/os-release=ID=debian~", "debian", NULL, NULL},
    {"etc/os-release=\xef\xbb\xbfID=debian~VERSION_ID=12~", "debian", "12", "Debian:12"},
    {"etc/os-release=ID=\"deb\\ian\"~VERSION_ID=\"1\\\"2\"~", "deb\\ian", "1\"2", NULL},
    {"etc/SuSE-release=SUSE Linux Enterprise Server 11 (x86_64)~VERSION = 11~PATCHLEVEL = 4~",
     "sles", "11.4", "SUSE:11.4"},
    {"etc/debian_version=11.9~", "debian", "11.9", "Debian:11"},
    {"etc/debian_version=trixie/sid~", "debian", NULL, "Debian:13"},
    {"etc/os-release=ID=raspbian~ID_LIKE=debian~VERSION_ID=\"11\"~", "raspbian", "11", "Debian:11"},
    {"etc/os-release=ID=kali~ID_LIKE=debian~VERSION_ID=2024.1~VERSION_CODENAME=kali-rolling~",
     "kali", "2024.1", "Debian:sid"},
    {"etc/os-release=ID=devuan~ID_LIKE=debian~VERSION_ID=5~VERSION_CODENAME=daedalus~", "devuan",
     "5", "Debian:12"},
    {"etc/os-release=ID=devuan~ID_LIKE=debian~VERSION_ID=\"6\"~VERSION_CODENAME=excalibur~",
     "devuan", "6", "Debian:13"},
    {"etc/os-release=ID=devuan~ID_LIKE=debian~VERSION_ID=12~", "devuan", "12", NULL},
    {"etc/os-release=ID=linuxmint~ID_LIKE=debian~VERSION_ID=6~DEBIAN_CODENAME=bookworm~",
     "linuxmint", "6", "Debian:12"},
    {"etc/os-release=ID=ubuntu~VERSION_CODENAME=resolute~", "ubuntu", NULL, "Ubuntu:26.04"},
    {"etc/os-release=ID=opensuse-leap-micro~VERSION_ID=5.5~", "opensuse-leap-micro", "5.5",
     "SUSE Micro:5.5"},
    {"etc/os-release=ID=opensuse-microos~ID_LIKE=\"suse opensuse opensuse-tumbleweed\"~"
     "VERSION_ID=20240101~",
     "opensuse-microos", "20240101", "openSUSE:Tumbleweed"},
    {"etc/os-release=ID=endeavouros~ID_LIKE=arch~", "endeavouros", NULL, "Arch"},
    {"etc/os-release=ID=devuan~ID_LIKE=debian~VERSION_ID=5~DEBIAN_CODENAME=bookworm~", "devuan",
     "5", "Debian:12"},
    {"etc/os-release=ID=ubuntu~ID_LIKE=debian~VERSION_ID=\"22.04\"~UBUNTU_CODENAME=jammy~",
     "ubuntu", "22.04", "Ubuntu:22.04"},
    {"etc/lsb-release=DISTRIB_ID=Ubuntu~DISTRIB_RELEASE=14.04~DISTRIB_CODENAME=trusty~", "ubuntu",
     "14.04", "Ubuntu:14.04"},
    {"etc/os-release=ID=linuxmint~ID_LIKE=\"ubuntu debian\"~VERSION_ID=21.3~UBUNTU_CODENAME=jammy~",
     "linuxmint", "21.3", "Ubuntu:22.04"},
    {"etc/os-release=ID=alpine~VERSION_ID=3.20.3~", "alpine", "3.20.3", "Alpine:v3.20"},
    {"etc/alpine-release=3.9.6~", "alpine", "3.9.6", "Alpine:v3.9"},
    {"etc/os-release=ID=alpine~VERSION_ID=3.19.1~|etc/apk/repositories=https://x/v3.20/main~",
     "alpine", "3.19.1", "Alpine:v3.20"},
    {"etc/os-release=ID=alpine~VERSION_ID=3.19.1~|etc/apk/repositories=https://x/edge/"
     "main~https://x/v3.19/main~",
     "alpine", "3.19.1", "Alpine:v3.19"},
    {"etc/os-release=ID=postmarketos~ID_LIKE=alpine~VERSION_ID=v24.06~|etc/apk/"
     "repositories=http://x/v3.20/main~",
     "postmarketos", "v24.06", "Alpine:v3.20"},
    {"etc/os-release=ID=wolfi~VERSION_ID=20230201~", "wolfi", "20230201", "Wolfi"},
    {"etc/os-release=ID=chainguard~VERSION_ID=20230214~", "chainguard", "20230214", "Chainguard"},
    {"etc/os-release=ID=minimos~", "minimos", NULL, "MinimOS"},
    {"etc/os-release=ID=\"rhel\"~ID_LIKE=\"fedora\"~VERSION_ID=\"9.4\"~", "rhel", "9.4",
     "Red Hat:9"},
    {"etc/redhat-release=Red Hat Enterprise Linux Server release 6.10 (Santiago)~", "rhel", "6.10",
     "Red Hat:6"},
    {"etc/centos-release=CentOS release 6.9 (Final)~|etc/redhat-release=CentOS release 6.9~",
     "centos", "6.9", "Red Hat:6"},
    {"etc/os-release=ID=\"centos\"~ID_LIKE=\"rhel fedora\"~VERSION_ID=\"8\"~", "centos", "8",
     "Red Hat:8"},
    {"etc/os-release=ID=\"almalinux\"~ID_LIKE=\"rhel centos fedora\"~VERSION_ID=\"9.3\"~",
     "almalinux", "9.3", "AlmaLinux:9"},
    {"etc/os-release=ID=\"rocky\"~ID_LIKE=\"rhel centos fedora\"~VERSION_ID=\"8.9\"~", "rocky",
     "8.9", "Rocky Linux:8"},
    {"etc/os-release=ID=\"ol\"~ID_LIKE=\"fedora\"~VERSION_ID=\"8.9\"~", "ol", "8.9",
     "Oracle Linux:8"},
    {"etc/os-release=ID=\"amzn\"~ID_LIKE=\"centos rhel fedora\"~VERSION_ID=\"2\"~", "amzn", "2",
     "Amazon Linux:2"},
    {"etc/os-release=ID=\"amzn\"~VERSION_ID=\"2018.03\"~", "amzn", "2018.03", "Amazon Linux:1"},
    {"etc/os-release=ID=\"amzn\"~VERSION_ID=\"2023\"~", "amzn", "2023", "Amazon Linux:2023"},
    {"etc/os-release=ID=\"rhcos\"~ID_LIKE=\"rhel "
     "fedora\"~VERSION_ID=\"4.14\"~RHEL_VERSION=\"9.2\"~",
     "rhcos", "4.14", "Red Hat:9"},
    {"etc/os-release=ID=rhcos~VERSION_ID=4.6~PLATFORM_ID=\"platform:el8\"~", "rhcos", "4.6",
     "Red Hat:8"},
    {"etc/os-release=ID=rhcos~VERSION_ID=4.14~", "rhcos", "4.14", NULL},
    {"etc/os-release=ID=tencentos~ID_LIKE=\"rhel fedora centos\"~VERSION_ID=3.1~"
     "PLATFORM_ID=platform:el8~",
     "tencentos", "3.1", "Red Hat:8"},
    {"etc/os-release=ID=euleros~ID_LIKE=\"rhel fedora centos\"~VERSION_ID=2.0~", "euleros", "2.0",
     NULL},
    {"etc/os-release=ID=alinux~ID_LIKE=\"rhel fedora\"~VERSION_ID=3~PLATFORM_ID=platform:al8~",
     "alinux", "3", NULL},
    {"etc/os-release=ID=bazzite~ID_LIKE=\"fedora\"~VERSION_ID=40~PLATFORM_ID=\"platform:f40\"~",
     "bazzite", "40", "Fedora:40"},
    {"etc/os-release=ID=nobara~ID_LIKE=\"fedora\"~VERSION_ID=40~", "nobara", "40", NULL},
    {"etc/os-release=ID=someclone~ID_LIKE=\"rhel fedora\"~VERSION_ID=9.2~", "someclone", "9.2",
     "Red Hat:9"},
    {"etc/os-release=ID=\"sles\"~ID_LIKE=\"suse\"~VERSION_ID=\"15.5\"~", "sles", "15.5",
     "SUSE:15.5"},
    {"etc/os-release=ID=\"opensuse-leap\"~ID_LIKE=\"suse opensuse\"~VERSION_ID=\"15.6\"~",
     "opensuse-leap", "15.6", "openSUSE:Leap 15.6"},
    {"etc/os-release=ID=opensuse~VERSION_ID=\"13.2\"~", "opensuse", "13.2", "openSUSE:13.2"},
    {"etc/os-release=ID=opensuse~VERSION_ID=\"42.3\"~", "opensuse", "42.3", "openSUSE:Leap 42.3"},
    {"etc/os-release=ID=\"opensuse-tumbleweed\"~VERSION_ID=\"20240101\"~", "opensuse-tumbleweed",
     "20240101", "openSUSE:Tumbleweed"},
    {"etc/os-release=ID=\"sle-micro\"~VERSION_ID=\"5.5\"~", "sle-micro", "5.5", "SUSE Micro:5.5"},
    {"etc/os-release=ID=mariner~VERSION_ID=\"2.0\"~", "mariner", "2.0", "Mariner:2.0"},
    {"etc/mariner-release=CBL-Mariner 2.0.20220617~", "mariner", "2.0.20220617", "Mariner:2.0"},
    {"etc/os-release=ID=azurelinux~VERSION_ID=\"3.0\"~", "azurelinux", "3.0", "Azure Linux:3"},
    {"etc/os-release=ID=photon~VERSION_ID=5.0~", "photon", "5.0", "Photon OS:5.0"},
    {"etc/os-release=ID=mageia~VERSION_ID=9~", "mageia", "9", "Mageia:9"},
    {"etc/os-release=ID=openEuler~VERSION_ID=\"22.03\"~", "openEuler", "22.03",
     "openEuler:22.03-LTS"},
    {"etc/os-release=ID=openEuler~VERSION_ID=\"22.03\"~VERSION=\"22.03 LTS\"~", "openEuler",
     "22.03", "openEuler:22.03-LTS"},
    {"etc/os-release=ID=openEuler~VERSION_ID=\"23.03\"~", "openEuler", "23.03", "openEuler:23.03"},
    {"etc/os-release=ID=openEuler~VERSION_ID=\"22.09\"~", "openEuler", "22.09", "openEuler:22.09"},
    {"etc/os-release=ID=alpaquita~VERSION_ID=stream~", "alpaquita", "stream", "Alpaquita:stream"},
    {"etc/os-release=ID=openEuler~VERSION_ID=\"22.03\"~VERSION=\"22.03 (LTS-SP3)\"~", "openEuler",
     "22.03", "openEuler:22.03-LTS-SP3"},
    {"etc/os-release=ID=openEuler~VERSION_ID=\"24.03\"~PRETTY_NAME=\"openEuler 24.03 (LTS)\"~",
     "openEuler", "24.03", "openEuler:24.03-LTS"},
    {"etc/os-release=ID=arch~BUILD_ID=rolling~", "arch", NULL, "Arch"},
    {"etc/os-release=ID=manjaro~ID_LIKE=arch~", "manjaro", NULL, "Arch"},
    {"etc/arch-release=", "arch", NULL, "Arch"},
    {"etc/os-release=ID=gentoo~", "gentoo", NULL, "Gentoo"},
    {"etc/gentoo-release=Gentoo Base System release 2.14~", "gentoo", "2.14", "Gentoo"},
    {"etc/os-release=ID=plan9~VERSION_ID=4~", "plan9", "4", NULL},
    {"etc/os-release=export ID=fedora~VERSION_ID=4\\1~", "fedora", "41", "Fedora:41"},
    {"etc/os-release=NAME=x~", NULL, NULL, NULL},
    {"etc/system-release=Amazon Linux AMI release 2018.03~", "amzn", "2018.03", "Amazon Linux:1"},
};

static GPtrArray *facts_in(const char *files)
{
  GPtrArray *facts = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_catalog_facts_free);
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  g_auto(GStrv) list = g_strsplit(files, "|", -1);
  for (char **file = list; *file; file++) {
    char *text = strchr(*file, '=');
    *text++ = '\0';
    g_autoptr(OakumCatalogSink) sink = oakum_catalog_sink_new(none, none);
    g_autofree char *content = g_strdelimit(g_strdup(text), "~", '\n');
    g_autoptr(OakumCatalogFile) read = oakum_catalog_file_new(*file, oakum_slice_of(content));
    OakumCatalogEntry entry = {*file, *file, 0644, strlen(content), oakum_slice_of(content)};
    oakum_catalog_dispatch(&entry, read, sink, NULL, NULL);
    oakum_catalog_sink_take_facts(sink, facts);
  }
  return facts;
}

static void test_table(void)
{
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    OakumDistro distro = {0};
    g_autoptr(GPtrArray) facts = facts_in(cases[i].files);
    oakum_distro_find(facts, &distro);
    g_test_message("%s", cases[i].files);
    g_assert_cmpstr(distro.id, ==, cases[i].id);
    g_assert_cmpstr(distro.version, ==, cases[i].version);
    g_assert_cmpstr(distro.ecosystem, ==, cases[i].ecosystem);
    oakum_distro_clear(&distro);
  }
}

static void test_content_sets(void)
{
  OakumDistro distro = {0};
  g_autoptr(GPtrArray) facts = facts_in(
      "etc/os-release=ID=rhel~VERSION_ID=8.9~CPE_NAME=\"cpe:/o:redhat:enterprise_linux:8\"~|"
      "root/buildinfo/content_manifests/ubi8.json={\"content_sets\":[\"a-rpms\",\"b-rpms\"]}");
  oakum_distro_find(facts, &distro);
  g_assert_cmpstr(distro.repositories, ==, "a-rpms b-rpms");
  g_assert_cmpstr(distro.cpe, ==, "cpe:/o:redhat:enterprise_linux:8");
  oakum_distro_clear(&distro);
}

static void test_pro(void)
{
  static const struct {
    const char *status, *pro;
  } rows[] = {
      {"{\"attached\":true,\"services\":[{\"name\":\"esm-infra\",\"status\":\"enabled\"},"
       "{\"name\":\"livepatch\",\"status\":\"disabled\"},"
       "{\"name\":\"esm-apps\",\"status\":\"enabled\"}]}",
       "esm-apps esm-infra"},
      {"{\"attached\":false,\"services\":[{\"name\":\"esm-infra\",\"status\":\"enabled\"}]}", NULL},
      {"{\"attached\":true,\"services\":[]}", NULL},
      {"[]", NULL}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    OakumDistro distro = {0};
    g_autofree char *files = g_strconcat("etc/os-release=ID=ubuntu~VERSION_ID=20.04~|"
                                         "var/lib/ubuntu-advantage/status.json=",
                                         rows[i].status, NULL);
    g_autoptr(GPtrArray) facts = facts_in(files);
    oakum_distro_find(facts, &distro);
    g_assert_cmpstr(distro.pro, ==, rows[i].pro);
    oakum_distro_clear(&distro);
  }
}

static const struct {
  const char *type, *space, *name, *version, *purl, *arch, *source, *source_version;
} purls[] = {
    {"pypi", NULL, "Zope.Interface__X", "1!2+a", "pkg:pypi/zope-interface-x@1%212%2Ba"},
    {"npm", "@Angular", "Core", "1.0", "pkg:npm/%40angular/core@1.0"},
    {"maven", "org.apache.logging.log4j", "log4j-Core", "2.14.1",
     "pkg:maven/org.apache.logging.log4j/log4j-Core@2.14.1"},
    {"golang", NULL, "github.com/Azure/go", "v1.0.0", "pkg:golang/github.com/azure/go@v1.0.0"},
    {"gem", NULL, "Rack", "2.0", "pkg:gem/Rack@2.0"},
    {"gem", NULL, "nokogiri", "1.15.4", "pkg:gem/nokogiri@1.15.4?platform=x86_64-linux",
     "x86_64-linux"},
    {"conda", NULL, "numpy", "1.26.0", "pkg:conda/numpy@1.26.0?subdir=linux-64", "linux-64"},
    {"deb", NULL, "a", "1", "pkg:deb/debian/a@1?arch=amd64&distro=debian-12", "amd64"},
    {"cargo", NULL, "a_b", "1.0.0+x", "pkg:cargo/a_b@1.0.0%2Bx"},
    {"composer", "Symfony", "Console", "v5", "pkg:composer/symfony/console@v5"},
    {"deb", NULL, "libc6", "2:1-1", "pkg:deb/debian/libc6@2:1-1?distro=debian-12"},
    {"rpm", NULL, "a", "0:1-1", "pkg:rpm/debian/a@1-1?distro=debian-12"},
    {"deb", NULL, "libacl1", "2-2+b1",
     "pkg:deb/debian/libacl1@2-2%2Bb1?distro=debian-12&upstream=acl%402-2", NULL, "acl", "2-2"},
    {"deb", NULL, "bash", "5-2+b1",
     "pkg:deb/debian/bash@5-2%2Bb1?distro=debian-12&upstream=bash%405-2", NULL, "bash", "5-2"},
    {"deb", NULL, "libssl3", "3", "pkg:deb/debian/libssl3@3?distro=debian-12&upstream=openssl",
     NULL, "openssl", "3"},
    {"deb", NULL, "openssl", "3", "pkg:deb/debian/openssl@3?distro=debian-12", NULL, "openssl",
     "3"},
    {"apk", NULL, "libssl3", "3-r0",
     "pkg:apk/debian/libssl3@3-r0?distro=debian-12&upstream=openssl", NULL, "openssl", "3-r0"},
    {"rpm", NULL, "libssl", "0:3-1",
     "pkg:rpm/debian/libssl@3-1?distro=debian-12&upstream=openssl-3-1.src.rpm", NULL, "openssl",
     "0:3-1"},
    {"generic", NULL, "a", "1", "pkg:generic/a@1", NULL, "b", "2"},
    {"generic", NULL, "a b/c", "", "pkg:generic/a%20b%2Fc"},
};

static void test_purls(void)
{
  OakumDistro distro = {.id = (char *)"debian", .version = (char *)"12"};
  for (size_t i = 0; i < G_N_ELEMENTS(purls); i++) {
    OakumPackage package = {.type = (char *)purls[i].type,
                            .space = (char *)purls[i].space,
                            .name = (char *)purls[i].name,
                            .version = (char *)purls[i].version,
                            .arch = (char *)purls[i].arch,
                            .source_name = (char *)purls[i].source,
                            .source_version = (char *)purls[i].source_version};
    g_autofree char *purl = oakum_catalog_purl(&package, &distro);
    g_assert_cmpstr(purl, ==, purls[i].purl);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/distro/table", test_table);
  g_test_add_func("/distro/content-sets", test_content_sets);
  g_test_add_func("/distro/pro", test_pro);
  g_test_add_func("/distro/purls", test_purls);
  return g_test_run();
}
