#include "cli/build-common.h"
#include <stdio.h>

static int run(int argc, char **argv)
{
  OakumBuildArgs args = {0};
  OakumBuilt built = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  const OakumOption options[] = {OAKUM_BUILD_OPTIONS(&args), {0}};
  int status = OAKUM_EXIT_ERROR;
  if (oakum_options_parse(options, argc, argv, &rest, &error)) {
    if (rest->len != 1)
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "expected one context folder, got %u; see oakum build --help", rest->len);
    else if (!args.print_plan &&
             oakum_cli_enter_userns(args.isolation, argc, argv, &status, &error))
      ;
    else if (oakum_cli_build(&args, rest->pdata[0], &built, &error) &&
             (!built.result || oakum_cli_deliver(&args, &built, &error)))
      status = OAKUM_EXIT_PASS;
  }
  if (status == OAKUM_EXIT_PASS && built.result) {
    g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(built.result->image->manifest);
    puts(desc->digest);
  }
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "build: %s", error->message);
  oakum_built_clear(&built);
  oakum_build_args_clear(&args);
  return status;
}

const OakumCommand oakum_cmd_build = {
    .name = "build",
    .summary = "build an image from a Dockerfile, without a daemon and without privileges",
    .usage = "[-f FILE] [--context DIR] [--output IMAGE-ARG]... [--build-arg NAME=VALUE]... "
             "[--target STAGE]\n"
             "                   [--platform OS/ARCH] [--isolation auto|userns|root|chroot] "
             "[--timestamps "
             "clamp|keep] [--threads N]\n"
             "                   [--store DIR] [--print-plan] [--verbose] DIR\n\n"
             "Prints the digest of the manifest. Every option is also a variable: --build-arg is "
             "OAKUM_BUILD_ARG.",
    .examples = "  oakum build --output oci:out:v1 .\n"
                "  oakum build --build-arg BASE=rootfs:bookworm.tar --output "
                "docker-archive:app.tar:app:v1 .\n"
                "  oakum build --print-plan .\n",
    .run = run,
};
