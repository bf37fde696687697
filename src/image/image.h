/* image: the content store, OCI layout and archive, docker archive, layer apply and diff. Rank 3.
 * Knows nothing of registries (they meet in OakumBlobSource and OakumBlobSink of oci) nor of
 * packages. */
#pragma once
#include "base/base.h"
#include "codec/codec.h"
#include "oci/oci.h"
#include "os/owners.h"

OAKUM_DECLARE_ERROR(image)
#define OAKUM_IMAGE_ERROR (oakum_image_error_quark())

/* ---- entries of layers
 * ------------------------------------------------------------------------- */
/* Cleans a name of a tar: no leading or double slashes, no "."; ".." is refused. "" is the root. */
NODISCARD gboolean oakum_image_clean_path(OakumSlice path, char **out, GError **error);
/* Puts what is to blame in front of an error: entry "name". The name is escaped. */
void oakum_image_blame(GError **error, const char *what, OakumSlice name);
/* OCI image specification 1.1, layer.md "Whiteouts". `name` is the last component. */
typedef enum {
  OAKUM_WHITEOUT_NONE,
  OAKUM_WHITEOUT_NAME, /* *target is what goes */
  OAKUM_WHITEOUT_OPAQUE,
  OAKUM_WHITEOUT_IGNORE,
  OAKUM_WHITEOUT_INVALID
} OakumWhiteout;
NODISCARD OakumWhiteout oakum_image_whiteout(const char *name, const char **target);

/* What looks at a layer while another reads it, without a pass of its own. */
typedef struct {
  /* Each entry, in the order of the layer, also whiteouts and names that come again. `path`:
   * cleaned; "" is the root. Valid during the call, as all of `entry`. */
  void (*entry)(gpointer user, const OakumTarEntry *entry, const char *path);
  /* The content of the regular file that was told last: all of it, in pieces of any size, in order;
   * not told for an empty file. */
  void (*bytes)(gpointer user, const void *data, size_t len);
  /* The layer has ended: appends OakumFinding, and those of kind INCOMPLETE to the other one. Not
   * told when the layer breaks off. */
  void (*end)(gpointer user, GPtrArray *observed, GPtrArray *incomplete);
  gpointer user;
} OakumLayerObserver;

/* ---- store --------------------------------------------------------------------------------------
 * * A folder of blobs named by their digest: blobs/<algorithm>/<hex>. A blob is written to a
 * temporary file and renamed, so that a name stands for partial bytes only after a loss of power;
 * it is verified whenever it is read (but for one that this process verified while it wrote it, as
 * long as inode, size and time of change say that it is the same file), and one that fails is
 * removed so that the next run fetches it again. Any number of processes may share a store: each
 * holds a shared lock while it is open, gc an exclusive one. */
typedef struct OakumStore OakumStore;
/* `path` NULL: $OAKUM_STORE, else $XDG_CACHE_HOME/oakum/store, else ~/.cache/oakum/store. Made with
 * mode 0700 when missing; one that belongs to a user who is neither root nor this one is warned
 * of. */
NODISCARD OakumStore *oakum_store_open(const char *path, GError **error);
/* Where that is; nothing is opened or made. New string. */
NODISCARD char *oakum_store_find_path(const char *path);
NODISCARD const char *oakum_store_path(const OakumStore *store);
void oakum_store_free(OakumStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumStore, oakum_store_free)
/* Views of the store as source and sink; the store must outlive them. Thread-safe. */
NODISCARD OakumBlobSource *oakum_store_source(OakumStore *store);
NODISCARD OakumBlobSink *oakum_store_sink(OakumStore *store);
/* The bytes of `reader` (taken), which come into the store while they are read: at the end, when
 * `reader` has found them right (it checks digest and size, as those of OakumBlobSource do). Who
 * does not read to the end keeps nothing. The store must outlive it. */
NODISCARD OakumReader *oakum_store_tee(OakumStore *store, const OakumDescriptor *desc,
                                       OakumReader *reader, GError **error);
/* Stores a small blob; gives its descriptor. */
NODISCARD OakumDescriptor *oakum_store_put_bytes(OakumStore *store, const char *media_type,
                                                 const void *data, size_t len, GError **error);
/* A blob whose digest is known only at its end. The stream from take is owned by the caller's
 * stack, must be finished before commit, and must not outlive the writer. */
typedef struct OakumStoreWriter OakumStoreWriter;
NODISCARD OakumStoreWriter *oakum_store_writer_new(OakumStore *store, GError **error);
NODISCARD OakumWriter *oakum_store_writer_take(OakumStoreWriter *writer);
NODISCARD OakumDescriptor *oakum_store_writer_commit(OakumStoreWriter *writer,
                                                     const char *media_type, GError **error);
void oakum_store_writer_free(OakumStoreWriter *writer); /* removes what was not committed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumStoreWriter, oakum_store_writer_free)
/* What is in a store, without opening it for work. */
typedef enum {
  OAKUM_STORE_BLOBS,
  OAKUM_STORE_RECORDS, /* of the build cache */
  OAKUM_STORE_DIGESTS, /* of files of contexts */
  OAKUM_STORE_TREES,   /* unpacked layers of base images */
  OAKUM_STORE_MOUNTS,  /* RUN --mount=type=cache */
  OAKUM_STORE_WORK,    /* roots and files of builds that run, or were killed */
  OAKUM_STORE_AREAS,
} OakumStoreAreaKind;
typedef struct {
  const char *name;       /* of the area */
  guint64 count, bytes;   /* things, and what they take on disk */
  int64_t oldest, newest; /* last use, seconds since 1970; 0: nothing there */
} OakumStoreArea;
NODISCARD gboolean oakum_store_look(const char *path, OakumStoreArea areas[OAKUM_STORE_AREAS],
                                    GError **error);
/* What may go; what nothing can use any more (temporary files, work of builds that were killed,
 * records whose blob is gone) goes in any case. */
typedef struct {
  uint64_t keep_s;    /* blobs, trees, digests and empty records used in this time stay */
  uint64_t max_bytes; /* trees, then blobs go, longest unused first, until they take no more;
                         UINT64_MAX */
  gboolean mounts;    /* cache mounts, too, by the same time */
} OakumStorePrune;
/* DENIED when another process has the store open. Counts and bytes may be NULL. */
NODISCARD gboolean oakum_store_prune(const char *path, const OakumStorePrune *what,
                                     guint64 *removed, guint64 *bytes, GError **error);
/* Reads every blob, tree and record, and gives the names below the store of those that are damaged:
 * array of new strings. With `remove` they are gone afterwards. Others may use the store meanwhile.
 */
NODISCARD GPtrArray *oakum_store_check(OakumStore *store, gboolean remove, guint64 *checked,
                                       GError **error);

/* ---- images
 * ---------------------------------------------------------------------------------------- A
 * manifest, its config, and where its blobs are. */
typedef struct {
  char *name;   /* for messages: the image argument */
  char *called; /* what its archive or layout calls it, "registry/app:v1"; NULL: it does not say */
  OakumManifest *manifest;
  OakumConfig *config;
  GBytes *config_raw;
  OakumBlobSource *source;
} OakumImage;
/* Takes both. Reads the config through `source`; refuses an index, and a number of layers that is
 * not the number of diff IDs. */
NODISCARD OakumImage *oakum_image_new(const char *name, OakumManifest *manifest,
                                      OakumBlobSource *source, GError **error);
void oakum_image_free(OakumImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumImage, oakum_image_free)
/* The blob of layer `index` as it is stored; fails at its end when size or digest differ. */
NODISCARD OakumReader *oakum_image_open_blob(const OakumImage *image, guint index, GError **error);
/* The same; where computing the digest would be all that takes time it is left to the caller, and
 * `digest` (borrowed from the image) is what it must be; else NULL. */
NODISCARD OakumReader *oakum_image_open_blob_unchecked(const OakumImage *image, guint index,
                                                       const char **digest, GError **error);
/* What `blob` (taken), a layer as it is stored, unpacks to: plain tar; fails at its end when the
 * diff ID (checked by the caller) differs. */
NODISCARD OakumReader *oakum_layer_unpack(OakumReader *blob, const char *diff_id);
/* The same by a second thread, which shares the work with who reads. */
NODISCARD OakumReader *oakum_layer_unpack_threaded(OakumReader *blob, const char *diff_id);
/* Brings layer `index` near (OakumBlobSource.is_far), when it is not. */
NODISCARD gboolean oakum_image_fetch_blob(const OakumImage *image, guint index, GError **error);
/* The content of layer `index` as plain tar; fails at its end when digest or diff ID differ. */
NODISCARD OakumReader *oakum_image_open_layer(const OakumImage *image, guint index, GError **error);
/* Copies config and layers that `sink` has not yet. */
NODISCARD gboolean oakum_image_copy_blobs(const OakumImage *image, OakumBlobSink *sink,
                                          GError **error);

/* What is delivered: the image of each platform, and the index over them. All borrowed. */
typedef struct {
  const OakumImage *const *images;
  guint n_images;
  const OakumManifest *index; /* NULL: the only image itself */
  GHashTable *annotations;    /* of the descriptor that a layout names it by; NULL */
  OakumBlobSource *source;    /* of all blobs of all images */
} OakumImageSet;
/* The index, or the manifest of the only image. */
NODISCARD const OakumManifest *oakum_image_set_top(const OakumImageSet *set);
/* A source of the blobs of several images, which must outlive it. */
NODISCARD OakumBlobSource *oakum_image_set_source(const OakumImage *const *images, guint n_images);
/* Under which name a layout has an image: the tag (org.opencontainers.image.ref.name) and, when
 * known, the whole reference (io.containerd.image.name). Lists end with {NULL}. */
typedef struct {
  const char *tag, *reference;
} OakumLayoutName;

/* OCI image layout 1.0.0 (image-layout.md), as a folder or as a tar of it. `tag` NULL: the only
 * image, or the best for the platform. Blobs that are symbolic links are refused. */
NODISCARD OakumImage *oakum_layout_read(const char *folder, const char *tag,
                                        const OakumPlatform *platform, GError **error);
NODISCARD OakumImage *oakum_layout_read_archive(const char *file, const char *tag,
                                                const OakumPlatform *platform, GError **error);
/* The blobs of a layout. */
NODISCARD OakumBlobSource *oakum_layout_source(const char *folder, GError **error);
/* Adds the image to the layout in `folder` (made when missing) under each of `names` (none: without
 * a name), replacing entries of those names, or with `alone` all that there are; index.json changes
 * last and atomically. */
NODISCARD gboolean oakum_layout_write(const OakumImageSet *set, const char *folder,
                                      const OakumLayoutName *names, gboolean alone, GError **error);
NODISCARD gboolean oakum_layout_write_archive(const OakumImageSet *set, const char *file,
                                              const OakumLayoutName *names, GError **error);
/* `docker save` archives (manifest.json, config, layers; Docker image specification 1.2), also
 * compressed ones. `tag` NULL: the only image. */
NODISCARD OakumImage *oakum_docker_archive_read(const char *file, const char *tag, GError **error);
/* `tags`: references as docker shows them ("app:v1"); the list ends with NULL. */
NODISCARD gboolean oakum_docker_archive_write(const OakumImage *image, const char *file,
                                              const char *const *tags, GError **error);

/* ---- trees
 * ------------------------------------------------------------------------------------------ A root
 * file system on disk that layers are applied to and whose changes become layers. Each name is
 * remembered with its metadata and a digest of its content, so that the difference is that of
 * contents and metadata and does not depend on how a step was isolated (a copy-up, a chmod to the
 * same mode and a write of the same bytes are no change). */
typedef struct OakumTree OakumTree;
/* `root`: descriptor of an empty folder, borrowed; must outlive the tree. */
NODISCARD OakumTree *oakum_tree_new(int root);
void oakum_tree_free(OakumTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumTree, oakum_tree_free)
/* Where the builder may not give files away: who owns what goes into `owners` (borrowed, must
 * outlive the tree), and what is read of the disk is read with it. NULL: the disk holds it. */
void oakum_tree_set_owners(OakumTree *tree, OakumOwners *owners);
/* How many threads may look at the tree at once; 1 without it. What comes of it does not depend on
 * it. */
void oakum_tree_set_threads(OakumTree *tree, guint threads);
/* Paths (from the root, without a slash in front) that the layers of diffs leave out, with all that
 * lies below, though later steps go on seeing them; borrowed. NULL: none. */
void oakum_tree_set_left_out(OakumTree *tree, const GPtrArray *paths);
/* Extracts a plain tar over the tree: whiteouts, opaque folders, hard links, xattrs, owners, modes,
 * times. No name or link leads out of the root. Takes `layer` and reads it to its end. */
NODISCARD gboolean oakum_tree_apply(OakumTree *tree, OakumReader *layer, GError **error);
/* Opens a layer, which is freed by the thread that opened it. */
typedef OakumReader *(*OakumLayerOpen)(gpointer user, guint index, GError **error);
/* The same for layers 0 to n - 1, one on the other. A tree of several threads that becomes an image
 * (oakum_kept_press) opens and reads each in a thread of its own, the next two before one is
 * applied. *failed: which, when one could not be. */
NODISCARD gboolean oakum_tree_apply_all(OakumTree *tree, guint n, OakumLayerOpen open,
                                        gpointer user, guint *failed, GError **error);
/* For a root file system that is the result: gives every folder the time that its layer said, which
 * what later layers brought into it had changed; 0 to those that no layer names. */
NODISCARD gboolean oakum_tree_set_folder_times(OakumTree *tree, GError **error);
/* Notes where every file stands now (inode, ctime); to be called between the last apply and a step.
 */
NODISCARD gboolean oakum_tree_settle(OakumTree *tree, GError **error);
/* TRUE when the notes tell what is on the disk, but perhaps for inodes and times of change: a step
 * on an overlay needs no settle then. */
NODISCARD gboolean oakum_tree_is_settled(const OakumTree *tree);
/* What is known of the tree, as bytes of our own format (OAKUM_TREE_NOTES names its version), to be
 * kept with a root that is kept: loaded notes are those of a tree that layers were just applied to,
 * without a look at the disk. So `root` must hold just what it did when they were saved; on another
 * disk and in another place it may be. INVALID: they cannot be saved, since they do not tell all
 * (oakum_tree_is_settled); what is loaded is no such bytes, another version, or damaged. Nothing in
 * them is believed but what the files are: names lead nowhere. The table of owners is not part of
 * them. `save` neither finishes nor frees `out`; `load` takes `in`, reads it to its end, and holds
 * `root` as oakum_tree_new does. */
#define OAKUM_TREE_NOTES "1"
NODISCARD gboolean oakum_tree_save(const OakumTree *tree, OakumWriter *out, GError **error);
NODISCARD OakumTree *oakum_tree_load(int root, OakumReader *in, GError **error);
/* Times of a layer: clamp: later times become `epoch`; else they are kept. */
typedef struct {
  gboolean clamp;
  int64_t epoch; /* seconds since 1970 */
} OakumTreeTimes;
/* Writes what changed since settle as a layer, folders before what they hold, names in byte order:
 * each changed name, and every folder above one; whiteouts for what went. A folder whose time alone
 * changed is no change, as with BuildKit; but a time that was set is remembered, and told with the
 * folder's next change. What lies below dev, proc and sys, and etc/hosts and etc/resolv.conf, is
 * never looked at. *changed: whether there was anything. Updates the notes. */
NODISCARD gboolean oakum_tree_diff(OakumTree *tree, const OakumTreeTimes *times,
                                   OakumTarWriter *out, gboolean *changed, GError **error);
/* For a step that runs on an overlay over the tree: `begin` makes the empty folder `upper` (a
 * descriptor, on the file system of the root) its upper one, `diff` writes the same layer that
 * oakum_tree_diff would have written had the step run in the root itself, and merges the changes
 * into the root. It costs what the step touched, not what the root holds. */
NODISCARD gboolean oakum_tree_overlay_begin(OakumTree *tree, int upper, GError **error);
NODISCARD gboolean oakum_tree_overlay_diff(OakumTree *tree, int upper, const OakumTreeTimes *times,
                                           OakumTarWriter *out, gboolean *changed, GError **error);

/* The root is a view: an overlay of folders that nothing may write to and of `uppers` (descriptors,
 * lowest first; borrowed, they may become more), of which the last takes what is written. Then a
 * step's upper folder is not merged: `raise` puts it on top of the view, and afterwards the
 * descriptor of the root is one of the new view. NULL: an end of that. `root`: as for a new tree.
 */
typedef gboolean (*OakumTreeRaise)(gpointer user, GError **error);
void oakum_tree_set_view(OakumTree *tree, int root, const GArray *uppers, OakumTreeRaise raise,
                         gpointer user);

/* ---- trees that are kept
 * ------------------------------------------------------------------------------------------ The
 * unpacked layers of base images, in the store: trees/<key>/root, which nothing writes to, beside
 * the notes of it; or trees/<key>/image, one file that holds all of it and is mounted at the root
 * while somebody uses it, which needs the rights to mount. A key is made by the caller of all that
 * such a tree depends on. Names of those that come to be begin with a dot; they are complete when
 * they are renamed. Whoever uses one holds a shared lock of its folder; one that nobody uses may go
 * at any time. Nothing is synced: a key holds the boot of the machine, so that what a crash may
 * have damaged is not found again. */
typedef struct OakumKept OakumKept;
/* By a text of all that the tree depends on: a new name. */
NODISCARD char *oakum_kept_key(const char *what);
/* NULL: there is none, or it is damaged and has been removed. */
NODISCARD OakumKept *oakum_kept_find(OakumStore *store, const char *key, OakumTree **tree);
/* One that comes to be; its root is empty. */
NODISCARD OakumKept *oakum_kept_new(OakumStore *store, GError **error);
NODISCARD int oakum_kept_root(const OakumKept *kept);         /* borrowed */
NODISCARD const char *oakum_kept_path(const OakumKept *kept); /* of the root; borrowed */
/* A new one becomes an image: what is applied to its tree from now on goes there. */
NODISCARD gboolean oakum_kept_press(OakumKept *kept, OakumTree *tree, GError **error);
/* All is applied: it is mounted, and its root shows it. Mounts are of this process's own, taken
 * before. */
NODISCARD gboolean oakum_kept_show(OakumKept *kept, GError **error);
/* An image could not be made of these layers, or not be mounted: a folder may do. */
NODISCARD gboolean oakum_kept_gave_up(const OakumKept *kept);
/* The tree of a new one is complete: it is kept by that key, unless another was faster, it is
 * larger than `max_bytes`, or the disk is nearly full; then it goes when it is freed. Trees longest
 * unused go until all together take no more than that. What cannot be done is a warning. */
void oakum_kept_finish(OakumKept *kept, const char *key, const OakumTree *tree, uint64_t max_bytes);
/* Removes it unless it is kept. */
void oakum_kept_free(OakumKept *kept);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumKept, oakum_kept_free)
/* Removes trees longest unused that nobody uses until they take no more than that, and what killed
 * builds left. */
void oakum_kept_sweep(OakumStore *store, uint64_t max_bytes);

/* ---- packing
 * ------------------------------------------------------------------------------------------ A file
 * or folder of some root as entries of a layer, for COPY: names in byte order, links kept. Sockets
 * are left out, names that begin with ".wh." refused. */
typedef enum {
  OAKUM_PACK_TAKE,
  OAKUM_PACK_LEAVE,
  OAKUM_PACK_ENTER, /* a folder: only with the first thing below that is taken */
} OakumPackChoice;
typedef struct {
  /* What becomes of a path below the root packed from; NULL: all is taken. */
  OakumPackChoice (*choose)(const char *path, gboolean folder, gpointer user);
  /* Called with each entry (`from`: its path below the root) before it is written, to change its
   * owner, mode and time; FALSE in *write leaves it out. `implied`: a folder that was entered. A
   * second name of a file comes as a hard link to the first. NULL: as they are. */
  gboolean (*edit)(OakumTarEntry *entry, const char *from, gboolean implied, gboolean *write,
                   gpointer user, GError **error);
  /* In place of writing: nothing is opened or read, and each entry that would be written comes
   * here, without extended attributes and content; `at` and `name` are how it is reached. NULL: it
   * is written. */
  gboolean (*tell)(const OakumTarEntry *entry, int at, const char *name, const struct stat *st,
                   gpointer user, GError **error);
  gpointer user;
  const OakumOwners *owners; /* of the root that is packed from; NULL: the disk's */
} OakumPackOptions;
/* Hex SHA-256 of the extended attributes of a file or folder that a layer holds, and of the content
 * of a file. FAILED when it is not what `st` says, at the end neither. New string. */
NODISCARD char *oakum_pack_digest(int at, const char *name, const struct stat *st,
                                  const OakumOwners *owners, GError **error);
/* Packs what lies at `from` (no symbolic link on the way) below `root` as `to`. A folder's contents
 * go below `to`; the folder itself is an entry when `itself`. */
NODISCARD gboolean oakum_pack_path(int root, const char *from, const char *to, gboolean itself,
                                   const OakumPackOptions *options, OakumTarWriter *out,
                                   GError **error);
/* Copies what lies at `from` below `root` into another folder (a descriptor, empty, borrowed): as
 * `to` in it, or, when `to` is "", the contents of a folder. `owners` as for a tree; may be NULL.
 */
NODISCARD gboolean oakum_pack_copy(int root, const char *from, int folder, const char *to,
                                   const OakumPackOptions *options, OakumOwners *owners,
                                   GError **error);
/* The path without symbolic links that `path` means inside `root`, as far as it exists; the rest is
 * appended as it is. No leading slash. */
NODISCARD char *oakum_root_real_path(int root, const char *path, GError **error);
