/* The notes of one layer. */
#include "catalog/catalog-private.h"

OakumPathPair *oakum_path_pair_new(const char *path, const char *other)
{
  OakumPathPair *pair = g_new(OakumPathPair, 1);
  *pair = (OakumPathPair){g_strdup(path), g_strdup(other)};
  return pair;
}

void oakum_path_pair_free(OakumPathPair *pair)
{
  g_free(pair->path);
  g_free(pair->other);
  g_free(pair);
}

OakumCatalogFacts *oakum_catalog_facts_new(const char *path)
{
  OakumCatalogFacts *facts = g_new(OakumCatalogFacts, 1);
  *facts = (OakumCatalogFacts){g_strdup(path), oakum_str_map_new(g_free, g_free)};
  return facts;
}

void oakum_catalog_facts_free(OakumCatalogFacts *facts)
{
  g_free(facts->path);
  if (facts->values)
    g_hash_table_unref(facts->values);
  g_free(facts);
}

OakumLayerNotes *oakum_layer_notes_new(void)
{
  OakumLayerNotes *notes = g_new0(OakumLayerNotes, 1);
  GPtrArray **pairs[] = {&notes->databases, &notes->links, &notes->hard, &notes->again,
                         &notes->distant};
  notes->packages = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  notes->incomplete = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  notes->facts = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_catalog_facts_free);
  for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
    *pairs[i] = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_path_pair_free);
  notes->observed = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  notes->gone = g_ptr_array_new_with_free_func(g_free);
  notes->implicit = g_ptr_array_new_with_free_func(g_free);
  return notes;
}

void oakum_layer_notes_free(OakumLayerNotes *notes)
{
  if (!notes)
    return;
  GPtrArray *all[] = {notes->packages, notes->incomplete, notes->facts,   notes->databases,
                      notes->links,    notes->hard,       notes->again,   notes->distant,
                      notes->gone,     notes->implicit,   notes->observed};
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
    if (all[i])
      g_ptr_array_unref(all[i]);
  oakum_names_free(notes->names);
  g_free(notes);
}

void oakum_layer_notes_add(OakumLayerNotes *notes, OakumLayerNotes *more)
{
  g_ptr_array_extend_and_steal(notes->packages, g_steal_pointer(&more->packages));
  g_ptr_array_extend_and_steal(notes->incomplete, g_steal_pointer(&more->incomplete));
  g_ptr_array_extend_and_steal(notes->observed, g_steal_pointer(&more->observed));
  g_ptr_array_extend_and_steal(notes->facts, g_steal_pointer(&more->facts));
  g_ptr_array_extend_and_steal(notes->databases, g_steal_pointer(&more->databases));
  oakum_layer_notes_free(more);
}

OakumCatalog *oakum_catalog_new(void)
{
  OakumCatalog *catalog = g_new0(OakumCatalog, 1);
  catalog->layers = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_layer_origin_free);
  catalog->digests = g_ptr_array_new_with_free_func(g_free);
  catalog->packages = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  catalog->incomplete = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  catalog->observed = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  catalog->vex = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_path_pair_free);
  return catalog;
}

const size_t oakum_distro_texts[OAKUM_DISTRO_TEXTS] = {
    offsetof(OakumDistro, id),       offsetof(OakumDistro, version),
    offsetof(OakumDistro, pretty),   offsetof(OakumDistro, like),
    offsetof(OakumDistro, codename), offsetof(OakumDistro, cpe),
    offsetof(OakumDistro, pro),      offsetof(OakumDistro, repositories),
    offsetof(OakumDistro, ecosystem)};

void oakum_distro_clear(OakumDistro *distro)
{
  for (size_t i = 0; i < G_N_ELEMENTS(oakum_distro_texts); i++)
    g_clear_pointer(&G_STRUCT_MEMBER(char *, distro, oakum_distro_texts[i]), g_free);
}

void oakum_catalog_free(OakumCatalog *catalog)
{
  if (!catalog)
    return;
  g_ptr_array_unref(catalog->layers);
  g_ptr_array_unref(catalog->digests);
  g_free(catalog->base);
  g_ptr_array_unref(catalog->packages);
  g_ptr_array_unref(catalog->incomplete);
  g_ptr_array_unref(catalog->observed);
  g_clear_pointer(&catalog->vex, g_ptr_array_unref);
  g_free(catalog->stamp);
  oakum_distro_clear(&catalog->distro);
  g_free(catalog);
}
