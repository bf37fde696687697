/* OSV records: the OSV schema, version 1.7, sections affected, ranges, events. */
#include "advisory/advisory-private.h"
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text && *text ? text : NULL;
}

static gboolean invalid(const char *record, const char *what, GError **error)
{
  g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, "%s: %s", record, what);
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

static void add_name(GPtrArray *names, const char *name)
{
  if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
    g_ptr_array_add(names, g_strdup(name));
}

/* What a finding shows: the record's own id when that is a CVE; else the CVE that it is an alias
 * of; else every CVE upstream of it, because one advisory of a distribution mends several; else its
 * own id. What is left over are aliases, separated by spaces. */
static gboolean choose_ids(const json_t *record, const char *id, GPtrArray *shown, char **aliases,
                           GError **error)
{
  static const char *const keys[] = {"aliases", "upstream"};
  g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
  if (g_str_has_prefix(id, "CVE-"))
    add_name(shown, id);
  for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
    const json_t *list;
    if (!list_of(record, keys[k], OAKUM_ADVISORY_NAMES_MAX, id, &list, error))
      return FALSE;
    gboolean open = shown->len == 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
      const char *name = json_string_value(json_array_get(list, i));
      if (!name || !*name || strpbrk(name, " \t\r\n"))
        return invalid(id, "another name of it is no name", error);
      gboolean show = open && g_str_has_prefix(name, "CVE-") && (k > 0 || shown->len == 0);
      add_name(show ? shown : others, name);
    }
  }
  if (shown->len == 0)
    add_name(shown, id);
  add_name(others, id);
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < others->len; i++)
    if (!g_ptr_array_find_with_equal_func(shown, others->pdata[i], g_str_equal, NULL))
      g_string_append_printf(text, "%s%s", text->len ? " " : "", (char *)others->pdata[i]);
  *aliases = g_string_free(g_steal_pointer(&text), FALSE);
  return TRUE;
}

/* Words of GitHub, Debian ("urgency") and Ubuntu. */
static OakumSeverity severity_word(const char *word)
{
  static const struct {
    const char *word;
    OakumSeverity severity;
  } more[] = {{"unimportant", OAKUM_SEVERITY_NEGLIGIBLE},
              {"moderate", OAKUM_SEVERITY_MEDIUM},
              {"important", OAKUM_SEVERITY_HIGH}};
  OakumSeverity severity;
  for (size_t i = 0; word && i < G_N_ELEMENTS(more); i++)
    if (g_ascii_strcasecmp(word, more[i].word) == 0)
      return more[i].severity;
  return word && oakum_severity_parse(word, &severity) ? severity : OAKUM_SEVERITY_UNKNOWN;
}

/* What the distribution says of its own package counts over a score. */
static OakumSeverity severity_of(const json_t *holder)
{
  const json_t *own = json_object_get(holder, "ecosystem_specific");
  OakumSeverity best =
      MAX(severity_word(text_of(own, "severity")), severity_word(text_of(own, "urgency")));
  const json_t *list = json_object_get(holder, "severity");
  for (size_t i = 0; best == OAKUM_SEVERITY_UNKNOWN && i < json_array_size(list); i++) {
    const char *score = text_of(json_array_get(list, i), "score");
    OakumSeverity one = score ? oakum_cvss3_severity(score) : OAKUM_SEVERITY_UNKNOWN;
    best = one != OAKUM_SEVERITY_UNKNOWN ? one : severity_word(score);
  }
  if (best == OAKUM_SEVERITY_UNKNOWN)
    best = severity_word(text_of(json_object_get(holder, "database_specific"), "severity"));
  return best;
}

/* One event has one of the three keys; *kind is its index. */
static gboolean read_event(const json_t *event, const char *record, int *kind, const char **version,
                           GError **error)
{
  static const char *const keys[] = {"introduced", "fixed", "last_affected"};
  *kind = -1;
  for (int k = 0; k < (int)G_N_ELEMENTS(keys); k++) {
    const json_t *value = json_object_get(event, keys[k]);
    if (!value)
      continue;
    *version = json_string_value(value);
    if (*kind >= 0 || !*version || !**version || strpbrk(*version, "\r\n"))
      return invalid(record, "an event that is not one version", error);
    *kind = k;
  }
  /* "limit" bounds the enumeration of commits and says nothing here */
  return *kind >= 0 || json_object_get(event, "limit") ||
         invalid(record, "an event of no known kind", error);
}

static gboolean add_range(OakumAdvisoryImport *import, const char *ecosystem, const char *package,
                          const json_t *range, OakumAdvisory *advisory, guint *seq, GError **error)
{
  const char *type = text_of(range, "type"), *from = NULL;
  const json_t *events;
  if (!type)
    return invalid(advisory->record, "a range without a type", error);
  if (strcmp(type, "GIT") == 0)
    return TRUE;
  if (!list_of(range, "events", OAKUM_OSV_AFFECTED_MAX, advisory->record, &events, error))
    return FALSE;
  for (size_t i = 0; i < json_array_size(events); i++) {
    int kind;
    const char *version = NULL;
    if (!read_event(json_array_get(events, i), advisory->record, &kind, &version, error))
      return FALSE;
    if (kind == 0 && !from) /* a second start inside a range that is open changes nothing */
      from = version;
    if (kind <= 0)
      continue;
    advisory->introduced = (char *)from;
    advisory->fixed = kind == 1 ? (char *)version : NULL;
    advisory->last_affected = kind == 2 ? (char *)version : NULL;
    if (!oakum_advisory_add(import, ecosystem, package, (*seq)++, advisory, error))
      return FALSE;
    from = NULL;
  }
  /* never closed: affected to this day */
  advisory->introduced = (char *)from;
  advisory->fixed = advisory->last_affected = NULL;
  return !from || oakum_advisory_add(import, ecosystem, package, (*seq)++, advisory, error);
}

static gboolean add_affected(OakumAdvisoryImport *import, const json_t *affected,
                             OakumAdvisory *advisory, guint *seq, GError **error)
{
  const json_t *package = json_object_get(affected, "package"), *ranges, *versions;
  const char *ecosystem = text_of(package, "ecosystem"), *name = text_of(package, "name");
  if (!package)
    return TRUE; /* a repository without a package: nothing that is installed can match */
  if (!ecosystem || !name)
    return invalid(advisory->record, "a package without ecosystem or name", error);
  if (!list_of(affected, "ranges", OAKUM_OSV_AFFECTED_MAX, advisory->record, &ranges, error) ||
      !list_of(affected, "versions", OAKUM_OSV_AFFECTED_MAX, advisory->record, &versions, error))
    return FALSE;
  guint before = *seq;
  for (size_t i = 0; i < json_array_size(ranges); i++)
    if (!add_range(import, ecosystem, name, json_array_get(ranges, i), advisory, seq, error))
      return FALSE;
  advisory->introduced = advisory->fixed = advisory->last_affected = NULL;
  if (*seq > before || json_array_size(versions) == 0)
    return TRUE;
  g_autoptr(GString) list = g_string_new(NULL);
  for (size_t i = 0; i < json_array_size(versions); i++) {
    const char *version = json_string_value(json_array_get(versions, i));
    if (!version || strpbrk(version, "\r\n"))
      return invalid(advisory->record, "a listed version that is none", error);
    g_string_append_printf(list, "%s\n", version);
  }
  advisory->versions = list->str;
  gboolean ok = oakum_advisory_add(import, ecosystem, name, (*seq)++, advisory, error);
  advisory->versions = NULL;
  return ok;
}

static gboolean add_all(OakumAdvisoryImport *import, const json_t *record, OakumAdvisory *advisory,
                        GPtrArray *shown, GError **error)
{
  const json_t *affected = json_object_get(record, "affected");
  OakumSeverity general = severity_of(record);
  guint seq = 0;
  for (guint s = 0; s < shown->len; s++)
    for (size_t i = 0; i < json_array_size(affected); i++) {
      const json_t *one = json_array_get(affected, i);
      OakumSeverity own = severity_of(one);
      advisory->id = shown->pdata[s];
      advisory->severity = own != OAKUM_SEVERITY_UNKNOWN ? own : general;
      if (!add_affected(import, one, advisory, &seq, error))
        return FALSE;
    }
  return TRUE;
}

gboolean oakum_advisory_read_osv(OakumAdvisoryImport *import, const json_t *record, GError **error)
{
  const char *id = text_of(record, "id"), *modified = text_of(record, "modified");
  const json_t *affected = json_object_get(record, "affected");
  if (!json_is_object(record) || !id || strpbrk(id, " \t\r\n") ||
      (affected && !json_is_array(affected))) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                "a record without id, or with an \"affected\" that is no list");
    return FALSE;
  }
  if (json_array_size(affected) > OAKUM_OSV_AFFECTED_MAX) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT,
                "%s: more than %u affected packages", id, OAKUM_OSV_AFFECTED_MAX);
    return FALSE;
  }
  import->records++;
  if (!oakum_advisory_forget(import, "osv", id, error))
    return FALSE;
  if (modified && g_strcmp0(modified, import->latest) > 0) {
    g_free(import->latest);
    import->latest = g_strdup(modified);
  }
  if (text_of(record, "withdrawn"))
    return TRUE;
  const char *summary = text_of(record, "summary"), *details = text_of(record, "details");
  OakumAdvisory advisory = {.record = (char *)id, .feed = (char *)"osv"};
  g_autofree char *title = NULL;
  if (summary || details) { /* one line of at most 200 bytes, cut between characters */
    g_autofree char *line =
        g_strndup(summary ? summary : details, strcspn(summary ? summary : details, "\r\n"));
    title = g_utf8_strlen(line, -1) > 200 ? g_utf8_substring(line, 0, 200) : g_strdup(line);
  }
  advisory.title = title;
  g_autoptr(GPtrArray) shown = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *aliases = NULL;
  if (!choose_ids(record, id, shown, &aliases, error))
    return FALSE;
  advisory.aliases = aliases;
  return add_all(import, record, &advisory, shown, error);
}

/* ---- Alpine's security database (secdb.alpinelinux.org)
 * ---------------------------------------------- */

/* "CVE-2020-29040 XSA-355 (+ regression)": the first word is shown, further ones that look like ids
 * are other names. */
static char *secdb_aliases(char **words)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (char **word = words; *word; word++)
    if (g_ascii_isupper(**word) && strchr(*word, '-') && strpbrk(*word, "0123456789"))
      g_string_append_printf(text, "%s%s", text->len ? " " : "", *word);
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean add_secfixes(OakumAdvisoryImport *import, const char *ecosystem, const char *feed,
                             const char *package, const json_t *fixes, guint *seq, GError **error)
{
  const char *version;
  json_t *ids;
  json_object_foreach((json_t *)fixes, version, ids)
  {
    if (json_is_null(ids))
      continue;
    if (!json_is_array(ids) || !*version)
      return invalid(package, "a fix is not \"version\": [id]", error);
    /* "0": the package was never affected */
    if (strcmp(version, "0") == 0)
      continue;
    for (size_t i = 0; i < json_array_size(ids); i++) {
      const char *text = json_string_value(json_array_get(ids, i));
      g_autofree char *stripped = g_strstrip(g_strdup(text ? text : ""));
      g_auto(GStrv) words = g_strsplit_set(stripped, " \t\r\n", -1);
      if (!words[0] || !*words[0])
        return invalid(package, "a fix of something without a name", error);
      g_autofree char *aliases = secdb_aliases(words + 1);
      OakumAdvisory advisory = {.record = words[0],
                                .id = words[0],
                                .aliases = aliases,
                                .introduced = (char *)"0",
                                .fixed = (char *)version,
                                .feed = (char *)feed};
      if (!oakum_advisory_add(import, ecosystem, package, (*seq)++, &advisory, error))
        return FALSE;
    }
  }
  import->records++;
  return TRUE;
}

gboolean oakum_advisory_read_secdb(OakumAdvisoryImport *import, const json_t *document,
                                   GError **error)
{
  const char *release = text_of(document, "distroversion"),
             *repository = text_of(document, "reponame");
  const json_t *packages = json_object_get(document, "packages");
  if (!release || !repository || !json_is_array(packages)) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                "no Alpine security database: \"distroversion\", \"reponame\" or \"packages\" is "
                "missing");
    return FALSE;
  }
  g_autofree char *ecosystem = g_strconcat("Alpine:", release, NULL);
  g_autofree char *feed = g_strconcat("alpine-secdb ", repository, NULL);
  if (!oakum_advisory_forget_feed(import, ecosystem, feed, error))
    return FALSE;
  guint seq = 0; /* over all packages: one that is listed twice keeps both lists */
  for (size_t i = 0; i < json_array_size(packages); i++) {
    const json_t *package = json_object_get(json_array_get(packages, i), "pkg");
    const char *name = text_of(package, "name");
    const json_t *fixes = json_object_get(package, "secfixes");
    if (!name || (fixes && !json_is_object(fixes))) {
      g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                  "package %zu has no name, or \"secfixes\" that is no object", i);
      return FALSE;
    }
    if (fixes && !add_secfixes(import, ecosystem, feed, name, fixes, &seq, error))
      return FALSE;
  }
  return TRUE;
}
