/* cli: the command table. The only module that prints results and decides exit codes. */
#pragma once
#include "cli/command.h"
#include "examine/examine.h"
#include "image/image.h"
#include "registry/registry.h"
#include <stdio.h>

typedef enum {
  OAKUM_EXIT_PASS = 0,
  OAKUM_EXIT_ERROR = 1,
  OAKUM_EXIT_GATE = 2,       /* the gate refused */
  OAKUM_EXIT_INCOMPLETE = 3, /* something could not be judged */
} OakumExit;

/* `oakum debug`: shows what the parts make of an input, for tests and for bug reports. */
extern const OakumCommand oakum_cmd_debug;
extern const OakumCommand oakum_cmd_build;
extern const OakumCommand oakum_cmd_executor;
extern const OakumCommand oakum_cmd_warmer;
extern const OakumCommand oakum_cmd_doctor;
extern const OakumCommand oakum_cmd_store;
extern const OakumCommand oakum_cmd_scan;
extern const OakumCommand oakum_cmd_compare;
extern const OakumCommand oakum_cmd_report;
extern const OakumCommand oakum_cmd_policy;
extern const OakumCommand oakum_cmd_gitlab;
extern const OakumCommand oakum_cmd_db;
extern const OakumCommand oakum_cmd_lint;
extern const OakumCommand oakum_cmd_ship;
extern const OakumCommand oakum_cmd_man;
extern const OakumCommand oakum_cmd_completion;

/* The verbs of `oakum debug` that speak to registries. */
extern const OakumCommand oakum_debug_pull;
extern const OakumCommand oakum_debug_push;
extern const OakumCommand oakum_debug_copy;
extern const OakumCommand oakum_debug_referrers;
/* Those that show the language of Dockerfiles, and scripts. */
extern const OakumCommand oakum_debug_dockerfile;
extern const OakumCommand oakum_debug_expand;
extern const OakumCommand oakum_debug_ignore;
extern const OakumCommand oakum_debug_shell;
extern const OakumCommand oakum_debug_version, oakum_debug_range;
extern const OakumCommand oakum_debug_catalog;
extern const OakumCommand oakum_debug_inspect;
extern const OakumCommand oakum_debug_feed;
extern const OakumCommand oakum_debug_match;
extern const OakumCommand oakum_debug_policy;
extern const OakumCommand oakum_debug_secrets;
/* What a build reads. */
extern const OakumCommand oakum_debug_context;

/* ---- registries, for all commands that speak to them
 * -------------------------------------------------- */
typedef struct {
  GPtrArray *insecure, *unverified, *mirrors, *maps, *ca_files, *client_certs;
  char *certs_dir, *chunk;
  /* no options: what kaniko's command line says */
  GPtrArray *helpers; /* as in OakumRegistryOptions; char * */
  GPtrArray *logins;  /* "HOST=USER:PASSWORD"; char * */
  const char *bases;  /* an OCI layout whose blobs need not be pulled; NULL */
  gboolean insecure_pull, insecure_push, unverified_pull, unverified_push; /* of every host */
} OakumRegistryArgs;
extern const OakumOption oakum_registry_options[];
/* Whether the values of an OakumRegistryArgs are well formed, and the files that they name there.
 */
NODISCARD gboolean oakum_registry_args_check(const void *args, GError **error);
#define OAKUM_REGISTRY_GROUP(args, member)                                                         \
  {                                                                                                \
    "Registries", "registry", oakum_registry_options, offsetof(args, member),                      \
        oakum_registry_args_check                                                                  \
  }
/* Opens a repository as the options say; `args` may be NULL. */
NODISCARD OakumRegistry *oakum_registry_args_open(const OakumRegistryArgs *args,
                                                  const OakumReference *ref, gboolean push,
                                                  GError **error);

/* "pull NAME: what; hint": puts in front what was done to which image, which the message of a
 * registry may begin with already. `hint`: what may be wrong, or NULL. */
void oakum_registry_args_blame(GError **error, const char *doing, const OakumReference *ref,
                               const char *name, const char *hint);

/* ---- image arguments
 * ------------------------------------------------------------------------------- *
 * registry/name:tag, docker-archive:FILE[:TAG], oci:DIR[:TAG], oci-archive:FILE[:TAG],
 * rootfs:DIR-or-TAR */
typedef enum {
  OAKUM_ARG_REGISTRY,
  OAKUM_ARG_DOCKER_ARCHIVE,
  OAKUM_ARG_OCI,
  OAKUM_ARG_OCI_ARCHIVE,
  OAKUM_ARG_ROOTFS,
  OAKUM_ARG_SBOM /* a bill of materials; only examine takes it */
} OakumImageArgKind;
typedef struct {
  OakumImageArgKind kind;
  char *text, *path, *tag; /* tag may be NULL */
  int spool;               /* what came from standard input; -1: nothing */
} OakumImageArg;
NODISCARD OakumImageArg *oakum_image_arg_parse(const char *text, GError **error);
void oakum_image_arg_free(OakumImageArg *arg);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumImageArg, oakum_image_arg_free)
/* Opens the image; a root file system becomes an image of one layer in the store. */
NODISCARD OakumImage *oakum_image_arg_open(const OakumImageArg *arg, const OakumPlatform *platform,
                                           OakumStore *store, const OakumRegistryArgs *registry,
                                           GError **error);
/* One of a registry whose manifest (its bytes, of an image) was asked for before: the registry is
 * not asked for it again. */
NODISCARD OakumImage *oakum_image_arg_open_again(const OakumImageArg *arg, GBytes *manifest,
                                                 OakumStore *store,
                                                 const OakumRegistryArgs *registry, GError **error);
/* What a bill of materials (a file, compressed or not) says is in an image. */
NODISCARD OakumCatalog *oakum_sbom_arg_examine(const char *path, GError **error);
/* The same of its text; `what` names it. */
NODISCARD OakumCatalog *oakum_sbom_text_examine(const char *text, size_t len, const char *what,
                                                GError **error);
/* FILE "-" is standard input, put where it can be read more than once. */
NODISCARD gboolean oakum_image_arg_take_stdin(OakumImageArg *arg, GError **error);
/* What is in the image; a root file system is read where it lies. `cache` may be NULL. `facts` (may
 * be NULL) gets what oakum_report_image tells; of a root file system only its size; of a bill of
 * materials nothing. */
NODISCARD OakumCatalog *
oakum_image_arg_examine(const OakumImageArg *arg, const OakumPlatform *platform, OakumStore *store,
                        OakumExamineCache *cache, const OakumRegistryArgs *registry,
                        const OakumExamineOptions *options, json_t **facts, GError **error);
/* A source whose readers draw a progress line ("pull app:v1 …") over the layers and configs of
 * `manifests`. Owns `below` when `owned`. */
NODISCARD OakumBlobSource *oakum_progress_source(OakumBlobSource *below, gboolean owned,
                                                 const char *what,
                                                 const OakumManifest *const *manifests,
                                                 guint count);

/* "10GB", "512MiB", "1000": by 1000 and by 1024, as docker reads them. */
NODISCARD gboolean oakum_cli_parse_size(const char *text, uint64_t *out);

/* ---- building, for build and ship
 * --------------------------------------------------------------------- */
typedef struct {
  char *file, *context, *target, *isolation, *timestamps, *store, *threads;
  char *network, *cache_ttl, *keep_trees;
  GPtrArray *cache_from, *cache_to;        /* texts, as docs/cache.md has them */
  gboolean whole;                          /* no option: all layers will be read */
  gboolean cache_no_runs, cache_no_copies; /* no options: steps that those are not used for */
  GPtrArray *left_out;                     /* no option: paths that layers of RUN do not carry */
  char *compression, *compression_level, *media_types, *progress;
  char *iid_file, *metadata_file, *digest_file, *names_file, *tagged_names_file;
  char *memory, *cpus, *timeout;
  GPtrArray *platforms, *labels, *annotations, *hosts;
  gboolean push;
  GPtrArray *tags, *outputs, *build_args, *build_contexts, *secrets, *ssh;
  gboolean print_plan, verbose, no_cache;
  OakumRegistryArgs registry;
  OakumGeneralArgs general;
} OakumBuildArgs;
extern const OakumOption oakum_build_options[];
/* Everything a build makes, kept together. */
typedef struct OakumBuilt OakumBuilt;
