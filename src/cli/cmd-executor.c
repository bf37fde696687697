/* `oakum executor`, also when the program is called so: kaniko's command line (docs/executor.md).
 */
#include "cli/executor.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean usage(GError **error, const char *text)
{
  g_set_error_literal(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, text);
  return FALSE;
}

/* What kaniko refuses before it begins. */
static gboolean check(const OakumExecutorArgs *args, GError **error)
{
  gboolean no_push = oakum_executor_flag(args->no_push, FALSE),
           cache = oakum_executor_flag(args->cache, FALSE),
           no_push_cache = oakum_executor_flag(args->no_push_cache, FALSE);
  gboolean zstd = g_strcmp0(args->compression, "zstd") == 0;
  if (oakum_executor_flag(args->dryrun, FALSE))
    return TRUE;
  if (!no_push && (!args->destinations || args->destinations->len == 0))
    return usage(error, "you must provide --destination, or use --no-push");
  if (cache && no_push && !no_push_cache && !args->cache_repo)
    return usage(error, "--cache with --no-push needs --cache-repo, or --no-push-cache");
  if (zstd && g_strcmp0(args->image_format, "docker") == 0)
    return usage(error, "--compression zstd does not go with --image-format docker");
  if (zstd && args->tar_path)
    return usage(error, "--compression zstd does not go with --tar-path");
  if (args->tar_path && g_strcmp0(args->image_format, "oci") == 0)
    return usage(error, "--image-format oci does not go with --tar-path");
  if ((args->name_digest_file || args->name_tag_digest_file) &&
      (!args->destinations || args->destinations->len == 0))
    return usage(error, "a file with the names of the image needs --destination");
  for (guint i = 0; args->destinations && i < args->destinations->len; i++) {
    g_autoptr(OakumReference) ref = oakum_reference_parse(args->destinations->pdata[i], error);
    if (!ref) {
      g_prefix_error(error, "--destination: ");
      return FALSE;
    }
  }
  return TRUE;
}

/* One key of --git. `kept` owns what *out points to. */
static gboolean parse_git_key(const char *field, OakumKanikoContext *out, GPtrArray *kept,
                              GError **error)
{
  const char *value = strchr(field, '=') ? strchr(field, '=') + 1 : "";
  gboolean yes = oakum_executor_flag(value, FALSE);
  if (g_str_has_prefix(field, "branch=")) {
    g_ptr_array_add(kept, g_strdup(value));
    out->branch = kept->pdata[kept->len - 1];
  } else if (g_str_has_prefix(field, "recurse-submodules=")) {
    out->recurse_submodules = yes;
  } else if (g_str_has_prefix(field, "single-branch=") || g_str_has_prefix(field, "depth=")) {
    oakum_debug("--git %s: only what is needed is fetched anyway", field);
  } else if (g_str_has_prefix(field, "insecure-skip-tls=")) {
    if (yes)
      oakum_warn("--git insecure-skip-tls has no effect here: certificates are always looked at; "
                 "trust the authority by GIT_SSL_CAINFO");
  } else {
    return usage(error, "--git knows branch, single-branch, depth, recurse-submodules and "
                        "insecure-skip-tls only");
  }
  return TRUE;
}

/* --git branch=… --git recurse-submodules=…, also behind a comma */
static gboolean parse_git(const OakumExecutorArgs *args, OakumKanikoContext *out, GPtrArray *kept,
                          GError **error)
{
  for (guint i = 0; args->git && i < args->git->len; i++) {
    g_auto(GStrv) fields = g_strsplit(args->git->pdata[i], ",", -1);
    for (char **field = fields; *field; field++)
      if (**field && !parse_git_key(*field, out, kept, error))
        return FALSE;
  }
  out->bucket = args->bucket;
  out->sub_path = args->context_sub_path;
  return TRUE;
}

/* ---- the folder
 * ----------------------------------------------------------------------------------------- */
static char *store_path(const char *folder)
{
  const char *named = g_getenv("OAKUM_STORE");
  return named && *named ? g_strdup(named)
         : folder        ? g_build_filename(folder, "store", NULL)
                         : NULL;
}

/* Temporary files and logins belong to the folder, too: the job's own /tmp and home stay as they
 * are. */
static gboolean settle(const char *folder, OakumTempDir **temp, GError **error)
{
  if (!folder)
    return TRUE;
  if (!(*temp = oakum_temp_dir_new(folder, error)))
    return FALSE;
  oakum_temp_dir_end_with_us(*temp);
  g_setenv("TMPDIR", oakum_temp_dir_path(*temp), TRUE);
  g_autofree char *login = g_build_filename(folder, ".docker", NULL);
  if (!g_getenv("DOCKER_CONFIG") && g_file_test(login, G_FILE_TEST_IS_DIR))
    g_setenv("DOCKER_CONFIG", login, TRUE);
  return TRUE;
}

static void clean(const char *folder)
{
  if (!folder || g_getenv("OAKUM_STORE"))
    return;
  g_autoptr(GError) local = NULL;
  OAKUM_AUTO_FD root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root >= 0 && !oakum_root_remove_tree(root, "store", &local))
    oakum_warn("cleaning up: %s", local->message);
}

/* ---- building
 * ------------------------------------------------------------------------------------------- */
static gboolean open_input(const OakumExecutorArgs *args, const char *temp, OakumBuilt *built,
                           GError **error)
{
  OakumKanikoContext how = {NULL};
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *text = NULL, *path = NULL;
  size_t len = 0;
  gboolean inside = FALSE;
  if (!parse_git(args, &how, kept, error) ||
      !(built->context = oakum_context_open_kaniko(args->context ? args->context : "/workspace/",
                                                   &how, temp, error)) ||
      !oakum_executor_dockerfile(args, built->context, temp, &text, &len, &path, &inside, error))
    return FALSE;
  built->contexts = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_named_context_free);
  built->dockerfile = oakum_dockerfile_parse(text, len, path, error);
  return built->dockerfile && oakum_dockerfile_check(built->dockerfile, error) &&
         oakum_context_ignore(built->context, path, inside, &built->ignore, error);
}

/* --cache-repo, else that of the first destination with /cache behind it. */
static gboolean add_cache_repository(const OakumExecutorArgs *args, GPtrArray *out, GError **error)
{
  if (args->cache_repo) {
    g_ptr_array_add(out, g_strdup(args->cache_repo));
    return TRUE;
  }
  if (!args->destinations || args->destinations->len == 0)
    return TRUE; /* with --no-push-cache: what the folder has */
  g_autoptr(OakumReference) ref = oakum_reference_parse(args->destinations->pdata[0], error);
  if (ref)
    g_ptr_array_add(out, g_strconcat(ref->registry, "/", ref->repository, "/cache", NULL));
  return ref != NULL;
}

/* --ignore-path, as paths from the root. */
static GPtrArray *left_out(const OakumExecutorArgs *args)
{
  GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; args->ignore_paths && i < args->ignore_paths->len; i++) {
    g_autofree char *path = g_canonicalize_filename(args->ignore_paths->pdata[i], "/");
    if (path[1])
      g_ptr_array_add(out, g_strdup(path + 1));
  }
  return out;
}

/* `repository` gets that of the cache, and must live as long as `built`. */
static gboolean build(const OakumExecutorArgs *args, OakumBuildArgs *to, GPtrArray *repository,
                      OakumBuilt *built, GError **error)
{
  const int level = oakum_executor_number(args->compression_level, -1);
  g_autofree char *ttl = NULL, *level_text = g_strdup_printf("%d", level);
  uint64_t seconds;
  if (!oakum_executor_ttl(args, &seconds, error))
    return FALSE;
  ttl =
      g_strdup_printf("%" G_GUINT64_FORMAT "s", MAX(seconds, 1)); /* to the engine 0 is "always" */
  to->target = args->targets && args->targets->len ? args->targets->pdata[0] : NULL;
  to->build_args = args->build_args;
  to->secrets = args->secrets;
  g_autoptr(GPtrArray) platforms = g_ptr_array_new();
  if (args->platform)
    g_ptr_array_add(platforms, args->platform);
  to->platforms = platforms;
  to->labels = args->labels;
  to->annotations = args->annotations;
  to->compression = args->compression;
  to->compression_level = level > 0 ? level_text : NULL;
  to->media_types = args->image_format;
  to->isolation = (char *)g_getenv("OAKUM_ISOLATION");
  to->print_plan = oakum_executor_flag(args->dryrun, FALSE);
  to->cache_ttl = ttl;
  gboolean cache = oakum_executor_flag(args->cache, FALSE);
  if (cache && !add_cache_repository(args, repository, error))
    return FALSE;
  to->tags = args->destinations; /* where layers of the cache may be mounted from */
  to->cache_no_runs = !oakum_executor_flag(args->cache_run_layers, TRUE);
  to->cache_no_copies = !oakum_executor_flag(args->cache_copy_layers, FALSE);
  to->no_cache = !cache || seconds == 0 || (to->cache_no_runs && to->cache_no_copies);
  to->cache_from = repository;
  to->cache_to = oakum_executor_flag(args->no_push_cache, FALSE) ? NULL : repository;
  g_autoptr(GPtrArray) ignored = left_out(args);
  to->left_out = ignored->len ? ignored : NULL;
  if (oakum_executor_flag(args->reproducible, FALSE))
    g_setenv("SOURCE_DATE_EPOCH", "0", TRUE);
  return oakum_cli_build(to, ".", built, error);
}

/* What kaniko says of bases before it pulls them. */
static gboolean tell_bases(const OakumExecutorArgs *args, const OakumBuilt *built, GError **error)
{
  g_auto(OakumPlatform) platform = {NULL};
  g_autoptr(GHashTable) table = oakum_cli_build_args(args->build_args);
  if (args->platform ? !oakum_platform_parse(args->platform, &platform, error) : FALSE)
    return FALSE;
  if (!args->platform)
    oakum_platform_host(&platform);
  g_autoptr(OakumPlan) plan = oakum_plan_make(
      built->dockerfile, table, built->contexts,
      args->targets && args->targets->len ? args->targets->pdata[0] : NULL, &platform, error);
  if (!plan)
    return FALSE;
  for (guint i = 0; i < plan->stages->len; i++) {
    const OakumPlanStage *stage = plan->stages->pdata[i];
    if (stage->base_stage < 0 && stage->base && strcmp(stage->base, "scratch") != 0)
      oakum_info("Retrieving image manifest %s", stage->base);
  }
  return TRUE;
}

static gboolean deliver(const OakumExecutorArgs *args, const OakumBuilt *built, const char *work,
                        const OakumRegistryArgs *registry, GError **error)
{
  const OakumImage **images = NULL;
  g_autoptr(OakumBlobSource) source = NULL;
  const OakumImageSet set = oakum_built_set(built, &images, &source);
  G_GNUC_UNUSED g_autofree const OakumImage **owned = images;
  const OakumBuildResult *first = built->results->pdata[0];
  return oakum_executor_deliver(args, &set, first->base_name, work, registry, error);
}

/* *status: that of the step that failed; *doing: what could not be done, in kaniko's words. */
static gboolean execute(const OakumExecutorArgs *args, OakumBuilt *built, int *status,
                        const char **doing, GError **error)
{
  OakumBuildArgs to = {0};
  g_auto(OakumRegistryArgs) registry = {NULL};
  g_autoptr(OakumTempDir) temp = NULL;
  g_autofree char *folder = NULL, *store = NULL, *work = NULL;
  g_autoptr(GPtrArray) repository = g_ptr_array_new_with_free_func(g_free);
  const char *bases = args->cache_dir ? args->cache_dir : "/cache";
  if (!oakum_executor_folder(args, &folder, error) || !settle(folder, &temp, error) ||
      !oakum_executor_registry(args, &registry, error))
    return FALSE;
  registry.bases = g_file_test(bases, G_FILE_TEST_IS_DIR) ? bases : NULL;
  if (oakum_executor_flag(args->pre_cleanup, FALSE))
    clean(folder);
  gboolean dry = oakum_executor_flag(args->dryrun, FALSE),
           check_push = !dry && !oakum_executor_flag(args->no_push, FALSE) &&
                        !oakum_executor_flag(args->skip_push_check, FALSE);
  if (check_push && !oakum_executor_check_push(args, &registry, error)) {
    *doing = "checking push permissions";
    return FALSE;
  }
  store = store_path(folder);
  to.registry = registry;
  if (!(built->store = oakum_store_open(store, error)))
    return FALSE;
  work = g_build_filename(oakum_store_path(built->store), "work", NULL);
  (void)g_mkdir_with_parents(work, 0700);
  gboolean ok = open_input(args, work, built, error) && (dry || tell_bases(args, built, error)) &&
                build(args, &to, repository, built, error);
  if (ok && oakum_built_any(built) && !deliver(args, built, work, &registry, error)) {
    *doing = "pushing image";
    ok = FALSE;
  }
  if (built->dockerfile && oakum_executor_flag(args->cache, FALSE) && !dry) /* also --no-push */
    ok = oakum_cli_caches_tell(&to, &built->caches, ok ? error : NULL) && ok;
  const OakumBuildFailure *failure =
      ok || !error ? NULL : oakum_build_progress_failure(&built->progress, *error);
  if (failure && failure->exit_code > 0)
    *status = failure->exit_code;
  if (oakum_executor_flag(args->cleanup, FALSE)) {
    oakum_built_clear(built);
    *built = (OakumBuilt){NULL};
    clean(folder);
  }
  return ok;
}

static int run(int argc, char **argv)
{
  OakumExecutorArgs args = {0};
  OakumBuilt built = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_ERROR;
  const char *doing = "building image";
  if (oakum_executor_parse(&oakum_cmd_executor, argc, argv, &args, &rest, &error)) {
    oakum_executor_log(&args);
    if (!check(&args, &error))
      ;
    else if (!oakum_executor_flag(args.dryrun, FALSE) &&
             oakum_cli_enter_userns(g_getenv("OAKUM_ISOLATION"), argc, argv, &status, &error))
      ;
    else {
      oakum_executor_tell_unused(&oakum_cmd_executor, &args);
      if (execute(&args, &built, &status, &doing, &error))
        status = OAKUM_EXIT_PASS;
    }
  } else {
    oakum_executor_log(&args);
  }
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "error %s: %s", doing, error->message);
  oakum_built_clear(&built);
  oakum_options_clear(&oakum_cmd_executor, &args);
  return status;
}

/* ---- version, push, login
 * ----------------------------------------------------------------------------------- */
static int run_version(int argc, char **argv)
{
  OakumExecutorArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL; /* words are taken, as kaniko takes them */
  gboolean ok =
      oakum_executor_parse(&oakum_executor_version_command, argc, argv, &args, &rest, &error);
  oakum_options_clear(&oakum_executor_version_command, &args);
  if (!ok) {
    oakum_log(OAKUM_LOG_ERROR, "%s", error->message);
    return OAKUM_EXIT_ERROR;
  }
  puts("Kaniko version :  oakum " OAKUM_VERSION);
  return OAKUM_EXIT_PASS;
}

static gboolean push(const OakumExecutorArgs *args, const char *text, GError **error)
{
  g_auto(OakumRegistryArgs) registry = {NULL};
  g_auto(OakumPlatform) platform = {NULL};
  if (!args->destinations || args->destinations->len == 0)
    return usage(error, "you must provide --destination");
  oakum_platform_host(&platform);
  g_autoptr(OakumImage) image = NULL;
  if (!oakum_executor_registry(args, &registry, error))
    return FALSE;
  if (g_file_test(text, G_FILE_TEST_IS_DIR))
    image = oakum_layout_read(text, NULL, &platform, error);
  else
    image = oakum_docker_archive_read(text, NULL, error);
  if (!image && !g_file_test(text, G_FILE_TEST_IS_DIR)) { /* it may be a layout in a tar */
    g_autoptr(OakumImage) other = oakum_layout_read_archive(text, NULL, &platform, NULL);
    if (other) {
      g_clear_error(error);
      image = g_steal_pointer(&other);
    }
  }
  if (!image)
    return FALSE;
  const OakumImage *images[] = {image};
  const OakumImageSet set = {.images = images, .n_images = 1, .source = image->source};
  return oakum_executor_push(args, &set, NULL, NULL, &registry, error);
}

static int run_push(int argc, char **argv)
{
  OakumExecutorArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  gboolean ok =
      oakum_executor_parse(&oakum_executor_push_command, argc, argv, &args, &rest, &error);
  oakum_executor_log(&args);
  ok = ok && (rest->len == 1 || usage(&error, "expected one archive or layout")) &&
       push(&args, rest->pdata[0], &error);
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "error pushing image: %s", error->message);
  oakum_options_clear(&oakum_executor_push_command, &args);
  return ok ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

static const OakumArgument push_arguments[] = {{"IMAGE", "an archive of docker save, or a layout"},
                                               {0}};
const OakumCommand oakum_executor_push_command = {
    .name = "push",
    .summary = "push an image that lies in an archive or a layout",
    .arguments = push_arguments,
    .size = sizeof(OakumExecutorArgs),
    .parent = &oakum_cmd_executor,
    .run = run_push,
};
const OakumCommand oakum_executor_version_command = {
    .name = "version",
    .summary = "print the version",
    .size = sizeof(OakumExecutorArgs),
    .parent = &oakum_cmd_executor,
    .run = run_version,
};
static const OakumCommand *const verbs[] = {&oakum_executor_login_command,
                                            &oakum_executor_push_command,
                                            &oakum_executor_version_command, NULL};

const OakumCommand oakum_cmd_executor = {
    .builds = TRUE,
    .takes_empty = TRUE,
    .name = "executor",
    .summary = "build as kaniko's executor does: its flags, its files, its exit status",
    .about = "Also what the program does when it is called \"executor\". Exit status: 0, that of "
             "the RUN that failed, or 1. The file system of the job stays as it is.",
    .groups = oakum_executor_groups,
    .size = sizeof(OakumExecutorArgs),
    .examples = "oakum executor --context . --dockerfile Dockerfile -d registry.example/app:v1\n"
                "oakum executor -c dir:///src --no-push --tar-path app.tar\n"
                "oakum executor push app.tar -d registry.example/app:v1\n",
    .verbs = verbs,
    .run = run,
};
