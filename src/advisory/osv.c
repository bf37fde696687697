/* OSV records: the OSV schema, version 1.7, sections affected, ranges, events. */
#include "advisory/advisory-private.h"
#include "version/version.h"
#include <string.h>

/* The record is named by who counts it. */
static gboolean invalid(const char *record, const char *what, GError **error)
{
  g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, "%s", what);
  return FALSE;
}

/* The list at `key`, NULL when there is none. A list that is something else is an error: a record
 * that is read in half hides a hole. */
static gboolean list_of(const json_t *object, const char *key, size_t max, const char *record,
                        const json_t **out, GError **error)
{
  const json_t *list = json_object_get(object, key);
  *out = json_is_null(list) ? NULL : list;
  if (!*out || (json_is_array(list) && json_array_size(list) <= max))
    return TRUE;
  g_autofree char *what = g_strdup_printf("\"%s\" is no list, or one of more than %zu", key, max);
  return invalid(record, what, error);
}

/* Databases of distributions that name the CVEs of an advisory only as related to it. */
static gboolean related_counts(const char *id)
{
  static const char *const prefixes[] = {"ALSA-", "ALBA-",     "ALEA-",  "RLSA-", "RLBA-",  "RXSA-",
                                         "SUSE-", "openSUSE-", "MGASA-", "RHSA-", "RHBA-",  "RHEA-",
                                         "OESA-", "DSA-",      "DLA-",   "USN-",  "DEBIAN-"};
  for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
    if (g_str_has_prefix(id, prefixes[i]))
      return TRUE;
  return FALSE;
}

static gboolean has(const GPtrArray *names, const char *name)
{
  for (guint i = 0; i < names->len; i++)
    if (strcmp(names->pdata[i], name) == 0)
      return TRUE;
  return FALSE;
}

/* What a finding shows: the record's own id when that is a CVE; else the CVE that it is an alias
 * of; else every CVE upstream of it, because one advisory of a distribution mends several; else its
 * own id. What is left over are aliases. */
static gboolean choose_ids(const json_t *record, const char *id, GPtrArray *shown,
                           GPtrArray *others, GError **error)
{
  static const char *const keys[] = {"aliases", "upstream", "related"};
  g_autoptr(GPtrArray) rest = g_ptr_array_new();
  if (g_str_has_prefix(id, "CVE-"))
    g_ptr_array_add(shown, (gpointer)id);
  for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
    const json_t *list;
    if (!list_of(record, keys[k], OAKUM_ADVISORY_NAMES_MAX, id, &list, error))
      return FALSE;
    gboolean open = shown->len == 0;
    if (k == 2 && !(open && related_counts(id)))
      break;
    for (size_t i = 0; i < json_array_size(list); i++) {
      const char *name = json_string_value(json_array_get(list, i));
      if (!name)
        return invalid(id, "another name of it is no name", error);
      if (!*name || strpbrk(name, " \t\r\n"))
        continue; /* a name that nobody can ask for; the record stands all the same */
      gboolean show = open && g_str_has_prefix(name, "CVE-") && (k > 0 || shown->len == 0);
      if (!has(show ? shown : rest, name))
        g_ptr_array_add(show ? shown : rest, (gpointer)name);
    }
  }
  if (shown->len == 0)
    g_ptr_array_add(shown, (gpointer)id);
  if (!has(rest, id))
    g_ptr_array_add(rest, (gpointer)id);
  for (guint i = 0; i < rest->len; i++)
    if (!has(shown, rest->pdata[i]))
      g_ptr_array_add(others, rest->pdata[i]);
  g_ptr_array_add(shown, NULL);
  g_ptr_array_add(others, NULL);
  return TRUE;
}

/* The vendor's word at a place, or NULL. */
static const char *word_of(const json_t *holder)
{
  const json_t *own = json_object_get(holder, "ecosystem_specific");
  const char *words[] = {oakum_text_of(own, "severity"), oakum_text_of(own, "urgency"),
                         oakum_text_of(own, "ubuntu_priority")};
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (words[i] && oakum_severity_word(words[i]) != OAKUM_SEVERITY_UNKNOWN)
      return words[i];
  const json_t *list = json_object_get(holder, "severity");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *score = oakum_text_of(json_array_get(list, i), "score");
    if (oakum_severity_word(score) != OAKUM_SEVERITY_UNKNOWN)
      return score;
  }
  return NULL;
}

/* What the distribution says of its own package counts over a score, and a score over what the
 * database thinks. */
static OakumSeverity severity_of(const json_t *holder, const char **word)
{
  const json_t *list = json_object_get(holder, "severity");
  *word = word_of(holder);
  OakumSeverity best = oakum_severity_word(*word);
  for (size_t i = 0; best == OAKUM_SEVERITY_UNKNOWN && i < json_array_size(list); i++) {
    const char *score = oakum_text_of(json_array_get(list, i), "score");
    best = score ? oakum_cvss3_severity(score) : OAKUM_SEVERITY_UNKNOWN;
  }
  const char *general = oakum_text_of(json_object_get(holder, "database_specific"), "severity");
  if (!*word && oakum_severity_word(general) != OAKUM_SEVERITY_UNKNOWN)
    *word = general;
  return best != OAKUM_SEVERITY_UNKNOWN ? best : oakum_severity_word(general);
}

typedef enum { EVENT_INTRODUCED, EVENT_FIXED, EVENT_LAST, EVENT_LIMIT } EventKind;
typedef struct {
  EventKind kind;
  const char *version;
  guint place; /* in the record */
} Event;

/* One event has one of the four keys. */
static gboolean read_event(const json_t *json, const char *record, Event *event, GError **error)
{
  static const char *const keys[] = {"introduced", "fixed", "last_affected", "limit"};
  event->version = NULL;
  for (guint k = 0; k < G_N_ELEMENTS(keys); k++) {
    const json_t *value = json_object_get(json, keys[k]);
    const char *text = json_string_value(value);
    if (!value)
      continue;
    if (event->version || !text || !*text || strpbrk(text, "\r\n"))
      return invalid(record, "an event that is not one version", error);
    event->kind = (EventKind)k;
    event->version = text;
  }
  return event->version || invalid(record, "an event of no known kind", error);
}

/* The order of the schema's evaluation; "0" is before everything, a limit "*" behind it. 2: one of
 * the two is no version. */
static int version_order(OakumVersionScheme scheme, const char *a, const char *b)
{
  int result;
  gboolean low_a = strcmp(a, "0") == 0, low_b = strcmp(b, "0") == 0;
  gboolean high_a = strcmp(a, "*") == 0, high_b = strcmp(b, "*") == 0;
  if (low_a || low_b || high_a || high_b)
    return (high_a - low_a) - (high_b - low_b) < 0   ? -1
           : (high_a - low_a) - (high_b - low_b) > 0 ? 1
                                                     : 0;
  return oakum_version_compare(scheme, a, strlen(a), b, strlen(b), &result) ? result : 2;
}

static gint by_version(gconstpointer a, gconstpointer b, gpointer user)
{
  const Event *x = a, *y = b;
  int order = version_order(*(const OakumVersionScheme *)user, x->version, y->version);
  return order == 0 || order == 2 ? (x->place > y->place) - (x->place < y->place) : order;
}

/* Records list events in any order; the schema evaluates them by version. Where one of them is no
 * version of the scheme the order of the record stays. */
static void sort_events(GArray *events, OakumVersionScheme scheme)
{
  for (guint i = 0; i < events->len; i++) {
    const char *version = g_array_index(events, Event, i).version;
    if (version_order(scheme, version, version) != 0)
      return;
  }
  g_array_sort_with_data(events, by_version, &scheme);
}

/* How far a range goes at most. */
typedef struct {
  const char *version; /* NULL: there is no bound */
  gboolean inclusive;
} Bound;

/* GitHub's range of what has no fix yet: "<= 1.2.3" or "< 1.2.3". */
static Bound last_known(const json_t *specific)
{
  const char *text = oakum_text_of(specific, "last_known_affected_version_range");
  Bound bound = {NULL, FALSE};
  if (!text || *text != '<' || strpbrk(text, ",|\r\n"))
    return bound;
  bound.inclusive = text[1] == '=';
  text += bound.inclusive ? 2 : 1;
  text += strspn(text, " ");
  if (*text)
    bound.version = text;
  return bound;
}

static void end_range(GArray *ranges, OakumVersionScheme scheme, OakumAdvisoryRange range,
                      Bound limit)
{
  if (limit.version) {
    const char *end = range.fixed ? range.fixed : range.last_affected;
    if (range.introduced && version_order(scheme, range.introduced, limit.version) >= 0)
      return;
    if (!end || version_order(scheme, limit.version, end) == -1) {
      range.fixed = NULL;
      range.last_affected = limit.version;
      range.below = !limit.inclusive;
    }
  }
  g_array_append_val(ranges, range);
}

/* The farthest of the limits counts (section "evaluation" of the schema). */
static Bound limit_of(const GArray *events, OakumVersionScheme scheme)
{
  Bound limit = {NULL, FALSE};
  for (guint i = 0; i < events->len; i++) {
    const Event *e = &g_array_index(events, Event, i);
    if (e->kind != EVENT_LIMIT)
      continue;
    if (strcmp(e->version, "*") == 0)
      return (Bound){NULL, FALSE};
    if (!limit.version || version_order(scheme, limit.version, e->version) == -1)
      limit.version = e->version;
  }
  return limit;
}

/* `known`: where an end that no event gives is. */
static gboolean add_range(const json_t *range, const char *record, OakumVersionScheme scheme,
                          Bound known, GArray *ranges, GError **error)
{
  const char *type = oakum_text_of(range, "type");
  const json_t *list;
  if (!type)
    return invalid(record, "a range without a type", error);
  if (strcmp(type, "GIT") == 0)
    return TRUE;
  if (!list_of(range, "events", OAKUM_OSV_AFFECTED_MAX, record, &list, error))
    return FALSE;
  g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(Event));
  gboolean started = FALSE;
  for (size_t i = 0; i < json_array_size(list); i++) {
    Event event = {EVENT_LIMIT, NULL, (guint)i};
    if (!read_event(json_array_get(list, i), record, &event, error))
      return FALSE;
    started |= event.kind == EVENT_INTRODUCED;
    g_array_append_val(events, event);
  }
  sort_events(events, scheme);
  Bound limit = limit_of(events, scheme);
  const char *from = NULL;
  gboolean open = !started; /* a record that does not say where it begins, begins at the start */
  for (guint i = 0; i < events->len; i++) {
    const Event *e = &g_array_index(events, Event, i);
    if (e->kind == EVENT_INTRODUCED && !open) {
      from = e->version;
      open = TRUE;
    } else if (open && (e->kind == EVENT_FIXED || e->kind == EVENT_LAST)) {
      gboolean fixed = e->kind == EVENT_FIXED;
      OakumAdvisoryRange one = {.introduced = from,
                                .fixed = fixed ? e->version : NULL,
                                .last_affected = fixed ? NULL : e->version};
      end_range(ranges, scheme, one, limit);
      open = FALSE;
    }
  }
  if (open && started) { /* never closed: affected to this day, or as far as is known */
    OakumAdvisoryRange one = {.introduced = from,
                              .last_affected = known.version,
                              .below = known.version && !known.inclusive};
    end_range(ranges, scheme, one, limit);
  }
  return TRUE;
}

/* A version counts when a range holds it or the list has it. Most lists only spell out what the
 * ranges say, for those who cannot compare: what they add is kept. */
static gboolean in_ranges(const GArray *ranges, OakumVersionScheme scheme, const char *version)
{
  for (guint i = 0; i < ranges->len; i++) {
    const OakumAdvisoryRange *r = &g_array_index(ranges, OakumAdvisoryRange, i);
    int from = r->introduced ? version_order(scheme, version, r->introduced) : 1,
        fixed = r->fixed ? version_order(scheme, version, r->fixed) : -1,
        last = r->last_affected ? version_order(scheme, version, r->last_affected) : -1;
    if (from == 2 || fixed == 2 || last == 2 ||
        (from >= 0 && fixed < 0 && last <= (r->below ? -1 : 0)))
      return TRUE; /* or cannot be told */
  }
  return FALSE;
}

static void drop_spelled_out(GPtrArray *listed, const GArray *ranges, OakumVersionScheme scheme)
{
  guint kept = 0;
  for (guint i = 0; i + 1 < listed->len; i++)
    if (!in_ranges(ranges, scheme, listed->pdata[i]))
      listed->pdata[kept++] = listed->pdata[i];
  listed->pdata[kept] = NULL;
  g_ptr_array_set_size(listed, (gint)kept + 1);
}

static gboolean read_versions(const json_t *list, const char *record, GPtrArray *out,
                              GError **error)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *version = json_string_value(json_array_get(list, i));
    if (!version || strpbrk(version, "\r\n"))
      return invalid(record, "a listed version that is none", error);
    g_ptr_array_add(out, (gpointer)version);
  }
  g_ptr_array_add(out, NULL);
  return TRUE;
}

/* OSV's records do not say whether they name a source or a package, but for a purl with
 * "arch=source"; the habit of the distribution does. */
static OakumNameKind kind_of(const char *key, const json_t *affected)
{
  const OakumDistroRule *rule = oakum_distro_rule(key);
  const char *purl = oakum_text_of(json_object_get(affected, "package"), "purl");
  if (!rule)
    return OAKUM_NAME_LANGUAGE;
  gboolean source =
      rule->names_source || (purl && (strstr(purl, "arch=source") || strstr(purl, "arch=src")));
  return source ? OAKUM_NAME_SOURCE : OAKUM_NAME_BINARY;
}

static const struct {
  const char *word;
  OakumAdvisoryStatus status;
} states[] = {{"will_not_fix", OAKUM_STATUS_WILL_NOT_FIX},
              {"ignored", OAKUM_STATUS_WILL_NOT_FIX},
              {"deferred", OAKUM_STATUS_FIX_DEFERRED},
              {"postponed", OAKUM_STATUS_FIX_DEFERRED},
              {"end_of_life", OAKUM_STATUS_END_OF_LIFE},
              {"needs-triage", OAKUM_STATUS_UNDER_INVESTIGATION}};

static OakumAdvisoryStatus status_of(const json_t *specific, const GArray *ranges,
                                     const GPtrArray *fixes, gboolean versions)
{
  const char *word = oakum_text_of(specific, "status");
  for (size_t i = 0; word && i < G_N_ELEMENTS(states); i++)
    if (strcmp(word, states[i].word) == 0)
      return states[i].status;
  for (guint i = 0; i < ranges->len; i++)
    if (!g_array_index(ranges, OakumAdvisoryRange, i).fixed)
      return OAKUM_STATUS_AFFECTED;
  return ranges->len || (fixes->len > 1) ? OAKUM_STATUS_FIXED : OAKUM_STATUS_AFFECTED;
}

typedef struct {
  OakumIngest *in;
  guint feed;
  OakumAdvisory base; /* what all rows of the record share */
} Record;

/* SUSE's records name a source, and beside it each package that was built from it with its own fix
 * ("binaries": [{name: version}]). Ubuntu's list of the same name holds {"binary_name",
 * "binary_version"}, and its packages go by their source. FALSE: there are none. */
static gboolean add_binaries(const Record *r, const json_t *affected, const char *key,
                             const OakumAdvisory *whole)
{
  const json_t *list = json_object_get(json_object_get(affected, "ecosystem_specific"), "binaries");
  guint added = 0;
  if (!oakum_distro_rule(key) || whole->status != OAKUM_STATUS_FIXED)
    return FALSE;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *name;
    json_t *version, *one = json_array_get(list, i);
    if (json_object_get(one, "binary_name"))
      continue;
    json_object_foreach(one, name, version)
    {
      OakumAdvisoryRange range = {.fixed = json_string_value(version)};
      OakumAdvisory e = *whole;
      if (!*name || !range.fixed || !*range.fixed || strpbrk(range.fixed, "\r\n") ||
          ++added > OAKUM_OSV_AFFECTED_MAX)
        continue;
      e.kind = OAKUM_NAME_BINARY;
      e.ranges = &range;
      e.n_ranges = 1;
      oakum_ingest_package(r->in, r->feed, key, name, &e);
    }
  }
  return added > 0;
}

static gboolean add_affected(const Record *r, const json_t *affected, GError **error)
{
  const json_t *package = json_object_get(affected, "package"), *ranges, *versions;
  const json_t *specific = json_object_get(affected, "database_specific");
  const char *ecosystem = oakum_text_of(package, "ecosystem"),
             *name = oakum_text_of(package, "name"), *id = r->base.record;
  if (!package)
    return TRUE; /* a repository without a package: nothing that is installed can match */
  if (!ecosystem || !name)
    return invalid(id, "a package without ecosystem or name", error);
  if (!list_of(affected, "ranges", OAKUM_OSV_AFFECTED_MAX, id, &ranges, error) ||
      !list_of(affected, "versions", OAKUM_OSV_AFFECTED_MAX, id, &versions, error))
    return FALSE;
  g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(OakumAdvisoryRange));
  g_autoptr(GPtrArray) listed = g_ptr_array_new(), fixes = g_ptr_array_new();
  g_autofree char *flavour = NULL, *product = NULL;
  g_autofree char *key = oakum_ecosystem_key(ecosystem, &flavour, &product);
  OakumVersionScheme scheme = OAKUM_VERSION_GENERIC;
  gboolean ordered = oakum_version_scheme_parse(oakum_ecosystem_scheme(key), &scheme);
  Bound known = last_known(specific);
  for (size_t i = 0; i < json_array_size(ranges); i++)
    if (!add_range(json_array_get(ranges, i), id, scheme, known, list, error))
      return FALSE;
  if (list->len > OAKUM_OSV_AFFECTED_MAX || !read_versions(versions, id, listed, error) ||
      !read_versions(json_object_get(specific, "fixed_versions"), id, fixes, error))
    return list->len > OAKUM_OSV_AFFECTED_MAX ? invalid(id, "too many ranges", error) : FALSE;
  if (list->len == 0 && listed->len == 1 && fixes->len == 1)
    return TRUE; /* it says nothing of any version */
  if (list->len > 0 && ordered) {
    if (oakum_distro_rule(key)) /* these lists have thousands of builds, out of the ranges */
      g_ptr_array_set_size(listed, 0), g_ptr_array_add(listed, NULL);
    else
      drop_spelled_out(listed, list, scheme);
  }
  OakumAdvisory e = r->base;
  const char *word;
  OakumSeverity own = severity_of(affected, &word);
  if (own != OAKUM_SEVERITY_UNKNOWN) {
    e.severity = own;
    e.severity_word = word;
  }
  e.kind = kind_of(key, affected);
  e.ranges = (const OakumAdvisoryRange *)list->data;
  e.n_ranges = list->len;
  e.versions = (const char **)listed->pdata;
  e.fixes = (const char **)fixes->pdata;
  e.status = status_of(specific, list, fixes, listed->len > 1);
  e.flavour = flavour;
  e.product = product;
  g_autofree char *fix_date = oakum_feed_date(oakum_text_of(specific, "changelog_date"));
  g_autofree char *note = oakum_title(oakum_text_of(specific, "note"));
  e.fix_date = fix_date;
  e.note = note;
  if (!add_binaries(r, affected, key, &e))
    oakum_ingest_package(r->in, r->feed, key, name, &e);
  return TRUE;
}

/* Builders of Ubuntu's records list there what is not affected: [ecosystem, package, since]. */
static void add_not_affected(const Record *r, const json_t *list)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    const char *ecosystem = json_string_value(json_array_get(one, 0)),
               *name = json_string_value(json_array_get(one, 1)),
               *since = json_string_value(json_array_get(one, 2));
    if (!ecosystem || !name || !*ecosystem || !*name)
      continue;
    g_autofree char *flavour = NULL;
    g_autofree char *key = oakum_ecosystem_key(ecosystem, &flavour, NULL);
    OakumAdvisory e = r->base;
    g_autofree char *note = oakum_title(since);
    e.kind = kind_of(key, NULL);
    e.status = OAKUM_STATUS_NOT_AFFECTED;
    e.flavour = flavour;
    e.note = note;
    oakum_ingest_package(r->in, r->feed, key, name, &e);
  }
}

static void add_vulnerability(const Record *r, const json_t *record, const char **aliases)
{
  const json_t *severity = json_object_get(record, "severity"),
               *references = json_object_get(record, "references"),
               *own = json_object_get(record, "database_specific"),
               *cwes = json_object_get(own, "cwe_ids");
  OakumCvss cvss[OAKUM_ADVISORY_CVSS_MAX];
  const char *urls[OAKUM_ADVISORY_REFERENCES_MAX + 1] = {NULL},
                                                   *weak[OAKUM_ADVISORY_CWES_MAX + 1] = {NULL};
  const char *summary = oakum_text_of(record, "summary");
  g_autofree char *title = oakum_title(summary ? summary : oakum_text_of(record, "details"));
  OakumVulnerability v = {.id = r->base.record,
                          .aliases = aliases,
                          .title = title,
                          .cvss = cvss,
                          .cwes = weak,
                          .references = urls,
                          .published = oakum_text_of(record, "published"),
                          .modified = r->base.modified,
                          .withdrawn = oakum_text_of(record, "withdrawn"),
                          .severity = r->base.severity,
                          .severity_word = r->base.severity_word};
  const json_t *affected = json_object_get(record, "affected");
  if (json_array_size(severity) == 0)
    severity = json_object_get(json_array_get(affected, 0), "severity");
  for (size_t i = 0; i < json_array_size(severity) && v.n_cvss < G_N_ELEMENTS(cvss); i++) {
    const json_t *one = json_array_get(severity, i);
    const char *type = oakum_text_of(one, "type"), *score = oakum_text_of(one, "score");
    if (type && score && g_str_has_prefix(type, "CVSS_"))
      cvss[v.n_cvss++] = (OakumCvss){type, score, NULL};
  }
  for (size_t i = 0, n = 0; i < json_array_size(references) && n + 1 < G_N_ELEMENTS(urls); i++) {
    const char *url = oakum_text_of(json_array_get(references, i), "url");
    if (url && strlen(url) <= OAKUM_ADVISORY_REFERENCE_MAX)
      urls[n++] = url;
  }
  if (!cwes)
    cwes = json_object_get(own, "cwes");
  for (size_t i = 0, n = 0; i < json_array_size(cwes) && n + 1 < G_N_ELEMENTS(weak); i++) {
    const json_t *one = json_array_get(cwes, i);
    const char *cwe = json_is_object(one) ? oakum_text_of(one, "cweId") : json_string_value(one);
    if (cwe && *cwe)
      weak[n++] = cwe;
  }
  oakum_ingest_vulnerability(r->in, r->feed, &v);
}

/* The home of a record is told by its id ("GHSA-…"); some collections take over the ids of others.
 */
static char *part_of(const json_t *record, const char *id)
{
  const json_t *aliases = json_object_get(record, "aliases"),
               *first = json_array_get(json_object_get(record, "affected"), 0);
  for (size_t i = 0; i < json_array_size(aliases); i++) {
    const char *name = json_string_value(json_array_get(aliases, i));
    if (name && g_str_has_prefix(name, "VCID-"))
      return g_strdup("VulnerableCode");
  }
  const char *ecosystem = oakum_text_of(json_object_get(first, "package"), "ecosystem");
  if (g_strcmp0(ecosystem, "DHI") == 0)
    return g_strdup("DHI");
  size_t n = strcspn(id, "-");
  if (n > 32)
    n = 32;
  if (g_str_has_prefix(id, "DEBIAN-CHANGELOG-") || g_str_has_prefix(id, "DEBIAN-OPEN-"))
    n = strcspn(id + 7, "-") + 7;
  return g_strndup(id, n);
}

/* Databases that build their dates later leave "modified" empty or in the year 1. */
static char *record_date(const json_t *json)
{
  char *date = oakum_feed_date(oakum_text_of(json, "modified"));
  return date ? date : oakum_feed_date(oakum_text_of(json, "published"));
}

static gboolean read_record(OakumIngest *in, const json_t *json, const char **id_out, guint *feed,
                            GError **error)
{
  const char *id = oakum_text_of(json, "id");
  const json_t *affected = json_object_get(json, "affected");
  *id_out = id;
  if (!json_is_object(json) || !id || strpbrk(id, " \t\r\n") ||
      (affected && !json_is_array(affected)))
    return oakum_feed_invalid(error,
                              "a record without id, or with an \"affected\" that is no list");
  if (json_array_size(affected) > OAKUM_OSV_AFFECTED_MAX) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT, "more than %u affected packages",
                OAKUM_OSV_AFFECTED_MAX);
    return FALSE;
  }
  g_autofree char *part = part_of(json, id);
  *feed = oakum_ingest_feed(in, "osv", part);
  if (oakum_text_of(json, "withdrawn"))
    return TRUE;
  g_autofree char *date = record_date(json);
  g_autoptr(GPtrArray) shown = g_ptr_array_new(), others = g_ptr_array_new();
  if (!choose_ids(json, id, shown, others, error))
    return FALSE;
  Record r = {in, *feed, {.record = id, .modified = date}};
  r.base.ids = (const char **)shown->pdata;
  r.base.aliases = (const char **)others->pdata;
  r.base.severity = severity_of(json, &r.base.severity_word);
  for (size_t i = 0; i < json_array_size(affected); i++)
    if (!add_affected(&r, json_array_get(affected, i), error))
      return FALSE;
  const json_t *own = json_object_get(json, "database_specific");
  if (json_is_object(own))
    add_not_affected(&r, json_object_get(own, "not_affected"));
  /* all its names but its own */
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; i + 1 < shown->len; i++)
    if (strcmp(shown->pdata[i], id) != 0)
      g_ptr_array_add(names, shown->pdata[i]);
  for (guint i = 0; i + 1 < others->len; i++)
    if (strcmp(others->pdata[i], id) != 0)
      g_ptr_array_add(names, others->pdata[i]);
  g_ptr_array_add(names, NULL);
  add_vulnerability(&r, json, (const char **)names->pdata);
  return TRUE;
}

static gboolean read_one(OakumIngest *in, const json_t *json, GError **error)
{
  const char *id = NULL;
  guint feed = 0;
  g_autoptr(GError) local = NULL;
  if (!read_record(in, json, &id, &feed, &local)) {
    oakum_ingest_bad(in, id, g_steal_pointer(&local));
    return TRUE;
  }
  g_autofree char *date = record_date(json);
  return oakum_ingest_keep(in, feed, id, date, error);
}

gboolean oakum_read_osv(OakumIngest *in, OakumReader *reader, GError **error)
{
  g_autoptr(OakumJsonSplit) split = oakum_json_split_new(reader, OAKUM_SPLIT_VALUES, NULL);
  int more;
  const char *parent, *key;
  json_t *json;
  while ((more = oakum_ingest_next(in, split, &parent, &key, &json, error)) > 0) {
    OAKUM_AUTO_JSON *owned = json;
    in->line = oakum_json_split_line(split);
    if (!read_one(in, owned, error))
      return FALSE;
  }
  in->documents += more == 0;
  return more == 0;
}
