#pragma once
#include "advisory/advisory.h"
#include "sql/sql.h"
#include <string.h>

/* ---- rows: bytes of the columns `data` (row.c tells the format)
 * ------------------------------------------------------------------------------ */
/* Memory that is freed at once. */
typedef struct OakumArena OakumArena;
NODISCARD OakumArena *oakum_arena_new(void);
NODISCARD void *oakum_arena_alloc(OakumArena *arena, size_t len); /* zeroed, aligned */
void oakum_arena_free(OakumArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumArena, oakum_arena_free)

/* Entries of one (ecosystem, package, feed). Fields NULL are allowed; lists may be NULL. */
void oakum_row_encode(GByteArray *out, const OakumAdvisory *const *entries, guint len);
/* Appends to `into` (of OakumAdvisory) what lives in `arena`; `feed` is left NULL. */
NODISCARD gboolean oakum_row_decode(const uint8_t *data, size_t len, OakumArena *arena,
                                    GArray *into, GError **error);
void oakum_vulnerability_encode(GByteArray *out, const OakumVulnerability *v);
NODISCARD gboolean oakum_vulnerability_decode(const uint8_t *data, size_t len, OakumArena *arena,
                                              OakumVulnerability *out, GError **error);
/* A total order over what entries say. */
NODISCARD int oakum_advisory_compare(const OakumAdvisory *a, const OakumAdvisory *b);
NODISCARD int oakum_list_compare(const char *const *a, const char *const *b);

/* Into the hash over all rows that a database carries. */
void oakum_advisory_hash_number(OakumHasher *hasher, gint64 number);
/* UNKNOWN when it is no CVSS 3 vector. */
NODISCARD OakumSeverity oakum_cvss3_severity(const char *vector);
/* The band of a score of version 3 or later; of version 2 nothing is above high. */
NODISCARD OakumSeverity oakum_cvss_band(double score);
/* Words of all vendors; UNKNOWN for another, and for NULL. */
NODISCARD OakumSeverity oakum_severity_word(const char *word);

/* ---- the schema (store.c) -------------------------------------------------------------------- */
#define OAKUM_ADVISORY_SCHEMA "3"
extern const char *const oakum_advisory_tables[][2];
extern const size_t oakum_advisory_n_tables;
NODISCARD gboolean oakum_advisory_db_each_package(OakumAdvisoryDb *db, const char *ecosystem,
                                                  gboolean (*row)(gpointer user, const char *eco,
                                                                  const char *name, guint feed,
                                                                  OakumSlice data, GError **error),
                                                  gpointer user, GError **error);
NODISCARD OakumSql *oakum_advisory_db_sql(OakumAdvisoryDb *db);
NODISCARD const OakumAdvisoryFeed *oakum_advisory_db_feed(OakumAdvisoryDb *db, gint64 id);

/* ---- what readers of feeds write to (store.c)
 * ------------------------------------------------------------------------------------------- */
typedef struct OakumIngest OakumIngest;
struct OakumIngest {
  OakumAdvisoryImport *import;
  const char *what;   /* name of the document, for messages */
  const char *name;   /* of the file or the member, without folders */
  guint64 good, bad;  /* records of this input */
  guint64 line;       /* of the record under way; 0: it has none */
  guint documents;    /* that a reader knew as its own */
  char *first_bad;    /* message */
  GPtrArray *pending; /* rows of the record under way */
};
/* Number of a feed's part; `part` may be NULL. */
NODISCARD guint oakum_ingest_feed(OakumIngest *in, const char *feed, const char *part);
/* Date of the document itself (RFC 3339 or a plain date); the newest counts. */
void oakum_ingest_date(OakumIngest *in, guint feed, const char *date);
/* This input has all of the part: what the file had of it goes. */
void oakum_ingest_whole(OakumIngest *in, guint feed);
/* A row of the record under way. The entry is copied; `record` must be set, `ids` may be NULL
 * (then it is the record). `ecosystem` is a key already. */
void oakum_ingest_package(OakumIngest *in, guint feed, const char *ecosystem, const char *package,
                          const OakumAdvisory *entry);
void oakum_ingest_vulnerability(OakumIngest *in, guint feed, const OakumVulnerability *v);
void oakum_ingest_epss(OakumIngest *in, guint feed, const char *cve, double score,
                       double percentile);
void oakum_ingest_kev(OakumIngest *in, guint feed, const char *cve, const OakumKev *kev);
void oakum_ingest_eol(OakumIngest *in, guint feed, const OakumEol *eol);
/* Ends the record under way. keep: its rows count; else they are dropped, and `error` (taken) is
 * told with `id`. `record`: the id that it replaces, NULL for none. FALSE: the database cannot be
 * written. */
NODISCARD gboolean oakum_ingest_keep(OakumIngest *in, guint feed, const char *record,
                                     const char *modified, GError **error);
void oakum_ingest_bad(OakumIngest *in, const char *id, GError *error_taken);

/* ---- readers ------------------------------------------------------------------------------------
 * * Each reads one document to its end; FALSE: it is none of this feed, or cannot be read. */
typedef gboolean (*OakumFeedRead)(OakumIngest *in, OakumReader *reader, GError **error);
typedef struct {
  OakumFeedInfo info;
  OakumFeedRead read;
  /* Whether the document may be one of this feed: its first bytes (NUL-terminated), its name. */
  gboolean (*sniff)(const char *head, const char *name);
} OakumFeedRow;
extern const OakumFeedRow oakum_feed_rows[];

/* One JSON text after the other, cut into pieces while it is read (split.c). */
typedef struct OakumJsonSplit OakumJsonSplit;
typedef enum {
  OAKUM_SPLIT_VALUES,  /* each value of the top: a record a line, one record, the items of a list */
  OAKUM_SPLIT_MEMBERS, /* each member of the object at the top; the items of a list at the top; and
                          the children of members that are named to be opened */
} OakumSplitMode;
NODISCARD OakumJsonSplit *oakum_json_split_new(OakumReader *reader, OakumSplitMode mode,
                                               const char *const *opened);
/* 1: *value is new, *parent and *key (NULL in lists) are borrowed. 0: the end. -1: error; when
 * *bad is set the piece alone is broken, and one may go on. */
NODISCARD int oakum_json_split_next(OakumJsonSplit *split, const char **parent, const char **key,
                                    json_t **value, gboolean *bad, GError **error);
/* The next piece that is whole: broken ones are told, counted and passed over. As split_next. */
NODISCARD int oakum_ingest_next(OakumIngest *in, OakumJsonSplit *split, const char **parent,
                                const char **key, json_t **json, GError **error);
/* Where it reads, from 1. */
NODISCARD guint64 oakum_json_split_line(const OakumJsonSplit *split);
/* Whether a list that was to be opened was there, though it may have been empty. */
NODISCARD gboolean oakum_json_split_opened(const OakumJsonSplit *split);
void oakum_json_split_free(OakumJsonSplit *split);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumJsonSplit, oakum_json_split_free)

/* Lines of a text (lines.c in split.c): 1, 0 at the end, -1. *line is borrowed, without its end. */
typedef struct OakumLines OakumLines;
NODISCARD OakumLines *oakum_lines_new(OakumReader *reader);
NODISCARD int oakum_lines_next(OakumLines *lines, char **line, size_t *len, GError **error);
void oakum_lines_free(OakumLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLines, oakum_lines_free)

/* ---- what readers share (text.c) ----------------------------------------------------------- */
NODISCARD const char *oakum_text_of(const json_t *object, const char *key); /* NULL or not empty */
/* FALSE with INVALID. */
NODISCARD gboolean oakum_feed_invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* One line, at most OAKUM_ADVISORY_TITLE_MAX characters, of text in which lines may be. NULL: "".
 * New string or NULL. */
NODISCARD char *oakum_title(const char *text);
/* CVE-YYYY-N… */
NODISCARD gboolean oakum_is_cve(const char *id);
/* Sorts names into `ids` (CVEs, else `own`) and `others`; doubles and empty words left out. The
 * arrays get NULL at their ends; strings are borrowed. */
void oakum_sort_names(const char *own, GPtrArray *names, GPtrArray *ids, GPtrArray *others);
/* RFC 3339 of a date in a form that feeds use ("2024-05-01", "2024-05-01 10:00", "Wed, 20 Jun 2018
 * …", seconds); NULL when it is none. New string. */
NODISCARD char *oakum_feed_date(const char *text);

/* One input: undoes compression and archives, finds the reader (input.c). Takes `reader`. */
NODISCARD gboolean oakum_read_input(OakumIngest *in, const char *feed, OakumReader *reader,
                                    GError **error);
NODISCARD gboolean oakum_read_osv(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_rows(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_secdb(OakumIngest *in, OakumReader *reader, GError **error);

/* ---- JSON feeds whose records are alike (records.c) -------------------------------------------
 */
typedef struct {
  guint feed;
  const char *record; /* that it replaces, and by which it is told when it is bad; NULL: none */
  char *modified;     /* new string or NULL; freed by who calls */
  gboolean skip;      /* no record: neither good nor bad */
} OakumKept;
/* Reads one piece of the document; FALSE: a bad record. */
typedef gboolean (*OakumRecordFunc)(OakumIngest *in, gpointer user, const char *parent,
                                    const char *key, const json_t *json, OakumKept *kept,
                                    GError **error);
NODISCARD gboolean oakum_read_records(OakumIngest *in, OakumReader *reader, OakumSplitMode mode,
                                      const char *const *opened, OakumRecordFunc func,
                                      gpointer user, GError **error);
/* Strings of a JSON list, borrowed, NULL at the end. Things that are no string are left out. */
NODISCARD GPtrArray *oakum_strings_of(const json_t *list);

NODISCARD gboolean oakum_read_debian(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_debian_list(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_table(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_vuln_meta(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_kev(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_epss(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_eol(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_arch(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_photon(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_nvd(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_openvex(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_csaf(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_oval(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_updateinfo(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_glsa(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_uct(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_yaml(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_node(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_retire(OakumIngest *in, OakumReader *reader, GError **error);
NODISCARD gboolean oakum_read_haskell(OakumIngest *in, OakumReader *reader, GError **error);

/* Appends what a range in npm's form holds, an interval for each alternative that is not empty
 * (npm.c). Texts go into `words`. FALSE: it is no range. */
NODISCARD gboolean oakum_npm_ranges(const char *text, GStringChunk *words, GArray *ranges);
/* Ends each of `ranges` where one of `whole` begins in it. */
void oakum_npm_without(GArray *ranges, const GArray *whole);
NODISCARD gboolean oakum_read_repositories(OakumIngest *in, OakumReader *reader, GError **error);

/* Says of a database that it is the snapshot inside this program: its stamp is that, however new
 * the file. */
void oakum_advisory_db_is_snapshot(OakumAdvisoryDb *db);
