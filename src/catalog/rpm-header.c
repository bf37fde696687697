/* Header blobs of rpm: counts, offsets and strings of a stranger. */
#include "catalog/rpm-private.h"
#include <string.h>

enum {
  TAG_NAME = OAKUM_RPM_NAME,
  TAG_VERSION = 1001,
  TAG_RELEASE = 1002,
  TAG_EPOCH = 1003,
  TAG_VENDOR = 1011,
  TAG_LICENSE = 1014,
  TAG_ARCH = 1022,
  TAG_OLD_FILENAMES = 1027,
  TAG_SOURCE_RPM = 1044,
  TAG_DIR_INDEXES = 1116,
  TAG_BASENAMES = 1117,
  TAG_DIR_NAMES = 1118,
  TAG_MODULARITY = 5096
};
enum { TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_STRING_ARRAY = 8, TYPE_I18N = 9 };

typedef OakumRpmHeader Header;
typedef OakumRpmTag Tag;

static uint32_t number(const Header *header, const uint8_t *at)
{
  return header->big ? oakum_be32(at) : oakum_le32(at);
}

static gboolean broken(const OakumCatalogFile *file, GError **error, const char *what)
{
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "%s: a package header %s",
              oakum_catalog_file_path(file), what);
  return FALSE;
}

static gboolean fits(OakumSlice blob, uint32_t entries, uint32_t len)
{
  return entries > 0 && entries <= OAKUM_RPM_TAGS_MAX && len <= OAKUM_RPM_HEADER_MAX &&
         8 + (uint64_t)entries * 16 + len <= blob.len;
}

static gboolean open_header(const OakumCatalogFile *file, OakumSlice blob, Header *out,
                            GError **error)
{
  if (blob.len < 8 + 16)
    return broken(file, error, "is cut short");
  /* network order; what a machine of the other order wrote into an old database is its own */
  gboolean big = fits(blob, oakum_be32(blob.data), oakum_be32(blob.data + 4));
  if (!big && !fits(blob, oakum_le32(blob.data), oakum_le32(blob.data + 4)))
    return broken(file, error, "has more tags or data than bytes");
  *out = (Header){.index = blob.data + 8, .big = big};
  out->entries = number(out, blob.data);
  out->len = number(out, blob.data + 4);
  out->data = out->index + (size_t)out->entries * 16;
  return TRUE;
}

static gboolean find_tag(const Header *header, uint32_t tag, Tag *out)
{
  for (uint32_t i = 0; i < header->entries; i++) {
    const uint8_t *entry = header->index + (size_t)i * 16;
    uint32_t offset = number(header, entry + 8);
    if (number(header, entry) != tag)
      continue;
    if (offset >= header->len)
      return FALSE;
    *out = (Tag){header->data + offset, header->len - offset, number(header, entry + 4),
                 number(header, entry + 12)};
    return out->count > 0;
  }
  return FALSE;
}

/* The next string; FALSE when none ends in the data. */
static gboolean next_string(Tag *tag, OakumSlice *out)
{
  const uint8_t *end = tag->left ? memchr(tag->at, '\0', tag->left) : NULL;
  if (!end)
    return FALSE;
  *out = (OakumSlice){tag->at, (size_t)(end - tag->at)};
  tag->left -= out->len + 1;
  tag->at = end + 1;
  return TRUE;
}

static OakumSlice text_of(const Header *header, uint32_t name)
{
  Tag tag;
  OakumSlice text = {(const uint8_t *)"", 0};
  if (find_tag(header, name, &tag) &&
      (tag.type == TYPE_STRING || tag.type == TYPE_I18N || tag.type == TYPE_STRING_ARRAY))
    (void)next_string(&tag, &text);
  return text.len > OAKUM_CATALOG_VALUE_MAX ? (OakumSlice){text.data, OAKUM_CATALOG_VALUE_MAX}
                                            : text;
}

static char *value_or_null(OakumSlice text)
{
  return text.len ? oakum_catalog_value(text) : NULL;
}

/* "name-version-release.src.rpm" */
static void set_source(OakumPackage *package, OakumSlice text, const char *epoch)
{
  g_autofree char *rpm = oakum_catalog_value(text);
  char *end = g_strrstr(rpm, ".src.rpm");
  if (!end)
    end = g_strrstr(rpm, ".nosrc.rpm");
  if (!end)
    return;
  *end = '\0';
  char *release = strrchr(rpm, '-');
  if (!release)
    return;
  *release = '\0';
  char *version = strrchr(rpm, '-');
  if (!version || version == rpm)
    return;
  *version = '\0';
  package->source_name = g_strdup(rpm);
  /* the name of a source package has no epoch; the binary's is nearly always the same */
  package->source_version = g_strdup_printf("%s%s-%s", epoch, version + 1, release + 1);
}

gboolean oakum_rpm_texts(const OakumRpmHeader *header, uint32_t name, OakumRpmTag *out)
{
  return find_tag(header, name, out) && out->type == TYPE_STRING_ARRAY;
}

gboolean oakum_rpm_next_text(OakumRpmTag *tag, OakumSlice *out)
{
  if (tag->count == 0 || !next_string(tag, out))
    return FALSE;
  tag->count--;
  return TRUE;
}

gboolean oakum_rpm_number(const OakumRpmHeader *header, uint32_t name, uint64_t *out)
{
  Tag tag;
  if (!find_tag(header, name, &tag) || tag.type != TYPE_INT32 || tag.left < 4)
    return FALSE;
  *out = number(header, tag.at);
  return TRUE;
}

/* Files by folders, or by whole names in packages of before rpm 4. */
void oakum_rpm_each_file(const OakumRpmHeader *header, void (*call)(OakumSlice path, gpointer user),
                         gpointer user)
{
  Tag bases, folders, indexes;
  OakumSlice base;
  if (!find_tag(header, TAG_BASENAMES, &bases) || bases.type != TYPE_STRING_ARRAY) {
    if (find_tag(header, TAG_OLD_FILENAMES, &bases) && bases.type == TYPE_STRING_ARRAY)
      for (uint32_t i = 0;
           i < MIN(bases.count, OAKUM_CATALOG_OWNED_MAX) && next_string(&bases, &base); i++)
        call(base, user);
    return;
  }
  if (!find_tag(header, TAG_DIR_NAMES, &folders) || folders.type != TYPE_STRING_ARRAY ||
      !find_tag(header, TAG_DIR_INDEXES, &indexes) || indexes.type != TYPE_INT32)
    return;
  g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(OakumSlice));
  for (uint32_t i = 0;
       i < MIN(folders.count, OAKUM_CATALOG_OWNED_MAX) && next_string(&folders, &base); i++)
    g_array_append_val(names, base);
  for (uint32_t i = 0; i < MIN(bases.count, OAKUM_CATALOG_OWNED_MAX) && next_string(&bases, &base);
       i++) {
    if (i >= indexes.count || indexes.left / 4 <= i)
      return;
    uint32_t at = number(header, indexes.at + (size_t)i * 4);
    if (at >= names->len)
      return;
    OakumSlice folder = g_array_index(names, OakumSlice, at);
    if (folder.len + base.len > OAKUM_TAR_PATH_MAX)
      continue;
    g_autofree char *path = g_strdup_printf("%.*s%.*s", (int)folder.len, (const char *)folder.data,
                                            (int)base.len, (const char *)base.data);
    call(oakum_slice_of(path), user);
  }
}

typedef struct {
  OakumCatalogSink *sink;
  OakumSlice name;
} Owning;

static void own(OakumSlice path, gpointer user)
{
  const Owning *owning = user;
  oakum_catalog_sink_owns(owning->sink, "rpm", owning->name, path);
}

gboolean oakum_rpm_header(const OakumCatalogFile *file, OakumSlice blob, uint64_t offset,
                          OakumCatalogSink *sink, GError **error)
{
  Header header;
  Tag tag;
  if (!open_header(file, blob, &header, error))
    return FALSE;
  OakumSlice name = text_of(&header, TAG_NAME), version = text_of(&header, TAG_VERSION),
             release = text_of(&header, TAG_RELEASE);
  if (name.len == 0 || version.len == 0)
    return broken(file, error, "has no name or no version");
  if (oakum_slice_is(name, "gpg-pubkey"))
    return TRUE;
  g_autofree char *epoch =
      find_tag(&header, TAG_EPOCH, &tag) && tag.type == TYPE_INT32 && tag.left >= 4
          ? g_strdup_printf("%u:", number(&header, tag.at))
          : g_strdup("");
  g_autofree char *full =
      g_strdup_printf("%s%.*s%s%.*s", epoch, (int)version.len, (const char *)version.data,
                      release.len ? "-" : "", (int)release.len, (const char *)release.data);
  OakumPackage *package = oakum_catalog_sink_package(sink, file, "rpm", name, oakum_slice_of(full));
  package->arch = value_or_null(text_of(&header, TAG_ARCH));
  package->maintainer = value_or_null(text_of(&header, TAG_VENDOR));
  package->license = value_or_null(text_of(&header, TAG_LICENSE));
  package->module = value_or_null(text_of(&header, TAG_MODULARITY));
  package->offset = offset;
  set_source(package, text_of(&header, TAG_SOURCE_RPM), epoch);
  Owning owning = {sink, name};
  oakum_rpm_each_file(&header, own, &owning);
  oakum_rpm_graph_add(oakum_catalog_sink_graph(sink), &header, name);
  return TRUE;
}

void oakum_rpm_blob(const OakumCatalogFile *file, OakumSlice blob, uint64_t offset,
                    OakumCatalogSink *sink)
{
  g_autoptr(GError) error = NULL;
  if (!oakum_rpm_header(file, blob, offset, sink, &error))
    oakum_catalog_sink_incomplete(sink, file, "damaged-package-database", error->message);
}

/* ---- pages
 * -------------------------------------------------------------------------------------- */
gboolean oakum_pages_init(OakumPages *pages, OakumCatalogFile *file, uint64_t size, GError **error)
{
  uint64_t whole = oakum_catalog_file_size(file);
  if (size < 512 || size > 65536 || (size & (size - 1)) != 0) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                "%s: pages of %" G_GUINT64_FORMAT " bytes", oakum_catalog_file_path(file), size);
    return FALSE;
  }
  *pages = (OakumPages){file, size, whole / size, NULL};
  pages->used = g_malloc0(pages->count / 8 + 1);
  return TRUE;
}

void oakum_pages_clear(OakumPages *pages)
{
  g_free(pages->used);
}

gboolean oakum_pages_take(OakumPages *pages, uint64_t number, uint8_t *buffer, GError **error)
{
  const char *wrong = number >= pages->count ? "is not there" : NULL;
  if (!wrong && (pages->used[number / 8] & 1u << number % 8))
    wrong = "is used twice";
  if (wrong) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                "%s: page %" G_GUINT64_FORMAT " %s", oakum_catalog_file_path(pages->file), number,
                wrong);
    return FALSE;
  }
  pages->used[number / 8] |= (uint8_t)(1u << number % 8);
  return oakum_catalog_file_read(pages->file, number * pages->size, buffer, (size_t)pages->size,
                                 error);
}
