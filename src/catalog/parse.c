#include "catalog/catalog.h"
#include <string.h>

/* One line of a database, without its end. */
static gboolean next_line(OakumSlice *rest, OakumSlice *line)
{
  if (rest->len == 0)
    return FALSE;
  const uint8_t *newline = memchr(rest->data, '\n', rest->len);
  line->data = rest->data;
  line->len = newline ? (size_t)(newline - rest->data) : rest->len;
  size_t used = line->len + (newline ? 1 : 0);
  rest->data += used;
  rest->len -= used;
  if (line->len > 0 && line->data[line->len - 1] == '\r')
    line->len--;
  return TRUE;
}

/* A value as text: NUL and invalid UTF-8 are replaced, space around is cut. */
static char *value_of(const uint8_t *data, size_t len)
{
  char *text = oakum_escape_utf8((const char *)data, (gssize)len);
  return g_strstrip(text);
}

static gboolean line_too_long(const OakumSlice *line, const char *path, GError **error)
{
  if (line->len <= OAKUM_DPKG_LINE_MAX)
    return FALSE;
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
              "%s: a line longer than %" G_GUINT64_FORMAT " bytes", path, OAKUM_DPKG_LINE_MAX);
  return TRUE;
}

static gboolean add(GPtrArray *packages, OakumPackage *package, const char *path, GError **error)
{
  if (packages->len >= OAKUM_PACKAGES_MAX) {
    oakum_package_free(package);
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT, "%s: more than %u packages", path,
                OAKUM_PACKAGES_MAX);
    return FALSE;
  }
  if (!package->source_name)
    package->source_name = g_strdup(package->name);
  if (!package->source_version)
    package->source_version = g_strdup(package->version);
  g_ptr_array_add(package->paths, g_strdup(path));
  g_ptr_array_add(packages, package);
  return TRUE;
}

/* ---- dpkg
 * ------------------------------------------------------------------------------------------- */
typedef struct {
  char *package, *status, *version, *source, *arch, *maintainer;
} Stanza;

static void stanza_clear(Stanza *s)
{
  char **all[] = {&s->package, &s->status, &s->version, &s->source, &s->arch, &s->maintainer};
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
    g_clear_pointer(all[i], g_free);
}

/* status.d files (distroless) have no Status: what is there is installed. */
static gboolean is_installed(const char *status)
{
  if (!status)
    return TRUE;
  g_auto(GStrv) words = g_strsplit_set(status, " \t", -1);
  for (char **word = words; *word; word++)
    if (strcmp(*word, "installed") == 0 || strcmp(*word, "unpacked") == 0 ||
        strcmp(*word, "half-configured") == 0 || strcmp(*word, "triggers-awaited") == 0 ||
        strcmp(*word, "triggers-pending") == 0)
      return TRUE;
  return FALSE;
}

static gboolean end_stanza(Stanza *s, const char *path, GPtrArray *packages, GError **error)
{
  gboolean ok = TRUE;
  if ((!s->package || !*s->package) && (s->status || s->version)) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "%s: a package without a name",
                path);
    ok = FALSE;
  } else if (s->package && (!s->version || !*s->version) && is_installed(s->status)) {
    g_autofree char *shown = oakum_escape_terminal(s->package, -1);
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                "%s: package %s is installed but has no version", path, shown);
    ok = FALSE;
  } else if (s->package && *s->package && is_installed(s->status)) {
    OakumPackage *p = oakum_package_new();
    p->name = g_steal_pointer(&s->package);
    p->version = g_steal_pointer(&s->version);
    p->arch = g_steal_pointer(&s->arch);
    p->maintainer = g_steal_pointer(&s->maintainer);
    p->type = g_strdup("deb");
    if (s->source) { /* "name" or "name (version)" */
      char *open = strchr(s->source, '('), *close = open ? strchr(open, ')') : NULL;
      if (open && close) {
        p->source_version = g_strstrip(g_strndup(open + 1, (gsize)(close - open - 1)));
        *open = '\0';
      }
      p->source_name = g_strdup(g_strstrip(s->source));
    }
    ok = add(packages, p, path, error);
  }
  stanza_clear(s);
  return ok;
}

gboolean oakum_dpkg_parse(OakumSlice text, const char *path, GPtrArray *packages, GError **error)
{
  static const char *const names[] = {"Package", "Status",       "Version",
                                      "Source",  "Architecture", "Maintainer"};
  Stanza stanza = {0};
  char **slots[] = {&stanza.package, &stanza.status, &stanza.version,
                    &stanza.source,  &stanza.arch,   &stanza.maintainer};
  OakumSlice line;
  gboolean ok = TRUE;
  guint64 number = 0;
  while (ok && next_line(&text, &line)) {
    number++;
    if (line_too_long(&line, path, error)) {
      ok = FALSE;
    } else if (line.len == 0 || (line.len == 1 && line.data[0] == ' ')) {
      ok = end_stanza(&stanza, path, packages, error);
    } else if (line.data[0] != ' ' && line.data[0] != '\t') {
      const uint8_t *colon = memchr(line.data, ':', line.len);
      if (!colon) {
        g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                    "%s: line %" G_GUINT64_FORMAT " is no \"Field: value\"", path, number);
        ok = FALSE;
        break;
      }
      size_t n = (size_t)(colon - line.data);
      for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (n == strlen(names[i]) &&
            g_ascii_strncasecmp((const char *)line.data, names[i], n) == 0) {
          g_free(*slots[i]);
          *slots[i] = value_of(colon + 1, line.len - n - 1);
        }
    }
  }
  ok = ok && end_stanza(&stanza, path, packages, error);
  stanza_clear(&stanza);
  return ok;
}

/* ---- apk
 * ---------------------------------------------------------------------------------------------- */
static gboolean end_apk(OakumPackage **package, const char *path, GPtrArray *packages,
                        GError **error)
{
  OakumPackage *p = *package;
  *package = NULL;
  if (!p)
    return TRUE;
  if (!p->name || !*p->name || !p->version || !*p->version) {
    oakum_package_free(p);
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                "%s: a package without name or version", path);
    return FALSE;
  }
  return add(packages, p, path, error);
}

gboolean oakum_apk_parse(OakumSlice text, const char *path, GPtrArray *packages, GError **error)
{
  OakumPackage *package = NULL;
  OakumSlice line;
  gboolean ok = TRUE;
  while (ok && next_line(&text, &line)) {
    if (line_too_long(&line, path, error)) {
      ok = FALSE;
    } else if (line.len == 0) {
      ok = end_apk(&package, path, packages, error);
    } else if (line.len < 2 || line.data[1] != ':') {
      g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "%s: a line is no \"K:value\"",
                  path);
      ok = FALSE;
    } else {
      if (!package) {
        package = oakum_package_new();
        package->type = g_strdup("apk");
      }
      char **slot = line.data[0] == 'P'   ? &package->name
                    : line.data[0] == 'V' ? &package->version
                    : line.data[0] == 'A' ? &package->arch
                    : line.data[0] == 'o' ? &package->source_name
                    : line.data[0] == 'm' ? &package->maintainer
                                          : NULL;
      if (slot) {
        g_free(*slot);
        *slot = value_of(line.data + 2, line.len - 2);
      }
    }
  }
  ok = ok && end_apk(&package, path, packages, error);
  oakum_package_free(package);
  return ok;
}

/* ---- os-release(5)
 * -------------------------------------------------------------------------------------- */
void oakum_os_release_parse(OakumSlice text, OakumDistro *distro)
{
  static const char *const names[] = {"ID", "VERSION_ID", "PRETTY_NAME"};
  char **slots[] = {&distro->id, &distro->version, &distro->pretty};
  OakumSlice line;
  while (next_line(&text, &line)) {
    const uint8_t *equals = memchr(line.data, '=', line.len);
    size_t n = equals ? (size_t)(equals - line.data) : 0;
    for (size_t i = 0; equals && line.len < 4096 && i < G_N_ELEMENTS(names); i++) {
      if (n != strlen(names[i]) || memcmp(line.data, names[i], n) != 0)
        continue;
      g_autofree char *raw = value_of(equals + 1, line.len - n - 1);
      size_t len = strlen(raw);
      gboolean quoted = len >= 2 && (raw[0] == '"' || raw[0] == '\'') && raw[len - 1] == raw[0];
      g_free(*slots[i]);
      *slots[i] = quoted ? g_strndup(raw + 1, len - 2) : g_strdup(raw);
    }
  }
}
