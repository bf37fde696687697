/* The joint between the framework of catalog and the cataloguers. A cataloguer is one row: what it
 * wants to see, and a pure function from one file to packages. It sees one file at a time, never
 * the merged tree: a layer is catalogued by itself, once, and what was found is kept by the layer's
 * digest; whether a later layer hides the file again is the framework's business. */
#pragma once
#include "catalog/catalog.h"

/* A regular file as a layer holds it, before its content is taken. */
typedef struct {
  const char *path; /* "usr/lib/python3/dist-packages/x.dist-info/METADATA", no leading slash */
  const char *base; /* its last component */
  uint32_t mode;    /* permission bits */
  uint64_t size;
  OakumSlice head; /* its first bytes: OAKUM_CATALOG_HEAD, or all of it */
} OakumCatalogEntry;

/* ---- content
 * ------------------------------------------------------------------------------------- *
 * Random access; where it lies (memory, a file without a name) is not told. */
typedef struct OakumCatalogFile OakumCatalogFile;
/* The bytes are borrowed and must outlive the file. */
NODISCARD OakumCatalogFile *oakum_catalog_file_new(const char *path, OakumSlice content);
/* `fd` (borrowed) holds `size` bytes from its beginning; it is read with pread(2). */
NODISCARD OakumCatalogFile *oakum_catalog_file_new_fd(const char *path, int fd, uint64_t size);
void oakum_catalog_file_free(OakumCatalogFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumCatalogFile, oakum_catalog_file_free)
NODISCARD const char *oakum_catalog_file_path(const OakumCatalogFile *file);
NODISCARD uint64_t oakum_catalog_file_size(const OakumCatalogFile *file);
/* Exactly `len` bytes at `offset` to `buffer`; beyond the end is INVALID. */
NODISCARD gboolean oakum_catalog_file_read(OakumCatalogFile *file, uint64_t offset, void *buffer,
                                           size_t len, GError **error);
/* All of it, when it is no more than `max` bytes (else LIMIT): for text. Valid as long as the file.
 */
NODISCARD gboolean oakum_catalog_file_text(OakumCatalogFile *file, uint64_t max, OakumSlice *out,
                                           GError **error);

/* ---- results
 * ------------------------------------------------------------------------------------- */
typedef struct OakumCatalogSink OakumCatalogSink;
/* What is found goes to `packages` (OakumPackage) and `incomplete` (OakumFinding); both borrowed.
 */
NODISCARD OakumCatalogSink *oakum_catalog_sink_new(GPtrArray *packages, GPtrArray *incomplete);
void oakum_catalog_sink_free(OakumCatalogSink *sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumCatalogSink, oakum_catalog_sink_free)
/* A new package with the path of `file` as its proof, for the caller to say more of (license,
 * arch, space, offset …); owned by the sink. name and version are bytes of a stranger: they are
 * made UTF-8 and bounded here. Never NULL: beyond OAKUM_PACKAGES_MAX one is made that is not kept,
 * and the file counts as incomplete. purl, source and found_by are filled by the framework when
 * they are NULL. */
OakumPackage *oakum_catalog_sink_package(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                         const char *type, OakumSlice name, OakumSlice version);
/* Something in `file` could not be judged. `reason`: one word of
 * "damaged", "limit", "unknown-format"; `title`: one line, made safe here. */
void oakum_catalog_sink_incomplete(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                   const char *reason, const char *title);

/* ---- cataloguers
 * --------------------------------------------------------------------------------- */
typedef struct {
  const char *name; /* "python-installed" */
  guint version;    /* raised whenever it finds something else in the same bytes */
  /* Called for every regular file of every layer: a look at the base name, the path, or the first
   * bytes; nothing that takes time. */
  gboolean (*wants)(const OakumCatalogEntry *entry);
  /* FALSE with an error when the file breaks its format: it becomes an INCOMPLETE finding, and what
   * was found in it before stays. Must not keep anything of `file`. */
  gboolean (*run)(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error);
} OakumCataloguer;

/* One table a file of cataloguers, each ended by a row without a name; listed in table.c. */
extern const OakumCataloguer *const oakum_catalog_tables[]; /* ends with NULL */
