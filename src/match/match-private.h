#pragma once
#include "match/match.h"
#include "version/version.h"

/* ---- rules (rules.c)
 * ------------------------------------------------------------------------------------------- */
typedef enum {
  OAKUM_COMPARE_SOURCE, /* the source package's version */
  OAKUM_COMPARE_BINARY  /* the installed package's */
} OakumCompare;
/* How one distribution's data is matched. */
typedef struct {
  const char *ecosystem; /* the word in front of the colon */
  const char *type;      /* of its packages */
  OakumNameKind names;   /* what OSV's records and others that do not say name: SOURCE or BINARY */
  OakumCompare compare;  /* what a record that names a source package is compared with */
  const char *own;       /* feeds that are its own, by spaces; they decide over others */
  const char *eol;       /* endoflife.date's name; NULL: it has none */
  const char *vendors;   /* by '|': one of them is in the vendor of what it built; NULL: not said */
} OakumDistroRule;
typedef struct {
  const char *type, *ecosystem; /* purl's type and the key of the database */
  const char *join;             /* between namespace and name; NULL: the name alone counts */
} OakumLanguageRule;
/* NULL: no rule. */
NODISCARD const OakumDistroRule *oakum_distro_rule(const char *ecosystem);
NODISCARD const OakumLanguageRule *oakum_language_rule(const char *type);
/* Whether the type is one of a distribution's packages, whether or not we have a rule for it. */
NODISCARD gboolean oakum_is_os_type(const char *type);
/* Built by somebody else than the distribution. */
NODISCARD gboolean oakum_is_third_party(const OakumDistroRule *rule, const OakumPackage *package);
/* Headers of the kernel: nothing of the kernel runs because of them. */
NODISCARD gboolean oakum_is_kernel_headers(const OakumPackage *package);

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

/* ---- how bad (severity.c)
 * ------------------------------------------------------------------------------- */
/* Sets severity, its origin, CVSS, EPSS, KEV, title and risk. `statements`: const OakumAdvisory *,
 * the one that decided first, then the distribution's own, then others. */
NODISCARD gboolean oakum_match_rate(OakumFinding *finding, OakumAdvisoryDb *db,
                                    const GPtrArray *statements, GError **error);
NODISCARD const char *oakum_match_status(const OakumAdvisory *a, gboolean fixed);
