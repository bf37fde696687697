#pragma once
#include "policy/policy.h"
#include <string.h>

/* ---- what a rule or an exception looks at --------------------------------------------------- */
typedef enum {
  LIST_ID,
  LIST_PACKAGE,
  LIST_SOURCE,
  LIST_VERSION,
  LIST_TYPE,
  LIST_PATH,
  LIST_LAYER,
  LIST_STAGE,
  LIST_LINE,
  LIST_STATUS,
  LIST_CATEGORY,
  LIST_FINGERPRINT,
  LIST_IMAGE,
  LIST_ECOSYSTEM, /* key of the database; this and the next of grype's file alone */
  LIST_EVIDENCE,  /* "direct", "indirect", "cpe" */
  LISTS
} OakumSelectList;
typedef enum { FROM_ANY, FROM_BASE, FROM_OWN } OakumSelectFrom;
/* How paths are written: a leading slash of pattern and path does not count; as trivy has them,
 * without one but for secrets of an image, and none of packages of a system; as grype has them,
 * with one. */
typedef enum { PATHS_ANY, PATHS_TRIVY, PATHS_GRYPE } OakumSelectPaths;
/* Which names of a finding count: all, in any case of letters; all, as they are written; the one
 * that grype has for it, as it is written. */
typedef enum { NAMES_ANY, NAMES_WRITTEN, NAMES_GRYPE } OakumSelectNames;

/* All that is set must hold; in a list one is enough. */
typedef struct {
  guint kinds;                         /* a bit an OakumFindingKind; 0: all but INCOMPLETE */
  GPtrArray *lists[LISTS];             /* char *; NULL: not asked */
  int severity, below;                 /* OakumSeverity; -1: not asked */
  double cvss, epss, percentile, risk; /* at least; -1: not asked */
  int kev, ransomware, fixable, gone, fresh, due; /* 0, 1; -1: not asked */
  int from;                                       /* OakumSelectFrom */
  int fix_age;                                    /* days, at least; -1: not asked */
  guint exact; /* a bit a list: its words stand for themselves, as in other tools' files, where a
                  star is a star; ids all the same in any case of letters */
  guint regex; /* a bit a list of names of packages or sources: its words are expressions that must
                  match the whole name, as grype has them */
  gboolean upstream;  /* the source is another package than the one at hand, as grype has it */
  gboolean takes_out; /* it says what does not count: of a package in several places, all */
  int paths;          /* OakumSelectPaths */
  int names;          /* OakumSelectNames */
} OakumSelect;

typedef enum { ACTION_FAIL, ACTION_WARN, ACTION_IGNORE } OakumRuleAction;
typedef enum { MISSING_UNKNOWN, MISSING_MATCH, MISSING_SKIP } OakumRuleMissing;
typedef enum { GRACE_FIX, GRACE_SEEN, GRACE_LATER } OakumRuleGraceFrom;
typedef struct {
  OakumSelect select;
  char *name, *about;
  int action, missing, grace_from;
  int max;              /* allowed */
  int grace;            /* days; -1: none */
  gboolean unnamed;     /* of the command line: reasons do not name it */
  gboolean told_singly; /* each finding's title is a reason */
  gboolean preset;
  int line, column;
  const char *file; /* interned */
} OakumRule;

typedef struct {
  OakumSelect select;
  char *reason, *owner, *until; /* until: as it was written; NULL: for ever */
  int64_t ends;                 /* the first second at which it does not hold; G_MAXINT64 */
  gboolean imported;
  int line, column;
  const char *file; /* interned */
} OakumException;

/* hadolint's `override`: findings of these ids have another severity. */
typedef struct {
  OakumSelect select;
  OakumSeverity severity;
} OakumOverride;

typedef enum { UNKNOWN_UNKNOWN, UNKNOWN_FAIL } OakumUnknown;
typedef enum { NO_BASELINE_NEW, NO_BASELINE_UNKNOWN, NO_BASELINE_OLD } OakumNoBaseline;
struct OakumPolicy {
  char *preset, *zone_name;
  GTimeZone *zone;
  int unknown, no_baseline;
  int expiring; /* days */
  GPtrArray *require, *without;
  GPtrArray *rules, *exceptions, *overrides, *imports, *warnings; /* warnings: char * */
  guint patterns;                                                 /* in all lists */
  guint open; /* exceptions that are tried on every finding */
};

/* ---- the table of keys ---------------------------------------------------------------------- */
typedef enum {
  KEY_TEXT,     /* char * */
  KEY_TEXTS,    /* GPtrArray * of char *: one, or a list */
  KEY_CHOICE,   /* int: the index in `words` */
  KEY_CHOICES,  /* GPtrArray *: one or more of `words` */
  KEY_KINDS,    /* guint: bits */
  KEY_SEVERITY, /* int */
  KEY_NUMBER,   /* double, 0 to `most` */
  KEY_COUNT,    /* int, 0 to `most` */
  KEY_DAYS,     /* int, 0 to `most`: 14, 14d, 2w */
  KEY_TRUTH,    /* int, 0 or 1 */
  KEY_UNTIL,    /* char *: a day or a time */
  KEY_PART,     /* a list of rules, exceptions or imports: read by its own function */
} OakumKeyType;
typedef enum { PART_POLICY = 1, PART_RULE = 2, PART_EXCEPTION = 4, PART_IMPORT = 8 } OakumKeyPart;
typedef struct {
  const char *name;
  guint parts; /* bits: where it may stand */
  OakumKeyType type;
  size_t offset;     /* in OakumSelect, or in the struct of its one part */
  gboolean select;   /* the offset is in OakumSelect */
  const char *words; /* "a|b" of choices */
  double most;
  const char *otherwise; /* what holds when it is not there; NULL: nothing is asked */
  const char *help;
} OakumKey;
extern const OakumKey oakum_policy_table[]; /* ends with {0} */
extern const char *const oakum_policy_kind_words;

/* ---- parts ---------------------------------------------------------------------------------- */
void oakum_select_init(OakumSelect *select);
void oakum_select_clear(OakumSelect *select);
void oakum_select_add(OakumSelect *select, OakumSelectList list, const char *text);
/* The same of a word that holds no wildcards, whatever is in it. */
void oakum_select_add_exact(OakumSelect *select, OakumSelectList list, const char *text);
/* Whether its ids are all plain, so that they can be looked up. */
NODISCARD gboolean oakum_select_plain_ids(const OakumSelect *select);
/* Whether anything but the kind is asked. */
NODISCARD gboolean oakum_select_names(const OakumSelect *select);
NODISCARD OakumRule *oakum_rule_new(const char *name, OakumRuleAction action);
void oakum_rule_free(OakumRule *rule);
NODISCARD OakumException *oakum_exception_new(const char *file, int line, int column);
void oakum_exception_free(OakumException *exception);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumException, oakum_exception_free)
/* Takes it. FALSE: there are too many. */
NODISCARD gboolean oakum_policy_add_exception(OakumPolicy *policy, OakumException *exception,
                                              GError **error);
/* Takes it; put in front of the preset's. */
NODISCARD gboolean oakum_policy_add_rule(OakumPolicy *policy, OakumRule *rule, GError **error);
void oakum_policy_warn(OakumPolicy *policy, const char *file, int line, int column,
                       const char *format, ...) G_GNUC_PRINTF(5, 6);
/* The YAML of a preset; NULL: there is none of that name. "none" is empty. */
NODISCARD const char *oakum_preset_text(const char *name);
NODISCARD const char *oakum_preset_about(const char *name);
extern const char *const oakum_preset_names[]; /* ends with NULL */

/* INVALID: "what:line:column: …". */
gboolean oakum_policy_wrong(const char *what, const OakumYaml *at, GError **error,
                            const char *format, ...) G_GNUC_PRINTF(4, 5);
gboolean oakum_policy_wrong_at(const char *what, int line, int column, GError **error,
                               const char *format, ...) G_GNUC_PRINTF(5, 6);

/* ---- days ----------------------------------------------------------------------------------- */
/* NULL: there is no such zone. "UTC", "+02:00", "Europe/Berlin". */
NODISCARD GTimeZone *oakum_zone_new(const char *name);
/* The first second behind a day ("2026-12-31", in `zone`), or the second of a time of RFC 3339.
 * FALSE: it is neither. */
NODISCARD gboolean oakum_until_parse(const char *text, GTimeZone *zone, int64_t *ends);
/* The first second of that day. */
NODISCARD gboolean oakum_day_parse(const char *text, GTimeZone *zone, int64_t *starts);
/* Number of the day (Julian) on which that second falls in `zone`. */
NODISCARD gint64 oakum_day_of(int64_t seconds, GTimeZone *zone);
/* The same of a time of RFC 3339, or of a day, which is that day everywhere. FALSE: neither. */
NODISCARD gboolean oakum_day_of_text(const char *text, GTimeZone *zone, gint64 *day);
/* "2026-12-31" of a second in `zone`. New. */
NODISCARD char *oakum_day_format(int64_t seconds, GTimeZone *zone);

/* ---- patterns ------------------------------------------------------------------------------- */
/* `*` any run, `?` one character, in any case of letters. Linear but for the stars. */
NODISCARD gboolean oakum_glob(const char *pattern, const char *text);
/* Paths: `*` and `?` stay between slashes, `**` does not; `{a,b}` and `[a-z]` as shells have them;
 * a leading slash of either does not count. */
NODISCARD gboolean oakum_glob_path(const char *pattern, const char *path);
/* The same, where a leading slash counts. */
NODISCARD gboolean oakum_glob_rooted(const char *pattern, const char *path);
/* Whether all groups and sets are closed, as trivy and grype want it: another pattern takes
 * nothing. */
NODISCARD gboolean oakum_glob_closed(const char *pattern);
/* The same path to trivy and grype, new: to them `**` is one only as a whole part of a path (of a
 * group of braces too), and a single star anywhere else. */
NODISCARD char *oakum_glob_of_others(const char *pattern);
/* Whether it holds no wildcard. */
NODISCARD gboolean oakum_glob_plain(const char *pattern);
/* A regular expression that must match the whole name; NULL: it is none, or has what RE2 does not
 * (https://github.com/google/re2/wiki/Syntax), whose expressions these are: there it takes nothing,
 * as with repetitions of repetitions ("libstdc++6"). Names are ASCII to it. */
NODISCARD GRegex *oakum_whole_regex(const char *pattern);

/* ---- deciding ------------------------------------------------------------------------------- */
typedef enum { TRI_NO, TRI_MAYBE, TRI_YES } OakumTri;
typedef struct {
  const OakumPolicy *policy;
  const OakumPolicyInput *input;
  gint64 today;
  GHashTable *packages;   /* purl -> GPtrArray of OakumPackage */
  GHashTable *before;     /* keys of the baseline's findings -> OakumFinding */
  GHashTable *before_as;  /* the same by their other names */
  GHashTable *regexes;    /* pattern -> GRegex */
  GHashTable *severities; /* OakumFinding * -> OakumSeverity + 1, by overrides; NULL: none */
} OakumJudge;
/* Whether the selector takes the finding. `why` (may be NULL) gets what was compared, "; " between;
 * `lacks` (may be NULL) what is not known. */
NODISCARD OakumTri oakum_select_matches(const OakumSelect *select, const OakumFinding *finding,
                                        const OakumJudge *judge, GString *why, GString *lacks);
NODISCARD OakumSeverity oakum_judge_severity(const OakumJudge *judge, const OakumFinding *finding);
/* The finding of the baseline that this one is; NULL: it is new, or there is no baseline. */
NODISCARD const OakumFinding *oakum_judge_before(const OakumJudge *judge,
                                                 const OakumFinding *finding);
/* Whether a name (`*` and `?` in it) is of the image: one without tag and digest is of all. Docker
 * Hub's own prefixes do not count, and "@sha256" without a digest is none. */
NODISCARD gboolean oakum_image_is(const char *pattern, const char *target);
/* "holes", "secrets and lint remarks"; new. */
NODISCARD char *oakum_kinds_text(guint kinds);
/* What the selector asks, as the predicate of a sentence: "are high or worse and have a fix". New.
 */
NODISCARD char *oakum_select_text(const OakumSelect *select);

/* ---- readers of other tools' files --------------------------------------------------------------
 */
/* The names that trivy takes for a check; `id` is copied. */
void oakum_import_trivy_id(OakumSelect *select, const char *id);
NODISCARD gboolean oakum_import_trivyignore(OakumPolicy *, const char *text, size_t len,
                                            const char *what, GError **);
NODISCARD gboolean oakum_import_trivyignore_yaml(OakumPolicy *, const OakumYaml *, const char *what,
                                                 GError **);
NODISCARD gboolean oakum_import_grype(OakumPolicy *, const OakumYaml *, const char *what,
                                      GError **);
NODISCARD gboolean oakum_import_hadolint(OakumPolicy *, const OakumYaml *, const char *what,
                                         GError **);
NODISCARD gboolean oakum_import_dockleignore(OakumPolicy *, const char *text, size_t len,
                                             const char *what, GError **);
NODISCARD gboolean oakum_import_gitlab(OakumPolicy *, const OakumYaml *, const char *what,
                                       GError **);
