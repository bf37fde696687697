/* OSV records: the OSV schema, version 1.7, sections affected, ranges, events. */
#include "advisory/advisory-private.h"
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text && *text ? text : NULL;
}

/* The CVE that people know it by: the record itself, what it is upstream of, or an alias. */
static void choose_ids(const json_t *record, OakumAdvisory *advisory)
{
  static const char *const lists[] = {"upstream", "aliases", "related"};
  g_autoptr(GString) others = g_string_new(NULL);
  const char *shown = g_str_has_prefix(advisory->record, "CVE-") ? advisory->record : NULL;
  for (size_t l = 0; l < 2; l++) {
    const json_t *list = json_object_get(record, lists[l]);
    for (size_t i = 0; i < json_array_size(list) && others->len < 4096; i++) {
      const char *id = json_string_value(json_array_get(list, i));
      if (!id || strchr(id, ' '))
        continue;
      if (!shown && g_str_has_prefix(id, "CVE-"))
        shown = id;
      else
        g_string_append_printf(others, "%s%s", others->len ? " " : "", id);
    }
  }
  if (shown && strcmp(shown, advisory->record) != 0)
    g_string_append_printf(others, "%s%s", others->len ? " " : "", advisory->record);
  advisory->id = g_strdup(shown ? shown : advisory->record);
  advisory->aliases = g_string_free(g_steal_pointer(&others), FALSE);
}

static OakumSeverity severity_of(const json_t *holder)
{
  OakumSeverity best = OAKUM_SEVERITY_UNKNOWN;
  const json_t *list = json_object_get(holder, "severity");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *score = text_of(json_array_get(list, i), "score");
    OakumSeverity one = score ? oakum_cvss3_severity(score) : OAKUM_SEVERITY_UNKNOWN;
    if (score && one == OAKUM_SEVERITY_UNKNOWN && !oakum_severity_parse(score, &one))
      one = OAKUM_SEVERITY_UNKNOWN;
    best = MAX(best, one);
  }
  const char *word = text_of(json_object_get(holder, "database_specific"), "severity");
  OakumSeverity named;
  if (best == OAKUM_SEVERITY_UNKNOWN && word &&
      oakum_severity_parse(strcmp(word, "MODERATE") == 0 ? "medium" : word, &named))
    best = named;
  return best;
}

static gboolean add_range(OakumAdvisoryImport *import, const char *ecosystem, const char *package,
                          const json_t *range, OakumAdvisory *advisory, int *seq, GError **error)
{
  const char *type = text_of(range, "type");
  const json_t *events = json_object_get(range, "events");
  if (type && strcmp(type, "GIT") == 0)
    return TRUE;
  advisory->introduced = advisory->fixed = advisory->last_affected = NULL;
  for (size_t i = 0; i < json_array_size(events); i++) {
    const json_t *event = json_array_get(events, i);
    const char *introduced = text_of(event, "introduced"), *fixed = text_of(event, "fixed"),
               *last = text_of(event, "last_affected");
    if (introduced)
      advisory->introduced = (char *)introduced;
    if (!fixed && !last)
      continue;
    advisory->fixed = (char *)fixed;
    advisory->last_affected = (char *)last;
    if (!oakum_advisory_add(import, ecosystem, package, (*seq)++, advisory, error))
      return FALSE;
    advisory->introduced = advisory->fixed = advisory->last_affected = NULL;
  }
  /* never closed: affected to this day */
  return !advisory->introduced ||
         oakum_advisory_add(import, ecosystem, package, (*seq)++, advisory, error);
}

static gboolean add_affected(OakumAdvisoryImport *import, const json_t *affected,
                             OakumAdvisory *advisory, int *seq, GError **error)
{
  const json_t *package = json_object_get(affected, "package"),
               *ranges = json_object_get(affected, "ranges"),
               *versions = json_object_get(affected, "versions");
  const char *ecosystem = text_of(package, "ecosystem"), *name = text_of(package, "name");
  if (!ecosystem || !name)
    return TRUE; /* a repository without a package: nothing that is installed can match */
  gboolean any = FALSE;
  for (size_t i = 0; i < json_array_size(ranges); i++) {
    int before = *seq;
    if (!add_range(import, ecosystem, name, json_array_get(ranges, i), advisory, seq, error))
      return FALSE;
    any |= *seq > before;
  }
  advisory->introduced = advisory->fixed = advisory->last_affected = NULL;
  if (any || json_array_size(versions) == 0)
    return TRUE;
  g_autoptr(GString) list = g_string_new(NULL);
  for (size_t i = 0; i < json_array_size(versions); i++)
    if (json_is_string(json_array_get(versions, i)))
      g_string_append_printf(list, "%s\n", json_string_value(json_array_get(versions, i)));
  advisory->versions = list->str;
  gboolean ok = oakum_advisory_add(import, ecosystem, name, (*seq)++, advisory, error);
  advisory->versions = NULL;
  return ok;
}

gboolean oakum_advisory_read_osv(OakumAdvisoryImport *import, const json_t *record, GError **error)
{
  const char *id = text_of(record, "id"), *modified = text_of(record, "modified");
  const json_t *affected = json_object_get(record, "affected");
  if (!json_is_object(record) || !id || (affected && !json_is_array(affected))) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                "a record without id, or with an \"affected\" that is no list");
    return FALSE;
  }
  if (json_array_size(affected) > OAKUM_OSV_AFFECTED_MAX) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT,
                "%s: more than %u affected packages", id, OAKUM_OSV_AFFECTED_MAX);
    return FALSE;
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
  choose_ids(record, &advisory);
  OakumSeverity general = severity_of(record);
  int seq = 0;
  gboolean ok = TRUE;
  for (size_t i = 0; ok && i < json_array_size(affected); i++) {
    const json_t *one = json_array_get(affected, i);
    OakumSeverity own = severity_of(one);
    advisory.severity = own != OAKUM_SEVERITY_UNKNOWN ? own : general;
    ok = add_affected(import, one, &advisory, &seq, error);
  }
  g_free(advisory.id);
  g_free(advisory.aliases);
  if (modified && g_strcmp0(modified, import->latest) > 0) {
    g_free(import->latest);
    import->latest = g_strdup(modified);
  }
  import->records++;
  return ok;
}

/* ---- Alpine's security database (secdb.alpinelinux.org)
 * ---------------------------------------------- */
static gboolean add_secfixes(OakumAdvisoryImport *import, const char *ecosystem,
                             const char *package, const json_t *fixes, int *seq, GError **error)
{
  const char *version;
  json_t *ids;
  json_object_foreach((json_t *)fixes, version, ids)
  {
    /* "0": the package was never affected */
    if (strcmp(version, "0") == 0 || !json_is_array(ids))
      continue;
    for (size_t i = 0; i < json_array_size(ids); i++) {
      const char *text = json_string_value(json_array_get(ids, i));
      g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t", -1);
      if (!words[0] || !*words[0])
        continue;
      g_autofree char *rest = g_strjoinv(" ", words + 1);
      OakumAdvisory advisory = {.record = words[0],
                                .id = words[0],
                                .aliases = rest,
                                .introduced = (char *)"0",
                                .fixed = (char *)version,
                                .feed = (char *)"alpine-secdb"};
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
  const char *release = text_of(document, "distroversion");
  const json_t *packages = json_object_get(document, "packages");
  if (!release || !json_is_array(packages)) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                "no Alpine security database: \"distroversion\" or \"packages\" is missing");
    return FALSE;
  }
  g_autofree char *ecosystem = g_strconcat("Alpine:", release, NULL);
  for (size_t i = 0; i < json_array_size(packages); i++) {
    const json_t *package = json_object_get(json_array_get(packages, i), "pkg");
    const char *name = text_of(package, "name");
    const json_t *fixes = json_object_get(package, "secfixes");
    int seq = 0;
    if (!name || (fixes && !json_is_object(fixes))) {
      g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                  "package %zu has no name, or \"secfixes\" that is no object", i);
      return FALSE;
    }
    if (fixes && !add_secfixes(import, ecosystem, name, fixes, &seq, error))
      return FALSE;
  }
  return TRUE;
}
