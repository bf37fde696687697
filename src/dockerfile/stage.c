/* Stages and what they use: the graph of a file. */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

static gboolean stage_name_ok(const char *name)
{
  if (!g_ascii_islower(*name))
    return FALSE;
  for (; *name; name++)
    if (!g_ascii_islower(*name) && !g_ascii_isdigit(*name) && !strchr("-_.", *name))
      return FALSE;
  return TRUE;
}

/* Names of the stages so far to their index; a later one of the same name hides the first. */
typedef struct {
  OakumParser *parser;
  OakumDockerfile *df;
  GHashTable *names; /* borrowed name → index + 1 */
  GHashTable *last;  /* the same of the whole file: the last stage of that name */
} Graph;

static int by_name(const Graph *graph, const char *name)
{
  g_autofree char *lower = g_ascii_strdown(name, -1);
  return GPOINTER_TO_INT(g_hash_table_lookup(graph->names, lower)) - 1;
}

static OakumStageUse *add_use(OakumStage *stage, OakumStageUseKind kind, const char *name,
                              const OakumRange *range, guint instruction)
{
  OakumStageUse *use = g_new0(OakumStageUse, 1);
  *use = (OakumStageUse){.kind = kind,
                         .name = g_strdup(name),
                         .range = *range,
                         .instruction = instruction,
                         .stage = -1};
  g_ptr_array_add(stage->uses, use);
  return use;
}

/* What stands behind this stage, or is it itself, cannot be used; only its name tells it from an
 * image, so that the whole file is asked. */
static void check_order(Graph *graph, const OakumStageUse *use, int stage)
{
  g_autofree char *lower = g_ascii_strdown(use->name, -1);
  int last = GPOINTER_TO_INT(g_hash_table_lookup(graph->last, lower)) - 1;
  if (last < stage)
    return;
  oakum_parser_fail(
      graph->parser, &use->range, last == stage ? "circular-stage" : "later-stage", NULL,
      last == stage ? "the stage \"%s\" cannot use itself" : "the stage \"%s\" begins only later",
      lower);
}

static void use_stage(Graph *graph, int index, OakumStageUse *use)
{
  uint64_t number;
  size_t len = strlen(use->name);
  if (use->onbuild)
    return;
  if (use->kind == OAKUM_USE_COPY && oakum_parse_u64(use->name, len, G_MAXINT, &number)) {
    if (number >= graph->df->stages->len)
      oakum_parser_fail(graph->parser, &use->range, "bad-stage-index", NULL, "there is no stage %s",
                        use->name);
    else if ((int)number >= index)
      oakum_parser_fail(graph->parser, &use->range,
                        (int)number == index ? "circular-stage" : "later-stage", NULL,
                        (int)number == index ? "the stage %s cannot use itself"
                                             : "the stage %s begins only later",
                        use->name);
    else
      use->stage = (int)number;
    return;
  }
  use->stage = by_name(graph, use->name);
  if (use->stage < 0)
    check_order(graph, use, index);
}

static void use_copy(Graph *graph, int index, const OakumInstruction *in, gboolean onbuild)
{
  OakumStage *stage = graph->df->stages->pdata[index];
  const OakumWord *from = oakum_instruction_flag_word(in, "from");
  if (!from || !from->value || !*from->value)
    return;
  if (strpbrk(from->value, "$\"'") && !onbuild) {
    oakum_parser_fail(graph->parser, &from->value_range, "variable-in-from",
                      g_strdup("give the image a stage of its own: FROM takes variables"),
                      "%s: --from takes no variables", in->name);
    return;
  }
  OakumStageUse *use = add_use(stage, OAKUM_USE_COPY, from->value, &from->value_range, in->index);
  use->onbuild = onbuild;
  use_stage(graph, index, use);
}

static void use_mounts(Graph *graph, int index, const OakumInstruction *in, gboolean onbuild)
{
  OakumStage *stage = graph->df->stages->pdata[index];
  for (guint i = 0; i < in->mounts->len; i++) {
    const OakumMount *mount = in->mounts->pdata[i];
    const OakumWord *from = NULL;
    for (guint j = 0; mount->from && j < mount->fields->len; j++)
      if (strcmp(((const OakumWord *)mount->fields->pdata[j])->name, "from") == 0)
        from = mount->fields->pdata[j];
    if (!from || !from->value || !*from->value)
      continue;
    OakumStageUse *use =
        add_use(stage, OAKUM_USE_MOUNT, from->value, &from->value_range, in->index);
    use->onbuild = onbuild;
    use_stage(graph, index, use);
  }
}

static void use_instruction(Graph *graph, int index, const OakumInstruction *outer)
{
  gboolean onbuild = outer->kind == OAKUM_INSTRUCTION_ONBUILD && outer->inner;
  const OakumInstruction *in = onbuild ? outer->inner : outer;
  if (in->kind == OAKUM_INSTRUCTION_COPY)
    use_copy(graph, index, in, onbuild);
  if (in->kind == OAKUM_INSTRUCTION_RUN)
    use_mounts(graph, index, in, onbuild);
}

static void name_stage(Graph *graph, OakumStage *stage, const OakumInstruction *in)
{
  OakumDockerfile *df = graph->df;
  stage->name_range = stage->as_range =
      oakum_dockerfile_range(df, in->line_range.end_offset, in->line_range.end_offset);
  if (in->words->len != 3 ||
      g_ascii_strcasecmp(((const OakumWord *)in->words->pdata[1])->value, "as") != 0)
    return;
  const OakumWord *name = in->words->pdata[2];
  stage->as_range = ((const OakumWord *)in->words->pdata[1])->range;
  stage->name_range = name->range;
  g_autofree char *lower = g_ascii_strdown(name->value, -1);
  if (stage_name_ok(lower)) {
    stage->name = g_steal_pointer(&lower);
    return;
  }
  g_autofree char *shown = oakum_shorten(name->value, strlen(name->value));
  oakum_parser_fail(
      graph->parser, &name->range, "bad-stage-name", NULL,
      "the stage name \"%s\" must begin with a letter and hold letters, digits, - _ .", shown);
}

static gboolean add_stage(Graph *graph, guint first)
{
  OakumDockerfile *df = graph->df;
  OakumInstruction *in = df->instructions->pdata[first];
  if (df->stages->len >= OAKUM_DOCKERFILE_STAGES_MAX)
    return oakum_parser_limit(graph->parser, &in->keyword_range, "more than %u stages",
                              OAKUM_DOCKERFILE_STAGES_MAX);
  if (df->stages->len > 0)
    ((OakumStage *)df->stages->pdata[df->stages->len - 1])->end = first;
  OakumStage *stage = oakum_stage_new();
  stage->first = first;
  stage->end = df->instructions->len;
  stage->base = in->words->len > 0 ? in->words->pdata[0] : NULL;
  stage->platform = (OakumWord *)oakum_instruction_flag_word(in, "platform");
  g_ptr_array_add(df->stages, stage);
  if (stage->base) {
    OakumStageUse *use =
        add_use(stage, OAKUM_USE_FROM, stage->base->value, &stage->base->range, first);
    stage->parent = use->stage = by_name(graph, use->name);
  }
  name_stage(graph, stage, in);
  if (stage->name) {
    gpointer index = GINT_TO_POINTER((int)df->stages->len);
    g_hash_table_insert(graph->names, stage->name, index);
    g_hash_table_insert(graph->last, stage->name, index);
  }
  return TRUE;
}

void oakum_parser_stages(OakumParser *parser)
{
  OakumDockerfile *df = parser->out;
  g_autoptr(GHashTable) names = oakum_str_map_new(NULL, NULL), last = oakum_str_map_new(NULL, NULL);
  Graph graph = {parser, df, names, last};
  gboolean early = FALSE;
  for (guint i = 0; i < df->instructions->len; i++) {
    OakumInstruction *in = df->instructions->pdata[i];
    parser->current = in;
    if (in->kind == OAKUM_INSTRUCTION_FROM && !add_stage(&graph, i))
      break;
    int stage = (int)df->stages->len - 1;
    in->stage = stage;
    if (in->inner)
      in->inner->stage = stage;
    if (stage >= 0 || in->kind == OAKUM_INSTRUCTION_ARG || parser->from_misspelt ||
        in->kind == OAKUM_INSTRUCTION_UNKNOWN)
      continue;
    early = TRUE;
    oakum_parser_fail(parser, &in->keyword_range, "before-from", NULL,
                      "%s stands before the first FROM", in->name);
  }
  g_hash_table_remove_all(names);
  /* the names of later stages are told from images only when all stages are there */
  for (guint s = 0; s < df->stages->len && !parser->limited; s++) {
    const OakumStage *stage = df->stages->pdata[s];
    for (guint i = stage->first + 1; i < stage->end; i++) {
      parser->current = df->instructions->pdata[i];
      use_instruction(&graph, (int)s, parser->current);
    }
    if (stage->name)
      g_hash_table_insert(names, stage->name, GINT_TO_POINTER((int)s + 1));
  }
  parser->current = NULL;
  OakumRange top = oakum_dockerfile_range(df, 0, 0);
  if (df->stages->len == 0 && !early && !parser->from_misspelt)
    oakum_parser_fail(parser, &top, "no-from", NULL, "no FROM: there is nothing to build");
}

int oakum_dockerfile_find_stage_name(const OakumDockerfile *df, const char *name, int before)
{
  for (int i = MIN(before, (int)df->stages->len) - 1; i >= 0; i--) {
    const OakumStage *stage = df->stages->pdata[i];
    if (stage->name && g_ascii_strcasecmp(stage->name, name) == 0)
      return i;
  }
  return -1;
}

int oakum_dockerfile_find_stage(const OakumDockerfile *df, const char *name, int before)
{
  int index = oakum_dockerfile_find_stage_name(df, name, before);
  uint64_t number;
  if (index < 0 && oakum_parse_u64(name, strlen(name), OAKUM_DOCKERFILE_STAGES_MAX, &number) &&
      (int)number < before && (int)number < (int)df->stages->len)
    return (int)number;
  return index;
}

gboolean *oakum_dockerfile_reachable(const OakumDockerfile *df, int target)
{
  gboolean *needed = g_new0(gboolean, MAX(df->stages->len, 1));
  int last = (int)df->stages->len - 1;
  if (target < 0 || target > last)
    target = last;
  if (target >= 0)
    needed[target] = TRUE;
  for (int i = target; i >= 0; i--) { /* uses only go back */
    const OakumStage *stage = df->stages->pdata[i];
    for (guint j = 0; needed[i] && j < stage->uses->len; j++) {
      const OakumStageUse *use = stage->uses->pdata[j];
      if (use->stage >= 0 && !use->onbuild)
        needed[use->stage] = TRUE;
    }
  }
  return needed;
}
