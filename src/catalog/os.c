/* The package managers of systems. */
#include "catalog/os-private.h"
#include <string.h>

/* ---- another root below this one ----------------------------------------------------------------
 * A chroot, a machine, a folder that an image was unpacked to. What is installed there is of a
 * system of its own, which may be another distribution: its database is not this image's, and is
 * not passed over either. */
static const char *const databases[] = {"/var/lib/dpkg/status",
                                        "/lib/apk/db/installed",
                                        "/usr/lib/sysimage/rpm/rpmdb.sqlite",
                                        "/var/lib/rpm/rpmdb.sqlite",
                                        "/var/lib/rpm/Packages",
                                        "/usr/lib/sysimage/rpm/Packages.db",
                                        "/var/lib/rpm/Packages.db",
                                        "/usr/share/rpm/rpmdb.sqlite",
                                        "/usr/share/rpm/Packages",
                                        "/usr/share/rpm/Packages.db"};

/* Where engines keep what their images are made of, each to be scanned as the image that it is. */
static const char *const stores[] = {"var/lib/docker/",     "var/lib/containerd/",
                                     "var/lib/containers/", "var/lib/rancher/",
                                     "var/lib/buildkit/",   "var/lib/kubelet/"};

static gboolean wants_another(const OakumCatalogEntry *entry)
{
  static const char *const bases[] = {"status", "installed", "rpmdb.sqlite", "Packages",
                                      "Packages.db"};
  gboolean named = FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(bases) && !named; i++)
    named = strcmp(entry->base, bases[i]) == 0;
  if (!named || entry->size == 0)
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(stores); i++)
    if (g_str_has_prefix(entry->path, stores[i]))
      return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(databases); i++)
    if (g_str_has_suffix(entry->path, databases[i]) &&
        strcmp(entry->path, "usr/lib/apk/db/installed") != 0)
      return TRUE;
  return FALSE;
}

static gboolean run_another(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  (void)error;
  oakum_catalog_sink_incomplete(sink, file, "unread-package-database",
                                "is of another root below this one; scan that by itself, as "
                                "rootfs:FOLDER");
  return TRUE;
}

const OakumCataloguer oakum_cataloguers_os[] = {
    {"dpkg", 5, oakum_dpkg_wants, oakum_dpkg_run, TRUE, .whole = TRUE},
    {"dpkg-files", 1, oakum_dpkg_list_wants, oakum_dpkg_list_run, .whole = TRUE},
    {"chisel", 1, oakum_chisel_wants, oakum_chisel_run, TRUE, .whole = TRUE},
    {"apk", 3, oakum_apk_wants, oakum_apk_run, TRUE, .whole = TRUE},
    {"rpm", 4, oakum_rpm_wants, oakum_rpm_run, TRUE},
    {"another-root", 2, wants_another, run_another},
    {"rpm-wal", 2, oakum_rpm_wal_wants, oakum_rpm_wal_run, FALSE},
    {"rpm-manifest", 1, oakum_rpm_list_wants, oakum_rpm_list_run, TRUE, .whole = TRUE},
    {0}};
