/* OVAL 5 definitions of Red Hat, Oracle, SUSE, Ubuntu, Azure Linux (Mariner), Photon and Debian.
 *
 * Each generator says in the comment of a criterion what its test says; a definition is read by its
 * comments alone, so that nothing has to be held until the tests come, behind all definitions. What
 * stands beside a package under one AND (platform, architecture, module) holds for it. */
#include "advisory/advisory-private.h"

typedef struct {
  OakumIngest *in;
  guint feed;
  const OakumXml *metadata;
  const char *vendor, *record, *date, *word;
  GPtrArray *ids, *others;
  char *release; /* key by platform of the definition or name of the file */
  char *flavour;
  char *own;                   /* an id that is made here */
  const OakumXml *resolutions; /* what the advisory says of packages without a fix */
  const char *product;         /* Red Hat's, when it is none of the system itself */
  const char *why;
  gboolean none;     /* the vendor says that it does not apply */
  gboolean whole;    /* all packages of the definition are not affected */
  gboolean nameless; /* it refers to nothing */
  guint rows;
} Definition;

typedef struct {
  GPtrArray *platforms; /* texts, borrowed; empty: those of the definition */
  const char *arch, *module;
  size_t module_len;
  const char *after; /* the text of the version behind which the hole came */
} Context;

/* "Red Hat Enterprise Linux 8" and its like to a key; NULL for another product. */
static char *key_of_platform(const char *text)
{
  static const struct {
    const char *prefix, *key;
    gboolean minor;
  } known[] = {{"Red Hat Enterprise Linux", "Red Hat", FALSE},
               {"Oracle Linux", "Oracle Linux", FALSE},
               {"Photon OS", "Photon OS", TRUE},
               {"Photon", "Photon OS", TRUE},
               {"Ubuntu", "Ubuntu", TRUE},
               {"Debian GNU/Linux", "Debian", FALSE},
               {"Debian", "Debian", FALSE},
               {"AlmaLinux", "AlmaLinux", FALSE},
               {"SUSE Linux", "SUSE", TRUE},
               {"SLE", "SUSE", TRUE},
               {"openSUSE", "openSUSE", TRUE}};
  for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
    if (!g_str_has_prefix(text, known[i].prefix))
      continue;
    if (strcmp(known[i].key, "SUSE") == 0) {
      g_autofree char *name = g_strconcat("SUSE:", text, NULL);
      return oakum_ecosystem_key(name, NULL, NULL);
    }
    const char *at = strpbrk(text, "0123456789");
    if (strstr(text, "Tumbleweed"))
      return g_strdup("openSUSE:Tumbleweed");
    if (!at)
      return NULL;
    size_t n = strspn(at, known[i].minor ? "0123456789." : "0123456789");
    gboolean short_form = strcmp(known[i].key, "Photon OS") == 0 && !memchr(at, '.', n);
    gboolean leap = strcmp(known[i].key, "openSUSE") == 0 && strstr(text, "Leap");
    if (leap && strstr(text, "Leap Micro"))
      return g_strdup_printf("SUSE Micro:%.*s", (int)n, at); /* its packages are of SUSE Micro */
    return g_strdup_printf("%s:%s%.*s%s", known[i].key, leap ? "Leap " : "", (int)n, at,
                           short_form ? ".0" : "");
  }
  return NULL;
}

/* ---- comments ---------------------------------------------------------------------------------
 */
typedef struct {
  char *name, *fixed;
  char *last; /* the last version that is affected */
  const char *why;
  OakumAdvisoryStatus status;
} Said;

static gboolean cut_at(const char *comment, const char *words, char **before, const char **behind)
{
  const char *at = strstr(comment, words);
  if (!at || at == comment)
    return FALSE;
  *before = g_strndup(comment, (gsize)(at - comment));
  *behind = at + strlen(words);
  return TRUE;
}

/* "openssh package in jammy was vulnerable but has been fixed (note: '1:8.9p1-3ubuntu0.5')." */
static gboolean said_ubuntu(const char *comment, Said *said)
{
  static const struct {
    const char *words;
    OakumAdvisoryStatus status;
  } forms[] = {{"was vulnerable", OAKUM_STATUS_FIXED},
               {"has been fixed", OAKUM_STATUS_FIXED},
               {"decision has been made to ignore", OAKUM_STATUS_WILL_NOT_FIX},
               {"decision has been made to defer", OAKUM_STATUS_FIX_DEFERRED},
               {"may be vulnerable", OAKUM_STATUS_UNDER_INVESTIGATION},
               {"may need fixing", OAKUM_STATUS_UNDER_INVESTIGATION},
               {"is not affected", OAKUM_STATUS_NOT_AFFECTED},
               {"affected", OAKUM_STATUS_AFFECTED}};
  const char *behind;
  if (*comment == '(')
    comment = strchr(comment, ')') ? strchr(comment, ')') + 1 : comment;
  comment += strspn(comment, " ");
  if (!cut_at(comment, " package in ", &said->name, &behind))
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
    if (strstr(behind, forms[i].words)) {
      said->status = forms[i].status;
      const char *note = strstr(behind, "(note: '");
      if (said->status == OAKUM_STATUS_FIXED && note)
        said->fixed = g_strndup(note + 8, strcspn(note + 8, "'"));
      return said->status != OAKUM_STATUS_FIXED || said->fixed;
    }
  return FALSE;
}

/* "vim-small-9.0.2103-150500.20.6.1 is installed" of SUSE: everything in front of that version. */
static gboolean said_suse(const char *text, Said *said)
{
  const char *release = strrchr(text, '-');
  const char *version = release ? g_strrstr_len(text, release - text, "-") : NULL;
  if (!version || version == text || !g_ascii_isdigit(version[1]))
    return FALSE;
  said->name = g_strndup(text, (gsize)(version - text));
  said->fixed = g_strdup(version + 1);
  said->status = OAKUM_STATUS_FIXED;
  return TRUE;
}

/* "0:1.8.14-3.ph3", " 1.20.10-1, affected by …", "httpd-2.4.46-6" of httpd; NULL for none. */
static char *version_of(const char *text, const char *name)
{
  text += strspn(text, " ");
  size_t n = strlen(name);
  if (strncmp(text, name, n) == 0 && text[n] == '-')
    text += n + 1;
  if (g_str_has_prefix(text, "0:"))
    text += 2;
  n = strcspn(text, " ,");
  return n == 0 || (n == 4 && strncmp(text, "null", 4) == 0) ? NULL : g_strndup(text, n);
}

static OakumAdvisoryStatus state_of(const char *why)
{
  g_autofree char *lower = g_ascii_strdown(why ? why : "", -1);
  if (strstr(lower, "will not fix"))
    return OAKUM_STATUS_WILL_NOT_FIX;
  if (strstr(lower, "deferred"))
    return OAKUM_STATUS_FIX_DEFERRED;
  if (strstr(lower, "out of support") || strstr(lower, "end of life"))
    return OAKUM_STATUS_END_OF_LIFE;
  if (strstr(lower, "not affected"))
    return OAKUM_STATUS_NOT_AFFECTED;
  return strstr(lower, "investigation") ? OAKUM_STATUS_UNDER_INVESTIGATION : OAKUM_STATUS_AFFECTED;
}

/* Each <resolution> names the components that it is about: "tar", or "nodejs:18/nodejs" of a
 * module. What none names goes by the first. */
static void resolve(const Definition *d, const Context *c, Said *said)
{
  const char *why = d->why;
  for (guint i = 0; d->resolutions && i < d->resolutions->children->len; i++) {
    const OakumXml *r = d->resolutions->children->pdata[i];
    for (guint k = 0; k < r->children->len; k++) {
      const char *component = oakum_xml_own_text(r->children->pdata[k]),
                 *name = component ? strrchr(component, '/') : NULL;
      if (!component || strcmp(name ? name + 1 : component, said->name) != 0)
        continue;
      size_t n = name ? (size_t)(name - component) : 0;
      if (n == (c->module ? c->module_len : 0) && (n == 0 || strncmp(component, c->module, n) == 0))
        why = oakum_xml_attribute(r, "state");
    }
  }
  said->why = why;
  said->status = d->whole ? OAKUM_STATUS_NOT_AFFECTED : state_of(why);
}

/* A version of Microsoft's. Its comments leave out the mark of the release, which its tests and
 * packages have: 2.9.0-1.cm2 is meant where a comment says "2.9.0-1". `last`: it is the last one
 * that is affected, and one without a release is of all its releases. New string, or NULL. */
static char *marked_version(const Definition *d, const char *text, const char *name, gboolean last)
{
  g_autofree char *version = version_of(text, name);
  const char *digits = d->release ? strpbrk(d->release, "0123456789") : NULL;
  const char *mark = !digits                                        ? NULL
                     : g_str_has_prefix(d->release, "Mariner:")     ? ".cm"
                     : g_str_has_prefix(d->release, "Azure Linux:") ? ".azl"
                                                                    : NULL;
  if (!version || !mark || strstr(version, mark) || (!last && !strchr(version, '-')))
    return g_steal_pointer(&version);
  return g_strdup_printf("%s%s%s%.*s", version, strchr(version, '-') ? "" : "-999999999", mark,
                         (int)strspn(digits, "0123456789"), digits);
}

static gboolean said_package(const Definition *d, const Context *c, const char *comment, Said *said)
{
  const char *behind;
  g_autofree char *text = NULL;
  *said = (Said){.status = OAKUM_STATUS_AFFECTED, .why = d->why};
  if (g_str_has_prefix(comment, "Package "))
    comment += 8;
  if (cut_at(comment, " is earlier than ", &said->name, &behind) ||
      cut_at(comment, " less than ", &said->name, &behind)) { /* of SUSE until 2013 */
    said->fixed = marked_version(d, behind, said->name, FALSE);
    said->status = d->none       ? OAKUM_STATUS_NOT_AFFECTED
                   : said->fixed ? OAKUM_STATUS_FIXED
                                 : OAKUM_STATUS_AFFECTED;
    if (g_str_has_suffix(said->name, " DPKG"))
      said->name[strlen(said->name) - 5] = 0;
    return TRUE;
  }
  if (cut_at(comment, " is installed with version ", &said->name, &behind)) {
    said->last = strstr(behind, " or earlier") ? marked_version(d, behind, said->name, TRUE) : NULL;
    said->status = d->none ? OAKUM_STATUS_NOT_AFFECTED : OAKUM_STATUS_AFFECTED;
    return said->last != NULL;
  }
  if (said_ubuntu(comment, said))
    return TRUE;
  if (cut_at(comment, " is not affected", &said->name, &behind)) {
    said->status = OAKUM_STATUS_NOT_AFFECTED;
    return TRUE;
  }
  if (cut_at(comment, " is affected", &said->name, &behind))
    return TRUE;
  if (!cut_at(comment, " is installed", &text, &behind) || strchr(text, ' '))
    return FALSE;
  if (strcmp(d->vendor, "Red Hat") == 0) {
    said->name = g_steal_pointer(&text);
    resolve(d, c, said);
    return TRUE;
  }
  return said_suse(text, said);
}

/* What a comment says of the place rather than of a package. */
static gboolean said_place(const char *comment, Context *c)
{
  const char *at;
  if ((at = strstr(comment, " is greater than "))) {
    c->after = at + strlen(" is greater than ");
    return TRUE;
  }
  if ((at = strstr(comment, " arch is "))) {
    c->arch = at + 9;
    return TRUE;
  }
  if (g_str_has_prefix(comment, "Module ") && (at = strstr(comment, " is enabled"))) {
    c->module = comment + 7;
    c->module_len = (size_t)(at - c->module);
    return TRUE;
  }
  at = strstr(comment, " is installed");
  if (at && strstr(at, " with version "))
    return FALSE;
  if (!at || !memchr(comment, ' ', (size_t)(at - comment)))
    return strstr(comment, " is signed with") || strstr(comment, "must be installed") ||
           strcmp(comment, "Long Term Support") == 0;
  g_ptr_array_add(c->platforms, (gpointer)comment);
  return TRUE;
}

/* ---- rows -------------------------------------------------------------------------------------
 */
static void add_row(Definition *d, const Context *c, const Said *said, const char *ecosystem,
                    const char *product)
{
  g_autofree char *module = c->module ? g_strndup(c->module, c->module_len) : NULL;
  const char *arches[] = {c->arch, NULL};
  g_autofree char *after = c->after ? version_of(c->after, said->name) : NULL;
  OakumAdvisoryRange range = {after, said->fixed, said->last, after != NULL};
  const char *scheme = oakum_ecosystem_scheme(ecosystem);
  gboolean source = strcmp(scheme, "deb") == 0 || g_str_has_prefix(ecosystem, "Azure") ||
                    g_str_has_prefix(ecosystem, "Mariner");
  g_autofree char *flavour = g_strdup(d->flavour);
  if (!flavour && said->fixed && g_str_has_prefix(ecosystem, "Oracle"))
    flavour = strstr(said->fixed, "ksplice") ? g_strdup("ksplice")
              : strstr(said->fixed, "_fips") ? g_strdup("fips")
                                             : NULL;
  if (!flavour && said->fixed && strstr(said->fixed, "~esm") &&
      g_str_has_prefix(ecosystem, "Ubuntu"))
    flavour = g_strdup("esm");
  OakumAdvisory e = {.record = d->record,
                     .ids = (const char **)d->ids->pdata,
                     .aliases = (const char **)d->others->pdata,
                     .kind = source ? OAKUM_NAME_SOURCE : OAKUM_NAME_BINARY,
                     .status = said->status,
                     .severity = oakum_severity_word(d->word),
                     .severity_word = d->word,
                     .ranges = &range,
                     .n_ranges = said->status == OAKUM_STATUS_NOT_AFFECTED ? 0 : 1,
                     .arches = arches,
                     .module = module,
                     .flavour = flavour,
                     .product = product,
                     .fix_date = said->status == OAKUM_STATUS_FIXED ? d->date : NULL,
                     .modified = d->date,
                     .note = said->fixed && !d->none ? NULL : said->why};
  oakum_ingest_package(d->in, d->feed, ecosystem, said->name, &e);
  d->rows++;
}

static void add_said(Definition *d, const Context *c, const Said *said)
{
  g_autoptr(GHashTable) done = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < c->platforms->len; i++) {
    const char *text = c->platforms->pdata[i];
    g_autofree char *product = g_strndup(text, (gsize)(strstr(text, " is installed") - text));
    g_autofree char *key = key_of_platform(product);
    if (!key || g_hash_table_contains(done, key))
      continue;
    add_row(d, c, said, key, g_str_has_prefix(key, "SUSE") ? product : d->product);
    g_hash_table_add(done, g_steal_pointer(&key));
  }
  if (c->platforms->len == 0 && d->release)
    add_row(d, c, said, d->release, d->product);
}

static gboolean only_places(const OakumXml *criteria)
{
  g_autoptr(GPtrArray) unused = g_ptr_array_new();
  Context c = {.platforms = unused};
  for (guint i = 0; i < criteria->children->len; i++) {
    const char *comment = oakum_xml_attribute(criteria->children->pdata[i], "comment");
    if (strcmp(((OakumXml *)criteria->children->pdata[i])->name, "criterion") != 0 || !comment ||
        !said_place(comment, &c))
      return FALSE;
  }
  return criteria->children->len > 0;
}

static void take_places(const OakumXml *criteria, Context *c)
{
  for (guint i = 0; i < criteria->children->len; i++) {
    const OakumXml *child = criteria->children->pdata[i];
    const char *comment = oakum_xml_attribute(child, "comment");
    if (strcmp(child->name, "criterion") == 0 && comment)
      (void)said_place(comment, c);
    else if (strcmp(child->name, "criteria") == 0 && only_places(child))
      take_places(child, c); /* an OR of platforms; such a node has no others below it */
  }
}

/* The depth of elements is limited by the reader of XML. */
static void walk(Definition *d, const OakumXml *criteria, const Context *outer)
{
  g_autoptr(GPtrArray) platforms = g_ptr_array_copy(outer->platforms, NULL, NULL);
  Context c = *outer;
  c.platforms = platforms;
  gboolean any = g_strcmp0(oakum_xml_attribute(criteria, "operator"), "OR") == 0;
  if (!any)
    take_places(criteria, &c);
  for (guint i = 0; i < criteria->children->len; i++) {
    const OakumXml *child = criteria->children->pdata[i];
    const char *comment = oakum_xml_attribute(child, "comment"),
               *negate = oakum_xml_attribute(child, "negate");
    g_autoptr(GPtrArray) unused = g_ptr_array_new();
    Context probe = {.platforms = unused};
    Said said;
    if (g_strcmp0(negate, "true") == 0)
      continue; /* what must not be there */
    if (strcmp(child->name, "criteria") == 0) {
      if (!only_places(child))
        walk(d, child, &c);
    } else if (comment && !said_place(comment, &probe)) {
      if (said_package(d, &c, comment, &said) && said.name && *said.name)
        add_said(d, &c, &said);
      g_free(said.name);
      g_free(said.fixed);
      g_free(said.last);
    }
  }
}

/* ---- definitions ------------------------------------------------------------------------------
 */
static void take_names(Definition *d, const OakumXml *advisory)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  const char *own = NULL;
  for (guint i = 0; i < d->metadata->children->len; i++) {
    const OakumXml *child = d->metadata->children->pdata[i];
    const char *source = oakum_xml_attribute(child, "source"),
               *id = oakum_xml_attribute(child, "ref_id");
    if (strcmp(child->name, "reference") != 0 || !source || !id || !*id)
      continue;
    const char *cve = strstr(id, "CVE-");
    if (cve && g_str_has_prefix(source, "CVE"))
      g_ptr_array_add(names, (gpointer)cve);
    else if (!strchr(id, ' ') && !g_str_has_prefix(source, "SUSE CVE") &&
             !g_str_has_prefix(source, "SUSE-SU") && !g_str_has_prefix(id, "CVE"))
      own = own ? own : id;
  }
  for (guint i = 0; advisory && i < advisory->children->len; i++) {
    const OakumXml *child = advisory->children->pdata[i];
    const char *text = oakum_xml_own_text(child);
    if (strcmp(child->name, "cve") == 0 && text && oakum_is_cve(text))
      g_ptr_array_add(names, (gpointer)text);
  }
  /* Microsoft has a definition for each package of a CVE; its number is that of OSV's "AZL-46945"
   */
  const char *number = oakum_xml_text(d->metadata, "advisory_id");
  if (!own && number && !strchr(number, ' '))
    own = d->own = g_strconcat("AZL-", number, NULL);
  gboolean several = FALSE; /* holes: none of them may stand for all */
  for (guint i = 1; i < names->len; i++)
    several |= strcmp(names->pdata[i], names->pdata[0]) != 0;
  d->nameless = !own && names->len == 0;
  if (own || (!several && names->len > 0))
    d->record = own ? own : names->pdata[0];
  oakum_sort_names(d->record, names, d->ids, d->others);
}

/* "rhel_eus:9.2" of a file for a stream of its own, "openshift:4.12": the first product, when none
 * is the system itself. */
static const char *product_of(const OakumXml *advisory)
{
  const OakumXml *list = oakum_xml_child(advisory, "affected_cpe_list");
  const char *first = NULL;
  for (guint i = 0; list && i < list->children->len; i++) {
    const char *cpe = oakum_xml_own_text(list->children->pdata[i]);
    if (!cpe || !g_str_has_prefix(cpe, "cpe:/"))
      continue;
    if (strstr(cpe, ":redhat:enterprise_linux"))
      return NULL;
    first = first ? first : cpe;
  }
  return first;
}

/* The first platform that criteria name, as a key; NULL: none. */
static char *release_in(const OakumXml *criteria)
{
  for (guint i = 0; criteria && i < criteria->children->len; i++) {
    const OakumXml *child = criteria->children->pdata[i];
    const char *comment = oakum_xml_attribute(child, "comment"),
               *end = comment ? strstr(comment, " is installed") : NULL;
    g_autofree char *text = end ? g_strndup(comment, (gsize)(end - comment)) : NULL;
    char *key = strcmp(child->name, "criteria") == 0 ? release_in(child)
                : text                               ? key_of_platform(text)
                                                     : NULL;
    if (key)
      return key;
  }
  return NULL;
}

/* "azurelinux-3.0-oval.xml", "cbl-mariner-2.0-oval.xml": the definitions do not say it. */
static char *release_of(const char *file, const OakumXml *affected)
{
  const char *platform = oakum_xml_text(affected, "platform");
  if (platform && (strstr(platform, "Mariner") || strstr(platform, "Azure"))) {
    gboolean mariner = strstr(platform, "Mariner") != NULL;
    const char *name = strstr(file, mariner ? "mariner-" : "azurelinux-"),
               *digits = name ? strchr(name, '-') + 1 : "";
    size_t n = strspn(digits, "0123456789.");
    if (n == 0)
      return g_strdup(mariner ? "Mariner:2.0" : "Azure Linux:3");
    return mariner ? g_strdup_printf("Mariner:%.*s", (int)n, digits)
                   : g_strdup_printf("Azure Linux:%.*s", (int)strspn(digits, "0123456789"), digits);
  }
  return platform ? key_of_platform(platform) : NULL;
}

static void add_vulnerability(Definition *d, const OakumXml *advisory)
{
  OakumCvss cvss[OAKUM_ADVISORY_CVSS_MAX];
  g_autofree char *title = oakum_title(oakum_xml_text(d->metadata, "title"));
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; d->ids->pdata[i]; i++)
    if (strcmp(d->ids->pdata[i], d->record) != 0)
      g_ptr_array_add(names, d->ids->pdata[i]);
  for (guint i = 0; d->others->pdata[i]; i++)
    if (strcmp(d->others->pdata[i], d->record) != 0)
      g_ptr_array_add(names, d->others->pdata[i]);
  g_ptr_array_add(names, NULL);
  OakumVulnerability v = {.id = d->record,
                          .aliases = (const char **)names->pdata,
                          .title = title,
                          .cvss = cvss,
                          .modified = d->date,
                          .severity = oakum_severity_word(d->word),
                          .severity_word = d->word};
  for (guint i = 0; advisory && i < advisory->children->len; i++) {
    const OakumXml *child = advisory->children->pdata[i];
    const char *vector = oakum_xml_attribute(child, "cvss3");
    vector = vector ? strstr(vector, "CVSS:") : NULL;
    if (strcmp(child->name, "cve") == 0 && vector && v.n_cvss < G_N_ELEMENTS(cvss))
      cvss[v.n_cvss++] = (OakumCvss){"CVSS_V3", vector, oakum_xml_own_text(child)};
  }
  oakum_ingest_vulnerability(d->in, d->feed, &v);
}

static const char *vendor_of(const char *id)
{
  static const char *const vendors[][2] = {
      {"redhat", "Red Hat"}, {"oracle", "Oracle"}, {"opensuse", "SUSE"},
      {"suse", "SUSE"},      {"ubuntu", "Ubuntu"}, {"microsoft", "Azure Linux"},
      {"vmware", "Photon"},  {"debian", "Debian"}, {"almalinux", "AlmaLinux"}};
  for (size_t i = 0; i < G_N_ELEMENTS(vendors); i++)
    if (strstr(id, vendors[i][0]))
      return vendors[i][1];
  return NULL;
}

typedef struct {
  OakumIngest *in;
  char *stamp;
  GHashTable *parts; /* numbers of those that the document has all of */
} Document;

/* Several documents of one vendor and release stand side by side: what one says of a hole must not
 * take the place of what another says. SUSE's are told apart by their names, Red Hat's by their
 * product; and it gives a CVE a definition for what has the hole and one for what has not. New
 * string. */
static char *part_of(const char *vendor, const char *release, const char *product, gboolean whole,
                     const char *file)
{
  const char *colon = release ? strchr(release, ':') : NULL;
  if (strcmp(vendor, "SUSE") == 0) {
    const char *end = strstr(file, ".xml");
    return end ? g_strdup_printf("SUSE %.*s", (int)(end - file), file) : g_strdup("SUSE");
  }
  const char *stream = product ? strstr(product, ":redhat:") : NULL;
  return g_strdup_printf("%s%s%s%s%s%s", vendor, colon ? " " : "", colon ? colon + 1 : "",
                         stream ? " " : "", stream ? stream + strlen(":redhat:") : "",
                         whole ? " unaffected" : "");
}

/* Whether the vendor publishes one document for the part, so that what is no longer in it goes. */
static gboolean has_all(const char *vendor, const char *file)
{
  return strcmp(vendor, "Azure Linux") == 0 ||
         (strcmp(vendor, "SUSE") == 0 && strstr(file, ".xml")) ||
         (strcmp(vendor, "Ubuntu") == 0 && strstr(file, ".cve.oval"));
}

static gboolean end_definition(Definition *d, const OakumXml *xml, GError **error)
{
  const OakumXml *advisory = oakum_xml_child(d->metadata, "advisory"),
                 *criteria = oakum_xml_child(xml, "criteria");
  g_autoptr(GPtrArray) ids = g_ptr_array_new(), others = g_ptr_array_new(),
                       platforms = g_ptr_array_new();
  d->ids = ids;
  d->others = others;
  take_names(d, advisory);
  d->word = oakum_xml_text(advisory, "severity");
  if (!d->word)
    d->word = oakum_xml_text(d->metadata, "severity");
  d->resolutions = oakum_xml_child(advisory, "affected");
  d->none = g_strcmp0(oakum_xml_text(d->metadata, "patchable"), "Not Applicable") == 0;
  d->why = d->none ? "not applicable"
                   : oakum_xml_attribute(oakum_xml_child(d->resolutions, "resolution"), "state");
  if (d->nameless) {
    oakum_ingest_bad(d->in, d->record,
                     g_error_new_literal(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                                         "a definition that refers to nothing"));
    return TRUE;
  }
  Context top = {.platforms = platforms};
  if (criteria)
    walk(d, criteria, &top);
  add_vulnerability(d, advisory);
  return oakum_ingest_keep(d->in, d->feed, d->record, d->date, error);
}

static gboolean read_definition(gpointer user, const OakumXml *xml, GError **error)
{
  Document *document = user;
  OakumIngest *in = document->in;
  if (strcmp(xml->name, "timestamp") == 0) {
    g_free(document->stamp);
    document->stamp = g_strdup(oakum_xml_own_text(xml));
    return TRUE;
  }
  const char *id = oakum_xml_attribute(xml, "id"), *class = oakum_xml_attribute(xml, "class");
  const OakumXml *metadata = oakum_xml_child(xml, "metadata"),
                 *advisory = oakum_xml_child(metadata, "advisory");
  const char *vendor = id ? vendor_of(id) : NULL;
  if (g_strcmp0(class, "inventory") == 0 || g_strcmp0(class, "miscellaneous") == 0)
    return TRUE;
  if (!vendor || !metadata) {
    oakum_ingest_bad(in, id,
                     g_error_new_literal(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                                         "a definition of no known vendor"));
    return TRUE;
  }
  const char *raw = oakum_xml_attribute(oakum_xml_child(advisory, "updated"), "date");
  if (!raw)
    raw = oakum_xml_attribute(oakum_xml_child(advisory, "issued"), "date");
  if (!raw)
    raw = oakum_xml_text(metadata, "advisory_date");
  g_autofree char *date = oakum_feed_date(raw);
  g_autofree char *release = release_of(in->name, oakum_xml_child(metadata, "affected"));
  if (!release)
    release = release_in(oakum_xml_child(xml, "criteria"));
  const char *product = product_of(advisory);
  gboolean whole = strstr(id, ".unaffected:") != NULL;
  const char *fips = strstr(in->name, "fips-updates")  ? "fips-updates"
                     : strstr(in->name, "ubuntu.fips") ? "fips"
                                                       : NULL;
  g_autofree char *part = part_of(vendor, release, product, whole, in->name);
  Definition d = {.in = in,
                  .feed = oakum_ingest_feed(in, "oval", part),
                  .metadata = metadata,
                  .vendor = vendor,
                  .product = product,
                  .whole = whole,
                  .record = id,
                  .date = date,
                  .release = release,
                  .flavour = (char *)fips};
  if (document->stamp)
    oakum_ingest_date(in, d.feed, document->stamp);
  if (has_all(vendor, in->name))
    g_hash_table_add(document->parts, GUINT_TO_POINTER(d.feed));
  gboolean ok = end_definition(&d, xml, error);
  g_free(d.own);
  return ok;
}

gboolean oakum_read_oval(OakumIngest *in, OakumReader *reader, GError **error)
{
  static const char *const names[] = {"definition", "timestamp", NULL};
  g_autoptr(GHashTable) parts = g_hash_table_new(NULL, NULL);
  Document document = {.in = in, .parts = parts};
  in->documents++;
  gboolean ok = oakum_xml_read(reader, names, read_definition, &document, error);
  GHashTableIter iter;
  gpointer part;
  g_hash_table_iter_init(&iter, parts);
  while (ok && g_hash_table_iter_next(&iter, &part, NULL))
    oakum_ingest_whole(in, GPOINTER_TO_UINT(part));
  g_free(document.stamp);
  return ok;
}
