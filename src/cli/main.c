#include "cli/cli.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const OakumCommand *const commands[] = {&oakum_cmd_ship,  &oakum_cmd_lint, &oakum_cmd_build,
                                               &oakum_cmd_scan,  &oakum_cmd_db,   &oakum_cmd_doctor,
                                               &oakum_cmd_store, &oakum_cmd_debug};

static void print_help(void)
{
  puts("oakum: container images without holes\n\nUsage: oakum COMMAND [ARGUMENT]...\n\nCommands:");
  for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
    printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
  puts("\noakum COMMAND --help tells more; oakum --version prints the version.");
}

static void print_command_help(const OakumCommand *command)
{
  printf("oakum %s: %s\n\nUsage: oakum %s %s\n\nExamples:\n%s", command->name, command->summary,
         command->name, command->usage, command->examples);
}

/* Edits that turn a into b: insert, delete, replace. Words of the command line are short. */
static guint distance(const char *a, const char *b)
{
  size_t n = strlen(b);
  g_autofree guint *row = g_new(guint, n + 1);
  for (size_t j = 0; j <= n; j++)
    row[j] = (guint)j;
  for (size_t i = 1; a[i - 1]; i++) {
    guint diagonal = row[0];
    row[0] = (guint)i;
    for (size_t j = 1; j <= n; j++) {
      guint above = row[j];
      row[j] = MIN(MIN(above, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[n];
}

static int unknown_command(const char *name)
{
  const char *nearest = NULL;
  guint best = 3; /* farther than two edits is no suggestion */
  for (size_t i = 0; strlen(name) < 64 && i < G_N_ELEMENTS(commands); i++) {
    guint d = distance(name, commands[i]->name);
    if (d < best) {
      best = d;
      nearest = commands[i]->name;
    }
  }
  if (nearest)
    oakum_log(OAKUM_LOG_ERROR, "unknown command \"%s\"; did you mean \"%s\"?", name, nearest);
  else
    oakum_log(OAKUM_LOG_ERROR, "unknown command \"%s\"; oakum --help lists the commands", name);
  return OAKUM_EXIT_ERROR;
}

static int run(int argc, char **argv)
{
  setlocale(LC_CTYPE, "C.UTF-8");
  signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error of write, told like any other */
  if (argc < 2) {
    oakum_log(OAKUM_LOG_ERROR, "no command given; oakum --help lists the commands");
    return OAKUM_EXIT_ERROR;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
    print_help();
    return OAKUM_EXIT_PASS;
  }
  if (strcmp(argv[1], "--version") == 0) {
    puts("oakum " OAKUM_VERSION);
    return OAKUM_EXIT_PASS;
  }
  for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
    if (strcmp(argv[1], commands[i]->name) != 0)
      continue;
    if (argc > 2 && strcmp(argv[2], "--help") == 0) {
      print_command_help(commands[i]);
      return OAKUM_EXIT_PASS;
    }
    return commands[i]->run(argc - 1, argv + 1);
  }
  return unknown_command(argv[1]);
}

static int run_in_userns(int argc, char **argv)
{
  oakum_sandbox_mark_userns();
  return run(argc, argv);
}

int main(int argc, char **argv)
{
  static const OakumReexecEntry entries[] = {
      {"step", oakum_sandbox_step_main}, {"userns", run_in_userns}, {NULL, NULL}};
  int status = oakum_reexec_dispatch(entries, argc, argv);
  return status >= 0 ? status : run(argc, argv);
}
