/* Where the result of a build goes: --output, -t and --push. */
#pragma once
#include "cli/cli.h"

typedef enum {
  OAKUM_OUTPUT_OCI,
  OAKUM_OUTPUT_OCI_ARCHIVE,
  OAKUM_OUTPUT_DOCKER_ARCHIVE,
  OAKUM_OUTPUT_ROOTFS, /* a folder */
  OAKUM_OUTPUT_ROOTFS_TAR,
} OakumOutputKind;
typedef struct {
  OakumOutputKind kind;
  char *text, *path; /* as given; the file or folder */
  GPtrArray *names;  /* char *: the tags, or names, that it gives itself */
} OakumOutput;
typedef struct {
  GPtrArray *files;  /* OakumOutput */
  GPtrArray *names;  /* OakumReference: what the image is called */
  GPtrArray *pushes; /* OakumReference: where it goes */
  gboolean on_stdout;
  /* attributes of type=… that shape the image; NULL: they say nothing */
  char *compression, *compression_level, *media_types;
} OakumOutputs;
/* Reads the spellings of oakum (oci:DIR:TAG …) and of buildx (type=oci,dest=FILE …). -t names the
 * image; it is pushed there with `push`, or when there is no output. USAGE. */
NODISCARD OakumOutputs *oakum_outputs_parse(const GPtrArray *outputs, const GPtrArray *tags,
                                            gboolean push, GError **error);
void oakum_outputs_free(OakumOutputs *outputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumOutputs, oakum_outputs_free)
/* Refuses, before anything is built, what could not be written afterwards. */
NODISCARD gboolean oakum_outputs_check(const OakumOutputs *outputs, guint n_platforms,
                                       gboolean docker_types, GError **error);
/* Writes the files, then pushes: the blobs once to each repository, and from one to the next of a
 * registry by mounting. `base`: reference of the image that this one is based on, or NULL; `work`:
 * a folder for what is needed on the way. */
NODISCARD gboolean oakum_outputs_write(const OakumOutputs *outputs, const OakumImageSet *set,
                                       const char *base, const char *work,
                                       const OakumRegistryArgs *registry, GError **error);
/* "app:v1" for docker.io/library/app:v1, as docker shows it. New string. */
NODISCARD char *oakum_reference_familiar(const OakumReference *ref);
