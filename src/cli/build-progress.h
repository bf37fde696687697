/* --progress: what goes on in a build, and what went wrong in it. */
#pragma once
#include "build/build.h"
#include "cli/cli.h"

typedef struct {
  char *message, *instruction, *text;
  int line, exit_code; /* -1: no command failed */
} OakumBuildFailure;
typedef struct {
  gboolean json;       /* one JSON object a line on standard error, log lines too */
  char *platform;      /* that is built now, when there are several; NULL */
  GPtrArray *failures; /* OakumBuildFailure */
} OakumBuildProgress;
/* "auto", "plain", "json"; NULL is "auto". */
NODISCARD gboolean oakum_build_progress_begin(OakumBuildProgress *progress, const char *kind,
                                              GError **error);
void oakum_build_progress_clear(OakumBuildProgress *progress);
/* An OakumBuildNotify; `user` is the progress. */
void oakum_build_progress_notify(const OakumBuildEvent *event, gpointer user);
/* The failed step that `error` tells of, or NULL; borrowed. */
NODISCARD const OakumBuildFailure *oakum_build_progress_failure(const OakumBuildProgress *progress,
                                                                const GError *error);
