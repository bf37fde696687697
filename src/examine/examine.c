/* The side that holds the image: it feeds the reading process and believes nothing but digests. */
#include "examine/examine-private.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sends a layer. When the other side has stopped listening the rest is still read, so that wrong
 * bytes are told as what they are. `expected`: the digest, when the reader does not check it; else
 * NULL. */
static gboolean send_layer(ExamineWorker *worker, OakumReader *reader, const char *expected,
                           uint64_t *bytes, GError **error)
{
  g_autoptr(ExamineDigest) digest = expected ? oakum_examine_digest_new(worker, expected) : NULL;
  gboolean listening = TRUE;
  for (;;) {
    uint8_t *slot = listening ? oakum_examine_slot(worker) : NULL;
    if (!slot)
      return digest ? oakum_examine_digest_end(digest, reader, error)
                    : oakum_reader_drain(reader, error);
    if (digest)
      oakum_examine_digest_room(digest);
    gssize n = 0;
    uint32_t have = 0;
    /* whole slots: a network gives little at a time */
    while (have < EXAMINE_SLOT &&
           (n = oakum_reader_read(reader, slot + have, EXAMINE_SLOT - have, error)) > 0)
      have += (uint32_t)n;
    *bytes += have;
    if (n < 0)
      return FALSE;
    if (have > 0 && digest)
      oakum_examine_digest_add(digest, have);
    if (have > 0)
      listening = oakum_examine_lend(worker, have);
    if (n == 0 && listening)
      listening = oakum_examine_lend(worker, 0);
    if (n == 0)
      return !digest || oakum_examine_digest_end(digest, NULL, error);
  }
}

/* ---- a reading process that dies
 * ----------------------------------------------------------------- */
static void give_up(ExamineJob *job, guint layer, const char *how)
{
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_INCOMPLETE, "unscannable", OAKUM_SEVERITY_UNKNOWN);
  finding->title = g_strdup_printf(
      "layer %u: the process that reads it ended early (%s); nothing is known of it", layer, how);
  finding->layer_index = (int)layer;
  g_ptr_array_add(job->given_up, finding);
}

/* Whether another attempt may come further: the file that was being read is left out. */
static gboolean learn(ExamineJob *job, guint layer, ExamineWorker *worker)
{
  int status = 0;
  job->died = TRUE;
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
static guint next_layer(const ExamineJob *job, guint at, const GPtrArray *only)
{
  while (at < job->n &&
         (only ? ((GPtrArray *)only->pdata[at])->len == 0 : job->notes->pdata[at] != NULL))
    at++;
  return at;
}

/* Reads layers `from` and on, as far as one process comes. `only` (may be NULL): for each layer the
 * files that are read again; layers without any are left out. */
static ExamineOutcome run_one(ExamineJob *job, ExamineWorker *worker, guint *at,
                              const GPtrArray *only, GError **error)
{
  ExamineOrder order = {.folder = job->folder >= 0};
  g_autofree char *hex = oakum_examine_key_hex(job);
  order.key = job->folder >= 0 ? NULL : hex;
  order.skip = job->skip;
  order.checks = job->checks;
  g_autofree char *secrets = g_strdup(oakum_inspect_secret_text());
  order.secrets = secrets;
  g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GArray) which = g_array_new(FALSE, FALSE, sizeof(guint));
  order.layers = layers;
  for (guint i = *at; i < job->n; i++) {
    GPtrArray *some = only ? only->pdata[i] : NULL;
    if (next_layer(job, i, only) != i)
      continue;
    ExamineLayer *layer = g_new0(ExamineLayer, 1); /* everything in it is borrowed */
    gboolean check = job->diff_ids && !(job->plain && job->plain[i]);
    *layer = (ExamineLayer){check ? job->diff_ids[i] : NULL, i == 0, some};
    g_ptr_array_add(layers, layer);
    g_array_append_val(which, i);
  }
  if (!oakum_examine_start(worker, job, error))
    return EXAMINE_FAILED;
  gboolean listening = oakum_examine_send_order(worker, &order);
  for (guint j = 0; j < which->len; j++) {
    guint i = g_array_index(which, guint, j);
    *at = i;
    if (job->folder < 0 && listening) {
      const char *expected = NULL;
      g_autoptr(OakumReader) reader = job->open(job->user, i, &expected, error);
      if (!reader)
        return EXAMINE_FAILED;
      if (!send_layer(worker, reader, expected, &job->read[i], error)) {
        g_prefix_error(error, "layer %u: ", i);
        return EXAMINE_FAILED;
      }
    }
    OakumLayerNotes *notes = NULL;
    ExamineOutcome outcome = oakum_examine_receive(job, worker, &notes, error);
    job->took[i] += oakum_examine_took(job);
    if (outcome == EXAMINE_FAILED && job->folder < 0)
      g_prefix_error(error, "layer %u: ", i);
    if (outcome != EXAMINE_CAME)
      return outcome;
    if (only && job->notes->pdata[i])
      oakum_layer_notes_add(job->notes->pdata[i], notes);
    else if (only)
      oakum_layer_notes_free(notes);
    else
      job->notes->pdata[i] = notes;
  }
  *at = job->n;
  return EXAMINE_CAME;
}

static gboolean run_all(ExamineJob *job, const GPtrArray *only, GError **error)
{
  for (guint at = 0; (at = next_layer(job, at, only)) < job->n;) {
    __attribute__((cleanup(oakum_examine_worker_clear)))
    ExamineWorker worker = {.input = -1, .result = -1, .freed = -1};
    ExamineOutcome outcome = run_one(job, &worker, &at, only, error);
    if (outcome == EXAMINE_FAILED)
      return FALSE;
    if (outcome == EXAMINE_DIED && !learn(job, at, &worker))
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
static gboolean read_own_again(ExamineJob *job, GError **error)
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

/* What is looked at of an image as a whole; `image` NULL: a root file system. */
static OakumInspectImage whole_of(const OakumCatalog *catalog, const OakumImage *image,
                                  const OakumExamineOptions *options)
{
  OakumInspectImage whole = {.target = options->target,
                             .now = options->now,
                             .base_layers = image ? 0 : -1,
                             .packages = catalog->packages,
                             .license_allow = options->license_allow,
                             .license_deny = options->license_deny};
  if (image) {
    whole.config = image->config;
    whole.manifest = image->manifest;
  }
  for (guint i = 0; image && i < catalog->layers->len; i++)
    whole.base_layers += ((const OakumLayerOrigin *)catalog->layers->pdata[i])->base ? 1 : 0;
  if (whole.base_layers == 0) /* the history does not tell */
    whole.base_layers = -1;
  return whole;
}

/* What the image as a whole shows, but for what follows from the day. */
static void inspect_whole(OakumCatalog *catalog, const OakumImage *image,
                          const OakumExamineOptions *options)
{
  OakumInspectImage whole = whole_of(catalog, image, options);
  oakum_inspect_image(&whole, options->checks, catalog->observed);
  for (guint i = 0; image && i < catalog->layers->len; i++) { /* it is shown */
    OakumLayerOrigin *origin = catalog->layers->pdata[i];
    char *shown = oakum_inspect_censored(origin->created_by);
    g_free(origin->created_by);
    origin->created_by = shown;
  }
}

static OakumCatalog *job_run(ExamineJob *job, OakumExamineCache *cache, const char *const *digests,
                             const OakumExamineOptions *options, GError **error)
{
  job->checks = cache ? oakum_examine_cache_checks(cache) : options->checks;
  g_autofree gboolean *known = g_new0(gboolean, job->n + 1);
  g_autofree uint64_t *took = g_new0(uint64_t, job->n + 1);
  g_autofree uint64_t *read_bytes = g_new0(uint64_t, job->n + 1);
  job->took = took;
  job->read = read_bytes;
  if (cache)
    memcpy(job->key, oakum_examine_cache_key(cache), sizeof(job->key));
  for (guint i = 0; cache && i < job->n; i++)
    known[i] = (job->notes->pdata[i] = oakum_examine_cache_get(cache, job->diff_ids[i])) != NULL;
  if (!run_all(job, NULL, error) || !read_own_again(job, error))
    return NULL;
  /* what a process died over is told of this run only */
  for (guint i = 0; cache && job->skip->len == 0 && i < job->n; i++)
    if (!known[i] && job->notes->pdata[i])
      (void)oakum_examine_cache_put(cache, job->diff_ids[i], job->notes->pdata[i], job->took[i]);
  g_autoptr(GPtrArray) again = lists_new(job->n);
  if (oakum_catalog_again(job->notes, again) && !run_all(job, again, error))
    return NULL;
  for (guint i = 0; cache && i < job->n; i++)
    if (job->read[i]) {
      OakumExamineCounts *counts = oakum_examine_cache_lock(cache);
      counts->read++;
      counts->read_bytes += job->read[i];
      oakum_examine_cache_unlock(cache);
    }
  OakumCatalog *catalog = oakum_catalog_merge(job->notes, digests);
  g_ptr_array_extend_and_steal(catalog->incomplete, g_steal_pointer(&job->given_up));
  job->given_up = g_ptr_array_new();
  return catalog;
}

/* ---- what is read
 * ------------------------------------------------------------------------------- */
static OakumReader *open_blob(gpointer user, guint layer, const char **digest, GError **error)
{
  return oakum_image_open_blob_unchecked(user, layer, digest, error);
}

/* Reads what is not known of the layers, and puts the image together. */
static OakumCatalog *read_image(const OakumImage *image, OakumExamineCache *cache,
                                const OakumExamineOptions *options, const char *name,
                                GError **error)
{
  __attribute__((cleanup(oakum_examine_job_clear))) ExamineJob job;
  guint n = image->manifest->layers->len;
  g_autoptr(GPtrArray) digests = g_ptr_array_new();
  g_autofree gboolean *plain = g_new0(gboolean, n + 1);
  for (guint i = 0; i < n; i++) {
    const OakumDescriptor *layer = image->manifest->layers->pdata[i];
    g_ptr_array_add(digests, layer->digest);
    plain[i] = strcmp(layer->digest, image->config->diff_ids->pdata[i]) == 0;
  }
  oakum_examine_job_init(&job, image->name, n);
  job.plain = plain;
  job.diff_ids = (char **)image->config->diff_ids->pdata;
  job.open = open_blob;
  job.user = (gpointer)image;
  OakumCatalog *catalog =
      job_run(&job, cache, (const char *const *)(gpointer)digests->pdata, options, error);
  if (!catalog)
    return NULL;
  oakum_catalog_take_image(catalog, image);
  inspect_whole(catalog, image, options);
  if (name && !job.died) /* what a process died over is told of this run only */
    oakum_examine_cache_put_whole(cache, name, catalog);
  return catalog;
}

OakumCatalog *oakum_examine_image(const OakumImage *image, OakumExamineCache *cache,
                                  const OakumExamineOptions *options, GError **error)
{
  g_autofree char *name =
      cache ? oakum_examine_whole_name(image, options, oakum_examine_cache_readers(cache)) : NULL;
  OakumCatalog *catalog =
      name ? oakum_examine_cache_get_whole(cache, name, image->config->diff_ids) : NULL;
  if (!catalog && !(catalog = read_image(image, cache, options, name, error))) {
    g_prefix_error(error, "%s: ", image->name);
    return NULL;
  }
  const OakumInspectImage whole = whole_of(catalog, image, options);
  oakum_inspect_dates(&whole, options->checks, catalog->observed);
  return catalog;
}

typedef struct {
  OakumExamineOpen open;
  gpointer user;
} Tar;

static OakumReader *open_tar(gpointer user, guint layer, const char **digest, GError **error)
{
  const Tar *tar = user;
  (void)layer;
  (void)digest;
  return tar->open(tar->user, error);
}

OakumCatalog *oakum_examine_tar(OakumExamineOpen open, gpointer user, const char *name,
                                const OakumExamineOptions *options, GError **error)
{
  __attribute__((cleanup(oakum_examine_job_clear))) ExamineJob job;
  Tar tar = {open, user};
  oakum_examine_job_init(&job, name, 1);
  job.open = open_tar;
  job.user = &tar;
  OakumCatalog *catalog = job_run(&job, NULL, NULL, options, error);
  if (catalog)
    inspect_whole(catalog, NULL, options);
  else
    g_prefix_error(error, "%s: ", name);
  return catalog;
}

OakumCatalog *oakum_examine_folder(const char *path, const OakumExamineOptions *options,
                                   GError **error)
{
  __attribute__((cleanup(oakum_examine_job_clear))) ExamineJob job;
  OakumCatalog *catalog = NULL;
  oakum_examine_job_init(&job, path, 1);
  OAKUM_AUTO_FD folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    oakum_error_errno(error, OAKUM_EXAMINE_ERROR, errno, "%s", path);
  if (folder >= 0) {
    job.folder = folder;
    catalog = job_run(&job, NULL, NULL, options, error);
    if (!catalog)
      g_prefix_error(error, "%s: ", path);
  }
  if (catalog)
    inspect_whole(catalog, NULL, options);
  return catalog;
}
