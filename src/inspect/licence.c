/* Licences: which files are texts of them, what the packages declare, and what that asks for. */
#include "inspect/licence-private.h"
#include "license/license.h"
#include <string.h>

/* ---- layers
 * ------------------------------------------------------------------------------------- */
struct OakumLicenceScan {
  GPtrArray *found;     /* OakumFinding */
  char *path;           /* of the file that is taken; NULL: none */
  gboolean debian, cut; /* cut: not all of it is taken */
  GByteArray *content;
  guint files;
};

OakumLicenceScan *oakum_licence_scan_new(void)
{
  OakumLicenceScan *scan = g_new0(OakumLicenceScan, 1);
  scan->found = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  scan->content = g_byte_array_new();
  return scan;
}

void oakum_licence_scan_free(OakumLicenceScan *scan)
{
  if (!scan)
    return;
  g_ptr_array_unref(scan->found);
  g_byte_array_unref(scan->content);
  g_free(scan->path);
  g_free(scan);
}

/* usr/share/doc/NAME/copyright; gives the name. New string; NULL: it is none. */
static char *debian_package(const char *path)
{
  static const char folder[] = "usr/share/doc/";
  const char *base = oakum_path_base(path);
  size_t n = strlen(folder), len = (size_t)(base - path);
  return g_str_has_prefix(path, folder) && strcmp(base, "copyright") == 0 && len > n + 1 &&
                 memchr(path + n, '/', len - 1 - n) == NULL
             ? g_strndup(path + n, len - 1 - n)
             : NULL;
}

/* LICENSE, LICENCE.txt, COPYING.LESSER, LICENSE-MIT, NOTICE, third-party-licenses.txt … */
static gboolean is_text(const char *path)
{
  static const char *const begins[] = {"license",   "licence", "copying",  "notice",
                                       "unlicense", "eula",    "copyright"};
  static const char *const code[] = {".js",  ".ts",  ".py",  ".go",   ".json",  ".c",
                                     ".h",   ".rb",  ".php", ".java", ".class", ".pyc",
                                     ".map", ".css", ".so",  ".svg"};
  if (g_str_has_prefix(path, "usr/share/common-licenses/") ||
      g_str_has_prefix(path, "usr/share/doc/"))
    return FALSE; /* Debian's own, and those that are read as a package's */
  g_autofree char *base = g_ascii_strdown(oakum_path_base(path), -1);
  for (size_t i = 0; i < G_N_ELEMENTS(code); i++)
    if (g_str_has_suffix(base, code[i]))
      return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(begins); i++)
    if (g_str_has_prefix(base, begins[i]))
      return TRUE;
  return strstr(base, "third-party-notices") || strstr(base, "thirdpartynotice") ||
         strstr(base, "third-party-licen");
}

#define UNREAD "LicenseRef-not-read-to-its-end"

static void end_file(OakumLicenceScan *scan)
{
  g_autofree char *path = g_steal_pointer(&scan->path);
  if (!path)
    return;
  OakumSlice text = {scan->content->data, scan->content->len};
  char *expression = scan->debian ? oakum_license_debian(text) : oakum_license_identify(text);
  g_byte_array_set_size(scan->content, 0);
  if (scan->debian && scan->cut) { /* what was not read may ask for anything */
    g_autofree char *read = expression;
    expression = read ? g_strdup_printf("%s%s%s AND " UNREAD, strstr(read, " OR ") ? "(" : "", read,
                                        strstr(read, " OR ") ? ")" : "")
                      : g_strdup(UNREAD);
  }
  if (!expression)
    return;
  OakumFinding *fact = oakum_finding_new(OAKUM_FINDING_LICENSE,
                                         scan->debian ? LICENCE_FACT_DEBIAN : LICENCE_FACT_TEXT,
                                         OAKUM_SEVERITY_UNKNOWN);
  fact->file = g_steal_pointer(&path);
  fact->why = expression;
  g_ptr_array_add(scan->found, fact);
}

void oakum_licence_scan_entry(OakumLicenceScan *scan, const OakumTarEntry *entry, const char *path)
{
  end_file(scan);
  if (entry->type != OAKUM_TAR_FILE || entry->size == 0)
    return;
  g_autofree char *package = debian_package(path);
  if ((!package && !is_text(path)) || scan->files >= OAKUM_LICENSE_FILES_MAX)
    return;
  scan->files++;
  scan->debian = package != NULL;
  scan->cut = FALSE;
  scan->path = g_strdup(path);
}

void oakum_licence_scan_bytes(OakumLicenceScan *scan, const void *data, size_t len)
{
  size_t had = scan->content->len;
  if (scan->path && had < OAKUM_LICENSE_TEXT_MAX)
    g_byte_array_append(scan->content, data, (guint)MIN(len, OAKUM_LICENSE_TEXT_MAX - had));
  scan->cut |= scan->path && had + len > OAKUM_LICENSE_TEXT_MAX;
}

void oakum_licence_scan_end(OakumLicenceScan *scan, GPtrArray *observed)
{
  end_file(scan);
  scan->files = 0;
  g_ptr_array_extend_and_steal(observed, g_steal_pointer(&scan->found));
  scan->found = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
}

/* ---- the whole image
 * ----------------------------------------------------------------------------- */
typedef struct {
  OakumLicenseCategory category;
  const char *id;
  OakumSeverity severity;
  const char *title, *fix;
} LicenceRow;
static const LicenceRow rows[] = {
    {OAKUM_LICENSE_UNKNOWN, "OL1001", OAKUM_SEVERITY_NEGLIGIBLE, "Nobody knows the licence",
     "read it, and name it in the policy"},
    {OAKUM_LICENSE_STRONG_COPYLEFT, "OL1002", OAKUM_SEVERITY_NEGLIGIBLE,
     "Who hands it on must offer the source",
     "offer the source with the image; link with it only what may go under the same licence"},
    {OAKUM_LICENSE_NETWORK_COPYLEFT, "OL1003", OAKUM_SEVERITY_LOW,
     "Who lets others use it over a network must offer the source",
     "offer the source to the users of the service, or replace it"},
    {OAKUM_LICENSE_NON_COMMERCIAL, "OL1004", OAKUM_SEVERITY_LOW, "It is not for commercial use",
     "replace it, or ask for another licence"},
    {OAKUM_LICENSE_PROPRIETARY, "OL1005", OAKUM_SEVERITY_LOW,
     "It may not be used, changed or handed on freely", "see that you have the right to"},
};

static const LicenceRow denied = {OAKUM_LICENSE_UNKNOWN, "OL1006", OAKUM_SEVERITY_HIGH,
                                  "A licence that is not to be used", "replace it"},
                        not_allowed = {OAKUM_LICENSE_UNKNOWN, "OL1007", OAKUM_SEVERITY_HIGH,
                                       "A licence that is not among those to be used",
                                       "replace it, or add the licence to --license-allow"};

/* What is made of one text; thousands of packages declare the same. */
typedef struct {
  const LicenceRow *row;
  char *part; /* of the expression */
  OakumLicenseCategory category;
} Remark;
static void remark_clear(gpointer remark)
{
  g_free(((Remark *)remark)->part);
}
typedef struct {
  char *expression; /* as SPDX has it, where it is known, else the text; "" for none */
  GArray *remarks;  /* Remark; none: there is nothing to say */
} Judged;
typedef struct {
  const OakumInspectImage *image;
  GHashTable *judged; /* text → Judged */
} Judge;

static void judged_free(gpointer data)
{
  g_free(((Judged *)data)->expression);
  g_array_unref(((Judged *)data)->remarks);
  g_free(data);
}

/* What is allowed by name is no remark, whatever it asks for; of the rest one for each category
 * that some part asks for, so that a policy can speak of any of them. */
static void judge(const OakumInspectImage *image, Judged *judged)
{
  char *parts[OAKUM_LICENSE_CATEGORIES] = {NULL}, *part = NULL;
  OakumLicenseCategory most = oakum_license_parts(judged->expression, parts);
  gboolean bad = image->license_deny &&
                 !oakum_license_passes(judged->expression, image->license_deny, FALSE, &part);
  const LicenceRow *row = bad ? &denied : NULL;
  if (!bad && image->license_allow &&
      !oakum_license_passes(judged->expression, image->license_allow, TRUE, &part))
    row = &not_allowed;
  if (row)
    g_array_append_val(judged->remarks, ((Remark){row, part, most}));
  for (size_t i = 0; !row && !image->license_allow && i < G_N_ELEMENTS(rows); i++)
    if (parts[rows[i].category])
      g_array_append_val(
          judged->remarks,
          ((Remark){&rows[i], g_steal_pointer(&parts[rows[i].category]), rows[i].category}));
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    g_free(parts[i]);
}

/* `text`: as it is declared, or an expression; NULL: none. */
static const Judged *look_up(const Judge *judge_of, const char *text)
{
  Judged *judged = g_hash_table_lookup(judge_of->judged, text ? text : "");
  if (judged)
    return judged;
  judged = g_new0(Judged, 1);
  judged->remarks = g_array_new(FALSE, FALSE, sizeof(Remark));
  g_array_set_clear_func(judged->remarks, remark_clear);
  judged->expression = text ? oakum_license_expression(text) : g_strdup("");
  if (!judged->expression)
    judged->expression = oakum_escape_utf8(text, -1);
  judge(judge_of->image, judged);
  g_hash_table_insert(judge_of->judged, g_strdup(text ? text : ""), judged);
  return judged;
}

/* `subject`: whose licence it is. */
static OakumFinding *tell(GPtrArray *findings, const Judged *judged, guint i, const char *subject)
{
  const Remark *remark = &g_array_index(judged->remarks, Remark, i);
  const char *expression = judged->expression;
  gboolean whole = strcmp(remark->part, expression) == 0;
  g_autofree char *why =
      *expression ? g_strdup_printf("%s: %s%s%s", subject, expression,
                                    whole ? "" : "; what counts is ", whole ? "" : remark->part)
                  : g_strdup_printf("%s declares none", subject);
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_LICENSE, remark->row->id, remark->row->severity);
  finding->title = g_strdup(remark->row->title);
  finding->why = oakum_escape_terminal(why, -1);
  finding->fix = g_strdup(remark->row->fix);
  finding->category = g_strdup(oakum_license_category_name(remark->category));
  finding->match = g_strdup(expression);
  g_ptr_array_add(findings, finding);
  return finding;
}

/* The folder that is one package's, of a file in it: what PyPI's wheels have for their papers, else
 * the one it lies in (npm). New string. */
static char *folder_of(const char *path)
{
  const char *end = strstr(path, ".dist-info/");
  if (end)
    return g_strndup(path, (size_t)(end - path) + strlen(".dist-info"));
  return g_path_get_dirname(path);
}

/* Which licence the texts in a package's own folder are, by folder; "": of several. */
static GHashTable *by_folder(const GPtrArray *facts)
{
  GHashTable *folders = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < facts->len; i++) {
    const OakumFinding *fact = facts->pdata[i];
    if (strcmp(fact->id, LICENCE_FACT_TEXT) != 0)
      continue;
    char *folder = folder_of(fact->file);
    const char *before = g_hash_table_lookup(folders, folder);
    g_hash_table_replace(folders, folder,
                         before && strcmp(before, fact->why) != 0 ? (gpointer) "" : fact->why);
  }
  return folders;
}

/* A declaration that leaves to the text which licence it is: none, "BSD License", "SEE LICENSE IN
 * …", the text itself. */
static gboolean leaves_open(const char *declared)
{
  static const char *const others[] = {"gpl", "mit",  "apache", "proprietary", "commercial",
                                       "/",   " or ", " and ",  "exception"};
  if (!declared)
    return TRUE;
  gboolean bsd = strcasestr(declared, "bsd") != NULL;
  for (size_t i = 0; bsd && i < G_N_ELEMENTS(others); i++)
    bsd = strcasestr(declared, others[i]) == NULL;
  return bsd || g_ascii_strncasecmp(declared, "see licen", 9) == 0 ||
         g_ascii_strncasecmp(declared, "copyright (c)", 13) == 0;
}

/* What the text beside the package's own paper says, where the package does not say it; NULL. */
static const char *beside(const OakumPackage *package, GHashTable *folders)
{
  const char *paper = package->paths->len ? package->paths->pdata[0] : NULL;
  gboolean npm = g_strcmp0(package->type, "npm") == 0;
  if (!paper || !leaves_open(package->license) ||
      !(npm ? g_str_has_suffix(paper, "/package.json")
            : g_strcmp0(package->type, "pypi") == 0 && strstr(paper, ".dist-info/")))
    return NULL;
  g_autofree char *folder = folder_of(paper);
  const char *found = g_hash_table_lookup(folders, folder);
  g_autofree char *expression =
      found && *found && package->license ? oakum_license_expression(package->license) : NULL;
  return found && *found && !expression ? found : NULL;
}

static void look_at_package(const Judge *judge_of, const OakumPackage *package, const char *text,
                            GPtrArray *findings)
{
  /* what a binary or a name hints at declares nothing */
  if (package->guessed || (!package->license && g_strcmp0(package->type, "generic") == 0))
    return;
  const Judged *judged = look_up(judge_of, text ? text : package->license);
  g_autofree char *subject = g_strdup_printf("%s %s", package->name, package->version);
  for (guint i = 0; i < judged->remarks->len; i++) {
    OakumFinding *finding = tell(findings, judged, i, subject);
    finding->package_name = g_strdup(package->name);
    finding->package_version = g_strdup(package->version);
    finding->package_purl = g_strdup(package->purl);
    finding->file = g_strdup(package->paths->len ? package->paths->pdata[0] : NULL);
    finding->layer = g_strdup(package->layer);
    finding->layer_index = package->layer_index;
    finding->dockerfile_line = package->dockerfile_line;
  }
}

void oakum_licence_image(const OakumInspectImage *image, GPtrArray *findings)
{
  GPtrArray *packages = image->packages;
  g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_autoptr(GHashTable) debian = oakum_str_map_new(g_free, NULL); /* package → expression */
  g_autoptr(GHashTable) judged = oakum_str_map_new(g_free, judged_free);
  const Judge judge_of = {image, judged};
  guint kept = 0;
  for (guint i = 0; i < findings->len; i++) {
    OakumFinding *f = findings->pdata[i];
    gboolean text = strcmp(f->id, LICENCE_FACT_TEXT) == 0,
             copyright = strcmp(f->id, LICENCE_FACT_DEBIAN) == 0;
    if (f->kind != OAKUM_FINDING_LICENSE || (!text && !copyright) || !f->file || !f->why) {
      findings->pdata[kept++] = f;
      continue;
    }
    g_ptr_array_add(facts, f);
    char *name = copyright ? debian_package(f->file) : NULL;
    if (name)
      g_hash_table_replace(debian, name, f->why); /* the highest layer's is the last */
  }
  for (guint i = kept; i < findings->len; i++)
    findings->pdata[i] = NULL; /* they have moved */
  g_ptr_array_set_size(findings, (gint)kept);
  g_autoptr(GHashTable) folders = by_folder(facts);
  for (guint i = 0; packages && i < packages->len; i++) {
    OakumPackage *package = packages->pdata[i];
    const char *found =
        g_strcmp0(package->type, "deb") == 0 ? g_hash_table_lookup(debian, package->name) : NULL;
    const char *text = beside(package, folders);
    if (!found)
      found = text;
    if (!package->license && found)
      package->license = g_strdup(found);
    look_at_package(&judge_of, package, text, findings);
  }
  for (guint i = 0; i < facts->len; i++) {
    const OakumFinding *fact = facts->pdata[i];
    const Judged *of =
        strcmp(fact->id, LICENCE_FACT_TEXT) == 0 ? look_up(&judge_of, fact->why) : NULL;
    for (guint k = 0; of && k < of->remarks->len; k++) {
      OakumFinding *finding = tell(findings, of, k, fact->file);
      finding->file = g_strdup(fact->file);
      finding->layer = g_strdup(fact->layer);
      finding->layer_index = fact->layer_index;
    }
  }
}
