#pragma once
#include "match/match.h"
#include "version/version.h"

/* ---- rules (rules.c)
 * ------------------------------------------------------------------------------------------- */
/* Built by somebody else than the distribution. */
NODISCARD gboolean oakum_is_third_party(const OakumDistroRule *rule, const OakumPackage *package);
/* "EPEL:9" for what Fedora's project built for a system of Red Hat's kin: it has notices of its
 * own. NULL: it is none. New string. */
NODISCARD char *oakum_epel_key(const OakumDistroRule *rule, const char *ecosystem,
                               const OakumPackage *package);
/* Headers of the kernel: nothing of the kernel runs because of them. */
NODISCARD gboolean oakum_is_kernel_headers(const OakumPackage *package);

/* Whether it is a build of that flavour, as its version or name says: "fips" of "fips-updates". */
NODISCARD gboolean oakum_is_of_flavour(const OakumPackage *package, const char *flavour);

/* What is known of the image beyond the package. */
typedef struct {
  const OakumDistroRule *rule; /* NULL: unknown distribution */
  const OakumDistro *distro;
  gboolean esm;    /* packages of Ubuntu Pro are installed */
  GPtrArray *cpes; /* products that the image's repositories bring; NULL: not known */
} OakumMatchPlace;
/* Whether the record is about this package at all: module, flavour, architecture, product. */
NODISCARD gboolean oakum_record_applies(const OakumMatchPlace *place, const OakumPackage *package,
                                        const OakumAdvisory *a, const OakumAdvisoryList *all);

/* ---- ranges (range.c)
 * ------------------------------------------------------------------------------------------ */
typedef enum { OAKUM_NOT_AFFECTED, OAKUM_AFFECTED, OAKUM_NO_ORDER } OakumAffected;
/* What a record says of a version. */
typedef struct {
  OakumAffected affected;
  const OakumAdvisoryRange *range; /* that holds it, or that cannot be compared; NULL: by a list */
  const char *fixed;               /* the lowest known way out above the version; NULL */
  gboolean knows_fix;              /* it names a fix, whether or not the version is below it */
} OakumJudged;
/* drop_epoch: an epoch that only one side has is not looked at (rpm sources have none). */
NODISCARD OakumJudged oakum_judge(OakumVersionScheme scheme, gboolean drop_epoch,
                                  const OakumAdvisory *a, const char *version);
/* -1, 0, 1; 2: one of the two is no version. "0" is before everything (OSV schema, events). */
NODISCARD int oakum_match_order(OakumVersionScheme scheme, gboolean drop_epoch, const char *a,
                                const char *b);

/* ---- what is said of a package (holes.c)
 * ----------------------------------------------------------------------------------- */
/* One record that is about a package, by the name that it was looked up with. */
typedef struct {
  const OakumAdvisory *a;
  OakumNameKind by;
  const char *ecosystem, *name, *version; /* looked up; compared */
  OakumVersionScheme scheme;
  gboolean drop_epoch;
  int rank; /* 0: the distribution's own feed */
  OakumJudged judged;
} OakumStatement;
/* Names of one hole. `parent` leads to the set that it is part of. */
typedef struct OakumHole {
  struct OakumHole *parent;
  const char *cve;
  GPtrArray *names; /* borrowed */
  GArray *statements;
} OakumHole;
typedef struct {
  GPtrArray *holes; /* all, in the order in which they came */
  GHashTable *by_name;
} OakumHoles;
NODISCARD OakumHoles *oakum_holes_new(void);
void oakum_holes_free(OakumHoles *holes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumHoles, oakum_holes_free)
/* Files a statement under every name that it is known by; what shares a name becomes one hole. The
 * advisory that it points to must outlive the holes. */
void oakum_holes_add(OakumHoles *holes, const OakumStatement *statement);
/* The name it is shown by: CVE, GHSA, then what came first by the order of letters. Borrowed. */
NODISCARD const char *oakum_hole_id(const OakumHole *hole);
/* One notice of a distribution mends many holes: two that share it are not the same one. */
NODISCARD gboolean oakum_is_notice(const char *id);
typedef struct {
  const OakumStatement *decided; /* the record that the finding goes by; NULL: no finding */
  const char *fixed;
  gboolean refuted; /* the vendor says that it is not affected, others that it is */
  const OakumStatement *no_order;
} OakumOutcome;
/* Which of the statements counts, and what follows from it. */
NODISCARD OakumOutcome oakum_hole_decide(const GArray *statements);

/* ---- the run
 * --------------------------------------------------------------------------------------------- */
typedef struct {
  const OakumCatalog *catalog;
  OakumAdvisoryDb *db;
  const OakumMatchOptions *options;
  OakumMatchPlace place;
  GPtrArray *findings;
  GHashTable *used;     /* ecosystems that were asked: key → packages (guint) */
  GHashTable *owners;   /* purl → OakumPackage of the system */
  GHashTable *unjudged; /* reason → GPtrArray of names */
  gboolean vex_feeds;   /* the database has VEX of vendors */
  GHashTable *by_path;  /* program → GPtrArray of OakumPackage, when it has */
  GHashTable *known;    /* id → what the database knows of the hole: severity.c */
  gboolean kept;        /* the holes are there already */
} OakumMatch;
/* VEX of feeds (vex-feed.c). */
void oakum_vex_feed_prepare(OakumMatch *m);
/* Suppresses the finding when a vendor says that its own image or program is not affected. */
NODISCARD gboolean oakum_vex_feed_apply(OakumMatch *m, const OakumPackage *package,
                                        const OakumHole *hole, OakumFinding *finding,
                                        GError **error);
/* Adds the finding of a hole that was decided (tell.c). */
NODISCARD gboolean oakum_hole_report(OakumMatch *m, const OakumPackage *package,
                                     const OakumHole *hole, const OakumOutcome *outcome,
                                     GError **error);
/* Of the image as a whole (around.c). Takes the title. */
void oakum_match_incomplete(OakumMatch *m, const char *id, char *title_taken);
void oakum_match_say_distribution(OakumMatch *m);
void oakum_match_say_database(OakumMatch *m);
void oakum_match_say_unjudged(OakumMatch *m);
void oakum_match_say_end_of_life(OakumMatch *m);

/* ---- holes that were found before (kept.c)
 * ------------------------------------------------------------------------------- */
/* A digest of all that the holes of the packages follow from; NULL: they cannot be kept. */
NODISCARD char *oakum_match_kept_key(const OakumMatch *m);
/* FALSE: there are none. */
NODISCARD gboolean oakum_match_kept_take(OakumMatch *m, const char *key);
/* The findings from number `from` on. */
void oakum_match_kept_put(const OakumMatch *m, const char *key, guint from);
/* Its form. Appends; FALSE: it is damaged, and nothing was appended. */
void oakum_match_kept_format(const GPtrArray *findings, guint from, GByteArray *out);
NODISCARD gboolean oakum_match_kept_parse(OakumSlice data, GPtrArray *findings);

/* ---- how bad (severity.c)
 * ------------------------------------------------------------------------------- */
/* Sets severity, its origin, CVSS, EPSS, KEV, title and risk. `statements`: const OakumAdvisory *,
 * the one that decided first, then the distribution's own, then others. */
NODISCARD gboolean oakum_match_rate(OakumMatch *m, OakumFinding *finding,
                                    const GPtrArray *statements, GError **error);
NODISCARD GHashTable *oakum_match_known_new(void);
NODISCARD const char *oakum_match_status(const OakumAdvisory *a, gboolean fixed);
