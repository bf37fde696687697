/* What an image as a whole held, as bytes: the layers merged, and all that its settings and history
 * show but what depends on the day. It is kept beside the layers (cache.c), so that an image whose
 * layers and settings are known is not put together again.
 *
 * "oakum whole 1\n", then what follows below, in the pieces of bytes.c. */
#include "examine/bytes.h"
#include <string.h>

static const char magic[] = "oakum whole 1\n";

/* ---- its name
 * ----------------------------------------------------------------------------------- */
static void put_list(GByteArray *out, const char *const *list)
{
  guint n = list ? g_strv_length((char **)list) : 0;
  oakum_examine_put_number(out, list ? n + 1u : 0, 4);
  for (guint i = 0; i < n; i++)
    oakum_examine_put_text(out, list[i]);
}

/* An option that the whole follows from belongs in here. */
char *oakum_examine_whole_name(const OakumImage *image, const OakumExamineOptions *options,
                               const char *readers)
{
  g_autoptr(GByteArray) all = g_byte_array_new();
  g_autoptr(OakumDescriptor) own = oakum_manifest_descriptor(image->manifest);
  if (options->target && !g_utf8_validate(options->target, -1, NULL))
    return NULL; /* two of them could look the same */
  gsize len;
  const void *raw = g_bytes_get_data(image->config_raw, &len);
  g_autofree char *config = oakum_sha256_hex(raw, len);
  g_byte_array_append(all, (const guint8 *)magic, sizeof(magic) - 1);
  oakum_examine_put_text(all, readers);
  oakum_examine_put_text(all, own->digest); /* which names the layers as they are stored */
  oakum_examine_put_text(all, config);      /* and this one their diff IDs */
  oakum_examine_put_number(all, options->checks, 4);
  oakum_examine_put_text(all, options->target);
  put_list(all, options->license_allow);
  put_list(all, options->license_deny);
  return oakum_sha256_hex(all->data, all->len);
}

/* ---- writing
 * ------------------------------------------------------------------------------------ */
static void put_place(GByteArray *out, const char *layer, int index)
{
  oakum_examine_put_number(out, layer != NULL, 4);
  oakum_examine_put_number(out, (uint64_t)((int64_t)index + 1), 4);
}

void oakum_examine_whole_format(const OakumCatalog *catalog, GByteArray *out)
{
  g_autofree char *stamp = oakum_catalog_stamp(catalog);
  g_byte_array_append(out, (const guint8 *)magic, sizeof(magic) - 1);
  oakum_examine_put_text(out, stamp);
  for (size_t i = 0; i < OAKUM_DISTRO_TEXTS; i++)
    oakum_examine_put_text(out, G_STRUCT_MEMBER(char *, &catalog->distro, oakum_distro_texts[i]));
  oakum_examine_put_text(out, catalog->base);
  oakum_examine_put_strings(out, catalog->digests);
  oakum_examine_put_number(out, catalog->layers->len, 4);
  for (guint i = 0; i < catalog->layers->len; i++) {
    const OakumLayerOrigin *origin = catalog->layers->pdata[i];
    oakum_examine_put_text(out, origin->digest);
    oakum_examine_put_text(out, origin->diff_id);
    oakum_examine_put_text(out, origin->created_by);
    oakum_examine_put_number(out, (uint64_t)origin->size, 8);
    oakum_examine_put_number(out, origin->base != 0, 4);
  }
  oakum_examine_put_number(out, catalog->packages->len, 4);
  for (guint i = 0; i < catalog->packages->len; i++) {
    const OakumPackage *package = catalog->packages->pdata[i];
    oakum_examine_put_package(out, package);
    put_place(out, package->layer, package->layer_index);
  }
  oakum_examine_put_number(out, catalog->incomplete->len, 4);
  for (guint i = 0; i < catalog->incomplete->len; i++)
    oakum_examine_put_incomplete(out, catalog->incomplete->pdata[i]);
  oakum_examine_put_number(out, catalog->observed->len, 4);
  for (guint i = 0; i < catalog->observed->len; i++) {
    const OakumFinding *finding = catalog->observed->pdata[i];
    oakum_examine_put_observed(out, finding);
    put_place(out, finding->layer, finding->layer_index);
    oakum_examine_put_number(out, finding->gone != 0, 4);
  }
  oakum_examine_put_pairs(out, catalog->vex);
}

/* ---- reading
 * ------------------------------------------------------------------------------------ */
static void get_layer(ExamineCursor *from, GPtrArray *into)
{
  OakumLayerOrigin *origin = g_new0(OakumLayerOrigin, 1);
  g_ptr_array_add(into, origin);
  origin->digest = oakum_examine_get_needed(from);
  origin->diff_id = oakum_examine_get_text(from);
  origin->created_by = oakum_examine_get_text(from);
  origin->size = (int64_t)oakum_examine_get_number(from, 8);
  origin->base = oakum_examine_get_number(from, 4) != 0;
}

/* The layer's digest (new string or NULL) and number, which is -1 where it is not known. */
static char *get_place(ExamineCursor *from, const OakumCatalog *catalog, int *index)
{
  gboolean named = oakum_examine_get_number(from, 4) != 0;
  uint64_t number = oakum_examine_get_number(from, 4);
  if (number > catalog->layers->len || (named && number == 0)) {
    oakum_examine_refuse(from, "a layer that is not there");
    return NULL;
  }
  *index = (int)number - 1;
  return named ? g_strdup(((OakumLayerOrigin *)catalog->layers->pdata[number - 1])->digest) : NULL;
}

OakumCatalog *oakum_examine_whole_parse(OakumSlice data, GError **error)
{
  g_autoptr(OakumCatalog) catalog = oakum_catalog_new();
  ExamineCursor from = oakum_examine_begin(data, magic);
  catalog->stamp = oakum_examine_get_needed(&from);
  for (size_t i = 0; i < OAKUM_DISTRO_TEXTS; i++)
    G_STRUCT_MEMBER(char *, &catalog->distro, oakum_distro_texts[i]) =
        oakum_examine_get_text(&from);
  catalog->base = oakum_examine_get_text(&from);
  oakum_examine_get_strings(&from, EXAMINE_ROWS_MAX, catalog->digests);
  for (guint n = oakum_examine_get_count(&from, OAKUM_LAYERS_MAX); n > 0 && !from.wrong; n--)
    get_layer(&from, catalog->layers);
  for (guint n = oakum_examine_get_count(&from, EXAMINE_ROWS_MAX); n > 0 && !from.wrong; n--) {
    oakum_examine_get_package(&from, catalog->packages);
    OakumPackage *package = catalog->packages->pdata[catalog->packages->len - 1];
    package->layer = get_place(&from, catalog, &package->layer_index);
    if (!package->purl || !package->source_name || !package->source_version)
      oakum_examine_refuse(&from, "a package that nobody merged");
  }
  for (guint n = oakum_examine_get_count(&from, EXAMINE_ROWS_MAX); n > 0 && !from.wrong; n--)
    oakum_examine_get_incomplete(&from, catalog->incomplete);
  for (guint n = oakum_examine_get_count(&from, EXAMINE_ROWS_MAX); n > 0 && !from.wrong; n--) {
    oakum_examine_get_observed(&from, catalog->observed);
    OakumFinding *finding = catalog->observed->pdata[catalog->observed->len - 1];
    finding->layer = get_place(&from, catalog, &finding->layer_index);
    finding->gone = oakum_examine_get_number(&from, 4) != 0;
  }
  oakum_examine_get_pairs(&from, catalog->vex);
  return oakum_examine_at_end(&from, error) ? g_steal_pointer(&catalog) : NULL;
}
