/* Node: package.json of modules where node looks for them, and of applications. Lock files say what
 * somebody wanted, not what is there. */
#include "catalog/parts-private.h"

/* Whether the file is that of a module in its place: node_modules/NAME or node_modules/@SPACE/NAME.
 * What stands deeper in a module (its tests, its samples) is never resolved by name. */
typedef enum { OUTSIDE, MODULE, INSIDE } Place;
static Place place_of(const char *path)
{
  const char *rest = NULL;
  for (const char *at = path; (at = strstr(at, "node_modules/")); at++)
    if (at == path || at[-1] == '/')
      rest = at + strlen("node_modules/");
  if (!rest)
    return OUTSIDE;
  guint slashes = 0;
  for (const char *at = rest; *at; at++)
    slashes += *at == '/';
  return slashes == (*rest == '@' ? 2u : 1u) && *rest != '.' ? MODULE : INSIDE;
}

static gboolean wants(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, "package.json") == 0 && place_of(entry->path) != INSIDE;
}

static gboolean run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  gboolean module = place_of(oakum_catalog_file_path(file)) == MODULE;
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_TEXT_MAX, module ? error : NULL);
  if (!json)
    return !module; /* any JSON may be called so elsewhere */
  OakumSlice name = oakum_json_slice(json, "name"), version = oakum_json_slice(json, "version");
  if (name.len == 0 || version.len == 0)
    return TRUE; /* marks a folder as of one module type, or an application that is not published */
  OakumSlice rest = {NULL, 0}, space = {NULL, 0};
  if (name.data[0] == '@') {
    space = oakum_slice_cut(name, '/', &rest);
    if (rest.len > 0)
      name = rest;
    else
      space = rest;
  }
  OakumPackage *package = oakum_catalog_add(sink, file, "npm", name, version);
  if (!package)
    return TRUE;
  oakum_package_say(&package->space, space);
  const json_t *license = json_object_get(json, "license");
  package->license = /* of an array one may choose (npm's docs of package.json) */
      oakum_json_license(license ? license : json_object_get(json, "licenses"), "type", " OR ");
  return TRUE;
}

const OakumCataloguer oakum_node_cataloguers[] = {{"node-installed", 2, wants, run, .whole = TRUE},
                                                  {0}};
