/* The steps of the syntax tree, for the default mode and compat docker. */
#include "lint/lint-private.h"
#include <string.h>

static LintSpan span_of(const OakumRange *range)
{
  return (LintSpan){range->offset, range->end_offset};
}

static StepKind kind_of(OakumInstructionKind kind)
{
  static const StepKind kinds[] = {
      [OAKUM_INSTRUCTION_FROM] = STEP_FROM,
      [OAKUM_INSTRUCTION_ARG] = STEP_ARG,
      [OAKUM_INSTRUCTION_ENV] = STEP_ENV,
      [OAKUM_INSTRUCTION_RUN] = STEP_RUN,
      [OAKUM_INSTRUCTION_COPY] = STEP_COPY,
      [OAKUM_INSTRUCTION_ADD] = STEP_ADD,
      [OAKUM_INSTRUCTION_WORKDIR] = STEP_WORKDIR,
      [OAKUM_INSTRUCTION_USER] = STEP_USER,
      [OAKUM_INSTRUCTION_LABEL] = STEP_LABEL,
      [OAKUM_INSTRUCTION_CMD] = STEP_CMD,
      [OAKUM_INSTRUCTION_ENTRYPOINT] = STEP_ENTRYPOINT,
      [OAKUM_INSTRUCTION_EXPOSE] = STEP_EXPOSE,
      [OAKUM_INSTRUCTION_SHELL] = STEP_SHELL,
      [OAKUM_INSTRUCTION_STOPSIGNAL] = STEP_STOPSIGNAL,
      [OAKUM_INSTRUCTION_HEALTHCHECK] = STEP_HEALTHCHECK,
      [OAKUM_INSTRUCTION_MAINTAINER] = STEP_MAINTAINER,
      [OAKUM_INSTRUCTION_ONBUILD] = STEP_ONBUILD,
      [OAKUM_INSTRUCTION_VOLUME] = STEP_VOLUME,
      [OAKUM_INSTRUCTION_UNKNOWN] = STEP_OTHER,
  };
  return kinds[kind];
}

static LintWord *add(GPtrArray *list, const OakumWord *word, gboolean unquote, char escape)
{
  char *value = word->value && unquote ? oakum_dockerfile_unquote(word->value, escape) : NULL;
  LintWord *out = lint_word_add(list, g_strdup(word->name), value ? value : g_strdup(word->value));
  out->raw = g_strdup(word->value);
  out->span = span_of(&word->range);
  out->name_span = span_of(&word->name_range);
  out->value_span = span_of(&word->value_range);
  return out;
}

static void read_image(LintStep *step, const OakumDockerfile *dockerfile,
                       const OakumInstruction *in)
{
  if (in->words->len == 0)
    return;
  const OakumWord *image = in->words->pdata[0];
  step->image = oakum_dockerfile_unquote(image->value, dockerfile->escape);
  if (!step->image)
    step->image = g_strdup(image->value);
  step->image_span = span_of(&image->range);
  step->name = g_strdup(step->image);
  const char *platform = oakum_instruction_flag(in, "platform");
  step->platform = g_strdup(platform);
  for (guint s = 0; s < dockerfile->stages->len; s++) {
    const OakumStage *stage = dockerfile->stages->pdata[s];
    if (stage->first != in->index || !stage->name)
      continue;
    step->alias_span = span_of(&stage->name_range);
    step->as_span = span_of(&stage->as_range);
    step->alias = g_strndup(dockerfile->source + step->alias_span.start,
                            step->alias_span.end - step->alias_span.start);
  }
}

static void read_mounts(LintStep *step, const OakumInstruction *in)
{
  for (guint i = 0; i < in->mounts->len; i++) {
    const OakumMount *mount = in->mounts->pdata[i];
    LintWord *word =
        lint_word_add(step->flags, g_strdup("mount"), g_strdup(oakum_mount_type_name(mount->type)));
    word->raw = g_strdup(mount->target);
    word->span = word->value_span = word->name_span = span_of(&mount->range);
    if (mount->from) {
      LintWord *from = lint_word_add(step->flags, g_strdup("mount-from"), g_strdup(mount->from));
      from->span = from->value_span = from->name_span = word->span;
      for (guint k = 0; k < mount->fields->len; k++) {
        const OakumWord *field = mount->fields->pdata[k];
        if (g_strcmp0(field->name, "from") == 0) {
          from->span = span_of(&field->range);
          from->value_span = span_of(&field->value_range);
        }
      }
    }
  }
}

static LintStep *make(const OakumDockerfile *dockerfile, const OakumInstruction *in)
{
  LintStep *step = lint_step_new(kind_of(in->kind));
  step->tree = in;
  step->line = in->range.line;
  step->span = span_of(&in->line_range);
  step->keyword = span_of(&in->keyword_range);
  step->keyword_text = g_strdup(in->keyword);
  step->exec = in->exec_form;
  step->text = g_strdup(in->text);
  step->heredoc = in->heredocs && in->heredocs->len > 0;
  for (guint i = 0; i < in->flags->len; i++) {
    const OakumWord *flag = in->flags->pdata[i];
    if (g_strcmp0(flag->name, "mount") != 0)
      add(step->flags, flag, FALSE, dockerfile->escape);
  }
  if (in->mounts)
    read_mounts(step, in);
  const OakumInstruction *body = in;
  switch (step->kind) {
  case STEP_ONBUILD:
    if (in->inner) {
      step->inner = make(dockerfile, in->inner);
      step->inner->outer = step;
    }
    return step;
  case STEP_HEALTHCHECK:
    if (in->inner) {
      body = in->inner;
      step->exec = body->exec_form;
      g_free(step->text);
      step->text = g_strdup(body->text);
    } else {
      step->none = in->words->len > 0 &&
                   g_ascii_strcasecmp(((OakumWord *)in->words->pdata[0])->value, "none") == 0;
      g_clear_pointer(&step->text, g_free);
    }
    break;
  case STEP_FROM:
    read_image(step, dockerfile, in);
    return step;
  default:
    break;
  }
  gboolean pairs = step->kind == STEP_ENV || step->kind == STEP_LABEL || step->kind == STEP_ARG;
  for (guint i = 0; i < body->words->len; i++) {
    const OakumWord *source = body->words->pdata[i];
    LintWord *word = add(step->words, source, (pairs || step->kind == STEP_SHELL) && !step->exec,
                         dockerfile->escape);
    if (pairs && word->name) { /* LABEL "a"="b" */
      char *name = oakum_dockerfile_unquote(word->name, dockerfile->escape);
      if (name) {
        g_free(word->name);
        word->name = name;
      }
    }
  }
  return step;
}

/* ---- after an edit
 * ------------------------------------------------------------------------------- */
/* Places may move up: a size_t wraps, and so comes to the right number. */
static void move_span(LintSpan *span, gssize by)
{
  span->start += (size_t)by;
  span->end += (size_t)by;
}

static void move_words(GPtrArray *words, gssize by)
{
  for (guint i = 0; i < words->len; i++) {
    LintWord *word = words->pdata[i];
    move_span(&word->span, by);
    move_span(&word->name_span, by);
    move_span(&word->value_span, by);
  }
}

static void move_step(LintStep *step, gssize by)
{
  for (; step; step = step->inner) {
    step->line = step->tree->range.line;
    if (by == 0)
      continue;
    move_span(&step->span, by);
    move_span(&step->keyword, by);
    move_words(step->flags, by);
    move_words(step->words, by);
    if (step->exec && step->commands) { /* their places are places of the file */
      g_clear_pointer(&step->commands, g_array_unref);
      g_clear_pointer(&step->scripts, g_ptr_array_unref);
    }
  }
}

/* The step of an instruction that stood in the file before; NULL: it is to be made. */
static LintStep *take(const OakumDockerfile *dockerfile, guint index, GPtrArray *before)
{
  guint moved = 0;
  int old = before ? oakum_dockerfile_before(dockerfile, index, &moved) : -1;
  const OakumInstruction *in = dockerfile->instructions->pdata[index];
  /* the alias of a FROM is judged with the stages */
  if (old < 0 || (guint)old >= before->len || in->kind == OAKUM_INSTRUCTION_FROM)
    return NULL;
  LintStep *step = g_steal_pointer(&before->pdata[old]);
  move_step(step, (gint32)moved);
  return step;
}

GPtrArray *lint_view(const OakumDockerfile *dockerfile, GPtrArray *before)
{
  GPtrArray *steps = g_ptr_array_new_with_free_func((GDestroyNotify)lint_step_free);
  for (guint i = 0; i < dockerfile->instructions->len; i++) {
    LintStep *step = take(dockerfile, i, before);
    g_ptr_array_add(steps, step ? step : make(dockerfile, dockerfile->instructions->pdata[i]));
  }
  return steps;
}
