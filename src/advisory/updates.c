/* updateinfo.xml of repositories (Amazon ALAS, Bottlerocket, Fedora, Alma, Rocky), and Gentoo's
 * GLSA. */
#include "advisory/advisory-private.h"
#include "version/version.h"
#include <string.h>

/* ---- updateinfo -------------------------------------------------------------------------------
 */
/* By the tag of a release, the name of the collection, or the id. */
static char *ecosystem_of(const char *collection, const char *id, const char *release, char **extra)
{
  *extra = NULL;
  const char *at = strstr(release, ".amzn");
  if (at) {
    size_t n = strspn(at + 5, "0123456789");
    static const char *const extras = "ALAS2";
    /* "ALAS2KERNEL-5.10-2024-010": in front of the year and the number */
    const char *number = strrchr(id, '-'),
               *dash = number ? g_strrstr_len(id, number - id, "-") : NULL;
    if (g_str_has_prefix(id, extras) && id[5] && !g_ascii_isdigit(id[5]) && dash && dash > id + 5)
      *extra = g_ascii_strdown(id + 5, dash - id - 5);
    if (*extra && **extra == 0)
      g_clear_pointer(extra, g_free);
    return g_strdup_printf("Amazon Linux:%.*s", (int)n, at + 5);
  }
  if (g_str_has_prefix(id, "BRSA")) /* no releases: each new image has all fixes */
    return g_strdup("Bottlerocket");
  if ((at = strstr(release, ".fc")) && g_ascii_isdigit(at[3]))
    return g_strdup_printf("Fedora:%.*s", (int)strspn(at + 3, "0123456789"), at + 3);
  if ((at = strstr(release, ".module_f")) && g_ascii_isdigit(at[9]))
    return g_strdup_printf("Fedora:%.*s", (int)strspn(at + 9, "0123456789"), at + 9);
  const char *name =
      g_str_has_prefix(id, "ALSA") || g_str_has_prefix(id, "ALBA") || g_str_has_prefix(id, "ALEA")
          ? "AlmaLinux"
      : g_str_has_prefix(id, "RLSA") || g_str_has_prefix(id, "RLBA") ||
              g_str_has_prefix(id, "RXSA") || g_str_has_prefix(id, "RLEA")
          ? "Rocky Linux"
      : g_str_has_prefix(id, "ELSA") || g_str_has_prefix(id, "ELBA") ? "Oracle Linux"
      : g_str_has_prefix(id, "RHSA")                                 ? "Red Hat"
      : g_str_has_prefix(id, "FEDORA-EPEL")                          ? "EPEL"
                                                                     : NULL;
  at = strstr(release, ".el");
  if (!at)
    at = strstr(release, "+el");
  if (!at)
    at = strstr(release, "_el"); /* "6.module_el8.6.0+2734" */
  if (name && at && g_ascii_isdigit(at[3]))
    return g_strdup_printf("%s:%.*s", name, (int)strspn(at + 3, "0123456789"), at + 3);
  if (g_str_has_prefix(id, "ALAS") || g_str_has_prefix(collection, "Amazon Linux")) {
    const char *digits = strpbrk(collection, "0123456789");
    return digits ? g_strdup_printf("Amazon Linux:%.*s", (int)strspn(digits, "0123456789"), digits)
                  : g_strdup("Amazon Linux:1");
  }
  return NULL;
}

typedef struct {
  OakumIngest *in;
  guint feed;
  OakumAdvisory base;
} Update;

static gboolean is_source(const OakumXml *package)
{
  return g_strcmp0(oakum_xml_attribute(package, "arch"), "src") == 0;
}

static gboolean add_package(const Update *u, const OakumXml *package, const char *collection,
                            const char *module)
{
  const char *name = oakum_xml_attribute(package, "name"),
             *version = oakum_xml_attribute(package, "version"),
             *release = oakum_xml_attribute(package, "release"),
             *epoch = oakum_xml_attribute(package, "epoch"),
             *arch = oakum_xml_attribute(package, "arch");
  if (!name || !version || !release || !*name)
    return FALSE;
  g_autofree char *extra = NULL;
  g_autofree char *ecosystem = ecosystem_of(collection, u->base.record, release, &extra);
  if (!ecosystem)
    return FALSE;
  g_autofree char *fixed = epoch && *epoch && strcmp(epoch, "0") != 0
                               ? g_strdup_printf("%s:%s-%s", epoch, version, release)
                               : g_strdup_printf("%s-%s", version, release);
  gboolean source = is_source(package);
  const char *arches[] = {arch && strcmp(arch, "noarch") != 0 && !source ? arch : NULL, NULL};
  OakumAdvisoryRange range = {NULL, fixed, NULL, FALSE};
  OakumAdvisory e = u->base;
  e.kind = source ? OAKUM_NAME_SOURCE : OAKUM_NAME_BINARY;
  e.status = OAKUM_STATUS_FIXED;
  e.ranges = &range;
  e.n_ranges = 1;
  e.arches = arches;
  e.module = module;
  e.flavour = extra;
  oakum_ingest_package(u->in, u->feed, ecosystem, name, &e);
  return TRUE;
}

/* Whether an update lists what can be installed. Its source packages then say nothing more: a
 * client of the repository goes by the packages that are listed (dnf, updateinfo), and what was
 * built from the same source and is not listed is not part of the update. */
static gboolean lists_binary(const OakumXml *lists)
{
  for (guint i = 0; lists && i < lists->children->len; i++) {
    const OakumXml *collection = lists->children->pdata[i];
    for (guint k = 0; k < collection->children->len; k++) {
      const OakumXml *package = collection->children->pdata[k];
      if (strcmp(package->name, "package") == 0 && !is_source(package))
        return TRUE;
    }
  }
  return FALSE;
}

/* Each CVE that is named in a text: Fedora has them in the titles of bugs. */
static void add_cves(const char *text, GStringChunk *words, GPtrArray *names)
{
  for (const char *at = text; at && (at = strstr(at, "CVE-"));) {
    size_t n = 4 + strspn(at + 4, "0123456789-");
    g_autofree char *one = g_strndup(at, n);
    if (oakum_is_cve(one) && names->len < OAKUM_ADVISORY_NAMES_MAX)
      g_ptr_array_add(names, g_string_chunk_insert_const(words, one));
    at += n;
  }
}

static gboolean read_update(gpointer user, const OakumXml *xml, GError **error)
{
  OakumIngest *in = user;
  const char *id = oakum_xml_text(xml, "id"), *type = oakum_xml_attribute(xml, "type");
  const OakumXml *references = oakum_xml_child(xml, "references"),
                 *lists = oakum_xml_child(xml, "pkglist");
  if (type && strcmp(type, "security") != 0)
    return TRUE; /* bug fixes and enhancements */
  if (!id) {
    oakum_ingest_bad(
        in, NULL,
        g_error_new_literal(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, "an update without id"));
    return TRUE;
  }
  g_autoptr(GPtrArray) names = g_ptr_array_new(), ids = g_ptr_array_new(),
                       others = g_ptr_array_new();
  GStringChunk *words = g_string_chunk_new(256);
  for (guint i = 0; references && i < references->children->len; i++) {
    const OakumXml *r = references->children->pdata[i];
    add_cves(oakum_xml_attribute(r, "id"), words, names);
    add_cves(oakum_xml_attribute(r, "title"), words, names);
  }
  if (names->len == 0)
    add_cves(oakum_xml_text(xml, "description"), words, names);
  /* of Bottlerocket's without a CVE: one advisory is of one hole */
  for (guint i = 0; names->len == 0 && references && i < references->children->len; i++) {
    const char *other = oakum_xml_attribute(references->children->pdata[i], "id");
    if (other && g_str_has_prefix(other, "GHSA-"))
      g_ptr_array_add(names, g_string_chunk_insert_const(words, other));
  }
  const char *updated = oakum_xml_attribute(oakum_xml_child(xml, "updated"), "date"),
             *issued = oakum_xml_attribute(oakum_xml_child(xml, "issued"), "date");
  g_autofree char *date = oakum_feed_date(updated ? updated : issued);
  g_autofree char *fix_date = oakum_feed_date(issued);
  g_autofree char *title = oakum_title(oakum_xml_text(xml, "title"));
  oakum_sort_names(id, names, ids, others);
  g_autofree char *part = g_strndup(id, strcspn(id, "-"));
  Update u = {in, oakum_ingest_feed(in, "updateinfo", part), {.record = id}};
  u.base.ids = (const char **)ids->pdata;
  u.base.aliases = (const char **)others->pdata;
  const char *word = oakum_xml_text(xml, "severity");
  /* Bodhi writes "None" where nobody has given one ("unspecified") */
  u.base.severity_word = word && g_ascii_strcasecmp(word, "none") == 0 ? NULL : word;
  u.base.severity = oakum_severity_word(u.base.severity_word);
  u.base.modified = date;
  u.base.fix_date = fix_date;
  gboolean binaries = lists_binary(lists);
  for (guint i = 0; lists && i < lists->children->len; i++) {
    const OakumXml *collection = lists->children->pdata[i];
    const OakumXml *m = oakum_xml_child(collection, "module");
    const char *name = oakum_xml_text(collection, "name");
    g_autofree char *module = m ? g_strdup_printf("%s:%s", oakum_xml_attribute(m, "name"),
                                                  oakum_xml_attribute(m, "stream"))
                                : NULL;
    for (guint k = 0; k < collection->children->len; k++) {
      const OakumXml *package = collection->children->pdata[k];
      if (strcmp(package->name, "package") == 0 && !(binaries && is_source(package)) &&
          !add_package(&u, package, name ? name : "", module)) {
        oakum_ingest_bad(in, id,
                         g_error_new_literal(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                                             "a package without name or version, or of no "
                                             "known distribution"));
        g_string_chunk_free(words);
        return TRUE;
      }
    }
  }
  g_ptr_array_add(names, NULL);
  OakumVulnerability v = {.id = id,
                          .aliases = (const char **)names->pdata,
                          .title = title,
                          .published = fix_date,
                          .modified = date,
                          .severity = u.base.severity,
                          .severity_word = u.base.severity_word};
  oakum_ingest_vulnerability(in, u.feed, &v);
  gboolean ok = oakum_ingest_keep(in, u.feed, id, date, error);
  g_string_chunk_free(words);
  return ok;
}

gboolean oakum_read_updateinfo(OakumIngest *in, OakumReader *reader, GError **error)
{
  static const char *const names[] = {"update", NULL};
  in->documents++;
  return oakum_xml_read(reader, names, read_update, in, error);
}

/* ---- GLSA (gentoo.org/glsa) -------------------------------------------------------------------
 */
/* "1.1.9" of "1.1.9-r2"; new string. */
static char *without_revision(const char *version)
{
  const char *dash = strrchr(version, '-');
  gboolean revision =
      dash && dash[1] == 'r' && dash[2] && !dash[2 + strspn(dash + 2, "0123456789")];
  return g_strndup(version, revision ? (gsize)(dash - version) : strlen(version));
}

static int portage_order(const char *a, const char *b)
{
  return oakum_version_order(OAKUM_VERSION_PORTAGE, a, b);
}

/* Versions from `from` up to and with `to` are whole: the range that holds them is parted. */
static void cut_out(GArray *ranges, const char *from, const char *to)
{
  for (guint i = 0, n = ranges->len; i < n; i++) {
    OakumAdvisoryRange *r = &g_array_index(ranges, OakumAdvisoryRange, i);
    const char *end = r->fixed ? r->fixed : r->last_affected;
    if ((r->introduced && portage_order(r->introduced, from) != -1) ||
        (end && portage_order(from, end) != -1))
      continue;
    OakumAdvisoryRange rest = *r;
    r->fixed = from;
    r->last_affected = NULL;
    rest.introduced = to;
    rest.after = TRUE;
    if (!end || portage_order(to, end) == -1)
      g_array_append_val(ranges, rest);
  }
}

/* Whether the slot is a line of versions: 3.8 of Python 3.8.12. What is vulnerable in one says
 * nothing of the other lines. */
static gboolean is_slot_of(const char *slot, const char *version)
{
  size_t n = slot ? strlen(slot) : 0;
  return n > 0 && strncmp(version, slot, n) == 0 && version[n] == '.';
}

/* vulnerable lt X: before X; le X: up to X; eq X: exactly; rlt X, rle X: of the same version, by
 * revision. unaffected ge X: fixed in X; rge X: from this revision of the version on; eq X: this
 * one.
 */
static void add_glsa(OakumIngest *in, guint feed, const OakumAdvisory *base,
                     const OakumXml *package)
{
  g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(OakumAdvisoryRange));
  g_autoptr(GPtrArray) exact = g_ptr_array_new(), fixes = g_ptr_array_new(),
                       whole = g_ptr_array_new(), owned = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < package->children->len; i++) {
    const OakumXml *child = package->children->pdata[i];
    const char *how = oakum_xml_attribute(child, "range"), *version = oakum_xml_own_text(child),
               *slot = oakum_xml_attribute(child, "slot");
    if (!how || !version || !*version)
      continue;
    gboolean by_revision = how[0] == 'r';
    char *plain = without_revision(version);
    g_ptr_array_add(owned, plain);
    if (strcmp(child->name, "unaffected") == 0 && (by_revision || strcmp(how, "eq") == 0)) {
      char *last = by_revision ? g_strconcat(plain, "-r999999999", NULL) : g_strdup(version);
      g_ptr_array_add(owned, last);
      g_ptr_array_add(whole, (gpointer)version);
      g_ptr_array_add(whole, last);
    }
    OakumAdvisoryRange range = {0};
    if (strcmp(child->name, "unaffected") == 0)
      g_ptr_array_add(fixes, (gpointer)version);
    else if (strcmp(how, "lt") == 0 || strcmp(how, "rlt") == 0)
      range.fixed = version;
    else if (strcmp(how, "le") == 0 || strcmp(how, "rle") == 0)
      range.last_affected = version;
    else if (strcmp(how, "ge") == 0 || strcmp(how, "gt") == 0)
      range.introduced = version, range.after = strcmp(how, "gt") == 0;
    else if (strcmp(how, "eq") == 0)
      g_ptr_array_add(exact, (gpointer)version);
    if (by_revision && (range.fixed || range.last_affected))
      range.introduced = plain;
    else if ((range.fixed || range.last_affected) && is_slot_of(slot, version))
      range.introduced = slot;
    if (range.fixed || range.last_affected || range.introduced)
      g_array_append_val(ranges, range);
  }
  for (guint i = 0; i + 1 < whole->len && whole->len <= OAKUM_OSV_AFFECTED_MAX; i += 2)
    cut_out(ranges, whole->pdata[i], whole->pdata[i + 1]);
  g_ptr_array_add(exact, NULL);
  g_ptr_array_add(fixes, NULL);
  const char *name = oakum_xml_attribute(package, "name"),
             *arch = oakum_xml_attribute(package, "arch");
  /* "amd64 x86", "*" */
  g_auto(GStrv) arches = g_strsplit_set(arch && !strchr(arch, '*') ? arch : "", " \t\r\n,", -1);
  OakumAdvisory e = *base;
  e.kind = OAKUM_NAME_BINARY;
  e.status = fixes->len > 1 ? OAKUM_STATUS_FIXED : OAKUM_STATUS_AFFECTED;
  e.ranges = (const OakumAdvisoryRange *)ranges->data;
  e.n_ranges = ranges->len;
  e.versions = (const char **)exact->pdata;
  e.fixes = (const char **)fixes->pdata;
  e.arches = (const char **)arches;
  if (name && *name && (ranges->len || exact->len > 1))
    oakum_ingest_package(in, feed, "Gentoo", name, &e);
}

static gboolean read_glsa(gpointer user, const OakumXml *xml, GError **error)
{
  OakumIngest *in = user;
  const char *number = oakum_xml_attribute(xml, "id");
  const OakumXml *affected = oakum_xml_child(xml, "affected"),
                 *references = oakum_xml_child(xml, "references");
  guint feed = oakum_ingest_feed(in, "gentoo", NULL);
  if (!number || !affected) {
    oakum_ingest_bad(in, number,
                     g_error_new_literal(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                                         "a GLSA without id or affected"));
    return TRUE;
  }
  g_autofree char *id = g_strconcat("GLSA-", number, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new(), ids = g_ptr_array_new(),
                       others = g_ptr_array_new();
  for (guint i = 0; references && i < references->children->len; i++) {
    const char *text = oakum_xml_own_text(references->children->pdata[i]);
    if (text && oakum_is_cve(text))
      g_ptr_array_add(names, (gpointer)text);
  }
  oakum_sort_names(id, names, ids, others);
  g_autofree char *date = oakum_feed_date(oakum_xml_text(xml, "revised"));
  g_autofree char *title = oakum_title(oakum_xml_text(xml, "title"));
  OakumAdvisory base = {.record = id,
                        .ids = (const char **)ids->pdata,
                        .aliases = (const char **)others->pdata,
                        .severity_word =
                            oakum_xml_attribute(oakum_xml_child(xml, "impact"), "type"),
                        .modified = date};
  base.severity = oakum_severity_word(base.severity_word);
  for (guint i = 0; i < affected->children->len; i++)
    if (strcmp(((OakumXml *)affected->children->pdata[i])->name, "package") == 0)
      add_glsa(in, feed, &base, affected->children->pdata[i]);
  g_ptr_array_add(names, NULL);
  OakumVulnerability v = {.id = id,
                          .aliases = (const char **)names->pdata,
                          .title = title,
                          .modified = date,
                          .severity = base.severity,
                          .severity_word = base.severity_word};
  oakum_ingest_vulnerability(in, feed, &v);
  return oakum_ingest_keep(in, feed, id, date, error);
}

gboolean oakum_read_glsa(OakumIngest *in, OakumReader *reader, GError **error)
{
  static const char *const names[] = {"glsa", NULL};
  in->documents++;
  return oakum_xml_read(reader, names, read_glsa, in, error);
}
