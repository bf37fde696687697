/* What the two halves of an import share: store.c takes what readers say, write.c makes the file.
 */
#pragma once
#include "advisory/advisory-private.h"

/* A part of a feed in this import. */
typedef struct {
  char *name, *part, *key;
  char *address, *date, *etag; /* NULL: keep what the file had, or what the documents say */
  char *document_date, *newest, *old_address, *old_date, *old_etag;
  gboolean used;                  /* something was read of it, or the file had it */
  gboolean whole, touched, again; /* again: some record came more than once */
  guint64 records, rows, bad;
  guint number; /* in the new file */
} OakumImportPart;

typedef struct {
  const char *modified; /* newest seen, or NULL */
  guint count;
} OakumImportTouched;

struct OakumAdvisoryImport {
  char *path, *temp;
  int note, journal_note; /* of temp, and of SQLite's file beside it */
  OakumAdvisoryDb *old;
  OakumSql *stage, *sql; /* stage NULL: rows are made and forgotten */
  OakumStatement *add_package, *add_vulnerability, *add_epss, *add_kev, *add_eol;
  GPtrArray *parts, *ecosystems; /* Part; char * */
  GHashTable *part_index, *ecosystem_index;
  GHashTable *touched;            /* "number record" to Touched */
  GHashTable *origins;            /* address to etag and date */
  GPtrArray *batch_used;          /* numbers of parts that got rows without a record */
  GPtrArray *batch, *batch_whole; /* keys and dates; numbers, of the input under way */
  GStringChunk *words;
  char *address, *date, *etag;
  guint64 records, bad;
  OakumHasher *hasher;
};

/* Number of a feed's part, and of an ecosystem; made when it is new. */
NODISCARD guint oakum_import_part(OakumAdvisoryImport *import, const char *name, const char *part);
NODISCARD guint oakum_import_ecosystem(OakumAdvisoryImport *import, const char *name);
/* Runs a statement that gives no rows, and makes it ready for the next. */
NODISCARD gboolean oakum_import_step(OakumStatement *s, GError **error);
NODISCARD gboolean oakum_import_stage_package(OakumAdvisoryImport *import, guint ecosystem,
                                              const char *name, guint feed, const uint8_t *data,
                                              size_t len, GError **error);
NODISCARD gboolean oakum_import_stage_vulnerability(OakumAdvisoryImport *import, const char *id,
                                                    guint feed, const char *modified,
                                                    const uint8_t *data, size_t len,
                                                    GError **error);
/* Forgets what the input under way brought. */
void oakum_import_drop(OakumAdvisoryImport *import);
