/* VEX in its three forms. OpenVEX 0.2 (openvex.dev), CSAF 2 section 3.2.3 and profile 5, CycloneDX
 * 1.4 to 1.6 vulnerabilities.analysis. */
#include "match/match-private.h"
#include "match/vex-private.h"
#include "codec/codec.h"
#include <string.h>

typedef enum { VEX_OTHER, VEX_NOT_AFFECTED, VEX_FIXED } VexKind;
typedef struct {
  char *id;      /* of the hole */
  char *product; /* purl, image or other name; NULL: whatever it is */
  char *part;    /* of the product: purl; NULL: the product itself */
  char *range;   /* of its versions; NULL: every one */
  char *reason, *what;
  VexKind kind;
  int64_t time; /* microseconds; 0: not said */
} Statement;

struct OakumVex {
  GHashTable *by_id; /* key_of an id → GPtrArray of Statement, in the order of reading */
  guint len;
};

static void statement_free(gpointer data)
{
  Statement *s = data;
  g_free(s->id);
  g_free(s->product);
  g_free(s->part);
  g_free(s->range);
  g_free(s->reason);
  g_free(s->what);
  g_free(s);
}

OakumVex *oakum_vex_new(void)
{
  OakumVex *vex = g_new0(OakumVex, 1);
  vex->by_id = oakum_str_map_new(g_free, (GDestroyNotify)g_ptr_array_unref);
  return vex;
}

void oakum_vex_free(OakumVex *vex)
{
  if (!vex)
    return;
  g_hash_table_unref(vex->by_id);
  g_free(vex);
}

guint oakum_vex_statements(const OakumVex *vex)
{
  return vex->len;
}

/* One document under way: nothing of it counts until all of it was read. */
typedef struct {
  const char *what;
  GPtrArray *all;
  guint had;
  int64_t time; /* of the document */
} Reading;

/* What a statement is about, and what it says of it. Borrowed; NULL where it says nothing. */
typedef struct {
  const char *product, *part, *reason, *time;
  VexKind kind;
  const char *range;
} Said;

/* Ids of one hole differ in case from writer to writer: "cve-2024-1001", "GHSA-AAAA-BBBB-CCCC". */
static char *key_of(const char *id)
{
  return g_ascii_strup(id, -1);
}

/* Two statements of one tool may be a part of a second apart. */
static int64_t time_of(const char *text, int64_t fallback)
{
  int64_t seconds, part = 0;
  if (!text || !oakum_time_parse(text, &seconds))
    return fallback;
  const char *dot = strchr(text, '.');
  for (guint i = 1; dot && i <= 6; i++)
    part = part * 10 + (g_ascii_isdigit(*(dot + 1)) ? *++dot - '0' : 0);
  return seconds * G_USEC_PER_SEC + part;
}

static gboolean add(Reading *r, const char *id, const Said *said, GError **error)
{
  if (r->had + r->all->len >= OAKUM_VEX_STATEMENTS_MAX) {
    g_set_error(error, OAKUM_MATCH_ERROR, OAKUM_ERROR_LIMIT, "%s: more than %u VEX statements",
                r->what, OAKUM_VEX_STATEMENTS_MAX);
    return FALSE;
  }
  if (!id || !*id)
    return TRUE;
  Statement *s = g_new0(Statement, 1);
  *s = (Statement){g_strdup(id),
                   g_strdup(said->product),
                   g_strdup(said->part),
                   g_strdup(said->range),
                   g_strdup(said->reason),
                   g_strdup(r->what),
                   said->kind,
                   time_of(said->time, r->time)};
  g_ptr_array_add(r->all, s);
  return TRUE;
}

static const char *text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text && *text ? text : NULL;
}

static VexKind kind_of(const char *word)
{
  static const char *const no[] = {"not_affected", "known_not_affected", "false_positive", NULL},
                           *const done[] = {"fixed", "resolved", "resolved_with_pedigree",
                                            "first_fixed", NULL};
  return !word                         ? VEX_OTHER
         : g_strv_contains(no, word)   ? VEX_NOT_AFFECTED
         : g_strv_contains(done, word) ? VEX_FIXED
                                       : VEX_OTHER;
}

/* "not_affected (vulnerable_code_not_present): what was said" */
static char *reason_of(const char *status, const char *justification, const char *words)
{
  g_autofree char *line =
      words ? g_strdelimit(g_strndup(words, OAKUM_ADVISORY_NOTE_MAX), "\r\n", ' ') : NULL;
  g_autofree char *safe = line ? g_utf8_make_valid(line, -1) : NULL;
  return g_strdup_printf("%s%s%s%s%s%s", status ? status : "", justification ? " (" : "",
                         justification ? justification : "", justification ? ")" : "",
                         safe ? ": " : "", safe ? safe : "");
}

/* ---- OpenVEX -------------------------------------------------------------------------------- */
/* A product is named by its identifiers, by a digest, or by @id (a purl or an IRI); old documents
 * have the text itself. New string or NULL. */
static char *openvex_product(const json_t *product)
{
  if (json_is_string(product))
    return g_strdup(json_string_value(product));
  const json_t *identifiers = json_object_get(product, "identifiers");
  const char *purl = text_of(identifiers, "purl"), *id = text_of(product, "@id");
  if (!purl && !id)
    purl = text_of(identifiers, "cpe23");
  if (!purl && !id)
    purl = text_of(identifiers, "cpe22");
  const json_t *hashes = json_object_get(product, "hashes");
  const char *sha256 = text_of(hashes, "sha-256");
  return purl || id ? g_strdup(purl ? purl : id)
         : sha256   ? g_strconcat("sha256:", sha256, NULL)
                    : NULL;
}

static gboolean openvex_names(Reading *r, const json_t *names, const Said *said, GError **error)
{
  if (json_is_string(names))
    return add(r, json_string_value(names), said, error);
  const char *keys[] = {"name", "@id"};
  for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
    const char *name = text_of(names, keys[i]);
    if (name && strstr(name, "://")) /* an IRI, of which the last part may be a name */
      name = strrchr(name, '/') + 1;
    if (name && !add(r, name, said, error))
      return FALSE;
  }
  const json_t *aliases = json_object_get(names, "aliases");
  for (size_t i = 0; i < json_array_size(aliases); i++)
    if (!add(r, json_string_value(json_array_get(aliases, i)), said, error))
      return FALSE;
  return TRUE;
}

static gboolean openvex_statement(Reading *r, const json_t *s, GError **error)
{
  const char *status = text_of(s, "status"), *words = text_of(s, "impact_statement");
  g_autofree char *reason =
      reason_of(status, text_of(s, "justification"), words ? words : text_of(s, "status_notes"));
  const json_t *names = json_object_get(s, "vulnerability"),
               *products = json_object_get(s, "products");
  const char *updated = text_of(s, "last_updated");
  Said said = {NULL, NULL, reason, updated ? updated : text_of(s, "timestamp"), kind_of(status),
               NULL};
  if (json_array_size(products) == 0)
    return openvex_names(r, names, &said, error);
  for (size_t k = 0; k < json_array_size(products); k++) {
    const json_t *product = json_array_get(products, k),
                 *parts = json_object_get(product, "subcomponents");
    if (json_array_size(parts) == 0) /* of OpenVEX 0.0.1: of all its products */
      parts = json_object_get(s, "subcomponents");
    g_autofree char *own = openvex_product(product);
    said.product = own;
    said.part = NULL;
    if (json_array_size(parts) == 0 && own && !openvex_names(r, names, &said, error))
      return FALSE;
    for (size_t c = 0; c < json_array_size(parts); c++) {
      g_autofree char *part = openvex_product(json_array_get(parts, c));
      said.part = part;
      if (part && !openvex_names(r, names, &said, error))
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean read_openvex(Reading *r, const json_t *json, GError **error)
{
  const json_t *statements = json_object_get(json, "statements"), *s;
  const char *updated = text_of(json, "last_updated");
  size_t i;
  r->time = time_of(updated ? updated : text_of(json, "timestamp"), 0);
  json_array_foreach(statements, i, s) if (!openvex_statement(r, s, error)) return FALSE;
  return TRUE;
}

/* ---- CSAF ----------------------------------------------------------------------------------- */
/* Walks the tree of products without recursion: id → purl; and of what is a part of another product
 * that has a purl, id → that one's. */
static const char *csaf_name(const json_t *product)
{
  const json_t *helper = json_object_get(product, "product_identification_helper");
  const char *purl = oakum_csaf_purl(helper);
  return purl ? purl : text_of(helper, "cpe");
}

/* The name of a branch that is a range of versions; else the purl says which version it is. */
static const char *csaf_range(const json_t *branch)
{
  return g_strcmp0(text_of(branch, "category"), "product_version_range") == 0
             ? text_of(branch, "name")
             : NULL;
}

static void csaf_products(const json_t *tree, GHashTable *purls, GHashTable *wholes,
                          GHashTable *ranges)
{
  g_autoptr(GPtrArray) open = g_ptr_array_new();
  const json_t *names = json_object_get(tree, "full_product_names"), *one;
  size_t i;
  json_array_foreach(names, i, one)
  {
    const char *purl = csaf_name(one);
    if (purl && text_of(one, "product_id"))
      g_hash_table_insert(purls, (gpointer)text_of(one, "product_id"), (gpointer)purl);
  }
  g_ptr_array_add(open, (gpointer)tree);
  while (open->len > 0) {
    const json_t *node = g_ptr_array_steal_index(open, open->len - 1),
                 *branches = json_object_get(node, "branches"),
                 *product = json_object_get(node, "product");
    const char *purl = csaf_name(product), *id = text_of(product, "product_id");
    const char *range = purl && id ? csaf_range(node) : NULL;
    if (purl && id)
      g_hash_table_insert(purls, (gpointer)id, (gpointer)purl);
    if (range)
      g_hash_table_insert(ranges, (gpointer)id, (gpointer)range);
    json_array_foreach(branches, i, one) g_ptr_array_add(open, (gpointer)one);
  }
  /* "component as part of platform": the component is what is installed */
  const json_t *relations = json_object_get(tree, "relationships");
  json_array_foreach(relations, i, one)
  {
    const char *id = text_of(json_object_get(one, "full_product_name"), "product_id"),
               *part = text_of(one, "product_reference"),
               *whole = text_of(one, "relates_to_product_reference");
    const char *purl = part ? g_hash_table_lookup(purls, part) : NULL;
    if (id && purl)
      g_hash_table_insert(purls, (gpointer)id, (gpointer)purl);
    const char *range = part ? g_hash_table_lookup(ranges, part) : NULL;
    if (id && range)
      g_hash_table_insert(ranges, (gpointer)id, (gpointer)range);
    if (id && purl && whole && g_hash_table_contains(purls, whole))
      g_hash_table_insert(wholes, (gpointer)id, g_hash_table_lookup(purls, whole));
  }
}

static gboolean csaf_lists(const json_t *ids, const char *id)
{
  for (size_t k = 0; k < json_array_size(ids); k++)
    if (g_strcmp0(json_string_value(json_array_get(ids, k)), id) == 0)
      return TRUE;
  return FALSE;
}

/* Whether one of the groups that `ids` names has the product. */
static gboolean csaf_group_lists(const json_t *groups, const json_t *ids, const char *id)
{
  const json_t *group;
  size_t i;
  json_array_foreach(groups, i,
                     group) if (text_of(group, "group_id") &&
                                csaf_lists(ids, text_of(group, "group_id")) &&
                                csaf_lists(json_object_get(group, "product_ids"), id)) return TRUE;
  return FALSE;
}

/* The text for a product of a list that names products, or groups of them, by id. */
static const char *csaf_about(const json_t *list, const json_t *groups, const char *id,
                              const char *label)
{
  const json_t *one;
  size_t i;
  json_array_foreach(list, i, one) if (csaf_lists(json_object_get(one, "product_ids"), id) ||
                                       csaf_group_lists(groups, json_object_get(one, "group_ids"),
                                                        id)) return text_of(one, label);
  return NULL;
}

/* Under its CVE, and under its other ids. */
static gboolean csaf_say(Reading *r, const json_t *hole, const Said *said, GError **error)
{
  const json_t *ids = json_object_get(hole, "ids");
  const char *cve = text_of(hole, "cve");
  if (cve && !add(r, cve, said, error))
    return FALSE;
  for (size_t i = 0; i < json_array_size(ids); i++)
    if (!add(r, text_of(json_array_get(ids, i), "text"), said, error))
      return FALSE;
  return TRUE;
}

static gboolean read_csaf(Reading *r, const json_t *json, GError **error)
{
  static const char *const states[] = {"known_affected",      "first_affected",     "last_affected",
                                       "under_investigation", "known_not_affected", "fixed",
                                       "first_fixed"};
  g_autoptr(GHashTable) purls = oakum_str_map_new(NULL, NULL),
                        wholes = oakum_str_map_new(NULL, NULL),
                        ranges = oakum_str_map_new(NULL, NULL);
  const json_t *tracking = json_object_get(json_object_get(json, "document"), "tracking");
  r->time = time_of(text_of(tracking, "current_release_date"), 0);
  const json_t *tree = json_object_get(json, "product_tree"),
               *groups = json_object_get(tree, "product_groups");
  csaf_products(tree, purls, wholes, ranges);
  const json_t *holes = json_object_get(json, "vulnerabilities"), *hole;
  size_t i;
  json_array_foreach(holes, i, hole)
  {
    for (size_t s = 0; s < G_N_ELEMENTS(states); s++) {
      const json_t *list = json_object_get(json_object_get(hole, "product_status"), states[s]);
      for (size_t k = 0; k < json_array_size(list); k++) {
        const char *product = json_string_value(json_array_get(list, k));
        const char *purl = product ? g_hash_table_lookup(purls, product) : NULL;
        if (!purl)
          continue;
        g_autofree char *reason = reason_of(
            states[s], csaf_about(json_object_get(hole, "flags"), groups, product, "label"),
            csaf_about(json_object_get(hole, "threats"), groups, product, "details"));
        const char *whole = g_hash_table_lookup(wholes, product);
        Said said = {whole ? whole : purl,
                     whole ? purl : NULL,
                     reason,
                     NULL,
                     kind_of(states[s]),
                     g_hash_table_lookup(ranges, product)};
        if (!csaf_say(r, hole, &said, error))
          return FALSE;
      }
    }
  }
  return TRUE;
}

/* ---- CycloneDX ------------------------------------------------------------------------------ */
static void cyclonedx_components(const json_t *json, GHashTable *purls)
{
  g_autoptr(GPtrArray) open = g_ptr_array_new();
  const json_t *one = json_object_get(json_object_get(json, "metadata"), "component");
  size_t i;
  /* what the document is about; without a purl it goes by its name */
  const char *subject = text_of(one, "bom-ref"), *subject_purl = text_of(one, "purl");
  subject_purl = subject_purl ? subject_purl : text_of(one, "name");
  if (subject && subject_purl)
    g_hash_table_insert(purls, (gpointer)subject, (gpointer)subject_purl);
  g_ptr_array_add(open, json_object_get(json, "components"));
  while (open->len > 0) {
    const json_t *list = g_ptr_array_steal_index(open, open->len - 1);
    json_array_foreach(list, i, one)
    {
      const char *ref = text_of(one, "bom-ref"), *purl = text_of(one, "purl");
      if (ref && purl)
        g_hash_table_insert(purls, (gpointer)ref, (gpointer)purl);
      if (json_is_array(json_object_get(one, "components")))
        g_ptr_array_add(open, json_object_get(one, "components"));
    }
  }
}

/* Under its id, and under those of its equivalents elsewhere. */
static gboolean cyclonedx_say(Reading *r, const json_t *hole, const Said *said, GError **error)
{
  const json_t *others = json_object_get(hole, "references");
  if (!add(r, text_of(hole, "id"), said, error))
    return FALSE;
  for (size_t i = 0; i < json_array_size(others); i++)
    if (!add(r, text_of(json_array_get(others, i), "id"), said, error))
      return FALSE;
  return TRUE;
}

/* A part may say of which of its versions: what is said counts for those alone. One that is called
 * unaffected is so whatever the analysis says of the rest. */
static gboolean cyclonedx_versions(Reading *r, const json_t *hole, const json_t *versions,
                                   const Said *whole, GError **error)
{
  for (size_t i = 0; i < json_array_size(versions); i++) {
    const json_t *one = json_array_get(versions, i);
    const char *status = text_of(one, "status"), *range = text_of(one, "range"),
               *version = text_of(one, "version");
    g_autofree char *exact = version ? g_strconcat("=", version, NULL) : NULL;
    Said said = *whole;
    said.range = range ? range : exact;
    if (g_strcmp0(status, "unaffected") == 0) {
      said.kind = VEX_NOT_AFFECTED;
      said.reason = whole->kind == VEX_OTHER ? status : whole->reason;
    } else if (g_strcmp0(status, "unknown") == 0) {
      said.kind = VEX_OTHER;
    }
    if (said.range && !cyclonedx_say(r, hole, &said, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_cyclonedx(Reading *r, const json_t *json, GError **error)
{
  g_autoptr(GHashTable) purls = oakum_str_map_new(NULL, NULL);
  r->time = time_of(text_of(json_object_get(json, "metadata"), "timestamp"), 0);
  cyclonedx_components(json, purls);
  const json_t *holes = json_object_get(json, "vulnerabilities"), *hole;
  size_t i;
  json_array_foreach(holes, i, hole)
  {
    const json_t *analysis = json_object_get(hole, "analysis"),
                 *affects = json_object_get(hole, "affects");
    const char *state = text_of(analysis, "state");
    if (!state)
      continue;
    g_autofree char *reason =
        reason_of(state, text_of(analysis, "justification"), text_of(analysis, "detail"));
    Said said = {NULL, NULL, reason, text_of(analysis, "lastUpdated"), kind_of(state), NULL};
    if (json_array_size(affects) == 0 && !cyclonedx_say(r, hole, &said, error))
      return FALSE;
    for (size_t k = 0; k < json_array_size(affects); k++) {
      const char *ref = text_of(json_array_get(affects, k), "ref");
      /* "urn:cdx:serial/version#bom-ref" of another document */
      const char *hash = ref && g_str_has_prefix(ref, "urn:cdx:") ? strchr(ref, '#') : NULL;
      g_autofree char *unescaped = hash ? g_uri_unescape_string(hash + 1, NULL) : NULL;
      ref = unescaped ? unescaped : ref;
      const char *purl = ref ? g_hash_table_lookup(purls, ref) : NULL;
      const json_t *versions = json_object_get(json_array_get(affects, k), "versions");
      said.product = purl ? purl : ref;
      if (said.product &&
          !(json_array_size(versions) ? cyclonedx_versions(r, hole, versions, &said, error)
                                      : cyclonedx_say(r, hole, &said, error)))
        return FALSE;
    }
  }
  return TRUE;
}

gboolean oakum_vex_read(OakumVex *vex, const char *text, size_t len, const char *what,
                        GError **error)
{
  if (len > OAKUM_VEX_DOCUMENT_MAX) {
    g_set_error(error, OAKUM_MATCH_ERROR, OAKUM_ERROR_LIMIT,
                "%s: larger than a VEX document may be", what);
    return FALSE;
  }
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, what, error);
  if (!json)
    return FALSE;
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(statement_free);
  Reading r = {what, all, vex->len, 0};
  const char *context = text_of(json, "@context");
  gboolean ok;
  if (context && strstr(context, "openvex"))
    ok = read_openvex(&r, json, error);
  else if (json_is_object(json_object_get(json, "document")) &&
           json_object_get(json, "vulnerabilities"))
    ok = read_csaf(&r, json, error);
  else if (g_strcmp0(text_of(json, "bomFormat"), "CycloneDX") == 0)
    ok = read_cyclonedx(&r, json, error);
  else {
    g_set_error(error, OAKUM_MATCH_ERROR, OAKUM_ERROR_INVALID,
                "%s: neither OpenVEX (\"@context\"), nor CSAF (\"document\"), nor CycloneDX "
                "(\"bomFormat\")",
                what);
    ok = FALSE;
  }
  for (guint i = 0; ok && i < all->len; i++) {
    Statement *s = all->pdata[i];
    g_autofree char *key = key_of(s->id);
    GPtrArray *list = g_hash_table_lookup(vex->by_id, key);
    if (!list) {
      list = g_ptr_array_new_with_free_func(statement_free);
      g_hash_table_insert(vex->by_id, g_steal_pointer(&key), list);
    }
    g_ptr_array_add(list, s);
    vex->len++;
  }
  if (ok)
    g_ptr_array_set_free_func(all, NULL);
  return ok;
}

/* ---- application
 * ---------------------------------------------------------------------------------- */
/* What was said later counts, where both say when; else what was read later. */
static gboolean supersedes(const Statement *s, const Statement *last)
{
  return !last || s->time == 0 || last->time == 0 || s->time >= last->time;
}

void oakum_vex_apply(const OakumVex *vex, const OakumMatchOptions *options, GPtrArray *findings)
{
  for (guint i = 0; i < findings->len && vex->len > 0; i++) {
    OakumFinding *f = findings->pdata[i];
    if (f->kind != OAKUM_FINDING_VULNERABILITY || f->suppressed)
      continue;
    const Statement *last = NULL;
    for (char **name = &f->id; name; name = name == &f->id ? f->aliases : name + 1) {
      if (!*name)
        break;
      g_autofree char *key = key_of(*name);
      const GPtrArray *list = g_hash_table_lookup(vex->by_id, key);
      for (guint k = 0; list && k < list->len; k++) {
        const Statement *s = list->pdata[k];
        if (supersedes(s, last) && oakum_vex_is_about(s->product, s->part, f, options) &&
            (!s->range || oakum_vex_in_range(s->range, f->ecosystem, f->package_version)))
          last = s;
      }
    }
    if (last && last->kind != VEX_OTHER)
      f->suppressed = g_strdup_printf("VEX %s: %s", last->what, last->reason);
  }
}
