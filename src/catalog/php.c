/* PHP: what composer installed, and the registry of PEAR and PECL. */
#include "catalog/parts-private.h"

static gboolean wants_composer(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, "installed.json") == 0 &&
         (oakum_path_ends(entry->path, "/composer/installed.json") ||
          g_ascii_strcasecmp(entry->path, "composer/installed.json") == 0);
}

static gboolean run_composer(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_JSON_MAX, error);
  if (!json)
    return FALSE;
  const json_t *list = json_is_object(json) ? json_object_get(json, "packages") : json, *one;
  if (!json_is_array(list))
    return oakum_catalog_invalid(file, error, "no list of packages");
  size_t index;
  json_array_foreach(list, index, one)
  {
    OakumSlice rest, name = oakum_json_slice(one, "name");
    OakumSlice space = oakum_slice_cut(name, '/', &rest);
    OakumPackage *package = oakum_catalog_add(sink, file, "composer", rest.len > 0 ? rest : name,
                                              oakum_json_slice(one, "version"));
    if (!package)
      continue;
    if (rest.len > 0)
      oakum_package_say(&package->space, space);
    package->license = /* composer: an array is a choice */
        oakum_json_license(json_object_get(one, "license"), "type", " OR ");
  }
  return TRUE;
}

/* ---- PEAR: one serialize()d array a package ---- */
static gboolean wants_pear(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->base, ".reg") && strstr(entry->path, ".registry/") &&
         oakum_slice_begins(entry->head, "a:");
}

/* The string behind `s:N:"`; FALSE when it is none, or longer than what is there. */
static gboolean read_serialized(OakumSlice text, OakumSlice *out)
{
  OakumSlice rest, number;
  uint64_t len;
  if (!oakum_slice_begins(text, "s:"))
    return FALSE;
  number = oakum_slice_cut((OakumSlice){text.data + 2, text.len - 2}, ':', &rest);
  if (!oakum_parse_u64((const char *)number.data, number.len, OAKUM_CATALOG_TEXT_MAX, &len) ||
      rest.len < len + 2 || rest.data[0] != '"' || rest.data[len + 1] != '"')
    return FALSE;
  *out = (OakumSlice){rest.data + 1, (size_t)len};
  return TRUE;
}

/* The value of a key; it need not be at the top: PEAR writes these near it, and first. */
static gboolean value_of(OakumSlice text, const char *key, OakumSlice *out)
{
  g_autofree char *wanted = g_strdup_printf("s:%zu:\"%s\";", strlen(key), key);
  size_t at;
  while (oakum_slice_find(text, wanted, &at)) {
    text.data += at + strlen(wanted);
    text.len -= at + strlen(wanted);
    if (read_serialized(text, out))
      return TRUE;
  }
  return FALSE;
}

/* The folder tells what the first form leaves out: .registry/.channel.NAME/PACKAGE.reg. */
static OakumSlice channel_of(const char *path)
{
  OakumSlice above = oakum_path_above(path, 0);
  size_t n = strlen(".channel.");
  return oakum_slice_begins(above, ".channel.") ? (OakumSlice){above.data + n, above.len - n}
                                                : (OakumSlice){NULL, 0};
}

static gboolean run_pear(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, name, version, license, channel;
  size_t at;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_TEXT_MAX, &text, error))
    return FALSE;
  if (!value_of(text, "name", &name) && !value_of(text, "package", &name))
    return oakum_catalog_invalid(file, error, "a package without a name");
  OakumSlice behind = text;
  if (oakum_slice_find(text, "s:7:\"version\";a:", &at))
    behind = (OakumSlice){text.data + at, text.len - at};
  if (!(behind.data != text.data && value_of(behind, "release", &version)) &&
      !value_of(text, "version", &version))
    return oakum_catalog_invalid(file, error, "a package without a version");
  OakumPackage *package = oakum_catalog_add(sink, file, "pear", name, version);
  if (!package)
    return TRUE;
  if (!value_of(text, "channel", &channel))
    channel = channel_of(oakum_catalog_file_path(file));
  oakum_package_say(&package->space, channel);
  if (value_of(text, "license", &license))
    oakum_package_say(&package->license, license);
  return TRUE;
}

const OakumCataloguer oakum_php_cataloguers[] = {
    {"composer-installed", 2, wants_composer, run_composer, .whole = TRUE},
    {"pear-installed", 2, wants_pear, run_pear, .whole = TRUE},
    {0}};
