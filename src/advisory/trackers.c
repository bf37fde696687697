/* Trackers in JSON: Arch (security.archlinux.org/all.json), Photon (cve_data_photonX.json), NVD 2.0
 * and records with its configurations, OpenVEX. */
#include "advisory/advisory-private.h"

/* ---- Arch -------------------------------------------------------------------------------------
 */
static gboolean read_arch(OakumIngest *in, gpointer user, const char *parent, const char *key,
                          const json_t *json, OakumKept *kept, GError **error)
{
  const char *name = oakum_text_of(json, "name"), *status = oakum_text_of(json, "status"),
             *fixed = oakum_text_of(json, "fixed");
  g_autoptr(GPtrArray) packages = oakum_strings_of(json_object_get(json, "packages")),
                       issues = oakum_strings_of(json_object_get(json, "issues")),
                       others = oakum_strings_of(json_object_get(json, "advisories"));
  g_autoptr(GPtrArray) ids = g_ptr_array_new(), aliases = g_ptr_array_new();
  kept->feed = *(guint *)user;
  kept->record = name;
  if (!name || !status || packages->len < 2)
    return oakum_feed_invalid(error, "a group without name, status or packages");
  g_ptr_array_set_size(issues, (gint)issues->len - 1);
  g_ptr_array_set_size(others, (gint)others->len - 1);
  g_ptr_array_extend(issues, others, NULL, NULL);
  oakum_sort_names(name, issues, ids, aliases);
  OakumAdvisoryRange range = {NULL, fixed, NULL, FALSE};
  OakumAdvisory e = {.record = name,
                     .ids = (const char **)ids->pdata,
                     .aliases = (const char **)aliases->pdata,
                     .kind = OAKUM_NAME_BINARY,
                     .status = fixed ? OAKUM_STATUS_FIXED : OAKUM_STATUS_AFFECTED,
                     .ranges = &range,
                     .n_ranges = 1,
                     .severity_word = oakum_text_of(json, "severity")};
  e.severity = oakum_severity_word(e.severity_word);
  if (g_ascii_strcasecmp(status, "Not affected") == 0)
    e.status = OAKUM_STATUS_NOT_AFFECTED, e.n_ranges = 0;
  else if (g_ascii_strcasecmp(status, "Unknown") == 0)
    e.status = OAKUM_STATUS_UNDER_INVESTIGATION;
  for (guint i = 0; packages->pdata[i]; i++)
    oakum_ingest_package(in, kept->feed, "Arch", packages->pdata[i], &e);
  g_ptr_array_add(issues, NULL);
  g_autofree char *title = oakum_title(oakum_text_of(json, "type"));
  OakumVulnerability v = {.id = name,
                          .aliases = (const char **)issues->pdata,
                          .title = title,
                          .severity = e.severity,
                          .severity_word = e.severity_word};
  oakum_ingest_vulnerability(in, kept->feed, &v);
  return TRUE;
}

gboolean oakum_read_arch(OakumIngest *in, OakumReader *reader, GError **error)
{
  guint feed = oakum_ingest_feed(in, "arch", NULL);
  oakum_ingest_whole(in, feed);
  return oakum_read_records(in, reader, OAKUM_SPLIT_MEMBERS, NULL, read_arch, &feed, error);
}

/* ---- Photon -----------------------------------------------------------------------------------
 */
typedef struct {
  guint feed;
  const char *ecosystem;
} Photon;

static gboolean read_photon(OakumIngest *in, gpointer user, const char *parent, const char *key,
                            const json_t *json, OakumKept *kept, GError **error)
{
  const Photon *photon = user;
  const char *cve = oakum_text_of(json, "cve_id"), *package = oakum_text_of(json, "pkg"),
             *fixed = oakum_text_of(json, "res_ver"), *status = oakum_text_of(json, "status"),
             *affected = oakum_text_of(json, "aff_ver");
  kept->feed = photon->feed;
  kept->record = cve;
  if (!cve || !package)
    return oakum_feed_invalid(error, "a row without cve_id or pkg");
  if (g_strcmp0(fixed, "NA") == 0)
    fixed = NULL;
  /* rows had no state before 2025: neither a version with the hole nor one without it is said of
   * what is not affected alone */
  gboolean none = status ? g_ascii_strcasecmp(status, "Not Affected") == 0
                         : !fixed && g_strcmp0(affected, "NA") == 0;
  OakumAdvisoryRange range = {NULL, fixed, NULL, FALSE};
  OakumAdvisory e = {.record = cve,
                     .kind = OAKUM_NAME_SOURCE,
                     .status = none    ? OAKUM_STATUS_NOT_AFFECTED
                               : fixed ? OAKUM_STATUS_FIXED
                                       : OAKUM_STATUS_AFFECTED,
                     .ranges = &range,
                     .n_ranges = none ? 0 : 1};
  double score = json_number_value(json_object_get(json, "cve_score"));
  e.severity = oakum_cvss_band(score);
  oakum_ingest_package(in, kept->feed, photon->ecosystem, package, &e);
  kept->record = NULL; /* one CVE has many rows */
  return TRUE;
}

/* cve_data_photon5.0.json: the release stands in the name alone. */
gboolean oakum_read_photon(OakumIngest *in, OakumReader *reader, GError **error)
{
  const char *at = strstr(in->name, "photon");
  size_t n = at ? strspn(at + 6, "0123456789.") : 0;
  while (n > 0 && at[6 + n - 1] == '.')
    n--;
  if (n == 0) {
    oakum_reader_free(reader);
    return oakum_feed_invalid(error, "the name of the file does not say the release of Photon "
                                     "(cve_data_photon5.0.json)");
  }
  g_autofree char *release = g_strndup(at + 6, n);
  g_autofree char *ecosystem = g_strconcat("Photon OS:", release, NULL);
  Photon photon = {oakum_ingest_feed(in, "photon", release), ecosystem};
  oakum_ingest_whole(in, photon.feed);
  return oakum_read_records(in, reader, OAKUM_SPLIT_MEMBERS, NULL, read_photon, &photon, error);
}

/* ---- NVD --------------------------------------------------------------------------------------
 */
static const char *criteria_of(const json_t *match)
{
  const char *cpe = oakum_text_of(match, "criteria");
  return cpe ? cpe : oakum_text_of(match, "cpe23Uri");
}

/* A node that names what it runs on, and none of that is Linux. */
static gboolean is_elsewhere(const json_t *node)
{
  const json_t *list = json_object_get(node, "cpeMatch");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *match = json_array_get(list, i);
    const char *cpe = criteria_of(match);
    g_auto(OakumCpe) parsed = {0};
    if (json_is_true(json_object_get(match, "vulnerable")) || !cpe ||
        !oakum_cpe_parse(cpe, &parsed) || oakum_cpe_may_be_linux(&parsed))
      return FALSE;
  }
  return json_array_size(list) > 0;
}

/* A configuration that asks for all of its nodes ("running on") is about another system when one of
 * them is. */
static gboolean concerns(const json_t *configuration)
{
  const json_t *nodes = json_object_get(configuration, "nodes");
  if (json_is_true(json_object_get(configuration, "negate")))
    return FALSE;
  if (g_strcmp0(oakum_text_of(configuration, "operator"), "AND") != 0)
    return TRUE;
  for (size_t i = 0; i < json_array_size(nodes); i++)
    if (!json_is_true(json_object_get(json_array_get(nodes, i), "negate")) &&
        is_elsewhere(json_array_get(nodes, i)))
      return FALSE;
  return TRUE;
}

static gboolean add_match(OakumIngest *in, guint feed, const char *cve, const char *modified,
                          const json_t *match, GError **error)
{
  const char *cpe = criteria_of(match);
  if (!json_is_true(json_object_get(match, "vulnerable")))
    return TRUE;
  if (!cpe)
    return oakum_feed_invalid(error, "a match without criteria");
  g_auto(OakumCpe) parsed = {0};
  if (!g_str_has_prefix(cpe, "cpe:2.3:") || !oakum_cpe_parse(cpe, &parsed))
    return oakum_feed_invalid(error, "criteria that are no CPE 2.3 name");
  const char *part = parsed.fields[OAKUM_CPE_PART], *version = parsed.fields[OAKUM_CPE_VERSION],
             *update = parsed.fields[OAKUM_CPE_UPDATE];
  if (g_strcmp0(part, "a") != 0 && g_strcmp0(part, "o") != 0)
    return TRUE; /* hardware */
  const char *from = oakum_text_of(match, "versionStartIncluding"),
             *after = oakum_text_of(match, "versionStartExcluding"),
             *before = oakum_text_of(match, "versionEndExcluding"),
             *last = oakum_text_of(match, "versionEndIncluding");
  gboolean bounded = from || after || before || last, none = g_strcmp0(version, "-") == 0;
  if (none && !bounded)
    return TRUE; /* what has no version: a program that has one is another (NISTIR 7696) */
  OakumAdvisoryRange range = {
      .introduced = from ? from : after,
      .fixed = before,
      .last_affected = last,
      .after = !from && after != NULL,
  };
  /* a pattern is held against each program when it is looked up: the record has the whole name */
  gboolean pattern = oakum_cpe_is_pattern(version) || oakum_cpe_is_pattern(update),
           single = version && !none && !bounded && !pattern;
  g_autofree char *exact = single && update && strcmp(update, "-") != 0
                               ? g_strconcat(version, " ", update, NULL)
                               : g_strdup(version);
  const char *versions[] = {single ? exact : NULL, NULL};
  OakumAdvisory e = {.record = cve,
                     .modified = modified,
                     .kind = OAKUM_NAME_CPE,
                     .status = before ? OAKUM_STATUS_FIXED : OAKUM_STATUS_AFFECTED,
                     .ranges = &range,
                     .n_ranges = single ? 0 : 1,
                     .versions = versions,
                     .product = cpe};
  g_autofree char *name = oakum_cpe_name(&parsed);
  oakum_ingest_package(in, feed, "cpe", name, &e);
  return TRUE;
}

static void add_metrics(const json_t *metrics, OakumCvss *cvss, guint max, OakumVulnerability *v)
{
  static const char *const keys[][2] = {{"cvssMetricV40", "CVSS_V4"},
                                        {"cvssMetricV31", "CVSS_V3"},
                                        {"cvssMetricV30", "CVSS_V3"},
                                        {"cvssMetricV2", "CVSS_V2"}};
  for (size_t n = 0; n < 2 * G_N_ELEMENTS(keys); n++) { /* NVD's own in front of what others gave */
    size_t k = n / 2;
    const json_t *list = json_object_get(metrics, keys[k][0]);
    for (size_t i = 0; i < json_array_size(list) && v->n_cvss < max; i++) {
      const json_t *one = json_array_get(list, i);
      const char *vector = oakum_text_of(json_object_get(one, "cvssData"), "vectorString");
      gboolean secondary = g_strcmp0(oakum_text_of(one, "type"), "Secondary") == 0;
      if (!vector || secondary != (n % 2 == 1))
        continue;
      cvss[v->n_cvss++] = (OakumCvss){keys[k][1], vector, oakum_text_of(one, "source")};
      if (v->severity == OAKUM_SEVERITY_UNKNOWN)
        v->severity = oakum_cvss3_severity(vector);
    }
  }
}

static void add_nvd_vulnerability(OakumIngest *in, guint feed, const json_t *cve, const char *id,
                                  const char *modified)
{
  OakumCvss cvss[OAKUM_ADVISORY_CVSS_MAX];
  const json_t *texts = json_object_get(cve, "descriptions"),
               *refs = json_object_get(cve, "references"),
               *weak = json_object_get(cve, "weaknesses");
  const char *urls[OAKUM_ADVISORY_REFERENCES_MAX + 1] = {NULL},
                                                   *cwes[OAKUM_ADVISORY_CWES_MAX + 1] = {NULL},
                                                   *text = NULL;
  for (size_t i = 0; i < json_array_size(texts); i++)
    if (g_strcmp0(oakum_text_of(json_array_get(texts, i), "lang"), "en") == 0)
      text = oakum_text_of(json_array_get(texts, i), "value");
  for (size_t i = 0, n = 0; i < json_array_size(refs) && n + 1 < G_N_ELEMENTS(urls); i++) {
    const char *url = oakum_text_of(json_array_get(refs, i), "url");
    if (url && strlen(url) <= OAKUM_ADVISORY_REFERENCE_MAX)
      urls[n++] = url;
  }
  for (size_t i = 0, n = 0; i < json_array_size(weak) && n + 1 < G_N_ELEMENTS(cwes); i++) {
    const json_t *d = json_array_get(json_object_get(json_array_get(weak, i), "description"), 0);
    const char *cwe = oakum_text_of(d, "value");
    if (cwe && g_str_has_prefix(cwe, "CWE-"))
      cwes[n++] = cwe;
  }
  g_autofree char *title = oakum_title(text);
  g_autofree char *published = oakum_feed_date(oakum_text_of(cve, "published"));
  OakumVulnerability v = {.id = id,
                          .title = title,
                          .cvss = cvss,
                          .cwes = cwes,
                          .references = urls,
                          .published = published,
                          .modified = modified};
  add_metrics(json_object_get(cve, "metrics"), cvss, G_N_ELEMENTS(cvss), &v);
  if (g_strcmp0(oakum_text_of(cve, "vulnStatus"), "Rejected") == 0)
    v.withdrawn = modified ? modified : "1970-01-01T00:00:00Z";
  if (title || v.n_cvss)
    oakum_ingest_vulnerability(in, feed, &v);
}

static gboolean read_nvd(OakumIngest *in, gpointer user, const char *parent, const char *key,
                         const json_t *json, OakumKept *kept, GError **error)
{
  guint *feed = user;
  if (key) { /* a member of the head of an answer, or a record a line that was cut in members */
    kept->skip = TRUE;
    if (strcmp(key, "timestamp") == 0)
      oakum_ingest_date(in, *feed, json_string_value(json));
    return TRUE;
  }
  const json_t *cve = json_object_get(json, "cve");
  cve = json_is_object(cve) ? cve : json;
  const char *id = oakum_text_of(cve, "id");
  kept->feed = *feed;
  kept->record = id;
  if (!id)
    return oakum_feed_invalid(error, "a record without id");
  kept->modified = oakum_feed_date(oakum_text_of(cve, "lastModified"));
  const json_t *configurations = json_object_get(cve, "configurations");
  gboolean rejected = g_strcmp0(oakum_text_of(cve, "vulnStatus"), "Rejected") == 0;
  for (size_t i = 0; !rejected && i < json_array_size(configurations); i++) {
    if (!concerns(json_array_get(configurations, i)))
      continue;
    const json_t *nodes = json_object_get(json_array_get(configurations, i), "nodes");
    for (size_t n = 0; n < json_array_size(nodes); n++) {
      const json_t *node = json_array_get(nodes, n), *list = json_object_get(node, "cpeMatch");
      if (json_is_true(json_object_get(node, "negate")))
        continue; /* what must not be there */
      for (size_t m = 0; m < json_array_size(list); m++)
        if (!add_match(in, kept->feed, id, kept->modified, json_array_get(list, m), error))
          return FALSE;
    }
  }
  add_nvd_vulnerability(in, kept->feed, cve, id, kept->modified);
  return TRUE;
}

gboolean oakum_read_nvd(OakumIngest *in, OakumReader *reader, GError **error)
{
  static const char *const opened[] = {"vulnerabilities", "cve_items", NULL};
  gboolean overrides = strstr(in->name, "override") != NULL;
  guint feed = oakum_ingest_feed(in, "nvd", overrides ? "overrides" : NULL);
  in->documents++;
  return oakum_read_records(in, reader, overrides ? OAKUM_SPLIT_VALUES : OAKUM_SPLIT_MEMBERS,
                            opened, read_nvd, &feed, error);
}

/* ---- OpenVEX ----------------------------------------------------------------------------------
 */
typedef struct {
  guint feed;
} Vex;

static OakumAdvisoryStatus vex_status(const char *word, gboolean *known)
{
  static const struct {
    const char *word;
    OakumAdvisoryStatus status;
  } words[] = {{"not_affected", OAKUM_STATUS_NOT_AFFECTED},
               {"affected", OAKUM_STATUS_AFFECTED},
               {"fixed", OAKUM_STATUS_FIXED},
               {"under_investigation", OAKUM_STATUS_UNDER_INVESTIGATION}};
  *known = TRUE;
  for (size_t i = 0; word && i < G_N_ELEMENTS(words); i++)
    if (strcmp(word, words[i].word) == 0)
      return words[i].status;
  *known = FALSE;
  return OAKUM_STATUS_AFFECTED;
}

/* A purl without version, qualifiers and subpath; *version (may be NULL) is new. */
static char *purl_name(const char *purl, char **version)
{
  size_t n = strcspn(purl, "?#");
  const char *at = n ? g_strrstr_len(purl, (gssize)n, "@") : NULL;
  *version = at && at > purl && strchr(purl, '/') && at > strchr(purl, '/')
                 ? g_strndup(at + 1, (gsize)(purl + n - at - 1))
                 : NULL;
  return g_strndup(purl, *version ? (gsize)(at - purl) : n);
}

/* OpenVEX 0.2: an id, or identifiers of these kinds; before that the text itself. */
static const char *vex_product(const json_t *one)
{
  const char *keys[] = {"purl", "cpe23", "cpe22"}, *product = json_string_value(one);
  product = product ? product : oakum_text_of(one, "@id");
  for (size_t i = 0; !product && i < G_N_ELEMENTS(keys); i++)
    product = oakum_text_of(json_object_get(one, "identifiers"), keys[i]);
  return product;
}

static void add_product(OakumIngest *in, const Vex *vex, const OakumAdvisory *base,
                        const char *product, const char *component)
{
  g_autofree char *version = NULL;
  g_autofree char *name = purl_name(product, &version);
  const char *versions[] = {version, NULL};
  OakumAdvisory e = *base;
  e.versions = versions;
  e.product = product;
  e.module = component;
  oakum_ingest_package(in, vex->feed, "vex", name, &e);
}

static gboolean read_statement(OakumIngest *in, gpointer user, const char *parent, const char *key,
                               const json_t *json, OakumKept *kept, GError **error)
{
  Vex *vex = user;
  kept->feed = vex->feed;
  if (!parent) {
    kept->skip = TRUE;
    if (g_strcmp0(key, "timestamp") == 0 || g_strcmp0(key, "last_updated") == 0)
      oakum_ingest_date(in, vex->feed, json_string_value(json));
    return TRUE;
  }
  const json_t *vulnerability = json_object_get(json, "vulnerability"),
               *products = json_object_get(json, "products");
  const char *id = json_is_string(vulnerability) ? json_string_value(vulnerability)
                                                 : oakum_text_of(vulnerability, "name");
  if (!id && (id = oakum_text_of(vulnerability, "@id")) && strstr(id, "://"))
    id = strrchr(id, '/') + 1; /* an IRI, of which the last part may be a name */
  gboolean known;
  const char *ids[] = {id, NULL};
  /* A document replaces itself, whatever it was called in it before: by the name of its file. */
  OakumAdvisory e = {.record = in->name, .ids = ids, .kind = OAKUM_NAME_PRODUCT};
  kept->record = in->name;
  e.status = vex_status(oakum_text_of(json, "status"), &known);
  if (!id || !*id || !known)
    return oakum_feed_invalid(error, "a statement without vulnerability, or of no known status");
  g_autoptr(GPtrArray) names = oakum_strings_of(json_object_get(vulnerability, "aliases"));
  const char *why = oakum_text_of(json, "justification");
  g_autofree char *note = oakum_title(why ? why : oakum_text_of(json, "impact_statement"));
  g_autofree char *date = oakum_feed_date(oakum_text_of(json, "timestamp"));
  e.aliases = (const char **)names->pdata;
  e.note = note;
  e.modified = date;
  for (size_t i = 0; i < json_array_size(products); i++) {
    const json_t *one = json_array_get(products, i), *parts = json_object_get(one, "subcomponents");
    const char *product = vex_product(one);
    if (json_array_size(parts) == 0) /* of OpenVEX 0.0.1: of all its products */
      parts = json_object_get(json, "subcomponents");
    if (!product || !*product)
      return oakum_feed_invalid(error, "%s: a product without id", id);
    for (size_t k = 0; k < json_array_size(parts); k++)
      add_product(in, vex, &e, product, vex_product(json_array_get(parts, k)));
    if (json_array_size(parts) == 0)
      add_product(in, vex, &e, product, NULL);
  }
  return TRUE;
}

gboolean oakum_read_openvex(OakumIngest *in, OakumReader *reader, GError **error)
{
  static const char *const opened[] = {"statements", NULL};
  Vex vex = {.feed = oakum_ingest_feed(in, "openvex", NULL)};
  in->documents++;
  return oakum_read_records(in, reader, OAKUM_SPLIT_MEMBERS, opened, read_statement, &vex, error);
}
