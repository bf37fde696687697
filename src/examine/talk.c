/* Starting a reading process, and talking with it. */
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

void oakum_examine_worker_clear(ExamineWorker *worker)
{
  oakum_fd_clear(&worker->input);
  oakum_fd_clear(&worker->result);
  oakum_fd_clear(&worker->freed);
  oakum_child_free(worker->child);
  worker->child = NULL;
}

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

void oakum_examine_job_clear(ExamineJob *job)
{
  g_ptr_array_unref(job->notes);
  g_ptr_array_unref(job->skip);
  g_ptr_array_unref(job->given_up);
  oakum_fd_clear(&job->spool);
  oakum_fd_clear(&job->page_fd);
  oakum_examine_ring_clear(job);
  if (job->page)
    munmap(job->page, sizeof(*job->page));
}

void oakum_examine_job_init(ExamineJob *job, const char *name, guint n)
{
  *job =
      (ExamineJob){.name = name, .folder = -1, .n = n, .spool = -1, .page_fd = -1, .ring_fd = -1};
  job->notes = g_ptr_array_new_with_free_func(notes_free);
  job->skip = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_path_pair_free);
  job->given_up = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_ptr_array_set_size(job->notes, (gint)n);
  oakum_random(job->key, sizeof(job->key));
}

/* What all processes of a job share with us, one after the other. */
static gboolean share(ExamineJob *job, GError **error)
{
  if (job->page)
    return TRUE;
  oakum_fd_clear(&job->page_fd);
  job->page_fd = memfd_create("oakum", MFD_CLOEXEC);
  if (job->page_fd < 0 || ftruncate(job->page_fd, sizeof(ExaminePage)) < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "shared memory");
    return FALSE;
  }
  void *page = mmap(NULL, sizeof(ExaminePage), PROT_READ | PROT_WRITE, MAP_SHARED, job->page_fd, 0);
  if (page == MAP_FAILED) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "shared memory");
    return FALSE;
  }
  job->page = page;
  return TRUE;
}

static gboolean share_all(ExamineJob *job, GError **error)
{
  return share(job, error) && (job->spool >= 0 || (job->spool = make_spool(error)) >= 0) &&
         (job->folder >= 0 || oakum_examine_ring_make(job, error));
}

/* ---- waiting: a process that was taken over, or hangs, must not hold us for ever
 * -------------------------------------------------------------------------------------- */
static int stall_ms(void)
{
  const char *test = g_getenv("OAKUM_TEST_STALL_MS");
  return test ? (int)g_ascii_strtoull(test, NULL, 10) : (int)OAKUM_EXAMINE_STALL_S * 1000;
}

/* FALSE: nothing came or went for too long, and no further file was begun either. */
gboolean oakum_examine_wait(ExamineWorker *worker, int fd, gboolean to_write)
{
  for (;;) {
    struct pollfd one = {.fd = fd, .events = to_write ? POLLOUT : POLLIN};
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

gboolean oakum_examine_write(ExamineWorker *worker, const void *data, size_t len)
{
  for (size_t done = 0; done < len;) {
    ssize_t n = write(worker->input, (const char *)data + done, len - done);
    if (n >= 0)
      done += (size_t)n;
    else if (errno != EINTR &&
             !(errno == EAGAIN && oakum_examine_wait(worker, worker->input, TRUE)))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_exactly(ExamineWorker *worker, void *buffer, size_t len)
{
  for (size_t have = 0; have < len;) {
    ssize_t n = read(worker->result, (char *)buffer + have, len - have);
    if (n > 0)
      have += (size_t)n;
    else if (n == 0 || (errno != EINTR &&
                        !(errno == EAGAIN && oakum_examine_wait(worker, worker->result, FALSE))))
      return FALSE;
  }
  return TRUE;
}

/* ---- talking
 * ------------------------------------------------------------------------------------- */
/* A pipe whose end that is ours never blocks; `write_end`: which that is. */
static gboolean make_pipe(int *ours, int *theirs, gboolean write_end, GError **error)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "pipe");
    return FALSE;
  }
  *ours = ends[write_end];
  *theirs = ends[!write_end];
  if (fcntl(*ours, F_SETFL, O_NONBLOCK) == 0)
    return TRUE;
  oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "pipe");
  return FALSE;
}

gboolean oakum_examine_start(ExamineWorker *worker, ExamineJob *job, GError **error)
{
  OAKUM_AUTO_FD input_read = -1;
  OAKUM_AUTO_FD result_write = -1;
  OAKUM_AUTO_FD freed_write = -1;
  if (!share_all(job, error) || !make_pipe(&worker->input, &input_read, TRUE, error) ||
      !make_pipe(&worker->result, &result_write, FALSE, error) ||
      !make_pipe(&worker->freed, &freed_write, FALSE, error))
    return FALSE;
  worker->ring = job->ring;
  worker->next = worker->lent = 0;
  /* our own output is no place for what a taken over process says; its standard error shows how far
   * a folder is, and the sanitizers' reports */
  OAKUM_AUTO_FD nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const char *argv[] = {"oakum:examine", NULL}, *envp[] = {NULL};
  const gboolean folder = job->folder >= 0;
  const OakumChildMove moves[] = {
      {input_read, EXAMINE_INPUT_FD},
      {result_write, EXAMINE_RESULT_FD},
      {job->spool, EXAMINE_SPOOL_FD},
      {job->page_fd, EXAMINE_PAGE_FD},
      {folder ? job->folder : job->ring_fd, folder ? EXAMINE_FOLDER_FD : EXAMINE_RING_FD},
      {freed_write, EXAMINE_FREED_FD}};
  OakumChildSpec spec = {.program = "/proc/self/exe",
                         .argv = argv,
                         .envp = envp,
                         .in = -1,
                         .out = nowhere,
                         .err = folder || OAKUM_EXAMINE_LOUD ? -1 : nowhere,
                         .moves = moves,
                         .n_moves = folder ? 5 : 6};
  if (nowhere < 0) {
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "/dev/null");
    return FALSE;
  }
  job->page->running = 0;
  worker->page = job->page;
  worker->child = oakum_child_spawn(&spec, error);
  return worker->child != NULL;
}

gboolean oakum_examine_send_order(ExamineWorker *worker, const ExamineOrder *order)
{
  g_autofree char *text = oakum_examine_order_format(order);
  uint32_t len = text ? (uint32_t)MIN(strlen(text), UINT32_MAX) : 0;
  return text && len <= EXAMINE_ORDER_MAX && oakum_examine_write(worker, &len, sizeof(len)) &&
         oakum_examine_write(worker, text, len);
}

/* An answer; NULL: there is none, the other side is gone or talks nonsense. */
static char *read_answer(ExamineWorker *worker, ExamineAnswer *head)
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

ExamineOutcome oakum_examine_receive(const ExamineJob *job, ExamineWorker *worker,
                                     OakumLayerNotes **notes, GError **error)
{
  ExamineAnswer head, second;
  g_autofree char *text = read_answer(worker, &head);
  if (!text)
    return EXAMINE_DIED;
  if (head.kind == EXAMINE_ERROR) {
    (void)!oakum_examine_parse_error(text, head.len, error);
    return EXAMINE_FAILED;
  }
  if (head.kind != EXAMINE_NOTES || !(*notes = oakum_examine_parse(text, head.len, error)))
    return head.kind == EXAMINE_NOTES ? EXAMINE_FAILED : EXAMINE_DIED;
  g_autofree char *names = read_answer(worker, &second);
  if (!names || second.kind != EXAMINE_NAMES) {
    g_clear_pointer(notes, oakum_layer_notes_free);
    return EXAMINE_DIED;
  }
  /* a layer may have none, as one that only deletes; of a folder they are not asked for */
  gboolean wanted = second.len > 0 || job->folder < 0;
  if (wanted)
    (*notes)->names =
        oakum_names_unpack(job->key, (OakumSlice){(const uint8_t *)names, second.len}, error);
  if (wanted && !(*notes)->names) {
    g_clear_pointer(notes, oakum_layer_notes_free);
    return EXAMINE_FAILED;
  }
  return EXAMINE_CAME;
}

uint64_t oakum_examine_took(ExamineJob *job)
{
  uint64_t now = job->page->cpu_us, before = job->told_us;
  job->told_us = now;
  return now > before && now - before < OAKUM_CONFINED_CPU_S * UINT64_C(1000000) ? now - before : 0;
}

char *oakum_examine_key_hex(const ExamineJob *job)
{
  char *hex = g_malloc(2 * OAKUM_HASH_KEY + 1);
  for (size_t i = 0; i < OAKUM_HASH_KEY; i++)
    g_snprintf(hex + 2 * i, 3, "%02x", job->key[i]);
  return hex;
}
