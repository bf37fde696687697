/* Compat docker: BuildKit's phases in their order, up to its first error. */
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

static gboolean parse_checks(const char *text, DockerChecks *out)
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
static GPtrArray *comments_above(const Docker *docker, const OakumInstruction *in)
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
    char *text = g_strstrip(
        g_strconcat(indented && comment->range.column > 1 ? "#" : "", comment->text, NULL));
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
  g_autoptr(GPtrArray) comments = comments_above(docker, in);
  *out = (DockerChecks){0};
  for (guint i = 0; i < comments->len; i++) {
    g_autofree char *text = check_comment(comments->pdata[i]);
    if (!text)
      continue;
    if (parse_checks(text, out))
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
static guint line_start(const OakumDockerfile *df, guint at)
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
    span = (LintSpan){line_start(docker->df, at->read_range.end_offset), at->read_range.end_offset};
  if (text)
    lint_tell(docker->lint, rule, NULL, span, "%s", text);
  else
    lint_tell(docker->lint, rule, NULL, span, NULL);
}

static void stop_at(Docker *docker, LintSpan span, const char *message, const char *hint)
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
  stop_at(docker, span, text, NULL);
}

/* ---- variables
 * ----------------------------------------------------------------------------------- */
static void set_in(GHashTable *table, const char *name, const char *value)
{
  g_hash_table_insert(table, g_strdup(name), g_strdup(value));
}

void docker_set(DockerStage *stage, const char *name, const char *value, gboolean in_image)
{
  if (!g_hash_table_contains(stage->env, name))
    g_ptr_array_add(stage->keys, g_strdup(name));
  set_in(stage->env, name, value);
  if (in_image)
    set_in(stage->image_env, name, value);
}

/* A stage sees its own variables; then what its base's image has, which beats the base's arguments.
 */
const char *docker_lookup(const Docker *docker, const DockerStage *stage, const char *name)
{
  const char *value = g_hash_table_lookup(stage->env, name);
  for (const DockerStage *s = stage->base; s && !value && lint_spend(docker->lint); s = s->base)
    value = g_hash_table_lookup(s->image_env, name);
  for (const DockerStage *s = stage->base; s && !value && lint_spend(docker->lint); s = s->base)
    value = g_hash_table_lookup(s->env, name);
  return value;
}

static const char *ask(const char *name, gpointer user)
{
  DockerNames *names = user;
  const char *value = docker_lookup(names->docker, names->stage, name);
  GPtrArray **list = value ? &names->matched : &names->missed;
  if (!*list)
    *list = g_ptr_array_new_with_free_func(g_free);
  if (!g_ptr_array_find_with_equal_func(*list, name, g_str_equal, NULL) &&
      (*list)->len < OAKUM_LINT_SUGGESTIONS_MAX)
    g_ptr_array_add(*list, g_strdup(name));
  return value;
}

void docker_names_clear(DockerNames *names)
{
  g_clear_pointer(&names->matched, g_ptr_array_unref);
  g_clear_pointer(&names->missed, g_ptr_array_unref);
}

char *docker_expand(Docker *docker, const DockerStage *stage, const char *word, DockerNames *names,
                    GError **error)
{
  *names = (DockerNames){.docker = docker, .stage = stage};
  return oakum_dockerfile_expand(word, docker->df->escape, ask, names, error);
}

char *docker_expand_body(Docker *docker, const DockerStage *stage, const char *text,
                         DockerNames *names, GError **error)
{
  *names = (DockerNames){.docker = docker, .stage = stage};
  return oakum_dockerfile_expand_body(text, ask, names, error);
}

GPtrArray *docker_names_of(const Docker *docker, const DockerStage *stage)
{
  GPtrArray *list = g_ptr_array_new();
  g_autoptr(GPtrArray) chain = g_ptr_array_new();
  for (const DockerStage *s = stage; s && lint_spend(docker->lint); s = s->base)
    g_ptr_array_add(chain, (gpointer)s);
  for (guint i = chain->len; i > 0; i--) {
    const DockerStage *s = chain->pdata[i - 1];
    for (guint k = 0; k < s->keys->len && lint_spend(docker->lint); k++)
      g_ptr_array_add(list, s->keys->pdata[k]);
  }
  return list;
}

/* Letters to add, drop or change; 3 stands for more than two. */
static guint distance(const char *a, const char *b)
{
  guint rows[2][64], n = (guint)strnlen(b, 64), m = (guint)strnlen(a, 64);
  if (n >= 63 || m >= 63 || n > m + 2 || m > n + 2)
    return 3;
  guint *last = rows[0], *row = rows[1];
  for (guint j = 0; j <= n; j++)
    last[j] = j;
  for (guint i = 1; i <= m; i++) {
    row[0] = i;
    for (guint j = 1; j <= n; j++)
      row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
    guint *spare = last;
    last = row;
    row = spare;
  }
  return MIN(last[n], 3);
}

const char *docker_nearest(const char *name, const GPtrArray *options)
{
  const char *nearest = NULL;
  guint best = 3;
  for (guint i = 0; i < options->len; i++) {
    guint edits = distance(name, options->pdata[i]);
    if (edits == 0)
      return NULL;
    if (edits < best) {
      best = edits;
      nearest = options->pdata[i];
    }
  }
  return nearest;
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

typedef enum {
  ERROR_NONE,
  ERROR_CHECK,
  ERROR_LINES,
  ERROR_INSTRUCTION,
  ERROR_GRAPH,
  ERROR_LATER
} ErrorPhase;

/* When BuildKit finds what our parser has found; NONE: never. */
static ErrorPhase phase_of(const OakumDockerfile *df, const OakumDockerfileError *error)
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
static void stop_for(Docker *docker, const OakumDockerfileError *error)
{
  LintSpan span = {error->range.offset, error->range.end_offset};
  if (lint_one_of(error->code, "duplicate-directive bad-escape")) {
    /* BuildKit counts the lines of directives from 0: it names the line above */
    guint start = line_start(docker->df, error->range.offset), end = start > 0 ? start - 1 : 0;
    span = (LintSpan){line_start(docker->df, end), end};
  }
  if (error->instruction >= 0) {
    const OakumInstruction *in = docker->df->instructions->pdata[error->instruction];
    span = span_of(in);
    if (strcmp(error->code, "unterminated-heredoc") != 0)
      span.end = phase_of(docker->df, error) == ERROR_LINES || in->kind == OAKUM_INSTRUCTION_UNKNOWN
                     ? MAX(in->line_range.end_offset, in->read_range.end_offset)
                     : span.end;
    else if (span.end > span.start && docker->df->source[span.end - 1] == '\n')
      span.end--;
  }
  stop_at(docker, span, error->message, error->hint);
}

static const OakumDockerfileError *first_error(const Docker *docker, ErrorPhase phase,
                                               int instruction)
{
  const GPtrArray *errors = docker->df->errors;
  for (guint i = 0; i < errors->len; i++) {
    const OakumDockerfileError *error = errors->pdata[i];
    if (phase_of(docker->df, error) == phase &&
        (instruction == -2 || error->instruction == instruction))
      return error;
  }
  return NULL;
}

/* ---- instructions, one by one
 * --------------------------------------------------------------------- */
static gboolean is_upper(const char *text)
{
  g_autofree char *upper =
      g_utf8_validate(text, -1, NULL) ? g_utf8_strup(text, -1) : g_ascii_strup(text, -1);
  return strcmp(upper, text) == 0;
}

static gboolean is_lower(const char *text)
{
  g_autofree char *lower =
      g_utf8_validate(text, -1, NULL) ? g_utf8_strdown(text, -1) : g_ascii_strdown(text, -1);
  return strcmp(lower, text) == 0;
}

static const char *word_at(const OakumInstruction *in, guint i)
{
  return i < in->words->len ? ((const OakumWord *)in->words->pdata[i])->value : NULL;
}

static void look_at_from(Docker *docker, const DockerChecks *more, const OakumInstruction *in)
{
  const char *as = word_at(in, 1), *name = word_at(in, 2);
  if (in->words->len == 3 && !is_lower(name))
    docker_tell(docker, more, LINT_STAGE_CASE, in, "%s", name);
  if (in->words->len < 3)
    return;
  if (is_lower(in->keyword) ? !is_lower(as) : is_upper(in->keyword) && !is_upper(as))
    docker_tell(docker, more, LINT_FROM_AS_CASE, in, "%s and %s", in->keyword, as);
}

static void look_at_description(Docker *docker, const DockerChecks *more,
                                const OakumInstruction *in)
{
  g_autoptr(GPtrArray) comments = comments_above(docker, in);
  gboolean from = in->kind == OAKUM_INSTRUCTION_FROM;
  if (comments->len == 0 || (from && in->words->len != 3))
    return;
  const char *last = comments->pdata[comments->len - 1];
  g_autofree char *first = g_strndup(last, strcspn(last, " "));
  g_autofree char *name = NULL;
  if (from) {
    name = g_ascii_strdown(word_at(in, 2), -1);
    if (strcmp(first, name) == 0)
      return;
  }
  for (guint i = 0; !from && i < in->words->len; i++)
    if (strcmp(((const OakumWord *)in->words->pdata[i])->name, first) == 0)
      return;
  if (!from)
    name = g_strdup(in->words->len == 1 ? ((const OakumWord *)in->words->pdata[0])->name
                                        : "<arg_key>");
  docker_tell(docker, more, LINT_DESCRIPTION, in, "%s %s", in->name, name);
}

static void read_instructions(Docker *docker)
{
  const OakumDockerfile *df = docker->df;
  g_autofree const OakumDockerfileError **wrong =
      g_new0(const OakumDockerfileError *, df->instructions->len + 1);
  for (guint i = df->errors->len; i > 0; i--) {
    const OakumDockerfileError *error = df->errors->pdata[i - 1];
    if (error->instruction >= 0 && phase_of(df, error) == ERROR_INSTRUCTION)
      wrong[error->instruction] = error;
  }
  gboolean in_stage = FALSE;
  for (guint i = 0; i < df->instructions->len && !docker->stopped; i++) {
    const OakumInstruction *in = df->instructions->pdata[i];
    g_auto(DockerChecks) checks;
    docker_checks_at(docker, in, &checks);
    if (in->kind == OAKUM_INSTRUCTION_FROM)
      look_at_from(docker, &checks, in);
    if (in->kind == OAKUM_INSTRUCTION_MAINTAINER)
      docker_tell(docker, &checks, LINT_MAINTAINER, in, NULL);
    if (wrong[i]) {
      stop_for(docker, wrong[i]);
      return;
    }
    if (in->kind == OAKUM_INSTRUCTION_FROM || in->kind == OAKUM_INSTRUCTION_ARG)
      look_at_description(docker, &checks, in);
    in_stage |= in->kind == OAKUM_INSTRUCTION_FROM;
    if (!in_stage && in->kind != OAKUM_INSTRUCTION_ARG)
      docker_stop(docker, in, "%s stands before the first FROM", in->name);
  }
  if (!docker->stopped && !in_stage)
    docker_stop(docker, NULL, "there is no stage to build: no FROM");
}

/* ---- stages
 * -------------------------------------------------------------------------------------- */
static void command_free(gpointer p)
{
  DockerCommand *command = p;
  g_clear_pointer(&command->sources, g_ptr_array_unref);
  g_free(command);
}

static DockerStage *stage_new(const OakumInstruction *from)
{
  DockerStage *stage = g_new0(DockerStage, 1);
  stage->from = from;
  stage->commands = g_ptr_array_new_with_free_func(command_free);
  stage->deps = g_ptr_array_new();
  stage->dep_at = g_ptr_array_new();
  stage->env = oakum_str_map_new(g_free, g_free);
  stage->image_env = oakum_str_map_new(g_free, g_free);
  stage->declared = oakum_str_map_new(g_free, NULL);
  stage->keys = g_ptr_array_new_with_free_func(g_free);
  return stage;
}

static void stage_free(gpointer p)
{
  DockerStage *stage = p;
  g_ptr_array_unref(stage->commands);
  g_ptr_array_unref(stage->deps);
  g_ptr_array_unref(stage->dep_at);
  g_hash_table_unref(stage->env);
  g_hash_table_unref(stage->image_env);
  g_hash_table_unref(stage->declared);
  g_ptr_array_unref(stage->keys);
  g_free(stage->name);
  g_free(stage->base_name);
  g_free(stage->workdir);
  g_free(stage);
}

static void add_command(DockerStage *stage, gint where, const OakumInstruction *in,
                        const OakumInstruction *at)
{
  DockerCommand *command = g_new0(DockerCommand, 1);
  *command = (DockerCommand){in, at, NULL};
  g_ptr_array_insert(stage->commands, where, command);
}

static void collect_stages(Docker *docker)
{
  const OakumDockerfile *df = docker->df;
  DockerStage *stage = NULL;
  for (guint i = 0; i < df->instructions->len; i++) {
    const OakumInstruction *in = df->instructions->pdata[i];
    if (in->kind == OAKUM_INSTRUCTION_FROM) {
      stage = stage_new(in);
      stage->name = in->words->len == 3 ? g_ascii_strdown(word_at(in, 2), -1) : NULL;
      g_ptr_array_add(docker->stages, stage);
    } else if (stage) {
      add_command(stage, -1, in, in);
    }
  }
}

static void look_at_names(Docker *docker)
{
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < docker->stages->len; i++) {
    const DockerStage *stage = docker->stages->pdata[i];
    if (!stage->name)
      continue;
    if (lint_one_of(stage->name, "context scratch"))
      docker_tell(docker, NULL, LINT_STAGE_RESERVED, stage->from, "%s", stage->name);
    if (!g_hash_table_add(seen, stage->name))
      docker_tell(docker, NULL, LINT_STAGE_DUPLICATE, stage->from, "%s", stage->name);
  }
}

static void look_at_case(Docker *docker)
{
  guint lower = 0, upper = 0;
  for (guint pass = 0; pass < 2; pass++) {
    gboolean want_lower = lower > upper;
    for (guint i = 0; i < docker->df->instructions->len; i++) {
      const OakumInstruction *in = docker->df->instructions->pdata[i];
      if (in->kind != OAKUM_INSTRUCTION_FROM && in->stage < 0)
        continue;
      gboolean low = is_lower(in->keyword), up = is_upper(in->keyword);
      if (pass == 0) {
        lower += low;
        upper += !low && up;
      } else if (want_lower ? !low : !up) {
        docker_tell(docker, NULL, LINT_INSTRUCTION_CASE, in, "%s, most are %s", in->keyword,
                    want_lower ? "lowercase" : "uppercase");
      }
    }
  }
}

/* ---- what FROM sees
 * ------------------------------------------------------------------------------ */
static void add_platform(DockerStage *global, const char *prefix, const OakumPlatform *host)
{
  g_autofree char *whole = oakum_platform_format(host);
  const char *values[][2] = {{"PLATFORM", whole},
                             {"OS", host->os},
                             {"OSVERSION", ""},
                             {"ARCH", host->architecture},
                             {"VARIANT", host->variant ? host->variant : ""}};
  for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
    g_autofree char *name = g_strconcat(prefix, values[i][0], NULL);
    docker_set(global, name, values[i][1], FALSE);
  }
}

/* The ARGs before the first FROM. FALSE: one of them cannot be expanded; *at says which. */
static gboolean read_global(Docker *docker, const OakumInstruction **at, GError **error)
{
  const OakumDockerfile *df = docker->df;
  const DockerStage *last = docker->stages->pdata[docker->stages->len - 1];
  OakumPlatform host = {NULL, NULL, NULL};
  oakum_platform_host(&host);
  add_platform(docker->global, "BUILD", &host);
  add_platform(docker->global, "TARGET", &host);
  docker_set(docker->global, "TARGETSTAGE", last->name ? last->name : "default", FALSE);
  oakum_platform_clear(&host);
  for (guint i = 0; i < df->instructions->len; i++) {
    const OakumInstruction *in = df->instructions->pdata[i];
    if (in->kind == OAKUM_INSTRUCTION_FROM)
      break;
    for (guint k = 0; k < in->words->len; k++) {
      const OakumWord *word = in->words->pdata[k];
      g_hash_table_add(docker->global->declared, g_strdup(word->name));
      if (!word->value)
        continue;
      DockerNames names;
      g_autofree char *value = docker_expand(docker, docker->global, word->value, &names, error);
      docker_names_clear(&names);
      if (!value) {
        *at = in;
        return FALSE;
      }
      docker_set(docker->global, word->name, value, FALSE);
    }
  }
  return TRUE;
}

/* An image's name that a registry could have. */
static gboolean is_reference(const char *name)
{
  g_autoptr(OakumReference) reference = oakum_reference_parse(name, NULL);
  gboolean id = strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64; /* of an image */
  return reference && !id;
}

static void look_at_defaults(Docker *docker)
{
  for (guint i = 0; i < docker->stages->len; i++) {
    const DockerStage *stage = docker->stages->pdata[i];
    const char *base = word_at(stage->from, 0);
    DockerNames names;
    g_autofree char *name = docker_expand(docker, docker->global, base, &names, NULL);
    docker_names_clear(&names);
    if (!name)
      return;
    if (!is_reference(name))
      docker_tell(docker, NULL, LINT_FROM_ARG_DEFAULT, stage->from, "%s becomes \"%s\"", base,
                  name);
  }
}

static void look_at_from_names(Docker *docker, const DockerChecks *more, const OakumInstruction *at,
                               const DockerNames *names)
{
  for (guint i = 0; names->missed && i < names->missed->len; i++) {
    const char *name = names->missed->pdata[i];
    if (g_hash_table_contains(docker->global->declared, name))
      continue;
    g_autoptr(GPtrArray) known = docker_names_of(docker, docker->global);
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, docker->global->declared);
    while (g_hash_table_iter_next(&iter, &key, NULL))
      if (!g_hash_table_contains(docker->global->env, key))
        g_ptr_array_add(known, key);
    const char *nearest = docker_nearest(name, known);
    if (nearest)
      docker_tell(docker, more, LINT_FROM_ARG_UNDEFINED, at, "%s (did you mean %s?)", name,
                  nearest);
    else
      docker_tell(docker, more, LINT_FROM_ARG_UNDEFINED, at, "%s", name);
  }
}

/* The operating system and machine that a platform names. FALSE: it is none. */
static gboolean read_platform(const char *text, char **os, char **arch)
{
  static const char *const
      systems = "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd "
                "openbsd plan9 solaris windows zos",
      *const machines = "386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips "
                        "mipsle mips64 mips64le mips64p32 mips64p32le ppc riscv riscv64 s390 "
                        "s390x sparc sparc64 wasm",
      *const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  static const char *const same[][2] = {{"i386", "386"},     {"x86_64", "amd64"},
                                        {"x86-64", "amd64"}, {"aarch64", "arm64"},
                                        {"armhf", "arm"},    {"armel", "arm"}};
  g_auto(GStrv) parts = g_strsplit(text, "/", -1);
  guint n = g_strv_length(parts);
  if (n < 1 || n > 3)
    return FALSE;
  size_t name = strspn(parts[0], letters);
  for (guint i = 0; i < n; i++)
    if (!*parts[i] || (i > 0 && strspn(parts[i], letters) != strlen(parts[i])))
      return FALSE;
  /* "windows(10.0.17763)" */
  if (name == 0 || (parts[0][name] && (parts[0][name] != '(' || !g_str_has_suffix(parts[0], ")"))))
    return FALSE;
  g_autofree char *bare = g_strndup(parts[0], name);
  *os = g_ascii_strdown(strcmp(bare, "macos") == 0 ? "darwin" : bare, -1);
  *arch = g_ascii_strdown(n > 1 ? parts[1] : parts[0], -1);
  for (size_t i = 0; i < G_N_ELEMENTS(same); i++)
    if (strcmp(*arch, same[i][0]) == 0) {
      g_free(*arch);
      *arch = g_strdup(same[i][1]);
    }
  if (n > 1)
    return TRUE;
  OakumPlatform host = {NULL, NULL, NULL};
  oakum_platform_host(&host);
  gboolean known = TRUE;
  if (lint_one_of(*os, systems)) {
    g_free(*arch);
    *arch = g_strdup(host.architecture);
  } else if (lint_one_of(*arch, machines)) {
    g_free(*os);
    *os = g_strdup(host.os);
  } else {
    known = FALSE;
  }
  oakum_platform_clear(&host);
  return known;
}

static void look_at_platform(Docker *docker, const DockerChecks *more, DockerStage *stage,
                             const char *flag)
{
  DockerNames names;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = docker_expand(docker, docker->global, flag, &names, &error), *os = NULL,
                  *arch = NULL;
  look_at_from_names(docker, more, stage->from, &names);
  guint matched = names.matched ? names.matched->len : 0,
        missed = names.missed ? names.missed->len : 0;
  gboolean valid = text && read_platform(text, &os, &arch);
  if (text && matched == 1 && missed == 0 &&
      strcmp(names.matched->pdata[0], "TARGETPLATFORM") == 0 &&
      strcmp(text, docker_lookup(docker, docker->global, "TARGETPLATFORM")) == 0)
    docker_tell(docker, more, LINT_PLATFORM_REDUNDANT, stage->from, "%s", flag);
  if (valid && matched + missed == 0 &&
      !(stage->name && (strstr(stage->name, os) || strstr(stage->name, arch))))
    docker_tell(docker, more, LINT_PLATFORM_CONSTANT, stage->from, "%s", text);
  docker_names_clear(&names);
  if (!text)
    docker_stop(docker, stage->from, "--platform: %s", error->message);
  else if (!*text)
    docker_stop(docker, stage->from, "--platform: \"%s\" is empty", flag);
  else if (!valid)
    docker_stop(docker, stage->from, "--platform: \"%s\" is no platform", text);
  else
    stage->windows = strcmp(os, "windows") == 0;
}

static void add_stage(Docker *docker, DockerStage *stage)
{
  stage->base = g_hash_table_lookup(docker->by_name, stage->base_name);
  if (stage->name)
    g_hash_table_insert(docker->by_name, stage->name, stage);
}

static void make_stages(Docker *docker)
{
  for (guint i = 0; i < docker->stages->len && !docker->stopped; i++) {
    DockerStage *stage = docker->stages->pdata[i];
    g_auto(DockerChecks) checks;
    docker_checks_at(docker, stage->from, &checks);
    DockerNames names;
    g_autoptr(GError) error = NULL;
    stage->base_name =
        docker_expand(docker, docker->global, word_at(stage->from, 0), &names, &error);
    look_at_from_names(docker, &checks, stage->from, &names);
    docker_names_clear(&names);
    if (!stage->base_name) {
      docker_stop(docker, stage->from, "FROM: %s", error->message);
      return;
    }
    if (!*stage->base_name) {
      docker_stop(docker, stage->from, "FROM: the name of the base is empty");
      return;
    }
    const char *platform = oakum_instruction_flag(stage->from, "platform");
    if (platform && *platform)
      look_at_platform(docker, &checks, stage, platform);
    if (!docker->stopped && stage->name && !lint_one_of(stage->name, "scratch context") &&
        !is_reference(stage->name))
      docker_stop(docker, NULL, "the stage's name \"%s\" cannot be that of a context", stage->name);
    if (!docker->stopped)
      add_stage(docker, stage);
  }
}

/* ---- the graph
 * ----------------------------------------------------------------------------------- */
static DockerStage *outside_source(Docker *docker, const char *name, const OakumInstruction *at)
{
  DockerStage *stage = stage_new(at);
  stage->base_name = g_strdup(name);
  stage->outside = TRUE;
  g_ptr_array_add(docker->stages, stage);
  add_stage(docker, stage);
  return stage;
}

static DockerStage *by_name(const Docker *docker, const char *name)
{
  g_autofree char *lower = g_ascii_strdown(name, -1);
  return g_hash_table_lookup(docker->by_name, lower);
}

static void depend(DockerStage *stage, DockerStage *on, const OakumInstruction *at)
{
  guint place;
  if (g_ptr_array_find(stage->deps, on, &place)) {
    stage->dep_at->pdata[place] = (gpointer)at;
    return;
  }
  g_ptr_array_add(stage->deps, on);
  g_ptr_array_add(stage->dep_at, (gpointer)at);
}

/* As Go's strconv.Atoi. */
static gboolean read_index(const char *text, gint64 *out)
{
  const char *digits = text + (*text == '+' || *text == '-');
  uint64_t number;
  if (!*digits || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 18)
    return FALSE;
  while (*digits == '0' && digits[1])
    digits++;
  if (!oakum_parse_u64(digits, strlen(digits), G_MAXINT64, &number))
    return FALSE;
  *out = *text == '-' ? -(gint64)number : (gint64)number;
  return TRUE;
}

/* Where a command takes files from: --from of COPY, from= of mounts. `where`: of the error. */
static void find_sources(Docker *docker, DockerStage *stage, DockerCommand *command,
                         const OakumInstruction *where)
{
  const OakumInstruction *in = command->in;
  command->sources = g_ptr_array_new();
  if (in->kind == OAKUM_INSTRUCTION_RUN) {
    for (guint i = 0; i < in->mounts->len; i++) {
      const OakumMount *mount = in->mounts->pdata[i];
      gboolean has = mount->from && *mount->from;
      DockerStage *source = by_name(docker, has ? mount->from : "scratch");
      if (!source)
        source = outside_source(docker, has ? mount->from : "scratch", NULL);
      g_ptr_array_add(command->sources, source);
      depend(stage, source, command->at);
    }
    return;
  }
  const char *from = in->kind == OAKUM_INSTRUCTION_COPY ? oakum_instruction_flag(in, "from") : NULL;
  if (!from || !*from)
    return;
  g_autofree char *plain = oakum_dockerfile_expand(from, docker->df->escape, NULL, NULL, NULL);
  if (!plain || strcmp(plain, from) != 0) {
    docker_stop(docker, where, "COPY: --from takes no variables and no quotes: \"%s\"", from);
    return;
  }
  gint64 index;
  DockerStage *source;
  if (read_index(from, &index)) {
    if (index < 0 || index >= (gint64)docker->stages->len) {
      docker_stop(docker, where, "COPY: there is no stage number %s", from);
      return;
    }
    source = docker->stages->pdata[index];
  } else {
    source = by_name(docker, from);
    if (!source)
      source = outside_source(docker, from, command->at);
  }
  g_ptr_array_add(command->sources, source);
  depend(stage, source, command->at);
}

typedef struct {
  DockerStage *stage;
  guint next;
} Visit;

/* TRUE: a stage needs itself; the error spans what leads there. */
static gboolean find_circle(Docker *docker, DockerStage *start, GHashTable *visited)
{
  g_autoptr(GArray) path = g_array_new(FALSE, FALSE, sizeof(Visit));
  g_autoptr(GHashTable) on_path = g_hash_table_new(NULL, NULL);
  Visit first = {start, 0};
  if (!g_hash_table_add(visited, start))
    return FALSE;
  g_array_append_val(path, first);
  g_hash_table_add(on_path, start);
  while (path->len > 0) {
    Visit *visit = &g_array_index(path, Visit, path->len - 1);
    if (visit->next >= visit->stage->deps->len) {
      g_hash_table_remove(on_path, visit->stage);
      g_array_set_size(path, path->len - 1);
      continue;
    }
    DockerStage *dep = visit->stage->deps->pdata[visit->next++];
    if (g_hash_table_contains(on_path, dep)) {
      LintSpan span = {G_MAXSIZE, 0};
      for (guint i = 0; i < path->len; i++) {
        const Visit *one = &g_array_index(path, Visit, i);
        const OakumInstruction *at = one->stage->dep_at->pdata[one->next - 1];
        span.start = MIN(span.start, at->range.offset);
        span.end = MAX(span.end, at->range.end_offset);
      }
      stop_at(docker, span, "a stage needs itself", NULL);
      return TRUE;
    }
    if (!g_hash_table_add(visited, dep))
      continue;
    Visit next = {dep, 0};
    g_array_append_val(path, next);
    g_hash_table_add(on_path, dep);
  }
  return FALSE;
}

static void make_graph(Docker *docker)
{
  guint n = docker->stages->len;
  for (guint i = 0; i < n; i++) {
    DockerStage *stage = docker->stages->pdata[i];
    for (guint k = 0; k < stage->commands->len && !docker->stopped; k++) {
      DockerCommand *command = stage->commands->pdata[k];
      find_sources(docker, stage, command, command->at);
    }
  }
  g_autoptr(GHashTable) visited = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < docker->stages->len && !docker->stopped; i++)
    if (find_circle(docker, docker->stages->pdata[i], visited))
      return;
}

static void reach(Docker *docker, DockerStage *target)
{
  g_autoptr(GPtrArray) todo = g_ptr_array_new();
  for (guint i = 0; i < docker->stages->len; i++)
    ((DockerStage *)docker->stages->pdata[i])->reachable = FALSE;
  g_ptr_array_add(todo, target);
  while (todo->len > 0) {
    DockerStage *stage = g_ptr_array_steal_index_fast(todo, todo->len - 1);
    if (stage->reachable)
      continue;
    stage->reachable = TRUE;
    if (stage->base)
      g_ptr_array_add(todo, stage->base);
    for (guint i = 0; i < stage->deps->len; i++)
      g_ptr_array_add(todo, stage->deps->pdata[i]);
  }
}

/* Images are not asked for, but their names must be names. */
static void resolve_bases(Docker *docker)
{
  for (guint i = 0; i < docker->stages->len && !docker->stopped; i++) {
    DockerStage *stage = docker->stages->pdata[i];
    if (stage->base || strcmp(stage->base_name, "scratch") == 0)
      continue;
    if (!is_reference(stage->base_name))
      docker_stop(docker, stage->from, "\"%s\" is no name of an image", stage->base_name);
  }
}

/* What ONBUILD of a base left comes first, at the place of FROM. Only where the last stage needs
 * it. */
static void run_triggers(Docker *docker, DockerStage *target)
{
  guint n = docker->stages->len;
  for (guint i = 0; i < n && !docker->stopped; i++) {
    DockerStage *stage = docker->stages->pdata[i];
    if (!stage->reachable || !stage->base)
      continue;
    gint at = 0;
    for (guint k = 0; k < stage->base->commands->len && !docker->stopped; k++) {
      const DockerCommand *left = stage->base->commands->pdata[k];
      if (left->in->kind != OAKUM_INSTRUCTION_ONBUILD || left->in != left->at || !left->in->inner ||
          !lint_spend(docker->lint))
        continue;
      const OakumInstruction *inner = left->in->inner;
      for (guint e = 0; inner->has_error && e < docker->df->errors->len; e++) {
        const OakumDockerfileError *error = docker->df->errors->pdata[e];
        if (error->instruction == (int)left->in->index) {
          docker_stop(docker, stage->from, "ONBUILD of its base: %s", error->message);
          break;
        }
      }
      if (docker->stopped)
        return;
      add_command(stage, at, inner, stage->from);
      find_sources(docker, stage, stage->commands->pdata[at++], stage->from);
    }
  }
  if (!docker->stopped) {
    reach(docker, target);
    resolve_bases(docker);
  }
}

static void read_ignore(Docker *docker)
{
  const OakumLintOptions *options = docker->lint->options;
  if (!options->ignore_known || !options->ignore_file)
    return;
  g_autoptr(GError) error = NULL;
  docker->ignore = oakum_ignore_parse(options->ignore_file, options->ignore_file_len, &error);
  if (!docker->ignore)
    docker_stop(docker, NULL, "the ignore file: %s", error->message);
  else if (oakum_ignore_has_exceptions(docker->ignore))
    g_clear_pointer(&docker->ignore, oakum_ignore_free);
}

static void run_stages(Docker *docker, guint n)
{
  for (guint i = n; i < docker->stages->len; i++)
    ((DockerStage *)docker->stages->pdata[i])->dispatched = TRUE;
  for (guint i = 0; i < n && !docker->stopped; i++) {
    DockerStage *stage = docker->stages->pdata[i];
    stage->dispatched = TRUE;
    if (stage->base) {
      stage->windows = stage->base->windows;
      stage->has_shell = stage->base->has_shell;
      stage->workdir_set = stage->base->workdir_set;
      stage->workdir = g_strdup(stage->base->workdir);
    } else if (!stage->windows) {
      docker_set(stage, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                 TRUE);
    }
    if (!stage->workdir)
      stage->workdir = g_strdup("/");
    for (guint k = 0; k < stage->commands->len && !docker->stopped; k++)
      docker_step(docker, stage, stage->commands->pdata[k]);
  }
}

/* ---- all of it
 * ----------------------------------------------------------------------------------- */
static gboolean read_options(Docker *docker)
{
  const OakumDockerfile *df = docker->df;
  g_autofree char *text = g_strdup(docker->lint->options->docker_check);
  for (guint i = 0; !text && i < df->directives->len; i++) {
    const OakumDirective *directive = df->directives->pdata[i];
    if (directive->form != OAKUM_DIRECTIVE_HASH ||
        line_start(df, directive->range.offset) +
                ((guchar)df->source[0] == 0xEF && i == 0 && directive->range.line == 1 ? 3 : 0) !=
            directive->range.offset)
      break; /* an indented one ends them */
    if (strcmp(directive->name, "check") == 0)
      text = g_strndup(directive->value, strcspn(directive->value, " "));
  }
  if (!text || parse_checks(text, &docker->checks)) {
    if (docker->lint->options->disable_ignore_pragma && !docker->lint->options->docker_check) {
      docker->checks.skip_all = FALSE;
      g_clear_pointer(&docker->checks.skip, g_strfreev);
    }
    return TRUE;
  }
  const OakumDockerfileError *error = first_error(docker, ERROR_CHECK, -2);
  if (error && !docker->lint->options->docker_check)
    stop_for(docker, error);
  else
    docker_stop(docker, NULL, "bad options of the checks: %s", text);
  return FALSE;
}

static void run(Docker *docker)
{
  const OakumDockerfile *df = docker->df;
  if (df->len == 0) {
    docker_stop(docker, NULL, "the file is empty");
    return;
  }
  if (!read_options(docker))
    return;
  const OakumDockerfileError *error = first_error(docker, ERROR_LINES, -2);
  if (error) {
    stop_for(docker, error);
    return;
  }
  if (df->instructions->len == 0) {
    docker_stop(docker, NULL, "the file has no instructions");
    return;
  }
  for (guint i = 0; i < df->instructions->len; i++) {
    const OakumInstruction *in = df->instructions->pdata[i];
    if (in->blank_lines->len > 0)
      docker_tell(docker, NULL, LINT_EMPTY_CONTINUATION, in, NULL);
  }
  read_instructions(docker);
  if (docker->stopped)
    return;
  collect_stages(docker);
  look_at_names(docker);
  look_at_case(docker);
  guint n = docker->stages->len;
  DockerStage *target = docker->stages->pdata[n - 1];
  const OakumInstruction *at = NULL;
  g_autoptr(GError) trouble = NULL;
  if (!read_global(docker, &at, &trouble)) {
    docker_stop(docker, at, "ARG: %s", trouble->message);
    return;
  }
  look_at_defaults(docker);
  void (*const phases[])(Docker *) = {make_stages, make_graph, resolve_bases};
  for (size_t i = 0; i < G_N_ELEMENTS(phases) && !docker->stopped; i++)
    phases[i](docker);
  if (docker->stopped)
    return;
  reach(docker, target);
  run_triggers(docker, target);
  if (!docker->stopped)
    read_ignore(docker);
  if (!docker->stopped)
    run_stages(docker, n);
  if (!docker->stopped && docker->told && docker->checks.fails)
    docker_stop(docker, NULL, "the checks found something, and error=true makes that an error");
}

void lint_docker(OakumLint *lint)
{
  Docker docker = {.lint = lint, .df = lint->dockerfile};
  docker.global = stage_new(NULL);
  docker.stages = g_ptr_array_new_with_free_func(stage_free);
  docker.by_name = oakum_str_map_new(NULL, NULL);
  run(&docker);
  docker_checks_clear(&docker.checks);
  stage_free(docker.global);
  g_hash_table_unref(docker.by_name);
  g_ptr_array_unref(docker.stages);
  g_clear_pointer(&docker.ignore, oakum_ignore_free);
}
