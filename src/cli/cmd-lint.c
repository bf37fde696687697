#include "cli/lint-common.h"
#include "os/os.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading
 * -------------------------------------------------------------------------------------- */
static gboolean read_text(const char *path, char **text, size_t *len, GError **error)
{
  if (strcmp(path, "-") != 0)
    return oakum_file_read(path, OAKUM_DOCKERFILE_MAX, text, len, error);
  g_autoptr(OakumReader) in = oakum_reader_new_fd(0, FALSE);
  return oakum_reader_slurp(in, OAKUM_DOCKERFILE_MAX, "standard input", text, len, error);
}

static gboolean wants_shellcheck(const OakumLintArgs *args, const OakumLintSettings *settings)
{
  return !args->no_shellcheck && settings->compat != OAKUM_LINT_COMPAT_DOCKER;
}

/* ---- fixing
 * --------------------------------------------------------------------------------------- */
typedef struct {
  const OakumLintArgs *args;
  const OakumLintSettings *settings;
  gboolean unsafe;
  guint files, findings;
} Fix;

static gboolean write_back(const char *path, const char *text, size_t len, GError **error)
{
  struct stat st;
  g_autofree char *real = realpath(path, NULL); /* a link stays one */
  if (!real || stat(real, &st) < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", path);
    return FALSE;
  }
  return oakum_file_write(real, text, len, st.st_mode & 07777, error);
}

static gboolean fix_file(Fix *fix, const char *path, GError **error)
{
  g_autofree char *text = NULL, *fixed = NULL;
  size_t len, fixed_len;
  guint applied = 0;
  gboolean is_stdin = strcmp(path, "-") == 0;
  const char *place = is_stdin ? fix->args->stdin_filename : path, *name = place ? place : path;
  if (!read_text(path, &text, &len, error))
    return FALSE;
  GError *inner = NULL;
  g_autoptr(OakumLintJob) job = oakum_lint_job_new(fix->settings, name, place, fix->args->context,
                                                   g_memdup2(text, len + 1), len, &inner);
  if (!job) {
    if (inner)
      g_propagate_error(error, inner);
    return inner == NULL;
  }
  fixed = oakum_lint_fix(text, len, name, &job->options, fix->unsafe, &fixed_len, &applied, error);
  if (!fixed)
    return FALSE;
  gboolean changed = fixed_len != len || memcmp(fixed, text, len) != 0;
  fix->files += changed;
  fix->findings += changed ? applied : 0;
  if (fix->args->diff) {
    GString *diff = oakum_report_diff(name, text, len, fixed, fixed_len);
    gboolean ok = oakum_lint_print(diff->str, diff->len, error);
    g_string_free(diff, TRUE);
    return ok;
  }
  if (is_stdin)
    return oakum_lint_print(fixed, fixed_len, error);
  return !changed || write_back(path, fixed, fixed_len, error);
}

/* ---- reports
 * -------------------------------------------------------------------------------------- */
static gboolean check_formats(const OakumLintArgs *args, const OakumLintSettings *settings,
                              GError **error)
{
  guint formats = settings->formats ? settings->formats->len : 0;
  OakumLintFormat format;
  for (guint i = 0; i < formats; i++)
    if (!oakum_lint_format_parse(settings->formats->pdata[i], &format)) {
      g_autoptr(GPtrArray) names = g_ptr_array_new();
      for (int j = 0; j < OAKUM_LINT_FORMATS; j++)
        g_ptr_array_add(names, (gpointer)oakum_lint_format_name((OakumLintFormat)j));
      oakum_cli_unknown(error, "format", settings->formats->pdata[i], names,
                        "see oakum lint --help");
      return FALSE;
    }
  if (args->outputs && args->outputs->len > MAX(formats, 1)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%u outputs for %u formats",
                args->outputs->len, MAX(formats, 1));
    return FALSE;
  }
  return TRUE;
}

typedef struct {
  const OakumLintSettings *settings;
  OakumLintOutputs *outputs;
  OakumLintTold told;
  guint files;
} Reports;

static gboolean report_file(OakumLintJob *job, gpointer user, GError **error)
{
  Reports *reports = user;
  reports->files++;
  oakum_lint_told_add(&reports->told, reports->settings, job);
  return oakum_lint_outputs_add(reports->outputs, job, error);
}

/* ---- the command
 * ---------------------------------------------------------------------------------- */
static int list_rules(const OakumLintArgs *args, GError **error)
{
  const char *format = args->formats ? args->formats->pdata[0] : "tty";
  g_autofree char *text = oakum_report_lint_rules(format);
  if (!text) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--list-rules takes --format tty, json or markdown");
    return OAKUM_EXIT_ERROR;
  }
  return oakum_lint_print(text, strlen(text), error) ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

static int explain(const OakumLintArgs *args, GError **error)
{
  const OakumLintRule *rule = oakum_lint_rule_find(args->explain);
  if (!rule && oakum_lint_rule_check(args->explain, error))
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_NOT_FOUND,
                "\"%s\" is no rule of oakum's own; see https://www.shellcheck.net/wiki/",
                args->explain);
  if (!rule)
    return OAKUM_EXIT_ERROR;
  g_autofree char *text = oakum_report_lint_rule(rule, oakum_colour_wanted(1));
  return oakum_lint_print(text, strlen(text), error) ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

/* What one file says must not keep the others from being checked; the status remembers it. */
static gboolean failed(GError *error)
{
  if (!error)
    return FALSE;
  oakum_log(OAKUM_LOG_ERROR, "lint: %s", error->message);
  g_error_free(error);
  return TRUE;
}

static void tell_settings(const OakumLintArgs *args, const OakumLintSettings *settings,
                          const GPtrArray *files)
{
  static const char *const compat[] = {"none", "hadolint", "docker"};
  oakum_info("compat: %s", compat[settings->compat]);
  oakum_info("threshold: %s", settings->no_fail || settings->fail_on == OAKUM_LINT_OFF
                                  ? "none"
                                  : oakum_lint_level_name(settings->fail_on));
  oakum_info("shellcheck: %s", wants_shellcheck(args, settings) ? "yes" : "no");
  GHashTableIter iter;
  gpointer rule, level;
  if (settings->levels) {
    g_hash_table_iter_init(&iter, settings->levels);
    while (g_hash_table_iter_next(&iter, &rule, &level))
      oakum_info("level of %s: %s", (const char *)rule,
                 oakum_lint_level_name((OakumLintLevel)GPOINTER_TO_INT(level)));
  }
  for (guint i = 0; i < files->len; i++)
    oakum_info("file: %s", (const char *)files->pdata[i]);
}

static int lint(const OakumLintArgs *args, GPtrArray *rest, GError **error)
{
  g_auto(OakumLintSettings) settings = {0};
  gboolean broken = FALSE, fixing = args->fix || args->diff;
  if (rest->len == 0) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected FILE, DIR or -; see oakum lint --help");
    return OAKUM_EXIT_ERROR;
  }
  if (args->fix && strcmp(args->fix, "safe") != 0 && strcmp(args->fix, "unsafe") != 0) {
    oakum_cli_takes(error, "--fix", "safe|unsafe", args->fix);
    return OAKUM_EXIT_ERROR;
  }
  if (!oakum_lint_settings_load(args, &settings, error) || !check_formats(args, &settings, error))
    return OAKUM_EXIT_ERROR;
  g_autoptr(GPtrArray) files = oakum_lint_files(rest, error);
  if (!files)
    return OAKUM_EXIT_ERROR;
  if (args->verbose)
    tell_settings(args, &settings, files);
  Fix fix = {args, &settings, args->fix && strcmp(args->fix, "unsafe") == 0, 0, 0};
  for (guint i = 0; fixing && i < files->len; i++) {
    GError *inner = NULL;
    (void)!fix_file(&fix, files->pdata[i], &inner);
    broken |= failed(inner);
  }
  if (args->diff)
    return broken ? OAKUM_EXIT_ERROR : fix.files ? OAKUM_EXIT_GATE : OAKUM_EXIT_PASS;
  if (fixing)
    oakum_info("fixed %u finding%s in %u file%s", fix.findings, fix.findings == 1 ? "" : "s",
               fix.files, fix.files == 1 ? "" : "s");
  for (guint i = files->len; fixing && i > 0; i--)
    if (strcmp(files->pdata[i - 1], "-") == 0)
      g_ptr_array_remove_index(files, i - 1); /* standard output has the fixed text */
  g_autoptr(OakumLintOutputs) outputs =
      oakum_lint_outputs_new(&settings, args->outputs, args->shown_path);
  Reports reports = {&settings, outputs, {.broken = broken}, 0};
  const OakumLintRun lint_run = {&settings,     args->stdin_filename,
                                 args->context, wants_shellcheck(args, &settings),
                                 report_file,   &reports};
  if (!oakum_lint_run_files(&lint_run, files, &reports.told, error))
    return OAKUM_EXIT_ERROR;
  if (fixing && reports.files == 0)
    return reports.told.broken ? OAKUM_EXIT_ERROR : OAKUM_EXIT_PASS;
  if (!oakum_lint_outputs_end(outputs, error))
    return OAKUM_EXIT_ERROR;
  return oakum_lint_status(&settings, &reports.told);
}

static int run(int argc, char **argv)
{
  OakumLintArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_ERROR;
  if (oakum_options_parse(&oakum_cmd_lint, &args, argc, argv, &rest, &error))
    status = args.lsp          ? oakum_lint_serve(&args)
             : args.list_rules ? list_rules(&args, &error)
             : args.explain    ? explain(&args, &error)
                               : lint(&args, rest, &error);
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "lint: %s", error->message);
  oakum_options_clear(&oakum_cmd_lint, &args);
  return status;
}

/* hadolint's own file, named or stood in for, is read as such. */
static gboolean foreign_config(const char *path, const void *args)
{
  if (!path)
    return FALSE;
  g_autofree char *base = g_path_get_basename(path);
  return strstr(base, "hadolint") != NULL ||
         (g_strcmp0(((const OakumLintArgs *)args)->compat, "hadolint") == 0 &&
          strcmp(path, "none") != 0 && strstr(base, "oakum") == NULL);
}

#define AT(field) offsetof(OakumLintArgs, field)
#define LEVELS "error|warning|info|style|none"
static const OakumOption report_options[] = {
    {"format", 'f', OAKUM_OPTION_LIST, AT(formats),
     "tty|json|sarif|checkstyle|junit|codeclimate|gitlab|gnu|compact|github|rdjson|sonarqube|"
     "codacy|"
     "hadolint-json",
     "format of the report", "tty"},
    {"output", 'o', OAKUM_OPTION_LIST, AT(outputs), "FILE",
     "where the report goes; the first one belongs to the first format, and so on",
     "standard output"},
    {"file-path-in-report", 0, OAKUM_OPTION_TEXT, AT(shown_path), "PATH",
     "what each file is called in checkstyle, junit, codeclimate, gitlab and sonarqube"},
    {"fail-on", 't', OAKUM_OPTION_TEXT, AT(fail_on), LEVELS,
     "lowest level that makes the exit status 2", "info"},
    {"failure-threshold", 0, OAKUM_OPTION_TEXT, AT(fail_on), LEVELS, "the same as --fail-on"},
    {"no-fail", 0, OAKUM_OPTION_FLAG, AT(no_fail), NULL, "exit with 0 whatever is found"},
    {"no-color", 0, OAKUM_OPTION_FLAG, AT(no_colour), NULL, "no colour, also on a terminal"},
    {"verbose", 'V', OAKUM_OPTION_FLAG, AT(verbose), NULL,
     "tell on standard error what is checked, and with which settings"},
    {"list-rules", 0, OAKUM_OPTION_FLAG, AT(list_rules), NULL,
     "list the rules instead; --format tty, json or markdown"},
    {"explain", 0, OAKUM_OPTION_TEXT, AT(explain), "RULE", "tell all about a rule instead"},
    {0}};
static const OakumOption rule_options[] = {
    {"only", 0, OAKUM_OPTION_LIST, AT(only), "RULE", "run this rule and no other"},
    {"ignore", 0, OAKUM_OPTION_LIST, AT(ignore), "RULE", "leave this rule out"},
    {"error", 0, OAKUM_OPTION_LIST, AT(levels[OAKUM_LINT_ERROR_LEVEL]), "RULE",
     "give this rule the level error"},
    {"warning", 0, OAKUM_OPTION_LIST, AT(levels[OAKUM_LINT_WARNING]), "RULE",
     "give this rule the level warning"},
    {"info", 0, OAKUM_OPTION_LIST, AT(levels[OAKUM_LINT_INFO]), "RULE",
     "give this rule the level info"},
    {"style", 0, OAKUM_OPTION_LIST, AT(levels[OAKUM_LINT_STYLE]), "RULE",
     "give this rule the level style"},
    {"trusted-registry", 0, OAKUM_OPTION_LIST, AT(trusted), "HOST",
     "images may come from this registry, and from others no more; *, *suffix, prefix*"},
    {"require-label", 0, OAKUM_OPTION_LIST, AT(labels), "NAME:TYPE",
     "label that an image must have; its type is text, url, semver, hash, rfc3339, spdx or email"},
    {"strict-labels", 0, OAKUM_OPTION_FLAG, AT(strict_labels), NULL,
     "refuse labels that are not required"},
    {"disable-ignore-pragma", 0, OAKUM_OPTION_FLAG, AT(disable_pragma), NULL,
     "let no comment take a finding back"},
    {"require-reason", 0, OAKUM_OPTION_FLAG, AT(require_reason), NULL,
     "ask each \"# oakum ignore=RULE\" for \"# reason\""},
    {"no-shellcheck", 0, OAKUM_OPTION_FLAG, AT(no_shellcheck), NULL,
     "do not run the shellcheck program"},
    {"compat", 0, OAKUM_OPTION_TEXT, AT(compat), "hadolint|docker|none",
     "find what this program finds, name it so, and exit like it", "none"},
    {0}};
static const OakumOption file_options[] = {
    {"fix", 0, OAKUM_OPTION_OPTIONAL, AT(fix), "safe|unsafe",
     "mend the files in place, then tell what is left; unsafe mends may change what the image does",
     NULL, "safe"},
    {"diff", 0, OAKUM_OPTION_FLAG, AT(diff), NULL,
     "show what --fix would change, and change nothing; exit status 2 when there is something"},
    {"stdin-filename", 0, OAKUM_OPTION_TEXT, AT(stdin_filename), "FILE",
     "what standard input is called, and where its ignore file is looked for"},
    {"context", 0, OAKUM_OPTION_TEXT, AT(context), "DIR", "folder that the build will read",
     "that of each Dockerfile"},
    {"lsp", 0, OAKUM_OPTION_FLAG, AT(lsp), NULL,
     "be a language server on standard input and output"},
    {0}};
static const OakumOptionGroup groups[] = {{"Report", NULL, report_options, 0},
                                          {"Rules", NULL, rule_options, 0},
                                          {"Files", NULL, file_options, 0},
                                          OAKUM_GENERAL_GROUP(OakumLintArgs, general),
                                          {0}};
static const OakumArgument arguments[] = {
    {"FILE...",
     "Dockerfiles; folders, in which Dockerfile*, *.dockerfile and Containerfile* are found; - "
     "for standard input"},
    {0}};
static const char *const sections[] = {"rules", "overrides", NULL};

const OakumCommand oakum_cmd_lint = {
    .name = "lint",
    .summary = "check Dockerfiles against good practice",
    .about = "Exit status: 0 nothing at or over the threshold, 1 error, 2 something is; with "
             "--compat that of the "
             "program that is stood in for.\n\n"
             "A comment \"# oakum ignore=RULE # reason\" above an instruction takes a rule back "
             "for it. The section "
             "\"lint\" of the configuration file has two keys besides the options:\n"
             "  lint:\n"
             "    rules: {DL3008: off, base-image-tag: error}\n"
             "    overrides:\n"
             "      - files: [\"tests/**\"]\n"
             "        rules: {DL3006: off}\n"
             "With --compat hadolint, .hadolint.yaml and HADOLINT_* are read as hadolint reads "
             "them; --config "
             "may name such a file.",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(OakumLintArgs),
    .sections = sections,
    .foreign_config = foreign_config,
    .examples = "oakum lint .\n"
                "oakum lint --fix Dockerfile\n"
                "oakum lint -f sarif -o lint.sarif -f tty services/\n"
                "oakum lint --compat hadolint --format hadolint-json Dockerfile\n",
    .run = run,
};
