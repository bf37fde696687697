/* A whole build: its stages, and the image that comes of the last. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Blobs of the result: in the store what was made, elsewhere the layers of the base and those of
 * caches, which are only fetched when somebody lacks them. */
typedef struct {
  OakumBlobSource source;
  OakumLayerPool *made;
  OakumImage *base; /* NULL: none */
} ResultSource;

static gboolean is_of_base(const ResultSource *s, const OakumDescriptor *desc)
{
  for (guint i = 0; s->base && i < s->base->manifest->layers->len; i++) {
    const OakumDescriptor *layer = s->base->manifest->layers->pdata[i];
    if (strcmp(layer->digest, desc->digest) == 0)
      return TRUE;
  }
  return FALSE;
}

static OakumReader *result_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  ResultSource *s = (ResultSource *)self;
  return is_of_base(s, desc) ? s->base->source->open(s->base->source, desc, error)
                             : oakum_layer_pool_open(s->made, desc, error);
}

static char *result_origin(OakumBlobSource *self, const OakumDescriptor *desc)
{
  ResultSource *s = (ResultSource *)self;
  return is_of_base(s, desc) ? oakum_blob_source_origin(s->base->source, desc)
                             : oakum_layer_pool_origin(s->made, desc);
}

static void result_free(OakumBlobSource *self)
{
  ResultSource *s = (ResultSource *)self;
  oakum_layer_pool_unref(s->made);
  oakum_image_free(s->base);
  g_free(s);
}

static OakumBlobSource *result_source_new(OakumLayerPool *made, OakumImage *base)
{
  ResultSource *s = g_new0(ResultSource, 1);
  s->source = (OakumBlobSource){result_open, result_free, result_origin};
  s->made = oakum_layer_pool_ref(made);
  s->base = base;
  return &s->source;
}

/* --label */
static void add_labels(OakumConfig *config, GHashTable *labels)
{
  GHashTableIter iter;
  gpointer name, value;
  if (!labels || g_hash_table_size(labels) == 0)
    return;
  if (!config->labels)
    config->labels = oakum_str_map_new(g_free, g_free);
  g_hash_table_iter_init(&iter, labels);
  while (g_hash_table_iter_next(&iter, &name, &value))
    g_hash_table_replace(config->labels, g_strdup(name), g_strdup(value));
}

/* One family of names throughout: those of the base may come from the other. */
static gboolean name_layers(GPtrArray *layers, gboolean docker, GError **error)
{
  for (guint i = 0; i < layers->len; i++) {
    OakumDescriptor *layer = layers->pdata[i];
    const char *type = oakum_media_type_of_layer(layer->media_type, docker);
    if (!type) {
      g_autofree char *shown = oakum_escape_terminal(layer->media_type, -1);
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_UNSUPPORTED,
                  "layer %u of the image is %s, for which docker has no media type; build it with "
                  "--media-types oci",
                  i, shown);
      return FALSE;
    }
    if (type != layer->media_type) {
      g_free(layer->media_type);
      layer->media_type = g_strdup(type);
    }
  }
  return TRUE;
}

static gboolean fetch_layers(const Build *build, const Stage *stage, GError **error)
{
  for (guint i = stage->base ? stage->base->manifest->layers->len : 0; i < stage->layers->len; i++)
    if (!oakum_layer_pool_fetch(build->layers, stage->layers->pdata[i], TRUE, error))
      return FALSE;
  return TRUE;
}

/* What was asked for is what the image says, also where its last stage began with an image for
 * another platform (FROM --platform=$BUILDPLATFORM). */
static void set_platform(OakumConfig *config, const OakumPlatform *platform)
{
  gboolean same = g_strcmp0(config->os, platform->os) == 0 &&
                  g_strcmp0(config->architecture, platform->architecture) == 0;
  g_free(config->os);
  config->os = g_strdup(platform->os);
  g_free(config->architecture);
  config->architecture = g_strdup(platform->architecture);
  if (same && !platform->variant)
    return;
  g_free(config->variant);
  config->variant = g_strdup(platform->variant);
  if (!same)
    g_clear_pointer(&config->os_version, g_free);
}

static OakumBuildResult *finish(Build *build, Stage *stage, GError **error)
{
  if (build->options->want_layers && !fetch_layers(build, stage, error))
    return NULL;
  const OakumBuildOptions *options = build->options;
  OakumConfig *config = stage->config;
  g_free(config->created);
  config->created = oakum_time_format(stage->epoch);
  add_labels(config, options->labels);
  if (options->platform_given)
    set_platform(config, &options->platform);
  g_autofree char *text = oakum_config_format(config);
  g_autoptr(OakumDescriptor) desc = oakum_store_put_bytes(
      build->store, options->docker_types ? OAKUM_MT_DOCKER_CONFIG : OAKUM_MT_OCI_CONFIG, text,
      strlen(text), error);
  if (!desc || !name_layers(stage->layers, options->docker_types, error))
    return NULL;
  OakumManifest *manifest = oakum_manifest_make(desc, stage->layers, options->annotations);
  g_autofree char *base_name = stage->base ? g_strdup(stage->base->name) : NULL;
  OakumImage *image =
      oakum_image_new("the image", manifest,
                      result_source_new(build->layers, g_steal_pointer(&stage->base)), error);
  if (!image)
    return NULL;
  OakumBuildResult *result = g_new0(OakumBuildResult, 1);
  result->image = image;
  result->base_name = g_steal_pointer(&base_name);
  result->layer_lines = g_array_ref(stage->lines);
  return result;
}

static gboolean open_context(Build *build, GError **error)
{
  if (!build->options->context)
    return TRUE;
  build->ignore = build->options->ignore;
  build->context = open(build->options->context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (build->context < 0)
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "context %s", build->options->context);
  return build->context >= 0;
}

/* Many files take seconds to remove: meanwhile the image is written and pushed. */
static gpointer remove_work(gpointer work)
{
  oakum_temp_dir_free(work);
  return NULL;
}

static OakumBuildResult *run_once(const OakumPlan *plan, const OakumDockerfile *dockerfile,
                                  OakumStore *store, OakumLayerPool *layers,
                                  const OakumBuildOptions *options, GError **error)
{
  Build build = {.plan = plan,
                 .dockerfile = dockerfile,
                 .store = store,
                 .layers = layers,
                 .options = options,
                 .context = -1};
  g_autofree char *real = realpath(oakum_store_path(store), NULL);
  g_autofree char *folder = g_build_filename(real ? real : oakum_store_path(store), "work", NULL);
  (void)mkdir(folder, 0700);
  OakumTempDir *work = oakum_temp_dir_new(folder, error);
  OakumBuildResult *result = NULL;
  if (!work)
    return NULL;
  build.work = g_strdup(oakum_temp_dir_path(work));
  build.overlay = oakum_sandbox_probe_overlay(options->rung, build.work);
  build.views = build.overlay && options->keep_trees > 0 && oakum_sandbox_probe_view(build.work);
  oakum_debug("steps run on %s", build.overlay ? "an overlay" : "the unpacked root itself");
  build.stages = g_new0(Stage *, dockerfile->stages->len);
  build.late = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_plan_free);
  build.foreign = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_stage_free);
  g_mutex_init(&build.foreign_lock);
  g_mutex_init(&build.fetch_lock);
  g_cond_init(&build.fetched);
  build.fetching = oakum_str_map_new(NULL, NULL);
  g_autofree char *context = options->context ? realpath(options->context, NULL) : NULL;
  build.memo = oakum_file_memo_new(oakum_store_path(store), context ? context : "");
  gsize n = context ? strlen(context) : 0;
  if (n > 0 && real && strncmp(real, context, n) == 0 && real[n] == '/')
    build.store_inside = real + n + 1;
  gboolean ok = open_context(&build, error);
  if (ok && oakum_build_stages(&build, error))
    result = finish(
        &build,
        build.stages[((const OakumPlanStage *)plan->stages->pdata[plan->stages->len - 1])->stage],
        error);
  for (guint i = 0; i < dockerfile->stages->len; i++)
    oakum_stage_free(build.stages[i]);
  g_ptr_array_unref(build.late);
  g_ptr_array_unref(build.foreign);
  g_mutex_clear(&build.foreign_lock);
  g_mutex_clear(&build.fetch_lock);
  g_cond_clear(&build.fetched);
  g_hash_table_unref(build.fetching);
  g_free(build.stages);
  oakum_file_memo_free(build.memo);
  g_free(build.work);
  oakum_fd_clear(&build.context);
  if (result)
    result->cleaner = g_thread_new("clean", remove_work, work);
  else
    oakum_temp_dir_free(work);
  return result;
}

/* What the rung cannot do is refused before the first step. */
gboolean oakum_build_check_rung(const OakumPlan *plan, const OakumDockerfile *dockerfile,
                                const OakumBuildOptions *options, GError **error)
{
  if (options->rung != OAKUM_RUNG_FAKE_ROOT)
    return TRUE;
  for (guint i = 0; i < plan->stages->len; i++) {
    const OakumPlanStage *planned = plan->stages->pdata[i];
    const OakumStage *stage = dockerfile->stages->pdata[planned->stage];
    for (guint j = stage->first; j < stage->end && !planned->replaced; j++) {
      const OakumInstruction *in = dockerfile->instructions->pdata[j];
      const char *flag =
          in->kind == OAKUM_INSTRUCTION_RUN ? oakum_instruction_flag(in, "network") : NULL;
      OakumNetwork network = options->network;
      if (in->kind != OAKUM_INSTRUCTION_RUN ||
          (flag && strcmp(flag, "default") != 0 && !oakum_network_parse(flag, &network)) ||
          network != OAKUM_NETWORK_NONE)
        continue;
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_UNSUPPORTED,
                  "%s:%d: RUN without network: the rung fake-root cannot cut a step off from the "
                  "network",
                  dockerfile->file, in->range.line);
      return FALSE;
    }
  }
  return TRUE;
}

/* What a cache promised may turn out to be missing or wrong when it is needed, and a blob of the
 * store to be damaged. Such a cache is not asked again, such a blob is gone; the build begins anew
 * and finds what it carried out so far in the store. */
OakumBuildResult *oakum_build_run(const OakumPlan *plan, const OakumDockerfile *dockerfile,
                                  OakumStore *store, const OakumBuildOptions *options,
                                  GError **error)
{
  if (!oakum_build_check_rung(plan, dockerfile, options, error))
    return NULL;
  g_autoptr(OakumLayerPool) layers = options->cache_log
                                         ? oakum_cache_log_pool(options->cache_log, store)
                                         : oakum_layer_pool_new(store);
  for (gboolean damaged = FALSE;;) {
    g_autoptr(GError) local = NULL;
    OakumBuildResult *result = run_once(plan, dockerfile, store, layers, options, &local);
    if (result && options->cache_log)
      oakum_cache_log_result(options->cache_log, plan);
    if (result)
      return result;
    gboolean cache = oakum_layer_pool_broken(layers);
    if (!cache && (damaged || local->code != OAKUM_ERROR_DIGEST)) {
      g_propagate_error(error, g_steal_pointer(&local));
      return NULL;
    }
    damaged |= !cache;
    oakum_warn("%s; the build begins anew", local->message);
  }
}

void oakum_build_result_free(OakumBuildResult *result)
{
  if (!result)
    return;
  if (result->cleaner)
    g_thread_join(result->cleaner);
  oakum_image_free(result->image);
  g_free(result->base_name);
  g_array_unref(result->layer_lines);
  g_free(result);
}
