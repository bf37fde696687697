/* catalog: layers to packages and distribution. Rank 4. A layer is read once, by itself, and gives
 * notes; the notes of all layers of an image, lowest first, give the catalogue. It knows nothing of
 * advisories. */
#pragma once
#include "ecosystem/ecosystem.h"
#include "finding/finding.h"
#include "image/image.h"

OAKUM_DECLARE_ERROR(catalog)
#define OAKUM_CATALOG_ERROR (oakum_catalog_error_quark())

/* A bill of materials that is to be read in place of an image: a layer with this file alone. */
#define OAKUM_SBOM_DOCUMENT ".oakum/sbom"

/* From os-release(5) and its older kin. NULL: not said. */
typedef struct {
  char *id, *version, *pretty; /* "debian", "11", "Debian GNU/Linux 11 (bullseye)" */
  char *like;                  /* ID_LIKE: "rhel centos fedora" */
  char *codename;              /* "bullseye" */
  char *cpe;                   /* CPE_NAME */
  char *ecosystem;             /* of advisories: "Debian:11", "Alpine:v3.20"; NULL: none known */
  char *pro;                   /* Ubuntu Pro: services that are on, "esm-apps esm-infra" */
  char *repositories;          /* content sets that a Red Hat image was built from, by spaces */
} OakumDistro;
/* Where its texts stand. */
#define OAKUM_DISTRO_TEXTS 9
extern const size_t oakum_distro_texts[OAKUM_DISTRO_TEXTS];
void oakum_distro_clear(OakumDistro *distro);

/* Where one layer comes from. */
typedef struct {
  char *digest;     /* as it is stored */
  char *diff_id;    /* of its tar; NULL: not told */
  int64_t size;     /* bytes as it is stored; -1: not known */
  char *created_by; /* the line of history that made it; NULL: not told */
  gboolean base;    /* the base image's, as the history lets one guess */
} OakumLayerOrigin;
void oakum_layer_origin_free(OakumLayerOrigin *origin);

typedef struct {
  OakumDistro distro;
  GPtrArray *layers;     /* OakumLayerOrigin, lowest first; none where it is no image */
  GPtrArray *digests;    /* char *: of the image's manifest and configuration; none: not known */
  char *base;            /* the base image, as annotation or label name it; NULL */
  GPtrArray *packages;   /* OakumPackage, sorted by name, version, arch, type */
  GPtrArray *incomplete; /* OakumFinding of kind INCOMPLETE: what could not be judged */
  GPtrArray *observed; /* OakumFinding: what an observer of the layers told, with layer and `gone`;
                        * of kinds other than SECRET only what is still there */
  GPtrArray *vex;      /* OakumPathPair: file, text: what the image itself says of its holes; text
                        * NULL: too large */
  char *stamp;         /* of what was kept, and not changed since (oakum_catalog_stamp); NULL */
} OakumCatalog;
NODISCARD OakumCatalog *oakum_catalog_new(void);
void oakum_catalog_free(OakumCatalog *catalog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumCatalog, oakum_catalog_free)

/* ---- notes of one layer
 * ------------------------------------------------------------------------ *
 * What one layer holds, found without a look at any other. Paths have no leading slash and no "."
 * or ".."; they go the way that the layer names them, which a symbolic link of another layer may
 * bend. */
typedef struct {
  char *path, *other;
} OakumPathPair;
typedef struct {
  char *path;
  GHashTable *values; /* char * by char *: "ID" → "debian" */
} OakumCatalogFacts;
/* Hashes of all names of a layer, with what they are. */
typedef struct OakumNames OakumNames;
typedef enum {
  OAKUM_ENTRY_NONE,
  OAKUM_ENTRY_FOLDER,
  OAKUM_ENTRY_FILE, /* anything but a folder or a symbolic link */
  OAKUM_ENTRY_LINK
} OakumEntryKind;
typedef struct {
  GPtrArray *packages;   /* OakumPackage: paths[0] proves it; `owner` is "type/name" */
  GPtrArray *incomplete; /* OakumFinding; `file` is what it is about */
  GPtrArray *facts;      /* OakumCatalogFacts: what may say which distribution this is */
  GPtrArray *databases;  /* OakumPathPair: package database, name of its cataloguer */
  GPtrArray *links;      /* OakumPathPair: symbolic link, target as stored */
  GPtrArray *hard;       /* OakumPathPair: other name, file that something was found in */
  GPtrArray *again;      /* OakumPathPair: file to be read once more, the name that asks for it */
  GPtrArray *distant;    /* OakumPathPair: hard link, its target in a lower layer */
  GPtrArray *gone;       /* char *: whited out; one that ends in '/' is an opaque folder */
  GPtrArray *implicit;   /* char *: folders that entries lie in and that no entry makes,
                          * or one makes as a link */
  GPtrArray *observed;   /* OakumFinding: what the observer told */
  OakumNames *names;     /* NULL: none, nothing lower can be hidden */
} OakumLayerNotes;
NODISCARD OakumLayerNotes *oakum_layer_notes_new(void);
void oakum_layer_notes_free(OakumLayerNotes *notes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLayerNotes, oakum_layer_notes_free)
NODISCARD OakumPathPair *oakum_path_pair_new(const char *path, const char *other);
void oakum_path_pair_free(OakumPathPair *pair);
NODISCARD OakumCatalogFacts *oakum_catalog_facts_new(const char *path);
void oakum_catalog_facts_free(OakumCatalogFacts *facts);

/* Names as bytes, the same for the same names; hashed with `key`, which must be the same for all
 * layers of an image. */
NODISCARD OakumNames *oakum_names_new(const uint8_t key[OAKUM_HASH_KEY]);
void oakum_names_free(OakumNames *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumNames, oakum_names_free)
void oakum_names_pack(const OakumNames *names, GByteArray *out);
NODISCARD OakumNames *oakum_names_unpack(const uint8_t key[OAKUM_HASH_KEY], OakumSlice packed,
                                         GError **error);

typedef struct {
  const uint8_t *key; /* OAKUM_HASH_KEY bytes, or NULL: names are not kept */
  int spool;          /* a file to write to, for contents that are too large for memory; -1: none */
  gboolean lowest;    /* there is no layer below: a hard link to nothing is an error */
  /* OakumPathPair: only these files are read, as if they had the other name. NULL: all. */
  const GPtrArray *only;
  /* Told before each cataloguer that runs: an attempt that never ends can be told afterwards. NULL:
   * nobody. FALSE: that one is left out. */
  gboolean (*before)(const char *path, const char *by, gpointer user);
  void (*after)(gpointer user); /* told when it has come back; NULL: nobody */
  gpointer user;
  const OakumLayerObserver *observer; /* NULL: nobody else looks; not told where `only` is given */
} OakumPassOptions;
/* One pass over a layer: a tar, compressed or not (takes `reader`, reads to its end), or a folder
 * on disk (borrowed descriptor; links are never followed out of it). What lies in memory is bounded
 * by the number of names, and by OAKUM_CATALOG_MEMORY_FILE for contents. */
NODISCARD OakumLayerNotes *oakum_catalog_read_tar(OakumReader *reader,
                                                  const OakumPassOptions *options, GError **error);
NODISCARD OakumLayerNotes *oakum_catalog_read_folder(int folder, const OakumPassOptions *options,
                                                     GError **error);

/* Files that are to be read once more, under another name, before the notes can be merged: `into`
 * (one array of OakumPathPair a layer) gets them, for OakumPassOptions.only. What comes of it is
 * put in with oakum_layer_notes_add. FALSE: none. */
NODISCARD gboolean oakum_catalog_again(const GPtrArray *layers, GPtrArray *into);
/* Takes `more`. */
void oakum_layer_notes_add(OakumLayerNotes *notes, OakumLayerNotes *more);
/* `layers`: OakumLayerNotes, lowest first, NULL where one could not be read; what is found is moved
 * out of them. `digests` (may be NULL) names the layers. Never fails: what cannot be judged is an
 * INCOMPLETE finding. */
NODISCARD OakumCatalog *oakum_catalog_merge(GPtrArray *layers, const char *const *digests);
/* Whether an executable told of the package (what it is built of, or the package of a system that
 * it was copied out of), and no list. */
NODISCARD gboolean oakum_catalog_is_told(const OakumPackage *package);

/* Stands for the distribution and all packages, and for nothing else: `stamp`, where it is set. New
 * string. */
NODISCARD char *oakum_catalog_stamp(const OakumCatalog *catalog);

/* Fills in layers, digests and base. */
void oakum_catalog_take_image(OakumCatalog *catalog, const OakumImage *image);

/* Stands for what all cataloguers find: it changes whenever they may find something else. */
NODISCARD char *oakum_catalog_versions(void);

/* What the cataloguers find in one file alone, for tests and fuzzing: those that want a file of
 * this path and these permission bits run on `content`. Appends to `packages` (OakumPackage) and to
 * `incomplete` (OakumFinding). */
void oakum_catalog_one(const char *path, uint32_t mode, OakumSlice content, GPtrArray *packages,
                       GPtrArray *incomplete);
