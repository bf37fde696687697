/* The reading process. Its input are lengths, of what lies in shared memory, its output answers; an
 * error is one too. */
#include "examine/examine-private.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- its input
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

gboolean oakum_examine_read_length(uint32_t max, uint32_t *length, GError **error)
{
  if (!read_exactly(EXAMINE_INPUT_FD, length, sizeof(*length), error))
    return FALSE;
  if (*length <= max)
    return TRUE;
  g_set_error(error, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_LIMIT, "a frame of %u bytes", *length);
  return FALSE;
}

/* ---- the work
 * ----------------------------------------------------------------------------------- */
static gboolean read_order(ExamineOrder *order, GError **error)
{
  uint32_t length;
  if (!oakum_examine_read_length(EXAMINE_ORDER_MAX, &length, error))
    return FALSE;
  g_autofree char *text = g_malloc(length + 1u);
  return read_exactly(EXAMINE_INPUT_FD, text, length, error) &&
         oakum_examine_order_parse(text, length, order, error);
}

/* What runs is written where the other side sees it, so that it knows who did not come back. */
static ExaminePage *page;
static const GPtrArray *skipped;
static volatile sig_atomic_t seconds; /* of processor time, since the last file was begun */

static gboolean before(const char *path, const char *by, gpointer user)
{
  (void)user;
  for (guint i = 0; skipped && i < skipped->len; i++) {
    const OakumPathPair *pair = skipped->pdata[i];
    if (strcmp(pair->path, path) == 0 && strcmp(pair->other, by) == 0)
      return FALSE;
  }
  if (page) {
    page->running = 0;
    g_strlcpy(page->path, path, sizeof(page->path));
    g_strlcpy(page->by, by, sizeof(page->by));
    page->begun++;
    page->running = 1;
  }
  seconds = 0;
  return TRUE;
}

static void after(gpointer user)
{
  (void)user;
  if (page)
    page->running = 0; /* what breaks from here on is not that file's fault */
}

/* What is answered when making the user's own rules ready takes too long; NULL: it does not run. */
static char *late;
static size_t late_len;

static void tick(int signal)
{
  (void)signal;
  if (late && ++seconds > OAKUM_SECRET_CONFIG_COMPILE_S) {
    (void)!write(EXAMINE_RESULT_FD, late, late_len);
    _exit(0);
  }
  if (page && page->running && ++seconds > OAKUM_CATALOG_FILE_S)
    _exit(2);
}

static void start_clock(void)
{
  struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
  struct itimerval each = {{1, 0}, {1, 0}};
  sigaction(SIGPROF, &action, NULL);
  setitimer(ITIMER_PROF, &each, NULL);
}

static gboolean answer(ExamineAnswerKind kind, const void *data, size_t len)
{
  ExamineAnswer head = {kind, (uint32_t)len};
  return len <= UINT32_MAX && oakum_write_all(EXAMINE_RESULT_FD, &head, sizeof(head), NULL) &&
         oakum_write_all(EXAMINE_RESULT_FD, data, len, NULL);
}

/* Compiles what the user says of secrets, which is done where nothing can be reached any more. */
static gboolean make_ready(GError **error)
{
  g_autoptr(GError) slow = NULL;
  g_set_error(&slow, OAKUM_EXAMINE_ERROR, OAKUM_ERROR_LIMIT,
              "--secret-config: its regular expressions take more than %d seconds to be made ready",
              OAKUM_SECRET_CONFIG_COMPILE_S);
  g_autofree char *text = oakum_examine_format_error(slow);
  const ExamineAnswer head = {EXAMINE_ERROR, (uint32_t)strlen(text)};
  g_autoptr(GByteArray) whole = g_byte_array_new();
  g_byte_array_append(whole, (const guint8 *)&head, sizeof head);
  g_byte_array_append(whole, (const guint8 *)text, head.len);
  seconds = 0;
  late_len = whole->len;
  late = (char *)whole->data;
  gboolean ok = oakum_inspect_secret_ready(error);
  late = NULL;
  return ok;
}

static gboolean send_notes(const OakumLayerNotes *notes)
{
  g_autoptr(GByteArray) text = g_byte_array_new(), names = g_byte_array_new();
  oakum_examine_format(notes, text);
  if (notes->names)
    oakum_names_pack(notes->names, names);
  return answer(EXAMINE_NOTES, text->data, text->len) &&
         answer(EXAMINE_NAMES, names->data ? names->data : (const guint8 *)"", names->len);
}

static OakumLayerNotes *read_layer(const ExamineLayer *layer, OakumPassOptions *options,
                                   GError **error)
{
  options->lowest = layer->lowest;
  options->only = layer->only;
  OakumReader *bytes = oakum_examine_ring_reader();
  if (!layer->diff_id)
    return oakum_catalog_read_tar(bytes, options, error);
  /* one thread receives and inflates, the other looks; the digest is for who has the time */
  bytes = oakum_cpu_count() > 1 ? oakum_layer_unpack_threaded(bytes, layer->diff_id)
                                : oakum_layer_unpack(bytes, layer->diff_id);
  return oakum_catalog_read_tar(bytes, options, error);
}

/* FALSE: the error is for the other side; or nobody listens, and there is none. */
static gboolean examine(const ExamineOrder *order, OakumInspector *inspector, GError **error)
{
  uint8_t key[OAKUM_HASH_KEY];
  OakumPassOptions options = {.spool = EXAMINE_SPOOL_FD, .before = before, .after = after};
  skipped = order->skip;
  options.observer = inspector ? oakum_inspector_observer(inspector) : NULL;
  if (order->key && strlen(order->key) == 2 * sizeof(key)) {
    for (size_t i = 0; i < sizeof(key); i++)
      key[i] = (uint8_t)(g_ascii_xdigit_value(order->key[2 * i]) * 16 +
                         g_ascii_xdigit_value(order->key[2 * i + 1]));
    options.key = key;
  }
  for (guint i = 0; i < order->layers->len; i++) {
    const ExamineLayer *layer = order->layers->pdata[i];
    if (layer->diff_id && !oakum_digest_check(layer->diff_id, error))
      return FALSE;
    options.only = layer->only;
    g_autoptr(OakumLayerNotes) notes =
        order->folder ? oakum_catalog_read_folder(EXAMINE_FOLDER_FD, &options, error)
                      : read_layer(layer, &options, error);
    if (page)
      page->running = 0;
    struct timespec used;
    if (page && clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
      page->cpu_us = (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
    if (!notes || !send_notes(notes))
      return FALSE;
  }
  return TRUE;
}

/* Libraries that look for files of their own do so now. */
static void warm_up(void)
{
  setlocale(LC_CTYPE, "C.UTF-8");
  (void)oakum_str_hash("");
  (void)g_strerror(ENOENT);
}

int oakum_examine_main(int argc, char **argv)
{
  ExamineOrder order = {0};
  g_autoptr(GError) error = NULL;
  (void)argc;
  (void)argv;
  warm_up();
  void *shared =
      mmap(NULL, sizeof(ExaminePage), PROT_READ | PROT_WRITE, MAP_SHARED, EXAMINE_PAGE_FD, 0);
  page = shared != MAP_FAILED ? shared : NULL;
  start_clock();
  /* the order comes from our own side, and says whether there is a folder */
  gboolean ok = read_order(&order, &error);
  OakumInspector *inspector = NULL;
  if (ok && order.secrets)
    ok = oakum_inspect_secret_config(order.secrets, strlen(order.secrets), NULL, &error);
  if (ok && (order.checks & ~(uint64_t)OAKUM_CHECK_HOLES))
    inspector = oakum_inspector_new(&(OakumInspectOptions){.checks = (guint)order.checks});
  if (ok && !order.folder)
    oakum_examine_ring_see();
  if (ok && oakum_sandbox_confine(order.folder ? EXAMINE_FOLDER_FD : -1, &error) &&
      (!inspector || make_ready(&error)) && examine(&order, inspector, &error))
    _exit(0); /* what is held here goes with the process */
  g_autofree char *text = error ? oakum_examine_format_error(error) : NULL;
  _exit(text && answer(EXAMINE_ERROR, text, strlen(text)) ? 0 : 1);
}
