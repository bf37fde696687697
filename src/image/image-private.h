/* What the files of image share. */
#pragma once
#include "image/image.h"

/* The folder of a store; borrowed. */
NODISCARD int oakum_store_folder(const OakumStore *store);
/* What a folder takes on disk, with all below it; *used: the newest time of change, if that is
 * newer. */
NODISCARD guint64 oakum_store_folder_bytes(int at, const char *name, int64_t *used);
/* Whether the tree of this name (as in the folder of trees) is what its notes say; -1: it cannot be
 * told, or is gone meanwhile. */
NODISCARD int oakum_kept_state(OakumStore *store, const char *name);

/* Copies one blob unless the sink has it. */
NODISCARD gboolean oakum_image_copy_blob(OakumBlobSource *source, OakumBlobSink *sink,
                                         const OakumDescriptor *desc, GError **error);
/* Follows index.json and nested indexes (at most OAKUM_INDEX_DEPTH_MAX) to one image. Takes
 * `source`. */
NODISCARD OakumImage *oakum_layout_select(const char *name, GBytes *index, OakumBlobSource *source,
                                          const char *tag, const OakumPlatform *platform,
                                          GError **error);
/* The whole reference that a layout knows an image by (io.containerd.image.name); NULL: none.
 * Borrowed.
 */
NODISCARD const char *oakum_descriptor_called(const OakumDescriptor *desc);

/* A tar whose members can be opened by name: the file itself when it is not compressed, else a copy
 * of its members in a temporary folder. Only regular files count; of two with one name the last. */
typedef struct OakumArchive OakumArchive;
NODISCARD OakumArchive *oakum_archive_open(const char *file, GError **error);
NODISCARD gboolean oakum_archive_has(const OakumArchive *archive, const char *name, uint64_t *size);
NODISCARD OakumReader *oakum_archive_member(const OakumArchive *archive, const char *name,
                                            GError **error);
NODISCARD GBytes *oakum_archive_slurp(const OakumArchive *archive, const char *name, uint64_t max,
                                      GError **error);
void oakum_archive_free(OakumArchive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumArchive, oakum_archive_free)
/* Appends one regular file to a tar that is being written: mode 0644, times and ids 0. */
NODISCARD gboolean oakum_archive_append(OakumTarWriter *tar, const char *name, uint64_t size,
                                        OakumReader *content, GError **error);
#define OAKUM_REF_NAME "org.opencontainers.image.ref.name"
#define OAKUM_IMAGE_NAME                                                                           \
  "io.containerd.image.name" /* what buildx and containerd write beside it                         \
                              */
/* The entries of index.json for a set: one a name, one without when there is none. Array of
 * OakumDescriptor. */
NODISCARD GPtrArray *oakum_image_set_entries(const OakumImageSet *set,
                                             const OakumLayoutName *names);
