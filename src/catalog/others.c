/* Ecosystems that an image holds now and then, each by the file that its installer leaves. */
#include "catalog/parts-private.h"

/* The value of `key = "…"` (or key: "…"), the quotes single or double; FALSE for another line. */
static gboolean quoted(OakumSlice line, const char *key, char sign, OakumSlice *out)
{
  OakumSlice value, name = oakum_slice_cut(oakum_slice_strip(line), sign, &value);
  value = oakum_slice_strip(value);
  if (!oakum_slice_is(oakum_slice_strip(name), key) || value.len < 2)
    return FALSE;
  char quote = (char)value.data[0];
  if (quote != '"' && quote != '\'')
    return FALSE;
  OakumSlice rest;
  *out = oakum_slice_cut((OakumSlice){value.data + 1, value.len - 1}, quote, &rest);
  return rest.data != NULL;
}

static gboolean text_of(OakumCatalogFile *file, OakumSlice *text, GError **error)
{
  return oakum_catalog_file_text(file, OAKUM_CATALOG_TEXT_MAX, text, error);
}

/* ---- R: DESCRIPTION of an installed package has a field Built -------------------------------- */
static gboolean wants_r(const OakumCatalogEntry *entry)
{
  size_t at;
  return strcmp(entry->base, "DESCRIPTION") == 0 &&
         (oakum_slice_begins(entry->head, "Package:") ||
          oakum_slice_find(entry->head, "\nPackage:", &at));
}

static gboolean run_r(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, name = {NULL, 0}, version = name, license = name;
  gboolean built = FALSE;
  if (!text_of(file, &text, error))
    return FALSE;
  OakumFields fields = {.rest = text};
  while (oakum_fields_next(&fields)) {
    if (oakum_slice_is(fields.name, "Package"))
      name = fields.value;
    else if (oakum_slice_is(fields.name, "Version"))
      version = fields.value;
    else if (oakum_slice_is(fields.name, "License"))
      license = fields.value;
    built = built || oakum_slice_is(fields.name, "Built");
  }
  /* what R itself brings without code has no such field, but stands where packages do */
  OakumSlice above = oakum_path_above(oakum_catalog_file_path(file), 1);
  if (!built && !oakum_slice_is(above, "library") && !oakum_slice_is(above, "site-library"))
    return TRUE; /* a source tree */
  if (name.len == 0 || version.len == 0)
    return oakum_catalog_invalid(file, error, "a package of R without a name or a version");
  OakumPackage *package = oakum_catalog_add(sink, file, "cran", name, version);
  if (package)
    oakum_package_say(&package->license, license);
  return TRUE;
}

/* ---- Lua: rocks/NAME/VERSION/NAME-VERSION.rockspec ------------------------------------------- */
static gboolean wants_lua(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->base, ".rockspec");
}

/* A rockspec is a program, which is not run here: where it computes what it is called, the file is
 * called NAME-VERSION-REVISION.rockspec, as luarocks demands. */
static gboolean part_rockspec(const char *path, OakumSlice *name, OakumSlice *version)
{
  const char *base = oakum_path_base(path);
  size_t end = strlen(base) - strlen(".rockspec"), at = end, dashes = 0;
  for (; at > 0 && dashes < 2; at--)
    dashes += base[at - 1] == '-';
  if (dashes < 2 || at == 0 || base[end - 1] == '-' || base[at + 1] == '-')
    return FALSE;
  *name = (OakumSlice){(const uint8_t *)base, at};
  *version = (OakumSlice){(const uint8_t *)base + at + 1, end - at - 1};
  return TRUE;
}

static gboolean run_lua(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line, name = {NULL, 0}, version = name, license = name, found;
  if (!text_of(file, &text, error))
    return FALSE;
  while (oakum_catalog_line(&text, &line)) {
    if (name.len == 0 && quoted(line, "package", '=', &found))
      name = found;
    else if (version.len == 0 && quoted(line, "version", '=', &found))
      version = found;
    else if (license.len == 0 && quoted(line, "license", '=', &found))
      license = found;
  }
  gboolean said = name.len > 0 && version.len > 0,
           known = said || part_rockspec(oakum_catalog_file_path(file), &name, &version);
  OakumPackage *package = known ? oakum_catalog_add(sink, file, "luarocks", name, version) : NULL;
  if (!package)
    return oakum_catalog_invalid(file, error, "a rockspec whose package or version is no literal");
  oakum_package_say(&package->license, license);
  package->guessed = !said;
  return TRUE;
}

/* ---- Erlang and Elixir: {application, NAME, [{vsn, "…"}, …]}. -------------------------------- */
static gboolean wants_app(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->base, ".app") &&
         oakum_slice_is(oakum_path_above(entry->path, 0), "ebin");
}

/* What Erlang/OTP brings itself is not of the Hex registry. */
static gboolean is_otp(OakumSlice name)
{
  static const char *const names[] = {
      "asn1",       "common_test", "compiler",      "crypto",     "debugger",      "dialyzer",
      "diameter",   "edoc",        "eldap",         "erl_docgen", "erl_interface", "erts",
      "et",         "eunit",       "ftp",           "inets",      "jinterface",    "kernel",
      "megaco",     "mnesia",      "observer",      "odbc",       "os_mon",        "parsetools",
      "public_key", "reltool",     "runtime_tools", "sasl",       "snmp",          "ssh",
      "ssl",        "stdlib",      "syntax_tools",  "tftp",       "tools",         "wx",
      "xmerl"};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (oakum_slice_is(name, names[i]))
      return TRUE;
  return FALSE;
}

static gboolean run_app(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, rest, version = {NULL, 0}, name = version;
  size_t at;
  if (!text_of(file, &text, error))
    return FALSE;
  if (oakum_slice_find(text, "{application,", &at)) {
    rest = (OakumSlice){text.data + at + 13, text.len - at - 13};
    name = oakum_slice_strip(oakum_slice_cut(rest, ',', &rest));
    if (name.len > 2 && name.data[0] == '\'')
      name = (OakumSlice){name.data + 1, name.len - 2};
  }
  if (oakum_slice_find(text, "{vsn,", &at)) {
    rest = (OakumSlice){text.data + at + 5, text.len - at - 5};
    oakum_slice_cut(rest, '"', &rest);
    version = oakum_slice_cut(rest, '"', &rest);
    if (!rest.data) /* the file ends in it */
      version = (OakumSlice){NULL, 0};
  }
  if (name.len == 0 || version.len == 0)
    return oakum_catalog_invalid(file, error, "an application without a name or a version");
  /* what Elixir brings itself is a part of it */
  static const char *const parts[] = {"eex", "ex_unit", "iex", "logger", "mix"};
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    if (oakum_slice_is(name, parts[i]) && strstr(oakum_catalog_file_path(file), "elixir"))
      return TRUE;
  if (oakum_slice_is(name, "elixir")) {
    OakumPackage *package = oakum_catalog_add(sink, file, "generic", name, version);
    if (package)
      package->cpe = oakum_catalog_cpe('a', "elixir-lang:elixir", package->version, "*");
    return TRUE;
  }
  oakum_catalog_add(sink, file, is_otp(name) ? "otp" : "hex", name, version);
  return TRUE;
}

/* ---- Perl: what cpan clients note of an installation ----------------------------------------- */
static gboolean wants_perl(const OakumCatalogEntry *entry)
{
  return (strcmp(entry->base, "install.json") == 0 && strstr(entry->path, "/.meta/")) ||
         strcmp(entry->base, "perllocal.pod") == 0;
}

/* A distribution by its main module: Net::HTTP is of Net-HTTP. */
static char *distribution(OakumSlice module)
{
  GString *out = g_string_new(NULL);
  OakumSlice rest = module, part;
  size_t at;
  while (oakum_slice_find(rest, "::", &at)) {
    part = (OakumSlice){rest.data, at};
    g_string_append_len(out, (const char *)part.data, (gssize)part.len);
    g_string_append_c(out, '-');
    rest = (OakumSlice){rest.data + at + 2, rest.len - at - 2};
  }
  g_string_append_len(out, (const char *)rest.data, (gssize)rest.len);
  return g_string_free(out, FALSE);
}

/* "=head2 DATE: C<Module> L<Some::Module|Some::Module>", later "C<VERSION: 1.23>". What is
 * installed again is written again below, so that the last of a name counts. */
static void read_perllocal(OakumSlice text, OakumCatalogFile *file, OakumCatalogSink *sink)
{
  OakumSlice line, rest, name = {NULL, 0};
  g_autoptr(GHashTable) versions = oakum_str_map_new(g_free, g_free);
  g_autoptr(GPtrArray) order = g_ptr_array_new();
  size_t at;
  while (oakum_catalog_line(&text, &line)) {
    if (oakum_slice_begins(line, "=head2 ") && oakum_slice_find(line, "L<", &at)) {
      rest = (OakumSlice){line.data + at + 2, line.len - at - 2};
      name = oakum_slice_cut(rest, '|', &rest);
    } else if (name.len > 0 && oakum_slice_find(line, "C<VERSION: ", &at)) {
      rest = (OakumSlice){line.data + at + 11, line.len - at - 11};
      OakumSlice version = oakum_slice_cut(rest, '>', &rest);
      char *key = distribution(name);
      gpointer known = NULL;
      if (g_hash_table_lookup_extended(versions, key, &known, NULL)) {
        g_hash_table_insert(versions, key, oakum_slice_value(version)); /* frees the new key */
      } else {
        g_hash_table_insert(versions, key, oakum_slice_value(version));
        g_ptr_array_add(order, key);
      }
      name = (OakumSlice){NULL, 0};
    }
  }
  for (guint i = 0; i < order->len; i++) {
    const char *key = g_ptr_array_index(order, i), *version = g_hash_table_lookup(versions, key);
    if (version)
      oakum_catalog_add(sink, file, "cpan", oakum_slice_of(key), oakum_slice_of(version));
  }
}

/* "libwww-perl-6.67" is libwww-perl and 6.67: its last dash in front of a digit (or v and one)
 * parts it. The name that stands beside it is of a module, and its version need not be the same. */
static gboolean part_dist(OakumSlice dist, OakumSlice *name, OakumSlice *version)
{
  for (size_t i = dist.len; i-- > 1;) {
    size_t digit = i + 1 + (i + 1 < dist.len && dist.data[i + 1] == 'v');
    if (dist.data[i] != '-' || digit >= dist.len || !g_ascii_isdigit(dist.data[digit]))
      continue;
    OakumSlice rest;
    *name = (OakumSlice){dist.data, i};
    *version = oakum_slice_cut((OakumSlice){dist.data + i + 1, dist.len - i - 1}, '-', &rest);
    return TRUE;
  }
  return FALSE;
}

/* The name of an archive in a path, without its ending. */
static OakumSlice archive_of(OakumSlice path)
{
  static const char *const endings[] = {".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip"};
  while (path.len > 0 && memchr(path.data, '/', path.len))
    oakum_slice_cut(path, '/', &path);
  for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
    size_t n = strlen(endings[i]);
    if (path.len > n && memcmp(path.data + path.len - n, endings[i], n) == 0)
      return (OakumSlice){path.data, path.len - n};
  }
  return (OakumSlice){NULL, 0};
}

/* The installer of a module writes the module into perllocal.pod where a client notes the
 * distribution: "LWP 6.67" there is libwww-perl 6.67 here. */
static void tell_module(OakumCatalogFile *file, OakumCatalogSink *sink, const char *key,
                        const char *module, OakumSlice version)
{
  g_autofree char *both = g_strdup_printf("%s %.*s", module, (int)version.len, version.data);
  oakum_catalog_sink_fact(sink, file, key, oakum_slice_of(both));
}

static gboolean run_perl(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text;
  if (oakum_path_ends(oakum_catalog_file_path(file), ".pod")) {
    if (!text_of(file, &text, error))
      return FALSE;
    read_perllocal(text, file, sink);
    return TRUE;
  }
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_TEXT_MAX, error);
  if (!json)
    return FALSE;
  OakumSlice name, version;
  g_autofree char *called = NULL;
  OakumSlice dist = oakum_json_slice(json, "dist");
  if (dist.len == 0) /* old clients write only where it came from: "O/OA/OALDERS/URI-5.35.tar.gz" */
    dist = archive_of(oakum_json_slice(json, "pathname"));
  called = distribution(oakum_json_slice(json, "name"));
  if (part_dist(dist, &name, &version)) {
    if (*called && !oakum_slice_is(name, called)) {
      tell_module(file, sink, "cpan-module", called, version);
      tell_module(file, sink, "cpan-module-own", called, oakum_json_slice(json, "version"));
    }
  } else {
    name = oakum_slice_of(called);
    version = oakum_json_slice(json, "version");
  }
  if (!oakum_catalog_add(sink, file, "cpan", name, version))
    return oakum_catalog_invalid(file, error, "an installation without a name");
  return TRUE;
}

/* ---- Julia: Manifest.toml of a depot or project ---------------------------------------------- */
static gboolean wants_julia(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, "Manifest.toml") == 0 ||
         strcmp(entry->base, "JuliaManifest.toml") == 0;
}

/* What a manifest says of one package; empty: nothing. */
typedef struct {
  OakumSlice name, version, uuid, path;
} Julia;

/* The libraries that Julia brings itself have no version in a manifest: it is that of the Julia
 * that made it, which says so on top since its second form. */
static void add_julia(OakumCatalogSink *sink, OakumCatalogFile *file, Julia *one, OakumSlice own)
{
  OakumSlice version = one->version.len > 0 ? one->version : own;
  OakumPackage *package =
      one->name.len > 0 && version.len > 0 && (one->version.len > 0 || one->path.len == 0)
          ? oakum_catalog_add(sink, file, "julia", one->name, version)
          : NULL;
  if (package)
    oakum_package_say(&package->module, one->uuid);
  *one = (Julia){0};
}

static gboolean run_julia(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line, rest, own = {NULL, 0};
  Julia one = {0};
  gboolean top = TRUE, inside = FALSE;
  if (!text_of(file, &text, error))
    return FALSE;
  const OakumSlice all = text;
  while (oakum_catalog_line(&text, &line)) {
    line = oakum_slice_strip(line);
    if (oakum_slice_begins(line, "[[")) { /* [[deps.Name]], [[Name]] in the first form */
      add_julia(sink, file, &one, own);
      one.name = oakum_slice_cut((OakumSlice){line.data + 2, line.len - 2}, ']', &rest);
      if (oakum_slice_begins(one.name, "deps."))
        one.name = (OakumSlice){one.name.data + 5, one.name.len - 5};
      inside = TRUE;
    } else if (oakum_slice_begins(line, "[")) {
      inside = FALSE; /* a table below it */
    } else if (inside && (quoted(line, "version", '=', &one.version) ||
                          quoted(line, "uuid", '=', &one.uuid))) {
      continue;
    } else if (inside) {
      quoted(line, "path", '=', &one.path);
    } else if (top) {
      quoted(line, "julia_version", '=', &own);
    }
    top = top && !oakum_slice_begins(line, "[");
  }
  add_julia(sink, file, &one, own);
  return oakum_catalog_whole(file, all, error);
}

/* ---- Swift: Package.resolved, forms 1 to 3 --------------------------------------------------- */
static gboolean wants_swift(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, "Package.resolved") == 0 ||
         strcmp(entry->base, ".package.resolved") == 0;
}

static gboolean run_swift(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_catalog_json(file, OAKUM_CATALOG_TEXT_MAX, error);
  if (!json)
    return FALSE;
  const json_t *pins = json_object_get(json, "pins"), *one;
  size_t index, at;
  if (!pins)
    pins = json_object_get(json_object_get(json, "object"), "pins");
  if (!json_is_array(pins))
    return oakum_catalog_invalid(file, error, "no list of pins");
  json_array_foreach(pins, index, one)
  {
    const json_t *state = json_object_get(one, "state");
    OakumSlice place = oakum_json_slice(one, "location"),
               version = oakum_json_slice(state, "version");
    if (place.len == 0)
      place = oakum_json_slice(one, "repositoryURL");
    if (version.len == 0)
      version = oakum_json_slice(state, "revision");
    if (oakum_slice_find(place, "://", &at))
      place = (OakumSlice){place.data + at + 3, place.len - at - 3};
    if (place.len > 4 && memcmp(place.data + place.len - 4, ".git", 4) == 0)
      place.len -= 4;
    OakumSlice name = place; /* "github.com/apple" and "swift-nio" */
    while (name.len > 0 && memchr(name.data, '/', name.len))
      oakum_slice_cut(name, '/', &name);
    OakumPackage *package = oakum_catalog_add(sink, file, "swift", name, version);
    if (package && name.len < place.len)
      oakum_package_say(&package->space, (OakumSlice){place.data, place.len - name.len - 1});
  }
  return TRUE;
}

/* ---- Dart: pubspec.lock ---------------------------------------------------------------------- */
static gboolean wants_dart(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, "pubspec.lock") == 0;
}

/* Names stand two columns in below "packages:", what is said of them four. */
static gboolean run_dart(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line, rest, name = {NULL, 0}, version, source;
  gboolean inside = FALSE, hosted = TRUE;
  if (!text_of(file, &text, error))
    return FALSE;
  const OakumSlice all = text;
  while (oakum_catalog_line(&text, &line)) {
    if (line.len > 0 && line.data[0] != ' ' && line.data[0] != '#')
      inside = oakum_slice_begins(line, "packages:");
    if (!inside || !oakum_slice_begins(line, "  "))
      continue;
    if (line.len > 3 && line.data[2] != ' ') {
      name = oakum_slice_cut((OakumSlice){line.data + 2, line.len - 2}, ':', &rest);
      hosted = TRUE;
    } else if (oakum_slice_begins(line, "    source:")) {
      oakum_slice_cut(line, ':', &source);
      hosted = !oakum_slice_is(oakum_slice_strip(source), "sdk");
    } else if (name.len > 0 && hosted && oakum_slice_begins(line, "    version:") &&
               quoted(line, "version", ':', &version)) {
      oakum_catalog_add(sink, file, "pub", name, version);
    }
  }
  return oakum_catalog_whole(file, all, error);
}

/* ---- Conan: what a binary package was built with --------------------------------------------- */
static gboolean wants_conan(const OakumCatalogEntry *entry)
{
  return strcmp(entry->base, "conaninfo.txt") == 0;
}

/* Its package-url has both or none; "_" stands for none. */
static void say_channel(OakumPackage *package, OakumSlice user, OakumSlice channel)
{
  if (!package || user.len == 0 || channel.len == 0 || oakum_slice_is(user, "_"))
    return;
  oakum_package_say(&package->space, user);
  oakum_package_say(&package->module, channel);
}

/* "zlib/1.2.13@user/channel#revision:package" */
static void add_conan(OakumCatalogSink *sink, OakumCatalogFile *file, OakumSlice line)
{
  OakumSlice rest, name, version, user;
  line = oakum_slice_strip(line);
  name = oakum_slice_cut(line, '/', &version);
  version = oakum_slice_cut(version, '#', &rest);
  version = oakum_slice_cut(version, ':', &rest);
  version = oakum_slice_cut(version, '@', &user);
  user = oakum_slice_cut(user, '/', &rest);
  say_channel(version.len > 0 ? oakum_catalog_add(sink, file, "conan", name, version) : NULL, user,
              rest);
}

static gboolean run_conan(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line;
  gboolean full = FALSE, inside = FALSE;
  size_t at;
  if (!text_of(file, &text, error))
    return FALSE;
  full = oakum_slice_find(text, "[full_requires]", &at);
  while (oakum_catalog_line(&text, &line)) {
    line = oakum_slice_strip(line);
    if (oakum_slice_begins(line, "["))
      inside = oakum_slice_is(line, full ? "[full_requires]" : "[requires]");
    else if (inside)
      add_conan(sink, file, line);
  }
  /* the first form keeps the package itself in its path: data/NAME/VERSION/USER/CHANNEL/package/ID
   */
  const char *path = oakum_catalog_file_path(file);
  if (oakum_slice_is(oakum_path_above(path, 1), "package"))
    say_channel(oakum_catalog_add(sink, file, "conan", oakum_path_above(path, 5),
                                  oakum_path_above(path, 4)),
                oakum_path_above(path, 3), oakum_path_above(path, 2));
  return TRUE;
}

/* ---- WordPress: the program, plugins by the comment on top of their main file, themes by that of
 * their style sheet --------------------------------------------------------------------------- */
static gboolean is_theme(const char *path)
{
  return oakum_path_ends(path, "/style.css") && strstr(path, "wp-content/themes/") &&
         oakum_slice_is(oakum_path_above(path, 1), "themes");
}

static gboolean wants_wordpress(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->path, "wp-includes/version.php") ||
         (oakum_path_ends(entry->base, ".php") &&
          oakum_slice_is(oakum_path_above(entry->path, 1), "plugins") &&
          strstr(entry->path, "wp-content/plugins/")) ||
         (strcmp(entry->base, "style.css") == 0 && is_theme(entry->path));
}

static gboolean header_of(OakumSlice line, const char *name, OakumSlice *out)
{
  while (line.len > 0 && strchr(" \t*/#@", line.data[0])) {
    line.data++;
    line.len--;
  }
  OakumSlice value, key = oakum_slice_cut(line, ':', &value);
  if (!value.data || !oakum_slice_is_nocase(oakum_slice_strip(key), name))
    return FALSE;
  *out = oakum_slice_strip(value);
  return out->len > 0;
}

static gboolean run_wordpress(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  const char *path = oakum_catalog_file_path(file);
  OakumSlice text, line, version = {NULL, 0}, name = version, license = version, found;
  if (!text_of(file, &text, error))
    return FALSE;
  gboolean plugin = !oakum_path_ends(path, "wp-includes/version.php"), theme = is_theme(path);
  text.len = MIN(text.len, 8192 * (plugin ? 1u : 8u)); /* as far as WordPress itself looks */
  while (oakum_catalog_line(&text, &line)) {
    if (!plugin && quoted(line, "$wp_version", '=', &found))
      version = found;
    else if (plugin && name.len == 0 &&
             header_of(line, theme ? "Theme Name" : "Plugin Name", &found))
      name = found;
    else if (plugin && version.len == 0 && header_of(line, "Version", &found))
      version = found;
    else if (plugin && license.len == 0 && header_of(line, "License", &found))
      license = found;
  }
  if (!plugin && version.len > 0) {
    OakumPackage *package =
        oakum_catalog_add(sink, file, "generic", OAKUM_SLICE("wordpress"), version);
    package->cpe = oakum_catalog_cpe('a', "wordpress:wordpress", package->version, "*");
  } else if (!plugin) {
    return oakum_catalog_invalid(file, error, "a WordPress whose version is no literal");
  } else if (name.len > 0 && version.len > 0) { /* advisories name the folder */
    OakumPackage *package =
        oakum_catalog_add(sink, file, theme ? "wordpress-theme" : "wordpress-plugin",
                          oakum_path_above(path, 0), version);
    if (package)
      oakum_package_say(&package->license, license);
  }
  return TRUE;
}

const OakumCataloguer oakum_other_cataloguers[] = {
    {"r-installed", 1, wants_r, run_r, .whole = TRUE},
    {"lua-rock", 3, wants_lua, run_lua, .whole = TRUE},
    {"erlang-app", 3, wants_app, run_app, .whole = TRUE},
    {"perl-installed", 4, wants_perl, run_perl, .whole = TRUE},
    {"julia-manifest", 3, wants_julia, run_julia, .whole = TRUE},
    {"swift-resolved", 1, wants_swift, run_swift, .whole = TRUE},
    {"dart-pubspec", 2, wants_dart, run_dart, .whole = TRUE},
    {"conan-info", 2, wants_conan, run_conan, .whole = TRUE},
    {"wordpress", 3, wants_wordpress, run_wordpress, .whole = TRUE},
    {0}};
