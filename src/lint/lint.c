/* The engine: makes the view, runs the checks, and gives out findings in order. */
#include "lint/check-private.h"
#include <stdarg.h>
#include <string.h>

static void set_levels(OakumLint *lint)
{
  const OakumLintOptions *options = lint->options;
  for (guint i = 0; i < LINT_RULES; i++) {
    const OakumLintRule *row = lint_row(i);
    OakumLintLevel level = lint->hadolint ? row->peer : row->level;
    if (lint->docker) {
      level = row->docker        ? OAKUM_LINT_WARNING
              : i == LINT_SYNTAX ? OAKUM_LINT_ERROR_LEVEL
                                 : OAKUM_LINT_OFF;
    }
    if ((lint->hadolint && !row->hadolint))
      level = OAKUM_LINT_OFF;
    if (options->only) {
      gboolean wanted = FALSE;
      for (guint k = 0; options->only[k]; k++)
        wanted |= lint_row_is(row, options->only[k]);
      if (wanted && level == OAKUM_LINT_OFF && !lint->hadolint && !lint->docker)
        level = OAKUM_LINT_WARNING;
      if (!wanted && i != LINT_SYNTAX)
        level = OAKUM_LINT_OFF;
    }
    if (options->levels && !(lint->hadolint && (!row->hadolint || i == LINT_SYNTAX))) {
      GHashTableIter iter;
      gpointer key, value;
      gboolean by_name = FALSE;
      g_hash_table_iter_init(&iter, options->levels);
      while (g_hash_table_iter_next(&iter, &key, &value)) {
        gboolean named = g_ascii_strcasecmp(key, row->name) == 0;
        if (!lint_row_is(row, key) || (by_name && !named))
          continue;
        by_name |= named;
        level = (OakumLintLevel)GPOINTER_TO_INT(value);
      }
    }
    lint->levels[i] = level;
  }
}

/* What a limit stopped before depends on the order in which all steps were looked at. */
static gboolean is_reusable(const OakumLint *before)
{
  return before && !before->hadolint && !before->told_parts;
}

static guint parts_of(const LintStep *step)
{
  guint n = 0;
  for (; step; step = step->inner)
    for (guint i = 0; step->scripts && i < step->scripts->len; i++)
      n += ((const LintScript *)step->scripts->pdata[i])->shell->n_parts;
  return n;
}

OakumLint *oakum_lint_new(const OakumDockerfile *dockerfile, const OakumLintOptions *options)
{
  return oakum_lint_again(NULL, dockerfile, options);
}

OakumLint *oakum_lint_again(OakumLint *before, const OakumDockerfile *dockerfile,
                            const OakumLintOptions *options)
{
  static const OakumLintOptions none;
  OakumLint *lint = g_new0(OakumLint, 1);
  lint->dockerfile = dockerfile;
  lint->options = options ? options : &none;
  lint->hadolint = lint->options->compat == OAKUM_LINT_COMPAT_HADOLINT;
  lint->docker = lint->options->compat == OAKUM_LINT_COMPAT_DOCKER;
  lint->findings = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  lint->seen = oakum_str_map_new(g_free, NULL);
  lint->budget = g_new(guint64, 1);
  *lint->budget = OAKUM_LINT_PAIRS_MAX;
  set_levels(lint);
  if (lint->hadolint) {
    int line, column;
    lint->steps = lint_peer_parse(dockerfile->source, dockerfile->len, &line, &column);
    if (!lint->steps) {
      lint->peer_failed = TRUE;
      lint->steps = g_ptr_array_new_with_free_func((GDestroyNotify)lint_step_free);
      OakumFinding *finding = lint_tell(lint, LINT_SYNTAX, NULL, (LintSpan){0, 0}, NULL);
      if (finding) {
        finding->line = finding->end_line = line;
        finding->column = finding->end_column = column;
      }
    }
  } else {
    lint->again = is_reusable(before) && before->options->compat == lint->options->compat;
    lint->steps = lint_view(dockerfile, lint->again ? before->steps : NULL);
  }
  lint_stages(lint);
  for (guint i = 0; lint->again && i < lint->steps->len; i++)
    lint->shell_parts += parts_of(lint_step(lint, i));
  return lint;
}

void oakum_lint_free(OakumLint *lint)
{
  if (!lint)
    return;
  lint_shellcheck_free(lint);
  g_clear_pointer(&lint->scope, oakum_scope_free);
  g_clear_pointer(&lint->ignore, oakum_ignore_free);
  g_clear_pointer(&lint->globals, g_hash_table_unref);
  g_clear_pointer(&lint->global_names, g_ptr_array_unref);
  g_ptr_array_unref(lint->stages);
  g_hash_table_unref(lint->aliases);
  g_ptr_array_unref(lint->steps);
  g_clear_pointer(&lint->findings, g_ptr_array_unref);
  g_hash_table_unref(lint->seen);
  g_free(lint->budget);
  g_free(lint);
}

OakumScope *lint_scope(OakumLint *lint)
{
  if (!lint->scope && !lint->hadolint)
    lint->scope = oakum_scope_new(lint->dockerfile, NULL, NULL);
  return lint->scope;
}

gboolean lint_spend(const OakumLint *lint)
{
  if (*lint->budget == 0)
    return FALSE;
  (*lint->budget)--;
  return TRUE;
}

void lint_place(const OakumLint *lint, OakumFinding *finding, LintSpan span)
{
  OakumRange range = oakum_dockerfile_range(lint->dockerfile, (guint)span.start, (guint)span.end);
  finding->line = range.line;
  finding->column = range.column;
  finding->end_line = range.end_line;
  finding->end_column = range.end_column;
  finding->start = span.start;
  finding->end = span.end;
}

gboolean lint_on(const OakumLint *lint, LintRuleId rule)
{
  return lint->levels[rule] != OAKUM_LINT_OFF;
}

OakumFinding *lint_tell(OakumLint *lint, LintRuleId rule, const LintStep *step, LintSpan span,
                        const char *detail, ...)
{
  if (!lint_on(lint, rule))
    return NULL;
  const OakumLintRule *row = lint_row(rule);
  if (lint->hadolint && step) {
    /* one a rule and instruction; the label schema has a rule for each label */
    gboolean labels =
        rule == LINT_LABEL_MISSING || (rule >= LINT_LABEL_EMPTY && rule <= LINT_LABEL_EMAIL);
    g_autofree char *words = NULL;
    if (labels) {
      va_list args;
      va_start(args, detail);
      words = g_strdup_vprintf(detail, args);
      va_end(args);
      words[strcspn(words, "=")] = '\0'; /* the name of the label */
    }
    char *key = g_strdup_printf("%u %u %s", step->index, rule, words ? words : "");
    if (!g_hash_table_add(lint->seen, key))
      return NULL;
  }
  if (lint->told[rule] >= OAKUM_LINT_FINDINGS_MAX) {
    lint->left_out++;
    return NULL;
  }
  OakumSeverity severity = oakum_lint_severity_of(lint->levels[rule]);
  /* a secret is out once the image is pushed: nothing can take it back */
  gboolean secret = rule == LINT_SECRET_VARIABLE || rule == LINT_COPY_SECRET ||
                    rule == LINT_SECRET_RUN || rule == LINT_SECRET_DELETED;
  if (secret && severity == OAKUM_SEVERITY_HIGH && !lint->hadolint)
    severity = OAKUM_SEVERITY_CRITICAL;
  OakumFinding *finding =
      oakum_finding_new_borrowed(row->name, severity, row->why, lint_aliases(rule),
                                 lint->hadolint ? row->hadolint
                                 : lint->docker ? row->docker
                                                : NULL);
  if (detail) {
    va_list args;
    va_start(args, detail);
    g_autofree char *text = g_strdup_vprintf(detail, args);
    va_end(args);
    finding->title = g_strdup_printf("%s: %s", row->title, text);
  } else {
    finding->title = g_strdup(row->title);
  }
  finding->fix = g_strdup(row->help);
  finding->category = (char *)row->category;
  finding->file = g_strdup(lint->dockerfile->file);
  if (lint->hadolint) {
    finding->line = finding->end_line = step ? step->line : 1;
    finding->column = finding->end_column = 1;
  } else {
    lint_place(lint, finding, span);
  }
  lint->told[rule]++;
  g_ptr_array_add(lint->findings, finding);
  return finding;
}

void lint_edit(OakumFinding *finding, size_t start, size_t end, const char *text, gboolean safe)
{
  if (!finding)
    return;
  if (!finding->edits) {
    finding->edits = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_edit_free);
    finding->edits_safe = TRUE;
  }
  finding->edits_safe &= safe;
  OakumEdit *edit = oakum_edit_new(start, end, text);
  guint at = finding->edits->len;
  while (at > 0 && ((OakumEdit *)finding->edits->pdata[at - 1])->start > start)
    at--;
  g_ptr_array_insert(finding->edits, (gint)at, edit);
}

/* What the parser reports. */
static void tell_errors(OakumLint *lint)
{
  const GPtrArray *errors = lint->dockerfile->errors;
  for (guint i = 0; errors && i < errors->len; i++) {
    const OakumDockerfileError *error = errors->pdata[i];
    OakumFinding *finding = lint_tell(
        lint, LINT_SYNTAX, NULL, (LintSpan){error->range.offset, error->range.end_offset}, NULL);
    if (!finding)
      continue;
    g_free(finding->title);
    finding->title = g_strdup(error->message);
    if (error->hint) {
      g_free(finding->fix);
      finding->fix = g_strdup(error->hint);
    }
  }
}

/* Which checks look at a kind of step: [0] at the step itself, [1] at one inside ONBUILD. */
typedef struct {
  guint count[2][STEP_KINDS];
  guint8 rules[2][STEP_KINDS][LINT_RULES];
} Schedule;
G_STATIC_ASSERT(LINT_RULES <= G_MAXUINT8);

static void make_schedule(Schedule *out)
{
  memset(out->count, 0, sizeof out->count);
  for (guint rule = 0; rule < LINT_RULES; rule++)
    for (guint kind = 0; lint_checkers[rule].check && kind < STEP_KINDS; kind++)
      for (guint inside = 0; inside < 2; inside++)
        if ((lint_checkers[rule].steps & (1u << kind)) &&
            (!inside || (lint_checkers[rule].steps & ONBUILD_TOO)))
          out->rules[inside][kind][out->count[inside][kind]++] = (guint8)rule;
}

static void run_check(OakumLint *lint, guint rule, LintStep *step)
{
  const LintChecker *checker = &lint_checkers[rule];
  guint64 *silent = &step->silent[rule / 64], bit = (guint64)1 << (rule % 64);
  if (*silent & bit)
    return;
  guint told = lint->findings->len;
  guint64 left_out = lint->left_out;
  checker->check(lint, step);
  if ((checker->steps & ALONE) && lint->findings->len == told && lint->left_out == left_out)
    *silent |= bit;
}

static void run_checks(OakumLint *lint)
{
  for (guint rule = 0; rule < LINT_RULES; rule++)
    if (lint_checkers[rule].check && lint_checkers[rule].steps == ONCE)
      lint_checkers[rule].check(lint, NULL);
  Schedule schedule;
  make_schedule(&schedule);
  for (guint i = 0; i < lint->steps->len; i++) {
    LintStep *step = lint_step(lint, i), *inner = lint_inner(step);
    guint at = 0, behind = 0, n = schedule.count[0][step->kind],
          m = inner != step ? schedule.count[1][inner->kind] : 0;
    const guint8 *of_step = schedule.rules[0][step->kind],
                 *of_inner = schedule.rules[1][inner->kind];
    while (at < n || behind < m) { /* in the order of the table */
      if (behind >= m || (at < n && of_step[at] <= of_inner[behind])) {
        behind += behind < m && of_step[at] == of_inner[behind];
        run_check(lint, of_step[at++], step);
      } else {
        run_check(lint, of_inner[behind++], inner);
      }
    }
  }
}

static gint by_place(gconstpointer a, gconstpointer b)
{
  const OakumFinding *x = *(OakumFinding *const *)a, *y = *(OakumFinding *const *)b;
  if (x->line != y->line)
    return x->line < y->line ? -1 : 1;
  if (x->column != y->column)
    return x->column < y->column ? -1 : 1;
  int order = strcmp(x->code ? x->code : x->id, y->code ? y->code : y->id);
  return order ? order : strcmp(x->title, y->title);
}

/* Some rules have a better word for what the parser refuses, too. */
static void drop_told_twice(OakumLint *lint)
{
  static const char better[] = "instruction-before-from onbuild-forbidden copy-needs-slash "
                               "stage-name-duplicate copy-from-unknown copy-from-self";
  g_autoptr(GPtrArray) others = g_ptr_array_new();
  for (guint i = 0; i < lint->findings->len; i++)
    if (lint_one_of(((const OakumFinding *)lint->findings->pdata[i])->id, better))
      g_ptr_array_add(others, lint->findings->pdata[i]);
  for (guint i = lint->findings->len; others->len > 0 && i > 0; i--) {
    const OakumFinding *syntax = lint->findings->pdata[i - 1];
    if (strcmp(syntax->id, "syntax") != 0)
      continue;
    for (guint k = 0; k < others->len; k++) {
      const OakumFinding *other = others->pdata[k];
      if (other->start <= syntax->start && other->end >= syntax->end) {
        g_ptr_array_remove_index(lint->findings, i - 1);
        break;
      }
    }
  }
}

/* The line in which the instruction of a finding begins, with the rule: one edit for each. */
static char *edit_key(const OakumLint *lint, const OakumFinding *finding)
{
  return g_strdup_printf("%d %s", lint_instruction_start(lint, finding->line), finding->id);
}

/* Docker's checks offer no edits; ours of the same rules and instructions do. */
static void borrow_edits(OakumLint *lint)
{
  g_autoptr(GPtrArray) only = g_ptr_array_new();
  for (guint i = 0; i < LINT_RULES; i++)
    if (lint_on(lint, i) && lint_row(i)->docker && lint_row(i)->fix != OAKUM_LINT_FIX_NONE)
      g_ptr_array_add(only, (gpointer)lint_row(i)->name);
  g_ptr_array_add(only, NULL);
  if (lint->findings->len == 0 || only->len == 1)
    return;
  OakumLintOptions options = *lint->options;
  options.compat = OAKUM_LINT_COMPAT_NONE;
  options.levels = NULL;
  options.only = (const char *const *)only->pdata;
  options.disable_ignore_pragma = TRUE;
  g_autoptr(GPtrArray) ours = oakum_lint_run(lint->dockerfile, &options);
  g_autoptr(GHashTable) by_place = oakum_str_map_new(g_free, NULL);
  for (guint i = ours->len; i > 0; i--)
    if (((const OakumFinding *)ours->pdata[i - 1])->edits)
      g_hash_table_insert(by_place, edit_key(lint, ours->pdata[i - 1]), ours->pdata[i - 1]);
  for (guint i = 0; i < lint->findings->len; i++) {
    OakumFinding *finding = lint->findings->pdata[i];
    g_autofree char *key = edit_key(lint, finding);
    OakumFinding *other = g_hash_table_lookup(by_place, key);
    if (!other || !other->edits)
      continue;
    finding->edits = g_steal_pointer(&other->edits);
    finding->edits_safe = other->edits_safe;
  }
}

GPtrArray *oakum_lint_finish(OakumLint *lint)
{
  if (lint->docker) {
    lint_docker(lint);
    borrow_edits(lint);
  } else {
    if (!lint->hadolint)
      tell_errors(lint);
    if (!lint->peer_failed)
      run_checks(lint);
    if (!lint->hadolint)
      drop_told_twice(lint);
  }
  if (lint->comments)
    g_ptr_array_extend_and_steal(lint->findings, g_steal_pointer(&lint->comments));
  lint_ignores(lint);
  g_ptr_array_sort(lint->findings, by_place);
  return g_steal_pointer(&lint->findings);
}

void oakum_lint_cut(const OakumLint *lint, OakumLintCut *out)
{
  *out = (OakumLintCut){.findings = lint->left_out,
                        .pairs = *lint->budget == 0,
                        .again = lint->again && lint->told_parts};
}

GPtrArray *oakum_lint_run(const OakumDockerfile *dockerfile, const OakumLintOptions *options)
{
  g_autoptr(OakumLint) lint = oakum_lint_new(dockerfile, options);
  return oakum_lint_finish(lint);
}
