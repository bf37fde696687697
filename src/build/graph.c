/* The stages of a plan, those that do not wait for each other at the same time. A stage waits where
 * it needs another: at FROM, at COPY --from, at a mount. It only ever needs ones that come before
 * it in the Dockerfile, and they are begun in that order, so that there is always one that waits
 * for nobody. One that waits leaves its place to others. */
#include "build/build-private.h"
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct OakumGraph {
  Build *build;
  GMutex lock;
  GCond changed;
  guint places;      /* stages that may work now */
  guint alive;       /* threads, those that wait among them */
  gboolean labelled; /* several may speak at the same time */
  gint cancelled;
  int stop; /* can be read once cancelled */
};

gboolean oakum_graph_cancelled(const OakumGraph *graph)
{
  return g_atomic_int_get(&graph->cancelled) != 0;
}

const int *oakum_graph_stop(const OakumGraph *graph)
{
  return &graph->stop;
}

gboolean oakum_graph_go_on(const OakumGraph *graph, GError **error)
{
  if (!oakum_graph_cancelled(graph))
    return TRUE;
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_CANCELLED, "another stage failed");
  return FALSE;
}

/* ---- waiting
 * ----------------------------------------------------------------------------------------- */
static void take_place(OakumGraph *graph)
{
  while (graph->places == 0)
    g_cond_wait(&graph->changed, &graph->lock);
  graph->places--;
}

static void leave_place(OakumGraph *graph)
{
  graph->places++;
  g_cond_broadcast(&graph->changed);
}

/* ---- running
 * ----------------------------------------------------------------------------------------- */
static void run_stage(OakumGraph *graph, Stage *stage)
{
  GError *error = NULL;
  const char *outer = oakum_log_prefix();
  oakum_log_set_prefix(stage->label);
  gboolean ok = oakum_graph_go_on(graph, &error) && oakum_stage_run(graph->build, stage, &error);
  oakum_log_set_prefix(outer);
  OAKUM_AUTO_LOCK(&graph->lock);
  stage->state = ok ? OAKUM_STAGE_BUILT : OAKUM_STAGE_FAILED;
  stage->error = error;
  g_cond_broadcast(&graph->changed);
  if (!ok && !graph->cancelled) {
    uint64_t one = 1;
    g_atomic_int_set(&graph->cancelled, 1);
    if (write(graph->stop, &one, sizeof(one)) < 0)
      oakum_warn("steps that run are not ended: %s", g_strerror(errno));
  }
}

static void run_one(OakumGraph *graph, Stage *stage)
{
  run_stage(graph, stage);
  OAKUM_AUTO_LOCK(&graph->lock);
  graph->alive--;
  leave_place(graph);
}

typedef struct {
  OakumGraph *graph;
  Stage *stage;
} Job;

static gpointer thread_main(gpointer data)
{
  Job *job = data;
  run_one(job->graph, job->stage);
  return NULL;
}

static gint by_index(gconstpointer a, gconstpointer b)
{
  return (*(const OakumPlanStage *const *)a)->stage - (*(const OakumPlanStage *const *)b)->stage;
}

/* In front of what a stage says, when others may speak at the same time. */
static char *label_of(const Build *build, int index)
{
  const OakumStage *source = build->dockerfile->stages->pdata[index];
  g_autofree char *name =
      source->name ? oakum_escape_terminal(source->name, -1) : g_strdup_printf("%d", index);
  return g_strdup_printf("[%s] ", name);
}

static Stage *new_stage(Build *build, const OakumPlanStage *plan)
{
  Stage *stage = build->stages[plan->stage] = oakum_build_stage_new();
  stage->plan = plan;
  stage->label = build->graph->labelled ? label_of(build, plan->stage) : NULL;
  return stage;
}

/* ---- stages that only a trigger of a base image names
 * ------------------------------------------------------- */

/* What such a trigger says is known once the image is: the stages that it needs are planned then,
 * and run by the one that needs them. `order`: those that nobody has planned yet. */
static gboolean plan_late(Build *build, int index, GPtrArray *order, GError **error)
{
  guint count = build->dockerfile->stages->len;
  g_autofree gboolean *planned = g_new0(gboolean, count);
  OAKUM_AUTO_LOCK(&build->graph->lock);
  for (guint i = 0; i < count; i++)
    planned[i] = build->stages[i] != NULL;
  OakumPlan *late = oakum_plan_late(build->plan, build->dockerfile, build->options->contexts, index,
                                    planned, error);
  if (!late)
    return FALSE;
  g_ptr_array_add(build->late, late);
  if (!oakum_build_check_rung(late, build->dockerfile, build->options, error))
    return FALSE;
  const GPtrArray *left_out = build->options->left_out;
  for (guint i = 0; i < late->stages->len; i++) {
    Stage *stage = new_stage(build, late->stages->pdata[i]);
    stage->unkept =
        left_out && left_out->len > 0; /* which of them the trigger reads is not asked */
    g_ptr_array_add(order, late->stages->pdata[i]);
  }
  /* in the order of the file also here: two that plan some each never wait for one another */
  g_ptr_array_sort(order, by_index);
  return TRUE;
}

static gboolean run_late(Build *build, int index, GError **error)
{
  g_autoptr(GPtrArray) order = g_ptr_array_new();
  if (!plan_late(build, index, order, error))
    return FALSE;
  for (guint i = 0; i < order->len; i++) {
    Stage *stage = build->stages[((const OakumPlanStage *)order->pdata[i])->stage];
    run_stage(build->graph, stage);
    if (!stage->error)
      continue;
    g_propagate_error(error, g_error_copy(stage->error));
    return FALSE;
  }
  return TRUE;
}

static Stage *planned_stage(const Build *build, int index)
{
  OAKUM_AUTO_LOCK(&build->graph->lock);
  return build->stages[index];
}

Stage *oakum_build_stage(Build *build, int index, GError **error)
{
  OakumGraph *graph = build->graph;
  Stage *stage = planned_stage(build, index);
  if (!stage && !run_late(build, index, error))
    return NULL;
  OAKUM_AUTO_LOCK(&graph->lock);
  stage = build->stages[index];
  if (stage->state < OAKUM_STAGE_BUILT) {
    leave_place(graph);
    while (stage->state < OAKUM_STAGE_BUILT && !graph->cancelled)
      g_cond_wait(&graph->changed, &graph->lock);
    take_place(graph);
  }
  if (stage->state == OAKUM_STAGE_BUILT)
    return stage;
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_CANCELLED, "the stage that it needs failed");
  return NULL;
}

static void run_all(OakumGraph *graph, const GPtrArray *order, guint at_once)
{
  g_autofree Job *jobs = g_new0(Job, order->len);
  g_autoptr(GPtrArray) threads = g_ptr_array_new();
  for (guint i = 0; i < order->len; i++) {
    const OakumPlanStage *plan = order->pdata[i];
    jobs[i] = (Job){graph, graph->build->stages[plan->stage]};
    g_mutex_lock(&graph->lock);
    while (graph->alive >= OAKUM_STAGES_AT_ONCE_MAX)
      g_cond_wait(&graph->changed, &graph->lock);
    take_place(graph);
    graph->alive++;
    g_mutex_unlock(&graph->lock);
    /* a step dies with the thread that started it: each stage keeps its own to its end */
    if (at_once == 1)
      run_one(graph, jobs[i].stage);
    else
      g_ptr_array_add(threads, g_thread_new("stage", thread_main, &jobs[i]));
  }
  for (guint i = 0; i < threads->len; i++)
    g_thread_join(threads->pdata[i]);
}

/* ---- before the first step
 * ----------------------------------------------------------------------------------- */
static gpointer look_at(gpointer item, gpointer user)
{
  Stage *stage = item;
  const char *outer = oakum_log_prefix();
  oakum_log_set_prefix(stage->label);
  gboolean ok = oakum_stage_look(user, stage, &stage->error);
  oakum_log_set_prefix(outer);
  return GINT_TO_POINTER(ok);
}

/* Nothing is carried out for a file that is seen to be wrong once its base images are known. */
static gboolean look_at_all(Build *build, const GPtrArray *order, guint at_once)
{
  OakumWorkers *workers =
      at_once > 1 ? oakum_workers_new(at_once, order->len, look_at, build) : NULL;
  gboolean ok = TRUE;
  for (guint i = 0; i < order->len; i++) {
    Stage *stage = build->stages[((const OakumPlanStage *)order->pdata[i])->stage];
    if (workers)
      oakum_workers_push(workers, stage);
    else
      ok = ok && look_at(stage, build);
  }
  if (!workers)
    return ok;
  for (gpointer result; oakum_workers_pop(workers, &result);)
    ok &= GPOINTER_TO_INT(result);
  oakum_workers_free(workers, NULL);
  return ok;
}

/* Of several stages that failed the first in the Dockerfile is told of; of those that were given up
 * nobody asks. */
static gboolean judge(const Build *build, GError **error)
{
  Stage *told = NULL;
  for (guint i = 0; i < build->dockerfile->stages->len; i++) {
    Stage *stage = build->stages[i];
    if (!stage)
      continue;
    if (stage->error && (!told || (told->error->code == OAKUM_ERROR_CANCELLED &&
                                   stage->error->code != OAKUM_ERROR_CANCELLED)))
      told = stage;
  }
  if (told)
    g_propagate_error(error, g_steal_pointer(&told->error));
  return told == NULL;
}

/* ---- what no layer has
 * ----------------------------------------------------------------------------- */

/* Whether a source may mean something of what layers leave out. Behind the first character that is
 * no plain one it may mean anything. */
static gboolean may_be_left_out(const GPtrArray *left_out, const char *source)
{
  g_autofree char *plain = g_strndup(source, strcspn(source, "*?[\\$"));
  gboolean whole = strlen(plain) == strlen(source);
  g_autofree char *clean = g_canonicalize_filename(plain, "/");
  g_autofree char *folder = whole ? g_strdup(clean) : g_path_get_dirname(clean);
  const char *path = folder + 1;
  for (guint i = 0; i < left_out->len; i++) {
    const char *other = left_out->pdata[i];
    size_t n = MIN(strlen(path), strlen(other));
    if (strncmp(path, other, n) == 0 && (n == 0 || strchr("/", path[n]) != NULL) &&
        (n == 0 || strchr("/", other[n]) != NULL))
      return TRUE;
  }
  return FALSE;
}

/* Others want files of the stage that its layers do not have: it must be carried out. Those of the
 * stage below it are lost to both. */
static void carry_out(Build *build, int index)
{
  if (index >= 0 && build->stages[index])
    build->stages[index]->unkept = TRUE;
}

static void find_unkept(Build *build)
{
  const GPtrArray *left_out = build->options->left_out, *contexts = build->options->contexts;
  for (guint i = 0; left_out && left_out->len > 0 && i < build->plan->stages->len; i++) {
    const OakumPlanStage *plan = build->plan->stages->pdata[i];
    const OakumStage *stage = build->dockerfile->stages->pdata[plan->stage];
    for (guint k = stage->first; k < stage->end; k++) {
      const OakumInstruction *in = build->dockerfile->instructions->pdata[k];
      const char *from = oakum_instruction_flag(in, "from");
      gboolean any = FALSE;
      for (guint w = 0; from && w + 1 < in->words->len; w++)
        any |= may_be_left_out(left_out, ((const OakumWord *)in->words->pdata[w])->value);
      if (any && !oakum_named_context_find(contexts, from))
        carry_out(build, oakum_dockerfile_find_stage(build->dockerfile, from, plan->stage));
      for (guint m = 0; m < in->mounts->len; m++) {
        const OakumMount *mount = in->mounts->pdata[m];
        int other =
            mount->from && !oakum_named_context_find(contexts, mount->from)
                ? oakum_dockerfile_find_stage_name(build->dockerfile, mount->from, plan->stage)
                : -1;
        if (other < 0 || !may_be_left_out(left_out, mount->source ? mount->source : "/"))
          continue;
        carry_out(build, other);
        carry_out(build, plan->stage); /* the key of the step does not tell what it sees there */
      }
    }
  }
}

gboolean oakum_build_stages(Build *build, GError **error)
{
  guint at_once = MIN(build->options->threads, build->plan->stages->len);
  OakumGraph graph = {
      .build = build, .places = at_once, .labelled = at_once > 1, .stop = eventfd(0, EFD_CLOEXEC)};
  if (graph.stop < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "eventfd");
    return FALSE;
  }
  g_mutex_init(&graph.lock);
  g_cond_init(&graph.changed);
  build->graph = &graph;
  g_autoptr(GPtrArray) order = g_ptr_array_new();
  for (guint i = 0; i < build->plan->stages->len; i++) {
    OakumPlanStage *plan = build->plan->stages->pdata[i];
    g_ptr_array_add(order, plan);
    new_stage(build, plan);
  }
  oakum_watch_mark(build);
  find_unkept(build);
  g_ptr_array_sort(order, by_index);
  if (look_at_all(build, order, at_once))
    run_all(&graph, order, at_once);
  build->graph = NULL;
  g_mutex_clear(&graph.lock);
  g_cond_clear(&graph.changed);
  close(graph.stop);
  return judge(build, error);
}

/* ---- streams that end when the build does
 * ------------------------------------------------------------- */
typedef struct {
  const OakumGraph *graph;
  OakumReader *reader;
  OakumWriter *writer;
} Guard;

static gssize guard_read(void *self, void *buffer, size_t len, GError **error)
{
  const Guard *guard = self;
  return oakum_graph_go_on(guard->graph, error)
             ? oakum_reader_read(guard->reader, buffer, len, error)
             : -1;
}

static gssize guard_borrow(void *self, const void **data, size_t max, GError **error)
{
  const Guard *guard = self;
  return oakum_graph_go_on(guard->graph, error)
             ? oakum_reader_borrow(guard->reader, data, max, error)
             : -1;
}

static gboolean guard_write(void *self, const void *data, size_t len, GError **error)
{
  const Guard *guard = self;
  return oakum_graph_go_on(guard->graph, error) &&
         oakum_writer_write(guard->writer, data, len, error);
}

static gboolean guard_finish(void *self, GError **error)
{
  return oakum_writer_finish(((Guard *)self)->writer, error);
}

static void guard_free(void *self)
{
  Guard *guard = self;
  oakum_reader_free(guard->reader);
  oakum_writer_free(guard->writer);
  g_free(guard);
}

static Guard *guard_new(const OakumGraph *graph, OakumReader *reader, OakumWriter *writer)
{
  Guard *guard = g_new(Guard, 1);
  *guard = (Guard){graph, reader, writer};
  return guard;
}

OakumReader *oakum_graph_reader(const OakumGraph *graph, OakumReader *below)
{
  static const OakumReaderClass klass = {guard_read, guard_free, NULL, guard_borrow};
  return oakum_reader_new(&klass, guard_new(graph, below, NULL));
}

OakumWriter *oakum_graph_writer(const OakumGraph *graph, OakumWriter *below)
{
  static const OakumWriterClass klass = {guard_write, guard_finish, guard_free};
  return oakum_writer_new(&klass, guard_new(graph, NULL, below));
}
