/* Libraries of OCaml, Haskell and Prolog, by the file that each installer keeps of one. */
#include "catalog/parts-private.h"

/* ---- OCaml: SWITCH/.opam-switch/packages/NAME.VERSION/opam ----------------------------------
 * (opam.ocaml.org, manual, "Switches": that folder holds what is installed. A clone of the
 * repository and the sources of packages have files of this name too.) */
static gboolean wants_opam(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, "opam") == 0 && strstr(entry->path, ".opam-switch/packages/") &&
         oakum_slice_is(oakum_path_above(entry->path, 1), "packages");
}

/* The words in quotes behind "license:", which is one of them or a list in brackets. */
static void opam_license(OakumSlice text, GString *out)
{
  static const char key[] = "\nlicense:";
  OakumSlice rest, word;
  size_t at;
  if (!oakum_slice_find(text, key, &at))
    return;
  rest = oakum_slice_strip((OakumSlice){text.data + at + strlen(key), text.len - at - strlen(key)});
  gboolean list = oakum_slice_begins(rest, "[");
  rest = oakum_slice_cut(rest, list ? ']' : '\n', &word);
  while (rest.len > 0 && memchr(rest.data, '"', rest.len)) {
    oakum_slice_cut(rest, '"', &rest);
    word = oakum_slice_cut(rest, '"', &rest);
    oakum_catalog_license_append(out, " AND ", word);
  }
}

static gboolean run_opam(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, version,
      name = oakum_slice_cut(oakum_path_above(oakum_catalog_file_path(file), 0), '.', &version);
  if (name.len == 0 || version.len == 0)
    return oakum_catalog_invalid(file, error, "the folder names no version");
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_TEXT_MAX, &text, error))
    return FALSE;
  OakumPackage *package = oakum_catalog_add(sink, file, "opam", name, version);
  g_autoptr(GString) license = g_string_new(NULL);
  opam_license(text, license);
  if (package)
    oakum_package_say(&package->license, oakum_slice_of(license->str));
  return TRUE;
}

/* ---- Haskell: what ghc-pkg keeps of a library ------------------------------------------------
 * (GHC user's guide, "Packages": package.conf.d of a compiler and of Debian, pkgdb of stack's
 * snapshots, package.db of cabal's store) */
static gboolean wants_haskell(const OakumCatalogEntry *entry)
{
  if (!oakum_path_ends(entry->base, ".conf"))
    return FALSE;
  OakumSlice above = oakum_path_above(entry->path, 0);
  return oakum_slice_is(above, "package.conf.d") || oakum_slice_is(above, "pkgdb") ||
         oakum_slice_is(above, "package.db");
}

static gboolean run_haskell(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, name = {NULL, 0}, of = name, version = name, license = name, abi = name;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_TEXT_MAX, &text, error))
    return FALSE;
  OakumFields fields = {.rest = text};
  const struct {
    const char *key;
    OakumSlice *into;
  } wanted[] = {{"name", &name},
                {"package-name", &of}, /* of a library that is a part of a package */
                {"version", &version},
                {"license", &license},
                {"id", &abi}};
  while (oakum_fields_next(&fields))
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
      if (wanted[i].into->len == 0 && oakum_slice_is(fields.name, wanted[i].key))
        *wanted[i].into = fields.value;
  if (oakum_slice_is(name, "rts")) /* the run-time of the compiler: no package of the registry */
    return TRUE;
  if (name.len == 0 || version.len == 0)
    return abi.len == 0 && name.len == 0
               ? TRUE /* a settings file of another program: ghc-pkg writes both always */
               : oakum_catalog_invalid(file, error, "a library without a name or a version");
  OakumPackage *package = oakum_catalog_add(sink, file, "hackage", of.len > 0 ? of : name, version);
  if (package)
    oakum_package_say(&package->license, license);
  return TRUE;
}

/* ---- Prolog: …/pack/NAME/pack.pl -------------------------------------------------------------
 * (swi-prolog.org, "Creating and submitting packages": terms name(Atom) and version(Atom)) */
static gboolean wants_prolog(const OakumCatalogEntry *entry)
{
  size_t at;
  return strcmp(entry->base, "pack.pl") == 0 && oakum_slice_find(entry->head, "name(", &at);
}

/* The atom in `key(…).` at the beginning of a line. */
static gboolean term_of(OakumSlice line, const char *key, OakumSlice *out)
{
  OakumSlice rest, name = oakum_slice_cut(oakum_slice_strip(line), '(', &rest);
  if (!oakum_slice_is(oakum_slice_strip(name), key) || out->len > 0)
    return FALSE;
  *out = oakum_slice_strip(oakum_slice_cut(rest, ')', &rest));
  if (out->len > 1 && strchr("'\"", out->data[0]))
    *out = (OakumSlice){out->data + 1, out->len - 2};
  return TRUE;
}

static gboolean run_prolog(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line, name = {NULL, 0}, version = name;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_TEXT_MAX, &text, error))
    return FALSE;
  while (oakum_catalog_line(&text, &line))
    if (!term_of(line, "name", &name) && term_of(line, "version", &version) && name.len > 0)
      break;
  if (name.len == 0 || version.len == 0)
    return oakum_catalog_invalid(file, error, "a pack without a name or a version");
  oakum_catalog_add(sink, file, "swiplpack", name, version);
  return TRUE;
}

const OakumCataloguer oakum_library_cataloguers[] = {
    {"opam-installed", 1, wants_opam, run_opam, .whole = TRUE},
    {"haskell-installed", 1, wants_haskell, run_haskell, .whole = TRUE},
    {"prolog-pack", 1, wants_prolog, run_prolog, .whole = TRUE},
    {0}};
