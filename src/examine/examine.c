/* The side that holds the image: it feeds the reading process and believes nothing but digests. */
#include "examine/examine-private.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef OAKUM_SANITIZED
#define OAKUM_EXAMINE_LOUD 1
#else
#define OAKUM_EXAMINE_LOUD 0
#endif

typedef struct {
  OakumChild *child;
  int input, result; /* our ends; neither ever blocks */
  const ExaminePage *page;
  gboolean useless; /* it is there, and does nothing, or talks nonsense */
} Worker;

static void worker_clear(Worker *worker)
{
  oakum_fd_clear(&worker->input);
  oakum_fd_clear(&worker->result);
  oakum_child_free(worker->child);
  worker->child = NULL;
}

/* What is read, and what came of it so far. */
typedef struct {
  const char *name;
  int folder; /* -1: layers are streams */
  guint n;
  char **diff_ids; /* NULL among them: not checked */
  OakumReader *(*open)(gpointer user, guint layer, GError **error);
  gpointer user;
  uint8_t key[OAKUM_HASH_KEY];
  GPtrArray *notes;    /* OakumLayerNotes, NULL where none came */
  GPtrArray *skip;     /* OakumPathPair */
  GPtrArray *given_up; /* OakumFinding */
  int spool, page_fd;
  ExaminePage *page;
} Job;

static int make_spool(GError **error)
{
  const char *folder = g_get_tmp_dir();
  int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    return fd;
  g_autofree char *path = g_build_filename(folder, "oakum-spool-XXXXXX", NULL);
  fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "%s", path);
  else
    unlink(path);
  return fd;
}

static void notes_free(gpointer notes)
{
  oakum_layer_notes_free(notes);
}

static void job_clear(Job *job)
{
  g_ptr_array_unref(job->notes);
  g_ptr_array_unref(job->skip);
  g_ptr_array_unref(job->given_up);
  oakum_fd_clear(&job->spool);
  oakum_fd_clear(&job->page_fd);
  if (job->page)
    munmap(job->page, sizeof(*job->page));
}

static gboolean job_init(Job *job, const char *name, guint n, GError **error)
{
  *job = (Job){.name = name, .folder = -1, .n = n, .spool = -1, .page_fd = -1};
  job->notes = g_ptr_array_new_with_free_func(notes_free);
  job->skip = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_path_pair_free);
  job->given_up = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_ptr_array_set_size(job->notes, (gint)n);
  oakum_random(job->key, sizeof(job->key));
  job->page_fd = memfd_create("oakum", MFD_CLOEXEC);
  if (job->page_fd < 0 || ftruncate(job->page_fd, sizeof(ExaminePage)) < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "shared memory");
    return FALSE;
  }
  void *page = mmap(NULL, sizeof(ExaminePage), PROT_READ | PROT_WRITE, MAP_SHARED, job->page_fd, 0);
  job->page = page != MAP_FAILED ? page : NULL;
  return (job->spool = make_spool(error)) >= 0;
}

/* ---- waiting: a process that was taken over, or hangs, must not hold us for ever
 * -------------------------------------------------------------------------------------- */
static int stall_ms(void)
{
  const char *test = g_getenv("OAKUM_TEST_STALL_MS");
  return test ? (int)g_ascii_strtoull(test, NULL, 10) : (int)OAKUM_EXAMINE_STALL_S * 1000;
}

/* FALSE: nothing came or went for too long, and no further file was begun either. */
static gboolean wait_for(Worker *worker, int fd, short events)
{
  for (;;) {
    struct pollfd one = {.fd = fd, .events = events};
    uint32_t before = worker->page->begun;
    int n = poll(&one, 1, stall_ms());
    if (n > 0 || (n < 0 && errno != EINTR))
      return TRUE;
    if (n == 0 && worker->page->begun == before) {
      worker->useless = TRUE;
      return FALSE;
    }
  }
}

static gboolean write_exactly(Worker *worker, const void *data, size_t len)
{
  for (size_t done = 0; done < len;) {
    ssize_t n = write(worker->input, (const char *)data + done, len - done);
    if (n >= 0)
      done += (size_t)n;
    else if (errno != EINTR && !(errno == EAGAIN && wait_for(worker, worker->input, POLLOUT)))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_exactly(Worker *worker, void *buffer, size_t len)
{
  for (size_t have = 0; have < len;) {
    ssize_t n = read(worker->result, (char *)buffer + have, len - have);
    if (n > 0)
      have += (size_t)n;
    else if (n == 0 ||
             (errno != EINTR && !(errno == EAGAIN && wait_for(worker, worker->result, POLLIN))))
      return FALSE;
  }
  return TRUE;
}

/* ---- talking
 * ------------------------------------------------------------------------------------- */
static gboolean worker_start(Worker *worker, const Job *job, GError **error)
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
  if (fcntl(worker->input, F_SETFL, O_NONBLOCK) < 0 ||
      fcntl(worker->result, F_SETFL, O_NONBLOCK) < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "pipe");
    return FALSE;
  }
  /* our own output is no place for what a taken over process says; its standard error shows how far
   * a folder is, and the sanitizers' reports */
  OAKUM_AUTO_FD nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const char *argv[] = {"oakum:examine", NULL}, *envp[] = {NULL};
  const OakumChildMove moves[] = {{input_read, EXAMINE_INPUT_FD},
                                  {result_write, EXAMINE_RESULT_FD},
                                  {job->spool, EXAMINE_SPOOL_FD},
                                  {job->page_fd, EXAMINE_PAGE_FD},
                                  {job->folder, EXAMINE_FOLDER_FD}};
  OakumChildSpec spec = {.program = "/proc/self/exe",
                         .argv = argv,
                         .envp = envp,
                         .in = -1,
                         .out = nowhere,
                         .err = job->folder >= 0 || OAKUM_EXAMINE_LOUD ? -1 : nowhere,
                         .moves = moves,
                         .n_moves = job->folder >= 0 ? 5 : 4};
  if (nowhere < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "/dev/null");
    return FALSE;
  }
  job->page->running = 0;
  worker->page = job->page;
  worker->child = oakum_child_spawn(&spec, error);
  return worker->child != NULL;
}

/* FALSE with errno. */
static gboolean send_frame(Worker *worker, const void *data, uint32_t len)
{
  return write_exactly(worker, &len, sizeof(len)) && write_exactly(worker, data, len);
}

/* A long text in frames: the order may be longer than one. */
static gboolean send_order(Worker *worker, const ExamineOrder *order)
{
  g_autofree char *text = oakum_examine_order_format(order);
  return text && strlen(text) <= EXAMINE_ORDER_MAX &&
         send_frame(worker, text, (uint32_t)strlen(text));
}

/* Sends a layer. When the other side has stopped listening the rest is still read, so that wrong
 * bytes are told as what they are. */
static gboolean send_layer(Worker *worker, OakumReader *reader, GError **error)
{
  g_autofree char *buffer = g_malloc(EXAMINE_FRAME_MAX);
  gboolean listening = TRUE;
  gssize n;
  while ((n = oakum_reader_read(reader, buffer, EXAMINE_FRAME_MAX, error)) > 0)
    if (listening)
      listening = send_frame(worker, buffer, (uint32_t)n);
  if (n == 0 && listening)
    listening = send_frame(worker, NULL, 0);
  return n == 0;
}

/* An answer; NULL: there is none, the other side is gone or talks nonsense. */
static char *read_answer(Worker *worker, ExamineAnswer *head)
{
  if (!read_exactly(worker, head, sizeof(*head)))
    return NULL;
  if (head->len > OAKUM_EXAMINE_RESULT_MAX) {
    worker->useless = TRUE;
    return NULL;
  }
  g_autofree char *data = g_malloc(head->len + 1u);
  if (!read_exactly(worker, data, head->len))
    return NULL;
  data[head->len] = '\0';
  return g_steal_pointer(&data);
}

typedef enum { CAME, DIED, FAILED } Outcome;

static Outcome receive(const Job *job, Worker *worker, OakumLayerNotes **notes, GError **error)
{
  ExamineAnswer head, second;
  g_autofree char *text = read_answer(worker, &head);
  if (!text)
    return DIED;
  if (head.kind == EXAMINE_ERROR) {
    (void)!oakum_examine_parse_error(text, head.len, error);
    return FAILED;
  }
  if (head.kind != EXAMINE_NOTES || !(*notes = oakum_examine_parse(text, head.len, error)))
    return head.kind == EXAMINE_NOTES ? FAILED : DIED;
  g_autofree char *names = read_answer(worker, &second);
  if (!names || second.kind != EXAMINE_NAMES) {
    g_clear_pointer(notes, oakum_layer_notes_free);
    return DIED;
  }
  if (second.len > 0)
    (*notes)->names =
        oakum_names_unpack(job->key, (OakumSlice){(const uint8_t *)names, second.len}, error);
  if (second.len > 0 && !(*notes)->names) {
    g_clear_pointer(notes, oakum_layer_notes_free);
    return FAILED;
  }
  return CAME;
}

/* ---- a reading process that dies
 * ----------------------------------------------------------------- */
static void give_up(Job *job, guint layer, const char *how)
{
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_INCOMPLETE, "unscannable", OAKUM_SEVERITY_UNKNOWN);
  finding->title = g_strdup_printf(
      "layer %u: the process that reads it ended early (%s); nothing is known of it", layer, how);
  finding->layer_index = (int)layer;
  g_ptr_array_add(job->given_up, finding);
}

/* Whether another attempt may come further: the file that was being read is left out. */
static gboolean learn(Job *job, guint layer, Worker *worker)
{
  int status = 0;
  oakum_fd_clear(&worker->input);
  g_autofree char *how = oakum_child_wait(worker->child, worker->useless ? 0 : 10000, &status, NULL)
                             ? oakum_child_describe(status)
                             : g_strdup("killed");
  /* the page is written by who was taken over, or not: bounded, and nothing but a name */
  g_autofree char *path = g_strndup(job->page->path, sizeof(job->page->path) - 1);
  g_autofree char *by = g_strndup(job->page->by, sizeof(job->page->by) - 1);
  gboolean known = job->page->running && *path && *by;
  for (guint i = 0; i < job->skip->len; i++) {
    const OakumPathPair *pair = job->skip->pdata[i];
    known = known && !(strcmp(pair->path, path) == 0 && strcmp(pair->other, by) == 0);
  }
  if (!known || job->skip->len >= OAKUM_EXAMINE_TRIES) {
    give_up(job, layer, how);
    return FALSE;
  }
  g_ptr_array_add(job->skip, oakum_path_pair_new(path, by));
  return TRUE;
}

/* ---- the work
 * ----------------------------------------------------------------------------------- */
/* The first layer from `at` on that there is something to read of. */
static guint next_layer(const Job *job, guint at, const GPtrArray *only)
{
  while (at < job->n &&
         (only ? ((GPtrArray *)only->pdata[at])->len == 0 : job->notes->pdata[at] != NULL))
    at++;
  return at;
}

/* Reads layers `from` and on, as far as one process comes. `only` (may be NULL): for each layer the
 * files that are read again; layers without any are left out. */
static Outcome run_one(Job *job, Worker *worker, guint *at, const GPtrArray *only, GError **error)
{
  ExamineOrder order = {.folder = job->folder >= 0};
  char hex[2 * OAKUM_HASH_KEY + 1];
  for (size_t i = 0; i < OAKUM_HASH_KEY; i++)
    g_snprintf(hex + 2 * i, 3, "%02x", job->key[i]);
  order.key = job->folder >= 0 ? NULL : hex;
  order.skip = job->skip;
  g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GArray) which = g_array_new(FALSE, FALSE, sizeof(guint));
  order.layers = layers;
  for (guint i = *at; i < job->n; i++) {
    GPtrArray *some = only ? only->pdata[i] : NULL;
    if (next_layer(job, i, only) != i)
      continue;
    ExamineLayer *layer = g_new0(ExamineLayer, 1); /* everything in it is borrowed */
    *layer = (ExamineLayer){job->diff_ids ? job->diff_ids[i] : NULL, i == 0, some};
    g_ptr_array_add(layers, layer);
    g_array_append_val(which, i);
  }
  if (!worker_start(worker, job, error))
    return FAILED;
  gboolean listening = send_order(worker, &order);
  for (guint j = 0; j < which->len; j++) {
    guint i = g_array_index(which, guint, j);
    *at = i;
    if (job->folder < 0 && listening) {
      g_autoptr(OakumReader) reader = job->open(job->user, i, error);
      if (!reader)
        return FAILED;
      if (!send_layer(worker, reader, error)) {
        g_prefix_error(error, "layer %u: ", i);
        return FAILED;
      }
    }
    OakumLayerNotes *notes = NULL;
    Outcome outcome = receive(job, worker, &notes, error);
    if (outcome == FAILED && job->folder < 0)
      g_prefix_error(error, "layer %u: ", i);
    if (outcome != CAME)
      return outcome;
    if (only && job->notes->pdata[i])
      oakum_layer_notes_add(job->notes->pdata[i], notes);
    else if (only)
      oakum_layer_notes_free(notes);
    else
      job->notes->pdata[i] = notes;
  }
  *at = job->n;
  return CAME;
}

static gboolean run_all(Job *job, const GPtrArray *only, GError **error)
{
  for (guint at = 0; (at = next_layer(job, at, only)) < job->n;) {
    __attribute__((cleanup(worker_clear))) Worker worker = {.input = -1, .result = -1};
    Outcome outcome = run_one(job, &worker, &at, only, error);
    if (outcome == FAILED)
      return FALSE;
    if (outcome == DIED && !learn(job, at, &worker))
      at++; /* the others may still be read */
  }
  return TRUE;
}

static void lists_free(gpointer list)
{
  g_ptr_array_unref(list);
}

static GPtrArray *lists_new(guint n)
{
  GPtrArray *lists = g_ptr_array_new_with_free_func(lists_free);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add(lists, g_ptr_array_new_with_free_func((GDestroyNotify)oakum_path_pair_free));
  return lists;
}

/* What a layer itself asks to be read once more, by other names: it belongs to its notes. */
static gboolean read_own_again(Job *job, GError **error)
{
  g_autoptr(GPtrArray) again = lists_new(job->n);
  for (guint i = 0; i < job->n; i++) {
    OakumLayerNotes *notes = job->notes->pdata[i];
    if (notes)
      g_ptr_array_extend_and_steal(again->pdata[i], g_steal_pointer(&notes->again));
    if (notes)
      notes->again = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_path_pair_free);
  }
  return run_all(job, again, error);
}

static OakumCatalog *job_run(Job *job, OakumExamineCache *cache, const char *const *digests,
                             GError **error)
{
  g_autofree gboolean *known = g_new0(gboolean, job->n + 1);
  if (cache)
    memcpy(job->key, oakum_examine_cache_key(cache), sizeof(job->key));
  for (guint i = 0; cache && i < job->n; i++)
    known[i] = (job->notes->pdata[i] = oakum_examine_cache_get(cache, job->diff_ids[i])) != NULL;
  if (!run_all(job, NULL, error) || !read_own_again(job, error))
    return NULL;
  /* what a process died over is told of this run only */
  for (guint i = 0; cache && job->skip->len == 0 && i < job->n; i++)
    if (!known[i] && job->notes->pdata[i])
      oakum_examine_cache_put(cache, job->diff_ids[i], job->notes->pdata[i]);
  g_autoptr(GPtrArray) again = lists_new(job->n);
  if (oakum_catalog_again(job->notes, again) && !run_all(job, again, error))
    return NULL;
  OakumCatalog *catalog = oakum_catalog_merge(job->notes, digests);
  g_ptr_array_extend_and_steal(catalog->incomplete, g_steal_pointer(&job->given_up));
  job->given_up = g_ptr_array_new();
  return catalog;
}

/* ---- what is read
 * ------------------------------------------------------------------------------- */
static OakumReader *open_blob(gpointer user, guint layer, GError **error)
{
  return oakum_image_open_blob(user, layer, error);
}

OakumCatalog *oakum_examine_image(const OakumImage *image, OakumExamineCache *cache, GError **error)
{
  __attribute__((cleanup(job_clear))) Job job;
  guint n = image->manifest->layers->len;
  g_autoptr(GPtrArray) digests = g_ptr_array_new();
  OakumCatalog *catalog = NULL;
  for (guint i = 0; i < n; i++)
    g_ptr_array_add(digests, ((OakumDescriptor *)image->manifest->layers->pdata[i])->digest);
  if (job_init(&job, image->name, n, error)) {
    job.diff_ids = (char **)image->config->diff_ids->pdata;
    job.open = open_blob;
    job.user = (gpointer)image;
    catalog = job_run(&job, cache, (const char *const *)(gpointer)digests->pdata, error);
  }
  if (catalog)
    oakum_catalog_take_image(catalog, image);
  else
    g_prefix_error(error, "%s: ", image->name);
  return catalog;
}

typedef struct {
  OakumExamineOpen open;
  gpointer user;
} Tar;

static OakumReader *open_tar(gpointer user, guint layer, GError **error)
{
  const Tar *tar = user;
  (void)layer;
  return tar->open(tar->user, error);
}

OakumCatalog *oakum_examine_tar(OakumExamineOpen open, gpointer user, const char *name,
                                GError **error)
{
  __attribute__((cleanup(job_clear))) Job job;
  Tar tar = {open, user};
  OakumCatalog *catalog = NULL;
  if (job_init(&job, name, 1, error)) {
    job.open = open_tar;
    job.user = &tar;
    catalog = job_run(&job, NULL, NULL, error);
  }
  if (!catalog)
    g_prefix_error(error, "%s: ", name);
  return catalog;
}

OakumCatalog *oakum_examine_folder(const char *path, GError **error)
{
  __attribute__((cleanup(job_clear))) Job job;
  OakumCatalog *catalog = NULL;
  gboolean ok = job_init(&job, path, 1, error);
  OAKUM_AUTO_FD folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (ok && folder < 0)
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "%s", path);
  if (ok && folder >= 0) {
    job.folder = folder;
    catalog = job_run(&job, NULL, NULL, error);
  }
  if (!catalog)
    g_prefix_error(error, "%s: ", path);
  return catalog;
}
