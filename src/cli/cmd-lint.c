#include "cli/cli.h"
#include "codec/codec.h"
#include "lint/lint.h"
#include "os/os.h"
#include <stdio.h>
#include <string.h>

static gboolean lint_file(const char *path, GPtrArray *all, GError **error)
{
  g_autofree char *text = NULL;
  size_t len;
  if (strcmp(path, "-") == 0) {
    g_autoptr(OakumReader) in = oakum_reader_new_fd(0, FALSE);
    if (!oakum_reader_slurp(in, OAKUM_DOCKERFILE_MAX, "standard input", &text, &len, error))
      return FALSE;
  } else if (!oakum_file_read(path, OAKUM_DOCKERFILE_MAX, &text, &len, error)) {
    return FALSE;
  }
  g_autoptr(OakumDockerfile) dockerfile = oakum_dockerfile_parse(text, len, path, error);
  if (!dockerfile || !oakum_dockerfile_check(dockerfile, error))
    return FALSE;
  g_autoptr(GPtrArray) found = oakum_lint_run(dockerfile);
  g_ptr_array_extend_and_steal(all, g_steal_pointer(&found));
  return TRUE;
}

void oakum_cli_print_lint(GPtrArray *findings, FILE *out)
{
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    g_autofree char *title = oakum_escape_terminal(f->title, -1);
    fprintf(out, "%s:%d:%d: %s: %s [%s]\n    %s\n", f->file, f->line, f->column,
            oakum_severity_name(f->severity), title, f->id, f->fix);
  }
}

static void print_json(GPtrArray *findings)
{
  OAKUM_AUTO_JSON *list = json_array();
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    g_autofree char *title = oakum_escape_utf8(f->title, -1),
                    *file = oakum_escape_utf8(f->file, -1);
    json_t *object = json_object();
    json_object_set_new(object, "id", json_string(f->id));
    json_object_set_new(object, "severity", json_string(oakum_severity_name(f->severity)));
    json_object_set_new(object, "title", json_string(title));
    json_object_set_new(object, "fix", json_string(f->fix));
    json_object_set_new(object, "file", json_string(file));
    json_object_set_new(object, "line", json_integer(f->line));
    json_object_set_new(object, "column", json_integer(f->column));
    json_object_set_new(object, "end_line", json_integer(f->end_line));
    json_object_set_new(object, "end_column", json_integer(f->end_column));
    json_array_append_new(list, object);
  }
  g_autofree char *text = oakum_json_dump(list, FALSE);
  puts(text);
}

static int run(int argc, char **argv)
{
  g_autofree char *format = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  const OakumOption options[] = {{"format", 0, OAKUM_OPTION_TEXT, &format}, {0}};
  gboolean ok = oakum_options_parse(options, argc, argv, &rest, &error);
  if (ok &&
      (rest->len == 0 || (format && strcmp(format, "json") != 0 && strcmp(format, "text") != 0))) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected [--format text|json] FILE...; see oakum lint --help");
    ok = FALSE;
  }
  for (guint i = 0; ok && i < rest->len; i++)
    ok = lint_file(rest->pdata[i], all, &error);
  if (!ok) {
    oakum_log(OAKUM_LOG_ERROR, "lint: %s", error->message);
    return OAKUM_EXIT_ERROR;
  }
  if (format && strcmp(format, "json") == 0)
    print_json(all);
  else
    oakum_cli_print_lint(all, stdout);
  return all->len > 0 ? OAKUM_EXIT_GATE : OAKUM_EXIT_PASS;
}

const OakumCommand oakum_cmd_lint = {
    .name = "lint",
    .summary = "check Dockerfiles against good practice",
    .usage = "[--format text|json] FILE...\n\n"
             "FILE may be - for standard input. Exit status: 0 nothing found, 1 error, 2 something "
             "found.\n"
             "A comment \"# oakum ignore=ID\" on the line above an instruction takes a rule back "
             "for it.",
    .examples = "  oakum lint Dockerfile\n  oakum lint --format json services/*/Dockerfile\n",
    .run = run,
};
