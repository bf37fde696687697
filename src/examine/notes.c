/* The notes of a layer as bytes: what the reading process sends, and what is kept of a layer.
 *
 * "oakum notes 2\n", then the lists in the order below, in the pieces of bytes.c. Whatever does not
 * fit is refused: who sends it may have been taken over. */
#include "examine/bytes.h"
#include <string.h>

static const char magic[] = "oakum notes 2\n";

/* ---- writing
 * ------------------------------------------------------------------------------------ */
static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_facts(GByteArray *out, const OakumCatalogFacts *facts)
{
  GHashTableIter iter;
  gpointer key, value;
  g_autoptr(GPtrArray) keys = g_ptr_array_new();
  oakum_examine_put_text(out, facts->path);
  g_hash_table_iter_init(&iter, facts->values);
  while (g_hash_table_iter_next(&iter, &key, &value))
    g_ptr_array_add(keys, key);
  g_ptr_array_sort(keys, by_text);
  oakum_examine_put_number(out, keys->len, 4);
  for (guint i = 0; i < keys->len; i++) {
    oakum_examine_put_text(out, keys->pdata[i]);
    oakum_examine_put_text(out, g_hash_table_lookup(facts->values, keys->pdata[i]));
  }
}

void oakum_examine_format(const OakumLayerNotes *notes, GByteArray *out)
{
  g_byte_array_append(out, (const guint8 *)magic, sizeof(magic) - 1);
  oakum_examine_put_number(out, notes->packages->len, 4);
  for (guint i = 0; i < notes->packages->len; i++)
    oakum_examine_put_package(out, notes->packages->pdata[i]);
  oakum_examine_put_number(out, notes->incomplete->len, 4);
  for (guint i = 0; i < notes->incomplete->len; i++)
    oakum_examine_put_incomplete(out, notes->incomplete->pdata[i]);
  oakum_examine_put_number(out, notes->facts->len, 4);
  for (guint i = 0; i < notes->facts->len; i++)
    put_facts(out, notes->facts->pdata[i]);
  const GPtrArray *const pairs[] = {notes->databases, notes->links, notes->hard, notes->again,
                                    notes->distant};
  for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
    oakum_examine_put_pairs(out, pairs[i]);
  oakum_examine_put_strings(out, notes->gone);
  oakum_examine_put_strings(out, notes->implicit);
  oakum_examine_put_number(out, notes->observed->len, 4);
  for (guint i = 0; i < notes->observed->len; i++)
    oakum_examine_put_observed(out, notes->observed->pdata[i]);
}

/* ---- reading
 * ------------------------------------------------------------------------------------ */
static void get_facts(ExamineCursor *from, GPtrArray *into)
{
  g_autofree char *path = oakum_examine_get_needed(from);
  OakumCatalogFacts *facts = oakum_catalog_facts_new(path ? path : "");
  oakum_examine_charge(from, 512); /* a table */
  g_ptr_array_add(into, facts);
  for (guint n = oakum_examine_get_count(from, OAKUM_CATALOG_FACTS); n > 0 && !from->wrong; n--) {
    char *key = oakum_examine_get_needed(from), *value = oakum_examine_get_needed(from);
    if (key && value)
      g_hash_table_replace(facts->values, key, value);
    else {
      g_free(key);
      g_free(value);
    }
  }
}

OakumLayerNotes *oakum_examine_parse(const void *data, size_t len, GError **error)
{
  g_autoptr(OakumLayerNotes) notes = oakum_layer_notes_new();
  ExamineCursor from = oakum_examine_begin((OakumSlice){data, len}, magic);
  for (guint n = oakum_examine_get_count(&from, OAKUM_PACKAGES_MAX); n > 0 && !from.wrong; n--)
    oakum_examine_get_package(&from, notes->packages);
  for (guint n = oakum_examine_get_count(&from, OAKUM_PACKAGES_MAX); n > 0 && !from.wrong; n--)
    oakum_examine_get_incomplete(&from, notes->incomplete);
  for (guint n = oakum_examine_get_count(&from, OAKUM_PACKAGES_MAX); n > 0 && !from.wrong; n--)
    get_facts(&from, notes->facts);
  GPtrArray *const pairs[] = {notes->databases, notes->links, notes->hard, notes->again,
                              notes->distant};
  for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
    oakum_examine_get_pairs(&from, pairs[i]);
  oakum_examine_get_strings(&from, EXAMINE_ROWS_MAX, notes->gone);
  oakum_examine_get_strings(&from, EXAMINE_ROWS_MAX, notes->implicit);
  for (guint n = oakum_examine_get_count(&from, OAKUM_OBSERVED_MAX); n > 0 && !from.wrong; n--)
    oakum_examine_get_observed(&from, notes->observed);
  return oakum_examine_at_end(&from, error) ? g_steal_pointer(&notes) : NULL;
}
