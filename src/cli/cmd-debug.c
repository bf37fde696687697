#include "cli/cli.h"
#include "license/license.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

typedef struct {
  gboolean texts;
} LicenseArgs;
static const OakumCommand cmd_license;

static void print_license(char *expression_taken)
{
  puts(expression_taken ? expression_taken : "!");
  g_free(expression_taken);
}

static int print_licenses(const LicenseArgs *args)
{
  char *line = NULL;
  size_t room = 0;
  ssize_t len;
  g_autoptr(GString) text = g_string_new(NULL);
  while ((len = getline(&line, &room, stdin)) >= 0) {
    if (args->texts && strcmp(line, "----\n") != 0) {
      g_string_append_len(text, line, len);
      continue;
    }
    if (!args->texts && len > 0 && line[len - 1] == '\n')
      line[len - 1] = '\0';
    print_license(args->texts
                      ? oakum_license_identify((OakumSlice){(const uint8_t *)text->str, text->len})
                      : oakum_license_expression(line));
    g_string_truncate(text, 0);
  }
  free(line);
  if (args->texts && text->len > 0)
    print_license(oakum_license_identify((OakumSlice){(const uint8_t *)text->str, text->len}));
  return ferror(stdin) || fflush(stdout) != 0 ? OAKUM_EXIT_ERROR : OAKUM_EXIT_PASS;
}

static int run_license(int argc, char **argv)
{
  LicenseArgs args = {FALSE};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_ERROR;
  if (!oakum_options_parse(&cmd_license, &args, argc, argv, &rest, &error))
    oakum_log(OAKUM_LOG_ERROR, "debug license: %s", error->message);
  else if (rest->len > 0)
    oakum_log(OAKUM_LOG_ERROR, "debug license: takes no arguments");
  else
    status = print_licenses(&args);
  oakum_options_clear(&cmd_license, &args);
  return status;
}

typedef struct {
  char *isolation, *user;
} StepArgs;
static const OakumCommand cmd_step;

/* `words`: ROOT COMMAND... and a NULL behind them. */
static int step(const StepArgs *args, char **words, int argc, char **argv)
{
  OakumRung rung = OAKUM_RUNG_ROOT;
  unsigned uid = 0, gid = 0;
  if (args->isolation && !oakum_rung_parse(args->isolation, &rung)) {
    oakum_log(OAKUM_LOG_ERROR, "debug step: bad option --isolation %s", args->isolation);
    return OAKUM_EXIT_ERROR;
  }
  if (args->user && sscanf(args->user, "%u:%u", &uid, &gid) != 2) {
    oakum_log(OAKUM_LOG_ERROR, "debug step: bad option --user %s", args->user);
    return OAKUM_EXIT_ERROR;
  }
  g_autoptr(GError) error = NULL;
  int ended;
  if (rung == OAKUM_RUNG_USERNS && !oakum_sandbox_in_userns()) {
    if (!oakum_sandbox_enter_userns(argc, argv, &ended, &error)) {
      oakum_log(OAKUM_LOG_ERROR, "debug step: %s", error->message);
      return OAKUM_EXIT_ERROR;
    }
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
  }
  g_autofree char *root = g_canonicalize_filename(words[0], NULL),
                  *above = g_path_get_dirname(root);
  g_autoptr(OakumTempDir) scratch = oakum_temp_dir_new(above, &error);
  const char *envp[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "HOME=/root", NULL};
  OakumStep step = {.root = root,
                    .scratch = scratch ? oakum_temp_dir_path(scratch) : NULL,
                    .cwd = "/",
                    .uid = uid,
                    .gid = gid,
                    .argv = (const char *const *)(gpointer)(words + 1),
                    .envp = envp,
                    .out = 1,
                    .err = 2};
  int status;
  if (!scratch || !oakum_sandbox_run(rung, &step, &status, &error)) {
    oakum_log(OAKUM_LOG_ERROR, "debug step: %s", error->message);
    return OAKUM_EXIT_ERROR;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_step(int argc, char **argv)
{
  StepArgs args = {NULL};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_ERROR;
  if (!oakum_options_parse(&cmd_step, &args, argc, argv, &rest, &error)) {
    oakum_log(OAKUM_LOG_ERROR, "debug step: %s", error->message);
  } else if (rest->len < 2) {
    oakum_log(OAKUM_LOG_ERROR, "debug step: expected ROOT -- COMMAND");
  } else {
    g_ptr_array_add(rest, NULL);
    status = step(&args, (char **)rest->pdata, argc, argv);
  }
  oakum_options_clear(&cmd_step, &args);
  return status;
}

static const OakumOption license_options[] = {
    {"texts", 0, OAKUM_OPTION_FLAG, offsetof(LicenseArgs, texts), NULL,
     "take texts of licences, parted by lines of four dashes", NULL},
    {0}};
static const OakumOptionGroup license_groups[] = {{NULL, NULL, license_options, 0}, {0}};
static const OakumCommand cmd_license = {
    .name = "license",
    .summary = "print the SPDX expression that each line stands for, or !",
    .parent = &oakum_cmd_debug,
    .groups = license_groups,
    .examples = "echo 'GPLv2+ and BSD-3-clause' | oakum debug license\n"
                "oakum debug license --texts < LICENSE\n",
    .run = run_license};

static const OakumOption step_options[] = {
    {"isolation", 0, OAKUM_OPTION_TEXT, offsetof(StepArgs, isolation),
     "userns|root|chroot|fake-root", "rung of the ladder", "root"},
    {"user", 0, OAKUM_OPTION_TEXT, offsetof(StepArgs, user), "UID:GID", "who runs it", "0:0"},
    {0}};
static const OakumOptionGroup step_groups[] = {{NULL, NULL, step_options, 0}, {0}};
static const OakumArgument step_arguments[] = {
    {"ROOT", "folder that becomes the root"}, {"-- COMMAND...", "what runs in it"}, {0}};
static const OakumCommand cmd_step = {.name = "step",
                                      .summary = "run a command in a root folder, isolated",
                                      .arguments = step_arguments,
                                      .groups = step_groups,
                                      .size = sizeof(StepArgs),
                                      .parent = &oakum_cmd_debug,
                                      .run = run_step};

static const OakumCommand *const verbs[] = {
    &oakum_debug_version,   &oakum_debug_range,      &cmd_license,         &cmd_step,
    &oakum_debug_context,   &oakum_debug_pull,       &oakum_debug_push,    &oakum_debug_copy,
    &oakum_debug_referrers, &oakum_debug_dockerfile, &oakum_debug_expand,  &oakum_debug_ignore,
    &oakum_debug_shell,     &oakum_debug_catalog,    &oakum_debug_inspect, &oakum_debug_feed,
    &oakum_debug_match,     &oakum_debug_secrets,    &oakum_debug_policy,  NULL};

const OakumCommand oakum_cmd_debug = {
    .name = "debug",
    .summary = "show what the parts make of an input",
    .verbs = verbs,
    .examples = "printf '1.0~rc1\\t1.0\\n' | oakum debug version deb\n"
                "oakum debug pull localhost:5000/app:v1 /tmp/app\n",
};
