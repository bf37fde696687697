/* The documents that go between the two processes. */
#include "examine/examine-private.h"
#include <string.h>

/* Names in a package database are any bytes; JSON is UTF-8. */
static void set_text(json_t *object, const char *key, const char *value)
{
  if (!value)
    return;
  g_autofree char *text = oakum_escape_utf8(value, -1);
  json_object_set_new(object, key, json_string(text));
}

/* ---- the order
 * ---------------------------------------------------------------------------------- */
gpointer oakum_examine_layer_new(void)
{
  return g_new0(ExamineLayer, 1);
}

void oakum_examine_layer_free(gpointer layer)
{
  g_free(((ExamineLayer *)layer)->name);
  g_free(((ExamineLayer *)layer)->diff_id);
  g_free(layer);
}

static const OakumJsonField layer_fields[] = {
    {"name", OAKUM_JSON_STRING, offsetof(ExamineLayer, name), FALSE, NULL, NULL, NULL, 0},
    {"diff_id", OAKUM_JSON_STRING, offsetof(ExamineLayer, diff_id), FALSE, NULL, NULL, NULL, 0},
    {0}};
static const OakumJsonField order_fields[] = {
    {"folder", OAKUM_JSON_BOOL, offsetof(ExamineOrder, folder), TRUE, NULL, NULL, NULL, 0},
    {"layers", OAKUM_JSON_ARRAY, offsetof(ExamineOrder, layers), TRUE, layer_fields,
     oakum_examine_layer_new, oakum_examine_layer_free, OAKUM_HISTORY_MAX},
    {0}};

char *oakum_examine_order_format(const ExamineOrder *order)
{
  OAKUM_AUTO_JSON *json = json_object();
  json_t *layers = json_array();
  for (guint i = 0; i < order->layers->len; i++) {
    const ExamineLayer *layer = order->layers->pdata[i];
    json_t *row = json_object();
    set_text(row, "name", layer->name);
    set_text(row, "diff_id", layer->diff_id);
    json_array_append_new(layers, row);
  }
  json_object_set_new(json, "folder", json_boolean(order->folder));
  json_object_set_new(json, "layers", layers);
  return oakum_json_dump(json, FALSE);
}

gboolean oakum_examine_order_parse(const char *data, size_t len, ExamineOrder *order,
                                   GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_json_parse(data, len, "order", error);
  return json && oakum_json_bind(json, order_fields, order, "order", error);
}

/* ---- the result
 * --------------------------------------------------------------------------------- */
typedef struct {
  char *name, *version, *type, *arch, *purl, *source_name, *source_version, *maintainer;
  char **paths;
  int64_t layer;
} PackageRow;
typedef struct {
  char *id, *title, *why, *fix;
} IncompleteRow;
typedef struct {
  char *message;
  uint64_t code;
} ErrorRow;
typedef struct {
  ErrorRow error;
  OakumDistro distro;
  GPtrArray *packages, *incomplete;
} ResultRow;

static void package_row_free(gpointer p)
{
  PackageRow *row = p;
  char **fields[] = {&row->name, &row->version,     &row->type,           &row->arch,
                     &row->purl, &row->source_name, &row->source_version, &row->maintainer};
  for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
    g_free(*fields[i]);
  g_strfreev(row->paths);
  g_free(row);
}

static void incomplete_row_free(gpointer p)
{
  IncompleteRow *row = p;
  g_free(row->id);
  g_free(row->title);
  g_free(row->why);
  g_free(row->fix);
  g_free(row);
}

static gpointer package_row_new(void)
{
  return g_new0(PackageRow, 1);
}

static gpointer incomplete_row_new(void)
{
  return g_new0(IncompleteRow, 1);
}

#define TEXT(type, key, required)                                                                  \
  {                                                                                                \
#key, OAKUM_JSON_STRING, offsetof(type, key), required, NULL, NULL, NULL, 0                    \
  }
static const OakumJsonField package_fields[] = {
    TEXT(PackageRow, name, TRUE),
    TEXT(PackageRow, version, TRUE),
    TEXT(PackageRow, type, TRUE),
    TEXT(PackageRow, arch, FALSE),
    TEXT(PackageRow, purl, FALSE),
    TEXT(PackageRow, source_name, FALSE),
    TEXT(PackageRow, source_version, FALSE),
    TEXT(PackageRow, maintainer, FALSE),
    {"paths", OAKUM_JSON_STRV, offsetof(PackageRow, paths), TRUE, NULL, NULL, NULL,
     OAKUM_PACKAGE_PATHS_MAX},
    {"layer", OAKUM_JSON_I64, offsetof(PackageRow, layer), TRUE, NULL, NULL, NULL, 0},
    {0}};
static const OakumJsonField incomplete_fields[] = {TEXT(IncompleteRow, id, TRUE),
                                                   TEXT(IncompleteRow, title, TRUE),
                                                   TEXT(IncompleteRow, why, FALSE),
                                                   TEXT(IncompleteRow, fix, FALSE),
                                                   {0}};
static const OakumJsonField distro_fields[] = {TEXT(OakumDistro, id, FALSE),
                                               TEXT(OakumDistro, version, FALSE),
                                               TEXT(OakumDistro, pretty, FALSE),
                                               TEXT(OakumDistro, ecosystem, FALSE),
                                               {0}};
static const OakumJsonField error_fields[] = {
    TEXT(ErrorRow, message, TRUE),
    {"code", OAKUM_JSON_U64, offsetof(ErrorRow, code), TRUE, NULL, NULL, NULL, 0},
    {0}};
static const OakumJsonField result_fields[] = {
    {"error", OAKUM_JSON_OBJECT, offsetof(ResultRow, error), FALSE, error_fields, NULL, NULL, 0},
    {"distro", OAKUM_JSON_OBJECT, offsetof(ResultRow, distro), FALSE, distro_fields, NULL, NULL, 0},
    {"packages", OAKUM_JSON_ARRAY, offsetof(ResultRow, packages), FALSE, package_fields,
     package_row_new, package_row_free, OAKUM_PACKAGES_MAX},
    {"incomplete", OAKUM_JSON_ARRAY, offsetof(ResultRow, incomplete), FALSE, incomplete_fields,
     incomplete_row_new, incomplete_row_free, OAKUM_PACKAGES_MAX},
    {0}};

char *oakum_examine_format_error(const GError *error)
{
  OAKUM_AUTO_JSON *json = json_object();
  json_t *object = json_object();
  set_text(object, "message", error->message);
  json_object_set_new(object, "code", json_integer(error->code));
  json_object_set_new(json, "error", object);
  return oakum_json_dump(json, FALSE);
}

char *oakum_examine_format(const OakumCatalog *catalog)
{
  OAKUM_AUTO_JSON *json = json_object();
  json_t *distro = json_object(), *packages = json_array(), *incomplete = json_array();
  set_text(distro, "id", catalog->distro.id);
  set_text(distro, "version", catalog->distro.version);
  set_text(distro, "pretty", catalog->distro.pretty);
  set_text(distro, "ecosystem", catalog->distro.ecosystem);
  for (guint i = 0; i < catalog->packages->len; i++) {
    const OakumPackage *package = catalog->packages->pdata[i];
    json_t *row = json_object(), *paths = json_array();
    set_text(row, "name", package->name);
    set_text(row, "version", package->version);
    set_text(row, "type", package->type);
    set_text(row, "arch", package->arch);
    set_text(row, "purl", package->purl);
    set_text(row, "source_name", package->source_name);
    set_text(row, "source_version", package->source_version);
    set_text(row, "maintainer", package->maintainer);
    for (guint j = 0; j < package->paths->len; j++) {
      g_autofree char *path = oakum_escape_utf8(package->paths->pdata[j], -1);
      json_array_append_new(paths, json_string(path));
    }
    json_object_set_new(row, "paths", paths);
    json_object_set_new(row, "layer", json_integer(package->layer_index));
    json_array_append_new(packages, row);
  }
  for (guint i = 0; i < catalog->incomplete->len; i++) {
    const OakumFinding *finding = catalog->incomplete->pdata[i];
    json_t *row = json_object();
    set_text(row, "id", finding->id);
    set_text(row, "title", finding->title);
    set_text(row, "why", finding->why);
    set_text(row, "fix", finding->fix);
    json_array_append_new(incomplete, row);
  }
  json_object_set_new(json, "distro", distro);
  json_object_set_new(json, "packages", packages);
  json_object_set_new(json, "incomplete", incomplete);
  return oakum_json_dump(json, FALSE);
}

static OakumPackage *take_package(PackageRow *row, const char *const *layers, guint n_layers)
{
  OakumPackage *package = oakum_package_new();
  package->name = g_steal_pointer(&row->name);
  package->version = g_steal_pointer(&row->version);
  package->type = g_steal_pointer(&row->type);
  package->arch = g_steal_pointer(&row->arch);
  package->purl = g_steal_pointer(&row->purl);
  package->source_name = g_steal_pointer(&row->source_name);
  package->source_version = g_steal_pointer(&row->source_version);
  package->maintainer = g_steal_pointer(&row->maintainer);
  for (char **path = row->paths; path && *path; path++)
    g_ptr_array_add(package->paths, g_steal_pointer(path));
  g_clear_pointer(&row->paths, g_free);
  if (row->layer >= 0 && row->layer < n_layers) {
    package->layer_index = (int)row->layer;
    package->layer = g_strdup(layers ? layers[row->layer] : NULL);
  }
  return package;
}

static OakumCatalog *take_result(ResultRow *row, const char *const *layers, guint n_layers)
{
  OakumCatalog *catalog = g_new0(OakumCatalog, 1);
  catalog->packages = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  catalog->incomplete = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  catalog->distro = row->distro;
  row->distro = (OakumDistro){0};
  for (guint i = 0; i < row->packages->len; i++)
    g_ptr_array_add(catalog->packages, take_package(row->packages->pdata[i], layers, n_layers));
  for (guint i = 0; i < row->incomplete->len; i++) {
    IncompleteRow *from = row->incomplete->pdata[i];
    OakumFinding *finding =
        oakum_finding_new(OAKUM_FINDING_INCOMPLETE, from->id, OAKUM_SEVERITY_UNKNOWN);
    finding->title = g_steal_pointer(&from->title);
    finding->why = g_steal_pointer(&from->why);
    finding->fix = g_steal_pointer(&from->fix);
    g_ptr_array_add(catalog->incomplete, finding);
  }
  return catalog;
}

OakumCatalog *oakum_examine_parse(const char *data, size_t len, const char *const *layers,
                                  guint n_layers, GError **error)
{
  ResultRow row = {0};
  OakumCatalog *catalog = NULL;
  OAKUM_AUTO_JSON *json = oakum_json_parse(data, len, "what was found", error);
  if (json && oakum_json_bind(json, result_fields, &row, "what was found", error)) {
    if (row.error.message)
      g_set_error_literal(error, OAKUM_EXAMINE_ERROR, (gint)MIN(row.error.code, OAKUM_ERROR_USAGE),
                          row.error.message);
    else if (!row.packages || !row.incomplete)
      g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_INVALID,
                  "what was found has no packages");
    else
      catalog = take_result(&row, layers, n_layers);
  }
  g_free(row.error.message);
  g_free(row.distro.id);
  g_free(row.distro.version);
  g_free(row.distro.pretty);
  g_free(row.distro.ecosystem);
  g_clear_pointer(&row.packages, g_ptr_array_unref);
  g_clear_pointer(&row.incomplete, g_ptr_array_unref);
  return catalog;
}
