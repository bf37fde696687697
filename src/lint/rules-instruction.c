/* Instructions in general: case, form, number. */
#include "lint/check-private.h"
#include <string.h>

static gboolean is_case(const char *word, gboolean upper)
{
  for (; *word; word++)
    if (upper ? g_ascii_islower(*word) : g_ascii_isupper(*word))
      return FALSE;
  return TRUE;
}

/* The case that most keywords are in; a tie, and words of mixed case, count for upper case. */
void check_case(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint)
    return;
  guint upper = 0, lower = 0;
  for (guint i = 0; i < lint->steps->len; i++) {
    step = lint_step(lint, i);
    if (!step->keyword_text)
      continue;
    lower += is_case(step->keyword_text, FALSE);
    upper += is_case(step->keyword_text, TRUE);
  }
  gboolean want_upper = upper >= lower;
  for (guint i = 0; i < lint->steps->len; i++) {
    step = lint_step(lint, i);
    if (!step->keyword_text || is_case(step->keyword_text, want_upper))
      continue;
    g_autofree char *right = want_upper ? g_ascii_strup(step->keyword_text, -1)
                                        : g_ascii_strdown(step->keyword_text, -1);
    OakumFinding *finding =
        lint_tell(lint, LINT_INSTRUCTION_CASE, step, step->keyword, "%s", step->keyword_text);
    lint_edit(finding, step->keyword.start, step->keyword.end, right, TRUE);
  }
}

void check_continuation(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint)
    return;
  const GPtrArray *all = lint->dockerfile->instructions;
  for (guint i = 0; i < all->len; i++) {
    const OakumInstruction *in = all->pdata[i];
    for (guint k = 0; in->blank_lines && k < in->blank_lines->len; k++) {
      const OakumRange *blank = &g_array_index(in->blank_lines, OakumRange, k);
      size_t end = blank->end_offset;
      OakumFinding *finding = lint_tell(lint, LINT_EMPTY_CONTINUATION, NULL,
                                        (LintSpan){blank->offset, blank->end_offset}, NULL);
      if (end < lint->dockerfile->len && lint->dockerfile->source[end] == '\r')
        end++;
      if (end < lint->dockerfile->len && lint->dockerfile->source[end] == '\n')
        end++;
      lint_edit(finding, blank->offset, end, "", TRUE);
    }
  }
  (void)step;
}

void check_maintainer(OakumLint *lint, LintStep *step)
{
  OakumFinding *finding = lint_tell(lint, LINT_MAINTAINER, step, step->span, NULL);
  if (!finding || lint->hadolint || !step->text || strpbrk(step->text, "\n\\$\""))
    return;
  g_autofree char *value = lint_unquote(step->text);
  g_autofree char *label =
      g_strdup_printf("LABEL org.opencontainers.image.authors=\"%s\"", g_strstrip(value));
  lint_edit(finding, step->span.start, step->span.end, label, TRUE);
}

void check_legacy(OakumLint *lint, LintStep *step)
{
  if (!step->tree || !step->tree->legacy || step->words->len != 1)
    return;
  const LintWord *word = step->words->pdata[0];
  OakumFinding *finding = lint_tell(lint, LINT_LEGACY_PAIR, step, word->span, "%s", word->name);
  if (!finding || !word->raw || strchr(word->raw, '\n'))
    return;
  /* what the rest of the line means is kept: quotes where blanks are, unless it holds some */
  gboolean quotes = strpbrk(word->raw, "\"'\\") != NULL, blanks = strpbrk(word->raw, " \t") != NULL;
  if (quotes && blanks)
    return;
  g_autofree char *pair = blanks || !*word->raw
                              ? g_strdup_printf("%s=\"%s\"", word->name, word->raw)
                              : g_strdup_printf("%s=%s", word->name, word->raw);
  lint_edit(finding, word->span.start, word->span.end, pair, TRUE);
}

/* The second and later of a kind in a stage; docker's build tells of all but the last. */
void check_many_cmd(OakumLint *lint, LintStep *step)
{
  static const struct {
    StepKind kind;
    LintRuleId rule;
    const char *name;
  } kinds[] = {{STEP_CMD, LINT_MANY_CMD, "CMD"},
               {STEP_ENTRYPOINT, LINT_MANY_ENTRYPOINT, "ENTRYPOINT"},
               {STEP_HEALTHCHECK, LINT_MANY_HEALTHCHECK, "HEALTHCHECK"}};
  LintStage head = lint_head(lint); /* hadolint: a stage as any other */
  for (int s = lint->hadolint ? -1 : 0; s < (int)lint->stages->len; s++) {
    const LintStage *stage = s < 0 ? &head : lint_stage(lint, s);
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
      LintStep *before = NULL;
      for (guint i = stage->first; i < stage->end; i++) {
        step = lint_step(lint, i);
        if (step->kind != kinds[k].kind)
          continue;
        if (before && lint->hadolint)
          lint_tell(lint, kinds[k].rule, step, step->keyword, NULL);
        else if (before)
          lint_tell(lint, kinds[k].rule, before, before->keyword, "line %d replaces it",
                    step->line);
        before = step;
      }
    }
  }
}

/* A command line of plain words only, so that it means the same without a shell. */
static char *plain_exec(const char *text)
{
  if (!*text || strpbrk(text, "\"'\\$`|&;<>()*?[]{}~#=!\n"))
    return NULL;
  g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
  g_autoptr(GString) list = g_string_new("[");
  for (guint i = 0; words[i]; i++)
    if (*words[i])
      g_string_append_printf(list, "%s\"%s\"", list->len > 1 ? ", " : "", words[i]);
  g_string_append_c(list, ']');
  return g_string_free(g_steal_pointer(&list), FALSE);
}

void check_json_args(OakumLint *lint, LintStep *step)
{
  if (step->exec || step->none || !step->text)
    return;
  if (!lint->hadolint) {
    if (step->kind == STEP_HEALTHCHECK)
      return;        /* a probe gets no signals: the shell form does no harm there */
    if (step->shell) /* who sets SHELL wants it */
      return;
  }
  OakumFinding *finding = lint_tell(lint, LINT_JSON_ARGS, step, step->span, NULL);
  if (!finding || lint->hadolint || !step->tree || step->tree->words->len != 1)
    return;
  g_autofree char *list = plain_exec(step->text);
  const OakumWord *word = step->tree->words->pdata[0];
  if (list && !memchr(lint->dockerfile->source + word->range.offset, '\n',
                      word->range.end_offset - word->range.offset))
    lint_edit(finding, word->range.offset, word->range.end_offset, list, FALSE);
}

void check_onbuild(OakumLint *lint, LintStep *step)
{
  const LintStep *inner = step->inner;
  if (inner &&
      (inner->kind == STEP_ONBUILD || inner->kind == STEP_FROM || inner->kind == STEP_MAINTAINER))
    lint_tell(lint, LINT_ONBUILD_FORBIDDEN, step, inner->keyword, "%s",
              inner->keyword_text ? inner->keyword_text : "");
}

/* What hadolint thinks of stages with some property: a stage passes that has it, that is made from
 * one that passes, or that one with it is made from. Stages are known by alias, or by the name of
 * their image. New. */
static gboolean *peer_good(const OakumLint *lint, const gboolean *has)
{
  guint n = lint->stages->len;
  gboolean *good = g_new0(gboolean, n + 1);
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint s = 0; s < n; s++) {
    const LintStep *from = lint_stage(lint, (int)s)->from;
    g_ptr_array_add(names, from->alias ? from->alias : from->name);
    for (guint k = 0; k < s; k++)
      good[s] |= good[k] && strcmp(names->pdata[k], from->name) == 0;
    if (has[s] && !good[s]) {
      g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(guint));
      good[s] = TRUE;
      g_array_append_val(todo, s);
      while (todo->len > 0) {
        guint one = g_array_index(todo, guint, todo->len - 1);
        g_array_set_size(todo, todo->len - 1);
        for (guint k = 0; k <= s; k++)
          if (!good[k] && strcmp(names->pdata[k], lint_stage(lint, (int)one)->from->name) == 0) {
            good[k] = TRUE;
            g_array_append_val(todo, k);
          }
      }
    }
  }
  return good;
}

static gboolean has_health(const OakumLint *lint, const LintStage *stage)
{
  for (guint i = stage->first; i < stage->end; i++)
    if (lint_step(lint, i)->kind == STEP_HEALTHCHECK)
      return TRUE;
  return FALSE;
}

void check_health(OakumLint *lint, LintStep *step)
{
  guint n = lint->stages->len;
  if (n == 0)
    return;
  if (lint->hadolint) {
    g_autofree gboolean *has = g_new0(gboolean, n);
    for (guint s = 0; s < n; s++)
      has[s] = has_health(lint, lint_stage(lint, (int)s));
    g_autofree gboolean *good = peer_good(lint, has);
    for (guint s = 0; s < n; s++)
      if (!good[s])
        lint_tell(lint, LINT_HEALTHCHECK_MISSING, lint_stage(lint, (int)s)->from, (LintSpan){0, 0},
                  NULL);
    return;
  }
  for (int s = (int)n - 1; s >= 0; s = lint_stage(lint, s)->parent)
    if (has_health(lint, lint_stage(lint, s)))
      return;
  step = lint_stage(lint, (int)n - 1)->from;
  lint_tell(lint, LINT_HEALTHCHECK_MISSING, step, step->keyword, NULL);
}

/* The comment lines right above an ARG or a FROM with a name. */
/* The comment begins with this word. */
static gboolean describes(const char *comment, const char *name)
{
  size_t n = strlen(name);
  return strncmp(comment, name, n) == 0 && (!comment[n] || comment[n] == ' ');
}

void check_description(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || !lint_on(lint, LINT_DESCRIPTION))
    return;
  const GPtrArray *comments = lint->dockerfile->comments;
  guint k = 0;
  for (guint i = 0; i < lint->steps->len; i++) {
    step = lint_step(lint, i);
    while (k < comments->len && ((OakumComment *)comments->pdata[k])->range.line < step->line - 1)
      k++;
    const OakumComment *comment = k < comments->len ? comments->pdata[k] : NULL;
    if (!comment || comment->range.line != step->line - 1 || comment->instruction >= 0)
      continue;
    const char *text = comment->text + strspn(comment->text, " \t"), *name = NULL;
    gboolean right = FALSE;
    if (step->kind == STEP_FROM && step->alias) {
      name = step->alias;
      right = describes(text, name);
    }
    for (guint w = 0; step->kind == STEP_ARG && w < step->words->len; w++) {
      const char *one = ((LintWord *)step->words->pdata[w])->name;
      name = name ? name : one;
      right |= one && describes(text, one);
    }
    if (name && !right)
      lint_tell(lint, LINT_DESCRIPTION, step,
                (LintSpan){comment->range.offset, comment->range.end_offset}, "%s", name);
  }
}
