/* rpm: where its databases lie, and in which of their three forms; the lists that images without a
 * database have in its place. */
#include "catalog/rpm-private.h"
#include <string.h>

gboolean oakum_rpm_wants(const OakumCatalogEntry *entry)
{
  static const char *const folders[] = {"var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"};
  static const char *const names[] = {"rpmdb.sqlite", "Packages", "Packages.db"};
  for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
    for (size_t j = 0; g_str_has_prefix(entry->path, folders[i]) && j < G_N_ELEMENTS(names); j++)
      if (strcmp(entry->path + strlen(folders[i]), names[j]) == 0)
        return TRUE;
  return FALSE;
}

static gboolean read_database(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  uint8_t head[16] = {0};
  uint64_t size = oakum_catalog_file_size(file);
  if (size == 0)
    return TRUE;
  if (!oakum_catalog_file_read(file, 0, head, (size_t)MIN(size, sizeof(head)), error))
    return FALSE;
  if (memcmp(head, "SQLite format 3", 16) == 0)
    return oakum_rpm_sqlite(file, sink, error);
  if (memcmp(head, "RpmP", 4) == 0)
    return oakum_rpm_ndb(file, sink, error);
  if (oakum_be32(head + 12) == 0x00061561 || oakum_le32(head + 12) == 0x00061561)
    return oakum_rpm_bdb(file, sink, error);
  oakum_catalog_sink_incomplete(sink, file, "unread-package-database",
                                "is of no form that rpm's databases have");
  return TRUE;
}

gboolean oakum_rpm_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  gboolean ok = read_database(file, sink, error);
  char *graph = oakum_rpm_graph_take(oakum_catalog_sink_graph(sink));
  if (ok && graph) /* half of a graph would call needless what the rest needs */
    oakum_catalog_sink_observe(sink, file, "fact:rpm", graph);
  else
    g_free(graph);
  return ok;
}

/* What was written and is not yet in the database itself, or was to be taken back. */
gboolean oakum_rpm_wal_wants(const OakumCatalogEntry *entry)
{
  static const char hot[] = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"; /* zeroed when it counts no more */
  gboolean counts = strcmp(entry->base, "rpmdb.sqlite-wal") == 0 ? entry->size > 32
                    : strcmp(entry->base, "rpmdb.sqlite-journal") == 0
                        ? oakum_slice_begins(entry->head, hot)
                        : FALSE;
  if (!counts)
    return FALSE;
  g_autofree char *database = g_strndup(entry->path, strcspn(entry->path, "-"));
  OakumCatalogEntry of = {database, oakum_path_base(database), 0644, 0, {NULL, 0}};
  return oakum_rpm_wants(&of);
}

gboolean oakum_rpm_wal_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  (void)error;
  oakum_catalog_sink_incomplete(sink, file, "unread-package-database",
                                "changes that are not in rpm's database yet are not read");
  return TRUE;
}

/* ---- lists
 * --------------------------------------------------------------------------------------- */
gboolean oakum_rpm_list_wants(const OakumCatalogEntry *entry)
{
  return strcmp(entry->path, "var/lib/rpmmanifest/container-manifest-1") == 0 ||
         strcmp(entry->path, "var/lib/rpmmanifest/container-manifest-2") == 0;
}

/* `rpm -qa`: name-version-release.arch */
static gboolean short_line(OakumSlice line, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  g_autofree char *text = oakum_catalog_value(line);
  char *arch = strrchr(text, '.');
  if (!arch || arch == text)
    return FALSE;
  *arch++ = '\0';
  char *release = strrchr(text, '-');
  if (!release || release == text)
    return FALSE;
  *release = '\0';
  char *version = strrchr(text, '-');
  *release = '-';
  if (!version || version == text)
    return FALSE;
  *version++ = '\0';
  if (strcmp(text, "gpg-pubkey") == 0)
    return TRUE;
  OakumPackage *package =
      oakum_catalog_sink_package(sink, file, "rpm", oakum_slice_of(text), oakum_slice_of(version));
  package->arch = g_strdup(arch);
  return TRUE;
}

/* name, version-release, two times, vendor, epoch or (none), size, arch, epoch as a number, source
 * package; apart by tabs. */
static gboolean long_line(OakumSlice line, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  g_autofree char *text = oakum_escape_utf8((const char *)line.data, (gssize)line.len);
  g_auto(GStrv) field = g_strsplit(text, "\t", 12);
  if (g_strv_length(field) < 10 || !*field[0] || !*field[1])
    return FALSE;
  gboolean epoch = strcmp(field[8], "0") != 0 && g_ascii_isdigit(*field[8]);
  g_autofree char *version =
      g_strdup_printf("%s%s%s", epoch ? field[8] : "", epoch ? ":" : "", field[1]);
  OakumPackage *package = oakum_catalog_sink_package(sink, file, "rpm", oakum_slice_of(field[0]),
                                                     oakum_slice_of(version));
  package->arch = g_strdup(field[7]);
  if (strcmp(field[4], "(none)") != 0)
    package->maintainer = g_strdup(field[4]);
  char *end = g_strrstr(field[9], ".src.rpm");
  char *release = end ? g_strrstr_len(field[9], end - field[9], "-") : NULL;
  char *at = release ? g_strrstr_len(field[9], release - field[9], "-") : NULL;
  if (!at || at == field[9])
    return TRUE;
  package->source_name = g_strndup(field[9], (gsize)(at - field[9]));
  package->source_version = g_strndup(at + 1, (gsize)(end - at - 1));
  return TRUE;
}

gboolean oakum_rpm_list_run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line;
  guint number = 0;
  if (!oakum_catalog_file_text(file, OAKUM_CATALOG_DATABASE_MAX, &text, error))
    return FALSE;
  while (oakum_catalog_line(&text, &line)) {
    number++;
    if (!oakum_catalog_line_fits(file, line, error))
      return FALSE;
    if (oakum_slice_strip(line).len == 0)
      continue;
    if (memchr(line.data, '\t', line.len) ? long_line(line, file, sink)
                                          : short_line(line, file, sink))
      continue;
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "%s: line %u names no package",
                oakum_catalog_file_path(file), number);
    return FALSE;
  }
  return TRUE;
}
