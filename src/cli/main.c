#include "build/build.h"
#include "cli/cli.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int run(int argc, char **argv)
{
  setlocale(LC_CTYPE, "C.UTF-8");
#ifdef __GLIBC__
  /* what is freed is soon taken again: the kernel need not make each page twice */
  mallopt(M_TOP_PAD, (int)OAKUM_MIB);
  mallopt(M_TRIM_THRESHOLD, 16 * (int)OAKUM_MIB);
#endif
  signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error of write, told like any other */
  if (argc < 2) {
    oakum_log(OAKUM_LOG_ERROR, "no command given; oakum --help lists the commands");
    return OAKUM_EXIT_ERROR;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
    g_autofree char *text = oakum_help_program();
    fputs(text, stdout);
    return OAKUM_EXIT_PASS;
  }
  if (strcmp(argv[1], "--version") == 0) {
    puts("oakum " OAKUM_VERSION);
    return OAKUM_EXIT_PASS;
  }
  return oakum_command_dispatch(argc - 1, argv + 1);
}

/* Called by a name of kaniko's, or of GitLab's analyser, the program is that command: its row and
 * its words stay as they are. */
static int run_as(int argc, char **argv)
{
  static const char *const names[] = {"executor", "warmer", "gtcs", NULL};
  g_autofree char *name = argc > 0 ? g_path_get_basename(argv[0]) : g_strdup("");
  if (!g_strv_contains(names, name))
    return run(argc, argv);
  g_autofree char **words = g_new0(char *, (gsize)argc + 2);
  words[0] = argv[0];
  words[1] = name;
  memcpy(words + 2, argv + 1, sizeof(char *) * (gsize)argc);
  return run(argc + 1, words);
}

static int run_in_userns(int argc, char **argv)
{
  oakum_sandbox_mark_userns();
  return run(argc, argv);
}

int main(int argc, char **argv)
{
  static const OakumReexecEntry entries[] = {{"step", oakum_sandbox_step_main},
                                             {"examine", oakum_examine_main},
                                             {"agent", oakum_build_agent_main},
                                             {"userns", run_in_userns},
                                             {NULL, NULL}};
  int status = oakum_reexec_dispatch(entries, argc, argv);
  return status >= 0 ? status : run_as(argc, argv);
}
