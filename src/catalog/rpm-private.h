/* What the readers of rpm's databases share. */
#pragma once
#include "catalog/os-private.h"

/* Bytes of `data` as unsigned numbers; the caller has checked that they are there. */
static inline uint32_t oakum_be32(const uint8_t *data)
{
  return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}
static inline uint32_t oakum_le32(const uint8_t *data)
{
  return (uint32_t)data[3] << 24 | (uint32_t)data[2] << 16 | (uint32_t)data[1] << 8 | data[0];
}
static inline uint16_t oakum_be16(const uint8_t *data)
{
  return (uint16_t)(data[0] << 8 | data[1]);
}

/* A header blob, as rpm keeps one for each installed package (rpm's docs/manual/format.md,
 * "Header", without the lead-in): a package, and whose files are its. `offset` is where it lies in
 * the file. gpg-pubkey gives nothing: it is no package. */
NODISCARD gboolean oakum_rpm_header(const OakumCatalogFile *file, OakumSlice blob, uint64_t offset,
                                    OakumCatalogSink *sink, GError **error);
/* Each reads all blobs of a database. A damaged blob is told and the others are read. */
NODISCARD gboolean oakum_rpm_sqlite(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error);
NODISCARD gboolean oakum_rpm_ndb(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error);
NODISCARD gboolean oakum_rpm_bdb(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error);
/* oakum_rpm_header, and what is wrong with it goes to the sink. */
void oakum_rpm_blob(const OakumCatalogFile *file, OakumSlice blob, uint64_t offset,
                    OakumCatalogSink *sink);

/* ---- what a header holds
 * --------------------------------------------------------------------------- */
enum { /* tags, of rpm's include/rpm/rpmtag.h */
       OAKUM_RPM_NAME = 1000,
       OAKUM_RPM_SIZE = 1009,
       OAKUM_RPM_PROVIDES = 1047,
       OAKUM_RPM_REQUIRES = 1049
};
typedef struct {
  const uint8_t *index, *data;
  uint32_t entries, len;
  gboolean big; /* byte order */
} OakumRpmHeader;
typedef struct {
  const uint8_t *at; /* in the data */
  size_t left;       /* to the end of all data */
  uint32_t type, count;
} OakumRpmTag;
/* A list of texts. FALSE: there is none. */
NODISCARD gboolean oakum_rpm_texts(const OakumRpmHeader *header, uint32_t name, OakumRpmTag *out);
/* The next one of it. FALSE: none is left. */
NODISCARD gboolean oakum_rpm_next_text(OakumRpmTag *tag, OakumSlice *out);
NODISCARD gboolean oakum_rpm_number(const OakumRpmHeader *header, uint32_t name, uint64_t *out);
/* The path is valid during the call. */
void oakum_rpm_each_file(const OakumRpmHeader *header, void (*call)(OakumSlice path, gpointer user),
                         gpointer user);

/* ---- who needs whom
 * -------------------------------------------------------------------------------- */
void oakum_rpm_graph_add(OakumRpmGraph *graph, const OakumRpmHeader *header, OakumSlice name);
/* The graph in the form of src/inspect/needless-layer.c; ready for the next database. New string;
 * NULL: it is larger than OAKUM_NEEDLESS_GRAPH_MAX, or has no package. */
NODISCARD char *oakum_rpm_graph_take(OakumRpmGraph *graph);

/* ---- pages, each of which may be used once
 * --------------------------------------------------------- */
typedef struct {
  OakumCatalogFile *file;
  uint64_t size, count; /* of a page; of all */
  uint8_t *used;        /* a bit each */
} OakumPages;
NODISCARD gboolean oakum_pages_init(OakumPages *pages, OakumCatalogFile *file, uint64_t size,
                                    GError **error);
void oakum_pages_clear(OakumPages *pages);
/* Reads page `number` (from 0) whole to `buffer`. One that was read before is INVALID: pages in a
 * circle. */
NODISCARD gboolean oakum_pages_take(OakumPages *pages, uint64_t number, uint8_t *buffer,
                                    GError **error);
