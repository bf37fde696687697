/* The documents that go between the two processes. */
#include "examine/examine-private.h"
#include <string.h>

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
  g_clear_pointer(&order->secrets, g_free);
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
    TEXT(ExamineOrder, secrets, FALSE),
    {"layers", OAKUM_JSON_ARRAY, offsetof(ExamineOrder, layers), TRUE, layer_fields,
     oakum_examine_layer_new, oakum_examine_layer_free, OAKUM_HISTORY_MAX},
    {"checks", OAKUM_JSON_U64, offsetof(ExamineOrder, checks), TRUE, NULL, NULL, NULL, 0},
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
  oakum_json_set(json, "secrets", order->secrets);
  json_object_set_new(json, "layers", layers);
  json_object_set_new(json, "checks", json_integer((json_int_t)order->checks));
  set_pairs(json, "skip", order->skip);
  return oakum_json_dump(json, FALSE);
}

gboolean oakum_examine_order_parse(const char *data, size_t len, ExamineOrder *order,
                                   GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_json_parse(data, len, "order", error);
  return json && oakum_json_bind(json, order_fields, order, "order", error);
}

/* ---- errors
 * ------------------------------------------------------------------------------------- */
typedef struct {
  char *message;
  uint64_t code;
} ErrorRow;
static const OakumJsonField error_fields[] = {
    TEXT(ErrorRow, message, TRUE),
    {"code", OAKUM_JSON_U64, offsetof(ErrorRow, code), TRUE, NULL, NULL, NULL, 0},
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
