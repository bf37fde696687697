#include "cli/lint-common.h"
#include "os/os.h"
#include <string.h>

/* The ignore file that docker build would read: beside the Dockerfile under its name, else in the
 * context. */
static gboolean read_ignore(OakumLintJob *job, const char *path, const char *context,
                            GError **error)
{
  g_autofree char *own = g_strconcat(path, ".dockerignore", NULL),
                  *folder = g_path_get_dirname(path),
                  *common = g_build_filename(context ? context : folder, ".dockerignore", NULL);
  const char *const places[] = {own, common};
  for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
    g_autoptr(GError) inner = NULL;
    size_t len;
    if (oakum_file_read(places[i], OAKUM_IGNORE_MAX, &job->ignore_file, &len, &inner)) {
      job->options.ignore_file = job->ignore_file;
      job->options.ignore_file_len = len;
      job->options.ignore_known = TRUE;
      return TRUE;
    }
    if (!g_error_matches(inner, inner->domain, OAKUM_ERROR_NOT_FOUND)) {
      g_propagate_error(error, g_steal_pointer(&inner));
      return FALSE;
    }
  }
  job->options.ignore_known = TRUE;
  return TRUE;
}

OakumLintJob *oakum_lint_job_new(const OakumLintSettings *settings, const char *name,
                                 const char *path, const char *context, char *text, size_t len,
                                 GError **error)
{
  return oakum_lint_job_again(NULL, settings, name, path, context, text, len, error);
}

OakumLintJob *oakum_lint_job_again(OakumLintJob *before, const OakumLintSettings *settings,
                                   const char *name, const char *path, const char *context,
                                   char *text, size_t len, GError **error)
{
  g_autoptr(OakumLintJob) job = g_new0(OakumLintJob, 1);
  job->name = g_strdup(name);
  job->text = text;
  job->len = len;
  if (!oakum_lint_settings_for(settings, path, &job->options, &job->levels))
    return NULL;
  if ((path && !read_ignore(job, path, context, error)) ||
      !(job->dockerfile = oakum_dockerfile_parse_again(before ? before->dockerfile : NULL, text,
                                                       len, name, error)))
    return NULL;
  job->lint = oakum_lint_again(before ? before->lint : NULL, job->dockerfile, &job->options);
  return g_steal_pointer(&job);
}

void oakum_lint_job_finish(OakumLintJob *job)
{
  job->findings = oakum_lint_finish(job->lint);
  oakum_lint_cut(job->lint, &job->cut);
  g_clear_pointer(&job->lint, oakum_lint_free);
  g_clear_pointer(&job->dockerfile, oakum_dockerfile_free);
}

void oakum_lint_job_free(OakumLintJob *job)
{
  if (!job)
    return;
  if (job->findings)
    g_ptr_array_unref(job->findings);
  oakum_lint_free(job->lint);
  oakum_dockerfile_free(job->dockerfile);
  if (job->levels)
    g_hash_table_unref(job->levels);
  g_free(job->ignore_file);
  g_free(job->text);
  g_free(job->name);
  g_free(job);
}

/* ---- many files
 * ------------------------------------------------------------------------------------- */
typedef struct {
  const char *path;
  char *text; /* standard input is read before, in its turn */
  size_t len;
  gboolean has_scripts;
  OakumLintJob *job;
  GError *error;
} Item;

typedef struct {
  const OakumLintRun *run;
  gboolean shellcheck; /* findings wait for it */
  gint missing;        /* atomic: somebody missed it */
} Work;

static void item_free(gpointer p)
{
  Item *item = p;
  g_free(item->text);
  oakum_lint_job_free(item->job);
  g_clear_error(&item->error);
  g_free(item);
}

static gpointer begin_item(gpointer p, gpointer user)
{
  Item *item = p;
  Work *work = user;
  const OakumLintRun *run = work->run;
  gboolean is_stdin = strcmp(item->path, "-") == 0;
  const char *place = is_stdin ? run->stdin_filename : item->path;
  if (item->error || (!is_stdin && !oakum_file_read(item->path, OAKUM_DOCKERFILE_MAX, &item->text,
                                                    &item->len, &item->error)))
    return item;
  item->job = oakum_lint_job_new(run->settings, place ? place : item->path, place, run->context,
                                 g_steal_pointer(&item->text), item->len, &item->error);
  if (!item->job)
    return item;
  if (run->shellcheck && !g_atomic_int_get(&work->missing))
    item->has_scripts = oakum_lint_scripts(item->job->lint)->len > 0;
  if (!work->shellcheck)
    oakum_lint_job_finish(item->job);
  return item;
}

static gpointer finish_item(gpointer p, G_GNUC_UNUSED gpointer user)
{
  oakum_lint_job_finish(((Item *)p)->job);
  return p;
}

static Item *item_new(const char *path)
{
  Item *item = g_new0(Item, 1);
  item->path = path;
  if (strcmp(path, "-") == 0) {
    g_autoptr(OakumReader) in = oakum_reader_new_fd(0, FALSE);
    (void)!oakum_reader_slurp(in, OAKUM_DOCKERFILE_MAX, "standard input", &item->text, &item->len,
                              &item->error);
  }
  return item;
}

typedef struct {
  const OakumLintRun *run;
  OakumLintShellcheck *shellcheck; /* NULL: not wanted, or not there */
  GPtrArray *waiting;              /* Item: for what shellcheck says */
  Work *work;
} Flow;

/* Findings that are missing must not look like none. */
static gboolean hand_on(const OakumLintRun *run, OakumLintJob *job, GError **error)
{
  if (job->cut.findings > 0)
    oakum_warn("%s: %" G_GUINT64_FORMAT
               " more findings are not told: of one rule the first %u of a "
               "file are",
               job->name, job->cut.findings, OAKUM_LINT_FINDINGS_MAX);
  if (job->cut.pairs)
    oakum_warn("%s: rules that compare instructions stopped after %u pairs; what they would find "
               "behind that is missing",
               job->name, OAKUM_LINT_PAIRS_MAX);
  return run->done(job, run->user, error);
}

/* Takes the item over. */
static gboolean take(Flow *flow, Item *item, OakumLintTold *told, GError **error)
{
  const OakumLintRun *run = flow->run;
  gboolean ok = TRUE;
  if (item->has_scripts && !flow->shellcheck &&
      g_atomic_int_compare_and_exchange(&flow->work->missing, 0, 1))
    oakum_info("shellcheck is not installed: what it would find in shell scripts is missing "
               "(--no-shellcheck silences this)");
  /* what one file says must not keep the others from being checked; the status remembers it */
  if (item->error) {
    oakum_log(OAKUM_LOG_ERROR, "lint: %s", item->error->message);
    told->broken = TRUE;
  } else if (item->job && flow->shellcheck) {
    oakum_lint_shellcheck_add(flow->shellcheck, item->job);
    g_ptr_array_add(flow->waiting, item);
    return TRUE;
  } else if (item->job) {
    ok = hand_on(run, item->job, error);
  }
  item_free(item);
  return ok;
}

gboolean oakum_lint_run_files(const OakumLintRun *run, const GPtrArray *files, OakumLintTold *told,
                              GError **error)
{
  g_autoptr(OakumLintShellcheck) shellcheck =
      run->shellcheck && oakum_lint_shellcheck_installed() ? oakum_lint_shellcheck_new() : NULL;
  g_autoptr(GPtrArray) waiting = g_ptr_array_new_with_free_func(item_free);
  Work work = {run, shellcheck != NULL, 0};
  Flow flow = {run, shellcheck, waiting, &work};
  guint threads = MIN(oakum_cpu_count(), MAX(files->len, 1)), queue = threads * OAKUM_LINT_AHEAD;
  gboolean ok = TRUE;
  gpointer item;
  OakumWorkers *workers = oakum_workers_new(threads, queue, begin_item, &work);
  for (guint i = 0; ok && i < files->len; i++) {
    if (oakum_workers_pending(workers) == queue && oakum_workers_pop(workers, &item))
      ok = take(&flow, item, told, error);
    if (ok)
      oakum_workers_push(workers, item_new(files->pdata[i]));
  }
  while (ok && oakum_workers_pop(workers, &item))
    ok = take(&flow, item, told, error);
  oakum_workers_free(workers, item_free);
  if (!ok || !shellcheck)
    return ok;
  if (!oakum_lint_shellcheck_finish(shellcheck, error))
    return FALSE;
  workers = oakum_workers_new(threads, queue, finish_item, NULL);
  for (guint i = 0, next = 0; ok && i < waiting->len; i++) {
    while (next < waiting->len && oakum_workers_pending(workers) < queue)
      oakum_workers_push(workers, waiting->pdata[next++]);
    Item *done = oakum_workers_pop(workers, &item) ? item : NULL;
    ok = done && hand_on(run, done->job, error);
    if (done) /* it stays in the list, empty */
      g_clear_pointer(&done->job, oakum_lint_job_free);
  }
  oakum_workers_free(workers, NULL);
  return ok;
}

/* hadolint fails on what it cannot parse whatever the threshold is, and never for some formats. */
static int hadolint_status(const OakumLintSettings *s, gboolean over, gboolean unparsed)
{
  for (guint i = 0; s->formats && i < s->formats->len; i++)
    if (strcmp(s->formats->pdata[i], "codeclimate") == 0 ||
        strcmp(s->formats->pdata[i], "codacy") == 0)
      return OAKUM_EXIT_PASS;
  return !s->no_fail && (over || unparsed) ? OAKUM_EXIT_ERROR : OAKUM_EXIT_PASS;
}

void oakum_lint_told_add(OakumLintTold *told, const OakumLintSettings *s, const OakumLintJob *job)
{
  for (guint i = 0; i < job->findings->len; i++) {
    const OakumFinding *f = job->findings->pdata[i];
    told->any = TRUE;
    told->unparsed |= strcmp(f->id, "syntax") == 0;
    told->over |= s->fail_on != OAKUM_LINT_OFF && oakum_lint_level_of(f->severity) >= s->fail_on;
  }
}

int oakum_lint_status(const OakumLintSettings *s, const OakumLintTold *told)
{
  if (told->broken)
    return OAKUM_EXIT_ERROR;
  if (s->compat == OAKUM_LINT_COMPAT_HADOLINT)
    return hadolint_status(s, told->over, told->unparsed);
  if (s->compat == OAKUM_LINT_COMPAT_DOCKER)
    return told->any && !s->no_fail ? OAKUM_EXIT_ERROR : OAKUM_EXIT_PASS;
  return told->over && !s->no_fail ? OAKUM_EXIT_GATE : OAKUM_EXIT_PASS;
}
