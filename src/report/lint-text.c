/* Formats of lines: for people, compilers' readers, and workflows. */
#include "report/lint-private.h"
#include <string.h>

#define SOURCE_WIDTH 100 /* columns of a source line that are shown */
#define SOURCE_LINES 3   /* of a range */

static const char *paint(const Linted *linted, const char *code)
{
  return linted->writer->colour ? code : "";
}

static const char *level_colour(OakumLintLevel level)
{
  return level == OAKUM_LINT_ERROR_LEVEL ? "\033[1;31m"
         : level == OAKUM_LINT_WARNING   ? "\033[1;33m"
         : level == OAKUM_LINT_INFO      ? "\033[1;34m"
                                         : "\033[1;36m";
}

/* Columns of a terminal that the character takes, and how it is shown; tabs are four blanks. */
static int shown(const char *p, size_t n, char **text)
{
  if (*p == '\t') {
    *text = g_strdup("    ");
    return 4;
  }
  *text = oakum_escape_terminal(p, (gssize)n);
  int width = 0;
  for (const char *q = *text; *q; q = g_utf8_next_char(q)) {
    gunichar c = g_utf8_get_char(q);
    width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
  }
  return width;
}

/* A line of the source, and carets below the bytes [from, to) of it. Of a long line the part around
 * them. */
static void source_line(Linted *linted, guint number, size_t begin, size_t end, size_t from,
                        size_t to, GString *out)
{
  const char *text = linted->file->text;
  g_autoptr(GString) line = g_string_new(NULL);
  g_autoptr(GString) marks = g_string_new(NULL);
  int width = 0;
  size_t at = begin;
  if (from > begin + SOURCE_WIDTH / 2 && end - begin > SOURCE_WIDTH) {
    at = MAX(begin, from - SOURCE_WIDTH / 3);
    while (at < from && ((unsigned char)text[at] & 0xc0) == 0x80)
      at++;
    g_string_append(line, "…");
    g_string_append_c(marks, ' ');
    width = 1;
  }
  while (at < end && text[at] != '\r' && width < SOURCE_WIDTH) {
    if (g_ascii_isprint(text[at])) { /* nearly all of them */
      g_string_append_c(line, text[at]);
      g_string_append_c(marks, at + 1 > from && at < to ? '^' : ' ');
      width++;
      at++;
      continue;
    }
    gunichar c = g_utf8_get_char_validated(text + at, (gssize)MIN(end - at, 6));
    size_t n = c == (gunichar)-1 || c == (gunichar)-2 || !c
                   ? 1
                   : (size_t)(g_utf8_next_char(text + at) - (text + at));
    g_autofree char *piece = NULL;
    int columns = shown(text + at, n, &piece);
    gboolean marked = at + n > from && at < to;
    g_string_append(line, piece);
    for (int i = 0; i < columns; i++)
      g_string_append_c(marks, marked ? '^' : ' ');
    width += columns;
    at += n;
  }
  if (at < end && text[at] != '\r')
    g_string_append(line, "…");
  if (from >= to && from <= end && from >= begin &&
      at >= from) /* an empty range: between two bytes */
    g_string_append_c(marks, '^');
  while (marks->len > 0 && marks->str[marks->len - 1] == ' ')
    g_string_truncate(marks, marks->len - 1);
  g_string_append_printf(out, "%s%7u |%s%s%s\n", paint(linted, "\033[2m"), number,
                         paint(linted, "\033[0m"), line->len ? " " : "", line->str);
  if (marks->len)
    g_string_append_printf(out, "%s        |%s %s%s%s\n", paint(linted, "\033[2m"),
                           paint(linted, "\033[0m"), paint(linted, "\033[1;31m"), marks->str,
                           paint(linted, "\033[0m"));
}

static void source(Linted *linted, const OakumFinding *f, const OakumLintPlace *start,
                   const OakumLintPlace *stop, GString *out)
{
  const GArray *lines = linted->index.lines;
  guint first = (guint)MAX(start->line, 1) - 1, last = (guint)MAX(stop->line, start->line) - 1;
  /* a peer's place is a whole line */
  gboolean whole = f->code && f->start == f->end;
  if (last > first && stop->column == 1) /* ends where the next line begins */
    last--;
  for (guint i = first; i <= last && i < lines->len; i++) {
    if (i - first == SOURCE_LINES) {
      g_string_append_printf(out, "%s        |%s … %u more\n", paint(linted, "\033[2m"),
                             paint(linted, "\033[0m"), last - i + 1);
      return;
    }
    size_t begin = g_array_index(lines, guint, i),
           end = i + 1 < lines->len ? g_array_index(lines, guint, i + 1) - 1 : linted->file->len;
    size_t from = i == first ? f->start : begin,
           to = i + 1 == lines->len || i == last ? f->end : end;
    while (i != first && from < end &&
           (linted->file->text[from] == ' ' || linted->file->text[from] == '\t'))
      from++;
    source_line(linted, i + 1, begin, end, whole ? begin : from, whole ? end : to, out);
  }
}

/* "why: …", wrapped, what follows below its first word. */
static void note(Linted *linted, const char *word, const char *text, GString *out)
{
  g_autofree char *safe = oakum_escape_terminal(text, -1);
  g_auto(GStrv) words = g_strsplit(safe, " ", -1);
  int indent = 12 + (int)strlen(word), column = indent;
  g_string_append_printf(out, "          %s%s:%s", paint(linted, "\033[2m"), word,
                         paint(linted, "\033[0m"));
  for (char **w = words; *w; w++) {
    int n = (int)g_utf8_strlen(*w, -1);
    if (column > indent && column + n > SOURCE_WIDTH) {
      g_string_append_printf(out, "\n%*s", indent - 1, "");
      column = indent;
    }
    g_string_append_printf(out, " %s", *w);
    column += n + 1;
  }
  g_string_append_c(out, '\n');
}

static void tty_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintWriter *writer = linted->writer;
  OakumLintLevel level = oakum_lint_level_of(f->severity);
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  if (f == linted->file->findings->pdata[0]) {
    g_autofree char *name = oakum_escape_terminal(linted->file->name, -1);
    g_string_append_printf(out, "%s%s%s\n", paint(linted, "\033[4m"), name,
                           paint(linted, "\033[0m"));
  }
  g_autofree char *title = oakum_escape_terminal(f->title, -1),
                  *id = oakum_escape_terminal(oakum_lint_shown_id(f), -1);
  g_string_append_printf(out, "  %d:%d %s%s%s %s %s[%s]%s\n", start.line, start.column,
                         paint(linted, level_colour(level)), oakum_lint_level_name(level),
                         paint(linted, "\033[0m"), title, paint(linted, "\033[2m"), id,
                         paint(linted, "\033[0m"));
  source(linted, f, &start, &end, out);
  const char *why = oakum_lint_finding_why(f), *help = oakum_lint_finding_help(f);
  if (why)
    note(linted, "why", why, out);
  if (help)
    note(linted, "fix", help, out);
  if (f->edits)
    note(linted, f->edits_safe ? "--fix" : "--fix=unsafe", "mends it", out);
  g_string_append_c(out, '\n');
  writer->count.levels[level]++;
  writer->count.fixable += f->edits && f->edits_safe;
  writer->count.unsafe += f->edits && !f->edits_safe;
}

static void count(GString *out, guint n, const char *one, const char *many)
{
  if (n > 0)
    g_string_append_printf(out, "%s%u %s", out->len ? ", " : "", n, n == 1 ? one : many);
}

static void tty_tail(OakumLintWriter *writer, GString *out)
{
  g_autoptr(GString) text = g_string_new(NULL);
  count(text, writer->count.levels[OAKUM_LINT_ERROR_LEVEL], "error", "errors");
  count(text, writer->count.levels[OAKUM_LINT_WARNING], "warning", "warnings");
  count(text, writer->count.levels[OAKUM_LINT_INFO], "info", "infos");
  count(text, writer->count.levels[OAKUM_LINT_STYLE], "style", "styles");
  g_string_append_printf(out, "%u file%s checked: %s", writer->files, writer->files == 1 ? "" : "s",
                         text->len ? text->str : "nothing found");
  if (writer->count.fixable)
    g_string_append_printf(out, "; --fix mends %u", writer->count.fixable);
  if (writer->count.unsafe)
    g_string_append_printf(out, "; --fix=unsafe %s%u", writer->count.fixable ? "" : "mends ",
                           writer->count.unsafe + writer->count.fixable);
  g_string_append_c(out, '\n');
}

/* hadolint's line; what does not parse has a column, and no level. */
static void hadolint_line(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintLevel level = oakum_lint_level_of(f->severity);
  const char *id = oakum_lint_shown_id(f);
  g_autofree char *name = oakum_escape_terminal(oakum_lint_hadolint_name(linted, f), -1),
                  *title = oakum_escape_terminal(f->title, -1);
  if (strcmp(id, "DL1000") == 0)
    g_string_append_printf(out, "%s:%d:%d %s\n", name, f->line, f->column, title);
  else
    g_string_append_printf(out, "%s:%d %s%s %s%s: %s%s\n", name, f->line,
                           paint(linted, level_colour(level)), id, oakum_lint_level_name(level),
                           paint(linted, "\033[0m"), title, "");
}

const LintFormat oakum_lint_tty = {.name = "tty", .finding = tty_finding, .tail = tty_tail};
const LintFormat oakum_lint_hadolint_tty = {.name = "tty", .finding = hadolint_line};

/* ---- gnu
 * ----------------------------------------------------------------------------------------- */
static void gnu_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintLevel level = oakum_lint_level_of(f->severity);
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  g_autofree char *name = oakum_escape_terminal(linted->file->name, -1),
                  *title = oakum_escape_terminal(f->title, -1),
                  *id = oakum_escape_terminal(oakum_lint_shown_id(f), -1);
  const char *peer = oakum_lint_hadolint_name(linted, f);
  if (linted->writer->compat == OAKUM_LINT_COMPAT_HADOLINT && strcmp(id, "DL1000") == 0)
    g_string_append_printf(out, "hadolint:%s:%d:%d: %s\n", peer == linted->file->name ? name : peer,
                           f->line, f->column, title);
  else if (linted->writer->compat == OAKUM_LINT_COMPAT_HADOLINT)
    g_string_append_printf(out, "hadolint:%s:%d: %s %s: %s\n", name, f->line, id,
                           oakum_lint_level_name(level), title);
  else
    g_string_append_printf(out, "%s:%d:%d: %s: %s [%s]\n", name, start.line, start.column,
                           oakum_lint_level_name(level), title, id);
}

const LintFormat oakum_lint_gnu = {.name = "gnu", .finding = gnu_finding};

/* ---- compact
 * ------------------------------------------------------------------------------------- */
static void compact_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  g_autofree char *name = oakum_escape_terminal(linted->file->name, -1),
                  *id = oakum_escape_terminal(oakum_lint_shown_id(f), -1);
  g_string_append_printf(out, "%s:%d:%d-%d:%d: %s %s\n", name, start.line, start.column, end.line,
                         end.column, oakum_lint_level_name(oakum_lint_level_of(f->severity)), id);
}

const LintFormat oakum_lint_compact = {.name = "compact", .finding = compact_finding};

/* ---- GitHub workflow commands
 * -------------------------------------------------------------------------- */
void oakum_report_github_escape(GString *out, const char *text, gboolean property)
{
  g_autofree char *safe = oakum_escape_utf8(text, -1);
  for (const char *p = safe; *p; p++) {
    if (*p == '%' || *p == '\r' || *p == '\n' || (property && (*p == ':' || *p == ',')))
      g_string_append_printf(out, "%%%02X", (unsigned char)*p);
    else
      g_string_append_c(out, *p);
  }
}

static void github_finding(Linted *linted, const OakumFinding *f, GString *out)
{
  OakumLintLevel level = oakum_lint_level_of(f->severity);
  OakumLintPlace start, end;
  oakum_lint_finding_range(linted, f, &start, &end);
  const char *help = oakum_lint_finding_help(f);
  g_string_append_printf(out, "::%s file=",
                         level == OAKUM_LINT_ERROR_LEVEL ? "error"
                         : level == OAKUM_LINT_WARNING   ? "warning"
                                                         : "notice");
  oakum_report_github_escape(out, linted->file->name, TRUE);
  g_string_append_printf(out, ",line=%d,endLine=%d", start.line, end.line);
  if (start.line == end.line) /* columns are taken of one line only; the last one is inside */
    g_string_append_printf(out, ",col=%d,endColumn=%d", start.column,
                           MAX(start.column, end.column - 1));
  g_string_append(out, ",title=");
  oakum_report_github_escape(out, oakum_lint_shown_id(f), TRUE);
  g_string_append(out, "::");
  oakum_report_github_escape(out, f->title, FALSE);
  if (help) {
    g_string_append(out, "%0A");
    oakum_report_github_escape(out, help, FALSE);
  }
  g_string_append_c(out, '\n');
}

const LintFormat oakum_lint_github = {.name = "github", .finding = github_finding};
