/* The joint between the framework of catalog and the cataloguers. A cataloguer is one row: what it
 * wants to see, and a pure function from one file to packages. It sees one file at a time, never
 * the merged tree: a layer is catalogued by itself, once, and what was found is kept by the layer's
 * digest; whether a later layer hides the file again is the framework's business. */
#pragma once
#include "catalog/catalog.h"

/* Raised whenever the notes of a layer mean something else. */
#define OAKUM_CATALOG_NOTES_VERSION 1

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
 * made UTF-8 and bounded here. Never NULL: beyond the limits of layer and file one is made that is
 * not kept, and the file counts as incomplete. purl, source and found_by are filled by the
 * framework when they are NULL. */
OakumPackage *oakum_catalog_sink_package(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                         const char *type, OakumSlice name, OakumSlice version);
/* Something in `file` could not be judged. `reason`: one word of
 * "damaged", "limit", "unknown-format"; `title`: one line, made safe here. */
void oakum_catalog_sink_incomplete(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                   const char *reason, const char *title);

/* Who finds what comes now; static, NULL: nobody. */
void oakum_catalog_sink_by(OakumCatalogSink *sink, const char *name);
/* The OS package `name` of `type` installed the file `path` (as databases write it, with or without
 * a leading slash): a language package that is proved by it belongs to that package. */
void oakum_catalog_sink_owns(OakumCatalogSink *sink, const char *type, OakumSlice name,
                             OakumSlice path);
/* "type/name" of who installed `path`; NULL: nobody said so. Borrowed. */
NODISCARD const char *oakum_catalog_sink_owner(const OakumCatalogSink *sink, const char *path);
/* In place of a name in "type/name": a package of the system, and nobody knows which. */
#define OAKUM_SOME_PACKAGE "*"
/* What was found so far; borrowed. */
NODISCARD const GPtrArray *oakum_catalog_sink_packages(const OakumCatalogSink *sink);
/* `file` says something of the distribution. */
void oakum_catalog_sink_fact(OakumCatalogSink *sink, const OakumCatalogFile *file, const char *key,
                             OakumSlice value);
/* The whole text of `file`, to be handed on, as a fact of it. What is over OAKUM_VEX_LAYER_MAX
 * bytes of one layer is left out, with the key "vex-too-large". */
void oakum_catalog_sink_document(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                 const char *key, OakumSlice text);
void oakum_catalog_sink_take_facts(OakumCatalogSink *sink, GPtrArray *into);
/* What only the whole image can judge, handed on beside what the observer tells: `id` as
 * src/inspect has it. Takes `why`. */
void oakum_catalog_sink_observe(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                const char *id, char *why_taken);
void oakum_catalog_sink_take_observed(OakumCatalogSink *sink, GPtrArray *into);
/* Of rpm's packages that come now; borrowed. */
typedef struct OakumRpmGraph OakumRpmGraph;
NODISCARD OakumRpmGraph *oakum_rpm_graph_new(void);
void oakum_rpm_graph_free(OakumRpmGraph *graph);
NODISCARD OakumRpmGraph *oakum_catalog_sink_graph(OakumCatalogSink *sink);

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
  /* The file lists all packages of a system, and layers write it anew: a package came with the
   * first layer from which on every version has it, and what was listed in a database that is gone
   * is still told. */
  gboolean database;
  /* It asks for all of a file at once, and refuses one of more than OAKUM_CATALOG_WHOLE_MAX bytes:
   * such a one need not be kept for it. */
  gboolean whole;
} OakumCataloguer;

/* One table a file of cataloguers, each ended by a row without a name; listed in table.c. */
extern const OakumCataloguer *const oakum_catalog_tables[]; /* ends with NULL */
/* One more, which tests bring along to show what a reader that is taken over can do. */
extern const OakumCataloguer oakum_catalog_test_table[] __attribute__((weak));

/* Whether a cataloguer wants the entry; `database` (may be NULL): whether one of those is of
 * databases. */
NODISCARD gboolean oakum_catalog_wants(const OakumCatalogEntry *entry, gboolean *database);
/* Whether one of those that want the entry looks into files of this size. */
NODISCARD gboolean oakum_catalog_looks_into(const OakumCatalogEntry *entry);
/* Runs those that want the entry on `file`. `before` and `user` as in OakumPassOptions;
 * `databases` (may be NULL) gets an OakumPathPair for each database. */
void oakum_catalog_dispatch(const OakumCatalogEntry *entry, OakumCatalogFile *file,
                            OakumCatalogSink *sink, const OakumPassOptions *options,
                            GPtrArray *databases);

/* ---- names
 * --------------------------------------------------------------------------------------- */
/* FALSE: there are too many. A name that was there is replaced. */
NODISCARD gboolean oakum_names_add(OakumNames *names, const char *path, OakumEntryKind kind);
NODISCARD OakumEntryKind oakum_names_find(const OakumNames *names, const char *path, size_t len);
NODISCARD size_t oakum_names_count(const OakumNames *names);

/* ---- lines of text files
 * ------------------------------------------------------------------------- */
/* The next line without its end (\n or \r\n); FALSE: none is left. */
NODISCARD gboolean oakum_catalog_line(OakumSlice *rest, OakumSlice *line);
/* Without space around. */
NODISCARD OakumSlice oakum_slice_strip(OakumSlice slice);
NODISCARD gboolean oakum_slice_is(OakumSlice slice, const char *text);
NODISCARD gboolean oakum_slice_begins(OakumSlice slice, const char *text);
NODISCARD OakumSlice oakum_slice_of(const char *text);
/* A value as text: NUL and what is no UTF-8 replaced, space around cut, bounded. New string. */
NODISCARD char *oakum_catalog_value(OakumSlice slice);

/* ---- merging
 * ------------------------------------------------------------------------------------- */
/* Facts that are visible in the image, as OakumCatalogFacts, to what it is. */
void oakum_distro_find(const GPtrArray *facts, OakumDistro *distro);
/* The qualifier that says for which machine a package of `type` is (purl-spec's PURL-TYPES). */
NODISCARD const char *oakum_purl_arch_key(const char *type);
/* The same of what tells packages of one name apart (OakumPackage.module). */
NODISCARD const char *oakum_purl_module_key(const char *type);
/* Package-url of a package (purl-spec); new string. */
NODISCARD char *oakum_catalog_purl(const OakumPackage *package, const OakumDistro *distro);

extern const OakumCataloguer oakum_cataloguers_os[], oakum_cataloguers_more[],
    oakum_cataloguers_facts[];
