/* What the variables and vulnerability-allowlist.yml leave out, and the table that tells of it. */
#include "cli/gitlab.h"
#include "os/os.h"
#include <string.h>

#define ALLOWLIST "vulnerability-allowlist.yml"

/* ---- the allowlist
 * ---------------------------------------------------------------------------------- */
/* NULL without `error`: there is none. */
static OakumAllowlist *read_allowlist(const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename(folder, ALLOWLIST, NULL), *text = NULL;
  g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GError) local = NULL;
  size_t len;
  if (!oakum_file_read(path, OAKUM_ALLOWLIST_FILE_MAX, &text, &len, &local)) {
    if (!g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
      g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  g_autoptr(OakumYaml) top = oakum_yaml_parse_lax(text, len, path, warnings, error);
  OakumAllowlist *list = top ? oakum_allowlist_read(top, path, warnings, error) : NULL;
  for (guint i = 0; i < warnings->len; i++)
    oakum_warn("%s", (const char *)warnings->pdata[i]);
  return list;
}

/* ---- the variables
 * ---------------------------------------------------------------------------------- */
enum { LANGUAGE, SEVERITY, UNFIXED, STATUS, WAYS };
static const char *const ways[] = {
    [LANGUAGE] =
        "not of the distribution's packages, and CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN is true",
    [SEVERITY] = "of a severity that CS_SEVERITY_THRESHOLD or TRIVY_SEVERITY leaves out",
    [UNFIXED] = "without a known fix, and CS_IGNORE_UNFIXED is true",
    [STATUS] = "of a state that CS_IGNORE_STATUSES names",
};

/* As trivy calls the state. Borrowed. */
static const char *status_word(const OakumFinding *f)
{
  return !f->status ? "unknown" : strcmp(f->status, "open") == 0 ? "affected" : f->status;
}

/* WAYS: none. */
static int left_out(const OakumGitlabSettings *s, const OakumFinding *f)
{
  gboolean system = g_strcmp0(f->by, "source") == 0 || g_strcmp0(f->by, "binary") == 0;
  if (s->no_language && !system)
    return LANGUAGE;
  if (!(s->severities & 1u << f->severity))
    return SEVERITY;
  if (s->ignore_unfixed && !f->fixed)
    return UNFIXED;
  if (g_strv_contains((const char *const *)s->statuses, status_word(f)))
    return STATUS;
  return WAYS;
}

gboolean oakum_gitlab_filter(OakumGitlabSettings *s, const char *image, GPtrArray *findings,
                             GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(OakumAllowlist) allowlist = read_allowlist(s->folder, &local);
  guint counts[WAYS] = {0};
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  for (guint i = 0; i < findings->len; i++) {
    OakumFinding *f = findings->pdata[i];
    if (f->kind == OAKUM_FINDING_EOL && s->end_of_life)
      f->severity = s->end_severity;
    if (f->kind == OAKUM_FINDING_INCOMPLETE && f->ecosystem && s->no_language && !f->suppressed)
      f->suppressed = g_strdup(ways[LANGUAGE]); /* nobody asked for what could not be judged */
    if (f->kind != OAKUM_FINDING_VULNERABILITY || f->suppressed)
      continue;
    int way = left_out(s, f);
    const OakumAllowRow *row =
        way == WAYS && allowlist ? oakum_allowlist_find(allowlist, image, f) : NULL;
    if (way < WAYS) {
      counts[way]++;
      f->suppressed = g_strdup(ways[way]);
    } else if (row) {
      f->suppressed = g_strconcat(ALLOWLIST, row->comment ? ": " : NULL, row->comment, NULL);
      g_ptr_array_add(s->approved, f);
    }
  }
  for (int way = 0; way < WAYS; way++)
    if (counts[way])
      oakum_info("%u holes are left out: %s", counts[way], ways[way]);
  return TRUE;
}

/* ---- the table
 * -------------------------------------------------------------------------------------- */
enum { COLUMNS = 6 };

static void add_row(GPtrArray *rows, const char *const *cells)
{
  char **row = g_new0(char *, COLUMNS + 1);
  for (int i = 0; i < COLUMNS; i++)
    row[i] = oakum_escape_terminal(cells[i] ? cells[i] : "-", -1);
  g_ptr_array_add(rows, row);
}

/* What GitLab's report has no place for is in the other files. */
static void add_others(const OakumResult *result, GString *out)
{
  guint counts[OAKUM_FINDING_KINDS] = {0};
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    counts[f->kind] += !f->suppressed;
  }
  guint secrets = counts[OAKUM_FINDING_SECRET], hygiene = counts[OAKUM_FINDING_HYGIENE],
        licences = counts[OAKUM_FINDING_LICENSE], unknown = counts[OAKUM_FINDING_INCOMPLETE];
  if (secrets + hygiene + licences + unknown > 0)
    g_string_append_printf(
        out,
        "beside holes: %u secrets, %u of hygiene, %u of licences, %u not judged; "
        "oakum-result.json tells of them\n",
        secrets, hygiene, licences, unknown);
}

char *oakum_gitlab_table(const OakumGitlabSettings *s, const OakumResult *result)
{
  static const char *const head[COLUMNS] = {"STATUS",    "SEVERITY", "PACKAGE",
                                            "INSTALLED", "FIXED",    "ID"};
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  g_autofree char *target = oakum_escape_terminal(result->target, -1);
  guint unapproved = 0;
  add_row(rows, head);
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    gboolean approved = g_ptr_array_find(s->approved, f, NULL);
    if (f->kind != OAKUM_FINDING_VULNERABILITY || (f->suppressed && !approved))
      continue;
    unapproved += !approved;
    const char *const cells[COLUMNS] = {approved ? "Approved" : "Unapproved",
                                        oakum_severity_name(f->severity),
                                        f->package_name,
                                        f->package_version,
                                        f->fixed,
                                        f->id};
    add_row(rows, cells);
  }
  GString *out = g_string_new(NULL);
  g_string_append_printf(out, "%s: %u holes unapproved, %u approved by " ALLOWLIST "\n", target,
                         unapproved, s->approved->len);
  size_t widths[COLUMNS] = {0};
  for (guint i = 0; i < rows->len; i++)
    for (int c = 0; c < COLUMNS; c++)
      widths[c] = MAX(widths[c], (size_t)g_utf8_strlen(((char **)rows->pdata[i])[c], -1));
  for (guint i = 0; rows->len > 1 && i < rows->len; i++) {
    for (int c = 0; c < COLUMNS; c++) {
      const char *cell = ((char **)rows->pdata[i])[c];
      size_t blanks = c + 1 < COLUMNS ? widths[c] + 2 - (size_t)g_utf8_strlen(cell, -1) : 0;
      g_string_append_printf(out, "%s%*s", cell, (int)blanks, "");
    }
    g_string_append_c(out, '\n');
  }
  add_others(result, out);
  return g_string_free(out, FALSE);
}
