/* advisory: feeds to one compact read-only database, clustered by (ecosystem, package). Rank 3. It
 * knows nothing of images or packages that are installed. */
#pragma once
#include "base/base.h"
#include "codec/codec.h"
#include "ecosystem/ecosystem.h"
#include "finding/finding.h"

OAKUM_DECLARE_ERROR(advisory)
#define OAKUM_ADVISORY_ERROR (oakum_advisory_error_quark())

/* ---- feeds
 * -------------------------------------------------------------------------------------- */
/* One row of the table of feeds (feeds.c). All static. */
typedef struct {
  const char *name;             /* as --feed takes it: "osv", "debian-tracker" */
  const char *title;            /* who publishes what */
  const char *format;           /* one line */
  const char *licence;          /* of the data, as published */
  const char *key;              /* the ecosystem keys it fills */
  const char *const *addresses; /* where it is published, in pieces; NULL-terminated */
  gboolean by_hand; /* the address is a page or an index: no update, only import of files */
} OakumFeedInfo;
/* All feeds, in order of worth; NULL at the end. */
NODISCARD const OakumFeedInfo *const *oakum_feeds(void);
NODISCARD const OakumFeedInfo *oakum_feed_find(const char *name);

/* ---- import -------------------------------------------------------------------------------------
 * * Into the file `path` (made when missing). What it has stays, but a record that is read replaces
 * the one of the same feed, part and id, a withdrawn one removes it, and a feed whose documents are
 * whole replaces the part of which the document is. Of one record that comes several times in one
 * import the newest counts. A file that is no advisory database is refused. The file is replaced as
 * a whole by commit; without commit it is as it was. Same inputs give the same bytes, in whatever
 * order they come. `path` NULL: inputs are read, checked and counted, and nothing is kept; there is
 * no commit of such an import. */
typedef struct OakumAdvisoryImport OakumAdvisoryImport;
NODISCARD OakumAdvisoryImport *oakum_advisory_import_new(const char *path, GError **error);
/* Reads one input to its end; takes `reader`; compressed or not, one document or an archive (tar,
 * zip) of them. `feed`: a name of the table, or "auto", which judges each document by its first
 * bytes and its name. `what` names it in messages and, for feeds whose documents do not say their
 * release, gives it. A bad record is told (with its id), counted and left out; when more than
 * OAKUM_FEED_BAD_PERCENT of them are bad the input fails, and nothing of it counts. */
NODISCARD gboolean oakum_advisory_import_read(OakumAdvisoryImport *import, const char *feed,
                                              OakumReader *reader, const char *what,
                                              GError **error);
/* What holds for the feed parts that the next reads bring: where they came from, of when they are
 * (RFC 3339), and the tag by which the server knows them. NULL: not known. */
void oakum_advisory_import_origin(OakumAdvisoryImport *import, const char *address,
                                  const char *date, const char *etag);
/* What an address answered when it was last read ("" when it did not say): for conditional
 * requests. FALSE: it was never read. New strings. */
NODISCARD gboolean oakum_advisory_import_known(OakumAdvisoryImport *import, const char *address,
                                               char **etag, char **date);
NODISCARD guint64 oakum_advisory_import_records(const OakumAdvisoryImport *import);
NODISCARD guint64 oakum_advisory_import_bad(const OakumAdvisoryImport *import);
NODISCARD gboolean oakum_advisory_import_commit(OakumAdvisoryImport *import, GError **error);
void oakum_advisory_import_free(OakumAdvisoryImport *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumAdvisoryImport, oakum_advisory_import_free)
/* Makes a database at `path` from the snapshot inside the program: fixes of Debian's packages in
 * small images, drawn from Debian's own changelogs (data/README.md). */
NODISCARD gboolean oakum_advisory_write_snapshot(const char *path, GError **error);

/* ---- queries ------------------------------------------------------------------------------------
 * * One database may be asked by several threads at once. */
typedef struct OakumAdvisoryDb OakumAdvisoryDb;
NODISCARD OakumAdvisoryDb *oakum_advisory_db_open(const char *path, GError **error);
/* Stands for what is in it, without reading it: another text whenever the file is another one.
 * NULL: that cannot be told (it was written a moment ago). Borrowed. */
NODISCARD const char *oakum_advisory_db_stamp(const OakumAdvisoryDb *db);
void oakum_advisory_db_free(OakumAdvisoryDb *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumAdvisoryDb, oakum_advisory_db_free)
/* The snapshot inside the program. What comes of it is kept below `folder` (made when missing) for
 * the next time, as long as the program is the same; NULL, or a folder that cannot be written:
 * nothing is kept. */
NODISCARD OakumAdvisoryDb *oakum_advisory_snapshot_open(const char *folder, GError **error);

/* A part of a feed that the database holds. Strings live as long as the database; "" when not
 * known. */
typedef struct {
  const char *name;    /* of the table of feeds */
  const char *part;    /* "GHSA", "v3.20 main", "9"; "" when the feed is in one piece */
  const char *address; /* where it was read from, or where it is published */
  const char *licence;
  const char *date; /* RFC 3339: of the document, else its newest record, else when it changed on
                       the server; "" */
  const char *etag;
  guint64 records, rows, bad;
} OakumAdvisoryFeed;

typedef enum {
  OAKUM_NAME_SOURCE,   /* the source package: deb, apk origin */
  OAKUM_NAME_BINARY,   /* the installed package itself */
  OAKUM_NAME_LANGUAGE, /* a package of a language's registry */
  OAKUM_NAME_CPE,      /* "vendor:product", of NVD */
  OAKUM_NAME_PRODUCT   /* a product or image of a VEX statement, by purl without version */
} OakumNameKind;
NODISCARD const char *oakum_name_kind_name(OakumNameKind kind);
typedef enum {
  OAKUM_STATUS_AFFECTED, /* by the ranges; without any: every version */
  OAKUM_STATUS_FIXED,    /* as affected, and every range has its fix */
  OAKUM_STATUS_NOT_AFFECTED,
  OAKUM_STATUS_UNDER_INVESTIGATION,
  OAKUM_STATUS_WILL_NOT_FIX,
  OAKUM_STATUS_FIX_DEFERRED,
  OAKUM_STATUS_END_OF_LIFE
} OakumAdvisoryStatus;
NODISCARD const char *oakum_advisory_status_name(OakumAdvisoryStatus status); /* "will_not_fix" */
typedef struct {
  const char *introduced; /* NULL or "0": from the first version on */
  const char *fixed;      /* the first that is not affected; NULL: none is known */
  const char *last_affected;
  gboolean after; /* `introduced` itself is not affected */
  gboolean below; /* `last_affected` itself is not: an end that nobody calls a fix */
} OakumAdvisoryRange;
/* What one record of one feed says of one package. NULL where it says nothing. Lists end with NULL.
 * Each of `ids` is a hole of its own. A version is affected when a range holds it or `versions`
 * lists it. */
typedef struct {
  const OakumAdvisoryFeed *feed;
  const char *record;   /* id as published */
  const char **ids;     /* shown: the CVEs, else the record's own id; at least one */
  const char **aliases; /* other names; never NULL */
  OakumNameKind kind;
  OakumAdvisoryStatus status;
  OakumSeverity severity;    /* by the vendor's word, else by the record's CVSS vector */
  const char *severity_word; /* as published: "Important", "unimportant", "negligible" */
  const char *scheme;        /* version order ("deb", "npm"), as oakum_version_scheme_parse */
  const OakumAdvisoryRange *ranges;
  guint n_ranges;
  const char **versions; /* enumerated; never NULL */
  const char **fixes;    /* versions known to be whole, in no order; never NULL. A record that has
                            these and neither ranges nor versions: what is below the lowest of them
                            is affected */
  const char **arches;   /* empty: every one; never NULL */
  const char *module;    /* "nodejs:18"; of a VEX statement: the part of the product, a purl */
  const char *flavour;   /* "esm", "esm-infra", "ksplice", "fips", an Amazon extra … */
  const char *product;   /* CPE, or the vendor's name of the product or repository */
  const char *fix_date;  /* RFC 3339 date of the fix */
  const char *modified;  /* of the record */
  const char *note;      /* why not affected, why no fix: the vendor's word */
} OakumAdvisory;
typedef struct {
  OakumAdvisory *items; /* by feed, part, record */
  guint len;
} OakumAdvisoryList;
void oakum_advisory_list_free(OakumAdvisoryList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumAdvisoryList, oakum_advisory_list_free)
/* All that is said of a package. The list owns its strings but for `feed`, which the database does.
 * Nothing known: an empty list. */
NODISCARD OakumAdvisoryList *oakum_advisory_db_find(OakumAdvisoryDb *db, const char *ecosystem,
                                                    const char *package, GError **error);
/* Whether the database says anything at all about the ecosystem: silence is no verdict. */
NODISCARD gboolean oakum_advisory_db_knows(OakumAdvisoryDb *db, const char *ecosystem);
/* Keys of all ecosystems, in order; NULL-terminated, borrowed. */
NODISCARD const char *const *oakum_advisory_db_ecosystems(OakumAdvisoryDb *db);

typedef struct {
  const char *type;   /* "CVSS_V2", "CVSS_V3", "CVSS_V4" */
  const char *vector; /* as published */
  const char *source; /* who gave it, where the feed says */
} OakumCvss;
/* What one record says of a vulnerability, whatever the package. Lists are never NULL. */
typedef struct {
  const OakumAdvisoryFeed *feed;
  const char *id;       /* of the record */
  const char **aliases; /* CVEs first */
  const char *title;    /* one line of at most OAKUM_ADVISORY_TITLE_MAX characters */
  const OakumCvss *cvss;
  guint n_cvss;
  const char **cwes;
  const char **references; /* at most OAKUM_ADVISORY_REFERENCES_MAX */
  const char *published, *modified, *withdrawn;
  OakumSeverity severity;
  const char *severity_word;
} OakumVulnerability;
typedef struct {
  OakumVulnerability *items; /* by id, then feed */
  guint len;
} OakumVulnerabilityList;
void oakum_vulnerability_list_free(OakumVulnerabilityList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumVulnerabilityList, oakum_vulnerability_list_free)
/* All records that have the name `id`, as their own or as an alias. Owned like the list above. */
NODISCARD OakumVulnerabilityList *oakum_advisory_db_vulnerability(OakumAdvisoryDb *db,
                                                                  const char *id, GError **error);

/* FALSE when it is not known. Score and percentile in 0 to 1; the date is the feed's (find the
 * feed "epss"). */
NODISCARD gboolean oakum_advisory_db_epss(OakumAdvisoryDb *db, const char *cve, double *score,
                                          double *percentile);
typedef struct {
  char *added, *due; /* dates */
  char *name, *action;
  gboolean ransomware; /* known to be used in campaigns */
} OakumKev;
void oakum_kev_free(OakumKev *kev);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumKev, oakum_kev_free)
/* NULL when it is not in the catalogue. */
NODISCARD OakumKev *oakum_advisory_db_kev(OakumAdvisoryDb *db, const char *cve);
typedef struct {
  char *product, *cycle, *codename, *released;
  char *eol;      /* date; "true" ended, day unknown; "false" not ended */
  char *extended; /* the same of extended support (LTS, ESM, ELTS); NULL */
} OakumEol;
void oakum_eol_free(OakumEol *eol);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumEol, oakum_eol_free)
/* By endoflife.date's name ("debian", "alpine-linux", "rhel") and cycle ("12", "3.20"). NULL when
 * it is not known. */
NODISCARD OakumEol *oakum_advisory_db_eol(OakumAdvisoryDb *db, const char *product,
                                          const char *cycle);

/* All feeds that it holds, in order; NULL-terminated, borrowed. */
NODISCARD const OakumAdvisoryFeed *const *oakum_advisory_db_feeds(OakumAdvisoryDb *db);
/* Feeds that fill `ecosystem` (NULL: any) whose date is older than `max_age_s` before `now` (both
 * in seconds) or not known: a verdict that stands on them is unknown. Borrowed elements; free the
 * array. */
NODISCARD GPtrArray *oakum_advisory_db_stale(OakumAdvisoryDb *db, const char *ecosystem,
                                             int64_t now, int64_t max_age_s);
/* The newest record of a whole database: feeds change daily, so one that is older is not looked
 * after. */
#define OAKUM_ADVISORY_AGE_DEFAULT_S (30 * 86400)
/* Latest change of any record, RFC 3339, or "". New string. */
NODISCARD char *oakum_advisory_db_date(OakumAdvisoryDb *db);
/* Counts of ecosystems, packages and records, and the feeds, as text lines. New string. */
NODISCARD char *oakum_advisory_db_status(OakumAdvisoryDb *db, GError **error);
/* The same as JSON. `now`: seconds, for ages. New string. */
NODISCARD char *oakum_advisory_db_status_json(OakumAdvisoryDb *db, int64_t now, GError **error);

/* ---- whole databases
 * ------------------------------------------------------------------------- */
typedef enum {
  OAKUM_EXPORT_PACKAGES = 1,
  OAKUM_EXPORT_VULNERABILITIES = 2,
  OAKUM_EXPORT_EPSS = 4,
  OAKUM_EXPORT_KEV = 8,
  OAKUM_EXPORT_EOL = 16,
  OAKUM_EXPORT_FEEDS = 32,
  OAKUM_EXPORT_ALL = 63
} OakumExportParts;
/* One JSON object a line, in the database's order. `ecosystem` (may be NULL) limits packages. */
NODISCARD gboolean oakum_advisory_db_export(OakumAdvisoryDb *db, OakumExportParts parts,
                                            const char *ecosystem, OakumWriter *writer,
                                            GError **error);
/* Reads every row and page: structure, order, and the hash over all rows that the file carries.
 * FALSE with the first thing that is wrong. *hash (may be NULL): hex, new string. */
NODISCARD gboolean oakum_advisory_db_verify(const char *path, char **hash, GError **error);
/* What `new` says and `old` does not ("+ ") and the other way ("- "), a line each, by ecosystem,
 * package, feed, record. *lines (may be NULL): how many. */
NODISCARD gboolean oakum_advisory_db_diff(OakumAdvisoryDb *old_db, OakumAdvisoryDb *new_db,
                                          OakumWriter *writer, guint64 *lines, GError **error);

/* The purl of a product_identification_helper of CSAF: "purl", or the first of 2.1's "purls"; NULL:
 * none. Borrowed. */
NODISCARD const char *oakum_csaf_purl(const json_t *helper);
