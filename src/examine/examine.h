/* examine: what is in an image, found out by a process that holds no secret, no network and no file
 * but the one it reads. Rank 5: it runs what reads layers (catalog), and knows nothing of
 * advisories. */
#pragma once
#include "catalog/catalog.h"
#include "inspect/inspect.h"

OAKUM_DECLARE_ERROR(examine)
#define OAKUM_EXAMINE_ERROR (oakum_examine_error_quark())

/* What was found in layers, kept below `folder` (made when missing) by their digests:
 * OAKUM_LAYER_CACHE_MAX bytes, the layers not used for longest go first. Any number of processes
 * may use it; a broken one is made anew. NULL: it cannot be had, and nothing is kept. `checks`
 * (OakumChecks): what was looked for. */
typedef struct OakumExamineCache OakumExamineCache;
NODISCARD OakumExamineCache *oakum_examine_cache_open(const char *folder, guint checks);
void oakum_examine_cache_free(OakumExamineCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumExamineCache, oakum_examine_cache_free)

/* Since it was opened. */
typedef struct {
  guint known;         /* layers that it knew */
  guint read;          /* that were read, from an image */
  uint64_t read_bytes; /* as they are stored */
  guint watched;       /* that were looked at while they passed by (OakumExamineWatch) */
  uint64_t saved_us; /* processor time that looking at those that it knew took, when it was done */
} OakumExamineCounts;
NODISCARD OakumExamineCounts oakum_examine_cache_counts(OakumExamineCache *cache);

/* Looks at layers while somebody else makes or reads them, in a process of its own each, so that
 * nobody reads them once more; what is found goes to `cache` (borrowed). Whatever goes wrong with
 * it costs no more than that the layer is read later. Layers may pass by at the same time. The
 * thread that begins a layer of a known diff ID, or brings the first bytes of another, must live
 * until its end. */
typedef struct OakumExamineWatch OakumExamineWatch;
NODISCARD OakumExamineWatch *oakum_examine_watch_new(OakumExamineCache *cache);
void oakum_examine_watch_free(OakumExamineWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumExamineWatch, oakum_examine_watch_free)
typedef struct OakumExaminePassing OakumExaminePassing;
/* A layer begins, as plain tar; `diff_id` (NULL: not known yet). NULL: there is no need to look. */
NODISCARD OakumExaminePassing *oakum_examine_watch_begin(OakumExamineWatch *watch,
                                                         const char *diff_id);
void oakum_examine_watch_bytes(OakumExaminePassing *layer, const void *data, size_t len);
/* Frees it. `diff_id`: of all the bytes, as the caller found; NULL: it was broken off. */
void oakum_examine_watch_end(OakumExaminePassing *layer, const char *diff_id);

typedef struct {
  guint checks;       /* OakumChecks; the cache's, where there is one */
  const char *target; /* as the user named it; NULL */
  int64_t now;        /* seconds since 1970 */
  const char *const *license_allow, *const *license_deny; /* as OakumInspectImage has them */
} OakumExamineOptions;
/* Each starts this program again as "oakum:examine", hands it the bytes, and reads back what it
 * found; the caller's process looks at no byte but to check the digests of blobs. Wrong bytes are
 * DIGEST, whatever they break. Errors of the reading process keep their code. A reading process
 * that dies, or does not come to an end, over one file is started again without that file, which
 * becomes an INCOMPLETE finding. */
/* Layers that `cache` (may be NULL) knows are not opened. */
NODISCARD OakumCatalog *oakum_examine_image(const OakumImage *image, OakumExamineCache *cache,
                                            const OakumExamineOptions *options, GError **error);
/* A root file system: a tar, or a folder. `name` is used in messages. `open` gives the tar from its
 * beginning, more than once if need be. */
typedef OakumReader *(*OakumExamineOpen)(gpointer user, GError **error);
NODISCARD OakumCatalog *oakum_examine_tar(OakumExamineOpen open, gpointer user, const char *name,
                                          const OakumExamineOptions *options, GError **error);
NODISCARD OakumCatalog *oakum_examine_folder(const char *path, const OakumExamineOptions *options,
                                             GError **error);
/* Re-execution entry, for the table in main(): name "examine". */
NODISCARD int oakum_examine_main(int argc, char **argv);

/* The form in which notes come back and are kept, for tests and fuzzing: all but the names.
 * Appends to `out`; NULL with an error. */
void oakum_examine_format(const OakumLayerNotes *notes, GByteArray *out);
NODISCARD OakumLayerNotes *oakum_examine_parse(const void *data, size_t len, GError **error);

/* The same for an image as a whole. What it follows from, as a name: image, options but for the
 * time of day, and `readers`; new string, NULL: there is none. */
NODISCARD char *oakum_examine_whole_name(const OakumImage *image,
                                         const OakumExamineOptions *options, const char *readers);
void oakum_examine_whole_format(const OakumCatalog *catalog, GByteArray *out);
NODISCARD OakumCatalog *oakum_examine_whole_parse(OakumSlice data, GError **error);
