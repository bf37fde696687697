/* The loop of feeds in JSON: cut, read, keep or count as bad. */
#include "advisory/advisory-private.h"

GPtrArray *oakum_strings_of(const json_t *list)
{
  GPtrArray *out = g_ptr_array_new();
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    if (text && *text)
      g_ptr_array_add(out, (gpointer)text);
  }
  g_ptr_array_add(out, NULL);
  return out;
}

int oakum_ingest_next(OakumIngest *in, OakumJsonSplit *split, const char **parent, const char **key,
                      json_t **json, GError **error)
{
  for (;;) {
    gboolean bad = FALSE;
    GError *local = NULL;
    in->line = 0;
    int more = oakum_json_split_next(split, parent, key, json, &bad, &local);
    if (more >= 0)
      return more;
    if (!bad) {
      g_propagate_error(error, local);
      return more;
    }
    oakum_ingest_bad(in, *key, local);
  }
}

gboolean oakum_read_records(OakumIngest *in, OakumReader *reader, OakumSplitMode mode,
                            const char *const *opened, OakumRecordFunc func, gpointer user,
                            GError **error)
{
  g_autoptr(OakumJsonSplit) split = oakum_json_split_new(reader, mode, opened);
  const char *parent, *key;
  json_t *json;
  int more;
  while ((more = oakum_ingest_next(in, split, &parent, &key, &json, error)) > 0) {
    g_autoptr(GError) local = NULL;
    G_GNUC_UNUSED OAKUM_AUTO_JSON *owned = json;
    OakumKept kept = {0};
    if (mode == OAKUM_SPLIT_VALUES)
      in->line = oakum_json_split_line(split);
    gboolean good = func(in, user, parent, key, owned, &kept, &local);
    gboolean ok = TRUE;
    if (!good)
      oakum_ingest_bad(in, kept.record ? kept.record : key, g_steal_pointer(&local));
    else if (!kept.skip)
      ok = oakum_ingest_keep(in, kept.feed, kept.record, kept.modified, error);
    g_free(kept.modified);
    if (!ok)
      return FALSE;
  }
  return more == 0;
}
