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

guint oakum_html_kind(OakumFindingKind kind)
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
  *page =
      (OakumHtmlPage){.data = json_object(), .packages = json_array(), .plain = g_string_new(NULL)};
  json_object_set_new(page->data, "page", json_string(kind));
  json_object_set_new(page->data, "version", json_string(OAKUM_VERSION));
  json_object_set_new(page->data, "severities", severities);
  json_object_set_new(page->data, "kinds", names);
  json_object_set_new(page->data, "facts", json_array());
  json_object_set_new(page->data, "layers", json_array());
  json_object_set_new(page->data, "packages", page->packages);
  oakum_html_findings_init(page);
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

json_t *oakum_html_layer(const OakumLayerOrigin *origin)
{
  json_t *row = json_array();
  json_array_append_new(row, oakum_html_text(origin->digest));
  json_array_append_new(row, json_integer(origin->size));
  json_array_append_new(row, oakum_html_text(origin->created_by));
  json_array_append_new(row, json_boolean(origin->base));
  return row;
}

void oakum_html_layers(OakumHtmlPage *page, const OakumCatalog *catalog)
{
  json_t *layers = json_object_get(page->data, "layers");
  for (guint i = 0; i < catalog->layers->len; i++)
    json_array_append_new(layers, oakum_html_layer(catalog->layers->pdata[i]));
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

/* Lines of JSON: names that are not in `data`, texts, evidence. */
static char *packed_rest(OakumHtmlPage *page)
{
  GString *rest = page->name_lines;
  json_t *before = json_array();
  guint names = g_hash_table_size(page->names);
  json_array_append_new(before, json_integer(names - MIN(names, OAKUM_HTML_FIRST)));
  json_array_append_new(before, json_integer(oakum_html_evidence(page, rest)));
  json_object_set_new(page->data, "rest", before);
  size_t len;
  g_autofree uint8_t *member = oakum_gzip_member(rest->str, rest->len, OAKUM_GZIP_LEVEL, &len);
  return g_base64_encode(member, len);
}

char *oakum_html_page_end(OakumHtmlPage *page, const char *title)
{
  plain_end(page);
  g_autofree char *packed = packed_rest(page);
  oakum_html_sums(page);
  g_autofree char *raw = oakum_json_dump(page->data, FALSE), *data = inert(raw),
                  *policy = policy_text(), *name = oakum_escape_html(title, -1),
                  *plain =
                      g_strdup_printf("<h1><bdi>%s</bdi></h1>\n<ul>\n%s", name, page->plain->str);
  const struct {
    const char *name, *value;
  } parts[] = {{"policy", policy}, {"generator", "oakum " OAKUM_VERSION},
               {"title", name},    {"style", (const char *)style},
               {"plain", plain},   {"data", data},
               {"packed", packed}, {"script", (const char *)script}};
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
  oakum_html_findings_clear(page);
  g_string_free(page->plain, TRUE);
  return g_string_free(out, FALSE);
}
