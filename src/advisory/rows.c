/* Lines that `db export` writes, read back: one JSON object each, of a row of a package, or of a
 * vulnerability. So that a row of any feed can be written by hand. */
#include "advisory/advisory-private.h"

/* Words of a list, NULL at the end. */
static const char **words_of(const json_t *json, const char *key, GPtrArray *into)
{
  const json_t *list = json_object_get(json, key);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    if (text && *text)
      g_ptr_array_add(into, (gpointer)text);
  }
  g_ptr_array_add(into, NULL);
  return (const char **)into->pdata;
}

static gboolean number_of(const char *word, const char *(*name)(int), int count, int *out)
{
  for (int i = 0; word && i < count; i++)
    if (strcmp(name(i), word) == 0) {
      *out = i;
      return TRUE;
    }
  return !word;
}

static const char *kind_name(int i)
{
  return oakum_name_kind_name((OakumNameKind)i);
}

static const char *status_name(int i)
{
  return oakum_advisory_status_name((OakumAdvisoryStatus)i);
}

static gboolean read_row(OakumIngest *in, guint feed, const json_t *json, GError **error)
{
  const char *ecosystem = oakum_text_of(json, "ecosystem"),
             *package = oakum_text_of(json, "package"), *record = oakum_text_of(json, "record");
  int kind = 0, status = 0;
  if (!ecosystem || !package || !record)
    return oakum_feed_invalid(error, "a row without ecosystem, package or record");
  if (!number_of(oakum_text_of(json, "kind"), kind_name, OAKUM_NAME_PRODUCT + 1, &kind) ||
      !number_of(oakum_text_of(json, "status"), status_name, OAKUM_STATUS_END_OF_LIFE + 1, &status))
    return oakum_feed_invalid(error, "%s: a kind or status that is none", record);
  g_autoptr(GPtrArray) ids = g_ptr_array_new(), aliases = g_ptr_array_new(),
                       versions = g_ptr_array_new(), fixes = g_ptr_array_new(),
                       arches = g_ptr_array_new();
  g_autoptr(GArray) ranges = g_array_new(FALSE, TRUE, sizeof(OakumAdvisoryRange));
  const json_t *list = json_object_get(json, "ranges");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    const char *after = oakum_text_of(one, "after"), *from = oakum_text_of(one, "introduced"),
               *below = oakum_text_of(one, "below");
    OakumAdvisoryRange r = {after ? after : from, oakum_text_of(one, "fixed"),
                            below ? below : oakum_text_of(one, "last_affected"), after != NULL,
                            below != NULL};
    g_array_append_val(ranges, r);
  }
  const char *word = oakum_text_of(json, "severity_word"), *level = oakum_text_of(json, "severity");
  OakumAdvisory e = {.record = record,
                     .kind = (OakumNameKind)kind,
                     .status = (OakumAdvisoryStatus)status,
                     .severity = oakum_severity_word(level ? level : word),
                     .severity_word = word,
                     .scheme = oakum_text_of(json, "scheme"),
                     .ranges = (const OakumAdvisoryRange *)(gpointer)ranges->data,
                     .n_ranges = ranges->len,
                     .module = oakum_text_of(json, "module"),
                     .flavour = oakum_text_of(json, "flavour"),
                     .product = oakum_text_of(json, "product"),
                     .fix_date = oakum_text_of(json, "fix_date"),
                     .modified = oakum_text_of(json, "modified"),
                     .note = oakum_text_of(json, "note")};
  if (json_object_get(json, "ids"))
    e.ids = words_of(json, "ids", ids);
  e.aliases = words_of(json, "aliases", aliases);
  e.versions = words_of(json, "versions", versions);
  e.fixes = words_of(json, "fixes", fixes);
  e.arches = words_of(json, "arches", arches);
  oakum_ingest_package(in, feed, ecosystem, package, &e);
  return TRUE;
}

static gboolean read_vulnerability(OakumIngest *in, guint feed, const json_t *json)
{
  g_autoptr(GPtrArray) aliases = g_ptr_array_new(), cwes = g_ptr_array_new(),
                       references = g_ptr_array_new();
  OakumCvss cvss[OAKUM_ADVISORY_CVSS_MAX];
  const char *word = oakum_text_of(json, "severity_word"), *level = oakum_text_of(json, "severity");
  OakumVulnerability v = {.id = oakum_text_of(json, "vulnerability"),
                          .title = oakum_text_of(json, "title"),
                          .cvss = cvss,
                          .published = oakum_text_of(json, "published"),
                          .modified = oakum_text_of(json, "modified"),
                          .withdrawn = oakum_text_of(json, "withdrawn"),
                          .severity = oakum_severity_word(level ? level : word),
                          .severity_word = word};
  v.aliases = words_of(json, "aliases", aliases);
  v.cwes = words_of(json, "cwes", cwes);
  v.references = words_of(json, "references", references);
  const json_t *list = json_object_get(json, "cvss");
  for (size_t i = 0; i < json_array_size(list) && v.n_cvss < G_N_ELEMENTS(cvss); i++) {
    const json_t *one = json_array_get(list, i);
    if (oakum_text_of(one, "vector"))
      cvss[v.n_cvss++] = (OakumCvss){oakum_text_of(one, "type"), oakum_text_of(one, "vector"),
                                     oakum_text_of(one, "source")};
  }
  oakum_ingest_vulnerability(in, feed, &v);
  return TRUE;
}

/* The small tables: an object that has one of their names. */
static gboolean read_small(OakumIngest *in, guint feed, const json_t *json)
{
  const char *epss = oakum_text_of(json, "epss"), *kev = oakum_text_of(json, "kev"),
             *cycle = oakum_text_of(json, "cycle");
  if (epss)
    oakum_ingest_epss(in, feed, epss, json_number_value(json_object_get(json, "score")),
                      json_number_value(json_object_get(json, "percentile")));
  else if (kev)
    oakum_ingest_kev(
        in, feed, kev,
        &(OakumKev){(char *)oakum_text_of(json, "added"), (char *)oakum_text_of(json, "due"),
                    (char *)oakum_text_of(json, "name"), (char *)oakum_text_of(json, "action"),
                    json_is_true(json_object_get(json, "ransomware"))});
  else if (cycle && oakum_text_of(json, "product"))
    oakum_ingest_eol(in, feed,
                     &(OakumEol){(char *)oakum_text_of(json, "product"), (char *)cycle,
                                 (char *)oakum_text_of(json, "codename"),
                                 (char *)oakum_text_of(json, "released"),
                                 (char *)oakum_text_of(json, "eol"),
                                 (char *)oakum_text_of(json, "extended")});
  else
    return FALSE;
  return TRUE;
}

gboolean oakum_read_rows(OakumIngest *in, OakumReader *reader, GError **error)
{
  g_autoptr(OakumJsonSplit) split = oakum_json_split_new(reader, OAKUM_SPLIT_VALUES, NULL);
  const char *parent, *key;
  json_t *json;
  int more;
  while ((more = oakum_ingest_next(in, split, &parent, &key, &json, error)) > 0) {
    g_autoptr(GError) local = NULL;
    OAKUM_AUTO_JSON *owned = json;
    in->line = oakum_json_split_line(split);
    const char *name = oakum_text_of(owned, "feed");
    guint feed = oakum_ingest_feed(in, name ? name : "rows", oakum_text_of(owned, "part"));
    oakum_ingest_whole(in, feed); /* an export has all of each part */
    gboolean ok = json_is_object(owned) &&
                  (oakum_text_of(owned, "vulnerability") ? read_vulnerability(in, feed, owned)
                   : oakum_text_of(owned, "record")      ? read_row(in, feed, owned, &local)
                                                         : read_small(in, feed, owned));
    if (!ok) {
      if (!local)
        (void)!oakum_feed_invalid(&local, "neither a row of a package nor a vulnerability");
      oakum_ingest_bad(in, oakum_text_of(owned, "record"), g_steal_pointer(&local));
    } else if (!oakum_ingest_keep(in, feed, NULL, oakum_text_of(owned, "modified"), error)) {
      return FALSE;
    }
  }
  in->documents += more == 0;
  return more == 0;
}
