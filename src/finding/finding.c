#include "finding/finding.h"
#include "codec/codec.h"
#include <stdlib.h>
#include <string.h>

static const char *const severity_names[] = {"unknown", "negligible", "low",
                                             "medium",  "high",       "critical"};

const char *oakum_severity_name(OakumSeverity severity)
{
  return severity_names[severity];
}

gboolean oakum_severity_parse(const char *text, OakumSeverity *out)
{
  for (guint i = 0; i < G_N_ELEMENTS(severity_names); i++)
    if (g_ascii_strcasecmp(text, severity_names[i]) == 0) {
      *out = (OakumSeverity)i;
      return TRUE;
    }
  return FALSE;
}

static const char *const kind_names[OAKUM_FINDING_KINDS] = {[OAKUM_FINDING_LINT] = "lint",
                                                            [OAKUM_FINDING_VULNERABILITY] = "hole",
                                                            [OAKUM_FINDING_INCOMPLETE] =
                                                                "incomplete",
                                                            [OAKUM_FINDING_EOL] = "freshness",
                                                            [OAKUM_FINDING_SECRET] = "secret",
                                                            [OAKUM_FINDING_HYGIENE] = "hygiene",
                                                            [OAKUM_FINDING_LICENSE] = "licence"};

const char *oakum_finding_kind_name(OakumFindingKind kind)
{
  return kind_names[kind];
}

gboolean oakum_finding_kind_parse(const char *text, OakumFindingKind *out)
{
  for (guint i = 0; i < G_N_ELEMENTS(kind_names); i++)
    if (strcmp(text, kind_names[i]) == 0) {
      *out = (OakumFindingKind)i;
      return TRUE;
    }
  return FALSE;
}

const size_t oakum_package_texts[OAKUM_PACKAGE_TEXTS] = {
    offsetof(OakumPackage, name),        offsetof(OakumPackage, version),
    offsetof(OakumPackage, type),        offsetof(OakumPackage, space),
    offsetof(OakumPackage, arch),        offsetof(OakumPackage, purl),
    offsetof(OakumPackage, source_name), offsetof(OakumPackage, source_version),
    offsetof(OakumPackage, maintainer),  offsetof(OakumPackage, license),
    offsetof(OakumPackage, module),      offsetof(OakumPackage, cpe),
    offsetof(OakumPackage, found_by),    offsetof(OakumPackage, owner)};

OakumPackage *oakum_package_new(void)
{
  OakumPackage *package = g_new0(OakumPackage, 1);
  package->paths = g_ptr_array_new_with_free_func(g_free);
  package->layer_index = -1;
  return package;
}

void oakum_package_free(OakumPackage *package)
{
  if (!package)
    return;
  for (size_t i = 0; i < G_N_ELEMENTS(oakum_package_texts); i++)
    g_free(G_STRUCT_MEMBER(char *, package, oakum_package_texts[i]));
  g_ptr_array_unref(package->paths);
  g_free(package->layer);
  g_free(package);
}

OakumEdit *oakum_edit_new(size_t start, size_t end, const char *text)
{
  OakumEdit *edit = g_new(OakumEdit, 1);
  *edit = (OakumEdit){start, end, g_strdup(text)};
  return edit;
}

void oakum_edit_free(OakumEdit *edit)
{
  g_free(edit->text);
  g_free(edit);
}

OakumFinding *oakum_finding_new(OakumFindingKind kind, const char *id, OakumSeverity severity)
{
  OakumFinding *finding = g_new0(OakumFinding, 1);
  finding->kind = kind;
  finding->id = g_strdup(id);
  finding->severity = severity;
  finding->layer_index = -1;
  finding->epss = finding->epss_percentile = -1;
  return finding;
}

OakumFinding *oakum_finding_new_borrowed(const char *id, OakumSeverity severity, const char *why,
                                         char **aliases, const char *code)
{
  OakumFinding *finding = g_new0(OakumFinding, 1);
  finding->kind = OAKUM_FINDING_LINT;
  finding->severity = severity;
  finding->layer_index = -1;
  finding->borrowed = TRUE;
  finding->id = (char *)id;
  finding->why = (char *)why;
  finding->aliases = aliases;
  finding->code = (char *)code;
  return finding;
}

void oakum_finding_record_free(OakumFindingRecord *record)
{
  char *strings[] = {record->feed,   record->part,  record->record,  record->date,
                     record->status, record->fixed, record->severity};
  for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
    g_free(strings[i]);
  g_free(record);
}

void oakum_finding_free(OakumFinding *finding)
{
  if (!finding)
    return;
  char **strings[] = {&finding->title,           &finding->fix,          &finding->package_name,
                      &finding->package_version, &finding->package_purl, &finding->source,
                      &finding->fixed,           &finding->status,       &finding->advisory,
                      &finding->layer,           &finding->file,         &finding->by,
                      &finding->compared,        &finding->fix_date,     &finding->severity_by,
                      &finding->cvss_vector,     &finding->suppressed,   &finding->ecosystem,
                      &finding->looked_up,       &finding->match,        &finding->first_seen,
                      &finding->kev_due};
  char **own[] = {&finding->id, &finding->why, &finding->code, &finding->category};
  for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
    g_free(*strings[i]);
  for (size_t i = 0; !finding->borrowed && i < G_N_ELEMENTS(own); i++)
    g_free(*own[i]);
  if (!finding->borrowed)
    g_strfreev(finding->aliases);
  g_clear_pointer(&finding->edits, g_ptr_array_unref);
  g_clear_pointer(&finding->records, g_ptr_array_unref);
  g_free(finding);
}

/* The purl without its last qualifier where that says what a package was built from: the source is
 * a part of its own, and not every bill has it in the purl. */
static char *without_upstream(const char *purl)
{
  const char *upstream =
      purl && (g_str_has_prefix(purl, "pkg:deb/") || g_str_has_prefix(purl, "pkg:apk/"))
          ? strstr(purl, "upstream=")
          : NULL;
  if (!upstream || !strchr("?&", upstream[-1]) || strpbrk(upstream, "&#"))
    return g_strdup(purl);
  return g_strndup(purl, (gsize)(upstream - 1 - purl));
}

/* What is said of a package's licence, or of it as a part of the image, is the same with its next
 * version, which its purl ends with and the folder of its files may hold. Either may be NULL. */
static void without_version(const OakumFinding *f, char **purl, char **file)
{
  size_t len = *purl ? oakum_purl_version(*purl, strcspn(*purl, "?#")) : 0;
  if (*purl)
    (*purl)[len] = '\0';
  if (*file && f->package_version && strchr(f->package_version, '.')) {
    g_autoptr(GString) path = g_string_new(*file);
    g_string_replace(path, f->package_version, "", 0);
    g_free(*file);
    *file = g_strdup(path->str);
  }
}

char *oakum_finding_fingerprint(const OakumFinding *finding)
{
  /* framed by length, so that no two lists of parts give the same bytes. Lines of a file move with
   * every edit: a lint finding is the same one while rule, file and title are; a secret while what
   * may be shown of it is. */
  gboolean lint = finding->kind == OAKUM_FINDING_LINT;
  g_autofree char *purl = without_upstream(finding->package_purl), *file = g_strdup(finding->file);
  if (finding->kind == OAKUM_FINDING_LICENSE || finding->kind == OAKUM_FINDING_HYGIENE)
    without_version(finding, &purl, &file);
  const char *parts[] = {finding->id, finding->package_name,
                         purl,        finding->source,
                         file,        lint ? finding->title : finding->match};
  g_autoptr(GString) text = g_string_new(NULL);
  g_string_append_printf(text, "%d", (int)finding->kind);
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    g_string_append_printf(text, "|%zu:%s", parts[i] ? strlen(parts[i]) : 0,
                           parts[i] ? parts[i] : "");
  return oakum_sha256_hex(text->str, text->len);
}

/* Byte order, but runs of digits compare as numbers: CVE-2021-999 stands before CVE-2021-1000. */
static int natural_compare(const char *a, const char *b)
{
  a = a ? a : "";
  b = b ? b : "";
  while (*a && *b) {
    if (g_ascii_isdigit(*a) && g_ascii_isdigit(*b)) {
      const char *a0 = a + strspn(a, "0"), *b0 = b + strspn(b, "0");
      size_t n = strspn(a0, "0123456789"), m = strspn(b0, "0123456789");
      if (n != m)
        return n < m ? -1 : 1;
      int order = memcmp(a0, b0, n);
      if (order != 0)
        return order;
      a = a0 + n;
      b = b0 + m;
    } else if (*a != *b) {
      return (guchar)*a < (guchar)*b ? -1 : 1;
    } else {
      a++;
      b++;
    }
  }
  return (int)(guchar)*a - (int)(guchar)*b;
}

size_t oakum_purl_version(const char *purl, size_t len)
{
  for (size_t i = len; i > 1 && purl[i - 1] != '/'; i--)
    if (purl[i - 1] == '@' && purl[i - 2] != '/')
      return i - 1;
  return len;
}

char *oakum_finding_hole_key(const OakumFinding *f, const char *id)
{
  const char *purl = f->package_purl;
  size_t len = purl ? oakum_purl_version(purl, strcspn(purl, "?#")) : 0;
  g_autofree char *upper = g_ascii_strup(id, -1);
  return g_strdup_printf("%s|%s|%.*s", upper, f->package_name ? f->package_name : "",
                         (int)MIN(len, G_MAXINT), purl ? purl : "");
}

gint oakum_finding_compare(gconstpointer first, gconstpointer second)
{
  const OakumFinding *a = *(OakumFinding *const *)first, *b = *(OakumFinding *const *)second;
  if (a->kind != b->kind)
    return a->kind < b->kind ? -1 : 1;
  gboolean placed = a->kind != OAKUM_FINDING_VULNERABILITY && a->kind != OAKUM_FINDING_INCOMPLETE &&
                    a->kind != OAKUM_FINDING_EOL;
  int order = placed ? g_strcmp0(a->file, b->file) : 0;
  if (order == 0 && placed)
    order = a->line != b->line ? (a->line < b->line ? -1 : 1) : a->column - b->column;
  if (order == 0)
    order = g_strcmp0(a->package_name, b->package_name);
  if (order == 0)
    order = natural_compare(a->id, b->id);
  if (order == 0)
    order = g_strcmp0(a->package_version, b->package_version);
  if (order == 0)
    order = g_strcmp0(a->package_purl, b->package_purl);
  if (order == 0)
    order = g_strcmp0(a->source, b->source);
  if (order == 0)
    order = g_strcmp0(a->title, b->title);
  if (order == 0)
    order = g_strcmp0(a->match, b->match);
  return order != 0 ? order : a->layer_index - b->layer_index;
}
