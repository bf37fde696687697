/* --format html: the result of one scan. */
#include "report/html-private.h"

static void facts(OakumHtmlPage *page, const OakumResult *result)
{
  const OakumDistro *distro = &result->catalog->distro;
  const json_t *image = result->image, *size = json_object_get(image, "size");
  g_autofree char *bytes =
                      json_is_integer(size) ? oakum_html_bytes(json_integer_value(size)) : NULL,
                  *packages = g_strdup_printf("%u", result->catalog->packages->len),
                  *layers = result->catalog->layers->len > 0
                                ? g_strdup_printf("%u", result->catalog->layers->len)
                                : NULL,
                  *database = result->db_path ? g_strdup_printf("%s (%s)",
                                                                result->db_date && *result->db_date
                                                                    ? result->db_date
                                                                    : "of no date",
                                                                result->db_path)
                                              : NULL;
  const struct {
    const char *name, *value;
  } rows[] = {{"Image", result->target},
              {"Digest", json_string_value(json_object_get(image, "digest"))},
              {"Platform", json_string_value(json_object_get(image, "platform"))},
              {"Created", json_string_value(json_object_get(image, "created"))},
              {"Size", bytes},
              {"Distribution", distro->pretty ? distro->pretty
                               : distro->id   ? distro->id
                                              : "not known"},
              {"Base image", result->catalog->base},
              {"Dockerfile", result->dockerfile},
              {"Layers", layers},
              {"Packages", packages},
              {"Advisories of", database},
              {"Scanned", result->made}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
    if (rows[i].value && *rows[i].value)
      oakum_html_fact(page, rows[i].name, rows[i].value, NULL, NULL);
}

static json_t *verdict(OakumHtmlPage *page, const OakumVerdict *from)
{
  json_t *object = json_object(), *reasons = json_array();
  const char *name = oakum_verdict_name(from->kind);
  g_string_append_printf(page->plain, "<li>Verdict: <strong>%s</strong></li>\n", name);
  for (guint i = 0; i < from->reasons->len; i++) {
    g_autofree char *safe = oakum_escape_html(from->reasons->pdata[i], -1);
    g_string_append_printf(page->plain, "<li>%s</li>\n", safe);
    json_array_append_new(reasons, oakum_html_text(from->reasons->pdata[i]));
  }
  json_t *rules = json_array(), *notes = json_array();
  for (guint i = 0; i < from->rules->len; i++) {
    const OakumVerdictRule *rule = from->rules->pdata[i];
    json_t *row = json_array(), *saw = json_array();
    json_array_append_new(row, oakum_html_text(rule->name));
    json_array_append_new(row, oakum_html_text(rule->verdict));
    json_array_append_new(row, json_integer(rule->count));
    for (guint j = 0; j < MIN(rule->saw->len, OAKUM_HTML_SAW_MAX); j++)
      json_array_append_new(saw, oakum_html_text(rule->saw->pdata[j]));
    json_array_append_new(row, saw);
    json_array_append_new(row, json_integer(rule->unsure));
    json_array_append_new(row, json_integer(rule->max));
    json_array_append_new(rules, row);
  }
  for (guint i = 0; i < from->notes->len; i++)
    json_array_append_new(notes, oakum_html_text(from->notes->pdata[i]));
  json_object_set_new(object, "rules", rules);
  json_object_set_new(object, "notes", notes);
  json_object_set_new(object, "kind", json_string(name));
  json_object_set_new(object, "reasons", reasons);
  return object;
}

/* Packages, and where each stands. */
static GHashTable *packages(OakumHtmlPage *page, const OakumResult *result)
{
  GHashTable *places = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < result->catalog->packages->len; i++) {
    OakumPackage *p = result->catalog->packages->pdata[i];
    json_t *row = json_array();
    json_array_append_new(row, oakum_html_text(p->name));
    json_array_append_new(row, oakum_html_text(p->version));
    json_array_append_new(row, oakum_html_text(p->type));
    json_array_append_new(row, oakum_html_text(p->license));
    json_array_append_new(row, json_integer(p->layer_index));
    json_array_append_new(row, oakum_html_text(p->purl));
    json_array_append_new(page->packages, row);
    g_hash_table_insert(places, p, GUINT_TO_POINTER(i + 1));
  }
  return places;
}

char *oakum_report_html(const OakumResult *result, G_GNUC_UNUSED GError **error)
{
  OakumHtmlPage page;
  oakum_html_page_init(&page, "scan");
  json_object_set_new(page.data, "target", oakum_html_text(result->target));
  facts(&page, result);
  if (result->verdict)
    json_object_set_new(page.data, "verdict", verdict(&page, result->verdict));
  oakum_html_layers(&page, result->catalog);
  g_autoptr(GHashTable) places = packages(&page, result);
  g_autoptr(GHashTable) index = oakum_report_index(result);
  g_autoptr(GPtrArray) sorted = g_ptr_array_copy(result->findings, NULL, NULL);
  g_ptr_array_set_free_func(sorted, NULL);
  g_ptr_array_sort(sorted, oakum_report_order);
  for (guint i = 0; i < sorted->len; i++) {
    const OakumFinding *f = sorted->pdata[i];
    const OakumPackage *p = f->package_name ? oakum_report_package(index, f) : NULL;
    int at = p ? (int)GPOINTER_TO_UINT(g_hash_table_lookup(places, p)) - 1 : -1;
    oakum_html_finding(&page, result, f, p, at, -1);
  }
  json_object_set_new(page.data, "foot",
                      json_string("Made by oakum " OAKUM_VERSION
                                  ". This file asks nobody for anything; only the links of names "
                                  "lead elsewhere."));
  return oakum_html_page_end(&page, result->target);
}
