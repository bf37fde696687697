/* The documents that go between the two processes. */
#include "examine/examine-private.h"
#include <string.h>

/* Names in a package database are any bytes; JSON is UTF-8. */
#define TEXT(type, key, required)                                                                  \
  {                                                                                                \
#key, OAKUM_JSON_STRING, offsetof(type, key), required, NULL, NULL, NULL, 0                    \
  }
#define LIST(type, key, fields, make, free, max)                                                   \
  {                                                                                                \
#key, OAKUM_JSON_ARRAY, offsetof(type, key), FALSE, fields, make, free, max                    \
  }
#define ROWS_MAX OAKUM_VIEW_NAMES_MAX

/* ---- pairs of paths
 * ------------------------------------------------------------------------------- *
 * A path may be any bytes; those that are no UTF-8 come back as others, and only say less. */
static gpointer pair_new(void)
{
  return g_new0(OakumPathPair, 1);
}

static void pair_free(gpointer pair)
{
  oakum_path_pair_free(pair);
}

static const OakumJsonField pair_fields[] = {
    TEXT(OakumPathPair, path, TRUE), TEXT(OakumPathPair, other, TRUE), {0}};

static void set_pairs(json_t *object, const char *key, const GPtrArray *pairs)
{
  if (!pairs || pairs->len == 0)
    return;
  json_t *list = json_array();
  for (guint i = 0; i < pairs->len; i++) {
    const OakumPathPair *pair = pairs->pdata[i];
    json_t *row = json_object();
    oakum_json_set(row, "path", pair->path);
    oakum_json_set(row, "other", pair->other);
    json_array_append_new(list, row);
  }
  json_object_set_new(object, key, list);
}

/* ---- the order
 * ---------------------------------------------------------------------------------- */
gpointer oakum_examine_layer_new(void)
{
  return g_new0(ExamineLayer, 1);
}

void oakum_examine_layer_free(gpointer layer)
{
  g_free(((ExamineLayer *)layer)->diff_id);
  if (((ExamineLayer *)layer)->only)
    g_ptr_array_unref(((ExamineLayer *)layer)->only);
  g_free(layer);
}

void oakum_examine_order_clear(ExamineOrder *order)
{
  g_clear_pointer(&order->key, g_free);
  g_clear_pointer(&order->layers, g_ptr_array_unref);
  g_clear_pointer(&order->skip, g_ptr_array_unref);
}

static const OakumJsonField layer_fields[] = {
    TEXT(ExamineLayer, diff_id, FALSE),
    {"lowest", OAKUM_JSON_BOOL, offsetof(ExamineLayer, lowest), FALSE, NULL, NULL, NULL, 0},
    {"partly", OAKUM_JSON_ARRAY, offsetof(ExamineLayer, only), FALSE, pair_fields, pair_new,
     pair_free, ROWS_MAX},
    {0}};
static const OakumJsonField order_fields[] = {
    {"folder", OAKUM_JSON_BOOL, offsetof(ExamineOrder, folder), TRUE, NULL, NULL, NULL, 0},
    TEXT(ExamineOrder, key, FALSE),
    {"layers", OAKUM_JSON_ARRAY, offsetof(ExamineOrder, layers), TRUE, layer_fields,
     oakum_examine_layer_new, oakum_examine_layer_free, OAKUM_HISTORY_MAX},
    LIST(ExamineOrder, skip, pair_fields, pair_new, pair_free, OAKUM_EXAMINE_TRIES),
    {0}};

char *oakum_examine_order_format(const ExamineOrder *order)
{
  OAKUM_AUTO_JSON *json = json_object();
  json_t *layers = json_array();
  for (guint i = 0; i < order->layers->len; i++) {
    const ExamineLayer *layer = order->layers->pdata[i];
    json_t *row = json_object();
    oakum_json_set(row, "diff_id", layer->diff_id);
    json_object_set_new(row, "lowest", json_boolean(layer->lowest));
    set_pairs(row, "partly", layer->only);
    json_array_append_new(layers, row);
  }
  json_object_set_new(json, "folder", json_boolean(order->folder));
  oakum_json_set(json, "key", order->key);
  json_object_set_new(json, "layers", layers);
  set_pairs(json, "skip", order->skip);
  return oakum_json_dump(json, FALSE);
}

gboolean oakum_examine_order_parse(const char *data, size_t len, ExamineOrder *order,
                                   GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_json_parse(data, len, "order", error);
  return json && oakum_json_bind(json, order_fields, order, "order", error);
}

/* ---- notes
 * -------------------------------------------------------------------------------------- */
typedef struct {
  OakumPackage package; /* first: the text fields are bound in place */
  char **proof;
} PackageRow;
typedef struct {
  char *id, *title, *why, *fix, *file;
} IncompleteRow;
typedef struct {
  char *path;
  GHashTable *values;
} FactsRow;
typedef struct {
  char *message;
  uint64_t code;
} ErrorRow;
typedef struct {
  GPtrArray *packages, *incomplete, *facts;
  GPtrArray *databases, *links, *hard, *again, *distant;
  char **gone, **implicit;
} NotesRow;

/* Every field of a package that a cataloguer may fill, with its key. */
static const struct {
  const char *key;
  size_t offset;
} package_texts[] = {{"name", offsetof(OakumPackage, name)},
                     {"version", offsetof(OakumPackage, version)},
                     {"type", offsetof(OakumPackage, type)},
                     {"space", offsetof(OakumPackage, space)},
                     {"arch", offsetof(OakumPackage, arch)},
                     {"purl", offsetof(OakumPackage, purl)},
                     {"source_name", offsetof(OakumPackage, source_name)},
                     {"source_version", offsetof(OakumPackage, source_version)},
                     {"maintainer", offsetof(OakumPackage, maintainer)},
                     {"license", offsetof(OakumPackage, license)},
                     {"module", offsetof(OakumPackage, module)},
                     {"cpe", offsetof(OakumPackage, cpe)},
                     {"found_by", offsetof(OakumPackage, found_by)},
                     {"owner", offsetof(OakumPackage, owner)}};

static gpointer package_row_new(void)
{
  PackageRow *row = g_new0(PackageRow, 1);
  row->package.layer_index = -1;
  return row;
}

static void package_row_free(gpointer p)
{
  PackageRow *row = p;
  for (size_t i = 0; i < G_N_ELEMENTS(package_texts); i++)
    g_free(G_STRUCT_MEMBER(char *, &row->package, package_texts[i].offset));
  g_strfreev(row->proof);
  g_free(row);
}

static void incomplete_row_free(gpointer p)
{
  IncompleteRow *row = p;
  g_free(row->id);
  g_free(row->title);
  g_free(row->why);
  g_free(row->fix);
  g_free(row->file);
  g_free(row);
}

static gpointer incomplete_row_new(void)
{
  return g_new0(IncompleteRow, 1);
}

static gpointer facts_row_new(void)
{
  return g_new0(OakumCatalogFacts, 1);
}

static void facts_row_free(gpointer facts)
{
  oakum_catalog_facts_free(facts);
}

static const OakumJsonField package_fields[] = {
    TEXT(OakumPackage, name, TRUE),
    TEXT(OakumPackage, version, TRUE),
    TEXT(OakumPackage, type, TRUE),
    TEXT(OakumPackage, space, FALSE),
    TEXT(OakumPackage, arch, FALSE),
    TEXT(OakumPackage, purl, FALSE),
    TEXT(OakumPackage, source_name, FALSE),
    TEXT(OakumPackage, source_version, FALSE),
    TEXT(OakumPackage, maintainer, FALSE),
    TEXT(OakumPackage, license, FALSE),
    TEXT(OakumPackage, module, FALSE),
    TEXT(OakumPackage, cpe, FALSE),
    TEXT(OakumPackage, found_by, FALSE),
    TEXT(OakumPackage, owner, FALSE),
    {"guessed", OAKUM_JSON_BOOL, offsetof(OakumPackage, guessed), FALSE, NULL, NULL, NULL, 0},
    {"offset", OAKUM_JSON_U64, offsetof(OakumPackage, offset), FALSE, NULL, NULL, NULL, 0},
    {"paths", OAKUM_JSON_STRV, offsetof(PackageRow, proof), TRUE, NULL, NULL, NULL,
     OAKUM_PACKAGE_PATHS_MAX},
    {0}};
static const OakumJsonField incomplete_fields[] = {
    TEXT(IncompleteRow, id, TRUE),    TEXT(IncompleteRow, title, TRUE),
    TEXT(IncompleteRow, why, FALSE),  TEXT(IncompleteRow, fix, FALSE),
    TEXT(IncompleteRow, file, FALSE), {0}};
static const OakumJsonField facts_fields[] = {TEXT(OakumCatalogFacts, path, TRUE),
                                              {"values", OAKUM_JSON_MAP,
                                               offsetof(OakumCatalogFacts, values), TRUE, NULL,
                                               NULL, NULL, OAKUM_CATALOG_FACTS},
                                              {0}};
static const OakumJsonField error_fields[] = {
    TEXT(ErrorRow, message, TRUE),
    {"code", OAKUM_JSON_U64, offsetof(ErrorRow, code), TRUE, NULL, NULL, NULL, 0},
    {0}};
#define PAIRS(key) LIST(NotesRow, key, pair_fields, pair_new, pair_free, ROWS_MAX)
#define STRINGS(key)                                                                               \
  {                                                                                                \
#key, OAKUM_JSON_STRV, offsetof(NotesRow, key), FALSE, NULL, NULL, NULL, ROWS_MAX              \
  }
static const OakumJsonField notes_fields[] = {
    {"packages", OAKUM_JSON_ARRAY, offsetof(NotesRow, packages), TRUE, package_fields,
     package_row_new, package_row_free, OAKUM_PACKAGES_MAX},
    {"incomplete", OAKUM_JSON_ARRAY, offsetof(NotesRow, incomplete), TRUE, incomplete_fields,
     incomplete_row_new, incomplete_row_free, OAKUM_PACKAGES_MAX},
    LIST(NotesRow, facts, facts_fields, facts_row_new, facts_row_free, OAKUM_PACKAGES_MAX),
    PAIRS(databases),
    PAIRS(links),
    PAIRS(hard),
    PAIRS(again),
    PAIRS(distant),
    STRINGS(gone),
    STRINGS(implicit),
    {0}};

char *oakum_examine_format_error(const GError *error)
{
  OAKUM_AUTO_JSON *json = json_object();
  oakum_json_set(json, "message", error->message);
  json_object_set_new(json, "code", json_integer(error->code));
  return oakum_json_dump(json, FALSE);
}

gboolean oakum_examine_parse_error(const char *data, size_t len, GError **error)
{
  ErrorRow row = {0};
  OAKUM_AUTO_JSON *json = oakum_json_parse(data, len, "what went wrong", error);
  if (json && oakum_json_bind(json, error_fields, &row, "what went wrong", error))
    g_set_error_literal(error, OAKUM_EXAMINE_ERROR, (gint)MIN(row.code, OAKUM_ERROR_USAGE),
                        row.message);
  g_free(row.message);
  return FALSE;
}

static void set_package(json_t *list, const OakumPackage *package)
{
  json_t *row = json_object(), *paths = json_array();
  for (size_t i = 0; i < G_N_ELEMENTS(package_texts); i++)
    oakum_json_set(row, package_texts[i].key,
                   G_STRUCT_MEMBER(char *, package, package_texts[i].offset));
  if (package->guessed)
    json_object_set_new(row, "guessed", json_true());
  if (package->offset > 0 && package->offset <= G_MAXINT64)
    json_object_set_new(row, "offset", json_integer((json_int_t)package->offset));
  for (guint i = 0; i < package->paths->len; i++) {
    g_autofree char *path = oakum_escape_utf8(package->paths->pdata[i], -1);
    json_array_append_new(paths, json_string(path));
  }
  json_object_set_new(row, "paths", paths);
  json_array_append_new(list, row);
}

static void set_facts(json_t *list, const OakumCatalogFacts *facts)
{
  json_t *row = json_object(), *values = json_object();
  GHashTableIter iter;
  gpointer key, value;
  oakum_json_set(row, "path", facts->path);
  g_hash_table_iter_init(&iter, facts->values);
  while (g_hash_table_iter_next(&iter, &key, &value))
    oakum_json_set(values, key, value);
  json_object_set_new(row, "values", values);
  json_array_append_new(list, row);
}

static void set_strings(json_t *object, const char *key, const GPtrArray *strings)
{
  json_t *list = json_array();
  for (guint i = 0; i < strings->len; i++) {
    g_autofree char *text = oakum_escape_utf8(strings->pdata[i], -1);
    json_array_append_new(list, json_string(text));
  }
  json_object_set_new(object, key, list);
}

char *oakum_examine_format(const OakumLayerNotes *notes)
{
  OAKUM_AUTO_JSON *json = json_object();
  json_t *packages = json_array(), *incomplete = json_array(), *facts = json_array();
  for (guint i = 0; i < notes->packages->len; i++)
    set_package(packages, notes->packages->pdata[i]);
  for (guint i = 0; i < notes->incomplete->len; i++) {
    const OakumFinding *finding = notes->incomplete->pdata[i];
    json_t *row = json_object();
    oakum_json_set(row, "id", finding->id);
    oakum_json_set(row, "title", finding->title);
    oakum_json_set(row, "why", finding->why);
    oakum_json_set(row, "fix", finding->fix);
    oakum_json_set(row, "file", finding->file);
    json_array_append_new(incomplete, row);
  }
  for (guint i = 0; i < notes->facts->len; i++)
    set_facts(facts, notes->facts->pdata[i]);
  json_object_set_new(json, "packages", packages);
  json_object_set_new(json, "incomplete", incomplete);
  json_object_set_new(json, "facts", facts);
  set_pairs(json, "databases", notes->databases);
  set_pairs(json, "links", notes->links);
  set_pairs(json, "hard", notes->hard);
  set_pairs(json, "again", notes->again);
  set_pairs(json, "distant", notes->distant);
  set_strings(json, "gone", notes->gone);
  set_strings(json, "implicit", notes->implicit);
  return oakum_json_dump(json, TRUE);
}

/* NULL: the row proves nothing. */
static OakumPackage *take_package(PackageRow *row)
{
  if (!row->proof || !row->proof[0])
    return NULL;
  OakumPackage *package = oakum_package_new();
  for (size_t i = 0; i < G_N_ELEMENTS(package_texts); i++) {
    char **from = &G_STRUCT_MEMBER(char *, &row->package, package_texts[i].offset);
    G_STRUCT_MEMBER(char *, package, package_texts[i].offset) = g_steal_pointer(from);
  }
  package->guessed = row->package.guessed;
  package->offset = row->package.offset;
  for (char **path = row->proof; *path; path++)
    g_ptr_array_add(package->paths, g_steal_pointer(path));
  g_clear_pointer(&row->proof, g_free);
  return package;
}

static void take_list(GPtrArray **from, GPtrArray *into)
{
  if (*from)
    g_ptr_array_extend_and_steal(into, g_steal_pointer(from));
}

static void take_strings(char ***from, GPtrArray *into)
{
  for (char **text = *from; text && *text; text++)
    g_ptr_array_add(into, *text);
  g_clear_pointer(from, g_free);
}

static OakumLayerNotes *take_notes(NotesRow *row, GError **error)
{
  g_autoptr(OakumLayerNotes) notes = oakum_layer_notes_new();
  for (guint i = 0; i < row->packages->len; i++) {
    OakumPackage *package = take_package(row->packages->pdata[i]);
    if (!package) {
      g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_INVALID,
                  "what was found: packages[%u] is proved by nothing", i);
      return NULL;
    }
    g_ptr_array_add(notes->packages, package);
  }
  for (guint i = 0; i < row->incomplete->len; i++) {
    IncompleteRow *from = row->incomplete->pdata[i];
    OakumFinding *finding =
        oakum_finding_new(OAKUM_FINDING_INCOMPLETE, from->id, OAKUM_SEVERITY_UNKNOWN);
    finding->title = g_steal_pointer(&from->title);
    finding->why = g_steal_pointer(&from->why);
    finding->fix = g_steal_pointer(&from->fix);
    finding->file = g_steal_pointer(&from->file);
    g_ptr_array_add(notes->incomplete, finding);
  }
  take_list(&row->facts, notes->facts);
  take_list(&row->databases, notes->databases);
  take_list(&row->links, notes->links);
  take_list(&row->hard, notes->hard);
  take_list(&row->again, notes->again);
  take_list(&row->distant, notes->distant);
  take_strings(&row->gone, notes->gone);
  take_strings(&row->implicit, notes->implicit);
  return g_steal_pointer(&notes);
}

OakumLayerNotes *oakum_examine_parse(const char *data, size_t len, GError **error)
{
  NotesRow row = {0};
  OakumLayerNotes *notes = NULL;
  if (oakum_json_cost((OakumSlice){(const uint8_t *)data, len}) > OAKUM_EXAMINE_COST_MAX) {
    g_set_error_literal(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_LIMIT,
                        "what was found is more than is taken");
    return NULL;
  }
  OAKUM_AUTO_JSON *json = oakum_json_parse(data, len, "what was found", error);
  if (json && oakum_json_bind(json, notes_fields, &row, "what was found", error))
    notes = take_notes(&row, error);
  GPtrArray *lists[] = {row.packages, row.incomplete, row.facts, row.databases,
                        row.links,    row.hard,       row.again, row.distant};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    if (lists[i])
      g_ptr_array_unref(lists[i]);
  g_strfreev(row.gone);
  g_strfreev(row.implicit);
  return notes;
}
