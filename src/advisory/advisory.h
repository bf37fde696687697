/* advisory: feeds to one compact read-only database, clustered by (ecosystem, package). Rank 3. It
 * knows nothing of images or packages that are installed. */
#pragma once
#include "base/base.h"
#include "codec/codec.h"
#include "finding/finding.h"

OAKUM_DECLARE_ERROR(advisory)
#define OAKUM_ADVISORY_ERROR (oakum_advisory_error_quark())

typedef enum { OAKUM_FEED_OSV, OAKUM_FEED_ALPINE_SECDB } OakumFeed;
NODISCARD gboolean oakum_feed_parse(const char *text, OakumFeed *out);

/* ---- import -------------------------------------------------------------------------------------
 * * Into the file `path` (made when missing; what it has stays, but a record of OSV replaces the
 * one of the same id, a withdrawn one removes it, and a secdb document replaces its release and
 * repository). A file that is no advisory database is refused. The file is replaced as a whole by
 * commit; without commit it is as it was. Same inputs in the same order give the same bytes. */
typedef struct OakumAdvisoryImport OakumAdvisoryImport;
NODISCARD OakumAdvisoryImport *oakum_advisory_import_new(const char *path, GError **error);
/* Reads one input to its end; takes `reader`; compressed or not. osv: a record a line, one record,
 * or a list (OSV schema 1.x); alpine-secdb: one document (distroversion, packages[].pkg.secfixes).
 * `what` names it in messages. */
NODISCARD gboolean oakum_advisory_import_read(OakumAdvisoryImport *import, OakumFeed feed,
                                              OakumReader *reader, const char *what,
                                              GError **error);
NODISCARD guint64 oakum_advisory_import_records(const OakumAdvisoryImport *import);
NODISCARD gboolean oakum_advisory_import_commit(OakumAdvisoryImport *import, GError **error);
void oakum_advisory_import_free(OakumAdvisoryImport *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumAdvisoryImport, oakum_advisory_import_free)
/* Makes a database at `path` from the snapshot inside the program: fixes of Debian's packages in
 * small images, drawn from Debian's own changelogs (data/README.md). */
NODISCARD gboolean oakum_advisory_write_snapshot(const char *path, GError **error);

/* ---- queries
 * -------------------------------------------------------------------------------------- */
typedef struct OakumAdvisoryDb OakumAdvisoryDb;
NODISCARD OakumAdvisoryDb *oakum_advisory_db_open(const char *path, GError **error);
void oakum_advisory_db_free(OakumAdvisoryDb *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumAdvisoryDb, oakum_advisory_db_free)
/* One affected range of one advisory. Borrowed strings; NULL where there is none. */
typedef struct {
  char *record;  /* id in the feed */
  char *id;      /* shown: the CVE, else the record's own; a record that mends several CVEs has
                    rows for each */
  char *aliases; /* separated by spaces */
  char *introduced, *fixed, *last_affected;
  char *versions;     /* exact versions, separated by newlines; when there is no range */
  char *title, *feed; /* "osv", "alpine-secdb main" */
  OakumSeverity severity;
} OakumAdvisory;
/* All ranges for a package, by id. Array of OakumAdvisory with owned strings. */
NODISCARD GPtrArray *oakum_advisory_db_find(OakumAdvisoryDb *db, const char *ecosystem,
                                            const char *package, GError **error);
/* Whether the database says anything at all about the ecosystem: silence is no verdict. */
NODISCARD gboolean oakum_advisory_db_knows(OakumAdvisoryDb *db, const char *ecosystem);
/* Latest change of any record, RFC 3339, or ""; counts of ecosystems, packages and ranges as text
 * lines. */
NODISCARD char *oakum_advisory_db_date(OakumAdvisoryDb *db);
NODISCARD char *oakum_advisory_db_status(OakumAdvisoryDb *db, GError **error);
