/* What the formats share: names, places, identities. */
#include "report/lint-private.h"
#include <string.h>

static const struct {
  const char *name;
  void (*write)(const OakumLintReport *report, GString *out);
} formats[OAKUM_LINT_FORMATS] = {
    [OAKUM_LINT_TTY] = {"tty", oakum_lint_write_tty},
    [OAKUM_LINT_JSON] = {"json", oakum_lint_write_json},
    [OAKUM_LINT_SARIF] = {"sarif", oakum_lint_write_sarif},
    [OAKUM_LINT_CHECKSTYLE] = {"checkstyle", oakum_lint_write_checkstyle},
    [OAKUM_LINT_JUNIT] = {"junit", oakum_lint_write_junit},
    [OAKUM_LINT_CODECLIMATE] = {"codeclimate", oakum_lint_write_codeclimate},
    [OAKUM_LINT_GITLAB] = {"gitlab", oakum_lint_write_gitlab},
    [OAKUM_LINT_GNU] = {"gnu", oakum_lint_write_gnu},
    [OAKUM_LINT_COMPACT] = {"compact", oakum_lint_write_compact},
    [OAKUM_LINT_GITHUB] = {"github", oakum_lint_write_github},
    [OAKUM_LINT_RDJSON] = {"rdjson", oakum_lint_write_rdjson},
    [OAKUM_LINT_SONARQUBE] = {"sonarqube", oakum_lint_write_sonarqube},
    [OAKUM_LINT_CODACY] = {"codacy", oakum_lint_write_codacy},
    [OAKUM_LINT_HADOLINT] = {"hadolint-json", oakum_lint_write_hadolint},
};

const char *oakum_lint_format_name(OakumLintFormat format)
{
  return formats[format].name;
}

gboolean oakum_lint_format_parse(const char *text, OakumLintFormat *out)
{
  static const struct {
    const char *name;
    OakumLintFormat format;
  } more[] = {{"text", OAKUM_LINT_TTY},
              {"gitlab_codeclimate", OAKUM_LINT_GITLAB},
              {"gitlab-codeclimate", OAKUM_LINT_GITLAB},
              {"hadolint_json", OAKUM_LINT_HADOLINT}};
  for (int i = 0; i < OAKUM_LINT_FORMATS; i++)
    if (strcmp(formats[i].name, text) == 0) {
      *out = (OakumLintFormat)i;
      return TRUE;
    }
  for (size_t i = 0; i < G_N_ELEMENTS(more); i++)
    if (strcmp(more[i].name, text) == 0) {
      *out = more[i].format;
      return TRUE;
    }
  return FALSE;
}

GString *oakum_report_lint(const OakumLintReport *report, OakumLintFormat format)
{
  GString *out = g_string_new(NULL);
  formats[format].write(report, out);
  return out;
}

/* ---- places
 * ----------------------------------------------------------------------------------------- */
OakumLintPlace oakum_lint_place(const OakumPlaces *places, size_t offset)
{
  offset = MIN(offset, places->len);
  guint line = oakum_places_line(places, offset), start = oakum_places_line_start(places, line);
  OakumPlaceCount begin = oakum_places_count(places, start),
                  at = oakum_places_count(places, offset);
  return (OakumLintPlace){(int)line + 1, (int)(at.chars - begin.chars) + 1,
                          (int)(at.units - begin.units) + 1, (int)(offset - start) + 1};
}

/* ---- findings
 * ------------------------------------------------------------------------------------- */
const char *oakum_lint_shown_id(const OakumFinding *finding)
{
  return finding->code ? finding->code : finding->id;
}

const OakumLintRule *oakum_lint_finding_rule(const OakumFinding *finding)
{
  return oakum_lint_rule_find(finding->id);
}

const char *oakum_lint_finding_help(const OakumFinding *finding)
{
  const OakumLintRule *rule = finding->fix ? NULL : oakum_lint_finding_rule(finding);
  return finding->fix ? finding->fix : rule ? rule->help : NULL;
}

const char *oakum_lint_finding_why(const OakumFinding *finding)
{
  const OakumLintRule *rule = finding->why ? NULL : oakum_lint_finding_rule(finding);
  return finding->why ? finding->why : rule ? rule->why : NULL;
}

void oakum_lint_finding_range(Linted *linted, const OakumFinding *finding, OakumLintPlace *start,
                              OakumLintPlace *end)
{
  if (finding->code && finding->start == finding->end) {
    /* a peer's place, which is a line and no range */
    *start = (OakumLintPlace){finding->line, finding->column, finding->column, finding->column};
    *end = (OakumLintPlace){finding->end_line, finding->end_column, finding->end_column,
                            finding->end_column};
    return;
  }
  *start = oakum_lint_place(&linted->index, finding->start);
  *end = oakum_lint_place(&linted->index, finding->end);
}

char *oakum_lint_finding_identity(Linted *linted, const OakumFinding *finding)
{
  const OakumLintedFile *file = linted->file;
  size_t place = MIN(finding->start, file->len), from = place, to = place;
  /* of a very long line the part around the place, so that many findings on it cost no more */
  while (from > 0 && file->text[from - 1] != '\n' && place - from < OAKUM_LINT_IDENTITY_MAX)
    from--;
  while (to < file->len && file->text[to] != '\n' && to - place < OAKUM_LINT_IDENTITY_MAX)
    to++;
  g_autofree char *line = g_strndup(file->text + from, to - from),
                  *text = g_strjoin("\n", file->name, finding->id, g_strstrip(line), NULL),
                  *once = oakum_sha256_hex(text, strlen(text));
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(linted->seen, once)) + 1;
  g_hash_table_insert(linted->seen, g_strdup(once), GUINT_TO_POINTER(n));
  g_autofree char *numbered = g_strdup_printf("%s\n%u", once, n);
  return n == 1 ? g_steal_pointer(&once) : oakum_sha256_hex(numbered, strlen(numbered));
}

const char *oakum_lint_hadolint_name(const Linted *linted, const OakumFinding *finding)
{
  gboolean unparsed = strcmp(oakum_lint_shown_id(finding), "DL1000") == 0;
  return unparsed && strcmp(linted->file->name, "-") == 0 ? "/dev/stdin" : linted->file->name;
}

json_t *oakum_lint_json_text(const char *text)
{
  g_autofree char *safe = oakum_escape_utf8(text, -1);
  return json_string(safe);
}

void oakum_lint_each(const OakumLintReport *report, LintEach each, gpointer user)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < report->count; i++) {
    Linted linted = {.report = report, .file = &report->files[i], .seen = seen};
    oakum_places_init(&linted.index, linted.file->text, linted.file->len);
    for (guint j = 0; j < linted.file->findings->len; j++)
      each(&linted, linted.file->findings->pdata[j], user);
    oakum_places_clear(&linted.index);
  }
}
