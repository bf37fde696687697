/* How bad a hole is, in whose word, and how soon it matters: docs/matching.md. */
#include "match/match-private.h"
#include <string.h>

const char *oakum_match_status(const OakumAdvisory *a, gboolean fixed)
{
  switch (a->status) {
  case OAKUM_STATUS_NOT_AFFECTED:
    return "not_affected";
  case OAKUM_STATUS_UNDER_INVESTIGATION:
  case OAKUM_STATUS_WILL_NOT_FIX:
  case OAKUM_STATUS_FIX_DEFERRED:
  case OAKUM_STATUS_END_OF_LIFE:
    return fixed ? "fixed" : oakum_advisory_status_name(a->status);
  case OAKUM_STATUS_AFFECTED:
  case OAKUM_STATUS_FIXED:
  default:
    return fixed ? "fixed" : "open";
  }
}

/* The better the later; of one version the vendor's own, then the first. */
static int cvss_rank(const char *vector)
{
  return g_str_has_prefix(vector, "CVSS:4.0/")   ? 4
         : g_str_has_prefix(vector, "CVSS:3.1/") ? 3
         : g_str_has_prefix(vector, "CVSS:3.0/") ? 2
                                                 : 1;
}

typedef struct {
  const char *vector, *feed;
  double score;
  OakumSeverity severity;
} Scored;

/* What the database knows of one hole, which several packages have: as little as it takes, since a
 * large image has thousands. */
typedef struct {
  const OakumAdvisoryFeed *feed;
  char *id, *title, *severity_word;
  OakumSeverity severity;
} Word;
typedef struct {
  Word *words;
  guint n;
  char *vector; /* scored's */
  Scored scored;
  double epss, epss_percentile;
  gboolean kev, ransomware;
  char *kev_due;
} Known;

static void best_vector(const OakumVulnerabilityList *list, Scored *best)
{
  for (guint i = 0; i < list->len; i++)
    for (guint k = 0; k < list->items[i].n_cvss; k++) {
      const char *vector = list->items[i].cvss[k].vector;
      Scored one = {vector, list->items[i].feed->name, 0, OAKUM_SEVERITY_UNKNOWN};
      if (vector && oakum_cvss_score(vector, &one.score, &one.severity) &&
          (!best->vector || cvss_rank(vector) > cvss_rank(best->vector)))
        *best = one;
    }
}

static void say_scored(OakumFinding *f, const Scored *scored)
{
  f->severity = scored->severity;
  f->severity_by = g_strdup_printf("%s = %.1f (%s)", scored->vector, scored->score, scored->feed);
}

static void say(OakumFinding *f, OakumSeverity severity, const char *feed, const char *word)
{
  Scored own = {word, feed, 0, severity};
  if (oakum_cvss_score(word, &own.score, &own.severity)) { /* the record's own of this package */
    say_scored(f, &own);
    f->cvss_vector = g_strdup(word);
    f->cvss = own.score;
    return;
  }
  f->severity = severity;
  f->severity_by = g_strdup_printf("%s: %s", feed, word);
}

static void choose_severity(OakumFinding *f, const GPtrArray *statements, const Known *known)
{
  const Scored *scored = &known->scored;
  /* a word of whoever made the record, the distribution's own first */
  for (guint i = 0; i < statements->len; i++) {
    const OakumAdvisory *a = statements->pdata[i];
    if (a->severity != OAKUM_SEVERITY_UNKNOWN && a->severity_word) {
      say(f, a->severity, a->feed->name, a->severity_word);
      return;
    }
  }
  for (guint i = 0; i < known->n; i++) {
    const Word *v = &known->words[i];
    if (v->severity == OAKUM_SEVERITY_UNKNOWN || !v->severity_word)
      continue;
    gboolean ours = FALSE; /* of a record that says something of this very package */
    for (guint k = 0; k < statements->len; k++)
      ours |= strcmp(((const OakumAdvisory *)statements->pdata[k])->record, v->id) == 0;
    if (ours) {
      say(f, v->severity, v->feed->name, v->severity_word);
      return;
    }
  }
  if (scored->vector) {
    say_scored(f, scored);
    return;
  }
  for (guint i = 0; i < statements->len; i++) {
    const OakumAdvisory *a = statements->pdata[i];
    if (a->severity != OAKUM_SEVERITY_UNKNOWN) {
      say(f, a->severity, a->feed->name, "by its score");
      return;
    }
  }
  for (guint i = 0; i < known->n; i++)
    if (known->words[i].severity != OAKUM_SEVERITY_UNKNOWN) {
      say(f, known->words[i].severity, known->words[i].feed->name,
          known->words[i].severity_word ? known->words[i].severity_word : "by its score");
      return;
    }
}

/* The middle of the band, where no vector says more. */
static const double band_middle[] = {5.0, 0.5, 2.5, 5.5, 8.0, 9.5};

static double risk_of(const OakumFinding *f)
{
  double harm =
      (f->cvss_vector ? (f->cvss + band_middle[f->severity]) / 2 : band_middle[f->severity]) / 10;
  double chance = f->kev ? 1 : f->epss >= 0 ? f->epss : 0.01;
  double risk = 100 * harm * chance * (f->ransomware ? 1.1 : 1) * (f->kev ? 1.05 : 1);
  return CLAMP(risk, 0, 100);
}

static void known_free(gpointer data)
{
  Known *known = data;
  for (guint i = 0; i < known->n; i++) {
    g_free(known->words[i].id);
    g_free(known->words[i].title);
    g_free(known->words[i].severity_word);
  }
  g_free(known->words);
  g_free(known->vector);
  g_free(known->kev_due);
  g_free(known);
}

GHashTable *oakum_match_known_new(void)
{
  return oakum_str_map_new(g_free, known_free);
}

static const Known *know(OakumMatch *m, const char *id, GError **error)
{
  Known *known = g_hash_table_lookup(m->known, id);
  if (known)
    return known;
  g_autoptr(OakumVulnerabilityList) list = oakum_advisory_db_vulnerability(m->db, id, error);
  if (!list)
    return NULL;
  known = g_new0(Known, 1);
  known->n = list->len;
  known->words = g_new0(Word, list->len);
  for (guint i = 0; i < list->len; i++) {
    const OakumVulnerability *v = &list->items[i];
    known->words[i] = (Word){v->feed, g_strdup(v->id), g_strdup(v->title),
                             g_strdup(v->severity_word), v->severity};
  }
  best_vector(list, &known->scored);
  known->scored.vector = known->vector = g_strdup(known->scored.vector);
  if (!oakum_advisory_db_epss(m->db, id, &known->epss, &known->epss_percentile))
    known->epss = known->epss_percentile = -1;
  g_autoptr(OakumKev) kev = oakum_advisory_db_kev(m->db, id);
  known->kev = kev != NULL;
  known->ransomware = kev && kev->ransomware;
  known->kev_due = kev && kev->due && *kev->due ? g_strdup(kev->due) : NULL;
  if (g_hash_table_size(m->known) >= OAKUM_MATCH_KNOWN_MAX)
    g_hash_table_remove_all(m->known);
  g_hash_table_insert(m->known, g_strdup(id), known);
  return known;
}

gboolean oakum_match_rate(OakumMatch *m, OakumFinding *f, const GPtrArray *statements,
                          GError **error)
{
  const Known *known = know(m, f->id, error);
  if (!known)
    return FALSE;
  const Scored scored = known->scored;
  const OakumAdvisory *decided = statements->pdata[0];
  for (guint i = 0; i < known->n; i++) {
    const Word *v = &known->words[i];
    if (v->title && (!f->title || strcmp(v->id, decided->record) == 0)) {
      g_free(f->title);
      f->title = g_strdup(v->title);
    }
  }
  choose_severity(f, statements, known);
  if (scored.vector && !f->cvss_vector) {
    f->cvss_vector = g_strdup(scored.vector);
    f->cvss = scored.score;
  }
  f->epss = known->epss;
  f->epss_percentile = known->epss_percentile;
  f->kev = known->kev;
  f->ransomware = known->ransomware;
  f->kev_due = g_strdup(known->kev_due);
  f->risk = risk_of(f);
  return TRUE;
}
