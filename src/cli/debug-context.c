/* `oakum debug context`: what a context holds, whatever it is spelt as. */
#include "build/build.h"
#include "cli/cli.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>

typedef struct {
  gboolean kaniko, recurse;
  char *bucket, *sub_path, *branch;
} ContextArgs;

static OakumContext *open_context(const ContextArgs *args, const char *text, const char *temp,
                                  GError **error)
{
  const OakumKanikoContext kaniko = {args->bucket, args->sub_path, args->branch, args->recurse};
  return args->kaniko ? oakum_context_open_kaniko(text, &kaniko, temp, error)
                      : oakum_context_open(text, temp, error);
}

static int show(const ContextArgs *args, const char *text, GError **error)
{
  g_autoptr(OakumTempDir) temp = oakum_temp_dir_new(NULL, error);
  if (!temp)
    return OAKUM_EXIT_ERROR;
  g_autoptr(OakumContext) context = open_context(args, text, oakum_temp_dir_path(temp), error);
  if (!context)
    return OAKUM_EXIT_ERROR;
  OAKUM_AUTO_FD folder = open(oakum_context_path(context), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", oakum_context_path(context));
    return OAKUM_EXIT_ERROR;
  }
  OakumPackOptions options = {0};
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_fd(1, FALSE));
  return oakum_pack_path(folder, "", "", FALSE, &options, tar, error) &&
                 oakum_tar_writer_finish(tar, error)
             ? OAKUM_EXIT_PASS
             : OAKUM_EXIT_ERROR;
}

static int run(int argc, char **argv)
{
  ContextArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_ERROR;
  if (oakum_options_parse(&oakum_debug_context, &args, argc, argv, &rest, &error)) {
    if (rest->len != 1)
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected one context, got %u",
                  rest->len);
    else
      status = show(&args, rest->pdata[0], &error);
  }
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "debug context: %s", error->message);
  oakum_options_clear(&oakum_debug_context, &args);
  return status;
}

static const OakumOption options[] = {
    {"kaniko", 0, OAKUM_OPTION_FLAG, offsetof(ContextArgs, kaniko), NULL,
     "take it as kaniko spells it: dir://, tar://, git://, s3://, gs:// and so on"},
    {"bucket", 0, OAKUM_OPTION_TEXT, offsetof(ContextArgs, bucket), "NAME",
     "kaniko: the bucket of the object"},
    {"context-sub-path", 0, OAKUM_OPTION_TEXT, offsetof(ContextArgs, sub_path), "PATH",
     "kaniko: the folder of it"},
    {"branch", 0, OAKUM_OPTION_TEXT, offsetof(ContextArgs, branch), "NAME",
     "kaniko: branch of a repository"},
    {"recurse-submodules", 0, OAKUM_OPTION_FLAG, offsetof(ContextArgs, recurse), NULL,
     "kaniko: with submodules"},
    {0}};
static const OakumOptionGroup groups[] = {{NULL, NULL, options, 0}, {0}};
static const OakumArgument arguments[] = {{"CONTEXT", "as for oakum build"}, {0}};

const OakumCommand oakum_debug_context = {.name = "context",
                                          .summary = "write what a build context holds as tar",
                                          .arguments = arguments,
                                          .groups = groups,
                                          .size = sizeof(ContextArgs),
                                          .parent = &oakum_cmd_debug,
                                          .run = run};
