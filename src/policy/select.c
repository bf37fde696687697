/* Whether a rule or an exception is about a finding: three answers, because what nobody knows is
 * not the same as no. */
#include "ecosystem/ecosystem.h"
#include "policy/policy-private.h"

void oakum_select_init(OakumSelect *select)
{
  *select = (OakumSelect){.severity = -1,
                          .below = -1,
                          .cvss = -1,
                          .epss = -1,
                          .percentile = -1,
                          .risk = -1,
                          .kev = -1,
                          .ransomware = -1,
                          .fixable = -1,
                          .gone = -1,
                          .fresh = -1,
                          .due = -1,
                          .fix_age = -1};
}

void oakum_select_clear(OakumSelect *select)
{
  for (int i = 0; i < LISTS; i++)
    g_clear_pointer(&select->lists[i], g_ptr_array_unref);
}

void oakum_select_add(OakumSelect *select, OakumSelectList list, const char *text)
{
  if (!select->lists[list])
    select->lists[list] = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(select->lists[list], g_strdup(text));
}

void oakum_select_add_exact(OakumSelect *select, OakumSelectList list, const char *text)
{
  oakum_select_add(select, list, text);
  select->exact |= 1u << list;
}

gboolean oakum_select_plain_ids(const OakumSelect *select)
{
  const GPtrArray *ids = select->lists[LIST_ID];
  if (select->exact & (1u << LIST_ID))
    return ids != NULL;
  for (guint i = 0; ids && i < ids->len; i++)
    if (!oakum_glob_plain(ids->pdata[i]))
      return FALSE;
  return ids != NULL;
}

gboolean oakum_select_names(const OakumSelect *s)
{
  for (int i = 0; i < LISTS; i++)
    if (s->lists[i])
      return TRUE;
  return s->severity >= 0 || s->below >= 0 || s->cvss >= 0 || s->epss >= 0 || s->percentile >= 0 ||
         s->risk >= 0 || s->kev >= 0 || s->ransomware >= 0 || s->fixable >= 0 || s->gone >= 0 ||
         s->fresh >= 0 || s->due >= 0 || s->from != FROM_ANY || s->fix_age >= 0;
}

/* ---- what a finding has --------------------------------------------------------------------- */
typedef struct {
  const OakumSelect *select;
  const OakumFinding *f;
  const OakumJudge *judge;
  GString *why, *lacks;
} Match;

static void say(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(GString *out, const char *format, ...)
{
  if (!out)
    return;
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args), *safe = oakum_escape_terminal(text, -1);
  va_end(args);
  g_string_append_printf(out, "%s%s", out->len ? "; " : "", safe);
}

OakumSeverity oakum_judge_severity(const OakumJudge *judge, const OakumFinding *f)
{
  gpointer other = judge->severities ? g_hash_table_lookup(judge->severities, f) : NULL;
  return other ? (OakumSeverity)(GPOINTER_TO_INT(other) - 1) : f->severity;
}

static gboolean word_matches(const Match *m, OakumSelectList list, const char *pattern,
                             const char *text)
{
  if (!text)
    return FALSE;
  if (!(m->select->exact & (1u << list)))
    return oakum_glob(pattern, text);
  return list == LIST_ID && m->select->names == NAMES_ANY ? g_ascii_strcasecmp(pattern, text) == 0
                                                          : strcmp(pattern, text) == 0;
}

/* The pairs "key=value" of a purl, decoded; new. `text`: behind the question mark. */
static GHashTable *qualifiers_of(const char *text)
{
  GHashTable *all = oakum_str_map_new(g_free, g_free);
  g_autofree char *pairs = g_strndup(text, strcspn(text, "#"));
  g_auto(GStrv) each = g_strsplit(pairs, "&", OAKUM_PURL_QUALIFIERS_MAX);
  for (char **pair = each; *pair; pair++) {
    const char *equals = strchr(*pair, '=');
    char *value = equals && equals[1] ? g_uri_unescape_string(equals + 1, NULL) : NULL;
    if (value)
      g_hash_table_replace(all, g_ascii_strdown(*pair, equals - *pair), value);
  }
  return all;
}

/* What stands in front of version and qualifiers, with and without the version, decoded. */
static char *purl_part(const char *purl, size_t from, size_t to)
{
  g_autofree char *part = g_strndup(purl + from, to - from);
  char *plain = g_uri_unescape_string(part, NULL);
  return plain ? plain : g_steal_pointer(&part);
}

/* A pattern without a version is of all of them; of the qualifiers those that it has must be there.
 * A question mark is the beginning of qualifiers only when there is a "=" behind it. */
static gboolean purl_matches(const Match *m, const char *pattern, const char *purl)
{
  if (!purl)
    return FALSE;
  const char *asked = strrchr(pattern, '?'), *below = strchr(pattern, '#');
  if (asked && !strchr(asked, '='))
    asked = NULL;
  if (below && below[1] && g_strcmp0(below, strchr(purl, '#')) != 0)
    return FALSE;
  size_t pattern_len = asked ? (size_t)(asked - pattern) : strcspn(pattern, "#"),
         purl_len = strcspn(purl, "?#"), pattern_at = oakum_purl_version(pattern, pattern_len),
         purl_at = oakum_purl_version(purl, purl_len);
  g_autofree char *name = purl_part(pattern, 0, pattern_at), *is = purl_part(purl, 0, purl_at);
  if (!word_matches(m, LIST_PACKAGE, name, is))
    return FALSE;
  if (pattern_at < pattern_len) {
    g_autofree char *version = purl_part(pattern, pattern_at + 1, pattern_len),
                    *has = purl_at < purl_len ? purl_part(purl, purl_at + 1, purl_len) : NULL;
    if (*version && !word_matches(m, LIST_PACKAGE, version, has))
      return FALSE;
  }
  if (!asked)
    return TRUE;
  g_autoptr(GHashTable) wanted = qualifiers_of(asked + 1),
                        there = qualifiers_of(purl[purl_len] == '?' ? purl + purl_len + 1 : "");
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, wanted);
  while (g_hash_table_iter_next(&iter, &key, &value))
    if (!word_matches(m, LIST_PACKAGE, value, g_hash_table_lookup(there, key)))
      return FALSE;
  return TRUE;
}

static gboolean name_matches(const Match *m, OakumSelectList list, const char *pattern,
                             const char *name)
{
  if (!name || !(m->select->regex & (1u << list)))
    return word_matches(m, list, pattern, name);
  GRegex *regex = g_hash_table_lookup(m->judge->regexes, pattern);
  if (!regex) {
    regex = oakum_whole_regex(pattern);
    if (!regex)
      return FALSE;
    g_hash_table_insert(m->judge->regexes, g_strdup(pattern), regex);
  }
  return g_str_is_ascii(name) && g_regex_match(regex, name, 0, NULL);
}

static const OakumPolicyStage *stage_of(const Match *m, int line)
{
  const GArray *stages = m->judge->input->stages;
  for (guint i = 0; line > 0 && stages && i < stages->len; i++) {
    const OakumPolicyStage *stage = &g_array_index(stages, OakumPolicyStage, i);
    if (stage->first <= line && line <= stage->last)
      return stage;
  }
  return NULL;
}

static int dockerfile_line(const OakumFinding *f)
{
  return f->kind == OAKUM_FINDING_LINT ? f->line : f->dockerfile_line;
}

/* "12" or "10-20". */
static gboolean in_range(const char *text, int number)
{
  char *end;
  gint64 first = g_ascii_strtoll(text, &end, 10), last = first;
  if (end == text)
    return FALSE;
  if (*end == '-')
    last = g_ascii_strtoll(end + 1, &end, 10);
  return !*end && first <= number && number <= last;
}

static OakumTri one_of_layer(const Match *m, const char *pattern)
{
  const OakumFinding *f = m->f;
  if (strchr(pattern, ':'))
    return f->layer && g_str_has_prefix(f->layer, pattern) ? TRI_YES : TRI_NO;
  if (f->layer_index < 0)
    return f->kind == OAKUM_FINDING_VULNERABILITY && m->judge->input->layers &&
                   m->judge->input->layers->len
               ? TRI_MAYBE
               : TRI_NO;
  return in_range(pattern, f->layer_index) ? TRI_YES : TRI_NO;
}

static gboolean has_slash(const Match *m)
{
  const char *target = m->judge->input->target;
  return m->f->kind == OAKUM_FINDING_SECRET && target && !g_str_has_prefix(target, "rootfs:");
}

/* Packages of a system lie in its database, which trivy and grype see in another way: to trivy they
 * have no path. */
static gboolean of_system(const char *purl)
{
  if (!purl || !g_str_has_prefix(purl, "pkg:"))
    return FALSE;
  g_autofree char *type = g_strndup(purl + 4, strcspn(purl + 4, "/"));
  return oakum_is_os_type(type);
}

static gboolean path_is(const Match *m, const char *pattern, const char *path)
{
  if (m->select->paths == PATHS_ANY)
    return oakum_glob_path(pattern, path);
  path += *path == '/';
  if (m->select->paths == PATHS_TRIVY && !m->f->file && of_system(m->f->package_purl))
    return oakum_glob_rooted(pattern, "");
  g_autofree char *full =
      m->select->paths == PATHS_GRYPE || has_slash(m) ? g_strconcat("/", path, NULL) : NULL;
  return oakum_glob_rooted(pattern, full ? full : path);
}

static OakumTri one_of_path(const Match *m, const char *pattern)
{
  const OakumFinding *f = m->f;
  if (f->file)
    return path_is(m, pattern, f->file) ? TRI_YES : TRI_NO;
  const GPtrArray *packages = f->package_purl && m->judge->packages
                                  ? g_hash_table_lookup(m->judge->packages, f->package_purl)
                                  : NULL;
  if (!packages)
    return f->package_purl && !m->judge->packages ? TRI_MAYBE : TRI_NO;
  for (guint i = 0; i < packages->len; i++) {
    const OakumPackage *package = packages->pdata[i];
    for (guint p = 0; p < package->paths->len; p++)
      if (path_is(m, pattern, package->paths->pdata[p]))
        return TRI_YES;
  }
  return TRI_NO;
}

/* Of a package in two copies an exception for a path is about both only when both lie there. */
static OakumTri all_paths(const Match *m, const GPtrArray *patterns)
{
  const OakumFinding *f = m->f;
  const GPtrArray *packages = !f->file && f->package_purl && m->judge->packages
                                  ? g_hash_table_lookup(m->judge->packages, f->package_purl)
                                  : NULL;
  if (!packages || packages->len < 2) {
    OakumTri best = TRI_NO;
    for (guint i = 0; i < patterns->len && best != TRI_YES; i++)
      best = MAX(best, one_of_path(m, patterns->pdata[i]));
    return best;
  }
  guint inside = 0;
  for (guint i = 0; i < packages->len; i++) {
    const OakumPackage *package = packages->pdata[i];
    gboolean found = FALSE;
    for (guint p = 0; p < package->paths->len && !found; p++)
      for (guint k = 0; k < patterns->len && !found; k++)
        found = path_is(m, patterns->pdata[k], package->paths->pdata[p]);
    inside += found;
  }
  return inside == packages->len || (inside && !m->select->takes_out) ? TRI_YES : TRI_NO;
}

/* How those that grype takes for a finding begin, where they are not the CVE: what GitHub's
 * database says of packages of languages has its own names there, and so have notices of Amazon and
 * Oracle. NULL: it is called as here. */
static const char *grype_prefix(const OakumFinding *f)
{
  static const char *const notices[][2] = {{"Amazon Linux:", "ALAS"}, {"Oracle Linux:", "ELSA-"}};
  for (size_t i = 0; f->ecosystem && i < G_N_ELEMENTS(notices); i++)
    if (g_str_has_prefix(f->ecosystem, notices[i][0]))
      return notices[i][1];
  return g_strcmp0(f->by, "cpe") == 0 || of_system(f->package_purl) ||
                 (f->ecosystem && oakum_distro_rule(f->ecosystem))
             ? NULL
             : "GHSA-";
}

static gboolean is_grypes_name(const OakumFinding *f, const char *id)
{
  const char *prefix = grype_prefix(f);
  gboolean has = prefix && g_str_has_prefix(f->id, prefix);
  for (char **alias = f->aliases; prefix && alias && *alias; alias++)
    if (g_str_has_prefix(*alias, prefix)) {
      has = TRUE;
      if (strcmp(*alias, id) == 0)
        return TRUE;
    }
  return strcmp(f->id, id) == 0 && (!has || g_str_has_prefix(id, prefix));
}

static gboolean one_of_id(const Match *m, const char *pattern)
{
  const OakumFinding *f = m->f;
  if (m->select->names == NAMES_GRYPE)
    return is_grypes_name(f, pattern);
  if (word_matches(m, LIST_ID, pattern, f->id) || word_matches(m, LIST_ID, pattern, f->code))
    return TRUE;
  for (char **alias = f->aliases; alias && *alias; alias++)
    if (word_matches(m, LIST_ID, pattern, *alias))
      return TRUE;
  return FALSE;
}

/* How the package was found to have the hole: by its own name, by that of its source, or by a CPE.
 */
static const char *evidence_of(const OakumFinding *f)
{
  if (g_strcmp0(f->by, "cpe") == 0)
    return "cpe";
  gboolean other = g_strcmp0(f->by, "source") == 0 && g_strcmp0(f->source, f->package_name) != 0;
  return f->by ? (other ? "indirect" : "direct") : NULL;
}

/* Of "host:port/name:tag@digest": `name` without Docker Hub's own prefixes, and the rest, NULL when
 * it is not there; all new. */
typedef struct {
  char *name, *tag, *digest;
} ImageName;

static void image_name_clear(ImageName *image)
{
  g_free(image->name);
  g_free(image->tag);
  g_free(image->digest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImageName, image_name_clear)

static void image_name_read(ImageName *image, const char *text)
{
  static const char *const hub[] = {"docker.io/library/", "index.docker.io/library/", "docker.io/",
                                    "index.docker.io/"};
  size_t len = strcspn(text, "@");
  if (text[len] && strchr(text + len, ':'))
    image->digest = g_strdup(text + len + 1);
  for (size_t i = 0; i < G_N_ELEMENTS(hub); i++)
    if (g_str_has_prefix(text, hub[i]) && len > strlen(hub[i])) {
      text += strlen(hub[i]);
      len -= strlen(hub[i]);
      break;
    }
  size_t end = len;
  for (size_t i = len; i > 0 && text[i - 1] != '/'; i--)
    if (text[i - 1] == ':')
      end = i - 1;
  image->name = g_strndup(text, end);
  if (end < len)
    image->tag = g_strndup(text + end + 1, len - end - 1);
}

gboolean oakum_image_is(const char *pattern, const char *target)
{
  g_auto(ImageName) asked = {0}, is = {0};
  image_name_read(&asked, pattern);
  image_name_read(&is, target);
  const char *tag = is.tag ? is.tag : is.digest ? NULL : "latest";
  return oakum_glob(asked.name, is.name) && (!asked.tag || (tag && oakum_glob(asked.tag, tag))) &&
         (!asked.digest || g_strcmp0(asked.digest, is.digest) == 0);
}

/* grype writes down what a package was built from when it is called otherwise; of apk always. */
static gboolean is_upstream(const OakumFinding *f)
{
  return g_strcmp0(f->source, f->package_name) != 0 ||
         (f->package_purl && g_str_has_prefix(f->package_purl, "pkg:apk/"));
}

static OakumTri one_of(const Match *m, OakumSelectList list, const char *pattern)
{
  const OakumFinding *f = m->f;
  gboolean yes = FALSE;
  switch (list) {
  case LIST_ID:
    yes = one_of_id(m, pattern);
    break;
  case LIST_PACKAGE:
    yes = g_str_has_prefix(pattern, "pkg:") ? purl_matches(m, pattern, f->package_purl)
                                            : name_matches(m, list, pattern, f->package_name);
    break;
  case LIST_SOURCE:
    yes = (!m->select->upstream || is_upstream(f)) && name_matches(m, list, pattern, f->source);
    break;
  case LIST_VERSION:
    yes = word_matches(m, list, pattern, f->package_version);
    break;
  case LIST_TYPE:
    yes = f->package_purl && g_str_has_prefix(f->package_purl, "pkg:") &&
          strcspn(f->package_purl + 4, "/") == strlen(pattern) &&
          g_ascii_strncasecmp(f->package_purl + 4, pattern, strlen(pattern)) == 0;
    break;
  case LIST_LAYER:
    return one_of_layer(m, pattern);
  case LIST_STAGE: {
    int line = dockerfile_line(f);
    if (line > 0 && !m->judge->input->stages)
      return TRI_MAYBE;
    const OakumPolicyStage *stage = stage_of(m, line);
    g_autofree char *number = stage ? g_strdup_printf("%d", stage->index) : NULL;
    yes = stage &&
          ((stage->name && oakum_glob(pattern, stage->name)) || strcmp(pattern, number) == 0);
    break;
  }
  case LIST_LINE:
    yes = dockerfile_line(f) > 0 && in_range(pattern, dockerfile_line(f));
    break;
  case LIST_STATUS:
    yes = f->status && g_ascii_strcasecmp(f->status, pattern) == 0;
    break;
  case LIST_CATEGORY:
    yes = f->category && oakum_glob(pattern, f->category);
    break;
  case LIST_FINGERPRINT: {
    g_autofree char *fingerprint = oakum_finding_fingerprint(f);
    yes = strlen(pattern) >= 16 && g_str_has_prefix(fingerprint, pattern);
    break;
  }
  case LIST_IMAGE:
    yes = m->judge->input->target && oakum_image_is(pattern, m->judge->input->target);
    break;
  case LIST_ECOSYSTEM:
  case LIST_EVIDENCE:
    if (f->kind == OAKUM_FINDING_VULNERABILITY && !(list == LIST_EVIDENCE ? f->by : f->ecosystem))
      return TRI_MAYBE;
    yes = word_matches(m, list, pattern, list == LIST_EVIDENCE ? evidence_of(f) : f->ecosystem);
    break;
  case LIST_PATH:
  case LISTS:
    break;
  }
  return yes ? TRI_YES : TRI_NO;
}

static const char *const list_words[LISTS] = {
    "id",   "package", "source",   "version",     "type",  "path",      "layer",   "stage",
    "line", "status",  "category", "fingerprint", "image", "ecosystem", "evidence"};

static OakumTri in_list(const Match *m, OakumSelectList list)
{
  const GPtrArray *patterns = m->select->lists[list];
  OakumTri best = list == LIST_PATH ? all_paths(m, patterns) : TRI_NO;
  const char *hit = NULL;
  for (guint i = 0; list != LIST_PATH && i < patterns->len && best != TRI_YES; i++) {
    OakumTri one = one_of(m, list, patterns->pdata[i]);
    if (one > best)
      hit = patterns->pdata[i];
    best = MAX(best, one);
  }
  if (best == TRI_MAYBE)
    say(m->lacks, "%s", list_words[list]);
  else if (best == TRI_YES && hit)
    say(m->why, "%s is %s", list_words[list], hit);
  else if (best == TRI_YES)
    say(m->why, "%s is listed", list_words[list]);
  return best;
}

/* ---- conditions ----------------------------------------------------------------------------- */
static OakumTri at_least(const Match *m, const char *what, double asked, double value,
                         gboolean known)
{
  if (!known) {
    say(m->lacks, "%s", what);
    return TRI_MAYBE;
  }
  if (value < asked)
    return TRI_NO;
  say(m->why, "%s %g is %g or more", what, value, asked);
  return TRI_YES;
}

static OakumTri truth(const Match *m, int asked, gboolean value, const char *yes, const char *no)
{
  if (!!asked != !!value)
    return TRI_NO;
  say(m->why, "%s", value ? yes : no);
  return TRI_YES;
}

static OakumTri severity(const Match *m)
{
  const OakumSelect *s = m->select;
  OakumSeverity is = oakum_judge_severity(m->judge, m->f);
  if (is == OAKUM_SEVERITY_UNKNOWN) {
    say(m->lacks, "severity");
    return TRI_MAYBE;
  }
  if ((s->severity >= 0 && (int)is < s->severity) || (s->below >= 0 && (int)is >= s->below))
    return TRI_NO;
  say(m->why, "severity is %s", oakum_severity_name(is));
  return TRI_YES;
}

static OakumTri fix_age(const Match *m)
{
  gint64 day;
  if (!m->f->fixed)
    return TRI_NO;
  if (!m->f->fix_date || !oakum_day_of_text(m->f->fix_date, m->judge->policy->zone, &day)) {
    say(m->lacks, "date of the fix");
    return TRI_MAYBE;
  }
  gint64 age = m->judge->today - day;
  if (age < m->select->fix_age)
    return TRI_NO;
  say(m->why, "its fix is %" G_GINT64_FORMAT " days old", age);
  return TRI_YES;
}

static OakumTri overdue(const Match *m)
{
  gint64 day;
  if (!m->f->kev)
    return m->select->due ? TRI_NO : TRI_YES;
  if (!m->f->kev_due || !oakum_day_of_text(m->f->kev_due, m->judge->policy->zone, &day)) {
    say(m->lacks, "day until which it is to be mended");
    return TRI_MAYBE;
  }
  return truth(m, m->select->due, m->judge->today > day, "its day of mending is over",
               "its day of mending is not over");
}

static OakumTri freshness(const Match *m)
{
  const OakumJudge *judge = m->judge;
  if (judge->input->baseline)
    return truth(m, m->select->fresh, !oakum_judge_before(judge, m->f), "it is new",
                 "the baseline has it");
  switch (judge->policy->no_baseline) {
  case NO_BASELINE_NEW:
    return truth(m, m->select->fresh, TRUE, "without a baseline it counts as new", "");
  case NO_BASELINE_OLD:
    return truth(m, m->select->fresh, FALSE, "", "without a baseline it counts as known");
  default:
    say(m->lacks, "baseline");
    return TRI_MAYBE;
  }
}

static OakumTri from(const Match *m)
{
  const GPtrArray *layers = m->judge->input->layers;
  int index = m->f->kind == OAKUM_FINDING_LINT ? -1 : m->f->layer_index;
  gboolean base = layers && index >= 0 && (guint)index < layers->len &&
                  ((const OakumLayerOrigin *)layers->pdata[index])->base;
  return truth(m, m->select->from == FROM_BASE, base, "it is the base image's", "it is one's own");
}

OakumTri oakum_select_matches(const OakumSelect *s, const OakumFinding *f, const OakumJudge *judge,
                              GString *why, GString *lacks)
{
  const Match m = {s, f, judge, why, lacks};
  guint bit = 1u << f->kind;
  /* an image that is old stands among hygiene, and is a matter of freshness all the same */
  if (f->kind == OAKUM_FINDING_HYGIENE && g_strcmp0(f->category, "freshness") == 0)
    bit |= 1u << OAKUM_FINDING_EOL;
  OakumTri all = TRI_YES;
  if (s->kinds ? !(s->kinds & bit) : f->kind == OAKUM_FINDING_INCOMPLETE)
    return TRI_NO;
  gboolean hole = f->kind == OAKUM_FINDING_VULNERABILITY;
  /* what only holes have says no to the rest */
  if (!hole && (s->cvss >= 0 || s->epss >= 0 || s->percentile >= 0 || s->risk >= 0 || s->kev == 1 ||
                s->ransomware == 1 || s->due == 1 || s->fix_age >= 0 || s->lists[LIST_STATUS]))
    return TRI_NO;
#define ASK(wanted, answer)                                                                        \
  if ((wanted) && all != TRI_NO) {                                                                 \
    OakumTri one = (answer);                                                                       \
    all = MIN(all, one);                                                                           \
  }
  for (int list = 0; list < LISTS; list++)
    ASK(s->lists[list], in_list(&m, (OakumSelectList)list))
  ASK(s->from != FROM_ANY, from(&m))
  ASK(s->kev >= 0,
      truth(&m, s->kev, f->kev, "it is known to be exploited", "it is not known to be exploited"))
  ASK(s->ransomware >= 0,
      truth(&m, s->ransomware, f->ransomware, "it is used for ransom", "it is not used for ransom"))
  ASK(s->fixable >= 0, truth(&m, s->fixable, hole ? f->fixed != NULL : f->fix != NULL,
                             "it has a fix", "it has no fix"))
  ASK(s->gone >= 0, truth(&m, s->gone, f->gone, "its file is gone", "its file is there"))
  ASK(s->fresh >= 0, freshness(&m))
  ASK(s->severity >= 0 || s->below >= 0, severity(&m))
  ASK(s->cvss >= 0, at_least(&m, "CVSS score", s->cvss, f->cvss, f->cvss_vector || f->cvss > 0))
  ASK(s->epss >= 0, at_least(&m, "EPSS", s->epss, f->epss, f->epss >= 0))
  ASK(s->percentile >= 0,
      at_least(&m, "EPSS percentile", s->percentile, f->epss_percentile, f->epss_percentile >= 0))
  ASK(s->risk >= 0, at_least(&m, "risk", s->risk, f->risk, TRUE))
  ASK(s->fix_age >= 0, fix_age(&m))
  ASK(s->due >= 0, overdue(&m))
#undef ASK
  return all;
}

/* ---- words ---------------------------------------------------------------------------------- */
char *oakum_kinds_text(guint kinds)
{
  static const char *const plural[] = {[OAKUM_FINDING_LINT] = "lint remarks",
                                       [OAKUM_FINDING_VULNERABILITY] = "holes",
                                       [OAKUM_FINDING_INCOMPLETE] =
                                           "things that could not be judged",
                                       [OAKUM_FINDING_EOL] = "remarks on age",
                                       [OAKUM_FINDING_SECRET] = "secrets",
                                       [OAKUM_FINDING_HYGIENE] = "remarks on hygiene",
                                       [OAKUM_FINDING_LICENSE] = "remarks on licences"};
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; kinds && i < G_N_ELEMENTS(plural); i++)
    if (kinds & (1u << i))
      g_string_append_printf(out, "%s%s", out->len ? " and " : "", plural[i]);
  return g_strdup(out->len ? out->str : "findings");
}

static void also(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void also(GString *out, const char *format, ...)
{
  if (out->len)
    g_string_append(out, " and ");
  va_list args;
  va_start(args, format);
  g_string_append_vprintf(out, format, args);
  va_end(args);
}

char *oakum_select_text(const OakumSelect *s)
{
  GString *out = g_string_new(NULL);
  static const char *const have[LISTS] = {"are called",
                                          "are in the package",
                                          "come from the source",
                                          "have the version",
                                          "are in packages of type",
                                          "lie in",
                                          "came with layer",
                                          "came with stage",
                                          "came with line",
                                          "have the status",
                                          "are of the category",
                                          "have the fingerprint",
                                          "are of the image",
                                          "stand in the advisories of",
                                          "are proved by"};
  if (s->severity >= 0 && s->below >= 0)
    also(out, "are %s or worse, but below %s", oakum_severity_name((OakumSeverity)s->severity),
         oakum_severity_name((OakumSeverity)s->below));
  else if (s->severity >= 0)
    also(out, "are %s or worse", oakum_severity_name((OakumSeverity)s->severity));
  else if (s->below >= 0)
    also(out, "are below %s", oakum_severity_name((OakumSeverity)s->below));
  if (s->fixable >= 0)
    also(out, s->fixable ? "have a fix" : "have no fix");
  if (s->fix_age >= 0)
    also(out, "have had a fix for %d days or more", s->fix_age);
  if (s->kev >= 0)
    also(out, s->kev ? "are known to be exploited" : "are not known to be exploited");
  if (s->due >= 0)
    also(out, s->due ? "should have been mended by CISA's date" : "are not past CISA's date");
  if (s->ransomware >= 0)
    also(out, s->ransomware ? "are used for ransom" : "are not used for ransom");
  if (s->cvss >= 0)
    also(out, "have a CVSS score of %g or more", s->cvss);
  if (s->epss >= 0)
    also(out, "have an EPSS of %g or more", s->epss);
  if (s->percentile >= 0)
    also(out, "have an EPSS percentile of %g or more", s->percentile);
  if (s->risk >= 0)
    also(out, "have a risk of %g or more", s->risk);
  if (s->from != FROM_ANY)
    also(out, s->from == FROM_BASE ? "are the base image's" : "are not the base image's");
  if (s->fresh >= 0)
    also(out, s->fresh ? "are new" : "were there before");
  if (s->gone >= 0)
    also(out, s->gone ? "are in removed files" : "are in files that are there");
  for (int i = 0; i < LISTS; i++) {
    g_autoptr(GString) values = g_string_new(NULL);
    for (guint k = 0; s->lists[i] && k < s->lists[i]->len && k < 5; k++) {
      g_autofree char *safe = oakum_escape_terminal(s->lists[i]->pdata[k], -1);
      g_string_append_printf(values, "%s%s", k ? " or " : "", safe);
    }
    if (s->lists[i] && s->lists[i]->len > 5)
      g_string_append_printf(values, " or one of %u more", s->lists[i]->len - 5);
    if (values->len)
      also(out, "%s %s", have[i], values->str);
  }
  return g_string_free(out, FALSE);
}
