#include "build/build.h"
#include "cli/cli.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A result that did not come out is none, whatever the command thinks; one that noticed has told.
 */
static int say(int status)
{
  errno = 0;
  if (fflush(stdout) == 0 && !ferror(stdout))
    return status;
  if (status != OAKUM_EXIT_ERROR)
    oakum_log(OAKUM_LOG_ERROR, "standard output: %s",
              errno ? g_strerror(errno) : "not all that was printed could be written");
  return OAKUM_EXIT_ERROR;
}

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
  if (strcmp(argv[1], "--version") == 0) {
    puts("oakum " OAKUM_VERSION);
    return say(OAKUM_EXIT_PASS);
  }
  return say(oakum_command_dispatch(argc - 1, argv + 1));
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

/* A descriptor that the caller closed would be that of the next file that is opened, and what is
 * printed would go into it. A folder can neither be read from nor written to, also as /dev/stdout.
 */
static void open_standard_files(void)
{
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) < 0)
      (void)!open("/", O_RDONLY | O_DIRECTORY);
}

int main(int argc, char **argv)
{
  open_standard_files();
  static const OakumReexecEntry entries[] = {{"step", oakum_sandbox_step_main},
                                             {"examine", oakum_examine_main},
                                             {"agent", oakum_build_agent_main},
                                             {"userns", run_in_userns},
                                             {NULL, NULL}};
  int status = oakum_reexec_dispatch(entries, argc, argv);
  return status >= 0 ? status : run_as(argc, argv);
}
