/* dpkg: deb-control(5), dpkg(1) "status"; distroless's status.d; opkg has the same form. */
#include "catalog/os-private.h"
#include <string.h>

typedef struct {
  char *package, *status, *version, *source, *arch, *maintainer, *license;
  uint64_t offset; /* of its first line */
} Stanza;

static void stanza_clear(Stanza *s)
{
  char **all[] = {&s->package, &s->status,     &s->version, &s->source,
                  &s->arch,    &s->maintainer, &s->license};
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
    g_clear_pointer(all[i], g_free);
}

gboolean oakum_catalog_line_fits(const OakumCatalogFile *file, OakumSlice line, GError **error)
{
  if (line.len <= OAKUM_DPKG_LINE_MAX)
    return TRUE;
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
              "%s: a line longer than %" G_GUINT64_FORMAT " bytes", oakum_catalog_file_path(file),
              OAKUM_DPKG_LINE_MAX);
  return FALSE;
}

/* status.d files (distroless) have no Status: what is there is installed. */
static gboolean is_installed(const char *status)
{
  if (!status)
    return TRUE;
  g_auto(GStrv) words = g_strsplit_set(status, " \t", -1);
  for (char **word = words; *word; word++)
    if (strcmp(*word, "installed") == 0 || strcmp(*word, "unpacked") == 0 ||
        strcmp(*word, "half-configured") == 0 || strcmp(*word, "half-installed") == 0 ||
        strcmp(*word, "triggers-awaited") == 0 || strcmp(*word, "triggers-pending") == 0)
      return TRUE;
  return FALSE;
}

static gboolean end_stanza(Stanza *s, const OakumCatalogFile *file, OakumCatalogSink *sink,
                           GError **error)
{
  const char *path = oakum_catalog_file_path(file);
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
    OakumPackage *p =
        oakum_catalog_sink_package(sink, file, strstr(path, "opkg") ? "opkg" : "deb",
                                   oakum_slice_of(s->package), oakum_slice_of(s->version));
    p->arch = g_steal_pointer(&s->arch);
    p->maintainer = g_steal_pointer(&s->maintainer);
    p->license = g_steal_pointer(&s->license);
    p->offset = s->offset;
    if (s->source && strcmp(p->type, "deb") == 0) { /* "name" or "name (version)" */
      char *open = strchr(s->source, '('), *close = open ? strchr(open, ')') : NULL;
      if (open && close) {
        p->source_version = g_strstrip(g_strndup(open + 1, (gsize)(close - open - 1)));
        *open = '\0';
      }
      p->source_name = g_strdup(g_strstrip(s->source));
    }
  }
  stanza_clear(s);
  return ok;
}

gboolean oakum_dpkg_wants(const OakumCatalogEntry *entry)
{
  static const char *const files[] = {"var/lib/dpkg/status", "usr/lib/opkg/status",
                                      "var/lib/opkg/status", "usr/lib/dpkg/status"};
  for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
    if (strcmp(entry->path, files[i]) == 0)
      return TRUE;
  /* opkg keeps what a package says of itself beside the list of its files */
  if ((g_str_has_prefix(entry->path, "usr/lib/opkg/info/") ||
       g_str_has_prefix(entry->path, "var/lib/opkg/info/")) &&
      g_str_has_suffix(entry->path, ".control"))
    return TRUE;
  /* md5sums beside the packages of status.d are none themselves */
  return g_str_has_prefix(entry->path, "var/lib/dpkg/status.d/") &&
         !g_str_has_suffix(entry->path, ".md5sums");
}

gboolean oakum_dpkg_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  static const char *const names[] = {"Package",      "Status",     "Version", "Source",
                                      "Architecture", "Maintainer", "License"};
  const char *path = oakum_catalog_file_path(file);
  Stanza stanza = {0};
  char **slots[] = {&stanza.package, &stanza.status,     &stanza.version, &stanza.source,
                    &stanza.arch,    &stanza.maintainer, &stanza.license};
  OakumSlice text, line;
  gboolean ok = TRUE, open = FALSE;
  guint64 number = 0;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_DATABASE_MAX, &text, error))
    return FALSE;
  const uint8_t *start = text.data;
  const size_t bytes = text.len;
  g_autoptr(GError) first = NULL; /* what is wrong with one paragraph hides no other */
  while (oakum_catalog_line(&text, &line)) {
    GError **wrong = first ? NULL : &first;
    number++;
    if (!oakum_catalog_line_fits(file, line, wrong)) {
      ok = FALSE;
    } else if (line.len == 0 || (line.len == 1 && line.data[0] == ' ')) {
      ok = end_stanza(&stanza, file, sink, wrong) && ok;
      open = FALSE;
    } else if (line.data[0] != ' ' && line.data[0] != '\t') {
      if (!open)
        stanza.offset = (uint64_t)(line.data - start);
      open = TRUE;
      const uint8_t *colon = memchr(line.data, ':', line.len);
      if (!colon) {
        ok = FALSE;
        if (wrong)
          g_set_error(wrong, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                      "%s: line %" G_GUINT64_FORMAT " is no \"Field: value\"", path, number);
        continue;
      }
      size_t n = (size_t)(colon - line.data);
      for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (n != strlen(names[i]) || g_ascii_strncasecmp((const char *)line.data, names[i], n) != 0)
          continue;
        if (*slots[i]) { /* dpkg refuses it: the end of a paragraph is missing, or it was forged */
          ok = FALSE;
          if (wrong && !*wrong)
            g_set_error(wrong, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                        "%s: line %" G_GUINT64_FORMAT " has the field %s of one package twice",
                        path, number, names[i]);
          if (i == 0) { /* of the first one all was said */
            end_stanza(&stanza, file, sink, NULL);
            stanza.offset = (uint64_t)(line.data - start);
          }
        }
        g_free(*slots[i]);
        *slots[i] = oakum_catalog_value((OakumSlice){colon + 1, line.len - n - 1});
      }
    }
  }
  /* dpkg and opkg end each line, so what follows a last one without an end was cut off. What has no
   * status was put together by hand: there only what lost whether it is installed counts. */
  if (ok && number > 0 && start[bytes - 1] != '\n' &&
      ((g_str_has_suffix(path, "/status") && stanza.status) ||
       (stanza.package && !stanza.version && !is_installed(stanza.status)))) {
    g_set_error(&first, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "%s: ends amid a package", path);
    ok = FALSE;
  }
  ok = end_stanza(&stanza, file, sink, first ? NULL : &first) && ok;
  stanza_clear(&stanza);
  if (!ok)
    g_propagate_error(error, g_steal_pointer(&first));
  return ok;
}

/* ---- which files a package has: info/NAME.list, info/NAME:ARCH.list; status.d/NAME.md5sums
 * --------------------------------------------------------------------------------------- */
gboolean oakum_dpkg_list_wants(const OakumCatalogEntry *entry)
{
  return (g_str_has_prefix(entry->path, "var/lib/dpkg/info/") &&
          g_str_has_suffix(entry->path, ".list")) ||
         (g_str_has_prefix(entry->path, "var/lib/dpkg/status.d/") &&
          g_str_has_suffix(entry->path, ".md5sums")) ||
         (g_str_has_prefix(entry->path, "usr/lib/opkg/info/") &&
          g_str_has_suffix(entry->path, ".list"));
}

gboolean oakum_dpkg_list_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  const char *path = oakum_catalog_file_path(file), *base = strrchr(path, '/') + 1;
  gboolean sums = g_str_has_suffix(base, ".md5sums");
  OakumSlice text, line, name = {(const uint8_t *)base, strcspn(base, ":")};
  size_t dot = (size_t)(strrchr(base, '.') - base);
  name.len = MIN(name.len, dot);
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_DATABASE_MAX, &text, error))
    return FALSE;
  while (oakum_catalog_line(&text, &line)) {
    if (sums && line.len > 34) { /* 32 digits and two spaces */
      line.data += 34;
      line.len -= 34;
    } else if (sums || line.len < 2 || line.data[0] != '/')
      continue;
    oakum_catalog_sink_owns(sink, strstr(path, "opkg") ? "opkg" : "deb", name, line);
  }
  return TRUE;
}

/* ---- Ubuntu's chisel: a zstd of lines of JSON, the first of which says what they are
 * ------------------- */
gboolean oakum_chisel_wants(const OakumCatalogEntry *entry)
{
  return strcmp(entry->path, "var/lib/chisel/manifest.wall") == 0;
}

static void chisel_line(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  OakumSlice kind = oakum_json_slice(json, "kind"), name = oakum_json_slice(json, "name");
  if (oakum_slice_is(kind, "package") && name.len > 0) {
    OakumPackage *package =
        oakum_catalog_sink_package(sink, file, "deb", name, oakum_json_slice(json, "version"));
    oakum_package_say(&package->arch, oakum_json_slice(json, "arch"));
  } else if (oakum_slice_is(kind, "content")) { /* slice "bash_bins" of package bash */
    OakumSlice slice = oakum_json_slice(json, "slice");
    const uint8_t *end = slice.len ? memchr(slice.data, '_', slice.len) : NULL;
    if (end)
      oakum_catalog_sink_owns(sink, "deb", (OakumSlice){slice.data, (size_t)(end - slice.data)},
                              oakum_json_slice(json, "path"));
  }
}

gboolean oakum_chisel_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice packed, line;
  g_autofree char *text = NULL;
  size_t len;
  g_autoptr(GError) why = NULL;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_DOCUMENT_MAX, &packed, error))
    return FALSE;
  g_autoptr(OakumReader) reader =
      oakum_reader_new_inflate(oakum_reader_new_memory(packed.data, packed.len), NULL);
  if (!oakum_reader_slurp(reader, OAKUM_CATALOG_DATABASE_MAX, "chisel's manifest", &text, &len,
                          &why)) {
    oakum_catalog_take_error(error, g_steal_pointer(&why), file);
    return FALSE;
  }
  OakumSlice rest = {(const uint8_t *)text, len};
  for (gboolean first = TRUE; oakum_catalog_line(&rest, &line);) {
    if (oakum_slice_strip(line).len == 0)
      continue;
    if (!oakum_catalog_line_fits(file, line, error))
      return FALSE;
    OAKUM_AUTO_JSON *json = oakum_catalog_json_bytes(line, error);
    if (!json)
      return FALSE;
    if (first && !json_object_get(json, "jsonwall"))
      return oakum_catalog_invalid(file, error, "no manifest of chisel");
    first = FALSE;
    chisel_line(json, file, sink);
  }
  return TRUE;
}
