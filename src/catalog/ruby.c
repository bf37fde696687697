/* Ruby: the specifications that RubyGems writes of what is installed. They are Ruby programs; only
 * literals are read, nothing is evaluated. */
#include "catalog/parts-private.h"

/* The string at the beginning of `text`: "…", '…', %q{…} and their like; escapes are kept as they
 * stand, since names and versions have none. *rest is what follows. */
static gboolean read_string(OakumSlice text, OakumSlice *out, OakumSlice *rest)
{
  text = oakum_slice_strip(text);
  size_t skip = 1;
  char end;
  if (text.len >= 2 && (text.data[0] == '"' || text.data[0] == '\'')) {
    end = (char)text.data[0];
  } else if (text.len >= 4 && text.data[0] == '%' && (text.data[1] == 'q' || text.data[1] == 'Q')) {
    static const char opens[] = "{([<", closes[] = "})]>";
    const char *open = strchr(opens, text.data[2]);
    if (!open || !*open)
      return FALSE;
    end = closes[open - opens];
    skip = 3;
  } else {
    return FALSE;
  }
  *out = oakum_slice_cut((OakumSlice){text.data + skip, text.len - skip}, end, rest);
  return rest->data != NULL;
}

/* The same where nothing but `.freeze`, a bracket, a comment or the next statement follows: the
 * value of anything else is computed. */
static gboolean read_whole_string(OakumSlice text, OakumSlice *out)
{
  OakumSlice rest;
  if (!read_string(text, out, &rest))
    return FALSE;
  rest = oakum_slice_strip(rest);
  if (oakum_slice_begins(rest, ".freeze"))
    rest = oakum_slice_strip((OakumSlice){rest.data + 7, rest.len - 7});
  if (rest.len > 0 && rest.data[0] == ')')
    rest = oakum_slice_strip((OakumSlice){rest.data + 1, rest.len - 1});
  return rest.len == 0 || rest.data[0] == ';' || rest.data[0] == '#' || rest.data[0] == '}';
}

/* "s.name = VALUE" whatever the variable is called. */
static gboolean assigns(OakumSlice line, const char *field, OakumSlice *value)
{
  OakumSlice variable = oakum_slice_cut(line, '.', &line);
  for (size_t i = 0; i < variable.len; i++)
    if (!g_ascii_isalnum(variable.data[i]) && variable.data[i] != '_')
      return FALSE;
  OakumSlice name = oakum_slice_cut(line, '=', value);
  return value->data && oakum_slice_is(oakum_slice_strip(name), field);
}

static void read_licenses(OakumSlice value, GString *licenses)
{
  value = oakum_slice_strip(value);
  if (value.len > 0 && value.data[0] == '[') {
    value.data++;
    value.len--;
  }
  OakumSlice one;
  while (licenses->len < OAKUM_CATALOG_VALUE_MAX && read_string(value, &one, &value)) {
    oakum_catalog_license_append(licenses, " AND ", one);
    oakum_slice_cut(value, ',', &value);
  }
}

/* "# stub: NAME VERSION PLATFORM PATHS", which RubyGems puts on top. */
static void read_stub(OakumSlice line, OakumSlice *name, OakumSlice *version, OakumSlice *platform)
{
  OakumSlice rest;
  line = oakum_slice_strip((OakumSlice){line.data + 8, line.len - 8});
  *name = oakum_slice_cut(line, ' ', &rest);
  *version = oakum_slice_cut(rest, ' ', &rest);
  *platform = oakum_slice_cut(rest, ' ', &rest);
}

static gboolean run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line, value;
  OakumSlice name = {NULL, 0}, version = name, platform = name, stub_name = name,
             stub_version = name, found;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_TEXT_MAX, &text, error))
    return FALSE;
  g_autoptr(GString) licenses = g_string_new(NULL);
  while (oakum_catalog_line(&text, &line)) {
    line = oakum_slice_strip(line);
    if (oakum_slice_begins(line, "# stub: ") && stub_name.len == 0)
      read_stub(line, &stub_name, &stub_version, &platform);
    else if (name.len == 0 && assigns(line, "name", &value) && read_whole_string(value, &found))
      name = found;
    else if (version.len == 0 && assigns(line, "version", &value)) {
      value = oakum_slice_strip(value);
      if (oakum_slice_begins(value, "Gem::Version.new"))
        oakum_slice_cut(value, '(', &value);
      if (read_whole_string(value, &found))
        version = found;
    } else if (licenses->len == 0 &&
               (assigns(line, "licenses", &value) || assigns(line, "license", &value)))
      read_licenses(value, licenses);
  }
  if (name.len == 0)
    name = stub_name;
  if (version.len == 0)
    version = stub_version;
  if (name.len == 0 || version.len == 0)
    return oakum_catalog_invalid(file, error,
                                 "a specification whose name or version is no literal");
  OakumPackage *package = oakum_catalog_add(sink, file, "gem", name, version);
  if (!package)
    return TRUE;
  oakum_package_say(&package->license, (OakumSlice){(const uint8_t *)licenses->str, licenses->len});
  if (platform.len > 0 && !oakum_slice_is(platform, "ruby"))
    oakum_package_say(&package->arch, platform);
  return TRUE;
}

static gboolean wants(const OakumCatalogEntry *entry)
{
  return oakum_path_ends(entry->base, ".gemspec") &&
         (strstr(entry->path, "/specifications/") ||
          strncmp(entry->path, "specifications/", strlen("specifications/")) == 0);
}

const OakumCataloguer oakum_ruby_cataloguers[] = {{"gem-installed", 3, wants, run, .whole = TRUE},
                                                  {0}};
