/* A report as one HTML file that asks nobody for anything: data in blocks that no browser runs, our
 * own style and script, and a policy that allows these two by their digests. The files of the page
 * are in web/report. */
#include "report/html-private.h"
#include <string.h>

/* ---- the files of the page
 * ------------------------------------------------------------------------------- */
static const uint8_t frame[] = {
#include "report/report.html.h"
    0};
static const uint8_t style[] = {
#include "report/report.css.h"
    0};
static const uint8_t script[] = {
#include "report/core.js.h"
#include "report/table.js.h"
#include "report/treemap.js.h"
#include "report/report.js.h"
    0};

/* The kinds in the order of the page. */
static const struct {
  OakumFindingKind kind;
  const char *many;
} kinds[] = {{OAKUM_FINDING_VULNERABILITY, "holes"},
             {OAKUM_FINDING_SECRET, "secrets"},
             {OAKUM_FINDING_HYGIENE, "hygiene"},
             {OAKUM_FINDING_LICENSE, "licences"},
             {OAKUM_FINDING_EOL, "freshness"},
             {OAKUM_FINDING_INCOMPLETE, "not judged"},
             {OAKUM_FINDING_LINT, "lint"}};
G_STATIC_ASSERT(G_N_ELEMENTS(kinds) == OAKUM_FINDING_KINDS);

static guint place_of(OakumFindingKind kind)
{
  guint at = 0;
  while (kinds[at].kind != kind)
    at++;
  return at;
}

/* ---- data
 * ------------------------------------------------------------------------------------------ */
json_t *oakum_html_text(const char *text)
{
  g_autofree char *safe = oakum_escape_terminal(text ? text : "", -1);
  return json_string(safe);
}

static void say(json_t *object, const char *key, const char *value)
{
  if (value && *value)
    json_object_set_new(object, key, oakum_html_text(value));
}

char *oakum_html_bytes(int64_t bytes)
{
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 0)
    return g_strdup("unknown");
  double value = (double)bytes;
  size_t at = 0;
  for (; value >= 1000 && at + 1 < G_N_ELEMENTS(units); at++)
    value /= 1000;
  return at == 0 ? g_strdup_printf("%" G_GINT64_FORMAT " B", bytes)
                 : g_strdup_printf("%.1f %s", value, units[at]);
}

void oakum_html_page_init(OakumHtmlPage *page, const char *kind)
{
  json_t *severities = json_array(), *names = json_array();
  for (int s = 0; s <= OAKUM_SEVERITY_CRITICAL; s++)
    json_array_append_new(severities, json_string(oakum_severity_name((OakumSeverity)s)));
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
    json_t *pair = json_array();
    json_array_append_new(pair, json_string(oakum_finding_kind_name(kinds[i].kind)));
    json_array_append_new(pair, json_string(kinds[i].many));
    json_array_append_new(names, pair);
  }
  *page = (OakumHtmlPage){json_object(),      json_array(),       json_array(),
                          g_string_new(NULL), g_string_new(NULL), 0};
  json_object_set_new(page->data, "page", json_string(kind));
  json_object_set_new(page->data, "version", json_string(OAKUM_VERSION));
  json_object_set_new(page->data, "severities", severities);
  json_object_set_new(page->data, "kinds", names);
  json_object_set_new(page->data, "facts", json_array());
  json_object_set_new(page->data, "layers", json_array());
  json_object_set_new(page->data, "packages", page->packages);
  json_object_set_new(page->data, "findings", page->findings);
}

void oakum_html_fact(OakumHtmlPage *page, const char *name, const char *value, const char *after,
                     const char *difference)
{
  json_t *row = json_array();
  json_array_append_new(row, json_string(name));
  json_array_append_new(row, oakum_html_text(value));
  if (after) {
    json_array_append_new(row, oakum_html_text(after));
    json_array_append_new(row, oakum_html_text(difference));
  }
  json_array_append_new(json_object_get(page->data, "facts"), row);
  g_autofree char *safe = oakum_escape_html(value, -1),
                  *other = after ? oakum_escape_html(after, -1) : NULL;
  g_string_append_printf(page->plain, "<li>%s: <bdi>%s</bdi>", name, safe);
  if (other)
    g_string_append_printf(page->plain, " → <bdi>%s</bdi>", other);
  g_string_append(page->plain, "</li>\n");
}

void oakum_html_layers(OakumHtmlPage *page, const OakumCatalog *catalog)
{
  json_t *layers = json_object_get(page->data, "layers");
  for (guint i = 0; i < catalog->layers->len; i++) {
    const OakumLayerOrigin *origin = catalog->layers->pdata[i];
    json_t *row = json_array();
    json_array_append_new(row, oakum_html_text(origin->digest));
    json_array_append_new(row, json_integer(origin->size));
    json_array_append_new(row, oakum_html_text(origin->created_by));
    json_array_append_new(row, json_boolean(origin->base));
    json_array_append_new(layers, row);
  }
}

/* ---- a finding
 * ------------------------------------------------------------------------------------- */
static json_t *links(const OakumFinding *f)
{
  g_autoptr(GPtrArray) ids = oakum_report_ids(f, OAKUM_HTML_LINKS_MAX);
  json_t *list = json_array();
  for (guint i = 0; i < ids->len; i++) {
    g_auto(OakumReportId) id = {0};
    json_t *pair = json_array();
    json_array_append_new(pair, oakum_html_text(ids->pdata[i]));
    if (oakum_report_id_is_plain(ids->pdata[i])) {
      oakum_report_id(ids->pdata[i], &id);
      json_array_append_new(pair, json_string(id.url));
    }
    json_array_append_new(list, pair);
  }
  return list;
}

static json_t *records(const OakumFinding *f)
{
  json_t *list = json_array();
  for (guint i = 0; i < f->records->len; i++) {
    const OakumFindingRecord *r = f->records->pdata[i];
    g_autofree char *feed =
        r->part && *r->part ? g_strdup_printf("%s %s", r->feed, r->part) : g_strdup(r->feed);
    const char *const cells[] = {feed, r->record, r->date, r->status, r->fixed, r->severity};
    json_t *row = json_array();
    for (size_t j = 0; j < G_N_ELEMENTS(cells); j++)
      json_array_append_new(row, oakum_html_text(cells[j]));
    json_array_append_new(row, json_boolean(r->decided));
    json_array_append_new(list, row);
  }
  return list;
}

static void say_layer(json_t *object, const OakumResult *result, const OakumFinding *f)
{
  const OakumLayerOrigin *origin =
      f->layer_index >= 0 && (guint)f->layer_index < result->catalog->layers->len
          ? result->catalog->layers->pdata[f->layer_index]
          : NULL;
  g_autofree char *layer =
                      f->layer_index < 0
                          ? NULL
                          : g_strdup_printf("%d%s %s", f->layer_index + 1,
                                            origin && origin->base ? " (of the base image)" : "",
                                            f->layer ? f->layer : ""),
                  *line = f->dockerfile_line <= 0
                              ? NULL
                              : g_strdup_printf("%s, line %d", oakum_report_dockerfile(result),
                                                f->dockerfile_line);
  say(object, "layer", layer);
  say(object, "created_by", origin ? origin->created_by : NULL);
  say(object, "dockerfile", line);
}

static void say_rating(json_t *object, const OakumFinding *f)
{
  g_autofree char *cvss =
                      f->cvss_vector ? g_strdup_printf("%.1f  %s", f->cvss, f->cvss_vector) : NULL,
                  *epss = f->epss < 0
                              ? NULL
                              : g_strdup_printf("%.2f %% chance of use within 30 days; above %.1f "
                                                "%% of all holes",
                                                f->epss * 100, MAX(f->epss_percentile, 0) * 100),
                  *risk = g_strdup_printf("%.1f of 100", oakum_report_tenth(f->risk));
  say(object, "severity_by", f->severity_by);
  say(object, "cvss", cvss);
  say(object, "epss", epss);
  if (f->kind == OAKUM_FINDING_VULNERABILITY)
    say(object, "risk", risk);
  say(object, "kev",
      f->ransomware ? "known (CISA KEV), in campaigns for ransom"
      : f->kev      ? "known (CISA KEV)"
                    : NULL);
}

/* One line of JSON: what is read only when somebody unfolds the row. */
static void evidence(GString *out, const OakumResult *result, const OakumFinding *f,
                     const OakumPackage *package)
{
  OAKUM_AUTO_JSON *object = json_object();
  gboolean hole = f->kind == OAKUM_FINDING_VULNERABILITY;
  g_autofree char *print = oakum_finding_fingerprint(f),
                  *advice = hole || oakum_report_is_observed(f) ? oakum_report_advice(f)
                                                                : g_strdup(f->fix),
                  *looked = f->looked_up ? g_strdup_printf("%s in %s, by %s name", f->looked_up,
                                                           f->ecosystem ? f->ecosystem : "?",
                                                           f->by ? f->by : "its")
                                         : NULL,
                  *file = f->file && f->line > 0 ? g_strdup_printf("%s, line %d", f->file, f->line)
                                                 : g_strdup(f->file);
  say(object, "why", f->why);
  say(object, "fix", advice);
  say(object, "compared", f->compared);
  say(object, "fixed", f->fixed);
  say(object, "fix_date", f->fix_date);
  say(object, "status", hole ? f->status : NULL);
  say(object, "suppressed", f->suppressed);
  say_rating(object, f);
  say(object, "advisory", f->advisory);
  say(object, "looked_up", looked);
  say(object, "purl", f->package_purl);
  say(object, "file", file);
  say(object, "category", f->category);
  say(object, "code", f->code);
  say(object, "match", f->match);
  say(object, "gone",
      f->gone ? "a later layer deletes or replaces the file; it is in the image all "
                "the same"
              : NULL);
  say_layer(object, result, f);
  say(object, "fingerprint", print);
  if (package && package->paths->len > 0) {
    json_t *paths = json_array();
    for (guint i = 0; i < MIN(package->paths->len, OAKUM_HTML_PATHS_MAX); i++)
      json_array_append_new(paths, oakum_html_text(package->paths->pdata[i]));
    json_object_set_new(object, "paths", paths);
  }
  if (hole)
    json_object_set_new(object, "links", links(f));
  if (f->records && f->records->len > 0)
    json_object_set_new(object, "records", records(f));
  g_autofree char *line = oakum_json_dump(object, FALSE);
  g_string_append(out, line);
  g_string_append_c(out, '\n');
}

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
  int flags = (f->kev ? 1 : 0) | (f->ransomware ? 2 : 0) | (f->suppressed ? 4 : 0) |
              (f->gone ? 8 : 0) | (origin && origin->base ? 16 : 0);
  g_autofree char *aliases = f->aliases ? g_strjoinv(" ", f->aliases) : NULL;
  gboolean hole = f->kind == OAKUM_FINDING_VULNERABILITY;
  json_t *row = json_array();
  json_array_append_new(row, json_integer(place_of(f->kind)));
  json_array_append_new(row, json_integer(f->severity));
  json_array_append_new(row, oakum_html_text(f->id));
  json_array_append_new(row, oakum_html_text(f->title));
  json_array_append_new(row, oakum_html_text(subject));
  json_array_append_new(row, oakum_html_text(f->package_version));
  json_array_append_new(row, oakum_html_text(f->fixed));
  json_array_append_new(row, json_integer(flags));
  json_array_append_new(row, json_integer(f->layer_index));
  json_array_append_new(row, json_integer(f->dockerfile_line));
  json_array_append_new(row, json_integer(hole ? (int)(f->risk * 10 + 0.5) : -1));
  json_array_append_new(row, json_integer(f->epss < 0 ? -1 : (int)(f->epss * 1000 + 0.5)));
  json_array_append_new(row, oakum_html_text(f->status));
  json_array_append_new(row, json_integer(index));
  json_array_append_new(row, oakum_html_text(package ? package->type : NULL));
  json_array_append_new(row, oakum_html_text(aliases));
  json_array_append_new(row, json_integer(change));
  json_array_append_new(page->findings, row);
  evidence(page->details, result, f, package);
  plain_row(page, f, subject);
}

/* ---- the file
 * ----------------------------------------------------------------------------------------- */
/* JSON inside of <script>: no "<", so that nothing in it ends the block or begins a comment. All
 * control characters are gone already, and so are U+2028 and U+2029. */
static char *inert(const char *json)
{
  GString *out = g_string_sized_new(strlen(json) + 64);
  for (const char *p = json; *p;) {
    size_t n = strcspn(p, "<>&");
    g_string_append_len(out, p, (gssize)n);
    p += n;
    if (*p)
      g_string_append_printf(out, "\\u%04x", (guint)*p++);
  }
  return g_string_free(out, FALSE);
}

static char *source_of(const uint8_t *bytes)
{
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  oakum_hasher_update(hasher, bytes, strlen((const char *)bytes));
  g_autofree char *hex = oakum_hasher_hex(hasher);
  guchar raw[32];
  for (size_t i = 0; i < sizeof(raw); i++)
    raw[i] = (guchar)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
  g_autofree char *base64 = g_base64_encode(raw, sizeof(raw));
  return g_strdup_printf("'sha256-%s'", base64);
}

static char *policy_text(void)
{
  g_autofree char *of_script = source_of(script), *of_style = source_of(style);
  return g_strdup_printf("default-src 'none'; script-src %s; style-src %s; img-src data:; base-uri "
                         "'none'; form-action 'none'",
                         of_script, of_style);
}

static void plain_end(OakumHtmlPage *page)
{
  g_string_append(page->plain, page->listed > 0 ? "</table>\n" : "</ul>\n<p>No findings.</p>\n");
  if (page->listed > OAKUM_HTML_PLAIN_ROWS)
    g_string_append_printf(page->plain,
                           "<p>These are the %u most urgent of %u. All are in this file: open it "
                           "with scripts allowed, or see the result (oakum scan --format json).</p>"
                           "\n",
                           OAKUM_HTML_PLAIN_ROWS, page->listed);
}

char *oakum_html_page_end(OakumHtmlPage *page, const char *title)
{
  plain_end(page);
  g_autofree char *raw = oakum_json_dump(page->data, FALSE), *data = inert(raw),
                  *details = inert(page->details->str), *policy = policy_text(),
                  *name = oakum_escape_html(title, -1),
                  *plain =
                      g_strdup_printf("<h1><bdi>%s</bdi></h1>\n<ul>\n%s", name, page->plain->str);
  const struct {
    const char *name, *value;
  } parts[] = {{"policy", policy},   {"generator", "oakum " OAKUM_VERSION},
               {"title", name},      {"style", (const char *)style},
               {"plain", plain},     {"data", data},
               {"details", details}, {"script", (const char *)script}};
  size_t whole = sizeof(frame);
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    whole += strlen(parts[i].value);
  GString *out = g_string_sized_new(whole);
  for (const char *p = (const char *)frame; *p;) {
    const char *next = strstr(p, "{{");
    if (!next) {
      g_string_append(out, p);
      break;
    }
    g_string_append_len(out, p, next - p);
    const char *end = strstr(next, "}}");
    for (size_t part = 0; part < G_N_ELEMENTS(parts); part++)
      if (strncmp(next + 2, parts[part].name, (size_t)(end - next) - 2) == 0)
        g_string_append(out, parts[part].value);
    p = end + 2;
  }
  json_decref(page->data);
  g_string_free(page->details, TRUE);
  g_string_free(page->plain, TRUE);
  return g_string_free(out, FALSE);
}
