/* Compat docker: which stage needs which, and what ONBUILD of a base leaves. */
#include "lint/docker-private.h"
#include <string.h>

/* ---- the graph
 * ----------------------------------------------------------------------------------- */
static DockerStage *outside_source(Docker *docker, const char *name, const OakumInstruction *at)
{
  DockerStage *stage = docker_stage_new(at);
  stage->base_name = g_strdup(name);
  stage->outside = TRUE;
  g_ptr_array_add(docker->stages, stage);
  docker_add_stage(docker, stage);
  return stage;
}

static DockerStage *by_name(const Docker *docker, const char *name)
{
  g_autofree char *lower = g_ascii_strdown(name, -1);
  return g_hash_table_lookup(docker->by_name, lower);
}

static void depend(DockerStage *stage, DockerStage *on, const OakumInstruction *at)
{
  guint behind = GPOINTER_TO_UINT(g_hash_table_lookup(stage->dep_places, on));
  if (behind > 0) {
    stage->dep_at->pdata[behind - 1] = (gpointer)at;
    return;
  }
  g_ptr_array_add(stage->deps, on);
  g_hash_table_insert(stage->dep_places, on, GUINT_TO_POINTER(stage->deps->len));
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
      docker_stop_at(docker, span, "a stage needs itself", NULL);
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

void docker_make_graph(Docker *docker)
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

void docker_reach(Docker *docker, DockerStage *target)
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
void docker_resolve_bases(Docker *docker)
{
  for (guint i = 0; i < docker->stages->len && !docker->stopped; i++) {
    DockerStage *stage = docker->stages->pdata[i];
    if (stage->base || strcmp(stage->base_name, "scratch") == 0)
      continue;
    if (!docker->lint->options->build && !docker_is_reference(stage->base_name))
      docker_stop(docker, stage->from, "\"%s\" is no name of an image", stage->base_name);
  }
}

/* What ONBUILD of a base left comes first, at the place of FROM. Only where the last stage needs
 * it. */
void docker_run_triggers(Docker *docker, DockerStage *target)
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
      docker_add_command(stage, at, inner, stage->from);
      find_sources(docker, stage, stage->commands->pdata[at++], stage->from);
    }
  }
  if (!docker->stopped) {
    docker_reach(docker, target);
    docker_resolve_bases(docker);
  }
}
