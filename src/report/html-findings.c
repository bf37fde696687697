/* What an HTML page knows of its findings: columns of numbers for all of them, tables of the texts
 * that these stand for, and the evidence, which is read when somebody unfolds a row. A report of
 * one image says the same of many findings, so what is said twice stands once. web/report/core.js
 * reads this. */
#include "report/html-private.h"
#include <string.h>

/* ---- texts that stand once
 * ----------------------------------------------------------------------------------------- */
/* Numbers of keys in the order of their coming. */
static gboolean number_of(GHashTable *numbers, const char *key, guint *out)
{
  gpointer found;
  gboolean known = g_hash_table_lookup_extended(numbers, key, NULL, &found);
  *out = known ? GPOINTER_TO_UINT(found) : g_hash_table_size(numbers);
  if (!known)
    g_hash_table_insert(numbers, g_strdup(key), GUINT_TO_POINTER(*out));
  return !known;
}

guint oakum_html_shared(OakumHtmlPage *page, const char *text)
{
  guint number;
  g_autofree char *safe = oakum_escape_terminal(text ? text : "", -1);
  if (number_of(page->strings, safe, &number))
    json_array_append_new(json_object_get(page->data, "strings"), json_string(safe));
  return number;
}

/* ---- evidence
 * ----------------------------------------------------------------------------------------- */
/* Names of the texts in the order of a line; a page finds them in `data.evidence`. */
static const char *const labels[] = {
    "why",      "fix",  "compared", "fix_date", "suppressed", "severity_by", "cvss",
    "epss",     "kev",  "gone",     "advisory", "looked_up",  "purl",        "file",
    "category", "code", "match",    "layer",    "created_by", "dockerfile",  "fingerprint"};
enum { OAKUM_HTML_SUPPRESSED = 4, OAKUM_HTML_OF_BASE = 16 }; /* of a finding's flags */
typedef const char *Texts[G_N_ELEMENTS(labels)];

static void set(Texts texts, const char *label, const char *text)
{
  for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
    if (strcmp(labels[i], label) == 0)
      texts[i] = text;
}

/* 0: no text. 1: the id of the finding. Else of the text, from 2. */
static guint32 say(OakumHtmlPage *page, const char *text, const char *id)
{
  if (!text || !*text)
    return 0;
  if (id && strcmp(text, id) == 0)
    return 1;
  guint number;
  g_autofree char *safe = oakum_escape_terminal(text, -1);
  if (number_of(page->evidence.numbers, safe, &number)) {
    const OakumHtmlSaid said = {g_strdup(safe), 0, 0};
    g_array_append_val(page->evidence.said, said);
  }
  g_array_index(page->evidence.said, OakumHtmlSaid, number).times++;
  return number + 2;
}

static void put(OakumHtmlPage *page, guint32 value)
{
  g_array_append_val(page->evidence.words, value);
}

/* Names, and where one can read about them: most addresses are one of few, then the name. */
static void links(OakumHtmlPage *page, const OakumFinding *f)
{
  g_autoptr(GPtrArray) ids = oakum_report_ids(f, OAKUM_HTML_LINKS_MAX);
  put(page, OAKUM_HTML_LINK * ids->len);
  for (guint i = 0; i < ids->len; i++) {
    const char *id = ids->pdata[i];
    g_auto(OakumReportId) link = {0};
    if (oakum_report_id_is_plain(id))
      oakum_report_id(id, &link);
    gboolean ends = link.url && g_str_has_suffix(link.url, id);
    g_autofree char *head = ends ? g_strndup(link.url, strlen(link.url) - strlen(id)) : NULL;
    put(page, say(page, id, f->id));
    put(page, say(page, head, NULL));
    put(page, say(page, ends ? NULL : link.url, NULL));
  }
}

static void records(OakumHtmlPage *page, const OakumFinding *f)
{
  put(page, f->records ? OAKUM_HTML_RECORD * f->records->len : 0);
  for (guint i = 0; f->records && i < f->records->len; i++) {
    const OakumFindingRecord *r = f->records->pdata[i];
    g_autofree char *feed =
        r->part && *r->part ? g_strdup_printf("%s %s", r->feed, r->part) : g_strdup(r->feed);
    const char *const cells[] = {
        feed, r->record, r->date, r->status, r->fixed, r->severity, r->decided ? "yes" : NULL};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == OAKUM_HTML_RECORD);
    for (size_t j = 0; j < G_N_ELEMENTS(cells); j++)
      put(page, say(page, cells[j], f->id));
  }
}

static void evidence(OakumHtmlPage *page, const OakumResult *result, const OakumFinding *f,
                     const OakumPackage *package, const OakumLayerOrigin *origin)
{
  gboolean hole = f->kind == OAKUM_FINDING_VULNERABILITY;
  g_autofree char *print = oakum_finding_fingerprint(f),
                  *advice = hole || oakum_report_is_observed(f) ? oakum_report_advice(f)
                                                                : g_strdup(f->fix),
                  *looked = f->looked_up ? g_strdup_printf("%s in %s, by %s name", f->looked_up,
                                                           f->ecosystem ? f->ecosystem : "?",
                                                           f->by ? f->by : "its")
                                         : NULL,
                  *file = f->file && f->line > 0 ? g_strdup_printf("%s, line %d", f->file, f->line)
                                                 : g_strdup(f->file),
                  *cvss =
                      f->cvss_vector ? g_strdup_printf("%.1f  %s", f->cvss, f->cvss_vector) : NULL,
                  *epss = f->epss < 0 ? NULL
                                      : g_strdup_printf("%.2f %.1f", f->epss * 100,
                                                        MAX(f->epss_percentile, 0) * 100),
                  *layer = !origin ? NULL
                                   : g_strdup_printf("%d%s %s", f->layer_index + 1,
                                                     origin->base ? " (of the base image)" : "",
                                                     f->layer ? f->layer : ""),
                  *line = f->dockerfile_line <= 0
                              ? NULL
                              : g_strdup_printf("%s, line %d", oakum_report_dockerfile(result),
                                                f->dockerfile_line);
  Texts texts = {NULL};
  set(texts, "why", f->why);
  set(texts, "fix", advice);
  set(texts, "compared", f->compared);
  set(texts, "fix_date", f->fix_date);
  set(texts, "suppressed", f->suppressed);
  set(texts, "severity_by", f->severity_by);
  set(texts, "cvss", cvss);
  set(texts, "epss", epss);
  set(texts, "kev",
      f->ransomware ? "known (CISA KEV), in campaigns for ransom"
      : f->kev      ? "known (CISA KEV)"
                    : NULL);
  set(texts, "gone",
      f->gone ? "a later layer deletes or replaces the file; it is in the image all the same"
              : NULL);
  set(texts, "advisory", f->advisory);
  set(texts, "looked_up", looked);
  set(texts, "purl", f->package_purl);
  set(texts, "file", file);
  set(texts, "category", f->category);
  set(texts, "code", f->code);
  set(texts, "match", f->match);
  set(texts, "layer", layer);
  set(texts, "created_by", origin ? origin->created_by : NULL);
  set(texts, "dockerfile", line);
  set(texts, "fingerprint", print);
  for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
    put(page, say(page, texts[i], NULL));
  guint paths = package ? MIN(package->paths->len, OAKUM_HTML_PATHS_MAX) : 0;
  put(page, paths);
  for (guint i = 0; i < paths; i++)
    put(page, say(page, package->paths->pdata[i], NULL));
  if (hole)
    links(page, f);
  else
    put(page, 0);
  records(page, f);
}

/* A text that is said once stands where it is said; one of several by its number among those. */
static json_t *word(OakumHtmlPage *page, guint32 word)
{
  if (word < 2)
    return json_integer(word);
  const OakumHtmlSaid *said = &g_array_index(page->evidence.said, OakumHtmlSaid, word - 2);
  return said->times > 1 ? json_integer(said->place + 2) : json_string(said->text);
}

guint oakum_html_evidence(OakumHtmlPage *page, GString *lines)
{
  guint shared = 0;
  for (guint i = 0; i < page->evidence.said->len; i++) {
    OakumHtmlSaid *said = &g_array_index(page->evidence.said, OakumHtmlSaid, i);
    if (said->times < 2)
      continue;
    said->place = shared++;
    OAKUM_AUTO_JSON *text = json_string(said->text);
    g_autofree char *line = oakum_json_dump(text, FALSE);
    g_string_append_printf(lines, "%s\n", line);
  }
  const GArray *words = page->evidence.words;
  for (guint at = 0; at < words->len;) {
    OAKUM_AUTO_JSON *line = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
      json_array_append_new(line, word(page, g_array_index(words, guint32, at++)));
    for (int list = 0; list < 3; list++) { /* paths, links, records */
      json_t *all = json_array();
      for (guint32 n = g_array_index(words, guint32, at++); n > 0; n--)
        json_array_append_new(all, word(page, g_array_index(words, guint32, at++)));
      json_array_append_new(line, all);
    }
    g_autofree char *dumped = oakum_json_dump(line, FALSE);
    g_string_append_printf(lines, "%s\n", dumped);
  }
  return shared;
}

/* ---- rows
 * ----------------------------------------------------------------------------------------- */
/* A row of the table that browsers without scripts show. */
static void plain_row(OakumHtmlPage *page, const OakumFinding *f, const char *subject)
{
  if (page->listed++ >= OAKUM_HTML_PLAIN_ROWS)
    return;
  const char *const cells[] = {oakum_finding_kind_name(f->kind),
                               f->id,
                               oakum_severity_name(f->severity),
                               subject,
                               f->package_version,
                               f->fixed,
                               f->suppressed ? f->suppressed : f->title};
  if (page->listed == 1)
    g_string_append(page->plain,
                    "</ul>\n<table><thead><tr><th>kind</th><th>id</th><th>severity</th><th>where"
                    "</th><th>installed</th><th>mended in</th><th>what</th></tr></thead>\n");
  g_string_append(page->plain, "<tr>");
  for (size_t i = 0; i < G_N_ELEMENTS(cells); i++) {
    g_autofree char *safe = oakum_escape_html(cells[i] ? cells[i] : "", -1);
    g_string_append_printf(page->plain, "<td><bdi>%s</bdi></td>", safe);
  }
  g_string_append(page->plain, "</tr>\n");
}

/* Id, title and other names: of a hole that many packages have they stand once. */
static guint name_of(OakumHtmlPage *page, const OakumFinding *f)
{
  guint number;
  g_autofree char *aliases = f->aliases ? g_strjoinv(" ", f->aliases) : NULL;
  OAKUM_AUTO_JSON *row = json_array();
  json_array_append_new(row, oakum_html_text(f->id));
  json_array_append_new(row, oakum_html_text(f->title));
  if (aliases && *aliases)
    json_array_append_new(row, oakum_html_text(aliases));
  g_autofree char *line = oakum_json_dump(row, FALSE);
  if (number_of(page->names, line, &number)) {
    if (number < OAKUM_HTML_FIRST)
      json_array_append(json_object_get(page->data, "names"), row);
    else
      g_string_append_printf(page->name_lines, "%s\n", line);
  }
  return number;
}

/* What it is in: a package, else a file. */
static guint place_of(OakumHtmlPage *page, const char *subject, const char *version,
                      const char *type, int package)
{
  guint number;
  OAKUM_AUTO_JSON *row =
      json_pack("[iiii]", oakum_html_shared(page, subject), oakum_html_shared(page, version),
                oakum_html_shared(page, type), package);
  g_autofree char *key = oakum_json_dump(row, FALSE);
  if (number_of(page->places, key, &number))
    json_array_append(json_object_get(page->data, "places"), row);
  return number;
}

static gint by_index(gconstpointer a, gconstpointer b)
{
  return GPOINTER_TO_INT(a) - GPOINTER_TO_INT(b);
}

static void sum(OakumHtmlPage *page, const OakumFinding *f, int flags, int layer, int change)
{
  guint kind = oakum_html_kind(f->kind), at = change < 0 ? 0 : (guint)change;
  page->sums.kinds[kind] = page->sums.changes[at] = page->sums.severities[f->severity] = TRUE;
  page->sums.flags |= flags;
  page->sums.fixed |= f->fixed && *f->fixed;
  page->sums.own |= layer >= 0 && !(flags & OAKUM_HTML_OF_BASE);
  if (layer >= 0)
    g_hash_table_add(page->sums.layers, GINT_TO_POINTER(layer));
  if (flags & OAKUM_HTML_SUPPRESSED)
    page->sums.suppressed++;
  else
    page->sums.counts[kind][at][f->severity]++;
}

static json_t *booleans(const gboolean *list, size_t n)
{
  json_t *out = json_array();
  for (size_t i = 0; i < n; i++)
    json_array_append_new(out, json_integer(list[i] != FALSE));
  return out;
}

void oakum_html_sums(OakumHtmlPage *page)
{
  json_t *counts = json_array(), *layers = json_array();
  for (size_t kind = 0; kind < OAKUM_FINDING_KINDS; kind++) {
    json_t *changes = json_array();
    for (size_t change = 0; change < 3; change++) {
      json_t *row = json_array();
      for (size_t s = 0; s <= OAKUM_SEVERITY_CRITICAL; s++)
        json_array_append_new(row, json_integer(page->sums.counts[kind][change][s]));
      json_array_append_new(changes, row);
    }
    json_array_append_new(counts, changes);
  }
  g_autoptr(GList) keys = g_hash_table_get_keys(page->sums.layers);
  keys = g_list_sort(keys, by_index);
  for (const GList *key = keys; key; key = key->next)
    json_array_append_new(layers, json_integer(GPOINTER_TO_INT(key->data)));
  json_object_set_new(
      page->data, "sums",
      json_pack("{so si si sb sb so so so so}", "counts", counts, "suppressed",
                (int)page->sums.suppressed, "flags", page->sums.flags, "fixed", page->sums.fixed,
                "own", page->sums.own, "layers", layers, "kinds",
                booleans(page->sums.kinds, G_N_ELEMENTS(page->sums.kinds)), "changes",
                booleans(page->sums.changes, G_N_ELEMENTS(page->sums.changes)), "severities",
                booleans(page->sums.severities, G_N_ELEMENTS(page->sums.severities))));
}

void oakum_html_finding(OakumHtmlPage *page, const OakumResult *result, const OakumFinding *f,
                        const OakumPackage *package, int index, int change)
{
  const OakumCatalog *catalog = result->catalog;
  const OakumLayerOrigin *origin =
      f->layer_index >= 0 && (guint)f->layer_index < catalog->layers->len
          ? catalog->layers->pdata[f->layer_index]
          : NULL;
  const char *subject = f->package_name && *f->package_name ? f->package_name
                        : f->file                           ? f->file
                                                            : "";
  int flags = (f->kev ? 1 : 0) | (f->ransomware ? 2 : 0) |
              (f->suppressed ? OAKUM_HTML_SUPPRESSED : 0) | (f->gone ? 8 : 0) |
              (origin && origin->base ? OAKUM_HTML_OF_BASE : 0);
  gboolean hole = f->kind == OAKUM_FINDING_VULNERABILITY;
  const struct {
    const char *name;
    json_int_t value;
  } cells[] = {
      {"kind", oakum_html_kind(f->kind)},
      {"severity", f->severity},
      {"name", name_of(page, f)},
      {"place", place_of(page, subject, f->package_version, package ? package->type : NULL, index)},
      {"fixed", oakum_html_shared(page, f->fixed)},
      {"status", oakum_html_shared(page, f->status)},
      {"flags", flags},
      {"layer", origin ? f->layer_index : -1},
      {"line", f->dockerfile_line},
      {"risk", hole ? (int)(f->risk * 10 + 0.5) : -1},
      {"change", change}};
  for (size_t i = 0; i < G_N_ELEMENTS(cells) - (change < 0); i++) {
    json_t *column = json_object_get(page->findings, cells[i].name);
    if (!column)
      json_object_set_new(page->findings, cells[i].name, column = json_array());
    json_array_append_new(column, json_integer(cells[i].value));
  }
  sum(page, f, flags, origin ? f->layer_index : -1, change);
  evidence(page, result, f, package, origin);
  plain_row(page, f, subject);
}

/* ---- life
 * ----------------------------------------------------------------------------------------- */
static void said_clear(gpointer said)
{
  g_free(((OakumHtmlSaid *)said)->text);
}

void oakum_html_findings_init(OakumHtmlPage *page)
{
  json_t *names = json_array();
  for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
    json_array_append_new(names, json_string(labels[i]));
  json_object_set_new(page->data, "evidence", names);
  json_object_set_new(page->data, "strings", json_array());
  json_object_set_new(page->data, "places", json_array());
  json_object_set_new(page->data, "names", json_array());
  json_object_set_new(page->data, "findings", page->findings = json_object());
  page->strings = oakum_str_map_new(g_free, NULL);
  guint none = oakum_html_shared(page, "");
  g_assert(none == 0); /* as the page has it: 0 is no text */
  page->sums.layers = g_hash_table_new(NULL, NULL);
  page->names = oakum_str_map_new(g_free, NULL);
  page->places = oakum_str_map_new(g_free, NULL);
  page->name_lines = g_string_new(NULL);
  page->evidence.numbers = oakum_str_map_new(g_free, NULL);
  page->evidence.said = g_array_new(FALSE, FALSE, sizeof(OakumHtmlSaid));
  g_array_set_clear_func(page->evidence.said, said_clear);
  page->evidence.words = g_array_new(FALSE, FALSE, sizeof(guint32));
}

void oakum_html_findings_clear(OakumHtmlPage *page)
{
  g_hash_table_unref(page->strings);
  g_hash_table_unref(page->sums.layers);
  g_hash_table_unref(page->names);
  g_hash_table_unref(page->places);
  g_string_free(page->name_lines, TRUE);
  g_hash_table_unref(page->evidence.numbers);
  g_array_unref(page->evidence.said);
  g_array_unref(page->evidence.words);
}
