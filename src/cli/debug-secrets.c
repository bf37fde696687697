#include "cli/cli.h"
#include "inspect/inspect.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  char *as, *config;
} Args;

static int look(const char *file, const char *as, OakumInspector *inspector)
{
  const OakumLayerObserver *observer = oakum_inspector_observer(inspector);
  g_autoptr(GError) error = NULL;
  gboolean standard = strcmp(file, "-") == 0;
  OAKUM_AUTO_FD fd = standard ? dup(0) : open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    oakum_log(OAKUM_LOG_ERROR, "debug secrets: %s: %s", file, g_strerror(errno));
    return OAKUM_EXIT_ERROR;
  }
  g_autofree char *buffer = g_malloc(OAKUM_IO_BUFFER);
  const char *path = as ? as : standard ? "input.env" : file + strspn(file, "/");
  OakumTarEntry entry = {
      .type = OAKUM_TAR_FILE, .path = {(const uint8_t *)path, strlen(path)}, .mode = 0644};
  gssize n;
  observer->entry(observer->user, &entry, path);
  while ((n = oakum_read_some(fd, buffer, OAKUM_IO_BUFFER, &error)) > 0)
    observer->bytes(observer->user, buffer, (size_t)n);
  if (n == 0)
    return OAKUM_EXIT_PASS;
  oakum_log(OAKUM_LOG_ERROR, "debug secrets: %s: %s", file, error->message);
  return OAKUM_EXIT_ERROR;
}

static void print(const GPtrArray *observed, const char *as)
{
  for (guint i = 0; i < observed->len; i++) {
    const OakumFinding *finding = observed->pdata[i];
    if (finding->suppressed)
      continue;
    g_autofree char *file = oakum_escape_terminal(as ? as : finding->file, -1);
    printf("%s\t%d\t%s\t%s\n", file, finding->line, finding->id, finding->match);
  }
}

static int run(int argc, char **argv)
{
  Args args = {NULL, NULL};
  g_autoptr(GPtrArray) rest = NULL;
  g_autoptr(GError) error = NULL;
  int status = OAKUM_EXIT_PASS;
  if (!oakum_options_parse(&oakum_debug_secrets, &args, argc, argv, &rest, &error) ||
      rest->len == 0) {
    oakum_log(OAKUM_LOG_ERROR, "debug secrets: %s",
              error ? error->message : "expected files, or - for standard input");
    oakum_options_clear(&oakum_debug_secrets, &args);
    return OAKUM_EXIT_ERROR;
  }
  g_autofree char *text = NULL;
  size_t len;
  if (args.config && (!oakum_file_read(args.config, OAKUM_CONFIG_FILE_MAX, &text, &len, &error) ||
                      !oakum_inspect_secret_config(text, len, args.config, &error) ||
                      !oakum_inspect_secret_ready(&error))) {
    oakum_log(OAKUM_LOG_ERROR, "debug secrets: %s", error->message);
    oakum_options_clear(&oakum_debug_secrets, &args);
    return OAKUM_EXIT_ERROR;
  }
  g_autoptr(OakumInspector) inspector =
      oakum_inspector_new(&(OakumInspectOptions){.checks = OAKUM_CHECK_SECRETS});
  g_autoptr(GPtrArray)
      observed = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free),
      incomplete = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  for (guint i = 0; i < rest->len && status == OAKUM_EXIT_PASS; i++)
    status = look(rest->pdata[i], args.as, inspector);
  const OakumLayerObserver *observer = oakum_inspector_observer(inspector);
  observer->end(observer->user, observed, incomplete);
  print(observed, NULL);
  for (guint i = 0; i < incomplete->len; i++)
    oakum_warn("%s", ((const OakumFinding *)incomplete->pdata[i])->title);
  oakum_options_clear(&oakum_debug_secrets, &args);
  return status == OAKUM_EXIT_PASS && incomplete->len > 0 ? OAKUM_EXIT_INCOMPLETE : status;
}

static const OakumOption options[] = {{"as", 0, OAKUM_OPTION_TEXT, offsetof(Args, as), "PATH",
                                       "where the file is in an image", "its own path"},
                                      {"secret-config", 0, OAKUM_OPTION_TEXT,
                                       offsetof(Args, config), "FILE", "as scan takes it", "none"},
                                      {0}};
static const OakumOptionGroup groups[] = {{NULL, NULL, options, 0}, {0}};
static const OakumArgument arguments[] = {{"FILE...", "files; - is standard input"}, {0}};
const OakumCommand oakum_debug_secrets = {
    .name = "secrets",
    .summary = "print the secrets in files: path, line, rule, and the censored text, by tabs",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(Args),
    .parent = &oakum_cmd_debug,
    .examples = "oakum debug secrets --as app/.env - < .env\n",
    .run = run};
