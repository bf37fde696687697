/* Ubuntu's CVE tracker (git.launchpad.net/ubuntu-cve-tracker): a text a CVE, with lines
 * "RELEASE_PACKAGE: STATUS (NOTE)". */
#include "advisory/advisory-private.h"

/* "esm-infra/xenial", "trusty/esm", "jammy": key and *flavour (new or NULL); NULL for another. */
static char *release_key(const char *text, char **flavour)
{
  g_auto(GStrv) words = g_strsplit(text, "/", 3);
  *flavour = NULL;
  for (guint k = 0; words[k]; k++) {
    const char *release = oakum_distro_release("ubuntu", words[k]);
    if (!release)
      continue;
    if (words[0] && words[1])
      *flavour = g_strdup(words[k == 0 ? 1 : 0]);
    return g_strconcat("Ubuntu:", release, NULL);
  }
  return NULL;
}

typedef struct {
  OakumIngest *in;
  guint feed;
  char *id, *priority, *title, *date;
  gboolean description;
  GPtrArray *states;      /* release, package, state; told when the priorities are known */
  GHashTable *priorities; /* of packages, where they have one of their own */
  GPtrArray *cvss;        /* vectors and who gave them, by turns */
} Cve;

static void add_state(Cve *c, const char *release, const char *package, char *state)
{
  g_autofree char *in_release = g_strconcat(package, "_", release, NULL);
  const char *slash = strrchr(release, '/'), *priority = NULL;
  g_autofree char *in_codename = g_strconcat(package, "_", slash ? slash + 1 : release, NULL);
  const char *const keys[] = {in_release, in_codename, package};
  for (size_t i = 0; !priority && i < G_N_ELEMENTS(keys); i++)
    priority = g_hash_table_lookup(c->priorities, keys[i]);
  if (!priority)
    priority = c->priority;
  static const struct {
    const char *word;
    OakumAdvisoryStatus status;
  } states[] = {{"released", OAKUM_STATUS_FIXED},
                {"released-esm", OAKUM_STATUS_FIXED},
                {"needed", OAKUM_STATUS_AFFECTED},
                {"pending", OAKUM_STATUS_AFFECTED},
                {"active", OAKUM_STATUS_AFFECTED},
                {"in-progress", OAKUM_STATUS_AFFECTED},
                {"needs-triage", OAKUM_STATUS_UNDER_INVESTIGATION},
                {"deferred", OAKUM_STATUS_FIX_DEFERRED},
                {"ignored", OAKUM_STATUS_WILL_NOT_FIX},
                {"not-affected", OAKUM_STATUS_NOT_AFFECTED}};
  g_autofree char *flavour = NULL;
  g_autofree char *ecosystem = release_key(release, &flavour);
  g_autofree char *note = NULL;
  char *open = strchr(state, '('), *close = strrchr(state, ')');
  if (open) {
    *open = 0;
    note = close && close > open ? g_strndup(open + 1, (gsize)(close - open - 1)) : NULL;
  }
  g_strstrip(state);
  for (size_t i = 0; ecosystem && i < G_N_ELEMENTS(states); i++) {
    if (strcmp(state, states[i].word) != 0)
      continue;
    gboolean fixed = states[i].status == OAKUM_STATUS_FIXED;
    gboolean over = states[i].status == OAKUM_STATUS_WILL_NOT_FIX && note &&
                    (strstr(note, "end of life") || strstr(note, "end of standard support") ||
                     strstr(note, "out of standard support") || strstr(note, "end-of-life") ||
                     strstr(note, "end of ESM support") || strstr(note, "end of kernel support"));
    OakumAdvisoryRange range = {NULL, fixed ? note : NULL, NULL, FALSE};
    OakumAdvisory e = {.record = c->id,
                       .kind = OAKUM_NAME_SOURCE,
                       .status = over ? OAKUM_STATUS_END_OF_LIFE : states[i].status,
                       .severity = oakum_severity_word(priority),
                       .severity_word = priority,
                       .ranges = &range,
                       .n_ranges = states[i].status == OAKUM_STATUS_NOT_AFFECTED ? 0 : 1,
                       .flavour = flavour,
                       .note = fixed ? NULL : note};
    if (!fixed || (note && *note))
      oakum_ingest_package(c->in, c->feed, ecosystem, package, &e);
  }
}

static void read_line(Cve *c, char *line)
{
  char *colon = strchr(line, ':'), *under = strchr(line, '_');
  if (c->description && *line == ' ') {
    g_autofree char *old = c->title;
    c->title = old ? g_strconcat(old, " ", g_strstrip(line), NULL) : g_strdup(g_strstrip(line));
    return;
  }
  c->description = g_str_has_prefix(line, "Description:");
  const char *vector = colon && *line == ' ' ? strstr(colon, "CVSS:") : NULL;
  if (vector && c->cvss->len < 2 * OAKUM_ADVISORY_CVSS_MAX) { /* " nvd: CVSS:3.1/AV:N/…" */
    g_ptr_array_add(c->cvss, g_strndup(vector, strcspn(vector, " ")));
    g_ptr_array_add(c->cvss, g_strndup(line + 1, (gsize)(colon - line - 1)));
  }
  if (!colon || *line == ' ')
    return;
  *colon = 0;
  g_strstrip(colon + 1);
  char **slot = strcmp(line, "Candidate") == 0    ? &c->id
                : strcmp(line, "Priority") == 0   ? &c->priority
                : strcmp(line, "PublicDate") == 0 ? &c->date
                                                  : NULL;
  if (slot) {
    g_free(*slot);
    *slot =
        slot == &c->priority ? g_strndup(colon + 1, strcspn(colon + 1, " (")) : g_strdup(colon + 1);
  } else if (g_str_has_prefix(line, "Priority_")) { /* of a package, or of it in a release */
    if (g_hash_table_size(c->priorities) < OAKUM_OSV_AFFECTED_MAX)
      g_hash_table_insert(c->priorities, g_strdup(line + 9),
                          g_strndup(colon + 1, strcspn(colon + 1, " (")));
  } else if (under && under < colon && c->states->len < 3 * OAKUM_OSV_AFFECTED_MAX &&
             !g_str_has_prefix(line, "Patches_") && !g_str_has_prefix(line, "Tags_") &&
             !g_str_has_prefix(line, "upstream_")) {
    *under = 0;
    const char *texts[] = {line, under + 1, colon + 1};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
      g_ptr_array_add(c->states, g_strdup(texts[i]));
  }
}

gboolean oakum_read_uct(OakumIngest *in, OakumReader *reader, GError **error)
{
  g_autoptr(OakumLines) lines = oakum_lines_new(reader);
  Cve c = {.in = in, .feed = oakum_ingest_feed(in, "uct", NULL)};
  g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func(g_free),
                       cvss = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GHashTable) priorities = oakum_str_map_new(g_free, g_free);
  c.states = states;
  c.cvss = cvss;
  c.priorities = priorities;
  char *line;
  size_t len;
  int more;
  in->documents++;
  while ((more = oakum_lines_next(lines, &line, &len, error)) > 0)
    read_line(&c, line);
  gboolean ok = more == 0;
  if (ok && (!c.id || !oakum_is_cve(c.id))) {
    oakum_ingest_bad(in, in->name,
                     g_error_new_literal(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                                         "no line \"Candidate: CVE-…\""));
  } else if (ok) {
    g_autofree char *title = oakum_title(c.title);
    g_autofree char *published = oakum_feed_date(c.date);
    OakumCvss vectors[OAKUM_ADVISORY_CVSS_MAX];
    for (guint i = 0; i + 1 < cvss->len; i += 2)
      vectors[i / 2] = (OakumCvss){"CVSS_V3", cvss->pdata[i], cvss->pdata[i + 1]};
    for (guint i = 0; i + 2 < states->len; i += 3)
      add_state(&c, states->pdata[i], states->pdata[i + 1], states->pdata[i + 2]);
    OakumVulnerability v = {.id = c.id,
                            .title = title,
                            .cvss = vectors,
                            .n_cvss = cvss->len / 2,
                            .published = published,
                            .severity = oakum_severity_word(c.priority),
                            .severity_word = c.priority};
    oakum_ingest_vulnerability(in, c.feed, &v);
    ok = oakum_ingest_keep(in, c.feed, c.id, published, error);
  }
  char *texts[] = {c.id, c.priority, c.title, c.date};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  return ok;
}
