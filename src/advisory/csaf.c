/* CSAF 2.0 documents (docs.oasis-open.org/csaf): VEX and advisories of Red Hat, SUSE and others. A
 * product is a component (a package, by purl or by name-version-release) on a platform (by CPE). */
#include "advisory/advisory-private.h"

typedef struct {
  const char *name, *cpe, *purl; /* borrowed from the document */
} Product;
typedef struct {
  const char *component, *platform;
} Relation;
typedef struct {
  OakumIngest *in;
  guint feed;
  const char *record, *vendor;
  char *modified;
  const char *word;                 /* how bad the whole of it is */
  GHashTable *products, *relations; /* id to Product, Relation */
  GHashTable *groups;               /* id to a list of ids */
  gboolean several;                 /* holes are in it */
} Csaf;

/* What is said of a package on a platform, on several architectures. */
typedef struct {
  char *ecosystem, *name, *version, *module;
  const char *product, *note, *word;
  OakumAdvisoryStatus status;
  OakumNameKind kind;
  char *fix_date;
  GPtrArray *arches;
} Line;

static void line_free(gpointer p)
{
  Line *l = p;
  g_free(l->ecosystem);
  g_free(l->name);
  g_free(l->version);
  g_free(l->module);
  g_free(l->fix_date);
  g_ptr_array_unref(l->arches);
  g_free(l);
}

const char *oakum_csaf_purl(const json_t *helper)
{
  const json_t *purl = json_object_get(helper, "purl");
  const char *text =
      json_string_value(purl ? purl : json_array_get(json_object_get(helper, "purls"), 0));
  return text && *text ? text : NULL;
}

static void add_branch(Csaf *c, const json_t *branch, guint depth)
{
  const json_t *product = json_object_get(branch, "product"),
               *branches = json_object_get(branch, "branches"),
               *helper = json_object_get(product, "product_identification_helper");
  const char *id = oakum_text_of(product, "product_id");
  if (id) {
    Product *p = g_new0(Product, 1);
    p->name = oakum_text_of(product, "name");
    p->cpe = oakum_text_of(helper, "cpe");
    p->purl = oakum_csaf_purl(helper);
    g_hash_table_insert(c->products, (gpointer)id, p);
  }
  for (size_t i = 0; depth < OAKUM_JSON_DEPTH_MAX && i < json_array_size(branches); i++)
    add_branch(c, json_array_get(branches, i), depth + 1);
}

static void add_tree(Csaf *c, const json_t *tree)
{
  const json_t *branches = json_object_get(tree, "branches"),
               *relations = json_object_get(tree, "relationships"),
               *names = json_object_get(tree, "full_product_names");
  for (size_t i = 0; i < json_array_size(branches); i++)
    add_branch(c, json_array_get(branches, i), 0);
  for (size_t i = 0; i < json_array_size(names); i++) {
    const char *id = oakum_text_of(json_array_get(names, i), "product_id");
    if (!id || g_hash_table_contains(c->products, id))
      continue;
    const json_t *helper =
        json_object_get(json_array_get(names, i), "product_identification_helper");
    Product *p = g_new0(Product, 1);
    p->name = oakum_text_of(json_array_get(names, i), "name");
    p->cpe = oakum_text_of(helper, "cpe");
    p->purl = oakum_csaf_purl(helper);
    g_hash_table_insert(c->products, (gpointer)id, p);
  }
  const json_t *groups = json_object_get(tree, "product_groups");
  for (size_t i = 0; i < json_array_size(groups); i++) {
    const char *id = oakum_text_of(json_array_get(groups, i), "group_id");
    json_t *ids = json_object_get(json_array_get(groups, i), "product_ids");
    if (id && ids)
      g_hash_table_insert(c->groups, (gpointer)id, ids);
  }
  for (size_t i = 0; i < json_array_size(relations); i++) {
    const json_t *one = json_array_get(relations, i);
    const char *id = oakum_text_of(json_object_get(one, "full_product_name"), "product_id");
    Relation *r = g_new0(Relation, 1);
    r->component = oakum_text_of(one, "product_reference");
    r->platform = oakum_text_of(one, "relates_to_product_reference");
    if (id && r->component && r->platform)
      g_hash_table_insert(c->relations, (gpointer)id, r);
    else
      g_free(r);
  }
}

/* "sles:15:sp5", "suse_sles:11:sp2", "sl-micro:6.0", "packagehub:15:sp3", "suse-microos:5.2" */
static char *suse_key(const char *product, const char *release, const char *pack)
{
  size_t digits = strspn(release, "0123456789");
  if (g_str_has_prefix(product, "suse_sl"))
    product += strlen("suse_");
  gboolean micro = strstr(product, "micro") != NULL;
  if (!digits ||
      !(g_str_has_prefix(product, "sl") || micro || g_str_has_prefix(product, "packagehub")))
    return NULL;
  if (micro || release[digits] == '.')
    return g_strdup_printf("SUSE%s:%s%s", micro ? " Micro" : "", release,
                           release[digits] == '.' ? "" : ".0");
  if (g_str_has_prefix(pack, "sp"))
    return g_strdup_printf("SUSE:%s.%.*s", release, (int)strspn(pack + 2, "0123456789"), pack + 2);
  if (g_ascii_isdigit(*pack) && strchr(pack, '.')) /* "sles:16:16.0:server" */
    return g_strconcat("SUSE:", pack, NULL);
  return oakum_suse_whole(release, product) ? g_strconcat("SUSE:", release, NULL)
                                            : g_strdup_printf("SUSE:%s.0", release);
}

/* "cpe:/o:redhat:enterprise_linux:8::baseos" to "Red Hat:8", "cpe:/o:suse:sles:15:sp5" to
 * "SUSE:15.5"; NULL for platforms that are no distribution. */
static char *key_of_cpe(const char *cpe)
{
  g_auto(GStrv) f = g_strsplit(cpe, ":", -1);
  guint n = g_strv_length(f);
  guint at = n > 1 && strcmp(f[1], "2.3") == 0 ? 3 : 2;
  if (n < at + 2)
    return NULL;
  const char *vendor = f[at], *product = f[at + 1], *release = n > at + 2 ? f[at + 2] : "";
  gboolean digits = g_ascii_isdigit(*release);
  if (strcmp(vendor, "redhat") == 0)
    return oakum_redhat_key(f + at + 1);
  if (strcmp(vendor, "suse") == 0)
    return suse_key(product, release, n > at + 3 ? f[at + 3] : "");
  if (strcmp(vendor, "opensuse") == 0 && strcmp(product, "leap") == 0 && digits)
    return g_strdup_printf("openSUSE:Leap %s", release);
  if (strcmp(vendor, "opensuse") == 0 && strcmp(product, "leap-micro") == 0 && digits)
    return g_strdup_printf("SUSE Micro:%s", release);
  if (strcmp(vendor, "opensuse") == 0 && strcmp(product, "tumbleweed") == 0)
    return g_strdup("openSUSE:Tumbleweed");
  if (g_ascii_strcasecmp(vendor, "openeuler") == 0 && digits)
    return g_strconcat("openEuler:", release, NULL);
  return NULL;
}

static char *qualifier(const char *purl, const char *name)
{
  const char *at = strchr(purl, '?');
  g_autofree char *query = g_strndup(at ? at + 1 : "", at ? strcspn(at + 1, "#") : 0);
  g_auto(GStrv) words = g_strsplit(query, "&", -1);
  size_t n = strlen(name);
  for (char **word = words; *word; word++)
    if (strncmp(*word, name, n) == 0 && (*word)[n] == '=')
      return g_uri_unescape_string(*word + n + 1, NULL);
  return NULL;
}

/* pkg:rpm/redhat/samba@4.17.5-3.el8?arch=src&epoch=1 */
static gboolean from_purl(const char *purl, Line *line, char **arch)
{
  if (!g_str_has_prefix(purl, "pkg:rpm/"))
    return FALSE;
  size_t n = strcspn(purl, "?#");
  const char *at = g_strrstr_len(purl, (gssize)n, "@"), *end = at ? at : purl + n, *slash = end;
  while (slash > purl && slash[-1] != '/')
    slash--;
  g_autofree char *name = g_strndup(slash, (gsize)(end - slash));
  g_autofree char *version = at ? g_strndup(at + 1, (gsize)(purl + n - at - 1)) : NULL;
  g_autofree char *epoch = qualifier(purl, "epoch");
  g_autofree char *plain = version ? g_uri_unescape_string(version, NULL) : NULL;
  g_autofree char *unescaped = g_uri_unescape_string(name, NULL);
  if (!unescaped || !*unescaped)
    return FALSE;
  line->name = g_steal_pointer(&unescaped);
  line->version = !plain                             ? NULL
                  : epoch && strcmp(epoch, "0") != 0 ? g_strdup_printf("%s:%s", epoch, plain)
                                                     : g_strdup(plain);
  line->module = qualifier(purl, "rpmmod");
  *arch = qualifier(purl, "arch");
  return TRUE;
}

/* "kernel-default-5.14.21-150500.55.19.1.x86_64", "samba-0:4.17.5-3.el8_8.x86_64"; a name alone
 * stays a name. */
static void from_nevra(const char *text, Line *line, char **arch)
{
  static const char *const arches[] = {"x86_64", "aarch64", "ppc64le", "s390x", "i686",
                                       "i586",   "noarch",  "src",     "ppc64", "nosrc"};
  const char *module = strstr(text, "::");
  g_autofree char *copy = g_strndup(text, module ? (gsize)(module - text) : strlen(text));
  if (g_str_has_suffix(copy, ".rpm")) /* openEuler names files */
    copy[strlen(copy) - 4] = 0;
  char *dot = strrchr(copy, '.');
  if (module)
    line->module = g_strdup(module + 2);
  for (size_t i = 0; dot && i < G_N_ELEMENTS(arches); i++)
    if (strcmp(dot + 1, arches[i]) == 0) {
      *arch = g_strdup(arches[i]);
      *dot = 0;
      break;
    }
  char *release = strrchr(copy, '-');
  char *version = release ? g_strrstr_len(copy, release - copy, "-") : NULL;
  if (version && g_ascii_isdigit(version[1]) && version > copy) {
    *version = 0;
    line->version = g_strdup(g_str_has_prefix(version + 1, "0:") ? version + 3 : version + 1);
  }
  line->name = g_strdup(copy);
}

/* id to the thing that lists it, once for each list: documents name a product many times. A thing
 * may name groups of products instead. */
static GHashTable *index_of(const Csaf *c, const json_t *list, const char *category)
{
  GHashTable *index = oakum_str_map_new(NULL, NULL);
  for (size_t i = 0; i < json_array_size(list); i++) {
    json_t *one = json_array_get(list, i);
    const json_t *groups = json_object_get(one, "group_ids");
    if (category && g_strcmp0(oakum_text_of(one, "category"), category) != 0)
      continue;
    const json_t *ids = json_object_get(one, "product_ids");
    for (size_t g = 0; g <= json_array_size(groups); g++) {
      for (size_t k = 0; k < json_array_size(ids); k++) {
        const char *id = json_string_value(json_array_get(ids, k));
        if (id)
          g_hash_table_insert(index, (gpointer)id, one);
      }
      const char *group = json_string_value(json_array_get(groups, g));
      ids = group ? g_hash_table_lookup(c->groups, group) : NULL;
    }
  }
  return index;
}

/* How bad it is for all products: a threat that names none, else the word of the document. */
static const char *general_word(const Csaf *c, const json_t *threats)
{
  for (size_t i = 0; i < json_array_size(threats); i++) {
    const json_t *one = json_array_get(threats, i);
    const char *word = oakum_text_of(one, "details");
    if (g_strcmp0(oakum_text_of(one, "category"), "impact") == 0 &&
        !json_object_get(one, "product_ids") && !json_object_get(one, "group_ids") &&
        oakum_severity_word(word) != OAKUM_SEVERITY_UNKNOWN)
      return word;
  }
  return c->word;
}

static OakumAdvisoryStatus no_fix_status(const char *words)
{
  if (!words)
    return OAKUM_STATUS_AFFECTED;
  g_autofree char *lower = g_ascii_strdown(words, -1);
  if (strstr(lower, "will not fix") || strstr(lower, "no_fix_planned"))
    return OAKUM_STATUS_WILL_NOT_FIX;
  if (strstr(lower, "deferred"))
    return OAKUM_STATUS_FIX_DEFERRED;
  if (strstr(lower, "out of support") || strstr(lower, "end of life"))
    return OAKUM_STATUS_END_OF_LIFE;
  return OAKUM_STATUS_AFFECTED;
}

typedef struct {
  GHashTable *fixes, *none, *planned, *impact, *flags;
  const char *word; /* how bad it is where no threat names the product */
} Remarks;

/* FALSE: the product is no package of a distribution. */
static gboolean make_line(const Csaf *c, const char *id, OakumAdvisoryStatus status,
                          const Remarks *r, Line *line, char **arch)
{
  const Relation *relation = g_hash_table_lookup(c->relations, id);
  const char *component = relation ? relation->component : NULL;
  /* a package of a module is a component of the module, which is one of the platform */
  for (guint i = 0; relation && i < 4; i++) {
    const Relation *up = g_hash_table_lookup(c->relations, relation->platform);
    if (!up)
      break;
    const Product *module = g_hash_table_lookup(c->products, up->component);
    if (!line->module && module && module->name)
      line->module = g_strdup(module->name);
    relation = up;
  }
  const Product *platform = relation ? g_hash_table_lookup(c->products, relation->platform) : NULL;
  if (!platform || !platform->cpe || !(line->ecosystem = key_of_cpe(platform->cpe)))
    return FALSE;
  const Product *package = g_hash_table_lookup(c->products, component);
  if (package && package->purl && !g_str_has_prefix(package->purl, "pkg:rpm/"))
    return FALSE; /* an image, a jar */
  char *module = line->module;
  line->module = NULL;
  if (!package || !package->purl || !from_purl(package->purl, line, arch))
    from_nevra(component, line, arch);
  if (line->module)
    g_free(module);
  else
    line->module = module;
  if (line->module) { /* "nodejs:18:8060020220523160029:ad008a3a" */
    char *second = strchr(line->module, ':');
    char *third = second ? strchr(second + 1, ':') : NULL;
    if (third)
      *third = 0;
  }
  const json_t *impact = g_hash_table_lookup(r->impact, id), *flag, *fix, *none;
  flag = g_hash_table_lookup(r->flags, id);
  fix = g_hash_table_lookup(r->fixes, id);
  none = g_hash_table_lookup(r->none, id);
  if (!none)
    none = g_hash_table_lookup(r->planned, id);
  line->product = platform->cpe;
  line->status = status;
  line->kind = g_strcmp0(*arch, "src") == 0 ? OAKUM_NAME_SOURCE : OAKUM_NAME_BINARY;
  line->word = impact ? oakum_text_of(impact, "details") : r->word;
  if (status == OAKUM_STATUS_NOT_AFFECTED)
    line->note = oakum_text_of(flag, "label");
  if (status == OAKUM_STATUS_FIXED)
    line->fix_date = oakum_feed_date(oakum_text_of(fix, "date"));
  if (status == OAKUM_STATUS_AFFECTED && none) {
    line->note = oakum_text_of(none, "details");
    line->status = no_fix_status(line->note);
    if (line->status == OAKUM_STATUS_AFFECTED)
      line->status = no_fix_status(oakum_text_of(none, "category"));
  }
  return TRUE;
}

static void add_status(Csaf *c, const json_t *ids, OakumAdvisoryStatus status, const Remarks *r,
                       GHashTable *lines, GPtrArray *order)
{
  for (size_t i = 0; i < json_array_size(ids); i++) {
    const char *id = json_string_value(json_array_get(ids, i));
    g_autofree char *arch = NULL;
    Line *line = g_new0(Line, 1);
    line->arches = g_ptr_array_new_with_free_func(g_free);
    if (!id || !make_line(c, id, status, r, line, &arch)) {
      line_free(line);
      continue;
    }
    g_autofree char *key =
        g_strdup_printf("%s\n%s\n%s\n%s\n%s\n%d\n%d", line->ecosystem, line->name,
                        line->version ? line->version : "", line->module ? line->module : "",
                        line->product, (int)line->status, (int)line->kind);
    Line *known = g_hash_table_lookup(lines, key);
    if (known) {
      line_free(line);
      line = known;
    } else {
      g_hash_table_insert(lines, g_steal_pointer(&key), line);
      g_ptr_array_add(order, line);
    }
    if (arch && strcmp(arch, "src") != 0 && strcmp(arch, "noarch") != 0 &&
        !g_ptr_array_find_with_equal_func(line->arches, arch, g_str_equal, NULL))
      g_ptr_array_add(line->arches, g_steal_pointer(&arch));
  }
}

static void add_line(Csaf *c, const char *cve, Line *line)
{
  g_ptr_array_add(line->arches, NULL);
  const char *ids[] = {cve, NULL}, *others[] = {NULL, NULL};
  if (strcmp(cve, c->record) != 0)
    others[0] = c->record;
  g_autofree char *note = oakum_title(line->note);
  OakumAdvisoryRange range = {NULL, line->status == OAKUM_STATUS_FIXED ? line->version : NULL, NULL,
                              FALSE};
  gboolean open = line->status != OAKUM_STATUS_NOT_AFFECTED &&
                  (line->status != OAKUM_STATUS_FIXED || line->version);
  OakumAdvisory e = {.record = c->record,
                     .ids = ids,
                     .aliases = others,
                     .kind = line->kind,
                     .status = line->status,
                     .severity = oakum_severity_word(line->word),
                     .severity_word = line->word,
                     .ranges = &range,
                     .n_ranges = open ? 1 : 0,
                     .arches = (const char **)line->arches->pdata,
                     .module = line->module,
                     .product = line->product,
                     .fix_date = line->fix_date,
                     .modified = c->modified,
                     .note = note};
  oakum_ingest_package(c->in, c->feed, line->ecosystem, line->name, &e);
}

/* Of a document on several holes each has its own words and scores, under its own name; else they
 * are the document's. */
static void add_details(Csaf *c, const json_t *vulnerability, const char *cve, const char *word)
{
  const json_t *scores = json_object_get(vulnerability, "scores"),
               *metrics = json_object_get(vulnerability, "metrics"), /* CSAF 2.1 */
                   *refs = json_object_get(vulnerability, "references"),
               *notes = json_object_get(vulnerability, "notes");
  static const char *const kinds[][2] = {
      {"cvss_v4", "CVSS_V4"}, {"cvss_v3", "CVSS_V3"}, {"cvss_v2", "CVSS_V2"}};
  OakumCvss cvss[OAKUM_ADVISORY_CVSS_MAX];
  const char *urls[OAKUM_ADVISORY_REFERENCES_MAX + 1] = {NULL}, *text = NULL,
                                                   *aliases[] = {
                                                       !c->several && strcmp(cve, c->record) ? cve
                                                                                             : NULL,
                                                       NULL};
  const char *cwes[] = {oakum_text_of(json_object_get(vulnerability, "cwe"), "id"), NULL};
  text = oakum_text_of(vulnerability, "title");
  for (size_t i = 0; !text && i < json_array_size(notes); i++)
    text = oakum_text_of(json_array_get(notes, i), "text");
  g_autofree char *title = oakum_title(text);
  g_autofree char *published = oakum_feed_date(oakum_text_of(vulnerability, "release_date"));
  OakumVulnerability v = {.id = c->several ? cve : c->record,
                          .aliases = aliases,
                          .title = title,
                          .cvss = cvss,
                          .cwes = cwes,
                          .references = urls,
                          .published = published,
                          .modified = c->modified,
                          .severity = oakum_severity_word(word),
                          .severity_word = word};
  gboolean newer = json_array_size(metrics) > 0;
  for (size_t i = 0; i < json_array_size(newer ? metrics : scores); i++)
    for (size_t k = 0; k < G_N_ELEMENTS(kinds) && v.n_cvss < G_N_ELEMENTS(cvss); k++) {
      const json_t *score = newer ? json_object_get(json_array_get(metrics, i), "content")
                                  : json_array_get(scores, i);
      const json_t *one = json_object_get(score, kinds[k][0]);
      const char *vector = oakum_text_of(one, "vectorString");
      gboolean known = !vector;
      for (guint n = 0; n < v.n_cvss && !known; n++)
        known = strcmp(cvss[n].vector, vector) == 0;
      if (!known)
        cvss[v.n_cvss++] = (OakumCvss){kinds[k][1], vector, c->vendor};
    }
  for (size_t i = 0, n = 0; i < json_array_size(refs) && n + 1 < G_N_ELEMENTS(urls); i++) {
    const char *url = oakum_text_of(json_array_get(refs, i), "url");
    if (url && strlen(url) <= OAKUM_ADVISORY_REFERENCE_MAX)
      urls[n++] = url;
  }
  oakum_ingest_vulnerability(c->in, c->feed, &v);
}

static void add_vulnerability(Csaf *c, const json_t *vulnerability)
{
  static const struct {
    const char *key;
    OakumAdvisoryStatus status;
  } states[] = {{"fixed", OAKUM_STATUS_FIXED},
                {"first_fixed", OAKUM_STATUS_FIXED},
                {"recommended", OAKUM_STATUS_FIXED},
                {"known_affected", OAKUM_STATUS_AFFECTED},
                {"known_not_affected", OAKUM_STATUS_NOT_AFFECTED},
                {"under_investigation", OAKUM_STATUS_UNDER_INVESTIGATION}};
  const char *cve = oakum_text_of(vulnerability, "cve");
  const json_t *status = json_object_get(vulnerability, "product_status"),
               *remediations = json_object_get(vulnerability, "remediations"),
               *threats = json_object_get(vulnerability, "threats");
  if (!cve)
    cve = c->record;
  g_autoptr(GHashTable) fixes = index_of(c, remediations, "vendor_fix"),
                        none = index_of(c, remediations, "none_available"),
                        planned = index_of(c, remediations, "no_fix_planned"),
                        impact = index_of(c, threats, "impact"),
                        flags = index_of(c, json_object_get(vulnerability, "flags"), NULL),
                        lines = oakum_str_map_new(g_free, line_free);
  g_autoptr(GPtrArray) order = g_ptr_array_new();
  Remarks remarks = {fixes, none, planned, impact, flags, general_word(c, threats)};
  for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
    add_status(c, json_object_get(status, states[i].key), states[i].status, &remarks, lines, order);
  const char *word = order->len ? NULL : remarks.word;
  for (guint i = 0; i < order->len; i++) {
    Line *line = order->pdata[i];
    if (oakum_severity_word(line->word) > oakum_severity_word(word))
      word = line->word;
    add_line(c, cve, line);
  }
  add_details(c, vulnerability, cve, word);
}

static gboolean read_document(Csaf *c, const json_t *json, GError **error)
{
  const json_t *document = json_object_get(json, "document"),
               *tracking = json_object_get(document, "tracking"),
               *vulnerabilities = json_object_get(json, "vulnerabilities");
  const char *version = oakum_text_of(document, "csaf_version");
  c->record = oakum_text_of(tracking, "id");
  c->vendor = oakum_text_of(json_object_get(document, "publisher"), "name");
  c->modified = oakum_feed_date(oakum_text_of(tracking, "current_release_date"));
  if (!version || !g_str_has_prefix(version, "2.") || !c->record || !c->vendor)
    return oakum_feed_invalid(error, "no CSAF 2 document: version, tracking id or publisher is "
                                     "missing");
  c->feed = oakum_ingest_feed(c->in, "csaf", c->vendor);
  if (g_strcmp0(oakum_text_of(tracking, "status"), "deleted") == 0)
    return TRUE;
  c->word = oakum_text_of(json_object_get(document, "aggregate_severity"), "text");
  add_tree(c, json_object_get(json, "product_tree"));
  c->several = json_array_size(vulnerabilities) > 1;
  for (size_t i = 0; i < json_array_size(vulnerabilities); i++)
    add_vulnerability(c, json_array_get(vulnerabilities, i));
  if (c->several) {
    g_autofree char *title = oakum_title(oakum_text_of(document, "title"));
    const char *none[] = {NULL};
    OakumVulnerability v = {.id = c->record,
                            .aliases = none,
                            .title = title,
                            .cwes = none,
                            .references = none,
                            .modified = c->modified};
    oakum_ingest_vulnerability(c->in, c->feed, &v);
  }
  return TRUE;
}

gboolean oakum_read_csaf(OakumIngest *in, OakumReader *reader, GError **error)
{
  G_GNUC_UNUSED g_autoptr(OakumReader) owned = reader;
  g_autofree char *text = NULL;
  size_t len;
  if (!oakum_reader_slurp(owned, OAKUM_CSAF_MAX, "CSAF document", &text, &len, error))
    return FALSE;
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, "document", error);
  if (!json)
    return FALSE;
  g_autoptr(GHashTable) products = oakum_str_map_new(NULL, g_free),
                        relations = oakum_str_map_new(NULL, g_free),
                        groups = oakum_str_map_new(NULL, NULL);
  Csaf c = {.in = in, .products = products, .relations = relations, .groups = groups};
  gboolean ok = read_document(&c, json, error);
  if (ok)
    ok = oakum_ingest_keep(in, c.feed, c.record, c.modified, error);
  g_free(c.modified);
  return ok;
}
