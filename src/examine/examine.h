/* examine: what is in an image, found out by a process that holds no secret, no network and no file
 * but the one it reads. Rank 5: it runs what reads file views (catalog), and knows nothing of
 * advisories. */
#pragma once
#include "catalog/catalog.h"

OAKUM_DECLARE_ERROR(examine)
#define OAKUM_EXAMINE_ERROR (oakum_examine_error_quark())

/* Each starts this program again as "oakum:examine", hands it the bytes, and reads back what it
 * found; the caller's process looks at no byte but to check the digests of blobs. Wrong bytes are
 * DIGEST, whatever they break. Errors of the reading process keep their code; a reading process
 * that dies is FAILED. */
NODISCARD OakumCatalog *oakum_examine_image(const OakumImage *image, GError **error);
/* A root file system: a tar (takes `tar`), or a folder. `name` is used in messages. */
NODISCARD OakumCatalog *oakum_examine_tar(OakumReader *tar, const char *name, GError **error);
NODISCARD OakumCatalog *oakum_examine_folder(const char *path, GError **error);
/* Re-execution entry, for the table in main(): name "examine". */
NODISCARD int oakum_examine_main(int argc, char **argv);

/* The form in which it comes back, for tests and fuzzing: JSON. `layers` (may be NULL) are the
 * digests that packages name by number. New string; NULL with an error. */
NODISCARD char *oakum_examine_format(const OakumCatalog *catalog);
NODISCARD OakumCatalog *oakum_examine_parse(const char *data, size_t len, const char *const *layers,
                                            guint n_layers, GError **error);
