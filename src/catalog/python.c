/* Python: core metadata of what is installed (PEP 376, PEP 643), in folders, files and eggs. */
#include "catalog/parts-private.h"

/* The folder or file that a distribution is named by: "requests-2.31.0.dist-info". */
static OakumSlice label_of(const char *path)
{
  if (oakum_path_ends(path, ".egg-info") || oakum_path_ends(path, ".egg"))
    return oakum_slice_of(oakum_path_base(path));
  OakumSlice above = oakum_path_above(path, 0);
  return oakum_slice_is_nocase(above, "EGG-INFO") ? oakum_path_above(path, 1) : above;
}

/* Files of metadata that name nothing still stand in a folder with a name. */
static void guess(const char *path, OakumSlice *name, OakumSlice *version)
{
  OakumSlice rest, label = label_of(path);
  static const char *const endings[] = {".dist-info", ".egg-info", ".egg"};
  for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
    if (label.len > strlen(endings[i]) &&
        g_ascii_strncasecmp((const char *)label.data + label.len - strlen(endings[i]), endings[i],
                            strlen(endings[i])) == 0)
      label.len -= strlen(endings[i]);
  *name = oakum_slice_cut(label, '-', &rest);
  *version = oakum_slice_cut(rest, '-', &rest);
  /* "no-version-py3.8" has none */
  size_t digit = version->len > 1 && version->data[0] == 'v';
  if (version->len > 0 && !g_ascii_isdigit(version->data[digit]))
    *version = (OakumSlice){NULL, 0};
}

typedef struct {
  OakumSlice name, version, license, expression, classifier, author;
} Metadata;

static void read_field(const OakumFields *fields, Metadata *out)
{
  static const char licenses[] = "License ::";
  const struct {
    const char *name;
    OakumSlice *into;
  } wanted[] = {{"Name", &out->name},
                {"Version", &out->version},
                {"License", &out->license},
                {"License-Expression", &out->expression},
                {"Author-Email", &out->author}};
  for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
    if (wanted[i].into->len == 0 && oakum_slice_is_nocase(fields->name, wanted[i].name))
      *wanted[i].into = fields->value;
  if (out->classifier.len == 0 && oakum_slice_is_nocase(fields->name, "Classifier") &&
      oakum_slice_begins(fields->value, licenses)) {
    OakumSlice last = fields->value, rest = last;
    size_t at;
    while (oakum_slice_find(rest, " :: ", &at)) {
      rest.data += at + 4;
      rest.len -= at + 4;
      last = rest;
    }
    if (!oakum_slice_is(last, "OSI Approved"))
      out->classifier = last;
  }
}

gboolean oakum_python_metadata(OakumSlice text, const char *path, OakumCatalogFile *file,
                               OakumCatalogSink *sink, GError **error)
{
  OakumFields fields = {.rest = text};
  Metadata found = {0};
  while (oakum_fields_next(&fields))
    read_field(&fields, &found);
  gboolean guessed = found.name.len == 0 || found.version.len == 0;
  if (guessed) {
    OakumSlice name, version;
    guess(path, &name, &version);
    if (found.name.len == 0)
      found.name = name;
    if (found.version.len == 0)
      found.version = version;
  }
  OakumPackage *package = found.version.len > 0
                              ? oakum_catalog_add(sink, file, "pypi", found.name, found.version)
                              : NULL;
  if (!package) /* a folder's name may be a space */
    return oakum_catalog_invalid(file, error, "metadata without a name or a version");
  package->guessed = guessed;
  if (!oakum_slice_is_nocase(found.license, "UNKNOWN"))
    oakum_package_say(&package->license, found.license);
  if (!package->license)
    oakum_package_say(&package->license, found.classifier);
  oakum_package_say(&package->license, found.expression);
  return TRUE;
}

static gboolean wants_metadata(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->path, ".dist-info/METADATA") ||
         oakum_path_ends(entry->path, ".egg-info/PKG-INFO") ||
         oakum_path_ends(entry->path, ".egg/EGG-INFO/PKG-INFO") ||
         (oakum_path_ends(entry->base, ".egg-info") && strlen(entry->base) > 9);
}

static gboolean run_metadata(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text;
  return oakum_catalog_file_text(file, OAKUM_CATALOG_TEXT_MAX, &text, error) &&
         oakum_python_metadata(text, oakum_catalog_file_path(file), file, sink, error);
}

/* Elsewhere a file of that name may be anything; where modules are installed, it is an egg, or was
 * one. */
static gboolean wants_egg(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->base, ".egg") &&
         (oakum_slice_begins(entry->head, "PK") || strstr(entry->path, "site-packages/") ||
          strstr(entry->path, "dist-packages/"));
}

/* The metadata that is member `index` of an archive. */
static gboolean read_member(OakumZip *zip, guint index, const char *path, OakumCatalogFile *file,
                            OakumCatalogSink *sink, GError **error)
{
  g_autofree char *text = NULL;
  size_t len;
  return oakum_catalog_zip_text(zip, index, file, &text, &len, error) &&
         oakum_python_metadata((OakumSlice){(const uint8_t *)text, len}, path, file, sink, error);
}

static gboolean run_egg(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  g_autoptr(OakumZip) zip = oakum_catalog_zip(file, error);
  if (!zip)
    return FALSE;
  for (guint i = 0; i < oakum_zip_count(zip); i++)
    if (oakum_slice_is_nocase(oakum_zip_entry(zip, i).name, "EGG-INFO/PKG-INFO"))
      return read_member(zip, i, oakum_catalog_file_path(file), file, sink, error);
  return oakum_catalog_invalid(file, error, "an egg without EGG-INFO/PKG-INFO");
}

/* An application in one zip that Python runs (PEP 441: zipapp, shiv, pex): behind a line that calls
 * the interpreter, with what it needs as it would be installed. */
static gboolean wants_app(const OakumCatalogEntry *entry)
{
  if (!oakum_slice_begins(entry->head, "#!"))
    return FALSE;
  OakumSlice rest, line = oakum_slice_cut(entry->head, '\n', &rest);
  size_t at;
  return rest.len > 4 && memcmp(rest.data, "PK\3\4", 4) == 0 && oakum_slice_find(line, "py", &at);
}

static gboolean run_app(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  g_autoptr(OakumZip) zip = oakum_catalog_zip(file, error);
  if (!zip)
    return FALSE;
  for (guint i = 0; i < oakum_zip_count(zip); i++) {
    g_autofree char *name = oakum_slice_value(oakum_zip_entry(zip, i).name);
    if (name &&
        (oakum_path_ends(name, ".dist-info/METADATA") ||
         oakum_path_ends(name, ".egg-info/PKG-INFO")) &&
        !read_member(zip, i, name, file, sink, error))
      return FALSE;
  }
  return TRUE;
}

const OakumCataloguer oakum_python_cataloguers[] = {
    {"python-installed", 3, wants_metadata, run_metadata, .whole = TRUE},
    {"python-egg", 2, wants_egg, run_egg, .whole = TRUE},
    {"python-app", 1, wants_app, run_app},
    {0}};
