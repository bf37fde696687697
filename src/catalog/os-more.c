/* Package managers that keep one small file a package: pacman, portage, nix, Homebrew, snap, conda.
 */
#include "catalog/os-private.h"
#include <string.h>

/* Splits a path into its components; at most `max`, the last one holds the rest. */
static guint split(const char *path, OakumSlice *out, guint max)
{
  guint n = 0;
  for (; n + 1 < max && strchr(path, '/'); n++) {
    size_t len = strcspn(path, "/");
    out[n] = (OakumSlice){(const uint8_t *)path, len};
    path += len + 1;
  }
  out[n] = oakum_slice_of(path);
  return n + 1;
}

/* "name-1.2" at the first dash in front of a digit. */
static gboolean name_and_version(OakumSlice text, OakumSlice *name, OakumSlice *version)
{
  for (size_t i = 1; i + 1 < text.len; i++)
    if (text.data[i] == '-' && g_ascii_isdigit((char)text.data[i + 1])) {
      *name = (OakumSlice){text.data, i};
      *version = (OakumSlice){text.data + i + 1, text.len - i - 1};
      return TRUE;
    }
  return FALSE;
}

/* ---- pacman: local/NAME-VERSION/desc, files: "%KEY%", then a value a line
 * ------------------------------ */
static gboolean pacman_wants(const OakumCatalogEntry *entry)
{
  return g_str_has_prefix(entry->path, "var/lib/pacman/local/") &&
         (strcmp(entry->base, "desc") == 0 || strcmp(entry->base, "files") == 0);
}

static gboolean pacman_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  static const char *const keys[] = {"%NAME%", "%VERSION%",  "%ARCH%",
                                     "%BASE%", "%PACKAGER%", "%LICENSE%"};
  const char *path = oakum_catalog_file_path(file);
  OakumSlice values[G_N_ELEMENTS(keys)] = {{NULL, 0}}, text, line, *into = NULL, part[6];
  gboolean files = FALSE;
  if (split(path, part, 6) != 6)
    return TRUE;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_DATABASE_MAX, &text, error))
    return FALSE;
  const OakumSlice all = text;
  OakumSlice name = part[4]; /* NAME-VERSION-RELEASE */
  for (int dashes = 0; name.len > 0 && dashes < 2; name.len--)
    dashes += name.data[name.len - 1] == '-';
  while (oakum_catalog_line(&text, &line)) {
    if (!oakum_catalog_line_fits(file, line, error))
      return FALSE;
    line = oakum_slice_strip(line);
    if (line.len > 1 && line.data[0] == '%') {
      files = oakum_slice_is(line, "%FILES%");
      into = NULL;
      for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (oakum_slice_is(line, keys[i]))
          into = &values[i];
    } else if (files && line.len > 0)
      oakum_catalog_sink_owns(sink, "alpm", name, line);
    else if (into && into->len == 0)
      *into = line;
  }
  if (strcmp(strrchr(path, '/') + 1, "desc") != 0)
    return TRUE;
  if (values[0].len == 0 || values[1].len == 0)
    return oakum_catalog_invalid(file, error, "no name or no version");
  if (!oakum_catalog_whole(file, all, error)) /* of the version, too, an end may be missing */
    return FALSE;
  OakumPackage *package = oakum_catalog_sink_package(sink, file, "alpm", values[0], values[1]);
  oakum_package_say(&package->arch, values[2]);
  oakum_package_say(&package->source_name, values[3]);
  oakum_package_say(&package->maintainer, values[4]);
  oakum_package_say(&package->license, values[5]);
  return TRUE;
}

/* ---- portage: var/db/pkg/CATEGORY/NAME-VERSION/{PF,CONTENTS}
 * ------------------------------------------- */
static gboolean portage_wants(const OakumCatalogEntry *entry)
{
  return g_str_has_prefix(entry->path, "var/db/pkg/") &&
         (strcmp(entry->base, "PF") == 0 || strcmp(entry->base, "CONTENTS") == 0);
}

/* PMS 3.2: the version begins behind the last dash in front of a digit, a revision aside. */
static gboolean portage_split(OakumSlice text, OakumSlice *name, OakumSlice *version)
{
  for (size_t i = text.len; i > 1; i--)
    if (text.data[i - 1] == '-' && i < text.len && g_ascii_isdigit((char)text.data[i])) {
      *name = (OakumSlice){text.data, i - 1};
      *version = (OakumSlice){text.data + i, text.len - i};
      return TRUE;
    }
  return FALSE;
}

static gboolean portage_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice part[6], text, line, name, version;
  if (split(oakum_catalog_file_path(file), part, 6) != 6)
    return TRUE;
  if (!portage_split(part[4], &name, &version))
    return oakum_catalog_invalid(file, error, "the folder names no version");
  if (oakum_slice_is(part[5], "PF")) {
    OakumPackage *package = oakum_catalog_sink_package(sink, file, "ebuild", name, version);
    oakum_package_say(&package->space, part[3]);
    return TRUE;
  }
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_DATABASE_MAX, &text, error))
    return FALSE;
  OakumPackage *package = oakum_catalog_sink_package(sink, file, "ebuild", name, version);
  oakum_package_say(&package->space, part[3]); /* where PF is missing */
  while (oakum_catalog_line(&text, &line)) {   /* obj PATH MD5 TIME */
    if (!oakum_slice_begins(line, "obj /"))
      continue;
    size_t end = line.len;
    for (int words = 0; words < 2 && end > 5; end--)
      words += line.data[end - 1] == ' ';
    oakum_catalog_sink_owns(sink, "ebuild", name, (OakumSlice){line.data + 4, end - 4});
  }
  return TRUE;
}

/* ---- nix: nix/store/HASH-NAME-VERSION[-OUTPUT], by the folders alone
 * --------------------------------------- */
gboolean oakum_nix_folder(const char *path, size_t *len)
{
  static const char store[] = "nix/store/";
  const char *name = path + sizeof(store) - 1;
  if (!g_str_has_prefix(path, store))
    return FALSE;
  size_t hash = strspn(name, "0123456789abcdfghijklmnpqrsvwxyz"), n = strcspn(name, "/");
  *len = sizeof(store) - 1 + n;
  return hash == 32 && name[32] == '-' && n > 33;
}

void oakum_nix_found(const char *folder, OakumCatalogSink *sink)
{
  static const char *const outputs[] = {"-dev", "-lib",  "-bin",    "-man",   "-doc",
                                        "-out", "-info", "-static", "-debug", "-devdoc"};
  OakumSlice name, version;
  if (g_str_has_suffix(folder, ".drv") ||
      !name_and_version(oakum_slice_of(strrchr(folder, '/') + 34), &name, &version))
    return;
  static const char unstable[] = "-unstable"; /* of a commit: the word is the version's */
  const size_t word = sizeof unstable - 1;
  if (name.len > word && memcmp(name.data + name.len - word, unstable, word) == 0) {
    name.len -= word;
    version.data -= word;
    version.len += word;
  }
  for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
    size_t n = strlen(outputs[i]);
    if (version.len > n && memcmp(version.data + version.len - n, outputs[i], n) == 0) {
      version.len -= n;
      break;
    }
  }
  g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new(folder, (OakumSlice){NULL, 0});
  oakum_catalog_sink_by(sink, "nix-store");
  OakumPackage *package = oakum_catalog_sink_package(sink, file, "nix", name, version);
  package->guessed = TRUE;
  oakum_catalog_sink_by(sink, NULL);
}

/* ---- Homebrew: …/Cellar/NAME/VERSION/INSTALL_RECEIPT.json
 * ------------------------------------------- */
static gboolean brew_wants(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, "INSTALL_RECEIPT.json") == 0 && strstr(entry->path, "Cellar/");
}

static gboolean brew_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  const char *path = oakum_catalog_file_path(file);
  OakumSlice version = oakum_path_above(path, 0), name = oakum_path_above(path, 1);
  if (!oakum_slice_is(oakum_path_above(path, 2), "Cellar") || name.len == 0)
    return TRUE;
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_DOCUMENT_MAX, error);
  if (!json)
    return FALSE;
  OakumPackage *package = oakum_catalog_sink_package(sink, file, "brew", name, version);
  oakum_package_say(&package->space, oakum_json_slice(json_object_get(json, "source"), "tap"));
  oakum_package_say(&package->arch, oakum_json_slice(json, "arch"));
  return TRUE;
}

/* ---- snap: …/meta/snap.yaml
 * ----------------------------------------------------------------------------- */
static gboolean snap_wants(const OakumCatalogEntry *entry)
{
  return strcmp(entry->path, "meta/snap.yaml") == 0 ||
         ((g_str_has_prefix(entry->path, "snap/") || strstr(entry->path, "/snap/")) &&
          g_str_has_suffix(entry->path, "/meta/snap.yaml"));
}

static gboolean snap_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text;
  if (!oakum_catalog_file_text(file, OAKUM_CONFIG_FILE_MAX, &text, error))
    return FALSE;
  g_autoptr(GError) why = NULL;
  g_autoptr(OakumYaml) yaml =
      oakum_yaml_parse((const char *)text.data, text.len, "snap.yaml", &why);
  const OakumYaml *name = oakum_yaml_get(yaml, "name"), *version = oakum_yaml_get(yaml, "version");
  if (!name || !version || name->kind != OAKUM_YAML_SCALAR || version->kind != OAKUM_YAML_SCALAR)
    return oakum_catalog_invalid(file, error, why ? why->message : "no name or no version");
  OakumPackage *package = oakum_catalog_sink_package(sink, file, "snap", oakum_slice_of(name->text),
                                                     oakum_slice_of(version->text));
  const OakumYaml *license = oakum_yaml_get(yaml, "license");
  if (license && license->kind == OAKUM_YAML_SCALAR)
    oakum_package_say(&package->license, oakum_slice_of(license->text));
  return TRUE;
}

/* ---- conda: …/conda-meta/NAME-VERSION-BUILD.json
 * ---------------------------------------------------- */
static gboolean conda_wants(const OakumCatalogEntry *entry)
{
  return g_str_has_suffix(entry->path, ".json") && strstr(entry->path, "conda-meta/") &&
         oakum_slice_is(oakum_path_above(entry->path, 0), "conda-meta");
}

static gboolean conda_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_DOCUMENT_MAX, error);
  if (!json)
    return FALSE;
  OakumSlice name = oakum_json_slice(json, "name"), version = oakum_json_slice(json, "version");
  if (name.len == 0 || version.len == 0)
    return oakum_catalog_invalid(file, error, "no name or no version");
  OakumPackage *package = oakum_catalog_sink_package(sink, file, "conda", name, version);
  oakum_package_say(&package->arch, oakum_json_slice(json, "subdir"));
  oakum_package_say(&package->license, oakum_json_slice(json, "license"));
  return TRUE;
}

const OakumCataloguer oakum_cataloguers_more[] = {
    {"pacman", 2, pacman_wants, pacman_run, .whole = TRUE},
    {"portage", 2, portage_wants, portage_run, .whole = TRUE},
    {"homebrew", 1, brew_wants, brew_run, .whole = TRUE},
    {"snap", 1, snap_wants, snap_run, .whole = TRUE},
    {"conda", 1, conda_wants, conda_run, .whole = TRUE},
    {0}};
