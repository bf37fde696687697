/* What is known of vulnerabilities whatever the package: CISA's catalogue of exploited ones, EPSS
 * of FIRST, end of life, and the summaries of VulnerableCode. */
#include "advisory/advisory-private.h"
#include <stdlib.h>

/* ---- known exploited vulnerabilities (www.cisa.gov; JSON) -------------------------------------
 */
static gboolean read_kev(OakumIngest *in, gpointer user, const char *parent, const char *key,
                         const json_t *json, OakumKept *kept, GError **error)
{
  kept->feed = *(guint *)user;
  if (!parent) {
    kept->skip = TRUE;
    if (g_strcmp0(key, "dateReleased") == 0)
      oakum_ingest_date(in, kept->feed, json_string_value(json));
    return TRUE;
  }
  const char *cve = oakum_text_of(json, "cveID");
  if (!cve || !oakum_is_cve(cve))
    return oakum_feed_invalid(error, "an entry without a CVE");
  OakumKev kev = {.added = (char *)oakum_text_of(json, "dateAdded"),
                  .due = (char *)oakum_text_of(json, "dueDate"),
                  .name = (char *)oakum_text_of(json, "vulnerabilityName")};
  g_autofree char *action = oakum_title(oakum_text_of(json, "requiredAction"));
  kev.action = action;
  kev.ransomware = g_strcmp0(oakum_text_of(json, "knownRansomwareCampaignUse"), "Known") == 0;
  oakum_ingest_kev(in, kept->feed, cve, &kev);
  return TRUE;
}

gboolean oakum_read_kev(OakumIngest *in, OakumReader *reader, GError **error)
{
  static const char *const opened[] = {"vulnerabilities", NULL};
  guint feed = oakum_ingest_feed(in, "kev", NULL);
  oakum_ingest_whole(in, feed);
  return oakum_read_records(in, reader, OAKUM_SPLIT_MEMBERS, opened, read_kev, &feed, error) &&
         (in->good > 0 || oakum_feed_invalid(error, "no entry is in it"));
}

/* ---- EPSS (epss.empiricalsecurity.com; CSV with a comment line) -------------------------------
 */
static gboolean score_of(const char *text, double *out)
{
  char *end;
  *out = g_ascii_strtod(text, &end);
  return end != text && *end == 0 && *out >= 0 && *out <= 1;
}

/* *columns: of the line with their names, 0 as long as there was none. */
static gboolean epss_line(OakumIngest *in, guint feed, char *line, guint *columns, GError **error)
{
  g_auto(GStrv) words = g_strsplit(line, ",", 6);
  double score, percentile = 0;
  guint n = g_strv_length(words);
  if (n < 2 || n > 5 || n < *columns)
    return oakum_feed_invalid(error, "a line that is not CVE,score,percentile");
  if (g_ascii_strcasecmp(words[0], "cve") == 0) {
    *columns = n;
    return TRUE;
  }
  if (!score_of(words[1], &score) || (words[2] && !score_of(words[2], &percentile)))
    return oakum_feed_invalid(error, "%s: a score that is not from 0 to 1", words[0]);
  if (words[2] && words[3])
    oakum_ingest_date(in, feed, words[3]);
  oakum_ingest_epss(in, feed, words[0], score, percentile);
  return TRUE;
}

gboolean oakum_read_epss(OakumIngest *in, OakumReader *reader, GError **error)
{
  g_autoptr(OakumLines) lines = oakum_lines_new(reader);
  guint feed = oakum_ingest_feed(in, "epss", NULL), columns = 0;
  char *line;
  size_t len;
  int more;
  oakum_ingest_whole(in, feed);
  for (in->line = 1; (more = oakum_lines_next(lines, &line, &len, error)) > 0; in->line++) {
    g_autoptr(GError) local = NULL;
    const char *date = *line == '#' ? strstr(line, "score_date:") : NULL;
    if (date) {
      g_autofree char *day = g_strndup(date + 11, 10);
      oakum_ingest_date(in, feed, day);
    }
    if (*line == '#' || *line == 0)
      continue;
    if (!epss_line(in, feed, line, &columns, &local))
      oakum_ingest_bad(in, NULL, g_steal_pointer(&local));
    else if (in->pending->len && !oakum_ingest_keep(in, feed, NULL, NULL, error))
      return FALSE;
  }
  return more == 0 && (in->good > 0 || oakum_feed_invalid(error, "no score is in it"));
}

/* ---- endoflife.date: Markdown with YAML in front, and the API's JSON --------------------------
 */
static const char *yaml_text(const OakumYaml *map, const char *key)
{
  const OakumYaml *node = oakum_yaml_get(map, key);
  return node && node->kind == OAKUM_YAML_SCALAR && !oakum_yaml_is_null(node) ? node->text : NULL;
}

static gboolean read_markdown(OakumIngest *in, guint feed, const char *text, GError **error)
{
  const char *end = g_str_has_prefix(text, "---") ? strstr(text + 3, "\n---") : NULL;
  g_autofree char *product = g_strndup(in->name, strcspn(in->name, "."));
  if (!end)
    return oakum_feed_invalid(error, "no front matter");
  g_autoptr(OakumYaml) yaml = oakum_yaml_parse(text + 4, (size_t)(end - text - 3), product, error);
  if (!yaml)
    return FALSE;
  const OakumYaml *releases = oakum_yaml_get(yaml, "releases");
  if (!releases || releases->kind != OAKUM_YAML_LIST)
    return oakum_feed_invalid(error, "%s: no list of releases", product);
  for (guint i = 0; i < releases->items->len; i++) {
    const OakumYaml *r = releases->items->pdata[i];
    OakumEol eol = {product,
                    (char *)yaml_text(r, "releaseCycle"),
                    (char *)yaml_text(r, "codename"),
                    (char *)yaml_text(r, "releaseDate"),
                    (char *)yaml_text(r, "eol"),
                    (char *)yaml_text(r, "eoes")};
    if (!eol.cycle || !eol.eol)
      return oakum_feed_invalid(error, "%s: a release without cycle or end", product);
    oakum_ingest_eol(in, feed, &eol);
  }
  return TRUE;
}

static const char *end_of(const json_t *json, const char *date, const char *flag)
{
  const char *text = oakum_text_of(json, date);
  const json_t *ended = json_object_get(json, flag);
  return text ? text : json_is_true(ended) ? "true" : json_is_false(ended) ? "false" : NULL;
}

static gboolean read_eol_json(OakumIngest *in, gpointer user, const char *parent, const char *key,
                              const json_t *json, OakumKept *kept, GError **error)
{
  kept->feed = *(guint *)user;
  const char *product = oakum_text_of(json, "name");
  const json_t *releases = json_object_get(json, "releases");
  if (!parent) {
    kept->skip = TRUE;
    if (g_strcmp0(key, "generated_at") == 0)
      oakum_ingest_date(in, kept->feed, json_string_value(json));
    return TRUE;
  }
  if (!product || !json_is_array(releases))
    return oakum_feed_invalid(error, "a product without name or releases");
  for (size_t i = 0; i < json_array_size(releases); i++) {
    const json_t *r = json_array_get(releases, i);
    const char *extended = end_of(r, "eoesFrom", "isEoes"), *eol = end_of(r, "eolFrom", "isEol");
    OakumEol row = {(char *)product,
                    (char *)oakum_text_of(r, "name"),
                    (char *)oakum_text_of(r, "codename"),
                    (char *)oakum_text_of(r, "releaseDate"),
                    (char *)(eol ? eol : "false"),
                    (char *)extended};
    if (!row.cycle)
      return oakum_feed_invalid(error, "%s: a release without a name", product);
    oakum_ingest_eol(in, kept->feed, &row);
  }
  return TRUE;
}

gboolean oakum_read_eol(OakumIngest *in, OakumReader *reader, GError **error)
{
  guint feed = oakum_ingest_feed(in, "endoflife", NULL);
  static const char *const opened[] = {"result", NULL};
  oakum_ingest_whole(in, feed);
  if (!g_str_has_suffix(in->name, ".md"))
    return oakum_read_records(in, reader, OAKUM_SPLIT_MEMBERS, opened, read_eol_json, &feed, error);
  G_GNUC_UNUSED g_autoptr(OakumReader) owned = reader;
  g_autofree char *text = NULL;
  size_t len;
  if (!oakum_reader_slurp(owned, OAKUM_FEED_TEXT_MAX, "product", &text, &len, error) ||
      !read_markdown(in, feed, text, error))
    return FALSE;
  return oakum_ingest_keep(in, feed, NULL, NULL, error);
}

/* ---- summaries of VulnerableCode, a line each -------------------------------------------------
 */
static gboolean read_meta(OakumIngest *in, gpointer user, const char *parent, const char *key,
                          const json_t *json, OakumKept *kept, GError **error)
{
  const json_t *cvss = json_object_get(json, "cvss"), *value;
  const char *own = oakum_text_of(json, "id"), *type;
  g_autoptr(GPtrArray) names = oakum_strings_of(json_object_get(json, "aliases"));
  g_autoptr(GPtrArray) cwes = oakum_strings_of(json_object_get(json, "cwe"));
  g_autoptr(GPtrArray) ids = g_ptr_array_new(), others = g_ptr_array_new();
  kept->feed = *(guint *)user;
  if (!own)
    return oakum_feed_invalid(error, "a record without id");
  g_ptr_array_set_size(names, (gint)names->len - 1);
  oakum_sort_names(own, names, ids, others);
  OakumCvss vectors[OAKUM_ADVISORY_CVSS_MAX];
  g_autofree char *title = oakum_title(oakum_text_of(json, "summary"));
  OakumVulnerability v = {.id = ids->pdata[0], .title = title, .cvss = vectors};
  if (cwes->len > OAKUM_ADVISORY_CWES_MAX)
    cwes->pdata[OAKUM_ADVISORY_CWES_MAX] = NULL;
  v.cwes = (const char **)cwes->pdata;
  for (guint i = 1; ids->pdata[i]; i++)
    g_ptr_array_insert(others, (gint)i - 1, ids->pdata[i]);
  v.aliases = (const char **)others->pdata;
  json_object_foreach((json_t *)cvss, type, value)
  {
    const char *vector = json_string_value(value);
    if (vector && v.n_cvss < G_N_ELEMENTS(vectors))
      vectors[v.n_cvss++] = (OakumCvss){type, vector, NULL};
    if (vector && v.severity == OAKUM_SEVERITY_UNKNOWN)
      v.severity = oakum_cvss3_severity(vector);
  }
  oakum_ingest_vulnerability(in, kept->feed, &v);
  kept->record = ids->pdata[0];
  return TRUE;
}

gboolean oakum_read_vuln_meta(OakumIngest *in, OakumReader *reader, GError **error)
{
  guint feed = oakum_ingest_feed(in, "vulnerablecode", NULL);
  return oakum_read_records(in, reader, OAKUM_SPLIT_VALUES, NULL, read_meta, &feed, error);
}
