/* Layers and root file systems of a stage. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct OakumLayerWriter {
  OakumStoreWriter *blob;
  OakumHasher *diff_id;
  OakumTarWriter *tar;
  Build *build;
  gpointer watched; /* of the build's watch; NULL: nobody looks on */
};

OakumLayerWriter *oakum_layer_writer_new(Build *build, const Stage *stage, GError **error)
{
  OakumStoreWriter *blob = oakum_store_writer_new(build->store, error);
  if (!blob)
    return NULL;
  OakumLayerWriter *writer = g_new0(OakumLayerWriter, 1);
  writer->build = build;
  writer->blob = blob;
  writer->diff_id = oakum_hasher_new(OAKUM_HASH_SHA256);
  OakumWriter *below = oakum_store_writer_take(blob);
  int level = build->options->compression_level;
  OakumWriter *packed = build->options->zstd
                            ? oakum_writer_new_zstd(below, level ? level : OAKUM_LAYER_ZSTD_LEVEL)
                            : oakum_writer_new_gzip(below, level ? level : OAKUM_LAYER_GZIP_LEVEL,
                                                    build->options->threads);
  g_autoptr(OakumProgress) progress = oakum_progress_new("writing a layer", NULL, 0);
  OakumWriter *told =
      oakum_writer_new_progress(oakum_writer_new_hash(packed, writer->diff_id), progress);
  OakumLayerWatch *watch = stage->watched ? build->options->watch : NULL;
  writer->watched = watch ? watch->begin(watch, NULL) : NULL;
  told = oakum_watch_writer(build, writer->watched, told);
  writer->tar = oakum_tar_writer_new(oakum_graph_writer(build->graph, told));
  return writer;
}

OakumTarWriter *oakum_layer_writer_tar(OakumLayerWriter *writer)
{
  return writer->tar;
}

void oakum_stage_append(Stage *stage, OakumDescriptor *layer, char *diff_id, int line)
{
  g_ptr_array_add(stage->layers, layer);
  g_ptr_array_add(stage->config->diff_ids, diff_id);
  g_array_append_val(stage->lines, line);
}

gboolean oakum_layer_writer_commit(OakumLayerWriter *writer, Stage *stage, int line, GError **error)
{
  if (!oakum_tar_writer_finish(writer->tar, error))
    return FALSE;
  OakumDescriptor *desc = oakum_store_writer_commit(
      writer->blob,
      writer->build->options->zstd ? OAKUM_MT_OCI_LAYER_ZSTD : OAKUM_MT_OCI_LAYER_GZIP, error);
  if (!desc)
    return FALSE;
  g_autofree char *hex = oakum_hasher_hex(writer->diff_id);
  g_autofree char *diff_id = g_strconcat("sha256:", hex, NULL);
  if (writer->watched)
    writer->build->options->watch->end(g_steal_pointer(&writer->watched), diff_id);
  oakum_stage_append(stage, desc, g_steal_pointer(&diff_id), line);
  return TRUE;
}

void oakum_layer_writer_free(OakumLayerWriter *writer)
{
  if (!writer)
    return;
  oakum_tar_writer_free(writer->tar); /* before the blob that its stream writes to */
  oakum_store_writer_free(writer->blob);
  if (writer->watched)
    writer->build->options->watch->end(writer->watched, NULL);
  oakum_hasher_free(writer->diff_id);
  g_free(writer);
}

/* A layer of the stage as it is stored: of its base image, or from the store. */
static OakumReader *open_layer(Build *build, Stage *stage, guint index, GError **error)
{
  if (stage->base && index < stage->base->manifest->layers->len)
    return oakum_image_open_blob(stage->base, index, error);
  return oakum_layer_pool_open(build->layers, stage->layers->pdata[index], error);
}

/* What is in layer number `index`. Takes `blob` (NULL: it could not be opened). */
static OakumReader *unpacked(Build *build, const Stage *stage, guint index, OakumReader *blob)
{
  const char *diff_id = stage->config->diff_ids->pdata[index];
  if (!blob)
    return NULL;
  /* one inflates, the other writes files */
  OakumReader *layer = build->options->threads > 1 ? oakum_layer_unpack_threaded(blob, diff_id)
                                                   : oakum_layer_unpack(blob, diff_id);
  layer = oakum_watch_reader(build, stage, layer, diff_id);
  return oakum_graph_reader(build->graph, layer);
}

static gboolean apply_layer(Build *build, Stage *stage, OakumTree *tree, guint index,
                            GError **error)
{
  OakumReader *layer = unpacked(build, stage, index, open_layer(build, stage, index, error));
  if (layer && oakum_tree_apply(tree, layer, error))
    return TRUE;
  oakum_layer_pool_suspect(build->layers, stage->layers->pdata[index]);
  return FALSE;
}

gboolean oakum_stage_apply_last(Build *build, Stage *stage, GError **error)
{
  return !stage->tree || (oakum_stack_write(stage->stack, error) &&
                          apply_layer(build, stage, stage->tree, stage->layers->len - 1, error));
}

typedef struct {
  Build *build;
  Stage *stage;
  OakumAhead *ahead;
} BaseLayers;

static OakumReader *open_base_layer(gpointer user, guint index, GError **error)
{
  const BaseLayers *base = user;
  if (!oakum_ahead_wait(base->ahead, index, error))
    return NULL;
  return unpacked(base->build, base->stage, index,
                  index == 0 ? oakum_ahead_open_first(base->ahead, error)
                             : open_layer(base->build, base->stage, index, error));
}

/* The layers of the base image, which may have to come from afar. */
static gboolean apply_base(Build *build, Stage *stage, OakumTree *tree, GError **error)
{
  g_autoptr(OakumAhead) ahead = oakum_ahead_new(build, stage->base);
  BaseLayers base = {build, stage, ahead};
  guint failed = 0;
  if (oakum_tree_apply_all(tree, stage->base->manifest->layers->len, open_base_layer, &base,
                           &failed, error))
    return TRUE;
  if (failed > 0)
    oakum_layer_pool_suspect(build->layers, stage->layers->pdata[failed]);
  oakum_ahead_blame(ahead, error);
  g_prefix_error(error, "unpack layer %u: ", failed);
  return FALSE;
}

gboolean oakum_stage_apply(Build *build, Stage *stage, OakumTree *tree, guint first, guint end,
                           GError **error)
{
  if (first == 0 && end > 0 && stage->base) {
    if (!apply_base(build, stage, tree, error))
      return FALSE;
    first = stage->base->manifest->layers->len;
  }
  for (guint i = first; i < end; i++)
    if (!apply_layer(build, stage, tree, i, error)) {
      g_prefix_error(error, "unpack layer %u: ", i);
      return FALSE;
    }
  return TRUE;
}

/* A folder of its own. */
static gboolean plain_root(Build *build, Stage *stage, const char *folder, GError **error)
{
  g_autoptr(OakumTree) tree = oakum_tree_new(stage->root);
  oakum_tree_set_threads(tree, build->options->threads);
  oakum_tree_set_left_out(tree, build->options->left_out);
  if (build->options->rung == OAKUM_RUNG_FAKE_ROOT) {
    stage->owners = oakum_owners_new();
    stage->owners_path = g_build_filename(folder, "owners", NULL);
    oakum_tree_set_owners(tree, stage->owners);
  }
  if (!oakum_stage_apply(build, stage, tree, 0, stage->layers->len, error))
    return FALSE;
  stage->tree = g_steal_pointer(&tree);
  return TRUE;
}

/* The layers of the base are there. FALSE leaves no tree. */
static gboolean finish_view(Build *build, Stage *stage, GError **error)
{
  guint first = stage->base->manifest->layers->len;
  if (first == stage->layers->len ||
      (oakum_stack_write(stage->stack, error) &&
       oakum_stage_apply(build, stage, stage->tree, first, stage->layers->len, error)))
    return TRUE;
  g_clear_pointer(&stage->tree, oakum_tree_free);
  g_clear_pointer(&stage->stack, oakum_stack_free);
  return FALSE;
}

gboolean oakum_stage_root(Build *build, Stage *stage, GError **error)
{
  OAKUM_AUTO_LOCK(&stage->root_lock); /* several stages may want the root of one that is built */
  if (stage->tree)
    return TRUE;
  static gint serial;
  g_autofree char *folder = g_strdup_printf("%s/%d", build->work, g_atomic_int_add(&serial, 1));
  stage->root_path = g_build_filename(folder, "root", NULL);
  stage->scratch_path = g_build_filename(folder, "scratch", NULL);
  if (mkdir(folder, 0700) < 0 || mkdir(stage->root_path, 0755) < 0 ||
      chmod(stage->root_path, 0755) < 0 || mkdir(stage->scratch_path, 0700) < 0 ||
      (stage->root = open(stage->root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", folder);
    return FALSE;
  }
  if (!oakum_stack_open(build, stage, folder, &stage->stack, error))
    return FALSE;
  return stage->stack ? finish_view(build, stage, error) : plain_root(build, stage, folder, error);
}

void oakum_stage_history(Stage *stage, char *created_by, gboolean layer)
{
  OakumHistory *row = g_new0(OakumHistory, 1);
  row->created = oakum_time_format(stage->epoch);
  row->created_by = created_by;
  row->comment = g_strdup("buildkit.dockerfile.v0");
  row->empty_layer = !layer;
  g_ptr_array_add(stage->config->history, row);
}

void oakum_stage_free(Stage *stage)
{
  if (!stage)
    return;
  g_mutex_clear(&stage->root_lock);
  g_clear_error(&stage->error);
  g_free(stage->label);
  oakum_tree_free(stage->tree);
  oakum_owners_free(stage->owners);
  g_free(stage->owners_path);
  oakum_fd_clear(&stage->root);
  oakum_stack_free(stage->stack);
  g_free(stage->root_path);
  g_free(stage->scratch_path);
  g_free(stage->foreign);
  oakum_config_free(stage->config);
  g_ptr_array_unref(stage->layers);
  g_array_unref(stage->lines);
  oakum_image_free(stage->base);
  if (stage->triggers)
    g_ptr_array_unref(stage->triggers);
  g_hash_table_unref(stage->args);
  g_hash_table_unref(stage->arg_wins);
  g_ptr_array_unref(stage->arg_order);
  g_free(stage);
}
