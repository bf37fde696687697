#include "ecosystem/ecosystem.h"
#include "report/report-private.h"
#include <string.h>

/* ---- findings
 * ---------------------------------------------------------------------------------------- */
GPtrArray *oakum_report_holes(const OakumResult *result)
{
  GPtrArray *holes = g_ptr_array_new();
  for (guint i = 0; i < result->findings->len; i++) {
    OakumFinding *f = result->findings->pdata[i];
    if (f->kind == OAKUM_FINDING_VULNERABILITY && !f->suppressed)
      g_ptr_array_add(holes, f);
  }
  return holes;
}

static gint by_urgency(gconstpointer a, gconstpointer b)
{
  const OakumFinding *x = *(const OakumFinding *const *)a, *y = *(const OakumFinding *const *)b;
  int percent_x = x->epss > 0 ? (int)(x->epss * 100) : 0,
      percent_y = y->epss > 0 ? (int)(y->epss * 100) : 0;
  if (x->kev != y->kev)
    return y->kev - x->kev;
  if (percent_x != percent_y)
    return percent_y - percent_x;
  if (x->severity != y->severity)
    return (gint)y->severity - (gint)x->severity;
  if (x->risk < y->risk || x->risk > y->risk)
    return x->risk < y->risk ? 1 : -1;
  return oakum_finding_compare(a, b);
}

GPtrArray *oakum_report_urgent(const OakumResult *result)
{
  GPtrArray *holes = oakum_report_holes(result);
  g_ptr_array_sort(holes, by_urgency);
  return holes;
}

/* What nobody has rated may be worse than what somebody found to be negligible. */
static int urgency(OakumSeverity severity)
{
  return severity == OAKUM_SEVERITY_UNKNOWN      ? OAKUM_SEVERITY_NEGLIGIBLE
         : severity == OAKUM_SEVERITY_NEGLIGIBLE ? OAKUM_SEVERITY_UNKNOWN
                                                 : (int)severity;
}

gint oakum_report_order(gconstpointer a, gconstpointer b)
{
  const OakumFinding *x = *(const OakumFinding *const *)a, *y = *(const OakumFinding *const *)b;
  if ((x->suppressed != NULL) != (y->suppressed != NULL))
    return x->suppressed ? 1 : -1;
  if (x->kev != y->kev)
    return x->kev ? -1 : 1;
  if (x->severity != y->severity)
    return urgency(y->severity) - urgency(x->severity);
  if (x->risk < y->risk || x->risk > y->risk)
    return x->risk < y->risk ? 1 : -1;
  return oakum_finding_compare(a, b);
}

/* The same version may lie in several layers, each with files of its own. `layer` below -1: in any.
 */
#define ANY_LAYER (-2)
static char *index_key(const char *purl, const char *name, const char *version, int layer)
{
  g_autofree char *key =
      purl ? g_strdup(purl) : g_strdup_printf("%s\n%s", name, version ? version : "");
  return layer == ANY_LAYER ? g_steal_pointer(&key) : g_strdup_printf("%s\n%d", key, layer);
}

GHashTable *oakum_report_index(const OakumResult *result)
{
  GHashTable *index = oakum_str_map_new(g_free, NULL);
  for (guint i = result->catalog->packages->len; i-- > 0;) { /* the first of a name stays */
    OakumPackage *p = result->catalog->packages->pdata[i];
    g_hash_table_replace(index, index_key(p->purl, p->name, p->version, ANY_LAYER), p);
    g_hash_table_replace(index, index_key(p->purl, p->name, p->version, p->layer_index), p);
  }
  return index;
}

const OakumPackage *oakum_report_package(GHashTable *index, const OakumFinding *finding)
{
  const OakumPackage *package = NULL;
  const int layers[] = {finding->layer_index, ANY_LAYER};
  for (size_t i = 0; i < G_N_ELEMENTS(layers) && !package; i++) {
    g_autofree char *key = index_key(finding->package_purl, finding->package_name,
                                     finding->package_version, layers[i]);
    package = g_hash_table_lookup(index, key);
  }
  return package;
}

char *oakum_report_subject(const OakumFinding *finding)
{
  return g_strjoin(" ", finding->package_name ? finding->package_name : "the image",
                   finding->package_version, NULL);
}

char *oakum_report_advice(const OakumFinding *finding)
{
  if (finding->fix && *finding->fix)
    return g_strdup(finding->fix);
  if (oakum_report_is_observed(finding))
    return g_strdup(
        finding->kind == OAKUM_FINDING_SECRET
            ? "take it out of the build, and make it worthless: who had the image has it"
            : "look at it, and mend it where the image is made");
  if (finding->fixed)
    return g_strdup_printf("upgrade %s to %s or later", finding->package_name, finding->fixed);
  return g_strdup_printf("no fixed version of %s is known; remove it where it is not needed, or "
                         "take a base without it",
                         finding->package_name);
}

char *oakum_report_message(const OakumFinding *finding)
{
  if (oakum_report_is_observed(finding)) {
    g_autofree char *place = oakum_report_place(finding);
    return g_strconcat(finding->title ? finding->title : finding->id, " in ", place, NULL);
  }
  g_autofree char *subject = oakum_report_subject(finding);
  gboolean told = finding->title && *finding->title && strcmp(finding->title, finding->id) != 0;
  return g_strconcat(finding->id, " in ", subject, told ? ": " : NULL, finding->title, NULL);
}

const char *oakum_report_dockerfile(const OakumResult *result)
{
  const char *path = result->dockerfile ? result->dockerfile : "Dockerfile";
  while (g_str_has_prefix(path, "./") && path[2])
    path += 2;
  return path;
}

const char *oakum_report_time(const OakumResult *result)
{
  return result->made ? result->made : result->now ? result->now : "1970-01-01T00:00:00Z";
}

double oakum_report_tenth(double value)
{
  return (double)(int)(value * 10 + 0.5) / 10;
}

char *oakum_report_uuid(const char *const *parts)
{
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  for (; *parts; parts++) {
    g_autofree char *length = g_strdup_printf("%zu:", strlen(*parts));
    oakum_hasher_update(hasher, length, strlen(length));
    oakum_hasher_update(hasher, *parts, strlen(*parts));
  }
  g_autofree char *hex = oakum_hasher_hex(hasher);
  return oakum_sbom_uuid_of(hex);
}

char *oakum_report_identity(const OakumFinding *f, GHashTable *seen)
{
  g_autofree char *key = f->kind == OAKUM_FINDING_VULNERABILITY ? oakum_finding_hole_key(f, f->id)
                                                                : oakum_finding_fingerprint(f),
                  *hash = oakum_sha256_hex(key, strlen(key));
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(seen, key)) + 1;
  g_hash_table_replace(seen, g_steal_pointer(&key), GUINT_TO_POINTER(n));
  return n > 1 ? g_strdup_printf("%s:%u", hash, n) : g_steal_pointer(&hash);
}

/* ---- names of holes
 * ---------------------------------------------------------------------------------- */
/* "%s" is the id. What has no row is looked for at osv.dev, which has most of the world's. */
static const struct {
  const char *prefix, *type, *head, *tail;
} kinds[] = {
    {"CVE-", "cve", "https://nvd.nist.gov/vuln/detail/", ""},
    {"GHSA-", "ghsa", "https://github.com/advisories/", ""},
    {"USN-", "usn", "https://ubuntu.com/security/notices/", ""},
    {"RHSA-", "rhsa", "https://access.redhat.com/errata/", ""},
    {"RHBA-", "rhsa", "https://access.redhat.com/errata/", ""},
    {"RHEA-", "rhsa", "https://access.redhat.com/errata/", ""},
    {"ELSA-", "elsa", "https://linux.oracle.com/errata/", ".html"},
    {"DSA-", "dsa", "https://security-tracker.debian.org/tracker/", ""},
    {"DLA-", "dla", "https://security-tracker.debian.org/tracker/", ""},
    {"TEMP-", "debian", "https://security-tracker.debian.org/tracker/", ""},
    {"GLSA-", "glsa", "https://security.gentoo.org/glsa/", ""},
    {"AVG-", "avg", "https://security.archlinux.org/", ""},
    {"ASA-", "asa", "https://security.archlinux.org/", ""},
    {"GO-", "go", "https://pkg.go.dev/vuln/", ""},
    {"RUSTSEC-", "rustsec", "https://rustsec.org/advisories/", ".html"},
    {"SUSE-", "suse", "https://www.suse.com/support/update/announcement/", ""},
    {"FEDORA-", "fedora", "https://bodhi.fedoraproject.org/updates/", ""},
    {"CWE-", "cwe", "https://cwe.mitre.org/data/definitions/", ".html"},
};

void oakum_report_id(const char *id, OakumReportId *out)
{
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
    if (!g_str_has_prefix(id, kinds[i].prefix))
      continue;
    const char *name = g_str_has_prefix(id, "CWE-") || g_str_has_prefix(id, "GLSA-")
                           ? id + strlen(kinds[i].prefix)
                           : id;
    g_autofree char *escaped = g_uri_escape_string(name, ":", FALSE);
    *out = (OakumReportId){kinds[i].type, g_strconcat(kinds[i].head, escaped, kinds[i].tail, NULL)};
    return;
  }
  g_autofree char *safe = oakum_escape_utf8(id, -1),
                  *escaped = g_uri_escape_string(safe, ":", FALSE);
  *out = (OakumReportId){"osv", g_strconcat("https://osv.dev/vulnerability/", escaped, NULL)};
}

gboolean oakum_report_id_is_plain(const char *id)
{
  size_t n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:");
  return n > 0 && n <= OAKUM_HTML_ID_MAX && id[n] == '\0' && g_ascii_isalnum(*id);
}

void oakum_report_id_clear(OakumReportId *id)
{
  g_clear_pointer(&id->url, g_free);
}

static void add_id(GPtrArray *ids, const char *id, guint max)
{
  for (guint i = 0; i < ids->len; i++)
    if (strcmp(ids->pdata[i], id) == 0)
      return;
  if (ids->len < max && *id)
    g_ptr_array_add(ids, (gpointer)id);
}

GPtrArray *oakum_report_ids(const OakumFinding *finding, guint max)
{
  GPtrArray *ids = g_ptr_array_new();
  add_id(ids, finding->id, max);
  for (char **alias = finding->aliases; alias && *alias; alias++)
    add_id(ids, *alias, max);
  if (finding->advisory)
    add_id(ids, finding->advisory, max);
  return ids;
}

/* ---- JSON and XML
 * ------------------------------------------------------------------------------------ */
void oakum_report_set(json_t *object, const char *key, const char *value)
{
  if (value && *value)
    json_object_set_new(object, key, oakum_sbom_text(value));
}

const char *oakum_report_image_name(const OakumResult *result)
{
  static const char *const words[] = {
      "docker-archive:", "oci-archive:", "oci:", "rootfs:", "sbom:"};
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_str_has_prefix(result->target, words[i]) && result->target[strlen(words[i])])
      return result->target + strlen(words[i]);
  return result->target;
}

size_t oakum_report_image_bare(const char *name)
{
  size_t len = strcspn(name, "@");
  for (size_t i = len; i > 0 && name[i - 1] != '/'; i--)
    if (name[i - 1] == ':')
      return i - 1;
  return len;
}

char *oakum_report_end(GString *json)
{
  oakum_escape_json(json);
  g_string_append_c(json, '\n');
  return g_string_free(json, FALSE);
}

char *oakum_report_dump(json_t *json)
{
  GString *out = g_string_new(NULL);
  oakum_json_append(out, json, FALSE);
  json_decref(json);
  return oakum_report_end(out);
}

void oakum_report_xml(GString *out, const char *text)
{
  g_autofree char *safe = oakum_escape_utf8(text, -1);
  for (const char *p = safe; *p; p = g_utf8_next_char(p)) {
    const char *from = p;
    while ((guchar)*p >= 0x20 && (guchar)*p < 0x7f && !strchr("&<>\"'", *p))
      p++;
    g_string_append_len(out, from, p - from);
    if (!*p)
      break;
    gunichar c = g_utf8_get_char(p);
    if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' || c == '\n' || c == '\t')
      g_string_append_printf(out, "&#%u;", c);
    else if (c < 0x20 || c == 0x7f || (c & 0xfffe) == 0xfffe)
      g_string_append_printf(out, "\\x%02X", c);
    else if (oakum_is_deceptive(c))
      g_string_append_printf(out, "\\u{%04x}", c);
    else
      g_string_append_unichar(out, c);
  }
}

void oakum_report_xml_attribute(GString *out, const char *name, const char *value)
{
  g_string_append_printf(out, " %s=\"", name);
  oakum_report_xml(out, value);
  g_string_append_c(out, '"');
}

char *oakum_report_shown(const char *text)
{
  g_autofree char *safe = oakum_escape_terminal(text ? text : "-", -1);
  GString *out = g_string_sized_new(strlen(safe) + 1);
  for (const char *p = safe; *p; p++)
    if (((p == safe || p[-1] == ' ') && p[0] == ':' && p[1] == ':') || g_str_has_prefix(p, "##[") ||
        g_str_has_prefix(p, "##vso["))
      g_string_append_printf(out, "\\x%02x", (guint)*p);
    else
      g_string_append_c(out, *p);
  return g_string_free(out, FALSE);
}

gboolean oakum_report_of_system(const OakumPackage *package)
{
  return package->type && oakum_is_os_type(package->type);
}
