/* build: Dockerfile to image. A plan is made as a pure function; its steps run in the sandbox; what
 * they change becomes layers; config and history follow as BuildKit writes them. Rank 4. It knows
 * nothing of registries: a base image comes from a callback. */
#pragma once
#include "dockerfile/dockerfile.h"
#include "image/image.h"
#include "sandbox/sandbox.h"

OAKUM_DECLARE_ERROR(build)
#define OAKUM_BUILD_ERROR (oakum_build_error_quark())

/* ---- plan
 * ------------------------------------------------------------------------------------------ */
typedef struct {
  int stage;  /* index in the Dockerfile */
  char *base; /* reference of an image, "scratch", or NULL when base_stage >= 0 */
  int base_stage;
  char *platform;     /* of FROM, expanded; NULL */
  gboolean has_files; /* some instruction needs the stage's root file system */
} OakumPlanStage;
typedef struct {
  GPtrArray *stages; /* OakumPlanStage, in the order they are built; the last is the result */
  GHashTable *args;  /* global arguments after expansion: those before the first FROM */
} OakumPlan;
/* `build_args`: name → value or NULL. `target`: name or number of a stage, NULL: the last. Only
 * stages that the result needs are in the plan. */
NODISCARD OakumPlan *oakum_plan_make(const OakumDockerfile *dockerfile, GHashTable *build_args,
                                     const char *target, const OakumPlatform *platform,
                                     GError **error);
/* The plan as text, for --print-plan. New string. */
NODISCARD char *oakum_plan_format(const OakumPlan *plan, const OakumDockerfile *dockerfile);
void oakum_plan_free(OakumPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumPlan, oakum_plan_free)

/* ---- running
 * ---------------------------------------------------------------------------------------- */
/* Finds a base image; its blobs may be read many times. */
typedef OakumImage *(*OakumFindBase)(const char *reference, const OakumPlatform *platform,
                                     gpointer user, GError **error);
/* Who owns a path of a context, when the folder on disk cannot tell. */
typedef struct {
  uint32_t uid, gid;
} OakumOwner;
typedef struct {
  const char *context; /* folder of COPY and ADD; NULL: none */
  const OakumIgnore *ignore; /* what of it counts; NULL: all */
  GHashTable *owners; /* of it: path → OakumOwner, for what is not root's; NULL: all is root's */
  GHashTable *build_args;
  OakumPlatform platform;
  OakumRung rung;
  OakumFindBase find_base;
  gpointer user;
  gboolean keep_times;           /* --timestamps keep */
  const char *source_date_epoch; /* text of the variable, or NULL */
  guint threads;
  int out, err; /* where steps print */
  guint step_timeout_s;
} OakumBuildOptions;
/* Which line of the Dockerfile brought a layer of the result: one number a layer; that of FROM for
 * the layers of the base image. */
typedef struct {
  OakumImage *image;   /* blobs in the store */
  GArray *layer_lines; /* int */
} OakumBuildResult;
NODISCARD OakumBuildResult *oakum_build_run(const OakumPlan *plan,
                                            const OakumDockerfile *dockerfile, OakumStore *store,
                                            const OakumBuildOptions *options, GError **error);
void oakum_build_result_free(OakumBuildResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumBuildResult, oakum_build_result_free)
