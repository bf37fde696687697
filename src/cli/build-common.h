/* What `build` and `ship` share. */
#pragma once
#include "build/build.h"
#include "cli/build-files.h"
#include "cli/build-progress.h"
#include "cli/build-shape.h"
#include "cli/cli.h"
#include "cli/outputs.h"

/* --cache-from and --cache-to. */
typedef struct {
  GPtrArray *from;    /* OakumCacheRemote; NULL: none */
  GPtrArray *to;      /* private to build-cache.c; NULL: none */
  OakumCacheLog *log; /* NULL: nobody is told */
  uint64_t ttl_s;     /* of --cache-ttl: what is older is told again */
} OakumCaches;
NODISCARD gboolean oakum_cli_caches_open(const OakumBuildArgs *args, OakumCaches *caches,
                                         GError **error);
/* Tells the caches of --cache-to of the steps; a build that failed may do so, too. What cannot be
 * told is a warning, but for a cache with ignore-error=false. */
NODISCARD gboolean oakum_cli_caches_tell(const OakumBuildArgs *args, OakumCaches *caches,
                                         GError **error);
void oakum_cli_caches_clear(OakumCaches *caches);

struct OakumBuilt {
  OakumContext *context;
  OakumIgnore *ignore;
  GPtrArray *contexts; /* OakumNamedContext; NULL: none */
  OakumDockerfile *dockerfile;
  OakumStore *store;
  OakumCaches caches;
  OakumOutputs *outputs;
  OakumBuildShape shape;
  OakumBuildProgress progress;
  GPtrArray *platforms;   /* OakumPlatform, as asked for */
  GPtrArray *results;     /* OakumBuildResult, one a platform; NULL or empty with --print-plan */
  OakumManifest *index;   /* over several platforms; else NULL */
  OakumLayerWatch *watch; /* borrowed: who looks on while layers are made; NULL: nobody */
};
/* What was built, as what delivers it wants it; *images, of the length of results, and the source
 * are owned by the caller and must live as long. */
NODISCARD OakumImageSet oakum_built_set(const OakumBuilt *built, const OakumImage ***images,
                                        OakumBlobSource **source);
/* Whether an image came of it. */
NODISCARD static inline gboolean oakum_built_any(const OakumBuilt *built)
{
  return built->results && built->results->len > 0;
}
/* Digest of the index, or of the manifest. New string. */
NODISCARD char *oakum_built_digest(const OakumBuilt *built);
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
/* What "# check=error=true" of the file, or BUILDKIT_DOCKERFILE_CHECK of the build arguments, makes
 * errors: BuildKit's build checks, of the stages that are built. Costs nothing without them. The
 * error names what was found; it is one as well when a base image cannot be had. */
NODISCARD gboolean oakum_build_checks_pass(const OakumPlan *plan, const OakumDockerfile *dockerfile,
                                           const OakumBuildOptions *options, GError **error);
/* Writes the result to every --output, pushes it, and writes the files that tell of it. */
NODISCARD gboolean oakum_cli_deliver(const OakumBuildArgs *args, const OakumBuilt *built,
                                     GError **error);
/* What is wanted in --metadata-file after a build that failed with `error`. */
void oakum_cli_tell_failure(const OakumBuildArgs *args, const OakumBuilt *built,
                            const GError *error);
/* --secret or --ssh into OakumBuildSecret; *out is set in any case. */
NODISCARD gboolean oakum_cli_parse_secrets(const GPtrArray *texts, gboolean ssh, GPtrArray **out,
                                           GError **error);
/* --build-arg: name → value; new table. */
NODISCARD GHashTable *oakum_cli_build_args(GPtrArray *texts);
void oakum_built_clear(OakumBuilt *built);
