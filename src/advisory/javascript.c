/* Advisories on JavaScript in their publishers' own form: the archive of the Node.js security
 * working group (a JSON file each, vuln/npm and vuln/core), and RetireJS (one object of all
 * components). */
#include "advisory/advisory-private.h"
#include "version/version.h"

typedef struct {
  OakumIngest *in;
  GStringChunk *words;
  GArray *ranges;
  GPtrArray *names;
} Work;

static Work work_new(OakumIngest *in)
{
  return (Work){in, g_string_chunk_new(256), g_array_new(FALSE, FALSE, sizeof(OakumAdvisoryRange)),
                g_ptr_array_new()};
}

static void work_clear(Work *w)
{
  g_string_chunk_free(w->words);
  g_array_unref(w->ranges);
  g_ptr_array_unref(w->names);
}

/* A row of the package, and what is said of the hole. `e` has what the record says besides names
 * and ranges; `v` the same. */
static void put(Work *w, guint feed, const char *ecosystem, const char *package, OakumAdvisory *e,
                OakumVulnerability *v)
{
  g_autoptr(GPtrArray) ids = g_ptr_array_new(), others = g_ptr_array_new();
  gboolean fixed = w->ranges->len > 0;
  for (guint i = 0; i < w->ranges->len; i++)
    fixed = fixed && g_array_index(w->ranges, OakumAdvisoryRange, i).fixed;
  oakum_sort_names(e->record, w->names, ids, others);
  e->ids = (const char **)ids->pdata;
  e->aliases = (const char **)others->pdata;
  e->ranges = (const OakumAdvisoryRange *)w->ranges->data;
  e->n_ranges = w->ranges->len;
  if (e->status == OAKUM_STATUS_AFFECTED && fixed)
    e->status = OAKUM_STATUS_FIXED;
  oakum_ingest_package(w->in, feed, ecosystem, package, e);
  g_ptr_array_add(w->names, NULL);
  v->id = e->record;
  v->aliases = (const char **)w->names->pdata;
  v->severity = e->severity;
  v->severity_word = e->severity_word;
  v->modified = e->modified;
  oakum_ingest_vulnerability(w->in, feed, v);
}

static void add_names(Work *w, const json_t *list)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *name = json_string_value(json_array_get(list, i));
    if (name && *name && !strpbrk(name, " \t\r\n"))
      g_ptr_array_add(w->names, (gpointer)name);
  }
}

/* ---- Node.js ----------------------------------------------------------------------------------
 */
/* vuln/npm/N.json: module_name, vulnerable_versions, cves, cvss_vector. */
static gboolean read_module(Work *w, const json_t *json, const char *number, OakumKept *kept,
                            GError **error)
{
  const char *package = oakum_text_of(json, "module_name"),
             *versions = oakum_text_of(json, "vulnerable_versions"),
             *vector = oakum_text_of(json, "cvss_vector");
  g_autofree char *own = g_strconcat("NSWG-ECO-", number, NULL);
  const char *id = g_string_chunk_insert(w->words, own);
  kept->feed = oakum_ingest_feed(w->in, "node-security", "npm");
  kept->record = NULL;
  if (!package || !versions || !oakum_npm_ranges(versions, w->words, w->ranges) ||
      w->ranges->len == 0)
    return oakum_feed_invalid(error, "%s: no module, or vulnerable versions that are no range", id);
  add_names(w, json_object_get(json, "cves"));
  g_autofree char *date = oakum_feed_date(oakum_text_of(json, "updated_at"));
  g_autofree char *published = oakum_feed_date(oakum_text_of(json, "publish_date"));
  g_autofree char *title = oakum_title(oakum_text_of(json, "title"));
  g_autoptr(GPtrArray) links = oakum_strings_of(json_object_get(json, "references"));
  OakumAdvisory e = {.record = id,
                     .kind = OAKUM_NAME_LANGUAGE,
                     .severity = vector ? oakum_cvss3_severity(vector) : OAKUM_SEVERITY_UNKNOWN,
                     .modified = date};
  OakumCvss cvss = {"CVSS_V3", vector, NULL};
  OakumVulnerability v = {.title = title,
                          .published = published,
                          .cvss = &cvss,
                          .n_cvss = vector ? 1 : 0,
                          .references = (const char **)links->pdata};
  if (links->len > OAKUM_ADVISORY_REFERENCES_MAX)
    links->pdata[OAKUM_ADVISORY_REFERENCES_MAX] = NULL;
  put(w, kept->feed, "npm", package, &e, &v);
  kept->record = id;
  kept->modified = g_steal_pointer(&date);
  return TRUE;
}

/* vuln/core/N.json: of node itself, which is vulnerable in these lines, but for what is patched.
 * vuln/deps/N.json: holes of what node holds that do not reach it. */
static gboolean read_core(Work *w, const json_t *json, const char *number, OakumKept *kept,
                          GError **error)
{
  const char *vulnerable = oakum_text_of(json, "vulnerable"),
             *patched = oakum_text_of(json, "patched"), *reason = oakum_text_of(json, "reason");
  g_autofree char *own = g_strdup_printf("NSWG-%s-%s", vulnerable ? "CORE" : "DEPS", number);
  const char *id = g_string_chunk_insert(w->words, own);
  g_autoptr(GArray) whole = g_array_new(FALSE, FALSE, sizeof(OakumAdvisoryRange));
  kept->feed = oakum_ingest_feed(w->in, "node-security", vulnerable ? "core" : "deps");
  if (vulnerable && (!oakum_npm_ranges(vulnerable, w->words, w->ranges) || w->ranges->len == 0 ||
                     (patched && !oakum_npm_ranges(patched, w->words, whole))))
    return oakum_feed_invalid(error, "%s: lines that are no range", id);
  if (!vulnerable && !reason)
    return oakum_feed_invalid(error, "%s: neither vulnerable nor a reason", id);
  oakum_npm_without(w->ranges, whole);
  add_names(w, json_object_get(json, "cve"));
  const char *text = oakum_text_of(json, "description");
  g_autofree char *title = oakum_title(text ? text : oakum_text_of(json, "overview"));
  g_autofree char *note = oakum_title(reason);
  g_autofree char *date = oakum_feed_date(oakum_text_of(json, "publish_date"));
  const char *links[] = {oakum_text_of(json, "ref"), NULL};
  OakumAdvisory e = {.record = id,
                     .kind = OAKUM_NAME_CPE,
                     .status = vulnerable ? OAKUM_STATUS_AFFECTED : OAKUM_STATUS_NOT_AFFECTED,
                     .scheme = "npm",
                     .severity_word = oakum_text_of(json, "severity"),
                     .product = "cpe:2.3:a:nodejs:node.js:*:*:*:*:*:*:*:*",
                     .modified = date,
                     .note = vulnerable ? NULL : note};
  e.severity = oakum_severity_word(e.severity_word);
  OakumVulnerability v = {.title = title, .published = date, .references = links};
  put(w, kept->feed, "cpe", "nodejs:node.js", &e, &v);
  kept->record = id;
  kept->modified = g_steal_pointer(&date);
  return TRUE;
}

static gboolean read_node(OakumIngest *in, gpointer user, const char *parent, const char *key,
                          const json_t *json, OakumKept *kept, GError **error)
{
  Work *w = user;
  g_array_set_size(w->ranges, 0);
  g_ptr_array_set_size(w->names, 0);
  /* the number of those on node is the file's name alone */
  const json_t *id = json_object_get(json, "id");
  g_autofree char *number = json_is_integer(id)
                                ? g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(id))
                                : g_strndup(in->name, strcspn(in->name, "."));
  if (json_object_get(json, "module_name"))
    return read_module(w, json, number, kept, error);
  if (json_object_get(json, "cve") || json_object_get(json, "vulnerable"))
    return read_core(w, json, number, kept, error);
  return oakum_feed_invalid(error, "neither of a module nor of node");
}

gboolean oakum_read_node(OakumIngest *in, OakumReader *reader, GError **error)
{
  Work w = work_new(in);
  in->documents++;
  gboolean ok = oakum_read_records(in, reader, OAKUM_SPLIT_VALUES, NULL, read_node, &w, error);
  work_clear(&w);
  return ok;
}

/* ---- RetireJS ---------------------------------------------------------------------------------
 */
static const char *names_of(Work *w, const json_t *identifiers)
{
  static const char *const lists[] = {"CVE", "osvdb"}, *const single[] = {"githubID", "retid"},
                           *const weak[] = {"issue", "bug", "PR", "tenable", "release", "gist"};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    add_names(w, json_object_get(identifiers, lists[i]));
  for (size_t i = 0; i < G_N_ELEMENTS(single); i++) {
    const char *name = oakum_text_of(identifiers, single[i]);
    if (name && !strpbrk(name, " \t\r\n"))
      g_ptr_array_add(w->names, (gpointer)name);
  }
  for (size_t i = 0; w->names->len == 0 && i < G_N_ELEMENTS(weak); i++) {
    const char *name = oakum_text_of(identifiers, weak[i]);
    if (name)
      return name;
  }
  return w->names->len ? w->names->pdata[0] : NULL;
}

static void add_retire_range(Work *w, const json_t *range)
{
  OakumAdvisoryRange r = {oakum_text_of(range, "atOrAbove"), oakum_text_of(range, "below"), NULL,
                          FALSE};
  if (r.introduced && g_str_has_suffix(r.introduced, "-*")) { /* from its first pre-release on */
    g_autofree char *first = g_strdup(r.introduced);
    first[strlen(first) - 1] = '0';
    r.introduced = g_string_chunk_insert(w->words, first);
  }
  if (r.introduced || r.fixed)
    g_array_append_val(w->ranges, r);
}

/* Many of its bounds are no versions of npm ("13.0", "1.0.0.beta.3"). NULL: the ecosystem's own. */
static const char *scheme_of(const GArray *ranges)
{
  for (guint i = 0; i < ranges->len; i++) {
    const OakumAdvisoryRange *r = &g_array_index(ranges, OakumAdvisoryRange, i);
    const char *bounds[] = {r->introduced, r->fixed};
    for (size_t k = 0; k < G_N_ELEMENTS(bounds); k++)
      if (bounds[k] && oakum_version_order(OAKUM_VERSION_NPM, bounds[k], bounds[k]) == 2)
        return "generic";
  }
  return NULL;
}

static gboolean add_retire(Work *w, guint feed, const char *component, const char *npm,
                           const json_t *one, GError **error)
{
  const json_t *identifiers = json_object_get(one, "identifiers"),
               *ranges = json_object_get(one, "ranges");
  g_array_set_size(w->ranges, 0);
  g_ptr_array_set_size(w->names, 0);
  const char *name = names_of(w, identifiers), *summary = oakum_text_of(one, "summary");
  if (!summary)
    summary = oakum_text_of(identifiers, "summary");
  g_autoptr(GPtrArray) links = oakum_strings_of(json_object_get(one, "info"));
  g_autoptr(GPtrArray) cwes = oakum_strings_of(json_object_get(one, "cwe"));
  if (!name) /* told by its text or its page alone */
    name = summary ? summary : links->len > 1 ? links->pdata[0] : "";
  g_autofree char *hex = oakum_sha256_hex(name, strlen(name));
  g_autofree char *id = w->names->len ? g_strdup_printf("RETIREJS-%s-%s", component, name)
                                      : g_strdup_printf("RETIREJS-%s-%.12s", component, hex);
  add_retire_range(w, one);
  for (size_t i = 0; i < json_array_size(ranges); i++)
    add_retire_range(w, json_array_get(ranges, i));
  if (w->ranges->len == 0)
    return oakum_feed_invalid(error, "%s: no version that it ends below or begins at", id);
  if (links->len > OAKUM_ADVISORY_REFERENCES_MAX)
    links->pdata[OAKUM_ADVISORY_REFERENCES_MAX] = NULL;
  if (cwes->len > OAKUM_ADVISORY_CWES_MAX)
    cwes->pdata[OAKUM_ADVISORY_CWES_MAX] = NULL;
  g_autofree char *title = oakum_title(summary);
  OakumAdvisory e = {.record = id,
                     .kind = OAKUM_NAME_LANGUAGE,
                     .scheme = scheme_of(w->ranges),
                     .severity_word = oakum_text_of(one, "severity")};
  e.severity = oakum_severity_word(e.severity_word);
  OakumVulnerability v = {.title = title,
                          .references = (const char **)links->pdata,
                          .cwes = (const char **)cwes->pdata};
  put(w, feed, npm ? "npm" : "JavaScript", npm ? npm : component, &e, &v);
  return oakum_ingest_keep(w->in, feed, id, NULL, error);
}

/* A component; jsrepository says its name at npm, npmrepository is of npm only. */
static gboolean read_component(OakumIngest *in, gpointer user, const char *parent, const char *key,
                               const json_t *json, OakumKept *kept, GError **error)
{
  Work *w = user;
  gboolean npm = g_str_has_prefix(in->name, "npm");
  const json_t *list = json_object_get(json, "vulnerabilities");
  kept->feed = oakum_ingest_feed(in, "retirejs", npm ? "npm" : "js");
  kept->skip = TRUE; /* its records are counted, not it */
  if (!key || !json_is_object(json))
    return oakum_feed_invalid(error, "a component that is no object");
  if (strcmp(key, "retire-example") == 0)
    return TRUE;
  for (size_t i = 0; i < json_array_size(list); i++) {
    g_autoptr(GError) local = NULL;
    if (add_retire(w, kept->feed, key, npm ? key : oakum_text_of(json, "npmname"),
                   json_array_get(list, i), &local))
      continue;
    if (local->domain != OAKUM_ADVISORY_ERROR) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    oakum_ingest_bad(in, key, g_steal_pointer(&local));
  }
  return TRUE;
}

gboolean oakum_read_retire(OakumIngest *in, OakumReader *reader, GError **error)
{
  Work w = work_new(in);
  in->documents++;
  gboolean ok =
      oakum_read_records(in, reader, OAKUM_SPLIT_MEMBERS, NULL, read_component, &w, error);
  work_clear(&w);
  return ok;
}
