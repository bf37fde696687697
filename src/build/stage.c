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

/* The image that FROM means by this name; NULL: a folder, or scratch. */
static const char *image_of(const Build *build, const char *name, const OakumNamedContext **folder)
{
  const OakumNamedContext *named = oakum_named_context_find(build->options->contexts, name);
  *folder = named && !named->image ? named : NULL;
  const char *image = named ? named->image : name;
  return image && strcmp(image, "scratch") != 0 ? image : NULL;
}

/* The base of the stage, unless it is open already. */
static gboolean open_base(Build *build, Stage *stage, const char *image,
                          const OakumPlatform *platform, GError **error)
{
  if (stage->base)
    return TRUE;
  stage->base = build->options->find_base(image, platform, build->options->user, error);
  if (stage->base)
    return TRUE;
  g_autofree char *hint = strpbrk(image, "/:@") ? NULL : oakum_plan_hint(build->dockerfile, image);
  if (hint && *hint && error && *error) {
    char *whole = g_strconcat((*error)->message, hint, NULL);
    g_free((*error)->message);
    (*error)->message = whole;
  }
  return FALSE;
}

/* Of a stage that FROM asked for, else the build's; borrowed of both. */
static gboolean platform_of(const Build *build, const char *text, OakumPlatform *own,
                            const OakumPlatform **platform, GError **error)
{
  *platform = text ? own : &build->options->platform;
  return !text || oakum_platform_parse(text, own, error);
}

static gboolean begin_from_image(Build *build, Stage *stage, const char *reference,
                                 const char *platform_text, int line, GError **error)
{
  g_auto(OakumPlatform) own = {NULL};
  const OakumPlatform *platform;
  const OakumNamedContext *folder;
  const char *image = image_of(build, reference, &folder);
  if (!platform_of(build, platform_text, &own, &platform, error))
    return FALSE;
  if (!image) {
    stage->config = oakum_config_new(platform);
    stage->config->working_dir = g_strdup("/");
    return !folder || oakum_stage_add_folder(build, stage, folder, line, error);
  }
  if (!open_base(build, stage, image, platform, error))
    return FALSE;
  stage->config = oakum_config_copy(stage->base->config);
  for (guint i = 0; i < stage->base->manifest->layers->len; i++) {
    g_ptr_array_add(stage->layers, oakum_descriptor_copy(stage->base->manifest->layers->pdata[i]));
    g_array_append_val(stage->lines, line);
  }
  return TRUE;
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

/* A trigger that a base image left for the builds that are based on it, as the last line of a file
 * with as many stages: a number in --from means one of this Dockerfile. */
static OakumDockerfile *parse_trigger(const char *trigger, int index, GError **error)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (int i = 0; i <= index; i++)
    g_string_append(text, "FROM scratch\n");
  g_string_append_printf(text, "%s\n", trigger);
  g_autoptr(OakumDockerfile) parsed =
      oakum_dockerfile_parse(text->str, text->len, "ONBUILD of the base", error);
  if (!parsed || !oakum_dockerfile_check(parsed, error))
    return NULL;
  guint only = (guint)index + 1;
  if (parsed->instructions->len != only + 1) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "ONBUILD of the base: not one instruction");
    return NULL;
  }
  OakumInstruction *in = parsed->instructions->pdata[only];
  /* ONBUILD and MAINTAINER: no Dockerfile can say so, an image can, and BuildKit does it */
  if (in->kind == OAKUM_INSTRUCTION_FROM) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "ONBUILD of the base: %s is not allowed there", in->name);
    return NULL;
  }
  in->stage = index;
  if (!oakum_plan_can_build(parsed, in, error)) {
    g_prefix_error(error, "ONBUILD %s: ", in->name);
    return NULL;
  }
  return g_steal_pointer(&parsed);
}

/* Those of a config, read but once for a stage. */
static gboolean parse_triggers(Stage *stage, char *const *texts, GError **error)
{
  if (stage->triggers)
    return TRUE;
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_dockerfile_free);
  for (; texts && *texts; texts++) {
    OakumDockerfile *parsed = parse_trigger(*texts, stage->plan->stage, error);
    if (!parsed)
      return FALSE;
    g_ptr_array_add(list, parsed);
  }
  stage->triggers = g_steal_pointer(&list);
  return TRUE;
}

/* Borrowed of what parse_triggers read. */
static OakumInstruction *trigger_at(const Stage *stage, guint i)
{
  const OakumDockerfile *parsed = stage->triggers->pdata[i];
  return parsed->instructions->pdata[parsed->instructions->len - 1];
}

static gboolean run_triggers(Build *build, Stage *stage, GError **error)
{
  g_auto(GStrv) texts = g_steal_pointer(&stage->config->on_build);
  if (!parse_triggers(stage, texts, error))
    return FALSE;
  for (guint i = 0; i < stage->triggers->len; i++) {
    const OakumInstruction *in = trigger_at(stage, i);
    g_autofree char *shown = oakum_source_redact(in->text);
    oakum_info("ONBUILD %s %s", in->name, shown);
    if (!run_instruction(build, stage, in, error)) {
      g_prefix_error(error, "ONBUILD %s: ", in->name);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean blame_from(const Build *build, const OakumStage *source, GError **error)
{
  g_prefix_error(error, "%s:%d: FROM %s: ", build->dockerfile->file, source->base->range.line,
                 source->base->value);
  return FALSE;
}

/* ---- what can be known before the first step
 * ----------------------------------------------------------------- */

/* What an instruction of stage `index` takes files from: a stage that nobody has planned must be
 * one that can be, an image must be there. Names that an argument decides are looked at later. */
static gboolean look_at_source(Build *build, const char *name, int other, GError **error)
{
  const OakumNamedContext *folder;
  if (other < 0)
    return strchr(name, '$') || (!image_of(build, name, &folder)) ||
           oakum_build_foreign(build, name, error) != NULL;
  if (build->stages[other])
    return TRUE;
  guint count = build->dockerfile->stages->len;
  g_autofree gboolean *planned = g_new0(gboolean, count);
  for (guint i = 0; i < count; i++)
    planned[i] = build->stages[i] != NULL;
  g_autoptr(OakumPlan) late = oakum_plan_late(build->plan, build->dockerfile,
                                              build->options->contexts, other, planned, error);
  return late && oakum_build_check_rung(late, build->dockerfile, build->options, error);
}

static gboolean look_at_instruction(Build *build, const OakumInstruction *in, int index,
                                    GError **error)
{
  const OakumDockerfile *dockerfile = build->dockerfile;
  const GPtrArray *contexts = build->options->contexts;
  const char *from = in->kind == OAKUM_INSTRUCTION_COPY ? oakum_instruction_flag(in, "from") : NULL;
  int other = -1;
  if (from && *from &&
      (!oakum_plan_find_from(dockerfile, contexts, from, index, &other, error) ||
       !look_at_source(build, from, other, error)))
    return FALSE;
  for (guint i = 0; i < in->mounts->len; i++) {
    const OakumMount *mount = in->mounts->pdata[i];
    if (!mount->from || !*mount->from ||
        (mount->type != OAKUM_MOUNT_BIND && mount->type != OAKUM_MOUNT_CACHE))
      continue;
    other = oakum_named_context_find(contexts, mount->from)
                ? -1
                : oakum_dockerfile_find_stage_name(dockerfile, mount->from, index);
    if (!look_at_source(build, mount->from, other, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean look_at_base(Build *build, Stage *stage, GError **error)
{
  const OakumPlanStage *plan = stage->plan;
  const OakumNamedContext *folder;
  const char *image = plan->base_stage < 0 ? image_of(build, plan->base, &folder) : NULL;
  g_auto(OakumPlatform) own = {NULL};
  const OakumPlatform *platform;
  if (!image)
    return TRUE;
  if (!platform_of(build, plan->platform, &own, &platform, error) ||
      !open_base(build, stage, image, platform, error))
    return FALSE;
  if (plan->replaced)
    return TRUE;
  if (!parse_triggers(stage, stage->base->config->on_build, error))
    return FALSE;
  for (guint i = 0; i < stage->triggers->len; i++) {
    const OakumInstruction *in = trigger_at(stage, i);
    if (!look_at_instruction(build, in, plan->stage, error)) {
      g_prefix_error(error, "ONBUILD %s: ", in->name);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean oakum_stage_look(Build *build, Stage *stage, GError **error)
{
  const OakumPlanStage *plan = stage->plan;
  const OakumStage *source = build->dockerfile->stages->pdata[plan->stage];
  if (!look_at_base(build, stage, error))
    return blame_from(build, source, error);
  for (guint i = source->first; i < source->end && !plan->replaced; i++) {
    const OakumInstruction *in = build->dockerfile->instructions->pdata[i];
    GError *local = NULL;
    if (look_at_instruction(build, in, plan->stage, &local))
      continue;
    oakum_build_tell(build, stage, in, OAKUM_BUILD_BEGIN, NULL);
    oakum_build_tell(build, stage, in, OAKUM_BUILD_END, local);
    g_propagate_error(error, local);
    g_prefix_error(error, "%s:%d: %s: ", build->dockerfile->file, in->range.line, in->name);
    return FALSE;
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
  ok = ok && choose_epoch(build, stage, error) && run_triggers(build, stage, error);
  if (!ok)
    return blame_from(build, source, error);
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
