/* The side that holds the image: it feeds the reading process and believes nothing but digests. */
#include "examine/examine-private.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
  OakumChild *child;
  int input, result; /* our ends */
} Worker;

static void worker_clear(Worker *worker)
{
  oakum_fd_clear(&worker->input);
  oakum_fd_clear(&worker->result);
  oakum_child_free(worker->child);
}

static gboolean worker_start(Worker *worker, int folder, GError **error)
{
  int input[2], result[2];
  if (pipe2(input, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "pipe");
    return FALSE;
  }
  worker->input = input[1];
  OAKUM_AUTO_FD input_read = input[0];
  if (pipe2(result, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "pipe");
    return FALSE;
  }
  worker->result = result[0];
  OAKUM_AUTO_FD result_write = result[1];
  /* a megabyte of room lets both sides work at once; without it they take turns */
  (void)!fcntl(worker->input, F_SETPIPE_SZ, 1 << 20);
  const char *argv[] = {"oakum:examine", NULL}, *envp[] = {NULL};
  const OakumChildMove moves[] = {{input_read, EXAMINE_INPUT_FD},
                                  {result_write, EXAMINE_RESULT_FD},
                                  {folder, EXAMINE_FOLDER_FD}};
  OakumChildSpec spec = {.program = "/proc/self/exe",
                         .argv = argv,
                         .envp = envp,
                         .in = -1,
                         .out = -1,
                         .err = -1,
                         .moves = moves,
                         .n_moves = folder >= 0 ? 3 : 2};
  worker->child = oakum_child_spawn(&spec, error);
  return worker->child != NULL;
}

/* FALSE with errno. */
static gboolean send_frame(const Worker *worker, const void *data, uint32_t len)
{
  return oakum_write_all(worker->input, &len, sizeof(len), NULL) &&
         oakum_write_all(worker->input, data, len, NULL);
}

static gboolean send_order(const Worker *worker, const ExamineOrder *order, GError **error)
{
  g_autofree char *text = oakum_examine_order_format(order);
  if (text && strlen(text) <= EXAMINE_ORDER_MAX && send_frame(worker, text, (uint32_t)strlen(text)))
    return TRUE;
  g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_FAILED,
              "the process that reads the image could not be given its order");
  return FALSE;
}

/* Sends a layer. When the other side has stopped listening the rest is still read, so that wrong
 * bytes are told as what they are. *listening: whether it took all. */
static gboolean send_layer(const Worker *worker, OakumReader *reader, gboolean *listening,
                           GError **error)
{
  g_autofree char *buffer = g_malloc(EXAMINE_FRAME_MAX);
  gssize n;
  while ((n = oakum_reader_read(reader, buffer, EXAMINE_FRAME_MAX, error)) > 0)
    if (*listening)
      *listening = send_frame(worker, buffer, (uint32_t)n);
  if (n == 0 && *listening)
    *listening = send_frame(worker, NULL, 0);
  return n == 0;
}

static OakumCatalog *receive(Worker *worker, const char *const *layers, guint n_layers,
                             GError **error)
{
  g_autofree char *text = NULL;
  size_t len = 0;
  int status;
  g_autoptr(OakumReader) reader = oakum_reader_new_fd(oakum_fd_steal(&worker->result), TRUE);
  oakum_fd_clear(&worker->input);
  if (!oakum_reader_slurp(reader, OAKUM_EXAMINE_RESULT_MAX, "what was found", &text, &len, error) ||
      !oakum_child_wait(worker->child, -1, &status, error))
    return NULL;
  if (len == 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    g_autofree char *how = oakum_child_describe(status);
    g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_FAILED,
                "the process that reads the image ended early (%s); nothing is known of it", how);
    return NULL;
  }
  return oakum_examine_parse(text, len, layers, n_layers, error);
}

OakumCatalog *oakum_examine_image(const OakumImage *image, GError **error)
{
  __attribute__((cleanup(worker_clear))) Worker worker = {NULL, -1, -1};
  g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(oakum_examine_layer_free);
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  ExamineOrder order = {FALSE, layers};
  guint n = image->manifest->layers->len;
  for (guint i = 0; i < n; i++) {
    const OakumDescriptor *desc = image->manifest->layers->pdata[i];
    ExamineLayer *layer = oakum_examine_layer_new();
    layer->name = g_strdup(desc->digest);
    layer->diff_id = g_strdup(image->config->diff_ids->pdata[i]);
    g_ptr_array_add(layers, layer);
    g_ptr_array_add(names, desc->digest);
  }
  gboolean listening = TRUE;
  if (!worker_start(&worker, -1, error) || !send_order(&worker, &order, error))
    return NULL;
  for (guint i = 0; i < n && listening; i++) {
    g_autoptr(OakumReader) reader = oakum_image_open_blob(image, i, error);
    if (!reader)
      return NULL;
    if (!send_layer(&worker, reader, &listening, error)) {
      g_prefix_error(error, "%s: layer %u: ", image->name, i);
      return NULL;
    }
  }
  OakumCatalog *catalog = receive(&worker, (const char *const *)(gpointer)names->pdata, n, error);
  if (!catalog)
    g_prefix_error(error, "%s: ", image->name);
  return catalog;
}

OakumCatalog *oakum_examine_tar(OakumReader *tar, const char *name, GError **error)
{
  __attribute__((cleanup(worker_clear))) Worker worker = {NULL, -1, -1};
  g_autoptr(OakumReader) owned = tar;
  g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(oakum_examine_layer_free);
  ExamineOrder order = {FALSE, layers};
  gboolean listening = TRUE;
  g_ptr_array_add(layers, oakum_examine_layer_new());
  OakumCatalog *catalog = NULL;
  if (worker_start(&worker, -1, error) && send_order(&worker, &order, error) &&
      send_layer(&worker, owned, &listening, error))
    catalog = receive(&worker, NULL, 1, error);
  if (!catalog)
    g_prefix_error(error, "%s: ", name);
  return catalog;
}

OakumCatalog *oakum_examine_folder(const char *path, GError **error)
{
  __attribute__((cleanup(worker_clear))) Worker worker = {NULL, -1, -1};
  g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(oakum_examine_layer_free);
  ExamineOrder order = {TRUE, layers};
  OAKUM_AUTO_FD folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "%s", path);
    return NULL;
  }
  OakumCatalog *catalog = NULL;
  if (worker_start(&worker, folder, error) && send_order(&worker, &order, error))
    catalog = receive(&worker, NULL, 1, error);
  if (!catalog)
    g_prefix_error(error, "%s: ", path);
  return catalog;
}
