/* The reading process. Its input are frames, its output one document; an error is a document too.
 */
#include "examine/examine-private.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

/* ---- frames
 * ------------------------------------------------------------------------------------- */
static gboolean read_exactly(int fd, void *buffer, size_t len, GError **error)
{
  for (size_t have = 0; have < len;) {
    gssize n = oakum_read_some(fd, (char *)buffer + have, len - have, error);
    if (n < 0)
      return FALSE;
    if (n == 0) {
      g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_IO, "the input ended too early");
      return FALSE;
    }
    have += (size_t)n;
  }
  return TRUE;
}

static gboolean read_length(uint32_t max, uint32_t *length, GError **error)
{
  if (!read_exactly(EXAMINE_INPUT_FD, length, sizeof(*length), error))
    return FALSE;
  if (*length <= max)
    return TRUE;
  g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_LIMIT, "a frame of %u bytes", *length);
  return FALSE;
}

/* The bytes of one layer. */
typedef struct {
  uint32_t left; /* of the frame that is being read */
  gboolean ended;
} Frames;

static gssize frames_read(void *self, void *buffer, size_t len, GError **error)
{
  Frames *frames = self;
  if (!frames->ended && frames->left == 0) {
    if (!read_length(EXAMINE_FRAME_MAX, &frames->left, error))
      return -1;
    frames->ended = frames->left == 0;
  }
  if (frames->ended)
    return 0;
  gssize n = oakum_read_some(EXAMINE_INPUT_FD, buffer, MIN(len, frames->left), error);
  if (n == 0)
    g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_IO, "the input ended too early");
  if (n <= 0)
    return -1;
  frames->left -= (uint32_t)n;
  return n;
}

static const OakumReaderClass frames_class = {frames_read, g_free};

/* ---- the work
 * ----------------------------------------------------------------------------------- */
static gboolean read_order(ExamineOrder *order, GError **error)
{
  uint32_t length;
  if (!read_length(EXAMINE_ORDER_MAX, &length, error))
    return FALSE;
  g_autofree char *text = g_malloc(length + 1u);
  return read_exactly(EXAMINE_INPUT_FD, text, length, error) &&
         oakum_examine_order_parse(text, length, order, error);
}

static gboolean add_layer(OakumView *view, const ExamineLayer *layer, GError **error)
{
  OakumReader *bytes = oakum_reader_new(&frames_class, g_new0(Frames, 1));
  if (layer->diff_id) {
    OakumReader *plain = oakum_reader_new_limit(oakum_reader_new_inflate(bytes, NULL),
                                                OAKUM_LAYER_UNPACKED_MAX, "layer");
    bytes = oakum_reader_new_verify(plain, oakum_digest_kind(layer->diff_id),
                                    oakum_digest_hex(layer->diff_id), UINT64_MAX);
  }
  return oakum_view_add_layer(view, bytes, layer->name, error);
}

static OakumCatalog *examine(const ExamineOrder *order, GError **error)
{
  g_autoptr(OakumView) view = oakum_view_new(oakum_catalog_wanted, NULL);
  if (order->folder) {
    if (!oakum_view_add_folder(view, EXAMINE_FOLDER_FD, error))
      return NULL;
    return oakum_catalog_run(view);
  }
  for (guint i = 0; i < order->layers->len; i++) {
    const ExamineLayer *layer = order->layers->pdata[i];
    if ((layer->diff_id && !oakum_digest_check(layer->diff_id, error)) ||
        !add_layer(view, layer, error))
      return NULL;
  }
  return oakum_catalog_run(view);
}

/* Libraries that look for files of their own do so now. */
static void warm_up(void)
{
  setlocale(LC_CTYPE, "C.UTF-8");
  G_GNUC_UNUSED g_autofree char *hex = oakum_sha256_hex("", 0);
  g_autoptr(OakumHasher) longer = oakum_hasher_new(OAKUM_HASH_SHA512);
  G_GNUC_UNUSED g_autofree char *other = oakum_hasher_hex(longer);
  (void)oakum_str_hash("");
  (void)g_strerror(ENOENT);
}

int oakum_examine_main(int argc, char **argv)
{
  ExamineOrder order = {0};
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  (void)argc;
  (void)argv;
  warm_up();
  /* the order comes from our own side, and says whether there is a folder */
  if (read_order(&order, &error) &&
      oakum_sandbox_confine(order.folder ? EXAMINE_FOLDER_FD : -1, &error)) {
    g_autoptr(OakumCatalog) catalog = examine(&order, &error);
    if (catalog)
      text = oakum_examine_format(catalog);
  }
  if (!text)
    text = oakum_examine_format_error(error);
  if (!text || !oakum_write_all(EXAMINE_RESULT_FD, text, strlen(text), NULL))
    _exit(1);
  _exit(0); /* what is held here goes with the process */
}
