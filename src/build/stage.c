/* The stages of a plan: what each begins with, and its instructions, one after the other. */
#include "build/build-private.h"
#include "build/source-private.h"
#include <string.h>

static gboolean choose_epoch(const Build *build, Stage *stage, GError **error)
{
  const char *text = build->options->source_date_epoch;
  uint64_t value;
  int64_t created;
  stage->epoch = 0;
  if (text && *text) {
    if (!oakum_parse_u64(text, strlen(text), (uint64_t)G_MAXINT64 / 2, &value)) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_USAGE,
                  "SOURCE_DATE_EPOCH \"%s\" is no number of seconds", text);
      return FALSE;
    }
    stage->epoch = (int64_t)value;
  } else if (build->options->keep_times) {
    stage->epoch = g_get_real_time() / G_USEC_PER_SEC;
  } else if (stage->config->created && oakum_time_parse(stage->config->created, &created) &&
             created > 0) {
    stage->epoch = created;
  }
  return TRUE;
}

Stage *oakum_build_stage_new(void)
{
  Stage *stage = g_new0(Stage, 1);
  stage->root = -1;
  g_mutex_init(&stage->root_lock);
  stage->exit_code = -1;
  stage->layers = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  stage->lines = g_array_new(FALSE, FALSE, sizeof(int));
  stage->args = oakum_str_map_new(g_free, g_free);
  stage->arg_wins = oakum_str_map_new(g_free, NULL);
  stage->arg_order = g_ptr_array_new_with_free_func(g_free);
  return stage;
}

static gboolean begin_from_image(Build *build, Stage *stage, const char *reference,
                                 const char *platform_text, int line, GError **error)
{
  OakumPlatform platform = build->options->platform, own = {0};
  if (platform_text) {
    if (!oakum_platform_parse(platform_text, &own, error))
      return FALSE;
    platform = own;
  }
  gboolean ok = TRUE;
  const OakumNamedContext *named = oakum_named_context_find(build->options->contexts, reference);
  if (named && named->image)
    reference = named->image;
  if (named && !named->image) {
    stage->config = oakum_config_new(&platform);
    stage->config->working_dir = g_strdup("/");
    ok = oakum_stage_add_folder(build, stage, named, line, error);
  } else if (strcmp(reference, "scratch") == 0) {
    stage->config = oakum_config_new(&platform);
    stage->config->working_dir = g_strdup("/");
  } else if ((stage->base = build->options->find_base(reference, &platform, build->options->user,
                                                      error)) != NULL) {
    stage->config = oakum_config_copy(stage->base->config);
    for (guint i = 0; i < stage->base->manifest->layers->len; i++) {
      g_ptr_array_add(stage->layers,
                      oakum_descriptor_copy(stage->base->manifest->layers->pdata[i]));
      g_array_append_val(stage->lines, line);
    }
  } else {
    ok = FALSE;
    g_autofree char *hint =
        named || strpbrk(reference, "/:@") ? NULL : oakum_plan_hint(build->dockerfile, reference);
    if (hint && *hint && error && *error) {
      char *whole = g_strconcat((*error)->message, hint, NULL);
      g_free((*error)->message);
      (*error)->message = whole;
    }
  }
  oakum_platform_clear(&own);
  return ok;
}

static void begin_from_stage(Stage *stage, const Stage *base)
{
  stage->config = oakum_config_copy(base->config);
  for (guint i = 0; i < base->layers->len; i++)
    g_ptr_array_add(stage->layers, oakum_descriptor_copy(base->layers->pdata[i]));
  g_array_append_vals(stage->lines, base->lines->data, base->lines->len);
  /* an ENV of the base wins over an ARG of it, in whatever order they stand there */
  for (guint i = 0; i < base->arg_order->len; i++) {
    const char *name = base->arg_order->pdata[i], *value = g_hash_table_lookup(base->args, name);
    g_ptr_array_add(stage->arg_order, g_strdup(name));
    if (value)
      g_hash_table_insert(stage->args, g_strdup(name), g_strdup(value));
  }
}

/* A word that is neither a stage nor, it seems, an image: what it can be. */
static void explain_missing(const Build *build, const char *reference, GError **error)
{
  if (!error || !*error || strpbrk(reference, "/:@") ||
      oakum_named_context_find(build->options->contexts, reference))
    return;
  g_autofree char *shown = oakum_escape_terminal(reference, -1);
  g_autofree char *was = (*error)->message, *near = oakum_plan_hint(build->dockerfile, reference);
  g_autofree char *what = g_strdup_printf("; say FROM ... AS %s in an earlier stage, give "
                                          "--build-context %s=..., or name the image in full",
                                          shown, shown);
  (*error)->message =
      g_strdup_printf("no stage before this one is called \"%s\", and as an image: %s%s", shown,
                      was, *near ? "" : what);
}

Stage *oakum_build_foreign(Build *build, const char *reference, GError **error)
{
  OAKUM_AUTO_LOCK(&build->foreign_lock); /* of two that want the same image one waits */
  for (guint i = 0; i < build->foreign->len; i++) {
    Stage *known = build->foreign->pdata[i];
    if (strcmp(known->foreign, reference) == 0)
      return known;
  }
  Stage *stage = oakum_build_stage_new();
  stage->foreign = g_strdup(reference);
  if (begin_from_image(build, stage, reference, NULL, 0, error)) {
    g_ptr_array_add(build->foreign, stage);
    return stage;
  }
  oakum_stage_free(stage);
  explain_missing(build, reference, error);
  return NULL;
}

static gboolean carry_out(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  switch (in->kind) {
  case OAKUM_INSTRUCTION_FROM:
    return TRUE;
  case OAKUM_INSTRUCTION_RUN:
    return oakum_step_run(build, stage, in, error);
  case OAKUM_INSTRUCTION_COPY:
  case OAKUM_INSTRUCTION_ADD:
    return oakum_step_copy(build, stage, in, error);
  case OAKUM_INSTRUCTION_WORKDIR:
    return oakum_step_workdir(build, stage, in, error);
  default:
    return oakum_step_config(build, stage, in, error);
  }
}

static gboolean run_instruction(Build *build, Stage *stage, const OakumInstruction *in,
                                GError **error)
{
  GError *local = NULL;
  stage->cached = FALSE;
  stage->exit_code = -1;
  oakum_build_tell(build, stage, in, OAKUM_BUILD_BEGIN, NULL);
  gboolean ok = carry_out(build, stage, in, &local);
  oakum_build_tell(build, stage, in, OAKUM_BUILD_END, local);
  if (!ok)
    g_propagate_error(error, local);
  return ok;
}

/* What the base image left for the build that is based on it. COPY --from sees the stages of this
 * Dockerfile. */
static gboolean run_triggers(Build *build, Stage *stage, int index, GError **error)
{
  g_auto(GStrv) triggers = g_steal_pointer(&stage->config->on_build);
  for (char **trigger = triggers; trigger && *trigger; trigger++) {
    /* as the last line of a file with as many stages: a number in --from means one of them */
    GString *text = g_string_new(NULL);
    for (int i = 0; i <= index; i++)
      g_string_append(text, "FROM scratch\n");
    g_string_append_printf(text, "%s\n", *trigger);
    g_autoptr(OakumDockerfile) tree =
        oakum_dockerfile_parse(text->str, text->len, "ONBUILD of the base", error);
    g_string_free(text, TRUE);
    if (!tree || !oakum_dockerfile_check(tree, error))
      return FALSE;
    guint only = (guint)index + 1;
    if (tree->instructions->len != only + 1) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "ONBUILD of the base: not one instruction");
      return FALSE;
    }
    OakumInstruction *in = tree->instructions->pdata[only];
    /* ONBUILD and MAINTAINER: no Dockerfile can say so, an image can, and BuildKit does it */
    if (in->kind == OAKUM_INSTRUCTION_FROM) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "ONBUILD of the base: %s is not allowed there", in->name);
      return FALSE;
    }
    in->stage = index;
    g_autofree char *shown = oakum_source_redact(in->text);
    oakum_info("ONBUILD %s %s", in->name, shown);
    if (!oakum_plan_can_build(tree, in, error) || !run_instruction(build, stage, in, error)) {
      g_prefix_error(error, "ONBUILD %s: ", in->name);
      return FALSE;
    }
  }
  return TRUE;
}

/* Triggers of the image that takes the place of a stage are not run, by nobody. What its lines of
 * the Dockerfile say for others stays true. */
static gboolean triggers_of_replaced(Build *build, Stage *stage, const Stage *base, GError **error)
{
  const OakumStage *source = build->dockerfile->stages->pdata[base->plan->stage];
  gboolean ok = TRUE;
  for (guint i = source->first; ok && i < source->end; i++) {
    const OakumInstruction *in = build->dockerfile->instructions->pdata[i];
    ok = in->kind != OAKUM_INSTRUCTION_ONBUILD || oakum_step_config(build, stage, in, error);
  }
  return ok;
}

gboolean oakum_stage_run(Build *build, Stage *stage, GError **error)
{
  const OakumPlanStage *plan = stage->plan;
  const OakumStage *source = build->dockerfile->stages->pdata[plan->stage];
  gboolean ok = TRUE;
  if (plan->base_stage >= 0) {
    const Stage *base = oakum_build_stage(build, plan->base_stage, error);
    if (!base)
      return FALSE;
    if (base->base) /* its blobs: opened again, so that each stage owns what it reads */
      ok = begin_from_image(build, stage, base->base->name, base->platform, 0, error);
    stage->platform = base->platform;
    if (ok) {
      oakum_config_free(stage->config);
      g_ptr_array_set_size(stage->layers, 0);
      g_array_set_size(stage->lines, 0);
      begin_from_stage(stage, base);
      ok = !base->plan->replaced || triggers_of_replaced(build, stage, base, error);
    }
  } else {
    stage->platform = plan->platform;
    ok =
        begin_from_image(build, stage, plan->base, plan->platform, source->base->range.line, error);
    if (ok && plan->replaced)
      g_clear_pointer(&stage->config->on_build, g_strfreev);
  }
  if (ok && !plan->replaced && !oakum_config_getenv(stage->config, "PATH"))
    oakum_config_setenv(stage->config, "PATH", OAKUM_DEFAULT_PATH);
  ok = ok && choose_epoch(build, stage, error) && run_triggers(build, stage, plan->stage, error);
  if (!ok) {
    g_prefix_error(error, "%s:%d: FROM %s: ", build->dockerfile->file, source->base->range.line,
                   source->base->value);
    return FALSE;
  }
  for (guint i = source->first; i < source->end && !plan->replaced; i++) {
    const OakumInstruction *in = build->dockerfile->instructions->pdata[i];
    g_autofree char *text = oakum_source_redact(in->text);
    oakum_info("%s:%d: %s %s", build->dockerfile->file, in->range.line, in->name, text);
    if (!oakum_graph_go_on(build->graph, error) || !run_instruction(build, stage, in, error)) {
      g_prefix_error(error, "%s:%d: %s: ", build->dockerfile->file, in->range.line, in->name);
      return FALSE;
    }
  }
  return TRUE;
}
