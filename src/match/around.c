/* What is said of the image as a whole: what could not be judged, and what has ended. */
#include "match/match-private.h"
#include <string.h>

void oakum_match_incomplete(OakumMatch *m, const char *id, char *title_taken)
{
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_INCOMPLETE, id, OAKUM_SEVERITY_UNKNOWN);
  finding->title = title_taken;
  g_ptr_array_add(m->findings, finding);
}

void oakum_match_say_unjudged(OakumMatch *m)
{
  static const struct {
    const char *reason, *words;
  } reasons[] = {
      {"third-party-packages",
       "not built by the distribution, whose advisories say nothing of them"},
      {"packages-of-another-system", "of another package manager than the distribution's"},
      {"go-devel", "Go modules without a version: built from a working tree"},
      {"no-version", "without a version"},
      {"no-identity", "of a kind that no advisories are known of"},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
    const GPtrArray *names = g_hash_table_lookup(m->unjudged, reasons[i].reason);
    if (!names)
      continue;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint k = 0; k < MIN(names->len, 5); k++)
      g_string_append_printf(text, "%s%s", k ? ", " : "", (char *)names->pdata[k]);
    oakum_match_incomplete(m, reasons[i].reason,
                           g_strdup_printf("%u packages %s: %s%s", names->len, reasons[i].words,
                                           text->str, names->len > 5 ? ", …" : ""));
  }
}

/* What was told last is of the packages of a language: whoever leaves these out goes by it. */
static void of_language(OakumMatch *m, const char *ecosystem)
{
  OakumFinding *last = m->findings->pdata[m->findings->len - 1];
  if (g_strcmp0(ecosystem, m->catalog->distro.ecosystem) != 0)
    last->ecosystem = g_strdup(ecosystem);
}

static void say_stale(OakumMatch *m, const char *ecosystem)
{
  if (!m->options->now || m->options->max_age_s <= 0)
    return;
  g_autoptr(GPtrArray) stale =
      oakum_advisory_db_stale(m->db, ecosystem, m->options->now, m->options->max_age_s);
  if (stale->len == 0)
    return;
  const OakumAdvisoryFeed *feed = stale->pdata[0];
  oakum_match_incomplete(
      m, "stale-advisories",
      g_strdup_printf("%u feeds of %s are older than %" G_GINT64_FORMAT
                      " days, or of unknown age: %s %s of %.10s%s",
                      stale->len, ecosystem, m->options->max_age_s / 86400, feed->name, feed->part,
                      *feed->date ? feed->date : "unknown", stale->len > 1 ? ", …" : ""));
  of_language(m, ecosystem);
}

static gint by_string(gconstpointer a, gconstpointer b, gpointer user)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void say_stale_whole(OakumMatch *m)
{
  int64_t limit = m->options->max_age_whole_s, newest = 0;
  g_autofree char *date = oakum_advisory_db_date(m->db);
  gboolean dated = oakum_time_parse(date, &newest);
  if (!m->options->now || limit <= 0 || (dated && m->options->now - newest <= limit))
    return;
  oakum_match_incomplete(
      m, "stale-advisories",
      g_strdup_printf("the newest record of the database is of %s: older than %" G_GINT64_FORMAT
                      " days (oakum db update; --max-age 0 for any age)",
                      dated ? date : "unknown age", limit / 86400));
}

void oakum_match_say_database(OakumMatch *m)
{
  say_stale_whole(m);
  guint n;
  g_autofree gpointer *keys = g_hash_table_get_keys_as_array(m->used, &n);
  g_qsort_with_data(keys, (gint)n, sizeof *keys, by_string, NULL);
  for (guint i = 0; i < n; i++)
    if (!oakum_advisory_db_knows(m->db, keys[i])) {
      if (g_strcmp0(keys[i], m->catalog->distro.ecosystem) != 0) {
        oakum_match_incomplete(
            m, "no-advisories",
            g_strdup_printf("the advisory database knows nothing of %s, of which there are "
                            "%u packages",
                            strcmp(keys[i], "cpe") == 0 ? "programs without a package (CPE)"
                                                        : (char *)keys[i],
                            GPOINTER_TO_UINT(g_hash_table_lookup(m->used, keys[i]))));
        of_language(m, keys[i]);
      }
    } else {
      say_stale(m, keys[i]);
    }
}

/* How many packages are of the system's own manager. */
static guint os_packages(const OakumCatalog *catalog)
{
  guint n = 0;
  for (guint i = 0; i < catalog->packages->len; i++)
    n += oakum_is_os_type(((OakumPackage *)catalog->packages->pdata[i])->type);
  return n;
}

void oakum_match_say_distribution(OakumMatch *m)
{
  const OakumDistro *distro = &m->catalog->distro;
  guint n = os_packages(m->catalog);
  if (!distro->ecosystem || !m->place.rule) {
    if (n > 0 || m->catalog->packages->len == 0)
      oakum_match_incomplete(
          m, "unknown-distribution",
          n ? g_strdup_printf("%u packages of an unknown distribution (%s)", n,
                              distro->pretty ? distro->pretty
                              : distro->id   ? distro->id
                                             : "no os-release")
            : g_strdup("neither a known distribution nor a package database was found"));
  } else if (n == 0) {
    oakum_match_incomplete(
        m, "no-packages",
        g_strdup_printf("%s, but no package database was found", distro->ecosystem));
  } else if (!oakum_advisory_db_knows(m->db, distro->ecosystem)) {
    oakum_match_incomplete(
        m, "no-advisories",
        g_strdup_printf("the advisory database knows nothing of %s", distro->ecosystem));
  }
}

/* Of "9.3" the cycle may be "9.3" or "9"; where the image does not say its version, or is a
 * derivative that is only known by what it is made of, the key does.
 * Devuan's key is Debian's, its version its own. */
static OakumEol *find_end(OakumMatch *m)
{
  const OakumDistro *distro = &m->catalog->distro;
  const char *key = distro->ecosystem ? strpbrk(distro->ecosystem, "0123456789") : NULL,
             *product = oakum_distro_eol(distro->id, distro->ecosystem),
             *version = distro->version && oakum_distro_id(distro->id) ? distro->version : key;
  if (g_strcmp0(product, "centos") == 0 && distro->pretty && strstr(distro->pretty, "Stream"))
    product = "centos-stream";
  g_autofree char *cycle = product && version ? g_strdup(version) : NULL;
  while (cycle && *cycle) {
    OakumEol *eol = oakum_advisory_db_eol(m->db, product, cycle);
    char *dot = strrchr(cycle, '.');
    if (eol || !dot)
      return eol;
    *dot = 0;
  }
  return NULL;
}

void oakum_match_say_end_of_life(OakumMatch *m)
{
  const OakumDistro *distro = &m->catalog->distro;
  if (!m->options->now)
    return;
  g_autoptr(OakumEol) eol = find_end(m);
  int64_t end;
  g_autofree char *full =
      eol && eol->eol && strlen(eol->eol) == 10 ? g_strconcat(eol->eol, "T00:00:00Z", NULL) : NULL;
  gboolean ended = eol && eol->eol &&
                   (strcmp(eol->eol, "true") == 0 ||
                    (oakum_time_parse(full ? full : eol->eol, &end) && end < m->options->now));
  if (!ended)
    return;
  const char *name = m->place.rule ? m->place.rule->ecosystem
                     : distro->id  ? distro->id
                                   : eol->product;
  OakumFinding *f = oakum_finding_new(OAKUM_FINDING_EOL, OAKUM_END_OF_LIFE, OAKUM_SEVERITY_HIGH);
  f->title = g_strdup_printf("%s %s is no longer mended: it ended %s%.10s%s%s", name, eol->cycle,
                             strcmp(eol->eol, "true") == 0 ? "already" : "on ",
                             strcmp(eol->eol, "true") == 0 ? "" : eol->eol,
                             eol->extended ? "; extended support, for those who have it: " : "",
                             eol->extended ? eol->extended : "");
  f->fix = g_strdup_printf("base the image on a release of %s that is still mended", name);
  f->why = g_strdup_printf("the image is %s %s, by its os-release or what stands for it; "
                           "endoflife.date has its end at %.10s",
                           distro->id ? distro->id : name,
                           distro->version ? distro->version : eol->cycle, eol->eol);
  f->records = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_record_free);
  for (const OakumAdvisoryFeed *const *feed = oakum_advisory_db_feeds(m->db); *feed; feed++) {
    if (strcmp((*feed)->name, "endoflife") != 0)
      continue;
    OakumFindingRecord *r = g_new0(OakumFindingRecord, 1);
    r->feed = g_strdup((*feed)->name);
    r->record = g_strdup_printf("%s %s", eol->product, eol->cycle);
    r->date = *(*feed)->date ? g_strdup((*feed)->date) : NULL;
    r->status = g_strdup("end_of_life");
    r->decided = TRUE;
    g_ptr_array_add(f->records, r);
    break;
  }
  g_ptr_array_add(m->findings, f);
}
