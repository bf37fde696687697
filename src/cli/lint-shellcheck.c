/* The shellcheck program over the scripts of a run: each text once, a few processes at a time. */
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
  size_t bytes;
  char *out; /* path of what it says */
} Batch;

typedef struct {
  const char *excluded;
} Work;

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
  return TRUE;
}

/* ---- processes
 * ------------------------------------------------------------------------------------- */
/* NULL, or the error; NOT_FOUND: there is no such program. */
static gpointer run_batch(gpointer item, gpointer user)
{
  const Batch *batch = item;
  GError *error = NULL;
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  const char *const head[] = {"shellcheck", "--norc", "-f", "json1", "-e", ((Work *)user)->excluded,
                              "--"};
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

static gint by_size(gconstpointer a, gconstpointer b)
{
  const Text *x = *(Text *const *)a, *y = *(Text *const *)b;
  return x->script->len != y->script->len ? (x->script->len < y->script->len ? 1 : -1)
                                          : strcmp(x->path, y->path);
}

/* The largest first, each to the batch that has least: they end at about the same time. */
static GPtrArray *share(GPtrArray *texts, const char *folder)
{
  GPtrArray *batches = g_ptr_array_new_with_free_func(batch_free);
  guint count = MAX(oakum_cpu_count(),
                    (texts->len + OAKUM_SHELLCHECK_FILES_MAX - 1) / OAKUM_SHELLCHECK_FILES_MAX);
  for (guint i = 0; i < MIN(count, texts->len); i++) {
    Batch *batch = g_new0(Batch, 1);
    batch->texts = g_ptr_array_new();
    batch->out = g_strdup_printf("%s/out%u", folder, i);
    g_ptr_array_add(batches, batch);
  }
  g_ptr_array_sort(texts, by_size);
  for (guint i = 0; i < texts->len; i++) {
    Batch *least = batches->pdata[0];
    for (guint j = 1; j < batches->len; j++) {
      Batch *batch = batches->pdata[j];
      if (batch->bytes < least->bytes)
        least = batch;
    }
    g_ptr_array_add(least->texts, texts->pdata[i]);
    least->bytes += ((Text *)texts->pdata[i])->script->len + 200; /* what a script costs at least */
  }
  return batches;
}

static gboolean collect(GPtrArray *jobs, const char *folder, GPtrArray *texts, GError **error)
{
  g_autoptr(GHashTable) by_text = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < jobs->len; i++) {
    OakumLintJob *job = jobs->pdata[i];
    const GPtrArray *scripts = oakum_lint_scripts(job->lint);
    for (guint j = 0; j < scripts->len; j++) {
      const OakumLintScript *script = scripts->pdata[j];
      const Use use = {job->lint, j};
      if (script->len > OAKUM_SHELLCHECK_SCRIPT_MAX) {
        oakum_warn("%s: a script of more than %u KiB is not given to shellcheck", job->name,
                   (guint)(OAKUM_SHELLCHECK_SCRIPT_MAX / OAKUM_KIB));
        continue;
      }
      Text *text = g_hash_table_lookup(by_text, script->text);
      if (!text) {
        text = g_new0(Text, 1);
        text->script = script;
        text->uses = g_array_new(FALSE, FALSE, sizeof(Use));
        text->path = g_strdup_printf("%s/%u", folder, texts->len);
        g_ptr_array_add(texts, text);
        g_hash_table_insert(by_text, script->text, text);
        if (!oakum_file_write(text->path, script->text, script->len, 0600, error))
          return FALSE;
      }
      g_array_append_val(text->uses, use);
    }
  }
  return TRUE;
}

gboolean oakum_lint_shellcheck(GPtrArray *jobs, gboolean *missing, GError **error)
{
  guint any = 0;
  for (guint i = 0; i < jobs->len; i++)
    any += oakum_lint_scripts(((OakumLintJob *)jobs->pdata[i])->lint)->len;
  if (any == 0)
    return TRUE;
  g_autofree char *program = g_find_program_in_path("shellcheck");
  *missing = program == NULL;
  if (!program)
    return TRUE;
  g_autoptr(OakumTempDir) temp = oakum_temp_dir_new(NULL, error);
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(text_free);
  if (!temp || !collect(jobs, oakum_temp_dir_path(temp), texts, error))
    return FALSE;
  if (texts->len == 0)
    return TRUE;
  g_autoptr(GPtrArray) batches = share(texts, oakum_temp_dir_path(temp));
  g_autoptr(GHashTable) by_path = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < texts->len; i++)
    g_hash_table_insert(by_path, ((Text *)texts->pdata[i])->path, texts->pdata[i]);
  Work work = {oakum_lint_shellcheck_excluded(&((OakumLintJob *)jobs->pdata[0])->options)};
  guint threads = MIN(oakum_cpu_count(), batches->len);
  OakumWorkers *workers = oakum_workers_new(threads, batches->len, run_batch, &work);
  for (guint i = 0; i < batches->len; i++)
    oakum_workers_push(workers, batches->pdata[i]);
  g_autoptr(GError) first = NULL;
  gpointer result;
  while (oakum_workers_pop(workers, &result)) {
    if (result && first)
      g_error_free(result);
    else if (result)
      first = result;
  }
  oakum_workers_free(workers, NULL);
  for (guint i = 0; !first && i < batches->len; i++)
    if (!read_answer(batches->pdata[i], by_path, &first))
      break;
  if (first)
    g_propagate_prefixed_error(error, g_steal_pointer(&first), "--no-shellcheck goes without it: ");
  return !error || !*error;
}
