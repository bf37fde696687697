/* Compat docker: which checks are wanted where, how they are told, and what the parser refuses. */
#include "lint/docker-private.h"
#include <stdarg.h>
#include <string.h>

/* ---- options of the checks
 * -------------------------------------------------------------------------- */
void docker_checks_clear(DockerChecks *checks)
{
  g_strfreev(checks->skip);
  g_strfreev(checks->experimental);
}

static char **names_of(const char *list)
{
  char **names = g_strsplit(list, ",", -1);
  for (guint i = 0; names[i]; i++)
    g_strstrip(names[i]);
  return names;
}

/* As Go's strconv.ParseBool. */
static gboolean parse_bool(const char *text, gboolean *out)
{
  *out = lint_one_of(text, "1 t T TRUE true True");
  return *out || lint_one_of(text, "0 f F FALSE false False");
}

gboolean docker_checks_parse(const char *text, DockerChecks *out)
{
  g_autofree char *all = g_strstrip(g_strdup(text));
  g_auto(GStrv) parts = g_strsplit(all, ";", 3);
  for (guint i = 0; parts[i]; i++) {
    char *value = strchr(parts[i], '=');
    if (!value)
      return FALSE;
    *value++ = '\0';
    const char *key = g_strstrip(parts[i]);
    g_strstrip(value);
    if (strcmp(key, "error") == 0) {
      if (!parse_bool(value, &out->fails))
        return FALSE;
    } else if (strcmp(key, "skip") == 0) {
      out->skip_all |= strcmp(value, "all") == 0;
      g_strfreev(out->skip);
      out->skip = names_of(value);
    } else if (strcmp(key, "experimental") == 0) {
      out->experimental_all |= strcmp(value, "all") == 0;
      g_strfreev(out->experimental);
      out->experimental = names_of(value);
    } else {
      return FALSE;
    }
  }
  return TRUE;
}

/* What stands behind "check =" in a comment, up to a blank. New; NULL: no such comment. */
static char *check_comment(const char *text)
{
  size_t n = 0;
  while (g_ascii_isalnum(text[n]))
    n++;
  if (n != strlen("check") || g_ascii_strncasecmp(text, "check", n) != 0)
    return NULL;
  n += strspn(text + n, " \t\f\r");
  if (text[n] != '=')
    return NULL;
  n++;
  n += strspn(text + n, " \t\f\r");
  return text[n] ? g_strndup(text + n, strcspn(text + n, " ")) : NULL;
}

/* The comments that stand above an instruction, behind the last empty one: new texts, trimmed. */
GPtrArray *docker_comments_above(const Docker *docker, const OakumInstruction *in)
{
  const OakumDockerfile *df = docker->df;
  GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
  guint from =
      in->index > 0
          ? ((const OakumInstruction *)df->instructions->pdata[in->index - 1])->range.end_offset
          : 0;
  guint low = 0, high = df->comments->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (((const OakumComment *)df->comments->pdata[middle])->range.offset < from)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < df->comments->len; low++) {
    const OakumComment *comment = df->comments->pdata[low];
    if (comment->range.offset > in->range.offset)
      break;
    if (comment->instruction >= 0)
      continue;
    /* the first byte of the line is dropped, whatever it is */
    gboolean indented =
        comment->range.column > 1 && !(comment->range.offset == 3 && (guchar)df->source[0] == 0xEF);
    char *text = g_strstrip(g_strconcat(indented ? "#" : "", comment->text, NULL));
    if (*text)
      g_ptr_array_add(list, text);
    else {
      g_free(text);
      g_ptr_array_set_size(list, 0);
    }
  }
  return list;
}

gboolean docker_checks_at(const Docker *docker, const OakumInstruction *in, DockerChecks *out)
{
  g_autoptr(GPtrArray) comments = docker_comments_above(docker, in);
  *out = (DockerChecks){0};
  for (guint i = 0; i < comments->len; i++) {
    g_autofree char *text = check_comment(comments->pdata[i]);
    if (!text)
      continue;
    if (docker_checks_parse(text, out))
      return TRUE;
    docker_checks_clear(out);
    *out = (DockerChecks){0};
    return FALSE;
  }
  return FALSE;
}

static gboolean listed(char **names, const char *name)
{
  return names && g_strv_contains((const char *const *)names, name);
}

static gboolean wanted(const DockerChecks *checks, const DockerChecks *more, LintRuleId rule)
{
  const char *name = lint_row(rule)->docker;
  if (rule == LINT_DESCRIPTION)
    return checks->experimental_all || listed(checks->experimental, name) ||
           (more && (more->experimental_all || listed(more->experimental, name)));
  return !(checks->skip_all || listed(checks->skip, name) ||
           (more && (more->skip_all || listed(more->skip, name))));
}

/* ---- telling
 * ------------------------------------------------------------------------------------- */
guint docker_line_start(const OakumDockerfile *df, guint at)
{
  while (at > 0 && df->source[at - 1] != '\n')
    at--;
  return at;
}

/* An instruction with all the lines that were read for it. */
static LintSpan span_of(const OakumInstruction *in)
{
  LintSpan span = {in->range.offset, in->range.end_offset};
  if (in->read_range.line < in->range.line)
    span.start = in->read_range.offset;
  if (in->read_range.end_line > in->range.end_line)
    span.end = in->read_range.end_offset;
  return span;
}

void docker_tell(Docker *docker, const DockerChecks *more, LintRuleId rule,
                 const OakumInstruction *at, const char *detail, ...)
{
  if (docker->lint->options->disable_ignore_pragma)
    more = NULL;
  if (!wanted(&docker->checks, more, rule))
    return;
  docker->told = TRUE;
  va_list args;
  va_start(args, detail);
  g_autofree char *text = detail ? g_strdup_vprintf(detail, args) : NULL;
  va_end(args);
  LintSpan span = span_of(at);
  if (rule == LINT_EMPTY_CONTINUATION) /* at its last line */
    span = (LintSpan){docker_line_start(docker->df, at->read_range.end_offset),
                      at->read_range.end_offset};
  if (text)
    lint_tell(docker->lint, rule, NULL, span, "%s", text);
  else
    lint_tell(docker->lint, rule, NULL, span, NULL);
}

void docker_stop_at(Docker *docker, LintSpan span, const char *message, const char *hint)
{
  docker->stopped = TRUE;
  OakumFinding *finding = lint_tell(docker->lint, LINT_SYNTAX, NULL, span, NULL);
  if (!finding)
    return;
  g_free(finding->title);
  finding->title = g_strdup(message);
  if (hint) {
    g_free(finding->fix);
    finding->fix = g_strdup(hint);
  }
}

void docker_stop(Docker *docker, const OakumInstruction *at, const char *message, ...)
{
  va_list args;
  va_start(args, message);
  g_autofree char *text = g_strdup_vprintf(message, args);
  va_end(args);
  LintSpan span = {0, 0};
  if (at)
    span = span_of(at);
  docker_stop_at(docker, span, text, NULL);
}

/* ---- what the parser refuses
 * ---------------------------------------------------------------------- */
gboolean docker_is_heredoc(const char *word)
{
  while (g_ascii_isdigit(*word))
    word++;
  if (strncmp(word, "<<", 2) != 0)
    return FALSE;
  word += 2 + (word[2] == '-');
  word += strspn(word, " \t\f\r\n");
  return *word && !strchr(word, '<');
}

/* When BuildKit finds what our parser has found; NONE: never. */
DockerErrorPhase docker_phase_of(const OakumDockerfile *df, const OakumDockerfileError *error)
{
  static const char lines[] =
      "missing-equals json-not-strings unterminated-heredoc duplicate-directive bad-escape";
  static const char graph[] = "circular-stage bad-stage-index no-from before-from";
  const OakumInstruction *in =
      error->instruction >= 0 && error->instruction < (int)df->instructions->len
          ? df->instructions->pdata[error->instruction]
          : NULL;
  if (strcmp(error->code, "bad-check") == 0)
    return ERROR_CHECK;
  if (lint_one_of(error->code, lines))
    return ERROR_LINES;
  const OakumInstruction *inner = in && in->kind == OAKUM_INSTRUCTION_ONBUILD ? in->inner : NULL;
  const OakumInstruction *of = inner && error->range.offset >= inner->range.offset ? inner : in;
  if (strcmp(error->code, "missing-value") == 0 && of &&
      (of->kind == OAKUM_INSTRUCTION_ENV || of->kind == OAKUM_INSTRUCTION_LABEL))
    return ERROR_LINES;
  if (of == inner && inner)
    return strcmp(error->code, "bad-onbuild") == 0 ? ERROR_INSTRUCTION : ERROR_NONE;
  if (lint_one_of(error->code, graph))
    return ERROR_GRAPH;
  if (lint_one_of(error->code, "later-stage bad-mount unknown-mount-key too-many-errors"))
    return ERROR_LATER;
  if (!in)
    return ERROR_INSTRUCTION;
  if (strcmp(error->code, "variable-in-from") == 0)
    return in->kind == OAKUM_INSTRUCTION_RUN ? ERROR_INSTRUCTION : ERROR_GRAPH;
  if (in->kind == OAKUM_INSTRUCTION_RUN && strcmp(error->code, "missing-argument") == 0)
    return ERROR_NONE;
  if (strcmp(error->code, "bad-heredoc") == 0) {
    const OakumWord *last = in->words->len ? in->words->pdata[in->words->len - 1] : NULL;
    return last && last->range.offset == error->range.offset ? ERROR_INSTRUCTION : ERROR_NONE;
  }
  if ((in->kind == OAKUM_INSTRUCTION_ARG || in->kind == OAKUM_INSTRUCTION_STOPSIGNAL) &&
      lint_one_of(error->code, "unknown-flag duplicate-flag"))
    return ERROR_NONE;
  return ERROR_INSTRUCTION;
}

/* The whole instruction, as BuildKit places its errors; of the parser's own to the end of what it
 * read. */
void docker_stop_for(Docker *docker, const OakumDockerfileError *error)
{
  LintSpan span = {error->range.offset, error->range.end_offset};
  if (lint_one_of(error->code, "duplicate-directive bad-escape")) {
    /* BuildKit counts the lines of directives from 0: it names the line above */
    guint start = docker_line_start(docker->df, error->range.offset),
          end = start > 0 ? start - 1 : 0;
    span = (LintSpan){docker_line_start(docker->df, end), end};
  }
  if (error->instruction >= 0) {
    const OakumInstruction *in = docker->df->instructions->pdata[error->instruction];
    span = span_of(in);
    if (strcmp(error->code, "unterminated-heredoc") != 0)
      span.end =
          docker_phase_of(docker->df, error) == ERROR_LINES || in->kind == OAKUM_INSTRUCTION_UNKNOWN
              ? MAX(in->line_range.end_offset, in->read_range.end_offset)
              : span.end;
    else if (span.end > span.start && docker->df->source[span.end - 1] == '\n')
      span.end--;
  }
  docker_stop_at(docker, span, error->message, error->hint);
}

const OakumDockerfileError *docker_first_error(const Docker *docker, DockerErrorPhase phase)
{
  const GPtrArray *errors = docker->df->errors;
  for (guint i = 0; i < errors->len; i++)
    if (docker_phase_of(docker->df, errors->pdata[i]) == phase)
      return errors->pdata[i];
  return NULL;
}
