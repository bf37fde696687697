/* OSV records: the OSV schema, version 1.7, sections affected, ranges, events. */
#include "advisory/osv-private.h"
#include <string.h>

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

static gboolean any_begins(const json_t *list, const char *prefix)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *name = json_string_value(json_array_get(list, i));
    if (name && g_str_has_prefix(name, prefix))
      return TRUE;
  }
  return FALSE;
}

/* What a finding shows: the record's own id when that is a CVE; else the CVE that it is an alias
 * of; else every CVE upstream of it, because one advisory of a distribution mends several (without
 * a CVE there every advisory of GitHub: CleanStart's); else its own id. What is left over are
 * aliases. */
static gboolean choose_ids(const json_t *record, const char *id, GPtrArray *shown,
                           GPtrArray *others, GError **error)
{
  static const char *const keys[] = {"aliases", "upstream", "related"};
  g_autoptr(GPtrArray) rest = g_ptr_array_new();
  if (g_str_has_prefix(id, "CVE-"))
    g_ptr_array_add(shown, (gpointer)id);
  for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
    const json_t *list;
    if (!oakum_osv_list(record, keys[k], OAKUM_ADVISORY_NAMES_MAX, &list, error))
      return FALSE;
    gboolean open = shown->len == 0;
    if (k == 2 && !(open && related_counts(id)))
      break;
    const char *wanted = k == 1 && !any_begins(list, "CVE-") ? "GHSA-" : "CVE-";
    for (size_t i = 0; i < json_array_size(list); i++) {
      const char *name = json_string_value(json_array_get(list, i));
      if (!name)
        return oakum_feed_invalid(error, "another name of it is no name");
      if (!*name || strpbrk(name, " \t\r\n"))
        continue; /* a name that nobody can ask for; the record stands all the same */
      gboolean show = open && g_str_has_prefix(name, wanted) && (k > 0 || shown->len == 0);
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

/* A word counts over a score: what is said of the package, else what GitHub and its like say of the
 * whole record. */
static OakumSeverity severity_of(const json_t *holder, const char **word)
{
  const json_t *list = json_object_get(holder, "severity");
  const char *general = oakum_text_of(json_object_get(holder, "database_specific"), "severity");
  *word = word_of(holder);
  if (!*word && oakum_severity_word(general) != OAKUM_SEVERITY_UNKNOWN)
    *word = general;
  OakumSeverity best = oakum_severity_word(*word);
  for (size_t i = 0; best == OAKUM_SEVERITY_UNKNOWN && i < json_array_size(list); i++) {
    const char *score = oakum_text_of(json_array_get(list, i), "score");
    best = score ? oakum_cvss3_severity(score) : OAKUM_SEVERITY_UNKNOWN;
  }
  return best;
}

/* "Important" of "Important: openssl security update": AlmaLinux and Rocky rate in the title alone,
 * by Red Hat's words. New string, or NULL. */
static char *word_of_title(const char *id, const char *title)
{
  static const char *const words[] = {"Critical", "Important", "Moderate", "Low", NULL};
  const char *colon = title ? strchr(title, ':') : NULL;
  if (!colon || (!g_str_has_prefix(id, "ALSA-") && !g_str_has_prefix(id, "RLSA-") &&
                 !g_str_has_prefix(id, "RXSA-")))
    return NULL;
  g_autofree char *word = g_strndup(title, (gsize)(colon - title));
  return g_strv_contains(words, word) ? g_steal_pointer(&word) : NULL;
}

/* The scores of a record, else those of its first package: the schema wants them in one place
 * alone.
 */
static const json_t *scores_of(const json_t *record)
{
  const json_t *list = json_object_get(record, "severity");
  const json_t *first = json_array_get(json_object_get(record, "affected"), 0);
  return json_array_size(list) ? list : json_object_get(first, "severity");
}

/* The vector of the latest CVSS in a list, NULL for none: "AV:", "CVSS:3.0", "CVSS:3.1" and
 * "CVSS:4.0" follow each other as text, too. */
static const char *vector_of(const json_t *list)
{
  const char *best = NULL;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *one = oakum_text_of(json_array_get(list, i), "score");
    if (one && oakum_cvss3_severity(one) != OAKUM_SEVERITY_UNKNOWN &&
        (!best || strncmp(one, best, strlen("CVSS:4.0")) > 0))
      best = one;
  }
  return best;
}

static gboolean read_versions(const json_t *list, GPtrArray *out, GError **error)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *version = json_string_value(json_array_get(list, i));
    if (!version || strpbrk(version, "\r\n"))
      return oakum_feed_invalid(error, "a listed version that is none");
    g_ptr_array_add(out, (gpointer)version);
  }
  g_ptr_array_add(out, NULL);
  return TRUE;
}

/* "ruby:3.3" of "Moderate: ruby:3.3 security update": AlmaLinux and Rocky tell the stream of a
 * module in the title alone. NULL when it has none, or more than one. */
static char *module_of_title(const char *title)
{
  g_auto(GStrv) words = g_strsplit_set(title ? title : "", " ,", -1);
  const char *module = NULL;
  for (char **word = words; *word; word++) {
    const char *colon = strchr(*word, ':');
    if (!colon || colon == *word || !g_ascii_isalnum(colon[1]) || strchr(colon + 1, ':'))
      continue;
    if (module)
      return NULL;
    module = *word;
  }
  return g_strdup(module);
}

/* Whether what mends it was built as a part of a module. */
static gboolean mended_in_module(const GArray *ranges)
{
  for (guint i = 0; i < ranges->len; i++) {
    const char *fixed = g_array_index(ranges, OakumAdvisoryRange, i).fixed;
    if (fixed && (strstr(fixed, ".module") || strstr(fixed, "+module+")))
      return TRUE;
  }
  return FALSE;
}

/* OSV's records do not say whether they name a source or a package, but for a purl with
 * "arch=source"; the habit of the distribution does. Rocky's own lists a source alone
 * (java-11-openjdk, of which images have the -headless), by a purl with a release and no
 * architecture. */
static OakumNameKind kind_of(const char *key, const json_t *affected)
{
  const OakumDistroRule *rule = oakum_distro_rule(key);
  const char *purl = oakum_text_of(json_object_get(affected, "package"), "purl");
  if (!rule)
    return OAKUM_NAME_LANGUAGE;
  gboolean source = rule->names_source ||
                    (purl && (strstr(purl, "arch=source") || strstr(purl, "arch=src"))) ||
                    (purl && g_str_has_prefix(purl, "pkg:rpm/rocky-linux/") &&
                     strstr(purl, "distro=") && !strstr(purl, "arch="));
  return source ? OAKUM_NAME_SOURCE : OAKUM_NAME_BINARY;
}

/* Whether one of a list of systems is Linux; where none is named, it is every one. */
static gboolean on_linux(const json_t *systems)
{
  for (size_t i = 0; i < json_array_size(systems); i++)
    if (g_strcmp0(json_string_value(json_array_get(systems, i)), "linux") == 0)
      return TRUE;
  return json_array_size(systems) == 0;
}

/* Go's records tell of each of a module's packages, RustSec's of a crate, on which systems they
 * have the hole: what is there for others alone is no hole of what runs in an image. */
static gboolean concerns_linux(const json_t *affected)
{
  const json_t *own = json_object_get(affected, "ecosystem_specific"),
               *imports = json_object_get(own, "imports");
  gboolean any = json_array_size(imports) == 0;
  for (size_t i = 0; i < json_array_size(imports); i++)
    any |= on_linux(json_object_get(json_array_get(imports, i), "goos"));
  return any && on_linux(json_object_get(json_object_get(own, "affects"), "os"));
}

/* What is published beside holes, so that people hear of it: a crate that nobody looks after. What
 * is "unsound" may well be a hole. */
static gboolean only_informs(const json_t *specific)
{
  const char *word = oakum_text_of(specific, "informational");
  return word && (strcmp(word, "unmaintained") == 0 || strcmp(word, "notice") == 0);
}

static const struct {
  const char *word;
  OakumAdvisoryStatus status;
} states[] = {{"will_not_fix", OAKUM_STATUS_WILL_NOT_FIX},
              /* of Wolfi, made of the events of its advisories */
              {"detection", OAKUM_STATUS_UNDER_INVESTIGATION},
              {"pending-upstream-fix", OAKUM_STATUS_FIX_DEFERRED},
              {"fix-not-planned", OAKUM_STATUS_WILL_NOT_FIX},
              {"analysis-not-planned", OAKUM_STATUS_WILL_NOT_FIX},
              {"ignored", OAKUM_STATUS_WILL_NOT_FIX},
              {"deferred", OAKUM_STATUS_FIX_DEFERRED},
              {"postponed", OAKUM_STATUS_FIX_DEFERRED},
              {"end_of_life", OAKUM_STATUS_END_OF_LIFE},
              {"needs-triage", OAKUM_STATUS_UNDER_INVESTIGATION}};

static OakumAdvisoryStatus status_of(const json_t *specific, const json_t *own,
                                     const GArray *ranges, const GPtrArray *fixes,
                                     gboolean versions)
{
  const char *word = oakum_text_of(specific, "status");
  if (!word)
    word = oakum_text_of(specific, "last_event");
  if (g_strcmp0(oakum_text_of(own, "urgency"), "end-of-life") == 0) /* Debian's */
    word = "end_of_life";
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
  const char *module; /* the stream that its title names, or NULL */
  const char *vector; /* what the vulnerability as such is scored by, or NULL */
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
             *name = oakum_text_of(package, "name");
  if (!package)
    return TRUE; /* a repository without a package: nothing that is installed can match */
  if (!ecosystem || !name)
    return oakum_feed_invalid(error, "a package without ecosystem or name");
  if (!concerns_linux(affected))
    return TRUE;
  if (strcmp(ecosystem, "Alpine") == 0 && g_str_has_prefix(r->base.record, "CLEANSTART-"))
    ecosystem = "CleanStart"; /* Alpine itself has releases */
  if (!oakum_osv_list(affected, "ranges", OAKUM_OSV_AFFECTED_MAX, &ranges, error) ||
      !oakum_osv_list(affected, "versions", OAKUM_OSV_AFFECTED_MAX, &versions, error))
    return FALSE;
  g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(OakumAdvisoryRange));
  g_autoptr(GPtrArray) listed = g_ptr_array_new(), fixes = g_ptr_array_new();
  g_autofree char *flavour = NULL, *product = NULL;
  g_autofree char *key = oakum_ecosystem_key(ecosystem, &flavour, &product);
  OakumVersionScheme scheme = OAKUM_VERSION_GENERIC;
  gboolean ordered = oakum_version_scheme_parse(oakum_ecosystem_scheme(key), &scheme);
  if (!oakum_osv_ranges(ranges, specific, scheme, list, error) ||
      !read_versions(versions, listed, error) ||
      !read_versions(json_object_get(specific, "fixed_versions"), fixes, error))
    return FALSE;
  if (list->len == 0 && listed->len == 1 && fixes->len == 1)
    return TRUE; /* it says nothing of any version */
  if (list->len > 0 && ordered) {
    if (oakum_distro_rule(key)) /* these lists have thousands of builds, out of the ranges */
      g_ptr_array_set_size(listed, 0), g_ptr_array_add(listed, NULL);
    else
      oakum_osv_drop_spelled_out(listed, list, scheme);
  }
  OakumAdvisory e = r->base;
  const char *word;
  OakumSeverity own = severity_of(affected, &word);
  if (own != OAKUM_SEVERITY_UNKNOWN && !word) { /* a score of this package, not of the whole */
    word = vector_of(json_object_get(affected, "severity"));
    word = g_strcmp0(word, r->vector) == 0 ? NULL : word;
  }
  if (own != OAKUM_SEVERITY_UNKNOWN) {
    e.severity = own;
    e.severity_word = word;
  } else if (e.severity == OAKUM_SEVERITY_UNKNOWN && only_informs(specific)) {
    e.severity = OAKUM_SEVERITY_NEGLIGIBLE;
    e.severity_word = oakum_text_of(specific, "informational");
  }
  e.kind = kind_of(key, affected);
  if (key && (g_str_has_prefix(key, "AlmaLinux") || g_str_has_prefix(key, "Rocky")) &&
      mended_in_module(list))
    e.module = r->module;
  e.ranges = (const OakumAdvisoryRange *)list->data;
  e.n_ranges = list->len;
  e.versions = (const char **)listed->pdata;
  e.fixes = (const char **)fixes->pdata;
  e.status = status_of(specific, json_object_get(affected, "ecosystem_specific"), list, fixes,
                       listed->len > 1);
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
  const json_t *severity = scores_of(record), *references = json_object_get(record, "references"),
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
  if (g_strcmp0(ecosystem, "DHI") == 0 || g_strcmp0(ecosystem, "Docker Hardened Images") == 0)
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
  Record r = {in, *feed, {.record = id, .modified = date}, NULL, NULL};
  r.base.ids = (const char **)shown->pdata;
  r.base.aliases = (const char **)others->pdata;
  g_autofree char *module = module_of_title(oakum_text_of(json, "summary"));
  r.module = module;
  r.base.severity = severity_of(json, &r.base.severity_word);
  g_autofree char *rated = word_of_title(id, oakum_text_of(json, "summary"));
  if (rated && !r.base.severity_word) { /* the vendor's word counts over a score */
    r.base.severity_word = rated;
    r.base.severity = oakum_severity_word(rated);
  }
  r.vector = vector_of(scores_of(json));
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
