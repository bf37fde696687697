/* Databases that keep a YAML file an advisory: RubySec (patched_versions), FriendsOfPHP (branches,
 * composer://), Wolfi (advisories with events), Elixir (vulnerable_version_ranges). */
#include "advisory/advisory-private.h"

static const char *text_at(const OakumYaml *map, const char *key)
{
  const OakumYaml *node = oakum_yaml_get(map, key);
  return node && node->kind == OAKUM_YAML_SCALAR && !oakum_yaml_is_null(node) && node->text &&
                 *node->text
             ? node->text
             : NULL;
}

static const OakumYaml *list_at(const OakumYaml *map, const char *key)
{
  const OakumYaml *node = oakum_yaml_get(map, key);
  return node && node->kind == OAKUM_YAML_LIST ? node : NULL;
}

/* ">= 1.2", "<2", "1.0": the operator's length; the version is behind it. */
static size_t operator_of(const char *text)
{
  return strspn(text, "<>=~!");
}

/* One comparator into the range that all of a list make; FALSE: not understood. */
static gboolean narrow(const char *comparator, GStringChunk *words, OakumAdvisoryRange *range)
{
  size_t n = operator_of(comparator);
  const char *version = comparator + n + strspn(comparator + n, " ");
  if (!*version)
    return FALSE;
  version = g_string_chunk_insert(words, version);
  if (n == 1 && *comparator == '<')
    range->fixed = version;
  else if (n == 2 && strncmp(comparator, "<=", 2) == 0)
    range->last_affected = version;
  else if (n == 1 && *comparator == '>')
    range->introduced = version, range->after = TRUE;
  else if (n == 2 && strncmp(comparator, ">=", 2) == 0)
    range->introduced = version;
  else if (n == 0 || (n == 1 && *comparator == '=') || strncmp(comparator, "==", n) == 0)
    range->introduced = range->last_affected = version;
  else
    return FALSE;
  return TRUE;
}

static gboolean narrow_all(const char *text, GStringChunk *words, GArray *ranges)
{
  OakumAdvisoryRange range = {0};
  g_auto(GStrv) parts = g_strsplit(text, ",", -1);
  for (char **part = parts; *part; part++)
    if (!narrow(g_strstrip(*part), words, &range))
      return FALSE;
  g_array_append_val(ranges, range);
  return TRUE;
}

/* ---- RubySec ----------------------------------------------------------------------------------
 */
typedef struct {
  char *from, *to; /* whole from, up to (not with); NULL: for ever */
} Whole;

static gint by_from(gconstpointer a, gconstpointer b)
{
  const char *x = ((const Whole *)a)->from, *y = ((const Whole *)b)->from;
  while (*x && *y) { /* numbers as numbers; enough to bring the lines of releases in order */
    if (g_ascii_isdigit(*x) && g_ascii_isdigit(*y)) {
      guint64 i = g_ascii_strtoull(x, (char **)&x, 10), k = g_ascii_strtoull(y, (char **)&y, 10);
      if (i != k)
        return i < k ? -1 : 1;
      continue;
    }
    if (*x != *y)
      return *x < *y ? -1 : 1;
    x++, y++;
  }
  return (*x != 0) - (*y != 0);
}

/* "~> 3.2.1" ends with 3.3, as gem has it. */
static char *bumped(const char *version)
{
  g_auto(GStrv) parts = g_strsplit(version, ".", -1);
  guint n = 0;
  while (parts[n] && g_ascii_isdigit(*parts[n]))
    n++;
  if (n < 2)
    return n ? g_strdup_printf("%" G_GUINT64_FORMAT, g_ascii_strtoull(parts[0], NULL, 10) + 1)
             : NULL;
  GString *out = g_string_new(NULL);
  for (guint i = 0; i + 2 < n; i++)
    g_string_append_printf(out, "%s.", parts[i]);
  g_string_append_printf(out, "%" G_GUINT64_FORMAT, g_ascii_strtoull(parts[n - 2], NULL, 10) + 1);
  return g_string_free(out, FALSE);
}

static gboolean add_whole(const char *text, GArray *whole)
{
  Whole w = {0};
  g_auto(GStrv) parts = g_strsplit(text, ",", -1);
  gboolean ok = TRUE;
  for (char **part = parts; *part; part++) {
    char *one = g_strstrip(*part);
    size_t n = operator_of(one);
    const char *version = one + n + strspn(one + n, " ");
    char **slot = NULL;
    g_autofree char *end = NULL;
    if (strncmp(one, "~>", 2) == 0)
      end = bumped(version), slot = &w.from;
    else if (n == 0 || *one == '>' || *one == '=')
      slot = &w.from;
    else if (*one == '<')
      slot = &w.to;
    ok = ok && slot && *version;
    if (slot && (!*slot || slot == &w.from)) {
      /* of two lower bounds the higher counts; the second one is it, as written */
      g_free(*slot);
      *slot = g_strdup(version);
    }
    if (end && !w.to)
      w.to = g_steal_pointer(&end);
    if (n == 1 && *one == '=' && !w.to)
      w.to = g_strdup(version);
  }
  if (!w.from)
    w.from = g_strdup("0");
  g_array_append_val(whole, w);
  return ok;
}

/* What is neither patched nor unaffected is vulnerable. */
static gboolean ruby_ranges(const OakumYaml *yaml, GArray *ranges, GStringChunk *words)
{
  g_autoptr(GArray) whole = g_array_new(FALSE, FALSE, sizeof(Whole));
  const OakumYaml *lists[] = {list_at(yaml, "patched_versions"),
                              list_at(yaml, "unaffected_versions")};
  gboolean ok = TRUE;
  for (size_t l = 0; l < G_N_ELEMENTS(lists); l++)
    for (guint i = 0; lists[l] && i < lists[l]->items->len; i++) {
      const OakumYaml *item = lists[l]->items->pdata[i];
      ok = item->text && add_whole(item->text, whole) && ok;
    }
  g_array_sort(whole, by_from);
  const char *from = NULL;
  gboolean open = TRUE;
  for (guint i = 0; i < whole->len; i++) {
    Whole *w = &g_array_index(whole, Whole, i);
    OakumAdvisoryRange range = {from, g_string_chunk_insert(words, w->from), NULL, FALSE};
    if (open && strcmp(w->from, "0") != 0)
      g_array_append_val(ranges, range);
    from = w->to ? g_string_chunk_insert(words, w->to) : NULL;
    open = w->to != NULL;
    g_free(w->from);
    g_free(w->to);
  }
  OakumAdvisoryRange last = {from, NULL, NULL, FALSE};
  if (open)
    g_array_append_val(ranges, last);
  return ok;
}

/* ---- all --------------------------------------------------------------------------------------
 */
typedef struct {
  OakumIngest *in;
  GStringChunk *words;
  GArray *ranges;
  GPtrArray *names;
  const char *part, *ecosystem, *package, *id, *title, *date, *word;
  OakumSeverity severity; /* by a score, where there is no word */
} Read;

static gboolean keep(Read *r, GError **error)
{
  g_autoptr(GPtrArray) ids = g_ptr_array_new(), others = g_ptr_array_new();
  guint feed = oakum_ingest_feed(r->in, "advisory-yaml", r->part);
  g_autofree char *date = oakum_feed_date(r->date);
  g_autofree char *title = oakum_title(r->title);
  gboolean fixed = r->ranges->len > 0;
  for (guint i = 0; i < r->ranges->len; i++)
    fixed = fixed && g_array_index(r->ranges, OakumAdvisoryRange, i).fixed;
  oakum_sort_names(r->id, r->names, ids, others);
  OakumAdvisory e = {.record = r->id,
                     .ids = (const char **)ids->pdata,
                     .aliases = (const char **)others->pdata,
                     .kind = OAKUM_NAME_LANGUAGE,
                     .status = fixed ? OAKUM_STATUS_FIXED : OAKUM_STATUS_AFFECTED,
                     .severity = r->word ? oakum_severity_word(r->word) : r->severity,
                     .severity_word = r->word,
                     .ranges = (const OakumAdvisoryRange *)r->ranges->data,
                     .n_ranges = r->ranges->len,
                     .modified = date};
  oakum_ingest_package(r->in, feed, r->ecosystem, r->package, &e);
  g_ptr_array_add(r->names, NULL);
  OakumVulnerability v = {.id = r->id,
                          .aliases = (const char **)r->names->pdata,
                          .title = title,
                          .published = date,
                          .severity = e.severity,
                          .severity_word = r->word};
  oakum_ingest_vulnerability(r->in, feed, &v);
  return oakum_ingest_keep(r->in, feed, r->id, date, error);
}

static gboolean bad(Read *r, const char *what)
{
  oakum_ingest_bad(r->in, r->id ? r->id : r->in->name,
                   g_error_new_literal(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, what));
  return TRUE;
}

/* RubySec has scores without vectors. */
static OakumSeverity ruby_severity(const OakumYaml *yaml)
{
  static const char *const keys[] = {"cvss_v4", "cvss_v3", "cvss_v2"};
  for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
    const char *text = text_at(yaml, keys[i]);
    OakumSeverity band =
        text ? oakum_cvss_band(g_ascii_strtod(text, NULL)) : OAKUM_SEVERITY_UNKNOWN;
    if (band != OAKUM_SEVERITY_UNKNOWN)
      return i == 2 ? MIN(band, OAKUM_SEVERITY_HIGH) : band;
  }
  return OAKUM_SEVERITY_UNKNOWN;
}

/* The id of a file is the file's name: several gems have one CVE. */
static gboolean read_ruby(Read *r, const OakumYaml *yaml, GError **error)
{
  const char *cve = text_at(yaml, "cve"), *ghsa = text_at(yaml, "ghsa"),
             *osvdb = text_at(yaml, "osvdb");
  r->part = "RubySec";
  r->ecosystem = "RubyGems";
  r->package = text_at(yaml, "gem");
  if (!r->package) { /* of ruby, jruby and mruby themselves */
    r->ecosystem = "Ruby";
    r->package = text_at(yaml, "engine");
  }
  r->title = text_at(yaml, "title");
  r->date = text_at(yaml, "date");
  r->word = text_at(yaml, "criticality");
  r->severity = ruby_severity(yaml);
  g_autofree char *a = cve ? g_strconcat("CVE-", cve, NULL) : NULL;
  g_autofree char *b = ghsa ? g_strconcat("GHSA-", ghsa, NULL) : NULL;
  g_autofree char *c = osvdb ? g_strconcat("OSVDB-", osvdb, NULL) : NULL;
  g_autofree char *own = g_strndup(r->in->name, strcspn(r->in->name, "."));
  char *names[] = {a, b, c};
  /* one hole of several gems is a file of each */
  g_autofree char *id = g_strdup_printf("%s/%s", r->package ? r->package : "",
                                        a   ? a
                                        : b ? b
                                        : c ? c
                                            : own);
  r->id = id;
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (names[i])
      g_ptr_array_add(r->names, names[i]);
  if (!r->package)
    return bad(r, "no gem and no engine");
  return ruby_ranges(yaml, r->ranges, r->words) ? keep(r, error)
                                                : bad(r, "versions that are no requirement");
}

static gboolean read_php(Read *r, const OakumYaml *yaml, GError **error)
{
  const char *reference = text_at(yaml, "reference"), *cve = text_at(yaml, "cve");
  const OakumYaml *branches = oakum_yaml_get(yaml, "branches");
  g_autofree char *own = g_strndup(r->in->name, strcspn(r->in->name, "."));
  r->part = "FriendsOfPHP";
  r->ecosystem = "Packagist";
  r->title = text_at(yaml, "title");
  r->package = reference && g_str_has_prefix(reference, "composer://")
                   ? reference + strlen("composer://")
                   : NULL;
  g_autofree char *id = g_strdup_printf("FOP-%s-%s", r->package ? r->package : "", own);
  g_strdelimit(id, "/ ", '-');
  r->id = id;
  if (cve && g_str_has_prefix(cve, "CVE-"))
    g_ptr_array_add(r->names, (gpointer)cve);
  if (!r->package || !branches || branches->kind != OAKUM_YAML_MAP)
    return bad(r, "no reference or branches");
  for (guint i = 0; i < branches->items->len; i++) {
    const OakumYaml *branch = branches->items->pdata[i], *list = list_at(branch, "versions");
    OakumAdvisoryRange range = {0};
    const char *time = text_at(branch, "time");
    if (time && g_strcmp0(time, r->date) > 0)
      r->date = time;
    for (guint k = 0; list && k < list->items->len; k++) {
      const OakumYaml *item = list->items->pdata[k];
      if (!item->text || !narrow(item->text, r->words, &range))
        return bad(r, "a comparator that is none");
    }
    if (list)
      g_array_append_val(r->ranges, range);
  }
  return keep(r, error);
}

static gboolean read_elixir(Read *r, const OakumYaml *yaml, GError **error)
{
  const OakumYaml *list = list_at(yaml, "vulnerable_version_ranges");
  gboolean old = !list && list_at(yaml, "patched_versions"); /* as RubySec has them */
  r->part = "Elixir";
  r->ecosystem = "Hex";
  r->package = text_at(yaml, "package");
  r->id = text_at(yaml, "id");
  r->title = text_at(yaml, "title");
  r->date = text_at(yaml, "disclosure_date");
  r->word = text_at(yaml, "severity");
  const char *cve = text_at(yaml, "cve");
  g_autofree char *full =
      cve ? g_str_has_prefix(cve, "CVE-") ? g_strdup(cve) : g_strconcat("CVE-", cve, NULL) : NULL;
  if (full)
    g_ptr_array_add(r->names, full);
  if (!r->package || !r->id || (!list && !old))
    return bad(r, "no package, id or ranges");
  if (old)
    return ruby_ranges(yaml, r->ranges, r->words) ? keep(r, error)
                                                  : bad(r, "versions that are no requirement");
  for (guint i = 0; i < list->items->len; i++) {
    const OakumYaml *item = list->items->pdata[i];
    if (!item->text || !narrow_all(item->text, r->words, r->ranges))
      return bad(r, "a range that is none");
  }
  return keep(r, error);
}

/* ---- Wolfi ------------------------------------------------------------------------------------
 */
static const struct {
  const char *type;
  OakumAdvisoryStatus status;
} events[] = {{"fixed", OAKUM_STATUS_FIXED},
              {"false-positive-determination", OAKUM_STATUS_NOT_AFFECTED},
              {"detection", OAKUM_STATUS_UNDER_INVESTIGATION},
              {"true-positive-determination", OAKUM_STATUS_AFFECTED},
              {"analysis-not-planned", OAKUM_STATUS_WILL_NOT_FIX},
              {"fix-not-planned", OAKUM_STATUS_WILL_NOT_FIX},
              {"pending-upstream-fix", OAKUM_STATUS_FIX_DEFERRED}};

static gboolean read_wolfi_one(Read *r, const char *package, const OakumYaml *advisory,
                               GError **error)
{
  const OakumYaml *list = list_at(advisory, "events"), *aliases = list_at(advisory, "aliases");
  g_autoptr(GPtrArray) names = g_ptr_array_new(), ids = g_ptr_array_new(),
                       others = g_ptr_array_new();
  guint feed = oakum_ingest_feed(r->in, "advisory-yaml", "Wolfi");
  r->id = text_at(advisory, "id");
  for (guint i = 0; aliases && i < aliases->items->len; i++)
    if (((OakumYaml *)aliases->items->pdata[i])->text)
      g_ptr_array_add(names, ((OakumYaml *)aliases->items->pdata[i])->text);
  if (!r->id || !list || list->items->len == 0)
    return bad(r, "an advisory without id or events");
  /* the newest, which is not always written last */
  const OakumYaml *last = list->items->pdata[0];
  for (guint i = 1; i < list->items->len; i++)
    if (g_strcmp0(text_at(list->items->pdata[i], "timestamp"), text_at(last, "timestamp")) >= 0)
      last = list->items->pdata[i];
  const OakumYaml *data = oakum_yaml_get(last, "data");
  const char *type = text_at(last, "type"), *why = text_at(data, "type");
  g_autofree char *date = oakum_feed_date(text_at(last, "timestamp"));
  g_autofree char *note = oakum_title(why ? why : text_at(data, "note"));
  oakum_sort_names(r->id, names, ids, others);
  for (size_t i = 0; type && i < G_N_ELEMENTS(events); i++) {
    if (strcmp(type, events[i].type) != 0)
      continue;
    gboolean fixed = events[i].status == OAKUM_STATUS_FIXED;
    OakumAdvisoryRange range = {NULL, fixed ? text_at(data, "fixed-version") : NULL, NULL, FALSE};
    OakumAdvisory e = {.record = r->id,
                       .ids = (const char **)ids->pdata,
                       .aliases = (const char **)others->pdata,
                       .kind = OAKUM_NAME_SOURCE,
                       .status = events[i].status,
                       .ranges = &range,
                       .n_ranges = events[i].status == OAKUM_STATUS_NOT_AFFECTED ? 0 : 1,
                       .fix_date = fixed ? date : NULL,
                       .modified = date,
                       .note = fixed ? NULL : note};
    if (fixed && !range.fixed)
      return bad(r, "fixed in no version");
    oakum_ingest_package(r->in, feed, "Wolfi", package, &e);
    return oakum_ingest_keep(r->in, feed, r->id, date, error);
  }
  return bad(r, "a last event of no known type");
}

static gboolean read_wolfi(Read *r, const OakumYaml *yaml, GError **error)
{
  const char *package = text_at(oakum_yaml_get(yaml, "package"), "name");
  const OakumYaml *list = list_at(yaml, "advisories");
  if (!package)
    return bad(r, "no package");
  for (guint i = 0; list && i < list->items->len; i++)
    if (!read_wolfi_one(r, package, list->items->pdata[i], error))
      return FALSE;
  return TRUE;
}

gboolean oakum_read_yaml(OakumIngest *in, OakumReader *reader, GError **error)
{
  G_GNUC_UNUSED g_autoptr(OakumReader) owned = reader;
  g_autofree char *text = NULL;
  size_t len;
  if (!oakum_reader_slurp(owned, OAKUM_FEED_TEXT_MAX, "YAML document", &text, &len, error))
    return FALSE;
  g_autoptr(OakumYaml) yaml = oakum_yaml_parse(text, len, in->name, error);
  if (!yaml)
    return FALSE;
  g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(OakumAdvisoryRange));
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  Read r = {.in = in, .words = g_string_chunk_new(512), .ranges = ranges, .names = names};
  in->documents++;
  gboolean ok = oakum_yaml_get(yaml, "gem") || oakum_yaml_get(yaml, "engine")
                    ? read_ruby(&r, yaml, error)
                : oakum_yaml_get(yaml, "advisories") ? read_wolfi(&r, yaml, error)
                : oakum_yaml_get(yaml, "vulnerable_version_ranges") ||
                        (oakum_yaml_get(yaml, "package") && oakum_yaml_get(yaml, "disclosure_date"))
                    ? read_elixir(&r, yaml, error)
                    : read_php(&r, yaml, error);
  g_string_chunk_free(r.words);
  return ok;
}
