/* What the formats share: names, places, identities. */
#include "report/lint-private.h"
#include <string.h>

static const LintFormat *const formats[OAKUM_LINT_FORMATS] = {
    [OAKUM_LINT_TTY] = &oakum_lint_tty,         [OAKUM_LINT_JSON] = &oakum_lint_json,
    [OAKUM_LINT_SARIF] = &oakum_lint_sarif,     [OAKUM_LINT_CHECKSTYLE] = &oakum_lint_checkstyle,
    [OAKUM_LINT_JUNIT] = &oakum_lint_junit,     [OAKUM_LINT_CODECLIMATE] = &oakum_lint_codeclimate,
    [OAKUM_LINT_GITLAB] = &oakum_lint_gitlab,   [OAKUM_LINT_GNU] = &oakum_lint_gnu,
    [OAKUM_LINT_COMPACT] = &oakum_lint_compact, [OAKUM_LINT_GITHUB] = &oakum_lint_github,
    [OAKUM_LINT_RDJSON] = &oakum_lint_rdjson,   [OAKUM_LINT_SONARQUBE] = &oakum_lint_sonarqube,
    [OAKUM_LINT_CODACY] = &oakum_lint_codacy,   [OAKUM_LINT_HADOLINT] = &oakum_lint_hadolint,
};

const char *oakum_lint_format_name(OakumLintFormat format)
{
  return formats[format]->name;
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
    if (strcmp(formats[i]->name, text) == 0) {
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

/* ---- writers
 * -------------------------------------------------------------------------------------- */
OakumLintWriter *oakum_lint_writer_new(OakumLintFormat format, OakumLintCompat compat,
                                       gboolean colour)
{
  OakumLintWriter *writer = g_new0(OakumLintWriter, 1);
  writer->format = format == OAKUM_LINT_TTY && compat == OAKUM_LINT_COMPAT_HADOLINT
                       ? &oakum_lint_hadolint_tty
                       : formats[format];
  writer->compat = compat;
  writer->colour = colour;
  writer->seen = g_hash_table_new(NULL, NULL);
  writer->ids = oakum_str_map_new(g_free, NULL);
  writer->rules = g_string_new(NULL);
  return writer;
}

gboolean oakum_lint_writer_begin(OakumLintWriter *writer, GString *out)
{
  if (!writer->format->late && writer->format->head)
    writer->format->head(writer, out);
  return !writer->format->late;
}

void oakum_lint_writer_file(OakumLintWriter *writer, const OakumLintedFile *file, GString *out)
{
  const LintFormat *format = writer->format;
  Linted linted = {.writer = writer, .file = file};
  oakum_places_init(&linted.index, file->text, file->len);
  if (format->open)
    format->open(&linted, out);
  for (guint i = 0; i < file->findings->len; i++)
    format->finding(&linted, file->findings->pdata[i], out);
  if (format->close)
    format->close(&linted, out);
  oakum_places_clear(&linted.index);
  writer->files++;
  writer->findings += file->findings->len;
  writer->tests += MAX(file->findings->len, 1);
}

void oakum_lint_writer_end(OakumLintWriter *writer, GString *head, GString *out)
{
  const LintFormat *format = writer->format;
  if (format->late)
    format->head(writer, head);
  if (format->tail)
    format->tail(writer, out);
}

void oakum_lint_writer_free(OakumLintWriter *writer)
{
  if (!writer)
    return;
  g_hash_table_unref(writer->seen);
  g_hash_table_unref(writer->ids);
  g_string_free(writer->rules, TRUE);
  g_free(writer);
}

guint oakum_lint_rule_number(OakumLintWriter *writer, const OakumFinding *finding, gboolean *first)
{
  const char *id = oakum_lint_shown_id(finding);
  guint number = GPOINTER_TO_UINT(g_hash_table_lookup(writer->ids, id));
  *first = number == 0;
  if (number == 0) {
    number = g_hash_table_size(writer->ids) + 1;
    g_hash_table_insert(writer->ids, g_strdup(id), GUINT_TO_POINTER(number));
  }
  return number;
}

void oakum_lint_add_rule(OakumLintWriter *writer, json_t *rule)
{
  g_autofree char *text = oakum_json_dump(rule, FALSE);
  if (writer->rules->len > 0)
    g_string_append_c(writer->rules, ',');
  g_string_append(writer->rules, text);
  json_decref(rule);
}

/* ---- JSON
 * ----------------------------------------------------------------------------------------- */
void oakum_lint_put_text(GString *out, const char *lead, const char *text)
{
  g_string_append(out, lead);
  g_string_append_c(out, '"');
  g_autofree char *safe = NULL;
  const char *from = text, *p = text;
  while ((signed char)*p > 0)
    p++;
  if (*p) /* beyond ASCII */
    from = p = safe = oakum_escape_utf8(text, -1);
  else
    p = text;
  for (; *p; p++) {
    if ((guchar)*p >= 0x20 && *p != '"' && *p != '\\')
      continue;
    g_string_append_len(out, from, p - from);
    from = p + 1;
    const char *known = strchr("\"\"\\\\\bb\ff\nn\rr\tt", *p);
    if (known)
      g_string_append_printf(out, "\\%c", known[*p == '"' || *p == '\\' ? 0 : 1]);
    else
      g_string_append_printf(out, "\\u%04X", (guint)(guchar)*p);
  }
  g_string_append_len(out, from, p - from);
  g_string_append_c(out, '"');
}

void oakum_lint_put_int(GString *out, const char *lead, int number)
{
  char digits[16], *at = digits + sizeof digits;
  guint left = number < 0 ? 0u - (guint)number : (guint)number;
  do
    *--at = (char)('0' + left % 10);
  while ((left /= 10) > 0);
  if (number < 0)
    *--at = '-';
  g_string_append(out, lead);
  g_string_append_len(out, at, digits + sizeof digits - at);
}

void oakum_lint_put_comma(OakumLintWriter *writer, GString *out)
{
  if (writer->comma)
    g_string_append_c(out, ',');
  writer->comma = TRUE;
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
  GHashTable *seen = linted->writer->seen;
  /* half of its digits tell them apart, and a run has many */
  gpointer word = GSIZE_TO_POINTER((gsize)g_ascii_strtoull(once + 48, NULL, 16));
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(seen, word)) + 1;
  g_hash_table_insert(seen, word, GUINT_TO_POINTER(n));
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
