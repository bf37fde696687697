/* What `build` and `ship` share. */
#pragma once
#include "build/build.h"
#include "cli/cli.h"

struct OakumBuilt {
  OakumContext *context;
  OakumIgnore *ignore;
  GPtrArray *contexts; /* OakumNamedContext; NULL: none */
  OakumDockerfile *dockerfile;
  OakumStore *store;
  OakumPlatform platform;
  OakumBuildResult *result; /* NULL with --print-plan */
};
/* Opens the context (`folder`, unless --context names one) and reads the Dockerfile and the ignore
 * file. */
NODISCARD gboolean oakum_cli_parse_dockerfile(const OakumBuildArgs *args, const char *folder,
                                              OakumBuilt *built, GError **error);
/* The rung userns holds the whole command, so it is entered before the command does anything: TRUE
 * when the command was run there (or could not be: `error` is set) and ends with *exit_status. */
NODISCARD gboolean oakum_cli_enter_userns(const char *isolation, int argc, char **argv,
                                          int *exit_status, GError **error);
/* The rung that a build takes when --isolation names none; FALSE: none works. */
NODISCARD gboolean oakum_cli_auto_rung(OakumRung *rung);
NODISCARD gboolean oakum_cli_build(const OakumBuildArgs *args, const char *folder,
                                   OakumBuilt *built, GError **error);
/* Writes the result to every --output and -t. */
NODISCARD gboolean oakum_cli_deliver(const OakumBuildArgs *args, const OakumBuilt *built,
                                     GError **error);
/* --secret or --ssh into OakumBuildSecret; *out is set in any case. */
NODISCARD gboolean oakum_cli_parse_secrets(const GPtrArray *texts, gboolean ssh, GPtrArray **out,
                                           GError **error);
void oakum_built_clear(OakumBuilt *built);
