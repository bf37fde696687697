#include "cli/cli.h"
#include "version/version.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int debug_version(const char *scheme_name)
{
  OakumVersionScheme scheme;
  if (!oakum_version_scheme_parse(scheme_name, &scheme)) {
    oakum_log(OAKUM_LOG_ERROR, "debug version: unknown scheme \"%s\"; known are deb and apk",
              scheme_name);
    return OAKUM_EXIT_ERROR;
  }
  char *line = NULL;
  size_t room = 0;
  ssize_t len;
  int status = OAKUM_EXIT_PASS;
  for (guint64 number = 1; (len = getline(&line, &room, stdin)) >= 0; number++) {
    if (len > 0 && line[len - 1] == '\n')
      len--;
    const char *tab = memchr(line, '\t', (size_t)len);
    size_t a_len = tab ? (size_t)(tab - line) : 0, b_len = tab ? (size_t)len - a_len - 1 : 0;
    if (!tab || memchr(tab + 1, '\t', b_len)) {
      oakum_log(OAKUM_LOG_ERROR, "debug version: line %" G_GUINT64_FORMAT " is not A<TAB>B",
                number);
      status = OAKUM_EXIT_ERROR;
      break;
    }
    int order;
    gboolean valid = oakum_version_compare(scheme, line, a_len, tab + 1, b_len, &order);
    puts(!valid ? "!" : order < 0 ? "<" : order > 0 ? ">" : "=");
  }
  free(line);
  if (ferror(stdin) || fflush(stdout) != 0) {
    oakum_log(OAKUM_LOG_ERROR, "debug version: %s", g_strerror(errno));
    status = OAKUM_EXIT_ERROR;
  }
  return status;
}

static int run(int argc, char **argv)
{
  if (argc == 3 && strcmp(argv[1], "version") == 0)
    return debug_version(argv[2]);
  oakum_log(OAKUM_LOG_ERROR, "debug: expected \"version SCHEME\"; see oakum debug --help");
  return OAKUM_EXIT_ERROR;
}

const OakumCommand oakum_cmd_debug = {
    .name = "debug",
    .summary = "show what the parts make of an input",
    .usage = "version deb|apk",
    .examples = "  printf '1.0~rc1\\t1.0\\n' | oakum debug version deb    # prints <, =, > or ! "
                "(not valid)\n",
    .run = run,
};
