/* The small files that tell scripts what came of a build. */
#pragma once
#include "cli/cli.h"

typedef struct {
  const char *iid;          /* image ID, as docker and buildah write it */
  const char *digest;       /* of the manifest or index */
  const char *names;        /* a line registry/name@digest for each place it was pushed to */
  const char *tagged_names; /* the same with the tag in front of the digest */
  const char *metadata;     /* JSON */
} OakumResultFiles;         /* paths; NULL: not wanted */

/* What is told; all borrowed. */
typedef struct {
  const OakumImageSet *set;              /* NULL: the build failed */
  const OakumPlatform *const *platforms; /* one an image */
  const GPtrArray *names, *pushes;       /* OakumReference; may be NULL */
  /* why it failed, and the step that did, as far as known */
  const char *error, *instruction, *text;
  int line, exit_code; /* 0; -1: no command failed */
} OakumResultFacts;

/* Writes the files that are wanted; after a failure only the metadata. */
NODISCARD gboolean oakum_result_files_write(const OakumResultFiles *files,
                                            const OakumResultFacts *facts, GError **error);
/* Registry and repository, Docker Hub as kaniko's library writes it. New string. */
NODISCARD char *oakum_result_repository(const OakumReference *ref);
/* The texts, for who has other places for them. New strings. */
NODISCARD char *oakum_result_names(const OakumResultFacts *facts, gboolean tags);
NODISCARD char *oakum_result_metadata(const OakumResultFacts *facts);
