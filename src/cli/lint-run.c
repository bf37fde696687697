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
  g_autoptr(OakumLintJob) job = g_new0(OakumLintJob, 1);
  job->name = g_strdup(name);
  job->text = text;
  job->len = len;
  if (!oakum_lint_settings_for(settings, path, &job->options, &job->levels))
    return NULL;
  if ((path && !read_ignore(job, path, context, error)) ||
      !(job->dockerfile = oakum_dockerfile_parse(text, len, name, error)))
    return NULL;
  job->lint = oakum_lint_new(job->dockerfile, &job->options);
  return g_steal_pointer(&job);
}

void oakum_lint_job_finish(OakumLintJob *job)
{
  job->findings = oakum_lint_finish(job->lint);
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

gboolean oakum_lint_jobs_run(GPtrArray *jobs, gboolean shellcheck, GError **error)
{
  gboolean missing = FALSE;
  if (shellcheck && !oakum_lint_shellcheck(jobs, &missing, error))
    return FALSE;
  if (missing)
    oakum_info("shellcheck is not installed: what it would find in shell scripts is missing "
               "(--no-shellcheck silences this)");
  for (guint i = 0; i < jobs->len; i++) {
    OakumLintJob *job = jobs->pdata[i];
    if (!job->findings)
      job->findings = oakum_lint_finish(job->lint);
  }
  return TRUE;
}

GString *oakum_lint_jobs_report(const OakumLintSettings *settings, GPtrArray *jobs,
                                OakumLintFormat format, gboolean colour)
{
  g_autofree OakumLintedFile *files = g_new0(OakumLintedFile, jobs->len + 1);
  for (guint i = 0; i < jobs->len; i++) {
    const OakumLintJob *job = jobs->pdata[i];
    files[i] = (OakumLintedFile){job->name, job->text, job->len, job->findings};
  }
  const OakumLintReport report = {files, jobs->len, settings->compat, colour};
  return oakum_report_lint(&report, format);
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

int oakum_lint_status(const OakumLintSettings *s, GPtrArray *jobs)
{
  gboolean over = FALSE, any = FALSE, unparsed = FALSE;
  for (guint i = 0; i < jobs->len; i++) {
    const OakumLintJob *job = jobs->pdata[i];
    for (guint j = 0; j < job->findings->len; j++) {
      const OakumFinding *f = job->findings->pdata[j];
      any = TRUE;
      unparsed |= strcmp(f->id, "syntax") == 0;
      over |= s->fail_on != OAKUM_LINT_OFF && oakum_lint_level_of(f->severity) >= s->fail_on;
    }
  }
  if (s->compat == OAKUM_LINT_COMPAT_HADOLINT)
    return hadolint_status(s, over, unparsed);
  if (s->compat == OAKUM_LINT_COMPAT_DOCKER)
    return any && !s->no_fail ? OAKUM_EXIT_ERROR : OAKUM_EXIT_PASS;
  return over && !s->no_fail ? OAKUM_EXIT_GATE : OAKUM_EXIT_PASS;
}
