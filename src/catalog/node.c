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

/* Adds what a package.json says it is; without a name or a version it says nothing: it marks a
 * folder as of one module type, or an application that is not published. */
static void add_module(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  OakumSlice name = oakum_json_slice(json, "name"), version = oakum_json_slice(json, "version");
  if (name.len == 0 || version.len == 0)
    return;
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
    return;
  oakum_package_say(&package->space, space);
  const json_t *license = json_object_get(json, "license");
  package->license = /* of an array one may choose (npm's docs of package.json) */
      oakum_json_license(license ? license : json_object_get(json, "licenses"), "type", " OR ");
}

static gboolean run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  gboolean module = place_of(oakum_catalog_file_path(file)) == MODULE;
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_TEXT_MAX, module ? error : NULL);
  if (!json)
    return !module; /* any JSON may be called so elsewhere */
  add_module(json, file, sink);
  return TRUE;
}

/* Yarn's Plug'n'Play unpacks nothing: modules are loaded out of the zips of its cache, that of the
 * project (.yarn/cache) or that of the user (.yarn/berry/cache), one of node_modules/NAME each. */
static gboolean wants_zip(const OakumCatalogEntry *entry)
{
  if (!oakum_path_ends(entry->base, ".zip"))
    return FALSE;
  OakumSlice folder = oakum_path_above(entry->path, 0), above = oakum_path_above(entry->path, 1);
  return oakum_slice_is(folder, "cache") &&
         (oakum_slice_is(above, ".yarn") ||
          (oakum_slice_is(above, "berry") &&
           oakum_slice_is(oakum_path_above(entry->path, 2), ".yarn")));
}

static gboolean run_zip(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  g_autoptr(OakumZip) zip = oakum_catalog_zip(file, error);
  if (!zip)
    return FALSE;
  for (guint i = 0; i < oakum_zip_count(zip); i++) {
    g_autofree char *name = oakum_slice_value(oakum_zip_entry(zip, i).name);
    if (!name || !oakum_path_ends(name, "/package.json") || place_of(name) != MODULE)
      continue;
    g_autofree char *text = NULL;
    size_t len;
    OAKUM_AUTO_JSON *json =
        oakum_catalog_zip_text(zip, i, file, &text, &len, error)
            ? oakum_catalog_json_bytes((OakumSlice){(const uint8_t *)text, len}, error)
            : NULL;
    if (!json)
      return FALSE;
    add_module(json, file, sink);
  }
  return TRUE;
}

const OakumCataloguer oakum_node_cataloguers[] = {
    {"node-installed", 2, wants, run, .whole = TRUE}, {"node-zip", 1, wants_zip, run_zip}, {0}};
