#include "build/source-private.h"
#include <string.h>

typedef struct {
  GHashTable *args;
} Scope;

static const char *lookup(const char *name, gpointer user)
{
  return g_hash_table_lookup(((Scope *)user)->args, name);
}

static void plan_stage_free(gpointer p)
{
  OakumPlanStage *stage = p;
  g_free(stage->base);
  g_free(stage->platform);
  g_free(stage);
}

void oakum_plan_free(OakumPlan *plan)
{
  if (!plan)
    return;
  g_ptr_array_unref(plan->stages);
  g_hash_table_unref(plan->args);
  g_free(plan);
}

static gboolean at_place(GError **error, const OakumDockerfile *dockerfile, const OakumRange *range)
{
  g_prefix_error(error, "%s:%d:%d: ", dockerfile->file, range->line, range->column);
  return FALSE;
}

static void platform_args(GHashTable *args, const char *prefix, const OakumPlatform *platform)
{
  const char *names[] = {"PLATFORM", "OS", "ARCH", "VARIANT"};
  g_autofree char *whole = oakum_platform_format(platform);
  const char *values[] = {whole, platform->os, platform->architecture,
                          platform->variant ? platform->variant : ""};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    g_hash_table_insert(args, g_strconcat(prefix, names[i], NULL), g_strdup(values[i]));
}

/* What is known before the first line; the command line may say other values. `last`: the stage
 * that is wanted, `target`: by these words, or NULL. */
static void given_args(OakumPlan *plan, const OakumStage *last, const char *target,
                       GHashTable *build_args, const OakumPlatform *platform)
{
  OakumPlatform host;
  oakum_platform_host(&host);
  platform_args(plan->args, "TARGET", platform);
  platform_args(plan->args, "BUILD", &host);
  oakum_platform_clear(&host);
  const char *stage = target ? target : last->name;
  g_hash_table_insert(plan->args, g_strdup("TARGETSTAGE"), g_strdup(stage ? stage : "default"));
  g_autofree gpointer *names = g_hash_table_get_keys_as_array(plan->args, NULL);
  for (gpointer *name = names; *name; name++) {
    const char *given = build_args ? g_hash_table_lookup(build_args, *name) : NULL;
    if (given)
      g_hash_table_replace(plan->args, g_strdup(*name), g_strdup(given));
  }
}

static gboolean global_args(OakumPlan *plan, const OakumDockerfile *dockerfile,
                            GHashTable *build_args, GError **error)
{
  Scope scope = {plan->args};
  for (guint i = 0; i < dockerfile->instructions->len; i++) {
    const OakumInstruction *in = dockerfile->instructions->pdata[i];
    if (in->stage >= 0)
      break;
    for (guint j = 0; j < in->words->len; j++) {
      const OakumWord *word = in->words->pdata[j];
      const char *given = build_args ? g_hash_table_lookup(build_args, word->name) : NULL;
      g_autofree char *value = given ? g_strdup(given) : NULL;
      if (!value && word->value &&
          !(value =
                oakum_dockerfile_expand(word->value, dockerfile->escape, lookup, &scope, error)))
        return at_place(error, dockerfile, &word->range);
      if (value)
        g_hash_table_replace(plan->args, g_strdup(word->name), g_steal_pointer(&value));
    }
  }
  return TRUE;
}

static G_GNUC_PRINTF(4, 5) gboolean
    unsupported(const OakumDockerfile *dockerfile, const OakumRange *range, GError **error,
                const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *what = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error_literal(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_UNSUPPORTED, what);
  return at_place(error, dockerfile, range);
}

gboolean oakum_plan_find_from(const OakumDockerfile *dockerfile, const GPtrArray *contexts,
                              const char *name, int stage, int *index, GError **error)
{
  *index = -1;
  if (oakum_named_context_find(contexts, name))
    return TRUE;
  *index = oakum_dockerfile_find_stage(dockerfile, name, stage);
  if (*index >= 0)
    return TRUE;
  gboolean number = *name && strspn(name, "0123456789") == strlen(name);
  int later = oakum_dockerfile_find_stage(dockerfile, name, (int)dockerfile->stages->len);
  if (!number && later < 0)
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(name, -1);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
              later < 0        ? "--from=%s: there is no such stage"
              : later == stage ? "--from=%s: a stage cannot copy from itself"
                               : "--from=%s: that stage comes later; move it up",
              shown);
  return FALSE;
}

/* The language holds more than is built: what is not is refused here, before anything runs, and
 * never passed over. */
gboolean oakum_plan_can_build(const OakumDockerfile *dockerfile, const OakumInstruction *in,
                              GError **error)
{
  static const char *const from_flags[] = {"platform", NULL};
  static const char *const copy_flags[] = {"from",    "chown",   "chmod", "link",
                                           "parents", "exclude", NULL};
  static const char *const add_flags[] = {"chown",  "chmod",    "link",         "exclude",
                                          "unpack", "checksum", "keep-git-dir", NULL};
  static const char *const check_flags[] = {"interval",       "timeout", "start-period",
                                            "start-interval", "retries", NULL};
  static const char *const run_flags[] = {"mount", "network", "security", NULL};
  static const char *const no_flags[] = {NULL};
  const char *const *flags = no_flags;
  switch (in->kind) {
  case OAKUM_INSTRUCTION_UNKNOWN:
    return unsupported(dockerfile, &in->keyword_range, error, "%s is not supported yet", in->name);
  case OAKUM_INSTRUCTION_HEALTHCHECK:
    flags = check_flags;
    break;
  case OAKUM_INSTRUCTION_FROM:
    flags = from_flags;
    break;
  case OAKUM_INSTRUCTION_COPY:
    flags = copy_flags;
    break;
  case OAKUM_INSTRUCTION_RUN:
    flags = run_flags;
    break;
  case OAKUM_INSTRUCTION_ADD:
    flags = add_flags;
    break;
  default:
    break;
  }
  for (guint i = 0; i < in->flags->len; i++) {
    const OakumWord *flag = in->flags->pdata[i];
    if (!g_strv_contains(flags, flag->name))
      return unsupported(dockerfile, &flag->range, error, "%s: the flag --%s is not supported yet",
                         in->name, flag->name);
    if (strcmp(flag->name, "security") == 0 && flag->value && strcmp(flag->value, "sandbox") != 0)
      return unsupported(dockerfile, &flag->range, error,
                         "RUN --security=%s: no step gets more rights than it has", flag->value);
  }
  return TRUE;
}

/* The stages that `stage` is made of, before it; each once. */
static gboolean add_stage(OakumPlan *plan, const OakumDockerfile *dockerfile,
                          const GPtrArray *contexts, int index, gboolean *planned, GError **error);

/* The stages that an instruction of stage `index` takes files from. */
static gboolean add_sources(OakumPlan *plan, const OakumDockerfile *dockerfile,
                            const GPtrArray *contexts, const OakumInstruction *in, int index,
                            gboolean *planned, GError **error)
{
  const char *from = in->kind == OAKUM_INSTRUCTION_COPY ? oakum_instruction_flag(in, "from") : NULL;
  int other = -1;
  if (from && !oakum_plan_find_from(dockerfile, contexts, from, index, &other, error))
    return at_place(error, dockerfile, &oakum_instruction_flag_word(in, "from")->range);
  gboolean ok = other < 0 || add_stage(plan, dockerfile, contexts, other, planned, error);
  for (guint i = 0; ok && i < in->mounts->len; i++) {
    from = ((const OakumMount *)in->mounts->pdata[i])->from;
    other = from && !oakum_named_context_find(contexts, from)
                ? oakum_dockerfile_find_stage_name(dockerfile, from, index)
                : -1;
    ok = other < 0 || add_stage(plan, dockerfile, contexts, other, planned, error);
  }
  return ok;
}

/* What the triggers of the stage below take from: they run in stage `index`. */
static gboolean add_trigger_sources(OakumPlan *plan, const OakumDockerfile *dockerfile,
                                    const GPtrArray *contexts, int below, int index,
                                    gboolean *planned, GError **error)
{
  const OakumStage *stage = dockerfile->stages->pdata[below];
  gboolean ok = TRUE;
  for (guint i = stage->first; ok && i < stage->end; i++) {
    const OakumInstruction *in = dockerfile->instructions->pdata[i];
    if (in->kind == OAKUM_INSTRUCTION_ONBUILD && in->inner)
      ok = add_sources(plan, dockerfile, contexts, in->inner, index, planned, error);
  }
  return ok;
}

static gboolean add_stage(OakumPlan *plan, const OakumDockerfile *dockerfile,
                          const GPtrArray *contexts, int index, gboolean *planned, GError **error)
{
  if (planned[index])
    return TRUE;
  planned[index] = TRUE; /* references only go back: no circle is possible */
  const OakumStage *stage = dockerfile->stages->pdata[index];
  Scope scope = {plan->args};
  OakumPlanStage *out = g_new0(OakumPlanStage, 1);
  *out = (OakumPlanStage){.stage = index, .base_stage = -1};
  if (stage->name && oakum_named_context_find(contexts, stage->name)) {
    out->base = g_strdup(stage->name);
    out->replaced = TRUE;
    g_ptr_array_add(plan->stages, out);
    return TRUE;
  }
  g_autofree char *base =
      oakum_dockerfile_expand(stage->base->value, dockerfile->escape, lookup, &scope, error);
  if (base && !*base)
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "FROM \"%s\" names nothing; is an ARG missing before it?", stage->base->value);
  if (stage->platform && base)
    out->platform =
        oakum_dockerfile_expand(stage->platform->value, dockerfile->escape, lookup, &scope, error);
  OakumPlatform own = {0};
  if (!base || !*base ||
      (stage->platform && (!out->platform || !oakum_platform_parse(out->platform, &own, error)))) {
    plan_stage_free(out);
    return at_place(error, dockerfile, &stage->base->range);
  }
  oakum_platform_clear(&own);
  out->base_stage = oakum_dockerfile_find_stage_name(dockerfile, base, index);
  if (out->base_stage < 0)
    out->base = g_steal_pointer(&base);
  gboolean ok =
      out->base_stage < 0 ||
      (add_stage(plan, dockerfile, contexts, out->base_stage, planned, error) &&
       add_trigger_sources(plan, dockerfile, contexts, out->base_stage, index, planned, error));
  for (guint i = stage->first; ok && i < stage->end; i++) {
    const OakumInstruction *in = dockerfile->instructions->pdata[i];
    if (!(ok = oakum_plan_can_build(dockerfile, in, error)))
      break;
    out->has_files |= in->kind == OAKUM_INSTRUCTION_RUN || in->kind == OAKUM_INSTRUCTION_COPY ||
                      in->kind == OAKUM_INSTRUCTION_ADD || in->kind == OAKUM_INSTRUCTION_WORKDIR;
    ok = add_sources(plan, dockerfile, contexts, in, index, planned, error);
  }
  g_ptr_array_add(plan->stages, out);
  return ok;
}

char *oakum_plan_hint(const OakumDockerfile *dockerfile, const char *name)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; i < dockerfile->stages->len; i++) {
    const OakumStage *stage = dockerfile->stages->pdata[i];
    if (stage->name && strnlen(name, 3) > 2) /* any two letters are near to each other */
      g_ptr_array_add(names, stage->name);
  }
  g_ptr_array_add(names, NULL);
  const char *near = oakum_dockerfile_suggest(name, (const char *const *)names->pdata,
                                              strnlen(name, 5) < 5 ? 1 : 2);
  g_autofree char *shown = near ? oakum_escape_terminal(near, -1) : NULL;
  return shown ? g_strdup_printf("; did you mean the stage \"%s\"?", shown) : g_strdup("");
}

OakumPlan *oakum_plan_make(const OakumDockerfile *dockerfile, GHashTable *build_args,
                           const GPtrArray *contexts, const char *target,
                           const OakumPlatform *platform, GError **error)
{
  if (!oakum_dockerfile_check(dockerfile, error))
    return NULL;
  g_autoptr(OakumPlan) plan = g_new0(OakumPlan, 1);
  plan->stages = g_ptr_array_new_with_free_func(plan_stage_free);
  plan->args = oakum_str_map_new(g_free, g_free);
  int count = (int)dockerfile->stages->len;
  int last = target ? oakum_dockerfile_find_stage(dockerfile, target, count) : count - 1;
  if (last < 0) {
    g_autofree char *shown = oakum_escape_terminal(target, -1),
                    *hint = oakum_plan_hint(dockerfile, target);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND, "%s has no stage \"%s\"%s",
                dockerfile->file, shown, hint);
    return NULL;
  }
  g_autofree gboolean *planned = g_new0(gboolean, (gsize)count);
  given_args(plan, dockerfile->stages->pdata[last], target, build_args, platform);
  if (!global_args(plan, dockerfile, build_args, error) ||
      !add_stage(plan, dockerfile, contexts, last, planned, error))
    return NULL;
  return g_steal_pointer(&plan);
}

OakumPlan *oakum_plan_late(const OakumPlan *plan, const OakumDockerfile *dockerfile,
                           const GPtrArray *contexts, int index, gboolean *planned, GError **error)
{
  g_autoptr(OakumPlan) late = g_new0(OakumPlan, 1);
  late->stages = g_ptr_array_new_with_free_func(plan_stage_free);
  late->args = g_hash_table_ref(plan->args);
  return add_stage(late, dockerfile, contexts, index, planned, error) ? g_steal_pointer(&late)
                                                                      : NULL;
}

char *oakum_plan_format(const OakumPlan *plan, const OakumDockerfile *dockerfile)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < plan->stages->len; i++) {
    const OakumPlanStage *stage = plan->stages->pdata[i];
    const OakumStage *source = dockerfile->stages->pdata[stage->stage];
    g_autofree char *base = stage->base ? oakum_escape_terminal(stage->base, -1)
                                        : g_strdup_printf("stage %d", stage->base_stage);
    g_string_append_printf(out, "stage %d%s%s from %s%s%s\n", stage->stage, source->name ? " " : "",
                           source->name ? source->name : "", base, stage->platform ? " for " : "",
                           stage->platform ? stage->platform : "");
    for (guint j = source->first + 1; j < source->end && !stage->replaced; j++) {
      const OakumInstruction *in = dockerfile->instructions->pdata[j];
      g_autofree char *bare = oakum_source_redact(in->text);
      g_autofree char *text = oakum_escape_terminal(bare, -1);
      const char *from = oakum_instruction_flag(in, "from");
      g_autofree char *shown = from ? oakum_escape_terminal(from, -1) : NULL;
      g_string_append_printf(out, "  line %d: %s %s%s%s%s\n", in->range.line, in->name,
                             from ? "--from=" : "", from ? shown : "", from ? " " : "", text);
    }
  }
  return g_string_free(out, FALSE);
}
