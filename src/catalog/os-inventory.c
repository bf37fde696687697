/* Systems whose packages nobody can install: they come with a list of what they were built from. */
#include "catalog/os-private.h"
#include "catalog/parts-private.h"
#include <string.h>

/* ---- Bottlerocket: usr/share/bottlerocket/application-inventory.json, made from rpms
 * ------------------- */
static gboolean bottlerocket_wants(const OakumCatalogEntry *entry)
{
  static const char tail[] = "usr/share/bottlerocket/application-inventory.json";
  return strcmp(entry->path, tail) == 0 ||
         /* the root of a variant's image lies below usr/<triple>/sys-root */
         (g_str_has_suffix(entry->path, tail) && strstr(entry->path, "/sys-root/"));
}

static gboolean bottlerocket_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_DOCUMENT_MAX, error);
  if (!json)
    return FALSE;
  const json_t *content = json_object_get(json, "Content"), *one;
  size_t i;
  if (!json_is_array(content))
    return oakum_catalog_invalid(file, error, "no list of packages");
  json_array_foreach(content, i, one)
  {
    OakumSlice name = oakum_json_slice(one, "Name"), version = oakum_json_slice(one, "Version"),
               release = oakum_json_slice(one, "Release"), epoch = oakum_json_slice(one, "Epoch");
    if (name.len == 0 || version.len == 0)
      return oakum_catalog_invalid(file, error, "a package without a name or a version");
    gboolean old = epoch.len > 0 && !oakum_slice_is(epoch, "0");
    g_autofree char *whole =
        g_strdup_printf("%.*s%s%.*s%s%.*s", old ? (int)epoch.len : 0, (const char *)epoch.data,
                        old ? ":" : "", (int)version.len, (const char *)version.data,
                        release.len ? "-" : "", (int)release.len, (const char *)release.data);
    OakumPackage *package =
        oakum_catalog_sink_package(sink, file, "rpm", name, oakum_slice_of(whole));
    oakum_package_say(&package->arch, oakum_json_slice(one, "Architecture"));
    oakum_package_say(&package->maintainer, oakum_json_slice(one, "Publisher"));
  }
  return TRUE;
}

/* ---- Container-Optimized OS: etc/cos-package-info.json, made from ebuilds
 * ------------------------------- */
static gboolean cos_wants(const OakumCatalogEntry *entry)
{
  return strcmp(entry->path, "etc/cos-package-info.json") == 0;
}

static gboolean cos_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_DOCUMENT_MAX, error);
  if (!json)
    return FALSE;
  /* what it was built with is not in it */
  const json_t *content = json_object_get(json, "installedPackages"), *one;
  size_t i;
  if (!json_is_array(content))
    return oakum_catalog_invalid(file, error, "no list of packages");
  json_array_foreach(content, i, one)
  {
    OakumSlice name = oakum_json_slice(one, "name"), version = oakum_json_slice(one, "version");
    if (name.len == 0 || version.len == 0)
      return oakum_catalog_invalid(file, error, "a package without a name or a version");
    OakumPackage *package = oakum_catalog_sink_package(sink, file, "cos", name, version);
    oakum_package_say(&package->space, oakum_json_slice(one, "category"));
  }
  return TRUE;
}

/* ---- Bitnami: opt/bitnami/.bitnami_components.json of images made before they had SPDX documents
 * ------------------------------------------------------------------------------------------- */
static gboolean bitnami_wants(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, ".bitnami_components.json") == 0;
}

static gboolean bitnami_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_DOCUMENT_MAX, error);
  if (!json)
    return FALSE;
  if (!json_is_object(json))
    return oakum_catalog_invalid(file, error, "no object of components");
  const char *name;
  json_t *one;
  json_object_foreach(json, name, one)
  {
    OakumSlice version = oakum_json_slice(one, "version");
    if (!*name || version.len == 0)
      return oakum_catalog_invalid(file, error, "a component without a name or a version");
    OakumPackage *package =
        oakum_catalog_sink_package(sink, file, "bitnami", oakum_slice_of(name), version);
    oakum_package_say(&package->arch, oakum_json_slice(one, "arch"));
  }
  return TRUE;
}

const OakumCataloguer oakum_inventory_cataloguers[] = {
    {"bottlerocket", 1, bottlerocket_wants, bottlerocket_run, TRUE},
    {"cos", 1, cos_wants, cos_run, TRUE},
    {"bitnami-components", 1, bitnami_wants, bitnami_run, .whole = TRUE},
    {0}};
