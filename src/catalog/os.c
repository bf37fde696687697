/* The package managers of systems. */
#include "catalog/os-private.h"

const OakumCataloguer oakum_cataloguers_os[] = {
    {"dpkg", 4, oakum_dpkg_wants, oakum_dpkg_run, TRUE, .whole = TRUE},
    {"dpkg-files", 1, oakum_dpkg_list_wants, oakum_dpkg_list_run, .whole = TRUE},
    {"chisel", 1, oakum_chisel_wants, oakum_chisel_run, TRUE, .whole = TRUE},
    {"apk", 3, oakum_apk_wants, oakum_apk_run, TRUE, .whole = TRUE},
    {"rpm", 3, oakum_rpm_wants, oakum_rpm_run, TRUE},
    {"rpm-wal", 1, oakum_rpm_wal_wants, oakum_rpm_wal_run, FALSE},
    {"rpm-manifest", 1, oakum_rpm_list_wants, oakum_rpm_list_run, TRUE, .whole = TRUE},
    {0}};
