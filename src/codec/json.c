#include "codec/codec.h"
#include <string.h>

static gboolean too_deep(const json_t *json, guint left)
{
  if (left == 0)
    return TRUE;
  const char *key;
  json_t *value;
  size_t index;
  if (json_is_object(json)) {
    json_object_foreach((json_t *)json, key, value) if (too_deep(value, left - 1)) return TRUE;
  } else if (json_is_array(json)) {
    json_array_foreach((json_t *)json, index, value) if (too_deep(value, left - 1)) return TRUE;
  }
  return FALSE;
}

uint64_t oakum_json_cost(OakumSlice text)
{
  uint64_t cost = 1;
  gboolean quoted = FALSE;
  for (size_t i = 0; i < text.len; i++)
    switch (text.data[i]) {
    case '"':
      quoted = !quoted;
      break;
    case '\\':
      i += quoted;
      break;
    case '[':
    case '{':
      cost += quoted ? 0 : 4;
      break;
    case ',':
    case ':':
      cost += !quoted;
      break;
    default:
      break;
    }
  return cost;
}

json_t *oakum_json_parse(const char *data, size_t len, const char *what, GError **error)
{
  json_error_t problem;
  static const char mark[] = "\xef\xbb\xbf"; /* which some editors write in front of UTF-8 */
  if (len >= strlen(mark) && memcmp(data, mark, strlen(mark)) == 0) {
    data += strlen(mark);
    len -= strlen(mark);
  }
  /* jansson refuses NUL in strings, invalid UTF-8 and trailing bytes by itself, and stops at depth
   * 2048. */
  OAKUM_AUTO_JSON *json = json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
  if (!json) {
    g_autofree char *safe = oakum_escape_terminal(problem.text, -1);
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "%s: JSON line %d column %d: %s",
                what, problem.line, problem.column, safe);
    return NULL;
  }
  if (too_deep(json, OAKUM_JSON_DEPTH_MAX)) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT, "%s: JSON nested deeper than %u", what,
                OAKUM_JSON_DEPTH_MAX);
    return NULL;
  }
  return g_steal_pointer(&json);
}

void oakum_json_set(json_t *object, const char *key, const char *text)
{
  if (!text)
    return;
  g_autofree char *valid = oakum_escape_utf8(text, -1);
  json_object_set_new(object, key, json_string(valid));
}

static int take_part(const char *part, size_t len, void *out)
{
  g_string_append_len(out, part, (gssize)len);
  return 0;
}

void oakum_json_append(GString *out, const json_t *json, gboolean sorted)
{
  if (json_dump_callback(json, take_part, out,
                         JSON_COMPACT | JSON_ENCODE_ANY | (sorted ? JSON_SORT_KEYS : 0)) != 0)
    g_error("jansson: cannot encode a value");
}

char *oakum_json_dump(const json_t *json, gboolean sorted)
{
  GString *out = g_string_new(NULL);
  oakum_json_append(out, json, sorted);
  return g_string_free(out, FALSE);
}

static gboolean bind_object(const json_t *json, const OakumJsonField *fields, void *into,
                            const char *path, GError **error);

static gboolean wrong(GError **error, const char *path, const char *key, const char *want)
{
  g_autofree char *safe = oakum_escape_terminal(key, -1);
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "%s: \"%s\" is not %s", path, safe,
              want);
  return FALSE;
}

static gboolean too_many(GError **error, const char *path, const char *key, size_t max)
{
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT, "%s: \"%s\" has more than %zu members",
              path, key, max);
  return FALSE;
}

static gboolean bind_strv(const json_t *value, char ***into, const char *path, const char *key,
                          size_t max, GError **error)
{
  if (!json_is_array(value))
    return wrong(error, path, key, "an array of strings");
  size_t n = json_array_size(value);
  if (n > max)
    return too_many(error, path, key, max);
  g_auto(GStrv) strings = g_new0(char *, n + 1);
  for (size_t i = 0; i < n; i++) {
    const char *text = json_string_value(json_array_get(value, i));
    if (!text)
      return wrong(error, path, key, "an array of strings");
    strings[i] = g_strdup(text);
  }
  g_strfreev(*into);
  *into = g_steal_pointer(&strings);
  return TRUE;
}

static gboolean bind_map(const json_t *value, GHashTable **into, const char *path, const char *key,
                         size_t max, GError **error)
{
  if (!json_is_object(value))
    return wrong(error, path, key, "an object of strings");
  if (json_object_size(value) > max)
    return too_many(error, path, key, max);
  g_autoptr(GHashTable) map = oakum_str_map_new(g_free, g_free);
  const char *name;
  json_t *text;
  json_object_foreach((json_t *)value, name, text)
  {
    if (!json_is_string(text))
      return wrong(error, path, key, "an object of strings");
    g_hash_table_insert(map, g_strdup(name), g_strdup(json_string_value(text)));
  }
  if (*into)
    g_hash_table_unref(*into);
  *into = g_steal_pointer(&map);
  return TRUE;
}

static gboolean bind_array(const json_t *value, const OakumJsonField *field, GPtrArray **into,
                           const char *path, size_t max, GError **error)
{
  if (!json_is_array(value))
    return wrong(error, path, field->key, "an array");
  if (json_array_size(value) > max)
    return too_many(error, path, field->key, max);
  g_autoptr(GPtrArray) array = g_ptr_array_new_with_free_func(field->element_free);
  size_t index;
  json_t *element;
  json_array_foreach((json_t *)value, index, element)
  {
    gpointer made = field->make();
    g_ptr_array_add(array, made);
    g_autofree char *below = g_strdup_printf("%s: %s[%zu]", path, field->key, index);
    if (!bind_object(element, field->sub, made, below, error))
      return FALSE;
  }
  if (*into)
    g_ptr_array_unref(*into);
  *into = g_steal_pointer(&array);
  return TRUE;
}

static gboolean bind_field(json_t *value, const OakumJsonField *field, void *into, const char *path,
                           GError **error)
{
  size_t max = field->max ? field->max : OAKUM_HISTORY_MAX;
  switch (field->kind) {
  case OAKUM_JSON_STRING: {
    if (!json_is_string(value))
      return wrong(error, path, field->key, "a string");
    char **text = into;
    g_free(*text);
    *text = g_strdup(json_string_value(value));
    return TRUE;
  }
  case OAKUM_JSON_U64:
    if (!json_is_integer(value) || json_integer_value(value) < 0)
      return wrong(error, path, field->key, "an integer of 0 or more");
    *(uint64_t *)into = (uint64_t)json_integer_value(value);
    return TRUE;
  case OAKUM_JSON_I64:
    if (!json_is_integer(value))
      return wrong(error, path, field->key, "an integer");
    *(int64_t *)into = json_integer_value(value);
    return TRUE;
  case OAKUM_JSON_BOOL:
    if (!json_is_boolean(value))
      return wrong(error, path, field->key, "true or false");
    *(gboolean *)into = json_is_true(value);
    return TRUE;
  case OAKUM_JSON_STRV:
    return bind_strv(value, into, path, field->key, max, error);
  case OAKUM_JSON_MAP:
    return bind_map(value, into, path, field->key, max, error);
  case OAKUM_JSON_OBJECT: {
    g_autofree char *below = g_strdup_printf("%s: %s", path, field->key);
    return bind_object(value, field->sub, into, below, error);
  }
  case OAKUM_JSON_ARRAY:
    return bind_array(value, field, into, path, max, error);
  case OAKUM_JSON_ANY: {
    json_t **slot = into;
    oakum_json_clear(slot);
    *slot = json_incref(value);
    return TRUE;
  }
  }
  return FALSE;
}

static gboolean bind_object(const json_t *json, const OakumJsonField *fields, void *into,
                            const char *path, GError **error)
{
  if (!json_is_object(json)) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "%s: not a JSON object", path);
    return FALSE;
  }
  for (const OakumJsonField *field = fields; field->key; field++) {
    json_t *value = json_object_get(json, field->key);
    if (json_is_null(value))
      value = NULL; /* Go writers print null for what is empty */
    if (!value && field->required) {
      g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "%s: \"%s\" is missing", path,
                  field->key);
      return FALSE;
    }
    if (value && !bind_field(value, field, (char *)into + field->offset, path, error))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_json_bind(const json_t *json, const OakumJsonField *fields, void *into,
                         const char *what, GError **error)
{
  return bind_object(json, fields, into, what, error);
}
