/* examine: what is in an image, found out by a process that holds no secret, no network and no file
 * but the one it reads. Rank 5: it runs what reads layers (catalog), and knows nothing of
 * advisories. */
#pragma once
#include "catalog/catalog.h"

OAKUM_DECLARE_ERROR(examine)
#define OAKUM_EXAMINE_ERROR (oakum_examine_error_quark())

/* What was found in layers, kept below `folder` (made when missing) by their digests:
 * OAKUM_LAYER_CACHE_MAX bytes, the layers not used for longest go first. Any number of processes
 * may use it; a broken one is made anew. NULL: it cannot be had, and nothing is kept. */
typedef struct OakumExamineCache OakumExamineCache;
NODISCARD OakumExamineCache *oakum_examine_cache_open(const char *folder);
void oakum_examine_cache_free(OakumExamineCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumExamineCache, oakum_examine_cache_free)

/* Each starts this program again as "oakum:examine", hands it the bytes, and reads back what it
 * found; the caller's process looks at no byte but to check the digests of blobs. Wrong bytes are
 * DIGEST, whatever they break. Errors of the reading process keep their code. A reading process
 * that dies, or does not come to an end, over one file is started again without that file, which
 * becomes an INCOMPLETE finding. */
/* Layers that `cache` (may be NULL) knows are not opened. */
NODISCARD OakumCatalog *oakum_examine_image(const OakumImage *image, OakumExamineCache *cache,
                                            GError **error);
/* A root file system: a tar, or a folder. `name` is used in messages. `open` gives the tar from its
 * beginning, more than once if need be. */
typedef OakumReader *(*OakumExamineOpen)(gpointer user, GError **error);
NODISCARD OakumCatalog *oakum_examine_tar(OakumExamineOpen open, gpointer user, const char *name,
                                          GError **error);
NODISCARD OakumCatalog *oakum_examine_folder(const char *path, GError **error);
/* Re-execution entry, for the table in main(): name "examine". */
NODISCARD int oakum_examine_main(int argc, char **argv);

/* The form in which notes come back, for tests and fuzzing: JSON, all but the names. New string;
 * NULL with an error. */
NODISCARD char *oakum_examine_format(const OakumLayerNotes *notes);
NODISCARD OakumLayerNotes *oakum_examine_parse(const char *data, size_t len, GError **error);
