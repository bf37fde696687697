/* The reports of a run, several at once, each written file by file so that none is held in memory.
 * The first one may go straight to standard output; the others, those whose beginning is known at
 * the end only, and those that become files wait in a spool, and are written one after another when
 * all is known: a file is whole or is not there. */
#include "cli/lint-common.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

gboolean oakum_lint_print(const char *data, size_t len, GError **error)
{
  if (fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "standard output");
  return FALSE;
}

typedef struct {
  OakumLintWriter *writer;
  const char *path;  /* borrowed; NULL: standard output */
  gboolean straight; /* nothing waits */
  gboolean begun;
  const char *shown; /* borrowed; the name of each file, or NULL */
  GString *text;     /* what is not written yet */
  int spool;         /* -1: none yet; has no name */
} Output;

struct OakumLintOutputs {
  GPtrArray *all; /* Output */
};

static void output_free(gpointer p)
{
  Output *output = p;
  oakum_lint_writer_free(output->writer);
  g_string_free(output->text, TRUE);
  oakum_fd_clear(&output->spool);
  g_free(output);
}

/* Those for which hadolint takes --file-path-in-report. */
static gboolean is_renamed(OakumLintFormat format)
{
  return format == OAKUM_LINT_CHECKSTYLE || format == OAKUM_LINT_JUNIT ||
         format == OAKUM_LINT_CODECLIMATE || format == OAKUM_LINT_GITLAB ||
         format == OAKUM_LINT_SONARQUBE;
}

OakumLintOutputs *oakum_lint_outputs_new(const OakumLintSettings *settings, const GPtrArray *paths,
                                         const char *shown)
{
  OakumLintOutputs *outputs = g_new0(OakumLintOutputs, 1);
  outputs->all = g_ptr_array_new_with_free_func(output_free);
  guint n = settings->formats ? settings->formats->len : 0;
  for (guint i = 0; i < MAX(n, 1); i++) {
    Output *output = g_new0(Output, 1);
    OakumLintFormat format = OAKUM_LINT_TTY;
    if (n > 0 && !oakum_lint_format_parse(settings->formats->pdata[i], &format))
      g_assert_not_reached(); /* they were checked */
    output->path = paths && i < paths->len ? paths->pdata[i] : NULL;
    if (output->path && strcmp(output->path, "-") == 0)
      output->path = NULL;
    gboolean colour = !output->path && !settings->no_colour && oakum_colour_wanted(1);
    output->shown = is_renamed(format) ? shown : NULL;
    output->writer = oakum_lint_writer_new(format, settings->compat, colour);
    output->text = g_string_new(NULL);
    output->spool = -1;
    g_ptr_array_add(outputs->all, output);
  }
  return outputs;
}

void oakum_lint_outputs_free(OakumLintOutputs *outputs)
{
  if (!outputs)
    return;
  g_ptr_array_unref(outputs->all);
  g_free(outputs);
}

static void begin(OakumLintOutputs *outputs, Output *output)
{
  if (output->begun)
    return;
  gboolean early = oakum_lint_writer_begin(output->writer, output->text);
  output->straight = early && !output->path && output == outputs->all->pdata[0];
  output->begun = TRUE;
}

static gboolean open_spool(Output *output, GError **error)
{
  g_autofree char *name = NULL;
  if (output->spool >= 0)
    return TRUE;
  output->spool = g_file_open_tmp("oakum-XXXXXX", &name, error);
  if (output->spool < 0)
    return FALSE;
  (void)fcntl(output->spool, F_SETFD, FD_CLOEXEC);
  g_unlink(name);
  return TRUE;
}

static gboolean flush(Output *output, GError **error)
{
  gboolean ok = output->straight
                    ? oakum_lint_print(output->text->str, output->text->len, error)
                    : open_spool(output, error) && oakum_write_all(output->spool, output->text->str,
                                                                   output->text->len, error);
  g_string_truncate(output->text, 0);
  return ok;
}

gboolean oakum_lint_outputs_add(OakumLintOutputs *outputs, const OakumLintJob *job, GError **error)
{
  for (guint i = 0; i < outputs->all->len; i++) {
    Output *output = outputs->all->pdata[i];
    const OakumLintedFile file = {output->shown ? output->shown : job->name, job->text, job->len,
                                  job->findings};
    begin(outputs, output);
    oakum_lint_writer_file(output->writer, &file, output->text);
    if (output->text->len >= OAKUM_LINT_SPOOL && !flush(output, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean put(OakumAtomicFile *file, const char *data, size_t len, GError **error)
{
  return file ? oakum_write_all(oakum_atomic_file_fd(file), data, len, error)
              : oakum_lint_print(data, len, error);
}

static gboolean put_spool(OakumAtomicFile *file, int spool, GError **error)
{
  g_autofree char *block = g_malloc(OAKUM_LINT_SPOOL);
  if (spool < 0)
    return TRUE;
  ssize_t n = 0;
  if (lseek(spool, 0, SEEK_SET) == 0)
    while ((n = read(spool, block, OAKUM_LINT_SPOOL)) > 0)
      if (!put(file, block, (size_t)n, error))
        return FALSE;
  if (n == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "temporary file of the report");
  return FALSE;
}

static gboolean end(Output *output, GError **error)
{
  g_autoptr(OakumAtomicFile) file = NULL;
  GString *head = g_string_new(NULL);
  oakum_lint_writer_end(output->writer, head, output->text);
  gboolean ok = (!output->path || (file = oakum_atomic_file_new(output->path, 0644, error))) &&
                put(file, head->str, head->len, error) && put_spool(file, output->spool, error) &&
                put(file, output->text->str, output->text->len, error) &&
                (!file || oakum_atomic_file_commit(file, error));
  g_string_free(head, TRUE);
  oakum_fd_clear(&output->spool);
  return ok;
}

gboolean oakum_lint_outputs_end(OakumLintOutputs *outputs, GError **error)
{
  for (guint i = 0; i < outputs->all->len; i++) {
    Output *output = outputs->all->pdata[i];
    begin(outputs, output);
    if (!end(output, error)) {
      if (output->path)
        g_prefix_error(error, "%s: ", output->path);
      return FALSE;
    }
  }
  return TRUE;
}
