/* Debian's security tracker (security-tracker.debian.org/tracker/data/json: package, CVE,
 * releases), and its lists of DSA and DLA (salsa.debian.org/security-tracker-team). */
#include "advisory/advisory-private.h"
#include <stdio.h>

/* New string or NULL: "Debian:12"; sid is what every next release begins with. */
static char *release_key(const char *codename)
{
  const char *release = oakum_distro_release("debian", codename);
  if (release)
    return g_strconcat("Debian:", release, NULL);
  return strcmp(codename, "sid") == 0 ? g_strdup("Debian:sid") : NULL;
}

static gboolean add_release(OakumIngest *in, guint feed, const char *package, const char *cve,
                            const char *release, const json_t *json, GError **error)
{
  const char *status = oakum_text_of(json, "status"), *fixed = oakum_text_of(json, "fixed_version"),
             *reason = oakum_text_of(json, "nodsa_reason");
  g_autofree char *ecosystem = release_key(release);
  if (!status)
    return oakum_feed_invalid(error, "%s: %s has no status", package, release);
  if (!ecosystem)
    return TRUE;
  g_autofree char *note = oakum_title(oakum_text_of(json, "nodsa"));
  OakumAdvisoryRange range = {NULL, fixed, NULL, FALSE};
  OakumAdvisory e = {.record = cve,
                     .kind = OAKUM_NAME_SOURCE,
                     .status = OAKUM_STATUS_AFFECTED,
                     .ranges = &range,
                     .n_ranges = 1,
                     .severity_word = oakum_text_of(json, "urgency"),
                     .note = note};
  e.severity = oakum_severity_word(e.severity_word);
  if (g_strcmp0(e.severity_word, "end-of-life") == 0)
    e.status = OAKUM_STATUS_END_OF_LIFE;
  if (strcmp(status, "resolved") == 0 && fixed && strcmp(fixed, "0") == 0) {
    e.status = OAKUM_STATUS_NOT_AFFECTED;
    e.n_ranges = 0;
  } else if (strcmp(status, "resolved") == 0) {
    if (!fixed)
      return oakum_feed_invalid(error, "%s: %s is resolved without a version", package, release);
    e.status = OAKUM_STATUS_FIXED;
  } else if (strcmp(status, "undetermined") == 0) {
    e.status = OAKUM_STATUS_UNDER_INVESTIGATION;
  } else if (e.status != OAKUM_STATUS_END_OF_LIFE && /* with words or without */
             (json_object_get(json, "nodsa") || json_object_get(json, "nodsa_reason"))) {
    e.status =
        g_strcmp0(reason, "ignored") == 0 ? OAKUM_STATUS_WILL_NOT_FIX : OAKUM_STATUS_FIX_DEFERRED;
  }
  if (e.status != OAKUM_STATUS_FIXED)
    range.fixed = NULL;
  oakum_ingest_package(in, feed, ecosystem, package, &e);
  return TRUE;
}

static gboolean read_tracker(OakumIngest *in, gpointer user, const char *parent, const char *key,
                             const json_t *json, OakumKept *kept, GError **error)
{
  const json_t *releases = json_object_get(json, "releases");
  const char *release;
  json_t *one;
  kept->feed = *(guint *)user;
  if (json_is_array(releases) && json_array_size(releases) == 0)
    return kept->skip = TRUE; /* what is in no release any more */
  if (!parent || !key || !json_is_object(releases))
    return oakum_feed_invalid(error, "no object of package, CVE and releases");
  json_object_foreach((json_t *)releases, release, one)
  {
    if (!add_release(in, kept->feed, parent, key, release, one, error))
      return FALSE;
  }
  g_autofree char *title = oakum_title(oakum_text_of(json, "description"));
  OakumVulnerability v = {.id = key, .title = title};
  if (title)
    oakum_ingest_vulnerability(in, kept->feed, &v);
  return TRUE;
}

gboolean oakum_read_debian(OakumIngest *in, OakumReader *reader, GError **error)
{
  static const char *const opened[] = {"*", NULL};
  guint feed = oakum_ingest_feed(in, "debian-tracker", NULL);
  oakum_ingest_whole(in, feed);
  return oakum_read_records(in, reader, OAKUM_SPLIT_MEMBERS, opened, read_tracker, &feed, error);
}

/* ---- DSA/list, DLA/list -----------------------------------------------------------------------
 * [29 Mar 2023] DSA-5380-1 xorg-server - security update
 *  {CVE-2023-1393 ...}
 *  [bullseye] - xorg-server 2:1.20.11-1+deb11u6   */
typedef struct {
  char *id, *title, *date;
  GPtrArray *cves;
  GPtrArray *fixes; /* release, package, version */
} Notice;

static void notice_clear(Notice *n)
{
  g_clear_pointer(&n->id, g_free);
  g_clear_pointer(&n->title, g_free);
  g_clear_pointer(&n->date, g_free);
  g_ptr_array_set_size(n->cves, 0);
  g_ptr_array_set_size(n->fixes, 0);
}

/* What stands in the place of a version. */
static OakumAdvisoryStatus state_of(const char *word)
{
  static const struct {
    const char *word;
    OakumAdvisoryStatus status;
  } words[] = {{"<unfixed>", OAKUM_STATUS_AFFECTED},
               {"<undetermined>", OAKUM_STATUS_UNDER_INVESTIGATION},
               {"<no-dsa>", OAKUM_STATUS_FIX_DEFERRED},
               {"<postponed>", OAKUM_STATUS_FIX_DEFERRED},
               {"<end-of-life>", OAKUM_STATUS_END_OF_LIFE}};
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (strcmp(word, words[i].word) == 0)
      return words[i].status;
  return OAKUM_STATUS_WILL_NOT_FIX;
}

static gboolean notice_end(OakumIngest *in, guint feed, Notice *n, GError **error)
{
  if (!n->id) { /* what stood below a line that begins no notice is of none */
    notice_clear(n);
    return TRUE;
  }
  g_autoptr(GPtrArray) ids = g_ptr_array_new(), others = g_ptr_array_new();
  oakum_sort_names(n->id, n->cves, ids, others);
  for (guint i = 0; i + 2 < n->fixes->len; i += 3) {
    const char *version = n->fixes->pdata[i + 2];
    gboolean none = strcmp(version, "<not-affected>") == 0;
    OakumAdvisoryRange range = {NULL, version, NULL, FALSE};
    OakumAdvisory e = {.record = n->id,
                       .ids = (const char **)ids->pdata,
                       .aliases = (const char **)others->pdata,
                       .kind = OAKUM_NAME_SOURCE,
                       .status = none ? OAKUM_STATUS_NOT_AFFECTED : OAKUM_STATUS_FIXED,
                       .ranges = &range,
                       .n_ranges = none ? 0 : 1,
                       .fix_date = n->date};
    if (*version == '<' && !none)
      e.n_ranges = 0, e.status = state_of(version);
    g_autofree char *ecosystem = release_key(n->fixes->pdata[i]);
    if (ecosystem)
      oakum_ingest_package(in, feed, ecosystem, n->fixes->pdata[i + 1], &e);
  }
  g_ptr_array_add(n->cves, NULL);
  OakumVulnerability v = {.id = n->id,
                          .aliases = (const char **)n->cves->pdata,
                          .title = n->title,
                          .published = n->date};
  oakum_ingest_vulnerability(in, feed, &v);
  gboolean ok = oakum_ingest_keep(in, feed, n->id, n->date, error);
  notice_clear(n);
  return ok;
}

static gboolean notice_head(Notice *n, const char *line, GError **error)
{
  const char *close = strchr(line, ']');
  if (*line != '[' || !close || !g_str_has_prefix(close, "] D"))
    return oakum_feed_invalid(error, "a line that begins no notice");
  g_autofree char *date = g_strndup(line + 1, (gsize)(close - line - 1));
  size_t len = strcspn(close + 2, " ");
  n->date = oakum_feed_date(date);
  n->id = g_strndup(close + 2, len);
  n->title = oakum_title(close + 2 + len);
  return n->date || oakum_feed_invalid(error, "%s: a date that is none", n->id);
}

/* An indented line of a notice. */
static void notice_line(Notice *n, char *line)
{
  g_strstrip(line);
  if (*line == '{') {
    g_auto(GStrv) words = g_strsplit_set(line, "{} \t", -1);
    for (char **word = words; *word; word++)
      if (**word && n->cves->len < OAKUM_ADVISORY_NAMES_MAX)
        g_ptr_array_add(n->cves, g_strdup(*word));
  } else if (*line == '[') {
    char *close = strchr(line, ']');
    g_auto(GStrv) words = close ? g_strsplit_set(close + 1, " \t", -1) : NULL;
    if (!words || g_strv_length(words) < 4 || strcmp(words[1], "-") != 0)
      return;
    g_ptr_array_add(n->fixes, g_strndup(line + 1, (gsize)(close - line - 1)));
    g_ptr_array_add(n->fixes, g_strdup(words[2]));
    g_ptr_array_add(n->fixes, g_strdup(words[3]));
  }
}

gboolean oakum_read_debian_list(OakumIngest *in, OakumReader *reader, GError **error)
{
  g_autoptr(OakumLines) lines = oakum_lines_new(reader);
  g_autoptr(GPtrArray) cves = g_ptr_array_new_with_free_func(g_free),
                       fixes = g_ptr_array_new_with_free_func(g_free);
  Notice n = {.cves = cves, .fixes = fixes};
  guint feed = 0;
  char *line;
  size_t len;
  int more;
  gboolean ok = TRUE, opened = FALSE; /* an archive may hold several lists */
  for (in->line = 1; ok && (more = oakum_lines_next(lines, &line, &len, error)) > 0; in->line++) {
    g_autoptr(GError) local = NULL;
    if (*line == '\t' || *line == ' ') {
      notice_line(&n, line);
      continue;
    }
    ok = notice_end(in, feed, &n, error);
    if (ok && *line && !notice_head(&n, line, &local)) {
      oakum_ingest_bad(in, n.id, g_steal_pointer(&local));
      notice_clear(&n);
    }
    if (n.id && !opened) {
      opened = TRUE;
      feed = oakum_ingest_feed(in, "debian-list", g_str_has_prefix(n.id, "DLA") ? "DLA" : "DSA");
      oakum_ingest_whole(in, feed);
      in->documents++;
    }
  }
  ok = ok && more == 0 && notice_end(in, feed, &n, error);
  notice_clear(&n);
  return ok;
}
