/* finding: the one record that all checkers produce and all consumers read. Rank 2. */
#pragma once
#include "base/base.h"

typedef enum {
  OAKUM_SEVERITY_UNKNOWN,
  OAKUM_SEVERITY_NEGLIGIBLE,
  OAKUM_SEVERITY_LOW,
  OAKUM_SEVERITY_MEDIUM,
  OAKUM_SEVERITY_HIGH,
  OAKUM_SEVERITY_CRITICAL
} OakumSeverity;
NODISCARD const char *oakum_severity_name(OakumSeverity severity); /* "high" */
NODISCARD gboolean oakum_severity_parse(const char *text, OakumSeverity *out);
/* Score (0 to 10) and band of a CVSS vector of v2, v3.0, v3.1 or v4.0; FALSE: it is none. */
NODISCARD gboolean oakum_cvss_score(const char *vector, double *score, OakumSeverity *severity);
/* The same vector as its specification writes it: metrics in their order, none that is not defined
 * or that there is not, of v2 without a prefix. New; NULL: it is none. */
NODISCARD char *oakum_cvss_normal(const char *vector);

typedef enum {
  OAKUM_FINDING_LINT,
  OAKUM_FINDING_VULNERABILITY,
  OAKUM_FINDING_INCOMPLETE,
  OAKUM_FINDING_EOL, /* the distribution's release, or what else has an end, is no longer mended */
  OAKUM_FINDING_SECRET,  /* a password, key or token that whoever has the image has too */
  OAKUM_FINDING_HYGIENE, /* something of files or settings that makes harm easier */
  OAKUM_FINDING_LICENSE, /* terms that a package or a text asks for */
  OAKUM_FINDING_KINDS    /* how many there are */
} OakumFindingKind;
#define OAKUM_END_OF_LIFE "end-of-life" /* the id of all that are EOL */
/* "lint", "hole", "incomplete", "freshness", "secret", "hygiene", "licence": as results and
 * policies call it. */
NODISCARD const char *oakum_finding_kind_name(OakumFindingKind kind);
NODISCARD gboolean oakum_finding_kind_parse(const char *text, OakumFindingKind *out);

/* A package as a cataloguer found it. NULL: not said. */
typedef struct {
  char *name, *version; /* version as the database writes it, epoch included */
  char *type;  /* "deb", "apk", "rpm", and purl's other types: "pypi", "npm", "maven", … */
  char *space; /* purl's namespace ("debian", "@angular", "org.apache.logging.log4j") */
  char *arch;
  char *purl;
  char *source_name,
      *source_version; /* equal to name and version when the database names no source */
  char *maintainer;    /* of a deb or apk; vendor of an rpm */
  char *license;       /* as the package declares it */
  char *module;        /* label of a modular rpm; UUID in Julia, channel in Conan */
  char *cpe;           /* identity of what has no better one (a binary without a package) */
  char *found_by;      /* name of the cataloguer */
  char *owner;         /* purl of the OS package that installed it */
  gboolean guessed;    /* drawn from a name or a string, not declared */
  uint64_t offset;     /* of the proof, in bytes of the first path; 0: the whole file */
  GPtrArray *paths;    /* char *: the files that proved it ("var/lib/dpkg/status") */
  char *layer;         /* digest of the layer that brought it; NULL for a root file system */
  int layer_index;     /* -1: unknown */
  int dockerfile_line; /* 1-based; 0: not from this build's Dockerfile */
} OakumPackage;
/* Where its texts stand that a cataloguer may fill: all but the layer, which those that merge
 * layers know. */
#define OAKUM_PACKAGE_TEXTS 14
extern const size_t oakum_package_texts[OAKUM_PACKAGE_TEXTS];
NODISCARD OakumPackage *oakum_package_new(void);
void oakum_package_free(OakumPackage *package);

/* Bytes [start, end) of the file replaced by `text`; start == end inserts. */
typedef struct {
  size_t start, end;
  char *text;
} OakumEdit;
NODISCARD OakumEdit *oakum_edit_new(size_t start, size_t end, const char *text);
void oakum_edit_free(OakumEdit *edit);

/* What one record of one feed says of the package of a finding. */
typedef struct {
  char *feed, *part, *record, *date; /* date: of the record, else of the feed; NULL: not said */
  char *status;                      /* as OakumFinding.status */
  char *fixed, *severity;            /* the vendor's word; NULL: not said */
  gboolean decided;                  /* it is the one that the finding goes by */
} OakumFindingRecord;
void oakum_finding_record_free(OakumFindingRecord *record);

typedef struct {
  OakumFindingKind kind;
  char *id;       /* CVE id, rule name, or reason word of INCOMPLETE */
  char **aliases; /* may be NULL */
  OakumSeverity severity;
  char *title; /* one line */
  char *why;   /* which evidence: "dpkg status says openssl 1.1.1n; Debian:11 fixed in 1.1.1w" */
  char *fix;   /* what to do, one line; may be NULL */
  /* vulnerability */
  char *package_name, *package_version, *package_purl;
  char *source; /* source package that the advisory names */
  char *fixed;  /* first fixed version or NULL */
  char *status; /* "fixed" when a fix exists, "open" when none is known; else as the vendor has it:
                   "will_not_fix", "fix_deferred", "end_of_life", "under_investigation",
                   "not_affected" (only where it is suppressed) */
  char *advisory;              /* id of the record in the database */
  char *ecosystem, *looked_up; /* the database's row that the record stands in */
  char *by;         /* which identity was looked up: "source", "binary", "language", "cpe" */
  char *compared;   /* the range and the comparison made: "rpm: 0 <= 1:1.0-1 < 1:1.0-2" */
  char *fix_date;   /* RFC 3339: when the fix came out; NULL: not said */
  char *first_seen; /* the day on which it was first found, by an earlier result; NULL: not known */
  char *severity_by; /* who said so: "debian-tracker: high", "CVSS:3.1/AV:… = 9.8 (osv)" */
  char *cvss_vector; /* the best one known; NULL */
  double cvss;       /* its score; without a vector 0 */
  double epss, epss_percentile; /* 0 to 1; -1: not known */
  gboolean kev, ransomware;     /* known to be exploited; in campaigns for ransom */
  char *kev_due;                /* the day until which CISA wants it mended; NULL: not said */
  double risk;                  /* 0 to 100: docs/matching.md */
  GPtrArray *records;           /* OakumFindingRecord: all that say something of it; NULL: none */
  char *suppressed;             /* why it does not count; NULL: it does */
  char *layer;                  /* digest or NULL */
  int layer_index, dockerfile_line;
  /* what an image's files and settings show: `file` is its path in the image, without a leading
   * slash, NULL for the settings; `line` in it, 0: none */
  char *match;   /* the place, with all that is secret blotted out; NULL */
  gboolean gone; /* a later layer deleted or replaced the file: it is in the image all the same */
  /* lint: a place in a text, 1-based; end exclusive */
  char *file;
  int line, column, end_line, end_column;
  size_t start, end;   /* the same place as bytes of the file */
  char *category;      /* NULL */
  char *code;          /* how a peer calls the rule ("DL3008", "CIS-DI-0001"); NULL */
  GPtrArray *edits;    /* OakumEdit, ascending, disjoint; NULL: no fix is known */
  gboolean edits_safe; /* the image stays the same but for the improvement */
  gboolean borrowed; /* id, aliases, why, code and category outlive it, and are not freed with it */
} OakumFinding;
NODISCARD OakumFinding *oakum_finding_new(OakumFindingKind kind, const char *id,
                                          OakumSeverity severity);
/* A remark whose rule outlives it: id, why, aliases and code (NULL) are borrowed, as is a category
 * that is set. */
NODISCARD OakumFinding *oakum_finding_new_borrowed(const char *id, OakumSeverity severity,
                                                   const char *why, char **aliases,
                                                   const char *code);
void oakum_finding_free(OakumFinding *finding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumFinding, oakum_finding_free)
/* Stable identity over runs: hex of a hash over kind, id, package, place. New string. */
NODISCARD char *oakum_finding_fingerprint(const OakumFinding *finding);
/* Where the "@" of the version stands among the first `len` bytes of a purl (or of what follows its
 * type), which name the package; `len`: there is none. An npm scope that was not escaped begins
 * with an "@" too, right behind a slash (purl-spec, "Rules for each purl component"). */
NODISCARD size_t oakum_purl_version(const char *purl, size_t len);
/* Which hole of which package, whatever its version: an upgrade to a version that still has it
 * makes it no new one. `id`: its own, or another of its names. New string. */
NODISCARD char *oakum_finding_hole_key(const OakumFinding *finding, const char *id);
/* Total order for reports: kind, package, id (numbers inside CVE ids as numbers), file, line. For
 * g_ptr_array_sort. */
gint oakum_finding_compare(gconstpointer a, gconstpointer b); /* arguments are OakumFinding ** */
