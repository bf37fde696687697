/* Slices, fields and JSON for the cataloguers of languages. */
#include "catalog/parts-private.h"

gboolean oakum_slice_is_nocase(OakumSlice slice, const char *text)
{
  return slice.len == strlen(text) &&
         g_ascii_strncasecmp((const char *)slice.data, text, slice.len) == 0;
}

OakumSlice oakum_slice_cut(OakumSlice slice, char at, OakumSlice *rest)
{
  const uint8_t *found = slice.len > 0 ? memchr(slice.data, at, slice.len) : NULL;
  if (!found) {
    *rest = (OakumSlice){NULL, 0};
    return slice;
  }
  size_t n = (size_t)(found - slice.data);
  *rest = (OakumSlice){found + 1, slice.len - n - 1};
  return (OakumSlice){slice.data, n};
}

gboolean oakum_slice_find(OakumSlice slice, const char *text, size_t *at)
{
  const uint8_t *found = slice.len > 0 ? memmem(slice.data, slice.len, text, strlen(text)) : NULL;
  if (found)
    *at = (size_t)(found - slice.data);
  return found != NULL;
}

char *oakum_slice_value(OakumSlice slice)
{
  char *text = oakum_catalog_value(slice);
  if (*text)
    return text;
  g_free(text);
  return NULL;
}

gboolean oakum_path_ends(const char *path, const char *suffix)
{
  size_t n = strlen(path), m = strlen(suffix);
  return n >= m && g_ascii_strcasecmp(path + n - m, suffix) == 0;
}

size_t oakum_path_folder(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) : 0;
}

OakumSlice oakum_path_above(const char *path, guint n)
{
  size_t end = oakum_path_folder(path);
  for (;; n--) {
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
      start--;
    if (n == 0)
      return (OakumSlice){(const uint8_t *)path + start, end - start};
    if (start == 0)
      return (OakumSlice){(const uint8_t *)path, 0};
    end = start - 1;
  }
}

gboolean oakum_fields_next(OakumFields *fields)
{
  OakumSlice line, value;
  while (fields->lines < OAKUM_CATALOG_FIELDS_MAX && oakum_catalog_line(&fields->rest, &line)) {
    fields->lines++;
    if (line.len == 0)
      return FALSE;
    if (line.data[0] == ' ' || line.data[0] == '\t')
      continue;
    OakumSlice name = oakum_slice_cut(line, ':', &value);
    if (!value.data)
      continue;
    fields->name = oakum_slice_strip(name);
    fields->value = oakum_slice_strip(value);
    return TRUE;
  }
  return FALSE;
}

static gboolean too_deep(const json_t *json, guint left)
{
  const char *key;
  json_t *value;
  size_t index;
  if (left == 0)
    return TRUE;
  if (json_is_object(json)) {
    json_object_foreach((json_t *)json, key, value) if (too_deep(value, left - 1)) return TRUE;
  } else if (json_is_array(json)) {
    json_array_foreach((json_t *)json, index, value) if (too_deep(value, left - 1)) return TRUE;
  }
  return FALSE;
}

json_t *oakum_catalog_json_bytes(OakumSlice text, GError **error)
{
  json_error_t problem;
  if (oakum_slice_begins(text, "\xef\xbb\xbf")) {
    text.data += 3;
    text.len -= 3;
  }
  if (oakum_json_cost(text) > OAKUM_JSON_COST_MAX) {
    g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
                        "JSON of more values than are read");
    return NULL;
  }
  const size_t flags = JSON_ALLOW_NUL;
  OAKUM_AUTO_JSON *json = json_loadb((const char *)text.data, text.len, flags, &problem);
  if (!json && json_error_code(&problem) == json_error_invalid_utf8) {
    g_autofree char *valid = oakum_escape_utf8((const char *)text.data, (gssize)text.len);
    json = json_loads(valid, flags, &problem);
  }
  if (!json) {
    g_autofree char *safe = oakum_escape_terminal(problem.text, -1);
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "JSON line %d: %s", problem.line,
                safe);
    return NULL;
  }
  if (too_deep(json, OAKUM_JSON_DEPTH_MAX)) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT, "JSON nested deeper than %u",
                OAKUM_JSON_DEPTH_MAX);
    return NULL;
  }
  return g_steal_pointer(&json);
}

json_t *oakum_catalog_json(OakumCatalogFile *file, uint64_t max, GError **error)
{
  OakumSlice text;
  if (!oakum_catalog_file_text(file, max, &text, error))
    return NULL;
  return oakum_catalog_json_bytes(text, error);
}

OakumSlice oakum_json_slice(const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  if (!json_is_string(value))
    return (OakumSlice){NULL, 0};
  return (OakumSlice){(const uint8_t *)json_string_value(value), json_string_length(value)};
}

OakumPackage *oakum_catalog_add(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                const char *type, OakumSlice name, OakumSlice version)
{
  name = oakum_slice_strip(name);
  version = oakum_slice_strip(version);
  return name.len > 0 ? oakum_catalog_sink_package(sink, file, type, name, version) : NULL;
}

void oakum_package_say(char **field, OakumSlice value)
{
  char *text = oakum_slice_value(value);
  if (!text)
    return;
  g_free(*field);
  *field = text;
}

/* A choice among several stays one part. */
void oakum_catalog_license_append(GString *out, const char *joined_by, OakumSlice name)
{
  g_autofree char *text = g_strndup((const char *)name.data, name.len);
  gboolean choice = strstr(text, " OR ") && *text != '(';
  if (name.len == 0 || out->len > OAKUM_CATALOG_VALUE_MAX)
    return;
  g_string_append_printf(out, "%s%s%s%s", out->len > 0 ? joined_by : "", choice ? "(" : "", text,
                         choice ? ")" : "");
}

static void append_license(GString *out, const json_t *one, const char *key, const char *joined_by)
{
  const char *name =
      json_is_object(one) ? json_string_value(json_object_get(one, key)) : json_string_value(one);
  if (name)
    oakum_catalog_license_append(out, joined_by, (OakumSlice){(const uint8_t *)name, strlen(name)});
}

char *oakum_json_license(const json_t *license, const char *key, const char *joined_by)
{
  GString *out = g_string_new(NULL);
  size_t index;
  const json_t *one;
  if (json_is_array(license)) {
    json_array_foreach(license, index, one) append_license(out, one, key, joined_by);
  } else if (json_is_object(license)) {
    append_license(out, license, key, joined_by);
  } else if (json_is_string(license)) { /* as it stands */
    g_string_append(out, json_string_value(license));
  }
  char *value = oakum_slice_value((OakumSlice){(const uint8_t *)out->str, out->len});
  g_string_free(out, TRUE);
  return value;
}

/* NISTIR 7695, 5.3.2 and 6.2: letters, digits, "_", "." and "-" stand for themselves, ASCII's other
 * printable characters behind a backslash; the rest cannot be said. */
char *oakum_catalog_cpe(char part, const char *product, const char *version, const char *update)
{
  GString *out = g_string_new(NULL);
  g_string_append_printf(out, "cpe:2.3:%c:%s:", part, product);
  for (const char *at = version; *at; at++) {
    if (g_ascii_isalnum(*at) || strchr("_.-", *at))
      g_string_append_c(out, g_ascii_tolower(*at));
    else if (g_ascii_isgraph(*at))
      g_string_append_printf(out, "\\%c", *at);
  }
  g_string_append_printf(out, ":%s:*:*:*:*:*:*", update);
  return g_string_free(out, FALSE);
}

gboolean oakum_catalog_invalid(const OakumCatalogFile *file, GError **error, const char *what)
{
  g_set_error_literal(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, what);
  return FALSE;
}

gboolean oakum_catalog_whole(const OakumCatalogFile *file, OakumSlice text, GError **error)
{
  return text.len == 0 || text.data[text.len - 1] == '\n' ||
         oakum_catalog_invalid(file, error, "ends amid a line");
}

void oakum_catalog_take_error(GError **error, GError *problem, const OakumCatalogFile *file)
{
  g_set_error_literal(error, OAKUM_CATALOG_ERROR, problem->code, problem->message);
  g_error_free(problem);
}

static gboolean zip_read(void *user, uint64_t offset, void *buffer, size_t len, GError **error)
{
  return oakum_catalog_file_read(user, offset, buffer, len, error);
}

OakumZip *oakum_catalog_zip(OakumCatalogFile *file, GError **error)
{
  g_autoptr(GError) problem = NULL;
  OakumZip *zip = oakum_zip_new(zip_read, file, oakum_catalog_file_size(file), &problem);
  if (!zip)
    oakum_catalog_take_error(error, g_steal_pointer(&problem), file);
  return zip;
}

gboolean oakum_catalog_zip_text(OakumZip *zip, guint index, const OakumCatalogFile *file,
                                char **text, size_t *len, GError **error)
{
  GError *problem = NULL;
  if (oakum_zip_slurp(zip, index, OAKUM_CATALOG_TEXT_MAX, text, len, &problem))
    return TRUE;
  oakum_catalog_take_error(error, problem, file);
  return FALSE;
}
