/* kaniko's command line over the engine of `build`: what the files executor-*.c share. */
#pragma once
#include "cli/build-common.h"

typedef struct {
  char *context, *context_sub_path, *bucket, *dockerfile, *platform, *kaniko_dir, *snapshot_mode,
      *extract_retry;
  GPtrArray *git, *targets, *build_args, *labels, *annotations, *secrets, *ignore_paths;
  char *tar_path, *oci_layout_path, *digest_file, *name_digest_file, *name_tag_digest_file,
      *compression, *compression_level, *image_format, *push_retry;
  GPtrArray *destinations, *images;
  char *cache_repo, *cache_ttl, *cache_dir;
  GPtrArray *insecure_registries, *unverified_registries, *certificates, *client_certs, *maps,
      *mirrors, *credential_helpers;
  char *download_retry, *acr_config, *verbosity, *log_format, *username, *password;
  /* booleans: NULL not said, else what was written */
  char *reproducible, *dryrun, *cleanup, *pre_cleanup, *preserve_context, *materialize, *force,
      *single_snapshot, *use_new_run, *skip_unused_stages, *force_build_metadata, *ignore_var_run,
      *no_push, *skip_push_check, *ignore_immutable, *cache, *no_push_cache, *cache_run_layers,
      *cache_copy_layers, *compressed_caching, *insecure_pull, *unverified_pull, *no_fallback,
      *insecure, *unverified, *log_timestamp, *password_stdin;
} OakumExecutorArgs;

extern const OakumCommand oakum_executor_login_command, oakum_executor_push_command,
    oakum_executor_version_command;
extern const OakumOptionGroup oakum_executor_groups[], oakum_warmer_groups[], oakum_login_groups[];

/* The command line, then kaniko's variables; checks what every value must be. */
NODISCARD gboolean oakum_executor_parse(const OakumCommand *command, int argc, char **argv,
                                        OakumExecutorArgs *args, GPtrArray **rest, GError **error);
/* What a boolean that was checked says. */
NODISCARD gboolean oakum_executor_flag(const char *value, gboolean fallback);
/* What a number that was checked says, cut to -1 … OAKUM_EXECUTOR_RETRIES_MAX. */
NODISCARD int oakum_executor_number(const char *value, int fallback);
/* A line for each flag and variable that was given and has no effect here. */
void oakum_executor_tell_unused(const OakumCommand *command, const OakumExecutorArgs *args);
/* From here on the log has kaniko's forms. */
void oakum_executor_log(const OakumExecutorArgs *args);

/* The folder of --kaniko-dir, made; new string. NULL: none was named, and /kaniko is not there. */
NODISCARD gboolean oakum_executor_folder(const OakumExecutorArgs *args, char **out, GError **error);
/* What the flags say of registries, in the form of `build`; to be cleared by the function below. */
NODISCARD gboolean oakum_executor_registry(const OakumExecutorArgs *args, OakumRegistryArgs *out,
                                           GError **error);
void oakum_executor_registry_clear(OakumRegistryArgs *registry);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumRegistryArgs, oakum_executor_registry_clear)
/* Seconds of --cache-ttl; 0: nothing is young enough. */
NODISCARD gboolean oakum_executor_ttl(const OakumExecutorArgs *args, uint64_t *out, GError **error);
/* The Dockerfile: from where we stand, else inside of the context (NULL: there is none), or by
 * https. *path: its name for messages; new strings. */
NODISCARD gboolean oakum_executor_dockerfile(const OakumExecutorArgs *args,
                                             const OakumContext *context, const char *temp,
                                             char **text, size_t *len, char **path,
                                             gboolean *inside, GError **error);

/* ---- what is made
 * ------------------------------------------------------------------------------------------ */
/* Asks each destination whether it may be pushed to. */
NODISCARD gboolean oakum_executor_check_push(const OakumExecutorArgs *args,
                                             const OakumRegistryArgs *registry, GError **error);
/* Pushes, writes archives, layouts and files as the flags say. `base`: the image that this one is
 * based on, or NULL; `work`: a folder for what is needed on the way. */
NODISCARD gboolean oakum_executor_deliver(const OakumExecutorArgs *args, const OakumImageSet *set,
                                          const char *base, const char *work,
                                          const OakumRegistryArgs *registry, GError **error);
/* Pushes alone. */
NODISCARD gboolean oakum_executor_push(const OakumExecutorArgs *args, const OakumImageSet *set,
                                       const char *base, const char *work,
                                       const OakumRegistryArgs *registry, GError **error);
