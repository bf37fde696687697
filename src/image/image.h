/* image: the content store, OCI layout and archive, docker archive, layer apply and diff, and the
 * FileView, the merged tree of an image read without extracting it. Rank 3. Knows nothing of
 * registries (they meet in OakumBlobSource and OakumBlobSink of oci) nor of packages. */
#pragma once
#include "base/base.h"
#include "codec/codec.h"
#include "oci/oci.h"

OAKUM_DECLARE_ERROR(image)
#define OAKUM_IMAGE_ERROR (oakum_image_error_quark())

/* ---- FileView ------------------------------------------------------------------------------- *
 * One pass over each layer, lowest first; memory grows with the number of names and with the
 * contents that were asked for, never with the size of layers. Paths are bytes without a leading
 * slash ("etc/os-release"), cleaned of "." and of empty components; a name with ".." is refused. */
typedef struct OakumView OakumView;

/* Says whether the content of a regular file is kept. Called for every file of every layer. */
typedef gboolean (*OakumViewWanted)(const char *path, gpointer user);

typedef struct {
  OakumTarType type; /* HARDLINK never: the view shows the file it leads to */
  uint32_t mode, uid, gid;
  uint64_t size;
  const char *link; /* target of a symbolic link, as stored; else NULL. Borrowed from the view */
  int layer;        /* index of the layer that brought this version, 0 = lowest */
} OakumViewFile;

/* A view without layers. `wanted` must stay valid until the last layer was added. */
NODISCARD OakumView *oakum_view_new(OakumViewWanted wanted, gpointer user);
/* Adds the next layer: a tar, compressed or not (sniffed). `digest` names it in findings (NULL for
 * a root file system). Takes `reader` and reads it to its end. On error the view is not usable. */
NODISCARD gboolean oakum_view_add_layer(OakumView *view, OakumReader *reader, const char *digest,
                                        GError **error);
/* Adds a folder on disk as one layer without a digest; links are never followed out of it. */
NODISCARD gboolean oakum_view_add_folder(OakumView *view, const char *path, GError **error);
void oakum_view_free(OakumView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumView, oakum_view_free)

NODISCARD guint oakum_view_layers(const OakumView *view);
/* Digest of a layer or NULL; borrowed. */
NODISCARD const char *oakum_view_layer_digest(const OakumView *view, guint layer);
/* Looks `path` up in the merged tree, following symbolic links inside it (at most
 * OAKUM_VIEW_SYMLINKS_MAX). FALSE when there is none. `real` (may be NULL) gets the path without
 * links, new string. */
NODISCARD gboolean oakum_view_lookup(const OakumView *view, const char *path, OakumViewFile *out,
                                     char **real);
/* Content of a wanted file in the merged tree, links followed; NULL when it is not there, not
 * regular or was not wanted. Borrowed. */
NODISCARD GBytes *oakum_view_content(const OakumView *view, const char *path);
/* Every version of a wanted file that some layer brought, also of ones that later layers replaced
 * or removed: what tells which layer brought a package. Links are not followed. */
typedef struct {
  int layer;
  GBytes *content; /* NULL: this layer removed the file */
} OakumViewVersion;
/* Array of OakumViewVersion by ascending layer; empty when there is none. Caller unrefs it; the
 * contents are borrowed. */
NODISCARD GArray *oakum_view_versions(const OakumView *view, const char *path);
/* Paths of the entries directly below the folder `path` ("" is the root), links followed, in byte
 * order: array of new strings. Empty when it is no folder. */
NODISCARD GPtrArray *oakum_view_list(const OakumView *view, const char *path);
/* Calls `each` for every name of the merged tree, folders before what they hold, siblings in byte
 * order, until it returns FALSE. */
typedef gboolean (*OakumViewEach)(const char *path, const OakumViewFile *file, gpointer user);
void oakum_view_each(const OakumView *view, OakumViewEach each, gpointer user);
