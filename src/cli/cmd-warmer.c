/* `oakum warmer`, also when the program is called so: fetches base images into a folder that
 * executors share. */
#include "cli/executor.h"
#include "os/os.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Whether the layout has this very image (its manifest is written last), younger than the ttl. */
static gboolean is_warm(const OakumExecutorArgs *args, const char *folder, const OakumImage *image,
                        uint64_t ttl)
{
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(image->manifest);
  g_autofree char *path =
      g_strdup_printf("%s/blobs/%.6s/%s", folder, desc->digest, oakum_digest_hex(desc->digest));
  struct stat st;
  return !oakum_executor_flag(args->force, FALSE) && stat(path, &st) == 0 &&
         (uint64_t)MAX(time(NULL) - st.st_mtime, 0) < ttl;
}

static gboolean warm(const OakumExecutorArgs *args, const char *reference, const char *folder,
                     const OakumPlatform *platform, const OakumRegistryArgs *registry,
                     GError **error)
{
  uint64_t ttl;
  g_autoptr(OakumImageArg) arg = oakum_image_arg_parse(reference, error);
  if (!arg || !oakum_executor_ttl(args, &ttl, error))
    return FALSE;
  if (arg->kind != OAKUM_ARG_REGISTRY) {
    oakum_info("%s is no image of a registry; left out", reference);
    return TRUE;
  }
  oakum_info("Retrieving image manifest %s", reference);
  g_autoptr(OakumReference) ref = oakum_reference_parse(reference, error);
  g_autofree char *name = ref ? oakum_reference_format(ref) : NULL;
  g_autoptr(OakumImage) image =
      ref ? oakum_image_arg_open(arg, platform, NULL, registry, error) : NULL;
  if (!image)
    return FALSE;
  if (is_warm(args, folder, image, ttl)) {
    oakum_info("Image already in cache: %s", reference);
    return TRUE;
  }
  const OakumImage *images[] = {image};
  const OakumImageSet set = {.images = images, .n_images = 1, .source = image->source};
  const OakumLayoutName names[] = {{name, name}, {NULL, NULL}};
  if (!oakum_layout_write(&set, folder, names, FALSE, error))
    return FALSE;
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(image->manifest);
  g_autofree char *path =
      g_strdup_printf("%s/blobs/%.6s/%s", folder, desc->digest, oakum_digest_hex(desc->digest));
  (void)utimensat(AT_FDCWD, path, NULL, 0); /* it is as young as this fetch */
  oakum_info("Retrieved %s into %s", reference, folder);
  return TRUE;
}

/* The bases of every stage that a build would need. */
static gboolean add_bases(const OakumExecutorArgs *args, const OakumPlatform *platform,
                          GPtrArray *images, GError **error)
{
  g_autofree char *text = NULL, *path = NULL;
  size_t len;
  gboolean inside;
  if (!args->dockerfile)
    return TRUE;
  if (!oakum_executor_dockerfile(args, NULL, NULL, &text, &len, &path, &inside, error))
    return FALSE;
  g_autoptr(OakumDockerfile) tree = oakum_dockerfile_parse(text, len, path, error);
  if (!tree || !oakum_dockerfile_check(tree, error))
    return FALSE;
  g_autoptr(GHashTable) table = oakum_cli_build_args(args->build_args);
  for (guint i = 0; i < tree->stages->len; i++) {
    g_autofree char *number = g_strdup_printf("%u", i);
    g_autoptr(OakumPlan) plan = oakum_plan_make(tree, table, NULL, number, platform, error);
    if (!plan)
      return FALSE;
    const OakumPlanStage *last = plan->stages->pdata[plan->stages->len - 1];
    if (last->base_stage < 0 && last->base && strcmp(last->base, "scratch") != 0)
      g_ptr_array_add(images, g_strdup(last->base));
  }
  return TRUE;
}

static gboolean warm_all(const OakumExecutorArgs *args, GError **error)
{
  g_auto(OakumRegistryArgs) registry = {NULL};
  g_auto(OakumPlatform) platform = {NULL};
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GHashTable) done = oakum_str_map_new(NULL, NULL);
  guint failed = 0, given = args->images ? args->images->len : 0;
  const char *folder = args->cache_dir ? args->cache_dir : "/cache";
  if (args->platform ? !oakum_platform_parse(args->platform, &platform, error) : FALSE)
    return FALSE;
  if (!args->platform)
    oakum_platform_host(&platform);
  for (guint i = 0; i < given; i++)
    g_ptr_array_add(images, g_strdup(args->images->pdata[i]));
  if (!oakum_executor_registry(args, &registry, error) ||
      !add_bases(args, &platform, images, error))
    return FALSE;
  if (images->len == 0) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "you must provide --image, or a --dockerfile with a base image");
    return FALSE;
  }
  for (guint i = 0; i < images->len; i++) {
    g_autoptr(GError) local = NULL;
    if (!g_hash_table_add(done, images->pdata[i]) ||
        warm(args, images->pdata[i], folder, &platform, &registry, &local))
      continue;
    failed++; /* the others may still be had */
    oakum_warn("%s: %s", (char *)images->pdata[i], local->message);
  }
  if (failed == g_hash_table_size(done)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_FAILED, "no image could be fetched");
    return FALSE;
  }
  if (failed > 0) /* as with kaniko no failure: executors pull what is not there */
    oakum_warn("%u of %u images could not be fetched", failed, g_hash_table_size(done));
  return TRUE;
}

static int run(int argc, char **argv)
{
  OakumExecutorArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  gboolean ok = oakum_executor_parse(&oakum_cmd_warmer, argc, argv, &args, &rest, &error);
  oakum_executor_log(&args);
  if (ok && rest->len > 0) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected no argument; images go to -i");
    ok = FALSE;
  }
  if (ok) {
    oakum_executor_tell_unused(&oakum_cmd_warmer, &args);
    ok = warm_all(&args, &error);
  }
  if (error)
    oakum_log(OAKUM_LOG_ERROR, "error warming cache: %s", error->message);
  oakum_options_clear(&oakum_cmd_warmer, &args);
  return ok ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

const OakumCommand oakum_cmd_warmer = {
    .takes_empty = TRUE,
    .name = "warmer",
    .summary = "fetch base images into the folder that executors share",
    .about =
        "Also what the program does when it is called \"warmer\". The folder is an OCI layout; "
        "an executor takes from it, by digest and verified, what it need not pull.",
    .groups = oakum_warmer_groups,
    .size = sizeof(OakumExecutorArgs),
    .examples = "oakum warmer --cache-dir /cache --image debian:12\n",
    .run = run,
};
