/* match: packages times advisories to findings. Rank 5. It knows nothing of files or reports.
 * docs/matching.md tells the rules, the order of severities, and the formula of risk. */
#pragma once
#include "advisory/advisory.h"
#include "catalog/catalog.h"

OAKUM_DECLARE_ERROR(match)
#define OAKUM_MATCH_ERROR (oakum_match_error_quark())

/* ---- VEX: what somebody knows of the holes of a product
 * ------------------------------------------------------------------------------------------- */
typedef struct OakumVex OakumVex;
NODISCARD OakumVex *oakum_vex_new(void);
void oakum_vex_free(OakumVex *vex);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumVex, oakum_vex_free)
/* Adds the statements of one document: OpenVEX, CSAF 2 or CycloneDX (JSON). `what` names it in
 * reasons and messages. FALSE: it is none of them, and nothing of it counts. */
NODISCARD gboolean oakum_vex_read(OakumVex *vex, const char *text, size_t len, const char *what,
                                  GError **error);
NODISCARD guint oakum_vex_statements(const OakumVex *vex);
/* ---- the run --------------------------------------------------------------------------------- */
/* An option that the holes of a package follow from belongs into the key in kept.c. */
typedef struct {
  GArray *layer_lines;     /* int, the Dockerfile line of each layer; NULL: not known */
  int64_t now;             /* seconds; 0: not known, then nothing is old or ended */
  int64_t max_age_s;       /* of feeds, before their verdict is none; 0: any age will do */
  int64_t max_age_whole_s; /* of the newest record of the database; 0: any age will do */
  const OakumVex *vex;     /* NULL: none */
  gboolean kernel_headers; /* holes of the kernel in packages of its headers count */
  const char *image;       /* "registry/name:tag" or "…@digest", that VEX may name; NULL: none */
  const char *const *digests; /* of its manifest, index and configuration; NULL: not known */
  const char *keep; /* holes are kept below this folder, and taken from there; NULL: they are not */
} OakumMatchOptions;
/* Sets `suppressed` of those vulnerabilities that a statement says do not matter here. */
void oakum_vex_apply(const OakumVex *vex, const OakumMatchOptions *options, GPtrArray *findings);

/* Findings of kind VULNERABILITY, INCOMPLETE and EOL, sorted and without doubles. Those that are
 * suppressed are among them. `options` may be NULL. NULL on a database error. Array of
 * OakumFinding. */
NODISCARD GPtrArray *oakum_match_run(const OakumCatalog *catalog, OakumAdvisoryDb *db,
                                     const OakumMatchOptions *options, GError **error);

/* Everything that a finding stands on, as text for people: proof, layer, records, comparison,
 * severity, ways out. `options` (may be NULL): those of the run. New string; escaped for
 * terminals. */
NODISCARD char *oakum_match_explain(const OakumFinding *finding, const OakumCatalog *catalog,
                                    const OakumMatchOptions *options);

/* ---- a whole case in one document (debug match)
 * ------------------------------------------------------------------------------------------- */
/* {"distro": {"ecosystem", "id", "version", "repositories"}, "packages": [{"name", "version",
 * "type", "space", "arch", "source", "source_version", "vendor", "module", "cpe", "owner",
 * "purl"}], "records": {FEED: [record, or text of a document]}, "vex": [document], "now": RFC 3339,
 * "max_age_days": N, "kernel_headers": true, "image": "registry/name:tag", "digests": [text]}. The
 * database is made at `path`. NULL: it is none. */
typedef struct {
  OakumCatalog *catalog;
  OakumVex *vex;
  char *image, **digests;
  OakumMatchOptions options;
} OakumMatchCase;
void oakum_match_case_free(OakumMatchCase *one);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumMatchCase, oakum_match_case_free)
NODISCARD OakumMatchCase *oakum_match_case_read(const char *text, size_t len, const char *path,
                                                GError **error);
