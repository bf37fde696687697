#include "cli/build-common.h"
#include <stdio.h>

static int run(int argc, char **argv)
{
  OakumBuildArgs args = {0};
  OakumBuilt built = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_ERROR;
  if (oakum_options_parse(&oakum_cmd_build, &args, argc, argv, &rest, &error)) {
    if (rest->len != 1)
      g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "expected one context, got %u; see oakum build --help", rest->len);
    else if (!args.print_plan &&
             oakum_cli_enter_userns(args.isolation, argc, argv, &status, &error))
      ;
    else {
      gboolean ok = oakum_cli_build(&args, rest->pdata[0], &built, &error) &&
                    (!oakum_built_any(&built) || oakum_cli_deliver(&args, &built, &error));
      /* also of a build that failed: the next one need not do again what went well */
      ok = oakum_cli_caches_tell(&args, &built.caches, ok ? &error : NULL) && ok;
      status = ok ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
    }
  }
  if (status == OAKUM_EXIT_PASS && oakum_built_any(&built) && !built.outputs->on_stdout) {
    g_autofree char *digest = oakum_built_digest(&built);
    puts(digest);
  }
  if (error && args.metadata_file && error->code != OAKUM_ERROR_USAGE)
    oakum_cli_tell_failure(&args, &built, error);
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "build: %s", error->message);
  oakum_built_clear(&built);
  oakum_options_clear(&oakum_cmd_build, &args);
  return status;
}

static const OakumOptionGroup groups[] = {{NULL, NULL, oakum_build_options, 0},
                                          OAKUM_REGISTRY_GROUP(OakumBuildArgs, registry),
                                          OAKUM_GENERAL_GROUP(OakumBuildArgs, general),
                                          {0}};
static const OakumArgument arguments[] = {
    {"DIR", "a folder, an archive, - for standard input, or the URL of a repository or archive"},
    {0}};

const OakumCommand oakum_cmd_build = {
    .builds = TRUE,
    .name = "build",
    .summary = "build an image from a Dockerfile, without a daemon and without privileges",
    .about = "Prints the digest of the manifest, or of the index over several platforms.",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(OakumBuildArgs),
    .examples = "oakum build --output oci:out:v1 .\n"
                "oakum build -t registry.example/app:v1 -t registry.example/app:latest --push .\n"
                "oakum build --platform amd64,arm64 -t registry.example/app:v1 --push .\n"
                "oakum build --output rootfs:app.tar --metadata-file app.json .\n"
                "oakum build --build-arg BASE=rootfs:bookworm.tar -o oci-archive:app.tar:v1 .\n"
                "oakum build --output oci:out:v1 https://example.com/app.git#v1:docker\n"
                "tar -c . | oakum build --output oci:out:v1 -\n"
                "oakum build --print-plan .\n",
    .run = run,
};
