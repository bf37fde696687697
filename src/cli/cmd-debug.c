#include "cli/cli.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include "version/version.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

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

/* argv: debug step [--isolation RUNG] [--user UID:GID] ROOT -- COMMAND [ARGUMENT]... */
static int debug_step(int argc, char **argv)
{
  OakumRung rung = OAKUM_RUNG_ROOT;
  unsigned uid = 0, gid = 0;
  int i = 2;
  for (; i + 1 < argc && g_str_has_prefix(argv[i], "--") && argv[i][2]; i += 2)
    if (!(strcmp(argv[i], "--isolation") == 0 && oakum_rung_parse(argv[i + 1], &rung)) &&
        !(strcmp(argv[i], "--user") == 0 && sscanf(argv[i + 1], "%u:%u", &uid, &gid) == 2)) {
      oakum_log(OAKUM_LOG_ERROR, "debug step: bad option %s %s", argv[i], argv[i + 1]);
      return OAKUM_EXIT_ERROR;
    }
  if (argc < i + 3 || strcmp(argv[i + 1], "--") != 0) {
    oakum_log(OAKUM_LOG_ERROR, "debug step: expected ROOT -- COMMAND");
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
  g_autofree char *root = g_canonicalize_filename(argv[i], NULL), *above = g_path_get_dirname(root);
  g_autoptr(OakumTempDir) scratch = oakum_temp_dir_new(above, &error);
  const char *envp[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "HOME=/root", NULL};
  OakumStep step = {.root = root,
                    .scratch = scratch ? oakum_temp_dir_path(scratch) : NULL,
                    .cwd = "/",
                    .uid = uid,
                    .gid = gid,
                    .argv = (const char *const *)(gpointer)(argv + i + 2),
                    .envp = envp,
                    .out = 1,
                    .err = 2,
                    .hostname = "oakum\n"};
  int status;
  if (!scratch || !oakum_sandbox_run(rung, &step, &status, &error)) {
    oakum_log(OAKUM_LOG_ERROR, "debug step: %s", error->message);
    return OAKUM_EXIT_ERROR;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(int argc, char **argv)
{
  static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
  } parts[] = {{"pull", oakum_debug_pull},
               {"push", oakum_debug_push},
               {"copy", oakum_debug_copy},
               {"referrers", oakum_debug_referrers},
               {"dockerfile", oakum_debug_dockerfile},
               {"expand", oakum_debug_expand},
               {"ignore", oakum_debug_ignore},
               {"shell", oakum_debug_shell}};
  for (size_t i = 0; argc > 1 && i < G_N_ELEMENTS(parts); i++)
    if (strcmp(argv[1], parts[i].name) == 0)
      return parts[i].run(argc - 1, argv + 1);
  if (argc > 2 && strcmp(argv[1], "step") == 0)
    return debug_step(argc, argv);
  if (argc == 3 && strcmp(argv[1], "version") == 0)
    return debug_version(argv[2]);
  oakum_log(OAKUM_LOG_ERROR,
            "debug: expected version, step, pull, push, copy, referrers, dockerfile, expand, "
            "ignore or shell; see oakum debug --help");
  return OAKUM_EXIT_ERROR;
}

const OakumCommand oakum_cmd_debug = {
    .name = "debug",
    .summary = "show what the parts make of an input",
    .usage =
        "version deb|apk, or step [--isolation RUNG] [--user UID:GID] ROOT -- COMMAND..., or "
        "pull REF DIR, or push DIR REF..., or dockerfile [--tokens] [--scope] FILE, or expand, "
        "or ignore --file FILE, or shell [--dialect sh|bash] [--tree]",
    .examples =
        "  printf '1.0~rc1\\t1.0\\n' | oakum debug version deb    # prints <, =, > or ! "
        "(not valid)\n"
        "  oakum debug pull localhost:5000/app:v1 /tmp/app     # manifest.json and blobs/, as "
        "they are\n"
        "  oakum debug dockerfile Dockerfile                   # its syntax tree as JSON\n"
        "  printf '${x:-y}\\tx=z\\n' | oakum debug expand        # prints z\n"
        "  ls | oakum debug ignore --file .dockerignore        # prints kept or ignored\n"
        "  echo 'sudo make | tee log' | oakum debug shell      # one line a simple command\n",
    .run = run,
};
