/* The shellcheck program over the scripts of a run: each text once, in batches, as many processes
 * at a time as there are processors; the first of them work while files are still read. */
#include "cli/lint-common.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

typedef struct {
  OakumLint *lint;
  guint number; /* of the script in its lint */
} Use;

typedef struct {
  const OakumLintScript *script;
  char *path;
  GArray *uses; /* Use: who has this very text */
} Text;

typedef struct {
  GPtrArray *texts; /* Text, borrowed */
  size_t cost;
  char *out; /* path of what it says */
} Batch;

struct OakumLintShellcheck {
  OakumTempDir *temp; /* made for the first script */
  GPtrArray *texts;   /* Text */
  guint given;        /* of them, to batches */
  GHashTable *by_text, *by_path;
  GPtrArray *batches;    /* Batch */
  OakumWorkers *workers; /* made for the first batch */
  GError *failed;        /* the first that went wrong */
  gint stop;             /* atomic: it is there, and batches need not begin */
};

static void text_free(gpointer p)
{
  Text *text = p;
  g_free(text->path);
  g_array_unref(text->uses);
  g_free(text);
}

static void batch_free(gpointer p)
{
  Batch *batch = p;
  g_ptr_array_unref(batch->texts);
  g_free(batch->out);
  g_free(batch);
}

/* ---- what it says
 * ---------------------------------------------------------------------------------- */
typedef struct {
  char *file, *level, *message;
  int64_t line, column, end_line, end_column, code;
  json_t *fix;
} Comment;
static const OakumJsonField comment_fields[] = {
    {"file", OAKUM_JSON_STRING, offsetof(Comment, file), TRUE},
    {"level", OAKUM_JSON_STRING, offsetof(Comment, level), TRUE},
    {"message", OAKUM_JSON_STRING, offsetof(Comment, message), TRUE},
    {"line", OAKUM_JSON_I64, offsetof(Comment, line), TRUE},
    {"column", OAKUM_JSON_I64, offsetof(Comment, column), TRUE},
    {"endLine", OAKUM_JSON_I64, offsetof(Comment, end_line), TRUE},
    {"endColumn", OAKUM_JSON_I64, offsetof(Comment, end_column), TRUE},
    {"code", OAKUM_JSON_I64, offsetof(Comment, code), TRUE},
    {"fix", OAKUM_JSON_ANY, offsetof(Comment, fix)},
    {0}};
typedef struct {
  int64_t line, column, end_line, end_column;
  char *text;
} Replacement;
static const OakumJsonField replacement_fields[] = {
    {"line", OAKUM_JSON_I64, offsetof(Replacement, line), TRUE},
    {"column", OAKUM_JSON_I64, offsetof(Replacement, column), TRUE},
    {"endLine", OAKUM_JSON_I64, offsetof(Replacement, end_line), TRUE},
    {"endColumn", OAKUM_JSON_I64, offsetof(Replacement, end_column), TRUE},
    {"replacement", OAKUM_JSON_STRING, offsetof(Replacement, text), TRUE},
    {0}};

static int small(int64_t n)
{
  return (int)CLAMP(n, 0, G_MAXINT / 2);
}

static gboolean read_fix(const Comment *c, GArray *into, GPtrArray *kept, GError **error)
{
  const json_t *list = c->fix ? json_object_get(c->fix, "replacements") : NULL;
  for (size_t i = 0; i < json_array_size(list); i++) {
    Replacement r = {0};
    gboolean ok =
        oakum_json_bind(json_array_get(list, i), replacement_fields, &r, "shellcheck", error);
    if (r.text)
      g_ptr_array_add(kept, r.text);
    if (!ok)
      return FALSE;
    OakumLintReplacement made = {small(r.line), small(r.column), small(r.end_line),
                                 small(r.end_column), r.text};
    g_array_append_val(into, made);
  }
  return TRUE;
}

static gboolean tell(const json_t *json, GHashTable *by_path, GError **error)
{
  Comment c = {0};
  g_autoptr(GArray) fixes = g_array_new(FALSE, FALSE, sizeof(OakumLintReplacement));
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
  gboolean ok = oakum_json_bind(json, comment_fields, &c, "shellcheck", error) &&
                read_fix(&c, fixes, kept, error);
  const Text *text = ok ? g_hash_table_lookup(by_path, c.file) : NULL;
  for (guint i = 0; text && i < text->uses->len; i++) {
    const Use *use = &g_array_index(text->uses, Use, i);
    const OakumLintComment comment = {
        .script = use->number,
        .line = small(c.line),
        .column = small(c.column),
        .end_line = small(c.end_line),
        .end_column = small(c.end_column),
        .code = small(c.code),
        .level = c.level,
        .message = c.message,
        .replacements = fixes->len ? (const OakumLintReplacement *)(gpointer)fixes->data : NULL,
        .replacements_count = fixes->len};
    oakum_lint_comment(use->lint, &comment);
  }
  g_free(c.file);
  g_free(c.level);
  g_free(c.message);
  if (c.fix)
    json_decref(c.fix);
  return ok;
}

static gboolean read_answer(const Batch *batch, GHashTable *by_path, GError **error)
{
  g_autofree char *text = NULL;
  size_t len;
  if (!oakum_file_read(batch->out, OAKUM_SHELLCHECK_OUTPUT_MAX, &text, &len, error))
    return FALSE;
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, "shellcheck", error);
  const json_t *comments = json ? json_object_get(json, "comments") : NULL;
  if (json && !json_is_array(comments))
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_INVALID,
                "shellcheck: its answer has no comments");
  if (!json_is_array(comments))
    return FALSE;
  for (size_t i = 0; i < json_array_size(comments); i++)
    if (!tell(json_array_get(comments, i), by_path, error))
      return FALSE;
  for (guint i = 0; i < batch->texts->len; i++) {
    const GArray *uses = ((const Text *)batch->texts->pdata[i])->uses;
    for (guint k = 0; k < uses->len; k++) {
      const Use *use = &g_array_index(uses, Use, k);
      oakum_lint_comment_missing(use->lint, use->number);
    }
  }
  return TRUE;
}

/* ---- processes
 * ------------------------------------------------------------------------------------- */
/* NULL, or the error; NOT_FOUND: there is no such program. */
static gpointer run_batch(gpointer item, gpointer user)
{
  const Batch *batch = item;
  OakumLintShellcheck *run = user;
  GError *error = NULL;
  if (g_atomic_int_get(&run->stop))
    return NULL;
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  const char *const head[] = {
      "shellcheck", "--norc", "-f", "json1", "-e", oakum_lint_shellcheck_excluded(NULL), "--"};
  for (size_t i = 0; i < G_N_ELEMENTS(head); i++)
    g_ptr_array_add(argv, (gpointer)head[i]);
  for (guint i = 0; i < batch->texts->len; i++)
    g_ptr_array_add(argv, ((Text *)batch->texts->pdata[i])->path);
  g_ptr_array_add(argv, NULL);
  g_auto(GStrv) environment = g_environ_unsetenv(g_get_environ(), "SHELLCHECK_OPTS");
  environment = g_environ_setenv(environment, "LC_ALL", "C.UTF-8", TRUE);
  OAKUM_AUTO_FD out = open(batch->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) {
    oakum_error_errno(&error, OAKUM_CLI_ERROR, errno, "%s", batch->out);
    return error;
  }
  OakumChildSpec spec = OAKUM_CHILD_SPEC_INIT;
  spec.argv = (const char *const *)argv->pdata;
  spec.envp = (const char *const *)environment;
  spec.out = out;
  g_autoptr(OakumChild) child = oakum_child_spawn(&spec, &error);
  int status;
  if (!child || !oakum_child_wait(child, (int)OAKUM_SHELLCHECK_TIMEOUT_S * 1000, &status, &error))
    return error;
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) { /* 1: it found something */
    g_autofree char *how = oakum_child_describe(status);
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_FAILED, "shellcheck: %s", how);
  }
  return error;
}

static void note_failure(OakumLintShellcheck *run, GError *error)
{
  if (error && run->failed)
    g_error_free(error);
  else if (error)
    run->failed = error;
  if (error)
    g_atomic_int_set(&run->stop, 1);
}

/* Takes in what the batch that began first has said; results come in that order. */
static void take_answer(OakumLintShellcheck *run, guint number)
{
  gpointer result = NULL;
  if (!oakum_workers_pop(run->workers, &result))
    return;
  note_failure(run, result);
  GError *error = NULL;
  if (!run->failed && !read_answer(run->batches->pdata[number], run->by_path, &error))
    note_failure(run, error);
}

static void begin_batch(OakumLintShellcheck *run, Batch *batch)
{
  batch->out = g_strdup_printf("%s/out%u", oakum_temp_dir_path(run->temp), run->batches->len);
  if (!run->workers)
    run->workers =
        oakum_workers_new(oakum_cpu_count(), OAKUM_SHELLCHECK_BATCHES_MAX, run_batch, run);
  if (oakum_workers_pending(run->workers) == OAKUM_SHELLCHECK_BATCHES_MAX)
    take_answer(run, run->batches->len - OAKUM_SHELLCHECK_BATCHES_MAX);
  g_ptr_array_add(run->batches, batch);
  oakum_workers_push(run->workers, batch);
}

static gint by_size(gconstpointer a, gconstpointer b)
{
  const Text *x = *(Text *const *)a, *y = *(Text *const *)b;
  return x->script->len != y->script->len ? (x->script->len < y->script->len ? 1 : -1)
                                          : strcmp(x->path, y->path);
}

/* The texts that wait, in `count` batches that cost about the same. */
static void begin(OakumLintShellcheck *run, guint count)
{
  guint waiting = run->texts->len - run->given;
  g_autoptr(GPtrArray) texts = g_ptr_array_sized_new(waiting);
  g_autofree Batch **batches = g_new0(Batch *, count);
  for (guint i = run->given; i < run->texts->len; i++)
    g_ptr_array_add(texts, run->texts->pdata[i]);
  run->given = run->texts->len;
  g_ptr_array_sort(texts, by_size);
  for (guint i = 0; i < texts->len; i++) {
    guint least = 0;
    for (guint j = 0; j < MIN(count, i + 1); j++)
      if (!batches[j] || (batches[least] && batches[j]->cost < batches[least]->cost))
        least = j;
    if (!batches[least]) {
      batches[least] = g_new0(Batch, 1);
      batches[least]->texts = g_ptr_array_new();
    }
    g_ptr_array_add(batches[least]->texts, texts->pdata[i]);
    /* a short script costs something, too */
    batches[least]->cost += ((Text *)texts->pdata[i])->script->len + OAKUM_SHELLCHECK_LEAST_COST;
  }
  for (guint i = 0; i < count; i++)
    if (batches[i])
      begin_batch(run, batches[i]);
}

/* A file of its own; it is read once, by our own child, so that nothing is synced. */
static gboolean write_text(const Text *text, GError **error)
{
  OAKUM_AUTO_FD fd = open(text->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", text->path);
  return fd >= 0 && oakum_write_all(fd, text->script->text, text->script->len, error);
}

static gboolean add_script(OakumLintShellcheck *run, const OakumLintScript *script, Use use,
                           GError **error)
{
  Text *text = g_hash_table_lookup(run->by_text, script->text);
  if (!text) {
    if (!run->temp && !(run->temp = oakum_temp_dir_new(NULL, error)))
      return FALSE;
    text = g_new0(Text, 1);
    text->script = script;
    text->uses = g_array_new(FALSE, FALSE, sizeof(Use));
    text->path = g_strdup_printf("%s/%u", oakum_temp_dir_path(run->temp), run->texts->len);
    g_ptr_array_add(run->texts, text);
    g_hash_table_insert(run->by_text, script->text, text);
    g_hash_table_insert(run->by_path, text->path, text);
    if (!write_text(text, error))
      return FALSE;
  }
  g_array_append_val(text->uses, use);
  return TRUE;
}

gboolean oakum_lint_shellcheck_installed(void)
{
  g_autofree char *program = g_find_program_in_path("shellcheck");
  return program != NULL;
}

OakumLintShellcheck *oakum_lint_shellcheck_new(void)
{
  OakumLintShellcheck *run = g_new0(OakumLintShellcheck, 1);
  run->texts = g_ptr_array_new_with_free_func(text_free);
  run->by_text = oakum_str_map_new(NULL, NULL);
  run->by_path = oakum_str_map_new(NULL, NULL);
  run->batches = g_ptr_array_new_with_free_func(batch_free);
  return run;
}

void oakum_lint_shellcheck_add(OakumLintShellcheck *run, const OakumLintJob *job)
{
  const GPtrArray *scripts = oakum_lint_scripts(job->lint);
  for (guint i = 0; i < scripts->len && !run->failed; i++) {
    const OakumLintScript *script = scripts->pdata[i];
    GError *error = NULL;
    if (script->len > OAKUM_SHELLCHECK_SCRIPT_MAX)
      oakum_warn("%s: a script of more than %u KiB is not given to shellcheck", job->name,
                 (guint)(OAKUM_SHELLCHECK_SCRIPT_MAX / OAKUM_KIB));
    else if (!add_script(run, script, (Use){job->lint, i}, &error))
      note_failure(run, error);
  }
  if (!run->failed && run->texts->len - run->given >= OAKUM_SHELLCHECK_FILES)
    begin(run, 1);
}

gboolean oakum_lint_shellcheck_finish(OakumLintShellcheck *run, GError **error)
{
  /* what is left, as much for each processor */
  if (!run->failed && run->texts->len > run->given)
    begin(run, oakum_cpu_count());
  while (run->workers && oakum_workers_pending(run->workers) > 0)
    take_answer(run, run->batches->len - oakum_workers_pending(run->workers));
  if (!run->failed)
    return TRUE;
  g_propagate_prefixed_error(error, g_steal_pointer(&run->failed),
                             "--no-shellcheck goes without it: ");
  return FALSE;
}

void oakum_lint_shellcheck_free(OakumLintShellcheck *run)
{
  if (!run)
    return;
  g_atomic_int_set(&run->stop, 1);
  oakum_workers_free(run->workers, (GDestroyNotify)g_error_free);
  g_clear_error(&run->failed);
  g_hash_table_unref(run->by_text);
  g_hash_table_unref(run->by_path);
  g_ptr_array_unref(run->batches);
  g_ptr_array_unref(run->texts);
  oakum_temp_dir_free(run->temp);
  g_free(run);
}

gboolean oakum_lint_shellcheck(GPtrArray *jobs, gboolean *missing, GError **error)
{
  gboolean any = FALSE;
  for (guint i = 0; i < jobs->len && !any; i++)
    any = oakum_lint_scripts(((OakumLintJob *)jobs->pdata[i])->lint)->len > 0;
  *missing = any && !oakum_lint_shellcheck_installed();
  if (!any || *missing)
    return TRUE;
  g_autoptr(OakumLintShellcheck) run = oakum_lint_shellcheck_new();
  for (guint i = 0; i < jobs->len; i++)
    oakum_lint_shellcheck_add(run, jobs->pdata[i]);
  return oakum_lint_shellcheck_finish(run, error);
}
