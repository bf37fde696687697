/* The package managers of systems. */
#include "catalog/os-private.h"
#include <string.h>

/* Databases of package managers that are not read yet: images that have them are not judged. */
static gboolean foreign_wants(const OakumCatalogEntry *entry)
{
  static const char *const paths[] = {"var/lib/rpm/rpmdb.sqlite",
                                      "var/lib/rpm/Packages",
                                      "var/lib/rpm/Packages.db",
                                      "usr/lib/sysimage/rpm/rpmdb.sqlite",
                                      "usr/share/rpm/rpmdb.sqlite",
                                      "usr/lib/sysimage/rpm/Packages.db",
                                      "var/lib/pacman/local/ALPM_DB_VERSION"};
  for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
    if (strcmp(entry->path, paths[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean foreign_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  (void)error;
  oakum_catalog_sink_incomplete(sink, file, "unread-package-database",
                                strstr(oakum_catalog_file_path(file), "rpm")
                                    ? "packages of rpm are not read yet"
                                    : "packages of pacman are not read yet");
  return TRUE;
}

const OakumCataloguer oakum_cataloguers_os[] = {
    {"dpkg", 1, oakum_dpkg_wants, oakum_dpkg_run, TRUE},
    {"dpkg-files", 1, oakum_dpkg_list_wants, oakum_dpkg_list_run, FALSE},
    {"apk", 1, oakum_apk_wants, oakum_apk_run, TRUE},
    {"foreign", 1, foreign_wants, foreign_run, TRUE},
    {0}};
