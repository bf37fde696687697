/* policy: findings, a policy, a baseline and a date to a verdict with reasons. Rank 6. A verdict is
 * data, never an error. Opens no file and asks no clock (the rules of a named time zone come from
 * the system's tables, by GLib). */
#pragma once
#include "catalog/catalog.h"
#include "codec/codec.h"
#include "finding/finding.h"

OAKUM_DECLARE_ERROR(policy)
#define OAKUM_POLICY_ERROR (oakum_policy_error_quark())

/* ---- verdicts ------------------------------------------------------------------------------- */
typedef enum { OAKUM_VERDICT_PASS, OAKUM_VERDICT_FAIL, OAKUM_VERDICT_UNKNOWN } OakumVerdictKind;
/* What one rule saw. */
typedef struct {
  char *name;
  char *verdict;  /* "pass", "fail", "warn", "unknown", or "ignore" */
  guint count;    /* findings that the rule is about; of `ignore`: that it takes out */
  guint unsure;   /* findings of which it is not known whether it is about them */
  guint max;      /* how many are allowed */
  GPtrArray *saw; /* char *: the first OAKUM_POLICY_EXAMPLES of them, a line each; all, with why,
                     when everything was asked for */
} OakumVerdictRule;
typedef struct {
  OakumVerdictKind kind;
  GPtrArray *reasons; /* char *: one line each: what made it no pass */
  guint failing;      /* findings that the policy refuses */
  GPtrArray *rules;   /* OakumVerdictRule, in the order of the policy */
  GPtrArray *notes;   /* char *: one line each: warnings, exceptions that ended or are about to */
} OakumVerdict;
NODISCARD OakumVerdict *oakum_verdict_new(OakumVerdictKind kind);
/* Adds an empty rule and returns it (borrowed). */
OakumVerdictRule *oakum_verdict_add_rule(OakumVerdict *verdict, const char *name);
NODISCARD const char *oakum_verdict_name(OakumVerdictKind kind);
void oakum_verdict_free(OakumVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumVerdict, oakum_verdict_free)

/* ---- policies ------------------------------------------------------------------------------- */
typedef struct OakumPolicy OakumPolicy;
/* Without rules: what could not be judged makes it UNKNOWN, and nothing else does anything. */
NODISCARD OakumPolicy *oakum_policy_new(void);
void oakum_policy_free(OakumPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumPolicy, oakum_policy_free)
/* Reads a policy (docs/policy.md) from the value of the key "policy", or from a file of its own.
 * `what` names the file in messages, "what:line:column: …", INVALID or LIMIT. `preset` takes the
 * place of the one that the file names; NULL: as the file says. */
NODISCARD OakumPolicy *oakum_policy_read(const OakumYaml *node, const char *what,
                                         const char *preset, GError **error);
/* The same of the text of a file: a policy, or a file whose key "policy" holds one. */
NODISCARD OakumPolicy *oakum_policy_read_text(const char *text, size_t len, const char *what,
                                              const char *preset, GError **error);
/* One preset alone. USAGE: there is none of that name. */
NODISCARD OakumPolicy *oakum_policy_read_preset(const char *name, GError **error);
/* What --fail-on says as rules, one for holes and one for secrets: "fixable" (secrets: high or
 * worse), a severity, or "none" (no rule). FALSE: it is none of
 * these. */
NODISCARD gboolean oakum_policy_add_fail_on(OakumPolicy *policy, const char *text);
/* Whether a rule of this name is the one for secrets. */
NODISCARD gboolean oakum_policy_is_fail_on_secrets(const char *name);
/* A rule that refuses a release that has ended. */
void oakum_policy_add_end_of_life(OakumPolicy *policy);
/* Whether a rule that may fail looks at findings of this kind. */
NODISCARD gboolean oakum_policy_judges(const OakumPolicy *policy, OakumFindingKind kind);
/* Whether it asks what was there before. */
NODISCARD gboolean oakum_policy_wants_baseline(const OakumPolicy *policy);

/* ---- files of other tools that say what does not count ----------------------------------------
 */
typedef enum {
  OAKUM_IMPORT_AUTO, /* judged by name and content */
  OAKUM_IMPORT_TRIVYIGNORE,
  OAKUM_IMPORT_TRIVYIGNORE_YAML,
  OAKUM_IMPORT_GRYPE,
  OAKUM_IMPORT_HADOLINT,
  OAKUM_IMPORT_DOCKLEIGNORE,
  OAKUM_IMPORT_GITLAB
} OakumImportKind;
typedef struct {
  char *file; /* as the policy has it: relative to the policy's folder */
  OakumImportKind kind;
  int line, column; /* where the policy names it */
} OakumPolicyImport;
/* OakumPolicyImport that the policy names; the caller reads them. Borrowed. */
NODISCARD const GPtrArray *oakum_policy_imports(const OakumPolicy *policy);
/* Adds what the file says. `what` names it in messages and reasons. */
NODISCARD gboolean oakum_policy_import(OakumPolicy *policy, const char *text, size_t len,
                                       const char *what, OakumImportKind kind, GError **error);
NODISCARD const char *oakum_import_kind_name(OakumImportKind kind); /* "trivyignore" */
NODISCARD gboolean oakum_import_kind_parse(const char *text, OakumImportKind *out);

/* ---- GitLab's vulnerability-allowlist.yml -----------------------------------------------------
 */
typedef struct {
  char *id;         /* of a hole, or one of its other names */
  char *image;      /* its name, with or without a tag; NULL: any */
  char *comment;    /* NULL: none */
  int line, column; /* where it stands */
} OakumAllowRow;
typedef struct {
  GPtrArray *rows;   /* OakumAllowRow, those of all images first */
  GHashTable *by_id; /* in upper case -> GPtrArray of OakumAllowRow; private */
} OakumAllowlist;
/* Reads the parsed file; `what` names it in messages. INVALID: it has another form. Keys that are
 * not known and names with wildcards are passed over; `warnings` gets a char * of each,
 * "what:line:column: …". */
NODISCARD OakumAllowlist *oakum_allowlist_read(const OakumYaml *top, const char *what,
                                               GPtrArray *warnings, GError **error);
void oakum_allowlist_free(OakumAllowlist *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumAllowlist, oakum_allowlist_free)
/* The first row about the hole in the image of that name; NULL: there is none. Borrowed. */
NODISCARD const OakumAllowRow *oakum_allowlist_find(const OakumAllowlist *list, const char *image,
                                                    const OakumFinding *finding);

/* ---- judging -------------------------------------------------------------------------------- */
/* A stage of the Dockerfile that the image was built from. */
typedef struct {
  const char *name; /* NULL: it has none */
  int index;        /* from 0 */
  int first, last;  /* its lines, from 1 */
} OakumPolicyStage;
typedef struct {
  GPtrArray *findings;       /* OakumFinding: `suppressed` and `first_seen` are set by the policy */
  const GPtrArray *layers;   /* OakumLayerOrigin, as a catalogue has them; NULL: none */
  const GPtrArray *packages; /* OakumPackage: where the packages of holes lie; NULL: not known */
  const GPtrArray *baseline; /* OakumFinding of an earlier result; NULL: there is none */
  const GArray *stages;      /* OakumPolicyStage; NULL: not known */
  const char *target;        /* how the image is named; NULL */
  int64_t now;               /* seconds since 1970 */
  gboolean everything;       /* what each rule saw is told whole, with why */
} OakumPolicyInput;
/* FAIL wins over UNKNOWN: what is known to be bad is not made better by what is not known. What a
 * rule asks of a finding and nobody knows makes the verdict UNKNOWN. What an earlier evaluation
 * suppressed counts again unless this policy says the same. Never fails. */
NODISCARD OakumVerdict *oakum_policy_evaluate(const OakumPolicy *policy,
                                              const OakumPolicyInput *input);

/* The second that a day (its beginning in the policy's time zone) or a time of RFC 3339 means.
 * FALSE: it is neither. */
NODISCARD gboolean oakum_policy_moment(const OakumPolicy *policy, const char *text, int64_t *out);

/* ---- telling -------------------------------------------------------------------------------- */
/* In plain words: what the policy does, every rule and exception, presets written out. */
NODISCARD char *oakum_policy_explain(const OakumPolicy *policy, int64_t now);
/* char *: "file:line:column: …": exceptions that ended, parts of imports that are passed over. */
NODISCARD GPtrArray *oakum_policy_warnings(const OakumPolicy *policy, int64_t now);
/* The JSON schema of the language, of the same table that the reader reads by. */
NODISCARD json_t *oakum_policy_schema(void);
/* The keys as rows of a table in Markdown, and the presets. */
NODISCARD char *oakum_policy_keys(void);
/* The names, with "|" between them. */
#define OAKUM_POLICY_PRESETS "strict|default|report-only|none"
